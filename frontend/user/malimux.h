/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * libmalimux: a guest in a plain process. For benchmarks, the demo, tests and tools; what
 * malimux.ko is in a virtual machine.
 *
 * Names are chosen, requests pipelined and replies matched by the library; calls that create
 * something wait for the answer, with a deadline. All functions return 0 or a negative errno: the
 * backend's error, -ETIMEDOUT (no answer in time), -ENODEV (the session has ended; the guest must
 * be closed), -EPROTO (the backend broke the protocol; same).
 *
 * Threads: one thread per struct mmx_guest.
 */
#ifndef FRONTEND_USER_MALIMUX_H
#define FRONTEND_USER_MALIMUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hv/proto/proto.h"

struct mmx_guest;
struct mmx_mem;

/* A name of the wire (hv/proto/proto.h) is a handle here too: client, vm, group, timeline, heap. */

struct mmx_fence {
	uint32_t timeline;
	uint64_t seqno;
};

struct mmx_fault_record {
	uint32_t kind, group, vm, queue, exception, access;
	uint64_t address;
};

/**
 * mmx_guest_open() - connects to the partition's socket and says HELLO
 * @path: of the socket; with "ivshmem:" in front, of one that is meant for a virtual machine
 * @name: of this guest's driver, for the backend's logs
 * @timeout_ms: for this and for each later wait that has no deadline of its own
 */
int mmx_guest_open(const char *path, const char *name, int timeout_ms,
		   struct mmx_guest **ret_guest);
/*
 * Ends the session; the backend destroys what is left. NULL is fine. Memory objects become
 * invalid.
 */
void mmx_guest_close(struct mmx_guest *guest);

const struct mmx_gpu_desc *mmx_guest_gpu(const struct mmx_guest *guest);
const struct mmx_limits *mmx_guest_limits(const struct mmx_guest *guest);
/*
 * For callers with an event loop of their own: readable when something may have come since the last
 * mmx_guest_poll(). To be polled, not read; and mmx_guest_poll() is due after any other call that waits.
 */
int mmx_guest_fd(const struct mmx_guest *guest);
/*
 * Takes what has come: completions, faults, the end. Never waits. 0 or a negative errno that ends
 * the session.
 */
int mmx_guest_poll(struct mmx_guest *guest);
/* GPU time charged to this guest so far, ns. */
uint64_t mmx_guest_gpu_time_ns(const struct mmx_guest *guest);

int mmx_guest_client_create(struct mmx_guest *guest, const char *name, uint32_t *ret_client);
int mmx_guest_client_destroy(struct mmx_guest *guest, uint32_t client);

/*
 * Memory of the region's data area, zeroed, registered as runs of pages. @scatter: 0 or 1 = as few
 * runs as can be; n = no run longer than n pages and neighbours not adjacent, as memory of a Xen
 * guest is.
 */
int mmx_guest_mem_create(struct mmx_guest *guest, size_t size, unsigned int scatter,
			 struct mmx_mem **ret_mem);
/*
 * Waits until the backend has released the pages, but no longer than the guest's timeout; whatever
 * this returns, @mem and its CPU view are gone. Pages that are not released in time are not used
 * again before they are.
 */
int mmx_guest_mem_destroy(struct mmx_guest *guest, struct mmx_mem *mem);
/* CPU address of a contiguous view of the object (runs are mapped one after the other). */
void *mmx_guest_mem_ptr(const struct mmx_mem *mem);
size_t mmx_guest_mem_size(const struct mmx_mem *mem);

int mmx_guest_vm_create(struct mmx_guest *guest, uint32_t client, uint64_t user_va_range,
			uint32_t *ret_vm);
/* The same with a timeline, for mmx_guest_vm_bind_async(). */
int mmx_guest_vm_create_async(struct mmx_guest *guest, uint32_t client, uint64_t user_va_range,
			      uint32_t *ret_vm);
int mmx_guest_vm_destroy(struct mmx_guest *guest, uint32_t vm);
/* @flags: MMX_BIND_* */
int mmx_guest_vm_map(struct mmx_guest *guest, uint32_t vm, struct mmx_mem *mem, uint64_t offset,
		     uint64_t va, uint64_t size, uint32_t flags);
int mmx_guest_vm_unmap(struct mmx_guest *guest, uint32_t vm, uint64_t va, uint64_t size);

