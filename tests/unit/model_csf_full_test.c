// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The model's firmware with all that it has: every stream of every slot at work at once; and a group of eight streams, each
 * held up by something else, that is moved from slot to slot, beside one that stays: nobody can tell them apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/model_csf_env.h"
#include "tools/model/cost.h"

#define CODE_VA	   UINT64_C(0x11000000)
#define CODE_BYTES 64u /* of a piece that is called */
#define DEPTH	   7u /* calls; the ring is the eighth level */
#define ENTRIES	   64u /* of the data page, for each of the two groups */
#define GATE	   32u /* the first entry that a stream waits for */
#define WORDS_MAX  64u
#define CSG_STATUS (1u << 5)

/* registers */
#define R_ACC	40u /* pair */
#define R_ONE	42u /* pair */
#define R_CALL	44u /* pairs: where the pieces are */
#define R_LEN	60u
#define R_LIMIT 62u /* pair */

/* ---- all of them ---- */

static void every_stream_of_every_slot(void **state)
{
	static struct menv_group groups[MENV_GROUPS];
	struct menv *e = *state;

	for (unsigned int i = 0; i < MENV_GROUPS; i++)
		cenv_start_group(e, &groups[i], i, MENV_STREAMS);
	for (unsigned int i = 0; i < MENV_GROUPS; i++)
		for (unsigned int s = 0; s < MENV_STREAMS; s++)
			cenv_submit_add(e, &groups[i], i, s, i * MENV_STREAMS + s, 100 + s);
	cenv_quiet(e);
	for (unsigned int i = 0; i < MENV_GROUPS; i++) {
		for (unsigned int s = 0; s < MENV_STREAMS; s++) {
			assert_int_equal(cenv_data(e, i * MENV_STREAMS + s), 100 + s);
			assert_int_equal(menv_queue_extract(e, &groups[i], s),
					 groups[i].queues[s].insert);
		}
	}
	assert_int_equal(e->errors, 0);
}

/* ---- one that is moved ---- */

struct words {
	uint64_t word[WORDS_MAX];
	unsigned int count;
};

static void put(struct words *w, uint64_t word)
{
	assert_true(w->count < WORDS_MAX);
	w->word[w->count++] = word;
}

static uint64_t entry_va(unsigned int base, unsigned int index)
{
	return CENV_DATA_VA + 16 * (base + index);
}

/* [entry] += register pair */
static void put_add(struct words *w, unsigned int base, unsigned int index, unsigned int reg)
{
	put(w, W_MOVE48(CENV_R_ADDR, entry_va(base, index)));
	put(w, W_SYNC(W_SYNC_ADD64, W_SYSTEM, CENV_R_ADDR, reg, 0, 0));
}

static void put_gate(struct words *w, unsigned int base, unsigned int s)
{
	put(w, W_MOVE48(CENV_R_ADDR, entry_va(base, GATE + s)));
	put(w, W_MOVE48(CENV_R_VALUE, 0));
	put(w, CENV_SYNC_WAIT);
}

/* 1320 us on all cores */
static void put_job(struct words *w)
{
	static const uint64_t job[] = { W_MOVE32(33, 0), W_MOVE32(37, 20000), W_MOVE32(38, 1),
					W_MOVE32(39, 1), W_REQ_RESOURCE(1),   W_RUN_COMPUTE(1, 0) };

	for (unsigned int i = 0; i < sizeof(job) / sizeof(job[0]); i++)
		put(w, job[i]);
}

/* Piece k adds 1, calls piece k + 1, adds 16; the last one waits at the gate of its group instead. */
static void write_pieces(struct menv *e, unsigned int group, unsigned int base)
{
	for (unsigned int k = 0; k < DEPTH; k++) {
		uint64_t va = CODE_VA + group * 1024 + k * CODE_BYTES;
		struct words w = { .count = 0 };

		put(&w, W_ADD64(R_ACC, R_ACC, 1));
		if (k < DEPTH - 1)
			put(&w, W_CALL(R_CALL + 2 * (k + 1), R_LEN));
		else
			put_gate(&w, base, 0);
		put(&w, W_ADD64(R_ACC, R_ACC, 16));
		while (w.count < CODE_BYTES / 8)
			put(&w, W_NOP);
		for (unsigned int i = 0; i < w.count; i++)
			menv_wr64_va(e, CENV_AS, va + 8 * i, w.word[i]);
	}
}

