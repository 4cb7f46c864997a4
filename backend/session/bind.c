// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Binds: what VM_BIND and VM_BIND_ASYNC ask for, from the message to the answer or the timeline.
 *
 * All names are resolved when the message comes, and memory objects are held from then on. edit.c carries a bind out;
 * what it unmaps or replaces is garbage until the GPU can't reach it any more. What it maps needs maintenance as well:
 * the GPU's L2 may hold tables as they were before. Binds of a VM that have been edited
 * share one flush, and a VM has one flush at a time: so its binds complete in the order of their editing, and a
 * memory object is released only when nothing can touch its pages (design 3.7). Garbage is freed in pieces: one at once,
 * the others in rounds that follow.
 *
 * An asynchronous bind is a job of its VM's timeline. It reserves what it may take, page tables and mappings at their
 * worst, when it is accepted, and holds that until it has completed: a guest that has too little is told by the bind's
 * own error, not by a VM that has been left half-way. What can still fail is the backend's own memory; then the VM is
 * unusable (edit.c).
 */
#include "backend/session/bind.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/session/vma.h"

/* Mappings that are freed in one piece, and what freeing one takes, in entries of page tables. */
#define SWEEP	   512u
#define SWEEP_WORK 4

struct mmx_bind *mmx_bind_new(struct mmx_addrspace *vm, uint32_t steps)
{
	struct mmx_bind *bind = calloc(1, sizeof(*bind) + steps * sizeof(bind->steps[0]));

	if (!bind)
		return NULL;
	mmx_list_init(&bind->link);
	mmx_list_init(&bind->garbage);
	bind->vm = vm;
	return bind;
}

void mmx_bind_free(struct mmx_bind *bind)
{
	uint32_t i;

	if (!bind)
		return;
	for (i = 0; i < bind->step_count; i++)
		if (bind->steps[i].mem)
			mmx_memobj_put(bind->steps[i].mem);
	bind->vm->session->reserved_bytes -= bind->reserved_bytes;
	bind->vm->reserved_mappings -= bind->reserved_mappings;
	free(bind);
}

/* ---- maintenance and completion ---- */

void mmx_bind_note_changed(struct mmx_addrspace *vm, uint64_t va, uint64_t size)
{
	if (!vm->stale_end || va < vm->stale_start)
		vm->stale_start = va;
	if (va + size > vm->stale_end)
		vm->stale_end = va + size;
}

static void answer(struct mmx_bind *bind, int error)
{
	struct mmx_reply_vm_bind *reply = (void *)bind->request->reply;

	reply->op = bind->next;
	bind->request->size = sizeof(*reply);
	mmx_reply(bind->vm->session, bind->request, error);
}

static void complete(struct mmx_bind *bind, int error)
{
	struct mmx_session *s = bind->vm->session;
	struct mmx_job *job = bind->job;

	job->error = error < 0 ? -error : error;
	job->bind = NULL;
	mmx_bind_free(bind);
	s->ops->bind_done(s->ctx, job);
}

/* The VM is empty, and nothing of it is known to the GPU. */
static void say_goodbye(struct mmx_bind *bind)
{
	struct mmx_addrspace *vm = bind->vm;

	if (vm->timeline)
		mmx_timeline_retire(vm->timeline);
	vm->timeline = NULL;
	if (bind->request)
		mmx_reply(vm->session, bind->request, 0);
	mmx_bind_free(bind);
	mmx_addrspace_put(vm);
}

/* Frees at most *left mappings, and takes them from it. Return: true: nothing is left of what the bind has unmapped. */
static bool sweep(struct mmx_bind *bind, unsigned int *left)
{
	struct mmx_addrspace *vm = bind->vm;
	unsigned int freed = mmx_vma_free_some(&bind->garbage, *left);

	if (bind->goodbye)
		freed += mmx_vma_free_last(vm, *left - freed);
	*left -= freed;
	vm->session->credit -= (int64_t)freed * SWEEP_WORK;
	return mmx_list_empty(&bind->garbage) && (!bind->goodbye || !vm->vma_count);
}

static bool has_jobs(const struct mmx_addrspace *vm)
{
	return vm->timeline && !mmx_list_empty(&vm->timeline->jobs);
}

