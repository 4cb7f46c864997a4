// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Render passes as a Vulkan driver builds them: three queues of one group, vertex/tiler, fragment and compute, that
 * wait for each other's sync objects on the GPU. A frame is one job on each queue.
 *
 *	tiler     waits until the fragment work of the frame before the last is done (two sets of buffers)
 *	fragment  waits for the tiler of this frame
 *	compute   waits for the fragment work of this frame
 *
 * The tiler takes memory of a tiler heap, which is too small at first and grows while the GPU asks for more; fragment
 * work gives it back.
 *
 * The jobs are submitted in the wrong order, compute first, so nothing but the sync objects can bring them into the
 * right one. Each stage of a frame stores time stamps and takes the next number of the frame's counter; load, add
 * and store are three steps, so stages that overlap would give themselves away.
 */
#include "tools/demo/guest.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum stage {
	TILER,
	FRAGMENT,
	COMPUTE,
	STAGES,
};

static const char *const stage_names[STAGES] = { "tiler", "fragment", "compute" };

struct sync {
	uint64_t value;
	uint32_t status, pad;
};

/* What the GPU writes about one frame. */
struct frame {
	struct {
		uint64_t begin, end; /* time stamps */
		uint64_t cycles_begin, cycles_end;
		uint32_t order, pad;
	} stages[STAGES];
	uint32_t counter, pad;
	struct mmx_work_stream streams[STAGES]; /* the GPU doesn't look at these */
	struct mmx_fence fences[STAGES];
};

/* What the tiler reads and writes: Mesa's TILER_HEAP and TILER_CONTEXT, as far as they are of use here. */
struct descriptors {
	struct {
		uint64_t other[3];
		uint64_t heap;
		uint64_t unused;
		uint64_t completed[2]; /* chunks: first, last */
		uint64_t rest[9];
	} tilers[2]; /* of odd frames, of even ones */
	struct {
		uint32_t type, size;
		uint64_t base, bottom, top;
	} heap;
	uint64_t framebuffer[4]; /* read, not interpreted */
};

#define DESCRIPTOR_BUFFER_TILER_HEAP 0x29u
#define HEAP_CHUNK		     (256u << 10)
#define HEAP_CHUNK_HEADER	     64u

struct pass {
	struct mmx_work *work;
	struct mmx_cs_asm a;
	struct sync *syncs; /* one a stage */
	uint64_t syncs_va;
	struct frame *frames;
	uint64_t frames_va;
	struct descriptors *descriptors;
	uint64_t descriptors_va;
	uint64_t tiler_va; /* of the frame that is being built */
	struct mmx_guest_heap heap;
};

/* Registers. */
#define R_LOG	80
#define R_SYNC	82
#define R_VALUE 84
#define R_ONE	86
#define R_COUNT 88
#define R_CHUNK 60 /* two pairs */
#define R_HEAP	64

/* Scoreboard entries: jobs; deferred operations. */
#define SB_JOB 2
#define SB_LOG 3
#define SB_END 4

#define MEMBER(stage, member) ((int16_t)offsetof(struct frame, stages[stage].member))

/* Waits until the stage has done more than so many frames. */
static void wait_for(struct pass *pass, enum stage stage, uint64_t frames)
{
	struct mmx_cs_asm *a = &pass->a;

	mmx_cs_move48(a, R_SYNC, pass->syncs_va + stage * sizeof(struct sync));
	mmx_cs_move48(a, R_VALUE, frames);
	mmx_cs_sync_wait64(a, MMX_CS_GREATER, R_SYNC, R_VALUE);
}

static void begin(struct pass *pass, enum stage stage, uint64_t frame_va)
{
	struct mmx_cs_asm *a = &pass->a;

	mmx_cs_set_sb_entry(a, SB_JOB, 0);
	mmx_cs_move48(a, R_LOG, frame_va);
	mmx_cs_store_state(a, MMX_CS_STATE_TIMESTAMP, R_LOG, MEMBER(stage, begin), MMX_CS_NOW);
	mmx_cs_store_state(a, MMX_CS_STATE_CYCLES, R_LOG, MEMBER(stage, cycles_begin), MMX_CS_NOW);
}

