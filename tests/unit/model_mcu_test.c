// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The MCU's boot: a good one, each reason to refuse, and what stops running firmware.
 */
#include "tools/model/mcu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/model_env.h"
#include "tools/model/cost.h"

#define CONTROL	    0x700u
#define STATUS	    0x704u
#define JOB_RAWSTAT 0x1000u
#define MMU_RAWSTAT 0x2000u
#define GPU_RAWSTAT 0x20u
#define L2_PWRON    0x1a0u
#define L2_PWROFF   0x1e0u

#define GLB_IRQ	   0x80000000u
#define MCU_STATUS (1u << 19)

#define DISABLED 0u
#define ENABLED	 1u
#define HALTED	 2u
#define FATAL	 3u

static struct menv env;

static int setup(void **state)
{
	*state = &env;
	menv_init(&env, NULL);
	return 0;
}

static int teardown(void **state)
{
	menv_finish(*state);
	return 0;
}

static void good_boot(void **state)
{
	struct menv *e = *state;

	menv_load(e);
	menv_wr(e, CONTROL, 2);
	assert_int_equal(menv_rd(e, CONTROL), 2);
	menv_run_for(e, MDL_COST_MCU_BOOT_NS - 1);
	assert_int_equal(menv_rd(e, STATUS), DISABLED);
	menv_run_for(e, 1);
	assert_int_equal(menv_rd(e, STATUS), ENABLED);
	assert_int_equal(menv_rd(e, JOB_RAWSTAT), GLB_IRQ);
	assert_int_equal(menv_rd(e, GPU_RAWSTAT) & MCU_STATUS, MCU_STATUS);
	assert_int_equal(menv_rd(e, MMU_RAWSTAT) & 0xffff, 0);
	assert_int_equal(e->errors, 0);
}

/* The control blocks after boot, by the values that are documented. */
static void interface_is_filled_in(void **state)
{
	struct menv *e = *state;

	menv_boot(e);
	assert_int_equal(menv_mcu_rd(e, MENV_SHARED_VA), 0x01050000);
	assert_int_equal(menv_mcu_rd(e, MENV_SHARED_VA + 0x4), 0);
	assert_int_equal(menv_mcu_rd(e, MENV_SHARED_VA + 0x10), 8); /* the image's, untouched */
	assert_int_equal(menv_mcu_rd(e, MENV_SHARED_VA + 0x1c), 0x71);
	for (uint32_t g = 0; g < 8; g++) {
		uint32_t csg = MENV_SHARED_VA + 0x1000 + g * 0xa0;

		assert_int_equal(menv_mcu_rd(e, csg), 0);
		/* 64 bytes and 8 streams of 1 KiB, in whole pages */
		assert_int_equal(menv_mcu_rd(e, csg + 0xc), 0x3000);
		assert_int_equal(menv_mcu_rd(e, csg + 0x10), 0x1000);
		assert_int_equal(menv_mcu_rd(e, csg + 0x14), 8);
		for (uint32_t s = 0; s < 8; s++)
			assert_int_equal(menv_mcu_rd(e, csg + 0x40 + s * 0xc), 0x0007085f);
	}
}

static void stack_elsewhere(struct menv *e)
{
	menv_mcu_wr(e, 0, 0x00300000);
}

static void stack_read_only(struct menv *e)
{
	menv_mcu_wr(e, 0, 0x800); /* in the section of the vectors */
}

static void stack_unaligned(struct menv *e)
{
	menv_mcu_wr(e, 0, 0x00100002);
}

static void entry_even(struct menv *e)
{
	menv_mcu_wr(e, 4, 0x00800100);
}

static void entry_elsewhere(struct menv *e)
{
	menv_mcu_wr(e, 4, 0x00300001);
}

static void entry_not_executable(struct menv *e)
{
	menv_mcu_wr(e, 4, 0x00100001); /* in the stack section */
}

static void no_vectors(struct menv *e)
{
	menv_map_desc(e, 0, 0, 3, 0);
}

static void code_not_executable(struct menv *e)
{
	menv_map_new(e, 0, 0x00800000, MENV_PAGE, MENV_RW);
}

static void shared_missing(struct menv *e)
{
	menv_map_desc(e, 0, MENV_SHARED_VA, 3, 0);
}

