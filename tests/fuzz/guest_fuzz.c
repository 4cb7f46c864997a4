// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * libmalimux against a backend that says anything at any time: the input is a list of calls that
 * the guest makes, and of messages, page contents and answers that the backend has put there
 * before.
 *
 * One thread is both sides. The guest's time-out is 0: a call sends, takes what has come, and
 * gives up if that was no answer. Answers are posted ahead, with the tag that the next request
 * will have.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/core/names.h"
#include "frontend/user/guest_priv.h"
#include "hv/local/local.h"
#include "hv/proto/ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_OPS	 64u
#define MAX_MEMS 4u

enum op {
	OP_MESSAGE, /* u8 size, bytes: any message */
	OP_ANSWER, /* u8 type, u8 error: to the next request */
	OP_LATE_ANSWER, /* u8 slot, u8 error: to a request that was given up */
	OP_COMPLETED, /* u8 timeline, u8 seqno, u8 error */
	OP_RELEASED, /* u8 index, u8 generation */
	OP_PAGE, /* u8 timeline, u8 completed, u8 errors */
	OP_CALL, /* u8 which, u8 argument */
	OP_COUNT,
};

struct run {
	const uint8_t *data;
	size_t left;
	struct mmx_peer backend;
	struct mmx_ring_producer comp;
	struct mmx_ring_consumer sub;
	struct mmx_session_page *page;
	struct mmx_guest *guest;
	struct mmx_mem *mems[MAX_MEMS];
	uint32_t client, vm, group;
	struct mmx_fence fence;
};

static uint8_t take(struct run *r)
{
	if (!r->left)
		return 0;
	r->left--;
	return *r->data++;
}

/* A full ring loses the message: so does a backend that does not keep to credits. */
static void post(struct run *r, void *msg, uint32_t size)
{
	union mmx_msg_buf buf;

	memset(&buf, 0, sizeof(buf));
	memcpy(buf.bytes, msg, size);
	buf.hdr.size = size;
	if (!mmx_ring_write(&r->comp, buf.bytes, size))
		mmx_ring_publish(&r->comp);
}

static void post_hello(struct run *r)
{
	struct mmx_reply_hello msg = {
		.hdr = { .type = MMX_MSG_HELLO | MMX_MSG_REPLY, .tag = 1 << 16 },
		.version = MMX_PROTO_VERSION_0_1,
		.limits = {
			.max_clients = 2, .max_mems = 3, .max_vms = 2, .max_groups = 2, .max_timelines = 4, .max_heaps = 2,
			.max_requests = 8, .max_jobs = 4, .max_waits = 2, .max_bind_ops = 2, .max_queues = 2,
			.mem_bytes = 1 << 16,
		},
		.gpu = { .shader_present = 5, .tiler_present = 1 },
	};

	post(r, &msg, sizeof(msg));
}

static void post_message(struct run *r)
{
	union mmx_msg_buf msg;
	uint32_t size = take(r), i;

	memset(&msg, 0, sizeof(msg));
	for (i = 0; i < size; i++)
		msg.bytes[i] = take(r);
	post(r, &msg, size < sizeof(msg.hdr) ? (uint32_t)sizeof(msg.hdr) : size);
}

static void post_answer(struct run *r)
{
	struct mmx_msg_hdr msg = { .type = (uint16_t)(MMX_MSG_REPLY | take(r)), .error = take(r) };
	uint32_t slot = 0;

	while (slot < r->guest->request_count && r->guest->requests[slot].busy)
		slot++;
	if (slot == r->guest->request_count)
		return;
	msg.tag = ((r->guest->requests[slot].serial + 1u) & 0x7fff) << 16 | slot;
	post(r, &msg, sizeof(msg));
}

static void post_late_answer(struct run *r)
{
	uint32_t slot = take(r) % r->guest->request_count;
	const struct mmx_request *req = &r->guest->requests[slot];
	struct mmx_msg_hdr msg = {
		.type = (uint16_t)(MMX_MSG_REPLY | req->type),
		.tag = (uint32_t)req->serial << 16 | slot,
		.error = take(r),
	};

	post(r, &msg, sizeof(msg));
}

static void post_completed(struct run *r)
{
	struct mmx_event_timelines event = { .hdr.type = MMX_EVENT_TIMELINES, .count = 1 };
	struct mmx_timeline_entry entry = { 0 };
	uint8_t msg[sizeof(event) + sizeof(entry)];

	entry.timeline = mmx_name_make(take(r), 1);
	entry.seqno = take(r);
	entry.error = take(r);
	memcpy(msg, &event, sizeof(event));
	memcpy(msg + sizeof(event), &entry, sizeof(entry));
	post(r, msg, sizeof(msg));
}

static void post_released(struct run *r)
{
	struct mmx_event_mem_released event = { .hdr.type = MMX_EVENT_MEM_RELEASED, .count = 1 };
	uint32_t index = take(r), mem = mmx_name_make(index, take(r));
	uint8_t msg[sizeof(event) + sizeof(mem)];

	memcpy(msg, &event, sizeof(event));
	memcpy(msg + sizeof(event), &mem, sizeof(mem));
	post(r, msg, sizeof(msg));
}

