// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The trace of spans is JSON, as Chrome's tracing wants it: whatever there is in it, and however much. */
#include "tools/model/chrome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

static char *text;
static size_t size;

/* Return: the array, which the caller puts. */
static struct json_object *finish(FILE *file, struct mmx_chrome *chrome)
{
	struct json_object *array;

	mmx_chrome_destroy(chrome);
	fclose(file);
	array = json_tokener_parse(text);
	assert_non_null(array);
	assert_true(json_object_is_type(array, json_type_array));
	free(text);
	return array;
}

static const char *string_of(struct json_object *event, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(event, key, &value) ? json_object_get_string(value) : NULL;
}

static void empty(void **state)
{
	FILE *file = open_memstream(&text, &size);
	struct json_object *array = finish(file, mmx_chrome_create(file));

	(void)state;
	assert_int_equal(json_object_array_length(array), 0);
	json_object_put(array);
}

static void events(void **state)
{
	static const struct mmx_model_span spans[] = {
		{ "AS", 3, "LOCK", 1234567, 500 },
		{ "doorbell", 0, "ring", 2000001, 0 },
		{ "AS", 3, "UNLOCK", 3000000, 1000000 },
		{ "AS", 4, "LOCK", 4000000, 1 },
	};
	/* name, phase, track, time, duration; a track is named when it is first seen */
	static const char *const wanted[][5] = {
		{ "thread_name", "M", "1", NULL, NULL },
		{ "LOCK", "X", "1", "1234.567", "0.500" },
		{ "thread_name", "M", "2", NULL, NULL },
		{ "ring", "i", "2", "2000.001", NULL },
		{ "UNLOCK", "X", "1", "3000.000", "1000.000" },
		{ "thread_name", "M", "3", NULL, NULL },
		{ "LOCK", "X", "3", "4000.000", "0.001" },
	};
	static const char *const keys[] = { "name", "ph", "tid", "ts", "dur" };
	FILE *file = open_memstream(&text, &size);
	struct mmx_chrome *chrome = mmx_chrome_create(file);
	struct json_object *array;

	(void)state;
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
		mmx_chrome_span(chrome, &spans[i]);
	array = finish(file, chrome);
	assert_int_equal(json_object_array_length(array), sizeof(wanted) / sizeof(wanted[0]));
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *event = json_object_array_get_idx(array, i);

		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
			const char *got = string_of(event, keys[k]);

			if (!wanted[i][k])
				assert_null(got);
			else
				assert_string_equal(got, wanted[i][k]);
		}
	}
	json_object_put(array);
}

/* More tracks than there is room for share the last one. */
static void many_tracks(void **state)
{
	FILE *file = open_memstream(&text, &size);
	struct mmx_chrome *chrome = mmx_chrome_create(file);
	struct json_object *array;

	(void)state;
	for (unsigned int i = 0; i < 600; i++) {
		const struct mmx_model_span span = { "stream", i, "instructions", i, 1 };

		mmx_chrome_span(chrome, &span);
	}
	array = finish(file, chrome);
	assert_int_equal(json_object_array_length(array), 600 + 512);
	json_object_put(array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(events),
		cmocka_unit_test(many_tracks),
	};

	return cmocka_run_group_tests_name("model_chrome", tests, NULL, NULL);
}
