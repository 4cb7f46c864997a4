// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The model's own speed, so that nobody takes its limits for the driver's: register accesses, instructions of a command
 * stream, and translations of addresses, per second of this thread's CPU time. The model is in this process; a stream is
 * submitted through the backend, and only the model's own calls are counted.
 *
 * A stream of loads has one translation in each load, beside an addition and what fetching takes.
 */
#include <errno.h>

#include "backend/device/model_device.h"
#include "frontend/core/names.h"
#include "tests/lib/cs_asm.h"
#include "tools/bench/host.h"
#include "tools/model/model.h"

#define NAME	   mmx_name_make(0, 1)
#define CODE_VA	   0x100000ull
#define DATA_VA	   0x40000000ull
#define DATA_PAGES 1024u
#define DONE_PAGE     \
	(DATA_PAGES + \
	 1) /* of what is shared: code, data, and the word that says that a stream is done */
#define PAGE	   4096u
#define WORDS_MAX  64u
#define UNROLLED   16u /* loads, or pairs of other instructions, in a loop's body */
#define SIMPLE_NS  4u /* docs/model-cs.md */
#define LOOK_EVERY 64u /* slices between looks at the clock */

#define REG_GPU_ID	0x0u
#define REG_JOB_RAWSTAT 0x1000u
#define REG_JOB_CLEAR	0x1004u

/* simple instructions; with less, interpreting streams would show in tests of real drivers */
#define GOAL_MILLIONS 50.0

struct speeds {
	struct mmx_host host;
	struct mmx_model *model;
	uint64_t seqno;
	struct mmx_series reads, writes, clocks; /* million per second */
	struct mmx_series simple, same_page, page_each;
};

/* ---- streams: each returns how many of what it measures it executes ---- */

static uint64_t emit_simple(struct mmx_cs_asm *a, uint32_t rounds)
{
	unsigned int loop = mmx_cs_label(a), i;

	mmx_cs_move32(a, 0, rounds);
	mmx_cs_bind(a, loop);
	for (i = 0; i < UNROLLED; i++) {
		mmx_cs_move32(a, 2, i);
		mmx_cs_add_imm32(a, 3, 2, 1);
	}
	mmx_cs_add_imm32(a, 0, 0, -1);
	mmx_cs_branch(a, MMX_CS_GREATER, 0, loop);
	return (uint64_t)rounds * (2 * UNROLLED + 2);
}

/* Over all data pages again and again; with a stride of 0 it stays in the first one. */
static uint64_t emit_loads(struct mmx_cs_asm *a, uint32_t rounds, int32_t stride)
{
	unsigned int outer = mmx_cs_label(a), inner = mmx_cs_label(a), i;

	mmx_cs_move32(a, 0, rounds);
	mmx_cs_bind(a, outer);
	mmx_cs_move48(a, 4, DATA_VA);
	mmx_cs_move32(a, 1, DATA_PAGES / UNROLLED);
	mmx_cs_bind(a, inner);
	for (i = 0; i < UNROLLED; i++) {
		mmx_cs_load_multiple(a, 8, 1, 4, 0);
		mmx_cs_add_imm64(a, 4, 4, stride);
	}
	mmx_cs_add_imm32(a, 1, 1, -1);
	mmx_cs_branch(a, MMX_CS_GREATER, 1, inner);
	mmx_cs_add_imm32(a, 0, 0, -1);
	mmx_cs_branch(a, MMX_CS_GREATER, 0, outer);
	return (uint64_t)rounds * DATA_PAGES;
}

static uint64_t emit_same_page(struct mmx_cs_asm *a, uint32_t rounds)
{
	return emit_loads(a, rounds, 0);
}

static uint64_t emit_page_each(struct mmx_cs_asm *a, uint32_t rounds)
{
	return emit_loads(a, rounds, PAGE);
}

/* ---- running one ---- */

static void *shared_page(struct mmx_host *h, unsigned int index)
{
	return (char *)h->peer.region + h->front.data_offset + (size_t)index * PAGE;
}

