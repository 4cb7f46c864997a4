// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Group slots of the firmware: the state machine of slot.h. What else firmware reports on the groups in them is
 * slot_report.c's. Called by core through group.h (place, evict), by gpu.c's interrupt dispatch, by mmu.c
 * (address space enabled, windows maintained), by boot.c at a reset, and by a deadline per slot.
 * Nothing waits.
 *
 * Invariants
 *  - A group that is not OFF has a slot, and the slot has it. It leaves through leave() or
 *    mmx_slots_reset(), and there is no third place that calls ops->group_off: so it is called once
 *    a stay.
 *  - The deadline is armed in STARTING and STOPPING, when a request is pending. MAPPING and
 *    CLEANING are watched by the deadlines of mmu.c.
 *  - A slot holds one use of its group's address space from MAPPING to the end of STOPPING, and
 *    windows until the end of CLEANING. A reset takes both away (mmu.c, fw.c).
 *  - ops are never called from within mmx_group_place() and mmx_group_evict(). A callback may do
 *    anything: evict the group, even reset the GPU; so its caller looks at the slot again
 *    (mmx_slot_still_in()) before it goes on.
 *
 * The ladder: a SUSPEND that is not answered in time becomes a TERMINATE, which costs that group
 * alone. A TERMINATE, START or RESUME that is not answered resets the GPU.
 *
 * Firmware's words are copied once each. A state that firmware was not asked for, or that does not
 * exist, resets the GPU: the group's state can't be trusted any more.
 */
#include "backend/gpu/slot.h"

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/group.h"
#include "backend/gpu/group_priv.h"
#include "backend/gpu/slot_priv.h"
#include "backend/util/log.h"

/* ---- requests ---- */

static void request(struct mmx_slot *slot, uint32_t state, uint64_t timeout_ns)
{
	struct mmx_csf_csg_input *input = mmx_slot_csg(slot)->input;
	struct mmx_gpu *gpu = slot->gpu;

	slot->request = state;
	mmx_fw_write32(&input->req,
		       mmx_csf_update(mmx_fw_read32(&input->req), state, CSG_REQ_STATE));
	mmx_slot_ring(slot);
	mmx_timer_set(gpu->timers, &slot->deadline, mmx_gpu_deadline_ns(gpu, timeout_ns));
}

static void stop(struct mmx_slot *slot)
{
	mmx_slot_ask_drop(slot);
	slot->state = MMX_SLOT_STOPPING;
	mmx_slot_oom_cancel(slot);
	slot->group->place = MMX_GROUP_LEAVING;
	if (slot->terminate)
		request(slot, CSG_STATE_TERMINATE, MMX_FW_REQUEST_NS);
	else
		request(slot, CSG_STATE_SUSPEND, slot->group->suspend_timeout_ns);
}

/* The address space is enabled, the windows are mapped. */
static void start(struct mmx_slot *slot)
{
	mmx_slot_program(slot);
	slot->state = MMX_SLOT_STARTING;
	request(slot, slot->group->suspended ? CSG_STATE_RESUME : CSG_STATE_START,
		MMX_FW_REQUEST_NS);
}

static void start_if_ready(struct mmx_slot *slot)
{
	if (slot->state == MMX_SLOT_MAPPING && slot->as_ready && slot->windows_ready)
		start(slot);
}

static void as_done(struct mmx_as_wait *wait)
{
	struct mmx_slot *slot = mmx_container_of(wait, struct mmx_slot, as_wait);

	slot->as_ready = true;
	start_if_ready(slot);
}

/*
 * Firmware sees the windows. Maintenance of AS0 ends in the order in which it was asked for, and with a reset before
 * any group is placed again: so this is about the group that is in the slot, if any.
 */
static void map_done(struct mmx_vm_op *op)
{
	struct mmx_slot *slot = mmx_container_of(op, struct mmx_slot, map);

	slot->windows_ready = true;
	start_if_ready(slot);
}

/* ---- the way out ---- */

static void set_free(struct mmx_slot *slot)
{
	slot->state = MMX_SLOT_FREE;
	mmx_slot_ask_drop(slot);
	mmx_slot_oom_cancel(slot);
	slot->group = NULL;
	slot->evict = false;
	slot->terminate = false;
	slot->overdue = false;
}

/* What has become of a group that leaves its slot by itself. */
static enum mmx_group_off outcome(const struct mmx_slot *slot)
{
	if (slot->terminate)
		return MMX_GROUP_OFF_TERMINATED;
	if (!slot->overdue)
		return MMX_GROUP_OFF_SUSPENDED;
	/* before a reset it may be for others' doing that it could not */
	return slot->gpu->reset.pending ? MMX_GROUP_OFF_LOST : MMX_GROUP_OFF_OVERDUE;
}

