// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What comes before a reset that somebody is accused of; see reset.h. Called by slot.c, slot_report.c and mmu.c when something of a group
 * or VM does not answer, by what groups and firmware do meanwhile, and by its own deadline; it ends in mmx_gpu_reset().
 *
 * While it is pending nothing can be placed (mmx_gpu_is_ready()), and interrupts are handled as ever. A ping that is not
 * answered, or any other reason for a reset, ends it at once: then nobody is to blame.
 */
#include "backend/gpu/reset.h"

#include "backend/gpu/gpu_priv.h"
#include "backend/util/log.h"

void mmx_reset_accuse(struct mmx_gpu *gpu, const char *why, struct mmx_group *group,
		      struct mmx_vm *vm)
{
	struct mmx_reset *reset = &gpu->reset;

	if (gpu->boot.state != MMX_BOOT_READY) {
		mmx_gpu_reset(gpu, why);
		return;
	}
	if (reset->pending) {
		/* one more that is not waited for */
		mmx_reset_look(gpu);
		return;
	}
	mmx_log(MMX_LOG_GPU, MMX_LOG_WARN, "groups leave for a reset: %s", why);
	reset->pending = true;
	reset->accused = group || vm;
	reset->why = why;
	if (reset->accused)
		gpu->ops->accused(gpu->ctx, group, vm);
	mmx_timer_set(gpu->timers, &reset->deadline, mmx_gpu_deadline_ns(gpu, MMX_RESET_LEAVE_NS));
	mmx_glb_probe(gpu);
	mmx_slots_leave(gpu);
	mmx_reset_look(gpu);
}

void mmx_reset_look(struct mmx_gpu *gpu)
{
	/* not from within: the caller may be in the middle of something that a reset takes away */
	if (gpu->reset.pending && !gpu->glb.pending && mmx_slots_left(gpu) && mmx_mmu_rests(gpu))
		mmx_timer_set(gpu->timers, &gpu->reset.deadline, mmx_timers_now(gpu->timers));
}

static void leave_is_over(struct mmx_timer *timer)
{
	struct mmx_gpu *gpu = mmx_container_of(timer, struct mmx_gpu, reset.deadline);

	if (mmx_gpu_excuse(gpu, timer))
		return;
	gpu->reset.proven = gpu->reset.accused && !gpu->glb.pending;
	mmx_gpu_reset(gpu, gpu->reset.why);
}

bool mmx_reset_begins(struct mmx_gpu *gpu)
{
	bool proven = gpu->reset.proven;

	mmx_timer_cancel(gpu->timers, &gpu->reset.deadline);
	gpu->reset.pending = false;
	gpu->reset.accused = false;
	gpu->reset.proven = false;
	return proven;
}

int mmx_reset_init(struct mmx_gpu *gpu)
{
	return mmx_timer_init(gpu->timers, &gpu->reset.deadline, leave_is_over);
}

void mmx_reset_finish(struct mmx_gpu *gpu)
{
	mmx_timer_finish(gpu->timers, &gpu->reset.deadline);
}
