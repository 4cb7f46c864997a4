// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What all devices have in common. Called by gpu and session code through device.h, by the implementations through
 * device_priv.h; no state of its own.
 */
#include "backend/device/device_priv.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
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

int mmx_memory_create(size_t size, int *ret_fd, void **ret_cpu)
{
	void *cpu;
	int fd, r;

	fd = memfd_create("malimux-dma", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	/* the other side of a device in another process gets the descriptor: it may not pull the pages away */
	if (ftruncate(fd, (off_t)size) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		r = -errno;
		goto err_close;
	}
	cpu = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (cpu == MAP_FAILED) {
		r = -errno;
		goto err_close;
	}
	*ret_fd = fd;
	*ret_cpu = cpu;
	return 0;

err_close:
	close(fd);
	return r;
}

int mmx_device_alloc(struct mmx_device *dev, size_t size, bool uncached,
		     struct mmx_dma_memory *ret_memory)
{
	struct mmx_dma_memory memory = { 0 };
	int r;

	if (dev->ops->alloc)
		return dev->ops->alloc(dev, size, uncached, ret_memory);
	r = mmx_memory_create(size, &memory.fd, &memory.cpu);
	if (r < 0)
		return r;
	r = mmx_device_map(dev, memory.fd, 0, size, true, &memory.map);
	if (r < 0) {
		munmap(memory.cpu, size);
		close(memory.fd);
		return r;
	}
	*ret_memory = memory;
	return 0;
}

void mmx_device_free(struct mmx_device *dev, struct mmx_dma_memory *memory)
{
	size_t size = (size_t)memory->map.size;

	if (dev->ops->free) {
		dev->ops->free(dev, memory);
		return;
	}
	mmx_device_unmap(dev, &memory->map);
	munmap(memory->cpu, size);
	close(memory->fd);
	*memory = (struct mmx_dma_memory){ 0 };
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
