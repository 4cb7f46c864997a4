// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The GPU's way to sleep and back, on the model: what the hardware is left in, what each thing that goes wrong on the
 * way ends in, and all that the owner may do at any point of it.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "backend/device/model_device.h"
#include "firmware/image.h"
#include "tests/unit/group_env.h"
#include "tools/model/cost.h"
#include "tools/model/model.h"

/* Registers and bits, transcribed. */
#define R_GPU_INT_CLEAR 0x24
#define R_GPU_INT_MASK	0x28
#define R_GPU_CMD	0x30
#define R_L2_READY	0x160
#define R_L2_PWRON	0x1a0
#define R_L2_PWROFF	0x1e0
#define R_MCU_CONTROL	0x700
#define R_MCU_STATUS	0x704
#define R_JOB_INT_MASK	0x1008
#define R_MMU_INT_MASK	0x2008
#define R_AS0_COMMAND	0x2418
#define R_DOORBELL0	0x80000

#define WAY_NS (5 * MMX_NS_PER_MS) /* more than any way down or up takes, if nothing goes wrong */
#define WOE_NS (5 * MMX_NS_PER_S) /* more than it takes if something does */

static uint32_t reg(const struct gpu_env *env, uint32_t offset)
{
	return mmx_model_read32(env->model, offset);
}

static void sleep_now(struct gpu_env *env)
{
	assert_int_equal(mmx_gpu_sleep(env->gpu), 0);
	assert_true(gpu_env_run_until(env, MMX_BOOT_ASLEEP, WAY_NS));
}

static void wake_now(struct gpu_env *env)
{
	mmx_gpu_wake(env->gpu);
	assert_true(gpu_env_run_until(env, MMX_BOOT_READY, WAY_NS));
}

static void check_off(const struct gpu_env *env)
{
	assert_int_equal(mmx_gpu_power(env->gpu), MMX_GPU_POWER_OFF);
	assert_false(mmx_gpu_is_ready(env->gpu));
	assert_int_equal(reg(env, R_L2_READY), 0);
	assert_int_equal(reg(env, R_MCU_STATUS), 0);
	assert_int_equal(reg(env, R_GPU_INT_MASK), 0);
	assert_int_equal(reg(env, R_JOB_INT_MASK), 0);
	assert_int_equal(reg(env, R_MMU_INT_MASK), 0);
	assert_false(gpu_env_reaches(env, 0, 0));
}

