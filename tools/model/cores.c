// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Endpoints: which job occupies which cores, and for how long.
 *
 * Owns the occupation of shader cores and of the tiler, and the order in which jobs get them. Called
 * by command streams (submit, pause, cancel) and by csf.c (update); calls a job's done() and quiet()
 * from timed events only, never from inside one of its own calls.
 *
 * A job takes all cores that its group may use and that are free, for left_cycles / cores or
 * MDL_PIECE_NS, whichever is shorter; then it gives way to jobs of a higher priority, and to jobs of
 * the same priority whose group was served longer ago. Jobs of one group go by the priority of their streams, and then keep
 * their order.
 *
 * A job on cores that shows no sign of progress for as long as the host's progress timer says is reported to csf.c; time in
 * which it waits for cores does not count.
 *
 * Invariants: a job in the list is in one of three states: it waits for its start (event queued, no
 * cores), for cores (queued), or it runs (cores not 0, event queued). Pieces follow each other at the
 * times computed, not at the time at which the host found the event: how late it was does not add up.
 */
#include "tools/model/cores.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tools/model/cost.h"
#include "tools/model/cs.h"
#include "tools/model/csf.h"
#include "tools/model/inject.h"
#include "tools/model/model_priv.h"

#define SLOTS 32

struct mdl_cores {
	struct mmx_model *m;
	struct mdl_job *jobs; /* in order of submission */
	uint64_t busy;
	uint64_t free_ns[64]; /* since when each endpoint is free, unless it is busy */
	uint64_t turn;
	uint64_t served[SLOTS]; /* turn at which each slot last got cores */
};

static struct mdl_job *job_of(struct mdl_event *ev)
{
	return (struct mdl_job *)(void *)((char *)ev - offsetof(struct mdl_job, event));
}

static void append(struct mdl_cores *c, struct mdl_job *job)
{
	struct mdl_job **at = &c->jobs;

	while (*at)
		at = &(*at)->next;
	job->next = NULL;
	*at = job;
}

static bool listed(const struct mdl_cores *c, const struct mdl_job *job)
{
	const struct mdl_job *j;

	for (j = c->jobs; j; j = j->next)
		if (j == job)
			return true;
	return false;
}

/* Takes the job off its cores, if it has any. */
static void release(struct mdl_cores *c, struct mdl_job *job, uint64_t at_ns)
{
	uint64_t left;

	for (left = job->cores; left; left &= left - 1)
		c->free_ns[__builtin_ctzll(left)] = at_ns;
	c->busy &= ~job->cores;
	job->cores = 0;
}

/* Takes the job out of the list and off its cores. */
static void drop(struct mdl_cores *c, struct mdl_job *job)
{
	struct mdl_job **at;

	for (at = &c->jobs; *at; at = &(*at)->next) {
		if (*at == job) {
			*at = job->next;
			break;
		}
	}
	mdl_event_del(c->m, &job->event);
	release(c, job, mdl_now(c->m));
	job->queued = false;
	job->next = NULL;
}

/* The free endpoints that the job could start on now; 0 = it has to wait. */
static uint64_t grant(const struct mdl_cores *c, const struct mdl_job *job)
{
	static const unsigned int resource[MDL_JOB_KINDS] = {
		[MDL_JOB_COMPUTE] = 0,
		[MDL_JOB_FRAGMENT] = 1,
		[MDL_JOB_IDVS] = 3,
		[MDL_JOB_TILING] = 2,
	};
	bool tiler = job->kind == MDL_JOB_IDVS || job->kind == MDL_JOB_TILING;
	uint64_t cores = mdl_csf_endpoints(c->m, job->csg, resource[job->kind]);

	if (tiler && (c->busy & MDL_CORES_TILER || !mdl_csf_endpoints(c->m, job->csg, 2)))
		return 0;
	if (job->kind == MDL_JOB_TILING)
		return cores ? MDL_CORES_TILER : 0;
	cores &= ~c->busy & ~MDL_CORES_TILER;
	return cores && tiler ? cores | MDL_CORES_TILER : cores;
}

/* Cycles that the job's endpoints do in a nanosecond: shader cores, or the tiler if it has it alone. */
static uint64_t speed(const struct mdl_job *job)
{
	int cores = __builtin_popcountll(job->cores & ~MDL_CORES_TILER);

	return cores ? (uint64_t)cores : 1;
}

static const char *const kind_names[MDL_JOB_KINDS] = {
	[MDL_JOB_COMPUTE] = "compute",
	[MDL_JOB_FRAGMENT] = "fragment",
	[MDL_JOB_IDVS] = "idvs",
	[MDL_JOB_TILING] = "tiling",
};

static void start_piece(struct mdl_cores *c, struct mdl_job *job, uint64_t cores, uint64_t at_ns)
{
	uint64_t rate, ns, left;

	for (left = cores; left; left &= left - 1) {
		uint64_t free_ns = c->free_ns[__builtin_ctzll(left)];

		at_ns = free_ns > at_ns ? free_ns : at_ns;
	}
	job->cores = cores;
	job->queued = false;
	c->busy |= cores;
	c->served[job->csg % SLOTS] = ++c->turn;
	rate = speed(job);
	ns = job->left_cycles / rate + (job->left_cycles % rate != 0);
	if (ns > MDL_PIECE_NS) {
		ns = MDL_PIECE_NS;
		job->piece_cycles = rate * MDL_PIECE_NS;
	} else {
		job->piece_cycles = job->left_cycles;
	}
	job->piece_ns = ns;
	for (left = cores; left; left &= left - 1)
		mdl_span(c->m, "core", (unsigned int)__builtin_ctzll(left), kind_names[job->kind],
			 at_ns, ns);
	mdl_event_add(c->m, &job->event, at_ns + ns);
}

