// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Page tables as the GPU sees them: a walker of our own reads what mmx_device_sync_for_device() has made
 * visible and nothing else, so an entry that was forgotten there is one that the GPU does not see. Pages are
 * watched (and refused) at the seam of mmx_dma_alloc() and mmx_dma_free().
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "backend/gpu/pgtable.h"

#define MAX_PAGES 4096u
#define KIB	  1024ull
#define MIB	  (1024 * KIB)
#define GIB	  (1024 * MIB)

#define RW (MMX_PROT_READ | MMX_PROT_WRITE)

/* ---- memory as the device sees it ---- */

struct page {
	uint8_t *cpu; /* NULL = no such page */
	uint64_t addr;
	uint64_t seen[512];
};

static struct {
	struct page pages[MAX_PAGES];
	unsigned int count; /* that exist */
	long fail_after; /* allocations until one fails; negative = never */
	uint64_t next_addr;
	bool allocating; /* within mmx_dma_alloc() */
	size_t cleaned; /* bytes of zeroes that it has made visible */
} mem;

int __real_mmx_dma_alloc(struct mmx_dma_pool *pool, size_t size, struct mmx_dma_buf *ret_buf);
int __wrap_mmx_dma_alloc(struct mmx_dma_pool *pool, size_t size, struct mmx_dma_buf *ret_buf);
void __real_mmx_dma_free(struct mmx_dma_pool *pool, struct mmx_dma_buf *buf);
void __wrap_mmx_dma_free(struct mmx_dma_pool *pool, struct mmx_dma_buf *buf);

int __wrap_mmx_dma_alloc(struct mmx_dma_pool *pool, size_t size, struct mmx_dma_buf *ret_buf)
{
	int r;

	assert_int_equal(size, 4096);
	if (mem.fail_after == 0)
		return -ENOMEM;
	if (mem.fail_after > 0)
		mem.fail_after--;
	mem.allocating = true;
	mem.cleaned = 0;
	r = __real_mmx_dma_alloc(pool, size, ret_buf);
	mem.allocating = false;
	assert_int_equal(r, 0);
	for (unsigned int i = 0; i < MAX_PAGES; i++) {
		struct page *page = &mem.pages[i];

		if (page->cpu)
			continue;
		page->cpu = ret_buf->cpu;
		page->addr = mmx_dma_buf_addr(ret_buf, 0);
		/* else stale, and valid by its looks */
		memset(page->seen, mem.cleaned == 4096 ? 0 : 0xff, sizeof(page->seen));
		mem.count++;
		return 0;
	}
	fail_msg("too many pages");
	return -ENOMEM;
}

void __wrap_mmx_dma_free(struct mmx_dma_pool *pool, struct mmx_dma_buf *buf)
{
	for (unsigned int i = 0; i < MAX_PAGES; i++) {
		if (buf->cpu && mem.pages[i].cpu == buf->cpu) {
			mem.pages[i].cpu = NULL;
			mem.count--;
		}
	}
	__real_mmx_dma_free(pool, buf);
}

static void dev_sync(struct mmx_device *dev, const void *cpu, size_t size)
{
	const uint8_t *start = cpu;

	(void)dev;
	for (unsigned int i = 0; i < MAX_PAGES; i++) {
		struct page *page = &mem.pages[i];

		if (page->cpu && start >= page->cpu && start < page->cpu + 4096) {
			size_t offset = (size_t)(start - page->cpu);

			assert_true(offset + size <= 4096);
			memcpy((uint8_t *)page->seen + offset, cpu, size);
			return;
		}
	}
	if (!mem.allocating)
		fail_msg("sync of unknown memory");
	mem.cleaned += size;
}

static int dev_map(struct mmx_device *dev, int fd, uint64_t offset, uint64_t size, bool writable,
		   struct mmx_dma_map *ret_map)
{
	(void)dev, (void)fd, (void)offset, (void)writable;
	ret_map->size = size;
	ret_map->run_count = 1;
	ret_map->runs = malloc(sizeof(*ret_map->runs));
	assert_non_null(ret_map->runs);
	ret_map->runs[0] = (struct mmx_dma_run){ mem.next_addr, size };
	mem.next_addr += 2 * size;
	return 0;
}

