// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * RUN_*: what a job costs, and the jobs of a stream that are in flight.
 *
 * Shaders are not executed. What hardware reads from registers is read and checked; of memory only the
 * first line of the descriptor that tells hardware what to run, if its address is not 0: a job whose
 * descriptor cannot be read is a CS_FAULT with the MMU's exception. While the stream is poisoned jobs
 * are dropped.
 *
 * Called by the interpreter; its done() is called by cores.c. Invariant: a slot in use holds one count
 * of its scoreboard entry.
 */
#include "tools/model/cs_priv.h"

#include <stddef.h>

#define DESCRIPTOR_BYTES 32
#define WG_THREADS_MAX	 1024

static uint64_t saturating_mul(uint64_t a, uint64_t b)
{
	uint64_t r;

	return __builtin_mul_overflow(a, b, &r) || r > MDL_COST_MAX ? MDL_COST_MAX : r;
}

static uint64_t saturating_add(uint64_t a, uint64_t b)
{
	return a + b > MDL_COST_MAX ? MDL_COST_MAX : a + b;
}

static uint64_t div_up(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

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

/* Each of these: the cycles of the job, or 0 if it is dropped; then a fault may have been told. */

static uint64_t compute_cost(struct mdl_cs *cs, uint64_t tasks)
{
	uint32_t size = cs->regs[CS_R_WG_SIZE];
	uint64_t threads = (uint64_t)(cs_bits(size, 0, 10) + 1) * (cs_bits(size, 10, 10) + 1) *
			   (cs_bits(size, 20, 10) + 1);
	uint64_t groups = saturating_mul(cs->regs[CS_R_JOB_SIZE], cs->regs[CS_R_JOB_SIZE + 1]);
	uint64_t warps;

	if (threads > WG_THREADS_MAX) {
		mdl_cs_fault(cs, CS_EX_DATA_INVALID, 0);
		return 0;
	}
	groups = saturating_mul(groups, cs->regs[CS_R_JOB_SIZE + 2]);
	warps = saturating_mul(groups, div_up(threads, MDL_WARP_THREADS));
	return saturating_add(MDL_COST_JOB, saturating_add(saturating_mul(tasks, MDL_COST_TASK),
							   saturating_mul(warps, MDL_COST_WARP)));
}

/*
 * A task is @increment workgroups long in its axis, as wide as the job in the axes before it, and one
 * workgroup thick in those behind it.
 */
static uint64_t direct_tasks(const struct mdl_cs *cs, uint64_t word)
{
	unsigned int axis = cs_bits(word, 14, 2), i;
	uint64_t tasks = div_up(cs->regs[CS_R_JOB_SIZE + axis], cs_bits(word, 0, 14));

	for (i = axis + 1; i < 3; i++)
		tasks = saturating_mul(tasks, cs->regs[CS_R_JOB_SIZE + i]);
	return tasks;
}

static uint64_t indirect_tasks(const struct mdl_cs *cs, uint64_t word)
{
	uint64_t groups = saturating_mul(cs->regs[CS_R_JOB_SIZE], cs->regs[CS_R_JOB_SIZE + 1]);

	return div_up(saturating_mul(groups, cs->regs[CS_R_JOB_SIZE + 2]), cs_bits(word, 0, 16));
}

static uint64_t fragment_cost(struct mdl_cs *cs)
{
	uint32_t min = cs->regs[CS_R_BOX_MIN], max = cs->regs[CS_R_BOX_MAX];
	uint64_t x0 = (min & 0xffff) >> MDL_TILE_SHIFT, y0 = min >> (16 + MDL_TILE_SHIFT);
	uint64_t x1 = (max & 0xffff) >> MDL_TILE_SHIFT, y1 = max >> (16 + MDL_TILE_SHIFT);

	if ((max & 0xffff) < (min & 0xffff) || max >> 16 < min >> 16) {
		mdl_cs_fault(cs, CS_EX_TILE_RANGE, 0);
		return 0;
	}
	return MDL_COST_JOB + (x1 - x0 + 1) * (y1 - y0 + 1) * MDL_COST_TILE;
}

static uint64_t vertices(const struct mdl_cs *cs)
{
	return saturating_mul(cs->regs[CS_R_INDEX_COUNT], cs->regs[CS_R_INSTANCE_COUNT]);
}

static uint64_t draw_cost(const struct mdl_cs *cs, uint64_t vertex_cycles)
{
	return saturating_add(MDL_COST_JOB, saturating_mul(vertices(cs), vertex_cycles));
}

/* Memory of the tiler heap, for those that use one. Return: as mdl_cs_heap_take(). */
static enum cs_step draw_memory(struct mdl_cs *cs, uint64_t word, uint64_t context_va)
{
	if (cs_opcode(word) != CS_OP_RUN_IDVS && cs_opcode(word) != CS_OP_RUN_TILING)
		return CS_NEXT;
	return mdl_cs_heap_take(
		cs, context_va,
		saturating_add(MDL_HEAP_JOB, saturating_mul(vertices(cs), MDL_HEAP_VERTEX)));
}

/* A job as its instruction asks for it. */
struct request {
	enum mdl_job_kind kind;
	uint32_t resources; /* one of these must have been requested */
	uint64_t descriptor;
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
		req.kind = MDL_JOB_IDVS;
		req.resources = CS_RES_IDVS;
		req.descriptor = cs_pair(cs, CS_R_TILER_CTX);
		break;
	default: /* RUN_TILING, RUN_FULLSCREEN */
		if (cs_opcode(word) == CS_OP_RUN_FULLSCREEN && !cs_pair_ok(cs_a(word)))
			return false;
		req.kind = MDL_JOB_TILING;
		req.resources = CS_RES_TILER | CS_RES_IDVS;
		req.descriptor = cs_pair(cs, CS_R_TILER_CTX);
		break;
	}
	*ret_req = req;
	return true;
}

