// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Tiler heaps of the model, a stream at a time: what a draw takes, how it goes on from chunk to chunk, what
 * happens when there is none (the host's answers, fragment work that gives chunks back, the exception handler, the
 * fault), and lists in memory that make no sense. The descriptors are laid out here a second time, from
 * Mesa's description.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/model_fake.h"
#include "tests/unit/model_words.h"
#include "tools/model/cs_priv.h"

#define DATA FAKE_DATA_VA

/* in the page of data */
#define HEAP_VA	 (DATA + 0x400) /* context */
#define DESC_VA	 (DATA + 0x440) /* tiler heap descriptor */
#define TILER_VA (DATA + 0x480) /* tiler context: 128 bytes */
#define TILER(n) (TILER_VA + 4 * (n))
#define SYNC_VA	 (DATA + 0x600)

#define CHUNK_BYTES 8192u
#define CHUNKS	    8u
#define CHUNK_VA(i) (UINT64_C(0x900000000) + (uint64_t)(i)*0x10000)
#define CHUNK(i)    (CHUNK_VA(i) | CHUNK_BYTES >> 12)

/* vertices of a draw that takes all that a chunk has */
#define FULL ((CHUNK_BYTES - MDL_HEAP_CHUNK_HEADER - MDL_HEAP_JOB) / MDL_HEAP_VERTEX)

/* ... and of one that fills n chunks and begins another one */
#define OVER(n) ((n) * (CHUNK_BYTES - MDL_HEAP_CHUNK_HEADER) / MDL_HEAP_VERTEX - 1)
_Static_assert(OVER(1) == FULL + 1, "a job's own bytes are those of two vertices");

static struct fake f;

#define SUBMIT(cs, ...) FAKE_SUBMIT(&f, cs, __VA_ARGS__)

/* Names the heap, the tiler context and one vertex. */
#define SETUP                                                                             \
	W_REQ_RESOURCE(0xf), W_MOVE48(0, HEAP_VA), W_HEAP_SET(0), W_MOVE48(40, TILER_VA), \
		W_MOVE32(34, 1), W_MOVE32(42, 0), W_MOVE32(43, 0)
#define DRAW(vertices) W_MOVE32(33, vertices), W_RUN_IDVS

static int setup(void **state)
{
	int r = fake_setup(state);

	for (unsigned int i = 0; !r && i < CHUNKS; i++)
		if (!fake_map(&f, FAKE_AS, CHUNK_VA(i), CHUNK_BYTES, true))
			r = -1;
	if (r)
		return r;
	/* the first chunk, alone */
	fake_wr64(&f, DESC_VA, (uint64_t)CHUNK_BYTES << 32 | 0x29);
	fake_wr64(&f, DESC_VA + 8, CHUNK_VA(0));
	fake_wr64(&f, DESC_VA + 16, CHUNK_VA(0) + 64);
	fake_wr64(&f, DESC_VA + 24, CHUNK_VA(0) + CHUNK_BYTES);
	fake_wr64(&f, TILER(6), DESC_VA);
	fake_start(&f, 0, 1);
	return 0;
}

static uint64_t bottom(void)
{
	return fake_rd64(&f, DESC_VA + 16);
}

static unsigned int ooms(unsigned int cs)
{
	return fake_count(&f, 0, cs, MDL_CS_TILER_OOM);
}

/* Has that much been drawn? */
static bool drawn(unsigned int cs)
{
	return fake_status(&f, 0, cs).empty;
}

static void check_fault(unsigned int cs, uint32_t exception)
{
	assert_int_equal(fake_count(&f, 0, cs, MDL_CS_FAULT), 1);
	assert_int_equal(fake_status(&f, 0, cs).fault, exception);
}

/* ---- chunks ---- */

static void test_amounts(void **state)
{
	(void)state;
	SUBMIT(0, SETUP, W_MOVE32(34, 3), DRAW(10));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(bottom(), CHUNK_VA(0) + 64 + MDL_HEAP_JOB + 30 * MDL_HEAP_VERTEX);
	SUBMIT(0, W_RUN_TILING);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(bottom(), CHUNK_VA(0) + 64 + 2 * (MDL_HEAP_JOB + 30 * MDL_HEAP_VERTEX));
	/* these take nothing */
	SUBMIT(0, W_MOVE48(4, DATA), W_RUN_FULLSCREEN(4), W_MOVE48(40, 0), W_RUN_IDVS,
	       W_MOVE48(40, DATA), W_RUN_IDVS);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(bottom(), CHUNK_VA(0) + 64 + 2 * (MDL_HEAP_JOB + 30 * MDL_HEAP_VERTEX));
	assert_int_equal(ooms(0), 0);
}

