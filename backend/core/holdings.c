// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The table of what the holder holds, and the messages about it, of both ends; see holder.h. Owns descriptors and mappings
 * of the machines. Called by holder.c in the holder, and by the daemon's loop.
 *
 * Invariants: no byte of a region is looked at; each is of fixed size; nothing waits.
 */
#include "backend/core/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the table ---- */

void mmx_holdings_drop(struct mmx_holdings *h, size_t i)
{
	struct mmx_held *m = &h->machines[i];

	munmap(m->region, (size_t)m->layout.size);
	close(m->sock_fd);
	close(m->region_fd);
	close(m->kick_fd);
	close(m->call_fd);
	h->bytes -= m->layout.size;
	h->count--;
	*m = h->machines[h->count];
}

void mmx_holdings_sweep(struct mmx_holdings *h)
{
	size_t i = 0;

	while (i < h->count) {
		struct pollfd p = { .fd = h->machines[i].sock_fd, .events = POLLRDHUP };

		if (poll(&p, 1, 0) == 1)
			mmx_holdings_drop(h, i);
		else
			i++;
	}
}

static void let_go_of(struct mmx_holdings *h, const char *partition)
{
	size_t i;

	for (i = 0; i < h->count; i++) {
		if (strcmp(h->machines[i].partition, partition))
			continue;
		mmx_holdings_drop(h, i);
		return;
	}
}

/* So that its end can be seen. Return: 0; -EINVAL. */
static int check_socket(int fd)
{
	int domain = 0, type = 0;
	socklen_t len = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len))
		return -EINVAL;
	len = sizeof(type);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len))
		return -EINVAL;
	return domain == AF_UNIX && type == SOCK_STREAM ? 0 : -EINVAL;
}

/* So that no access to it can be beyond its end, ever. Return: 0; -EINVAL. */
static int check_region(int fd, uint64_t size)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	if (seals < 0 || (seals & MMX_PEER_SIZE_SEALS) != MMX_PEER_SIZE_SEALS || fstat(fd, &st))
		return -EINVAL;
	return S_ISREG(st.st_mode) && st.st_size > 0 && (uint64_t)st.st_size == size ? 0 : -EINVAL;
}

static int hold(struct mmx_holdings *h, const struct mmx_hold_msg *msg, const int *fds)
{
	uint64_t size = msg->layout.size;
	struct mmx_held m = { .layout = msg->layout,
			      .sock_fd = fds[0],
			      .region_fd = fds[1],
			      .kick_fd = fds[2],
			      .call_fd = fds[3] };
	int ret;

	ret = check_socket(m.sock_fd);
	if (!ret)
		ret = check_region(m.region_fd, size);
	if (ret)
		return ret;
	let_go_of(h, msg->partition);
	if (h->count == MMX_HOLDER_MACHINES || size > MMX_HOLDER_BYTES - h->bytes)
		return -ENOSPC;
	m.region = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, m.region_fd, 0);
	if (m.region == MAP_FAILED)
		return -errno;
	memcpy(m.partition, msg->partition, sizeof(m.partition));
	memcpy(m.transport, msg->transport, sizeof(m.transport));
	h->machines[h->count++] = m;
	h->bytes += size;
	return 0;
}

static bool is_string(const char *text, size_t size)
{
	return text[0] && memchr(text, '\0', size);
}

/* Return: 0; -EPROTO. */
static int check_message(const struct mmx_hold_msg *msg, unsigned int fd_count)
{
	if (msg->magic != MMX_HOLD_MAGIC)
		return -EPROTO;
	if (msg->type == MMX_HOLD_READY)
		return fd_count ? -EPROTO : 0;
	if (msg->type != MMX_HOLD_MACHINE || fd_count != MMX_HOLD_FDS)
		return -EPROTO;
	if (!is_string(msg->partition, sizeof(msg->partition)) ||
	    !is_string(msg->transport, sizeof(msg->transport)))
		return -EPROTO;
	return 0;
}

int mmx_holdings_take(struct mmx_holdings *h, const void *data, size_t size, const int *fds,
		      unsigned int count, uint32_t *ret_type, struct mmx_hold_answer *ret_answer)
{
	struct mmx_hold_msg msg = { 0 };
	int ret = -EPROTO, held = -EPROTO;
	unsigned int i;

	if (size == sizeof(msg)) {
		memcpy(&msg, data, sizeof(msg));
		ret = check_message(&msg, count);
	}
	if (!ret && msg.type == MMX_HOLD_MACHINE) {
		held = hold(h, &msg, fds);
		*ret_answer = (struct mmx_hold_answer){ .tag = msg.tag, .error = held };
	}
	for (i = 0; held && i < count; i++)
		close(fds[i]);
	if (!ret)
		*ret_type = msg.type;
	return ret;
}

/* ---- the daemon's end ---- */

static int say(const struct mmx_holder *holder, struct mmx_hold_msg *msg, const int *fds,
	       unsigned int count)
{
	msg->magic = MMX_HOLD_MAGIC;
	return mmx_peer_send(holder->fd, msg, sizeof(*msg), fds, count);
}

int mmx_holder_hold(const struct mmx_holder *holder, uint32_t tag, const char *partition,
		    const struct mmx_region_hdr *layout, const struct mmx_peer *peer)
{
	const int fds[MMX_HOLD_FDS] = { peer->sock_fd, peer->region_fd, peer->kick_fd,
					peer->call_fd };
	struct mmx_hold_msg msg = { .type = MMX_HOLD_MACHINE, .tag = tag, .layout = *layout };

	/* the configuration has checked how long they are, and msg is zeroed */
	strncpy(msg.partition, partition, sizeof(msg.partition) - 1);
	strncpy(msg.transport, peer->transport->name, sizeof(msg.transport) - 1);
	return say(holder, &msg, fds, MMX_HOLD_FDS);
}

void mmx_holder_say_ready(const struct mmx_holder *holder)
{
	struct mmx_hold_msg msg = { .type = MMX_HOLD_READY };

	/* nothing has been said before: there is room */
	(void)say(holder, &msg, NULL, 0);
}

int mmx_holder_answer(const struct mmx_holder *holder, struct mmx_hold_answer *ret_answer)
{
	struct mmx_hold_answer answer;
	ssize_t n;

	do
		n = recv(holder->fd, &answer, sizeof(answer), MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	if (!n)
		return -ECONNRESET;
	if (n != sizeof(answer))
		return -EPROTO;
	*ret_answer = answer;
	return 0;
}
