// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Features against each other: whatever a guest's group is doing, awake or asleep, and whatever happens to it then, it has
 * the end that docs/protocol.md says, another guest loses nothing by it, and nothing is left. On virtual time.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/gpu/gpu_priv.h"
#include "tests/unit/rig_guest.h"
#include "tools/model/cost.h"

#define IDLE_NS	    (20 * MMX_NS_PER_MS)
#define BINDS	    RIG_NAME(100) /* the VM's timeline */
#define FREE_PAGES  300u
#define CHUNK	    (128u << 10)
#define DESCRIPTOR  (RIG_OBJECTS + 0x1000) /* offsets in a context's memory: of the heap, */
#define TILER	    (RIG_OBJECTS + 0x1080) /* and the tiler context */
#define VERTICES(n) ((n)*CHUNK / MDL_HEAP_VERTEX + 10) /* take n chunks and a bit */

static bool no_memory;

int __real_mmx_dma_alloc(struct mmx_dma_pool *pool, size_t size, struct mmx_dma_buf *ret_buf);
int __wrap_mmx_dma_alloc(struct mmx_dma_pool *pool, size_t size, struct mmx_dma_buf *ret_buf);

int __wrap_mmx_dma_alloc(struct mmx_dma_pool *pool, size_t size, struct mmx_dma_buf *ret_buf)
{
	return no_memory ? -ENOMEM : __real_mmx_dma_alloc(pool, size, ret_buf);
}

/* Guest 0 has one slot and two groups, guest 1 all slots and one. */
struct env {
	struct rig rig;
	struct rig_guest guests[2];
	struct rig_ctx ctxs[2];
	struct rig_stream work; /* of guest 1 */
	uint64_t submitted, done; /* its jobs */
};

static struct env *begin(uint64_t timeout_ms)
{
	struct env *env = calloc(1, sizeof(*env));
	uint32_t i;

	assert_non_null(env);
	rig_idle_power_off_ms = IDLE_NS / MMX_NS_PER_MS;
	rig_init(&env->rig, 2);
	env->rig.partitions[0].slots_max = 1;
	env->rig.partitions[0].job_timeout_ms = (uint32_t)timeout_ms;
	rig_start_guests(&env->rig, env->guests);
	for (i = 0; i < 2; i++) {
		rig_ctx_create_async(&env->guests[i], 0, BINDS, &env->ctxs[i]);
		rig_ctx_group(&env->ctxs[i], 0, 1);
	}
	rig_ctx_group(&env->ctxs[0], 1, 1);
	assert_int_equal(rig_mem_create(&env->guests[0], RIG_NAME(1), FREE_PAGES, 4), 0);
	env->work = rig_work(&env->ctxs[1], 2000, 0, 1);
	/* so that there is state in its streams, to be kept */
	rig_submit(&env->guests[0], RIG_NAME(0), 0, 1, rig_store(&env->ctxs[0], 0, 1), NULL, 0);
	assert_int_equal(rig_wait_job(&env->guests[0], RIG_NAME(0), 1), 0);
	return env;
}

static void end(struct env *env)
{
	rig_finish(&env->rig);
	free(env);
}

static struct mmx_core_group *core_group(const struct env *env, size_t guest, uint32_t index)
{
	struct mmx_list *pos;

	mmx_list_for_each(pos, &env->rig.core->groups) {
		struct mmx_core_group *group = mmx_container_of(pos, struct mmx_core_group, link);

		if (group->partition == &env->rig.core->partitions[guest] &&
		    group->sgroup->name == RIG_NAME(index))
			return group;
	}
	return NULL;
}

static enum mmx_group_place where(const struct env *env, uint32_t index)
{
	return mmx_group_where(core_group(env, 0, index)->sgroup->hw);
}

static bool is_asleep(const struct env *env)
{
	return mmx_gpu_power(env->rig.core->gpu) == MMX_GPU_POWER_OFF;
}

static uint64_t heap_bytes(const struct env *env)
{
	struct mmx_session_stats stats;

	mmx_session_stats(env->guests[0].session, &stats);
	return stats.heap_bytes;
}

