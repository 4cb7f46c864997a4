// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The panthor uAPI's checks of VMs, binds, sync operations, groups, submits and heaps, one by one. Expected is what
 * upstream's driver returns, read in Linux 7.3; tests/unit/uapi_order_test.c has whole ioctls.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "frontend/core/uapi.h"
#include "tests/unit/uapi_rows.h"

#define GIB	   (1ull << 30)
#define USER_RANGE (1ull << 47)
#define BO_SIZE	   0x10000

static void test_vm_create(void **cm_state)
{
	/* a process of x86, of arm64 with 48 bits, of arm64 with 39, and a 32-bit one */
	const uint64_t x86 = (1ull << 47) - 4096, arm48 = 1ull << 48, arm39 = 1ull << 39;
	const uint64_t small = 4 * GIB - 4096, most = (1ull << 48) - GIB / 4;
	const struct {
		const char *name;
		uint32_t flags, va_bits;
		uint64_t asked, task_size, range;
		int ret;
	} rows[] = {
		{ "half by default", 0, 48, 0, arm48, 1ull << 47, 0 },
		{ "tasks larger than the GPU's", 0, 40, 0, arm48, 1ull << 39, 0 },
		{ "all of a task", 0, 48, 0, arm39, 1ull << 47, 0 },
		{ "a task with a guard page", 0, 48, 0, x86, 1ull << 47, 0 },
		{ "a 32-bit task", 0, 48, 0, small, 1ull << 47, 0 },
		{ "32 bits", 0, 32, 0, arm48, 4 * GIB - GIB / 4, 0 },
		{ "32 bits, a task of 3 GiB", 0, 32, 0, 3 * GIB, 3 * GIB, 0 },
		{ "32 bits, a task that leaves nothing", 0, 32, 0, small, 4 * GIB - GIB / 4, 0 },
		{ "33 bits", 0, 33, 0, arm48, 4 * GIB, 0 },
		{ "a page", 0, 48, 4096, arm48, 1ull << 47, 0 },
		{ "a byte", 0, 48, 1, arm48, 1ull << 47, 0 },
		{ "half", 0, 48, 1ull << 47, arm48, 1ull << 47, 0 },
		{ "more than half", 0, 48, (1ull << 47) + 1, arm48, 3ull << 46, 0 },
		{ "three quarters", 0, 48, 3ull << 46, arm48, 3ull << 46, 0 },
		{ "all that there is", 0, 48, most, arm48, most, 0 },
		{ "nearly all", 0, 48, most - 1, arm48, most, 0 },
		{ "a byte too many", 0, 48, most + 1, arm48, 0, -EINVAL },
		{ "everything", 0, 48, ~0ull, arm48, 0, -EINVAL },
		{ "flags", 1, 48, 0, arm48, 0, -EINVAL },
		{ "last flag", 1u << 31, 48, 0, arm48, 0, -EINVAL },
		{ "63 bits", 0, 63, 0, ~0ull, 1ull << 62, 0 },
	};
	struct pan_vm_create args = { 0 };
	uint64_t range;
	size_t i;
	int ret;

	(void)cm_state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		args.flags = rows[i].flags;
		args.user_va_range = rows[i].asked;
		range = 0;
		ret = mmx_uapi_check_vm_create(&args, rows[i].va_bits, rows[i].task_size, &range);
		if (ret != rows[i].ret || range != rows[i].range)
			print_message("VM_CREATE: %s\n", rows[i].name);
		assert_int_equal(ret, rows[i].ret);
		assert_int_equal(range, rows[i].range);
	}
}

static enum mmx_uapi_bind last_bind;

static int check_bind_async(const void *args)
{
	return mmx_uapi_check_bind_op(args, true, USER_RANGE, &last_bind);
}

static int check_bind_sync(const void *args)
{
	return mmx_uapi_check_bind_op(args, false, USER_RANGE, &last_bind);
}

static int check_bind_map(const void *args)
{
	return mmx_uapi_check_bind_map(args, BO_SIZE, false);
}

#define BIND(field, value) SET(pan_vm_bind_op, field, value)

