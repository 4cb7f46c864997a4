/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The instructions of a command stream of architecture 10, 39 opcodes of 8 bytes, little endian; and what later ones added.
 *
 *    63      56 55      48 47      40 39      32 31              16 15               0
 *   +----------+----------+----------+----------+------------------+------------------+
 *   |  opcode  | D: dest. | A: addr. | B: 32-bit|  M: mask, or     |  I: immediate    |
 *   |          | / signal | / source | / flags  |  high immediate  |  / flags         |
 *   +----------+----------+----------+----------+------------------+------------------+
 *
 * A register field names r0..r95. A pair (d0, d2, ...) is named by its even low register.
 */
#ifndef TOOLS_MODEL_CS_OPS_H
#define TOOLS_MODEL_CS_OPS_H

#include <stdint.h>

enum cs_op {
	CS_OP_NOP = 0,
	CS_OP_MOVE48 = 1, /* D pair = bits 47:0 */
	CS_OP_MOVE32 = 2, /* D = bits 31:0 */
	CS_OP_WAIT = 3, /* M = scoreboards, progress */
	CS_OP_RUN_COMPUTE = 4, /* I[13:0] task increment, I[15:14] task axis, progress */
	CS_OP_RUN_TILING = 5, /* bits 31:0 flags override, progress */
	CS_OP_RUN_IDVS = 6, /* bits 31:0 flags override, progress */
	CS_OP_RUN_FRAGMENT = 7, /* bit 0 tile map, bits 7:4 tile order, progress */
	CS_OP_RUN_FULLSCREEN = 8, /* bits 31:0 flags override, A pair = draw descriptor, progress */
	CS_OP_FINISH_TILING = 9, /* progress */
	CS_OP_FINISH_FRAGMENT = 11, /* bit 0 count it, chunks from A pair to B pair; deferrable */
	CS_OP_ADD_IMM32 = 16, /* D = A + bits 31:0 */
	CS_OP_ADD_IMM64 = 17, /* D pair = A pair + signed bits 31:0 */
	CS_OP_UMIN32 = 18, /* D = min(A, B) */
	CS_OP_LOAD_MULTIPLE = 20, /* D + n = [A pair + I + 4 n] for each bit n of M */
	CS_OP_STORE_MULTIPLE = 21,
	CS_OP_BRANCH = 22, /* if A <condition> 0: skip I instructions */
	CS_OP_SET_SB_ENTRY = 23, /* bits 3:0 endpoint entry, bits 7:4 load/store entry */
	CS_OP_PROGRESS_WAIT = 24, /* bits 4:0 stream, A pair = value */
	CS_OP_SET_EXCEPTION_HANDLER = 25, /* bits 7:0 exception, A pair = address, B = length */
	CS_OP_CALL = 32, /* A pair = address, B = length in bytes */
	CS_OP_JUMP = 33, /* as CALL */
	CS_OP_REQ_RESOURCE = 34, /* bits 3:0; from architecture 11 on, 4:0 */
	CS_OP_FLUSH_CACHE2 =
		36, /* bits 3:0 L2, 7:4 LSC, 11:8 other, A = flush id; always deferred */
	CS_OP_SYNC_ADD32 = 37, /* bit 0 propagate, bits 2:1 scope, [A pair] += B; deferrable */
	CS_OP_SYNC_SET32 = 38,
	CS_OP_SYNC_WAIT32 = 39, /* bit 0 reject, bits 31:28 condition, [A pair] against B */
	CS_OP_STORE_STATE = 40, /* bits 33:32 state (from 11 on, 39:32), [A pair + I]; deferrable */
	CS_OP_PROT_REGION = 41,
	CS_OP_PROGRESS_STORE = 42, /* A pair */
	CS_OP_PROGRESS_LOAD = 43, /* D pair */
	CS_OP_RUN_COMPUTE_INDIRECT = 44, /* I = workgroups a task, progress */
	CS_OP_ERROR_BARRIER = 47,
	CS_OP_HEAP_SET = 48, /* A pair */
	CS_OP_HEAP_OPERATION = 49, /* bits 33:32 operation (from 11 on, 34:32); deferrable */
	CS_OP_TRACE_POINT = 50, /* B = first register, A = their number; deferrable */
	CS_OP_SYNC_ADD64 = 51, /* as the 32-bit ones, B pair */
	CS_OP_SYNC_SET64 = 52,
	CS_OP_SYNC_WAIT64 = 53,

	/* from architecture 11 on; there bit 33 of WAIT and bit 52 of what is deferrable say "indirect" */
	CS_OP_LOGIC32 = 19, /* bits 3:0 truth table, bit 4 B is the number of a bit, D = A <op> B */
	CS_OP_NEXT_SB_ENTRY = 26, /* bits 35:32 selector, bit 36 as a mask, D = entry */
	CS_OP_SET_STATE = 27, /* B (no register) state, A */
	CS_OP_SET_STATE_IMM32 = 28, /* B (no register) state, bits 31:0 */
	CS_OP_SHARED_SB_INC =
		30, /* M = scoreboards, bits 51:48 shared entry, progress; deferrable */
	CS_OP_SHARED_SB_DEC = 31, /* bits 51:48 shared entry, progress */
	/* from architecture 12 on, in the place of RUN_TILING and RUN_IDVS */
	CS_OP_RUN_IDVS2 = 12, /* as RUN_IDVS */
	/* from architecture 13 on; 16, 17 (bits 39:32) and 18 (bits 31:24) have sub-opcodes there, too */
	CS_OP_ARITH_REG64 = 57, /* bits 31:24 sub-opcode, D pair = A pair <op> B pair */
};

