/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The control socket: newline-delimited JSON on a unix stream socket. One request a line, one answer a line.
 *
 *	{"command":"version"}   {"ok":true,"version":"0.1.0","protocol":"0.1"}
 *	{"command":"status"}    {"ok":true,"status":{...}}
 *	{"command":"guests"}    {"ok":true,"guests":[{...},...]}
 *	{"command":"groups","partition":"NAME","from":N}
 *	{"command":"vms","partition":"NAME","from":N}
 *	                        {"ok":true,"groups":{"groups":[{...},...],"partition":"NAME","next":N}}
 *	anything else           {"ok":false,"error":"..."}
 *
 * The last two answer with one page: "from" is 0, or "next" of the page before; "next" is 0 on the last.
 *
 * control.c owns the socket and the connections, and parses; what there is to tell it asks of struct
 * mmx_control_ops. Lines, connections and answers are bounded; a client that does not read is not served.
 * A request has no other members, and all of its own; a line may end with "\r\n"; an answer to a line that is too long, or to one client
 * too many, is the connection's last. libuv's loop drives it.
 */
#ifndef BACKEND_CORE_CONTROL_H
#define BACKEND_CORE_CONTROL_H

#include <json-c/json_object.h>
#include <sys/types.h>
#include <uv.h>

#define MMX_CONTROL_MAX_LINE	4096u
#define MMX_CONTROL_MAX_CLIENTS 16u
#define MMX_CONTROL_MAX_ANSWER	(512u << 10)

/* Positive outcome of an operation: there is no such partition. */
enum {
	CONTROL_E_UNKNOWN = 1,
};

struct mmx_control;

struct mmx_control_ops {
	/* Return: a new object, or NULL without memory. */
	struct json_object *(*status)(void *ctx);
	struct json_object *(*guests)(void *ctx); /* an array */
	/* Return: 0: a new object; CONTROL_E_UNKNOWN; -ENOMEM. */
	int (*groups)(void *ctx, const char *partition, uint32_t from, struct json_object **ret);
	int (*vms)(void *ctx, const char *partition, uint32_t from, struct json_object **ret);
};

/* Return: 0; negative errno. */
int mmx_control_create(uv_loop_t *loop, const char *path, mode_t mode,
		       const struct mmx_control_ops *ops, void *ctx,
		       struct mmx_control **ret_control);
/* Closes all; the struct lives until the loop has run its close callbacks. NULL is fine. */
void mmx_control_destroy(struct mmx_control *control);

/*
 * One request to its answer, without any socket: what the connections call for each line, and what the fuzzer
 * calls. @line has no newline and need not end with NUL. Return: a new object; NULL without memory.
 */
struct json_object *mmx_control_answer(const char *line, size_t len,
				       const struct mmx_control_ops *ops, void *ctx);

#endif
