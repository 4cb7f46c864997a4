/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Descriptors of this process, for tests that look whether one was left open. */
#ifndef TESTS_UNIT_FDS_H
#define TESTS_UNIT_FDS_H

/* A number that is the same again when as many are open as before. Fails the test if they cannot be listed. */
unsigned int fds_count(void);

#endif