/* Full chunks become completed ones, in order; the next are those that the host has linked. */
static void test_initial_list(void **state)
{
	(void)state;
	fake_wr64(&f, CHUNK_VA(0), CHUNK(3));
	fake_wr64(&f, CHUNK_VA(3), CHUNK(1));
	SUBMIT(0, SETUP, DRAW(FULL));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(bottom(), CHUNK_VA(0) + CHUNK_BYTES);
	assert_int_equal(fake_rd64(&f, TILER(10)), 0);
	SUBMIT(0, DRAW(0));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(fake_rd64(&f, TILER(10)), CHUNK(0));
	assert_int_equal(fake_rd64(&f, TILER(12)), CHUNK(0));
	assert_int_equal(fake_rd64(&f, CHUNK_VA(0)), 0);
	assert_int_equal(fake_rd64(&f, DESC_VA + 8), CHUNK_VA(3));
	assert_int_equal(bottom(), CHUNK_VA(3) + 64 + MDL_HEAP_JOB);
	SUBMIT(0, DRAW(FULL));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(fake_rd64(&f, TILER(10)), CHUNK(0));
	assert_int_equal(fake_rd64(&f, TILER(12)), CHUNK(3));
	assert_int_equal(fake_rd64(&f, CHUNK_VA(0)), CHUNK(3));
	assert_int_equal(fake_rd64(&f, DESC_VA + 8), CHUNK_VA(1));
	assert_int_equal(ooms(0), 0);
}

static void test_counters_are_the_contexts(void **state)
{
	(void)state;
	SUBMIT(0, SETUP, W_HEAP_OP(0, 0, 0), W_HEAP_OP(0, 0, 0), W_HEAP_OP(1, 0, 0));
	assert_true(fake_run(&f, FAKE_MS));
	SUBMIT(1, SETUP, W_HEAP_OP(3, 0, 0));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(fake_status(&f, 0, 1).heap_vt_start, 2);
	assert_int_equal(fake_status(&f, 0, 1).heap_vt_end, 1);
	assert_int_equal(fake_status(&f, 0, 1).heap_frag_end, 1);
	assert_int_equal(fake_status(&f, 0, 1).heap, HEAP_VA);
}

/* ---- the host's answers ---- */

static void test_growth(void **state)
{
	(void)state;
	SUBMIT(0, SETUP, W_HEAP_OP(0, 0, 0), DRAW(OVER(3)), W_MOVE32(20, 1));
	for (unsigned int i = 1; i <= 3; i++) {
		assert_true(fake_run(&f, FAKE_MS));
		assert_int_equal(ooms(0), i);
		assert_int_equal(fake_status(&f, 0, 0).blocked, MDL_CS_BLOCKED_SB);
		assert_int_equal(fake_status(&f, 0, 0).heap_vt_start, 1);
		assert_int_equal(f.cs[0][0]->regs[20], 0);
		mdl_cs_heap_answer(f.cs[0][0], CHUNK(i), CHUNK(i));
	}
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(ooms(0), 3);
	assert_int_equal(f.cs[0][0]->regs[20], 1);
	assert_int_equal(fake_rd64(&f, TILER(10)), CHUNK(0));
	assert_int_equal(fake_rd64(&f, TILER(12)), CHUNK(2));
	assert_int_equal(fake_rd64(&f, CHUNK_VA(1)), CHUNK(2));
	assert_int_equal(bottom(), CHUNK_VA(3) + 64 + MDL_HEAP_VERTEX);
	/* an answer to nobody touches no heap: it may be gone */
	mdl_cs_heap_answer(f.cs[0][0], CHUNK(5), CHUNK(5));
	assert_int_equal(fake_rd64(&f, HEAP_VA), 0);
}

