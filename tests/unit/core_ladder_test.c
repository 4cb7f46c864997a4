// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The ladder: what happens when firmware does not do what it was asked for, who is blamed, and what it costs whom. On
 * virtual time, with requests that firmware never gets to see.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/slot_priv.h"
#include "tests/unit/rig_guest.h"

#define PREEMPT_US 20000u
#define TICK_NS	   (10 * MMX_NS_PER_MS)
/* Starting, stopping, and a short job. */
#define SLACK_NS (5 * MMX_NS_PER_MS)

struct env {
	struct rig rig;
	struct rig_guest guests[2];
	struct rig_ctx ctx[2];
};

static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));
	size_t i;

	assert_non_null(env);
	rig_init(&env->rig, 2);
	for (i = 0; i < 2; i++)
		env->rig.partitions[i].limits.preempt_timeout_us = PREEMPT_US;
	rig_start(&env->rig);
	for (i = 0; i < 2; i++) {
		rig_guest_connect(&env->rig, i, &env->guests[i]);
		assert_int_equal(rig_hello(&env->guests[i]), 0);
		rig_ctx_create(&env->guests[i], 0, &env->ctx[i]);
	}
	*state = env;
	return 0;
}

static int teardown(void **state)
{
	struct env *env = *state;

	rig_finish(&env->rig);
	free(env);
	return 0;
}

static void create_group(struct rig_ctx *ctx, uint32_t index, unsigned int queues)
{
	assert_int_equal(rig_group_create(ctx->guest, ctx->client, ctx->vm, RIG_NAME(index), queues,
					  index * 8),
			 0);
}

static uint32_t group_state(struct rig_guest *guest, uint32_t index)
{
	uint32_t state;

	assert_int_equal(rig_group_state(guest, RIG_NAME(index), &state), 0);
	return state;
}

static uint64_t resets(const struct env *env)
{
	struct mmx_gpu_stats stats;

	mmx_gpu_stats(env->rig.core->gpu, &stats);
	return stats.resets;
}

/* The first guest fills all slots with groups that never end. */
static void fill_slots(struct env *env)
{
	uint32_t i;

	for (i = 0; i < 8; i++) {
		create_group(&env->ctx[0], i, 2);
		rig_submit(&env->guests[0], RIG_NAME(i), 0, 1, rig_endless(&env->ctx[0]), NULL, 0);
		rig_submit(&env->guests[0], RIG_NAME(i), 0, 2, rig_empty, NULL, 0);
	}
	rig_run(&env->rig, 2 * TICK_NS);
}

static void deafen(struct env *env, unsigned int states)
{
	size_t i;

	for (i = 0; i < MMX_GPU_MAX_SLOTS; i++)
		env->rig.deaf[i] = states;
}

/* A group that does not suspend costs its guest that group, and the other guest the time until that is noticed. */
static void test_suspend_not_answered(void **state)
{
	struct env *env = *state;
	struct rig_guest *a = &env->guests[0], *b = &env->guests[1];
	uint32_t i, lost = 0;
	uint64_t start_ns;

	fill_slots(env);
	create_group(&env->ctx[1], 0, 1);
	deafen(env, 1u << CSG_STATE_SUSPEND);
	start_ns = env->rig.now_ns;
	rig_submit(b, RIG_NAME(0), 0, 1, rig_store(&env->ctx[1], 0, 1), NULL, 0);
	assert_int_equal(rig_wait_job(b, RIG_NAME(0), 1), 0);
	assert_in_range(env->rig.now_ns - start_ns, PREEMPT_US * MMX_NS_PER_US,
			PREEMPT_US * MMX_NS_PER_US + TICK_NS + SLACK_NS);
	deafen(env, 0);
	for (i = 0; i < 8; i++) {
		if (!group_state(a, i))
			continue;
		lost++;
		assert_int_equal(group_state(a, i), MMX_GROUP_STATE_TIMEDOUT);
		assert_int_equal(rig_wait_job(a, RIG_NAME(i * 8), 1), ETIMEDOUT);
		assert_int_equal(rig_wait_job(a, RIG_NAME(i * 8), 2), ECANCELED);
		assert_int_equal(a->faults[0].kind, MMX_FAULT_TIMEOUT);
		assert_int_equal(a->faults[0].group, RIG_NAME(i));
		assert_int_equal(a->faults[0].queue, 0);
	}
	assert_int_equal(lost, 1);
	assert_int_equal(a->fault_count, 1);
	assert_int_equal(env->rig.core->partitions[0].timeouts, 1);
	assert_int_equal(resets(env), 0);
	assert_int_equal(b->fault_count, 0);
}

/* An answer to the SUSPEND that comes when the TERMINATE has been sent is none to that. */
static void test_suspend_answered_late(void **state)
{
	struct env *env = *state;
	struct rig_guest *a = &env->guests[0], *b = &env->guests[1];
	uint32_t i, lost = 0;

	fill_slots(env);
	create_group(&env->ctx[1], 0, 1);
	deafen(env, 1u << CSG_STATE_SUSPEND | 1u << CSG_STATE_TERMINATE);
	rig_submit(b, RIG_NAME(0), 0, 1, rig_store(&env->ctx[1], 0, 1), NULL, 0);
	rig_run(&env->rig, TICK_NS + PREEMPT_US * MMX_NS_PER_US);
	deafen(env, 0);
	for (i = 0; i < 8; i++) {
		struct mmx_csf_csg *csg = &env->rig.core->gpu->fw.csg[i];
		uint32_t *ack = (uint32_t *)(uintptr_t)&csg->output->ack;

		if (env->rig.core->gpu->slots.slot[i].state != MMX_SLOT_STOPPING)
			continue;
		assert_int_equal(env->rig.core->gpu->slots.slot[i].request, CSG_STATE_TERMINATE);
		*ack = mmx_csf_update(*ack, CSG_STATE_SUSPEND, CSG_REQ_STATE);
		mmx_slot_irq(env->rig.core->gpu, i);
		assert_int_equal(env->rig.core->gpu->slots.slot[i].state, MMX_SLOT_STOPPING);
		*ack = mmx_csf_update(*ack, CSG_STATE_START, CSG_REQ_STATE);
		/* now the model gets to see the TERMINATE */
		mmx_slot_ring(&env->rig.core->gpu->slots.slot[i]);
	}
	assert_int_equal(rig_wait_job(b, RIG_NAME(0), 1), 0);
	for (i = 0; i < 8; i++)
		lost += group_state(a, i) == MMX_GROUP_STATE_TIMEDOUT;
	assert_int_equal(lost, 1);
	assert_int_equal(resets(env), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_suspend_not_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(test_suspend_answered_late, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
