// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Tiler heaps on the model and a virtual clock: draws that need more chunks than there are, answered from the chunk
 * that is ready, later, or with none; heaps and groups that go in the middle of it. The test plays the
 * owner, who decides when a heap may grow. Encodings and descriptors are the test's own (Mesa).
 */
#include "backend/gpu/heap.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/group_env.h"
#include "tools/model/cost.h"
#include "tools/model/mmu.h"

#define OP(n) ((uint64_t)(n) << 56)

#define CHUNK	    (128u << 10)
#define DRAW_NS	    (2 * MMX_NS_PER_MS) /* more than any draw here takes */
#define DESCRIPTORS (GROUP_ENV_RESULTS + 0x1000) /* offset in the memory: heap descriptor, then */
#define TILER	    (DESCRIPTORS + 0x80) /* tiler context */

/* A draw that takes n chunks and a bit. */
#define VERTICES(n) ((n)*CHUNK / MDL_HEAP_VERTEX + 10)

/* The model's report of a job whose heap can't be helped. */
#define EXCEPTION_OOM 0x60u

/* Of a heap that was destroyed: its end may go on. */
static void maintained(void *owner)
{
	++*(unsigned int *)owner;
}

/* Makes what was created. Return: number of pieces. */
static unsigned int make(struct mmx_heap *heap)
{
	unsigned int pieces = 1;
	uint64_t work = 0;
	int r;

	while ((r = mmx_heap_make(heap, &work)) == HEAP_E_MORE)
		pieces++;
	assert_int_equal(r, 0);
	return pieces;
}

static void refill(struct mmx_heap *heap, bool allowed)
{
	uint64_t work = 0;

	while (mmx_heap_refill(heap, allowed, &work) == HEAP_E_MORE)
		;
}

static struct mmx_heap *heap_create(struct test_vm *vm, uint32_t initial, uint32_t max,
				    uint32_t target, unsigned int *turns)
{
	const struct mmx_heap_params params = {
		.vm = vm->vm,
		.owner = turns,
		.chunk_size = CHUNK,
		.initial_chunks = initial,
		.max_chunks = max,
		.target_in_flight = target,
	};
	struct mmx_heap *heap;
	uint64_t *words = (uint64_t *)vm->memory.cpu + DESCRIPTORS / 8;

	assert_int_equal(mmx_heap_create(&params, &heap), 0);
	make(heap);
	words[0] = (uint64_t)CHUNK << 32 | 0x29;
	words[1] = mmx_heap_first_chunk(heap);
	words[2] = words[1] + 64;
	words[3] = words[1] + CHUNK;
	words[(TILER - DESCRIPTORS) / 8 + 3] = GROUP_ENV_VA + DESCRIPTORS;
	return heap;
}

/* After mmx_heap_destroy(), with *turns as it was before. Return: number of pieces, up to maintenance if that takes its time. */
static unsigned int heap_end_some(struct mmx_heap *heap, int *ret_last)
{
	unsigned int pieces = 1;
	uint64_t work = 0;

	while ((*ret_last = mmx_heap_end(heap, &work)) == HEAP_E_MORE)
		pieces++;
	return pieces;
}

static void heap_end(struct group_env *env, struct mmx_heap *heap, unsigned int *turns)
{
	unsigned int before = *turns;
	int last;

	mmx_heap_destroy(heap, maintained);
	heap_end_some(heap, &last);
	if (!last)
		return;
	assert_int_equal(last, HEAP_E_LATER);
	run_until(env, *turns == before + 1, MOVE_NS);
	heap_end_some(heap, &last);
	assert_int_equal(last, 0);
}

struct draw {
	uint64_t context; /* of the heap */
	uint32_t vertices;
	bool begins, ends; /* counts a render pass */
};