static void end(struct pass *pass, enum stage stage)
{
	struct mmx_cs_defer log = { MMX_CS_SB(SB_JOB), SB_LOG };
	struct mmx_cs_asm *a = &pass->a;

	mmx_cs_store_state(a, MMX_CS_STATE_TIMESTAMP, R_LOG, MEMBER(stage, end), log);
	mmx_cs_store_state(a, MMX_CS_STATE_CYCLES, R_LOG, MEMBER(stage, cycles_end), log);
	mmx_cs_wait(a, MMX_CS_SB(SB_JOB));
	mmx_cs_req_resource(a, 0);

	mmx_cs_load_multiple(a, R_COUNT, 0x1, R_LOG, offsetof(struct frame, counter));
	mmx_cs_wait(a, MMX_CS_SB(0));
	mmx_cs_add_imm32(a, R_COUNT, R_COUNT, 1);
	mmx_cs_store_multiple(a, R_COUNT, 0x1, R_LOG, offsetof(struct frame, counter));
	mmx_cs_store_multiple(a, R_COUNT, 0x1, R_LOG, MEMBER(stage, order));
	mmx_cs_wait(a, MMX_CS_SB(0));

	/* beside the stream, when the time stamps are there */
	mmx_cs_move48(a, R_SYNC, pass->syncs_va + stage * sizeof(struct sync));
	mmx_cs_move48(a, R_ONE, 1);
	mmx_cs_sync_add64(a, R_SYNC, R_ONE, MMX_CS_SCOPE_CSG,
			  (struct mmx_cs_defer){ MMX_CS_SB(SB_LOG), SB_END });
}

static void use_heap(struct pass *pass)
{
	mmx_cs_move48(&pass->a, R_HEAP, pass->heap.context_va);
	mmx_cs_heap_set(&pass->a, R_HEAP);
}

static void put_tiler(struct pass *pass)
{
	struct mmx_cs_asm *a = &pass->a;
	unsigned int draw;

	mmx_cs_req_resource(a, MMX_CS_RES_TILER | MMX_CS_RES_IDVS);
	use_heap(pass);
	mmx_cs_heap_operation(a, MMX_CS_VT_START, MMX_CS_NOW);
	mmx_cs_move48(a, MMX_CS_R_TILER_CONTEXT, pass->tiler_va);
	for (draw = 0; draw < 3; draw++) {
		mmx_cs_move32(a, MMX_CS_R_INDEX_COUNT, 3000 * (draw + 1));
		mmx_cs_move32(a, MMX_CS_R_INSTANCES, 2);
		mmx_cs_run_idvs(a, 0);
	}
	mmx_cs_finish_tiling(a);
	mmx_cs_heap_operation(a, MMX_CS_VT_END, (struct mmx_cs_defer){ MMX_CS_SB(SB_JOB), SB_LOG });
}

static void put_fragment(struct pass *pass)
{
	const int16_t completed = offsetof(struct descriptors, tilers[0].completed);
	struct mmx_cs_asm *a = &pass->a;

	mmx_cs_req_resource(a, MMX_CS_RES_FRAGMENT);
	use_heap(pass);
	mmx_cs_move48(a, MMX_CS_R_FRAMEBUFFER,
		      pass->descriptors_va + offsetof(struct descriptors, framebuffer));
	mmx_cs_move32(a, MMX_CS_R_BOX_MIN, MMX_CS_BOX(0, 0));
	mmx_cs_move32(a, MMX_CS_R_BOX_MAX, MMX_CS_BOX(1280 - 1, 720 - 1));
	mmx_cs_run_fragment(a, 0);
	/* registers are read when the instruction is issued, so the job may still be at it */
	mmx_cs_move48(a, R_HEAP, pass->tiler_va);
	mmx_cs_load_multiple(a, R_CHUNK, 0xf, R_HEAP, completed);
	mmx_cs_wait(a, MMX_CS_SB(0));
	mmx_cs_finish_fragment(a, 1, R_CHUNK, R_CHUNK + 2,
			       (struct mmx_cs_defer){ MMX_CS_SB(SB_JOB), SB_LOG });
	mmx_cs_move48(a, R_CHUNK, 0);
	mmx_cs_move48(a, R_CHUNK + 2, 0);
	mmx_cs_store_multiple(a, R_CHUNK, 0xf, R_HEAP, completed);
}

