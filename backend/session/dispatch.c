// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * From a message's bytes to its handler. What no handler can forget is done here, once: the message is a private
 * copy; its type is known and legal now; it is as long as its struct and arrays need, zero-extended if it is older
 * and shorter; nothing but zeroes follows; counts are bounded; a request record is there for the answer.
 *
 * Handlers get the message as their struct, with count elements of its arrays behind it.
 */
#include "backend/session/session_priv.h"

#include <errno.h>
#include <string.h>

struct array {
	uint16_t elem; /* bytes of one element; 0 = no array */
	uint16_t count_offset; /* of its u32 count, in the message's struct */
	uint16_t max_count; /* of the protocol; handlers check what the session's limits say */
};

#define ARRAY(type, count, element, max)                                                           \
	{                                                                                          \
		.elem = sizeof(element), .count_offset = offsetof(type, count), .max_count = (max) \
	}

struct message {
	int (*handler)(struct mmx_session *s, const void *msg, struct mmx_request *request);
	uint16_t fixed; /* bytes of the struct */
	bool job; /* takes no credit, and is answered only if it is refused */
	struct array arrays[2]; /* behind the struct, one after the other */
};

#define MESSAGE(fn, type)                            \
	{                                            \
		.handler = fn, .fixed = sizeof(type) \
	}
#define MESSAGE_ARRAY(fn, type, count, element, max)              \
	{                                                         \
		.handler = fn, .fixed = sizeof(type), .arrays = { \
			ARRAY(type, count, element, max)          \
		}                                                 \
	}
#define WAITS(type) ARRAY(type, wait_count, struct mmx_wait, MMX_SUBMIT_MAX_WAITS)

static const struct message messages[] = {
	[MMX_MSG_HELLO] = MESSAGE(mmx_hello, struct mmx_msg_hello),
	[MMX_MSG_CLIENT_CREATE] = MESSAGE(mmx_client_create, struct mmx_msg_client_create),
	[MMX_MSG_CLIENT_DESTROY] = MESSAGE(mmx_client_destroy, struct mmx_msg_object),
	[MMX_MSG_MEM_CREATE] = MESSAGE_ARRAY(mmx_mem_create, struct mmx_msg_mem_create, run_count,
					     struct mmx_run, MMX_MEM_MAX_RUNS),
	[MMX_MSG_MEM_ADD] = MESSAGE_ARRAY(mmx_mem_add, struct mmx_msg_mem_add, run_count,
					  struct mmx_run, MMX_MEM_MAX_RUNS),
	[MMX_MSG_MEM_DESTROY] = MESSAGE(mmx_mem_destroy, struct mmx_msg_object),
	[MMX_MSG_VM_CREATE] = MESSAGE(mmx_vm_create_msg, struct mmx_msg_vm_create),
	[MMX_MSG_VM_DESTROY] = MESSAGE(mmx_vm_destroy_msg, struct mmx_msg_object),
	[MMX_MSG_VM_BIND] = MESSAGE_ARRAY(mmx_vm_bind, struct mmx_msg_vm_bind, op_count,
					  struct mmx_bind_op, MMX_BIND_MAX_OPS),
	[MMX_MSG_GROUP_CREATE] = MESSAGE_ARRAY(mmx_group_create_msg, struct mmx_msg_group_create,
					       queue_count, struct mmx_queue_desc, MMX_MAX_QUEUES),
	[MMX_MSG_GROUP_DESTROY] = MESSAGE(mmx_group_destroy_msg, struct mmx_msg_object),
	[MMX_MSG_GROUP_GET_STATE] = MESSAGE(mmx_group_get_state, struct mmx_msg_object),
	[MMX_MSG_SUBMIT] = { .handler = mmx_submit,
			     .fixed = sizeof(struct mmx_msg_submit),
			     .job = true,
			     .arrays = { WAITS(struct mmx_msg_submit) } },
	[MMX_MSG_VM_BIND_ASYNC] = { .handler = mmx_vm_bind_async,
				    .fixed = sizeof(struct mmx_msg_vm_bind_async),
				    .job = true,
				    .arrays = { ARRAY(struct mmx_msg_vm_bind_async, op_count,
						      struct mmx_bind_op, MMX_BIND_MAX_OPS),
						WAITS(struct mmx_msg_vm_bind_async) } },
	[MMX_MSG_VM_GET_STATE] = MESSAGE(mmx_vm_get_state, struct mmx_msg_object),
	[MMX_MSG_HEAP_CREATE] = MESSAGE(mmx_heap_create_msg, struct mmx_msg_heap_create),
	[MMX_MSG_HEAP_DESTROY] = MESSAGE(mmx_heap_destroy_msg, struct mmx_msg_object),
	[MMX_MSG_LABEL] = MESSAGE(mmx_label, struct mmx_msg_label),
	[MMX_MSG_TIME] = MESSAGE(mmx_time, struct mmx_msg_time),
	[MMX_MSG_SPACE] = MESSAGE(mmx_space_msg, struct mmx_msg_space),
	[MMX_MSG_SPACE_CHECK] = MESSAGE(mmx_space_check_msg, struct mmx_msg_space_check),
};
#define MESSAGES (sizeof(messages) / sizeof(messages[0]))

