// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* See group_env.h. */
#include "tests/unit/group_env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- owner ---- */

static void on_ready(void *ctx)
{
	((struct group_env *)ctx)->ready++;
}

static void on_accused(void *ctx, struct mmx_group *group, struct mmx_vm *vm)
{
	struct group_env *env = ctx;

	env->accused_group = group;
	env->accused_vm = vm;
}

static void on_reset(void *ctx, const char *why, bool proven)
{
	struct group_env *env = ctx;

	(void)why;
	env->resets++;
	env->proven = proven;
}

static void on_failed(void *ctx, const char *why)
{
	(void)ctx;
	fail_msg("GPU failed: %s", why);
}

static void on_group_on(void *ctx, struct mmx_group *hw)
{
	struct test_group *group = mmx_group_owner(hw);

	(void)ctx;
	assert_int_equal(mmx_group_where(hw), MMX_GROUP_ON);
	assert_int_equal(group->on, group->off);
	group->on++;
}

static void on_group_off(void *ctx, struct mmx_group *hw, enum mmx_group_off how)
{
	struct test_group *group = mmx_group_owner(hw);

	(void)ctx;
	assert_int_equal(mmx_group_where(hw), MMX_GROUP_OFF);
	group->off++;
	group->how = how;
	if (group->destroy_when_off) {
		mmx_group_destroy(hw, NULL);
		group->hw = NULL;
	}
}

static void on_group_progress(void *ctx, struct mmx_group *hw)
{
	struct test_group *group = mmx_group_owner(hw);

	(void)ctx;
	group->progress++;
	if (!group->results)
		return;
	for (uint64_t job = 1; job <= mmx_queue_done(hw, 0); job++)
		assert_int_equal(test_result(group->vm, (unsigned int)job), group->results + job);
}

static void on_group_idle(void *ctx, struct mmx_group *hw)
{
	struct test_group *group = mmx_group_owner(hw);

	(void)ctx;
	group->idle++;
}

static void on_job_fault(void *ctx, struct mmx_group *hw, unsigned int queue, uint64_t job,
			 uint32_t exception, uint64_t info)
{
	struct test_group *group = mmx_group_owner(hw);

	(void)ctx;
	(void)info;
	group->faults++;
	group->fault_queue = queue;
	group->fault_job = job;
	group->fault_exception = exception;
	group->fault_done = mmx_queue_done(hw, queue);
}

static void on_group_fatal(void *ctx, struct mmx_group *hw, unsigned int queue, uint32_t exception,
			   uint64_t info)
{
	struct test_group *group = mmx_group_owner(hw);

	(void)ctx;
	(void)info;
	group->fatals++;
	group->fatal_queue = queue;
	group->fatal_exception = exception;
	mmx_group_evict(hw, true); /* as core does */
}

static void on_group_stuck(void *ctx, struct mmx_group *hw, unsigned int queue)
{
	struct test_group *group = mmx_group_owner(hw);

	(void)ctx;
	group->stuck++;
	group->fatal_queue = queue;
	mmx_group_evict(hw, true);
}

static void on_vm_fault(void *ctx, struct mmx_vm *vm, const struct mmx_vm_fault *fault)
{
	struct group_env *env = ctx;

	env->vm_faults++;
	env->fault_vm = vm;
	env->vm_fault = *fault;
	if (env->evict_on_vm_fault)
		mmx_group_evict(env->evict_on_vm_fault->hw, true);
}

static void on_heap_low(void *ctx, struct mmx_heap *heap)
{
	struct group_env *env = ctx;

	env->low = heap;
	env->lows++;
}

static const struct mmx_gpu_ops ops = {
	.ready = on_ready,
	.accused = on_accused,
	.reset = on_reset,
	.failed = on_failed,
	.group_on = on_group_on,
	.group_off = on_group_off,
	.group_progress = on_group_progress,
	.group_idle = on_group_idle,
	.job_fault = on_job_fault,
	.group_fatal = on_group_fatal,
	.group_stuck = on_group_stuck,
	.vm_fault = on_vm_fault,
	.heap_low = on_heap_low,
};

/* ---- fixtures ---- */

void group_env_step(struct group_env *env)
{
	gpu_env_forget_writes(env->gpu_env);
	gpu_env_run(env->gpu_env, 100);
}

int group_env_setup(void **state)
{
	struct group_env *env = calloc(1, sizeof(*env));
	struct gpu_env *gpu_env;

	assert_non_null(env);
	gpu_env_setup_device((void **)&gpu_env);
	env->gpu_env = gpu_env;
	assert_int_equal(mmx_gpu_create(&gpu_env->dev, &gpu_env->timers, gpu_env->image, &ops, env,
					&gpu_env->gpu),
			 0);
	env->gpu = gpu_env->gpu;
	mmx_gpu_start(env->gpu);
	run_until(env, env->ready, MMX_NS_PER_S);
	env->bytes_before = gpu_env_dma_bytes(gpu_env);
	*state = env;
	return 0;
}

