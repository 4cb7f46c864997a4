// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The assembler against words put together by hand, bit by bit from the published description of the instructions;
 * FLUSH_CACHE2, SYNC_ADD64 and the like as the upstream driver writes them into its rings.
 */
#include "tests/lib/cs_asm.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MAX_WORDS 8

static const struct mmx_cs_defer now = { 0, 0 };

struct golden {
	const char *name;
	void (*emit)(struct mmx_cs_asm *a);
	uint64_t word;
};

static void nop(struct mmx_cs_asm *a)
{
	mmx_cs_nop(a);
}

static void move48(struct mmx_cs_asm *a)
{
	mmx_cs_move48(a, 0x48, 0x123456789abc);
}

static void move32(struct mmx_cs_asm *a)
{
	mmx_cs_move32(a, 0x5e, 0xdeadbeef);
}

static void wait_all(struct mmx_cs_asm *a)
{
	mmx_cs_wait(a, 0xff);
}

static void wait_sb2(struct mmx_cs_asm *a)
{
	mmx_cs_wait(a, MMX_CS_SB(2));
}

static void add_imm32(struct mmx_cs_asm *a)
{
	mmx_cs_add_imm32(a, 7, 9, -1);
}

static void add_imm64(struct mmx_cs_asm *a)
{
	mmx_cs_add_imm64(a, 8, 10, 0x40);
}

static void load_multiple(struct mmx_cs_asm *a)
{
	mmx_cs_load_multiple(a, 0x10, 0x8001, 0x30, 0x7ff0);
}

static void store_multiple(struct mmx_cs_asm *a)
{
	mmx_cs_store_multiple(a, 0x11, 0x0003, 0x32, -8);
}

static void call(struct mmx_cs_asm *a)
{
	mmx_cs_call(a, 0x48, 0x4a);
}

static void jump(struct mmx_cs_asm *a)
{
	mmx_cs_jump(a, 0x5c, 0x5e);
}

static void set_sb_entry(struct mmx_cs_asm *a)
{
	mmx_cs_set_sb_entry(a, 2, 5);
}

static void req_resource(struct mmx_cs_asm *a)
{
	mmx_cs_req_resource(a, MMX_CS_RES_TILER | MMX_CS_RES_IDVS);
}

static void run_compute(struct mmx_cs_asm *a)
{
	mmx_cs_run_compute(a, 0x123, MMX_CS_AXIS_Z);
}

static void run_idvs(struct mmx_cs_asm *a)
{
	mmx_cs_run_idvs(a, 0x00030008);
}

static void run_fragment(struct mmx_cs_asm *a)
{
	mmx_cs_run_fragment(a, 6);
}

static void finish_tiling(struct mmx_cs_asm *a)
{
	mmx_cs_finish_tiling(a);
}

static void finish_fragment(struct mmx_cs_asm *a)
{
	mmx_cs_finish_fragment(a, 1, 0x3a, 0x3c, (struct mmx_cs_defer){ 0x0004, 1 });
}

static void heap_set(struct mmx_cs_asm *a)
{
	mmx_cs_heap_set(a, 0x48);
}

static void heap_operation(struct mmx_cs_asm *a)
{
	mmx_cs_heap_operation(a, MMX_CS_FRAG_END, (struct mmx_cs_defer){ 0x0008, 2 });
}

static void set_oom_handler(struct mmx_cs_asm *a)
{
	mmx_cs_set_oom_handler(a, 0x56, 0x58);
}

static void flush_cache2(struct mmx_cs_asm *a)
{
	mmx_cs_flush_cache2(a, MMX_CS_FLUSH_CLEAN_INVALIDATE, MMX_CS_FLUSH_CLEAN_INVALIDATE,
			    MMX_CS_FLUSH_INVALIDATE, 0x5e, now);
}

static void store_state(struct mmx_cs_asm *a)
{
	mmx_cs_store_state(a, MMX_CS_STATE_CYCLES, 0x5c, -16, (struct mmx_cs_defer){ 0x0008, 3 });
}

static void error_barrier(struct mmx_cs_asm *a)
{
	mmx_cs_error_barrier(a);
}

static void sync_add32(struct mmx_cs_asm *a)
{
	mmx_cs_sync_add32(a, 0x20, 0x23, MMX_CS_SCOPE_CSG, now);
}

static void sync_set32(struct mmx_cs_asm *a)
{
	mmx_cs_sync_set32(a, 0x20, 0x23, MMX_CS_SCOPE_SYSTEM, (struct mmx_cs_defer){ 0x00f0, 2 });
}

static void sync_add64(struct mmx_cs_asm *a)
{
	mmx_cs_sync_add64(a, 0x5c, 0x5e, MMX_CS_SCOPE_SYSTEM, now);
}

static void sync_set64(struct mmx_cs_asm *a)
{
	mmx_cs_sync_set64(a, 0x40, 0x42, MMX_CS_SCOPE_CSG, (struct mmx_cs_defer){ 0x0001, 0 });
}

