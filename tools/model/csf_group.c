// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A slot and the group in it. Called from csf.c's main loop, and by its own timed transition.
 *
 * States: FREE -(START, RESUME)-> STARTING -> RUNNING -(SUSPEND, TERMINATE)-> STOPPING -> FREE. A state
 * is acknowledged when its transition has ended; requests that come meanwhile are looked at then, but a
 * TERMINATE takes the place of a SUSPEND that has not ended (panthor counts on that). State
 * requests that make no sense (SUSPEND of a free slot, START of a running one) are acknowledged without
 * effect and logged; values above RESUME are never acknowledged.
 *
 * The address space, the suspend buffer and the endpoints are latched when START or RESUME is read;
 * ENDPOINT_CONFIG latches the endpoints again.
 *
 * Suspend: streams pause; once none has anything on the endpoints, all started streams are written to the
 * suspend buffer through address space 0: a header {magic, version, streams of the slot, mask of saved
 * streams, shared scoreboard entries}, then MDL_CS_STATE_SIZE bytes for each stream. RESUME reads that back, in whichever slot.
 * What the host asks of the streams at RESUME counts: a saved stream whose CS_REQ says STOP stays stopped,
 * and one that says START but was not saved starts anew. A buffer that does not hold a suspended group
 * makes every stream that was asked to start end in CS_FATAL (firmware internal error); RESUME is
 * acknowledged all the same. A buffer that cannot be written or read is a fault of the MCU: the firmware
 * dies, SUSPEND is never acknowledged.
 *
 * Events (ACK toggled against REQ, one outstanding at a time): SYNC_UPDATE when a stream wrote a sync
 * object with system scope, IDLE when the last stream became idle by the conditions that the host set.
 * PROGRESS_TIMER when one of its jobs is on cores and none of its tasks has ended for as long as the host's progress timer
 * says; the job goes on, and it is for the host to terminate the group. A group that stays is reported again after as long.
 */
#include "tools/model/csf_priv.h"

#include <string.h>

#include "tools/model/cores.h"
#include "tools/model/cost.h"
#include "tools/model/csf.h"
#include "tools/model/irq.h"
#include "tools/model/mmu.h"
#include "tools/model/model_priv.h"
#include "tools/model/product.h"

#define SUSPEND_MAGIC	0x534d4c4du
#define SUSPEND_VERSION 2u
#define SUSPEND_ALIGN	4096u

struct suspend_header {
	uint32_t magic;
	uint32_t version;
	uint32_t stream_count;
	uint32_t saved; /* mask */
	uint16_t shared[MDL_CS_SHARED_ENTRIES];
	uint32_t reserved[4];
};

uint32_t csf_suspend_size(unsigned int streams)
{
	uint32_t bytes = (uint32_t)sizeof(struct suspend_header) + streams * MDL_CS_STATE_SIZE;

	return (bytes + SUSPEND_ALIGN - 1) / SUSPEND_ALIGN * SUSPEND_ALIGN;
}

static uint64_t suspend_slot(const struct mdl_csf_group *g, unsigned int stream)
{
	return g->suspend_buf + sizeof(struct suspend_header) +
	       (uint64_t)stream * MDL_CS_STATE_SIZE;
}

/* ---- words ---- */

void csf_group_irq(struct mmx_model *m, struct mdl_csf_group *g, uint32_t changed)
{
	if (changed & csf_rd(m, g->in_va + CSG_IN_ACK_IRQ_MASK))
		mdl_irq_raise(m, MMX_MODEL_IRQ_JOB, MDL_BIT(g->index));
}

/* Copies @bits of @value into the acknowledge word. */
static void acknowledge(struct mmx_model *m, struct mdl_csf_group *g, uint32_t bits, uint32_t value)
{
	uint32_t old = csf_rd(m, g->out_va + CSG_OUT_ACK);
	uint32_t ack = (old & ~bits) | (value & bits);

	if (ack == old)
		return;
	csf_wr(m, g->out_va + CSG_OUT_ACK, ack);
	csf_group_irq(m, g, ack ^ old);
}

static void raise_event(struct mmx_model *m, struct mdl_csf_group *g, uint32_t bit)
{
	uint32_t req = csf_rd(m, g->in_va + CSG_IN_REQ);
	uint32_t ack = csf_rd(m, g->out_va + CSG_OUT_ACK);

	if (!((req ^ ack) & bit)) /* else the last one is still to be seen */
		acknowledge(m, g, bit, ~ack);
}

