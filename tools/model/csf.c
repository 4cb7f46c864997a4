// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The firmware: what the MCU does once it runs. Owns the groups and their streams; mcu.c starts and stops
 * it, model.c brings doorbells and gives streams their time.
 *
 * Layout: how many groups and streams there are, and where their blocks lie, is read from the image's
 * interface in memory at boot, once, and checked there; a layout that makes no sense stops the boot.
 * The firmware fills in what an image leaves 0: version, features, suspend sizes, stream features. It
 * sets every acknowledge word equal to its request word, so that nothing is outstanding after a boot
 * over old memory either (a driver may boot again without loading again). Excepted are the requests that
 * switch something on (csf_global.c): all is off after a boot, and a driver that leaves the bit as it was
 * and rings gets it switched on again.
 *
 * Main loop: a doorbell or a report of a stream schedules one turn a little later (cost.h); a turn reads
 * all requests that were rung for, passes on all reports, and looks at idleness. HALT alone is answered
 * within the doorbell's write. Doorbells of streams (1 and up) reach the streams at once.
 */
#include "tools/model/csf.h"

#include <stdlib.h>

#include "tools/model/cores.h"
#include "tools/model/cost.h"
#include "tools/model/csf_priv.h"
#include "tools/model/inject.h"
#include "tools/model/mcu.h"
#include "tools/model/gpu.h"
#include "tools/model/mmu.h"
#include "tools/model/model_priv.h"
#include "tools/model/product.h"

#define PROTM_SUSPEND_SIZE 4096u /* protected mode does not exist here; drivers want a size */

/* ---- memory of the MCU ---- */

uint32_t csf_rd(struct mmx_model *m, uint64_t va)
{
	uint32_t value;

	if (mdl_mmu_read(m, 0, va, &value, sizeof(value), MDL_ACCESS_READ, NULL))
		return value;
	mdl_csf(m)->faulted = true;
	return 0;
}

uint64_t csf_rd64(struct mmx_model *m, uint64_t va)
{
	uint64_t value;

	if (mdl_mmu_read(m, 0, va, &value, sizeof(value), MDL_ACCESS_READ, NULL))
		return value;
	mdl_csf(m)->faulted = true;
	return 0;
}

void csf_wr(struct mmx_model *m, uint64_t va, uint32_t value)
{
	if (!mdl_mmu_write(m, 0, va, &value, sizeof(value), NULL))
		mdl_csf(m)->faulted = true;
}

void csf_wr64(struct mmx_model *m, uint64_t va, uint64_t value)
{
	if (!mdl_mmu_write(m, 0, va, &value, sizeof(value), NULL))
		mdl_csf(m)->faulted = true;
}

void csf_check(struct mmx_model *m)
{
	struct mdl_csf *csf = mdl_csf(m);

	if (!csf->faulted)
		return;
	csf->faulted = false;
	mdl_mcu_fatal(m, "the firmware cannot reach its interface");
}

/* ---- main loop ---- */

void csf_schedule(struct mmx_model *m, uint64_t delay_ns)
{
	struct mdl_csf *csf = mdl_csf(m);
	uint64_t at_ns = mdl_now(m) + delay_ns;

	if (csf->work.queued && csf->work.at_ns <= at_ns)
		return;
	mdl_event_add(m, &csf->work, at_ns);
}

static void work(struct mmx_model *m, struct mdl_event *ev)
{
	struct mdl_csf *csf = mdl_csf(m);

	uint64_t stalled_until_ns = mdl_inject_firmware_ns(m);

	(void)ev;
	if (stalled_until_ns > mdl_now(m)) {
		mdl_event_add(m, &csf->work, stalled_until_ns);
		return;
	}
	if (csf->asleep)
		return; /* waking schedules another turn */
	if (csf->glb_rung) {
		csf->glb_rung = false;
		mdl_span(m, "MCU", 0, "requests", mdl_now(m), 0);
		csf_global_requests(m);
		if (!csf->running)
			return;
	}
	for (unsigned int i = 0; i < csf->group_count; i++)
		csf_group_events(m, csf->groups[i]);
	csf_global_activity(m);
	csf_check(m);
}

static void kick_by_doorbell(struct mmx_model *m, unsigned int index)
{
	struct mdl_csf *csf = mdl_csf(m);

	for (unsigned int i = 0; i < csf->group_count; i++) {
		struct mdl_csf_group *g = csf->groups[i];
		bool mine = false;

		if (g->state != MDL_CSF_RUNNING)
			continue;
		for (unsigned int j = 0; j < g->stream_count; j++) {
			if (!g->streams[j].started || g->streams[j].doorbell != index)
				continue;
			mine = true;
			mdl_cs_kick(g->streams[j].cs);
		}
		if (mine)
			csf_group_busy(m, g);
	}
}

