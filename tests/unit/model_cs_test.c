// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The interpreter of command streams, alone: calls, scoreboards, deferred instructions, sync objects
 * between streams, errors and their propagation, publication, time. Times are exact. The effect of each
 * single opcode is in model_cs_ops_test.c.
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

static void code(uint64_t offset, const uint64_t *words, unsigned int count)
{
	memcpy(fake_ptr(&f, FAKE_AS, FAKE_CODE_VA + offset, 8 * count), words, 8 * count);
}

#define SUBMIT(cs, ...) FAKE_SUBMIT(&f, cs, __VA_ARGS__)

/* ---- calls ---- */

static void test_call_returns(void **state)
{
	const uint64_t callee[] = { W_ADD32(10, 10, 1), W_ADD32(10, 10, 1) };

	(void)state;
	code(0, callee, 2);
	SUBMIT(0, W_MOVE48(2, FAKE_CODE_VA), W_MOVE32(4, 16), W_CALL(2, 4), W_CALL(2, 4),
	       W_MOVE32(11, 1));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][0]->regs[10], 4);
	assert_int_equal(f.cs[0][0]->regs[11], 1);
	assert_int_equal(fake_extract(&f, 0, 0), 40);
	assert_int_equal(f.cs[0][0]->time_ns, 1000000 + 7 * MDL_COST_SIMPLE + 2 * MDL_COST_CALL);
}

static void test_jump_replaces_range(void **state)
{
	const uint64_t first[] = { W_JUMP(6, 4), W_MOVE32(10, 1) };
	const uint64_t second[] = { W_MOVE32(12, 1), W_ADD32(13, 13, 1) };

	(void)state;
	code(0, first, 2);
	code(4096, second, 2);
	SUBMIT(0, W_MOVE48(2, FAKE_CODE_VA), W_MOVE48(6, FAKE_CODE_VA + 4096), W_MOVE32(4, 16),
	       W_CALL(2, 4), W_MOVE32(11, 1));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][0]->regs[10], 0);
	assert_int_equal(f.cs[0][0]->regs[12], 1);
	assert_int_equal(f.cs[0][0]->regs[13], 1);
	assert_int_equal(f.cs[0][0]->regs[11], 1);
}

/* Level n calls level n + 1, until the last of @levels. */
static void nest(unsigned int levels)
{
	for (unsigned int i = 0; i < levels; i++) {
		const uint64_t words[] = {
			W_ADD64(2, 2, 256),
			W_ADD32(10, 10, 1),
			i + 1 < levels ? W_CALL(2, 4) : W_NOP,
		};
		code(256 * i, words, 3);
	}
	SUBMIT(0, W_MOVE48(2, FAKE_CODE_VA), W_MOVE32(4, 24), W_CALL(2, 4), W_MOVE32(11, 1));
}

static void test_call_depth(void **state)
{
	(void)state;
	nest(7); /* the ring is the first of eight levels */
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][0]->regs[10], 7);
	assert_int_equal(f.cs[0][0]->regs[11], 1);
	assert_int_equal(fake_status(&f, 0, 0).fatal, 0);
	nest(8);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][0]->regs[10], 14);
	assert_int_equal(fake_status(&f, 0, 0).fatal, 0x4a);
	assert_true(fake_status(&f, 0, 0).fatal_info == FAKE_CODE_VA + 256 * 6 + 16);
}

/* ---- scoreboards ---- */