/* Without chunk, handler or fragment work the job fails, the stream goes on. */
static void test_denied(void **state)
{
	(void)state;
	SUBMIT(0, SETUP, DRAW(OVER(1)), W_MOVE32(20, 1));
	assert_true(fake_run(&f, FAKE_MS));
	mdl_cs_heap_answer(f.cs[0][0], 0, 0);
	assert_true(fake_run(&f, FAKE_MS));
	check_fault(0, 0x60);
	assert_int_equal(f.cs[0][0]->regs[20], 1);
	/* the heap works again when there is memory */
	SUBMIT(0, W_ERROR_BARRIER, DRAW(1));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(ooms(0), 2);
	mdl_cs_heap_answer(f.cs[0][0], CHUNK(1), CHUNK(1));
	assert_true(fake_run(&f, FAKE_MS));
	assert_true(drawn(0));
	assert_int_equal(bottom(), CHUNK_VA(1) + 64 + MDL_HEAP_JOB + MDL_HEAP_VERTEX);
}

/* A handler at address 0 is none: there is nothing to call, and nothing to wait for. */
static void test_handler_at_0(void **state)
{
	(void)state;
	SUBMIT(0, SETUP, W_MOVE48(70, 0), W_MOVE32(72, 64), W_SET_HANDLER(2, 70, 72), DRAW(OVER(1)),
	       W_MOVE32(20, 1));
	assert_true(fake_run(&f, FAKE_MS));
	mdl_cs_heap_answer(f.cs[0][0], 0, 0);
	assert_true(fake_run(&f, FAKE_MS));
	check_fault(0, 0x60);
	assert_int_equal(f.cs[0][0]->regs[20], 1);
}

static void test_no_context(void **state)
{
	(void)state;
	SUBMIT(0, SETUP, W_MOVE48(0, 0), W_HEAP_SET(0), DRAW(OVER(1)));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(ooms(0), 0);
	check_fault(0, 0x60);
}

/* ---- fragment work ---- */

/* Denied while a render pass is to be shaded: goes on in the chunks that it gives back. */
static void test_waits_for_fragment(void **state)
{
	(void)state;
	SUBMIT(0, SETUP, W_HEAP_OP(0, 0, 0), DRAW(FULL), W_FINISH_TILING, W_WAIT(1),
	       W_HEAP_OP(1, 0, 0), W_HEAP_OP(0, 0, 0), DRAW(FULL), W_MOVE32(20, 1));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(ooms(0), 1);
	assert_int_equal(fake_status(&f, 0, 0).heap_vt_start, 2);
	assert_int_equal(fake_status(&f, 0, 0).heap_vt_end, 1);
	mdl_cs_heap_answer(f.cs[0][0], 0, 0);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][0]->regs[20], 0);
	SUBMIT(1, SETUP, W_RUN_FRAGMENT, W_WAIT(1), W_MOVE48(2, TILER(10)), W_LOAD(4, 2, 0xf, 0),
	       W_WAIT(1), W_FINISH_FRAGMENT(1, 6, 4, 0, 0));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][0]->regs[20], 1);
	assert_int_equal(ooms(0), 1);
	assert_int_equal(fake_count(&f, 0, 0, MDL_CS_FAULT), 0);
	/* what the two draws take but for the chunk that was full */
	assert_int_equal(bottom(), CHUNK_VA(0) + CHUNK_BYTES);
	assert_int_equal(fake_rd64(&f, HEAP_VA), 0);
}

/* A list of chunks is given back as a whole, deferred, with the registers of its issue. */
static void test_finish_fragment_lists(void **state)
{
	(void)state;
	fake_wr64(&f, HEAP_VA, CHUNK(7));
	fake_wr64(&f, CHUNK_VA(1), CHUNK(2));
	SUBMIT(0, SETUP, W_RUN_FRAGMENT, W_MOVE48(4, CHUNK(1)), W_MOVE48(6, CHUNK(2)),
	       W_FINISH_FRAGMENT(0, 6, 4, 1, 3), W_MOVE48(4, 0), W_MOVE48(6, 0), W_WAIT(8));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(fake_rd64(&f, HEAP_VA), CHUNK(1));
	assert_int_equal(fake_rd64(&f, CHUNK_VA(1)), CHUNK(2));
	assert_int_equal(fake_rd64(&f, CHUNK_VA(2)), CHUNK(7));
	assert_int_equal(fake_rd64(&f, HEAP_VA + 16) & 0xffffffff, 0); /* not counted */
}

