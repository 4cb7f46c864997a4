/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A group as group.c, queue.c and slot.c see it.
 *
 *   group.c  life and memory
 *   queue.c  rings and sync objects
 *   slot.c   where it is: writes .place, .slot, .suspended and .dead, and nothing else does
 *   slot_report.c  the faults of queues
 */
#ifndef BACKEND_GPU_GROUP_PRIV_H
#define BACKEND_GPU_GROUP_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/device/dma.h"
#include "backend/gpu/group.h"

struct mmx_queue {
	unsigned int priority;
	struct mmx_dma_buf ring;
	uint64_t ring_va; /* in the group's VM */
	/* struct mmx_csf_ring_input, and in the second page struct mmx_csf_ring_output */
	struct mmx_dma_buf pages;
	size_t first_sync; /* of its sync objects: one for each job that the ring holds */
	uint64_t pushed; /* jobs */
	uint64_t done; /* jobs that completed, and whose faults have been told */
	bool blocked; /* waits for a sync object, by what firmware said last */
	struct mmx_queue_wait wait; /* what for */
	/* CS_FAULT, as firmware reported it last */
	bool fault_open; /* no job of which it can be is known yet */
	uint32_t fault_exception;
	uint64_t fault_info;
};

struct mmx_group {
	struct mmx_gpu *gpu;
	struct mmx_vm *vm;
	void *owner;
	void (*destroyed)(void *owner); /* may be NULL */

	uint64_t compute_mask, fragment_mask, tiler_mask;
	unsigned int max_compute, max_fragment, max_tiler;

	uint64_t suspend_timeout_ns;

	enum mmx_group_place place;
	unsigned int slot; /* while not OFF */
	bool suspended; /* its state is in the suspend buffer: RESUME, not START */
	bool dead; /* can't be placed again */

	struct mmx_dma_buf suspend, protm_suspend; /* reached by firmware alone */
	struct mmx_dma_buf syncs; /* struct mmx_sync_object; see queue.c */
	uint64_t syncs_va; /* in the group's VM */
	unsigned int queue_count;
	struct mmx_queue queues[MMX_GPU_MAX_QUEUES];

	struct mmx_vm_op end; /* the last maintenance, once it is destroyed */
};

/* 64-bit sync object, as SYNC_SET64 writes it. */
struct mmx_sync_object {
	uint64_t seqno; /* number of the job that wrote it */
	uint32_t status; /* not 0 if that job had faulted */
	uint32_t reserved;
};

/*
 * Allocates and maps the queue's memory. Return: 0; a negative errno: what there is by then is to be unmapped and
 * freed as if there were all.
 */
int mmx_queue_init(struct mmx_group *group, unsigned int queue,
		   const struct mmx_group_queue_params *params);
/* Unmaps the ring from the VM, without maintenance. Legal on a zeroed queue. */
void mmx_queue_unmap(struct mmx_group *group, unsigned int queue);
/* Frees what mmx_queue_unmap() left. Legal on a zeroed queue. */
void mmx_queue_free(struct mmx_group *group, unsigned int queue);

/* Sync objects that the queue needs. */
static inline size_t mmx_queue_syncs(const struct mmx_group_queue_params *params)
{
	return params->ring_size / MMX_QUEUE_JOB_SIZE;
}

/* Has the job behind mmx_queue_done() ended too, with a fault? Then tell its owner first. */
bool mmx_queue_faulted(struct mmx_group *group, unsigned int queue);
/* The owner has been told. */
void mmx_queue_fault_told(struct mmx_group *group, unsigned int queue);

/* Bytes that the stream has fetched, by firmware's memory; not beyond what was written. */
uint64_t mmx_queue_extract(const struct mmx_group *group, unsigned int queue);
/* Before a stream starts: it is to go on where it stopped. */
void mmx_queue_rewind(struct mmx_group *group, unsigned int queue);

#endif
