// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Groups: their life and their memory. Called by the session layer. Where a group is in the GPU is
 * slot.c's business, its rings are queue.c's.
 *
 * Memory: what the group's own VM must reach (rings, sync objects) is mapped there for as long as
 * the group lives; what only firmware reaches (suspend buffers, input and output pages) is mapped
 * into a slot's windows during a stay in it, and so nowhere once the group is OFF.
 *
 * A destroyed group is unmapped at once and lives on, unseen, until maintenance has ended: then its
 * memory is freed. From mmx_group_destroy() on its VM is not touched any more, so the VM may go
 * first.
 */
#include "backend/gpu/group.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/group_priv.h"

static void free_memory(struct mmx_group *group)
{
	struct mmx_dma_pool *pool = group->gpu->pool;

	for (unsigned int i = 0; i < group->queue_count; i++)
		mmx_queue_free(group, i);
	mmx_dma_free(pool, &group->syncs);
	mmx_dma_free(pool, &group->protm_suspend);
	mmx_dma_free(pool, &group->suspend);
}

static void unmapped(struct mmx_vm_op *op)
{
	struct mmx_group *group = mmx_container_of(op, struct mmx_group, end);

	free_memory(group);
	group->gpu->stats.groups--;
	if (group->destroyed)
		group->destroyed(group->owner);
	free(group);
}

/* Unmaps what the group's VM can reach and frees all of it when the GPU can't reach it any more. */
static void release(struct mmx_group *group)
{
	uint64_t start = group->syncs_va, end = group->syncs_va + group->syncs.size;

	for (unsigned int i = 0; i < group->queue_count; i++) {
		const struct mmx_queue *q = &group->queues[i];

		if (q->ring_va < start)
			start = q->ring_va;
		if (q->ring_va + q->ring.size > end)
			end = q->ring_va + q->ring.size;
		mmx_queue_unmap(group, i);
	}
	mmx_vm_unmap_kernel(group->vm, group->syncs_va, group->syncs.size);
	group->end.done = unmapped;
	mmx_vm_flush(group->vm, start, end - start, &group->end);
}

static void take_params(struct mmx_group *group, const struct mmx_group_params *params)
{
	group->vm = params->vm;
	group->owner = params->owner;
	group->compute_mask = params->compute_mask;
	group->fragment_mask = params->fragment_mask;
	group->tiler_mask = params->tiler_mask;
	group->max_compute = params->max_compute;
	group->max_fragment = params->max_fragment;
	group->max_tiler = params->max_tiler;
	group->suspend_timeout_ns =
		params->suspend_timeout_ns ? params->suspend_timeout_ns : MMX_FW_REQUEST_NS;
	group->place = MMX_GROUP_OFF;
}

/* All but that of its queues. Return: 0 or a negative errno; what there is by then is release()'s to free. */
static int alloc_memory(struct mmx_group *group, const struct mmx_group_params *params)
{
	struct mmx_gpu *gpu = group->gpu;
	size_t syncs = 0;
	int r;

	r = mmx_dma_alloc(gpu->pool, gpu->info.suspend_size, &group->suspend);
	if (r >= 0 && gpu->fw.protm_suspend_size)
		r = mmx_dma_alloc(gpu->pool, gpu->fw.protm_suspend_size, &group->protm_suspend);
	for (unsigned int i = 0; i < params->queue_count; i++)
		syncs += mmx_queue_syncs(&params->queues[i]);
	if (r >= 0)
		r = mmx_dma_alloc(gpu->pool, syncs * sizeof(struct mmx_sync_object), &group->syncs);
	if (r >= 0)
		r = mmx_vm_map_kernel(group->vm, &group->syncs,
				      MMX_PROT_READ | MMX_PROT_WRITE | MMX_PROT_UNCACHED,
				      &group->syncs_va);
	return r;
}

/**
 * mmx_group_create() - makes a group, OFF
 * @gpu: GPU; firmware has run at least once, so that its suspend sizes are known
 * @params: checked by the caller
 * @ret_group: written on success only
 *
 * Return: 0; -ENOMEM; -ENOSPC; -EIO.
 */
int mmx_group_create(struct mmx_gpu *gpu, const struct mmx_group_params *params,
		     struct mmx_group **ret_group)
{
	struct mmx_group *group = calloc(1, sizeof(*group));
	int r;

	if (!group)
		return -ENOMEM;
	group->gpu = gpu;
	take_params(group, params);
	gpu->stats.groups++;
	r = alloc_memory(group, params);
	while (r >= 0 && group->queue_count < params->queue_count) {
		group->queue_count++;
		r = mmx_queue_init(group, group->queue_count - 1,
				   &params->queues[group->queue_count - 1]);
	}
	if (r < 0) {
		/* the VM can be resident: a TLB may have seen what was mapped, even if only for a moment */
		release(group);
		return r;
	}
	*ret_group = group;
	return 0;
}

/**
 * mmx_group_destroy() - the owner is through with it
 * @group: OFF; NULL is fine
 * @done: called when its memory has been given back; may be NULL
 */
void mmx_group_destroy(struct mmx_group *group, void (*done)(void *owner))
{
	if (!group)
		return;
	group->destroyed = done;
	release(group);
}

void *mmx_group_owner(const struct mmx_group *group)
{
	return group->owner;
}

struct mmx_vm *mmx_group_vm(const struct mmx_group *group)
{
	return group->vm;
}

enum mmx_group_place mmx_group_where(const struct mmx_group *group)
{
	return group->place;
}

unsigned int mmx_group_slot(const struct mmx_group *group)
{
	return group->slot;
}

static unsigned int most_cores(uint64_t mask, unsigned int max)
{
	unsigned int cores = (unsigned int)__builtin_popcountll(mask);

	return cores < max ? cores : max;
}

unsigned int mmx_group_cores(const struct mmx_group *group)
{
	unsigned int compute = most_cores(group->compute_mask, group->max_compute);
	unsigned int fragment = most_cores(group->fragment_mask, group->max_fragment);

	return compute > fragment ? compute : fragment;
}

size_t mmx_group_bytes(const struct mmx_group *group)
{
	size_t bytes = group->suspend.size + group->protm_suspend.size + group->syncs.size;

	for (unsigned int i = 0; i < group->queue_count; i++)
		bytes += group->queues[i].ring.size + group->queues[i].pages.size;
	return bytes;
}
