// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Both ways, set up and driven alike. The one that is not measured sleeps. */
#include "tools/bench/pair.h"

#include <stdio.h>

int mmx_pair_open(const struct mmx_bench *b, const char *name, size_t memory_size,
		  struct mmx_pair *pair)
{
	char native_name[32];
	int r;

	*pair = (struct mmx_pair){ .native.memory_fd = -1 };
	snprintf(native_name, sizeof(native_name), "%s-native", name);
	r = mmx_house_open(b, name, &pair->shared_house);
	if (!r)
		r = mmx_house_daemon(&pair->shared_house, 1, "");
	if (!r)
		r = mmx_house_open(b, native_name, &pair->native_house);
	if (!r)
		r = mmx_bench_guest_open(&pair->shared_house, 0, &pair->guest);
	if (!r)
		r = mmx_native_open(&pair->native_house, memory_size, &pair->native);
	if (r)
		mmx_pair_close(pair);
	return r;
}

void mmx_pair_close(struct mmx_pair *pair)
{
	mmx_bench_guest_close(&pair->guest);
	mmx_native_close(&pair->native);
	mmx_house_close(&pair->shared_house);
	mmx_house_close(&pair->native_house);
}

int mmx_pair_submit(struct mmx_pair *pair, bool native, enum mmx_bench_job job)
{
	if (native)
		return mmx_native_submit(&pair->native, &pair->native.streams[job]);
	return mmx_bench_guest_submit(&pair->guest, &pair->guest.streams[job]);
}

int mmx_pair_wait(struct mmx_pair *pair, bool native, unsigned int behind)
{
	if (native)
		return mmx_native_wait(&pair->native, behind);
	return mmx_bench_guest_wait(&pair->guest, behind);
}
