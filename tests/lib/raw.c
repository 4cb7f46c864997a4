// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * See raw.h. Owns the connection. One thread a struct mmx_raw; called by guests of the tests that break rules.
 *
 * What the backend sends is judged here for all of them: it can be decoded, but for answers to what is no request, and
 * a timeline's entries come in order.
 */
#include "tests/lib/raw.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "hv/connect.h"

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int mmx_raw_take(struct mmx_raw *raw, struct mmx_peer *peer, int timeout_ms, bool stays)
{
	int r;

	memset(raw, 0, sizeof(*raw));
	raw->timeout_ms = timeout_ms;
	raw->stays = stays;
	r = mmx_front_session_init(&raw->front, peer->region, peer->region_size);
	if (r)
		return r;
	raw->peer = *peer;
	*peer = (struct mmx_peer)MMX_PEER_INIT;
	raw->data = (uint8_t *)raw->peer.region + raw->front.data_offset;
	raw->first_page = (uint32_t)(raw->front.data_offset >> MMX_WIRE_PAGE_SHIFT);
	return 0;
}

int mmx_raw_open(const char *path, int timeout_ms, struct mmx_raw *raw)
{
	bool stays = !strncmp(path, MMX_CONNECT_IVSHMEM, strlen(MMX_CONNECT_IVSHMEM));
	struct mmx_peer peer = MMX_PEER_INIT;
	int r;

	memset(raw, 0, sizeof(*raw));
	r = mmx_connect(path, timeout_ms, &peer);
	if (!r)
		r = mmx_raw_take(raw, &peer, timeout_ms, stays);
	mmx_peer_finish(&peer);
	return r;
}

void mmx_raw_close(struct mmx_raw *raw)
{
	/* one that was never opened has no descriptor, and 0 is one */
	if (raw->peer.region)
		mmx_peer_finish(&raw->peer);
	memset(&raw->front, 0, sizeof(raw->front));
	raw->data = NULL;
	raw->over = true;
}

bool mmx_raw_is_over(struct mmx_raw *raw)
{
	struct pollfd fd = { .fd = raw->peer.sock_fd, .events = POLLIN };

	if (!raw->over)
		raw->over = poll(&fd, 1, 0) == 1 ||
			    (raw->stays && mmx_front_session_closed(&raw->front));
	return raw->over;
}

/* ---- what comes ---- */

static void keep_answer(struct mmx_raw *raw, const union mmx_msg_buf *msg, uint32_t size)
{
	struct mmx_raw_answer *answer = &raw->answers[raw->answer_count++ % MMX_RAW_ANSWERS];
	uint32_t keep = size < sizeof(answer->bytes) ? size : (uint32_t)sizeof(answer->bytes);

	*answer = (struct mmx_raw_answer){
		.taken = true,
		.type = msg->hdr.type,
		.tag = msg->hdr.tag,
		.size = size,
		.error = (int)msg->hdr.error,
	};
	memcpy(answer->bytes, msg->bytes, keep);
}

static int keep_event(struct mmx_raw *raw, const struct mmx_decoded *msg)
{
	uint32_t i;

	switch (msg->kind) {
	case MMX_DECODED_TIMELINES:
		for (i = 0; i < msg->timelines.count; i++)
			raw->entries[raw->entry_count++ % MMX_RAW_ENTRIES] =
				msg->timelines.entries[i];
		return 0;
	case MMX_DECODED_MEM_RELEASED:
		for (i = 0; i < msg->released.count; i++)
			raw->released[raw->released_count++ % MMX_RAW_RELEASED] =
				msg->released.mems[i];
		return 0;
	case MMX_DECODED_FAULT:
		raw->fault = msg->fault;
		raw->fault_count++;
		return 0;
	case MMX_DECODED_UNKNOWN_EVENT:
		raw->stray_count++;
		return 0;
	case MMX_DECODED_GPU:
	case MMX_DECODED_REPLY:
		return 0;
	}
	return -EPROTO;
}

/* Return: 1: took one; 0: there is none; negative errno. */
static int take_one(struct mmx_raw *raw)
{
	union mmx_msg_buf buf;
	struct mmx_decoded msg;
	int size, r;

	size = mmx_front_session_receive(&raw->front, &buf);
	if (size <= 0)
		return size;
	if (buf.hdr.type & MMX_MSG_REPLY) {
		if (buf.hdr.pad || buf.hdr.error > 4095)
			return -EPROTO;
		keep_answer(raw, &buf, (uint32_t)size);
		/* an answer to a type that no frontend sends is one that no frontend expects */
		if (buf.hdr.error == ENOSYS)
			return 1;
	}
	r = mmx_decode_completion(&buf, (uint32_t)size, &msg);
	if (!r)
		r = keep_event(raw, &msg);
	return r ? r : 1;
}

