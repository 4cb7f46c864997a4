// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Page tables of one address space: their tables, what is mapped, and what can be asked; pgtable_unmap.c takes it away
 * again. Owned by a struct mmx_vm; called from the one thread of the daemon.
 *
 * valid, and its child tables, so that descriptors are written but never read back for their addresses
 * (lookup does read them, since they are ours alone: no guest can reach these pages).
 *
 * Invariants
 *  - A change is planned first: conflicts are found and all tables that it needs are allocated (the reserve)
 *    before the first descriptor is written. So it happens as a whole or not at all.
 *  - A table is zeroed, and clean in memory (mmx_dma_alloc()), before a descriptor points to it.
 *  - Descriptors are written by single 64-bit stores, then made visible by mmx_device_sync_for_device().
 */
#include "backend/gpu/pgtable.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/gpu/mmu_regs.h"
#include "backend/gpu/pgtable_priv.h"
#include "firmware/field.h"

/* Attribute indices; the others are as uncached as index 0. */
#define ATTR_UNCACHED 0u
#define ATTR_CACHED   1u
#define ATTR_COUNT    8u

/* ---- tables ---- */

void mmx_pgtable_sync(struct mmx_pgtable *pt, const struct mmx_ptable *t, unsigned int first,
		      unsigned int count)
{
	mmx_device_sync_for_device(pt->dev, (const uint64_t *)t->buf.cpu + first,
				   count * sizeof(uint64_t));
}

