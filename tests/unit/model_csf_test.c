// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The firmware interface of the model: global, group and stream requests with their interrupts, events,
 * doorbells, idleness and power, suspension into the buffer and out of it into another slot.
 */
#include "tools/model/csf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/model_env.h"
#include "tools/model/cost.h"
#include "tools/model/cs.h"

#define MCU_CONTROL  0x700u
#define MCU_STATUS   0x704u
#define JOB_RAWSTAT  0x1000u
#define JOB_CLEAR    0x1004u
#define MMU_RAWSTAT  0x2000u
#define SHADER_READY 0x140u
#define TILER_READY  0x150u
#define CYCLE_COUNT  0x90u
#define GLB_IRQ	     0x80000000u

#define GLB_HALT      (1u << 0)
#define GLB_PROTM     (1u << 4)
#define GLB_COUNTER   (1u << 7)
#define GLB_PING      (1u << 8)
#define GLB_SLEEP     (1u << 12)
#define GLB_IDLE      (1u << 26)
#define CSG_ENDPOINTS (1u << 4)
#define CSG_STATUS    (1u << 5)
#define CSG_SYNC      (1u << 28)
#define CSG_IDLE      (1u << 29)
#define CS_FATAL      (1u << 30)
#define CS_FAULT      (1u << 31)

#define MS	UINT64_C(1000000)
#define AS	1u
#define DATA_VA UINT64_C(0x10000000)
#define R_ADDR	80u /* pair */
#define R_VALUE 82u /* pair */
#define R_COUNT 84u

/* ---- instructions, encoded from the public description ---- */

static uint64_t mov48(unsigned int reg, uint64_t value)
{
	return UINT64_C(1) << 56 | (uint64_t)reg << 48 | value;
}

static uint64_t mov32(unsigned int reg, uint32_t value)
{
	return UINT64_C(2) << 56 | (uint64_t)reg << 48 | value;
}

static uint64_t add32(unsigned int reg, int32_t value)
{
	return UINT64_C(16) << 56 | (uint64_t)reg << 48 | (uint64_t)reg << 40 | (uint32_t)value;
}

/* Back by @count instructions while @reg > 0 (condition 1). */
static uint64_t loop(unsigned int reg, int count)
{
	return UINT64_C(22) << 56 | (uint64_t)reg << 40 | UINT64_C(1) << 28 |
	       (uint16_t)(int16_t)-count;
}

/* [addr] += value, system scope, at once */
static uint64_t sync_add64(void)
{
	return UINT64_C(51) << 56 | (uint64_t)R_ADDR << 40 | (uint64_t)R_VALUE << 32;
}

/* until [addr] > value */
static uint64_t sync_wait64(void)
{
	return UINT64_C(53) << 56 | (uint64_t)R_ADDR << 40 | (uint64_t)R_VALUE << 32 |
	       UINT64_C(1) << 28 | 1;
}

static uint64_t wait_all(void)
{
	return UINT64_C(3) << 56 | UINT64_C(0xff) << 16;
}

static uint64_t req_compute(void)
{
	return UINT64_C(34) << 56 | 1;
}

/* tasks of one workgroup along x */
static uint64_t run_compute(void)
{
	return UINT64_C(4) << 56 | 1;
}

static uint64_t invalid(void)
{
	return UINT64_C(0xfe) << 56;
}

/* ---- set-up ---- */

static struct menv env;

static int setup(void **state)
{
	*state = &env;
	menv_init(&env, NULL);
	menv_boot(&env);
	menv_as_create(&env, AS);
	menv_map_new(&env, AS, DATA_VA, MENV_PAGE, MENV_RW | MENV_UNCACHED);
	return 0;
}

static int teardown(void **state)
{
	menv_finish(*state);
	return 0;
}

static uint64_t data(struct menv *e, unsigned int index)
{
	return menv_rd64_va(e, AS, DATA_VA + 16 * index);
}

/* data[index] += value; 3 instructions. */
static void submit_add(struct menv *e, struct menv_group *g, unsigned int csg, unsigned int cs,
		       unsigned int index, uint64_t value)
{
	const uint64_t job[] = { mov48(R_ADDR, DATA_VA + 16 * index), mov48(R_VALUE, value),
				 sync_add64() };

	menv_submit(e, g, csg, cs, job, 3);
}

