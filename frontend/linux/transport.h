/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What a session needs of its transport: the shared region as memory of the kernel, and a kick.
 *
 * A transport outlives its sessions, and is held by every DRM device that it ever had until that is freed: buffers of
 * a session that has ended keep their pages until the last user closes them. The page allocator is therefore here and
 * not in the session.
 *
 * When the region's memory goes (the PCI device is removed), gone is set with sem held for writing, and all mappings of
 * user space are zapped: whoever makes a new one holds it for reading and looks.
 */
#ifndef FRONTEND_LINUX_TRANSPORT_H
#define FRONTEND_LINUX_TRANSPORT_H

#include <linux/device.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "frontend/linux/pages.h"

struct mmx_session;

/*
 * Of the module: for work that the end of jobs, or memory, may wait for. It may sleep, but not until another work of the
 * queue has ended.
 */
extern struct workqueue_struct *mmx_wq;

struct mmx_transport {
	struct kref ref;
	struct device *dev; /* for the log, and parent of the platform device */
	void *region;
	phys_addr_t phys;
	u64 size; /* mapped */
	void (*kick)(struct mmx_transport *t);
	/* Before a session begins: asks for another one if the one that was had is used up. Return: 0; negative errno */
	int (*renew)(struct mmx_transport *t);
	/* The session's device has been taken away: tells the backend, unless it will hear of the next session at once. */
	void (*leave)(struct mmx_transport *t);
	void (*release)(struct mmx_transport *t);

	struct mutex rx_lock; /* session */
	struct mmx_session *session; /* whom a call of the backend concerns; may be NULL */
	/* The session has ended by itself: its device is to be taken away, and another may be had. */
	struct work_struct ended;

	struct rw_semaphore sem; /* gone, devices */
	bool gone;
	struct list_head devices; /* mmx_device.link */

	struct mmx_pages pages; /* of the data area; made by the first session */
	u64 data_offset, data_size;

	spinlock_t limbo_lock;
	struct list_head limbo; /* mmx_ram.link */
	u64 begun, settled; /* sessions; those of which the backend has nothing any more */
	/*
	 * The data area, write-combined, if the GPU does not see the CPU's caches: a dirty line of a page would be written
	 * back over what programs, whose mappings are write-combined then, or the GPU have put there.
	 */
	void *uncached;
};

static inline void mmx_transport_get(struct mmx_transport *t)
{
	kref_get(&t->ref);
}

void mmx_transport_put(struct mmx_transport *t);

/* From when this has returned nothing calls the former one any more. @session: may be NULL */
void mmx_transport_attach(struct mmx_transport *t, struct mmx_session *session);

/* The backend has called. Sleeps; serialises itself. */
void mmx_transport_called(struct mmx_transport *t);

#endif
