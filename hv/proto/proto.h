/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The malimux protocol, version 0.1: how one guest (frontend) talks to the backend.
 *
 * This header is the specification. hv/proto/region.h says where things lie in the shared region,
 * hv/proto/ring.h how the two rings work; a transport (hv/local, hv/kvm, hv/xen) says how the two sides
 * come to share a region and how they notify each other.
 *
 *
 * Conventions
 * ===========
 *
 * All fields are little-endian. Fields named pad* and unknown flag bits must be zero (MBZ); they are
 * checked. Wire pages are 4096 bytes whatever the guest's own page size is. Errors are asm-generic
 * errno numbers as u32, 0 = success. No pointer and no guest address other than GPU virtual addresses
 * crosses the wire.
 *
 * Each side copies a message into private memory before it looks at it, and trusts nothing that the
 * other side wrote. A side that finds the other one breaking the rules of a ring (ring.h), sending a
 * request before HELLO, or exceeding its credits, ends the session: the transport is closed.
 * Everything else that is wrong with a request is answered with an error and has no effect.
 *
 *
 * Names
 * =====
 *
 * Objects are named by the frontend, so that creation needs no round trip:
 *
 *     31              16 15               0
 *    +------------------+------------------+
 *    | generation >= 1  | index < limit    |
 *    +------------------+------------------+
 *
 * There is one name space per type: client, memory object, VM, group, timeline, heap. The limits come with
 * HELLO's reply. Creating at an index in use is EEXIST; using a name whose index is free, or in use with
 * another generation, is ENOENT. 0 is never a name.
 *
 * A *client* stands for one DRM file of the guest; VMs and groups hang off it and die with it. Heaps hang off
 * their VM. Memory objects belong to the session.
 *
 *
 * Timelines
 * =========
 *
 * Each queue of a group has a timeline, named by the frontend in GROUP_CREATE, and each VM may have one,
 * named in VM_CREATE. Its jobs are numbered 1, 2, 3, ... by SUBMIT, or by VM_BIND_ASYNC, and complete in
 * that order. A timeline's state is in the session page
 * (region.h), and MMX_EVENT_TIMELINES says which have changed.
 *
 * A wait (timeline, seqno) holds a job back until that timeline has completed seqno. A seqno that has not
 * been submitted yet is refused (EINVAL): so waits can make no cycle. A failed job counts as completed.
 *
 *
 * Requests and replies
 * ====================
 *
 * A request carries a tag that its reply repeats; the reply's type is the request's with
 * MMX_MSG_REPLY set. Replies come in any order. At most limits.max_requests requests other than SUBMIT
 * and VM_BIND_ASYNC may be unanswered; more is a breach of credits. These two are answered only if they
 * are refused without taking a seqno (see there). At most limits.max_jobs jobs per timeline may be submitted and not yet
 * completed; more is EAGAIN and does not take a seqno, and so is what is beyond the backend's bound for the jobs of all
 * timelines, which is thousands.
 *
 * A message shorter than the struct given here is extended with zeroes, if it reaches to the end of the
 * header at least: that is how an older peer talks to a newer one; arrays must be there in full. A longer one
 * is EMSGSIZE unless what is beyond is zero.
 *
 *
 * A session
 * =========
 *
 *    (transport: region shared)  ->  HELLO  ->  ready  ->  ...  ->  closed
 *
 * Frontend                                         Backend
 *   HELLO tag=1 version 0.1..0.1          ->
 *                                         <-  HELLO|REPLY tag=1 version=0.1, limits, GPU
 *   CLIENT_CREATE client=0x10000          ->
 *   MEM_CREATE mem=0x10000 4 pages, SEAL  ->
 *   VM_CREATE vm=0x10000                  ->
 *   VM_BIND  map mem at 0x100000          ->      (pipelined: no answer awaited)
 *   GROUP_CREATE group=0x10000, timeline 0x10000
 *                                         ->
 *                                         <-  five replies
 *   SUBMIT group, queue 0, seqno 1        ->
 *                                         <-  EVENT_TIMELINES {0x10000, 0, 1}
 *   CLIENT_DESTROY                        ->
 *                                         <-  reply: groups stopped, VMs gone
 *   MEM_DESTROY                           ->
 *                                         <-  reply, EVENT_MEM_RELEASED {0x10000}
 */
