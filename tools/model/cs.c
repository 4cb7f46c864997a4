// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Life of a command stream: start, stop, wake, slice, what it reports and what it publishes.
 *
 * Owns struct mdl_cs. Called by csf.c, and by timed events of jobs and deferred instructions. What a
 * stream has to say is collected while it works and told at the end (mdl_cs_deliver), first the memory
 * that the host reads, then the report: so csf.c may call any function of cs.h from inside a report.
 *
 * Time: a stream has a time of its own, time_ns, at which its next instruction is due. Each instruction
 * moves it on. It may lag behind the clock by MDL_CATCH_UP_NS at most and is never ahead of it when a
 * slice begins.
 *
 * Invariant: a dead or stopped stream has no job on an endpoint and no event queued.
 */
#include "tools/model/cs.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tools/model/cs_priv.h"
#include "tools/model/product.h"

#define GROUP_STREAMS_MAX 32

static bool outstanding(const struct mdl_cs *cs)
{
	unsigned int i;

	for (i = 0; i < MDL_CS_SCOREBOARDS; i++)
		if (cs->scoreboard[i])
			return true;
	return false;
}

/* The progress that the host knows of: {u64 extract, u32 active} in the output page. */
static void publish(struct mdl_cs *cs)
{
	uint64_t extract = cs->depth ? cs->frames[0].pc : cs->at.pc;
	uint32_t active = cs->started && !cs->dead && !(cs->idle && !outstanding(cs));

	if (!cs->started)
		return;
	if (cs->published && extract == cs->published_extract && active == cs->published_active)
		return;
	cs->published = true;
	cs->published_extract = extract;
	cs->published_active = active;
	/* what the stream wrote is visible before the host learns that it got so far */
	atomic_thread_fence(memory_order_release);
	if (mdl_mmu_write(cs->m, 0, cs->params.output_va, &extract, sizeof(extract), NULL))
		mdl_mmu_write(cs->m, 0, cs->params.output_va + 8, &active, sizeof(active), NULL);
}

/* What mdl_cs_status() says, as far as a change of it is worth a report. */
static uint32_t summary(const struct mdl_cs *cs)
{
	bool empty = cs->idle && !outstanding(cs);

	return (uint32_t)cs->blocked | (uint32_t)empty << 8 | (uint32_t)cs->dead << 9;
}

static void wake_group(struct mdl_cs *cs)
{
	unsigned int i;

	for (i = 0; i < GROUP_STREAMS_MAX; i++) {
		struct mdl_cs *other = mdl_csf_stream(cs->m, cs->csg, i);

		if (!other)
			break;
		if (other != cs)
			mdl_cs_wake(other, cs->time_ns);
	}
}

/* The last act of each slice and event: publishes and reports. The stream may be stopped after it. */
void mdl_cs_deliver(struct mdl_cs *cs)
{
	static const enum mdl_cs_report reports[] = {
		MDL_CS_FAULT,	  MDL_CS_FATAL,	     MDL_CS_SYNC_UPDATE,
		MDL_CS_TILER_OOM, MDL_CS_PROTM_PEND, MDL_CS_STATE_CHANGED,
	};
	uint32_t now = summary(cs);
	unsigned int i;

	if (now != cs->told) {
		cs->told = now;
		cs->pending |= CS_TELL_STATE;
	}
	publish(cs);
	if (cs->pending & CS_TELL_GROUP) {
		cs->pending &= ~CS_TELL_GROUP;
		wake_group(cs);
	}
	for (i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		uint32_t bit = 1u << reports[i];

		if (!(cs->pending & bit))
			continue;
		cs->pending &= ~bit;
		mdl_csf_cs_report(cs->m, cs->csg, cs->index, reports[i]);
	}
}

/* Something that it may wait for has happened at @at_ns. */
void mdl_cs_wake(struct mdl_cs *cs, uint64_t at_ns)
{
	if (!cs->started || cs->dead)
		return;
	cs->ready = true;
	if (cs->time_ns < at_ns)
		cs->time_ns = at_ns;
}

