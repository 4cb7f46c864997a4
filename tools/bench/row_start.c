// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * From the daemon's exec() to the end of the first job of its first guest; beside it the same GPU code in this
 * process: image read and parsed, GPU brought up with it, first job.
 */
#include "tools/bench/pair.h"

struct start {
	struct mmx_house house, native_house;
	struct mmx_series ready_ms, job_ms, all_ms;
	struct mmx_series load_ms, boot_ms, native_job_ms, native_all_ms;
};

static double ms_since(uint64_t start_ns)
{
	return (double)(mmx_bench_now() - start_ns) / 1e6;
}

static int shared(struct start *s)
{
	struct mmx_bench_guest guest;
	uint64_t start_ns = mmx_bench_now(), ready_ns;
	int r;

	r = mmx_house_daemon(&s->house, 1, "");
	if (r)
		return r;
	mmx_series_add(&s->ready_ms, ms_since(start_ns));
	ready_ns = mmx_bench_now();
	r = mmx_bench_guest_open(&s->house, 0, &guest);
	if (!r)
		r = mmx_bench_guest_submit(&guest, &guest.streams[MMX_BENCH_NOP]);
	if (!r)
		r = mmx_bench_guest_wait(&guest, 0);
	mmx_series_add(&s->job_ms, ms_since(ready_ns));
	mmx_series_add(&s->all_ms, ms_since(start_ns));
	if (guest.guest)
		mmx_bench_guest_close(&guest);
	mmx_house_daemon_end(&s->house);
	return r;
}

static int native(struct start *s)
{
	struct mmx_native native;
	uint64_t start_ns = mmx_bench_now();
	double up_ms, all_ms;
	int r;

	r = mmx_native_open(&s->native_house, 0, &native);
	if (r)
		return r;
	r = mmx_native_submit(&native, &native.streams[MMX_BENCH_NOP]);
	if (!r)
		r = mmx_native_wait(&native, 0);
	all_ms = ms_since(start_ns);
	up_ms = (double)(native.load_ns + native.boot_ns) / 1e6;
	mmx_series_add(&s->load_ms, (double)native.load_ns / 1e6);
	mmx_series_add(&s->boot_ms, up_ms);
	mmx_series_add(&s->native_job_ms, all_ms - up_ms);
	mmx_series_add(&s->native_all_ms, all_ms);
	mmx_native_close(&native);
	return r;
}

int mmx_row_start(struct mmx_bench *b)
{
	struct start s = { .ready_ms.count = 0 };
	unsigned int rep;
	int r;

	mmx_report_row(b->report, "start", "from nothing to the first job's end");
	r = mmx_house_open(b, "start", &s.house);
	if (!r)
		r = mmx_house_open(b, "start-native", &s.native_house);
	for (rep = 0; rep < b->reps && !r; rep++) {
		r = shared(&s);
		if (!r)
			r = native(&s);
	}
	if (!r) {
		mmx_report_line(b->report,
				&(struct mmx_report_line){ "daemon: exec to ready", "ms",
							   &s.ready_ms, "native", &s.boot_ms });
		mmx_report_line(b->report, &(struct mmx_report_line){
						   "guest: connect to first job's end", "ms",
						   &s.job_ms, "native", &s.native_job_ms });
		mmx_report_line(b->report, &(struct mmx_report_line){ "all of it", "ms", &s.all_ms,
								      "native", &s.native_all_ms });
		mmx_report_line(b->report, &(struct mmx_report_line){
						   "of it: image read and parsed", "ms", &s.load_ms,
						   "all, native", &s.native_all_ms });
	}
	mmx_house_close(&s.native_house);
	mmx_house_close(&s.house);
	return r;
}
