// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Messages of the completion ring as a hostile backend may write them: the input is one message.
 * What is accepted must keep what decode.h promises.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/core/decode.h"
#include "frontend/core/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_reply(const struct mmx_decoded_reply *reply)
{
	const struct mmx_limits *limits = &reply->hello.limits;

	check(reply->error <= 0 && reply->error >= -4095);
	check((reply->request >= MMX_MSG_HELLO && reply->request <= MMX_MSG_TIME) ||
	      (reply->request >= MMX_MSG_VM_BIND_ASYNC && reply->request <= MMX_MSG_SPACE_CHECK));
	check((reply->request != MMX_MSG_SUBMIT && reply->request != MMX_MSG_VM_BIND_ASYNC) ||
	      reply->error);
	if (reply->request == MMX_MSG_VM_BIND)
		check(reply->vm_bind_op <= MMX_BIND_MAX_OPS);
	if (reply->request == MMX_MSG_SPACE && !reply->error)
		check(reply->space.page_count &&
		      reply->space.guest_page + reply->space.page_count <= 1ull << 40);
	if (reply->request != MMX_MSG_HELLO || reply->error)
		return;
	check(limits->max_clients && limits->max_clients <= MMX_NAME_MAX_LIMIT);
	check(limits->max_timelines && limits->max_timelines <= MMX_NAME_MAX_LIMIT);
	check(limits->max_requests && limits->max_jobs &&
	      limits->max_waits <= MMX_SUBMIT_MAX_WAITS);
	check(limits->max_queues && limits->max_queues <= MMX_MAX_QUEUES);
	check(limits->max_priority <= MMX_PRIORITIES);
	check(reply->hello.spaces <= MMX_MAX_SPACES);
}

static void check_events(const struct mmx_decoded *msg)
{
	uint32_t i;

	if (msg->kind == MMX_DECODED_TIMELINES) {
		check(msg->timelines.count <= MMX_EVENT_MAX_TIMELINES);
		for (i = 0; i < msg->timelines.count; i++) {
			check(mmx_name_generation(msg->timelines.entries[i].timeline));
			check(msg->timelines.entries[i].seqno);
			check(msg->timelines.entries[i].error <= 4095);
		}
	}
	if (msg->kind == MMX_DECODED_MEM_RELEASED) {
		check(msg->released.count <= MMX_EVENT_MAX_RELEASED);
		for (i = 0; i < msg->released.count; i++)
			check(mmx_name_generation(msg->released.mems[i]));
	}
	if (msg->kind == MMX_DECODED_FAULT)
		check(msg->fault.queue < MMX_MAX_QUEUES);
}

static void decode(const union mmx_msg_buf *buf, uint32_t size)
{
	struct mmx_decoded msg;

	if (mmx_decode_completion(buf, size, &msg))
		return;
	if (msg.kind == MMX_DECODED_REPLY)
		check_reply(&msg.reply);
	else
		check_events(&msg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	union mmx_msg_buf *buf = malloc(sizeof(*buf));

	if (!buf)
		abort();
	if (size > sizeof(buf->bytes))
		size = sizeof(buf->bytes);
	memset(buf, 0xa5, sizeof(*buf));
	memcpy(buf->bytes, data, size);
	decode(buf, (uint32_t)size);
	/* and as the ring hands it over, with the size in its header */
	buf->hdr.size = (uint32_t)size;
	decode(buf, (uint32_t)size);
	free(buf);
	return 0;
}
