/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* JSON objects member by member, for what the control socket tells. */
#ifndef BACKEND_CORE_JSON_ADD_H
#define BACKEND_CORE_JSON_ADD_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Adds the value under the name, and owns it in any case. Return: false without memory. */
static inline bool add(struct json_object *obj, const char *name, struct json_object *value)
{
	if (value && !json_object_object_add(obj, name, value))
		return true;
	json_object_put(value);
	return false;
}

static inline bool add_u64(struct json_object *obj, const char *name, uint64_t value)
{
	return add(obj, name, json_object_new_uint64(value));
}

static inline bool add_str(struct json_object *obj, const char *name, const char *value)
{
	return add(obj, name, json_object_new_string(value));
}

/* What others wrote: bytes that are not printable ASCII become '?', so that it is JSON whatever they wrote. */
static inline bool add_text(struct json_object *obj, const char *name, const char *value)
{
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(text) - 1 && value[i]; i++)
		text[i] = value[i] >= 0x20 && value[i] < 0x7f ? value[i] : '?';
	text[i] = '\0';
	return add_str(obj, name, text);
}

static inline bool add_bool(struct json_object *obj, const char *name, bool value)
{
	return add(obj, name, json_object_new_boolean(value));
}

static inline bool add_hex(struct json_object *obj, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
	return add_str(obj, name, text);
}

/* To the end of an array, which owns it in any case. Return: false without memory. */
static inline bool append(struct json_object *array, struct json_object *value)
{
	if (value && !json_object_array_add(array, value))
		return true;
	json_object_put(value);
	return false;
}

/* The object if all went well, else NULL and the object is freed. */
static inline struct json_object *checked(struct json_object *obj, bool ok)
{
	if (ok)
		return obj;
	json_object_put(obj);
	return NULL;
}

#endif
