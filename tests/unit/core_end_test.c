// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Ends: clients destroyed with jobs in flight, guests that go away at any point, the daemon's stop. Each test ends in
 * rig_finish(), which checks that nothing is left of anybody.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/rig_guest.h"

struct env {
	struct rig rig;
	struct rig_guest guests[2];
};

static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));
	size_t i;

	assert_non_null(env);
	rig_init(&env->rig, 2);
	rig_start(&env->rig);
	for (i = 0; i < 2; i++)
		rig_guest_connect(&env->rig, i, &env->guests[i]);
	*state = env;
	return 0;
}

static void create_groups(struct rig_ctx *ctx, unsigned int count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		assert_int_equal(
			rig_group_create(ctx->guest, ctx->client, ctx->vm, RIG_NAME(i), 1, i), 0);
}

static void send_object(struct rig_guest *guest, enum mmx_msg_type type, uint32_t object)
{
	union mmx_msg_buf buf;

	assert_true(rig_put(guest, &buf,
			    mmx_encode_object(&buf, rig_tag(guest), (uint16_t)type, object)));
}

/* ---- destruction ---- */

/* Jobs first, then the reply, then the memory: nothing is told before it is so. */
static void test_client_with_jobs(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct mmx_wait wait = { .timeline = RIG_NAME(0), .seqno = 1 };
	struct rig_ctx ctx;
	uint32_t i, tag;

	assert_int_equal(rig_hello(guest), 0);
	rig_ctx_create(guest, 0, &ctx);
	/* more than there are slots: resident, suspended, never placed */
	create_groups(&ctx, 12);
	for (i = 0; i < 12; i++) {
		rig_submit(guest, RIG_NAME(i), 0, 1, rig_endless(&ctx), NULL, 0);
		rig_submit(guest, RIG_NAME(i), 0, 2, rig_empty, &wait, 1);
	}
	rig_run(&env->rig, 13 * MMX_NS_PER_MS);
	send_object(guest, MMX_MSG_CLIENT_DESTROY, ctx.client);
	tag = guest->tag;
	send_object(guest, MMX_MSG_MEM_DESTROY, ctx.mem);
	/* names go at once */
	send_object(guest, MMX_MSG_GROUP_DESTROY, RIG_NAME(0));
	rig_kick(guest);
	assert_int_equal(rig_answer(guest, tag + 2), -ENOENT);
	assert_false(rig_answered(guest, tag));
	assert_int_equal(rig_answer(guest, tag + 1), 0);
	assert_false(rig_is_released(guest, ctx.mem));
	assert_int_equal(rig_answer(guest, tag), 0);
	for (i = 0; i < 12; i++) {
		assert_int_equal(rig_job(guest, RIG_NAME(i), 1), ECANCELED);
		assert_int_equal(rig_job(guest, RIG_NAME(i), 2), ECANCELED);
	}
	for (i = 0; i < guest->entry_count; i++)
		assert_true(guest->entries[i].replies < guest->reply_count);
	assert_true(rig_is_released(guest, ctx.mem));
	rig_run(&env->rig, 10 * MMX_NS_PER_MS);
	/* all names are free again */
	rig_ctx_create(guest, 0, &ctx);
	create_groups(&ctx, 1);
}

/* Whoever waits for a job that is cancelled goes on. */
static void test_group_that_others_wait_for(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct mmx_wait wait = { .timeline = RIG_NAME(0), .seqno = 2 };
	struct rig_ctx ctx;

	assert_int_equal(rig_hello(guest), 0);
	rig_ctx_create(guest, 0, &ctx);
	create_groups(&ctx, 2);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_endless(&ctx), NULL, 0);
	rig_submit(guest, RIG_NAME(0), 0, 2, rig_empty, NULL, 0);
	rig_submit(guest, RIG_NAME(1), 0, 1, rig_store(&ctx, 0, 1), &wait, 1);
	rig_run(&env->rig, 5 * MMX_NS_PER_MS);
	assert_int_equal(rig_object(guest, MMX_MSG_GROUP_DESTROY, RIG_NAME(0)), 0);
	/* told how they ended before it is told that the group is gone */
	assert_int_equal(rig_job(guest, RIG_NAME(0), 2), ECANCELED);
	assert_int_equal(guest->entries[0].replies, guest->reply_count - 1);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(1), 1), 0);
	assert_int_equal(rig_result(&ctx, 0), 1);
}