static void test_job_ends_exactly(void **state)
{
	uint64_t start = f.now_ns;

	(void)state;
	/* 64x64 pixels: 9192 cycles on four cores */
	SUBMIT(0, W_REQ_RESOURCE(2), W_SET_SB_ENTRY(3, 2), W_MOVE32(42, 0),
	       W_MOVE32(43, 63 | 63 << 16), W_RUN_FRAGMENT, W_WAIT(8), W_MOVE32(9, 1));
	fake_run(&f, 1000);
	assert_int_equal(fake_status(&f, 0, 0).blocked, MDL_CS_BLOCKED_SB);
	assert_int_equal(fake_status(&f, 0, 0).wait, 8 | 8 << 16);
	assert_int_equal(fake_status(&f, 0, 0).scoreboards, 8);
	assert_int_equal(fake_extract(&f, 0, 0), 40); /* published though it is blocked */
	assert_int_equal(fake_active(&f, 0, 0), 1);
	assert_int_equal(f.cs[0][0]->regs[9], 0);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][0]->regs[9], 1);
	/* its start, its time, then WAIT and MOVE */
	assert_int_equal(f.cs[0][0]->time_ns - start, 4 * 4 + 64 + 9192 / 4 + 2 * 4);
	assert_int_equal(fake_active(&f, 0, 0), 0);
	assert_int_equal(fake_status(&f, 0, 0).blocked, MDL_CS_UNBLOCKED);
}

static void test_jobs_are_counted(void **state)
{
	(void)state;
	SUBMIT(0, W_REQ_RESOURCE(1), W_MOVE32(37, 1), W_MOVE32(38, 1), W_MOVE32(39, 1),
	       W_RUN_COMPUTE(1, 0), W_RUN_COMPUTE(1, 0), W_WAIT(1), W_MOVE32(9, 1));
	fake_run(&f, 12 + 64 + 1264 / 4 + 64 + 16);
	assert_int_equal(f.cs[0][0]->scoreboard[0], 1); /* one has ended */
	assert_int_equal(f.cs[0][0]->regs[9], 0);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][0]->regs[9], 1);
}

/* A stream may have eight jobs in flight; the ninth waits, none is lost. */
static void test_many_jobs(void **state)
{
	(void)state;
	SUBMIT(0, W_REQ_RESOURCE(8), W_MOVE32(9, 20), W_RUN_IDVS | (uint64_t)1 << 32,
	       W_ADD32(9, 9, -1), W_BRANCH(GT, 9, -3), W_WAIT(1), W_PROGRESS_LOAD(10));
	fake_run(&f, 1500);
	assert_int_equal(f.cs[0][0]->scoreboard[0], 8 - 1500 / 350 + 4);
	assert_int_equal(fake_status(&f, 0, 0).blocked, MDL_CS_BLOCKED_SB);
	assert_true(fake_run(&f, FAKE_SECOND));
	assert_int_equal(f.cs[0][0]->regs[10], 20);
}

static void test_load_latency(void **state)
{
	uint64_t start = f.now_ns;

	(void)state;
	SUBMIT(0, W_SET_SB_ENTRY(0, 5), W_MOVE48(0, DATA), W_LOAD(4, 0, 1, 0), W_WAIT(1),
	       W_WAIT(0x20), W_NOP);
	assert_true(fake_run(&f, FAKE_MS));
	/* entry 0 costs nothing to wait for, entry 5 the latency of the load */
	assert_int_equal(f.cs[0][0]->time_ns - start,
			 4 + 4 + MDL_COST_MEMORY + MDL_COST_WORD + MDL_COST_LOAD_LATENCY + 4);
}

static void test_flush(void **state)
{
	static const struct {
		uint32_t id;
		unsigned int modes;
		uint32_t id_after;
		unsigned int ns;
	} rows[] = {
		{ 0, 0x233, 2, 1000 }, /* 0: whatever was flushed before */
		{ 1, 0x233, 2, 20 }, /* an id that is no longer the latest: nothing is left to flush */
		{ 2, 0x233, 3, 1000 }, { 0, 0x230, 3, 400 }, /* no L2: not what the id counts */
		{ 0, 0x200, 3, 200 },  { 0, 0x001, 3, 1000 }, /* a clean alone does not count */
		{ 0, 0x000, 3, 4 }, /* over at once, but the stream has begun to wait: WAIT twice */
	};

	(void)state;
	for (unsigned int i = 0; i < FAKE_COUNT(rows); i++) {
		uint64_t start = f.now_ns = f.cs[0][0]->time_ns;

		SUBMIT(0, W_MOVE32(5, rows[i].id), W_FLUSH(rows[i].modes, 5, 0, 1), W_WAIT(2));
		assert_true(fake_run(&f, FAKE_MS));
		assert_int_equal(f.flush_id, rows[i].id_after);
		assert_int_equal(f.cs[0][0]->time_ns - start, 4 + 4 + rows[i].ns + 4);
	}
}

