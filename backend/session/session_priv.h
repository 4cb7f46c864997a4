/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the files of session/ share. */
#ifndef BACKEND_SESSION_SESSION_PRIV_H
#define BACKEND_SESSION_SESSION_PRIV_H

#include "backend/session/object.h"
#include "backend/session/session.h"
#include "hv/proto/region.h"
#include "hv/proto/ring.h"

/* The longest reply: HELLO's. */
#define MMX_REPLY_MAX sizeof(struct mmx_reply_hello)

/* Faults that wait for room in the ring; more are counted as dropped. */
#define MMX_FAULTS_MAX 16u

/* Runs of failed jobs that the guest has not been told of; one that lets more gather in a full ring does not read. */
#define MMX_FAILED_MAX 4096u

/*
 * Of all jobs of a session that have not completed. max_jobs bounds a timeline, for the sake of its ring; this bounds what a
 * guest with many timelines can have the backend keep: some 20,000 jobs with all the waits that there can be.
 */
#define MMX_JOB_BYTES_MAX (16u << 20)

/*
 * Answers to refused jobs that wait for room in the ring. A SUBMIT or VM_BIND_ASYNC takes no credit, since it has no
 * answer unless it is refused: when there are so many, nothing more is read from the guest until it has made room.
 */
#define MMX_SUBMIT_ANSWERS 64u

/*
 * One request between its arrival and its reply's being in the ring. There are max_requests of them (and
 * MMX_SUBMIT_ANSWERS for jobs): a guest that needs more has broken its credits.
 */
struct mmx_request {
	/* in its pool's free list, or in the session's answered list; in none while it is worked on */
	struct mmx_list link;
	uint16_t type;
	uint32_t tag;
	uint32_t size; /* of the reply; set by the handler if there is more than the header */
	_Alignas(8) uint8_t reply[MMX_REPLY_MAX]; /* handlers fill it as a struct */
};

/* Part of the session's records. Most guests never use most of them: those are left untouched, and take no memory. */
struct mmx_request_pool {
	struct mmx_list free; /* mmx_request.link: have been used */
	struct mmx_request *fresh, *end; /* have not */
};

static inline bool mmx_request_left(const struct mmx_request_pool *pool)
{
	return !mmx_list_empty(&pool->free) || pool->fresh != pool->end;
}

struct mmx_client {
	struct mmx_session *session;
	uint32_t name;
	uint32_t pid;
	char process[32];
	char *label; /* NULL = none, as of all objects */
	struct mmx_list groups; /* mmx_sgroup.link */
	struct mmx_list vms; /* mmx_addrspace.link */
	bool destroying;
	bool busy; /* telling its parts to go: must not go itself */
	struct mmx_request *request; /* to answer when it is gone; may be NULL */
};

struct mmx_mem_run {
	uint32_t object_page; /* first one within the object */
	uint32_t page; /* first one within the space */
	uint32_t page_count;
	uint8_t space;
	bool readonly;
};

struct mmx_memobj {
	struct mmx_session *session;
	struct mmx_list link; /* in the session's released list while the guest is to be told */
	uint32_t name;
	uint32_t page_count; /* as announced */
	uint32_t pages; /* of the runs so far */
	bool sealed;
	bool destroyed; /* by the guest; lives on until refs is 0 */
	unsigned int refs; /* mappings, and unmapped ranges whose maintenance is under way */
	char *label;
	uint32_t run_count, run_capacity;
	uint32_t last_run; /* that mmx_memobj_run() has found */
	struct mmx_mem_run *runs; /* in the order of the object's pages */
};

/* A range of a VM that is mapped. */
struct mmx_vma {
	struct mmx_list link; /* in a bind's garbage once it is unmapped */
	uint64_t va, size;
	struct mmx_memobj *mem; /* holds a reference; NULL: sparse */
	uint64_t mem_offset;
	unsigned int prot; /* MMX_PROT_* */
};

