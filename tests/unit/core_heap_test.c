// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Tiler heaps from a guest's message to the model's tiler and back: render passes that need more chunks than there were
 * at first, a guest that may have no more, heaps that go while they are used. Another guest draws beside
 * all of that and must not notice.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/device/model_device.h"
#include "backend/session/session_priv.h"
#include "tests/unit/rig_guest.h"
#include "tools/model/cost.h"

#define CHUNK	   (128u << 10)
#define QUOTA	   (3u << 20) /* of guest 0: some 20 chunks, beside a group */
#define DESCRIPTOR (RIG_OBJECTS + 0x1000) /* offsets in a context's memory: of the heap, */
#define TILER	   (RIG_OBJECTS + 0x1080) /* and the tiler context */

#define LARGE (2u << 20) /* a chunk, half of what the pool takes from the device at once */
#define OLD   16u /* large chunks of memory that has been used before */

/* A draw that takes n chunks and a bit. */
#define VERTICES(n) ((n)*CHUNK / MDL_HEAP_VERTEX + 10)

#define EXCEPTION_OOM 0x60u

struct env {
	struct rig rig;
	struct rig_guest guests[2];
	struct rig_ctx ctx, other; /* guest 0's and guest 1's, with a group of two queues each */
	uint64_t jobs[2]; /* submitted to its queue 0 */
};

static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	rig_init(&env->rig, 2);
	env->rig.partitions[0].limits.backend_bytes = QUOTA;
	env->rig.partitions[1].limits.wire.max_heaps = 2 * OLD + 1;
	rig_start(&env->rig);
	for (size_t i = 0; i < 2; i++) {
		struct rig_ctx *ctx = i ? &env->other : &env->ctx;

		rig_guest_connect(&env->rig, i, &env->guests[i]);
		assert_int_equal(rig_hello(&env->guests[i]), 0);
		rig_ctx_create(&env->guests[i], 0, ctx);
		assert_int_equal(
			rig_group_create(&env->guests[i], ctx->client, ctx->vm, RIG_NAME(0), 2, 0),
			0);
	}
	*state = env;
	return 0;
}

static int teardown(void **state)
{
	struct env *env = *state;

	rig_finish(&env->rig);
	free(env);
	return 0;
}

static struct mmx_session_stats holdings(const struct rig_guest *guest)
{
	struct mmx_session_stats stats;

	mmx_session_stats(guest->session, &stats);
	return stats;
}

struct heap {
	uint64_t context, first;
};

/* Heap @index of the context, and descriptors that name it. */
static struct heap make_heap(struct rig_ctx *ctx, uint32_t index, uint32_t initial, uint32_t max)
{
	const struct mmx_heap_desc desc = { .vm = ctx->vm,
					    .heap = RIG_NAME(index),
					    .initial_chunk_count = initial,
					    .chunk_size = CHUNK,
					    .max_chunks = max,
					    .target_in_flight = 100 };
	uint64_t *words = (uint64_t *)(void *)ctx->memory + DESCRIPTOR / 8;
	const struct mmx_decoded_reply *reply;

	assert_int_equal(rig_heap_create(ctx->guest, &desc), 0);
	reply = rig_reply(ctx->guest, ctx->guest->tag);
	words[0] = (uint64_t)CHUNK << 32 | 0x29;
	words[1] = reply->heap.first_chunk_va;
	words[2] = words[1] + 64;
	words[3] = words[1] + CHUNK;
	memset((uint8_t *)ctx->memory + TILER, 0, 128);
	((uint64_t *)(void *)ctx->memory)[TILER / 8 + 3] = RIG_VA + DESCRIPTOR;
	return (struct heap){ reply->heap.context_va, reply->heap.first_chunk_va };
}

