// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The conversation with the daemon: one connection, one line each way, nothing waited for beyond its time. Called by
 * malimuxctl's main(); no state.
 */
#include "tools/malimuxctl/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define FIRST_SIZE 4096u

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int connect_to(const char *path, int timeout_ms, int *ret_fd)
{
	/* also the time that a connect() on a unix socket waits for room in the backlog */
	struct timeval tv = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd, r;

	if (len >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, len + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) ||
	    connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		r = errno == EAGAIN || errno == EINPROGRESS ? -ETIMEDOUT : -errno;
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static int send_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Waits for input until the deadline, and takes some. Return: bytes; ASK_E_CLOSED as 0; negative errno. */
static ssize_t receive(int fd, char *to, size_t size, int64_t deadline_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t n;

	for (;;) {
		int64_t left = deadline_ms - now_ms();
		int r = poll(&pfd, 1, left > 0 ? (int)left : 0);

		if (!r)
			return -ETIMEDOUT;
		if (r > 0) {
			n = recv(fd, to, size, MSG_DONTWAIT);
			if (n >= 0)
				return n;
		}
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

/* Twice the room. Return: 0 or -ENOMEM. */
static int grow(char **buf, size_t *size)
{
	char *larger = realloc(*buf, *size * 2);

	if (!larger)
		return -ENOMEM;
	*buf = larger;
	*size *= 2;
	return 0;
}

static int receive_line(int fd, size_t max, int64_t deadline_ms, char **ret_line, size_t *ret_len)
{
	size_t used = 0, size = FIRST_SIZE;
	char *newline, *buf = malloc(size);
	ssize_t n;
	int r;

	if (!buf)
		return -ENOMEM;
	for (;;) {
		n = receive(fd, buf + used, size - used, deadline_ms);
		if (n <= 0) {
			r = n ? (int)n : ASK_E_CLOSED;
			break;
		}
		newline = memchr(buf + used, '\n', (size_t)n);
		used += (size_t)n;
		if (newline && (size_t)(newline - buf) <= max) {
			*newline = '\0';
			*ret_line = buf;
			*ret_len = (size_t)(newline - buf);
			return 0;
		}
		if (used > max) {
			r = ASK_E_TOO_LONG;
			break;
		}
		r = used == size ? grow(&buf, &size) : 0;
		if (r)
			break;
	}
	free(buf);
	return r;
}

int mmx_ctl_ask(const char *path, const char *request, int timeout_ms, size_t max, char **ret_line,
		size_t *ret_len)
{
	int fd = -1, r = connect_to(path, timeout_ms, &fd);

	if (r)
		return r;
	r = send_all(fd, request, strlen(request));
	/* who is one client too many is told so, and the connection may be gone before we have sent anything */
	if (!r || r == -EPIPE)
		r = receive_line(fd, max, now_ms() + timeout_ms, ret_line, ret_len);
	close(fd);
	return r;
}
