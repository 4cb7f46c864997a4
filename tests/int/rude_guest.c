// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A guest that does not keep to the hand-shake of hv/local, or goes away in it. Ends with 0 if the daemon did what it
 * should: turned the guest away, within its time.
 *
 * Usage: rude_guest SOCKET HOW [COUNT]
 *
 * HOW: one of the table below; COUNT: how many times, 1 if there is none.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "hv/local/local.h"
#include "hv/proto/region.h"

#define PATIENCE_MS 60000
#define NOTIFY_MS   1000

enum deed {
	LEAVE, /* at once */
	LEAVE_GREETED, /* after the hello */
	LEAVE_MAPPED, /* after the answer */
	SILENT, /* no answer */
	ANSWER, /* with the text */
	SEAL, /* the region, and then answer */
	SHRINK_LATER, /* takes part, and tries to take memory away */
	NOTIFY, /* takes part, has nothing to say, and notifies all the time */
};

static const struct {
	const char *name;
	enum deed deed;
	const char *text; /* that is sent */
} ways[] = {
	{ "leave", LEAVE, NULL },
	{ "leave-greeted", LEAVE_GREETED, NULL },
	{ "leave-mapped", LEAVE_MAPPED, "M" },
	{ "silent", SILENT, NULL },
	{ "wrong", ANSWER, "x" },
	{ "talkative", ANSWER, "MM" },
	{ "seals", SEAL, "M" },
	{ "holes", SHRINK_LATER, "M" },
	{ "notifies", NOTIFY, "M" },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static int fail(const char *what)
{
	fprintf(stderr, "rude_guest: %s: %s\n", what, strerror(errno));
	return 1;
}

static int dial(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool wait_for(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, PATIENCE_MS) == 1;
}

/* The hello's descriptors. Return: 0; -1. */
static int take_hello(int sock, struct mmx_local_hello *ret_hello, int fds[3])
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(3 * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = ret_hello, .iov_len = sizeof(*ret_hello) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *cmsg;

	if (!wait_for(sock) || recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != sizeof(*ret_hello))
		return -1;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (ret_hello->error || !cmsg || cmsg->cmsg_len != CMSG_LEN(3 * sizeof(int))) {
		errno = (int)ret_hello->error;
		return -1;
	}
	memcpy(fds, CMSG_DATA(cmsg), 3 * sizeof(int));
	return 0;
}

/* The daemon closes the connection. */
static int is_turned_away(int sock)
{
	char c;

	if (!wait_for(sock) || recv(sock, &c, 1, 0) > 0)
		return fail("the daemon did not turn it away");
	return 0;
}

/* Is a guest like others; the heartbeat shows that the session has begun. Return: 0; 1 (told). */
static int wait_session(const uint8_t *region, int call_fd)
{
	const struct mmx_region_hdr *hdr = (const void *)region;
	const struct mmx_session_page *page = (const void *)(region + hdr->session_offset);
	unsigned int tries = 0;

	while (!__atomic_load_n(&page->heartbeat, __ATOMIC_ACQUIRE)) {
		/* nothing is sent here: a pause, not a wait */
		if (++tries > PATIENCE_MS || poll(&(struct pollfd){ .fd = call_fd }, 1, 1) < 0)
			return fail("the session does not begin");
	}
	return 0;
}

/* No memory can be taken away from a session. */
static int try_holes(int region_fd, uint8_t *region, uint64_t size)
{
	if (!fallocate(region_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)size) ||
	    errno != EPERM)
		return fail("a hole could be punched");
	if (!madvise(region, size, MADV_REMOVE) || errno != EPERM)
		return fail("memory could be removed");
	if (mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, region_fd, 0) != MAP_FAILED)
		return fail("it could be mapped once more");
	return 0;
}

static int notify_for(int kick_fd, int64_t ms)
{
	const uint64_t one = 1;
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		if (write(kick_fd, &one, sizeof(one)) != sizeof(one))
			return fail("it can't notify");
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
	return 0;
}

/* After the hello. */
static int misbehave(size_t way, int sock, const struct mmx_local_hello *hello, const int fds[3])
{
	uint8_t *region =
		mmap(NULL, hello->region_size, PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
	int ret = 0;

	if (region == MAP_FAILED)
		return fail("mmap");
	if (ways[way].deed == SEAL && fcntl(fds[0], F_ADD_SEALS, F_SEAL_SEAL))
		ret = fail("F_ADD_SEALS");
	if (ways[way].text && send(sock, ways[way].text, strlen(ways[way].text), MSG_NOSIGNAL) < 0)
		ret = fail("send");
	if (!ret &&
	    (ways[way].deed == SILENT || ways[way].deed == ANSWER || ways[way].deed == SEAL))
		ret = is_turned_away(sock);
	if (!ret && (ways[way].deed == SHRINK_LATER || ways[way].deed == NOTIFY))
		ret = wait_session(region, fds[2]);
	if (!ret && ways[way].deed == SHRINK_LATER)
		ret = try_holes(fds[0], region, hello->region_size);
	if (!ret && ways[way].deed == NOTIFY)
		ret = notify_for(fds[1], NOTIFY_MS);
	munmap(region, hello->region_size);
	return ret;
}

static int run(const char *path, size_t way)
{
	struct mmx_local_hello hello = { 0 };
	int i, fds[3], ret = 0, sock = dial(path);

	if (sock < 0)
		return fail(path);
	if (ways[way].deed == LEAVE) {
		close(sock);
		return 0;
	}
	if (take_hello(sock, &hello, fds)) {
		/* the one before it is still connected, as far as the daemon has heard */
		ret = hello.error == EBUSY ? 0 : fail("no hello has come");
		close(sock);
		return ret;
	}
	if (ways[way].deed != LEAVE_GREETED)
		ret = misbehave(way, sock, &hello, fds);
	for (i = 0; i < 3; i++)
		close(fds[i]);
	close(sock);
	return ret;
}

int main(int argc, char **argv)
{
	long count = argc > 3 ? strtol(argv[3], NULL, 10) : 1;
	size_t way = 0;
	int ret = 0;

	while (argc > 2 && way < WAYS && strcmp(argv[2], ways[way].name))
		way++;
	if (argc < 3 || way == WAYS) {
		fputs("Usage: rude_guest SOCKET HOW [COUNT]\n", stderr);
		return 2;
	}
	for (; count > 0 && !ret; count--)
		ret = run(argv[1], way);
	return ret;
}
