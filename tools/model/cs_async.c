// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Instructions that can be deferred: they wait until the scoreboard entries of a mask are free, then
 * do their work beside the stream, then release an entry of their own. Flushes and FINISH_* also take
 * a time.
 *
 * Registers are read at issue: the stream may change them at once. An entry counts from issue, so an
 * instruction that waits for the entry that it signals waits for ever, as on hardware. Without a mask
 * only FLUSH_CACHE2 and FINISH_TILING are deferred; the others are done within the stream.
 *
 * Invariant: a slot in use holds one count of its entry.
 */
#include "tools/model/cs_priv.h"

static bool flush_mode_ok(uint64_t word)
{
	unsigned int l2 = cs_bits(word, 0, 4), lsc = cs_bits(word, 4, 4);
	unsigned int other = cs_bits(word, 8, 4);

	return (l2 == 0 || l2 == 1 || l2 == 3) && (lsc == 0 || lsc == 1 || lsc == 3) &&
	       (other == 0 || other == 2);
}

static bool heap_operation_ok(unsigned int operation)
{
	return operation <= CS_HEAP_FRAG_END && operation != 2;
}

static bool valid(const struct mdl_cs *cs, uint64_t word)
{
	unsigned int a = cs_a(word), b = cs_b(word);
	bool wide = cs->arch >= 11; /* two of the fields are wider */

	switch (cs_opcode(word)) {
	case CS_OP_FINISH_TILING:
	case CS_OP_SHARED_SB_INC:
		return true;
	case CS_OP_FLUSH_CACHE2:
		return flush_mode_ok(word) && cs_reg_ok(a);
	case CS_OP_FINISH_FRAGMENT:
		return cs_pair_ok(a) && cs_pair_ok(b);
	case CS_OP_STORE_STATE:
		return cs_pair_ok(a) && cs_bits(word, 32, wide ? 8 : 2) <= CS_STATE_ERROR;
	case CS_OP_HEAP_OPERATION:
		return heap_operation_ok(cs_bits(word, 32, wide ? 3 : 2));
	case CS_OP_TRACE_POINT:
		return a + b <= MDL_CS_REGS;
	default:
		return mdl_cs_sync_valid(word);
	}
}

/* Time that the instruction takes beside the stream. */
static uint64_t duration(struct mdl_cs *cs, uint64_t word, uint64_t data)
{
	uint32_t id = (uint32_t)data;
	uint64_t ns = 0;

	switch (cs_opcode(word)) {
	case CS_OP_FLUSH_CACHE2:
		/* the caches were flushed since the host took the id: nothing of then is left */
		if (id && id != mdl_gpu_latest_flush(cs->m))
			return MDL_COST_FLUSH_SKIPPED;
		if (cs_bits(word, 8, 4))
			ns = MDL_COST_FLUSH_OTHER;
		if (cs_bits(word, 4, 4))
			ns = MDL_COST_FLUSH_LSC;
		if (cs_bits(word, 0, 4))
			ns = MDL_COST_FLUSH_L2;
		return ns ? ns : 1;
	case CS_OP_FINISH_TILING:
		return MDL_COST_FINISH_TILING;
	case CS_OP_FINISH_FRAGMENT:
		return MDL_COST_FINISH_FRAGMENT;
	default:
		return 0;
	}
}

static void shared_inc(struct mdl_cs *cs, uint64_t word)
{
	uint16_t *entry = &mdl_csf_shared_entries(cs->m, cs->csg)[cs_bits(word, 48, 4)];

	if (*entry < UINT16_MAX)
		++*entry;
	cs->pending |= CS_TELL_GROUP;
	cs_count_progress(cs, word);
}

/* What the instruction does when its time is over. */
static enum cs_step effect(struct mdl_cs *cs, uint64_t word, uint64_t address, uint64_t data)
{
	uint32_t id = (uint32_t)data;

	switch (cs_opcode(word)) {
	case CS_OP_FLUSH_CACHE2:
		if (cs_bits(word, 0, 4) && !(id && id != mdl_gpu_latest_flush(cs->m)))
			mdl_gpu_flush_l2(cs->m, cs_bits(word, 0, 4));
		return CS_NEXT;
	case CS_OP_FINISH_TILING:
		cs_count_progress(cs, word);
		return CS_NEXT;
	case CS_OP_SHARED_SB_INC:
		shared_inc(cs, word);
		return CS_NEXT;
	case CS_OP_FINISH_FRAGMENT:
		return mdl_cs_heap_finish(cs, cs_bits(word, 0, 1), address, data);
	case CS_OP_HEAP_OPERATION:
		return mdl_cs_heap_operation(cs, (enum cs_heap_operation)cs_bits(word, 32, 2));
	case CS_OP_TRACE_POINT: /* nobody reads a trace */
		return CS_NEXT;
	case CS_OP_STORE_STATE:
		return mdl_cs_store_state(cs, word, address);
	default:
		return mdl_cs_sync_write(cs, word, address, data);
	}
}

static void release(struct mdl_cs *cs, struct cs_async *op)
{
	cs->scoreboard[op->entry]--;
	op->used = false;
	op->running = false;
}

static void on_done(struct mmx_model *m, struct mdl_event *ev)
{
	struct cs_async *op = (struct cs_async *)(void *)ev;
	struct mdl_cs *cs = op->cs;
	uint64_t at_ns = ev->at_ns;

	(void)m;
	effect(cs, op->word, op->address, op->data);
	release(cs, op);
	mdl_cs_async_scan(cs, at_ns);
	mdl_cs_wake(cs, at_ns);
	if (cs->paused && mdl_cs_quiet(cs))
		cs->pending |= CS_TELL_STATE;
	mdl_cs_deliver(cs);
}

