// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Each request against bytes written down by hand from hv/proto/proto.h; and what must be refused.
 * If bytes change here, the protocol has changed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "frontend/core/encode.h"
#include "frontend/core/names.h"
#include "tests/unit/hex.h"

#define ZERO8  "00000000 00000000 "
#define ZERO24 ZERO8 ZERO8 ZERO8

static union mmx_msg_buf buf;

/* The buffer is dirty before each message: no byte of it may shine through. */
static int setup(void **cm_state)
{
	(void)cm_state;
	memset(&buf, 0xee, sizeof(buf));
	return 0;
}

static void check(int size, const char *hex)
{
	uint8_t want[MMX_MSG_MAX];

	assert_int_equal(size, hex_parse(hex, want, sizeof(want)));
	assert_memory_equal(buf.bytes, want, (size_t)size);
	if (size < (int)MMX_MSG_MAX)
		assert_int_equal(buf.bytes[size], 0xee);
}

static void test_hello(void **cm_state)
{
	(void)cm_state;
	check(mmx_encode_hello(&buf, 1, "guest"), "0100 0000 40000000 01000000 00000000 "
						  "01000000 01000000 00000000 00000000 "
						  "6775657374000000 " ZERO24);
	/* a long name is cut, and ends with its NUL */
	check(mmx_encode_hello(&buf, 1, "0123456789abcdef0123456789abcdefXYZ"),
	      "0100 0000 40000000 01000000 00000000 "
	      "01000000 01000000 00000000 00000000 "
	      "30313233343536373839616263646566 303132333435363738396162636465 00");
}

static void test_client_create(void **cm_state)
{
	(void)cm_state;
	check(mmx_encode_client_create(&buf, 2, 0x10003, 1234, "a"),
	      "0200 0000 38000000 02000000 00000000 "
	      "03000100 d2040000 6100000000000000 " ZERO24);
	assert_int_equal(mmx_encode_client_create(&buf, 2, 0x3, 1234, "a"), -EINVAL);
}

static void test_object(void **cm_state)
{
	static const struct {
		uint16_t type;
		const char *hex;
	} cases[] = {
		{ MMX_MSG_CLIENT_DESTROY,
		  "0300 0000 18000000 05000100 00000000 01000200 00000000" },
		{ MMX_MSG_MEM_DESTROY, "0600 0000 18000000 05000100 00000000 01000200 00000000" },
		{ MMX_MSG_VM_DESTROY, "0800 0000 18000000 05000100 00000000 01000200 00000000" },
		{ MMX_MSG_VM_GET_STATE, "1700 0000 18000000 05000100 00000000 01000200 00000000" },
		{ MMX_MSG_GROUP_DESTROY, "0b00 0000 18000000 05000100 00000000 01000200 00000000" },
		{ MMX_MSG_HEAP_DESTROY, "0f00 0000 18000000 05000100 00000000 01000200 00000000" },
		{ MMX_MSG_GROUP_GET_STATE,
		  "0c00 0000 18000000 05000100 00000000 01000200 00000000" },
	};
	unsigned int i;

	(void)cm_state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(mmx_encode_object(&buf, 0x10005, cases[i].type, 0x20001), cases[i].hex);
	assert_int_equal(mmx_encode_object(&buf, 1, MMX_MSG_SUBMIT, 0x20001), -EINVAL);
	assert_int_equal(mmx_encode_object(&buf, 1, MMX_MSG_MEM_DESTROY, 0xffff), -EINVAL);
}

