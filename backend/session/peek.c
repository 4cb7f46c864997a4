// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Reading a guest's memory by a GPU address: what a command stream waits for, while it is not on the GPU. Called by core
 * for its sync-waits, for nothing else. The mappings of the VM say which page of the guest's own memory the address
 * means, so no address of a guest's choice leads to anything else; space.c says why reading it neither faults nor waits.
 *
 * What is read may change at any time, and is the guest's word: only the guest's own groups may depend on it. (Firmware
 * looks again once the group is on the GPU, so a value that is half old does no harm.)
 */
#include "backend/session/session_priv.h"
#include "backend/session/vma.h"

int mmx_addrspace_peek(const struct mmx_addrspace *vm, uint64_t va, unsigned int size,
		       uint64_t *ret_value)
{
	const struct mmx_mem_run *run;
	const struct mmx_vma *vma;
	uint64_t offset, page;

	if (va >= vm->user_va_range)
		return va < mmx_vm_user_end(vm->hw) ? ADDRSPACE_E_UNMAPPED : ADDRSPACE_E_FOREIGN;
	if (vm->destroying)
		return ADDRSPACE_E_UNMAPPED;
	if (va & (size - 1))
		return ADDRSPACE_E_MISALIGNED;
	vma = mmx_vma_find(vm, va);
	if (!vma || !vma->mem)
		return vma ? ADDRSPACE_E_FOREIGN : ADDRSPACE_E_UNMAPPED;
	offset = vma->mem_offset + (va - vma->va);
	page = offset >> MMX_WIRE_PAGE_SHIFT;
	run = mmx_memobj_run(vma->mem, page);
	offset = ((run->page + (page - run->object_page)) << MMX_WIRE_PAGE_SHIFT) +
		 (offset & (MMX_WIRE_PAGE_SIZE - 1));
	return mmx_space_read(vm->session, run->space, offset, size, ret_value)
		       ? 0
		       : ADDRSPACE_E_UNMAPPED;
}