/* Then result @index = 1. */
static struct test_stream stream_draw(struct test_vm *vm, const struct draw *draw,
				      unsigned int index)
{
	const uint64_t words[] = {
		OP(34) | 8, /* REQ_RESOURCE IDVS */
		OP(1) | draw->context, /* MOVE48 d0 */
		OP(48), /* HEAP_SET d0 */
		draw->begins ? OP(49) : 0, /* HEAP_OPERATION vt_start */
		OP(1) | 40ull << 48 | (GROUP_ENV_VA + TILER), /* MOVE48 d40 */
		OP(2) | 33ull << 48 | draw->vertices, /* MOVE32 r33 */
		OP(2) | 34ull << 48 | 1, /* MOVE32 r34 */
		OP(6), /* RUN_IDVS */
		OP(3) | 0xffull << 16, /* WAIT */
		draw->ends ? OP(49) | 1ull << 32 : 0, /* HEAP_OPERATION vt_end */
		OP(1) | (GROUP_ENV_VA + GROUP_ENV_RESULTS + 4 * index), /* MOVE48 d0 */
		OP(2) | 2ull << 48 | 1, /* MOVE32 r2 */
		OP(21) | 2ull << 48 | 1ull << 16, /* STORE_MULTIPLE r2, [d0] */
	};

	return stream_put(vm, words, sizeof(words) / sizeof(words[0]));
}

/* A render pass is shaded: its chunks are free again. */
static struct test_stream stream_finish(struct test_vm *vm, uint64_t context)
{
	const uint64_t words[] = {
		OP(1) | context, /* MOVE48 d0 */
		OP(48), /* HEAP_SET d0 */
		OP(1) | 2ull << 48 | (GROUP_ENV_VA + TILER + 40), /* MOVE48 d2 */
		OP(20) | 4ull << 48 | 2ull << 40 | 0xfull << 16, /* LOAD_MULTIPLE r4..r7, [d2] */
		OP(3) | 0xffull << 16, /* WAIT */
		OP(11) | 4ull << 40 | 6ull << 32 | 1, /* FINISH_FRAGMENT d4..d6, counted */
		OP(1) | 4ull << 48, /* MOVE48 d4, 0 */
		OP(1) | 6ull << 48, /* MOVE48 d6, 0 */
		OP(21) | 4ull << 48 | 2ull << 40 | 0xfull << 16, /* STORE_MULTIPLE r4..r7, [d2] */
	};

	return stream_put(vm, words, sizeof(words) / sizeof(words[0]));
}

/* Of a render pass that is not yet complete: nothing comes back by itself. */
static void draw(struct test_group *group, struct mmx_heap *heap, uint32_t vertices)
{
	const struct draw d = { mmx_heap_context(heap), vertices, true, false };

	assert_int_equal(test_push(group, 0, stream_draw(group->vm, &d, 0)), 0);
}

/* Does the stream stand still for an answer? */
static bool asks(const struct group_env *env, unsigned int slot, unsigned int stream)
{
	const struct mmx_csf_cs *cs = &env->gpu->fw.cs[slot][stream];

	return (cs->input->req ^ cs->output->ack) & CS_REQ_TILER_OOM;
}

/* ---- memory ---- */

static void test_create(void **state)
{
	struct group_env *env = *state;
	unsigned int turns = 0, prot = 0;
	uint64_t end, next, va;
	struct test_group group;
	struct mmx_heap *heap;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 1);
	test_place(&group, 0);
	end = mmx_vm_user_end(vm.vm);
	heap = heap_create(&vm, 3, 5, 1, &turns);
	assert_true(mmx_heap_context(heap) >= end);
	assert_int_equal(mmx_heap_context(heap) % MMX_PAGE_SIZE, 0);
	assert_true(mmx_pgtable_lookup(vm.vm->pt, mmx_heap_context(heap), NULL, &prot));
	assert_int_equal(prot, MMX_PROT_READ | MMX_PROT_WRITE);
	va = mmx_heap_first_chunk(heap);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(va % MMX_PAGE_SIZE, 0);
		for (uint64_t at = 0; at < CHUNK; at += MMX_PAGE_SIZE) {
			assert_true(mmx_pgtable_lookup(vm.vm->pt, va + at, NULL, &prot));
			assert_int_equal(prot, MMX_PROT_READ | MMX_PROT_WRITE);
		}
		assert_true(mdl_mmu_read(env->gpu_env->model, (unsigned int)mmx_mmu_as(vm.vm), va,
					 &next, sizeof(next), MDL_ACCESS_READ, NULL));
		if (i < 2)
			assert_int_equal(next & 0xfff, CHUNK >> 12);
		else
			assert_int_equal(next, 0);
		va = next & ~UINT64_C(0xfff);
	}
	assert_int_equal(mmx_heap_bytes(heap), 4096 + 3 * CHUNK);
	assert_int_equal(mmx_heap_bytes_of(3, CHUNK), 4096 + 3 * CHUNK);
	assert_true(mmx_heap_wants_spare(heap));
	refill(heap, true);
	assert_false(mmx_heap_wants_spare(heap));
	refill(heap, true);
	assert_int_equal(mmx_heap_bytes(heap), 4096 + 4 * CHUNK);
	va = mmx_heap_context(heap);
	heap_end(env, heap, &turns);
	assert_false(gpu_env_reaches(env->gpu_env, (unsigned int)mmx_mmu_as(vm.vm), va));
	test_vm_group_end(env, &vm, &group);
}

