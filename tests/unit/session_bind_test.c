// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * VM_BIND: what is in the page tables afterwards, what the GPU can reach, what is refused and leaves all as it was, and
 * when a memory object is the guest's again.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/gpu/vm_priv.h"
#include "backend/session/session_priv.h"
#include "tests/unit/rig_guest.h"

#define PAGE	     ((uint64_t)MMX_WIRE_PAGE_SIZE)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Of the data area's pages those beyond the context's are the tests'. */
#define FREE_PAGES (4u * RIG_PAGES)

struct env {
	struct rig rig;
	struct rig_guest guest;
	struct rig_ctx ctx; /* of index 0, with group 0 of one queue */
};

static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	rig_init(&env->rig, 1);
	rig_start_ctxs(&env->rig, &env->guest, &env->ctx);
	rig_ctx_group(&env->ctx, 0, 1);
	*state = env;
	return 0;
}

static const struct mmx_addrspace *vm_of(const struct env *env)
{
	return mmx_table_find(&env->guest.session->vms, env->ctx.vm);
}

/* Page of the data area that is mapped there, or -1. */
static int page_at(const struct env *env, uint64_t va, unsigned int *ret_prot)
{
	uint64_t addr, base = env->guest.session->map.runs[0].addr;

	if (!mmx_pgtable_lookup(vm_of(env)->hw->pt, va, &addr, ret_prot))
		return -1;
	return (int)((addr - base) / PAGE);
}

static void create_mem(struct env *env, uint32_t index, uint32_t first, uint32_t pages)
{
	assert_int_equal(rig_mem_create(&env->guest, RIG_NAME(index), FREE_PAGES + first, pages),
			 0);
}

/* ---- what is mapped where ---- */

/* Pages of 16 from address 0: letters are pages of object 1 (from page 0), digits of object 2 (from page 100). */
static void check_layout(const struct env *env, const char *layout)
{
	char is[17] = "................";
	int i;

	for (i = 0; i < 16; i++) {
		int page = page_at(env, (uint64_t)i * PAGE, NULL);

		if (page < 0)
			continue;
		page -= (int)FREE_PAGES;
		is[i] = (char)(page < 100 ? 'a' + page : '0' + page - 100);
	}
	assert_string_equal(is, layout);
}

static void test_layouts(void **state)
{
	static const struct {
		uint32_t mem; /* 0 = unmap */
		unsigned int offset, first, count; /* pages */
		const char *layout;
		unsigned int mappings;
	} steps[] = {
		{ 1, 0, 2, 8, "..abcdefgh......", 1 },
		{ 2, 3, 4, 2, "..ab34efgh......", 3 }, /* in its middle */
		{ 2, 0, 2, 1, "..0b34efgh......", 4 }, /* its start */
		{ 2, 7, 9, 2, "..0b34efg78.....", 5 }, /* its end, and beyond */
		{ 1, 0, 3, 3, "..0abcefg78.....", 4 }, /* one, and a half */
		{ 0, 0, 4, 1, "..0a.cefg78.....", 5 },
		{ 0, 0, 3, 3, "..0...efg78.....", 3 }, /* with a hole in it */
		{ 0, 0, 0, 2, "..0...efg78.....", 3 }, /* nothing there */
		{ 1, 4, 0, 1, "e.0...efg78.....", 4 },
		{ 1, 8, 12, 4, "e.0...efg78.ijkl", 5 },
		{ 2, 0, 1, 9, "e0123456788.ijkl", 4 },
		{ 0, 0, 0, 16, "................", 0 },
	};
	struct env *env = *state;
	size_t i;

	create_mem(env, 1, 0, 16);
	create_mem(env, 2, 100, 10);
	for (i = 0; i < COUNT(steps); i++) {
		uint64_t va = steps[i].first * PAGE, size = steps[i].count * PAGE;

		if (steps[i].mem)
			assert_int_equal(rig_map(&env->guest, env->ctx.vm, RIG_NAME(steps[i].mem),
						 steps[i].offset * PAGE, va, size, 0),
					 0);
		else
			assert_int_equal(rig_unmap(&env->guest, env->ctx.vm, va, size), 0);
		check_layout(env, steps[i].layout);
		assert_int_equal(vm_of(env)->vma_count - 1, steps[i].mappings);
	}
}

