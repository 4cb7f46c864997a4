// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * VMs of the guest: their mappings and VM_BIND.
 *
 * A bind edits page tables at once, op by op. What it unmapped or replaced is garbage until the GPU can't reach it
 * any more: one flush for the whole bind, then the references to memory objects are dropped and the bind is
 * answered. So a memory object is released only when nothing can touch its pages (design 3.7).
 *
 * A VM that the guest has destroyed lives on, empty and nameless, until the last group that runs in it is gone.
 */
#include "backend/session/session_priv.h"
#include "backend/session/vma.h"

#include <errno.h>
#include <stdlib.h>

/* A bind, or a VM's destruction, whose maintenance is under way. Holds the VM as one of its users. */
struct bind {
	struct mmx_vm_op op;
	struct mmx_addrspace *vm;
	struct mmx_list garbage; /* mmx_vma.link */
	uint64_t flush_start, flush_end; /* what the garbage spans; empty if end is 0 */
	struct mmx_request *request; /* may be NULL */
	int error; /* to answer with */
};

static struct bind *bind_new(struct mmx_addrspace *vm)
{
	struct bind *bind = calloc(1, sizeof(*bind));

	if (!bind)
		return NULL;
	mmx_list_init(&bind->garbage);
	bind->vm = vm;
	return bind;
}

struct mmx_session *mmx_addrspace_session(const struct mmx_addrspace *vm)
{
	return vm->session;
}

uint32_t mmx_addrspace_name(const struct mmx_addrspace *vm)
{
	return vm->name;
}

int mmx_vm_create_msg(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_vm_create *m = msg;
	struct mmx_client *client = mmx_table_find(&s->clients, m->client);
	struct mmx_reply_vm_create *reply = (void *)request->reply;
	struct mmx_addrspace *vm;
	uint64_t user_end;
	int r;

	if (!client || client->destroying)
		return ENOENT;
	r = mmx_table_check_free(&s->vms, m->vm);
	if (r)
		return r;
	if (m->flags || m->pad)
		return EINVAL;
	if (mmx_session_is_full(s))
		return ENOSPC;
	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return -ENOMEM;
	r = -ENOMEM;
	vm->goodbye = bind_new(vm);
	if (!vm->goodbye)
		goto err_free;
	r = mmx_vm_create(s->gpu, vm, &vm->hw);
	if (r)
		goto err_free;
	user_end = mmx_vm_user_end(vm->hw);
	r = EINVAL;
	if (m->user_va_range > user_end)
		goto err_hw;
	vm->session = s;
	vm->client = client;
	vm->name = m->vm;
	vm->user_va_range =
		m->user_va_range ? m->user_va_range : (user_end + MMX_VM_KERNEL_SIZE) / 2;
	/* the rest is for heaps */
	mmx_vm_set_user_end(vm->hw, vm->user_va_range);
	mmx_list_init(&vm->heaps);
	mmx_vm_account(vm->hw, &s->backend_bytes);
	mmx_list_add_tail(&client->vms, &vm->link);
	mmx_table_add(&s->vms, vm->name, vm);
	reply->user_va_range = vm->user_va_range;
	request->size = sizeof(*reply);
	return 0;

err_hw:
	mmx_vm_destroy(vm->hw);
err_free:
	free(vm->goodbye);
	free(vm);
	return r;
}

void mmx_addrspace_put(struct mmx_addrspace *vm)
{
	struct mmx_client *client = vm->client;

	if (--vm->users || !vm->destroying)
		return;
	mmx_list_del(&vm->link);
	mmx_vm_account(vm->hw, NULL);
	mmx_vm_destroy(vm->hw);
	mmx_label_drop(vm->session, &vm->label);
	free(vm->vmas);
	free(vm);
	mmx_client_continue(client);
}

/* ---- edits ---- */

static void bind_done(struct mmx_vm_op *op)
{
	struct bind *bind = mmx_container_of(op, struct bind, op);
	struct mmx_addrspace *vm = bind->vm;

	mmx_vma_free_list(&bind->garbage);
	if (bind->request)
		mmx_reply(vm->session, bind->request, bind->error);
	free(bind);
	mmx_addrspace_put(vm);
}

