/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* A guest of the daemon, over libmalimux: one client, one VM, one group of one queue. */
#ifndef TOOLS_BENCH_GUEST_H
#define TOOLS_BENCH_GUEST_H

#include "frontend/user/malimux.h"
#include "tools/bench/house.h"
#include "tools/bench/stream.h"

struct mmx_bench_guest {
	struct mmx_guest *guest;
	int timeout_ms;
	uint32_t client, vm, group;
	struct mmx_mem *code;
	struct mmx_bench_stream streams[MMX_BENCH_JOBS];
	struct mmx_fence last; /* job that was submitted last */
};

/* Return: 0 or a negative errno (said), then nothing is left. */
int mmx_bench_guest_open(const struct mmx_house *house, unsigned int partition,
			 struct mmx_bench_guest *guest);
/* Legal on a zeroed struct. */
void mmx_bench_guest_close(struct mmx_bench_guest *guest);

/* @stream: NULL = a job without a stream, which the backend completes by itself. */
int mmx_bench_guest_submit(struct mmx_bench_guest *guest, const struct mmx_bench_stream *stream);
/* Waits for the job that is @behind jobs before the last one. A job that has failed is an error (said). */
int mmx_bench_guest_wait(struct mmx_bench_guest *guest, unsigned int behind);

#endif
