// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Each message of the completion ring from bytes written down by hand from hv/proto/proto.h; then
 * the same with one thing wrong, from a table.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "frontend/core/decode.h"
#include "tests/unit/hex.h"

#define HELLO                                                                              \
	"0180 0000 e0000000 01000000 00000000 "                                            \
	"01000000 00000000 0000000000000000 0807060504030201 "                             \
	"02000000 04000000 03000000 05000000 08000000 " /* objects */                      \
	"40000000 10000000 10000000 32000000 08000000 06000000 03000000 0000100000000000 " \
	"000067a8 02000000 03000000 04000000 05000000 06000000 30280000 08000000 "         \
	"09000000 0a000000 0b000000 0c000000 0d000000 0e000000 0f000000 10000000 "         \
	"ff000000 12000000 0500050000000000 0100000000000000 0100000000000000 "            \
	"0000000000000000 08000000 09000000 60000000 0a000000 04000000 01000000"
#define VM_CREATE    "0780 0000 18000000 02000000 00000000 0000000000800000"
#define VM_BIND	     "0980 0000 18000000 03000000 16000000 01000000 00000000"
#define GROUP	     "0c80 0000 18000000 04000000 00000000 02000000 05000000"
#define VM_STATE     "1780 0000 18000000 06000000 00000000 01000000 00000000"
#define REFUSED_BIND "1680 0000 10000000 00000180 02000000"
#define PLAIN	     "0480 0000 10000000 05000000 00000000"
#define REFUSED	     "0d80 0000 10000000 00000180 02000000"
#define HEAP	     "0e80 0000 20000000 06000000 00000000 0010000000800000 0020000000800000"
#define LABEL	     "1080 0000 10000000 05000000 00000000"
#define TIME                                                                      \
	"1180 0000 40000000 06000000 00000000 0100000002000000 0300000000000000 " \
	"00366e0100000000 0400000005000000 0600000007000000 0800000000000000"
#define SPACE "1880 0000 20000000 05000000 00000000 0000040000000000 0001000000000000"
#define TIMELINES                               \
	"0140 0000 40000000 00000000 00000000 " \
	"02000000 00000000 00000000 00000000 "  \
	"00000100 00000000 0900000000000000 01000200 16000000 0100000001000000"
#define FAULT                                                    \
	"0240 0000 38000000 00000000 00000000 "                  \
	"03000000 02000100 01000100 00000000 c1020000 03000000 " \
	"00f0eedbea0d0000 07000000 00000000"
#define RELEASED  "0340 0000 20000000 00000000 00000000 02000000 00000000 00000100 01000100"
#define GPU_STATE "0440 0000 18000000 00000000 00000000 02000000 00000000"
#define UNKNOWN	  "0640 0000 14000000 00000000 00000000 ffffffff"

static uint32_t load(const char *hex, union mmx_msg_buf *buf)
{
	memset(buf, 0xee, sizeof(*buf));
	return (uint32_t)hex_parse(hex, buf->bytes, sizeof(buf->bytes));
}

static struct mmx_decoded decode(const char *hex)
{
	struct mmx_decoded msg;
	union mmx_msg_buf buf;
	uint32_t size = load(hex, &buf);

	assert_int_equal(mmx_decode_completion(&buf, size, &msg), 0);
	return msg;
}

static void test_hello(void **cm_state)
{
	struct mmx_decoded msg = decode(HELLO);
	const struct mmx_gpu_desc *gpu = &msg.reply.hello.gpu;
	const struct mmx_limits *limits = &msg.reply.hello.limits;

	(void)cm_state;
	assert_int_equal(msg.kind, MMX_DECODED_REPLY);
	assert_int_equal(msg.reply.request, MMX_MSG_HELLO);
	assert_int_equal(msg.reply.tag, 1);
	assert_int_equal(msg.reply.error, 0);
	assert_int_equal(msg.reply.hello.epoch, 0x0102030405060708);
	assert_int_equal(limits->max_clients, 2);
	assert_int_equal(limits->max_mems, 4);
	assert_int_equal(limits->max_vms, 3);
	assert_int_equal(limits->max_groups, 5);
	assert_int_equal(limits->max_timelines, 8);
	assert_int_equal(limits->max_requests, 64);
	assert_int_equal(limits->max_jobs, 16);
	assert_int_equal(limits->max_waits, 16);
	assert_int_equal(limits->max_bind_ops, 50);
	assert_int_equal(limits->max_queues, 8);
	assert_int_equal(limits->max_heaps, 6);
	assert_int_equal(limits->max_priority, 3);
	assert_int_equal(limits->mem_bytes, 0x100000);
	assert_int_equal(gpu->gpu_id, 0xa8670000);
	assert_int_equal(gpu->mmu_features, 0x2830);
	assert_int_equal(gpu->max_threads, 9);
	assert_int_equal(gpu->coherency_features, 12);
	assert_int_equal(gpu->texture_features[3], 16);
	assert_int_equal(gpu->as_present, 0xff);
	assert_int_equal(gpu->shader_present, 0x50005);
	assert_int_equal(gpu->csg_slots, 8);
	assert_int_equal(gpu->cs_registers, 96);
	assert_int_equal(gpu->unpreserved_cs_registers, 4);
	assert_int_equal(gpu->coherent, 1);
}

