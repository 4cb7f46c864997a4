/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Between slot.c and the other slot_*.c. */
#ifndef BACKEND_GPU_SLOT_PRIV_H
#define BACKEND_GPU_SLOT_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/gpu/gpu_priv.h"

/* Firmware has been asked for something and has not answered. */
static inline bool mmx_slot_is_asked(const struct mmx_slot *slot)
{
	return slot->state == MMX_SLOT_STARTING || slot->state == MMX_SLOT_STOPPING;
}

static inline bool mmx_slot_still_in(const struct mmx_slot *slot, const struct mmx_group *group)
{
	return slot->group == group && (mmx_slot_is_asked(slot) || slot->state == MMX_SLOT_RUNNING);
}

/* Streams of a slot that are ever used. */
static inline unsigned int mmx_slot_streams(const struct mmx_slot *slot)
{
	unsigned int streams = slot->gpu->info.streams;

	return streams < MMX_GPU_MAX_QUEUES ? streams : MMX_GPU_MAX_QUEUES;
}

static inline struct mmx_csf_csg *mmx_slot_csg(const struct mmx_slot *slot)
{
	return &slot->gpu->fw.csg[slot->index];
}

/* Has firmware look at the group's words. */
void mmx_slot_ring(struct mmx_slot *slot);
/* Has firmware look at the words of the group's streams in @mask, once the group is rung for. */
void mmx_slot_mark_streams(struct mmx_slot *slot, uint32_t mask);
/* slot_heap.c */
void mmx_slot_heap_init(struct mmx_slot *slot);
enum mmx_slot_oom_step {
	MMX_SLOT_OOM_ANSWERED, /* to be acknowledged and rung for */
	MMX_SLOT_OOM_OPEN, /* not to be acknowledged */
	MMX_SLOT_OOM_BAD, /* the same, and the stream can't go on */
};
/* The stream has CS_TILER_OOM outstanding: writes the answer, if there is one now. */
enum mmx_slot_oom_step mmx_slot_oom(struct mmx_slot *slot, unsigned int stream);
/* The group is about to leave: streams that wait for a chunk get none. They say so again when they are back. */
void mmx_slot_oom_cancel(struct mmx_slot *slot);

/* Writes all that firmware must know of slot->group before it starts; asks for nothing. */
void mmx_slot_program(struct mmx_slot *slot);
/* The endpoints of slot->group, with slot->priority: part of the above. */
void mmx_slot_program_endpoints(struct mmx_slot *slot);

/* slot_report.c; return: false if the group is not in the slot any more */
/* What streams have reported, and those of the group's own events that are acknowledged now. */
bool mmx_slot_tell_events(struct mmx_slot *slot, uint32_t events);
/* Jobs that have ended, with their faults. */
bool mmx_slot_tell_progress(struct mmx_slot *slot);
/* The fault of the queue's job that is next to end. */
bool mmx_slot_tell_fault(struct mmx_slot *slot, unsigned int index);

/* slot_ask.c */
/* Of a RUNNING slot: ops->group_status follows, unless the group leaves before. */
void mmx_slot_ask_status(struct mmx_slot *slot);
/* Nothing that was asked matters any more. */
void mmx_slot_ask_drop(struct mmx_slot *slot);
/* Copies what firmware has written of the group's streams, for mmx_queue_wait(). */
void mmx_slot_take_status(struct mmx_slot *slot);
/* Looks for answers. Return: false if the group is not RUNNING in the slot any more. */
bool mmx_slot_ask_irq(struct mmx_slot *slot, uint32_t ack);
/* The timer; slot->gpu is set. Return: 0 or -ENOMEM. */
int mmx_slot_ask_init(struct mmx_slot *slot);

#endif
