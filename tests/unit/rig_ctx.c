// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Contexts of a guest of the rig, and the command streams that they run; see rig_guest.h. */
#include "tests/unit/rig_guest.h"

#include "tests/lib/cs_asm.h"

/* ---- contexts ---- */

void rig_ctx_create(struct rig_guest *guest, uint32_t index, struct rig_ctx *ctx)
{
	rig_ctx_create_async(guest, index, 0, ctx);
}

void rig_ctx_create_async(struct rig_guest *guest, uint32_t index, uint32_t timeline,
			  struct rig_ctx *ctx)
{
	uint64_t bytes = RIG_PAGES * MMX_WIRE_PAGE_SIZE;

	*ctx = (struct rig_ctx){
		.guest = guest,
		.client = RIG_NAME(index),
		.vm = RIG_NAME(index),
		.mem = RIG_NAME(index),
	};
	ctx->memory =
		(void *)((uint8_t *)guest->peer.region + guest->front.data_offset + index * bytes);
	RIG_CHECK(!rig_client_create(guest, ctx->client));
	RIG_CHECK(!rig_vm_create_async(guest, ctx->client, ctx->vm, timeline, 0));
	RIG_CHECK(!rig_mem_create(guest, ctx->mem, index * RIG_PAGES, RIG_PAGES));
	RIG_CHECK(!rig_map(guest, ctx->vm, ctx->mem, 0, RIG_VA, bytes, 0));
}

void rig_start_ctxs(struct rig *rig, struct rig_guest *guests, struct rig_ctx *ctxs)
{
	size_t i;

	rig_start_guests(rig, guests);
	for (i = 0; i < rig->config.partition_count; i++)
		rig_ctx_create(&guests[i], 0, &ctxs[i]);
}

void rig_ctx_group(struct rig_ctx *ctx, uint32_t index, unsigned int queues)
{
	RIG_CHECK(!rig_group_create(ctx->guest, ctx->client, ctx->vm, RIG_NAME(index), queues,
				    index * MMX_MAX_QUEUES));
}

uint32_t rig_result(const struct rig_ctx *ctx, unsigned int index)
{
	return ctx->memory[RIG_RESULTS / sizeof(uint32_t) + index];
}

/* ---- streams ---- */

const struct rig_stream rig_empty;

#define MAX_WORDS 32u

struct mmx_cs_asm rig_asm_begin(struct rig_ctx *ctx)
{
	struct mmx_cs_asm a;

	RIG_CHECK(ctx->stream_end + MAX_WORDS * sizeof(uint64_t) <= RIG_RESULTS);
	mmx_cs_asm_init(&a, (void *)((uint8_t *)ctx->memory + ctx->stream_end), MAX_WORDS);
	return a;
}

struct rig_stream rig_asm_end(struct rig_ctx *ctx, struct mmx_cs_asm *a)
{
	struct rig_stream stream = { .va = RIG_VA + ctx->stream_end };
	size_t count;

	RIG_CHECK(!mmx_cs_asm_finish(a, &count));
	stream.size = (uint32_t)(count * sizeof(uint64_t));
	ctx->stream_end += (stream.size + 63) & ~63u;
	return stream;
}

static uint64_t result_va(unsigned int index)
{
	RIG_CHECK(RIG_RESULTS + index * sizeof(uint32_t) < RIG_OBJECTS);
	return RIG_VA + RIG_RESULTS + index * sizeof(uint32_t);
}

struct rig_stream rig_poke(struct rig_ctx *ctx, uint64_t va, uint32_t value)
{
	struct mmx_cs_asm a = rig_asm_begin(ctx);

	mmx_cs_put_store(&a, va, value);
	return rig_asm_end(ctx, &a);
}

struct rig_stream rig_store(struct rig_ctx *ctx, unsigned int index, uint32_t value)
{
	return rig_poke(ctx, result_va(index), value);
}

/* 512 cycles a tile of 16 by 16, four cores, 1 GHz. */
struct rig_stream rig_work(struct rig_ctx *ctx, unsigned int us, unsigned int index, uint32_t value)
{
	uint32_t rows = (us * 1000u / 128u + 127u) / 128u;
	struct mmx_cs_asm a = rig_asm_begin(ctx);

