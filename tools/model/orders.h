/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* A client of malimux-model's control socket: sends lines, and gets a line for each. */
#ifndef TOOLS_MODEL_ORDERS_H
#define TOOLS_MODEL_ORDERS_H

#include <stddef.h>

/* Of a line, without its newline. */
#define MMX_ORDERS_LINE_MAX 255u

/* One client, or none (.fd = -1). */
struct mmx_orders {
	int fd;
	size_t len;
	char line[MMX_ORDERS_LINE_MAX + 1];
};

/* Does what a line asks for; the answer is one line without newline. */
typedef void (*mmx_orders_command)(void *ctx, const char *line, char *reply, size_t size);

/* Takes the socket over, which must not block. There must be no other client. */
void mmx_orders_attach(struct mmx_orders *orders, int fd);
/* Hangs up on the client, if there is one. */
void mmx_orders_detach(struct mmx_orders *orders);
/* Takes what the client has sent, as far as it fits a line; .fd is -1 afterwards if that was its end. */
void mmx_orders_serve(struct mmx_orders *orders, mmx_orders_command command, void *ctx);

#endif
