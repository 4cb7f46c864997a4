// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The paths of the upstream driver that cross many blocks, in the order of its register writes: runtime
 * suspend and resume in both of its forms, sleep, reset amid a job, suspension of a stream that was
 * just woken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/model_env.h"
#include "tests/unit/model_words.h"
#include "tools/model/cost.h"

#define GPU_CMD	     0x030u
#define GPU_RAWSTAT  0x020u
#define GPU_CLEAR    0x024u
#define GPU_MASK     0x028u
#define CYCLE_COUNT  0x090u
#define L2_READY     0x160u
#define L2_PWRON     0x1a0u
#define L2_PWROFF    0x1e0u
#define L2_PWRTRANS  0x220u
#define MCU_CONTROL  0x700u
#define MCU_STATUS   0x704u
#define JOB_RAWSTAT  0x1000u
#define JOB_CLEAR    0x1004u
#define JOB_MASK     0x1008u
#define JOB_GLB	     (1u << 31)
#define SOFT_RESET   0x101u
#define FLUSH_CLEAN  0x1104u
#define RESET_DONE   (1u << 8)
#define FLUSH_DONE   (1u << 17)
#define MEMATTR	     UINT64_C(0x4c8f4c)
#define TRANSCFG     (6u | 7u << 6 | 2u << 24 | 1u << 30)
#define UNMAPPED     1u
#define GLB_HALT     (1u << 0)
#define GLB_CFG	     (1u << 1 | 1u << 2 | 1u << 3)
#define GLB_SLEEP    (1u << 12)
#define GLB_IDLE     (1u << 26)
#define IDLE_NS	     800000u /* as menv_boot() sets idle_timer, rounded down */
#define MS	     1000000u
#define SYNC_VA	     UINT64_C(0x10000000)
#define BLOCKED_SYNC 3u
#define COUNT(a)     (unsigned int)(sizeof(a) / sizeof((a)[0]))

static struct menv e;
static struct menv_group group;

static int setup(void **state)
{
	(void)state;
	menv_init(&e, NULL);
	menv_boot(&e);
	menv_as_create(&e, 1);
	menv_map_new(&e, 1, SYNC_VA, MENV_PAGE, MENV_RW | MENV_UNCACHED);
	menv_group_create(&e, &group, 1, 1);
	assert_true(menv_group_start(&e, &group, 0, MENV_CSG_START));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	menv_finish(&e);
	return 0;
}

/* A stream that waits until the object is greater than 4, then adds 1 to the next one. */
static void submit_wait(unsigned int csg)
{
	static const uint64_t words[] = {
		W_MOVE48(0, SYNC_VA),
		W_MOVE48(2, 4),
		W_SYNC_WAIT64(1, GT, 0, 2),
		W_MOVE48(0, SYNC_VA + 16),
		W_MOVE48(2, 1),
		W_SYNC(W_SYNC_ADD64, W_SYSTEM, 0, 2, 0, 0),
		W_NOP,
		W_NOP,
	};

	menv_submit(&e, &group, csg, 0, words, COUNT(words));
	menv_run_for(&e, 100000);
}

static void flush_caches(void)
{
	menv_wr(&e, GPU_CLEAR, FLUSH_DONE);
	menv_wr(&e, GPU_CMD, FLUSH_CLEAN);
	assert_true(menv_wait_reg(&e, GPU_RAWSTAT, FLUSH_DONE, FLUSH_DONE, 100 * MS));
}

static void power_l2(uint32_t command)
{
	menv_wr64(&e, command, 1);
	assert_true(menv_wait_reg(&e, L2_PWRTRANS, 1, 0, 20 * MS));
	assert_int_equal(menv_rd(&e, L2_READY), command == L2_PWRON);
}

static uint32_t glb_req(void)
{
	return menv_mcu_rd(&e, e.glb_in + GLB_IN_REQ);
}

static uint32_t glb_ack(void)
{
	return menv_mcu_rd(&e, e.glb_out + GLB_OUT_ACK);
}

