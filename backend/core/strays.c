// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * MMU faults: which groups they cost, and which of their queues. Called by groups.c with what the GPU reports, and by
 * a timer of each group.
 *
 * A fault is told by the MMU, which knows the VM only. Whose stream it was firmware says a moment later, by that
 * stream's CS_FATAL: so the groups of the VM that are in slots have strayed first, and are lost when a stream of
 * one of them dies, when they leave their slots, or after MMX_STRAY_NS: then firmware has nothing to say, and it
 * counts for all queues (as in panthor). Groups of the VM that are in no slot have done nothing, and go on: their VM
 * gets an address space anew when the others are off (gpu/mmu.c).
 *
 * Invariants
 *  - While a group has strayed its VM's address space is disabled: whatever its streams still do, they reach no memory.
 *    It can't be placed either, and is given no jobs.
 *  - A group that has strayed and is not dead is in a slot, and its timer is armed.
 */
#include "backend/core/core_priv.h"

#include <errno.h>

/* What becomes of it is known now. The caller takes it off the GPU, if it is there. */
static void lose(struct mmx_core_group *group)
{
	struct mmx_sgroup *sgroup = group->sgroup;
	struct mmx_session_fault fault = group->stray.fault;
	uint32_t queues =
		group->stray.queues ? group->stray.queues : (1u << sgroup->queue_count) - 1;

	group->dead = true;
	sgroup->state |= MMX_GROUP_STATE_FATAL_FAULT;
	sgroup->fatal_queues |= queues;
	fault.group = sgroup;
	fault.queue = (unsigned int)__builtin_ctz(queues);
	for (unsigned int i = 0; i < sgroup->queue_count; i++)
		if (queues & 1u << i)
			mmx_core_blame(group, i, EINVAL);
	mmx_session_fault(sgroup->session, &fault);
}

static void no_more_to_say(struct mmx_timer *timer)
{
	struct mmx_core_group *group = mmx_container_of(timer, struct mmx_core_group, stray.timer);

	if (group->dead)
		return;
	/* the report may be there, and just the interrupt be lost */
	if (!group->stray.queues)
		mmx_group_look(group->sgroup->hw);
	if (group->dead)
		return;
	lose(group);
	mmx_core_group_kill(group);
}

void mmx_core_stray(struct mmx_core *core, const struct mmx_vm *vm,
		    const struct mmx_session_fault *fault)
{
	uint64_t deadline_ns = mmx_gpu_deadline_ns(core->gpu, MMX_STRAY_NS);
	struct mmx_list *pos;

	mmx_list_for_each(pos, &core->groups) {
		struct mmx_core_group *group = mmx_container_of(pos, struct mmx_core_group, link);
		const struct mmx_group *hw = group->sgroup->hw;

		if (mmx_group_vm(hw) != vm || mmx_group_where(hw) == MMX_GROUP_OFF || group->dead ||
		    group->stray.open)
			continue;
		group->stray.open = true;
		group->stray.fault = *fault;
		mmx_timer_set(core->params.timers, &group->stray.timer, deadline_ns);
	}
}

bool mmx_core_stray_named(struct mmx_core_group *group, unsigned int queue)
{
	struct mmx_core *core = group->core;
	struct mmx_list *pos;

	if (!group->stray.open)
		return false;
	group->stray.queues |= 1u << queue;
	/* by a timer, so that all queues that firmware names in one go are heard of first */
	mmx_list_for_each(pos, &core->groups) {
		struct mmx_core_group *other = mmx_container_of(pos, struct mmx_core_group, link);

		if (mmx_group_vm(other->sgroup->hw) == mmx_group_vm(group->sgroup->hw) &&
		    other->stray.open && !other->dead)
			mmx_timer_set(core->params.timers, &other->stray.timer, mmx_core_now(core));
	}
	return true;
}

void mmx_core_stray_off(struct mmx_core_group *group)
{
	if (!group->stray.open || group->dead)
		return;
	mmx_timer_cancel(group->core->params.timers, &group->stray.timer);
	lose(group);
	mmx_group_evict(group->sgroup->hw, true);
}

int mmx_core_stray_init(struct mmx_core_group *group)
{
	return mmx_timer_init(group->core->params.timers, &group->stray.timer, no_more_to_say);
}

void mmx_core_stray_finish(struct mmx_core_group *group)
{
	mmx_timer_finish(group->core->params.timers, &group->stray.timer);
}