/* Result @index = 1 when that much is drawn. */
static struct rig_stream draw_stream(struct rig_ctx *ctx, const struct heap *heap,
				     uint32_t vertices, unsigned int index)
{
	struct mmx_cs_asm a = rig_asm_begin(ctx);

	mmx_cs_req_resource(&a, MMX_CS_RES_IDVS | MMX_CS_RES_FRAGMENT);
	mmx_cs_move48(&a, 0, heap->context);
	mmx_cs_heap_set(&a, 0);
	mmx_cs_heap_operation(&a, MMX_CS_VT_START, MMX_CS_NOW);
	mmx_cs_move48(&a, MMX_CS_R_TILER_CONTEXT, RIG_VA + TILER);
	mmx_cs_move32(&a, MMX_CS_R_INDEX_COUNT, vertices);
	mmx_cs_move32(&a, MMX_CS_R_INSTANCES, 1);
	mmx_cs_run_idvs(&a, 0);
	mmx_cs_wait(&a, 0xff);
	mmx_cs_move48(&a, 0, RIG_VA + RIG_RESULTS + 4 * index);
	mmx_cs_move32(&a, 2, 1);
	mmx_cs_store_multiple(&a, 2, 1, 0, 0);
	return rig_asm_end(ctx, &a);
}

/* Renders what is tiled and gives its chunks back, as Mesa's handlers do. */
static struct rig_stream handler_stream(struct rig_ctx *ctx)
{
	struct mmx_cs_asm a = rig_asm_begin(ctx);

	mmx_cs_move48(&a, 50, RIG_VA + TILER + 40);
	mmx_cs_move48(&a, MMX_CS_R_FRAMEBUFFER, 0);
	mmx_cs_move48(&a, MMX_CS_R_BOX_MIN, 0);
	mmx_cs_run_fragment(&a, 0);
	mmx_cs_wait(&a, 0xff);
	mmx_cs_load_multiple(&a, 52, 0xf, 50, 0);
	mmx_cs_wait(&a, 0xff);
	mmx_cs_finish_fragment(&a, 0, 52, 54, MMX_CS_NOW);
	mmx_cs_move48(&a, 52, 0);
	mmx_cs_move48(&a, 54, 0);
	mmx_cs_store_multiple(&a, 52, 0xf, 50, 0);
	mmx_cs_move48(&a, MMX_CS_R_TILER_CONTEXT, RIG_VA + TILER);
	return rig_asm_end(ctx, &a);
}

static void set_handler(struct env *env, struct rig_ctx *ctx, unsigned int guest)
{
	const struct rig_stream handler = handler_stream(ctx);
	struct mmx_cs_asm a = rig_asm_begin(ctx);

	mmx_cs_move48(&a, 0, handler.va);
	mmx_cs_move32(&a, 2, handler.size);
	mmx_cs_set_oom_handler(&a, 0, 2);
	rig_submit(ctx->guest, RIG_NAME(0), 0, ++env->jobs[guest], rig_asm_end(ctx, &a), NULL, 0);
}

static void submit_draw(struct env *env, unsigned int guest, const struct heap *heap,
			uint32_t vertices)
{
	struct rig_ctx *ctx = guest ? &env->other : &env->ctx;

	rig_submit(ctx->guest, RIG_NAME(0), 0, ++env->jobs[guest],
		   draw_stream(ctx, heap, vertices, 0), NULL, 0);
}

/* Draws and waits. Return: the job's error. */
static int draw(struct env *env, unsigned int guest, const struct heap *heap, uint32_t vertices)
{
	submit_draw(env, guest, heap, vertices);
	return rig_wait_job(&env->guests[guest], RIG_NAME(0), env->jobs[guest]);
}

/* ---- growth ---- */

