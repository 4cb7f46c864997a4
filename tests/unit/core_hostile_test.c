// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Guests that stay within every limit and credit, at the defaults of malimuxd.conf(5) or below, and yet would cost
 * others more than their share: what the daemon holds for them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frontend/core/encode.h"
#include "tests/unit/rig_guest.h"

#define PAGE 4096ull
#define MIB  (1ull << 20)
#define GIB  (1ull << 30)

struct env {
	struct rig rig;
	struct rig_guest guests[2];
};

/* The defaults of backend/core/config.c. */
static void use_defaults(struct rig *rig)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		struct mmx_session_limits *limits = &rig->partitions[i].limits;

		rig->partitions[i].ring_slots = 512;
		limits->wire.max_mems = 16384;
		limits->wire.max_vms = 64;
		limits->wire.max_groups = 128;
		limits->wire.max_timelines = 1024;
		limits->wire.max_requests = 256;
		limits->wire.max_jobs = 512;
		limits->wire.mem_bytes = 256u << 20;
		limits->max_mappings = 16384;
		limits->backend_bytes = i ? MIB : 256 * MIB;
	}
}

static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	rig_init(&env->rig, 2);
	use_defaults(&env->rig);
	rig_start_guests(&env->rig, env->guests);
	*state = env;
	return 0;
}

static size_t dma_bytes(const struct env *env)
{
	struct mmx_gpu_stats stats;

	mmx_gpu_stats(env->rig.core->gpu, &stats);
	return stats.dma_bytes;
}

static struct mmx_bind_op map_page(uint64_t va)
{
	return (struct mmx_bind_op){
		.op = MMX_BIND_OP_MAP, .mem = RIG_NAME(0), .va = va, .size = PAGE
	};
}

static struct mmx_bind_op unmap_from(uint64_t va, uint64_t size)
{
	return (struct mmx_bind_op){ .op = MMX_BIND_OP_UNMAP, .va = va, .size = size };
}

static void put_bind(struct rig_guest *guest, const struct mmx_bind_op *ops, uint32_t count)
{
	union mmx_msg_buf msg;

	assert_true(rig_put(guest, &msg,
			    mmx_encode_vm_bind(&msg, rig_tag(guest), RIG_NAME(0), ops, count)));
}

/* Asks for it, and does not wait. Return: the tag of the answer. */
static uint32_t put_object(struct rig_guest *guest, uint16_t type, uint32_t object)
{
	union mmx_msg_buf msg;

	assert_true(rig_put(guest, &msg, mmx_encode_object(&msg, rig_tag(guest), type, object)));
	rig_kick(guest);
	return msg.hdr.tag;
}

/*
 * One page is mapped and unmapped, elsewhere each time, and more of that comes during each flush: no table is ever
 * given back.
 */
static void test_tables_of_nothing(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	uint32_t i, turn, replies, sent = 0;
	struct mmx_bind_op ops[50];
	uint64_t va = GIB;
	struct rig_ctx ctx;
	size_t before;

	rig_ctx_create(guest, 0, &ctx);
	assert_int_equal(rig_group_create(guest, ctx.client, ctx.vm, RIG_NAME(0), 1, 0), 0);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_endless(&ctx), NULL, 0);
	rig_run(&env->rig, MMX_NS_PER_MS);
	before = dma_bytes(env);
	replies = guest->reply_count;
	for (turn = 0; turn < 100; turn++) {
		for (i = 0; i < 50; i += 2) {
			ops[i] = map_page(va);
			ops[i + 1] = unmap_from(va, PAGE);
			va += GIB;
		}
		/* within max_requests: what is not answered yet is at most a few */
		assert_true(sent - (guest->reply_count - replies) < 256);
		put_bind(guest, ops, 50);
		sent++;
		rig_kick(guest);
		rig_step(&env->rig, env->rig.now_ns + MMX_NS_PER_S);
		rig_guest_read(guest);
	}
	print_message("100 messages, nothing mapped: %zu MiB held\n",
		      (dma_bytes(env) - before) >> 20);
	assert_true(dma_bytes(env) - before < 4u << 20);
}

