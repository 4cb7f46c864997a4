// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The firmware interface of the model: global, group and stream requests with their interrupts, events,
 * doorbells, idleness, power and faults.
 */
#include "tools/model/csf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/model_csf_env.h"
#include "tools/model/cost.h"
#include "tools/model/cs.h"

#define SHADER_READY 0x140u
#define TILER_READY  0x150u
#define CYCLE_COUNT  0x90u
#define GLB_IRQ	     0x80000000u

#define GLB_ALLOC     (1u << 2)
#define GLB_PROTM     (1u << 4)
#define GLB_COUNTER   (1u << 7)
#define GLB_PING      (1u << 8)
#define GLB_SLEEP     (1u << 12)
#define GLB_IDLE      (1u << 26)
#define CSG_ENDPOINTS (1u << 4)
#define CSG_STATUS    (1u << 5)

/* ---- global ---- */

static void global_requests(void **state)
{
	static const struct {
		uint32_t bit;
		bool answered;
	} cases[] = {
		{ 1u << 1, true },  { 1u << 2, true },	   { 1u << 3, true },  { 1u << 5, true },
		{ 1u << 6, true },  { GLB_COUNTER, true }, { GLB_PING, true }, { 1u << 9, true },
		{ 1u << 10, true }, { GLB_PROTM, false },
	};
	struct menv *e = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cenv_clear_irqs(e);
		menv_glb_request(e, cases[i].bit);
		assert_int_equal(cenv_glb_events(e), cases[i].bit); /* not yet */
		menv_run_for(e, MDL_COST_FW_REQUEST_NS);
		if (cenv_glb_events(e) != (cases[i].answered ? 0 : cases[i].bit))
			fail_msg("request 0x%x", cases[i].bit);
		assert_int_equal(menv_rd(e, CENV_JOB_RAWSTAT), cases[i].answered ? GLB_IRQ : 0);
	}
	assert_int_equal(e->errors, 1); /* protected mode */
}

static void only_enabled_bits_interrupt(void **state)
{
	struct menv *e = *state;

	menv_mcu_wr(e, e->glb_in + GLB_IN_ACK_IRQ_MASK, ~GLB_PING);
	menv_glb_request(e, GLB_PING);
	cenv_quiet(e);
	assert_int_equal(cenv_glb_events(e), 0);
	assert_int_equal(menv_rd(e, CENV_JOB_RAWSTAT), 0);
}

static void counter_runs_when_enabled(void **state)
{
	struct menv *e = *state;
	uint64_t cycles = menv_rd64(e, CYCLE_COUNT); /* menv_boot() enabled it */

	menv_run_for(e, 1000);
	assert_int_equal(menv_rd64(e, CYCLE_COUNT), cycles + 1000);
	menv_glb_request(e, GLB_COUNTER);
	menv_run_for(e, MDL_COST_FW_REQUEST_NS);
	cycles = menv_rd64(e, CYCLE_COUNT);
	menv_run_for(e, 1000);
	assert_int_equal(menv_rd64(e, CYCLE_COUNT), cycles);
}

static void halt_is_answered_in_the_doorbell(void **state)
{
	struct menv *e = *state;
	uint64_t now = e->now_ns;

	menv_glb_request(e, CENV_GLB_HALT);
	assert_int_equal(e->now_ns, now);
	assert_int_equal(menv_rd(e, CENV_MCU_STATUS), 2);
	assert_int_equal(cenv_glb_events(e), 0);
	menv_glb_request(e, GLB_PING);
	cenv_quiet(e);
	assert_int_equal(cenv_glb_events(e), GLB_PING);
}

static void sleep_and_wake(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	cenv_start_group(e, &g, 0, 1);
	cenv_quiet(e);
	menv_glb_request(e, GLB_SLEEP);
	assert_true(menv_wait_reg(e, CENV_MCU_STATUS, ~0u, 2, CENV_MS));
	assert_int_equal(cenv_glb_events(e) & GLB_SLEEP, 0);
	cenv_submit_add(e, &g, 0, 0, 0, 5);
	menv_run_for(e, 20 * CENV_MS);
	assert_int_equal(cenv_data(e, 0), 0);
	menv_glb_request(e, GLB_SLEEP);
	assert_int_equal(menv_rd(e, CENV_MCU_STATUS), 1);
	cenv_quiet(e);
	menv_doorbell(e, 1);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 5);
}