struct mmx_addrspace {
	struct mmx_list link; /* in its client's list */
	struct mmx_session *session;
	struct mmx_client *client;
	uint32_t name; /* 0 once the guest has destroyed it */
	struct mmx_vm *hw;
	char *label;
	uint64_t user_va_range;
	struct mmx_list heaps; /* mmx_sheap.link */
	unsigned int
		users; /* groups, heaps that are being destroyed, and its goodbye once that has begun */
	bool destroying; /* goes when the last user has gone */
	bool unusable; /* an asynchronous bind has failed while it was carried out */
	struct mmx_timeline *timeline; /* of its asynchronous binds; may be NULL */
	struct mmx_bind *goodbye; /* for the destruction, which must not fail: made with the VM */
	/* bind.c, edit.c; the lists' links are mmx_bind.link */
	struct mmx_list binds; /* to be edited, in this order */
	struct mmx_list edits; /* in the session's list while there are some */
	struct mmx_list edited; /* to be maintained */
	struct mmx_list unflushed; /* in the session's list while there are some */
	struct mmx_list flushed; /* maintenance is under way */
	struct mmx_list maintained; /* their garbage is being freed */
	struct mmx_list sweeps; /* in the session's list while there are some */
	struct mmx_vm_op flush;
	bool flushing;
	uint64_t stale_start, stale_end; /* what edited ones have unmapped; end 0: nothing */
	unsigned int reserved_mappings; /* by asynchronous binds that have not completed */
	size_t vma_count, vma_capacity;
	uint64_t vmas_moved; /* within the array, so far */
	struct mmx_vma **vmas; /* sorted by va, disjoint */
};

enum mmx_session_state {
	MMX_SESSION_NEW, /* before HELLO */
	MMX_SESSION_OPEN,
	MMX_SESSION_ENDING,
	MMX_SESSION_GONE,
};

struct mmx_session {
	struct mmx_gpu *gpu;
	struct mmx_device *dev;
	struct mmx_timers *timers;
	const struct mmx_session_ops *ops;
	void *ctx;
	const char *partition;
	const struct mmx_session_limits *limits;
	uint64_t epoch;
	enum mmx_session_state state;
	bool broken;

	struct mmx_peer peer;
	struct mmx_region_hdr
		layout; /* private: what is in the region is the guest's to scribble on */
	struct mmx_session_page *page;
	struct mmx_ring_consumer sub;
	struct mmx_ring_producer comp;
	struct mmx_dma_map map; /* of the data area */
	const struct mmx_session_ram *ram; /* NULL = none */
	uint32_t spaces_off; /* mask: the guest has found them to be something else */

	struct mmx_table clients, mems, vms, groups, timelines, heaps;
	struct mmx_request *requests; /* max_requests and MMX_SUBMIT_ANSWERS of them */
	struct mmx_request_pool calls,
		jobs; /* of them; messages that are jobs take from the latter */

	/* what goes out; notify.c */
	struct mmx_list answered; /* mmx_request.link */
	struct mmx_list dirty; /* mmx_timeline.dirty */
	struct mmx_list released; /* mmx_memobj.link */
	unsigned int failed; /* runs that have not been told */
	uint32_t job_bytes; /* of the jobs that have not completed */
	struct mmx_event_fault faults[MMX_FAULTS_MAX];
	unsigned int fault_count;
	uint32_t faults_dropped;
	enum mmx_gpu_state gpu_state; /* to tell; 0 = nothing */
	/* what may be done until the next round, in entries of page tables; below 0: was done too much */
	int64_t credit;
	int64_t heap_credit; /* part of it, for heaps in the background */
	/* of the last message that was read, if that is still being carried out; NULL if not: */
	struct mmx_bind *sync; /* VM_BIND that is being edited */
	struct mmx_sheap *making; /* HEAP_CREATE's */
	struct mmx_list edits, unflushed, sweeps; /* mmx_addrspace.edits, .unflushed, .sweeps */
	/*
	 * Of the backend's memory, held on behalf of the guest: page tables (each VM keeps it up to date,
	 * mmx_vm_account()), rings, suspend buffers, heaps, the dummy. Of groups and heaps what is being given back in the
	 * background is in it too.
	 */
	uint64_t backend_bytes;
	/* by asynchronous binds that have not completed: what they may take at most; and by a heap that is being made */
	uint64_t reserved_bytes;
	struct mmx_dma_buf dummy; /* behind all that is sparse; made when it is needed first */
	bool dummy_is_block; /* it is one to the GPU */
	struct mmx_list low_heaps,
		starved_heaps; /* mmx_sheap.low: want a chunk; had no room for one */
	struct mmx_list ended_heaps; /* mmx_sheap.link: are being unmapped, or given back */
	bool stalled; /* the completion ring is full: the guest will notify */
	bool news; /* ops->news() was called, and mmx_session_flush() has not been since */

