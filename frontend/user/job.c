// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Timelines of a guest: submitting jobs, and fences that tell what became of them.
 *
 * A job is known to be complete by the session page if no error is outstanding there, else by the
 * events, which name each job that failed. Both are the backend's word and must fit: nothing
 * completes that was not submitted, nor twice.
 *
 * A job that is refused takes no seqno, so that all behind it are refused too: the timeline is
 * at its end then, and its fences from there on have that error.
 */
#include "frontend/user/guest_priv.h"

#include <errno.h>
#include <stdlib.h>

#include "frontend/core/names.h"

/*
 * A job's tag: this, 15 bits of the seqno, index of the timeline. At most so many jobs are in
 * flight.
 */
#define TAG_SEQNO_MASK 0x7fffu
static_assert(MMX_GUEST_MAX_JOBS <= TAG_SEQNO_MASK, "jobs in flight have different tags");

int mmx_guest_timeline_create(struct mmx_guest *guest, struct mmx_timeline **ret_timeline)
{
	uint32_t max_jobs = guest->limits.max_jobs;
	struct mmx_timeline *tl;
	int ret;

	if (max_jobs > MMX_GUEST_MAX_JOBS)
		max_jobs = MMX_GUEST_MAX_JOBS;
	tl = calloc(1, sizeof(*tl) + max_jobs * sizeof(tl->errors[0]));
	if (!tl)
		return -ENOMEM;
	ret = mmx_idspace_take(&guest->timeline_ids, &tl->name);
	if (ret) {
		free(tl);
		return ret;
	}
	tl->max_jobs = max_jobs;
	guest->timelines[mmx_name_index(tl->name)] = tl;
	*ret_timeline = tl;
	return 0;
}

void mmx_guest_timeline_destroy(struct mmx_guest *guest, struct mmx_timeline *timeline, int error)
{
	if (!timeline)
		return;
	guest->timelines[mmx_name_index(timeline->name)] = NULL;
	mmx_idspace_undo(&guest->timeline_ids, timeline->name, error);
	free(timeline);
}

/* Return: NULL if it is gone. */
static struct mmx_timeline *find(const struct mmx_guest *guest, uint32_t name)
{
	if (!mmx_idspace_has(&guest->timeline_ids, name))
		return NULL;
	return guest->timelines[mmx_name_index(name)];
}

/*
 * The jobs after those that events have told of, through @seqno, have failed: no more than are in
 * flight.
 */
static void keep_errors(struct mmx_timeline *tl, uint64_t seqno, int error)
{
	uint64_t i;

	for (i = tl->event_completed + 1; i <= seqno; i++) {
		tl->errors[i % tl->max_jobs] = (struct mmx_job_error){ i, error };
		tl->errors_taken++;
	}
}

int mmx_guest_timeline_event(struct mmx_guest *guest, const struct mmx_timeline_entry *entry)
{
	struct mmx_timeline *tl = find(guest, entry->timeline);

	/* Its group may be gone by now. */
	if (!tl)
		return 0;
	if (entry->seqno > tl->submitted || entry->seqno <= tl->event_completed)
		return -EPROTO;
	if (entry->error) {
		/* The page has called jobs of this run a success. */
		if (tl->event_completed < tl->completed)
			return -EPROTO;
		keep_errors(tl, entry->seqno, -(int)entry->error);
	}
	tl->event_completed = entry->seqno;
	if (tl->completed < entry->seqno)
		tl->completed = entry->seqno;
	return 0;
}

int mmx_guest_timeline_refused(struct mmx_guest *guest, const struct mmx_decoded_reply *reply)
{
	uint32_t index = reply->tag & 0xffff;
	struct mmx_timeline *tl;
	uint64_t seqno;

	if (!(reply->tag & MMX_SUBMIT_TAG) || !reply->error || index >= guest->limits.max_timelines)
		return -EPROTO;
	tl = guest->timelines[index];
	if (!tl)
		return 0;
	/* the only seqno in flight that has these bits */
	seqno = tl->completed + 1;
	seqno += ((reply->tag >> 16) - seqno) & TAG_SEQNO_MASK;
	if (seqno > tl->submitted)
		return -EPROTO;
	if (!tl->refused_error || seqno < tl->refused_from) {
		tl->refused_error = reply->error;
		tl->refused_from = seqno;
	}
	return 0;
}

/* Takes what the session page says. A timeline that it lies about ends the session. */
static void look_at_page(struct mmx_guest *guest, struct mmx_timeline *tl)
{
	struct mmx_timeline_view view;

	mmx_front_session_timeline(&guest->session, mmx_name_index(tl->name), &view);
	if (view.name != tl->name || view.errors != tl->errors_taken)
		return;
	if (view.completed > tl->submitted) {
		guest->dead = guest->dead ? guest->dead : -EPROTO;
		return;
	}
	if (view.completed > tl->completed)
		tl->completed = view.completed;
}

static bool is_refused(const struct mmx_timeline *tl, uint64_t seqno)
{
	return tl->refused_error && seqno >= tl->refused_from;
}

static bool is_complete(struct mmx_guest *guest, struct mmx_timeline *tl, uint64_t seqno)
{
	if (tl->completed < seqno)
		look_at_page(guest, tl);
	return tl->completed >= seqno || is_refused(tl, seqno);
}

struct fence_wait {
	struct mmx_timeline *tl;
	uint64_t seqno;
};

static bool fence_done(struct mmx_guest *guest, void *arg)
{
	struct fence_wait *wait = arg;

	return is_complete(guest, wait->tl, wait->seqno);
}