static void test_mem(void **cm_state)
{
	static struct mmx_run many[MMX_MEM_MAX_RUNS + 1];
	struct mmx_run runs[2] = {
		{ .first_page = 0x123456789a, .page_count = 2, .flags = MMX_RUN_READONLY },
		{ .first_page = 0x10, .page_count = 3 },
	};
	uint32_t i;

	(void)cm_state;
	check(mmx_encode_mem_create(&buf, 3, 0x10000, MMX_MEM_SEAL, 5, runs, 2),
	      "0400 0000 40000000 03000000 00000000 "
	      "00000100 01000000 05000000 02000000 "
	      "9a78563412000000 02000000 0000 0100 "
	      "1000000000000000 03000000 0000 0000");
	memset(&buf, 0xee, sizeof(buf));
	check(mmx_encode_mem_add(&buf, 4, 0x10000, 0, runs + 1, 1),
	      "0500 0000 30000000 04000000 00000000 "
	      "00000100 00000000 01000000 00000000 "
	      "1000000000000000 03000000 0000 0000");

	for (i = 0; i <= MMX_MEM_MAX_RUNS; i++)
		many[i] = (struct mmx_run){ .first_page = 2 * i, .page_count = 1 };
	assert_int_equal(mmx_encode_mem_create(&buf, 3, 0x10000, 0, 500, many, MMX_MEM_MAX_RUNS),
			 MMX_MSG_MAX);
	assert_int_equal(mmx_encode_mem_add(&buf, 3, 0x10000, 0, many, MMX_MEM_MAX_RUNS),
			 MMX_MSG_MAX);
	assert_int_equal(
		mmx_encode_mem_create(&buf, 3, 0x10000, 0, 500, many, MMX_MEM_MAX_RUNS + 1),
		-E2BIG);
	assert_int_equal(mmx_encode_mem_add(&buf, 3, 0x10000, 0, many, UINT32_MAX), -E2BIG);
	assert_int_equal(mmx_encode_mem_create(&buf, 3, 0x10000, 2, 5, runs, 2), -EINVAL);
	assert_int_equal(mmx_encode_mem_create(&buf, 3, 0x10000, 0, 0, runs, 2), -EINVAL);
	assert_int_equal(mmx_encode_mem_add(&buf, 3, 0, 0, runs, 2), -EINVAL);
	runs[1].first_page = UINT64_MAX - 1;
	assert_int_equal(mmx_encode_mem_add(&buf, 3, 0x10000, 0, runs, 2), -EINVAL);
	runs[1] = (struct mmx_run){ .first_page = 1 };
	assert_int_equal(mmx_encode_mem_add(&buf, 3, 0x10000, 0, runs, 2), -EINVAL);
	runs[1] = (struct mmx_run){ .first_page = 1, .page_count = 1, .flags = 2 };
	assert_int_equal(mmx_encode_mem_add(&buf, 3, 0x10000, 0, runs, 2), -EINVAL);
}

static void test_vm_create(void **cm_state)
{
	(void)cm_state;
	check(mmx_encode_vm_create(&buf, 5, 0x10000, 0x10001, 0x30002, 0x800000000000),
	      "0700 0000 28000000 05000000 00000000 "
	      "00000100 01000100 00000000 02000300 0000000000800000");
	assert_int_equal(mmx_encode_vm_create(&buf, 5, 0, 0x10001, 0, 0), -EINVAL);
	assert_int_equal(mmx_encode_vm_create(&buf, 5, 0x10000, 1, 0, 0), -EINVAL);
}

static void test_heap_create(void **cm_state)
{
	struct mmx_heap_desc heap = { .vm = 0x10001,
				      .heap = 0x20003,
				      .initial_chunk_count = 5,
				      .chunk_size = 0x200000,
				      .max_chunks = 64,
				      .target_in_flight = 65535 };

	(void)cm_state;
	check(mmx_encode_heap_create(&buf, 9, &heap),
	      "0e00 0000 28000000 09000000 00000000 "
	      "01000100 03000200 05000000 00002000 40000000 ffff0000");
	heap.heap = 3;
	assert_int_equal(mmx_encode_heap_create(&buf, 9, &heap), -EINVAL);
	heap.heap = 0x20003;
	heap.vm = 0;
	assert_int_equal(mmx_encode_heap_create(&buf, 9, &heap), -EINVAL);
}

