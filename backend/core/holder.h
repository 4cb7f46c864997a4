/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What outlives the daemon: a process that holds the machines' sockets, regions and eventfds, and begins the daemon again.
 *
 * QEMU takes what an ivshmem server sends once (hv/kvm/ivshmem.h), and a region that has its last seals can't be mapped
 * for writing any more. So malimuxd forks before it has set up anything: the parent is the holder, the child the daemon,
 * which tells it of each machine. The holder maps the region, and its next child has that mapping because it is forked
 * and not executed.
 *
 *	daemon -> holder	HOLD: a machine, with its socket, region, kick and call. READY: guests can connect
 *	holder -> daemon	what came of a HOLD
 *
 * over a SOCK_SEQPACKET pair: one message is one record. Of one partition the last machine counts. The holder lets go
 * when the machine's socket is closed at its other end, or shut down by the daemon.
 *
 * A daemon that has been taken over has its way with its machines and with what is held for them, no further: the holder
 * looks at no byte of a region, and what is wrong in a message has no effect. The next daemon believes no more of what it
 * inherits than it would of a machine.
 */
#ifndef BACKEND_CORE_HOLDER_H
#define BACKEND_CORE_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/core/config.h"
#include "hv/peer.h"

#define MMX_HOLDER_MACHINES MMX_CONFIG_MAX_PARTITIONS /* one each */
#define MMX_HOLDER_BYTES    (1ull << 44) /* of all regions: 256 of 64 GiB */

/* A daemon that ends with this is to be begun again, whatever is held. EX_TEMPFAIL of sysexits.h. */
#define MMX_HOLDER_AGAIN 75

enum mmx_hold_type {
	MMX_HOLD_MACHINE = 1,
	MMX_HOLD_READY = 2,
};

#define MMX_HOLD_MAGIC 0x484c4f48u
#define MMX_HOLD_FDS   4u /* socket, region, kick, call */

struct mmx_hold_msg {
	uint32_t magic;
	uint32_t type;
	uint32_t tag; /* comes back in the answer */
	char partition[MMX_PARTITION_NAME_MAX + 1];
	char transport[16];
	struct mmx_region_hdr layout; /* of the region, as the daemon made it */
};

struct mmx_hold_answer {
	uint32_t tag;
	int32_t error; /* 0; negative errno */
};

/* A machine. Nothing of it has been checked but what says so. */
struct mmx_held {
	char partition[MMX_PARTITION_NAME_MAX + 1]; /* a string */
	char transport[16]; /* a string */
	struct mmx_region_hdr layout;
	int sock_fd; /* a unix stream socket */
	int region_fd; /* can't change its size, which is that of the layout */
	int kick_fd;
	int call_fd;
	void *region; /* mapped here */
};

/* The table of what is held. Of the holder, and each daemon inherits a copy. */
struct mmx_holdings {
	size_t count;
	uint64_t bytes;
	struct mmx_held machines[MMX_HOLDER_MACHINES];
};

/**
 * mmx_holdings_take() - carries out a message of the daemon
 * @data: the message, of @size bytes
 * @fds: that came with it: owned by the table, or closed
 * @ret_type: enum mmx_hold_type
 * @ret_answer: of MMX_HOLD_MACHINE
 *
 * Return: 0; -EPROTO: it is none, and nothing has happened.
 */
int mmx_holdings_take(struct mmx_holdings *h, const void *data, size_t size, const int *fds,
		      unsigned int count, uint32_t *ret_type, struct mmx_hold_answer *ret_answer);
/* Lets go of number @i; the last one takes its place. */
void mmx_holdings_drop(struct mmx_holdings *h, size_t i);
/* Lets go of those whose sockets are at their end. */
void mmx_holdings_sweep(struct mmx_holdings *h);

/* The daemon's end. */
struct mmx_holder {
	int fd; /* to be polled; answers come */
	int ready_fd; /* gets one byte when guests can connect; -1 = none, or an earlier daemon has written it */
	struct mmx_holdings *held; /* this process's copy, its to close and unmap */
};

/* Does not wait. Return: 0: an answer will come; negative errno. */
int mmx_holder_hold(const struct mmx_holder *holder, uint32_t tag, const char *partition,
		    const struct mmx_region_hdr *layout, const struct mmx_peer *peer);
void mmx_holder_say_ready(const struct mmx_holder *holder);
/* Return: 0; -EAGAIN: none has come; -ECONNRESET: there is no holder any more; negative errno. */
int mmx_holder_answer(const struct mmx_holder *holder, struct mmx_hold_answer *ret_answer);

/* Runs the daemon until it ends; in a process of its own. Return: its exit status. */
typedef int (*mmx_daemon_fn)(void *ctx, const struct mmx_holder *holder);

/**
 * mmx_holder_run() - is the holder; no threads may exist
 * @ready_fd: for the first daemon that becomes ready, and closed then; -1 = none
 *
 * Returns in the holder, when there is to be no daemon any more: after SIGTERM or SIGINT, which the daemon is sent; after a
 * daemon that ended with 0; after one that failed while nothing was held, or too often. Return: exit status.
 */
int mmx_holder_run(mmx_daemon_fn run_daemon, void *ctx, int ready_fd);

#endif