#ifndef HV_PROTO_PROTO_H
#define HV_PROTO_PROTO_H

#include "hv/proto/types.h"

#define MMX_PROTO_VERSION(major, minor) ((uint32_t)(major) << 16 | (uint32_t)(minor))
#define MMX_PROTO_VERSION_0_1		MMX_PROTO_VERSION(0, 1)

/* A message is at most this long; it occupies whole slots of 64 bytes. */
#define MMX_MSG_MAX	     2048u
#define MMX_SLOT_SIZE	     64u
#define MMX_MSG_SLOTS(bytes) (((bytes) + MMX_SLOT_SIZE - 1) / MMX_SLOT_SIZE)

#define MMX_WIRE_PAGE_SHIFT 12
#define MMX_WIRE_PAGE_SIZE  4096u

enum mmx_msg_type {
	/* frontend -> backend, in the submission ring */
	MMX_MSG_HELLO = 1,
	MMX_MSG_CLIENT_CREATE = 2,
	MMX_MSG_CLIENT_DESTROY = 3,
	MMX_MSG_MEM_CREATE = 4,
	MMX_MSG_MEM_ADD = 5,
	MMX_MSG_MEM_DESTROY = 6,
	MMX_MSG_VM_CREATE = 7,
	MMX_MSG_VM_DESTROY = 8,
	MMX_MSG_VM_BIND = 9,
	MMX_MSG_GROUP_CREATE = 10,
	MMX_MSG_GROUP_DESTROY = 11,
	MMX_MSG_GROUP_GET_STATE = 12,
	MMX_MSG_SUBMIT = 13,
	MMX_MSG_HEAP_CREATE = 14,
	MMX_MSG_HEAP_DESTROY = 15,
	MMX_MSG_LABEL = 16,
	MMX_MSG_TIME = 17,
	/* Reserved for later minor versions; ENOSYS in this one. */
	MMX_MSG_SUSPEND = 18,
	MMX_MSG_RESUME = 19,
	MMX_MSG_PERF = 20,
	MMX_MSG_MEM_EXPORT = 21,

	MMX_MSG_VM_BIND_ASYNC = 22,
	MMX_MSG_VM_GET_STATE = 23,
	MMX_MSG_SPACE = 24,
	MMX_MSG_SPACE_CHECK = 25,

	/* backend -> frontend, in the completion ring */
	MMX_EVENT_TIMELINES = 0x4001,
	MMX_EVENT_FAULT = 0x4002,
	MMX_EVENT_MEM_RELEASED = 0x4003,
	MMX_EVENT_GPU = 0x4004,
	/* Reserved for later minor versions; a frontend ignores events that it does not know. */
	MMX_EVENT_CREDIT = 0x4005,
	MMX_EVENT_LIMITS = 0x4006,

	MMX_MSG_REPLY = 0x8000, /* or-ed to the request's type */
};

/*
 *     0        2        4                 8                 12               16
 *    +--------+--------+-----------------+-----------------+----------------+
 *    | type   | pad    | size            | tag             | error          |
 *    +--------+--------+-----------------+-----------------+----------------+
 *
 * size: bytes of the message with this header, 16..MMX_MSG_MAX
 * tag: chosen by the requester, repeated in the reply; 0 in events
 * error: of a reply; MBZ otherwise
 */
struct mmx_msg_hdr {
	uint16_t type;
	uint16_t pad;
	uint32_t size;
	uint32_t tag;
	uint32_t error;
};
MMX_ASSERT_SIZE(struct mmx_msg_hdr, 16);

/*
 * HELLO: first request of a session; a second one is EBUSY.
 *
 * The frontend offers versions version_min..version_max; the backend answers with the highest that both
 * speak, or EPROTONOSUPPORT, after which the frontend may try another HELLO. Features are bits that both
 * must have; none is defined yet.
 */