static void test_grows(void **state)
{
	struct env *env = *state;
	struct heap heap = make_heap(&env->ctx, 0, 1, 8);
	uint64_t before = env->rig.now_ns;

	/* one chunk is ready before anybody asks for it */
	assert_int_equal(holdings(&env->guests[0]).heap_bytes, 4096 + 2 * CHUNK);
	assert_int_equal(holdings(&env->guests[0]).heaps, 1);
	assert_int_equal(draw(env, 0, &heap, VERTICES(5)), 0);
	assert_int_equal(rig_result(&env->ctx, 0), 1);
	assert_int_equal(holdings(&env->guests[0]).heap_bytes, 4096 + 7 * CHUNK);
	/* five answers cost next to nothing: the draw itself takes some 50 us on four cores */
	assert_true(env->rig.now_ns - before < MMX_NS_PER_MS);
	assert_int_equal(draw(env, 0, &heap, VERTICES(1)), 0);
	assert_int_equal(holdings(&env->guests[0]).heap_bytes, 4096 + 8 * CHUNK);
	/* the guest's limit, not the backend's */
	assert_int_equal(draw(env, 0, &heap, VERTICES(3)), EINVAL);
	assert_int_equal(env->guests[0].faults[0].kind, MMX_FAULT_CS_FAULT);
	assert_int_equal(env->guests[0].faults[0].exception & 0xff, EXCEPTION_OOM);
	assert_int_equal(rig_object(&env->guests[0], MMX_MSG_HEAP_DESTROY, RIG_NAME(0)), 0);
	assert_int_equal(holdings(&env->guests[0]).heap_bytes, 0);
	assert_int_equal(holdings(&env->guests[0]).heaps, 0);
}

/* Both grow at once, in slices of one slot. */
static void test_two_guests(void **state)
{
	struct env *env = *state;
	struct heap heaps[2] = { make_heap(&env->ctx, 0, 1, 16),
				 make_heap(&env->other, 0, 1, 100) };

	for (unsigned int i = 0; i < 8; i++) {
		submit_draw(env, 0, &heaps[0], VERTICES(1));
		submit_draw(env, 1, &heaps[1], VERTICES(6));
	}
	assert_int_equal(rig_wait_job(&env->guests[0], RIG_NAME(0), 8), 0);
	assert_int_equal(rig_wait_job(&env->guests[1], RIG_NAME(0), 8), 0);
	for (unsigned int i = 1; i <= 8; i++) {
		assert_int_equal(rig_job(&env->guests[0], RIG_NAME(0), i), 0);
		assert_int_equal(rig_job(&env->guests[1], RIG_NAME(0), i), 0);
	}
	assert_in_range(holdings(&env->guests[0]).heap_bytes, 10 * CHUNK, 12 * CHUNK);
	assert_in_range(holdings(&env->guests[1]).heap_bytes, 50 * CHUNK, 52 * CHUNK);
}

/* ---- in pieces ---- */

static void put_heap(struct rig_guest *guest, uint32_t vm, uint32_t index, uint32_t initial,
		     uint32_t chunk_size)
{
	const struct mmx_heap_desc desc = { .vm = vm,
					    .heap = RIG_NAME(index),
					    .initial_chunk_count = initial,
					    .chunk_size = chunk_size,
					    .max_chunks = initial + 2,
					    .target_in_flight = 1 };
	union mmx_msg_buf msg;

	RIG_CHECK(rig_put(guest, &msg, mmx_encode_heap_create(&msg, rig_tag(guest), &desc)));
}

/* Return: the tag. */
static uint32_t put_object(struct rig_guest *guest, enum mmx_msg_type type, uint32_t object)
{
	union mmx_msg_buf msg;

	RIG_CHECK(rig_put(guest, &msg,
			  mmx_encode_object(&msg, rig_tag(guest), (uint16_t)type, object)));
	return guest->tag;
}

/* To core at once: what it does then it does in mmx_core_round(). */
static void show(struct env *env, struct rig_guest *guest)
{
	rig_kick(guest);
	mmx_core_kick(env->rig.core, guest->session);
}

/* A round, in which no guest has had much more than its share. */
static bool round_of(struct env *env)
{
	bool more = mmx_core_round(env->rig.core);

	for (size_t i = 0; i < 2; i++)
		if (env->guests[i].session)
			assert_true(env->guests[i].session->credit > -4500);
	return more;
}