/* A time for work that begins at @at_ns, if not that is too long ago. */
uint64_t mdl_cs_late(const struct mdl_cs *cs, uint64_t at_ns)
{
	uint64_t now = mdl_now(cs->m);

	return at_ns + MDL_CATCH_UP_NS < now ? now - MDL_CATCH_UP_NS : at_ns;
}

static void drop_work(struct mdl_cs *cs)
{
	mdl_cs_job_clear(cs);
	mdl_cs_async_clear(cs);
	memset(cs->scoreboard, 0, sizeof(cs->scoreboard));
}

/* CS_FATAL: ends the stream. */
enum cs_step mdl_cs_fatal(struct mdl_cs *cs, enum cs_exception exception, uint64_t info)
{
	if (cs->dead)
		return CS_DEAD;
	cs->fatal = (uint32_t)exception;
	cs->fatal_info = info;
	cs->dead = true;
	cs->ready = false;
	cs->blocked = MDL_CS_UNBLOCKED;
	cs->wait = 0;
	cs->pending |= CS_TELL_FATAL;
	drop_work(cs);
	return CS_DEAD;
}

/* CS_FAULT: poisons the stream up to its ERROR_BARRIER. Only the first one until then is told. */
void mdl_cs_fault(struct mdl_cs *cs, uint32_t exception, uint64_t info)
{
	if (cs->poison)
		return;
	cs->poison = (uint8_t)exception;
	cs->fault = exception & 0xff;
	cs->fault_info = info;
	cs->pending |= CS_TELL_FAULT;
}

enum cs_step mdl_cs_block(struct mdl_cs *cs, enum mdl_cs_blocked why)
{
	cs->blocked = why;
	cs->ready = false;
	return CS_BLOCK;
}

/* Address of the instruction that is due. */
uint64_t mdl_cs_pc_address(const struct mdl_cs *cs)
{
	if (cs->depth)
		return cs->at.pc;
	return cs->params.ring_base + (cs->at.pc & (cs->params.ring_size - 1));
}

/* Forgets everything but what the stream is. */
void mdl_cs_clear(struct mdl_cs *cs)
{
	struct mmx_model *m = cs->m;
	unsigned int csg = cs->csg, index = cs->index, arch = cs->arch;

	drop_work(cs);
	memset(cs, 0, sizeof(*cs));
	cs->m = m;
	cs->csg = csg;
	cs->index = index;
	cs->arch = arch;
	cs->mask_stream = (1u << MDL_CS_SCOREBOARDS) - 1;
	cs->time_ns = mdl_now(m);
}

/* Takes over @params. Return: false if no ring can be made of them; the stream is dead then. */
bool mdl_cs_attach(struct mdl_cs *cs, const struct mdl_cs_params *params)
{
	uint32_t size = params->ring_size;

	cs->params = *params;
	cs->started = true;
	if (size >= 8 && !(size & (size - 1)) && !(params->ring_base & 7))
		return true;
	cs->params.ring_size = 8;
	mdl_cs_fatal(cs, CS_EX_CONFIG, params->ring_base);
	return false;
}

/** mdl_cs_create() - Return: NULL without memory. The stream is stopped. */
struct mdl_cs *mdl_cs_create(struct mmx_model *m, unsigned int csg, unsigned int index)
{
	struct mdl_cs *cs = calloc(1, sizeof(*cs));

	if (!cs)
		return NULL;
	cs->m = m;
	cs->csg = csg;
	cs->index = index;
	cs->arch = mdl_product(m)->gpu_id >> 28;
	return cs;
}

/** mdl_cs_destroy() - cancels what is outstanding; NULL is fine */
void mdl_cs_destroy(struct mdl_cs *cs)
{
	if (cs)
		drop_work(cs);
	free(cs);
}

/** mdl_cs_start() - starts from a cleared state at extract_init */
void mdl_cs_start(struct mdl_cs *cs, const struct mdl_cs_params *params)
{
	struct mdl_fault fault;
	uint64_t extract;

	mdl_cs_clear(cs);
	if (!mdl_cs_attach(cs, params)) {
		mdl_cs_deliver(cs);
		return;
	}
	if (!mdl_mmu_read(cs->m, 0, params->input_va + 8, &extract, sizeof(extract),
			  MDL_ACCESS_READ, &fault)) {
		mdl_cs_fatal(cs, CS_EX_BUS, fault.va);
		mdl_cs_deliver(cs);
		return;
	}
	cs->at.pc = extract & ~7ull;
	cs->at.end = cs->at.pc;
	cs->ready = true;
}

