// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * CS_TILER_OOM as the host sees it, through the firmware interface and page tables: event, words, answer;
 * a group that leaves its slot before the answer; a slot that is used again before the event was taken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/model_csf_env.h"
#include "tools/model/cost.h"

#define CS_TILER_OOM (1u << 26)
#define CS_FAULT     (1u << 31)

#define HEAP_VA	    (CENV_DATA_VA + 0x400)
#define DESC_VA	    (CENV_DATA_VA + 0x440)
#define TILER_VA    (CENV_DATA_VA + 0x480)
#define CHUNK_BYTES (128u << 10)
#define CHUNK_VA(i) (UINT64_C(0x900000000) + (uint64_t)(i)*CHUNK_BYTES)
#define CHUNK(i)    (CHUNK_VA(i) | CHUNK_BYTES >> 12)
#define CHUNKS	    3u

/* One and a half chunk. */
#define VERTICES (CHUNK_BYTES * 3 / 2 / MDL_HEAP_VERTEX)

static const uint64_t draw[] = {
	W_REQ_RESOURCE(8),
	W_MOVE48(0, HEAP_VA),
	W_HEAP_SET(0),
	W_HEAP_OP(0, 0, 0),
	W_MOVE48(40, TILER_VA),
	W_MOVE32(33, VERTICES),
	W_MOVE32(34, 1),
	W_RUN_IDVS,
	W_WAIT(0xff),
	W_MOVE48(CENV_R_ADDR, CENV_DATA_VA),
	W_MOVE48(CENV_R_VALUE, 1),
	CENV_SYNC_ADD,
};
#define WORDS (sizeof(draw) / sizeof(draw[0]))

static int setup(void **state)
{
	struct menv *e;

	cenv_setup(state);
	e = *state;
	menv_map_new(e, CENV_AS, CHUNK_VA(0), CHUNKS * CHUNK_BYTES, MENV_RW);
	menv_wr64_va(e, CENV_AS, DESC_VA, (uint64_t)CHUNK_BYTES << 32 | 0x29);
	menv_wr64_va(e, CENV_AS, DESC_VA + 8, CHUNK_VA(0));
	menv_wr64_va(e, CENV_AS, DESC_VA + 16, CHUNK_VA(0) + 64);
	menv_wr64_va(e, CENV_AS, DESC_VA + 24, CHUNK_VA(0) + CHUNK_BYTES);
	menv_wr64_va(e, CENV_AS, TILER_VA + 24, DESC_VA);
	return 0;
}

static void answer(struct menv *e, unsigned int csg, unsigned int cs, uint64_t chunk)
{
	uint32_t in = menv_cs_in(e, csg, cs);

	for (unsigned int i = 0; i < 2; i++) {
		menv_mcu_wr(e, in + CS_IN_HEAP_START + 8 * i, (uint32_t)chunk);
		menv_mcu_wr(e, in + CS_IN_HEAP_START + 8 * i + 4, (uint32_t)(chunk >> 32));
	}
	menv_mcu_wr(e, in + CS_IN_REQ, menv_mcu_rd(e, in + CS_IN_REQ) ^ CS_TILER_OOM);
	menv_cs_ring(e, csg, 1u << cs);
}

static void check_asked(struct menv *e, unsigned int csg, unsigned int cs)
{
	uint32_t out = menv_cs_out(e, csg, cs);

	assert_int_equal(cenv_cs_events(e, csg, cs) & (CS_TILER_OOM | CS_FAULT), CS_TILER_OOM);
	assert_true(e->pending[MMX_MODEL_IRQ_JOB] & 1u << csg);
	assert_int_equal(menv_mcu_rd(e, out + CS_OUT_HEAP_VT_START), 1);
	assert_int_equal(menv_mcu_rd(e, out + CS_OUT_HEAP_VT_END), 0);
	assert_int_equal(menv_mcu_rd(e, out + CS_OUT_HEAP_FRAG_END), 0);
	assert_int_equal(menv_mcu_rd(e, out + CS_OUT_HEAP_ADDRESS), HEAP_VA & 0xffffffff);
	assert_int_equal(cenv_csg_events(e, csg) & CENV_CSG_IDLE, 0);
	assert_int_equal(cenv_data(e, 0), 0);
}

