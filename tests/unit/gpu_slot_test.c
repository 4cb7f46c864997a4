// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Slots under stress, on the model in this process and a virtual clock: every way out of every
 * state, firmware that does not answer or goes mad, events that the model never raises.
 * group_env_teardown() also fails if a group has left memory, a VM or itself behind.
 */
#include "backend/gpu/slot.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/group_env.h"

#define DOORBELL0 0x80000u /* page of the global doorbell */

/* ---- every state ---- */

static const enum mmx_slot_state ways[] = {
	MMX_SLOT_MAPPING, MMX_SLOT_STARTING, MMX_SLOT_RUNNING, MMX_SLOT_STOPPING, MMX_SLOT_CLEANING,
};

/* Brings the group to a state of its slot, with work. */
static void reach(struct test_group *group, unsigned int slot, enum mmx_slot_state state)
{
	struct group_env *env = group->env;

	assert_int_equal(test_push(group, 0, stream_work(group->vm, 2000, 0, 9)), 0);
	assert_int_equal(mmx_group_place(group->hw, slot, 3), 0);
	if (state == MMX_SLOT_STOPPING || state == MMX_SLOT_CLEANING) {
		run_until(env, group->on == 1, MOVE_NS);
		gpu_env_run(env->gpu_env, 50 * MMX_NS_PER_US);
		mmx_group_evict(group->hw, false);
	}
	run_until(env, test_slot_state(env, slot) == state, MOVE_NS);
	assert_int_equal(group->off, 0);
}

static void test_suspend_in_each_state(void **state)
{
	struct group_env *env = *state;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct test_group group;
		struct test_vm vm;

		test_vm_group_create(env, &vm, &group, 1);
		reach(&group, 3, ways[i]);
		mmx_group_evict(group.hw, false);
		assert_int_equal(group.off, 0); /* never from within the call */
		assert_int_equal(mmx_group_where(group.hw), MMX_GROUP_LEAVING);
		mmx_group_evict(group.hw, false);
		run_until(env, group.off == 1, MOVE_NS);
		assert_int_equal(group.how, MMX_GROUP_OFF_SUSPENDED);
		gpu_env_run(env->gpu_env, MOVE_NS);
		assert_int_equal(group.off, 1);
		/* and nothing is lost */
		group.on = group.off;
		test_place(&group, 4);
		run_until(env, mmx_queue_done(group.hw, 0) == 1, 100 * MMX_NS_PER_MS);
		assert_int_equal(test_result(&vm, 0), 9);
		assert_int_equal(group.fatals, 0);
		test_vm_group_end(env, &vm, &group);
	}
	assert_int_equal(env->resets, 0);
}

static void test_terminate_in_each_state(void **state)
{
	struct group_env *env = *state;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct test_group group;
		struct test_vm vm;

		test_vm_group_create(env, &vm, &group, 1);
		reach(&group, 3, ways[i]);
		group.destroy_when_off = true;
		mmx_group_evict(group.hw, true);
		assert_int_equal(group.off, 0);
		run_until(env, group.off == 1, MOVE_NS);
		assert_int_equal(group.how, MMX_GROUP_OFF_TERMINATED);
		assert_null(group.hw);
		test_vm_destroy(env, &vm);
		assert_int_equal(test_slot_state(env, 3), MMX_SLOT_FREE);
		assert_int_equal(env->gpu->stats.groups, 0);
		assert_int_equal(mmx_dma_pool_used(env->gpu->pool), env->bytes_before);
	}
	assert_int_equal(env->resets, 0);
}

/* Firmware has not heard of the group yet, or has not begun to run it. */
static bool survives(enum mmx_slot_state state)
{
	return state == MMX_SLOT_MAPPING || state == MMX_SLOT_STARTING;
}