/* FINISH_TILING waits for what tiles, on the endpoint entry. */
static void test_finish_tiling(void **state)
{
	uint64_t start = f.now_ns;

	(void)state;
	SUBMIT(0, W_REQ_RESOURCE(8), W_SET_SB_ENTRY(2, 0), W_RUN_IDVS, W_SET_SB_ENTRY(4, 0),
	       W_FINISH_TILING, W_WAIT(0x10), W_HEAP_SET(0), W_HEAP_OP(0, 0, 0), W_HEAP_OP(1, 0, 0),
	       W_FINISH_FRAGMENT(1, 2, 4, 0, 0), W_HEAP_OP(3, 0, 0), W_NOP);
	fake_run(&f, 4 + 4 + 64 + 250 + 400);
	assert_int_equal(fake_status(&f, 0, 0).scoreboards, 0x10);
	assert_true(fake_run(&f, FAKE_MS));
	assert_in_range(f.now_ns - start, 72 + 250 + 500, 72 + 250 + 500 + 100);
	assert_int_equal(fake_status(&f, 0, 0).heap_vt_start, 1);
	assert_int_equal(fake_status(&f, 0, 0).heap_vt_end, 1);
	assert_int_equal(fake_status(&f, 0, 0).heap_frag_end, 2);
}

/* Tiling that is issued behind FINISH_TILING is not waited for. */
static void test_finish_tiling_of_its_pass(void **state)
{
	(void)state;
	SUBMIT(0, W_REQ_RESOURCE(8), W_RUN_IDVS, W_SET_SB_ENTRY(4, 0), W_FINISH_TILING,
	       W_SET_SB_ENTRY(5, 0), W_MOVE32(33, 1000000), W_MOVE32(34, 1), W_RUN_IDVS,
	       W_WAIT(0x10), W_MOVE32(9, 1));
	fake_run(&f, 2000);
	assert_int_equal(f.cs[0][0]->regs[9], 1);
	assert_int_equal(f.cs[0][0]->scoreboard[5], 1);
	assert_true(fake_run(&f, 10 * FAKE_MS));
}

/* ---- deferred instructions ---- */

static void test_deferred_sync(void **state)
{
	(void)state;
	/* the data register is overwritten at once: its value at issue counts */
	SUBMIT(0, W_REQ_RESOURCE(8), W_MOVE48(0, DATA), W_MOVE48(2, 5), W_RUN_IDVS,
	       W_SYNC(W_SYNC_ADD64, 0, 0, 2, 1, 3), W_MOVE48(2, 100), W_STORE_STATE(1, 0, 16, 8, 4),
	       W_MOVE48(0, 0), W_WAIT(0x10), W_MOVE32(9, 1));
	fake_run(&f, 200);
	assert_int_equal(fake_rd64(&f, DATA), 0);
	assert_int_equal(fake_status(&f, 0, 0).scoreboards, 0x19);
	assert_int_equal(f.cs[0][0]->regs[9], 0);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(fake_rd64(&f, DATA), 5);
	assert_int_equal(fake_rd64(&f, DATA + 16),
			 1000000 + 12 + 64 + 250); /* when the job ended */
	assert_int_equal(f.cs[0][0]->regs[9], 1);
	assert_int_equal(fake_count(&f, 0, 0, MDL_CS_SYNC_UPDATE), 1);
	assert_int_equal(fake_status(&f, 0, 0).scoreboards, 0);
}

