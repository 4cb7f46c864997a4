// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What the instructions of architecture 13 do: one row for each sub-opcode. A part of the table in
 * model_opcodes_rows.c.
 */
#include "tests/unit/model_opcodes.h"

#define IMM32 16
#define IMM64 17
#define REG32 18
#define REG64 57
#define FIELD W_ARITH_FIELD

/* d4 = A, d6 = B, d8 is the result */
#define ROW32(title, a, b, result, word)                                  \
	{                                                                 \
		.op = (int)((word) >> 56), .arch = 13, .name = (title),   \
		.before = { R(4, a), R(6, b) }, .words = { word },        \
		.after = { R(8, result), R(9, 0) }, .ns = MDL_COST_SIMPLE \
	}
#define ROW64(title, a, b, result, word)                                                         \
	{                                                                                        \
		.op = (int)((word) >> 56), .arch = 13, .name = (title),                          \
		.before = { R(4, (uint32_t)(a)), R(5, (uint64_t)(a) >> 32), R(6, (uint32_t)(b)), \
			    R(7, (uint64_t)(b) >> 32) },                                         \
		.words = { word },                                                               \
		.after = { R(8, (uint32_t)(result)), R(9, (uint64_t)(result) >> 32) },           \
		.ns = MDL_COST_SIMPLE                                                            \
	}

const struct op_row arith_rows[] = {
	ROW32("ADD_IMM32 as before", 5, 0, 3, W_ARITH_IMM(IMM32, 0, 8, 4, -2)),
	ROW32("LSHIFT_IMM32", 0x80000001, 0, 0x10, W_ARITH_IMM(IMM32, 1, 8, 4, 4)),
	ROW32("RSHIFT_IMM_U32", 0x80000000, 0, 0x08000000, W_ARITH_IMM(IMM32, 2, 8, 4, 4)),
	ROW32("RSHIFT_IMM_S32", 0x80000000, 0, 0xf8000000, W_ARITH_IMM(IMM32, 3, 8, 4, 4)),
	ROW32("BFEXT_U32", 0x12348678, 0, 0x86, W_ARITH_IMM(IMM32, 4, 8, 4, FIELD(8, 8))),
	ROW32("BFEXT_S32", 0x12348678, 0, 0xffffff86, W_ARITH_IMM(IMM32, 5, 8, 4, FIELD(8, 8))),
	ROW32("BFEXT_U32 of all", 0x92348678, 0, 0x92348678,
	      W_ARITH_IMM(IMM32, 4, 8, 4, FIELD(0, 32))),
	ROW32("BFINS_IMM32", 0x12345678, 0, 0x12ab5678,
	      W_ARITH_IMM(IMM32, 6, 8, 4, FIELD(16, 8) | 0xffab0000)),
	ROW32("UMIN_IMM32", 0x80000000, 0, 7, W_ARITH_IMM(IMM32, 7, 8, 4, 7)),
	ROW64("ADD_IMM64 as before", 5, 0, 3, W_ARITH_IMM(IMM64, 0, 8, 4, -2)),
	ROW64("LSHIFT_IMM64", 0x8000000080000001, 0, 0x0000000800000010,
	      W_ARITH_IMM(IMM64, 1, 8, 4, 4)),
	ROW64("RSHIFT_IMM_U64", 0x8000000000000000, 0, 0x40000000, W_ARITH_IMM(IMM64, 2, 8, 4, 33)),
	ROW64("RSHIFT_IMM_S64", 0x8000000000000000, 0, 0xffffffffc0000000,
	      W_ARITH_IMM(IMM64, 3, 8, 4, 33)),
	ROW64("BFEXT_U64", 0x00fe000000000000, 0, 0xfe, W_ARITH_IMM(IMM64, 4, 8, 4, FIELD(48, 8))),
	ROW64("BFEXT_S64", 0x00fe000000000000, 0, -2, W_ARITH_IMM(IMM64, 5, 8, 4, FIELD(48, 8))),
	ROW64("BFINS_IMM64 of all", 0x1234567812345678, 0, 0xabcd,
	      W_ARITH_IMM(IMM64, 6, 8, 4, FIELD(0, 64) | 0xabcd0000)),
	ROW64("UMIN_IMM64 is unsigned", 0xffffffffffffffff, 0, 0xffffffff,
	      W_ARITH_IMM(IMM64, 7, 8, 4, 0xffffffff)),
	ROW32("UMIN32 as before", 5, 3, 3, W_ARITH_REG(REG32, 0, 8, 4, 6)),
	ROW32("ADD32", 0xffffffff, 3, 2, W_ARITH_REG(REG32, 1, 8, 4, 6)),
	ROW32("SUB32", 2, 3, 0xffffffff, W_ARITH_REG(REG32, 2, 8, 4, 6)),
	ROW32("LSHIFT32 by modulo 32", 3, 33, 6, W_ARITH_REG(REG32, 3, 8, 4, 6)),
	ROW32("RSHIFT_U32", 0x80000000, 31, 1, W_ARITH_REG(REG32, 4, 8, 4, 6)),
	ROW32("RSHIFT_S32", 0x80000000, 31, 0xffffffff, W_ARITH_REG(REG32, 5, 8, 4, 6)),
	ROW32("BFINS32", 0x12345678, 0xffab, 0x12345ab8,
	      W_ARITH_REG(REG32, 6, 8, 4, 6) | FIELD(4, 8)),
	ROW64("UMIN64", 0x100000000, 0x200000000, 0x100000000, W_ARITH_REG(REG64, 0, 8, 4, 6)),
	ROW64("ADD64", 0xffffffff, 1, 0x100000000, W_ARITH_REG(REG64, 1, 8, 4, 6)),
	ROW64("SUB64", 0, 1, 0xffffffffffffffff, W_ARITH_REG(REG64, 2, 8, 4, 6)),
	ROW64("LSHIFT64 by modulo 64", 3, 96, 0x300000000, W_ARITH_REG(REG64, 3, 8, 4, 6)),
	ROW64("RSHIFT_U64", 0x8000000000000000, 63, 1, W_ARITH_REG(REG64, 4, 8, 4, 6)),
	ROW64("RSHIFT_S64", 0x8000000000000000, 63, 0xffffffffffffffff,
	      W_ARITH_REG(REG64, 5, 8, 4, 6)),
	ROW64("BFINS64", 0, 0xffffffffffffffff, 0x0000fffffffff000,
	      W_ARITH_REG(REG64, 6, 8, 4, 6) | FIELD(12, 36)),
};

const unsigned int arith_row_count = FAKE_COUNT(arith_rows);
