// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Jobs as a driver submits them, through doorbells, firmware and page tables: the call sequence that the
 * kernel puts in a ring around a user's stream, a render pass over three queues, faults of both kinds
 * beside a group that must not notice, suspension amid a job.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/model_env.h"
#include "tests/unit/model_words.h"

#define MS	  UINT64_C(1000000)
#define COUNT(a)  (unsigned int)(sizeof(a) / sizeof((a)[0]))
#define SYNC_VA	  UINT64_C(0x10000000) /* of queue i: + 16 i */
#define RESULT_VA UINT64_C(0x10001000)
#define CODE_VA	  UINT64_C(0x20000000) /* of queue i: + 4096 i */
#define CS_FAULT  (1u << 31)
#define CS_FATAL  (1u << 30)
#define JOB_WORDS 16u

static struct menv e;

static int setup(void **state)
{
	(void)state;
	menv_init(&e, NULL);
	menv_boot(&e);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	menv_finish(&e);
	return 0;
}

/* A group in an address space of its own, running in a slot. */
static void make_group(struct menv_group *g, unsigned int as, unsigned int csg,
		       unsigned int streams)
{
	menv_as_create(&e, as);
	menv_map_new(&e, as, SYNC_VA, MENV_PAGE, MENV_RW | MENV_UNCACHED);
	menv_map_new(&e, as, RESULT_VA, MENV_PAGE, MENV_RW);
	menv_map_new(&e, as, CODE_VA, streams * MENV_PAGE, MENV_RW);
	menv_group_create(&e, g, as, streams);
	assert_true(menv_group_start(&e, g, csg, MENV_CSG_START));
}

/* Puts the user's stream in memory and the kernel's sequence in the ring. */
static void submit_job(struct menv_group *g, unsigned int csg, unsigned int queue,
		       const uint64_t *words, unsigned int count)
{
	uint64_t code = CODE_VA + queue * MENV_PAGE;
	const uint64_t ring[JOB_WORDS] = {
		W_MOVE32(94, 0),
		W_FLUSH(0x233, 94, 0, 0),
		W_MOVE48(92, code),
		W_MOVE32(94, 8 * count),
		W_WAIT(1),
		W_CALL(92, 94),
		W_MOVE48(92, SYNC_VA + 16 * queue),
		W_MOVE48(94, 1),
		W_WAIT(0xff),
		W_SYNC(W_SYNC_ADD64, W_PROPAGATE | W_SYSTEM, 92, 94, 0, 0),
		W_ERROR_BARRIER,
	};

	for (unsigned int i = 0; i < count; i++)
		menv_wr64_va(&e, g->as, code + 8 * i, words[i]);
	menv_submit(&e, g, csg, queue, ring, JOB_WORDS);
}

static uint64_t seqno(const struct menv_group *g, unsigned int queue)
{
	return menv_rd64_va(&e, g->as, SYNC_VA + 16 * queue);
}

static uint32_t sync_status(const struct menv_group *g, unsigned int queue)
{
	return menv_rd_va(&e, g->as, SYNC_VA + 16 * queue + 8);
}

static uint64_t result(const struct menv_group *g, unsigned int index)
{
	return menv_rd64_va(&e, g->as, RESULT_VA + 8 * index);
}

/* REQ, ACK and fault registers of a stream: the event bits that are outstanding. */
static uint32_t cs_events(unsigned int csg, unsigned int cs)
{
	return menv_mcu_rd(&e, menv_cs_in(&e, csg, cs) + CS_IN_REQ) ^
	       menv_mcu_rd(&e, menv_cs_out(&e, csg, cs) + CS_OUT_ACK);
}

static const uint64_t add_job[] = {
	W_MOVE48(0, RESULT_VA), W_LOAD(2, 0, 3, 0),  W_WAIT(1),
	W_ADD64(2, 2, 5),	W_STORE(2, 0, 3, 0), W_WAIT(1),
};

static void test_call_sequence(void **state)
{
	struct menv_group g;

	(void)state;
	make_group(&g, 1, 0, 1);
	for (unsigned int i = 1; i <= 100; i++) { /* the ring wraps three times */
		submit_job(&g, 0, 0, add_job, COUNT(add_job));
		menv_run_for(&e, MS);
		assert_int_equal(seqno(&g, 0), i);
		assert_int_equal(sync_status(&g, 0), 0);
		assert_int_equal(result(&g, 0), 5 * i);
		assert_int_equal(menv_queue_extract(&e, &g, 0), 8 * JOB_WORDS * i);
	}
	assert_int_equal(cs_events(0, 0) & (CS_FATAL | CS_FAULT), 0);
	assert_int_equal(e.errors, 0);
}