static void test_replies(void **cm_state)
{
	struct mmx_decoded msg;

	(void)cm_state;
	msg = decode(VM_CREATE);
	assert_int_equal(msg.reply.request, MMX_MSG_VM_CREATE);
	assert_int_equal(msg.reply.user_va_range, 0x800000000000);
	msg = decode(VM_BIND);
	assert_int_equal(msg.reply.error, -EINVAL);
	assert_int_equal(msg.reply.vm_bind_op, 1);
	msg = decode(GROUP);
	assert_int_equal(msg.reply.group.state, MMX_GROUP_STATE_FATAL_FAULT);
	assert_int_equal(msg.reply.group.fatal_queues, 5);
	msg = decode(HEAP);
	assert_int_equal(msg.reply.request, MMX_MSG_HEAP_CREATE);
	assert_int_equal(msg.reply.heap.context_va, 0x800000001000);
	assert_int_equal(msg.reply.heap.first_chunk_va, 0x800000002000);
	msg = decode(LABEL);
	assert_int_equal(msg.reply.request, MMX_MSG_LABEL);
	msg = decode(TIME);
	assert_int_equal(msg.reply.request, MMX_MSG_TIME);
	assert_int_equal(msg.reply.time.gpu_timestamp, 0x200000001);
	assert_int_equal(msg.reply.time.gpu_timestamp_offset, 3);
	assert_int_equal(msg.reply.time.gpu_timestamp_frequency, 24000000);
	assert_int_equal(msg.reply.time.gpu_cycles, 0x500000004);
	assert_int_equal(msg.reply.time.backend_ns, 0x700000006);
	assert_int_equal(msg.reply.time.duration_ns, 8);
	msg = decode(SPACE);
	assert_int_equal(msg.reply.request, MMX_MSG_SPACE);
	assert_int_equal(msg.reply.space.guest_page, 0x40000);
	assert_int_equal(msg.reply.space.page_count, 0x100);
	msg = decode("1980 0000 10000000 05000000 4a000000");
	assert_int_equal(msg.reply.request, MMX_MSG_SPACE_CHECK);
	assert_int_equal(msg.reply.error, -EBADMSG);
	msg = decode(PLAIN);
	assert_int_equal(msg.reply.request, MMX_MSG_MEM_CREATE);
	assert_int_equal(msg.reply.tag, 5);
	assert_int_equal(decode("0f80 0000 10000000 05000000 00000000").reply.request,
			 MMX_MSG_HEAP_DESTROY);
	msg = decode(VM_STATE);
	assert_int_equal(msg.reply.request, MMX_MSG_VM_GET_STATE);
	assert_int_equal(msg.reply.vm_state, MMX_VM_STATE_UNUSABLE);
	msg = decode(REFUSED_BIND);
	assert_int_equal(msg.reply.request, MMX_MSG_VM_BIND_ASYNC);
	assert_int_equal(msg.reply.error, -ENOENT);
	msg = decode(REFUSED);
	assert_int_equal(msg.reply.request, MMX_MSG_SUBMIT);
	assert_int_equal(msg.reply.tag, 0x80010000);
	assert_int_equal(msg.reply.error, -ENOENT);
}

static void test_events(void **cm_state)
{
	struct mmx_decoded msg;

	(void)cm_state;
	msg = decode(TIMELINES);
	assert_int_equal(msg.kind, MMX_DECODED_TIMELINES);
	assert_int_equal(msg.timelines.count, 2);
	assert_int_equal(msg.timelines.entries[0].timeline, 0x10000);
	assert_int_equal(msg.timelines.entries[0].seqno, 9);
	assert_int_equal(msg.timelines.entries[1].timeline, 0x20001);
	assert_int_equal(msg.timelines.entries[1].error, EINVAL);
	assert_int_equal(msg.timelines.entries[1].seqno, 0x100000001);
	msg = decode(FAULT);
	assert_int_equal(msg.kind, MMX_DECODED_FAULT);
	assert_int_equal(msg.fault.kind, MMX_FAULT_MMU);
	assert_int_equal(msg.fault.group, 0x10002);
	assert_int_equal(msg.fault.vm, 0x10001);
	assert_int_equal(msg.fault.exception, 0x2c1);
	assert_int_equal(msg.fault.access, 3);
	assert_int_equal(msg.fault.address, 0xdeadbeef000);
	assert_int_equal(msg.fault.dropped, 7);
	msg = decode(RELEASED);
	assert_int_equal(msg.kind, MMX_DECODED_MEM_RELEASED);
	assert_int_equal(msg.released.count, 2);
	assert_int_equal(msg.released.mems[1], 0x10001);
	msg = decode(GPU_STATE);
	assert_int_equal(msg.kind, MMX_DECODED_GPU);
	assert_int_equal(msg.gpu_state, MMX_GPU_STATE_RESET);
	assert_int_equal(decode(UNKNOWN).kind, MMX_DECODED_UNKNOWN_EVENT);
}

