/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The rings: single producer, single consumer, slots of 64 bytes, in memory that both sides can
 * write.
 *
 *    offset 0    prod         u32   written by the producer: slots ever produced
 *           4    space_event  u32   written by the producer: see below
 *          64    cons         u32   written by the consumer: slots ever consumed
 *          68    data_event   u32   written by the consumer: see below
 *         128    slot 0, slot 1, ... slot n-1
 *
 * Indices run freely and wrap at 2^32; a slot is index & (n - 1). Each side keeps its own index
 * privately and only publishes it; of the other's it believes nothing but that it lies in the
 * range that the rules allow. If it does not, the ring is broken for good (-EPROTO).
 *
 * A message takes ceil(size / 64) consecutive slots and may wrap. The producer publishes it as a
 * whole.
 *
 * Events. A consumer about to sleep stores data_event = its cons index and looks once more (after
 * a full fence); a producer that has published (and made a full fence) notifies if the slot
 * numbered data_event was among the published ones. The same the other way round with space_event,
 * for a producer that found no room: it wants to be notified when the consumer has consumed slot
 * space_event. While a side is awake it leaves its event where it is, in the past, or puts it there:
 * so the other side does not notify.
 *
 * A zeroed ring is an empty one whose consumer sleeps and whose producer is awake once it has called
 * mmx_ring_producer_init().
 *
 * There is no read-modify-write of shared memory: a peer could keep an LL/SC loop from ever
 * ending.
 *
 * Thread context: one thread a side. Nothing here allocates, blocks or logs.
 */
#ifndef HV_PROTO_RING_H
#define HV_PROTO_RING_H

#include "hv/proto/proto.h"

#ifdef __KERNEL__
#include <asm/barrier.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <string.h>
#endif

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

/*
 * Every access to shared memory goes through these, so that tests/unit/ring_interleave_test.c can
 * put itself in between. MMX_RING_COPY_FROM/TO may tear: what they copy has been published, or is
 * not yet.
 */
#ifndef MMX_RING_LOAD_ACQUIRE
#ifdef __KERNEL__
#define MMX_RING_LOAD_ACQUIRE(ptr)	 virt_load_acquire(ptr)
#define MMX_RING_LOAD(ptr)		 READ_ONCE(*(ptr))
#define MMX_RING_STORE_RELEASE(ptr, val) virt_store_release(ptr, val)
#define MMX_RING_STORE(ptr, val)	 WRITE_ONCE(*(ptr), val)
#define MMX_RING_FENCE()		 virt_mb()
#else
#define MMX_RING_LOAD_ACQUIRE(ptr)	 __atomic_load_n(ptr, __ATOMIC_ACQUIRE)
#define MMX_RING_LOAD(ptr)		 __atomic_load_n(ptr, __ATOMIC_RELAXED)
#define MMX_RING_STORE_RELEASE(ptr, val) __atomic_store_n(ptr, val, __ATOMIC_RELEASE)
#define MMX_RING_STORE(ptr, val)	 __atomic_store_n(ptr, val, __ATOMIC_RELAXED)
#define MMX_RING_FENCE()		 __atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif
#define MMX_RING_COPY_FROM(dst, src, len) memcpy(dst, src, len)
#define MMX_RING_COPY_TO(dst, src, len)	  memcpy(dst, src, len)
#define MMX_RING_CLEAR(dst, len)	  memset(dst, 0, len)
#endif

/* The producing end. */
struct mmx_ring_producer {
	struct mmx_ring_ctrl *ctrl;
	uint32_t slots; /* power of two */
	uint32_t prod; /* slots written */
	uint32_t published; /* of them, those that the consumer may know of */
	uint32_t cons; /* the consumer's index when last looked at: never beyond published */
	bool broken;
};

/* The consuming end. */
struct mmx_ring_consumer {
	struct mmx_ring_ctrl *ctrl;
	uint32_t slots; /* power of two */
	uint32_t cons; /* slots read */
	uint32_t published; /* of them, those that the producer may know of */
	uint32_t prod; /* the producer's index when last looked at */
	bool broken;
};

/**
 * mmx_ring_producer_init() - begins to produce on an empty ring
 * @slots: power of two; the caller has checked the range (mmx_region_check())
 */
static inline void mmx_ring_producer_init(struct mmx_ring_producer *p, struct mmx_ring_ctrl *ctrl,
					  uint32_t slots)
{
	*p = (struct mmx_ring_producer){ .ctrl = ctrl, .slots = slots };
	MMX_RING_STORE(&ctrl->space_event, (uint32_t)-1);
}

