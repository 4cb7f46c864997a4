// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Jobs per second of a guest over those natively, with one or two jobs in flight: how much of the GPU's time sharing
 * costs. A job that is shorter than the way to it and back leaves the GPU idle in between; with two in flight the
 * next one is there already.
 */
#include <stdio.h>

#include "tools/bench/pair.h"

#define FULL_MS	 250u
#define QUICK_MS 12u
#define LEAST	 4u

/* Return: 0 or a negative errno. */
static int measure(struct mmx_pair *pair, bool native, enum mmx_bench_job job, unsigned int depth,
		   unsigned int count, struct mmx_series *series)
{
	uint64_t start_ns = mmx_bench_now();
	unsigned int i;
	int r = 0;

	for (i = 0; i < count && !r; i++) {
		r = mmx_pair_submit(pair, native, job);
		if (!r && i + 1 >= depth)
			r = mmx_pair_wait(pair, native, depth - 1);
	}
	if (!r)
		r = mmx_pair_wait(pair, native, 0);
	mmx_series_add(series, count * 1e9 / (double)(mmx_bench_now() - start_ns));
	return r;
}

static int compare(struct mmx_bench *b, struct mmx_pair *pair, enum mmx_bench_job job,
		   unsigned int depth)
{
	unsigned int count = (b->quick ? QUICK_MS : FULL_MS) * 1000 / mmx_bench_job_us(job), rep;
	struct mmx_series guest = { .count = 0 }, native = { .count = 0 };
	char name[64];
	int r = 0;

	if (count < LEAST)
		count = LEAST;
	for (rep = 0; rep < b->reps && !r; rep++) {
		r = measure(pair, true, job, depth, count, &native);
		if (!r)
			r = measure(pair, false, job, depth, count, &guest);
	}
	if (r)
		return r;
	snprintf(name, sizeof(name), "%s, %u in flight", mmx_bench_job_name(job), depth);
	mmx_report_line(b->report,
			&(struct mmx_report_line){ name, "job/s", &guest, "native", &native });
	return 0;
}

int mmx_row_throughput(struct mmx_bench *b)
{
	static const enum mmx_bench_job jobs[] = { MMX_BENCH_50US, MMX_BENCH_200US, MMX_BENCH_1MS,
						   MMX_BENCH_4MS };
	struct mmx_pair pair;
	unsigned int i, depth;
	int r;

	mmx_report_row(b->report, "throughput", "jobs of a guest over jobs without sharing");
	r = mmx_pair_open(b, "throughput", 0, &pair);
	if (r)
		return r;
	for (depth = 1; depth <= 2 && !r; depth++)
		for (i = 0; i < sizeof(jobs) / sizeof(jobs[0]) && !r; i++)
			r = compare(b, &pair, jobs[i], depth);
	mmx_pair_close(&pair);
	return r;
}
