// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * libmalimux against a backend of the tests' own (fake_backend.h) that is not always honest: what
 * calls return, that what is taken comes back, that each end of a session is noticed.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "frontend/user/guest_priv.h"
#include "tests/unit/fake_backend.h"
#include "tests/unit/fds.h"

#define TIMEOUT_MS 5000

static struct fake *fake;
static struct mmx_guest *guest;
static unsigned int fds_before;

static void tell(char command)
{
	assert_int_equal(write(fake->stop[1], &command, 1), 1);
}

/* ---- setting up ---- */

static void start(enum misdeed misdeed, uint16_t victim, uint32_t error)
{
	const struct mmx_region_params params = {
		.sub_slots = 64,
		.comp_slots = 64,
		.max_timelines = MAX_TIMELINES,
		.data_size = DATA_PAGES * MMX_WIRE_PAGE_SIZE,
	};
	const struct mmx_region_hdr *hdr;
	int socks[2];

	fds_before = fds_count();
	fake = calloc(1, sizeof(*fake));
	assert_non_null(fake);
	assert_int_equal(pthread_mutex_init(&fake->lock, NULL), 0);
	fake->misdeed = misdeed;
	fake->victim = victim;
	fake->error = error;
	assert_int_equal(mmx_local_peer_init(&fake->peer, &params), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks), 0);
	fake->peer.sock_fd = socks[0];
	fake->guest_sock = socks[1];
	assert_int_equal(pipe(fake->stop), 0);
	hdr = fake->peer.region;
	fake->page = (void *)((uint8_t *)fake->peer.region + hdr->session_offset);
	mmx_ring_producer_init(&fake->comp,
			       (void *)((uint8_t *)fake->peer.region + hdr->comp_offset),
			       hdr->comp_slots);
	mmx_ring_consumer_init(&fake->sub, (void *)((uint8_t *)fake->peer.region + hdr->sub_offset),
			       hdr->sub_slots);
	assert_int_equal(pthread_create(&fake->thread, NULL, fake_backend_thread, fake), 0);
}

static int open_guest(int timeout_ms)
{
	struct mmx_local_peer peer;

	assert_int_equal(mmx_local_peer_dup(&fake->peer, &peer), 0);
	peer.sock_fd = fake->guest_sock;
	return mmx_guest_open_peer(&peer, "malimux_test", timeout_ms, &guest);
}

static void begin(enum misdeed misdeed, uint16_t victim, uint32_t error)
{
	start(misdeed, victim, error);
	assert_int_equal(open_guest(TIMEOUT_MS), 0);
}

static void end(void)
{
	mmx_guest_close(guest);
	guest = NULL;
	tell('q');
	pthread_join(fake->thread, NULL);
	close(fake->stop[0]);
	close(fake->stop[1]);
	mmx_local_peer_finish(&fake->peer);
	free(fake);
	fake = NULL;
	assert_int_equal(fds_count(), fds_before);
}

/* One client, one VM, one group with two queues: timelines of index 0 and 1. */
static uint32_t make_group(void)
{
	struct mmx_guest_group_params params = { .queue_count = 2 };
	uint32_t group;

	assert_int_equal(mmx_guest_client_create(guest, "test", &params.client), 0);
	assert_int_equal(mmx_guest_vm_create(guest, params.client, 0, &params.vm), 0);
	assert_int_equal(mmx_guest_group_create(guest, &params, &group), 0);
	return group;
}

static struct mmx_fence submit(uint32_t group, unsigned int queue, uint32_t size)
{
	struct mmx_fence fence = { 0 };
	struct mmx_submit job = {
		.group = group,
		.queue = queue,
		.stream_addr = 0x1000,
		.stream_size = size,
	};

	assert_int_equal(mmx_guest_submit(guest, &job, &fence), 0);
	return fence;
}

static int wait_error(struct mmx_fence fence)
{
	int error = 1;

	assert_int_equal(mmx_guest_fence_wait(guest, &fence, TIMEOUT_MS, &error), 0);
	return error;
}

