// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What firmware reports of a group in a slot, beside its state: jobs that are done, faults and deaths of streams, the end
 * of the progress timer. Called by slot.c, from an interrupt or when the group leaves. Nothing waits.
 *
 * Invariants
 *  - Firmware's words are copied once each, and acknowledged before anybody is told of them.
 *  - Faults are told before the progress that completes the job.
 *  - A callback may do anything (slot.c): so who has called one looks whether the group is still in the slot, and says so.
 *
 * Doorbells: acknowledging SYNC_UPDATE and IDLE rings none, since firmware looks at the host's word
 * before it raises the next one. After FAULT and TILER_OOM (slot_heap.c) the stream is rung for, since it
 * may stand still until its event is acknowledged. PROTM_PENDING is never answered: there is no
 * protected mode here, such a stream runs into the owner's time limits.
 */
#include "backend/gpu/slot.h"

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/group.h"
#include "backend/gpu/group_priv.h"
#include "backend/gpu/slot_priv.h"

/* Exception codes of panthor.md 2.7 (drm/panthor: DRM_PANTHOR_EXCEPTION_*). */
#define EXCEPTION_CS_UNRECOVERABLE 0x41u
#define EXCEPTION_OOM		   0x60u

/* Events of a stream that are acknowledged here. */
#define STREAM_EVENTS (CS_REQ_FAULT | CS_REQ_FATAL | CS_REQ_TILER_OOM)

/* The death of a stream, copied before it is acknowledged. */
struct stream_report {
	bool died;
	uint32_t fatal;
	uint64_t fatal_info;
};

bool mmx_slot_tell_fault(struct mmx_slot *slot, unsigned int index)
{
	struct mmx_gpu *gpu = slot->gpu;
	struct mmx_group *group = slot->group;
	const struct mmx_queue *q = &group->queues[index];

	gpu->ops->job_fault(gpu->ctx, group, index, q->done + 1, q->fault_exception, q->fault_info);
	return mmx_slot_still_in(slot, group);
}

/* Tells faults of jobs that have ended. Return: false if the group is not in the slot any more. */
static bool tell_faults(struct mmx_slot *slot)
{
	struct mmx_group *group = slot->group;

	for (unsigned int i = 0; i < group->queue_count; i++) {
		while (mmx_queue_faulted(group, i)) {
			if (!mmx_slot_tell_fault(slot, i))
				return false;
			mmx_queue_fault_told(group, i);
		}
	}
	return true;
}

/* By the host's word firmware may raise the event again: so it is written before the memory is looked at. */
bool mmx_slot_tell_progress(struct mmx_slot *slot)
{
	struct mmx_group *group = slot->group;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!tell_faults(slot))
		return false;
	slot->gpu->ops->group_progress(slot->gpu->ctx, group);
	return mmx_slot_still_in(slot, group);
}

/* Copies and acknowledges what a stream has reported, but for an OOM that is not answered yet. Return: true if it may wait for that. */
static bool take_report(struct mmx_slot *slot, unsigned int index, struct stream_report *ret_report)
{
	const struct mmx_csf_cs *cs = &slot->gpu->fw.cs[slot->index][index];
	uint32_t ack = mmx_fw_read32(&cs->output->ack);
	uint32_t req = mmx_fw_read32(&cs->input->req);
	uint32_t events = mmx_csf_pending(req, ack, STREAM_EVENTS);
	bool used = index < slot->group->queue_count;

	*ret_report = (struct stream_report){ 0 };
	if (!events)
		return false;
	if (used && (events & CS_REQ_FAULT)) {
		struct mmx_queue *q = &slot->group->queues[index];

		q->fault_open = true;
		q->fault_exception =
			MMX_FIELD_GET(CS_EXCEPTION_TYPE, mmx_fw_read32(&cs->output->fault));
		q->fault_info = mmx_fw_read64(&cs->output->fault_info);
	}
	if (used && (events & CS_REQ_FATAL)) {
		ret_report->died = true;
		ret_report->fatal = mmx_fw_read32(&cs->output->fatal);
		ret_report->fatal_info = mmx_fw_read64(&cs->output->fatal_info);
	}
	if (used && (events & CS_REQ_TILER_OOM)) {
		enum mmx_slot_oom_step step = mmx_slot_oom(slot, index);

		if (step != MMX_SLOT_OOM_ANSWERED)
			events &= ~CS_REQ_TILER_OOM;
		if (step == MMX_SLOT_OOM_BAD && !ret_report->died) {
			ret_report->died = true;
			ret_report->fatal = EXCEPTION_OOM;
			ret_report->fatal_info = mmx_fw_read64(&cs->output->heap_address);
		}
	}
	mmx_fw_write32(&cs->input->req, mmx_csf_update(req, ack, events));
	return events & (CS_REQ_FAULT | CS_REQ_TILER_OOM);
}