/**
 * mdl_csf_doorbell() - somebody wrote to a doorbell page
 * @m: the model
 * @index: 0 = the firmware's; others kick the streams that were configured with that number
 */
void mdl_csf_doorbell(struct mmx_model *m, unsigned int index)
{
	struct mdl_csf *csf = mdl_csf(m);

	if (!csf->running)
		return;
	if (index) {
		if (!csf->asleep)
			kick_by_doorbell(m, index);
		return;
	}
	csf_global_rung(m);
	csf_check(m);
}

void mdl_csf_power_changed(struct mmx_model *m)
{
	struct mdl_csf *csf = mdl_csf(m);
	bool kicked = false;

	if (csf->running && !csf->asleep)
		csf_global_power(m);
	mdl_cores_update(m);
	for (unsigned int i = 0; i < csf->group_count; i++)
		kicked |= csf_group_kick_blocked(csf->groups[i], MDL_CS_BLOCKED_RESOURCE);
	if (kicked)
		csf_schedule(m, MDL_COST_FW_EVENT_NS);
}

/* ---- what streams and endpoints ask ---- */

static struct mdl_csf_group *group_at(struct mmx_model *m, unsigned int csg)
{
	struct mdl_csf *csf = mdl_csf(m);

	return csg < csf->group_count ? csf->groups[csg] : NULL;
}

void mdl_csf_cs_report(struct mmx_model *m, unsigned int csg, unsigned int cs,
		       enum mdl_cs_report what)
{
	struct mdl_csf_group *g = group_at(m, csg);

	if (!g || cs >= g->stream_count || !mdl_csf(m)->running)
		return;
	g->streams[cs].reports |= MDL_BIT((unsigned int)what);
	if (what == MDL_CS_FAULT)
		g->streams[cs].faulted = true;
	csf_schedule(m, MDL_COST_FW_EVENT_NS);
}

struct mdl_cs *mdl_csf_stream(struct mmx_model *m, unsigned int csg, unsigned int cs)
{
	struct mdl_csf_group *g = group_at(m, csg);

	return g && cs < g->stream_count ? g->streams[cs].cs : NULL;
}

uint16_t *mdl_csf_shared_entries(struct mmx_model *m, unsigned int csg)
{
	return mdl_csf(m)->groups[csg]->shared;
}

/* The lowest @count units of @mask. */
static uint64_t first_units(uint64_t mask, uint32_t count)
{
	uint64_t taken = 0;

	for (; mask && count; count--) {
		taken |= mask & (0 - mask);
		mask &= mask - 1;
	}
	return taken;
}

/**
 * mdl_csf_endpoints() - endpoints that a group may use at this moment
 * @m: the model
 * @csg: its slot
 * @resource: 0 compute, 1 fragment, 2 tiler, 3 idvs (shader cores, given that the tiler is to be had), 4 ray tracing (a
 *	unit of each shader core)
 *
 * Return: mask of shader cores, or of the tiler for @resource 2: allowed to the group, no more of them
 * than it requested, enabled by the host, and powered.
 */
uint64_t mdl_csf_endpoints(struct mmx_model *m, unsigned int csg, unsigned int resource)
{
	const struct mdl_csf *csf = mdl_csf(m);
	const struct mdl_csf_group *g = group_at(m, csg);
	uint64_t cores, tiler;

	if (!g || !csf->running)
		return 0;
	cores = mdl_gpu_ready(m, MDL_POWER_SHADER) & csf->core_en_mask;
	tiler = first_units(mdl_gpu_ready(m, MDL_POWER_TILER) & g->allow_other,
			    MDL_GET(EP_TILER, g->endpoint_req));
	switch (resource) {
	case 0:
	case 4:
		return first_units(cores & g->allow_compute, MDL_GET(EP_COMPUTE, g->endpoint_req));
	case 1:
		return first_units(cores & g->allow_fragment,
				   MDL_GET(EP_FRAGMENT, g->endpoint_req));
	case 2:
		return tiler;
	case 3:
		return tiler ? first_units(cores & g->allow_compute,
					   MDL_GET(EP_COMPUTE, g->endpoint_req))
			     : 0;
	default:
		return 0;
	}
}

unsigned int mdl_csf_priority(struct mmx_model *m, unsigned int csg)
{
	const struct mdl_csf_group *g = group_at(m, csg);

	return g ? MDL_GET(EP_PRIORITY, g->endpoint_req) : 0;
}

uint64_t mdl_csf_progress_ns(struct mmx_model *m)
{
	return mdl_csf(m)->progress_ns;
}

void mdl_csf_no_progress(struct mmx_model *m, unsigned int csg)
{
	struct mdl_csf_group *g = group_at(m, csg);

	if (!g)
		return;
	g->no_progress = true;
	csf_schedule(m, MDL_COST_FW_EVENT_NS);
}

