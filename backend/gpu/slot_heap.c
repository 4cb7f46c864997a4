// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Streams that are out of tiler memory (CS_TILER_OOM): between firmware's words and heap.c. Called by slot_report.c
 * from within an interrupt, by slot.c when a group leaves, and by heap.c when a heap that had no chunk ready has got
 * one, or is refused it.
 *
 * The answer is a chunk in HEAP_START and HEAP_END, or 0 in both; it counts when the event is acknowledged and the stream
 * rung for. While none is given the event stays open, and the stream stands still. When the group leaves the slot an
 * open event is over: firmware raises it again when the group is back (panthor relies on it). So a chunk is never given
 * to a group that is on its way out, where it might not be taken.
 */
#include "backend/gpu/slot.h"

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/group_priv.h"
#include "backend/gpu/slot_priv.h"
#include "backend/util/log.h"

static const struct mmx_csf_cs *stream_of(const struct mmx_slot *slot, unsigned int stream)
{
	return &slot->gpu->fw.cs[slot->index][stream];
}

static void write_answer(struct mmx_slot *slot, unsigned int stream, uint64_t chunk)
{
	struct mmx_csf_cs_input *input = stream_of(slot, stream)->input;

	mmx_fw_write64(&input->heap_start, chunk);
	mmx_fw_write64(&input->heap_end, chunk);
}

/* The heap has decided. */
static void answer(struct mmx_heap_wait *wait, uint64_t chunk)
{
	struct mmx_slot_oom *oom = mmx_container_of(wait, struct mmx_slot_oom, wait);
	const struct mmx_csf_cs *cs = stream_of(oom->slot, oom->stream);

	write_answer(oom->slot, oom->stream, chunk);
	mmx_fw_write32(&cs->input->req,
		       mmx_csf_update(mmx_fw_read32(&cs->input->req),
				      mmx_fw_read32(&cs->output->ack), CS_REQ_TILER_OOM));
	mmx_slot_mark_streams(oom->slot, MMX_BIT(oom->stream));
	mmx_slot_ring(oom->slot);
}

enum mmx_slot_oom_step mmx_slot_oom(struct mmx_slot *slot, unsigned int stream)
{
	const struct mmx_csf_cs_output *output = stream_of(slot, stream)->output;
	struct mmx_heap_wait *wait = &slot->oom[stream].wait;
	struct mmx_heap_oom oom;
	uint64_t chunk = 0;

	if (slot->state == MMX_SLOT_STOPPING || !mmx_list_empty(&wait->link))
		return MMX_SLOT_OOM_OPEN;
	oom = (struct mmx_heap_oom){
		.context = mmx_fw_read64(&output->heap_address),
		.vt_start = mmx_fw_read32(&output->heap_vt_start),
		.vt_end = mmx_fw_read32(&output->heap_vt_end),
		.frag_end = mmx_fw_read32(&output->heap_frag_end),
	};
	switch (mmx_heap_grow(slot->group->vm, &oom, wait, &chunk)) {
	case HEAP_E_BAD:
		mmx_log(MMX_LOG_GPU, MMX_LOG_DEBUG,
			"tiler memory of no heap, or counters that can't be: context=0x%llx "
			"vt_start=%u vt_end=%u frag_end=%u",
			(unsigned long long)oom.context, oom.vt_start, oom.vt_end, oom.frag_end);
		return MMX_SLOT_OOM_BAD;
	case HEAP_E_LATER:
		return MMX_SLOT_OOM_OPEN;
	default:
		break;
	}
	write_answer(slot, stream, chunk);
	return MMX_SLOT_OOM_ANSWERED;
}

void mmx_slot_oom_cancel(struct mmx_slot *slot)
{
	for (unsigned int i = 0; i < MMX_GPU_MAX_QUEUES; i++)
		mmx_list_del(&slot->oom[i].wait.link);
}

void mmx_slot_heap_init(struct mmx_slot *slot)
{
	for (unsigned int i = 0; i < MMX_GPU_MAX_QUEUES; i++) {
		mmx_list_init(&slot->oom[i].wait.link);
		slot->oom[i].wait.answer = answer;
		slot->oom[i].slot = slot;
		slot->oom[i].stream = i;
	}
}
