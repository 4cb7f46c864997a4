/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Model and daemon as processes. Whatever happens to this process, they die with it. */
#ifndef TOOLS_BENCH_HOUSE_H
#define TOOLS_BENCH_HOUSE_H

#include <sys/types.h>

#include "tools/bench/bench.h"

#define MMX_HOUSE_PATH 96u /* a socket's path has 107 at most */

struct mmx_house {
	const struct mmx_bench *bench;
	char dir[MMX_HOUSE_PATH];
	pid_t model, daemon; /* 0 = does not run */
	unsigned int partitions;
};

#define MMX_HOUSE_SOCKET 108u

/* A model in a folder of its own. Return: 0 or a negative errno. */
int mmx_house_open(const struct mmx_bench *b, const char *name, struct mmx_house *house);
/* Ends all that runs. Legal on a zeroed struct, and twice. */
void mmx_house_close(struct mmx_house *house);

/*
 * The GPU stays powered, as it does natively. @scheduler: more settings of that group in malimuxd.conf(5), or "".
 * Returns when guests can connect.
 */
int mmx_house_daemon(struct mmx_house *house, unsigned int partitions, const char *scheduler);
void mmx_house_daemon_end(struct mmx_house *house);

void mmx_house_gpu_socket(const struct mmx_house *house, char ret_path[MMX_HOUSE_SOCKET]);
void mmx_house_socket(const struct mmx_house *house, unsigned int partition,
		      char ret_path[MMX_HOUSE_SOCKET]);

/* A child that dies with its parent. Return: as fork(). */
pid_t mmx_house_fork(void);
/* Ends it with @signal, and with SIGKILL if that takes too long. */
void mmx_house_end(pid_t pid, int signal);

#endif