struct mmx_msg_hello {
	struct mmx_msg_hdr hdr;
	uint32_t version_min;
	uint32_t version_max;
	uint64_t features;
	char name[32]; /* of the guest's driver, for logs; ends with a NUL */
};
MMX_ASSERT_SIZE(struct mmx_msg_hello, 64);

#define MMX_PRIORITIES 4u /* of groups: 0 low, 1 medium, 2 high, 3 realtime */

/* Limits of a session; each object count is an exclusive bound for indices of its name space. */
struct mmx_limits {
	uint32_t max_clients;
	uint32_t max_mems;
	uint32_t max_vms;
	uint32_t max_groups;
	uint32_t max_timelines;
	uint32_t max_requests; /* unanswered requests */
	uint32_t max_jobs; /* submitted and not completed, per timeline */
	uint32_t max_waits; /* per SUBMIT */
	uint32_t max_bind_ops; /* per VM_BIND */
	uint32_t max_queues; /* per group */
	uint32_t max_heaps;
	uint32_t
		max_priority; /* exclusive bound for priorities of groups, 1..4; 0 = not told (a backend from before it) */
	uint64_t mem_bytes; /* that may be registered at a time, of all spaces together */
};
MMX_ASSERT_SIZE(struct mmx_limits, 56);
MMX_ASSERT_OFFSET(struct mmx_limits, mem_bytes, 48);

/*
 * The GPU as this guest's partition sees it: register values with the names of the panthor uAPI's
 * drm_panthor_gpu_info and drm_panthor_csif_info; shader_present has the partition's cores only,
 * csg_slots its slots.
 */
struct mmx_gpu_desc {
	uint32_t gpu_id;
	uint32_t gpu_rev;
	uint32_t csf_id;
	uint32_t l2_features;
	uint32_t tiler_features;
	uint32_t mem_features;
	uint32_t mmu_features; /* [7:0] VA bits, [15:8] PA bits */
	uint32_t thread_features;
	uint32_t max_threads;
	uint32_t thread_max_workgroup_size;
	uint32_t thread_max_barrier_size;
	uint32_t coherency_features;
	uint32_t texture_features[4];
	uint32_t as_present;
	uint32_t core_features;
	uint64_t shader_present;
	uint64_t l2_present;
	uint64_t tiler_present;
	uint64_t gpu_features;
	uint32_t csg_slots;
	uint32_t cs_slots;
	uint32_t cs_registers;
	uint32_t scoreboards;
	uint32_t unpreserved_cs_registers; /* clobbered by the backend's call sequence */
	uint32_t coherent; /* 1: the guest's CPU mappings may be cached */
};
MMX_ASSERT_SIZE(struct mmx_gpu_desc, 128);
MMX_ASSERT_OFFSET(struct mmx_gpu_desc, shader_present, 72);
MMX_ASSERT_OFFSET(struct mmx_gpu_desc, csg_slots, 104);

struct mmx_reply_hello {
	struct mmx_msg_hdr hdr;
	uint32_t version;
	uint32_t spaces; /* memory spaces beside the region, 0..MMX_MAX_SPACES: see MEM_CREATE */
	uint64_t features;
	uint64_t epoch; /* differs each time the backend has started */
	struct mmx_limits limits;
	struct mmx_gpu_desc gpu;
};
MMX_ASSERT_SIZE(struct mmx_reply_hello, 224);
MMX_ASSERT_OFFSET(struct mmx_reply_hello, limits, 40);
MMX_ASSERT_OFFSET(struct mmx_reply_hello, gpu, 96);

/* CLIENT_CREATE / CLIENT_DESTROY. Destroying stops and destroys all that the client owns. */
struct mmx_msg_client_create {
	struct mmx_msg_hdr hdr;
	uint32_t client;
	uint32_t pid; /* in the guest, for accounts */
	char name[32]; /* of the process, for accounts; ends with a NUL */
};
MMX_ASSERT_SIZE(struct mmx_msg_client_create, 56);

/* CLIENT_DESTROY, MEM_DESTROY, VM_DESTROY, VM_GET_STATE, GROUP_DESTROY, GROUP_GET_STATE, HEAP_DESTROY: just a name. */
struct mmx_msg_object {
	struct mmx_msg_hdr hdr;
	uint32_t object;
	uint32_t pad;
};
MMX_ASSERT_SIZE(struct mmx_msg_object, 24);

