// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * libmalimux against a backend of the tests' own (fake_session.h): what calls return, and that what is taken comes
 * back. Backends that break off or lie are in malimux_lies_test.c.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frontend/user/guest_priv.h"
#include "tests/unit/fake_session.h"

static void test_hello(void **cm_state)
{
	(void)cm_state;
	session_begin(HONEST, 0, 0);
	assert_int_equal(mmx_guest_gpu(guest)->gpu_id, 0xa8670000);
	assert_memory_equal(mmx_guest_limits(guest), &fake_limits, sizeof(fake_limits));
	assert_int_equal(mmx_guest_poll(guest), 0);
	session_end();
	session_start(REFUSES, MMX_MSG_HELLO, EPROTONOSUPPORT);
	assert_int_equal(session_open(TIMEOUT_MS), -EPROTONOSUPPORT);
	session_end();
	session_start(IGNORES, MMX_MSG_HELLO, 0);
	assert_int_equal(session_open(20), -ETIMEDOUT);
	session_end();
}

/* The view is contiguous and is what the backend sees; the runs are as was asked for. */
static void check_mem(uint32_t pages, unsigned int scatter)
{
	struct mmx_mem *mem;
	uint64_t first, previous = 0;
	unsigned int starts = 0;
	uint32_t i;

	if (scatter > 1 && getenv("MMX_EMULATOR")) {
		print_message("qemu-user can't duplicate a mapping (mremap() of size 0)\n");
		return;
	}
	assert_int_equal(mmx_guest_mem_create(guest, pages * MMX_WIRE_PAGE_SIZE - 5, scatter, &mem),
			 0);
	assert_int_equal(mmx_guest_mem_size(mem), pages * MMX_WIRE_PAGE_SIZE - 5);
	pthread_mutex_lock(&fake->lock);
	assert_int_equal(fake->pages_announced, pages);
	assert_int_equal(fake->pages_added, pages);
	if (scatter > 1) {
		assert_true(fake->longest_run <= scatter);
		assert_false(fake->adjacent);
	} else {
		assert_int_equal(fake->runs, 1);
	}
	assert_int_equal(fake->messages, (fake->runs + MMX_MEM_MAX_RUNS - 1) / MMX_MEM_MAX_RUNS);
	for (i = 0; i < pages; i++) {
		memcpy(&first, (uint8_t *)mmx_guest_mem_ptr(mem) + i * MMX_WIRE_PAGE_SIZE,
		       sizeof(first));
		if (first && first != previous)
			starts++;
		previous = first ? first : previous;
	}
	assert_int_equal(starts, fake->runs);
	pthread_mutex_unlock(&fake->lock);
	assert_int_equal(mmx_guest_mem_destroy(guest, mem), 0);
}

static void test_mem(void **cm_state)
{
	struct mmx_mem *mem;
	unsigned int i;

	(void)cm_state;
	session_begin(HONEST, 0, 0);
	/* more often than there are names and pages: both come back */
	for (i = 0; i < 10; i++) {
		check_mem(1, 0);
		check_mem(DATA_PAGES, 1);
		check_mem(200, 2);
		check_mem(DATA_PAGES / 2, 3); /* runs of more than one message */
		check_mem(40, 7);
	}
	assert_int_equal(mmx_guest_mem_create(guest, 0, 0, &mem), -EINVAL);
	assert_int_equal(
		mmx_guest_mem_create(guest, (DATA_PAGES + 1) * MMX_WIRE_PAGE_SIZE, 0, &mem),
		-ENOMEM);
	assert_int_equal(mmx_guest_mem_create(guest, SIZE_MAX, 0, &mem), -ENOMEM);
	session_end();
}

static void test_replies_in_any_order(void **cm_state)
{
	(void)cm_state;
	if (getenv("MMX_EMULATOR"))
		skip();
	session_begin(REPLIES_IN_REVERSE, 0, 0);
	check_mem(DATA_PAGES / 2, 2);
	assert_int_equal(fake->messages, 2);
	session_end();
}