static void test_too_many_deferred(void **state)
{
	(void)state;
	SUBMIT(0, W_REQ_RESOURCE(8), W_MOVE48(0, DATA), W_MOVE48(2, 1), W_MOVE32(9, 12), W_RUN_IDVS,
	       W_SYNC(W_SYNC_ADD64, 0, 0, 2, 1, 3), W_ADD32(9, 9, -1), W_BRANCH(GT, 9, -3),
	       W_WAIT(8), W_MOVE32(10, 1));
	fake_run(&f, 250);
	assert_int_equal(fake_status(&f, 0, 0).blocked, MDL_CS_BLOCKED_DEFERRED);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(fake_rd64(&f, DATA), 12);
	assert_int_equal(f.cs[0][0]->regs[10], 1);
}

static void test_deferred_fault_is_fatal(void **state)
{
	(void)state;
	SUBMIT(0, W_REQ_RESOURCE(8), W_MOVE48(0, 0xdead0000), W_RUN_IDVS,
	       W_SYNC(W_SYNC_ADD64, 0, 0, 2, 1, 3), W_RUN_IDVS, W_WAIT(0xff));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(fake_status(&f, 0, 0).fatal, 0x48);
	assert_true(fake_status(&f, 0, 0).fatal_info == 0xdead0000);
	assert_int_equal(fake_status(&f, 0, 0).scoreboards, 0);
}

/* ---- streams of a group, and of others ---- */

static void test_sync_between_streams(void **state)
{
	(void)state;
	fake_start(&f, 0, 1);
	fake_start(&f, 1, 0);
	const uint64_t other[] = { W_MOVE48(0, DATA), W_SYNC_WAIT32(0, GT, 0, 4), W_MOVE32(9, 1) };

	SUBMIT(1, W_MOVE48(0, DATA), W_MOVE32(4, 1), W_SYNC_WAIT32(0, GT, 0, 4), W_MOVE32(9, 1));
	fake_submit(&f, 1, 0, other, 3);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(fake_status(&f, 0, 1).blocked, MDL_CS_BLOCKED_SYNC);
	assert_true(fake_status(&f, 0, 1).wait_sync_ptr == DATA);
	assert_int_equal(fake_status(&f, 0, 1).wait_sync_value, 1);
	assert_int_equal(fake_status(&f, 0, 1).wait, 1u << 31 | GT << 24);
	assert_int_equal(f.cs[1][0]->regs[9], 0);
	/* to 1: still blocked; to 2, in the scope of the group: the group goes on, the other does not */
	SUBMIT(0, W_MOVE48(0, DATA), W_MOVE32(2, 1), W_SYNC(W_SYNC_ADD32, W_CSG, 0, 2, 0, 0));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][1]->regs[9], 0);
	SUBMIT(0, W_SYNC(W_SYNC_ADD32, W_CSG, 0, 2, 0, 0));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][1]->regs[9], 1);
	assert_int_equal(f.cs[1][0]->regs[9], 0);
	assert_int_equal(fake_count(&f, 0, 0, MDL_CS_SYNC_UPDATE), 0);
	SUBMIT(0, W_SYNC(W_SYNC_ADD32, W_SYSTEM, 0, 2, 0, 0));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[1][0]->regs[9], 1);
}

static void test_progress_between_streams(void **state)
{
	(void)state;
	fake_start(&f, 0, 1);
	SUBMIT(1, W_MOVE48(2, 1), W_PROGRESS_WAIT(0, 2), W_MOVE32(9, 1));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(fake_status(&f, 0, 1).blocked, MDL_CS_BLOCKED_PROGRESS);
	SUBMIT(0, W_REQ_RESOURCE(8), W_RUN_IDVS | (uint64_t)1 << 32);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][1]->regs[9], 1);
}