/* Some time, as the loop has it: without waiting for rounds to have nothing to do. */
static void pass(struct env *env)
{
	env->rig.now_ns += 20 * MMX_NS_PER_US;
	mmx_model_device_run(env->rig.inner);
	for (unsigned int irq = 0; irq < MMX_IRQ_COUNT; irq++)
		mmx_core_irq(env->rig.core, (enum mmx_irq)irq);
}

/* The pool has room for OLD chunks where there have been others: every other one of a row of heaps goes. */
static void leave_old_memory(struct env *env)
{
	for (uint32_t i = 0; i < 2 * OLD; i++)
		assert_int_equal(rig_heap_create(&env->guests[1],
						 &(struct mmx_heap_desc){ .vm = env->other.vm,
									  .heap = RIG_NAME(i),
									  .initial_chunk_count = 1,
									  .chunk_size = LARGE,
									  .max_chunks = 1 }),
				 0);
	for (uint32_t i = 0; i < 2 * OLD; i += 2)
		assert_int_equal(rig_object(&env->guests[1], MMX_MSG_HEAP_DESTROY, RIG_NAME(i)), 0);
}

/* Heaps and their spare chunks are made over several rounds, and all of them without time passing. */
static void test_many_at_once(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[1];
	uint64_t before = 0, now;

	for (uint32_t i = 0; i < 5; i++)
		put_heap(guest, env->other.vm, i, 1, 8 << 20);
	show(env, guest);
	for (; holdings(guest).heaps < 5; before = now) {
		assert_true(round_of(env));
		now = holdings(guest).heap_bytes;
		/* each chunk is a way to the device */
		assert_true(now - before <= 2 * 4096 + (8 << 20));
	}
	rig_settle(&env->rig);
	assert_int_equal(holdings(guest).heap_bytes, 5ull * (4096 + (16 << 20)));
}

/*
 * Memory that has been used before must be zeroed: that takes many rounds, in each of which another guest is heard.
 * What comes behind the heap finds it made.
 */
static void test_made_beside_others(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[1];
	unsigned int rounds = 0;
	uint32_t tag, behind;

	leave_old_memory(env);
	put_heap(guest, env->other.vm, 0, OLD, LARGE);
	tag = guest->tag;
	behind = put_object(guest, MMX_MSG_HEAP_DESTROY, RIG_NAME(0));
	show(env, guest);
	while (!rig_answered(guest, tag)) {
		uint32_t other = put_object(&env->guests[0], MMX_MSG_VM_GET_STATE, env->ctx.vm);

		show(env, &env->guests[0]);
		assert_true(round_of(env));
		rig_guest_read(&env->guests[0]);
		assert_true(rig_answered(&env->guests[0], other));
		assert_int_equal(rig_reply(&env->guests[0], other)->error, 0);
		rig_guest_read(guest);
		assert_false(rig_answered(guest, behind));
		assert_true(++rounds < 1000);
	}
	assert_int_equal(rig_reply(guest, tag)->error, 0);
	/* two pieces of 128 KiB a round, or one */
	assert_in_range(rounds, OLD * LARGE / (256u << 10), OLD * LARGE / (128u << 10) + 10);
	assert_int_equal(rig_answer(guest, behind), 0);
	assert_int_equal(holdings(guest).heap_bytes, OLD * (4096 + LARGE));
}

