// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Suspension of command streams: amid a wait, amid a job, in a call, poisoned, dead; into the same slot
 * and into another one; and buffers that hold no stream.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/model_fake.h"
#include "tests/unit/model_words.h"
#include "tools/model/cs_priv.h"

#define DATA FAKE_DATA_VA

static struct fake f;
static uint8_t buf[MDL_CS_STATE_SIZE];

#define SUBMIT(...) FAKE_SUBMIT(&f, 0, __VA_ARGS__)

/* Pauses stream 0 of group 0, waits until it is quiet, saves and stops it. */
static void suspend(void)
{
	struct mdl_cs *cs = f.cs[0][0];

	mdl_cs_pause(cs);
	for (unsigned int i = 0; !mdl_cs_quiet(cs); i++) {
		assert_in_range(i, 0, 200);
		fake_run(&f, 1000);
	}
	assert_false(mdl_cs_runnable(cs));
	mdl_cs_save(cs, buf);
	mdl_cs_stop(cs);
}

/* Restores it into another slot, on the ring that it had. */
static struct mdl_cs *resume(unsigned int csg)
{
	struct mdl_cs_params params;

	fake_params(0, 0, &params);
	assert_true(mdl_cs_restore(f.cs[csg][0], &params, buf));
	return f.cs[csg][0];
}

/* It all looks the same before and after, and the stream runs on in the new slot. */
static void test_registers_and_position(void **state)
{
	struct mdl_cs_status before, after;
	struct mdl_cs *cs;

	(void)state;
	f.cs[0][0]->arch = 11;
	SUBMIT(W_SET_STATE_IMM(W_SB_SEL_DEFERRED, 5), W_SET_STATE_IMM(W_SB_MASK_WAIT, 0x55),
	       W_SET_STATE_IMM(W_SB_MASK_STREAM, 0xaa), W_MOVE48(0, DATA), W_MOVE32(95, 7),
	       W_SET_SB_ENTRY(3, 4), W_REQ_RESOURCE(9), W_HEAP_SET(0), W_HEAP_OP(0, 0, 0),
	       W_MOVE48(2, 99), W_PROGRESS_STORE(2), W_SET_HANDLER(2, 0, 4));
	assert_true(fake_run(&f, FAKE_MS));
	mdl_cs_status(f.cs[0][0], &before);
	suspend();
	cs = resume(2);
	mdl_cs_status(cs, &after);
	assert_true(after.empty && !after.stopped);
	assert_true(after.cmd_ptr == before.cmd_ptr);
	assert_true(after.heap == DATA);
	assert_int_equal(after.heap_vt_start, 1);
	assert_int_equal(after.req_resource, 9);
	assert_int_equal(cs->regs[95], 7);
	assert_int_equal(cs->entry_endpoint, 3);
	assert_int_equal(cs->entry_memory, 4);
	assert_int_equal(cs->entry_deferred, 5);
	assert_int_equal(cs->mask_wait, 0x55);
	assert_int_equal(cs->mask_stream, 0xaa);
	assert_true(cs->handler_address == DATA);
	/* the ring goes on where it was; what was added meanwhile is executed */
	const uint64_t more[] = { W_PROGRESS_LOAD(4), W_STORE_STATE(2, 0, 0, 0, 0), W_RUN_IDVS };

	fake_submit(&f, 0, 0, more, 3);
	mdl_cs_kick(cs);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(cs->regs[4], 99);
	assert_int_equal(*(uint64_t *)fake_ptr(&f, FAKE_AS, DATA, 8), 1); /* disjoint count */
	assert_int_equal(cs->fatal, 0);
	assert_int_equal(fake_extract(&f, 0, 0), 15 * 8);
}