/* The windows can't be reached any more. */
static void leave(struct mmx_slot *slot)
{
	struct mmx_gpu *gpu = slot->gpu;
	struct mmx_group *group = slot->group;
	enum mmx_group_off how = outcome(slot);

	set_free(slot);
	if (group) {
		group->place = MMX_GROUP_OFF;
		group->dead = how != MMX_GROUP_OFF_SUSPENDED;
		gpu->ops->group_off(gpu->ctx, group, how);
	}
	mmx_reset_look(gpu);
}

static void clean_done(struct mmx_vm_op *op)
{
	struct mmx_slot *slot = mmx_container_of(op, struct mmx_slot, clean);

	if (slot->state == MMX_SLOT_CLEANING) /* else there was a reset */
		leave(slot);
}

/*
 * Gives up what the slot has of its group. Firmware runs, so its address space is resident and the
 * windows take an interrupt to be flushed: leave() is not called from within.
 */
static void clean(struct mmx_slot *slot, struct mmx_vm *vm)
{
	slot->state = MMX_SLOT_CLEANING;
	mmx_list_del(&slot->as_wait.link);
	mmx_mmu_put(vm);
	mmx_fw_window_clear(slot->gpu, slot->index, &slot->clean);
}

/* ---- what firmware answers ---- */

/* START or RESUME is acknowledged. */
static void entered(struct mmx_slot *slot)
{
	struct mmx_gpu *gpu = slot->gpu;
	struct mmx_group *group = slot->group;
	bool work = false;

	slot->state = MMX_SLOT_RUNNING;
	group->suspended = false;
	for (unsigned int i = 0; i < group->queue_count; i++)
		group->queues[i].blocked = false;
	if (slot->evict) {
		stop(slot);
		return;
	}
	group->place = MMX_GROUP_ON;
	/* jobs that were pushed while it entered rang no doorbell */
	for (unsigned int i = 0; i < group->queue_count; i++)
		work = work || !mmx_queue_drained(group, i);
	if (work)
		mmx_fw_doorbell(gpu, slot->index + 1);
	gpu->ops->group_on(gpu->ctx, group);
}

/* SUSPEND or TERMINATE is acknowledged. */
static void stopped(struct mmx_slot *slot)
{
	struct mmx_group *group = slot->group;

	group->suspended = slot->request == CSG_STATE_SUSPEND;
	if (group->suspended)
		mmx_slot_take_status(slot);
	if (!mmx_slot_tell_progress(slot)) /* what has completed on the way out */
		return;
	for (unsigned int i = 0; !group->suspended && i < group->queue_count; i++) {
		/* the job that faulted will never end */
		if (group->queues[i].fault_open &&
		    group->queues[i].done < group->queues[i].pushed &&
		    !mmx_slot_tell_fault(slot, i))
			return;
	}
	clean(slot, group->vm);
}

static void answered(struct mmx_slot *slot)
{
	mmx_timer_cancel(slot->gpu->timers, &slot->deadline);
	if (slot->state == MMX_SLOT_STARTING)
		entered(slot);
	else
		stopped(slot);
}

/* Firmware says that there is nothing to run: because rings are empty, or because streams wait? */
static void idle(struct mmx_slot *slot)
{
	struct mmx_gpu *gpu = slot->gpu;
	const struct mmx_group *group = slot->group;

	for (unsigned int i = 0; i < group->queue_count; i++)
		if (!mmx_queue_drained(group, i)) {
			mmx_slot_ask_status(slot);
			return;
		}
	for (unsigned int i = 0; i < group->queue_count; i++)
		slot->group->queues[i].blocked = false;
	gpu->ops->group_idle(gpu->ctx, slot->group);
}

/**
 * mmx_slot_irq() - handles JOB_INT of a slot
 * @gpu: GPU
 * @index: of the slot; one that has nobody to report on is ignored
 *
 * Faults are told before the progress that completes the job, and all that happened in the slot
 * before the group's end in it: the state is read first, so that all that firmware wrote before it
 * is seen.
 */
