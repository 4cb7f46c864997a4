// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A driver out of its mind: the whole GPU model behind its public face (model.h), with 512 KiB of memory
 * that the script may write as it likes: page tables, firmware interface, rings, suspend buffers.
 *
 * Input: byte 0: bit 0 boots the MCU first and bit 1 starts a group in each slot, so that scripts need not
 * find their way there; bit 2 makes the GPU coherent. Then steps of one byte (low nibble: what to do, high
 * nibble: n) and operands, little endian; a step that is cut short ends the script.
 *
 *    0 read offset24, 64 bits if n is odd          8 slot (n & 3) gets state (n >> 2); with n = 15:
 *    1 write32 offset24 value32                      ENDPOINT_CONFIG and STATUS_UPDATE
 *    2 write64 offset24 value64                    9 submit count8 words64 to stream (n & 1) of slot
 *    3 write32 to register n of a table: value32     n >> 1
 *    4 let 2^n us pass                             a suspend buffer of slot n: offset16 xor8
 *    5 memory: address24 value32                   b UPDATE of AS n: root table at page8
 *    6 memory: address24 value64                   c toggle global request bits32
 *    7 doorbell n                                  d interface word of block n: offset8 value32
 *    e page descriptor: table8 index16 page8 flags8
 *    f n = 0 power-on reset, 1 soft, 2 hard; else (n + 1) / 16 of memory is mapped for DMA
 *
 * Held: no access beyond the memory (a heap block of its own); each report of an interrupt line is a
 * change, and says what the registers say; the clock never stands still for ever; after a power-on reset
 * nothing is left to do.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/model/iface.h"
#include "tools/model/model.h"

#define PAGE	    0x1000u
#define MEM_BASE    UINT64_C(0x200000000)
#define MEM_PAGES   128u
#define MEM_SIZE    (MEM_PAGES * PAGE)
#define MEMATTR	    UINT64_C(0x4c8f4c)
#define TRANSCFG    (AS_TRANSCFG_AARCH64_4K | (55u - 48u) << 6)
#define GROUPS	    3u
#define STREAMS	    8u
#define USED	    2u /* streams of a group that are started */
#define STUCK_MAX   100000u
#define STEPS_MAX   192u
#define TIME_MAX_NS 20000000u

/* pages of memory */
enum {
	P_ROOT0,
	P_L1_0,
	P_L2_0,
	P_L3_LOW,
	P_L3_SHARED,
	P_ROOT1,
	P_L1_1,
	P_L2_1,
	P_L3_1,
	P_VECTORS,
	P_CODE,
	P_STACK,
	P_SHARED = 16,
	P_MCU = 32,
	P_USER = 64,
};

/* flags of a descriptor */
#define D_RW	    0x40u
#define D_RO	    0xc0u
#define D_CACHED    0x4u
#define D_PAGE	    UINT64_C(0x403)
#define D_XN	    (UINT64_C(1) << 54)
#define SHARED_VA   0x04000000u
#define GLB_IN_VA   (SHARED_VA + 0x2000u)
#define GLB_OUT_VA  (SHARED_VA + 0x2100u)
#define CSG_IN_VA   (SHARED_VA + 0x3000u)
#define CSG_OUT_VA  (SHARED_VA + 0x8000u)
#define SLOT_BYTES  0x1000u
#define IN_BYTES    0x80u
#define OUT_BYTES   0x100u
#define QUEUE_VA    0x04010000u
#define SUSPEND_VA  0x04018000u
#define GROUP_LEN   0xa0u
#define STREAM_LEN  0x0cu
#define RING_OUTPUT 0x800u

struct machine {
	struct mmx_model *m;
	uint64_t now_ns, end_ns;
	uint8_t *mem;
	uint64_t mapped; /* bytes of it that are mapped for DMA */
	uint32_t pending[MMX_MODEL_IRQ_COUNT];
};

struct script {
	const uint8_t *data;
	size_t left;
	bool cut;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "model_device_fuzz: %s\n", what);
	abort();
}

/* ---- surroundings ---- */

static uint64_t now_ns(void *ctx)
{
	return ((struct machine *)ctx)->now_ns;
}

static void on_irq(void *ctx, enum mmx_model_irq line, uint32_t pending)
{
	struct machine *e = ctx;

	check(pending != e->pending[line], "an interrupt line is reported without a change");
	e->pending[line] = pending;
}

