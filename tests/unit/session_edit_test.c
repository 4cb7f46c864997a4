// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Binds carried out in pieces: how much of them happens in a round, who gets on meanwhile; what is sparse. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "backend/gpu/vm_priv.h"
#include "backend/session/session_priv.h"
#include "tests/unit/rig_guest.h"

#define PAGE  ((uint64_t)MMX_WIRE_PAGE_SIZE)
#define BLOCK (2ull << 20)
#define BINDS RIG_NAME(100)

/* docs/limits.md: what a guest's rounds may take */
#define ROUND (64 * 64)
#define OVER  2048

struct env {
	struct rig rig;
	struct rig_guest guests[2];
	struct rig_ctx ctx[2]; /* of index 0, with group 0 of one queue */
};

static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));
	unsigned int i;

	assert_non_null(env);
	rig_init(&env->rig, 2);
	for (i = 0; i < 2; i++) {
		env->rig.partitions[i].limits.wire.mem_bytes = 16 << 20;
		env->rig.partitions[i].limits.max_mappings = 4096;
	}
	rig_start_guests(&env->rig, env->guests);
	for (i = 0; i < 2; i++) {
		rig_ctx_create_async(&env->guests[i], 0, BINDS, &env->ctx[i]);
		rig_ctx_group(&env->ctx[i], 0, 1);
	}
	*state = env;
	return 0;
}

static struct mmx_addrspace *vm_of(const struct rig_guest *guest, uint32_t vm)
{
	return mmx_table_find(&guest->session->vms, vm);
}

/* ---- rounds ---- */

struct meter {
	struct mmx_vm *vm;
	uint64_t start, last, most;
	unsigned int rounds;
};

static void meter_start(struct meter *meter, struct mmx_vm *vm)
{
	*meter = (struct meter){ .vm = vm, .start = mmx_vm_work(vm), .last = mmx_vm_work(vm) };
}

/* One round, which must be within the bound. Return: true if there is more to do. */
static bool round_of(struct env *env, struct meter *meter)
{
	bool more = mmx_core_round(env->rig.core);
	uint64_t now = mmx_vm_work(meter->vm);

	meter->rounds++;
	assert_true(now - meter->last <= ROUND + OVER);
	assert_true(now - meter->start <= (uint64_t)meter->rounds * ROUND + OVER);
	if (now - meter->last > meter->most)
		meter->most = now - meter->last;
	meter->last = now;
	return more;
}

/* One message with fifty mappings of 4000 scattered pages; another guest's job gets to the GPU meanwhile. */
static void test_long_bind(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0], *other = &env->guests[1];
	struct mmx_bind_op ops[MMX_BIND_MAX_OPS];
	struct mmx_sgroup *group;
	struct meter meter;
	union mmx_msg_buf msg;
	unsigned int i;
	uint32_t tag;

	assert_int_equal(rig_mem_create_scattered(guest, RIG_NAME(1), RIG_PAGES, 4000), 0);
	for (i = 0; i < MMX_BIND_MAX_OPS; i++)
		ops[i] = (struct mmx_bind_op){ .mem = RIG_NAME(1),
					       .va = (1ull << 40) + i * (1ull << 30),
					       .size = 4000 * PAGE };
	tag = rig_tag(guest);
	assert_true(rig_put(guest, &msg,
			    mmx_encode_vm_bind(&msg, tag, env->ctx[0].vm, ops, MMX_BIND_MAX_OPS)));
	/* behind it: finds it carried out */
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_peek(&env->ctx[0], ops[49].va + 3999 * PAGE, 0),
		   NULL, 0);
	mmx_core_kick(env->rig.core, guest->session);
	meter_start(&meter, vm_of(guest, env->ctx[0].vm)->hw);
	round_of(env, &meter);
	assert_non_null(guest->session->sync);
	/* in the next round, whatever there is left of the bind */
	rig_submit(other, RIG_NAME(0), 0, 1, rig_store(&env->ctx[1], 0, 5), NULL, 0);
	mmx_core_kick(env->rig.core, other->session);
	group = mmx_table_find(&other->session->groups, RIG_NAME(0));
	assert_true(round_of(env, &meter));
	assert_int_equal(mmx_queue_pushed(group->hw, 0), 1);
	while (round_of(env, &meter))
		;
	assert_null(guest->session->sync);
	/* it was that much, and as much at a time as may be */
	assert_true(meter.last - meter.start >= 50 * 4000);
	assert_true(meter.rounds >= 50 * 4000 / ROUND && meter.most > ROUND / 2);
	assert_int_equal(rig_answer(guest, tag), 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 1), 0);
	assert_int_equal(rig_wait_job(other, RIG_NAME(0), 1), 0);
}

