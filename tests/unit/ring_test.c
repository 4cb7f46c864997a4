// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The ring ends against a peer that breaks the rules: indices and sizes from a table. That honest
 * ends lose nothing is shown by ring_interleave_test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hv/proto/ring.h"

#define SLOTS 64u
#define START (UINT32_MAX - 5)

struct fixture {
	struct mmx_ring_ctrl *ctrl;
	struct mmx_ring_producer p;
	struct mmx_ring_consumer c;
	uint8_t msg[MMX_MSG_MAX], buf[MMX_MSG_MAX];
};

/*
 * A ring whose indices are about to wrap, exactly as long as it is, so that a sanitizer sees its
 * end.
 */
static int setup(void **cm_state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->ctrl = calloc(1, sizeof(*f->ctrl) + SLOTS * MMX_SLOT_SIZE);
	if (!f->ctrl)
		return -1;
	mmx_ring_producer_init(&f->p, f->ctrl, SLOTS);
	mmx_ring_consumer_init(&f->c, f->ctrl, SLOTS);
	f->p.prod = f->p.published = f->p.cons = START;
	f->c.prod = f->c.published = f->c.cons = START;
	f->ctrl->prod = f->ctrl->cons = START;
	f->ctrl->data_event = START;
	*cm_state = f;
	return 0;
}

static int teardown(void **cm_state)
{
	struct fixture *f = *cm_state;

	free(f->ctrl);
	free(f);
	return 0;
}

static const void *message(struct fixture *f, uint32_t size)
{
	struct mmx_msg_hdr hdr = { .type = MMX_MSG_HELLO, .size = size, .tag = size };
	uint32_t i;

	for (i = 0; i < size; i++)
		f->msg[i] = (uint8_t)(i * 7 + size);
	if (size >= sizeof(hdr))
		memcpy(f->msg, &hdr, sizeof(hdr));
	return f->msg;
}

/* Every size there is passes through, over the ring's end many times, byte by byte. */
static void test_every_size(void **cm_state)
{
	struct fixture *f = *cm_state;
	uint32_t size, tail;

	for (size = sizeof(struct mmx_msg_hdr); size <= MMX_MSG_MAX; size++) {
		memset(f->ctrl->slots[f->p.prod % SLOTS], 0xee, MMX_SLOT_SIZE);
		assert_int_equal(mmx_ring_write(&f->p, message(f, size), size), 0);
		mmx_ring_publish(&f->p);
		tail = MMX_MSG_SLOTS(size) * MMX_SLOT_SIZE - size;
		for (; tail; tail--)
			assert_int_equal(
				f->ctrl->slots[(f->p.prod - 1) % SLOTS][MMX_SLOT_SIZE - tail], 0);
		assert_int_equal(mmx_ring_read(&f->c, f->buf, sizeof(f->buf)), size);
		assert_memory_equal(f->buf, f->msg, size);
		mmx_ring_consume_publish(&f->c);
		assert_int_equal(mmx_ring_read(&f->c, f->buf, sizeof(f->buf)), 0);
	}
}

static void test_write_refuses(void **cm_state)
{
	static const uint32_t sizes[] = { 0, 1, 15, MMX_MSG_MAX + 1, UINT32_MAX, UINT32_MAX - 62 };
	struct fixture *f = *cm_state;
	unsigned int i;

	message(f, MMX_MSG_MAX);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_int_equal(mmx_ring_write(&f->p, f->msg, sizes[i]), -EMSGSIZE);
	/* the header says another size */
	assert_int_equal(mmx_ring_write(&f->p, f->msg, MMX_MSG_MAX - 1), -EMSGSIZE);
	assert_int_equal(mmx_ring_room(&f->p, SLOTS + 1), -EMSGSIZE);
	assert_int_equal(mmx_ring_read(&f->c, f->buf, MMX_MSG_MAX - 1), -EINVAL);
	assert_false(mmx_ring_publish(&f->p));
	assert_int_equal(f->ctrl->prod, START);
}