static void answered_with_a_chunk(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	cenv_start_group(e, &g, 2, 2);
	cenv_clear_irqs(e);
	menv_submit(e, &g, 2, 1, draw, WORDS);
	cenv_quiet(e);
	check_asked(e, 2, 1);
	/* nothing moves before the answer, whatever else is rung for */
	menv_doorbell(e, 3);
	menv_cs_ring(e, 2, 3);
	cenv_quiet(e);
	check_asked(e, 2, 1);
	answer(e, 2, 1, CHUNK(2));
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 1);
	assert_int_equal(cenv_cs_events(e, 2, 1) & (CS_TILER_OOM | CS_FAULT), 0);
}

static void answered_with_none(void **state)
{
	struct menv_group g;
	struct menv *e = *state;

	cenv_start_group(e, &g, 0, 1);
	menv_submit(e, &g, 0, 0, draw, WORDS);
	cenv_quiet(e);
	check_asked(e, 0, 0);
	answer(e, 0, 0, 0);
	cenv_quiet(e);
	assert_int_equal(cenv_cs_events(e, 0, 0) & (CS_TILER_OOM | CS_FAULT), CS_FAULT);
	assert_int_equal(menv_mcu_rd(e, menv_cs_out(e, 0, 0) + CS_OUT_FAULT), 0x60);
}

/* The event is not taken before the group leaves: it comes again with the group. */
static void suspended_before_the_answer(void **state)
{
	struct menv_group g, other;
	struct menv *e = *state;

	cenv_start_group(e, &g, 0, 1);
	menv_submit(e, &g, 0, 0, draw, WORDS);
	cenv_quiet(e);
	check_asked(e, 0, 0);
	assert_true(menv_group_state(e, 0, MENV_CSG_SUSPEND));
	cenv_quiet(e);
	/* who comes into the slot is not answered for it */
	menv_group_create(e, &other, CENV_AS, 1);
	assert_true(menv_group_start(e, &other, 0, MENV_CSG_START));
	assert_int_equal(cenv_cs_events(e, 0, 0) & CS_TILER_OOM, 0);
	cenv_submit_add(e, &other, 0, 0, 3, 1);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 3), 1);
	assert_true(menv_group_start(e, &g, 1, MENV_CSG_RESUME));
	cenv_quiet(e);
	check_asked(e, 1, 0);
	answer(e, 1, 0, CHUNK(1));
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 1);
}

/* Chunks that come back when the host has been told change nothing: its answer, which is on the way, concerns the heap. */
static void found_some_before_the_answer(void **state)
{
	const uint64_t finish[] = { W_MOVE48(0, HEAP_VA), W_HEAP_SET(0), W_MOVE48(4, CHUNK(1)),
				    W_FINISH_FRAGMENT(0, 4, 4, 0, 0) };
	struct menv_group g;
	struct menv *e = *state;

	cenv_start_group(e, &g, 0, 2);
	menv_submit(e, &g, 0, 0, draw, WORDS);
	cenv_quiet(e);
	check_asked(e, 0, 0);
	menv_submit(e, &g, 0, 1, finish, 4);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 0);
	answer(e, 0, 0, 0);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 1);
}

/* Chunks come back before firmware has told the host: no event, which would name a render pass that is over. */
static void found_some_before_the_event(void **state)
{
	const uint64_t finish[] = { W_MOVE48(0, HEAP_VA), W_HEAP_SET(0), W_MOVE48(4, CHUNK(1)),
				    W_FINISH_FRAGMENT(1, 4, 4, 0, 0) };
	struct menv_group g;
	struct menv *e = *state;
	uint32_t out;

	cenv_start_group(e, &g, 0, 2);
	out = menv_cs_out(e, 0, 0);
	/* the tiler's stream runs dry in the same turn in which the other one gives a chunk back */
	menv_queue_write(e, &g, 1, finish, 4);
	menv_queue_write(e, &g, 0, draw, WORDS);
	menv_doorbell(e, 1);
	cenv_quiet(e);
	assert_int_equal(cenv_data(e, 0), 1);
	assert_int_equal(cenv_cs_events(e, 0, 0) & (CS_TILER_OOM | CS_FAULT), 0);
	/* words of the heap are those of the last event, not of the moment */
	assert_int_equal(menv_mcu_rd(e, out + CS_OUT_HEAP_VT_START), 0);
	cenv_csg_request(e, 0, 1u << 5); /* STATUS_UPDATE */
	cenv_quiet(e);
	assert_int_equal(menv_mcu_rd(e, out + CS_OUT_HEAP_VT_START), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, cenv_teardown)
		T(answered_with_a_chunk),	 T(answered_with_none),
		T(found_some_before_the_answer), T(found_some_before_the_event),
		T(suspended_before_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
