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
 * done by a work list of the partition instead of recursion: a chain of waits, which a guest can make as long as it
 * likes, uses no stack. An entry is a timeline; it is on the list at most once. What is done in a round of the loop is
 * bounded: tens of thousands of jobs may wait for one, or end with their group, and others are not to wait for that.
 */
#include "backend/core/core_priv.h"

#include <errno.h>

/* Jobs pushed, completed, or freed of a wait in a round of the loop for one guest: some 50 us (docs/limits.md). */
#define JOBS_A_ROUND 256u

/* Return: false: enough for this round. */
static bool spend(struct mmx_partition *p)
{
	if (!p->jobs_left)
		return false;
	p->jobs_left--;
	return true;
}

static void add_work(struct mmx_partition *p, struct mmx_timeline *timeline)
{
	if (mmx_list_empty(&timeline->work))
		mmx_list_add_tail(&p->work, &timeline->work);
}

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

/* Return: false: it has to wait, for room or for the end of the group. */
static bool push_stream(struct mmx_timeline *timeline, struct mmx_job *job)
{
	struct mmx_core_group *group = group_of(timeline);
	struct mmx_group *hw = timeline->group->hw;

	if (!job->error && group->dead)
		job->error = ECANCELED;
	/* it would die of the fault of another */
	if (group->stray.open && !group->dead)
		return false;
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

/* A job that goes before its waits have passed must not be found by what it waits for. */
static void drop_waits(struct mmx_job *job)
{
	unsigned int i;

	for (i = 0; job->waits_left && i < job->wait_count; i++)
		mmx_list_del(&job->waits[i].link);
	job->waits_left = 0;
}

/* Nothing of it is carried out any more, and nothing is waited for. */
static bool is_stopped(const struct mmx_timeline *timeline)
{
	return timeline->group ? group_of(timeline)->cancelled : timeline->dead;
}

/* Jobs that the queue was given so far; none of a VM's timeline. */
static uint64_t queue_pushed(const struct mmx_timeline *timeline)
{
	return timeline->group ? mmx_queue_pushed(timeline->group->hw, timeline->queue) : 0;
}

/* Return: false: the round's work is done before all were pushed that can be. */
static bool push_ready(struct mmx_partition *p, struct mmx_timeline *timeline)
{
	uint64_t before = queue_pushed(timeline);
	bool stopped = is_stopped(timeline), enough = true;
	struct mmx_job *job = timeline->unpushed;

	while (job && (!job->waits_left || stopped)) {
		enough = spend(p);
		if (!enough)
			break;
		drop_waits(job);
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
	return enough;
}

/* ---- completion ---- */

/* Number of the queue's last job that has completed; for binds it does not matter. */
static uint64_t queue_done(const struct mmx_timeline *timeline)
{
	return timeline->group ? mmx_queue_done(timeline->group->hw, timeline->queue) : 0;
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
	if (!job->pushed)
		return NULL;
	if (job->hw_job > done) {
		if (!group_of(timeline)->cancelled)
			return NULL;
		if (!job->error)
			job->error = ECANCELED;
	}
	return job;
}

/*
 * The job completes: whoever is held back by it alone may go on, and is put on the list. Return: false: the round's work
 * is done before all are.
 */
static bool release_waiters(struct mmx_partition *p, struct mmx_job *job)
{
	while (!mmx_list_empty(&job->waiters)) {
		struct mmx_job_wait *wait =
			mmx_list_first(&job->waiters, struct mmx_job_wait, link);

		if (!spend(p))
			return false;
		mmx_list_del(&wait->link);
		if (--wait->job->waits_left == 0)
			add_work(p, wait->job->timeline);
	}
	return true;
}

/* @done: as queue_done() says. Return: false: the round's work is done before all of the timeline's was. */
static bool advance(struct mmx_partition *p, struct mmx_timeline *timeline, uint64_t done)
{
	struct mmx_job *job;

	while (push_ready(p, timeline)) {
		job = first_done(timeline, done);
		if (!job)
			return true;
		for (; job; job = first_done(timeline, done)) {
			if (!release_waiters(p, job) || !spend(p))
				return false;
			mmx_session_job_done(timeline->session, job);
		}
	}
	return false;
}

/* As much of it as may be done in this round. */
static void work_off(struct mmx_partition *p)
{
	while (!mmx_list_empty(&p->work)) {
		struct mmx_timeline *timeline = mmx_list_first(&p->work, struct mmx_timeline, work);
		uint64_t done = queue_done(timeline);
		bool all;

		mmx_list_del(&timeline->work);
		all = advance(p, timeline, done);
		if (timeline->group)
			mmx_core_timeout_look(group_of(timeline), timeline->queue, done);
		if (all)
			continue;
		/* goes on in the next round */
		mmx_list_del(&timeline->work);
		mmx_list_add(&p->work, &timeline->work);
		mmx_core_mark(p);
		return;
	}
}

void mmx_core_submit(void *ctx, struct mmx_job *job)
{
	struct mmx_timeline *timeline = job->timeline;
	unsigned int i;

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
	add_work(ctx, timeline);
	work_off(ctx);
}

void mmx_core_bind_done(void *ctx, struct mmx_job *job)
{
	job->finished = true;
	add_work(ctx, job->timeline);
	work_off(ctx);
}

void mmx_core_binds_stop(void *ctx, struct mmx_timeline *timeline)
{
	timeline->dead = true;
	add_work(ctx, timeline);
	work_off(ctx);
}

void mmx_core_jobs_progress(struct mmx_core_group *group)
{
	unsigned int i;

	for (i = 0; i < group->sgroup->queue_count; i++)
		add_work(group->partition, group->sgroup->timelines[i]);
	work_off(group->partition);
}

void mmx_core_jobs_round(struct mmx_partition *p)
{
	p->jobs_left = JOBS_A_ROUND;
	work_off(p);
}

bool mmx_core_jobs_left(const struct mmx_core_group *group)
{
	unsigned int i;

	for (i = 0; i < group->sgroup->queue_count; i++)
		if (!mmx_list_empty(&group->sgroup->timelines[i]->jobs))
			return true;
	return false;
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
