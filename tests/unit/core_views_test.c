// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The whole backend on a system whose CPU and GPU caches are not coherent (two_views.h): a run that touches all kinds
 * of memory that the two share must come out right, whatever caches do by themselves; and without any one of the
 * maintenance calls in it, it must not: a call that nothing needs is slow, one that is missing is rare and cruel.
 *
 * A kind of memory that is new takes part in run().
 */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/group_priv.h"
#include "firmware/image.h"
#include "tests/unit/rig_guest.h"
#include "tools/model/cost.h"

#define CHUNK	   (128u << 10)
#define CHUNK_OLD  (2u << 20) /* of heaps whose chunks others have had */
#define DESCRIPTOR (RIG_OBJECTS + 0x1000) /* offsets in a context's memory: of a heap, */
#define TILER	   (RIG_OBJECTS + 0x1080) /* and the tiler context */
#define GROUPS	   12u /* more than slots */
#define ROUNDS	   5u
#define BLOCK_VA   0x80000000ull
#define BLOCK_SIZE (4ull << 20) /* two entries of level 2 */
#define FAR_VA	   0x10000000000ull /* behind an entry of level 0 of its own */
#define FARTHER_VA (16 * FAR_VA) /* and that one not in the same line */
#define BLOCK_MEM  RIG_NAME(8)
#define BLOCK_PAGE 1024u /* of the data area */

static void create_group(struct rig_ctx *ctx, uint32_t group)
{
	RIG_CHECK(!rig_group_create(ctx->guest, ctx->client, ctx->vm, RIG_NAME(group), 1, group));
}

/* Jobs that take turns in the slots and are suspended in their midst; more of them than a ring holds. */
static void work(struct rig_guest *guest)
{
	struct rig_ctx ctxs[2];
	uint32_t i, round;

	rig_ctx_create(guest, 0, &ctxs[0]);
	rig_ctx_create(guest, 1, &ctxs[1]);
	for (i = 0; i < GROUPS; i++)
		create_group(&ctxs[i % 2], i);
	for (round = 1; round <= ROUNDS; round++)
		for (i = 0; i < GROUPS; i++)
			rig_submit(guest, RIG_NAME(i), 0, round,
				   rig_work(&ctxs[i % 2], 1500, i, 100 * round + i), NULL, 0);
	for (round = 1; round <= ROUNDS; round++)
		for (i = 0; i < GROUPS; i++)
			RIG_CHECK(!rig_wait_job(guest, RIG_NAME(i), round));
	for (i = 0; i < GROUPS; i++)
		RIG_CHECK(rig_result(&ctxs[i % 2], i) == 100 * ROUNDS + i);
	for (round = ROUNDS + 1; round <= 60; round++) {
		rig_submit(guest, RIG_NAME(0), 0, round, rig_copy(&ctxs[0], 50, 50), NULL, 0);
		RIG_CHECK(!rig_wait_job(guest, RIG_NAME(0), round));
		RIG_CHECK(rig_result(&ctxs[0], 50) == round - ROUNDS);
	}
}

