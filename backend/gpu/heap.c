// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Tiler heaps: their memory, and the answer to a stream that has run out of it. Created, fed and destroyed by the session
 * layer; asked by slot_heap.c from within an interrupt. Nothing waits, and the way of an answer allocates nothing.
 *
 * A heap has a range of addresses in the backend's part of its VM: first the page of its context, which with a page
 * of its own is aligned to any cache line, then room for every chunk that it may ever have, in the order in which
 * they are made. Chunks are mapped cached and not executable, as panthor maps them. Each begins with a header of
 * {u64 next, 14 words of 0}; the initial ones are linked there, the last made first.
 *
 * The spare chunk is the last made one. It is
 *	SPARE_READY	there
 *	SPARE_MAPPED	there soon: the GPU may not see it before maintenance has ended; who needs it waits
 *	SPARE_ASKED	not there: the owner, who knows (ops->heap_low()), has not yet decided, or it is being made; who needs
 *			it waits
 *	SPARE_NONE	refused, or the heap has all it may have: who needs it gets none
 *
 * Invariant: of a heap that is made, chunk_count is given, and one more with SPARE_READY or SPARE_MAPPED.
 */
#include "backend/gpu/heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/vm_priv.h"

/* Bytes that are zeroed in one piece: some 30 us, twice that where each page has to be faulted in first. */
#define ZERO_PIECE (128u << 10)

/* Entries of page tables that are unmapped in one piece. */
#define UNMAP_PIECE 512u

/*
 * What pieces take beside page tables, in their entries: each of them; and the DMA pool's way to the device and back, with
 * what the kernel does for 4 MiB that come or go, some 50 to 100 us.
 */
#define PIECE_WORK MMX_PGTABLE_TABLE_WORK
#define TRIP_WORK  4096u

enum spare {
	SPARE_NONE,
	SPARE_READY,
	SPARE_MAPPED,
	SPARE_ASKED,
};

enum phase {
	PHASE_MAKING,
	PHASE_MADE,
	PHASE_UNMAPPING,
	PHASE_FLUSHING, /* the last maintenance is under way */
	PHASE_FREEING,
};

