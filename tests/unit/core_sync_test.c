// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Groups that wait for sync objects: they give up their slots, cost nothing, and go on when what they wait for has come,
 * whoever wrote it and wherever it lies. On virtual time.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/lib/cs_asm.h"
#include "tests/unit/rig_guest.h"

/* Beyond this a group was not woken, but found by the look that comes every 10 ms. */
#define AT_ONCE_NS (1 * MMX_NS_PER_MS)
#define LOOK_NS	   (10 * MMX_NS_PER_MS)

struct env {
	struct rig rig;
	struct rig_guest guests[2];
	struct rig_ctx ctxs[2];
};

/* One slot for the first guest, all for the second. */
static int setup_with(void **state, unsigned int slots)
{
	struct env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	rig_init(&env->rig, 2);
	env->rig.partitions[0].slots_max = slots;
	rig_start_ctxs(&env->rig, env->guests, env->ctxs);
	*state = env;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, 1);
}

static int setup_all(void **state)
{
	return setup_with(state, 0);
}

/* Group @index with timelines from index * 2 on. */
static void create_group(struct rig_ctx *ctx, uint32_t index, unsigned int queues)
{
	assert_int_equal(rig_group_create(ctx->guest, ctx->client, ctx->vm, RIG_NAME(index), queues,
					  index * 2),
			 0);
}

static void put_value(struct mmx_cs_asm *a, unsigned int reg, uint64_t value)
{
	mmx_cs_move32(a, reg, (uint32_t)value);
	mmx_cs_move32(a, reg + 1, (uint32_t)(value >> 32));
}

/* Waits for the object, then stores 1 to result @result. */
static struct rig_stream await(struct rig_ctx *ctx, uint64_t va, bool wide, bool greater,
			       uint64_t value, unsigned int result)
{
	enum mmx_cs_condition condition = greater ? MMX_CS_GREATER : MMX_CS_LEQUAL;
	struct mmx_cs_asm a = rig_asm_begin(ctx);

	mmx_cs_move48(&a, 0, va);
	put_value(&a, 2, value);
	if (wide)
		mmx_cs_sync_wait64(&a, condition, 0, 2);
	else
		mmx_cs_sync_wait32(&a, condition, 0, 2);
	mmx_cs_put_store(&a, RIG_VA + RIG_RESULTS + result * sizeof(uint32_t), 1);
	return rig_asm_end(ctx, &a);
}

static struct rig_stream set(struct rig_ctx *ctx, uint64_t va, bool wide, uint64_t value)
{
	struct mmx_cs_asm a = rig_asm_begin(ctx);

	mmx_cs_move48(&a, 0, va);
	put_value(&a, 2, value);
	if (wide)
		mmx_cs_sync_set64(&a, 0, 2, MMX_CS_SCOPE_SYSTEM, MMX_CS_NOW);
	else
		mmx_cs_sync_set32(&a, 0, 2, MMX_CS_SCOPE_SYSTEM, MMX_CS_NOW);
	return rig_asm_end(ctx, &a);
}

static volatile uint32_t *object(const struct rig_ctx *ctx, uint64_t va)
{
	return (volatile uint32_t *)(void *)((uint8_t *)ctx->memory + (va - RIG_VA));
}

static struct mmx_core_group *core_group(struct env *env, unsigned int index)
{
	struct mmx_list *pos;

	mmx_list_for_each(pos, &env->rig.core->groups) {
		struct mmx_core_group *group = mmx_container_of(pos, struct mmx_core_group, link);

		if (group->partition == &env->rig.core->partitions[0] &&
		    group->sgroup->name == RIG_NAME(index))
			return group;
	}
	fail();
	return NULL;
}

static bool is_out(struct env *env, unsigned int index)
{
	return core_group(env, index)->sched.state == MMX_SCHED_OUT;
}

#define OBJECT_VA (RIG_VA + RIG_OBJECTS)

