/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A guest that may say anything: messages as bytes, in the rings of a real session. What libmalimux would never send, or
 * would not let its caller see, is sent and seen here; the portable half of it, frontend/core, does the rings.
 *
 * It keeps no books: names, seqnos and credits are the caller's. Errors of the backend are positive errnos, failures on
 * this side (no answer in time, the session is over) negative ones.
 */
#ifndef TESTS_LIB_RAW_H
#define TESTS_LIB_RAW_H

#include <stdbool.h>
#include <stdint.h>

#include "frontend/core/decode.h"
#include "frontend/core/names.h"
#include "frontend/core/session.h"
#include "hv/peer.h"

/* What has come and was not asked for yet: of each kind the last so many. */
#define MMX_RAW_ANSWERS	 128u
#define MMX_RAW_ENTRIES	 1024u
#define MMX_RAW_RELEASED 256u

struct mmx_raw_answer {
	bool taken; /* there is one */
	uint16_t type;
	uint32_t tag, size;
	int error; /* positive */
	uint8_t bytes[256]; /* of the message, with its header */
};

struct mmx_raw {
	struct mmx_peer peer;
	struct mmx_front_session front;
	int timeout_ms; /* of each wait */
	bool over; /* the socket has ended; or the session, where its end is not the socket's */
	bool stays; /* as that transport does */
	uint32_t tag; /* that was given out last */
	uint8_t *data; /* the data area */
	uint32_t first_page; /* its first page, in the region */

	struct mmx_raw_answer answers[MMX_RAW_ANSWERS];
	struct mmx_timeline_entry entries[MMX_RAW_ENTRIES];
	uint32_t released[MMX_RAW_RELEASED];
	uint32_t answer_count, entry_count, released_count; /* that have ever come */
	uint32_t fault_count, stray_count;
	struct mmx_event_fault fault; /* the last one */

	struct mmx_reply_hello hello; /* once mmx_raw_hello() has succeeded */
};

/* Connects; no HELLO. Return: 0 or negative errno. */
int mmx_raw_open(const char *path, int timeout_ms, struct mmx_raw *raw);
/*
 * In place of mmx_raw_open(): @peer, taken over on success, has a session that nobody has used yet. Return: as
 * mmx_front_session_init().
 */
int mmx_raw_take(struct mmx_raw *raw, struct mmx_peer *peer, int timeout_ms, bool stays);
/* Twice is fine, and so is a zeroed one. */
void mmx_raw_close(struct mmx_raw *raw);
/* Looks: is it over? */
bool mmx_raw_is_over(struct mmx_raw *raw);

/* Zeroes the message and fills in type, size and a new tag. */
void mmx_raw_begin(struct mmx_raw *raw, union mmx_msg_buf *msg, uint16_t type, uint32_t size);
/*
 * Puts @size bytes into the ring whatever they say, and notifies. Waits for room. Return: 0 or negative errno.
 */
int mmx_raw_send(struct mmx_raw *raw, const union mmx_msg_buf *msg, uint32_t size);
/* Takes what has come. Return: 0; -ENODEV: nothing will come any more; -EPROTO: it was nothing that may come. */
int mmx_raw_read(struct mmx_raw *raw);

/* Waits for the answer. Return: NULL if none comes in time, or the session ends. */
const struct mmx_raw_answer *mmx_raw_answer(struct mmx_raw *raw, uint32_t tag);
/* Sends, and waits for the answer. Return: its error; or a negative errno. */
int mmx_raw_call(struct mmx_raw *raw, const union mmx_msg_buf *msg);

/* HELLO, as it should be. */
int mmx_raw_hello(struct mmx_raw *raw);
/* CLIENT_DESTROY and the like. */
int mmx_raw_object(struct mmx_raw *raw, uint16_t type, uint32_t object);

/* Waits for the job's completion. Return: its error; or a negative errno. */
int mmx_raw_job(struct mmx_raw *raw, uint32_t timeline, uint64_t seqno);
/* Waits until so many faults have ever been told. */
int mmx_raw_wait_faults(struct mmx_raw *raw, uint32_t count);
/* Waits until the memory object is released. */
int mmx_raw_wait_released(struct mmx_raw *raw, uint32_t mem);
/* Waits until the backend has ended the session. Return: what it says why, positive; or a negative errno. */
int mmx_raw_wait_end(struct mmx_raw *raw);

#endif
