// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Floors. Each is a child of this process that does one small thing in a loop; it ends with its descriptors, or with
 * its parent.
 */
#include "tools/bench/floor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/bench/house.h"

/* ---- ping-pong ---- */

static void echo_loop(int in, int out)
{
	uint64_t value;

	while (read(in, &value, sizeof(value)) == sizeof(value))
		if (write(out, &value, sizeof(value)) != sizeof(value))
			break;
	_exit(0);
}

int mmx_echo_open(struct mmx_echo *echo)
{
	int r;

	*echo = (struct mmx_echo){ .to = eventfd(0, EFD_CLOEXEC), .from = eventfd(0, EFD_CLOEXEC) };
	if (echo->to < 0 || echo->from < 0) {
		r = -errno;
		goto err_close;
	}
	echo->pid = mmx_house_fork();
	if (!echo->pid)
		echo_loop(echo->to, echo->from);
	if (echo->pid > 0)
		return 0;
	r = -errno;

err_close:
	mmx_echo_close(echo);
	return mmx_bench_fail(r, "ping-pong");
}

void mmx_echo_close(struct mmx_echo *echo)
{
	mmx_house_end(echo->pid, SIGKILL);
	if (echo->to > 0)
		close(echo->to);
	if (echo->from > 0)
		close(echo->from);
	*echo = (struct mmx_echo){ 0 };
}

int mmx_echo_ping(struct mmx_echo *echo, int timeout_ms)
{
	struct pollfd pfd = { .fd = echo->from, .events = POLLIN };
	uint64_t value = 1;
	int r;

	if (write(echo->to, &value, sizeof(value)) != sizeof(value))
		return -errno;
	/* the guest's way to sleep: poll, then read */
	r = poll(&pfd, 1, timeout_ms);
	if (r <= 0)
		return r ? -errno : -ETIMEDOUT;
	return read(echo->from, &value, sizeof(value)) == sizeof(value) ? 0 : -errno;
}

/* ---- connecting ---- */

/* One byte, and the file with it. */
static int send_file(int sock, int fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { .buf = { 0 } };
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(sock, &msg, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

static int receive_file(int sock, int *ret_fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	const struct cmsghdr *cmsg;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -EIO;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS || cmsg->cmsg_len != CMSG_LEN(sizeof(int)))
		return -EPROTO;
	memcpy(ret_fd, CMSG_DATA(cmsg), sizeof(*ret_fd));
	return 0;
}

static void serve(int sock, size_t size)
{
	int fd = memfd_create("floor", MFD_CLOEXEC);
	void *map = MAP_FAILED;
	char byte;

	if (fd >= 0 && !ftruncate(fd, (off_t)size))
		map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED && !send_file(sock, fd))
		/* until it hangs up */
		while (recv(sock, &byte, 1, 0) > 0)
			;
	if (map != MAP_FAILED)
		munmap(map, size);
	if (fd >= 0)
		close(fd);
	close(sock);
}

static void greet_loop(int listener, size_t size)
{
	int sock;

	while ((sock = accept(listener, NULL, NULL)) >= 0)
		serve(sock, size);
	_exit(0);
}

int mmx_greeter_open(const struct mmx_bench *b, size_t size, struct mmx_greeter *greeter)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int listener, r = 0;

	*greeter = (struct mmx_greeter){ .size = size };
	snprintf(greeter->path, sizeof(greeter->path), "%s/floor", b->dir);
	memcpy(addr.sun_path, greeter->path, sizeof(addr.sun_path));
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (const struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(listener, 4)) {
		r = -errno;
		goto out;
	}
	greeter->pid = mmx_house_fork();
	if (!greeter->pid)
		greet_loop(listener, size);
	if (greeter->pid < 0)
		r = -errno;
out:
	if (listener >= 0)
		close(listener);
	return r ? mmx_bench_fail(r, "%s", greeter->path) : 0;
}

void mmx_greeter_close(struct mmx_greeter *greeter)
{
	mmx_house_end(greeter->pid, SIGKILL);
	greeter->pid = 0;
}

int mmx_greeter_visit(const struct mmx_greeter *greeter, uint64_t *ret_attach_ns,
		      uint64_t *ret_detach_ns)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	uint64_t start_ns = mmx_bench_now();
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = -1, r = 0;
	void *map = MAP_FAILED;
	char byte;

	memcpy(addr.sun_path, greeter->path, sizeof(addr.sun_path));
	if (sock < 0 || connect(sock, (const struct sockaddr *)&addr, sizeof(addr))) {
		r = -errno;
		goto out;
	}
	r = receive_file(sock, &fd);
	if (r)
		goto out;
	map = mmap(NULL, greeter->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		r = -errno;
		goto out;
	}
	*ret_attach_ns = mmx_bench_now() - start_ns;
	start_ns = mmx_bench_now();
	shutdown(sock, SHUT_WR);
	if (recv(sock, &byte, 1, 0) != 0)
		r = -EIO;
	*ret_detach_ns = mmx_bench_now() - start_ns;
out:
	if (map != MAP_FAILED)
		munmap(map, greeter->size);
	if (fd >= 0)
		close(fd);
	if (sock >= 0)
		close(sock);
	return r ? mmx_bench_fail(r, "%s", greeter->path) : 0;
}