/* @ret_state: MMX_VM_STATE_* */
int mmx_guest_vm_get_state(struct mmx_guest *guest, uint32_t vm, uint32_t *ret_state);

struct mmx_bind_op_params {
	uint32_t op; /* MMX_BIND_OP_* */
	uint32_t flags; /* MMX_BIND_* */
	struct mmx_mem *mem; /* NULL: UNMAP, or sparse */
	uint64_t offset; /* in it */
	uint64_t va, size;
};
/*
 * A job of the VM's timeline: see mmx_guest_submit() for what it waits for and returns. Its fence, and those of
 * queues, may be among the waits of either kind of job. -ENOENT: the VM has no timeline.
 */
int mmx_guest_vm_bind_async(struct mmx_guest *guest, uint32_t vm,
			    const struct mmx_bind_op_params *ops, unsigned int op_count,
			    const struct mmx_fence *waits, unsigned int wait_count,
			    struct mmx_fence *ret_fence);

struct mmx_guest_group_params {
	uint32_t client, vm;
	uint8_t priority;
	unsigned int queue_count;
	uint32_t ring_size; /* of each queue; 0 = 64 KiB */
	/* cores: all that the partition has */
};
int mmx_guest_group_create(struct mmx_guest *guest, const struct mmx_guest_group_params *params,
			   uint32_t *ret_group);
int mmx_guest_group_destroy(struct mmx_guest *guest, uint32_t group);
int mmx_guest_group_get_state(struct mmx_guest *guest, uint32_t group, uint32_t *ret_state,
			      uint32_t *ret_fatal_queues);

struct mmx_guest_heap_params {
	uint32_t vm;
	uint32_t initial_chunks, chunk_size, max_chunks,
		target_in_flight; /* proto.h: HEAP_CREATE */
};
struct mmx_guest_heap {
	uint32_t name;
	uint64_t context_va, first_chunk_va;
};
int mmx_guest_heap_create(struct mmx_guest *guest, const struct mmx_guest_heap_params *params,
			  struct mmx_guest_heap *ret_heap);
int mmx_guest_heap_destroy(struct mmx_guest *guest, uint32_t heap);

/*
 * Text for an object in the backend's accounts; printable ASCII of at most 63 bytes (-EINVAL, -E2BIG), "" takes it away.
 * @object: client, VM or group.
 */
int mmx_guest_label(struct mmx_guest *guest, enum mmx_label_type type, uint32_t object,
		    const char *label);
int mmx_guest_mem_label(struct mmx_guest *guest, const struct mmx_mem *mem, const char *label);

/* The clocks of GPU and backend (hv/proto/proto.h: TIME), between two readings of this process's. */
struct mmx_guest_time {
	uint64_t gpu_timestamp, gpu_timestamp_offset, gpu_timestamp_frequency;
	uint64_t gpu_cycles;
	uint64_t backend_ns, duration_ns;
	uint64_t before_ns, after_ns; /* CLOCK_MONOTONIC */
};
int mmx_guest_time(struct mmx_guest *guest, struct mmx_guest_time *ret_time);

struct mmx_submit {
	uint32_t group;
	unsigned int queue;
	uint64_t stream_addr;
	uint32_t stream_size;
	const struct mmx_fence *waits; /* may be NULL if wait_count is 0 */
	unsigned int wait_count;
};
/*
 * Does not wait for an answer, but for room if the timeline has no credit or the ring none. The
 * fence's error tells what became of the job.
 */
int mmx_guest_submit(struct mmx_guest *guest, const struct mmx_submit *submit,
		     struct mmx_fence *ret_fence);
/*
 * Waits until the fence has completed. Return: 0: it has, and *ret_error is what became of the
 * job: 0 or a negative errno; -ETIMEDOUT; -ENOENT: its group has been destroyed; -EINVAL: was
 * never submitted; what ends the session. Errors are kept for the last limits.max_jobs (at most
 * 1024) jobs of a timeline; *ret_error is -ESTALE if a later job has failed and taken the place.
 */
int mmx_guest_fence_wait(struct mmx_guest *guest, const struct mmx_fence *fence, int timeout_ms,
			 int *ret_error);

/* Takes the oldest fault record that has come. Return: true if there was one. */
bool mmx_guest_next_fault(struct mmx_guest *guest, struct mmx_fault_record *ret_fault);

#endif
