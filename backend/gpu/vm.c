// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A GPU address space: page tables and the range at its top that is the backend's. Created and destroyed by
 * the session layer (and once by fw.c for the MCU); which hardware address space it has is mmu.c's business.
 *
 * Invariants
 *  - Emptied tables are freed only after maintenance that began after the unmap that emptied them and covers all
 *    that was stale then, or while the VM is not resident. What is unmapped meanwhile does not keep them.
 *  - A VM that is destroyed lives on until its hardware address space has been given up, and a reset that is
 *    under way has ended: only then is no walk in its tables.
 *  - While the VM is resident all changes of its tables are stale until maintenance: also what was mapped where
 *    nothing was, since the GPU walks tables through its L2, which may hold the line of an entry as it was before
 *    (upstream maintains after each map, too). Whoever lets the GPU loose on something new waits for that.
 *  - Addresses of the backend's range are given out going round, so that one that was unmapped is not used
 *    again while a TLB may still hold its old translation.
 */
#include "backend/gpu/vm.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/vm_priv.h"

struct range {
	uint64_t start, end;
	struct mmx_list link; /* of struct mmx_vm.kernel */
};

/* ---- mappings ---- */

/* @start < @end */
static void add_stale(struct mmx_vm *vm, uint64_t start, uint64_t end)
{
	vm->changes++;
	if (!mmx_vm_is_stale(vm)) {
		vm->stale_start = start;
		vm->stale_end = end;
		return;
	}
	vm->stale_start = start < vm->stale_start ? start : vm->stale_start;
	vm->stale_end = end > vm->stale_end ? end : vm->stale_end;
}

/* @size is not 0. */
static void note_unmapped(struct mmx_vm *vm, uint64_t va, uint64_t size)
{
	uint64_t start, end;

	add_stale(vm, va, va + size);
	mmx_pgtable_gone(vm->pt, &start, &end);
	if (start < end)
		add_stale(vm, start, end);
}

int mmx_vm_map(struct mmx_vm *vm, uint64_t va, uint64_t addr, uint64_t size, unsigned int prot)
{
	int r = mmx_pgtable_map(vm->pt, va, addr, size, prot);

	/* also after a failure, which may have made tables; else nobody walks them yet */
	if (size && vm->as)
		add_stale(vm, va, va + size);
	return r;
}

int mmx_vm_unmap(struct mmx_vm *vm, uint64_t va, uint64_t size)
{
	int r = mmx_pgtable_unmap(vm->pt, va, size);

	if (!r && size)
		note_unmapped(vm, va, size);
	return r;
}

int mmx_vm_split(struct mmx_vm *vm, uint64_t va, uint64_t size)
{
	return mmx_pgtable_split(vm->pt, va, size);
}

size_t mmx_vm_split_bytes(const struct mmx_vm *vm, uint64_t va, uint64_t size)
{
	return mmx_pgtable_split_bytes(vm->pt, va, size);
}

uint64_t mmx_vm_unmap_some(struct mmx_vm *vm, uint64_t va, uint64_t size, unsigned int budget)
{
	uint64_t done = mmx_pgtable_unmap_some(vm->pt, va, size, budget);

	if (done)
		note_unmapped(vm, va, done);
	return done;
}

uint64_t mmx_vm_work(const struct mmx_vm *vm)
{
	return mmx_pgtable_work(vm->pt);
}

/**
 * mmx_vm_flush() - starts TLB and cache maintenance
 * @vm: address space
 * @va: start of what was mapped or unmapped
 * @size: bytes
 * @op: told when the GPU can't reach what was unmapped any more, and reaches what was mapped; at once if the VM is
 *	not resident
 */
void mmx_vm_flush(struct mmx_vm *vm, uint64_t va, uint64_t size, struct mmx_vm_op *op)
{
	op->va = va;
	op->size = size;
	mmx_list_init(&op->link);
	mmx_mmu_flush(vm, op);
}

struct mmx_vm_mark mmx_vm_mark(const struct mmx_vm *vm)
{
	return (struct mmx_vm_mark){ .unmaps = mmx_pgtable_unmaps(vm->pt), .changes = vm->changes };
}

