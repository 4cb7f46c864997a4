/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Buffers. */
#ifndef FRONTEND_LINUX_GEM_H
#define FRONTEND_LINUX_GEM_H

#include <drm/drm_gem.h>
#include <linux/sched.h>

#include "frontend/linux/mem.h"

struct mmx_vm;

struct mmx_bo {
	struct drm_gem_object base;
	struct mmx_mem *mem;
	struct mmx_vm *exclusive; /* may be NULL: for any VM, and other drivers */
	u32 flags; /* PAN_BO_* that it was created with */
	char creator[TASK_COMM_LEN];
	pid_t pid;
	struct mutex label_lock;
	char *label; /* may be NULL */
	struct list_head link; /* mmx_device.bos; empty if it is not there */
};

static inline struct mmx_bo *mmx_bo_from(struct drm_gem_object *obj)
{
	return container_of(obj, struct mmx_bo, base);
}

/* Of another driver's: DRM's callback. */
struct drm_gem_object *mmx_gem_import(struct drm_device *drm, struct dma_buf_attachment *attach,
				      struct sg_table *table);

struct seq_file;
/* For debugfs: all buffers of a device. */
int mmx_gem_show(struct seq_file *m, void *data);

int mmx_ioctl_bo_create(struct drm_device *drm, void *data, struct drm_file *file);
int mmx_ioctl_bo_mmap_offset(struct drm_device *drm, void *data, struct drm_file *file);
int mmx_ioctl_bo_set_label(struct drm_device *drm, void *data, struct drm_file *file);
int mmx_ioctl_bo_sync(struct drm_device *drm, void *data, struct drm_file *file);
int mmx_ioctl_bo_query_info(struct drm_device *drm, void *data, struct drm_file *file);

#endif
