// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What is asked of firmware about a group that runs, beside its state: another priority, and what its streams stand at.
 * Called by core through group.h, by slot.c (an interrupt, the way out, a group that is idle though its rings are not
 * empty), and by a deadline per slot. Nothing waits.
 *
 * Invariant: slot->asked has the bits of csg_input.req that were toggled and are not acknowledged, and the deadline is
 * armed while there are any. It is 0 unless the slot is RUNNING: who leaves is asked nothing more, and an answer that
 * comes too late finds nobody who waits for it.
 */
#include "backend/gpu/slot.h"

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/group.h"
#include "backend/gpu/group_priv.h"
#include "backend/gpu/slot_priv.h"
#include "backend/util/log.h"

static void ask(struct mmx_slot *slot, uint32_t bit)
{
	struct mmx_csf_csg *csg = mmx_slot_csg(slot);
	struct mmx_gpu *gpu = slot->gpu;
	uint32_t req = mmx_fw_read32(&csg->input->req), ack = mmx_fw_read32(&csg->output->ack);

	slot->asked |= bit;
	mmx_fw_write32(&csg->input->req, mmx_csf_toggle(req, ack, bit));
	mmx_slot_ring(slot);
	mmx_timer_set(gpu->timers, &slot->ask_deadline,
		      mmx_gpu_deadline_ns(gpu, MMX_FW_REQUEST_NS));
}

void mmx_slot_ask_status(struct mmx_slot *slot)
{
	/* what is asked for already may be from before whatever happened now */
	if (slot->asked & CSG_REQ_STATUS_UPDATE)
		slot->ask_again = true;
	else
		ask(slot, CSG_REQ_STATUS_UPDATE);
}

void mmx_slot_ask_drop(struct mmx_slot *slot)
{
	slot->asked = 0;
	slot->ask_again = false;
	mmx_timer_cancel(slot->gpu->timers, &slot->ask_deadline);
}

/*
 * Waits for a sync object and for nothing else, by the status that firmware writes when it is asked and when it
 * suspends. With scoreboards set there is more than the wait (panthor).
 */
static bool is_blocked(const struct mmx_csf_cs_output *output)
{
	uint32_t reason = mmx_fw_read32(&output->status_blocked_reason);

	return MMX_FIELD_GET(CS_STATUS_BLOCKED_REASON, reason) == CS_BLOCKED_SYNC_WAIT &&
	       !mmx_fw_read32(&output->status_scoreboards);
}

void mmx_slot_take_status(struct mmx_slot *slot)
{
	struct mmx_group *group = slot->group;

	for (unsigned int i = 0; i < group->queue_count; i++) {
		const struct mmx_csf_cs_output *output = slot->gpu->fw.cs[slot->index][i].output;
		uint32_t status = mmx_fw_read32(&output->status_wait);
		uint32_t cond = MMX_FIELD_GET(CS_STATUS_WAIT_SYNC_COND, status);
		struct mmx_queue *q = &group->queues[i];

		/* of a condition that we do not know nobody could say whether it is met */
		q->blocked = is_blocked(output) && cond <= CS_SYNC_COND_GT;
		q->wait.wide = status & CS_STATUS_WAIT_SYNC_64B;
		q->wait.greater = cond == CS_SYNC_COND_GT;
		q->wait.va = mmx_fw_read64(&output->status_wait_sync_ptr);
		q->wait.value = mmx_fw_read32(&output->status_wait_sync_value);
		if (q->wait.wide)
			q->wait.value |= (uint64_t)mmx_fw_read32(&output->status_wait_sync_value_hi)
					 << 32;
	}
}

/* Return: false if the group is not in the slot any more. */
bool mmx_slot_ask_irq(struct mmx_slot *slot, uint32_t ack)
{
	struct mmx_gpu *gpu = slot->gpu;
	struct mmx_group *group = slot->group;
	uint32_t req = mmx_fw_read32(&mmx_slot_csg(slot)->input->req);
	uint32_t answered = slot->asked & ~mmx_csf_pending(req, ack, slot->asked);
	bool again = slot->ask_again;

	if (!answered)
		return true;
	slot->asked &= ~answered;
	if (!slot->asked)
		mmx_timer_cancel(gpu->timers, &slot->ask_deadline);
	if (answered & CSG_REQ_ENDPOINT_CONFIG) {
		gpu->ops->group_prioritized(gpu->ctx, group);
		if (slot->group != group || slot->state != MMX_SLOT_RUNNING)
			return false;
	}
	if (answered & CSG_REQ_STATUS_UPDATE) {
		slot->ask_again = false;
		mmx_slot_take_status(slot);
		if (again)
			ask(slot, CSG_REQ_STATUS_UPDATE);
		else
			gpu->ops->group_status(gpu->ctx, group);
	}
	return slot->group == group && slot->state == MMX_SLOT_RUNNING;
}

static void missed(struct mmx_timer *timer)
{
	struct mmx_slot *slot = mmx_container_of(timer, struct mmx_slot, ask_deadline);

	if (mmx_gpu_excuse(slot->gpu, timer))
		return;
	/* the answer may be there, and just the interrupt be lost */
	mmx_slot_irq(slot->gpu, slot->index);
	if (!slot->asked || mmx_timer_armed(&slot->ask_deadline)) {
		mmx_gpu_lost_irq(slot->gpu, "JOB");
		return;
	}
	mmx_log(MMX_LOG_GPU, MMX_LOG_ERROR, "no answer slot=%u asked=0x%x", slot->index,
		slot->asked);
	mmx_gpu_reset(slot->gpu, "the firmware does not answer a request about a group");
}

/* Return: 0 or -ENOMEM. */
int mmx_slot_ask_init(struct mmx_slot *slot)
{
	return mmx_timer_init(slot->gpu->timers, &slot->ask_deadline, missed);
}

/* ---- the owner's side ---- */

static struct mmx_slot *running_slot(const struct mmx_group *group)
{
	return group->place == MMX_GROUP_ON ? &group->gpu->slots.slot[group->slot] : NULL;
}

/**
 * mmx_group_prioritize() - gives a group that is ON another priority among the groups in slots
 * @group: group
 * @priority: of the firmware; no other group may have it, or be given it
 *
 * Return: 0, ops->group_prioritized follows, unless the group leaves its slot before; GROUP_E_BUSY: not ON, or an earlier
 * one is not through.
 */
int mmx_group_prioritize(struct mmx_group *group, unsigned int priority)
{
	struct mmx_slot *slot = running_slot(group);

	if (!slot || (slot->asked & CSG_REQ_ENDPOINT_CONFIG))
		return GROUP_E_BUSY;
	slot->priority = priority;
	mmx_slot_program_endpoints(slot);
	ask(slot, CSG_REQ_ENDPOINT_CONFIG);
	return 0;
}

void mmx_group_ring(struct mmx_group *group)
{
	if (running_slot(group))
		mmx_fw_doorbell(group->gpu, group->slot + 1);
}

/**
 * mmx_group_ask_status() - asks firmware what the group's queues stand at
 * @group: group; nothing happens unless it is ON
 *
 * ops->group_status follows, with all that happened before this call, unless the group leaves its slot before.
 */
void mmx_group_ask_status(struct mmx_group *group)
{
	struct mmx_slot *slot = running_slot(group);

	if (slot)
		mmx_slot_ask_status(slot);
}
