/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What a guest's program may set of program.c. */
#ifndef TESTS_VM_PROGRAM_H
#define TESTS_VM_PROGRAM_H

/* Which device uapi/kit.c opens; another one than the first render node is named before anything is opened. */
extern const char *program_node;

#endif
