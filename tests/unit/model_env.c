// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * See model_env.h. Memory is one flat array that the model reaches by pointer; pages are handed out from
 * its start and never taken back. Time moves only in the menv_run_*() and menv_wait_*() functions.
 */
#include "tests/unit/model_env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define REG_GPU_CMD	       0x30u
#define REG_L2_READY	       0x160u
#define REG_L2_PWRON	       0x1a0u
#define REG_SHADER_PRESENT     0x100u
#define REG_PWR_STATUS	       0x820u
#define REG_PWR_COMMAND	       0x828u
#define REG_PWR_CMDARG	       0x830u
#define REG_PWR_L2_READY       0x908u
#define REG_PWR_SHADER_PRESENT 0xa00u
#define PWR_POWER_UP	       0x10u
#define PWR_DELEGATE	       0x20u
#define PWR_TILER	       1u
#define PWR_SHADER	       8u
#define REG_MCU_CONTROL	       0x700u
#define REG_MCU_STATUS	       0x704u
#define REG_JOB_RAWSTAT	       0x1000u
#define REG_JOB_CLEAR	       0x1004u
#define REG_JOB_MASK	       0x1008u
#define REG_MMU_CLEAR	       0x2004u
#define REG_AS(as, reg)	       (0x2400u + (as)*0x40u + (reg))
#define REG_DOORBELL(i)	       (0x80000u + (i)*0x10000u)
#define AS_REG_TRANSTAB	       0x00u
#define AS_REG_MEMATTR	       0x08u
#define AS_REG_LOCKADDR	       0x10u
#define AS_REG_COMMAND	       0x18u
#define AS_REG_STATUS	       0x28u
#define AS_REG_TRANSCFG	       0x30u
#define AS_CMD_UPDATE	       1u
#define AS_CMD_LOCK	       2u
#define AS_CMD_FLUSH	       5u /* FLUSH_MEM */
#define GLB_IRQ		       0x80000000u

/* attribute 0 uncached, 1 write-back, 2 device: as the upstream driver programs them */
#define MEMATTR	       UINT64_C(0x4c8f4c)
#define TRANSCFG_48BIT (6u | 7u << 6 | 2u << 24 | 1u << 30)

#define STACK_VA	 0x00100000u
#define CODE_VA		 0x00800000u
#define MCU_HEAP_VA	 0x04100000u
#define IN_BASE		 0x2000u /* of the shared section, as in the images in circulation */
#define OUT_BASE	 0x6000u
#define IN_STRIDE	 0x80u
#define OUT_STRIDE	 0x100u
#define BLOCKS_PER_GROUP (1u + MENV_STREAMS)

#define GLB_REQ_CFG	  (1u << 1 | 1u << 2 | 1u << 3) /* progress timer, alloc en, poweroff timer */
#define GLB_REQ_IDLE_EN	  (1u << 10)
#define GLB_REQ_COUNTER	  (1u << 7)
#define CS_REQ_START	  (1u | 1u << 8 | 1u << 10) /* START, IDLE_SYNC_WAIT, IDLE_EMPTY */
#define CS_REQ_START_MASK 0xff7u

#define REQUEST_LIMIT_NS 100000000u
#define STUCK_LIMIT	 1000000u /* iterations without the clock moving */

/* ---- ops ---- */

static uint64_t now_ns(void *ctx)
{
	return ((struct menv *)ctx)->now_ns;
}

static void on_irq(void *ctx, enum mmx_model_irq line, uint32_t pending)
{
	struct menv *e = ctx;

	e->pending[line] = pending;
	e->irq_calls[line]++;
}

static void *dma_ptr(void *ctx, uint64_t addr, size_t len, bool write)
{
	struct menv *e = ctx;

	(void)write;
	if (addr < MENV_MEM_BASE || addr - MENV_MEM_BASE > MENV_MEM_SIZE ||
	    len > MENV_MEM_SIZE - (addr - MENV_MEM_BASE))
		return NULL;
	return e->mem + (addr - MENV_MEM_BASE);
}