/* Of a MAP, in both modes. */
static const struct row bind_map_rows[] = {
	{ "flags", { BIND(flags, 7) }, 0 },
	{ "unknown flag", { BIND(flags, 0x10) }, -EINVAL },
	{ "last unknown flag", { BIND(flags, 0x08000000) }, -EINVAL },
	{ "no such type", { BIND(flags, 0x30000000) }, -EINVAL },
	{ "last type", { BIND(flags, 0xf0000000) }, -EINVAL },
	{ "va within a page", { BIND(va, 0x800) }, -EINVAL },
	{ "size within a page", { BIND(size, 0x1001) }, -EINVAL },
	{ "offset within a page", { BIND(bo_offset, 8) }, -EINVAL },
	{ "to the end", { BIND(va, USER_RANGE - 0x1000) }, 0 },
	{ "over the end", { BIND(va, USER_RANGE - 0x1000), BIND(size, 0x2000) }, -EINVAL },
	{ "at the end", { BIND(va, USER_RANGE) }, -EINVAL },
	{ "around the end", { BIND(va, 0x1000), BIND(size, 0ull - 0x1000) }, -EINVAL },
	{ "any handle", { BIND(bo_handle, 0) }, 0 },
	{ "sparse, executable", { BIND(flags, 8), BIND(bo_handle, 0) }, -EINVAL },
	{ "sparse", { BIND(flags, 10), BIND(bo_handle, 0) }, 0 },
	{ "sparse and the others", { BIND(flags, 15), BIND(bo_handle, 0) }, 0 },
	{ "sparse, a handle", { BIND(flags, 10) }, -EINVAL },
	{ "sparse, an offset",
	  { BIND(flags, 10), BIND(bo_handle, 0), BIND(bo_offset, 4096) },
	  -EINVAL },
	{ "unmap a handle", { BIND(flags, PAN_OP_UNMAP) }, -EINVAL },
	{ "unmap", { BIND(flags, PAN_OP_UNMAP), BIND(bo_handle, 0) }, 0 },
	{ "unmap with flags", { BIND(flags, PAN_OP_UNMAP | 1), BIND(bo_handle, 0) }, -EINVAL },
	{ "unmap an offset",
	  { BIND(flags, PAN_OP_UNMAP), BIND(bo_handle, 0), BIND(bo_offset, 4096) },
	  -EINVAL },
	{ "sync only, of something",
	  { BIND(flags, PAN_OP_SYNC_ONLY), BIND(bo_handle, 0) },
	  -EINVAL },
};

static const struct row bind_async_rows[] = {
	{ "no size", { BIND(size, 0) }, 0 },
	{ "no size, at the end", { BIND(size, 0), BIND(va, USER_RANGE) }, -EINVAL },
	{ "no size, at the start: looked up first", { BIND(size, 0), BIND(va, 0) }, 0 },
	{ "syncs", { BIND(syncs.count, 1) }, 0 },
};

/* Of a sparse MAP. */
static const struct row bind_sparse_rows[] = {
	{ "no size", { BIND(size, 0) }, 0 },
	{ "no size, at the start", { BIND(size, 0), BIND(va, 0) }, -ENOMEM },
	{ "no size, at the start, executable",
	  { BIND(size, 0), BIND(va, 0), BIND(flags, PAN_MAP_SPARSE) },
	  -EINVAL },
	{ "no size, 1 GiB", { BIND(size, 0), BIND(va, 1 << 30) }, 0 },
	{ "at the start", { BIND(va, 0) }, 0 },
};

static const struct row bind_sync_rows[] = {
	{ "syncs", { BIND(syncs.count, 1) }, -EINVAL },
	{ "syncs, no size", { BIND(syncs.count, 1), BIND(size, 0) }, -EINVAL },
	{ "no size", { BIND(size, 0) }, 0 },
	{ "no size, no type", { BIND(size, 0), BIND(flags, ~0u) }, 0 },
	{ "no size, no place", { BIND(size, 0), BIND(va, ~0ull), BIND(bo_offset, 1) }, 0 },
	{ "no size, only a sync", { BIND(size, 0), BIND(flags, PAN_OP_SYNC_ONLY) }, 0 },
};

