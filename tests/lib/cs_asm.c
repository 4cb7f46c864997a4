// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * An assembler of command streams. An instruction is a 64-bit word: opcode in 63:56, registers mostly in 55:48
 * (destination), 47:40 (address or source) and 39:32 (data), immediates below.
 *
 * Called by guests of tests and of the demo. Invariant: nothing is written outside the caller's buffer, and nothing at
 * all after the first error.
 */
#include "tests/lib/cs_asm.h"

#include <errno.h>

enum opcode {
	OP_NOP = 0,
	OP_MOVE48 = 1,
	OP_MOVE32 = 2,
	OP_WAIT = 3,
	OP_RUN_COMPUTE = 4,
	OP_RUN_IDVS = 6,
	OP_RUN_FRAGMENT = 7,
	OP_FINISH_TILING = 9,
	OP_FINISH_FRAGMENT = 11,
	OP_ADD_IMM32 = 16,
	OP_ADD_IMM64 = 17,
	OP_LOAD_MULTIPLE = 20,
	OP_STORE_MULTIPLE = 21,
	OP_BRANCH = 22,
	OP_SET_SB_ENTRY = 23,
	OP_SET_EXCEPTION_HANDLER = 25,
	OP_CALL = 32,
	OP_JUMP = 33,
	OP_REQ_RESOURCE = 34,
	OP_FLUSH_CACHE2 = 36,
	OP_SYNC_ADD32 = 37,
	OP_SYNC_SET32 = 38,
	OP_SYNC_WAIT32 = 39,
	OP_STORE_STATE = 40,
	OP_ERROR_BARRIER = 47,
	OP_HEAP_SET = 48,
	OP_HEAP_OPERATION = 49,
	OP_SYNC_ADD64 = 51,
	OP_SYNC_SET64 = 52,
	OP_SYNC_WAIT64 = 53,
};

void mmx_cs_asm_init(struct mmx_cs_asm *a, uint64_t *words, size_t capacity)
{
	*a = (struct mmx_cs_asm){ .words = words, .capacity = capacity };
}

static void fail(struct mmx_cs_asm *a, int error)
{
	if (!a->error)
		a->error = error;
}

/* ---- fields ---- */

/* An unsigned value in its field; one that does not fit is an error. */
static uint64_t field(struct mmx_cs_asm *a, uint64_t value, unsigned int shift, unsigned int bits)
{
	if (value >> bits)
		fail(a, -EINVAL);
	return value << shift;
}

static uint64_t reg(struct mmx_cs_asm *a, unsigned int index, unsigned int shift)
{
	if (index >= MMX_CS_REGISTERS)
		fail(a, -EINVAL);
	return (uint64_t)(index & 0xff) << shift;
}

/* Two registers as one of 64 bits: the first has an even number. */
static uint64_t pair(struct mmx_cs_asm *a, unsigned int index, unsigned int shift)
{
	if (index % 2)
		fail(a, -EINVAL);
	return reg(a, index, shift);
}

static uint64_t deferred(struct mmx_cs_asm *a, struct mmx_cs_defer defer)
{
	return (uint64_t)defer.wait_mask << 16 | field(a, defer.signal_entry, 48, 4);
}

static void emit(struct mmx_cs_asm *a, enum opcode opcode, uint64_t fields)
{
	mmx_cs_word(a, (uint64_t)opcode << 56 | fields);
}

void mmx_cs_word(struct mmx_cs_asm *a, uint64_t word)
{
	if (a->count == a->capacity)
		fail(a, -ENOSPC);
	if (!a->error)
		a->words[a->count++] = word;
}

/* ---- labels ---- */

unsigned int mmx_cs_label(struct mmx_cs_asm *a)
{
	if (a->label_count == MMX_CS_LABELS) {
		fail(a, -ENOSPC);
		return 0;
	}
	a->labels[a->label_count] = SIZE_MAX;
	return a->label_count++;
}

void mmx_cs_bind(struct mmx_cs_asm *a, unsigned int label)
{
	if (label >= a->label_count || a->labels[label] != SIZE_MAX)
		fail(a, -EINVAL);
	else
		a->labels[label] = a->count;
}

/* The offset counts instructions, from the one behind the branch. */
static void fix(struct mmx_cs_asm *a, const struct mmx_cs_fixup *fixup)
{
	size_t to = a->labels[fixup->label];
	int64_t offset = (int64_t)to - (int64_t)fixup->at - 1;

	if (to == SIZE_MAX)
		fail(a, -ENOENT);
	else if (offset < INT16_MIN || offset > INT16_MAX)
		fail(a, -ERANGE);
	else
		a->words[fixup->at] |= (uint16_t)offset;
}

int mmx_cs_asm_finish(struct mmx_cs_asm *a, size_t *ret_count)
{
	unsigned int i;

	for (i = 0; !a->error && i < a->fixup_count; i++)
		fix(a, &a->fixups[i]);
	if (a->error)
		return a->error;
	*ret_count = a->count;
	return 0;
}

