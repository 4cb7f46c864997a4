// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Address spaces of the GPU model: each kind of walk and each way to fault, what a fault latches, when
 * registers take effect, and accesses that cross pages or leave memory.
 */
#include "tools/model/mmu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/model_env.h"
#include "tools/model/cost.h"

#define AS	      3u
#define AS_REG(reg)   (0x2400u + AS * 0x40u + (reg))
#define TRANSTAB      0x00u
#define COMMAND	      0x18u
#define FAULTSTATUS   0x1cu
#define FAULTADDRESS  0x20u
#define STATUS	      0x28u
#define MMU_RAWSTAT   0x2000u
#define MMU_CLEAR     0x2004u
#define MMU_MASK      0x2008u
#define GPU_RAWSTAT   0x20u
#define FAULT_STATUS  0x3cu
#define FAULT_ADDRESS 0x40u

#define VA     UINT64_C(0x123456789000)
#define AF     (UINT64_C(1) << 10)
#define ATTR   (UINT64_C(1) << 2) /* index 1: write-back */
#define GPU_RW (UINT64_C(1) << 6)
#define GPU_RO (UINT64_C(3) << 6)
#define XN     (UINT64_C(1) << 54)
#define LEAF   (AF | ATTR)
#define NONE   0u

static struct menv env;

static int setup(void **state)
{
	*state = &env;
	menv_init(&env, NULL);
	menv_as_create(&env, AS);
	menv_wr(&env, MMU_MASK, ~0u);
	return 0;
}

static int teardown(void **state)
{
	menv_finish(*state);
	return 0;
}

/* A descriptor at a level of the walk of VA; the address of a page of test memory is or-ed in. */
struct walk_case {
	const char *name;
	unsigned int level;
	uint64_t desc;
	enum mdl_access access;
	uint32_t exception;
	bool has_page;
};

static const struct walk_case walks[] = {
	{ "page", 3, LEAF | GPU_RW | 3, MDL_ACCESS_READ, NONE, true },
	{ "page, write", 3, LEAF | GPU_RW | 3, MDL_ACCESS_WRITE, NONE, true },
	{ "page, execute", 3, LEAF | GPU_RW | 3, MDL_ACCESS_EXECUTE, NONE, true },
	{ "read-only page, read", 3, LEAF | GPU_RO | 3, MDL_ACCESS_READ, NONE, true },
	{ "invalid at 0", 0, 0, MDL_ACCESS_READ, 0xc0, false },
	{ "invalid at 1", 1, 0, MDL_ACCESS_READ, 0xc1, false },
	{ "invalid at 2", 2, 0, MDL_ACCESS_READ, 0xc2, false },
	{ "invalid at 3", 3, 0, MDL_ACCESS_READ, 0xc3, false },
	{ "invalid with bits set", 3, ~UINT64_C(3), MDL_ACCESS_READ, 0xc3, false },
	{ "type 2", 3, LEAF | GPU_RW | 2, MDL_ACCESS_READ, 0xc3, true },
	{ "block at level 0", 0, LEAF | GPU_RW | 1, MDL_ACCESS_READ, 0xc0, true },
	{ "block at level 3", 3, LEAF | GPU_RW | 1, MDL_ACCESS_READ, 0xc3, true },
	{ "write to read-only page", 3, LEAF | GPU_RO | 3, MDL_ACCESS_WRITE, 0xcb, true },
	{ "atomic on read-only page", 3, LEAF | GPU_RO | 3, MDL_ACCESS_ATOMIC, 0xcb, true },
	{ "page not for the GPU", 3, LEAF | 3, MDL_ACCESS_READ, 0xcb, true },
	{ "execute never", 3, LEAF | GPU_RW | XN | 3, MDL_ACCESS_EXECUTE, 0xcb, true },
	{ "write to read-only 2M block", 2, LEAF | GPU_RO | 1, MDL_ACCESS_WRITE, 0xca, false },
	{ "write to read-only 1G block", 1, LEAF | GPU_RO | 1, MDL_ACCESS_WRITE, 0xc9, false },
	{ "no access flag, page", 3, ATTR | GPU_RW | 3, MDL_ACCESS_READ, 0xdb, true },
	{ "no access flag, 2M", 2, ATTR | GPU_RW | 1, MDL_ACCESS_READ, 0xda, false },
	{ "no access flag, 1G", 1, ATTR | GPU_RW | 1, MDL_ACCESS_READ, 0xd9, false },
	{ "page beyond 40 bits", 3, UINT64_C(1) << 40 | LEAF | GPU_RW | 3, MDL_ACCESS_READ, 0xe7,
	  false },
	{ "2M block beyond", 2, UINT64_C(1) << 47 | LEAF | GPU_RW | 1, MDL_ACCESS_READ, 0xe6,
	  false },
	{ "1G block beyond", 1, UINT64_C(1) << 41 | LEAF | GPU_RW | 1, MDL_ACCESS_READ, 0xe5,
	  false },
	{ "table beyond", 0, UINT64_C(1) << 40 | 3, MDL_ACCESS_READ, 0xe4, false },
	{ "attributes that fault", 3, AF | GPU_RW | 7u << 2 | 3, MDL_ACCESS_READ, 0xeb, true },
};

