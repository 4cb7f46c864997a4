// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Messages as hv/proto/proto.h has them, and the ways to be wrong that it names: each is answered with its error and
 * has no effect. Most cases are a message that is right but for one field; a table says which, and what comes of it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/rig_guest.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct env {
	struct rig rig;
	struct rig_guest guest;
	struct rig_ctx ctx; /* of index 0, with group 0 of two queues, timelines 0 and 1 */
};

static int setup_bare(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	rig_init(&env->rig, 1);
	rig_start(&env->rig);
	rig_guest_connect(&env->rig, 0, &env->guest);
	*state = env;
	return 0;
}

static int setup(void **state)
{
	struct env *env;

	setup_bare(state);
	env = *state;
	assert_int_equal(rig_hello(&env->guest), 0);
	rig_ctx_create(&env->guest, 0, &env->ctx);
	rig_ctx_group(&env->ctx, 0, 2);
	return 0;
}

/* What a session holds: to see that a refused message had no effect. */
static struct mmx_session_stats holdings(const struct env *env)
{
	struct mmx_session_stats stats;

	mmx_session_stats(env->guest.session, &stats);
	stats.messages = 0;
	stats.refused = 0;
	return stats;
}

/* ---- one field of a message is wrong ---- */

struct change {
	const char *what;
	size_t offset; /* of the field */
	unsigned int size; /* of the field: 1, 2, 4, 8 */
	uint64_t value;
	int error; /* positive */
};

#define FIELD(type, member, v, err)                                        \
	{                                                                  \
#type "." #member " = " #v, offsetof(struct type, member), \
			sizeof(((struct type *)NULL)->member), v, err      \
	}
#define ELEM(type, elem, member, v, err)                                                         \
	{                                                                                        \
#elem "." #member " = " #v, sizeof(struct type) + offsetof(struct elem, member), \
			sizeof(((struct elem *)NULL)->member), v, err                            \
	}

/* Sends @good with each change made to it. */
static void refuse_all(struct env *env, const union mmx_msg_buf *good, int size,
		       const struct change *changes, size_t count)
{
	struct mmx_session_stats before, after;
	size_t i;

	assert_true(size > 0);
	for (i = 0; i < count; i++) {
		union mmx_msg_buf msg = *good;
		int r;

		msg.hdr.tag = rig_tag(&env->guest);
		memcpy(msg.bytes + changes[i].offset, &changes[i].value, changes[i].size);
		before = holdings(env);
		r = rig_call(&env->guest, &msg, size);
		if (r != -changes[i].error)
			fail_msg("%s: %d and not %d", changes[i].what, r, -changes[i].error);
		after = holdings(env);
		assert_memory_equal(&before, &after, sizeof(before));
	}
}

/* Too short in its array, too long with something in it, header fields that must be zero; and unharmed by zeroes. */
static void refuse_sizes(struct env *env, const union mmx_msg_buf *good, int size, int fixed)
{
	static const struct change header[] = {
		FIELD(mmx_msg_hdr, pad, 1, EINVAL),
		FIELD(mmx_msg_hdr, error, 1, EINVAL),
	};
	union mmx_msg_buf msg = *good;

	refuse_all(env, good, size, header, COUNT(header));
	memset(msg.bytes + size, 0, sizeof(msg.bytes) - (size_t)size);
	msg.bytes[size + 70] = 1;
	msg.hdr.size = (uint32_t)size + 71;
	msg.hdr.tag = rig_tag(&env->guest);
	assert_int_equal(rig_call(&env->guest, &msg, size + 71), -EMSGSIZE);
	if (size > fixed) {
		msg.hdr.size = (uint32_t)size - 1;
		msg.hdr.tag = rig_tag(&env->guest);
		assert_int_equal(rig_call(&env->guest, &msg, size - 1), -EMSGSIZE);
	}
}