static void latch_endpoints(struct mmx_model *m, struct mdl_csf_group *g)
{
	g->allow_compute = csf_rd64(m, g->in_va + CSG_IN_ALLOW_COMPUTE);
	g->allow_fragment = csf_rd64(m, g->in_va + CSG_IN_ALLOW_FRAGMENT);
	g->allow_other = csf_rd(m, g->in_va + CSG_IN_ALLOW_OTHER);
	g->endpoint_req = csf_rd(m, g->in_va + (mdl_interface_version(m) >= CSG_ENDPOINT_REQ2_SINCE
							? CSG_IN_ENDPOINT_REQ2
							: CSG_IN_ENDPOINT_REQ));
}

/* ---- idleness and status ---- */

static bool group_idle(const struct mdl_csf_group *g)
{
	for (unsigned int i = 0; i < g->stream_count; i++) {
		if (!csf_stream_idle(&g->streams[i]))
			return false;
	}
	return true;
}

static uint32_t count_units(uint64_t mask)
{
	uint32_t n = 0;

	for (; mask; mask &= mask - 1)
		n++;
	return n;
}

static void write_status(struct mmx_model *m, struct mdl_csf_group *g)
{
	uint32_t current = MDL_PREP(EP_COMPUTE, count_units(mdl_csf_endpoints(m, g->index, 0))) |
			   MDL_PREP(EP_FRAGMENT, count_units(mdl_csf_endpoints(m, g->index, 1))) |
			   MDL_PREP(EP_TILER, count_units(mdl_csf_endpoints(m, g->index, 2)));

	csf_wr(m, g->out_va + CSG_OUT_ENDPOINT_CURRENT, g->state == MDL_CSF_FREE ? 0 : current);
	csf_wr(m, g->out_va + CSG_OUT_ENDPOINT_REQ, g->endpoint_req & ~EP_PRIORITY);
	csf_wr(m, g->out_va + CSG_OUT_STATE, group_idle(g) ? CSG_OUT_STATE_IDLE : 0);
	csf_wr(m, g->out_va + CSG_OUT_RESOURCE_DEP, 0);
	for (unsigned int i = 0; i < g->stream_count; i++) {
		if (g->streams[i].started)
			csf_stream_status(m, &g->streams[i]);
	}
}

void csf_group_busy(struct mmx_model *m, struct mdl_csf_group *g)
{
	g->idle = false;
	csf_global_activity(m); /* cores get power now; timers of idleness begin anew */
	csf_schedule(m, MDL_COST_FW_EVENT_NS);
}

bool csf_group_kick_blocked(struct mdl_csf_group *g, enum mdl_cs_blocked why)
{
	bool kicked = false;

	if (g->state != MDL_CSF_RUNNING)
		return false;
	for (unsigned int i = 0; i < g->stream_count; i++) {
		struct mdl_cs_status status;

		if (!g->streams[i].started)
			continue;
		mdl_cs_status(g->streams[i].cs, &status);
		if (status.blocked != why)
			continue;
		mdl_cs_kick(g->streams[i].cs);
		kicked = true;
	}
	return kicked;
}

void csf_group_events(struct mmx_model *m, struct mdl_csf_group *g)
{
	struct mdl_csf *csf = mdl_csf(m);
	uint32_t reports = 0;

	for (unsigned int i = 0; i < g->stream_count; i++) {
		reports |= g->streams[i].reports;
		csf_stream_events(m, g, i);
	}
	if (reports & MDL_BIT(MDL_CS_SYNC_UPDATE)) {
		raise_event(m, g, CSG_SYNC_UPDATE);
		for (unsigned int i = 0; i < csf->group_count; i++) {
			if (i != g->index &&
			    csf_group_kick_blocked(csf->groups[i], MDL_CS_BLOCKED_SYNC))
				csf_group_busy(m, csf->groups[i]);
		}
	}
	if (g->no_progress && g->state != MDL_CSF_FREE)
		raise_event(m, g, CSG_PROGRESS_TIMER);
	g->no_progress = false;
	if (g->state != MDL_CSF_RUNNING)
		return;
	if (!group_idle(g)) {
		g->idle = false;
	} else if (!g->idle) {
		g->idle = true;
		raise_event(m, g, CSG_IDLE);
	}
}

