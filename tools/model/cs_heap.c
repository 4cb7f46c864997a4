// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Tiler heaps: memory that vertex and tiling jobs take, where it comes from when a chunk is full, and how
 * fragment work gives it back.
 *
 * A draw reads its tiler context (register pair d40), which names a tiler heap descriptor: the chunk that
 * is being filled, [base, top), and how far. All of that lies in memory of the group's address space, and
 * so does the heap context that HEAP_SET names: the list of free chunks, and the counters of vertex and
 * fragment work. Streams of one group share a heap by naming the same context. Chunks are linked through
 * the first doubleword of each: {address | bytes >> 12}, 0 = none.
 *
 * A job takes all its memory when it is issued. A full chunk is appended to the completed list of the
 * tiler context; the next one is what it was linked to (the host's initial list), or the first free one,
 * or asked of the host (CS_TILER_OOM). While there is none the stream is blocked at the RUN_*; what
 * the job still needs is kept in heap_left. If the host has none either:
 *
 *	fragment work is under way (vt_end > frag_end)	wait until FINISH_FRAGMENT gives chunks back
 *	a stream of the group that has set the same
 *	heap has an exception handler			it is called there; then look once more, or CS_FAULT OOM
 *	such a stream has had one before		wait until one is set again
 *	otherwise					CS_FAULT OOM
 *
 * A handler is called between two instructions of its stream, also of one that is blocked: that is executed
 * again when the handler has returned.
 *
 * Called by the interpreter, by jobs and deferred instructions, and by csf.c with the host's answer. Lists in memory are
 * believed as far as each step goes: no step is longer than HEAP_STEP_CHUNKS.
 */
#include "tools/model/cs_priv.h"

/* Chunks that one execution of RUN_* takes at most; then others have their turn. */
#define HEAP_STEP_CHUNKS 64u

#define GROUP_STREAMS_MAX 32u

/* The first 64 bytes of a tiler context: heap descriptor and completed chunks, as words. */
#define CTX_HEAP	     6u
#define CTX_COMPLETED_TOP    10u
#define CTX_COMPLETED_BOTTOM 12u

/* A tiler heap descriptor. */
struct heap_descriptor {
	uint32_t type;
	uint32_t size; /* of its chunks */
	uint64_t base, bottom, top; /* base 0 = no chunk */
};

/* A heap context: 32 bytes that the host has zeroed; the layout is the model's own. */
struct heap_context {
	uint64_t free; /* first chunk */
	uint32_t vt_start, vt_end, frag_end;
	uint32_t reserved[3];
};

_Static_assert(sizeof(struct heap_descriptor) == 32, "tiler heap descriptor");
_Static_assert(sizeof(struct heap_context) == 32, "heap context");

/* A draw's memory, as far as it has been read. */
struct draw {
	uint64_t context_va, descriptor_va;
	struct heap_descriptor heap;
	bool fault;
};

static uint64_t chunk_va(uint64_t chunk)
{
	return chunk & ~UINT64_C(0xfff);
}

static uint64_t chunk_bytes(uint64_t chunk)
{
	return (chunk & 0xfff) << 12;
}

static bool rd(struct mdl_cs *cs, uint64_t va, void *out, size_t len, struct mdl_fault *ret_fault)
{
	return mdl_mmu_read(cs->m, cs->params.as, va, out, len, MDL_ACCESS_READ, ret_fault);
}

static bool wr(struct mdl_cs *cs, uint64_t va, const void *in, size_t len,
	       struct mdl_fault *ret_fault)
{
	return mdl_mmu_write(cs->m, cs->params.as, va, in, len, ret_fault);
}

/* ---- the heap context ---- */

static bool read_context(struct mdl_cs *cs, struct heap_context *ret_ctx,
			 struct mdl_fault *ret_fault)
{
	if (!rd(cs, cs->heap, ret_ctx, sizeof(*ret_ctx), ret_fault))
		return false;
	cs->heap_vt_start = ret_ctx->vt_start;
	cs->heap_vt_end = ret_ctx->vt_end;
	cs->heap_frag_end = ret_ctx->frag_end;
	return true;
}

/* Puts the list first..last in front of the free ones. */
static bool give(struct mdl_cs *cs, struct heap_context *ctx, uint64_t first, uint64_t last,
		 struct mdl_fault *ret_fault)
{
	if (!wr(cs, chunk_va(last), &ctx->free, sizeof(ctx->free), ret_fault))
		return false;
	ctx->free = first;
	return true;
}

/* ---- counters and chunks given back ---- */

static void count(struct mdl_cs *cs, enum cs_heap_operation operation)
{
	if (operation == CS_HEAP_VT_START)
		cs->heap_vt_start++;
	else if (operation == CS_HEAP_VT_END)
		cs->heap_vt_end++;
	else
		cs->heap_frag_end++;
}

static enum cs_step update(struct mdl_cs *cs, bool counts, enum cs_heap_operation operation,
			   uint64_t first, uint64_t last)
{
	struct heap_context ctx;
	struct mdl_fault fault;

	if (!cs->heap) {
		if (counts)
			count(cs, operation);
		return CS_NEXT;
	}
	if (!read_context(cs, &ctx, &fault))
		goto bus_fault;
	if (counts)
		count(cs, operation);
	ctx.vt_start = cs->heap_vt_start;
	ctx.vt_end = cs->heap_vt_end;
	ctx.frag_end = cs->heap_frag_end;
	if (first && !give(cs, &ctx, first, last ? last : first, &fault))
		goto bus_fault;
	if (!wr(cs, cs->heap, &ctx, sizeof(ctx), &fault))
		goto bus_fault;
	/* who waits for memory looks again */
	cs->pending |= CS_TELL_GROUP;
	return CS_NEXT;

bus_fault:
	return mdl_cs_fatal(cs, CS_EX_BUS, fault.va);
}

/* HEAP_OPERATION */
enum cs_step mdl_cs_heap_operation(struct mdl_cs *cs, enum cs_heap_operation operation)
{
	return update(cs, true, operation, 0, 0);
}

/* FINISH_FRAGMENT: the chunks first..last are free again; @counts: a render pass has ended. */
enum cs_step mdl_cs_heap_finish(struct mdl_cs *cs, bool counts, uint64_t first, uint64_t last)
{
	return update(cs, counts, CS_HEAP_FRAG_END, first, last);
}

/* ---- the exception handler ---- */

static bool in_handler(const struct mdl_cs *cs)
{
	return cs->handler_depth != 0;
}

/* The next stream of the group that has set the same heap, from index *@at on; NULL: no more. */
static struct mdl_cs *next_sharer(const struct mdl_cs *cs, unsigned int *at)
{
	while (*at < GROUP_STREAMS_MAX) {
		struct mdl_cs *other = mdl_csf_stream(cs->m, cs->csg, (*at)++);

		if (!other)
			break;
		if (other->started && !other->dead && other->heap == cs->heap)
			return other;
	}
	return NULL;
}

static bool handler_runs(const struct mdl_cs *cs)
{
	const struct mdl_cs *other;
	unsigned int at = 0;

	while ((other = next_sharer(cs, &at)))
		if (other->handler_due || in_handler(other))
			return true;
	return false;
}

/* Return: false if no stream has a handler for this heap. */
static bool call_handler(struct mdl_cs *cs)
{
	struct mdl_cs *other = cs->handler_length ? cs : NULL, *next;
	unsigned int at = 0;

	while (!other && (next = next_sharer(cs, &at)))
		if (next->handler_length)
			other = next;
	if (!other)
		return false;
	other->handler_due = true;
	mdl_cs_wake(other, cs->time_ns);
	return true;
}

static bool handler_known(const struct mdl_cs *cs)
{
	const struct mdl_cs *other;
	unsigned int at = 0;

	while ((other = next_sharer(cs, &at)))
		if (other->handler_known)
			return true;
	return false;
}

/* Before the next instruction: begins the handler that is due. */
enum cs_step mdl_cs_handler_enter(struct mdl_cs *cs)
{
	uint64_t va = cs->handler_address, end = va + cs->handler_length;

	cs->handler_due = false;
	if (!cs->handler_length)
		return CS_NEXT; /* taken back meanwhile */
	if (va & 7 || end < va)
		return cs_invalid(cs);
	if (cs->depth == CS_FRAMES)
		return mdl_cs_fatal(cs, CS_EX_CALL_STACK_OVERFLOW, mdl_cs_pc_address(cs));
	cs->time_ns += MDL_COST_CALL;
	cs->frames[cs->depth++] = cs->at;
	cs->handler_depth = (uint8_t)cs->depth;
	cs->at = (struct cs_range){ .start = va, .pc = va, .end = end };
	return CS_TAKEN;
}

/* A frame has been left. */
void mdl_cs_handler_left(struct mdl_cs *cs)
{
	struct mdl_cs *other;
	unsigned int at = 0;

	if (!in_handler(cs) || cs->depth >= cs->handler_depth)
		return;
	cs->handler_depth = 0;
	while ((other = next_sharer(cs, &at)))
		if (other->oom == CS_OOM_HANDLED)
			other->oom = CS_OOM_TRIED;
	cs->pending |= CS_TELL_GROUP;
}

/* ---- what draws take ---- */

/* The job gets no memory: CS_FAULT, and it is dropped. */
static enum cs_step no_memory(struct mdl_cs *cs)
{
	mdl_cs_fault(cs, CS_EX_OOM, cs->heap);
	mdl_cs_heap_drop(cs);
	return CS_DROP;
}

/* There is no chunk, and the host has none. Return: CS_BLOCK, CS_LATER or CS_DROP. */
static enum cs_step do_without(struct mdl_cs *cs, const struct heap_context *ctx)
{
	if (cs->oom == CS_OOM_TRIED)
		return no_memory(cs);
	if (cs->oom == CS_OOM_HANDLED && handler_runs(cs))
		return mdl_cs_block(cs, MDL_CS_BLOCKED_SB);
	cs->oom = CS_OOM_DENIED;
	if (ctx->vt_end > ctx->frag_end)
		return mdl_cs_block(cs, MDL_CS_BLOCKED_SB);
	if (handler_runs(cs) || call_handler(cs))
		cs->oom = CS_OOM_HANDLED;
	else if (!handler_known(cs))
		return no_memory(cs);
	/* its own handler is what it executes next */
	return cs->handler_due ? CS_LATER : mdl_cs_block(cs, MDL_CS_BLOCKED_SB);
}

static enum cs_step out_of_memory(struct mdl_cs *cs, const struct heap_context *ctx)
{
	if (in_handler(cs))
		return no_memory(cs);
	cs->wait = CS_WAIT_SB(1u << cs->entry_endpoint);
	switch (cs->oom) {
	case CS_OOM_NONE:
		cs->oom = CS_OOM_ASKED;
		cs->pending |= CS_TELL_OOM;
		return mdl_cs_block(cs, MDL_CS_BLOCKED_SB);
	case CS_OOM_ASKED:
	case CS_OOM_TOLD:
		return mdl_cs_block(cs, MDL_CS_BLOCKED_SB);
	default:
		return do_without(cs, ctx);
	}
}

static enum cs_step draw_fault(struct mdl_cs *cs, const struct mdl_fault *fault)
{
	mdl_cs_fault(cs, fault->bus ? CS_EX_BUS : fault->exception, fault->va);
	mdl_cs_heap_drop(cs);
	return CS_DROP;
}

/* The chunk is full: appends it to the completed ones. *ret_next: what it was linked to. */
static bool complete(struct mdl_cs *cs, struct draw *d, uint64_t *ret_next,
		     struct mdl_fault *ret_fault)
{
	uint64_t chunk = chunk_va(d->heap.base) | d->heap.size >> 12, none = 0, ends[2];

	if (!rd(cs, chunk_va(chunk), ret_next, sizeof(*ret_next), ret_fault) ||
	    !wr(cs, chunk_va(chunk), &none, sizeof(none), ret_fault) ||
	    !rd(cs, d->context_va + 4 * CTX_COMPLETED_TOP, ends, sizeof(ends), ret_fault))
		return false;
	if (!ends[0])
		ends[0] = chunk;
	else if (!wr(cs, chunk_va(ends[1]), &chunk, sizeof(chunk), ret_fault))
		return false;
	ends[1] = chunk;
	return wr(cs, d->context_va + 4 * CTX_COMPLETED_TOP, ends, sizeof(ends), ret_fault);
}

/* Takes the first free chunk, *ret_chunk; 0: there is none. */
static bool take_free(struct mdl_cs *cs, struct heap_context *ctx, uint64_t *ret_chunk,
		      struct mdl_fault *ret_fault)
{
	uint64_t none = 0, chunk = ctx->free;

	*ret_chunk = chunk;
	if (!chunk)
		return true;
	return rd(cs, chunk_va(chunk), &ctx->free, sizeof(ctx->free), ret_fault) &&
	       wr(cs, chunk_va(chunk), &none, sizeof(none), ret_fault) &&
	       wr(cs, cs->heap, ctx, sizeof(*ctx), ret_fault);
}

/* Gives the descriptor the next chunk. Return: CS_NEXT; CS_BLOCK; CS_LATER; CS_DROP. */
static enum cs_step next_chunk(struct mdl_cs *cs, struct draw *d)
{
	struct heap_context ctx = { 0 };
	struct mdl_fault fault;
	uint64_t chunk = 0;

	if (d->heap.base && !complete(cs, d, &chunk, &fault))
		return draw_fault(cs, &fault);
	if (!chunk && cs->heap &&
	    (!read_context(cs, &ctx, &fault) || !take_free(cs, &ctx, &chunk, &fault)))
		return draw_fault(cs, &fault);
	d->heap.base = chunk_va(chunk);
	d->heap.bottom = chunk ? d->heap.base + MDL_HEAP_CHUNK_HEADER : 0;
	d->heap.top = d->heap.base + chunk_bytes(chunk);
	if (!wr(cs, d->descriptor_va, &d->heap, sizeof(d->heap), &fault))
		return draw_fault(cs, &fault);
	cs->time_ns += MDL_COST_HEAP_CHUNK;
	if (!chunk)
		return cs->heap ? out_of_memory(cs, &ctx) : no_memory(cs);
	if (!in_handler(cs))
		cs->oom = CS_OOM_NONE;
	return CS_NEXT;
}

static bool read_draw(struct mdl_cs *cs, uint64_t context_va, struct draw *ret_draw,
		      struct mdl_fault *ret_fault)
{
	ret_draw->context_va = context_va;
	return rd(cs, context_va + 4 * CTX_HEAP, &ret_draw->descriptor_va,
		  sizeof(ret_draw->descriptor_va), ret_fault) &&
	       (!ret_draw->descriptor_va || rd(cs, ret_draw->descriptor_va, &ret_draw->heap,
					       sizeof(ret_draw->heap), ret_fault));
}

/*
 * Memory for a draw. Return: CS_NEXT: it has it; CS_DROP: a fault has been told, the job is dropped; CS_BLOCK; CS_LATER.
 * With the latter two the instruction is executed again and goes on where it was.
 */
enum cs_step mdl_cs_heap_take(struct mdl_cs *cs, uint64_t context_va, uint64_t bytes)
{
	uint64_t *left = in_handler(cs) ? &bytes : &cs->heap_left;
	struct mdl_fault fault;
	struct draw d = { 0 };
	unsigned int n;
	enum cs_step step;

	if (!context_va)
		return CS_NEXT;
	if (!read_draw(cs, context_va, &d, &fault))
		return draw_fault(cs, &fault);
	if (!d.descriptor_va)
		return CS_NEXT;
	if (!in_handler(cs) && !cs->heap_begun) {
		cs->heap_begun = true;
		cs->heap_left = bytes;
	}
	/*
	 * When the host has been told the stream waits for its answer, whatever comes back meanwhile: the answer changes the heap's
	 * lists, and when the stream's jobs have ended the host may have taken the heap away.
	 */
	if (!in_handler(cs) && cs->oom == CS_OOM_TOLD)
		return out_of_memory(cs, NULL);
	for (n = 0; n < HEAP_STEP_CHUNKS; n++) {
		uint64_t room = d.heap.top > d.heap.bottom ? d.heap.top - d.heap.bottom : 0;

		if (*left <= room) {
			d.heap.bottom += *left;
			if (!wr(cs, d.descriptor_va, &d.heap, sizeof(d.heap), &fault))
				return draw_fault(cs, &fault);
			if (!in_handler(cs))
				mdl_cs_heap_drop(cs);
			return CS_NEXT;
		}
		*left -= room;
		step = next_chunk(cs, &d);
		if (step != CS_NEXT)
			return step;
	}
	return in_handler(cs) ? no_memory(cs) : CS_LATER;
}

/* The draw that takes memory is over, one way or the other. */
void mdl_cs_heap_drop(struct mdl_cs *cs)
{
	if (in_handler(cs))
		return;
	cs->heap_begun = false;
	cs->heap_left = 0;
	cs->oom = CS_OOM_NONE;
}

/** mdl_cs_heap_told() - CS_TILER_OOM is raised: nothing happens to the draw before the host's answer */
void mdl_cs_heap_told(struct mdl_cs *cs)
{
	if (cs->oom == CS_OOM_ASKED)
		cs->oom = CS_OOM_TOLD;
}

/** mdl_cs_heap_answer() - the host answers CS_TILER_OOM with the chunks first..last; 0 = with none */
void mdl_cs_heap_answer(struct mdl_cs *cs, uint64_t first, uint64_t last)
{
	struct heap_context ctx;
	struct mdl_fault fault;

	if (cs->oom != CS_OOM_ASKED && cs->oom != CS_OOM_TOLD)
		return;
	cs->oom = first ? CS_OOM_NONE : CS_OOM_DENIED;
	if (first && (!read_context(cs, &ctx, &fault) ||
		      !give(cs, &ctx, first, last ? last : first, &fault) ||
		      !wr(cs, cs->heap, &ctx, sizeof(ctx), &fault)))
		mdl_cs_fatal(cs, CS_EX_BUS, fault.va);
	cs->pending |= CS_TELL_GROUP;
	mdl_cs_wake(cs, mdl_now(cs->m));
	mdl_cs_deliver(cs);
}