static uint64_t cost(struct mdl_cs *cs, uint64_t word)
{
	switch (cs_opcode(word)) {
	case CS_OP_RUN_COMPUTE:
		return compute_cost(cs, direct_tasks(cs, word));
	case CS_OP_RUN_COMPUTE_INDIRECT:
		return compute_cost(cs, indirect_tasks(cs, word));
	case CS_OP_RUN_FRAGMENT:
		return fragment_cost(cs);
	case CS_OP_RUN_IDVS:
		return draw_cost(cs, MDL_COST_VERTEX);
	case CS_OP_RUN_TILING:
		return draw_cost(cs, MDL_COST_BIN);
	default: /* RUN_FULLSCREEN */
		return MDL_COST_JOB + MDL_COST_FULLSCREEN;
	}
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
	slot->job.done = on_done;
	slot->job.quiet = on_quiet;
	cs->scoreboard[slot->entry]++;
}

/* RUN_*: hands a job to the endpoints. */
enum cs_step mdl_cs_run_job(struct mdl_cs *cs, uint64_t word)
{
	struct cs_job *slot = NULL;
	struct request req;
	enum cs_step step;
	uint64_t cycles;
	unsigned int i;

	if (!decode(cs, word, &req))
		return cs_invalid(cs);
	if (!(cs->resources & req.resources))
		return mdl_cs_fatal(cs, CS_EX_ENDPOINT, mdl_cs_pc_address(cs));
	for (i = 0; i < CS_JOBS && !slot; i++)
		if (!cs->jobs[i].used)
			slot = &cs->jobs[i];
	if (!slot) {
		cs->wait = 1u << cs->entry_endpoint | 8u << 16;
		return mdl_cs_block(cs, MDL_CS_BLOCKED_SB);
	}
	cs->time_ns += MDL_COST_RUN;
	if (cs->poison || !descriptor_ok(cs, req.descriptor)) {
		mdl_cs_heap_drop(cs);
		return CS_NEXT;
	}
	step = draw_memory(cs, word, req.descriptor);
	if (step != CS_NEXT)
		return step == CS_DROP ? CS_NEXT : step;
	cycles = cost(cs, word);
	if (!cycles)
		return CS_NEXT;
	slot->job = (struct mdl_job){
		.kind = req.kind,
		.cost_cycles = cycles,
		.left_cycles = cycles,
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
