/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A backend for tests of a guest: a thread on the other ends of the rings that answers as a
 * backend would, or does not, or lies.
 */
#ifndef TESTS_UNIT_FAKE_BACKEND_H
#define TESTS_UNIT_FAKE_BACKEND_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frontend/core/encode.h"
#include "hv/local/local.h"
#include "hv/proto/ring.h"

#define DATA_PAGES    512u
#define MAX_TIMELINES 8u
#define MAX_HELD      4u
#define FAIL_SIZE     104u /* a stream of so many bytes fails with EINVAL */
#define FAIL_VA	      0x68000u /* an asynchronous bind whose first operation is there fails with ENOSPC */

/* What the backend does wrong. Lies are told instead of the answer to GROUP_GET_STATE. */
enum misdeed {
	HONEST,
	REPLIES_IN_REVERSE, /* of MEM_CREATE and MEM_ADD, when the object is sealed */
	REFUSES, /* requests of fake.victim, with fake.error */
	IGNORES, /* likewise, with silence */
	HOLDS_JOBS, /* until told */
	NO_HEARTBEAT,
	CLOSES,
	HANGS_UP,
	GPU_LOST,
	UNKNOWN_EVENT, /* then answers */
	LIE_PROD_JUMPS,
	LIE_CONS_JUMPS, /* of the submission ring */
	LIE_SIZE_0,
	LIE_SIZE_HUGE,
	LIE_TAG,
	LIE_REPLY_TYPE,
	LIE_REPLY_TWICE,
	LIE_ERRNO,
	LIE_COUNT,
	LIE_NAME,
	LIE_RELEASED,
	LIE_SEQNO,
	LIE_SEQNO_BACK,
	LIE_ERROR_LATE,
	LIE_REFUSED,
	LIES_END,
};

struct fake {
	struct mmx_peer peer;
	struct mmx_ring_producer comp;
	struct mmx_ring_consumer sub;
	struct mmx_session_page *page;
	enum misdeed misdeed;
	uint16_t victim;
	uint32_t error;
	int guest_sock; /* the socket's other end until the guest has it */
	int stop[2]; /* a byte here: 'q' quit, 'r' release held jobs */
	pthread_t thread;
	/*
	 * Held by the thread while it handles a message, and by tests that look at what it has written: the ring orders
	 * that too, but is mapped twice, which ThreadSanitizer takes for two rings.
	 */
	pthread_mutex_t lock;

	union mmx_msg_buf in, out;
	struct mmx_msg_hdr held[MAX_HELD]; /* requests whose replies are held back */
	unsigned int held_count;
	struct {
		uint32_t name;
		uint64_t submitted, completed;
	} timelines[MAX_TIMELINES];
	uint32_t
		queues[MAX_TIMELINES]; /* index of the queue's timeline: the tests make one group */
	uint32_t binds; /* index of the VM's timeline: likewise */
	uint32_t bind_ops; /* of VM_BIND_ASYNC, seen */
	struct mmx_timeline_entry jobs[64]; /* held */
	unsigned int job_count;
	unsigned int waits; /* seen */
	unsigned int
		posts; /* orders what is written here before what was posted; see fake_backend_look() */

	/* of the object registered last */
	uint32_t pages_announced, pages_added;
	unsigned int messages, runs, longest_run;
	bool adjacent; /* two neighbouring runs were */
	uint64_t last_end;
};

/* What it offers in HELLO. */
extern const struct mmx_limits fake_limits;

/* The thread; @arg: struct fake, peer and ring ends initialised. */
void *fake_backend_thread(void *arg);
/* Posts a message; its header need not have a size. For the thread, and when it does not run. */
void fake_backend_post(struct fake *f, const void *msg, uint32_t size);

#endif
