/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Requests as bytes. Each function fills the caller's buffer with one message and returns its
 * size.
 *
 * Checked is what would make a message that cannot be one: counts, names that are none, a text
 * without its end. What only the backend can judge (does the object exist, is the range mapped) it
 * judges.
 *
 * Return, of all: the size, for mmx_front_session_send(); -E2BIG: more elements than a message
 * holds; -EINVAL: an argument that no backend would take.
 */
#ifndef FRONTEND_CORE_ENCODE_H
#define FRONTEND_CORE_ENCODE_H

#include "hv/proto/proto.h"

/* A message in private memory, aligned for any of its structs. */
union mmx_msg_buf {
	struct mmx_msg_hdr hdr;
	uint64_t align;
	uint8_t bytes[MMX_MSG_MAX];
};

/* @name: at most 31 bytes of it are sent */
int mmx_encode_hello(union mmx_msg_buf *buf, uint32_t tag, const char *name);
int mmx_encode_client_create(union mmx_msg_buf *buf, uint32_t tag, uint32_t client, uint32_t pid,
			     const char *name);
/* CLIENT_DESTROY, MEM_DESTROY, VM_DESTROY, VM_GET_STATE, GROUP_DESTROY, GROUP_GET_STATE, HEAP_DESTROY */
int mmx_encode_object(union mmx_msg_buf *buf, uint32_t tag, uint16_t type, uint32_t object);

/* @page_count: of the whole object; @runs: those of this message; @flags: MMX_MEM_SEAL */
int mmx_encode_mem_create(union mmx_msg_buf *buf, uint32_t tag, uint32_t mem, uint32_t flags,
			  uint32_t page_count, const struct mmx_run *runs, uint32_t run_count);
int mmx_encode_mem_add(union mmx_msg_buf *buf, uint32_t tag, uint32_t mem, uint32_t flags,
		       const struct mmx_run *runs, uint32_t run_count);

/* @timeline: for its asynchronous binds, or 0 */
int mmx_encode_vm_create(union mmx_msg_buf *buf, uint32_t tag, uint32_t client, uint32_t vm,
			 uint32_t timeline, uint64_t user_va_range);
int mmx_encode_vm_bind(union mmx_msg_buf *buf, uint32_t tag, uint32_t vm,
		       const struct mmx_bind_op *ops, uint32_t op_count);

int mmx_encode_vm_bind_async(union mmx_msg_buf *buf, uint32_t tag, uint32_t vm, uint64_t seqno,
			     const struct mmx_bind_op *ops, uint32_t op_count,
			     const struct mmx_wait *waits, uint32_t wait_count);

struct mmx_group_desc {
	uint32_t client, vm, group;
	uint8_t priority;
	uint8_t max_compute_cores, max_fragment_cores, max_tiler_cores;
	uint64_t compute_core_mask, fragment_core_mask, tiler_core_mask;
};
int mmx_encode_group_create(union mmx_msg_buf *buf, uint32_t tag,
			    const struct mmx_group_desc *group, const struct mmx_queue_desc *queues,
			    uint32_t queue_count);

struct mmx_heap_desc {
	uint32_t vm, heap;
	uint32_t initial_chunk_count, chunk_size, max_chunks, target_in_flight;
};
int mmx_encode_heap_create(union mmx_msg_buf *buf, uint32_t tag, const struct mmx_heap_desc *heap);

/* @type: enum mmx_label_type; @label: printable ASCII, at most 63 bytes of it (-E2BIG) */
int mmx_encode_label(union mmx_msg_buf *buf, uint32_t tag, uint32_t type, uint32_t object,
		     const char *label);
int mmx_encode_time(union mmx_msg_buf *buf, uint32_t tag);
/* @space: 1..MMX_MAX_SPACES */
int mmx_encode_space(union mmx_msg_buf *buf, uint32_t tag, uint32_t space);
int mmx_encode_space_check(union mmx_msg_buf *buf, uint32_t tag, uint32_t space, uint64_t page,
			   const uint8_t nonce[MMX_NONCE_SIZE]);

struct mmx_job_desc {
	uint32_t group, queue;
	uint64_t seqno;
	uint64_t stream_addr;
	uint32_t stream_size;
	uint32_t latest_flush;
};
int mmx_encode_submit(union mmx_msg_buf *buf, uint32_t tag, const struct mmx_job_desc *job,
		      const struct mmx_wait *waits, uint32_t wait_count);

#endif