void csf_group_drop(struct mdl_csf_group *g)
{
	for (unsigned int i = 0; i < g->stream_count; i++) {
		mdl_cs_stop(g->streams[i].cs);
		g->streams[i].started = false;
		g->streams[i].reports = 0;
	}
	g->state = MDL_CSF_FREE;
}

/* ---- transitions ---- */

static void transition_in(struct mmx_model *m, struct mdl_csf_group *g, uint64_t delay_ns)
{
	mdl_event_add(m, &g->transition, mdl_now(m) + delay_ns);
}

static void start(struct mmx_model *m, struct mdl_csf_group *g)
{
	g->state = MDL_CSF_RUNNING;
	g->idle = false;
	memset(g->shared, 0, sizeof(g->shared));
	for (unsigned int i = 0; i < g->stream_count; i++)
		csf_stream_begin(m, g, i, NULL);
}

static bool header_good(const struct mdl_csf_group *g, const struct suspend_header *h)
{
	return h->magic == SUSPEND_MAGIC && h->version == SUSPEND_VERSION &&
	       h->stream_count == g->stream_count;
}

static void resume(struct mmx_model *m, struct mdl_csf_group *g)
{
	uint8_t buf[MDL_CS_STATE_SIZE];
	struct suspend_header h;
	bool good;

	if (!mdl_mmu_read(m, 0, g->suspend_buf, &h, sizeof(h), MDL_ACCESS_READ, NULL)) {
		mdl_csf(m)->faulted = true;
		return;
	}
	good = header_good(g, &h);
	memset(g->shared, 0, sizeof(g->shared));
	if (good)
		memcpy(g->shared, h.shared, sizeof(g->shared));
	else
		mdl_log(m, MMX_MODEL_LOG_ERROR, "group %u: no suspended group in its buffer",
			g->index);
	g->state = MDL_CSF_RUNNING;
	g->idle = false;
	for (unsigned int i = 0; i < g->stream_count; i++) {
		uint32_t req = csf_rd(m, g->streams[i].in_va + CS_IN_REQ);
		bool wanted = (req & CS_STATE) == CS_STATE_START;
		bool saved = wanted && good && (h.saved & MDL_BIT(i));

		if (saved && !mdl_mmu_read(m, 0, suspend_slot(g, i), buf, sizeof(buf),
					   MDL_ACCESS_READ, NULL)) {
			mdl_csf(m)->faulted = true;
			return;
		}
		if (good || !wanted)
			csf_stream_begin(m, g, i, saved ? buf : NULL);
		else
			csf_stream_fatal(m, g, i, EXC_CSF_FW_INTERNAL);
	}
}

static bool all_quiet(const struct mdl_csf_group *g)
{
	for (unsigned int i = 0; i < g->stream_count; i++) {
		if (g->streams[i].started && !mdl_cs_quiet(g->streams[i].cs))
			return false;
	}
	return true;
}

/* Return: false if the buffer cannot be written. */
static bool save(struct mmx_model *m, struct mdl_csf_group *g)
{
	struct suspend_header h = {
		.magic = SUSPEND_MAGIC,
		.version = SUSPEND_VERSION,
		.stream_count = g->stream_count,
	};
	uint8_t buf[MDL_CS_STATE_SIZE];

	memcpy(h.shared, g->shared, sizeof(h.shared));
	for (unsigned int i = 0; i < g->stream_count; i++) {
		if (!g->streams[i].started)
			continue;
		h.saved |= MDL_BIT(i);
		memset(buf, 0, sizeof(buf));
		mdl_cs_save(g->streams[i].cs, buf);
		if (!mdl_mmu_write(m, 0, suspend_slot(g, i), buf, sizeof(buf), NULL))
			return false;
	}
	return mdl_mmu_write(m, 0, g->suspend_buf, &h, sizeof(h), NULL);
}

/* Return: true when the group has left the slot. */
static bool stop(struct mmx_model *m, struct mdl_csf_group *g)
{
	if (g->target == CSG_STATE_SUSPEND) {
		if (!all_quiet(g)) {
			transition_in(m, g, MDL_COST_FW_QUIET_POLL_NS);
			return false;
		}
		write_status(m, g);
		if (!save(m, g)) {
			mdl_csf(m)->faulted = true;
			return false;
		}
	}
	/* what streams reported up to here must not get lost with them */
	csf_group_events(m, g);
	csf_group_drop(g);
	csf_wr(m, g->out_va + CSG_OUT_ENDPOINT_CURRENT, 0);
	return true;
}

