/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Groups for unit tests of backend/gpu/, on top of gpu_env.h: an owner of groups that records what
 * it is told, an address space with memory in it, and small command streams. Encodings of streams
 * are the test's own.
 */
#ifndef TESTS_UNIT_GROUP_ENV_H
#define TESTS_UNIT_GROUP_ENV_H

#include "backend/gpu/group.h"
#include "backend/gpu/heap.h"
#include "tests/unit/gpu_env.h"

#define GROUP_ENV_VA	   0x10000000ull /* of the memory, in each VM */
#define GROUP_ENV_BYTES	   0x80000u
#define GROUP_ENV_UNMAPPED 0x20000000ull
#define GROUP_ENV_RESULTS  0x40000u /* offset of results in the memory; streams lie before */

struct test_vm {
	struct mmx_vm *vm;
	struct mmx_dma_buf memory;
	size_t stream_end; /* where the next stream goes */
};

/* The owner of a group, and what it was told of it. */
struct test_group {
	struct group_env *env;
	struct test_vm *vm;
	struct mmx_group *hw;
	unsigned int on, off, progress, idle, faults, fatals, stuck;
	enum mmx_group_off how; /* it went off last */
	unsigned int fault_queue, fatal_queue;
	uint32_t fault_exception, fatal_exception;
	uint64_t fault_job, fault_done; /* done when it was told */
	bool destroy_when_off;
	/* each progress: all results up to done are there; 0 = not looked at */
	uint32_t results;
};

struct group_env {
	struct gpu_env *gpu_env;
	struct mmx_gpu *gpu;
	unsigned int ready, resets, vm_faults;
	bool proven; /* of the last reset */
	struct mmx_group *accused_group; /* last */
	struct mmx_vm *accused_vm;
	struct mmx_vm_fault vm_fault;
	struct mmx_vm *fault_vm;
	struct mmx_heap *low; /* has asked for a spare chunk last */
	unsigned int lows;
	struct test_group *evict_on_vm_fault; /* NULL = nobody */
	size_t bytes_before; /* dma_bytes, with no VM and no group */
};

int group_env_setup(void **state);
/* All VMs and groups are gone; fails if something of them is left. */
int group_env_teardown(void **state);

void test_vm_create(struct group_env *env, struct test_vm *vm);
void test_vm_destroy(struct group_env *env, struct test_vm *vm);

/* @queues of 4 KiB rings and all cores. */
void test_group_create(struct group_env *env, struct test_group *group, struct test_vm *vm,
		       unsigned int queues);
/* Terminates it where it is, and destroys it. */
void test_group_end(struct test_group *group);

/* A group with a VM of its own. */
void test_vm_group_create(struct group_env *env, struct test_vm *vm, struct test_group *group,
			  unsigned int queues);
void test_vm_group_end(struct group_env *env, struct test_vm *vm, struct test_group *group);

#define JOB_NS	(200 * MMX_NS_PER_US) /* more than an empty job takes, with all that goes with it */
#define MOVE_NS (5 * MMX_NS_PER_MS) /* more than entering or leaving a slot takes */

enum mmx_slot_state test_slot_state(const struct group_env *env, unsigned int slot);
/* Until it is there, or off again. */
void test_place(struct test_group *group, unsigned int slot);
void test_suspend(struct test_group *group);

/* Lets time pass until the condition holds; fails if that takes longer than @ns. */
#define run_until(env, cond, ns)                                                              \
	do {                                                                                  \
		uint64_t end_ns = (env)->gpu_env->now_ns + (ns);                              \
		while (!(cond)) {                                                             \
			if ((env)->gpu_env->now_ns >= end_ns)                                 \
				fail_msg("%s:%d: not within %llu ns: %s", __FILE__, __LINE__, \
					 (unsigned long long)(ns), #cond);                    \
			group_env_step(env);                                                  \
		}                                                                             \
	} while (0)
void group_env_step(struct group_env *env);

/* Streams. Results are 32-bit words at GROUP_ENV_RESULTS. */
struct test_stream {
	uint64_t va;
	uint32_t size;
};

/* Any instructions. */
struct test_stream stream_put(struct test_vm *vm, const uint64_t *words, size_t count);
/* Result @index = @value. */
struct test_stream stream_store(struct test_vm *vm, unsigned int index, uint32_t value);
/* The same after a fragment job of about @us microseconds on four cores. */
struct test_stream stream_work(struct test_vm *vm, unsigned int us, unsigned int index,
			       uint32_t value);
/* Inherits an error: CS_FAULT; then result @index = @value. */
struct test_stream stream_fault(struct test_vm *vm, unsigned int us, unsigned int index,
				uint32_t value);
/* An instruction that does not exist: CS_FATAL. */
struct test_stream stream_fatal(struct test_vm *vm);
/* Stores where nothing is mapped. */
struct test_stream stream_stray(struct test_vm *vm);
struct test_stream stream_endless(struct test_vm *vm);

uint32_t test_result(const struct test_vm *vm, unsigned int index);
void test_set_result(struct test_vm *vm, unsigned int index, uint32_t value);
int test_push(struct test_group *group, unsigned int queue, struct test_stream stream);

#endif