/* Scattered runs, merged runs, a part of an object in the middle of its runs; read-only ones stay so. */
static void test_runs(void **state)
{
	static const struct mmx_run list[] = {
		{ 40, 2, 0, 0 },
		{ 42, 1, 0, 0 }, /* goes on: the same run */
		{ 43, 1, 0, MMX_RUN_READONLY },
		{ 7, 1, 0, 0 },
		{ 40, 1, 0, 0 }, /* a page may occur twice */
	};
	static const int pages[] = { 40, 41, 42, 43, 7, 40 };
	struct env *env = *state;
	struct mmx_run runs[COUNT(list)];
	const struct mmx_memobj *mem;
	union mmx_msg_buf msg;
	unsigned int prot, i;

	memcpy(runs, list, sizeof(runs));
	for (i = 0; i < COUNT(runs); i++)
		runs[i].first_page += env->guest.front.data_offset / PAGE + FREE_PAGES;
	assert_int_equal(rig_call(&env->guest, &msg,
				  mmx_encode_mem_create(&msg, rig_tag(&env->guest), RIG_NAME(1),
							MMX_MEM_SEAL, 6, runs, COUNT(runs))),
			 0);
	mem = mmx_table_find(&env->guest.session->mems, RIG_NAME(1));
	assert_int_equal(mem->run_count, 4);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 0, 0, 6 * PAGE, 0), 0);
	for (i = 0; i < COUNT(pages); i++) {
		assert_int_equal(page_at(env, i * PAGE, &prot),
				 FREE_PAGES + (unsigned int)pages[i]);
		assert_int_equal(!(prot & MMX_PROT_WRITE), i == 3);
	}
	assert_int_equal(
		rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 2 * PAGE, 0x100000, 3 * PAGE, 0), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(page_at(env, 0x100000 + i * PAGE, NULL),
				 FREE_PAGES + (unsigned int)pages[i + 2]);
	assert_int_equal(page_at(env, 0x100000 + 3 * PAGE, NULL), -1);
}

static void test_protection(void **state)
{
	static const struct {
		uint32_t flags;
		unsigned int prot;
	} cases[] = {
		{ 0, MMX_PROT_WRITE | MMX_PROT_EXEC },
		{ MMX_BIND_READONLY, MMX_PROT_EXEC },
		{ MMX_BIND_NOEXEC, MMX_PROT_WRITE },
		{ MMX_BIND_READONLY | MMX_BIND_NOEXEC, 0 },
		{ MMX_BIND_UNCACHED, MMX_PROT_WRITE | MMX_PROT_EXEC | MMX_PROT_UNCACHED },
	};
	struct env *env = *state;
	unsigned int prot;
	size_t i;

	create_mem(env, 1, 0, 1);
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(
			rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 0, 0, PAGE, cases[i].flags),
			0);
		assert_int_equal(page_at(env, 0, &prot), FREE_PAGES);
		assert_int_equal(prot & ~MMX_PROT_READ, cases[i].prot);
	}
}

/* ---- refused ---- */