/* One slot: the one that waits gives it to the one that it waits for. */
static void test_producer_and_consumer(void **state)
{
	static const struct {
		bool wide, greater;
		uint64_t before, value, after;
		bool met; /* before the producer has run */
	} cases[] = {
		{ true, true, 0, 0, 1, false },
		{ true, true, 5, 5, 6, false },
		{ true, true, 6, 5, 0, true },
		{ true, false, 6, 5, 5, false },
		{ true, false, 5, 5, 0, true },
		{ false, true, 0, 0, 1, false },
		{ false, true, 6, 5, 0, true },
		{ false, false, 6, 5, 4, false },
		{ false, false, 5, 5, 9, true },
		/* all 64 bits count, or only 32 */
		{ true, true, 0xffffffff, 0x100000000, 0x100000001, false },
		{ true, false, 0x200000000, 0x100000005, 5, false },
		{ true, true, 0x1, 0x7fffffffffffffff, 0x8000000000000000, false },
		{ false, true, 0x100000001, 1, 0xffffffff, false },
	};
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx *ctx = &env->ctxs[0];
	size_t i;

	create_group(ctx, 0, 1);
	create_group(ctx, 1, 1);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t start_ns = env->rig.now_ns, va = OBJECT_VA + 16 * i;

		object(ctx, va)[0] = (uint32_t)cases[i].before;
		object(ctx, va)[1] = cases[i].wide ? (uint32_t)(cases[i].before >> 32) : 0;
		rig_submit(guest, RIG_NAME(0), 0, i + 1,
			   await(ctx, va, cases[i].wide, cases[i].greater, cases[i].value,
				 (unsigned int)i),
			   NULL, 0);
		rig_run(&env->rig, 5 * MMX_NS_PER_MS);
		rig_guest_read(guest);
		if ((rig_job(guest, RIG_NAME(0), i + 1) == 0) != cases[i].met)
			fail_msg("case %zu: met %d", i, !cases[i].met);
		assert_int_equal(core_group(env, 0)->waiting, !cases[i].met);
		rig_submit(guest, RIG_NAME(1), 0, i + 1,
			   set(ctx, va, cases[i].wide, cases[i].after), NULL, 0);
		assert_int_equal(rig_wait_job(guest, RIG_NAME(0 * 2), i + 1), 0);
		assert_int_equal(rig_wait_job(guest, RIG_NAME(1 * 2), i + 1), 0);
		assert_int_equal(rig_result(ctx, (unsigned int)i), 1);
		assert_in_range(env->rig.now_ns - start_ns, 0, 5 * MMX_NS_PER_MS + AT_ONCE_NS);
	}
	/* turns of a tick would have cost more */
	assert_true(core_group(env, 0)->sched.gpu_time_ns < 13 * MMX_NS_PER_MS / 4);
}

/* The guest's CPU writes the object: seen within one look, in a slot and out of it. */
static void test_written_by_cpu(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx *ctx = &env->ctxs[0];
	uint64_t start_ns;
	unsigned int i;

	/* the GPU's caches do not see what the CPU writes: such objects are mapped uncached */
	assert_int_equal(rig_map(guest, ctx->vm, ctx->mem, RIG_OBJECTS, OBJECT_VA,
				 MMX_WIRE_PAGE_SIZE, MMX_BIND_UNCACHED),
			 0);
	create_group(ctx, 0, 1);
	create_group(ctx, 1, 1);
	for (i = 0; i < 2; i++) {
		rig_submit(guest, RIG_NAME(0), 0, i + 1, await(ctx, OBJECT_VA, true, true, i, 0),
			   NULL, 0);
		rig_run(&env->rig, MMX_NS_PER_MS);
		if (i) {
			rig_submit(guest, RIG_NAME(1), 0, 1, rig_store(ctx, 1, 1), NULL, 0);
			assert_int_equal(rig_wait_job(guest, RIG_NAME(2), 1), 0);
		}
		assert_int_equal(is_out(env, 0), i);
		rig_run(&env->rig, 33 * MMX_NS_PER_MS);
		start_ns = env->rig.now_ns;
		*object(ctx, OBJECT_VA) = i + 1;
		assert_int_equal(rig_wait_job(guest, RIG_NAME(0), i + 1), 0);
		assert_true(env->rig.now_ns - start_ns <= LOOK_NS + AT_ONCE_NS);
	}
	assert_true(core_group(env, 0)->sched.gpu_time_ns < MMX_NS_PER_MS);
	/* and nobody goes on looking */
	assert_int_equal(env->rig.core->partitions[0].waiting_count, 0);
}

