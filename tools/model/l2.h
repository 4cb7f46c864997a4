/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The L2: lines of memory that the GPU has read or written, and walks have read, through cacheable mappings. */
#ifndef TOOLS_MODEL_L2_H
#define TOOLS_MODEL_L2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mmx_model;
struct mdl_l2;

/* Who accesses: address space and virtual address, for reports. */
struct mdl_l2_user {
	unsigned int as;
	uint64_t va;
};

/* Size and ways are the product's. Return: NULL without memory. */
struct mdl_l2 *mdl_l2_create(struct mmx_model *m);
void mdl_l2_destroy(struct mdl_l2 *l2);

/* Device addresses; the range may not cross a page. Return: false = not mapped for DMA. */
bool mdl_l2_read(struct mmx_model *m, struct mdl_l2_user user, uint64_t addr, void *buf,
		 size_t len);
bool mdl_l2_write(struct mmx_model *m, struct mdl_l2_user user, uint64_t addr, const void *buf,
		  size_t len);
/* A descriptor of a page table. */
bool mdl_l2_read_desc(struct mmx_model *m, uint64_t addr, uint64_t *ret_desc);

/* What a flush names; an invalidation of dirty lines that are not cleaned is the driver's mistake. */
void mdl_l2_flush(struct mmx_model *m, bool clean, bool invalidate);
/* Everything is lost: reset, or power-off (then dirty lines are a finding). */
void mdl_l2_drop(struct mmx_model *m, bool power_off);
/* Lines that a clean would write now: what flushes take grows with it. */
unsigned int mdl_l2_dirty(const struct mmx_model *m);
/* Flushes that have cleaned, since creation. */
uint32_t mdl_l2_cleans(const struct mmx_model *m);

/*
 * Calls @fn for each dirty line that was written last through @as, in [first, last] there, with the
 * virtual address and the device address of the line.
 */
void mdl_l2_each_dirty(struct mmx_model *m, unsigned int as, uint64_t first, uint64_t last,
		       void (*fn)(struct mmx_model *m, struct mdl_l2_user user, uint64_t addr));

/* The memory is not the GPU's any more. */
void mdl_l2_unmapped(struct mmx_model *m, uint64_t addr, uint64_t len);

#endif