static void test_refused(void **state)
{
	const uint64_t end = 1ull << 47;
	const uint32_t mem = RIG_NAME(1);
	const struct {
		const char *what;
		struct mmx_bind_op op;
		int error;
	} cases[] = {
		{ "op", { .op = 2, .size = PAGE }, EINVAL },
		{ "pad", { .mem = mem, .pad = 1, .size = PAGE }, EINVAL },
		{ "flags", { .mem = mem, .flags = 8, .size = PAGE }, EINVAL },
		{ "no mem", { .mem = RIG_NAME(2), .size = PAGE }, ENOENT },
		{ "stale mem", { .mem = 0x20001, .size = PAGE }, ENOENT },
		{ "va", { .mem = mem, .va = 2048, .size = PAGE }, EINVAL },
		{ "size", { .mem = mem, .size = 100 }, EINVAL },
		{ "offset", { .mem = mem, .mem_offset = 1, .size = PAGE }, EINVAL },
		{ "offset at the end",
		  { .mem = mem, .mem_offset = 4 * PAGE, .size = PAGE },
		  EINVAL },
		{ "offset far out",
		  { .mem = mem, .mem_offset = 0 - PAGE, .size = 2 * PAGE },
		  EINVAL },
		{ "longer than mem", { .mem = mem, .size = 5 * PAGE }, EINVAL },
		{ "va at the end", { .mem = mem, .va = end, .size = PAGE }, EINVAL },
		{ "over the end", { .mem = mem, .va = end - PAGE, .size = 2 * PAGE }, EINVAL },
		{ "wraps", { .mem = mem, .va = PAGE, .size = 0 - PAGE }, EINVAL },
		{ "unmap flags", { .op = 1, .flags = 1, .size = PAGE }, EINVAL },
		{ "unmap mem", { .op = 1, .mem = mem, .size = PAGE }, EINVAL },
		{ "unmap offset", { .op = 1, .mem_offset = PAGE, .size = PAGE }, EINVAL },
		{ "unmap wraps", { .op = 1, .va = PAGE, .size = 0 - PAGE }, EINVAL },
		{ "unmap all", { .op = 1, .size = end + PAGE }, EINVAL },
	};
	struct env *env = *state;
	size_t i;

	create_mem(env, 1, 0, 4);
	for (i = 0; i < COUNT(cases); i++) {
		/* between two good ones: the first is carried out, the last is not */
		const struct mmx_bind_op good = { .mem = mem,
						  .va = 0x200000 + i * PAGE,
						  .size = PAGE };
		const struct mmx_bind_op last = { .mem = mem, .va = 0x300000, .size = PAGE };
		const struct mmx_bind_op ops[3] = { good, good, last };
		union mmx_msg_buf msg;
		int size = mmx_encode_vm_bind(&msg, rig_tag(&env->guest), env->ctx.vm, ops, 3), r;

		/* behind the encoder's back, which would not take it */
		((struct mmx_msg_vm_bind *)(void *)&msg)->ops[1] = cases[i].op;
		r = rig_call(&env->guest, &msg, size);
		if (r != -cases[i].error)
			fail_msg("%s: %d", cases[i].what, r);
		assert_int_equal(rig_reply(&env->guest, msg.hdr.tag)->vm_bind_op, 1);
		assert_int_equal(page_at(env, good.va, NULL), FREE_PAGES);
		assert_int_equal(page_at(env, last.va, NULL), -1);
		assert_int_equal(page_at(env, 0, NULL), -1);
	}
	/* of size 0 they do nothing */
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, mem, 0, 0, 0, 0), 0);
	assert_int_equal(rig_unmap(&env->guest, env->ctx.vm, 0, 0), 0);
	assert_int_equal(rig_unmap(&env->guest, env->ctx.vm, 0, end), 0);
	assert_int_equal(vm_of(env)->vma_count, 0);
}

static void test_refused_message(void **state)
{
	struct env *env = *state;
	const struct mmx_bind_op op = { .op = MMX_BIND_OP_UNMAP };
	struct mmx_msg_vm_bind *bind;
	union mmx_msg_buf msg;
	int size = mmx_encode_vm_bind(&msg, rig_tag(&env->guest), RIG_NAME(9), &op, 1);

	bind = (void *)&msg;
	assert_int_equal(rig_call(&env->guest, &msg, size), -ENOENT);
	bind->vm = env->ctx.vm;
	bind->flags = 1;
	msg.hdr.tag = rig_tag(&env->guest);
	assert_int_equal(rig_call(&env->guest, &msg, size), -EINVAL);
	bind->flags = 0;
	bind->op_count = 51;
	msg.hdr.tag = rig_tag(&env->guest);
	assert_int_equal(rig_call(&env->guest, &msg, size), -E2BIG);
	bind->op_count = 2;
	msg.hdr.tag = rig_tag(&env->guest);
	assert_int_equal(rig_call(&env->guest, &msg, size), -EMSGSIZE);
	bind->op_count = 1;
	msg.hdr.tag = rig_tag(&env->guest);
	assert_int_equal(rig_call(&env->guest, &msg, size), 0);
}