int group_env_teardown(void **state)
{
	struct group_env *env = *state;
	struct mmx_gpu_stats stats;

	/* what goes in the background: an address space takes three commands */
	gpu_env_run(env->gpu_env, 10 * MMX_NS_PER_MS);
	mmx_gpu_stats(env->gpu, &stats);
	assert_int_equal(stats.groups, 0);
	assert_int_equal(stats.heaps, 0);
	assert_int_equal(stats.vms, 0);
	assert_int_equal(stats.dma_bytes, env->bytes_before);
	gpu_env_teardown((void **)&env->gpu_env);
	free(env);
	return 0;
}

void test_vm_create(struct group_env *env, struct test_vm *vm)
{
	memset(vm, 0, sizeof(*vm));
	assert_int_equal(mmx_vm_create(env->gpu, vm, &vm->vm), 0);
	assert_int_equal(mmx_dma_alloc(env->gpu->pool, GROUP_ENV_BYTES, &vm->memory), 0);
	for (size_t at = 0; at < GROUP_ENV_BYTES; at += MMX_PAGE_SIZE)
		assert_int_equal(mmx_vm_map(vm->vm, GROUP_ENV_VA + at,
					    mmx_dma_buf_addr(&vm->memory, at), MMX_PAGE_SIZE,
					    MMX_PROT_READ | MMX_PROT_WRITE),
				 0);
}

/* The VM goes first, as a session may do it; its memory when nothing can reach it any more. */
void test_vm_destroy(struct group_env *env, struct test_vm *vm)
{
	mmx_vm_destroy(vm->vm);
	gpu_env_run(env->gpu_env, 10 * MMX_NS_PER_MS);
	mmx_dma_free(env->gpu->pool, &vm->memory);
}

void test_group_create(struct group_env *env, struct test_group *group, struct test_vm *vm,
		       unsigned int queues)
{
	const struct mmx_gpu_info *info = mmx_gpu_info(env->gpu);
	struct mmx_group_params params = {
		.vm = vm->vm,
		.owner = group,
		.compute_mask = info->shader_present,
		.fragment_mask = info->shader_present,
		.tiler_mask = info->tiler_present,
		.max_compute = 4,
		.max_fragment = 4,
		.max_tiler = 1,
		.queue_count = queues,
	};

	memset(group, 0, sizeof(*group));
	group->env = env;
	group->vm = vm;
	for (unsigned int i = 0; i < queues; i++) {
		params.queues[i].ring_size = 4096;
		params.queues[i].priority = i;
	}
	assert_int_equal(mmx_group_create(env->gpu, &params, &group->hw), 0);
}

void test_group_end(struct test_group *group)
{
	mmx_group_evict(group->hw, true);
	run_until(group->env, mmx_group_where(group->hw) == MMX_GROUP_OFF, MMX_NS_PER_S);
	mmx_group_destroy(group->hw, NULL);
	group->hw = NULL;
}

void test_vm_group_create(struct group_env *env, struct test_vm *vm, struct test_group *group,
			  unsigned int queues)
{
	test_vm_create(env, vm);
	test_group_create(env, group, vm, queues);
}

void test_vm_group_end(struct group_env *env, struct test_vm *vm, struct test_group *group)
{
	test_group_end(group);
	test_vm_destroy(env, vm);
}

enum mmx_slot_state test_slot_state(const struct group_env *env, unsigned int slot)
{
	return env->gpu->slots.slot[slot].state;
}

void test_place(struct test_group *group, unsigned int slot)
{
	unsigned int on = group->on;

	assert_int_equal(mmx_group_place(group->hw, slot, 15 - slot), 0);
	run_until(group->env, group->on == on + 1, MOVE_NS);
}

void test_suspend(struct test_group *group)
{
	unsigned int off = group->off;

	mmx_group_evict(group->hw, false);
	run_until(group->env, group->off == off + 1, MOVE_NS);
	assert_int_equal(group->how, MMX_GROUP_OFF_SUSPENDED);
}

/* ---- streams ---- */

#define OP(n) ((uint64_t)(n) << 56)

struct test_stream stream_put(struct test_vm *vm, const uint64_t *words, size_t count)
{
	struct test_stream stream = {
		.va = GROUP_ENV_VA + vm->stream_end,
		.size = (uint32_t)(count * 8),
	};

	assert_true(vm->stream_end + count * 8 <= GROUP_ENV_RESULTS);
	memcpy((char *)vm->memory.cpu + vm->stream_end, words, count * 8);
	vm->stream_end += count * 8;
	return stream;
}

