/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The functions of <string.h> that every freestanding environment has, since compilers emit calls of
 * them. Seen only by the freestanding half of 'make header-check'.
 */
#ifndef TESTS_FREESTANDING_STRING_H
#define TESTS_FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t size);
void *memmove(void *dst, const void *src, size_t size);
void *memset(void *dst, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
