// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Tiler heaps: their memory, and the answer to a stream that has run out of it. Created, fed and destroyed by the session
 * layer; asked by slot.c from within an interrupt. Nothing waits, and the way of an answer allocates nothing.
 *
 * A heap has a range of addresses in the backend's part of its VM: first the page of its context, which with a page
 * of its own is aligned to any cache line, then room for every chunk that it may ever have, in the order in which
 * they are made. Chunks are mapped cached and not executable, as panthor maps them. Each begins with a header of
 * {u64 next, 14 words of 0}; the initial ones are linked there, the last made first.
 *
 * The spare chunk is the last made one. It is
 *	SPARE_READY	there
 *	SPARE_ASKED	not there, and the owner, who knows (ops->heap_low()), has not yet decided: who needs it waits
 *	SPARE_NONE	refused, or the heap has all it may have: who needs it gets none
 *
 * Invariant: chunk_count is given, and one more with SPARE_READY.
 */
#include "backend/gpu/heap.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/vm_priv.h"

enum spare {
	SPARE_NONE,
	SPARE_READY,
	SPARE_ASKED,
};

struct mmx_heap {
	struct mmx_list link; /* first; of struct mmx_vm.heaps */
	struct mmx_gpu *gpu;
	struct mmx_vm *vm;
	void *owner;
	void (*destroyed)(void *owner);
	uint32_t chunk_size, max_chunks, target_in_flight;
	uint64_t va; /* of its range; the context's */
	uint32_t initial; /* chunks of the list that the guest begins with */
	uint32_t given; /* chunks that are the GPU's; a spare one comes behind them */
	struct mmx_dma_buf context;
	struct mmx_dma_buf
		failed; /* could not be mapped: is tried again, and not given back before the end */
	struct mmx_dma_buf *chunks;
	uint32_t chunk_count, chunk_capacity; /* of chunks */
	enum spare spare;
	struct mmx_list waits; /* mmx_heap_wait.link */
	struct mmx_vm_op end; /* the last maintenance */
};

static uint64_t range_size(const struct mmx_heap *heap)
{
	return MMX_PAGE_SIZE + (uint64_t)heap->max_chunks * heap->chunk_size;
}

static uint64_t chunk_va(const struct mmx_heap *heap, uint32_t chunk)
{
	return heap->va + MMX_PAGE_SIZE + (uint64_t)chunk * heap->chunk_size;
}

/* As firmware has it in lists and answers: address, and size in pages in the bits below. */
static uint64_t chunk_word(const struct mmx_heap *heap, uint32_t chunk)
{
	return chunk_va(heap, chunk) | heap->chunk_size >> MMX_PAGE_SHIFT;
}

/* ---- chunks ---- */

static int make_room(struct mmx_heap *heap)
{
	uint32_t capacity = heap->chunk_capacity ? 2 * heap->chunk_capacity : 8;
	struct mmx_dma_buf *array;

	if (heap->chunk_count < heap->chunk_capacity)
		return 0;
	array = realloc(heap->chunks, capacity * sizeof(*array));
	if (!array)
		return -ENOMEM;
	heap->chunks = array;
	heap->chunk_capacity = capacity;
	return 0;
}

/* Makes the next chunk, which is linked to @next. Return: 0; -ENOMEM; -ENOSPC; -EIO. */
static int add_chunk(struct mmx_heap *heap, uint64_t next)
{
	struct mmx_dma_buf buf = heap->failed;
	int r = make_room(heap);

	if (!r && !buf.cpu)
		r = mmx_dma_alloc(heap->gpu->pool, heap->chunk_size, &buf);
	if (r)
		return r;
	heap->failed = (struct mmx_dma_buf){ 0 };
	*(uint64_t *)buf.cpu = next;
	mmx_device_sync_for_device(heap->gpu->dev, buf.cpu, sizeof(next));
	r = mmx_vm_map_buf(heap->vm, chunk_va(heap, heap->chunk_count), &buf,
			   MMX_PROT_READ | MMX_PROT_WRITE);
	if (r) {
		/* a part may have been mapped for a moment, which a TLB can know */
		heap->failed = buf;
		return r < 0 ? r : -ENOSPC;
	}
	heap->chunks[heap->chunk_count++] = buf;
	return 0;
}

static int add_initial(struct mmx_heap *heap, uint32_t count)
{
	uint64_t next = 0;

	for (uint32_t i = 0; i < count; i++) {
		int r = add_chunk(heap, next);

		if (r)
			return r;
		next = chunk_word(heap, i);
	}
	heap->initial = count;
	heap->given = count;
	return 0;
}

/* ---- the spare chunk ---- */

bool mmx_heap_wants_spare(const struct mmx_heap *heap)
{
	return heap->spare != SPARE_READY && heap->chunk_count < heap->max_chunks;
}

/* Return: the chunk, which is the GPU's now. */
static uint64_t take_spare(struct mmx_heap *heap)
{
	struct mmx_gpu *gpu = heap->gpu;

	heap->spare = SPARE_NONE;
	if (mmx_heap_wants_spare(heap)) {
		heap->spare = SPARE_ASKED;
		gpu->ops->heap_low(gpu->ctx, heap);
	}
	return chunk_word(heap, heap->given++);
}

/* Those that wait get what there is. */
static void answer_all(struct mmx_heap *heap)
{
	while (heap->spare != SPARE_ASKED && !mmx_list_empty(&heap->waits)) {
		struct mmx_heap_wait *wait =
			mmx_list_first(&heap->waits, struct mmx_heap_wait, link);

		mmx_list_del(&wait->link);
		wait->answer(wait, heap->spare == SPARE_READY ? take_spare(heap) : 0);
	}
}

