// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Messages of the completion ring: pure functions over private copies, called by libmalimux and
 * malimux.ko in any context. The backend is not trusted: every size, count, pad, errno and name is
 * checked here, and whatever is wrong is -EPROTO.
 */
#include "frontend/core/decode.h"

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <string.h>
#endif

#include "frontend/core/names.h"

#define MAX_ERRNO_ON_WIRE 4095u
#define IS_EVENT(type)	  (((type)&0xc000u) == 0x4000u)

static bool is_zero(const uint8_t *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

/*
 * Copies the message into a struct of want bytes: what is missing is zero already, what is too
 * much must be zero.
 */
static int take(const union mmx_msg_buf *msg, uint32_t size, void *dst, uint32_t want)
{
	memcpy(dst, msg->bytes, size < want ? size : want);
	if (size > want && !is_zero(msg->bytes + want, size - want))
		return -EPROTO;
	return 0;
}

/* The same with count elements behind the fixed part, all of which must have come. */
static int take_elems(const union mmx_msg_buf *msg, uint32_t size, uint32_t fixed, void *dst,
		      uint32_t count, uint32_t elem)
{
	uint32_t end = fixed + count * elem; /* counts are bounded: no overflow */

	if (size < end || !is_zero(msg->bytes + end, size - end))
		return -EPROTO;
	memcpy(dst, msg->bytes + fixed, (size_t)count * elem);
	return 0;
}

static bool limit_ok(uint32_t limit, uint32_t max)
{
	return limit && limit <= max;
}

static int check_limits(const struct mmx_limits *limits)
{
	if (!limit_ok(limits->max_clients, MMX_NAME_MAX_LIMIT) ||
	    !limit_ok(limits->max_mems, MMX_NAME_MAX_LIMIT) ||
	    !limit_ok(limits->max_vms, MMX_NAME_MAX_LIMIT) ||
	    !limit_ok(limits->max_groups, MMX_NAME_MAX_LIMIT) ||
	    !limit_ok(limits->max_timelines, MMX_NAME_MAX_LIMIT))
		return -EPROTO;
	/* none is legal: a backend that is older than heaps */
	if (limits->max_heaps > MMX_NAME_MAX_LIMIT || limits->max_priority > MMX_PRIORITIES)
		return -EPROTO;
	if (!limits->max_requests || !limits->max_jobs)
		return -EPROTO;
	if (limits->max_waits > MMX_SUBMIT_MAX_WAITS ||
	    !limit_ok(limits->max_bind_ops, MMX_BIND_MAX_OPS) ||
	    !limit_ok(limits->max_queues, MMX_MAX_QUEUES))
		return -EPROTO;
	return 0;
}

static int decode_hello(const union mmx_msg_buf *msg, uint32_t size,
			struct mmx_decoded_reply *reply)
{
	struct mmx_reply_hello hello = { 0 };

	if (take(msg, size, &hello, sizeof(hello)))
		return -EPROTO;
	/* That version, and no features, are all that was offered. */
	if (hello.version != MMX_PROTO_VERSION_0_1 || hello.spaces > MMX_MAX_SPACES ||
	    hello.features)
		return -EPROTO;
	if (hello.gpu.coherent > 1)
		return -EPROTO;
	reply->hello.epoch = hello.epoch;
	reply->hello.spaces = hello.spaces;
	reply->hello.limits = hello.limits;
	reply->hello.gpu = hello.gpu;
	return check_limits(&hello.limits);
}

static int decode_vm_bind(const union mmx_msg_buf *msg, uint32_t size,
			  struct mmx_decoded_reply *reply)
{
	struct mmx_reply_vm_bind bind = { 0 };

	if (take(msg, size, &bind, sizeof(bind)) || bind.pad || bind.op > MMX_BIND_MAX_OPS)
		return -EPROTO;
	reply->vm_bind_op = bind.op;
	return 0;
}

static int decode_time(const union mmx_msg_buf *msg, uint32_t size, struct mmx_decoded_reply *reply)
{
	struct mmx_reply_time now = { 0 };

	if (take(msg, size, &now, sizeof(now)))
		return -EPROTO;
	reply->time.gpu_timestamp = now.gpu_timestamp;
	reply->time.gpu_timestamp_offset = now.gpu_timestamp_offset;
	reply->time.gpu_timestamp_frequency = now.gpu_timestamp_frequency;
	reply->time.gpu_cycles = now.gpu_cycles;
	reply->time.backend_ns = now.backend_ns;
	reply->time.duration_ns = now.duration_ns;
	return 0;
}

/* No CPU has more physical addresses. */
#define MAX_GUEST_PAGE ((uint64_t)1 << (52 - MMX_WIRE_PAGE_SHIFT))

static int decode_space(const union mmx_msg_buf *msg, uint32_t size,
			struct mmx_decoded_reply *reply)
{
	struct mmx_reply_space space = { 0 };

	if (take(msg, size, &space, sizeof(space)))
		return -EPROTO;
	if (space.guest_page >= MAX_GUEST_PAGE || !space.page_count ||
	    space.page_count > MAX_GUEST_PAGE - space.guest_page)
		return -EPROTO;
	reply->space.guest_page = space.guest_page;
	reply->space.page_count = space.page_count;
	return 0;
}

static bool is_request(uint16_t type)
{
	return (type >= MMX_MSG_HELLO && type <= MMX_MSG_TIME) ||
	       (type >= MMX_MSG_VM_BIND_ASYNC && type <= MMX_MSG_SPACE_CHECK);
}

static int decode_reply(const union mmx_msg_buf *msg, uint32_t size,
			struct mmx_decoded_reply *reply)
{
	struct mmx_reply_vm_create vm = { 0 };
	struct mmx_reply_vm_get_state vm_state = { 0 };
	struct mmx_reply_group_get_state group = { 0 };
	struct mmx_reply_heap_create heap = { 0 };
	struct mmx_msg_hdr hdr;

	reply->request = (uint16_t)(msg->hdr.type & ~MMX_MSG_REPLY);
	reply->tag = msg->hdr.tag;
	if (msg->hdr.error > MAX_ERRNO_ON_WIRE)
		return -EPROTO;
	reply->error = -(int)msg->hdr.error;
	if (reply->request == MMX_MSG_VM_BIND)
		return decode_vm_bind(msg, size, reply);
	if (reply->error)
		return is_request(reply->request) ? 0 : -EPROTO;

	switch (reply->request) {
	case MMX_MSG_HELLO:
		return decode_hello(msg, size, reply);
	case MMX_MSG_VM_CREATE:
		if (take(msg, size, &vm, sizeof(vm)))
			return -EPROTO;
		reply->user_va_range = vm.user_va_range;
		return 0;
	case MMX_MSG_VM_GET_STATE:
		if (take(msg, size, &vm_state, sizeof(vm_state)) || vm_state.pad)
			return -EPROTO;
		reply->vm_state = vm_state.state;
		return 0;
	case MMX_MSG_HEAP_CREATE:
		if (take(msg, size, &heap, sizeof(heap)))
			return -EPROTO;
		reply->heap.context_va = heap.heap_ctx_va;
		reply->heap.first_chunk_va = heap.first_chunk_va;
		return 0;
	case MMX_MSG_GROUP_GET_STATE:
		if (take(msg, size, &group, sizeof(group)))
			return -EPROTO;
		reply->group.state = group.state;
		reply->group.fatal_queues = group.fatal_queues;
		return 0;
	case MMX_MSG_TIME:
		return decode_time(msg, size, reply);
	case MMX_MSG_SPACE:
		return decode_space(msg, size, reply);
	case MMX_MSG_SPACE_CHECK:
	case MMX_MSG_LABEL:
	case MMX_MSG_CLIENT_CREATE:
	case MMX_MSG_CLIENT_DESTROY:
	case MMX_MSG_MEM_CREATE:
	case MMX_MSG_MEM_ADD:
	case MMX_MSG_MEM_DESTROY:
	case MMX_MSG_VM_DESTROY:
	case MMX_MSG_GROUP_CREATE:
	case MMX_MSG_GROUP_DESTROY:
	case MMX_MSG_HEAP_DESTROY:
		return take(msg, size, &hdr, sizeof(hdr));
	default:
		/* jobs are answered only when they are refused; nothing else is ever asked */
		return -EPROTO;
	}
}

static int decode_timelines(const union mmx_msg_buf *msg, uint32_t size, struct mmx_decoded *out)
{
	struct mmx_event_timelines event = { 0 };
	const struct mmx_timeline_entry *entry;
	uint32_t i;

	memcpy(&event, msg->bytes, size < sizeof(event) ? size : sizeof(event));
	if (event.count > MMX_EVENT_MAX_TIMELINES || event.pad[0] || event.pad[1] || event.pad[2])
		return -EPROTO;
	if (!event.count)
		return take(msg, size, &event, sizeof(event));
	if (take_elems(msg, size, sizeof(event), out->timelines.entries, event.count,
		       sizeof(*entry)))
		return -EPROTO;
	for (i = 0; i < event.count; i++) {
		entry = &out->timelines.entries[i];
		if (!mmx_name_valid(entry->timeline, MMX_NAME_MAX_LIMIT) || !entry->seqno ||
		    entry->error > MAX_ERRNO_ON_WIRE)
			return -EPROTO;
	}
	out->timelines.count = event.count;
	return 0;
}

static int decode_released(const union mmx_msg_buf *msg, uint32_t size, struct mmx_decoded *out)
{
	struct mmx_event_mem_released event = { 0 };
	uint32_t i;

	memcpy(&event, msg->bytes, size < sizeof(event) ? size : sizeof(event));
	if (event.count > MMX_EVENT_MAX_RELEASED || event.pad)
		return -EPROTO;
	if (!event.count)
		return take(msg, size, &event, sizeof(event));
	if (take_elems(msg, size, sizeof(event), out->released.mems, event.count, sizeof(uint32_t)))
		return -EPROTO;
	for (i = 0; i < event.count; i++)
		if (!mmx_name_valid(out->released.mems[i], MMX_NAME_MAX_LIMIT))
			return -EPROTO;
	out->released.count = event.count;
	return 0;
}

static int decode_fault(const union mmx_msg_buf *msg, uint32_t size, struct mmx_decoded *out)
{
	struct mmx_event_fault *fault = &out->fault;

	if (take(msg, size, fault, sizeof(*fault)) || fault->pad)
		return -EPROTO;
	if (fault->kind < MMX_FAULT_CS_FAULT || fault->kind > MMX_FAULT_BIND)
		return -EPROTO;
	if ((fault->group && !mmx_name_valid(fault->group, MMX_NAME_MAX_LIMIT)) ||
	    (fault->vm && !mmx_name_valid(fault->vm, MMX_NAME_MAX_LIMIT)) ||
	    fault->queue >= MMX_MAX_QUEUES)
		return -EPROTO;
	return 0;
}

static int decode_event(const union mmx_msg_buf *msg, uint32_t size, struct mmx_decoded *out)
{
	struct mmx_event_gpu gpu = { 0 };

	if (msg->hdr.tag || msg->hdr.error)
		return -EPROTO;
	switch (msg->hdr.type) {
	case MMX_EVENT_TIMELINES:
		out->kind = MMX_DECODED_TIMELINES;
		return decode_timelines(msg, size, out);
	case MMX_EVENT_FAULT:
		out->kind = MMX_DECODED_FAULT;
		return decode_fault(msg, size, out);
	case MMX_EVENT_MEM_RELEASED:
		out->kind = MMX_DECODED_MEM_RELEASED;
		return decode_released(msg, size, out);
	case MMX_EVENT_GPU:
		if (take(msg, size, &gpu, sizeof(gpu)) || gpu.pad || !gpu.state)
			return -EPROTO;
		out->kind = MMX_DECODED_GPU;
		out->gpu_state = gpu.state;
		return 0;
	default:
		out->kind = MMX_DECODED_UNKNOWN_EVENT;
		return 0;
	}
}

int mmx_decode_completion(const union mmx_msg_buf *msg, uint32_t size, struct mmx_decoded *ret_msg)
{
	struct mmx_decoded out;
	int ret;

	memset(&out, 0, sizeof(out));
	if (size < sizeof(msg->hdr) || size > MMX_MSG_MAX || msg->hdr.size != size || msg->hdr.pad)
		return -EPROTO;
	if (msg->hdr.type & MMX_MSG_REPLY) {
		out.kind = MMX_DECODED_REPLY;
		ret = decode_reply(msg, size, &out.reply);
	} else if (IS_EVENT(msg->hdr.type)) {
		ret = decode_event(msg, size, &out);
	} else {
		ret = -EPROTO;
	}
	if (ret)
		return ret;
	*ret_msg = out;
	return 0;
}
