// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Names of one type: an index that is free, with a generation that it has not had lately. Owned by a struct
 * mmx_guest; called by whoever creates an object.
 */
#include "frontend/user/guest_priv.h"

#include <errno.h>
#include <stdlib.h>

#include "frontend/core/names.h"

int mmx_idspace_init(struct mmx_idspace *ids, uint32_t limit)
{
	*ids = (struct mmx_idspace){ .limit = limit };
	/* a limit of 0 is legal */
	ids->generations = calloc(limit + 1ul, sizeof(*ids->generations));
	ids->used = calloc(limit + 1ul, sizeof(*ids->used));
	return ids->generations && ids->used ? 0 : -ENOMEM;
}

void mmx_idspace_finish(struct mmx_idspace *ids)
{
	free(ids->generations);
	free(ids->used);
	*ids = (struct mmx_idspace){ 0 };
}

int mmx_idspace_take(struct mmx_idspace *ids, uint32_t *ret_name)
{
	uint32_t i, index;

	for (i = 0; i < ids->limit; i++) {
		index = (ids->next + i) % ids->limit;
		if (ids->used[index])
			continue;
		ids->used[index] = 1;
		ids->generations[index] =
			(uint16_t)mmx_name_next_generation(ids->generations[index]);
		ids->next = index + 1;
		*ret_name = mmx_name_make(index, ids->generations[index]);
		return 0;
	}
	return -ENOSPC;
}

bool mmx_idspace_has(const struct mmx_idspace *ids, uint32_t name)
{
	uint32_t index = mmx_name_index(name);

	return mmx_name_valid(name, ids->limit) && ids->used[index] &&
	       ids->generations[index] == mmx_name_generation(name);
}

void mmx_idspace_free(struct mmx_idspace *ids, uint32_t name)
{
	if (mmx_idspace_has(ids, name))
		ids->used[mmx_name_index(name)] = 0;
}

void mmx_idspace_undo(struct mmx_idspace *ids, uint32_t name, int error)
{
	if (error != -ETIMEDOUT)
		mmx_idspace_free(ids, name);
}