/* A group whose own job waits for another one's goes without it. */
static void test_group_that_waits(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct mmx_wait wait = { .timeline = RIG_NAME(0), .seqno = 1 };
	struct rig_ctx ctx;

	assert_int_equal(rig_hello(guest), 0);
	rig_ctx_create(guest, 0, &ctx);
	create_groups(&ctx, 2);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_work(&ctx, 9000, 0, 1), NULL, 0);
	rig_submit(guest, RIG_NAME(1), 0, 1, rig_store(&ctx, 1, 1), &wait, 1);
	rig_run(&env->rig, MMX_NS_PER_MS);
	assert_int_equal(rig_object(guest, MMX_MSG_GROUP_DESTROY, RIG_NAME(1)), 0);
	assert_int_equal(rig_job(guest, RIG_NAME(1), 1), ECANCELED);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 1), 0);
	assert_int_equal(rig_result(&ctx, 1), 0);
}

/* A VM that goes before its groups: what runs in it faults, and all can be destroyed in any order. */
static void test_vm_before_its_groups(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx ctx;

	assert_int_equal(rig_hello(guest), 0);
	rig_ctx_create(guest, 0, &ctx);
	create_groups(&ctx, 2);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_endless(&ctx), NULL, 0);
	rig_run(&env->rig, MMX_NS_PER_MS);
	assert_int_equal(rig_object(guest, MMX_MSG_VM_DESTROY, ctx.vm), 0);
	assert_int_equal(rig_object(guest, MMX_MSG_MEM_DESTROY, ctx.mem), 0);
	rig_run(&env->rig, MMX_NS_PER_MS);
	rig_guest_read(guest);
	assert_true(rig_is_released(guest, ctx.mem));
	assert_int_equal(rig_object(guest, MMX_MSG_VM_DESTROY, ctx.vm), -ENOENT);
	assert_int_equal(rig_group_create(guest, ctx.client, ctx.vm, RIG_NAME(2), 1, 2), -ENOENT);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 1), EINVAL);
	/* its name may be used again while groups are in the old one */
	assert_int_equal(rig_vm_create(guest, ctx.client, ctx.vm, 0), 0);
	assert_int_equal(rig_object(guest, MMX_MSG_GROUP_DESTROY, RIG_NAME(0)), 0);
	assert_int_equal(rig_object(guest, MMX_MSG_CLIENT_DESTROY, ctx.client), 0);
}

/* ---- hang-ups ---- */

struct walk {
	struct rig_guest *guest;
	struct rig_ctx ctx; /* by hand: nothing is awaited */
};

static void send(struct walk *w, const union mmx_msg_buf *buf, int size)
{
	assert_true(rig_put(w->guest, buf, size));
	rig_kick(w->guest);
}

static void do_settle(struct walk *w, uint32_t arg)
{
	(void)arg;
	rig_settle(w->guest->rig);
}

static void do_run_us(struct walk *w, uint32_t us)
{
	rig_run(w->guest->rig, us * MMX_NS_PER_US);
	rig_guest_read(w->guest);
}

static void do_hello(struct walk *w, uint32_t arg)
{
	union mmx_msg_buf buf;

	(void)arg;
	send(w, &buf, mmx_encode_hello(&buf, rig_tag(w->guest), "walk"));
}

static void do_client(struct walk *w, uint32_t client)
{
	union mmx_msg_buf buf;

	send(w, &buf,
	     mmx_encode_client_create(&buf, rig_tag(w->guest), RIG_NAME(client), 1, "walk"));
}

/* Begun, and not sealed. */
static void do_mem(struct walk *w, uint32_t mem)
{
	const struct mmx_run run = {
		.first_page = w->guest->front.data_offset >> MMX_WIRE_PAGE_SHIFT,
		.page_count = RIG_PAGES / 2,
	};
	union mmx_msg_buf buf;

	send(w, &buf,
	     mmx_encode_mem_create(&buf, rig_tag(w->guest), RIG_NAME(mem), 0, RIG_PAGES, &run, 1));
}

static void do_seal(struct walk *w, uint32_t mem)
{
	const struct mmx_run run = {
		.first_page = (w->guest->front.data_offset >> MMX_WIRE_PAGE_SHIFT) + RIG_PAGES / 2,
		.page_count = RIG_PAGES / 2,
	};
	union mmx_msg_buf buf;

	send(w, &buf,
	     mmx_encode_mem_add(&buf, rig_tag(w->guest), RIG_NAME(mem), MMX_MEM_SEAL, &run, 1));
}

static void do_vm(struct walk *w, uint32_t vm)
{
	union mmx_msg_buf buf;

	send(w, &buf,
	     mmx_encode_vm_create(&buf, rig_tag(w->guest), RIG_NAME(0), RIG_NAME(vm), 0, 0));
}