static void test_vm_bind(void **cm_state)
{
	static struct mmx_bind_op many[MMX_BIND_MAX_OPS + 1];
	const struct mmx_bind_op ops[2] = {
		{
			.op = MMX_BIND_OP_MAP,
			.flags = MMX_BIND_NOEXEC | MMX_BIND_UNCACHED,
			.mem = 0x10000,
			.mem_offset = 0x1000,
			.va = 0x7fff00000000,
			.size = 0x2000,
		},
		{ .op = MMX_BIND_OP_UNMAP, .va = 0x3000, .size = 0x1000 },
	};
	const struct mmx_bind_op bad[] = {
		{ .op = 2, .va = 0x3000, .size = 0x1000 },
		{ .op = MMX_BIND_OP_UNMAP, .va = 0x3001, .size = 0x1000 },
		{ .op = MMX_BIND_OP_UNMAP, .va = 0x3000, .size = 0x1001 },
		{ .op = MMX_BIND_OP_UNMAP, .va = UINT64_MAX - 0xfff, .size = 0x2000 },
		{ .op = MMX_BIND_OP_UNMAP, .va = 0x3000, .size = 0x1000, .mem = 0x10000 },
		{ .op = MMX_BIND_OP_UNMAP, .va = 0x3000, .size = 0x1000, .mem_offset = 0x1000 },
		{ .op = MMX_BIND_OP_UNMAP, .va = 0x3000, .size = 0x1000, .flags = 1 },
		{ .op = MMX_BIND_OP_UNMAP, .va = 0x3000, .size = 0x1000, .pad = 1 },
		{ .op = MMX_BIND_OP_MAP, .va = 0x3000, .size = 0x1000 },
		{ .op = MMX_BIND_OP_MAP, .va = 0x3000, .size = 0x1000, .mem = 0x10000, .flags = 8 },
		{ .op = MMX_BIND_OP_MAP,
		  .va = 0x3000,
		  .size = 0x1000,
		  .mem = 0x10000,
		  .mem_offset = 1 },
		{ .mem = 0x10000, .size = 0x2000, .mem_offset = UINT64_MAX - 0xfff },
	};
	uint32_t i;

	(void)cm_state;
	check(mmx_encode_vm_bind(&buf, 6, 0x10001, ops, 2),
	      "0900 0000 70000000 06000000 00000000 "
	      "01000100 00000000 02000000 00000000 "
	      "00000000 06000000 00000100 00000000 "
	      "0010000000000000 00000000ff7f0000 0020000000000000 "
	      "01000000 00000000 00000000 00000000 "
	      "0000000000000000 0030000000000000 0010000000000000");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (mmx_encode_vm_bind(&buf, 6, 0x10001, &bad[i], 1) != -EINVAL)
			fail_msg("op %u", i);
	for (i = 0; i <= MMX_BIND_MAX_OPS; i++)
		many[i] = ops[1];
	assert_int_equal(mmx_encode_vm_bind(&buf, 6, 0x10001, many, MMX_BIND_MAX_OPS), 2032);
	assert_int_equal(mmx_encode_vm_bind(&buf, 6, 0x10001, many, MMX_BIND_MAX_OPS + 1), -E2BIG);
	assert_int_equal(mmx_encode_vm_bind(&buf, 6, 1, ops, 2), -EINVAL);
}

static void test_vm_bind_async(void **cm_state)
{
	static struct mmx_bind_op many[MMX_BIND_MAX_OPS];
	static struct mmx_wait waits[MMX_SUBMIT_MAX_WAITS + 1];
	const struct mmx_bind_op op = {
		.flags = MMX_BIND_SPARSE | MMX_BIND_NOEXEC,
		.va = 0x200000,
		.size = 0x400000,
	};
	struct mmx_bind_op bad;
	uint32_t i;

	(void)cm_state;
	for (i = 0; i <= MMX_SUBMIT_MAX_WAITS; i++)
		waits[i] = (struct mmx_wait){ .timeline = 0x10003, .seqno = 7 };
	for (i = 0; i < MMX_BIND_MAX_OPS; i++)
		many[i] = op;
	check(mmx_encode_vm_bind_async(&buf, 8, 0x10001, 0x0102030405060708, &op, 1, waits, 1),
	      "1600 0000 60000000 08000000 00000000 "
	      "01000100 01000000 0807060504030201 01000000 00000000 "
	      "00000000 0a000000 00000000 00000000 "
	      "0000000000000000 0000200000000000 0000400000000000 "
	      "03000100 00000000 0700000000000000");
	memset(&buf, 0xee, sizeof(buf));
	check(mmx_encode_vm_bind_async(&buf, 8, 0x10001, 1, NULL, 0, NULL, 0),
	      "1600 0000 28000000 08000000 00000000 "
	      "01000100 00000000 0100000000000000 00000000 00000000");
	/* as much as a message holds */
	assert_int_equal(mmx_encode_vm_bind_async(&buf, 8, 0x10001, 1, many, 50, NULL, 0), 2040);
	assert_int_equal(mmx_encode_vm_bind_async(&buf, 8, 0x10001, 1, many, 50, waits, 1), -E2BIG);
	assert_int_equal(mmx_encode_vm_bind_async(&buf, 8, 0x10001, 1, many, 43, waits, 16), 2016);
	assert_int_equal(mmx_encode_vm_bind_async(&buf, 8, 0x10001, 1, many, 44, waits, 16),
			 -E2BIG);
	assert_int_equal(mmx_encode_vm_bind_async(&buf, 8, 0x10001, 1, many, 51, NULL, 0), -E2BIG);
	assert_int_equal(mmx_encode_vm_bind_async(&buf, 8, 0x10001, 1, &op, 1, waits, 17), -E2BIG);
	assert_int_equal(mmx_encode_vm_bind_async(&buf, 8, 0x10001, 0, &op, 1, NULL, 0), -EINVAL);
	assert_int_equal(mmx_encode_vm_bind_async(&buf, 8, 1, 1, &op, 1, NULL, 0), -EINVAL);
	waits[0].timeline = 3;
	assert_int_equal(mmx_encode_vm_bind_async(&buf, 8, 0x10001, 1, &op, 1, waits, 1), -EINVAL);
	bad = op;
	bad.flags = MMX_BIND_SPARSE;
	assert_int_equal(mmx_encode_vm_bind(&buf, 8, 0x10001, &bad, 1), -EINVAL);
	bad.flags = op.flags | 0x10;
	assert_int_equal(mmx_encode_vm_bind(&buf, 8, 0x10001, &bad, 1), -EINVAL);
	bad = op;
	bad.mem = 0x10000;
	assert_int_equal(mmx_encode_vm_bind(&buf, 8, 0x10001, &bad, 1), -EINVAL);
	bad = op;
	bad.mem_offset = 0x1000;
	assert_int_equal(mmx_encode_vm_bind(&buf, 8, 0x10001, &bad, 1), -EINVAL);
}

