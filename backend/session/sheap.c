// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Tiler heaps of the guest. A heap hangs off its VM; one that is destroyed is the VM's user until its memory has been given
 * back, which is when its destruction is answered.
 *
 * All that takes long is done in pieces, from the session's credit (session.c), which a round of the loop renews:
 *  - HEAP_CREATE is answered when the initial chunks are made. Until then nothing more is read from the guest, so that
 *    what comes behind finds the heap made (mmx_sheap_make()).
 *  - A heap that has used up its spare chunk gets another one, if the guest's share of the backend's memory allows it.
 *    If not, its draws have to do with what there is, and the heartbeat tries again.
 *  - A heap that is destroyed is unmapped, and after maintenance its memory given back.
 *
 * What a heap holds is charged as it comes and goes; what the initial chunks still take is reserved before the first one.
 */
#include "backend/session/session_priv.h"

#include <errno.h>
#include <stdlib.h>

/* As panthor's uAPI has it (DRM_IOCTL_PANTHOR_TILER_HEAP_CREATE). */
#define CHUNK_SIZE_MIN (128u << 10)
#define CHUNK_SIZE_MAX (8u << 20)

/* Of a heap's initial chunks, for which the guest's other messages wait: six times what Mesa's drivers ask for. */
#define INITIAL_BYTES_MAX (64u << 20)

struct mmx_sheap {
	struct mmx_list
		link; /* in its VM's list; in the session's when it goes, but not during maintenance */
	struct mmx_list low; /* in one of the session's lists while it wants a chunk */
	struct mmx_session *session;
	struct mmx_addrspace *vm;
	struct mmx_heap *hw;
	uint32_t name;
	uint32_t chunk_size;
	uint64_t charged, reserved; /* bytes */
	struct mmx_vm_op mapped; /* the first maintenance */
	struct mmx_request *created; /* to answer when the GPU sees what was made; NULL = it was */
	struct mmx_request *request; /* to answer when it is made, or gone; may be NULL */
	int error; /* to answer with when it is gone; of either sign */
};

/* ---- what is charged ---- */

static void charge(struct mmx_sheap *heap, uint64_t bytes)
{
	struct mmx_session *s = heap->session;

	s->backend_bytes += bytes - heap->charged;
	s->stats.heap_bytes += bytes - heap->charged;
	heap->charged = bytes;
}

static void reserve(struct mmx_sheap *heap, uint64_t bytes)
{
	heap->session->reserved_bytes += bytes - heap->reserved;
	heap->reserved = bytes;
}

static void charge_all(struct mmx_sheap *heap)
{
	charge(heap, mmx_heap_bytes(heap->hw));
}

/* ---- spare chunks ---- */

void mmx_sheap_low(struct mmx_sheap *heap)
{
	struct mmx_session *s = heap->session;

	mmx_list_del(&heap->low);
	mmx_list_add_tail(&s->low_heaps, &heap->low);
	s->ops->pump(s->ctx, s);
}

/* A piece of the first one's spare chunk. */
static void refill_some(struct mmx_session *s)
{
	struct mmx_sheap *heap = mmx_list_first(&s->low_heaps, struct mmx_sheap, low);
	uint64_t work = 0;
	int r;

	mmx_list_del(&heap->low);
	/* a draw that waits may use it up at once, and the heap be low again */
	r = mmx_heap_refill(heap->hw, mmx_session_fits(s, heap->chunk_size), &work);
	s->credit -= (int64_t)work;
	charge_all(heap);
	if (r)
		mmx_list_add(&s->low_heaps, &heap->low);
	else if (mmx_list_empty(&heap->low) && mmx_heap_wants_spare(heap->hw))
		mmx_list_add_tail(&s->starved_heaps, &heap->low);
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
	heap->request = request;
	mmx_list_init(&heap->low);
	charge_all(heap);
	reserve(heap, (uint64_t)m->initial_chunk_count * m->chunk_size);
	mmx_list_add_tail(&vm->heaps, &heap->link);
	mmx_table_add(&s->heaps, heap->name, heap);
	/* nothing more is read from the guest until it is made: see mmx_session_pump() */
	s->making = heap;
	return MMX_REPLY_LATER;
}

