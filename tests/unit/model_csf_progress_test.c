// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What the firmware tells of work that does not get on: jobs without a sign of progress (PROGRESS_TIMER), streams that
 * wait for protected mode (PROTM_PEND).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/model_csf_env.h"
#include "tools/model/cost.h"

#define MCU_CONTROL	   0x700u
#define CSG_PROGRESS	   (1u << 31)
#define CS_PROTM_PEND	   (1u << 27)
#define CS_IDLE_PROTM	   (1u << 9)
#define CFG_PROGRESS_TIMER (1u << 1)
#define GLB_PROTM_ENTER	   (1u << 4)

/* What the environment has set up, and the upstream driver: 2560000 units of 1024 cycles at 1 GHz. */
#define LIMIT_NS  UINT64_C(2621440000)
#define SECOND_NS (1000 * CENV_MS)

/* A dispatch of 2^24 workgroups of 1024 threads that is one single task, or 2^24 of them. */
static const uint64_t long_dispatch[] = {
	W_REQ_RESOURCE(1),  W_MOVE32(33, 1023), W_MOVE32(37, 4096),
	W_MOVE32(38, 4096), W_MOVE32(39, 1),	W_RUN_COMPUTE(1, 2),
};
static const uint64_t many_tasks[] = {
	W_REQ_RESOURCE(1),  W_MOVE32(33, 1023), W_MOVE32(37, 4096),
	W_MOVE32(38, 4096), W_MOVE32(39, 1),	W_RUN_COMPUTE(1, 0),
};
#define WORDS 6u

static void set_timer(struct menv *e, uint32_t units)
{
	menv_mcu_wr(e, e->glb_in + GLB_IN_PROGRESS_TIMER, units);
	menv_glb_request(e, CFG_PROGRESS_TIMER);
	menv_run_for(e, 2 * MDL_COST_FW_REQUEST_NS);
	assert_int_equal(cenv_glb_events(e) & CFG_PROGRESS_TIMER, 0);
}

/* The host is told when the time is over, again only when it has taken that, and the group is still there. */
static void long_task_is_told(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	cenv_start_group(e, &g, 3, 1);
	menv_submit(e, &g, 3, 0, long_dispatch, WORDS);
	menv_run_for(e, LIMIT_NS - CENV_MS);
	assert_int_equal(cenv_csg_events(e, 3) & CSG_PROGRESS, 0);
	cenv_clear_irqs(e);
	menv_run_for(e, 2 * CENV_MS);
	assert_int_equal(cenv_csg_events(e, 3) & CSG_PROGRESS, CSG_PROGRESS);
	assert_int_equal(menv_rd(e, CENV_JOB_RAWSTAT), 1u << 3);
	cenv_clear_irqs(e);
	menv_run_for(e, LIMIT_NS);
	assert_int_equal(menv_rd(e, CENV_JOB_RAWSTAT), 0);
	cenv_accept(e, 3);
	menv_run_for(e, LIMIT_NS);
	assert_int_equal(cenv_csg_events(e, 3) & CSG_PROGRESS, CSG_PROGRESS);
	assert_int_equal(menv_mcu_rd(e, menv_cs_out(e, 3, 0) + CS_OUT_FAULT), 0);
	/* what the driver does then */
	assert_true(menv_group_state(e, 3, MENV_CSG_TERMINATE));
	cenv_quiet(e);
}

/* Neither is a job of short tasks, however long, nor anything when the timer is off. */
static void others_are_not_told(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	set_timer(e, 1000); /* 1 ms */
	cenv_start_group(e, &g, 0, 1);
	menv_submit(e, &g, 0, 0, many_tasks, WORDS);
	menv_run_for(e, SECOND_NS);
	assert_int_equal(cenv_csg_events(e, 0) & CSG_PROGRESS, 0);
	assert_true(menv_group_state(e, 0, MENV_CSG_TERMINATE));

	set_timer(e, 0);
	assert_true(menv_group_start(e, &g, 0, MENV_CSG_START));
	menv_submit(e, &g, 0, 0, long_dispatch, WORDS);
	menv_run_for(e, SECOND_NS);
	assert_int_equal(cenv_csg_events(e, 0) & CSG_PROGRESS, 0);
	set_timer(e, 1000);
	menv_run_for(e, 2 * CENV_MS);
	assert_int_equal(cenv_csg_events(e, 0) & CSG_PROGRESS, CSG_PROGRESS);
}

