// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Binds are carried out here, in pieces: page tables of a bind, or of a VM that goes, can be any size, and whoever is
 * behind must not wait for all of it. A piece looks at a bounded number of entries; its work is taken from the
 * session's credit (session.c), which a round of the loop renews.
 *
 * A step is atomic for the other binds of its VM: these come in between steps. Binds of different VMs take turns piece
 * by piece. Within a VM asynchronous ones go in their order; a synchronous one, of which a session has one at most, goes
 * before them all.
 *
 * The list of mappings changes when a step begins: what it replaces is garbage, and what it maps is known, before the
 * first entry is written. So a VM can be destroyed at any point, by unmapping all of it.
 *
 * Invariants
 *  - A VM is in session->edits while its binds are not empty.
 *  - Only the first of a VM's binds can be between the begin and the end of a step.
 */
#include <errno.h>

#include "backend/session/bind.h"
#include "backend/session/vma.h"

/* Entries of one piece: as many as a table has, so that a piece of either kind takes about as long. */
#define PIECE 512u

/* What a piece takes beside the entries, in the same measure: finding the place. */
#define PIECE_WORK 8u

/* Mappings that are moved within their list in the time of one entry. */
#define MOVES 64u

/* ---- pieces ---- */

/* Where the object's byte is for the device, and how it may be mapped. Return: contiguous bytes from there on. */
static uint64_t object_run(const struct mmx_session *s, struct mmx_memobj *mem, uint64_t offset,
			   uint64_t *ret_addr, unsigned int *prot)
{
	uint64_t page = offset >> MMX_WIRE_PAGE_SHIFT;
	const struct mmx_mem_run *run = mmx_memobj_run(mem, page);
	uint64_t skip = page - run->object_page, size, contiguous;

	size = (run->page_count - skip) << MMX_WIRE_PAGE_SHIFT;
	contiguous = mmx_space_addr(s, run->space, run->page + skip, ret_addr);
	if (run->readonly)
		*prot &= ~MMX_PROT_WRITE;
	return contiguous < size ? contiguous : size;
}

/* The dummy again and again, at the same place of each block. */
static uint64_t dummy_run(const struct mmx_session *s, uint64_t va, uint64_t *ret_addr)
{
	uint64_t offset = va % MMX_BLOCK_SIZE;

	*ret_addr = mmx_dma_buf_addr(&s->dummy, offset);
	return s->dummy_is_block ? MMX_BLOCK_SIZE - offset : MMX_PAGE_SIZE;
}

/* So much of a contiguous range is one piece: blocks, or pages of one table. */
static uint64_t piece_of(uint64_t va, uint64_t addr, uint64_t size)
{
	uint64_t to_block = MMX_BLOCK_SIZE - va % MMX_BLOCK_SIZE;
	uint64_t blocks = size & ~(MMX_BLOCK_SIZE - 1);

	if ((va | addr) % MMX_BLOCK_SIZE == 0 && blocks)
		return blocks < PIECE * MMX_BLOCK_SIZE ? blocks : PIECE * MMX_BLOCK_SIZE;
	return size < to_block ? size : to_block;
}

/* Return: 0; a negative errno; EINVAL: the device has its memory where no page table reaches. */
static int map_piece(struct mmx_bind *bind, const struct mmx_bind_step *step)
{
	struct mmx_addrspace *vm = bind->vm;
	uint64_t va = step->va + bind->done, left = bind->end - bind->done, size, addr;
	unsigned int prot = step->prot;
	int r;

	if (step->kind == MMX_STEP_SPARSE)
		size = dummy_run(vm->session, va, &addr);
	else
		size = object_run(vm->session, step->mem, step->mem_offset + bind->done, &addr,
				  &prot);
	size = piece_of(va, addr, size < left ? size : left);
	r = mmx_vm_map(vm->hw, va, addr, size, prot);
	mmx_bind_note_changed(vm, va, size);
	if (r)
		return r < 0 ? r : EINVAL;
	bind->done += size;
	return 0;
}

static void unmap_piece(struct mmx_bind *bind, const struct mmx_bind_step *step)
{
	uint64_t va = step->va + bind->done;
	uint64_t size = mmx_vm_unmap_some(bind->vm->hw, va, bind->end - bind->done, PIECE);

	/* piece by piece: a flush of what is noted may begin between two */
	if (size)
		mmx_bind_note_changed(bind->vm, va, size);
	bind->done += size;
}

