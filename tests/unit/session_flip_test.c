// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A guest whose second thread changes messages while the backend reads them. Whatever is read is read once: what was
 * checked is what is used. The sanitizers see what is not; the other guest sees that it is none of its business; and in
 * the end nothing is left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "tests/unit/rig_guest.h"

#define ROUNDS 3000u

struct flipper {
	pthread_t thread;
	uint8_t *slots;
	uint32_t count;
	bool stop;
};

/* Fields that lengths and counts are in: the header's size, and the words behind it. */
static void *flip(void *arg)
{
	static const uint8_t values[] = { 0, 1, 2, 7, 16, 24, 32, 40, 56, 64, 72, 128, 255 };
	struct flipper *f = arg;
	uint32_t n = 1, at;

	while (!__atomic_load_n(&f->stop, __ATOMIC_RELAXED)) {
		n = n * 1664525 + 1013904223;
		at = (n >> 8) % f->count * MMX_SLOT_SIZE + (n >> 20) % MMX_SLOT_SIZE;
		/* the size now and then only: a size that is none ends the session */
		if (at % MMX_SLOT_SIZE < 8 && (n >> 4 & 15))
			continue;
		__atomic_store_n(f->slots + at, values[(n >> 3) % sizeof(values)],
				 __ATOMIC_RELAXED);
	}
	return NULL;
}

static void begin_flipping(struct flipper *f, struct rig_guest *guest)
{
	f->slots = (uint8_t *)guest->front.sub.ctrl->slots;
	f->count = guest->front.sub.slots;
	f->stop = false;
	assert_int_equal(pthread_create(&f->thread, NULL, flip, f), 0);
}

static void end_flipping(struct flipper *f)
{
	__atomic_store_n(&f->stop, true, __ATOMIC_RELAXED);
	pthread_join(f->thread, NULL);
}

static void put_messages(struct rig_guest *guest, unsigned int round)
{
	const struct mmx_run runs[] = {
		{ .first_page = guest->front.data_offset / 4096 + 100, .page_count = 4 },
		{ .first_page = guest->front.data_offset / 4096 + 200, .page_count = 4 },
	};
	const struct mmx_bind_op ops[] = {
		{ .mem = RIG_NAME(0), .va = 0x40000000, .size = 4096 },
		{ .mem = RIG_NAME(0), .va = 0x40002000, .size = 8192 },
		{ .op = MMX_BIND_OP_UNMAP, .va = 0x40000000, .size = 1 << 20 },
	};
	const struct mmx_wait waits[] = { { .timeline = RIG_NAME(0) },
					  { .timeline = RIG_NAME(0) } };
	const struct mmx_job_desc job = { .group = RIG_NAME(0), .seqno = round + 1 };
	union mmx_msg_buf msg;

	rig_put(guest, &msg,
		mmx_encode_mem_create(&msg, ++guest->tag, RIG_NAME(1 + round % 8), MMX_MEM_SEAL, 8,
				      runs, 2));
	rig_put(guest, &msg, mmx_encode_vm_bind(&msg, ++guest->tag, RIG_NAME(0), ops, 3));
	rig_put(guest, &msg, mmx_encode_submit(&msg, ++guest->tag, &job, waits, 2));
	rig_put(guest, &msg,
		mmx_encode_object(&msg, ++guest->tag, MMX_MSG_MEM_DESTROY,
				  RIG_NAME(1 + round % 8)));
}

/* Reads what has come without judging it: answers to what it has not sent are among it. */
static void drain(struct rig_guest *guest)
{
	union mmx_msg_buf msg;

	while (mmx_front_session_receive(&guest->front, &msg) > 0)
		;
	mmx_front_session_release(&guest->front);
}

static void test_flipping(void **state)
{
	static struct rig rig;
	static struct rig_guest guest, honest;
	struct flipper flipper;
	unsigned int round, lives = 0;
	struct rig_ctx ctx, other;

	(void)state;
	rig_init(&rig, 2);
	rig_start(&rig);
	rig_guest_connect(&rig, 1, &honest);
	assert_int_equal(rig_hello(&honest), 0);
	rig_ctx_create(&honest, 0, &other);
	assert_int_equal(rig_group_create(&honest, other.client, other.vm, RIG_NAME(0), 1, 0), 0);
	for (round = 0; round < ROUNDS; lives++) {
		rig_guest_connect(&rig, 0, &guest);
		assert_int_equal(rig_hello(&guest), 0);
		rig_ctx_create(&guest, 0, &ctx);
		assert_int_equal(rig_group_create(&guest, ctx.client, ctx.vm, RIG_NAME(0), 1, 0),
				 0);
		begin_flipping(&flipper, &guest);
		for (; round < ROUNDS && guest.session && !mmx_session_ending(guest.session);
		     round++) {
			put_messages(&guest, round);
			rig_kick(&guest);
			mmx_peer_notify(guest.peer.kick_fd);
			rig_settle(&rig);
			drain(&guest);
		}
		end_flipping(&flipper);
		rig_guest_hangup(&guest);
		rig_guest_wait_gone(&guest);
		other.stream_end = 0;
		rig_submit(&honest, RIG_NAME(0), 0, lives + 1, rig_store(&other, 1, lives + 1),
			   NULL, 0);
		assert_int_equal(rig_wait_job(&honest, RIG_NAME(0), lives + 1), 0);
		assert_int_equal(rig_result(&other, 1), lives + 1);
	}
	print_message("%u rounds in %u lives\n", round, lives);
	rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flipping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
