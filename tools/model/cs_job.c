// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * RUN_*: checks, and the jobs of a stream that are in flight. What a job does is behind work.h, when it does it is
 * behind cores.h.
 *
 * Of the memory that a job names only the first line of the descriptor that tells hardware what to run is looked at
 * here, if its address is not 0: a job whose descriptor cannot be read is a CS_FAULT with the MMU's exception. While
 * the stream is poisoned jobs are dropped.
 *
 * Called by the interpreter; its done() is called by cores.c. Invariant: a slot in use holds one count
 * of its scoreboard entry.
 */
#include "tools/model/cs_priv.h"
#include "tools/model/work.h"

#include <stddef.h>

#define DESCRIPTOR_BYTES 32

/* The descriptor that hardware would read first. False: it is not there, the job is dropped. */
static bool descriptor_ok(struct mdl_cs *cs, uint64_t va)
{
	uint8_t buf[DESCRIPTOR_BYTES];
	struct mdl_fault fault;

	if (!va ||
	    mdl_mmu_read(cs->m, cs->params.as, va, buf, sizeof(buf), MDL_ACCESS_READ, &fault))
		return true;
	mdl_cs_fault(cs, fault.bus ? CS_EX_BUS : fault.exception, fault.va);
	return false;
}

/* Memory of the tiler heap, for those that use one. Return: as mdl_cs_heap_take(). */
static enum cs_step draw_memory(struct mdl_cs *cs, uint64_t word)
{
	uint64_t vertices = (uint64_t)cs->regs[CS_R_INDEX_COUNT] * cs->regs[CS_R_INSTANCE_COUNT];

	if (cs_opcode(word) != CS_OP_RUN_IDVS && cs_opcode(word) != CS_OP_RUN_IDVS2 &&
	    cs_opcode(word) != CS_OP_RUN_TILING)
		return CS_NEXT;
	if (vertices > MDL_HEAP_VERTICES_MAX)
		vertices = MDL_HEAP_VERTICES_MAX;
	return mdl_cs_heap_take(cs, cs_pair(cs, CS_R_TILER_CTX),
				MDL_HEAP_JOB + vertices * MDL_HEAP_VERTEX);
}

/* A job as its instruction asks for it. */
struct request {
	enum mdl_job_kind kind;
	uint32_t resources; /* one of these must have been requested */
	uint64_t descriptor;
	uint64_t draw; /* draw descriptor */
};

/* Return: false if the instruction makes no sense. */
static bool decode(const struct mdl_cs *cs, uint64_t word, struct request *ret_req)
{
	struct request req = { 0 };

	switch (cs_opcode(word)) {
	case CS_OP_RUN_COMPUTE:
	case CS_OP_RUN_COMPUTE_INDIRECT:
		if (cs_opcode(word) == CS_OP_RUN_COMPUTE
			    ? cs_bits(word, 14, 2) > 2 || !cs_bits(word, 0, 14)
			    : !cs_bits(word, 0, 16))
			return false;
		req.kind = MDL_JOB_COMPUTE;
		req.resources = CS_RES_COMPUTE;
		req.descriptor = cs_pair(cs, CS_R_SPD + 2 * cs_bits(word, 42, 2));
		break;
	case CS_OP_RUN_FRAGMENT:
		req.kind = MDL_JOB_FRAGMENT;
		req.resources = CS_RES_FRAGMENT;
		req.descriptor = cs_pair(cs, CS_R_FBD) & ~0x3full;
		break;
	case CS_OP_RUN_IDVS:
	case CS_OP_RUN_IDVS2:
		req.kind = MDL_JOB_IDVS;
		req.resources = CS_RES_IDVS;
		req.descriptor = cs_pair(cs, CS_R_TILER_CTX);
		break;
	default: /* RUN_TILING, RUN_FULLSCREEN */
		if (cs_opcode(word) == CS_OP_RUN_FULLSCREEN) {
			if (!cs_pair_ok(cs_a(word)))
				return false;
			req.draw = cs_pair(cs, cs_a(word));
		}
		req.kind = MDL_JOB_TILING;
		req.resources = CS_RES_TILER | CS_RES_IDVS;
		req.descriptor = cs_pair(cs, CS_R_TILER_CTX);
		break;
	}
	*ret_req = req;
	return true;
}