static void *dma_ptr(void *ctx, uint64_t addr, size_t len, bool write)
{
	struct machine *e = ctx;

	(void)write;
	if (addr < MEM_BASE || addr - MEM_BASE > e->mapped || len > e->mapped - (addr - MEM_BASE))
		return NULL;
	return e->mem + (addr - MEM_BASE);
}

static void on_log(void *ctx, enum mmx_model_log level, const char *text)
{
	(void)ctx;
	(void)level;
	check(strlen(text) < 4096, "a line of the log without an end");
}

static const struct mmx_model_ops ops = {
	.now_ns = now_ns,
	.irq = on_irq,
	.dma_ptr = dma_ptr,
	.log = on_log,
};

static void run_for(struct machine *e, uint64_t ns)
{
	uint64_t deadline = e->now_ns + ns;
	unsigned int stuck = 0;

	if (deadline > e->end_ns)
		deadline = e->end_ns;
	for (;;) {
		uint64_t next = mmx_model_run(e->m);

		if (next <= e->now_ns) {
			check(++stuck < STUCK_MAX, "the clock stands still for ever");
			continue;
		}
		stuck = 0;
		if (e->now_ns == deadline)
			return;
		e->now_ns = next < deadline ? next : deadline;
	}
}

static uint32_t rd(struct machine *e, uint32_t reg)
{
	return mmx_model_read32(e->m, reg);
}

static void wr(struct machine *e, uint32_t reg, uint32_t value)
{
	mmx_model_write32(e->m, reg, value);
}

static void check_lines(struct machine *e)
{
	/* reading lets events happen, so first that, then compare */
	uint32_t job = rd(e, JOB_INT_BASE + INT_STAT), mmu = rd(e, MMU_INT_BASE + INT_STAT);
	uint32_t gpu = rd(e, GPU_INT_BASE + INT_STAT);

	check(job == e->pending[MMX_MODEL_IRQ_JOB] && mmu == e->pending[MMX_MODEL_IRQ_MMU] &&
		      gpu == e->pending[MMX_MODEL_IRQ_GPU],
	      "an interrupt line does not say what its registers say");
}

/* ---- memory ---- */

static void put(struct machine *e, uint64_t at, uint64_t value, unsigned int bytes)
{
	at %= MEM_SIZE;
	if (bytes <= MEM_SIZE - at)
		memcpy(e->mem + at, &value, bytes);
}

static uint64_t page(uint64_t number)
{
	return MEM_BASE + number * PAGE;
}

static void entry(struct machine *e, unsigned int table, unsigned int index, uint64_t desc)
{
	put(e, table * PAGE + index % 512 * 8ul, desc, 8);
}

/* Of an address in the MCU's shared and private pages: where it is in memory. */
static uint64_t mcu(uint32_t va)
{
	return (uint64_t)P_SHARED * PAGE + (va - SHARED_VA);
}

static void put_mcu(struct machine *e, uint32_t va, uint32_t value)
{
	put(e, mcu(va), value, 4);
}

static uint32_t get_mcu(const struct machine *e, uint32_t va)
{
	uint32_t value;

	memcpy(&value, e->mem + mcu(va) % (MEM_SIZE - 3), 4);
	return value;
}

static uint32_t csg_in(unsigned int g)
{
	return CSG_IN_VA + g * SLOT_BYTES;
}

static uint32_t cs_in(unsigned int g, unsigned int s)
{
	return csg_in(g) + (1 + s) * IN_BYTES;
}

static uint32_t csg_out(unsigned int g)
{
	return CSG_OUT_VA + g * SLOT_BYTES;
}

static uint32_t queue_va(unsigned int g, unsigned int s)
{
	return QUEUE_VA + (g * USED + s) * PAGE;
}

static void make_tables(struct machine *e)
{
	unsigned int i;

	entry(e, P_ROOT0, 0, page(P_L1_0) | 3);
	entry(e, P_L1_0, 0, page(P_L2_0) | 3);
	entry(e, P_L2_0, 0, page(P_L3_LOW) | 3);
	entry(e, P_L2_0, SHARED_VA >> 21, page(P_L3_SHARED) | 3);
	entry(e, P_L3_LOW, 0, page(P_VECTORS) | D_PAGE | D_RO | D_XN);
	entry(e, P_L3_LOW, 1, page(P_CODE) | D_PAGE | D_RO);
	entry(e, P_L3_LOW, 2, page(P_STACK) | D_PAGE | D_RW | D_XN);
	for (i = P_SHARED; i < P_USER; i++)
		entry(e, P_L3_SHARED, i - P_SHARED, page(i) | D_PAGE | D_RW | D_XN);
	entry(e, P_ROOT1, 0, page(P_L1_1) | 3);
	entry(e, P_L1_1, 0, page(P_L2_1) | 3);
	entry(e, P_L2_1, 0, page(P_L3_1) | 3);
	for (i = P_USER; i < MEM_PAGES; i++)
		entry(e, P_L3_1, i - P_USER, page(i) | D_PAGE | D_RW | D_XN | D_CACHED);
}