/* Errors come back as they are; names and pages do, too. */
static void test_refused(void **cm_state)
{
	static const uint16_t types[] = { MMX_MSG_MEM_CREATE, MMX_MSG_MEM_ADD };
	struct mmx_guest_group_params params = { .queue_count = 2 };
	struct mmx_mem *mem;
	uint32_t client, group;
	unsigned int i, type;

	(void)cm_state;
	for (type = 0; type < 2; type++) {
		session_begin(REFUSES, types[type], ENOMEM);
		for (i = 0; i < 20; i++)
			assert_int_equal(mmx_guest_mem_create(guest,
							      DATA_PAGES / 2 * MMX_WIRE_PAGE_SIZE,
							      2, &mem),
					 -ENOMEM);
		session_end();
	}
	session_begin(REFUSES, MMX_MSG_GROUP_CREATE, EACCES);
	assert_int_equal(mmx_guest_client_create(guest, "test", &params.client), 0);
	assert_int_equal(mmx_guest_vm_create(guest, params.client, 0, &params.vm), 0);
	for (i = 0; i < 20; i++)
		assert_int_equal(mmx_guest_group_create(guest, &params, &group), -EACCES);
	params.queue_count = fake_limits.max_queues + 1;
	assert_int_equal(mmx_guest_group_create(guest, &params, &group), -EINVAL);
	/* a client takes what it owns with it */
	for (i = 0; i < 20; i++) {
		assert_int_equal(mmx_guest_client_destroy(guest, params.client), 0);
		assert_int_equal(mmx_guest_vm_destroy(guest, params.vm), -ENOENT);
		assert_int_equal(mmx_guest_client_create(guest, "test", &params.client), 0);
		assert_int_equal(mmx_guest_vm_create(guest, params.client, 0, &params.vm), 0);
	}
	assert_int_equal(mmx_guest_client_create(guest, "test", &client), 0);
	assert_int_equal(mmx_guest_client_create(guest, "test", &client), -ENOSPC);
	session_end();
}

static void test_bind(void **cm_state)
{
	uint32_t client, vm;
	struct mmx_mem *mem;

	(void)cm_state;
	session_begin(HONEST, 0, 0);
	assert_int_equal(mmx_guest_client_create(guest, "test", &client), 0);
	assert_int_equal(mmx_guest_vm_create(guest, client, 0, &vm), 0);
	assert_int_equal(mmx_guest_mem_create(guest, 8192, 0, &mem), 0);
	assert_int_equal(mmx_guest_vm_map(guest, vm, mem, 0, 0x10000, 8192, MMX_BIND_NOEXEC), 0);
	assert_int_equal(mmx_guest_vm_map(guest, vm, mem, 1, 0x10000, 8192, 0), -EINVAL);
	assert_int_equal(mmx_guest_vm_map(guest, vm, mem, 0, 0x10000, 8192, 0x80), -EINVAL);
	assert_int_equal(mmx_guest_vm_unmap(guest, vm, 0x10000, 8192), 0);
	assert_int_equal(mmx_guest_vm_unmap(guest, vm + 1, 0x10000, 8192), -ENOENT);
	assert_int_equal(mmx_guest_vm_destroy(guest, vm), 0);
	assert_int_equal(mmx_guest_vm_unmap(guest, vm, 0x10000, 8192), -ENOENT);
	session_end();
}

