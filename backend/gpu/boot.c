// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Bring-up and reset: the state machine of boot.h, but for sleep (sleep.c). Driven by gpu.c's interrupt dispatch, by mmu.c (AS0 is
 * enabled), glb.c (configured), and its own deadline. Anyone in gpu/ may ask for a reset.
 *
 * Registers are written only, but for one read at each state's end: nothing is polled. A deadline reads the
 * status once before it gives up, in case that just the interrupt was lost.
 *
 * Invariants
 *  - The deadline is armed in RESETTING, POWERING and BOOTING; MAPPING and CONFIGURING are watched by the
 *    deadlines of mmu.c and glb.c.
 *  - .fast is set from the moment the firmware has halted until it is READY again, or is given up by a reset.
 *  - From mmx_gpu_reset() until the reset has ended the state is RESETTING, and nobody else writes registers.
 *  - A device that is lost ends in FAILED, whatever its registers seem to say.
 */
#include "backend/gpu/boot.h"

#include "backend/gpu/boot_priv.h"
#include "backend/gpu/gpu_regs.h"
#include "backend/gpu/power.h"
#include "backend/util/log.h"

static uint32_t raw_int(struct mmx_gpu *gpu, uint32_t base)
{
	uint32_t raw = mmx_device_read32(gpu->dev, base + INT_RAWSTAT);

	return mmx_device_lost(gpu->dev) ? 0 : raw;
}

/* ---- states ---- */

void mmx_boot_enter(struct mmx_gpu *gpu, enum mmx_boot_state state, uint64_t deadline_ns)
{
	uint64_t now_ns = mmx_timers_now(gpu->timers);

	if (gpu->boot.state == MMX_BOOT_ASLEEP)
		gpu->stats.power_off_ns += now_ns - gpu->boot.asleep_ns;
	gpu->boot.state = state;
	if (state == MMX_BOOT_ASLEEP) {
		gpu->boot.asleep_ns = now_ns;
		gpu->stats.power_offs++;
	}
	if (deadline_ns)
		mmx_timer_set(gpu->timers, &gpu->boot.deadline,
			      mmx_gpu_deadline_ns(gpu, deadline_ns));
	else
		mmx_timer_cancel(gpu->timers, &gpu->boot.deadline);
}

static void enter_resetting(struct mmx_gpu *gpu)
{
	mmx_boot_enter(gpu, MMX_BOOT_RESETTING, MMX_BOOT_RESET_NS);
	mmx_boot_mask_firmware(gpu);
	mmx_boot_write_mcu(gpu, MCU_CONTROL_DISABLE);
	mmx_boot_write_int(gpu, GPU_INT_BASE, INT_CLEAR, UINT32_MAX);
	mmx_boot_write_int(gpu, GPU_INT_BASE, INT_MASK, GPU_INT_RESET_COMPLETED);
	mmx_device_write32(gpu->dev, GPU_CONTROL_BASE + GPU_CMD, GPU_CMD_SOFT_RESET);
}

static void enter_booting(struct mmx_as_wait *wait)
{
	struct mmx_gpu *gpu = mmx_container_of(wait, struct mmx_gpu, boot.mapped);

	mmx_boot_enter(gpu, MMX_BOOT_BOOTING, MMX_BOOT_MCU_NS);
	mmx_boot_write_int(gpu, JOB_INT_BASE, INT_CLEAR, UINT32_MAX);
	mmx_boot_write_int(gpu, JOB_INT_BASE, INT_MASK, UINT32_MAX);
	mmx_boot_write_mcu(gpu, MCU_CONTROL_AUTO);
}

static void enter_mapping(struct mmx_gpu *gpu)
{
	uint32_t present = gpu->mmu.present;

	mmx_boot_enter(gpu, MMX_BOOT_MAPPING, 0);
	/* the firmware changes the power of cores all the time: none of our business from here on */
	mmx_boot_write_int(gpu, GPU_INT_BASE, INT_MASK, GPU_INT_FAULT | GPU_INT_PROTM_FAULT);
	mmx_boot_write_int(gpu, MMU_INT_BASE, INT_CLEAR, UINT32_MAX);
	mmx_boot_write_int(gpu, MMU_INT_BASE, INT_MASK, present | present << 16);
	if (gpu->boot.fast)
		mmx_glb_unhalt(gpu);
	else
		mmx_fw_load(gpu);
	if (mmx_mmu_get(gpu->fw.vm, 0, &gpu->boot.mapped))
		mmx_boot_restart(gpu, "the firmware's address space is taken");
}