static void make_interface(struct machine *e)
{
	put(e, P_VECTORS * PAGE, 0x3000, 4);
	put(e, P_VECTORS * PAGE + 4, 0x1001, 4);
	put_mcu(e, SHARED_VA + GLB_INPUT_VA, GLB_IN_VA);
	put_mcu(e, SHARED_VA + GLB_OUTPUT_VA, GLB_OUT_VA);
	put_mcu(e, SHARED_VA + GLB_GROUP_NUM, GROUPS);
	put_mcu(e, SHARED_VA + GLB_GROUP_STRIDE, GROUP_LEN);
	for (unsigned int g = 0; g < GROUPS; g++) {
		uint32_t control = SHARED_VA + GROUPS_OFFSET + g * GROUP_LEN;

		put_mcu(e, control + CSG_INPUT_VA, csg_in(g));
		put_mcu(e, control + CSG_OUTPUT_VA, csg_out(g));
		put_mcu(e, control + CSG_STREAM_NUM, STREAMS);
		put_mcu(e, control + CSG_STREAM_STRIDE, STREAM_LEN);
		for (unsigned int s = 0; s < STREAMS; s++) {
			uint32_t cs = control + STREAMS_OFFSET + s * STREAM_LEN;

			put_mcu(e, cs + CS_INPUT_VA, cs_in(g, s));
			put_mcu(e, cs + CS_OUTPUT_VA, csg_out(g) + (1 + s) * OUT_BYTES);
		}
	}
}

/* What the driver programs for the slots once and for all. */
static void make_groups(struct machine *e)
{
	for (unsigned int g = 0; g < GROUPS; g++) {
		for (unsigned int s = 0; s < USED; s++) {
			uint32_t in = cs_in(g, s);

			put_mcu(e, in + CS_IN_REQ,
				CS_STATE_START | CS_IDLE_EMPTY | CS_IDLE_SYNC_WAIT);
			put_mcu(e, in + CS_IN_CONFIG, (g + 1) << 8);
			put_mcu(e, in + CS_IN_ACK_IRQ_MASK, ~0u);
			put_mcu(e, in + CS_IN_RINGBUF_BASE, (g * USED + s) * PAGE);
			put_mcu(e, in + CS_IN_RINGBUF_SIZE, PAGE);
			put_mcu(e, in + CS_IN_RINGBUF_INPUT, queue_va(g, s));
			put_mcu(e, in + CS_IN_RINGBUF_OUTPUT, queue_va(g, s) + RING_OUTPUT);
		}
		put_mcu(e, csg_in(g) + CSG_IN_ACK_IRQ_MASK, ~0u);
		put_mcu(e, csg_in(g) + CSG_IN_ALLOW_COMPUTE, ~0u);
		put_mcu(e, csg_in(g) + CSG_IN_ALLOW_FRAGMENT, ~0u);
		put_mcu(e, csg_in(g) + CSG_IN_ALLOW_OTHER, 1);
		put_mcu(e, csg_in(g) + CSG_IN_ENDPOINT_REQ, (15 - g) << 28 | 1u << 16 | 0x0404);
		put_mcu(e, csg_in(g) + CSG_IN_SUSPEND_BUF, SUSPEND_VA + g * 3 * PAGE);
		put_mcu(e, csg_in(g) + CSG_IN_CONFIG, 1);
	}
}

/* ---- what a driver does ---- */

static void update_as(struct machine *e, unsigned int as, unsigned int tables)
{
	uint32_t base = MMU_AS_BASE + as * MMU_AS_STRIDE;

	mmx_model_write64(e->m, base + AS_TRANSTAB, page(tables % MEM_PAGES));
	mmx_model_write64(e->m, base + AS_MEMATTR, MEMATTR);
	mmx_model_write64(e->m, base + AS_TRANSCFG, TRANSCFG);
	wr(e, base + AS_COMMAND, AS_COMMAND_UPDATE);
}