static void make_call(struct words *w, unsigned int group)
{
	for (unsigned int k = 0; k < DEPTH; k++)
		put(w, W_MOVE48(R_CALL + 2 * k, CODE_VA + group * 1024 + k * CODE_BYTES));
	put(w, W_MOVE32(R_LEN, CODE_BYTES));
	put(w, W_CALL(R_CALL, R_LEN));
}

/* What stream @s of a group does, and what it adds to its entry in the end. */
static uint64_t make_stream(struct words *w, unsigned int s, unsigned int group, unsigned int base)
{
	unsigned int i;

	w->count = 0;
	put(w, W_MOVE48(R_ACC, 1));
	put(w, W_MOVE48(R_ONE, 1));
	switch (s) {
	case 0: /* waits for a sync object, seven calls deep */
		make_call(w, group);
		put_add(w, base, s, R_ACC);
		return 1 + DEPTH * 17;
	case 1: /* waits for its job */
		put_job(w);
		put(w, W_WAIT(1));
		put_add(w, base, s, R_ACC);
		return 1;
	case 2: /* waits for progress of the next one */
		put(w, W_MOVE48(R_LIMIT, 5));
		put(w, W_PROGRESS_WAIT(3, R_LIMIT));
		put_add(w, base, s, R_ACC);
		return 1;
	case 3: /* makes it once its gate is open */
		put_gate(w, base, s);
		put(w, W_MOVE48(R_LIMIT, 5));
		put(w, W_PROGRESS_STORE(R_LIMIT));
		put_add(w, base, s, R_ACC);
		return 1;
	case 4: /* an addition waits beside it for a job, and it for the addition */
		put(w, W_SET_SB_ENTRY(2, 0));
		put_job(w);
		put(w, W_MOVE48(CENV_R_ADDR, entry_va(base, s)));
		put(w, W_SYNC(W_SYNC_ADD64, W_SYSTEM, CENV_R_ADDR, R_ACC, 4, 3));
		put(w, W_MOVE48(R_ACC, 1000)); /* it has the old value */
		put(w, W_WAIT(8));
		return 1;
	case 5: /* counts for 2400 us, waits for nothing */
		put(w, W_MOVE32(CENV_R_COUNT, 200000));
		put(w, W_ADD64(R_ACC, R_ACC, 1));
		put(w, W_ADD32(CENV_R_COUNT, CENV_R_COUNT, -1));
		put(w, W_BRANCH(GT, CENV_R_COUNT, -3));
		put_add(w, base, s, R_ACC);
		return 200001;
	case 6: /* more instructions wait beside it than there is room for */
		put_job(w);
		put(w, W_MOVE48(CENV_R_ADDR, entry_va(base, s)));
		for (i = 0; i < 12; i++)
			put(w, W_SYNC(W_SYNC_ADD64, W_SYSTEM, CENV_R_ADDR, R_ONE, 1, 4));
		put(w, W_WAIT(0x10));
		return 12;
	default: /* inherits no error from an object of 32 bits, after a load that is under way */
		put(w, W_MOVE48(R_LIMIT, entry_va(base, GATE + s)));
		put(w, W_LOAD(CENV_R_COUNT, R_LIMIT, 1, 0));
		put(w, W_MOVE32(CENV_R_VALUE, 0));
		put(w, W_SYNC_WAIT32(1, GT, R_LIMIT, CENV_R_VALUE));
		put_add(w, base, s, R_ACC);
		return 1;
	}
}

struct member {
	struct menv_group group;
	unsigned int slot, base;
	uint64_t want[MENV_STREAMS];
};

static void begin(struct menv *e, struct member *member, unsigned int number)
{
	struct words w;

	member->slot = number;
	member->base = number * ENTRIES;
	write_pieces(e, number, member->base);
	cenv_start_group(e, &member->group, member->slot, MENV_STREAMS);
	for (unsigned int s = 0; s < MENV_STREAMS; s++) {
		member->want[s] = make_stream(&w, s, number, member->base);
		menv_submit(e, &member->group, member->slot, s, w.word, w.count);
	}
}