/* The 32-bit word at an offset is replaced, the size (of message and header) too if it is not 0. */
static const struct {
	const char *name, *hex;
	uint32_t offset, value, size;
	int ret;
} cases[] = {
	{ "pad of the header", PLAIN, 0, 0x00018004, 0, -EPROTO },
	{ "size differs", PLAIN, 4, 17, 0, -EPROTO },
	{ "too short for a header", PLAIN, 8, 5, 15, -EPROTO },
	{ "no type", PLAIN, 0, 0, 0, -EPROTO },
	{ "a request", PLAIN, 0, 4, 0, -EPROTO },
	{ "reply to an event", PLAIN, 0, 0xc001, 0, -EPROTO },
	{ "reply to a reserved request", PLAIN, 0, 0x8014, 0, -EPROTO },
	{ "errno 4095", PLAIN, 12, 4095, 0, 0 },
	{ "no errno", PLAIN, 12, 4096, 0, -EPROTO },
	{ "no errno, negative", PLAIN, 12, 0xffffffff, 0, -EPROTO },
	{ "longer, with zeroes", PLAIN, 16, 0, 20, 0 },
	{ "longer, with something", PLAIN, 16, 1, 20, -EPROTO },
	{ "refused, and yet not", REFUSED, 12, 0, 0, -EPROTO },
	{ "hello: version 0.2", HELLO, 16, 2, 0, -EPROTO },
	{ "hello: 8 spaces", HELLO, 20, 8, 0, 0 },
	{ "hello: 9 spaces", HELLO, 20, 9, 0, -EPROTO },
	{ "hello: features", HELLO, 24, 1, 0, -EPROTO },
	{ "hello: no clients", HELLO, 40, 0, 0, -EPROTO },
	{ "hello: 65536 clients", HELLO, 40, 65536, 0, 0 },
	{ "hello: 65537 clients", HELLO, 40, 65537, 0, -EPROTO },
	{ "hello: memory objects", HELLO, 44, 65537, 0, -EPROTO },
	{ "hello: VMs", HELLO, 48, 0xffffffff, 0, -EPROTO },
	{ "hello: groups", HELLO, 52, 0, 0, -EPROTO },
	{ "hello: timelines", HELLO, 56, 65537, 0, -EPROTO },
	{ "hello: no requests", HELLO, 60, 0, 0, -EPROTO },
	{ "hello: no jobs", HELLO, 64, 0, 0, -EPROTO },
	{ "hello: more waits than fit", HELLO, 68, 17, 0, -EPROTO },
	{ "hello: more ops than fit", HELLO, 72, 51, 0, -EPROTO },
	{ "hello: queues", HELLO, 76, 9, 0, -EPROTO },
	{ "hello: heaps", HELLO, 80, 65537, 0, -EPROTO },
	{ "hello: no heaps", HELLO, 80, 0, 0, 0 },
	{ "hello: priorities", HELLO, 84, 4, 0, 0 },
	{ "hello: more priorities than there are", HELLO, 84, 5, 0, -EPROTO },
	{ "hello: priorities not told", HELLO, 84, 0, 0, 0 },
	{ "hello: coherent", HELLO, 220, 2, 0, -EPROTO },
	{ "hello: shorter, by a field", HELLO, 8, 1, 220, 0 },
	{ "hello: without limits", HELLO, 8, 1, 40, -EPROTO },
	{ "hello: refused", HELLO, 12, 93, 16, 0 },
	{ "bind: pad", VM_BIND, 20, 1, 0, -EPROTO },
	{ "bind: op", VM_BIND, 16, 51, 0, -EPROTO },
	{ "bind: header alone", VM_BIND, 8, 3, 16, 0 },
	{ "group: header alone", GROUP, 8, 4, 16, 0 },
	{ "heap: header alone", HEAP, 8, 6, 16, 0 },
	{ "heap: refused", HEAP, 12, 28, 16, 0 },
	{ "label: with something", LABEL, 16, 1, 20, -EPROTO },
	{ "time: without its last field", TIME, 8, 6, 56, 0 },
	{ "time: with something behind", TIME, 64, 1, 68, -EPROTO },
	{ "time: refused", TIME, 12, 22, 16, 0 },
	{ "bind refused, and yet not", REFUSED_BIND, 12, 0, 0, -EPROTO },
	{ "VM's state: pad", VM_STATE, 20, 1, 0, -EPROTO },
	{ "space: refused", SPACE, 12, 22, 16, 0 },
	{ "space: empty", SPACE, 24, 0, 0, -EPROTO },
	{ "space: without its last field", SPACE, 8, 5, 24, -EPROTO },
	{ "space: with something behind", SPACE, 32, 1, 36, -EPROTO },
	{ "space: up to 52 bits", SPACE, 20, 0xff, 0, 0 },
	{ "space: beyond 52 bits", SPACE, 20, 0x100, 0, -EPROTO },
	{ "space: of 52 bits", SPACE, 28, 0x100, 0, -EPROTO },
	{ "space: overflows", SPACE, 28, 0xffffffff, 0, -EPROTO },
	{ "reply to no request", VM_STATE, 0, 0x801a, 0, -EPROTO },
	{ "timelines: tag", TIMELINES, 8, 1, 0, -EPROTO },
	{ "timelines: error", TIMELINES, 12, 1, 0, -EPROTO },
	{ "timelines: pad", TIMELINES, 28, 1, 0, -EPROTO },
	{ "timelines: none", TIMELINES, 16, 0, 32, 0 },
	{ "timelines: none, and yet some", TIMELINES, 16, 0, 0, -EPROTO },
	{ "timelines: more than came", TIMELINES, 16, 3, 0, -EPROTO },
	{ "timelines: fewer than came", TIMELINES, 16, 1, 0, -EPROTO },
	{ "timelines: more than can be", TIMELINES, 16, 15, 288, -EPROTO },
	{ "timelines: count overflows", TIMELINES, 16, 0x10000002, 0, -EPROTO },
	{ "timelines: one is cut", TIMELINES, 8, 0, 63, -EPROTO },
	{ "timelines: no name", TIMELINES, 32, 5, 0, -EPROTO },
	{ "timelines: no errno", TIMELINES, 52, 4096, 0, -EPROTO },
	{ "timelines: seqno 0", TIMELINES, 40, 0, 0, -EPROTO },
	{ "fault: kind 0", FAULT, 16, 0, 0, -EPROTO },
	{ "fault: kind 7", FAULT, 16, 7, 0, -EPROTO },
	{ "fault: no group", FAULT, 20, 0, 0, 0 },
	{ "fault: group", FAULT, 20, 1, 0, -EPROTO },
	{ "fault: VM", FAULT, 24, 0xffff, 0, -EPROTO },
	{ "fault: queue", FAULT, 28, 8, 0, -EPROTO },
	{ "fault: pad", FAULT, 52, 1, 0, -EPROTO },
	{ "released: pad", RELEASED, 20, 1, 0, -EPROTO },
	{ "released: more than came", RELEASED, 16, 3, 0, -EPROTO },
	{ "released: more than can be", RELEASED, 16, 59, 260, -EPROTO },
	{ "released: count overflows", RELEASED, 16, 0x40000002, 0, -EPROTO },
	{ "released: no name", RELEASED, 28, 1, 0, -EPROTO },
	{ "GPU: state 0", GPU_STATE, 16, 0, 0, -EPROTO },
	{ "GPU: a later state", GPU_STATE, 16, 77, 0, 0 },
	{ "GPU: pad", GPU_STATE, 20, 1, 0, -EPROTO },
	{ "unknown event: tag", UNKNOWN, 8, 1, 0, -EPROTO },
};

static void test_table(void **cm_state)
{
	struct mmx_decoded msg;
	union mmx_msg_buf buf;
	unsigned int i;
	uint32_t size;
	int ret;

	(void)cm_state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size = load(cases[i].hex, &buf);
		memcpy(buf.bytes + cases[i].offset, &cases[i].value, sizeof(cases[i].value));
		if (cases[i].size) {
			size = cases[i].size;
			buf.hdr.size = size;
		}
		memset(&msg, 0x55, sizeof(msg));
		ret = mmx_decode_completion(&buf, size, &msg);
		if (ret != cases[i].ret)
			fail_msg("%s: %d", cases[i].name, ret);
		/* outputs are written on success only */
		if (ret && (msg.kind != 0x55555555 || msg.reply.tag != 0x55555555))
			fail_msg("%s: something was written", cases[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
