/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Memory objects of the wire: pages of the data area, or of the machine's own memory, that the backend knows under a name.
 *
 * What is destroyed keeps its pages until the backend has released them, since the GPU may write there until then, or
 * until the session has ended: then nobody gets any before there is another session, and with that the backend has
 * let go of all that the old one had.
 */
#ifndef FRONTEND_LINUX_MEM_H
#define FRONTEND_LINUX_MEM_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "frontend/linux/pages.h"
#include "frontend/linux/ram.h"
#include "frontend/linux/session.h"

struct mmx_mem {
	struct mmx_session *session;
	u32 name;
	u32 page_count; /* of PAGE_SIZE */
	u32 extent_count;
	struct mmx_extent *extents;
	struct mmx_ram *ram; /* in place of extents; may be NULL */

	/* session.lock */
	struct list_head link; /* session.reap */
	bool destroying; /* MEM_DESTROY is about to be sent, or was */
	bool released;
	bool refused; /* the backend does not have it */
};

/**
 * mmx_mem_create() - takes pages, which are zeroed, and registers them
 *
 * They are the region's, or of the machine's own memory if the region has no room, and the backend can reach that.
 *
 * What needs it finds it registered. That the backend does not take it, which has to have room for all pages of the
 * region, is known only when it has answered: refused.
 *
 * Return: a memory object; -ENOMEM: there are not so many pages, also after waiting for those that come back; -ENODEV.
 */
struct mmx_mem *mmx_mem_create(struct mmx_session *s, u64 size);
/**
 * mmx_mem_import() - registers another driver's pages
 *
 * Both are the memory object's if this succeeds. Return: a memory object; -EINVAL: the GPU can't reach them; -ENOSPC: so
 * much of the machine's own memory may not be registered; -ENOMEM; -ENODEV.
 */
struct mmx_mem *mmx_mem_import(struct mmx_session *s, struct dma_buf_attachment *attach,
			       struct sg_table *table);
/* Nobody uses it any more but, perhaps, the GPU. Does not wait. */
void mmx_mem_destroy(struct mmx_mem *mem);
/* Of one that was not imported: the page's number, and how many from there on follow each other. */
unsigned long mmx_mem_pfns(const struct mmx_mem *mem, u32 index, u32 *ret_count);

/* Of session.c */
int mmx_mem_released(struct mmx_session *s, u32 name);
/* A request about it, for whose answer nobody has waited, has failed. */
void mmx_mem_refused(struct mmx_session *s, u32 name, u16 request);
void mmx_mem_reap(struct work_struct *work);
void mmx_mems_free(struct mmx_session *s);

#endif