/* Those submitted so far: an answer to a later request shows that the backend has them. */
static void release_held_jobs(void)
{
	assert_int_equal(mmx_guest_vm_unmap(guest, 0x10000, 0, 0), 0);
	tell('r');
}

/* ---- tests ---- */

static void test_hello(void **cm_state)
{
	(void)cm_state;
	begin(HONEST, 0, 0);
	assert_int_equal(mmx_guest_gpu(guest)->gpu_id, 0xa8670000);
	assert_memory_equal(mmx_guest_limits(guest), &fake_limits, sizeof(fake_limits));
	assert_int_equal(mmx_guest_poll(guest), 0);
	end();
	start(REFUSES, MMX_MSG_HELLO, EPROTONOSUPPORT);
	assert_int_equal(open_guest(TIMEOUT_MS), -EPROTONOSUPPORT);
	end();
	start(IGNORES, MMX_MSG_HELLO, 0);
	assert_int_equal(open_guest(20), -ETIMEDOUT);
	end();
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
	begin(HONEST, 0, 0);
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
	end();
}

static void test_replies_in_any_order(void **cm_state)
{
	(void)cm_state;
	if (getenv("MMX_EMULATOR"))
		skip();
	begin(REPLIES_IN_REVERSE, 0, 0);
	check_mem(DATA_PAGES / 2, 2);
	assert_int_equal(fake->messages, 2);
	end();
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
		begin(REFUSES, types[type], ENOMEM);
		for (i = 0; i < 20; i++)
			assert_int_equal(mmx_guest_mem_create(guest,
							      DATA_PAGES / 2 * MMX_WIRE_PAGE_SIZE,
							      2, &mem),
					 -ENOMEM);
		end();
	}
	begin(REFUSES, MMX_MSG_GROUP_CREATE, EACCES);
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
	end();
}

static void test_bind(void **cm_state)
{
	uint32_t client, vm;
	struct mmx_mem *mem;

	(void)cm_state;
	begin(HONEST, 0, 0);
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
	end();
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
	begin(HONEST, 0, 0);
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
	end();
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
	begin(HONEST, 0, 0);
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
	assert_int_equal(wait_error(bound), 0);
	assert_int_equal(wait_error(ran), 0);
	pthread_mutex_lock(&fake->lock);
	assert_int_equal(fake->waits, 39);
	assert_int_equal(fake->bind_ops, 40);
	pthread_mutex_unlock(&fake->lock);
	/* sparse, and one that fails */
	ops[0] = (struct mmx_bind_op_params){ .flags = MMX_BIND_SPARSE | MMX_BIND_NOEXEC,
					      .va = FAIL_VA,
					      .size = 4096 };
	assert_int_equal(mmx_guest_vm_bind_async(guest, params.vm, ops, 1, NULL, 0, &fence), 0);
	assert_int_equal(wait_error(fence), -ENOSPC);
	assert_int_equal(mmx_guest_vm_get_state(guest, params.vm, &state), 0);
	assert_int_equal(state, MMX_VM_STATE_UNUSABLE);
	assert_int_equal(mmx_guest_vm_get_state(guest, params.vm + 1, &state), -ENOENT);
	assert_int_equal(mmx_guest_vm_destroy(guest, params.vm), 0);
	assert_int_equal(mmx_guest_fence_wait(guest, &fence, TIMEOUT_MS, &(int){ 0 }), -ENOENT);
	end();
	/* refused: so is all that comes behind it */
	begin(REFUSES, MMX_MSG_VM_BIND_ASYNC, EAGAIN);
	assert_int_equal(mmx_guest_client_create(guest, "test", &params.client), 0);
	assert_int_equal(mmx_guest_vm_create_async(guest, params.client, 0, &params.vm), 0);
	assert_int_equal(mmx_guest_vm_bind_async(guest, params.vm, NULL, 0, NULL, 0, &fence), 0);
	assert_int_equal(wait_error(fence), -EAGAIN);
	end();
}