void mmx_boot_power_up(struct mmx_gpu *gpu)
{
	mmx_boot_enter(gpu, MMX_BOOT_POWERING, MMX_BOOT_POWER_NS);
	mmx_boot_write_int(gpu, GPU_INT_BASE, INT_MASK,
			   GPU_INT_FAULT | GPU_INT_PROTM_FAULT | GPU_INT_POWER_CHANGED_ALL);
	mmx_power_request(gpu);
	if (mmx_power_is_up(gpu))
		enter_mapping(gpu);
}

static void reset_done(struct mmx_gpu *gpu)
{
	/* what is done now may ask for more, which is not to be held back any more */
	mmx_boot_enter(gpu, MMX_BOOT_POWERING, MMX_BOOT_POWER_NS);
	mmx_mmu_settle(gpu);
	mmx_boot_power_up(gpu);
}

/* ---- what moves it on ---- */

void mmx_boot_gpu_irq(struct mmx_gpu *gpu, uint32_t bits)
{
	if (gpu->boot.state == MMX_BOOT_RESETTING && (bits & GPU_INT_RESET_COMPLETED))
		reset_done(gpu);
	else if (gpu->boot.state == MMX_BOOT_POWERING && (bits & GPU_INT_POWER_CHANGED_ALL) &&
		 mmx_power_is_up(gpu))
		enter_mapping(gpu);
	else
		mmx_sleep_gpu_irq(gpu, bits);
}

void mmx_boot_mcu_alive(struct mmx_gpu *gpu)
{
	const char *why;

	if (gpu->boot.state != MMX_BOOT_BOOTING)
		return;
	if (mmx_fw_discover(gpu, &why)) {
		mmx_log(MMX_LOG_GPU, MMX_LOG_ERROR, "interface of the firmware: %s", why);
		mmx_boot_restart(gpu, "the firmware's interface makes no sense");
		return;
	}
	mmx_boot_enter(gpu, MMX_BOOT_CONFIGURING, 0);
	mmx_glb_configure(gpu);
}

void mmx_boot_configured(struct mmx_gpu *gpu)
{
	if (gpu->boot.state != MMX_BOOT_CONFIGURING)
		return;
	mmx_boot_enter(gpu, MMX_BOOT_READY, 0);
	gpu->boot.tries = 0;
	mmx_log(MMX_LOG_GPU, gpu->boot.fast ? MMX_LOG_DEBUG : MMX_LOG_INFO,
		"ready slots=%u streams=%u firmware=%u.%u.%u", gpu->info.slots, gpu->info.streams,
		MMX_FIELD_GET(GLB_VERSION_MAJOR, gpu->info.fw_version),
		MMX_FIELD_GET(GLB_VERSION_MINOR, gpu->info.fw_version),
		MMX_FIELD_GET(GLB_VERSION_PATCH, gpu->info.fw_version));
	gpu->boot.fast = false;
	gpu->ops->ready(gpu->ctx);
}

static void missed(struct mmx_timer *timer)
{
	struct mmx_gpu *gpu = mmx_container_of(timer, struct mmx_gpu, boot.deadline);

	if (mmx_gpu_excuse(gpu, timer))
		return;
	switch (gpu->boot.state) {
	case MMX_BOOT_RESETTING:
		if (raw_int(gpu, GPU_INT_BASE) & GPU_INT_RESET_COMPLETED) {
			mmx_gpu_lost_irq(gpu, "GPU");
			mmx_boot_write_int(gpu, GPU_INT_BASE, INT_CLEAR, GPU_INT_RESET_COMPLETED);
			reset_done(gpu);
			return;
		}
		mmx_boot_restart(gpu, "the GPU does not finish its reset");
		return;
	case MMX_BOOT_POWERING:
		if (mmx_power_is_up(gpu)) {
			mmx_gpu_lost_irq(gpu, "GPU");
			enter_mapping(gpu);
			return;
		}
		mmx_boot_restart(gpu, "the L2 does not power up");
		return;
	case MMX_BOOT_BOOTING:
		if (raw_int(gpu, JOB_INT_BASE) & JOB_INT_GLB) {
			mmx_gpu_lost_irq(gpu, "JOB");
			mmx_boot_write_int(gpu, JOB_INT_BASE, INT_CLEAR, JOB_INT_GLB);
			mmx_boot_mcu_alive(gpu);
			return;
		}
		mmx_log(MMX_LOG_GPU, MMX_LOG_ERROR, "firmware does not boot mcu_status=%u",
			mmx_device_read32(gpu->dev, MCU_CONTROL_BASE + MCU_STATUS));
		mmx_boot_restart(gpu, "the firmware does not boot");
		return;
	case MMX_BOOT_HALTING:
	case MMX_BOOT_STOPPING:
	case MMX_BOOT_UNMAPPING:
	case MMX_BOOT_UNPOWERING:
	case MMX_BOOT_ASLEEP:
		mmx_sleep_missed(gpu);
		return;
	case MMX_BOOT_OFF:
	case MMX_BOOT_MAPPING:
	case MMX_BOOT_CONFIGURING:
	case MMX_BOOT_READY:
	case MMX_BOOT_FAILED:
		return;
	}
}