/* The message as it is, with zeroes behind it. Return: its error, negative. */
static int call_padded(struct env *env, const union mmx_msg_buf *good, int size)
{
	union mmx_msg_buf msg = *good;

	memset(msg.bytes + size, 0, sizeof(msg.bytes) - (size_t)size);
	msg.hdr.size = (uint32_t)size + 100;
	msg.hdr.tag = rig_tag(&env->guest);
	return rig_call(&env->guest, &msg, size + 100);
}

/* ---- HELLO ---- */

static void test_hello(void **state)
{
	static const struct change changes[] = {
		FIELD(mmx_msg_hello, version_min, MMX_PROTO_VERSION(0, 2), EPROTONOSUPPORT),
		FIELD(mmx_msg_hello, version_max, MMX_PROTO_VERSION(0, 0), EPROTONOSUPPORT),
		FIELD(mmx_msg_hello, features, 1, EPROTONOSUPPORT),
		{ "name without end", offsetof(struct mmx_msg_hello, name) + 31, 1, 'x', EINVAL },
		{ "name that is not text", offsetof(struct mmx_msg_hello, name), 1, 7, EINVAL },
	};
	struct env *env = *state;
	const struct mmx_decoded_reply *reply;
	const struct mmx_gpu_info *info = mmx_gpu_info(env->rig.core->gpu);
	union mmx_msg_buf msg;
	int size = mmx_encode_hello(&msg, 1, "0123456789012345678901234567890");

	refuse_all(env, &msg, size, changes, COUNT(changes));
	/* a later version that still speaks this one */
	((struct mmx_msg_hello *)(void *)&msg)->version_max = MMX_PROTO_VERSION(3, 7);
	msg.hdr.tag = rig_tag(&env->guest);
	assert_int_equal(rig_call(&env->guest, &msg, size), 0);
	reply = rig_reply(&env->guest, msg.hdr.tag);
	assert_true(reply->hello.epoch == 7);
	assert_int_equal(reply->hello.limits.max_requests, 32);
	assert_true(reply->hello.limits.mem_bytes == 4 << 20);
	assert_int_equal(reply->hello.gpu.gpu_id, info->gpu_id);
	assert_int_equal(reply->hello.gpu.csg_slots, info->slots);
	assert_true(reply->hello.gpu.shader_present == info->shader_present);
	assert_int_equal(reply->hello.gpu.unpreserved_cs_registers, 4);
	assert_int_equal(rig_hello(&env->guest), -EBUSY);
}

/* Anything before HELLO ends the session. */
static void test_before_hello(void **state)
{
	struct env *env = *state;
	union mmx_msg_buf msg;

	assert_true(rig_put(&env->guest, &msg,
			    mmx_encode_client_create(&msg, 1, RIG_NAME(0), 1, "early")));
	rig_kick(&env->guest);
	rig_guest_wait_gone(&env->guest);
	assert_int_equal(mmx_front_session_closed(&env->guest.front), EPROTO);
}

static void test_unknown(void **state)
{
	static const uint16_t types[] = { 0,	 MMX_MSG_SUSPEND, MMX_MSG_MEM_EXPORT,
					  26,	 MMX_EVENT_FAULT, 0x8001,
					  0xffff };
	struct env *env = *state;
	size_t i;

	for (i = 0; i < COUNT(types); i++) {
		union mmx_msg_buf msg = { .hdr = { .type = types[i],
						   .size = sizeof(msg.hdr),
						   .tag = rig_tag(&env->guest) } };
		struct mmx_msg_hdr answer;
		int size;

		assert_true(rig_put(&env->guest, &msg, sizeof(msg.hdr)));
		rig_kick(&env->guest);
		rig_settle(&env->rig);
		/* by hand: the frontend's decoder knows no reply to such a thing */
		size = mmx_front_session_receive(&env->guest.front, &msg);
		assert_int_equal(size, sizeof(answer));
		memcpy(&answer, &msg, sizeof(answer));
		assert_int_equal(answer.type, types[i] | MMX_MSG_REPLY);
		assert_int_equal(answer.tag, env->guest.tag);
		assert_int_equal(answer.error, ENOSYS);
		mmx_front_session_release(&env->guest.front);
		mmx_front_session_want_data(&env->guest.front);
	}
}