/* A flush begins while a long bind is being carried out: what of it follows is maintained all the same. */
static void test_flush_amid(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct mmx_bind_op op = { .mem = RIG_NAME(1), .va = 1ull << 40, .size = 4000 * PAGE };
	const struct mmx_addrspace *vm = vm_of(guest, env->ctx[0].vm);
	uint32_t seqno = 0;
	uint64_t before;

	assert_int_equal(rig_mem_create_scattered(guest, RIG_NAME(1), RIG_PAGES, 4000), 0);
	for (unsigned int i = 0; i < 8; i++, op.va += op.size)
		rig_bind_async(guest, env->ctx[0].vm, ++seqno, &op, 1, NULL, 0);
	assert_int_equal(rig_wait_job(guest, BINDS, seqno), 0);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_await(&env->ctx[0], 0, 0), NULL, 0);
	rig_run(&env->rig, MMX_NS_PER_MS);
	assert_non_null(vm->hw->as);
	before = env->rig.as_locks;
	/* the first is soon through, and flushed at the end of the round, in which the second has begun */
	op = (struct mmx_bind_op){ .op = MMX_BIND_OP_UNMAP, .va = 1ull << 40, .size = PAGE };
	rig_bind_async(guest, env->ctx[0].vm, ++seqno, &op, 1, NULL, 0);
	op = (struct mmx_bind_op){ .op = MMX_BIND_OP_UNMAP,
				   .va = (1ull << 40) + PAGE,
				   .size = 8 * 4000 * PAGE - PAGE };
	rig_bind_async(guest, env->ctx[0].vm, ++seqno, &op, 1, NULL, 0);
	mmx_core_kick(env->rig.core, guest->session);
	while (mmx_core_round(env->rig.core))
		;
	assert_int_equal(rig_wait_job(guest, BINDS, seqno), 0);
	assert_int_equal(env->rig.as_locks - before, 2);
}

/* Asynchronous ones leave half of each round to messages. */
static void test_messages_meanwhile(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct mmx_bind_op op = { .mem = RIG_NAME(1), .size = 4000 * PAGE };
	struct mmx_sgroup *group;
	struct meter meter;
	unsigned int i;

	assert_int_equal(rig_mem_create_scattered(guest, RIG_NAME(1), RIG_PAGES, 4000), 0);
	for (i = 0; i < 40; i++) {
		op.va = (1ull << 40) + i * (1ull << 30);
		rig_bind_async(guest, env->ctx[0].vm, i + 1, &op, 1, NULL, 0);
	}
	mmx_core_kick(env->rig.core, guest->session);
	meter_start(&meter, vm_of(guest, env->ctx[0].vm)->hw);
	round_of(env, &meter);
	round_of(env, &meter);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_store(&env->ctx[0], 0, 5), NULL, 0);
	mmx_core_kick(env->rig.core, guest->session);
	assert_true(round_of(env, &meter));
	group = mmx_table_find(&guest->session->groups, RIG_NAME(0));
	assert_int_equal(mmx_queue_pushed(group->hw, 0), 1);
	/* and a synchronous one goes in between two of them */
	op.va = 0x40000000;
	op.size = PAGE;
	{
		union mmx_msg_buf msg;
		uint32_t tag = rig_tag(guest);

		assert_true(rig_put(guest, &msg,
				    mmx_encode_vm_bind(&msg, tag, env->ctx[0].vm, &op, 1)));
		rig_kick(guest);
		mmx_core_kick(env->rig.core, guest->session);
		/* behind the step that is under way */
		do
			round_of(env, &meter);
		while (guest->session->sync);
		assert_true(mmx_vm_lookup(meter.vm, op.va, NULL, NULL));
		assert_false(mmx_vm_lookup(meter.vm, (1ull << 40) + 39 * (1ull << 30), NULL, NULL));
		assert_int_equal(rig_answer(guest, tag), 0);
	}
	assert_int_equal(rig_wait_job(guest, BINDS, 40), 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 1), 0);
}