/* @destroy: in ops->group_off, while the reset is still under way. */
static void reset_in_each_state(struct group_env *env, bool destroy)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct test_group group, suspended;
		struct test_vm vm;

		test_vm_group_create(env, &vm, &group, 1);
		test_group_create(env, &suspended, &vm, 1);
		assert_int_equal(test_push(&suspended, 0, stream_work(&vm, 1000, 1, 5)), 0);
		test_place(&suspended, 0);
		test_suspend(&suspended);
		reach(&group, 3, ways[i]);
		if (ways[i] == MMX_SLOT_RUNNING)
			gpu_env_run(env->gpu_env, 50 * MMX_NS_PER_US);
		group.destroy_when_off = destroy;
		mmx_gpu_reset(env->gpu, "the test asks for it");
		assert_int_equal(group.off, 1);
		assert_int_equal(group.how,
				 survives(ways[i]) ? MMX_GROUP_OFF_SUSPENDED : MMX_GROUP_OFF_LOST);
		assert_false(env->proven);
		assert_int_equal(mmx_group_place(suspended.hw, 0, 0), GROUP_E_BUSY);
		run_until(env, env->ready == env->resets + 1, MMX_NS_PER_S);
		assert_int_equal(group.off, 1);
		if (!destroy && !survives(ways[i]))
			assert_int_equal(mmx_group_place(group.hw, 0, 0), GROUP_E_DEAD);
		if (!destroy && survives(ways[i])) {
			/* from its ring, as if nothing had happened */
			group.on = group.off;
			test_place(&group, 0);
			run_until(env, mmx_queue_done(group.hw, 0) == 1, 50 * MMX_NS_PER_MS);
			assert_int_equal(test_result(&vm, 0), 9);
		}
		if (!destroy)
			test_group_end(&group);
		/* whoever was not in a slot goes on */
		test_place(&suspended, 3);
		run_until(env, mmx_queue_done(suspended.hw, 0) == 1, 50 * MMX_NS_PER_MS);
		assert_int_equal(test_result(&vm, 1), 5);
		test_group_end(&suspended);
		test_vm_destroy(env, &vm);
		assert_int_equal(mmx_dma_pool_used(env->gpu->pool), env->bytes_before);
	}
}

static void test_reset_in_each_state(void **state)
{
	reset_in_each_state(*state, false);
}

static void test_reset_and_destroy(void **state)
{
	reset_in_each_state(*state, true);
}

/* ---- firmware that does not answer ---- */

/* @leaving: the request is one to leave, else one to enter. */
static void lost_ack(struct group_env *env, bool leaving)
{
	struct test_group group;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 1);
	if (leaving) {
		assert_int_equal(test_push(&group, 0, stream_store(&vm, 0, 1)), 0);
		test_place(&group, 0);
		run_until(env, mmx_queue_done(group.hw, 0) == 1, JOB_NS);
	}
	gpu_env_drop_writes(env->gpu_env, DOORBELL0, UINT_MAX);
	if (leaving)
		mmx_group_evict(group.hw, false);
	else
		assert_int_equal(mmx_group_place(group.hw, 0, 0), 0);
	run_until(env, env->resets == 1, 3 * MMX_FW_REQUEST_NS + MOVE_NS);
	/* the firmware as a whole is gone, so nobody is to blame */
	assert_false(env->proven);
	gpu_env_honest(env->gpu_env);
	assert_int_equal(group.off, 1);
	assert_int_equal(group.how, leaving ? MMX_GROUP_OFF_LOST : MMX_GROUP_OFF_SUSPENDED);
	test_group_end(&group);
	run_until(env, env->ready == 2, MMX_NS_PER_S);
	test_group_create(env, &group, &vm, 1);
	assert_int_equal(test_push(&group, 0, stream_store(&vm, 0, 3)), 0);
	test_place(&group, 0);
	run_until(env, mmx_queue_done(group.hw, 0) == 1, JOB_NS);
	test_vm_group_end(env, &vm, &group);
}

/* Firmware that hears no SUSPEND, but the TERMINATE that follows. */
static void overdue(struct group_env *env, unsigned int patience)
{
	struct test_group group;
	struct test_vm vm;

	env->gpu_env->dev.patience = patience;
	test_vm_group_create(env, &vm, &group, 1);
	test_place(&group, 0);
	gpu_env_drop_writes(env->gpu_env, DOORBELL0, UINT_MAX);
	mmx_group_evict(group.hw, false);
	gpu_env_run(env->gpu_env, MMX_FW_REQUEST_NS * patience - MMX_NS_PER_MS);
	assert_false(env->gpu->slots.slot[0].overdue);
	run_until(env, env->gpu->slots.slot[0].overdue, MMX_NS_PER_MS);
	gpu_env_honest(env->gpu_env);
	mmx_fw_doorbell(env->gpu, 0); /* the one for the TERMINATE was lost too */
	run_until(env, group.off == 1, MOVE_NS);
	assert_int_equal(group.how, MMX_GROUP_OFF_OVERDUE);
	assert_int_equal(mmx_group_place(group.hw, 0, 0), GROUP_E_DEAD);
	assert_int_equal(env->resets, 0);
	test_vm_group_end(env, &vm, &group);
}