/* ---- groups ---- */

static void start_and_terminate(void **state)
{
	struct menv_group g;
	struct menv *e = *state;
	uint64_t before;

	menv_group_create(e, &g, CENV_AS, 2);
	cenv_clear_irqs(e);
	before = e->now_ns;
	assert_true(menv_group_start(e, &g, 3, MENV_CSG_START));
	assert_int_equal(e->now_ns - before,
			 MDL_COST_FW_REQUEST_NS + MDL_COST_FW_GROUP_NS + 8 * MDL_COST_FW_STREAM_NS);
	assert_int_equal(menv_rd(e, CENV_JOB_RAWSTAT), 1u << 3);
	assert_int_equal(cenv_cs_events(e, 3, 0) & 0xfff, 0);
	assert_int_equal(menv_mcu_rd(e, menv_cs_out(e, 3, 1)) & 7, 1);
	assert_int_equal(menv_mcu_rd(e, menv_cs_out(e, 3, 2)) & 7, 0);
	assert_int_equal(menv_mcu_rd(e, e->glb_in + GLB_IN_DOORBELL_REQ),
			 menv_mcu_rd(e, e->glb_out + GLB_OUT_DOORBELL_ACK));
	cenv_clear_irqs(e);
	cenv_submit_add(e, &g, 3, 1, 0, 1);
	assert_true(menv_group_state(e, 3, MENV_CSG_TERMINATE));
	assert_int_equal(menv_rd(e, CENV_JOB_RAWSTAT) & 1u << 3, 1u << 3);
	cenv_quiet(e);
	cenv_submit_add(e, &g, 3, 1, 0, 1);
	cenv_quiet(e);
	assert_true(cenv_data(e, 0) <= 1); /* nothing runs in a free slot */
	assert_int_equal(e->errors, 0);
}

static void senseless_states(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	assert_true(menv_group_state(e, 0, MENV_CSG_SUSPEND)); /* of nothing */
	assert_int_equal(e->errors, 1);
	assert_true(menv_group_state(e, 0, MENV_CSG_TERMINATE)); /* fine */
	assert_int_equal(e->errors, 1);
	cenv_start_group(e, &g, 0, 1);
	assert_true(menv_group_state(e, 0, MENV_CSG_RESUME)); /* runs already */
	assert_int_equal(e->errors, 2);
	cenv_submit_add(e, &g, 0, 0, 0, 7);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 7);
	menv_mcu_wr(e, menv_csg_in(e, 0), 5);
	menv_csg_ring(e, 0);
	cenv_quiet(e);
	assert_int_equal(cenv_csg_events(e, 0) & 7, 5 ^ 3); /* unknown: no answer */
}

static void job_and_sync_update(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	cenv_start_group(e, &g, 2, 2);
	cenv_quiet(e);
	cenv_accept(e, 2);
	cenv_clear_irqs(e);
	cenv_submit_add(e, &g, 2, 1, 4, 9);
	assert_int_equal(cenv_data(e, 4), 0); /* streams run in mmx_model_run() only */
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 4), 9);
	assert_int_equal(menv_queue_extract(e, &g, 1), 24);
	assert_int_equal(cenv_csg_events(e, 2), CENV_CSG_SYNC | CENV_CSG_IDLE);
	assert_int_equal(menv_rd(e, CENV_JOB_RAWSTAT) & 1u << 2, 1u << 2);

	/* not accepted: the next one is the same event; accepted: a new one */
	cenv_clear_irqs(e);
	cenv_submit_add(e, &g, 2, 0, 4, 1);
	cenv_quiet(e);
	assert_int_equal(cenv_csg_events(e, 2), CENV_CSG_SYNC | CENV_CSG_IDLE);
	assert_int_equal(menv_rd(e, CENV_JOB_RAWSTAT), 0);
	cenv_accept(e, 2);
	menv_mcu_wr(e, menv_csg_in(e, 2) + CSG_IN_ACK_IRQ_MASK, ~(CENV_CSG_SYNC | CENV_CSG_IDLE));
	cenv_submit_add(e, &g, 2, 0, 4, 1);
	cenv_quiet(e);
	assert_int_equal(cenv_csg_events(e, 2), CENV_CSG_SYNC | CENV_CSG_IDLE);
	assert_int_equal(menv_rd(e, CENV_JOB_RAWSTAT) & 1u << 2, 0); /* not enabled */
	assert_int_equal(cenv_data(e, 4), 11);
}