int mmx_raw_read(struct mmx_raw *raw)
{
	int r;

	if (!raw->peer.region)
		return -ENODEV;
	mmx_peer_clear(raw->peer.call_fd);
	do {
		do
			r = take_one(raw);
		while (r > 0);
		if (r < 0)
			return r;
		if (mmx_front_session_release(&raw->front))
			mmx_peer_notify(raw->peer.kick_fd);
	} while (!mmx_front_session_want_data(&raw->front) && !raw->front.comp.broken);
	return raw->over ? -ENODEV : 0;
}

/* Waits for something to come, or the end, and takes it. Return: 0; -ETIMEDOUT; as mmx_raw_read(). */
static int wait_some(struct mmx_raw *raw, int64_t deadline_ms)
{
	struct pollfd fds[2] = {
		{ .fd = raw->peer.call_fd, .events = POLLIN },
		{ .fd = raw->peer.sock_fd, .events = POLLIN },
	};
	int64_t left_ms = deadline_ms - now_ms();
	int r;

	if (left_ms < 0)
		return -ETIMEDOUT;
	r = poll(fds, 2, (int)left_ms);
	if (r < 0 && errno != EINTR)
		return -errno;
	mmx_raw_is_over(raw);
	return mmx_raw_read(raw);
}

/* Calls @done until it says so, with what has come. Return: 0 or negative errno. */
static int wait_for(struct mmx_raw *raw, bool (*done)(struct mmx_raw *raw, const void *arg),
		    const void *arg)
{
	int64_t deadline_ms = now_ms() + raw->timeout_ms;
	int r = mmx_raw_read(raw);

	while (!r && !done(raw, arg))
		r = wait_some(raw, deadline_ms);
	return !r || done(raw, arg) ? 0 : r;
}

/* ---- messages ---- */

void mmx_raw_begin(struct mmx_raw *raw, union mmx_msg_buf *msg, uint16_t type, uint32_t size)
{
	memset(msg, 0, sizeof(*msg));
	msg->hdr.type = type;
	msg->hdr.size = size;
	msg->hdr.tag = ++raw->tag;
}

static bool has_room(struct mmx_raw *raw, const void *arg)
{
	const uint32_t *slots = arg;

	return mmx_ring_room(&raw->front.sub, *slots) != -EAGAIN;
}

int mmx_raw_send(struct mmx_raw *raw, const union mmx_msg_buf *msg, uint32_t size)
{
	struct mmx_ring_producer *p = &raw->front.sub;
	uint32_t slots = MMX_MSG_SLOTS(size), i;
	int r;

	if (!raw->peer.region)
		return -ENODEV;
	if (size > sizeof(*msg) || !slots)
		return -EMSGSIZE;
	while (mmx_ring_room(p, slots) == -EAGAIN && mmx_ring_want_space(p, slots)) {
		r = wait_for(raw, has_room, &slots);
		if (r)
			return r;
	}
	for (i = 0; i < slots; i++)
		memcpy(p->ctrl->slots[(p->prod + i) & (p->slots - 1)],
		       msg->bytes + (size_t)i * MMX_SLOT_SIZE, MMX_SLOT_SIZE);
	p->prod += slots;
	mmx_ring_publish(p);
	mmx_peer_notify(raw->peer.kick_fd);
	return 0;
}

static struct mmx_raw_answer *find_answer(struct mmx_raw *raw, uint32_t tag)
{
	uint32_t i;

	for (i = 0; i < MMX_RAW_ANSWERS; i++)
		if (raw->answers[i].taken && raw->answers[i].tag == tag)
			return &raw->answers[i];
	return NULL;
}

static bool is_answered(struct mmx_raw *raw, const void *arg)
{
	return find_answer(raw, *(const uint32_t *)arg) != NULL;
}

const struct mmx_raw_answer *mmx_raw_answer(struct mmx_raw *raw, uint32_t tag)
{
	return wait_for(raw, is_answered, &tag) ? NULL : find_answer(raw, tag);
}