static void sync_wait32(struct mmx_cs_asm *a)
{
	mmx_cs_sync_wait32(a, MMX_CS_LEQUAL, 0x20, 0x23);
}

static void sync_wait64(struct mmx_cs_asm *a)
{
	mmx_cs_sync_wait64(a, MMX_CS_GREATER, 0x40, 0x42);
}

static const struct golden goldens[] = {
	{ "NOP", nop, 0x0000000000000000 },
	{ "MOVE48", move48, 0x0148123456789abc },
	{ "MOVE32", move32, 0x025e0000deadbeef },
	{ "WAIT all", wait_all, 0x0300000000ff0000 },
	{ "WAIT", wait_sb2, 0x0300000000040000 },
	{ "ADD_IMM32", add_imm32, 0x10070900ffffffff },
	{ "ADD_IMM64", add_imm64, 0x11080a0000000040 },
	{ "LOAD_MULTIPLE", load_multiple, 0x1410300080017ff0 },
	{ "STORE_MULTIPLE", store_multiple, 0x151132000003fff8 },
	{ "CALL", call, 0x2000484a00000000 },
	{ "JUMP", jump, 0x21005c5e00000000 },
	{ "SET_SB_ENTRY", set_sb_entry, 0x1700000000000052 },
	{ "REQ_RESOURCE", req_resource, 0x220000000000000c },
	{ "RUN_COMPUTE", run_compute, 0x0400000000008123 },
	{ "RUN_IDVS", run_idvs, 0x0600000000030008 },
	{ "RUN_FRAGMENT", run_fragment, 0x0700000000000060 },
	{ "FINISH_TILING", finish_tiling, 0x0900000000000000 },
	{ "FINISH_FRAGMENT", finish_fragment, 0x0b013a3c00040001 },
	{ "HEAP_SET", heap_set, 0x3000480000000000 },
	{ "HEAP_OPERATION", heap_operation, 0x3102000300080000 },
	{ "SET_EXCEPTION_HANDLER", set_oom_handler, 0x1900565800000002 },
	{ "FLUSH_CACHE2", flush_cache2, 0x24005e0000000233 },
	{ "STORE_STATE", store_state, 0x28035c010008fff0 },
	{ "ERROR_BARRIER", error_barrier, 0x2f00000000000000 },
	{ "SYNC_ADD32", sync_add32, 0x2500202300000005 },
	{ "SYNC_SET32", sync_set32, 0x2602202300f00001 },
	{ "SYNC_ADD64", sync_add64, 0x33005c5e00000001 },
	{ "SYNC_SET64", sync_set64, 0x3400404200010005 },
	{ "SYNC_WAIT32", sync_wait32, 0x2700202300000000 },
	{ "SYNC_WAIT64", sync_wait64, 0x3500404210000000 },
};

