// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The pool of the backend's own DMA memory. Owns chunks: 4 MiB of memory of the device, each mapped for the GPU as a
 * whole and into this process; what is larger has a chunk of its own. Pages are found first fit in a bitmap. Of the
 * empty 4 MiB chunks one is kept, so that a buffer that comes and goes does not map and unmap each time. Uncached
 * memory has chunks of its own where it is other memory.
 *
 * Callers: gpu, sched, session, all in the one thread. Pages are zeroed when they are handed out (by the new owner, with
 * mmx_dma_alloc_dirty()), not when they come back: whatever wrote them in between, no GPU of the next owner's sees it.
 */
#include "backend/device/dma.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "backend/util/list.h"

#define CHUNK_SIZE  (4u << 20)
#define CHUNK_PAGES (CHUNK_SIZE / MMX_PAGE_SIZE)
#define BLOCK_PAGES (MMX_BLOCK_SIZE / MMX_PAGE_SIZE)

struct mmx_dma_chunk {
	struct mmx_list link;
	struct mmx_dma_memory memory;
	bool uncached; /* other memory than the rest; see mmx_device_has_uncached() */
	bool shared; /* among buffers, of CHUNK_SIZE; else all of it is one buffer */
	size_t used_pages;
	size_t hint; /* no page below is free */
	size_t fresh; /* from this page on none has been handed out yet: they read as zeroes */
	uint64_t used[CHUNK_PAGES / 64];
};

struct mmx_dma_pool {
	struct mmx_device *dev;
	struct mmx_list chunks; // mmx_dma_chunk.link
	size_t used;
	uint64_t trips;
};

static bool page_used(const struct mmx_dma_chunk *chunk, size_t page)
{
	return chunk->used[page / 64] >> (page % 64) & 1;
}

static void mark_pages(struct mmx_dma_chunk *chunk, size_t page, size_t count, bool used)
{
	size_t i;

	for (i = page; i < page + count; i++) {
		uint64_t bit = 1ull << (i % 64);

		assert(page_used(chunk, i) != used);
		if (used)
			chunk->used[i / 64] |= bit;
		else
			chunk->used[i / 64] &= ~bit;
	}
}

static void chunk_destroy(struct mmx_dma_pool *pool, struct mmx_dma_chunk *chunk)
{
	mmx_list_del(&chunk->link);
	pool->trips++;
	mmx_device_free(pool->dev, &chunk->memory);
	free(chunk);
}

static int chunk_create(struct mmx_dma_pool *pool, size_t size, bool uncached,
			struct mmx_dma_chunk **ret_chunk)
{
	struct mmx_dma_chunk *chunk = calloc(1, sizeof(*chunk));
	int r;

	if (!chunk)
		return -ENOMEM;
	chunk->uncached = uncached;
	chunk->shared = size == CHUNK_SIZE;
	pool->trips++;
	r = mmx_device_alloc(pool->dev, size, uncached, &chunk->memory);
	if (r < 0) {
		free(chunk);
		return r;
	}
	mmx_list_add_tail(&pool->chunks, &chunk->link);
	*ret_chunk = chunk;
	return 0;
}

static uint8_t *page_at(const struct mmx_dma_chunk *chunk, size_t page)
{
	return (uint8_t *)chunk->memory.cpu + page * MMX_PAGE_SIZE;
}

/*
 * Return: whether there are @count free pages in a row; *ret_page is the first one. What fills a block of the page
 * tables begins at one, as chunks do for the device (iova.h).
 */
static bool chunk_find(struct mmx_dma_chunk *chunk, size_t count, size_t *ret_page)
{
	size_t align = count >= BLOCK_PAGES ? BLOCK_PAGES : 1;
	size_t page, run = 0;

	if (!chunk->shared || CHUNK_PAGES - chunk->used_pages < count)
		return false;
	while (chunk->hint < CHUNK_PAGES && page_used(chunk, chunk->hint))
		chunk->hint++;
	for (page = chunk->hint; page < CHUNK_PAGES; page++) {
		if (!run && page % 64 == 0 && chunk->used[page / 64] == UINT64_MAX) {
			page += 63;
			continue;
		}
		if (page_used(chunk, page) || (!run && page % align))
			run = 0;
		else
			run++;
		if (run == count) {
			*ret_page = page + 1 - count;
			return true;
		}
	}
	return false;
}

static void chunk_take(struct mmx_dma_pool *pool, struct mmx_dma_chunk *chunk, size_t page,
		       size_t count, struct mmx_dma_buf *ret_buf)
{
	if (chunk->shared)
		mark_pages(chunk, page, count, true);
	if (chunk->fresh < page + count)
		chunk->fresh = page + count;
	chunk->used_pages += count;
	pool->used += count * MMX_PAGE_SIZE;
	*ret_buf = (struct mmx_dma_buf){
		.cpu = page_at(chunk, page),
		.size = count * MMX_PAGE_SIZE,
		.chunk = chunk,
		.page = page,
	};
}

/* Makes zeroes visible: that are there from @offset on. */
static void sync_from(struct mmx_dma_pool *pool, const struct mmx_dma_buf *buf, size_t offset)
{
	if (!buf->chunk->uncached && offset < buf->size)
		mmx_device_sync_for_device(pool->dev, (uint8_t *)buf->cpu + offset,
					   buf->size - offset);
}

/**
 * mmx_dma_pool_create() - an empty pool; memory is taken as it is needed
 * @dev: must outlive the pool
 *
 * Return: 0 or -ENOMEM.
 */
int mmx_dma_pool_create(struct mmx_device *dev, struct mmx_dma_pool **ret_pool)
{
	struct mmx_dma_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return -ENOMEM;
	pool->dev = dev;
	mmx_list_init(&pool->chunks);
	*ret_pool = pool;
	return 0;
}

