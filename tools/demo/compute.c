// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Command streams that compute: the command stream processor itself is the computer here, since the model executes
 * no shaders. Each case assembles a stream and knows what it will leave in memory; a last stream of the round
 * occupies the shader cores for a while.
 *
 * Registers: r80.. hold addresses; r92..r95 are the backend's.
 */
#include "tools/demo/guest.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define LOOP_COUNT 20000
#define LOOP_STEP  3
#define SUM_COUNT  200
#define COPY_BYTES 16384u
#define COPY_STEP  64 /* bytes of 16 registers */
#define GUARD	   64u
#define CALL_DEPTH 5u
#define JUMP_MARK  0x600dcafeu

/* Counters that the GPU stores around each job. */
struct stamps {
	uint64_t begin, end;
};

struct job {
	struct mmx_demo *demo;
	struct mmx_work *work;
	struct mmx_cs_asm a;
	struct mmx_work_stream stream;
	struct stamps *stamps;
	uint64_t stamps_va;
	/* of the case */
	void *result;
	uint8_t *source;
};

struct test {
	const char *name;
	int (*make)(struct job *job); /* 0 or a negative errno */
	bool (*check)(const struct job *job);
};

static void begin(struct job *job)
{
	mmx_work_asm(job->work, &job->a);
	mmx_cs_move48(&job->a, 80, job->stamps_va);
	mmx_cs_store_state(&job->a, MMX_CS_STATE_CYCLES, 80, 0, MMX_CS_NOW);
}

static int end(struct job *job)
{
	mmx_cs_store_state(&job->a, MMX_CS_STATE_CYCLES, 80, offsetof(struct stamps, end),
			   MMX_CS_NOW);
	return mmx_work_stream(job->work, &job->a, &job->stream);
}

/* ---- a counted loop that adds ---- */

static int make_loop(struct job *job)
{
	struct mmx_cs_asm *a = &job->a;
	unsigned int again;
	uint64_t va = 0;

	job->result = mmx_work_data(job->work, 8, 8, &va);
	begin(job);
	again = mmx_cs_label(a);
	mmx_cs_move48(a, 82, va);
	mmx_cs_move48(a, 2, 0);
	mmx_cs_move32(a, 0, LOOP_COUNT);
	mmx_cs_bind(a, again);
	mmx_cs_add_imm64(a, 2, 2, LOOP_STEP);
	mmx_cs_add_imm32(a, 0, 0, -1);
	mmx_cs_branch(a, MMX_CS_GREATER, 0, again);
	mmx_cs_store_multiple(a, 2, 0x3, 82, 0);
	mmx_cs_wait(a, MMX_CS_SB(0));
	return end(job);
}

static bool check_loop(const struct job *job)
{
	return *(uint64_t *)job->result == (uint64_t)LOOP_COUNT * LOOP_STEP;
}

/* ---- 1 + 2 + ... added up in memory by sync operations ---- */

struct sum {
	uint64_t value;
	uint32_t status, pad;
	uint32_t small, small_status;
	uint32_t passed;
};

static int make_sum(struct job *job)
{
	struct mmx_cs_asm *a = &job->a;
	unsigned int again;
	uint64_t va = 0;

	job->result = mmx_work_data(job->work, sizeof(struct sum), 16, &va);
	begin(job);
	again = mmx_cs_label(a);
	mmx_cs_move48(a, 82, va);
	mmx_cs_move48(a, 2, 1);
	mmx_cs_move32(a, 0, SUM_COUNT);
	mmx_cs_bind(a, again);
	mmx_cs_sync_add64(a, 82, 2, MMX_CS_SCOPE_CSG, MMX_CS_NOW);
	mmx_cs_add_imm64(a, 2, 2, 1);
	mmx_cs_add_imm32(a, 0, 0, -1);
	mmx_cs_branch(a, MMX_CS_NEQUAL, 0, again);
	/* a 32-bit object: set to 5, wait until above 4, leave a mark */
	mmx_cs_move48(a, 84, va + offsetof(struct sum, small));
	mmx_cs_move32(a, 4, 5);
	mmx_cs_sync_set32(a, 84, 4, MMX_CS_SCOPE_CSG, MMX_CS_NOW);
	mmx_cs_move32(a, 5, 4);
	mmx_cs_sync_wait32(a, MMX_CS_GREATER, 84, 5);
	mmx_cs_store_multiple(a, 4, 0x1, 82, offsetof(struct sum, passed));
	mmx_cs_wait(a, MMX_CS_SB(0));
	return end(job);
}