static bool access_va(struct menv *e, uint64_t va, enum mdl_access access, struct mdl_fault *fault)
{
	uint32_t word = 0;

	if (access == MDL_ACCESS_WRITE)
		return mdl_mmu_write(e->m, AS, va, &word, sizeof(word), fault);
	return mdl_mmu_read(e->m, AS, va, &word, sizeof(word), access, fault);
}

static void walk_one(const struct walk_case *c)
{
	struct mdl_fault fault = { 0 };
	uint64_t desc = c->desc;
	bool ok;

	/* MEMATTR byte 7 faults */
	menv_as_program(&env, AS, env.roots[AS], UINT64_C(0xc0000000008f4c) << 8 | 0x4c,
			6u | 7u << 6);
	if (c->has_page)
		desc |= menv_pages(&env, 1);
	menv_map_desc(&env, AS, VA, c->level, desc);
	ok = access_va(&env, VA + 8, c->access, &fault);
	if (ok != !c->exception || (!ok && fault.exception != c->exception))
		fail_msg("%s: got %s 0x%x", c->name, ok ? "access" : "fault", fault.exception);
	if (ok) {
		assert_int_equal(menv_rd(&env, MMU_RAWSTAT), 0);
		return;
	}
	assert_int_equal(fault.access, c->access);
	assert_int_equal(fault.va, VA + 8);
	assert_false(fault.bus);
	assert_int_equal(menv_rd(&env, MMU_RAWSTAT), 1u << AS);
	assert_int_equal(env.pending[MMX_MODEL_IRQ_MMU], 1u << AS);
	assert_int_equal(menv_rd(&env, AS_REG(FAULTSTATUS)),
			 c->exception | (uint32_t)c->access << 8);
	assert_int_equal(menv_rd64(&env, AS_REG(FAULTADDRESS)), VA + 8);
	menv_wr(&env, MMU_CLEAR, 1u << AS);
	assert_int_equal(env.pending[MMX_MODEL_IRQ_MMU], 0);
}

static void walks_and_faults(void **state)
{
	for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
		teardown(state);
		setup(state);
		walk_one(&walks[i]);
	}
}

static void blocks_reach_their_offset(void **state)
{
	struct menv *e = *state;
	uint64_t in_2m = UINT64_C(0x40000000) + 0x1ff000 + 16;
	uint64_t in_1g = UINT64_C(0x80000000) + 0x3000 + 24;
	uint32_t word;

	/* device memory begins at a 1 GiB boundary */
	menv_map_desc(e, AS, in_2m, 2, MENV_MEM_BASE | LEAF | GPU_RW | 1);
	menv_map_desc(e, AS, in_1g, 1, MENV_MEM_BASE | LEAF | GPU_RW | 1);
	*(uint32_t *)menv_ptr(e, MENV_MEM_BASE + 0x1ff010) = 0x11223344;
	assert_true(mdl_mmu_read(e->m, AS, in_2m, &word, 4, MDL_ACCESS_READ, NULL));
	assert_int_equal(word, 0x11223344);
	word = 0x55667788;
	assert_true(mdl_mmu_write(e->m, AS, UINT64_C(0x80000000) + 0x1ff010, &word, 4, NULL));
	assert_int_equal(*(uint32_t *)menv_ptr(e, MENV_MEM_BASE + 0x1ff010), 0x55667788);
}