static void test_jobs(void **cm_state)
{
	struct mmx_fence fences[4], fence;
	struct mmx_submit job;
	unsigned int i, round;
	uint32_t group;
	int error;

	(void)cm_state;
	begin(HONEST, 0, 0);
	group = make_group();
	for (round = 0; round < 200; round++) {
		for (i = 0; i < 4; i++)
			fences[i] = submit(group, round & 1, i == round % 4 ? FAIL_SIZE : 64);
		for (i = 4; i--;)
			assert_int_equal(wait_error(fences[i]), i == round % 4 ? -EINVAL : 0);
		/* and again: the error is kept */
		assert_int_equal(wait_error(fences[round % 4]), -EINVAL);
	}
	/*
	 * kept through later ones that succeed; what a later failure has superseded is not called
	 * a success
	 */
	for (i = 0; i < 4; i++)
		fence = submit(group, 1, 64);
	assert_int_equal(wait_error(fence), 0);
	assert_int_equal(wait_error(fences[3]), -EINVAL);
	for (i = 0; i < 4; i++)
		fence = submit(group, 1, FAIL_SIZE);
	assert_int_equal(wait_error(fence), -EINVAL);
	assert_int_equal(wait_error(fences[3]), -ESTALE);

	job = (struct mmx_submit){ .group = group, .waits = fences, .wait_count = 4 };
	assert_int_equal(mmx_guest_submit(guest, &job, &fence), 0);
	assert_int_equal(wait_error(fence), 0);
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
	end();
}

/* No more jobs are in flight than there is credit for; one who waits for credit gets it. */
static void test_job_credit(void **cm_state)
{
	struct mmx_submit job = { 0 };
	struct mmx_fence fence, last;
	unsigned int i;
	int error;

	(void)cm_state;
	begin(HOLDS_JOBS, 0, 0);
	job.group = make_group();
	for (i = 0; i < fake_limits.max_jobs; i++)
		last = submit(job.group, 0, 64);
	assert_int_equal(mmx_guest_fence_wait(guest, &last, 10, &error), -ETIMEDOUT);
	guest->timeout_ms = 10;
	assert_int_equal(mmx_guest_submit(guest, &job, &fence), -ETIMEDOUT);
	guest->timeout_ms = TIMEOUT_MS;
	release_held_jobs();
	assert_int_equal(mmx_guest_submit(guest, &job, &fence), 0);
	assert_int_equal(fence.seqno, fake_limits.max_jobs + 1);
	assert_int_equal(wait_error(last), 0);
	release_held_jobs();
	assert_int_equal(wait_error(fence), 0);
	end();
}

/* An entry tells of all jobs since the one before it. */
static void test_runs_of_failures(void **cm_state)
{
	static const uint32_t sizes[] = { 64, FAIL_SIZE, FAIL_SIZE, 64 };
	struct mmx_fence fences[4];
	unsigned int i, round;
	uint32_t group;

	(void)cm_state;
	begin(HOLDS_JOBS, 0, 0);
	group = make_group();
	for (round = 0; round < 10; round++) {
		for (i = 0; i < 4; i++)
			fences[i] = submit(group, 0, sizes[(i + round) % 4]);
		release_held_jobs();
		for (i = 4; i--;)
			assert_int_equal(wait_error(fences[i]),
					 sizes[(i + round) % 4] == FAIL_SIZE ? -EINVAL : 0);
	}
	end();
}

static void test_submit_refused(void **cm_state)
{
	struct mmx_submit job = { 0 };
	struct mmx_fence fence;

	(void)cm_state;
	begin(REFUSES, MMX_MSG_SUBMIT, ENOENT);
	job.group = make_group();
	assert_int_equal(mmx_guest_submit(guest, &job, &fence), 0);
	assert_int_equal(wait_error(fence), -ENOENT);
	assert_int_equal(mmx_guest_submit(guest, &job, &fence), -ENOENT);
	end();
}

