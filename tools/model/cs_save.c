// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Suspension: a stream as bytes.
 *
 * The layout is the model's own and has no holes: little-endian fields one after the other in the
 * order of save() below. A suspend buffer lies in memory that others may write, so restore() believes
 * nothing: what would put the stream outside its bounds is refused, scoreboards are counted anew.
 *
 * Jobs are saved with what remains of them, deferred instructions with the registers of their issue, all of them with
 * their rank in the order of issue. A task that a job was at begins anew as far as the progress timer is concerned.
 * Waits are not saved: the instruction is executed again. A draw that lacked memory asks the host again.
 */
#include "tools/model/cs_priv.h"

#include <string.h>

#define MAGIC 0x53434d4du /* "MMCS" */

/* flags */
#define F_DEAD 1u
#define F_IDLE 2u

struct cursor {
	uint8_t *out; /* NULL while reading */
	const uint8_t *in;
	size_t at;
};

/* Saves or restores one field of up to 8 bytes. */
static uint64_t field(struct cursor *c, uint64_t value, unsigned int bytes)
{
	uint64_t r = 0;
	unsigned int i;

	for (i = 0; i < bytes; i++, c->at++) {
		if (c->out)
			c->out[c->at] = (uint8_t)(value >> 8 * i);
		else
			r |= (uint64_t)c->in[c->at] << 8 * i;
	}
	return c->out ? value : r;
}

static void range(struct cursor *c, struct cs_range *r)
{
	r->start = field(c, r->start, 8);
	r->pc = field(c, r->pc, 8);
	r->end = field(c, r->end, 8);
}

/* All but jobs and deferred instructions: 668 bytes. */
static void scalars(struct cursor *c, struct mdl_cs *cs)
{
	unsigned int i;

	for (i = 0; i < MDL_CS_REGS; i++)
		cs->regs[i] = (uint32_t)field(c, cs->regs[i], 4);
	range(c, &cs->at);
	cs->depth = (unsigned int)field(c, cs->depth, 1);
	for (i = 0; i < CS_FRAMES; i++)
		range(c, &cs->frames[i]);
	cs->entry_endpoint = (uint8_t)field(c, cs->entry_endpoint, 1);
	cs->entry_memory = (uint8_t)field(c, cs->entry_memory, 1);
	cs->resources = (uint32_t)field(c, cs->resources, 1);
	cs->req_resource = (uint32_t)field(c, cs->req_resource, 1);
	cs->progress = field(c, cs->progress, 8);
	cs->disjoint = (uint32_t)field(c, cs->disjoint, 4);
	cs->handler_address = field(c, cs->handler_address, 8);
	cs->handler_length = (uint32_t)field(c, cs->handler_length, 4);
	cs->heap = field(c, cs->heap, 8);
	cs->heap_vt_start = (uint32_t)field(c, cs->heap_vt_start, 4);
	cs->heap_vt_end = (uint32_t)field(c, cs->heap_vt_end, 4);
	cs->heap_frag_end = (uint32_t)field(c, cs->heap_frag_end, 4);
	cs->handler_known = field(c, cs->handler_known, 1);
	cs->handler_due = field(c, cs->handler_due, 1);
	cs->handler_depth = (uint8_t)field(c, cs->handler_depth, 1);
	cs->heap_begun = field(c, cs->heap_begun, 1);
	cs->heap_left = field(c, cs->heap_left, 8);
	cs->oom = (enum cs_oom)field(c, cs->oom, 1);
	cs->poison = (uint8_t)field(c, cs->poison, 1);
	cs->fault = (uint32_t)field(c, cs->fault, 4);
	cs->fatal = (uint32_t)field(c, cs->fatal, 4);
	cs->fault_info = field(c, cs->fault_info, 8);
	cs->fatal_info = field(c, cs->fatal_info, 8);
	cs->entry_deferred = (uint8_t)field(c, cs->entry_deferred, 1);
	cs->mask_stream = (uint16_t)field(c, cs->mask_stream, 2);
	cs->mask_wait = (uint16_t)field(c, cs->mask_wait, 2);
}

