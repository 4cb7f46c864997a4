/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The few instructions of command streams (arch 10 to 12) that the tests are made of, as words. Encodings are facts of
 * Mesa's genxml/v10.xml: opcode in 63:56, registers in 55:48 (destination), 47:40 (address) and 39:32 (data).
 */
#ifndef TESTS_UAPI_CS_H
#define TESTS_UAPI_CS_H

#include <stdint.h>

#define CS_OP(opcode)	((uint64_t)(opcode) << 56)
#define CS_DST(reg)	((uint64_t)(reg) << 48)
#define CS_ADDR(reg)	((uint64_t)(reg) << 40)
#define CS_DATA(reg)	((uint64_t)(reg) << 32)
#define CS_IMM16(value) ((uint64_t)(uint16_t)(value))
#define CS_IMM32(value) ((uint64_t)(uint32_t)(value))

#define CS_NOP			  CS_OP(0)
#define CS_MOVE48(pair, value)	  (CS_OP(1) | CS_DST(pair) | ((value)&0xffffffffffffull))
#define CS_MOVE32(reg, value)	  (CS_OP(2) | CS_DST(reg) | CS_IMM32(value))
#define CS_WAIT_ALL		  (CS_OP(3) | 0xffull << 16)
#define CS_ADD32(dst, src, value) (CS_OP(16) | CS_DST(dst) | CS_ADDR(src) | CS_IMM32(value))
/* registers first..first+15 of the mask, to the address in a pair */
#define CS_STORE(first, mask, pair, offset) \
	(CS_OP(21) | CS_DST(first) | CS_ADDR(pair) | (uint64_t)(mask) << 16 | CS_IMM16(offset))
#define CS_LOAD(first, mask, pair, offset) \
	(CS_OP(20) | CS_DST(first) | CS_ADDR(pair) | (uint64_t)(mask) << 16 | CS_IMM16(offset))
/* offset in instructions from the next one */
#define CS_BRANCH_ALWAYS(offset)	(CS_OP(22) | 6ull << 28 | CS_IMM16(offset))
#define CS_BRANCH_GREATER(reg, offset)	(CS_OP(22) | 1ull << 28 | CS_ADDR(reg) | CS_IMM16(offset))
#define CS_BRANCH_ZERO(reg, offset)	(CS_OP(22) | 2ull << 28 | CS_ADDR(reg) | CS_IMM16(offset))
#define CS_BRANCH_NOT_ZERO(reg, offset) (CS_OP(22) | 3ull << 28 | CS_ADDR(reg) | CS_IMM16(offset))
/* cleans and invalidates L2 and load/store caches, whatever was flushed before (the register holds 0) */
#define CS_FLUSH(reg) (CS_OP(36) | CS_ADDR(reg) | 3ull | 3ull << 4)
/* of 64 bits: objects are { u64 value; u32 status, pad }. Scope: the whole system; errors are passed on */
#define CS_SYNC_ADD64(addr, data) (CS_OP(51) | CS_ADDR(addr) | CS_DATA(data) | 1ull)
#define CS_SYNC_SET64(addr, data) (CS_OP(52) | CS_ADDR(addr) | CS_DATA(data) | 1ull)
/* waits until the object is greater than the data */
#define CS_SYNC_WAIT64_GREATER(addr, data) (CS_OP(53) | CS_ADDR(addr) | CS_DATA(data) | 1ull << 28)
/* no architecture has it */
#define CS_INVALID CS_OP(0xff)

/* The words of a stream that stores a value, so that all can see it. Takes d0, r2, r3. */
#define CS_STORE_VALUE(va, value)                                                                  \
	CS_MOVE48(0, va), CS_MOVE32(2, value), CS_MOVE32(3, 0), CS_STORE(2, 1, 0, 0), CS_WAIT_ALL, \
		CS_FLUSH(3), CS_WAIT_ALL

#endif
