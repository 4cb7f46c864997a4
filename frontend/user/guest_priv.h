/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the files of libmalimux share. One struct mmx_guest, used by one thread.
 *
 *    guest.c     open and close
 *    inbox.c     what comes: replies, events, the end; waiting for it
 *    call.c      requests: credits, tags, room in the ring
 *    idspace.c   names      pages.c   pages of the data area
 *    mem.c       memory objects
 *    objects.c   clients, VMs, groups
 *    heap.c      tiler heaps
 *    job.c       timelines: submitting, fences
 */
#ifndef FRONTEND_USER_GUEST_PRIV_H
#define FRONTEND_USER_GUEST_PRIV_H

#include "frontend/core/decode.h"
#include "frontend/core/session.h"
#include "frontend/user/malimux.h"
#include "frontend/user/pages.h"
#include "hv/peer.h"

/* No heartbeat for so long: the backend is dead, or as good as. */
#define MMX_GUEST_HEARTBEAT_LIMIT_MS (10 * MMX_HEARTBEAT_MS)
/* More than these of what the backend offers are not used. */
#define MMX_GUEST_MAX_REQUESTS 1024u
#define MMX_GUEST_MAX_JOBS     1024u
#define MMX_GUEST_MAX_FAULTS   64u

/* Names of one type: which indices are in use, and the generation of each. */
struct mmx_idspace {
	uint32_t limit;
	uint32_t
		next; /* where to look first: an index that was freed is used again as late as can be */
	uint16_t *generations;
	uint8_t *used;
};

/* Somebody who waits for replies to one or more requests; lives on the stack of a call. */
struct mmx_waiter {
	unsigned int pending;
	int error; /* the first that was not 0 */
	uint16_t failed; /* type of the request that had it */
	struct mmx_decoded_reply reply; /* the last */
};

struct mmx_request {
	bool busy;
	uint16_t type;
	uint16_t serial; /* 15 bits */
	struct mmx_waiter *waiter; /* may be NULL: gave up */
};

struct mmx_job_error {
	uint64_t seqno;
	int error;
};

struct mmx_timeline {
	uint32_t name;
	uint32_t max_jobs;
	uint32_t errors_taken; /* failed jobs that events have told of */
	uint64_t submitted;
	uint64_t completed;
	uint64_t event_completed; /* through which events have come; never beyond completed */
	uint64_t refused_from; /* jobs from here on were refused; only if refused_error */
	int refused_error;
	/* Of the last max_jobs seqnos, by seqno % max_jobs: later jobs supersede earlier ones. */
	struct mmx_job_error errors[];
};

struct mmx_group {
	uint32_t name, client, vm;
	unsigned int queue_count;
	struct mmx_timeline *timelines[MMX_MAX_QUEUES];
};

struct mmx_vm {
	uint32_t client;
	struct mmx_timeline *timeline; /* may be NULL */
};

struct mmx_mem {
	uint32_t name;
	uint32_t page_count;
	struct mmx_run *runs; /* first_page counts from the region's start */
	uint32_t run_count;
	void *ptr; /* of its contiguous view */
	bool mapped; /* which is a mapping of its own, not a piece of the region's */
	size_t size; /* as asked for */
	bool destroying; /* MEM_DESTROY was sent */
	bool released; /* and EVENT_MEM_RELEASED has come */
	bool forsaken; /* nobody waits for that: free it when it comes */
};

struct mmx_guest {
	struct mmx_peer peer;
	struct mmx_front_session session;
	int timeout_ms;
	int dead; /* 0, or why nothing more will come: -ENODEV, -EPROTO */
	bool hung_up; /* the socket or the notifications have ended */

	uint64_t heartbeat; /* last value seen, */
	int64_t heartbeat_ms; /* first seen then */
	int64_t heartbeat_limit_ms;
	int64_t max_spin_ns; /* how long to look before sleeping, */
	int64_t wait_ns; /* if this is less: how long waits take, on average */

	struct mmx_limits limits;
	struct mmx_gpu_desc gpu;

	struct mmx_request *requests;
	uint32_t request_count;
	uint32_t requests_busy;

	struct mmx_idspace client_ids, mem_ids, vm_ids, group_ids, timeline_ids, heap_ids;
	struct mmx_mem **mems; /* by index; may be NULL, like those below */
	struct mmx_vm **vms;
	struct mmx_group **groups;
	struct mmx_timeline **timelines;
	uint32_t *heap_vms; /* VM of each heap; 0 = there is none */
	struct mmx_pages pages;

	struct mmx_fault_record faults[MMX_GUEST_MAX_FAULTS];
	unsigned int fault_first, fault_count;

