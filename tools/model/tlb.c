// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The TLB of an address space: direct-mapped, an entry for each 4 KiB page, also of a block. Called by
 * mmu.c alone, which owns one for each address space and judges what is found here.
 *
 * An entry answers until maintenance drops it, as on hardware. Once in each call into the model (epoch)
 * that uses it, it is compared with the tables as they are in memory; what differs is stale, which is fine
 * for a while: a driver changes the tables first and maintains then. mmu.c decides how long.
 * An entry that is evicted is forgotten: a stale translation may live longer on hardware, not shorter.
 */
#include "tools/model/tlb.h"

#include <string.h>

#include "tools/model/cost.h"
#include "tools/model/model_priv.h"

#define PAGE_SIZE 4096u

static void drop(struct mdl_tlb_entry *entry)
{
	entry->page = 0;
	entry->epoch = 0;
}

static void refresh(struct mmx_model *m, struct mdl_tlb_entry *entry)
{
	entry->epoch = mdl_epoch(m);
	entry->read_ptr = mdl_dma_ptr(m, entry->walk.addr, PAGE_SIZE, false);
	entry->write_ptr = mdl_dma_ptr(m, entry->walk.addr, PAGE_SIZE, true);
}

void mdl_tlb_fill(struct mmx_model *m, struct mdl_tlb *tlb, uint64_t va,
		  const struct mdl_walk *walk)
{
	struct mdl_tlb_entry *entry = mdl_tlb_at(tlb, va);

	*entry = (struct mdl_tlb_entry){
		.page = mdl_tlb_page(va),
		.walk = *walk,
	};
	entry->walk.addr &= ~UINT64_C(0xfff);
	refresh(m, entry);
}

static bool same(const struct mdl_walk *a, const struct mdl_walk *b)
{
	return !b->exception && a->addr == b->addr && a->attr.read == b->attr.read &&
	       a->attr.write == b->attr.write && a->attr.exec == b->attr.exec &&
	       a->attr.mair == b->attr.mair;
}

bool mdl_tlb_compare(struct mmx_model *m, struct mdl_tlb_entry *entry,
		     const struct mdl_as_config *config, uint32_t locks)
{
	struct mdl_walk now;

	mdl_mmu_walk(m, config, entry->page & ~MDL_TLB_VALID, false, &now);
	refresh(m, entry);
	if (same(&entry->walk, &now)) {
		entry->stale_ns = 0;
		return true;
	}
	if (!entry->stale_ns) {
		entry->stale_ns = mdl_now(m) ? mdl_now(m) : 1;
		entry->stale_locks = locks;
	}
	return false;
}

void mdl_tlb_look(struct mmx_model *m, struct mdl_tlb *tlb, const struct mdl_as_config *config,
		  uint32_t locks)
{
	if (mdl_now(m) - tlb->looked_ns < MDL_CHECK_LOOK_NS)
		return;
	tlb->looked_ns = mdl_now(m);
	for (unsigned int i = 0; i < MDL_TLB_ENTRIES; i++) {
		if (tlb->entries[i].page)
			mdl_tlb_compare(m, &tlb->entries[i], config, locks);
	}
}

static void add_ghost(struct mmx_model *m, struct mdl_tlb *tlb, const struct mdl_tlb_entry *entry)
{
	tlb->ghosts[tlb->next_ghost] = (struct mdl_tlb_ghost){
		.page = entry->page,
		.addr = entry->walk.addr,
		.at_ns = mdl_now(m),
	};
	tlb->next_ghost = (tlb->next_ghost + 1) % MDL_TLB_GHOSTS;
}

void mdl_tlb_invalidate(struct mmx_model *m, struct mdl_tlb *tlb,
			const struct mdl_as_config *config, uint64_t first, uint64_t last)
{
	for (unsigned int i = 0; i < MDL_TLB_ENTRIES; i++) {
		struct mdl_tlb_entry *entry = &tlb->entries[i];
		uint64_t va = entry->page & ~MDL_TLB_VALID;
		struct mdl_walk now;

		if (!entry->page || va > last || va + (PAGE_SIZE - 1) < first)
			continue;
		mdl_mmu_walk(m, config, va, false, &now);
		if (now.exception)
			add_ghost(m, tlb, entry);
		drop(entry);
	}
}

void mdl_tlb_clear(struct mdl_tlb *tlb)
{
	memset(tlb, 0, sizeof(*tlb));
}

const struct mdl_tlb_ghost *mdl_tlb_ghost(const struct mdl_tlb *tlb, uint64_t va)
{
	for (unsigned int i = 0; i < MDL_TLB_GHOSTS; i++) {
		if (tlb->ghosts[i].page == mdl_tlb_page(va))
			return &tlb->ghosts[i];
	}
	return NULL;
}
