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

/* A command that takes longer than panthor's 100 ms never ends: the GPU is reset. */
#define MMX_AS_COMMAND_NS (100 * MMX_NS_PER_MS)

/* Told when an AS is usable; embedded in the caller's object. */
struct mmx_as_wait {
	void (*done)(struct mmx_as_wait *wait);
	struct mmx_list link;
};

struct mmx_as; /* mmu.c */

struct mmx_mmu {
	struct mmx_as *as; /* MMX_MAX_AS of them */
	uint32_t present; /* AS_PRESENT */
	struct mmx_list held; /* mmx_vm_op.link: wait for the end of a reset */
};

int mmx_mmu_init(struct mmx_gpu *gpu);
void mmx_mmu_finish(struct mmx_gpu *gpu);
void mmx_mmu_irq(struct mmx_gpu *gpu);
/*
 * A GPU reset has begun: all ASs are free, VMs have none, waits are dropped without being done. Touches no
 * register. Maintenance that is pending, or asked for until mmx_mmu_settle(), is held back: until the reset has
 * ended the GPU may still access memory by what it knows.
 */
void mmx_mmu_reset(struct mmx_gpu *gpu);
/* The reset has ended, the GPU is quiet (or given up): what was held back is done. */
void mmx_mmu_settle(struct mmx_gpu *gpu);

/* No command of an address space is under way, but for those that do not end. */
bool mmx_mmu_rests(const struct mmx_gpu *gpu);

/* Positive outcome. */
enum {
	MMU_E_NO_AS = 1,
};

/**
 * mmx_mmu_get() - lends an AS to the VM, or counts one more user of the one it has
 * @as: wanted one: 0 for the MCU's VM, -1 = any other
 * @wait: done() once it is enabled and what was mapped before has been maintained (at once if that is so already);
 *	never, if it faults before or the GPU is reset
 *
 * An AS that another VM is giving up can be had too: @wait takes that much longer then.
 * Return: 0; MMU_E_NO_AS: none is left, the VM's own has faulted or went to another VM and is not given up yet, or the
 * GPU is not up.
 */
int mmx_mmu_get(struct mmx_vm *vm, int as, struct mmx_as_wait *wait);
/* The last user's put disables the AS, in the background (flush, then UNMAPPED). A pending wait of that user must
 * have been cancelled by mmx_list_del(&wait->link). Does nothing if a reset took the AS meanwhile. */
void mmx_mmu_put(struct mmx_vm *vm);
/* Index of the VM's AS while it has one (from mmx_mmu_get() to its put), else -1. */
int mmx_mmu_as(const struct mmx_vm *vm);

/* Behind mmx_vm_flush(). */
void mmx_mmu_flush(struct mmx_vm *vm, struct mmx_vm_op *op);

/*
 * LOCKADDR for the smallest region that the hardware can lock and that holds [start, end): naturally aligned, a
 * power of two, 32 KiB at least. start < end. The region's bounds are written to the outputs.
 */
uint64_t mmx_mmu_lock_region(uint64_t start, uint64_t end, uint64_t *ret_start, uint64_t *ret_end);

#endif
