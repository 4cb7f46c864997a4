/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * malimux-bench: what sharing the GPU costs, as ratios to a floor or a rival that is measured beside it.
 *
 *   main.c      options, rows, clean-up
 *   stats.c     medians, percentiles, spread
 *   report.c    the table, and the same as JSON
 *   house.c     model and daemon as processes, in a folder of their own
 *   proc.c      what the kernel tells of a process: CPU time, memory
 *   native.c    the backend's GPU code in this process, without session and rings: the rival
 *   guest.c     a guest of the daemon over libmalimux
 *   stream.c    the command streams that both run
 *   floor.c     what the kernel alone costs: a ping-pong between processes, connecting, mapping
 *   row_*.c     one kind of measurement each
 *
 * All is measured by the monotonic clock of one thread. What is compared is measured in turns, repetition by
 * repetition, so that what disturbs the machine disturbs both.
 */
#ifndef TOOLS_BENCH_BENCH_H
#define TOOLS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "tools/bench/report.h"
#include "tools/bench/stats.h"

struct mmx_bench {
	bool quick; /* as few repetitions and events as show that it works */
	bool all; /* rows: none was named */
	unsigned int reps;
	const char *model, *daemon; /* programs */
	const char *firmware; /* image */
	const char *dir; /* for sockets and files; goes with everything in it */
	int timeout_ms; /* of each wait */
	struct mmx_report *report;
};

/* Each measures, and reports lines. Return: 0 or a negative errno; what failed has been said. */
int mmx_row_latency(struct mmx_bench *b);
int mmx_row_submit(struct mmx_bench *b);
int mmx_row_throughput(struct mmx_bench *b);
int mmx_row_binds(struct mmx_bench *b);
int mmx_row_attach(struct mmx_bench *b);
int mmx_row_memory(struct mmx_bench *b);
int mmx_row_start(struct mmx_bench *b);
int mmx_row_message(struct mmx_bench *b);
int mmx_row_polling(struct mmx_bench *b);
int mmx_row_model(struct mmx_bench *b);

static inline uint64_t mmx_bench_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static inline uint64_t mmx_bench_now(void)
{
	return mmx_bench_clock(CLOCK_MONOTONIC);
}

/* Says on standard error that something failed. Return: @error. */
int mmx_bench_fail(int error, const char *what, ...) __attribute__((format(printf, 2, 3)));

#endif