/* More than there will ever be: addresses are taken for what a heap can have at most. */
static void test_large(void **state)
{
	struct group_env *env = *state;
	struct mmx_heap_params params = { .chunk_size = 8u << 20,
					  .initial_chunks = 1,
					  .max_chunks = UINT32_MAX,
					  .target_in_flight = UINT32_MAX };
	struct mmx_heap *heap, *second;
	unsigned int turns = 0;
	struct test_vm vm;

	test_vm_create(env, &vm);
	params.vm = vm.vm;
	params.owner = &turns;
	/* not in 256 MiB */
	assert_int_equal(mmx_heap_create(&params, &heap), -ENOSPC);
	mmx_vm_set_user_end(vm.vm, UINT64_C(1) << 47);
	assert_int_equal(mmx_heap_create(&params, &heap), 0);
	make(heap);
	assert_int_equal(mmx_heap_create(&params, &second), 0);
	make(second);
	assert_true(mmx_heap_context(second) - mmx_heap_context(heap) >=
		    (uint64_t)MMX_HEAP_MAX_CHUNKS * params.chunk_size);
	/* what is in use is not moved */
	mmx_vm_set_user_end(vm.vm, 1 << 20);
	assert_true(mmx_vm_user_end(vm.vm) == UINT64_C(1) << 47);
	heap_end(env, heap, &turns);
	heap_end(env, second, &turns);
	test_vm_destroy(env, &vm);
}

/* Nobody's memory is made quickly, and all is taken apart in pieces. */
static void test_pieces_of_new(void **state)
{
	const uint32_t size = 8u << 20; /* more than the pool has at hand */
	struct group_env *env = *state;
	struct mmx_heap_params params = { .chunk_size = size,
					  .initial_chunks = 2,
					  .max_chunks = 3 };
	uint64_t work = 0;
	unsigned int turns = 0;
	struct mmx_heap *heap;
	struct test_vm vm;
	int last;

	test_vm_create(env, &vm);
	params.vm = vm.vm;
	params.owner = &turns;
	assert_int_equal(mmx_heap_create(&params, &heap), 0);
	assert_int_equal(mmx_heap_bytes(heap), 4096);
	/* each is taken, then mapped */
	assert_int_equal(make(heap), 4);
	assert_int_equal(mmx_heap_refill(heap, true, &work), HEAP_E_MORE);
	assert_int_equal(mmx_heap_bytes(heap), 4096 + 3 * size);
	/* what was taken is used, allowed or not */
	assert_int_equal(mmx_heap_refill(heap, false, &work), 0);
	assert_false(mmx_heap_wants_spare(heap));
	mmx_heap_destroy(heap, maintained);
	/* pages, at most 512 of them a piece; three chunks and the context */
	assert_in_range(heap_end_some(heap, &last), 3 * size / (512 * 4096) + 4,
			3 * size / (512 * 4096) + 9);
	assert_int_equal(last, 0);
	assert_int_equal(turns, 0);
	test_vm_destroy(env, &vm);
}

