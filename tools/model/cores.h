/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The endpoints: shader cores (compute and fragment work) and the tiler. RUN_* hands a job over here;
 * this is the one seam where something that really executes shaders can take the place of the timed
 * stand-in. A job is cut into pieces, so that a group can be suspended between two of them.
 */
#ifndef TOOLS_MODEL_CORES_H
#define TOOLS_MODEL_CORES_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/model/event.h"

struct mmx_model;
struct mdl_cores;

enum mdl_job_kind {
	MDL_JOB_COMPUTE,
	MDL_JOB_FRAGMENT,
	MDL_JOB_IDVS, /* vertex shading and tiling: shader cores and the tiler */
	MDL_JOB_TILING, /* the tiler alone */
	MDL_JOB_KINDS,
};

struct mdl_job {
	/* set by the stream */
	enum mdl_job_kind kind;
	unsigned int csg; /* slot whose endpoints and priority count */
	unsigned int priority; /* of its stream among those of the group, 15 is the highest */
	uint64_t cost_cycles; /* GPU cycles on one core; divided among the cores it gets */
	uint64_t task_cycles; /* of its longest task: the end of a task is a sign of progress */
	uint64_t not_before_ns; /* its earliest start, may be in the past; 0 = now */
	void (*done)(struct mmx_model *m, struct mdl_job *job); /* at end_ns */
	void (*quiet)(struct mmx_model *m, struct mdl_job *job); /* mdl_cores_pause() took effect */
	/* owned by cores.c */
	uint64_t left_cycles; /* what remains; kept over pause and resume */
	uint64_t cores; /* mask that it occupies now; MDL_CORES_TILER is the tiler */
	uint64_t piece_cycles;
	uint64_t piece_ns;
	uint64_t task_ns; /* time on cores since the last task's end */
	uint64_t
		silent_ns; /* since the last sign of progress, or the last report that there is none */
	uint64_t end_ns; /* when it was done */
	bool queued; /* waits for cores */
	bool paused;
	struct mdl_job *next;
	struct mdl_event event;
};

#define MDL_CORES_TILER (1ull << 63)

struct mdl_cores *mdl_cores_create(struct mmx_model *m);
void mdl_cores_destroy(struct mdl_cores *cores);
void mdl_cores_reset(struct mdl_cores *cores);

/*
 * Queues the job; it runs when cores that its slot may use are free. Set left_cycles to cost_cycles
 * first; a job that was paused or restored has less.
 */
void mdl_cores_submit(struct mmx_model *m, struct mdl_job *job);
/* Takes it away at once; done() is not called. */
void mdl_cores_cancel(struct mmx_model *m, struct mdl_job *job);
/*
 * Takes it off the cores at the end of its current piece, keeping left_cycles; mdl_cores_quiet(job)
 * says so, and quiet() is called if that was not so at once. done() is called instead if the job ended
 * with that piece. A paused job goes on with mdl_cores_submit().
 */
void mdl_cores_pause(struct mmx_model *m, struct mdl_job *job);
bool mdl_cores_quiet(const struct mdl_job *job);
/* The masks of the slot's groups, or the powered cores, have changed. */
void mdl_cores_update(struct mmx_model *m);

#endif