/* ---- time for streams ---- */

static bool may_run(const struct mdl_csf_stream *s)
{
	return s->started && !s->faulted;
}

/* Streams of the slots before, in the trace. */
#define STREAM_TRACKS 32u

static void run_slice(struct mmx_model *m, struct mdl_cs *cs, unsigned int track)
{
	uint64_t start_ns = mdl_cs_next_ns(cs), end_ns;

	mdl_cs_run(cs);
	end_ns =
		mdl_cs_next_ns(cs); /* UINT64_MAX: it stands still, and nobody can say since when */
	mdl_span(m, "stream", track, end_ns == UINT64_MAX ? "last instructions" : "instructions",
		 start_ns, end_ns == UINT64_MAX || end_ns < start_ns ? 0 : end_ns - start_ns);
}

void mdl_csf_run(struct mmx_model *m)
{
	struct mdl_csf *csf = mdl_csf(m);
	uint64_t now = mdl_now(m);

	if (!csf->running || csf->asleep)
		return;
	for (unsigned int i = 0; i < csf->group_count; i++) {
		struct mdl_csf_group *g = csf->groups[i];

		if (g->state != MDL_CSF_RUNNING)
			continue;
		for (unsigned int j = 0; j < g->stream_count; j++) {
			struct mdl_cs *cs = g->streams[j].cs;

			if (may_run(&g->streams[j]) && mdl_cs_runnable(cs) &&
			    mdl_cs_next_ns(cs) <= now)
				run_slice(m, cs, i * STREAM_TRACKS + j);
		}
	}
}

uint64_t mdl_csf_next_ns(const struct mdl_csf *csf)
{
	uint64_t next = UINT64_MAX;

	if (!csf->running || csf->asleep)
		return next;
	for (unsigned int i = 0; i < csf->group_count; i++) {
		const struct mdl_csf_group *g = csf->groups[i];

		if (g->state != MDL_CSF_RUNNING)
			continue;
		for (unsigned int j = 0; j < g->stream_count; j++) {
			const struct mdl_csf_stream *s = &g->streams[j];
			uint64_t at = may_run(s) ? mdl_cs_next_ns(s->cs) : UINT64_MAX;

			if (at < next)
				next = at;
		}
	}
	return next;
}

/* ---- boot ---- */

static void free_groups(struct mmx_model *m, struct mdl_csf *csf)
{
	for (unsigned int i = 0; i < csf->group_count; i++) {
		struct mdl_csf_group *g = csf->groups[i];

		mdl_event_del(m, &g->transition);
		for (unsigned int j = 0; j < g->stream_count; j++) {
			if (g->streams[j].cs)
				mdl_cs_destroy(g->streams[j].cs);
		}
		free(g);
		csf->groups[i] = NULL;
	}
	csf->group_count = 0;
}

/* A block must be reachable to its end, not only where the boot happens to look. */
static void touch_blocks(struct mmx_model *m, uint32_t in_va, uint32_t in_size, uint32_t out_va,
			 uint32_t out_size)
{
	uint64_t last = (uint64_t)out_va + out_size - sizeof(uint32_t);

	csf_rd(m, (uint64_t)in_va + in_size - sizeof(uint32_t));
	csf_wr(m, last, csf_rd(m, last));
}

/* Return: NULL, or what is wrong with it. */
static const char *add_stream(struct mmx_model *m, struct mdl_csf_group *g, unsigned int index,
			      uint32_t control)
{
	struct mdl_csf_stream *s = &g->streams[index];

	s->in_va = csf_rd(m, control + CS_INPUT_VA);
	s->out_va = csf_rd(m, control + CS_OUTPUT_VA);
	touch_blocks(m, s->in_va, CS_IN_SIZE, s->out_va, CS_OUT_SIZE);
	csf_wr(m, control + CS_FEATURES, mdl_product(m)->cs_features);
	csf_wr(m, s->out_va + CS_OUT_ACK, csf_rd(m, s->in_va + CS_IN_REQ));
	s->cs = mdl_cs_create(m, g->index, index);
	g->stream_count = index + 1;
	return s->cs ? NULL : "the model has no memory for a stream";
}