static void clear_irqs(struct menv *e)
{
	menv_wr(e, JOB_CLEAR, ~0u);
	assert_int_equal(e->pending[MMX_MODEL_IRQ_JOB], 0);
}

/* What is outstanding between a request word and its acknowledge word. */
static uint32_t csg_events(struct menv *e, unsigned int csg)
{
	return menv_mcu_rd(e, menv_csg_in(e, csg) + CSG_IN_REQ) ^
	       menv_mcu_rd(e, menv_csg_out(e, csg) + CSG_OUT_ACK);
}

static uint32_t cs_events(struct menv *e, unsigned int csg, unsigned int cs)
{
	return menv_mcu_rd(e, menv_cs_in(e, csg, cs) + CS_IN_REQ) ^
	       menv_mcu_rd(e, menv_cs_out(e, csg, cs) + CS_OUT_ACK);
}

static uint32_t glb_events(struct menv *e)
{
	return menv_mcu_rd(e, e->glb_in + GLB_IN_REQ) ^ menv_mcu_rd(e, e->glb_out + GLB_OUT_ACK);
}

static void accept_csg_events(struct menv *e, unsigned int csg)
{
	uint32_t in = menv_csg_in(e, csg);

	menv_mcu_wr(e, in, menv_mcu_rd(e, in) ^ (csg_events(e, csg) & 0xf0000000));
}

/* Toggles request bits of a slot and rings for it. */
static void csg_request(struct menv *e, unsigned int csg, uint32_t bits)
{
	uint32_t in = menv_csg_in(e, csg);

	menv_mcu_wr(e, in, menv_mcu_rd(e, in) ^ bits);
	menv_csg_ring(e, csg);
}

static void quiet(struct menv *e)
{
	if (!menv_run_quiet(e, 1000 * MS))
		fail_msg("the model does not get quiet");
}

static void start_group(struct menv *e, struct menv_group *g, unsigned int csg,
			unsigned int streams)
{
	menv_group_create(e, g, AS, streams);
	assert_true(menv_group_start(e, g, csg, MENV_CSG_START));
}

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
		clear_irqs(e);
		menv_glb_request(e, cases[i].bit);
		assert_int_equal(glb_events(e), cases[i].bit); /* not yet */
		menv_run_for(e, MDL_COST_FW_REQUEST_NS);
		if (glb_events(e) != (cases[i].answered ? 0 : cases[i].bit))
			fail_msg("request 0x%x", cases[i].bit);
		assert_int_equal(menv_rd(e, JOB_RAWSTAT), cases[i].answered ? GLB_IRQ : 0);
	}
	assert_int_equal(e->errors, 1); /* protected mode */
}

static void only_enabled_bits_interrupt(void **state)
{
	struct menv *e = *state;

	menv_mcu_wr(e, e->glb_in + GLB_IN_ACK_IRQ_MASK, ~GLB_PING);
	menv_glb_request(e, GLB_PING);
	quiet(e);
	assert_int_equal(glb_events(e), 0);
	assert_int_equal(menv_rd(e, JOB_RAWSTAT), 0);
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

	menv_glb_request(e, GLB_HALT);
	assert_int_equal(e->now_ns, now);
	assert_int_equal(menv_rd(e, MCU_STATUS), 2);
	assert_int_equal(glb_events(e), 0);
	menv_glb_request(e, GLB_PING);
	quiet(e);
	assert_int_equal(glb_events(e), GLB_PING);
}

static void sleep_and_wake(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	start_group(e, &g, 0, 1);
	quiet(e);
	menv_glb_request(e, GLB_SLEEP);
	assert_true(menv_wait_reg(e, MCU_STATUS, ~0u, 2, MS));
	assert_int_equal(glb_events(e) & GLB_SLEEP, 0);
	submit_add(e, &g, 0, 0, 0, 5);
	menv_run_for(e, 20 * MS);
	assert_int_equal(data(e, 0), 0);
	menv_glb_request(e, GLB_SLEEP);
	assert_int_equal(menv_rd(e, MCU_STATUS), 1);
	quiet(e);
	menv_doorbell(e, 1);
	quiet(e);
	assert_int_equal(data(e, 0), 5);
}