/* ---- steps ---- */

static void enter(struct mmx_bind *bind, enum mmx_edit_phase phase, uint64_t end)
{
	bind->phase = phase;
	bind->done = 0;
	bind->end = end;
}

static void step_done(struct mmx_bind *bind)
{
	enter(bind, MMX_EDIT_NEXT, 0);
	bind->next++;
}

/* Has the guest room for it? An asynchronous one has reserved it. Return: 0 or ENOSPC. */
static int check_room(const struct mmx_bind *bind, const struct mmx_bind_step *step, bool any)
{
	const struct mmx_addrspace *vm = bind->vm;
	const struct mmx_session *s = vm->session;
	uint64_t bytes = any ? mmx_vm_split_bytes(vm->hw, step->va, step->size) : 0;

	if (bind->job)
		return 0;
	if (step->kind == MMX_STEP_UNMAP)
		return mmx_vma_may_unmap(vm, step->va, step->size) &&
				       (!bytes || mmx_session_fits(s, bytes))
			       ? 0
			       : ENOSPC;
	bytes = mmx_pgtable_map_bytes(step->va, step->size,
				      step->kind == MMX_STEP_SPARSE && s->dummy_is_block);
	return mmx_vma_may_map(vm, step->va, step->size) && mmx_session_fits(s, bytes) ? 0 : ENOSPC;
}

/* Return: 0; or an errno of either sign, then nothing has changed. */
static int begin_step(struct mmx_bind *bind, const struct mmx_bind_step *step)
{
	struct mmx_addrspace *vm = bind->vm;
	bool maps = step->kind != MMX_STEP_UNMAP;
	bool any = mmx_vma_any(vm, step->va, step->size);
	const struct mmx_vma range = { .va = step->va,
				       .size = step->size,
				       .mem = step->mem,
				       .mem_offset = step->mem_offset,
				       .prot = step->prot };
	struct mmx_vma_spare spare;
	int r;

	if (!step->size || (!maps && !any)) {
		step_done(bind);
		return 0;
	}
	if (maps && vm->unusable)
		return EINVAL;
	r = check_room(bind, step, any);
	if (!r)
		r = mmx_vma_spare_take(vm, &spare);
	if (r)
		return r;
	r = any ? mmx_vm_split(vm->hw, step->va, step->size) : 0;
	if (!r && any)
		mmx_vma_cut(vm, step->va, step->size, &bind->garbage, &spare);
	if (!r && maps)
		mmx_vma_insert(vm, &range, &spare);
	if (!r)
		enter(bind, any ? MMX_EDIT_UNMAP : MMX_EDIT_MAP, step->size);
	mmx_vma_spare_drop(&spare);
	return r > 0 ? EINVAL : r;
}

/* What was mapped of the step is unmapped again: then nothing is mapped in its range. */
static void undone(struct mmx_bind *bind, const struct mmx_bind_step *step)
{
	struct mmx_vma_spare none = { { NULL } };

	/* one whole mapping: takes no spare */
	mmx_vma_cut(bind->vm, step->va, step->size, &bind->garbage, &none);
}

/* One piece. Return: true: the bind has been edited, as far as bind->error lets it. */
static bool edit_piece(struct mmx_bind *bind)
{
	const struct mmx_bind_step *step = &bind->steps[bind->next];

	switch (bind->phase) {
	case MMX_EDIT_NEXT:
		if (bind->next == bind->step_count) {
			bind->error = bind->refused;
			return true;
		}
		bind->error = begin_step(bind, step);
		return bind->error;
	case MMX_EDIT_UNMAP:
		unmap_piece(bind, step);
		if (bind->done < bind->end)
			return false;
		if (step->kind == MMX_STEP_UNMAP)
			step_done(bind);
		else
			enter(bind, MMX_EDIT_MAP, step->size);
		return false;
	case MMX_EDIT_MAP:
		bind->error = map_piece(bind, step);
		if (bind->error)
			enter(bind, MMX_EDIT_UNDO, bind->done);
		else if (bind->done == bind->end)
			step_done(bind);
		return false;
	case MMX_EDIT_UNDO:
		if (bind->done < bind->end)
			unmap_piece(bind, step);
		if (bind->done < bind->end)
			return false;
		undone(bind, step);
		return true;
	}
	return true;
}