static void on_done(struct mmx_model *m, struct mdl_job *job)
{
	struct cs_job *slot = (struct cs_job *)job;
	struct mdl_cs *cs = slot->cs;

	(void)m;
	slot->used = false;
	cs->scoreboard[slot->entry]--;
	if (slot->progress) {
		cs->progress++;
		cs->pending |= CS_TELL_GROUP;
	}
	mdl_cs_async_scan(cs, job->end_ns);
	mdl_cs_wake(cs, job->end_ns);
	if (cs->paused && mdl_cs_quiet(cs))
		cs->pending |= CS_TELL_STATE;
	mdl_cs_deliver(cs);
}

static void on_quiet(struct mmx_model *m, struct mdl_job *job)
{
	struct mdl_cs *cs = ((struct cs_job *)job)->cs;

	(void)m;
	if (mdl_cs_quiet(cs))
		cs->pending |= CS_TELL_STATE;
	mdl_cs_deliver(cs);
}

/* True while a job that was issued before @order occupies the tiler or waits for it. */
bool mdl_cs_tiling(const struct mdl_cs *cs, uint32_t order)
{
	unsigned int i;

	for (i = 0; i < CS_JOBS; i++)
		if (cs->jobs[i].used && cs->jobs[i].tiler &&
		    (int32_t)(cs->jobs[i].order - order) < 0)
			return true;
	return false;
}

/* Prepares a slot whose job has its kind and cycles, and counts it. It is not submitted. */
void mdl_cs_job_init(struct mdl_cs *cs, struct cs_job *slot)
{
	slot->cs = cs;
	slot->used = true;
	slot->tiler = slot->job.kind == MDL_JOB_IDVS || slot->job.kind == MDL_JOB_TILING;
	slot->order = cs->next_order++;
	slot->job.csg = cs->csg;
	slot->job.priority = cs->params.priority;
	slot->job.done = on_done;
	slot->job.quiet = on_quiet;
	cs->scoreboard[slot->entry]++;
}

/* RUN_*: hands a job to the endpoints. */
enum cs_step mdl_cs_run_job(struct mdl_cs *cs, uint64_t word)
{
	struct cs_job *slot = NULL;
	struct mdl_work work = { .as = cs->params.as, .word = word, .regs = cs->regs };
	struct request req;
	enum cs_step step;
	unsigned int i;

	if (!decode(cs, word, &req))
		return cs_invalid(cs);
	if (!(cs->resources & req.resources))
		return mdl_cs_fatal(cs, CS_EX_ENDPOINT, mdl_cs_pc_address(cs));
	for (i = 0; i < CS_JOBS && !slot; i++)
		if (!cs->jobs[i].used)
			slot = &cs->jobs[i];
	if (!slot) {
		cs->wait = CS_WAIT_SB(1u << cs->entry_endpoint);
		return mdl_cs_block(cs, MDL_CS_BLOCKED_SB);
	}
	cs->time_ns += MDL_COST_RUN;
	if (cs->poison || !descriptor_ok(cs, req.descriptor) || !descriptor_ok(cs, req.draw)) {
		mdl_cs_heap_drop(cs);
		return CS_NEXT;
	}
	step = draw_memory(cs, word);
	if (step != CS_NEXT)
		return step == CS_DROP ? CS_NEXT : step;
	mdl_work_run(cs->m, &work);
	if (work.exception) {
		mdl_cs_fault(cs, work.exception, work.info);
		return CS_NEXT;
	}
	slot->job = (struct mdl_job){
		.kind = req.kind,
		.cost_cycles = work.cycles,
		.left_cycles = work.cycles,
		.task_cycles = work.task_cycles,
		.not_before_ns = cs->time_ns,
	};
	slot->entry = cs->entry_endpoint;
	slot->progress = cs_progress(word);
	mdl_cs_job_init(cs, slot);
	mdl_cores_submit(cs->m, &slot->job);
	return CS_NEXT;
}

/* Takes all jobs off the endpoints; nothing is signalled. */
void mdl_cs_job_clear(struct mdl_cs *cs)
{
	unsigned int i;

	for (i = 0; i < CS_JOBS; i++) {
		if (cs->jobs[i].used)
			mdl_cores_cancel(cs->m, &cs->jobs[i].job);
		cs->jobs[i].used = false;
	}
}