static void on_log(void *ctx, enum mmx_model_log level, const char *text)
{
	struct menv *e = ctx;

	if (level != MMX_MODEL_LOG_ERROR)
		return;
	e->errors++;
	snprintf(e->last_error, sizeof(e->last_error), "%s", text);
}

bool menv_saw(const struct menv *e, const char *block, const char *name)
{
	for (unsigned int i = 0; i < e->span_count; i++) {
		if (!strcmp(e->spans[i].block, block) && !strcmp(e->spans[i].name, name))
			return true;
	}
	return false;
}

static void on_span(void *ctx, const struct mmx_model_span *span)
{
	struct menv *e = ctx;

	if (e->span_count < MENV_SPANS && !menv_saw(e, span->block, span->name))
		e->spans[e->span_count++] = *span;
}

static const struct mmx_model_ops ops = {
	.now_ns = now_ns,
	.irq = on_irq,
	.dma_ptr = dma_ptr,
	.log = on_log,
	.span = on_span,
};

void menv_init(struct menv *e, const struct mmx_model_config *config)
{
	*e = (struct menv){ .now_ns = 1000000, .next_pa = MENV_MEM_BASE };
	e->next_mcu_va = MCU_HEAP_VA;
	e->mem = calloc(1, MENV_MEM_SIZE);
	assert_non_null(e->mem);
	assert_int_equal(mmx_model_create(config, &ops, e, &e->m), 0);
}

void menv_finish(struct menv *e)
{
	mmx_model_destroy(e->m);
	free(e->mem);
}

/* ---- time ---- */

/* Moves the clock to where the model wants to go on, but not beyond @deadline. */
static void advance(struct menv *e, uint64_t next, uint64_t deadline, unsigned int *stuck)
{
	if (next <= e->now_ns) {
		if (++*stuck > STUCK_LIMIT)
			fail_msg("the model wants to run for ever without time passing");
		return;
	}
	*stuck = 0;
	e->now_ns = next < deadline ? next : deadline;
}

bool menv_run_quiet(struct menv *e, uint64_t limit_ns)
{
	uint64_t deadline = e->now_ns + limit_ns;
	unsigned int stuck = 0;

	for (;;) {
		uint64_t next = mmx_model_run(e->m);

		if (next == UINT64_MAX)
			return true;
		if (next > deadline)
			return false;
		advance(e, next, deadline, &stuck);
	}
}

void menv_run_for(struct menv *e, uint64_t ns)
{
	uint64_t deadline = e->now_ns + ns;
	unsigned int stuck = 0;

	for (;;) {
		uint64_t next = mmx_model_run(e->m);

		if (next > deadline && e->now_ns == deadline)
			return;
		advance(e, next, deadline, &stuck);
	}
}

bool menv_wait_reg(struct menv *e, uint32_t reg, uint32_t mask, uint32_t value, uint64_t limit_ns)
{
	uint64_t deadline = e->now_ns + limit_ns;
	unsigned int stuck = 0;

	for (;;) {
		uint64_t next = mmx_model_run(e->m);

		if ((menv_rd(e, reg) & mask) == value)
			return true;
		if (next > deadline && e->now_ns == deadline)
			return false;
		advance(e, next, deadline, &stuck);
	}
}

bool menv_wait_word(struct menv *e, uint32_t mcu_va, uint32_t mask, uint32_t value,
		    uint64_t limit_ns)
{
	uint64_t deadline = e->now_ns + limit_ns;
	unsigned int stuck = 0;

	for (;;) {
		uint64_t next = mmx_model_run(e->m);

		if ((menv_mcu_rd(e, mcu_va) & mask) == value)
			return true;
		if (next > deadline && e->now_ns == deadline)
			return false;
		advance(e, next, deadline, &stuck);
	}
}

/* ---- registers ---- */

uint32_t menv_rd(struct menv *e, uint32_t reg)
{
	return mmx_model_read32(e->m, reg);
}

uint64_t menv_rd64(struct menv *e, uint32_t reg)
{
	return mmx_model_read64(e->m, reg);
}

