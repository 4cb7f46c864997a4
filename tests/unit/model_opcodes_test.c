// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Every instruction and every fault of a command stream, from tables: what each instruction does
 * (model_opcodes_rows.c), what each fault comes from (model_opcodes_faults.c), every way to name a register that does
 * not exist, every opcode that does not exist, what each kind of job costs. A missing row is a failure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/model_opcodes.h"
#include "tools/model/cs_priv.h"

#define SUBMIT(cs, ...) FAKE_SUBMIT(&f, cs, __VA_ARGS__)
#define INVALID		0x49u
#define BUS		0x48u

static struct fake f;

/* A fresh machine, for the next row. */
static void renew(void **state)
{
	fake_teardown(state);
	assert_int_equal(fake_setup(state), 0);
}

/* ---- the instructions: of architecture 10 from Mesa's v10.xml, of later ones from v12.xml and v13.xml ---- */

/* of a register field */
enum field {
	NONE,
	ONE, /* a register */
	PAIR,
};

struct opcode {
	unsigned int op;
	const char *name;
	uint64_t word; /* a good one, if d0 is an address and all other registers are 0 */
	enum field d, a, b; /* bits 55:48, 47:40, 39:32 */
	bool defers; /* has a wait mask, and an entry to signal in bits 51:48 */
	unsigned int since, until; /* architectures; until 0 = all later ones */
};