/* ---- clients and names ---- */

static void test_client(void **state)
{
	static const struct change changes[] = {
		FIELD(mmx_msg_client_create, client, 0, EINVAL),
		FIELD(mmx_msg_client_create, client, 5, EINVAL), /* no generation */
		FIELD(mmx_msg_client_create, client, 0x10008, EINVAL), /* beyond the limit */
		FIELD(mmx_msg_client_create, client, 0x10000, EEXIST),
		FIELD(mmx_msg_client_create, client, 0x20000, EEXIST), /* another generation */
		{ "name without end", offsetof(struct mmx_msg_client_create, name) + 31, 1, 'x',
		  EINVAL },
	};
	struct env *env = *state;
	union mmx_msg_buf msg;
	int size = mmx_encode_client_create(&msg, 1, RIG_NAME(1), 1,
					    "0123456789012345678901234567890");

	refuse_all(env, &msg, size, changes, COUNT(changes));
	refuse_sizes(env, &msg, size, sizeof(struct mmx_msg_client_create));
	assert_int_equal(call_padded(env, &msg, size), 0);
	/* an older, shorter one: the rest counts as zero */
	assert_true(mmx_encode_client_create(&msg, rig_tag(&env->guest), RIG_NAME(2), 1, "") > 20);
	msg.hdr.size = 20;
	assert_int_equal(rig_call(&env->guest, &msg, 20), 0);
}

/* Each kind of object by name: of nobody, stale, beyond the limit, none. */
static void test_names(void **state)
{
	static const enum mmx_msg_type types[] = {
		MMX_MSG_CLIENT_DESTROY, MMX_MSG_MEM_DESTROY,	 MMX_MSG_VM_DESTROY,
		MMX_MSG_GROUP_DESTROY,	MMX_MSG_GROUP_GET_STATE,
	};
	static const struct change changes[] = {
		FIELD(mmx_msg_object, object, 0, ENOENT),
		FIELD(mmx_msg_object, object, 0x10001, ENOENT),
		FIELD(mmx_msg_object, object, 0x20000, ENOENT),
		FIELD(mmx_msg_object, object, 0x1ffff, ENOENT),
		FIELD(mmx_msg_object, pad, 1, EINVAL),
	};
	struct env *env = *state;
	union mmx_msg_buf msg;
	size_t i;

	for (i = 0; i < COUNT(types); i++) {
		int size = mmx_encode_object(&msg, 1, (uint16_t)types[i], RIG_NAME(0));

		refuse_all(env, &msg, size, changes, COUNT(changes));
		refuse_sizes(env, &msg, size, sizeof(struct mmx_msg_object));
	}
}

/* ---- memory ---- */