void mmx_slot_irq(struct mmx_gpu *gpu, unsigned int index)
{
	struct mmx_slot *slot = &gpu->slots.slot[index];
	struct mmx_csf_csg *csg = mmx_slot_csg(slot);
	struct mmx_group *group = slot->group;
	uint32_t ack, req, state, events;

	if (!mmx_slot_still_in(slot, group))
		return;
	ack = mmx_fw_read32(&csg->output->ack);
	state = MMX_FIELD_GET(CSG_REQ_STATE, ack);
	if (state > CSG_STATE_RESUME || (!mmx_slot_is_asked(slot) && state != slot->request)) {
		mmx_log(MMX_LOG_GPU, MMX_LOG_ERROR, "state of a group slot=%u asked=%u is=%u",
			index, slot->request, state);
		mmx_gpu_reset(gpu, "a group is in a state that was not asked for");
		return;
	}
	req = mmx_fw_read32(&csg->input->req);
	events = mmx_csf_pending(req, ack, CSG_EVT_MASK);
	if (events)
		mmx_fw_write32(&csg->input->req, mmx_csf_update(req, ack, CSG_EVT_MASK));
	if (!mmx_slot_tell_events(slot, events))
		return;
	if (slot->state == MMX_SLOT_RUNNING && !mmx_slot_ask_irq(slot, ack))
		return;
	if (mmx_slot_is_asked(slot) && state == slot->request) {
		answered(slot);
		if (!mmx_slot_still_in(slot, group))
			return;
	}
	if ((events & CSG_REQ_IDLE) && slot->state == MMX_SLOT_RUNNING)
		idle(slot);
}

static void missed(struct mmx_timer *timer)
{
	struct mmx_slot *slot = mmx_container_of(timer, struct mmx_slot, deadline);

	if (mmx_gpu_excuse(slot->gpu, timer))
		return;
	/* the answer may be there, and just the interrupt be lost */
	mmx_slot_irq(slot->gpu, slot->index);
	if (!mmx_slot_is_asked(slot) || mmx_timer_armed(&slot->deadline)) {
		mmx_gpu_lost_irq(slot->gpu, "JOB");
		return;
	}
	if (slot->state == MMX_SLOT_STOPPING && slot->request == CSG_STATE_SUSPEND) {
		/* upstream: a TERMINATE takes the place of a SUSPEND that does not end */
		mmx_log(MMX_LOG_GPU, MMX_LOG_WARN, "group does not suspend slot=%u", slot->index);
		slot->overdue = true;
		request(slot, CSG_STATE_TERMINATE, MMX_FW_REQUEST_NS);
		return;
	}
	mmx_log(MMX_LOG_GPU, MMX_LOG_ERROR, "no answer slot=%u asked=%u", slot->index,
		slot->request);
	/* of a start it is not known whose doing it is */
	mmx_reset_accuse(slot->gpu, "the firmware does not answer a group's request",
			 slot->state == MMX_SLOT_STOPPING ? slot->group : NULL, NULL);
}

/* ---- the owner's side ---- */

static int map_windows(struct mmx_slot *slot, const struct mmx_group *group)
{
	struct mmx_gpu *gpu = slot->gpu;
	int r;

	r = mmx_fw_window_map(gpu, mmx_fw_suspend_va(gpu, slot->index), &group->suspend, true);
	if (!r && group->protm_suspend.cpu)
		r = mmx_fw_window_map(gpu, mmx_fw_protm_suspend_va(gpu, slot->index),
				      &group->protm_suspend, true);
	for (unsigned int i = 0; !r && i < group->queue_count; i++)
		r = mmx_fw_window_map(gpu, mmx_fw_queue_va(gpu, slot->index, i),
				      &group->queues[i].pages, false);
	return r;
}

/**
 * mmx_group_place() - starts or resumes the group in a free slot
 * @group: group; OFF
 * @slot: index of the slot
 * @priority: of the firmware, unique among the groups in slots
 *
 * Return: 0, ops->group_on or ops->group_off follows; GROUP_E_BUSY, GROUP_E_NO_AS, GROUP_E_DEAD;
 * -ENOMEM, -ENOSPC, -EIO: no memory to map it for the firmware.
 */
int mmx_group_place(struct mmx_group *group, unsigned int slot, unsigned int priority)
{
	struct mmx_gpu *gpu = group->gpu;
	struct mmx_slot *s = &gpu->slots.slot[slot];
	int r;

	if (group->dead)
		return GROUP_E_DEAD;
	if (!mmx_gpu_is_ready(gpu) || slot >= gpu->info.slots || s->state != MMX_SLOT_FREE ||
	    group->place != MMX_GROUP_OFF)
		return GROUP_E_BUSY;
	s->as_ready = false;
	s->windows_ready = false;
	mmx_list_init(&s->as_wait.link);
	if (mmx_mmu_get(group->vm, -1, &s->as_wait))
		return GROUP_E_NO_AS;
	r = map_windows(s, group);
	if (r) {
		/* no memory for tables, which may pass; a window can't be taken already */
		clean(s, group->vm);
		return r < 0 ? r : GROUP_E_BUSY;
	}
	s->group = group;
	s->priority = priority;
	s->state = MMX_SLOT_MAPPING;
	group->slot = slot;
	group->place = MMX_GROUP_ENTERING;
	/* firmware runs, so this takes an interrupt: nothing is told from within */
	mmx_fw_window_mapped(gpu, slot, &s->map);
	return 0;
}

