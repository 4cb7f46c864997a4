// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Queues and jobs. A job belongs to whoever prepares it until it is pushed, then to the scheduler, which frees it when
 * its fence has been signalled.
 *
 * A dependency on a job of our own session becomes two things: this job is not sent before that one was (the
 * scheduler waits for its 'scheduled' fence), and what is sent has a wait for it. So the backend never sees a wait for
 * a job that it does not know yet.
 */
#include "frontend/linux/job.h"

#include <linux/dma-fence-unwrap.h>
#include <linux/slab.h>

#include "frontend/linux/compat.h"
#include "frontend/linux/drv.h"

static bool is_signaled(struct dma_fence *fence)
{
	return test_bit(DMA_FENCE_FLAG_SIGNALED_BIT, &fence->flags);
}

/* What is still to be waited for. */
static u32 fill_waits(const struct mmx_job *job, struct mmx_wait *waits)
{
	struct drm_sched_fence *fence;
	struct mmx_fence *ours;
	u32 i, count = 0;

	for (i = 0; i < job->wait_count; i++) {
		fence = to_drm_sched_fence(job->waits[i]);
		/*
		 * A parent that is signalled may be of one that was not sent, and fails. It was set before the 'scheduled'
		 * fence that let this job go.
		 */
		if (is_signaled(job->waits[i]) || !READ_ONCE(fence->parent))
			continue;
		ours = mmx_fence_from(fence->parent);
		/*
		 * One whose group is about to be destroyed ends with that, and its name may be unknown by now: the message
		 * that destroys it is before this one.
		 */
		if (!ours || is_signaled(&ours->base) || ours->timeline->closed ||
		    ours->timeline == job->queue->timeline)
			continue;
		waits[count++] =
			(struct mmx_wait){ .timeline = ours->timeline->name, .seqno = ours->seqno };
	}
	return count;
}

static int encode(struct mmx_tx *tx, union mmx_msg_buf *buf)
{
	struct mmx_job *job = container_of(tx, struct mmx_job, tx);
	struct mmx_wait waits[MMX_SUBMIT_MAX_WAITS];
	u32 count = fill_waits(job, waits);

	return job->ops->encode(job, buf, mmx_timeline_tag(job->submitted), job->submitted->seqno,
				waits, count);
}

static void sent(struct mmx_tx *tx)
{
	mmx_timeline_sent(container_of(tx, struct mmx_job, tx)->submitted);
}

static struct dma_fence *run_job(struct drm_sched_job *base)
{
	struct mmx_job *job = container_of(base, struct mmx_job, base);
	struct mmx_fence *fence = job->fence;
	bool signalling = dma_fence_begin_signalling();
	int ret;

	/* before the other side can complete it */
	job->submitted = fence;
	ret = mmx_timeline_submit(job->queue->timeline, fence, &job->tx);
	/* not as an error: the scheduler's fence has to hold one of ours, see mmx_timeline.sched */
	if (ret)
		mmx_timeline_fail(job->queue->timeline, fence, ret);
	dma_fence_end_signalling(signalling);
	job->fence = NULL;
	return &fence->base;
}

static void free_job(struct drm_sched_job *base)
{
	mmx_job_free(container_of(base, struct mmx_job, base));
}

static const struct drm_sched_backend_ops sched_ops = {
	.run_job = run_job,
	.free_job = free_job,
};

int mmx_queue_init(struct mmx_queue *queue, struct mmx_session *s, struct device *dev)
{
	u32 credits = min(s->limits.max_jobs, MMX_TIMELINE_MAX_JOBS);
	struct mmx_timeline *timeline = mmx_timeline_create(s);
	struct drm_gpu_scheduler *sched;
	int ret;

	if (IS_ERR(timeline))
		return PTR_ERR(timeline);
	sched = &timeline->sched;
	ret = mmx_sched_init(sched, &sched_ops, mmx_sched_wq, credits, dev);
	if (ret)
		goto err_timeline;
	ret = drm_sched_entity_init(&queue->entity, DRM_SCHED_PRIORITY_KERNEL, &sched, 1, NULL);
	if (ret)
		goto err_sched;
	queue->timeline = timeline;
	return 0;

err_sched:
	drm_sched_fini(sched);
err_timeline:
	mmx_timeline_retire(timeline, -ECANCELED);
	mmx_timeline_put(timeline);
	return ret;
}

void mmx_queue_finish(struct mmx_queue *queue)
{
	if (!queue->timeline)
		return;
	drm_sched_entity_destroy(&queue->entity);
	drm_sched_fini(&queue->timeline->sched);
	mmx_timeline_retire(queue->timeline, -ECANCELED);
	mmx_timeline_put(queue->timeline);
	queue->timeline = NULL;
}

int mmx_job_init(struct mmx_job *job, const struct mmx_job_ops *ops, struct mmx_queue *queue,
		 u64 client)
{
	struct mmx_session *s = queue->timeline->session;
	int ret = -ENOMEM;

	job->ops = ops;
	job->queue = queue;
	job->tx.encode = encode;
	job->tx.sent = sent;
	INIT_LIST_HEAD(&job->tx.link);
	job->wait_limit = min_t(u32, s->limits.max_waits, MMX_SUBMIT_MAX_WAITS);
	job->fence = mmx_fence_alloc();
	if (job->fence)
		ret = mmx_sched_job_init(&job->base, &queue->entity, s, client);
	if (!ret)
		return 0;
	mmx_fence_free(job->fence);
	ops->release(job);
	kfree(job);
	return ret;
}

void mmx_job_free(struct mmx_job *job)
{
	u32 i;

	drm_sched_job_cleanup(&job->base);
	for (i = 0; i < job->wait_count; i++)
		dma_fence_put(job->waits[i]);
	mmx_fence_free(job->fence);
	job->ops->release(job);
	kfree(job);
}

/* Return: the backend will wait for it, so it is enough for this job that it was sent. */
static bool pass_down(struct mmx_job *job, struct drm_sched_fence *fence)
{
	struct dma_fence *finished = &fence->finished;
	u32 i;

	for (i = 0; i < job->wait_count; i++) {
		if (job->waits[i]->context != finished->context)
			continue;
		if (dma_fence_is_later(finished, job->waits[i])) {
			dma_fence_put(job->waits[i]);
			job->waits[i] = dma_fence_get(finished);
		}
		return true;
	}
	if (job->wait_count == job->wait_limit)
		return false;
	job->waits[job->wait_count++] = dma_fence_get(finished);
	return true;
}

int mmx_job_depend(struct mmx_job *job, struct dma_fence *fence)
{
	struct mmx_session *s = job->queue->timeline->session;
	struct drm_sched_fence *sched_fence;
	struct dma_fence_unwrap cursor;
	struct dma_fence *one, *on;
	int ret = 0;

	dma_fence_unwrap_for_each(one, &cursor, fence) {
		if (ret || dma_fence_is_signaled(one))
			continue;
		on = one;
		sched_fence = to_drm_sched_fence(one);
		if (sched_fence && sched_fence->owner == s && one == &sched_fence->finished &&
		    pass_down(job, sched_fence))
			on = &sched_fence->scheduled;
		/* takes the reference, also if it fails */
		ret = drm_sched_job_add_dependency(&job->base, dma_fence_get(on));
	}
	return ret;
}