/* What others have had is zeroed, in pieces none of which takes long. */
static void test_pieces_of_old(void **state)
{
	static uint64_t words[(2u << 20) / sizeof(uint64_t)];
	struct group_env *env = *state;
	struct mmx_heap_params params = { .chunk_size = sizeof(words),
					  .initial_chunks = 1,
					  .max_chunks = 1 };
	unsigned int turns = 0, pieces = 1;
	struct mmx_dma_buf old = { 0 };
	uint64_t before = 0, work = 0;
	struct test_group group;
	struct mmx_heap *heap;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 1);
	test_place(&group, 0);
	assert_int_equal(mmx_dma_alloc(env->gpu->pool, sizeof(words), &old), 0);
	memset(old.cpu, 0xaa, old.size);
	mmx_dma_free(env->gpu->pool, &old);
	params.vm = vm.vm;
	params.owner = &turns;
	assert_int_equal(mmx_heap_create(&params, &heap), 0);
	for (; mmx_heap_make(heap, &work) == HEAP_E_MORE; before = work, pieces++) {
		/* about what a round of the loop has for a guest */
		assert_true(work - before <= 4200);
		assert_false(gpu_env_reaches(env->gpu_env, (unsigned int)mmx_mmu_as(vm.vm),
					     mmx_heap_first_chunk(heap)));
	}
	/* it was that memory */
	assert_int_equal(pieces, 1 + sizeof(words) / (128u << 10) + 1);
	assert_true(mdl_mmu_read(env->gpu_env->model, (unsigned int)mmx_mmu_as(vm.vm),
				 mmx_heap_first_chunk(heap), words, sizeof(words), MDL_ACCESS_READ,
				 NULL));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_int_equal(words[i], 0);
	heap_end(env, heap, &turns);
	test_vm_group_end(env, &vm, &group);
}

/* Not there for a stream before it is made, and destroyed in any state. */
static void test_unfinished(void **state)
{
	struct group_env *env = *state;
	struct mmx_heap_params params = { .chunk_size = CHUNK,
					  .initial_chunks = 3,
					  .max_chunks = 4 };
	unsigned int turns = 0;
	struct test_vm vm;
	int last = 0;

	test_vm_create(env, &vm);
	params.vm = vm.vm;
	params.owner = &turns;
	for (unsigned int pieces = 0; pieces < 12; pieces++) {
		struct mmx_heap_oom oom = { .vt_start = 1 };
		struct mmx_heap_wait wait;
		struct mmx_heap *heap;
		uint64_t chunk, work = 0;
		int r = HEAP_E_MORE;

		assert_int_equal(mmx_heap_create(&params, &heap), 0);
		oom.context = mmx_heap_context(heap);
		for (unsigned int i = 0; i < pieces; i++)
			r = r == HEAP_E_MORE ? mmx_heap_make(heap, &work)
					     : mmx_heap_refill(heap, true, &work);
		if (r == HEAP_E_MORE && mmx_heap_bytes(heap) <= 4096 + 3 * CHUNK)
			assert_int_equal(mmx_heap_grow(vm.vm, &oom, &wait, &chunk), HEAP_E_BAD);
		mmx_heap_destroy(heap, maintained);
		assert_int_equal(mmx_heap_grow(vm.vm, &oom, &wait, &chunk), HEAP_E_BAD);
		heap_end_some(heap, &last);
		assert_int_equal(last, 0);
	}
	test_vm_destroy(env, &vm);
}

/* ---- answers ---- */

/* The chunk that is ready is the answer, without anything that the owner does. */
static void test_answered_at_once(void **state)
{
	struct group_env *env = *state;
	unsigned int turns = 0;
	struct test_group group;
	struct mmx_heap *heap;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 1);
	heap = heap_create(&vm, 2, 4, 1, &turns);
	refill(heap, true);
	test_place(&group, 0);
	draw(&group, heap, VERTICES(2));
	run_until(env, mmx_queue_done(group.hw, 0) == 1, DRAW_NS);
	assert_int_equal(env->lows, 1);
	assert_ptr_equal(env->low, heap);
	assert_int_equal(test_result(&vm, 0), 1);
	assert_int_equal(group.faults, 0);
	assert_int_equal(mmx_heap_bytes(heap), 4096 + 3 * CHUNK);
	test_group_end(&group);
	heap_end(env, heap, &turns);
	test_vm_destroy(env, &vm);
}

