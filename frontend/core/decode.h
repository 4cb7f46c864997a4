/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Messages of the completion ring, checked and taken apart.
 *
 * What the caller must still check, since it knows the state: that a tag is one of its own, that a
 * seqno was submitted, that a name is in use.
 */
#ifndef FRONTEND_CORE_DECODE_H
#define FRONTEND_CORE_DECODE_H

#include "frontend/core/encode.h"
#include "hv/proto/proto.h"

enum mmx_decoded_kind {
	MMX_DECODED_REPLY,
	MMX_DECODED_TIMELINES,
	MMX_DECODED_FAULT,
	MMX_DECODED_MEM_RELEASED,
	MMX_DECODED_GPU,
	MMX_DECODED_UNKNOWN_EVENT, /* of a later minor version: to be ignored */
};

struct mmx_decoded_reply {
	uint16_t request; /* enum mmx_msg_type of the request */
	uint32_t tag;
	int error; /* 0 or negative errno; if it is not 0, only vm_bind_op has been set */
	union {
		struct {
			uint64_t epoch;
			uint32_t spaces; /* at most MMX_MAX_SPACES */
			struct mmx_limits limits;
			struct mmx_gpu_desc gpu;
		} hello;
		uint64_t user_va_range; /* VM_CREATE */
		uint32_t vm_bind_op;
		uint32_t vm_state; /* MMX_VM_STATE_* */
		struct {
			uint64_t context_va, first_chunk_va;
		} heap;
		struct {
			uint32_t state, fatal_queues;
		} group;
		struct {
			uint64_t gpu_timestamp, gpu_timestamp_offset, gpu_timestamp_frequency;
			uint64_t gpu_cycles;
			uint64_t backend_ns, duration_ns;
		} time;
		struct {
			/* not empty, and its end is a physical address of 52 bits at most */
			uint64_t guest_page, page_count;
		} space;
	};
};

struct mmx_decoded {
	enum mmx_decoded_kind kind;
	union {
		struct mmx_decoded_reply reply;
		struct {
			uint32_t count;
			/* errors are errnos, at most 4095; names and seqnos are not 0 */
			struct mmx_timeline_entry entries[MMX_EVENT_MAX_TIMELINES];
		} timelines;
		struct mmx_event_fault fault;
		struct {
			uint32_t count;
			uint32_t mems[MMX_EVENT_MAX_RELEASED];
		} released;
		uint32_t gpu_state; /* enum mmx_gpu_state, or one of a later version */
	};
};

/**
 * mmx_decode_completion() - checks a message and takes it apart
 * @msg: a private copy
 * @size: of it, as mmx_front_session_receive() has returned
 *
 * A message that is shorter than its struct is extended with zeroes; what is beyond it must be
 * zero.
 *
 * Return: 0; -EPROTO: it breaks the protocol.
 */
int mmx_decode_completion(const union mmx_msg_buf *msg, uint32_t size, struct mmx_decoded *ret_msg);

#endif
