// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Every opcode of a command stream by its effect on registers and memory, every way to encode it
 * wrongly, and what each kind of job costs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/model_fake.h"
#include "tests/unit/model_words.h"
#include "tools/model/cs_priv.h"

#define DATA FAKE_DATA_VA

static struct fake f;

#define SUBMIT(cs, ...) FAKE_SUBMIT(&f, cs, __VA_ARGS__)

/* ---- one case an opcode, and one a way to encode it wrongly ---- */

struct reg_value {
	unsigned int reg; /* + 1; 0 = end of list */
	uint32_t value;
};

#define R(r, v)                              \
	{                                    \
		.reg = (r) + 1, .value = (v) \
	}

/* d0 is DATA unless the case says otherwise */
struct op_case {
	const char *name;
	struct reg_value before[6];
	uint64_t memory[4]; /* at DATA */
	uint64_t words[6];
	struct reg_value after[6];
	uint64_t memory_after[4]; /* compared if has_memory */
	bool has_memory;
	uint32_t fault, fatal;
	enum mdl_cs_blocked blocked;
};

static const struct op_case op_cases[] = {
	{ .name = "NOP", .words = { 0xabcdef }, .after = { R(0, 0x10000) } },
	{ .name = "MOVE48",
	  .before = { R(5, 7) },
	  .words = { W_MOVE48(4, 0xffee00112233) },
	  .after = { R(4, 0x00112233), R(5, 0xffee) } },
	{ .name = "MOVE48 odd", .words = { W_MOVE48(5, 1) }, .fatal = 0x49 },
	{ .name = "MOVE48 beyond", .words = { W_MOVE48(96, 1) }, .fatal = 0x49 },
	{ .name = "MOVE32",
	  .before = { R(94, 1) },
	  .words = { W_MOVE32(95, 0x80000001) },
	  .after = { R(95, 0x80000001), R(94, 1) } },
	{ .name = "MOVE32 beyond", .words = { W_MOVE32(96, 1) }, .fatal = 0x49 },
	{ .name = "ADD_IMM32",
	  .before = { R(7, 5) },
	  .words = { W_ADD32(8, 7, -6) },
	  .after = { R(8, 0xffffffff), R(7, 5) } },
	{ .name = "ADD_IMM32 bad source", .words = { W_ADD32(8, 97, 1) }, .fatal = 0x49 },
	{ .name = "ADD_IMM64 carry",
	  .before = { R(6, 0xffffffff), R(7, 1) },
	  .words = { W_ADD64(8, 6, 1) },
	  .after = { R(8, 0), R(9, 2) } },
	{ .name = "ADD_IMM64 sign",
	  .before = { R(6, 0), R(7, 1) },
	  .words = { W_ADD64(6, 6, -1) },
	  .after = { R(6, 0xffffffff), R(7, 0) } },
	{ .name = "ADD_IMM64 odd", .words = { W_ADD64(7, 6, 1) }, .fatal = 0x49 },
	{ .name = "UMIN32",
	  .before = { R(3, 0xffffffff), R(4, 2) },
	  .words = { W_UMIN32(5, 3, 4) },
	  .after = { R(5, 2) } },
	{ .name = "LOAD_MULTIPLE holes",
	  .before = { R(11, 9) },
	  .memory = { 0x2222222211111111, 0x4444444433333333 },
	  .words = { W_LOAD(10, 0, 0xd, 0) },
	  .after = { R(10, 0x11111111), R(11, 9), R(12, 0x33333333), R(13, 0x44444444) } },
	{ .name = "LOAD_MULTIPLE negative offset",
	  .before = { R(0, 0x10010) },
	  .memory = { 0, 0x55 },
	  .words = { W_LOAD(10, 0, 1, -8) },
	  .after = { R(10, 0x55) } },
	{ .name = "LOAD_MULTIPLE nothing",
	  .before = { R(10, 3) },
	  .memory = { 1 },
	  .words = { W_LOAD(10, 0, 0, 0) },
	  .after = { R(10, 3) } },
	{ .name = "LOAD_MULTIPLE last register",
	  .memory = { 6 },
	  .words = { W_LOAD(95, 0, 1, 0) },
	  .after = { R(95, 6) } },
	{ .name = "LOAD_MULTIPLE beyond", .words = { W_LOAD(95, 0, 3, 0) }, .fatal = 0x49 },
	{ .name = "LOAD_MULTIPLE unmapped",
	  .before = { R(1, 5) },
	  .words = { W_LOAD(10, 0, 1, 0) },
	  .fatal = 0x48 },
	{ .name = "LOAD_MULTIPLE misaligned", .words = { W_LOAD(10, 0, 1, 2) }, .fatal = 0x48 },
	{ .name = "STORE_MULTIPLE holes",
	  .before = { R(10, 1), R(11, 2), R(12, 3) },
	  .memory = { 0xeeeeeeeeeeeeeeee },
	  .words = { W_STORE(10, 0, 0x5, 4) },
	  .memory_after = { 0x00000001eeeeeeee, 0x0000000300000000 },
	  .has_memory = true },
	{ .name = "STORE_MULTIPLE read-only",
	  .before = { R(0, 0x40000) },
	  .words = { W_STORE(10, 0, 1, 0) },
	  .fatal = 0x48 },
	{ .name = "BRANCH taken",
	  .before = { R(9, 0x80000000) },
	  .words = { W_BRANCH(LT, 9, 1), W_MOVE32(10, 1), W_MOVE32(11, 1) },
	  .after = { R(10, 0), R(11, 1) } },
	{ .name = "BRANCH backwards",
	  .before = { R(9, 3) },
	  .words = { W_ADD32(10, 10, 2), W_ADD32(9, 9, -1), W_BRANCH(GT, 9, -3) },
	  .after = { R(10, 6), R(9, 0) } },
	{ .name = "BRANCH bad condition", .words = { W_BRANCH(7, 9, 0) }, .fatal = 0x49 },
	{ .name = "BRANCH out of the ring", .words = { W_BRANCH(ALWAYS, 9, 9) }, .fatal = 0x49 },
	{ .name = "BRANCH before the ring", .words = { W_BRANCH(ALWAYS, 9, -2) }, .fatal = 0x49 },
	{ .name = "WAIT for nothing",
	  .words = { W_WAIT(0xff), W_MOVE32(3, 1) },
	  .after = { R(3, 1) } },
	{ .name = "WAIT bad mask", .words = { W_WAIT(0x100) }, .fatal = 0x49 },
	{ .name = "WAIT counts progress",
	  .words = { W_WAIT_INC(0), W_PROGRESS_LOAD(4) },
	  .after = { R(4, 1), R(5, 0) } },
	{ .name = "SET_SB_ENTRY bad", .words = { W_SET_SB_ENTRY(8, 0) }, .fatal = 0x49 },
	{ .name = "PROGRESS_STORE, LOAD",
	  .before = { R(4, 7), R(5, 8) },
	  .words = { W_PROGRESS_STORE(4), W_PROGRESS_LOAD(6) },
	  .after = { R(6, 7), R(7, 8) } },
	{ .name = "PROGRESS_WAIT passed",
	  .before = { R(4, 7) },
	  .words = { W_PROGRESS_STORE(4), W_PROGRESS_WAIT(0, 4), W_MOVE32(6, 1) },
	  .after = { R(6, 1) } },
	{ .name = "PROGRESS_WAIT blocks",
	  .before = { R(4, 7) },
	  .words = { W_PROGRESS_WAIT(0, 4) },
	  .blocked = MDL_CS_BLOCKED_PROGRESS },
	{ .name = "PROGRESS_WAIT for no stream",
	  .words = { W_PROGRESS_WAIT(3, 4) },
	  .fatal = 0x49 },
	{ .name = "SET_EXCEPTION_HANDLER",
	  .before = { R(5, 64) },
	  .words = { W_SET_HANDLER(2, 0, 5) } },
	{ .name = "SET_EXCEPTION_HANDLER bad type",
	  .words = { W_SET_HANDLER(1, 0, 5) },
	  .fatal = 0x49 },
	{ .name = "CALL misaligned length",
	  .before = { R(4, 4) },
	  .words = { W_CALL(0, 4) },
	  .fatal = 0x49 },
	{ .name = "CALL nothing", .words = { W_CALL(0, 4), W_MOVE32(6, 1) }, .after = { R(6, 1) } },
	{ .name = "CALL wraps",
	  .before = { R(0, 0xfffffff8), R(1, 0xffffffff), R(4, 16) },
	  .words = { W_CALL(0, 4) },
	  .fatal = 0x49 },
	{ .name = "CALL to nowhere",
	  .before = { R(1, 1), R(4, 8) },
	  .words = { W_CALL(0, 4) },
	  .fatal = 0x48 },
	{ .name = "JUMP from the ring", .words = { W_JUMP(0, 4) }, .fatal = 0x49 },
	{ .name = "REQ_RESOURCE",
	  .words = { W_REQ_RESOURCE(0xf), W_MOVE32(6, 1) },
	  .after = { R(6, 1) } },
	{ .name = "RUN without resource",
	  .before = { R(37, 1) },
	  .words = { W_REQ_RESOURCE(2), W_RUN_COMPUTE(1, 0) },
	  .fatal = 0x44 },
	{ .name = "RUN_COMPUTE bad axis",
	  .words = { W_REQ_RESOURCE(1), W_RUN_COMPUTE(1, 3) },
	  .fatal = 0x49 },
	{ .name = "RUN_COMPUTE no increment",
	  .words = { W_REQ_RESOURCE(1), W_RUN_COMPUTE(0, 0) },
	  .fatal = 0x49 },
	{ .name = "RUN_COMPUTE too many threads",
	  .before = { R(33, 0x3ff | 1 << 10) },
	  .words = { W_REQ_RESOURCE(1), W_RUN_COMPUTE(1, 0), W_MOVE32(6, 1) },
	  .after = { R(6, 1) },
	  .fault = 0x58 },
	{ .name = "RUN_COMPUTE shader unmapped",
	  .before = { R(17, 9) },
	  .words = { W_REQ_RESOURCE(1), W_RUN_COMPUTE(1, 0), W_MOVE32(6, 1) },
	  .after = { R(6, 1) },
	  .fault = 0xc3 },
	{ .name = "RUN_FRAGMENT empty box",
	  .before = { R(42, 16) },
	  .words = { W_REQ_RESOURCE(2), W_RUN_FRAGMENT },
	  .fault = 0x59 },
	{ .name = "RUN_FULLSCREEN bad register",
	  .words = { W_REQ_RESOURCE(4), W_RUN_FULLSCREEN(3) },
	  .fatal = 0x49 },
	{ .name = "FLUSH_CACHE2",
	  .before = { R(5, 0) },
	  .words = { W_FLUSH(0x233, 5, 0, 2), W_WAIT(4), W_MOVE32(6, 1) },
	  .after = { R(6, 1) } },
	{ .name = "FLUSH_CACHE2 bad mode", .words = { W_FLUSH(0x232, 5, 0, 2) }, .fatal = 0x49 },
	{ .name = "FLUSH_CACHE2 bad entry", .words = { W_FLUSH(0x233, 5, 0, 8) }, .fatal = 0x49 },
	{ .name = "SYNC_ADD32",
	  .before = { R(4, 3) },
	  .memory = { 0xaaaaaaaafffffffe, 7 },
	  .words = { W_SYNC(W_SYNC_ADD32, W_SYSTEM, 0, 4, 0, 0) },
	  .memory_after = { 0xaaaaaaaa00000001, 7 },
	  .has_memory = true },
	{ .name = "SYNC_ADD32 propagate writes status",
	  .before = { R(4, 3) },
	  .memory = { 0xaaaaaaaa00000001 },
	  .words = { W_SYNC(W_SYNC_ADD32, W_PROPAGATE, 0, 4, 0, 0) },
	  .memory_after = { 4 },
	  .has_memory = true },
	{ .name = "SYNC_SET32",
	  .before = { R(4, 3) },
	  .memory = { 0xaaaaaaaa00000001 },
	  .words = { W_SYNC(W_SYNC_SET32, W_CSG, 0, 4, 0, 0) },
	  .memory_after = { 0xaaaaaaaa00000003 },
	  .has_memory = true },
	{ .name = "SYNC_ADD64 carry",
	  .before = { R(4, 1), R(5, 1) },
	  .memory = { 0xffffffff, 0xaa },
	  .words = { W_SYNC(W_SYNC_ADD64, W_SYSTEM, 0, 4, 0, 0) },
	  .memory_after = { 0x200000000, 0xaa },
	  .has_memory = true },
	{ .name = "SYNC_SET64",
	  .before = { R(4, 1), R(5, 1) },
	  .memory = { 3, 0xbb000000aa },
	  .words = { W_SYNC(W_SYNC_SET64, W_PROPAGATE, 0, 4, 0, 0) },
	  .memory_after = { 0x100000001, 0xbb00000000 },
	  .has_memory = true },
	{ .name = "SYNC_ADD64 bad scope",
	  .words = { W_SYNC(W_SYNC_ADD64, 1 << 1, 0, 4, 0, 0) },
	  .fatal = 0x49 },
	{ .name = "SYNC_ADD64 odd data",
	  .words = { W_SYNC(W_SYNC_ADD64, 0, 0, 5, 0, 0) },
	  .fatal = 0x49 },
	{ .name = "SYNC_ADD64 misaligned",
	  .before = { R(0, 0x10004) },
	  .words = { W_SYNC(W_SYNC_ADD64, 0, 0, 4, 0, 0) },
	  .fatal = 0x48 },
	{ .name = "SYNC_ADD64 read-only",
	  .before = { R(0, 0x40000) },
	  .words = { W_SYNC(W_SYNC_ADD64, 0, 0, 4, 0, 0) },
	  .fatal = 0x48 },
	{ .name = "SYNC_WAIT32 le passes",
	  .before = { R(4, 5) },
	  .memory = { 5 },
	  .words = { W_SYNC_WAIT32(1, LE, 0, 4), W_MOVE32(6, 1) },
	  .after = { R(6, 1) } },
	{ .name = "SYNC_WAIT32 le blocks",
	  .before = { R(4, 5) },
	  .memory = { 6 },
	  .words = { W_SYNC_WAIT32(1, LE, 0, 4) },
	  .blocked = MDL_CS_BLOCKED_SYNC },
	{ .name = "SYNC_WAIT32 gt is unsigned",
	  .before = { R(4, 5) },
	  .memory = { 0x80000000 },
	  .words = { W_SYNC_WAIT32(1, GT, 0, 4), W_MOVE32(6, 1) },
	  .after = { R(6, 1) } },
	{ .name = "SYNC_WAIT64 gt blocks",
	  .before = { R(4, 5), R(5, 1) },
	  .memory = { 0x100000005 },
	  .words = { W_SYNC_WAIT64(1, GT, 0, 4) },
	  .blocked = MDL_CS_BLOCKED_SYNC },
	{ .name = "SYNC_WAIT64 inherits an error",
	  .memory = { 1, 1 },
	  .words = { W_SYNC_WAIT64(0, GT, 0, 4), W_MOVE32(6, 1) },
	  .after = { R(6, 1) },
	  .fault = 0x4b },
	{ .name = "SYNC_WAIT64 rejects an error",
	  .memory = { 1, 1 },
	  .words = { W_SYNC_WAIT64(1, GT, 0, 4), W_MOVE32(6, 1) },
	  .after = { R(6, 1) } },
	{ .name = "SYNC_WAIT64 bad condition",
	  .words = { W_SYNC_WAIT64(0, EQ, 0, 4) },
	  .fatal = 0x49 },
	{ .name = "STORE_STATE disjoint",
	  .memory = { 9, 9 },
	  .words = { W_STORE_STATE(2, 0, 8, 0, 0) },
	  .memory_after = { 9, 0 },
	  .has_memory = true },
	{ .name = "STORE_STATE error",
	  .memory = { 1, 1, 9 },
	  .words = { W_SYNC_WAIT64(0, GT, 0, 4), W_STORE_STATE(3, 0, 16, 0, 0) },
	  .memory_after = { 1, 1, 0x4b },
	  .has_memory = true,
	  .fault = 0x4b },
	{ .name = "STORE_STATE misaligned",
	  .words = { W_STORE_STATE(0, 0, 4, 0, 0) },
	  .fatal = 0x48 },
	{ .name = "PROT_REGION", .words = { W_PROT_REGION(8) }, .fatal = 0x49 },
	{ .name = "HEAP_SET odd", .words = { W_HEAP_SET(1) }, .fatal = 0x49 },
	{ .name = "HEAP_OPERATION bad", .words = { W_HEAP_OP(2, 0, 0) }, .fatal = 0x49 },
	{ .name = "TRACE_POINT",
	  .words = { W_TRACE(90, 6, 0, 0), W_MOVE32(6, 1) },
	  .after = { R(6, 1) } },
	{ .name = "TRACE_POINT beyond", .words = { W_TRACE(90, 7, 0, 0) }, .fatal = 0x49 },
	{ .name = "FINISH_FRAGMENT odd",
	  .words = { W_FINISH_FRAGMENT(1, 2, 5, 0, 0) },
	  .fatal = 0x49 },
	{ .name = "opcode 10", .words = { W(10, 0, 0, 0, 0) }, .fatal = 0x49 },
	{ .name = "opcode 35", .words = { W(35, 0, 0, 0, 0) }, .fatal = 0x49 },
	{ .name = "opcode 255", .words = { ~UINT64_C(0) }, .fatal = 0x49 },
};