/* A draw of many chunks grows the heap to its limit; each is answered when the owner lets it. */
static void test_growth(void **state)
{
	struct group_env *env = *state;
	unsigned int turns = 0, refills = 0;
	struct test_group group;
	struct mmx_heap *heap;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 1);
	heap = heap_create(&vm, 1, 6, 1, &turns);
	test_place(&group, 0);
	draw(&group, heap, VERTICES(5));
	while (mmx_queue_done(group.hw, 0) == 0) {
		gpu_env_run(env->gpu_env, DRAW_NS);
		if (!asks(env, 0, 0))
			continue;
		/* it waits as long as it takes */
		assert_true(mmx_heap_wants_spare(heap));
		gpu_env_run(env->gpu_env, 50 * MMX_NS_PER_MS);
		refill(heap, true);
		refills++;
		assert_in_range(refills, 1, 5);
	}
	assert_int_equal(refills, 5);
	assert_int_equal(group.faults, 0);
	assert_int_equal(mmx_heap_bytes(heap), 4096 + 6 * CHUNK);
	assert_false(mmx_heap_wants_spare(heap));
	assert_int_equal(env->lows,
			 4); /* the first one it was told by creating it, the last is the limit */
	test_group_end(&group);
	heap_end(env, heap, &turns);
	test_vm_destroy(env, &vm);
}

static void test_refused(void **state)
{
	struct group_env *env = *state;
	struct test_group group, other;
	unsigned int turns = 0;
	struct test_vm vm, other_vm;
	struct mmx_heap *heap;

	test_vm_group_create(env, &vm, &group, 1);
	test_vm_group_create(env, &other_vm, &other, 1);
	heap = heap_create(&vm, 1, 3, 10, &turns);
	test_place(&group, 0);
	test_place(&other, 1);
	draw(&group, heap, VERTICES(1));
	run_until(env, asks(env, 0, 0), DRAW_NS);
	refill(heap, false);
	run_until(env, mmx_queue_done(group.hw, 0) == 1, DRAW_NS);
	assert_int_equal(group.faults, 1);
	assert_int_equal(group.fault_exception, EXCEPTION_OOM);
	/* at once now: the owner has decided, and says so when it changes its mind */
	draw(&group, heap, VERTICES(1));
	run_until(env, mmx_queue_done(group.hw, 0) == 2, DRAW_NS);
	assert_int_equal(group.faults, 2);
	assert_true(mmx_heap_wants_spare(heap));
	refill(heap, true);
	draw(&group, heap, 10);
	run_until(env, mmx_queue_done(group.hw, 0) == 3, DRAW_NS);
	assert_int_equal(group.faults, 2);
	assert_int_equal(test_push(&other, 0, stream_store(&other_vm, 0, 5)), 0);
	run_until(env, mmx_queue_done(other.hw, 0) == 1, JOB_NS);
	assert_int_equal(other.faults + other.fatals, 0);
	test_group_end(&group);
	heap_end(env, heap, &turns);
	test_vm_destroy(env, &vm);
	test_vm_group_end(env, &other_vm, &other);
}

static void test_limit(void **state)
{
	struct group_env *env = *state;
	unsigned int turns = 0;
	struct test_group group;
	struct mmx_heap *heap;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 1);
	heap = heap_create(&vm, 2, 2, 1, &turns);
	assert_false(mmx_heap_wants_spare(heap));
	refill(heap, true);
	assert_int_equal(mmx_heap_bytes(heap), 4096 + 2 * CHUNK);
	test_place(&group, 0);
	draw(&group, heap, VERTICES(2));
	run_until(env, mmx_queue_done(group.hw, 0) == 1, DRAW_NS);
	assert_int_equal(group.fault_exception, EXCEPTION_OOM);
	assert_int_equal(env->lows, 0);
	test_group_end(&group);
	heap_end(env, heap, &turns);
	test_vm_destroy(env, &vm);
}

