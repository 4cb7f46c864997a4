/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Between sched.c, which knows what is, and decide.c, which says what is to be. */
#ifndef BACKEND_SCHED_SCHED_PRIV_H
#define BACKEND_SCHED_SCHED_PRIV_H

#include "backend/sched/sched.h"

struct mmx_sched {
	struct mmx_sched_params params;
	struct mmx_list waiting; /* mmx_sched_partition.link: least vtime first */
	struct mmx_list
		aside; /* mmx_sched_group.link: can't be placed just now; least retry_ns first */
	bool changed; /* since mmx_sched_next() found nothing to decide */
	struct mmx_sched_group *slot[MMX_SCHED_MAX_SLOTS]; /* NULL = free */
	uint32_t priorities; /* bit per firmware priority that a group has or is being given */
	unsigned int leaving; /* groups that are LEAVING */
	size_t busy; /* groups that have work */
	struct mmx_sched_group *leader; /* of those in slots with work; NULL = to be chosen */
	bool rising; /* the leader had not the highest priority yet, when it was looked at last */
	uint64_t led_since_ns; /* since when it leads, or its tick has begun */
	struct mmx_sched_group
		*moving; /* is being given another firmware priority; NULL = nobody is */
	unsigned int suspects; /* partitions that are */
	struct mmx_sched_partition
		*alone; /* has, or is to have, all slots to itself; NULL = nobody */
	const struct mmx_sched_partition *alone_last; /* had the last lone turn; only compared */
	bool alone_runs; /* all others have left */
	bool alone_ends; /* and now it is to leave */
	uint64_t alone_since_ns; /* when all others had left */
	uint64_t shared_since_ns; /* when the last lone turn ended */
	uint64_t turns; /* given out so far */
	uint64_t most_vtime; /* that a partition has ever had */
	uint64_t accounted_ns;
	uint64_t deadline_ns;
};

/* It has groups that wait for a slot. */
static inline bool mmx_sched_has_ready(const struct mmx_sched_partition *partition)
{
	unsigned int i;

	for (i = 0; i < MMX_SCHED_PRIORITIES; i++)
		if (!mmx_list_empty(&partition->ready[i]))
			return true;
	return false;
}

/* mmx_sched_next() is to be called again then, if not before. */
static inline void mmx_sched_wake_at(struct mmx_sched *sched, uint64_t when_ns)
{
	if (when_ns < sched->deadline_ns)
		sched->deadline_ns = when_ns;
}

/* alone.c. Return: true if a group is to be evicted. */
bool mmx_sched_decide_alone(struct mmx_sched *sched, uint64_t now_ns,
			    struct mmx_sched_action *ret_action);
/* May groups of it be placed now? */
bool mmx_sched_may_place(const struct mmx_sched *sched,
			 const struct mmx_sched_partition *partition);

/* Puts the group, OUT and busy, into its ready list. */
void mmx_sched_make_ready(struct mmx_sched *sched, struct mmx_sched_group *group);
/* The group is not ready any more, nor aside, if it was. */
void mmx_sched_unready(struct mmx_sched_group *group);

#endif