static bool check_sum(const struct job *job)
{
	const struct sum *sum = job->result;

	return sum->value == SUM_COUNT * (SUM_COUNT + 1) / 2 && !sum->status && sum->small == 5 &&
	       !sum->small_status && sum->passed == 5;
}

/* ---- a copy through 16 registers, over scattered pages ---- */

static int make_copy(struct job *job)
{
	struct mmx_cs_asm *a = &job->a;
	uint64_t from = 0, to = 0;
	uint32_t seed = 0x12345678u + job->demo->round;
	unsigned int again;
	uint8_t *target;
	size_t i;

	job->source = mmx_work_data(job->work, COPY_BYTES, 64, &from);
	target = mmx_work_data(job->work, COPY_BYTES + 2 * GUARD, 64, &to);
	if (!job->source || !target)
		return -ENOSPC;
	for (i = 0; i < COPY_BYTES; i++) {
		seed = seed * 1664525u + 1013904223u;
		job->source[i] = (uint8_t)(seed >> 24);
	}
	memset(target, 0xa5, COPY_BYTES + 2 * GUARD);
	job->result = target;

	begin(job);
	again = mmx_cs_label(a);
	mmx_cs_move48(a, 82, from);
	mmx_cs_move48(a, 84, to + GUARD);
	mmx_cs_move32(a, 86, COPY_BYTES / COPY_STEP);
	mmx_cs_bind(a, again);
	mmx_cs_load_multiple(a, 16, 0xffff, 82, 0);
	mmx_cs_wait(a, MMX_CS_SB(0));
	mmx_cs_store_multiple(a, 16, 0xffff, 84, 0);
	mmx_cs_add_imm64(a, 82, 82, COPY_STEP);
	mmx_cs_add_imm64(a, 84, 84, COPY_STEP);
	mmx_cs_add_imm32(a, 86, 86, -1);
	mmx_cs_branch(a, MMX_CS_GREATER, 86, again);
	mmx_cs_wait(a, MMX_CS_SB(0));
	return end(job);
}

static bool check_copy(const struct job *job)
{
	const uint8_t *target = job->result;
	size_t i;

	for (i = 0; i < GUARD; i++)
		if (target[i] != 0xa5 || target[GUARD + COPY_BYTES + i] != 0xa5)
			return false;
	return !memcmp(target + GUARD, job->source, COPY_BYTES);
}

/* ---- calls in calls, and a jump at the end ---- */

/* Each level counts its calls in a decimal digit of r10, and calls the next one twice. */
static int make_level(struct job *job, unsigned int level, struct mmx_work_stream *next)
{
	static const int32_t digit[CALL_DEPTH] = { 1, 10, 100, 1000, 10000 };
	struct mmx_cs_asm *a = &job->a;

	mmx_work_asm(job->work, a);
	mmx_cs_add_imm32(a, 10, 10, digit[level]);
	if (level + 1 < CALL_DEPTH) {
		mmx_cs_move48(a, 20 + 4 * level, next->va);
		mmx_cs_move32(a, 22 + 4 * level, next->size);
		mmx_cs_call(a, 20 + 4 * level, 22 + 4 * level);
		mmx_cs_call(a, 20 + 4 * level, 22 + 4 * level);
	}
	return mmx_work_stream(job->work, a, next);
}