/*
 * Memory objects: guest pages registered so that they can be mapped into GPU VMs. The list of runs may be
 * longer than a message: MEM_CREATE begins it, MEM_ADD goes on, and the one with MMX_MEM_SEAL ends it.
 * Only a sealed object can be bound; the runs must then add up to page_count (EINVAL). Pages may occur in
 * several objects.
 *
 *     0                                   8                 12       14       16
 *    +-----------------------------------+-----------------+--------+--------+
 *    | first_page                        | page_count      | space  | flags  |
 *    +-----------------------------------+-----------------+--------+--------+
 *
 * Space 0 is the shared region: first_page counts wire pages from its start, and only pages of its data
 * area may be registered (EFAULT).
 *
 * Further spaces, of which HELLO says how many there are, are pieces of the guest's own memory, if the backend has been
 * given that; SPACE tells which. first_page counts wire pages from the piece's start. A page beyond it, or of a space that
 * is disabled, is EFAULT; a space that there is not, EINVAL. The region alone is certain to stay as it is: what the GPU reaches of other spaces may have been
 * taken away by whoever runs the machine, and is a fault then, or other memory than the guest's.
 */
#define MMX_MAX_SPACES	 8u
#define MMX_RUN_READONLY 0x1u /* mapped read-only whatever the bind says */
struct mmx_run {
	uint64_t first_page;
	uint32_t page_count;
	uint16_t space;
	uint16_t flags;
};
MMX_ASSERT_SIZE(struct mmx_run, 16);

#define MMX_MEM_SEAL 0x1u
struct mmx_msg_mem_create {
	struct mmx_msg_hdr hdr;
	uint32_t mem;
	uint32_t flags;
	uint32_t page_count; /* of the whole object, not 0 */
	uint32_t run_count;
	struct mmx_run runs[]; /* run_count of them */
};
MMX_ASSERT_SIZE(struct mmx_msg_mem_create, 32);

struct mmx_msg_mem_add {
	struct mmx_msg_hdr hdr;
	uint32_t mem;
	uint32_t flags;
	uint32_t run_count;
	uint32_t pad;
	struct mmx_run runs[]; /* run_count of them */
};
MMX_ASSERT_SIZE(struct mmx_msg_mem_add, 32);
#define MMX_MEM_MAX_RUNS ((MMX_MSG_MAX - 32u) / 16u) /* per message */

/*
 * SPACE: where a space lies in the guest's physical memory. space is 1..spaces of HELLO, else EINVAL. Both numbers are of wire
 * pages; pieces do not overlap, and stay as they are for the session.
 *
 * SPACE_CHECK: is the guest's idea of a space right? It has filled the first MMX_NONCE_SIZE bytes of a page of its own with
 * something random, and says which page of the space that is. EBADMSG: the backend finds something else there. The space is
 * disabled then, until the session ends: the backend has been told another layout than the machine has, and what is
 * registered would be other pages of the guest than it means. A page beyond the space is EFAULT.
 */
struct mmx_msg_space {
	struct mmx_msg_hdr hdr;
	uint32_t space;
	uint32_t pad;
};
MMX_ASSERT_SIZE(struct mmx_msg_space, 24);

struct mmx_reply_space {
	struct mmx_msg_hdr hdr;
	uint64_t guest_page; /* first one */
	uint64_t page_count;
};
MMX_ASSERT_SIZE(struct mmx_reply_space, 32);

#define MMX_NONCE_SIZE 32u
struct mmx_msg_space_check {
	struct mmx_msg_hdr hdr;
	uint32_t space;
	uint32_t pad;
	uint64_t page; /* of the space */
	uint8_t nonce[MMX_NONCE_SIZE];
};
MMX_ASSERT_SIZE(struct mmx_msg_space_check, 64);
MMX_ASSERT_OFFSET(struct mmx_msg_space_check, nonce, 32);

