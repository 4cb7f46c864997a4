/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The rings: single producer, single consumer, slots of 64 bytes, in memory that both sides can write.
 *
 *    offset 0    prod         u32   written by the producer: slots ever produced
 *           4    space_event  u32   written by the producer: see below
 *          64    cons         u32   written by the consumer: slots ever consumed
 *          68    data_event   u32   written by the consumer: see below
 *         128    slot 0, slot 1, ... slot n-1
 *
 * Indices run freely and wrap at 2^32; a slot is index & (n - 1). Each side keeps its own index privately
 * and only publishes it; of the other's it believes nothing but that it lies in the range that the rules
 * allow. If it does not, the ring is broken for good (-EPROTO).
 *
 * A message takes ceil(size / 64) consecutive slots and may wrap. The producer publishes it as a whole.
 *
 * Events. A consumer about to sleep stores data_event = its cons index and looks once more (after a full
 * fence); a producer that has published (and made a full fence) notifies if the slot numbered data_event was
 * among the published ones. The same the other way round with space_event, for a producer that found no
 * room: it wants to be notified when the consumer has consumed slot space_event. While a side is awake it
 * leaves its event where it is, in the past: so the other side does not notify.
 *
 * There is no read-modify-write of shared memory: a peer could keep an LL/SC loop from ever ending.
 *
 * Thread context: one thread a side. Nothing here allocates, blocks or logs.
 */
#ifndef HV_PROTO_RING_H
#define HV_PROTO_RING_H

#include "hv/proto/proto.h"

#define MMX_RING_MIN_SLOTS 64u
#define MMX_RING_MAX_SLOTS 4096u
#define MMX_RING_HDR_SIZE  128u

struct mmx_ring_ctrl {
	uint32_t prod;
	uint32_t space_event;
	uint32_t pad0[14];
	uint32_t cons;
	uint32_t data_event;
	uint32_t pad1[14];
	uint8_t slots[][MMX_SLOT_SIZE];
};
MMX_ASSERT_SIZE(struct mmx_ring_ctrl, MMX_RING_HDR_SIZE);
MMX_ASSERT_OFFSET(struct mmx_ring_ctrl, cons, 64);

#endif