/* A VM that goes is unmapped in pieces too, also from the middle of a bind. */
static void test_long_end(void **state)
{
	const struct mmx_bind_op op = { .flags = MMX_BIND_SPARSE | MMX_BIND_NOEXEC,
					.size = 1ull << 40 };
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct meter meter;
	union mmx_msg_buf msg;
	unsigned int i, rounds;
	uint32_t tag;

	for (i = 0; i < 2; i++) {
		assert_int_equal(
			rig_vm_create_async(guest, RIG_NAME(0), RIG_NAME(1), RIG_NAME(101), 0), 0);
		meter_start(&meter, vm_of(guest, RIG_NAME(1))->hw);
		rig_bind_async(guest, RIG_NAME(1), 1, &op, 1, NULL, 0);
		mmx_core_kick(env->rig.core, guest->session);
		/* in its middle, or behind it */
		while (round_of(env, &meter) && (i || meter.rounds < 4))
			;
		assert_int_equal(mmx_vm_lookup(meter.vm, (1ull << 40) - PAGE, NULL, NULL), i);
		tag = rig_tag(guest);
		assert_true(rig_put(guest, &msg,
				    mmx_encode_object(&msg, tag, MMX_MSG_VM_DESTROY, RIG_NAME(1))));
		rig_kick(guest);
		mmx_core_kick(env->rig.core, guest->session);
		/* what there was of the first is gone in a round, and with it what is measured */
		if (!i)
			mmx_core_round(env->rig.core);
		for (rounds = 0; i && rounds < 30; rounds++)
			assert_true(round_of(env, &meter));
		assert_int_equal(rig_answer(guest, tag), 0);
		assert_int_equal(rig_job(guest, RIG_NAME(101), 1), i ? 0 : ECANCELED);
		/* the entries are those of the second turn */
		guest->entry_count = 0;
	}
}

/* ---- many mappings ---- */

/* Every other page from a terabyte on is a mapping of its own. */
static void create_mappings(struct env *env, uint32_t count)
{
	struct rig_guest *guest = &env->guests[0];
	uint32_t done, i;

	/* what limits are is the configuration's; but sessions look each time */
	((struct mmx_session_limits *)guest->session->limits)->max_mappings = count + 4096;
	assert_int_equal(rig_mem_create(guest, RIG_NAME(1), RIG_PAGES, 1), 0);
	for (done = 0; done < count; done += i) {
		struct mmx_bind_op ops[MMX_BIND_MAX_OPS];
		union mmx_msg_buf msg;

		for (i = 0; i < MMX_BIND_MAX_OPS && done + i < count; i++)
			ops[i] = (struct mmx_bind_op){ .mem = RIG_NAME(1),
						       .va = (1ull << 40) + (done + i) * 2 * PAGE,
						       .size = PAGE };
		assert_int_equal(
			rig_call(guest, &msg,
				 mmx_encode_vm_bind(&msg, rig_tag(guest), RIG_NAME(0), ops, i)),
			0);
	}
}

/* Moving the list costs: less is done in a round when it is long. */
static void test_list_moves(void **state)
{
	const uint32_t count = 16384;
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct mmx_addrspace *vm = vm_of(guest, RIG_NAME(0));
	struct mmx_bind_op ops[MMX_BIND_MAX_OPS];
	uint64_t before;
	unsigned int i;

	create_mappings(env, count);
	for (i = 0; i < MMX_BIND_MAX_OPS; i++)
		ops[i] = i % 2 ? (struct mmx_bind_op){ .op = MMX_BIND_OP_UNMAP,
						       .va = 1 << 30,
						       .size = PAGE }
			       : (struct mmx_bind_op){ .mem = RIG_NAME(1),
						       .va = 1 << 30,
						       .size = PAGE };
	for (i = 1; i <= 10; i++)
		rig_bind_async(guest, RIG_NAME(0), i, ops, MMX_BIND_MAX_OPS, NULL, 0);
	mmx_core_kick(env->rig.core, guest->session);
	/* it takes 64 of them as long as one entry of a page table */
	for (i = 1; i <= 3; i++) {
		before = mmx_pgtable_unmaps(vm->hw->pt);
		mmx_core_round(env->rig.core);
		assert_true((mmx_pgtable_unmaps(vm->hw->pt) - before) * 2 * count / 64 <=
			    ROUND + OVER);
	}
	assert_int_equal(rig_wait_job(guest, BINDS, 10), 0);
}

