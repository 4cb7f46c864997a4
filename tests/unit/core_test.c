// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Jobs of guests through the whole backend, on virtual time: order, waits, turns, shares. Nothing goes wrong here. */
#include <pthread.h>
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

static int setup_with(void **state, void (*change)(struct rig *rig))
{
	struct env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	rig_init(&env->rig, 2);
	if (change)
		change(&env->rig);
	rig_start_guests(&env->rig, env->guests);
	*state = env;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, NULL);
}

static struct mmx_wait wait_for(uint32_t timeline, uint64_t seqno)
{
	return (struct mmx_wait){ .timeline = RIG_NAME(timeline), .seqno = seqno };
}

static void create_group(struct rig_ctx *ctx, uint32_t group, unsigned int queues,
			 uint32_t timeline)
{
	assert_int_equal(rig_group_create(ctx->guest, ctx->client, ctx->vm, RIG_NAME(group), queues,
					  timeline),
			 0);
}

static void test_one_job(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct mmx_timeline_view view;
	struct rig_ctx ctx;

	rig_ctx_create(guest, 0, &ctx);
	create_group(&ctx, 0, 1, 0);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_work(&ctx, 500, 0, 42), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 1), 0);
	assert_int_equal(rig_result(&ctx, 0), 42);
	mmx_front_session_timeline(&guest->front, 0, &view);
	assert_int_equal(view.name, RIG_NAME(0));
	assert_int_equal(view.completed, 1);
	assert_int_equal(view.errors, 0);
	/* charged by the backend's clock: the job, and the way of its completion */
	assert_in_range(view.gpu_time_ns, 500000, 800000);
}

/* What a job has taken is told with its completion, also if the group goes on. */
static void test_time_told(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct mmx_timeline_view view;
	struct rig_ctx ctx;
	uint64_t seqno;

	rig_ctx_create(guest, 0, &ctx);
	create_group(&ctx, 0, 1, 0);
	for (seqno = 1; seqno <= 3; seqno++)
		rig_submit(guest, RIG_NAME(0), 0, seqno, rig_work(&ctx, 20000, 0, 1), NULL, 0);
	for (seqno = 1; seqno <= 3; seqno++) {
		assert_int_equal(rig_wait_job(guest, RIG_NAME(0), seqno), 0);
		mmx_front_session_timeline(&guest->front, 0, &view);
		assert_int_equal(view.completed, seqno);
		assert_in_range(view.gpu_time_ns, seqno * 20000000, seqno * 20300000);
	}
}

/* As a render pass: vertex, fragment and compute queues that hand over on the GPU. */
static void test_three_queues(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx ctx;
	uint32_t queue;

	rig_ctx_create(guest, 0, &ctx);
	create_group(&ctx, 0, 3, 0);
	/* the last one first, so that the order is that of the syncs */
	rig_submit(guest, RIG_NAME(0), 2, 1, rig_await(&ctx, 1, 0), NULL, 0);
	rig_submit(guest, RIG_NAME(0), 2, 2, rig_copy(&ctx, 1, 2), NULL, 0);
	rig_submit(guest, RIG_NAME(0), 1, 1, rig_await(&ctx, 0, 0), NULL, 0);
	rig_submit(guest, RIG_NAME(0), 1, 2, rig_copy(&ctx, 0, 1), NULL, 0);
	rig_submit(guest, RIG_NAME(0), 1, 3, rig_signal(&ctx, 1), NULL, 0);
	rig_run(&env->rig, 5 * MMX_NS_PER_MS);
	rig_guest_read(guest);
	assert_int_equal(guest->entry_count, 0);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_work(&ctx, 200, 0, 10), NULL, 0);
	rig_submit(guest, RIG_NAME(0), 0, 2, rig_signal(&ctx, 0), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(2), 2), 0);
	assert_int_equal(rig_result(&ctx, 2), 12);
	for (queue = 0; queue < 3; queue++)
		assert_int_equal(rig_wait_job(guest, RIG_NAME(queue), 2), 0);
}

/* Held by the backend: a job of another client's group, in another VM. */
static void test_waits_between_clients(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct mmx_wait wait = wait_for(0, 2);
	struct rig_ctx a, b;

	rig_ctx_create(guest, 0, &a);
	rig_ctx_create(guest, 1, &b);
	create_group(&a, 0, 1, 0);
	create_group(&b, 1, 2, 1);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_work(&a, 3000, 0, 1), NULL, 0);
	rig_submit(guest, RIG_NAME(0), 0, 2, rig_work(&a, 3000, 1, 2), NULL, 0);
	rig_submit(guest, RIG_NAME(1), 0, 1, rig_store(&b, 0, 3), &wait, 1);
	/* behind it in the same queue, though it waits for nothing itself; the other queue goes on */
	rig_submit(guest, RIG_NAME(1), 0, 2, rig_store(&b, 1, 4), NULL, 0);
	rig_submit(guest, RIG_NAME(1), 1, 1, rig_store(&b, 2, 5), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(2), 1), 0);
	rig_run(&env->rig, 4 * MMX_NS_PER_MS);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 1), 0);
	assert_int_equal(rig_result(&b, 0), 0);
	assert_int_equal(rig_job(guest, RIG_NAME(1), 1), -1);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(1), 2), 0);
	assert_int_equal(rig_job(guest, RIG_NAME(0), 2), 0);
	assert_int_equal(rig_result(&b, 0), 3);
	assert_int_equal(rig_result(&b, 1), 4);
}