/* ---- groups ---- */

static void start_and_terminate(void **state)
{
	struct menv_group g;
	struct menv *e = *state;
	uint64_t before;

	menv_group_create(e, &g, AS, 2);
	clear_irqs(e);
	before = e->now_ns;
	assert_true(menv_group_start(e, &g, 3, MENV_CSG_START));
	assert_int_equal(e->now_ns - before,
			 MDL_COST_FW_REQUEST_NS + MDL_COST_FW_GROUP_NS + 8 * MDL_COST_FW_STREAM_NS);
	assert_int_equal(menv_rd(e, JOB_RAWSTAT), 1u << 3);
	assert_int_equal(cs_events(e, 3, 0) & 0xfff, 0);
	assert_int_equal(menv_mcu_rd(e, menv_cs_out(e, 3, 1)) & 7, 1);
	assert_int_equal(menv_mcu_rd(e, menv_cs_out(e, 3, 2)) & 7, 0);
	assert_int_equal(menv_mcu_rd(e, e->glb_in + GLB_IN_DOORBELL_REQ),
			 menv_mcu_rd(e, e->glb_out + GLB_OUT_DOORBELL_ACK));
	clear_irqs(e);
	submit_add(e, &g, 3, 1, 0, 1);
	assert_true(menv_group_state(e, 3, MENV_CSG_TERMINATE));
	assert_int_equal(menv_rd(e, JOB_RAWSTAT) & 1u << 3, 1u << 3);
	quiet(e);
	submit_add(e, &g, 3, 1, 0, 1);
	quiet(e);
	assert_true(data(e, 0) <= 1); /* nothing runs in a free slot */
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
	start_group(e, &g, 0, 1);
	assert_true(menv_group_state(e, 0, MENV_CSG_RESUME)); /* runs already */
	assert_int_equal(e->errors, 2);
	submit_add(e, &g, 0, 0, 0, 7);
	quiet(e);
	assert_int_equal(data(e, 0), 7);
	menv_mcu_wr(e, menv_csg_in(e, 0), 5);
	menv_csg_ring(e, 0);
	quiet(e);
	assert_int_equal(csg_events(e, 0) & 7, 5 ^ 3); /* unknown: no answer */
}

static void job_and_sync_update(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	start_group(e, &g, 2, 2);
	quiet(e);
	accept_csg_events(e, 2);
	clear_irqs(e);
	submit_add(e, &g, 2, 1, 4, 9);
	assert_int_equal(data(e, 4), 0); /* streams run in mmx_model_run() only */
	quiet(e);
	assert_int_equal(data(e, 4), 9);
	assert_int_equal(menv_queue_extract(e, &g, 1), 24);
	assert_int_equal(csg_events(e, 2), CSG_SYNC | CSG_IDLE);
	assert_int_equal(menv_rd(e, JOB_RAWSTAT) & 1u << 2, 1u << 2);

	/* not accepted: the next one is the same event; accepted: a new one */
	clear_irqs(e);
	submit_add(e, &g, 2, 0, 4, 1);
	quiet(e);
	assert_int_equal(csg_events(e, 2), CSG_SYNC | CSG_IDLE);
	assert_int_equal(menv_rd(e, JOB_RAWSTAT), 0);
	accept_csg_events(e, 2);
	menv_mcu_wr(e, menv_csg_in(e, 2) + CSG_IN_ACK_IRQ_MASK, ~(CSG_SYNC | CSG_IDLE));
	submit_add(e, &g, 2, 0, 4, 1);
	quiet(e);
	assert_int_equal(csg_events(e, 2), CSG_SYNC | CSG_IDLE);
	assert_int_equal(menv_rd(e, JOB_RAWSTAT) & 1u << 2, 0); /* not enabled */
	assert_int_equal(data(e, 4), 11);
}

