// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Groups of the model that leave their slot and come back: suspension into the buffer and out of it into
 * another slot, in the middle of waits, loops and jobs; and buffers that do not work.
 */
#include "tools/model/csf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/model_csf_env.h"
#include "tools/model/cost.h"
#include "tools/model/cs.h"

/* When data[0] > 0: data[1] += 3. */
static const uint64_t wait_job[] = {
	W_MOVE48(CENV_R_ADDR, CENV_DATA_VA),	  W_MOVE48(CENV_R_VALUE, 0), CENV_SYNC_WAIT,
	W_MOVE48(CENV_R_ADDR, CENV_DATA_VA + 16), W_MOVE32(CENV_R_VALUE, 3), CENV_SYNC_ADD,
};

static void suspended_wait_goes_on_elsewhere(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	cenv_start_group(e, &g, 0, 2);
	menv_submit(e, &g, 0, 1, wait_job, 6);
	cenv_quiet(e);
	assert_true(menv_group_state(e, 0, MENV_CSG_SUSPEND));
	assert_int_equal(menv_mcu_rd(e, menv_csg_out(e, 0) + CSG_OUT_STATE), 1);
	assert_int_equal(menv_mcu_rd(e, menv_cs_out(e, 0, 1) + CS_OUT_BLOCKED_REASON), 3);
	cenv_quiet(e);
	menv_wr64_va(e, CENV_AS, CENV_DATA_VA, 1); /* the wait is over while it is out */
	menv_doorbell(e, 1);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 1), 0);
	assert_true(menv_group_start(e, &g, 5, MENV_CSG_RESUME));
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 1), 3);
	assert_int_equal(menv_queue_extract(e, &g, 1), 48);
	cenv_submit_add(e, &g, 5, 0, 2, 1);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 2), 1);
}

/* A sync object written in one slot wakes a stream that waits in another. */
static void wait_across_groups(void **state)
{
	struct menv_group a, b;
	struct menv *e = *state;

	cenv_start_group(e, &a, 0, 1);
	cenv_start_group(e, &b, 1, 1);
	menv_submit(e, &a, 0, 0, wait_job, 6);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 1), 0);
	cenv_accept(e, 0);
	cenv_submit_add(e, &b, 1, 0, 0, 1);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 1), 3);
	assert_int_equal(cenv_csg_events(e, 0),
			 CENV_CSG_SYNC | CENV_CSG_IDLE); /* it was busy in between */
}

static void suspended_loop_loses_nothing(void **state)
{
	/* for (i = 2000; i > 0; i--) data[0] += 1 */
	const uint64_t job[] = { W_MOVE48(CENV_R_ADDR, CENV_DATA_VA),
				 W_MOVE48(CENV_R_VALUE, 1),
				 W_MOVE32(CENV_R_COUNT, 2000),
				 CENV_SYNC_ADD,
				 W_ADD32(CENV_R_COUNT, CENV_R_COUNT, -1),
				 W_BRANCH(GT, CENV_R_COUNT, -3) };
	struct menv_group g;
	struct menv *e = *state;

	cenv_start_group(e, &g, 0, 1);
	menv_submit(e, &g, 0, 0, job, 6);
	for (unsigned int round = 0; round < 5; round++) {
		unsigned int csg = round % 3;
		uint64_t reached;

		menv_run_for(e, 20000);
		assert_true(menv_group_state(e, csg, MENV_CSG_SUSPEND));
		reached = cenv_data(e, 0);
		assert_true(reached > 0 && reached < 2000);
		menv_run_for(e, CENV_MS);
		assert_int_equal(cenv_data(e, 0), reached);
		assert_true(menv_group_start(e, &g, (round + 1) % 3, MENV_CSG_RESUME));
	}
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 2000);
}

