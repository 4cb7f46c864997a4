// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Page tables of one address space. Owned by a struct mmx_vm; called from the one thread of the daemon.
 *
 * A table is one page that the GPU reads, and beside it what the CPU wants to know: how many entries are
 * valid, and its child tables, so that descriptors are written but never read back for their addresses
 * (lookup does read them, since they are ours alone: no guest can reach these pages).
 *
 * Invariants
 *  - A change is planned first: conflicts are found and all tables that it needs are allocated (the reserve)
 *    before the first descriptor is written. So it happens as a whole or not at all.
 *  - A table is zeroed, and clean in memory (mmx_dma_alloc()), before a descriptor points to it; a table that a walk could still
 *    be in is freed by mmx_pgtable_trim() alone.
 *  - Descriptors are written by single 64-bit stores, then made visible by mmx_device_sync_for_device().
 */
#include "backend/gpu/pgtable.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "backend/gpu/mmu_regs.h"
#include "firmware/field.h"

/* Descriptors of stage 1, 4 KiB granule (Arm ARM, VMSAv8-64). */
#define PTE_VALID	 MMX_BIT64(0)
#define PTE_TABLE	 MMX_BIT64(1) /* in levels 0..2; in level 3, set for a page */
#define PTE_ATTR_INDEX	 MMX_GENMASK64(4, 2)
#define PTE_UNPRIVILEGED MMX_BIT64(6)
#define PTE_READONLY	 MMX_BIT64(7)
#define PTE_SHARE	 MMX_GENMASK64(9, 8)
#define PTE_SHARE_OUTER	 2u
#define PTE_SHARE_INNER	 3u
#define PTE_ACCESSED	 MMX_BIT64(10)
#define PTE_NOT_GLOBAL	 MMX_BIT64(11)
#define PTE_ADDR	 MMX_GENMASK64(47, 12)
#define PTE_NO_EXEC	 (MMX_BIT64(53) | MMX_BIT64(54))

/* Attribute indices; the others are as uncached as index 0. */
#define ATTR_UNCACHED 0u
#define ATTR_CACHED   1u
#define ATTR_COUNT    8u

#define ENTRIES	    512u
#define LEVEL_BLOCK 2u
#define LEVEL_PAGE  3u

struct table {
	struct mmx_dma_buf buf;
	unsigned int used; /* valid entries */
	struct table *next; /* in the reserve, or among those that are gone; may be NULL */
	uint64_t unmap; /* number of the unmap that emptied it */
	struct table *child[]; /* ENTRIES of them, above LEVEL_PAGE only; may be NULL */
};

/* Tables by kind: those of LEVEL_PAGE have no children. */
struct need {
	size_t inner, leaf;
};

struct mmx_pgtable {
	struct mmx_dma_pool *pool;
	struct mmx_device *dev;
	unsigned int va_bits, pa_bits;
	bool coherent;
	struct table *root;
	struct table *inner, *leaf; /* the reserve; empty between calls */
	size_t count; /* tables that are linked, with the root, and those that are gone */
	uint64_t *account; /* has their bytes too; may be NULL */
	uint64_t work; /* see mmx_pgtable_work() */
	uint64_t unmaps; /* so far */
	/* emptied and unlinked, in the order of unmaps: a walk may still be in them */
	struct table *gone, *last_gone;
	uint64_t gone_start,
		gone_end; /* what those of the last unmap spanned; start >= end: none */
};

/* ---- geometry ---- */

static unsigned int level_shift(unsigned int level)
{
	return MMX_PAGE_SHIFT + 9 * (LEVEL_PAGE - level);
}

static unsigned int level_index(unsigned int level, uint64_t va)
{
	return (unsigned int)(va >> level_shift(level)) % ENTRIES;
}

/* End of what the entry that translates @va covers, but not beyond @end. */
static uint64_t entry_end(unsigned int level, uint64_t va, uint64_t end)
{
	uint64_t next = (va | ((UINT64_C(1) << level_shift(level)) - 1)) + 1;

	return next < end ? next : end;
}

static bool range_fits(uint64_t start, uint64_t size, unsigned int bits)
{
	uint64_t limit = UINT64_C(1) << bits;

	return start % MMX_PAGE_SIZE == 0 && start <= limit && size <= limit - start;
}

/* ---- tables ---- */

static uint64_t read_entry(const struct table *t, unsigned int index)
{
	return ((const uint64_t *)t->buf.cpu)[index];
}