void mmx_dma_pool_destroy(struct mmx_dma_pool *pool)
{
	struct mmx_list *pos, *tmp;

	if (!pool)
		return;
	assert(!pool->used);
	mmx_list_for_each_safe(pos, tmp, &pool->chunks)
		chunk_destroy(pool, mmx_container_of(pos, struct mmx_dma_chunk, link));
	free(pool);
}

struct mmx_device *mmx_dma_pool_device(const struct mmx_dma_pool *pool)
{
	return pool->dev;
}

static struct mmx_dma_chunk *find(struct mmx_dma_pool *pool, size_t count, bool uncached,
				  size_t *ret_page)
{
	struct mmx_list *pos;

	mmx_list_for_each(pos, &pool->chunks) {
		struct mmx_dma_chunk *chunk = mmx_container_of(pos, struct mmx_dma_chunk, link);

		if (chunk->uncached == uncached && chunk_find(chunk, count, ret_page))
			return chunk;
	}
	return NULL;
}

/* *ret_dirty bytes at the beginning have been somebody's; nothing is visible yet. */
static int alloc(struct mmx_dma_pool *pool, size_t size, bool uncached, struct mmx_dma_buf *ret_buf,
		 size_t *ret_dirty)
{
	struct mmx_dma_chunk *chunk;
	size_t page = 0, count, dirty = 0;
	int r;

	if (!size)
		return -EINVAL;
	if (size > SIZE_MAX / 2)
		return -ENOMEM;
	count = (size + MMX_PAGE_SIZE - 1) >> MMX_PAGE_SHIFT;
	chunk = find(pool, count, uncached, &page);
	if (chunk) {
		/* what nobody has had is not touched: that would cost a page fault each, here and now */
		if (page < chunk->fresh)
			dirty = chunk->fresh - page < count ? chunk->fresh - page : count;
	} else {
		r = chunk_create(pool, count <= CHUNK_PAGES ? CHUNK_SIZE : count * MMX_PAGE_SIZE,
				 uncached, &chunk);
		if (r < 0)
			return r;
	}
	chunk_take(pool, chunk, page, count, ret_buf);
	*ret_dirty = dirty * MMX_PAGE_SIZE;
	return 0;
}

static int alloc_zeroed(struct mmx_dma_pool *pool, size_t size, bool uncached,
			struct mmx_dma_buf *ret_buf)
{
	size_t dirty;
	int r = alloc(pool, size, uncached, ret_buf, &dirty);

	if (r < 0)
		return r;
	memset(ret_buf->cpu, 0, dirty);
	sync_from(pool, ret_buf, 0);
	return 0;
}

int mmx_dma_alloc(struct mmx_dma_pool *pool, size_t size, struct mmx_dma_buf *ret_buf)
{
	return alloc_zeroed(pool, size, false, ret_buf);
}

int mmx_dma_alloc_uncached(struct mmx_dma_pool *pool, size_t size, struct mmx_dma_buf *ret_buf)
{
	return alloc_zeroed(pool, size, mmx_device_has_uncached(pool->dev), ret_buf);
}

int mmx_dma_alloc_dirty(struct mmx_dma_pool *pool, size_t size, struct mmx_dma_buf *ret_buf,
			size_t *ret_dirty)
{
	int r = alloc(pool, size, false, ret_buf, ret_dirty);

	if (r < 0)
		return r;
	sync_from(pool, ret_buf, *ret_dirty);
	return 0;
}

/* Gives empty 4 MiB chunks back, but one of each kind. */
static void trim(struct mmx_dma_pool *pool)
{
	struct mmx_list *pos, *tmp;
	bool kept[2] = { false, false };

	mmx_list_for_each_safe(pos, tmp, &pool->chunks) {
		struct mmx_dma_chunk *chunk = mmx_container_of(pos, struct mmx_dma_chunk, link);

		if (chunk->used_pages)
			continue;
		if (kept[chunk->uncached])
			chunk_destroy(pool, chunk);
		else
			kept[chunk->uncached] = true;
	}
}

void mmx_dma_free(struct mmx_dma_pool *pool, struct mmx_dma_buf *buf)
{
	struct mmx_dma_chunk *chunk = buf->chunk;
	size_t count = buf->size >> MMX_PAGE_SHIFT;

	if (!buf->cpu)
		return;
	pool->used -= buf->size;
	chunk->used_pages -= count;
	if (!chunk->shared) {
		chunk_destroy(pool, chunk);
	} else {
		mark_pages(chunk, buf->page, count, false);
		if (buf->page < chunk->hint)
			chunk->hint = buf->page;
		if (!chunk->used_pages)
			trim(pool);
	}
	*buf = (struct mmx_dma_buf){ 0 };
}

uint64_t mmx_dma_buf_addr(const struct mmx_dma_buf *buf, size_t offset)
{
	assert(offset < buf->size);
	return mmx_dma_map_addr(&buf->chunk->memory.map, buf->page * MMX_PAGE_SIZE + offset);
}

bool mmx_dma_buf_is_block(const struct mmx_dma_buf *buf)
{
	uint64_t addr = mmx_dma_buf_addr(buf, 0);
	size_t offset;

	if (buf->size != MMX_BLOCK_SIZE || addr % MMX_BLOCK_SIZE)
		return false;
	for (offset = MMX_PAGE_SIZE; offset < buf->size; offset += MMX_PAGE_SIZE)
		if (mmx_dma_buf_addr(buf, offset) != addr + offset)
			return false;
	return true;
}

size_t mmx_dma_pool_used(const struct mmx_dma_pool *pool)
{
	return pool->used;
}

uint64_t mmx_dma_pool_trips(const struct mmx_dma_pool *pool)
{
	return pool->trips;
}
