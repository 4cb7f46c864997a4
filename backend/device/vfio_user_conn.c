// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Framing, request and reply, service of the server's DMA requests. Owns the socket and two buffers. Called by
 * vfio_user.c and vfio_user_setup.c only, from the one thread of the backend.
 *
 * - A register access is one send() and one recv(): no allocation, no clock, no poll(). The socket's receive
 *   timeout bounds the first wait for a reply; only if that wait brought something else does a deadline on the
 *   clock take over, so a chatty server is lost after twice the timeout at the latest.
 * - recv() without room for control data: descriptors that a server sends are dropped by the kernel.
 * - The server may be blocked sending to us while we are blocked sending to it; so waiting to send reads what
 *   comes into the buffer, but serves nothing: replies would end up within the message that is being sent. A
 *   server that fills the buffer and still reads nothing is lost at the deadline.
 * - Messages are consumed in the order they came, whole ones only. Between calls the buffer holds at most the
 *   beginning of a message: what was read along would not make the socket readable any more.
 */
#include "backend/device/vfio_user_conn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define RX_SIZE	   (2 * MMX_VFU_MAX_MESSAGE)
#define POLL_READS 8

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Return: -EIO, for the caller to pass on. */
static int lose(struct mmx_vfu_conn *conn, int why)
{
	if (!*conn->lost) {
		*conn->lost = why;
		shutdown(conn->fd, SHUT_RDWR);
	}
	return -EIO;
}

int mmx_vfu_conn_init(struct mmx_vfu_conn *conn, int fd, int timeout_ms, mmx_vfu_dma_fn *dma,
		      void *dma_ctx, int *lost)
{
	struct timeval tv = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	int r;

	*conn = (struct mmx_vfu_conn){
		.fd = fd, .timeout_ms = timeout_ms, .dma = dma, .dma_ctx = dma_ctx, .lost = lost
	};
	conn->rx = malloc(RX_SIZE);
	conn->tx = malloc(MMX_VFU_MAX_MESSAGE);
	if (timeout_ms <= 0)
		r = -EINVAL;
	else if (!conn->rx || !conn->tx)
		r = -ENOMEM;
	else if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)))
		r = -errno;
	else
		return 0;
	mmx_vfu_conn_finish(conn);
	return r;
}

void mmx_vfu_conn_finish(struct mmx_vfu_conn *conn)
{
	if (!conn->lost)
		return;
	close(conn->fd);
	free(conn->rx);
	free(conn->tx);
	*conn = (struct mmx_vfu_conn){ 0 };
}

/*
 * One recv() into the buffer, which has room: at least for the rest of the message it holds the start of.
 * Return: 1; 0 = nothing came; -EIO.
 */
static int fill(struct mmx_vfu_conn *conn, int flags)
{
	ssize_t n;

	if (conn->rx_start == conn->rx_end) {
		conn->rx_start = conn->rx_end = 0;
	} else if (RX_SIZE - conn->rx_start < MMX_VFU_MAX_MESSAGE || conn->rx_end == RX_SIZE) {
		memmove(conn->rx, conn->rx + conn->rx_start, conn->rx_end - conn->rx_start);
		conn->rx_end -= conn->rx_start;
		conn->rx_start = 0;
	}
	n = recv(conn->fd, conn->rx + conn->rx_end, RX_SIZE - conn->rx_end, flags);
	if (n > 0) {
		conn->rx_end += (size_t)n;
		return 1;
	}
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	return lose(conn, n ? -errno : -ECONNRESET);
}

/* Return: the revents; -EIO once the deadline has passed. */
static int wait_until(struct mmx_vfu_conn *conn, short events, uint64_t deadline)
{
	struct pollfd pfd = { .fd = conn->fd, .events = events };
	uint64_t now = now_ms();

	if (now >= deadline)
		return lose(conn, -ETIMEDOUT);
	if (poll(&pfd, 1, (int)(deadline - now)) < 0 && errno != EINTR)
		return lose(conn, -errno);
	return pfd.revents;
}