/* Guest 1 has always something to do, and loses none of it. */
static void run_beside(struct env *env, uint64_t ns)
{
	uint64_t end_ns = env->rig.now_ns + ns;
	struct rig_guest *b = &env->guests[1];

	while (env->rig.now_ns < end_ns) {
		while (env->submitted < env->done + 3)
			rig_submit(b, RIG_NAME(0), 0, ++env->submitted, env->work, NULL, 0);
		rig_step(&env->rig, env->rig.now_ns + MMX_NS_PER_MS);
		rig_guest_read(b);
		while (rig_job(b, RIG_NAME(0), env->done + 1) == 0)
			env->done++;
		assert_int_equal(rig_job(b, RIG_NAME(0), env->done + 1), -1);
	}
}

/* ---- what guest 0's group 0 does in its job 2 ---- */

enum doing {
	WAITS_IN, /* in its slot, for an object that its CPU will write */
	WAITS_OUT, /* the same out of its slot, which group 1 has */
	WAITS_ASLEEP, /* the same, and the GPU sleeps */
	ENDLESS,
	DRAWS, /* and asks for chunk after chunk */
	BINDS_WAIT, /* an asynchronous bind waits for it, and group 1 for that */
	ENTERS,
	LEAVES,
	DOINGS,
};

static struct rig_stream draw_stream(struct rig_ctx *ctx)
{
	const struct mmx_heap_desc desc = { .vm = ctx->vm,
					    .heap = RIG_NAME(0),
					    .initial_chunk_count = 1,
					    .chunk_size = CHUNK,
					    .max_chunks = 100,
					    .target_in_flight = 100 };
	uint64_t *words = (uint64_t *)(void *)((uint8_t *)ctx->memory + DESCRIPTOR);
	const struct mmx_decoded_reply *reply;
	struct mmx_cs_asm a;

	assert_int_equal(rig_heap_create(ctx->guest, &desc), 0);
	reply = rig_reply(ctx->guest, ctx->guest->tag);
	words[0] = (uint64_t)CHUNK << 32 | 0x29;
	words[1] = reply->heap.first_chunk_va;
	words[2] = words[1] + 64;
	words[3] = words[1] + CHUNK;
	memset((uint8_t *)ctx->memory + TILER, 0, 128);
	*(uint64_t *)(void *)((uint8_t *)ctx->memory + TILER + 24) = RIG_VA + DESCRIPTOR;
	a = rig_asm_begin(ctx);
	mmx_cs_req_resource(&a, MMX_CS_RES_IDVS | MMX_CS_RES_FRAGMENT);
	mmx_cs_move48(&a, 0, reply->heap.context_va);
	mmx_cs_heap_set(&a, 0);
	mmx_cs_heap_operation(&a, MMX_CS_VT_START, MMX_CS_NOW);
	mmx_cs_move48(&a, MMX_CS_R_TILER_CONTEXT, RIG_VA + TILER);
	mmx_cs_move32(&a, MMX_CS_R_INDEX_COUNT, VERTICES(40));
	mmx_cs_move32(&a, MMX_CS_R_INSTANCES, 1);
	mmx_cs_run_idvs(&a, 0);
	mmx_cs_wait(&a, 0xff);
	return rig_asm_end(ctx, &a);
}

static void submit(struct env *env, uint32_t group, uint64_t seqno, struct rig_stream stream)
{
	rig_submit(&env->guests[0], RIG_NAME(group), 0, seqno, stream, NULL, 0);
}

static void bind_behind(struct env *env)
{
	const struct mmx_wait job = { .timeline = RIG_NAME(0), .seqno = 2 };
	const struct mmx_wait bound = { .timeline = BINDS, .seqno = 1 };
	const struct mmx_bind_op op = { .mem = RIG_NAME(1), .va = 0x5000, .size = 0x1000 };
	struct rig_guest *a = &env->guests[0];

	rig_bind_async(a, env->ctxs[0].vm, 1, &op, 1, &job, 1);
	rig_submit(a, RIG_NAME(1), 0, 1, rig_peek(&env->ctxs[0], 0x5000, 2), &bound, 1);
}