/* What a group waits for goes away, or becomes something else, while it is out. */
static void test_mapping_changes(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx *ctx = &env->ctxs[0], other;
	uint64_t va = RIG_VA + 60 * MMX_WIRE_PAGE_SIZE;

	rig_ctx_create(guest, 1, &other);
	create_group(ctx, 0, 1);
	create_group(ctx, 1, 1);
	create_group(&other, 2, 1);
	rig_submit(guest, RIG_NAME(0), 0, 1, await(ctx, va, true, true, 0, 0), NULL, 0);
	rig_submit(guest, RIG_NAME(1), 0, 1, await(ctx, va + 4096, true, true, 0, 1), NULL, 0);
	rig_submit(guest, RIG_NAME(2), 0, 1, rig_store(&other, 0, 1), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(4), 1), 0);
	assert_true(is_out(env, 0) && is_out(env, 1));
	assert_int_equal(env->rig.core->partitions[0].waiting_count, 2);

	/* other memory, in which it has come about */
	*object(&other, va) = 1;
	assert_int_equal(rig_map(guest, ctx->vm, other.mem, va - RIG_VA, va, 4096, 0), 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 1), 0);
	assert_int_equal(rig_job(guest, RIG_NAME(2), 1), -1);

	/* nothing: the GPU finds out */
	assert_int_equal(rig_unmap(guest, ctx->vm, va + 4096, 4096), 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(2), 1), EINVAL);
	assert_int_equal(guest->faults[0].kind, MMX_FAULT_MMU);
	assert_true(guest->faults[0].address == va + 4096);
}

/* Also a VM that is gone. */
static void test_vm_goes(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx *ctx = &env->ctxs[0];

	create_group(ctx, 0, 1);
	create_group(ctx, 1, 1);
	rig_submit(guest, RIG_NAME(0), 0, 1, await(ctx, OBJECT_VA, true, true, 0, 0), NULL, 0);
	rig_submit(guest, RIG_NAME(1), 0, 1, rig_store(ctx, 0, 1), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(2), 1), 0);
	assert_true(core_group(env, 0)->waiting);
	assert_int_equal(rig_object(guest, MMX_MSG_VM_DESTROY, ctx->vm), 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 1), EINVAL);
}

/* The last word of a page, with nothing mapped behind it. */
static void test_edge_of_a_page(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx *ctx = &env->ctxs[0];
	uint64_t va = RIG_VA + RIG_PAGES * MMX_WIRE_PAGE_SIZE - 8;

	create_group(ctx, 0, 1);
	create_group(ctx, 1, 1);
	rig_submit(guest, RIG_NAME(0), 0, 1, await(ctx, va, false, true, 0, 0), NULL, 0);
	rig_run(&env->rig, MMX_NS_PER_MS);
	assert_true(core_group(env, 0)->waiting);
	rig_submit(guest, RIG_NAME(1), 0, 1, set(ctx, va, false, 1), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 1), 0);
}

/* The backend's own range is nothing that it reads for a guest: such a group takes its turns, and others have theirs. */
static void test_foreign_address(void **state)
{
	struct env *env = *state;
	struct rig_guest *a = &env->guests[0], *b = &env->guests[1];
	uint64_t va, done;
	unsigned int i;

	create_group(&env->ctxs[0], 0, 1);
	create_group(&env->ctxs[1], 0, 1);
	/* where the guest's own half ends */
	va = UINT64_C(1) << (mmx_gpu_va_bits(mmx_gpu_info(env->rig.core->gpu)) - 1);
	rig_submit(a, RIG_NAME(0), 0, 1,
		   await(&env->ctxs[0], va, true, true, 0x7fffffffffff0000, 0), NULL, 0);
	rig_run(&env->rig, 2 * MMX_NS_PER_MS);
	assert_false(core_group(env, 0)->waiting);
	assert_true(core_group(env, 0)->sched.busy);
	done = env->rig.now_ns;
	for (i = 1; i <= 100; i++) {
		rig_submit(b, RIG_NAME(0), 0, i, rig_work(&env->ctxs[1], 1000, 0, 1), NULL, 0);
		assert_int_equal(rig_wait_job(b, RIG_NAME(0), i), 0);
	}
	assert_true(env->rig.now_ns - done < 120 * MMX_NS_PER_MS);
}