/* An empty job completes after those before it and after its waits, without the GPU. */
static void test_empty_jobs(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct mmx_wait waits[2] = { wait_for(1, 1), wait_for(0, 1) };
	struct rig_ctx ctx;

	rig_ctx_create(guest, 0, &ctx);
	create_group(&ctx, 0, 2, 0);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_empty, NULL, 0);
	rig_settle(&env->rig);
	rig_guest_read(guest);
	assert_int_equal(rig_job(guest, RIG_NAME(0), 1), 0);
	rig_submit(guest, RIG_NAME(0), 1, 1, rig_work(&ctx, 2000, 0, 1), NULL, 0);
	rig_submit(guest, RIG_NAME(0), 1, 2, rig_empty, NULL, 0);
	rig_submit(guest, RIG_NAME(0), 0, 2, rig_empty, waits, 2);
	rig_run(&env->rig, MMX_NS_PER_MS);
	rig_guest_read(guest);
	assert_int_equal(rig_job(guest, RIG_NAME(1), 2), -1);
	assert_int_equal(rig_job(guest, RIG_NAME(0), 2), -1);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 2), 0);
	assert_int_equal(rig_job(guest, RIG_NAME(1), 2), 0);
	assert_int_equal(rig_result(&ctx, 0), 1);
}

/* ---- a long chain ---- */

#define CHAIN_TIMELINES 40u
#define CHAIN_LENGTH	10000u

static void allow_long_chain(struct rig *rig)
{
	rig->partitions[0].limits.wire.max_jobs = CHAIN_LENGTH / CHAIN_TIMELINES + 1;
}

static int setup_chain(void **state)
{
	return setup_with(state, allow_long_chain);
}

static void *wait_for_chain(void *arg)
{
	const uint32_t last = CHAIN_LENGTH - 1;

	rig_wait_job(arg, RIG_NAME(last % CHAIN_TIMELINES), last / CHAIN_TIMELINES + 1);
	return NULL;
}

/* Each job waits for the one before it, on another timeline. The stack is too small for one frame each. */
static void test_long_chain(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	pthread_attr_t attr;
	struct rig_ctx ctx;
	pthread_t thread;
	uint32_t i;

	rig_ctx_create(guest, 0, &ctx);
	for (i = 0; i < CHAIN_TIMELINES / 8; i++)
		create_group(&ctx, i, 8, i * 8);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_work(&ctx, 60000, 0, 1), NULL, 0);
	for (i = 1; i < CHAIN_LENGTH; i++) {
		uint32_t timeline = i % CHAIN_TIMELINES, before = (i - 1) % CHAIN_TIMELINES;
		struct mmx_wait wait = wait_for(before, (i - 1) / CHAIN_TIMELINES + 1);

		rig_submit(guest, RIG_NAME(timeline / 8), timeline % 8, i / CHAIN_TIMELINES + 1,
			   rig_empty, &wait, 1);
	}
	rig_settle(&env->rig);
	rig_guest_read(guest);
	assert_int_equal(guest->entry_count, 0);
	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstacksize(&attr, CHAIN_LENGTH * 32), 0);
	assert_int_equal(pthread_create(&thread, &attr, wait_for_chain, guest), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attr);
	for (i = 0; i < CHAIN_TIMELINES; i++)
		assert_int_equal(rig_job(guest, RIG_NAME(i), CHAIN_LENGTH / CHAIN_TIMELINES), 0);
}

/* ---- more groups than slots ---- */

#define GROUPS	24u
#define CLIENTS 4u

static void weigh(struct rig *rig)
{
	rig->partitions[0].weight = 1;
	rig->partitions[1].weight = 3;
}

static int setup_weights(void **state)
{
	return setup_with(state, weigh);
}

/* 24 groups, in so many VMs. */
static void create_groups(struct rig_guest *guest, struct rig_ctx *ctxs, uint32_t clients)
{
	uint32_t i;

	for (i = 0; i < clients; i++)
		rig_ctx_create(guest, i, &ctxs[i]);
	for (i = 0; i < GROUPS; i++)
		create_group(&ctxs[i % clients], i, 1, i);
}

/* More groups than slots, and more VMs than address spaces. */
static void test_more_groups_than_slots(void **state)
{
	struct env *env = *state;
	struct rig_ctx ctxs[2][CLIENTS];
	uint32_t i, g;

	for (g = 0; g < 2; g++) {
		create_groups(&env->guests[g], ctxs[g], CLIENTS);
		for (i = 0; i < GROUPS; i++) {
			struct rig_ctx *ctx = &ctxs[g][i % CLIENTS];

			rig_submit(&env->guests[g], RIG_NAME(i), 0, 1,
				   rig_work(ctx, 1000, i, i + 1), NULL, 0);
			rig_submit(&env->guests[g], RIG_NAME(i), 0, 2,
				   rig_work(ctx, 1000, i + GROUPS, i + 1), NULL, 0);
		}
	}
	for (g = 0; g < 2; g++)
		for (i = 0; i < GROUPS; i++) {
			const struct rig_ctx *ctx = &ctxs[g][i % CLIENTS];

			assert_int_equal(rig_wait_job(&env->guests[g], RIG_NAME(i), 2), 0);
			assert_int_equal(rig_result(ctx, i), i + 1);
			assert_int_equal(rig_result(ctx, i + GROUPS), i + 1);
		}
}

