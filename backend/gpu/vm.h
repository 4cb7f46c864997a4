/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A GPU address space: page tables, a range at the top for the backend's own mappings (rings, sync objects),
 * and, while groups of it are in slots, one of the hardware's address spaces.
 *
 * Page-table edits are immediate. What was unmapped must not be given back to anyone before the maintenance that
 * mmx_vm_flush() starts has finished.
 */
#ifndef BACKEND_GPU_VM_H
#define BACKEND_GPU_VM_H

#include "backend/gpu/gpu.h"
#include "backend/gpu/pgtable.h"
#include "backend/util/list.h"

/* Bytes at the top of a VM that are the backend's at least (proto.h: VM_CREATE): as panthor's least kernel range. */
#define MMX_VM_KERNEL_SIZE (256ull << 20)

/* Maintenance that was asked for; embedded in the caller's object. */
struct mmx_vm_op {
	/*
	 * The GPU can't reach what was unmapped before the call, and reaches what was mapped before. May be called
	 * from within mmx_vm_flush().
	 */
	void (*done)(struct mmx_vm_op *op);
	struct mmx_list link; /* of gpu/; initialised by mmx_vm_flush() */
	uint64_t va, size;
};

/**
 * mmx_vm_create() - an empty address space
 * @owner: for the owner's use, see mmx_vm_owner()
 * Return: 0; -ENOMEM, -ENOSPC, -EIO.
 */
int mmx_vm_create(struct mmx_gpu *gpu, void *owner, struct mmx_vm **ret_vm);
/*
 * No group and no heap of it may exist any more and no operation be pending, but those of groups that were destroyed. It may
 * still hold a hardware address space for a moment: that is given up in the background, behind what is pending,
 * before the tables are freed. NULL is fine.
 */
void mmx_vm_destroy(struct mmx_vm *vm);
void *mmx_vm_owner(const struct mmx_vm *vm);

/* First address that is the backend's: what a guest may bind lies in [0, this). */
uint64_t mmx_vm_user_end(const struct mmx_vm *vm);
/* Makes it an earlier one: the guest needs no more. Only while the backend has mapped nothing. */
void mmx_vm_set_user_end(struct mmx_vm *vm, uint64_t end);

/* See pgtable.h. For maps no maintenance is needed: invalid entries are not cached by a Mali's TLB. */
int mmx_vm_map(struct mmx_vm *vm, uint64_t va, uint64_t addr, uint64_t size, unsigned int prot);
int mmx_vm_unmap(struct mmx_vm *vm, uint64_t va, uint64_t size);
int mmx_vm_split(struct mmx_vm *vm, uint64_t va, uint64_t size);
size_t mmx_vm_split_bytes(const struct mmx_vm *vm, uint64_t va, uint64_t size);
uint64_t mmx_vm_unmap_some(struct mmx_vm *vm, uint64_t va, uint64_t size, unsigned int budget);
uint64_t mmx_vm_work(const struct mmx_vm *vm);

/* Starts TLB and cache maintenance for the range; op->done() when finished, at once if the VM is not resident.
 * Flushes of one VM that wait for the hardware are merged. A GPU reset finishes them too. */
void mmx_vm_flush(struct mmx_vm *vm, uint64_t va, uint64_t size, struct mmx_vm_op *op);

/* Maps backend memory into the backend's range of the VM. Return: 0; -ENOMEM; -ENOSPC. */
int mmx_vm_map_kernel(struct mmx_vm *vm, const struct mmx_dma_buf *buf, unsigned int prot,
		      uint64_t *ret_va);
/* Unmaps it and gives the addresses back, without maintenance: the caller flushes before it frees the memory. */
void mmx_vm_unmap_kernel(struct mmx_vm *vm, uint64_t va, uint64_t size);

/*
 * Takes addresses of the backend's range, into which the caller maps by mmx_vm_map_buf() (vm_priv.h);
 * mmx_vm_unmap_kernel() gives them back with all that is mapped then. Return: 0; -ENOMEM; -ENOSPC.
 */
int mmx_vm_reserve_kernel(struct mmx_vm *vm, uint64_t size, uint64_t *ret_va);

/* Return: true if va is mapped; outputs may be NULL. */
bool mmx_vm_lookup(const struct mmx_vm *vm, uint64_t va, uint64_t *ret_addr,
		   unsigned int *ret_prot);

/* Has it one of the GPU's address spaces? */
bool mmx_vm_is_resident(const struct mmx_vm *vm);
/* Bytes of page tables. */
size_t mmx_vm_bytes(const struct mmx_vm *vm);
/* See mmx_pgtable_account(). Must be NULL before the VM is destroyed. */
void mmx_vm_account(struct mmx_vm *vm, uint64_t *account);

#endif