/* The backend's memory for a guest ends where its partition says, and comes back. */
static void test_backend_memory(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[1];
	struct mmx_bind_op op;
	union mmx_msg_buf msg;
	struct rig_ctx ctx;
	size_t before = dma_bytes(env);
	uint64_t pages = 0;
	int r = 0;

	rig_ctx_create(guest, 0, &ctx);
	while (!r && pages < 1000) {
		op = map_page(++pages * GIB);
		r = rig_call(guest, &msg,
			     mmx_encode_vm_bind(&msg, rig_tag(guest), RIG_NAME(0), &op, 1));
	}
	assert_int_equal(r, -ENOSPC);
	assert_in_range(dma_bytes(env) - before, MIB - 4 * PAGE, MIB + 4 * PAGE);
	op = unmap_from(GIB, pages * GIB);
	assert_int_equal(rig_call(guest, &msg,
				  mmx_encode_vm_bind(&msg, rig_tag(guest), RIG_NAME(0), &op, 1)),
			 0);
	op = map_page(GIB);
	assert_int_equal(rig_call(guest, &msg,
				  mmx_encode_vm_bind(&msg, rig_tag(guest), RIG_NAME(0), &op, 1)),
			 0);
}

/* A group that goes is charged for as long as its memory is not there for others. */
static void test_groups_on_their_way_out(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct mmx_session_stats stats;
	struct mmx_gpu_stats gpu;
	unsigned int i, replies;
	uint64_t without, with;
	struct rig_ctx ctx;

	rig_ctx_create(guest, 0, &ctx);
	/* keeps the VM in its address space, so that maintenance takes a while */
	assert_int_equal(rig_group_create(guest, ctx.client, ctx.vm, RIG_NAME(1), 1, 1), 0);
	rig_submit(guest, RIG_NAME(1), 0, 1, rig_endless(&ctx), NULL, 0);
	for (i = 0; i < 3; i++) {
		mmx_session_stats(guest->session, &stats);
		without = stats.backend_bytes;
		assert_int_equal(rig_group_create(guest, ctx.client, ctx.vm, RIG_NAME(0), 1, 0), 0);
		mmx_session_stats(guest->session, &stats);
		with = stats.backend_bytes;
		assert_true(with > without + 4 * PAGE);
		rig_run(&env->rig, MMX_NS_PER_MS);
		replies = guest->reply_count;
		put_object(guest, MMX_MSG_GROUP_DESTROY, RIG_NAME(0));
		do {
			assert_true(rig_step(&env->rig, env->rig.now_ns + MMX_NS_PER_S));
			rig_guest_read(guest);
			mmx_session_stats(guest->session, &stats);
			mmx_gpu_stats(env->rig.core->gpu, &gpu);
			/* its page tables may have gone already */
			assert_true(gpu.groups == 1 || stats.backend_bytes > with - 4 * PAGE);
			assert_true(gpu.groups == 1 || guest->reply_count == replies);
		} while (guest->reply_count == replies);
		assert_in_range(stats.backend_bytes, without - 4 * PAGE, without + 4 * PAGE);
	}
}

/* Jobs of the guest that have not completed. */
static unsigned int jobs_of(const struct rig_guest *guest)
{
	struct mmx_session_stats stats;

	mmx_session_stats(guest->session, &stats);
	return stats.jobs;
}

/* Groups 1 to 8: on all of their queues so many jobs that wait for the one of group 0, which does not end. */
static void dam_up(struct rig_guest *guest, struct rig_ctx *ctx, uint32_t jobs)
{
	const struct mmx_wait wait = { .timeline = RIG_NAME(0), .seqno = 1 };
	uint32_t i, seqno;

	rig_ctx_create(guest, 0, ctx);
	assert_int_equal(rig_group_create(guest, ctx->client, ctx->vm, RIG_NAME(0), 1, 0), 0);
	for (i = 1; i <= 8; i++)
		assert_int_equal(
			rig_group_create(guest, ctx->client, ctx->vm, RIG_NAME(i), 8, i * 8), 0);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_endless(ctx), NULL, 0);
	for (seqno = 1; seqno <= jobs; seqno++) {
		for (i = 8; i < 72; i++)
			rig_submit(guest, RIG_NAME(i / 8), i % 8, seqno, rig_empty, &wait, 1);
		rig_run(guest->rig, MMX_NS_PER_MS);
	}
	assert_int_equal(jobs_of(guest), 64 * jobs + 1);
}

