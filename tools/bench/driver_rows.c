// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The rows of malimux-bench-driver. Each of them leaves things as it found them.
 */
#include <sys/mman.h>

#include "tools/bench/driver.h"
#include "tests/uapi/drm_abi.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define KIB	     1024u
#define MIB	     (1024u * KIB)

/* ---- jobs ---- */

static void latency(struct mmx_driver_bench *b, const struct mmx_driver_row *row, double *ret)
{
	unsigned int i;

	b->samples.count = 0;
	for (i = 0; i < 100; i++) {
		int64_t start_ns = uapi_now_ns();

		mmx_driver_submit(b, b->jobs[row->job], 1);
		CHECK_OK(uapi_wait(b->rig.fd, b->done, UAPI_PATIENCE_NS));
		mmx_samples_add(&b->samples, (uint64_t)(uapi_now_ns() - start_ns));
	}
	mmx_driver_wait(b);
	ret[0] = (double)mmx_samples_percentile(&b->samples, 50) / 1000;
	ret[1] = (double)mmx_samples_percentile(&b->samples, 99) / 1000;
}

static void one_by_one(struct mmx_driver_bench *b, const struct mmx_driver_row *row, double *ret)
{
	int64_t start_ns = uapi_now_ns();
	unsigned int i;

	for (i = 0; i < 256; i++)
		mmx_driver_submit(b, b->jobs[row->job], 1);
	mmx_driver_wait(b);
	ret[0] = mmx_driver_rate(256, start_ns);
}

static void batches(struct mmx_driver_bench *b, const struct mmx_driver_row *row, double *ret)
{
	int64_t start_ns = uapi_now_ns();
	unsigned int i;

	for (i = 0; i < 4; i++)
		mmx_driver_submit(b, b->jobs[row->job], MMX_DRIVER_BATCH);
	mmx_driver_wait(b);
	ret[0] = mmx_driver_rate(4 * MMX_DRIVER_BATCH, start_ns);
}

const struct mmx_driver_row mmx_driver_job_rows[] = {
	{ { "submit to signal, empty stream, p50", "submit to signal, empty stream, p99" },
	  "us",
	  latency,
	  .job = MMX_BENCH_NOP },
	{ { "submit to signal, 50 us job, p50", "submit to signal, 50 us job, p99" },
	  "us",
	  latency,
	  .job = MMX_BENCH_50US },
	{ { "submissions of one job" }, "job/s", one_by_one, .job = MMX_BENCH_NOP },
	{ { "submissions of 128 jobs" }, "job/s", batches, .job = MMX_BENCH_NOP },
	{ { NULL }, NULL, NULL, 0, 0, false },
};

/* ---- binds ---- */

#define BINDS 100u
/* Where they go: each has 2 MiB of its own, so that the largest are blocks. */
#define BIND_VA(i) (0x40000000ull + (uint64_t)2 * MIB * (i))

/* Jobs for longer than the binds should take. Those wait for nothing. */
static uint32_t begin_binds(struct mmx_driver_bench *b, const struct mmx_driver_row *row)
{
	if (!row->busy)
		return b->idle_vm;
	/* half a second */
	mmx_driver_submit(b, b->jobs[MMX_BENCH_4MS], 128);
	return b->rig.vm;
}

static void end_binds(struct mmx_driver_bench *b, const struct mmx_driver_row *row,
		      const struct uapi_bo *bo)
{
	if (row->busy)
		mmx_driver_wait(b);
	CHECK_OK(uapi_gem_close(b->rig.fd, bo->handle));
}

static struct uapi_bo new_bo(struct mmx_driver_bench *b, uint64_t size)
{
	struct uapi_bo bo = { .fd = b->rig.fd, .size = size };

	CHECK_OK(uapi_bo_try(bo.fd, size, 0, 0, &bo.handle));
	return bo;
}