void mmx_heap_refill(struct mmx_heap *heap, bool allowed)
{
	if (!mmx_heap_wants_spare(heap))
		return;
	heap->spare = allowed && !add_chunk(heap, 0) ? SPARE_READY : SPARE_NONE;
	answer_all(heap);
}

/* ---- life ---- */

static void free_memory(struct mmx_heap *heap)
{
	for (uint32_t i = 0; i < heap->chunk_count; i++)
		mmx_dma_free(heap->gpu->pool, &heap->chunks[i]);
	mmx_dma_free(heap->gpu->pool, &heap->failed);
	mmx_dma_free(heap->gpu->pool, &heap->context);
	free(heap->chunks);
}

static void unmapped(struct mmx_vm_op *op)
{
	struct mmx_heap *heap = mmx_container_of(op, struct mmx_heap, end);

	free_memory(heap);
	heap->gpu->stats.heaps--;
	if (heap->destroyed)
		heap->destroyed(heap->owner);
	free(heap);
}

/* The GPU may have seen it. */
static void release(struct mmx_heap *heap)
{
	mmx_vm_unmap_kernel(heap->vm, heap->va, range_size(heap));
	heap->end.done = unmapped;
	mmx_vm_flush(heap->vm, heap->va, range_size(heap), &heap->end);
}

int mmx_heap_create(const struct mmx_heap_params *params, struct mmx_heap **ret_heap)
{
	struct mmx_heap *heap = calloc(1, sizeof(*heap));
	int r;

	if (!heap)
		return -ENOMEM;
	heap->vm = params->vm;
	heap->gpu = params->vm->gpu;
	heap->owner = params->owner;
	heap->chunk_size = params->chunk_size;
	heap->max_chunks =
		params->max_chunks < MMX_HEAP_MAX_CHUNKS ? params->max_chunks : MMX_HEAP_MAX_CHUNKS;
	heap->target_in_flight = params->target_in_flight;
	mmx_list_init(&heap->link);
	mmx_list_init(&heap->waits);
	r = mmx_vm_reserve_kernel(heap->vm, range_size(heap), &heap->va);
	if (r)
		goto err_free;
	heap->gpu->stats.heaps++;
	r = mmx_dma_alloc(heap->gpu->pool, MMX_PAGE_SIZE, &heap->context);
	if (!r)
		r = mmx_vm_map_buf(heap->vm, heap->va, &heap->context,
				   MMX_PROT_READ | MMX_PROT_WRITE);
	if (!r)
		r = add_initial(heap, params->initial_chunks);
	if (r) {
		release(heap);
		return r < 0 ? r : -ENOSPC;
	}
	heap->spare = heap->chunk_count < heap->max_chunks ? SPARE_ASKED : SPARE_NONE;
	mmx_list_add_tail(&heap->vm->heaps, &heap->link);
	*ret_heap = heap;
	return 0;

err_free:
	free(heap);
	return r;
}

void mmx_heap_destroy(struct mmx_heap *heap, void (*done)(void *owner))
{
	mmx_list_del(&heap->link);
	heap->spare = SPARE_NONE;
	answer_all(heap);
	heap->destroyed = done;
	release(heap);
}

void *mmx_heap_owner(const struct mmx_heap *heap)
{
	return heap->owner;
}

uint64_t mmx_heap_context(const struct mmx_heap *heap)
{
	return heap->va;
}

uint64_t mmx_heap_first_chunk(const struct mmx_heap *heap)
{
	return chunk_va(heap, heap->initial - 1);
}

uint64_t mmx_heap_bytes_of(uint64_t chunks, uint32_t chunk_size)
{
	return MMX_PAGE_SIZE + chunks * chunk_size;
}

uint64_t mmx_heap_bytes(const struct mmx_heap *heap)
{
	return mmx_heap_bytes_of(heap->chunk_count, heap->chunk_size) + heap->failed.size;
}

/* ---- out of memory ---- */

static struct mmx_heap *find_heap(struct mmx_vm *vm, uint64_t context)
{
	struct mmx_list *pos;

	mmx_list_for_each(pos, &vm->heaps) {
		struct mmx_heap *heap = mmx_container_of(pos, struct mmx_heap, link);

		if (heap->va == context)
			return heap;
	}
	return NULL;
}

/*
 * The counters come from memory that the guest can write: one render pass at least has begun and is not tiled, and
 * none is shaded before it is tiled (as panthor checks it).
 */
int mmx_heap_grow(struct mmx_vm *vm, const struct mmx_heap_oom *oom, struct mmx_heap_wait *wait,
		  uint64_t *ret_chunk)
{
	struct mmx_heap *heap = find_heap(vm, oom->context);

	if (!heap || oom->frag_end > oom->vt_end || oom->vt_end >= oom->vt_start)
		return HEAP_E_BAD;
	if (oom->vt_start - oom->frag_end > heap->target_in_flight)
		return HEAP_E_NONE;
	switch (heap->spare) {
	case SPARE_READY:
		*ret_chunk = take_spare(heap);
		return 0;
	case SPARE_ASKED:
		mmx_list_add_tail(&heap->waits, &wait->link);
		return HEAP_E_LATER;
	case SPARE_NONE:
		break;
	}
	return HEAP_E_NONE;
}