static void do_map(struct walk *w, uint32_t vm)
{
	const struct mmx_bind_op op = { .op = MMX_BIND_OP_MAP,
					.mem = RIG_NAME(0),
					.va = RIG_VA,
					.size = RIG_PAGES * MMX_WIRE_PAGE_SIZE };
	union mmx_msg_buf buf;

	send(w, &buf, mmx_encode_vm_bind(&buf, rig_tag(w->guest), RIG_NAME(vm), &op, 1));
}

/* A page in the middle, that nothing uses. */
static void do_unmap(struct walk *w, uint32_t vm)
{
	const struct mmx_bind_op op = { .op = MMX_BIND_OP_UNMAP,
					.va = RIG_VA + RIG_OBJECTS - MMX_WIRE_PAGE_SIZE,
					.size = MMX_WIRE_PAGE_SIZE };
	union mmx_msg_buf buf;

	send(w, &buf, mmx_encode_vm_bind(&buf, rig_tag(w->guest), RIG_NAME(vm), &op, 1));
}

static void do_group(struct walk *w, uint32_t group)
{
	const struct mmx_group_desc desc = {
		.client = RIG_NAME(0),
		.vm = RIG_NAME(group & 1),
		.group = RIG_NAME(group),
		.compute_core_mask = 1,
		.max_fragment_cores = 1,
		.fragment_core_mask = 1,
		.tiler_core_mask = 1,
	};
	const struct mmx_queue_desc queues[2] = {
		{ .ring_size = 4096, .timeline = RIG_NAME(2 * group) },
		{ .ring_size = 8192, .timeline = RIG_NAME(2 * group + 1) },
	};
	union mmx_msg_buf buf;

	send(w, &buf, mmx_encode_group_create(&buf, rig_tag(w->guest), &desc, queues, 2));
}

static void do_work(struct walk *w, uint32_t group)
{
	rig_submit(w->guest, RIG_NAME(group), 0, 1, rig_work(&w->ctx, 900, 0, 1), NULL, 0);
}

static void do_wait(struct walk *w, uint32_t group)
{
	struct mmx_wait wait = { .timeline = RIG_NAME(0), .seqno = 1 };

	rig_submit(w->guest, RIG_NAME(group), 1, 1, rig_store(&w->ctx, 1, 1), &wait, 1);
}

static void do_fault(struct walk *w, uint32_t group)
{
	rig_submit(w->guest, RIG_NAME(group), 0, 2, rig_fault(&w->ctx), NULL, 0);
}

static void do_stray(struct walk *w, uint32_t group)
{
	rig_submit(w->guest, RIG_NAME(group), 0, 3, rig_poke(&w->ctx, RIG_UNMAPPED, 1), NULL, 0);
}

/* Waits for ever; a stream that loops would cost the model's host its time. */
static void do_long(struct walk *w, uint32_t group)
{
	rig_submit(w->guest, RIG_NAME(group), 0, 1, rig_await(&w->ctx, 0, 0), NULL, 0);
}

/* Ten more, so that they take turns. */
static void do_crowd(struct walk *w, uint32_t first)
{
	uint32_t i;

	for (i = 0; i < 10; i++) {
		do_group(w, first + i);
		do_settle(w, 0);
		do_long(w, first + i);
	}
}

static void do_destroy_group(struct walk *w, uint32_t group)
{
	send_object(w->guest, MMX_MSG_GROUP_DESTROY, RIG_NAME(group));
	rig_kick(w->guest);
}

static void do_destroy_mem(struct walk *w, uint32_t mem)
{
	send_object(w->guest, MMX_MSG_MEM_DESTROY, RIG_NAME(mem));
	rig_kick(w->guest);
}

static void do_destroy_vm(struct walk *w, uint32_t vm)
{
	send_object(w->guest, MMX_MSG_VM_DESTROY, RIG_NAME(vm));
	rig_kick(w->guest);
}

static void do_destroy_client(struct walk *w, uint32_t client)
{
	send_object(w->guest, MMX_MSG_CLIENT_DESTROY, RIG_NAME(client));
	rig_kick(w->guest);
}

/* Until a reset has begun. */
static void do_reset(struct walk *w, uint32_t arg)
{
	struct rig *rig = w->guest->rig;

	(void)arg;
	rig->mute = true;
	RIG_UNTIL(rig, !mmx_gpu_is_ready(rig->core->gpu));
	rig->mute = false;
}

