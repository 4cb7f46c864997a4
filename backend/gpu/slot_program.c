// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The words that a group in a slot is described with to the firmware: its input block, those of its
 * streams, and the bits that have firmware look at them. Called by slot.c, with the slot's windows
 * mapped and the address space of the group's VM enabled.
 *
 * Whatever was left in the words by the group before is overwritten; its events count as seen.
 */
#include "backend/gpu/slot_priv.h"

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/group_priv.h"

void mmx_slot_ring(struct mmx_slot *slot)
{
	struct mmx_csf_glb *glb = &slot->gpu->fw.glb;
	uint32_t req = mmx_fw_read32(&glb->input->doorbell_req);
	uint32_t ack = mmx_fw_read32(&glb->output->doorbell_ack);

	mmx_fw_write32(&glb->input->doorbell_req, mmx_csf_toggle(req, ack, MMX_BIT(slot->index)));
	mmx_fw_doorbell(slot->gpu, 0);
}

void mmx_slot_mark_streams(struct mmx_slot *slot, uint32_t mask)
{
	struct mmx_csf_csg *csg = mmx_slot_csg(slot);
	uint32_t req = mmx_fw_read32(&csg->input->doorbell_req);
	uint32_t ack = mmx_fw_read32(&csg->output->doorbell_ack);

	mmx_fw_write32(&csg->input->doorbell_req, mmx_csf_toggle(req, ack, mask));
}

/* Events of who was in the slot before are over. */
static void program_stream(struct mmx_slot *slot, unsigned int index)
{
	struct mmx_group *group = slot->group;
	const struct mmx_csf_cs *cs = &slot->gpu->fw.cs[slot->index][index];
	struct mmx_csf_cs_input *input = cs->input;
	uint32_t ack = mmx_fw_read32(&cs->output->ack);
	uint32_t req = mmx_csf_update(mmx_fw_read32(&input->req), ack, CS_EVT_MASK);
	const struct mmx_queue *queue = &group->queues[index];
	uint64_t va;

	if (index >= group->queue_count) {
		mmx_fw_write32(&input->req, mmx_csf_update(req, CS_STATE_STOP, CS_REQ_STATE));
		return;
	}
	va = mmx_fw_queue_va(slot->gpu, slot->index, index);
	mmx_queue_rewind(group, index);
	mmx_fw_write64(&input->ringbuf_base, queue->ring_va);
	mmx_fw_write32(&input->ringbuf_size, (uint32_t)queue->ring.size);
	mmx_fw_write64(&input->ringbuf_input, va);
	mmx_fw_write64(&input->ringbuf_output, va + MMX_PAGE_SIZE);
	mmx_fw_write32(&input->config, MMX_FIELD_PREP(CS_CONFIG_PRIORITY, queue->priority) |
					       MMX_FIELD_PREP(CS_CONFIG_DOORBELL, slot->index + 1));
	mmx_fw_write32(&input->ack_irq_mask, UINT32_MAX);
	mmx_fw_write32(&input->req,
		       mmx_csf_update(req,
				      CS_STATE_START | CS_REQ_IDLE_EMPTY | CS_REQ_IDLE_SYNC_WAIT,
				      CS_REQ_STATE | CS_REQ_IDLE_EMPTY | CS_REQ_IDLE_SYNC_WAIT));
}

void mmx_slot_program_endpoints(struct mmx_slot *slot)
{
	const struct mmx_group *group = slot->group;
	struct mmx_csf_csg_input *input = mmx_slot_csg(slot)->input;
	uint32_t endpoints = MMX_FIELD_PREP(CSG_EP_REQ_COMPUTE, group->max_compute) |
			     MMX_FIELD_PREP(CSG_EP_REQ_FRAGMENT, group->max_fragment) |
			     MMX_FIELD_PREP(CSG_EP_REQ_TILER, group->max_tiler) |
			     MMX_FIELD_PREP(CSG_EP_REQ_PRIORITY, slot->priority);

	if (slot->gpu->info.fw_version >= CSF_VERSION_ENDPOINT_REQ2)
		mmx_fw_write64(&input->endpoint_req2, endpoints);
	else
		mmx_fw_write32(&input->endpoint_req, endpoints);
}

static void program_group(struct mmx_slot *slot)
{
	const struct mmx_gpu *gpu = slot->gpu;
	const struct mmx_group *group = slot->group;
	struct mmx_csf_csg *csg = mmx_slot_csg(slot);
	struct mmx_csf_csg_input *input = csg->input;
	uint32_t ack = mmx_fw_read32(&csg->output->ack);

	mmx_fw_write64(&input->allow_compute, group->compute_mask);
	mmx_fw_write64(&input->allow_fragment, group->fragment_mask);
	mmx_fw_write32(&input->allow_other, (uint32_t)group->tiler_mask);
	mmx_slot_program_endpoints(slot);
	mmx_fw_write32(&input->config, (uint32_t)mmx_mmu_as(group->vm));
	mmx_fw_write64(&input->suspend_buf, mmx_fw_suspend_va(gpu, slot->index));
	mmx_fw_write64(&input->protm_suspend_buf,
		       group->protm_suspend.cpu ? mmx_fw_protm_suspend_va(gpu, slot->index) : 0);
	mmx_fw_write32(&input->ack_irq_mask, UINT32_MAX);
	mmx_fw_write32(&input->cs_irq_ack, mmx_fw_read32(&csg->output->cs_irq_req));
	mmx_slot_mark_streams(slot, (1u << group->queue_count) - 1);
	mmx_fw_write32(&input->req, mmx_csf_update(mmx_fw_read32(&input->req), ack, CSG_EVT_MASK));
}

void mmx_slot_program(struct mmx_slot *slot)
{
	for (unsigned int i = 0; i < mmx_slot_streams(slot); i++)
		program_stream(slot, i);
	program_group(slot);
}