/* More render passes in flight than the guest wants: no chunk, though there is one, until one is shaded. */
static void test_target_in_flight(void **state)
{
	struct group_env *env = *state;
	unsigned int turns = 0;
	struct test_group group;
	struct mmx_heap *heap;
	struct test_vm vm;
	struct draw d;

	test_vm_group_create(env, &vm, &group, 2);
	heap = heap_create(&vm, 2, 8, 1, &turns);
	refill(heap, true);
	d = (struct draw){ mmx_heap_context(heap), VERTICES(1), true, true };
	test_place(&group, 0);
	assert_int_equal(test_push(&group, 0, stream_draw(&vm, &d, 0)), 0);
	assert_int_equal(test_push(&group, 0, stream_draw(&vm, &d, 1)), 0);
	gpu_env_run(env->gpu_env, 10 * MMX_NS_PER_MS);
	assert_int_equal(mmx_queue_done(group.hw, 0), 1);
	assert_false(asks(env, 0, 0));
	assert_int_equal(env->lows, 0);
	assert_int_equal(test_push(&group, 1, stream_finish(&vm, d.context)), 0);
	run_until(env, mmx_queue_done(group.hw, 0) == 2, DRAW_NS);
	assert_int_equal(test_result(&vm, 1), 1);
	assert_int_equal(group.faults, 0);
	assert_int_equal(env->lows, 0); /* it went on in the chunk that was given back */
	test_group_end(&group);
	heap_end(env, heap, &turns);
	test_vm_destroy(env, &vm);
}

/* Heaps of others, and counters that can't be: both lie where the guest's GPU code can write. */
static void test_bad(void **state)
{
	struct group_env *env = *state;
	unsigned int turns = 0, other_turns = 0;
	struct mmx_heap *heap, *other_heap;
	struct test_vm vm, other_vm;

	test_vm_create(env, &vm);
	test_vm_create(env, &other_vm);
	other_heap = heap_create(&other_vm, 1, 4, 1, &other_turns);
	heap = heap_create(&vm, 1, 4, 1, &turns);
	refill(heap, true);
	refill(other_heap, true);
	for (unsigned int i = 0; i < 4; i++) {
		struct draw d = { mmx_heap_context(heap), VERTICES(1), true, false };
		struct test_group group;

		test_group_create(env, &group, &vm, 1);
		if (i == 0)
			d.context = GROUP_ENV_VA + DESCRIPTORS + 0x800; /* the guest's own memory */
		else if (i == 1)
			d.context += 64; /* beside it */
		else if (i == 2)
			d.begins = false; /* vt_start == vt_end */
		test_place(&group, 0);
		/* by the first chunk that there is to fill */
		((uint64_t *)vm.memory.cpu)[DESCRIPTORS / 8 + 2] = mmx_heap_first_chunk(heap) + 64;
		((uint64_t *)vm.memory.cpu)[DESCRIPTORS / 8 + 1] = mmx_heap_first_chunk(heap);
		((uint64_t *)vm.memory.cpu)[DESCRIPTORS / 8 + 3] =
			mmx_heap_first_chunk(heap) + CHUNK;
		memset((char *)vm.memory.cpu + TILER + 40, 0, 16);
		assert_int_equal(test_push(&group, 0, stream_draw(&vm, &d, 0)), 0);
		if (i == 3) {
			run_until(env, mmx_queue_done(group.hw, 0) == 1, DRAW_NS);
			assert_int_equal(group.fatals, 0);
		} else {
			run_until(env, group.off == 1, DRAW_NS + MOVE_NS);
			assert_int_equal(group.fatals, 1);
			assert_int_equal(group.fatal_exception, EXCEPTION_OOM);
			assert_int_equal(env->lows, 0);
		}
		test_group_end(&group);
	}
	assert_int_equal(env->lows, 1);
	heap_end(env, heap, &turns);
	heap_end(env, other_heap, &other_turns);
	test_vm_destroy(env, &vm);
	test_vm_destroy(env, &other_vm);
}