static void write_entry(struct table *t, unsigned int index, uint64_t value)
{
	uint64_t *entry = (uint64_t *)t->buf.cpu + index;
	bool was = *entry & PTE_VALID, is = value & PTE_VALID;

	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
	if (was != is)
		t->used += is ? 1u : -1u;
}

static void sync_entries(struct mmx_pgtable *pt, const struct table *t, unsigned int first,
			 unsigned int count)
{
	mmx_device_sync_for_device(pt->dev, (const uint64_t *)t->buf.cpu + first,
				   count * sizeof(uint64_t));
}

static int alloc_table(struct mmx_pgtable *pt, bool leaf, struct table **ret_table)
{
	struct table *t = calloc(1, sizeof(*t) + (leaf ? 0 : ENTRIES * sizeof(t->child[0])));
	int r;

	if (!t)
		return -ENOMEM;
	r = mmx_dma_alloc(pt->pool, MMX_PAGE_SIZE, &t->buf);
	if (r < 0) {
		free(t);
		return r;
	}
	pt->work += MMX_PGTABLE_TABLE_WORK;
	*ret_table = t;
	return 0;
}

static void free_table(struct mmx_pgtable *pt, struct table *t)
{
	mmx_dma_free(pt->pool, &t->buf);
	free(t);
}

static void drop_reserve(struct mmx_pgtable *pt, struct table **reserve)
{
	struct table *t;

	while ((t = *reserve)) {
		*reserve = t->next;
		free_table(pt, t);
	}
}

static int fill_reserve(struct mmx_pgtable *pt, const struct need *need)
{
	for (size_t i = 0; i < need->inner + need->leaf; i++) {
		bool leaf = i >= need->inner;
		struct table **reserve = leaf ? &pt->leaf : &pt->inner;
		struct table *t;
		int r = alloc_table(pt, leaf, &t);

		if (r < 0) {
			drop_reserve(pt, &pt->inner);
			drop_reserve(pt, &pt->leaf);
			return r;
		}
		t->next = *reserve;
		*reserve = t;
	}
	return 0;
}

static void count_table(struct mmx_pgtable *pt, bool is)
{
	pt->count += is ? 1 : -(size_t)1;
	if (pt->account)
		*pt->account += is ? MMX_PAGE_SIZE : -MMX_PAGE_SIZE;
}

/* A table for @level, from the reserve; not linked yet, but counted. */
static struct table *take_table(struct mmx_pgtable *pt, unsigned int level)
{
	struct table **reserve = level == LEVEL_PAGE ? &pt->leaf : &pt->inner;
	struct table *t = *reserve;

	*reserve = t->next;
	t->next = NULL;
	count_table(pt, true);
	return t;
}

static void link_table(struct table *t, unsigned int index, struct table *child)
{
	t->child[index] = child;
	write_entry(t, index, mmx_dma_buf_addr(&child->buf, 0) | PTE_TABLE | PTE_VALID);
}

/* ---- map ---- */

static uint64_t prot_bits(unsigned int prot)
{
	bool uncached = prot & MMX_PROT_UNCACHED;
	uint64_t bits = PTE_VALID | PTE_UNPRIVILEGED | PTE_ACCESSED | PTE_NOT_GLOBAL;

	bits |= MMX_FIELD_PREP64(PTE_ATTR_INDEX, uncached ? ATTR_UNCACHED : ATTR_CACHED);
	bits |= MMX_FIELD_PREP64(PTE_SHARE, uncached ? PTE_SHARE_OUTER : PTE_SHARE_INNER);
	if (!(prot & MMX_PROT_WRITE))
		bits |= PTE_READONLY;
	if (!(prot & MMX_PROT_EXEC))
		bits |= PTE_NO_EXEC;
	return bits;
}

static bool takes_block(unsigned int level, const struct table *child, uint64_t size, uint64_t addr)
{
	return level == LEVEL_BLOCK && !child && size == MMX_BLOCK_SIZE &&
	       addr % MMX_BLOCK_SIZE == 0;
}