/* 20 bytes each. */
static void job(struct cursor *c, struct cs_job *slot)
{
	slot->used = field(c, slot->used, 1);
	slot->job.kind = (enum mdl_job_kind)field(c, slot->job.kind, 1);
	slot->entry = (uint8_t)(field(c, slot->entry | (uint64_t)slot->progress << 7, 1));
	slot->progress = slot->entry >> 7;
	slot->entry &= 0x7f;
	slot->order = (uint32_t)field(c, slot->order, 1);
	slot->job.left_cycles = field(c, slot->job.left_cycles, 8);
	slot->job.task_cycles = field(c, slot->job.task_cycles, 8);
}

/* 28 bytes each. */
static void async(struct cursor *c, struct cs_async *op)
{
	op->used = field(c, op->used, 1);
	op->entry = (uint8_t)field(c, op->entry, 1);
	op->wait_mask = (uint8_t)field(c, op->wait_mask, 1);
	op->order = (uint32_t)field(c, op->order, 1);
	op->word = field(c, op->word, 8);
	op->address = field(c, op->address, 8);
	op->data = field(c, op->data, 8);
}

_Static_assert(8 + 668 + CS_JOBS * 20 + CS_ASYNCS * 28 <= MDL_CS_STATE_SIZE, "does not fit");

/* How many of a stream's jobs and deferred instructions were issued before @order. */
static uint32_t rank(const struct mdl_cs *cs, uint32_t order)
{
	uint32_t n = 0;
	unsigned int i;

	for (i = 0; i < CS_JOBS; i++)
		n += cs->jobs[i].used && (int32_t)(cs->jobs[i].order - order) < 0;
	for (i = 0; i < CS_ASYNCS; i++)
		n += cs->asyncs[i].used && (int32_t)(cs->asyncs[i].order - order) < 0;
	return n;
}

/** mdl_cs_save() - saves a stream that is paused and quiet */
void mdl_cs_save(const struct mdl_cs *cs, uint8_t buf[MDL_CS_STATE_SIZE])
{
	struct cursor c = { .out = buf };
	struct mdl_cs copy = *cs;
	unsigned int i;

	memset(buf, 0, MDL_CS_STATE_SIZE);
	field(&c, MAGIC, 4);
	field(&c, copy.dead * F_DEAD | copy.idle * F_IDLE, 4);
	scalars(&c, &copy);
	for (i = 0; i < CS_JOBS; i++) {
		copy.jobs[i].order = rank(cs, cs->jobs[i].order);
		job(&c, &copy.jobs[i]);
	}
	for (i = 0; i < CS_ASYNCS; i++) {
		copy.asyncs[i].order = rank(cs, cs->asyncs[i].order);
		async(&c, &copy.asyncs[i]);
	}
}

static bool range_ok(const struct cs_range *r)
{
	return r->start <= r->pc && r->pc <= r->end && !((r->start | r->pc | r->end) & 7);
}

/* The instructions that can stand in a deferred slot, as their issue let them in. */
static bool async_ok(const struct cs_async *op)
{
	unsigned int opcode = cs_opcode(op->word);

	if (op->entry >= MDL_CS_SCOREBOARDS || op->order >= CS_JOBS + CS_ASYNCS)
		return false;
	switch (opcode) {
	case CS_OP_FINISH_TILING:
	case CS_OP_FINISH_FRAGMENT:
	case CS_OP_FLUSH_CACHE2:
	case CS_OP_STORE_STATE:
	case CS_OP_HEAP_OPERATION:
	case CS_OP_TRACE_POINT:
	case CS_OP_SHARED_SB_INC:
		return true;
	case CS_OP_SYNC_ADD32:
	case CS_OP_SYNC_SET32:
	case CS_OP_SYNC_ADD64:
	case CS_OP_SYNC_SET64:
		return mdl_cs_sync_valid(op->word);
	default:
		return false;
	}
}