static const char *add_group(struct mmx_model *m, unsigned int index, uint32_t control,
			     uint32_t stride)
{
	struct mdl_csf *csf = mdl_csf(m);
	uint32_t streams = csf_rd(m, control + CSG_STREAM_NUM);
	uint32_t stream_stride = csf_rd(m, control + CSG_STREAM_STRIDE);
	struct mdl_csf_group *g;
	const char *why = NULL;

	if (!streams || streams > IFACE_STREAMS_MAX || stream_stride < CS_CONTROL_LEN ||
	    stream_stride % 4 || stream_stride > stride / streams ||
	    STREAMS_OFFSET + streams * stream_stride > stride)
		return "the streams of a group do not fit into its control block";
	g = calloc(1, sizeof(*g));
	if (!g)
		return "the model has no memory for a group";
	csf->groups[index] = g;
	csf->group_count = index + 1;
	g->transition.fn = csf_group_transition;
	g->index = index;
	g->in_va = csf_rd(m, control + CSG_INPUT_VA);
	g->out_va = csf_rd(m, control + CSG_OUTPUT_VA);
	touch_blocks(m, g->in_va, CSG_IN_SIZE, g->out_va, CSG_OUT_SIZE);
	csf_wr(m, control + CSG_FEATURES, 0);
	csf_wr(m, control + CSG_SUSPEND_SIZE, csf_suspend_size(streams));
	csf_wr(m, control + CSG_PROTM_SUSPEND_SIZE, PROTM_SUSPEND_SIZE);
	csf_wr(m, g->out_va + CSG_OUT_ACK, csf_rd(m, g->in_va + CSG_IN_REQ));
	csf_wr(m, g->out_va + CSG_OUT_DOORBELL_ACK, csf_rd(m, g->in_va + CSG_IN_DOORBELL_REQ));
	csf_wr(m, g->out_va + CSG_OUT_CS_IRQ_REQ, csf_rd(m, g->in_va + CSG_IN_CS_IRQ_ACK));
	for (unsigned int i = 0; i < streams && !why; i++)
		why = add_stream(m, g, i, control + STREAMS_OFFSET + i * stream_stride);
	return why;
}

static const char *read_layout(struct mmx_model *m)
{
	const struct mdl_product *product = mdl_product(m);
	struct mdl_csf *csf = mdl_csf(m);
	uint32_t glb = MDL_MCU_SHARED_VA;
	uint32_t groups = csf_rd(m, glb + GLB_GROUP_NUM);
	uint32_t stride = csf_rd(m, glb + GLB_GROUP_STRIDE);
	const char *why = NULL;

	if (!groups || groups > IFACE_GROUPS_MAX)
		return "the interface has no groups, or too many";
	if (stride % 4 || stride < STREAMS_OFFSET || stride > UINT32_C(0x100000))
		return "the interface's group stride makes no sense";
	csf->in_va = csf_rd(m, glb + GLB_INPUT_VA);
	csf->out_va = csf_rd(m, glb + GLB_OUTPUT_VA);
	touch_blocks(m, csf->in_va, GLB_IN_SIZE, csf->out_va, GLB_OUT_SIZE);
	csf_wr(m, glb + GLB_FEATURES, product->fw_features);
	csf_wr(m, glb + GLB_PERFCNT_SIZE, 0);
	csf_wr(m, glb + GLB_INSTR_FEATURES, product->instr_features);
	for (unsigned int i = 0; i < groups && !why; i++)
		why = add_group(m, i, glb + GROUPS_OFFSET + i * stride, stride);
	if (!why)
		csf_global_init(m);
	if (!why && csf->faulted)
		why = "the interface points outside the MCU's memory";
	if (why)
		return why;
	/* last: a driver takes a version that is not 0 as the sign of life */
	csf_wr(m, glb + GLB_VERSION, mdl_interface_version(m));
	return NULL;
}

const char *mdl_csf_start(struct mmx_model *m)
{
	struct mdl_csf *csf = mdl_csf(m);
	const char *why;

	mdl_csf_stop(m);
	why = read_layout(m);
	csf->faulted = false;
	if (why) {
		free_groups(m, csf);
		return why;
	}
	csf->running = true;
	return NULL;
}

void mdl_csf_stop(struct mmx_model *m)
{
	struct mdl_csf *csf = mdl_csf(m);

	mdl_inject_firmware_stopped(m);
	csf->running = false;
	csf->asleep = false;
	csf->faulted = false;
	csf->glb_rung = false;
	csf->active = false;
	csf->power_wanted = false;
	mdl_event_del(m, &csf->work);
	mdl_event_del(m, &csf->idle_timer);
	mdl_event_del(m, &csf->poweroff_timer);
	free_groups(m, csf);
}

bool mdl_csf_running(struct mmx_model *m)
{
	return mdl_csf(m)->running;
}

struct mdl_csf *mdl_csf_create(void)
{
	struct mdl_csf *csf = calloc(1, sizeof(*csf));

	if (!csf)
		return NULL;
	csf->work.fn = work;
	csf->idle_timer.fn = csf_idle_timer;
	csf->poweroff_timer.fn = csf_poweroff_timer;
	return csf;
}

void mdl_csf_destroy(struct mmx_model *m, struct mdl_csf *csf)
{
	if (!csf)
		return;
	mdl_event_del(m, &csf->work);
	mdl_event_del(m, &csf->idle_timer);
	mdl_event_del(m, &csf->poweroff_timer);
	free_groups(m, csf);
	free(csf);
}
