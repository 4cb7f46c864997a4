// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Jobs between SUBMIT and completion. A queue's jobs are pushed to its ring in the order of their seqnos, each as
 * soon as its waits have passed and there is room, and complete in that order.
 *
 * Jobs that bring the GPU no work (empty, refused, or of a dead group) take their place in the order too: they
 * count as pushed behind the last job that was, and complete with it.
 *
 * Completing a job may release waits of other groups' jobs, whose completion may release others in turn. That is
 * done by a work list instead of recursion: a chain of waits, which a guest can make as long as it likes, uses no
 * stack. An entry is a timeline; it is on the list at most once.
 */
#include "backend/core/core_priv.h"

#include <errno.h>

static void push_ready(struct mmx_core_group *group, unsigned int queue)
{
	struct mmx_timeline *timeline = group->sgroup->timelines[queue];
	struct mmx_group *hw = group->sgroup->hw;
	struct mmx_job *job = timeline->unpushed;
	bool pushed = false;

	while (job && !job->waits_left) {
		if (!job->error && group->dead)
			job->error = ECANCELED;
		if (job->stream_size && !job->error) {
			if (mmx_queue_push(hw, queue, job->stream_addr, job->stream_size,
					   job->latest_flush))
				break;
			pushed = true;
		}
		job->pushed = true;
		job->hw_job = mmx_queue_pushed(hw, queue);
		job = job->link.next == &timeline->jobs
			      ? NULL
			      : mmx_container_of(job->link.next, struct mmx_job, link);
	}
	timeline->unpushed = job;
	if (pushed)
		mmx_core_sync_pushed(group, queue);
}

/* Number of the queue's last job that has completed; of a group whose jobs were cancelled, all have. */
static uint64_t queue_done(const struct mmx_core_group *group, unsigned int queue)
{
	return group->cancelled ? UINT64_MAX : mmx_queue_done(group->sgroup->hw, queue);
}

/* The first job of the timeline, if it has completed. @done: as queue_done() says. */
static struct mmx_job *first_done(struct mmx_timeline *timeline, uint64_t done)
{
	struct mmx_job *job;

	if (mmx_list_empty(&timeline->jobs))
		return NULL;
	job = mmx_list_first(&timeline->jobs, struct mmx_job, link);
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
		struct mmx_core_group *group = timeline->group->host;
		uint64_t done = queue_done(group, timeline->queue);
		struct mmx_job *job;

		mmx_list_del(&timeline->work);
		for (;;) {
			push_ready(group, timeline->queue);
			job = first_done(timeline, done);
			if (!job)
				break;
			do {
				drop_waits(job);
				release_waiters(job, work);
				mmx_session_job_done(timeline->group->session, job);
				job = first_done(timeline, done);
			} while (job);
		}
		mmx_core_timeout_look(group, timeline->queue, done);
	}
}

void mmx_core_submit(void *ctx, struct mmx_job *job)
{
	struct mmx_timeline *timeline = job->timeline;
	struct mmx_core_group *group = timeline->group->host;
	struct mmx_list work;
	unsigned int i;

	(void)ctx;
	/* what it waits for does not matter any more */
	if (!job->error && group->dead)
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
