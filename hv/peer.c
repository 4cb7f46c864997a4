// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What transports have in common: the region as a sealed memfd, notifications, descriptors over a unix socket.
 *
 * Owns the descriptors and the mapping of a struct mmx_peer. Called by the transports, on the backend's side by its event
 * loop, and by libmalimux; one thread per peer.
 *
 * Invariants: all descriptors are close-on-exec from their first moment; what was received and is not wanted is closed; a
 * region that could still shrink is not mapped (a read beyond the end would raise SIGBUS).
 */
#include "hv/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define LAST_SEALS (F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)

/* ---- the region ---- */

static int map_region(struct mmx_peer *peer, uint64_t size)
{
	void *ptr;

	if (!size || size > SIZE_MAX / 2)
		return -EPROTO;
	ptr = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, peer->region_fd, 0);
	if (ptr == MAP_FAILED)
		return -errno;
	peer->region = ptr;
	peer->region_size = (size_t)size;
	return 0;
}

int mmx_peer_make_region(struct mmx_peer *peer, const struct mmx_region_hdr *hdr)
{
	int ret;

	peer->region_fd = memfd_create("malimux-region", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (peer->region_fd < 0)
		return -errno;
	if (ftruncate(peer->region_fd, (off_t)hdr->size))
		return -errno;
	if (fcntl(peer->region_fd, F_ADD_SEALS, MMX_PEER_SIZE_SEALS))
		return -errno;
	ret = map_region(peer, hdr->size);
	if (ret)
		return ret;
	memcpy(peer->region, hdr, sizeof(*hdr));
	return 0;
}

int mmx_peer_seal(const struct mmx_peer *peer)
{
	return fcntl(peer->region_fd, F_ADD_SEALS, LAST_SEALS) ? -errno : 0;
}

bool mmx_peer_is_sealed(const struct mmx_peer *peer)
{
	int seals = fcntl(peer->region_fd, F_GET_SEALS);

	return seals >= 0 && (seals & F_SEAL_FUTURE_WRITE);
}

int mmx_peer_check_region(const struct mmx_peer *peer, uint64_t size)
{
	int seals = fcntl(peer->region_fd, F_GET_SEALS);
	struct stat st;

	if (seals < 0 || (seals & MMX_PEER_SIZE_SEALS) != MMX_PEER_SIZE_SEALS)
		return -EPROTO;
	if (fstat(peer->region_fd, &st))
		return -errno;
	if (st.st_size < (off_t)sizeof(struct mmx_region_hdr) || (uint64_t)st.st_size != size)
		return -EPROTO;
	return 0;
}

int mmx_peer_map_region(struct mmx_peer *peer, uint64_t size)
{
	int ret = mmx_peer_check_region(peer, size);

	return ret ? ret : map_region(peer, size);
}

/* ---- life ---- */

int mmx_peer_take_socket(struct mmx_peer *peer, int sock_fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(sock_fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return -errno;
	peer->sock_fd = sock_fd;
	peer->pid = cred.pid;
	peer->uid = cred.uid;
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void mmx_peer_finish(struct mmx_peer *peer)
{
	if (peer->transport && peer->transport->finish)
		peer->transport->finish(peer);
	if (peer->region)
		munmap(peer->region, peer->region_size);
	close_fd(peer->sock_fd);
	close_fd(peer->region_fd);
	close_fd(peer->kick_fd);
	close_fd(peer->call_fd);
	close_fd(peer->call_guest_fd);
	*peer = (struct mmx_peer)MMX_PEER_INIT;
}

/* ---- notifications ---- */

void mmx_peer_notify(int notify_fd)
{
	const uint64_t one = 1;
	ssize_t n;

	do
		n = write(notify_fd, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
	/* full: the other end has not looked at the last ones yet, and will */
}

bool mmx_peer_clear(int notify_fd)
{
	uint64_t buf[MMX_WIRE_PAGE_SIZE / sizeof(uint64_t)];
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct pollfd pfd = { .fd = notify_fd, .events = POLLIN };
	ssize_t n;

	do
		n = preadv2(notify_fd, &iov, 1, -1, RWF_NOWAIT);
	while (n < 0 && errno == EINTR);
	/* kernels before 5.8, and emulators of user space: the next best that can be done */
	if (n < 0 && (errno == EOPNOTSUPP || errno == ENOSYS) && poll(&pfd, 1, 0) == 1)
		n = read(notify_fd, buf, sizeof(buf));
	return n > 0;
}

/* ---- sockets ---- */

/* A message and its descriptors, as sendmsg() and recvmsg() want them. It points into itself. */
struct envelope {
	struct iovec iov;
	struct msghdr hdr;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(MMX_PEER_MAX_FDS * sizeof(int))];
	} control;
};

/* @fds: how many it has room for, up to MMX_PEER_MAX_FDS. */
static void init_envelope(struct envelope *e, void *data, size_t size, unsigned int fds)
{
	*e = (struct envelope){
		.iov = { .iov_base = data, .iov_len = size },
		.hdr = { .msg_iov = &e->iov, .msg_iovlen = 1 },
	};
	if (!fds)
		return;
	e->hdr.msg_control = e->control.bytes;
	e->hdr.msg_controllen = CMSG_SPACE(fds * sizeof(int));
}

int mmx_peer_send(int sock_fd, const void *data, size_t size, const int *fds, unsigned int count)
{
	struct cmsghdr *cmsg;
	struct envelope e;
	ssize_t sent;

	if (count > MMX_PEER_MAX_FDS)
		return -EINVAL;
	init_envelope(&e, (void *)data, size, count);
	if (count) {
		cmsg = CMSG_FIRSTHDR(&e.hdr);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, count * sizeof(int));
	}
	sent = sendmsg(sock_fd, &e.hdr, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return -errno;
	return (size_t)sent == size ? 0 : -EIO;
}

/* Takes all descriptors that came with a message. Return: how many; those beyond the room are closed. */
static unsigned int take_fds(struct msghdr *msg, int fds[MMX_PEER_MAX_FDS])
{
	unsigned int count = 0;
	struct cmsghdr *cmsg;
	size_t i, n;
	int fd;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(fd), sizeof(fd));
			if (count < MMX_PEER_MAX_FDS)
				fds[count++] = fd;
			else
				close(fd);
		}
	}
	return count;
}

ssize_t mmx_peer_receive(int sock_fd, void *buf, size_t size, int fds[MMX_PEER_MAX_FDS],
			 unsigned int *ret_count)
{
	struct envelope e;
	unsigned int i;
	ssize_t n;

	*ret_count = 0;
	init_envelope(&e, buf, size, MMX_PEER_MAX_FDS);
	do
		n = recvmsg(sock_fd, &e.hdr, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	*ret_count = take_fds(&e.hdr, fds);
	if (!(e.hdr.msg_flags & MSG_CTRUNC))
		return n;
	for (i = 0; i < *ret_count; i++)
		close(fds[i]);
	*ret_count = 0;
	return -EPROTO;
}

int mmx_peer_set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) ? -errno : 0;
}

/* ---- deadlines ---- */

int64_t mmx_peer_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int mmx_peer_wait_readable(int fd, int64_t deadline_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int64_t left;
	int ret;

	do {
		left = deadline_ms - mmx_peer_now_ms();
		ret = poll(&pfd, 1, left > 0 ? (int)left : 0);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -errno;
	return ret ? 0 : -ETIMEDOUT;
}