/*
 * MEM_DESTROY frees the name for lookups at once; the pages are the guest's again, and the index may be
 * used again, when MMX_EVENT_MEM_RELEASED names it: after the last mapping of it is gone.
 */

/*
 * VM_CREATE: a GPU address space. user_va_range: bytes from 0 that the guest will bind in; 0 = the
 * default, half of what the MMU has. The reply says what it got (at least that much). What is beyond is for the
 * backend's own mappings, tiler heaps above all. EINVAL if it leaves
 * less than 256 MiB for the backend's own mappings at the top.
 *
 * timeline: the name of a timeline for VM_BIND_ASYNC; 0 = none. It goes with the VM: before VM_DESTROY is
 * answered, and binds that have not been carried out by then complete with ECANCELED.
 */
struct mmx_msg_vm_create {
	struct mmx_msg_hdr hdr;
	uint32_t client;
	uint32_t vm;
	uint32_t flags; /* MBZ */
	uint32_t timeline;
	uint64_t user_va_range;
};
MMX_ASSERT_SIZE(struct mmx_msg_vm_create, 40);
MMX_ASSERT_OFFSET(struct mmx_msg_vm_create, timeline, 28);

struct mmx_reply_vm_create {
	struct mmx_msg_hdr hdr;
	uint64_t user_va_range;
};
MMX_ASSERT_SIZE(struct mmx_reply_vm_create, 24);

/*
 * VM_BIND: ops are carried out in order; each maps part of a memory object or unmaps a range. Mapping
 * over existing mappings replaces them. va, size and mem_offset are multiples of 4096; size 0 does
 * nothing. UNMAP: mem and mem_offset MBZ; holes are fine. Each op happens as a whole or not at all, and as
 * one step for all other binds of the VM; but a MAP for which the backend finds no memory (ENOMEM) may leave its
 * range unmapped.
 *
 * SPARSE maps no memory of the guest: mem and mem_offset MBZ, and NOEXEC must be set. The range can be
 * accessed; what is read is undefined, and what is written is lost, or is what some other sparse range of
 * the same session reads.
 *
 * A synchronous bind does not wait for asynchronous ones. What comes behind it in the ring finds it carried
 * out, and it is answered when the GPU can no longer reach what was unmapped or replaced. On error
 * the reply's op says which op failed; those before it have been carried out. ENOSPC: too many mappings, or
 * the page tables for it could exceed what the partition may have.
 */
#define MMX_BIND_OP_MAP	  0u
#define MMX_BIND_OP_UNMAP 1u
#define MMX_BIND_READONLY 0x1u
#define MMX_BIND_NOEXEC	  0x2u
#define MMX_BIND_UNCACHED 0x4u
#define MMX_BIND_SPARSE	  0x8u

struct mmx_bind_op {
	uint32_t op;
	uint32_t flags;
	uint32_t mem;
	uint32_t pad;
	uint64_t mem_offset;
	uint64_t va;
	uint64_t size;
};
MMX_ASSERT_SIZE(struct mmx_bind_op, 40);

struct mmx_msg_vm_bind {
	struct mmx_msg_hdr hdr;
	uint32_t vm;
	uint32_t flags; /* MBZ: synchronous */
	uint32_t op_count;
	uint32_t pad;
	struct mmx_bind_op ops[]; /* op_count of them */
};
MMX_ASSERT_SIZE(struct mmx_msg_vm_bind, 32);
#define MMX_BIND_MAX_OPS ((MMX_MSG_MAX - 32u) / 40u)

struct mmx_reply_vm_bind {
	struct mmx_msg_hdr hdr;
	uint32_t op; /* index of the op that failed; op_count on success */
	uint32_t pad;
};
MMX_ASSERT_SIZE(struct mmx_reply_vm_bind, 24);

