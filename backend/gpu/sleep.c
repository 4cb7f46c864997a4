// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Sleep: the GPU without power while nobody has work for it, and its return. The owner orders both; between, it goes
 * the way of boot.h, moved on by GPU_INT, by mmu.c (all address spaces are given up) and by the deadline of boot.c,
 * which the states from HALTING to ASLEEP share with the others.
 *
 * What must outlast it lies in memory: the groups' suspend buffers, the firmware's sections. It gets there by the
 * maintenance of each address space that is given up; nothing else ever was behind the L2. So caches are clean when
 * power goes, and firmware, which halted by itself and did so last, is booted again as it lies there.
 *
 * A wish to be awake that comes on the way down is remembered and fulfilled at its end: it is short. What goes wrong,
 * down or up, ends in a reset, which loads the firmware and leaves suspended groups alone.
 *
 * MCU_STATUS has an interrupt, which not every part raises in each of its changes; so it is also looked at
 * once a millisecond.
 */
#include "backend/gpu/boot.h"

#include "backend/gpu/boot_priv.h"
#include "backend/gpu/gpu_regs.h"
#include "backend/gpu/power.h"

/* panthor waits that long for a halt, and then boots slowly next time; here too it is a reset. */
#define HALT_NS	     (1000 * MMX_NS_PER_MS)
#define HALT_LOOK_NS (1 * MMX_NS_PER_MS)

static uint32_t mcu_status(const struct mmx_gpu *gpu)
{
	return mmx_device_read32(gpu->dev, MCU_CONTROL_BASE + MCU_STATUS);
}

/* ---- down ---- */

static void asleep(struct mmx_gpu *gpu)
{
	mmx_boot_write_int(gpu, GPU_INT_BASE, INT_MASK, 0);
	mmx_boot_enter(gpu, MMX_BOOT_ASLEEP, 0);
	if (gpu->boot.wake)
		mmx_gpu_wake(gpu);
}

void mmx_sleep_unmapped(struct mmx_gpu *gpu)
{
	if (gpu->boot.state != MMX_BOOT_UNMAPPING)
		return;
	mmx_boot_mask_firmware(gpu);
	mmx_boot_enter(gpu, MMX_BOOT_UNPOWERING, MMX_BOOT_POWER_NS);
	mmx_boot_write_int(gpu, GPU_INT_BASE, INT_MASK, GPU_INT_POWER_CHANGED_ALL);
	mmx_power_release(gpu);
	if (mmx_power_is_down(gpu))
		asleep(gpu);
}

static void stopped(struct mmx_gpu *gpu)
{
	mmx_boot_write_int(gpu, GPU_INT_BASE, INT_MASK, GPU_INT_FAULT | GPU_INT_PROTM_FAULT);
	mmx_boot_enter(gpu, MMX_BOOT_UNMAPPING, 0);
	mmx_mmu_put(gpu->fw.vm);
}

/* HALTING and STOPPING: how far is the MCU? */
static void look(struct mmx_gpu *gpu)
{
	uint32_t status = mcu_status(gpu);

	if (gpu->boot.state == MMX_BOOT_HALTING && status == MCU_STATUS_HALT) {
		mmx_glb_reset(gpu);
		gpu->boot.fast = true;
		mmx_boot_enter(gpu, MMX_BOOT_STOPPING, HALT_LOOK_NS);
		mmx_boot_write_mcu(gpu, MCU_CONTROL_DISABLE);
		status = mcu_status(gpu);
	}
	if (gpu->boot.state == MMX_BOOT_STOPPING && status == MCU_STATUS_DISABLED)
		stopped(gpu);
	else if (status == MCU_STATUS_FATAL)
		mmx_boot_restart(gpu, "the firmware died when it was to halt");
}

