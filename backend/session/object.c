// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Name spaces: arrays by index, so that a lookup is one comparison and their memory is bounded by the limit. */
#include "backend/session/object.h"

#include <errno.h>
#include <stdlib.h>

#define NAME_INDEX(name)      ((name)&0xffffu)
#define NAME_GENERATION(name) ((name) >> 16)

int mmx_table_init(struct mmx_table *table, uint32_t size)
{
	table->entries = calloc(size, sizeof(*table->entries));
	if (!table->entries)
		return -ENOMEM;
	table->size = size;
	table->count = 0;
	return 0;
}

void mmx_table_finish(struct mmx_table *table)
{
	free(table->entries);
	*table = (struct mmx_table){ 0 };
}

int mmx_table_check_free(const struct mmx_table *table, uint32_t name)
{
	if (!NAME_GENERATION(name) || NAME_INDEX(name) >= table->size)
		return EINVAL;
	return table->entries[NAME_INDEX(name)].name ? EEXIST : 0;
}

void mmx_table_add(struct mmx_table *table, uint32_t name, void *object)
{
	table->entries[NAME_INDEX(name)] = (struct mmx_table_entry){ name, object };
	table->count++;
}

void *mmx_table_find(const struct mmx_table *table, uint32_t name)
{
	if (!name || NAME_INDEX(name) >= table->size ||
	    table->entries[NAME_INDEX(name)].name != name)
		return NULL;
	return table->entries[NAME_INDEX(name)].object;
}

void mmx_table_del(struct mmx_table *table, uint32_t name)
{
	table->entries[NAME_INDEX(name)] = (struct mmx_table_entry){ 0 };
	table->count--;
}