/* Finds conflicts, and counts the tables that fill() will take. @t: NULL = there is none yet. */
static int plan(struct mmx_pgtable *pt, const struct table *t, unsigned int level, uint64_t va,
		uint64_t end, uint64_t addr, struct need *need)
{
	uint64_t next;

	if (!t && level == LEVEL_PAGE)
		return 0;
	for (; va < end; addr += next - va, va = next) {
		unsigned int index = level_index(level, va);
		const struct table *child = t && level < LEVEL_PAGE ? t->child[index] : NULL;
		int r;

		pt->work++;
		next = entry_end(level, va, end);
		if (t && !child && (read_entry(t, index) & PTE_VALID))
			return PGTABLE_E_MAPPED;
		if (level == LEVEL_PAGE || takes_block(level, child, next - va, addr))
			continue;
		if (!child && level + 1 == LEVEL_PAGE)
			need->leaf++;
		else if (!child)
			need->inner++;
		r = plan(pt, child, level + 1, va, next, addr, need);
		if (r)
			return r;
	}
	return 0;
}

static void fill(struct mmx_pgtable *pt, struct table *t, unsigned int level, uint64_t va,
		 uint64_t end, uint64_t addr, uint64_t bits)
{
	unsigned int first = level_index(level, va);
	unsigned int last = level_index(level, end - 1);
	bool changed = false;
	uint64_t next;

	for (; va < end; addr += next - va, va = next) {
		unsigned int index = level_index(level, va);
		struct table *child = level < LEVEL_PAGE ? t->child[index] : NULL;

		pt->work++;
		next = entry_end(level, va, end);
		changed = changed || !child;
		if (level == LEVEL_PAGE) {
			write_entry(t, index, addr | bits | PTE_TABLE);
			continue;
		}
		if (takes_block(level, child, next - va, addr)) {
			write_entry(t, index, addr | bits);
			continue;
		}
		if (!child) {
			child = take_table(pt, level + 1);
			link_table(t, index, child);
		}
		fill(pt, child, level + 1, va, next, addr, bits);
	}
	if (changed)
		sync_entries(pt, t, first, last - first + 1);
}

/**
 * mmx_pgtable_map() - maps a contiguous range
 * @pt: tables
 * @va: GPU address
 * @addr: device address
 * @size: bytes; 0 maps nothing
 * @prot: MMX_PROT_*
 *
 * Return: 0; PGTABLE_E_MAPPED; PGTABLE_E_RANGE; a negative errno of mmx_dma_alloc().
 */
int mmx_pgtable_map(struct mmx_pgtable *pt, uint64_t va, uint64_t addr, uint64_t size,
		    unsigned int prot)
{
	struct need need = { 0 };
	int r;

	if (size % MMX_PAGE_SIZE || !range_fits(va, size, pt->va_bits) ||
	    !range_fits(addr, size, pt->pa_bits))
		return PGTABLE_E_RANGE;
	if (!size)
		return 0;
	r = plan(pt, pt->root, 0, va, va + size, addr, &need);
	if (r)
		return r;
	r = fill_reserve(pt, &need);
	if (r < 0)
		return r;
	fill(pt, pt->root, 0, va, va + size, addr, prot_bits(prot));
	return 0;
}

/* ---- unmap ---- */

/* The entry that translates @va; NULL if no table goes that far. */
static const struct table *find(const struct mmx_pgtable *pt, uint64_t va, unsigned int *ret_level)
{
	const struct table *t = pt->root;
	unsigned int level = 0;

	while (level < LEVEL_PAGE && t->child[level_index(level, va)]) {
		t = t->child[level_index(level, va)];
		level++;
	}
	*ret_level = level;
	return read_entry(t, level_index(level, va)) & PTE_VALID ? t : NULL;
}

static bool in_block(const struct mmx_pgtable *pt, uint64_t va)
{
	unsigned int level;

	return find(pt, va, &level) && level == LEVEL_BLOCK;
}

/* Replaces a block by a table that translates the same. */
static struct table *split(struct mmx_pgtable *pt, struct table *t, unsigned int index)
{
	uint64_t block = read_entry(t, index);
	struct table *child = take_table(pt, LEVEL_PAGE);

	pt->work += ENTRIES;
	for (unsigned int i = 0; i < ENTRIES; i++)
		write_entry(child, i, (block + i * MMX_PAGE_SIZE) | PTE_TABLE);
	sync_entries(pt, child, 0, ENTRIES);
	link_table(t, index, child);
	return child;
}

