/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the client has mapped for DMA. */
#ifndef TOOLS_MODEL_VFU_DMA_H
#define TOOLS_MODEL_VFU_DMA_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/model/vfu_proto.h"

struct mmx_vfu_conn;

/* Ranges that may be mapped at a time: the protocol's default. */
#define MMX_VFU_DMA_RANGES_MAX 65535u

struct mmx_vfu_dma_range {
	uint64_t first, last; /* device addresses, both inclusive */
	uint32_t flags; /* MMX_VFU_DMA_READABLE, MMX_VFU_DMA_WRITEABLE */
	uint8_t *ptr; /* where first is here; NULL = only by messages */
	void *map_base; /* the mapping that holds ptr: whole pages */
	size_t map_len;
};

struct mmx_vfu_dma {
	struct mmx_vfu_dma_range *ranges; /* by address, disjoint */
	size_t count, capacity;
	size_t last_hit; /* index; a guess */
	volatile sig_atomic_t torn; /* the client took memory away that was mapped: see the guard */
};

void mmx_vfu_dma_init(struct mmx_vfu_dma *dma);
void mmx_vfu_dma_finish(struct mmx_vfu_dma *dma);
int mmx_vfu_dma_map(struct mmx_vfu_dma *dma, const struct mmx_vfu_dma_map *map, int fd);
int mmx_vfu_dma_unmap(struct mmx_vfu_dma *dma, const struct mmx_vfu_dma_unmap *unmap);
void *mmx_vfu_dma_ptr(struct mmx_vfu_dma *dma, uint64_t addr, size_t len, bool write);
int mmx_vfu_dma_copy(struct mmx_vfu_dma *dma, struct mmx_vfu_conn *conn, uint64_t addr, void *rbuf,
		     const void *wbuf, size_t len);
int mmx_vfu_dma_guard(struct mmx_vfu_dma *dma);

#endif