static void doorbells_reach_their_streams(void **state)
{
	struct menv_group a, b;
	struct menv *e = *state;

	cenv_start_group(e, &a, 0, 1);
	cenv_start_group(e, &b, 1, 1);
	cenv_quiet(e);
	cenv_submit_add(e, &a, 1, 0, 0, 1); /* into a's ring, but b's doorbell */
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 0);
	menv_doorbell(e, 9); /* nobody's */
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 0);
	menv_cs_ring(e, 0, 1); /* by the firmware's doorbell */
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 1);
	assert_int_equal(menv_mcu_rd(e, menv_csg_in(e, 0) + CSG_IN_DOORBELL_REQ),
			 menv_mcu_rd(e, menv_csg_out(e, 0) + CSG_OUT_DOORBELL_ACK));
	cenv_submit_add(e, &a, 0, 0, 0, 1);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 2);
}

static void streams_stop_and_start(void **state)
{
	struct menv_group g;
	struct menv *e = *state;
	uint32_t in = menv_cs_in(e, 0, 1);
	uint32_t req;

	cenv_start_group(e, &g, 0, 2);
	req = menv_mcu_rd(e, in);
	menv_mcu_wr(e, in, req & ~7u);
	menv_cs_ring(e, 0, 2);
	cenv_quiet(e);
	assert_int_equal(cenv_cs_events(e, 0, 1) & 7, 0);
	cenv_submit_add(e, &g, 0, 1, 0, 1);
	cenv_submit_add(e, &g, 0, 0, 1, 1);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 0);
	assert_int_equal(cenv_data(e, 1), 1);
	menv_mcu_wr(e, in, req);
	menv_cs_ring(e, 0, 2);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 1);
}

static void status_update(void **state)
{
	const uint64_t wait[] = { W_MOVE48(CENV_R_ADDR, CENV_DATA_VA),
				  W_MOVE48(CENV_R_VALUE, UINT64_C(0x300000005)), CENV_SYNC_WAIT };
	struct menv_group g;
	struct menv *e = *state;
	uint32_t csg, cs;

	cenv_start_group(e, &g, 1, 2);
	menv_submit(e, &g, 1, 0, wait, 3);
	cenv_quiet(e);
	csg = menv_csg_out(e, 1);
	cs = menv_cs_out(e, 1, 0);
	cenv_csg_request(e, 1, CSG_STATUS);
	cenv_quiet(e);
	assert_int_equal(cenv_csg_events(e, 1) & CSG_STATUS, 0);
	assert_int_equal(menv_mcu_rd(e, csg + CSG_OUT_STATE), 1); /* all wait: idle */
	assert_int_equal(menv_mcu_rd(e, csg + CSG_OUT_ENDPOINT_REQ), 0x00010404);
	assert_int_equal(menv_mcu_rd(e, cs + CS_OUT_BLOCKED_REASON), 3);
	assert_int_equal(menv_mcu_rd(e, cs + CS_OUT_WAIT) & 0xff000000, 0xc1000000); /* >, 64 bit */
	assert_int_equal(menv_rd64_va(e, 0, cs + CS_OUT_WAIT_SYNC_PTR), CENV_DATA_VA);
	assert_int_equal(menv_mcu_rd(e, cs + CS_OUT_WAIT_SYNC_VALUE), 5);
	assert_int_equal(menv_mcu_rd(e, cs + CS_OUT_WAIT_SYNC_VALUE + 12), 3);
	assert_int_equal(menv_rd64_va(e, 0, cs + CS_OUT_CMD_PTR), g.queues[0].ring_va + 16);
	assert_int_equal(menv_mcu_rd(e, cs + 0x100 + CS_OUT_BLOCKED_REASON), 0);

	/* without IDLE_SYNC_WAIT a waiting stream is not idle */
	menv_mcu_wr(e, menv_cs_in(e, 1, 0), menv_mcu_rd(e, menv_cs_in(e, 1, 0)) & ~(1u << 8));
	menv_cs_ring(e, 1, 1);
	menv_run_for(e, CENV_MS);
	cenv_csg_request(e, 1, CSG_STATUS);
	menv_run_for(e, CENV_MS);
	assert_int_equal(menv_mcu_rd(e, csg + CSG_OUT_STATE), 0);
	assert_int_equal(menv_mcu_rd(e, csg + CSG_OUT_ENDPOINT_CURRENT), 0x00010404);
}