static void dev_unmap(struct mmx_device *dev, struct mmx_dma_map *map)
{
	(void)dev;
	free(map->runs);
	memset(map, 0, sizeof(*map));
}

static const struct mmx_device_ops dev_ops = {
	.name = "pages",
	.map = dev_map,
	.unmap = dev_unmap,
	.sync_for_device = dev_sync,
};

/* ---- the GPU's walk ---- */

static const uint64_t *seen_at(uint64_t addr)
{
	for (unsigned int i = 0; i < MAX_PAGES; i++) {
		if (mem.pages[i].cpu && mem.pages[i].addr == addr)
			return mem.pages[i].seen;
	}
	fail_msg("a walk reaches 0x%" PRIx64 ", which is no table", addr);
	return NULL;
}

/* The descriptor that ends the walk; 0 = a fault. */
static uint64_t walk(const struct mmx_pgtable *pt, uint64_t va, unsigned int *ret_level)
{
	uint64_t table = mmx_pgtable_root(pt);

	for (unsigned int level = 0; level < 4; level++) {
		uint64_t entry = seen_at(table)[va >> (39 - 9 * level) & 511];

		*ret_level = level;
		if (!(entry & 1))
			return 0;
		if (level == 3 || !(entry & 2))
			return entry;
		table = entry & 0x0000fffffffff000ull;
	}
	return 0;
}

static uint64_t walk_addr(const struct mmx_pgtable *pt, uint64_t va)
{
	unsigned int level;
	uint64_t entry = walk(pt, va, &level);
	uint64_t offset = va & ((1ull << (39 - 9 * level)) - 1);

	return entry ? (entry & 0x0000fffffffff000ull) + offset : UINT64_MAX;
}

/* ---- frame ---- */

struct env {
	struct mmx_device dev;
	struct mmx_dma_pool *pool;
	struct mmx_pgtable *pt;
};

static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	memset(&mem, 0, sizeof(mem));
	mem.fail_after = -1;
	mem.next_addr = 0x200000000ull;
	env->dev.ops = &dev_ops;
	assert_int_equal(mmx_dma_pool_create(&env->dev, &env->pool), 0);
	assert_int_equal(mmx_pgtable_create(env->pool, 48, 40, false, &env->pt), 0);
	*state = env;
	return 0;
}

static int teardown(void **state)
{
	struct env *env = *state;

	mmx_pgtable_destroy(env->pt);
	assert_int_equal(mem.count, 0);
	assert_int_equal(mmx_dma_pool_used(env->pool), 0);
	mmx_dma_pool_destroy(env->pool);
	free(env);
	return 0;
}

/* ---- tests ---- */

static const struct {
	const char *name;
	uint64_t va, addr, size;
	unsigned int prot;
	unsigned int level; /* of the descriptor at va */
	uint64_t descriptor;
	unsigned int tables; /* with the root */
} maps[] = {
	{ "page, writable", 0x1000, 0x12345000, 0x1000, RW, 3, 0x0060000012345f47, 4 },
	{ "page, read-only", 0x1000, 0x12345000, 0x1000, MMX_PROT_READ, 3, 0x0060000012345fc7, 4 },
	{ "page, code", 0x1000, 0x12345000, 0x1000, MMX_PROT_READ | MMX_PROT_EXEC, 3,
	  0x0000000012345fc7, 4 },
	{ "page, uncached", 0x1000, 0x12345000, 0x1000, RW | MMX_PROT_UNCACHED, 3,
	  0x0060000012345e43, 4 },
	{ "page, all at once", 0x1000, 0x12345000, 0x1000, RW | MMX_PROT_EXEC | MMX_PROT_UNCACHED,
	  3, 0x0000000012345e43, 4 },
	{ "highest addresses", 0xfffffffff000, 0xfffffff000, 0x1000, RW, 3, 0x006000ffffffff47, 4 },
	{ "block", 2 * MIB, 4 * MIB, 2 * MIB, RW, 2, 0x0060000000400f45, 3 },
	{ "block, code", 2 * MIB, 4 * MIB, 2 * MIB, MMX_PROT_READ | MMX_PROT_EXEC, 2,
	  0x0000000000400fc5, 3 },
	{ "va not aligned for a block", 2 * MIB + 0x1000, 4 * MIB, 2 * MIB, RW, 3,
	  0x0060000000400f47, 5 },
	{ "addr not aligned for a block", 2 * MIB, 4 * MIB + 0x1000, 2 * MIB, RW, 3,
	  0x0060000000401f47, 4 },
	{ "pages, block, pages", 2 * MIB - 0x1000, 4 * MIB - 0x1000, 2 * MIB + 0x2000, RW, 3,
	  0x00600000003fff47, 5 },
	{ "blocks over a level-1 boundary", GIB - 2 * MIB, 8 * MIB, 4 * MIB, RW, 2,
	  0x0060000000800f45, 4 },
	{ "blocks over a level-0 boundary", 512 * GIB - 2 * MIB, 8 * MIB, 4 * MIB, RW, 2,
	  0x0060000000800f45, 5 },
	{ "1 GiB is 512 blocks", GIB, GIB, GIB, RW, 2, 0x0060000040000f45, 3 },
};

