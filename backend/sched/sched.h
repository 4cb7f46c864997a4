/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Who runs when. Pure: events and time in, decisions out; it knows neither hardware nor guests, and includes
 * nothing of ours but the list.
 *
 * Two levels. Between partitions: fair queueing by GPU time over weight - the partition that has had least goes
 * first. Inside one: priorities are strict, and groups of one priority take turns. Resources are the firmware's
 * slots and the GPU's address spaces (a group needs its VM to have one while it is in a slot).
 *
 * A decision is an order to the caller: place a group in a slot, or evict the one that is there. The caller
 * carries it out and says when it has happened (mmx_sched_on(), mmx_sched_off()); until then the slot counts as
 * taken. As long as there are slots for all, groups stay where they are and there is no tick.
 *
 * GPU time is charged as residency while a group is not idle, by the caller's clock, divided equally among the
 * groups that are resident and not idle at the time.
 */
#ifndef BACKEND_SCHED_SCHED_H
#define BACKEND_SCHED_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/util/list.h"

#define MMX_SCHED_MAX_SLOTS  16u
#define MMX_SCHED_PRIORITIES 4u /* low, medium, high, realtime */

struct mmx_sched_params {
	unsigned int slots; /* 1..MMX_SCHED_MAX_SLOTS */
	unsigned int address_spaces; /* for VMs of groups, at least 1 */
	uint64_t tick_ns; /* how long a group may stay while others wait */
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
	struct mmx_list link; /* in a ready list while it has work and is OUT */
	const void *vm; /* what its address space stands for; only compared */
	unsigned int priority; /* 0..MMX_SCHED_PRIORITIES - 1 */
	enum mmx_sched_state state;
	unsigned int slot; /* unless OUT */
	bool busy; /* has work */
	uint64_t turn; /* orders those that wait: from when it got work, or was told to leave */
	uint64_t since_ns; /* when it came in */
	uint64_t gpu_time_ns; /* charged */
};

struct mmx_sched_action {
	enum {
		MMX_SCHED_PLACE,
		MMX_SCHED_EVICT
	} what;
	struct mmx_sched_group *group;
	unsigned int slot; /* of a PLACE */
	unsigned int
		fw_priority; /* of a PLACE: unique among the groups in slots, higher goes first */
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

/* partition, vm and priority are set by the caller before; it begins OUT, without work. */
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
/* The caller takes the group off on its own account (fault, destruction): as if it had been told to EVICT. */
void mmx_sched_leaving(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns);

/**
 * mmx_sched_next() - the next decision
 *
 * Called again and again until there is none. Groups and slots are already accounted as being on their way.
 * Return: true if *ret_action is to be carried out.
 */
bool mmx_sched_next(struct mmx_sched *sched, uint64_t now_ns, struct mmx_sched_action *ret_action);

/* When mmx_sched_next() wants to be called again though nothing happens; UINT64_MAX = never. */
uint64_t mmx_sched_deadline(const struct mmx_sched *sched);

/* Charges what has passed since the last event, so that the accounts are of now. */
void mmx_sched_account(struct mmx_sched *sched, uint64_t now_ns);

#endif
