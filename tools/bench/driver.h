/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What a driver with panthor's uAPI costs its programs, by system calls alone: what its rows share. */
#ifndef TOOLS_BENCH_DRIVER_H
#define TOOLS_BENCH_DRIVER_H

#include "tests/uapi/uapi.h"
#include "tools/bench/stats.h"
#include "tools/bench/stream.h"

/* Of one row. */
#define MMX_DRIVER_NUMBERS 2u

struct mmx_driver_bench {
	struct uapi_rig rig; /* of the jobs; its VM has a group */
	uint32_t group;
	uint32_t done; /* a syncobj */
	uint32_t idle_vm; /* has none, so the GPU knows nothing of it */
	struct uapi_stream jobs[MMX_BENCH_JOBS];
	struct mmx_samples samples;
};

struct mmx_driver_row {
	const char *names[MMX_DRIVER_NUMBERS]; /* the second one may be NULL */
	const char *unit; /* "us": less is better; all others are a second's, and more is */
	/* One repetition. What is not as it must be ends the process. */
	void (*run)(struct mmx_driver_bench *b, const struct mmx_driver_row *row, double *ret);
	/* the row's own */
	uint64_t size; /* bytes; or */
	enum mmx_bench_job job;
	bool busy; /* while jobs of the same VM run */
};

/* Each ends with a row without a name. */
extern const struct mmx_driver_row mmx_driver_job_rows[], mmx_driver_bind_rows[],
	mmx_driver_object_rows[];

/* So many in the time since @start_ns, a second. */
double mmx_driver_rate(unsigned int count, int64_t start_ns);
/* Until the last job that was to signal b->done has, which went well. */
void mmx_driver_wait(struct mmx_driver_bench *b);
/* One ioctl with @count jobs, the last of which signals b->done. 1 to MMX_DRIVER_BATCH. */
#define MMX_DRIVER_BATCH 128u
void mmx_driver_submit(struct mmx_driver_bench *b, struct uapi_stream stream, unsigned int count);

#endif