/*
 * What was given up is not forgotten: pages of an object whose end is not heard of are not used
 * again.
 */
static void test_silence(void **cm_state)
{
	struct mmx_mem *mem, *other;

	(void)cm_state;
	begin(IGNORES, MMX_MSG_MEM_DESTROY, 0);
	assert_int_equal(mmx_guest_mem_create(guest, DATA_PAGES / 2 * MMX_WIRE_PAGE_SIZE, 0, &mem),
			 0);
	guest->timeout_ms = 10;
	assert_int_equal(mmx_guest_mem_destroy(guest, mem), -ETIMEDOUT);
	guest->timeout_ms = TIMEOUT_MS;
	assert_int_equal(mmx_guest_mem_create(guest, DATA_PAGES * MMX_WIRE_PAGE_SIZE, 0, &other),
			 -ENOMEM);
	assert_int_equal(
		mmx_guest_mem_create(guest, DATA_PAGES / 2 * MMX_WIRE_PAGE_SIZE, 0, &other), 0);
	end();

	/* all credits are taken by requests that are never answered */
	begin(IGNORES, MMX_MSG_MEM_CREATE, 0);
	guest->timeout_ms = 10;
	assert_int_equal(mmx_guest_mem_create(guest, 4096, 0, &mem), -ETIMEDOUT);
	assert_int_equal(mmx_guest_mem_create(guest, 4096, 0, &mem), -ETIMEDOUT);
	assert_int_equal(mmx_guest_mem_create(guest, 4096, 0, &mem), -ETIMEDOUT);
	assert_int_equal(guest->requests_busy, 3);
	assert_int_equal(mmx_guest_poll(guest), 0);
	end();
}

static void test_end(void **cm_state)
{
	static const enum misdeed ends[] = { CLOSES, HANGS_UP, GPU_LOST };
	uint32_t group, state, queues;
	struct mmx_fence fence;
	unsigned int i;
	int error;

	(void)cm_state;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		begin(ends[i], 0, 0);
		group = make_group();
		assert_int_equal(mmx_guest_group_get_state(guest, group, &state, &queues), -ENODEV);
		assert_int_equal(mmx_guest_group_get_state(guest, group, &state, &queues), -ENODEV);
		assert_int_equal(mmx_guest_poll(guest), -ENODEV);
		end();
	}
	begin(NO_HEARTBEAT, 0, 0);
	fence = submit(make_group(), 0, 64);
	guest->heartbeat_limit_ms = 30;
	assert_int_equal(mmx_guest_fence_wait(guest, &fence, TIMEOUT_MS, &error), -ENODEV);
	assert_int_equal(mmx_guest_poll(guest), -ENODEV);
	end();
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
	begin(HONEST, 0, 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(mmx_guest_label(guest, bad[i].type, bad[i].object, bad[i].label),
				 bad[i].ret);
	assert_int_equal(guest->requests_busy, 0);
	assert_int_equal(mmx_guest_label(guest, MMX_LABEL_GROUP, make_group(), "a group"), 0);
	assert_int_equal(mmx_guest_mem_create(guest, 4096, 0, &mem), 0);
	assert_int_equal(mmx_guest_mem_label(guest, mem, "memory"), 0);
	assert_int_equal(mmx_guest_mem_destroy(guest, mem), 0);
	assert_int_equal(mmx_guest_time(guest, &now), 0);
	assert_true(now.before_ns && now.before_ns <= now.after_ns);
	end();
	begin(REFUSES, MMX_MSG_TIME, EINVAL);
	assert_int_equal(mmx_guest_time(guest, &now), -EINVAL);
	end();
	begin(REFUSES, MMX_MSG_LABEL, ENOSPC);
	assert_int_equal(mmx_guest_label(guest, MMX_LABEL_CLIENT, 0x10000, "client"), -ENOSPC);
	end();
}