static void test_map(void **state)
{
	struct env *env = *state;

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		unsigned int level, prot;
		uint64_t addr, entry;

		print_message("%s\n", maps[i].name);
		assert_int_equal(mmx_pgtable_map(env->pt, maps[i].va, maps[i].addr, maps[i].size,
						 maps[i].prot),
				 0);
		entry = walk(env->pt, maps[i].va, &level);
		assert_int_equal(entry, maps[i].descriptor);
		assert_int_equal(level, maps[i].level);
		assert_int_equal(mmx_pgtable_bytes(env->pt), maps[i].tables * 4096);
		assert_int_equal(mem.count, maps[i].tables);
		/* the worst that it could take, but for the root */
		assert_true(mmx_pgtable_map_bytes(maps[i].va, maps[i].size, maps[i].level == 2) >=
			    (maps[i].tables - 1) * 4096);
		for (uint64_t at = 0; at<maps[i].size; at += maps[i].size> MIB * 8 ? MIB : 4096)
			assert_int_equal(walk_addr(env->pt, maps[i].va + at), maps[i].addr + at);
		assert_true(
			mmx_pgtable_lookup(env->pt, maps[i].va + maps[i].size - 1, &addr, &prot));
		assert_int_equal(addr, maps[i].addr + maps[i].size - 1);
		assert_int_equal(prot, maps[i].prot);
		assert_false(mmx_pgtable_lookup(env->pt, maps[i].va + maps[i].size, &addr, NULL));
		assert_false(mmx_pgtable_lookup(env->pt, maps[i].va - 1, &addr, NULL));

		assert_int_equal(mmx_pgtable_unmap(env->pt, maps[i].va, maps[i].size), 0);
		assert_int_equal(walk(env->pt, maps[i].va, &level), 0);
		/* tables stay until nobody can walk them any more */
		assert_int_equal(mem.count, maps[i].tables);
		mmx_pgtable_trim(env->pt, UINT64_MAX);
		assert_int_equal(mem.count, 1);
		assert_int_equal(mmx_pgtable_bytes(env->pt), 4096);
	}
}

