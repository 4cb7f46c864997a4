// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What all devices have in common. Called by gpu and session code through device.h; no state of its own. */
#include "backend/device/device.h"

#include <assert.h>

uint64_t mmx_dma_map_addr(const struct mmx_dma_map *map, uint64_t offset)
{
	const struct mmx_dma_run *run = map->runs;

	assert(offset < map->size);
	while (offset >= run->size) {
		offset -= run->size;
		run++;
	}
	return run->addr + offset;
}
