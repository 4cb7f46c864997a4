// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The timed stand-in for shaders, tiler and fragment work: how long a job would take, from the registers that say how
 * large it is. Nothing is executed and no memory is touched. Called by cs_job.c; the costs are in cost.h.
 *
 * A task is what a core does in one go: the workgroups of one task of a dispatch, a tile, a vertex.
 */
#include "tools/model/work.h"

#include "tools/model/cost.h"
#include "tools/model/cs_ops.h"

#define WG_THREADS_MAX 1024

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

static void compute(struct mdl_work *w, uint64_t tasks)
{
	const uint32_t *regs = w->regs;
	uint32_t size = regs[CS_R_WG_SIZE];
	uint64_t threads = (uint64_t)(cs_bits(size, 0, 10) + 1) * (cs_bits(size, 10, 10) + 1) *
			   (cs_bits(size, 20, 10) + 1);
	uint64_t groups = saturating_mul(regs[CS_R_JOB_SIZE], regs[CS_R_JOB_SIZE + 1]);
	uint64_t warp_cycles;

	if (threads > WG_THREADS_MAX) {
		w->exception = CS_EX_DATA_INVALID;
		return;
	}
	groups = saturating_mul(groups, regs[CS_R_JOB_SIZE + 2]);
	warp_cycles = saturating_mul(saturating_mul(groups, div_up(threads, MDL_WARP_THREADS)),
				     MDL_COST_WARP);
	w->cycles = saturating_add(
		MDL_COST_JOB, saturating_add(saturating_mul(tasks, MDL_COST_TASK), warp_cycles));
	if (tasks)
		w->task_cycles = MDL_COST_TASK + div_up(warp_cycles, tasks);
}

/*
 * A task is @increment workgroups long in its axis, as wide as the job in the axes before it, and one
 * workgroup thick in those behind it.
 */
static uint64_t direct_tasks(const uint32_t *regs, uint64_t word)
{
	unsigned int axis = cs_bits(word, 14, 2), i;
	uint64_t tasks = div_up(regs[CS_R_JOB_SIZE + axis], cs_bits(word, 0, 14));

	for (i = axis + 1; i < 3; i++)
		tasks = saturating_mul(tasks, regs[CS_R_JOB_SIZE + i]);
	return tasks;
}

static uint64_t indirect_tasks(const uint32_t *regs, uint64_t word)
{
	uint64_t groups = saturating_mul(regs[CS_R_JOB_SIZE], regs[CS_R_JOB_SIZE + 1]);

	return div_up(saturating_mul(groups, regs[CS_R_JOB_SIZE + 2]), cs_bits(word, 0, 16));
}

static void fragment(struct mdl_work *w)
{
	uint32_t min = w->regs[CS_R_BOX_MIN], max = w->regs[CS_R_BOX_MAX];
	uint64_t x0 = (min & 0xffff) >> MDL_TILE_SHIFT, y0 = min >> (16 + MDL_TILE_SHIFT);
	uint64_t x1 = (max & 0xffff) >> MDL_TILE_SHIFT, y1 = max >> (16 + MDL_TILE_SHIFT);

	if ((max & 0xffff) < (min & 0xffff) || max >> 16 < min >> 16) {
		w->exception = CS_EX_TILE_RANGE;
		return;
	}
	w->cycles = MDL_COST_JOB + (x1 - x0 + 1) * (y1 - y0 + 1) * MDL_COST_TILE;
	w->task_cycles = MDL_COST_TILE;
}

static void draw(struct mdl_work *w, uint64_t vertex_cycles)
{
	uint64_t vertices = saturating_mul(w->regs[CS_R_INDEX_COUNT], w->regs[CS_R_INSTANCE_COUNT]);

	w->cycles = saturating_add(MDL_COST_JOB, saturating_mul(vertices, vertex_cycles));
	w->task_cycles = vertex_cycles;
}

/**
 * mdl_work_run() - does what an instruction asks of the endpoints
 * @m: the model
 * @work: its results are filled in
 */
void mdl_work_run(struct mmx_model *m, struct mdl_work *work)
{
	(void)m;
	work->cycles = 0;
	work->task_cycles = 0;
	work->exception = 0;
	work->info = 0;
	switch (cs_opcode(work->word)) {
	case CS_OP_RUN_COMPUTE:
		compute(work, direct_tasks(work->regs, work->word));
		break;
	case CS_OP_RUN_COMPUTE_INDIRECT:
		compute(work, indirect_tasks(work->regs, work->word));
		break;
	case CS_OP_RUN_FRAGMENT:
		fragment(work);
		break;
	case CS_OP_RUN_IDVS:
	case CS_OP_RUN_IDVS2:
		draw(work, MDL_COST_VERTEX);
		break;
	case CS_OP_RUN_TILING:
		draw(work, MDL_COST_BIN);
		break;
	default: /* RUN_FULLSCREEN */
		work->cycles = MDL_COST_JOB + MDL_COST_FULLSCREEN;
		work->task_cycles = MDL_COST_FULLSCREEN;
		break;
	}
}
