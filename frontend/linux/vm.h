/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Address spaces of the GPU, and their tiler heaps. */
#ifndef FRONTEND_LINUX_VM_H
#define FRONTEND_LINUX_VM_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "frontend/linux/job.h"

struct drm_device;
struct drm_file;
struct mmx_device;
struct mmx_file;

/*
 * Held by the file's table, by its groups, by buffers that are for it alone, and by jobs of its queue. Destroyed (in the
 * backend) when it leaves the table, freed with the last reference.
 */
struct mmx_vm {
	struct kref ref;
	struct work_struct release_work;
	struct mmx_device *dev;
	u32 name;
	u64 user_va_range;
	struct mmx_queue queue; /* of asynchronous binds */
	struct mutex lock; /* order of the queue */
	bool unusable; /* a bind failed when it was carried out: once and for all */
	struct mutex heap_lock; /* the two below */
	bool has_heaps; /* or had */
	struct xarray heaps; /* names, as values, by id */
};

/* Return: a reference, or NULL. */
struct mmx_vm *mmx_vm_find(struct mmx_file *file, u32 id);
void mmx_vm_get(struct mmx_vm *vm);
void mmx_vm_put(struct mmx_vm *vm);
/* Before the message that destroys it, and after its answer; also part of its client's end. */
void mmx_vm_close(struct mmx_vm *vm);
void mmx_vm_retire(struct mmx_vm *vm);

int mmx_ioctl_vm_create(struct drm_device *drm, void *data, struct drm_file *file);
int mmx_ioctl_vm_destroy(struct drm_device *drm, void *data, struct drm_file *file);
int mmx_ioctl_vm_get_state(struct drm_device *drm, void *data, struct drm_file *file);
/* bind.c */
int mmx_ioctl_vm_bind(struct drm_device *drm, void *data, struct drm_file *file);
/* heap.c */
int mmx_ioctl_tiler_heap_create(struct drm_device *drm, void *data, struct drm_file *file);
int mmx_ioctl_tiler_heap_destroy(struct drm_device *drm, void *data, struct drm_file *file);
/* The VM is gone, and its heaps with it. */
void mmx_heaps_retire(struct mmx_vm *vm);

/* Asks whether it is usable. Return: 0 or 1; a negative errno. */
int mmx_vm_ask_state(struct mmx_vm *vm);

#endif
