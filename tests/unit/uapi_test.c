// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The panthor uAPI's checks of device queries, buffers, pads and the flush id's page, one by one. Expected is what
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

#define BO_SIZE 0x10000

static const struct mmx_gpu_desc desc = {
	.gpu_id = 0xa8670000,
	.gpu_rev = 2,
	.csf_id = 3,
	.l2_features = 4,
	.tiler_features = 5,
	.mem_features = 6,
	.mmu_features = 0x2830,
	.thread_features = 8,
	.max_threads = 9,
	.thread_max_workgroup_size = 10,
	.thread_max_barrier_size = 11,
	.coherency_features = 12,
	.texture_features = { 13, 14, 15, 16 },
	.as_present = 0xff,
	.core_features = 18,
	.shader_present = 0x50005,
	.l2_present = 1,
	.tiler_present = 1,
	.gpu_features = 1ull << 40,
	.csg_slots = 4,
	.cs_slots = 8,
	.cs_registers = 96,
	.scoreboards = 10,
	.unpreserved_cs_registers = 4,
};
static const struct mmx_limits limits = { .max_queues = 8 };

static struct mmx_uapi_gpu describe(void)
{
	struct mmx_uapi_gpu gpu;

	assert_int_equal(mmx_uapi_describe_gpu(&desc, &limits, &gpu), 0);
	return gpu;
}

static void test_gpu(void **cm_state)
{
	struct mmx_uapi_gpu gpu = describe();
	struct mmx_gpu_desc other = desc;
	struct mmx_limits few = { .max_queues = 3 };

	(void)cm_state;
	assert_int_equal(gpu.gpu.gpu_id, 0xa8670000);
	assert_int_equal(gpu.gpu.gpu_rev, 2);
	assert_int_equal(gpu.gpu.csf_id, 3);
	assert_int_equal(gpu.gpu.l2_features, 4);
	assert_int_equal(gpu.gpu.tiler_features, 5);
	assert_int_equal(gpu.gpu.mem_features, 6);
	assert_int_equal(gpu.gpu.mmu_features, 0x2830);
	assert_int_equal(gpu.gpu.thread_features, 8);
	assert_int_equal(gpu.gpu.max_threads, 9);
	assert_int_equal(gpu.gpu.thread_max_workgroup_size, 10);
	assert_int_equal(gpu.gpu.thread_max_barrier_size, 11);
	assert_int_equal(gpu.gpu.coherency_features, 12);
	assert_int_equal(gpu.gpu.texture_features[0], 13);
	assert_int_equal(gpu.gpu.texture_features[3], 16);
	assert_int_equal(gpu.gpu.as_present, 0xff);
	assert_int_equal(gpu.gpu.selected_coherency, PAN_COHERENCY_NONE);
	assert_int_equal(gpu.gpu.shader_present, 0x50005);
	assert_int_equal(gpu.gpu.l2_present, 1);
	assert_int_equal(gpu.gpu.tiler_present, 1);
	assert_int_equal(gpu.gpu.core_features, 18);
	assert_int_equal(gpu.gpu.pad, 0);
	assert_int_equal(gpu.gpu.gpu_features, 1ull << 40);
	assert_int_equal(gpu.csif.csg_slot_count, 4);
	assert_int_equal(gpu.csif.cs_slot_count, 8);
	assert_int_equal(gpu.csif.cs_reg_count, 96);
	assert_int_equal(gpu.csif.scoreboard_slot_count, 10);
	assert_int_equal(gpu.csif.unpreserved_cs_reg_count, 4);
	assert_int_equal(gpu.csif.pad, 0);
	assert_int_equal(gpu.mmu.page_size_bitmap, 0x201000);
	assert_int_equal(gpu.va_bits, 48);

	other.coherent = 1;
	assert_int_equal(mmx_uapi_describe_gpu(&other, &few, &gpu), 0);
	assert_int_equal(gpu.gpu.selected_coherency, PAN_COHERENCY_ACE_LITE);
	assert_int_equal(gpu.csif.cs_slot_count, 3);
}

