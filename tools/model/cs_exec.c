// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The interpreter: fetch, decode, and all instructions that do their work at once.
 *
 * Called by mdl_cs_run() only. Each instruction is checked before it changes anything: registers that
 * do not exist, odd pairs and values that have no meaning are CS_INSTR_INVALID. Bits that no field
 * names are ignored.
 *
 * Instructions are read through the group's address space as data (ring buffers are mapped without
 * permission to execute), MDL_CS_PREFETCH bytes at once; nothing is kept from one slice to the next.
 */
#include "tools/model/cs_priv.h"

#include <stdatomic.h>
#include <string.h>

/* Reads where the host has got to. False: the stream is dead. */
bool mdl_cs_read_insert(struct mdl_cs *cs, uint64_t *ret_insert)
{
	struct mdl_fault fault;

	if (!mdl_mmu_read(cs->m, 0, cs->params.input_va, ret_insert, sizeof(*ret_insert),
			  MDL_ACCESS_READ, &fault)) {
		mdl_cs_fatal(cs, CS_EX_BUS, fault.va);
		return false;
	}
	/* instructions are read after the offset that says that they are there */
	atomic_thread_fence(memory_order_acquire);
	*ret_insert &= ~7ull;
	return true;
}

/* The program counter has reached the end of its range. False: nothing left to execute. */
static bool leave_range(struct mdl_cs *cs)
{
	uint64_t insert;

	if (cs->depth) {
		cs->at = cs->frames[--cs->depth];
		mdl_cs_handler_left(cs);
		return true;
	}
	if (!mdl_cs_read_insert(cs, &insert))
		return false;
	if (insert <= cs->at.pc) {
		cs->idle = true;
		cs->ready = false;
		return false;
	}
	cs->at.end = insert;
	cs->at.start = insert > cs->params.ring_size ? insert - cs->params.ring_size : 0;
	cs->window_valid = false;
	return true;
}

static bool fetch(struct mdl_cs *cs, uint64_t *ret_word)
{
	uint64_t va = mdl_cs_pc_address(cs);
	struct mdl_fault fault;

	if (!cs->window_valid || va - cs->window_va >= MDL_CS_PREFETCH) {
		cs->window_va = va & ~(uint64_t)(MDL_CS_PREFETCH - 1);
		cs->window_valid = mdl_mmu_read(cs->m, cs->params.as, cs->window_va, cs->window,
						sizeof(cs->window), MDL_ACCESS_READ, &fault);
		if (!cs->window_valid) {
			mdl_cs_fatal(cs, CS_EX_BUS, va);
			return false;
		}
	}
	*ret_word = cs->window[(va - cs->window_va) / 8];
	return true;
}

/* Runs of bits in the mask become one access each. */
static enum cs_step load_store(struct mdl_cs *cs, uint64_t word, bool store)
{
	unsigned int base = cs_d(word), addr = cs_a(word), i, count;
	uint32_t mask = cs_mask(word);
	struct mdl_fault fault;
	uint64_t va;
	bool ok;

	if (!cs_pair_ok(addr) || (mask && !cs_reg_ok(base + 31 - (unsigned)__builtin_clz(mask))))
		return cs_invalid(cs);
	va = cs_pair(cs, addr) + (uint64_t)cs_simm16(word);
	if (va & 3)
		return mdl_cs_fatal(cs, CS_EX_BUS, va);
	cs->time_ns += MDL_COST_MEMORY;
	for (i = 0; mask >> i; i += count) {
		count = (unsigned int)__builtin_ctz(mask >> i);
		if (count)
			continue;
		count = (unsigned int)__builtin_ctz(~(mask >> i));
		if (store)
			ok = mdl_mmu_write(cs->m, cs->params.as, va + 4ull * i, &cs->regs[base + i],
					   4ul * count, &fault);
		else
			ok = mdl_mmu_read(cs->m, cs->params.as, va + 4ull * i, &cs->regs[base + i],
					  4ul * count, MDL_ACCESS_READ, &fault);
		if (!ok)
			return mdl_cs_fatal(cs, CS_EX_BUS, fault.va);
		cs->time_ns += count * MDL_COST_WORD;
	}
	cs->memory_ns[cs->entry_memory] =
		cs->time_ns + (store ? MDL_COST_STORE_LATENCY : MDL_COST_LOAD_LATENCY);
	return CS_NEXT;
}

static enum cs_step branch(struct mdl_cs *cs, uint64_t word)
{
	unsigned int reg = cs_a(word);
	uint64_t target = cs->at.pc + 8 + (uint64_t)cs_simm16(word) * 8;
	int32_t value;
	bool taken;

