// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Both ring ends against a peer that writes what it likes into the shared memory, between any two
 * calls.
 *
 * The input is a list of operations: those of the two ends (each on a ring of its own, and
 * honest), and those of their hostile peers. The rings are allocated as long as they are, so that
 * a sanitizer sees any step beyond.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hv/proto/ring.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SLOTS 64u

enum op {
	OP_READ,
	OP_CONSUME_PUBLISH,
	OP_WANT_DATA,
	OP_WRITE, /* u16 size */
	OP_PUBLISH,
	OP_WANT_SPACE, /* u8 slots */
	OP_PROD_NEAR, /* i8: prod becomes so far from what the consumer has read */
	OP_CONS_NEAR, /* i8: cons becomes so far from what the producer has published */
	OP_WORD, /* u8 which, u32: any word of either control block */
	OP_SIZE, /* u16: size of the next message to be read */
	OP_SLOT, /* u8 which, 16 bytes: beginning of a slot */
	OP_COUNT,
};

static void check_read(struct mmx_ring_consumer *c)
{
	uint8_t buf[MMX_MSG_MAX];
	uint32_t before = c->cons;
	struct mmx_msg_hdr hdr;
	int ret = mmx_ring_read(c, buf, sizeof(buf));

	check(ret == 0 || ret == -EPROTO || (ret >= 16 && ret <= (int)MMX_MSG_MAX));
	check((ret == -EPROTO) == c->broken);
	check(c->broken || c->cons - c->published <= SLOTS);
	if (ret <= 0) {
		check(c->cons == before);
		return;
	}
	memcpy(&hdr, buf, sizeof(hdr));
	check(hdr.size == (uint32_t)ret && c->cons - before == MMX_MSG_SLOTS(hdr.size));
}

static void check_write(struct mmx_ring_producer *p, uint32_t size)
{
	static uint8_t msg[MMX_MSG_MAX];
	struct mmx_msg_hdr hdr = { .type = 1, .size = size };
	int ret;

	memcpy(msg, &hdr, sizeof(hdr));
	ret = mmx_ring_write(p, msg, size);
	check(ret == 0 || ret == -EAGAIN || ret == -EPROTO ||
	      (ret == -EMSGSIZE && (size < 16 || size > 2048)));
	check(p->prod - p->cons <= SLOTS);
	check(p->published - p->cons <= p->prod - p->cons);
}

static void run_op(struct input *in, struct mmx_ring_consumer *c, struct mmx_ring_producer *p)
{
	uint32_t *const words[] = {
		&c->ctrl->prod, &c->ctrl->space_event, &c->ctrl->cons, &c->ctrl->data_event,
		&p->ctrl->prod, &p->ctrl->space_event, &p->ctrl->cons, &p->ctrl->data_event,
	};
	uint32_t value;
	uint8_t *slot;

	switch ((enum op)(take(in, 1) % OP_COUNT)) {
	case OP_READ:
		check_read(c);
		break;
	case OP_CONSUME_PUBLISH:
		mmx_ring_consume_publish(c);
		break;
	case OP_WANT_DATA:
		check(!mmx_ring_want_data(c) || (!c->broken && c->prod == c->cons));
		break;
	case OP_WRITE:
		check_write(p, take(in, 2));
		break;
	case OP_PUBLISH:
		mmx_ring_publish(p);
		break;
	case OP_WANT_SPACE:
		mmx_ring_want_space(p, take(in, 1));
		break;
	case OP_PROD_NEAR:
		c->ctrl->prod = c->cons + (uint32_t)(int8_t)take(in, 1);
		break;
	case OP_CONS_NEAR:
		p->ctrl->cons = p->published + (uint32_t)(int8_t)take(in, 1);
		break;
	case OP_WORD:
		value = take(in, 1) % 8;
		*words[value] = take(in, 4);
		break;
	case OP_SIZE:
		value = take(in, 2);
		slot = c->ctrl->slots[c->cons & (SLOTS - 1)];
		memcpy(slot + offsetof(struct mmx_msg_hdr, size), &value, sizeof(value));
		break;
	case OP_SLOT:
		slot = c->ctrl->slots[take(in, 1) & (SLOTS - 1)];
		for (value = 0; value < 16; value++)
			slot[value] = (uint8_t)take(in, 1);
		break;
	case OP_COUNT:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct mmx_ring_ctrl *sub = calloc(1, sizeof(*sub) + SLOTS * MMX_SLOT_SIZE);
	struct mmx_ring_ctrl *comp = calloc(1, sizeof(*comp) + SLOTS * MMX_SLOT_SIZE);
	struct mmx_ring_consumer c;
	struct mmx_ring_producer p;
	uint32_t start;

	if (!sub || !comp)
		abort();
	mmx_ring_consumer_init(&c, sub, SLOTS);
	mmx_ring_producer_init(&p, comp, SLOTS);
	start = take(&in, 4);
	c.cons = c.published = c.prod = sub->prod = sub->cons = start;
	p.cons = p.published = p.prod = comp->prod = comp->cons = start;
	while (in.left)
		run_op(&in, &c, &p);
	free(sub);
	free(comp);
	return 0;
}