static void test_refused(void **state)
{
	static const struct {
		uint64_t va, addr, size;
		int outcome;
	} cases[] = {
		{ 1ull << 48, 0, 0x1000, PGTABLE_E_RANGE },
		{ (1ull << 48) - 0x1000, 0, 0x2000, PGTABLE_E_RANGE },
		{ UINT64_MAX - 0xfff, 0, 0x2000, PGTABLE_E_RANGE },
		{ 0, 1ull << 40, 0x1000, PGTABLE_E_RANGE },
		{ 0, (1ull << 40) - 0x1000, 0x2000, PGTABLE_E_RANGE },
		{ 0, UINT64_MAX - 0xfff, 0x2000, PGTABLE_E_RANGE },
		{ 0, 0, UINT64_MAX - 0xfff, PGTABLE_E_RANGE },
		{ 0x800, 0, 0x1000, PGTABLE_E_RANGE },
		{ 0, 0x800, 0x1000, PGTABLE_E_RANGE },
		{ 0, 0, 0x800, PGTABLE_E_RANGE },
		{ 0x400000, 0, 0x1000, PGTABLE_E_MAPPED }, /* in a block */
		{ 0x3ff000, 0, 0x2000, PGTABLE_E_MAPPED }, /* reaches into it */
		{ 0x400000, 0, 0x200000, PGTABLE_E_MAPPED },
		{ 0x1000, 0, 0x1000, PGTABLE_E_MAPPED }, /* a page */
		{ 0, 0, 0x200000, PGTABLE_E_MAPPED }, /* a block around it */
		{ 0, 0, 0x40000000, PGTABLE_E_MAPPED },
		{ 0x800000, 0, 0, 0 },
	};
	struct env *env = *state;
	unsigned int tables;

	assert_int_equal(mmx_pgtable_map(env->pt, 0x400000, 0x400000, 0x200000, RW), 0);
	assert_int_equal(mmx_pgtable_map(env->pt, 0x1000, 0x5000, 0x1000, RW), 0);
	tables = mem.count;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			mmx_pgtable_map(env->pt, cases[i].va, cases[i].addr, cases[i].size, RW),
			cases[i].outcome);
		assert_int_equal(mem.count, tables);
	}
	assert_int_equal(mmx_pgtable_unmap(env->pt, 1ull << 48, 0x1000), PGTABLE_E_RANGE);
	assert_int_equal(mmx_pgtable_unmap(env->pt, 0x1000, UINT64_MAX - 0xfff), PGTABLE_E_RANGE);
	assert_int_equal(mmx_pgtable_unmap(env->pt, 0x1800, 0x1000), PGTABLE_E_RANGE);
	assert_int_equal(walk_addr(env->pt, 0x1000), 0x5000);
	assert_int_equal(walk_addr(env->pt, 0x5fffff), 0x5fffff);
}

/* An account has the tables' bytes as they come and go, beside what else it has. */
static void test_account(void **state)
{
	struct env *env = *state;
	uint64_t first = 7, second = 0;

	mmx_pgtable_account(env->pt, &first);
	assert_int_equal(first, 7 + 4 * KIB);
	assert_int_equal(mmx_pgtable_map(env->pt, 0, 0, 4 * MIB, RW), 0);
	assert_int_equal(first, 7 + mmx_pgtable_bytes(env->pt));
	assert_int_equal(mmx_pgtable_unmap(env->pt, 0x1000, 0x1000), 0);
	assert_int_equal(first, 7 + mmx_pgtable_bytes(env->pt));
	mmx_pgtable_account(env->pt, &second);
	assert_int_equal(first, 7);
	assert_int_equal(second, mem.count * 4 * KIB);
	assert_int_equal(mmx_pgtable_unmap(env->pt, 0, 4 * MIB), 0);
	/* those that are gone are there until they are trimmed */
	assert_int_equal(second, mem.count * 4 * KIB);
	mmx_pgtable_trim(env->pt, mmx_pgtable_unmaps(env->pt));
	assert_int_equal(second, 4 * KIB);
	mmx_pgtable_account(env->pt, NULL);
	assert_int_equal(second, 0);
}

static void test_split(void **state)
{
	struct env *env = *state;
	unsigned int level;

	assert_int_equal(mmx_pgtable_map(env->pt, 2 * MIB, 2 * MIB, 6 * MIB, RW), 0);
	assert_int_equal(mem.count, 3);
	/* out of the middle of one block */
	assert_int_equal(mmx_pgtable_unmap(env->pt, 3 * MIB, 0x3000), 0);
	assert_int_equal(mem.count, 4);
	assert_int_equal(walk(env->pt, 3 * MIB - 0x1000, &level), 0x00600000002fff47);
	assert_int_equal(walk(env->pt, 3 * MIB, &level), 0);
	assert_int_equal(walk(env->pt, 3 * MIB + 0x2000, &level), 0);
	assert_int_equal(walk(env->pt, 3 * MIB + 0x3000, &level), 0x0060000000303f47);
	assert_int_equal(walk(env->pt, 4 * MIB, &level), 0x0060000000400f45);
	/* out of the two others, at once */
	assert_int_equal(mmx_pgtable_unmap(env->pt, 5 * MIB, 2 * MIB), 0);
	assert_int_equal(mem.count, 6);
	for (uint64_t va = 2 * MIB; va < 8 * MIB; va += 4096) {
		bool hole =
			(va >= 3 * MIB && va < 3 * MIB + 0x3000) || (va >= 5 * MIB && va < 7 * MIB);

		assert_int_equal(walk_addr(env->pt, va), hole ? UINT64_MAX : va);
	}
	/* no memory for a table: nothing has changed */
	assert_int_equal(mmx_pgtable_map(env->pt, 32 * MIB, 32 * MIB, 4 * MIB, RW), 0);
	mem.fail_after = 1;
	assert_int_equal(mmx_pgtable_unmap(env->pt, 33 * MIB, 2 * MIB), -ENOMEM);
	mem.fail_after = -1;
	assert_int_equal(walk(env->pt, 32 * MIB, &level), 0x0060000002000f45);
	assert_int_equal(walk(env->pt, 34 * MIB, &level), 0x0060000002200f45);
	assert_int_equal(mem.count, 6);
}