/*
 * VM_BIND_ASYNC: the same ops, as a job of the VM's timeline: carried out when its waits have passed and
 * those before it have been carried out, complete when the GPU can no longer reach what was unmapped or
 * replaced. No ops, but waits: a point that others can wait for.
 *
 *     0                16       20         24       32            36    40
 *    +----------------+--------+----------+--------+-------------+-----+-- - - -+-- - - - -+
 *    | hdr            | vm     | op_count | seqno  | wait_count  | pad | ops    | waits    |
 *    +----------------+--------+----------+--------+-------------+-----+-- - - -+-- - - - -+
 *
 * As with SUBMIT, a VM that does not exist (ENOENT) or has no timeline (EINVAL), a wrong seqno (EILSEQ), no
 * credit (EAGAIN), or a message that is none is answered with an error reply and takes no seqno; all else
 * takes it. Names are looked up and ops are checked when the message comes: memory objects can be destroyed
 * right behind it, and are released when the bind is through with them. If anything is wrong (EINVAL,
 * ENOENT), or mappings and page tables could become too many at their worst (ENOSPC), the bind completes in
 * its turn with that error and no effect.
 *
 * If a bind fails when it is carried out (ENOMEM), the VM is unusable from then on: the guest gets
 * EVENT_FAULT, the VM's groups are lost, asynchronous binds and synchronous MAPs fail with EINVAL, only
 * synchronous UNMAPs do what they say. A new VM is the way out.
 */
struct mmx_msg_vm_bind_async {
	struct mmx_msg_hdr hdr;
	uint32_t vm;
	uint32_t op_count;
	uint64_t seqno;
	uint32_t wait_count;
	uint32_t pad;
	struct mmx_bind_op ops[]; /* op_count of them, then wait_count of struct mmx_wait */
};
MMX_ASSERT_SIZE(struct mmx_msg_vm_bind_async, 40);

/* VM_GET_STATE */
#define MMX_VM_STATE_USABLE   0u
#define MMX_VM_STATE_UNUSABLE 1u
struct mmx_reply_vm_get_state {
	struct mmx_msg_hdr hdr;
	uint32_t state;
	uint32_t pad;
};
MMX_ASSERT_SIZE(struct mmx_reply_vm_get_state, 24);

/*
 * GROUP_CREATE. Priorities are below MMX_PRIORITIES; from HELLO's max_priority on it is EACCES.
 * Core masks must lie in the partition's cores (EINVAL), and have at least max_* bits. Ring sizes are powers
 * of two of 4 KiB..64 KiB.
 */
#define MMX_MAX_QUEUES 8u
struct mmx_queue_desc {
	uint32_t priority; /* 0..15, higher goes first within the group */
	uint32_t ring_size;
	uint32_t timeline;
	uint32_t pad;
};
MMX_ASSERT_SIZE(struct mmx_queue_desc, 16);

struct mmx_msg_group_create {
	struct mmx_msg_hdr hdr;
	uint32_t client;
	uint32_t vm;
	uint32_t group;
	uint8_t priority;
	uint8_t max_compute_cores;
	uint8_t max_fragment_cores;
	uint8_t max_tiler_cores;
	uint64_t compute_core_mask;
	uint64_t fragment_core_mask;
	uint64_t tiler_core_mask;
	uint32_t queue_count; /* 1..MMX_MAX_QUEUES */
	uint32_t pad;
	struct mmx_queue_desc queues[]; /* queue_count of them */
};
MMX_ASSERT_SIZE(struct mmx_msg_group_create, 64);

/* Any of these flags: the group takes no more jobs (SUBMIT completes with ECANCELED). */
#define MMX_GROUP_STATE_TIMEDOUT    0x1u
#define MMX_GROUP_STATE_FATAL_FAULT 0x2u
#define MMX_GROUP_STATE_INNOCENT \
	0x4u /* with TIMEDOUT: lost in a GPU reset that it was not the reason of */
struct mmx_reply_group_get_state {
	struct mmx_msg_hdr hdr;
	uint32_t state;
	uint32_t fatal_queues; /* bit per queue */
};
MMX_ASSERT_SIZE(struct mmx_reply_group_get_state, 24);