/* Heaps die with their VM, and their names come back. */
static void test_heaps(void **cm_state)
{
	struct mmx_guest_heap_params params = {
		.initial_chunks = 1, .chunk_size = 128 << 10, .max_chunks = 4, .target_in_flight = 2
	};
	struct mmx_guest_heap heaps[3];
	unsigned int round;
	uint32_t client;

	(void)cm_state;
	session_begin(HONEST, 0, 0);
	assert_int_equal(mmx_guest_heap_create(guest, &params, &heaps[0]), -ENOENT);
	assert_int_equal(mmx_guest_client_create(guest, "test", &client), 0);
	assert_int_equal(mmx_guest_vm_create(guest, client, 0, &params.vm), 0);
	for (round = 0; round < 3; round++) {
		assert_int_equal(mmx_guest_heap_create(guest, &params, &heaps[0]), 0);
		assert_int_equal(mmx_guest_heap_create(guest, &params, &heaps[1]), 0);
		assert_int_not_equal(heaps[0].name, heaps[1].name);
		/* the fake says what it was asked */
		assert_int_equal(heaps[1].context_va, heaps[1].name);
		assert_int_equal(heaps[1].first_chunk_va, 128 << 10);
		assert_int_equal(mmx_guest_heap_create(guest, &params, &heaps[2]), -ENOSPC);
		assert_int_equal(mmx_guest_heap_destroy(guest, heaps[0].name), 0);
		assert_int_equal(mmx_guest_heap_destroy(guest, heaps[0].name), -ENOENT);
		if (round)
			assert_int_equal(mmx_guest_client_destroy(guest, client), 0);
		else
			assert_int_equal(mmx_guest_vm_destroy(guest, params.vm), 0);
		assert_int_equal(mmx_guest_heap_destroy(guest, heaps[1].name), -ENOENT);
		if (round)
			assert_int_equal(mmx_guest_client_create(guest, "test", &client), 0);
		assert_int_equal(mmx_guest_vm_create(guest, client, 0, &params.vm), 0);
	}
	session_end();
}

/* Jobs of a VM's timeline and of a queue wait for each other; errors are theirs. */
static void test_bind_async(void **cm_state)
{
	struct mmx_guest_group_params params = { .queue_count = 2 };
	struct mmx_bind_op_params ops[2] = {
		{ .op = MMX_BIND_OP_MAP, .va = 0x10000, .size = 8192, .flags = MMX_BIND_NOEXEC },
		{ .op = MMX_BIND_OP_UNMAP, .va = 0x40000, .size = 4096 },
	};
	struct mmx_fence bound, ran, fence;
	struct mmx_submit job = { .stream_addr = 0x1000, .stream_size = 64 };
	struct mmx_mem *mem;
	uint32_t plain, state;
	unsigned int i;

	(void)cm_state;
	session_begin(HONEST, 0, 0);
	assert_int_equal(mmx_guest_client_create(guest, "test", &params.client), 0);
	assert_int_equal(mmx_guest_vm_create(guest, params.client, 0, &plain), 0);
	assert_int_equal(mmx_guest_vm_create_async(guest, params.client, 0, &params.vm), 0);
	assert_int_equal(mmx_guest_group_create(guest, &params, &job.group), 0);
	assert_int_equal(mmx_guest_mem_create(guest, 8192, 0, &mem), 0);
	assert_int_equal(mmx_guest_vm_bind_async(guest, plain, NULL, 0, NULL, 0, &fence), -ENOENT);
	assert_int_equal(mmx_guest_vm_bind_async(guest, params.vm + 1, NULL, 0, NULL, 0, &fence),
			 -ENOENT);
	/* no object, though it is not sparse */
	assert_int_equal(mmx_guest_vm_bind_async(guest, params.vm, ops, 1, NULL, 0, &fence),
			 -EINVAL);
	ops[0].mem = mem;
	assert_int_equal(mmx_guest_vm_bind_async(guest, params.vm, ops, 9, NULL, 0, &fence),
			 -E2BIG);
	/* more than there is credit for at a time */
	for (i = 0; i < 20; i++) {
		assert_int_equal(
			mmx_guest_vm_bind_async(guest, params.vm, ops, 2, &ran, i != 0, &bound), 0);
		assert_int_equal(bound.seqno, i + 1);
		job.waits = &bound;
		job.wait_count = 1;
		assert_int_equal(mmx_guest_submit(guest, &job, &ran), 0);
	}
	assert_int_equal(session_wait(bound), 0);
	assert_int_equal(session_wait(ran), 0);
	pthread_mutex_lock(&fake->lock);
	assert_int_equal(fake->waits, 39);
	assert_int_equal(fake->bind_ops, 40);
	pthread_mutex_unlock(&fake->lock);
	/* sparse, and one that fails */
	ops[0] = (struct mmx_bind_op_params){ .flags = MMX_BIND_SPARSE | MMX_BIND_NOEXEC,
					      .va = FAIL_VA,
					      .size = 4096 };
	assert_int_equal(mmx_guest_vm_bind_async(guest, params.vm, ops, 1, NULL, 0, &fence), 0);
	assert_int_equal(session_wait(fence), -ENOSPC);
	assert_int_equal(mmx_guest_vm_get_state(guest, params.vm, &state), 0);
	assert_int_equal(state, MMX_VM_STATE_UNUSABLE);
	assert_int_equal(mmx_guest_vm_get_state(guest, params.vm + 1, &state), -ENOENT);
	assert_int_equal(mmx_guest_vm_destroy(guest, params.vm), 0);
	assert_int_equal(mmx_guest_fence_wait(guest, &fence, TIMEOUT_MS, &(int){ 0 }), -ENOENT);
	session_end();
	/* refused: so is all that comes behind it */
	session_begin(REFUSES, MMX_MSG_VM_BIND_ASYNC, EAGAIN);
	assert_int_equal(mmx_guest_client_create(guest, "test", &params.client), 0);
	assert_int_equal(mmx_guest_vm_create_async(guest, params.client, 0, &params.vm), 0);
	assert_int_equal(mmx_guest_vm_bind_async(guest, params.vm, NULL, 0, NULL, 0, &fence), 0);
	assert_int_equal(session_wait(fence), -EAGAIN);
	session_end();
}