static void test_overdue(void **state)
{
	overdue(*state, 1);
}

static void test_overdue_of_slow_device(void **state)
{
	overdue(*state, 4);
}

static void test_start_not_answered(void **state)
{
	lost_ack(*state, false);
}

static void test_suspend_not_answered(void **state)
{
	lost_ack(*state, true);
}

/* An interrupt gets lost, the answer is there: nothing is reset. */
static void test_lost_irq(void **state)
{
	struct group_env *env = *state;
	struct test_group group;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 1);
	gpu_env_run(env->gpu_env, MOVE_NS); /* nobody looks for other reasons any more */
	env->gpu_env->drop_irqs[MMX_IRQ_JOB] = UINT_MAX;
	assert_int_equal(mmx_group_place(group.hw, 0, 0), 0);
	run_until(env, group.on == 1, MMX_FW_REQUEST_NS + MOVE_NS);
	gpu_env_honest(env->gpu_env);
	assert_true(env->gpu->lost_irqs > 0);
	assert_int_equal(env->resets, 0);
	test_vm_group_end(env, &vm, &group);
}

/* A state that nobody asked for. */
static void test_state_gone_mad(void **state)
{
	static const uint32_t states[] = { CSG_STATE_TERMINATE, CSG_STATE_SUSPEND, 4, 7 };
	struct group_env *env = *state;
	struct test_group group;
	struct test_vm vm;

	test_vm_create(env, &vm);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		uint32_t *ack;

		test_group_create(env, &group, &vm, 1);
		test_place(&group, 0);
		ack = (uint32_t *)(uintptr_t)&env->gpu->fw.csg[0].output->ack;
		*ack = mmx_csf_update(*ack, states[i], CSG_REQ_STATE);
		assert_int_equal(test_push(&group, 0, stream_store(&vm, 0, 3)),
				 0); /* makes it report */
		run_until(env, env->resets == i + 1, JOB_NS);
		assert_int_equal(group.off, 1);
		assert_int_equal(group.how, MMX_GROUP_OFF_LOST);
		test_group_end(&group);
		run_until(env, env->ready == i + 2, MMX_NS_PER_S);
	}
	test_vm_destroy(env, &vm);
}

/* ---- events that the model never raises, by hand ---- */

/* An event of a queue of the group in slot 0. */
static void raise_queue_event(struct group_env *env, unsigned int queue, uint32_t event)
{
	struct mmx_csf_cs_output *output = (void *)(uintptr_t)env->gpu->fw.cs[0][queue].output;
	struct mmx_csf_csg_output *group_output = (void *)(uintptr_t)env->gpu->fw.csg[0].output;

	output->ack ^= event;
	group_output->cs_irq_req ^= 1u << queue;
	mmx_slot_irq(env->gpu, 0);
}

static void test_progress_timer(void **state)
{
	struct group_env *env = *state;
	struct test_group group;
	struct test_vm vm;
	uint32_t *ack;

	test_vm_group_create(env, &vm, &group, 2);
	test_place(&group, 0);
	assert_int_equal(test_push(&group, 1, stream_work(&vm, 5000, 0, 1)), 0);
	ack = (uint32_t *)(uintptr_t)&env->gpu->fw.csg[0].output->ack;
	*ack ^= CSG_REQ_PROGRESS_TIMER_EVENT;
	mmx_slot_irq(env->gpu, 0);
	assert_int_equal(group.stuck, 1);
	assert_int_equal(group.fatals, 0);
	assert_int_equal(group.fatal_queue, 1);
	assert_int_equal((*ack ^ env->gpu->fw.csg[0].input->req) & CSG_REQ_PROGRESS_TIMER_EVENT, 0);
	run_until(env, group.off == 1, MOVE_NS);
	test_vm_group_end(env, &vm, &group);
}

