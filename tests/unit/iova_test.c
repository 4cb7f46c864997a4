// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The allocator of device addresses and the table of DMA maps, against plain models of both. */
#include "backend/device/iova.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "backend/device/dma_table.h"

#define KB4 0x1000ull
#define MB2 0x200000ull

static uint64_t alloc(struct mmx_iova_space *space, uint64_t size)
{
	uint64_t addr = 0;

	assert_int_equal(mmx_iova_alloc(space, size, &addr), 0);
	return addr;
}

static void test_places(void **state)
{
	static const struct {
		uint64_t size, want;
	} cases[] = {
		{ KB4, 0x1000 }, /* from below */
		{ 3 * KB4, 0x2000 },	   { MB2, MB2 }, /* aligned, leaves a gap */
		{ MB2 - KB4, 2 * MB2 }, /* too large for the gap, and needs no alignment */
		{ 2 * MB2, 3 * MB2 },	   { KB4, 0x5000 }, /* into the gap */
		{ MB2 - 6 * KB4, 0x6000 }, /* all the rest of it */
		{ KB4, 3 * MB2 - KB4 },	   { KB4, 5 * MB2 },
	};
	struct mmx_iova_space space;
	size_t i;

	(void)state;
	assert_int_equal(mmx_iova_init(&space, KB4, 16 * MB2), 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(alloc(&space, cases[i].size), cases[i].want);
	mmx_iova_free(&space, 2 * MB2, MB2 - KB4);
	assert_int_equal(alloc(&space, KB4), 2 * MB2);
	mmx_iova_finish(&space);
	mmx_iova_finish(&space);
}

static void test_refusals(void **state)
{
	struct mmx_iova_space space;
	uint64_t addr = 7;

	(void)state;
	assert_int_equal(mmx_iova_init(&space, KB4, 2 * MB2), 0);
	assert_int_equal(mmx_iova_alloc(&space, 0, &addr), -EINVAL);
	assert_int_equal(mmx_iova_alloc(&space, KB4 + 1, &addr), -EINVAL);
	assert_int_equal(mmx_iova_alloc(&space, UINT64_MAX & ~(KB4 - 1), &addr), -ENOSPC);
	assert_int_equal(mmx_iova_alloc(&space, 2 * MB2 - KB4, &addr), -ENOSPC); /* if aligned */
	assert_int_equal(addr, 7);
	assert_int_equal(alloc(&space, MB2), MB2);
	assert_int_equal(mmx_iova_alloc(&space, MB2, &addr), -ENOSPC);
	assert_int_equal(alloc(&space, MB2 - KB4), KB4);
	assert_int_equal(mmx_iova_alloc(&space, KB4, &addr), -ENOSPC);
	mmx_iova_free(&space, KB4, MB2 - KB4);
	mmx_iova_free(&space, MB2, MB2);
	assert_int_equal(space.gap_count, 1);
	mmx_iova_finish(&space);
}

/* Random use against a bitmap of pages: no overlap, alignment, and all comes together again in the end. */
static void test_random_use(void **state)
{
	enum {
		PAGES = 8192,
		SLOTS = 600
	};
	static uint8_t used[PAGES];
	static struct {
		uint64_t addr, size;
	} slot[SLOTS];
	struct mmx_iova_space space;
	uint64_t rng = 3, page;
	size_t step, i, failures = 0;

	(void)state;
	assert_int_equal(mmx_iova_init(&space, KB4, PAGES * KB4), 0);
	for (step = 0; step < 50000; step++) {
		rng = rng * 6364136223846793005ull + 1442695040888963407ull;
		i = (size_t)(rng >> 33) % SLOTS;
		if (slot[i].size) {
			mmx_iova_free(&space, slot[i].addr, slot[i].size);
			memset(used + slot[i].addr / KB4, 0, (size_t)(slot[i].size / KB4));
			slot[i].size = 0;
			continue;
		}
		slot[i].size = (rng >> 50) % 50 ? KB4 * (1 + (rng >> 56) % 12) : MB2;
		if (mmx_iova_alloc(&space, slot[i].size, &slot[i].addr)) {
			slot[i].size = 0;
			failures++;
			continue;
		}
		assert_true(slot[i].addr && slot[i].addr + slot[i].size <= PAGES * KB4);
		assert_true(slot[i].size < MB2 || slot[i].addr % MB2 == 0);
		for (page = slot[i].addr / KB4; page < (slot[i].addr + slot[i].size) / KB4;
		     page++) {
			assert_false(used[page]);
			used[page] = 1;
		}
	}
	assert_true(failures < 2000);
	for (i = 0; i < SLOTS; i++) {
		if (slot[i].size)
			mmx_iova_free(&space, slot[i].addr, slot[i].size);
	}
	assert_int_equal(space.gap_count, 1);
	assert_int_equal(space.gaps[0].start, KB4);
	assert_int_equal(space.gaps[0].end, PAGES * KB4);
	mmx_iova_finish(&space);
}

static void add(struct mmx_dma_table *table, uint64_t addr, uint64_t size, int want)
{
	struct mmx_dma_entry entry = { .addr = addr, .size = size };

	assert_int_equal(mmx_dma_table_add(table, &entry), want);
}

static void test_table(void **state)
{
	static const struct {
		uint64_t addr, want; /* 0 = nothing there */
	} cases[] = {
		{ 0, 0 },
		{ 0x0fff, 0 },
		{ 0x1000, 0x1000 },
		{ 0x1fff, 0x1000 },
		{ 0x2000, 0 },
		{ 0x3000, 0x3000 },
		{ 0x5fff, 0x3000 },
		{ 0x6000, 0x6000 },
		{ 0x6fff, 0x6000 },
		{ 0x7000, 0 },
		{ UINT64_MAX - 0xfff, UINT64_MAX - 0xfff },
		{ UINT64_MAX, UINT64_MAX - 0xfff },
	};
	struct mmx_dma_table table = { 0 };
	const struct mmx_dma_entry *entry;
	size_t i;

	(void)state;
	assert_null(mmx_dma_table_find(&table, 0));
	add(&table, 0x6000, KB4, 0);
	add(&table, 0x1000, KB4, 0);
	add(&table, UINT64_MAX - 0xfff, KB4, 0); /* its end is 2^64 */
	add(&table, 0x3000, 3 * KB4, 0);
	add(&table, 0x3000, KB4, -EEXIST);
	add(&table, 0x5000, KB4, -EEXIST);
	add(&table, 0x2000, 2 * KB4, -EEXIST);
	add(&table, 0x2000, 16 * KB4, -EEXIST);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		entry = mmx_dma_table_find(&table, cases[i].addr);
		assert_true((entry ? entry->addr : 0) == cases[i].want);
	}
	assert_false(mmx_dma_table_remove(&table, 0x4000)); /* within, not the start */
	assert_true(mmx_dma_table_remove(&table, 0x3000));
	assert_false(mmx_dma_table_remove(&table, 0x3000));
	assert_null(mmx_dma_table_find(&table, 0x4000));
	assert_non_null(mmx_dma_table_find(&table, 0x6000));
	for (i = 0; i < 100; i++)
		add(&table, 0x100000 - i * KB4, KB4, 0);
	for (i = 0; i < 100; i++)
		assert_int_equal(mmx_dma_table_find(&table, 0x100007 - i * KB4)->addr,
				 0x100000 - i * KB4);
	mmx_dma_table_finish(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_random_use),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
