/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The guest's ends: both rings and the session page of one region.
 *
 * Sending and receiving may be done by two threads, one each; each end has one user at a time.
 */
#ifndef FRONTEND_CORE_SESSION_H
#define FRONTEND_CORE_SESSION_H

#include "frontend/core/encode.h"
#include "hv/proto/region.h"
#include "hv/proto/ring.h"

struct mmx_front_session {
	struct mmx_ring_producer sub;
	struct mmx_ring_consumer comp;
	const struct mmx_session_page *page; /* shared: read with the functions below only */
	uint32_t max_timelines; /* entries of the page */
	uint64_t data_offset; /* in the region */
	uint64_t data_size;
};

/* One timeline as the session page tells it. */
struct mmx_timeline_view {
	uint32_t name;
	uint32_t errors;
	uint64_t completed;
	uint64_t gpu_time_ns;
};

/**
 * mmx_front_session_init() - takes up the guest's ends of a region that nobody has used yet
 * @region: mapped shared memory, page-aligned
 *
 * Return: 0; -EPROTO, -EPROTONOSUPPORT: see mmx_region_check().
 */
int mmx_front_session_init(struct mmx_front_session *s, void *region, uint64_t mapped_size);

/**
 * mmx_front_session_send() - puts a request into the ring; the backend sees it after mmx_front_session_flush()
 * @size: as an encoder has returned
 *
 * Return: 0; -EAGAIN: no room; -EPROTO: the ring is broken; -EMSGSIZE.
 */
int mmx_front_session_send(struct mmx_front_session *s, const union mmx_msg_buf *msg, int size);

/* Shows the backend all that was sent. Return: true if it must be notified. */
bool mmx_front_session_flush(struct mmx_front_session *s);

/*
 * Asks to be notified when a message of @size bytes will fit; after a flush, and a send that said
 * -EAGAIN. Return: true: sleep; false: try again.
 */
bool mmx_front_session_want_space(struct mmx_front_session *s, int size);

/**
 * mmx_front_session_receive() - copies the next message of the completion ring
 *
 * Its slots are the backend's again after mmx_front_session_release().
 *
 * Return: its size, to be given to mmx_decode_completion(); 0: none; -EPROTO: the ring is broken.
 */
int mmx_front_session_receive(struct mmx_front_session *s, union mmx_msg_buf *ret_msg);

/* Gives back what was received. Return: true if the backend must be notified. */
bool mmx_front_session_release(struct mmx_front_session *s);

/*
 * Asks to be notified of the next message; after a receive that said 0, and a release.
 * Return: true: sleep; false: receive again.
 */
bool mmx_front_session_want_data(struct mmx_front_session *s);

/* Asks not to be notified, by one who looks himself, until mmx_front_session_want_data(). */
void mmx_front_session_stay_awake(struct mmx_front_session *s);
/* A cheap look: may mmx_front_session_receive() have news? */
bool mmx_front_session_has_news(const struct mmx_front_session *s);

uint64_t mmx_front_session_heartbeat(const struct mmx_front_session *s);
uint64_t mmx_front_session_gpu_time_ns(const struct mmx_front_session *s);
/* Not 0: the backend has ended the session. */
uint32_t mmx_front_session_closed(const struct mmx_front_session *s);
/*
 * @index: of the timeline's name, below max_timelines. The view's errors are not older than
 * completed.
 */
void mmx_front_session_timeline(const struct mmx_front_session *s, uint32_t index,
				struct mmx_timeline_view *ret_view);

#endif
