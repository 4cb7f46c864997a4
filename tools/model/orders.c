// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The control socket's client: see orders.h. Owns its socket; called by server.c in its loop, and never waits.
 *
 * Each line has its answer, in the order of the lines. Who sends what is no line (longer than any, or with a NUL in it)
 * is told so and hung up on, since nobody knows where the next one begins; who doesn't read is hung up on
 * as well, instead of waited for. What comes without a newline before the end is no line either, and is not obeyed.
 */
#include "tools/model/orders.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/model/model.h"

void mmx_orders_attach(struct mmx_orders *orders, int fd)
{
	orders->fd = fd;
	orders->len = 0;
}

void mmx_orders_detach(struct mmx_orders *orders)
{
	if (orders->fd >= 0)
		close(orders->fd);
	orders->fd = -1;
	orders->len = 0;
}

/* Return: false: the client does not read. */
static bool answer(const struct mmx_orders *orders, char *reply)
{
	size_t len = strlen(reply);

	reply[len] = '\n';
	return send(orders->fd, reply, len + 1, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len + 1;
}

static bool obey(const struct mmx_orders *orders, const char *line, mmx_orders_command command,
		 void *ctx)
{
	char reply[MMX_MODEL_REPLY_MAX + 1];

	command(ctx, line, reply, sizeof(reply) - 1);
	return answer(orders, reply);
}

static void refuse(struct mmx_orders *orders, const char *why)
{
	char reply[MMX_MODEL_REPLY_MAX + 1];

	snprintf(reply, sizeof(reply) - 1, "%s", why);
	answer(orders, reply); /* whether it is read or not */
	mmx_orders_detach(orders);
}

void mmx_orders_serve(struct mmx_orders *orders, mmx_orders_command command, void *ctx)
{
	ssize_t n =
		read(orders->fd, orders->line + orders->len, sizeof(orders->line) - orders->len);
	char *line = orders->line, *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		mmx_orders_detach(orders);
		return;
	}
	orders->len += (size_t)n;
	while ((end = memchr(line, '\n', orders->len))) {
		*end = '\0';
		if (strlen(line) != (size_t)(end - line)) {
			refuse(orders, "error: a NUL in a line");
			return;
		}
		if (!obey(orders, line, command, ctx)) {
			mmx_orders_detach(orders);
			return;
		}
		orders->len -= (size_t)(end + 1 - line);
		line = end + 1;
	}
	memmove(orders->line, line, orders->len);
	if (orders->len == sizeof(orders->line))
		refuse(orders, "error: a line without an end");
}
