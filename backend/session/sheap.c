// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Tiler heaps of the guest. A heap hangs off its VM and is the VM's user until the GPU can't reach it any more, which is
 * when its destruction is answered and what it held is not charged any more.
 *
 * A heap that has used up its spare chunk gets another one in the round that follows, if the guest's share of the
 * backend's memory allows it: mmx_sheaps_refill(), a bounded part of the work in each round. If not, its draws have to do
 * with what there is, and the heartbeat tries again.
 */
#include "backend/session/session_priv.h"

#include <errno.h>
#include <stdlib.h>

/* As panthor's uAPI has it (DRM_IOCTL_PANTHOR_TILER_HEAP_CREATE). */
#define CHUNK_SIZE_MIN (128u << 10)
#define CHUNK_SIZE_MAX (8u << 20)

/* Of a heap's initial chunks, which are made within its message: six times what Mesa's drivers ask for. */
#define INITIAL_BYTES_MAX (64u << 20)

/* Of the chunks that are made in a round for one guest. */
#define REFILL_BYTES (2 * CHUNK_SIZE_MAX)

struct mmx_sheap {
	struct mmx_list link; /* in its VM's list */
	struct mmx_list low; /* in one of the session's lists while it wants a chunk */
	struct mmx_session *session;
	struct mmx_addrspace *vm;
	struct mmx_heap *hw;
	uint32_t name;
	uint32_t chunk_size;
	uint64_t charged; /* bytes */
	struct mmx_request *request; /* to answer when it is gone; may be NULL */
};

/* ---- what is charged ---- */

static void charge(struct mmx_sheap *heap, uint64_t bytes)
{
	struct mmx_session *s = heap->session;

	s->backend_bytes += bytes - heap->charged;
	s->stats.heap_bytes += bytes - heap->charged;
	heap->charged = bytes;
}

/* ---- spare chunks ---- */

void mmx_sheap_low(struct mmx_sheap *heap)
{
	struct mmx_session *s = heap->session;

	mmx_list_del(&heap->low);
	mmx_list_add_tail(&s->low_heaps, &heap->low);
	mmx_session_news(s);
}

void mmx_sheaps_refill(struct mmx_session *s)
{
	uint64_t done = 0;

	while (!mmx_list_empty(&s->low_heaps)) {
		struct mmx_sheap *heap = mmx_list_first(&s->low_heaps, struct mmx_sheap, low);

		if (done >= REFILL_BYTES) {
			mmx_session_news(s); /* the rest in the next round */
			return;
		}
		done += heap->chunk_size;
		mmx_list_del(&heap->low);
		/* a draw that waits may use it up at once, and the heap be low again */
		mmx_heap_refill(heap->hw, mmx_session_fits(s, heap->chunk_size));
		charge(heap, mmx_heap_bytes(heap->hw));
		if (mmx_list_empty(&heap->low) && mmx_heap_wants_spare(heap->hw))
			mmx_list_add_tail(&s->starved_heaps, &heap->low);
	}
}

void mmx_sheaps_retry(struct mmx_session *s)
{
	while (!mmx_list_empty(&s->starved_heaps)) {
		struct mmx_sheap *heap = mmx_list_first(&s->starved_heaps, struct mmx_sheap, low);

		if (!mmx_session_fits(s, heap->chunk_size))
			return;
		mmx_sheap_low(heap);
	}
}

/* ---- HEAP_CREATE ---- */

/* Return: 0 or the wire's error. */
static int check_heap(const struct mmx_session *s, const struct mmx_msg_heap_create *m)
{
	uint64_t initial;

	if (!m->initial_chunk_count || m->initial_chunk_count > m->max_chunks)
		return EINVAL;
	if (m->chunk_size % MMX_WIRE_PAGE_SIZE || m->chunk_size < CHUNK_SIZE_MIN ||
	    m->chunk_size > CHUNK_SIZE_MAX)
		return EINVAL;
	initial = (uint64_t)m->initial_chunk_count * m->chunk_size;
	if (initial > INITIAL_BYTES_MAX ||
	    !mmx_session_fits(s, mmx_heap_bytes_of(m->initial_chunk_count, m->chunk_size)))
		return ENOSPC;
	return 0;
}

int mmx_heap_create_msg(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_heap_create *m = msg;
	struct mmx_addrspace *vm = mmx_table_find(&s->vms, m->vm);
	struct mmx_reply_heap_create *reply = (void *)request->reply;
	struct mmx_heap_params params;
	struct mmx_sheap *heap;
	int r;

	if (!vm)
		return ENOENT;
	r = mmx_table_check_free(&s->heaps, m->heap);
	if (!r)
		r = check_heap(s, m);
	if (r)
		return r;
	heap = calloc(1, sizeof(*heap));
	if (!heap)
		return -ENOMEM;
	params = (struct mmx_heap_params){
		.vm = vm->hw,
		.owner = heap,
		.chunk_size = m->chunk_size,
		.initial_chunks = m->initial_chunk_count,
		.max_chunks = m->max_chunks,
		.target_in_flight = m->target_in_flight,
	};
	r = mmx_heap_create(&params, &heap->hw);
	if (r) {
		free(heap);
		return r;
	}
	heap->session = s;
	heap->vm = vm;
	heap->name = m->heap;
	heap->chunk_size = m->chunk_size;
	mmx_list_init(&heap->low);
	charge(heap, mmx_heap_bytes(heap->hw));
	/* zeroed within this message */
	s->credit -= (int64_t)(heap->charged / MMX_PAGE_SIZE * MMX_PGTABLE_TABLE_WORK);
	mmx_list_add_tail(&vm->heaps, &heap->link);
	mmx_table_add(&s->heaps, heap->name, heap);
	mmx_sheap_low(heap);
	reply->heap_ctx_va = mmx_heap_context(heap->hw);
	reply->first_chunk_va = mmx_heap_first_chunk(heap->hw);
	request->size = sizeof(*reply);
	return 0;
}

/* ---- the end ---- */

static void gone(void *owner)
{
	struct mmx_sheap *heap = owner;
	struct mmx_addrspace *vm = heap->vm;

	charge(heap, 0);
	if (heap->request)
		mmx_reply(heap->session, heap->request, 0);
	free(heap);
	mmx_addrspace_put(vm);
}

void mmx_sheap_begin_destroy(struct mmx_sheap *heap, struct mmx_request *request)
{
	mmx_table_del(&heap->session->heaps, heap->name);
	mmx_list_del(&heap->link);
	mmx_list_del(&heap->low);
	heap->request = request;
	heap->vm->users++;
	mmx_heap_destroy(heap->hw, gone);
}

void mmx_sheaps_destroy(struct mmx_addrspace *vm)
{
	while (!mmx_list_empty(&vm->heaps))
		mmx_sheap_begin_destroy(mmx_list_first(&vm->heaps, struct mmx_sheap, link), NULL);
}

int mmx_heap_destroy_msg(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_object *m = msg;
	struct mmx_sheap *heap = mmx_table_find(&s->heaps, m->object);

	if (m->pad)
		return EINVAL;
	if (!heap)
		return ENOENT;
	mmx_sheap_begin_destroy(heap, request);
	return MMX_REPLY_LATER;
}