static uint64_t result_va(unsigned int index)
{
	assert_true(GROUP_ENV_RESULTS + index * 4 < GROUP_ENV_BYTES);
	return GROUP_ENV_VA + GROUP_ENV_RESULTS + index * 4;
}

static size_t put_store(uint64_t *words, uint64_t va, uint32_t value)
{
	words[0] = OP(1) | 0ull << 48 | va; /* MOVE48 d0 */
	words[1] = OP(2) | 2ull << 48 | value; /* MOVE32 r2 */
	words[2] = OP(21) | 2ull << 48 | 0ull << 40 | 1ull << 16; /* STORE_MULTIPLE r2, [d0] */
	words[3] = OP(3) | 0xffull << 16; /* WAIT */
	return 4;
}

/* 512 cycles a tile of 16 by 16, four cores, 1 GHz. */
static size_t put_work(uint64_t *words, unsigned int us)
{
	uint64_t rows = (us * 1000ull * 4 / 512 + 127) / 128;

	assert_true(rows <= 4096);
	words[0] = OP(34) | 2; /* REQ_RESOURCE fragment */
	words[1] = OP(1) | 40ull << 48; /* MOVE48 d40: framebuffer descriptor, none */
	words[2] = OP(2) | 42ull << 48; /* MOVE32 r42: from 0, 0 */
	words[3] = OP(2) | 43ull << 48 | (rows * 16 - 1) << 16 | 2047; /* MOVE32 r43 */
	words[4] = OP(7); /* RUN_FRAGMENT */
	words[5] = OP(3) | 0xffull << 16; /* WAIT */
	return 6;
}

struct test_stream stream_store(struct test_vm *vm, unsigned int index, uint32_t value)
{
	uint64_t words[4];

	return stream_put(vm, words, put_store(words, result_va(index), value));
}

struct test_stream stream_work(struct test_vm *vm, unsigned int us, unsigned int index,
			       uint32_t value)
{
	uint64_t words[10];
	size_t count = put_work(words, us);

	count += put_store(words + count, result_va(index), value);
	return stream_put(vm, words, count);
}

/* A poisoned stream drops jobs but runs on; what makes it take its time is a loop. */
struct test_stream stream_fault(struct test_vm *vm, unsigned int us, unsigned int index,
				uint32_t value)
{
	uint64_t words[16];
	size_t count = 0;
	/* the sync object lies in the last 16 bytes of the memory: value 1, status 1 */
	uint64_t object = GROUP_ENV_VA + GROUP_ENV_BYTES - 16;
	uint32_t *cpu = (uint32_t *)vm->memory.cpu + (GROUP_ENV_BYTES - 16) / 4;

	cpu[0] = 1;
	cpu[2] = 1;
	words[count++] = OP(1) | 0ull << 48 | object; /* MOVE48 d0 */
	words[count++] = OP(1) | 2ull << 48; /* MOVE48 d2, 0 */
	words[count++] = OP(53) | 0ull << 40 | 2ull << 32 | 1ull << 28; /* SYNC_WAIT64.gt */
	words[count++] = OP(2) | 4ull << 48 | us * 125u; /* MOVE32 r4: turns of 8 ns */
	words[count++] = OP(16) | 4ull << 48 | 4ull << 40 | 0xffffffffull; /* ADD_IMM32 r4, -1 */
	words[count++] = OP(22) | 4ull << 40 | 1ull << 28 | 0xfffeull; /* BRANCH.gt r4, -2 */
	count += put_store(words + count, result_va(index), value);
	return stream_put(vm, words, count);
}

struct test_stream stream_fatal(struct test_vm *vm)
{
	const uint64_t word = OP(0xfe);

	return stream_put(vm, &word, 1);
}

struct test_stream stream_stray(struct test_vm *vm)
{
	uint64_t words[4];

	return stream_put(vm, words, put_store(words, GROUP_ENV_UNMAPPED, 1));
}

struct test_stream stream_endless(struct test_vm *vm)
{
	const uint64_t word = OP(22) | 6ull << 28 | 0xffffull; /* BRANCH.always -1 */

	return stream_put(vm, &word, 1);
}

uint32_t test_result(const struct test_vm *vm, unsigned int index)
{
	return ((const uint32_t *)vm->memory.cpu)[GROUP_ENV_RESULTS / 4 + index];
}

void test_set_result(struct test_vm *vm, unsigned int index, uint32_t value)
{
	((uint32_t *)vm->memory.cpu)[GROUP_ENV_RESULTS / 4 + index] = value;
}

int test_push(struct test_group *group, unsigned int queue, struct test_stream stream)
{
	return mmx_queue_push(group->hw, queue, stream.va, stream.size, 0);
}
