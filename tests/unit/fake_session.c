// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* See fake_session.h. Everything asserts. */
#include "tests/unit/fake_session.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "frontend/user/guest_priv.h"
#include "tests/unit/fds.h"

struct fake *fake;
struct mmx_guest *guest;
static unsigned int fds_before;

void session_tell(char command)
{
	assert_int_equal(write(fake->stop[1], &command, 1), 1);
}

void session_start(enum misdeed misdeed, uint16_t victim, uint32_t error)
{
	const struct mmx_region_params params = {
		.sub_slots = 64,
		.comp_slots = 64,
		.max_timelines = MAX_TIMELINES,
		.data_size = DATA_PAGES * MMX_WIRE_PAGE_SIZE,
	};
	const struct mmx_region_hdr *hdr;
	int socks[2];

	fds_before = fds_count();
	fake = calloc(1, sizeof(*fake));
	assert_non_null(fake);
	assert_int_equal(pthread_mutex_init(&fake->lock, NULL), 0);
	fake->misdeed = misdeed;
	fake->victim = victim;
	fake->error = error;
	assert_int_equal(mmx_local_peer_init(&fake->peer, &params), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks), 0);
	fake->peer.sock_fd = socks[0];
	fake->guest_sock = socks[1];
	assert_int_equal(pipe(fake->stop), 0);
	hdr = fake->peer.region;
	fake->page = (void *)((uint8_t *)fake->peer.region + hdr->session_offset);
	mmx_ring_producer_init(&fake->comp,
			       (void *)((uint8_t *)fake->peer.region + hdr->comp_offset),
			       hdr->comp_slots);
	mmx_ring_consumer_init(&fake->sub, (void *)((uint8_t *)fake->peer.region + hdr->sub_offset),
			       hdr->sub_slots);
	assert_int_equal(pthread_create(&fake->thread, NULL, fake_backend_thread, fake), 0);
}

int session_open(int timeout_ms)
{
	struct mmx_peer peer;

	assert_int_equal(mmx_local_peer_dup(&fake->peer, &peer), 0);
	peer.sock_fd = fake->guest_sock;
	return mmx_guest_open_peer(&peer, "malimux_test", timeout_ms, &guest);
}

void session_begin(enum misdeed misdeed, uint16_t victim, uint32_t error)
{
	session_start(misdeed, victim, error);
	assert_int_equal(session_open(TIMEOUT_MS), 0);
}

void session_end(void)
{
	mmx_guest_close(guest);
	guest = NULL;
	session_tell('q');
	pthread_join(fake->thread, NULL);
	close(fake->stop[0]);
	close(fake->stop[1]);
	mmx_peer_finish(&fake->peer);
	free(fake);
	fake = NULL;
	assert_int_equal(fds_count(), fds_before);
}

uint32_t session_group(void)
{
	struct mmx_guest_group_params params = { .queue_count = 2 };
	uint32_t group;

	assert_int_equal(mmx_guest_client_create(guest, "test", &params.client), 0);
	assert_int_equal(mmx_guest_vm_create(guest, params.client, 0, &params.vm), 0);
	assert_int_equal(mmx_guest_group_create(guest, &params, &group), 0);
	return group;
}

struct mmx_fence session_submit(uint32_t group, unsigned int queue, uint32_t size)
{
	struct mmx_fence fence = { 0 };
	struct mmx_submit job = {
		.group = group,
		.queue = queue,
		.stream_addr = 0x1000,
		.stream_size = size,
	};

	assert_int_equal(mmx_guest_submit(guest, &job, &fence), 0);
	return fence;
}

int session_wait(struct mmx_fence fence)
{
	int error = 1;

	assert_int_equal(mmx_guest_fence_wait(guest, &fence, TIMEOUT_MS, &error), 0);
	return error;
}

void session_release(void)
{
	assert_int_equal(mmx_guest_vm_unmap(guest, 0x10000, 0, 0), 0);
	session_tell('r');
}