static int make_calls(struct job *job)
{
	struct mmx_work_stream next = { 0 };
	struct mmx_cs_asm *a = &job->a;
	unsigned int level;
	uint64_t va = 0;
	int r;

	job->result = mmx_work_data(job->work, 8, 8, &va);
	for (level = CALL_DEPTH; level-- > 0;) {
		r = make_level(job, level, &next);
		if (r)
			return r;
	}
	begin(job);
	mmx_cs_move32(a, 10, 0);
	mmx_cs_move48(a, 12, next.va);
	mmx_cs_move32(a, 14, next.size);
	mmx_cs_call(a, 12, 14);
	mmx_cs_move48(a, 82, va);
	mmx_cs_store_multiple(a, 10, 0x1, 82, 0);
	r = end(job);
	if (r)
		return r;
	next = job->stream;

	/* the stream that is submitted jumps there, and never comes back to what is behind the jump */
	mmx_work_asm(job->work, a);
	mmx_cs_move32(a, 11, JUMP_MARK);
	mmx_cs_move48(a, 82, va);
	mmx_cs_store_multiple(a, 11, 0x1, 82, 4);
	mmx_cs_move48(a, 12, next.va);
	mmx_cs_move32(a, 14, next.size);
	mmx_cs_jump(a, 12, 14);
	mmx_cs_store_multiple(a, 12, 0x1, 82, 4);
	return mmx_work_stream(job->work, a, &job->stream);
}

static bool check_calls(const struct job *job)
{
	const uint32_t *result = job->result;

	/* 1, 2, 4, 8 and 16 calls */
	return result[0] == 1 + 20 + 400 + 8000 + 160000 && result[1] == JUMP_MARK;
}

/* ---- every condition on a negative number, 0 and a positive one ---- */

#define CONDITIONS 7u
static const int32_t branch_values[] = { -5, 0, 7 };
#define BRANCH_VALUES (sizeof(branch_values) / sizeof(branch_values[0]))

static int make_branches(struct job *job)
{
	struct mmx_cs_asm *a = &job->a;
	unsigned int condition, i, taken;
	uint64_t va = 0;

	job->result = mmx_work_data(job->work, 4, 4, &va);
	begin(job);
	mmx_cs_move32(a, 10, 0);
	for (condition = 0; condition < CONDITIONS; condition++) {
		for (i = 0; i < BRANCH_VALUES; i++) {
			taken = mmx_cs_label(a);
			mmx_cs_move32(a, 11, (uint32_t)branch_values[i]);
			mmx_cs_branch(a, (enum mmx_cs_condition)condition, 11, taken);
			mmx_cs_add_imm32(a, 10, 10, 1 << (condition * BRANCH_VALUES + i));
			mmx_cs_bind(a, taken);
		}
	}
	mmx_cs_move48(a, 82, va);
	mmx_cs_store_multiple(a, 10, 0x1, 82, 0);
	mmx_cs_wait(a, MMX_CS_SB(0));
	return end(job);
}

static bool is_taken(unsigned int condition, int32_t value)
{
	switch (condition) {
	case MMX_CS_LEQUAL:
		return value <= 0;
	case MMX_CS_GREATER:
		return value > 0;
	case MMX_CS_EQUAL:
		return value == 0;
	case MMX_CS_NEQUAL:
		return value != 0;
	case MMX_CS_LESS:
		return value < 0;
	case MMX_CS_GEQUAL:
		return value >= 0;
	default:
		return true;
	}
}

static bool check_branches(const struct job *job)
{
	uint32_t want = 0;
	unsigned int condition, i;

	for (condition = 0; condition < CONDITIONS; condition++)
		for (i = 0; i < BRANCH_VALUES; i++)
			if (!is_taken(condition, branch_values[i]))
				want |= 1u << (condition * BRANCH_VALUES + i);
	return *(uint32_t *)job->result == want;
}

/* ---- shader cores, busy for a while ---- */

