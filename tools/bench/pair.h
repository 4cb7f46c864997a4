/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The two ways to one GPU that are compared: a guest of a daemon, and the same GPU code in this process. */
#ifndef TOOLS_BENCH_PAIR_H
#define TOOLS_BENCH_PAIR_H

#include "tools/bench/guest.h"
#include "tools/bench/native.h"

struct mmx_pair {
	struct mmx_house shared_house, native_house; /* each has a model of its own */
	struct mmx_bench_guest guest;
	struct mmx_native native;
};

/*
 * @name: of the folders. @memory_size: what is to be mapped natively. Return: 0 or a negative errno (said), then nothing
 * runs.
 */
int mmx_pair_open(const struct mmx_bench *b, const char *name, size_t memory_size,
		  struct mmx_pair *pair);
void mmx_pair_close(struct mmx_pair *pair);

/* @native: which of the two. */
int mmx_pair_submit(struct mmx_pair *pair, bool native, enum mmx_bench_job job);
int mmx_pair_wait(struct mmx_pair *pair, bool native, unsigned int behind);

#endif