/* Architecture 11: what one stream adds to a shared entry another one takes, once. */
static void test_shared_entries(void **state)
{
	(void)state;
	fake_start(&f, 0, 1);
	f.cs[0][0]->arch = 11;
	f.cs[0][1]->arch = 11;
	FAKE_SUBMIT(&f, 1, W_SHARED_DEC(4), W_MOVE32(9, 1), W_SHARED_DEC(4), W_MOVE32(9, 2));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(fake_status(&f, 0, 1).blocked, MDL_CS_BLOCKED_SB);
	FAKE_SUBMIT(&f, 0, W_SHARED_INC(3, 0));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][1]->regs[9], 0);
	FAKE_SUBMIT(&f, 0, W_SHARED_INC(4, 0));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][1]->regs[9], 1);
	FAKE_SUBMIT(&f, 0, W_REQ_RESOURCE(4), W_RUN_FULLSCREEN(0),
		    W_SET_STATE_IMM(W_SB_SEL_DEFERRED, 1), W_SHARED_INC(4, 1));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][1]->regs[9], 2);
	assert_int_equal(f.shared[0][3], 1);
	assert_int_equal(f.shared[0][4], 0);
}

static void test_resource_blocks(void **state)
{
	(void)state;
	f.endpoints[0][1] = 0;
	SUBMIT(0, W_REQ_RESOURCE(3), W_MOVE32(9, 1));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(fake_status(&f, 0, 0).blocked, MDL_CS_BLOCKED_RESOURCE);
	assert_int_equal(fake_status(&f, 0, 0).req_resource, 3);
	f.endpoints[0][1] = 1;
	mdl_cs_kick(f.cs[0][0]);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(fake_status(&f, 0, 0).blocked, MDL_CS_UNBLOCKED);
	assert_int_equal(f.cs[0][0]->regs[9], 1);
}

/* ---- errors ---- */

/* The call sequence of the kernel, around a job that faults: its sync object says so, the next not. */
static void test_error_propagation(void **state)
{
	(void)state;
	for (unsigned int job = 0; job < 2; job++)
		SUBMIT(0, W_REQ_RESOURCE(2), W_MOVE32(42, job ? 0 : 1), W_RUN_FRAGMENT,
		       W_MOVE48(0, DATA + 16 * job), W_MOVE48(2, 1), W_WAIT(0xff),
		       W_SYNC(W_SYNC_ADD64, W_PROPAGATE, 0, 2, 0, 0), W_ERROR_BARRIER);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(fake_rd64(&f, DATA), 1);
	assert_int_equal(fake_rd32(&f, DATA + 8), 1);
	assert_int_equal(fake_rd64(&f, DATA + 16), 1);
	assert_int_equal(fake_rd32(&f, DATA + 24), 0);
	assert_int_equal(fake_count(&f, 0, 0, MDL_CS_FAULT), 1);
	assert_int_equal(fake_status(&f, 0, 0).fault, 0x59);
	assert_true(fake_status(&f, 0, 0).empty);
	/* at its report the host saw the stream inside the job that faulted */
	assert_int_equal(f.reports[0].what, MDL_CS_FAULT);
	assert_in_range(f.reports[0].extract, 8, 56);
}

/* While poisoned: no jobs, one report; after the barrier: jobs and reports again. */
static void test_poison(void **state)
{
	(void)state;
	SUBMIT(0, W_REQ_RESOURCE(3), W_MOVE32(42, 1), W_RUN_FRAGMENT,
	       W_RUN_COMPUTE(1, 0) | (uint64_t)1 << 32, W_RUN_FRAGMENT, W_WAIT(1),
	       W_PROGRESS_LOAD(10), W_MOVE32(9, 1));
	assert_true(fake_run(&f, 1000));
	assert_int_equal(f.cs[0][0]->regs[9], 1);
	assert_int_equal(f.cs[0][0]->regs[10], 0);
	assert_int_equal(fake_count(&f, 0, 0, MDL_CS_FAULT), 1);
	SUBMIT(0, W_ERROR_BARRIER, W_RUN_COMPUTE(1, 0), W_RUN_FRAGMENT);
	fake_run(&f, 150);
	assert_int_equal(f.cs[0][0]->scoreboard[0], 1);
	assert_int_equal(fake_count(&f, 0, 0, MDL_CS_FAULT), 2);
}