/* A boot switches the timer off until it is configured. */
static void off_after_a_boot(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	menv_glb_request(e, CENV_GLB_HALT);
	menv_wr(e, MCU_CONTROL, 0);
	cenv_clear_irqs(e);
	menv_wr(e, MCU_CONTROL, 1);
	assert_true(menv_wait_reg(e, CENV_JOB_RAWSTAT, 1u << 31, 1u << 31, SECOND_NS));
	menv_glb_request(e, CENV_GLB_HALT | 1u << 2); /* taken back; cores */
	cenv_start_group(e, &g, 0, 1);
	menv_submit(e, &g, 0, 0, long_dispatch, WORDS);
	menv_run_for(e, LIMIT_NS + CENV_MS);
	assert_int_equal(cenv_csg_events(e, 0) & CSG_PROGRESS, 0);
	set_timer(e, 1000);
	menv_run_for(e, 2 * CENV_MS);
	assert_int_equal(cenv_csg_events(e, 0) & CSG_PROGRESS, CSG_PROGRESS); /* it is at it */
}

/* ---- protected mode ---- */

static const uint64_t region[] = { W_PROT_REGION(8), W_MOVE48(CENV_R_ADDR, CENV_DATA_VA),
				   W_MOVE48(CENV_R_VALUE, 1), CENV_SYNC_ADD };

static void check_waits(struct menv *e, unsigned int csg)
{
	uint32_t out = menv_cs_out(e, csg, 0);

	assert_int_equal(cenv_cs_events(e, csg, 0), CS_PROTM_PEND);
	cenv_csg_request(e, csg, 1u << 5); /* STATUS_UPDATE */
	menv_run_for(e, CENV_MS);
	assert_int_equal(menv_mcu_rd(e, out + CS_OUT_WAIT), 1u << 29);
	assert_int_equal(menv_mcu_rd(e, out + CS_OUT_BLOCKED_REASON), 5);
	assert_int_equal(cenv_data(e, 0), 0);
}

static void protected_region_waits(void **state)
{
	struct menv_group g;
	struct menv *e = *state;
	uint32_t req;

	cenv_start_group(e, &g, 0, 1);
	req = menv_cs_in(e, 0, 0) + CS_IN_REQ;
	cenv_clear_irqs(e);
	menv_submit(e, &g, 0, 0, region, 4);
	menv_run_for(e, CENV_MS);
	assert_int_equal(menv_rd(e, CENV_JOB_RAWSTAT) & 1, 1);
	check_waits(e, 0);
	assert_int_equal(cenv_csg_events(e, 0) & CENV_CSG_IDLE, 0);

	/* the host takes the event and asks for the mode, which there is not; it is not told twice */
	menv_mcu_wr(e, req, menv_mcu_rd(e, req) ^ CS_PROTM_PEND);
	menv_cs_ring(e, 0, 1);
	menv_glb_request(e, GLB_PROTM_ENTER);
	menv_run_for(e, CENV_MS);
	assert_int_equal(cenv_glb_events(e), GLB_PROTM_ENTER);
	assert_int_equal(cenv_cs_events(e, 0, 0), 0);
	assert_int_equal(cenv_data(e, 0), 0);

	/* a suspended one asks again, wherever it is resumed */
	assert_true(menv_group_state(e, 0, MENV_CSG_SUSPEND));
	assert_true(menv_group_start(e, &g, 5, MENV_CSG_RESUME));
	menv_run_for(e, CENV_MS);
	check_waits(e, 5);
	assert_true(menv_group_state(e, 5, MENV_CSG_TERMINATE));
}

/* It counts as idle if the host has said so. */
static void protected_region_may_be_idle(void **state)
{
	struct menv_group g;
	struct menv *e = *state;
	uint32_t req;

	cenv_start_group(e, &g, 0, 1);
	req = menv_cs_in(e, 0, 0) + CS_IN_REQ;
	menv_mcu_wr(e, req, menv_mcu_rd(e, req) | CS_IDLE_PROTM);
	menv_cs_ring(e, 0, 1);
	cenv_quiet(e);
	cenv_accept(e, 0);
	menv_submit(e, &g, 0, 0, region, 4);
	cenv_quiet(e);
	assert_int_equal(cenv_csg_events(e, 0) & CENV_CSG_IDLE, CENV_CSG_IDLE);
	assert_int_equal(cenv_cs_events(e, 0, 0), CS_PROTM_PEND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cenv_setup, cenv_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(long_task_is_told),
		TEST(others_are_not_told),
		TEST(off_after_a_boot),
		TEST(protected_region_waits),
		TEST(protected_region_may_be_idle),
	};

	return cmocka_run_group_tests_name("model_csf_progress", tests, NULL, NULL);
}
