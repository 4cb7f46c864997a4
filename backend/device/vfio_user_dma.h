/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Memory that a vfio-user server may reach: device addresses, and the files behind them for servers that ask by
 * message.
 *
 * The server gets the descriptor of a file that can't be cut short any more (F_SEAL_SHRINK), and maps it. It could not
 * survive otherwise: a page that is not there is a SIGBUS. So all other files are reached by message only, and here by way of
 * the kernel, from which such a page is an error: process_vm_readv() and its sister on a mapping that nobody touches.
 * (Writing to the file would make it longer instead, wait for whoever punches holes into it, and is not possible on
 * hugetlbfs.)
 */
#ifndef BACKEND_DEVICE_VFIO_USER_DMA_H
#define BACKEND_DEVICE_VFIO_USER_DMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/device/dma_table.h"
#include "backend/device/iova.h"
#include "backend/util/list.h"

struct mmx_vfu_memory {
	struct mmx_iova_space iova;
	struct mmx_dma_table table;
	struct mmx_list
		files; // of descriptors that are ours: one for each file, however many maps it has
};

int mmx_vfu_memory_init(struct mmx_vfu_memory *memory);
/* Closes what is still there. Legal on a zeroed memory. */
void mmx_vfu_memory_finish(struct mmx_vfu_memory *memory);

/*
 * Chooses a device address for a piece of a file. @fd stays the caller's. Return: 0; -EINVAL: not multiples of
 * 4 KiB, or beyond any file; -EACCES: the descriptor's mode does not allow it; -ENOSPC; -ENOMEM; -errno.
 * *ret_by_message: the server must not get the descriptor.
 */
int mmx_vfu_memory_add(struct mmx_vfu_memory *memory, int fd, uint64_t offset, uint64_t size,
		       bool writable, uint64_t *ret_addr, bool *ret_by_message);
/*
 * The same for memory that is mapped in this process, which the server has no file of. It stays there until it is removed, as
 * long as it is. Return: as above.
 */
int mmx_vfu_memory_add_here(struct mmx_vfu_memory *memory, void *cpu, uint64_t size,
			    uint64_t *ret_addr);
void mmx_vfu_memory_remove(struct mmx_vfu_memory *memory, uint64_t addr, uint64_t size);

/* An access by message; all values may be anything but @len, which is not 0. Return: 0 or -EFAULT. */
int mmx_vfu_memory_access(struct mmx_vfu_memory *memory, uint64_t addr, void *buf, size_t len,
			  bool write);

#endif
