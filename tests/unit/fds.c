// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* See fds.h. No state. */
#include "tests/unit/fds.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

unsigned int fds_count(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned int count = 0;

	assert_non_null(d);
	while (readdir(d))
		count++;
	closedir(d);
	return count;
}
