/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Lines to malimux-model's control socket, which make things go wrong: see malimux-model(1). */
#ifndef TESTS_LIB_SAY_H
#define TESTS_LIB_SAY_H

#include <stddef.h>

#define MMX_SAY_MAX 256u /* of an answer */

/* Return: a connection, -1 with errno. */
int mmx_say_open(const char *path);

/**
 * mmx_say() - sends a line on a connection of its own, and waits for the answer
 * @answer: MMX_SAY_MAX bytes; without newline
 *
 * Return: 0; -ETIMEDOUT; -EPIPE: was hung up on; negative errno.
 */
int mmx_say(const char *path, const char *line, int timeout_ms, char *answer);

#endif