static void run_op_case(const struct op_case *c)
{
	struct mdl_cs *cs = f.cs[0][0];
	struct mdl_cs_status st;
	unsigned int i, count = 6;

	cs_set_pair(cs, 0, DATA);
	for (i = 0; c->before[i].reg; i++)
		cs->regs[c->before[i].reg - 1] = c->before[i].value;
	for (i = 0; i < 4; i++)
		fake_wr64(&f, DATA + 8 * i, c->memory[i]);
	while (count > 1 && !c->words[count - 1])
		count--;
	fake_submit(&f, 0, 0, c->words, count);
	if (!fake_run(&f, FAKE_SECOND))
		fail_msg("%s: does not end", c->name);
	st = fake_status(&f, 0, 0);
	if (st.fatal != c->fatal || st.fault != c->fault || st.blocked != c->blocked)
		fail_msg("%s: fatal 0x%x fault 0x%x blocked %d", c->name, st.fatal, st.fault,
			 st.blocked);
	if (fake_count(&f, 0, 0, MDL_CS_FATAL) != (c->fatal != 0) ||
	    fake_count(&f, 0, 0, MDL_CS_FAULT) != (c->fault != 0))
		fail_msg("%s: wrong reports", c->name);
	if (st.empty != (!c->fatal && !c->blocked) || st.stopped != (c->fatal != 0))
		fail_msg("%s: empty %d stopped %d", c->name, st.empty, st.stopped);
	for (i = 0; c->after[i].reg; i++)
		if (cs->regs[c->after[i].reg - 1] != c->after[i].value)
			fail_msg("%s: r%u is 0x%x", c->name, c->after[i].reg - 1,
				 cs->regs[c->after[i].reg - 1]);
	for (i = 0; c->has_memory && i < 4; i++)
		if (fake_rd64(&f, DATA + 8 * i) != c->memory_after[i])
			fail_msg("%s: word %u is 0x%llx", c->name, i,
				 (unsigned long long)fake_rd64(&f, DATA + 8 * i));
}