static void test_amid_a_sync_wait(void **state)
{
	struct mdl_cs_status st;
	struct mdl_cs *cs;

	(void)state;
	SUBMIT(W_MOVE48(0, DATA), W_MOVE48(2, 4), W_SYNC_WAIT64(0, GT, 0, 2), W_MOVE32(9, 1));
	assert_true(fake_run(&f, FAKE_MS));
	suspend();
	cs = resume(1);
	assert_true(fake_run(&f, FAKE_MS));
	mdl_cs_status(cs, &st);
	assert_int_equal(st.blocked, MDL_CS_BLOCKED_SYNC);
	assert_true(st.wait_sync_ptr == DATA);
	suspend(); /* the slot it left holds nothing: nothing to save, and nothing happens */
	assert_false(mdl_cs_runnable(f.cs[0][0]));
	*(uint64_t *)fake_ptr(&f, FAKE_AS, DATA, 8) = 5;
	mdl_cs_kick(cs);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(cs->regs[9], 1);
}

/* A job of 2 ms, suspended after 0.25 ms: the pause ends with its piece, the rest is done later. */
static void test_amid_a_job(void **state)
{
	uint64_t start = f.now_ns, paused_ns;
	struct mdl_cs *cs;

	(void)state;
	/* (8e6 - 1000) / 8 vertices; four cores */
	SUBMIT(W_REQ_RESOURCE(8), W_MOVE32(33, (8000000 - 1000) / 8), W_MOVE32(34, 1),
	       W_RUN_IDVS | (uint64_t)1 << 32, W_MOVE48(0, DATA), W_MOVE48(2, 1),
	       W_SYNC(W_SYNC_ADD64, W_PROPAGATE, 0, 2, 1, 5), W_WAIT(0x20), W_PROGRESS_LOAD(10));
	fake_run(&f, 250000);
	mdl_cs_pause(f.cs[0][0]);
	assert_false(mdl_cs_quiet(f.cs[0][0]));
	f.report_count = 0;
	fake_run(&f, 60000);
	assert_true(mdl_cs_quiet(f.cs[0][0]));
	assert_int_equal(fake_count(&f, 0, 0, MDL_CS_STATE_CHANGED), 1);
	suspend();
	assert_true(fake_run(&f, 10 * FAKE_MS)); /* nothing of it is left anywhere */
	paused_ns = f.now_ns;
	cs = resume(3);
	assert_int_equal(cs->scoreboard[0], 1);
	assert_int_equal(cs->scoreboard[5], 1);
	/* three pieces of 100 us are done */
	assert_true(fake_run(&f, 10 * FAKE_MS));
	assert_int_equal(f.now_ns - paused_ns, 2000000 - 300000);
	assert_true(start < paused_ns);
	assert_int_equal(*(uint64_t *)fake_ptr(&f, FAKE_AS, DATA, 8), 1);
	assert_int_equal(cs->regs[10], 1);
}

static void test_in_a_call(void **state)
{
	const uint64_t callee[] = { W_ADD32(10, 10, 1), W_CALL(6, 4), W_ADD32(10, 10, 1) };
	const uint64_t inner[] = { W_ADD32(11, 11, 1), W_SYNC_WAIT32(1, GT, 0, 8),
				   W_ADD32(11, 11, 1) };
	struct mdl_cs *cs;

	(void)state;
	memcpy(fake_ptr(&f, FAKE_AS, FAKE_CODE_VA, sizeof(callee)), callee, sizeof(callee));
	memcpy(fake_ptr(&f, FAKE_AS, FAKE_CODE_VA + 1024, sizeof(inner)), inner, sizeof(inner));
	SUBMIT(W_MOVE48(0, DATA), W_MOVE48(2, FAKE_CODE_VA), W_MOVE48(6, FAKE_CODE_VA + 1024),
	       W_MOVE32(4, 24), W_CALL(2, 4), W_MOVE32(12, 1));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][0]->depth, 2);
	suspend();
	cs = resume(0);
	*(uint32_t *)fake_ptr(&f, FAKE_AS, DATA, 4) = 1;
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(cs->regs[10], 2);
	assert_int_equal(cs->regs[11], 2);
	assert_int_equal(cs->regs[12], 1);
	assert_int_equal(cs->depth, 0);
}