/**
 * mmx_group_evict() - takes the group off its slot
 * @group: group; anywhere
 * @terminate: for good
 *
 * While the group enters, its start is awaited first: firmware takes one state after the other. A
 * suspension that is under way is not changed into a termination at the firmware, only in what
 * becomes of the group - unless it takes too long: then firmware is asked for a termination.
 */
void mmx_group_evict(struct mmx_group *group, bool terminate)
{
	struct mmx_slot *slot;

	if (group->place == MMX_GROUP_OFF) {
		group->dead = group->dead || terminate;
		return;
	}
	slot = &group->gpu->slots.slot[group->slot];
	slot->terminate = slot->terminate || terminate;
	group->place = MMX_GROUP_LEAVING;
	switch (slot->state) {
	case MMX_SLOT_MAPPING:
		clean(slot, group->vm);
		break;
	case MMX_SLOT_STARTING:
		slot->evict = true;
		break;
	case MMX_SLOT_RUNNING:
		stop(slot);
		break;
	case MMX_SLOT_STOPPING:
	case MMX_SLOT_CLEANING:
	case MMX_SLOT_FREE:
		break;
	}
}

void mmx_group_look(struct mmx_group *group)
{
	if (group->place != MMX_GROUP_OFF)
		mmx_slot_irq(group->gpu, group->slot);
}

/* ---- reset and life ---- */

void mmx_slots_leave(struct mmx_gpu *gpu)
{
	for (unsigned int i = 0; i < MMX_GPU_MAX_SLOTS; i++) {
		if (gpu->slots.slot[i].group)
			mmx_group_evict(gpu->slots.slot[i].group, false);
	}
}

bool mmx_slots_left(const struct mmx_gpu *gpu)
{
	for (unsigned int i = 0; i < MMX_GPU_MAX_SLOTS; i++) {
		const struct mmx_slot *slot = &gpu->slots.slot[i];

		if (slot->state != MMX_SLOT_FREE &&
		    (!mmx_slot_is_asked(slot) || mmx_timer_armed(&slot->deadline)))
			return false;
	}
	return true;
}

/*
 * A group that ran something has left state in its streams that later jobs may count on (panthor keeps it from job to job):
 * it can't be started anew from its rings.
 */
static bool never_ran(const struct mmx_group *group)
{
	for (unsigned int i = 0; i < group->queue_count; i++) {
		if (group->queues[i].done || mmx_queue_extract(group, i))
			return false;
	}
	return true;
}

static enum mmx_group_off survives(const struct mmx_slot *slot, struct mmx_group *group)
{
	if (slot->terminate || slot->overdue)
		return MMX_GROUP_OFF_LOST;
	if (slot->state == MMX_SLOT_MAPPING)
		return MMX_GROUP_OFF_SUSPENDED;
	if (!never_ran(group))
		return MMX_GROUP_OFF_LOST;
	group->suspended = false;
	return MMX_GROUP_OFF_SUSPENDED;
}

void mmx_slots_reset(struct mmx_gpu *gpu)
{
	for (unsigned int i = 0; i < MMX_GPU_MAX_SLOTS; i++) {
		struct mmx_slot *slot = &gpu->slots.slot[i];
		struct mmx_group *group = slot->group;
		enum mmx_group_off how = group ? survives(slot, group) : MMX_GROUP_OFF_LOST;

		mmx_timer_cancel(gpu->timers, &slot->deadline);
		mmx_list_del(&slot->as_wait.link);
		set_free(slot);
		if (!group)
			continue;
		group->place = MMX_GROUP_OFF;
		group->dead = group->dead || how == MMX_GROUP_OFF_LOST;
		gpu->ops->group_off(gpu->ctx, group, how);
	}
}

/* Return: 0 or -ENOMEM. */
int mmx_slots_init(struct mmx_gpu *gpu)
{
	for (unsigned int i = 0; i < MMX_GPU_MAX_SLOTS; i++) {
		struct mmx_slot *slot = &gpu->slots.slot[i];
		int r = mmx_timer_init(gpu->timers, &slot->deadline, missed);

		slot->gpu = gpu;
		if (!r)
			r = mmx_slot_ask_init(slot);
		if (r < 0) {
			mmx_slots_finish(gpu);
			return r;
		}
		slot->index = i;
		slot->as_wait.done = as_done;
		mmx_list_init(&slot->as_wait.link);
		slot->map.done = map_done;
		slot->clean.done = clean_done;
		mmx_slot_heap_init(slot);
	}
	return 0;
}

/* All groups are OFF. */
void mmx_slots_finish(struct mmx_gpu *gpu)
{
	for (unsigned int i = 0; i < MMX_GPU_MAX_SLOTS; i++) {
		mmx_timer_finish(gpu->timers, &gpu->slots.slot[i].deadline);
		mmx_timer_finish(gpu->timers, &gpu->slots.slot[i].ask_deadline);
	}
}