static void endpoint_config(void **state)
{
	struct menv_group g;
	struct menv *e = *state;
	uint32_t in = menv_csg_in(e, 0);

	cenv_start_group(e, &g, 0, 1);
	menv_run_for(e, MDL_COST_CORE_POWER_NS);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 0), 0x50005);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 2), 1);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 3), 0x50005);
	assert_int_equal(mdl_csf_priority(e->m, 0), 15);
	/* no tiler; exclusive, whatever that is */
	menv_mcu_wr(e, in + CSG_IN_ENDPOINT_REQ, 3u << 28 | 3u << 20 | 0x0102);
	menv_mcu_wr(e, in + CSG_IN_ALLOW_COMPUTE, 0x40004);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 0), 0x50005); /* not asked for yet */
	cenv_csg_request(e, 0, CSG_ENDPOINTS);
	menv_run_for(e, MDL_COST_FW_REQUEST_NS);
	assert_int_equal(cenv_csg_events(e, 0) & CSG_ENDPOINTS, 0);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 0), 0x40004);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 1), 0x1);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 2), 0);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 3), 0);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 4), 0x40004);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 5), 0);
	assert_int_equal(mdl_csf_endpoints(e->m, 99, 0), 0);
	assert_int_equal(mdl_csf_priority(e->m, 0), 3);
	cenv_csg_request(e, 0, CSG_STATUS);
	menv_run_for(e, MDL_COST_FW_REQUEST_NS);
	assert_int_equal(menv_mcu_rd(e, menv_csg_out(e, 0) + CSG_OUT_ENDPOINT_REQ),
			 3u << 20 | 0x0102);
}

/* A request that comes while a transition runs is looked at when it has ended. */
/* Which cores there are is the host's matter; those that are taken away lose their power. */
static void core_allocation(void **state)
{
	static const struct {
		uint64_t mask, cores;
	} rows[] = {
		{ 0x50004, 0x50004 },	  { 0x1, 0x1 },		{ 0, 0 }, { ~UINT64_C(0), 0x50005 },
		{ UINT64_C(1) << 32, 0 }, { 0x50005, 0x50005 },
	};
	const uint64_t forever = W_BRANCH(ALWAYS, 0, -1);
	struct menv_group g;
	struct menv *e = *state;

	cenv_start_group(e, &g, 0, 1);
	menv_submit(e, &g, 0, 0, &forever, 1); /* so that they stay powered */
	menv_run_for(e, CENV_MS);
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t before = mdl_csf_endpoints(e->m, 0, 0);

		menv_mcu_wr(e, e->glb_in + GLB_IN_CORE_EN_MASK, (uint32_t)rows[i].mask);
		menv_mcu_wr(e, e->glb_in + GLB_IN_CORE_EN_MASK + 4, (uint32_t)(rows[i].mask >> 32));
		menv_run_for(e, CENV_MS);
		assert_int_equal(mdl_csf_endpoints(e->m, 0, 0), before); /* not asked for yet */
		menv_glb_request(e, GLB_ALLOC);
		menv_run_for(e, CENV_MS);
		assert_int_equal(cenv_glb_events(e) & GLB_ALLOC, 0);
		assert_int_equal(mdl_csf_endpoints(e->m, 0, 0), rows[i].cores);
		assert_int_equal(menv_rd64(e, SHADER_READY), rows[i].cores);
	}
}