/*
 * HEAP_CREATE: a tiler heap in a VM, of memory of the backend's. Its initial chunks are there with the answer, which
 * says where the GPU finds them: the heap context for HEAP_SET, and the first chunk for the tiler heap descriptor. The
 * heap grows by itself up to max_chunks of them (the backend may have a lower bound) while no more than
 * target_in_flight render passes are under way and the partition's share of memory lasts; then the GPU waits for
 * fragment work, or calls the guest's exception handler, or the draw fails.
 *
 * initial_chunk_count: 1..max_chunks. chunk_size: bytes, a multiple of 4096 of 128 KiB..8 MiB. Anything else is EINVAL.
 * ENOSPC: not that much memory is left, or not as many addresses as max_chunks of them need. ECANCELED: its VM, that was
 * going already with its client, has gone meanwhile.
 *
 * HEAP_DESTROY is answered when the GPU can't reach it any more, and its memory has been given back. What still uses it
 * is a fault of the VM.
 */
struct mmx_msg_heap_create {
	struct mmx_msg_hdr hdr;
	uint32_t vm;
	uint32_t heap;
	uint32_t initial_chunk_count;
	uint32_t chunk_size;
	uint32_t max_chunks;
	uint32_t target_in_flight;
};
MMX_ASSERT_SIZE(struct mmx_msg_heap_create, 40);

struct mmx_reply_heap_create {
	struct mmx_msg_hdr hdr;
	uint64_t heap_ctx_va;
	uint64_t first_chunk_va;
};
MMX_ASSERT_SIZE(struct mmx_reply_heap_create, 32);

/*
 * SUBMIT: a job for one queue. The backend holds it until its waits are met, then calls the stream from the
 * queue's ring. stream_addr: 64-byte aligned, stream_size: multiple of 8; both 0 = an empty job, which
 * completes after those before it. latest_flush as in panthor: 0 = flush; bits 30:24 MBZ.
 *
 * seqno must be the timeline's last submitted one + 1, else EILSEQ. A name that does not exist (ENOENT), a
 * queue that does not exist (EINVAL), a wrong seqno, no credit (EAGAIN), or a message that is none (EMSGSIZE, E2BIG,
 * EINVAL in its header) is answered with an error reply and takes no seqno. Anything else that is wrong takes the
 * seqno and completes it with that error (EINVAL).
 *
 * A frontend must go on reading completions while it submits: when answers to refused SUBMITs find no room, the backend
 * reads nothing more until they do.
 */
struct mmx_wait {
	uint32_t timeline;
	uint32_t pad;
	uint64_t seqno;
};
MMX_ASSERT_SIZE(struct mmx_wait, 16);

struct mmx_msg_submit {
	struct mmx_msg_hdr hdr;
	uint32_t group;
	uint32_t queue;
	uint64_t seqno;
	uint64_t stream_addr;
	uint32_t stream_size;
	uint32_t latest_flush;
	uint32_t wait_count;
	uint32_t pad;
	struct mmx_wait waits[]; /* wait_count of them */
};
MMX_ASSERT_SIZE(struct mmx_msg_submit, 56);
#define MMX_SUBMIT_MAX_WAITS 16u

/*
 * LABEL: text for an object, for who looks at the backend's accounts; the object's last one counts. type says what
 * object names. label: printable ASCII (0x20..0x7e), then zeroes, of which there is one at least (EINVAL); an empty one
 * takes the label away. ENOSPC: the partition's share of the backend's memory is used up.
 */
enum mmx_label_type {
	MMX_LABEL_CLIENT = 1,
	MMX_LABEL_MEM = 2,
	MMX_LABEL_VM = 3,
	MMX_LABEL_GROUP = 4,
};
#define MMX_LABEL_SIZE 64u
struct mmx_msg_label {
	struct mmx_msg_hdr hdr;
	uint32_t type; /* enum mmx_label_type */
	uint32_t object;
	char label[MMX_LABEL_SIZE];
};
MMX_ASSERT_SIZE(struct mmx_msg_label, 88);
MMX_ASSERT_OFFSET(struct mmx_msg_label, label, 24);

/*
 * TIME: the GPU's clocks and the backend's, read together. What command streams store as time stamps (STORE_STATE) counts as
 * gpu_timestamp does, and session.heartbeat of region.h as backend_ns; a guest that reads its own clock before and after
 * the request has all three in relation. On real hardware gpu_timestamp is the system's architected timer.
 */
