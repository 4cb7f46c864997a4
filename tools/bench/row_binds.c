// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * VM_BIND: pages per second. Scattered memory (no two neighbouring runs, so entries of 4 KiB only), and memory that
 * is contiguous and aligned (entries of 2 MiB). Beside it the floor: the same edits of page tables in this process.
 *
 * Unmapping in a VM that is resident takes the hardware's maintenance of its address space, there and natively.
 */
#include <errno.h>
#include <stdio.h>

#include "backend/gpu/vm.h"
#include "tools/bench/pair.h"

#define BIND_VA	    0x40000000ull
#define SMALL_SIZE  (16u << 20)
#define LARGE_SIZE  (64u << 20)
#define FLUSHES	    20
#define ASYNC_BINDS 16
#define RUN_PAGES   2u /* of scattered memory; the library knows no shorter runs */

enum kind {
	SMALL, /* 4 KiB */
	LARGE, /* 2 MiB */
	KINDS,
};

struct times {
	struct mmx_series map, unmap; /* million pages per second */
};

struct binds {
	struct mmx_pair pair;
	struct mmx_mem *mems[KINDS]; /* of the guest */
	struct mmx_vm *vm; /* natively: resident nowhere */
	struct times guest[KINDS], floor[KINDS];
	struct mmx_series async[KINDS]; /* the same, mapped and unmapped again */
	struct mmx_series sync[KINDS];
	struct mmx_samples flushes;
	struct mmx_series flush_us, native_flush_us; /* p50 of them */
};

static const size_t sizes[KINDS] = { SMALL_SIZE, LARGE_SIZE };

/*
 * What is bound of the object. The large one begins one page into the data area, behind the guest's code: so this is
 * where its device addresses are multiples of 2 MiB.
 */
static const uint64_t offsets[KINDS] = { 0, MMX_BLOCK_SIZE - MMX_PAGE_SIZE };

static void add_rate(struct mmx_series *series, size_t size, uint64_t start_ns)
{
	size_t pages = size / MMX_PAGE_SIZE;

	mmx_series_add(series, (double)pages * 1e3 / (double)(mmx_bench_now() - start_ns));
}

/* VM_BIND and its answer, in a VM that no group runs in. */
static int measure_guest(struct binds *s, enum kind kind, uint32_t vm)
{
	struct mmx_guest *guest = s->pair.guest.guest;
	uint64_t start_ns = mmx_bench_now();
	int r;

	r = mmx_guest_vm_map(guest, vm, s->mems[kind], offsets[kind], BIND_VA, sizes[kind], 0);
	if (r)
		return mmx_bench_fail(r, "VM_BIND");
	add_rate(&s->guest[kind].map, sizes[kind], start_ns);
	start_ns = mmx_bench_now();
	r = mmx_guest_vm_unmap(guest, vm, BIND_VA, sizes[kind]);
	if (r)
		return mmx_bench_fail(r, "VM_BIND");
	add_rate(&s->guest[kind].unmap, sizes[kind], start_ns);
	return 0;
}

/* Every other run of the memory first, then the rest, so that neighbours are never contiguous. */
static uint64_t run_offset(enum kind kind, uint64_t index)
{
	uint64_t runs = SMALL_SIZE / (RUN_PAGES * MMX_PAGE_SIZE);

	if (kind == LARGE)
		return 0;
	return (index < runs / 2 ? 2 * index : 2 * (index - runs / 2) + 1) * RUN_PAGES *
	       MMX_PAGE_SIZE;
}

static void flushed(struct mmx_vm_op *op)
{
	(void)op;
}