/* Of a SYNC_ONLY. */
static const struct row bind_only_rows[] = {
	{ "nothing to wait for", { BIND(syncs.count, 0) }, -EINVAL },
	{ "flags", { BIND(flags, PAN_OP_SYNC_ONLY | 2) }, -EINVAL },
	{ "a handle", { BIND(bo_handle, 1) }, -EINVAL },
	{ "an offset", { BIND(bo_offset, 4096) }, -EINVAL },
	{ "an address", { BIND(va, 4096) }, -EINVAL },
	{ "a size", { BIND(size, 4096) }, -EINVAL },
};

static const struct row bind_bo_rows[] = {
	{ "all", { BIND(size, BO_SIZE) }, 0 },
	{ "more", { BIND(size, BO_SIZE + 4096) }, -EINVAL },
	{ "the end", { BIND(bo_offset, BO_SIZE - 4096) }, 0 },
	{ "nothing at the end", { BIND(bo_offset, BO_SIZE), BIND(size, 0) }, 0 },
	{ "beyond the end", { BIND(bo_offset, BO_SIZE) }, -EINVAL },
	{ "around", { BIND(bo_offset, 0ull - 4096) }, -EINVAL },
	{ "nothing at the start", { BIND(va, 0), BIND(size, 0) }, -ENOMEM },
	{ "nothing at 512 GiB", { BIND(va, 1ull << 39), BIND(size, 0) }, -ENOMEM },
	{ "nothing at 256 GiB", { BIND(va, 1ull << 38), BIND(size, 0) }, 0 },
	{ "nothing beyond the end, at the start",
	  { BIND(va, 0), BIND(size, 0), BIND(bo_offset, BO_SIZE + 4096) },
	  -EINVAL },
	{ "something at the start", { BIND(va, 0) }, 0 },
};

static const struct pan_vm_bind_op map = { .bo_handle = 1, .va = 0x100000, .size = 0x1000 };
static const struct pan_vm_bind_op sparse = { .flags = PAN_MAP_SPARSE | PAN_MAP_NOEXEC,
					      .va = 0x100000,
					      .size = 0x1000 };
static const struct pan_vm_bind_op only = { .flags = PAN_OP_SYNC_ONLY, .syncs = { .count = 1 } };

static void test_bind(void **cm_state)
{
	(void)cm_state;
	RUN(check_bind_sync, map, bind_map_rows);
	RUN(check_bind_sync, map, bind_sync_rows);
	RUN(check_bind_async, map, bind_map_rows);
	RUN(check_bind_async, map, bind_async_rows);
	RUN(check_bind_async, sparse, bind_sparse_rows);
	RUN(check_bind_async, only, bind_only_rows);
	RUN(check_bind_map, map, bind_bo_rows);
	assert_int_equal(mmx_uapi_check_bind_map(&map, BO_SIZE, true), -EINVAL);
}

static void test_bind_kinds(void **cm_state)
{
	struct pan_vm_bind_op op = { .flags = 15, .va = 0x3000, .size = 0x2000 };
	struct mmx_bind_op wire;

	(void)cm_state;
	assert_int_equal(check_bind_sync(&op), 0);
	assert_int_equal(last_bind, MMX_UAPI_BIND_SPARSE);
	memset(&wire, 0xee, sizeof(wire));
	mmx_uapi_fill_bind(&op, last_bind, 0x10007, &wire);
	assert_memory_equal(&wire,
			    (&(struct mmx_bind_op){ .flags = 15, .va = 0x3000, .size = 0x2000 }),
			    sizeof(wire));

	op.flags = 5;
	op.bo_offset = 0x1000;
	assert_int_equal(check_bind_sync(&op), 0);
	assert_int_equal(last_bind, MMX_UAPI_BIND_MAP);
	mmx_uapi_fill_bind(&op, last_bind, 0x10007, &wire);
	assert_memory_equal(&wire,
			    (&(struct mmx_bind_op){ .flags = 5,
						    .mem = 0x10007,
						    .mem_offset = 0x1000,
						    .va = 0x3000,
						    .size = 0x2000 }),
			    sizeof(wire));

	op.flags = PAN_OP_UNMAP;
	op.bo_offset = 0;
	assert_int_equal(check_bind_sync(&op), 0);
	assert_int_equal(last_bind, MMX_UAPI_BIND_UNMAP);
	mmx_uapi_fill_bind(&op, last_bind, 0x10007, &wire);
	assert_memory_equal(&wire, (&(struct mmx_bind_op){ .op = 1, .va = 0x3000, .size = 0x2000 }),
			    sizeof(wire));

	assert_int_equal(check_bind_async(&only), 0);
	assert_int_equal(last_bind, MMX_UAPI_BIND_SYNC);
	op.size = 0;
	assert_int_equal(check_bind_sync(&op), 0);
	assert_int_equal(last_bind, MMX_UAPI_BIND_NOTHING);
	assert_int_equal(check_bind_async(&op), 0);
	assert_int_equal(last_bind, MMX_UAPI_BIND_UNMAP);
}

