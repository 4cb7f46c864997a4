// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* A guest that is measured. Owns its connection and objects; they go with the connection. */
#include "tools/bench/guest.h"

#include <errno.h>
#include <string.h>

static int make_objects(struct mmx_bench_guest *guest)
{
	struct mmx_guest_group_params params = { .priority = 1, .queue_count = 1 };
	unsigned int cores =
		(unsigned int)__builtin_popcountll(mmx_guest_gpu(guest->guest)->shader_present);
	int r;

	r = mmx_guest_client_create(guest->guest, "bench", &guest->client);
	if (!r)
		r = mmx_guest_vm_create(guest->guest, guest->client, 0, &guest->vm);
	if (!r)
		r = mmx_guest_mem_create(guest->guest, MMX_BENCH_CODE_SIZE, 0, &guest->code);
	if (!r)
		r = mmx_bench_streams(mmx_guest_mem_ptr(guest->code), cores, guest->streams);
	if (!r)
		r = mmx_guest_vm_map(guest->guest, guest->vm, guest->code, 0, MMX_BENCH_CODE_VA,
				     MMX_BENCH_CODE_SIZE, MMX_BIND_READONLY);
	params.client = guest->client;
	params.vm = guest->vm;
	if (!r)
		r = mmx_guest_group_create(guest->guest, &params, &guest->group);
	return r;
}

int mmx_bench_guest_open(const struct mmx_house *house, unsigned int partition,
			 struct mmx_bench_guest *guest)
{
	char socket[MMX_HOUSE_SOCKET];
	int r;

	*guest = (struct mmx_bench_guest){ .timeout_ms = house->bench->timeout_ms };
	mmx_house_socket(house, partition, socket);
	r = mmx_guest_open(socket, "bench", guest->timeout_ms, &guest->guest);
	if (r)
		return mmx_bench_fail(r, "%s", socket);
	r = make_objects(guest);
	if (r) {
		mmx_bench_guest_close(guest);
		return mmx_bench_fail(r, "objects of guest %u", partition);
	}
	return 0;
}

void mmx_bench_guest_close(struct mmx_bench_guest *guest)
{
	mmx_guest_close(guest->guest);
	guest->guest = NULL;
}

int mmx_bench_guest_submit(struct mmx_bench_guest *guest, const struct mmx_bench_stream *stream)
{
	struct mmx_submit submit = { .group = guest->group };
	int r;

	if (stream) {
		submit.stream_addr = stream->va;
		submit.stream_size = stream->size;
	}
	r = mmx_guest_submit(guest->guest, &submit, &guest->last);
	return r ? mmx_bench_fail(r, "submit") : 0;
}

int mmx_bench_guest_wait(struct mmx_bench_guest *guest, unsigned int behind)
{
	struct mmx_fence fence = guest->last;
	int r, error = 0;

	if (fence.seqno <= behind)
		return 0;
	fence.seqno -= behind;
	r = mmx_guest_fence_wait(guest->guest, &fence, guest->timeout_ms, &error);
	r = r ? r : error;
	return r ? mmx_bench_fail(r, "job %llu", (unsigned long long)fence.seqno) : 0;
}