static int measure_floor(struct binds *s, enum kind kind)
{
	struct mmx_native *native = &s->pair.native;
	uint64_t step = kind == LARGE ? LARGE_SIZE : RUN_PAGES * MMX_PAGE_SIZE, at;
	uint64_t start_ns = mmx_bench_now();
	struct mmx_vm_op op;
	int r = 0;

	for (at = 0; at < sizes[kind] && !r; at += step)
		r = mmx_vm_map(s->vm, BIND_VA + at,
			       mmx_dma_map_addr(&native->map,
						MMX_BLOCK_SIZE + run_offset(kind, at / step)),
			       step, MMX_PROT_READ | MMX_PROT_WRITE);
	if (r)
		return mmx_bench_fail(r < 0 ? r : -EINVAL, "page tables");
	add_rate(&s->floor[kind].map, sizes[kind], start_ns);
	start_ns = mmx_bench_now();
	r = mmx_vm_unmap(s->vm, BIND_VA, sizes[kind]);
	/* at once, since no hardware has this VM: emptied tables are given back */
	op.done = flushed;
	mmx_vm_flush(s->vm, BIND_VA, sizes[kind], &op);
	add_rate(&s->floor[kind].unmap, sizes[kind], start_ns);
	return r ? mmx_bench_fail(r < 0 ? r : -EINVAL, "page tables") : 0;
}

/* The same pages mapped and unmapped again and again, without waiting for anything but the last. */
static int measure_async(struct binds *s, enum kind kind, uint32_t vm)
{
	struct mmx_guest *guest = s->pair.guest.guest;
	const struct mmx_bind_op_params ops[] = {
		{ .op = MMX_BIND_OP_MAP,
		  .mem = s->mems[kind],
		  .offset = offsets[kind],
		  .va = BIND_VA,
		  .size = sizes[kind] },
		{ .op = MMX_BIND_OP_UNMAP, .va = BIND_VA, .size = sizes[kind] },
	};
	uint64_t start_ns = mmx_bench_now();
	struct mmx_fence fence = { 0 };
	int i, r = 0, error = 0;

	for (i = 0; i < ASYNC_BINDS && !r; i++)
		r = mmx_guest_vm_bind_async(guest, vm, &ops[i & 1], 1, NULL, 0, &fence);
	if (!r)
		r = mmx_guest_fence_wait(guest, &fence, s->pair.guest.timeout_ms, &error);
	if (r || error)
		return mmx_bench_fail(r ? r : error, "VM_BIND_ASYNC");
	add_rate(&s->async[kind], sizes[kind] * ASYNC_BINDS / 2, start_ns);
	start_ns = mmx_bench_now();
	for (i = 0; i < ASYNC_BINDS / 2 && !r; i++) {
		r = mmx_guest_vm_map(guest, vm, s->mems[kind], offsets[kind], BIND_VA, sizes[kind],
				     0);
		if (!r)
			r = mmx_guest_vm_unmap(guest, vm, BIND_VA, sizes[kind]);
	}
	if (r)
		return mmx_bench_fail(r, "VM_BIND");
	add_rate(&s->sync[kind], sizes[kind] * ASYNC_BINDS / 2, start_ns);
	return 0;
}

/* One page, in a VM that is resident: a job has just run. */
static int flush_guest(struct binds *s)
{
	struct mmx_bench_guest *guest = &s->pair.guest;
	uint64_t start_ns;
	int r;

	r = mmx_bench_guest_submit(guest, &guest->streams[MMX_BENCH_NOP]);
	if (!r)
		r = mmx_bench_guest_wait(guest, 0);
	if (!r)
		r = mmx_guest_vm_map(guest->guest, guest->vm, s->mems[LARGE], 0, BIND_VA,
				     MMX_PAGE_SIZE, 0);
	start_ns = mmx_bench_now();
	if (!r)
		r = mmx_guest_vm_unmap(guest->guest, guest->vm, BIND_VA, MMX_PAGE_SIZE);
	mmx_samples_add(&s->flushes, mmx_bench_now() - start_ns);
	return r ? mmx_bench_fail(r, "unmap") : 0;
}

static int flush_native(struct binds *s)
{
	struct mmx_native *native = &s->pair.native;
	uint64_t start_ns;
	int r;

	r = mmx_vm_map(native->vm, BIND_VA, mmx_dma_map_addr(&native->map, MMX_BLOCK_SIZE),
		       MMX_PAGE_SIZE, MMX_PROT_READ);
	start_ns = mmx_bench_now();
	if (!r)
		r = mmx_vm_unmap(native->vm, BIND_VA, MMX_PAGE_SIZE);
	if (r)
		return mmx_bench_fail(r < 0 ? r : -EINVAL, "unmap");
	r = mmx_native_flush(native, BIND_VA, MMX_PAGE_SIZE);
	mmx_samples_add(&s->flushes, mmx_bench_now() - start_ns);
	return r;
}