static int check_sync_op(const void *args)
{
	return mmx_uapi_check_sync_op(args);
}

#define SYNC(field, value) SET(pan_sync_op, field, value)
static const struct row sync_rows[] = {
	{ "signal", { SYNC(flags, 0x80000000) }, 0 },
	{ "timeline", { SYNC(flags, 1), SYNC(timeline_value, 7) }, 0 },
	{ "signal of a timeline", { SYNC(flags, 0x80000001), SYNC(timeline_value, ~0ull) }, 0 },
	{ "timeline without a point", { SYNC(flags, 1) }, 0 },
	{ "point without a timeline", { SYNC(timeline_value, 1) }, -EINVAL },
	{ "no such type", { SYNC(flags, 2) }, -EINVAL },
	{ "last type", { SYNC(flags, 0xff) }, -EINVAL },
	{ "unknown flag", { SYNC(flags, 0x100) }, -EINVAL },
	{ "last unknown flag", { SYNC(flags, 0x40000001) }, -EINVAL },
	{ "no handle", { SYNC(handle, 0) }, 0 },
};

static void test_sync(void **cm_state)
{
	static const struct pan_sync_op op = { .handle = 1 };
	static const struct pan_sync_op signal = { .flags = 0x80000001 };

	(void)cm_state;
	RUN(check_sync_op, op, sync_rows);
	assert_false(mmx_uapi_sync_signals(&op));
	assert_true(mmx_uapi_sync_signals(&signal));
}

static bool privileged;

static int check_group(const void *args)
{
	static const struct mmx_uapi_gpu gpu = {
		.gpu = { .shader_present = 0x50005, .tiler_present = 1 },
		.csif = { .cs_slot_count = 8 },
		.max_priority = 4,
	};

	return mmx_uapi_check_group(args, &gpu, privileged);
}

static int check_group_queues(const void *args)
{
	return mmx_uapi_check_group_queues(args);
}

static int check_queue(const void *args)
{
	return mmx_uapi_check_queue(args);
}

#define GROUP(field, value) SET(pan_group_create, field, value)
#define QUEUE(field, value) SET(pan_queue_create, field, value)

static const struct row group_queues_rows[] = {
	{ "none", { GROUP(queues.count, 0) }, -EINVAL },
	{ "32", { GROUP(queues.count, 32) }, 0 },
	{ "33", { GROUP(queues.count, 33) }, -EINVAL },
};

static const struct row group_rows[] = {
	{ "pad", { GROUP(pad, 1) }, -EINVAL },
	{ "low", { GROUP(priority, 0) }, 0 },
	{ "high", { GROUP(priority, 2) }, -EACCES },
	{ "realtime", { GROUP(priority, 3) }, -EACCES },
	{ "beyond realtime", { GROUP(priority, 4) }, -EINVAL },
	{ "high, pad", { GROUP(priority, 2), GROUP(pad, 1) }, -EACCES },
	{ "high, no such core", { GROUP(priority, 2), GROUP(compute_core_mask, 2) }, -EACCES },
	{ "high, too many queues", { GROUP(priority, 2), GROUP(queues.count, 9) }, -EACCES },
	{ "no such compute core", { GROUP(compute_core_mask, 0x50007) }, -EINVAL },
	{ "no such fragment core", { GROUP(fragment_core_mask, 1ull << 63 | 0x50005) }, -EINVAL },
	{ "no such tiler", { GROUP(tiler_core_mask, 3) }, -EINVAL },
	{ "fewer compute cores", { GROUP(compute_core_mask, 0x50004) }, -EINVAL },
	{ "fewer fragment cores", { GROUP(fragment_core_mask, 0x10001) }, -EINVAL },
	{ "no tiler", { GROUP(tiler_core_mask, 0) }, -EINVAL },
	{ "more compute cores", { GROUP(max_compute_cores, 5) }, -EINVAL },
	{ "more fragment cores", { GROUP(max_fragment_cores, 4) }, -EINVAL },
	{ "more tilers", { GROUP(max_tiler_cores, 2) }, -EINVAL },
	{ "no cores",
	  { GROUP(max_compute_cores, 0), GROUP(max_tiler_cores, 0), GROUP(tiler_core_mask, 0) },
	  0 },
	{ "as many queues as there are", { GROUP(queues.count, 8) }, 0 },
	{ "more queues", { GROUP(queues.count, 9) }, -EINVAL },
	{ "any VM", { GROUP(vm_id, ~0u) }, 0 },
};