static void test_group_create(void **cm_state)
{
	const struct mmx_group_desc group = {
		.client = 0x10000,
		.vm = 0x10001,
		.group = 0x10002,
		.priority = 2,
		.max_compute_cores = 4,
		.max_fragment_cores = 3,
		.max_tiler_cores = 1,
		.compute_core_mask = 0x50005,
		.fragment_core_mask = 0x50001,
		.tiler_core_mask = 1,
	};
	struct mmx_queue_desc queues[MMX_MAX_QUEUES + 1] = {
		{ .priority = 15, .ring_size = 0x10000, .timeline = 0x10000 },
		{ .priority = 0, .ring_size = 0x1000, .timeline = 0x10001 },
	};
	struct mmx_group_desc bad = group;

	(void)cm_state;
	check(mmx_encode_group_create(&buf, 7, &group, queues, 2),
	      "0a00 0000 60000000 07000000 00000000 "
	      "00000100 01000100 02000100 02 04 03 01 "
	      "0500050000000000 0100050000000000 0100000000000000 02000000 00000000 "
	      "0f000000 00000100 00000100 00000000 "
	      "00000000 00100000 01000100 00000000");
	assert_int_equal(mmx_encode_group_create(&buf, 7, &group, queues, 0), -EINVAL);
	assert_int_equal(mmx_encode_group_create(&buf, 7, &group, queues, 3), -EINVAL);
	assert_int_equal(mmx_encode_group_create(&buf, 7, &group, queues, MMX_MAX_QUEUES + 1),
			 -E2BIG);
	bad.group = 2;
	assert_int_equal(mmx_encode_group_create(&buf, 7, &bad, queues, 2), -EINVAL);
	queues[1].pad = 1;
	assert_int_equal(mmx_encode_group_create(&buf, 7, &group, queues, 2), -EINVAL);
}

static void test_submit(void **cm_state)
{
	const struct mmx_job_desc job = {
		.group = 0x10002,
		.queue = 1,
		.seqno = 0x100000001,
		.stream_addr = 0xdeadbeef000,
		.stream_size = 64,
		.latest_flush = 0xabcdef,
	};
	struct mmx_wait waits[MMX_SUBMIT_MAX_WAITS + 1] = { { .timeline = 0x10000, .seqno = 9 } };
	struct mmx_job_desc bad = job;

	(void)cm_state;
	check(mmx_encode_submit(&buf, 0x80010000, &job, waits, 1),
	      "0d00 0000 48000000 00000180 00000000 "
	      "02000100 01000000 0100000001000000 "
	      "00f0eedbea0d0000 40000000 efcdab00 "
	      "01000000 00000000 "
	      "00000100 00000000 0900000000000000");
	assert_int_equal(mmx_encode_submit(&buf, 1, &job, NULL, 0), 56);
	assert_int_equal(mmx_encode_submit(&buf, 1, &job, waits, 2), -EINVAL);
	assert_int_equal(mmx_encode_submit(&buf, 1, &job, waits, MMX_SUBMIT_MAX_WAITS + 1), -E2BIG);
	bad.seqno = 0;
	assert_int_equal(mmx_encode_submit(&buf, 1, &bad, NULL, 0), -EINVAL);
	bad = job;
	bad.group = 0;
	assert_int_equal(mmx_encode_submit(&buf, 1, &bad, NULL, 0), -EINVAL);
}