static void doorbells_reach_their_streams(void **state)
{
	struct menv_group a, b;
	struct menv *e = *state;

	start_group(e, &a, 0, 1);
	start_group(e, &b, 1, 1);
	quiet(e);
	submit_add(e, &a, 1, 0, 0, 1); /* into a's ring, but b's doorbell */
	quiet(e);
	assert_int_equal(data(e, 0), 0);
	menv_doorbell(e, 9); /* nobody's */
	quiet(e);
	assert_int_equal(data(e, 0), 0);
	menv_cs_ring(e, 0, 1); /* by the firmware's doorbell */
	quiet(e);
	assert_int_equal(data(e, 0), 1);
	assert_int_equal(menv_mcu_rd(e, menv_csg_in(e, 0) + CSG_IN_DOORBELL_REQ),
			 menv_mcu_rd(e, menv_csg_out(e, 0) + CSG_OUT_DOORBELL_ACK));
	submit_add(e, &a, 0, 0, 0, 1);
	quiet(e);
	assert_int_equal(data(e, 0), 2);
}

static void streams_stop_and_start(void **state)
{
	struct menv_group g;
	struct menv *e = *state;
	uint32_t in = menv_cs_in(e, 0, 1);
	uint32_t req;

	start_group(e, &g, 0, 2);
	req = menv_mcu_rd(e, in);
	menv_mcu_wr(e, in, req & ~7u);
	menv_cs_ring(e, 0, 2);
	quiet(e);
	assert_int_equal(cs_events(e, 0, 1) & 7, 0);
	submit_add(e, &g, 0, 1, 0, 1);
	submit_add(e, &g, 0, 0, 1, 1);
	quiet(e);
	assert_int_equal(data(e, 0), 0);
	assert_int_equal(data(e, 1), 1);
	menv_mcu_wr(e, in, req);
	menv_cs_ring(e, 0, 2);
	quiet(e);
	assert_int_equal(data(e, 0), 1);
}

static void status_update(void **state)
{
	const uint64_t wait[] = { mov48(R_ADDR, DATA_VA), mov48(R_VALUE, UINT64_C(0x300000005)),
				  sync_wait64() };
	struct menv_group g;
	struct menv *e = *state;
	uint32_t csg, cs;

	start_group(e, &g, 1, 2);
	menv_submit(e, &g, 1, 0, wait, 3);
	quiet(e);
	csg = menv_csg_out(e, 1);
	cs = menv_cs_out(e, 1, 0);
	csg_request(e, 1, CSG_STATUS);
	quiet(e);
	assert_int_equal(csg_events(e, 1) & CSG_STATUS, 0);
	assert_int_equal(menv_mcu_rd(e, csg + CSG_OUT_STATE), 1); /* all wait: idle */
	assert_int_equal(menv_mcu_rd(e, csg + CSG_OUT_ENDPOINT_REQ), 0x00010404);
	assert_int_equal(menv_mcu_rd(e, cs + CS_OUT_BLOCKED_REASON), 3);
	assert_int_equal(menv_mcu_rd(e, cs + CS_OUT_WAIT) & 0xff000000, 0xc1000000); /* >, 64 bit */
	assert_int_equal(menv_rd64_va(e, 0, cs + CS_OUT_WAIT_SYNC_PTR), DATA_VA);
	assert_int_equal(menv_mcu_rd(e, cs + CS_OUT_WAIT_SYNC_VALUE), 5);
	assert_int_equal(menv_mcu_rd(e, cs + CS_OUT_WAIT_SYNC_VALUE + 12), 3);
	assert_int_equal(menv_rd64_va(e, 0, cs + CS_OUT_CMD_PTR), g.queues[0].ring_va + 16);
	assert_int_equal(menv_mcu_rd(e, cs + 0x100 + CS_OUT_BLOCKED_REASON), 0);

	/* without IDLE_SYNC_WAIT a waiting stream is not idle */
	menv_mcu_wr(e, menv_cs_in(e, 1, 0), menv_mcu_rd(e, menv_cs_in(e, 1, 0)) & ~(1u << 8));
	menv_cs_ring(e, 1, 1);
	menv_run_for(e, MS);
	csg_request(e, 1, CSG_STATUS);
	menv_run_for(e, MS);
	assert_int_equal(menv_mcu_rd(e, csg + CSG_OUT_STATE), 0);
	assert_int_equal(menv_mcu_rd(e, csg + CSG_OUT_ENDPOINT_CURRENT), 0x00010404);
}

