/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Who runs when. Pure: events and time in, decisions out; it knows neither hardware nor guests, and includes
 * nothing of ours but the list.
 *
 * Two levels. Between partitions: fair queueing by GPU time over weight - the partition that has had least goes
 * first. Inside one: priorities are strict, and groups of one priority take turns. Resources are the firmware's
 * slots, the GPU's address spaces (a group needs its VM to have one while it is in a slot), and the time on the
 * cores: firmware serves the groups in slots by strict priorities, so of those that have work one leads, and the
 * others get what it leaves. Each leads for a tick; realtime groups go before all others.
 *
 * A decision is an order to the caller: place a group in a slot, evict the one that is there, or give it another
 * firmware priority. The caller carries it out and says when it has happened (mmx_sched_on(), mmx_sched_off(),
 * mmx_sched_prioritized()); until then the slot counts as taken, and old and new priority as used. As long as
 * there are slots for all, groups stay where they are, and with one that has work there is no tick.
 *
 * GPU time is charged by the caller's clock, while a group is in a slot and has work, in the order of firmware
 * priorities: each takes the cores that it can use at most, as long as there are any left. So a leader that can use
 * all of them is charged all of the time, and what others get in its gaps is free; groups that share the cores
 * without touching are charged in proportion. All of the time is charged to somebody.
 *
 * The slots must be fewer than firmware priorities for leaders to change: with 16 groups in 16 slots there is no
 * priority to move to, and only turns in slots are left.
 */
#ifndef BACKEND_SCHED_SCHED_H
#define BACKEND_SCHED_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/util/list.h"

#define MMX_SCHED_MAX_SLOTS  16u
#define MMX_SCHED_PRIORITIES 4u /* low, medium, high, realtime */
#define MMX_SCHED_REALTIME   3u

/* A suspect that has run alone for so long without harm is none any more. */
#define MMX_SCHED_ALONE_NS 100000000ull

/* A group that could not be placed is tried again that much later. */
#define MMX_SCHED_RETRY_NS 1000000ull
/* Within that time after a change of leaders no other partition's group becomes one because it has just got work. */
#define MMX_SCHED_WAKE_NS 1000000ull
/*
 * A group that has no work any more keeps its slot for so long from those who have slots already, while the cores are at
 * work: one that submits job by job has the next one soon. About what leaving and coming back would cost.
 */
#define MMX_SCHED_LINGER_NS 500000ull

struct mmx_sched_params {
	unsigned int slots; /* 1..MMX_SCHED_MAX_SLOTS */
	unsigned int address_spaces; /* for VMs of groups, at least 1 */
	uint64_t tick_ns; /* how long a group may lead, or stay, while others wait */
	unsigned int cores; /* shader cores of the GPU; 0 = as if 1 */
};

/* Embedded by the caller; its fields are the scheduler's, readable by all. */
struct mmx_sched_partition {
	struct mmx_list link; /* in the scheduler's list while it has ready groups */
	uint32_t weight; /* at least 1 */
	unsigned int slots_max; /* slots that it may have at a time */
	unsigned int slots; /* that it has now */
	uint64_t gpu_time_ns; /* charged */
	uint64_t vtime; /* gpu_time over weight, advanced to the others' when it was away */
	struct mmx_list
		ready[MMX_SCHED_PRIORITIES]; /* mmx_sched_group.link: have work and no slot */
	unsigned int
		aside; /* groups of it that have work and no slot, and can't be placed just now */
	bool suspect; /* it may be because of it that the GPU has hung; alone.c */
	uint64_t alone_ns; /* that it has run alone since then */
	unsigned int groups;
};

enum mmx_sched_state {
	MMX_SCHED_OUT, /* in no slot */
	MMX_SCHED_ENTERING, /* placed, not yet on */
	MMX_SCHED_IN,
	MMX_SCHED_LEAVING, /* evicted, not yet off */
};

