// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Groups that wait for sync objects. A group all of whose queues are at their ends or stand in SYNC_WAIT, by what
 * firmware says, has nothing to run: it takes no turns, is charged nothing, and gives its slot to whoever wants it.
 * Once it is out of its slot nobody but us sees that its wait is over, so what it waits for is read here (panthor does so
 * too): when anything of its guest has come further on the GPU, and every LOOK_NS, since the guest's CPU may
 * write the object as well.
 *
 * What cannot be read counts as met: the GPU shall find out, and raise the fault. That is an address where nothing is
 * mapped (any more), and one that is not aligned. What is not the guest's to read - the backend's own range of the VM -
 * cannot be judged: such a group keeps taking its turns.
 *
 * The word that is read is the guest's. One that lies about it gets its group placed to no end, which is charged. A
 * group that waits in its slot is not believed to do so on the guest's word alone: firmware is asked again whenever it
 * may have gone on, because it is not charged meanwhile.
 *
 * A look at one group is charged to its guest's round like a message a queue; what does not fit is for later rounds.
 *
 * Invariant: group->waiting if and only if the group is in its partition's list; then it is not busy for the scheduler,
 * and alive.
 */
#include "backend/core/core_priv.h"

/* The default tick: who is woken by a guest's CPU waits for his turn about as long anyway. */
#define LOOK_NS (10 * MMX_NS_PER_MS)

enum stand {
	STAND_RUNS, /* has something to run */
	STAND_WAITS, /* all that is not at its end is in SYNC_WAIT */
	STAND_DRAINED,
};

/* By firmware's words, as they were when it wrote them last. */
static enum stand stand_of(const struct mmx_core_group *group)
{
	const struct mmx_group *hw = group->sgroup->hw;
	enum stand stand = STAND_DRAINED;
	unsigned int i;

	for (i = 0; i < group->sgroup->queue_count; i++) {
		if (mmx_queue_blocked(hw, i))
			stand = STAND_WAITS;
		else if (!mmx_queue_drained(hw, i))
			return STAND_RUNS;
	}
	return stand;
}

/* ---- whether a wait is over ---- */

enum verdict {
	VERDICT_WAIT,
	VERDICT_GO,
	VERDICT_UNKNOWN, /* nothing of the guest's */
};

static enum verdict judge(const struct mmx_core_group *group, unsigned int queue)
{
	const struct mmx_queue_wait *wait = mmx_queue_wait(group->sgroup->hw, queue);
	uint64_t value;
	bool greater;

	switch (mmx_addrspace_peek(group->sgroup->vm, wait->va,
				   wait->wide ? sizeof(uint64_t) : sizeof(uint32_t), &value)) {
	case 0:
		break;
	case ADDRSPACE_E_FOREIGN:
		return VERDICT_UNKNOWN;
	default:
		return VERDICT_GO;
	}
	greater = value > wait->value;
	return greater == wait->greater ? VERDICT_GO : VERDICT_WAIT;
}

/* One queue that may go on is enough. *ret_looks: queues that were looked at. */
static enum verdict judge_all(const struct mmx_core_group *group, unsigned int *ret_looks)
{
	enum verdict verdict = VERDICT_WAIT;
	unsigned int i;

	*ret_looks = 0;
	for (i = 0; i < group->sgroup->queue_count && verdict != VERDICT_GO; i++) {
		enum verdict one;

		if (!mmx_queue_blocked(group->sgroup->hw, i))
			continue;
		(*ret_looks)++;
		one = judge(group, i);
		if (one != VERDICT_WAIT)
			verdict = one;
	}
	return verdict;
}

/* ---- in and out of the list ---- */

void mmx_core_sync_forget(struct mmx_core_group *group)
{
	if (!group->waiting)
		return;
	group->waiting = false;
	group->partition->waiting_count--;
	mmx_list_del(&group->wait_link);
}

static void begin_wait(struct mmx_core_group *group)
{
	struct mmx_core *core = group->core;

	mmx_sched_idle(core->sched, &group->sched, mmx_core_now(core));
	if (group->waiting)
		return;
	group->waiting = true;
	group->partition->waiting_count++;
	mmx_list_add_tail(&group->partition->waiting, &group->wait_link);
	if (!mmx_timer_armed(&core->sync_timer))
		mmx_timer_set(core->params.timers, &core->sync_timer, mmx_core_now(core) + LOOK_NS);
}