void menv_wr(struct menv *e, uint32_t reg, uint32_t value)
{
	mmx_model_write32(e->m, reg, value);
}

void menv_wr64(struct menv *e, uint32_t reg, uint64_t value)
{
	mmx_model_write64(e->m, reg, value);
}

void menv_doorbell(struct menv *e, unsigned int index)
{
	menv_wr(e, REG_DOORBELL(index), 1);
}

/* ---- memory ---- */

uint64_t menv_pages(struct menv *e, unsigned int count)
{
	uint64_t pa = e->next_pa;

	e->next_pa += (uint64_t)count * MENV_PAGE;
	if (e->next_pa > MENV_MEM_BASE + MENV_MEM_SIZE)
		fail_msg("out of test memory");
	return pa;
}

void *menv_ptr(struct menv *e, uint64_t pa)
{
	void *p = dma_ptr(e, pa, 1, true);

	assert_non_null(p);
	return p;
}

/* ---- address spaces ---- */

void menv_as_command(struct menv *e, unsigned int as, uint32_t command)
{
	menv_wr(e, REG_AS(as, AS_REG_COMMAND), command);
	if (!menv_wait_reg(e, REG_AS(as, AS_REG_STATUS), 1, 0, REQUEST_LIMIT_NS))
		fail_msg("AS_ACTIVE is stuck");
	menv_wr(e, REG_MMU_CLEAR, 1u << (16 + as));
}

void menv_as_flush(struct menv *e, unsigned int as)
{
	menv_wr64(e, REG_AS(as, AS_REG_LOCKADDR), 63); /* 2^64 bytes */
	menv_as_command(e, as, AS_CMD_LOCK);
	menv_as_command(e, as, AS_CMD_FLUSH);
}

void menv_as_program(struct menv *e, unsigned int as, uint64_t transtab, uint64_t memattr,
		     uint64_t transcfg)
{
	menv_as_flush(e, as);
	menv_wr64(e, REG_AS(as, AS_REG_TRANSTAB), transtab);
	menv_wr64(e, REG_AS(as, AS_REG_MEMATTR), memattr);
	menv_wr64(e, REG_AS(as, AS_REG_TRANSCFG), transcfg);
	menv_as_command(e, as, AS_CMD_UPDATE);
}

void menv_as_create(struct menv *e, unsigned int as)
{
	e->roots[as] = menv_pages(e, 1);
	menv_as_program(e, as, e->roots[as], MEMATTR, TRANSCFG_48BIT);
}

static unsigned int level_index(uint64_t va, unsigned int level)
{
	return (unsigned int)(va >> (12 + 9 * (3 - level))) & 511;
}

/* Where the descriptor of that level is; tables on the way are made if @make. */
static uint64_t *desc_at(struct menv *e, unsigned int as, uint64_t va, unsigned int level,
			 bool make)
{
	uint64_t table = e->roots[as];

	assert_int_not_equal(table, 0);
	for (unsigned int l = 0;; l++) {
		uint64_t *desc = (uint64_t *)menv_ptr(e, table) + level_index(va, l);

		if (l == level)
			return desc;
		if ((*desc & 3) != 3) {
			if (!make)
				return NULL;
			*desc = menv_pages(e, 1) | 3;
		}
		table = *desc & UINT64_C(0xfffffffff000);
	}
}

void menv_map_desc(struct menv *e, unsigned int as, uint64_t va, unsigned int level, uint64_t desc)
{
	*desc_at(e, as, va, level, true) = desc;
}

uint64_t menv_page_desc(uint64_t pa, unsigned int flags)
{
	uint64_t desc = pa | 3 | UINT64_C(1) << 6 | 2u << 8 | 1u << 10 | 1u << 11;

	if (!(flags & MENV_UNCACHED))
		desc |= 1u << 2;
	if (!(flags & MENV_W))
		desc |= 1u << 7;
	if (!(flags & MENV_X))
		desc |= UINT64_C(3) << 53;
	return desc;
}