/* Memory goes back over rounds, too, in which the guest itself is heard. */
static void test_goes_beside_others(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[1];
	unsigned int rounds = 0;
	uint64_t before, now;
	uint32_t tag;

	put_heap(guest, env->other.vm, 0, 32, LARGE);
	rig_kick(guest);
	assert_int_equal(rig_answer(guest, guest->tag), 0);
	rig_settle(&env->rig);
	tag = put_object(guest, MMX_MSG_HEAP_DESTROY, RIG_NAME(0));
	show(env, guest);
	for (before = holdings(guest).heap_bytes; before; before = now) {
		uint32_t own = put_object(guest, MMX_MSG_VM_GET_STATE, env->other.vm);

		show(env, guest);
		assert_false(rig_answered(guest, tag));
		pass(env);
		round_of(env);
		rig_guest_read(guest);
		assert_true(rig_answered(guest, own));
		now = holdings(guest).heap_bytes;
		/* one way to the device, with the 4 MiB that the pool keeps in hand */
		assert_true(before - now <= 4 * LARGE + 4096);
		assert_true(++rounds < 1000);
	}
	assert_true(rounds > 16);
	rig_guest_read(guest);
	assert_true(rig_answered(guest, tag));
	assert_int_equal(rig_reply(guest, tag)->error, 0);
}

/* Guests that go while a heap is made, and while one is given back: rig_finish() looks for what is left. */
static void test_guest_goes_meanwhile(void **state)
{
	static const unsigned int rounds[] = { 1, 2, 40 };
	struct env *env = *state;
	struct heap mine;

	for (size_t i = 0; i < 2 * sizeof(rounds) / sizeof(rounds[0]); i++) {
		struct rig_guest *guest = &env->guests[1];

		leave_old_memory(env);
		put_heap(guest, env->other.vm, 0, OLD, LARGE);
		if (i % 2) {
			rig_kick(guest);
			assert_int_equal(rig_answer(guest, guest->tag), 0);
			put_object(guest, MMX_MSG_HEAP_DESTROY, RIG_NAME(0));
		}
		show(env, guest);
		for (unsigned int n = 0; n < rounds[i / 2]; n++)
			round_of(env);
		if (!(i % 2))
			assert_non_null(guest->session->making);
		rig_guest_hangup(guest);
		rig_guest_wait_gone(guest);
		rig_guest_connect(&env->rig, 1, guest);
		assert_int_equal(rig_hello(guest), 0);
		rig_ctx_create(guest, 0, &env->other);
		assert_int_equal(rig_group_create(guest, env->other.client, env->other.vm,
						  RIG_NAME(0), 2, 0),
				 0);
	}
	mine = make_heap(&env->ctx, 0, 1, 8);
	assert_int_equal(draw(env, 0, &mine, VERTICES(3)), 0);
}

/* Its VM goes while it is made: with the client, whose group has to leave its slot first. */
static void test_vm_goes_meanwhile(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[1];
	uint32_t client, heap;
	unsigned int rounds = 0;

	leave_old_memory(env);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_endless(&env->other), NULL, 0);
	rig_run(&env->rig, MMX_NS_PER_MS);
	client = put_object(guest, MMX_MSG_CLIENT_DESTROY, env->other.client);
	put_heap(guest, env->other.vm, 0, OLD, LARGE);
	heap = guest->tag;
	show(env, guest);
	round_of(env);
	assert_non_null(guest->session->making);
	while (guest->session->making) {
		pass(env);
		round_of(env);
		rounds++;
	}
	/* or it was made */
	assert_true(rounds < OLD * LARGE / (256u << 10));
	assert_int_equal(rig_answer(guest, heap), -ECANCELED);
	assert_int_equal(rig_answer(guest, client), 0);
	assert_int_equal(holdings(guest).heap_bytes, 0);
	assert_int_equal(holdings(guest).backend_bytes, 0);
	assert_int_equal(guest->session->reserved_bytes, 0);
}

/* ---- a guest that has all it may have ---- */

