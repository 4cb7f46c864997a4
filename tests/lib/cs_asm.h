/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * An assembler of command streams (arch 10), for guests of tests and of the demo.
 *
 *	struct mmx_cs_asm a;
 *
 *	mmx_cs_asm_init(&a, words, capacity);
 *	loop = mmx_cs_label(&a);
 *	mmx_cs_move32(&a, 0, 10);
 *	mmx_cs_bind(&a, loop);
 *	mmx_cs_add_imm32(&a, 0, 0, -1);
 *	mmx_cs_branch(&a, MMX_CS_GREATER, 0, loop);
 *	r = mmx_cs_asm_finish(&a, &count);
 *
 * Errors stick: a register that does not exist, a value too wide for its field, a full buffer. Nothing is written
 * after the first one, and mmx_cs_asm_finish() tells it.
 *
 * The encodings are those of Mesa's description of the instructions (genxml/v10.xml), written down once more: the
 * model has its own, and the two must not be able to agree on a mistake.
 */
#ifndef TESTS_LIB_CS_ASM_H
#define TESTS_LIB_CS_ASM_H

#include <stddef.h>
#include <stdint.h>

#define MMX_CS_REGISTERS 96u
#define MMX_CS_LABELS	 32u
#define MMX_CS_FIXUPS	 64u

/* Scoreboard entries are 0..7; masks have a bit for each. */
#define MMX_CS_SB(entry) ((uint16_t)(1u << (entry)))

enum mmx_cs_condition {
	MMX_CS_LEQUAL = 0,
	MMX_CS_GREATER = 1,
	MMX_CS_EQUAL = 2,
	MMX_CS_NEQUAL = 3,
	MMX_CS_LESS = 4,
	MMX_CS_GEQUAL = 5,
	MMX_CS_ALWAYS = 6,
};

enum mmx_cs_scope {
	MMX_CS_SCOPE_SYSTEM = 0,
	MMX_CS_SCOPE_CSG = 2,
};

enum mmx_cs_state {
	MMX_CS_STATE_TIMESTAMP = 0,
	MMX_CS_STATE_CYCLES = 1,
	MMX_CS_STATE_DISJOINT = 2,
	MMX_CS_STATE_ERROR = 3,
};

enum mmx_cs_flush {
	MMX_CS_FLUSH_NONE = 0,
	MMX_CS_FLUSH_CLEAN = 1,
	MMX_CS_FLUSH_INVALIDATE = 2, /* of "other" only */
	MMX_CS_FLUSH_CLEAN_INVALIDATE = 3,
};

enum mmx_cs_axis {
	MMX_CS_AXIS_X = 0,
	MMX_CS_AXIS_Y = 1,
	MMX_CS_AXIS_Z = 2,
};

/* Of a render pass, counted in the heap context: MMX_CS_FRAG_END also by FINISH_FRAGMENT. */
enum mmx_cs_heap_operation {
	MMX_CS_VT_START = 0,
	MMX_CS_VT_END = 1,
	MMX_CS_FRAG_END = 3,
};

/* REQ_RESOURCE, or-ed */
#define MMX_CS_RES_COMPUTE  0x1u
#define MMX_CS_RES_FRAGMENT 0x2u
#define MMX_CS_RES_TILER    0x4u
#define MMX_CS_RES_IDVS	    0x8u

/* Registers that RUN_* read. */
#define MMX_CS_R_SHADER	       16u /* pair: shader program of selector 0 */
#define MMX_CS_R_WG_SIZE       33u /* see MMX_CS_WG_SIZE() */
#define MMX_CS_R_JOB_SIZE_X    37u
#define MMX_CS_R_JOB_SIZE_Y    38u
#define MMX_CS_R_JOB_SIZE_Z    39u
#define MMX_CS_R_INDEX_COUNT   33u
#define MMX_CS_R_INSTANCES     34u
#define MMX_CS_R_TILER_CONTEXT 40u /* pair */
#define MMX_CS_R_FRAMEBUFFER   40u /* pair */
#define MMX_CS_R_BOX_MIN       42u /* x in 15:0, y in 31:16 */
#define MMX_CS_R_BOX_MAX       43u

#define MMX_CS_WG_SIZE(x, y, z) \
	((uint32_t)((x)-1) | (uint32_t)((y)-1) << 10 | (uint32_t)((z)-1) << 20)
#define MMX_CS_BOX(x, y) ((uint32_t)(x) | (uint32_t)(y) << 16)

/* When a deferrable instruction acts (after these entries are free), and which entry it then releases. */
struct mmx_cs_defer {
	uint16_t wait_mask; /* 0 = at once */
	uint8_t signal_entry;
};
#define MMX_CS_NOW ((struct mmx_cs_defer){ 0, 0 })

struct mmx_cs_fixup {
	size_t at;
	unsigned int label;
};

struct mmx_cs_asm {
	uint64_t *words;
	size_t capacity, count;
	int error;
	unsigned int label_count, fixup_count;
	size_t labels[MMX_CS_LABELS]; /* SIZE_MAX = not bound yet */
	struct mmx_cs_fixup fixups[MMX_CS_FIXUPS];
};

/* @words must outlive the assembler; @capacity is counted in instructions. */
void mmx_cs_asm_init(struct mmx_cs_asm *a, uint64_t *words, size_t capacity);
/*
 * Fills in the branches. Return: 0; -ENOSPC: full; -EINVAL: a register or value that cannot be encoded; -ERANGE:
 * a branch that is too long; -ENOENT: to a label that was never bound.
 */