static const struct opcode opcodes[] = {
	{ 0, "NOP", W_NOP, NONE, NONE, NONE, false, 10, 0 },
	{ 1, "MOVE", W_MOVE48(2, 0), PAIR, NONE, NONE, false, 10, 0 },
	{ 2, "MOVE32", W_MOVE32(2, 0), ONE, NONE, NONE, false, 10, 0 },
	{ 3, "WAIT", W_WAIT(0xff), NONE, NONE, NONE, false, 10, 0 },
	{ 4, "RUN_COMPUTE", W_RUN_COMPUTE(1, 0), NONE, NONE, NONE, false, 10, 0 },
	{ 5, "RUN_TILING", W_RUN_TILING, NONE, NONE, NONE, false, 10, 11 },
	{ 6, "RUN_IDVS", W_RUN_IDVS, NONE, NONE, NONE, false, 10, 11 },
	{ 7, "RUN_FRAGMENT", W_RUN_FRAGMENT, NONE, NONE, NONE, false, 10, 0 },
	{ 8, "RUN_FULLSCREEN", W_RUN_FULLSCREEN(2), NONE, PAIR, NONE, false, 10, 0 },
	{ 9, "FINISH_TILING", W_FINISH_TILING, NONE, NONE, NONE, false, 10, 0 },
	{ 11, "FINISH_FRAGMENT", W_FINISH_FRAGMENT(1, 2, 4, 0, 0), NONE, PAIR, PAIR, true, 10, 0 },
	{ 16, "ADD_IMMEDIATE32", W_ADD32(2, 3, 1), ONE, ONE, NONE, false, 10, 0 },
	{ 17, "ADD_IMMEDIATE64", W_ADD64(2, 4, 1), PAIR, PAIR, NONE, false, 10, 0 },
	{ 18, "UMIN32", W_UMIN32(2, 3, 4), ONE, ONE, ONE, false, 10, 0 },
	{ 20, "LOAD_MULTIPLE", W_LOAD(2, 0, 1, 0), ONE, PAIR, NONE, false, 10, 0 },
	{ 21, "STORE_MULTIPLE", W_STORE(2, 0, 1, 0), ONE, PAIR, NONE, false, 10, 0 },
	{ 22, "BRANCH", W_BRANCH(GT, 2, 0), NONE, ONE, NONE, false, 10, 0 },
	{ 23, "SET_SB_ENTRY", W_SET_SB_ENTRY(7, 7), NONE, NONE, NONE, false, 10, 0 },
	{ 24, "PROGRESS_WAIT", W_PROGRESS_WAIT(0, 2), NONE, PAIR, NONE, false, 10, 0 },
	{ 25, "SET_EXCEPTION_HANDLER", W_SET_HANDLER(2, 0, 2), NONE, PAIR, ONE, false, 10, 0 },
	{ 32, "CALL", W_CALL(0, 2), NONE, PAIR, ONE, false, 10, 0 },
	{ 33, "JUMP", W_JUMP(0, 2), NONE, PAIR, ONE, false, 10, 0 },
	{ 34, "REQ_RESOURCE", W_REQ_RESOURCE(0xf), NONE, NONE, NONE, false, 10, 0 },
	{ 36, "FLUSH_CACHE2", W_FLUSH(0x233, 2, 0, 7), NONE, ONE, NONE, true, 10, 0 },
	{ 37, "SYNC_ADD32", W_SYNC(37, 0, 0, 2, 0, 0), NONE, PAIR, ONE, true, 10, 0 },
	{ 38, "SYNC_SET32", W_SYNC(38, 0, 0, 2, 0, 0), NONE, PAIR, ONE, true, 10, 0 },
	{ 39, "SYNC_WAIT32", W_SYNC_WAIT32(0, LE, 0, 2), NONE, PAIR, ONE, false, 10, 0 },
	{ 40, "STORE_STATE", W_STORE_STATE(3, 0, 0, 0, 0), NONE, PAIR, NONE, true, 10, 0 },
	{ 41, "PROT_REGION", W_PROT_REGION(0), NONE, NONE, NONE, false, 10, 0 },
	{ 42, "PROGRESS_STORE", W_PROGRESS_STORE(2), NONE, PAIR, NONE, false, 10, 0 },
	{ 43, "PROGRESS_LOAD", W_PROGRESS_LOAD(2), PAIR, NONE, NONE, false, 10, 0 },
	{ 44, "RUN_COMPUTE_INDIRECT", W_RUN_INDIRECT(1), NONE, NONE, NONE, false, 10, 0 },
	{ 47, "ERROR_BARRIER", W_ERROR_BARRIER, NONE, NONE, NONE, false, 10, 0 },
	{ 48, "HEAP_SET", W_HEAP_SET(2), NONE, PAIR, NONE, false, 10, 0 },
	{ 49, "HEAP_OPERATION", W_HEAP_OP(0, 0, 0), NONE, NONE, NONE, true, 10, 0 },
	{ 50, "TRACE_POINT", W_TRACE(2, 1, 0, 0), NONE, NONE, NONE, true, 10, 0 },
	{ 51, "SYNC_ADD64", W_SYNC(51, 0, 0, 2, 0, 0), NONE, PAIR, PAIR, true, 10, 0 },
	{ 52, "SYNC_SET64", W_SYNC(52, 0, 0, 2, 0, 0), NONE, PAIR, PAIR, true, 10, 0 },
	{ 53, "SYNC_WAIT64", W_SYNC_WAIT64(0, LE, 0, 2), NONE, PAIR, PAIR, false, 10, 0 },
	{ 12, "RUN_IDVS2", W_RUN_IDVS2, NONE, NONE, NONE, false, 12, 0 },
	{ 19, "LOGIC_OP32", W_LOGIC(6, 0, 2, 3, 4), ONE, ONE, ONE, false, 11, 0 },
	{ 26, "NEXT_SB_ENTRY", W_NEXT_SB(1, 0, 2), ONE, NONE, NONE, false, 11, 0 },
	{ 27, "SET_STATE", W_SET_STATE(W_SB_SEL_DEFERRED, 2), NONE, ONE, NONE, false, 11, 0 },
	{ 28, "SET_STATE_IMM32", W_SET_STATE_IMM(W_SB_MASK_WAIT, 7), NONE, NONE, NONE, false, 11,
	  0 },
	{ 30, "SHARED_SB_INC", W_SHARED_INC(1, 0), NONE, NONE, NONE, false, 11, 0 },
	{ 31, "SHARED_SB_DEC", W_SHARED_DEC(0), NONE, NONE, NONE, false, 11, 0 },
	{ 57, "ARITH_REG64", W_ARITH_REG(57, 1, 2, 4, 6), PAIR, PAIR, PAIR, false, 13, 0 },
};

#define ARCH_FIRST 10u
#define ARCH_LAST  13u

static bool has(unsigned int arch, const struct opcode *o)
{
	return arch >= o->since && (!o->until || arch <= o->until);
}