/* The size of the input address decides where the walk begins and what is out of range. */
static void input_sizes(void **state)
{
	static const struct {
		unsigned int bits;
		unsigned int level;
		uint64_t va;
		uint32_t exception;
	} cases[] = {
		{ 48, 0, UINT64_C(0x800000000000), 0xc0 },
		{ 48, 0, UINT64_C(0x1000000000000), 0xe0 },
		{ 40, 0, UINT64_C(0x8000000000), 0xc0 },
		{ 39, 1, UINT64_C(0x4000000000), 0xc1 },
		{ 39, 1, UINT64_C(0x8000000000), 0xe0 },
		{ 31, 1, UINT64_C(0x40000000), 0xc1 },
		{ 30, 2, UINT64_C(0x20000000), 0xc2 },
		{ 25, 2, UINT64_C(0x1000000), 0xc2 },
		{ 25, 2, UINT64_C(0x2000000), 0xe0 },
		{ 24, 0, 0, 0xe0 },
		{ 49, 0, 0, 0xe0 },
		{ 48, 0, UINT64_MAX, 0xe0 },
	};
	struct menv *e = *state;
	struct mdl_fault fault;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		menv_as_program(e, AS, e->roots[AS], 0x4c8f4c, 6u | (55u - cases[i].bits) << 6);
		assert_false(access_va(e, cases[i].va, MDL_ACCESS_READ, &fault));
		assert_int_equal(fault.exception, cases[i].exception);
	}
	menv_as_program(e, AS, UINT64_C(1) << 40, 0x4c8f4c, 6u | 16u << 6);
	assert_false(access_va(e, 0, MDL_ACCESS_READ, &fault));
	assert_int_equal(fault.exception, 0xe5); /* the table itself, level 1 */
}

static void modes(void **state)
{
	struct menv *e = *state;
	uint64_t pa = menv_map_new(e, AS, VA, MENV_PAGE, MENV_RW);
	struct mdl_fault fault;

	assert_true(access_va(e, VA, MDL_ACCESS_WRITE, &fault));
	menv_as_program(e, AS, 0, 0, 1); /* unmapped */
	assert_false(access_va(e, VA, MDL_ACCESS_WRITE, &fault));
	assert_int_equal(fault.exception, 0xc0);
	menv_as_program(e, AS, 0, 0, 2); /* identity */
	assert_true(access_va(e, pa, MDL_ACCESS_WRITE, &fault));
	assert_false(access_va(e, UINT64_C(1) << 40, MDL_ACCESS_WRITE, &fault));
	assert_int_equal(fault.exception, 0xe4);
	menv_as_program(e, AS, e->roots[AS], 0x4c8f4c, 8u | 7u << 6); /* 64 KiB granule: not here */
	assert_false(access_va(e, VA, MDL_ACCESS_READ, &fault));
	assert_int_equal(fault.exception, 0xc0);
}

static void registers_take_effect_at_update(void **state)
{
	struct menv *e = *state;
	struct mdl_fault fault;

	menv_map_new(e, AS, VA, MENV_PAGE, MENV_RW);
	menv_wr64(e, AS_REG(TRANSTAB), 0);
	assert_int_equal(menv_rd64(e, AS_REG(TRANSTAB)), 0);
	assert_true(access_va(e, VA, MDL_ACCESS_READ, &fault));
	menv_wr(e, AS_REG(COMMAND), 1);
	assert_int_equal(menv_rd(e, AS_REG(STATUS)), 1);
	assert_true(access_va(e, VA, MDL_ACCESS_READ, &fault)); /* not over yet */
	menv_run_for(e, MDL_COST_AS_COMMAND_NS);
	assert_int_equal(menv_rd(e, AS_REG(STATUS)), 0);
	assert_int_equal(menv_rd(e, MMU_RAWSTAT), 1u << (16 + AS));
	menv_as_flush(e, AS); /* until then the TLB has the page */
	assert_false(access_va(e, VA, MDL_ACCESS_READ, &fault));
}