static double per_us(uint64_t count, uint64_t ns)
{
	return (double)count * 1000 / (double)(ns ? ns : 1);
}

/*
 * The stream stores @seqno when it begins, in the word before the last one, and when it is done, in the last one. From
 * one to the other: *ret_ns, CPU time that the model took. Before and after it the backend has its turns.
 */
static int execute(struct mmx_host *h, uint64_t seqno, uint64_t *ret_ns)
{
	uint64_t end_ns = mmx_bench_now() + (uint64_t)h->timeout_ms * 1000000u, start_ns = 0;
	const uint64_t *words = shared_page(h, DONE_PAGE);
	bool begun = false;
	unsigned int n;

	while (__atomic_load_n(&words[1], __ATOMIC_ACQUIRE) != seqno) {
		if (mmx_bench_now() > end_ns)
			return -ETIMEDOUT;
		if (!begun) {
			mmx_host_turn(h);
			begun = __atomic_load_n(&words[0], __ATOMIC_ACQUIRE) == seqno;
			start_ns = mmx_bench_clock(CLOCK_THREAD_CPUTIME_ID);
			continue;
		}
		for (n = 0; n < LOOK_EVERY; n++)
			mmx_model_device_run(h->dev);
	}
	*ret_ns = mmx_bench_clock(CLOCK_THREAD_CPUTIME_ID) - start_ns;
	for (n = 0; n < LOOK_EVERY; n++)
		mmx_host_turn(h);
	return 0;
}

static int measure_stream(struct speeds *s, uint64_t (*emit)(struct mmx_cs_asm *a, uint32_t rounds),
			  uint32_t rounds, struct mmx_series *series)
{
	struct mmx_job_desc job = { .group = NAME, .seqno = ++s->seqno, .stream_addr = CODE_VA };
	struct mmx_host *h = &s->host;
	struct mmx_cs_asm a;
	uint64_t count, ns;
	size_t words;
	int r;

	mmx_cs_asm_init(&a, shared_page(h, 0), WORDS_MAX);
	mmx_cs_move48(&a, 10, DATA_VA + (DONE_PAGE - 1) * (uint64_t)PAGE);
	mmx_cs_move48(&a, 12, job.seqno);
	mmx_cs_store_multiple(&a, 12, 3, 10, 0);
	count = emit(&a, rounds);
	mmx_cs_store_multiple(&a, 12, 3, 10, 8);
	r = mmx_cs_asm_finish(&a, &words);
	if (r)
		return r;
	job.stream_size = (uint32_t)(words * sizeof(uint64_t));
	r = mmx_host_send(h, mmx_encode_submit(&h->buf, ++h->tag, &job, NULL, 0));
	if (r)
		return r;
	mmx_front_session_flush(&h->front);
	mmx_host_take(h);
	r = execute(h, job.seqno, &ns);
	if (r)
		return r;
	mmx_series_add(series, per_us(count, ns));
	return mmx_host_receive(h);
}

/* ---- registers ---- */

static void measure_registers(struct speeds *s, unsigned int rounds)
{
	uint64_t start_ns = mmx_bench_clock(CLOCK_THREAD_CPUTIME_ID), reads_ns, writes_ns,
		 clocks_ns;
	unsigned int i;

	for (i = 0; i < rounds; i++)
		(void)mmx_model_read32(s->model, i & 1 ? REG_JOB_RAWSTAT : REG_GPU_ID);
	reads_ns = mmx_bench_clock(CLOCK_THREAD_CPUTIME_ID);
	/* clears nothing */
	for (i = 0; i < rounds; i++)
		mmx_model_write32(s->model, REG_JOB_CLEAR, 0);
	writes_ns = mmx_bench_clock(CLOCK_THREAD_CPUTIME_ID);
	for (i = 0; i < rounds; i++)
		(void)mmx_bench_now();
	clocks_ns = mmx_bench_clock(CLOCK_THREAD_CPUTIME_ID);
	mmx_series_add(&s->reads, per_us(rounds, reads_ns - start_ns));
	mmx_series_add(&s->writes, per_us(rounds, writes_ns - reads_ns));
	mmx_series_add(&s->clocks, per_us(rounds, clocks_ns - writes_ns));
}

