/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the daemon holds, asked of its control socket: for tests that nothing has changed, or nothing is left. */
#ifndef TESTS_LIB_ASK_H
#define TESTS_LIB_ASK_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

struct mmx_ask;

/* Return: NULL if the daemon does not answer there. */
struct mmx_ask *mmx_ask_open(const char *path, int timeout_ms);
void mmx_ask_close(struct mmx_ask *ask);

/*
 * What the daemon says of the partition, of itself, or of the GPU. Return: the caller's to json_object_put(); NULL if
 * there is no answer, or no such partition in it.
 */
struct json_object *mmx_ask_partition(struct mmx_ask *ask, const char *partition);
struct json_object *mmx_ask_status(struct mmx_ask *ask);
struct json_object *mmx_ask_gpu(struct mmx_ask *ask);

/* A number of it. -1 if there is none of that name. */
int64_t mmx_ask_number(const struct json_object *obj, const char *name);

/*
 * Do all numbers agree that say what is held now? Those that only count what has happened (messages, jobs_done...) do
 * not matter. Return: NULL, or the name of the first that differs.
 */
const char *mmx_ask_difference(const struct json_object *before, const struct json_object *after);

#endif
