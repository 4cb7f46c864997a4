// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The interface block of one stream: between the words that the host sees and cs.c, which knows nothing
 * of them. Called by csf_group.c.
 *
 * Requests: STATE (START from the programmed ring, STOP) and the conditions under which the host counts
 * the stream as idle; EXTRACT_EVENT is acknowledged and has no effect. The ring, the input and output
 * addresses and the doorbell are latched at start.
 *
 * Events: FAULT, FATAL, TILER_OOM and PROTM_PEND. The last one says that the stream waits for protected mode; what the host does
 * about it is its matter (PROTM_ENTER, which is refused). The words of the first two stay as they are until the host has acknowledged the event. Each
 * event also toggles the stream's bit in the group's cs_irq_req, if the stream's ack_irq_mask has it.
 * After a FAULT the stream stands still until the host has acknowledged it and rung for the stream
 * (doorbell_req): so the host still finds the extract offset within the job that is to blame.
 * TILER_OOM is answered by the chunk in HEAP_START and HEAP_END when the host acknowledges it and rings for the stream.
 */
#include "tools/model/csf_priv.h"

#include "tools/model/irq.h"
#include "tools/model/model_priv.h"

static struct mdl_cs_params params_of(struct mmx_model *m, const struct mdl_csf_group *g,
				      const struct mdl_csf_stream *s)
{
	uint32_t config = csf_rd(m, s->in_va + CS_IN_CONFIG);

	return (struct mdl_cs_params){
		.as = g->as,
		.ring_base = csf_rd64(m, s->in_va + CS_IN_RINGBUF_BASE),
		.ring_size = csf_rd(m, s->in_va + CS_IN_RINGBUF_SIZE),
		.input_va = csf_rd64(m, s->in_va + CS_IN_RINGBUF_INPUT),
		.output_va = csf_rd64(m, s->in_va + CS_IN_RINGBUF_OUTPUT),
		.priority = MDL_GET(CS_CONFIG_PRIORITY, config),
	};
}

/* ---- events ---- */

static void raise_event(struct mmx_model *m, struct mdl_csf_group *g, unsigned int index,
			uint32_t bit)
{
	struct mdl_csf_stream *s = &g->streams[index];
	uint32_t irq_req, irq_ack;

	csf_wr(m, s->out_va + CS_OUT_ACK, csf_rd(m, s->out_va + CS_OUT_ACK) ^ bit);
	if (!(csf_rd(m, s->in_va + CS_IN_ACK_IRQ_MASK) & bit))
		return;
	irq_req = csf_rd(m, g->out_va + CSG_OUT_CS_IRQ_REQ);
	irq_ack = csf_rd(m, g->in_va + CSG_IN_CS_IRQ_ACK);
	if (!((irq_req ^ irq_ack) & MDL_BIT(index)))
		csf_wr(m, g->out_va + CSG_OUT_CS_IRQ_REQ, irq_req ^ MDL_BIT(index));
	mdl_irq_raise(m, MMX_MODEL_IRQ_JOB, MDL_BIT(g->index));
}

/* Return: true if the host has seen the last event of that kind. */
static bool seen(struct mmx_model *m, const struct mdl_csf_stream *s, uint32_t bit)
{
	return !((csf_rd(m, s->in_va + CS_IN_REQ) ^ csf_rd(m, s->out_va + CS_OUT_ACK)) & bit);
}

/* Written with the event only: what it says must not change before the host has looked. */
static void heap_status(struct mmx_model *m, const struct mdl_csf_stream *s,
			const struct mdl_cs_status *status)
{
	csf_wr(m, s->out_va + CS_OUT_HEAP_VT_START, status->heap_vt_start);
	csf_wr(m, s->out_va + CS_OUT_HEAP_VT_END, status->heap_vt_end);
	csf_wr(m, s->out_va + CS_OUT_HEAP_FRAG_END, status->heap_frag_end);
	csf_wr64(m, s->out_va + CS_OUT_HEAP_ADDRESS, status->heap);
}

void csf_stream_fatal(struct mmx_model *m, struct mdl_csf_group *g, unsigned int index,
		      uint32_t exception)
{
	struct mdl_csf_stream *s = &g->streams[index];

	mdl_cs_stop(s->cs);
	if (!seen(m, s, CS_FATAL))
		return;
	csf_wr(m, s->out_va + CS_OUT_FATAL, exception);
	csf_wr64(m, s->out_va + CS_OUT_FATAL_INFO, 0);
	raise_event(m, g, index, CS_FATAL);
}

void csf_stream_events(struct mmx_model *m, struct mdl_csf_group *g, unsigned int index)
{
	struct mdl_csf_stream *s = &g->streams[index];
	uint32_t reports = s->reports;
	struct mdl_cs_status status;

	s->reports = 0;
	if ((reports & MDL_BIT(MDL_CS_PROTM_PEND)) && seen(m, s, CS_PROTM_PEND))
		raise_event(m, g, index, CS_PROTM_PEND);
	s->oom |= (reports & MDL_BIT(MDL_CS_TILER_OOM)) != 0;
	if (!s->oom && !(reports & (MDL_BIT(MDL_CS_FAULT) | MDL_BIT(MDL_CS_FATAL))))
		return;
	mdl_cs_status(s->cs, &status);
	if ((reports & MDL_BIT(MDL_CS_FAULT)) && seen(m, s, CS_FAULT)) {
		csf_wr(m, s->out_va + CS_OUT_FAULT, status.fault);
		csf_wr64(m, s->out_va + CS_OUT_FAULT_INFO, status.fault_info);
		raise_event(m, g, index, CS_FAULT);
	}
	if ((reports & MDL_BIT(MDL_CS_FATAL)) && seen(m, s, CS_FATAL)) {
		csf_wr(m, s->out_va + CS_OUT_FATAL, status.fatal);
		csf_wr64(m, s->out_va + CS_OUT_FATAL_INFO, status.fatal_info);
		raise_event(m, g, index, CS_FATAL);
	}
	if (!status.oom)
		s->oom = false; /* it has found some */
	if (s->oom && seen(m, s, CS_TILER_OOM)) {
		s->oom = false;
		s->oom_told = true;
		mdl_cs_heap_told(s->cs);
		heap_status(m, s, &status);
		raise_event(m, g, index, CS_TILER_OOM);
	}
}