static bool exists(unsigned int arch, unsigned int op)
{
	for (unsigned int i = 0; i < FAKE_COUNT(opcodes); i++)
		if (opcodes[i].op == op && has(arch, &opcodes[i]))
			return true;
	return false;
}

/* ---- rows ---- */

static uint32_t told(void)
{
	static const enum mdl_cs_report kinds[] = { MDL_CS_SYNC_UPDATE, MDL_CS_TILER_OOM,
						    MDL_CS_PROTM_PEND };
	uint32_t mask = 0;

	for (unsigned int i = 0; i < FAKE_COUNT(kinds); i++)
		if (fake_count(&f, 0, 0, kinds[i]))
			mask |= 1u << kinds[i];
	return mask;
}

static void check_end(const struct op_row *row, uint64_t ns)
{
	struct mdl_cs_status st = fake_status(&f, 0, 0);
	uint64_t info = st.fatal ? st.fatal_info : st.fault_info;

	if (st.fatal != row->fatal || st.fault != row->fault || st.blocked != row->blocked)
		fail_msg("%s: fatal 0x%x fault 0x%x blocked %d", row->name, st.fatal, st.fault,
			 st.blocked);
	if (row->info && info != row->info)
		fail_msg("%s: info 0x%llx", row->name, (unsigned long long)info);
	if (st.wait != row->wait)
		fail_msg("%s: wait 0x%x", row->name, st.wait);
	if (fake_count(&f, 0, 0, MDL_CS_FATAL) != (row->fatal != 0) ||
	    fake_count(&f, 0, 0, MDL_CS_FAULT) != (row->fault != 0) || told() != row->told)
		fail_msg("%s: wrong reports, 0x%x", row->name, told());
	if (st.empty != (!row->fatal && !row->blocked) || st.stopped != (row->fatal != 0))
		fail_msg("%s: empty %d stopped %d", row->name, st.empty, st.stopped);
	if (row->ns && ns != row->ns)
		fail_msg("%s: %llu ns, not %llu", row->name, (unsigned long long)ns,
			 (unsigned long long)row->ns);
}

static void check_contents(const struct op_row *row)
{
	const struct mdl_cs *cs = f.cs[0][0];
	unsigned int i;

	for (i = 0; row->after[i].reg; i++)
		if (cs->regs[row->after[i].reg - 1] != row->after[i].value)
			fail_msg("%s: r%u is 0x%x", row->name, row->after[i].reg - 1,
				 cs->regs[row->after[i].reg - 1]);
	for (i = 0; row->has_memory && i < OP_ROW_MEMORY; i++)
		if (fake_rd64(&f, DATA + 8 * i) != row->memory_after[i])
			fail_msg("%s: doubleword %u is 0x%llx", row->name, i,
				 (unsigned long long)fake_rd64(&f, DATA + 8 * i));
}

static void run_row(const struct op_row *row)
{
	struct mdl_cs *cs = f.cs[0][0];
	unsigned int i, count = OP_ROW_WORDS;
	struct mdl_cs_params params;
	uint64_t start_ns = f.now_ns;

	if (row->arch)
		cs->arch = row->arch;
	if (row->ring_size) {
		fake_params(0, 0, &params);
		params.ring_size = row->ring_size;
		mdl_cs_start(cs, &params);
	}
	cs_set_pair(cs, 0, DATA);
	for (i = 0; row->before[i].reg; i++)
		cs->regs[row->before[i].reg - 1] = row->before[i].value;
	for (i = 0; i < OP_ROW_MEMORY; i++)
		fake_wr64(&f, DATA + 8 * i, row->memory[i]);
	while (count > 1 && !row->words[count - 1])
		count--;
	fake_submit(&f, 0, 0, row->words, count);
	fake_run(&f, 1);
	if (row->busy && fake_status(&f, 0, 0).scoreboards != row->busy)
		fail_msg("%s: entries 0x%x", row->name, fake_status(&f, 0, 0).scoreboards);
	if (!fake_run(&f, FAKE_SECOND))
		fail_msg("%s: does not end", row->name);
	check_end(row, cs->time_ns - start_ns);
	check_contents(row);
}

static void run_rows(void **state, const struct op_row *rows, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		run_row(&rows[i]);
		renew(state);
	}
}

