// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The control socket. Owns the listening pipe, its socket file, and the connections; driven by libuv's loop, in the
 * daemon's one thread. What there is to tell comes from struct mmx_control_ops.
 *
 * Invariants: a line is answered whole or its connection is dropped; of each client at most MMX_CONTROL_MAX_LINE
 * bytes are held unread and MMX_CONTROL_MAX_ANSWER unsent. The next line is taken when the answer to the last has been sent,
 * so one wake-up makes one answer for each client at most, and one that does not read is not served. A struct is freed only
 * when the close callback of its handle has run; the control, when that of the last handle has.
 */
#include "backend/core/control.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/util/list.h"
#include "backend/util/log.h"
#include "hv/socket.h"
#include "hv/proto/proto.h"

#define BACKLOG	   16
#define JSON_DEPTH 8
#define JSON_FLAGS (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

struct mmx_control {
	uv_pipe_t pipe; /* listens */
	uv_loop_t *loop;
	char *path; /* to be removed; NULL = not ours yet */
	struct mmx_socket socket; /* whose file that is; the descriptor is the pipe's */
	const struct mmx_control_ops *ops;
	void *ctx;
	struct mmx_list clients; /* client.link */
	unsigned int client_count;
	unsigned int handles; /* whose close callbacks have not run, the listening one among them */
};

struct client {
	uv_pipe_t pipe;
	struct mmx_control *control;
	struct mmx_list link; /* until it is closed */
	bool leaving; /* takes no more lines, closes when all is sent */
	bool sending; /* an answer is under way: no line is taken meanwhile */
	size_t used;
	char line[MMX_CONTROL_MAX_LINE + 1]; /* with its newline */
};

struct answer {
	uv_write_t write;
	struct client *client;
	char text[];
};

/* ---- one request to its answer ---- */

/* Adds the value under the name, and owns it in any case. Return: false without memory. */
static bool add(struct json_object *obj, const char *name, struct json_object *value)
{
	if (value && !json_object_object_add(obj, name, value))
		return true;
	json_object_put(value);
	return false;
}

/* {"ok":@ok}, to be added to. */
static struct json_object *new_answer(bool ok)
{
	struct json_object *obj = json_object_new_object();

	if (obj && !add(obj, "ok", json_object_new_boolean(ok))) {
		json_object_put(obj);
		return NULL;
	}
	return obj;
}

static struct json_object *answer_with(const char *name, struct json_object *value)
{
	struct json_object *obj = new_answer(true);

	if (!obj) {
		json_object_put(value);
		return NULL;
	}
	if (!add(obj, name, value)) {
		json_object_put(obj);
		return NULL;
	}
	return obj;
}

static struct json_object *answer_error(const char *text)
{
	struct json_object *obj = new_answer(false);

	if (obj && !add(obj, "error", json_object_new_string(text))) {
		json_object_put(obj);
		return NULL;
	}
	return obj;
}

static struct json_object *answer_version(void)
{
	struct json_object *obj = new_answer(true);
	char protocol[24];

	snprintf(protocol, sizeof(protocol), "%u.%u", MMX_PROTO_VERSION_0_1 >> 16,
		 MMX_PROTO_VERSION_0_1 & 0xffff);
	if (obj && (!add(obj, "version", json_object_new_string(PACKAGE_VERSION)) ||
		    !add(obj, "protocol", json_object_new_string(protocol)))) {
		json_object_put(obj);
		return NULL;
	}
	return obj;
}

/* Return: 0; -EINVAL; -ENOMEM. */
static int parse(const char *line, size_t len, struct json_object **ret_obj)
{
	struct json_tokener *tokener;
	struct json_object *obj;
	int r = 0;

	if (len > MMX_CONTROL_MAX_LINE)
		return -EINVAL;
	tokener = json_tokener_new_ex(JSON_DEPTH);
	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	obj = json_tokener_parse_ex(tokener, line, (int)len);
	/* it stops at a NUL: all of the line must have been taken */
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    json_tokener_get_parse_end(tokener) != len ||
	    !json_object_is_type(obj, json_type_object)) {
		json_object_put(obj);
		r = -EINVAL;
	} else {
		*ret_obj = obj;
	}
	json_tokener_free(tokener);
	return r;
}

