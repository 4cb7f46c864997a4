/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The DRM device of a session, its files, and what the ioctls share.
 *
 *	drv.c     the driver, its device and module     file.c   opening and closing, fdinfo, the flush-id page
 *	query.c   DEV_QUERY                             gem.c    buffers
 *	vm.c      address spaces and binds              heap.c   tiler heaps
 *	group.c   groups and submission                 submit.c batches: sync ops, dependencies
 *	job.c     queues: what waits in the guest, what is passed down
 *	copy.c    arrays and objects of the caller
 *
 * What may outlive the file that it came from (groups and VMs with jobs that wait, buffers) holds the DRM device, and
 * groups and VMs hold the module, as they free themselves by work of its own.
 */
#ifndef FRONTEND_LINUX_DRV_H
#define FRONTEND_LINUX_DRV_H

#include <drm/drm_device.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

#include "frontend/core/uapi.h"
#include "frontend/linux/session.h"
#include "frontend/linux/transport.h"

struct drm_printer;
struct vm_area_struct;

#define MMX_PLATFORM_NAME "malimux"

struct mmx_device {
	struct drm_device drm;
	struct mmx_session session;
	struct mmx_uapi_gpu gpu;
	struct list_head link; /* mmx_transport.devices */
	struct page *flush_page; /* zero: every job flushes */
	struct mutex bos_lock; /* outside of mmx_bo.label_lock */
	struct list_head bos; /* mmx_bo.link */
	/* Has the first mmap offset, 4 GiB, which some programs take for 0. Upstream the firmware's has. */
	struct drm_gem_object first;
};

static inline struct mmx_device *mmx_device_from(struct drm_device *drm)
{
	return container_of(drm, struct mmx_device, drm);
}

struct mmx_file {
	struct mmx_device *dev;
	struct mutex client_lock;
	u32 client; /* name; 0 = the backend has none for it yet. There is one before a VM can be found */
	struct xarray vms; /* struct mmx_vm by id; its lock guards their references */
	struct xarray groups; /* struct mmx_group by handle; likewise */
	u64 mmio_offset;
	atomic64_t gpu_time_ns; /* of groups that are gone */
};

/* Work of schedulers, where jobs go on their way; and all other work of this module. */
extern struct workqueue_struct *mmx_sched_wq;

int mmx_drv_init(void);
void mmx_drv_exit(void);

/* file.c */
int mmx_file_open(struct drm_device *drm, struct drm_file *file);
void mmx_file_close(struct drm_device *drm, struct drm_file *file);
void mmx_file_show(struct drm_printer *p, struct drm_file *file);
int mmx_file_mmap(struct file *filp, struct vm_area_struct *vma);
/* Its name, with which VMs and groups are created. The first call creates it. */
int mmx_file_client(struct mmx_file *priv, u32 *ret_client);
/* May the caller have high priorities? */
bool mmx_file_may_raise(struct drm_file *file);
int mmx_ioctl_set_user_mmio_offset(struct drm_device *drm, void *data, struct drm_file *file);

/* query.c */
int mmx_ioctl_dev_query(struct drm_device *drm, void *data, struct drm_file *file);

/* copy.c */
/* Return: the array, to be freed with kvfree(); NULL if its count is 0; an error. */
void *mmx_copy_array(const struct pan_array *array, u32 min_stride, u32 size);
/* Return: 0; -EINVAL, -EFAULT */
int mmx_copy_out(u64 to, u32 to_size, u32 min_size, const void *from, u32 size);

#endif