/* ---- the row ---- */

static int make_objects(struct speeds *s)
{
	const struct mmx_queue_desc queue = { .ring_size = 4096, .timeline = NAME };
	const struct mmx_group_desc group = {
		.client = NAME, .vm = NAME, .group = NAME, .priority = 1
	};
	struct mmx_host *h = &s->host;
	struct mmx_bind_op ops[2] = {
		{ .op = MMX_BIND_OP_MAP, .mem = NAME, .va = CODE_VA, .size = PAGE },
		{ .op = MMX_BIND_OP_MAP,
		  .mem = NAME,
		  .va = DATA_VA,
		  .mem_offset = PAGE,
		  .size = (uint64_t)DONE_PAGE * PAGE },
	};
	struct mmx_run run = { .page_count = DONE_PAGE + 1 };
	int r;

	run.first_page = h->front.data_offset / MMX_WIRE_PAGE_SIZE;
	r = mmx_host_call(h, mmx_encode_client_create(&h->buf, ++h->tag, NAME, 0, "bench"));
	if (!r)
		r = mmx_host_call(h, mmx_encode_mem_create(&h->buf, ++h->tag, NAME, MMX_MEM_SEAL,
							   DONE_PAGE + 1, &run, 1));
	if (!r)
		r = mmx_host_call(h, mmx_encode_vm_create(&h->buf, ++h->tag, NAME, NAME, 0, 0));
	if (!r)
		r = mmx_host_call(h, mmx_encode_vm_bind(&h->buf, ++h->tag, NAME, ops, 2));
	if (!r)
		r = mmx_host_call(h, mmx_encode_group_create(&h->buf, ++h->tag, &group, &queue, 1));
	return r;
}

static void line(struct mmx_bench *b, const char *name, const struct mmx_series *value,
		 const char *beside, const struct mmx_series *beside_value)
{
	mmx_report_line(b->report,
			&(struct mmx_report_line){ name, "M/s", value, beside, beside_value });
}

int mmx_row_model(struct mmx_bench *b)
{
	const struct mmx_series goal = { { GOAL_MILLIONS }, 1 };
	unsigned int rep, scale = b->quick ? 1 : 100;
	struct speeds s = { .seqno = 0 };
	int r;

	mmx_report_row(b->report, "model", "what the model itself does in a second of CPU time");
	r = mmx_host_open(b, &s.host);
	if (r)
		return r;
	s.model = mmx_model_device_model(s.host.dev);
	r = make_objects(&s);
	for (rep = 0; rep < b->reps && !r; rep++) {
		measure_registers(&s, 10000 * scale);
		r = measure_stream(&s, emit_simple, 3000 * scale, &s.simple);
		if (!r)
			r = measure_stream(&s, emit_same_page, 10 * scale, &s.same_page);
		if (!r)
			r = measure_stream(&s, emit_page_each, 10 * scale, &s.page_each);
	}
	mmx_host_close(&s.host);
	if (r)
		return mmx_bench_fail(r, "the model's speed");
	line(b, "register reads", &s.reads, "clock reads", &s.clocks);
	line(b, "register writes", &s.writes, "clock reads", &s.clocks);
	line(b, "simple instructions", &s.simple, "goal", &goal);
	mmx_report_note(
		b->report,
		"a stream spends %u ns of the GPU's time on each: %u M/s is all that can be seen",
		SIMPLE_NS, 1000u / SIMPLE_NS);
	line(b, "translations, same page", &s.same_page, "instructions", &s.simple);
	line(b, "translations, a page each", &s.page_each, "instructions", &s.simple);
	return 0;
}