/* Queue 0 tiles, queue 1 shades fragments after it, queue 2 computes after that. */
static void test_render_pass(void **state)
{
	const uint64_t tiled = RESULT_VA + 0x100, shaded = RESULT_VA + 0x110; /* sync objects */
	const uint64_t tile[] = {
		W_REQ_RESOURCE(8),
		W_SET_SB_ENTRY(2, 0),
		W_MOVE48(0, RESULT_VA),
		W_MOVE48(4, tiled),
		W_MOVE48(2, 1),
		W_MOVE32(33, 3000),
		W_MOVE32(34, 2),
		W_HEAP_OP(0, 0, 0),
		W_RUN_IDVS,
		W_SET_SB_ENTRY(3, 0),
		W_FINISH_TILING,
		W_STORE_STATE(1, 0, 16, 8, 4),
		W_SYNC(W_SYNC_ADD64, W_CSG, 4, 2, 8, 5),
		W_HEAP_OP(1, 8, 6),
	};
	const uint64_t fragment[] = {
		W_REQ_RESOURCE(2),
		W_SET_SB_ENTRY(2, 0),
		W_MOVE48(0, RESULT_VA),
		W_MOVE48(4, tiled),
		W_MOVE48(2, 0),
		W_SYNC_WAIT64(0, GT, 4, 2),
		W_MOVE32(42, 0),
		W_MOVE32(43, 255 | 255 << 16),
		W_RUN_FRAGMENT,
		W_WAIT(4),
		W_STORE_STATE(1, 0, 24, 0, 0),
		W_MOVE48(2, 1),
		W_ADD64(4, 4, 16),
		W_SYNC(W_SYNC_ADD64, W_CSG, 4, 2, 0, 0),
	};
	const uint64_t compute[] = {
		W_REQ_RESOURCE(1),
		W_MOVE48(0, RESULT_VA),
		W_MOVE48(4, shaded),
		W_MOVE48(2, 0),
		W_SYNC_WAIT64(0, GT, 4, 2),
		W_MOVE32(37, 16),
		W_MOVE32(38, 16),
		W_MOVE32(39, 1),
		W_RUN_COMPUTE(16, 0),
		W_WAIT(1),
		W_STORE_STATE(1, 0, 32, 0, 0),
	};
	struct menv_group g;

	(void)state;
	make_group(&g, 1, 0, 3);
	submit_job(&g, 0, 2, compute, COUNT(compute));
	submit_job(&g, 0, 1, fragment, COUNT(fragment));
	menv_run_for(&e, MS);
	assert_int_equal(seqno(&g, 1), 0);
	assert_int_equal(seqno(&g, 2), 0);
	submit_job(&g, 0, 0, tile, COUNT(tile));
	menv_run_for(&e, MS);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(seqno(&g, i), 1);
	/* 256 tiles, then 16 tasks of 16 workgroups, on four cores; a little for instructions */
	assert_in_range(result(&g, 3) - result(&g, 2), 132072 / 4, 132072 / 4 + 1000);
	assert_in_range(result(&g, 4) - result(&g, 3), 20584 / 4, 20584 / 4 + 1000);
}

/* Stops a stream and starts it again with another priority. */
static void set_priority(unsigned int csg, unsigned int cs, uint32_t priority)
{
	uint32_t in = menv_cs_in(&e, csg, cs), req = menv_mcu_rd(&e, in + CS_IN_REQ);

	menv_mcu_wr(&e, in + CS_IN_REQ, req & ~7u);
	menv_cs_ring(&e, csg, 1u << cs);
	menv_run_for(&e, MS);
	menv_mcu_wr(&e, in + CS_IN_CONFIG, menv_mcu_rd(&e, in + CS_IN_CONFIG) | priority);
	menv_mcu_wr(&e, in + CS_IN_REQ, req);
	menv_cs_ring(&e, csg, 1u << cs);
	menv_run_for(&e, MS);
}

/* While one job has the cores, two others wait for them: that of the stream of higher priority is next. */
static void test_stream_priority(void **state)
{
	const uint64_t job[] = { W_REQ_RESOURCE(2), W_MOVE32(42, 0), W_MOVE32(43, 255 | 255 << 16),
				 W_RUN_FRAGMENT };
	struct menv_group g;

	(void)state;
	make_group(&g, 1, 0, 3);
	set_priority(0, 1, 2);
	set_priority(0, 2, 9);
	submit_job(&g, 0, 0, job, COUNT(job));
	menv_run_for(&e, 20000);
	submit_job(&g, 0, 1, job, COUNT(job));
	submit_job(&g, 0, 2, job, COUNT(job));
	/* each has the cores for 33 us */
	menv_run_for(&e, 60000);
	assert_int_equal(seqno(&g, 0), 1);
	assert_int_equal(seqno(&g, 1), 0);
	assert_int_equal(seqno(&g, 2), 1);
	menv_run_for(&e, MS);
	assert_int_equal(seqno(&g, 1), 1);
}

