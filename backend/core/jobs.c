// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Jobs between their message and completion: of queues (SUBMIT) and of VMs' timelines (VM_BIND_ASYNC). A timeline's
 * jobs are pushed in the order of their seqnos, each as soon as its waits have passed, and complete in that order.
 * To push is, for a queue, to write into its ring, if there is room; for a bind, to hand it to its session.
 *
 * Jobs that bring the GPU no work (empty, refused, or of a dead group) take their place in the order too: they
 * count as pushed behind the last job that was, and complete with it.
 *
 * Completing a job may release waits of other timelines' jobs, whose completion may release others in turn. That is
 * done by a work list instead of recursion: a chain of waits, which a guest can make as long as it likes, uses no
 * stack. An entry is a timeline; it is on the list at most once.
 */
#include "backend/core/core_priv.h"

#include <errno.h>

static struct mmx_core_group *group_of(const struct mmx_timeline *timeline)
{
	return timeline->group->host;
}

/* The one behind it; NULL = it is the last. */
static struct mmx_job *next_job(const struct mmx_job *job)
{
	return job->link.next == &job->timeline->jobs
		       ? NULL
		       : mmx_container_of(job->link.next, struct mmx_job, link);
}

/* ---- pushing ---- */

/* Return: false: there is no room for it yet. */
static bool push_stream(struct mmx_timeline *timeline, struct mmx_job *job)
{
	struct mmx_core_group *group = group_of(timeline);
	struct mmx_group *hw = timeline->group->hw;

	if (!job->error && group->dead)
		job->error = ECANCELED;
	if (job->stream_size && !job->error &&
	    mmx_queue_push(hw, timeline->queue, job->stream_addr, job->stream_size,
			   job->latest_flush))
		return false;
	job->hw_job = mmx_queue_pushed(hw, timeline->queue);
	return true;
}

static void push_bind(struct mmx_timeline *timeline, struct mmx_job *job)
{
	if (!job->error && timeline->dead)
		job->error = ECANCELED;
	if (job->error)
		job->finished = true;
	else
		mmx_session_bind_start(job);
}

/* Jobs that the queue was given so far; none of a VM's timeline. */
static uint64_t queue_pushed(const struct mmx_timeline *timeline)
{
	return timeline->group ? mmx_queue_pushed(timeline->group->hw, timeline->queue) : 0;
}

static void push_ready(struct mmx_timeline *timeline)
{
	uint64_t before = queue_pushed(timeline);
	struct mmx_job *job = timeline->unpushed;

	while (job && !job->waits_left) {
		if (!timeline->group)
			push_bind(timeline, job);
		else if (!push_stream(timeline, job))
			break;
		job->pushed = true;
		job = next_job(job);
	}
	timeline->unpushed = job;
	if (queue_pushed(timeline) != before)
		mmx_core_sync_pushed(group_of(timeline), timeline->queue);
}

/* ---- completion ---- */

/*
 * Number of the queue's last job that has completed; of a group whose jobs were cancelled, all have, and for binds it
 * does not matter.
 */
static uint64_t queue_done(const struct mmx_timeline *timeline)
{
	if (!timeline->group || group_of(timeline)->cancelled)
		return UINT64_MAX;
	return mmx_queue_done(timeline->group->hw, timeline->queue);
}

/* The first job of the timeline, if it has completed. @done: as queue_done() says. */
static struct mmx_job *first_done(struct mmx_timeline *timeline, uint64_t done)
{
	struct mmx_job *job;

	if (mmx_list_empty(&timeline->jobs))
		return NULL;
	job = mmx_list_first(&timeline->jobs, struct mmx_job, link);
	if (!timeline->group)
		return job->finished ? job : NULL;
	return job->pushed && job->hw_job <= done ? job : NULL;
}

/* The job completes: whoever is held back by it alone may go on, and is put on the list. */
static void release_waiters(struct mmx_job *job, struct mmx_list *work)
{
	while (!mmx_list_empty(&job->waiters)) {
		struct mmx_job_wait *wait =
			mmx_list_first(&job->waiters, struct mmx_job_wait, link);
		struct mmx_timeline *waiter = wait->job->timeline;

		mmx_list_del(&wait->link);
		if (--wait->job->waits_left == 0 && mmx_list_empty(&waiter->work))
			mmx_list_add_tail(work, &waiter->work);
	}
}

