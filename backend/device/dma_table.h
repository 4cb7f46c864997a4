/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What is mapped for DMA now, by device address: the table in which an emulated GPU's accesses are looked up. */
#ifndef BACKEND_DEVICE_DMA_TABLE_H
#define BACKEND_DEVICE_DMA_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mmx_dma_entry {
	uint64_t addr, size;
	bool writable;
	uint64_t offset; /* in the file */
	void *priv; /* of the device: what the bytes are in */
	void *window; /* of the device: where this process has them mapped; may be NULL */
	bool here; /* they are at priv in this process, which is not the device's to free */
};

struct mmx_dma_table {
	struct mmx_dma_entry *entries; /* by address, disjoint */
	size_t count, capacity;
};

/* Legal on a zeroed table, and twice. What the entries point to is their owner's. */
void mmx_dma_table_finish(struct mmx_dma_table *table);

/* Return: 0; -EEXIST if it overlaps another entry; -ENOMEM. */
int mmx_dma_table_add(struct mmx_dma_table *table, const struct mmx_dma_entry *entry);
/* The entry that starts at @addr. Return: whether there was one. */
bool mmx_dma_table_remove(struct mmx_dma_table *table, uint64_t addr);
/* The entry that @addr is in; NULL if there is none. Valid until the table changes. */
const struct mmx_dma_entry *mmx_dma_table_find(const struct mmx_dma_table *table, uint64_t addr);

#endif
