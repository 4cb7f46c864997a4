/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Tables of arguments: those that pass, then the same with one field changed, or two. */
#ifndef TESTS_UNIT_UAPI_ROWS_H
#define TESTS_UNIT_UAPI_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A field of the arguments and what it is set to. */
struct patch {
	size_t offset, size;
	uint64_t value;
};
#define SET(type, field, value)                                                             \
	{                                                                                   \
		offsetof(struct type, field), sizeof(((struct type *)NULL)->field), (value) \
	}

struct row {
	const char *name;
	struct patch set[3];
	int ret;
};

#define ARGS_MAX 64

/* Runs a table: @args pass by themselves, and with a row's changes return what it says. */
static inline void run(const char *what, int (*check)(const void *args), const void *args,
		       size_t size, const struct row *rows, size_t count)
{
	union {
		uint64_t align;
		uint8_t bytes[ARGS_MAX];
	} copy;
	size_t i, j;

	assert_true(size <= sizeof(copy));
	assert_int_equal(check(args), 0);
	for (i = 0; i < count; i++) {
		memcpy(copy.bytes, args, size);
		for (j = 0; j < 3 && rows[i].set[j].size; j++)
			memcpy(copy.bytes + rows[i].set[j].offset, &rows[i].set[j].value,
			       rows[i].set[j].size);
		if (check(copy.bytes) != rows[i].ret)
			print_message("%s: %s\n", what, rows[i].name);
		assert_int_equal(check(copy.bytes), rows[i].ret);
	}
}
#define RUN(check, args, rows) \
	run(#check, check, &(args), sizeof(args), rows, sizeof(rows) / sizeof(rows[0]))

#endif