static void test_no_gpu(void **cm_state)
{
	static const uint32_t bad_va_bits[] = { 0, 31, 64, 255 }, good_va_bits[] = { 32, 63 };
	struct mmx_uapi_gpu gpu;
	struct mmx_gpu_desc other;
	size_t i;

	(void)cm_state;
	for (i = 0; i < sizeof(bad_va_bits) / sizeof(bad_va_bits[0]); i++) {
		other = desc;
		other.mmu_features = 0x2800 | bad_va_bits[i];
		assert_int_equal(mmx_uapi_describe_gpu(&other, &limits, &gpu), -EPROTO);
	}
	for (i = 0; i < sizeof(good_va_bits) / sizeof(good_va_bits[0]); i++) {
		other = desc;
		other.mmu_features = 0x2800 | good_va_bits[i];
		assert_int_equal(mmx_uapi_describe_gpu(&other, &limits, &gpu), 0);
		assert_int_equal(gpu.va_bits, good_va_bits[i]);
	}
	other = desc;
	other.cs_slots = 0;
	assert_int_equal(mmx_uapi_describe_gpu(&other, &limits, &gpu), -EPROTO);
	assert_int_equal(mmx_uapi_describe_gpu(&desc, &(struct mmx_limits){ 0 }, &gpu), -EPROTO);
}

static void test_sizes(void **cm_state)
{
	static const struct {
		uint32_t user, kernel, common, kernel_rest, user_rest;
	} splits[] = {
		{ 24, 24, 24, 0, 0 }, { 16, 24, 16, 8, 0 },	    { 32, 24, 24, 0, 8 },
		{ 0, 24, 0, 24, 0 },  { ~0u, 24, 24, 0, ~0u - 24 },
	};
	static const struct {
		uint32_t type, size, min_size;
	} queries[] = {
		{ 0, 112, 96 }, { 1, 24, 24 }, { 2, 56, 16 }, { 3, 4, 4 }, { 4, 8, 8 },
	};
	struct mmx_uapi_split split;
	uint32_t size, min_size;
	size_t i;

	(void)cm_state;
	for (i = 0; i < sizeof(splits) / sizeof(splits[0]); i++) {
		split = mmx_uapi_split(splits[i].user, splits[i].kernel);
		assert_int_equal(split.common, splits[i].common);
		assert_int_equal(split.kernel_rest, splits[i].kernel_rest);
		assert_int_equal(split.user_rest, splits[i].user_rest);
	}
	for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		assert_int_equal(mmx_uapi_query_size(queries[i].type, &size, &min_size), 0);
		assert_int_equal(size, queries[i].size);
		assert_int_equal(min_size, queries[i].min_size);
	}
	assert_int_equal(mmx_uapi_query_size(5, &size, &min_size), -EINVAL);
	assert_int_equal(mmx_uapi_query_size(~0u, &size, &min_size), -EINVAL);
	assert_int_equal(mmx_uapi_check_out(96, PAN_GPU_INFO_MIN_SIZE), 0);
	assert_int_equal(mmx_uapi_check_out(95, PAN_GPU_INFO_MIN_SIZE), -EINVAL);
}

static int check_array(const void *args)
{
	return mmx_uapi_check_array(args, PAN_QUEUE_SUBMIT_MIN_SIZE,
				    sizeof(struct pan_queue_submit));
}

static const struct row array_rows[] = {
	{ "larger elements", { SET(pan_array, stride, 64) }, 0 },
	{ "smaller than the least", { SET(pan_array, stride, 39) }, -EINVAL },
	{ "no stride", { SET(pan_array, stride, 0) }, -EINVAL },
	{ "no elements", { SET(pan_array, count, 0) }, 0 },
	{ "no elements, of no size",
	  { SET(pan_array, count, 0), SET(pan_array, stride, 0), SET(pan_array, array, 0) },
	  0 },
	{ "as many as can be", { SET(pan_array, count, 0x7fffffff / 40) }, 0 },
	{ "more than can be", { SET(pan_array, count, 0x7fffffff / 40 + 1) }, -ENOMEM },
	{ "a product beyond 32 bits", { SET(pan_array, count, ~0u) }, -ENOMEM },
	{ "too many, too small",
	  { SET(pan_array, count, ~0u), SET(pan_array, stride, 39) },
	  -EINVAL },
};

static void test_array(void **cm_state)
{
	static const struct pan_array array = { 40, 2, 0x1000 };

	(void)cm_state;
	RUN(check_array, array, array_rows);
}

