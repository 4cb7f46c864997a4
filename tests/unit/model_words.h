/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Instructions for tests, written down a second time from Mesa's description of the arch-10 command
 * stream, not taken from the model.
 */
#ifndef TESTS_UNIT_MODEL_WORDS_H
#define TESTS_UNIT_MODEL_WORDS_H

#include <stdint.h>

/* opcode, bits 55:48, 47:40, 39:32, 31:0 */
#define W(op, d, a, b, low)                                                                       \
	((uint64_t)(op) << 56 | (uint64_t)(d) << 48 | (uint64_t)(a) << 40 | (uint64_t)(b) << 32 | \
	 (uint32_t)(low))

#define W_NOP					      W(0, 0, 0, 0, 0)
#define W_MOVE48(d, imm)			      ((uint64_t)1 << 56 | (uint64_t)(d) << 48 | (uint64_t)(imm))
#define W_MOVE32(d, imm)			      W(2, d, 0, 0, imm)
#define W_WAIT(mask)				      W(3, 0, 0, 0, (mask) << 16)
#define W_WAIT_INC(mask)			      W(3, 0, 0, 1, (mask) << 16)
#define W_RUN_COMPUTE(inc, axis)		      W(4, 0, 0, 0, (inc) | (axis) << 14)
#define W_RUN_TILING				      W(5, 0, 0, 0, 0)
#define W_RUN_IDVS				      W(6, 0, 0, 0, 0)
#define W_RUN_FRAGMENT				      W(7, 0, 0, 0, 0)
#define W_RUN_FULLSCREEN(a)			      W(8, 0, a, 0, 0)
#define W_FINISH_TILING				      W(9, 0, 0, 0, 0)
#define W_FINISH_FRAGMENT(inc, last, first, mask, sb) W(11, sb, first, last, (inc) | (mask) << 16)
#define W_ADD32(d, a, imm)			      W(16, d, a, 0, imm)
#define W_ADD64(d, a, imm)			      W(17, d, a, 0, imm)
#define W_UMIN32(d, a, b)			      W(18, d, a, b, 0)
#define W_LOAD(d, a, mask, off)			      W(20, d, a, 0, (uint32_t)(mask) << 16 | (uint16_t)(off))
#define W_STORE(d, a, mask, off)		      W(21, d, a, 0, (uint32_t)(mask) << 16 | (uint16_t)(off))
#define W_BRANCH(cond, a, off)			      W(22, 0, a, 0, (uint32_t)(cond) << 28 | (uint16_t)(off))
#define W_SET_SB_ENTRY(ep, other)		      W(23, 0, 0, 0, (ep) | (other) << 4)
#define W_PROGRESS_WAIT(queue, a)		      W(24, 0, a, 0, queue)
#define W_SET_HANDLER(type, a, b)		      W(25, 0, a, b, type)
#define W_CALL(a, b)				      W(32, 0, a, b, 0)
#define W_JUMP(a, b)				      W(33, 0, a, b, 0)
#define W_REQ_RESOURCE(mask)			      W(34, 0, 0, 0, mask)
#define W_FLUSH(modes, a, mask, sb)		      W(36, sb, a, 0, (modes) | (mask) << 16)
#define W_SYNC(op, flags, a, b, mask, sb)	      W(op, sb, a, b, (flags) | (mask) << 16)
#define W_SYNC_ADD32				      37
#define W_SYNC_SET32				      38
#define W_SYNC_ADD64				      51
#define W_SYNC_SET64				      52
#define W_PROPAGATE				      1
#define W_SYSTEM				      0
#define W_CSG					      (2 << 1)
#define W_SYNC_WAIT32(reject, cond, a, b)	      W(39, 0, a, b, (reject) | (uint32_t)(cond) << 28)
#define W_SYNC_WAIT64(reject, cond, a, b)	      W(53, 0, a, b, (reject) | (uint32_t)(cond) << 28)
#define W_STORE_STATE(state, a, off, mask, sb)	      W(40, sb, a, state, (mask) << 16 | (uint16_t)(off))
#define W_PROT_REGION(n)			      W(41, 0, 0, 0, n)
#define W_PROGRESS_STORE(a)			      W(42, 0, a, 0, 0)
#define W_PROGRESS_LOAD(d)			      W(43, d, 0, 0, 0)
#define W_RUN_INDIRECT(wg)			      W(44, 0, 0, 0, wg)
#define W_ERROR_BARRIER				      W(47, 0, 0, 0, 0)
#define W_HEAP_SET(a)				      W(48, 0, a, 0, 0)
#define W_HEAP_OP(op, mask, sb)			      W(49, sb, 0, op, (mask) << 16)
/* stores a 32-bit value; a line of a ring */
#define W_STORE_JOB(va, value)                                                                    \
	W_MOVE48(0, va), W_MOVE32(2, value), W_STORE(2, 0, 1, 0), W_WAIT(1), W_NOP, W_NOP, W_NOP, \
		W_NOP
/* of architecture 11 and later */
#define W_ARITH_IMM(op, sub, d, a, imm) W(op, d, a, sub, imm)
#define W_ARITH_REG(op, sub, d, a, b)	W(op, d, a, b, (uint32_t)(sub) << 24)
#define W_ARITH_FIELD(position, width)	((position) | (width) << 8)
#define W_RUN_IDVS2			W(12, 0, 0, 0, 0)
#define W_LOGIC(mode, index, d, a, b)	W(19, d, a, b, (mode) | (index) << 4)
#define W_NEXT_SB(type, mask, d)	W(26, d, 0, (type) | (mask) << 4, 0)
#define W_SET_STATE(state, a)		W(27, 0, a, state, 0)
#define W_SET_STATE_IMM(state, imm)	W(28, 0, 0, state, imm)
#define W_SHARED_INC(entry, mask)	W(30, entry, 0, 0, (mask) << 16)
#define W_SHARED_DEC(entry)		W(31, entry, 0, 0, 0)
#define W_INDIRECT			((uint64_t)1 << 52) /* of what is deferrable */
#define W_WAIT_INDIRECT			W(3, 0, 0, 2, 0)
#define W_SB_SEL_ENDPOINT		0
#define W_SB_SEL_OTHER			1
#define W_SB_SEL_DEFERRED		2
#define W_SB_MASK_STREAM		8
#define W_SB_MASK_WAIT			9
#define W_TRACE(b, count, mask, sb)	W(50, sb, count, b, (mask) << 16)

enum {
	LE,
	GT,
	EQ,
	NE,
	LT,
	GE,
	ALWAYS
};

#endif
