// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Groups between their session, the scheduler and the GPU: carries out what the scheduler decides, and routes what
 * the GPU reports to the scheduler's accounts, the group's jobs and the guest whose group it is.
 *
 * A group dies by a fault, a reset or its destruction. Then it is taken off the GPU for good; when it is off, its
 * jobs are cancelled, which may take some rounds; and if its session asked for its end, it is handed back then
 * (mmx_sgroup_stopped()).
 */
#include "backend/core/core_priv.h"

#include <errno.h>
#include <stdlib.h>

static struct mmx_core_group *group_of(struct mmx_group *hw)
{
	struct mmx_sgroup *sgroup = mmx_group_owner(hw);

	return sgroup->host;
}

int mmx_core_group_created(void *ctx, struct mmx_sgroup *sgroup)
{
	struct mmx_partition *partition = ctx;
	struct mmx_core *core = partition->core;
	struct mmx_core_group *group = calloc(1, sizeof(*group));

	if (!group)
		return -ENOMEM;
	group->core = core;
	if (mmx_core_timeout_init(group))
		goto err_free;
	if (mmx_core_stray_init(group))
		goto err_timeout;
	group->partition = partition;
	group->sgroup = sgroup;
	group->sched.partition = &partition->sched;
	group->sched.vm = sgroup->vm;
	group->sched.priority = sgroup->priority;
	mmx_list_init(&group->wait_link);
	mmx_list_init(&group->end_link);
	group->sched.cores = mmx_group_cores(sgroup->hw);
	mmx_sched_group_add(core->sched, &group->sched, mmx_core_now(core));
	mmx_list_add_tail(&core->groups, &group->link);
	sgroup->host = group;
	return 0;

err_timeout:
	mmx_core_timeout_finish(group);
err_free:
	free(group);
	return -ENOMEM;
}

uint64_t mmx_core_group_gpu_time(void *ctx, struct mmx_sgroup *sgroup)
{
	struct mmx_core_group *group = sgroup->host;

	(void)ctx;
	return group ? group->sched.gpu_time_ns : 0;
}

/* Dead and off the GPU: nothing of it will run any more. */
static void finish(struct mmx_core_group *group)
{
	struct mmx_core *core = group->core;
	struct mmx_partition *p = group->partition;

	mmx_core_sync_forget(group);
	mmx_sched_idle(core->sched, &group->sched, mmx_core_now(core));
	group->cancelled = true;
	mmx_core_jobs_progress(group);
	if (group->sgroup->stopping && mmx_list_empty(&group->end_link)) {
		mmx_list_add_tail(&p->ending, &group->end_link);
		mmx_core_mark(p);
	}
}

/* The session has asked for its end, and its jobs have completed. */
static void hand_back(struct mmx_core_group *group)
{
	struct mmx_core *core = group->core;
	struct mmx_sgroup *sgroup = group->sgroup;

	mmx_sched_group_del(core->sched, &group->sched, mmx_core_now(core));
	mmx_list_del(&group->link);
	mmx_list_del(&group->end_link);
	mmx_core_stray_finish(group);
	mmx_core_timeout_finish(group);
	sgroup->host = NULL;
	free(group);
	mmx_sgroup_stopped(sgroup);
}

void mmx_core_groups_round(struct mmx_partition *p)
{
	struct mmx_list *pos, *next;

	mmx_list_for_each_safe(pos, next, &p->ending) {
		struct mmx_core_group *group =
			mmx_container_of(pos, struct mmx_core_group, end_link);

		if (!mmx_core_jobs_left(group))
			hand_back(group);
	}
}

/* Takes the group off the GPU for good. */
void mmx_core_group_kill(struct mmx_core_group *group)
{
	group->dead = true;
	mmx_core_sync_forget(group);
	mmx_sched_leaving(group->core->sched, &group->sched, mmx_core_now(group->core));
	mmx_group_evict(group->sgroup->hw, true);
	if (mmx_group_where(group->sgroup->hw) == MMX_GROUP_OFF)
		finish(group);
}

void mmx_core_group_stop(void *ctx, struct mmx_sgroup *sgroup)
{
	(void)ctx;
	mmx_core_group_kill(sgroup->host);
}

/* ---- decisions ---- */

static void place(struct mmx_core *core, const struct mmx_sched_action *action)
{
	struct mmx_core_group *group =
		mmx_container_of(action->group, struct mmx_core_group, sched);

	switch (mmx_group_place(group->sgroup->hw, action->slot, action->fw_priority)) {
	case 0:
		break;
	case GROUP_E_DEAD:
		/* its end is on the way: no work of it will be scheduled any more */
		mmx_sched_off(core->sched, &group->sched, mmx_core_now(core));
		mmx_sched_idle(core->sched, &group->sched, mmx_core_now(core));
		break;
	default:
		mmx_sched_refused(core->sched, &group->sched, mmx_core_now(core));
		break;
	}
}