int mmx_cs_asm_finish(struct mmx_cs_asm *a, size_t *ret_count);

unsigned int mmx_cs_label(struct mmx_cs_asm *a);
/* The label is where the next instruction goes. */
void mmx_cs_bind(struct mmx_cs_asm *a, unsigned int label);

/* A word of the caller's choice. */
void mmx_cs_word(struct mmx_cs_asm *a, uint64_t word);

void mmx_cs_nop(struct mmx_cs_asm *a);
void mmx_cs_move48(struct mmx_cs_asm *a, unsigned int dst, uint64_t value); /* dst: a pair */
void mmx_cs_move32(struct mmx_cs_asm *a, unsigned int dst, uint32_t value);
void mmx_cs_add_imm32(struct mmx_cs_asm *a, unsigned int dst, unsigned int src, int32_t value);
void mmx_cs_add_imm64(struct mmx_cs_asm *a, unsigned int dst, unsigned int src, int32_t value);
void mmx_cs_load_multiple(struct mmx_cs_asm *a, unsigned int base, uint16_t mask, unsigned int addr,
			  int16_t offset);
void mmx_cs_store_multiple(struct mmx_cs_asm *a, unsigned int base, uint16_t mask,
			   unsigned int addr, int16_t offset);

void mmx_cs_wait(struct mmx_cs_asm *a, uint16_t mask);
/* Goes to the label if the (signed) register compares so with 0. */
void mmx_cs_branch(struct mmx_cs_asm *a, enum mmx_cs_condition condition, unsigned int value,
		   unsigned int label);
void mmx_cs_call(struct mmx_cs_asm *a, unsigned int addr, unsigned int length);
void mmx_cs_jump(struct mmx_cs_asm *a, unsigned int addr, unsigned int length);

void mmx_cs_set_sb_entry(struct mmx_cs_asm *a, unsigned int endpoint, unsigned int other);
void mmx_cs_req_resource(struct mmx_cs_asm *a, uint32_t resources);
void mmx_cs_run_compute(struct mmx_cs_asm *a, unsigned int increment, enum mmx_cs_axis axis);
void mmx_cs_run_idvs(struct mmx_cs_asm *a, uint32_t flags);
void mmx_cs_run_fragment(struct mmx_cs_asm *a, unsigned int tile_order);
void mmx_cs_finish_tiling(struct mmx_cs_asm *a);
/* The heap chunks are given back from registers; both pairs hold 0 if there are none. */
void mmx_cs_finish_fragment(struct mmx_cs_asm *a, int count_completed, unsigned int first_chunk,
			    unsigned int last_chunk, struct mmx_cs_defer defer);

/* @context: pair with the address of the heap context */
void mmx_cs_heap_set(struct mmx_cs_asm *a, unsigned int context);
void mmx_cs_heap_operation(struct mmx_cs_asm *a, enum mmx_cs_heap_operation operation,
			   struct mmx_cs_defer defer);
/* SET_EXCEPTION_HANDLER of tiler out of memory; length 0 in its register: none */
void mmx_cs_set_oom_handler(struct mmx_cs_asm *a, unsigned int addr, unsigned int length);

/* @latest_flush: register; 0 in it = flush in any case */
void mmx_cs_flush_cache2(struct mmx_cs_asm *a, enum mmx_cs_flush l2, enum mmx_cs_flush lsc,
			 enum mmx_cs_flush other, unsigned int latest_flush,
			 struct mmx_cs_defer defer);
void mmx_cs_store_state(struct mmx_cs_asm *a, enum mmx_cs_state state, unsigned int addr,
			int16_t offset, struct mmx_cs_defer defer);
void mmx_cs_error_barrier(struct mmx_cs_asm *a);

/* 64-bit sync objects are { u64 value; u32 status; u32 pad }, 32-bit ones { u32 value; u32 status }. */
void mmx_cs_sync_add32(struct mmx_cs_asm *a, unsigned int addr, unsigned int data,
		       enum mmx_cs_scope scope, struct mmx_cs_defer defer);
void mmx_cs_sync_set32(struct mmx_cs_asm *a, unsigned int addr, unsigned int data,
		       enum mmx_cs_scope scope, struct mmx_cs_defer defer);
void mmx_cs_sync_add64(struct mmx_cs_asm *a, unsigned int addr, unsigned int data,
		       enum mmx_cs_scope scope, struct mmx_cs_defer defer);
void mmx_cs_sync_set64(struct mmx_cs_asm *a, unsigned int addr, unsigned int data,
		       enum mmx_cs_scope scope, struct mmx_cs_defer defer);
/* Waits until the object is MMX_CS_LEQUAL or MMX_CS_GREATER than the register(s) @data. */
void mmx_cs_sync_wait32(struct mmx_cs_asm *a, enum mmx_cs_condition condition, unsigned int addr,
			unsigned int data);
void mmx_cs_sync_wait64(struct mmx_cs_asm *a, enum mmx_cs_condition condition, unsigned int addr,
			unsigned int data);

/* ---- sequences that many tests want ---- */

/* Stores the value, and waits for that. Takes registers 0 to 2. */
void mmx_cs_put_store(struct mmx_cs_asm *a, uint64_t va, uint32_t value);
/* Never ends. */
void mmx_cs_put_endless(struct mmx_cs_asm *a);

#endif