/* It has something to run, or may have. */
static void end_wait(struct mmx_core_group *group)
{
	mmx_core_sync_forget(group);
	mmx_sched_busy(group->core->sched, &group->sched, mmx_core_now(group->core));
	/* what it waits for now is its turn */
	if (mmx_group_where(group->sgroup->hw) == MMX_GROUP_OFF)
		mmx_core_timeout_stand(group);
}

/* Return: how many queues were looked at. */
static unsigned int look_at(struct mmx_core_group *group)
{
	struct mmx_group *hw = group->sgroup->hw;
	unsigned int looks;

	switch (judge_all(group, &looks)) {
	case VERDICT_WAIT:
		/* in its slot it may have gone on and the object have changed again */
		mmx_group_ask_status(hw);
		break;
	case VERDICT_GO:
		end_wait(group);
		/* firmware looks at objects when the GPU writes one, or when it is rung for */
		mmx_group_ring(hw);
		break;
	case VERDICT_UNKNOWN:
		end_wait(group);
		break;
	}
	return looks;
}

void mmx_core_sync_status(struct mmx_core_group *group)
{
	struct mmx_core *core = group->core;
	unsigned int looks;

	if (group->dead)
		return;
	switch (stand_of(group)) {
	case STAND_RUNS:
		end_wait(group);
		break;
	case STAND_DRAINED:
		mmx_core_sync_forget(group);
		mmx_sched_idle(core->sched, &group->sched, mmx_core_now(core));
		break;
	case STAND_WAITS:
		/* it was looked at when it began, and will be whenever something changes */
		if (group->waiting) {
			mmx_sched_idle(core->sched, &group->sched, mmx_core_now(core));
			break;
		}
		/* what it waits for may have come about since firmware wrote this */
		switch (judge_all(group, &looks)) {
		case VERDICT_WAIT:
			begin_wait(group);
			break;
		case VERDICT_GO:
			end_wait(group);
			mmx_group_ring(group->sgroup->hw);
			break;
		case VERDICT_UNKNOWN:
			end_wait(group);
			break;
		}
		break;
	}
}

void mmx_core_sync_pushed(struct mmx_core_group *group, unsigned int queue)
{
	if (!group->waiting || !mmx_queue_blocked(group->sgroup->hw, queue))
		end_wait(group);
}

/* ---- when to look ---- */

void mmx_core_sync_changed(struct mmx_partition *partition)
{
	if (!partition->waiting_count)
		return;
	partition->to_look = partition->waiting_count;
	mmx_core_mark(partition);
}

unsigned int mmx_core_sync_look(struct mmx_partition *partition, unsigned int budget)
{
	unsigned int looks = 0;

	if (partition->to_look > partition->waiting_count)
		partition->to_look = partition->waiting_count;
	for (; partition->to_look && looks < budget; partition->to_look--) {
		struct mmx_core_group *group =
			mmx_list_first(&partition->waiting, struct mmx_core_group, wait_link);

		mmx_list_del(&group->wait_link);
		mmx_list_add_tail(&partition->waiting, &group->wait_link);
		looks += look_at(group);
	}
	return looks;
}

static void look_again(struct mmx_timer *timer)
{
	struct mmx_core *core = mmx_container_of(timer, struct mmx_core, sync_timer);
	bool waiting = false;
	size_t i;

	for (i = 0; i < core->partition_count; i++) {
		mmx_core_sync_changed(&core->partitions[i]);
		waiting |= core->partitions[i].waiting_count != 0;
	}
	if (waiting)
		mmx_timer_set(core->params.timers, timer, mmx_core_now(core) + LOOK_NS);
}

int mmx_core_sync_init(struct mmx_core *core)
{
	return mmx_timer_init(core->params.timers, &core->sync_timer, look_again);
}

void mmx_core_sync_finish(struct mmx_core *core)
{
	mmx_timer_finish(core->params.timers, &core->sync_timer);
}
