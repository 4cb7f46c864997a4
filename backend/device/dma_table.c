// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A sorted array: looked up on each DMA access of an emulated GPU, changed only when memory is mapped or
 * unmapped. One thread. Addresses to look up come from outside and may be anything.
 */
#include "backend/device/dma_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Index of the first entry whose end is above @addr. */
static size_t position(const struct mmx_dma_table *table, uint64_t addr)
{
	size_t low = 0, high = table->count, mid;

	while (low < high) {
		const struct mmx_dma_entry *entry;

		mid = low + (high - low) / 2;
		entry = &table->entries[mid];
		if (entry->addr + (entry->size - 1) < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void mmx_dma_table_finish(struct mmx_dma_table *table)
{
	free(table->entries);
	*table = (struct mmx_dma_table){ 0 };
}

int mmx_dma_table_add(struct mmx_dma_table *table, const struct mmx_dma_entry *entry)
{
	size_t pos = position(table, entry->addr);

	if (pos < table->count && table->entries[pos].addr <= entry->addr + (entry->size - 1))
		return -EEXIST;
	if (table->count == table->capacity) {
		size_t capacity = table->capacity ? 2 * table->capacity : 16;
		struct mmx_dma_entry *entries;

		entries = realloc(table->entries, capacity * sizeof(*entries));
		if (!entries)
			return -ENOMEM;
		table->entries = entries;
		table->capacity = capacity;
	}
	memmove(&table->entries[pos + 1], &table->entries[pos],
		(table->count - pos) * sizeof(*table->entries));
	table->entries[pos] = *entry;
	table->count++;
	return 0;
}

bool mmx_dma_table_remove(struct mmx_dma_table *table, uint64_t addr)
{
	size_t pos = position(table, addr);

	if (pos == table->count || table->entries[pos].addr != addr)
		return false;
	table->count--;
	memmove(&table->entries[pos], &table->entries[pos + 1],
		(table->count - pos) * sizeof(*table->entries));
	return true;
}

const struct mmx_dma_entry *mmx_dma_table_find(const struct mmx_dma_table *table, uint64_t addr)
{
	size_t pos = position(table, addr);

	if (pos == table->count || table->entries[pos].addr > addr)
		return NULL;
	return &table->entries[pos];
}
