/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the kernel tells of a process. */
#ifndef TOOLS_BENCH_PROC_H
#define TOOLS_BENCH_PROC_H

#include <stdint.h>
#include <sys/types.h>

/* Its only child, such as the daemon is of its holder; itself if that can't be told. */
pid_t mmx_proc_child(pid_t pid);

/* CPU time of the process, ns; 0 if it can't be had. */
uint64_t mmx_proc_cpu_ns(pid_t pid);

struct mmx_proc_memory {
	uint64_t pss_bytes; /* what is shared counts in parts */
	uint64_t rss_bytes; /* what is shared counts in full */
};
/* Return: 0 or a negative errno. */
int mmx_proc_memory(pid_t pid, struct mmx_proc_memory *ret_memory);

#endif