void mmx_cs_branch(struct mmx_cs_asm *a, enum mmx_cs_condition condition, unsigned int value,
		   unsigned int label)
{
	if (label >= a->label_count)
		fail(a, -EINVAL);
	if (a->fixup_count == MMX_CS_FIXUPS)
		fail(a, -ENOSPC);
	if (!a->error)
		a->fixups[a->fixup_count++] = (struct mmx_cs_fixup){ a->count, label };
	emit(a, OP_BRANCH, field(a, condition, 28, 3) | reg(a, value, 40));
}

/* ---- registers and memory ---- */

void mmx_cs_nop(struct mmx_cs_asm *a)
{
	emit(a, OP_NOP, 0);
}

void mmx_cs_move48(struct mmx_cs_asm *a, unsigned int dst, uint64_t value)
{
	emit(a, OP_MOVE48, pair(a, dst, 48) | field(a, value, 0, 48));
}

void mmx_cs_move32(struct mmx_cs_asm *a, unsigned int dst, uint32_t value)
{
	emit(a, OP_MOVE32, reg(a, dst, 48) | value);
}

void mmx_cs_add_imm32(struct mmx_cs_asm *a, unsigned int dst, unsigned int src, int32_t value)
{
	emit(a, OP_ADD_IMM32, reg(a, dst, 48) | reg(a, src, 40) | (uint32_t)value);
}

void mmx_cs_add_imm64(struct mmx_cs_asm *a, unsigned int dst, unsigned int src, int32_t value)
{
	emit(a, OP_ADD_IMM64, pair(a, dst, 48) | pair(a, src, 40) | (uint32_t)value);
}

static void multiple(struct mmx_cs_asm *a, enum opcode opcode, unsigned int base, uint16_t mask,
		     unsigned int addr, int16_t offset)
{
	unsigned int i;

	/* bit i of the mask stands for register base + i */
	for (i = 0; i < 16; i++)
		if (mask >> i & 1)
			(void)reg(a, base + i, 0);
	emit(a, opcode,
	     reg(a, base, 48) | pair(a, addr, 40) | (uint64_t)mask << 16 | (uint16_t)offset);
}

void mmx_cs_load_multiple(struct mmx_cs_asm *a, unsigned int base, uint16_t mask, unsigned int addr,
			  int16_t offset)
{
	multiple(a, OP_LOAD_MULTIPLE, base, mask, addr, offset);
}

void mmx_cs_store_multiple(struct mmx_cs_asm *a, unsigned int base, uint16_t mask,
			   unsigned int addr, int16_t offset)
{
	multiple(a, OP_STORE_MULTIPLE, base, mask, addr, offset);
}

/* ---- flow ---- */

void mmx_cs_wait(struct mmx_cs_asm *a, uint16_t mask)
{
	emit(a, OP_WAIT, field(a, mask, 16, 8));
}

void mmx_cs_call(struct mmx_cs_asm *a, unsigned int addr, unsigned int length)
{
	emit(a, OP_CALL, pair(a, addr, 40) | reg(a, length, 32));
}

void mmx_cs_jump(struct mmx_cs_asm *a, unsigned int addr, unsigned int length)
{
	emit(a, OP_JUMP, pair(a, addr, 40) | reg(a, length, 32));
}

/* ---- jobs ---- */

void mmx_cs_set_sb_entry(struct mmx_cs_asm *a, unsigned int endpoint, unsigned int other)
{
	emit(a, OP_SET_SB_ENTRY, field(a, endpoint, 0, 4) | field(a, other, 4, 4));
}

void mmx_cs_req_resource(struct mmx_cs_asm *a, uint32_t resources)
{
	emit(a, OP_REQ_RESOURCE, field(a, resources, 0, 4));
}

void mmx_cs_run_compute(struct mmx_cs_asm *a, unsigned int increment, enum mmx_cs_axis axis)
{
	emit(a, OP_RUN_COMPUTE, field(a, increment, 0, 14) | field(a, axis, 14, 2));
}

void mmx_cs_run_idvs(struct mmx_cs_asm *a, uint32_t flags)
{
	emit(a, OP_RUN_IDVS, flags);
}

void mmx_cs_run_fragment(struct mmx_cs_asm *a, unsigned int tile_order)
{
	emit(a, OP_RUN_FRAGMENT, field(a, tile_order, 4, 4));
}

void mmx_cs_finish_tiling(struct mmx_cs_asm *a)
{
	emit(a, OP_FINISH_TILING, 0);
}

void mmx_cs_finish_fragment(struct mmx_cs_asm *a, int count_completed, unsigned int first_chunk,
			    unsigned int last_chunk, struct mmx_cs_defer defer)
{
	emit(a, OP_FINISH_FRAGMENT,
	     (count_completed ? 1u : 0u) | deferred(a, defer) | pair(a, last_chunk, 32) |
		     pair(a, first_chunk, 40));
}

/* ---- tiler heaps ---- */

#define EXCEPTION_TILER_OOM 2u