static void test_mem(void **state)
{
	static const struct change changes[] = {
		FIELD(mmx_msg_mem_create, mem, 0, EINVAL),
		FIELD(mmx_msg_mem_create, mem, 0x10040, EINVAL),
		FIELD(mmx_msg_mem_create, mem, 0x10000, EEXIST),
		FIELD(mmx_msg_mem_create, flags, 2, EINVAL),
		FIELD(mmx_msg_mem_create, page_count, 0, EINVAL),
		FIELD(mmx_msg_mem_create, page_count, 5, EINVAL), /* more than the runs */
		FIELD(mmx_msg_mem_create, page_count, 3, EINVAL), /* less */
		FIELD(mmx_msg_mem_create, page_count, 1000000, ENOSPC),
		FIELD(mmx_msg_mem_create, page_count, UINT32_MAX, ENOSPC),
		FIELD(mmx_msg_mem_create, run_count, 3, EMSGSIZE),
		FIELD(mmx_msg_mem_create, run_count, 1, EMSGSIZE), /* something behind it */
		FIELD(mmx_msg_mem_create, run_count, 127, E2BIG),
		FIELD(mmx_msg_mem_create, run_count, UINT32_MAX, E2BIG),
		ELEM(mmx_msg_mem_create, mmx_run, first_page, 0, EFAULT), /* the header's page */
		ELEM(mmx_msg_mem_create, mmx_run, first_page, UINT64_MAX, EFAULT),
		ELEM(mmx_msg_mem_create, mmx_run, first_page, UINT64_MAX / 4096, EFAULT),
		ELEM(mmx_msg_mem_create, mmx_run, page_count, 0, EINVAL),
		ELEM(mmx_msg_mem_create, mmx_run, page_count, UINT32_MAX, EFAULT),
		ELEM(mmx_msg_mem_create, mmx_run, space, 1, EINVAL),
		ELEM(mmx_msg_mem_create, mmx_run, flags, 2, EINVAL),
	};
	struct env *env = *state;
	uint64_t first = env->guest.front.data_offset / MMX_WIRE_PAGE_SIZE;
	uint64_t end = first + env->guest.front.data_size / MMX_WIRE_PAGE_SIZE;
	struct mmx_run runs[2] = { { .first_page = first, .page_count = 2 },
				   { .first_page = first + 9, .page_count = 2 } };
	union mmx_msg_buf msg;
	int size = mmx_encode_mem_create(&msg, 1, RIG_NAME(1), MMX_MEM_SEAL, 4, runs, 2);

	refuse_all(env, &msg, size, changes, COUNT(changes));
	refuse_sizes(env, &msg, size, sizeof(struct mmx_msg_mem_create));
	/* one page beyond the data area, and the last one in it */
	runs[1].first_page = end - 1;
	size = mmx_encode_mem_create(&msg, rig_tag(&env->guest), RIG_NAME(1), MMX_MEM_SEAL, 4, runs,
				     2);
	assert_int_equal(rig_call(&env->guest, &msg, size), -EFAULT);
	runs[1].first_page = end - 2;
	size = mmx_encode_mem_create(&msg, rig_tag(&env->guest), RIG_NAME(1), MMX_MEM_SEAL, 4, runs,
				     2);
	assert_int_equal(call_padded(env, &msg, size), 0);
}

static void test_mem_add(void **state)
{
	static const struct change changes[] = {
		FIELD(mmx_msg_mem_add, mem, 0x10002, ENOENT),
		FIELD(mmx_msg_mem_add, mem, 0x10000, EINVAL), /* sealed */
		FIELD(mmx_msg_mem_add, pad, 1, EINVAL),
		FIELD(mmx_msg_mem_add, flags, 2, EINVAL),
		FIELD(mmx_msg_mem_add, flags, MMX_MEM_SEAL, EINVAL), /* too early */
		FIELD(mmx_msg_mem_add, run_count, 2, EMSGSIZE),
		ELEM(mmx_msg_mem_add, mmx_run, page_count, 9, EINVAL), /* more than announced */
		ELEM(mmx_msg_mem_add, mmx_run, first_page, 1, EFAULT),
	};
	struct env *env = *state;
	struct mmx_run run = { .first_page = env->guest.front.data_offset / MMX_WIRE_PAGE_SIZE,
			       .page_count = 4 };
	uint32_t mem = RIG_NAME(1);
	union mmx_msg_buf msg;
	int size;

	size = mmx_encode_mem_create(&msg, rig_tag(&env->guest), mem, 0, 12, &run, 1);
	assert_int_equal(rig_call(&env->guest, &msg, size), 0);
	/* not sealed: can't be bound */
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, mem, 0, 0, 4096, 0), -EINVAL);
	size = mmx_encode_mem_add(&msg, 1, mem, 0, &run, 1);
	refuse_all(env, &msg, size, changes, COUNT(changes));
	refuse_sizes(env, &msg, size, sizeof(struct mmx_msg_mem_add));
	assert_int_equal(call_padded(env, &msg, size), 0);
	size = mmx_encode_mem_add(&msg, rig_tag(&env->guest), mem, MMX_MEM_SEAL, &run, 1);
	assert_int_equal(rig_call(&env->guest, &msg, size), 0);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, mem, 0, 0, 12 * 4096, 0), 0);
	/* what was charged comes back with the release, not before */
	assert_int_equal(rig_object(&env->guest, MMX_MSG_MEM_DESTROY, mem), 0);
	assert_int_equal(rig_object(&env->guest, MMX_MSG_MEM_DESTROY, mem), -ENOENT);
	assert_true(holdings(env).mem_bytes == (RIG_PAGES + 12) * 4096);
	size = mmx_encode_mem_create(&msg, rig_tag(&env->guest), mem, MMX_MEM_SEAL, 4, &run, 1);
	assert_int_equal(rig_call(&env->guest, &msg, size), -EEXIST);
	assert_int_equal(rig_unmap(&env->guest, env->ctx.vm, 0, 12 * 4096), 0);
	rig_settle(&env->rig);
	rig_guest_read(&env->guest);
	assert_true(rig_is_released(&env->guest, mem));
	assert_true(holdings(env).mem_bytes == RIG_PAGES * 4096);
}

