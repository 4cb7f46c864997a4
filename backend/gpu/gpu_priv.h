/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the files of gpu/ share: the GPU's struct and the seams between its blocks. */
#ifndef BACKEND_GPU_GPU_PRIV_H
#define BACKEND_GPU_GPU_PRIV_H

#include "backend/device/dma.h"
#include "backend/gpu/boot.h"
#include "backend/gpu/fw.h"
#include "backend/gpu/glb.h"
#include "backend/gpu/gpu.h"
#include "backend/gpu/mmu.h"
#include "backend/gpu/reset.h"
#include "backend/gpu/slot.h"
#include "backend/util/log.h"

/*
 * JOB_INT is cleared without being read (gpu.c says why); this much later what the clearing may have hidden is
 * looked for.
 */
#define MMX_JOB_CONFIRM_NS (1 * MMX_NS_PER_MS)

struct mmx_gpu {
	struct mmx_device *dev;
	struct mmx_timers *timers;
	struct mmx_dma_pool *pool;
	const struct mmx_gpu_ops *ops;
	void *ctx;

	struct mmx_gpu_info info;
	struct mmx_gpu_stats stats;
	bool coherent; /* the GPU snoops the CPU's caches */
	uint64_t lost_irqs; /* deadlines that found the work done */
	struct mmx_timer job_confirm;
	struct mmx_log_limit fault_log;

	struct mmx_boot boot;
	struct mmx_mmu mmu;
	struct mmx_fw fw;
	struct mmx_glb glb;
	struct mmx_slots slots;
	struct mmx_reset reset;
};

/*
 * boot.c: something does not answer or has gone mad: resets the GPU. Legal at any time and any number of
 * times, but never from within a call of the owner into gpu/, since it calls the owner; @why is static text.
 *
 * What it does at once: no register is touched any more for what went before, all groups in slots are lost
 * (mmx_slots_reset), and address spaces are forgotten. Maintenance that is pending is done when the hardware has
 * ended its reset, not before: until then it may still access what was unmapped.
 * ops->reset comes first, and only if the GPU was ready.
 *
 * For what a group or a VM is to blame for, and for what leaves the firmware able to save the others,
 * there is mmx_reset_accuse().
 */
void mmx_gpu_reset(struct mmx_gpu *gpu, const char *why);

/* A deadline found that what it watched had happened: counts and logs it. @line: static text. */
void mmx_gpu_lost_irq(struct mmx_gpu *gpu, const char *line);

/* Deadline of a request to the firmware: panthor's 100 ms. */
#define MMX_FW_REQUEST_NS (100 * MMX_NS_PER_MS)

/*
 * A model answers a read of a register in microseconds, and hardware sooner. One that takes so long for it has not been
 * given a core.
 */
#define MMX_GPU_LATE_NS (10 * MMX_NS_PER_MS)

/*
 * gpu.c: asked first when a deadline has passed. Return: true: nobody is to blame, since the device's host does not let it run;
 * it has that much longer, and what it has done is looked at then. False: it has had its time.
 */
bool mmx_gpu_excuse(struct mmx_gpu *gpu, struct mmx_timer *deadline);

#endif