	if (!cs_reg_ok(reg))
		return cs_invalid(cs);
	value = (int32_t)cs->regs[reg];
	switch (cs_bits(word, 28, 3)) {
	case CS_COND_LE:
		taken = value <= 0;
		break;
	case CS_COND_GT:
		taken = value > 0;
		break;
	case CS_COND_EQ:
		taken = value == 0;
		break;
	case CS_COND_NE:
		taken = value != 0;
		break;
	case CS_COND_LT:
		taken = value < 0;
		break;
	case CS_COND_GE:
		taken = value >= 0;
		break;
	case CS_COND_ALWAYS:
		taken = true;
		break;
	default:
		return cs_invalid(cs);
	}
	cs->time_ns += MDL_COST_SIMPLE;
	if (!taken)
		return CS_NEXT;
	if (target < cs->at.start || target > cs->at.end)
		return cs_invalid(cs);
	cs->at.pc = target;
	return CS_TAKEN;
}

static enum cs_step call_jump(struct mdl_cs *cs, uint64_t word, bool call)
{
	unsigned int addr = cs_a(word), len = cs_b(word);
	uint64_t va;
	uint32_t size;

	if (!cs_pair_ok(addr) || !cs_reg_ok(len) || (!call && !cs->depth))
		return cs_invalid(cs);
	va = cs_pair(cs, addr);
	size = cs->regs[len];
	if ((va | size) & 7 || va + size < va)
		return cs_invalid(cs);
	cs->time_ns += MDL_COST_CALL;
	if (call) {
		if (cs->depth == CS_FRAMES)
			return mdl_cs_fatal(cs, CS_EX_CALL_STACK_OVERFLOW, mdl_cs_pc_address(cs));
		cs->frames[cs->depth] = cs->at;
		cs->frames[cs->depth++].pc += 8;
	}
	cs->at = (struct cs_range){ .start = va, .pc = va, .end = va + size };
	return CS_TAKEN;
}

/*
 * Waits until all entries of the mask are free. What loads and stores need is known: that time is
 * charged here. For the rest the stream is blocked.
 */
static enum cs_step wait_entries(struct mdl_cs *cs, uint32_t mask)
{
	unsigned int i;
	uint32_t busy = 0;

	for (i = 0; i < MDL_CS_SCOREBOARDS; i++)
		if (mask & 1u << i && cs->scoreboard[i])
			busy |= 1u << i;
	if (busy) {
		cs->wait = CS_WAIT_SB(mask);
		return mdl_cs_block(cs, MDL_CS_BLOCKED_SB);
	}
	for (i = 0; i < MDL_CS_SCOREBOARDS; i++)
		if (mask & 1u << i && cs->time_ns < cs->memory_ns[i])
			cs->time_ns = cs->memory_ns[i];
	return CS_NEXT;
}

static enum cs_step wait(struct mdl_cs *cs, uint64_t word)
{
	bool indirect = cs->arch >= 11 && cs_bits(word, 33, 1);
	uint32_t mask = indirect ? cs->mask_wait : cs_mask(word);
	enum cs_step step;

	if (mask >> MDL_CS_SCOREBOARDS)
		return cs_invalid(cs);
	step = wait_entries(cs, mask);
	if (step == CS_NEXT)
		cs_count_progress(cs, word);
	return step;
}

static enum cs_step error_barrier(struct mdl_cs *cs)
{
	enum cs_step step = wait_entries(cs, (1u << MDL_CS_SCOREBOARDS) - 1);

	if (step == CS_NEXT)
		cs->poison = 0;
	return step;
}

static enum cs_step req_resource(struct mdl_cs *cs, uint64_t word)
{
	uint32_t want = (uint32_t)word & cs_resources(cs);
	unsigned int i;

	cs->req_resource = want;
	for (i = 0; want >> i; i++)
		if (want & 1u << i && !mdl_csf_endpoints(cs->m, cs->csg, i))
			return mdl_cs_block(cs, MDL_CS_BLOCKED_RESOURCE);
	cs->resources = want;
	return CS_NEXT;
}

static enum cs_step progress_wait(struct mdl_cs *cs, uint64_t word)
{
	unsigned int src = cs_a(word);
	const struct mdl_cs *other = mdl_csf_stream(cs->m, cs->csg, cs_bits(word, 0, 5));

	if (!cs_pair_ok(src) || !other)
		return cs_invalid(cs);
	if (other->progress >= cs_pair(cs, src))
		return CS_NEXT;
	cs->wait = CS_WAIT_PROGRESS;
	return mdl_cs_block(cs, MDL_CS_BLOCKED_PROGRESS);
}

