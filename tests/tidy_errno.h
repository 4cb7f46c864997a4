/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Tells the static analyzer that errno is positive where it is read. Without it 'return -errno' may
 * return 0 as far as the analyzer knows, and every caller seems to go on with outputs that were never
 * written. Included before each source by 'lint tidy', and nowhere else.
 *
 * clang 14 does not follow the sign of a negated unknown, so errno is one of few numbers here: the two
 * that code looks for most, and one for all others. What is done only for another number is not
 * analyzed.
 */
#ifndef TESTS_TIDY_ERRNO_H
#define TESTS_TIDY_ERRNO_H

#include <errno.h>

int tidy_any(void);

static inline int *tidy_errno(void)
{
	static int value;

	switch (tidy_any()) {
	case 0:
		value = EINTR;
		break;
	case 1:
		value = EAGAIN;
		break;
	default:
		value = EIO;
		break;
	}
	return &value;
}

#undef errno
#define errno (*tidy_errno())

#endif