static void endpoint_config(void **state)
{
	struct menv_group g;
	struct menv *e = *state;
	uint32_t in = menv_csg_in(e, 0);

	start_group(e, &g, 0, 1);
	menv_run_for(e, MDL_COST_CORE_POWER_NS);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 0), 0x50005);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 2), 1);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 3), 0x50005);
	assert_int_equal(mdl_csf_priority(e->m, 0), 15);
	menv_mcu_wr(e, in + CSG_IN_ENDPOINT_REQ, 3u << 28 | 0x0102); /* no tiler */
	menv_mcu_wr(e, in + CSG_IN_ALLOW_COMPUTE, 0x40004);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 0), 0x50005); /* not asked for yet */
	csg_request(e, 0, CSG_ENDPOINTS);
	menv_run_for(e, MDL_COST_FW_REQUEST_NS);
	assert_int_equal(csg_events(e, 0) & CSG_ENDPOINTS, 0);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 0), 0x40004);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 1), 0x1);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 2), 0);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 3), 0);
	assert_int_equal(mdl_csf_endpoints(e->m, 0, 4), 0);
	assert_int_equal(mdl_csf_endpoints(e->m, 99, 0), 0);
	assert_int_equal(mdl_csf_priority(e->m, 0), 3);
}

/* ---- idleness and power ---- */

static void idle_timer_and_power(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	assert_int_equal(menv_rd64(e, SHADER_READY), 0);
	start_group(e, &g, 0, 1);
	menv_run_for(e, MDL_COST_CORE_POWER_NS);
	assert_int_equal(menv_rd64(e, SHADER_READY), 0x50005);
	assert_int_equal(menv_rd64(e, TILER_READY), 1);
	assert_int_equal(csg_events(e, 0), CSG_IDLE);
	assert_int_equal(glb_events(e), 0);
	menv_run_for(e, MS * 7 / 10); /* 800 us of hysteresis */
	assert_int_equal(glb_events(e), 0);
	submit_add(e, &g, 0, 0, 0, 1); /* begins it anew */
	menv_run_for(e, MS * 7 / 10);
	assert_int_equal(glb_events(e), 0);
	clear_irqs(e);
	menv_run_for(e, MS * 2 / 10);
	assert_int_equal(glb_events(e), GLB_IDLE);
	assert_int_equal(menv_rd(e, JOB_RAWSTAT), GLB_IRQ);
	assert_int_equal(menv_rd64(e, SHADER_READY), 0x50005);
	menv_run_for(e, 10 * MS); /* poweroff timer */
	assert_int_equal(menv_rd64(e, SHADER_READY), 0);
	assert_int_equal(menv_rd64(e, TILER_READY), 0);
	submit_add(e, &g, 0, 0, 0, 1);
	menv_run_for(e, 2 * MDL_COST_CORE_POWER_NS);
	assert_int_equal(menv_rd64(e, SHADER_READY), 0x50005);
	quiet(e);
	assert_int_equal(data(e, 0), 2);
	assert_int_equal(e->errors, 0);
}

/* Work that comes while cores are going off gets them back. */
static void power_off_and_on_again(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	start_group(e, &g, 0, 1);
	assert_true(menv_wait_reg(e, SHADER_READY, ~0u, 0x50005, MS));
	assert_true(menv_wait_reg(e, SHADER_READY, ~0u, 0, 20 * MS));
	submit_add(e, &g, 0, 0, 0, 1);
	menv_run_for(e, 3 * MDL_COST_CORE_POWER_NS);
	assert_int_equal(menv_rd64(e, SHADER_READY), 0x50005);
}

/* ---- faults ---- */

static void fatal_event(void **state)
{
	const uint64_t bad = invalid();
	struct menv_group g;
	struct menv *e = *state;
	uint32_t out = menv_cs_out(e, 0, 1);

	start_group(e, &g, 0, 2);
	quiet(e);
	clear_irqs(e);
	menv_submit(e, &g, 0, 1, &bad, 1);
	quiet(e);
	assert_int_equal(cs_events(e, 0, 1), CS_FATAL);
	assert_int_equal(menv_mcu_rd(e, out + CS_OUT_FATAL) & 0xff, 0x49);
	assert_int_equal(menv_mcu_rd(e, menv_csg_out(e, 0) + CSG_OUT_CS_IRQ_REQ), 2);
	assert_int_equal(menv_rd(e, JOB_RAWSTAT) & 1, 1);
	assert_int_equal(cs_events(e, 0, 0), 0);
	submit_add(e, &g, 0, 0, 0, 1); /* its neighbour goes on */
	quiet(e);
	assert_int_equal(data(e, 0), 1);
}

