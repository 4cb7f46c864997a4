// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Timelines and the jobs on them. A timeline belongs to a queue of a group, or to a VM, whose asynchronous binds are
 * its jobs. It may outlive its owner, nameless, until the guest has been told how its last jobs ended.
 *
 * A job belongs to its timeline's list from its message to its completion; who carries it out is core. When it
 * failed, its memory stays as the record of that (or is merged into the record before it, if that is about the job
 * just before and the same error) until the guest has been told.
 *
 * A wait names a job by timeline and seqno; it is turned into a pointer when the message comes, so what it waits for is
 * a job that exists or had completed: waits make no cycle.
 */
#include "backend/session/session_priv.h"

#include <errno.h>
#include <stdlib.h>

static struct mmx_timeline_state *page_entry(const struct mmx_session *s, uint32_t name)
{
	return &s->page->timelines[name & 0xffff];
}

int mmx_timeline_create(struct mmx_session *s, uint32_t name, struct mmx_timeline **ret_timeline)
{
	struct mmx_timeline_state *state = page_entry(s, name);
	struct mmx_timeline *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->by_seqno = calloc(s->limits->wire.max_jobs, sizeof(t->by_seqno[0]));
	if (!t->by_seqno) {
		free(t);
		return -ENOMEM;
	}
	t->session = s;
	t->name = name;
	mmx_list_init(&t->dirty);
	mmx_list_init(&t->failed);
	mmx_list_init(&t->jobs);
	mmx_list_init(&t->work);
	mmx_table_add(&s->timelines, name, t);
	*state = (struct mmx_timeline_state){ 0 };
	__atomic_store_n(&state->name, name, __ATOMIC_RELEASE);
	*ret_timeline = t;
	return 0;
}

void mmx_timeline_free(struct mmx_timeline *t)
{
	while (!mmx_list_empty(&t->failed)) {
		struct mmx_job *job = mmx_list_first(&t->failed, struct mmx_job, link);

		mmx_list_del(&job->link);
		free(job);
	}
	free(t->by_seqno);
	free(t);
}

void mmx_timeline_retire(struct mmx_timeline *t)
{
	struct mmx_session *s = t->session;

	mmx_table_del(&s->timelines, t->name);
	page_entry(s, t->name)->name = 0;
	mmx_list_del(&t->work);
	t->retired = true;
	if (mmx_list_empty(&t->dirty))
		mmx_timeline_free(t);
}

uint64_t mmx_timeline_gpu_time(const struct mmx_timeline *t)
{
	struct mmx_session *s = t->session;

	return t->group ? s->ops->group_gpu_time(s->ctx, t->group) : 0;
}

/* ---- jobs ---- */

/* Where the job of that seqno is while it has not completed. */
static struct mmx_job **job_slot(const struct mmx_timeline *t, uint64_t seqno)
{
	return &t->by_seqno[seqno % t->session->limits->wire.max_jobs];
}

/* Finds the jobs that are waited for. Return: 0 or the error that the job fails with. */
static int find_waits(const struct mmx_timeline *own, const struct mmx_wait *waits, uint32_t count,
		      struct mmx_job *job)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		const struct mmx_timeline *t =
			mmx_table_find(&own->session->timelines, waits[i].timeline);
		uint64_t seqno = waits[i].seqno;

		if (waits[i].pad || !t)
			return EINVAL;
		/* its own seqno counts as submitted already */
		if (seqno > t->submitted - (t == own))
			return EINVAL;
		mmx_list_init(&job->waits[i].link);
		job->waits[i].job = job;
		job->waits[i].on = seqno > t->completed ? *job_slot(t, seqno) : NULL;
	}
	job->wait_count = count;
	return 0;
}

int mmx_job_create(struct mmx_timeline *t, uint64_t seqno, const struct mmx_wait *waits,
		   uint32_t wait_count, struct mmx_job **ret_job)
{
	const struct mmx_limits *limits = &t->session->limits->wire;
	uint32_t bytes =
		(uint32_t)(sizeof(struct mmx_job) + wait_count * sizeof(struct mmx_job_wait));
	struct mmx_job *job;

	if (wait_count > limits->max_waits)
		return E2BIG;
	if (seqno != t->submitted + 1)
		return EILSEQ;
	if (t->submitted - t->completed >= limits->max_jobs ||
	    t->session->job_bytes + bytes > MMX_JOB_BYTES_MAX)
		return EAGAIN;
	job = calloc(1, bytes);
	if (!job)
		return -ENOMEM;
	t->submitted++;
	t->session->job_bytes += bytes;
	job->bytes = bytes;
	job->timeline = t;
	job->seqno = seqno;
	job->first = seqno;
	job->error = find_waits(t, waits, wait_count, job);
	mmx_list_init(&job->waiters);
	mmx_list_add_tail(&t->jobs, &job->link);
	*job_slot(t, seqno) = job;
	t->session->stats.jobs++;
	*ret_job = job;
	return 0;
}

/* Keeps the failed job as what there is to tell, or adds it to the run of failures before it. */
static void keep_failure(struct mmx_timeline *t, struct mmx_job *job)
{
	struct mmx_job *last = mmx_list_empty(&t->failed)
				       ? NULL
				       : mmx_container_of(t->failed.prev, struct mmx_job, link);

	if (last && last->error == job->error && last->seqno + 1 == job->seqno) {
		last->seqno = job->seqno;
		free(job);
		return;
	}
	mmx_list_add_tail(&t->failed, &job->link);
	t->session->failed++;
}

void mmx_session_job_done(struct mmx_session *s, struct mmx_job *job)
{
	struct mmx_timeline *t = job->timeline;
	struct mmx_timeline_state *state = page_entry(s, t->name);
	uint64_t seqno = job->seqno;

	/* one that was not carried out */
	mmx_bind_free(job->bind);
	job->bind = NULL;
	mmx_list_del(&job->link);
	*job_slot(t, seqno) = NULL;
	s->job_bytes -= job->bytes;
	s->stats.jobs--;
	s->stats.jobs_done++;
	if (job->error) {
		s->stats.jobs_failed++;
		t->errors++;
		state->errors = t->errors;
		keep_failure(t, job);
	} else {
		free(job);
	}
	t->completed = seqno;
	state->gpu_time_ns = mmx_timeline_gpu_time(t);
	__atomic_store_n(&state->completed, seqno, __ATOMIC_RELEASE);
	mmx_notify_timeline(s, t);
}