/* The barrier waits for deferred writers of sync objects: they still tell the error. */
static void test_barrier_waits(void **state)
{
	(void)state;
	SUBMIT(0, W_REQ_RESOURCE(10), W_RUN_IDVS, W_MOVE32(42, 1), W_RUN_FRAGMENT,
	       W_MOVE48(0, DATA), W_MOVE48(2, 1), W_SYNC(W_SYNC_ADD64, W_PROPAGATE, 0, 2, 1, 3),
	       W_ERROR_BARRIER, W_MOVE32(9, 1));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(fake_rd32(&f, DATA + 8), 1);
	assert_int_equal(f.cs[0][0]->regs[9], 1);
}

static void test_fatal_stops(void **state)
{
	(void)state;
	SUBMIT(0, W_REQ_RESOURCE(8), W_RUN_IDVS, W(99, 0, 0, 0, 0), W_MOVE32(9, 1));
	assert_true(fake_run(&f, FAKE_MS));
	assert_true(fake_status(&f, 0, 0).stopped);
	assert_false(mdl_cs_runnable(f.cs[0][0]));
	assert_int_equal(fake_extract(&f, 0, 0), 16);
	assert_true(fake_status(&f, 0, 0).fatal_info == FAKE_RING_VA + 16);
	assert_int_equal(f.cs[0][0]->regs[9], 0);
	mdl_cs_kick(f.cs[0][0]);
	assert_false(mdl_cs_runnable(f.cs[0][0]));
	/* its job left the cores: another stream of the group gets them at once */
	fake_start(&f, 0, 1);
	SUBMIT(1, W_REQ_RESOURCE(8), W_RUN_IDVS);
	assert_true(fake_run(&f, 4 + 64 + 250));
}

static void test_bad_ring(void **state)
{
	static const struct {
		uint64_t base;
		uint32_t size;
	} rows[] = { { 4, 4096 }, { 0, 0 }, { 0, 4 }, { 0, 4097 } };
	struct mdl_cs_params params;

	(void)state;
	for (unsigned int i = 0; i < FAKE_COUNT(rows); i++) {
		fake_params(0, 0, &params);
		params.ring_base += rows[i].base;
		params.ring_size = rows[i].size;
		mdl_cs_start(f.cs[0][0], &params);
		assert_int_equal(fake_status(&f, 0, 0).fatal, 0x40);
		assert_true(fake_status(&f, 0, 0).stopped);
	}
	fake_params(0, 0, &params);
	params.input_va = 0x1000;
	mdl_cs_start(f.cs[0][0], &params);
	assert_int_equal(fake_status(&f, 0, 0).fatal, 0x48);
}

static void test_ring_unmapped(void **state)
{
	struct mdl_cs_params params;

	(void)state;
	fake_params(0, 0, &params);
	params.ring_base = 0x123000;
	mdl_cs_start(f.cs[0][0], &params);
	SUBMIT(0, W_NOP);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(fake_status(&f, 0, 0).fatal, 0x48);
	assert_true(fake_status(&f, 0, 0).fatal_info == 0x123000);
}

/* ---- time and progress ---- */

/* A stream that loops for ever costs time, lets others run, and is bounded in each slice. */
static void test_endless_loop(void **state)
{
	(void)state;
	fake_start(&f, 0, 1);
	SUBMIT(0, W_BRANCH(ALWAYS, 0, -1));
	SUBMIT(1, W_MOVE32(9, 1));
	assert_false(fake_run(&f, 100000));
	assert_int_equal(f.cs[0][1]->regs[9], 1);
	assert_in_range(f.slices, 100000 / 4 / MDL_SLICE_INSTRUCTIONS,
			100000 / 4 / MDL_SLICE_INSTRUCTIONS + 5);
	mdl_cs_stop(f.cs[0][0]);
	assert_true(fake_run(&f, FAKE_MS));
	assert_true(fake_status(&f, 0, 0).stopped);
}