void mmx_vm_maintained(struct mmx_vm *vm, struct mmx_vm_mark since)
{
	mmx_pgtable_trim(vm->pt, since.unmaps);
	/* what was changed since then is still to be maintained; so the range stays, too large at worst */
	if (since.changes != vm->changes)
		return;
	vm->stale_start = 0;
	vm->stale_end = 0;
}

int mmx_vm_map_buf(struct mmx_vm *vm, uint64_t va, const struct mmx_dma_buf *buf, unsigned int prot)
{
	size_t done = 0;

	while (done < buf->size) {
		uint64_t addr = mmx_dma_buf_addr(buf, done);
		size_t run = MMX_PAGE_SIZE;
		int r;

		while (done + run < buf->size && mmx_dma_buf_addr(buf, done + run) == addr + run)
			run += MMX_PAGE_SIZE;
		r = mmx_vm_map(vm, va + done, addr, run, prot);
		if (r) {
			/* whole runs only, so no block is split and this can't fail */
			mmx_vm_unmap(vm, va, done);
			return r;
		}
		done += run;
	}
	return 0;
}

/* ---- the backend's range ---- */

/* First room of @size at or behind @from. Return: false if there is none. */
static bool find_room(const struct mmx_vm *vm, uint64_t from, uint64_t size, uint64_t *ret_start,
		      struct mmx_list **ret_before)
{
	uint64_t start = from;
	struct mmx_list *pos;

	mmx_list_for_each(pos, &vm->kernel) {
		const struct range *range = mmx_container_of(pos, struct range, link);

		if (range->end <= start)
			continue;
		if (range->start >= start && range->start - start >= size)
			break;
		start = range->end;
	}
	if (pos == &vm->kernel && (start > vm->kernel_end || vm->kernel_end - start < size))
		return false;
	*ret_start = start;
	*ret_before = pos;
	return true;
}

static struct range *find_range(const struct mmx_vm *vm, uint64_t start, uint64_t end)
{
	struct mmx_list *pos;

	mmx_list_for_each(pos, &vm->kernel) {
		struct range *range = mmx_container_of(pos, struct range, link);

		if (range->start == start && range->end == end)
			return range;
	}
	return NULL;
}

int mmx_vm_reserve_kernel(struct mmx_vm *vm, uint64_t size, uint64_t *ret_va)
{
	struct mmx_list *before;
	struct range *range;
	uint64_t start;

	if (!find_room(vm, vm->kernel_next, size, &start, &before) &&
	    !find_room(vm, vm->kernel_start, size, &start, &before))
		return -ENOSPC;
	range = malloc(sizeof(*range));
	if (!range)
		return -ENOMEM;
	range->start = start;
	range->end = start + size;
	mmx_list_add_tail(before, &range->link);
	vm->kernel_next = range->end;
	*ret_va = start;
	return 0;
}

/**
 * mmx_vm_map_kernel() - maps backend memory where no guest can ask for
 * @vm: address space
 * @buf: memory
 * @prot: MMX_PROT_*
 * @ret_va: written on success only
 *
 * Return: 0; -ENOMEM; -ENOSPC: no room; another negative errno of mmx_dma_alloc().
 */
int mmx_vm_map_kernel(struct mmx_vm *vm, const struct mmx_dma_buf *buf, unsigned int prot,
		      uint64_t *ret_va)
{
	uint64_t start;
	int r = mmx_vm_reserve_kernel(vm, buf->size, &start);

	if (r)
		return r;
	r = mmx_vm_map_buf(vm, start, buf, prot);
	if (r) {
		mmx_vm_unmap_kernel(vm, start, buf->size);
		/* room was free, so an outcome is about device addresses: the pool has none like that */
		return r < 0 ? r : -ENOSPC;
	}
	*ret_va = start;
	return 0;
}

void mmx_vm_unmap_kernel(struct mmx_vm *vm, uint64_t va, uint64_t size)
{
	struct range *range = find_range(vm, va, va + size);

	if (!range)
		return;
	/* all of a buffer, whose blocks lie within it: none is split, so this can't fail */
	mmx_vm_unmap(vm, va, size);
	mmx_list_del(&range->link);
	free(range);
}

