// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * One vfio-user connection: owns the socket, the bytes received from it that no one has handled yet,
 * and the descriptors that came with them. vfu.c takes messages off it one by one and sends replies;
 * vfu_dma.c sends DMA requests through it.
 *
 * Receiving. One recvmsg() takes whatever has arrived, so a burst of posted writes costs one system
 * call. Linux ends a recvmsg() on a stream socket with the piece that carries descriptors: they belong to
 * the message of the last byte received (a client sends a message and its descriptors with one
 * sendmsg(); descriptors of two messages in one call cannot be told apart by anyone).
 *
 * DMA requests run the other way on the same stream: while one waits, the client's requests pile up
 * in the second half of the buffer, in order, and are handled when the current call is over; the
 * reply is cut out of the stream. The wait is bounded, and after the first time-out the rest of the
 * call fails at once: a client that cannot answer (QEMU holds its lock while it waits for a
 * REGION_READ) costs one time-out, not one for each access.
 *
 * Nothing here frees the connection while a message is handled: mmx_vfu_conn_doom() leaves a note, and
 * vfu.c closes it when the call is over. No allocation after mmx_vfu_conn_init().
 */
#include "tools/model/vfu_conn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* Compact the buffer rather than receive into less than this. */
#define ROOM_MIN 4096u

static uint8_t *at(const struct mmx_vfu_conn *conn, uint64_t pos)
{
	return conn->rx + (pos - conn->base);
}

/**
 * mmx_vfu_conn_init() - makes a connection object without a client
 *
 * Return: 0 or -ENOMEM.
 */
int mmx_vfu_conn_init(struct mmx_vfu_conn *conn)
{
	*conn = (struct mmx_vfu_conn){ .fd = -1 };
	conn->rx = malloc(2 * (size_t)MMX_VFU_MAX_MSG);
	return conn->rx ? 0 : -ENOMEM;
}

void mmx_vfu_conn_finish(struct mmx_vfu_conn *conn)
{
	mmx_vfu_conn_close(conn);
	free(conn->rx);
	conn->rx = NULL;
}

/* Starts to serve @fd, which now belongs to @conn. */
void mmx_vfu_conn_open(struct mmx_vfu_conn *conn, int fd)
{
	mmx_vfu_conn_close(conn);
	conn->fd = fd;
	conn->peer_max_xfer = MMX_VFU_MAX_XFER;
}

/* Forgets the client: its socket, bytes and descriptors. Legal any number of times. */
void mmx_vfu_conn_close(struct mmx_vfu_conn *conn)
{
	unsigned int i;

	for (i = 0; i < conn->fd_count; i++)
		close(conn->fds[i].fd);
	if (conn->fd >= 0)
		close(conn->fd);
	*conn = (struct mmx_vfu_conn){ .fd = -1, .rx = conn->rx };
}

/* Notes that the connection must end, and why; the first reason counts. */
void mmx_vfu_conn_doom(struct mmx_vfu_conn *conn, const char *why)
{
	if (!conn->doomed)
		conn->doomed = why;
}

static int gone(struct mmx_vfu_conn *conn, const char *why)
{
	mmx_vfu_conn_doom(conn, why);
	return MMX_VFU_CONN_E_GONE;
}

static void compact(struct mmx_vfu_conn *conn)
{
	memmove(conn->rx, at(conn, conn->head), (size_t)(conn->tail - conn->head));
	conn->base = conn->head;
}

/* Bytes that may be received now; compacts if that is allowed and helps. */
static size_t make_room(struct mmx_vfu_conn *conn)
{
	if (conn->waiting)
		return 2 * (size_t)MMX_VFU_MAX_MSG - (size_t)(conn->tail - conn->base);
	if (conn->head == conn->tail)
		conn->base = conn->head;
	else if (conn->head > conn->base && conn->tail - conn->base > MMX_VFU_MAX_MSG - ROOM_MIN)
		compact(conn);
	/* what is left is less than one message: mmx_vfu_conn_begin() had nothing to give */
	return MMX_VFU_MAX_MSG - (size_t)(conn->tail - conn->base);
}

static int keep_fds(struct mmx_vfu_conn *conn, struct msghdr *msg)
{
	bool overflow = false;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count, i;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (conn->fd_count == MMX_VFU_CONN_FDS) {
				close(fd);
				overflow = true;
				continue;
			}
			conn->fds[conn->fd_count].pos = conn->tail - 1;
			conn->fds[conn->fd_count++].fd = fd;
		}
	}
	return overflow || (msg->msg_flags & MSG_CTRUNC) ? gone(conn, "too many descriptors") : 0;
}

/**
 * mmx_vfu_conn_fill() - receives what has arrived, without waiting
 *
 * To be called when mmx_vfu_conn_begin() has nothing more to give, and while a DMA request waits.
 *
 * Return: 0; MMX_VFU_CONN_E_AGAIN; MMX_VFU_CONN_E_GONE.
 */
