// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Sync objects, and the values that a stream can store.
 *
 * A sync object is {u32 value, u32 status} or {u64 value, u32 status, u32 pad}; status 0 = no fault,
 * 1 = fault. Called by the interpreter, and by cs_async.c for instructions that were deferred.
 *
 * SYNC_ADD and SYNC_SET write both: status is 1 if they propagate errors and the stream is poisoned, else 0. Status is
 * written before the value, so that who sees the value sees its status.
 */
#include "tools/model/cs_priv.h"

#include <stdatomic.h>

static bool is_wide(uint64_t word)
{
	return cs_opcode(word) >= CS_OP_SYNC_ADD64;
}

/* The checks of a SYNC_ADD or SYNC_SET. */
bool mdl_cs_sync_valid(uint64_t word)
{
	unsigned int scope = cs_bits(word, 1, 2);

	return (scope == CS_SCOPE_SYSTEM || scope == CS_SCOPE_CSG) && cs_pair_ok(cs_a(word)) &&
	       (is_wide(word) ? cs_pair_ok(cs_b(word)) : cs_reg_ok(cs_b(word)));
}

/* SYNC_ADD and SYNC_SET. */
enum cs_step mdl_cs_sync_write(struct mdl_cs *cs, uint64_t word, uint64_t address, uint64_t data)
{
	unsigned int op = cs_opcode(word), as = cs->params.as;
	size_t size = is_wide(word) ? 8 : 4;
	uint32_t status = cs->poison && cs_bits(word, 0, 1);
	struct mdl_fault fault = { .va = address };
	uint64_t old = 0;

	if (address & (size - 1))
		goto bus_fault;
	if (op == CS_OP_SYNC_ADD32 || op == CS_OP_SYNC_ADD64) {
		if (!mdl_mmu_read(cs->m, as, address, &old, size, MDL_ACCESS_ATOMIC, &fault))
			goto bus_fault;
		data += old;
	}
	if (!mdl_mmu_write(cs->m, as, address + size, &status, sizeof(status), &fault))
		goto bus_fault;
	atomic_thread_fence(memory_order_release);
	if (!mdl_mmu_write(cs->m, as, address, &data, size, &fault))
		goto bus_fault;
	cs->pending |= CS_TELL_GROUP;
	if (cs_bits(word, 1, 2) == CS_SCOPE_SYSTEM)
		cs->pending |= CS_TELL_SYNC_UPDATE;
	return CS_NEXT;

bus_fault:
	return mdl_cs_fatal(cs, CS_EX_BUS, fault.va);
}

/* SYNC_WAIT: goes on when the value is as it should be; an error in the object may be inherited. */
enum cs_step mdl_cs_sync_wait(struct mdl_cs *cs, uint64_t word, bool wide)
{
	unsigned int addr = cs_a(word), ref = cs_b(word), cond = cs_bits(word, 28, 4);
	size_t size = wide ? 8 : 4;
	struct mdl_fault fault;
	uint64_t va, want, value = 0;
	uint32_t status;

	if (!cs_pair_ok(addr) || !(wide ? cs_pair_ok(ref) : cs_reg_ok(ref)) || cond > CS_COND_GT)
		return cs_invalid(cs);
	if (cs->time_ns - cs->slice_ns > MDL_SLICE_EARLY_NS)
		return CS_LATER;
	cs->time_ns += MDL_COST_SYNC;
	va = cs_pair(cs, addr);
	want = wide ? cs_pair(cs, ref) : cs->regs[ref];
	if (va & (size - 1))
		return mdl_cs_fatal(cs, CS_EX_BUS, va);
	if (!mdl_mmu_read(cs->m, cs->params.as, va, &value, size, MDL_ACCESS_READ, &fault))
		return mdl_cs_fatal(cs, CS_EX_BUS, fault.va);
	if (cond == CS_COND_GT ? value <= want : value > want) {
		cs->wait = CS_WAIT_SYNC | (wide ? CS_WAIT_SYNC64 : 0) | CS_WAIT_COND(cond);
		cs->wait_sync_ptr = va;
		cs->wait_sync_value = want;
		return mdl_cs_block(cs, MDL_CS_BLOCKED_SYNC);
	}
	atomic_thread_fence(memory_order_acquire);
	if (cs_bits(word, 0, 1))
		return CS_NEXT; /* .reject: an error in the object does not concern this stream */
	if (!mdl_mmu_read(cs->m, cs->params.as, va + size, &status, sizeof(status), MDL_ACCESS_READ,
			  &fault))
		return mdl_cs_fatal(cs, CS_EX_BUS, fault.va);
	if (status)
		mdl_cs_fault(cs, CS_EX_INHERIT, va);
	return CS_NEXT;
}

/* STORE_STATE: 64 bits of what the stream or the GPU knows now. */
enum cs_step mdl_cs_store_state(struct mdl_cs *cs, uint64_t word, uint64_t address)
{
	struct mdl_fault fault = { .va = address };
	uint64_t value = 0;

	switch (cs_bits(word, 32, 2)) {
	case CS_STATE_TIMESTAMP:
		value = mdl_gpu_timestamp(cs->m);
		break;
	case CS_STATE_CYCLES:
		value = mdl_gpu_cycles(cs->m);
		break;
	case CS_STATE_DISJOINT:
		value = cs->disjoint;
		break;
	case CS_STATE_ERROR:
		value = cs->poison;
		break;
	}
	if (address & 7 ||
	    !mdl_mmu_write(cs->m, cs->params.as, address, &value, sizeof(value), &fault))
		return mdl_cs_fatal(cs, CS_EX_BUS, fault.va);
	return CS_NEXT;
}