static void test_quota(void **state)
{
	struct env *env = *state;
	struct heap heap = make_heap(&env->ctx, 0, 1, 1000),
		    other = make_heap(&env->other, 0, 1, 1000);
	struct mmx_session_stats stats;

	assert_int_equal(draw(env, 0, &heap, VERTICES(100)), EINVAL);
	assert_int_equal(env->guests[0].faults[0].exception & 0xff, EXCEPTION_OOM);
	stats = holdings(&env->guests[0]);
	assert_in_range(stats.backend_bytes, QUOTA - CHUNK, QUOTA);
	/* no other heap fits beside it; the other guest has its own share */
	assert_int_equal(
		rig_heap_create(&env->guests[0], &(struct mmx_heap_desc){ .vm = env->ctx.vm,
									  .heap = RIG_NAME(1),
									  .initial_chunk_count = 1,
									  .chunk_size = CHUNK,
									  .max_chunks = 1 }),
		-ENOSPC);
	assert_int_equal(draw(env, 1, &other, VERTICES(100)), 0);
	assert_int_equal(env->guests[1].fault_count, 0);
}

/* What a heap that is being made will have is no other's. */
static void test_quota_while_made(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	uint32_t chunks = (uint32_t)((QUOTA - holdings(guest).backend_bytes) / CHUNK) - 1, tag;

	/* the first one is low when the second is begun with */
	put_heap(guest, env->ctx.vm, 0, 1, CHUNK);
	put_heap(guest, env->ctx.vm, 1, chunks, CHUNK);
	tag = guest->tag;
	show(env, guest);
	assert_int_equal(rig_answer(guest, tag), 0);
	rig_settle(&env->rig);
	assert_int_equal(holdings(guest).heap_bytes, 2 * 4096 + (chunks + 1) * CHUNK);
	assert_int_equal(guest->session->reserved_bytes, 0);
}

/* What one heap gives up another one gets, within a heartbeat. */
static void test_room_comes_back(void **state)
{
	struct env *env = *state;
	struct heap heap;

	make_heap(&env->ctx, 0, 4, 4);
	heap = make_heap(&env->ctx, 1, 1, 1000);
	assert_int_equal(draw(env, 0, &heap, VERTICES(100)), EINVAL);
	rig_run(&env->rig, MMX_HEARTBEAT_MS * MMX_NS_PER_MS);
	assert_int_equal(draw(env, 0, &heap, VERTICES(1)), EINVAL);
	assert_int_equal(rig_object(&env->guests[0], MMX_MSG_HEAP_DESTROY, RIG_NAME(0)), 0);
	rig_run(&env->rig, MMX_HEARTBEAT_MS * MMX_NS_PER_MS);
	assert_int_equal(draw(env, 0, &heap, VERTICES(1)), 0);
	assert_int_equal(draw(env, 0, &heap, VERTICES(1)), 0);
	assert_int_equal(draw(env, 0, &heap, VERTICES(4)), EINVAL);
}

/* A guest with a handler renders what it has when there is no more, and gets everything drawn. */
static void test_incremental_rendering(void **state)
{
	struct env *env = *state;
	struct heap heap = make_heap(&env->ctx, 0, 1, 3),
		    other = make_heap(&env->other, 0, 1, 1000);

	set_handler(env, &env->ctx, 0);
	assert_int_equal(draw(env, 0, &heap, VERTICES(50)), 0);
	assert_int_equal(rig_result(&env->ctx, 0), 1);
	assert_int_equal(holdings(&env->guests[0]).heap_bytes, 4096 + 3 * CHUNK);
	/* the same where it is not the heap's limit but the guest's */
	heap = make_heap(&env->ctx, 1, 1, 1000);
	assert_int_equal(draw(env, 0, &heap, VERTICES(100)), 0);
	assert_int_equal(draw(env, 1, &other, VERTICES(50)), 0);
	assert_int_equal(env->guests[0].fault_count + env->guests[1].fault_count, 0);
}

/* ---- guests that do not mean well ---- */