static void test_unknown_event(void **cm_state)
{
	uint32_t state, queues;

	(void)cm_state;
	begin(UNKNOWN_EVENT, 0, 0);
	assert_int_equal(mmx_guest_group_get_state(guest, make_group(), &state, &queues), 0);
	end();
}

static void test_lies(void **cm_state)
{
	uint32_t group, state, queues;
	struct mmx_fence fence;
	unsigned int i, lie_nr;
	int ret = 0;

	(void)cm_state;
	for (lie_nr = LIE_PROD_JUMPS; lie_nr < LIES_END; lie_nr++) {
		/* told at another time */
		if (lie_nr == LIE_CONS_JUMPS)
			continue;
		begin((enum misdeed)lie_nr, 0, 0);
		group = make_group();
		for (i = 0; i < 3; i++)
			fence = submit(group, 0, 64);
		assert_int_equal(wait_error(fence), 0);
		ret = mmx_guest_group_get_state(guest, group, &state, &queues);
		if (lie_nr == LIE_REPLY_TWICE)
			ret = mmx_guest_group_get_state(guest, group, &state, &queues);
		if (ret != -EPROTO)
			fail_msg("lie %u: %d", lie_nr, ret);
		assert_int_equal(mmx_guest_poll(guest), -EPROTO);
		assert_int_equal(mmx_guest_vm_unmap(guest, 0x10000, 0, 0), -EPROTO);
		end();
	}
}

static void test_lie_about_page(void **cm_state)
{
	struct mmx_fence fence;
	uint32_t group;
	int error;

	(void)cm_state;
	begin(HOLDS_JOBS, 0, 0);
	group = make_group();
	fence = submit(group, 0, 64);
	pthread_mutex_lock(&fake->lock);
	__atomic_store_n(&fake->page->timelines[0].completed, 2, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&fake->lock);
	assert_int_equal(mmx_guest_fence_wait(guest, &fence, TIMEOUT_MS, &error), -EPROTO);
	end();
}

static void test_lie_about_cons(void **cm_state)
{
	uint32_t client;
	unsigned int i;
	int ret = 0;

	(void)cm_state;
	start(LIE_CONS_JUMPS, 0, 0);
	/* it is found when room is looked for: when the ring has gone round */
	ret = open_guest(TIMEOUT_MS);
	for (i = 0; i < 100 && !ret; i++) {
		ret = mmx_guest_client_create(guest, "test", &client);
		if (!ret)
			ret = mmx_guest_client_destroy(guest, client);
	}
	assert_int_equal(ret, -EPROTO);
	end();
}

static void test_faults_are_bounded(void **cm_state)
{
	struct mmx_fault_record fault;
	struct mmx_event_fault event = {
		.hdr = { .type = MMX_EVENT_FAULT, .size = sizeof(event) },
		.kind = MMX_FAULT_MMU,
		.group = 0x10000,
		.vm = 0x10000,
		.access = 3,
	};
	unsigned int i, count = 0;

	(void)cm_state;
	begin(HONEST, 0, 0);
	tell('q'); /* from here on, this thread is the backend */
	pthread_join(fake->thread, NULL);
	for (i = 0; i < 200; i++) {
		event.address = i;
		fake_backend_post(fake, &event, sizeof(event));
		assert_int_equal(mmx_guest_poll(guest), 0);
	}
	while (mmx_guest_next_fault(guest, &fault)) {
		assert_int_equal(fault.address, count);
		assert_int_equal(fault.kind, MMX_FAULT_MMU);
		count++;
	}
	assert_int_equal(count, MMX_GUEST_MAX_FAULTS);
	assert_int_equal(pthread_create(&fake->thread, NULL, fake_backend_thread, fake), 0);
	end();
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
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_label_and_time),
		cmocka_unit_test(test_unknown_event),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_lie_about_page),
		cmocka_unit_test(test_lie_about_cons),
		cmocka_unit_test(test_faults_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
