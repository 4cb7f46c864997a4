// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A virtual machine on an ivshmem socket that does not keep to hv/kvm/kvm.h or hv/kvm/ivshmem.h, or is reset when it
 * likes. Ends with 0 if the daemon did what it should.
 *
 * Usage: rude_machine SOCKET HOW [COUNT]
 *
 * HOW: one of the table below; COUNT: how many times, 1 if there is none.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "hv/kvm/ivshmem.h"
#include "tests/int/hostile_kit.h"

#define PATIENCE_MS 60000
#define STORM_MS    1000
#define REBOOTS	    20

static int fail(const char *what)
{
	fprintf(stderr, "rude_machine: %s: %s\n", what, strerror(errno));
	return 1;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static uint32_t next_wish(const struct mmx_peer *peer)
{
	const struct mmx_kvm_link *link = mmx_kvm_link(peer);

	return mmx_kvm_next(link->want, link->answered);
}

/* A session of its own, as a driver begins it. Return: 0; 1 (told). */
static int begin(const struct mmx_peer *peer)
{
	int r = mmx_kvm_wish(peer, next_wish(peer), PATIENCE_MS);

	errno = -r;
	return r ? fail("no session begins") : 0;
}

/* ---- ways; the peer is plugged in, and closed behind them. Return: 0; 1 (told) ---- */

static int leave(struct mmx_peer *peer)
{
	(void)peer;
	return 0;
}

static int leave_kicked(struct mmx_peer *peer)
{
	mmx_peer_notify(peer->kick_fd);
	return 0;
}

static int leave_wishing(struct mmx_peer *peer)
{
	__atomic_store_n(&mmx_kvm_link(peer)->want, next_wish(peer), __ATOMIC_RELEASE);
	mmx_peer_notify(peer->kick_fd);
	return 0;
}

/* The daemon closes the connection. */
static int is_turned_away(const struct mmx_peer *peer)
{
	struct pollfd pollfd = { .fd = peer->sock_fd, .events = POLLIN };
	char c;

	if (poll(&pollfd, 1, PATIENCE_MS) != 1 || recv(peer->sock_fd, &c, 1, 0) > 0)
		return fail("the daemon did not turn it away");
	return 0;
}

/* Has all the time in the world; the daemon ends first. */
static int waits(struct mmx_peer *peer)
{
	return is_turned_away(peer);
}

static int talks(struct mmx_peer *peer)
{
	if (send(peer->sock_fd, "x", 1, MSG_NOSIGNAL) != 1)
		return fail("send");
	return is_turned_away(peer);
}

static int talks_later(struct mmx_peer *peer)
{
	return begin(peer) ? 1 : talks(peer);
}

static int seals(struct mmx_peer *peer)
{
	if (fcntl(peer->region_fd, F_ADD_SEALS, F_SEAL_SEAL))
		return fail("F_ADD_SEALS");
	mmx_peer_notify(peer->kick_fd);
	return is_turned_away(peer);
}

/* No memory can be taken away from a session. */
static int holes(struct mmx_peer *peer)
{
	const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	if (fallocate(peer->region_fd, punch, MMX_WIRE_PAGE_SIZE, MMX_WIRE_PAGE_SIZE))
		return fail("no hole can be punched while nobody uses the region");
	if (begin(peer))
		return 1;
	if (!fallocate(peer->region_fd, punch, 0, (off_t)peer->region_size) || errno != EPERM)
		return fail("a hole could be punched");
	if (!madvise(peer->region, peer->region_size, MADV_REMOVE) || errno != EPERM)
		return fail("memory could be removed");
	return 0;
}

static int storm(struct mmx_peer *peer)
{
	int64_t until_ms = now_ms() + STORM_MS;

	do
		mmx_peer_notify(peer->kick_fd);
	while (now_ms() < until_ms);
	return 0;
}

/* Has nothing to say, and kicks all the time: without a session, then with one. */
static int kicks(struct mmx_peer *peer)
{
	return storm(peer) || begin(peer) || storm(peer);
}

/* Wants another session all the time, and gets one in the end. */
static int wishes(struct mmx_peer *peer)
{
	int64_t until_ms = now_ms() + STORM_MS;

	do
		leave_wishing(peer);
	while (now_ms() < until_ms);
	return begin(peer);
}

/* ---- ways that talk to the backend in a session ---- */

static struct mmx_raw raw;

/* Return: 0; 1 (told). */
static int greet(struct mmx_peer *peer)
{
	if (mmx_raw_take(&raw, peer, PATIENCE_MS, true))
		return fail("the region is not as if new");
	return mmx_raw_hello(&raw) ? fail("HELLO") : 0;
}

static void give_back(struct mmx_peer *peer)
{
	*peer = raw.peer;
	raw.peer = (struct mmx_peer)MMX_PEER_INIT;
}

/* The eventfds are as bad as they can be made: writing to call would wait for ever, and so would a read of kick. */
static int blocks(struct mmx_peer *peer)
{
	const uint64_t most = UINT64_MAX - 1;
	struct mmx_peer shared = *peer;
	uint32_t i;

	if (begin(peer) || greet(peer))
		return 1;
	if (fcntl(shared.call_fd, F_SETFL, 0) || fcntl(shared.kick_fd, F_SETFL, 0))
		return fail("F_SETFL");
	/* from now on nobody takes what is in it; what is too much for the counter is signalled all the same */
	if (write(shared.call_fd, &most, sizeof(most)) != sizeof(most))
		return fail("the counter");
	for (i = 0; i < 64; i++) {
		union mmx_msg_buf msg;

		mmx_raw_begin(&raw, &msg, MMX_MSG_GROUP_GET_STATE, sizeof(struct mmx_msg_object));
		if (mmx_raw_send(&raw, &msg, msg.hdr.size))
			return fail("send");
	}
	give_back(peer);
	return 0;
}

/* One boot: groups whose streams never end, and then the machine is reset. Return: 0; 1 (told). */
static int boot(struct mmx_peer *peer, uint64_t *epoch)
{
	union mmx_msg_buf msg;
	struct mmx_cs_asm a;
	uint32_t i;

	if (begin(peer) || greet(peer))
		return 1;
	if (*epoch && *epoch != raw.hello.epoch)
		return fail("another daemon");
	*epoch = raw.hello.epoch;
	if (!make_space(&raw))
		return fail("names of the last session are still taken");
	a = begin_stream(&raw, 1);
	mmx_cs_put_endless(&a);
	for (i = 0; i < 4; i++) {
		if (make_group(&raw, i, 1))
			return fail("no group can be made");
		put_job(&raw, &msg, i, 0, 1, 1, &a);
		if (mmx_raw_send(&raw, &msg, msg.hdr.size))
			return fail("send");
	}
	give_back(peer);
	return 0;
}

/* Machines that are reset in the middle of their work, and drivers that are unloaded. */
static int reboots(struct mmx_peer *peer)
{
	uint64_t epoch = 0;
	uint32_t i;

	for (i = 0; i < REBOOTS; i++) {
		if (boot(peer, &epoch))
			return 1;
		/* now and then the driver says good-bye */
		if (i % 4 == 3 && mmx_kvm_wish(peer, 0, PATIENCE_MS))
			return fail("good-bye");
	}
	return begin(peer) || greet(peer);
}

/* Breaks the protocol: the session ends, the machine stays, and gets another one. */
static int breaks(struct mmx_peer *peer)
{
	union mmx_msg_buf msg;
	uint32_t i;

	for (i = 0; i < 3; i++) {
		if (begin(peer) || greet(peer))
			return 1;
		mmx_raw_begin(&raw, &msg, MMX_MSG_GROUP_GET_STATE, 0);
		if (mmx_raw_send(&raw, &msg, sizeof(msg.hdr)) || mmx_raw_wait_end(&raw) != EPROTO)
			return fail("the session was not ended");
		give_back(peer);
	}
	return begin(peer) || greet(peer);
}

/* ---- */

static const struct {
	const char *name;
	int (*way)(struct mmx_peer *peer);
} ways[] = {
	{ "leave", leave },
	{ "leave-kicked", leave_kicked },
	{ "leave-wishing", leave_wishing },
	{ "waits", waits },
	{ "talks", talks },
	{ "talks-later", talks_later },
	{ "seals", seals },
	{ "holes", holes },
	{ "kicks", kicks },
	{ "wishes", wishes },
	{ "blocks", blocks },
	{ "reboots", reboots },
	{ "breaks", breaks },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* While it is there nobody else can be, and is told so at once, with a session or without. Return: 0; 1 (told). */
static int second(const char *path)
{
	struct mmx_peer peer;

	if (mmx_kvm_plug(path, PATIENCE_MS, &peer) != -EBUSY)
		return fail("there are two");
	return 0;
}

static int run(const char *path, int (*way)(struct mmx_peer *peer))
{
	struct mmx_peer peer;
	int r;

	/* the one before it is still connected, as far as the daemon has heard */
	do
		r = mmx_kvm_plug(path, PATIENCE_MS, &peer);
	while (r == -EBUSY);
	if (r) {
		errno = -r;
		return fail(path);
	}
	r = way == blocks || way == leave ? second(path) : 0;
	r = r ? r : way(&peer);
	mmx_raw_close(&raw);
	mmx_peer_finish(&peer);
	return r;
}

int main(int argc, char **argv)
{
	long count = argc > 3 ? strtol(argv[3], NULL, 10) : 1;
	size_t way = 0;
	int r = 0;

	while (argc > 2 && way < WAYS && strcmp(argv[2], ways[way].name))
		way++;
	if (argc < 3 || way == WAYS) {
		fputs("Usage: rude_machine SOCKET HOW [COUNT]\n", stderr);
		return 2;
	}
	for (; count > 0 && !r; count--)
		r = run(argv[1], ways[way].way);
	return r;
}