/* Return: false if the group is not in the slot any more. */
static bool tell_report(struct mmx_slot *slot, unsigned int index,
			const struct stream_report *report)
{
	struct mmx_gpu *gpu = slot->gpu;
	struct mmx_group *group = slot->group;
	uint32_t fatal = MMX_FIELD_GET(CS_EXCEPTION_TYPE, report->fatal);

	if (!report->died)
		return true;
	/* it may have died of an MMU fault, which says more, and whose interrupt is another one */
	mmx_mmu_irq(gpu);
	if (!mmx_slot_still_in(slot, group))
		return false;
	/* the owner blames the first job that is not done: so let it know what is */
	if (!tell_faults(slot))
		return false;
	gpu->ops->group_fatal(gpu->ctx, group, index, fatal, report->fatal_info);
	if (!mmx_slot_still_in(slot, group))
		return false;
	if (fatal == EXCEPTION_CS_UNRECOVERABLE) {
		mmx_reset_accuse(gpu, "a command stream is unrecoverable", group, NULL);
		return mmx_slot_still_in(slot, group);
	}
	return true;
}

/* Return: false if the group is not in the slot any more. */
static bool stream_events(struct mmx_slot *slot)
{
	struct mmx_csf_csg *csg = mmx_slot_csg(slot);
	uint32_t irqs = mmx_fw_read32(&csg->output->cs_irq_req);
	uint32_t changed = irqs ^ mmx_fw_read32(&csg->input->cs_irq_ack);
	struct stream_report reports[MMX_GPU_MAX_QUEUES];
	uint32_t waiting = 0;

	if (!changed)
		return true;
	/* this word before the streams': what comes meanwhile announces itself again */
	mmx_fw_write32(&csg->input->cs_irq_ack, irqs);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < mmx_slot_streams(slot); i++) {
		if ((changed & MMX_BIT(i)) && take_report(slot, i, &reports[i]))
			waiting |= MMX_BIT(i);
	}
	if (waiting) {
		mmx_slot_mark_streams(slot, waiting);
		mmx_slot_ring(slot);
	}
	for (unsigned int i = 0; i < mmx_slot_streams(slot); i++) {
		if ((changed & MMX_BIT(i)) && !tell_report(slot, i, &reports[i]))
			return false;
	}
	return true;
}

static void progress_timeout(struct mmx_slot *slot)
{
	struct mmx_gpu *gpu = slot->gpu;
	unsigned int queue = 0;

	while (queue + 1 < slot->group->queue_count && mmx_queue_drained(slot->group, queue))
		queue++;
	gpu->ops->group_stuck(gpu->ctx, slot->group, queue);
}

/* Return: false if the group is not in the slot any more. */
static bool group_events(struct mmx_slot *slot, uint32_t events)
{
	struct mmx_group *group = slot->group;

	if ((events & CSG_REQ_SYNC_UPDATE) && !mmx_slot_tell_progress(slot))
		return false;
	if (events & CSG_REQ_PROGRESS_TIMER_EVENT) {
		progress_timeout(slot);
		if (!mmx_slot_still_in(slot, group))
			return false;
	}
	return true;
}

bool mmx_slot_tell_events(struct mmx_slot *slot, uint32_t events)
{
	return stream_events(slot) && group_events(slot, events);
}