static void go_to(struct env *env, enum doing doing)
{
	struct rig_ctx *ctx = &env->ctxs[0];

	switch (doing) {
	case WAITS_IN:
	case WAITS_OUT:
	case WAITS_ASLEEP:
		submit(env, 0, 2, rig_await(ctx, 0, 0));
		break;
	case ENDLESS:
		submit(env, 0, 2, rig_endless(ctx));
		break;
	case DRAWS:
		submit(env, 0, 2, draw_stream(ctx));
		break;
	case BINDS_WAIT:
	case LEAVES:
		submit(env, 0, 2, rig_work(ctx, 30000, 1, 1));
		break;
	case ENTERS: /* behind the other one */
		submit(env, 1, 1, rig_work(ctx, 500, 2, 1));
		assert_int_equal(rig_wait_job(&env->guests[0], RIG_NAME(8), 1), 0);
		submit(env, 0, 2, rig_work(ctx, 500, 1, 1));
		RIG_UNTIL(&env->rig, where(env, 0) == MMX_GROUP_ENTERING);
		return;
	case DOINGS:
		return;
	}
	if (doing == BINDS_WAIT)
		bind_behind(env);
	if (doing == WAITS_ASLEEP) {
		RIG_UNTIL(&env->rig, is_asleep(env));
		return;
	}
	if (doing == DRAWS)
		RIG_UNTIL(&env->rig, heap_bytes(env) > 5 * CHUNK);
	else
		run_beside(env, 3 * MMX_NS_PER_MS);
	if (doing == WAITS_OUT || doing == LEAVES)
		submit(env, 1, 1, rig_work(ctx, 5000, 2, 1));
	if (doing == WAITS_OUT)
		RIG_UNTIL(&env->rig, where(env, 1) == MMX_GROUP_ON);
	if (doing == LEAVES)
		RIG_UNTIL(&env->rig, where(env, 0) == MMX_GROUP_LEAVING);
}

/* ---- what happens then ---- */

enum event {
	TIME,
	WRITE, /* what it waits for */
	ACCUSED, /* of the reset that comes */
	LEAVE, /* for a reset that nobody is accused of */
	RESET, /* of nobody is known whose doing */
	VM_LOST,
	DESTROY,
	HANGUP,
	QUARANTINE,
	STOP,
	EVENTS,
};

static void write_object(const struct env *env)
{
	*(volatile uint32_t *)(void *)((uint8_t *)env->ctxs[0].memory + RIG_OBJECTS) = 1;
}

static void lose_vm(struct env *env, enum doing doing)
{
	const struct mmx_bind_op op = { .mem = RIG_NAME(1), .va = 0x700000000, .size = 0x1000 };
	uint64_t seqno = doing == BINDS_WAIT ? 2 : 1;

	no_memory = true;
	rig_bind_async(&env->guests[0], env->ctxs[0].vm, seqno, &op, 1, NULL, 0);
	assert_int_not_equal(rig_wait_job(&env->guests[0], BINDS, seqno), 0);
	no_memory = false;
}

static void let_happen(struct env *env, enum doing doing, enum event event)
{
	struct mmx_core *core = env->rig.core;
	union mmx_msg_buf msg;
	unsigned int i;

	switch (event) {
	case TIME:
		assert_int_equal(rig_call(&env->guests[0], &msg,
					  mmx_encode_time(&msg, rig_tag(&env->guests[0]))),
				 0);
		assert_int_equal(is_asleep(env), doing == WAITS_ASLEEP);
		break;
	case WRITE:
		write_object(env);
		break;
	case ACCUSED:
		mmx_reset_accuse(core->gpu, "the test wants it", core_group(env, 0, 0)->sgroup->hw,
				 NULL);
		break;
	case LEAVE:
		mmx_reset_accuse(core->gpu, "the test wants it", NULL, NULL);
		break;
	case RESET:
		mmx_gpu_reset(core->gpu, "the test wants it");
		break;
	case VM_LOST:
		lose_vm(env, doing);
		break;
	case DESTROY:
		assert_int_equal(rig_object(&env->guests[0], MMX_MSG_GROUP_DESTROY, RIG_NAME(0)),
				 0);
		break;
	case HANGUP:
		rig_guest_hangup(&env->guests[0]);
		break;
	case QUARANTINE:
		for (i = 0; i <= env->rig.partitions[0].resets_max; i++)
			mmx_core_charge_reset(&core->partitions[0]);
		break;
	case STOP:
		mmx_core_stop(core);
		break;
	case EVENTS:
		break;
	}
}

