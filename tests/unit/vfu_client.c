// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* See vfu_client.h. */
#include "tests/unit/vfu_client.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#define FDS_MAX 16u

int client_send_raw(int sock, const void *bytes, size_t len, const int *fds, unsigned int fd_count)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * FDS_MAX)];
		struct cmsghdr align;
	} control = { .buf = { 0 } };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd_count > FDS_MAX)
		return -EINVAL;
	if (fd_count) {
		struct cmsghdr *c = &control.align;

		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * fd_count);
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -errno;
}

int client_send(int sock, uint16_t id, uint16_t cmd, uint32_t flags, const void *payload,
		size_t len, const void *data, size_t data_len, const int *fds,
		unsigned int fd_count)
{
	static uint8_t bytes[MMX_VFU_MAX_MSG + 4096];
	struct mmx_vfu_hdr hdr = {
		.id = id,
		.cmd = cmd,
		.size = (uint32_t)(sizeof(hdr) + len + data_len),
		.flags = flags,
	};

	if (hdr.size > sizeof(bytes))
		return -EMSGSIZE;
	memcpy(bytes, &hdr, sizeof(hdr));
	if (len)
		memcpy(bytes + sizeof(hdr), payload, len);
	if (data_len)
		memcpy(bytes + sizeof(hdr) + len, data, data_len);
	return client_send_raw(sock, bytes, hdr.size, fds, fd_count);
}

static int receive_all(int sock, void *bytes, size_t len)
{
	return !len || recv(sock, bytes, len, MSG_WAITALL) == (ssize_t)len ? 0 : -ENOTCONN;
}

int client_receive(int sock, struct mmx_vfu_hdr *ret_hdr, void *payload, size_t max,
		   size_t *ret_len)
{
	struct mmx_vfu_hdr hdr;
	int r = receive_all(sock, &hdr, sizeof(hdr));

	if (r)
		return r;
	if (hdr.size < sizeof(hdr) || hdr.size - sizeof(hdr) > max)
		return -EMSGSIZE;
	r = receive_all(sock, payload, hdr.size - sizeof(hdr));
	if (r)
		return r;
	*ret_hdr = hdr;
	*ret_len = hdr.size - sizeof(hdr);
	return 0;
}

unsigned int client_count_fds(void)
{
	unsigned int count = 0;
	int fd;

	/* not by /proc, which a bare chroot may lack */
	for (fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}
