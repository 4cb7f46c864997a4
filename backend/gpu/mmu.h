/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The hardware's address spaces (AS). AS0 is the MCU's; the others are lent to VMs while groups of theirs are in
 * slots. Commands of one AS run one after the other; the end of each is an interrupt.
 */
#ifndef BACKEND_GPU_MMU_H
#define BACKEND_GPU_MMU_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/util/list.h"
#include "backend/util/timer.h"

struct mmx_gpu;
struct mmx_vm;
struct mmx_vm_op;

#define MMX_MAX_AS 16u

/* Told when an AS is usable, or has been given up; embedded in the caller's object. */
struct mmx_as_wait {
	void (*done)(struct mmx_as_wait *wait);
	struct mmx_list link;
};

struct mmx_as; /* mmu.c */

struct mmx_mmu {
	struct mmx_as *as; /* MMX_MAX_AS of them */
	uint32_t present; /* AS_PRESENT */
};

int mmx_mmu_init(struct mmx_gpu *gpu);
void mmx_mmu_finish(struct mmx_gpu *gpu);
void mmx_mmu_irq(struct mmx_gpu *gpu);
/* A GPU reset has begun: all ASs are free, waits and flushes are done, VMs have none. */
void mmx_mmu_reset(struct mmx_gpu *gpu);

/* Positive outcome. */
enum {
	MMU_E_NO_AS = 1,
};

/**
 * mmx_mmu_get() - lends an AS to the VM, or counts one more user of the one it has
 * @as: wanted one: 0 for the MCU's VM, -1 = any other
 * @wait: done() once it is enabled (at once if it is already)
 * Return: 0; MMU_E_NO_AS.
 */
int mmx_mmu_get(struct mmx_vm *vm, int as, struct mmx_as_wait *wait);
/* The last user's put disables the AS, in the background (flush, then UNMAPPED). A pending wait of that user must
 * have been cancelled by mmx_list_del(&wait->link). */
void mmx_mmu_put(struct mmx_vm *vm);
/* Index of the VM's AS while it has one (from mmx_mmu_get() to its put), else -1. */
int mmx_mmu_as(const struct mmx_vm *vm);

/* Behind mmx_vm_flush(). */
void mmx_mmu_flush(struct mmx_vm *vm, struct mmx_vm_op *op);

#endif
