// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Submissions per second, in batches, from 1 to 64 guests of one daemon, and the CPU time that a job costs the daemon,
 * and all processes together. What a job costs must not grow with the number of guests.
 *
 * Two kinds of jobs: without a stream, which never reach the GPU, so that rings and session are measured alone; and
 * with one of a single instruction. With more guests than the GPU has group slots and address spaces the latter take
 * turns on them, and a batch pays for one entry and one exit: that is the GPU's scarcity and stands in a line of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/bench/pair.h"
#include "tools/bench/proc.h"

#define MAX_GUESTS 64u
#define BATCH	   128u /* jobs that a guest submits before it waits */

static const unsigned int guest_counts[] = { 1, 2, 4, 8, MAX_GUESTS };
#define COUNTS (sizeof(guest_counts) / sizeof(guest_counts[0]))

struct cost {
	struct mmx_series rate; /* jobs per second */
	struct mmx_series daemon_us, all_us; /* CPU time per job */
};

struct submit {
	struct mmx_house house, native_house;
	struct mmx_native native;
	struct mmx_bench_guest guests[MAX_GUESTS];
	unsigned int count; /* that are connected */
	struct cost costs[2][COUNTS]; /* without a stream, with one */
	struct mmx_series native_rate, native_us;
};

struct stamp {
	uint64_t wall_ns, daemon_ns, model_ns, self_ns;
};

static void stamp(const struct mmx_house *house, struct stamp *ret_stamp)
{
	ret_stamp->wall_ns = mmx_bench_now();
	ret_stamp->daemon_ns = house->daemon ? mmx_proc_cpu_ns(mmx_proc_child(house->daemon)) : 0;
	ret_stamp->model_ns = mmx_proc_cpu_ns(house->model);
	ret_stamp->self_ns = mmx_bench_clock(CLOCK_THREAD_CPUTIME_ID);
}

static void add_cost(struct cost *cost, const struct stamp *a, const struct stamp *b,
		     unsigned int jobs)
{
	uint64_t daemon_ns = b->daemon_ns - a->daemon_ns;
	uint64_t all_ns = daemon_ns + b->model_ns - a->model_ns + b->self_ns - a->self_ns;

	mmx_series_add(&cost->rate, jobs * 1e9 / (double)(b->wall_ns - a->wall_ns));
	mmx_series_add(&cost->daemon_us, (double)daemon_ns / 1000 / jobs);
	mmx_series_add(&cost->all_us, (double)all_ns / 1000 / jobs);
}

static int batches(struct submit *s, bool stream, unsigned int guests, unsigned int rounds)
{
	unsigned int round, guest, i;
	int r = 0;

	for (round = 0; round < rounds && !r; round++) {
		for (guest = 0; guest < guests; guest++) {
			struct mmx_bench_guest *g = &s->guests[guest];

			for (i = 0; i < BATCH && !r; i++)
				r = mmx_bench_guest_submit(g, stream ? &g->streams[MMX_BENCH_NOP]
								     : NULL);
		}
		for (guest = 0; guest < guests && !r; guest++)
			r = mmx_bench_guest_wait(&s->guests[guest], 0);
	}
	return r;
}

static int measure(struct submit *s, bool stream, size_t at, unsigned int jobs)
{
	unsigned int guests = guest_counts[at], rounds = jobs / (guests * BATCH);
	struct stamp before, after;
	int r;

	rounds = rounds ? rounds : 1;
	stamp(&s->house, &before);
	r = batches(s, stream, guests, rounds);
	stamp(&s->house, &after);
	if (!r)
		add_cost(&s->costs[stream][at], &before, &after, rounds * guests * BATCH);
	return r;
}