/* ---- what must come of it ---- */

/* What a reset takes with it: all that is in a slot, or may be. */
static bool is_taken(const struct env *env)
{
	const struct mmx_group *hw = core_group(env, 0, 0)->sgroup->hw;

	return mmx_group_where(hw) != MMX_GROUP_OFF &&
	       env->rig.core->gpu->slots.slot[mmx_group_slot(hw)].state != MMX_SLOT_MAPPING;
}

static void check_cancelled(struct env *env, enum doing doing, enum event event)
{
	int error = rig_wait_job(&env->guests[0], RIG_NAME(0), 2);

	if (error || doing < DRAWS) /* it may have been done before */
		assert_int_equal(error, ECANCELED);
	if (event == VM_LOST)
		assert_int_equal(rig_state_of(&env->guests[0], 0), MMX_GROUP_STATE_FATAL_FAULT);
}

static void check_goes_on(struct env *env, enum doing doing, bool all)
{
	struct rig_guest *a = &env->guests[0];
	uint64_t start_ns = env->rig.now_ns;

	write_object(env);
	assert_int_equal(rig_wait_job(a, RIG_NAME(0), 2), doing == ENDLESS ? ETIMEDOUT : 0);
	if (doing < ENDLESS) /* found by a look, and a reset or sleep may have to end */
		assert_true(env->rig.now_ns - start_ns < 40 * MMX_NS_PER_MS);
	assert_int_equal(rig_state_of(a, 0), doing == ENDLESS ? MMX_GROUP_STATE_TIMEDOUT : 0);
	if (all && (doing == WAITS_OUT || doing >= BINDS_WAIT))
		assert_int_equal(rig_wait_job(a, RIG_NAME(8), 1), 0);
	if (all && doing == BINDS_WAIT)
		assert_int_equal(rig_job(a, BINDS, 1), 0);
}

static void check_lost(struct env *env, bool innocent)
{
	assert_int_equal(rig_wait_job(&env->guests[0], RIG_NAME(0), 2),
			 innocent ? ECANCELED : ETIMEDOUT);
	assert_int_equal(rig_state_of(&env->guests[0], 0),
			 MMX_GROUP_STATE_TIMEDOUT | (innocent ? MMX_GROUP_STATE_INNOCENT : 0));
}

/* Guest 1 goes on, if need be with a new group: after a reset of which nobody knows whose doing it was. */
static void check_other(struct env *env, bool may_lose)
{
	struct rig_guest *b = &env->guests[1];
	uint32_t state = rig_state_of(b, 0);

	if (!may_lose || !state) {
		assert_int_equal(state, 0);
		assert_int_equal(b->fault_count, 0);
		run_beside(env, 5 * MMX_NS_PER_MS);
		return;
	}
	assert_int_equal(state, MMX_GROUP_STATE_TIMEDOUT | MMX_GROUP_STATE_INNOCENT);
	rig_ctx_group(&env->ctxs[1], 1, 1);
	rig_submit(b, RIG_NAME(1), 0, 1, env->work, NULL, 0);
	assert_int_equal(rig_wait_job(b, RIG_NAME(8), 1), 0);
}

