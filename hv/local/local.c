// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The local transport: hand-shake over a unix socket, region as a sealed memfd, eventfd and pipe.
 *
 * Owns the descriptors and the mapping of a struct mmx_local_peer. Called by the backend's event
 * loop (welcome) and by libmalimux (connect); one thread per peer.
 *
 * Invariants: all descriptors are close-on-exec from their first moment; what was received and is
 * not wanted is closed; the guest uses no region that its backend could still shrink (a read
 * beyond the end would raise SIGBUS); nothing but connect waits, whatever the other end does with
 * the descriptors that it shares; but seal and finish, see there.
 */
#include "hv/local/local.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "hv/local/local_priv.h"
#include "hv/proto/ring.h"

/* From the beginning, so that no access of either side can meet an end that was not there before. */
#define SIZE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW)
/* Once all have mapped it: no other writable mappings, and with that no holes. */
#define LAST_SEALS (F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)
#define HELLO_FDS  3u
/* Room for more than are expected, so that a peer that sends too many is seen to do so. */
#define HELLO_FDS_ROOM 8u
#define MAX_ERRNO      4095u

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static struct mmx_local_hello make_hello(uint32_t error, uint64_t region_size)
{
	return (struct mmx_local_hello){
		.magic = MMX_LOCAL_MAGIC,
		.version = MMX_LOCAL_VERSION,
		.error = error,
		.region_size = region_size,
	};
}