static const struct row queue_rows[] = {
	{ "first pad", { QUEUE(pad[0], 1) }, -EINVAL },
	{ "second pad", { QUEUE(pad[1], 1) }, -EINVAL },
	{ "third pad", { QUEUE(pad[2], 1) }, -EINVAL },
	{ "64 KiB", { QUEUE(ringbuf_size, 65536) }, 0 },
	{ "128 KiB", { QUEUE(ringbuf_size, 131072) }, -EINVAL },
	{ "2 KiB", { QUEUE(ringbuf_size, 2048) }, -EINVAL },
	{ "12 KiB", { QUEUE(ringbuf_size, 12288) }, -EINVAL },
	{ "no ring", { QUEUE(ringbuf_size, 0) }, -EINVAL },
	{ "priority 15", { QUEUE(priority, 15) }, 0 },
	{ "priority 16", { QUEUE(priority, 16) }, -EINVAL },
};

static const struct row privileged_rows[] = {
	{ "high", { GROUP(priority, 2) }, 0 },
	{ "realtime", { GROUP(priority, 3) }, 0 },
	{ "beyond realtime", { GROUP(priority, 4) }, -EINVAL },
	{ "high, pad", { GROUP(priority, 2), GROUP(pad, 1) }, -EINVAL },
};

static void test_group(void **cm_state)
{
	static const struct pan_group_create group = {
		.queues = { .stride = 8, .count = 1 },
		.max_compute_cores = 4,
		.max_fragment_cores = 3,
		.max_tiler_cores = 1,
		.priority = PAN_PRIORITY_MEDIUM,
		.compute_core_mask = 0x50005,
		.fragment_core_mask = 0x50001,
		.tiler_core_mask = 1,
	};
	static const struct pan_queue_create queue = { .priority = 1, .ringbuf_size = 4096 };

	(void)cm_state;
	RUN(check_group_queues, group, group_queues_rows);
	privileged = false;
	RUN(check_group, group, group_rows);
	privileged = true;
	RUN(check_group, group, privileged_rows);
	RUN(check_queue, queue, queue_rows);
}

static void test_group_state(void **cm_state)
{
	static const struct {
		uint32_t state, fatal_queues, queue_count, ret_state, ret_queues;
	} rows[] = {
		{ 0, 0, 3, 0, 0 },	{ 1, 0, 3, 1, 0 },
		{ 5, 0, 3, 5, 0 },	{ 4, 0, 3, 0, 0 }, /* innocent of nothing */
		{ 2, 5, 3, 2, 5 },	{ 7, 2, 3, 7, 2 },
		{ 2, ~0u, 3, 2, 7 }, /* queues that it does not have */
		{ 2, ~0u, 32, 2, ~0u }, { 0, 5, 3, 0, 0 },
		{ ~7u, 0, 3, 0, 0 },
	};
	struct pan_group_get_state state;
	size_t i;

	(void)cm_state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&state, 0xee, sizeof(state));
		mmx_uapi_fill_group_state(rows[i].state, rows[i].fatal_queues, rows[i].queue_count,
					  &state);
		assert_int_equal(state.group_handle, 0);
		assert_int_equal(state.state, rows[i].ret_state);
		assert_int_equal(state.fatal_queues, rows[i].ret_queues);
		assert_int_equal(state.pad, 0);
	}
}

static int check_submit(const void *args)
{
	return mmx_uapi_check_submit(args);
}