/* Two numbers: maps, and unmaps. */
static void at_once(struct mmx_driver_bench *b, const struct mmx_driver_row *row, double *ret)
{
	struct uapi_bo bo = new_bo(b, row->size);
	uint32_t vm = begin_binds(b, row);
	int64_t start_ns = uapi_now_ns();
	unsigned int i;

	for (i = 0; i < BINDS; i++)
		CHECK_OK(
			uapi_map(b->rig.fd, vm, bo.handle, 0, BIND_VA(i), bo.size, PAN_MAP_NOEXEC));
	ret[0] = mmx_driver_rate(BINDS, start_ns);
	start_ns = uapi_now_ns();
	for (i = 0; i < BINDS; i++)
		CHECK_OK(uapi_unmap(b->rig.fd, vm, BIND_VA(i), bo.size));
	ret[1] = mmx_driver_rate(BINDS, start_ns);
	end_binds(b, row, &bo);
}

static void queued(struct mmx_driver_bench *b, const struct mmx_driver_row *row, double *ret)
{
	struct uapi_bo bo = new_bo(b, row->size);
	uint32_t vm = begin_binds(b, row), bound = uapi_syncobj(b->rig.fd), pass, i;
	struct pan_sync_op signal = UAPI_SIGNAL(bound);
	struct pan_vm_bind_op op = { .bo_handle = bo.handle, .size = bo.size };

	for (pass = 0; pass < 2; pass++) {
		int64_t start_ns = uapi_now_ns();

		op.flags = pass ? PAN_OP_UNMAP : PAN_OP_MAP | PAN_MAP_NOEXEC;
		op.bo_handle = pass ? 0 : bo.handle;
		for (i = 0; i < BINDS; i++) {
			op.va = BIND_VA(i);
			CHECK_OK(uapi_bind_async(b->rig.fd, vm, op, &signal, i == BINDS - 1));
		}
		CHECK_OK(uapi_wait(b->rig.fd, bound, UAPI_PATIENCE_NS));
		CHECK_OK(uapi_fence_error(b->rig.fd, bound));
		ret[pass] = mmx_driver_rate(BINDS, start_ns);
	}
	CHECK_OK(uapi_ioctl(b->rig.fd, DRM_IOCTL_SYNCOBJ_DESTROY,
			    &(struct drm_gem_close){ .handle = bound }));
	end_binds(b, row, &bo);
}

#define BIND_ROW(function, kind, text, bytes, is_busy)                                        \
	{                                                                                     \
		{ "map " text kind, "unmap " text kind }, "bind/s", function, .size = bytes,  \
									      .busy = is_busy \
	}

const struct mmx_driver_row mmx_driver_bind_rows[] = {
	BIND_ROW(at_once, ", idle", "4 KiB", 4 * KIB, false),
	BIND_ROW(at_once, ", idle", "64 KiB", 64 * KIB, false),
	BIND_ROW(at_once, ", idle", "2 MiB", 2 * MIB, false),
	BIND_ROW(at_once, ", busy", "4 KiB", 4 * KIB, true),
	BIND_ROW(at_once, ", busy", "64 KiB", 64 * KIB, true),
	BIND_ROW(at_once, ", busy", "2 MiB", 2 * MIB, true),
	BIND_ROW(queued, ", async, idle", "64 KiB", 64 * KIB, false),
	BIND_ROW(queued, ", async, busy", "64 KiB", 64 * KIB, true),
	{ { NULL }, NULL, NULL, 0, 0, false },
};

/* ---- objects ---- */

static void touch(const struct uapi_bo *bo)
{
	uint64_t at;

	for (at = 0; at < bo->size; at += UAPI_PAGE)
		bo->map[at / sizeof(*bo->map)] = 1;
}