void menv_map(struct menv *e, unsigned int as, uint64_t va, uint64_t pa, uint64_t len,
	      unsigned int flags)
{
	for (uint64_t at = 0; at < len; at += MENV_PAGE)
		menv_map_desc(e, as, va + at, 3, menv_page_desc(pa + at, flags));
	menv_as_flush(e, as);
}

uint64_t menv_map_new(struct menv *e, unsigned int as, uint64_t va, uint64_t len,
		      unsigned int flags)
{
	uint64_t pa = menv_pages(e, (unsigned int)((len + MENV_PAGE - 1) / MENV_PAGE));

	menv_map(e, as, va, pa, len, flags);
	return pa;
}

void *menv_va(struct menv *e, unsigned int as, uint64_t va)
{
	uint64_t *desc = desc_at(e, as, va, 3, false);

	if (!desc || (*desc & 3) != 3)
		fail_msg("0x%llx is not mapped in AS%u", (unsigned long long)va, as);
	return (uint8_t *)menv_ptr(e, *desc & UINT64_C(0xfffffffff000)) + va % MENV_PAGE;
}

uint32_t menv_rd_va(struct menv *e, unsigned int as, uint64_t va)
{
	return *(uint32_t *)menv_va(e, as, va);
}

uint64_t menv_rd64_va(struct menv *e, unsigned int as, uint64_t va)
{
	return *(uint64_t *)menv_va(e, as, va);
}

void menv_wr_va(struct menv *e, unsigned int as, uint64_t va, uint32_t value)
{
	*(uint32_t *)menv_va(e, as, va) = value;
}

void menv_wr64_va(struct menv *e, unsigned int as, uint64_t va, uint64_t value)
{
	*(uint64_t *)menv_va(e, as, va) = value;
}

/* ---- firmware ---- */

uint32_t menv_mcu_rd(struct menv *e, uint32_t va)
{
	return menv_rd_va(e, 0, va);
}

void menv_mcu_wr(struct menv *e, uint32_t va, uint32_t value)
{
	menv_wr_va(e, 0, va, value);
}

static void mcu_wr64(struct menv *e, uint32_t va, uint64_t value)
{
	menv_wr64_va(e, 0, va, value);
}

static uint32_t csg_control(unsigned int csg)
{
	return MENV_SHARED_VA + 0x1000 + csg * MENV_GROUP_STRIDE;
}

/* Control blocks with addresses, as an image brings them; versions and sizes are 0. */
static void write_interface(struct menv *e)
{
	uint32_t in = MENV_SHARED_VA + IN_BASE;
	uint32_t out = MENV_SHARED_VA + OUT_BASE;

	menv_mcu_wr(e, MENV_SHARED_VA + 0x8, in);
	menv_mcu_wr(e, MENV_SHARED_VA + 0xc, out);
	menv_mcu_wr(e, MENV_SHARED_VA + 0x10, MENV_GROUPS);
	menv_mcu_wr(e, MENV_SHARED_VA + 0x14, MENV_GROUP_STRIDE);
	in += 2 * IN_STRIDE; /* the global block is longer than one stride */
	out += OUT_STRIDE;
	for (unsigned int g = 0; g < MENV_GROUPS; g++) {
		uint32_t csg = csg_control(g);

		menv_mcu_wr(e, csg + 0x4, in);
		menv_mcu_wr(e, csg + 0x8, out);
		menv_mcu_wr(e, csg + 0x14, MENV_STREAMS);
		menv_mcu_wr(e, csg + 0x18, MENV_STREAM_STRIDE);
		for (unsigned int s = 0; s < MENV_STREAMS; s++) {
			uint32_t cs = csg + 0x40 + s * MENV_STREAM_STRIDE;

			menv_mcu_wr(e, cs + 0x4, in + (1 + s) * IN_STRIDE);
			menv_mcu_wr(e, cs + 0x8, out + (1 + s) * OUT_STRIDE);
		}
		in += BLOCKS_PER_GROUP * IN_STRIDE;
		out += BLOCKS_PER_GROUP * OUT_STRIDE;
	}
}

