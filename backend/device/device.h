/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * How the backend reaches the GPU: registers, three interrupts, memory for DMA.
 *
 * Implementations: vfio_user.c (malimux-model in its own process), model_device.c (the model linked into this
 * process, for tests and benchmarks; a library of its own).
 *
 * A device that is gone behaves as a dead PCI device does: reads give all ones, writes go nowhere, and
 * mmx_device_lost() says why. So code that drives the GPU need not check each access; the core looks once per
 * round of its loop.
 *
 * Two kinds of memory are reached by the GPU.
 *
 *   Guests' memory, mmx_device_map(): a range of a file that the guest has. The guest's CPU sees to it that the GPU
 *   finds what it wrote: where the device is not coherent it maps that memory write-combined, as panthor does, and
 *   no maintenance is needed for what guest and GPU tell each other. (Who reads it in this process uses
 *   mmx_device_sync_for_cpu() first.)
 *
 *   The backend's own, mmx_device_alloc() behind the pool of dma.h. It is cached for the CPU. Where the device is not
 *   coherent the CPU's caches and the GPU are two views of it, and bytes go from one to the other only by
 *   mmx_device_sync_for_device() (what the CPU wrote) and mmx_device_sync_for_cpu() (what the GPU wrote), whole cache
 *   lines at a time. So a line may have one writer: what both sides write at any time is allocated uncached, and is
 *   one view. That is the firmware's interface and the pages of queues, and nothing else, since a CPU is slow with
 *   uncached memory.
 *
 * Threads: one. Register accesses take as long as the bus takes; nothing else here waits, but create, map and
 * unmap, which are calls to the kernel or to the model's process, with a deadline.
 */
#ifndef BACKEND_DEVICE_DEVICE_H
#define BACKEND_DEVICE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Interrupt lines, by the names of the device tree. */
enum mmx_irq {
	MMX_IRQ_JOB,
	MMX_IRQ_MMU,
	MMX_IRQ_GPU,
	MMX_IRQ_COUNT,
};

/* Device addresses [addr, addr + size). */
struct mmx_dma_run {
	uint64_t addr;
	uint64_t size;
};

/* A piece of memory mapped for DMA: a range of a file, reachable for the GPU at a list of runs. */
struct mmx_dma_map {
	uint64_t size;
	bool writable;
	size_t run_count;
	struct mmx_dma_run *runs; /* in the order of the file's bytes; they add up to size */
	void *priv; /* of the implementation */
};

/* A piece of the backend's own memory. */
struct mmx_dma_memory {
	void *cpu; /* here in this process */
	struct mmx_dma_map map;
	int fd; /* of the implementation */
	void *priv; /* of the implementation */
};

/* Of malimux-model (docs/model.md); RK3588's architected timer has it too. */
#define MMX_MODEL_TIMESTAMP_HZ 24000000ull

struct mmx_device;

struct mmx_device_ops {
	const char *name; /* for logs and status: "vfio-user", "model" */

	uint32_t (*read32)(struct mmx_device *dev, uint32_t offset);
	uint64_t (*read64)(struct mmx_device *dev, uint32_t offset);
	void (*write32)(struct mmx_device *dev, uint32_t offset, uint32_t value);
	void (*write64)(struct mmx_device *dev, uint32_t offset, uint64_t value);

	/* Descriptor that polls readable when the interrupt fired. Owned by the device. */
	int (*irq_fd)(struct mmx_device *dev, enum mmx_irq irq);
	/*
	 * Takes the interrupt and arms it again: called before the handler reads the status register. Return:
	 * true if it had fired.
	 */
	bool (*irq_take)(struct mmx_device *dev, enum mmx_irq irq);

	/*
	 * Maps [offset, offset + size) of the file for DMA (4 KiB aligned). Return: 0; -ENOMEM, -ENOSPC (no
	 * addresses left), -EIO (device lost).
	 */
	int (*map)(struct mmx_device *dev, int fd, uint64_t offset, uint64_t size, bool writable,
		   struct mmx_dma_map *ret_map);
	/*
	 * The same for memory that is mapped in this process, for reading and writing, and that nobody else could map: the
	 * region of a guest whose first daemon has died. Page-aligned; it stays mapped until unmap().
	 */
	int (*map_here)(struct mmx_device *dev, void *cpu, uint64_t size,
			struct mmx_dma_map *ret_map);
	/* The GPU can't reach it any more when this returns. Legal on a zeroed map. */
	void (*unmap)(struct mmx_device *dev, struct mmx_dma_map *map);

