// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Bring-up and resets on the model: the good way, each request that is lost, each interrupt that is lost.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "backend/device/model_device.h"
#include "tests/unit/gpu_env.h"

/* Registers, by their place in the window. */
#define R_GPU_ID       0x0
#define R_GPU_RAWSTAT  0x20
#define R_GPU_CMD      0x30
#define R_L2_PRESENT   0x120
#define R_L2_READY     0x160
#define R_L2_PWRON     0x1a0
#define R_MCU_CONTROL  0x700
#define R_MCU_STATUS   0x704
#define R_JOB_RAWSTAT  0x1000
#define R_JOB_INT_MASK 0x1008
#define R_AS0_COMMAND  0x2418
#define R_AS0_STATUS   0x2428
#define R_AS0_MEMATTR  0x2408
#define R_AS0_TRANSCFG 0x2430
#define R_COHERENCY    0x300
#define R_PROTOCOL     0x304
#define R_DOORBELL0    0x80000

static uint32_t model_reg(struct gpu_env *env, uint32_t offset)
{
	return mmx_device_read32(env->inner, offset);
}

static void test_good(void **state)
{
	struct gpu_env *env = *state;
	const struct mmx_gpu_info *info = mmx_gpu_info(env->gpu);
	const struct mmx_csf_glb_input *input;
	struct mmx_gpu_stats stats;

	assert_false(mmx_gpu_is_ready(env->gpu));
	assert_int_equal(info->gpu_id, 0xa8670005);
	assert_int_equal(info->csf_id, 0x040a0412);
	assert_int_equal(info->l2_features, 0x07120306);
	assert_int_equal(info->tiler_features, 0x809);
	assert_int_equal(info->mem_features, 0x301);
	assert_int_equal(mmx_gpu_va_bits(info), 48);
	assert_int_equal(mmx_gpu_pa_bits(info), 40);
	assert_int_equal(info->thread_features, 0x04010000);
	assert_int_equal(info->max_threads, 2048);
	assert_int_equal(info->thread_max_workgroup_size, 1024);
	assert_int_equal(info->thread_max_barrier_size, 1024);
	assert_int_equal(info->texture_features[0], 0xc1ffff9e);
	assert_int_equal(info->as_present, 0xff);
	assert_int_equal(info->shader_present, 0x50005);
	assert_int_equal(info->l2_present, 1);
	assert_int_equal(info->tiler_present, 1);

	mmx_gpu_start(env->gpu);
	assert_int_equal(env->ready, 0);
	assert_true(gpu_env_run_until(env, MMX_BOOT_READY, 20 * MMX_NS_PER_MS));
	assert_true(mmx_gpu_is_ready(env->gpu));
	assert_int_equal(env->ready, 1);
	assert_int_equal(env->resets, 0);
	assert_int_equal(env->gpu->lost_irqs, 0);
	assert_int_equal(info->slots, 8);
	assert_int_equal(info->streams, 8);
	assert_int_equal(info->cs_registers, 96);
	assert_int_equal(info->scoreboards, 8);
	assert_int_equal(info->fw_version >> 24, 1);
	assert_int_not_equal(info->suspend_size, 0);

	assert_int_equal(model_reg(env, R_L2_READY), 1);
	assert_int_equal(model_reg(env, R_MCU_STATUS), 1);
	assert_int_equal(model_reg(env, R_JOB_INT_MASK), UINT32_MAX);
	input = env->gpu->fw.glb.input;
	assert_int_equal(input->core_en_mask, 0x50005);
	assert_int_equal(input->progress_timer, 2560000);
	assert_int_equal(input->poweroff_timer, 0x80000000u | 9766); /* 10 ms at 1 GHz */
	assert_int_equal(input->idle_timer, 0x80000000u | 782); /* 800 us */
	assert_int_equal(env->gpu->fw.glb.output->ack & GLB_REQ_IDLE_EN, GLB_REQ_IDLE_EN);

	mmx_gpu_stats(env->gpu, &stats);
	assert_int_equal(stats.resets, 0);
	assert_int_equal(stats.vms, 0);
	assert_true(stats.irqs >= 4);
	assert_true(stats.dma_bytes > 0);
	mmx_gpu_start(env->gpu); /* has been started already */
	gpu_env_run(env, MMX_NS_PER_S);
	assert_int_equal(env->ready, 1);
}

