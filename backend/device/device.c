// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What all devices have in common. Called by gpu and session code through device.h, by the implementations through
 * device_priv.h; no state of its own.
 */
#include "backend/device/device_priv.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

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

int mmx_dma_map_init(struct mmx_dma_map *map, uint64_t size, bool writable)
{
	struct mmx_dma_run *run = malloc(sizeof(*run));

	if (!run)
		return -ENOMEM;
	*run = (struct mmx_dma_run){ .size = size };
	*map = (struct mmx_dma_map){
		.size = size, .writable = writable, .run_count = 1, .runs = run
	};
	return 0;
}

void mmx_dma_map_finish(struct mmx_dma_map *map)
{
	free(map->runs);
	*map = (struct mmx_dma_map){ 0 };
}

int mmx_device_open_irqs(int ret_fds[MMX_IRQ_COUNT])
{
	int fds[MMX_IRQ_COUNT];
	int i, r;

	for (i = 0; i < MMX_IRQ_COUNT; i++) {
		fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (fds[i] < 0)
			goto err_close;
	}
	for (i = 0; i < MMX_IRQ_COUNT; i++)
		ret_fds[i] = fds[i];
	return 0;

err_close:
	r = -errno;
	while (i-- > 0)
		close(fds[i]);
	return r;
}

void mmx_device_close_irqs(const int fds[MMX_IRQ_COUNT])
{
	int i;

	for (i = 0; i < MMX_IRQ_COUNT; i++)
		close(fds[i]);
}