static void fatal_without_interrupt(void **state)
{
	const uint64_t bad = invalid();
	struct menv_group g;
	struct menv *e = *state;

	start_group(e, &g, 0, 1);
	quiet(e);
	accept_csg_events(e, 0);
	clear_irqs(e);
	menv_mcu_wr(e, menv_cs_in(e, 0, 0) + CS_IN_ACK_IRQ_MASK, ~CS_FATAL);
	menv_mcu_wr(e, menv_csg_in(e, 0) + CSG_IN_ACK_IRQ_MASK, 0);
	menv_submit(e, &g, 0, 0, &bad, 1);
	quiet(e);
	assert_int_equal(cs_events(e, 0, 0), CS_FATAL);
	assert_int_equal(menv_mcu_rd(e, menv_csg_out(e, 0) + CSG_OUT_CS_IRQ_REQ), 0);
	assert_int_equal(menv_rd(e, JOB_RAWSTAT) & 1, 0);
}

static void address_space_fault(void **state)
{
	const uint64_t job[] = { mov48(R_ADDR, 0x7000), mov48(R_VALUE, 1), sync_add64() };
	struct menv_group g;
	struct menv *e = *state;

	start_group(e, &g, 0, 1);
	menv_submit(e, &g, 0, 0, job, 3);
	quiet(e);
	assert_int_equal(menv_rd(e, MMU_RAWSTAT) & 0xffff, 1u << AS);
	assert_int_equal(menv_rd64(e, 0x2400 + AS * 0x40 + 0x20), 0x7000);
	assert_int_equal(cs_events(e, 0, 0), CS_FATAL);
	assert_true(menv_group_state(e, 0, MENV_CSG_TERMINATE));
	start_group(e, &g, 0, 1); /* the slot is as good as new */
	menv_mcu_wr(e, menv_cs_in(e, 0, 0), menv_mcu_rd(e, menv_cs_in(e, 0, 0)) ^ CS_FATAL);
	submit_add(e, &g, 0, 0, 0, 1);
	quiet(e);
	assert_int_equal(data(e, 0), 1);
}

/* ---- suspend and resume ---- */

static void suspended_wait_goes_on_elsewhere(void **state)
{
	const uint64_t job[] = { mov48(R_ADDR, DATA_VA),      mov48(R_VALUE, 0), sync_wait64(),
				 mov48(R_ADDR, DATA_VA + 16), mov32(R_VALUE, 3), sync_add64() };
	struct menv_group g;
	struct menv *e = *state;

	start_group(e, &g, 0, 2);
	menv_submit(e, &g, 0, 1, job, 6);
	quiet(e);
	assert_true(menv_group_state(e, 0, MENV_CSG_SUSPEND));
	assert_int_equal(menv_mcu_rd(e, menv_csg_out(e, 0) + CSG_OUT_STATE), 1);
	assert_int_equal(menv_mcu_rd(e, menv_cs_out(e, 0, 1) + CS_OUT_BLOCKED_REASON), 3);
	quiet(e);
	menv_wr64_va(e, AS, DATA_VA, 1); /* the wait is over while it is out */
	menv_doorbell(e, 1);
	quiet(e);
	assert_int_equal(data(e, 1), 0);
	assert_true(menv_group_start(e, &g, 5, MENV_CSG_RESUME));
	quiet(e);
	assert_int_equal(data(e, 1), 3);
	assert_int_equal(menv_queue_extract(e, &g, 1), 48);
	submit_add(e, &g, 5, 0, 2, 1);
	quiet(e);
	assert_int_equal(data(e, 2), 1);
}