static void move(struct menv *e, struct member *member, unsigned int slot)
{
	assert_true(menv_group_state(e, member->slot, MENV_CSG_SUSPEND));
	member->slot = slot;
	assert_true(menv_group_start(e, &member->group, slot, MENV_CSG_RESUME));
}

/* The stream's words for the host; what they say of places is made relative to its own. */
static void look(struct menv *e, struct member *member, unsigned int s, uint32_t *ret_words)
{
	uint32_t out = menv_cs_out(e, member->slot, s);

	ret_words[0] = menv_mcu_rd(e, out + CS_OUT_BLOCKED_REASON);
	ret_words[1] = menv_mcu_rd(e, out + CS_OUT_WAIT);
	ret_words[2] = menv_mcu_rd(e, out + CS_OUT_REQ_RESOURCE);
	ret_words[3] = menv_mcu_rd(e, out + CS_OUT_SCOREBOARDS);
	ret_words[4] = menv_mcu_rd(e, out + CS_OUT_WAIT_SYNC_VALUE);
	ret_words[5] = menv_mcu_rd(e, out + CS_OUT_WAIT_SYNC_PTR);
	if (ret_words[5])
		ret_words[5] -= (uint32_t)entry_va(member->base, 0);
	ret_words[6] = (uint32_t)menv_queue_extract(e, &member->group, s);
}

#define LOOK_WORDS 7u

static void check_alike(struct menv *e, struct member *stays, struct member *moves)
{
	/* why each is held up; those of jobs as long as these take */
	static const uint32_t reasons[MENV_STREAMS] = { 3, 1, 2, 3, 1, 0, 4, 3 };

	cenv_csg_request(e, stays->slot, CSG_STATUS);
	cenv_csg_request(e, moves->slot, CSG_STATUS);
	menv_run_for(e, 2 * MDL_COST_FW_REQUEST_NS);
	for (unsigned int s = 0; s < MENV_STREAMS; s++) {
		uint32_t a[LOOK_WORDS], b[LOOK_WORDS];

		look(e, stays, s, a);
		look(e, moves, s, b);
		if (b[0] != reasons[s])
			fail_msg("stream %u: is blocked by %u", s, b[0]);
		/* who counts is not at the same place after a pause */
		for (unsigned int i = 0; i < LOOK_WORDS && reasons[s]; i++)
			if (a[i] != b[i])
				fail_msg("stream %u: word %u is 0x%x, not 0x%x", s, i, b[i], a[i]);
	}
}

static void cannot_tell(void **state)
{
	static struct member stays, moves;
	struct menv *e = *state;
	struct menv_group other;

	menv_map_new(e, CENV_AS, CODE_VA, MENV_PAGE, MENV_RW | MENV_UNCACHED);
	begin(e, &stays, 0);
	begin(e, &moves, 1);
	menv_run_for(e, 100000);
	check_alike(e, &stays, &moves);
	for (unsigned int i = 0; i < 3; i++) {
		move(e, &moves, 6 - i);
		menv_run_for(e, 50000);
		check_alike(e, &stays, &moves);
	}
	/* the gates open while it is out */
	cenv_start_group(e, &other, 7, 1);
	assert_true(menv_group_state(e, moves.slot, MENV_CSG_SUSPEND));
	for (unsigned int s = 0; s < MENV_STREAMS; s++) {
		cenv_submit_add(e, &other, 7, 0, stays.base + GATE + s, 1);
		cenv_submit_add(e, &other, 7, 0, moves.base + GATE + s, 1);
	}
	menv_run_for(e, 100000);
	moves.slot = 2;
	assert_true(menv_group_start(e, &moves.group, moves.slot, MENV_CSG_RESUME));
	menv_run_for(e, 10000);
	move(e, &moves, 1);
	cenv_quiet(e);
	for (unsigned int s = 0; s < MENV_STREAMS; s++) {
		assert_int_equal(cenv_data(e, stays.base + s), stays.want[s]);
		assert_int_equal(cenv_data(e, moves.base + s), moves.want[s]);
		assert_int_equal(menv_queue_extract(e, &moves.group, s),
				 moves.group.queues[s].insert);
	}
	assert_int_equal(e->errors, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cenv_setup, cenv_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_stream_of_every_slot),
		TEST(cannot_tell),
	};

	return cmocka_run_group_tests_name("model_csf_full", tests, NULL, NULL);
}