/* Whether there is room for a mapping is known at once, however many it would replace. */
static uint64_t time_refused(struct env *env)
{
	const struct mmx_bind_op op = { .flags = MMX_BIND_SPARSE | MMX_BIND_NOEXEC,
					.size = 1ull << 46 };
	struct rig_guest *guest = &env->guests[0];
	uint64_t least = UINT64_MAX;
	unsigned int i, k;

	for (k = 0; k < 5; k++) {
		struct timespec start, end;
		union mmx_msg_buf msg;
		uint32_t tag = 0;
		uint64_t ns;

		for (i = 0; i < 30; i++) {
			tag = rig_tag(guest);
			assert_true(rig_put(guest, &msg,
					    mmx_encode_vm_bind(&msg, tag, RIG_NAME(0), &op, 1)));
		}
		rig_kick(guest);
		mmx_core_kick(env->rig.core, guest->session);
		clock_gettime(CLOCK_MONOTONIC, &start);
		mmx_core_round(env->rig.core);
		clock_gettime(CLOCK_MONOTONIC, &end);
		ns = (uint64_t)((end.tv_sec - start.tv_sec) * 1000000000 + end.tv_nsec -
				start.tv_nsec);
		least = ns < least ? ns : least;
		assert_int_equal(rig_answer(guest, tag), -ENOSPC);
	}
	return least;
}

static void test_many_replaced(void **state)
{
	struct env *env = *state;
	uint64_t few, many;

	((struct mmx_session_limits *)env->guests[0].session->limits)->backend_bytes = 64 << 20;
	few = time_refused(env);
	create_mappings(env, 65536);
	many = time_refused(env);
	assert_true(many < few * 10);
}

/* What goes is freed in pieces, be it unmapped or its VM destroyed. */
static void test_many_go(void **state)
{
	const uint32_t count = 40000;
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	const struct mmx_memobj *mem;
	unsigned int turn, refs, most;
	union mmx_msg_buf msg;

	for (turn = 0; turn < 2; turn++) {
		const struct mmx_bind_op op = { .op = MMX_BIND_OP_UNMAP,
						.va = 1ull << 40,
						.size = 2 * count * PAGE };
		uint32_t tag = rig_tag(guest);

		create_mappings(env, count);
		mem = mmx_table_find(&guest->session->mems, RIG_NAME(1));
		assert_int_equal(mem->refs, count);
		assert_true(
			rig_put(guest, &msg,
				turn ? mmx_encode_object(&msg, tag, MMX_MSG_VM_DESTROY, RIG_NAME(0))
				     : mmx_encode_vm_bind(&msg, tag, RIG_NAME(0), &op, 1)));
		rig_kick(guest);
		mmx_core_kick(env->rig.core, guest->session);
		for (most = 0; mem->refs;) {
			refs = mem->refs;
			mmx_core_round(env->rig.core);
			most = refs - mem->refs > most ? refs - mem->refs : most;
		}
		assert_in_range(most, 1, ROUND / 4 + OVER);
		assert_int_equal(rig_answer(guest, tag), 0);
		assert_int_equal(rig_object(guest, MMX_MSG_MEM_DESTROY, RIG_NAME(1)), 0);
		assert_true(rig_is_released(guest, RIG_NAME(1)));
	}
}

/* ---- sparse ---- */

static uint64_t addr_at(const struct rig_guest *guest, uint64_t va, unsigned int *ret_prot)
{
	uint64_t addr;

	assert_true(mmx_vm_lookup(vm_of(guest, RIG_NAME(0))->hw, va, &addr, ret_prot));
	return addr;
}

static int map_sparse(struct rig_guest *guest, uint64_t va, uint64_t size)
{
	return rig_map(guest, RIG_NAME(0), 0, 0, va, size, MMX_BIND_SPARSE | MMX_BIND_NOEXEC);
}