/**
 * mmx_ring_consumer_init() - begins to consume from an empty ring, asleep
 * @slots: power of two; the caller has checked the range (mmx_region_check())
 */
static inline void mmx_ring_consumer_init(struct mmx_ring_consumer *c, struct mmx_ring_ctrl *ctrl,
					  uint32_t slots)
{
	*c = (struct mmx_ring_consumer){ .ctrl = ctrl, .slots = slots };
}

/* Is the slot that the other side waits for among [old, new)? */
static inline bool mmx_ring_event_hit(uint32_t event, uint32_t old_index, uint32_t new_index)
{
	return (uint32_t)(event - old_index) < (uint32_t)(new_index - old_index);
}

/**
 * mmx_ring_room() - is there room to write @slots more slots?
 *
 * Return: 0; -EAGAIN: not now; -EMSGSIZE: never; -EPROTO: the ring is broken.
 */
static inline int mmx_ring_room(struct mmx_ring_producer *p, uint32_t slots)
{
	uint32_t cons;

	if (p->broken)
		return -EPROTO;
	if (slots > p->slots)
		return -EMSGSIZE;
	if (p->slots - (p->prod - p->cons) >= slots)
		return 0;
	cons = MMX_RING_LOAD_ACQUIRE(&p->ctrl->cons);
	/* It may not go back, nor beyond what it can know of. */
	if ((uint32_t)(cons - p->cons) > (uint32_t)(p->published - p->cons)) {
		p->broken = true;
		return -EPROTO;
	}
	p->cons = cons;
	return p->slots - (p->prod - p->cons) >= slots ? 0 : -EAGAIN;
}

/**
 * mmx_ring_write() - puts a message into the ring, to be published later
 * @msg: begins with a struct mmx_msg_hdr whose size is @size
 *
 * Return: 0; -EAGAIN: no room now, see mmx_ring_want_space(); -EMSGSIZE: @size is no message's, or
 * more than the ring; -EPROTO: the ring is broken.
 */
static inline int mmx_ring_write(struct mmx_ring_producer *p, const void *msg, uint32_t size)
{
	const uint8_t *from = msg;
	uint32_t slots = MMX_MSG_SLOTS(size), i, part;
	struct mmx_msg_hdr hdr;
	uint8_t *slot;
	int ret;

	if (size < sizeof(hdr) || size > MMX_MSG_MAX)
		return -EMSGSIZE;
	memcpy(&hdr, msg, sizeof(hdr));
	if (hdr.size != size)
		return -EMSGSIZE;
	ret = mmx_ring_room(p, slots);
	if (ret)
		return ret;

	for (i = 0; i < slots; i++) {
		slot = p->ctrl->slots[(p->prod + i) & (p->slots - 1)];
		part = size - i * MMX_SLOT_SIZE;
		if (part > MMX_SLOT_SIZE)
			part = MMX_SLOT_SIZE;
		MMX_RING_COPY_TO(slot, from + i * MMX_SLOT_SIZE, part);
		if (part < MMX_SLOT_SIZE)
			MMX_RING_CLEAR(slot + part, MMX_SLOT_SIZE - part);
	}
	p->prod += slots;
	return 0;
}

/**
 * mmx_ring_publish() - lets the consumer see all that was written
 *
 * Return: true if the consumer must be notified.
 */
static inline bool mmx_ring_publish(struct mmx_ring_producer *p)
{
	uint32_t old = p->published;

	if (p->prod == old)
		return false;
	p->published = p->prod;
	MMX_RING_STORE_RELEASE(&p->ctrl->prod, p->prod);
	/*
	 * Either this side sees the consumer's event, or the consumer, looking once more, sees
	 * prod.
	 */
	MMX_RING_FENCE();
	return mmx_ring_event_hit(MMX_RING_LOAD(&p->ctrl->data_event), old, p->prod);
}

/**
 * mmx_ring_want_space() - asks to be notified when @slots more slots can be written
 *
 * All that was written must have been published, and mmx_ring_room() must have said -EAGAIN.
 *
 * Return: true: sleep now, a notification will come; false: do not, mmx_ring_room() has news.
 */
static inline bool mmx_ring_want_space(struct mmx_ring_producer *p, uint32_t slots)
{
	/* the slot whose consumption makes the room */
	MMX_RING_STORE(&p->ctrl->space_event, p->prod + slots - p->slots - 1);
	MMX_RING_FENCE();
	return mmx_ring_room(p, slots) == -EAGAIN;
}