static void test_rows(void **state)
{
	run_rows(state, op_rows, op_row_count);
	run_rows(state, later_rows, later_row_count);
	run_rows(state, arith_rows, arith_row_count);
}

static void test_fault_rows(void **state)
{
	run_rows(state, fault_rows, fault_row_count);
}

static unsigned int rows_of(const struct op_row *rows, unsigned int count, const struct opcode *o)
{
	unsigned int found = 0;

	for (unsigned int i = 0; i < count; i++)
		found += rows[i].op == (int)o->op && !rows[i].fatal;
	return found;
}

static void test_each_opcode_has_a_row(void **state)
{
	unsigned int of_arch_10 = 0;

	(void)state;
	for (unsigned int i = 0; i < FAKE_COUNT(opcodes); i++)
		of_arch_10 += has(10, &opcodes[i]);
	assert_int_equal(of_arch_10, 39);
	for (unsigned int i = 0; i < FAKE_COUNT(opcodes); i++) {
		if (!rows_of(op_rows, op_row_count, &opcodes[i]) &&
		    !rows_of(later_rows, later_row_count, &opcodes[i]) &&
		    !rows_of(arith_rows, arith_row_count, &opcodes[i]))
			fail_msg("%s has no row", opcodes[i].name);
	}
}

/* The model's own list of what a stream can raise: one that is added there needs a row here. */
static void test_each_exception_has_a_row(void **state)
{
#define CODE(name, value) value,
	static const uint32_t codes[] = { CS_EXCEPTIONS(CODE) };
#undef CODE

	(void)state;
	for (unsigned int i = 0; i < FAKE_COUNT(codes); i++) {
		unsigned int rows = 0;

		for (unsigned int k = 0; k < fault_row_count; k++)
			rows += fault_rows[k].fault == codes[i] || fault_rows[k].fatal == codes[i];
		if (!rows)
			fail_msg("exception 0x%x has no row", codes[i]);
	}
}

/* ---- encodings ---- */

/* Executes the word in a CALL, where all instructions are allowed, with all resources. Return: CS_FATAL. */
static uint32_t execute_called(void **state, unsigned int arch, uint64_t word, uint64_t *ret_info)
{
	struct mdl_cs_status st;
	const uint64_t code[2] = { word, W_NOP };

	f.cs[0][0]->arch = arch;
	f.shared[0][0] = 1;
	cs_set_pair(f.cs[0][0], 0, DATA);
	memcpy(fake_ptr(&f, FAKE_AS, FAKE_CODE_VA, sizeof(code)), code, sizeof(code));
	SUBMIT(0, W_REQ_RESOURCE(0xf), W_MOVE48(90, FAKE_CODE_VA), W_MOVE32(92, sizeof(code)),
	       W_CALL(90, 92));
	assert_true(fake_run(&f, FAKE_SECOND));
	st = fake_status(&f, 0, 0);
	*ret_info = st.fatal_info;
	renew(state);
	return st.fatal;
}

static void want_invalid(void **state, const struct opcode *o, uint64_t word, const char *what)
{
	uint64_t info;

	if (execute_called(state, o->since, word, &info) != INVALID || info != FAKE_CODE_VA)
		fail_msg("%s with %s is accepted", o->name, what);
}

static void try_field(void **state, const struct opcode *o, unsigned int shift, enum field field)
{
	uint64_t word = o->word & ~(UINT64_C(0xff) << shift);

	if (field == NONE)
		return;
	want_invalid(state, o, word | (uint64_t)MDL_CS_REGS << shift, "r96");
	want_invalid(state, o, word | UINT64_C(0xff) << shift, "r255");
	if (field == PAIR) {
		want_invalid(state, o, word | UINT64_C(3) << shift, "an odd pair");
		want_invalid(state, o, word | UINT64_C(95) << shift, "a pair of which one exists");
	}
}

