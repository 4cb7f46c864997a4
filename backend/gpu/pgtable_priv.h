/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Page tables as pgtable.c and pgtable_unmap.c see them. */
#ifndef BACKEND_GPU_PGTABLE_PRIV_H
#define BACKEND_GPU_PGTABLE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/gpu/pgtable.h"
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

/* Of a table; and the levels whose entries translate 2 MiB and 4 KiB. */
#define PGTABLE_ENTRIES 512u
#define PGTABLE_BLOCK	2u
#define PGTABLE_PAGE	3u

struct mmx_ptable {
	struct mmx_dma_buf buf;
	unsigned int used; /* valid entries */
	struct mmx_ptable *next; /* in the reserve, or among those that are gone; may be NULL */
	uint64_t unmap; /* number of the unmap that emptied it */
	/* PGTABLE_ENTRIES of them, above PGTABLE_PAGE only; may be NULL */
	struct mmx_ptable *child[];
};

/* Tables by kind: those of PGTABLE_PAGE have no children. */
struct mmx_ptable_need {
	size_t inner, leaf;
};

struct mmx_pgtable {
	struct mmx_dma_pool *pool;
	struct mmx_device *dev;
	unsigned int va_bits, pa_bits;
	bool coherent;
	struct mmx_ptable *root;
	struct mmx_ptable *inner, *leaf; /* the reserve; empty between calls */
	size_t count; /* tables that are linked, with the root, and those that are gone */
	uint64_t *account; /* has their bytes too; may be NULL */
	uint64_t work; /* see mmx_pgtable_work() */
	uint64_t unmaps; /* so far */
	/* emptied and unlinked, in the order of unmaps: a walk may still be in them */
	struct mmx_ptable *gone, *last_gone;
	/* what those of the last unmap spanned; start >= end: none */
	uint64_t gone_start, gone_end;
};

/* ---- geometry ---- */

static inline unsigned int mmx_pgtable_shift(unsigned int level)
{
	return MMX_PAGE_SHIFT + 9 * (PGTABLE_PAGE - level);
}

static inline unsigned int mmx_pgtable_index(unsigned int level, uint64_t va)
{
	return (unsigned int)(va >> mmx_pgtable_shift(level)) % PGTABLE_ENTRIES;
}

/* End of what the entry that translates @va covers, but not beyond @end. */
static inline uint64_t mmx_pgtable_next(unsigned int level, uint64_t va, uint64_t end)
{
	uint64_t next = (va | ((UINT64_C(1) << mmx_pgtable_shift(level)) - 1)) + 1;

	return next < end ? next : end;
}

static inline bool mmx_pgtable_fits(uint64_t start, uint64_t size, unsigned int bits)
{
	uint64_t limit = UINT64_C(1) << bits;

	return start % MMX_PAGE_SIZE == 0 && start <= limit && size <= limit - start;
}

/* ---- entries ---- */

static inline uint64_t mmx_pgtable_read(const struct mmx_ptable *t, unsigned int index)
{
	return ((const uint64_t *)t->buf.cpu)[index];
}

static inline void mmx_pgtable_write(struct mmx_ptable *t, unsigned int index, uint64_t value)
{
	uint64_t *entry = (uint64_t *)t->buf.cpu + index;
	bool was = *entry & PTE_VALID, is = value & PTE_VALID;

	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
	if (was != is)
		t->used += is ? 1u : -1u;
}

/* Makes entries that were written visible to the GPU. */
void mmx_pgtable_sync(struct mmx_pgtable *pt, const struct mmx_ptable *t, unsigned int first,
		      unsigned int count);
/* The entry that translates @va; NULL if no table goes that far. */
const struct mmx_ptable *mmx_pgtable_find(const struct mmx_pgtable *pt, uint64_t va,
					  unsigned int *ret_level);

/* ---- tables ---- */

/* All tables that an edit will take. Return: 0; a negative errno of mmx_dma_alloc(), then there are none. */
int mmx_pgtable_reserve(struct mmx_pgtable *pt, const struct mmx_ptable_need *need);
/* A table for @level, from the reserve; not linked yet, but counted. */
struct mmx_ptable *mmx_pgtable_take(struct mmx_pgtable *pt, unsigned int level);
void mmx_pgtable_link(struct mmx_ptable *t, unsigned int index, struct mmx_ptable *child);
/* One more is linked, or one that was is about to be freed. */
void mmx_pgtable_count(struct mmx_pgtable *pt, bool is);
void mmx_pgtable_free(struct mmx_pgtable *pt, struct mmx_ptable *t);

#endif