static void test_timestamp_flags(void **cm_state)
{
	static const struct {
		uint32_t flags;
		int ret;
		uint32_t what;
	} rows[] = {
		{ 0, 0, 0x51 },	       { 0x01, 0, 0x01 },
		{ 0x02, 0, 0x02 },     { 0x04, 0, 0x04 },
		{ 0xf5, 0, 0xf5 },     { 0x06, -EINVAL, 0 },
		{ 0x08, -EINVAL, 0 },  { 0x0e, -EINVAL, 0 },
		{ 0x100, -EINVAL, 0 }, { 0x80000001, -EINVAL, 0 },
	};
	uint32_t what;
	size_t i;

	(void)cm_state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		what = 0;
		assert_int_equal(mmx_uapi_check_timestamp(rows[i].flags, &what), rows[i].ret);
		assert_int_equal(what, rows[i].what);
	}
}

static void test_timestamp(void **cm_state)
{
	static const struct mmx_uapi_time now = { 1, 2, 3, 4, 5, 6, 7 };
	struct pan_timestamp_info info;

	(void)cm_state;
	memset(&info, 0xee, sizeof(info));
	info.flags = 0;
	mmx_uapi_fill_timestamp(0x51, &now, &info);
	assert_int_equal(info.current_timestamp, 1);
	assert_int_equal(info.timestamp_offset, 2);
	assert_int_equal(info.timestamp_frequency, 3);
	assert_int_equal(info.flags, 0);
	assert_int_equal(info.cycle_count, 0);
	assert_int_equal(info.cpu_timestamp_sec, 0);
	assert_int_equal(info.cpu_timestamp_nsec, 0);
	assert_int_equal(info.duration_nsec, 0);

	memset(&info, 0xee, sizeof(info));
	info.flags = 0xa4;
	mmx_uapi_fill_timestamp(0xa4, &now, &info);
	assert_int_equal(info.current_timestamp, 0);
	assert_int_equal(info.timestamp_offset, 0);
	assert_int_equal(info.timestamp_frequency, 0);
	assert_int_equal(info.flags, 0xa4);
	assert_int_equal(info.cycle_count, 4);
	assert_int_equal(info.cpu_timestamp_sec, 5);
	assert_int_equal(info.cpu_timestamp_nsec, 6);
	assert_int_equal(info.duration_nsec, 7);
}

static void test_priorities(void **cm_state)
{
	static const struct {
		uint32_t max_priority; /* as the backend tells it */
		char plain[5], raised[5]; /* masks, as they are told */
	} rows[] = {
		{ 0, "\x03\0\0", "\x0f\0\0" }, { 1, "\x01\0\0", "\x01\0\0" },
		{ 2, "\x03\0\0", "\x03\0\0" }, { 3, "\x03\0\0", "\x07\0\0" },
		{ 4, "\x03\0\0", "\x0f\0\0" },
	};
	struct pan_group_priorities_info info;
	struct mmx_uapi_gpu gpu;
	size_t i;
	int n;

	(void)cm_state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mmx_limits some = limits;

		some.max_priority = rows[i].max_priority;
		assert_int_equal(mmx_uapi_describe_gpu(&desc, &some, &gpu), 0);
		for (n = 0; n < 4; n++) {
			assert_int_equal(mmx_uapi_check_priority(&gpu, (uint8_t)n, false),
					 rows[i].plain[0] & 1 << n ? 0 : -EACCES);
			assert_int_equal(mmx_uapi_check_priority(&gpu, (uint8_t)n, true),
					 rows[i].raised[0] & 1 << n ? 0 : -EACCES);
		}
		assert_int_equal(mmx_uapi_check_priority(&gpu, 4, true), -EINVAL);
		assert_int_equal(mmx_uapi_check_priority(&gpu, 255, true), -EINVAL);
		memset(&info, 0xee, sizeof(info));
		mmx_uapi_fill_priorities(&gpu, false, &info);
		assert_memory_equal(&info, rows[i].plain, 4);
		mmx_uapi_fill_priorities(&gpu, true, &info);
		assert_memory_equal(&info, rows[i].raised, 4);
	}
}

static int check_bo_create(const void *args)
{
	return mmx_uapi_check_bo_create(args);
}

static int check_bo_sync(const void *args)
{
	return mmx_uapi_check_bo_sync(args, BO_SIZE, false);
}

#define BO(field, value)      SET(pan_bo_create, field, value)
#define BO_SYNC(field, value) SET(pan_bo_sync_op, field, value)