/* ---- the exception handler ---- */

static const uint64_t handler[] = {
	W_ADD32(60, 60, 1),
	W_RUN_FRAGMENT,
	W_WAIT(1),
	W_MOVE48(62, TILER(10)),
	W_LOAD(64, 62, 0xf, 0),
	W_WAIT(1),
	W_FINISH_FRAGMENT(0, 66, 64, 0, 0),
	W_MOVE48(64, 0),
	W_MOVE48(66, 0),
	W_STORE(64, 62, 0xf, 0),
};

#define HANDLER(length) W_MOVE48(70, FAKE_CODE_VA), W_MOVE32(72, length), W_SET_HANDLER(2, 70, 72)

static void place_handler(void)
{
	memcpy(fake_ptr(&f, FAKE_AS, FAKE_CODE_VA, sizeof(handler)), handler, sizeof(handler));
}

/* As Mesa's OpenGL driver has it: one queue, which renders what it has when it is told to. */
static void test_incremental_rendering(void **state)
{
	(void)state;
	place_handler();
	SUBMIT(0, SETUP, HANDLER(sizeof(handler)), W_HEAP_OP(0, 0, 0), DRAW(OVER(4)),
	       W_MOVE32(20, 1));
	for (unsigned int i = 0; i < 4; i++) {
		assert_true(fake_run(&f, FAKE_MS));
		assert_int_equal(ooms(0), i + 1);
		mdl_cs_heap_answer(f.cs[0][0], 0, 0);
	}
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][0]->regs[60], 4);
	assert_int_equal(f.cs[0][0]->regs[20], 1);
	assert_int_equal(f.cs[0][0]->depth, 0);
	assert_int_equal(fake_count(&f, 0, 0, MDL_CS_FAULT), 0);
}

/* As Mesa's Vulkan driver has it: the queue that waits for the tiler has the handler. */
static void test_handler_of_another_stream(void **state)
{
	(void)state;
	place_handler();
	SUBMIT(1, SETUP, HANDLER(sizeof(handler)), W_MOVE48(2, SYNC_VA), W_MOVE48(4, 0),
	       W_SYNC_WAIT64(1, GT, 2, 4), W_MOVE32(21, 1));
	SUBMIT(0, SETUP, W_HEAP_OP(0, 0, 0), DRAW(OVER(2)), W_MOVE32(20, 1));
	for (unsigned int i = 0; i < 2; i++) {
		assert_true(fake_run(&f, FAKE_MS));
		mdl_cs_heap_answer(f.cs[0][0], 0, 0);
	}
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][1]->regs[60], 2);
	assert_int_equal(f.cs[0][0]->regs[20], 1);
	/* it waits as before */
	assert_int_equal(fake_status(&f, 0, 1).blocked, MDL_CS_BLOCKED_SYNC);
	fake_wr64(&f, SYNC_VA, 1);
	mdl_cs_kick(f.cs[0][1]);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][1]->regs[21], 1);
}

/* A handler that is taken back leaves the exception pending until there is one again. */
static void test_pending_until_set_again(void **state)
{
	(void)state;
	place_handler();
	SUBMIT(1, SETUP, HANDLER(sizeof(handler)), HANDLER(0));
	assert_true(fake_run(&f, FAKE_MS));
	SUBMIT(0, SETUP, W_HEAP_OP(0, 0, 0), DRAW(OVER(1)), W_MOVE32(20, 1));
	assert_true(fake_run(&f, FAKE_MS));
	mdl_cs_heap_answer(f.cs[0][0], 0, 0);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][0]->regs[20], 0);
	assert_int_equal(fake_count(&f, 0, 0, MDL_CS_FAULT), 0);
	SUBMIT(1, HANDLER(sizeof(handler)));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][1]->regs[60], 1);
	assert_int_equal(f.cs[0][0]->regs[20], 1);
}

