// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The clock of a process, which is up to date also while it runs, unlike what stands in /proc; and smaps_rollup. */
#include "tools/bench/proc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static FILE *open_proc(pid_t pid, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return fopen(path, "re");
}

pid_t mmx_proc_child(pid_t pid)
{
	char name[64];
	FILE *f;
	int child;

	snprintf(name, sizeof(name), "task/%d/children", (int)pid);
	f = open_proc(pid, name);
	if (!f)
		return pid;
	if (fscanf(f, "%d", &child) != 1)
		child = (int)pid;
	fclose(f);
	return child;
}

uint64_t mmx_proc_cpu_ns(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &ts))
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int mmx_proc_memory(pid_t pid, struct mmx_proc_memory *ret_memory)
{
	FILE *f = open_proc(pid, "smaps_rollup");
	uint64_t kib, pss = 0, rss = 0;
	char line[256];

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Pss: %" SCNu64 " kB", &kib) == 1)
			pss = kib << 10;
		else if (sscanf(line, "Rss: %" SCNu64 " kB", &kib) == 1)
			rss = kib << 10;
	}
	fclose(f);
	if (!rss)
		return -ENODATA;
	ret_memory->pss_bytes = pss;
	ret_memory->rss_bytes = rss;
	return 0;
}