void mmx_cs_heap_set(struct mmx_cs_asm *a, unsigned int context)
{
	emit(a, OP_HEAP_SET, pair(a, context, 40));
}

void mmx_cs_heap_operation(struct mmx_cs_asm *a, enum mmx_cs_heap_operation operation,
			   struct mmx_cs_defer defer)
{
	emit(a, OP_HEAP_OPERATION, field(a, operation, 32, 2) | deferred(a, defer));
}

void mmx_cs_set_oom_handler(struct mmx_cs_asm *a, unsigned int addr, unsigned int length)
{
	emit(a, OP_SET_EXCEPTION_HANDLER,
	     EXCEPTION_TILER_OOM | pair(a, addr, 40) | reg(a, length, 32));
}

/* ---- memory order, state, sync objects ---- */

void mmx_cs_flush_cache2(struct mmx_cs_asm *a, enum mmx_cs_flush l2, enum mmx_cs_flush lsc,
			 enum mmx_cs_flush other, unsigned int latest_flush,
			 struct mmx_cs_defer defer)
{
	emit(a, OP_FLUSH_CACHE2,
	     field(a, l2, 0, 4) | field(a, lsc, 4, 4) | field(a, other, 8, 4) | deferred(a, defer) |
		     reg(a, latest_flush, 40));
}

void mmx_cs_store_state(struct mmx_cs_asm *a, enum mmx_cs_state state, unsigned int addr,
			int16_t offset, struct mmx_cs_defer defer)
{
	emit(a, OP_STORE_STATE,
	     (uint16_t)offset | deferred(a, defer) | field(a, state, 32, 2) | pair(a, addr, 40));
}

void mmx_cs_error_barrier(struct mmx_cs_asm *a)
{
	emit(a, OP_ERROR_BARRIER, 0);
}

static uint64_t sync_write(struct mmx_cs_asm *a, unsigned int addr, uint64_t data,
			   enum mmx_cs_scope scope, struct mmx_cs_defer defer)
{
	/* bit 0: the status is written, too */
	return 1 | field(a, scope, 1, 2) | deferred(a, defer) | data | pair(a, addr, 40);
}

void mmx_cs_sync_add32(struct mmx_cs_asm *a, unsigned int addr, unsigned int data,
		       enum mmx_cs_scope scope, struct mmx_cs_defer defer)
{
	emit(a, OP_SYNC_ADD32, sync_write(a, addr, reg(a, data, 32), scope, defer));
}

void mmx_cs_sync_set32(struct mmx_cs_asm *a, unsigned int addr, unsigned int data,
		       enum mmx_cs_scope scope, struct mmx_cs_defer defer)
{
	emit(a, OP_SYNC_SET32, sync_write(a, addr, reg(a, data, 32), scope, defer));
}

void mmx_cs_sync_add64(struct mmx_cs_asm *a, unsigned int addr, unsigned int data,
		       enum mmx_cs_scope scope, struct mmx_cs_defer defer)
{
	emit(a, OP_SYNC_ADD64, sync_write(a, addr, pair(a, data, 32), scope, defer));
}

void mmx_cs_sync_set64(struct mmx_cs_asm *a, unsigned int addr, unsigned int data,
		       enum mmx_cs_scope scope, struct mmx_cs_defer defer)
{
	emit(a, OP_SYNC_SET64, sync_write(a, addr, pair(a, data, 32), scope, defer));
}

/* Errors in the object are inherited: bit 0, which rejects them, stays 0. */
static uint64_t sync_wait(struct mmx_cs_asm *a, enum mmx_cs_condition condition, unsigned int addr,
			  uint64_t data)
{
	if (condition != MMX_CS_LEQUAL && condition != MMX_CS_GREATER)
		fail(a, -EINVAL);
	return field(a, condition, 28, 4) | data | pair(a, addr, 40);
}

void mmx_cs_sync_wait32(struct mmx_cs_asm *a, enum mmx_cs_condition condition, unsigned int addr,
			unsigned int data)
{
	emit(a, OP_SYNC_WAIT32, sync_wait(a, condition, addr, reg(a, data, 32)));
}

void mmx_cs_sync_wait64(struct mmx_cs_asm *a, enum mmx_cs_condition condition, unsigned int addr,
			unsigned int data)
{
	emit(a, OP_SYNC_WAIT64, sync_wait(a, condition, addr, pair(a, data, 32)));
}

/* ---- sequences ---- */

void mmx_cs_put_store(struct mmx_cs_asm *a, uint64_t va, uint32_t value)
{
	mmx_cs_move48(a, 0, va);
	mmx_cs_move32(a, 2, value);
	mmx_cs_store_multiple(a, 2, 1, 0, 0);
	mmx_cs_wait(a, 0xff);
}

void mmx_cs_put_endless(struct mmx_cs_asm *a)
{
	unsigned int loop = mmx_cs_label(a);

	mmx_cs_bind(a, loop);
	mmx_cs_nop(a);
	mmx_cs_branch(a, MMX_CS_ALWAYS, 0, loop);
}