/* A handler that finds nothing: the fault comes after it, once. */
static void test_handler_in_vain(void **state)
{
	const uint64_t idle[] = { W_ADD32(60, 60, 1) };

	(void)state;
	memcpy(fake_ptr(&f, FAKE_AS, FAKE_CODE_VA, sizeof(idle)), idle, sizeof(idle));
	SUBMIT(0, SETUP, HANDLER(sizeof(idle)), DRAW(OVER(1)), W_MOVE32(20, 1));
	assert_true(fake_run(&f, FAKE_MS));
	mdl_cs_heap_answer(f.cs[0][0], 0, 0);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][0]->regs[60], 1);
	check_fault(0, 0x60);
	assert_int_equal(f.cs[0][0]->regs[20], 1);
}

/* A draw within the handler can't call it again. */
static void test_draw_in_handler(void **state)
{
	const uint64_t draws[] = { W_ADD32(60, 60, 1), W_RUN_IDVS };

	(void)state;
	memcpy(fake_ptr(&f, FAKE_AS, FAKE_CODE_VA, sizeof(draws)), draws, sizeof(draws));
	SUBMIT(0, SETUP, HANDLER(sizeof(draws)), DRAW(OVER(1)), W_MOVE32(20, 1));
	assert_true(fake_run(&f, FAKE_MS));
	mdl_cs_heap_answer(f.cs[0][0], 0, 0);
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[0][0]->regs[60], 1);
	assert_int_equal(ooms(0), 1);
	check_fault(0, 0x60);
}

static void test_bad_handlers(void **state)
{
	static const uint64_t code[] = { FAKE_CODE_VA + 4, UINT64_C(0xfffffffffff8) };

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		fake_start(&f, 0, 2);
		f.insert[0][2] = 0;
		fake_wr64(&f, DESC_VA + 8, 0);
		fake_wr64(&f, DESC_VA + 16, 0);
		fake_wr64(&f, DESC_VA + 24, 0);
		SUBMIT(2, SETUP, W_MOVE48(70, code[i]), W_MOVE32(72, 80), W_SET_HANDLER(2, 70, 72),
		       DRAW(1));
		assert_true(fake_run(&f, FAKE_MS));
		mdl_cs_heap_answer(f.cs[0][2], 0, 0);
		assert_true(fake_run(&f, FAKE_MS));
		assert_true(fake_status(&f, 0, 2).stopped);
		assert_int_equal(fake_status(&f, 0, 2).fatal, i ? 0x48 : 0x49);
	}
}

/* ---- suspension ---- */

static void move(unsigned int from, unsigned int to)
{
	uint8_t buf[MDL_CS_STATE_SIZE];
	struct mdl_cs_params params;

	mdl_cs_pause(f.cs[from][0]);
	while (!mdl_cs_quiet(f.cs[from][0]))
		fake_run(&f, 1000);
	mdl_cs_save(f.cs[from][0], buf);
	mdl_cs_stop(f.cs[from][0]);
	fake_params(0, 0, &params);
	assert_true(mdl_cs_restore(f.cs[to][0], &params, buf));
	assert_true(fake_run(&f, FAKE_MS));
}

/* Suspended before the answer, and again after it was no: it asks anew each time, and loses nothing. */
static void test_suspended_out_of_memory(void **state)
{
	(void)state;
	SUBMIT(0, SETUP, W_HEAP_OP(0, 0, 0), DRAW(FULL), W_HEAP_OP(1, 0, 0), DRAW(FULL),
	       W_MOVE32(20, 1));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(ooms(0), 1);
	move(0, 1);
	assert_int_equal(fake_count(&f, 1, 0, MDL_CS_TILER_OOM), 1);
	mdl_cs_heap_answer(f.cs[1][0], 0, 0);
	assert_true(fake_run(&f, FAKE_MS));
	move(1, 2);
	assert_int_equal(fake_count(&f, 2, 0, MDL_CS_TILER_OOM), 1);
	mdl_cs_heap_answer(f.cs[2][0], CHUNK(1), CHUNK(1));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(f.cs[2][0]->regs[20], 1);
	assert_int_equal(bottom(), CHUNK_VA(1) + CHUNK_BYTES);
}

