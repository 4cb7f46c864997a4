/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * One guest in the backend: messages in, objects, limits, events out. Every object that the guest owns hangs off
 * its session and dies with it.
 *
 *   session.c   life cycle, pumping of the rings, HELLO
 *   dispatch.c  the table of messages: copies in, checks lengths and counts, zero-extends, calls the handler
 *   object.c    names: index and generation (struct mmx_table)
 *   census.c    what there is, for status
 *   client.c    clients, and how they are taken apart
 *   label.c     labels of objects
 *   mem.c       memory objects
 *   space.c     the memory that they are made of
 *   addrspace.c VMs
 *   bind.c      VM_BIND and VM_BIND_ASYNC: what is asked for, and completion
 *   edit.c      binds, carried out in pieces
 *   peek.c      reading guest memory by its address in a VM
 *   sgroup.c    groups, SUBMIT
 *   timeline.c  timelines, and the jobs on them
 *   sheap.c     tiler heaps, which are made, grow and go in pieces
 *   notify.c    replies, events and the session page: what goes out, bounded, kept while the ring is full
 *
 * The session knows nothing of the scheduler and of when jobs run: it hands groups and jobs to its host (core)
 * through struct mmx_session_ops, and is told what became of them. It logs what its guest does wrong (limited);
 * whatever a guest does is a positive outcome here.
 *
 * A guest that breaks the protocol, or goes away, is ended with mmx_session_end(): groups are stopped, then VMs
 * emptied and maintained, then the region unmapped from the device; ops->gone() when nothing is left.
 */
#ifndef BACKEND_SESSION_SESSION_H
#define BACKEND_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/gpu/group.h"
#include "backend/gpu/gpu.h"
#include "backend/gpu/heap.h"
#include "backend/gpu/vm.h"
#include "backend/util/list.h"
#include "backend/util/log.h"
#include "hv/peer.h"
#include "hv/proto/proto.h"

struct mmx_session;
struct mmx_bind;
struct mmx_client;
struct mmx_addrspace;
struct mmx_sheap;
struct mmx_request;

/* What one guest may have: from its partition's configuration. */
struct mmx_session_limits {
	struct mmx_limits wire; /* as told in HELLO */
	uint32_t max_mappings; /* per VM */
	uint64_t
		backend_bytes; /* of the backend's memory: page tables, rings, suspend buffers, heaps; 0 = no limit */
	uint64_t shader_cores; /* mask that all core masks of its groups are cut to */
	unsigned int slots; /* csg_slots that it is told */
	unsigned int priority_ceiling; /* 0 low .. 3 realtime */
	uint32_t preempt_timeout_us; /* for its groups to leave their slots */
};

struct mmx_timeline {
	struct mmx_session *session;
	uint32_t name; /* of the wire */
	uint64_t submitted, completed; /* seqno */
	uint64_t told; /* seqno through which the guest has been told */
	uint32_t errors; /* jobs that failed */
	struct mmx_list dirty; /* in the session's list while there is something to tell */
	struct mmx_list
		failed; /* mmx_job.link: runs of failed jobs, kept until they have been told */
	struct mmx_list jobs; /* mmx_job.link: submitted, not completed, in order */
	struct mmx_job **by_seqno; /* the same ones, at seqno % max_jobs */
	struct mmx_sgroup *group; /* whose queue's it is; NULL: its jobs are the binds of a VM */
	unsigned int queue;
	bool retired; /* the owner is gone: only lives on to be told of */
	/* ---- core's: ---- */
	struct mmx_list work; /* it may go on */
	struct mmx_job *unpushed; /* the first job that is not pushed yet; NULL = all are */
	bool dead; /* of a VM that goes: its jobs complete with ECANCELED */
};

struct mmx_job_wait {
	struct mmx_list
		link; /* in mmx_job.waiters of what it waits for, while it holds its job back */
	struct mmx_job *job; /* that is held back */
	struct mmx_job *on; /* that is waited for; NULL = had completed before */
};