static void test_down_and_up(void **state)
{
	struct gpu_env *env = *state;
	const struct mmx_dma_buf *data = NULL;
	struct mmx_gpu_stats stats;
	unsigned int irqs;
	size_t synced;

	/* what firmware has written is there when it goes on: nothing is loaded over it */
	for (unsigned int i = 0; i < env->gpu->fw.image->section_count; i++) {
		if (env->gpu->fw.sections[i].cpu &&
		    env->gpu->fw.sections[i].cpu != env->gpu->fw.shared.cpu)
			data = &env->gpu->fw.sections[i];
	}
	assert_non_null(data);
	((uint8_t *)data->cpu)[data->size - 1] = 0x5a;
	assert_int_equal(mmx_gpu_power(env->gpu), MMX_GPU_POWER_ON);
	assert_int_equal(mmx_gpu_sleep(env->gpu), 0);
	assert_int_equal(mmx_gpu_power(env->gpu), MMX_GPU_POWER_GOING_OFF);
	assert_false(mmx_gpu_is_ready(env->gpu));
	assert_int_equal(mmx_gpu_sleep(env->gpu), GPU_E_BUSY);
	assert_true(gpu_env_run_until(env, MMX_BOOT_ASLEEP, WAY_NS));
	check_off(env);
	assert_int_equal(mmx_gpu_sleep(env->gpu), GPU_E_BUSY);

	/* nobody pings it, nothing happens at all */
	gpu_env_forget_writes(env);
	mmx_gpu_stats(env->gpu, &stats);
	irqs = (unsigned int)stats.irqs;
	gpu_env_run(env, 60 * MMX_NS_PER_S);
	assert_int_equal(env->write_count, 0);
	mmx_gpu_stats(env->gpu, &stats);
	assert_int_equal(stats.irqs, irqs);
	assert_int_equal(stats.power_offs, 1);
	assert_in_range(stats.power_off_ns, 60 * MMX_NS_PER_S, 60 * MMX_NS_PER_S + WAY_NS);
	check_off(env);

	synced = env->synced;
	wake_now(env);
	assert_int_equal(env->synced, synced);
	assert_int_equal(((uint8_t *)data->cpu)[data->size - 1], 0x5a);
	assert_int_equal(env->ready, 2);
	assert_int_equal(env->resets, 0);
	assert_int_equal(env->gpu->stats.resets, 0);
	assert_int_equal(gpu_env_count_writes(env, R_GPU_CMD), 0);
	mmx_gpu_stats(env->gpu, &stats);
	assert_in_range(stats.power_off_ns, 60 * MMX_NS_PER_S, 60 * MMX_NS_PER_S + WAY_NS);

	/* it is watched again, and sleeps again */
	gpu_env_forget_writes(env);
	gpu_env_run(env, 13 * MMX_NS_PER_S);
	assert_int_equal(gpu_env_count_writes(env, R_DOORBELL0), 1);
	sleep_now(env);
	check_off(env);
	wake_now(env);
	mmx_gpu_stats(env->gpu, &stats);
	assert_int_equal(stats.power_offs, 2);
	assert_int_equal(env->gpu->stats.resets, 0);
	assert_int_equal(env->gpu->lost_irqs, 0);
}

/* The time is the hardware's. */
static void test_quick(void **state)
{
	struct gpu_env *env = *state;
	uint64_t start_ns;

	sleep_now(env);
	gpu_env_run(env, MMX_NS_PER_S);
	start_ns = env->now_ns;
	wake_now(env);
	assert_in_range(env->ready_ns - start_ns, MDL_COST_L2_POWER_NS + MDL_COST_MCU_BOOT_NS,
			MDL_COST_L2_POWER_NS + MDL_COST_AS_COMMAND_NS + MDL_COST_MCU_BOOT_NS +
				MDL_COST_FW_REQUEST_NS + 1000);
}

/* Not before it is ready, nor twice. */
static void test_wake_of_who_does_not_sleep(void **state)
{
	struct gpu_env *env = *state;

	mmx_gpu_wake(env->gpu);
	assert_int_equal(mmx_gpu_sleep(env->gpu), GPU_E_BUSY);
	assert_int_equal(env->write_count, 0);
	mmx_gpu_start(env->gpu);
	mmx_gpu_wake(env->gpu);
	assert_int_equal(mmx_gpu_sleep(env->gpu), GPU_E_BUSY);
	assert_true(gpu_env_run_until(env, MMX_BOOT_READY, WAY_NS));
	gpu_env_forget_writes(env);
	mmx_gpu_wake(env->gpu);
	assert_int_equal(env->write_count, 0);
	sleep_now(env);
	mmx_gpu_wake(env->gpu);
	mmx_gpu_wake(env->gpu);
	assert_true(gpu_env_run_until(env, MMX_BOOT_READY, WAY_NS));
	assert_int_equal(gpu_env_count_writes(env, R_L2_PWRON), 1);
}

/* A ping that is under way is forgotten; its answer is no answer to anything later. */
static void test_ping_under_way(void **state)
{
	struct gpu_env *env = *state;

	while (!gpu_env_count_writes(env, R_DOORBELL0))
		gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(mmx_gpu_sleep(env->gpu), 0);
	assert_true(gpu_env_run_until(env, MMX_BOOT_ASLEEP, WAY_NS));
	gpu_env_run(env, MMX_NS_PER_S);
	wake_now(env);
	gpu_env_run(env, 30 * MMX_NS_PER_S);
	assert_int_equal(env->gpu->stats.resets, 0);
}