static void commands(void **state)
{
	static const struct {
		uint32_t command;
		uint64_t cost_ns;
	} cases[] = {
		{ 0, MDL_COST_AS_COMMAND_NS }, { 1, MDL_COST_AS_COMMAND_NS },
		{ 2, MDL_COST_AS_COMMAND_NS }, { 3, MDL_COST_AS_COMMAND_NS },
		{ 4, MDL_COST_AS_FLUSH_NS },   { 5, MDL_COST_AS_FLUSH_NS },
	};
	struct menv *e = *state;

	menv_wr64(e, AS_REG(0x10), VA | 14); /* LOCKADDR: 32 KiB */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		menv_wr(e, AS_REG(COMMAND), cases[i].command);
		menv_run_for(e, cases[i].cost_ns - 1);
		assert_int_equal(menv_rd(e, AS_REG(STATUS)), 1);
		menv_run_for(e, 1);
		assert_int_equal(menv_rd(e, AS_REG(STATUS)), 0);
		assert_int_equal(e->pending[MMX_MODEL_IRQ_MMU], 1u << (16 + AS));
		menv_wr(e, MMU_CLEAR, 1u << (16 + AS));
	}
	assert_int_equal(e->errors, 0);
	menv_wr(e, AS_REG(COMMAND), 6); /* unknown */
	assert_int_equal(menv_rd(e, AS_REG(STATUS)), 0);
	assert_int_equal(e->errors, 1);
	menv_wr(e, AS_REG(COMMAND), 4);
	menv_wr(e, AS_REG(COMMAND), 1); /* too early: ignored */
	assert_int_equal(e->errors, 2);
	menv_run_for(e, MDL_COST_AS_COMMAND_NS);
	assert_int_equal(menv_rd(e, AS_REG(STATUS)), 1);
}

static void first_fault_stays_until_cleared(void **state)
{
	struct menv *e = *state;

	assert_false(access_va(e, 0x1000, MDL_ACCESS_READ, NULL));
	assert_false(access_va(e, 0x2000, MDL_ACCESS_WRITE, NULL));
	assert_int_equal(menv_rd64(e, AS_REG(FAULTADDRESS)), 0x1000);
	assert_int_equal(menv_rd(e, AS_REG(FAULTSTATUS)), 0xc0 | 2u << 8);
	menv_wr(e, MMU_CLEAR, 1u << AS);
	assert_int_equal(menv_rd64(e, AS_REG(FAULTADDRESS)), 0x1000);
	assert_false(access_va(e, 0x2000, MDL_ACCESS_WRITE, NULL));
	assert_int_equal(menv_rd64(e, AS_REG(FAULTADDRESS)), 0x2000);
	assert_int_equal(menv_rd(e, AS_REG(FAULTSTATUS)), 0xc0 | 3u << 8);
}

static void ranges_cross_pages(void **state)
{
	struct menv *e = *state;
	uint8_t in[96], out[96];
	struct mdl_fault fault;

	/* neighbours in the address space, strangers in memory */
	menv_map_new(e, AS, VA, MENV_PAGE, MENV_RW);
	menv_pages(e, 3);
	menv_map_new(e, AS, VA + MENV_PAGE, MENV_PAGE, MENV_RW);
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i + 1);
	assert_true(mdl_mmu_write(e->m, AS, VA + MENV_PAGE - 40, in, sizeof(in), NULL));
	assert_true(mdl_mmu_read(e->m, AS, VA + MENV_PAGE - 40, out, sizeof(out), MDL_ACCESS_READ,
				 NULL));
	assert_memory_equal(in, out, sizeof(in));
	assert_int_equal(*(uint8_t *)menv_va(e, AS, VA + MENV_PAGE), 41);

	/* up to the fault, and not beyond */
	assert_false(mdl_mmu_write(e->m, AS, VA + 2 * MENV_PAGE - 8, in, 16, &fault));
	assert_int_equal(fault.va, VA + 2 * MENV_PAGE);
	assert_int_equal(*(uint8_t *)menv_va(e, AS, VA + 2 * MENV_PAGE - 8), 1);
}