/* Too many mappings: the one that does not fit leaves what it would have replaced. */
static void test_max_mappings(void **state)
{
	struct env *env = *state;
	struct mmx_bind_op ops[MMX_BIND_MAX_OPS];
	unsigned int left = 256 - 1, i, at = 0;
	union mmx_msg_buf msg;

	create_mem(env, 1, 0, 4);
	while (left) {
		unsigned int count = left < MMX_BIND_MAX_OPS ? left : MMX_BIND_MAX_OPS;

		for (i = 0; i < count; i++, at++)
			ops[i] = (struct mmx_bind_op){ .mem = RIG_NAME(1),
						       .va = at * 4 * PAGE,
						       .size = 3 * PAGE };
		assert_int_equal(rig_call(&env->guest, &msg,
					  mmx_encode_vm_bind(&msg, rig_tag(&env->guest),
							     env->ctx.vm, ops, count)),
				 0);
		left -= count;
	}
	assert_int_equal(
		rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 3 * PAGE, 4 * PAGE, PAGE, 0),
		-ENOSPC);
	assert_int_equal(page_at(env, 4 * PAGE, NULL), FREE_PAGES);
	assert_int_equal(rig_unmap(&env->guest, env->ctx.vm, 5 * PAGE, PAGE), -ENOSPC);
	assert_int_equal(page_at(env, 5 * PAGE, NULL), FREE_PAGES + 1);
	/* one for one is fine */
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 0, 4 * PAGE, 4 * PAGE, 0),
			 0);
	assert_int_equal(page_at(env, 7 * PAGE, NULL), FREE_PAGES + 3);
}

/* ---- what the GPU can reach ---- */

static void test_gpu_sees_it(void **state)
{
	struct env *env = *state;
	uint32_t *data = (void *)((uint8_t *)env->guest.peer.region + env->guest.front.data_offset);
	uint32_t *page = data + FREE_PAGES * PAGE / 4;

	create_mem(env, 1, 0, 2);
	page[0] = 11;
	page[PAGE / 4] = 22;
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 0, 0x5000, PAGE, 0), 0);
	rig_submit(&env->guest, RIG_NAME(0), 0, 1, rig_peek(&env->ctx, 0x5000, 0), NULL, 0);
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(0), 1), 0);
	assert_int_equal(rig_result(&env->ctx, 0), 11);
	/* replaced while the group is resident: no old translation survives the answer */
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), PAGE, 0x5000, PAGE,
				 MMX_BIND_READONLY),
			 0);
	rig_submit(&env->guest, RIG_NAME(0), 0, 2, rig_peek(&env->ctx, 0x5000, 1), NULL, 0);
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(0), 2), 0);
	assert_int_equal(rig_result(&env->ctx, 1), 22);
	rig_submit(&env->guest, RIG_NAME(0), 0, 3, rig_poke(&env->ctx, 0x5000, 33), NULL, 0);
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(0), 3), EINVAL);
	assert_int_equal(page[PAGE / 4], 22);
	assert_int_equal(env->guest.faults[0].kind, MMX_FAULT_MMU);
}

/* ---- release ---- */

/* Makes the VM resident, so that maintenance takes its time. */
static void occupy(struct env *env)
{
	rig_submit(&env->guest, RIG_NAME(0), 0, 1, rig_await(&env->ctx, 0, 0), NULL, 0);
	rig_run(&env->rig, MMX_NS_PER_MS);
	assert_non_null(vm_of(env)->hw->as);
}

static bool is_released(struct env *env, uint32_t mem)
{
	rig_settle(&env->rig);
	rig_guest_read(&env->guest);
	return rig_is_released(&env->guest, mem);
}