static void test_opcodes(void **state)
{
	for (unsigned int i = 0; i < FAKE_COUNT(op_cases); i++) {
		run_op_case(&op_cases[i]);
		fake_teardown(state);
		assert_int_equal(fake_setup(state), 0);
		f.insert[0][0] = 0;
	}
}

/* ---- branches: all conditions ---- */

static void test_conditions(void **state)
{
	/* bit n of the mask: taken under condition n */
	static const struct {
		uint32_t value;
		unsigned int taken;
	} rows[] = {
		{ 0, 1 << LE | 1 << EQ | 1 << GE | 1 << ALWAYS },
		{ 5, 1 << GT | 1 << NE | 1 << GE | 1 << ALWAYS },
		{ 0xfffffffb, 1 << LE | 1 << NE | 1 << LT | 1 << ALWAYS },
	};

	(void)state;
	for (unsigned int r = 0; r < FAKE_COUNT(rows); r++) {
		for (unsigned int cond = LE; cond <= ALWAYS; cond++) {
			SUBMIT(0, W_MOVE32(2, rows[r].value), W_MOVE32(3, 1), W_BRANCH(cond, 2, 1),
			       W_MOVE32(3, 0));
			assert_true(fake_run(&f, FAKE_MS));
			if (f.cs[0][0]->regs[3] != (rows[r].taken >> cond & 1))
				fail_msg("value 0x%x condition %u", rows[r].value, cond);
		}
	}
}

