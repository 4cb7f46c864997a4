// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The guest's ends of both rings, and what it reads of the session page. Owns nothing: the region
 * is the caller's, who serialises the users of each end. Never blocks, nor notifies: it says when
 * the caller must.
 *
 * The header is copied once and checked before any offset of it is used. Indices into the page are
 * bounded by the caller; what is read from it is whatever the backend wrote, each word read once.
 */
#include "frontend/core/session.h"

#ifdef __KERNEL__
#include <asm/barrier.h>
#include <linux/compiler.h>
#include <linux/string.h>
#else
#include <string.h>
#endif

/* 64-bit words: like those of ring.h, but loads of a page that only the backend writes. */
#ifdef __KERNEL__
#define LOAD_ACQUIRE(ptr) virt_load_acquire(ptr)
#define LOAD(ptr)	  READ_ONCE(*(ptr))
#else
#define LOAD_ACQUIRE(ptr) __atomic_load_n(ptr, __ATOMIC_ACQUIRE)
#define LOAD(ptr)	  __atomic_load_n(ptr, __ATOMIC_RELAXED)
#endif

int mmx_front_session_init(struct mmx_front_session *s, void *region, uint64_t mapped_size)
{
	struct mmx_region_hdr hdr;
	uint8_t *base = region;
	int ret;

	if (mapped_size < sizeof(hdr))
		return -EPROTO;
	memcpy(&hdr, region, sizeof(hdr));
	ret = mmx_region_check(&hdr, mapped_size);
	if (ret)
		return ret;
	memset(s, 0, sizeof(*s));
	s->page = (const void *)(base + hdr.session_offset);
	s->max_timelines = hdr.max_timelines;
	s->data_offset = hdr.data_offset;
	s->data_size = hdr.data_size;
	mmx_ring_producer_init(&s->sub, (void *)(base + hdr.sub_offset), hdr.sub_slots);
	mmx_ring_consumer_init(&s->comp, (void *)(base + hdr.comp_offset), hdr.comp_slots);
	return 0;
}

int mmx_front_session_send(struct mmx_front_session *s, const union mmx_msg_buf *msg, int size)
{
	return mmx_ring_write(&s->sub, msg->bytes, (uint32_t)size);
}

bool mmx_front_session_flush(struct mmx_front_session *s)
{
	return mmx_ring_publish(&s->sub);
}

bool mmx_front_session_want_space(struct mmx_front_session *s, int size)
{
	return mmx_ring_want_space(&s->sub, MMX_MSG_SLOTS((uint32_t)size));
}

int mmx_front_session_receive(struct mmx_front_session *s, union mmx_msg_buf *ret_msg)
{
	return mmx_ring_read(&s->comp, ret_msg->bytes, sizeof(ret_msg->bytes));
}

bool mmx_front_session_release(struct mmx_front_session *s)
{
	return mmx_ring_consume_publish(&s->comp);
}

bool mmx_front_session_want_data(struct mmx_front_session *s)
{
	return mmx_ring_want_data(&s->comp);
}

void mmx_front_session_stay_awake(struct mmx_front_session *s)
{
	mmx_ring_stay_awake(&s->comp);
}

bool mmx_front_session_has_news(const struct mmx_front_session *s)
{
	return mmx_ring_has_news(&s->comp);
}

uint64_t mmx_front_session_heartbeat(const struct mmx_front_session *s)
{
	return LOAD(&s->page->heartbeat);
}

uint64_t mmx_front_session_gpu_time_ns(const struct mmx_front_session *s)
{
	return LOAD(&s->page->gpu_time_ns);
}

uint32_t mmx_front_session_closed(const struct mmx_front_session *s)
{
	return LOAD(&s->page->closed);
}

void mmx_front_session_timeline(const struct mmx_front_session *s, uint32_t index,
				struct mmx_timeline_view *ret_view)
{
	const struct mmx_timeline_state *state = &s->page->timelines[index];

	/* completed first: errors are raised before it */
	ret_view->completed = LOAD_ACQUIRE(&state->completed);
	ret_view->errors = LOAD(&state->errors);
	ret_view->name = LOAD(&state->name);
	ret_view->gpu_time_ns = LOAD(&state->gpu_time_ns);
}