/* Binds under a group that is in its slot: a block, a hole in it, other pages in the hole. */
static void bind(struct rig_guest *guest)
{
	const uint32_t *block = (const uint32_t *)(const void *)((uint8_t *)guest->peer.region +
								 guest->front.data_offset +
								 BLOCK_PAGE * MMX_WIRE_PAGE_SIZE);
	struct rig_ctx ctx;
	uint64_t seqno = 0;

	rig_ctx_create(guest, 0, &ctx);
	create_group(&ctx, 0);
	RIG_CHECK(!rig_mem_create(guest, BLOCK_MEM, BLOCK_PAGE, BLOCK_SIZE / MMX_WIRE_PAGE_SIZE));
	RIG_CHECK(!rig_map(guest, ctx.vm, BLOCK_MEM, 0, BLOCK_VA, BLOCK_SIZE, 0));
	rig_submit(guest, RIG_NAME(0), 0, ++seqno, rig_poke(&ctx, BLOCK_VA + 0x5000, 5), NULL, 0);
	RIG_CHECK(!rig_wait_job(guest, RIG_NAME(0), seqno));
	RIG_CHECK(block[0x5000 / 4] == 5);
	RIG_CHECK(!rig_unmap(guest, ctx.vm, BLOCK_VA + 0x5000, 0x1000));
	RIG_CHECK(!rig_map(guest, ctx.vm, BLOCK_MEM, 0x9000, BLOCK_VA + 0x5000, 0x1000, 0));
	rig_submit(guest, RIG_NAME(0), 0, ++seqno, rig_poke(&ctx, BLOCK_VA + 0x5000, 6), NULL, 0);
	rig_submit(guest, RIG_NAME(0), 0, ++seqno, rig_poke(&ctx, BLOCK_VA + 0x100000, 7), NULL, 0);
	RIG_CHECK(!rig_wait_job(guest, RIG_NAME(0), seqno));
	RIG_CHECK(block[0x5000 / 4] == 5);
	RIG_CHECK(block[0x9000 / 4] == 6);
	RIG_CHECK(block[0x100000 / 4] == 7);
	RIG_CHECK(!rig_unmap(guest, ctx.vm, BLOCK_VA, BLOCK_SIZE));
	/* tables that are given back, and used for the like of it elsewhere */
	RIG_CHECK(!rig_map(guest, ctx.vm, BLOCK_MEM, 0, FAR_VA, 0x1000, 0));
	rig_submit(guest, RIG_NAME(0), 0, ++seqno, rig_poke(&ctx, FAR_VA, 8), NULL, 0);
	RIG_CHECK(!rig_wait_job(guest, RIG_NAME(0), seqno));
	RIG_CHECK(block[0] == 8);
	RIG_CHECK(!rig_unmap(guest, ctx.vm, FAR_VA, 0x1000));
	RIG_CHECK(!rig_map(guest, ctx.vm, BLOCK_MEM, 0, FARTHER_VA, 0x1000, 0));
	rig_submit(guest, RIG_NAME(0), 0, ++seqno, rig_poke(&ctx, FARTHER_VA, 9), NULL, 0);
	RIG_CHECK(!rig_wait_job(guest, RIG_NAME(0), seqno));
	RIG_CHECK(block[0] == 9);
	rig_submit(guest, RIG_NAME(0), 0, ++seqno, rig_poke(&ctx, FAR_VA, 10), NULL, 0);
	RIG_CHECK(rig_wait_job(guest, RIG_NAME(0), seqno) == EINVAL);
	RIG_CHECK(block[0] == 9);
}

static void faults(struct rig_guest *guest)
{
	struct rig_ctx ctx;

	rig_ctx_create(guest, 2, &ctx);
	create_group(&ctx, 40);
	rig_submit(guest, RIG_NAME(40), 0, 1, rig_store(&ctx, 0, 1), NULL, 0);
	rig_submit(guest, RIG_NAME(40), 0, 2, rig_fault(&ctx), NULL, 0);
	rig_submit(guest, RIG_NAME(40), 0, 3, rig_store(&ctx, 1, 2), NULL, 0);
	rig_submit(guest, RIG_NAME(40), 0, 4, rig_fatal(&ctx), NULL, 0);
	RIG_CHECK(rig_wait_job(guest, RIG_NAME(40), 4) == EINVAL);
	RIG_CHECK(rig_job(guest, RIG_NAME(40), 1) == 0);
	RIG_CHECK(rig_job(guest, RIG_NAME(40), 2) == EINVAL);
	RIG_CHECK(rig_job(guest, RIG_NAME(40), 3) == 0);
	RIG_CHECK(rig_result(&ctx, 0) == 1 && rig_result(&ctx, 1) == 2);
	RIG_CHECK(!rig_object(guest, MMX_MSG_CLIENT_DESTROY, ctx.client));
}

/* Return: where its first chunk is. */
static uint64_t make_heap(const struct rig_ctx *ctx, uint32_t chunk_size, uint64_t *ret_context)
{
	const struct mmx_heap_desc desc = { .vm = ctx->vm,
					    .heap = RIG_NAME(0),
					    .initial_chunk_count = 2,
					    .chunk_size = chunk_size,
					    .max_chunks = 2,
					    .target_in_flight = 100 };
	const struct mmx_decoded_reply *reply;

	RIG_CHECK(!rig_heap_create(ctx->guest, &desc));
	reply = rig_reply(ctx->guest, ctx->guest->tag);
	*ret_context = reply->heap.context_va;
	return reply->heap.first_chunk_va;
}

