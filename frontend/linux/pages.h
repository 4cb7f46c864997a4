/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Pages of the region's data area: who has which. Pages here are the kernel's (PAGE_SIZE), counted from the area's
 * first one that is aligned to that.
 */
#ifndef FRONTEND_LINUX_PAGES_H
#define FRONTEND_LINUX_PAGES_H

#include <linux/mutex.h>
#include <linux/types.h>

struct mmx_extent {
	u32 first;
	u32 count;
	u32 at; /* pages of the list before this one */
};

struct mmx_pages {
	struct mutex lock;
	unsigned long *used;
	u32 count;
	u32 free;
	u32 next; /* where to look first */
};

int mmx_pages_init(struct mmx_pages *pages, u32 count);
void mmx_pages_finish(struct mmx_pages *pages);

/**
 * mmx_pages_take() - takes pages, as few extents as can be; large ones begin where a huge page can
 *
 * Return: 0; -ENOSPC: not that many are free now; -ENOMEM.
 */
int mmx_pages_take(struct mmx_pages *pages, u32 count, struct mmx_extent **ret_extents,
		   u32 *ret_extent_count);

/* Gives them back. The list stays the caller's: kvfree(). */
void mmx_pages_give(struct mmx_pages *pages, const struct mmx_extent *extents, u32 extent_count);

#endif