/* Embedded by the caller; its fields are the scheduler's, readable by all. */
struct mmx_sched_group {
	struct mmx_sched_partition *partition;
	struct mmx_list link; /* in a ready list, or set aside, while it has work and is OUT */
	const void *vm; /* what its address space stands for; only compared */
	unsigned int priority; /* 0..MMX_SCHED_PRIORITIES - 1 */
	unsigned int cores; /* that it can use at most; 0 = all */
	enum mmx_sched_state state;
	unsigned int slot; /* unless OUT */
	unsigned int fw_priority; /* unless OUT */
	unsigned int fw_next; /* the one that it is being given, else fw_priority */
	bool busy; /* has work */
	uint64_t idle_ns; /* since when it has none, unless it never had */
	bool woke; /* has got it in a slot, and has not led since */
	uint64_t
		turn; /* orders those that wait: from when it got work, has led, or was told to leave */
	uint64_t since_ns; /* when it came in */
	bool aside; /* it could not be placed, and waits until retry_ns */
	uint64_t retry_ns;
	uint64_t used_ns; /* charged since it came in */
	uint64_t gpu_time_ns; /* charged */
};

struct mmx_sched_action {
	enum {
		MMX_SCHED_PLACE,
		MMX_SCHED_EVICT,
		MMX_SCHED_PRIORITIZE
	} what;
	struct mmx_sched_group *group;
	unsigned int slot;
	/*
	 * Of a PLACE and a PRIORITIZE: higher goes first. Unique at each moment among the groups in slots, those that
	 * they have and those that they are given: firmware can deadlock on two groups of one priority.
	 */
	unsigned int fw_priority;
};

struct mmx_sched;

/* Return: 0; -EINVAL; -ENOMEM. */
int mmx_sched_create(const struct mmx_sched_params *params, struct mmx_sched **ret_sched);
/* No partition may be left. NULL is fine. */
void mmx_sched_destroy(struct mmx_sched *sched);

/* A partition starts level with the one that has had least. weight and slots_max are set by the caller before. */
void mmx_sched_partition_add(struct mmx_sched *sched, struct mmx_sched_partition *partition);
/* No group of it may be left. */
void mmx_sched_partition_del(struct mmx_sched *sched, struct mmx_sched_partition *partition);

/* partition, vm, priority and cores are set by the caller before; it begins OUT, without work. */
void mmx_sched_group_add(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns);
/* Must be OUT. */
void mmx_sched_group_del(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns);

/* The group has work / has none (firmware says idle, or nothing is pushed). Legal in any state, and twice. */
void mmx_sched_busy(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns);
void mmx_sched_idle(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns);

/* A PLACE has been carried out. */
void mmx_sched_on(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns);
/* The group has left its slot: after an EVICT, or because of a fault or a reset, or it could not be placed. */
void mmx_sched_off(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns);
/*
 * A PLACE can't be carried out now, for a reason that passes (its VM's address space is being given up): the group, and
 * those of its VM that wait too, are set aside for MMX_SCHED_RETRY_NS, and others go on.
 */
void mmx_sched_refused(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns);
/* A PRIORITIZE has been carried out; @done: false: it could not be, and the group has its old priority. */
void mmx_sched_prioritized(struct mmx_sched *sched, struct mmx_sched_group *group, bool done,
			   uint64_t now_ns);
/* The caller takes the group off on its own account (fault, destruction): as if it had been told to EVICT. */
void mmx_sched_leaving(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns);

/**
 * mmx_sched_next() - the next decision
 *
 * Called again and again until there is none. Groups and slots are already accounted as being on their way.
 * Return: true if *ret_action is to be carried out.
 */
bool mmx_sched_next(struct mmx_sched *sched, uint64_t now_ns, struct mmx_sched_action *ret_action);

/*
 * The GPU has hung, and it is not known because of whom. Return: the partition that had all slots to itself; NULL: there
 * was none, and all that were at work in slots are suspects now, which run alone in turn.
 */
struct mmx_sched_partition *mmx_sched_hung(struct mmx_sched *sched, uint64_t now_ns);
/* It is none any more, if it was. */
void mmx_sched_forget_suspect(struct mmx_sched *sched, struct mmx_sched_partition *partition);

/* No group has work. */
bool mmx_sched_at_rest(const struct mmx_sched *sched);
/* A group that is IN; NULL = none is. */
struct mmx_sched_group *mmx_sched_resident(const struct mmx_sched *sched);

/* When mmx_sched_next() wants to be called again though nothing happens; UINT64_MAX = never. */
uint64_t mmx_sched_deadline(const struct mmx_sched *sched);

/* Charges what has passed since the last event, so that the accounts are of now. */
void mmx_sched_account(struct mmx_sched *sched, uint64_t now_ns);

#endif