/* The heap of another VM, of another guest, or none: the group is lost, and no chunk is given. */
static void test_foreign_heaps(void **state)
{
	struct env *env = *state;
	struct heap mine = make_heap(&env->ctx, 0, 1, 8), other = make_heap(&env->other, 0, 1, 8);
	uint64_t before = holdings(&env->guests[1]).heap_bytes;
	uint32_t group;

	/* the same address in another VM is nothing to this one */
	mine.context = RIG_VA + RIG_OBJECTS + 0x1800;
	assert_int_equal(draw(env, 0, &mine, VERTICES(1)), EINVAL);
	assert_int_equal(rig_group_state(&env->guests[0], RIG_NAME(0), &group), 0);
	assert_int_equal(group, MMX_GROUP_STATE_FATAL_FAULT);
	assert_int_equal(env->guests[0].faults[0].kind, MMX_FAULT_CS_FATAL);
	assert_int_equal(env->guests[0].faults[0].exception, EXCEPTION_OOM);
	assert_int_equal(holdings(&env->guests[0]).heap_bytes, 4096 + 2 * CHUNK);
	assert_int_equal(holdings(&env->guests[1]).heap_bytes, before);
	assert_int_equal(draw(env, 1, &other, VERTICES(3)), 0);
}

/* A list of free chunks that names itself: the guest's own draws may go on for ever, nobody else's. */
static void test_list_that_bites_its_tail(void **state)
{
	struct env *env = *state;
	struct heap heap = make_heap(&env->ctx, 0, 2, 8), other = make_heap(&env->other, 0, 1, 8);

	rig_submit(&env->guests[0], RIG_NAME(0), 1, 1,
		   rig_poke(&env->ctx, heap.context, (uint32_t)(heap.first | CHUNK >> 12)), NULL,
		   0);
	assert_int_equal(rig_wait_job(&env->guests[0], RIG_NAME(1), 1), 0);
	submit_draw(env, 0, &heap, UINT32_MAX);
	rig_run(&env->rig, MMX_NS_PER_MS);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(draw(env, 1, &other, VERTICES(1)), 0);
}

/* ---- the end ---- */

/* In use: the VM faults, its groups go; the heap's memory is back when that is answered. */
static void test_destroyed_in_use(void **state)
{
	struct env *env = *state;
	struct heap heap = make_heap(&env->ctx, 0, 1, 8), other = make_heap(&env->other, 0, 1, 8);
	uint32_t group;

	for (unsigned int i = 0; i < 4; i++)
		submit_draw(env, 0, &heap, VERTICES(1) / 2);
	rig_run(&env->rig, 20 * MMX_NS_PER_US);
	assert_int_equal(rig_object(&env->guests[0], MMX_MSG_HEAP_DESTROY, RIG_NAME(0)), 0);
	assert_int_equal(holdings(&env->guests[0]).heap_bytes, 0);
	assert_int_not_equal(rig_wait_job(&env->guests[0], RIG_NAME(0), 4), 0);
	assert_int_equal(env->guests[0].faults[0].kind, MMX_FAULT_MMU);
	assert_int_equal(rig_group_state(&env->guests[0], RIG_NAME(0), &group), 0);
	assert_int_equal(group, MMX_GROUP_STATE_FATAL_FAULT);
	assert_int_equal(draw(env, 1, &other, VERTICES(2)), 0);
}