static void test_suspended_in_handler(void **state)
{
	(void)state;
	place_handler();
	SUBMIT(0, SETUP, HANDLER(sizeof(handler)), DRAW(OVER(1)), W_MOVE32(20, 1));
	assert_true(fake_run(&f, FAKE_MS));
	mdl_cs_heap_answer(f.cs[0][0], 0, 0);
	fake_run(&f, MDL_COST_HEAP_CHUNK + 3 * MDL_COST_RUN); /* into its fragment job */
	assert_int_equal(f.cs[0][0]->handler_depth, 1);
	move(0, 3);
	assert_int_equal(f.cs[3][0]->regs[60], 1);
	assert_int_equal(f.cs[3][0]->regs[20], 1);
	assert_int_equal(f.cs[3][0]->handler_depth, 0);
	assert_int_equal(fake_count(&f, 3, 0, MDL_CS_FAULT), 0);
}

/* ---- memory that makes no sense ---- */

/* A free list that bites its tail, of chunks that hold nothing: others have their turn. */
static void test_endless_list(void **state)
{
	(void)state;
	fake_wr64(&f, HEAP_VA, CHUNK_VA(1)); /* no bytes */
	SUBMIT(0, SETUP, DRAW(UINT32_MAX));
	for (unsigned int i = 0; i < 100; i++) {
		fake_run(&f, 50000);
		fake_wr64(&f, HEAP_VA, CHUNK_VA(1));
		fake_wr64(&f, CHUNK_VA(1), CHUNK_VA(1));
	}
	SUBMIT(1, W_MOVE32(20, 1));
	fake_run(&f, 50000);
	assert_int_equal(f.cs[0][1]->regs[20], 1);
}

static void test_unmapped(void **state)
{
	static const struct {
		const char *what;
		uint64_t va, value;
	} rows[] = {
		{ "tiler context's end", 0, 0 },
		{ "descriptor", TILER(6), 0x100 },
		{ "chunk", DESC_VA + 8, 0x100000 },
		{ "descriptor that can't be written", TILER(6), FAKE_RO_VA },
		{ "free chunk", HEAP_VA, 0x100000 },
	};

	(void)state;
	for (unsigned int i = 0; i < FAKE_COUNT(rows); i++) {
		uint64_t old = rows[i].va ? fake_rd64(&f, rows[i].va) : 0;

		fake_start(&f, 0, 2);
		f.insert[0][2] = 0;
		f.report_count = 0;
		memset(f.reports, 0, sizeof(f.reports));
		if (rows[i].va)
			fake_wr64(&f, rows[i].va, rows[i].value);
		fake_wr64(&f, DESC_VA + 16, 0);
		fake_wr64(&f, DESC_VA + 24, 0);
		SUBMIT(2, SETUP, W_MOVE48(40, rows[i].va ? TILER_VA : DATA + FAKE_DATA_LEN - 16),
		       DRAW(1), W_MOVE32(20, 1));
		assert_true(fake_run(&f, FAKE_MS));
		if (!fake_status(&f, 0, 2).fault)
			fail_msg("%s: no fault", rows[i].what);
		assert_in_range(fake_status(&f, 0, 2).fault, 0xc0, 0xcb);
		assert_int_equal(f.cs[0][2]->regs[20], 1);
		if (rows[i].va)
			fake_wr64(&f, rows[i].va, old);
	}
	/* the context is the stream's own access */
	fake_start(&f, 0, 2);
	f.insert[0][2] = 0;
	SUBMIT(2, W_MOVE48(0, 0x100000), W_HEAP_SET(0), W_HEAP_OP(0, 0, 0));
	assert_true(fake_run(&f, FAKE_MS));
	assert_int_equal(fake_status(&f, 0, 2).fatal, 0x48);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_prestate_setup_teardown(name, setup, fake_teardown, &f)
		T(test_amounts),
		T(test_initial_list),
		T(test_counters_are_the_contexts),
		T(test_growth),
		T(test_denied),
		T(test_handler_at_0),
		T(test_no_context),
		T(test_waits_for_fragment),
		T(test_finish_fragment_lists),
		T(test_incremental_rendering),
		T(test_handler_of_another_stream),
		T(test_pending_until_set_again),
		T(test_handler_in_vain),
		T(test_draw_in_handler),
		T(test_bad_handlers),
		T(test_suspended_out_of_memory),
		T(test_suspended_in_handler),
		T(test_endless_list),
		T(test_unmapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