/* What a heap has is zeroes to the GPU, whether nobody or somebody has had it; here it is what another heap has had. */
static void reused_heap(struct rig_ctx *ctx)
{
	const uint32_t old = 0x0ddba115, size = 8u << 20;
	const uint32_t at[] = { 0x40, 0x10000, 0x20000, size - 0x1000 };
	uint64_t seqno = 0, va, context;

	create_group(ctx, 56);
	for (unsigned int turn = 0; turn < 4; turn++) {
		/* large: memory of its own; then of the pool's, fresh and not */
		va = make_heap(ctx, turn ? CHUNK_OLD : size, &context);
		for (unsigned int i = 0; i < 4; i++) {
			uint32_t offset = turn && at[i] > CHUNK_OLD ? CHUNK_OLD - 0x40 : at[i];

			rig_submit(ctx->guest, RIG_NAME(56), 0, ++seqno,
				   rig_peek(ctx, va + offset, i), NULL, 0);
			rig_submit(ctx->guest, RIG_NAME(56), 0, ++seqno,
				   rig_poke(ctx, va + offset, old), NULL, 0);
			RIG_CHECK(!rig_wait_job(ctx->guest, RIG_NAME(56), seqno));
			RIG_CHECK(rig_result(ctx, i) == 0);
		}
		RIG_CHECK(!rig_object(ctx->guest, MMX_MSG_HEAP_DESTROY, RIG_NAME(0)));
	}
}

/* A draw that takes the second chunk of a heap, which the first one leads to. */
static void heap(struct rig_guest *guest)
{
	struct rig_ctx ctx;
	struct mmx_cs_asm a;
	uint64_t *words, context;

	rig_ctx_create(guest, 4, &ctx);
	create_group(&ctx, 55);
	reused_heap(&ctx);
	words = (uint64_t *)(void *)((uint8_t *)ctx.memory + DESCRIPTOR);
	words[0] = (uint64_t)CHUNK << 32 | 0x29;
	words[1] = make_heap(&ctx, CHUNK, &context);
	words[2] = words[1] + 64;
	words[3] = words[1] + CHUNK;
	*(uint64_t *)(void *)((uint8_t *)ctx.memory + TILER + 24) = RIG_VA + DESCRIPTOR;
	a = rig_asm_begin(&ctx);
	mmx_cs_req_resource(&a, MMX_CS_RES_IDVS | MMX_CS_RES_FRAGMENT);
	mmx_cs_move48(&a, 0, context);
	mmx_cs_heap_set(&a, 0);
	mmx_cs_heap_operation(&a, MMX_CS_VT_START, MMX_CS_NOW);
	mmx_cs_move48(&a, MMX_CS_R_TILER_CONTEXT, RIG_VA + TILER);
	mmx_cs_move32(&a, MMX_CS_R_INDEX_COUNT, CHUNK / MDL_HEAP_VERTEX + 10);
	mmx_cs_move32(&a, MMX_CS_R_INSTANCES, 1);
	mmx_cs_run_idvs(&a, 0);
	mmx_cs_wait(&a, 0xff);
	rig_submit(guest, RIG_NAME(55), 0, 1, rig_asm_end(&ctx, &a), NULL, 0);
	RIG_CHECK(!rig_wait_job(guest, RIG_NAME(55), 1));
}

/* Out of its slot, and the GPU without power, the daemon sees that the guest has written what a job waits for. */
static void wait_asleep(struct rig *rig, struct rig_guest *guest)
{
	struct rig_ctx ctx;

	rig_ctx_create(guest, 5, &ctx);
	create_group(&ctx, 60);
	rig_submit(guest, RIG_NAME(60), 0, 1, rig_await(&ctx, 0, 0), NULL, 0);
	rig_submit(guest, RIG_NAME(60), 0, 2, rig_store(&ctx, 0, 4), NULL, 0);
	rig_run(rig, 100 * MMX_NS_PER_MS);
	RIG_CHECK(mmx_gpu_power(rig->core->gpu) == MMX_GPU_POWER_OFF);
	RIG_CHECK(rig_result(&ctx, 0) == 0);
	ctx.memory[RIG_OBJECTS / sizeof(uint32_t)] = 1;
	RIG_CHECK(!rig_wait_job(guest, RIG_NAME(60), 2));
	RIG_CHECK(rig_result(&ctx, 0) == 4);
}

/* Firmware is loaded anew over what it has written; groups that are new find all in order. */
static void reset(struct rig *rig, struct rig_guest *guest)
{
	struct rig_ctx ctx;

	mmx_gpu_reset(rig->core->gpu, "the test wants it");
	RIG_UNTIL(rig, mmx_gpu_is_ready(rig->core->gpu));
	rig_ctx_create(guest, 3, &ctx);
	create_group(&ctx, 50);
	rig_submit(guest, RIG_NAME(50), 0, 1, rig_work(&ctx, 500, 0, 3), NULL, 0);
	RIG_CHECK(!rig_wait_job(guest, RIG_NAME(50), 1));
	RIG_CHECK(rig_result(&ctx, 0) == 3);
}