static void test_golden(void **state)
{
	uint64_t words[MAX_WORDS];
	struct mmx_cs_asm a;
	size_t i, count;
	int bad = 0;

	(void)state;
	for (i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
		mmx_cs_asm_init(&a, words, MAX_WORDS);
		goldens[i].emit(&a);
		count = 0;
		if (mmx_cs_asm_finish(&a, &count) || count != 1 || words[0] != goldens[i].word) {
			print_error("%s: 0x%016llx, expected 0x%016llx\n", goldens[i].name,
				    (unsigned long long)words[0],
				    (unsigned long long)goldens[i].word);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

static void test_branches(void **state)
{
	uint64_t words[MAX_WORDS] = { 0 };
	unsigned int back, forward;
	struct mmx_cs_asm a;
	size_t count;

	(void)state;
	mmx_cs_asm_init(&a, words, MAX_WORDS);
	back = mmx_cs_label(&a);
	forward = mmx_cs_label(&a);
	mmx_cs_nop(&a);
	mmx_cs_bind(&a, back);
	mmx_cs_branch(&a, MMX_CS_ALWAYS, 0, forward); /* at 1, to 4 */
	mmx_cs_branch(&a, MMX_CS_NEQUAL, 0x15, back); /* at 2, to 1 */
	mmx_cs_nop(&a);
	mmx_cs_bind(&a, forward);
	mmx_cs_branch(&a, MMX_CS_LESS, 1, forward); /* at 4, to itself */
	assert_int_equal(mmx_cs_asm_finish(&a, &count), 0);
	assert_int_equal(count, 5);
	assert_int_equal(words[1], 0x1600000060000002);
	assert_int_equal(words[2], 0x160015003000fffe);
	assert_int_equal(words[4], 0x160001004000ffff);
}

static void odd_pair(struct mmx_cs_asm *a)
{
	mmx_cs_move48(a, 1, 0);
}

static void no_register(struct mmx_cs_asm *a)
{
	mmx_cs_move32(a, MMX_CS_REGISTERS, 0);
}

static void wide_move(struct mmx_cs_asm *a)
{
	mmx_cs_move48(a, 0, 1ull << 48);
}

static void wide_mask(struct mmx_cs_asm *a)
{
	mmx_cs_wait(a, 0x100);
}

static void load_beyond(struct mmx_cs_asm *a)
{
	mmx_cs_load_multiple(a, 88, 0x0100, 0, 0);
}

static void odd_data(struct mmx_cs_asm *a)
{
	mmx_cs_sync_add64(a, 0, 3, MMX_CS_SCOPE_CSG, now);
}

static void wait_equal(struct mmx_cs_asm *a)
{
	mmx_cs_sync_wait64(a, MMX_CS_EQUAL, 0, 2);
}

static void wide_entry(struct mmx_cs_asm *a)
{
	mmx_cs_set_sb_entry(a, 16, 0);
}

static void wide_increment(struct mmx_cs_asm *a)
{
	mmx_cs_run_compute(a, 1 << 14, MMX_CS_AXIS_X);
}

static void no_label(struct mmx_cs_asm *a)
{
	mmx_cs_branch(a, MMX_CS_ALWAYS, 0, 0);
}

static void label_twice(struct mmx_cs_asm *a)
{
	unsigned int label = mmx_cs_label(a);

	mmx_cs_bind(a, label);
	mmx_cs_bind(a, label);
}

static void label_nowhere(struct mmx_cs_asm *a)
{
	mmx_cs_branch(a, MMX_CS_ALWAYS, 0, mmx_cs_label(a));
}

static void labels_used_up(struct mmx_cs_asm *a)
{
	unsigned int i;

	for (i = 0; i <= MMX_CS_LABELS; i++)
		mmx_cs_label(a);
}

static void too_long(struct mmx_cs_asm *a)
{
	unsigned int i;

	for (i = 0; i <= MAX_WORDS; i++)
		mmx_cs_nop(a);
}

static const struct {
	const char *name;
	void (*emit)(struct mmx_cs_asm *a);
	int error;
} mistakes[] = {
	{ "odd pair", odd_pair, -EINVAL },
	{ "register 96", no_register, -EINVAL },
	{ "49 bits", wide_move, -EINVAL },
	{ "scoreboard entry 8", wide_mask, -EINVAL },
	{ "load into register 96", load_beyond, -EINVAL },
	{ "odd 64-bit data", odd_data, -EINVAL },
	{ "wait for equality", wait_equal, -EINVAL },
	{ "entry 16", wide_entry, -EINVAL },
	{ "increment of 15 bits", wide_increment, -EINVAL },
	{ "no such label", no_label, -EINVAL },
	{ "label bound twice", label_twice, -EINVAL },
	{ "label never bound", label_nowhere, -ENOENT },
	{ "labels used up", labels_used_up, -ENOSPC },
	{ "buffer full", too_long, -ENOSPC },
};

/* A mistake sticks, whatever comes after it, and nothing is written behind the buffer. */
static void test_mistakes(void **state)
{
	uint64_t words[MAX_WORDS + 1];
	struct mmx_cs_asm a;
	size_t i, count;
	int bad = 0, r;

	(void)state;
	for (i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		memset(words, 0x5a, sizeof(words));
		mmx_cs_asm_init(&a, words, MAX_WORDS);
		mistakes[i].emit(&a);
		mmx_cs_nop(&a);
		count = 77;
		r = mmx_cs_asm_finish(&a, &count);
		if (r != mistakes[i].error || count != 77 ||
		    words[MAX_WORDS] != 0x5a5a5a5a5a5a5a5a) {
			print_error("%s: %d, expected %d\n", mistakes[i].name, r,
				    mistakes[i].error);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

/* 16 bits of offset reach 32767 instructions ahead, and not one more. */
static void test_reach(void **state)
{
	static uint64_t words[40000];
	unsigned int far, i;
	struct mmx_cs_asm a;
	size_t count;

	(void)state;
	mmx_cs_asm_init(&a, words, sizeof(words) / sizeof(words[0]));
	far = mmx_cs_label(&a);
	mmx_cs_branch(&a, MMX_CS_ALWAYS, 0, far);
	for (i = 0; i < 32767; i++)
		mmx_cs_nop(&a);
	mmx_cs_bind(&a, far);
	assert_int_equal(mmx_cs_asm_finish(&a, &count), 0);
	assert_int_equal(words[0] & 0xffff, 0x7fff);

	mmx_cs_asm_init(&a, words, sizeof(words) / sizeof(words[0]));
	far = mmx_cs_label(&a);
	mmx_cs_branch(&a, MMX_CS_ALWAYS, 0, far);
	for (i = 0; i < 32768; i++)
		mmx_cs_nop(&a);
	mmx_cs_bind(&a, far);
	assert_int_equal(mmx_cs_asm_finish(&a, &count), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_branches),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