static void shared_read_only(struct menv *e)
{
	menv_map_new(e, 0, MENV_SHARED_VA, MENV_PAGE, MENV_R | MENV_UNCACHED);
}

static void shared_cached(struct menv *e)
{
	menv_map_new(e, 0, MENV_SHARED_VA, MENV_PAGE, MENV_RW);
}

static void as0_unmapped(struct menv *e)
{
	menv_as_program(e, 0, 0, 0, 1);
}

static void no_groups(struct menv *e)
{
	menv_mcu_wr(e, MENV_SHARED_VA + 0x10, 0);
}

static void too_many_groups(struct menv *e)
{
	menv_mcu_wr(e, MENV_SHARED_VA + 0x10, 32);
}

static void group_stride_huge(struct menv *e)
{
	menv_mcu_wr(e, MENV_SHARED_VA + 0x14, 0xfffffffc);
}

static void group_stride_small(struct menv *e)
{
	menv_mcu_wr(e, MENV_SHARED_VA + 0x14, 0x80);
}

static void no_streams(struct menv *e)
{
	menv_mcu_wr(e, MENV_SHARED_VA + 0x1000 + 0x14, 0);
}

static void too_many_streams(struct menv *e)
{
	menv_mcu_wr(e, MENV_SHARED_VA + 0x1000 + 0x14, 33);
}

static void stream_stride_huge(struct menv *e)
{
	menv_mcu_wr(e, MENV_SHARED_VA + 0x1000 + 0x18, 0x20000000);
}

static void input_outside(struct menv *e)
{
	menv_mcu_wr(e, MENV_SHARED_VA + 0x8, 0x0a000000);
}

static void input_ends_outside(struct menv *e)
{
	menv_mcu_wr(e, MENV_SHARED_VA + 0x8, MENV_SHARED_VA + MENV_SHARED_SIZE - 8);
}

static void last_output_outside(struct menv *e)
{
	menv_mcu_wr(e, MENV_SHARED_VA + 0x1000 + 7 * 0xa0 + 0x40 + 7 * 0xc + 0x8, 0x0a000000);
}

static const struct {
	const char *name;
	void (*spoil)(struct menv *e);
} refusals[] = {
	{ "stack elsewhere", stack_elsewhere },
	{ "stack read-only", stack_read_only },
	{ "stack unaligned", stack_unaligned },
	{ "entry even", entry_even },
	{ "entry elsewhere", entry_elsewhere },
	{ "entry not executable", entry_not_executable },
	{ "no vectors", no_vectors },
	{ "code not executable", code_not_executable },
	{ "shared missing", shared_missing },
	{ "shared read-only", shared_read_only },
	{ "shared cached", shared_cached },
	{ "AS 0 unmapped", as0_unmapped },
	{ "no groups", no_groups },
	{ "too many groups", too_many_groups },
	{ "group stride huge", group_stride_huge },
	{ "group stride small", group_stride_small },
	{ "no streams", no_streams },
	{ "too many streams", too_many_streams },
	{ "stream stride huge", stream_stride_huge },
	{ "input outside", input_outside },
	{ "input ends outside", input_ends_outside },
	{ "last output outside", last_output_outside },
};

static void each_refusal(void **state)
{
	struct menv *e = *state;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		menv_finish(e);
		menv_init(e, NULL);
		menv_load(e);
		refusals[i].spoil(e);
		menv_wr(e, CONTROL, 2);
		if (!menv_wait_reg(e, STATUS, ~0u, FATAL, 1000000))
			fail_msg("%s: status %u", refusals[i].name, menv_rd(e, STATUS));
		assert_int_equal(menv_rd(e, JOB_RAWSTAT), 0);
		assert_int_equal(e->errors, 1);
		assert_true(menv_run_quiet(e, 0));
	}
}

/* A refused boot can be repaired and tried again. */
static void again_after_a_refusal(void **state)
{
	struct menv *e = *state;

	menv_load(e);
	entry_even(e);
	menv_wr(e, CONTROL, 2);
	assert_true(menv_wait_reg(e, STATUS, ~0u, FATAL, 1000000));
	menv_mcu_wr(e, 4, 0x00800101);
	menv_wr(e, CONTROL, 0);
	assert_int_equal(menv_rd(e, STATUS), DISABLED);
	menv_as_flush(e, 0); /* drivers do so when they have loaded an image again */
	menv_wr(e, CONTROL, 2);
	assert_true(menv_wait_reg(e, STATUS, ~0u, ENABLED, 1000000));
}

