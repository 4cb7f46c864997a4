/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the kernel alone costs: the least that two processes can do, measured on the same machine. */
#ifndef TOOLS_BENCH_FLOOR_H
#define TOOLS_BENCH_FLOOR_H

#include "tools/bench/bench.h"

/* A process that answers each notification with one: eventfds, as guests and daemon have them. */
struct mmx_echo {
	pid_t pid;
	int to, from;
};

int mmx_echo_open(struct mmx_echo *echo);
/* Legal on a zeroed struct. */
void mmx_echo_close(struct mmx_echo *echo);
/* One notification there, one back. Return: 0 or a negative errno. */
int mmx_echo_ping(struct mmx_echo *echo, int timeout_ms);

/* A process that accepts connections and hands out a file to be mapped. */
struct mmx_greeter {
	pid_t pid;
	char path[108];
	size_t size; /* of the file */
};

int mmx_greeter_open(const struct mmx_bench *b, size_t size, struct mmx_greeter *greeter);
void mmx_greeter_close(struct mmx_greeter *greeter);
/* Connects, receives the file and maps it; hangs up, and waits until the other side has unmapped it too. */
int mmx_greeter_visit(const struct mmx_greeter *greeter, uint64_t *ret_attach_ns,
		      uint64_t *ret_detach_ns);

#endif