void mmx_local_refuse(int sock_fd, int error)
{
	struct mmx_local_hello hello = make_hello((uint32_t)(error < 0 ? -error : error), 0);

	/* That the peer does not get to know is its own loss. */
	if (send(sock_fd, &hello, sizeof(hello), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

static int map_region(struct mmx_local_peer *peer, uint64_t size)
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

static int make_region(struct mmx_local_peer *peer, const struct mmx_region_hdr *hdr)
{
	int ret;

	peer->region_fd = memfd_create("malimux-region", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (peer->region_fd < 0)
		return -errno;
	if (ftruncate(peer->region_fd, (off_t)hdr->size))
		return -errno;
	if (fcntl(peer->region_fd, F_ADD_SEALS, SIZE_SEALS))
		return -errno;
	ret = map_region(peer, hdr->size);
	if (ret)
		return ret;
	memcpy(peer->region, hdr, sizeof(*hdr));
	return 0;
}

static int make_notifiers(struct mmx_local_peer *peer)
{
	int call[2];

	peer->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (peer->kick_fd < 0)
		return -errno;
	if (pipe2(call, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	peer->call_guest_fd = call[0];
	peer->call_fd = call[1];
	/* Notifications do not add up to anything: the smallest pipe will do. */
	if (fcntl(call[1], F_SETPIPE_SZ, MMX_WIRE_PAGE_SIZE) < 0)
		return -errno;
	return 0;
}

int mmx_local_peer_init(struct mmx_local_peer *peer, const struct mmx_region_params *params)
{
	struct mmx_region_hdr hdr;
	int ret;

	*peer = (struct mmx_local_peer)MMX_LOCAL_PEER_INIT;
	ret = mmx_region_layout(params, &hdr);
	if (ret)
		return ret;
	ret = make_region(peer, &hdr);
	if (!ret)
		ret = make_notifiers(peer);
	if (ret)
		mmx_local_peer_finish(peer);
	return ret;
}

/* A hello and its descriptors, as sendmsg() and recvmsg() want them. It points into itself. */
struct hello_msg {
	struct mmx_local_hello hello;
	struct iovec iov;
	struct msghdr hdr;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(HELLO_FDS_ROOM * sizeof(int))];
	} control;
};

/* @fds: how many it has room for, up to HELLO_FDS_ROOM. */
static void init_hello_msg(struct hello_msg *msg, unsigned int fds)
{
	*msg = (struct hello_msg){
		.iov = { .iov_base = &msg->hello, .iov_len = sizeof(msg->hello) },
		.hdr = {
			.msg_iov = &msg->iov,
			.msg_iovlen = 1,
			.msg_control = msg->control.bytes,
			.msg_controllen = CMSG_SPACE(fds * sizeof(int)),
		},
	};
}

int mmx_local_welcome(struct mmx_local_peer *peer, int sock_fd)
{
	const int fds[HELLO_FDS] = { peer->region_fd, peer->kick_fd, peer->call_guest_fd };
	struct hello_msg msg;
	struct ucred cred;
	socklen_t len = sizeof(cred);
	struct cmsghdr *cmsg;
	ssize_t sent;

	if (getsockopt(sock_fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return -errno;
	init_hello_msg(&msg, HELLO_FDS);
	msg.hello = make_hello(0, peer->region_size);
	cmsg = CMSG_FIRSTHDR(&msg.hdr);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(cmsg), fds, sizeof(fds));
	sent = sendmsg(sock_fd, &msg.hdr, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return -errno;
	if ((size_t)sent != sizeof(msg.hello))
		return -EIO;
	peer->sock_fd = sock_fd;
	peer->pid = cred.pid;
	peer->uid = cred.uid;
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int wait_readable(int fd, int64_t deadline_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int64_t left;
	int ret;

	do {
		left = deadline_ms - now_ms();
		ret = poll(&pfd, 1, left > 0 ? (int)left : 0);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -errno;
	return ret ? 0 : -ETIMEDOUT;
}

/*
 * Takes all descriptors that came with a message. Return: how many; those beyond the room are
 * closed.
 */
static unsigned int take_fds(struct msghdr *msg, int fds[HELLO_FDS_ROOM])
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
			if (count < HELLO_FDS_ROOM)
				fds[count++] = fd;
			else
				close(fd);
		}
	}
	return count;
}

static int check_hello(const struct mmx_local_hello *hello, unsigned int fd_count)
{
	if (hello->magic != MMX_LOCAL_MAGIC || hello->pad || hello->error > MAX_ERRNO)
		return -EPROTO;
	if (hello->version != MMX_LOCAL_VERSION)
		return -EPROTONOSUPPORT;
	if (hello->error)
		return -(int)hello->error;
	return fd_count == HELLO_FDS ? 0 : -EPROTO;
}

static int receive_hello(struct mmx_local_peer *peer, struct mmx_local_hello *ret_hello)
{
	int fds[HELLO_FDS_ROOM] = { -1, -1, -1 };
	struct hello_msg msg;
	unsigned int i, count;
	ssize_t size;
	int ret;

	init_hello_msg(&msg, HELLO_FDS_ROOM);
	size = recvmsg(peer->sock_fd, &msg.hdr, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (size < 0)
		return -errno;
	count = take_fds(&msg.hdr, fds);
	if (!size)
		ret = -ECONNRESET;
	else if ((size_t)size != sizeof(msg.hello) || (msg.hdr.msg_flags & MSG_CTRUNC))
		ret = -EPROTO;
	else
		ret = check_hello(&msg.hello, count);
	if (ret) {
		for (i = 0; i < count; i++)
			close(fds[i]);
		return ret;
	}
	peer->region_fd = fds[0];
	peer->kick_fd = fds[1];
	peer->call_fd = fds[2];
	*ret_hello = msg.hello;
	return 0;
}

/* What a guest says once it has mapped its region: all that it ever says on the socket. */
static const char mapped_word = 'M';

static int say_mapped(const struct mmx_local_peer *peer)
{
	ssize_t n = send(peer->sock_fd, &mapped_word, 1, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n < 0 ? -errno : 0;
}

int mmx_local_heard_mapped(const struct mmx_local_peer *peer)
{
	/* room for one more, so that one that says too much is seen to do so */
	char text[2];
	ssize_t n;

	do
		n = recv(peer->sock_fd, text, sizeof(text), MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	if (!n)
		return -ECONNRESET;
	return n == 1 && text[0] == mapped_word ? 0 : -EPROTO;
}

int mmx_local_seal(const struct mmx_local_peer *peer)
{
	return fcntl(peer->region_fd, F_ADD_SEALS, LAST_SEALS) ? -errno : 0;
}

/*
 * Maps the region that was received, if it cannot be taken away again and has the size that was
 * said.
 */
static int check_and_map(struct mmx_local_peer *peer, uint64_t size)
{
	int seals = fcntl(peer->region_fd, F_GET_SEALS);
	struct stat st;

	if (seals < 0 || (seals & SIZE_SEALS) != SIZE_SEALS)
		return -EPROTO;
	if (fstat(peer->region_fd, &st))
		return -errno;
	if (st.st_size < (off_t)sizeof(struct mmx_region_hdr) || (uint64_t)st.st_size != size)
		return -EPROTO;
	return map_region(peer, size);
}

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) ? -errno : 0;
}

int mmx_local_connect(const char *path, int timeout_ms, struct mmx_local_peer *ret_peer)
{
	struct mmx_local_peer peer = MMX_LOCAL_PEER_INIT;
	int64_t deadline_ms = now_ms() + timeout_ms;
	struct mmx_local_hello hello = { 0 };
	int ret;

	ret = mmx_local_dial(path, timeout_ms, &peer.sock_fd);
	if (ret)
		return ret;
	ret = wait_readable(peer.sock_fd, deadline_ms);
	if (!ret)
		ret = receive_hello(&peer, &hello);
	if (!ret)
		ret = check_and_map(&peer, hello.region_size);
	if (!ret)
		ret = set_nonblocking(peer.kick_fd);
	if (!ret)
		ret = set_nonblocking(peer.call_fd);
	if (!ret)
		ret = say_mapped(&peer);
	if (ret) {
		mmx_local_peer_finish(&peer);
		return ret;
	}
	*ret_peer = peer;
	return 0;
}

static int dup_fd(int fd, int *ret_fd)
{
	*ret_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return *ret_fd < 0 ? -errno : 0;
}

int mmx_local_peer_dup(const struct mmx_local_peer *backend, struct mmx_local_peer *ret_guest)
{
	struct mmx_local_peer guest = MMX_LOCAL_PEER_INIT;
	int ret;

	ret = dup_fd(backend->region_fd, &guest.region_fd);
	if (!ret)
		ret = dup_fd(backend->kick_fd, &guest.kick_fd);
	if (!ret)
		ret = dup_fd(backend->call_guest_fd, &guest.call_fd);
	if (!ret)
		ret = check_and_map(&guest, backend->region_size);
	if (ret) {
		mmx_local_peer_finish(&guest);
		return ret;
	}
	*ret_guest = guest;
	return 0;
}

void mmx_local_peer_finish(struct mmx_local_peer *peer)
{
	if (peer->region)
		munmap(peer->region, peer->region_size);
	close_fd(&peer->sock_fd);
	close_fd(&peer->region_fd);
	close_fd(&peer->kick_fd);
	close_fd(&peer->call_fd);
	close_fd(&peer->call_guest_fd);
	*peer = (struct mmx_local_peer)MMX_LOCAL_PEER_INIT;
}

void mmx_local_notify(int notify_fd)
{
	const uint64_t one = 1;
	ssize_t n;

	do
		n = write(notify_fd, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
	/* full: the other end has not looked at the last ones yet, and will */
}

void mmx_local_clear(int notify_fd)
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
	(void)n;
}