int mmx_raw_call(struct mmx_raw *raw, const union mmx_msg_buf *msg)
{
	struct mmx_raw_answer *answer = find_answer(raw, msg->hdr.tag);
	int r;

	if (answer)
		answer->taken = false;
	r = mmx_raw_send(raw, msg, msg->hdr.size);
	if (!r)
		r = wait_for(raw, is_answered, &msg->hdr.tag);
	return r ? r : find_answer(raw, msg->hdr.tag)->error;
}

int mmx_raw_hello(struct mmx_raw *raw)
{
	const struct mmx_raw_answer *answer;
	union mmx_msg_buf msg;
	uint32_t tag = ++raw->tag;
	int r;

	mmx_encode_hello(&msg, tag, "raw");
	r = mmx_raw_call(raw, &msg);
	if (r)
		return r;
	answer = find_answer(raw, tag);
	if (answer->size < sizeof(raw->hello))
		return -EPROTO;
	memcpy(&raw->hello, answer->bytes, sizeof(raw->hello));
	return 0;
}

int mmx_raw_object(struct mmx_raw *raw, uint16_t type, uint32_t object)
{
	struct mmx_msg_object *m;
	union mmx_msg_buf msg;

	mmx_raw_begin(raw, &msg, type, sizeof(*m));
	m = (void *)&msg;
	m->object = object;
	return mmx_raw_call(raw, &msg);
}

/* ---- what becomes of things ---- */

/* The entry that tells how the job has ended: the first of its timeline that reaches it. */
static const struct mmx_timeline_entry *find_entry(const struct mmx_raw *raw, uint32_t timeline,
						   uint64_t seqno)
{
	uint32_t first =
		raw->entry_count > MMX_RAW_ENTRIES ? raw->entry_count - MMX_RAW_ENTRIES : 0;

	for (; first != raw->entry_count; first++) {
		const struct mmx_timeline_entry *entry = &raw->entries[first % MMX_RAW_ENTRIES];

		if (entry->timeline == timeline && entry->seqno >= seqno)
			return entry;
	}
	return NULL;
}

static bool is_complete(struct mmx_raw *raw, const void *arg)
{
	const struct mmx_timeline_entry *wanted = arg;

	return find_entry(raw, wanted->timeline, wanted->seqno) != NULL;
}

int mmx_raw_job(struct mmx_raw *raw, uint32_t timeline, uint64_t seqno)
{
	const struct mmx_timeline_entry wanted = { .timeline = timeline, .seqno = seqno };
	int r = wait_for(raw, is_complete, &wanted);

	return r ? r : (int)find_entry(raw, timeline, seqno)->error;
}

static bool has_faults(struct mmx_raw *raw, const void *arg)
{
	return raw->fault_count >= *(const uint32_t *)arg;
}

int mmx_raw_wait_faults(struct mmx_raw *raw, uint32_t count)
{
	return wait_for(raw, has_faults, &count);
}

static bool is_released(struct mmx_raw *raw, const void *arg)
{
	const uint32_t *mem = arg;
	uint32_t i;

	for (i = 0; i < MMX_RAW_RELEASED; i++)
		if (raw->released[i] == *mem) {
			/* the name may be used again, and released again */
			raw->released[i] = 0;
			return true;
		}
	return false;
}

int mmx_raw_wait_released(struct mmx_raw *raw, uint32_t mem)
{
	int64_t deadline_ms = now_ms() + raw->timeout_ms;
	int r = mmx_raw_read(raw);

	while (!r) {
		if (is_released(raw, &mem))
			return 0;
		r = wait_some(raw, deadline_ms);
	}
	return r;
}

int mmx_raw_wait_end(struct mmx_raw *raw)
{
	struct pollfd fds[2] = {
		{ .fd = raw->peer.call_fd, .events = POLLIN },
		{ .fd = raw->peer.sock_fd, .events = POLLIN },
	};
	int64_t deadline_ms = now_ms() + raw->timeout_ms, left_ms;

	if (!raw->peer.region)
		return -ENODEV;
	/* whatever is in the rings: the test may have broken them */
	while (!mmx_raw_is_over(raw)) {
		left_ms = deadline_ms - now_ms();
		if (left_ms < 0)
			return -ETIMEDOUT;
		if (poll(fds, 2, (int)left_ms) < 0 && errno != EINTR)
			return -errno;
		mmx_peer_clear(raw->peer.call_fd);
	}
	return (int)mmx_front_session_closed(&raw->front);
}
