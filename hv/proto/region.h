/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The shared region of a session: what lies where in it.
 *
 *    +--------+--------------+-----------------+-----------------+---------------------------+
 *    | header | session page | submission ring | completion ring | data area                 |
 *    +--------+--------------+-----------------+-----------------+---------------------------+
 *    0        4096           (each part starts on a wire page; offsets are in the header)
 *
 * The backend writes the header before the frontend can see the region; the frontend copies and
 * checks it (mmx_region_check()), the backend never reads it back. The session page is written by
 * the backend alone: the frontend reads it, and what a frontend writes there only fools itself.
 * Both rings are described in ring.h. The data area is the guest's: it allocates from it what it
 * registers with MEM_CREATE.
 */
#ifndef HV_PROTO_REGION_H
#define HV_PROTO_REGION_H

#include "hv/proto/proto.h"

#define MMX_REGION_MAGIC   0x52584d4du /* "MMXR" */
#define MMX_REGION_VERSION 1u

/* An index of a name has 16 bits. */
#define MMX_REGION_MAX_TIMELINES 65536u

struct mmx_region_hdr {
	uint32_t magic;
	uint32_t version;
	uint64_t size; /* of the region, bytes */
	uint32_t session_offset;
	uint32_t session_size;
	uint32_t sub_offset; /* struct mmx_ring_ctrl, then the slots */
	uint32_t sub_slots; /* power of two, MMX_RING_MIN_SLOTS..MMX_RING_MAX_SLOTS */
	uint32_t comp_offset;
	uint32_t comp_slots;
	uint32_t max_timelines; /* entries of the session page */
	uint32_t pad;
	uint64_t data_offset;
	uint64_t data_size;
};
MMX_ASSERT_SIZE(struct mmx_region_hdr, 64);
MMX_ASSERT_OFFSET(struct mmx_region_hdr, data_offset, 48);

/*
 * State of one timeline. The backend raises errors before completed, and stores completed with
 * release: a frontend that loads completed with acquire and then finds errors unchanged knows that
 * all jobs up to completed have succeeded, without looking at the completion ring.
 */
struct mmx_timeline_state {
	uint64_t completed; /* seqno */
	uint64_t gpu_time_ns; /* charged so far, by the backend's clock */
	uint32_t errors; /* jobs of it that have failed so far */
	uint32_t name; /* of the timeline whose state this is; 0 = free */
	uint64_t pad;
};
MMX_ASSERT_SIZE(struct mmx_timeline_state, 32);

struct mmx_session_page {
	uint64_t heartbeat; /* raised at least every MMX_HEARTBEAT_MS while the backend lives */
	uint64_t epoch;
	uint64_t gpu_time_ns; /* of the whole guest */
	/*
	 * Not 0: the session has ended; errno. EPROTO: the guest broke the protocol; EPERM: it was to blame for too
	 * many GPU resets; ENODEV: the GPU is lost; ESHUTDOWN: the backend ends; ECONNRESET: the guest went away.
	 */
	uint32_t closed;
	uint32_t pad[9];
	struct mmx_timeline_state timelines[]; /* max_timelines of them, by index */
};
MMX_ASSERT_SIZE(struct mmx_session_page, 64);

#define MMX_HEARTBEAT_MS 500u

/* What a transport decides about a region's layout. */
struct mmx_region_params {
	uint32_t sub_slots;
	uint32_t comp_slots;
	uint32_t max_timelines;
	uint64_t data_size; /* bytes, multiple of 4096 */
};

/**
 * mmx_region_layout() - computes the header of a region
 *
 * Return: 0; -EINVAL: slots are no power of two of the range, no or too many timelines, or
 * data_size is not whole pages or so large that the region's size overflows.
 */
int mmx_region_layout(const struct mmx_region_params *params, struct mmx_region_hdr *ret_hdr);

/**
 * mmx_region_check() - is this a region that can be used?
 * @hdr: a private copy of the header
 * @mapped_size: what is mapped here, from the header on
 *
 * Return: 0; -EPROTONOSUPPORT: another version; -EPROTO: anything else is wrong.
 */
int mmx_region_check(const struct mmx_region_hdr *hdr, uint64_t mapped_size);

#endif