bool mmx_bind_finish(struct mmx_addrspace *vm)
{
	unsigned int left = SWEEP;

	mmx_list_del(&vm->sweeps);
	while (!mmx_list_empty(&vm->maintained)) {
		struct mmx_bind *bind = mmx_list_first(&vm->maintained, struct mmx_bind, link);
		struct mmx_session *s = vm->session;
		bool swept = sweep(bind, &left);

		if (!swept || (bind->goodbye && has_jobs(vm))) {
			/* cancelled jobs complete in rounds: looking for them again must end this one */
			if (swept)
				s->credit -= MMX_SESSION_MESSAGE_WORK;
			mmx_list_add_tail(&s->sweeps, &vm->sweeps);
			s->ops->pump(s->ctx, s);
			return true;
		}
		mmx_list_del(&bind->link);
		if (bind->goodbye) {
			/* the last of them; the VM may be gone now */
			say_goodbye(bind);
			return false;
		}
		if (bind->job) {
			complete(bind, bind->error);
			continue;
		}
		answer(bind, bind->error);
		mmx_bind_free(bind);
	}
	return true;
}

static void flush_done(struct mmx_vm_op *op)
{
	struct mmx_addrspace *vm = mmx_container_of(op, struct mmx_addrspace, flush);

	vm->flushing = false;
	mmx_list_splice(&vm->flushed, &vm->maintained);
	if (mmx_bind_finish(vm))
		mmx_bind_flush(vm);
}

void mmx_bind_flush(struct mmx_addrspace *vm)
{
	uint64_t start = vm->stale_start, end = vm->stale_end;

	mmx_list_del(&vm->unflushed);
	if (vm->flushing || mmx_list_empty(&vm->edited))
		return;
	if (!end) {
		mmx_list_splice(&vm->edited, &vm->maintained);
		mmx_bind_finish(vm);
		return;
	}
	mmx_list_splice(&vm->edited, &vm->flushed);
	vm->stale_start = 0;
	vm->stale_end = 0;
	vm->flushing = true;
	vm->flush.done = flush_done;
	mmx_vm_flush(vm->hw, start, end - start, &vm->flush);
}

void mmx_bind_cancel_all(struct mmx_addrspace *vm)
{
	struct mmx_session *s = vm->session;

	/* those that wait; they complete behind those below */
	if (vm->timeline)
		s->ops->binds_stop(s->ctx, vm->timeline);
	if (s->sync && s->sync->vm == vm) {
		mmx_list_splice(&s->sync->garbage, &vm->goodbye->garbage);
		answer(s->sync, ECANCELED);
		mmx_bind_free(s->sync);
		s->sync = NULL;
	}
	while (!mmx_list_empty(&vm->binds)) {
		struct mmx_bind *bind = mmx_list_first(&vm->binds, struct mmx_bind, link);

		mmx_list_del(&bind->link);
		mmx_list_splice(&bind->garbage, &vm->goodbye->garbage);
		complete(bind, ECANCELED);
	}
	mmx_list_del(&vm->edits);
}

void mmx_session_bind_start(struct mmx_job *job)
{
	mmx_edit_add(job->bind);
}

/* ---- what a message asks for ---- */

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

static int resolve_map(struct mmx_session *s, const struct mmx_bind_op *op,
		       struct mmx_bind_step *step)
{
	struct mmx_memobj *mem = mmx_table_find(&s->mems, op->mem);
	uint64_t bytes;

	if (op->flags & ~(MMX_BIND_READONLY | MMX_BIND_NOEXEC | MMX_BIND_UNCACHED))
		return EINVAL;
	if (!mem || mem->destroyed)
		return ENOENT;
	bytes = (uint64_t)mem->page_count << MMX_WIRE_PAGE_SHIFT;
	if (!mem->sealed || op->mem_offset > bytes || op->size > bytes - op->mem_offset)
		return EINVAL;
	step->kind = MMX_STEP_MAP;
	step->prot = prot_of(op->flags);
	step->mem = mem;
	step->mem_offset = op->mem_offset;
	return 0;
}

static int resolve_sparse(struct mmx_session *s, const struct mmx_bind_op *op,
			  struct mmx_bind_step *step)
{
	if (op->flags &
	    ~(MMX_BIND_SPARSE | MMX_BIND_READONLY | MMX_BIND_NOEXEC | MMX_BIND_UNCACHED))
		return EINVAL;
	if (!(op->flags & MMX_BIND_NOEXEC) || op->mem || op->mem_offset)
		return EINVAL;
	step->kind = MMX_STEP_SPARSE;
	step->prot = prot_of(op->flags);
	return mmx_session_dummy(s);
}

/* Return: 0 or an errno of either sign; then @step holds nothing. */
static int resolve(const struct mmx_addrspace *vm, const struct mmx_bind_op *op,
		   struct mmx_bind_step *step)
{
	uint64_t range = vm->user_va_range;
	int r;