static unsigned int jobs_before, most_in_a_round;

static void count_jobs(struct rig *rig)
{
	unsigned int now = jobs_of(rig->guests[0]);

	if (jobs_before - now > most_in_a_round && now < jobs_before)
		most_in_a_round = jobs_before - now;
	jobs_before = now;
}

/* All of the guest's jobs complete, in pieces. */
static void wait_for_none(struct rig *rig, struct rig_guest *guest)
{
	jobs_before = jobs_of(guest);
	most_in_a_round = 0;
	rig->after_round = count_jobs;
	RIG_UNTIL(rig, (rig_guest_read(guest), !jobs_of(guest)));
	rig->after_round = NULL;
	assert_in_range(most_in_a_round, 1, 256);
}

/* Thousands of jobs wait for one, which is cancelled: they go on in pieces, and all of them right. */
static void test_avalanche(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx ctx;
	uint32_t i;

	dam_up(guest, &ctx, 50);
	put_object(guest, MMX_MSG_GROUP_DESTROY, RIG_NAME(0));
	wait_for_none(&env->rig, guest);
	assert_int_equal(rig_job(guest, RIG_NAME(0), 1), ECANCELED);
	for (i = 8; i < 72; i++)
		assert_int_equal(rig_wait_job(guest, RIG_NAME(i), 50), 0);
}

/* They wait still, and their groups end, all at once. */
static void test_avalanche_of_the_cancelled(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx ctx;
	uint32_t i;

	dam_up(guest, &ctx, 50);
	put_object(guest, MMX_MSG_CLIENT_DESTROY, ctx.client);
	wait_for_none(&env->rig, guest);
	for (i = 0; i < 72; i += i ? 1 : 8)
		assert_int_equal(rig_wait_job(guest, RIG_NAME(i), 1), ECANCELED);
}

/* Binds of many VMs that wait for the job, when the VMs go. */
static void test_avalanche_of_binds(void **state)
{
	const struct mmx_wait wait = { .timeline = RIG_NAME(0), .seqno = 1 };
	const struct mmx_bind_op op = { .op = MMX_BIND_OP_UNMAP,
					.va = 1ull << 36,
					.size = MMX_WIRE_PAGE_SIZE };
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx ctx;
	uint32_t i, seqno, tag;

	rig_ctx_create(guest, 0, &ctx);
	assert_int_equal(rig_group_create(guest, ctx.client, ctx.vm, RIG_NAME(0), 1, 0), 0);
	assert_int_equal(rig_client_create(guest, RIG_NAME(1)), 0);
	for (i = 1; i <= 15; i++)
		assert_int_equal(
			rig_vm_create_async(guest, RIG_NAME(1), RIG_NAME(i), RIG_NAME(i), 0), 0);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_endless(&ctx), NULL, 0);
	for (seqno = 1; seqno <= 60; seqno++) {
		for (i = 1; i <= 15; i++)
			rig_bind_async(guest, RIG_NAME(i), seqno, &op, 1, &wait, 1);
		rig_run(guest->rig, MMX_NS_PER_MS);
	}
	assert_int_equal(jobs_of(guest), 15 * 60 + 1);
	tag = put_object(guest, MMX_MSG_CLIENT_DESTROY, RIG_NAME(1));
	assert_int_equal(rig_answer(guest, tag), 0);
	for (i = 1; i <= 15; i++)
		assert_int_equal(rig_wait_job(guest, RIG_NAME(i), 60), ECANCELED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tables_of_nothing, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_backend_memory, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_groups_on_their_way_out, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_avalanche, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_avalanche_of_the_cancelled, setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_avalanche_of_binds, setup, rig_teardown),
	};
	int failed = cmocka_run_group_tests_name("coherent", tests, NULL, NULL);

	rig_two_views = true;
	failed += cmocka_run_group_tests_name("not coherent", tests, NULL, NULL);
	rig_idle_power_off_ms = 1;
	return failed + cmocka_run_group_tests_name("often without power", tests, NULL, NULL);
}