struct mmx_heap {
	struct mmx_list link; /* first; of struct mmx_vm.heaps, with PHASE_MADE */
	struct mmx_gpu *gpu;
	struct mmx_vm *vm;
	void *owner;
	void (*maintained)(void *owner);
	enum phase phase;
	uint32_t chunk_size, max_chunks, target_in_flight;
	uint64_t va; /* of its range; the context's */
	uint64_t unmapped; /* bytes of its range, with PHASE_UNMAPPING */
	uint32_t initial; /* chunks of the list that the guest begins with */
	uint32_t given; /* chunks that are the GPU's; a spare one comes behind them */
	struct mmx_dma_buf context;
	struct mmx_dma_buf *chunks;
	uint32_t chunk_count, chunk_capacity; /* of chunks */
	/*
	 * The chunk that is being made. One that could not be mapped stays here, and is tried again: a part may have
	 * been mapped for a moment, which a TLB can know, so it must not be given back before the end.
	 */
	struct mmx_dma_buf next;
	size_t next_dirty; /* bytes at its beginning that are still to be zeroed */
	enum spare spare;
	struct mmx_list waits; /* mmx_heap_wait.link */
	struct mmx_vm_op mapped; /* maintenance after a spare chunk was mapped */
	struct mmx_vm_op end; /* the last maintenance */
	bool end_is_awaited; /* the owner has been told that maintained() will be called */
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

static int alloc_chunk(struct mmx_heap *heap, uint64_t *work)
{
	struct mmx_dma_pool *pool = heap->gpu->pool;
	uint64_t trips = mmx_dma_pool_trips(pool);
	int r = make_room(heap);

	if (!r)
		r = mmx_dma_alloc_dirty(pool, heap->chunk_size, &heap->next, &heap->next_dirty);
	*work += (mmx_dma_pool_trips(pool) - trips) * TRIP_WORK;
	return r;
}

/* From the end to the beginning. */
static void zero_some(struct mmx_heap *heap, uint64_t *work)
{
	size_t size = heap->next_dirty < ZERO_PIECE ? heap->next_dirty : ZERO_PIECE;
	uint8_t *start = (uint8_t *)heap->next.cpu + heap->next_dirty - size;

	memset(start, 0, size);
	mmx_device_sync_for_device(heap->gpu->dev, start, size);
	heap->next_dirty -= size;
	*work += size / MMX_PAGE_SIZE * MMX_PGTABLE_TABLE_WORK;
}

static int map_chunk(struct mmx_heap *heap, uint64_t link, uint64_t *work)
{
	uint64_t before = mmx_vm_work(heap->vm);
	int r;

	*(uint64_t *)heap->next.cpu = link;
	mmx_device_sync_for_device(heap->gpu->dev, heap->next.cpu, sizeof(link));
	r = mmx_vm_map_buf(heap->vm, chunk_va(heap, heap->chunk_count), &heap->next,
			   MMX_PROT_READ | MMX_PROT_WRITE);
	*work += mmx_vm_work(heap->vm) - before;
	if (r)
		return r < 0 ? r : -ENOSPC;
	heap->chunks[heap->chunk_count++] = heap->next;
	heap->next = (struct mmx_dma_buf){ 0 };
	return 0;
}

/*
 * A piece of the making of the next chunk, which is linked to @link. Return: 0: it is there; HEAP_E_MORE; -ENOMEM; -ENOSPC;
 * -EIO: what there is of it is kept.
 */
static int make_chunk(struct mmx_heap *heap, uint64_t link, uint64_t *work)
{
	int r;

	*work += PIECE_WORK;
	if (!heap->next.cpu) {
		r = alloc_chunk(heap, work);
		return r ? r : HEAP_E_MORE;
	}
	if (!heap->next_dirty)
		return map_chunk(heap, link, work);
	zero_some(heap, work);
	return HEAP_E_MORE;
}

int mmx_heap_make(struct mmx_heap *heap, uint64_t *work)
{
	uint32_t count = heap->chunk_count;
	int r = make_chunk(heap, count ? chunk_word(heap, count - 1) : 0, work);

	if (r)
		return r;
	if (heap->chunk_count < heap->initial)
		return HEAP_E_MORE;
	heap->given = heap->initial;
	heap->spare = heap->chunk_count < heap->max_chunks ? SPARE_ASKED : SPARE_NONE;
	heap->phase = PHASE_MADE;
	mmx_list_add_tail(&heap->vm->heaps, &heap->link);
	return 0;
}

/* ---- the spare chunk ---- */

bool mmx_heap_wants_spare(const struct mmx_heap *heap)
{
	return heap->spare != SPARE_READY && heap->spare != SPARE_MAPPED &&
	       heap->chunk_count < heap->max_chunks;
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
	while ((heap->spare == SPARE_NONE || heap->spare == SPARE_READY) &&
	       !mmx_list_empty(&heap->waits)) {
		struct mmx_heap_wait *wait =
			mmx_list_first(&heap->waits, struct mmx_heap_wait, link);

		mmx_list_del(&wait->link);
		wait->answer(wait, heap->spare == SPARE_READY ? take_spare(heap) : 0);
	}
}

static void spare_mapped(struct mmx_vm_op *op)
{
	struct mmx_heap *heap = mmx_container_of(op, struct mmx_heap, mapped);

	if (heap->spare != SPARE_MAPPED)
		return; /* the heap is being destroyed, and freed after this */
	heap->spare = SPARE_READY;
	answer_all(heap);
}

int mmx_heap_refill(struct mmx_heap *heap, bool allowed, uint64_t *work)
{
	int r = -ENOSPC;

	if (!mmx_heap_wants_spare(heap))
		return 0;
	if (allowed || heap->next.cpu)
		r = make_chunk(heap, 0, work);
	if (r == HEAP_E_MORE) {
		heap->spare = SPARE_ASKED;
		return r;
	}
	if (r) {
		heap->spare = SPARE_NONE;
		answer_all(heap);
		return 0;
	}
	heap->spare = SPARE_MAPPED;
	mmx_vm_flush(heap->vm, chunk_va(heap, heap->chunk_count - 1), heap->chunk_size,
		     &heap->mapped);
	return 0;
}

/* ---- life ---- */

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
	heap->initial = params->initial_chunks;
	heap->max_chunks =
		params->max_chunks < MMX_HEAP_MAX_CHUNKS ? params->max_chunks : MMX_HEAP_MAX_CHUNKS;
	heap->target_in_flight = params->target_in_flight;
	heap->mapped.done = spare_mapped;
	mmx_list_init(&heap->link);
	mmx_list_init(&heap->waits);
	r = mmx_vm_reserve_kernel(heap->vm, range_size(heap), &heap->va);
	if (r)
		goto err_free;
	r = mmx_dma_alloc(heap->gpu->pool, MMX_PAGE_SIZE, &heap->context);
	if (r)
		goto err_range;
	/* one page: was never mapped if that fails, so it can be given back at once */
	r = mmx_vm_map_buf(heap->vm, heap->va, &heap->context, MMX_PROT_READ | MMX_PROT_WRITE);
	if (r)
		goto err_context;
	heap->gpu->stats.heaps++;
	*ret_heap = heap;
	return 0;

err_context:
	mmx_dma_free(heap->gpu->pool, &heap->context);
err_range:
	mmx_vm_unmap_kernel(heap->vm, heap->va, range_size(heap));
err_free:
	free(heap);
	return r < 0 ? r : -ENOSPC;
}

