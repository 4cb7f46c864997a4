/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Jobs on their way: a queue is a timeline with a drm_gpu_scheduler before it. A job waits there until foreign fences that
 * it depends on have been signalled, and those of our own queues' jobs have been sent; then it is sent with waits
 * for the latter, and the backend does the rest.
 */
#ifndef FRONTEND_LINUX_JOB_H
#define FRONTEND_LINUX_JOB_H

#include "frontend/linux/timeline.h"

struct mmx_queue {
	struct drm_sched_entity entity;
	struct mmx_timeline *timeline; /* with the scheduler */
};

/* Return: 0; -EBUSY: no timeline is left; -ENOMEM */
int mmx_queue_init(struct mmx_queue *queue, struct mmx_session *s, struct device *dev);
/* No job is in it any more. Waits for its scheduler's work, so never from there. A zeroed one is fine. */
void mmx_queue_finish(struct mmx_queue *queue);

struct mmx_job;

struct mmx_job_ops {
	/* With tx_lock held, like mmx_tx.encode. */
	int (*encode)(struct mmx_job *job, union mmx_msg_buf *buf, u32 tag, u64 seqno,
		      const struct mmx_wait *waits, u32 wait_count);
	/* Drops what the job refers to; the job is freed then. */
	void (*release)(struct mmx_job *job);
};

struct mmx_job {
	struct drm_sched_job base;
	const struct mmx_job_ops *ops;
	struct mmx_queue *queue;
	struct mmx_tx tx;
	struct mmx_fence *fence; /* until it is submitted, ours to free */
	struct mmx_fence *submitted; /* then the timeline's */
	/* Of our own queues, to be waited for by the backend: finished fences of the scheduler. */
	struct dma_fence *waits[MMX_SUBMIT_MAX_WAITS];
	u32 wait_count, wait_limit;
};

/**
 * mmx_job_init() - makes a job of a zeroed one
 * @ops: release is called also if this fails
 *
 * The job is kmalloc()'ed, and begins with @job. Return: 0; -ENOMEM.
 */
int mmx_job_init(struct mmx_job *job, const struct mmx_job_ops *ops, struct mmx_queue *queue,
		 u64 client);
/* Of a job that was not pushed. */
void mmx_job_free(struct mmx_job *job);
/* It waits for all that @fence contains. @fence: the reference stays the caller's. Return: 0; -ENOMEM */
int mmx_job_depend(struct mmx_job *job, struct dma_fence *fence);

#endif