/* The edits are made: maintenance for what they unmapped, then bind_done(), maybe from within this call. */
static void bind_finish(struct bind *bind)
{
	bind->op.done = bind_done;
	bind->vm->users++;
	if (bind->flush_end)
		mmx_vm_flush(bind->vm->hw, bind->flush_start, bind->flush_end - bind->flush_start,
			     &bind->op);
	else
		bind_done(&bind->op);
}

static void note_unmapped(struct bind *bind, uint64_t va, uint64_t size)
{
	if (!bind->flush_end || va < bind->flush_start)
		bind->flush_start = va;
	if (va + size > bind->flush_end)
		bind->flush_end = va + size;
}

/* Return: 0 or an errno of either sign, then nothing has changed. */
static int unmap(struct bind *bind, uint64_t va, uint64_t size)
{
	struct mmx_addrspace *vm = bind->vm;
	struct mmx_vma_spare spare;
	int r;

	if (!mmx_vma_any(vm, va, size))
		return 0;
	r = mmx_vma_spare_take(vm, 2, mmx_vma_splits(vm, va, size), &spare);
	if (r)
		return r;
	r = mmx_vm_unmap(vm->hw, va, size);
	if (!r) {
		mmx_vma_cut(vm, va, size, &bind->garbage, &spare);
		note_unmapped(bind, va, size);
	}
	mmx_vma_spare_drop(&spare);
	return r;
}

/* Maps pages of the region that are contiguous in it, at what the device calls them. */
static int map_region(struct mmx_addrspace *vm, uint64_t va, uint64_t offset, uint64_t size,
		      unsigned int prot)
{
	const struct mmx_dma_map *map = &vm->session->map;
	size_t i;
	int r;

	for (i = 0; size && i < map->run_count; i++) {
		uint64_t part;

		if (offset >= map->runs[i].size) {
			offset -= map->runs[i].size;
			continue;
		}
		part = map->runs[i].size - offset;
		if (part > size)
			part = size;
		r = mmx_vm_map(vm->hw, va, map->runs[i].addr + offset, part, prot);
		if (r)
			return r;
		va += part;
		size -= part;
		offset = 0;
	}
	return 0;
}

static int map_runs(struct mmx_addrspace *vm, const struct mmx_vma *range)
{
	const struct mmx_memobj *mem = range->mem;
	uint64_t page = range->mem_offset >> MMX_WIRE_PAGE_SHIFT, va = range->va;
	uint64_t left = range->size >> MMX_WIRE_PAGE_SHIFT;
	uint64_t data_page = vm->session->layout.data_offset >> MMX_WIRE_PAGE_SHIFT;
	const struct mmx_mem_run *run;
	int r;

	vm->session->work += (unsigned int)left;
	for (run = mmx_memobj_run(mem, page); left; run++) {
		uint64_t skip = page - run->object_page, count = run->page_count - skip;
		unsigned int prot = range->prot;

		if (count > left)
			count = left;
		if (run->readonly)
			prot &= ~MMX_PROT_WRITE;
		r = map_region(vm, va, (run->region_page + skip - data_page) << MMX_WIRE_PAGE_SHIFT,
			       count << MMX_WIRE_PAGE_SHIFT, prot);
		if (r)
			return r;
		va += count << MMX_WIRE_PAGE_SHIFT;
		page += count;
		left -= count;
	}
	return 0;
}

/*
 * Return: 0; ENOSPC: too many mappings, nothing has changed; another errno of either sign, then nothing is mapped in
 * the range (but see the end).
 */
static int map(struct bind *bind, const struct mmx_vma *range)
{
	struct mmx_addrspace *vm = bind->vm;
	struct mmx_vma_spare spare;
	int r;

	if (mmx_session_is_full(vm->session) || !mmx_vma_may_map(vm, range->va, range->size))
		return ENOSPC;
	r = unmap(bind, range->va, range->size);
	if (!r)
		r = mmx_vma_spare_take(vm, 1, 1, &spare);
	if (r)
		return r;
	mmx_vma_insert(vm, range, &spare);
	r = map_runs(vm, range);
	if (!r)
		return 0;
	/* without memory even for that, the range stays mapped in part, and known as mapped: no one is harmed */
	if (unmap(bind, range->va, range->size))
		mmx_log(MMX_LOG_SESSION, MMX_LOG_ERROR, "a failed mapping could not be undone");
	return r > 0 ? EINVAL : r;
}

/* ---- VM_BIND ---- */

