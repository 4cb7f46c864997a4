// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * From submit to signal: one job at a time, from before its submission until the waiter knows that it is done. Three
 * ways in turns: of a guest, natively, and the floor, a ping-pong between two processes.
 */
#include <stdio.h>

#include "tools/bench/floor.h"
#include "tools/bench/pair.h"

enum way {
	PING,
	ANSWERED, /* a job without a stream: the backend completes it by itself */
	GUEST_NOP,
	NATIVE_NOP,
	GUEST_50US,
	NATIVE_50US,
	WAYS,
};

struct latency {
	struct mmx_pair pair;
	struct mmx_echo echo;
	int timeout_ms;
	struct mmx_samples samples;
	struct mmx_series p50[WAYS], p99[WAYS]; /* us */
};

static int once(struct latency *l, enum way way)
{
	enum mmx_bench_job job = way < GUEST_50US ? MMX_BENCH_NOP : MMX_BENCH_50US;
	bool native = way == NATIVE_NOP || way == NATIVE_50US;
	int r;

	switch (way) {
	case PING:
		r = mmx_echo_ping(&l->echo, l->timeout_ms);
		return r ? mmx_bench_fail(r, "ping-pong") : 0;
	case ANSWERED:
		r = mmx_bench_guest_submit(&l->pair.guest, NULL);
		return r ? r : mmx_bench_guest_wait(&l->pair.guest, 0);
	default:
		r = mmx_pair_submit(&l->pair, native, job);
		return r ? r : mmx_pair_wait(&l->pair, native, 0);
	}
}

static int measure(struct latency *l, enum way way, size_t count)
{
	size_t i;
	int r = 0;

	l->samples.count = 0;
	for (i = 0; i < count && !r; i++) {
		uint64_t start_ns = mmx_bench_now();

		r = once(l, way);
		mmx_samples_add(&l->samples, mmx_bench_now() - start_ns);
	}
	mmx_series_add(&l->p50[way], (double)mmx_samples_percentile(&l->samples, 50) / 1000);
	mmx_series_add(&l->p99[way], (double)mmx_samples_percentile(&l->samples, 99) / 1000);
	return r;
}

static void line(struct mmx_bench *b, const struct latency *l, const char *what, enum way way,
		 const char *beside, enum way beside_way)
{
	char name[64];

	snprintf(name, sizeof(name), "%s, p50", what);
	mmx_report_line(b->report, &(struct mmx_report_line){ name, "us", &l->p50[way], beside,
							      &l->p50[beside_way] });
	snprintf(name, sizeof(name), "%s, p99", what);
	mmx_report_line(b->report, &(struct mmx_report_line){ name, "us", &l->p99[way], beside,
							      &l->p99[beside_way] });
}

static int run(struct mmx_bench *b, struct latency *l)
{
	size_t count = b->quick ? 50 : 1000;
	unsigned int rep;
	int way, r;

	r = mmx_samples_init(&l->samples, count);
	if (!r)
		r = mmx_echo_open(&l->echo);
	/* what is slow the first time only */
	for (way = 0; way < WAYS && !r; way++)
		r = once(l, (enum way)way);
	for (rep = 0; rep < b->reps && !r; rep++)
		for (way = 0; way < WAYS && !r; way++)
			r = measure(l, (enum way)way, count);
	return r;
}

int mmx_row_latency(struct mmx_bench *b)
{
	struct latency l = { .timeout_ms = b->timeout_ms };
	int r;

	mmx_report_row(b->report, "latency", "from submit to signal, one job at a time");
	r = mmx_pair_open(b, "latency", 0, &l.pair);
	if (r)
		return r;
	r = run(b, &l);
	if (!r) {
		line(b, &l, "job without stream", ANSWERED, "ping-pong", PING);
		line(b, &l, "empty stream", GUEST_NOP, "native", NATIVE_NOP);
		line(b, &l, "50 us job", GUEST_50US, "native", NATIVE_50US);
	}
	mmx_echo_close(&l.echo);
	mmx_samples_finish(&l.samples);
	mmx_pair_close(&l.pair);
	return r;
}