static ssize_t send_once(struct mmx_vfu_conn *conn, const uint8_t *data, size_t size, int fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)data, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (fd < 0)
		return send(conn->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	msg.msg_control = control.buf;
	msg.msg_controllen = sizeof(control.buf);
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(conn->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Return: 0 or -EIO. */
static int send_message(struct mmx_vfu_conn *conn, const void *msg, size_t size, int fd)
{
	uint64_t deadline = 0;
	size_t done = 0;
	ssize_t n;
	int r;

	for (;;) {
		n = send_once(conn, (const uint8_t *)msg + done, size - done, done ? -1 : fd);
		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			return lose(conn, -errno);
		if (done == size)
			return 0;
		if (!deadline)
			deadline = now_ms() + (uint64_t)conn->timeout_ms;
		if (conn->rx_end - conn->rx_start < RX_SIZE)
			r = wait_until(conn, POLLOUT | POLLIN, deadline);
		else
			r = wait_until(conn, POLLOUT, deadline);
		if (r > 0 && r & POLLIN && conn->rx_end - conn->rx_start < RX_SIZE)
			r = fill(conn, MSG_DONTWAIT);
		if (r < 0)
			return r;
	}
}

/* Return: 1 = the buffer starts with a whole message, its header copied; 0 = with a part; -EIO. */
static int peek(struct mmx_vfu_conn *conn, struct mmx_vfu_header *ret_hdr)
{
	size_t available = conn->rx_end - conn->rx_start;

	if (available < sizeof(*ret_hdr))
		return 0;
	memcpy(ret_hdr, conn->rx + conn->rx_start, sizeof(*ret_hdr));
	if (ret_hdr->size < sizeof(*ret_hdr) || ret_hdr->size > MMX_VFU_MAX_MESSAGE)
		return lose(conn, -EPROTO);
	return available >= ret_hdr->size;
}

/*
 * A DMA request of @len bytes after its header. The reply's payload goes to the tx buffer behind its header.
 * Return: 0, or the negative errno to refuse with; *ret_len of payload.
 */
static int do_dma(struct mmx_vfu_conn *conn, bool write, uint8_t *payload, size_t len,
		  size_t *ret_len)
{
	struct mmx_vfu_dma_access access;
	uint8_t *reply = conn->tx + sizeof(struct mmx_vfu_header);
	uint8_t *data = write ? payload + sizeof(access) : reply + sizeof(access);
	int r;

	if (len < sizeof(access))
		return -EINVAL;
	memcpy(&access, payload, sizeof(access));
	if (!access.count || access.count > MMX_VFU_MAX_DATA ||
	    len != sizeof(access) + (write ? access.count : 0))
		return -EINVAL;
	r = conn->dma(conn->dma_ctx, access.addr, data, (size_t)access.count, write);
	if (r < 0)
		return r;
	memcpy(reply, &access, sizeof(access));
	*ret_len = sizeof(access) + (write ? 0 : (size_t)access.count);
	return 0;
}

/* Serves the request at the start of the buffer, of which @hdr is a copy, and consumes it. Return: 0 or -EIO. */
static int serve(struct mmx_vfu_conn *conn, const struct mmx_vfu_header *hdr)
{
	uint8_t *payload = conn->rx + conn->rx_start + sizeof(*hdr);
	struct mmx_vfu_header reply = { .id = hdr->id,
					.command = hdr->command,
					.flags = MMX_VFU_TYPE_REPLY };
	size_t len = 0;
	int r = -EOPNOTSUPP;

	if (hdr->command == MMX_VFU_DMA_READ || hdr->command == MMX_VFU_DMA_WRITE)
		r = do_dma(conn, hdr->command == MMX_VFU_DMA_WRITE, payload,
			   hdr->size - sizeof(*hdr), &len);
	conn->rx_start += hdr->size;
	if (hdr->flags & MMX_VFU_FLAGS_NO_REPLY)
		return 0;
	if (r < 0) {
		reply.flags |= MMX_VFU_FLAGS_ERROR;
		reply.error = (uint32_t)-r;
		len = 0;
	}
	reply.size = (uint32_t)(sizeof(reply) + len);
	memcpy(conn->tx, &reply, sizeof(reply));
	return send_message(conn, conn->tx, reply.size, -1);
}

/*
 * Serves whole messages up to the first reply, if one is @expected. Return: 1 = the buffer starts with that
 * reply, *ret_hdr is its header; 0 = all whole messages are consumed; -EIO.
 */
static int serve_buffer(struct mmx_vfu_conn *conn, bool expected, struct mmx_vfu_header *ret_hdr)
{
	int r;

	while ((r = peek(conn, ret_hdr)) > 0) {
		uint32_t type = ret_hdr->flags & MMX_VFU_FLAGS_TYPE;

		if (type == MMX_VFU_TYPE_REPLY && expected)
			return 1;
		if (type != MMX_VFU_TYPE_COMMAND)
			return lose(conn, -EPROTO);
		r = serve(conn, ret_hdr);
		if (r < 0)
			return r;
	}
	return r;
}

static int take_reply(struct mmx_vfu_conn *conn, const struct mmx_vfu_request *req,
		      const struct mmx_vfu_header *hdr, size_t *ret_len)
{
	size_t len = hdr->size - sizeof(*hdr);
	struct mmx_vfu_header other;
	int r = 0;

	if (hdr->id != req->msg->id || hdr->command != req->msg->command)
		return lose(conn, -EPROTO);
	if (hdr->flags & MMX_VFU_FLAGS_ERROR) {
		r = hdr->error && hdr->error <= 4095 ? -(int)hdr->error : -EIO;
	} else if (len < req->reply_min || len > req->reply_max) {
		return lose(conn, -EPROTO);
	} else {
		if (len)
			memcpy(req->reply, conn->rx + conn->rx_start + sizeof(*hdr), len);
		if (ret_len)
			*ret_len = len;
	}
	conn->rx_start += hdr->size;
	/* the reply is good, whatever came along with it */
	if (conn->rx_start != conn->rx_end)
		serve_buffer(conn, false, &other);
	return r;
}

static void fill_header(struct mmx_vfu_conn *conn, struct mmx_vfu_header *msg,
			enum mmx_vfu_command command, size_t size, uint32_t flags)
{
	*msg = (struct mmx_vfu_header){
		.id = ++conn->last_id,
		.command = (uint16_t)command,
		.size = (uint32_t)size,
		.flags = flags,
	};
}

int mmx_vfu_conn_request(struct mmx_vfu_conn *conn, const struct mmx_vfu_request *req,
			 size_t *ret_len)
{
	struct mmx_vfu_header hdr;
	uint64_t deadline = 0;
	bool first = true;
	int r;

	if (*conn->lost)
		return -EIO;
	fill_header(conn, req->msg, req->command, req->size, MMX_VFU_TYPE_COMMAND);
	r = send_message(conn, req->msg, req->size, req->fd);
	if (r < 0)
		return r;
	for (;;) {
		r = serve_buffer(conn, true, &hdr);
		if (r > 0)
			return take_reply(conn, req, &hdr, ret_len);
		if (r < 0)
			return r;
		if (first) {
			errno = 0;
			r = fill(conn, 0);
			if (!r && errno != EINTR)
				return lose(conn, -ETIMEDOUT);
			first = false;
		} else {
			if (!deadline)
				deadline = now_ms() + (uint64_t)conn->timeout_ms;
			r = wait_until(conn, POLLIN, deadline);
			if (r > 0)
				r = fill(conn, MSG_DONTWAIT);
		}
		if (r < 0)
			return r;
	}
}

int mmx_vfu_conn_read_region(struct mmx_vfu_conn *conn, uint32_t region, uint64_t offset,
			     void *ret_data, uint32_t count)
{
	struct {
		struct mmx_vfu_header hdr;
		struct mmx_vfu_region_access access;
	} msg = { .access = { .offset = offset, .region = region, .count = count } };
	struct {
		struct mmx_vfu_region_access access;
		uint8_t data[sizeof(uint64_t)];
	} reply;
	struct mmx_vfu_request req = {
		.command = MMX_VFU_REGION_READ,
		.msg = &msg.hdr,
		.size = sizeof(msg),
		.fd = -1,
		.reply = &reply,
		.reply_min = sizeof(reply.access) + count,
		.reply_max = sizeof(reply.access) + count,
	};
	int r;

	r = mmx_vfu_conn_request(conn, &req, NULL);
	if (r == 0)
		memcpy(ret_data, reply.data, count);
	return r;
}

void mmx_vfu_conn_post(struct mmx_vfu_conn *conn, enum mmx_vfu_command command,
		       struct mmx_vfu_header *msg, size_t size)
{
	struct mmx_vfu_header other;

	if (*conn->lost)
		return;
	fill_header(conn, msg, command, size, MMX_VFU_TYPE_COMMAND | MMX_VFU_FLAGS_NO_REPLY);
	if (send_message(conn, msg, size, -1) == 0 && conn->rx_start != conn->rx_end)
		serve_buffer(conn, false, &other);
}

void mmx_vfu_conn_poll(struct mmx_vfu_conn *conn)
{
	struct mmx_vfu_header hdr;
	int i;

	for (i = 0; i < POLL_READS && !*conn->lost; i++) {
		if (fill(conn, MSG_DONTWAIT) <= 0 || serve_buffer(conn, false, &hdr) < 0)
			return;
	}
}