	struct mmx_session_stats stats;
	struct mmx_log_limit *log_limit; /* the partition's */
	_Alignas(8) uint8_t buf[MMX_MSG_MAX];
};

/* A handler's way to say that mmx_reply() will be called later. All else it returns is the answer: 0, or an errno
 * of either sign. */
#define MMX_REPLY_LATER 0x10000

/* dispatch.c: the message in session->buf. */
void mmx_session_dispatch(struct mmx_session *session, uint32_t size);

/* session.c: the guest holds all of the backend's memory that it may have. One object may exceed it. */
bool mmx_session_is_full(const struct mmx_session *session);
/* It may have so much more. */
bool mmx_session_fits(const struct mmx_session *session, uint64_t bytes);
/* Makes the dummy if there is none yet. Return: 0; ENOSPC; a negative errno. */
int mmx_session_dummy(struct mmx_session *session);

/* dispatch.c: a request that is answered only if it is refused. */
bool mmx_session_is_job(uint16_t type);

/* notify.c */
/* Answers; @error of either sign. A body behind the header is in request->reply already, request->size with it. */
void mmx_reply(struct mmx_session *session, struct mmx_request *request, int error);
void mmx_notify_timeline(struct mmx_session *session, struct mmx_timeline *timeline);
void mmx_notify_released(struct mmx_session *session, struct mmx_memobj *mem);
/* There is something to do at the end of the round: ops->news(). */
void mmx_session_news(struct mmx_session *session);
void mmx_notify_init(struct mmx_session *session);
/* The request is through. */
void mmx_request_free(struct mmx_session *session, struct mmx_request *request);
/* Forgets what was not told. */
void mmx_notify_drop(struct mmx_session *session);
/* The guest does what it must not. */
void mmx_session_break(struct mmx_session *session, const char *why);