static void test_names(void **cm_state)
{
	(void)cm_state;
	assert_int_equal(mmx_name_make(0x1234, 0xabcd), 0xabcd1234);
	assert_int_equal(mmx_name_index(0xabcd1234), 0x1234);
	assert_int_equal(mmx_name_generation(0xabcd1234), 0xabcd);
	assert_int_equal(mmx_name_next_generation(0), 1);
	assert_int_equal(mmx_name_next_generation(0xfffe), 0xffff);
	assert_int_equal(mmx_name_next_generation(0xffff), 1);
	assert_true(mmx_name_valid(0x10007, 8));
	assert_false(mmx_name_valid(0x10008, 8));
	assert_false(mmx_name_valid(0x00007, 8));
}

static void test_label(void **cm_state)
{
	static const char long_text[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";

	(void)cm_state;
	check(mmx_encode_label(&buf, 6, MMX_LABEL_GROUP, 0x10002, "a ~"),
	      "1000 0000 58000000 06000000 00000000 "
	      "04000000 02000100 61207e0000000000 " ZERO24 ZERO24 ZERO8);
	memset(&buf, 0xee, sizeof(buf));
	check(mmx_encode_label(&buf, 6, MMX_LABEL_CLIENT, 0x10002, ""),
	      "1000 0000 58000000 06000000 00000000 "
	      "01000000 02000100 " ZERO24 ZERO24 ZERO8 ZERO8);
	/* 63 bytes and the end */
	assert_int_equal(strlen(long_text), 63);
	assert_int_equal(mmx_encode_label(&buf, 6, MMX_LABEL_MEM, 0x10002, long_text), 88);
	assert_int_equal(mmx_encode_label(&buf, 6, MMX_LABEL_MEM, 0x10002,
					  "0123456789abcdef0123456789abcdef"
					  "0123456789abcdef0123456789abcdef"),
			 -E2BIG);
	assert_int_equal(mmx_encode_label(&buf, 6, 0, 0x10002, "a"), -EINVAL);
	assert_int_equal(mmx_encode_label(&buf, 6, 5, 0x10002, "a"), -EINVAL);
	assert_int_equal(mmx_encode_label(&buf, 6, MMX_LABEL_VM, 2, "a"), -EINVAL);
	assert_int_equal(mmx_encode_label(&buf, 6, MMX_LABEL_VM, 0x10002, "a\x1b"), -EINVAL);
	assert_int_equal(mmx_encode_label(&buf, 6, MMX_LABEL_VM, 0x10002, "\xc3\xa4"), -EINVAL);
}

static void test_time(void **cm_state)
{
	(void)cm_state;
	check(mmx_encode_time(&buf, 7), "1100 0000 18000000 07000000 00000000 00000000 00000000");
}

static void test_space(void **cm_state)
{
	static const uint8_t nonce[MMX_NONCE_SIZE] = { 1, 2, [MMX_NONCE_SIZE - 1] = 3 };

	(void)cm_state;
	check(mmx_encode_space(&buf, 7, 2),
	      "1800 0000 18000000 07000000 00000000 02000000 00000000");
	check(mmx_encode_space_check(&buf, 8, 8, 0x123456789a, nonce),
	      "1900 0000 40000000 08000000 00000000 08000000 00000000 9a78563412000000 "
	      "0102000000000000 0000000000000000 0000000000000000 0000000000000003");
	assert_int_equal(mmx_encode_space(&buf, 7, 0), -EINVAL);
	assert_int_equal(mmx_encode_space(&buf, 7, 9), -EINVAL);
	assert_int_equal(mmx_encode_space_check(&buf, 7, 0, 0, nonce), -EINVAL);
	assert_int_equal(mmx_encode_space_check(&buf, 7, 9, 0, nonce), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_hello, setup),
		cmocka_unit_test_setup(test_client_create, setup),
		cmocka_unit_test_setup(test_object, setup),
		cmocka_unit_test_setup(test_mem, setup),
		cmocka_unit_test_setup(test_vm_create, setup),
		cmocka_unit_test_setup(test_heap_create, setup),
		cmocka_unit_test_setup(test_vm_bind, setup),
		cmocka_unit_test_setup(test_vm_bind_async, setup),
		cmocka_unit_test_setup(test_group_create, setup),
		cmocka_unit_test_setup(test_submit, setup),
		cmocka_unit_test_setup(test_names, setup),
		cmocka_unit_test_setup(test_label, setup),
		cmocka_unit_test_setup(test_time, setup),
		cmocka_unit_test_setup(test_space, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