static void write_page(struct run *r)
{
	struct mmx_timeline_state *state = &r->page->timelines[take(r) % 4];

	state->name = mmx_name_make((uint32_t)(state - r->page->timelines), 1);
	state->completed = take(r);
	state->errors = take(r);
	r->page->heartbeat++;
}

static void create_mem(struct run *r, uint8_t arg)
{
	unsigned int i;

	for (i = 0; i < MAX_MEMS && r->mems[i]; i++)
		;
	if (i < MAX_MEMS && mmx_guest_mem_create(r->guest, arg * 512u, arg % 4, &r->mems[i]))
		r->mems[i] = NULL;
}

static void destroy_mem(struct run *r, uint8_t arg)
{
	unsigned int i = arg % MAX_MEMS;

	if (r->mems[i])
		mmx_guest_mem_destroy(r->guest, r->mems[i]);
	r->mems[i] = NULL;
}

static void submit(struct run *r, uint8_t arg)
{
	const struct mmx_submit job = {
		.group = r->group,
		.queue = arg % 2,
		.stream_addr = 4096,
		.stream_size = 64,
		.waits = &r->fence,
		.wait_count = r->fence.seqno ? arg / 128 : 0,
	};

	mmx_guest_submit(r->guest, &job, &r->fence);
}

static void call(struct run *r)
{
	uint8_t which = take(r) % 15, arg = take(r);
	struct mmx_guest_group_params params = { .client = r->client, .vm = r->vm };
	struct mmx_fence fence = r->fence;
	struct mmx_guest_time now;
	uint32_t state, queues;
	int error;

	switch (which) {
	case 0:
		mmx_guest_client_create(r->guest, "fuzz", &r->client);
		break;
	case 1:
		mmx_guest_vm_create(r->guest, r->client, 0, &r->vm);
		break;
	case 2:
		create_mem(r, arg);
		break;
	case 3:
		destroy_mem(r, arg);
		break;
	case 4:
		params.queue_count = 1 + arg % 2;
		mmx_guest_group_create(r->guest, &params, &r->group);
		break;
	case 5:
		submit(r, arg);
		break;
	case 6:
		fence.seqno -= arg % 8;
		mmx_guest_fence_wait(r->guest, &fence, 0, &error);
		break;
	case 7:
		mmx_guest_group_get_state(r->guest, r->group, &state, &queues);
		break;
	case 8:
		mmx_guest_group_destroy(r->guest, r->group);
		break;
	case 9:
		mmx_guest_client_destroy(r->guest, r->client);
		break;
	case 10:
		if (r->mems[0])
			mmx_guest_vm_map(r->guest, r->vm, r->mems[0], 0, arg * 4096u, 4096, 0);
		break;
	case 11:
		mmx_guest_vm_unmap(r->guest, r->vm, arg * 4096u, 4096);
		break;
	case 12:
		mmx_guest_label(r->guest, MMX_LABEL_GROUP, r->group, "a group");
		break;
	case 13:
		mmx_guest_time(r->guest, &now);
		break;
	default:
		mmx_guest_poll(r->guest);
		break;
	}
}

static void run_op(struct run *r)
{
	uint8_t buf[MMX_MSG_MAX];

	switch ((enum op)(take(r) % OP_COUNT)) {
	case OP_MESSAGE:
		post_message(r);
		break;
	case OP_ANSWER:
		post_answer(r);
		break;
	case OP_LATE_ANSWER:
		post_late_answer(r);
		break;
	case OP_COMPLETED:
		post_completed(r);
		break;
	case OP_RELEASED:
		post_released(r);
		break;
	case OP_PAGE:
		write_page(r);
		break;
	case OP_CALL:
		call(r);
		break;
	case OP_COUNT:
		break;
	}
	/* What the guest sends must be sound, whatever it is told. */
	while (mmx_ring_read(&r->sub, buf, sizeof(buf)) > 0)
		;
	mmx_ring_consume_publish(&r->sub);
	if (r->sub.broken)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mmx_region_params params = { 64, 64, 4, 16 * MMX_WIRE_PAGE_SIZE };
	struct run r = { .data = data, .left = size };
	struct mmx_peer peer;
	struct mmx_region_hdr hdr;
	uint8_t *base;
	unsigned int i;

	if (mmx_local_peer_init(&r.backend, &params) || mmx_local_peer_dup(&r.backend, &peer))
		abort();
	base = r.backend.region;
	memcpy(&hdr, base, sizeof(hdr));
	r.page = (void *)(base + hdr.session_offset);
	mmx_ring_producer_init(&r.comp, (void *)(base + hdr.comp_offset), hdr.comp_slots);
	mmx_ring_consumer_init(&r.sub, (void *)(base + hdr.sub_offset), hdr.sub_slots);
	post_hello(&r);
	if (mmx_guest_open_peer(&peer, "fuzz", 0, &r.guest))
		abort();
	r.guest->max_spin_ns = 0;
	for (i = 0; i < MAX_OPS && r.left; i++)
		run_op(&r);
	mmx_guest_close(r.guest);
	mmx_peer_finish(&r.backend);
	return 0;
}