/* Deferred instructions keep their order and their registers. */
static void test_deferred(void **state)
{
	struct mdl_cs *cs;

	(void)state;
	SUBMIT(W_REQ_RESOURCE(1), W_MOVE32(37, 10000), W_MOVE32(38, 1), W_MOVE32(39, 1),
	       W_RUN_COMPUTE(1, 0), W_MOVE48(0, DATA), W_MOVE48(2, 7),
	       W_SYNC(W_SYNC_SET64, 0, 0, 2, 1, 2), W_MOVE48(2, 8),
	       W_SYNC(W_SYNC_SET64, 0, 0, 2, 1, 3), W_FLUSH(0x233, 20, 0xc, 4), W_WAIT(0x10),
	       W_MOVE32(9, 1));
	fake_run(&f, 1000);
	suspend();
	cs = resume(1);
	assert_int_equal(cs->scoreboard[2], 1);
	assert_int_equal(cs->scoreboard[4], 1);
	assert_true(fake_run(&f, 10 * FAKE_MS));
	assert_int_equal(*(uint64_t *)fake_ptr(&f, FAKE_AS, DATA, 8), 8);
	assert_int_equal(cs->regs[9], 1);
	assert_int_equal(f.flush_id, 2);
}

/* Two draws, the tiler's end of the first one between them: that does not wait for the second one afterwards either. */
static void test_order_is_kept(void **state)
{
	uint64_t start;
	struct mdl_cs *cs;

	(void)state;
	/* 2 ms each */
	SUBMIT(W_REQ_RESOURCE(4), W_MOVE32(33, (2000000 - 1000) / 4), W_MOVE32(34, 1), W_RUN_TILING,
	       W_SET_SB_ENTRY(1, 2), W_FINISH_TILING, W_SET_SB_ENTRY(0, 2), W_RUN_TILING, W_WAIT(2),
	       W_MOVE32(9, 1));
	fake_run(&f, 1000);
	suspend();
	start = f.now_ns;
	cs = resume(1);
	assert_false(fake_run(&f, 2000000 + MDL_COST_FINISH_TILING + 100));
	assert_int_equal(cs->regs[9], 1);
	assert_true(fake_run(&f, 10 * FAKE_MS));
	assert_in_range(f.now_ns - start, 3800000, 4000000);
}

static void test_poisoned(void **state)
{
	struct mdl_cs *cs;

	(void)state;
	SUBMIT(W_REQ_RESOURCE(2), W_MOVE32(42, 1), W_RUN_FRAGMENT, W_MOVE48(0, DATA),
	       W_MOVE48(2, 1), W_SYNC_WAIT64(1, GT, 0, 4));
	assert_true(fake_run(&f, FAKE_MS));
	suspend();
	f.report_count = 0;
	cs = resume(1);
	const uint64_t more[] = { W_SYNC(W_SYNC_ADD64, W_PROPAGATE, 0, 2, 0, 0) };

	fake_submit(&f, 0, 0, more, 1);
	*(uint64_t *)fake_ptr(&f, FAKE_AS, DATA, 8) = 1;
	mdl_cs_kick(cs);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(*(uint32_t *)fake_ptr(&f, FAKE_AS, DATA + 8, 4), 1);
	assert_int_equal(fake_count(&f, 1, 0, MDL_CS_FAULT), 0); /* it was told before */
	assert_int_equal(cs->fault, 0x59);
}

