/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Between boot.c and sleep.c. */
#ifndef BACKEND_GPU_BOOT_PRIV_H
#define BACKEND_GPU_BOOT_PRIV_H

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/int_regs.h"
#include "backend/gpu/job_regs.h"
#include "backend/gpu/mcu_regs.h"
#include "backend/gpu/mmu_regs.h"

static inline void mmx_boot_write_int(struct mmx_gpu *gpu, uint32_t base, uint32_t reg,
				      uint32_t value)
{
	mmx_device_write32(gpu->dev, base + reg, value);
}

static inline void mmx_boot_write_mcu(struct mmx_gpu *gpu, uint32_t control)
{
	mmx_device_write32(gpu->dev, MCU_CONTROL_BASE + MCU_CONTROL, control);
}

static inline void mmx_boot_mask_firmware(struct mmx_gpu *gpu)
{
	mmx_boot_write_int(gpu, JOB_INT_BASE, INT_MASK, 0);
	mmx_boot_write_int(gpu, MMU_INT_BASE, INT_MASK, 0);
}

/* boot.c. @deadline_ns: from now; 0 = none. */
void mmx_boot_enter(struct mmx_gpu *gpu, enum mmx_boot_state state, uint64_t deadline_ns);
/* boot.c: a reset, from any state. Calls the owner. */
void mmx_boot_restart(struct mmx_gpu *gpu, const char *why);
/* boot.c: after a reset, or from sleep. */
void mmx_boot_power_up(struct mmx_gpu *gpu);

/* sleep.c: the bits of GPU_INT that were raised, in any state. */
void mmx_sleep_gpu_irq(struct mmx_gpu *gpu, uint32_t bits);
/* sleep.c: the deadline of a state from HALTING to ASLEEP. */
void mmx_sleep_missed(struct mmx_gpu *gpu);

#endif