/* A group leaves in the middle of a long job, soon, and goes on with the rest of it in another slot. */
static void suspended_job_goes_on_elsewhere(void **state)
{
	const uint32_t groups = 100000;
	const uint64_t job[] = { W_MOVE32(33, 0),
				 W_MOVE32(37, groups),
				 W_MOVE32(38, 1),
				 W_MOVE32(39, 1),
				 W_REQ_RESOURCE(1),
				 W_RUN_COMPUTE(1, 0),
				 W_WAIT(0xff),
				 W_MOVE48(CENV_R_ADDR, CENV_DATA_VA),
				 W_MOVE48(CENV_R_VALUE, 1),
				 CENV_SYNC_ADD };
	/* one thread a workgroup, on four cores */
	uint64_t whole_ns = (uint64_t)groups * (MDL_COST_TASK + MDL_COST_WARP) / 4;
	struct menv_group g;
	struct menv *e = *state;
	uint64_t before;

	cenv_start_group(e, &g, 0, 1);
	menv_submit(e, &g, 0, 0, job, sizeof(job) / sizeof(job[0]));
	menv_run_for(e, whole_ns / 2);
	before = e->now_ns;
	assert_true(menv_group_state(e, 0, MENV_CSG_SUSPEND));
	assert_true(e->now_ns - before < 2 * MDL_PIECE_NS);
	menv_run_for(e, whole_ns);
	assert_int_equal(cenv_data(e, 0), 0);
	before = e->now_ns;
	assert_true(menv_group_start(e, &g, 4, MENV_CSG_RESUME));
	while (!cenv_data(e, 0) && e->now_ns - before < 10 * whole_ns)
		menv_run_for(e, 10000);
	assert_int_equal(cenv_data(e, 0), 1);
	assert_in_range(e->now_ns - before, whole_ns / 4, whole_ns * 3 / 4);
}

/* A TERMINATE takes the place of a SUSPEND that waits for a job to leave its cores. */
static void terminated_while_suspending(void **state)
{
	const uint64_t job[] = { W_MOVE32(33, 0), W_MOVE32(37, 100000), W_MOVE32(38, 1),
				 W_MOVE32(39, 1), W_REQ_RESOURCE(1),	W_RUN_COMPUTE(1, 0),
				 W_WAIT(0xff) };
	struct menv_group g;
	struct menv *e = *state;

	cenv_start_group(e, &g, 0, 1);
	menv_submit(e, &g, 0, 0, job, sizeof(job) / sizeof(job[0]));
	menv_run_for(e, CENV_MS);
	cenv_csg_request(e, 0, MENV_CSG_START ^ MENV_CSG_SUSPEND);
	menv_run_for(e, 2 * MDL_COST_FW_REQUEST_NS);
	assert_int_equal(menv_mcu_rd(e, menv_csg_out(e, 0) + CSG_OUT_ACK) & 7, MENV_CSG_START);
	assert_true(menv_group_state(e, 0, MENV_CSG_TERMINATE));
	cenv_quiet(e);
	/* nothing was saved, and the slot is free */
	assert_int_equal(*(uint32_t *)menv_ptr(e, g.suspend_pa), 0);
	cenv_start_group(e, &g, 0, 1);
	cenv_submit_add(e, &g, 0, 0, 0, 1);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 1);
}

/* They belong to the group: they go with it into another slot, and a new group has none. */
static void shared_entries_go_along(void **state)
{
	struct menv_group g, other;
	struct menv *e = *state;

	cenv_start_group(e, &g, 0, 2);
	mdl_csf_shared_entries(e->m, 0)[0] = 7;
	mdl_csf_shared_entries(e->m, 0)[15] = 0xfffe;
	assert_true(menv_group_state(e, 0, MENV_CSG_SUSPEND));
	cenv_start_group(e, &other, 0, 2);
	assert_int_equal(mdl_csf_shared_entries(e->m, 0)[0], 0);
	assert_true(menv_group_start(e, &g, 4, MENV_CSG_RESUME));
	assert_int_equal(mdl_csf_shared_entries(e->m, 4)[0], 7);
	assert_int_equal(mdl_csf_shared_entries(e->m, 4)[15], 0xfffe);
}