/*
 * The instructions of a region are executed in protected mode, or, if there are none, at once. The stream asks for the
 * mode and waits; the firmware of this model never enters it.
 */
static enum cs_step prot_region(struct mdl_cs *cs, uint64_t word)
{
	if (!cs_bits(word, 0, 16))
		return CS_NEXT;
	if (!cs->protm_told)
		cs->pending |= CS_TELL_PROTM;
	cs->protm_told = true;
	cs->wait = CS_WAIT_PROTM;
	return mdl_cs_block(cs, MDL_CS_BLOCKED_RESOURCE);
}

/* Instructions that only set what the stream remembers. */
static enum cs_step set_state(struct mdl_cs *cs, uint64_t word)
{
	unsigned int a = cs_a(word), b = cs_b(word), d = cs_d(word);

	switch (cs_opcode(word)) {
	case CS_OP_SET_SB_ENTRY:
		a = cs_bits(word, 0, 4);
		b = cs_bits(word, 4, 4);
		if (a >= MDL_CS_SCOREBOARDS || b >= MDL_CS_SCOREBOARDS)
			return cs_invalid(cs);
		cs->entry_endpoint = (uint8_t)a;
		cs->entry_memory = (uint8_t)b;
		break;
	case CS_OP_SET_EXCEPTION_HANDLER:
		if (cs_bits(word, 0, 8) != CS_EXCEPTION_TILER_OOM || !cs_pair_ok(a) ||
		    !cs_reg_ok(b) || cs->regs[b] & 7)
			return cs_invalid(cs);
		cs->handler_address = cs_pair(cs, a);
		cs->handler_length = cs->handler_address ? cs->regs[b] : 0;
		cs->handler_known |= cs->handler_length != 0;
		cs->pending |= CS_TELL_GROUP; /* a draw may have waited for one */
		break;
	case CS_OP_HEAP_SET:
		if (!cs_pair_ok(a))
			return cs_invalid(cs);
		cs->heap = cs_pair(cs, a);
		break;
	case CS_OP_PROGRESS_STORE:
		if (!cs_pair_ok(a))
			return cs_invalid(cs);
		cs->progress = cs_pair(cs, a);
		cs->pending |= CS_TELL_GROUP;
		break;
	case CS_OP_PROGRESS_LOAD:
		if (!cs_pair_ok(d))
			return cs_invalid(cs);
		cs_set_pair(cs, d, cs->progress);
		break;
	}
	return CS_NEXT;
}

/* Whether the product's architecture has an instruction that not all have. */
static bool exists(const struct mdl_cs *cs, uint64_t word)
{
	switch (cs_opcode(word)) {
	case CS_OP_RUN_TILING:
	case CS_OP_RUN_IDVS:
		return cs->arch < 12;
	case CS_OP_RUN_IDVS2:
		return cs->arch >= 12;
	case CS_OP_ARITH_REG64:
		return cs->arch >= 13;
	case CS_OP_LOGIC32:
	case CS_OP_NEXT_SB_ENTRY:
	case CS_OP_SET_STATE:
	case CS_OP_SET_STATE_IMM32:
	case CS_OP_SHARED_SB_INC:
	case CS_OP_SHARED_SB_DEC:
		return cs->arch >= 11;
	default:
		return true;
	}
}

/* What concerns the stream's own state, and waits. */
static enum cs_step execute_state(struct mdl_cs *cs, uint64_t word)
{
	switch (cs_opcode(word)) {
	case CS_OP_WAIT:
		return wait(cs, word);
	case CS_OP_ERROR_BARRIER:
		return error_barrier(cs);
	case CS_OP_REQ_RESOURCE:
		return req_resource(cs, word);
	case CS_OP_PROGRESS_WAIT:
		return progress_wait(cs, word);
	case CS_OP_PROT_REGION:
		return prot_region(cs, word);
	case CS_OP_SET_SB_ENTRY:
	case CS_OP_SET_EXCEPTION_HANDLER:
	case CS_OP_HEAP_SET:
	case CS_OP_PROGRESS_STORE:
	case CS_OP_PROGRESS_LOAD:
		return set_state(cs, word);
	case CS_OP_ADD_IMM32:
	case CS_OP_ADD_IMM64:
	case CS_OP_UMIN32:
	case CS_OP_ARITH_REG64:
		return mdl_cs_arch13(cs, word);
	default:
		return mdl_cs_arch11(cs, word);
	}
}