/* ---- whose turn it is ---- */

void mmx_edit_add(struct mmx_bind *bind)
{
	struct mmx_addrspace *vm = bind->vm;
	struct mmx_session *s = vm->session;

	mmx_list_add_tail(&vm->binds, &bind->link);
	if (mmx_list_empty(&vm->edits))
		mmx_list_add_tail(&s->edits, &vm->edits);
	s->ops->pump(s->ctx, s);
}

bool mmx_edit_pending(const struct mmx_session *s)
{
	return s->sync || !mmx_list_empty(&s->edits) || !mmx_list_empty(&s->unflushed) ||
	       !mmx_list_empty(&s->sweeps);
}

static struct mmx_bind *first_of(struct mmx_addrspace *vm)
{
	return mmx_list_empty(&vm->binds) ? NULL
					  : mmx_list_first(&vm->binds, struct mmx_bind, link);
}

static struct mmx_bind *next_bind(struct mmx_session *s)
{
	struct mmx_bind *first;

	if (s->sync) {
		first = first_of(s->sync->vm);
		return first && first->phase != MMX_EDIT_NEXT ? first : s->sync;
	}
	if (mmx_list_empty(&s->edits))
		return NULL;
	return first_of(mmx_list_first(&s->edits, struct mmx_addrspace, edits));
}

/* An asynchronous bind has failed while it was carried out: nobody knows any more what is mapped there. */
static void make_unusable(struct mmx_addrspace *vm)
{
	struct mmx_session *s = vm->session;
	const struct mmx_session_fault fault = { .kind = MMX_FAULT_BIND, .vm = vm };

	vm->unusable = true;
	mmx_session_fault(s, &fault);
	s->ops->vm_lost(s->ctx, vm);
}

static void edited(struct mmx_session *s, struct mmx_bind *bind)
{
	struct mmx_addrspace *vm = bind->vm;
	bool sync = bind == s->sync, failed = bind->job && bind->error;

	if (sync) {
		s->sync = NULL;
	} else {
		mmx_list_del(&bind->link);
		if (mmx_list_empty(&vm->binds))
			mmx_list_del(&vm->edits);
	}
	mmx_list_add_tail(&vm->edited, &bind->link);
	if (mmx_list_empty(&vm->unflushed))
		mmx_list_add_tail(&s->unflushed, &vm->unflushed);
	/* at once, so that the region is locked before a job that comes behind it can run */
	if (sync)
		mmx_bind_flush(vm);
	else if (failed && !vm->unusable)
		make_unusable(vm);
}

/* What has been done to the VM so far, but for a piece's change of the number of mappings. */
static uint64_t work_of(const struct mmx_addrspace *vm)
{
	return mmx_vm_work(vm->hw) + vm->vmas_moved / MOVES;
}

void mmx_edit_run(struct mmx_session *s, int64_t floor)
{
	struct mmx_bind *bind;

	while (s->credit > floor && !mmx_list_empty(&s->sweeps))
		mmx_bind_finish(mmx_list_first(&s->sweeps, struct mmx_addrspace, sweeps));
	while (s->credit > floor && (bind = next_bind(s))) {
		struct mmx_addrspace *vm = bind->vm;
		uint64_t before = work_of(vm), count = vm->vma_count;
		bool is_edited = edit_piece(bind);

		/* mappings that have become garbage count, too */
		count = vm->vma_count > count ? vm->vma_count - count : count - vm->vma_count;
		s->credit -= PIECE_WORK + (int64_t)(work_of(vm) - before + count);
		if (is_edited) {
			edited(s, bind);
		} else if (bind != s->sync) {
			mmx_list_del(&vm->edits);
			mmx_list_add_tail(&s->edits, &vm->edits);
		}
	}
}

void mmx_edit_flush(struct mmx_session *s)
{
	while (!mmx_list_empty(&s->unflushed))
		mmx_bind_flush(mmx_list_first(&s->unflushed, struct mmx_addrspace, unflushed));
}
