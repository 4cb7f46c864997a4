/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Binds between their message and their end. bind.c makes them of messages, sees to their maintenance and completes
 * them; edit.c carries them out in between.
 */
#ifndef BACKEND_SESSION_BIND_H
#define BACKEND_SESSION_BIND_H

#include "backend/session/session_priv.h"

enum mmx_step_kind {
	MMX_STEP_MAP,
	MMX_STEP_SPARSE,
	MMX_STEP_UNMAP,
};

/* One operation, with its names resolved. */
struct mmx_bind_step {
	enum mmx_step_kind kind;
	unsigned int prot; /* MMX_PROT_* */
	uint64_t va, size;
	struct mmx_memobj *mem; /* of MAP; holds a reference */
	uint64_t mem_offset;
};

/* Where a step is. */
enum mmx_edit_phase {
	MMX_EDIT_NEXT, /* between steps: other binds may come in here */
	MMX_EDIT_UNMAP, /* what was there before goes */
	MMX_EDIT_MAP,
	MMX_EDIT_UNDO, /* mapping has failed: what has been mapped goes */
};

/* A bind, or a VM's last one (mmx_addrspace.goodbye), which unmaps all. */
struct mmx_bind {
	struct mmx_list link; /* in a list of its VM, or none */
	struct mmx_addrspace *vm;
	struct mmx_request *request; /* of a synchronous one, or a goodbye; may be NULL */
	struct mmx_job *job; /* of an asynchronous one, else NULL */
	bool goodbye;
	int error; /* of either sign, of step number next */
	int refused; /* what is wrong with the operation behind the last step; 0 = there is none */
	/* mmx_vma.link: unmapped, but the GPU may still reach it. Of a goodbye all that its VM still has is garbage, too. */
	struct mmx_list garbage;
	uint64_t reserved_bytes; /* of the session */
	unsigned int reserved_mappings; /* of the VM */

	/* edit.c */
	enum mmx_edit_phase phase;
	uint64_t done, end; /* bytes of the step: the phase's progress, and what it comes to */
	uint32_t next, step_count;
	struct mmx_bind_step steps[];
};

/* ---- bind.c ---- */

/* Return: NULL without memory. */
struct mmx_bind *mmx_bind_new(struct mmx_addrspace *vm, uint32_t steps);
/* Something was mapped or unmapped in the range, and the GPU may still know what was there. */
void mmx_bind_note_changed(struct mmx_addrspace *vm, uint64_t va, uint64_t size);
/* Maintains what was edited; then the binds complete. Does nothing while maintenance is under way: it will follow. */
void mmx_bind_flush(struct mmx_addrspace *vm);
/* Of binds whose maintenance is through: frees a piece of the garbage, and completes those that have none any more.
 * Return: false: the VM may be gone. */
bool mmx_bind_finish(struct mmx_addrspace *vm);
/* The VM is going: all its binds that are not edited are ended, their garbage goes to its goodbye. */
void mmx_bind_cancel_all(struct mmx_addrspace *vm);

/* ---- edit.c ---- */

/* Puts the bind, of a VM that is not destroyed or its goodbye, behind those that are to be edited. */
void mmx_edit_add(struct mmx_bind *bind);
/* Frees garbage, then edits, until the session's credit has gone down to @floor, or nothing is left to do. */
void mmx_edit_run(struct mmx_session *s, int64_t floor);
/* Is there something to do? */
bool mmx_edit_pending(const struct mmx_session *s);
/* Begins the maintenance of all that has been edited. */
void mmx_edit_flush(struct mmx_session *s);

#endif