/* Takes note of the producer's index. Return: 0; -EPROTO: the ring is broken. */
static inline int mmx_ring_look(struct mmx_ring_consumer *c)
{
	uint32_t prod;

	if (c->broken)
		return -EPROTO;
	prod = MMX_RING_LOAD_ACQUIRE(&c->ctrl->prod);
	/*
	 * It may not go back, nor overtake what it knows to be consumed by more than the ring
	 * holds.
	 */
	if ((uint32_t)(prod - c->prod) > (uint32_t)(c->published + c->slots - c->prod)) {
		c->broken = true;
		return -EPROTO;
	}
	c->prod = prod;
	return 0;
}

/**
 * mmx_ring_read() - takes the next message
 * @buf: where it goes; of what is beyond the message's size, the contents are undefined
 * @buf_size: at least MMX_MSG_MAX
 *
 * The message is copied once; the size returned is that of the copy. Its header says the same.
 *
 * Return: its size, 16..MMX_MSG_MAX; 0: there is none; -EPROTO: the ring is broken; -EINVAL: small
 * buffer.
 */
static inline int mmx_ring_read(struct mmx_ring_consumer *c, void *buf, uint32_t buf_size)
{
	uint8_t *to = buf;
	struct mmx_msg_hdr hdr;
	uint32_t slots, i, part;
	int ret;

	if (buf_size < MMX_MSG_MAX)
		return -EINVAL;
	if (c->broken)
		return -EPROTO;
	if (c->prod == c->cons) {
		ret = mmx_ring_look(c);
		if (ret)
			return ret;
		if (c->prod == c->cons)
			return 0;
	}

	MMX_RING_COPY_FROM(to, c->ctrl->slots[c->cons & (c->slots - 1)], MMX_SLOT_SIZE);
	memcpy(&hdr, to, sizeof(hdr));
	slots = MMX_MSG_SLOTS(hdr.size);
	/* Messages are published as a whole: that part of it should come later is not an excuse. */
	if (hdr.size < sizeof(hdr) || hdr.size > MMX_MSG_MAX || slots > c->prod - c->cons) {
		c->broken = true;
		return -EPROTO;
	}
	for (i = 1; i < slots; i++) {
		part = hdr.size - i * MMX_SLOT_SIZE;
		if (part > MMX_SLOT_SIZE)
			part = MMX_SLOT_SIZE;
		MMX_RING_COPY_FROM(to + i * MMX_SLOT_SIZE,
				   c->ctrl->slots[(c->cons + i) & (c->slots - 1)], part);
	}
	c->cons += slots;
	return (int)hdr.size;
}

/**
 * mmx_ring_consume_publish() - gives the slots of all messages that were read back to the producer
 *
 * Return: true if the producer must be notified.
 */
static inline bool mmx_ring_consume_publish(struct mmx_ring_consumer *c)
{
	uint32_t old = c->published;

	if (c->cons == old)
		return false;
	c->published = c->cons;
	MMX_RING_STORE_RELEASE(&c->ctrl->cons, c->cons);
	MMX_RING_FENCE();
	return mmx_ring_event_hit(MMX_RING_LOAD(&c->ctrl->space_event), old, c->cons);
}

/**
 * mmx_ring_want_data() - asks to be notified of the next message
 *
 * mmx_ring_read() must have said 0, and what was consumed must have been published.
 *
 * Return: true: sleep now, a notification will come; false: do not, mmx_ring_read() has news.
 */
static inline bool mmx_ring_want_data(struct mmx_ring_consumer *c)
{
	MMX_RING_STORE(&c->ctrl->data_event, c->cons);
	MMX_RING_FENCE();
	return mmx_ring_look(c) == 0 && c->prod == c->cons;
}

/* Wants no notification, for as long as it looks by itself: then mmx_ring_want_data(). */
static inline void mmx_ring_stay_awake(struct mmx_ring_consumer *c)
{
	/* before whatever can still be published, as no more than the ring holds is ever unconsumed */
	MMX_RING_STORE(&c->ctrl->data_event, c->cons - c->slots - 1);
}

/* A cheap look for one who polls before it sleeps: may mmx_ring_read() have news? */
static inline bool mmx_ring_has_news(const struct mmx_ring_consumer *c)
{
	return c->broken || MMX_RING_LOAD(&c->ctrl->prod) != c->cons;
}

#endif
