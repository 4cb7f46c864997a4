/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The mappings of a VM: a sorted array of disjoint ranges. Knows nothing of page tables. */
#ifndef BACKEND_SESSION_VMA_H
#define BACKEND_SESSION_VMA_H

#include "backend/session/session_priv.h"

/* The mapping that the address lies in; NULL: there is none. */
const struct mmx_vma *mmx_vma_find(const struct mmx_addrspace *vm, uint64_t va);
/* Is anything mapped in the range? */
bool mmx_vma_any(const struct mmx_addrspace *vm, uint64_t va, uint64_t size);
/* Would cutting it out turn one mapping into two? */
bool mmx_vma_splits(const struct mmx_addrspace *vm, uint64_t va, uint64_t size);

/* Could the range be mapped, replacing what is there, or unmapped, without exceeding max_mappings? What asynchronous
 * binds have reserved is not free. */
bool mmx_vma_may_map(const struct mmx_addrspace *vm, uint64_t va, uint64_t size);
bool mmx_vma_may_unmap(const struct mmx_addrspace *vm, uint64_t va, uint64_t size);

/* Ranges that an edit may need; taken before anything is changed, so that the edit itself can't fail. */
struct mmx_vma_spare {
	struct mmx_vma *vma[3];
};

/* Takes what cutting out one range, and then inserting one, can need. Return: 0 or -ENOMEM. */
int mmx_vma_spare_take(struct mmx_addrspace *vm, struct mmx_vma_spare *ret_spare);
/* Gives back what was not used. */
void mmx_vma_spare_drop(struct mmx_vma_spare *spare);

/*
 * Cuts [va, va + size) out of the mappings: what lies within goes to @garbage (mmx_vma.link) with its reference to
 * its memory object; a range that is cut in two takes one spare.
 */
void mmx_vma_cut(struct mmx_addrspace *vm, uint64_t va, uint64_t size, struct mmx_list *garbage,
		 struct mmx_vma_spare *spare);
/* Puts a range in where nothing is; takes one spare and a reference to the memory object. */
void mmx_vma_insert(struct mmx_addrspace *vm, const struct mmx_vma *range,
		    struct mmx_vma_spare *spare);

/* Drops references and frees; at most so many. Return: how many. */
unsigned int mmx_vma_free_some(struct mmx_list *garbage, unsigned int most);
/* The same for mappings of a VM that goes. */
unsigned int mmx_vma_free_last(struct mmx_addrspace *vm, unsigned int most);

#endif