/* A sync object written in one slot wakes a stream that waits in another. */
static void wait_across_groups(void **state)
{
	const uint64_t job[] = { mov48(R_ADDR, DATA_VA),      mov48(R_VALUE, 0), sync_wait64(),
				 mov48(R_ADDR, DATA_VA + 16), mov32(R_VALUE, 3), sync_add64() };
	struct menv_group a, b;
	struct menv *e = *state;

	start_group(e, &a, 0, 1);
	start_group(e, &b, 1, 1);
	menv_submit(e, &a, 0, 0, job, 6);
	quiet(e);
	assert_int_equal(data(e, 1), 0);
	accept_csg_events(e, 0);
	submit_add(e, &b, 1, 0, 0, 1);
	quiet(e);
	assert_int_equal(data(e, 1), 3);
	assert_int_equal(csg_events(e, 0), CSG_SYNC | CSG_IDLE); /* it was busy in between */
}

static void suspended_loop_loses_nothing(void **state)
{
	/* for (i = 200000; i > 0; i--) data[0] += 1 */
	const uint64_t job[] = { mov48(R_ADDR, DATA_VA), mov48(R_VALUE, 1),  mov32(R_COUNT, 2000),
				 sync_add64(),		 add32(R_COUNT, -1), loop(R_COUNT, 3) };
	struct menv_group g;
	struct menv *e = *state;

	start_group(e, &g, 0, 1);
	menv_submit(e, &g, 0, 0, job, 6);
	for (unsigned int round = 0; round < 5; round++) {
		unsigned int csg = round % 3;
		uint64_t reached;

		menv_run_for(e, 20000);
		assert_true(menv_group_state(e, csg, MENV_CSG_SUSPEND));
		reached = data(e, 0);
		assert_true(reached > 0 && reached < 2000);
		menv_run_for(e, MS);
		assert_int_equal(data(e, 0), reached);
		assert_true(menv_group_start(e, &g, (round + 1) % 3, MENV_CSG_RESUME));
	}
	quiet(e);
	assert_int_equal(data(e, 0), 2000);
}

/* A group leaves in the middle of a long job, soon, and goes on with the rest of it in another slot. */
static void suspended_job_goes_on_elsewhere(void **state)
{
	const uint32_t groups = 100000;
	const uint64_t job[] = { mov32(33, 0), mov32(37, groups),      mov32(38, 1),
				 mov32(39, 1), req_compute(),	       run_compute(),
				 wait_all(),   mov48(R_ADDR, DATA_VA), mov48(R_VALUE, 1),
				 sync_add64() };
	/* one thread a workgroup, on four cores */
	uint64_t whole_ns = (uint64_t)groups * (MDL_COST_TASK + MDL_COST_WARP) / 4;
	struct menv_group g;
	struct menv *e = *state;
	uint64_t before;

	start_group(e, &g, 0, 1);
	menv_submit(e, &g, 0, 0, job, sizeof(job) / sizeof(job[0]));
	menv_run_for(e, whole_ns / 2);
	before = e->now_ns;
	assert_true(menv_group_state(e, 0, MENV_CSG_SUSPEND));
	assert_true(e->now_ns - before < 2 * MDL_PIECE_NS);
	menv_run_for(e, whole_ns);
	assert_int_equal(data(e, 0), 0);
	before = e->now_ns;
	assert_true(menv_group_start(e, &g, 4, MENV_CSG_RESUME));
	while (!data(e, 0) && e->now_ns - before < 10 * whole_ns)
		menv_run_for(e, 10000);
	assert_int_equal(data(e, 0), 1);
	assert_in_range(e->now_ns - before, whole_ns / 4, whole_ns * 3 / 4);
}

static void corrupted_buffers(void **state)
{
	static const uint32_t offsets[] = { 0, 4, 8, 64 }; /* header, then the first stream */
	struct menv *e = *state;

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		struct menv_group g;
		uint32_t *word;

		start_group(e, &g, 0, 1);
		assert_true(menv_group_state(e, 0, MENV_CSG_SUSPEND));
		quiet(e);
		word = menv_ptr(e, g.suspend_pa + offsets[i]);
		*word ^= 0xffffffff;
		clear_irqs(e);
		assert_true(menv_group_start(e, &g, 0, MENV_CSG_RESUME));
		quiet(e);
		assert_int_equal(cs_events(e, 0, 0), CS_FATAL);
		assert_int_equal(menv_mcu_rd(e, menv_cs_out(e, 0, 0) + CS_OUT_FATAL), 0x68);
		assert_int_equal(menv_rd(e, JOB_RAWSTAT) & 1, 1);
		menv_mcu_wr(e, menv_cs_in(e, 0, 0), menv_mcu_rd(e, menv_cs_in(e, 0, 0)) ^ CS_FATAL);
		assert_true(menv_group_state(e, 0, MENV_CSG_TERMINATE));
	}
}

