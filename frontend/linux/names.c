// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Indices and generations of names. A table belongs to a session; any context that may take a plain spinlock.
 */
#include "frontend/linux/names.h"

#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "frontend/core/names.h"

int mmx_names_init(struct mmx_names *names, u32 limit)
{
	spin_lock_init(&names->lock);
	/* one more: a limit of none is legal */
	names->used = bitmap_zalloc(limit + 1, GFP_KERNEL);
	names->generations = kvcalloc(limit + 1, sizeof(*names->generations), GFP_KERNEL);
	if (!names->used || !names->generations) {
		mmx_names_finish(names);
		return -ENOMEM;
	}
	names->limit = limit;
	return 0;
}

void mmx_names_finish(struct mmx_names *names)
{
	bitmap_free(names->used);
	kvfree(names->generations);
	names->used = NULL;
	names->generations = NULL;
	names->limit = 0;
}

int mmx_names_take(struct mmx_names *names, u32 *ret_name)
{
	unsigned long index;
	int ret = -EBUSY;

	spin_lock(&names->lock);
	index = find_next_zero_bit(names->used, names->limit, names->next);
	if (index >= names->limit)
		index = find_first_zero_bit(names->used, names->limit);
	if (index < names->limit) {
		__set_bit(index, names->used);
		names->generations[index] =
			(u16)mmx_name_next_generation(names->generations[index]);
		names->next = (u32)index + 1 < names->limit ? (u32)index + 1 : 0;
		*ret_name = mmx_name_make((u32)index, names->generations[index]);
		ret = 0;
	}
	spin_unlock(&names->lock);
	return ret;
}

void mmx_names_give(struct mmx_names *names, u32 name)
{
	if (!name)
		return;
	spin_lock(&names->lock);
	__clear_bit(mmx_name_index(name), names->used);
	spin_unlock(&names->lock);
}