static const struct row bo_create_rows[] = {
	{ "no size", { BO(size, 0) }, -EINVAL },
	{ "a byte", { BO(size, 1) }, 0 },
	{ "no mapping", { BO(flags, 1) }, 0 },
	{ "cached", { BO(flags, 2) }, 0 },
	{ "cached without a mapping", { BO(flags, 3) }, -EINVAL },
	{ "unknown flag", { BO(flags, 4) }, -EINVAL },
	{ "last flag", { BO(flags, 0x80000000) }, -EINVAL },
	{ "pad", { BO(pad, 1) }, -EINVAL },
	{ "what comes out", { BO(handle, 1) }, 0 },
};

static const struct row bo_sync_rows[] = {
	{ "flush and invalidate", { BO_SYNC(type, 1) }, 0 },
	{ "no such type", { BO_SYNC(type, 2) }, -EINVAL },
	{ "all", { BO_SYNC(offset, 0), BO_SYNC(size, BO_SIZE) }, 0 },
	{ "any bytes", { BO_SYNC(offset, 1), BO_SYNC(size, 3) }, 0 },
	{ "nothing, at the end", { BO_SYNC(offset, BO_SIZE), BO_SYNC(size, 0) }, 0 },
	{ "nothing, beyond", { BO_SYNC(offset, BO_SIZE + 1), BO_SYNC(size, 0) }, -EINVAL },
	{ "nothing, no type", { BO_SYNC(size, 0), BO_SYNC(type, 2) }, -EINVAL },
	{ "beyond", { BO_SYNC(offset, BO_SIZE - 1) }, -EINVAL },
	{ "around", { BO_SYNC(offset, ~0ull) }, -EINVAL },
	{ "around, large", { BO_SYNC(size, ~0ull) }, -EINVAL },
};

static void test_bo(void **cm_state)
{
	static const struct pan_bo_create create = { .size = 4096, .exclusive_vm_id = 9 };
	static const struct pan_bo_sync_op sync = { .offset = 64, .size = 64 };
	struct pan_bo_query_info info = { 1, 2, 3, 4 };
	uint64_t size = 0;

	(void)cm_state;
	RUN(check_bo_create, create, bo_create_rows);
	RUN(check_bo_sync, sync, bo_sync_rows);
	assert_int_equal(mmx_uapi_check_bo_sync(&sync, BO_SIZE, true), -EINVAL);

	assert_int_equal(mmx_uapi_round_bo_size(1, 4096, &size), 0);
	assert_int_equal(size, 4096);
	assert_int_equal(mmx_uapi_round_bo_size(65536, 65536, &size), 0);
	assert_int_equal(size, 65536);
	assert_int_equal(mmx_uapi_round_bo_size(65537, 65536, &size), 0);
	assert_int_equal(size, 131072);
	assert_int_equal(mmx_uapi_round_bo_size(0x7ffffffffffff000, 4096, &size), 0);
	assert_int_equal(mmx_uapi_round_bo_size(0x7ffffffffffff001, 4096, &size), -EINVAL);
	assert_int_equal(mmx_uapi_round_bo_size(~0ull - 4096, 4096, &size), -EINVAL);
	assert_int_equal(mmx_uapi_round_bo_size(~0ull, 4096, &size), -ENOSPC);

	assert_int_equal(mmx_uapi_check_bo_mmap(0), 0);
	assert_int_equal(mmx_uapi_check_bo_mmap(PAN_BO_WB_MMAP), 0);
	assert_int_equal(mmx_uapi_check_bo_mmap(PAN_BO_NO_MMAP), -EPERM);
	mmx_uapi_fill_bo_info(PAN_BO_WB_MMAP, false, &info);
	assert_memory_equal(&info, ((uint32_t[]){ 1, 0, 2, 0 }), sizeof(info));
	mmx_uapi_fill_bo_info(0, true, &info);
	assert_memory_equal(&info, ((uint32_t[]){ 1, 1, 0, 0 }), sizeof(info));
}

static void test_label(void **cm_state)
{
	char wire[MMX_LABEL_SIZE], text[100];

	(void)cm_state;
	assert_int_equal(mmx_uapi_check_label(0), -EFAULT);
	assert_int_equal(mmx_uapi_check_label(1), 0);
	assert_int_equal(mmx_uapi_check_label(4096), 0);
	assert_int_equal(mmx_uapi_check_label(4097), -E2BIG);

	memset(wire, 0xee, sizeof(wire));
	mmx_uapi_fill_label("Staging \xc3\xa9\n~", wire);
	assert_string_equal(wire, "Staging ???~");
	assert_int_equal(wire[MMX_LABEL_SIZE - 1], 0);
	memset(text, 'x', sizeof(text));
	text[99] = '\0';
	mmx_uapi_fill_label(text, wire);
	assert_int_equal(strlen(wire), MMX_LABEL_SIZE - 1);
	mmx_uapi_fill_label("", wire);
	assert_int_equal(wire[0], 0);
	memset(wire, 0xee, sizeof(wire));
	mmx_uapi_fill_label(NULL, wire);
	assert_string_equal(wire, "");
	assert_int_equal(wire[MMX_LABEL_SIZE - 1], 0);
}

