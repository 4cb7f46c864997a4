/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Groups of queues, and submission to them. */
#ifndef FRONTEND_LINUX_GROUP_H
#define FRONTEND_LINUX_GROUP_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "frontend/linux/job.h"

struct drm_device;
struct drm_file;
struct mmx_device;
struct mmx_file;
struct mmx_vm;

/*
 * Held by the file's table and by its jobs. Destroyed (in the backend) when it leaves the table, freed with the last
 * reference.
 */
struct mmx_group {
	struct kref ref;
	struct work_struct release_work;
	struct mmx_device *dev;
	struct mmx_vm *vm;
	u32 name;
	struct mutex lock; /* order of the queues, and the two below */
	bool dead; /* the backend takes no more jobs: once and for all */
	int faults; /* of the session, when it was last asked for the state */
	u32 queue_count;
	struct mmx_queue queues[];
};

/* Before the message that destroys it, and after its answer; also part of its client's end. */
void mmx_group_close(struct mmx_group *group);
void mmx_group_retire(struct mmx_group *group);
void mmx_group_put(struct mmx_group *group);
u64 mmx_group_gpu_time_ns(const struct mmx_group *group);

int mmx_ioctl_group_create(struct drm_device *drm, void *data, struct drm_file *file);
int mmx_ioctl_group_destroy(struct drm_device *drm, void *data, struct drm_file *file);
int mmx_ioctl_group_get_state(struct drm_device *drm, void *data, struct drm_file *file);
int mmx_ioctl_group_submit(struct drm_device *drm, void *data, struct drm_file *file);

#endif
