// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What is taken away from the page tables of pgtable.c: ranges, at once or in pieces; blocks that become pages, since
 * they go in part; tables that this empties, and that go when no walk can be in them. Called as pgtable.c is.
 *
 * Invariants
 *  - Tables for the blocks to be split are there (the reserve) before the first descriptor is written, so that an
 *    unmap happens as a whole or not at all.
 *  - A split writes all of the new table before it takes the block's place, and changes no translation.
 *  - A table that has no valid entry any more is unlinked, and waits among those that are gone, in the order of
 *    unmaps; mmx_pgtable_trim() alone frees it.
 */
#include "backend/gpu/pgtable.h"

#include <limits.h>

#include "backend/gpu/pgtable_priv.h"

static bool in_block(const struct mmx_pgtable *pt, uint64_t va)
{
	unsigned int level;

	return mmx_pgtable_find(pt, va, &level) && level == PGTABLE_BLOCK;
}

/* Replaces a block by a table that translates the same. */
static struct mmx_ptable *split(struct mmx_pgtable *pt, struct mmx_ptable *t, unsigned int index)
{
	uint64_t block = mmx_pgtable_read(t, index);
	struct mmx_ptable *child = mmx_pgtable_take(pt, PGTABLE_PAGE);

	pt->work += PGTABLE_ENTRIES;
	for (unsigned int i = 0; i < PGTABLE_ENTRIES; i++)
		mmx_pgtable_write(child, i, (block + i * MMX_PAGE_SIZE) | PTE_TABLE);
	mmx_pgtable_sync(pt, child, 0, PGTABLE_ENTRIES);
	mmx_pgtable_link(t, index, child);
	return child;
}

/* The table has no valid entry any more: nothing leads to it, but a walk that has begun, or what it left cached. */
static void unlink_table(struct mmx_pgtable *pt, struct mmx_ptable *t, unsigned int index,
			 uint64_t start, uint64_t span)
{
	struct mmx_ptable *child = t->child[index];

	mmx_pgtable_write(t, index, 0);
	t->child[index] = NULL;
	child->next = NULL;
	child->unmap = pt->unmaps;
	if (pt->last_gone)
		pt->last_gone->next = child;
	else
		pt->gone = child;
	pt->last_gone = child;
	if (pt->gone_start >= pt->gone_end) {
		pt->gone_start = start;
		pt->gone_end = start + span;
		return;
	}
	pt->gone_start = start < pt->gone_start ? start : pt->gone_start;
	pt->gone_end = start + span > pt->gone_end ? start + span : pt->gone_end;
}

/*
 * Only tables with something valid in them are visited, and what is visited goes: so it takes as long as mapping did.
 * Return: where it stopped, since the budget is used up, or @end.
 */
static uint64_t clear(struct mmx_pgtable *pt, struct mmx_ptable *t, unsigned int level, uint64_t va,
		      uint64_t end, unsigned int *budget)
{
	uint64_t span = UINT64_C(1) << mmx_pgtable_shift(level);
	unsigned int first = mmx_pgtable_index(level, va);
	uint64_t at = va;
	bool changed = false;

	while (at < end && *budget) {
		unsigned int index = mmx_pgtable_index(level, at);
		struct mmx_ptable *child = level < PGTABLE_PAGE ? t->child[index] : NULL;
		uint64_t start = at & ~(span - 1), next = mmx_pgtable_next(level, at, end);

		--*budget;
		pt->work++;
		if (mmx_pgtable_read(t, index) & PTE_VALID) {
			changed = changed || !child;
			if (level == PGTABLE_BLOCK && !child && next - at < MMX_BLOCK_SIZE)
				child = split(pt, t, index);
			if (child)
				next = clear(pt, child, level + 1, at, next, budget);
			else
				mmx_pgtable_write(t, index, 0);
			if (child && !child->used) {
				unlink_table(pt, t, index, start, span);
				changed = true;
			}
		}
		at = next;
	}
	if (changed)
		mmx_pgtable_sync(pt, t, first, mmx_pgtable_index(level, at - 1) - first + 1);
	return at;
}

/* Tables for the blocks that reach over an end of the range. */
static struct mmx_ptable_need blocks_at_ends(const struct mmx_pgtable *pt, uint64_t va,
					     uint64_t end)
{
	struct mmx_ptable_need need = { 0 };

	if (va % MMX_BLOCK_SIZE && in_block(pt, va))
		need.leaf++;
	/* both ends may lie in the same block */
	if (end % MMX_BLOCK_SIZE && in_block(pt, end - 1) &&
	    !(need.leaf && va / MMX_BLOCK_SIZE == (end - 1) / MMX_BLOCK_SIZE))
		need.leaf++;
	return need;
}