/* ---- reset ---- */

static void fail(struct mmx_gpu *gpu, const char *why)
{
	mmx_boot_write_int(gpu, GPU_INT_BASE, INT_MASK, 0);
	mmx_boot_enter(gpu, MMX_BOOT_FAILED, 0);
	mmx_log(MMX_LOG_GPU, MMX_LOG_ERROR, "given up: %s", why);
	mmx_mmu_settle(gpu);
	gpu->ops->failed(gpu->ctx, why);
}

/* The hardware first, so that it stops as soon as may be; the callers' news last. */
void mmx_boot_restart(struct mmx_gpu *gpu, const char *why)
{
	bool was_ready = gpu->boot.state == MMX_BOOT_READY;
	bool proven = mmx_reset_begins(gpu);
	bool give_up = gpu->boot.tries >= MMX_BOOT_TRIES || mmx_device_lost(gpu->dev);

	mmx_log(MMX_LOG_GPU, MMX_LOG_WARN, "reset: %s", why);
	gpu->boot.epoch++;
	gpu->boot.tries++;
	gpu->boot.fast = false;
	gpu->boot.wake = false;
	gpu->stats.resets++;
	enter_resetting(gpu);
	mmx_timer_cancel(gpu->timers, &gpu->job_confirm);
	if (was_ready)
		gpu->ops->reset(gpu->ctx, why, proven);
	mmx_slots_reset(gpu);
	mmx_fw_reset(gpu);
	mmx_mmu_reset(gpu);
	mmx_glb_reset(gpu);
	if (give_up)
		fail(gpu, mmx_device_lost(gpu->dev) ? "the device is lost" : why);
}

/**
 * mmx_gpu_reset() - resets the GPU
 * @gpu: GPU; a no-op if it is off, or in a reset that has not ended yet
 * @why: static text
 */
void mmx_gpu_reset(struct mmx_gpu *gpu, const char *why)
{
	if (gpu->boot.state == MMX_BOOT_OFF || gpu->boot.state == MMX_BOOT_FAILED ||
	    gpu->boot.state == MMX_BOOT_RESETTING)
		return;
	mmx_boot_restart(gpu, why);
}

/* ---- life ---- */

void mmx_boot_start(struct mmx_gpu *gpu)
{
	if (gpu->boot.state != MMX_BOOT_OFF)
		return;
	gpu->boot.tries = 1;
	enter_resetting(gpu);
}

void mmx_boot_stop(struct mmx_gpu *gpu)
{
	mmx_boot_enter(gpu, MMX_BOOT_OFF, 0);
	mmx_boot_mask_firmware(gpu);
	mmx_boot_write_int(gpu, GPU_INT_BASE, INT_MASK, 0);
	mmx_boot_write_mcu(gpu, MCU_CONTROL_DISABLE);
	mmx_device_write32(gpu->dev, GPU_CONTROL_BASE + GPU_CMD, GPU_CMD_SOFT_RESET);
}

bool mmx_boot_is_resetting(const struct mmx_gpu *gpu)
{
	return gpu->boot.state == MMX_BOOT_RESETTING;
}

bool mmx_boot_is_powered(const struct mmx_gpu *gpu)
{
	return gpu->boot.state >= MMX_BOOT_MAPPING && gpu->boot.state <= MMX_BOOT_READY;
}

bool mmx_boot_is_running(const struct mmx_gpu *gpu)
{
	return gpu->boot.state == MMX_BOOT_CONFIGURING || gpu->boot.state == MMX_BOOT_READY ||
	       gpu->boot.state == MMX_BOOT_HALTING;
}

int mmx_boot_init(struct mmx_gpu *gpu)
{
	gpu->boot.state = MMX_BOOT_OFF;
	gpu->boot.mapped.done = enter_booting;
	mmx_list_init(&gpu->boot.mapped.link);
	return mmx_timer_init(gpu->timers, &gpu->boot.deadline, missed);
}

void mmx_boot_finish(struct mmx_gpu *gpu)
{
	mmx_timer_finish(gpu->timers, &gpu->boot.deadline);
}