static void test_jobs(void **cm_state)
{
	struct mmx_fence fences[4], fence;
	struct mmx_submit job;
	unsigned int i, round;
	uint32_t group;
	int error;

	(void)cm_state;
	session_begin(HONEST, 0, 0);
	group = session_group();
	for (round = 0; round < 200; round++) {
		for (i = 0; i < 4; i++)
			fences[i] =
				session_submit(group, round & 1, i == round % 4 ? FAIL_SIZE : 64);
		for (i = 4; i--;)
			assert_int_equal(session_wait(fences[i]), i == round % 4 ? -EINVAL : 0);
		/* and again: the error is kept */
		assert_int_equal(session_wait(fences[round % 4]), -EINVAL);
	}
	/*
	 * kept through later ones that succeed; what a later failure has superseded is not called
	 * a success
	 */
	for (i = 0; i < 4; i++)
		fence = session_submit(group, 1, 64);
	assert_int_equal(session_wait(fence), 0);
	assert_int_equal(session_wait(fences[3]), -EINVAL);
	for (i = 0; i < 4; i++)
		fence = session_submit(group, 1, FAIL_SIZE);
	assert_int_equal(session_wait(fence), -EINVAL);
	assert_int_equal(session_wait(fences[3]), -ESTALE);

	job = (struct mmx_submit){ .group = group, .waits = fences, .wait_count = 4 };
	assert_int_equal(mmx_guest_submit(guest, &job, &fence), 0);
	assert_int_equal(session_wait(fence), 0);
	pthread_mutex_lock(&fake->lock);
	assert_int_equal(fake->waits, 4);
	pthread_mutex_unlock(&fake->lock);
	job.wait_count = 5;
	assert_int_equal(mmx_guest_submit(guest, &job, &fence), -E2BIG);
	job.wait_count = 1;
	fences[0].seqno = 100000;
	assert_int_equal(mmx_guest_submit(guest, &job, &fence), -EINVAL);
	assert_int_equal(mmx_guest_fence_wait(guest, &fences[0], 0, &error), -EINVAL);
	job.queue = 2;
	assert_int_equal(mmx_guest_submit(guest, &job, &fence), -EINVAL);
	assert_int_equal(mmx_guest_group_destroy(guest, group), 0);
	assert_int_equal(mmx_guest_submit(guest, &job, &fence), -ENOENT);
	assert_int_equal(mmx_guest_fence_wait(guest, &fences[1], 0, &error), -ENOENT);
	session_end();
}

