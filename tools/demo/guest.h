/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * malimux-demo-guest: what one guest of the demo does. Each part submits command streams, checks what they left in
 * memory, and reports one line.
 */
#ifndef TOOLS_DEMO_GUEST_H
#define TOOLS_DEMO_GUEST_H

#include <stdarg.h>
#include <stdint.h>

#include "tests/lib/work.h"

/* Positive outcome: what came was not what had to come; reported already. */
enum {
	DEMO_E_WRONG = 1,
};

#define MMX_DEMO_MAX_FRAMES 100u

struct mmx_demo {
	const char *name; /* of the guest */
	unsigned int round, rounds; /* 0 = outside of the rounds */
	unsigned int frames; /* of each round, up to MMX_DEMO_MAX_FRAMES */
	struct mmx_guest *guest;
	struct mmx_work work;
	uint32_t compute_group; /* one queue */
	uint32_t render_group; /* three: vertex/tiler, fragment, compute */
};

/* One line: who, when, what, and the rest as printf() has it. */
void mmx_demo_say(const struct mmx_demo *demo, const char *what, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for something that is wrong. Return: DEMO_E_WRONG. */
int mmx_demo_wrong(const struct mmx_demo *demo, const char *what, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Loops, sums, copies, calls and branches with known results. Return: 0; DEMO_E_WRONG; negative errno. */
int mmx_demo_compute(struct mmx_demo *demo);
/* The same in the group and space of the caller's choice, without a line if it is right. */
int mmx_demo_compute_in(struct mmx_demo *demo, struct mmx_work *work, uint32_t group,
			uint64_t *ret_cycles);
/* Render passes over three queues that wait for each other. */
int mmx_demo_render(struct mmx_demo *demo);
/* Streams that fault, in a client of their own. */
int mmx_demo_faults(struct mmx_demo *demo);

#endif