static uint64_t unmap(struct mmx_pgtable *pt, uint64_t va, uint64_t end, unsigned int *budget)
{
	pt->unmaps++;
	pt->gone_start = 0;
	pt->gone_end = 0;
	return clear(pt, pt->root, 0, va, end, budget);
}

/**
 * mmx_pgtable_unmap() - unmaps a range, which may have holes
 * @pt: tables
 * @va: GPU address
 * @size: bytes
 *
 * Return: 0; PGTABLE_E_RANGE; a negative errno of mmx_dma_alloc(): no memory to split a block.
 */
int mmx_pgtable_unmap(struct mmx_pgtable *pt, uint64_t va, uint64_t size)
{
	unsigned int budget = UINT_MAX;
	struct mmx_ptable_need need;
	int r;

	if (size % MMX_PAGE_SIZE || !mmx_pgtable_fits(va, size, pt->va_bits))
		return PGTABLE_E_RANGE;
	if (!size)
		return 0;
	need = blocks_at_ends(pt, va, va + size);
	r = mmx_pgtable_reserve(pt, &need);
	if (r < 0)
		return r;
	unmap(pt, va, va + size, &budget);
	return 0;
}

uint64_t mmx_pgtable_unmap_some(struct mmx_pgtable *pt, uint64_t va, uint64_t size,
				unsigned int budget)
{
	if (budget < MMX_PGTABLE_BUDGET_MIN)
		budget = MMX_PGTABLE_BUDGET_MIN;
	return size ? unmap(pt, va, va + size, &budget) - va : 0;
}

static void split_at(struct mmx_pgtable *pt, uint64_t va)
{
	struct mmx_ptable *t = pt->root;
	unsigned int level;

	for (level = 0; level < PGTABLE_BLOCK; level++)
		t = t->child[mmx_pgtable_index(level, va)];
	split(pt, t, mmx_pgtable_index(PGTABLE_BLOCK, va));
	mmx_pgtable_sync(pt, t, mmx_pgtable_index(PGTABLE_BLOCK, va), 1);
}

/**
 * mmx_pgtable_split() - makes pages of the blocks that reach over the ends of a range
 * @pt: tables
 * @va: GPU address
 * @size: bytes
 *
 * What is mapped stays so.
 *
 * Return: 0; PGTABLE_E_RANGE; a negative errno of mmx_dma_alloc(), then nothing has changed.
 */
int mmx_pgtable_split(struct mmx_pgtable *pt, uint64_t va, uint64_t size)
{
	uint64_t end = va + size;
	struct mmx_ptable_need need;
	int r;

	if (size % MMX_PAGE_SIZE || !mmx_pgtable_fits(va, size, pt->va_bits))
		return PGTABLE_E_RANGE;
	if (!size)
		return 0;
	need = blocks_at_ends(pt, va, end);
	r = mmx_pgtable_reserve(pt, &need);
	if (r < 0)
		return r;
	if (va % MMX_BLOCK_SIZE && in_block(pt, va))
		split_at(pt, va);
	if (end % MMX_BLOCK_SIZE && in_block(pt, end - 1))
		split_at(pt, end - 1);
	return 0;
}

size_t mmx_pgtable_split_bytes(const struct mmx_pgtable *pt, uint64_t va, uint64_t size)
{
	return size ? blocks_at_ends(pt, va, va + size).leaf * MMX_PAGE_SIZE : 0;
}

uint64_t mmx_pgtable_unmaps(const struct mmx_pgtable *pt)
{
	return pt->unmaps;
}

void mmx_pgtable_gone(const struct mmx_pgtable *pt, uint64_t *ret_start, uint64_t *ret_end)
{
	*ret_start = pt->gone_start;
	*ret_end = pt->gone_end;
}

void mmx_pgtable_trim(struct mmx_pgtable *pt, uint64_t unmaps)
{
	while (pt->gone && pt->gone->unmap <= unmaps) {
		struct mmx_ptable *t = pt->gone;

		pt->gone = t->next;
		if (!pt->gone)
			pt->last_gone = NULL;
		mmx_pgtable_count(pt, false);
		mmx_pgtable_free(pt, t);
	}
}