static void request_during_transition(void **state)
{
	struct menv_group g;
	struct menv *e = *state;
	uint32_t in = menv_csg_in(e, 0);

	menv_group_create(e, &g, CENV_AS, 1);
	menv_mcu_wr(e, in, 1);
	menv_mcu_wr(e, in + CSG_IN_ACK_IRQ_MASK, ~0u);
	menv_csg_ring(e, 0);
	menv_run_for(e, MDL_COST_FW_REQUEST_NS + 100);
	assert_int_equal(cenv_csg_events(e, 0) & 7, 1);
	menv_mcu_wr(e, in, 0);
	menv_csg_ring(e, 0);
	assert_true(menv_wait_word(e, menv_csg_out(e, 0), 7, 1, CENV_MS));
	assert_true(menv_wait_word(e, menv_csg_out(e, 0), 7, 0, CENV_MS));
}

/* ---- idleness and power ---- */

static void idle_timer_and_power(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	assert_int_equal(menv_rd64(e, SHADER_READY), 0);
	cenv_start_group(e, &g, 0, 1);
	menv_run_for(e, MDL_COST_CORE_POWER_NS);
	assert_int_equal(menv_rd64(e, SHADER_READY), 0x50005);
	assert_int_equal(menv_rd64(e, TILER_READY), 1);
	assert_int_equal(cenv_csg_events(e, 0), CENV_CSG_IDLE);
	assert_int_equal(cenv_glb_events(e), 0);
	menv_run_for(e, CENV_MS * 7 / 10); /* 800 us of hysteresis */
	assert_int_equal(cenv_glb_events(e), 0);
	cenv_submit_add(e, &g, 0, 0, 0, 1); /* begins it anew */
	menv_run_for(e, CENV_MS * 7 / 10);
	assert_int_equal(cenv_glb_events(e), 0);
	cenv_clear_irqs(e);
	menv_run_for(e, CENV_MS * 2 / 10);
	assert_int_equal(cenv_glb_events(e), GLB_IDLE);
	assert_int_equal(menv_rd(e, CENV_JOB_RAWSTAT), GLB_IRQ);
	assert_int_equal(menv_rd64(e, SHADER_READY), 0x50005);
	menv_run_for(e, 10 * CENV_MS); /* poweroff timer */
	assert_int_equal(menv_rd64(e, SHADER_READY), 0);
	assert_int_equal(menv_rd64(e, TILER_READY), 0);
	cenv_submit_add(e, &g, 0, 0, 0, 1);
	menv_run_for(e, 2 * MDL_COST_CORE_POWER_NS);
	assert_int_equal(menv_rd64(e, SHADER_READY), 0x50005);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 2);
	assert_int_equal(e->errors, 0);
}

/* Work that comes while cores are going off gets them back. */
static void power_off_and_on_again(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	cenv_start_group(e, &g, 0, 1);
	assert_true(menv_wait_reg(e, SHADER_READY, ~0u, 0x50005, CENV_MS));
	assert_true(menv_wait_reg(e, SHADER_READY, ~0u, 0, 20 * CENV_MS));
	cenv_submit_add(e, &g, 0, 0, 0, 1);
	menv_run_for(e, 3 * MDL_COST_CORE_POWER_NS);
	assert_int_equal(menv_rd64(e, SHADER_READY), 0x50005);
}

/* ---- faults ---- */

