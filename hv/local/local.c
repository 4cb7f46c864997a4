// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The local transport: hand-shake over a unix socket; eventfd and pipe to notify with.
 *
 * Called by the backend's event loop (its end) and by libmalimux (connect); one thread per peer.
 *
 * Invariants: the guest uses no region that its backend could still shrink; nothing but connect waits, whatever the
 * other end does with the descriptors that it shares; but seal and finish, see there.
 */
#include "hv/local/local.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hv/proto/ring.h"
#include "hv/socket.h"

#define HELLO_FDS 3u
#define MAX_ERRNO 4095u

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
	(void)mmx_peer_send(sock_fd, &hello, sizeof(hello), NULL, 0);
}

static int make_notifiers(struct mmx_peer *peer)
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

int mmx_local_peer_init(struct mmx_peer *peer, const struct mmx_region_params *params)
{
	struct mmx_region_hdr hdr;
	int ret;

	*peer = (struct mmx_peer)MMX_PEER_INIT;
	peer->transport = &mmx_local_transport;
	ret = mmx_region_layout(params, &hdr);
	if (!ret)
		ret = mmx_peer_make_region(peer, &hdr);
	if (!ret)
		ret = make_notifiers(peer);
	if (ret)
		mmx_peer_finish(peer);
	return ret;
}

int mmx_local_welcome(struct mmx_peer *peer, int sock_fd)
{
	const int fds[HELLO_FDS] = { peer->region_fd, peer->kick_fd, peer->call_guest_fd };
	struct mmx_local_hello hello = make_hello(0, peer->region_size);
	int ret;

	ret = mmx_peer_send(sock_fd, &hello, sizeof(hello), fds, HELLO_FDS);
	return ret ? ret : mmx_peer_take_socket(peer, sock_fd);
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

static int receive_hello(struct mmx_peer *peer, struct mmx_local_hello *ret_hello)
{
	int fds[MMX_PEER_MAX_FDS];
	struct mmx_local_hello hello;
	unsigned int i, count;
	ssize_t size;
	int ret;

	size = mmx_peer_receive(peer->sock_fd, &hello, sizeof(hello), fds, &count);
	if (size < 0)
		ret = (int)size;
	else if (!size)
		ret = -ECONNRESET;
	else if ((size_t)size != sizeof(hello))
		ret = -EPROTO;
	else
		ret = check_hello(&hello, count);
	if (ret) {
		for (i = 0; i < count; i++)
			close(fds[i]);
		return ret;
	}
	peer->region_fd = fds[0];
	peer->kick_fd = fds[1];
	peer->call_fd = fds[2];
	*ret_hello = hello;
	return 0;
}

/* What a guest says once it has mapped its region: all that it ever says on the socket. */
static const char mapped_word = 'M';

static int say_mapped(const struct mmx_peer *peer)
{
	ssize_t n = send(peer->sock_fd, &mapped_word, 1, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n < 0 ? -errno : 0;
}

int mmx_local_heard_mapped(const struct mmx_peer *peer)
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

int mmx_local_connect(const char *path, int timeout_ms, struct mmx_peer *ret_peer)
{
	struct mmx_peer peer = MMX_PEER_INIT;
	int64_t deadline_ms = mmx_peer_now_ms() + timeout_ms;
	struct mmx_local_hello hello = { 0 };
	int ret;

	ret = mmx_socket_dial(path, timeout_ms, &peer.sock_fd);
	if (ret)
		return ret;
	ret = mmx_peer_wait_readable(peer.sock_fd, deadline_ms);
	if (!ret)
		ret = receive_hello(&peer, &hello);
	if (!ret)
		ret = mmx_peer_map_region(&peer, hello.region_size);
	if (!ret)
		ret = mmx_peer_set_nonblocking(peer.kick_fd);
	if (!ret)
		ret = mmx_peer_set_nonblocking(peer.call_fd);
	if (!ret)
		ret = say_mapped(&peer);
	if (ret) {
		mmx_peer_finish(&peer);
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

int mmx_local_peer_dup(const struct mmx_peer *backend, struct mmx_peer *ret_guest)
{
	struct mmx_peer guest = MMX_PEER_INIT;
	int ret;

	ret = dup_fd(backend->region_fd, &guest.region_fd);
	if (!ret)
		ret = dup_fd(backend->kick_fd, &guest.kick_fd);
	if (!ret)
		ret = dup_fd(backend->call_guest_fd, &guest.call_fd);
	if (!ret)
		ret = mmx_peer_map_region(&guest, backend->region_size);
	if (ret) {
		mmx_peer_finish(&guest);
		return ret;
	}
	*ret_guest = guest;
	return 0;
}

/* ---- as a transport ---- */

static int heard(const struct mmx_peer *peer)
{
	return mmx_local_heard_mapped(peer);
}

static int prepare(const struct mmx_peer *peer)
{
	return mmx_peer_seal(peer);
}

static void call(const struct mmx_peer *peer)
{
	mmx_peer_notify(peer->call_fd);
}

const struct mmx_transport mmx_local_transport = {
	.name = "local",
	.make = mmx_local_peer_init,
	.welcome = mmx_local_welcome,
	.refuse = mmx_local_refuse,
	.heard = heard,
	.prepare = prepare,
	.call = call,
};