bool menv_has_pwr(struct menv *e)
{
	return menv_rd(e, 0) >> 28 >= 14;
}

uint64_t menv_shader_present(struct menv *e)
{
	return menv_rd64(e, menv_has_pwr(e) ? REG_PWR_SHADER_PRESENT : REG_SHADER_PRESENT);
}

static void delegate(struct menv *e, unsigned int domain)
{
	if (menv_rd64(e, REG_PWR_STATUS) & 0x10000u << domain)
		return;
	menv_wr(e, REG_PWR_COMMAND, domain << 8 | PWR_DELEGATE);
	if (!menv_wait_reg(e, REG_PWR_STATUS, 0x10001u << domain, 0x10000u << domain,
			   REQUEST_LIMIT_NS))
		fail_msg("domain %u is not delegated", domain);
}

void menv_power_on(struct menv *e)
{
	uint32_t ready = menv_has_pwr(e) ? REG_PWR_L2_READY : REG_L2_READY;

	if (menv_has_pwr(e)) {
		menv_wr64(e, REG_PWR_CMDARG, 1);
		menv_wr(e, REG_PWR_COMMAND, PWR_POWER_UP);
	} else {
		menv_wr64(e, REG_L2_PWRON, 1);
	}
	if (!menv_wait_reg(e, ready, 1, 1, REQUEST_LIMIT_NS))
		fail_msg("the L2 does not get ready");
	if (menv_has_pwr(e)) {
		delegate(e, PWR_SHADER);
		delegate(e, PWR_TILER);
	}
}

void menv_load(struct menv *e)
{
	menv_power_on(e);
	menv_as_create(e, 0);
	menv_map_new(e, 0, 0, MENV_PAGE, MENV_R); /* vectors are data, as in the real images */
	menv_map_new(e, 0, CODE_VA, MENV_PAGE, MENV_R | MENV_X);
	menv_map_new(e, 0, STACK_VA, 2 * MENV_PAGE, MENV_RW);
	menv_map_new(e, 0, MENV_SHARED_VA, MENV_SHARED_SIZE, MENV_RW | MENV_UNCACHED);
	menv_mcu_wr(e, 0, STACK_VA + MENV_PAGE);
	menv_mcu_wr(e, 4, CODE_VA + 0x101);
	write_interface(e);
	e->glb_in = MENV_SHARED_VA + IN_BASE;
	e->glb_out = MENV_SHARED_VA + OUT_BASE;
}

void menv_boot(struct menv *e)
{
	menv_load(e);
	menv_wr(e, REG_JOB_MASK, ~0u);
	menv_wr(e, REG_MCU_CONTROL, 2);
	if (!menv_wait_reg(e, REG_JOB_RAWSTAT, GLB_IRQ, GLB_IRQ, 1000000000))
		fail_msg("the MCU does not boot: %s", e->last_error);
	menv_wr(e, REG_JOB_CLEAR, GLB_IRQ);
	assert_int_equal(menv_rd(e, REG_MCU_STATUS), 1);
	mcu_wr64(e, e->glb_in + GLB_IN_CORE_EN_MASK, menv_shader_present(e));
	menv_mcu_wr(e, e->glb_in + GLB_IN_POWEROFF_TIMER, (1u << 31) | 9766); /* 10 ms */
	menv_mcu_wr(e, e->glb_in + GLB_IN_PROGRESS_TIMER, 2560000);
	menv_mcu_wr(e, e->glb_in + GLB_IN_IDLE_TIMER, (1u << 31) | 782); /* 800 us */
	menv_mcu_wr(e, e->glb_in + GLB_IN_ACK_IRQ_MASK, ~0u);
	menv_glb_request(e, GLB_REQ_CFG | GLB_REQ_IDLE_EN | GLB_REQ_COUNTER);
	if (!menv_wait_word(e, e->glb_out + GLB_OUT_ACK, GLB_REQ_CFG, GLB_REQ_CFG,
			    REQUEST_LIMIT_NS))
		fail_msg("the global configuration is not acknowledged");
	menv_wr(e, REG_JOB_CLEAR, GLB_IRQ);
}