#define SUBMIT(field, value) SET(pan_queue_submit, field, value)
static const struct row submit_rows[] = {
	{ "pad", { SUBMIT(pad, 1) }, -EINVAL },
	{ "empty", { SUBMIT(stream_size, 0), SUBMIT(stream_addr, 0) }, 0 },
	{ "a size, no address", { SUBMIT(stream_addr, 0) }, -EINVAL },
	{ "an address, no size", { SUBMIT(stream_size, 0) }, -EINVAL },
	{ "within a line", { SUBMIT(stream_addr, 0x1020) }, -EINVAL },
	{ "half an instruction", { SUBMIT(stream_size, 12) }, -EINVAL },
	{ "any address", { SUBMIT(stream_addr, 0ull - 64) }, 0 },
	{ "a flush id", { SUBMIT(latest_flush, 0x80ffffff) }, 0 },
	{ "a flush id, bit 24", { SUBMIT(latest_flush, 1u << 24) }, -EINVAL },
	{ "a flush id, bit 30", { SUBMIT(latest_flush, 1u << 30) }, -EINVAL },
	{ "any queue", { SUBMIT(queue_index, ~0u) }, 0 },
};

static void test_submit(void **cm_state)
{
	static const struct pan_queue_submit submit = { 2, 64, 0x1000, .latest_flush = 1 };
	static const struct pan_group_submit batch = { .group_handle = 0x10003 };

	(void)cm_state;
	RUN(check_submit, submit, submit_rows);
	assert_int_equal(mmx_uapi_check_submit_queue(&submit, 3, true), 0);
	assert_int_equal(mmx_uapi_check_submit_queue(&submit, 2, true), -EINVAL);
	assert_int_equal(mmx_uapi_check_submit_queue(&submit, 3, false), -EINVAL);
	assert_int_equal(mmx_uapi_submit_handle(&batch), 3);
}

static int check_heap_create(const void *args)
{
	return mmx_uapi_check_heap_create(args, 4096);
}

#define HEAP(field, value) SET(pan_tiler_heap_create, field, value)
static const struct row heap_rows[] = {
	{ "no chunk", { HEAP(initial_chunk_count, 0) }, -EINVAL },
	{ "no chunk of none", { HEAP(initial_chunk_count, 0), HEAP(max_chunks, 0) }, -EINVAL },
	{ "all chunks", { HEAP(initial_chunk_count, 64) }, 0 },
	{ "more than all", { HEAP(initial_chunk_count, 65) }, -EINVAL },
	{ "any number", { HEAP(max_chunks, ~0u), HEAP(target_in_flight, 0) }, 0 },
	{ "128 KiB", { HEAP(chunk_size, 128 << 10) }, 0 },
	{ "less", { HEAP(chunk_size, (128 << 10) - 4096) }, -EINVAL },
	{ "8 MiB", { HEAP(chunk_size, 8 << 20) }, 0 },
	{ "more", { HEAP(chunk_size, (8 << 20) + 4096) }, -EINVAL },
	{ "no power of two", { HEAP(chunk_size, 3 << 20) }, 0 },
	{ "half a page", { HEAP(chunk_size, (2 << 20) + 2048) }, -EINVAL },
	{ "no size", { HEAP(chunk_size, 0) }, -EINVAL },
};

static void test_heap(void **cm_state)
{
	static const struct pan_tiler_heap_create heap = {
		.initial_chunk_count = 5,
		.chunk_size = 2 << 20,
		.max_chunks = 64,
		.target_in_flight = 65535,
	};
	struct pan_tiler_heap_create uneven = heap;

	(void)cm_state;
	RUN(check_heap_create, heap, heap_rows);
	uneven.chunk_size += 4096;
	assert_int_equal(mmx_uapi_check_heap_create(&uneven, 4096), 0);
	assert_int_equal(mmx_uapi_check_heap_create(&uneven, 65536), -EINVAL);
	assert_int_equal(mmx_uapi_heap_handle(32, 127), 0x20007f);
	assert_int_equal(mmx_uapi_heap_vm_id(0x20007f), 32);
	assert_int_equal(mmx_uapi_heap_id(0x20007f), 127);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vm_create),  cmocka_unit_test(test_bind),
		cmocka_unit_test(test_bind_kinds), cmocka_unit_test(test_sync),
		cmocka_unit_test(test_group),	   cmocka_unit_test(test_group_state),
		cmocka_unit_test(test_submit),	   cmocka_unit_test(test_heap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