/* One dummy a guest, at the same place in each block; page tables stay small; what is written is nobody else's. */
static void test_sparse(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0], *other = &env->guests[1];
	const uint64_t va = 0x40000000;
	uint64_t before = guest->session->backend_bytes;
	unsigned int prot;

	assert_int_equal(map_sparse(guest, va - PAGE, 100 * BLOCK + 2 * PAGE), 0);
	assert_int_equal(addr_at(guest, va, &prot) % BLOCK, 0);
	assert_int_equal(prot, MMX_PROT_READ | MMX_PROT_WRITE);
	assert_int_equal(addr_at(guest, va + 50 * BLOCK + 5, NULL), addr_at(guest, va, NULL) + 5);
	assert_int_equal(addr_at(guest, va - PAGE, NULL), addr_at(guest, va, NULL) + BLOCK - PAGE);
	assert_int_equal(addr_at(guest, va + 100 * BLOCK, NULL), addr_at(guest, va, NULL));
	/* the dummy; of tables those of both ends and two above */
	assert_true(guest->session->backend_bytes - before <= BLOCK + 5 * PAGE);
	/* no two guests share one */
	assert_int_equal(map_sparse(other, va, BLOCK), 0);
	assert_true(addr_at(other, va, NULL) / BLOCK != addr_at(guest, va, NULL) / BLOCK);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_poke(&env->ctx[0], va + 8, 33), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 1), 0);
	rig_submit(guest, RIG_NAME(0), 0, 2, rig_peek(&env->ctx[0], va + 7 * BLOCK + 8, 0), NULL,
		   0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 2), 0);
	assert_int_equal(rig_result(&env->ctx[0], 0), 33);
	rig_submit(other, RIG_NAME(0), 0, 1, rig_peek(&env->ctx[1], va + 8, 0), NULL, 0);
	assert_int_equal(rig_wait_job(other, RIG_NAME(0), 1), 0);
	assert_int_equal(rig_result(&env->ctx[1], 0), 0);
	/* memory comes into the middle of it, and goes */
	assert_int_equal(rig_map(guest, RIG_NAME(0), RIG_NAME(0), 0, va + BLOCK + PAGE, PAGE, 0),
			 0);
	assert_true(addr_at(guest, va + BLOCK + PAGE, NULL) != addr_at(guest, va + PAGE, NULL));
	assert_int_equal(addr_at(guest, va + BLOCK, NULL), addr_at(guest, va, NULL));
	assert_int_equal(map_sparse(guest, va + BLOCK + PAGE, PAGE), 0);
	assert_int_equal(addr_at(guest, va + BLOCK + PAGE, NULL), addr_at(guest, va, NULL) + PAGE);
}

static void test_sparse_refused(void **state)
{
	static const struct mmx_bind_op cases[] = {
		{ .flags = MMX_BIND_SPARSE, .size = PAGE },
		{ .flags = MMX_BIND_SPARSE | MMX_BIND_NOEXEC, .mem = 0x10000, .size = PAGE },
		{ .flags = MMX_BIND_SPARSE | MMX_BIND_NOEXEC, .mem_offset = PAGE, .size = PAGE },
		{ .flags = MMX_BIND_SPARSE | MMX_BIND_NOEXEC | 16, .size = PAGE },
		{ .op = 1, .flags = MMX_BIND_SPARSE, .size = PAGE },
	};
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct mmx_bind_op op = { .mem = RIG_NAME(0), .size = PAGE };
		union mmx_msg_buf msg;
		int size = mmx_encode_vm_bind(&msg, rig_tag(guest), RIG_NAME(0), &op, 1);

		((struct mmx_msg_vm_bind *)(void *)&msg)->ops[0] = cases[i];
		assert_int_equal(rig_call(guest, &msg, size), -EINVAL);
	}
	assert_null(guest->session->dummy.cpu);
}

/* Page tables of what is sparse count: 2 MiB of address cost 8 bytes, and there is a lot of address. */
static void test_sparse_quota(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];

	/* what limits are is the configuration's; but sessions look each time */
	((struct mmx_session_limits *)guest->session->limits)->backend_bytes = 8 << 20;
	assert_int_equal(map_sparse(guest, 0, 1ull << 46), -ENOSPC);
	assert_int_equal(map_sparse(guest, 0, 1ull << 38), 0);
	assert_true(guest->session->backend_bytes <= 8 << 20);
	/* blocks that are cut into pages as well */
	for (uint64_t va = BLOCK / 2; va < 8192 * BLOCK; va += BLOCK) {
		int r = rig_unmap(guest, RIG_NAME(0), va, PAGE);

		if (r) {
			assert_int_equal(r, -ENOSPC);
			assert_true(va > 100 * BLOCK);
			break;
		}
	}
	assert_true(guest->session->backend_bytes <= 8 << 20);
	/* whole ones can always go */
	assert_int_equal(rig_unmap(guest, RIG_NAME(0), 0, 1ull << 38), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_long_bind, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_flush_amid, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_messages_meanwhile, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_long_end, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_list_moves, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_many_replaced, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_many_go, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_sparse, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_sparse_refused, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_sparse_quota, setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
