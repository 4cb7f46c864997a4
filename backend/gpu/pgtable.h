/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Page tables of one address space: Mali LPAE (stage 1, 4 KiB granule, levels 0..3), 4 KiB pages and, where
 * address and alignment allow, 2 MiB blocks. Pure but for the memory of the tables: knows nothing of TLBs.
 */
#ifndef BACKEND_GPU_PGTABLE_H
#define BACKEND_GPU_PGTABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/device/dma.h"

struct mmx_pgtable;

/* Everything that is mapped can be read, whether MMX_PROT_READ is given or not: descriptors know no less. */
#define MMX_PROT_READ	  0x1u
#define MMX_PROT_WRITE	  0x2u
#define MMX_PROT_EXEC	  0x4u
#define MMX_PROT_UNCACHED 0x8u

/* What mmx_pgtable_create() takes: the root is a level-0 table, and addresses are those of the format. */
#define MMX_PGTABLE_VA_BITS_MIN 40u
#define MMX_PGTABLE_VA_BITS_MAX 48u
#define MMX_PGTABLE_PA_BITS_MIN 32u
#define MMX_PGTABLE_PA_BITS_MAX 48u

/* Positive outcomes. */
enum {
	PGTABLE_E_MAPPED = 1, /* something is mapped there already */
	PGTABLE_E_RANGE, /* beyond VA or PA bits, or not whole pages */
};

/*
 * @coherent: the GPU snoops the CPU's caches; changes mmx_pgtable_memattr() alone.
 * Return: 0; -EINVAL: bits that are not supported; a negative errno of mmx_dma_alloc().
 */
int mmx_pgtable_create(struct mmx_dma_pool *pool, unsigned int va_bits, unsigned int pa_bits,
		       bool coherent, struct mmx_pgtable **ret_pt);
/* NULL is fine. */
void mmx_pgtable_destroy(struct mmx_pgtable *pt);

/* Value of TRANSTAB: device address of the root table. */
uint64_t mmx_pgtable_root(const struct mmx_pgtable *pt);
/* Value of MEMATTR that gives the descriptors' attribute indices their meaning. */
uint64_t mmx_pgtable_memattr(const struct mmx_pgtable *pt);
unsigned int mmx_pgtable_va_bits(const struct mmx_pgtable *pt);

/* Maps [va, va + size) to [addr, addr + size); all multiples of 4096. On failure nothing has changed. Return: 0;
 * PGTABLE_E_*; a negative errno of mmx_dma_alloc(). */
int mmx_pgtable_map(struct mmx_pgtable *pt, uint64_t va, uint64_t addr, uint64_t size,
		    unsigned int prot);

/*
 * Unmaps the range; holes are fine. A block that is unmapped in part is split first. Tables that become empty
 * are unlinked, and kept until mmx_pgtable_trim(), since the GPU may still walk them.
 * Return: 0; PGTABLE_E_RANGE; a negative errno of mmx_dma_alloc(): a block could not be split, nothing has changed.
 */
int mmx_pgtable_unmap(struct mmx_pgtable *pt, uint64_t va, uint64_t size);

/*
 * The same in pieces: first mmx_pgtable_split(), so that no block reaches over an end of the range; then this until all
 * of it is done. One call looks at @budget entries at most (and MMX_PGTABLE_BUDGET_MIN at least). Return: bytes from
 * @va on that are unmapped now; more than 0 unless @size is.
 */
uint64_t mmx_pgtable_unmap_some(struct mmx_pgtable *pt, uint64_t va, uint64_t size,
				unsigned int budget);
/* One entry of each level, and the next. */
#define MMX_PGTABLE_BUDGET_MIN 8u
/* Return: 0; PGTABLE_E_RANGE; a negative errno of mmx_dma_alloc(): nothing has changed. */
int mmx_pgtable_split(struct mmx_pgtable *pt, uint64_t va, uint64_t size);
/* Bytes of tables that this would take. */
size_t mmx_pgtable_split_bytes(const struct mmx_pgtable *pt, uint64_t va, uint64_t size);

/* What the edits so far have taken: entries looked at or written, and MMX_PGTABLE_TABLE_WORK for each new table. */
uint64_t mmx_pgtable_work(const struct mmx_pgtable *pt);
/* Zeroing 4 KiB, and finding them. */
#define MMX_PGTABLE_TABLE_WORK 64u

/*
 * Bytes of tables that mapping the range takes at most, and unmapping it before. @blocks: what is mapped is made of
 * blocks wherever the range holds one.
 */
uint64_t mmx_pgtable_map_bytes(uint64_t va, uint64_t size, bool blocks);
/* Number of unmaps so far. */
uint64_t mmx_pgtable_unmaps(const struct mmx_pgtable *pt);
/* What the tables spanned that the last unmap emptied: maintenance must cover that too. start >= end: none. */
void mmx_pgtable_gone(const struct mmx_pgtable *pt, uint64_t *ret_start, uint64_t *ret_end);

/*
 * Frees the tables that the first @unmaps unmaps have emptied: only when no TLB or walk cache can hold them (after
 * maintenance that began later and covered them, or not resident).
 */
void mmx_pgtable_trim(struct mmx_pgtable *pt, uint64_t unmaps);

/* Return: true if va is mapped; outputs may be NULL. */
bool mmx_pgtable_lookup(const struct mmx_pgtable *pt, uint64_t va, uint64_t *ret_addr,
			unsigned int *ret_prot);

/* Bytes of tables now. */
size_t mmx_pgtable_bytes(const struct mmx_pgtable *pt);
/* From now on *@account has these bytes in it, as they come and go; one that had them before has them no more. NULL =
 * none. */
void mmx_pgtable_account(struct mmx_pgtable *pt, uint64_t *account);

#endif