/* Both guests have more to do than there is time: they get it by weight, and within a guest all groups alike. (Six VMs:
 * where address spaces are scarce too, shares are right only in the long run.) */
static void test_shares(void **state)
{
	struct env *env = *state;
	struct rig_ctx ctxs[2][CLIENTS];
	uint64_t time[2], seqno, least = UINT64_MAX, most = 0;
	struct mmx_list *pos;
	uint32_t i, g;

	for (g = 0; g < 2; g++) {
		create_groups(&env->guests[g], ctxs[g], 3);
		for (i = 0; i < GROUPS; i++) {
			struct rig_stream stream = rig_work(&ctxs[g][i % 3], 8000, 0, 1);

			for (seqno = 1; seqno <= 64; seqno++)
				rig_submit(&env->guests[g], RIG_NAME(i), 0, seqno, stream, NULL, 0);
		}
	}
	rig_run(&env->rig, 5 * MMX_NS_PER_S);
	for (g = 0; g < 2; g++) {
		mmx_sched_account(env->rig.core->sched, env->rig.now_ns);
		time[g] = env->rig.core->partitions[g].sched.gpu_time_ns;
		rig_guest_read(&env->guests[g]);
		/* else it was not busy all the time */
		assert_int_equal(rig_job(&env->guests[g], RIG_NAME(0), 64), -1);
	}
	assert_in_range(time[1] * 100 / time[0], 285, 315);
	/* next to nothing is lost to changing groups */
	assert_true(time[0] + time[1] > 5 * MMX_NS_PER_S * 9 / 10);
	mmx_list_for_each(pos, &env->rig.core->groups) {
		const struct mmx_core_group *group =
			mmx_container_of(pos, struct mmx_core_group, link);

		if (group->partition != &env->rig.core->partitions[1])
			continue;
		if (group->sched.gpu_time_ns < least)
			least = group->sched.gpu_time_ns;
		if (group->sched.gpu_time_ns > most)
			most = group->sched.gpu_time_ns;
	}
	assert_true(most - least < most / 5);
}

/* Groups finish at all sorts of times while they take turns, also on their way out: then all are at rest. */
static void test_rest(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	uint32_t i, round;
	struct rig_ctx ctx;
	uint64_t charged;
	struct mmx_list *pos;

	rig_ctx_create(guest, 0, &ctx);
	for (i = 0; i < 12; i++)
		create_group(&ctx, i, 1, i);
	for (round = 1; round <= 20; round++) {
		for (i = 0; i < 12; i++)
			rig_submit(guest, RIG_NAME(i), 0, round,
				   rig_work(&ctx, 700 + 90 * round + 41 * i, 0, 1), NULL, 0);
		for (i = 0; i < 12; i++)
			assert_int_equal(rig_wait_job(guest, RIG_NAME(i), round), 0);
		rig_run(&env->rig, 5 * MMX_NS_PER_MS);
		mmx_list_for_each(pos, &env->rig.core->groups)
			assert_false(
				mmx_container_of(pos, struct mmx_core_group, link)->sched.busy);
		charged = env->rig.core->partitions[0].sched.gpu_time_ns;
		rig_run(&env->rig, 50 * MMX_NS_PER_MS);
		mmx_sched_account(env->rig.core->sched, env->rig.now_ns);
		assert_true(charged == env->rig.core->partitions[0].sched.gpu_time_ns);
	}
}

/* A queue takes more jobs than its ring holds; they go on from memory. */
static void test_full_ring(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx ctx;
	uint64_t seqno;

	rig_ctx_create(guest, 0, &ctx);
	create_group(&ctx, 0, 1, 0);
	for (seqno = 1; seqno <= 64; seqno++)
		rig_submit(guest, RIG_NAME(0), 0, seqno, rig_copy(&ctx, 0, 0), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 64), 0);
	assert_int_equal(rig_result(&ctx, 0), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_job, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_time_told, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_three_queues, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_waits_between_clients, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_empty_jobs, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_long_chain, setup_chain, rig_teardown),
		cmocka_unit_test_setup_teardown(test_more_groups_than_slots, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_shares, setup_weights, rig_teardown),
		cmocka_unit_test_setup_teardown(test_rest, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_full_ring, setup, rig_teardown),
	};
	int failed = cmocka_run_group_tests_name("coherent", tests, NULL, NULL);

	rig_two_views = true;
	failed += cmocka_run_group_tests_name("not coherent", tests, NULL, NULL);
	rig_idle_power_off_ms = 1;
	return failed + cmocka_run_group_tests_name("often without power", tests, NULL, NULL);
}
