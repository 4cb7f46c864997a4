// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* See ask.h. One connection, one question at a time; called by the drivers of tests of whole processes. */
#include "tests/lib/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Above what the daemon lets an answer have (MMX_CONTROL_MAX_UNSENT). */
#define MAX_ANSWER (1u << 20)

struct mmx_ask {
	int fd;
	int timeout_ms;
	size_t used;
	char buf[MAX_ANSWER];
};

/* Numbers that grow with what happens, and those that change with time. */
static const char *const history[] = {
	"messages", "refused", "jobs_done",  "jobs_failed", "faults",	 "guests",
	"slots",    "resets",  "interrupts", "gpu_time_ns", "uptime_ms",
};

struct mmx_ask *mmx_ask_open(const char *path, int timeout_ms)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct mmx_ask *ask = calloc(1, sizeof(*ask));

	if (!ask)
		return NULL;
	ask->timeout_ms = timeout_ms;
	ask->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (ask->fd < 0 || connect(ask->fd, (struct sockaddr *)&addr, sizeof(addr))) {
		mmx_ask_close(ask);
		return NULL;
	}
	return ask;
}

void mmx_ask_close(struct mmx_ask *ask)
{
	if (!ask)
		return;
	if (ask->fd >= 0)
		close(ask->fd);
	free(ask);
}

/* Return: the answer's line, NUL-terminated; NULL if none comes. */
static char *answer_line(struct mmx_ask *ask, const char *command)
{
	struct pollfd pfd = { .fd = ask->fd, .events = POLLIN };
	char line[64];
	ssize_t got;
	int len = snprintf(line, sizeof(line), "{\"command\":\"%s\"}\n", command);

	if (write(ask->fd, line, (size_t)len) != len)
		return NULL;
	ask->used = 0;
	for (;;) {
		if (poll(&pfd, 1, ask->timeout_ms) != 1)
			return NULL;
		got = read(ask->fd, ask->buf + ask->used, MAX_ANSWER - 1 - ask->used);
		if (got <= 0)
			return NULL;
		ask->used += (size_t)got;
		if (ask->buf[ask->used - 1] != '\n')
			continue;
		ask->buf[ask->used] = '\0';
		return ask->buf;
	}
}

static struct json_object *member(struct json_object *obj, const char *name)
{
	struct json_object *value;

	return json_object_object_get_ex(obj, name, &value) ? value : NULL;
}

static struct json_object *question(struct mmx_ask *ask, const char *command)
{
	char *line = answer_line(ask, command);

	return line ? json_tokener_parse(line) : NULL;
}

struct json_object *mmx_ask_partition(struct mmx_ask *ask, const char *partition)
{
	struct json_object *answer = question(ask, "guests"), *found = NULL;
	struct json_object *guests = member(answer, "guests");
	size_t i, count = guests ? json_object_array_length(guests) : 0;

	for (i = 0; i < count && !found; i++) {
		struct json_object *guest = json_object_array_get_idx(guests, i);

		if (!strcmp(json_object_get_string(member(guest, "partition")), partition))
			found = json_object_get(guest);
	}
	json_object_put(answer);
	return found;
}

struct json_object *mmx_ask_status(struct mmx_ask *ask)
{
	struct json_object *answer = question(ask, "status");
	struct json_object *status = json_object_get(member(answer, "status"));

	json_object_put(answer);
	return status;
}

struct json_object *mmx_ask_gpu(struct mmx_ask *ask)
{
	struct json_object *status = mmx_ask_status(ask);
	struct json_object *gpu = json_object_get(member(status, "gpu"));

	json_object_put(status);
	return gpu;
}

int64_t mmx_ask_number(const struct json_object *obj, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(obj, name, &value) ||
	    !json_object_is_type(value, json_type_int))
		return -1;
	return json_object_get_int64(value);
}

static bool is_history(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(history) / sizeof(history[0]); i++)
		if (!strcmp(name, history[i]))
			return true;
	return false;
}

const char *mmx_ask_difference(const struct json_object *before, const struct json_object *after)
{
	struct json_object_iterator it = json_object_iter_begin((struct json_object *)before);
	struct json_object_iterator end = json_object_iter_end((struct json_object *)before);

	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		const char *name = json_object_iter_peek_name(&it);

		if (json_object_is_type(json_object_iter_peek_value(&it), json_type_int) &&
		    !is_history(name) &&
		    mmx_ask_number(before, name) != mmx_ask_number(after, name))
			return name;
	}
	return NULL;
}