/* A job that faults: its sync object tells the error, the next one does not, the stream goes on. */
static void test_recoverable_fault(void **state)
{
	const uint64_t bad[] = { W_REQ_RESOURCE(2), W_MOVE32(42, 1), W_MOVE32(43, 0),
				 W_RUN_FRAGMENT };
	struct menv_group g;
	uint64_t start;
	uint32_t req;

	(void)state;
	make_group(&g, 1, 0, 1);
	req = menv_cs_in(&e, 0, 0) + CS_IN_REQ;
	submit_job(&g, 0, 0, add_job, COUNT(add_job));
	menv_run_for(&e, MS);
	start = menv_queue_extract(&e, &g, 0);
	submit_job(&g, 0, 0, bad, COUNT(bad));
	menv_run_for(&e, MS);
	assert_int_equal(cs_events(0, 0) & (CS_FATAL | CS_FAULT), CS_FAULT);
	assert_int_equal(menv_mcu_rd(&e, menv_cs_out(&e, 0, 0) + CS_OUT_FAULT) & 0xff, 0x59);
	/* the stream waits for the host, which finds the guilty job by its extract offset */
	assert_in_range(menv_queue_extract(&e, &g, 0), start, start + 8 * JOB_WORDS - 1);
	menv_doorbell(&e, 1);
	menv_cs_ring(&e, 0, 1); /* rung, but not acknowledged */
	menv_run_for(&e, MS);
	assert_int_equal(seqno(&g, 0), 1);
	menv_mcu_wr(&e, req, menv_mcu_rd(&e, req) ^ CS_FAULT);
	menv_csg_ring(&e, 0); /* acknowledged, but the stream was not rung for */
	menv_run_for(&e, MS);
	assert_int_equal(seqno(&g, 0), 1);
	menv_cs_ring(&e, 0, 1);
	menv_run_for(&e, MS);
	assert_int_equal(seqno(&g, 0), 2);
	assert_int_equal(sync_status(&g, 0), 1);
	submit_job(&g, 0, 0, add_job, COUNT(add_job));
	menv_run_for(&e, MS);
	assert_int_equal(seqno(&g, 0), 3);
	assert_int_equal(sync_status(&g, 0), 0);
	assert_int_equal(result(&g, 0), 10);
}

/* Guest B loads from nowhere: its stream is dead, its address space has the fault; A goes on. */
static void test_fault_beside_another_group(void **state)
{
	const uint64_t bad[] = { W_MOVE48(0, 0x123456000), W_LOAD(2, 0, 1, 0) };
	struct menv_group a, b;

	(void)state;
	make_group(&a, 1, 0, 1);
	make_group(&b, 2, 1, 1);
	for (unsigned int i = 1; i <= 3; i++) {
		submit_job(&a, 0, 0, add_job, COUNT(add_job));
		submit_job(&b, 1, 0, bad, COUNT(bad));
		menv_run_for(&e, MS);
		assert_int_equal(result(&a, 0), 5 * i);
		assert_int_equal(seqno(&a, 0), i);
		assert_int_equal(seqno(&b, 0), 0);
	}
	assert_int_equal(cs_events(0, 0) & (CS_FATAL | CS_FAULT), 0);
	assert_int_equal(cs_events(1, 0) & (CS_FATAL | CS_FAULT), CS_FATAL);
	assert_int_equal(menv_mcu_rd(&e, menv_cs_out(&e, 1, 0) + CS_OUT_FATAL) & 0xff, 0x48);
	assert_int_equal(menv_rd(&e, 0x2000) & 0xffff, 1u << 2); /* MMU_INT: AS 2 */
	assert_true(menv_rd64(&e, 0x2400 + 2 * 0x40 + 0x20) == 0x123456000);
}

/* 2 ms of compute, suspended on the way, resumed in another slot: done, and no time was lost. */
static void test_suspend_amid_job(void **state)
{
	/* 8e6 cycles: 31250 tasks less the base, of one workgroup each */
	const uint64_t lengthy[] = { W_REQ_RESOURCE(1),	     W_MOVE32(37, 30299),
				     W_MOVE32(38, 1),	     W_MOVE32(39, 1),
				     W_RUN_COMPUTE(1, 0),    W_WAIT(1),
				     W_MOVE48(0, RESULT_VA), W_MOVE48(2, 77),
				     W_STORE(2, 0, 3, 0) };
	struct menv_group g;
	uint64_t asked_ns, resumed_ns;

	(void)state;
	make_group(&g, 1, 0, 1);
	submit_job(&g, 0, 0, lengthy, COUNT(lengthy));
	menv_run_for(&e, 730000);
	asked_ns = e.now_ns;
	assert_true(menv_group_state(&e, 0, MENV_CSG_SUSPEND));
	assert_in_range(e.now_ns - asked_ns, 1, 200000); /* a piece, and what firmware needs */
	menv_run_for(&e, 5 * MS);
	assert_int_equal(seqno(&g, 0), 0);
	assert_true(menv_group_start(&e, &g, 3, MENV_CSG_RESUME));
	resumed_ns = e.now_ns;
	while (!seqno(&g, 0) && e.now_ns - resumed_ns < 5 * MS)
		menv_run_for(&e, 1000);
	assert_int_equal(seqno(&g, 0), 1);
	assert_int_equal(result(&g, 0), 77);
	/* (1000 + 30299 * 264) / 4 = 1999984 in all, of which 700000 to 800000 before */
	assert_in_range(e.now_ns - resumed_ns, 1199000, 1320000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_call_sequence),	   T(test_render_pass),
		T(test_recoverable_fault), T(test_fault_beside_another_group),
		T(test_suspend_amid_job),  T(test_stream_priority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