static int job_error(const struct mmx_timeline *tl, uint64_t seqno)
{
	const struct mmx_job_error *slot = &tl->errors[seqno % tl->max_jobs];

	if (is_refused(tl, seqno))
		return tl->refused_error;
	if (slot->seqno > seqno)
		return -ESTALE;
	return slot->seqno == seqno ? slot->error : 0;
}

int mmx_guest_fence_wait(struct mmx_guest *guest, const struct mmx_fence *fence, int timeout_ms,
			 int *ret_error)
{
	struct fence_wait wait = { find(guest, fence->timeline), fence->seqno };
	int ret;

	if (!wait.tl)
		return -ENOENT;
	if (!fence->seqno || fence->seqno > wait.tl->submitted)
		return -EINVAL;
	if (!is_complete(guest, wait.tl, fence->seqno)) {
		ret = mmx_guest_wait(guest, fence_done, &wait, mmx_guest_now_ms() + timeout_ms);
		if (ret)
			return ret;
	}
	*ret_error = job_error(wait.tl, fence->seqno);
	return 0;
}

static bool has_credit(struct mmx_guest *guest, void *arg)
{
	struct mmx_timeline *tl = arg;

	if (tl->refused_error || tl->submitted < tl->max_jobs)
		return true;
	return is_complete(guest, tl, tl->submitted + 1 - tl->max_jobs);
}

static int copy_waits(const struct mmx_guest *guest, const struct mmx_fence *fences,
		      unsigned int count, struct mmx_wait *waits)
{
	const struct mmx_timeline *tl;
	unsigned int i;

	if (count > guest->limits.max_waits)
		return -E2BIG;
	for (i = 0; i < count; i++) {
		tl = find(guest, fences[i].timeline);
		if (!tl)
			return -ENOENT;
		if (fences[i].seqno > tl->submitted)
			return -EINVAL;
		waits[i] = (struct mmx_wait){ .timeline = tl->name, .seqno = fences[i].seqno };
	}
	return 0;
}

/* Waits until the timeline can take one more job. */
static int wait_credit(struct mmx_guest *guest, struct mmx_timeline *tl)
{
	int ret;

	if (!has_credit(guest, tl)) {
		ret = mmx_guest_wait(guest, has_credit, tl, mmx_guest_now_ms() + guest->timeout_ms);
		if (ret)
			return ret;
	}
	return tl->refused_error;
}

static uint32_t next_tag(const struct mmx_timeline *tl)
{
	return MMX_SUBMIT_TAG | ((uint32_t)(tl->submitted + 1) & TAG_SEQNO_MASK) << 16 |
	       mmx_name_index(tl->name);
}

/* Sends guest->out, the timeline's next job. @size: what the encoder has returned. */
static int send_job(struct mmx_guest *guest, struct mmx_timeline *tl, int size,
		    struct mmx_fence *ret_fence)
{
	int ret = size < 0 ? size : mmx_guest_send(guest, size);

	if (ret)
		return ret;
	tl->submitted++;
	*ret_fence = (struct mmx_fence){ tl->name, tl->submitted };
	return 0;
}

int mmx_guest_submit(struct mmx_guest *guest, const struct mmx_submit *submit,
		     struct mmx_fence *ret_fence)
{
	struct mmx_wait waits[MMX_SUBMIT_MAX_WAITS];
	struct mmx_job_desc job = {
		.group = submit->group,
		.queue = submit->queue,
		.stream_addr = submit->stream_addr,
		.stream_size = submit->stream_size,
	};
	const struct mmx_group *group;
	struct mmx_timeline *tl;
	int ret;

	if (guest->dead)
		return guest->dead;
	if (!mmx_idspace_has(&guest->group_ids, submit->group))
		return -ENOENT;
	group = guest->groups[mmx_name_index(submit->group)];
	if (!group || submit->queue >= group->queue_count)
		return -EINVAL;
	tl = group->timelines[submit->queue];
	ret = copy_waits(guest, submit->waits, submit->wait_count, waits);
	if (!ret)
		ret = wait_credit(guest, tl);
	if (ret)
		return ret;
	job.seqno = tl->submitted + 1;
	return send_job(
		guest, tl,
		mmx_encode_submit(&guest->out, next_tag(tl), &job, waits, submit->wait_count),
		ret_fence);
}

int mmx_guest_vm_bind_async(struct mmx_guest *guest, uint32_t vm,
			    const struct mmx_bind_op_params *params, unsigned int op_count,
			    const struct mmx_fence *fences, unsigned int wait_count,
			    struct mmx_fence *ret_fence)
{
	struct mmx_wait waits[MMX_SUBMIT_MAX_WAITS];
	struct mmx_bind_op ops[MMX_BIND_MAX_OPS];
	struct mmx_timeline *tl;
	unsigned int i;
	int ret;

	if (guest->dead)
		return guest->dead;
	if (!mmx_idspace_has(&guest->vm_ids, vm))
		return -ENOENT;
	tl = guest->vms[mmx_name_index(vm)]->timeline;
	if (!tl)
		return -ENOENT;
	if (op_count > guest->limits.max_bind_ops)
		return -E2BIG;
	for (i = 0; i < op_count; i++)
		ops[i] = (struct mmx_bind_op){
			.op = params[i].op,
			.flags = params[i].flags,
			.mem = params[i].mem ? params[i].mem->name : 0,
			.mem_offset = params[i].offset,
			.va = params[i].va,
			.size = params[i].size,
		};
	ret = copy_waits(guest, fences, wait_count, waits);
	if (!ret)
		ret = wait_credit(guest, tl);
	if (ret)
		return ret;
	return send_job(guest, tl,
			mmx_encode_vm_bind_async(&guest->out, next_tag(tl), vm, tl->submitted + 1,
						 ops, op_count, waits, wait_count),
			ret_fence);
}