/* ---- VMs and groups ---- */

static void test_vm(void **state)
{
	static const struct change changes[] = {
		FIELD(mmx_msg_vm_create, client, 0x10001, ENOENT),
		FIELD(mmx_msg_vm_create, vm, 0, EINVAL),
		FIELD(mmx_msg_vm_create, vm, 0x10010, EINVAL),
		FIELD(mmx_msg_vm_create, vm, 0x10000, EEXIST),
		FIELD(mmx_msg_vm_create, flags, 1, EINVAL),
		FIELD(mmx_msg_vm_create, timeline, 1, EINVAL),
		FIELD(mmx_msg_vm_create, user_va_range, UINT64_MAX, EINVAL),
		FIELD(mmx_msg_vm_create, user_va_range, 1ull << 48, EINVAL),
		FIELD(mmx_msg_vm_create, user_va_range, (1ull << 48) - (256ull << 20) + 1, EINVAL),
	};
	struct env *env = *state;
	union mmx_msg_buf msg;
	int size = mmx_encode_vm_create(&msg, rig_tag(&env->guest), RIG_NAME(0), RIG_NAME(1), 0,
					(1ull << 48) - (256ull << 20));

	refuse_all(env, &msg, size, changes, COUNT(changes));
	refuse_sizes(env, &msg, size, sizeof(struct mmx_msg_vm_create));
	assert_int_equal(call_padded(env, &msg, size), 0);
	assert_true(rig_reply(&env->guest, env->guest.tag)->user_va_range ==
		    (1ull << 48) - (256ull << 20));
	assert_int_equal(rig_vm_create(&env->guest, RIG_NAME(0), RIG_NAME(2), 0), 0);
	assert_true(rig_reply(&env->guest, env->guest.tag)->user_va_range == 1ull << 47);
}