/* True if @a goes before @b, which stands behind it in the list. */
static bool before(const struct mdl_cores *c, const struct mdl_job *a, const struct mdl_job *b)
{
	unsigned int pa = mdl_csf_priority(c->m, a->csg), pb = mdl_csf_priority(c->m, b->csg);

	if (pa != pb)
		return pa > pb;
	if (a->csg == b->csg && a->priority != b->priority)
		return a->priority > b->priority;
	return c->served[a->csg % SLOTS] <= c->served[b->csg % SLOTS];
}

/* Hands free endpoints to those who wait. */
static void dispatch(struct mdl_cores *c, uint64_t at_ns)
{
	struct mdl_job *job, *best;
	uint64_t cores, best_cores;

	do {
		best = NULL;
		best_cores = 0;
		for (job = c->jobs; job; job = job->next) {
			if (!job->queued || (best && before(c, best, job)))
				continue;
			cores = grant(c, job);
			if (cores) {
				best = job;
				best_cores = cores;
			}
		}
		if (best)
			start_piece(c, best, best_cores, at_ns);
	} while (best);
}

/* A piece has ended. While none of the job's tasks ends, nothing tells a long task from a core that hangs. */
static void watch_progress(struct mdl_cores *c, struct mdl_job *job)
{
	uint64_t limit_ns = mdl_csf_progress_ns(c->m);

	job->task_ns += job->piece_ns;
	job->silent_ns += job->piece_ns;
	if (job->task_ns >= job->task_cycles) {
		job->task_ns = job->task_cycles ? job->task_ns % job->task_cycles : 0;
		job->silent_ns = job->task_ns;
	} else if (limit_ns && job->silent_ns >= limit_ns) {
		job->silent_ns = 0;
		mdl_csf_no_progress(c->m, job->csg);
	}
}

/* The start of a job has come, or the end of a piece. */
static void on_event(struct mmx_model *m, struct mdl_event *ev)
{
	struct mdl_cores *c = mdl_cores(m);
	struct mdl_job *job = job_of(ev);
	uint64_t at_ns = ev->at_ns;

	if (!job->cores) {
		job->queued = true;
		dispatch(c, at_ns);
		return;
	}
	job->left_cycles -= job->piece_cycles;
	if (job->left_cycles)
		watch_progress(c, job);
	release(c, job, at_ns);
	if (!job->left_cycles) {
		job->end_ns = at_ns;
		drop(c, job);
		job->done(m, job);
	} else if (job->paused) {
		drop(c, job);
		if (job->quiet)
			job->quiet(m, job);
	} else {
		job->queued = true;
	}
	dispatch(c, at_ns);
}

/** mdl_cores_create() - Return: NULL without memory */
struct mdl_cores *mdl_cores_create(struct mmx_model *m)
{
	struct mdl_cores *c = calloc(1, sizeof(*c));

	if (c)
		c->m = m;
	return c;
}

/** mdl_cores_destroy() - forgets all jobs; NULL is fine */
void mdl_cores_destroy(struct mdl_cores *cores)
{
	if (cores)
		mdl_cores_reset(cores);
	free(cores);
}

/** mdl_cores_reset() - all endpoints are free; the jobs are forgotten, nobody is told */
void mdl_cores_reset(struct mdl_cores *cores)
{
	while (cores->jobs)
		drop(cores, cores->jobs);
	cores->turn = 0;
	memset(cores->served, 0, sizeof(cores->served));
}

/** mdl_cores_submit() - queues a job, or lets a paused one go on */
void mdl_cores_submit(struct mmx_model *m, struct mdl_job *job)
{
	struct mdl_cores *c = mdl_cores(m);
	uint64_t now = mdl_now(m);

	job->paused = false;
	if (listed(c, job))
		return; /* pause was asked for, but its piece has not ended yet */
	if (!job->left_cycles)
		job->left_cycles = 1;
	job->left_cycles =
		mdl_inject_ns(m, MDL_POINT_JOB, job->left_cycles); /* a cycle is a nanosecond */
	job->event.fn = on_event;
	append(c, job);
	if (job->not_before_ns > now) {
		mdl_event_add(m, &job->event, job->not_before_ns);
		return;
	}
	job->queued = true;
	dispatch(c, job->not_before_ns ? job->not_before_ns : now);
}

/** mdl_cores_cancel() - takes a job away at once, whatever it does */
void mdl_cores_cancel(struct mmx_model *m, struct mdl_job *job)
{
	struct mdl_cores *c = mdl_cores(m);

	if (!listed(c, job))
		return;
	drop(c, job);
	dispatch(c, mdl_now(m));
}

/** mdl_cores_pause() - asks a job to leave its cores at the end of its piece */
void mdl_cores_pause(struct mmx_model *m, struct mdl_job *job)
{
	struct mdl_cores *c = mdl_cores(m);

	job->paused = true;
	if (!job->cores)
		drop(c, job);
}

/** mdl_cores_quiet() - Return: true if the job is on no core and waits for none */
bool mdl_cores_quiet(const struct mdl_job *job)
{
	return !job->cores && !job->queued && !job->event.queued;
}

/** mdl_cores_update() - what the slots' groups may use has changed */
void mdl_cores_update(struct mmx_model *m)
{
	dispatch(mdl_cores(m), mdl_now(m));
}