/* A queue at its end and one that waits: idle; a job for the former runs, one behind the wait does not wake it. */
static void test_queues_of_a_group(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx *ctx = &env->ctxs[0];
	uint64_t charged;

	create_group(ctx, 0, 2);
	create_group(ctx, 1, 1);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_store(ctx, 0, 1), NULL, 0);
	rig_submit(guest, RIG_NAME(0), 1, 1, await(ctx, OBJECT_VA, true, true, 0, 1), NULL, 0);
	rig_submit(guest, RIG_NAME(1), 0, 1, rig_work(ctx, 30000, 2, 1), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 1), 0);
	rig_run(&env->rig, 2 * MMX_NS_PER_MS);
	assert_true(is_out(env, 0));
	assert_true(core_group(env, 0)->waiting);

	charged = core_group(env, 0)->sched.gpu_time_ns;
	rig_submit(guest, RIG_NAME(0), 1, 2, rig_store(ctx, 3, 1), NULL, 0);
	rig_run(&env->rig, 15 * MMX_NS_PER_MS);
	assert_true(core_group(env, 0)->waiting);
	assert_true(core_group(env, 0)->sched.gpu_time_ns == charged);

	rig_submit(guest, RIG_NAME(0), 0, 2, rig_store(ctx, 4, 1), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 2), 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(2), 1), 0);
	rig_run(&env->rig, 2 * MMX_NS_PER_MS);
	assert_true(core_group(env, 0)->waiting);
	rig_submit(guest, RIG_NAME(1), 0, 2, set(ctx, OBJECT_VA, true, 1), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(1), 2), 0);
	assert_int_equal(rig_result(ctx, 3), 1);
}

/* 60 groups that wait, on 8 slots: they cost no GPU time, and the other guest has all of it. */
static void test_many_wait_for_nothing(void **state)
{
	struct env *env = *state;
	struct rig_guest *a = &env->guests[0], *b = &env->guests[1];
	struct mmx_sched_partition *sched;
	uint64_t start_ns, before;
	unsigned int i;

	for (i = 0; i < 60; i++) {
		create_group(&env->ctxs[0], i, 1);
		rig_submit(a, RIG_NAME(i), 0, 1,
			   await(&env->ctxs[0], OBJECT_VA + 16 * (i / 2), i & 2, true, 0, i), NULL,
			   0);
	}
	create_group(&env->ctxs[0], 60, 1);
	create_group(&env->ctxs[1], 0, 1);
	rig_run(&env->rig, 50 * MMX_NS_PER_MS);
	sched = &env->rig.core->partitions[0].sched;
	assert_int_equal(env->rig.core->partitions[0].waiting_count, 60);
	mmx_sched_account(env->rig.core->sched, env->rig.now_ns);
	before = sched->gpu_time_ns;
	assert_true(before < 60 * MMX_NS_PER_MS / 5);

	start_ns = env->rig.now_ns;
	for (i = 1; i <= 200; i++) {
		rig_submit(b, RIG_NAME(0), 0, i, rig_work(&env->ctxs[1], 1000, 0, 1), NULL, 0);
		assert_int_equal(rig_wait_job(b, RIG_NAME(0), i), 0);
	}
	assert_true(env->rig.now_ns - start_ns < 225 * MMX_NS_PER_MS);
	mmx_sched_account(env->rig.core->sched, env->rig.now_ns);
	assert_true(sched->gpu_time_ns == before);

	/* each set wakes two, and no others */
	for (i = 0; i < 30; i++) {
		rig_submit(a, RIG_NAME(60), 0, i + 1,
			   set(&env->ctxs[0], OBJECT_VA + 16 * i, true, 1), NULL, 0);
		assert_int_equal(rig_wait_job(a, RIG_NAME(4 * i), 1), 0);
		assert_int_equal(rig_wait_job(a, RIG_NAME(4 * i + 2), 1), 0);
		rig_run(&env->rig, MMX_NS_PER_MS);
		assert_int_equal(env->rig.core->partitions[0].waiting_count, 58 - 2 * i);
	}
}

/* Waits for the object to be more than 0, and then never ends. */
static struct rig_stream await_and_stay(struct rig_ctx *ctx, uint64_t va)
{
	struct mmx_cs_asm a = rig_asm_begin(ctx);

	mmx_cs_move48(&a, 0, va);
	put_value(&a, 2, 0);
	mmx_cs_sync_wait64(&a, MMX_CS_GREATER, 0, 2);
	mmx_cs_put_endless(&a);
	return rig_asm_end(ctx, &a);
}

/*
 * The object is what is waited for just as long as firmware needs to see it, and our interrupts are lost: the word says
 * that the group waits, and it runs. Firmware knows better, and is asked; else it would run without being charged.
 */