static void try_one(enum doing doing, enum event event, unsigned int steps)
{
	struct env *env = begin(300);
	struct mmx_partition *p = &env->rig.core->partitions[0];
	bool guilty = event == ACCUSED && doing != WAITS_ASLEEP, taken;

	go_to(env, doing);
	while (steps--)
		rig_step(&env->rig, env->rig.now_ns + MMX_NS_PER_MS);
	taken = event == RESET && is_taken(env);
	let_happen(env, doing, event);
	if (event == STOP) {
		RIG_UNTIL(&env->rig, env->rig.state == MMX_CORE_ENDED);
		assert_int_equal(mmx_front_session_closed(&env->guests[0].front), ESHUTDOWN);
	} else {
		check_other(env, event == RESET);
	}
	if (event == HANGUP || event == QUARANTINE) {
		rig_guest_wait_gone(&env->guests[0]);
		if (event == QUARANTINE)
			assert_int_equal(mmx_front_session_closed(&env->guests[0].front), EPERM);
	} else if (event == VM_LOST || event == DESTROY) {
		check_cancelled(env, doing, event);
	} else if (taken) {
		check_lost(env, true);
	} else if (guilty) {
		check_lost(env, false);
	} else if (event != STOP) {
		/* a reset may have taken the other group */
		check_goes_on(env, doing, event != RESET);
	}
	assert_int_equal(rig_resets(&env->rig),
			 event == ACCUSED || event == LEAVE || event == RESET);
	if (event != QUARANTINE)
		assert_int_equal(p->resets, guilty);
	end(env);
}

/* And where CPU and GPU are not coherent. */
static void test_table(void **state)
{
	unsigned int doing, event, steps;

	(void)state;
	for (steps = 0; steps < 3; steps++) {
		rig_two_views = steps == 2;
		for (doing = 0; doing < DOINGS; doing++)
			for (event = 0; event < EVENTS; event++)
				try_one((enum doing)doing, (enum event)event, steps);
	}
	rig_two_views = false;
}

/* ---- more ---- */

/* A wait without end times out while the GPU sleeps, which it goes on with. */
static void test_timeout_asleep(void **state)
{
	struct env *env = begin(200);

	(void)state;
	go_to(env, WAITS_ASLEEP);
	assert_int_equal(rig_wait_job(&env->guests[0], RIG_NAME(0), 2), ETIMEDOUT);
	assert_int_equal(rig_state_of(&env->guests[0], 0), MMX_GROUP_STATE_TIMEDOUT);
	assert_true(is_asleep(env));
	check_other(env, false);
	end(env);
}

/* A wait that is over, but for the turn of its group: that is not the job's time. */
static void test_waits_for_turn(void **state)
{
	struct env *env = begin(200);
	struct rig_guest *a = &env->guests[0];
	uint64_t i;

	(void)state;
	go_to(env, WAITS_OUT);
	/* the other group has a higher priority, so has the slot for as long as it likes */
	core_group(env, 0, 0)->sched.priority = 0;
	core_group(env, 0, 1)->sched.priority = 1;
	for (i = 2; i <= 9; i++)
		submit(env, 1, i, rig_work(&env->ctxs[0], 50000, 2, 1));
	write_object(env);
	assert_int_equal(rig_wait_job(a, RIG_NAME(8), 9), 0);
	assert_int_equal(rig_wait_job(a, RIG_NAME(0), 2), 0);
	end(env);
}

/* Suspects have the GPU in turn; one that never ends times out nevertheless, and costs the other nothing. */
static void test_timeout_alone(void **state)
{
	struct env *env = begin(100);
	struct mmx_partition *p = env->rig.core->partitions;
	struct rig_guest *a = &env->guests[0], *b = &env->guests[1];
	uint64_t i;

	(void)state;
	go_to(env, ENDLESS);
	mmx_gpu_reset(env->rig.core->gpu, "the test wants it");
	assert_true(p[0].sched.suspect && p[1].sched.suspect);
	RIG_UNTIL(&env->rig, mmx_gpu_is_ready(env->rig.core->gpu));
	submit(env, 1, 1, rig_endless(&env->ctxs[0]));
	rig_ctx_group(&env->ctxs[1], 1, 1);
	for (i = 1; i <= 50; i++)
		rig_submit(b, RIG_NAME(1), 0, i, rig_work(&env->ctxs[1], 10000, 0, 1), NULL, 0);
	assert_int_equal(rig_wait_job(a, RIG_NAME(8), 1), ETIMEDOUT);
	assert_int_equal(rig_wait_job(b, RIG_NAME(8), 50), 0);
	assert_false(p[0].sched.suspect || p[1].sched.suspect);
	/* and then everybody sleeps */
	RIG_UNTIL(&env->rig, is_asleep(env));
	end(env);
}

