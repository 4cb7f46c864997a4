// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Memory fails: a guest does all that guests do, and the n-th allocation of the backend fails, or its n-th mapping for
 * the device; for every n there is. What failed has had no effect: asked for once more it succeeds. The other guest
 * does not notice, and in the end nothing is left (rig_finish()).
 *
 * malloc() and its like are wrapped at link time, and fail only while the backend runs the script; the model allocates
 * nothing after its start.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/session/session_priv.h"
#include "tests/unit/rig_guest.h"

#define MAX_STEPS 2000u

static struct {
	bool armed;
	unsigned int left; /* allocations until one fails; 0 = none does */
	unsigned int failed;
} memory;

/* Return: true: this one fails. */
static bool fails(void)
{
	if (!memory.armed || !memory.left || --memory.left)
		return false;
	memory.failed++;
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *ptr, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *ptr, size_t size);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *ptr, size_t size)
{
	return fails() ? NULL : __real_realloc(ptr, size);
}

/* ---- the script ---- */

struct env {
	struct rig rig;
	struct rig_guest guest, honest;
	struct rig_ctx ctx, other;
	uint64_t seqnos[4]; /* by timeline */
	uint64_t honest_jobs;
};

static bool has_failed(const struct env *env)
{
	return memory.failed || env->rig.maps_failed;
}

/* Asks once more if it failed for want of memory. Return: the error, 0 if all is well. */
#define AGAIN(env, call)                                       \
	do {                                                   \
		int r_ = (call);                               \
		if (r_ == -ENOMEM && has_failed(env))          \
			r_ = (call);                           \
		if (r_)                                        \
			fail_msg("line %d: %d", __LINE__, r_); \
	} while (0)

/* As rig_guest_connect(), of a guest that comes again if it is turned away. */
static int connect(struct env *env)
{
	struct mmx_peer peer = MMX_PEER_INIT;
	struct rig_guest *guest = &env->guest;
	int r;

	memset(guest, 0, sizeof(*guest));
	guest->rig = &env->rig;
	r = mmx_core_offer(env->rig.core, 0, &peer);
	if (r) {
		mmx_core_withdraw(env->rig.core, 0);
		mmx_peer_finish(&peer);
		return r;
	}
	assert_int_equal(mmx_local_peer_dup(&peer, &guest->peer), 0);
	assert_int_equal(mmx_peer_seal(&peer), 0);
	assert_int_equal(
		mmx_front_session_init(&guest->front, guest->peer.region, guest->peer.region_size),
		0);
	r = mmx_core_attach(env->rig.core, 0, &peer, &guest->session);
	if (r) {
		mmx_core_withdraw(env->rig.core, 0);
		mmx_peer_finish(&peer);
		mmx_peer_finish(&guest->peer);
		return r;
	}
	env->rig.guests[0] = guest;
	return 0;
}

/* Return: 0 once it has completed with @error; -ENOMEM: it was refused, and has not taken its seqno. */
static int job(struct env *env, uint32_t group, uint32_t timeline, struct rig_stream stream,
	       int error)
{
	uint64_t seqno = env->seqnos[timeline] + 1;
	uint32_t tag = rig_submit(&env->guest, RIG_NAME(group), 0, seqno, stream, NULL, 0);

	rig_settle(&env->rig);
	rig_guest_read(&env->guest);
	if (rig_answered(&env->guest, tag))
		return rig_reply(&env->guest, tag)->error;
	env->seqnos[timeline]++;
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(timeline), seqno), error);
	return 0;
}

/*
 * A VM with a timeline, and a bind in it. One that fails when it is carried out has made the VM unusable: then it must
 * go, and a new one do.
 */
static int async_bind(struct env *env)
{
	const struct mmx_bind_op ops[] = {
		{ .mem = RIG_NAME(0), .va = 1ull << 36, .size = 8 * MMX_WIRE_PAGE_SIZE },
		{ .op = MMX_BIND_OP_UNMAP,
		  .va = (1ull << 36) + MMX_WIRE_PAGE_SIZE,
		  .size = MMX_WIRE_PAGE_SIZE },
	};
	const struct mmx_wait wait = { .timeline = RIG_NAME(0), .seqno = env->seqnos[0] };
	struct rig_guest *guest = &env->guest;
	uint32_t tag;
	int r;

	r = rig_vm_create_async(guest, RIG_NAME(0), RIG_NAME(1), RIG_NAME(2), 0);
	if (r)
		return r;
	guest->entry_count = 0; /* the timeline's name may have been told of before */
	tag = rig_bind_async(guest, RIG_NAME(1), 1, ops, 2, &wait, 1);
	rig_settle(&env->rig);
	rig_guest_read(guest);
	if (rig_answered(guest, tag))
		r = rig_reply(guest, tag)->error;
	else
		r = -rig_wait_job(guest, RIG_NAME(2), 1);
	AGAIN(env, rig_object(guest, MMX_MSG_VM_DESTROY, RIG_NAME(1)));
	return r;
}

static int create_heap(struct env *env, uint32_t chunks)
{
	const struct mmx_heap_desc heap = {
		.vm = RIG_NAME(0),
		.heap = RIG_NAME(0),
		.initial_chunk_count = chunks,
		.chunk_size = 1u << 20,
		.max_chunks = 16,
		.target_in_flight = 4,
	};

	int r = rig_heap_create(&env->guest, &heap);

	/* what there was of it is back */
	if (r && env->guest.session) {
		RIG_CHECK(env->guest.session->stats.heap_bytes == 0);
		RIG_CHECK(env->guest.session->reserved_bytes == 0);
		RIG_CHECK(env->guest.session->heaps.count == 0);
	}
	return r;
}