/* ---- groups that leave ---- */

/* Suspended while it waits: the chunk is not for whoever is in the slot then; it asks again when it is back. */
static void test_suspended_waiting(void **state)
{
	struct group_env *env = *state;
	struct test_group group, other;
	unsigned int turns = 0;
	struct mmx_heap *heap;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 1);
	test_group_create(env, &other, &vm, 1);
	heap = heap_create(&vm, 1, 4, 1, &turns);
	test_place(&group, 0);
	draw(&group, heap, VERTICES(1));
	run_until(env, asks(env, 0, 0), DRAW_NS);
	mmx_group_evict(group.hw, false);
	gpu_env_forget_writes(env->gpu_env);
	refill(heap, true); /* on its way out */
	assert_true(asks(env, 0, 0));
	run_until(env, group.off == 1, MOVE_NS);
	test_place(&other, 0);
	assert_false(asks(env, 0, 0));
	assert_int_equal(test_push(&other, 0, stream_store(&vm, 3, 7)), 0);
	run_until(env, mmx_queue_done(other.hw, 0) == 1, JOB_NS);
	assert_int_equal(env->lows, 0);
	assert_int_equal(mmx_heap_bytes(heap), 4096 + 2 * CHUNK);
	test_place(&group, 1);
	run_until(env, mmx_queue_done(group.hw, 0) == 1, DRAW_NS);
	assert_int_equal(group.faults, 0);
	assert_int_equal(env->lows, 1);
	test_group_end(&group);
	test_group_end(&other);
	heap_end(env, heap, &turns);
	test_vm_destroy(env, &vm);
}

/* The draw runs out while its group is being suspended. */
static void test_out_of_memory_on_the_way_out(void **state)
{
	struct group_env *env = *state;
	unsigned int turns = 0;
	uint64_t bytes, chunks;
	struct test_group group;
	struct mmx_heap *heap;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 1);
	heap = heap_create(&vm, 1, 60, 100, &turns);
	for (unsigned int turn = 0; turn < 40; turn++) {
		uint64_t jobs = mmx_queue_pushed(group.hw, 0);

		refill(heap, true);
		test_place(&group, turn % 3);
		if (jobs == mmx_queue_done(group.hw, 0))
			draw(&group, heap, VERTICES(1));
		/* each time a little later */
		gpu_env_run(env->gpu_env, 250 * turn);
		mmx_group_evict(group.hw, false);
		run_until(env, group.off == turn + 1, MOVE_NS);
	}
	refill(heap, true);
	test_place(&group, 0);
	run_until(env, mmx_queue_done(group.hw, 0) == mmx_queue_pushed(group.hw, 0), DRAW_NS);
	assert_int_equal(group.faults + group.fatals, 0);
	/* no chunk was lost on the way */
	refill(heap, true);
	bytes = mmx_queue_done(group.hw, 0) * (MDL_HEAP_JOB + VERTICES(1) * MDL_HEAP_VERTEX);
	chunks = bytes / (CHUNK - MDL_HEAP_CHUNK_HEADER) + 1;
	assert_in_range(chunks, 5, 59);
	assert_int_equal(mmx_heap_bytes(heap), 4096 + (chunks + 1) * CHUNK);
	test_group_end(&group);
	heap_end(env, heap, &turns);
	test_vm_destroy(env, &vm);
}

static void test_terminated_waiting(void **state)
{
	struct group_env *env = *state;

	for (unsigned int reset = 0; reset < 2; reset++) {
		unsigned int turns = 0, ready = env->ready;
		struct test_group group;
		struct mmx_heap *heap;
		struct test_vm vm;

		test_vm_group_create(env, &vm, &group, 1);
		heap = heap_create(&vm, 1, 4, 1, &turns);
		test_place(&group, 0);
		draw(&group, heap, VERTICES(1));
		run_until(env, asks(env, 0, 0), DRAW_NS);
		if (reset)
			mmx_gpu_reset(env->gpu, "the test asks for it");
		else
			mmx_group_evict(group.hw, true);
		refill(heap, true);
		run_until(env, group.off == 1 && env->ready == ready + reset, MMX_NS_PER_S);
		assert_int_equal(env->lows, 0);
		test_group_end(&group);
		heap_end(env, heap, &turns);
		test_vm_destroy(env, &vm);
	}
}