static int alloc_table(struct mmx_pgtable *pt, bool leaf, struct mmx_ptable **ret_table)
{
	struct mmx_ptable *t =
		calloc(1, sizeof(*t) + (leaf ? 0 : PGTABLE_ENTRIES * sizeof(t->child[0])));
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

void mmx_pgtable_free(struct mmx_pgtable *pt, struct mmx_ptable *t)
{
	mmx_dma_free(pt->pool, &t->buf);
	free(t);
}

static void drop_reserve(struct mmx_pgtable *pt, struct mmx_ptable **reserve)
{
	struct mmx_ptable *t;

	while ((t = *reserve)) {
		*reserve = t->next;
		mmx_pgtable_free(pt, t);
	}
}

int mmx_pgtable_reserve(struct mmx_pgtable *pt, const struct mmx_ptable_need *need)
{
	for (size_t i = 0; i < need->inner + need->leaf; i++) {
		bool leaf = i >= need->inner;
		struct mmx_ptable **reserve = leaf ? &pt->leaf : &pt->inner;
		struct mmx_ptable *t;
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

void mmx_pgtable_count(struct mmx_pgtable *pt, bool is)
{
	pt->count += is ? 1 : -(size_t)1;
	if (pt->account)
		*pt->account += is ? MMX_PAGE_SIZE : -MMX_PAGE_SIZE;
}

struct mmx_ptable *mmx_pgtable_take(struct mmx_pgtable *pt, unsigned int level)
{
	struct mmx_ptable **reserve = level == PGTABLE_PAGE ? &pt->leaf : &pt->inner;
	struct mmx_ptable *t = *reserve;

	*reserve = t->next;
	t->next = NULL;
	mmx_pgtable_count(pt, true);
	return t;
}

void mmx_pgtable_link(struct mmx_ptable *t, unsigned int index, struct mmx_ptable *child)
{
	t->child[index] = child;
	mmx_pgtable_write(t, index, mmx_dma_buf_addr(&child->buf, 0) | PTE_TABLE | PTE_VALID);
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

static bool takes_block(unsigned int level, const struct mmx_ptable *child, uint64_t size,
			uint64_t addr)
{
	return level == PGTABLE_BLOCK && !child && size == MMX_BLOCK_SIZE &&
	       addr % MMX_BLOCK_SIZE == 0;
}

/* Finds conflicts, and counts the tables that fill() will take. @t: NULL = there is none yet. */
static int plan(struct mmx_pgtable *pt, const struct mmx_ptable *t, unsigned int level, uint64_t va,
		uint64_t end, uint64_t addr, struct mmx_ptable_need *need)
{
	uint64_t next;

	if (!t && level == PGTABLE_PAGE)
		return 0;
	for (; va < end; addr += next - va, va = next) {
		unsigned int index = mmx_pgtable_index(level, va);
		const struct mmx_ptable *child = t && level < PGTABLE_PAGE ? t->child[index] : NULL;
		int r;

		pt->work++;
		next = mmx_pgtable_next(level, va, end);
		if (t && !child && (mmx_pgtable_read(t, index) & PTE_VALID))
			return PGTABLE_E_MAPPED;
		if (level == PGTABLE_PAGE || takes_block(level, child, next - va, addr))
			continue;
		if (!child && level + 1 == PGTABLE_PAGE)
			need->leaf++;
		else if (!child)
			need->inner++;
		r = plan(pt, child, level + 1, va, next, addr, need);
		if (r)
			return r;
	}
	return 0;
}

static void fill(struct mmx_pgtable *pt, struct mmx_ptable *t, unsigned int level, uint64_t va,
		 uint64_t end, uint64_t addr, uint64_t bits)
{
	unsigned int first = mmx_pgtable_index(level, va);
	unsigned int last = mmx_pgtable_index(level, end - 1);
	bool changed = false;
	uint64_t next;

	for (; va < end; addr += next - va, va = next) {
		unsigned int index = mmx_pgtable_index(level, va);
		struct mmx_ptable *child = level < PGTABLE_PAGE ? t->child[index] : NULL;

		pt->work++;
		next = mmx_pgtable_next(level, va, end);
		changed = changed || !child;
		if (level == PGTABLE_PAGE) {
			mmx_pgtable_write(t, index, addr | bits | PTE_TABLE);
			continue;
		}
		if (takes_block(level, child, next - va, addr)) {
			mmx_pgtable_write(t, index, addr | bits);
			continue;
		}
		if (!child) {
			child = mmx_pgtable_take(pt, level + 1);
			mmx_pgtable_link(t, index, child);
		}
		fill(pt, child, level + 1, va, next, addr, bits);
	}
	if (changed)
		mmx_pgtable_sync(pt, t, first, last - first + 1);
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
	struct mmx_ptable_need need = { 0 };
	int r;

	if (size % MMX_PAGE_SIZE || !mmx_pgtable_fits(va, size, pt->va_bits) ||
	    !mmx_pgtable_fits(addr, size, pt->pa_bits))
		return PGTABLE_E_RANGE;
	if (!size)
		return 0;
	r = plan(pt, pt->root, 0, va, va + size, addr, &need);
	if (r)
		return r;
	r = mmx_pgtable_reserve(pt, &need);
	if (r < 0)
		return r;
	fill(pt, pt->root, 0, va, va + size, addr, prot_bits(prot));
	return 0;
}

static uint64_t entries_of(unsigned int level, uint64_t va, uint64_t size)
{
	unsigned int shift = mmx_pgtable_shift(level);

	return ((va + size - 1) >> shift) - (va >> shift) + 1;
}

uint64_t mmx_pgtable_map_bytes(uint64_t va, uint64_t size, bool blocks)
{
	uint64_t tables, leaves;
	unsigned int level;

	if (!size)
		return 0;
	/* each entry of a level above may take a table of the next one */
	leaves = entries_of(PGTABLE_BLOCK, va, size);
	/* those of the ends alone */
	if (blocks && leaves > 2)
		leaves = 2;
	tables = leaves;
	for (level = 0; level < PGTABLE_BLOCK; level++)
		tables += entries_of(level, va, size);
	return tables * MMX_PAGE_SIZE;
}

/* ---- the rest ---- */

const struct mmx_ptable *mmx_pgtable_find(const struct mmx_pgtable *pt, uint64_t va,
					  unsigned int *ret_level)
{
	const struct mmx_ptable *t = pt->root;
	unsigned int level = 0;

	while (level < PGTABLE_PAGE && t->child[mmx_pgtable_index(level, va)]) {
		t = t->child[mmx_pgtable_index(level, va)];
		level++;
	}
	*ret_level = level;
	return mmx_pgtable_read(t, mmx_pgtable_index(level, va)) & PTE_VALID ? t : NULL;
}

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
	const struct mmx_ptable *t;
	uint64_t entry;

	if (va >> pt->va_bits)
		return false;
	t = mmx_pgtable_find(pt, va, &level);
	if (!t)
		return false;
	entry = mmx_pgtable_read(t, mmx_pgtable_index(level, va));
	if (ret_addr)
		*ret_addr =
			(entry & PTE_ADDR) | (va & ((UINT64_C(1) << mmx_pgtable_shift(level)) - 1));
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

uint64_t mmx_pgtable_work(const struct mmx_pgtable *pt)
{
	return pt->work;
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

static void destroy_table(struct mmx_pgtable *pt, struct mmx_ptable *t, unsigned int level)
{
	for (unsigned int i = 0; level < PGTABLE_PAGE && i < PGTABLE_ENTRIES; i++) {
		if (t->child[i])
			destroy_table(pt, t->child[i], level + 1);
	}
	mmx_pgtable_free(pt, t);
}

void mmx_pgtable_destroy(struct mmx_pgtable *pt)
{
	if (!pt)
		return;
	mmx_pgtable_trim(pt, UINT64_MAX);
	destroy_table(pt, pt->root, 0);
	free(pt);
}