static void test_no_memory(void **state)
{
	struct env *env = *state;
	unsigned int level;

	/* 3 tables on each side of a level-0 boundary */
	for (long n = 0; n < 6; n++) {
		mem.fail_after = n;
		assert_int_equal(mmx_pgtable_map(env->pt, 512 * GIB - 4096, 0, 8192, RW), -ENOMEM);
		assert_int_equal(mem.count, 1);
		assert_int_equal(walk(env->pt, 512 * GIB - 4096, &level), 0);
		assert_int_equal(level, 0);
	}
	mem.fail_after = 6;
	assert_int_equal(mmx_pgtable_map(env->pt, 512 * GIB - 4096, 0, 8192, RW), 0);
}

static void test_create(void **state)
{
	struct env *env = *state;
	struct mmx_pgtable *pt = NULL;

	assert_int_equal(mmx_pgtable_memattr(env->pt), 0x4c4c4c4c4c4c8f4c);
	assert_int_equal(mmx_pgtable_create(env->pool, 39, 40, true, &pt), -EINVAL);
	assert_int_equal(mmx_pgtable_create(env->pool, 49, 40, true, &pt), -EINVAL);
	assert_int_equal(mmx_pgtable_create(env->pool, 48, 31, true, &pt), -EINVAL);
	assert_null(pt);
	assert_int_equal(mmx_pgtable_create(env->pool, 40, 52, true, &pt), 0);
	assert_int_equal(mmx_pgtable_memattr(pt), 0x4c4c4c4c4c4c9f4c);
	assert_int_equal(mmx_pgtable_map(pt, 1ull << 40, 0, 4096, RW), PGTABLE_E_RANGE);
	assert_int_equal(mmx_pgtable_map(pt, 0, 1ull << 48, 4096, RW), PGTABLE_E_RANGE);
	mmx_pgtable_destroy(pt);
}

/* ---- random, against a flat map ---- */

#define FLAT_PAGES 4096u /* 16 MiB, around a level-0 boundary */
#define FLAT_BASE  (512 * GIB - 8 * MIB)

static uint64_t flat[FLAT_PAGES]; /* address | prot, UINT64_MAX = hole */

static uint64_t rng_state;

static uint64_t rng(uint64_t below)
{
	/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators" */
	rng_state ^= rng_state >> 12;
	rng_state ^= rng_state << 25;
	rng_state ^= rng_state >> 27;
	return rng_state * 0x2545f4914f6cdd1dull % below;
}

static void pick_range(uint64_t *ret_first, uint64_t *ret_count)
{
	static const uint64_t align[] = { 1, 1, 64, 512 };
	uint64_t a = align[rng(4)];

	*ret_first = rng(FLAT_PAGES / a) * a;
	*ret_count = (1 + rng(rng(4) ? 64 : 1600) / a) * a;
	if (*ret_count > FLAT_PAGES - *ret_first)
		*ret_count = FLAT_PAGES - *ret_first;
}

static void check_flat(const struct mmx_pgtable *pt)
{
	for (uint64_t i = 0; i < FLAT_PAGES; i++) {
		uint64_t va = FLAT_BASE + i * 4096, addr = 0;
		unsigned int prot = 0;
		bool mapped = mmx_pgtable_lookup(pt, va, &addr, &prot);

		if (flat[i] == UINT64_MAX) {
			assert_false(mapped);
			assert_int_equal(walk_addr(pt, va), UINT64_MAX);
			continue;
		}
		assert_true(mapped);
		assert_int_equal(addr | prot, flat[i]);
		assert_int_equal(walk_addr(pt, va), addr);
	}
}

