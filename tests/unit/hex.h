/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Golden bytes: hexadecimal digits, spaces wherever they help. */
#ifndef TESTS_UNIT_HEX_H
#define TESTS_UNIT_HEX_H

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * Return: bytes written. A string that is no hexadecimal, or longer than @room, ends the test
 * program.
 */
static inline size_t hex_parse(const char *text, uint8_t *bytes, size_t room)
{
	unsigned int nibble, value = 0;
	size_t n = 0;

	for (; *text; text++) {
		if (*text == ' ')
			continue;
		if (!isxdigit((unsigned char)*text) || n / 2 == room)
			abort();
		nibble = *text <= '9' ? (unsigned int)*text - '0'
				      : ((unsigned int)*text | 0x20) - 'a' + 10;
		value = value << 4 | nibble;
		if (n++ & 1)
			bytes[n / 2 - 1] = (uint8_t)value;
	}
	return n / 2;
}

#endif
