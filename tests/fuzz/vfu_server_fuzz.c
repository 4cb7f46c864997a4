// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Fuzzes the vfio-user server as a client: the input is what the client sends.
 *
 * Input: an octet whose bit 0 says that the harness is to agree on the version first, then chunks:
 *
 *   octet  0       1        3
 *         +-------+--------+-----------
 *         | fds   | length | bytes ...      (the last chunk may be cut short)
 *         +-------+--------+-----------
 *
 * Each chunk is one sendmsg(), with descriptors by fds: low three bits how many, the next two which
 * kind (0 memory, 1 eventfds, 2 a mix with a pipe and memory that is too short, 3 none). All
 * chunks are sent before the server looks, and the stream ends after them, so replies to its DMA
 * requests can be in the input and nothing ever waits. A thread takes what the server sends.
 *
 * Fails on a crash, on a descriptor left open, and on a connection that does not end.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/model/vfu.h"
#include "tools/model/vfu_proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHUNKS_MAX 64u
#define BYTES_MAX  65536u
#define FDS_MAX	   7u

static uint64_t clock_ns;

static uint64_t now_ns(void)
{
	return clock_ns += 1000;
}

static int kinds[3][FDS_MAX];

static void make_fds(void)
{
	int pair[2];
	unsigned int i;

	for (i = 0; i < FDS_MAX; i++) {
		kinds[0][i] = memfd_create("fuzz", MFD_CLOEXEC);
		if (kinds[0][i] < 0 || ftruncate(kinds[0][i], 65536))
			abort();
		kinds[1][i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		kinds[2][i] = kinds[i & 1][i];
	}
	if (pipe2(pair, O_CLOEXEC | O_NONBLOCK))
		abort();
	kinds[2][0] = pair[1];
	kinds[2][1] = memfd_create("short", MFD_CLOEXEC);
	kinds[2][2] = eventfd(0, EFD_CLOEXEC);
}

static void send_chunk(int sock, const uint8_t *bytes, size_t len, uint8_t fds)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * FDS_MAX)];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	unsigned int count = fds & 7, kind = fds >> 3 & 3;

	if (count && kind < 3) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int) * count);
		memcpy(CMSG_DATA(&control.align), kinds[kind], sizeof(int) * count);
	}
	if (sendmsg(sock, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return; /* too much for the socket: the rest of the input goes unheard */
}

static void *drain(void *arg)
{
	int sock = *(int *)arg;
	char buf[4096];

	while (recv(sock, buf, sizeof(buf), 0) > 0)
		;
	return NULL;
}

static void send_input(int sock, const uint8_t *data, size_t size)
{
	static const uint8_t version[] = { 0, 0, 1, 0, 20, 0, 0, 0, 0, 0,
					   0, 0, 0, 0, 0,  0, 0, 0, 0, 0 };
	unsigned int chunks;

	if (data[0] & 1)
		send_chunk(sock, version, sizeof(version), 0);
	data++;
	size--;
	for (chunks = 0; size > 3 && chunks < CHUNKS_MAX; chunks++) {
		size_t len = data[1] | (size_t)data[2] << 8;
		uint8_t fds = data[0];

		data += 3;
		size -= 3;
		len = len < size ? len : size;
		if (len)
			send_chunk(sock, data, len, fds);
		data += len;
		size -= len;
	}
	shutdown(sock, SHUT_WR);
}

static int lowest_free_fd(void)
{
	int fd = fcntl(0, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mmx_vfu_config config = { .now_ns = now_ns, .quiet = true };
	static struct mmx_vfu *vfu;
	int pair[2], before, idle, r;
	pthread_t thread;

	if (!size || size > BYTES_MAX)
		return 0;
	if (!vfu) {
		make_fds();
		if (mmx_vfu_create(&config, &vfu))
			abort();
	}
	before = lowest_free_fd();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		abort();
	send_input(pair[0], data, size);
	if (pthread_create(&thread, NULL, drain, &pair[0]))
		abort();
	mmx_vfu_attach(vfu, pair[1]);
	/* an idle server may not have looked for the end of the stream yet; it must when asked again */
	for (idle = 0; (r = mmx_vfu_poll(vfu)) != MMX_VFU_E_GONE; idle += r == MMX_VFU_E_IDLE) {
		if (idle)
			abort();
		mmx_vfu_run(vfu);
	}
	pthread_join(thread, NULL);
	close(pair[0]);
	if (lowest_free_fd() != before)
		abort();
	return 0;
}
