/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* malimuxctl's commands: what is asked for, and in which order. Messages go to standard error. */
#ifndef TOOLS_MALIMUXCTL_RUN_H
#define TOOLS_MALIMUXCTL_RUN_H

#include <stdbool.h>

#include "tools/malimuxctl/answer.h"

enum {
	EXIT_FINE,
	EXIT_TROUBLE,
	EXIT_USAGE
};

/* Each returns an exit status. @path: the control socket. */
int mmx_ctl_run_simple(enum mmx_ctl_command command, const char *path, bool json);
/* Groups or VMs. @partition: NULL = of all guests that are connected */
int mmx_ctl_run_census(enum mmx_ctl_command command, const char *path, const char *partition,
		       bool json);
int mmx_ctl_run_guest(const char *path, const char *partition);
/* @count: tables; 0 = without end */
int mmx_ctl_run_watch(const char *path, unsigned int seconds, unsigned int count);

#endif