int mmx_vfu_conn_fill(struct mmx_vfu_conn *conn)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * MMX_VFU_MAX_FDS)];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_len = make_room(conn) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	ssize_t n;

	if (!iov.iov_len)
		return gone(conn, "it piles up requests behind a DMA request");
	iov.iov_base = at(conn, conn->tail);
	do {
		n = recvmsg(conn->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return MMX_VFU_CONN_E_AGAIN;
	if (n <= 0)
		return gone(conn, n ? "the socket failed" : "it left");
	conn->tail += (uint64_t)n;
	conn->drained = (size_t)n < iov.iov_len && !msg.msg_controllen;
	return msg.msg_controllen ? keep_fds(conn, &msg) : 0;
}

/* Looks at the message at @pos: 0, MMX_VFU_CONN_E_AGAIN if it is not complete, ..._E_GONE. */
static int look(struct mmx_vfu_conn *conn, uint64_t pos, struct mmx_vfu_hdr *ret_hdr)
{
	struct mmx_vfu_hdr hdr;

	if (conn->tail - pos < sizeof(hdr))
		return MMX_VFU_CONN_E_AGAIN;
	memcpy(&hdr, at(conn, pos), sizeof(hdr));
	if (hdr.size < sizeof(hdr) || hdr.size > MMX_VFU_MAX_MSG)
		return gone(conn, "a message has an impossible size");
	if (conn->tail - pos < hdr.size)
		return MMX_VFU_CONN_E_AGAIN;
	*ret_hdr = hdr;
	return 0;
}

/**
 * mmx_vfu_conn_begin() - gives the next message to be handled
 * @ret_hdr: a copy of its header
 * @ret_payload: hdr.size - 16 bytes, unaligned, valid until mmx_vfu_conn_end()
 *
 * Return: 0; MMX_VFU_CONN_E_AGAIN if none is complete; MMX_VFU_CONN_E_GONE.
 */
int mmx_vfu_conn_begin(struct mmx_vfu_conn *conn, struct mmx_vfu_hdr *ret_hdr,
		       const uint8_t **ret_payload)
{
	int r = look(conn, conn->head, ret_hdr);

	if (r)
		return r;
	if (conn->tail - conn->base > MMX_VFU_MAX_MSG && conn->head > conn->base)
		compact(conn);
	conn->handling = ret_hdr->size;
	conn->stuck = false;
	*ret_payload = at(conn, conn->head) + sizeof(*ret_hdr);
	return 0;
}

/**
 * mmx_vfu_conn_take_fds() - takes the descriptors of the message being handled
 * @fds: they belong to the caller now
 *
 * Return: how many; MMX_VFU_MAX_FDS at most: a message with more dooms the connection.
 */
unsigned int mmx_vfu_conn_take_fds(struct mmx_vfu_conn *conn, int fds[MMX_VFU_MAX_FDS])
{
	uint64_t end = conn->head + conn->handling;
	unsigned int i, count = 0;

	for (i = 0; i < conn->fd_count && conn->fds[i].pos < end; i++) {
		if (count < MMX_VFU_MAX_FDS) {
			fds[count++] = conn->fds[i].fd;
		} else {
			close(conn->fds[i].fd);
			mmx_vfu_conn_doom(conn, "too many descriptors");
		}
	}
	conn->fd_count -= i;
	memmove(conn->fds, conn->fds + i, conn->fd_count * sizeof(conn->fds[0]));
	return count;
}

/* The message that mmx_vfu_conn_begin() gave is done with. */
void mmx_vfu_conn_end(struct mmx_vfu_conn *conn)
{
	conn->head += conn->handling;
	conn->handling = 0;
}

static int send_all(struct mmx_vfu_conn *conn, struct iovec *iov, size_t iovlen)
{
	while (iovlen) {
		struct msghdr msg = { .msg_iov = iov, .msg_iovlen = iovlen };
		ssize_t n = sendmsg(conn->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			struct pollfd p = { .fd = conn->fd, .events = POLLOUT };

			if (poll(&p, 1, MMX_VFU_SEND_TIMEOUT_MS) == 0)
				return gone(conn, "it does not read its replies");
			continue;
		}
		if (n < 0)
			return gone(conn, "it left");
		while (iovlen && (size_t)n >= iov->iov_len) {
			n -= (ssize_t)iov->iov_len;
			iov++;
			iovlen--;
		}
		if (iovlen) {
			iov->iov_base = (uint8_t *)iov->iov_base + n;
			iov->iov_len -= (size_t)n;
		}
	}
	return 0;
}

/* Sends one message, with one system call unless the socket is full. */
void mmx_vfu_conn_send(struct mmx_vfu_conn *conn, void *msg, size_t len)
{
	struct iovec iov = { .iov_base = msg, .iov_len = len };

	if (!conn->doomed)
		send_all(conn, &iov, 1);
}

/* Takes [pos, pos + size) out of the stream, with the descriptors that came in it. */
static void cut(struct mmx_vfu_conn *conn, uint64_t pos, uint32_t size)
{
	unsigned int i, kept = 0;

	memmove(at(conn, pos), at(conn, pos + size), (size_t)(conn->tail - pos - size));
	conn->tail -= size;
	for (i = 0; i < conn->fd_count; i++) {
		if (conn->fds[i].pos >= pos && conn->fds[i].pos < pos + size) {
			close(conn->fds[i].fd);
			continue;
		}
		conn->fds[kept] = conn->fds[i];
		if (conn->fds[kept].pos >= pos)
			conn->fds[kept].pos -= size;
		kept++;
	}
	conn->fd_count = kept;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Waits for the reply to request @id; it lies at *@ret_pos, complete, and must be cut by the caller. */
static int await_reply(struct mmx_vfu_conn *conn, uint16_t id, uint16_t cmd, uint64_t *ret_pos,
		       struct mmx_vfu_hdr *ret_hdr)
{
	int64_t deadline = now_ms() + MMX_VFU_DMA_TIMEOUT_MS;
	uint64_t pos = conn->head + conn->handling;

	for (;;) {
		struct pollfd p = { .fd = conn->fd, .events = POLLIN };
		int64_t left;
		int r;

		while (!(r = look(conn, pos, ret_hdr))) {
			if ((ret_hdr->flags & MMX_VFU_F_TYPE) == MMX_VFU_F_REPLY &&
			    ret_hdr->id == id && ret_hdr->cmd == cmd) {
				*ret_pos = pos;
				return 0;
			}
			pos += ret_hdr->size;
		}
		if (r == MMX_VFU_CONN_E_AGAIN)
			r = mmx_vfu_conn_fill(conn);
		if (r == MMX_VFU_CONN_E_GONE)
			return r;
		if (r == 0)
			continue;
		left = deadline - now_ms();
		if (left <= 0 || poll(&p, 1, (int)left) == 0) {
			conn->stuck = true;
			return MMX_VFU_CONN_E_REFUSED;
		}
	}
}

/* One DMA request of at most the peer's limit, and its reply. One of @rbuf and @wbuf is NULL. */
static int dma_call(struct mmx_vfu_conn *conn, uint64_t addr, void *rbuf, const void *wbuf,
		    size_t len)
{
	struct mmx_vfu_dma_access access = { .addr = addr, .count = len };
	struct mmx_vfu_hdr reply, hdr = {
		.id = conn->next_id++,
		.cmd = rbuf ? MMX_VFU_DMA_READ : MMX_VFU_DMA_WRITE,
		.size = (uint32_t)(sizeof(hdr) + sizeof(access) + (wbuf ? len : 0)),
	};
	struct iovec iov[] = {
		{ .iov_base = &hdr, .iov_len = sizeof(hdr) },
		{ .iov_base = &access, .iov_len = sizeof(access) },
		{ .iov_base = (void *)(uintptr_t)wbuf, .iov_len = len },
	};
	size_t full = sizeof(reply) + sizeof(access) + (rbuf ? len : 0);
	uint64_t pos;
	int r;

	r = send_all(conn, iov, wbuf ? 3 : 2);
	if (!r)
		r = await_reply(conn, hdr.id, hdr.cmd, &pos, &reply);
	if (r)
		return r;
	if (reply.flags & MMX_VFU_F_ERROR)
		r = MMX_VFU_CONN_E_REFUSED;
	else if (rbuf ? reply.size != full : reply.size > full) /* some send a 4-byte count */
		r = gone(conn, "the reply to a DMA request has the wrong size");
	else if (rbuf)
		memcpy(rbuf, at(conn, pos + sizeof(reply) + sizeof(access)), len);
	cut(conn, pos, reply.size);
	return r;
}

static int dma(struct mmx_vfu_conn *conn, uint64_t addr, uint8_t *rbuf, const uint8_t *wbuf,
	       size_t len)
{
	int r = 0;

	if (conn->fd < 0 || conn->doomed)
		return MMX_VFU_CONN_E_GONE;
	if (conn->stuck)
		return MMX_VFU_CONN_E_REFUSED;
	if (!conn->handling && conn->head > conn->base)
		compact(conn);
	conn->waiting = true;
	while (len && !r) {
		size_t n = len < conn->peer_max_xfer ? len : conn->peer_max_xfer;

		r = dma_call(conn, addr, rbuf, wbuf, n);
		addr += n;
		rbuf = rbuf ? rbuf + n : NULL;
		wbuf = wbuf ? wbuf + n : NULL;
		len -= n;
	}
	conn->waiting = false;
	return r;
}

/**
 * mmx_vfu_conn_dma_read() - asks the client for bytes of its memory, and waits for them
 *
 * Return: 0; MMX_VFU_CONN_E_REFUSED; MMX_VFU_CONN_E_GONE. @buf may be partly written then.
 */
int mmx_vfu_conn_dma_read(struct mmx_vfu_conn *conn, uint64_t addr, void *buf, size_t len)
{
	return dma(conn, addr, buf, NULL, len);
}

/**
 * mmx_vfu_conn_dma_write() - asks the client to write to its memory, and waits until it has
 *
 * Return: 0; MMX_VFU_CONN_E_REFUSED; MMX_VFU_CONN_E_GONE.
 */
int mmx_vfu_conn_dma_write(struct mmx_vfu_conn *conn, uint64_t addr, const void *buf, size_t len)
{
	return dma(conn, addr, NULL, buf, len);
}