/** mdl_cs_stop() - stops at once and forgets all; work on endpoints is cancelled */
void mdl_cs_stop(struct mdl_cs *cs)
{
	mdl_cs_clear(cs);
}

/** mdl_cs_kick() - there may be something to do: a doorbell rang, or a sync object changed */
void mdl_cs_kick(struct mdl_cs *cs)
{
	mdl_cs_wake(cs, mdl_now(cs->m));
}

/** mdl_cs_runnable() - Return: true while it has instructions that it could execute now */
bool mdl_cs_runnable(const struct mdl_cs *cs)
{
	return cs->started && cs->ready && !cs->paused && !cs->dead;
}

/** mdl_cs_next_ns() - Return: when its next slice is due; UINT64_MAX if it is not runnable */
uint64_t mdl_cs_next_ns(const struct mdl_cs *cs)
{
	return mdl_cs_runnable(cs) ? cs->time_ns : UINT64_MAX;
}

/** mdl_cs_run() - executes one slice and charges its time; does nothing if none is due */
void mdl_cs_run(struct mdl_cs *cs)
{
	if (!mdl_cs_runnable(cs) || cs->time_ns > mdl_now(cs->m))
		return;
	cs->time_ns = mdl_cs_late(cs, cs->time_ns);
	cs->slice_ns = cs->time_ns;
	cs->blocked = MDL_CS_UNBLOCKED;
	cs->wait = 0;
	cs->idle = false;
	mdl_cs_slice(cs);
	mdl_cs_deliver(cs);
}

/** mdl_cs_pause() - no further instruction is executed; jobs leave their cores soon */
void mdl_cs_pause(struct mdl_cs *cs)
{
	unsigned int i;

	if (!cs->started || cs->paused)
		return;
	cs->paused = true;
	for (i = 0; i < CS_JOBS; i++)
		if (cs->jobs[i].used)
			mdl_cores_pause(cs->m, &cs->jobs[i].job);
}

/** mdl_cs_quiet() - Return: true if nothing that it started is still at work */
bool mdl_cs_quiet(const struct mdl_cs *cs)
{
	unsigned int i;

	for (i = 0; i < CS_JOBS; i++)
		if (cs->jobs[i].used && !mdl_cores_quiet(&cs->jobs[i].job))
			return false;
	for (i = 0; i < CS_ASYNCS; i++)
		if (cs->asyncs[i].running)
			return false;
	return true;
}

/** mdl_cs_status() - what CS_STATUS_*, CS_FAULT and CS_FATAL would say */
void mdl_cs_status(const struct mdl_cs *cs, struct mdl_cs_status *ret_status)
{
	struct mdl_cs_status st = {
		.empty = cs->started && cs->idle && !outstanding(cs),
		.stopped = !cs->started || cs->dead,
		/* woken: whether it is still blocked shows in its next slice */
		.blocked = cs->ready ? MDL_CS_UNBLOCKED : cs->blocked,
		.cmd_ptr = cs->started ? mdl_cs_pc_address(cs) : 0,
		.wait = cs->wait,
		.req_resource = cs->req_resource,
		.wait_sync_ptr = cs->wait_sync_ptr,
		.wait_sync_value = cs->wait_sync_value,
		.fault = cs->fault,
		.fatal = cs->fatal,
		.fault_info = cs->fault_info,
		.fatal_info = cs->fatal_info,
		.protm_pend = !cs->ready && cs->wait & CS_WAIT_PROTM,
		.oom = cs->oom == CS_OOM_ASKED,
		.heap = cs->heap,
		.heap_vt_start = cs->heap_vt_start,
		.heap_vt_end = cs->heap_vt_end,
		.heap_frag_end = cs->heap_frag_end,
	};
	uint64_t now = mdl_now(cs->m);
	unsigned int i;

	for (i = 0; i < MDL_CS_SCOREBOARDS; i++)
		if (cs->scoreboard[i] || cs->memory_ns[i] > now)
			st.scoreboards |= 1u << i;
	*ret_status = st;
}