/* What the slot's last group had running is over: STOP is acknowledged at RESUME as it is at START. */
static void resumed_with_fewer_streams(void **state)
{
	struct menv_group g, other;
	struct menv *e = *state;

	cenv_start_group(e, &g, 0, 1);
	assert_true(menv_group_state(e, 0, MENV_CSG_SUSPEND));
	cenv_start_group(e, &other, 4, 2);
	assert_int_equal(menv_mcu_rd(e, menv_cs_out(e, 4, 1) + CS_OUT_ACK) & 7, 1);
	assert_true(menv_group_state(e, 4, MENV_CSG_TERMINATE));
	assert_true(menv_group_start(e, &g, 4, MENV_CSG_RESUME));
	assert_int_equal(menv_mcu_rd(e, menv_cs_out(e, 4, 0) + CS_OUT_ACK) & 7, 1);
	assert_int_equal(menv_mcu_rd(e, menv_cs_out(e, 4, 1) + CS_OUT_ACK) & 7, 0);
	cenv_submit_add(e, &g, 4, 0, 0, 1);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 1);
}

static void corrupted_buffers(void **state)
{
	static const uint32_t offsets[] = { 0, 4, 8, 64 }; /* header, then the first stream */
	struct menv *e = *state;

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		struct menv_group g;
		uint32_t *word;

		cenv_start_group(e, &g, 0, 1);
		assert_true(menv_group_state(e, 0, MENV_CSG_SUSPEND));
		cenv_quiet(e);
		word = menv_ptr(e, g.suspend_pa + offsets[i]);
		*word ^= 0xffffffff;
		menv_as_flush(e, 0);
		cenv_clear_irqs(e);
		assert_true(menv_group_start(e, &g, 0, MENV_CSG_RESUME));
		cenv_quiet(e);
		assert_int_equal(cenv_cs_events(e, 0, 0), CENV_CS_FATAL);
		assert_int_equal(menv_mcu_rd(e, menv_cs_out(e, 0, 0) + CS_OUT_FATAL), 0x68);
		assert_int_equal(menv_rd(e, CENV_JOB_RAWSTAT) & 1, 1);
		menv_mcu_wr(e, menv_cs_in(e, 0, 0),
			    menv_mcu_rd(e, menv_cs_in(e, 0, 0)) ^ CENV_CS_FATAL);
		assert_true(menv_group_state(e, 0, MENV_CSG_TERMINATE));
	}
}

static void unmapped_suspend_buffer_kills_the_firmware(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	cenv_start_group(e, &g, 0, 1);
	menv_map_desc(e, 0, g.suspend_va, 3, 0);
	menv_as_flush(e, 0);
	assert_false(menv_group_state(e, 0, MENV_CSG_SUSPEND));
	assert_int_equal(menv_rd(e, CENV_MCU_STATUS), 3);
	assert_int_equal(menv_rd(e, CENV_MMU_RAWSTAT) & 0xffff, 1);
}

static void halt_loses_residents(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	cenv_start_group(e, &g, 0, 1);
	cenv_submit_add(e, &g, 0, 0, 0, 1);
	menv_glb_request(e, CENV_GLB_HALT);
	assert_int_equal(e->errors, 1);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cenv_setup, cenv_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(suspended_wait_goes_on_elsewhere),
		TEST(wait_across_groups),
		TEST(suspended_loop_loses_nothing),
		TEST(suspended_job_goes_on_elsewhere),
		TEST(terminated_while_suspending),
		TEST(shared_entries_go_along),
		TEST(resumed_with_fewer_streams),
		TEST(corrupted_buffers),
		TEST(unmapped_suspend_buffer_kills_the_firmware),
		TEST(halt_loses_residents),
	};

	return cmocka_run_group_tests_name("model_csf_suspend", tests, NULL, NULL);
}
