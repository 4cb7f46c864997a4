/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Pages of a memory object that are not the region's, but the machine's own: taken from the kernel, or another driver's.
 *
 * They are in use until the backend has released them. If the session ends before that, the GPU may still write there until
 * the backend has answered the wish for another session, or has ended: so long a transport keeps them in its limbo.
 */
#ifndef FRONTEND_LINUX_RAM_H
#define FRONTEND_LINUX_RAM_H

#include <linux/list.h>
#include <linux/types.h>

#include "hv/proto/proto.h"

struct device;
struct dma_buf_attachment;
struct mmx_session;
struct mmx_transport;
struct page;
struct sg_table;

struct mmx_ram {
	struct list_head link; /* mmx_transport.limbo */
	struct device *dev; /* that they are mapped for */
	u64 bytes; /* charged to the session */
	u32 page_count; /* of PAGE_SIZE */
	struct page **pages; /* ours; NULL: another driver's */
	struct sg_table *table;
	struct dma_buf_attachment *attach; /* of another driver's */
	u32 run_count;
	struct mmx_run *runs; /* as the backend is told */
};

/**
 * mmx_ram_alloc() - pages of the kernel's, zeroed, charged to the caller's cgroup
 *
 * Return: -ENOSPC: there are no spaces, or not so much may be registered, or what the kernel has is not in them; -ENOMEM.
 */
struct mmx_ram *mmx_ram_alloc(struct mmx_session *s, u32 page_count);
/**
 * mmx_ram_import() - another driver's
 * @attach, @table: the RAM's from now on, if this succeeds
 *
 * Return: -EINVAL: the GPU can't reach all of it; -ENOSPC: not so much may be registered; -ENOMEM.
 */
struct mmx_ram *mmx_ram_import(struct mmx_session *s, struct dma_buf_attachment *attach,
			       struct sg_table *table);
/* What was imported stays the caller's after all. */
void mmx_ram_disown(struct mmx_ram *ram);

/* The backend has released it, or never knew it. */
void mmx_ram_free(struct mmx_session *s, struct mmx_ram *ram);
/* The session has ended before that. */
void mmx_ram_abandon(struct mmx_session *s, struct mmx_ram *ram);

/* A session begins on the transport. Return: its number. */
u64 mmx_ram_begin(struct mmx_transport *t);
/* The backend has nothing any more of the sessions that have begun so far. */
void mmx_ram_settle(struct mmx_transport *t);

#endif