/* ---- what goes wrong ---- */

/* Writes that never arrive. */
static void test_lost_writes(void **state)
{
	static const struct {
		uint32_t offset;
		bool down; /* lost on the way down; else up */
		bool reset; /* it takes one to come back */
	} cases[] = {
		{ R_DOORBELL0, true, true }, /* the firmware does not halt */
		{ R_MCU_CONTROL, true, true }, /* nor stop */
		{ R_AS0_COMMAND, true, false }, /* looks like one that has ended */
		{ R_L2_PWROFF, true, true },	{ R_L2_PWRON, false, true },
		{ R_AS0_COMMAND, false, true }, /* the firmware faults */
		{ R_MCU_CONTROL, false, true }, /* it does not boot */
		{ R_DOORBELL0, false, true }, /* it does not take its configuration */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gpu_env *env;
		size_t synced;

		gpu_env_setup_ready(state);
		env = *state;
		if (!cases[i].down)
			sleep_now(env);
		gpu_env_drop_writes(env, cases[i].offset, 1);
		synced = env->synced;
		if (cases[i].down)
			assert_int_equal(mmx_gpu_sleep(env->gpu), 0);
		mmx_gpu_wake(env->gpu);
		assert_true(gpu_env_run_until(env, MMX_BOOT_READY, WOE_NS));
		assert_int_equal(env->gpu->stats.resets, cases[i].reset);
		assert_int_equal(env->synced > synced, cases[i].reset); /* loaded anew */
		/* the owner has nothing there that could be lost, and hears of nothing but its end */
		assert_int_equal(env->resets, 0);
		assert_int_equal(env->ready, 2);
		sleep_now(env);
		wake_now(env);
		assert_int_equal(env->ready, 3);
		gpu_env_teardown(state);
	}
}

static void test_lost_interrupts(void **state)
{
	for (unsigned int down = 0; down < 2; down++) {
		for (int irq = 0; irq < MMX_IRQ_COUNT; irq++) {
			for (unsigned int lost = 1; lost <= 3; lost++) {
				struct gpu_env *env;

				gpu_env_setup_ready(state);
				env = *state;
				if (!down)
					sleep_now(env);
				env->drop_irqs[irq] = lost;
				if (down)
					assert_int_equal(mmx_gpu_sleep(env->gpu), 0);
				else
					mmx_gpu_wake(env->gpu);
				assert_true(gpu_env_run_until(
					env, down ? MMX_BOOT_ASLEEP : MMX_BOOT_READY, WOE_NS));
				assert_int_equal(env->gpu->stats.resets, 0);
				gpu_env_honest(env);
				gpu_env_teardown(state);
			}
		}
	}
}

static void test_firmware_dies(void **state)
{
	struct gpu_env *env = *state;
	uint64_t start_ns = env->now_ns;

	gpu_env_lie(env, R_MCU_STATUS, 3, 1);
	assert_int_equal(mmx_gpu_sleep(env->gpu), 0);
	assert_true(gpu_env_run_until(env, MMX_BOOT_READY, WAY_NS));
	assert_int_equal(env->gpu->stats.resets, 1);
	assert_true(env->now_ns - start_ns < WAY_NS);
}

/* Once is a reset, for ever is the end. */
static void test_never_comes_back(void **state)
{
	struct gpu_env *env = *state;

	sleep_now(env);
	gpu_env_drop_writes(env, R_L2_PWRON, UINT_MAX);
	mmx_gpu_wake(env->gpu);
	assert_true(gpu_env_run_until(env, MMX_BOOT_FAILED, WOE_NS));
	assert_int_equal(env->failed, 1);
	mmx_gpu_wake(env->gpu);
	assert_int_equal(mmx_gpu_sleep(env->gpu), GPU_E_BUSY);
	assert_int_equal(env->gpu->boot.state, MMX_BOOT_FAILED);
}