static void binds(struct env *env)
{
	struct rig_guest *guest = &env->guest;
	const uint64_t page = MMX_WIRE_PAGE_SIZE;

	/* tables of each level, a block that is split, a range that is cut in its middle */
	AGAIN(env, rig_map(guest, RIG_NAME(0), RIG_NAME(0), 0, 1ull << 40, 8 * page, 0));
	AGAIN(env, rig_map(guest, RIG_NAME(0), RIG_NAME(0), 0, 0x40000000, 8 * page, 0));
	AGAIN(env, rig_unmap(guest, RIG_NAME(0), 0x40002000, page));
	AGAIN(env, rig_map(guest, RIG_NAME(0), RIG_NAME(1), 0, 0x80000000, 2u << 20, 0));
	AGAIN(env, rig_unmap(guest, RIG_NAME(0), 0x80010000, page));
	AGAIN(env, rig_map(guest, RIG_NAME(0), RIG_NAME(0), 0, 0x80020000, 3 * page, 0));
	AGAIN(env, rig_unmap(guest, RIG_NAME(0), 0x80000000, 2u << 20));
}

static void run_script(struct env *env)
{
	struct rig_guest *guest = &env->guest;
	struct rig_ctx *ctx = &env->ctx;
	unsigned int i;

	AGAIN(env, connect(env));
	AGAIN(env, rig_hello(guest));
	*ctx = (struct rig_ctx){ .guest = guest, .client = RIG_NAME(0), .vm = RIG_NAME(0) };
	ctx->memory = (void *)((uint8_t *)guest->peer.region + guest->front.data_offset);
	AGAIN(env, rig_client_create(guest, RIG_NAME(0)));
	AGAIN(env, rig_vm_create(guest, RIG_NAME(0), RIG_NAME(0), 0));
	AGAIN(env, rig_mem_create(guest, RIG_NAME(0), 0, RIG_PAGES));
	AGAIN(env, rig_mem_create(guest, RIG_NAME(1), 256, 512));
	AGAIN(env, rig_map(guest, RIG_NAME(0), RIG_NAME(0), 0, RIG_VA,
			   RIG_PAGES * MMX_WIRE_PAGE_SIZE, 0));
	binds(env);
	AGAIN(env, rig_group_create(guest, RIG_NAME(0), RIG_NAME(0), RIG_NAME(0), 1, 0));
	AGAIN(env, rig_group_create(guest, RIG_NAME(0), RIG_NAME(0), RIG_NAME(1), 1, 1));
	for (i = 0; i < 3; i++) {
		AGAIN(env, job(env, 0, 0, rig_store(ctx, i, 100 + i), 0));
		assert_int_equal(rig_result(ctx, i), 100 + i);
	}
	AGAIN(env, async_bind(env));
	AGAIN(env, create_heap(env, 3));
	AGAIN(env, rig_object(guest, MMX_MSG_HEAP_DESTROY, RIG_NAME(0)));
	AGAIN(env, create_heap(env, 5));
	/* a fault of its own group, whose record is memory too */
	AGAIN(env, job(env, 1, 1, rig_fatal(ctx), EINVAL));
	AGAIN(env, rig_object(guest, MMX_MSG_GROUP_DESTROY, RIG_NAME(1)));
	AGAIN(env, rig_object(guest, MMX_MSG_MEM_DESTROY, RIG_NAME(1)));
	AGAIN(env, job(env, 0, 0, rig_store(ctx, 9, 109), 0));
	assert_int_equal(rig_result(ctx, 9), 109);
}

static void honest_job(struct env *env)
{
	uint64_t seqno = ++env->honest_jobs;

	env->other.stream_end = 0;
	rig_submit(&env->honest, RIG_NAME(0), 0, seqno, rig_store(&env->other, 1, (uint32_t)seqno),
		   NULL, 0);
	assert_int_equal(rig_wait_job(&env->honest, RIG_NAME(0), seqno), 0);
	assert_int_equal(rig_result(&env->other, 1), seqno);
}

/* The whole life of a backend, with one failure in it. Return: true if it came to that. */
static bool one_life(unsigned int allocation, unsigned int map)
{
	struct env *env = calloc(1, sizeof(*env));
	bool failed;

	assert_non_null(env);
	memory.failed = 0;
	rig_init(&env->rig, 2);
	env->rig.partitions[0].limits.wire.mem_bytes = 16u << 20;
	rig_start(&env->rig);
	rig_guest_connect(&env->rig, 1, &env->honest);
	assert_int_equal(rig_hello(&env->honest), 0);
	rig_ctx_create(&env->honest, 0, &env->other);
	assert_int_equal(
		rig_group_create(&env->honest, env->other.client, env->other.vm, RIG_NAME(0), 1, 0),
		0);
	honest_job(env);
	memory.left = allocation;
	memory.armed = true;
	env->rig.map_fails = map;
	run_script(env);
	rig_guest_hangup(&env->guest);
	rig_guest_wait_gone(&env->guest);
	memory.armed = false;
	failed = has_failed(env);
	honest_job(env);
	rig_finish(&env->rig);
	free(env);
	return failed;
}

static void test_allocations(void **state)
{
	unsigned int n;

	(void)state;
	for (n = 1; one_life(n, 0); n++)
		assert_true(n < MAX_STEPS);
	print_message("%u allocations, each of which has failed\n", n - 1);
	assert_true(n > 50);
}

static void test_mappings(void **state)
{
	unsigned int n;

	(void)state;
	for (n = 1; one_life(0, n); n++)
		assert_true(n < MAX_STEPS);
	print_message("%u mappings for the device, each of which has failed\n", n - 1);
	assert_true(n > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allocations),
		cmocka_unit_test(test_mappings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