/* One who looks himself is not notified, however much comes, until he wants to be. */
static void test_stays_awake(void **cm_state)
{
	struct fixture *f = *cm_state;
	unsigned int i;

	mmx_ring_stay_awake(&f->c);
	for (i = 0; i < SLOTS; i++) {
		assert_int_equal(mmx_ring_write(&f->p, message(f, 16), 16), 0);
		/* one by one, then all at once */
		if (i < SLOTS / 2)
			assert_false(mmx_ring_publish(&f->p));
	}
	assert_false(mmx_ring_publish(&f->p));
	assert_true(mmx_ring_has_news(&f->c));
	assert_false(mmx_ring_want_data(&f->c));
	for (i = 0; i < SLOTS; i++)
		assert_int_equal(mmx_ring_read(&f->c, f->buf, sizeof(f->buf)), 16);
	mmx_ring_consume_publish(&f->c);
	/* with what has been consumed meanwhile */
	mmx_ring_stay_awake(&f->c);
	assert_int_equal(mmx_ring_write(&f->p, message(f, 16), 16), 0);
	assert_false(mmx_ring_publish(&f->p));
	assert_int_equal(mmx_ring_read(&f->c, f->buf, sizeof(f->buf)), 16);
	assert_true(mmx_ring_want_data(&f->c));
	assert_int_equal(mmx_ring_write(&f->p, message(f, 16), 16), 0);
	assert_true(mmx_ring_publish(&f->p));
}

static void test_full_and_room_again(void **cm_state)
{
	struct fixture *f = *cm_state;
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		assert_int_equal(mmx_ring_write(&f->p, message(f, 16), 16), 0);
	assert_int_equal(mmx_ring_write(&f->p, message(f, 16), 16), -EAGAIN);
	assert_true(mmx_ring_publish(&f->p)); /* the consumer begins asleep */
	assert_true(mmx_ring_want_space(&f->p, 3));
	for (i = 0; i < 2; i++) {
		assert_int_equal(mmx_ring_read(&f->c, f->buf, sizeof(f->buf)), 16);
		assert_false(mmx_ring_consume_publish(&f->c));
	}
	assert_int_equal(mmx_ring_room(&f->p, 3), -EAGAIN);
	assert_int_equal(mmx_ring_read(&f->c, f->buf, sizeof(f->buf)), 16);
	assert_true(mmx_ring_consume_publish(&f->c));
	assert_int_equal(mmx_ring_room(&f->p, 3), 0);
	assert_int_equal(mmx_ring_room(&f->p, 4), -EAGAIN);
	assert_false(mmx_ring_want_space(&f->p, 3));
}

/* Notifications: once when asleep, none when awake. */
static void test_notifies_only_sleepers(void **cm_state)
{
	struct fixture *f = *cm_state;

	mmx_ring_write(&f->p, message(f, 100), 100);
	assert_true(mmx_ring_publish(&f->p));
	mmx_ring_write(&f->p, message(f, 100), 100);
	assert_false(mmx_ring_publish(&f->p));
	assert_true(mmx_ring_has_news(&f->c));
	assert_int_equal(mmx_ring_read(&f->c, f->buf, sizeof(f->buf)), 100);
	assert_int_equal(mmx_ring_read(&f->c, f->buf, sizeof(f->buf)), 100);
	assert_false(mmx_ring_has_news(&f->c));
	assert_false(mmx_ring_consume_publish(&f->c));
	assert_true(mmx_ring_want_data(&f->c));
	mmx_ring_write(&f->p, message(f, 100), 100);
	assert_true(mmx_ring_publish(&f->p));
	assert_false(mmx_ring_publish(&f->p));
	assert_false(mmx_ring_want_data(&f->c));
}