static void test_ring_wraps(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 400; i++) {
		SUBMIT(0, W_ADD32(2, 2, 1), W_NOP, W_NOP);
		assert_true(fake_run(&f, FAKE_MS));
	}
	assert_int_equal(f.cs[0][0]->regs[2], 400);
	assert_int_equal(fake_extract(&f, 0, 0), 400 * 24);
}

/* The extract offset is in memory before the host is told of a sync object. */
static void test_published_before_told(void **state)
{
	(void)state;
	SUBMIT(0, W_MOVE48(0, DATA), W_MOVE48(2, 1), W_SYNC(W_SYNC_ADD64, 0, 0, 2, 0, 0), W_NOP);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.reports[0].what, MDL_CS_SYNC_UPDATE);
	assert_int_equal(f.reports[0].extract, 32);
	assert_int_equal(f.reports[1].what, MDL_CS_STATE_CHANGED);
	assert_int_equal(f.report_count, 2);
}

/* A long stretch of instructions before a sync: the host must not see it earlier than 1 us too soon. */
static void test_sync_is_not_early(void **state)
{
	uint64_t start = f.now_ns;

	(void)state;
	SUBMIT(0, W_MOVE48(0, DATA), W_MOVE48(2, 1), W_MOVE32(4, 900), W_ADD32(4, 4, -1),
	       W_BRANCH(GT, 4, -2), W_SYNC(W_SYNC_ADD64, 0, 0, 2, 0, 0));
	while (!fake_rd64(&f, DATA))
		fake_run(&f, 10);
	assert_true(f.now_ns - start + MDL_SLICE_EARLY_NS >= 3 * 4 + 900 * 8);
}

/* Nor does a wait look at an object earlier than that. */
static void test_sync_wait_is_not_early(void **state)
{
	uint64_t start = f.now_ns;

	(void)state;
	SUBMIT(0, W_MOVE48(0, DATA), W_MOVE48(2, 0), W_MOVE32(4, 900), W_ADD32(4, 4, -1),
	       W_BRANCH(GT, 4, -2), W_SYNC_WAIT64(1, GT, 0, 2), W_MOVE32(9, 1));
	fake_run(&f, 3 * 4 + 900 * 8 - 2 * MDL_SLICE_EARLY_NS);
	fake_wr64(&f, DATA, 1);
	assert_true(fake_run(&f, FAKE_MS)); /* no kick: it had not looked yet */
	assert_int_equal(f.cs[0][0]->regs[9], 1);
	assert_true(f.now_ns > start);
}

/* Back beyond what the ring holds there is nothing to branch to. */
static void test_branch_over_whole_ring(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 200; i++) {
		SUBMIT(0, W_NOP, W_NOP, W_NOP);
		assert_true(fake_run(&f, FAKE_MS));
	}
	SUBMIT(0, W_BRANCH(ALWAYS, 0, -513));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(fake_status(&f, 0, 0).fatal, 0x49);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_prestate_setup_teardown(name, fake_setup, fake_teardown, &f)
		T(test_call_returns),
		T(test_jump_replaces_range),
		T(test_call_depth),
		T(test_job_ends_exactly),
		T(test_jobs_are_counted),
		T(test_many_jobs),
		T(test_load_latency),
		T(test_flush),
		T(test_finish_tiling),
		T(test_finish_tiling_of_its_pass),
		T(test_deferred_sync),
		T(test_too_many_deferred),
		T(test_deferred_fault_is_fatal),
		T(test_sync_between_streams),
		T(test_progress_between_streams),
		T(test_shared_entries),
		T(test_resource_blocks),
		T(test_error_propagation),
		T(test_poison),
		T(test_barrier_waits),
		T(test_fatal_stops),
		T(test_bad_ring),
		T(test_ring_unmapped),
		T(test_endless_loop),
		T(test_ring_wraps),
		T(test_published_before_told),
		T(test_sync_is_not_early),
		T(test_sync_wait_is_not_early),
		T(test_branch_over_whole_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
