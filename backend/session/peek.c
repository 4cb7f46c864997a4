// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Reading a guest's memory by a GPU address: what a command stream waits for, while it is not on the GPU. Called by core
 * for its sync-waits, for nothing else. The mappings of the VM say which page of the guest's own data area the address
 * means, so no address of a guest's choice leads to anything else; the region can neither shrink nor get holes
 * (hv/local), so that the access neither faults nor waits.
 *
 * What is read may change at any time, and is the guest's word: only the guest's own groups may depend on it.
 */
#include "backend/session/session_priv.h"
#include "backend/session/vma.h"

/* Where the daemon has the byte of the VM. NULL: nothing of the guest's is mapped there. */
static const uint8_t *find_byte(const struct mmx_addrspace *vm, uint64_t va)
{
	const struct mmx_session *s = vm->session;
	const struct mmx_vma *vma = mmx_vma_find(vm, va);
	const struct mmx_mem_run *run;
	uint64_t offset, page;

	if (!vma || !vma->mem)
		return NULL;
	offset = vma->mem_offset + (va - vma->va);
	page = offset >> MMX_WIRE_PAGE_SHIFT;
	run = mmx_memobj_run(vma->mem, page);
	page += run->region_page - (uint64_t)run->object_page;
	return (const uint8_t *)s->peer.region + (page << MMX_WIRE_PAGE_SHIFT) +
	       (offset & (MMX_WIRE_PAGE_SIZE - 1));
}

int mmx_addrspace_peek(const struct mmx_addrspace *vm, uint64_t va, unsigned int size,
		       uint64_t *ret_value)
{
	const uint8_t *byte;

	if (va >= vm->user_va_range)
		return va < mmx_vm_user_end(vm->hw) ? ADDRSPACE_E_UNMAPPED : ADDRSPACE_E_FOREIGN;
	if (vm->destroying)
		return ADDRSPACE_E_UNMAPPED;
	if (va & (size - 1))
		return ADDRSPACE_E_MISALIGNED;
	byte = find_byte(vm, va);
	if (!byte)
		return mmx_vma_find(vm, va) ? ADDRSPACE_E_FOREIGN : ADDRSPACE_E_UNMAPPED;
	mmx_device_sync_for_cpu(vm->session->dev, byte, size);
	*ret_value =
		size == sizeof(uint64_t)
			? __atomic_load_n((const uint64_t *)(const void *)byte, __ATOMIC_ACQUIRE)
			: __atomic_load_n((const uint32_t *)(const void *)byte, __ATOMIC_ACQUIRE);
	return 0;
}