static void test_group(void **state)
{
	static const struct change changes[] = {
		FIELD(mmx_msg_group_create, client, 0x10007, ENOENT),
		FIELD(mmx_msg_group_create, client, 0x10001, ENOENT), /* not the VM's */
		FIELD(mmx_msg_group_create, vm, 0x10001, ENOENT),
		FIELD(mmx_msg_group_create, group, 0x10000, EEXIST),
		FIELD(mmx_msg_group_create, group, 0x10040, EINVAL),
		FIELD(mmx_msg_group_create, priority, 3, EACCES), /* the ceiling is 2 */
		FIELD(mmx_msg_group_create, priority, 4, EINVAL),
		FIELD(mmx_msg_group_create, max_compute_cores, 5, EINVAL),
		FIELD(mmx_msg_group_create, max_fragment_cores, 5, EINVAL),
		FIELD(mmx_msg_group_create, max_tiler_cores, 2, EINVAL),
		FIELD(mmx_msg_group_create, compute_core_mask, 0x50007, EINVAL), /* not there */
		FIELD(mmx_msg_group_create, compute_core_mask, 0x10005, EINVAL), /* too few */
		FIELD(mmx_msg_group_create, fragment_core_mask, 1ull << 63, EINVAL),
		FIELD(mmx_msg_group_create, tiler_core_mask, 2, EINVAL),
		FIELD(mmx_msg_group_create, queue_count, 0, EMSGSIZE), /* something behind it */
		FIELD(mmx_msg_group_create, queue_count, 9, E2BIG),
		FIELD(mmx_msg_group_create, queue_count, 3, EMSGSIZE),
		FIELD(mmx_msg_group_create, pad, 1, EINVAL),
		ELEM(mmx_msg_group_create, mmx_queue_desc, priority, 16, EINVAL),
		ELEM(mmx_msg_group_create, mmx_queue_desc, ring_size, 0, EINVAL),
		ELEM(mmx_msg_group_create, mmx_queue_desc, ring_size, 2048, EINVAL),
		ELEM(mmx_msg_group_create, mmx_queue_desc, ring_size, 12288, EINVAL),
		ELEM(mmx_msg_group_create, mmx_queue_desc, ring_size, 131072, EINVAL),
		ELEM(mmx_msg_group_create, mmx_queue_desc, pad, 1, EINVAL),
		ELEM(mmx_msg_group_create, mmx_queue_desc, timeline, 0, EINVAL),
		ELEM(mmx_msg_group_create, mmx_queue_desc, timeline, 0x10080, EINVAL),
		ELEM(mmx_msg_group_create, mmx_queue_desc, timeline, 0x10000, EEXIST),
		ELEM(mmx_msg_group_create, mmx_queue_desc, timeline, 0x20003, EEXIST), /* own */
	};
	const struct mmx_group_desc desc = {
		.client = RIG_NAME(0),
		.vm = RIG_NAME(0),
		.group = RIG_NAME(1),
		.priority = 2,
		.max_compute_cores = 4,
		.max_fragment_cores = 4,
		.max_tiler_cores = 1,
		.compute_core_mask = 0x50005,
		.fragment_core_mask = 0x50005,
		.tiler_core_mask = 1,
	};
	const struct mmx_queue_desc queues[2] = {
		{ .priority = 15, .ring_size = 65536, .timeline = RIG_NAME(2) },
		{ .priority = 0, .ring_size = 4096, .timeline = RIG_NAME(3) },
	};
	struct env *env = *state;
	union mmx_msg_buf msg;
	int size = mmx_encode_group_create(&msg, 1, &desc, queues, 2);

	assert_int_equal(rig_client_create(&env->guest, RIG_NAME(1)), 0);
	refuse_all(env, &msg, size, changes, COUNT(changes));
	refuse_sizes(env, &msg, size, sizeof(struct mmx_msg_group_create));
	assert_int_equal(call_padded(env, &msg, size), 0);
}

/* ---- SUBMIT ---- */

