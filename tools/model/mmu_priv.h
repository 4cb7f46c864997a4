/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Registers of the address spaces (for model.c) and the table walk (mmu_walk.c). */
#ifndef TOOLS_MODEL_MMU_PRIV_H
#define TOOLS_MODEL_MMU_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/model/mmu.h"

struct mmx_model;
struct mdl_mmu;

/* Return: NULL without memory. */
struct mdl_mmu *mdl_mmu_create(void);
void mdl_mmu_destroy(struct mmx_model *m, struct mdl_mmu *mmu);
void mdl_mmu_reset(struct mmx_model *m);

/* The L2 and, with it, all TLBs lose power. */
void mdl_mmu_power_off(struct mmx_model *m);
/* The memory is not the GPU's any more. */
void mdl_mmu_dma_unmapped(struct mmx_model *m, uint64_t addr, uint64_t len);
/* Looks for translations that have become stale, so that their age is known when they are used. */
void mdl_mmu_look(struct mmx_model *m);

/* @offset is from the first address space's registers. */
uint32_t mdl_mmu_read32(struct mmx_model *m, uint32_t offset);
void mdl_mmu_write32(struct mmx_model *m, uint32_t offset, uint32_t value);

/* What an UPDATE makes effective. */
struct mdl_as_config {
	uint64_t transtab;
	uint64_t memattr;
	uint64_t transcfg;
};

const struct mdl_as_config *mdl_mmu_config(struct mmx_model *m, unsigned int as);
/* Where the descriptor of @va at that level is. Return: false if the walk does not come that far. */
bool mdl_mmu_find_desc(struct mmx_model *m, unsigned int as, uint64_t va, unsigned int level,
		       uint64_t *ret_addr);

/* Where a walk ended. */
struct mdl_walk {
	uint32_t exception; /* 0 = translated; else as in FAULTSTATUS */
	unsigned int level; /* at which it ended */
	uint64_t addr; /* device address of @va; or, with EXC_GPU_BUS_FAULT, of the table */
	struct mdl_page_attr attr;
};

/* Permissions are for the caller to check. */
void mdl_mmu_walk(struct mmx_model *m, const struct mdl_as_config *config, uint64_t va,
		  bool through_l2, struct mdl_walk *ret_walk);

#endif