static void unmapped_suspend_buffer_kills_the_firmware(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	start_group(e, &g, 0, 1);
	menv_map_desc(e, 0, g.suspend_va, 3, 0);
	assert_false(menv_group_state(e, 0, MENV_CSG_SUSPEND));
	assert_int_equal(menv_rd(e, MCU_STATUS), 3);
	assert_int_equal(menv_rd(e, MMU_RAWSTAT) & 0xffff, 1);
}

static void halt_loses_residents(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	start_group(e, &g, 0, 1);
	submit_add(e, &g, 0, 0, 0, 1);
	menv_glb_request(e, GLB_HALT);
	assert_int_equal(e->errors, 1);
	quiet(e);
	assert_int_equal(data(e, 0), 0);
}

/* A request that comes while a transition runs is looked at when it has ended. */
static void request_during_transition(void **state)
{
	struct menv_group g;
	struct menv *e = *state;
	uint32_t in = menv_csg_in(e, 0);

	menv_group_create(e, &g, AS, 1);
	menv_mcu_wr(e, in, 1);
	menv_mcu_wr(e, in + CSG_IN_ACK_IRQ_MASK, ~0u);
	menv_csg_ring(e, 0);
	menv_run_for(e, MDL_COST_FW_REQUEST_NS + 100);
	assert_int_equal(csg_events(e, 0) & 7, 1);
	menv_mcu_wr(e, in, 0);
	menv_csg_ring(e, 0);
	assert_true(menv_wait_word(e, menv_csg_out(e, 0), 7, 1, MS));
	assert_true(menv_wait_word(e, menv_csg_out(e, 0), 7, 0, MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(global_requests, setup, teardown),
		cmocka_unit_test_setup_teardown(only_enabled_bits_interrupt, setup, teardown),
		cmocka_unit_test_setup_teardown(counter_runs_when_enabled, setup, teardown),
		cmocka_unit_test_setup_teardown(halt_is_answered_in_the_doorbell, setup, teardown),
		cmocka_unit_test_setup_teardown(sleep_and_wake, setup, teardown),
		cmocka_unit_test_setup_teardown(start_and_terminate, setup, teardown),
		cmocka_unit_test_setup_teardown(senseless_states, setup, teardown),
		cmocka_unit_test_setup_teardown(job_and_sync_update, setup, teardown),
		cmocka_unit_test_setup_teardown(doorbells_reach_their_streams, setup, teardown),
		cmocka_unit_test_setup_teardown(streams_stop_and_start, setup, teardown),
		cmocka_unit_test_setup_teardown(status_update, setup, teardown),
		cmocka_unit_test_setup_teardown(endpoint_config, setup, teardown),
		cmocka_unit_test_setup_teardown(idle_timer_and_power, setup, teardown),
		cmocka_unit_test_setup_teardown(power_off_and_on_again, setup, teardown),
		cmocka_unit_test_setup_teardown(fatal_event, setup, teardown),
		cmocka_unit_test_setup_teardown(fatal_without_interrupt, setup, teardown),
		cmocka_unit_test_setup_teardown(address_space_fault, setup, teardown),
		cmocka_unit_test_setup_teardown(suspended_wait_goes_on_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(wait_across_groups, setup, teardown),
		cmocka_unit_test_setup_teardown(suspended_loop_loses_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(suspended_job_goes_on_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(corrupted_buffers, setup, teardown),
		cmocka_unit_test_setup_teardown(unmapped_suspend_buffer_kills_the_firmware, setup,
						teardown),
		cmocka_unit_test_setup_teardown(halt_loses_residents, setup, teardown),
		cmocka_unit_test_setup_teardown(request_during_transition, setup, teardown),
	};

	return cmocka_run_group_tests_name("model_csf", tests, NULL, NULL);
}
