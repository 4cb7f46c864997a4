/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Where RUN_* hands its work over: the one seam behind which shaders would be executed.
 *
 * A command stream has checked the instruction, found the endpoints that it may use, and got the memory that a draw
 * takes from its tiler heap. It gives the instruction and all registers as they are at issue; what comes back says how
 * long the endpoints are busy, or why the work is dropped. The occupation itself is cores.h, which knows nothing of
 * what a job does. Whoever executes shaders does it here, at issue: no instruction of the stream can see the result
 * before its scoreboard entry is released at the end of the job's time.
 *
 * The only implementation is the timed stand-in of work.c, which executes nothing.
 */
#ifndef TOOLS_MODEL_WORK_H
#define TOOLS_MODEL_WORK_H

#include <stdint.h>

struct mmx_model;

struct mdl_work {
	/* given */
	unsigned int as; /* address space that shaders see */
	uint64_t word; /* RUN_* */
	const uint32_t *regs; /* MDL_CS_REGS of them */

	/* returned */
	uint64_t cycles; /* on one core, at most MDL_COST_MAX */
	uint64_t
		task_cycles; /* of its longest task: until that ends nothing shows that the job goes on */
	uint32_t exception; /* 0, or what CS_FAULT says: the work is dropped */
	uint64_t info;
};

void mdl_work_run(struct mmx_model *m, struct mdl_work *work);

#endif