/* SET_STATE */
enum cs_set_state {
	CS_SET_SB_SEL_ENDPOINT = 0,
	CS_SET_SB_SEL_OTHER = 1,
	CS_SET_SB_SEL_DEFERRED = 2,
	CS_SET_SB_MASK_STREAM = 8,
	CS_SET_SB_MASK_WAIT = 9,
};

/* NEXT_SB_ENTRY: which selector it moves */
enum cs_sb_type {
	CS_SB_TYPE_NONE = 0,
	CS_SB_TYPE_ENDPOINT = 1,
	CS_SB_TYPE_OTHER = 2,
	CS_SB_TYPE_DEFERRED = 3,
};

enum cs_condition {
	CS_COND_LE = 0,
	CS_COND_GT = 1,
	CS_COND_EQ = 2,
	CS_COND_NE = 3,
	CS_COND_LT = 4,
	CS_COND_GE = 5,
	CS_COND_ALWAYS = 6,
};

enum cs_state {
	CS_STATE_TIMESTAMP = 0,
	CS_STATE_CYCLES = 1,
	CS_STATE_DISJOINT = 2,
	CS_STATE_ERROR = 3,
};

enum cs_heap_operation {
	CS_HEAP_VT_START = 0,
	CS_HEAP_VT_END = 1,
	CS_HEAP_FRAG_END = 3,
};

enum cs_scope {
	CS_SCOPE_SYSTEM = 0,
	CS_SCOPE_CSG = 2,
};

/* bits of REQ_RESOURCE; their numbers are mdl_csf_endpoints()' @resource */
#define CS_RES_COMPUTE	(1u << 0)
#define CS_RES_FRAGMENT (1u << 1)
#define CS_RES_TILER	(1u << 2)
#define CS_RES_IDVS	(1u << 3)
#define CS_RES_RT	(1u << 4) /* ray tracing; from architecture 11 on */
#define CS_RES_MASK	0x1fu

#define CS_EXCEPTION_TILER_OOM 2

/* the fields of the picture above */
static inline uint32_t cs_bits(uint64_t word, unsigned int lowest, unsigned int count)
{
	return (uint32_t)(word >> lowest) & ((1u << count) - 1);
}

static inline unsigned int cs_opcode(uint64_t word)
{
	return (unsigned int)(word >> 56);
}

static inline unsigned int cs_d(uint64_t word)
{
	return cs_bits(word, 48, 8);
}

static inline unsigned int cs_a(uint64_t word)
{
	return cs_bits(word, 40, 8);
}

static inline unsigned int cs_b(uint64_t word)
{
	return cs_bits(word, 32, 8);
}

static inline uint32_t cs_mask(uint64_t word)
{
	return cs_bits(word, 16, 16);
}

static inline int64_t cs_simm16(uint64_t word)
{
	return (int16_t)(uint16_t)word;
}

static inline int64_t cs_simm32(uint64_t word)
{
	return (int32_t)(uint32_t)word;
}

static inline unsigned int cs_signal(uint64_t word)
{
	return cs_bits(word, 48, 4);
}

static inline unsigned int cs_progress(uint64_t word)
{
	return cs_bits(word, 32, 1);
}

/* Registers that the RUN_* instructions read. */
enum cs_job_reg {
	CS_R_SPD = 16, /* compute: shader program, four pairs to select from; IDVS: position */
	CS_R_INDEX_COUNT = 33, /* tiling */
	CS_R_WG_SIZE = 33, /* compute: x - 1 [9:0], y - 1 [19:10], z - 1 [29:20] */
	CS_R_INSTANCE_COUNT = 34,
	CS_R_JOB_SIZE = 37, /* compute: x, y, z in workgroups */
	CS_R_TILER_CTX = 40,
	CS_R_FBD = 40, /* fragment: framebuffer descriptor, tag in [5:0] */
	CS_R_BOX_MIN = 42, /* fragment: x [15:0], y [31:16] in pixels */
	CS_R_BOX_MAX = 43, /* inclusive */
};

/* Exception types that a stream raises itself, as CS_FAULT or CS_FATAL; faults of the address space have others. */
#define CS_EXCEPTIONS(X)             \
	X(CONFIG, 0x40)              \
	X(ENDPOINT, 0x44)            \
	X(BUS, 0x48)                 \
	X(INSTR_INVALID, 0x49)       \
	X(CALL_STACK_OVERFLOW, 0x4a) \
	X(INHERIT, 0x4b)             \
	X(DATA_INVALID, 0x58)        \
	X(TILE_RANGE, 0x59)          \
	X(OOM, 0x60)

enum cs_exception {
#define CS_EXCEPTION(name, value) CS_EX_##name = (value),
	CS_EXCEPTIONS(CS_EXCEPTION)
#undef CS_EXCEPTION
};

#endif
