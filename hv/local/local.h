/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The local transport: a guest that is a plain process on the same host.
 *
 * The backend listens on one unix stream socket per partition; the socket a peer connects to is
 * its identity, and its credentials (SO_PEERCRED) are checked against the partition's uid, if it
 * has one. The hand-shake:
 *
 *  1. The backend creates the region as a memfd, sealed against any change of size, maps it for
 *     itself and for the GPU, and sends one message: struct mmx_local_hello with three descriptors:
 *     region, kick (guest -> backend), an eventfd, and call (backend -> guest), the reading end of
 *     a pipe.
 *  2. The guest maps the region and answers with one byte, 'M'. Later it can map it for reading only;
 *     what it has mapped it may duplicate, with mremap().
 *  3. The backend adds the seals F_SEAL_FUTURE_WRITE and F_SEAL_SEAL: mappings that are there stay as
 *     they are, and nobody can punch a hole any more, neither by descriptor nor by mapping
 *     (MADV_REMOVE). Whoever touches memory while the kernel frees a large hole around it waits for
 *     that, and the backend waits for nobody: before this it does not touch the region again.
 *
 * After that the socket carries nothing; its end is the end of the session.
 *
 * Call is a pipe because O_NONBLOCK belongs to what two descriptors of an eventfd share: a guest
 * could clear it, fill the counter, and the backend's next write would never return. The writing
 * end of a pipe is the backend's alone. (Reading kick is safe, since a read can be told not to
 * wait; a guest that trusts its backend less than that is not a plain process.)
 *
 * Nothing here logs or blocks, but mmx_local_connect(), which waits for the backend's hello with a
 * deadline, and what says that it may wait.
 */
#ifndef HV_LOCAL_LOCAL_H
#define HV_LOCAL_LOCAL_H

#include <stdint.h>

#include "hv/peer.h"

#define MMX_LOCAL_MAGIC	  0x4c584d4du /* "MMXL" */
#define MMX_LOCAL_VERSION 2u

struct mmx_local_hello {
	uint32_t magic;
	uint32_t version;
	uint32_t error; /* errno: the backend refuses, no descriptors follow; 0 = welcome */
	uint32_t pad;
	uint64_t region_size;
};

extern const struct mmx_transport mmx_local_transport;

/* Tells an accepted peer why it is not welcome. Does not close. */
void mmx_local_refuse(int sock_fd, int error);

/*
 * Makes a region, kick and call (header written, rings empty), maps it. sock_fd stays -1. Return:
 * 0; negative errno; nothing is left behind on failure.
 */
int mmx_local_peer_init(struct mmx_peer *peer, const struct mmx_region_params *params);

/*
 * Sends hello and descriptors and takes sock_fd over. Return: 0; negative errno: sock_fd stays the
 * caller's.
 */
int mmx_local_welcome(struct mmx_peer *peer, int sock_fd);

/*
 * After the welcome: has the guest mapped the region? Return: 0; -EAGAIN: not yet; -EPROTO: it says something
 * else; -ECONNRESET, another negative errno: it is gone.
 */
int mmx_local_heard_mapped(const struct mmx_peer *peer);

/*
 * The guest's side: connects, receives, checks seals and size, maps, and says so. Return: 0; negative errno.
 */
int mmx_local_connect(const char *path, int timeout_ms, struct mmx_peer *ret_peer);

/* The guest's side of a pair within one process (tests): duplicates descriptors and maps again. */
int mmx_local_peer_dup(const struct mmx_peer *backend, struct mmx_peer *ret_guest);

#endif