/* Address spaces, boot without loading, first requests. Bits that say "on" are left as they were. */
static void start_firmware(void)
{
	menv_as_program(&e, 0, e.roots[0], MEMATTR, TRANSCFG);
	menv_as_program(&e, 1, e.roots[1], MEMATTR, TRANSCFG);
	menv_mcu_wr(&e, e.glb_in + GLB_IN_REQ, glb_req() & ~GLB_HALT);
	menv_wr(&e, JOB_CLEAR, ~0u);
	menv_wr(&e, JOB_MASK, ~0u);
	menv_wr(&e, MCU_CONTROL, 2);
	assert_true(menv_wait_reg(&e, JOB_RAWSTAT, JOB_GLB, JOB_GLB, 1000 * MS));
	assert_int_equal(menv_rd(&e, MCU_STATUS), 1);
	menv_wr(&e, JOB_CLEAR, JOB_GLB);
	menv_mcu_wr(&e, e.glb_in + GLB_IN_REQ, (glb_req() & ~GLB_CFG) | (~glb_ack() & GLB_CFG));
	menv_doorbell(&e, 0);
	assert_true(menv_wait_word(&e, e.glb_out + GLB_OUT_ACK, ~GLB_IDLE, glb_req() & ~GLB_IDLE,
				   100 * MS));
}

static void halt(void)
{
	flush_caches();
	menv_mcu_wr(&e, e.glb_in + GLB_IN_REQ, glb_req() | GLB_HALT);
	menv_doorbell(&e, 0);
	assert_true(menv_wait_reg(&e, MCU_STATUS, ~0u, 2, 100 * MS));
}

/* Newer drivers disable the MCU when it has halted, older ones only power the L2 off. */
static void suspend_and_resume(bool disable)
{
	submit_wait(0);
	assert_true(menv_group_state(&e, 0, MENV_CSG_SUSPEND));
	assert_int_equal(menv_mcu_rd(&e, menv_cs_out(&e, 0, 0) + CS_OUT_BLOCKED_REASON),
			 BLOCKED_SYNC);
	halt();
	if (disable) {
		menv_wr(&e, MCU_CONTROL, 0);
		assert_true(menv_wait_reg(&e, MCU_STATUS, ~0u, 0, 100 * MS));
	}
	menv_as_program(&e, 0, 0, 0, UNMAPPED);
	menv_as_program(&e, 1, 0, 0, UNMAPPED);
	menv_wr(&e, JOB_MASK, 0);
	power_l2(L2_PWROFF);
	menv_run_for(&e, 50 * MS);

	power_l2(L2_PWRON);
	menv_run_for(&e, 5 * MS);
	assert_int_not_equal(menv_rd(&e, MCU_STATUS), 1); /* not before it is told to */
	start_firmware();
	assert_true(menv_group_start(&e, &group, 0, MENV_CSG_RESUME));
	menv_wr64_va(&e, 1, SYNC_VA, 5);
	menv_doorbell(&e, 1);
	menv_run_for(&e, MS);
	assert_int_equal(menv_rd64_va(&e, 1, SYNC_VA + 16), 1);
	assert_int_equal(e.errors, 0);
}

static void resume_after_disable(void **state)
{
	(void)state;
	suspend_and_resume(true);
}

static void resume_after_halt_alone(void **state)
{
	(void)state;
	suspend_and_resume(false);
}

/* What was on before a resume without loading is on after it, with its configuration. */
static void switches_after_resume(void **state)
{
	uint64_t cycles;

	(void)state;
	assert_true(menv_group_state(&e, 0, MENV_CSG_SUSPEND));
	menv_run_for(&e, 20 * MS);
	halt();
	power_l2(L2_PWROFF);
	power_l2(L2_PWRON);
	start_firmware();
	menv_mcu_wr(&e, e.glb_in + GLB_IN_REQ, (glb_req() & ~GLB_IDLE) | (glb_ack() & GLB_IDLE));
	cycles = menv_rd64(&e, CYCLE_COUNT);
	menv_run_for(&e, 1000);
	assert_int_equal(menv_rd64(&e, CYCLE_COUNT), cycles + 1000);
	assert_true(menv_group_start(&e, &group, 0, MENV_CSG_RESUME));
	menv_run_for(&e, IDLE_NS);
	assert_int_equal((glb_req() ^ glb_ack()) & GLB_IDLE, 0);
	menv_run_for(&e, MS);
	assert_int_equal((glb_req() ^ glb_ack()) & GLB_IDLE, GLB_IDLE);
}