/* The table has no valid entry any more: nothing leads to it, but a walk that has begun, or what it left cached. */
static void unlink_table(struct mmx_pgtable *pt, struct table *t, unsigned int index,
			 uint64_t start, uint64_t span)
{
	struct table *child = t->child[index];

	write_entry(t, index, 0);
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
static uint64_t clear(struct mmx_pgtable *pt, struct table *t, unsigned int level, uint64_t va,
		      uint64_t end, unsigned int *budget)
{
	uint64_t span = UINT64_C(1) << level_shift(level);
	unsigned int first = level_index(level, va);
	uint64_t at = va;
	bool changed = false;

	while (at < end && *budget) {
		unsigned int index = level_index(level, at);
		struct table *child = level < LEVEL_PAGE ? t->child[index] : NULL;
		uint64_t start = at & ~(span - 1), next = entry_end(level, at, end);

		--*budget;
		pt->work++;
		if (read_entry(t, index) & PTE_VALID) {
			changed = changed || !child;
			if (level == LEVEL_BLOCK && !child && next - at < MMX_BLOCK_SIZE)
				child = split(pt, t, index);
			if (child)
				next = clear(pt, child, level + 1, at, next, budget);
			else
				write_entry(t, index, 0);
			if (child && !child->used) {
				unlink_table(pt, t, index, start, span);
				changed = true;
			}
		}
		at = next;
	}
	if (changed)
		sync_entries(pt, t, first, level_index(level, at - 1) - first + 1);
	return at;
}

/* Tables for the blocks that reach over an end of the range. */
static struct need blocks_at_ends(const struct mmx_pgtable *pt, uint64_t va, uint64_t end)
{
	struct need need = { 0 };

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
	struct need need;
	int r;

	if (size % MMX_PAGE_SIZE || !range_fits(va, size, pt->va_bits))
		return PGTABLE_E_RANGE;
	if (!size)
		return 0;
	need = blocks_at_ends(pt, va, va + size);
	r = fill_reserve(pt, &need);
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
	struct table *t = pt->root;
	unsigned int level;

	for (level = 0; level < LEVEL_BLOCK; level++)
		t = t->child[level_index(level, va)];
	split(pt, t, level_index(LEVEL_BLOCK, va));
	sync_entries(pt, t, level_index(LEVEL_BLOCK, va), 1);
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
	struct need need;
	int r;

	if (size % MMX_PAGE_SIZE || !range_fits(va, size, pt->va_bits))
		return PGTABLE_E_RANGE;
	if (!size)
		return 0;
	need = blocks_at_ends(pt, va, end);
	r = fill_reserve(pt, &need);
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

static uint64_t entries_of(unsigned int level, uint64_t va, uint64_t size)
{
	unsigned int shift = level_shift(level);

	return ((va + size - 1) >> shift) - (va >> shift) + 1;
}

uint64_t mmx_pgtable_map_bytes(uint64_t va, uint64_t size, bool blocks)
{
	uint64_t tables, leaves;
	unsigned int level;

	if (!size)
		return 0;
	/* each entry of a level above may take a table of the next one */
	leaves = entries_of(LEVEL_BLOCK, va, size);
	/* those of the ends alone */
	if (blocks && leaves > 2)
		leaves = 2;
	tables = leaves;
	for (level = 0; level < LEVEL_BLOCK; level++)
		tables += entries_of(level, va, size);
	return tables * MMX_PAGE_SIZE;
}

uint64_t mmx_pgtable_work(const struct mmx_pgtable *pt)
{
	return pt->work;
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
		struct table *t = pt->gone;

		pt->gone = t->next;
		if (!pt->gone)
			pt->last_gone = NULL;
		count_table(pt, false);
		free_table(pt, t);
	}
}

/* ---- the rest ---- */

/**
 * mmx_pgtable_lookup() - translates as the GPU would
 * @pt: tables
 * @va: any address
 * @ret_addr: device address of the byte; may be NULL
 * @ret_prot: MMX_PROT_*; may be NULL
 *
 * Return: true if @va is mapped.
 */
bool mmx_pgtable_lookup(const struct mmx_pgtable *pt, uint64_t va, uint64_t *ret_addr,
			unsigned int *ret_prot)
{
	unsigned int level, prot = MMX_PROT_READ;
	const struct table *t;
	uint64_t entry;

	if (va >> pt->va_bits)
		return false;
	t = find(pt, va, &level);
	if (!t)
		return false;
	entry = read_entry(t, level_index(level, va));
	if (ret_addr)
		*ret_addr = (entry & PTE_ADDR) | (va & ((UINT64_C(1) << level_shift(level)) - 1));
	if (!(entry & PTE_READONLY))
		prot |= MMX_PROT_WRITE;
	if (!(entry & PTE_NO_EXEC))
		prot |= MMX_PROT_EXEC;
	if (MMX_FIELD_GET64(PTE_ATTR_INDEX, entry) == ATTR_UNCACHED)
		prot |= MMX_PROT_UNCACHED;
	if (ret_prot)
		*ret_prot = prot;
	return true;
}

size_t mmx_pgtable_bytes(const struct mmx_pgtable *pt)
{
	return pt->count * MMX_PAGE_SIZE;
}

void mmx_pgtable_account(struct mmx_pgtable *pt, uint64_t *account)
{
	if (pt->account)
		*pt->account -= mmx_pgtable_bytes(pt);
	if (account)
		*account += mmx_pgtable_bytes(pt);
	pt->account = account;
}

uint64_t mmx_pgtable_root(const struct mmx_pgtable *pt)
{
	return mmx_dma_buf_addr(&pt->root->buf, 0);
}

unsigned int mmx_pgtable_va_bits(const struct mmx_pgtable *pt)
{
	return pt->va_bits;
}

uint64_t mmx_pgtable_memattr(const struct mmx_pgtable *pt)
{
	uint32_t alloc = MMX_FIELD_PREP(AS_MEMATTR_ALLOC_EXPLICIT, 3u);
	uint32_t uncached = MMX_FIELD_PREP(AS_MEMATTR_POLICY, AS_MEMATTR_POLICY_NC) | alloc;
	uint32_t cached =
		MMX_FIELD_PREP(AS_MEMATTR_POLICY, AS_MEMATTR_POLICY_WB) | alloc |
		AS_MEMATTR_ALLOC_READ | AS_MEMATTR_ALLOC_WRITE |
		MMX_FIELD_PREP(AS_MEMATTR_SHARING,
			       pt->coherent ? AS_MEMATTR_SHARING_CPU : AS_MEMATTR_SHARING_INNER);
	uint64_t memattr = 0;

	for (unsigned int i = 0; i < ATTR_COUNT; i++)
		memattr |= (uint64_t)(i == ATTR_CACHED ? cached : uncached) << (8 * i);
	return memattr;
}

/**
 * mmx_pgtable_create() - makes an empty address space
 * @pool: where tables come from
 * @va_bits: of GPU addresses
 * @pa_bits: of device addresses; more than the format can hold are cut
 * @coherent: the GPU snoops the CPU's caches
 * @ret_pt: written on success only
 *
 * Return: 0; -EINVAL; a negative errno of mmx_dma_alloc().
 */
int mmx_pgtable_create(struct mmx_dma_pool *pool, unsigned int va_bits, unsigned int pa_bits,
		       bool coherent, struct mmx_pgtable **ret_pt)
{
	struct mmx_pgtable *pt;
	int r;

	if (va_bits < MMX_PGTABLE_VA_BITS_MIN || va_bits > MMX_PGTABLE_VA_BITS_MAX ||
	    pa_bits < MMX_PGTABLE_PA_BITS_MIN)
		return -EINVAL;
	pt = calloc(1, sizeof(*pt));
	if (!pt)
		return -ENOMEM;
	pt->pool = pool;
	pt->dev = mmx_dma_pool_device(pool);
	pt->va_bits = va_bits;
	pt->pa_bits = pa_bits < MMX_PGTABLE_PA_BITS_MAX ? pa_bits : MMX_PGTABLE_PA_BITS_MAX;
	pt->coherent = coherent;
	r = alloc_table(pt, false, &pt->root);
	if (r < 0) {
		free(pt);
		return r;
	}
	pt->count = 1;
	*ret_pt = pt;
	return 0;
}

static void destroy_table(struct mmx_pgtable *pt, struct table *t, unsigned int level)
{
	for (unsigned int i = 0; level < LEVEL_PAGE && i < ENTRIES; i++) {
		if (t->child[i])
			destroy_table(pt, t->child[i], level + 1);
	}
	free_table(pt, t);
}

void mmx_pgtable_destroy(struct mmx_pgtable *pt)
{
	if (!pt)
		return;
	mmx_pgtable_trim(pt, UINT64_MAX);
	destroy_table(pt, pt->root, 0);
	free(pt);
}