static bool state_ok(const struct mdl_cs *cs)
{
	unsigned int i;

	if (cs->depth > CS_FRAMES || cs->entry_endpoint >= MDL_CS_SCOREBOARDS ||
	    cs->entry_memory >= MDL_CS_SCOREBOARDS || cs->entry_deferred >= MDL_CS_SCOREBOARDS ||
	    (cs->mask_stream | cs->mask_wait) >> MDL_CS_SCOREBOARDS ||
	    cs->resources & ~cs_resources(cs) || cs->handler_depth > cs->depth ||
	    cs->oom > CS_OOM_TRIED || !range_ok(&cs->at))
		return false;
	for (i = 0; i < cs->depth; i++)
		if (!range_ok(&cs->frames[i]))
			return false;
	for (i = 0; i < CS_JOBS; i++) {
		const struct cs_job *slot = &cs->jobs[i];

		if (slot->used &&
		    (slot->entry >= MDL_CS_SCOREBOARDS || slot->job.kind >= MDL_JOB_KINDS ||
		     slot->order >= CS_JOBS + CS_ASYNCS || slot->job.left_cycles > MDL_COST_MAX ||
		     slot->job.task_cycles > MDL_COST_MAX))
			return false;
	}
	for (i = 0; i < CS_ASYNCS; i++)
		if (cs->asyncs[i].used && !async_ok(&cs->asyncs[i]))
			return false;
	return true;
}

/* Gives the jobs and deferred instructions of a checked state back to their endpoints, in the order of their issue. */
static void go_on(struct mdl_cs *cs)
{
	uint32_t ranks[CS_JOBS + CS_ASYNCS];
	unsigned int i, n;

	for (i = 0; i < CS_JOBS; i++)
		ranks[i] = cs->jobs[i].order;
	for (i = 0; i < CS_ASYNCS; i++)
		ranks[CS_JOBS + i] = cs->asyncs[i].order;
	for (n = 0; n < CS_JOBS + CS_ASYNCS; n++) {
		for (i = 0; i < CS_JOBS; i++) {
			struct mdl_job *j = &cs->jobs[i].job;

			if (!cs->jobs[i].used || ranks[i] != n)
				continue;
			j->cost_cycles = j->left_cycles;
			mdl_cs_job_init(cs, &cs->jobs[i]);
			mdl_cores_submit(cs->m, j);
		}
		for (i = 0; i < CS_ASYNCS; i++)
			if (cs->asyncs[i].used && ranks[CS_JOBS + i] == n)
				mdl_cs_async_init(cs, &cs->asyncs[i]);
	}
	mdl_cs_async_scan(cs, cs->time_ns);
}

/** mdl_cs_restore() - Return: false if the buffer does not hold a saved stream; it is stopped then */
bool mdl_cs_restore(struct mdl_cs *cs, const struct mdl_cs_params *params,
		    const uint8_t buf[MDL_CS_STATE_SIZE])
{
	struct cursor c = { .in = buf };
	uint32_t magic, flags;
	unsigned int i;

	mdl_cs_clear(cs);
	magic = (uint32_t)field(&c, 0, 4);
	flags = (uint32_t)field(&c, 0, 4);
	scalars(&c, cs);
	for (i = 0; i < CS_JOBS; i++)
		job(&c, &cs->jobs[i]);
	for (i = 0; i < CS_ASYNCS; i++)
		async(&c, &cs->asyncs[i]);
	if (magic != MAGIC || flags & ~(F_DEAD | F_IDLE) || !state_ok(cs)) {
		mdl_cs_clear(cs);
		return false;
	}
	cs->idle = flags & F_IDLE;
	cs->disjoint++;
	/* what the host did not answer, or could not give then, it is asked again (panthor expects it) */
	if (cs->oom == CS_OOM_ASKED || cs->oom == CS_OOM_TOLD || cs->oom == CS_OOM_DENIED)
		cs->oom = CS_OOM_NONE;
	if (flags & F_DEAD) {
		for (i = 0; i < CS_JOBS; i++)
			cs->jobs[i].used = false;
		for (i = 0; i < CS_ASYNCS; i++)
			cs->asyncs[i].used = false;
	}
	if (mdl_cs_attach(cs, params)) {
		cs->dead = flags & F_DEAD;
		cs->ready = !cs->dead;
		if (!cs->dead)
			go_on(cs);
	}
	mdl_cs_deliver(cs);
	return true;
}