	/*
	 * Behind mmx_device_alloc() and mmx_device_free(). Both NULL: memory of the backend's own is a memfd that is
	 * mapped by map(); for devices on which uncached memory would be no different.
	 */
	int (*alloc)(struct mmx_device *dev, size_t size, bool uncached,
		     struct mmx_dma_memory *ret_memory);
	void (*free)(struct mmx_device *dev, struct mmx_dma_memory *memory);

	/*
	 * Cache maintenance between CPU and GPU on [cpu, cpu + size) of the backend's own memory, or of a mapping of
	 * guests' memory in this process; both NULL on coherent devices.
	 */
	void (*sync_for_device)(struct mmx_device *dev, const void *cpu, size_t size);
	void (*sync_for_cpu)(struct mmx_device *dev, const void *cpu, size_t size);

	/* Stops DMA and interrupts, and frees the device. */
	void (*destroy)(struct mmx_device *dev);
};

/* Embedded first in each implementation's struct. */
struct mmx_device {
	const struct mmx_device_ops *ops;
	bool coherent;
	/*
	 * Hz of the GPU's time stamps; 0 = not known. On hardware it is the architected timer's (CNTFRQ_EL0, as panthor has
	 * it); the model says what RK3588 has.
	 */
	uint64_t timestamp_hz;
	/* How many times as long as panthor waits for hardware this device may take; 0 = 1. */
	unsigned int patience;
	int lost; /* 0, or the negative errno with which the device was lost */
};

static inline uint32_t mmx_device_read32(struct mmx_device *dev, uint32_t offset)
{
	return dev->ops->read32(dev, offset);
}

static inline uint64_t mmx_device_read64(struct mmx_device *dev, uint32_t offset)
{
	return dev->ops->read64(dev, offset);
}

static inline void mmx_device_write32(struct mmx_device *dev, uint32_t offset, uint32_t value)
{
	dev->ops->write32(dev, offset, value);
}

static inline void mmx_device_write64(struct mmx_device *dev, uint32_t offset, uint64_t value)
{
	dev->ops->write64(dev, offset, value);
}

static inline int mmx_device_irq_fd(struct mmx_device *dev, enum mmx_irq irq)
{
	return dev->ops->irq_fd(dev, irq);
}

static inline bool mmx_device_irq_take(struct mmx_device *dev, enum mmx_irq irq)
{
	return dev->ops->irq_take(dev, irq);
}

static inline int mmx_device_map(struct mmx_device *dev, int fd, uint64_t offset, uint64_t size,
				 bool writable, struct mmx_dma_map *ret_map)
{
	return dev->ops->map(dev, fd, offset, size, writable, ret_map);
}

static inline int mmx_device_map_here(struct mmx_device *dev, void *cpu, uint64_t size,
				      struct mmx_dma_map *ret_map)
{
	return dev->ops->map_here(dev, cpu, size, ret_map);
}

static inline void mmx_device_unmap(struct mmx_device *dev, struct mmx_dma_map *map)
{
	dev->ops->unmap(dev, map);
}

/* Whether memory that is allocated uncached is other memory than what is not. */
static inline bool mmx_device_has_uncached(const struct mmx_device *dev)
{
	return dev->ops->alloc != NULL;
}

/**
 * mmx_device_alloc() - makes memory of the backend's own
 * @size: bytes, a multiple of 4 KiB
 * @uncached: for what CPU and GPU both write
 *
 * The CPU reads zeroes. The GPU does after mmx_device_sync_for_device(), or at once if it is uncached.
 * Return: 0; -ENOMEM; -ENOSPC (no addresses left); -EIO (device lost); another negative errno.
 */
int mmx_device_alloc(struct mmx_device *dev, size_t size, bool uncached,
		     struct mmx_dma_memory *ret_memory);
/* The GPU can't reach it any more when this returns. */
void mmx_device_free(struct mmx_device *dev, struct mmx_dma_memory *memory);

/* The GPU sees what the CPU has written: before it is told of it. */
static inline void mmx_device_sync_for_device(struct mmx_device *dev, const void *cpu, size_t size)
{
	if (dev->ops->sync_for_device)
		dev->ops->sync_for_device(dev, cpu, size);
}

/* The CPU sees what the GPU has written: before it is read. What the CPU has written there and not made visible is lost. */
static inline void mmx_device_sync_for_cpu(struct mmx_device *dev, const void *cpu, size_t size)
{
	if (dev->ops->sync_for_cpu)
		dev->ops->sync_for_cpu(dev, cpu, size);
}

static inline int mmx_device_lost(const struct mmx_device *dev)
{
	return dev->lost;
}

static inline void mmx_device_destroy(struct mmx_device *dev)
{
	if (dev)
		dev->ops->destroy(dev);
}

/* Device address of byte @offset of a map. @offset < map->size. */
uint64_t mmx_dma_map_addr(const struct mmx_dma_map *map, uint64_t offset);

#endif