	RIG_CHECK(rows && rows <= 4096);
	mmx_cs_req_resource(&a, MMX_CS_RES_FRAGMENT);
	mmx_cs_move48(&a, MMX_CS_R_FRAMEBUFFER, 0);
	mmx_cs_move32(&a, MMX_CS_R_BOX_MIN, 0);
	mmx_cs_move32(&a, MMX_CS_R_BOX_MAX, MMX_CS_BOX(2047, rows * 16 - 1));
	mmx_cs_run_fragment(&a, 0);
	mmx_cs_wait(&a, 0xff);
	mmx_cs_put_store(&a, result_va(index), value);
	return rig_asm_end(ctx, &a);
}

static void put_load(struct mmx_cs_asm *a, uint64_t va)
{
	mmx_cs_move48(a, 0, va);
	mmx_cs_load_multiple(a, 2, 1, 0, 0);
	mmx_cs_wait(a, 0xff);
}

static void put_result(struct mmx_cs_asm *a, unsigned int index)
{
	mmx_cs_move48(a, 0, result_va(index));
	mmx_cs_store_multiple(a, 2, 1, 0, 0);
	mmx_cs_wait(a, 0xff);
}

struct rig_stream rig_peek(struct rig_ctx *ctx, uint64_t va, unsigned int index)
{
	struct mmx_cs_asm a = rig_asm_begin(ctx);

	put_load(&a, va);
	put_result(&a, index);
	return rig_asm_end(ctx, &a);
}

struct rig_stream rig_copy(struct rig_ctx *ctx, unsigned int from, unsigned int to)
{
	struct mmx_cs_asm a = rig_asm_begin(ctx);

	put_load(&a, result_va(from));
	mmx_cs_add_imm32(&a, 2, 2, 1);
	put_result(&a, to);
	return rig_asm_end(ctx, &a);
}

static uint64_t object_va(unsigned int index)
{
	RIG_CHECK(RIG_OBJECTS + index * 16 < RIG_PAGES * MMX_WIRE_PAGE_SIZE);
	return RIG_VA + RIG_OBJECTS + index * 16;
}

struct rig_stream rig_fault(struct rig_ctx *ctx)
{
	/* the last sync object has a value that ends the wait, and an error that is inherited */
	unsigned int index = (RIG_PAGES * MMX_WIRE_PAGE_SIZE - RIG_OBJECTS) / 16 - 1;
	uint32_t *object = ctx->memory + (RIG_OBJECTS + index * 16) / sizeof(uint32_t);
	struct mmx_cs_asm a = rig_asm_begin(ctx);

	object[0] = 1;
	object[2] = 1;
	mmx_cs_move48(&a, 0, object_va(index));
	mmx_cs_move48(&a, 2, 0);
	mmx_cs_sync_wait64(&a, MMX_CS_GREATER, 0, 2);
	return rig_asm_end(ctx, &a);
}

struct rig_stream rig_fatal(struct rig_ctx *ctx)
{
	struct mmx_cs_asm a = rig_asm_begin(ctx);

	mmx_cs_word(&a, 0xfeull << 56);
	return rig_asm_end(ctx, &a);
}

struct rig_stream rig_signal(struct rig_ctx *ctx, unsigned int index)
{
	struct mmx_cs_asm a = rig_asm_begin(ctx);

	mmx_cs_move48(&a, 0, object_va(index));
	mmx_cs_move48(&a, 2, 1);
	mmx_cs_sync_add64(&a, 0, 2, MMX_CS_SCOPE_CSG, MMX_CS_NOW);
	return rig_asm_end(ctx, &a);
}

struct rig_stream rig_await(struct rig_ctx *ctx, unsigned int index, uint32_t value)
{
	struct mmx_cs_asm a = rig_asm_begin(ctx);

	mmx_cs_move48(&a, 0, object_va(index));
	mmx_cs_move48(&a, 2, value);
	mmx_cs_sync_wait64(&a, MMX_CS_GREATER, 0, 2);
	return rig_asm_end(ctx, &a);
}

struct rig_stream rig_endless(struct rig_ctx *ctx)
{
	struct mmx_cs_asm a = rig_asm_begin(ctx);

	mmx_cs_put_endless(&a);
	return rig_asm_end(ctx, &a);
}
