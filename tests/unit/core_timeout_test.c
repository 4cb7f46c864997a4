// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Time-outs of jobs: whose clock goes when, and what its end costs whom. On virtual time. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "backend/gpu/gpu_priv.h"
#include "tests/unit/rig_guest.h"

#define TIMEOUT_MS 50u
#define TIMEOUT_NS (TIMEOUT_MS * MMX_NS_PER_MS)
/* From a job's push to its start, and from a clock's end to the group's. */
#define SLACK_NS (5 * MMX_NS_PER_MS)

struct env {
	struct rig rig;
	struct rig_guest guests[2];
	struct rig_ctx ctxs[2];
};

static int setup_with(void **state, uint32_t timeout_ms)
{
	struct env *env = calloc(1, sizeof(*env));
	size_t i;

	assert_non_null(env);
	rig_init(&env->rig, 2);
	/* so that all turns of a round fit into the time */
	env->rig.config.tick_us = 1000;
	for (i = 0; i < 2; i++)
		env->rig.partitions[i].job_timeout_ms = timeout_ms;
	rig_start_ctxs(&env->rig, env->guests, env->ctxs);
	*state = env;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, TIMEOUT_MS);
}

static int setup_none(void **state)
{
	return setup_with(state, 0);
}

/* The job and its group are lost; another group of the same VM is not, and the other guest loses nothing. */
static void test_costs_its_group(void **state)
{
	struct env *env = *state;
	struct rig_guest *a = &env->guests[0], *b = &env->guests[1];
	struct rig_ctx *ctx = &env->ctxs[0], *other = &env->ctxs[1];
	uint64_t start_ns, i;

	rig_ctx_group(ctx, 0, 2);
	rig_ctx_group(ctx, 1, 1);
	rig_ctx_group(other, 0, 1);
	start_ns = env->rig.now_ns;
	rig_submit(a, RIG_NAME(0), 1, 1, rig_endless(ctx), NULL, 0);
	rig_submit(a, RIG_NAME(0), 1, 2, rig_store(ctx, 0, 1), NULL, 0);
	rig_run(&env->rig, MMX_NS_PER_MS);
	rig_submit(a, RIG_NAME(0), 0, 1, rig_await(ctx, 0, 0), NULL, 0);
	for (i = 1; i <= 10; i++) {
		rig_submit(a, RIG_NAME(1), 0, i, rig_work(ctx, 2000, 1, (uint32_t)i), NULL, 0);
		rig_submit(b, RIG_NAME(0), 0, i, rig_work(other, 2000, 1, (uint32_t)i), NULL, 0);
	}
	assert_int_equal(rig_wait_job(a, RIG_NAME(1), 1), ETIMEDOUT);
	assert_in_range(env->rig.now_ns - start_ns, TIMEOUT_NS, TIMEOUT_NS + SLACK_NS);
	assert_int_equal(rig_wait_job(a, RIG_NAME(1), 2), ECANCELED);
	assert_int_equal(rig_state_of(a, 0), MMX_GROUP_STATE_TIMEDOUT);
	assert_int_equal(a->fault_count, 1);
	assert_int_equal(a->faults[0].kind, MMX_FAULT_TIMEOUT);
	assert_int_equal(a->faults[0].group, RIG_NAME(0));
	assert_int_equal(a->faults[0].queue, 1);
	assert_int_equal(rig_wait_job(a, RIG_NAME(0), 1), ECANCELED);
	rig_submit(a, RIG_NAME(0), 1, 3, rig_store(ctx, 0, 1), NULL, 0);
	assert_int_equal(rig_wait_job(a, RIG_NAME(1), 3), ECANCELED);
	for (i = 1; i <= 10; i++) {
		assert_int_equal(rig_wait_job(a, RIG_NAME(8), i), 0);
		assert_int_equal(rig_wait_job(b, RIG_NAME(0), i), 0);
	}
	assert_int_equal(rig_state_of(a, 1), 0);
	assert_int_equal(b->fault_count, 0);
	assert_int_equal(rig_resets(&env->rig), 0);
	assert_int_equal(env->rig.core->partitions[0].timeouts, 1);
	assert_int_equal(env->rig.core->partitions[1].timeouts, 0);
}

/* Each job has the whole time, from when the one before it has completed. */
static void test_progress(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx *ctx = &env->ctxs[0];
	uint64_t i;

	rig_ctx_group(ctx, 0, 1);
	for (i = 1; i <= 8; i++)
		rig_submit(guest, RIG_NAME(0), 0, i, rig_work(ctx, 40000, 0, 1), NULL, 0);
	for (i = 1; i <= 8; i++)
		assert_int_equal(rig_wait_job(guest, RIG_NAME(0), i), 0);
	rig_submit(guest, RIG_NAME(0), 0, 9, rig_work(ctx, 60000, 0, 1), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 9), ETIMEDOUT);
}

