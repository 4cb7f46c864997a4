/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A small machine that carries the scheduler's decisions out, on a clock made of numbers: a placement takes effect after
 * ENTER_NS, an eviction after LEAVE_NS, a new priority after MOVE_NS; groups have endless work unless a test says
 * otherwise, and firmware gives all cores to the one of the highest priority. After each step the invariants are
 * checked: no slot twice, no firmware priority twice, limits of slots, shares and address spaces kept, suspects alone.
 */
#ifndef TESTS_UNIT_SCHED_MACHINE_H
#define TESTS_UNIT_SCHED_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/sched/sched.h"

#define MS	   1000000ull
#define TICK_NS	   (10 * MS)
#define ENTER_NS   (20 * 1000ull)
#define LEAVE_NS   (50 * 1000ull)
#define MOVE_NS	   (20 * 1000ull)
#define MAX_GROUPS 64

struct machine_group {
	struct mmx_sched_group sched;
	uint64_t due_ns; /* when the pending placement or eviction takes effect; 0 = none */
	uint64_t move_ns; /* when the new priority takes effect; 0 = none */
	unsigned int fw_priority, fw_next; /* as firmware has it, and as it is asked for */
	uint64_t turns;
	uint64_t ran_ns; /* it had the cores */
	bool unplaceable; /* placements are refused */
	uint64_t refused;
};

struct machine {
	struct mmx_sched *sched;
	struct mmx_sched_params params;
	uint64_t now_ns;
	struct machine_group groups[MAX_GROUPS];
	unsigned int count;
	uint64_t evictions, moves;
};

void machine_init(struct machine *m, unsigned int slots, unsigned int address_spaces);
/* The same with address spaces enough, and @count partitions of one weight, which may have all slots. */
void machine_start(struct machine *m, unsigned int slots, struct mmx_sched_partition *partitions,
		   unsigned int count);
/* All groups end, and their partitions with them. */
void machine_finish(struct machine *m);
struct machine_group *machine_add(struct machine *m, struct mmx_sched_partition *partition,
				  unsigned int priority, const void *vm);
void machine_partition(struct machine *m, struct mmx_sched_partition *p, uint32_t weight,
		       unsigned int slots_max);
void machine_busy(struct machine *m, struct machine_group *g);
void machine_check(const struct machine *m);
/* Carries out what is due, decides, and goes to the next moment at which anything happens. */
void machine_run_until(struct machine *m, uint64_t end_ns);
/* What the partition's groups have had of the cores, in 1/1000 of what all have had. */
uint64_t machine_share(const struct machine *m, const struct mmx_sched_partition *partition);
/* The GPU hangs: all are out of their slots. Return: as mmx_sched_hung(). */
struct mmx_sched_partition *machine_hang(struct machine *m);

#endif