/* ---- jobs: what they cost ---- */

struct job_case {
	const char *name;
	uint32_t resources;
	struct reg_value regs[6];
	uint64_t word;
	uint64_t cycles;
};

static const struct job_case job_cases[] = {
	{ "compute, one group",
	  1,
	  { R(37, 1), R(38, 1), R(39, 1) },
	  W_RUN_COMPUTE(1, 0),
	  1000 + 200 + 64 },
	{ "compute, 8x4x2 groups of 64 threads, tasks of 3 in x",
	  1,
	  { R(33, 63), R(37, 8), R(38, 4), R(39, 2) },
	  W_RUN_COMPUTE(3, 0),
	  1000 + 3 * 8 * 200 + 64 * 4 * 64 },
	{ "compute, tasks of 2 in y take whole rows",
	  1,
	  { R(33, 63), R(37, 8), R(38, 4), R(39, 2) },
	  W_RUN_COMPUTE(2, 1),
	  1000 + 2 * 2 * 200 + 64 * 4 * 64 },
	{ "compute, 3D groups: 17 threads are two warps",
	  1,
	  { R(33, 16), R(37, 1), R(38, 1), R(39, 1) },
	  W_RUN_COMPUTE(1, 2),
	  1000 + 200 + 2 * 64 },
	{ "compute, nothing", 1, { { 0 } }, W_RUN_COMPUTE(1, 0), 1000 },
	{ "compute, huge",
	  1,
	  { R(37, ~0u), R(38, ~0u), R(39, ~0u) },
	  W_RUN_COMPUTE(1, 0),
	  MDL_COST_MAX },
	{ "indirect, 8 groups, 3 a task",
	  1,
	  { R(37, 8), R(38, 1), R(39, 1) },
	  W_RUN_INDIRECT(3),
	  1000 + 3 * 200 + 8 * 64 },
	{ "fragment, 64x64", 2, { R(43, 63 | 63 << 16) }, W_RUN_FRAGMENT, 1000 + 16 * 512 },
	{ "fragment, 2x2 pixels across four tiles",
	  2,
	  { R(42, 15 | 15 << 16), R(43, 16 | 16 << 16) },
	  W_RUN_FRAGMENT,
	  1000 + 4 * 512 },
	{ "idvs, 30 vertices, 3 instances", 8, { R(33, 30), R(34, 3) }, W_RUN_IDVS, 1000 + 90 * 8 },
	{ "tiling", 4, { R(33, 30), R(34, 3) }, W_RUN_TILING, 1000 + 90 * 4 },
	{ "fullscreen", 4, { { 0 } }, W_RUN_FULLSCREEN(0), 1000 + 200 },
};

static void test_job_costs(void **state)
{
	for (unsigned int i = 0; i < FAKE_COUNT(job_cases); i++) {
		const struct job_case *c = &job_cases[i];
		struct mdl_cs *cs = f.cs[0][0];

		for (unsigned int k = 0; c->regs[k].reg; k++)
			cs->regs[c->regs[k].reg - 1] = c->regs[k].value;
		SUBMIT(0, W_REQ_RESOURCE(c->resources), c->word);
		fake_run(&f, 100);
		if (!cs->jobs[0].used || cs->jobs[0].job.cost_cycles != c->cycles)
			fail_msg("%s: %llu", c->name,
				 (unsigned long long)cs->jobs[0].job.cost_cycles);
		assert_int_equal(fake_status(&f, 0, 0).scoreboards, 1);
		assert_false(fake_status(&f, 0, 0).empty);
		fake_teardown(state);
		assert_int_equal(fake_setup(state), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_prestate_setup_teardown(name, fake_setup, fake_teardown, &f)
		T(test_opcodes),
		T(test_conditions),
		T(test_job_costs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
