// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The allocator of device addresses: a sorted array of gaps. Called by devices from map and unmap.
 *
 * Between n allocations there are at most n + 1 gaps; each allocation makes sure that the array can hold those,
 * so giving back never needs memory.
 */
#include "backend/device/iova.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "backend/device/dma.h"

int mmx_iova_init(struct mmx_iova_space *space, uint64_t start, uint64_t end)
{
	enum {
		INITIAL = 16
	};

	assert(start && start < end && !((start | end) & (MMX_PAGE_SIZE - 1)));
	*space = (struct mmx_iova_space){ 0 };
	space->gaps = malloc(INITIAL * sizeof(*space->gaps));
	if (!space->gaps)
		return -ENOMEM;
	space->gap_capacity = INITIAL;
	space->gaps[0] = (struct mmx_iova_range){ start, end };
	space->gap_count = 1;
	return 0;
}

void mmx_iova_finish(struct mmx_iova_space *space)
{
	free(space->gaps);
	*space = (struct mmx_iova_space){ 0 };
}

static void gap_remove(struct mmx_iova_space *space, size_t i)
{
	space->gap_count--;
	memmove(&space->gaps[i], &space->gaps[i + 1],
		(space->gap_count - i) * sizeof(*space->gaps));
}

static void gap_insert(struct mmx_iova_space *space, size_t i, uint64_t start, uint64_t end)
{
	assert(space->gap_count < space->gap_capacity);
	memmove(&space->gaps[i + 1], &space->gaps[i],
		(space->gap_count - i) * sizeof(*space->gaps));
	space->gap_count++;
	space->gaps[i] = (struct mmx_iova_range){ start, end };
}

/* Room for the gaps between one allocation more than there are. */
static int reserve(struct mmx_iova_space *space)
{
	struct mmx_iova_range *gaps;
	size_t capacity = space->gap_capacity;

	if (space->live + 2 <= capacity)
		return 0;
	gaps = realloc(space->gaps, 2 * capacity * sizeof(*gaps));
	if (!gaps)
		return -ENOMEM;
	space->gaps = gaps;
	space->gap_capacity = 2 * capacity;
	return 0;
}

int mmx_iova_alloc(struct mmx_iova_space *space, uint64_t size, uint64_t *ret_addr)
{
	uint64_t align = size >= MMX_BLOCK_SIZE ? MMX_BLOCK_SIZE : MMX_PAGE_SIZE;
	size_t i;
	int r;

	if (!size || size & (MMX_PAGE_SIZE - 1))
		return -EINVAL;
	r = reserve(space);
	if (r < 0)
		return r;
	for (i = 0; i < space->gap_count; i++) {
		struct mmx_iova_range gap = space->gaps[i];
		uint64_t start = (gap.start + align - 1) & ~(align - 1);

		if (start < gap.start || start >= gap.end || gap.end - start < size)
			continue;
		space->live++;
		if (start > gap.start && start + size < gap.end) {
			space->gaps[i].end = start;
			gap_insert(space, i + 1, start + size, gap.end);
		} else if (start > gap.start) {
			space->gaps[i].end = start;
		} else if (start + size < gap.end) {
			space->gaps[i].start = start + size;
		} else {
			gap_remove(space, i);
		}
		*ret_addr = start;
		return 0;
	}
	return -ENOSPC;
}

void mmx_iova_free(struct mmx_iova_space *space, uint64_t addr, uint64_t size)
{
	size_t low = 0, high = space->gap_count, mid;
	bool joins_left, joins_right;

	/* the first gap above */
	while (low < high) {
		mid = low + (high - low) / 2;
		if (space->gaps[mid].start < addr)
			low = mid + 1;
		else
			high = mid;
	}
	assert(space->live);
	assert(!low || space->gaps[low - 1].end <= addr);
	assert(low == space->gap_count || addr + size <= space->gaps[low].start);
	space->live--;
	joins_left = low && space->gaps[low - 1].end == addr;
	joins_right = low < space->gap_count && space->gaps[low].start == addr + size;
	if (joins_left && joins_right) {
		space->gaps[low - 1].end = space->gaps[low].end;
		gap_remove(space, low);
	} else if (joins_left) {
		space->gaps[low - 1].end = addr + size;
	} else if (joins_right) {
		space->gaps[low].start = addr;
	} else {
		gap_insert(space, low, addr, addr + size);
	}
}
