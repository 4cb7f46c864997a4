// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Power of the GPU: when nobody has had work for a while it is put to sleep, and as soon as somebody has it is woken.
 * Called in each round (mmx_core_decide()); the mechanism is gpu/sleep.c.
 *
 * Groups that are idle stay in their slots until then, since they cost nothing there and are quick to go on. First
 * they are suspended, then the GPU is told. Work that comes meanwhile ends that: who has it is placed again.
 *
 * A guest notices nothing but the time: its first job waits for the firmware to boot.
 */
#include "backend/core/core_priv.h"

/* The round that follows looks anew. */
static void idle(struct mmx_timer *timer)
{
	mmx_container_of(timer, struct mmx_core, idle)->drowsy = true;
}

static void suspend_all(struct mmx_core *core)
{
	struct mmx_sched_group *sched;

	while ((sched = mmx_sched_resident(core->sched))) {
		struct mmx_core_group *group =
			mmx_container_of(sched, struct mmx_core_group, sched);

		mmx_sched_leaving(core->sched, sched, mmx_core_now(core));
		mmx_group_evict(group->sgroup->hw, false);
	}
}

void mmx_core_power(struct mmx_core *core)
{
	uint64_t idle_ns = core->params.config->idle_power_off_ms * MMX_NS_PER_MS;
	struct mmx_timers *timers = core->params.timers;

	if (!mmx_sched_at_rest(core->sched)) {
		core->drowsy = false;
		mmx_timer_cancel(timers, &core->idle);
		mmx_gpu_wake(core->gpu);
	} else if (!idle_ns || !mmx_gpu_is_ready(core->gpu)) {
		return;
	} else if (core->drowsy) {
		suspend_all(core);
		/* else some are still on their way out */
		if (!mmx_gpu_sleep(core->gpu))
			core->drowsy = false;
	} else if (!mmx_timer_armed(&core->idle)) {
		mmx_timer_set(timers, &core->idle, mmx_core_now(core) + idle_ns);
	}
}

int mmx_core_power_init(struct mmx_core *core)
{
	return mmx_timer_init(core->params.timers, &core->idle, idle);
}

void mmx_core_power_finish(struct mmx_core *core)
{
	mmx_timer_finish(core->params.timers, &core->idle);
}