/*
 * One SUBMIT or VM_BIND_ASYNC. Made by the session, then core's until it calls mmx_session_job_done(), which frees it.
 * All fields below the line are core's.
 */
struct mmx_job {
	struct mmx_list link; /* in mmx_timeline.jobs */
	struct mmx_list waiters; /* mmx_job_wait.link: whom its completion releases */
	struct mmx_timeline *timeline;
	uint64_t seqno; /* of a run of failed jobs: the last one */
	uint64_t first; /* of a run of failed jobs: the first one */
	uint32_t bytes; /* of this record */
	uint64_t stream_addr;
	uint32_t stream_size; /* 0 = empty job */
	uint32_t latest_flush;
	struct mmx_bind
		*bind; /* of a bind that has no error: what it is to do, until that is done */
	int error; /* positive errno that it is to complete with: refused by the session, or set by core */
	/* ---- */
	unsigned int waits_left;
	bool pushed; /* to its queue; of a bind: mmx_session_bind_start() was called, or need not be */
	bool finished; /* a bind; all has happened but its completion */
	uint64_t hw_job; /* number in its queue, once pushed */
	unsigned int wait_count; /* entries of waits */
	struct mmx_job_wait waits[];
};

/* A group of the guest. */
struct mmx_sgroup {
	struct mmx_list link; /* mmx_client's groups */
	struct mmx_session *session;
	struct mmx_client *client;
	struct mmx_addrspace *vm;
	struct mmx_group *hw;
	uint64_t bytes; /* charged */
	uint32_t name;
	char *label; /* NULL = none */
	unsigned int priority; /* 0 low .. 3 realtime */
	unsigned int queue_count;
	struct mmx_timeline *timelines[MMX_GPU_MAX_QUEUES];
	uint32_t state; /* MMX_GROUP_STATE_* */
	uint32_t fatal_queues;
	void *host; /* of core */
	struct mmx_request *request; /* the session's: to answer when it is gone; may be NULL */
	bool stopping; /* group_stop() was called */
};

struct mmx_session_ops {
	/* A group exists now; the host sets group->host. Return: 0 or -ENOMEM: the group is not created. */
	int (*group_created)(void *ctx, struct mmx_sgroup *group);
	/*
	 * The group is to end: the host takes it off the GPU, completes all its jobs (mmx_session_job_done() with
	 * ECANCELED unless they have an error of their own), forgets it, and calls mmx_sgroup_stopped(), also from
	 * within this call.
	 */
	void (*group_stop)(void *ctx, struct mmx_sgroup *group);
	/*
	 * A job, last in its timeline's list; its waits have been filled in, not linked. If it is a bind without an error
	 * the host calls mmx_session_bind_start() when its waits have passed, and it is its turn.
	 */
	void (*submit)(void *ctx, struct mmx_job *job);
	/* The bind was started and has been carried out: it completes when those before it have. */
	void (*bind_done)(void *ctx, struct mmx_job *job);
	/* The VM whose timeline it is goes: binds that have not been started complete with ECANCELED, in their turn. */
	void (*binds_stop)(void *ctx, struct mmx_timeline *timeline);
	/* The VM is unusable: the host takes all its groups off the GPU for good. */
	void (*vm_lost)(void *ctx, struct mmx_addrspace *vm);
	/* There are page tables to edit, or heaps to work on: the host calls mmx_session_pump() soon, not from within. */
	void (*pump)(void *ctx, struct mmx_session *session);
	/*
	 * The guest broke the protocol; it is not listened to any more. The host calls mmx_session_end() soon, but not
	 * from within: objects are being worked on.
	 */
	void (*broken)(void *ctx, struct mmx_session *session, const char *why);
	/* After mmx_session_end(): nothing is left; the host calls mmx_session_destroy(), not from within. */
	void (*gone)(void *ctx, struct mmx_session *session);
	/* GPU time charged to the group so far. */
	uint64_t (*group_gpu_time)(void *ctx, struct mmx_sgroup *group);
	/*
	 * There is something to tell the guest: the host calls mmx_session_flush() before it sleeps, not from within.
	 * Once until then.
	 */
	void (*news)(void *ctx, struct mmx_session *session);
};

