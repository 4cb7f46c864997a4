/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Tiler heaps: memory of the backend's in a VM, which the tiler fills chunk by chunk, and how the GPU gets more of it.
 *
 * Who owns what
 *  - The heap context (32 bytes that firmware keeps its list of free chunks in) and every chunk that was handed out
 *    are the GPU's, from then until the heap is destroyed. Both lie in the VM, where the guest's GPU code can write:
 *    so no list in them is ever believed here, and no chunk is taken back because it looks free.
 *  - One spare chunk is the backend's: mapped already, so that an OOM is answered within its interrupt. It is made
 *    beforehand, when the owner allows it (mmx_heap_refill()).
 *
 * Chunks are large, and come and go in pieces: mmx_heap_make(), mmx_heap_refill() and mmx_heap_end() do one each, which
 * the owner repeats as he has time for it.
 */
#ifndef BACKEND_GPU_HEAP_H
#define BACKEND_GPU_HEAP_H

#include "backend/gpu/vm.h"

/* A heap never gets more, whatever was asked for: it bounds the addresses that it reserves. */
#define MMX_HEAP_MAX_CHUNKS 4096u

struct mmx_heap;

struct mmx_heap_params {
	struct mmx_vm *vm;
	void *owner;
	uint32_t chunk_size; /* whole pages, less than 16 MiB */
	uint32_t initial_chunks; /* 1..max_chunks, up to MMX_HEAP_MAX_CHUNKS */
	uint32_t max_chunks;
	uint32_t
		target_in_flight; /* render passes beyond which the GPU has to wait instead of getting more */
};

/*
 * Positive outcomes of all functions here: of those that work in pieces the first two, and HEAP_E_NONE and _BAD of
 * mmx_heap_grow() alone.
 */
enum {
	HEAP_E_MORE = 1, /* there is more to do: call again */
	HEAP_E_LATER, /* something has to happen first, which the caller will be told of */
	HEAP_E_NONE, /* no chunk: render passes in flight free some, or the guest's handler runs */
	HEAP_E_BAD, /* no such heap in this VM, or counters that can't be */
};

/*
 * Parameters have been checked by the caller. The heap has addresses, but nobody finds it there before
 * mmx_heap_make() has made its initial chunks. Return: 0; -ENOMEM; -ENOSPC: also if the VM has not that many addresses
 * left; -EIO.
 */
int mmx_heap_create(const struct mmx_heap_params *params, struct mmx_heap **ret_heap);
/*
 * A piece of the making of the initial chunks. There is no spare one then: as after ops->heap_low(), the owner calls
 * mmx_heap_refill() soon. The GPU sees it after mmx_vm_flush() of its bytes from the context on. To *work is added what it has taken, in entries of page tables (mmx_vm_work()).
 * Return: 0: it is made; HEAP_E_MORE; -ENOMEM, -ENOSPC, -EIO: can only be destroyed.
 */
int mmx_heap_make(struct mmx_heap *heap, uint64_t *work);
/*
 * Begins the end, also of one that is not made. Draws that wait for a chunk get none, others are a fault of their group
 * from now on; and what a group of the VM that may still run accesses is a fault of the VM. The owner calls
 * mmx_heap_end() until all is gone, before he destroys the VM. @maintained: see there.
 */
void mmx_heap_destroy(struct mmx_heap *heap, void (*maintained)(void *owner));
/*
 * A piece of the end: unmaps some, then, after maintenance, gives some memory back. *work as above.
 * Return: 0: it does not exist any more; HEAP_E_MORE; HEAP_E_LATER: maintenance is under way; there is more to do when
 * maintained() is called.
 */
int mmx_heap_end(struct mmx_heap *heap, uint64_t *work);

void *mmx_heap_owner(const struct mmx_heap *heap);
/* GPU addresses for the guest. */
uint64_t mmx_heap_context(const struct mmx_heap *heap);
uint64_t mmx_heap_first_chunk(const struct mmx_heap *heap);
/* Bytes of backend memory that it holds. */
uint64_t mmx_heap_bytes(const struct mmx_heap *heap);
/* What one of that many chunks would hold. */
uint64_t mmx_heap_bytes_of(uint64_t chunks, uint32_t chunk_size);

/* May a spare chunk be made? Not if there is one, or the heap has all that it may have. */
bool mmx_heap_wants_spare(const struct mmx_heap *heap);
/*
 * A piece of the making of the spare chunk, if one is wanted and @allowed: which only counts for the first piece, that
 * takes the memory (mmx_heap_bytes()). After the last one the draws that wait for it are answered, when the GPU
 * sees it; or at once, without a chunk, if there is none then. From within, ops->heap_low() may be called again. *work as above.
 * Return: 0: it is there, or will not be; HEAP_E_MORE.
 */
int mmx_heap_refill(struct mmx_heap *heap, bool allowed, uint64_t *work);

/* ---- for slot_heap.c ---- */

/* What firmware says of a stream that is out of memory. */
struct mmx_heap_oom {
	uint64_t context;
	uint32_t vt_start, vt_end, frag_end; /* render passes begun, tiled, shaded */
};

/* A stream that waits for a chunk. Whoever leaves before the answer takes it out with mmx_list_del(&link). */
struct mmx_heap_wait {
	struct mmx_list link;
	/*
	 * @chunk: as in CS_INPUT.heap_start; 0 = none. From within mmx_heap_refill() and mmx_heap_destroy(), or
	 * at the end of maintenance.
	 */
	void (*answer)(struct mmx_heap_wait *wait, uint64_t chunk);
};

/*
 * Return: 0: *ret_chunk is the GPU's now; HEAP_E_NONE; HEAP_E_LATER: wait->answer() follows, unless it is taken out;
 * HEAP_E_BAD. Calls ops->heap_low() when the spare chunk is gone.
 */
int mmx_heap_grow(struct mmx_vm *vm, const struct mmx_heap_oom *oom, struct mmx_heap_wait *wait,
		  uint64_t *ret_chunk);

#endif