static void boot_waits_for_the_l2(void **state)
{
	struct menv *e = *state;

	menv_load(e);
	menv_wr64(e, L2_PWROFF, 1);
	menv_run_for(e, MDL_COST_L2_POWER_NS);
	menv_wr(e, CONTROL, 2);
	assert_true(menv_run_quiet(e, 10000000));
	assert_int_equal(menv_rd(e, STATUS), DISABLED);
	menv_wr64(e, L2_PWRON, 1);
	assert_true(menv_wait_reg(e, STATUS, ~0u, ENABLED, 10000000));
}

static void power_loss_is_fatal(void **state)
{
	struct menv *e = *state;

	menv_boot(e);
	menv_wr64(e, L2_PWROFF, 1);
	menv_run_for(e, MDL_COST_L2_POWER_NS);
	assert_int_equal(menv_rd(e, STATUS), FATAL);
}

static void disable_stops(void **state)
{
	struct menv *e = *state;

	menv_boot(e);
	menv_wr(e, CONTROL, 0);
	assert_int_equal(menv_rd(e, STATUS), DISABLED);
	menv_glb_request(e, 1u << 8);
	assert_true(menv_run_quiet(e, 1000000));
	assert_int_equal(menv_mcu_rd(e, e->glb_out) & 1u << 8, 0); /* nobody answers */
	menv_wr(e, CONTROL, 3); /* unknown */
	assert_int_equal(menv_rd(e, CONTROL), 0);
}

/* Firmware whose memory is taken away dies at the next thing it does. */
static void lost_interface_is_fatal(void **state)
{
	struct menv *e = *state;

	menv_boot(e);
	menv_as_program(e, 0, 0, 0, 1);
	menv_doorbell(e, 0);
	assert_true(menv_wait_reg(e, STATUS, ~0u, FATAL, 1000000));
	assert_int_equal(menv_rd(e, MMU_RAWSTAT) & 0xffff, 1);
}

/* As a driver resumes: halt, disable, boot over the same memory. */
static void boot_over_old_memory(void **state)
{
	struct menv *e = *state;
	uint32_t req;

	menv_boot(e);
	menv_glb_request(e, 1);
	assert_int_equal(menv_rd(e, STATUS), HALTED);
	assert_true(menv_run_quiet(e, 100000000));
	menv_wr(e, CONTROL, 0);
	menv_wr64(e, L2_PWROFF, 1);
	menv_run_for(e, MDL_COST_L2_POWER_NS);
	menv_wr64(e, L2_PWRON, 1);
	menv_run_for(e, MDL_COST_L2_POWER_NS);
	req = menv_mcu_rd(e, e->glb_in) & ~1u;
	menv_mcu_wr(e, e->glb_in, req);
	menv_wr(e, 0x1004, ~0u);
	menv_wr(e, CONTROL, 2);
	assert_true(menv_wait_reg(e, JOB_RAWSTAT, GLB_IRQ, GLB_IRQ, 1000000));
	/* nothing is outstanding but what has to be switched on again: COUNTER_EN, IDLE_EN */
	assert_int_equal(menv_mcu_rd(e, e->glb_out), req & ~(1u << 7 | 1u << 10));
	menv_glb_request(e, 1u << 8);
	assert_true(menv_wait_word(e, e->glb_out, ~0u, req ^ 1u << 8, 1000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good_boot, setup, teardown),
		cmocka_unit_test_setup_teardown(interface_is_filled_in, setup, teardown),
		cmocka_unit_test_setup_teardown(each_refusal, setup, teardown),
		cmocka_unit_test_setup_teardown(again_after_a_refusal, setup, teardown),
		cmocka_unit_test_setup_teardown(boot_waits_for_the_l2, setup, teardown),
		cmocka_unit_test_setup_teardown(power_loss_is_fatal, setup, teardown),
		cmocka_unit_test_setup_teardown(disable_stops, setup, teardown),
		cmocka_unit_test_setup_teardown(lost_interface_is_fatal, setup, teardown),
		cmocka_unit_test_setup_teardown(boot_over_old_memory, setup, teardown),
	};

	return cmocka_run_group_tests_name("model_mcu", tests, NULL, NULL);
}
