// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Time-outs of jobs. Each queue has a clock for the job that is at its head in the ring: it begins when the job is pushed
 * to an empty ring, and anew with each job that completes. It goes while the group is in its slot, stands while the group
 * is not, and goes on outside for a queue that left its slot waiting for a sync object, since that wait may have no end
 * (as in panthor): until the group has something to run again, and waits for its turn. A group whose clock runs down is taken off the GPU for good; nothing is reset.
 *
 * One timer a group. It may be early: what completes moves the clock and not the timer, so that completions cost no
 * work with timers. When it fires it is set to the clock that is next, or, if none goes, not at all.
 *
 * Completion is what the queue's sync objects say, which the guest's GPU code can write: a guest can keep its own jobs from
 * timing out. It takes nobody else anything: others get their turns by the scheduler, which asks nobody.
 */
#include "backend/core/core_priv.h"

static void arm(struct mmx_core_group *group, uint64_t deadline_ns)
{
	if (!mmx_timer_armed(&group->timeout) || group->timeout.deadline_ns > deadline_ns)
		mmx_timer_set(group->core->params.timers, &group->timeout, deadline_ns);
}

static void go(struct mmx_core_group *group, struct mmx_job_clock *clock)
{
	clock->goes = true;
	clock->deadline_ns = mmx_core_now(group->core) + clock->left_ns;
	arm(group, clock->deadline_ns);
}

void mmx_core_timeout_look(struct mmx_core_group *group, unsigned int queue, uint64_t done)
{
	struct mmx_job_clock *clock = &group->clocks[queue];
	uint64_t timeout_ns = group->partition->config->job_timeout_ms * MMX_NS_PER_MS;

	if (!timeout_ns)
		return;
	if (group->dead || done >= mmx_queue_pushed(group->sgroup->hw, queue)) {
		*clock = (struct mmx_job_clock){ 0 };
		return;
	}
	if (clock->busy && clock->done == done)
		return;
	clock->busy = true;
	clock->done = done;
	clock->left_ns = timeout_ns;
	if (clock->goes || mmx_group_where(group->sgroup->hw) == MMX_GROUP_ON)
		go(group, clock);
}

void mmx_core_timeout_on(struct mmx_core_group *group)
{
	unsigned int i;

	for (i = 0; i < group->sgroup->queue_count; i++)
		if (group->clocks[i].busy && !group->clocks[i].goes)
			go(group, &group->clocks[i]);
}

static void stand(const struct mmx_core_group *group, struct mmx_job_clock *clock)
{
	uint64_t now_ns = mmx_core_now(group->core);

	if (!clock->goes)
		return;
	clock->goes = false;
	clock->left_ns = clock->deadline_ns > now_ns ? clock->deadline_ns - now_ns : 0;
}

void mmx_core_timeout_off(struct mmx_core_group *group)
{
	unsigned int i;

	for (i = 0; i < group->sgroup->queue_count; i++)
		if (!mmx_queue_blocked(group->sgroup->hw, i))
			stand(group, &group->clocks[i]);
}

void mmx_core_timeout_stand(struct mmx_core_group *group)
{
	unsigned int i;

	for (i = 0; i < group->sgroup->queue_count; i++)
		stand(group, &group->clocks[i]);
}

/* The queue whose clock runs down first. Return: false: no clock goes. */
static bool find_first(const struct mmx_core_group *group, unsigned int *ret_queue)
{
	uint64_t first_ns = UINT64_MAX;
	unsigned int i;

	for (i = 0; i < group->sgroup->queue_count; i++) {
		const struct mmx_job_clock *clock = &group->clocks[i];

		if (clock->goes && clock->deadline_ns < first_ns) {
			first_ns = clock->deadline_ns;
			*ret_queue = i;
		}
	}
	return first_ns != UINT64_MAX;
}

static void run_down(struct mmx_timer *timer)
{
	struct mmx_core_group *group = mmx_container_of(timer, struct mmx_core_group, timeout);
	uint64_t now_ns = mmx_core_now(group->core);
	unsigned int queue;

	if (group->dead || !find_first(group, &queue))
		return;
	if (group->clocks[queue].deadline_ns <= now_ns) {
		/* it may have completed, and just the interrupt be lost or on its way */
		mmx_core_jobs_progress(group);
		if (!find_first(group, &queue))
			return;
	}
	if (group->clocks[queue].deadline_ns <= now_ns)
		mmx_core_group_timed_out(group, queue);
	else
		arm(group, group->clocks[queue].deadline_ns);
}

int mmx_core_timeout_init(struct mmx_core_group *group)
{
	return mmx_timer_init(group->core->params.timers, &group->timeout, run_down);
}

void mmx_core_timeout_finish(struct mmx_core_group *group)
{
	mmx_timer_finish(group->core->params.timers, &group->timeout);
}