static bool all_zero(const uint8_t *bytes, size_t size)
{
	while (size)
		if (bytes[--size])
			return false;
	return true;
}

bool mmx_session_is_job(uint16_t type)
{
	return type < MESSAGES && messages[type].job;
}

/* Lengths and counts; the message is zero-extended to its struct. Return: 0 or the wire's error. */
static int check(struct mmx_session *s, const struct message *m, uint32_t size)
{
	uint32_t count, needed = m->fixed;
	size_t i;

	if (size < m->fixed)
		memset(s->buf + size, 0, m->fixed - size);
	for (i = 0; i < 2 && m->arrays[i].elem; i++) {
		memcpy(&count, s->buf + m->arrays[i].count_offset, sizeof(count));
		if (count > m->arrays[i].max_count)
			return E2BIG;
		needed += count * m->arrays[i].elem;
		if (count && size < needed)
			return EMSGSIZE;
	}
	if (size > needed && !all_zero(s->buf + needed, size - needed))
		return EMSGSIZE;
	return 0;
}

static struct mmx_request *take_request(struct mmx_session *s, const struct mmx_msg_hdr *hdr)
{
	struct mmx_request_pool *pool = mmx_session_is_job(hdr->type) ? &s->jobs : &s->calls;
	struct mmx_request *request;

	if (!mmx_request_left(pool))
		return NULL;
	if (mmx_list_empty(&pool->free)) {
		request = pool->fresh++;
	} else {
		request = mmx_list_first(&pool->free, struct mmx_request, link);
		mmx_list_del(&request->link);
	}
	request->type = hdr->type;
	request->tag = hdr->tag;
	request->size = sizeof(struct mmx_msg_hdr);
	memset(request->reply, 0, sizeof(request->reply));
	return request;
}

static int run(struct mmx_session *s, const struct mmx_msg_hdr *hdr, uint32_t size,
	       struct mmx_request *request)
{
	const struct message *m;
	int r;

	if (hdr->type >= MESSAGES || !messages[hdr->type].handler)
		return ENOSYS;
	m = &messages[hdr->type];
	r = check(s, m, size);
	if (r)
		return r;
	if (hdr->pad || hdr->error)
		return EINVAL;
	return m->handler(s, s->buf, request);
}

void mmx_session_dispatch(struct mmx_session *s, uint32_t size)
{
	struct mmx_request *request;
	struct mmx_msg_hdr hdr;
	uint32_t dropped;
	int r;

	memcpy(&hdr, s->buf, sizeof(hdr));
	s->stats.messages++;
	if (s->state == MMX_SESSION_NEW && hdr.type != MMX_MSG_HELLO) {
		mmx_session_break(s, "a request came before HELLO");
		return;
	}
	request = take_request(s, &hdr);
	if (!request) {
		mmx_session_break(s, "more requests than it has credits for");
		return;
	}
	r = run(s, &hdr, size, request);
	if (r == MMX_REPLY_LATER)
		return;
	if (mmx_session_is_job(hdr.type) && !r) {
		mmx_request_free(s, request);
		return;
	}
	if (r) {
		s->stats.refused++;
		if (mmx_log_limit_pass(s->log_limit, mmx_timers_now(s->timers), &dropped))
			mmx_log_guest(MMX_LOG_SESSION, MMX_LOG_DEBUG, s->partition,
				      "message type %u tag %u refused: errno %d (%u more left out)",
				      hdr.type, hdr.tag, r < 0 ? -r : r, dropped);
	}
	mmx_reply(s, request, r);
}