	if (op->pad || (op->va | op->size | op->mem_offset) & (MMX_WIRE_PAGE_SIZE - 1))
		return EINVAL;
	if (op->va >= range || op->size > range - op->va)
		return EINVAL;
	step->va = op->va;
	step->size = op->size;
	switch (op->op) {
	case MMX_BIND_OP_MAP:
		r = op->flags & MMX_BIND_SPARSE ? resolve_sparse(vm->session, op, step)
						: resolve_map(vm->session, op, step);
		if (!r && step->mem)
			mmx_memobj_get(step->mem);
		return r;
	case MMX_BIND_OP_UNMAP:
		step->kind = MMX_STEP_UNMAP;
		return op->flags || op->mem || op->mem_offset ? EINVAL : 0;
	default:
		return EINVAL;
	}
}

/* Return: a bind with a step for each operation up to the first that is wrong; NULL without memory. */
static struct mmx_bind *bind_of(struct mmx_addrspace *vm, const struct mmx_bind_op *ops,
				uint32_t count)
{
	struct mmx_bind *bind = mmx_bind_new(vm, count);

	while (bind && !bind->refused && bind->step_count < count) {
		uint32_t i = bind->step_count;

		bind->refused = resolve(vm, &ops[i], &bind->steps[i]);
		if (!bind->refused)
			bind->step_count++;
	}
	return bind;
}

int mmx_vm_bind(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_vm_bind *m = msg;
	struct mmx_addrspace *vm = mmx_table_find(&s->vms, m->vm);
	struct mmx_bind *bind;

	if (!vm)
		return ENOENT;
	if (m->flags || m->pad)
		return EINVAL;
	if (m->op_count > s->limits->wire.max_bind_ops)
		return E2BIG;
	bind = bind_of(vm, m->ops, m->op_count);
	if (!bind)
		return -ENOMEM;
	bind->request = request;
	/* nothing more is read from the guest until it has been edited: see mmx_session_pump() */
	s->sync = bind;
	return MMX_REPLY_LATER;
}

/* ---- VM_BIND_ASYNC ---- */

static uint64_t worst_bytes(const struct mmx_session *s, const struct mmx_bind_step *step)
{
	uint64_t ends =
		(step->va % MMX_BLOCK_SIZE != 0) + ((step->va + step->size) % MMX_BLOCK_SIZE != 0);

	if (step->kind == MMX_STEP_UNMAP)
		return ends * MMX_PAGE_SIZE;
	return mmx_pgtable_map_bytes(step->va, step->size,
				     step->kind == MMX_STEP_SPARSE && s->dummy_is_block);
}

/* Return: 0 or ENOSPC. */
static int reserve(struct mmx_bind *bind)
{
	struct mmx_addrspace *vm = bind->vm;
	struct mmx_session *s = vm->session;
	uint64_t bytes = sizeof(*bind) + bind->step_count * sizeof(bind->steps[0]);
	unsigned int mappings = 0;
	uint32_t i;

	for (i = 0; i < bind->step_count; i++) {
		bytes += worst_bytes(s, &bind->steps[i]);
		/* the one that is made, and the one that is cut in two */
		mappings += bind->steps[i].kind == MMX_STEP_UNMAP ? 1 : 2;
	}
	if (!mmx_session_fits(s, bytes) ||
	    vm->vma_count + vm->reserved_mappings + mappings > s->limits->max_mappings)
		return ENOSPC;
	bind->reserved_bytes = bytes;
	bind->reserved_mappings = mappings;
	s->reserved_bytes += bytes;
	vm->reserved_mappings += mappings;
	return 0;
}

/* Return: 0 or an errno of either sign, that the job is to complete with. */
static int prepare(struct mmx_addrspace *vm, const struct mmx_msg_vm_bind_async *m,
		   struct mmx_bind **ret_bind)
{
	struct mmx_bind *bind;
	int r;

	if (vm->unusable)
		return EINVAL;
	bind = bind_of(vm, m->ops, m->op_count);
	if (!bind)
		return -ENOMEM;
	r = bind->refused ? bind->refused : reserve(bind);
	if (r) {
		mmx_bind_free(bind);
		return r;
	}
	*ret_bind = bind;
	return 0;
}

int mmx_vm_bind_async(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_vm_bind_async *m = msg;
	struct mmx_addrspace *vm = mmx_table_find(&s->vms, m->vm);
	const struct mmx_wait *waits = (const void *)&m->ops[m->op_count];
	struct mmx_job *job;
	int r;

	(void)request;
	if (!vm)
		return ENOENT;
	if (m->pad || !vm->timeline)
		return EINVAL;
	if (m->op_count > s->limits->wire.max_bind_ops)
		return E2BIG;
	r = mmx_job_create(vm->timeline, m->seqno, waits, m->wait_count, &job);
	if (r)
		return r;
	if (!job->error) {
		r = prepare(vm, m, &job->bind);
		job->error = r < 0 ? -r : r;
	}
	if (job->bind)
		job->bind->job = job;
	s->ops->submit(s->ctx, job);
	return 0;
}