/* Return: NULL: there is none, it is no string, or has a NUL in it. */
static const char *get_text(struct json_object *request, const char *name)
{
	struct json_object *value;
	const char *text;

	if (!json_object_object_get_ex(request, name, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

/* groups and vms */
static struct json_object *
answer_page(struct json_object *request, const char *name,
	    int (*op)(void *, const char *, uint32_t, struct json_object **), void *ctx)
{
	const char *partition = get_text(request, "partition");
	struct json_object *value, *page;
	int r;

	if (json_object_object_length(request) != 3 || !partition ||
	    !json_object_object_get_ex(request, "from", &value) ||
	    !json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0 ||
	    json_object_get_int64(value) > UINT32_MAX)
		return answer_error("\"partition\", a string, and \"from\", a number, are needed");
	r = op(ctx, partition, (uint32_t)json_object_get_int64(value), &page);
	if (r == CONTROL_E_UNKNOWN)
		return answer_error("there is no such partition");
	return r ? NULL : answer_with(name, page);
}

static struct json_object *answer_request(struct json_object *request,
					  const struct mmx_control_ops *ops, void *ctx)
{
	const char *name = get_text(request, "command");

	if (!name)
		return answer_error("\"command\" is missing, or no string");
	if (!strcmp(name, "groups"))
		return answer_page(request, name, ops->groups, ctx);
	if (!strcmp(name, "vms"))
		return answer_page(request, name, ops->vms, ctx);
	if (json_object_object_length(request) != 1)
		return answer_error("a request has no members but \"command\"");
	if (!strcmp(name, "version"))
		return answer_version();
	if (!strcmp(name, "status"))
		return answer_with("status", ops->status(ctx));
	if (!strcmp(name, "guests"))
		return answer_with("guests", ops->guests(ctx));
	return answer_error("unknown command; there are version, status, guests, groups and vms");
}

struct json_object *mmx_control_answer(const char *line, size_t len,
				       const struct mmx_control_ops *ops, void *ctx)
{
	struct json_object *request, *answer;
	int r = parse(line, len, &request);

	if (r)
		return r == -EINVAL ? answer_error("the line is no JSON object") : NULL;
	answer = answer_request(request, ops, ctx);
	json_object_put(request);
	return answer;
}

/* ---- connections ---- */

static void put_handle(struct mmx_control *control)
{
	if (--control->handles)
		return;
	free(control->path);
	free(control);
}

static void client_closed(uv_handle_t *handle)
{
	struct client *c = handle->data;

	put_handle(c->control);
	free(c);
}

/* Takes no more lines. */
static void leave(struct client *c)
{
	c->leaving = true;
	uv_read_stop((uv_stream_t *)&c->pipe);
}

static void drop(struct client *c)
{
	if (uv_is_closing((uv_handle_t *)&c->pipe))
		return;
	leave(c);
	mmx_list_del(&c->link);
	c->control->client_count--;
	uv_close((uv_handle_t *)&c->pipe, client_closed);
}

static void serve(struct client *c);

/* Also runs, before client_closed(), for what was not sent when the handle was closed. */
static void answer_sent(uv_write_t *write, int status)
{
	struct answer *answer = write->data;
	struct client *c = answer->client;

	free(answer);
	c->sending = false;
	if (status < 0 || c->leaving)
		drop(c);
	else
		serve(c);
}

/* Sends the answer and puts it; a client that can't have it is dropped. */
static void send_answer(struct client *c, struct json_object *obj)
{
	size_t len;
	const char *text = obj ? json_object_to_json_string_length(obj, JSON_FLAGS, &len) : NULL;
	struct answer *answer = NULL;
	uv_buf_t buf;

	if (!text) {
		mmx_log(MMX_LOG_CONTROL, MMX_LOG_ERROR, "no memory for an answer");
		goto err_drop;
	}
	if (len + 1 > MMX_CONTROL_MAX_ANSWER) {
		mmx_log(MMX_LOG_CONTROL, MMX_LOG_ERROR, "an answer is too long");
		goto err_drop;
	}
	answer = malloc(sizeof(*answer) + len + 1);
	if (!answer) {
		mmx_log(MMX_LOG_CONTROL, MMX_LOG_ERROR, "no memory for an answer");
		goto err_drop;
	}
	answer->client = c;
	answer->write.data = answer;
	memcpy(answer->text, text, len);
	answer->text[len] = '\n';
	buf = uv_buf_init(answer->text, (unsigned int)len + 1);
	if (uv_write(&answer->write, (uv_stream_t *)&c->pipe, &buf, 1, answer_sent))
		goto err_drop;
	c->sending = true;
	json_object_put(obj);
	return;

err_drop:
	free(answer);
	json_object_put(obj);
	drop(c);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf);
static void client_spoke(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf);

/* Answers the first line, if it is complete; else waits for the rest of it. */
static void serve(struct client *c)
{
	struct mmx_control *control = c->control;
	char *newline = memchr(c->line, '\n', c->used);
	size_t len;
	int r;

	if (newline) {
		len = (size_t)(newline - c->line);
		send_answer(c, mmx_control_answer(c->line, len, control->ops, control->ctx));
		c->used -= len + 1;
		memmove(c->line, newline + 1, c->used);
	} else if (c->used == sizeof(c->line)) {
		send_answer(c, answer_error("the line is too long"));
		leave(c);
	}
	if (c->leaving)
		return;
	if (c->sending) {
		uv_read_stop((uv_stream_t *)&c->pipe);
		return;
	}
	r = uv_read_start((uv_stream_t *)&c->pipe, give_buffer, client_spoke);
	if (r && r != UV_EALREADY)
		drop(c);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
	struct client *c = handle->data;

	(void)suggested;
	*ret_buf = uv_buf_init(c->line + c->used, (unsigned int)(sizeof(c->line) - c->used));
}

static void client_spoke(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
	struct client *c = stream->data;

	(void)buf;
	/* nothing is read while a line waits or an answer is under way: it has what it has asked for */
	if (count < 0) {
		drop(c);
		return;
	}
	c->used += (size_t)count;
	if (count)
		serve(c);
}

static void accept_client(uv_stream_t *server, int status)
{
	struct mmx_control *control = server->data;
	struct client *c;

	if (status < 0)
		return;
	c = calloc(1, sizeof(*c));
	if (!c || uv_pipe_init(control->loop, &c->pipe, 0)) {
		/* libuv accepts no other before this one: the socket is deaf, and whoever asks times out */
		mmx_log(MMX_LOG_CONTROL, MMX_LOG_ERROR, "no memory for a client");
		free(c);
		return;
	}
	c->control = control;
	c->pipe.data = c;
	control->handles++;
	control->client_count++;
	mmx_list_add_tail(&control->clients, &c->link);
	if (uv_accept(server, (uv_stream_t *)&c->pipe)) {
		drop(c);
		return;
	}
	if (control->client_count > MMX_CONTROL_MAX_CLIENTS) {
		send_answer(c, answer_error("too many clients"));
		leave(c);
		return;
	}
	serve(c);
}

/* ---- life ---- */

static void server_closed(uv_handle_t *handle)
{
	put_handle(handle->data);
}

int mmx_control_create(uv_loop_t *loop, const char *path, mode_t mode,
		       const struct mmx_control_ops *ops, void *ctx,
		       struct mmx_control **ret_control)
{
	struct mmx_control *control = calloc(1, sizeof(*control));
	char *copy = strdup(path);
	int r;

	if (!control || !copy) {
		r = -ENOMEM;
		goto err_free;
	}
	r = uv_pipe_init(loop, &control->pipe, 0);
	if (r)
		goto err_free;
	control->loop = loop;
	control->pipe.data = control;
	control->handles = 1;
	control->ops = ops;
	control->ctx = ctx;
	mmx_list_init(&control->clients);
	/* from here on the handle is the loop's to close, and the struct lives as long */
	r = mmx_socket_listen(path, mode, &control->socket);
	if (r) {
		free(copy);
		goto err_destroy;
	}
	control->path = copy;
	r = uv_pipe_open(&control->pipe, control->socket.fd);
	if (r) {
		close(control->socket.fd);
		goto err_destroy;
	}
	r = uv_listen((uv_stream_t *)&control->pipe, BACKLOG, accept_client);
	if (r)
		goto err_destroy;
	*ret_control = control;
	return 0;

err_destroy:
	mmx_control_destroy(control);
	return r;
err_free:
	free(copy);
	free(control);
	return r;
}

void mmx_control_destroy(struct mmx_control *control)
{
	struct mmx_list *pos, *next;

	if (!control)
		return;
	if (control->path)
		mmx_socket_remove(control->path, &control->socket);
	mmx_list_for_each_safe(pos, next, &control->clients)
		drop(mmx_container_of(pos, struct client, link));
	uv_close((uv_handle_t *)&control->pipe, server_closed);
}