/* Handlers. @request: for MMX_REPLY_LATER, and its reply[] for the body of a reply. */
int mmx_hello(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_client_create(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_client_destroy(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_mem_create(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_mem_add(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_mem_destroy(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_vm_create_msg(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_vm_destroy_msg(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_vm_bind(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_vm_bind_async(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_vm_get_state(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_group_create_msg(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_group_destroy_msg(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_group_get_state(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_submit(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_heap_create_msg(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_heap_destroy_msg(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_label(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_time(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_space_msg(struct mmx_session *s, const void *msg, struct mmx_request *request);
int mmx_space_check_msg(struct mmx_session *s, const void *msg, struct mmx_request *request);

/* label.c */
/* The object goes, and its label with it. */
void mmx_label_drop(struct mmx_session *session, char **label);

/* client.c */
/* Begins to take the client apart: groups, then VMs; answers @request (may be NULL) when it is gone. */
void mmx_client_begin_destroy(struct mmx_client *client, struct mmx_request *request);
/* Something of it is gone: goes on. Frees the client when nothing is left. */
void mmx_client_continue(struct mmx_client *client);
/* session.c: a client is gone. */
void mmx_session_continue(struct mmx_session *session);

/* mem.c */
void mmx_memobj_get(struct mmx_memobj *mem);
void mmx_memobj_put(struct mmx_memobj *mem);
/* The run that holds the page; those of the pages behind it follow. The object is sealed and has the page. */
const struct mmx_mem_run *mmx_memobj_run(struct mmx_memobj *mem, uint64_t page);
/* The session ends: frees the object, told or not. */
void mmx_memobj_free(struct mmx_memobj *mem);

/* space.c */
/* May its pages be registered? Return: 0; EINVAL: there is no such space; EFAULT. */
int mmx_space_check_run(const struct mmx_session *session, const struct mmx_run *run);
/* Where a page that may be registered is for the device. Return: contiguous bytes from there on. */
uint64_t mmx_space_addr(const struct mmx_session *session, uint32_t space, uint64_t page,
			uint64_t *ret_addr);
/* A word of such a page, @size 4 or 8; of the region it is read atomically. Return: false: it has been taken away. */
bool mmx_space_read(const struct mmx_session *session, uint32_t space, uint64_t offset,
		    unsigned int size, uint64_t *ret_value);

/* bind.c */
/* Gives back what it holds, but for the garbage, which must have gone. NULL is fine. */
void mmx_bind_free(struct mmx_bind *bind);

/* addrspace.c */
/* Unmaps all; @request (may be NULL) is answered when the GPU can't reach any of it. The name goes at once; the
 * struct when groups and maintenance are through with it. */
void mmx_addrspace_begin_destroy(struct mmx_addrspace *vm, struct mmx_request *request);
/* A user of it is gone. */
void mmx_addrspace_put(struct mmx_addrspace *vm);

/* sheap.c */
/* Unmaps it and gives its memory back; @request (may be NULL) is answered then. The name goes at once. */
void mmx_sheap_begin_destroy(struct mmx_sheap *heap, struct mmx_request *request);
/* All of the VM. */
void mmx_sheaps_destroy(struct mmx_addrspace *vm);
/* A piece of the making of session->making. */
void mmx_sheap_make(struct mmx_session *session);
/*
 * Once in mmx_session_pump(): spare chunks for heaps that have used up theirs, and the end of those that were destroyed,
 * until the session's credit or @share of it is used up, or nothing is left to do.
 */
void mmx_sheaps_run(struct mmx_session *session, int64_t share);
/* Is there something of that to do? */
bool mmx_sheaps_pending(const struct mmx_session *session);
/* Part of the heartbeat: there may be room now for those that did not get one. */
void mmx_sheaps_retry(struct mmx_session *session);

/* sgroup.c */
/* Begins the group's end; @request (may be NULL) is answered when it is gone. */
void mmx_sgroup_begin_destroy(struct mmx_sgroup *group, struct mmx_request *request);

/* timeline.c */
/* The name must be free. Its owner (group and queue) is the caller's to set. Return: 0 or -ENOMEM. */
int mmx_timeline_create(struct mmx_session *s, uint32_t name, struct mmx_timeline **ret_timeline);
/* The owner is gone, and no job is left: the name goes, and the timeline when what there is to tell has been told. */
void mmx_timeline_retire(struct mmx_timeline *timeline);
/* One that is retired, and of which there is nothing left to tell. */
void mmx_timeline_free(struct mmx_timeline *timeline);
/* Charged to its group; 0 for a VM's: binds take no GPU time. */
uint64_t mmx_timeline_gpu_time(const struct mmx_timeline *timeline);
/*
 * The next job of the timeline, last in its list, with its waits; with an error that it is to complete with if these
 * are wrong. The caller fills the rest and hands it to ops->submit(). Return: 0; the wire's error (E2BIG, EILSEQ,
 * EAGAIN) or -ENOMEM: no seqno is taken.
 */
int mmx_job_create(struct mmx_timeline *timeline, uint64_t seqno, const struct mmx_wait *waits,
		   uint32_t wait_count, struct mmx_job **ret_job);

#endif