/* A job that goes before its waits have passed must not be found by what it waits for. */
static void drop_waits(struct mmx_job *job)
{
	unsigned int i;

	for (i = 0; job->waits_left && i < job->wait_count; i++)
		mmx_list_del(&job->waits[i].link);
	job->waits_left = 0;
}

static void work_off(struct mmx_list *work)
{
	while (!mmx_list_empty(work)) {
		struct mmx_timeline *timeline = mmx_list_first(work, struct mmx_timeline, work);
		uint64_t done = queue_done(timeline);
		struct mmx_job *job;

		mmx_list_del(&timeline->work);
		for (;;) {
			push_ready(timeline);
			job = first_done(timeline, done);
			if (!job)
				break;
			do {
				drop_waits(job);
				release_waiters(job, work);
				mmx_session_job_done(timeline->session, job);
				job = first_done(timeline, done);
			} while (job);
		}
		if (timeline->group)
			mmx_core_timeout_look(group_of(timeline), timeline->queue, done);
	}
}

void mmx_core_submit(void *ctx, struct mmx_job *job)
{
	struct mmx_timeline *timeline = job->timeline;
	struct mmx_list work;
	unsigned int i;

	(void)ctx;
	/* what it waits for does not matter any more */
	if (!job->error && timeline->group && group_of(timeline)->dead)
		job->error = ECANCELED;
	for (i = 0; i < job->wait_count && !job->error; i++) {
		if (!job->waits[i].on)
			continue;
		mmx_list_add_tail(&job->waits[i].on->waiters, &job->waits[i].link);
		job->waits_left++;
	}
	if (!timeline->unpushed)
		timeline->unpushed = job;
	mmx_list_init(&work);
	mmx_list_add_tail(&work, &timeline->work);
	work_off(&work);
}

void mmx_core_bind_done(void *ctx, struct mmx_job *job)
{
	struct mmx_list work;

	(void)ctx;
	job->finished = true;
	mmx_list_init(&work);
	mmx_list_add_tail(&work, &job->timeline->work);
	work_off(&work);
}

void mmx_core_binds_stop(void *ctx, struct mmx_timeline *timeline)
{
	struct mmx_job *job = timeline->unpushed;
	struct mmx_list work;

	(void)ctx;
	timeline->dead = true;
	while (job) {
		drop_waits(job);
		job = next_job(job);
	}
	mmx_list_init(&work);
	mmx_list_add_tail(&work, &timeline->work);
	work_off(&work);
}

void mmx_core_jobs_progress(struct mmx_core_group *group)
{
	struct mmx_list work;
	unsigned int i;

	mmx_list_init(&work);
	for (i = 0; i < group->sgroup->queue_count; i++)
		mmx_list_add_tail(&work, &group->sgroup->timelines[i]->work);
	work_off(&work);
}

void mmx_core_jobs_cancel(struct mmx_core_group *group, int error)
{
	struct mmx_list work;
	unsigned int i;

	group->cancelled = true;
	mmx_list_init(&work);
	for (i = 0; i < group->sgroup->queue_count; i++) {
		struct mmx_timeline *timeline = group->sgroup->timelines[i];

		while (!mmx_list_empty(&timeline->jobs)) {
			struct mmx_job *job = mmx_list_first(&timeline->jobs, struct mmx_job, link);

			if (!job->error)
				job->error = error;
			drop_waits(job);
			release_waiters(job, &work);
			mmx_session_job_done(timeline->group->session, job);
		}
		timeline->unpushed = NULL;
	}
	work_off(&work);
}

struct mmx_job *mmx_core_job_find(struct mmx_core_group *group, unsigned int queue, uint64_t hw_job)
{
	struct mmx_timeline *timeline = group->sgroup->timelines[queue];
	struct mmx_list *pos;

	mmx_list_for_each(pos, &timeline->jobs) {
		struct mmx_job *job = mmx_container_of(pos, struct mmx_job, link);

		if (!job->pushed || job->hw_job > hw_job)
			break;
		if (job->hw_job == hw_job && job->stream_size && !job->error)
			return job;
	}
	return NULL;
}