static void begin(struct mmx_model *m, struct mdl_csf_group *g, uint32_t target)
{
	bool leaves = target == CSG_STATE_TERMINATE || target == CSG_STATE_SUSPEND;
	bool resident = g->state == MDL_CSF_RUNNING;

	if (leaves != resident) {
		if (target != CSG_STATE_TERMINATE)
			mdl_log(m, MMX_MODEL_LOG_ERROR, "group %u: state %u asked of a %s slot",
				g->index, target, resident ? "running" : "free");
		acknowledge(m, g, CSG_STATE, target);
		return;
	}
	g->target = target;
	g->rung = false;
	g->state = leaves ? MDL_CSF_STOPPING : MDL_CSF_STARTING;
	if (leaves) {
		for (unsigned int i = 0; i < g->stream_count; i++) {
			if (g->streams[i].started)
				mdl_cs_pause(g->streams[i].cs);
		}
	} else {
		g->as = csf_rd(m, g->in_va + CSG_IN_CONFIG) & CSG_IN_CONFIG_AS;
		g->suspend_buf = csf_rd64(m, g->in_va + CSG_IN_SUSPEND_BUF);
		g->no_progress = false;
		latch_endpoints(m, g);
	}
	transition_in(m, g, MDL_COST_FW_GROUP_NS + g->stream_count * MDL_COST_FW_STREAM_NS);
}

void csf_group_transition(struct mmx_model *m, struct mdl_event *ev)
{
	struct mdl_csf_group *g = (struct mdl_csf_group *)ev; /* its first member */

	switch (g->target) {
	case CSG_STATE_START:
		start(m, g);
		break;
	case CSG_STATE_RESUME:
		resume(m, g);
		break;
	default:
		if (!stop(m, g)) {
			csf_check(m);
			return;
		}
		break;
	}
	if (!mdl_csf(m)->faulted)
		acknowledge(m, g, CSG_STATE, g->target);
	csf_schedule(m, MDL_COST_FW_EVENT_NS);
	if (g->rung) {
		g->rung = false;
		csf_group_requests(m, g);
	}
	csf_check(m);
}

/* ---- requests ---- */

static void stream_requests(struct mmx_model *m, struct mdl_csf_group *g)
{
	uint32_t req = csf_rd(m, g->in_va + CSG_IN_DOORBELL_REQ);
	uint32_t ack = csf_rd(m, g->out_va + CSG_OUT_DOORBELL_ACK);

	csf_wr(m, g->out_va + CSG_OUT_DOORBELL_ACK, req);
	if (g->state != MDL_CSF_RUNNING || req == ack)
		return;
	for (unsigned int i = 0; i < g->stream_count; i++) {
		if ((req ^ ack) & MDL_BIT(i))
			csf_stream_requests(m, g, i);
	}
	csf_group_busy(m, g);
}

void csf_group_requests(struct mmx_model *m, struct mdl_csf_group *g)
{
	uint32_t req = csf_rd(m, g->in_va + CSG_IN_REQ);
	uint32_t ack = csf_rd(m, g->out_va + CSG_OUT_ACK);
	uint32_t changed = req ^ ack;

	if (g->state == MDL_CSF_STARTING || g->state == MDL_CSF_STOPPING) {
		if (g->state == MDL_CSF_STOPPING && (req & CSG_STATE) == CSG_STATE_TERMINATE)
			g->target = CSG_STATE_TERMINATE;
		g->rung = true;
		return;
	}
	stream_requests(m, g);
	if (changed & CSG_ENDPOINT_CONFIG) {
		latch_endpoints(m, g);
		mdl_csf_power_changed(m);
	}
	if (changed & CSG_STATUS_UPDATE)
		write_status(m, g);
	acknowledge(m, g, CSG_ENDPOINT_CONFIG | CSG_STATUS_UPDATE, req);
	if ((changed & CSG_STATE) && (req & CSG_STATE) <= CSG_STATE_RESUME)
		begin(m, g, req & CSG_STATE);
}