/* A piece of the guest's own memory, which is a memory space of the wire: SPACE in proto.h. */
struct mmx_session_space {
	uint64_t guest_page, page_count; /* where the guest has it, wire pages */
	uint64_t offset; /* in the file */
	struct mmx_dma_map map;
};

/* The guest's own memory, as far as the backend was given it. Whoever runs the guest may cut the file short. */
struct mmx_session_ram {
	int fd;
	unsigned int count; /* spaces 1..count */
	struct mmx_session_space spaces[MMX_MAX_SPACES];
};

struct mmx_session_params {
	const char *partition; /* name, for logs; must outlive the session */
	const struct mmx_session_limits *limits; /* must outlive the session */
	uint64_t epoch;
	struct mmx_region_params region; /* as the peer's region was made */
	struct mmx_peer *peer; /* taken over on success: the struct is cleared */
	const struct mmx_dma_map
		*map; /* the region's data area; the caller's, until the session is gone */
	const struct mmx_session_ram *ram; /* likewise; NULL = none */
	struct mmx_log_limit *log_limit; /* for what the guest causes; must outlive the session */
};

/* What a session holds now: for status, and for the tests that nothing is left. */
struct mmx_session_stats {
	unsigned int clients, mems, vms, heaps, groups, timelines, jobs;
	uint64_t mem_bytes; /* registered */
	uint64_t
		heap_bytes; /* of tiler heaps, in backend_bytes too, until they have been given back */
	uint64_t
		backend_bytes; /* of the backend's memory: page tables, rings, suspend buffers, heaps */
	uint64_t messages, refused; /* since it began */
	uint64_t jobs_done, jobs_failed;
	uint64_t faults;
	char guest_name[32];
	bool greeted; /* HELLO is done */
	pid_t pid;
	uid_t uid;
};

/**
 * mmx_session_create() - a guest that has just connected, and whose region is sealed
 * Return: 0; -ENOMEM; -EINVAL: the region is not as params->region and the limits say.
 */
int mmx_session_create(struct mmx_gpu *gpu, struct mmx_device *dev, struct mmx_timers *timers,
		       const struct mmx_session_params *params, const struct mmx_session_ops *ops,
		       void *ctx, struct mmx_session **ret_session);
/* Begins the end; @closed (errno) is told to the guest in the session page. Legal twice. */
void mmx_session_end(struct mmx_session *session, int closed);
bool mmx_session_ending(const struct mmx_session *session);
/* Only after ops->gone(). */
void mmx_session_destroy(struct mmx_session *session);
/*
 * After ops->gone(), before the destruction: the peer is the caller's, who can finish it where that may take its
 * time.
 */
void mmx_session_take_peer(struct mmx_session *session, struct mmx_peer *ret_peer);

const char *mmx_session_name(const struct mmx_session *session); /* of the partition */
void *mmx_session_ctx(const struct mmx_session *session); /* of ops */
const struct mmx_peer *mmx_session_peer(const struct mmx_session *session);
void mmx_session_stats(const struct mmx_session *session, struct mmx_session_stats *ret_stats);

/**
 * mmx_session_pump() - takes messages from the submission ring, at most @budget, edits page tables, and makes and takes apart
 * heaps
 * @watched: the caller looks for more by itself (mmx_session_has_news()), so the guest need not notify
 *
 * Entries of page tables are charged as MMX_SESSION_MESSAGE_WORK of them a message. What one call takes too much, since
 * the last thing that it does is finished, is missing in the next. At most half of a call goes to asynchronous binds,
 * to heaps that grow, and to VMs and heaps that go, while there are messages.
 *
 * Return: true if there may be more: call again soon, after others had their turn. False: the guest will notify, or
 * ops->pump() will be called.
 */