static const struct step {
	void (*run)(struct walk *w, uint32_t arg);
	uint32_t arg;
} steps[] = {
	{ do_settle, 0 },
	{ do_hello, 0 },
	{ do_settle, 0 },
	{ do_client, 0 },
	{ do_settle, 0 },
	{ do_mem, 0 },
	{ do_settle, 0 },
	{ do_seal, 0 },
	{ do_vm, 0 },
	{ do_settle, 0 },
	{ do_vm, 1 },
	{ do_map, 0 },
	{ do_map, 1 },
	{ do_settle, 0 },
	{ do_map, 0 },
	{ do_unmap, 0 },
	{ do_settle, 0 },
	{ do_group, 0 },
	{ do_settle, 0 },
	{ do_group, 1 },
	{ do_group, 2 },
	{ do_wait, 1 },
	{ do_settle, 0 },
	{ do_work, 0 },
	{ do_wait, 2 },
	{ do_settle, 0 },
	{ do_run_us, 1 },
	{ do_run_us, 3 },
	{ do_run_us, 10 },
	{ do_map, 0 },
	{ do_settle, 0 },
	{ do_run_us, 1 },
	{ do_run_us, 5 },
	{ do_run_us, 10 },
	{ do_unmap, 0 },
	{ do_run_us, 1 },
	{ do_destroy_mem, 0 },
	{ do_run_us, 5 },
	{ do_run_us, 2000 },
	{ do_fault, 0 },
	{ do_run_us, 20 },
	{ do_run_us, 200 },
	{ do_long, 1 },
	{ do_run_us, 100 },
	{ do_crowd, 3 },
	{ do_run_us, 1000 },
	{ do_run_us, 9500 },
	{ do_run_us, 20 },
	{ do_run_us, 9990 },
	{ do_run_us, 5 },
	{ do_stray, 0 },
	{ do_run_us, 20000 },
	{ do_run_us, 3000 },
	{ do_destroy_group, 1 },
	{ do_settle, 0 },
	{ do_run_us, 4 },
	{ do_run_us, 15 },
	{ do_destroy_vm, 1 },
	{ do_settle, 0 },
	{ do_run_us, 5 },
	{ do_reset, 0 },
	{ do_run_us, 100 },
	{ do_run_us, 400 },
	{ do_run_us, 20000 },
	{ do_vm, 1 },
	{ do_group, 15 },
	{ do_destroy_client, 0 },
	{ do_settle, 0 },
	{ do_run_us, 5 },
	{ do_run_us, 20000 },
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

/* Whenever a guest goes away, nothing of it is left, and its partition takes the next one. */
static void test_hangup_at_each_step(void **state)
{
	struct env *env = *state;
	size_t i, last;

	rig_guest_hangup(&env->guests[1]);
	for (last = 0; last <= STEPS; last++) {
		struct rig_guest *guest = &env->guests[0];
		struct walk walk = {
			.guest = guest,
			.ctx = { .guest = guest,
				 .memory = (void *)((uint8_t *)guest->peer.region +
						    guest->front.data_offset) },
		};

		for (i = 0; i < last; i++)
			steps[i].run(&walk, steps[i].arg);
		rig_guest_hangup(guest);
		rig_guest_wait_gone(guest);
		rig_run(&env->rig, 20 * MMX_NS_PER_MS);
		assert_int_equal(env->rig.state, MMX_CORE_RUNNING);
		rig_check_nothing_left(&env->rig);
		rig_guest_connect(&env->rig, 0, guest);
	}
}

/* The same by the clock: while groups enter, rotate, are suspended and cleaned up. */
static void test_hangup_at_each_time(void **state)
{
	struct env *env = *state;
	uint64_t us;

	rig_guest_hangup(&env->guests[1]);
	for (us = 0; us < 100; us++) {
		struct rig_guest *guest = &env->guests[0];
		struct rig_ctx ctxs[3];
		uint32_t i;

		assert_int_equal(rig_hello(guest), 0);
		for (i = 0; i < 3; i++)
			rig_ctx_create(guest, i, &ctxs[i]);
		for (i = 0; i < 12; i++) {
			const struct rig_ctx *ctx = &ctxs[i % 3];

			assert_int_equal(
				rig_group_create(guest, ctx->client, ctx->vm, RIG_NAME(i), 1, i),
				0);
		}
		for (i = 0; i < 12; i++) {
			struct rig_ctx *ctx = &ctxs[i % 3];

			rig_submit(guest, RIG_NAME(i), 0, 1,
				   i & 1 ? rig_await(ctx, 0, 0) : rig_work(ctx, 3000, 0, 1), NULL,
				   0);
		}
		rig_run(&env->rig, 9950 * MMX_NS_PER_US * (us & 1) + us * MMX_NS_PER_US);
		rig_guest_hangup(guest);
		rig_guest_wait_gone(guest);
		rig_run(&env->rig, 20 * MMX_NS_PER_MS);
		rig_check_nothing_left(&env->rig);
		rig_guest_connect(&env->rig, 0, guest);
	}
}

/* ---- the daemon's stop ---- */

static void test_stop(void **state)
{
	struct env *env = *state;
	struct rig_ctx ctx;
	uint32_t i;

	for (i = 0; i < 2; i++) {
		assert_int_equal(rig_hello(&env->guests[i]), 0);
		rig_ctx_create(&env->guests[i], 0, &ctx);
		create_groups(&ctx, 12);
		rig_submit(&env->guests[i], RIG_NAME(0), 0, 1, rig_endless(&ctx), NULL, 0);
	}
	rig_run(&env->rig, 5 * MMX_NS_PER_MS);
	mmx_core_stop(env->rig.core);
	for (i = 0; i < 2; i++)
		assert_int_equal(mmx_front_session_closed(&env->guests[i].front), ESHUTDOWN);
	RIG_UNTIL(&env->rig, env->rig.state == MMX_CORE_ENDED);
	for (i = 0; i < 2; i++)
		assert_null(env->guests[i].session);
}

/* Stopped before it was up, and in the middle of a reset. */
static void test_stop_while_starting(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, 1);
	rig_begin(&rig);
	rig_run(&rig, 100 * MMX_NS_PER_US);
	assert_int_equal(rig.state, MMX_CORE_STARTING);
	rig_finish(&rig);
}

