// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Sync ops of a batch, as the uAPI has them (frontend/core/uapi.h, at the end of its first comment): what is signalled
 * anywhere in a batch is known before anything is waited for, and a wait for such a point takes the fence that an earlier
 * job of the batch has put there.
 *
 * Whatever can fail is done before the first job is pushed. A job that is armed and not pushed only leaves a hole in its
 * queue's numbers: nobody has seen its fence.
 */
#include "frontend/linux/submit.h"

#include <drm/drm_syncobj.h>
#include <linux/dma-fence-chain.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "frontend/linux/drv.h"
#include "frontend/linux/job.h"

struct sync_signal {
	struct list_head link;
	u32 handle;
	u64 point;
	struct drm_syncobj *syncobj;
	struct dma_fence_chain *chain; /* NULL if point is 0 */
	struct dma_fence *fence; /* what is there, or will be; may be NULL */
};

struct mmx_batch *mmx_batch_create(struct drm_file *file, u32 max_jobs)
{
	struct mmx_batch *batch;

	batch = kvzalloc(struct_size(batch, jobs, max_jobs), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!batch)
		return NULL;
	batch->file = file;
	INIT_LIST_HEAD(&batch->signals);
	return batch;
}

int mmx_batch_add(struct mmx_batch *batch, struct mmx_job *job, const struct pan_array *syncs)
{
	struct mmx_batch_job *entry = &batch->jobs[batch->count++];

	entry->job = job;
	entry->syncs = mmx_copy_array(syncs, PAN_SYNC_OP_MIN_SIZE, sizeof(*entry->syncs));
	if (IS_ERR(entry->syncs)) {
		int ret = PTR_ERR(entry->syncs);

		entry->syncs = NULL;
		return ret;
	}
	entry->sync_count = entry->syncs ? syncs->count : 0;
	return 0;
}

static void free_signal(struct sync_signal *signal)
{
	list_del(&signal->link);
	dma_fence_put(signal->fence);
	dma_fence_chain_free(signal->chain);
	if (signal->syncobj)
		drm_syncobj_put(signal->syncobj);
	kfree(signal);
}

void mmx_batch_free(struct mmx_batch *batch)
{
	struct sync_signal *signal, *next;
	u32 i;

	list_for_each_entry_safe(signal, next, &batch->signals, link)
		free_signal(signal);
	for (i = 0; i < batch->count; i++) {
		if (batch->jobs[i].job)
			mmx_job_free(batch->jobs[i].job);
		kvfree(batch->jobs[i].syncs);
	}
	kvfree(batch);
}

static struct sync_signal *find_signal(struct mmx_batch *batch, const struct pan_sync_op *op)
{
	struct sync_signal *signal;

	list_for_each_entry(signal, &batch->signals, link)
		if (signal->handle == op->handle && signal->point == op->timeline_value)
			return signal;
	return NULL;
}

static int add_signal(struct mmx_batch *batch, const struct pan_sync_op *op)
{
	struct sync_signal *signal;

	if (find_signal(batch, op))
		return 0;
	signal = kzalloc(sizeof(*signal), GFP_KERNEL_ACCOUNT);
	if (!signal)
		return -ENOMEM;
	list_add_tail(&signal->link, &batch->signals);
	signal->handle = op->handle;
	signal->point = op->timeline_value;
	if (signal->point) {
		signal->chain = dma_fence_chain_alloc();
		if (!signal->chain)
			return -ENOMEM;
	}
	signal->syncobj = drm_syncobj_find(batch->file, op->handle);
	if (!signal->syncobj)
		return -EINVAL;
	/* what is there now is for a wait in the batch; there need not be anything */
	if (drm_syncobj_find_fence(batch->file, op->handle, op->timeline_value, 0, &signal->fence))
		signal->fence = NULL;
	return 0;
}

/* Batches are as long as their caller likes. */
static int breathe(void)
{
	cond_resched();
	return fatal_signal_pending(current) ? -EINTR : 0;
}

static int collect_signals(struct mmx_batch *batch, const struct mmx_batch_job *entry)
{
	const struct pan_sync_op *op;
	int ret = 0;
	u32 i;

	for (i = 0; i < entry->sync_count && !ret; i++) {
		op = &entry->syncs[i];
		if (!mmx_uapi_sync_signals(op))
			continue;
		ret = mmx_uapi_check_sync_op(op);
		if (!ret)
			ret = add_signal(batch, op);
		if (!ret)
			ret = breathe();
	}
	return ret;
}

static int add_wait(struct mmx_batch *batch, struct mmx_job *job, const struct pan_sync_op *op)
{
	struct dma_fence *fence = NULL;
	struct sync_signal *signal;
	int ret;

	ret = mmx_uapi_check_sync_op(op);
	if (ret)
		return ret;
	signal = find_signal(batch, op);
	if (signal) {
		if (!signal->fence)
			return -EINVAL;
		fence = dma_fence_get(signal->fence);
	} else {
		ret = drm_syncobj_find_fence(batch->file, op->handle, op->timeline_value, 0,
					     &fence);
		if (ret)
			return ret;
	}
	ret = mmx_job_depend(job, fence);
	dma_fence_put(fence);
	return ret;
}

/* Its waits, then its fence to where it signals. */
static int arm(struct mmx_batch *batch, const struct mmx_batch_job *entry)
{
	struct sync_signal *signal;
	struct dma_fence *done;
	int ret = 0;
	u32 i;

	for (i = 0; i < entry->sync_count && !ret; i++) {
		if (!mmx_uapi_sync_signals(&entry->syncs[i]))
			ret = add_wait(batch, entry->job, &entry->syncs[i]);
		if (!ret)
			ret = breathe();
	}
	if (ret)
		return ret;
	drm_sched_job_arm(&entry->job->base);
	done = &entry->job->base.s_fence->finished;
	for (i = 0; i < entry->sync_count; i++) {
		if (!mmx_uapi_sync_signals(&entry->syncs[i]))
			continue;
		signal = find_signal(batch, &entry->syncs[i]);
		dma_fence_put(signal->fence);
		signal->fence = dma_fence_get(done);
	}
	return 0;
}

static void publish(struct sync_signal *signal)
{
	if (signal->chain) {
		/* takes the chain, and a reference of its own to the fence */
		drm_syncobj_add_point(signal->syncobj, signal->chain, signal->fence, signal->point);
		signal->chain = NULL;
	} else {
		drm_syncobj_replace_fence(signal->syncobj, signal->fence);
	}
}

int mmx_batch_push(struct mmx_batch *batch, struct mutex *lock)
{
	struct sync_signal *signal;
	int ret = 0;
	u32 i;

	for (i = 0; i < batch->count && !ret; i++)
		ret = collect_signals(batch, &batch->jobs[i]);
	if (!ret)
		ret = mutex_lock_interruptible(lock);
	if (ret)
		return ret;
	for (i = 0; i < batch->count && !ret; i++)
		ret = arm(batch, &batch->jobs[i]);
	for (i = 0; i < batch->count && !ret; i++) {
		struct mmx_job *job = batch->jobs[i].job;

		/* it may be freed at once */
		batch->jobs[i].job = NULL;
		drm_sched_entity_push_job(&job->base);
	}
	mutex_unlock(lock);
	if (ret)
		return ret;
	list_for_each_entry(signal, &batch->signals, link)
		publish(signal);
	return 0;
}
