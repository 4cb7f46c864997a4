// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Tiler heaps of a guest: synchronous calls. A heap's name is freed when its destruction, or that of its VM or of its
 * VM's client, was answered.
 */
#include "frontend/user/guest_priv.h"

#include <errno.h>

#include "frontend/core/names.h"

int mmx_guest_heap_create(struct mmx_guest *guest, const struct mmx_guest_heap_params *params,
			  struct mmx_guest_heap *ret_heap)
{
	struct mmx_heap_desc desc = {
		.vm = params->vm,
		.initial_chunk_count = params->initial_chunks,
		.chunk_size = params->chunk_size,
		.max_chunks = params->max_chunks,
		.target_in_flight = params->target_in_flight,
	};
	struct mmx_waiter waiter = { 0 };
	uint32_t tag;
	int ret;

	if (!mmx_idspace_has(&guest->vm_ids, params->vm))
		return -ENOENT;
	ret = mmx_idspace_take(&guest->heap_ids, &desc.heap);
	if (ret)
		return ret;
	ret = mmx_call_begin(guest, &waiter, MMX_MSG_HEAP_CREATE, &tag);
	if (!ret)
		ret = mmx_call_send(guest, tag, mmx_encode_heap_create(&guest->out, tag, &desc));
	if (!ret)
		ret = mmx_call_finish(guest, &waiter);
	if (ret) {
		mmx_idspace_undo(&guest->heap_ids, desc.heap, ret);
		return ret;
	}
	guest->heap_vms[mmx_name_index(desc.heap)] = params->vm;
	*ret_heap = (struct mmx_guest_heap){
		.name = desc.heap,
		.context_va = waiter.reply.heap.context_va,
		.first_chunk_va = waiter.reply.heap.first_chunk_va,
	};
	return 0;
}

static void free_heap(struct mmx_guest *guest, uint32_t index)
{
	guest->heap_vms[index] = 0;
	mmx_idspace_free(&guest->heap_ids,
			 mmx_name_make(index, guest->heap_ids.generations[index]));
}

int mmx_guest_heap_destroy(struct mmx_guest *guest, uint32_t heap)
{
	int ret;

	if (!mmx_idspace_has(&guest->heap_ids, heap))
		return -ENOENT;
	ret = mmx_call_object(guest, MMX_MSG_HEAP_DESTROY, heap, NULL);
	if (!ret)
		free_heap(guest, mmx_name_index(heap));
	return ret;
}

void mmx_heaps_free(struct mmx_guest *guest, uint32_t vm)
{
	uint32_t i;

	for (i = 0; i < guest->limits.max_heaps; i++)
		if (guest->heap_vms[i] == vm)
			free_heap(guest, i);
}
