/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* An address space as vm.c, mmu.c and fw.c see it. */
#ifndef BACKEND_GPU_VM_PRIV_H
#define BACKEND_GPU_VM_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/gpu/vm.h"

struct mmx_as;

struct mmx_vm {
	struct mmx_gpu *gpu;
	void *owner;
	struct mmx_pgtable *pt;
	bool internal; /* the MCU's; not counted */
	bool dying; /* mmx_vm_destroy() was called */

	/* the backend's range */
	uint64_t kernel_start, kernel_end;
	uint64_t kernel_next; /* where to look first for room */
	struct mmx_list kernel; /* struct range.link of vm.c, by address */

	struct mmx_list heaps; /* of heap.c */

	/* hull of what was changed: mapped, or unmapped, with the tables that this emptied; and not yet maintained */
	uint64_t stale_start, stale_end; /* start >= end: nothing */
	uint64_t changes; /* so far */

	struct mmx_as *as; /* of mmu.c; NULL while not resident */
	struct mmx_as
		*promised; /* one that it gets as soon as another VM has lost it; then as is NULL */
	struct mmx_vm_op end; /* the last maintenance of a dying one */
};

/* As mmx_vm_create(), for the MCU. */
int mmx_vm_create_internal(struct mmx_gpu *gpu, struct mmx_vm **ret_vm);

/* When maintenance of all that is stale began, for mmx_vm_maintained(). */
struct mmx_vm_mark {
	uint64_t unmaps; /* mmx_pgtable_unmaps() */
	uint64_t changes;
};

struct mmx_vm_mark mmx_vm_mark(const struct mmx_vm *vm);
/* mmu.c: such maintenance has ended; tables that no walk can be in any more are freed. */
void mmx_vm_maintained(struct mmx_vm *vm, struct mmx_vm_mark since);

static inline bool mmx_vm_is_stale(const struct mmx_vm *vm)
{
	return vm->stale_start < vm->stale_end;
}

/* mmu.c: the VM has lost its address space, and no access through it is under way unless the GPU is being reset. */
void mmx_vm_detached(struct mmx_vm *vm);

/* Maps all of @buf at @va, page by page as it lies in memory. On failure nothing has changed. Return: as
 * mmx_pgtable_map(). */
int mmx_vm_map_buf(struct mmx_vm *vm, uint64_t va, const struct mmx_dma_buf *buf,
		   unsigned int prot);

#endif
