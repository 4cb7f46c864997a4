// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * libmalimux against a backend (fake_session.h) that does not answer, breaks off or lies: each of that is noticed, and
 * nothing that may still be in use is used again.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frontend/user/guest_priv.h"
#include "tests/unit/fake_session.h"

/*
 * What was given up is not forgotten: pages of an object whose end is not heard of are not used
 * again.
 */
static void test_silence(void **cm_state)
{
	struct mmx_mem *mem, *other;

	(void)cm_state;
	session_begin(IGNORES, MMX_MSG_MEM_DESTROY, 0);
	assert_int_equal(mmx_guest_mem_create(guest, DATA_PAGES / 2 * MMX_WIRE_PAGE_SIZE, 0, &mem),
			 0);
	guest->timeout_ms = 10;
	assert_int_equal(mmx_guest_mem_destroy(guest, mem), -ETIMEDOUT);
	guest->timeout_ms = TIMEOUT_MS;
	assert_int_equal(mmx_guest_mem_create(guest, DATA_PAGES * MMX_WIRE_PAGE_SIZE, 0, &other),
			 -ENOMEM);
	assert_int_equal(
		mmx_guest_mem_create(guest, DATA_PAGES / 2 * MMX_WIRE_PAGE_SIZE, 0, &other), 0);
	session_end();

	/* all credits are taken by requests that are never answered */
	session_begin(IGNORES, MMX_MSG_MEM_CREATE, 0);
	guest->timeout_ms = 10;
	assert_int_equal(mmx_guest_mem_create(guest, 4096, 0, &mem), -ETIMEDOUT);
	assert_int_equal(mmx_guest_mem_create(guest, 4096, 0, &mem), -ETIMEDOUT);
	assert_int_equal(mmx_guest_mem_create(guest, 4096, 0, &mem), -ETIMEDOUT);
	assert_int_equal(guest->requests_busy, 3);
	assert_int_equal(mmx_guest_poll(guest), 0);
	session_end();
}

static void test_end(void **cm_state)
{
	static const enum misdeed ends[] = { CLOSES, HANGS_UP, GPU_LOST };
	uint32_t group, state, queues;
	struct mmx_fence fence;
	unsigned int i;
	int error;

	(void)cm_state;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		session_begin(ends[i], 0, 0);
		group = session_group();
		assert_int_equal(mmx_guest_group_get_state(guest, group, &state, &queues), -ENODEV);
		assert_int_equal(mmx_guest_group_get_state(guest, group, &state, &queues), -ENODEV);
		assert_int_equal(mmx_guest_poll(guest), -ENODEV);
		session_end();
	}
	session_begin(NO_HEARTBEAT, 0, 0);
	fence = session_submit(session_group(), 0, 64);
	guest->heartbeat_limit_ms = 30;
	assert_int_equal(mmx_guest_fence_wait(guest, &fence, TIMEOUT_MS, &error), -ENODEV);
	assert_int_equal(mmx_guest_poll(guest), -ENODEV);
	session_end();
}

static void test_unknown_event(void **cm_state)
{
	uint32_t state, queues;

	(void)cm_state;
	session_begin(UNKNOWN_EVENT, 0, 0);
	assert_int_equal(mmx_guest_group_get_state(guest, session_group(), &state, &queues), 0);
	session_end();
}

static void test_lies(void **cm_state)
{
	uint32_t group, state, queues;
	struct mmx_fence fence;
	unsigned int i, lie_nr;
	int ret = 0;

	(void)cm_state;
	for (lie_nr = LIE_PROD_JUMPS; lie_nr < LIES_END; lie_nr++) {
		/* told at another time */
		if (lie_nr == LIE_CONS_JUMPS)
			continue;
		session_begin((enum misdeed)lie_nr, 0, 0);
		group = session_group();
		for (i = 0; i < 3; i++)
			fence = session_submit(group, 0, 64);
		assert_int_equal(session_wait(fence), 0);
		ret = mmx_guest_group_get_state(guest, group, &state, &queues);
		if (lie_nr == LIE_REPLY_TWICE)
			ret = mmx_guest_group_get_state(guest, group, &state, &queues);
		if (ret != -EPROTO)
			fail_msg("lie %u: %d", lie_nr, ret);
		assert_int_equal(mmx_guest_poll(guest), -EPROTO);
		assert_int_equal(mmx_guest_vm_unmap(guest, 0x10000, 0, 0), -EPROTO);
		session_end();
	}
}

static void test_lie_about_page(void **cm_state)
{
	struct mmx_fence fence;
	uint32_t group;
	int error;

	(void)cm_state;
	session_begin(HOLDS_JOBS, 0, 0);
	group = session_group();
	fence = session_submit(group, 0, 64);
	pthread_mutex_lock(&fake->lock);
	__atomic_store_n(&fake->page->timelines[0].completed, 2, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&fake->lock);
	assert_int_equal(mmx_guest_fence_wait(guest, &fence, TIMEOUT_MS, &error), -EPROTO);
	session_end();
}

static void test_lie_about_cons(void **cm_state)
{
	uint32_t client;
	unsigned int i;
	int ret = 0;

	(void)cm_state;
	session_start(LIE_CONS_JUMPS, 0, 0);
	/* it is found when room is looked for: when the ring has gone round */
	ret = session_open(TIMEOUT_MS);
	for (i = 0; i < 100 && !ret; i++) {
		ret = mmx_guest_client_create(guest, "test", &client);
		if (!ret)
			ret = mmx_guest_client_destroy(guest, client);
	}
	assert_int_equal(ret, -EPROTO);
	session_end();
}

static void test_faults_are_bounded(void **cm_state)
{
	struct mmx_fault_record fault;
	struct mmx_event_fault event = {
		.hdr = { .type = MMX_EVENT_FAULT, .size = sizeof(event) },
		.kind = MMX_FAULT_MMU,
		.group = 0x10000,
		.vm = 0x10000,
		.access = 3,
	};
	unsigned int i, count = 0;

	(void)cm_state;
	session_begin(HONEST, 0, 0);
	session_tell('q'); /* from here on, this thread is the backend */
	pthread_join(fake->thread, NULL);
	for (i = 0; i < 200; i++) {
		event.address = i;
		fake_backend_post(fake, &event, sizeof(event));
		assert_int_equal(mmx_guest_poll(guest), 0);
	}
	while (mmx_guest_next_fault(guest, &fault)) {
		assert_int_equal(fault.address, count);
		assert_int_equal(fault.kind, MMX_FAULT_MMU);
		count++;
	}
	assert_int_equal(count, MMX_GUEST_MAX_FAULTS);
	assert_int_equal(pthread_create(&fake->thread, NULL, fake_backend_thread, fake), 0);
	session_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_unknown_event),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_lie_about_page),
		cmocka_unit_test(test_lie_about_cons),
		cmocka_unit_test(test_faults_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