static int make_dispatch(struct job *job)
{
	struct mmx_cs_asm *a = &job->a;
	uint64_t va = 0;

	job->result = mmx_work_data(job->work, sizeof(struct stamps), 8, &va);
	begin(job);
	mmx_cs_move48(a, 82, va);
	mmx_cs_set_sb_entry(a, 2, 0);
	mmx_cs_move48(a, MMX_CS_R_SHADER, 0);
	mmx_cs_move32(a, MMX_CS_R_WG_SIZE, MMX_CS_WG_SIZE(64, 1, 1));
	mmx_cs_move32(a, MMX_CS_R_JOB_SIZE_X, 64);
	mmx_cs_move32(a, MMX_CS_R_JOB_SIZE_Y, 32);
	mmx_cs_move32(a, MMX_CS_R_JOB_SIZE_Z, 1);
	mmx_cs_req_resource(a, MMX_CS_RES_COMPUTE);
	mmx_cs_store_state(a, MMX_CS_STATE_TIMESTAMP, 82, 0, MMX_CS_NOW);
	mmx_cs_run_compute(a, 64, MMX_CS_AXIS_X);
	mmx_cs_store_state(a, MMX_CS_STATE_TIMESTAMP, 82, offsetof(struct stamps, end),
			   (struct mmx_cs_defer){ MMX_CS_SB(2), 3 });
	mmx_cs_wait(a, MMX_CS_SB(2) | MMX_CS_SB(3));
	mmx_cs_req_resource(a, 0);
	return end(job);
}

/* The job took time: what was stored behind it is later than what was stored before it. */
static bool check_dispatch(const struct job *job)
{
	const struct stamps *stamps = job->result;

	return stamps->begin && stamps->end > stamps->begin;
}

static const struct test tests[] = {
	{ "loop", make_loop, check_loop },
	{ "sum", make_sum, check_sum },
	{ "copy", make_copy, check_copy },
	{ "calls", make_calls, check_calls },
	{ "branches", make_branches, check_branches },
	{ "dispatch", make_dispatch, check_dispatch },
};
#define TESTS (sizeof(tests) / sizeof(tests[0]))

static int submit_all(struct mmx_work *work, uint32_t group, struct job *jobs,
		      struct mmx_fence *fences)
{
	size_t i;
	int r = 0;

	for (i = 0; !r && i < TESTS; i++) {
		jobs[i].stamps = mmx_work_data(work, sizeof(struct stamps), 8, &jobs[i].stamps_va);
		r = tests[i].make(&jobs[i]);
	}
	for (i = 0; !r && i < TESTS; i++)
		r = mmx_work_submit(work, group, 0, &jobs[i].stream, &fences[i]);
	return r;
}

int mmx_demo_compute_in(struct mmx_demo *demo, struct mmx_work *work, uint32_t group,
			uint64_t *ret_cycles)
{
	struct job jobs[TESTS] = { 0 };
	struct mmx_fence fences[TESTS];
	uint64_t cycles = 0;
	int r, error = 0, ret = 0;
	size_t i;

	for (i = 0; i < TESTS; i++) {
		jobs[i].demo = demo;
		jobs[i].work = work;
	}
	r = submit_all(work, group, jobs, fences);
	for (i = 0; !r && i < TESTS; i++) {
		r = mmx_work_wait(work, &fences[i], &error);
		if (r)
			break;
		if (error)
			ret = mmx_demo_wrong(demo, "compute", "%s: the job failed: %s",
					     tests[i].name, strerror(-error));
		else if (!tests[i].check(&jobs[i]))
			ret = mmx_demo_wrong(demo, "compute", "%s: the result in memory is wrong",
					     tests[i].name);
		else
			cycles += jobs[i].stamps->end - jobs[i].stamps->begin;
	}
	if (r)
		return r;
	mmx_work_reset(work);
	if (!ret)
		*ret_cycles = cycles;
	return ret;
}

int mmx_demo_compute(struct mmx_demo *demo)
{
	uint64_t cycles;
	int r;

	r = mmx_demo_compute_in(demo, &demo->work, demo->compute_group, &cycles);
	if (!r)
		mmx_demo_say(demo, "compute",
			     "%3zu streams            %6.1f Mcycles   results right", TESTS,
			     (double)cycles / 1e6);
	return r;
}