/* Of a heap that is none of the VM's: the stream can't be helped. */
static void test_tiler_oom(void **state)
{
	struct group_env *env = *state;
	struct mmx_csf_cs_input *input;
	const struct mmx_csf_cs_output *output;
	struct test_group group;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 2);
	test_place(&group, 0);
	input = env->gpu->fw.cs[0][1].input;
	output = env->gpu->fw.cs[0][1].output;
	input->heap_start = 0x1000;
	input->heap_end = 0x2000;
	gpu_env_forget_writes(env->gpu_env);
	raise_queue_event(env, 1, CS_REQ_TILER_OOM);
	assert_int_equal(input->heap_start, 0x1000);
	assert_int_equal((input->req ^ output->ack) & CS_REQ_TILER_OOM, CS_REQ_TILER_OOM);
	assert_int_equal(group.fatals, 1);
	assert_int_equal(group.fatal_queue, 1);
	assert_int_equal(group.fatal_exception, 0x60);
	run_until(env, group.off == 1, MOVE_NS);
	test_vm_group_end(env, &vm, &group);
}

static void test_unrecoverable(void **state)
{
	struct group_env *env = *state;
	struct mmx_csf_cs_output *output;
	struct test_group group, other;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 1);
	test_group_create(env, &other, &vm, 1);
	test_place(&group, 0);
	assert_int_equal(test_push(&other, 0, stream_work(&vm, 2000, 0, 5)), 0);
	test_place(&other, 1);
	gpu_env_run(env->gpu_env, MMX_NS_PER_MS);
	output = (void *)(uintptr_t)env->gpu->fw.cs[0][0].output;
	output->fatal = 0x41;
	raise_queue_event(env, 0, CS_REQ_FATAL);
	assert_int_equal(group.fatals, 1);
	assert_ptr_equal(env->accused_group, group.hw);
	run_until(env, env->resets == 1, MOVE_NS);
	assert_true(env->proven);
	assert_int_equal(group.off, 1);
	assert_int_equal(group.how, MMX_GROUP_OFF_TERMINATED);
	/* the other one left in time, with what it was doing */
	assert_int_equal(other.off, 1);
	assert_int_equal(other.how, MMX_GROUP_OFF_SUSPENDED);
	run_until(env, env->ready == 2, MMX_NS_PER_S);
	test_place(&other, 1);
	run_until(env, mmx_queue_done(other.hw, 0) == 1, 50 * MMX_NS_PER_MS);
	assert_int_equal(test_result(&vm, 0), 5);
	test_group_end(&other);
	test_vm_group_end(env, &vm, &group);
}

/* A completion costs no register access beyond the interrupt's own. */
static void test_completion_is_cheap(void **state)
{
	struct group_env *env = *state;
	struct test_group group;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 1);
	test_place(&group, 0);
	gpu_env_run(env->gpu_env, MOVE_NS);
	gpu_env_forget_writes(env->gpu_env);
	assert_int_equal(test_push(&group, 0, stream_store(&vm, 0, 3)), 0);
	assert_int_equal(env->gpu_env->write_count, 1); /* its doorbell */
	gpu_env_run(env->gpu_env, JOB_NS);
	assert_int_equal(mmx_queue_done(group.hw, 0), 1);
	assert_int_equal(gpu_env_count_writes(env->gpu_env, DOORBELL0), 0);
	test_vm_group_end(env, &vm, &group);
}

#define group_test(fn) cmocka_unit_test_setup_teardown(fn, group_env_setup, group_env_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		group_test(test_suspend_in_each_state),
		group_test(test_terminate_in_each_state),
		group_test(test_reset_in_each_state),
		group_test(test_reset_and_destroy),
		group_test(test_start_not_answered),
		group_test(test_suspend_not_answered),
		group_test(test_overdue),
		group_test(test_overdue_of_slow_device),
		group_test(test_lost_irq),
		group_test(test_state_gone_mad),
		group_test(test_progress_timer),
		group_test(test_tiler_oom),
		group_test(test_unrecoverable),
		group_test(test_completion_is_cheap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