static void memory_without_dma_is_a_bus_fault(void **state)
{
	struct menv *e = *state;
	uint64_t hole = MENV_MEM_BASE + MENV_MEM_SIZE;
	struct mdl_fault fault;

	menv_map(e, AS, VA, hole, MENV_PAGE, MENV_RW);
	assert_false(access_va(e, VA + 4, MDL_ACCESS_WRITE, &fault));
	assert_true(fault.bus);
	assert_int_equal(fault.exception, 0x80);
	assert_int_equal(menv_rd(e, MMU_RAWSTAT), 0);
	assert_int_equal(menv_rd(e, GPU_RAWSTAT), 1);
	assert_int_equal(menv_rd(e, FAULT_STATUS), 0x80 | 3u << 8 | 1u << 10 | 1u << 11 | AS << 12);
	assert_int_equal(menv_rd64(e, FAULT_ADDRESS), hole + 4);
	/* a table in nowhere */
	menv_wr(e, 0x24, 1);
	menv_map_desc(e, AS, 0, 0, hole | 3);
	assert_false(access_va(e, 0, MDL_ACCESS_READ, &fault));
	assert_true(fault.bus);
	assert_int_equal(menv_rd64(e, FAULT_ADDRESS), hole);
	menv_wr(e, 0x30, 7); /* CLEAR_FAULT */
	assert_int_equal(menv_rd(e, FAULT_STATUS), 0);
}

static void attributes_latch_nothing(void **state)
{
	struct menv *e = *state;
	struct mdl_page_attr attr;

	menv_map_new(e, AS, VA, MENV_PAGE, MENV_RW | MENV_UNCACHED);
	menv_map_new(e, AS, VA + MENV_PAGE, MENV_PAGE, MENV_R | MENV_X);
	assert_true(mdl_mmu_attr(e->m, AS, VA + 5, &attr));
	assert_true(attr.read && attr.write && !attr.exec);
	assert_int_equal(attr.mair, 0x4c);
	assert_true(mdl_mmu_attr(e->m, AS, VA + MENV_PAGE, &attr));
	assert_true(attr.read && !attr.write && attr.exec);
	assert_int_equal(attr.mair, 0x8f);
	assert_false(mdl_mmu_attr(e->m, AS, VA + 2 * MENV_PAGE, &attr));
	assert_int_equal(menv_rd(e, MMU_RAWSTAT), 0);
}

static void absent_address_spaces(void **state)
{
	struct menv *e = *state;

	menv_wr64(e, 0x2400 + 8 * 0x40, 0x1000); /* AS_PRESENT is 0xff */
	assert_int_equal(menv_rd64(e, 0x2400 + 8 * 0x40), 0);
	assert_true(e->errors > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(walks_and_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(blocks_reach_their_offset, setup, teardown),
		cmocka_unit_test_setup_teardown(input_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(modes, setup, teardown),
		cmocka_unit_test_setup_teardown(registers_take_effect_at_update, setup, teardown),
		cmocka_unit_test_setup_teardown(commands, setup, teardown),
		cmocka_unit_test_setup_teardown(first_fault_stays_until_cleared, setup, teardown),
		cmocka_unit_test_setup_teardown(ranges_cross_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_without_dma_is_a_bus_fault, setup, teardown),
		cmocka_unit_test_setup_teardown(attributes_latch_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(absent_address_spaces, setup, teardown),
	};

	return cmocka_run_group_tests_name("model_mmu", tests, NULL, NULL);
}
