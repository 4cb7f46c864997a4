// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The backend's end of the ivshmem transport: see ivshmem.h. Called by the backend's event loop; prepare() and finish() by
 * its threads, one at a time for each peer.
 *
 * Invariants: the region is touched only between make() and welcome(), and once its last seals are on; of what the guest
 * can write one word is ever read, want, and each value of it is legal; nothing waits but what says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hv/kvm/ivshmem.h"

/* At least; the kernel makes it some for each CPU. What has completed is collected when there is no room. */
#define CALLS_MAX 64

/* priv of a peer */
struct server {
	struct mmx_region_hdr layout;
	int null_fd; /* to read nothing from */
	bool sealed;
	uint32_t wish; /* that is to be answered */
	uint32_t answered;
};

/* ---- the call ---- */

/*
 * Of the whole process, since giving one up takes the kernel some 30 ms; it ends with the process. Made by the first
 * make(), which is the event loop's to call; all threads may use it. glibc has no wrappers for these calls.
 */
static aio_context_t calls;

static int start_calls(struct server *s)
{
	s->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (s->null_fd < 0)
		return -errno;
	return !calls && syscall(SYS_io_setup, CALLS_MAX, &calls) ? -errno : 0;
}

static void collect(void)
{
	struct timespec at_once = { 0 };
	struct io_event events[CALLS_MAX];

	while (syscall(SYS_io_getevents, calls, 0L, (long)CALLS_MAX, events, &at_once) == CALLS_MAX)
		;
}

static void call(const struct mmx_peer *peer)
{
	const struct server *s = peer->priv;
	struct iocb read_nothing = {
		.aio_lio_opcode = IOCB_CMD_PREAD,
		.aio_fildes = (uint32_t)s->null_fd,
		.aio_flags = IOCB_FLAG_RESFD,
		.aio_resfd = (uint32_t)peer->call_fd,
	};
	struct iocb *list[] = { &read_nothing };

	/* it completes within the call */
	if (syscall(SYS_io_submit, calls, 1L, list) == 1)
		return;
	/* so have those before it, and only their records are in the way */
	collect();
	(void)syscall(SYS_io_submit, calls, 1L, list);
}

/* ---- life ---- */

struct mmx_kvm_link *mmx_kvm_link(const struct mmx_peer *peer)
{
	return (void *)((uint8_t *)peer->region + MMX_KVM_LINK_OFFSET);
}

static int make_parts(struct mmx_peer *peer)
{
	struct server *s = peer->priv;
	struct mmx_kvm_link *link;
	int ret;

	/* it is the size of a BAR */
	if (s->layout.size & (s->layout.size - 1))
		return -EINVAL;
	ret = mmx_peer_make_region(peer, &s->layout);
	if (ret)
		return ret;
	link = mmx_kvm_link(peer);
	link->magic = MMX_KVM_LINK_MAGIC;
	link->version = MMX_KVM_LINK_VERSION;
	peer->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (peer->kick_fd < 0)
		return -errno;
	peer->call_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (peer->call_fd < 0)
		return -errno;
	return start_calls(s);
}

static int make(struct mmx_peer *peer, const struct mmx_region_params *params)
{
	struct mmx_region_hdr layout;
	struct server *s;
	int ret;

	ret = mmx_region_layout(params, &layout);
	if (ret)
		return ret;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->layout = layout;
	s->null_fd = -1;
	*peer = (struct mmx_peer)MMX_PEER_INIT;
	peer->transport = &mmx_kvm_transport;
	peer->priv = s;
	ret = make_parts(peer);
	if (ret)
		mmx_peer_finish(peer);
	return ret;
}

static void finish(struct mmx_peer *peer)
{
	struct server *s = peer->priv;

	if (s->sealed && !peer->kept) {
		__atomic_store_n(&mmx_kvm_link(peer)->down, 1, __ATOMIC_RELEASE);
		call(peer);
	}
	if (s->null_fd >= 0)
		close(s->null_fd);
	free(s);
	peer->priv = NULL;
}

static int welcome(struct mmx_peer *peer, int sock_fd)
{
	const struct {
		int64_t number;
		int fd;
	} messages[] = {
		{ 0, -1 },
		{ MMX_KVM_GUEST_ID, -1 },
		{ -1, peer->region_fd },
		{ MMX_KVM_BACKEND_ID, peer->kick_fd },
		{ MMX_KVM_GUEST_ID, peer->call_fd },
	};
	unsigned int i;
	int ret = 0;

	for (i = 0; i < sizeof(messages) / sizeof(messages[0]) && !ret; i++)
		ret = mmx_peer_send(sock_fd, &messages[i].number, sizeof(messages[i].number),
				    &messages[i].fd, messages[i].fd >= 0);
	return ret ? ret : mmx_peer_take_socket(peer, sock_fd);
}

