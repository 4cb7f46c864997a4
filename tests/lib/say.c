// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* See say.h. Called by the drivers of tests of whole processes. */
#include "tests/lib/say.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int mmx_say_open(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int read_line(int fd, int timeout_ms, char *answer)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t len = 0;

	while (len < MMX_SAY_MAX - 1) {
		if (poll(&pfd, 1, timeout_ms) != 1)
			return -ETIMEDOUT;
		if (read(fd, answer + len, 1) != 1)
			return -EPIPE;
		if (answer[len] == '\n') {
			answer[len] = '\0';
			return 0;
		}
		len++;
	}
	return -EMSGSIZE;
}

int mmx_say(const char *path, const char *line, int timeout_ms, char *answer)
{
	int fd = mmx_say_open(path), r;
	char text[256];
	int len = snprintf(text, sizeof(text), "%s\n", line);

	if (fd < 0)
		return -errno;
	r = send(fd, text, (size_t)len, MSG_NOSIGNAL) == len ? read_line(fd, timeout_ms, answer)
							     : -EPIPE;
	close(fd);
	return r;
}
