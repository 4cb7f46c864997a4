// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What comes over the control socket, line by line. Each line has an answer: one line of JSON that says "ok". */
#include <errno.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "backend/core/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct json_object *give_object(void *ctx)
{
	(void)ctx;
	return json_object_new_object();
}

static int give_page(void *ctx, const char *partition, uint32_t from, struct json_object **ret)
{
	(void)ctx;
	(void)from;
	if (strcmp(partition, "A"))
		return CONTROL_E_UNKNOWN;
	*ret = json_object_new_object();
	return *ret ? 0 : -ENOMEM;
}

static const struct mmx_control_ops ops = {
	.status = give_object,
	.guests = give_object,
	.groups = give_page,
	.vms = give_page,
};

static void answer(const char *line, size_t len)
{
	struct json_object *ok, *obj = mmx_control_answer(line, len, &ops, NULL);
	const char *text;

	if (!obj || !json_object_object_get_ex(obj, "ok", &ok))
		abort();
	text = json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN);
	if (!text || strchr(text, '\n') || strlen(text) > MMX_CONTROL_MAX_LINE)
		abort();
	json_object_put(obj);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data, *end = line + size, *newline;

	while (line < end && (newline = memchr(line, '\n', (size_t)(end - line)))) {
		answer(line, (size_t)(newline - line));
		line = newline + 1;
	}
	if (line < end)
		answer(line, (size_t)(end - line));
	return 0;
}
