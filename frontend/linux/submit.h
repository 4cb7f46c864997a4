/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A batch of jobs of one ioctl, with the sync ops that each came with: all of them are pushed, or none.
 *
 *	mmx_batch_create(), mmx_batch_add() for each job, mmx_batch_push(), mmx_batch_free()
 */
#ifndef FRONTEND_LINUX_SUBMIT_H
#define FRONTEND_LINUX_SUBMIT_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "frontend/core/panthor_abi.h"

struct drm_file;
struct mmx_job;

struct mmx_batch_job {
	struct mmx_job *job; /* NULL once it is the scheduler's */
	struct pan_sync_op *syncs;
	u32 sync_count;
};

struct mmx_batch {
	struct drm_file *file;
	struct list_head signals;
	u32 count;
	struct mmx_batch_job jobs[];
};

struct mmx_batch *mmx_batch_create(struct drm_file *file, u32 max_jobs);
/* Takes the job over, also if this fails. */
int mmx_batch_add(struct mmx_batch *batch, struct mmx_job *job, const struct pan_array *syncs);
/* @lock: of who owns the jobs' queues, so that fences and jobs of a queue have the same order */
int mmx_batch_push(struct mmx_batch *batch, struct mutex *lock);
void mmx_batch_free(struct mmx_batch *batch);

#endif