/* Before the heap is gone in any case: maintenance ends in the order in which it was asked for. */
static void mapped(struct mmx_vm_op *op)
{
	struct mmx_sheap *heap = mmx_container_of(op, struct mmx_sheap, mapped);

	mmx_reply(heap->session, heap->created, 0);
	heap->created = NULL;
}

static void made(struct mmx_sheap *heap)
{
	struct mmx_reply_heap_create *reply = (void *)heap->request->reply;
	struct mmx_request *request = heap->request;

	heap->session->making = NULL;
	heap->request = NULL;
	reply->heap_ctx_va = mmx_heap_context(heap->hw);
	reply->first_chunk_va = mmx_heap_first_chunk(heap->hw);
	request->size = sizeof(*reply);
	heap->created = request;
	heap->mapped.done = mapped;
	mmx_vm_flush(heap->vm->hw, reply->heap_ctx_va, heap->charged, &heap->mapped);
	mmx_sheap_low(heap);
}

/* It is answered when it is gone. */
static void cancel(struct mmx_sheap *heap, int error)
{
	struct mmx_request *request = heap->request;

	heap->session->making = NULL;
	heap->error = error;
	reserve(heap, 0);
	mmx_sheap_begin_destroy(heap, request);
}

void mmx_sheap_make(struct mmx_session *s)
{
	struct mmx_sheap *heap = s->making;
	uint64_t before = heap->charged, work = 0;
	int r = mmx_heap_make(heap->hw, &work);

	s->credit -= (int64_t)work;
	charge_all(heap);
	reserve(heap, heap->reserved - (heap->charged - before));
	if (!r)
		made(heap);
	else if (r != HEAP_E_MORE)
		cancel(heap, r);
}

/* ---- the end ---- */

static void gone(struct mmx_sheap *heap)
{
	struct mmx_addrspace *vm = heap->vm;

	charge(heap, 0);
	if (heap->request)
		mmx_reply(heap->session, heap->request, heap->error);
	free(heap);
	mmx_addrspace_put(vm);
}

/* There is more of it to take apart. */
static void go_on(void *owner)
{
	struct mmx_sheap *heap = owner;
	struct mmx_session *s = heap->session;

	mmx_list_add_tail(&s->ended_heaps, &heap->link);
	s->ops->pump(s->ctx, s);
}

/* A piece of the first one's end. */
static void end_some(struct mmx_session *s)
{
	struct mmx_sheap *heap = mmx_list_first(&s->ended_heaps, struct mmx_sheap, link);
	uint64_t work = 0;
	int r = mmx_heap_end(heap->hw, &work);

	s->credit -= (int64_t)work;
	if (r == HEAP_E_MORE) {
		charge_all(heap);
		return;
	}
	mmx_list_del(&heap->link);
	if (!r)
		gone(heap);
}

void mmx_sheap_begin_destroy(struct mmx_sheap *heap, struct mmx_request *request)
{
	mmx_table_del(&heap->session->heaps, heap->name);
	mmx_list_del(&heap->link);
	mmx_list_del(&heap->low);
	heap->request = request;
	heap->vm->users++;
	mmx_heap_destroy(heap->hw, go_on);
	go_on(heap);
}

void mmx_sheaps_destroy(struct mmx_addrspace *vm)
{
	while (!mmx_list_empty(&vm->heaps)) {
		struct mmx_sheap *heap = mmx_list_first(&vm->heaps, struct mmx_sheap, link);

		if (heap == vm->session->making)
			cancel(heap, ECANCELED);
		else
			mmx_sheap_begin_destroy(heap, NULL);
	}
}

/* ---- in rounds ---- */

bool mmx_sheaps_pending(const struct mmx_session *s)
{
	return !mmx_list_empty(&s->low_heaps) || !mmx_list_empty(&s->ended_heaps);
}

void mmx_sheaps_run(struct mmx_session *s, int64_t share)
{
	/* as of s->credit: nothing is saved up, but a debt is paid */
	s->heap_credit = s->heap_credit < 0 ? s->heap_credit + share : share;
	while (s->credit > 0 && s->heap_credit > 0 && mmx_sheaps_pending(s)) {
		int64_t before = s->credit;

		/* a draw may wait for it; nor can that go on for ever, as long as ended heaps hold memory */
		if (!mmx_list_empty(&s->low_heaps))
			refill_some(s);
		else
			end_some(s);
		s->heap_credit -= before - s->credit;
	}
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