/* ---- requests ---- */

/* A new stay in the slot: what the last one has asked for is over. */
static void forget_heap(struct mmx_model *m, struct mdl_csf_stream *s)
{
	uint32_t req = csf_rd(m, s->in_va + CS_IN_REQ), ack = csf_rd(m, s->out_va + CS_OUT_ACK);

	s->oom = false;
	s->oom_told = false;
	csf_wr(m, s->out_va + CS_OUT_ACK, (ack & ~CS_TILER_OOM) | (req & CS_TILER_OOM));
}

static void start(struct mmx_model *m, struct mdl_csf_group *g, unsigned int index,
		  const uint8_t *buf)
{
	struct mdl_csf_stream *s = &g->streams[index];
	struct mdl_cs_params params = params_of(m, g, s);

	s->started = true;
	s->reports = 0;
	s->faulted = false;
	forget_heap(m, s);
	s->doorbell = MDL_GET(CS_CONFIG_DOORBELL, csf_rd(m, s->in_va + CS_IN_CONFIG));
	if (!buf) {
		mdl_cs_start(s->cs, &params);
		mdl_cs_kick(s->cs);
	} else if (mdl_cs_restore(s->cs, &params, buf)) {
		mdl_cs_kick(s->cs);
	} else {
		csf_stream_fatal(m, g, index, EXC_CSF_FW_INTERNAL);
	}
}

/* Acknowledges everything but events. */
static void acknowledge(struct mmx_model *m, struct mdl_csf_stream *s, uint32_t req)
{
	uint32_t ack = csf_rd(m, s->out_va + CS_OUT_ACK);

	s->idle_when = req & CS_REQUESTS;
	csf_wr(m, s->out_va + CS_OUT_ACK, (ack & ~CS_REQUESTS) | (req & CS_REQUESTS));
}

void csf_stream_begin(struct mmx_model *m, struct mdl_csf_group *g, unsigned int index,
		      const uint8_t *buf)
{
	struct mdl_csf_stream *s = &g->streams[index];
	uint32_t req = csf_rd(m, s->in_va + CS_IN_REQ);

	acknowledge(m, s, req);
	if ((req & CS_STATE) == CS_STATE_START)
		start(m, g, index, buf);
}

void csf_stream_requests(struct mmx_model *m, struct mdl_csf_group *g, unsigned int index)
{
	struct mdl_csf_stream *s = &g->streams[index];
	uint32_t req = csf_rd(m, s->in_va + CS_IN_REQ);
	bool wanted = (req & CS_STATE) == CS_STATE_START;

	acknowledge(m, s, req);
	if (wanted && !s->started) {
		start(m, g, index, NULL);
	} else if (!wanted && s->started) {
		mdl_cs_stop(s->cs);
		s->started = false;
		s->reports = 0;
	} else if (wanted) {
		if (!(s->reports & MDL_BIT(MDL_CS_FAULT)) && seen(m, s, CS_FAULT))
			s->faulted = false;
		if (s->oom_told && seen(m, s, CS_TILER_OOM)) {
			s->oom_told = false;
			mdl_cs_heap_answer(s->cs, csf_rd64(m, s->in_va + CS_IN_HEAP_START),
					   csf_rd64(m, s->in_va + CS_IN_HEAP_END));
		}
		mdl_cs_kick(s->cs);
	}
}

/* ---- status ---- */

bool csf_stream_idle(const struct mdl_csf_stream *s)
{
	struct mdl_cs_status status;

	if (!s->started)
		return true;
	mdl_cs_status(s->cs, &status);
	if (status.stopped)
		return true;
	if (status.empty)
		return s->idle_when & CS_IDLE_EMPTY;
	switch (status.blocked) {
	case MDL_CS_BLOCKED_SYNC:
		return (s->idle_when & CS_IDLE_SYNC_WAIT) && !status.scoreboards;
	case MDL_CS_BLOCKED_RESOURCE:
		if (status.protm_pend)
			return (s->idle_when & CS_IDLE_PROTM) && !status.scoreboards;
		return (s->idle_when & CS_IDLE_RESOURCE_REQ) && !status.scoreboards;
	default:
		return false;
	}
}

void csf_stream_status(struct mmx_model *m, struct mdl_csf_stream *s)
{
	struct mdl_cs_status status;
	uint32_t out = s->out_va;

	mdl_cs_status(s->cs, &status);
	csf_wr64(m, out + CS_OUT_CMD_PTR, status.cmd_ptr);
	csf_wr(m, out + CS_OUT_WAIT, status.wait);
	csf_wr(m, out + CS_OUT_REQ_RESOURCE, status.req_resource);
	csf_wr64(m, out + CS_OUT_SYNC_PTR, status.wait_sync_ptr);
	csf_wr(m, out + CS_OUT_SYNC_VALUE, (uint32_t)status.wait_sync_value);
	csf_wr(m, out + CS_OUT_SYNC_VALUE_HI, (uint32_t)(status.wait_sync_value >> 32));
	csf_wr(m, out + CS_OUT_SCOREBOARDS, status.scoreboards);
	csf_wr(m, out + CS_OUT_BLOCKED_REASON, status.blocked);
}