/* Whatever goes, its heaps go with it, draws and all; rig_finish() looks for what is left. */
static void test_owner_goes(void **state)
{
	struct env *env = *state;

	for (unsigned int how = 0; how < 2; how++) {
		struct rig_ctx ctx;
		struct heap heap;

		rig_ctx_create(&env->guests[0], 1 + how, &ctx);
		assert_int_equal(rig_group_create(&env->guests[0], ctx.client, ctx.vm,
						  RIG_NAME(1 + how), 1, 8 + how),
				 0);
		heap = make_heap(&ctx, how, 1, 8);
		make_heap(&ctx, 2 + how, 2, 3);
		rig_submit(&env->guests[0], RIG_NAME(1 + how), 0, 1,
			   draw_stream(&ctx, &heap, VERTICES(100), 0), NULL, 0);
		assert_int_equal(holdings(&env->guests[0]).heaps, 2);
		assert_int_equal(rig_object(&env->guests[0],
					    how ? MMX_MSG_CLIENT_DESTROY : MMX_MSG_VM_DESTROY,
					    how ? ctx.client : ctx.vm),
				 0);
		assert_int_equal(holdings(&env->guests[0]).heaps, 0);
		RIG_UNTIL(&env->rig, holdings(&env->guests[0]).heap_bytes == 0);
		/* the names are free again */
		make_heap(&env->ctx, how, 1, 1);
		assert_int_equal(rig_object(&env->guests[0], MMX_MSG_HEAP_DESTROY, RIG_NAME(how)),
				 0);
	}
	/* and one that is drawn in while its guest dies, and one while the GPU is reset */
	{
		struct heap heap = make_heap(&env->ctx, 0, 1, 1000);
		struct heap other = make_heap(&env->other, 0, 1, 1000);

		submit_draw(env, 0, &heap, VERTICES(10));
		submit_draw(env, 1, &other, VERTICES(30));
		rig_run(&env->rig, 30 * MMX_NS_PER_US);
		rig_guest_hangup(&env->guests[0]);
		rig_guest_wait_gone(&env->guests[0]);
		assert_int_equal(rig_wait_job(&env->guests[1], RIG_NAME(0), 1), 0);
	}
}

static void test_messages(void **state)
{
	struct env *env = *state;
	struct mmx_heap_desc good = { .vm = env->ctx.vm,
				      .heap = RIG_NAME(7),
				      .initial_chunk_count = 1,
				      .chunk_size = CHUNK,
				      .max_chunks = UINT32_MAX,
				      .target_in_flight = 0 };
	struct mmx_heap_desc bad;

	bad = good;
	bad.vm = RIG_NAME(3);
	assert_int_equal(rig_heap_create(&env->guests[0], &bad), -ENOENT);
	bad = good;
	bad.heap = RIG_NAME(8);
	assert_int_equal(rig_heap_create(&env->guests[0], &bad), -EINVAL);
	bad = good;
	bad.initial_chunk_count = 1 << 20; /* more than a message may make */
	assert_int_equal(rig_heap_create(&env->guests[1], &bad), -ENOSPC);
	bad = good;
	bad.initial_chunk_count = QUOTA / CHUNK;
	assert_int_equal(rig_heap_create(&env->guests[0], &bad), -ENOSPC);
	assert_int_equal(rig_heap_create(&env->guests[1], &bad), 0);
	assert_int_equal(rig_heap_create(&env->guests[0], &good), 0);
	assert_int_equal(rig_heap_create(&env->guests[0], &good), -EEXIST);
	assert_int_equal(rig_object(&env->guests[0], MMX_MSG_HEAP_DESTROY, RIG_NAME(6)), -ENOENT);
	assert_int_equal(rig_object(&env->guests[0], MMX_MSG_HEAP_DESTROY, RIG_NAME(7)), 0);
	assert_int_equal(rig_object(&env->guests[0], MMX_MSG_HEAP_DESTROY, RIG_NAME(7)), -ENOENT);
	/* addresses: the chunks that it might have do not fit behind the largest range */
	assert_int_equal(rig_vm_create(&env->guests[0], env->ctx.client, RIG_NAME(5),
				       (1ull << 48) - (256ull << 20)),
			 0);
	bad = good;
	bad.vm = RIG_NAME(5);
	assert_int_equal(rig_heap_create(&env->guests[0], &bad), -ENOSPC);
	bad.max_chunks = 1000;
	assert_int_equal(rig_heap_create(&env->guests[0], &bad), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_grows),
		T(test_two_guests),
		T(test_many_at_once),
		T(test_made_beside_others),
		T(test_goes_beside_others),
		T(test_guest_goes_meanwhile),
		T(test_vm_goes_meanwhile),
		T(test_quota),
		T(test_quota_while_made),
		T(test_room_comes_back),
		T(test_incremental_rendering),
		T(test_foreign_heaps),
		T(test_list_that_bites_its_tail),
		T(test_destroyed_in_use),
		T(test_owner_goes),
		T(test_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
