/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What implementations of a device have in common. */
#ifndef BACKEND_DEVICE_DEVICE_PRIV_H
#define BACKEND_DEVICE_DEVICE_PRIV_H

#include "backend/device/device.h"

/* An eventfd a line. Return: 0 or -errno, and then there is none. */
int mmx_device_open_irqs(int ret_fds[MMX_IRQ_COUNT]);
void mmx_device_close_irqs(const int fds[MMX_IRQ_COUNT]);

/* A map of one run; where that is, the caller fills in. Return: 0 or -ENOMEM. */
int mmx_dma_map_init(struct mmx_dma_map *map, uint64_t size, bool writable);
void mmx_dma_map_finish(struct mmx_dma_map *map);

/* A sealed memfd of zeroes, and where it is mapped in this process. Return: 0 or -errno, and then there is none. */
int mmx_memory_create(size_t size, int *ret_fd, void **ret_cpu);

#endif
