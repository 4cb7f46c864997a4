// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The other end of the ivshmem transport, in a plain process: QEMU's part, and the guest's. Called by libmalimux and by
 * tests; one thread per peer. What waits has a deadline.
 */
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hv/kvm/ivshmem.h"
#include "hv/socket.h"

#define MAX_ERRNO 4095u

/* @fd: where the descriptor goes; NULL: the message comes without one */
static int take_message(const struct mmx_peer *peer, int64_t wanted, int *fd, int64_t deadline_ms)
{
	int fds[MMX_PEER_MAX_FDS];
	unsigned int i, count = 0;
	int64_t number = 0;
	ssize_t size;
	int ret;

	ret = mmx_peer_wait_readable(peer->sock_fd, deadline_ms);
	if (ret)
		return ret;
	size = mmx_peer_receive(peer->sock_fd, &number, sizeof(number), fds, &count);
	if (size == sizeof(number) && number == wanted && count == (fd ? 1 : 0)) {
		if (fd)
			*fd = fds[0];
		return 0;
	}
	for (i = 0; i < count; i++)
		close(fds[i]);
	if (size < 0)
		return (int)size;
	if (!size)
		return -ECONNRESET;
	/* in place of the version */
	return !wanted && !count && number < 0 && number >= -(int64_t)MAX_ERRNO ? (int)number
										: -EPROTO;
}

static int take_all(struct mmx_peer *peer, int64_t deadline_ms)
{
	int ret;

	ret = take_message(peer, 0, NULL, deadline_ms);
	if (!ret)
		ret = take_message(peer, MMX_KVM_GUEST_ID, NULL, deadline_ms);
	if (!ret)
		ret = take_message(peer, -1, &peer->region_fd, deadline_ms);
	if (!ret)
		ret = take_message(peer, MMX_KVM_BACKEND_ID, &peer->kick_fd, deadline_ms);
	if (!ret)
		ret = take_message(peer, MMX_KVM_GUEST_ID, &peer->call_fd, deadline_ms);
	return ret;
}

int mmx_kvm_plug_socket(int sock_fd, int timeout_ms, struct mmx_peer *ret_peer)
{
	int64_t deadline_ms = mmx_peer_now_ms() + timeout_ms;
	struct mmx_peer peer = MMX_PEER_INIT;
	struct stat st;
	int ret;

	peer.sock_fd = sock_fd;
	ret = take_all(&peer, deadline_ms);
	if (!ret && fstat(peer.region_fd, &st))
		ret = -errno;
	if (!ret && (st.st_size < (off_t)MMX_WIRE_PAGE_SIZE || (st.st_size & (st.st_size - 1))))
		ret = -EPROTO;
	if (!ret)
		ret = mmx_peer_map_region(&peer, (uint64_t)st.st_size);
	if (!ret)
		ret = mmx_peer_set_nonblocking(peer.kick_fd);
	if (!ret)
		ret = mmx_peer_set_nonblocking(peer.call_fd);
	if (ret) {
		mmx_peer_finish(&peer);
		return ret;
	}
	*ret_peer = peer;
	return 0;
}

int mmx_kvm_plug(const char *path, int timeout_ms, struct mmx_peer *ret_peer)
{
	int sock_fd, ret;

	ret = mmx_socket_dial(path, timeout_ms, &sock_fd);
	return ret ? ret : mmx_kvm_plug_socket(sock_fd, timeout_ms, ret_peer);
}

/*
 * Return: false: nobody has answered yet, but may. With true @ret_answer is 0; -ENODEV: nobody will; -EPROTO; the answer's
 * errno, of which -EAGAIN is one.
 */
static bool look(const struct mmx_kvm_link *link, uint32_t want, int *ret_answer)
{
	uint32_t error;

	if (__atomic_load_n(&link->answered, __ATOMIC_ACQUIRE) == want) {
		error = __atomic_load_n(&link->error, __ATOMIC_RELAXED);
		*ret_answer = error > MAX_ERRNO ? -EPROTO : -(int)error;
		return true;
	}
	*ret_answer = -ENODEV;
	return __atomic_load_n(&link->down, __ATOMIC_ACQUIRE);
}

static bool is_ours(const struct mmx_peer *peer, const struct mmx_kvm_link *link)
{
	struct mmx_region_hdr hdr;

	if (link->magic != MMX_KVM_LINK_MAGIC || link->version != MMX_KVM_LINK_VERSION)
		return false;
	hdr = *(const volatile struct mmx_region_hdr *)peer->region;
	return !mmx_region_check(&hdr, peer->region_size);
}

int mmx_kvm_wish(const struct mmx_peer *peer, uint32_t want, int timeout_ms)
{
	int64_t deadline_ms = mmx_peer_now_ms() + timeout_ms, left;
	struct mmx_kvm_link *link = mmx_kvm_link(peer);
	int ret;

	if (!is_ours(peer, link))
		return -EPROTO;
	__atomic_store_n(&link->want, want, __ATOMIC_RELEASE);
	for (;;) {
		struct pollfd pfds[] = {
			{ .fd = peer->call_fd, .events = POLLIN },
			{ .fd = peer->sock_fd, .events = POLLIN },
		};

		mmx_peer_notify(peer->kick_fd);
		left = deadline_ms - mmx_peer_now_ms();
		if (left > MMX_KVM_AGAIN_MS)
			left = MMX_KVM_AGAIN_MS;
		if (poll(pfds, 2, left > 0 ? (int)left : 0) < 0 && errno != EINTR)
			return -errno;
		mmx_peer_clear(peer->call_fd);
		if (look(link, want, &ret))
			return ret;
		if (pfds[1].revents)
			return -ENODEV;
		if (left <= 0)
			return -ETIMEDOUT;
	}
}

int mmx_kvm_connect(const char *path, int timeout_ms, struct mmx_peer *ret_peer)
{
	struct mmx_peer peer;
	uint32_t want;
	int ret;

	ret = mmx_kvm_plug(path, timeout_ms, &peer);
	if (ret)
		return ret;
	want = mmx_kvm_next(mmx_kvm_link(&peer)->want, mmx_kvm_link(&peer)->answered);
	ret = mmx_kvm_wish(&peer, want, timeout_ms);
	if (ret) {
		mmx_peer_finish(&peer);
		return ret;
	}
	*ret_peer = peer;
	return 0;
}
