// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Both ends of a ring in threads of their own, as fast as they go: an honest pair that sleeps and wakes, and a consumer
 * whose slots another thread writes to while it reads them. What all interleavings do is ring_interleave_test's; here
 * are the real instructions, under ThreadSanitizer too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hv/proto/ring.h"

#define SLOTS	   64u
#define RING_BYTES (sizeof(struct mmx_ring_ctrl) + SLOTS * MMX_SLOT_SIZE)
#define MESSAGES   100000u
#define READS	   300000u

struct fixture {
	int memfd;
	/* two views, as the two sides have them; ThreadSanitizer takes them for different memory */
	struct mmx_ring_ctrl *view[2];
	int data_fd, space_fd; /* notifications: of the consumer, of the producer */
	bool stop;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int i;

	assert_non_null(f);
	f->memfd = memfd_create("ring", MFD_CLOEXEC);
	assert_true(f->memfd >= 0);
	assert_int_equal(ftruncate(f->memfd, RING_BYTES), 0);
	for (i = 0; i < 2; i++) {
		void *map = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, f->memfd, 0);

		assert_ptr_not_equal(map, MAP_FAILED);
		f->view[i] = map;
	}
	f->data_fd = eventfd(0, EFD_CLOEXEC);
	f->space_fd = eventfd(0, EFD_CLOEXEC);
	assert_true(f->data_fd >= 0 && f->space_fd >= 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	munmap(f->view[0], RING_BYTES);
	munmap(f->view[1], RING_BYTES);
	close(f->memfd);
	close(f->data_fd);
	close(f->space_fd);
	free(f);
	return 0;
}

static void notify(int fd)
{
	const uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

static void sleep_on(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) != sizeof(count))
		abort();
}

/* Sizes that leave the ring full, empty, and in between. */
static uint32_t size_of(uint32_t number)
{
	return sizeof(struct mmx_msg_hdr) +
	       number * 2654435761u % (MMX_MSG_MAX - sizeof(struct mmx_msg_hdr) + 1);
}

static void *produce(void *arg)
{
	struct fixture *f = arg;
	/* the same view as the consumer's: what is written is published before it is read, or the sanitizer says so */
	struct mmx_ring_ctrl *ctrl = f->view[0];
	static uint8_t msg[MMX_MSG_MAX];
	struct mmx_ring_producer p;
	uint32_t i;

	mmx_ring_producer_init(&p, ctrl, SLOTS);
	for (i = 0; i < MESSAGES; i++) {
		const struct mmx_msg_hdr hdr = { .type = 1, .size = size_of(i), .tag = i };

		memset(msg, (int)(i & 0xff), hdr.size);
		memcpy(msg, &hdr, sizeof(hdr));
		while (mmx_ring_write(&p, msg, hdr.size) == -EAGAIN) {
			if (mmx_ring_publish(&p))
				notify(f->data_fd);
			if (mmx_ring_want_space(&p, MMX_MSG_SLOTS(hdr.size)))
				sleep_on(f->space_fd);
		}
		if (i % 3 == 0 && mmx_ring_publish(&p))
			notify(f->data_fd);
	}
	if (mmx_ring_publish(&p))
		notify(f->data_fd);
	return NULL;
}

/* Every message arrives, whole and in order, and nobody sleeps for ever. */
static void test_honest_pair(void **state)
{
	struct fixture *f = *state;
	static uint8_t buf[MMX_MSG_MAX];
	struct mmx_ring_consumer c;
	struct mmx_msg_hdr hdr;
	uint32_t i, at;
	pthread_t thread;
	int size;

	mmx_ring_consumer_init(&c, f->view[0], SLOTS);
	assert_int_equal(pthread_create(&thread, NULL, produce, f), 0);
	for (i = 0; i < MESSAGES; i++) {
		while (!(size = mmx_ring_read(&c, buf, sizeof(buf)))) {
			if (mmx_ring_consume_publish(&c))
				notify(f->space_fd);
			if (mmx_ring_want_data(&c))
				sleep_on(f->data_fd);
		}
		assert_int_equal(size, size_of(i));
		memcpy(&hdr, buf, sizeof(hdr));
		assert_int_equal(hdr.tag, i);
		for (at = sizeof(hdr); at < (uint32_t)size; at++)
			if (buf[at] != (uint8_t)i)
				fail_msg("message %u has a wrong byte at %u", i, at);
		if (i % 5 == 0 && mmx_ring_consume_publish(&c))
			notify(f->space_fd);
	}
	pthread_join(thread, NULL);
	assert_int_equal(mmx_ring_read(&c, buf, sizeof(buf)), 0);
}

/* Changes sizes that have been published, between some that are legal and some that are not. */
static void *flip(void *arg)
{
	static const uint32_t sizes[] = { 16, 64, 65, 128, 2048, 17, 0, 15, 2049, 0xffffffff };
	struct fixture *f = arg;
	uint32_t n = 0, slot;

	while (!__atomic_load_n(&f->stop, __ATOMIC_RELAXED)) {
		n = n * 1664525 + 1013904223;
		slot = (n >> 8) % SLOTS;
		/* mostly legal ones: a session would end with the first that is not */
		__atomic_store_n((uint32_t *)(void *)(f->view[1]->slots[slot] + 4),
				 sizes[(n >> 16) % 64 ? (n >> 20) % 6 : (n >> 20) % 10],
				 __ATOMIC_RELAXED);
	}
	return NULL;
}

/* What is returned is what the copy says, whatever the shared slot says by now; and nothing is written beyond. */
static void test_slots_change_while_read(void **state)
{
	struct fixture *f = *state;
	uint8_t *buf = malloc(MMX_MSG_MAX);
	unsigned int i, legal = 0, broken = 0;
	struct mmx_ring_consumer c;
	struct mmx_msg_hdr hdr;
	pthread_t thread;
	int size;

	assert_non_null(buf);
	for (i = 0; i < SLOTS; i++)
		f->view[0]->slots[i][4] = MMX_SLOT_SIZE;
	assert_int_equal(pthread_create(&thread, NULL, flip, f), 0);
	mmx_ring_consumer_init(&c, f->view[0], SLOTS);
	for (i = 0; i < READS || broken < 100; i++) {
		/* the producer has always published as much as there can be */
		__atomic_store_n(&f->view[1]->prod, c.cons + SLOTS, __ATOMIC_RELEASE);
		size = mmx_ring_read(&c, buf, MMX_MSG_MAX);
		if (size < 0) {
			mmx_ring_consumer_init(&c, f->view[0], SLOTS);
			broken++;
			continue;
		}
		assert_in_range(size, sizeof(hdr), MMX_MSG_MAX);
		memcpy(&hdr, buf, sizeof(hdr));
		assert_int_equal(hdr.size, size);
		legal++;
		mmx_ring_consume_publish(&c);
	}
	__atomic_store_n(&f->stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	free(buf);
	print_message("%u messages, %u broken rings\n", legal, broken);
	assert_true(legal > READS / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_honest_pair, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slots_change_while_read, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