/* The same registers, on a system where the GPU does not snoop. */
static void test_coherency(void **state)
{
	static const struct {
		bool device, gpu, used;
	} cases[] = {
		{ true, true, true },
		{ false, true, false },
		{ true, false, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gpu_env *env;

		gpu_env_setup_device(state);
		env = *state;
		env->dev.coherent = cases[i].device;
		gpu_env_lie(env, R_COHERENCY, cases[i].gpu, 1);
		assert_int_equal(gpu_env_create_gpu(env), 0);
		mmx_gpu_start(env->gpu);
		assert_true(gpu_env_run_until(env, MMX_BOOT_READY, MMX_NS_PER_S));
		assert_int_equal(gpu_env_last_write(env, R_PROTOCOL), cases[i].used ? 0 : 31);
		assert_int_equal(gpu_env_last_write(env, R_AS0_MEMATTR),
				 cases[i].used ? 0x4c4c4c4c4c4c9f4c : 0x4c4c4c4c4c4c8f4c);
		assert_int_equal(gpu_env_last_write(env, R_AS0_TRANSCFG),
				 cases[i].used ? 0x620001c6 : 0x420001c6);
		gpu_env_teardown(state);
	}
}

static void test_refused(void **state)
{
	static const struct {
		uint32_t offset, value;
	} lies[] = {
		{ R_GPU_ID, 0 },
		{ R_GPU_ID, 0xb8670005 }, /* architecture 11 */
		{ R_GPU_ID, 0x98670005 },
		{ R_L2_PRESENT, 0 },
		{ 0x18, 0xfe }, /* no AS0 */
		{ 0x18, 0x1 }, /* nothing but AS0 */
		{ 0x14, 0x2831 }, /* 49 bits of VA */
		{ 0x14, 0x1030 }, /* 16 bits of PA */
	};
	struct gpu_env *env = *state;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		gpu_env_lie(env, lies[i].offset, lies[i].value, UINT_MAX);
		assert_int_equal(gpu_env_create_gpu(env), -ENODEV);
		assert_null(env->gpu);
		gpu_env_honest(env);
	}
	mmx_model_device_kill(env->inner);
	assert_int_equal(gpu_env_create_gpu(env), -EIO);
}

/* The interrupt is lost, what it tells is not. */
static void lost_irqs(void **state, unsigned int patience)
{
	static const struct {
		const char *name;
		enum mmx_boot_state from;
		enum mmx_irq irq;
		uint64_t wait_ns;
	} cases[] = {
		{ "reset", MMX_BOOT_OFF, MMX_IRQ_GPU, MMX_BOOT_RESET_NS },
		{ "power", MMX_BOOT_POWERING, MMX_IRQ_GPU, MMX_BOOT_POWER_NS },
		{ "address space", MMX_BOOT_MAPPING, MMX_IRQ_MMU, MMX_AS_COMMAND_NS },
		{ "boot", MMX_BOOT_BOOTING, MMX_IRQ_JOB, MMX_BOOT_MCU_NS },
		{ "configuration", MMX_BOOT_CONFIGURING, MMX_IRQ_JOB, MMX_FW_REQUEST_NS },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gpu_env *env;
		uint64_t start_ns;

		print_message("%s\n", cases[i].name);
		gpu_env_setup(state);
		env = *state;
		env->dev.patience = patience;
		if (cases[i].from == MMX_BOOT_OFF)
			env->drop_irqs[cases[i].irq] = 1;
		mmx_gpu_start(env->gpu);
		if (cases[i].from != MMX_BOOT_OFF) {
			assert_true(gpu_env_run_until(env, cases[i].from, MMX_NS_PER_S));
			env->drop_irqs[cases[i].irq] = 1;
		}
		start_ns = env->now_ns;
		assert_true(gpu_env_run_until(env, MMX_BOOT_READY, 10 * MMX_NS_PER_S));
		assert_int_equal(env->gpu->lost_irqs, 1);
		assert_in_range(env->now_ns - start_ns, cases[i].wait_ns * patience,
				cases[i].wait_ns * patience + 100 * MMX_NS_PER_MS);
		assert_int_equal(env->gpu->stats.resets, 0);
		assert_int_equal(env->ready, 1);
		gpu_env_teardown(state);
	}
}

static void test_lost_irqs(void **state)
{
	lost_irqs(state, 1);
}

static void test_lost_irqs_of_slow_device(void **state)
{
	lost_irqs(state, 4);
}