static void test_device_dies(void **state)
{
	static const enum mmx_boot_state states[] = { MMX_BOOT_HALTING, MMX_BOOT_UNMAPPING,
						      MMX_BOOT_UNPOWERING, MMX_BOOT_ASLEEP };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct gpu_env *env;

		gpu_env_setup_ready(state);
		env = *state;
		assert_int_equal(mmx_gpu_sleep(env->gpu), 0);
		assert_true(gpu_env_run_until(env, states[i], WAY_NS));
		mmx_model_device_kill(env->inner);
		if (states[i] == MMX_BOOT_ASLEEP)
			mmx_gpu_wake(env->gpu);
		assert_true(gpu_env_run_until(env, MMX_BOOT_FAILED, WOE_NS));
		gpu_env_teardown(state);
	}
}

/* ---- at any point ---- */

enum what {
	WAKE,
	RESET,
	FLUSH,
	VM,
	END,
	WHATS,
};

/* Some point of the way down and up again: after so many steps of time. Return: false if it lies behind the end. */
static bool go_to(struct gpu_env *env, unsigned int steps)
{
	assert_int_equal(mmx_gpu_sleep(env->gpu), 0);
	for (unsigned int i = 0; i < steps; i++) {
		uint64_t next, timer;

		gpu_env_poll(env);
		if (env->gpu->boot.state == MMX_BOOT_ASLEEP)
			mmx_gpu_wake(env->gpu);
		if (env->gpu->boot.state == MMX_BOOT_READY)
			return false;
		next = mmx_model_device_run(env->inner);
		timer = mmx_timers_next(&env->timers);
		if (timer < next)
			next = timer;
		if (next > env->now_ns)
			env->now_ns = next;
	}
	return true;
}

static void do_at(struct gpu_env *env, enum what what)
{
	struct gpu_env_op op = GPU_ENV_OP;
	struct mmx_vm *vm;

	switch (what) {
	case WAKE:
		mmx_gpu_wake(env->gpu);
		break;
	case RESET:
		mmx_gpu_reset(env->gpu, "the test wants it");
		break;
	case FLUSH:
		/* of an address space that may be on its way out */
		mmx_vm_flush(env->gpu->fw.vm, 0x1000, 0x1000, &op.op);
		gpu_env_run(env, WAY_NS);
		assert_int_equal(op.done, 1);
		break;
	case VM:
		assert_int_equal(mmx_vm_create(env->gpu, NULL, &vm), 0);
		assert_int_equal(mmx_vm_map(vm, 0, 0, 0x1000, MMX_PROT_READ), 0);
		assert_int_equal(mmx_vm_unmap(vm, 0, 0x1000), 0);
		mmx_vm_flush(vm, 0, 0x1000, &op.op);
		assert_int_equal(op.done, 1);
		mmx_vm_destroy(vm);
		break;
	case END:
	case WHATS:
		break;
	}
}

static void test_at_any_point(void **state)
{
	unsigned int points = 0;

	for (int what = 0; what < WHATS; what++) {
		unsigned int steps = 0;
		bool more = true;

		for (; more; steps++) {
			struct gpu_env *env;

			gpu_env_setup_ready(state);
			env = *state;
			more = go_to(env, steps);
			do_at(env, (enum what)what);
			if (what != END) {
				/* a wish on the way down is fulfilled at its end */
				if (what != WAKE)
					gpu_env_run(env, WAY_NS);
				mmx_gpu_wake(env->gpu);
				assert_true(gpu_env_run_until(env, MMX_BOOT_READY, WOE_NS));
				gpu_env_run(env, 13 * MMX_NS_PER_S);
				assert_true(mmx_gpu_is_ready(env->gpu));
				assert_int_equal(env->gpu->stats.resets, what == RESET);
				/* it is not told of a reset in which it can have lost nothing */
				assert_int_equal(env->resets, what == RESET && !more);
			}
			gpu_env_teardown(state);
		}
		points += steps;
	}
	/* halt, stop, four commands of AS0, off, on, its tables, boot, configuration */
	assert_true(points > WHATS * 8);
}