static unsigned int prot_of(uint32_t flags)
{
	unsigned int prot = MMX_PROT_READ;

	if (!(flags & MMX_BIND_READONLY))
		prot |= MMX_PROT_WRITE;
	if (!(flags & MMX_BIND_NOEXEC))
		prot |= MMX_PROT_EXEC;
	if (flags & MMX_BIND_UNCACHED)
		prot |= MMX_PROT_UNCACHED;
	return prot;
}

static int map_op(struct bind *bind, const struct mmx_bind_op *op)
{
	struct mmx_memobj *mem = mmx_table_find(&bind->vm->session->mems, op->mem);
	uint64_t bytes;
	struct mmx_vma range;

	if (op->flags & ~(MMX_BIND_READONLY | MMX_BIND_NOEXEC | MMX_BIND_UNCACHED))
		return EINVAL;
	if (!mem || mem->destroyed)
		return ENOENT;
	bytes = (uint64_t)mem->page_count << MMX_WIRE_PAGE_SHIFT;
	if (!mem->sealed || op->mem_offset > bytes || op->size > bytes - op->mem_offset)
		return EINVAL;
	range = (struct mmx_vma){ .va = op->va,
				  .size = op->size,
				  .mem = mem,
				  .mem_offset = op->mem_offset,
				  .prot = prot_of(op->flags) };
	return op->size ? map(bind, &range) : 0;
}

static int bind_op(struct bind *bind, const struct mmx_bind_op *op)
{
	uint64_t range = bind->vm->user_va_range;

	if (op->pad || (op->va | op->size | op->mem_offset) & (MMX_WIRE_PAGE_SIZE - 1))
		return EINVAL;
	if (op->va >= range || op->size > range - op->va)
		return EINVAL;
	switch (op->op) {
	case MMX_BIND_OP_MAP:
		return map_op(bind, op);
	case MMX_BIND_OP_UNMAP:
		if (op->flags || op->mem || op->mem_offset)
			return EINVAL;
		return op->size ? unmap(bind, op->va, op->size) : 0;
	default:
		return EINVAL;
	}
}

int mmx_vm_bind(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_vm_bind *m = msg;
	struct mmx_addrspace *vm = mmx_table_find(&s->vms, m->vm);
	struct mmx_reply_vm_bind *reply = (void *)request->reply;
	struct bind *bind;
	uint32_t i;
	int r = 0;

	if (!vm)
		return ENOENT;
	if (m->flags || m->pad)
		return EINVAL;
	if (m->op_count > s->limits->wire.max_bind_ops)
		return E2BIG;
	bind = bind_new(vm);
	if (!bind)
		return -ENOMEM;
	bind->request = request;
	for (i = 0; i < m->op_count && !r; i++)
		r = bind_op(bind, &m->ops[i]);
	reply->op = r ? i - 1 : i;
	request->size = sizeof(*reply);
	bind->error = r;
	bind_finish(bind);
	return MMX_REPLY_LATER;
}

/* ---- destruction ---- */

/* Needs no memory: the whole user range goes, so that no block is split, and goodbye was made with the VM. */
void mmx_addrspace_begin_destroy(struct mmx_addrspace *vm, struct mmx_request *request)
{
	struct bind *bind = vm->goodbye;
	uint64_t end;
	size_t i;

	if (vm->destroying)
		return;
	mmx_sheaps_destroy(vm);
	end = mmx_vm_user_end(vm->hw);
	mmx_table_del(&vm->session->vms, vm->name);
	vm->name = 0;
	vm->destroying = true;
	vm->goodbye = NULL;
	bind->request = request;
	for (i = 0; i < vm->vma_count; i++)
		mmx_list_add_tail(&bind->garbage, &vm->vmas[i]->link);
	vm->vma_count = 0;
	if (mmx_vm_unmap(vm->hw, 0, end))
		mmx_log(MMX_LOG_SESSION, MMX_LOG_ERROR, "a VM could not be unmapped");
	note_unmapped(bind, 0, end);
	bind_finish(bind);
}

int mmx_vm_destroy_msg(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_object *m = msg;
	struct mmx_addrspace *vm = mmx_table_find(&s->vms, m->object);

	if (m->pad)
		return EINVAL;
	if (!vm)
		return ENOENT;
	mmx_addrspace_begin_destroy(vm, request);
	return MMX_REPLY_LATER;
}
