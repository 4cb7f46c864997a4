/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Device addresses for memory that is mapped for DMA, where the device layer chooses them: 4 KiB granule, first
 * fit from below; ranges of 2 MiB and more start at a multiple of 2 MiB, so that 2 MiB blocks can map them.
 */
#ifndef BACKEND_DEVICE_IOVA_H
#define BACKEND_DEVICE_IOVA_H

#include <stddef.h>
#include <stdint.h>

/*
 * Not 0, which is "no page" to too many; above 4 GiB, so that an address that was cut to 32 bits is a fault
 * and not someone's memory; and within the 40 bits of physical address that CSF GPUs announce (MMU_FEATURES).
 */
#define MMX_IOVA_START 0x100000000ull
#define MMX_IOVA_END   0x10000000000ull

struct mmx_iova_range {
	uint64_t start, end;
};

struct mmx_iova_space {
	struct mmx_iova_range *gaps; /* free, by address, never adjacent */
	size_t gap_count, gap_capacity;
	size_t live; /* allocations */
};

/* [start, end), both multiples of 4 KiB, start > 0. Return: 0 or -ENOMEM. */
int mmx_iova_init(struct mmx_iova_space *space, uint64_t start, uint64_t end);
/* Legal on a zeroed space, and twice. */
void mmx_iova_finish(struct mmx_iova_space *space);

/* @size: a multiple of 4 KiB. Return: 0; -EINVAL; -ENOSPC; -ENOMEM. */
int mmx_iova_alloc(struct mmx_iova_space *space, uint64_t size, uint64_t *ret_addr);
/* Exactly a range that mmx_iova_alloc() gave. Never fails. */
void mmx_iova_free(struct mmx_iova_space *space, uint64_t addr, uint64_t size);

#endif