/* A producer that has published two messages of one slot, then lies about prod or about a size. */
static void test_consumer_finds_lies(void **cm_state)
{
	static const struct {
		const char *name;
		uint32_t prod; /* relative to the beginning */
		uint32_t size; /* of the first message */
		int ret;
	} cases[] = {
		{ "honest", 2, 16, 16 },
		{ "honest, a full slot", 2, 64, 64 },
		{ "honest, both slots", 2, 128, 128 },
		{ "honest, a full ring", SLOTS, 2048, 2048 },
		{ "nothing", 0, 16, 0 },
		{ "one slot more than the ring has", SLOTS + 1, 16, -EPROTO },
		{ "backwards", UINT32_MAX, 16, -EPROTO },
		{ "half way round", 0x80000000u, 16, -EPROTO },
		{ "size 0", 2, 0, -EPROTO },
		{ "size 15", 2, 15, -EPROTO },
		{ "size 2049", SLOTS, 2049, -EPROTO },
		{ "size whose slots overflow", SLOTS, UINT32_MAX, -EPROTO },
		{ "one byte beyond what is published", 2, 129, -EPROTO },
		{ "much beyond what is published", 2, 2048, -EPROTO },
	};
	struct mmx_msg_hdr hdr = { .type = MMX_MSG_HELLO };
	struct fixture *f = *cm_state;
	struct mmx_ring_consumer c;
	unsigned int i;
	int ret;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c = f->c;
		hdr.size = cases[i].size;
		memcpy(f->ctrl->slots[START % SLOTS], &hdr, sizeof(hdr));
		f->ctrl->prod = START + cases[i].prod;
		ret = mmx_ring_read(&c, f->buf, sizeof(f->buf));
		if (ret != cases[i].ret)
			fail_msg("%s: %d", cases[i].name, ret);
		if (ret >= 0)
			continue;
		/* broken for good, however well it behaves later; and no reason to sleep */
		f->ctrl->prod = START;
		assert_int_equal(mmx_ring_read(&c, f->buf, sizeof(f->buf)), -EPROTO);
		assert_false(mmx_ring_want_data(&c));
		assert_true(mmx_ring_has_news(&c));
		assert_int_equal(c.cons, START);
	}
}

/*
 * prod may not pass what the producer knows to be consumed: what was read but not given back
 * counts.
 */
static void test_producer_cannot_use_slots_early(void **cm_state)
{
	struct fixture *f = *cm_state;
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		mmx_ring_write(&f->p, message(f, 16), 16);
	mmx_ring_publish(&f->p);
	for (i = 0; i < SLOTS; i++)
		assert_int_equal(mmx_ring_read(&f->c, f->buf, sizeof(f->buf)), 16);
	f->ctrl->prod = START + SLOTS + 1;
	assert_int_equal(mmx_ring_read(&f->c, f->buf, sizeof(f->buf)), -EPROTO);
}

/*
 * A producer that has written four slots, published three, and seen one consumed, and a lie about
 * cons.
 */
static void test_producer_finds_lies(void **cm_state)
{
	static const struct {
		const char *name;
		uint32_t cons; /* relative to the beginning */
		int ret;
	} cases[] = {
		{ "honest, nothing more", 1, -EAGAIN },
		{ "honest, some", 2, 0 },
		{ "honest, all", 3, 0 },
		{ "what is not published yet", 4, -EPROTO },
		{ "what is not written yet", 5, -EPROTO },
		{ "backwards", 0, -EPROTO },
		{ "far backwards", UINT32_MAX, -EPROTO },
		{ "half way round", 0x80000000u, -EPROTO },
	};
	struct fixture *f = *cm_state;
	struct mmx_ring_producer p;
	unsigned int i;
	int ret;

	for (i = 0; i < 3; i++)
		mmx_ring_write(&f->p, message(f, 16), 16);
	mmx_ring_publish(&f->p);
	mmx_ring_write(&f->p, message(f, 16), 16);
	f->ctrl->cons = START + 1;
	assert_int_equal(mmx_ring_room(&f->p, SLOTS - 3), 0);

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		p = f->p;
		f->ctrl->cons = START + cases[i].cons;
		ret = mmx_ring_room(&p, SLOTS - 2);
		if (ret != cases[i].ret)
			fail_msg("%s: %d", cases[i].name, ret);
		if (ret != -EPROTO)
			continue;
		f->ctrl->cons = START + 3;
		assert_int_equal(mmx_ring_write(&p, message(f, 16), 16), -EPROTO);
		assert_false(mmx_ring_want_space(&p, 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_size, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stays_awake, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_and_room_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_notifies_only_sleepers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_consumer_finds_lies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_producer_cannot_use_slots_early, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_producer_finds_lies, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