static void put_compute(struct pass *pass)
{
	struct mmx_cs_asm *a = &pass->a;

	mmx_cs_req_resource(a, MMX_CS_RES_COMPUTE);
	mmx_cs_move48(a, MMX_CS_R_SHADER, 0);
	mmx_cs_move32(a, MMX_CS_R_WG_SIZE, MMX_CS_WG_SIZE(16, 16, 1));
	mmx_cs_move32(a, MMX_CS_R_JOB_SIZE_X, 80);
	mmx_cs_move32(a, MMX_CS_R_JOB_SIZE_Y, 45);
	mmx_cs_move32(a, MMX_CS_R_JOB_SIZE_Z, 1);
	mmx_cs_run_compute(a, 80, MMX_CS_AXIS_X);
}

/* @number: of the frame, from 1. */
static int make_stage(struct pass *pass, enum stage stage, unsigned int number, uint64_t frame_va,
		      struct mmx_work_stream *ret_stream)
{
	static const struct {
		void (*put)(struct pass *pass);
		enum stage after; /* waits for that stage */
		unsigned int lag; /* to have done all but so many of the frames up to this one */
	} how[STAGES] = {
		[TILER] = { put_tiler, FRAGMENT, 3 },
		[FRAGMENT] = { put_fragment, TILER, 1 },
		[COMPUTE] = { put_compute, FRAGMENT, 1 },
	};

	pass->tiler_va = pass->descriptors_va + offsetof(struct descriptors, tilers) +
			 number % 2 * sizeof(pass->descriptors->tilers[0]);
	mmx_work_asm(pass->work, &pass->a);
	if (number >= how[stage].lag)
		wait_for(pass, how[stage].after, number - how[stage].lag);
	begin(pass, stage, frame_va);
	how[stage].put(pass);
	end(pass, stage);
	return mmx_work_stream(pass->work, &pass->a, ret_stream);
}

static int make_frame(struct pass *pass, unsigned int number, struct frame *frame, uint64_t va)
{
	unsigned int stage;
	int r = 0;

	for (stage = 0; !r && stage < STAGES; stage++)
		r = make_stage(pass, (enum stage)stage, number, va, &frame->streams[stage]);
	return r;
}

static int submit_frame(struct mmx_demo *demo, struct frame *frame)
{
	unsigned int stage;
	int r = 0;

	for (stage = STAGES; !r && stage-- > 0;)
		r = mmx_work_submit(&demo->work, demo->render_group, stage, &frame->streams[stage],
				    &frame->fences[stage]);
	return r;
}

static bool in_order(const struct frame *frame)
{
	unsigned int stage;

	for (stage = 0; stage < STAGES; stage++) {
		if (!frame->stages[stage].begin ||
		    frame->stages[stage].end <= frame->stages[stage].begin ||
		    frame->stages[stage].order != stage + 1)
			return false;
		if (stage && frame->stages[stage].begin < frame->stages[stage - 1].end)
			return false;
	}
	return frame->counter == STAGES;
}

