// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * TLBs and L2 of the GPU model, access by access: what maintenance drops and what it does not, what a stale
 * entry or line answers, which of it is a finding and when, and what flushes cost.
 */
#include "tools/model/mmu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/model_env.h"
#include "tools/model/cost.h"

#define AS	    3u
#define AS_REG(reg) (0x2400u + AS * 0x40u + (reg))
#define LOCKADDR    0x10u
#define COMMAND	    0x18u
#define STATUS	    0x28u
#define UPDATE	    1u
#define LOCK	    2u
#define UNLOCK	    3u
#define FLUSH_PT    4u
#define FLUSH_MEM   5u
#define GPU_CMD	    0x030u
#define GPU_RAWSTAT 0x020u
#define GPU_CLEAR   0x024u
#define FLUSH_DONE  (1u << 17)
#define CLEAN	    0x0104u /* of the L2 alone */
#define INVALIDATE  0x0204u
#define CLEAN_INV   0x0304u
#define CLEAN_LSC   0x3004u
#define FLUSH_ID    0x10000u
#define L2_PWRON    0x1a0u
#define L2_READY    0x160u
#define L2_PWROFF   0x1e0u
#define L2_PWRTRANS 0x220u
#define SOFT_RESET  0x101u
#define MEMATTR	    UINT64_C(0x4c8f4c)
#define TRANSCFG    (6u | 7u << 6 | 2u << 24 | 1u << 30)
#define TRANSCFG_NC (6u | 7u << 6) /* tables are read past the L2 */
#define VA	    UINT64_C(0x40000000)
#define NEXT	    (VA + 0x8000) /* in the next region of 32 KiB, and in another line of its table */

static struct menv e;
static uint64_t page; /* at VA, writable, cached */

static int setup(void **state)
{
	(void)state;
	menv_init(&e, NULL);
	menv_wr64(&e, L2_PWRON, 1);
	assert_true(menv_wait_reg(&e, L2_READY, 1, 1, 1000000));
	menv_as_create(&e, AS);
	page = menv_map_new(&e, AS, VA, MENV_PAGE, MENV_RW);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	menv_finish(&e);
	return 0;
}

/* Each access is of another call into the model, as are a driver's writes to memory between them. */
static bool rd(uint64_t va, uint32_t *value)
{
	menv_rd(&e, STATUS);
	return mdl_mmu_read(e.m, AS, va, value, sizeof(*value), MDL_ACCESS_READ, NULL);
}

static bool wr(uint64_t va, uint32_t value)
{
	menv_rd(&e, STATUS);
	return mdl_mmu_write(e.m, AS, va, &value, sizeof(value), NULL);
}

static uint32_t read_at(uint64_t va)
{
	uint32_t value = 0;

	assert_true(rd(va, &value));
	return value;
}

static uint32_t *mem(uint64_t pa)
{
	return menv_ptr(&e, pa);
}

static void maintain(uint64_t va, unsigned int log2, uint32_t command)
{
	menv_wr64(&e, AS_REG(LOCKADDR), va | (log2 - 1));
	menv_as_command(&e, AS, LOCK);
	menv_as_command(&e, AS, command);
}

static void gpu_command(uint32_t command)
{
	menv_wr(&e, GPU_CLEAR, FLUSH_DONE);
	menv_wr(&e, GPU_CMD, command);
	assert_true(menv_wait_reg(&e, GPU_RAWSTAT, FLUSH_DONE, FLUSH_DONE, 100000000));
}

static void remap(uint64_t va, uint64_t pa, unsigned int flags)
{
	menv_map_desc(&e, AS, va, 3, menv_page_desc(pa, flags));
}

static uint64_t found(enum mmx_model_finding kind)
{
	return mmx_model_report(e.m)->driver[kind];
}

static uint64_t of_jobs(enum mmx_model_finding kind)
{
	return mmx_model_report(e.m)->jobs[kind];
}

static void assert_nothing_found(void)
{
	static const struct mmx_model_report none;

	assert_memory_equal(mmx_model_report(e.m), &none, sizeof(none));
}

/* ---- translations ---- */