uint32_t menv_csg_in(struct menv *e, unsigned int csg)
{
	return menv_mcu_rd(e, csg_control(csg) + 0x4);
}

uint32_t menv_csg_out(struct menv *e, unsigned int csg)
{
	return menv_mcu_rd(e, csg_control(csg) + 0x8);
}

uint32_t menv_cs_in(struct menv *e, unsigned int csg, unsigned int cs)
{
	return menv_mcu_rd(e, csg_control(csg) + 0x40 + cs * MENV_STREAM_STRIDE + 0x4);
}

uint32_t menv_cs_out(struct menv *e, unsigned int csg, unsigned int cs)
{
	return menv_mcu_rd(e, csg_control(csg) + 0x40 + cs * MENV_STREAM_STRIDE + 0x8);
}

void menv_glb_request(struct menv *e, uint32_t bits)
{
	menv_mcu_wr(e, e->glb_in + GLB_IN_REQ, menv_mcu_rd(e, e->glb_in + GLB_IN_REQ) ^ bits);
	menv_doorbell(e, 0);
}

void menv_csg_ring(struct menv *e, unsigned int csg)
{
	uint32_t ack = menv_mcu_rd(e, e->glb_out + GLB_OUT_DOORBELL_ACK);
	uint32_t req = menv_mcu_rd(e, e->glb_in + GLB_IN_DOORBELL_REQ);
	uint32_t bit = 1u << csg;

	menv_mcu_wr(e, e->glb_in + GLB_IN_DOORBELL_REQ, (req & ~bit) | (~ack & bit));
	menv_doorbell(e, 0);
}

void menv_cs_ring(struct menv *e, unsigned int csg, uint32_t streams)
{
	uint32_t in = menv_csg_in(e, csg);
	uint32_t ack = menv_mcu_rd(e, menv_csg_out(e, csg) + CSG_OUT_DOORBELL_ACK);
	uint32_t req = menv_mcu_rd(e, in + CSG_IN_DOORBELL_REQ);

	menv_mcu_wr(e, in + CSG_IN_DOORBELL_REQ, (req & ~streams) | (~ack & streams));
	menv_csg_ring(e, csg);
}

/* ---- groups ---- */

static uint32_t mcu_map_new(struct menv *e, uint32_t len, unsigned int flags, uint64_t *ret_pa)
{
	uint32_t va = e->next_mcu_va;

	*ret_pa = menv_map_new(e, 0, va, len, flags);
	e->next_mcu_va += (len + MENV_PAGE - 1) / MENV_PAGE * MENV_PAGE;
	return va;
}

void menv_group_create(struct menv *e, struct menv_group *g, unsigned int as,
		       unsigned int stream_count)
{
	uint32_t suspend_size = menv_mcu_rd(e, csg_control(0) + 0xc);

	*g = (struct menv_group){ .as = as, .stream_count = stream_count };
	g->suspend_va = mcu_map_new(e, suspend_size, MENV_RW, &g->suspend_pa);
	for (unsigned int i = 0; i < stream_count; i++) {
		struct menv_queue *q = &g->queues[i];

		q->io_va = mcu_map_new(e, 2 * MENV_PAGE, MENV_RW | MENV_UNCACHED, &q->io_pa);
		q->ring_size = MENV_PAGE;
		/* somewhere of its own: device addresses are unique */
		q->ring_pa = menv_pages(e, 1);
		q->ring_va = UINT64_C(0x800000000000) - MENV_MEM_BASE + q->ring_pa;
		menv_map(e, as, q->ring_va, q->ring_pa, MENV_PAGE, MENV_RW | MENV_UNCACHED);
	}
}