/* What the last backend had told it holds no more. */
static void say_it_has_ended(struct mmx_peer *peer)
{
	struct server *s = peer->priv;
	struct mmx_kvm_link *link = mmx_kvm_link(peer);
	struct mmx_session_page *page =
		(void *)((uint8_t *)peer->region + s->layout.session_offset);

	/* any value is legal: a wish that is another one has not been answered */
	s->answered = __atomic_load_n(&link->answered, __ATOMIC_RELAXED);
	__atomic_store_n(&link->down, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&page->closed, (uint32_t)ESHUTDOWN, __ATOMIC_RELEASE);
	call(peer);
}

static int adopt(struct mmx_peer *peer, const struct mmx_region_hdr *layout)
{
	struct server *s;
	int ret;

	ret = mmx_peer_check_region(peer, layout->size);
	if (ret)
		return ret;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->layout = *layout;
	s->sealed = mmx_peer_is_sealed(peer);
	ret = start_calls(s);
	if (ret) {
		if (s->null_fd >= 0)
			close(s->null_fd);
		free(s);
		return ret;
	}
	peer->transport = &mmx_kvm_transport;
	peer->priv = s;
	/* before that there was no session, and nothing to say */
	if (s->sealed)
		say_it_has_ended(peer);
	return 0;
}

static void refuse(int sock_fd, int error)
{
	const int64_t version = error < 0 ? error : -error;

	/* that QEMU does not get to know is its own loss */
	(void)mmx_peer_send(sock_fd, &version, sizeof(version), NULL, 0);
}

/* ---- sessions ---- */

static uint32_t wanted(const struct mmx_peer *peer)
{
	return __atomic_load_n(&mmx_kvm_link(peer)->want, __ATOMIC_ACQUIRE);
}

static bool moves_on(const struct mmx_peer *peer)
{
	const struct server *s = peer->priv;

	return wanted(peer) != s->answered;
}

static int heard(const struct mmx_peer *peer)
{
	const struct server *s = peer->priv;
	char c;
	ssize_t n;

	do
		n = recv(peer->sock_fd, &c, 1, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n ? -EPROTO : -ECONNRESET;
	if (errno != EAGAIN)
		return -errno;
	if (!mmx_peer_clear(peer->kick_fd))
		return -EAGAIN;
	return !s->sealed || moves_on(peer) ? 0 : -EAGAIN;
}

static void answer(const struct mmx_peer *peer, int error)
{
	struct mmx_kvm_link *link = mmx_kvm_link(peer);
	struct server *s = peer->priv;

	s->answered = s->wish;
	__atomic_store_n(&link->error, (uint32_t)error, __ATOMIC_RELAXED);
	__atomic_store_n(&link->answered, s->answered, __ATOMIC_RELEASE);
	call(peer);
}

/* As it was made: nobody else uses it now, or may. */
static void renew(const struct mmx_peer *peer)
{
	const struct server *s = peer->priv;
	const struct mmx_region_hdr *layout = &s->layout;
	uint8_t *region = peer->region;

	/* session page and rings lie in between (hv/proto/region.c) */
	memset(region + layout->session_offset, 0, layout->data_offset - layout->session_offset);
	memcpy(region, layout, sizeof(*layout));
	mmx_kvm_link(peer)->magic = MMX_KVM_LINK_MAGIC;
	mmx_kvm_link(peer)->version = MMX_KVM_LINK_VERSION;
}

static int prepare(const struct mmx_peer *peer)
{
	struct server *s = peer->priv;
	int ret;

	if (!s->sealed) {
		ret = mmx_peer_seal(peer);
		if (ret)
			return ret;
		s->sealed = true;
	}
	s->wish = wanted(peer);
	if (s->wish == s->answered)
		return -EAGAIN;
	if (s->wish) {
		renew(peer);
		return 0;
	}
	answer(peer, 0);
	return -EAGAIN;
}

const struct mmx_transport mmx_kvm_transport = {
	.name = "ivshmem",
	.stays = true,
	.make = make,
	.welcome = welcome,
	.adopt = adopt,
	.refuse = refuse,
	.heard = heard,
	.prepare = prepare,
	.answer = answer,
	.moves_on = moves_on,
	.call = call,
	.finish = finish,
};
