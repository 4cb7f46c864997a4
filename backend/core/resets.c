// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * GPU resets: who is to blame, and what they cost whom. Called by gpu/ through mmx_gpu_ops.
 *
 * Groups that were suspended survive, as do those that could leave their slots before the reset, and those that had not run
 * anything. What was in a slot and can't be gone on with is lost: the guilty group TIMEDOUT, others TIMEDOUT and INNOCENT.
 *
 * Somebody is guilty if he was accused (his group does not answer its TERMINATE, his stream is unrecoverable, a command
 * of his address space does not end) and the firmware is alive otherwise; or if he had the GPU to himself. Else all that
 * were at work are suspects, and will have it to themselves in turn (sched/alone.c).
 */
#include "backend/core/core_priv.h"

#include <errno.h>

void mmx_core_accused(void *ctx, struct mmx_group *hw, struct mmx_vm *vm)
{
	struct mmx_core *core = ctx;

	core->accused.group = NULL;
	core->accused.vm = vm;
	if (hw) {
		const struct mmx_sgroup *sgroup = mmx_group_owner(hw);

		core->accused.group = sgroup->host;
		core->accused.partition = core->accused.group->partition;
	} else {
		core->accused.partition = mmx_session_ctx(mmx_addrspace_session(mmx_vm_owner(vm)));
	}
}

static bool is_accused(const struct mmx_core_group *group)
{
	const struct mmx_core *core = group->core;

	/* what was accused may be gone by now, and its address be another guest's */
	if (group->partition != core->accused.partition)
		return false;
	if (core->accused.all)
		return true;
	return group == core->accused.group ||
	       (core->accused.vm && core->accused.vm == mmx_group_vm(group->sgroup->hw));
}

void mmx_core_reset_over(struct mmx_core *core)
{
	core->accused.partition = NULL;
	core->accused.group = NULL;
	core->accused.vm = NULL;
	core->accused.all = false;
}

void mmx_core_group_lost(struct mmx_core_group *group)
{
	struct mmx_session_fault fault = { .kind = MMX_FAULT_GPU_RESET, .group = group->sgroup };
	bool guilty = is_accused(group);
	unsigned int i;

	group->dead = true;
	group->sgroup->state |= MMX_GROUP_STATE_TIMEDOUT;
	if (!guilty) {
		group->sgroup->state |= MMX_GROUP_STATE_INNOCENT;
		group->partition->lost++;
	}
	for (i = 0; guilty && i < group->sgroup->queue_count; i++)
		mmx_core_blame(group, i, ETIMEDOUT);
	mmx_session_fault(group->sgroup->session, &fault);
}

/* Those of the guilty address space that are in no slot. */
static void condemn(struct mmx_core *core)
{
	struct mmx_list *pos, *tmp;

	mmx_list_for_each_safe(pos, tmp, &core->groups) {
		struct mmx_core_group *group = mmx_container_of(pos, struct mmx_core_group, link);

		if (group->dead || !is_accused(group) ||
		    mmx_group_where(group->sgroup->hw) != MMX_GROUP_OFF)
			continue;
		mmx_core_group_lost(group);
		mmx_core_group_kill(group);
	}
}

/* Nobody is known to be the reason - unless he was alone. */
static void suspect(struct mmx_core *core)
{
	struct mmx_sched_partition *alone =
		core->sched ? mmx_sched_hung(core->sched, mmx_core_now(core)) : NULL;

	mmx_core_reset_over(core);
	if (!alone)
		return;
	core->accused.partition = mmx_container_of(alone, struct mmx_partition, sched);
	core->accused.all = true;
}

void mmx_core_reset(void *ctx, const char *why, bool proven)
{
	struct mmx_core *core = ctx;
	size_t i;

	if (!proven)
		suspect(core);
	if (core->accused.partition) {
		mmx_core_charge_reset(core->accused.partition);
		mmx_log_guest(MMX_LOG_CORE, MMX_LOG_WARN, core->accused.partition->config->name,
			      "is the reason of a GPU reset");
		if (!core->accused.all) /* what was not at work is not to blame */
			condemn(core);
	}
	mmx_log(MMX_LOG_CORE, MMX_LOG_ERROR, "GPU is reset: %s", why);
	for (i = 0; i < core->partition_count; i++)
		if (core->partitions[i].session)
			mmx_session_gpu_state(core->partitions[i].session, MMX_GPU_STATE_RESET);
}