static void program_stream(struct menv *e, struct menv_group *g, unsigned int csg, unsigned int i)
{
	uint32_t in = menv_cs_in(e, csg, i);
	struct menv_queue *q = &g->queues[i];
	uint32_t req = menv_mcu_rd(e, in + CS_IN_REQ);

	mcu_wr64(e, in + CS_IN_RING_BASE, q->ring_va);
	menv_mcu_wr(e, in + CS_IN_RING_SIZE, q->ring_size);
	mcu_wr64(e, in + CS_IN_RING_INPUT, q->io_va);
	mcu_wr64(e, in + CS_IN_RING_OUTPUT, q->io_va + MENV_PAGE);
	menv_mcu_wr(e, in + CS_IN_CONFIG, (csg + 1) << 8);
	menv_mcu_wr(e, in + CS_IN_ACK_IRQ_MASK, ~0u);
	menv_mcu_wr(e, in + CS_IN_REQ, (req & ~CS_REQ_START_MASK) | CS_REQ_START);
	/* extract_init: go on where the queue was */
	*(uint64_t *)menv_ptr(e, q->io_pa + 8) = menv_queue_extract(e, g, i);
}

bool menv_group_start(struct menv *e, struct menv_group *g, unsigned int csg,
		      enum menv_csg_state state)
{
	uint32_t in = menv_csg_in(e, csg), endpoints;

	for (unsigned int i = 0; i < MENV_STREAMS; i++) {
		uint32_t cs = menv_cs_in(e, csg, i);

		if (i < g->stream_count)
			program_stream(e, g, csg, i);
		else
			menv_mcu_wr(e, cs + CS_IN_REQ,
				    menv_mcu_rd(e, cs + CS_IN_REQ) & ~CS_REQ_START_MASK);
	}
	mcu_wr64(e, in + CSG_IN_ALLOW_COMPUTE, ~UINT64_C(0));
	mcu_wr64(e, in + CSG_IN_ALLOW_FRAGMENT, ~UINT64_C(0));
	menv_mcu_wr(e, in + CSG_IN_ALLOW_OTHER, ~0u);
	endpoints = menv_mcu_rd(e, MENV_SHARED_VA) >> 24 >= 4 ? CSG_IN_ENDPOINT_REQ2
							      : CSG_IN_ENDPOINT_REQ;
	menv_mcu_wr(e, in + endpoints, (15 - csg) << 28 | 1u << 16 | 0x0404);
	mcu_wr64(e, in + CSG_IN_SUSPEND_BUF, g->suspend_va);
	menv_mcu_wr(e, in + CSG_IN_CONFIG, g->as);
	menv_mcu_wr(e, in + CSG_IN_ACK_IRQ_MASK, ~0u);
	return menv_group_state(e, csg, state);
}

bool menv_group_state(struct menv *e, unsigned int csg, enum menv_csg_state state)
{
	uint32_t in = menv_csg_in(e, csg);
	uint32_t req = menv_mcu_rd(e, in + CSG_IN_REQ);

	menv_mcu_wr(e, in + CSG_IN_REQ, (req & ~7u) | (uint32_t)state);
	menv_csg_ring(e, csg);
	return menv_wait_word(e, menv_csg_out(e, csg) + CSG_OUT_ACK, 7, (uint32_t)state,
			      REQUEST_LIMIT_NS);
}

void menv_queue_write(struct menv *e, struct menv_group *g, unsigned int cs,
		      const uint64_t *instructions, unsigned int count)
{
	struct menv_queue *q = &g->queues[cs];

	for (unsigned int i = 0; i < count; i++) {
		*(uint64_t *)menv_ptr(e, q->ring_pa + q->insert % q->ring_size) = instructions[i];
		q->insert += sizeof(uint64_t);
	}
	*(uint64_t *)menv_ptr(e, q->io_pa) = q->insert;
}

uint64_t menv_queue_extract(struct menv *e, struct menv_group *g, unsigned int cs)
{
	return *(uint64_t *)menv_ptr(e, g->queues[cs].io_pa + MENV_PAGE);
}

void menv_submit(struct menv *e, struct menv_group *g, unsigned int csg, unsigned int cs,
		 const uint64_t *instructions, unsigned int count)
{
	menv_queue_write(e, g, cs, instructions, count);
	menv_doorbell(e, csg + 1);
}
