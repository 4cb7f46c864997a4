/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Bring-up and reset, one state machine for both:
 *
 *   OFF -> RESETTING (soft reset, GPU_INT RESET_COMPLETED) -> POWERING (L2, GPU_INT POWER_CHANGED_ALL)
 *       -> MAPPING (AS0 enabled for the MCU) -> BOOTING (JOB_INT GLB) -> CONFIGURING (global requests acked)
 *       -> READY            (any deadline missed: again from RESETTING, MMX_BOOT_TRIES times) -> FAILED
 *
 * and sleep, when there is nothing to do (sleep.c):
 *
 *   READY -> HALTING (the firmware, MCU_STATUS HALT) -> STOPPING (the MCU, MCU_STATUS DISABLED)
 *         -> UNMAPPING (all address spaces given up, caches clean) -> UNPOWERING (L2, GPU_INT POWER_CHANGED_ALL) -> ASLEEP
 *         -> POWERING, and on to READY without loading the firmware again
 *                           (any deadline missed: RESETTING, as above)
 */
#ifndef BACKEND_GPU_BOOT_H
#define BACKEND_GPU_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/gpu/mmu.h"
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
	MMX_BOOT_HALTING,
	MMX_BOOT_STOPPING,
	MMX_BOOT_UNMAPPING,
	MMX_BOOT_UNPOWERING,
	MMX_BOOT_ASLEEP,
	MMX_BOOT_FAILED,
};

#define MMX_BOOT_TRIES 3u

/* panthor waits 100 ms, 20 ms and 1000 ms; power is given more, since a host may be busy. */
#define MMX_BOOT_RESET_NS (100 * MMX_NS_PER_MS)
#define MMX_BOOT_POWER_NS (100 * MMX_NS_PER_MS)
#define MMX_BOOT_MCU_NS	  (1000 * MMX_NS_PER_MS)

struct mmx_boot {
	enum mmx_boot_state state;
	uint32_t epoch; /* raised by each reset; answers to older ones are dropped */
	unsigned int tries;
	bool fast; /* firmware is in memory, halted: it is booted as it is */
	bool wake; /* it falls asleep, and is wanted again */
	uint64_t halt_by_ns; /* the firmware must have halted */
	uint64_t asleep_ns; /* since when it is ASLEEP */
	struct mmx_timer deadline;
	struct mmx_as_wait mapped; /* AS0 */
};

int mmx_boot_init(struct mmx_gpu *gpu);
void mmx_boot_finish(struct mmx_gpu *gpu);
void mmx_boot_start(struct mmx_gpu *gpu);
/* Masks interrupts, stops the MCU and begins a soft reset that nobody waits for. */
void mmx_boot_stop(struct mmx_gpu *gpu);
/* The hardware may still be doing what it was told before the reset. */
bool mmx_boot_is_resetting(const struct mmx_gpu *gpu);
/* Address spaces can be used. */
bool mmx_boot_is_powered(const struct mmx_gpu *gpu);
/* Firmware has an interface, and listens to doorbells. */
bool mmx_boot_is_running(const struct mmx_gpu *gpu);
/* From the interrupt dispatch: the bits of GPU_INT that were raised. */
void mmx_boot_gpu_irq(struct mmx_gpu *gpu, uint32_t bits);
/* JOB_INT GLB while BOOTING. */
void mmx_boot_mcu_alive(struct mmx_gpu *gpu);
/* mmu.c: no VM has an address space any more. */
void mmx_sleep_unmapped(struct mmx_gpu *gpu);
/* All global requests of the configuration are acknowledged. */
void mmx_boot_configured(struct mmx_gpu *gpu);

#endif