/* ---- life ---- */

static void end_done(struct mmx_vm_op *op)
{
	struct mmx_vm *vm = mmx_container_of(op, struct mmx_vm, end);
	struct mmx_list *pos, *tmp;

	mmx_list_for_each_safe(pos, tmp, &vm->kernel)
		free(mmx_container_of(pos, struct range, link));
	mmx_pgtable_destroy(vm->pt);
	free(vm);
}

static int create(struct mmx_gpu *gpu, void *owner, bool internal, struct mmx_vm **ret_vm)
{
	struct mmx_vm *vm = calloc(1, sizeof(*vm));
	int r;

	if (!vm)
		return -ENOMEM;
	r = mmx_pgtable_create(gpu->pool, mmx_gpu_va_bits(&gpu->info), mmx_gpu_pa_bits(&gpu->info),
			       gpu->coherent, &vm->pt);
	if (r < 0) {
		free(vm);
		return r;
	}
	vm->gpu = gpu;
	vm->owner = owner;
	vm->internal = internal;
	vm->kernel_end = UINT64_C(1) << mmx_gpu_va_bits(&gpu->info);
	vm->kernel_start = vm->kernel_end - MMX_VM_KERNEL_SIZE;
	vm->kernel_next = vm->kernel_start;
	mmx_list_init(&vm->kernel);
	mmx_list_init(&vm->heaps);
	vm->end.done = end_done;
	*ret_vm = vm;
	return 0;
}

int mmx_vm_create_internal(struct mmx_gpu *gpu, struct mmx_vm **ret_vm)
{
	return create(gpu, NULL, true, ret_vm);
}

/**
 * mmx_vm_create() - makes an empty address space
 * @gpu: GPU
 * @owner: handed back by mmx_vm_owner()
 * @ret_vm: written on success only
 *
 * Return: 0; -ENOMEM; -ENOSPC; -EIO.
 */
int mmx_vm_create(struct mmx_gpu *gpu, void *owner, struct mmx_vm **ret_vm)
{
	int r = create(gpu, owner, false, ret_vm);

	if (!r)
		gpu->stats.vms++;
	return r;
}

void mmx_vm_detached(struct mmx_vm *vm)
{
	if (vm->dying)
		mmx_vm_flush(vm, 0, vm->kernel_end, &vm->end);
}

/**
 * mmx_vm_destroy() - the owner is through with it
 * @vm: without groups and pending operations; NULL is fine
 */
void mmx_vm_destroy(struct mmx_vm *vm)
{
	if (!vm)
		return;
	if (!vm->internal)
		vm->gpu->stats.vms--;
	vm->dying = true;
	vm->owner = NULL;
	if (!vm->as)
		mmx_vm_detached(vm);
}

void *mmx_vm_owner(const struct mmx_vm *vm)
{
	return vm->owner;
}

uint64_t mmx_vm_user_end(const struct mmx_vm *vm)
{
	return vm->kernel_start;
}

void mmx_vm_set_user_end(struct mmx_vm *vm, uint64_t end)
{
	end = (end + MMX_PAGE_SIZE - 1) & ~(MMX_PAGE_SIZE - 1);
	if (end >= vm->kernel_start || !mmx_list_empty(&vm->kernel))
		return;
	vm->kernel_start = end;
	vm->kernel_next = end;
}

bool mmx_vm_lookup(const struct mmx_vm *vm, uint64_t va, uint64_t *ret_addr, unsigned int *ret_prot)
{
	return mmx_pgtable_lookup(vm->pt, va, ret_addr, ret_prot);
}

bool mmx_vm_is_resident(const struct mmx_vm *vm)
{
	return vm->as != NULL;
}

size_t mmx_vm_bytes(const struct mmx_vm *vm)
{
	return mmx_pgtable_bytes(vm->pt);
}

void mmx_vm_account(struct mmx_vm *vm, uint64_t *account)
{
	mmx_pgtable_account(vm->pt, account);
}
