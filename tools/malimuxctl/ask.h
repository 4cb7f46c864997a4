/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* One request to malimuxd's control socket, one answer. */
#ifndef TOOLS_MALIMUXCTL_ASK_H
#define TOOLS_MALIMUXCTL_ASK_H

#include <stddef.h>

/* Positive outcomes. */
enum {
	ASK_E_CLOSED = 1, /* the daemon has closed the connection before its answer was complete */
	ASK_E_TOO_LONG, /* more than max bytes */
};

/**
 * mmx_ctl_ask() - connects, sends, receives
 * @request: a line with its newline
 * @timeout_ms: for each of: to connect, to send, to receive the whole answer
 * @max: bytes of an answer that are taken
 * @ret_line: the answer without its newline; ends with a NUL all the same; free() it
 * Return: 0; ASK_E_*; -ETIMEDOUT; -ENOMEM; what connect(), send() and recv() say.
 */
int mmx_ctl_ask(const char *path, const char *request, int timeout_ms, size_t max, char **ret_line,
		size_t *ret_len);

#endif