struct mmx_msg_time {
	struct mmx_msg_hdr hdr;
	uint32_t flags; /* MBZ */
	uint32_t pad;
};
MMX_ASSERT_SIZE(struct mmx_msg_time, 24);

struct mmx_reply_time {
	struct mmx_msg_hdr hdr;
	uint64_t gpu_timestamp; /* with gpu_timestamp_offset added */
	uint64_t gpu_timestamp_offset;
	uint64_t gpu_timestamp_frequency; /* Hz; 0 = not known */
	uint64_t
		gpu_cycles; /* GPU clocks; stands while the GPU sleeps, may begin anew after that */
	uint64_t backend_ns; /* before the GPU's were read */
	uint64_t duration_ns; /* how long that took */
};
MMX_ASSERT_SIZE(struct mmx_reply_time, 64);
MMX_ASSERT_OFFSET(struct mmx_reply_time, backend_ns, 48);

/*
 * EVENT_TIMELINES: what has completed. An entry says that the jobs of the timeline after the one that its previous
 * entry named (0 at first), through seqno, have completed, each of them with error (0 = success). Entries of one
 * timeline come in order.
 *
 * Job errors: EINVAL (fault in its stream, or bad arguments), ETIMEDOUT, ECANCELED (group destroyed or
 * lost, VM destroyed); of binds see there.
 */
struct mmx_timeline_entry {
	uint32_t timeline;
	uint32_t error;
	uint64_t seqno;
};
MMX_ASSERT_SIZE(struct mmx_timeline_entry, 16);

struct mmx_event_timelines {
	struct mmx_msg_hdr hdr;
	uint32_t count;
	uint32_t pad[3];
	struct mmx_timeline_entry entries[]; /* count of them */
};
MMX_ASSERT_SIZE(struct mmx_event_timelines, 32);
#define MMX_EVENT_MAX_TIMELINES 14u /* per event: 256 bytes */

/* EVENT_FAULT: for the guest's log; may be dropped when they come too fast (dropped counts them). */
enum mmx_fault_kind {
	MMX_FAULT_CS_FAULT = 1, /* one job failed, its queue goes on */
	MMX_FAULT_CS_FATAL = 2, /* the group is lost */
	MMX_FAULT_MMU = 3, /* the groups of the VM that were in slots are lost: once for each */
	MMX_FAULT_TIMEOUT =
		4, /* the group is lost: a job took too long, or it did not leave its slot in time */
	MMX_FAULT_GPU_RESET = 5, /* the group is lost */
	MMX_FAULT_BIND =
		6, /* the VM is unusable, all groups of it are lost: once without a group, once for each */
};
struct mmx_event_fault {
	struct mmx_msg_hdr hdr;
	uint32_t kind;
	uint32_t group; /* or 0 */
	uint32_t vm; /* or 0 */
	uint32_t queue; /* the first that it concerns */
	uint32_t exception; /* Mali exception type [7:0], data [31:8] */
	uint32_t access; /* MMU faults: 0 atomic, 1 execute, 2 read, 3 write */
	uint64_t address; /* MMU faults: GPU virtual address; CS faults: fault info */
	uint32_t dropped; /* faults not reported since the last report */
	uint32_t pad;
};
MMX_ASSERT_SIZE(struct mmx_event_fault, 56);
MMX_ASSERT_OFFSET(struct mmx_event_fault, address, 40);

struct mmx_event_mem_released {
	struct mmx_msg_hdr hdr;
	uint32_t count;
	uint32_t pad;
	uint32_t mems[]; /* count of them */
};
MMX_ASSERT_SIZE(struct mmx_event_mem_released, 24);
#define MMX_EVENT_MAX_RELEASED 58u /* per event: 256 bytes */

enum mmx_gpu_state {
	MMX_GPU_STATE_LOST = 1, /* nothing will run any more: the session is about to end */
	MMX_GPU_STATE_RESET = 2, /* was reset; groups that were lost say so themselves */
};
struct mmx_event_gpu {
	struct mmx_msg_hdr hdr;
	uint32_t state;
	uint32_t pad;
};
MMX_ASSERT_SIZE(struct mmx_event_gpu, 24);

#endif