void mmx_sleep_gpu_irq(struct mmx_gpu *gpu, uint32_t bits)
{
	if (gpu->boot.state == MMX_BOOT_HALTING || gpu->boot.state == MMX_BOOT_STOPPING)
		look(gpu);
	else if (gpu->boot.state == MMX_BOOT_UNPOWERING && (bits & GPU_INT_POWER_CHANGED_ALL) &&
		 mmx_power_is_down(gpu))
		asleep(gpu);
}

static void look_again(struct mmx_gpu *gpu)
{
	look(gpu);
	if (gpu->boot.state != MMX_BOOT_HALTING && gpu->boot.state != MMX_BOOT_STOPPING)
		return;
	if (mmx_device_lost(gpu->dev) || mmx_timers_now(gpu->timers) >= gpu->boot.halt_by_ns)
		mmx_boot_restart(gpu, "the firmware does not halt");
	else
		mmx_boot_enter(gpu, gpu->boot.state, HALT_LOOK_NS);
}

void mmx_sleep_missed(struct mmx_gpu *gpu)
{
	if (gpu->boot.state != MMX_BOOT_UNPOWERING) {
		look_again(gpu);
	} else if (mmx_power_is_down(gpu)) {
		mmx_gpu_lost_irq(gpu, "GPU");
		asleep(gpu);
	} else {
		mmx_boot_restart(gpu, "the L2 does not power down");
	}
}

/* ---- the owner's side ---- */

static bool slots_are_free(const struct mmx_gpu *gpu)
{
	for (unsigned int i = 0; i < gpu->info.slots; i++) {
		if (gpu->slots.slot[i].state != MMX_SLOT_FREE)
			return false;
	}
	return true;
}

/**
 * mmx_gpu_sleep() - has the GPU powered off, in the background
 * @gpu: GPU
 *
 * mmx_gpu_is_ready() is false from here on, until mmx_gpu_wake() was called and ops->ready.
 *
 * Return: 0; GPU_E_BUSY: it is not ready, or there is a group in a slot.
 */
int mmx_gpu_sleep(struct mmx_gpu *gpu)
{
	if (!mmx_gpu_is_ready(gpu) || !slots_are_free(gpu))
		return GPU_E_BUSY;
	gpu->boot.wake = false;
	gpu->boot.halt_by_ns = mmx_gpu_deadline_ns(gpu, HALT_NS);
	mmx_timer_cancel(gpu->timers, &gpu->job_confirm);
	mmx_boot_write_int(gpu, GPU_INT_BASE, INT_CLEAR, GPU_INT_MCU_STATUS_CHANGED);
	mmx_boot_write_int(gpu, GPU_INT_BASE, INT_MASK,
			   GPU_INT_FAULT | GPU_INT_PROTM_FAULT | GPU_INT_MCU_STATUS_CHANGED);
	mmx_boot_enter(gpu, MMX_BOOT_HALTING, HALT_LOOK_NS);
	mmx_glb_halt(gpu);
	return 0;
}

/**
 * mmx_gpu_wake() - has the GPU powered up again
 * @gpu: GPU; a no-op if it does not sleep. Any number of times.
 *
 * ops->ready follows.
 */
void mmx_gpu_wake(struct mmx_gpu *gpu)
{
	if (gpu->boot.state >= MMX_BOOT_HALTING && gpu->boot.state <= MMX_BOOT_UNPOWERING)
		gpu->boot.wake = true;
	if (gpu->boot.state != MMX_BOOT_ASLEEP)
		return;
	gpu->boot.wake = false;
	gpu->boot.tries = 0;
	mmx_boot_power_up(gpu);
}

enum mmx_gpu_power mmx_gpu_power(const struct mmx_gpu *gpu)
{
	if (gpu->boot.state == MMX_BOOT_ASLEEP)
		return MMX_GPU_POWER_OFF;
	return gpu->boot.state >= MMX_BOOT_HALTING && gpu->boot.state < MMX_BOOT_ASLEEP
		       ? MMX_GPU_POWER_GOING_OFF
		       : MMX_GPU_POWER_ON;
}