void mmx_core_decide(struct mmx_core *core)
{
	struct mmx_sched_action action;
	uint64_t deadline_ns;

	if (!core->sched)
		return;
	mmx_core_power(core);
	if (!mmx_gpu_is_ready(core->gpu))
		return;
	while (mmx_sched_next(core->sched, mmx_core_now(core), &action)) {
		struct mmx_core_group *group =
			mmx_container_of(action.group, struct mmx_core_group, sched);

		switch (action.what) {
		case MMX_SCHED_PLACE:
			place(core, &action);
			break;
		case MMX_SCHED_EVICT:
			mmx_group_evict(group->sgroup->hw, false);
			break;
		case MMX_SCHED_PRIORITIZE:
			if (mmx_group_prioritize(group->sgroup->hw, action.fw_priority))
				mmx_sched_prioritized(core->sched, &group->sched, false,
						      mmx_core_now(core));
			break;
		}
	}
	deadline_ns = mmx_sched_deadline(core->sched);
	if (deadline_ns == UINT64_MAX)
		mmx_timer_cancel(core->params.timers, &core->tick);
	else
		mmx_timer_set(core->params.timers, &core->tick, deadline_ns);
}

/* ---- what the GPU reports ---- */

static void on_ready(void *ctx)
{
	mmx_core_reset_over(ctx);
	mmx_core_gpu_ready(ctx);
}

static void on_failed(void *ctx, const char *why)
{
	mmx_core_gpu_lost(ctx, why);
}

static void on_group_on(void *ctx, struct mmx_group *hw)
{
	struct mmx_core *core = ctx;
	struct mmx_core_group *group = group_of(hw);

	mmx_sched_on(core->sched, &group->sched, mmx_core_now(core));
	mmx_core_timeout_on(group);
}

/* That is the one that it died of. */
bool mmx_core_blame(struct mmx_core_group *group, unsigned int queue, int error)
{
	struct mmx_job *job =
		mmx_core_job_find(group, queue, mmx_queue_done(group->sgroup->hw, queue) + 1);

	if (job)
		job->error = error;
	return job;
}

/* It did not leave its slot in time, whatever it was that each of its queues was doing. */
static void overdue(struct mmx_core_group *group)
{
	struct mmx_session_fault fault = { .kind = MMX_FAULT_TIMEOUT, .group = group->sgroup };
	unsigned int i;

	group->dead = true;
	group->partition->timeouts++;
	group->sgroup->state |= MMX_GROUP_STATE_TIMEDOUT;
	for (i = group->sgroup->queue_count; i-- > 0;)
		if (mmx_core_blame(group, i, ETIMEDOUT))
			fault.queue = i;
	mmx_session_fault(group->sgroup->session, &fault);
}

static void on_group_off(void *ctx, struct mmx_group *hw, enum mmx_group_off how)
{
	struct mmx_core *core = ctx;
	struct mmx_core_group *group = group_of(hw);

	mmx_sched_off(core->sched, &group->sched, mmx_core_now(core));
	mmx_core_stray_off(group);
	if (how == MMX_GROUP_OFF_OVERDUE && !group->dead)
		overdue(group);
	if (how == MMX_GROUP_OFF_LOST && !group->dead)
		mmx_core_group_lost(group);
	/* it may have finished on its way out, or wait: then it has no reason to come back */
	mmx_core_sync_status(group);
	mmx_core_jobs_progress(group);
	mmx_core_timeout_off(group);
	if (group->dead)
		finish(group);
}

static void on_group_progress(void *ctx, struct mmx_group *hw)
{
	struct mmx_core_group *group = group_of(hw);

	(void)ctx;
	mmx_core_jobs_progress(group);
	/* whatever wrote a sync object, others may have waited for it */
	mmx_core_sync_changed(group->partition);
}

/* Idle is what firmware's memory shows, which no guest can write: rings at their ends, streams that wait. */
static void on_group_status(void *ctx, struct mmx_group *hw)
{
	struct mmx_core_group *group = group_of(hw);

	(void)ctx;
	mmx_core_sync_status(group);
	mmx_core_jobs_progress(group);
}

static void on_group_prioritized(void *ctx, struct mmx_group *hw)
{
	struct mmx_core *core = ctx;

	mmx_sched_prioritized(core->sched, &group_of(hw)->sched, true, mmx_core_now(core));
}