/* The request never reaches the hardware. Twice: it works in the end. Always: it is given up. */
static void test_missed_deadlines(void **state)
{
	static const struct {
		const char *why;
		uint32_t offset;
		unsigned int per_try; /* writes to that register in a try */
	} cases[] = {
		{ "the GPU does not finish its reset", R_GPU_CMD, 1 },
		{ "the L2 does not power up", R_L2_PWRON, 1 },
		{ "the firmware does not boot", R_MCU_CONTROL, 2 },
		{ "the firmware does not take its configuration", R_DOORBELL0, 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (unsigned int bad = 1; bad <= MMX_BOOT_TRIES; bad++) {
			bool hopeless = bad == MMX_BOOT_TRIES;
			struct gpu_env *env;

			print_message("%s: %u times\n", cases[i].why, bad);
			gpu_env_setup(state);
			env = *state;
			gpu_env_drop_writes(env, cases[i].offset, bad * cases[i].per_try);
			mmx_gpu_start(env->gpu);
			gpu_env_run(env, 5 * MMX_NS_PER_S);
			assert_int_equal(env->ready, !hopeless);
			assert_int_equal(env->failed, hopeless);
			assert_int_equal(env->resets, 0); /* it was never ready before */
			assert_int_equal(env->gpu->stats.resets, bad);
			assert_int_equal(env->gpu->boot.state,
					 hopeless ? MMX_BOOT_FAILED : MMX_BOOT_READY);
			if (hopeless)
				assert_string_equal(env->why, cases[i].why);
			gpu_env_teardown(state);
		}
	}
}

/*
 * The model is not let run until the deadline has passed, which is seen by how long a register takes. That nothing is done then is
 * no reason to begin anew.
 */
static void test_starved(void **state)
{
	static const struct {
		enum mmx_boot_state state;
		uint32_t offset, value; /* what says that it is not done */
	} cases[] = {
		{ MMX_BOOT_RESETTING, R_GPU_RAWSTAT, 0 },
		{ MMX_BOOT_POWERING, R_L2_READY, 0 },
		{ MMX_BOOT_MAPPING, R_AS0_STATUS, 1 },
		{ MMX_BOOT_BOOTING, R_JOB_RAWSTAT, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gpu_env *env;

		gpu_env_setup(state);
		env = *state;
		mmx_gpu_start(env->gpu);
		assert_true(gpu_env_run_until(env, cases[i].state, MMX_NS_PER_S));
		gpu_env_lie(env, cases[i].offset, cases[i].value, UINT_MAX);
		env->now_ns = mmx_timers_next(&env->timers);
		env->read_ns = MMX_GPU_LATE_NS;
		mmx_timers_run(&env->timers);
		assert_int_equal(env->gpu->boot.state, cases[i].state);
		env->read_ns = 0;
		gpu_env_honest(env);
		assert_true(gpu_env_run_until(env, MMX_BOOT_READY, MMX_NS_PER_S));
		assert_int_equal(env->gpu->stats.resets, 0);
		assert_int_equal(env->ready, 1);
		gpu_env_teardown(state);
	}
}

static void test_as0_stuck(void **state)
{
	struct gpu_env *env = *state;

	gpu_env_drop_writes(env, R_AS0_COMMAND, 1);
	gpu_env_lie(env, R_AS0_STATUS, 1, 1);
	mmx_gpu_start(env->gpu);
	assert_true(gpu_env_run_until(env, MMX_BOOT_READY, MMX_NS_PER_S));
	assert_int_equal(env->gpu->stats.resets, 1);
}

static void test_lost_device(void **state)
{
	static const enum mmx_boot_state states[] = {
		MMX_BOOT_RESETTING, MMX_BOOT_POWERING,	  MMX_BOOT_MAPPING,
		MMX_BOOT_BOOTING,   MMX_BOOT_CONFIGURING, MMX_BOOT_READY,
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct gpu_env *env;

		gpu_env_setup(state);
		env = *state;
		mmx_gpu_start(env->gpu);
		assert_true(gpu_env_run_until(env, states[i], MMX_NS_PER_S));
		mmx_model_device_kill(env->inner);
		gpu_env_run(env, 20 * MMX_NS_PER_S); /* the ping notices it at last */
		assert_int_equal(env->failed, 1);
		assert_string_equal(env->why, "the device is lost");
		assert_int_equal(mmx_timers_next(&env->timers), UINT64_MAX);
		gpu_env_teardown(state);
	}
}

static void test_reset_anywhere(void **state)
{
	static const enum mmx_boot_state states[] = {
		MMX_BOOT_RESETTING, MMX_BOOT_POWERING,	  MMX_BOOT_MAPPING,
		MMX_BOOT_BOOTING,   MMX_BOOT_CONFIGURING, MMX_BOOT_READY,
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct gpu_env *env;
		bool ready = states[i] == MMX_BOOT_READY;
		bool resetting = states[i] == MMX_BOOT_RESETTING;

		gpu_env_setup(state);
		env = *state;
		mmx_gpu_reset(env->gpu, "off"); /* not on yet: nothing to reset */
		assert_int_equal(env->gpu->boot.state, MMX_BOOT_OFF);
		mmx_gpu_start(env->gpu);
		assert_true(gpu_env_run_until(env, states[i], MMX_NS_PER_S));
		mmx_gpu_reset(env->gpu, "first");
		mmx_gpu_reset(env->gpu, "second"); /* while the first has not ended */
		assert_false(mmx_gpu_is_ready(env->gpu));
		assert_int_equal(env->gpu->boot.state, MMX_BOOT_RESETTING);
		assert_true(gpu_env_run_until(env, MMX_BOOT_READY, 50 * MMX_NS_PER_MS));
		assert_int_equal(env->gpu->boot.epoch, !resetting);
		assert_int_equal(env->gpu->stats.resets, !resetting);
		assert_int_equal(env->resets, ready);
		if (ready)
			assert_string_equal(env->why, "first");
		assert_int_equal(env->ready, ready ? 2 : 1);
		gpu_env_teardown(state);
	}
}

/* A GPU that was ready has all its tries again. */
static void test_tries_are_restored(void **state)
{
	struct gpu_env *env = *state;

	for (unsigned int i = 0; i < 3 * MMX_BOOT_TRIES; i++) {
		mmx_gpu_reset(env->gpu, "test");
		gpu_env_drop_writes(env, R_L2_PWRON, MMX_BOOT_TRIES - 1);
		assert_true(gpu_env_run_until(env, MMX_BOOT_READY, MMX_NS_PER_S));
	}
	assert_int_equal(env->failed, 0);
}

/* An owner that wants to know what it may do while it is told of a reset. */
static void check_reset(struct gpu_env *env)
{
	assert_false(mmx_gpu_is_ready(env->gpu));
	/* the hardware was told first */
	assert_int_equal(gpu_env_count_writes(env, R_GPU_CMD), 1);
	mmx_gpu_reset(env->gpu, "again");
}

static void test_reset_callback(void **state)
{
	struct gpu_env *env = *state;

	env->on_reset = check_reset;
	mmx_gpu_reset(env->gpu, "test");
	assert_int_equal(env->resets, 1);
	assert_true(gpu_env_run_until(env, MMX_BOOT_READY, MMX_NS_PER_S));
	assert_int_equal(gpu_env_count_writes(env, R_GPU_CMD), 1);
}

static void test_exception_names(void **state)
{
	static const struct {
		uint32_t code;
		const char *name;
	} cases[] = {
		{ 0x00, "OK" },
		{ 0x40, "CS_CONFIG_FAULT" },
		{ 0x4b, "CS_INHERIT_FAULT" },
		{ 0x41, "CS_UNRECOVERABLE" },
		{ 0x80, "GPU_BUS_FAULT" },
		{ 0xc0, "TRANSLATION_FAULT" },
		{ 0xc4, "TRANSLATION_FAULT" },
		{ 0xc5, "UNKNOWN" },
		{ 0xcb, "PERM_FAULT" },
		{ 0x1cb, "UNKNOWN" },
		{ 0xff, "UNKNOWN" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(mmx_gpu_exception_name(cases[i].code), cases[i].name);
}

#define TEST(name, how) cmocka_unit_test_setup_teardown(name, how, gpu_env_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good, gpu_env_setup),
		cmocka_unit_test(test_coherency),
		TEST(test_refused, gpu_env_setup_device),
		cmocka_unit_test(test_lost_irqs),
		cmocka_unit_test(test_lost_irqs_of_slow_device),
		cmocka_unit_test(test_missed_deadlines),
		cmocka_unit_test(test_starved),
		TEST(test_as0_stuck, gpu_env_setup),
		cmocka_unit_test(test_lost_device),
		cmocka_unit_test(test_reset_anywhere),
		TEST(test_tries_are_restored, gpu_env_setup_ready),
		TEST(test_reset_callback, gpu_env_setup_ready),
		cmocka_unit_test(test_exception_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