	union mmx_msg_buf out; /* the request being made */
	union mmx_msg_buf in;
};

/* idspace.c */
int mmx_idspace_init(struct mmx_idspace *ids, uint32_t limit);
void mmx_idspace_finish(struct mmx_idspace *ids);
/* Return: 0; -ENOSPC: all indices are in use. */
int mmx_idspace_take(struct mmx_idspace *ids, uint32_t *ret_name);
void mmx_idspace_free(struct mmx_idspace *ids, uint32_t name);
bool mmx_idspace_has(const struct mmx_idspace *ids, uint32_t name);
/*
 * Frees a name whose creation has failed, unless nobody knows if it has: after -ETIMEDOUT the name
 * stays taken for good.
 */
void mmx_idspace_undo(struct mmx_idspace *ids, uint32_t name, int error);

/* inbox.c */
int64_t mmx_guest_now_ms(void);
/* Takes all that has come. Return: 0; what ended the session. */
int mmx_guest_dispatch(struct mmx_guest *guest);
/*
 * Waits until @done says so; it is called after each arrival. Return: 0; -ETIMEDOUT; what ended
 * the session.
 */
int mmx_guest_wait(struct mmx_guest *guest, bool (*done)(struct mmx_guest *guest, void *arg),
		   void *arg, int64_t deadline_ms);

/* call.c */
/* Takes a credit and a tag for a request of @waiter, which has been zeroed before its first one. */
int mmx_call_begin(struct mmx_guest *guest, struct mmx_waiter *waiter, uint16_t type,
		   uint32_t *ret_tag);
/*
 * Sends guest->out. @size: what the encoder has returned; a negative one undoes mmx_call_begin().
 */
int mmx_call_send(struct mmx_guest *guest, uint32_t tag, int size);
/*
 * Waits for all replies. Return: the first error among them; -ETIMEDOUT; what ended the session.
 * The waiter is nobody's any more then.
 */
int mmx_call_finish(struct mmx_guest *guest, struct mmx_waiter *waiter);
/* Forgets the waiter of requests that are under way: their replies will be dropped. */
void mmx_call_abandon(struct mmx_guest *guest, struct mmx_waiter *waiter);
/* A reply that is no SUBMIT's. Return: 0; -EPROTO: nobody has asked. */
int mmx_call_reply(struct mmx_guest *guest, const struct mmx_decoded_reply *reply);
/* CLIENT_DESTROY and the like, from begin to finish. @ret_reply may be NULL. */
int mmx_call_object(struct mmx_guest *guest, uint16_t type, uint32_t object,
		    struct mmx_decoded_reply *ret_reply);
/* Puts guest->out into the ring, waiting for room, and shows it to the backend. */
int mmx_guest_send(struct mmx_guest *guest, int size);

/* mem.c */
/* EVENT_MEM_RELEASED has named it. Return: 0; -EPROTO: it was not being destroyed. */
int mmx_mem_released(struct mmx_guest *guest, uint32_t name);
void mmx_mem_free(struct mmx_guest *guest, struct mmx_mem *mem);

/* job.c */
int mmx_guest_timeline_create(struct mmx_guest *guest, struct mmx_timeline **ret_timeline);
/* @timeline: may be NULL; @error: of the creation that is undone (mmx_idspace_undo()), or 0 */
void mmx_guest_timeline_destroy(struct mmx_guest *guest, struct mmx_timeline *timeline, int error);
/* An entry of EVENT_TIMELINES. Return: 0; -EPROTO: it cannot be. */
int mmx_guest_timeline_event(struct mmx_guest *guest, const struct mmx_timeline_entry *entry);
/* A job was refused. Return: 0; -EPROTO: it cannot be. */
int mmx_guest_timeline_refused(struct mmx_guest *guest, const struct mmx_decoded_reply *reply);
#define MMX_SUBMIT_TAG 0x80000000u

/* objects.c */
/* The VM at @index is gone, with its timeline. */
void mmx_guest_vm_free(struct mmx_guest *guest, uint32_t index);
/* @error: as for mmx_guest_timeline_destroy(). */
void mmx_group_free(struct mmx_guest *guest, struct mmx_group *group, int error);

/* heap.c */
/* The VM is gone, and its heaps with it. */
void mmx_heaps_free(struct mmx_guest *guest, uint32_t vm);

/* guest.c */
/* mmx_guest_open() on a connection that is there already; takes @peer over, also on failure. */
int mmx_guest_open_peer(struct mmx_peer *peer, const char *name, int timeout_ms,
			struct mmx_guest **ret_guest);

#endif