static void on_job_fault(void *ctx, struct mmx_group *hw, unsigned int queue, uint64_t hw_job,
			 uint32_t exception, uint64_t info)
{
	struct mmx_core_group *group = group_of(hw);
	struct mmx_job *job = mmx_core_job_find(group, queue, hw_job);
	struct mmx_session_fault fault = { .kind = MMX_FAULT_CS_FAULT,
					   .group = group->sgroup,
					   .queue = queue,
					   .exception = exception,
					   .address = info };

	(void)ctx;
	if (job)
		job->error = EINVAL;
	mmx_session_fault(group->sgroup->session, &fault);
}

void mmx_core_group_timed_out(struct mmx_core_group *group, unsigned int queue)
{
	struct mmx_session_fault fault = { .kind = MMX_FAULT_TIMEOUT,
					   .group = group->sgroup,
					   .queue = queue };

	if (group->dead || group->stray.open)
		return;
	group->partition->timeouts++;
	group->sgroup->state |= MMX_GROUP_STATE_TIMEDOUT;
	mmx_core_blame(group, queue, ETIMEDOUT);
	mmx_session_fault(group->sgroup->session, &fault);
	mmx_core_group_kill(group);
}

static void on_group_stuck(void *ctx, struct mmx_group *hw, unsigned int queue)
{
	(void)ctx;
	mmx_core_group_timed_out(group_of(hw), queue);
}

static void on_group_fatal(void *ctx, struct mmx_group *hw, unsigned int queue, uint32_t exception,
			   uint64_t info)
{
	struct mmx_core_group *group = group_of(hw);
	struct mmx_session_fault fault = { .kind = MMX_FAULT_CS_FATAL,
					   .group = group->sgroup,
					   .queue = queue,
					   .exception = exception,
					   .address = info };

	(void)ctx;
	if (group->dead || mmx_core_stray_named(group, queue))
		return;
	group->sgroup->state |= MMX_GROUP_STATE_FATAL_FAULT;
	group->sgroup->fatal_queues |= 1u << queue;
	mmx_core_blame(group, queue, EINVAL);
	mmx_session_fault(group->sgroup->session, &fault);
	mmx_core_group_kill(group);
}

static void on_vm_fault(void *ctx, struct mmx_vm *vm, const struct mmx_vm_fault *vm_fault)
{
	const struct mmx_session_fault fault = { .kind = MMX_FAULT_MMU,
						 .exception = vm_fault->exception,
						 .access = vm_fault->access,
						 .address = vm_fault->address };

	mmx_core_stray(ctx, vm, &fault);
}

/* The VM is unusable: its groups that are in no slot go, too (hv/proto/proto.h: MMX_FAULT_BIND). That is no job's doing. */
void mmx_core_vm_lost(void *ctx, struct mmx_addrspace *vm)
{
	const struct mmx_partition *partition = ctx;
	struct mmx_session_fault fault = { .kind = MMX_FAULT_BIND };
	struct mmx_list *pos, *tmp;

	mmx_list_for_each_safe(pos, tmp, &partition->core->groups) {
		struct mmx_core_group *group = mmx_container_of(pos, struct mmx_core_group, link);

		/* what has strayed is about to be lost anyway */
		if (mmx_group_vm(group->sgroup->hw) != mmx_addrspace_vm(vm) || group->dead ||
		    group->stray.open)
			continue;
		fault.group = group->sgroup;
		group->sgroup->state |= MMX_GROUP_STATE_FATAL_FAULT;
		group->sgroup->fatal_queues |= (1u << group->sgroup->queue_count) - 1;
		mmx_session_fault(group->sgroup->session, &fault);
		mmx_core_group_kill(group);
	}
}

static void on_heap_low(void *ctx, struct mmx_heap *heap)
{
	(void)ctx;
	mmx_sheap_low(mmx_heap_owner(heap));
}

const struct mmx_gpu_ops mmx_core_gpu_ops = {
	.ready = on_ready,
	.accused = mmx_core_accused,
	.reset = mmx_core_reset,
	.failed = on_failed,
	.group_on = on_group_on,
	.group_off = on_group_off,
	.group_progress = on_group_progress,
	.group_idle = on_group_status,
	.group_status = on_group_status,
	.group_prioritized = on_group_prioritized,
	.job_fault = on_job_fault,
	.group_fatal = on_group_fatal,
	.group_stuck = on_group_stuck,
	.vm_fault = on_vm_fault,
	.heap_low = on_heap_low,
};
