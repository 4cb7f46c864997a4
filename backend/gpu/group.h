/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Command-stream groups: the mechanism. Which group gets which slot when is decided above (sched, core).
 *
 *            place()              START/RESUME acked
 *    OFF  ------------>  ENTERING  --------------->  ON
 *     ^                                               |
 *     |     slot cleaned: windows unmapped,           | evict()
 *     |     MCU and group address spaces maintained   v
 *     +---------------------------------------------  LEAVING (SUSPEND/TERMINATE acked)
 *
 * A group that is OFF can be fed: mmx_queue_push() writes its ring, and it runs on when it is placed.
 */
#ifndef BACKEND_GPU_GROUP_H
#define BACKEND_GPU_GROUP_H

#include "backend/gpu/gpu.h"
#include "backend/gpu/vm.h"

enum mmx_group_place {
	MMX_GROUP_OFF,
	MMX_GROUP_ENTERING,
	MMX_GROUP_ON,
	MMX_GROUP_LEAVING,
};

struct mmx_group_queue_params {
	unsigned int priority; /* 0..15 */
	uint32_t ring_size; /* power of two, 4 KiB..64 KiB */
};

struct mmx_group_params {
	struct mmx_vm *vm;
	void *owner;
	uint64_t compute_mask, fragment_mask, tiler_mask;
	unsigned int max_compute, max_fragment, max_tiler;
	uint64_t suspend_timeout_ns; /* after that it is terminated; 0 = MMX_FW_REQUEST_NS */
	unsigned int queue_count; /* 1..MMX_GPU_MAX_QUEUES */
	struct mmx_group_queue_params queues[MMX_GPU_MAX_QUEUES];
};

/* Parameters have been checked by the caller. Return: 0; -ENOMEM; -ENOSPC; -EIO. */
int mmx_group_create(struct mmx_gpu *gpu, const struct mmx_group_params *params,
		     struct mmx_group **ret_group);
/*
 * Must be OFF. Unmaps its rings at once and frees the memory after maintenance; then @done (may be NULL), maybe from
 * within. The VM may be destroyed right after. NULL is fine.
 */
void mmx_group_destroy(struct mmx_group *group, void (*done)(void *owner));

void *mmx_group_owner(const struct mmx_group *group);
struct mmx_vm *mmx_group_vm(const struct mmx_group *group);
enum mmx_group_place mmx_group_where(const struct mmx_group *group);
/* Slot while not OFF. */
unsigned int mmx_group_slot(const struct mmx_group *group);

/* Positive outcomes of mmx_group_place(). */
enum {
	GROUP_E_BUSY = 1, /* the slot is not free, or the GPU is not ready */
	GROUP_E_NO_AS, /* no address space left for its VM */
	GROUP_E_DEAD, /* it was terminated or lost */
};

/**
 * mmx_group_place() - starts or resumes the group in a free slot
 * @priority: of the firmware, 0..15, unique among the groups in slots, higher goes first
 *
 * Ends with ops->group_on, or with ops->group_off if it can't be started or is evicted meanwhile.
 */
int mmx_group_place(struct mmx_group *group, unsigned int slot, unsigned int priority);

/*
 * Takes the group off its slot; ends with ops->group_off. @terminate: for good, outstanding jobs are lost. Legal
 * while ENTERING; while LEAVING it only turns a suspension into a termination. Does nothing if OFF, but with
 * @terminate marks the group dead.
 */
void mmx_group_evict(struct mmx_group *group, bool terminate);

/* Deals with all that firmware has reported of a group in a slot by now, as if it had raised an interrupt. */
void mmx_group_look(struct mmx_group *group);

/* Jobs of a ring at a time: its size over the bytes of one call sequence. */
#define MMX_QUEUE_JOB_SIZE 128u

/* Positive outcomes of mmx_queue_push(). */
enum {
	QUEUE_E_FULL = 1,
};

/**
 * mmx_queue_push() - writes one job's call sequence into the ring and, if the group is ON, rings its doorbell
 * @stream_addr, @stream_size: not 0; GPU address and bytes
 * @latest_flush: as panthor's uAPI has it
 *
 * Jobs of a queue count from 1. Return: 0; QUEUE_E_FULL.
 */
int mmx_queue_push(struct mmx_group *group, unsigned int queue, uint64_t stream_addr,
		   uint32_t stream_size, uint32_t latest_flush);
/*
 * Number of the last job that has completed, 0 = none. Read from memory that the guest's GPU code can write:
 * clamped to what was pushed and never going back; nothing but the guest's own fences may hang on it.
 */
uint64_t mmx_queue_done(struct mmx_group *group, unsigned int queue);
/* Number of the last job pushed. */
uint64_t mmx_queue_pushed(const struct mmx_group *group, unsigned int queue);
/*
 * By firmware's memory alone, which no guest can write: has the stream fetched all of its ring?
 */
bool mmx_queue_drained(const struct mmx_group *group, unsigned int queue);

/*
 * By firmware's memory too: did the queue wait for a sync object, and for nothing else, when firmware said that last? That
 * was when the group was suspended, or before ops->group_status.
 */
bool mmx_queue_blocked(const struct mmx_group *group, unsigned int queue);

/* What a queue waits for: the object at va is greater than value, or, unless greater is set, less or equal. */
struct mmx_queue_wait {
	uint64_t va; /* in the group's VM; anything */
	uint64_t value;
	bool wide; /* 64 bits, else 32 */
	bool greater;
};
/* Of a queue that is blocked. */
const struct mmx_queue_wait *mmx_queue_wait(const struct mmx_group *group, unsigned int queue);

/* Has firmware look at the group's streams again, and at what they wait for. Nothing unless the group is ON. */
void mmx_group_ring(struct mmx_group *group);

/* Asks firmware for that again. ops->group_status follows, unless the group is not ON, or leaves. */
void mmx_group_ask_status(struct mmx_group *group);

/*
 * Gives a group that is ON another priority; @priority as for mmx_group_place(). Return: 0, ops->group_prioritized follows,
 * unless the group leaves before; GROUP_E_BUSY: it is not ON, or one that was asked for before is not through.
 */
int mmx_group_prioritize(struct mmx_group *group, unsigned int priority);

/* Shader cores that work of the group can be on at a time. */
unsigned int mmx_group_cores(const struct mmx_group *group);

/* Bytes of backend memory that the group holds. */
size_t mmx_group_bytes(const struct mmx_group *group);

#endif
