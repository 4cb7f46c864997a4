/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Memory of the backend's own that the GPU reaches: page tables, firmware, rings, suspend buffers. Pages that are
 * mapped for DMA and into this process; contiguous for the CPU, not necessarily for the GPU (one page
 * always is). No guest's CPU can reach it.
 */
#ifndef BACKEND_DEVICE_DMA_H
#define BACKEND_DEVICE_DMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/device/device.h"

#define MMX_PAGE_SHIFT 12
#define MMX_PAGE_SIZE  4096ull
#define MMX_BLOCK_SIZE 0x200000ull /* of a level-2 entry */

struct mmx_dma_pool;
struct mmx_dma_chunk;

struct mmx_dma_buf {
	void *cpu; /* NULL = nothing allocated */
	size_t size; /* multiple of MMX_PAGE_SIZE */
	struct mmx_dma_chunk *chunk;
	size_t page; /* first one in the chunk */
};

int mmx_dma_pool_create(struct mmx_device *dev, struct mmx_dma_pool **ret_pool);
/* All buffers must have been freed. NULL is fine. */
void mmx_dma_pool_destroy(struct mmx_dma_pool *pool);
struct mmx_device *mmx_dma_pool_device(const struct mmx_dma_pool *pool);

/*
 * Zeroed, for CPU and GPU. @size is rounded up to pages; 2 MiB and more begin at a multiple of 2 MiB for the GPU too, if
 * the device has such addresses. What the CPU writes later is made visible by
 * mmx_device_sync_for_device(), what the GPU writes by mmx_device_sync_for_cpu(). Return: 0; -ENOMEM; -ENOSPC; -EIO.
 */
int mmx_dma_alloc(struct mmx_dma_pool *pool, size_t size, struct mmx_dma_buf *ret_buf);
/*
 * The same for who can't wait for large memory to be zeroed: *ret_dirty bytes from its beginning on hold what their last
 * owner left. The caller zeroes them and makes them visible before any guest's GPU reaches them; the rest is both already.
 */
int mmx_dma_alloc_dirty(struct mmx_dma_pool *pool, size_t size, struct mmx_dma_buf *ret_buf,
			size_t *ret_dirty);
/* The same for what both sides write at any time: one view, without maintenance (device.h). */
int mmx_dma_alloc_uncached(struct mmx_dma_pool *pool, size_t size, struct mmx_dma_buf *ret_buf);
/* Leaves a zeroed buf; legal on one. */
void mmx_dma_free(struct mmx_dma_pool *pool, struct mmx_dma_buf *buf);
/* Device address of the byte at @offset; what follows is contiguous up to the end of its 4 KiB page. */
uint64_t mmx_dma_buf_addr(const struct mmx_dma_buf *buf, size_t offset);

/* Is it a 2 MiB block for the GPU: contiguous, and aligned to its size? */
bool mmx_dma_buf_is_block(const struct mmx_dma_buf *buf);

/* Bytes allocated to buffers now. */
size_t mmx_dma_pool_used(const struct mmx_dma_pool *pool);
/* How often so far memory was taken from the device or given back to it: what takes time, more than all else here. */
uint64_t mmx_dma_pool_trips(const struct mmx_dma_pool *pool);

#endif