/* ---- heaps that go ---- */

/* In use: whoever goes on using it faults (panthor), nobody else does. */
static void test_destroyed_in_use(void **state)
{
	struct group_env *env = *state;
	unsigned int turns = 0;
	struct draw d = { 0, 10, true, true };
	struct test_group group;
	struct mmx_heap *heap;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 1);
	heap = heap_create(&vm, 1, 4, 1, &turns);
	test_place(&group, 0);
	d.context = mmx_heap_context(heap);
	draw(&group, heap, 10);
	run_until(env, mmx_queue_done(group.hw, 0) == 1, DRAW_NS);
	heap_end(env, heap, &turns);
	assert_int_equal(env->vm_faults, 0);
	/* not while it does not use it */
	assert_int_equal(test_push(&group, 0, stream_store(&vm, 3, 7)), 0);
	run_until(env, mmx_queue_done(group.hw, 0) == 2, JOB_NS);
	test_suspend(&group);
	test_place(&group, 1);
	gpu_env_run(env->gpu_env, MOVE_NS);
	assert_int_equal(env->vm_faults, 0);
	env->evict_on_vm_fault = &group;
	assert_int_equal(test_push(&group, 0, stream_draw(&vm, &d, 0)), 0);
	run_until(env, env->vm_faults == 1, DRAW_NS);
	run_until(env, group.off == 2, MOVE_NS);
	env->evict_on_vm_fault = NULL;
	test_group_end(&group);
	test_vm_destroy(env, &vm);
}

static void test_destroyed_while_asked(void **state)
{
	struct group_env *env = *state;
	unsigned int turns = 0;
	int last;
	struct test_group group;
	struct mmx_heap *heap;
	struct test_vm vm;
	struct draw d;

	test_vm_group_create(env, &vm, &group, 1);
	heap = heap_create(&vm, 1, 4, 1, &turns);
	d = (struct draw){ mmx_heap_context(heap), 1, true, false };
	test_place(&group, 0);
	draw(&group, heap, VERTICES(1));
	run_until(env, asks(env, 0, 0), DRAW_NS);
	env->evict_on_vm_fault = &group;
	mmx_heap_destroy(heap, maintained);
	heap_end_some(heap, &last);
	assert_int_equal(last, HEAP_E_LATER); /* the VM is in use */
	assert_int_equal(turns, 0);
	/* nothing comes of asking too early */
	heap_end_some(heap, &last);
	assert_int_equal(last, HEAP_E_LATER);
	run_until(env, turns == 1, DRAW_NS + MOVE_NS);
	/* the draw that asked has got none; by which translations is the TLB's business */
	assert_int_equal(test_push(&group, 0, stream_draw(&vm, &d, 0)), 0);
	run_until(env, group.off == 1, DRAW_NS + MOVE_NS);
	assert_int_equal(env->vm_faults, 1);
	assert_int_equal(mmx_heap_bytes(heap), 4096 + CHUNK);
	heap_end_some(heap, &last);
	assert_int_equal(last, 0);
	env->evict_on_vm_fault = NULL;
	test_group_end(&group);
	test_vm_destroy(env, &vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, group_env_setup, group_env_teardown)
		T(test_create),
		T(test_large),
		T(test_pieces_of_new),
		T(test_pieces_of_old),
		T(test_unfinished),
		T(test_answered_at_once),
		T(test_growth),
		T(test_refused),
		T(test_limit),
		T(test_target_in_flight),
		T(test_bad),
		T(test_suspended_waiting),
		T(test_out_of_memory_on_the_way_out),
		T(test_terminated_waiting),
		T(test_destroyed_in_use),
		T(test_destroyed_while_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
