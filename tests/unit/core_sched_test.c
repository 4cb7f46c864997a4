// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What scheduling comes to on the model, which serves groups in slots by strict firmware priorities as firmware does:
 * who gets how much of the cores, who goes first, who holds up whom. On virtual time.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/rig_guest.h"

struct env {
	struct rig rig;
	struct rig_guest guests[2];
	struct rig_ctx ctxs[2];
	uint64_t submitted[2];
};

static int setup_with(void **state, uint32_t weight, unsigned int ceiling)
{
	struct env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	rig_init(&env->rig, 2);
	env->rig.partitions[1].weight = weight;
	env->rig.partitions[1].limits.priority_ceiling = ceiling;
	rig_start_ctxs(&env->rig, env->guests, env->ctxs);
	*state = env;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, 1, 3);
}

static int setup_weights(void **state)
{
	return setup_with(state, 3, 2);
}

static void create_group(struct rig_ctx *ctx, uint32_t group, uint8_t priority)
{
	const struct mmx_gpu_info *info = mmx_gpu_info(ctx->guest->rig->core->gpu);
	const struct mmx_group_desc desc = {
		.client = ctx->client,
		.vm = ctx->vm,
		.group = RIG_NAME(group),
		.priority = priority,
		.max_compute_cores = 4,
		.max_fragment_cores = 4,
		.max_tiler_cores = 1,
		.compute_core_mask = info->shader_present,
		.fragment_core_mask = info->shader_present,
		.tiler_core_mask = info->tiler_present,
	};
	const struct mmx_queue_desc queue = { .ring_size = 4096, .timeline = RIG_NAME(group) };
	union mmx_msg_buf buf;

	assert_int_equal(
		rig_call(ctx->guest, &buf,
			 mmx_encode_group_create(&buf, rig_tag(ctx->guest), &desc, &queue, 1)),
		0);
}

static uint64_t completed(struct env *env, size_t guest)
{
	struct mmx_timeline_view view;

	mmx_front_session_timeline(&env->guests[guest].front, 0, &view);
	return view.completed;
}

/* Keeps group 0 of both guests at work, with jobs of @job_us; shorter ones leave more gaps for the other. */
static void run_load(struct env *env, unsigned int ms, unsigned int job_us)
{
	struct rig_stream streams[2];
	unsigned int i;
	size_t g;

	for (g = 0; g < 2; g++)
		streams[g] = rig_work(&env->ctxs[g], job_us, 0, 1);
	for (i = 0; i < ms; i += 10) {
		for (g = 0; g < 2; g++)
			while (env->submitted[g] < completed(env, g) + 24)
				rig_submit(&env->guests[g], RIG_NAME(0), 0, ++env->submitted[g],
					   streams[g], NULL, 0);
		rig_run(&env->rig, 10 * MMX_NS_PER_MS);
		rig_guest_read(&env->guests[0]);
		rig_guest_read(&env->guests[1]);
	}
}

/* One group each, and slots for both: what the cores have done for them is by weight. */
static void test_residents_share(void **state)
{
	struct env *env = *state;
	uint64_t done[2];
	size_t g;

	for (g = 0; g < 2; g++)
		create_group(&env->ctxs[g], 0, 1);
	run_load(env, 8000, 10000);
	for (g = 0; g < 2; g++)
		done[g] = completed(env, g);
	assert_in_range(done[1] * 100 / done[0], 285, 315);
	/* and next to nothing is lost to it */
	assert_true(done[0] + done[1] > 770);
}

/* However much the other one has to do. */
static void test_realtime_first(void **state)
{
	struct env *env = *state;
	uint64_t start_ns;
	unsigned int i;

	create_group(&env->ctxs[0], 0, 2);
	create_group(&env->ctxs[1], 0, 1);
	create_group(&env->ctxs[1], 1, 3);
	for (i = 1; i <= 20; i++) {
		run_load(env, 30 + 10 * (i % 3), 1000);
		start_ns = env->rig.now_ns;
		rig_submit(&env->guests[1], RIG_NAME(1), 0, i, rig_work(&env->ctxs[1], 500, 1, i),
			   NULL, 0);
		assert_int_equal(rig_wait_job(&env->guests[1], RIG_NAME(1), i), 0);
		/* its own time, what is left of a piece of another's job, and the first time the way into a slot */
		assert_true(env->rig.now_ns - start_ns < 1000 * MMX_NS_PER_US);
	}
}

/* A group whose VM's address space is not given up yet waits for that, and nobody waits with it. */
static void test_no_address_space_yet(void **state)
{
	struct env *env = *state;
	struct rig_guest *a = &env->guests[0], *b = &env->guests[1];
	uint64_t start_ns;

	create_group(&env->ctxs[0], 0, 1);
	create_group(&env->ctxs[1], 0, 1);
	/* so that the other one comes first */
	rig_submit(b, RIG_NAME(0), 0, 1, rig_work(&env->ctxs[1], 20000, 0, 1), NULL, 0);
	assert_int_equal(rig_wait_job(b, RIG_NAME(0), 1), 0);
	create_group(&env->ctxs[1], 1, 1);
	rig_submit(a, RIG_NAME(0), 0, 1, rig_poke(&env->ctxs[0], RIG_UNMAPPED, 1), NULL, 0);
	RIG_UNTIL(&env->rig, (rig_guest_read(a), a->fault_count));
	/* what ends the life of AS 2 takes its whole deadline; the other one has had AS 1 before */
	env->rig.silent_as = 1u << 2;
	create_group(&env->ctxs[0], 1, 1);
	rig_submit(a, RIG_NAME(1), 0, 1, rig_store(&env->ctxs[0], 0, 5), NULL, 0);
	start_ns = env->rig.now_ns;
	rig_submit(b, RIG_NAME(1), 0, 1, rig_store(&env->ctxs[1], 0, 6), NULL, 0);
	assert_int_equal(rig_wait_job(b, RIG_NAME(1), 1), 0);
	assert_true(env->rig.now_ns - start_ns < 500 * MMX_NS_PER_US);
	env->rig.silent_as = 0;
	assert_int_equal(rig_job(a, RIG_NAME(1), 1), -1);
	assert_int_equal(rig_wait_job(a, RIG_NAME(1), 1), 0);
	assert_true(env->rig.now_ns - start_ns > 50 * MMX_NS_PER_MS);
	assert_int_equal(rig_result(&env->ctxs[0], 0), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_residents_share, setup_weights, rig_teardown),
		cmocka_unit_test_setup_teardown(test_realtime_first, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_no_address_space_yet, setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