static int measure_flush(struct binds *s, int (*flush)(struct binds *s), struct mmx_series *series)
{
	unsigned int i;
	int r = 0;

	s->flushes.count = 0;
	for (i = 0; i < FLUSHES && !r; i++)
		r = flush(s);
	mmx_series_add(series, (double)mmx_samples_percentile(&s->flushes, 50) / 1000);
	return r;
}

static int make_objects(struct binds *s, uint32_t *ret_vm)
{
	struct mmx_guest *guest = s->pair.guest.guest;
	int r;

	r = mmx_guest_mem_create(guest, LARGE_SIZE + MMX_BLOCK_SIZE, 0, &s->mems[LARGE]);
	if (!r)
		r = mmx_guest_mem_create(guest, SMALL_SIZE, RUN_PAGES, &s->mems[SMALL]);
	if (!r)
		r = mmx_guest_vm_create_async(guest, s->pair.guest.client, 0, ret_vm);
	if (!r)
		r = mmx_vm_create(s->pair.native.gpu, s, &s->vm);
	return r ? mmx_bench_fail(r, "objects") : 0;
}

static void report(struct mmx_bench *b, const struct binds *s)
{
	static const char *const names[KINDS] = { "4 KiB entries", "2 MiB entries" };
	char name[64];
	int kind;

	for (kind = 0; kind < KINDS; kind++) {
		snprintf(name, sizeof(name), "map, %s", names[kind]);
		mmx_report_line(b->report,
				&(struct mmx_report_line){ name, "Mpage/s", &s->guest[kind].map,
							   "page tables", &s->floor[kind].map });
		snprintf(name, sizeof(name), "unmap, %s", names[kind]);
		mmx_report_line(b->report,
				&(struct mmx_report_line){ name, "Mpage/s", &s->guest[kind].unmap,
							   "page tables", &s->floor[kind].unmap });
		snprintf(name, sizeof(name), "map and unmap, %s, async", names[kind]);
		mmx_report_line(b->report,
				&(struct mmx_report_line){ name, "Mpage/s", &s->async[kind], "sync",
							   &s->sync[kind] });
	}
	mmx_report_line(b->report,
			&(struct mmx_report_line){ "unmap a page, VM is resident, p50", "us",
						   &s->flush_us, "native", &s->native_flush_us });
}

static int run(struct mmx_bench *b, struct binds *s)
{
	unsigned int rep;
	uint32_t vm = 0;
	int kind, r;

	r = make_objects(s, &vm);
	for (rep = 0; rep < b->reps && !r; rep++) {
		for (kind = 0; kind < KINDS && !r; kind++) {
			r = measure_guest(s, (enum kind)kind, vm);
			if (!r)
				r = measure_floor(s, (enum kind)kind);
			if (!r)
				r = measure_async(s, (enum kind)kind, vm);
		}
		if (!r)
			r = measure_flush(s, flush_guest, &s->flush_us);
		if (!r)
			r = measure_flush(s, flush_native, &s->native_flush_us);
	}
	return r;
}

int mmx_row_binds(struct mmx_bench *b)
{
	struct binds s = { .vm = NULL };
	int r;

	mmx_report_row(b->report, "binds", "mapping memory into the GPU's address spaces");
	r = mmx_pair_open(b, "binds", LARGE_SIZE, &s.pair);
	if (r)
		return r;
	r = mmx_samples_init(&s.flushes, FLUSHES);
	if (!r)
		r = run(b, &s);
	if (!r)
		report(b, &s);
	mmx_samples_finish(&s.flushes);
	mmx_vm_destroy(s.vm);
	mmx_pair_close(&s.pair);
	return r;
}