static void begin(struct rig *rig, struct rig_guest *guests, unsigned int evict_every)
{
	uint32_t i;

	rig_two_views = true;
	rig_init(rig, 2);
	rig->evict_every = evict_every;
	rig->config.tick_us = 1000;
	rig->config.idle_power_off_ms = 20;
	rig->partitions[1].limits.wire.mem_bytes = 16 << 20;
	rig_start(rig);
	for (i = 0; i < 2; i++) {
		rig_guest_connect(rig, i, &guests[i]);
		RIG_CHECK(!rig_hello(&guests[i]));
	}
}

static void run(struct rig *rig, struct rig_guest *guests)
{
	work(&guests[0]);
	bind(&guests[1]);
	faults(&guests[0]);
	heap(&guests[0]);
	wait_asleep(rig, &guests[0]);
	reset(rig, &guests[0]);
	reset(rig, &guests[1]);
}

static void test_caches_may(void **state)
{
	static const unsigned int evict_every[] = { 0, 50, 17 };
	static struct rig rig;
	static struct rig_guest guests[2];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(evict_every) / sizeof(evict_every[0]); i++) {
		begin(&rig, guests, evict_every[i]);
		run(&rig, guests);
		rig_finish(&rig);
	}
}

/* The firmware's interface and the pages of queues are uncached, and nothing else is. */
static void test_what_is_uncached(void **state)
{
	static struct rig rig;
	static struct rig_guest guests[2];
	const struct mmx_group *hw;
	const struct mmx_gpu *gpu;
	struct rig_ctx ctx;
	unsigned int i;

	(void)state;
	begin(&rig, guests, 0);
	rig_ctx_create(&guests[0], 0, &ctx);
	create_group(&ctx, 0);
	gpu = rig.core->gpu;
	for (i = 0; i < gpu->fw.image->section_count; i++) {
		const struct mmx_dma_buf *section = &gpu->fw.sections[i];

		if (section->cpu)
			assert_int_equal(two_views_is_uncached(rig.views, section->cpu),
					 section->cpu == gpu->fw.shared.cpu);
	}
	hw = mmx_container_of(rig.core->groups.next, struct mmx_core_group, link)->sgroup->hw;
	assert_true(two_views_is_uncached(rig.views, hw->queues[0].pages.cpu));
	assert_false(two_views_is_uncached(rig.views, hw->queues[0].ring.cpu));
	assert_false(two_views_is_uncached(rig.views, hw->syncs.cpu));
	assert_false(two_views_is_uncached(rig.views, hw->suspend.cpu));
	rig_finish(&rig);
}

/* ---- without ---- */

/*
 * The run without one of its calls (or, with NULL, without uncached memory), in a process of its own since it may end in
 * any way.
 */
static _Noreturn void run_without(const struct two_views_site *site)
{
	static struct rig rig;
	static struct rig_guest guests[2];
	const struct rlimit no_core = { 0, 0 };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	setrlimit(RLIMIT_CORE, &no_core);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	alarm(60);
	rig_ignored_site = site;
	rig_all_cached = !site;
	begin(&rig, guests, 0);
	run(&rig, guests);
	rig_finish(&rig);
	_exit(0);
}

static bool comes_right(const struct two_views_site *without)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid)
		run_without(without);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status == 0;
}

static void test_each_call_is_needed(void **state)
{
	static struct two_views_site sites[TWO_VIEWS_MAX_SITES];
	static struct rig rig;
	static struct rig_guest guests[2];
	const struct two_views_site *seen;
	size_t i, count, unneeded = 0;

	(void)state;
	begin(&rig, guests, 0);
	run(&rig, guests);
	count = two_views_sites(rig.views, &seen);
	for (i = 0; i < count; i++)
		sites[i] = seen[i];
	rig_finish(&rig);
	/* new memory, tables, sections and rings for the GPU; sync objects for the CPU */
	assert_in_range(count, 5, TWO_VIEWS_MAX_SITES);
	for (i = 0; i < count; i++) {
		void *address = (void *)(uintptr_t)sites[i].address;
		bool needed = !comes_right(&sites[i]);

		printf("sync_for_%s, %lu calls of up to %zu bytes, %s: ",
		       sites[i].for_cpu ? "cpu" : "device", sites[i].calls, sites[i].most_bytes,
		       needed ? "needed" : "NOT NEEDED");
		fflush(stdout);
		backtrace_symbols_fd(&address, 1, STDOUT_FILENO);
		unneeded += !needed;
	}
	assert_int_equal(unneeded, 0);
	assert_false(comes_right(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_caches_may),
		cmocka_unit_test(test_what_is_uncached),
		cmocka_unit_test(test_each_call_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