static void doorbell(struct machine *e, unsigned int i)
{
	wr(e, DOORBELL_BASE + i * DOORBELL_STRIDE, 1);
}

static void toggle(struct machine *e, uint32_t va, uint32_t bits)
{
	put_mcu(e, va, get_mcu(e, va) ^ bits);
}

static void group_request(struct machine *e, unsigned int g, unsigned int state)
{
	uint32_t req = csg_in(g) + CSG_IN_REQ;

	if (state > CSG_STATE_RESUME)
		toggle(e, req, CSG_ENDPOINT_CONFIG | CSG_STATUS_UPDATE);
	else
		put_mcu(e, req, (get_mcu(e, req) & ~CSG_STATE) | state);
	toggle(e, GLB_IN_VA + GLB_IN_DOORBELL_REQ, 1u << g);
	doorbell(e, 0);
}

static void boot(struct machine *e)
{
	wr(e, JOB_INT_BASE + INT_MASK, ~0u);
	wr(e, MMU_INT_BASE + INT_MASK, 0xffff);
	wr(e, PWR_ON + 0x20, 1);
	update_as(e, 0, P_ROOT0);
	update_as(e, 1, P_ROOT1);
	wr(e, MCU_CONTROL_BASE + MCU_CONTROL, MCU_CONTROL_AUTO);
	run_for(e, 1000000);
	check(rd(e, MCU_CONTROL_BASE + MCU_STATUS) == MCU_STATUS_ENABLED, "it does not boot");
	put_mcu(e, GLB_IN_VA + GLB_IN_CORE_EN_MASK, ~0u);
	put_mcu(e, GLB_IN_VA + GLB_IN_ACK_IRQ_MASK, ~0u);
	put_mcu(e, GLB_IN_VA + GLB_IN_IDLE_TIMER, 1);
	toggle(e, GLB_IN_VA + GLB_IN_REQ, GLB_CFG_ALLOC_EN | GLB_IDLE_EN | GLB_COUNTER_EN);
	doorbell(e, 0);
	run_for(e, 100000);
}

/* ---- the script ---- */

static uint64_t take(struct script *s, unsigned int bytes)
{
	uint64_t value = 0;

	if (s->left < bytes) {
		s->cut = true;
		s->left = 0;
		return 0;
	}
	memcpy(&value, s->data, bytes);
	s->data += bytes;
	s->left -= bytes;
	return value;
}

static void submit(struct machine *e, struct script *s, unsigned int g, unsigned int cs)
{
	unsigned int count = (unsigned int)take(s, 1) % 64;
	uint64_t io = mcu(queue_va(g, cs)), insert;

	memcpy(&insert, e->mem + io, 8);
	for (unsigned int i = 0; i < count && s->left >= 8; i++, insert += 8)
		put(e, (P_USER + g * USED + cs) * (uint64_t)PAGE + insert % PAGE / 8 * 8,
		    take(s, 8), 8);
	put(e, io, insert, 8);
	doorbell(e, g + 1);
}

static void write_known(struct machine *e, unsigned int n, uint32_t value)
{
	static const uint32_t regs[16] = {
		GPU_CMD,
		PWR_ON + 0x20,
		PWR_OFF + 0x20,
		PWR_ON,
		PWR_OFF,
		MCU_CONTROL_BASE + MCU_CONTROL,
		JOB_INT_BASE + INT_CLEAR,
		MMU_INT_BASE + INT_CLEAR,
		GPU_INT_BASE + INT_CLEAR,
		JOB_INT_BASE + INT_MASK,
		MMU_INT_BASE + INT_MASK,
		GPU_INT_BASE + INT_MASK,
		MMU_AS_BASE + AS_COMMAND,
		MMU_AS_BASE + MMU_AS_STRIDE + AS_COMMAND,
		MMU_AS_BASE + MMU_AS_STRIDE + AS_TRANSCFG,
		PWR_ON + 0x10,
	};

	wr(e, regs[n], value);
}

static void write_interface(struct machine *e, struct script *s, unsigned int n)
{
	uint32_t block = n == 0 ? SHARED_VA : n == 1 ? GLB_IN_VA : n == 2 ? GLB_OUT_VA : 0;
	uint32_t offset = (uint32_t)take(s, 1) & ~3u;

	if (n == 3)
		block = SHARED_VA + GROUPS_OFFSET;
	else if (n >= 4 && n < 8)
		block = csg_in(n % 4);
	else if (n >= 8 && n < 12)
		block = csg_out(n % 4);
	else if (n >= 12)
		block = cs_in(n / 2 % 2, n % 2);
	put_mcu(e, block + offset, (uint32_t)take(s, 4));
}

