// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A daemon that looks for more work before it sleeps, beside one that sleeps at once: latency of one job at a time, and
 * what that costs the daemon in CPU time. It takes a core that has nothing else to do, so it is measured only where
 * there is one each for guest, daemon and model.
 */
#include <stdio.h>
#include <unistd.h>

#include "tools/bench/guest.h"
#include "tools/bench/proc.h"

#define CORES 3

enum way {
	SLEEPING,
	POLLING,
	WAYS,
};

static const char *const settings[WAYS] = {
	"poll_us = 0;",
	"poll_us = 50;",
};

struct polling {
	struct mmx_house houses[WAYS];
	struct mmx_bench_guest guests[WAYS];
	struct mmx_samples samples;
	struct {
		struct mmx_series p50_us, p99_us, daemon_us;
	} costs[WAYS][MMX_BENCH_JOBS];
};

static int measure(struct polling *p, enum way way, enum mmx_bench_job job, size_t count)
{
	struct mmx_bench_guest *guest = &p->guests[way];
	uint64_t cpu_ns = mmx_proc_cpu_ns(mmx_proc_child(p->houses[way].daemon));
	size_t i;
	int r = 0;

	p->samples.count = 0;
	for (i = 0; i < count && !r; i++) {
		uint64_t start_ns = mmx_bench_now();

		r = mmx_bench_guest_submit(guest, &guest->streams[job]);
		if (!r)
			r = mmx_bench_guest_wait(guest, 0);
		mmx_samples_add(&p->samples, mmx_bench_now() - start_ns);
	}
	cpu_ns = mmx_proc_cpu_ns(mmx_proc_child(p->houses[way].daemon)) - cpu_ns;
	mmx_series_add(&p->costs[way][job].p50_us,
		       (double)mmx_samples_percentile(&p->samples, 50) / 1000);
	mmx_series_add(&p->costs[way][job].p99_us,
		       (double)mmx_samples_percentile(&p->samples, 99) / 1000);
	mmx_series_add(&p->costs[way][job].daemon_us, (double)cpu_ns / 1000 / (double)count);
	return r;
}

static int run(struct mmx_bench *b, struct polling *p)
{
	static const char *const names[WAYS] = { "polling-none", "polling" };
	size_t count = b->quick ? 50 : 1000;
	unsigned int rep;
	int way, job, r;

	r = mmx_samples_init(&p->samples, count);
	for (way = 0; way < WAYS && !r; way++) {
		r = mmx_house_open(b, names[way], &p->houses[way]);
		if (!r)
			r = mmx_house_daemon(&p->houses[way], 1, settings[way]);
		if (!r)
			r = mmx_bench_guest_open(&p->houses[way], 0, &p->guests[way]);
	}
	for (rep = 0; rep < b->reps && !r; rep++)
		for (job = MMX_BENCH_NOP; job <= MMX_BENCH_50US; job++)
			for (way = 0; way < WAYS && !r; way++)
				r = measure(p, (enum way)way, (enum mmx_bench_job)job, count);
	return r;
}

static void line(struct mmx_bench *b, int job, const char *what, const struct mmx_series *value,
		 const struct mmx_series *beside)
{
	char name[64];

	snprintf(name, sizeof(name), "%s, %s", mmx_bench_job_name((enum mmx_bench_job)job), what);
	mmx_report_line(b->report,
			&(struct mmx_report_line){ name, "us", value, "sleeping", beside });
}

int mmx_row_polling(struct mmx_bench *b)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct polling p = { .samples.count = 0 };
	int way, job, r;

	mmx_report_row(b->report, "polling", "a daemon that looks for work before it sleeps");
	if (cores < CORES) {
		mmx_report_note(b->report, "%s: %ld cores, and %d are wanted",
				b->all ? "skipped" : "not to be judged", cores, CORES);
		if (b->all)
			return 0;
	}
	r = run(b, &p);
	for (job = MMX_BENCH_NOP; job <= MMX_BENCH_50US && !r; job++) {
		line(b, job, "p50", &p.costs[POLLING][job].p50_us, &p.costs[SLEEPING][job].p50_us);
		line(b, job, "p99", &p.costs[POLLING][job].p99_us, &p.costs[SLEEPING][job].p99_us);
		line(b, job, "daemon's CPU", &p.costs[POLLING][job].daemon_us,
		     &p.costs[SLEEPING][job].daemon_us);
	}
	for (way = 0; way < WAYS; way++) {
		mmx_bench_guest_close(&p.guests[way]);
		mmx_house_close(&p.houses[way]);
	}
	mmx_samples_finish(&p.samples);
	return r;
}
