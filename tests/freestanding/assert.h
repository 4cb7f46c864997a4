/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The part of C11's <assert.h> that shared headers may use where there is no C library. Seen only by
 * the freestanding half of 'make header-check'.
 */
#ifndef TESTS_FREESTANDING_ASSERT_H
#define TESTS_FREESTANDING_ASSERT_H

#define static_assert _Static_assert

#endif