static void write_descriptor(struct machine *e, struct script *s)
{
	unsigned int table = (unsigned int)take(s, 1) % (P_L3_1 + 1);
	unsigned int index = (unsigned int)take(s, 2);
	uint64_t to = page(take(s, 1) % (MEM_PAGES + 8));
	uint64_t flags = take(s, 1);

	entry(e, table, index, to | (flags & 3) | (flags & 0x3c) << 4 | (flags & 0xc0) | 1u << 10);
}

static void special(struct machine *e, unsigned int n)
{
	if (n == 0)
		mmx_model_power_on_reset(e->m);
	else if (n < 3)
		wr(e, GPU_CMD, GPU_CMD_TYPE_RESET | n << 8);
	else
		e->mapped = (uint64_t)MEM_SIZE * (n + 1) / 16;
}

static void corrupt_suspend(struct machine *e, struct script *s, unsigned int g)
{
	uint64_t at = mcu(SUSPEND_VA + g % GROUPS * 3 * PAGE) + take(s, 2) % (3 * PAGE);

	e->mem[at] ^= (uint8_t)take(s, 1);
}

static void step(struct machine *e, struct script *s)
{
	unsigned int op = (unsigned int)take(s, 1), n = op >> 4;
	uint32_t at;

	switch (op & 15) {
	case 0:
		at = (uint32_t)take(s, 3);
		if (n & 1)
			mmx_model_read64(e->m, at);
		else
			rd(e, at);
		break;
	case 1:
		at = (uint32_t)take(s, 3);
		wr(e, at, (uint32_t)take(s, 4));
		break;
	case 2:
		at = (uint32_t)take(s, 3);
		mmx_model_write64(e->m, at, take(s, 8));
		break;
	case 3:
		write_known(e, n, (uint32_t)take(s, 4));
		break;
	case 4:
		run_for(e, UINT64_C(1000) << n);
		break;
	case 5:
	case 6:
		at = (uint32_t)take(s, 3);
		put(e, at, take(s, op & 1 ? 4 : 8), op & 1 ? 4 : 8);
		break;
	case 7:
		doorbell(e, n);
		break;
	case 8:
		group_request(e, (n & 3) % GROUPS, n == 15 ? 15 : n >> 2);
		break;
	case 9:
		submit(e, s, (n >> 1) % GROUPS, n & 1);
		break;
	case 10:
		corrupt_suspend(e, s, n);
		break;
	case 11:
		update_as(e, n, (unsigned int)take(s, 1));
		break;
	case 12:
		toggle(e, GLB_IN_VA + GLB_IN_REQ, (uint32_t)take(s, 4));
		doorbell(e, 0);
		break;
	case 13:
		write_interface(e, s, n);
		break;
	case 14:
		write_descriptor(e, s);
		break;
	case 15:
		special(e, n);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script s = { .data = data, .left = size };
	struct machine e = { .now_ns = 1000000, .mapped = MEM_SIZE };
	uint32_t mode = (uint32_t)take(&s, 1);
	const struct mmx_model_config config = { .coherent = mode & 4 };

	e.end_ns = e.now_ns + TIME_MAX_NS;
	e.mem = calloc(1, MEM_SIZE);
	if (!e.mem || mmx_model_create(&config, &ops, &e, &e.m))
		abort();
	make_tables(&e);
	make_interface(&e);
	if (mode & 1)
		boot(&e);
	if (mode & 2) {
		make_groups(&e);
		for (unsigned int g = 0; g < GROUPS; g++)
			group_request(&e, g, CSG_STATE_START);
		run_for(&e, 100000);
	}
	for (unsigned int i = 0; i < STEPS_MAX && s.left && !s.cut; i++) {
		step(&e, &s);
		check_lines(&e);
	}
	e.end_ns += 1000000;
	run_for(&e, 1000000);
	mmx_model_power_on_reset(e.m);
	check_lines(&e);
	check(!e.pending[MMX_MODEL_IRQ_JOB] && !e.pending[MMX_MODEL_IRQ_MMU] &&
		      !e.pending[MMX_MODEL_IRQ_GPU],
	      "a line is up after power-on reset");
	check(mmx_model_next_ns(e.m) == UINT64_MAX, "something is left to do after power-on reset");
	mmx_model_destroy(e.m);
	free(e.mem);
	return 0;
}