/* All but moves and arithmetic. */
static enum cs_step execute_other(struct mdl_cs *cs, uint64_t word)
{
	if (!exists(cs, word))
		return cs_invalid(cs);
	switch (cs_opcode(word)) {
	case CS_OP_LOAD_MULTIPLE:
		return load_store(cs, word, false);
	case CS_OP_STORE_MULTIPLE:
		return load_store(cs, word, true);
	case CS_OP_CALL:
		return call_jump(cs, word, true);
	case CS_OP_JUMP:
		return call_jump(cs, word, false);
	case CS_OP_RUN_COMPUTE:
	case CS_OP_RUN_COMPUTE_INDIRECT:
	case CS_OP_RUN_TILING:
	case CS_OP_RUN_IDVS:
	case CS_OP_RUN_IDVS2:
	case CS_OP_RUN_FRAGMENT:
	case CS_OP_RUN_FULLSCREEN:
		return mdl_cs_run_job(cs, word);
	case CS_OP_SYNC_WAIT32:
		return mdl_cs_sync_wait(cs, word, false);
	case CS_OP_SYNC_WAIT64:
		return mdl_cs_sync_wait(cs, word, true);
	case CS_OP_FINISH_TILING:
	case CS_OP_FINISH_FRAGMENT:
	case CS_OP_FLUSH_CACHE2:
	case CS_OP_SYNC_ADD32:
	case CS_OP_SYNC_SET32:
	case CS_OP_SYNC_ADD64:
	case CS_OP_SYNC_SET64:
	case CS_OP_STORE_STATE:
	case CS_OP_HEAP_OPERATION:
	case CS_OP_TRACE_POINT:
	case CS_OP_SHARED_SB_INC:
		return mdl_cs_async(cs, word);
	default:
		cs->time_ns += MDL_COST_SIMPLE;
		return execute_state(cs, word);
	}
}

/* Architecture 13 made families of the arithmetic; 0 is what there was before. */
static bool arith_other(const struct mdl_cs *cs, unsigned int sub_opcode)
{
	return sub_opcode && cs->arch >= 13;
}

static enum cs_step execute(struct mdl_cs *cs, uint64_t word)
{
	unsigned int d = cs_d(word), a = cs_a(word), b = cs_b(word);

	switch (cs_opcode(word)) {
	case CS_OP_NOP:
		break;
	case CS_OP_MOVE48:
		if (!cs_pair_ok(d))
			return cs_invalid(cs);
		cs_set_pair(cs, d, word & 0xffffffffffffull);
		break;
	case CS_OP_MOVE32:
		if (!cs_reg_ok(d))
			return cs_invalid(cs);
		cs->regs[d] = (uint32_t)word;
		break;
	case CS_OP_ADD_IMM32:
		if (arith_other(cs, b))
			return execute_other(cs, word);
		if (!cs_reg_ok(d) || !cs_reg_ok(a))
			return cs_invalid(cs);
		cs->regs[d] = cs->regs[a] + (uint32_t)word;
		break;
	case CS_OP_ADD_IMM64:
		if (arith_other(cs, b))
			return execute_other(cs, word);
		if (!cs_pair_ok(d) || !cs_pair_ok(a))
			return cs_invalid(cs);
		cs_set_pair(cs, d, cs_pair(cs, a) + (uint64_t)cs_simm32(word));
		break;
	case CS_OP_UMIN32:
		if (arith_other(cs, cs_bits(word, 24, 8)))
			return execute_other(cs, word);
		if (!cs_reg_ok(d) || !cs_reg_ok(a) || !cs_reg_ok(b))
			return cs_invalid(cs);
		cs->regs[d] = cs->regs[a] < cs->regs[b] ? cs->regs[a] : cs->regs[b];
		break;
	case CS_OP_BRANCH:
		return branch(cs, word);
	default:
		return execute_other(cs, word);
	}
	cs->time_ns += MDL_COST_SIMPLE;
	return CS_NEXT;
}

/* Executes until the slice is used up, or the stream is blocked, empty, dead or has a fault to tell. */
void mdl_cs_slice(struct mdl_cs *cs)
{
	enum cs_step step;
	unsigned int n;
	uint64_t word;

	cs->window_valid = false;
	for (n = 0; n < MDL_SLICE_INSTRUCTIONS; n++) {
		if (cs->time_ns - cs->slice_ns >= MDL_SLICE_NS || cs->pending & CS_TELL_FAULT)
			return;
		if (cs->handler_due && mdl_cs_handler_enter(cs) == CS_DEAD)
			return;
		if (cs->at.pc == cs->at.end) {
			if (!leave_range(cs))
				return;
			continue;
		}
		if (!fetch(cs, &word))
			return;
		step = execute(cs, word);
		if (step == CS_NEXT)
			cs->at.pc += 8;
		else if (step != CS_TAKEN)
			return;
	}
}