void mmx_heap_destroy(struct mmx_heap *heap, void (*maintained)(void *owner))
{
	mmx_list_del(&heap->link);
	heap->spare = SPARE_NONE;
	answer_all(heap);
	heap->maintained = maintained;
	heap->phase = PHASE_UNMAPPING;
}

/* The GPU can't reach it any more. */
static void flushed(struct mmx_vm_op *op)
{
	struct mmx_heap *heap = mmx_container_of(op, struct mmx_heap, end);

	heap->phase = PHASE_FREEING;
	if (heap->end_is_awaited)
		heap->maintained(heap->owner);
}

static int unmap_some(struct mmx_heap *heap, uint64_t *work)
{
	uint64_t size = range_size(heap), before = mmx_vm_work(heap->vm);

	/* blocks lie within chunks: none is split */
	heap->unmapped += mmx_vm_unmap_some(heap->vm, heap->va + heap->unmapped,
					    size - heap->unmapped, UNMAP_PIECE);
	*work += mmx_vm_work(heap->vm) - before;
	if (heap->unmapped < size)
		return HEAP_E_MORE;
	/* the GPU may have seen all of it */
	heap->phase = PHASE_FLUSHING;
	heap->end.done = flushed;
	mmx_vm_unmap_kernel(heap->vm, heap->va, size);
	mmx_vm_flush(heap->vm, heap->va, size, &heap->end);
	if (heap->phase == PHASE_FREEING)
		return HEAP_E_MORE;
	heap->end_is_awaited = true;
	return HEAP_E_LATER;
}

static int free_some(struct mmx_heap *heap, uint64_t *work)
{
	struct mmx_gpu *gpu = heap->gpu;
	uint64_t trips = mmx_dma_pool_trips(gpu->pool);
	bool last = false;

	if (heap->next.cpu) {
		mmx_dma_free(gpu->pool, &heap->next);
	} else if (heap->chunk_count) {
		mmx_dma_free(gpu->pool, &heap->chunks[--heap->chunk_count]);
	} else {
		mmx_dma_free(gpu->pool, &heap->context);
		last = true;
	}
	*work += (mmx_dma_pool_trips(gpu->pool) - trips) * TRIP_WORK;
	if (!last)
		return HEAP_E_MORE;
	gpu->stats.heaps--;
	free(heap->chunks);
	free(heap);
	return 0;
}

int mmx_heap_end(struct mmx_heap *heap, uint64_t *work)
{
	*work += PIECE_WORK;
	switch (heap->phase) {
	case PHASE_UNMAPPING:
		return unmap_some(heap, work);
	case PHASE_FREEING:
		return free_some(heap, work);
	default:
		return HEAP_E_LATER;
	}
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
	return mmx_heap_bytes_of(heap->chunk_count, heap->chunk_size) + heap->next.size;
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
	case SPARE_MAPPED:
	case SPARE_ASKED:
		mmx_list_add_tail(&heap->waits, &wait->link);
		return HEAP_E_LATER;
	case SPARE_NONE:
		break;
	}
	return HEAP_E_NONE;
}