/* No more jobs are in flight than there is credit for; one who waits for credit gets it. */
static void test_job_credit(void **cm_state)
{
	struct mmx_submit job = { 0 };
	struct mmx_fence fence, last;
	unsigned int i;
	int error;

	(void)cm_state;
	session_begin(HOLDS_JOBS, 0, 0);
	job.group = session_group();
	for (i = 0; i < fake_limits.max_jobs; i++)
		last = session_submit(job.group, 0, 64);
	assert_int_equal(mmx_guest_fence_wait(guest, &last, 10, &error), -ETIMEDOUT);
	guest->timeout_ms = 10;
	assert_int_equal(mmx_guest_submit(guest, &job, &fence), -ETIMEDOUT);
	guest->timeout_ms = TIMEOUT_MS;
	session_release();
	assert_int_equal(mmx_guest_submit(guest, &job, &fence), 0);
	assert_int_equal(fence.seqno, fake_limits.max_jobs + 1);
	assert_int_equal(session_wait(last), 0);
	session_release();
	assert_int_equal(session_wait(fence), 0);
	session_end();
}

/* An entry tells of all jobs since the one before it. */
static void test_runs_of_failures(void **cm_state)
{
	static const uint32_t sizes[] = { 64, FAIL_SIZE, FAIL_SIZE, 64 };
	struct mmx_fence fences[4];
	unsigned int i, round;
	uint32_t group;

	(void)cm_state;
	session_begin(HOLDS_JOBS, 0, 0);
	group = session_group();
	for (round = 0; round < 10; round++) {
		for (i = 0; i < 4; i++)
			fences[i] = session_submit(group, 0, sizes[(i + round) % 4]);
		session_release();
		for (i = 4; i--;)
			assert_int_equal(session_wait(fences[i]),
					 sizes[(i + round) % 4] == FAIL_SIZE ? -EINVAL : 0);
	}
	session_end();
}

static void test_submit_refused(void **cm_state)
{
	struct mmx_submit job = { 0 };
	struct mmx_fence fence;

	(void)cm_state;
	session_begin(REFUSES, MMX_MSG_SUBMIT, ENOENT);
	job.group = session_group();
	assert_int_equal(mmx_guest_submit(guest, &job, &fence), 0);
	assert_int_equal(session_wait(fence), -ENOENT);
	assert_int_equal(mmx_guest_submit(guest, &job, &fence), -ENOENT);
	session_end();
}

static void test_label_and_time(void **cm_state)
{
	static const struct {
		enum mmx_label_type type;
		uint32_t object;
		const char *label;
		int ret;
	} bad[] = {
		{ MMX_LABEL_GROUP, 3, "no name", -EINVAL },
		{ (enum mmx_label_type)9, 0x10000, "no kind", -EINVAL },
		{ MMX_LABEL_GROUP, 0x10000, "bell\a", -EINVAL },
		{ MMX_LABEL_GROUP, 0x10000,
		  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", -E2BIG },
	};
	struct mmx_guest_time now;
	struct mmx_mem *mem;
	unsigned int i;

	(void)cm_state;
	session_begin(HONEST, 0, 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(mmx_guest_label(guest, bad[i].type, bad[i].object, bad[i].label),
				 bad[i].ret);
	assert_int_equal(guest->requests_busy, 0);
	assert_int_equal(mmx_guest_label(guest, MMX_LABEL_GROUP, session_group(), "a group"), 0);
	assert_int_equal(mmx_guest_mem_create(guest, 4096, 0, &mem), 0);
	assert_int_equal(mmx_guest_mem_label(guest, mem, "memory"), 0);
	assert_int_equal(mmx_guest_mem_destroy(guest, mem), 0);
	assert_int_equal(mmx_guest_time(guest, &now), 0);
	assert_true(now.before_ns && now.before_ns <= now.after_ns);
	session_end();
	session_begin(REFUSES, MMX_MSG_TIME, EINVAL);
	assert_int_equal(mmx_guest_time(guest, &now), -EINVAL);
	session_end();
	session_begin(REFUSES, MMX_MSG_LABEL, ENOSPC);
	assert_int_equal(mmx_guest_label(guest, MMX_LABEL_CLIENT, 0x10000, "client"), -ENOSPC);
	session_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello),
		cmocka_unit_test(test_mem),
		cmocka_unit_test(test_replies_in_any_order),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_heaps),
		cmocka_unit_test(test_bind_async),
		cmocka_unit_test(test_jobs),
		cmocka_unit_test(test_job_credit),
		cmocka_unit_test(test_runs_of_failures),
		cmocka_unit_test(test_submit_refused),
		cmocka_unit_test(test_label_and_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