/* Return: 0; DEMO_E_WRONG; negative errno. */
static int finish_frame(struct mmx_demo *demo, unsigned int number, struct frame *frame)
{
	int r, error, ret = 0;
	unsigned int stage;

	for (stage = 0; stage < STAGES; stage++) {
		r = mmx_work_wait(&demo->work, &frame->fences[stage], &error);
		if (r)
			return r;
		if (error)
			ret = mmx_demo_wrong(demo, "render", "frame %u: %s failed: %s", number,
					     stage_names[stage], strerror(-error));
	}
	if (!ret && !in_order(frame))
		ret = mmx_demo_wrong(demo, "render",
				     "frame %u: its stages overlapped, or took turns %u, %u, %u",
				     number, frame->stages[TILER].order,
				     frame->stages[FRAGMENT].order, frame->stages[COMPUTE].order);
	return ret;
}

static int run_frames(struct mmx_demo *demo, struct pass *pass)
{
	int r = 0, ret = 0;
	unsigned int i;

	for (i = 0; !r && i < demo->frames; i++)
		r = make_frame(pass, i + 1, &pass->frames[i],
			       pass->frames_va + i * sizeof(struct frame));
	for (i = 0; !r && i < demo->frames; i++)
		r = submit_frame(demo, &pass->frames[i]);
	for (i = 0; !r && i < demo->frames; i++) {
		r = finish_frame(demo, i + 1, &pass->frames[i]);
		if (r > 0) {
			ret = r;
			r = 0;
		}
	}
	return r ? r : ret;
}

/* One chunk at first; two frames need ten. A draw that got none would have failed its job. */
static int make_heap(struct pass *pass)
{
	const struct mmx_guest_heap_params params = { .vm = pass->work->vm,
						      .initial_chunks = 1,
						      .chunk_size = HEAP_CHUNK,
						      .max_chunks = 32,
						      .target_in_flight = 8 };
	struct descriptors *d = pass->descriptors;
	unsigned int i;
	int r = mmx_guest_heap_create(pass->work->guest, &params, &pass->heap);

	if (r)
		return r;
	d->heap.type = DESCRIPTOR_BUFFER_TILER_HEAP;
	d->heap.size = HEAP_CHUNK;
	d->heap.base = pass->heap.first_chunk_va;
	d->heap.bottom = d->heap.base + HEAP_CHUNK_HEADER;
	d->heap.top = d->heap.base + HEAP_CHUNK;
	for (i = 0; i < 2; i++)
		d->tilers[i].heap = pass->descriptors_va + offsetof(struct descriptors, heap);
	return 0;
}

int mmx_demo_render(struct mmx_demo *demo)
{
	struct pass pass = { .work = &demo->work };
	unsigned int i;
	uint64_t cycles;
	int r;

	pass.syncs = mmx_work_data(pass.work, STAGES * sizeof(struct sync), 16, &pass.syncs_va);
	pass.frames =
		mmx_work_data(pass.work, demo->frames * sizeof(struct frame), 64, &pass.frames_va);
	pass.descriptors =
		mmx_work_data(pass.work, sizeof(struct descriptors), 64, &pass.descriptors_va);
	if (!pass.syncs || !pass.frames || !pass.descriptors)
		return -ENOSPC;
	r = make_heap(&pass);
	if (r)
		return r;
	r = run_frames(demo, &pass);
	if (r)
		return r;
	r = mmx_guest_heap_destroy(pass.work->guest, pass.heap.name);
	if (r)
		return r;
	for (i = 0; i < STAGES; i++)
		if (pass.syncs[i].value != demo->frames || pass.syncs[i].status)
			return mmx_demo_wrong(
				demo, "render", "%s counted %llu frames of %u", stage_names[i],
				(unsigned long long)pass.syncs[i].value, demo->frames);
	cycles = pass.frames[demo->frames - 1].stages[COMPUTE].cycles_end -
		 pass.frames[0].stages[TILER].cycles_begin;
	mmx_work_reset(pass.work);
	mmx_demo_say(demo, "render", "%3u frames, 3 queues   %6.1f Mcycles   order right",
		     demo->frames, (double)cycles / 1e6);
	return 0;
}
