// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A client of malimux-model's control socket, for scripts.
 *
 * Usage: say SOCKET LINE...   each on a connection of its own; prints the answers
 *        say SOCKET           sends what comes from standard input, whatever it is, and prints what comes back until the
 *                             model hangs up
 *
 * Ends with 0; 1: no answer; 3: nobody listens there.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/say.h"
#include "tests/lib/work.h"

#define ANSWER_MS 20000

static int say_lines(const char *path, char **lines)
{
	char answer[MMX_SAY_MAX];
	int r;

	for (; *lines; lines++) {
		r = mmx_say(path, *lines, mmx_work_timeout_ms(ANSWER_MS), answer);
		if (r) {
			fprintf(stderr, "%s: %s: %s\n", path, *lines, strerror(-r));
			return r == -ECONNREFUSED || r == -ENOENT ? 3 : 1;
		}
		puts(answer);
	}
	return 0;
}

/* Return: false at its end, or if nobody listens any more. */
static bool send_some(int fd)
{
	char buf[4096];
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));

	if (n > 0 && send(fd, buf, (size_t)n, MSG_NOSIGNAL) == n)
		return true;
	shutdown(fd, SHUT_WR);
	return false;
}

static int say_input(const char *path)
{
	struct pollfd pfds[] = {
		{ .fd = mmx_say_open(path), .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	char buf[4096];
	ssize_t n = 1;

	if (pfds[0].fd < 0) {
		perror(path);
		return 3;
	}
	while (n > 0) {
		if (poll(pfds, 2, mmx_work_timeout_ms(ANSWER_MS)) < 1) {
			fprintf(stderr, "%s: neither answers nor hangs up\n", path);
			return 1;
		}
		if (pfds[1].revents && !send_some(pfds[0].fd))
			pfds[1].fd = -1;
		if (!pfds[0].revents)
			continue;
		n = read(pfds[0].fd, buf, sizeof(buf));
		if (n > 0)
			fwrite(buf, 1, (size_t)n, stdout);
		fflush(stdout);
	}
	close(pfds[0].fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fputs("Usage: say SOCKET [LINE]...\n", stderr);
		return 2;
	}
	return argc > 2 ? say_lines(argv[1], argv + 2) : say_input(argv[1]);
}