bool mmx_session_pump(struct mmx_session *session, unsigned int budget, bool watched);
#define MMX_SESSION_MESSAGE_WORK 64u
/* Another number than before if a message was taken from the guest, or one written for it, since. */
uint64_t mmx_session_progress(const struct mmx_session *session);
/* A cheap look: would the pump find messages, and be able to take them? */
bool mmx_session_has_news(const struct mmx_session *session);

/*
 * Sends what has gathered since: the completions of one round of the loop go out together, with one notification. Due
 * after ops->news(), and after mmx_session_pump(), which may have found that the guest has made room.
 */
void mmx_session_flush(struct mmx_session *session);

/* At least every MMX_HEARTBEAT_MS: heartbeat and GPU time in the session page. */
void mmx_session_heartbeat(struct mmx_session *session, uint64_t gpu_time_ns);

/* The job has completed, with job->error; must be the first of its timeline. Frees it. */
void mmx_session_job_done(struct mmx_session *session, struct mmx_job *job);
/* The bind's turn has come; it is carried out in mmx_session_pump(), then ops->bind_done(). */
void mmx_session_bind_start(struct mmx_job *job);
/* The group that group_stop() was called for is off the GPU and has no jobs. Frees it. */
void mmx_sgroup_stopped(struct mmx_sgroup *group);

/* ---- what it has, one by one; for status ---- */

struct mmx_client_info {
	uint32_t name;
	uint32_t pid; /* as the guest has said */
	const char *process; /* the same; the client's */
};
void mmx_client_info(const struct mmx_client *client, struct mmx_client_info *ret_info);

struct mmx_vm_info {
	uint32_t name;
	const char *label; /* NULL = none; the VM's */
	struct mmx_client_info client;
	size_t mappings, mappings_max;
	uint64_t table_bytes;
	unsigned int users; /* groups, and binds under way */
	bool resident; /* has one of the GPU's address spaces */
};

/* The next one at or behind index *at, which is moved behind it. Return: NULL or false: there is none. */
const struct mmx_sgroup *mmx_session_next_group(const struct mmx_session *session, uint32_t *at);
bool mmx_session_next_vm(const struct mmx_session *session, uint32_t *at,
			 struct mmx_vm_info *ret_info);

/* A fault to report to the guest; @group or @vm may be NULL. */
struct mmx_session_fault {
	enum mmx_fault_kind kind;
	const struct mmx_sgroup *group;
	const struct mmx_addrspace *vm; /* if there is no group */
	unsigned int queue;
	uint32_t exception, access;
	uint64_t address;
};
void mmx_session_fault(struct mmx_session *session, const struct mmx_session_fault *fault);
/* MMX_GPU_STATE_* */
void mmx_session_gpu_state(struct mmx_session *session, enum mmx_gpu_state state);

/* ops->heap_low of the GPU: the heap gets another chunk in the rounds that follow, if there is room. */
void mmx_sheap_low(struct mmx_sheap *heap);

struct mmx_session *mmx_addrspace_session(const struct mmx_addrspace *vm);
uint32_t mmx_addrspace_name(const struct mmx_addrspace *vm);
struct mmx_vm *mmx_addrspace_vm(const struct mmx_addrspace *vm);

/* Positive outcomes of mmx_addrspace_peek(). */
enum {
	ADDRSPACE_E_UNMAPPED = 1, /* the guest has mapped nothing there, or has taken it away */
	ADDRSPACE_E_MISALIGNED,
	ADDRSPACE_E_FOREIGN, /* beyond what is the guest's in its VM, or none of its memory */
};

/**
 * mmx_addrspace_peek() - reads guest memory by its address in a VM; memory of the region atomically
 * @size: 4 or 8
 * Return: 0; ADDRSPACE_E_*.
 */
int mmx_addrspace_peek(const struct mmx_addrspace *vm, uint64_t va, unsigned int size,
		       uint64_t *ret_value);

#endif