/* Creates one, maps it for the CPU, writes to each page, and closes it. */
static void buffers(struct mmx_driver_bench *b, const struct mmx_driver_row *row, double *ret)
{
	unsigned int count = row->size > MIB ? 8 : 50, i;
	int64_t start_ns = uapi_now_ns();

	for (i = 0; i < count; i++) {
		struct uapi_bo bo = new_bo(b, row->size);

		uapi_bo_map(&bo);
		touch(&bo);
		CHECK_OK(munmap((void *)(uintptr_t)bo.map, bo.size));
		CHECK_OK(uapi_gem_close(bo.fd, bo.handle));
	}
	ret[0] = mmx_driver_rate(count, start_ns);
}

/* As before, and for the GPU. */
static void lives(struct mmx_driver_bench *b, const struct mmx_driver_row *row, double *ret)
{
	int64_t start_ns = uapi_now_ns();
	unsigned int i;

	for (i = 0; i < 50; i++) {
		struct uapi_bo bo = new_bo(b, row->size);

		uapi_bo_map(&bo);
		touch(&bo);
		CHECK_OK(uapi_map(bo.fd, b->idle_vm, bo.handle, 0, BIND_VA(0), bo.size,
				  PAN_MAP_NOEXEC));
		CHECK_OK(uapi_unmap(bo.fd, b->idle_vm, BIND_VA(0), bo.size));
		CHECK_OK(munmap((void *)(uintptr_t)bo.map, bo.size));
		CHECK_OK(uapi_gem_close(bo.fd, bo.handle));
	}
	ret[0] = mmx_driver_rate(50, start_ns);
}

static void vms(struct mmx_driver_bench *b, const struct mmx_driver_row *row, double *ret)
{
	int64_t start_ns = uapi_now_ns();
	unsigned int i;

	(void)row;
	for (i = 0; i < 30; i++) {
		struct pan_vm_destroy destroy = { .id = uapi_vm(b->rig.fd) };

		CHECK_OK(uapi_ioctl(b->rig.fd, PAN_IOCTL_VM_DESTROY, &destroy));
	}
	ret[0] = mmx_driver_rate(30, start_ns);
}

static void groups(struct mmx_driver_bench *b, const struct mmx_driver_row *row, double *ret)
{
	int64_t start_ns = uapi_now_ns();
	unsigned int i;

	(void)row;
	for (i = 0; i < 30; i++)
		CHECK_OK(uapi_group_destroy(b->rig.fd, uapi_group(b->rig.fd, b->rig.vm, 1)));
	ret[0] = mmx_driver_rate(30, start_ns);
}

/* What all drivers have in common. */
static void waits(struct mmx_driver_bench *b, const struct mmx_driver_row *row, double *ret)
{
	int64_t start_ns;
	unsigned int i;

	(void)row;
	mmx_driver_submit(b, b->jobs[MMX_BENCH_NOP], 1);
	mmx_driver_wait(b);
	start_ns = uapi_now_ns();
	for (i = 0; i < 1000; i++)
		CHECK_OK(uapi_wait(b->rig.fd, b->done, UAPI_PATIENCE_NS));
	ret[0] = mmx_driver_rate(1000, start_ns);
}

const struct mmx_driver_row mmx_driver_object_rows[] = {
	{ { "buffer of 4 KiB, written to" }, "buffer/s", buffers, .size = 4 * KIB },
	{ { "buffer of 64 KiB, written to" }, "buffer/s", buffers, .size = 64 * KIB },
	{ { "buffer of 2 MiB, written to" }, "buffer/s", buffers, .size = 2 * MIB },
	{ { "buffer of 16 MiB, written to" }, "buffer/s", buffers, .size = 16 * MIB },
	{ { "buffer of 64 KiB, written to and bound" }, "buffer/s", lives, .size = 64 * KIB },
	{ { "VM created and destroyed" }, "VM/s", vms, .size = 0 },
	{ { "group created and destroyed" }, "group/s", groups, .size = 0 },
	{ { "wait for a syncobj that is signalled" }, "wait/s", waits, .size = 0 },
	{ { NULL }, NULL, NULL, 0, 0, false },
};
