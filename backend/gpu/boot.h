/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Bring-up and reset, one state machine for both:
 *
 *   OFF -> RESETTING (soft reset, GPU_INT RESET_COMPLETED) -> POWERING (L2, GPU_INT POWER_CHANGED_ALL)
 *       -> MAPPING (AS0 enabled for the MCU) -> BOOTING (JOB_INT GLB) -> CONFIGURING (global requests acked)
 *       -> READY            (any deadline missed: again from RESETTING, MMX_BOOT_TRIES times) -> FAILED
 */
#ifndef BACKEND_GPU_BOOT_H
#define BACKEND_GPU_BOOT_H

#include <stdint.h>

#include "backend/util/timer.h"

struct mmx_gpu;

enum mmx_boot_state {
	MMX_BOOT_OFF,
	MMX_BOOT_RESETTING,
	MMX_BOOT_POWERING,
	MMX_BOOT_MAPPING,
	MMX_BOOT_BOOTING,
	MMX_BOOT_CONFIGURING,
	MMX_BOOT_READY,
	MMX_BOOT_FAILED,
};

#define MMX_BOOT_TRIES 3u

struct mmx_boot {
	enum mmx_boot_state state;
	uint32_t epoch; /* raised by each reset; answers to older ones are dropped */
	unsigned int tries;
	struct mmx_timer deadline;
};

int mmx_boot_init(struct mmx_gpu *gpu);
void mmx_boot_finish(struct mmx_gpu *gpu);
void mmx_boot_start(struct mmx_gpu *gpu);
/* From the interrupt dispatch: the bits of GPU_INT that were raised. */
void mmx_boot_gpu_irq(struct mmx_gpu *gpu, uint32_t bits);
/* JOB_INT GLB while BOOTING. */
void mmx_boot_mcu_alive(struct mmx_gpu *gpu);
/* All global requests of the configuration are acknowledged. */
void mmx_boot_configured(struct mmx_gpu *gpu);

#endif