/* The oldest instruction that waits for nothing any more. */
static struct cs_async *next_due(struct mdl_cs *cs)
{
	struct cs_async *best = NULL;
	uint32_t busy = 0;
	unsigned int i;

	for (i = 0; i < MDL_CS_SCOREBOARDS; i++)
		if (cs->scoreboard[i])
			busy |= 1u << i;
	for (i = 0; i < CS_ASYNCS; i++) {
		struct cs_async *op = &cs->asyncs[i];

		if (!op->used || op->running || op->wait_mask & busy)
			continue;
		if (cs_opcode(op->word) == CS_OP_FINISH_TILING && mdl_cs_tiling(cs, op->order))
			continue;
		if (!best || (int32_t)(op->order - best->order) < 0)
			best = op;
	}
	return best;
}

/* An entry has been released, or an instruction issued: starts what need not wait any longer. */
void mdl_cs_async_scan(struct mdl_cs *cs, uint64_t at_ns)
{
	struct cs_async *op;
	uint64_t ns;

	while (!cs->dead && (op = next_due(cs))) {
		ns = duration(cs, op->word, op->data);
		if (ns) {
			op->running = true;
			mdl_event_add(cs->m, &op->event, at_ns + ns);
			continue;
		}
		if (effect(cs, op->word, op->address, op->data) == CS_DEAD)
			return;
		release(cs, op);
	}
}

/* Without a mask: done within the stream. */
static enum cs_step do_now(struct mdl_cs *cs, uint64_t word, uint64_t address, uint64_t data)
{
	unsigned int op = cs_opcode(word);
	uint64_t ns = duration(cs, word, data);

	if (!ns)
		ns = op == CS_OP_HEAP_OPERATION || op == CS_OP_TRACE_POINT ||
				     op == CS_OP_SHARED_SB_INC
			     ? MDL_COST_SIMPLE
			     : MDL_COST_SYNC;
	if (cs->time_ns - cs->slice_ns > MDL_SLICE_EARLY_NS)
		return CS_LATER;
	cs->time_ns += ns;
	return effect(cs, word, address, data);
}

static struct cs_async *free_slot(struct mdl_cs *cs)
{
	unsigned int i;

	for (i = 0; i < CS_ASYNCS; i++)
		if (!cs->asyncs[i].used)
			return &cs->asyncs[i];
	return NULL;
}

/* Prepares a slot that was filled by restore or issue, and counts it. */
void mdl_cs_async_init(struct mdl_cs *cs, struct cs_async *op)
{
	op->cs = cs;
	op->event.fn = on_done;
	op->used = true;
	op->order = cs->next_order++;
	cs->scoreboard[op->entry]++;
}

/* Issues one of the instructions that this file is about. */
enum cs_step mdl_cs_async(struct mdl_cs *cs, uint64_t word)
{
	unsigned int opcode = cs_opcode(word);
	bool tiling = opcode == CS_OP_FINISH_TILING;
	bool indirect = !tiling && cs->arch >= 11 && cs_bits(word, 52, 1);
	uint32_t mask = tiling ? 0 : indirect ? cs->mask_wait : cs_mask(word);
	unsigned int entry = tiling ? cs->entry_endpoint : cs_signal(word);
	uint64_t address = 0, data = 0;
	struct cs_async *op;

	/* these bits of SHARED_SB_INC name the shared entry */
	if (indirect || opcode == CS_OP_SHARED_SB_INC)
		entry = cs->entry_deferred;
	if (!valid(cs, word) || mask >> MDL_CS_SCOREBOARDS)
		return cs_invalid(cs);
	if (opcode == CS_OP_FLUSH_CACHE2) {
		data = cs->regs[cs_a(word)];
	} else if (opcode == CS_OP_STORE_STATE) {
		address = cs_pair(cs, cs_a(word)) + (uint64_t)cs_simm16(word);
	} else if (opcode == CS_OP_SYNC_ADD32 || opcode == CS_OP_SYNC_SET32) {
		address = cs_pair(cs, cs_a(word));
		data = cs->regs[cs_b(word)];
	} else if (opcode == CS_OP_SYNC_ADD64 || opcode == CS_OP_SYNC_SET64 ||
		   opcode == CS_OP_FINISH_FRAGMENT) {
		address = cs_pair(cs, cs_a(word));
		data = cs_pair(cs, cs_b(word));
	}
	if (!mask && !tiling && opcode != CS_OP_FLUSH_CACHE2)
		return do_now(cs, word, address, data);
	if (entry >= MDL_CS_SCOREBOARDS)
		return cs_invalid(cs);
	op = free_slot(cs);
	if (!op)
		return mdl_cs_block(cs, MDL_CS_BLOCKED_DEFERRED);
	cs->time_ns += MDL_COST_SIMPLE;
	op->entry = (uint8_t)entry;
	op->wait_mask = (uint8_t)mask;
	op->word = word;
	op->address = address;
	op->data = data;
	mdl_cs_async_init(cs, op);
	mdl_cs_async_scan(cs, cs->time_ns);
	return cs->dead ? CS_DEAD : CS_NEXT;
}

/* Forgets all; nothing is signalled. */
void mdl_cs_async_clear(struct mdl_cs *cs)
{
	unsigned int i;

	for (i = 0; i < CS_ASYNCS; i++) {
		mdl_event_del(cs->m, &cs->asyncs[i].event);
		cs->asyncs[i].used = false;
		cs->asyncs[i].running = false;
	}
}