static void fatal_event(void **state)
{
	const uint64_t bad = CENV_INVALID;
	struct menv_group g;
	struct menv *e = *state;
	uint32_t out = menv_cs_out(e, 0, 1);

	cenv_start_group(e, &g, 0, 2);
	cenv_quiet(e);
	cenv_clear_irqs(e);
	menv_submit(e, &g, 0, 1, &bad, 1);
	cenv_quiet(e);
	assert_int_equal(cenv_cs_events(e, 0, 1), CENV_CS_FATAL);
	assert_int_equal(menv_mcu_rd(e, out + CS_OUT_FATAL) & 0xff, 0x49);
	assert_int_equal(menv_mcu_rd(e, menv_csg_out(e, 0) + CSG_OUT_CS_IRQ_REQ), 2);
	assert_int_equal(menv_rd(e, CENV_JOB_RAWSTAT) & 1, 1);
	assert_int_equal(cenv_cs_events(e, 0, 0), 0);
	cenv_submit_add(e, &g, 0, 0, 0, 1); /* its neighbour goes on */
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 1);
}

static void fatal_without_interrupt(void **state)
{
	const uint64_t bad = CENV_INVALID;
	struct menv_group g;
	struct menv *e = *state;

	cenv_start_group(e, &g, 0, 1);
	cenv_quiet(e);
	cenv_accept(e, 0);
	cenv_clear_irqs(e);
	menv_mcu_wr(e, menv_cs_in(e, 0, 0) + CS_IN_ACK_IRQ_MASK, ~CENV_CS_FATAL);
	menv_mcu_wr(e, menv_csg_in(e, 0) + CSG_IN_ACK_IRQ_MASK, 0);
	menv_submit(e, &g, 0, 0, &bad, 1);
	cenv_quiet(e);
	assert_int_equal(cenv_cs_events(e, 0, 0), CENV_CS_FATAL);
	assert_int_equal(menv_mcu_rd(e, menv_csg_out(e, 0) + CSG_OUT_CS_IRQ_REQ), 0);
	assert_int_equal(menv_rd(e, CENV_JOB_RAWSTAT) & 1, 0);
}

static void address_space_fault(void **state)
{
	const uint64_t job[] = { W_MOVE48(CENV_R_ADDR, 0x7000), W_MOVE48(CENV_R_VALUE, 1),
				 CENV_SYNC_ADD };
	struct menv_group g;
	struct menv *e = *state;

	cenv_start_group(e, &g, 0, 1);
	menv_submit(e, &g, 0, 0, job, 3);
	cenv_quiet(e);
	assert_int_equal(menv_rd(e, CENV_MMU_RAWSTAT) & 0xffff, 1u << CENV_AS);
	assert_int_equal(menv_rd64(e, 0x2400 + CENV_AS * 0x40 + 0x20), 0x7000);
	assert_int_equal(cenv_cs_events(e, 0, 0), CENV_CS_FATAL);
	assert_true(menv_group_state(e, 0, MENV_CSG_TERMINATE));
	cenv_start_group(e, &g, 0, 1); /* the slot is as good as new */
	menv_mcu_wr(e, menv_cs_in(e, 0, 0), menv_mcu_rd(e, menv_cs_in(e, 0, 0)) ^ CENV_CS_FATAL);
	cenv_submit_add(e, &g, 0, 0, 0, 1);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cenv_setup, cenv_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(global_requests),
		TEST(only_enabled_bits_interrupt),
		TEST(counter_runs_when_enabled),
		TEST(halt_is_answered_in_the_doorbell),
		TEST(sleep_and_wake),
		TEST(start_and_terminate),
		TEST(senseless_states),
		TEST(job_and_sync_update),
		TEST(doorbells_reach_their_streams),
		TEST(streams_stop_and_start),
		TEST(status_update),
		TEST(endpoint_config),
		TEST(core_allocation),
		TEST(request_during_transition),
		TEST(idle_timer_and_power),
		TEST(power_off_and_on_again),
		TEST(fatal_event),
		TEST(fatal_without_interrupt),
		TEST(address_space_fault),
	};

	return cmocka_run_group_tests_name("model_csf", tests, NULL, NULL);
}