static void test_word_that_lies(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx *ctx = &env->ctxs[0];
	struct mmx_core_group *group;
	uint64_t charged;

	create_group(ctx, 0, 1);
	create_group(ctx, 1, 1);
	rig_submit(guest, RIG_NAME(0), 0, 1, await_and_stay(ctx, OBJECT_VA), NULL, 0);
	rig_submit(guest, RIG_NAME(1), 0, 1, rig_store(ctx, 0, 1), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(2), 1), 0);
	rig_run(&env->rig, 2 * MMX_NS_PER_MS);
	group = core_group(env, 0);
	assert_true(group->waiting && group->sched.state == MMX_SCHED_IN);
	charged = group->sched.gpu_time_ns;

	rig_submit(guest, RIG_NAME(1), 0, 2, set(ctx, OBJECT_VA, true, 1), NULL, 0);
	rig_submit(guest, RIG_NAME(1), 0, 3, rig_work(ctx, 200, 0, 1), NULL, 0);
	rig_submit(guest, RIG_NAME(1), 0, 4, set(ctx, OBJECT_VA, true, 0), NULL, 0);
	env->rig.drop_irqs[MMX_IRQ_JOB] = UINT_MAX;
	rig_run(&env->rig, MMX_NS_PER_MS);
	env->rig.drop_irqs[MMX_IRQ_JOB] = 0;
	assert_int_equal(*object(ctx, OBJECT_VA), 0);
	rig_run(&env->rig, LOOK_NS + AT_ONCE_NS);
	assert_false(group->waiting);
	assert_true(group->sched.busy);
	rig_run(&env->rig, 10 * MMX_NS_PER_MS);
	mmx_sched_account(env->rig.core->sched, env->rig.now_ns);
	assert_true(group->sched.gpu_time_ns - charged > 9 * MMX_NS_PER_MS);
}

static const void *synced[16]; /* of 8 bytes each */
static unsigned int synced_count;

static void note_sync(struct mmx_device *dev, const void *cpu, size_t size)
{
	(void)dev;
	if (size == sizeof(uint64_t) && synced_count < 16)
		synced[synced_count++] = cpu;
}

/* Where CPU and GPU are not coherent, what the GPU has written is made visible before it is read. */
static void test_maintained_before_read(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx *ctx = &env->ctxs[0];
	const struct mmx_device_ops *ops = env->rig.dev.ops;
	struct mmx_device_ops noting = *ops;
	const uint8_t *object_cpu = (const uint8_t *)mmx_session_peer(guest->session)->region +
				    guest->front.data_offset + RIG_OBJECTS;
	unsigned int i, found = 0;

	create_group(ctx, 0, 1);
	noting.sync_for_cpu = note_sync;
	env->rig.dev.ops = &noting;
	synced_count = 0;
	rig_submit(guest, RIG_NAME(0), 0, 1, await(ctx, OBJECT_VA, true, true, 0, 0), NULL, 0);
	rig_run(&env->rig, LOOK_NS + MMX_NS_PER_MS);
	env->rig.dev.ops = ops;
	for (i = 0; i < synced_count; i++)
		found += synced[i] == object_cpu;
	/* when it began to wait, and when it was looked at again */
	assert_true(found >= 2);
}

/* Groups, and guests, that go while they wait. */
static void test_ends_while_waiting(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx *ctx = &env->ctxs[0];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		create_group(ctx, i, 1);
		rig_submit(guest, RIG_NAME(i), 0, 1, await(ctx, OBJECT_VA, true, true, 0, 0), NULL,
			   0);
	}
	rig_run(&env->rig, 5 * MMX_NS_PER_MS);
	assert_int_equal(env->rig.core->partitions[0].waiting_count, 3);
	for (i = 0; i < 2; i++) {
		assert_int_equal(rig_object(guest, MMX_MSG_GROUP_DESTROY, RIG_NAME(i)), 0);
		assert_int_equal(rig_wait_job(guest, RIG_NAME(2 * i), 1), ECANCELED);
		assert_int_equal(env->rig.core->partitions[0].waiting_count, 2 - i);
	}
	rig_guest_hangup(guest);
	rig_guest_wait_gone(guest);
	assert_int_equal(env->rig.core->partitions[0].waiting_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_producer_and_consumer, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_written_by_cpu, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_mapping_changes, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_vm_goes, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_edge_of_a_page, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_foreign_address, setup_all, rig_teardown),
		cmocka_unit_test_setup_teardown(test_queues_of_a_group, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_many_wait_for_nothing, setup_all,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_word_that_lies, setup_all, rig_teardown),
		cmocka_unit_test_setup_teardown(test_maintained_before_read, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_ends_while_waiting, setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
