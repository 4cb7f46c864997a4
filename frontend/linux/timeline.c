// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Timelines and the fences of their jobs.
 *
 * The session's table has a reference to each timeline that has a name; a fence has one to its timeline. Fences are
 * signalled by the session's poll, by its end, and by mmx_timeline_retire(), from whichever list they were taken off
 * under the timeline's lock: each once, and in order.
 */
#include "frontend/linux/timeline.h"

#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "frontend/core/names.h"

/* ---- fences ---- */

static const char *get_name(struct dma_fence *fence)
{
	return "malimux";
}

static void release_fence(struct dma_fence *base)
{
	struct mmx_fence *fence = container_of(base, struct mmx_fence, base);

	mmx_timeline_put(fence->timeline);
	dma_fence_free(base);
	/* syncobjs and sync files can outlive all files of the device */
	module_put(THIS_MODULE);
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = get_name,
	.get_timeline_name = get_name,
	.release = release_fence,
};

/* dma_fence_free() frees what begins with the fence */
static_assert(offsetof(struct mmx_fence, base) == 0);

struct mmx_fence *mmx_fence_alloc(void)
{
	struct mmx_fence *fence = kzalloc(sizeof(*fence), GFP_KERNEL);

	if (fence) {
		spin_lock_init(&fence->lock);
		INIT_LIST_HEAD(&fence->link);
	}
	return fence;
}

void mmx_fence_free(struct mmx_fence *fence)
{
	kfree(fence);
}

struct mmx_fence *mmx_fence_from(struct dma_fence *fence)
{
	return fence->ops == &fence_ops ? container_of(fence, struct mmx_fence, base) : NULL;
}

/* ---- timelines ---- */

struct mmx_timeline *mmx_timeline_create(struct mmx_session *s)
{
	struct mmx_timeline *tl = kzalloc(sizeof(*tl), GFP_KERNEL);
	int ret;

	if (!tl)
		return ERR_PTR(-ENOMEM);
	ret = mmx_names_take(&s->timeline_names, &tl->name);
	if (ret) {
		kfree(tl);
		return ERR_PTR(ret);
	}
	kref_init(&tl->ref);
	tl->session = s;
	tl->context = dma_fence_context_alloc(1);
	spin_lock_init(&tl->lock);
	INIT_LIST_HEAD(&tl->pending);
	mmx_timeline_get(tl);
	spin_lock(&s->lock);
	s->timelines[mmx_name_index(tl->name)] = tl;
	spin_unlock(&s->lock);
	return tl;
}

static void release_timeline(struct kref *ref)
{
	struct mmx_timeline *tl = container_of(ref, struct mmx_timeline, ref);

	kfree_rcu(tl, rcu);
}

void mmx_timeline_get(struct mmx_timeline *tl)
{
	kref_get(&tl->ref);
}

void mmx_timeline_put(struct mmx_timeline *tl)
{
	kref_put(&tl->ref, release_timeline);
}

/* Return: a reference, or NULL if there is none. */
static struct mmx_timeline *find(struct mmx_session *s, u32 index)
{
	struct mmx_timeline *tl = NULL;

	spin_lock(&s->lock);
	if (s->timelines && index < s->limits.max_timelines)
		tl = s->timelines[index];
	if (tl)
		mmx_timeline_get(tl);
	spin_unlock(&s->lock);
	return tl;
}

/* Signals the pending ones through @seqno. */
static void complete_through(struct mmx_timeline *tl, u64 seqno, int error)
{
	struct mmx_fence *fence, *next;
	LIST_HEAD(done);

	spin_lock(&tl->lock);
	list_for_each_entry_safe(fence, next, &tl->pending, link) {
		if (fence->seqno > seqno)
			break;
		list_move_tail(&fence->link, &done);
	}
	spin_unlock(&tl->lock);
	if (error)
		WRITE_ONCE(tl->failed, true);
	list_for_each_entry_safe(fence, next, &done, link) {
		list_del_init(&fence->link);
		atomic_dec(&tl->session->in_flight);
		if (error)
			dma_fence_set_error(&fence->base, error);
		dma_fence_signal(&fence->base);
		dma_fence_put(&fence->base);
	}
}

void mmx_timeline_close(struct mmx_timeline *tl)
{
	spin_lock(&tl->session->tx_lock);
	tl->closed = true;
	spin_unlock(&tl->session->tx_lock);
}

void mmx_timeline_retire(struct mmx_timeline *tl, int error)
{
	struct mmx_session *s = tl->session;
	u32 index = mmx_name_index(tl->name);
	bool listed;

	mmx_timeline_close(tl);
	spin_lock(&s->lock);
	listed = s->timelines[index] == tl;
	if (listed)
		s->timelines[index] = NULL;
	spin_unlock(&s->lock);
	if (!listed)
		return;
	complete_through(tl, U64_MAX, error);
	mmx_names_give(&s->timeline_names, tl->name);
	mmx_timeline_put(tl);
}