static void test_dead_stays_dead(void **state)
{
	struct mdl_cs_status st;
	struct mdl_cs *cs;

	(void)state;
	SUBMIT(W(99, 0, 0, 0, 0), W_MOVE32(9, 1));
	assert_true(fake_run(&f, FAKE_MS));
	suspend();
	cs = resume(1);
	mdl_cs_kick(cs);
	assert_true(fake_run(&f, FAKE_MS));
	mdl_cs_status(cs, &st);
	assert_true(st.stopped);
	assert_int_equal(st.fatal, 0x49);
	assert_int_equal(cs->regs[9], 0);
}

/* Whatever stands in the buffer: refused, or a stream that stays within its bounds. */
static void test_bad_buffers(void **state)
{
	static const struct {
		unsigned int at;
		uint8_t value;
	} rows[] = {
		{ 0, 0 }, /* magic */
		{ 4, 0x80 }, /* unknown flag */
		{ 8 + 384 + 8, 1 }, /* program counter misaligned */
		{ 8 + 384 + 24, 8 }, /* call depth */
		{ 8 + 384 + 24 + 1 + 168, 8 }, /* endpoint entry */
		{ 8 + 384 + 24 + 1 + 169, 9 }, /* load/store entry */
		{ 8 + 384 + 24 + 1 + 170, 0x10 }, /* resources */
		{ 8 + 625 + 2, 1 }, /* depth of an exception handler */
		{ 8 + 625 + 12, 6 }, /* state of a draw without memory */
		{ 8 + 663, 8 }, /* entry of indirect ones */
		{ 8 + 663 + 2, 1 }, /* mask of entries to choose from */
		{ 8 + 663 + 4, 1 }, /* mask of indirect waits */
		{ 8 + 668 + 1, 4 }, /* kind of the first job */
		{ 8 + 668 + 2, 8 }, /* its entry */
		{ 8 + 668 + 3, 16 }, /* its rank */
		{ 8 + 668 + 11, 1 }, /* its cycles */
		{ 8 + 668 + 19, 1 }, /* its longest task */
		{ 8 + 668 + 160 + 1, 8 }, /* entry of the first deferred instruction */
		{ 8 + 668 + 160 + 3, 16 }, /* its rank */
		{ 8 + 668 + 160 + 4 + 7, 4 }, /* its opcode */
		{ 8 + 668 + 160 + 4, 2 }, /* its scope */
	};
	struct mdl_cs_params params;
	uint8_t good[MDL_CS_STATE_SIZE];

	(void)state;
	SUBMIT(W_REQ_RESOURCE(8), W_MOVE32(33, 1000000), W_MOVE32(34, 1), W_RUN_IDVS,
	       W_MOVE48(0, DATA), W_SYNC(W_SYNC_ADD64, 0, 0, 2, 1, 3));
	fake_run(&f, 100);
	suspend();
	memcpy(good, buf, sizeof(good));
	fake_params(0, 0, &params);
	assert_false(mdl_cs_restore(f.cs[1][0], &params, (uint8_t[MDL_CS_STATE_SIZE]){ 0 }));
	for (unsigned int i = 0; i < FAKE_COUNT(rows); i++) {
		memcpy(buf, good, sizeof(buf));
		buf[rows[i].at] = rows[i].value;
		if (mdl_cs_restore(f.cs[1][0], &params, buf))
			fail_msg("byte %u = 0x%x was accepted", rows[i].at, rows[i].value);
		assert_false(mdl_cs_runnable(f.cs[1][0]));
	}
	assert_true(mdl_cs_restore(f.cs[1][0], &params, good));
	assert_true(fake_run(&f, 10 * FAKE_MS));
	assert_int_equal(fake_count(&f, 1, 0, MDL_CS_SYNC_UPDATE), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_prestate_setup_teardown(name, fake_setup, fake_teardown, &f)
		T(test_registers_and_position),
		T(test_amid_a_sync_wait),
		T(test_amid_a_job),
		T(test_in_a_call),
		T(test_deferred),
		T(test_order_is_kept),
		T(test_poisoned),
		T(test_dead_stays_dead),
		T(test_bad_buffers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
