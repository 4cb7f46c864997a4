// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Signals eventfds without ever waiting. Called by vfu_irq.c; vfu.c initialises it.
 *
 * A write() to an eventfd waits while its counter is full, unless O_NONBLOCK is set. That flag, and the
 * counter, are the client's as much as ours, as both sides share the open file description: whatever
 * is checked before the write may have changed in the write. So the kernel is made to signal in its own
 * way, which never waits: by the end of an asynchronous read (of nothing, done before the call returns)
 * that names the eventfd. A full counter stays full. A descriptor that is no eventfd is refused by the
 * kernel, and then nothing happens.
 *
 * Taking a signal back is a read(), which would wait on an empty counter, for the same reason whatever the flag
 * says: RWF_NOWAIT is of the call, and not the client's.
 *
 * There is one context for the process, because the kernel takes tens of milliseconds to give one back.
 *
 * Where there is no asynchronous I/O (CONFIG_AIO is not set; qemu-user) a write() has to do: only if poll()
 * says that it will not wait, which a hostile client can still make untrue in between.
 */
#include "tools/model/vfu_signal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/aio_abi.h>

#define EVENTS 64

static aio_context_t context;
static int null_fd = -1;
static bool by_write;

/**
 * mmx_vfu_signal_init() - makes the context, once a process
 *
 * Return: 0, or -errno.
 */
int mmx_vfu_signal_init(void)
{
	int fd;

	if (null_fd >= 0 || by_write)
		return 0;
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_io_setup, EVENTS, &context)) {
		int r = -errno;

		close(fd);
		by_write = r == -ENOSYS;
		return by_write ? 0 : r;
	}
	null_fd = fd;
	return 0;
}

bool mmx_vfu_signal_never_waits(void)
{
	return !by_write;
}

static void signal_by_write(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	ssize_t n;

	if (poll(&poll_fd, 1, 0) != 1 || !(poll_fd.revents & POLLOUT))
		return;
	/* what fails is the client's loss */
	n = write(fd, &(uint64_t){ 1 }, sizeof(uint64_t));
	(void)n;
}

/* Adds 1 to the counter of the eventfd @fd. */
void mmx_vfu_signal(int fd)
{
	struct io_event events[EVENTS];
	struct iocb cb = {
		.aio_lio_opcode = IOCB_CMD_PREAD,
		.aio_fildes = (uint32_t)null_fd,
		.aio_flags = IOCB_FLAG_RESFD,
		.aio_resfd = (uint32_t)fd,
	};
	struct iocb *list[] = { &cb };

	if (by_write) {
		signal_by_write(fd);
		return;
	}
	if (syscall(SYS_io_submit, context, 1, list) == 1 || errno != EAGAIN)
		return;
	/* the results of earlier ones fill the ring: nobody needs them */
	syscall(SYS_io_getevents, context, 0, EVENTS, events, NULL);
	syscall(SYS_io_submit, context, 1, list);
}

bool mmx_vfu_signal_withdraw(int fd)
{
	uint64_t count;
	const struct iovec iov = { &count, sizeof(count) };

	/* where there is no such call (qemu-user) nothing is taken back: the client sees one more interrupt */
	return preadv2(fd, &iov, 1, -1, RWF_NOWAIT) == (ssize_t)sizeof(count);
}