static void random_map(struct mmx_pgtable *pt, uint64_t first, uint64_t count)
{
	unsigned int prot = MMX_PROT_READ | (unsigned int)rng(16);
	uint64_t addr = (rng(2) ? rng(1 << 20) : rng(1 << 11) * 512 + first % 512) * 4096;
	bool taken = false;
	int r;

	for (uint64_t i = first; i < first + count; i++)
		taken |= flat[i] != UINT64_MAX;
	r = mmx_pgtable_map(pt, FLAT_BASE + first * 4096, addr, count * 4096, prot);
	if (taken) {
		assert_int_equal(r, PGTABLE_E_MAPPED);
		return;
	}
	if (r == -ENOMEM)
		return;
	assert_int_equal(r, 0);
	for (uint64_t i = 0; i < count; i++)
		flat[first + i] = (addr + i * 4096) | prot;
}

/* In one call, or split and then piece by piece. Return: 0 or -ENOMEM, then nothing has changed. */
static int random_unmap(struct mmx_pgtable *pt, uint64_t va, uint64_t size)
{
	uint64_t before = mmx_pgtable_bytes(pt), done, part, work;
	size_t bytes = mmx_pgtable_split_bytes(pt, va, size);
	int r;

	if (rng(2))
		return mmx_pgtable_unmap(pt, va, size);
	r = mmx_pgtable_split(pt, va, size);
	if (r) {
		assert_int_equal(mmx_pgtable_bytes(pt), before);
		return r;
	}
	assert_int_equal(mmx_pgtable_bytes(pt), before + bytes);
	assert_int_equal(mmx_pgtable_split_bytes(pt, va, size), 0);
	check_flat(pt);
	mem.fail_after = 0;
	for (done = 0; done < size; done += part) {
		unsigned int budget = (unsigned int)rng(600);

		work = mmx_pgtable_work(pt);
		part = mmx_pgtable_unmap_some(pt, va + done, size - done, budget);
		work = mmx_pgtable_work(pt) - work;
		assert_true(part && part <= size - done);
		assert_true(work <=
			    (budget > MMX_PGTABLE_BUDGET_MIN ? budget : MMX_PGTABLE_BUDGET_MIN));
		/* so far, and no further */
		assert_false(mmx_pgtable_lookup(pt, va + done + part - 1, NULL, NULL));
		if (done + part < size && flat[(va - FLAT_BASE + done + part) / 4096] != UINT64_MAX)
			assert_true(mmx_pgtable_lookup(pt, va + done + part, NULL, NULL));
	}
	return 0;
}

static void random_run(struct env *env, uint64_t seed)
{
	rng_state = seed;
	for (unsigned int i = 0; i < FLAT_PAGES; i++)
		flat[i] = UINT64_MAX;
	for (unsigned int step = 0; step < 400; step++) {
		uint64_t first, count, op = rng(16);

		pick_range(&first, &count);
		mem.fail_after = rng(8) ? -1 : (long)rng(3);
		if (op < 8) {
			random_map(env->pt, first, count);
		} else if (op < 15) {
			int r = random_unmap(env->pt, FLAT_BASE + first * 4096, count * 4096);

			for (uint64_t i = 0; !r && i < count; i++)
				flat[first + i] = UINT64_MAX;
			if (r)
				assert_int_equal(r, -ENOMEM);
		} else {
			mmx_pgtable_trim(env->pt, UINT64_MAX);
		}
		assert_int_equal(mmx_pgtable_bytes(env->pt), mem.count * 4096);
		if (step % 16 == 15)
			check_flat(env->pt);
	}
	mem.fail_after = -1;
	assert_int_equal(mmx_pgtable_unmap(env->pt, FLAT_BASE, FLAT_PAGES * 4096), 0);
	mmx_pgtable_trim(env->pt, UINT64_MAX);
	assert_int_equal(mmx_pgtable_bytes(env->pt), 4096);
}

static void test_random(void **state)
{
	for (uint64_t seed = 1; seed <= 12; seed++) {
		print_message("seed %" PRIu64 "\n", seed);
		random_run(*state, seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_map, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_account, setup, teardown),
		cmocka_unit_test_setup_teardown(test_split, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_create, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