/* Sleep is not halt: writing MCU_CONTROL again does not lose what sleeps. */
static void control_does_not_end_sleep(void **state)
{
	(void)state;
	submit_wait(0);
	menv_glb_request(&e, GLB_SLEEP);
	assert_true(menv_wait_reg(&e, MCU_STATUS, ~0u, 2, 100 * MS));
	menv_wr(&e, MCU_CONTROL, 2);
	menv_run_for(&e, 5 * MS);
	assert_int_equal(menv_rd(&e, MCU_STATUS), 2);
	menv_wr64_va(&e, 1, SYNC_VA, 5);
	menv_glb_request(&e, GLB_SLEEP);
	assert_int_equal(menv_rd(&e, MCU_STATUS), 1);
	menv_doorbell(&e, 1);
	menv_run_for(&e, MS);
	assert_int_equal(menv_rd64_va(&e, 1, SYNC_VA + 16), 1);
}

/* A reset with a group that loops for ever: all is gone at once, and the next boot finds a free slot. */
static void reset_amid_job(void **state)
{
	static const uint64_t loop[] = { W_BRANCH(ALWAYS, 0, -1) };
	uint64_t extract;

	(void)state;
	menv_wr(&e, GPU_MASK, RESET_DONE);
	menv_submit(&e, &group, 0, 0, loop, COUNT(loop));
	menv_run_for(&e, 100000);
	menv_wr(&e, GPU_CLEAR, RESET_DONE);
	menv_wr(&e, GPU_CMD, SOFT_RESET);
	assert_true(menv_run_quiet(&e, 100 * MS)); /* no stream goes on */
	assert_int_equal(e.pending[MMX_MODEL_IRQ_GPU], RESET_DONE);
	assert_int_equal(menv_rd(&e, MCU_STATUS), 0);
	assert_int_equal(menv_rd(&e, L2_READY), 0);
	power_l2(L2_PWRON);
	start_firmware();
	extract = menv_queue_extract(&e, &group, 0);
	group.queues[0].insert = extract;
	menv_queue_write(&e, &group, 0, loop, 0);
	/* the word of before the reset says START: what counts is that the request differs from it */
	assert_true(menv_group_state(&e, 0, MENV_CSG_TERMINATE));
	assert_true(menv_group_start(&e, &group, 0, MENV_CSG_START));
	menv_wr64_va(&e, 1, SYNC_VA, 5);
	submit_wait(0);
	assert_int_equal(menv_rd64_va(&e, 1, SYNC_VA + 16), 1);
}

/*
 * A stream is woken and its group suspended before it has looked: it is not to be called blocked, since
 * nobody would wake it again.
 */
static void woken_and_suspended(void **state)
{
	uint32_t reason = menv_cs_out(&e, 0, 0) + CS_OUT_BLOCKED_REASON;
	uint32_t req = menv_csg_in(&e, 0) + CSG_IN_REQ;

	(void)state;
	submit_wait(0);
	menv_mcu_wr(&e, req, (menv_mcu_rd(&e, req) & ~7u) | MENV_CSG_SUSPEND);
	menv_csg_ring(&e, 0);
	menv_wr64_va(&e, 1, SYNC_VA, 5);
	menv_doorbell(&e, 1);
	/* registers let the firmware act, but give streams no time */
	e.now_ns += MDL_COST_FW_REQUEST_NS;
	menv_rd(&e, MCU_STATUS);
	assert_true(menv_wait_word(&e, menv_csg_out(&e, 0), 7, MENV_CSG_SUSPEND, 100 * MS));
	assert_int_equal(menv_rd64_va(&e, 1, SYNC_VA + 16), 0);
	assert_int_equal(menv_mcu_rd(&e, reason), 0);
	assert_true(menv_group_start(&e, &group, 0, MENV_CSG_RESUME));
	menv_run_for(&e, MS);
	assert_int_equal(menv_rd64_va(&e, 1, SYNC_VA + 16), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(resume_after_disable),  TEST(resume_after_halt_alone),
		TEST(switches_after_resume), TEST(control_does_not_end_sleep),
		TEST(reset_amid_job),	     TEST(woken_and_suspended),
	};

	return cmocka_run_group_tests_name("model_driver", tests, NULL, NULL);
}