/* What a job waits for outside of the GPU is not its time. */
static void test_waits_do_not_count(void **state)
{
	struct mmx_wait wait = { .timeline = RIG_NAME(0), .seqno = 4 };
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx *ctx = &env->ctxs[0];
	uint64_t i;

	rig_ctx_group(ctx, 0, 1);
	rig_ctx_group(ctx, 1, 1);
	for (i = 1; i <= 4; i++)
		rig_submit(guest, RIG_NAME(0), 0, i, rig_work(ctx, 30000, 0, 1), NULL, 0);
	rig_submit(guest, RIG_NAME(1), 0, 1, rig_work(ctx, 30000, 1, 7), &wait, 1);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(8), 1), 0);
	assert_int_equal(rig_result(ctx, 1), 7);
	/* nor is the time before it */
	rig_run(&env->rig, 2 * TIMEOUT_NS);
	rig_submit(guest, RIG_NAME(1), 0, 2, rig_work(ctx, 40000, 1, 8), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(8), 2), 0);
}

/* A job for each of sixteen groups. */
static void submit_to_sixteen(struct rig_ctx *ctx, struct rig_stream stream)
{
	uint32_t i;

	for (i = 0; i < 16; i++)
		rig_ctx_group(ctx, i, 1);
	for (i = 0; i < 16; i++)
		rig_submit(ctx->guest, RIG_NAME(i), 0, 1, stream, NULL, 0);
}

/* Sixteen groups on eight slots: each is in for half of the time, and only then its clock goes. */
static void test_stands_outside(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx *ctx = &env->ctxs[0];
	uint64_t start_ns = env->rig.now_ns;
	uint32_t i;

	submit_to_sixteen(ctx, rig_endless(ctx));
	RIG_UNTIL(&env->rig, env->rig.core->partitions[0].timeouts);
	assert_in_range(env->rig.now_ns - start_ns, TIMEOUT_NS * 3 / 2, TIMEOUT_NS * 5 / 2);
	for (i = 0; i < 16; i++)
		assert_int_equal(rig_wait_job(guest, RIG_NAME(i * 8), 1), ETIMEDOUT);
	assert_int_equal(env->rig.core->partitions[0].timeouts, 16);
	assert_int_equal(rig_resets(&env->rig), 0);
}

/* A wait for a sync object may have no end: its clock goes on outside. */
static void test_sync_wait_goes_on(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx *ctx = &env->ctxs[0];
	uint64_t start_ns = env->rig.now_ns;
	uint32_t i;

	submit_to_sixteen(ctx, rig_await(ctx, 0, 0));
	for (i = 0; i < 16; i++)
		assert_int_equal(rig_wait_job(guest, RIG_NAME(i * 8), 1), ETIMEDOUT);
	/* the last ones got in a tick later than the first */
	assert_in_range(env->rig.now_ns - start_ns, TIMEOUT_NS, TIMEOUT_NS * 3 / 2);
	assert_int_equal(rig_resets(&env->rig), 0);
}

/* The job is done, and the interrupt that would tell is lost: nobody is punished. */
static void test_lost_interrupt(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx *ctx = &env->ctxs[0];

	rig_ctx_group(ctx, 0, 1);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_store(ctx, 0, 1), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 1), 0);
	rig_run(&env->rig, 10 * MMX_NS_PER_MS);
	env->rig.drop_irqs[MMX_IRQ_JOB] = UINT32_MAX;
	rig_submit(guest, RIG_NAME(0), 0, 2, rig_work(ctx, 9000, 1, 2), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 2), 0);
	env->rig.drop_irqs[MMX_IRQ_JOB] = 0;
	assert_int_equal(rig_state_of(guest, 0), 0);
}

/* Firmware's own timer ends a group in the same way. */
static void test_progress_timer(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx *ctx = &env->ctxs[0];
	struct mmx_gpu *gpu = env->rig.core->gpu;
	uint32_t *ack;

	rig_ctx_group(ctx, 0, 2);
	rig_submit(guest, RIG_NAME(0), 1, 1, rig_work(ctx, 40000, 0, 1), NULL, 0);
	rig_submit(guest, RIG_NAME(0), 1, 2, rig_store(ctx, 0, 1), NULL, 0);
	rig_run(&env->rig, 5 * MMX_NS_PER_MS);
	ack = (uint32_t *)(uintptr_t)&gpu->fw.csg[0].output->ack;
	*ack ^= CSG_REQ_PROGRESS_TIMER_EVENT;
	mmx_slot_irq(gpu, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(1), 1), ETIMEDOUT);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(1), 2), ECANCELED);
	assert_int_equal(rig_state_of(guest, 0), MMX_GROUP_STATE_TIMEDOUT);
	assert_int_equal(guest->faults[0].kind, MMX_FAULT_TIMEOUT);
	assert_int_equal(guest->faults[0].queue, 1);
}

static void test_none(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx *ctx = &env->ctxs[0];

	rig_ctx_group(ctx, 0, 1);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_await(ctx, 0, 0), NULL, 0);
	rig_run(&env->rig, 100 * MMX_NS_PER_S);
	assert_int_equal(rig_job(guest, RIG_NAME(0), 1), -1);
	assert_int_equal(rig_object(guest, MMX_MSG_GROUP_DESTROY, RIG_NAME(0)), 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 1), ECANCELED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_costs_its_group, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_progress, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_waits_do_not_count, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_stands_outside, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_sync_wait_goes_on, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_lost_interrupt, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_progress_timer, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_none, setup_none, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