static void test_pads(void **cm_state)
{
	(void)cm_state;
	assert_int_equal(mmx_uapi_check_vm_destroy(&(struct pan_vm_destroy){ 1, 0 }), 0);
	assert_int_equal(mmx_uapi_check_vm_destroy(&(struct pan_vm_destroy){ 1, 1 }), -EINVAL);
	assert_int_equal(mmx_uapi_check_bo_mmap_offset(&(struct pan_bo_mmap_offset){ 1, 0, 1 }), 0);
	assert_int_equal(mmx_uapi_check_bo_mmap_offset(&(struct pan_bo_mmap_offset){ 1, 1, 0 }),
			 -EINVAL);
	assert_int_equal(mmx_uapi_check_bo_set_label(&(struct pan_bo_set_label){ 1, 0, 1 }), 0);
	assert_int_equal(mmx_uapi_check_bo_set_label(&(struct pan_bo_set_label){ 1, 1, 0 }),
			 -EINVAL);
	assert_int_equal(mmx_uapi_check_group_destroy(&(struct pan_group_destroy){ 1, 0 }), 0);
	assert_int_equal(mmx_uapi_check_group_destroy(&(struct pan_group_destroy){ 1, 1 }),
			 -EINVAL);
	assert_int_equal(
		mmx_uapi_check_group_get_state(&(struct pan_group_get_state){ 1, 2, 3, 0 }), 0);
	assert_int_equal(
		mmx_uapi_check_group_get_state(&(struct pan_group_get_state){ 1, 0, 0, 1 }),
		-EINVAL);
	assert_int_equal(mmx_uapi_check_group_submit(&(struct pan_group_submit){ .pad = 0 }), 0);
	assert_int_equal(mmx_uapi_check_group_submit(&(struct pan_group_submit){ .pad = 1 }),
			 -EINVAL);
	assert_int_equal(mmx_uapi_check_heap_destroy(&(struct pan_tiler_heap_destroy){ 1, 0 }), 0);
	assert_int_equal(mmx_uapi_check_heap_destroy(&(struct pan_tiler_heap_destroy){ 1, 1 }),
			 -EINVAL);
}

static int check_mmio_map(const void *args)
{
	return mmx_uapi_check_mmio_map(args, 1ull << 56, 4096);
}

#define MAP(field, value) SET(mmx_uapi_map, field, value)
static const struct row mmio_rows[] = {
	{ "private", { MAP(shared, 0) }, -EINVAL },
	{ "to be written", { MAP(write_or_exec, 1) }, -EINVAL },
	{ "two pages", { MAP(size, 8192) }, -EINVAL },
	{ "the second page", { MAP(offset, (1ull << 56) + 4096) }, -EINVAL },
};

static void test_mmio(void **cm_state)
{
	static const struct mmx_uapi_map page = { 1ull << 56, 4096, true, false };
	struct pan_set_user_mmio_offset args = { 1ull << 43 };

	(void)cm_state;
	RUN(check_mmio_map, page, mmio_rows);
	assert_int_equal(mmx_uapi_check_mmio_map(&page, 1ull << 43, 4096), -EINVAL);
	assert_int_equal(mmx_uapi_check_user_mmio_offset(&args), 0);
	args.offset = 1ull << 56;
	assert_int_equal(mmx_uapi_check_user_mmio_offset(&args), 0);
	args.offset = 0;
	assert_int_equal(mmx_uapi_check_user_mmio_offset(&args), -EINVAL);
	args.offset = (1ull << 56) + 4096;
	assert_int_equal(mmx_uapi_check_user_mmio_offset(&args), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gpu),
		cmocka_unit_test(test_no_gpu),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_array),
		cmocka_unit_test(test_timestamp_flags),
		cmocka_unit_test(test_timestamp),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_bo),
		cmocka_unit_test(test_label),
		cmocka_unit_test(test_pads),
		cmocka_unit_test(test_mmio),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