/* Refused: takes no seqno. */
static void test_submit_refused(void **state)
{
	static const struct change changes[] = {
		FIELD(mmx_msg_submit, group, 0, ENOENT),
		FIELD(mmx_msg_submit, group, 0x20000, ENOENT),
		FIELD(mmx_msg_submit, queue, 2, EINVAL),
		FIELD(mmx_msg_submit, queue, UINT32_MAX, EINVAL),
		FIELD(mmx_msg_submit, seqno, 0, EILSEQ),
		FIELD(mmx_msg_submit, seqno, 2, EILSEQ),
		FIELD(mmx_msg_submit, seqno, UINT64_MAX, EILSEQ),
		FIELD(mmx_msg_submit, wait_count, 2, EMSGSIZE),
		FIELD(mmx_msg_submit, wait_count, 17, E2BIG),
	};
	struct env *env = *state;
	struct mmx_wait wait = { .timeline = RIG_NAME(1), .seqno = 0 };
	struct mmx_job_desc job = { .group = RIG_NAME(0), .seqno = 1 };
	union mmx_msg_buf msg;
	int size = mmx_encode_submit(&msg, 1, &job, &wait, 1);

	refuse_all(env, &msg, size, changes, COUNT(changes));
	refuse_sizes(env, &msg, size, sizeof(struct mmx_msg_submit));
	rig_submit(&env->guest, RIG_NAME(0), 0, 1, rig_empty, &wait, 1);
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(0), 1), 0);
}

/* Anything else: takes its seqno, and completes with the error. */
static void test_submit_failed(void **state)
{
	static const struct change changes[] = {
		FIELD(mmx_msg_submit, stream_addr, 0, EINVAL), /* and a size */
		FIELD(mmx_msg_submit, stream_addr, 32, EINVAL),
		FIELD(mmx_msg_submit, stream_addr, 1ull << 47, EINVAL),
		FIELD(mmx_msg_submit, stream_addr, UINT64_MAX & ~63ull, EINVAL),
		FIELD(mmx_msg_submit, stream_size, 0, EINVAL), /* and an address */
		FIELD(mmx_msg_submit, stream_size, 12, EINVAL),
		FIELD(mmx_msg_submit, latest_flush, 0x01000000, EINVAL),
		FIELD(mmx_msg_submit, pad, 1, EINVAL),
		ELEM(mmx_msg_submit, mmx_wait, timeline, 0x10005, EINVAL),
		ELEM(mmx_msg_submit, mmx_wait, pad, 1, EINVAL),
		ELEM(mmx_msg_submit, mmx_wait, seqno, 1, EINVAL), /* not submitted yet */
		/* the job itself, or one behind it: that would be a cycle */
		ELEM(mmx_msg_submit, mmx_wait, timeline, 0x10000, 0),
	};
	struct env *env = *state;
	struct rig_stream stream = rig_store(&env->ctx, 0, 1);
	struct mmx_wait wait = { .timeline = RIG_NAME(1) };
	size_t i;

	for (i = 0; i < COUNT(changes); i++) {
		struct mmx_job_desc job = { .group = RIG_NAME(0),
					    .seqno = i + 1,
					    .stream_addr = stream.va,
					    .stream_size = stream.size };
		union mmx_msg_buf msg;
		int size = mmx_encode_submit(&msg, rig_tag(&env->guest), &job, &wait, 1);

		memcpy(msg.bytes + changes[i].offset, &changes[i].value, changes[i].size);
		assert_true(rig_put(&env->guest, &msg, size));
		rig_kick(&env->guest);
		if (rig_wait_job(&env->guest, RIG_NAME(0), i + 1) != changes[i].error)
			fail_msg("%s: %d", changes[i].what,
				 rig_job(&env->guest, RIG_NAME(0), i + 1));
		assert_false(rig_answered(&env->guest, env->guest.tag));
	}
	/* for itself, and for the one before it */
	wait = (struct mmx_wait){ .timeline = RIG_NAME(0), .seqno = i + 1 };
	rig_submit(&env->guest, RIG_NAME(0), 0, i + 1, stream, &wait, 1);
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(0), i + 1), EINVAL);
	rig_submit(&env->guest, RIG_NAME(0), 0, i + 2, stream, &wait, 1);
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(0), i + 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_hello, setup_bare, rig_teardown),
		cmocka_unit_test_setup_teardown(test_before_hello, setup_bare, rig_teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_client, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_mem, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_mem_add, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_vm, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_group, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_submit_refused, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_submit_failed, setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