/* Only after the unmapping's maintenance; and then the bind has been answered too. */
static void test_released_after_maintenance(void **state)
{
	struct env *env = *state;
	const struct mmx_bind_op op = { .op = MMX_BIND_OP_UNMAP, .va = PAGE, .size = PAGE };
	const uint32_t mem = RIG_NAME(1);
	union mmx_msg_buf msg;
	uint32_t tag;

	create_mem(env, 1, 0, 3);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, mem, 0, 0, 3 * PAGE, 0), 0);
	occupy(env);
	assert_int_equal(rig_object(&env->guest, MMX_MSG_MEM_DESTROY, mem), 0);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, mem, 0, 0x100000, PAGE, 0), -ENOENT);
	rig_run(&env->rig, MMX_NS_PER_MS);
	assert_int_equal(rig_unmap(&env->guest, env->ctx.vm, 0, PAGE), 0);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, env->ctx.mem, 0, 2 * PAGE, PAGE, 0), 0);
	assert_false(is_released(env, mem));
	/* the last page of it */
	tag = rig_tag(&env->guest);
	assert_true(rig_put(&env->guest, &msg, mmx_encode_vm_bind(&msg, tag, env->ctx.vm, &op, 1)));
	rig_kick(&env->guest);
	assert_false(is_released(env, mem));
	assert_int_equal(page_at(env, PAGE, NULL), -1);
	assert_false(rig_answered(&env->guest, tag));
	assert_int_equal(rig_answer(&env->guest, tag), 0);
	assert_true(is_released(env, mem));
	/* the index is free again, the pages can be registered again */
	create_mem(env, 1, 0, 3);
}

/* Unmapped already, but maintenance is not through when it is destroyed. */
static void test_destroyed_during_maintenance(void **state)
{
	struct env *env = *state;
	const struct mmx_bind_op op = { .op = MMX_BIND_OP_UNMAP, .size = PAGE };
	const uint32_t mem = RIG_NAME(1);
	union mmx_msg_buf msg;
	uint32_t tag;

	create_mem(env, 1, 0, 1);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, mem, 0, 0, PAGE, 0), 0);
	occupy(env);
	tag = rig_tag(&env->guest);
	assert_true(rig_put(&env->guest, &msg, mmx_encode_vm_bind(&msg, tag, env->ctx.vm, &op, 1)));
	assert_int_equal(rig_object(&env->guest, MMX_MSG_MEM_DESTROY, mem), 0);
	assert_false(rig_answered(&env->guest, tag));
	assert_false(is_released(env, mem));
	assert_int_equal(rig_answer(&env->guest, tag), 0);
	assert_true(is_released(env, mem));
}

/* Mapped nowhere: at once, behind the reply. */
static void test_released_at_once(void **state)
{
	struct env *env = *state;
	uint32_t replies;

	create_mem(env, 1, 0, 1);
	replies = env->guest.reply_count;
	assert_int_equal(rig_object(&env->guest, MMX_MSG_MEM_DESTROY, RIG_NAME(1)), 0);
	assert_int_equal(env->guest.released_count, 1);
	assert_int_equal(env->guest.released[0].replies, replies + 1);
}

/* A VM's destruction releases what was mapped in it alone. */
static void test_released_by_vm(void **state)
{
	struct env *env = *state;
	const uint32_t mem = RIG_NAME(1), vm = RIG_NAME(1);

	create_mem(env, 1, 0, 1);
	assert_int_equal(rig_vm_create(&env->guest, env->ctx.client, vm, 1 << 20), 0);
	assert_int_equal(rig_map(&env->guest, vm, mem, 0, 0, PAGE, 0), 0);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, mem, 0, 0, PAGE, 0), 0);
	/* the range that was asked for is the limit */
	assert_int_equal(rig_map(&env->guest, vm, mem, 0, 1 << 20, PAGE, 0), -EINVAL);
	occupy(env);
	assert_int_equal(rig_object(&env->guest, MMX_MSG_MEM_DESTROY, mem), 0);
	assert_int_equal(rig_object(&env->guest, MMX_MSG_VM_DESTROY, vm), 0);
	assert_false(is_released(env, mem));
	assert_int_equal(rig_object(&env->guest, MMX_MSG_VM_DESTROY, env->ctx.vm), 0);
	assert_true(is_released(env, mem));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_layouts, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_runs, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_protection, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_refused_message, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_max_mappings, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_gpu_sees_it, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_released_after_maintenance, setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_destroyed_during_maintenance, setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_released_at_once, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_released_by_vm, setup, rig_teardown),
	};
	int failed = cmocka_run_group_tests_name("coherent", tests, NULL, NULL);

	rig_two_views = true;
	return failed + cmocka_run_group_tests_name("not coherent", tests, NULL, NULL);
}