/* ---- with groups ---- */

static void test_groups_outlast_it(void **state)
{
	struct group_env *env = *state;
	struct test_group a, b;
	struct test_vm vm;

	test_vm_create(env, &vm);
	test_group_create(env, &a, &vm, 1);
	test_group_create(env, &b, &vm, 2);
	test_place(&a, 0);
	assert_int_equal(mmx_gpu_sleep(env->gpu), GPU_E_BUSY);
	test_push(&a, 0, stream_work(&vm, 3000, 0, 7));
	run_until(env, env->gpu_env->now_ns > 0, JOB_NS);
	/* suspended in the midst of its job; the slot must be clean first */
	mmx_group_evict(a.hw, false);
	assert_int_equal(mmx_gpu_sleep(env->gpu), GPU_E_BUSY);
	run_until(env, a.off, MOVE_NS);
	assert_int_equal(test_result(&vm, 0), 0);
	assert_int_equal(mmx_gpu_sleep(env->gpu), 0);
	assert_int_equal(mmx_group_place(a.hw, 0, 1), GROUP_E_BUSY);
	run_until(env, mmx_gpu_power(env->gpu) == MMX_GPU_POWER_OFF, MOVE_NS);
	assert_int_equal(mmx_group_place(a.hw, 0, 1), GROUP_E_BUSY);
	/* it is fed meanwhile */
	test_push(&a, 0, stream_store(&vm, 1, 8));
	test_push(&b, 1, stream_store(&vm, 2, 9));
	mmx_gpu_wake(env->gpu);
	run_until(env, mmx_gpu_is_ready(env->gpu), MOVE_NS);
	test_place(&a, 3);
	test_place(&b, 0);
	run_until(env, mmx_queue_done(a.hw, 0) == 2 && mmx_queue_done(b.hw, 1) == 1, 20 * MOVE_NS);
	assert_int_equal(test_result(&vm, 0), 7);
	assert_int_equal(test_result(&vm, 1), 8);
	assert_int_equal(test_result(&vm, 2), 9);
	assert_int_equal(env->resets, 0);
	test_suspend(&a);
	test_suspend(&b);
	assert_int_equal(mmx_gpu_sleep(env->gpu), 0);
	run_until(env, mmx_gpu_power(env->gpu) == MMX_GPU_POWER_OFF, MOVE_NS);
	/* and they end in it */
	test_group_end(&a);
	test_group_end(&b);
	test_vm_destroy(env, &vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_down_and_up, gpu_env_setup_ready,
						gpu_env_teardown),
		cmocka_unit_test_setup_teardown(test_quick, gpu_env_setup_ready, gpu_env_teardown),
		cmocka_unit_test_setup_teardown(test_wake_of_who_does_not_sleep, gpu_env_setup,
						gpu_env_teardown),
		cmocka_unit_test_setup_teardown(test_ping_under_way, gpu_env_setup_ready,
						gpu_env_teardown),
		cmocka_unit_test(test_lost_writes),
		cmocka_unit_test(test_lost_interrupts),
		cmocka_unit_test_setup_teardown(test_firmware_dies, gpu_env_setup_ready,
						gpu_env_teardown),
		cmocka_unit_test_setup_teardown(test_never_comes_back, gpu_env_setup_ready,
						gpu_env_teardown),
		cmocka_unit_test(test_device_dies),
		cmocka_unit_test(test_at_any_point),
		cmocka_unit_test_setup_teardown(test_groups_outlast_it, group_env_setup,
						group_env_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
