/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Group slots of the firmware: one request at a time on each, with its deadline, and what the firmware reports on
 * them.
 *
 *   FREE -> MAPPING (AS of the group's VM enabled, windows mapped) -> STARTING (START/RESUME acked) -> RUNNING
 *        -> STOPPING (SUSPEND/TERMINATE acked) -> CLEANING (windows unmapped, AS given up) -> FREE
 */
#ifndef BACKEND_GPU_SLOT_H
#define BACKEND_GPU_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/gpu/gpu.h"
#include "backend/gpu/heap.h"
#include "backend/gpu/mmu.h"
#include "backend/gpu/vm.h"
#include "backend/util/timer.h"

struct mmx_group;

enum mmx_slot_state {
	MMX_SLOT_FREE,
	MMX_SLOT_MAPPING,
	MMX_SLOT_STARTING,
	MMX_SLOT_RUNNING,
	MMX_SLOT_STOPPING,
	MMX_SLOT_CLEANING,
};

/* A stream that is out of tiler memory, while its heap gets another chunk. */
struct mmx_slot_oom {
	struct mmx_heap_wait wait;
	struct mmx_slot *slot;
	unsigned int stream;
};

struct mmx_slot {
	struct mmx_gpu *gpu;
	unsigned int index;
	enum mmx_slot_state state;
	struct mmx_group
		*group; /* NULL while FREE, and while CLEANING after a failed mmx_group_place() */
	unsigned int priority;
	uint32_t request; /* CSG_STATE_* that was asked for last */
	bool evict; /* to leave as soon as it has entered */
	bool terminate; /* it leaves for good */
	bool overdue; /* as it did not suspend in time */
	struct mmx_timer deadline; /* of the request that is pending */
	uint32_t asked; /* CSG_REQ_* beside the state that are not answered; slot_ask.c */
	bool ask_again; /* for the status, once it is answered */
	struct mmx_timer ask_deadline;
	struct mmx_as_wait as_wait;
	bool as_ready;
	struct mmx_vm_op map; /* after the windows were mapped */
	bool windows_ready;
	struct mmx_vm_op clean;
	struct mmx_slot_oom oom[MMX_GPU_MAX_QUEUES];
};

struct mmx_slots {
	struct mmx_slot slot[MMX_GPU_MAX_SLOTS];
};

int mmx_slots_init(struct mmx_gpu *gpu);
void mmx_slots_finish(struct mmx_gpu *gpu);
/* JOB_INT bit of the slot. */
void mmx_slot_irq(struct mmx_gpu *gpu, unsigned int index);
/* All groups leave their slots, with their state if they can. */
void mmx_slots_leave(struct mmx_gpu *gpu);
/* They have, but for those that do not answer. */
bool mmx_slots_left(const struct mmx_gpu *gpu);
/*
 * A GPU reset has begun: all slots are free. Groups in them are lost (ops->group_off), but for those that firmware has not
 * been told of, and those that never ran anything.
 */
void mmx_slots_reset(struct mmx_gpu *gpu);

#endif