static void test_encodings(void **state)
{
	uint64_t info;

	for (unsigned int i = 0; i < FAKE_COUNT(opcodes); i++) {
		const struct opcode *o = &opcodes[i];

		assert_int_equal(o->word >> 56, o->op);
		for (unsigned int arch = ARCH_FIRST; arch <= ARCH_LAST; arch++)
			if (has(arch, o) && execute_called(state, arch, o->word, &info))
				fail_msg("%s is refused", o->name);
		try_field(state, o, 48, o->d);
		try_field(state, o, 40, o->a);
		try_field(state, o, 32, o->b);
		if (!o->defers)
			continue;
		if (execute_called(state, o->since,
				   o->word | UINT64_C(0x80) << 16 | UINT64_C(6) << 48, &info))
			fail_msg("%s cannot be deferred", o->name);
		want_invalid(state, o, o->word | UINT64_C(0x100) << 16, "entry 8 to wait for");
		want_invalid(state, o, o->word | UINT64_C(1) << 16 | UINT64_C(8) << 48,
			     "entry 8 or above to signal");
	}
}

static void test_unknown_opcodes(void **state)
{
	uint64_t info;

	for (unsigned int arch = ARCH_FIRST; arch <= ARCH_LAST; arch++) {
		for (unsigned int op = 0; op < 256; op++) {
			if (exists(arch, op))
				continue;
			if (execute_called(state, arch, (uint64_t)op << 56, &info) != INVALID ||
			    info != FAKE_CODE_VA)
				fail_msg("architecture %u has opcode %u", arch, op);
		}
	}
}

/* ---- faults of the address space ---- */

/* What a walk can end in (docs/model.md), and a bus that does not answer. */
static const uint32_t walk_faults[] = {
	0xc0, 0xc1, 0xc2, 0xc3, 0xc8, 0xc9, 0xca, 0xcb, 0xd8, 0xd9, 0xda,
	0xdb, 0xe0, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xeb, FAKE_BUS_FAULT,
};

/* Of a job: CS_FAULT of that type, the stream goes on. */
static void test_faults_of_jobs(void **state)
{
	for (unsigned int i = 0; i < FAKE_COUNT(walk_faults); i++) {
		uint32_t code = walk_faults[i];
		struct mdl_cs_status st;

		SUBMIT(0, W_MOVE48(40, FAKE_FAULT_VA(code)), W_REQ_RESOURCE(2), W_RUN_FRAGMENT,
		       W_MOVE32(6, 1));
		assert_true(fake_run(&f, FAKE_SECOND));
		st = fake_status(&f, 0, 0);
		assert_int_equal(st.fault, code == FAKE_BUS_FAULT ? BUS : code);
		assert_true(st.fault_info == FAKE_FAULT_VA(code));
		assert_int_equal(st.fatal, 0);
		assert_int_equal(f.cs[0][0]->regs[6], 1);
		renew(state);
	}
}

/* Of the stream itself, whatever it was: a bus fault, and the end. */
static void test_faults_of_streams(void **state)
{
	static const uint64_t accesses[] = {
		W_LOAD(6, 2, 1, 0),
		W_STORE(6, 2, 1, 0),
		W_SYNC(37, 0, 2, 6, 0, 0),
		W_SYNC(51, 0, 2, 6, 1, 1),
		W_SYNC_WAIT64(0, LE, 2, 6),
		W_STORE_STATE(0, 2, 0, 0, 0),
		W_CALL(2, 8),
	};

	for (unsigned int i = 0; i < FAKE_COUNT(walk_faults); i++) {
		for (unsigned int k = 0; k < FAKE_COUNT(accesses); k++) {
			uint64_t va = FAKE_FAULT_VA(walk_faults[i]);
			struct mdl_cs_status st;

			SUBMIT(0, W_MOVE48(2, va), W_MOVE32(8, 8), accesses[k]);
			assert_true(fake_run(&f, FAKE_SECOND));
			st = fake_status(&f, 0, 0);
			if (st.fatal != BUS || st.fatal_info != va || st.fault)
				fail_msg("fault 0x%x, access %u: 0x%x", walk_faults[i], k,
					 st.fatal);
			renew(state);
		}
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
	struct op_reg regs[6];
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
		renew(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_prestate_setup_teardown(name, fake_setup, fake_teardown, &f)
		T(test_rows),
		T(test_fault_rows),
		T(test_each_opcode_has_a_row),
		T(test_each_exception_has_a_row),
		T(test_encodings),
		T(test_unknown_opcodes),
		T(test_faults_of_jobs),
		T(test_faults_of_streams),
		T(test_conditions),
		T(test_job_costs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
