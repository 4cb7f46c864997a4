/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* A fuzzer's input as a row of numbers, and what its targets hold true. */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct input {
	const uint8_t *data;
	size_t left;
};

/* The next @bytes (4 at most), little-endian; what is beyond the end is 0. */
static inline uint32_t take(struct input *in, size_t bytes)
{
	uint32_t value = 0;

	if (bytes > in->left)
		bytes = in->left;
	memcpy(&value, in->data, bytes);
	in->data += bytes;
	in->left -= bytes;
	return value;
}

static inline void check(bool ok)
{
	if (!ok)
		abort();
}

#endif