/* A heap that wants a spare chunk and may not have one sleeps, and gets it while the GPU does. */
static void test_refill_asleep(void **state)
{
	struct env *env = begin(5000);
	uint64_t *limit = &env->rig.core->partitions[0].limits.backend_bytes;
	uint64_t bytes = *limit, used;
	struct mmx_session_stats stats;
	struct rig_stream draw = draw_stream(&env->ctxs[0]);

	(void)state;
	mmx_session_stats(env->guests[0].session, &stats);
	*limit = stats.backend_bytes + 39 * CHUNK + CHUNK / 2;
	submit(env, 0, 2, draw);
	assert_int_equal(rig_wait_job(&env->guests[0], RIG_NAME(0), 2), 0);
	RIG_UNTIL(&env->rig, is_asleep(env));
	used = heap_bytes(env);
	*limit = bytes;
	rig_run(&env->rig, MMX_HEARTBEAT_MS * MMX_NS_PER_MS);
	assert_int_equal(heap_bytes(env), used + CHUNK);
	assert_true(is_asleep(env));
	submit(env, 0, 3, draw);
	assert_int_equal(rig_wait_job(&env->guests[0], RIG_NAME(0), 3), 0);
	end(env);
}

/* What is accused may be freed before the reset, and another guest's group then have its address. */
static void test_accused_is_gone(void **state)
{
	struct env *env = begin(5000);
	struct mmx_core *core = env->rig.core;
	struct rig_guest *b = &env->guests[1];

	(void)state;
	rig_submit(b, RIG_NAME(0), 0, 1, env->work, NULL, 0);
	assert_int_equal(rig_wait_job(b, RIG_NAME(0), 1), 0);
	mmx_reset_accuse(core->gpu, "the test wants it", core_group(env, 0, 0)->sgroup->hw, NULL);
	core->accused.group = core_group(env, 1, 0);
	RIG_UNTIL(&env->rig, rig_resets(&env->rig) == 1);
	assert_int_equal(core->partitions[0].resets, 1);
	assert_int_equal(rig_state_of(b, 0), 0);
	assert_int_equal(b->fault_count, 0);
	end(env);
}

/* Sixteen groups on eight slots, half of them waiting for the other half, through accused resets and sleep. */
static void test_many_groups(void **state)
{
	struct env *env = begin(5000);
	struct rig_guest *b = &env->guests[1];
	struct rig_ctx *ctx = &env->ctxs[1];
	struct rig_stream signal, await[3];
	uint32_t i, round;

	(void)state;
	for (i = 1; i < 16; i++)
		assert_int_equal(rig_group_create(b, ctx->client, ctx->vm, RIG_NAME(i), 1, i), 0);
	signal = rig_signal(ctx, 0);
	for (round = 0; round < 3; round++)
		await[round] = rig_await(ctx, 0, 8 * (round + 1) - 1);
	for (round = 0; round < 3; round++) {
		for (i = 8; i < 16; i++)
			rig_submit(b, RIG_NAME(i), 0, round + 1, await[round], NULL, 0);
		RIG_UNTIL(&env->rig, is_asleep(env));
		for (i = 0; i < 8; i++) {
			rig_submit(b, RIG_NAME(i), 0, 2 * round + 1, env->work, NULL, 0);
			rig_submit(b, RIG_NAME(i), 0, 2 * round + 2, signal, NULL, 0);
		}
		rig_run(&env->rig, 5 * MMX_NS_PER_MS);
		mmx_reset_accuse(env->rig.core->gpu, "the test wants it", NULL, NULL);
		for (i = 8; i < 16; i++)
			assert_int_equal(rig_wait_job(b, RIG_NAME(i), round + 1), 0);
	}
	assert_int_equal(rig_resets(&env->rig), 3);
	assert_int_equal(b->fault_count, 0);
	end(env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),	       cmocka_unit_test(test_timeout_asleep),
		cmocka_unit_test(test_waits_for_turn), cmocka_unit_test(test_timeout_alone),
		cmocka_unit_test(test_refill_asleep),  cmocka_unit_test(test_accused_is_gone),
		cmocka_unit_test(test_many_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
