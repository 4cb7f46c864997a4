/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * One end of a connection between a guest and the backend, and what transports do about it.
 *
 * A transport brings a region, a notification in each direction that is never lost, and an end that both sides notice;
 * how, says the header of each: hv/local/local.h, hv/kvm/ivshmem.h. The backend's listener knows no more of them than
 * struct mmx_transport.
 *
 * Nothing here blocks or logs, but what says that it may wait.
 */
#ifndef HV_PEER_H
#define HV_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "hv/proto/region.h"

/*
 * All descriptors are owned by it, close-on-exec; kick, call and socket non-blocking, as far as this side decides that. The
 * region is mapped read-write on both ends (the backend writes rings and page).
 */
struct mmx_peer {
	const struct mmx_transport *transport; /* of the backend's end; NULL on the guest's */
	void *priv; /* the transport's own */
	int sock_fd; /* -1 in the in-process pairs of tests */
	int region_fd;
	int kick_fd; /* guest -> backend: the guest notifies, the backend polls and clears */
	int call_fd; /* backend -> guest: the backend notifies, the guest polls and clears */
	int call_guest_fd; /* on the backend's end: the guest's call_fd, if that is another one; -1 on the guest's */
	void *region;
	size_t region_size;
	bool kept; /* another process will adopt it: mmx_peer_finish() tells the other end nothing */
	pid_t pid; /* of the other end, when the backend accepted it */
	uid_t uid;
};
#define MMX_PEER_INIT                                                                             \
	{                                                                                         \
		.sock_fd = -1, .region_fd = -1, .kick_fd = -1, .call_fd = -1, .call_guest_fd = -1 \
	}

/*
 * The backend's end, in the order of a connection's life. All are called by the thread of its event loop, but prepare().
 */
struct mmx_transport {
	const char *name; /* in the configuration */
	/*
	 * A connection may see several sessions, one after the other, in the same region, and is there without one for as
	 * long as the other end likes. If not, its session begins soon, and ends with it.
	 */
	bool stays;
	/* Makes a region, kick and call. Return: 0; negative errno; nothing is left behind on failure. */
	int (*make)(struct mmx_peer *peer, const struct mmx_region_params *params);
	/* Sends what the other end needs, takes sock_fd over. Return: 0; negative errno: sock_fd stays the caller's. */
	int (*welcome)(struct mmx_peer *peer, int sock_fd);
	/*
	 * In place of make() and welcome(), of a transport that stays: another process has had the connection, and has died. The
	 * peer has its descriptors, and the region mapped, of @layout; nothing of it has been checked. The guest is told that
	 * its session has ended. May be NULL. Return: 0: the peer is complete; -EPROTO; another negative errno.
	 */
	int (*adopt)(struct mmx_peer *peer, const struct mmx_region_hdr *layout);
	/* Instead of a welcome, before the socket is closed: why, an errno. */
	void (*refuse)(int sock_fd, int error);
	/*
	 * Something has happened on socket or kick, and there is no session: is one wanted? Return: 0: it may be, prepare();
	 * -EAGAIN: not now; -EPROTO: it does not keep to the hand-shake; -ECONNRESET, another negative errno: it is gone.
	 */
	int (*heard)(const struct mmx_peer *peer);
	/*
	 * All that is to be mapped has been: last seals, and a region as it was when it was made. May wait, as long as
	 * system calls of the guest on the region are under way: not for an event loop's thread. Return: 0: a session can
	 * begin; -EAGAIN: none is wanted; -EINVAL: a kernel before 5.1; -EPERM: the guest has sealed it; another negative errno.
	 */
	int (*prepare)(const struct mmx_peer *peer);
	/* What came of it: 0, or why there is no session, an errno. May be NULL: the transport does not stay. */
	void (*answer)(const struct mmx_peer *peer, int error);
	/* The guest has notified during a session: does it want another one, or none? May be NULL, as above. */
	bool (*moves_on)(const struct mmx_peer *peer);
	/* Notifies the guest. */
	void (*call)(const struct mmx_peer *peer);
	/* priv is given up; the rest is the caller's to close. May be NULL. */
	void (*finish)(struct mmx_peer *peer);
};

/* The backend's end: notifies the guest (never blocks). */
static inline void mmx_peer_call(const struct mmx_peer *peer)
{
	peer->transport->call(peer);
}

/*
 * Unmaps and closes; leaves MMX_PEER_INIT; legal any number of times. Takes as long as the kernel needs to free
 * what the guest had touched, if it was the last to hold the region: some 100 ms a GiB.
 */
void mmx_peer_finish(struct mmx_peer *peer);

/* Notifies / takes notifications back. Neither blocks on a descriptor that is this side's alone to change. */
void mmx_peer_notify(int notify_fd);
/* Never blocks, whoever shares it. Return: there were some. */
bool mmx_peer_clear(int notify_fd);

/* ---- for transports ---- */

/* From the beginning, so that no access of either side can meet an end that was not there before. */
#define MMX_PEER_SIZE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

/* A memfd with the layout's header in it, sealed against any change of size, mapped. Return: 0; negative errno. */
int mmx_peer_make_region(struct mmx_peer *peer, const struct mmx_region_hdr *hdr);
/*
 * The last seals, once all have mapped it: no other writable mappings, and with that no holes. May wait. Return: as
 * prepare() of a transport.
 */
int mmx_peer_seal(const struct mmx_peer *peer);
/* Nobody can map it for writing any more: it has its last seals. */
bool mmx_peer_is_sealed(const struct mmx_peer *peer);
/* Are its seals and size those of a region of @size? Return: 0; -EPROTO; negative errno. */
int mmx_peer_check_region(const struct mmx_peer *peer, uint64_t size);
/* Maps a region that was received, if it cannot be taken away again and has @size. Return: 0; -EPROTO; negative errno. */
int mmx_peer_map_region(struct mmx_peer *peer, uint64_t size);
/* The socket is that of an accepted connection: its credentials, and it is the peer's. Return: 0; negative errno. */
int mmx_peer_take_socket(struct mmx_peer *peer, int sock_fd);

/* More than are expected, so that a peer that sends too many is seen to do so. */
#define MMX_PEER_MAX_FDS 8u
/* One message and its descriptors; does not wait. Return: 0; negative errno. */
int mmx_peer_send(int sock_fd, const void *data, size_t size, const int *fds, unsigned int count);
/*
 * The same the other way; close-on-exec. Those that there is no room for are closed. Return: bytes; 0: the other end is
 * closed; -EAGAIN, another negative errno.
 */
ssize_t mmx_peer_receive(int sock_fd, void *buf, size_t size, int fds[MMX_PEER_MAX_FDS],
			 unsigned int *ret_count);
int mmx_peer_set_nonblocking(int fd);

/* Deadlines of those who connect. */
int64_t mmx_peer_now_ms(void);
/* Return: 0; -ETIMEDOUT; negative errno. */
int mmx_peer_wait_readable(int fd, int64_t deadline_ms);

#endif
