/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A timeline of the wire: jobs with ascending seqnos, each with a fence that the backend's events signal in order.
 *
 * A job's seqno is taken when it is queued for the ring, under the session's tx_lock, so it is submitted in that order.
 * A job that is refused takes no seqno in the backend, and none behind it is taken then: the timeline is at its end.
 */
#ifndef FRONTEND_LINUX_TIMELINE_H
#define FRONTEND_LINUX_TIMELINE_H

#include <drm/gpu_scheduler.h>
#include <linux/dma-fence.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "frontend/linux/session.h"

/* A job's tag: this, 15 bits of the seqno, index of the timeline. */
#define MMX_JOB_TAG	       0x80000000u
#define MMX_JOB_TAG_SEQNO_MASK 0x7fffu
/* In flight on one timeline; the backend may allow fewer. What is beyond waits in the guest. */
#define MMX_TIMELINE_MAX_JOBS 128u

struct mmx_timeline {
	struct kref ref;
	struct rcu_head rcu;
	struct mmx_session *session;
	u32 name;
	u64 context; /* of its fences */

	/* session.tx_lock */
	u64 submitted;
	bool closed; /* nothing more will be submitted: its owner is about to be destroyed */
	int refused; /* 0, or how a job was refused: no other is taken */

	spinlock_t lock;
	struct list_head pending; /* mmx_fence.link, by seqno */
	u64 sent; /* that are in the ring */
	u64 completed;
	u64 refused_from; /* seqno of the first that was refused; 0 = none */

	bool failed; /* a job has; to be cleared by who looks into it */

	/*
	 * The queue's (job.h). Here, since drm_sched's fences look at it for as long as they live, whoever holds them, and they
	 * hold the fences of ours, which hold this.
	 */
	struct drm_gpu_scheduler sched;
};

struct mmx_fence {
	struct dma_fence base;
	spinlock_t lock;
	struct list_head link;
	struct mmx_timeline *timeline;
	u64 seqno;
};

/* Return: a timeline with a name; -EBUSY: there is none left; -ENOMEM. */
struct mmx_timeline *mmx_timeline_create(struct mmx_session *s);
void mmx_timeline_get(struct mmx_timeline *tl);
void mmx_timeline_put(struct mmx_timeline *tl);
/* Nothing is submitted from now on; before the message that destroys its owner is queued. */
void mmx_timeline_close(struct mmx_timeline *tl);
/* The backend does not know it any more: the name is free, and whatever is still pending fails with @error. */
void mmx_timeline_retire(struct mmx_timeline *tl, int error);

/* A fence for one job, or NULL. */
struct mmx_fence *mmx_fence_alloc(void);
/* Only one that was not submitted. */
void mmx_fence_free(struct mmx_fence *fence);
/* NULL if it is none of ours */
struct mmx_fence *mmx_fence_from(struct dma_fence *fence);

/**
 * mmx_timeline_submit() - queues a job
 * @fence: the reference stays the caller's
 * @tx: encodes the job with the fence's seqno; its sent must be mmx_timeline_sent()'s caller
 *
 * Never waits, nor allocates. Return: 0; why not: -ENODEV, -ECANCELED, or how an earlier job was refused.
 */
int mmx_timeline_submit(struct mmx_timeline *tl, struct mmx_fence *fence, struct mmx_tx *tx);
/* Makes of it the fence of a job that was not submitted: signalled, with @error. The reference is the caller's. */
void mmx_timeline_fail(struct mmx_timeline *tl, struct mmx_fence *fence, int error);
/* The fence's job is in the ring. */
void mmx_timeline_sent(struct mmx_fence *fence);
static inline u32 mmx_timeline_tag(const struct mmx_fence *fence)
{
	return MMX_JOB_TAG | ((u32)fence->seqno & MMX_JOB_TAG_SEQNO_MASK) << 16 |
	       (fence->timeline->name & 0xffff);
}

/* Of session.c. Return: 0; -EPROTO: it cannot be. */
int mmx_timeline_event(struct mmx_session *s, const struct mmx_timeline_entry *entry);
int mmx_timeline_refused(struct mmx_session *s, const struct mmx_decoded_reply *reply);
void mmx_timelines_fail(struct mmx_session *s);

#endif
