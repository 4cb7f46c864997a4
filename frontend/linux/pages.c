// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The allocator of the region's data area: a bitmap, first fit from where the last one was found.
 *
 * Owned by the transport; process context; its lock is never taken where fences are signalled, as it is held while
 * memory is allocated.
 */
#include "frontend/linux/pages.h"

#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/slab.h>

/* In a huge page of the CPU; on most machines that is the GPU's, too. */
#define HUGE_PAGES (1u << (PMD_SHIFT - PAGE_SHIFT))

int mmx_pages_init(struct mmx_pages *pages, u32 count)
{
	pages->used = bitmap_zalloc(count, GFP_KERNEL);
	if (!pages->used)
		return -ENOMEM;
	mutex_init(&pages->lock);
	pages->count = count;
	pages->free = count;
	pages->next = 0;
	return 0;
}

void mmx_pages_finish(struct mmx_pages *pages)
{
	if (!pages->used)
		return;
	bitmap_free(pages->used);
	pages->used = NULL;
	mutex_destroy(&pages->lock);
}

/* Return: where count pages are free, side by side and aligned; pages->count or more: nowhere */
static unsigned long find_area(const struct mmx_pages *pages, u32 count, unsigned long align_mask)
{
	unsigned long at;

	at = bitmap_find_next_zero_area(pages->used, pages->count, pages->next, count, align_mask);
	if (at < pages->count)
		return at;
	return bitmap_find_next_zero_area(pages->used, pages->count, 0, count, align_mask);
}

static void use(struct mmx_pages *pages, struct mmx_extent *extent, unsigned long first, u32 count,
		u32 at)
{
	bitmap_set(pages->used, (unsigned int)first, count);
	pages->free -= count;
	*extent = (struct mmx_extent){ .first = (u32)first, .count = count, .at = at };
}

static int take_one(struct mmx_pages *pages, u32 count, struct mmx_extent **ret_extents)
{
	struct mmx_extent *extent = kvmalloc(sizeof(*extent), GFP_KERNEL);
	unsigned long at = pages->count;

	if (!extent)
		return -ENOMEM;
	if (count >= HUGE_PAGES)
		at = find_area(pages, count, HUGE_PAGES - 1);
	if (at >= pages->count)
		at = find_area(pages, count, 0);
	if (at >= pages->count) {
		kvfree(extent);
		return -ENOSPC;
	}
	use(pages, extent, at, count, 0);
	pages->next = extent->first + count;
	*ret_extents = extent;
	return 0;
}

/* How many extents the first count free pages are in. */
static u32 count_pieces(const struct mmx_pages *pages, u32 count)
{
	unsigned long at = 0, end;
	u32 pieces = 0;

	while (count) {
		at = find_next_zero_bit(pages->used, pages->count, at);
		end = find_next_bit(pages->used, pages->count, at);
		count -= min_t(unsigned long, count, end - at);
		at = end;
		pieces++;
	}
	return pieces;
}

/* From wherever pages are free; the caller has seen that they suffice. */
static int take_pieces(struct mmx_pages *pages, u32 count, struct mmx_extent **ret_extents,
		       u32 *ret_extent_count)
{
	u32 pieces = count_pieces(pages, count), i, n, done = 0;
	struct mmx_extent *extents;
	unsigned long at = 0, end;

	extents = kvmalloc_array(pieces, sizeof(*extents), GFP_KERNEL);
	if (!extents)
		return -ENOMEM;
	for (i = 0; i < pieces; i++, done += n) {
		at = find_next_zero_bit(pages->used, pages->count, at);
		end = find_next_bit(pages->used, pages->count, at);
		n = min_t(unsigned long, count - done, end - at);
		use(pages, &extents[i], at, n, done);
		at = end;
	}
	*ret_extents = extents;
	*ret_extent_count = pieces;
	return 0;
}

int mmx_pages_take(struct mmx_pages *pages, u32 count, struct mmx_extent **ret_extents,
		   u32 *ret_extent_count)
{
	int ret = -ENOSPC;

	mutex_lock(&pages->lock);
	if (count <= pages->free) {
		*ret_extent_count = 1;
		ret = take_one(pages, count, ret_extents);
		if (ret == -ENOSPC)
			ret = take_pieces(pages, count, ret_extents, ret_extent_count);
	}
	mutex_unlock(&pages->lock);
	return ret;
}

void mmx_pages_give(struct mmx_pages *pages, const struct mmx_extent *extents, u32 extent_count)
{
	u32 i;

	mutex_lock(&pages->lock);
	for (i = 0; i < extent_count; i++) {
		bitmap_clear(pages->used, extents[i].first, extents[i].count);
		pages->free += extents[i].count;
	}
	mutex_unlock(&pages->lock);
}