static int measure_native(struct submit *s, unsigned int jobs)
{
	struct stamp before, after;
	struct cost cost = { .rate.count = 0 };
	unsigned int i;
	int r = 0;

	stamp(&s->native_house, &before);
	for (i = 1; i <= jobs && !r; i++) {
		r = mmx_native_submit(&s->native, &s->native.streams[MMX_BENCH_NOP]);
		if (!r && i % BATCH == 0)
			r = mmx_native_wait(&s->native, 0);
	}
	stamp(&s->native_house, &after);
	add_cost(&cost, &before, &after, jobs);
	mmx_series_add(&s->native_rate, mmx_series_median(&cost.rate));
	mmx_series_add(&s->native_us, mmx_series_median(&cost.all_us));
	return r;
}

static int connect_guests(struct submit *s, unsigned int count)
{
	int r = 0;

	while (s->count < count && !r) {
		r = mmx_bench_guest_open(&s->house, s->count, &s->guests[s->count]);
		if (!r)
			s->count++;
	}
	return r;
}

static int run(struct mmx_bench *b, struct submit *s)
{
	unsigned int jobs = b->quick ? BATCH : 16384, rep;
	size_t at;
	int r = 0;

	for (at = 0; at < COUNTS && !r; at++) {
		r = connect_guests(s, guest_counts[at]);
		for (rep = 0; rep < b->reps && !r; rep++) {
			r = measure(s, false, at, jobs);
			if (!r)
				r = measure(s, true, at, jobs);
			if (!r && !at)
				r = measure_native(s, jobs);
		}
	}
	return r;
}

static void line(struct mmx_bench *b, unsigned int guests, const char *what, const char *unit,
		 const struct mmx_series *value, const char *beside,
		 const struct mmx_series *beside_value)
{
	char name[64];

	snprintf(name, sizeof(name), "%u guest%s, %s", guests, guests > 1 ? "s" : "", what);
	mmx_report_line(b->report,
			&(struct mmx_report_line){ name, unit, value, beside, beside_value });
}

static void report(struct mmx_bench *b, const struct submit *s)
{
	const struct cost *one;
	size_t at;

	for (at = 0; at < COUNTS; at++)
		line(b, guest_counts[at], "empty streams", "job/s", &s->costs[1][at].rate, "native",
		     &s->native_rate);
	one = &s->costs[1][0];
	for (at = 0; at < COUNTS; at++)
		line(b, guest_counts[at], "daemon's CPU", "us/job", &s->costs[1][at].daemon_us,
		     "of 1 guest", &one->daemon_us);
	for (at = 0; at < COUNTS; at++)
		line(b, guest_counts[at], "all CPU", "us/job", &s->costs[1][at].all_us,
		     "native, all CPU", &s->native_us);
	one = &s->costs[0][0];
	for (at = 0; at < COUNTS; at++)
		line(b, guest_counts[at], "no streams", "job/s", &s->costs[0][at].rate,
		     "of 1 guest", &one->rate);
	for (at = 0; at < COUNTS; at++)
		line(b, guest_counts[at], "no streams, daemon", "us/job",
		     &s->costs[0][at].daemon_us, "of 1 guest", &one->daemon_us);
}

int mmx_row_submit(struct mmx_bench *b)
{
	struct submit *s = calloc(1, sizeof(*s));
	int r;

	mmx_report_row(b->report, "submit", "submissions per second, in batches of 128");
	if (!s)
		return mmx_bench_fail(-ENOMEM, "guests");
	s->native.memory_fd = -1;
	r = mmx_house_open(b, "submit", &s->house);
	if (!r)
		r = mmx_house_daemon(&s->house, MAX_GUESTS, "");
	if (!r)
		r = mmx_house_open(b, "submit-native", &s->native_house);
	if (!r)
		r = mmx_native_open(&s->native_house, 0, &s->native);
	if (!r)
		r = run(b, s);
	if (!r)
		report(b, s);
	while (s->count)
		mmx_bench_guest_close(&s->guests[--s->count]);
	mmx_native_close(&s->native);
	mmx_house_close(&s->native_house);
	mmx_house_close(&s->house);
	free(s);
	return r;
}