static void test_stop_during_reset(void **state)
{
	struct env *env = *state;
	struct rig_ctx ctx;

	assert_int_equal(rig_hello(&env->guests[0]), 0);
	rig_ctx_create(&env->guests[0], 0, &ctx);
	create_groups(&ctx, 3);
	rig_submit(&env->guests[0], RIG_NAME(0), 0, 1, rig_await(&ctx, 0, 0), NULL, 0);
	rig_run(&env->rig, 5 * MMX_NS_PER_MS);
	env->rig.mute = true;
	RIG_UNTIL(&env->rig, !mmx_gpu_is_ready(env->rig.core->gpu));
	mmx_core_stop(env->rig.core);
	assert_int_equal(env->rig.state, MMX_CORE_STOPPING);
	env->rig.mute = false;
	RIG_UNTIL(&env->rig, env->rig.state == MMX_CORE_ENDED);
}

/* A partition has one guest at a time, and the next one only when nothing of it is left. */
static void test_one_guest_a_partition(void **state)
{
	struct env *env = *state;
	struct mmx_peer peer = MMX_PEER_INIT;
	struct mmx_peer other = MMX_PEER_INIT;
	struct mmx_session *session;

	assert_int_equal(mmx_core_offer(env->rig.core, 0, &peer), CORE_E_BUSY);
	rig_guest_hangup(&env->guests[0]);
	assert_int_equal(mmx_core_offer(env->rig.core, 0, &peer), CORE_E_BUSY);
	rig_guest_wait_gone(&env->guests[0]);
	assert_int_equal(mmx_core_offer(env->rig.core, 0, &peer), 0);
	assert_int_equal(mmx_core_offer(env->rig.core, 0, &other), CORE_E_BUSY);
	mmx_core_stop(env->rig.core);
	assert_int_equal(mmx_core_attach(env->rig.core, 0, &peer, &session), CORE_E_NOT_READY);
	mmx_core_withdraw(env->rig.core, 0);
	mmx_core_withdraw(env->rig.core, 0);
	assert_int_equal(mmx_core_offer(env->rig.core, 0, &other), CORE_E_NOT_READY);
	mmx_peer_finish(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_client_with_jobs, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_group_that_others_wait_for, setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_group_that_waits, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_vm_before_its_groups, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_hangup_at_each_step, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_hangup_at_each_time, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_stop, setup, rig_teardown),
		cmocka_unit_test(test_stop_while_starting),
		cmocka_unit_test_setup_teardown(test_stop_during_reset, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_one_guest_a_partition, setup, rig_teardown),
	};
	int failed = cmocka_run_group_tests_name("coherent", tests, NULL, NULL);

	rig_two_views = true;
	failed += cmocka_run_group_tests_name("not coherent", tests, NULL, NULL);
	rig_idle_power_off_ms = 1;
	return failed + cmocka_run_group_tests_name("often without power", tests, NULL, NULL);
}
