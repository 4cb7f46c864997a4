/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The TLB of one address space: translations as they were when their tables were walked. */
#ifndef TOOLS_MODEL_TLB_H
#define TOOLS_MODEL_TLB_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/model/mmu_priv.h"

#define MDL_TLB_BITS	9u
#define MDL_TLB_ENTRIES (1u << MDL_TLB_BITS)
#define MDL_TLB_GHOSTS	64u
/* 2^64 / golden ratio: spreads pages whose addresses differ in few bits (Knuth's multiplicative hash) */
#define MDL_TLB_HASH UINT64_C(0x9e3779b97f4a7c15)

#define MDL_TLB_VALID UINT64_C(1)

struct mdl_tlb_entry {
	uint64_t page; /* virtual address | MDL_TLB_VALID */
	uint64_t epoch; /* last compared with the tables */
	struct mdl_walk walk; /* its addr is the page's; no exception */
	uint8_t *read_ptr, *write_ptr; /* CPU addresses of the page in this epoch; NULL = none */
	uint64_t
		stale_ns; /* when it was first seen that the tables say something else; 0 = they do not */
	uint32_t stale_locks; /* LOCK commands of the address space until then */
};

struct mdl_tlb {
	struct mdl_tlb_entry entries[MDL_TLB_ENTRIES];
	/* pages that were unmapped, and dropped as they have to be; in a ring */
	struct mdl_tlb_ghost {
		uint64_t page; /* | MDL_TLB_VALID */
		uint64_t addr;
		uint64_t at_ns; /* when it was dropped */
	} ghosts[MDL_TLB_GHOSTS];
	unsigned int next_ghost;
	uint64_t looked_ns; /* the last mdl_tlb_look() */
};

/* Where the translation of @va is, if it is there: if its page is mdl_tlb_page(va). */
static inline struct mdl_tlb_entry *mdl_tlb_at(struct mdl_tlb *tlb, uint64_t va)
{
	return &tlb->entries[(va >> 12) * MDL_TLB_HASH >> (64 - MDL_TLB_BITS)];
}

static inline uint64_t mdl_tlb_page(uint64_t va)
{
	return (va & ~UINT64_C(0xfff)) | MDL_TLB_VALID;
}

/* Takes the place of what is there. */
void mdl_tlb_fill(struct mmx_model *m, struct mdl_tlb *tlb, uint64_t va,
		  const struct mdl_walk *walk);
/*
 * Compares an entry with what the tables say now, and notes its age; its CPU addresses are of this epoch
 * then. Return: true if it is as the tables say.
 */
bool mdl_tlb_compare(struct mmx_model *m, struct mdl_tlb_entry *entry,
		     const struct mdl_as_config *config, uint32_t locks);
/* mdl_tlb_compare() of all, but not too often. */
void mdl_tlb_look(struct mmx_model *m, struct mdl_tlb *tlb, const struct mdl_as_config *config,
		  uint32_t locks);

/* Drops [first, last]; what is unmapped by now leaves a ghost. */
void mdl_tlb_invalidate(struct mmx_model *m, struct mdl_tlb *tlb,
			const struct mdl_as_config *config, uint64_t first, uint64_t last);
/* Drops all, and leaves no ghosts. */
void mdl_tlb_clear(struct mdl_tlb *tlb);
/* NULL = the page of @va was not unmapped of late. */
const struct mdl_tlb_ghost *mdl_tlb_ghost(const struct mdl_tlb *tlb, uint64_t va);

#endif