/* Which command drops a translation, and of which pages. */
static void what_drops_translations(void **state)
{
	static const struct {
		const char *name;
		uint64_t va;
		unsigned int log2;
		uint32_t command;
		bool drops;
	} rows[] = {
		{ "FLUSH_PT", VA, 15, FLUSH_PT, true },
		{ "FLUSH_MEM", VA, 15, FLUSH_MEM, true },
		{ "UNLOCK", VA, 15, UNLOCK, true },
		{ "all", 0, 64, UNLOCK, true },
		{ "a large region", VA & ~UINT64_C(0x3fffffff), 30, UNLOCK, true },
		{ "the next region", NEXT, 15, UNLOCK, false },
		{ "UPDATE with the same tables", VA, 15, UPDATE, false },
		{ "LOCK", VA, 15, LOCK, false },
		{ "too small a region", VA, 12, UNLOCK, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t other;

		setup(state);
		other = menv_pages(&e, 1);
		*mem(page) = 1;
		*mem(other) = 2;
		assert_int_equal(read_at(VA), 1);
		remap(VA, other, MENV_RW);
		gpu_command(CLEAN_INV); /* tables are as in memory: this is about translations */
		maintain(rows[i].va, rows[i].log2, rows[i].command);
		if (read_at(VA) != 1u + rows[i].drops)
			fail_msg("%s", rows[i].name);
		teardown(state);
	}
}

/* A change and its maintenance are two things: what is used between them is no mistake, for a while. */
static void stale_for_a_while(void **state)
{
	uint64_t other = menv_pages(&e, 1);

	(void)state;
	assert_int_equal(read_at(VA), 0);
	remap(VA, other, MENV_RW);
	assert_true(wr(VA, 5));
	assert_int_equal(*mem(page), 5);
	e.now_ns += MDL_CHECK_GRACE_NS - 1;
	assert_true(wr(VA, 6));
	assert_nothing_found();
	e.now_ns += 1;
	assert_true(wr(VA, 7));
	assert_int_equal(*mem(page), 7);
	assert_int_equal(found(MMX_MODEL_FIND_TLB), 1);
}

/* Maintenance of something else may be under way when tables change; two of them have passed it by. */
static void passed_by(void **state)
{
	(void)state;
	assert_int_equal(read_at(VA), 0);
	remap(VA, menv_pages(&e, 1), MENV_RW);
	assert_true(wr(VA, 1));
	maintain(NEXT, 15, UNLOCK);
	assert_true(wr(VA, 1));
	assert_int_equal(found(MMX_MODEL_FIND_TLB), 0);
	maintain(NEXT, 15, UNLOCK);
	assert_true(wr(VA, 1));
	assert_int_equal(found(MMX_MODEL_FIND_TLB), 1);
}

/* Maintenance of the page itself has begun: hardware makes accesses wait for its end. */
static void not_passed_by(void **state)
{
	(void)state;
	assert_int_equal(read_at(VA), 0);
	remap(VA, menv_pages(&e, 1), MENV_RW);
	assert_true(wr(VA, 1));
	maintain(NEXT, 15, UNLOCK);
	assert_true(wr(VA, 1));
	menv_wr64(&e, AS_REG(LOCKADDR), VA | 14);
	menv_as_command(&e, AS, LOCK);
	assert_true(wr(VA, 1));
	assert_nothing_found();
	menv_as_command(&e, AS, FLUSH_MEM);
	assert_true(wr(VA, 1));
	assert_nothing_found();
}

static void stale_permission(void **state)
{
	(void)state;
	remap(VA, page, MENV_R);
	menv_as_flush(&e, AS);
	assert_int_equal(read_at(VA), 0);
	remap(VA, page, MENV_RW);
	assert_false(wr(VA, 1));
	assert_int_equal(menv_rd(&e, AS_REG(0x1c)) & 0xff, 0xcb);
	assert_int_equal(found(MMX_MODEL_FIND_TLB), 1);
}

/* An address space that gets other tables: UPDATE drops what was of the old ones, and what was noted of them. */
static void tables_of_another(void **state)
{
	uint64_t old_root = e.roots[AS], other = menv_pages(&e, 1);
	uint32_t value;

	(void)state;
	menv_map_new(&e, AS, NEXT, MENV_PAGE, MENV_RW);
	assert_true(wr(NEXT, 1));
	menv_map_desc(&e, AS, NEXT, 3, 0);
	menv_as_flush(&e, AS); /* and so it is known as unmapped */
	assert_true(wr(VA, 1));
	gpu_command(CLEAN_INV);
	/* without LOCK and UNLOCK, as upstream since 6.18 does */
	e.roots[AS] = menv_pages(&e, 1);
	remap(VA, other, MENV_RW);
	menv_wr64(&e, AS_REG(0), e.roots[AS]);
	assert_true(wr(VA, 2));
	assert_int_equal(*mem(page), 2);
	menv_as_command(&e, AS, UPDATE);
	assert_true(wr(VA, 3));
	assert_int_equal(*mem(other), 3);
	assert_int_equal(*mem(page), 2);
	assert_false(rd(NEXT, &value));
	/* and back */
	gpu_command(CLEAN_INV);
	menv_wr64(&e, AS_REG(0), old_root);
	menv_as_command(&e, AS, UPDATE);
	assert_true(wr(VA + 4, 4));
	assert_int_equal(mem(page)[1], 4);
	assert_nothing_found();
}

/* Neither a disabled address space nor one without tables looks into its TLB. */
static void without_tables(void **state)
{
	uint32_t value;

	(void)state;
	assert_true(wr(VA, 1));
	menv_wr64(&e, AS_REG(0x30), 1);
	menv_as_command(&e, AS, UPDATE);
	assert_false(rd(VA, &value));
	menv_wr64(&e, AS_REG(0x30), 2);
	menv_as_command(&e, AS, UPDATE);
	*mem(page) = 9;
	assert_int_equal(read_at(page), 9);
	*mem(page) = 10;
	assert_int_equal(read_at(page), 10);
	assert_nothing_found();
}

/* ---- tables in the L2 ---- */

static void map_without_a_flush(void **state)
{
	uint64_t other = menv_pages(&e, 1);
	uint32_t value;

	(void)state;
	read_at(VA); /* brings the line with the entries of eight pages */
	remap(VA + MENV_PAGE, other, MENV_RW);
	assert_false(rd(VA + MENV_PAGE, &value));
	assert_int_equal(found(MMX_MODEL_FIND_TABLE), 1);
	maintain(VA, 15, FLUSH_PT);
	assert_int_equal(read_at(VA + MENV_PAGE), 0);
	/* what is in no line yet needs no flush, which nobody can rely on */
	remap(NEXT, other, MENV_RW);
	assert_int_equal(read_at(NEXT), 0);
	assert_int_equal(found(MMX_MODEL_FIND_TABLE), 1);
}

static void walks_past_the_l2(void **state)
{
	(void)state;
	menv_as_program(&e, AS, e.roots[AS], MEMATTR, TRANSCFG_NC);
	read_at(VA);
	remap(VA + MENV_PAGE, menv_pages(&e, 1), MENV_RW);
	assert_int_equal(read_at(VA + MENV_PAGE), 0);
	assert_nothing_found();
}

/* A page that is not mapped, and never was, is nobody's mistake here. */
static void plain_fault(void **state)
{
	uint32_t value;

	(void)state;
	read_at(VA);
	assert_false(rd(VA + MENV_PAGE, &value));
	assert_nothing_found();
}

/* ---- data in the L2 ---- */

/* Which flush makes the GPU see what the CPU has written. */
static void stale_data(void **state)
{
	static const struct {
		uint32_t command;
		bool fresh;
	} rows[] = {
		{ CLEAN_INV, true },
		{ INVALIDATE, true },
		{ CLEAN, false },
		{ CLEAN_LSC, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setup(state);
		assert_int_equal(read_at(VA), 0);
		*mem(page) = 1;
		gpu_command(rows[i].command);
		assert_int_equal(read_at(VA), rows[i].fresh);
		/* a job may do that to itself */
		assert_int_equal(of_jobs(MMX_MODEL_FIND_DATA), !rows[i].fresh);
		assert_int_equal(found(MMX_MODEL_FIND_DATA), 0);
		teardown(state);
	}
}

static void uncached_is_never_stale(void **state)
{
	(void)state;
	remap(VA, page, MENV_RW | MENV_UNCACHED);
	menv_as_flush(&e, AS);
	assert_int_equal(read_at(VA), 0);
	*mem(page) = 1;
	assert_int_equal(read_at(VA), 1);
	assert_true(wr(VA, 2));
	menv_wr64(&e, L2_PWROFF, 1);
	assert_true(menv_wait_reg(&e, L2_PWRTRANS, 1, 0, 1000000));
	assert_nothing_found();
}

/* The firmware's memory is the driver's alone. */
static void stale_firmware_data(void **state)
{
	uint32_t value;

	(void)state;
	menv_as_create(&e, 0);
	page = menv_map_new(&e, 0, VA, MENV_PAGE, MENV_RW);
	assert_true(mdl_mmu_read(e.m, 0, VA, &value, 4, MDL_ACCESS_READ, NULL));
	*mem(page) = 1;
	menv_rd(&e, STATUS);
	assert_true(mdl_mmu_read(e.m, 0, VA, &value, 4, MDL_ACCESS_READ, NULL));
	assert_int_equal(value, 0);
	assert_int_equal(found(MMX_MODEL_FIND_DATA), 1);
}

/* When dirty lines are found to be lost. */
static void dirty(void **state)
{
	static const struct {
		uint32_t flush; /* of the L2 before; 0 = none */
		uint64_t lost;
	} rows[] = { { 0, 1 }, { CLEAN_LSC, 1 }, { CLEAN, 0 }, { CLEAN_INV, 0 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned int how = 0; how < 4; how++) {
			setup(state);
			assert_true(wr(VA, 1));
			if (rows[i].flush)
				gpu_command(rows[i].flush);
			if (how == 0) {
				mmx_model_dma_unmapped(e.m, page, MENV_PAGE);
				assert_int_equal(found(MMX_MODEL_FIND_FREED), 1);
			} else if (how == 1) {
				menv_wr64(&e, L2_PWROFF, 1);
				menv_run_for(&e, MDL_COST_L2_POWER_NS);
			} else if (how == 2) {
				gpu_command(INVALIDATE);
			} else { /* a reset loses everything, and drivers know that */
				menv_wr(&e, GPU_CMD, SOFT_RESET);
			}
			assert_int_equal(found(MMX_MODEL_FIND_DIRTY), how == 3 ? 0 : rows[i].lost);
			teardown(state);
		}
	}
}

/* Maintenance of an unmapped page without a clean since it was locked. */
static void dirty_and_unmapped(void **state)
{
	for (unsigned int clean = 0; clean < 2; clean++) {
		setup(state);
		assert_true(wr(VA, 1));
		menv_wr64(&e, AS_REG(LOCKADDR), VA | 14);
		menv_as_command(&e, AS, LOCK);
		menv_map_desc(&e, AS, VA, 3, 0);
		if (clean)
			gpu_command(CLEAN_INV);
		menv_as_command(&e, AS, UNLOCK);
		assert_int_equal(found(MMX_MODEL_FIND_DIRTY), !clean);
		teardown(state);
	}
}

/* ---- what becomes of memory ---- */

static void freed(void **state)
{
	uint32_t value;

	(void)state;
	/* nobody has used it yet: then it shows when somebody does */
	menv_map_desc(&e, AS, NEXT, 3, menv_page_desc(UINT64_C(0x1000), MENV_RW));
	menv_as_flush(&e, AS);
	assert_nothing_found();
	assert_false(rd(NEXT, &value));
	assert_int_equal(found(MMX_MODEL_FIND_FREED), 1);
	/* a table that is not there */
	menv_map_desc(&e, AS, VA + (UINT64_C(1) << 30), 2, UINT64_C(0x1000) | 3);
	menv_as_flush(&e, AS);
	assert_false(rd(VA + (UINT64_C(1) << 30), &value));
	assert_int_equal(found(MMX_MODEL_FIND_FREED), 2);
	/* others are not concerned */
	assert_true(wr(VA, 1));
	menv_as_flush(&e, AS);
	mmx_model_dma_unmapped(e.m, page, MENV_PAGE);
	assert_int_equal(found(MMX_MODEL_FIND_FREED), 2);
}

static void used_after_unmap(void **state)
{
	uint32_t value;

	(void)state;
	read_at(VA);
	menv_map_desc(&e, AS, VA, 3, 0);
	menv_as_flush(&e, AS);
	assert_false(rd(VA, &value));
	assert_int_equal(of_jobs(MMX_MODEL_FIND_UNMAPPED), 1);
	assert_int_equal(found(MMX_MODEL_FIND_UNMAPPED), 0);
}

/* ---- what it costs ---- */

static void flushes_take_time(void **state)
{
	static const unsigned int lines[] = { 0, 1, 40 };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		uint64_t cost = (uint64_t)lines[i] * MDL_COST_CLEAN_LINE_NS;

		for (unsigned int l = 0; l < lines[i]; l++)
			assert_true(wr(VA + 64 * l, l));
		menv_wr(&e, GPU_CLEAR, FLUSH_DONE);
		menv_wr(&e, GPU_CMD, CLEAN);
		menv_run_for(&e, MDL_COST_FLUSH_NS + cost - 1);
		assert_int_equal(menv_rd(&e, GPU_RAWSTAT) & FLUSH_DONE, 0);
		menv_run_for(&e, 1);
		assert_int_equal(menv_rd(&e, GPU_RAWSTAT) & FLUSH_DONE, FLUSH_DONE);
		for (unsigned int l = 0; l < lines[i]; l++)
			assert_true(wr(VA + 64 * l, l));
		menv_wr(&e, AS_REG(COMMAND), FLUSH_MEM);
		menv_run_for(&e, MDL_COST_AS_FLUSH_NS + cost - 1);
		assert_int_equal(menv_rd(&e, AS_REG(STATUS)), 1);
		menv_run_for(&e, 1);
		assert_int_equal(menv_rd(&e, AS_REG(STATUS)), 0);
	}
}

/* Streams skip their flush by this number: less than all of it does not count. */
static void flush_id(void **state)
{
	uint32_t id = menv_rd(&e, FLUSH_ID);

	(void)state;
	gpu_command(CLEAN);
	gpu_command(CLEAN_LSC);
	assert_int_equal(menv_rd(&e, FLUSH_ID), id);
	gpu_command(CLEAN_INV);
	assert_int_equal(menv_rd(&e, FLUSH_ID), id + 1);
}

/* More than the L2 and a TLB hold: everything is still right. */
static void more_than_they_hold(void **state)
{
	const unsigned int count = 1500; /* pages: 6 MiB */
	uint64_t pa = menv_map_new(&e, AS, NEXT, (uint64_t)count * MENV_PAGE, MENV_RW);

	(void)state;
	for (unsigned int i = 0; i < count; i++)
		assert_true(wr(NEXT + (uint64_t)i * MENV_PAGE + i % 64 * 64, i));
	for (unsigned int i = 0; i < count; i++) {
		assert_int_equal(read_at(NEXT + (uint64_t)i * MENV_PAGE + i % 64 * 64), i);
		assert_int_equal(mem(pa + (uint64_t)i * MENV_PAGE)[i % 64 * 16], i);
	}
	assert_nothing_found();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_drops_translations),
		TEST(stale_for_a_while),
		TEST(passed_by),
		TEST(not_passed_by),
		TEST(stale_permission),
		TEST(tables_of_another),
		TEST(without_tables),
		TEST(map_without_a_flush),
		TEST(walks_past_the_l2),
		TEST(plain_fault),
		cmocka_unit_test(stale_data),
		TEST(uncached_is_never_stale),
		TEST(stale_firmware_data),
		cmocka_unit_test(dirty),
		cmocka_unit_test(dirty_and_unmapped),
		TEST(freed),
		TEST(used_after_unmap),
		TEST(flushes_take_time),
		TEST(flush_id),
		TEST(more_than_they_hold),
	};

	return cmocka_run_group_tests_name("model_cache", tests, NULL, NULL);
}