static void init_fence(struct mmx_timeline *tl, struct mmx_fence *fence, u64 seqno)
{
	fence->seqno = seqno;
	fence->timeline = tl;
	mmx_timeline_get(tl);
	__module_get(THIS_MODULE);
	dma_fence_init(&fence->base, &fence_ops, &fence->lock, tl->context, seqno);
}

void mmx_timeline_fail(struct mmx_timeline *tl, struct mmx_fence *fence, int error)
{
	/* no job has that seqno */
	init_fence(tl, fence, 0);
	dma_fence_set_error(&fence->base, error);
	dma_fence_signal(&fence->base);
}

int mmx_timeline_submit(struct mmx_timeline *tl, struct mmx_fence *fence, struct mmx_tx *tx)
{
	struct mmx_session *s = tl->session;
	bool kick = false;
	int ret;

	spin_lock(&s->tx_lock);
	ret = s->dead ? -ENODEV : tl->closed ? -ECANCELED : tl->refused;
	if (!ret) {
		init_fence(tl, fence, ++tl->submitted);
		dma_fence_get(&fence->base);
		spin_lock(&tl->lock);
		list_add_tail(&fence->link, &tl->pending);
		spin_unlock(&tl->lock);
		atomic_inc(&s->in_flight);
		kick = mmx_session_queue(s, tx, false);
	}
	spin_unlock(&s->tx_lock);
	if (kick)
		mmx_session_kick(s);
	return ret;
}

void mmx_timeline_sent(struct mmx_fence *fence)
{
	struct mmx_timeline *tl = fence->timeline;

	spin_lock(&tl->lock);
	tl->sent = fence->seqno;
	spin_unlock(&tl->lock);
}

/* ---- what the backend says ---- */

/* The jobs before those that were refused are complete. */
static bool at_refused(const struct mmx_timeline *tl)
{
	return tl->refused_from && tl->completed + 1 >= tl->refused_from;
}

int mmx_timeline_event(struct mmx_session *s, const struct mmx_timeline_entry *entry)
{
	struct mmx_timeline *tl = find(s, mmx_name_index(entry->timeline));
	u64 refused_through = 0;
	int ret = 0;

	/* Its owner may be gone by now. */
	if (!tl)
		return 0;
	if (tl->name != entry->timeline) {
		mmx_timeline_put(tl);
		return 0;
	}
	spin_lock(&tl->lock);
	if (entry->seqno > tl->sent || entry->seqno <= tl->completed ||
	    (tl->refused_from && entry->seqno >= tl->refused_from)) {
		ret = -EPROTO;
	} else {
		tl->completed = entry->seqno;
		if (at_refused(tl))
			refused_through = tl->sent;
	}
	spin_unlock(&tl->lock);
	if (!ret)
		complete_through(tl, entry->seqno, -(int)entry->error);
	if (refused_through)
		complete_through(tl, refused_through, READ_ONCE(tl->refused));
	mmx_timeline_put(tl);
	return ret;
}

/*
 * A job was refused, and so will be all behind it that are in the ring by now (EILSEQ); each says so. Their fences keep
 * their order: they wait for the jobs before.
 */
int mmx_timeline_refused(struct mmx_session *s, const struct mmx_decoded_reply *reply)
{
	struct mmx_timeline *tl;
	u64 seqno, through = 0;

	if (!(reply->tag & MMX_JOB_TAG) || !reply->error)
		return -EPROTO;
	tl = find(s, reply->tag & 0xffff);
	if (!tl)
		return 0;
	spin_lock(&s->tx_lock);
	spin_lock(&tl->lock);
	/* the only seqno in flight that has these bits; or it is of a timeline that had the index before */
	seqno = tl->completed + 1;
	seqno += ((reply->tag >> 16) - seqno) & MMX_JOB_TAG_SEQNO_MASK;
	if (seqno <= tl->sent) {
		if (!tl->refused_from || seqno < tl->refused_from) {
			tl->refused_from = seqno;
			tl->refused = reply->error;
		}
		if (at_refused(tl))
			through = seqno;
	}
	spin_unlock(&tl->lock);
	spin_unlock(&s->tx_lock);
	if (through)
		complete_through(tl, through, reply->error);
	mmx_timeline_put(tl);
	return 0;
}

void mmx_timelines_fail(struct mmx_session *s)
{
	struct mmx_timeline *tl;
	u32 i;

	for (i = 0; i < s->limits.max_timelines; i++) {
		tl = find(s, i);
		if (!tl)
			continue;
		complete_through(tl, U64_MAX, -ENODEV);
		mmx_timeline_put(tl);
	}
}
