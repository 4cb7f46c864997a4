/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Encodings of the command-stream instructions that the backend writes itself. A stream is made of
 * little-endian words of 64 bits; the opcode is in the top byte. Registers are 32 bits wide; a
 * 64-bit operand is a pair, named by its even low register.
 *
 * Sources: the instruction descriptions for arch 10 in Mesa (src/panfrost/genxml/v10.xml, "CS
 * ..."), and the words that the panthor kernel driver writes for each job (panthor_sched.c; it
 * counts with SYNC_ADD64, 51, whose fields are the same). Names are theirs. Bits that no field
 * names are zero.
 */
#ifndef BACKEND_GPU_CS_INSN_H
#define BACKEND_GPU_CS_INSN_H

#include <stdint.h>

#include "firmware/field.h"

#define CS_INSN_SIZE 8u

#define CS_INSN_OPCODE		 MMX_GENMASK64(63, 56)
#define CS_INSN_OP_NOP		 0u
#define CS_INSN_OP_MOVE48	 1u
#define CS_INSN_OP_MOVE32	 2u
#define CS_INSN_OP_WAIT		 3u
#define CS_INSN_OP_CALL		 32u
#define CS_INSN_OP_FLUSH_CACHE2	 36u
#define CS_INSN_OP_ERROR_BARRIER 47u
#define CS_INSN_OP_SYNC_SET64	 52u

#define CS_INSN_MOVE_DEST    MMX_GENMASK64(55, 48)
#define CS_INSN_MOVE48_VALUE MMX_GENMASK64(47, 0)
#define CS_INSN_MOVE32_VALUE MMX_GENMASK64(31, 0)

#define CS_INSN_WAIT_MASK MMX_GENMASK64(31, 16) /* scoreboard entries */

#define CS_INSN_CALL_ADDRESS MMX_GENMASK64(47, 40) /* register pair */
#define CS_INSN_CALL_LENGTH  MMX_GENMASK64(39, 32) /* register: bytes */

#define CS_INSN_FLUSH_SIGNAL   MMX_GENMASK64(51, 48) /* scoreboard entry held until it is over */
#define CS_INSN_FLUSH_ID       MMX_GENMASK64(47, 40) /* register: flush id of the submitter */
#define CS_INSN_FLUSH_WAIT     MMX_GENMASK64(31, 16) /* scoreboard entries to wait for before */
#define CS_INSN_FLUSH_OTHER    MMX_GENMASK64(11, 8)
#define CS_INSN_FLUSH_LSC      MMX_GENMASK64(7, 4)
#define CS_INSN_FLUSH_L2       MMX_GENMASK64(3, 0)
#define CS_INSN_FLUSH_NONE     0u
#define CS_INSN_FLUSH_CLEAN    1u
#define CS_INSN_FLUSH_INV      2u
#define CS_INSN_FLUSH_CLEANINV 3u

#define CS_INSN_SYNC_SIGNAL	     MMX_GENMASK64(51, 48)
#define CS_INSN_SYNC_ADDRESS	     MMX_GENMASK64(47, 40) /* register pair */
#define CS_INSN_SYNC_DATA	     MMX_GENMASK64(39, 32) /* register pair */
#define CS_INSN_SYNC_WAIT	     MMX_GENMASK64(31, 16)
#define CS_INSN_SYNC_SCOPE	     MMX_GENMASK64(2, 1)
#define CS_INSN_SYNC_SCOPE_SYSTEM    0u /* the host is told: CSG_REQ_SYNC_UPDATE */
#define CS_INSN_SYNC_SCOPE_CSG	     2u
#define CS_INSN_SYNC_ERROR_PROPAGATE MMX_GENMASK64(0, 0)

/* Pair @dest = @value. */
static inline uint64_t mmx_cs_move48(unsigned int dest, uint64_t value)
{
	return MMX_FIELD_PREP64(CS_INSN_OPCODE, CS_INSN_OP_MOVE48) |
	       MMX_FIELD_PREP64(CS_INSN_MOVE_DEST, dest) |
	       MMX_FIELD_PREP64(CS_INSN_MOVE48_VALUE, value);
}

/* Register @dest = @value. */
static inline uint64_t mmx_cs_move32(unsigned int dest, uint32_t value)
{
	return MMX_FIELD_PREP64(CS_INSN_OPCODE, CS_INSN_OP_MOVE32) |
	       MMX_FIELD_PREP64(CS_INSN_MOVE_DEST, dest) |
	       MMX_FIELD_PREP64(CS_INSN_MOVE32_VALUE, value);
}

/* Waits until all scoreboard entries of @mask are free. */
static inline uint64_t mmx_cs_wait(uint32_t mask)
{
	return MMX_FIELD_PREP64(CS_INSN_OPCODE, CS_INSN_OP_WAIT) |
	       MMX_FIELD_PREP64(CS_INSN_WAIT_MASK, mask);
}

/* Executes [pair @address, + register @length) and comes back. */
static inline uint64_t mmx_cs_call(unsigned int address, unsigned int length)
{
	return MMX_FIELD_PREP64(CS_INSN_OPCODE, CS_INSN_OP_CALL) |
	       MMX_FIELD_PREP64(CS_INSN_CALL_ADDRESS, address) |
	       MMX_FIELD_PREP64(CS_INSN_CALL_LENGTH, length);
}

/*
 * Cleans and invalidates L2 and load/store caches and invalidates the others, unless that has
 * happened since the flush id in register @id was read; holds scoreboard entry @signal meanwhile.
 */
static inline uint64_t mmx_cs_flush_all(unsigned int id, unsigned int signal)
{
	return MMX_FIELD_PREP64(CS_INSN_OPCODE, CS_INSN_OP_FLUSH_CACHE2) |
	       MMX_FIELD_PREP64(CS_INSN_FLUSH_SIGNAL, signal) |
	       MMX_FIELD_PREP64(CS_INSN_FLUSH_ID, id) |
	       MMX_FIELD_PREP64(CS_INSN_FLUSH_OTHER, CS_INSN_FLUSH_INV) |
	       MMX_FIELD_PREP64(CS_INSN_FLUSH_LSC, CS_INSN_FLUSH_CLEANINV) |
	       MMX_FIELD_PREP64(CS_INSN_FLUSH_L2, CS_INSN_FLUSH_CLEANINV);
}

/*
 * Writes pair @data and the stream's error state into the 64-bit sync object at pair @address, and
 * tells the host.
 */
static inline uint64_t mmx_cs_sync_set64_system(unsigned int address, unsigned int data)
{
	return MMX_FIELD_PREP64(CS_INSN_OPCODE, CS_INSN_OP_SYNC_SET64) |
	       MMX_FIELD_PREP64(CS_INSN_SYNC_ADDRESS, address) |
	       MMX_FIELD_PREP64(CS_INSN_SYNC_DATA, data) |
	       MMX_FIELD_PREP64(CS_INSN_SYNC_SCOPE, CS_INSN_SYNC_SCOPE_SYSTEM) |
	       MMX_FIELD_PREP64(CS_INSN_SYNC_ERROR_PROPAGATE, 1);
}

/* Waits for all that came before and forgets its errors: what follows starts clean. */
static inline uint64_t mmx_cs_error_barrier(void)
{
	return MMX_FIELD_PREP64(CS_INSN_OPCODE, CS_INSN_OP_ERROR_BARRIER);
}

#endif
