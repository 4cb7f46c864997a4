// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A guest that does not read, reads late, or breaks the rules of the rings: nothing is lost while it keeps to them, and
 * nothing of it is left when it does not.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/device/model_device.h"
#include "backend/session/session_priv.h"
#include "tests/unit/rig_guest.h"

struct env {
	struct rig rig;
	struct rig_guest guest;
	struct rig_ctx ctx; /* of index 0, with group 0 of one queue */
};

/* The smallest rings. */
static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	rig_init(&env->rig, 1);
	env->rig.partitions[0].ring_slots = 64;
	rig_start_ctxs(&env->rig, &env->guest, &env->ctx);
	rig_ctx_group(&env->ctx, 0, 1);
	*state = env;
	return 0;
}

static bool is_full(const struct env *env)
{
	return env->guest.session->stalled;
}

/* Jobs of which each second one fails, so that each is told by itself, until the ring is full and stays so. */
static uint64_t fill(struct env *env)
{
	struct rig_stream bad = { .va = 32, .size = 8 };
	uint64_t seqno = 1;

	while (!is_full(env) || seqno % 2) {
		rig_submit(&env->guest, RIG_NAME(0), 0, seqno, seqno % 2 ? rig_empty : bad, NULL,
			   0);
		rig_settle(&env->rig);
		seqno++;
		assert_true(seqno < 200);
	}
	return seqno - 1;
}

/* All sorts of things wait while the ring is full; each comes when it has been drained, in the right order. */
static void test_full_and_drained(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guest;
	uint32_t state_tag, destroy_tag, mem_tag, entries;
	struct mmx_timeline_view view;
	uint64_t last, seqno;
	union mmx_msg_buf msg;

	guest->deaf = true;
	last = fill(env);
	entries = guest->entry_count;
	/* these are told all the same */
	for (seqno = last + 1; seqno <= last + 20; seqno++)
		rig_submit(guest, RIG_NAME(0), 0, seqno, rig_empty, NULL, 0);
	rig_submit(guest, RIG_NAME(0), 0, seqno, rig_fault(&env->ctx), NULL, 0);
	rig_run(&env->rig, MMX_NS_PER_MS);
	state_tag = rig_tag(guest);
	rig_put(guest, &msg,
		mmx_encode_object(&msg, state_tag, MMX_MSG_GROUP_GET_STATE, RIG_NAME(0)));
	destroy_tag = rig_tag(guest);
	rig_put(guest, &msg,
		mmx_encode_object(&msg, destroy_tag, MMX_MSG_CLIENT_DESTROY, env->ctx.client));
	mem_tag = rig_tag(guest);
	rig_put(guest, &msg, mmx_encode_object(&msg, mem_tag, MMX_MSG_MEM_DESTROY, env->ctx.mem));
	rig_kick(guest);
	rig_run(&env->rig, 50 * MMX_NS_PER_MS);
	assert_true(is_full(env));
	/* the page is not held up */
	mmx_front_session_timeline(&guest->front, 0, &view);
	assert_true(view.name == 0 && view.completed == last + 21);
	guest->deaf = false;
	assert_int_equal(rig_answer(guest, mem_tag), 0);
	assert_int_equal(rig_answer(guest, state_tag), 0);
	assert_int_equal(rig_answer(guest, destroy_tag), 0);
	for (seqno = 1; seqno <= last + 20; seqno++)
		assert_int_equal(rig_job(guest, RIG_NAME(0), seqno),
				 seqno <= last && seqno % 2 == 0 ? EINVAL : 0);
	assert_int_equal(rig_job(guest, RIG_NAME(0), seqno), EINVAL);
	assert_true(guest->entry_count - entries < last + 10);
	assert_int_equal(guest->fault_count, 1);
	rig_settle(&env->rig);
	rig_guest_read(guest);
	assert_true(rig_is_released(guest, env->ctx.mem));
	assert_false(is_full(env));
}

/* Answers to refused SUBMITs take no credits, but room: when there is none, nothing more is read. */
static void test_refused_submits(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guest;
	uint32_t first = guest->tag + 1, sent = 0;
	const struct mmx_job_desc job = { .group = RIG_NAME(5), .seqno = 1 };
	union mmx_msg_buf msg;

	guest->deaf = true;
	for (;;) {
		int size = mmx_encode_submit(&msg, guest->tag + 1, &job, NULL, 0);

		if (!rig_put(guest, &msg, size)) {
			rig_kick(guest);
			rig_settle(&env->rig);
			if (!rig_put(guest, &msg, size))
				break;
		}
		rig_tag(guest);
		sent++;
	}
	/* the completion ring, the records, and the submission ring are full */
	assert_int_equal(sent, 64 + MMX_SUBMIT_ANSWERS + 64);
	rig_run(&env->rig, 10 * MMX_NS_PER_MS);
	guest->deaf = false;
	while (sent--)
		assert_int_equal(rig_answer(guest, first + sent), -ENOENT);
	assert_int_equal(rig_object(guest, MMX_MSG_GROUP_DESTROY, RIG_NAME(0)), 0);
}

/* Faults are dropped when they come too fast, and counted. */
static void test_dropped_faults(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guest;
	uint32_t told = 0, i;
	uint64_t last, seqno;

	guest->deaf = true;
	last = fill(env);
	for (seqno = last + 1; seqno <= last + MMX_FAULTS_MAX + 9; seqno++) {
		rig_submit(guest, RIG_NAME(0), 0, seqno, rig_fault(&env->ctx), NULL, 0);
		rig_run(&env->rig, MMX_NS_PER_MS);
	}
	guest->deaf = false;
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), seqno - 1), EINVAL);
	rig_submit(guest, RIG_NAME(0), 0, seqno, rig_fault(&env->ctx), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), seqno), EINVAL);
	for (i = 0; i < guest->fault_count; i++)
		told += 1 + guest->faults[i].dropped;
	assert_int_equal(guest->fault_count, MMX_FAULTS_MAX + 1);
	assert_int_equal(told, MMX_FAULTS_MAX + 10);
}

/* A guest that never reads costs a bounded amount of memory. */
static void test_never_reads(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guest;
	struct rig_stream bad = { .va = 32, .size = 8 };
	uint64_t seqno;

	guest->deaf = true;
	for (seqno = 1; guest->session && seqno < 100000; seqno++) {
		rig_submit(guest, RIG_NAME(0), 0, seqno, seqno % 2 ? rig_empty : bad, NULL, 0);
		rig_settle(&env->rig);
		if (guest->session && !mmx_session_ending(guest->session))
			assert_true(guest->session->failed <= MMX_FAILED_MAX + 1);
	}
	rig_guest_wait_gone(guest);
	assert_int_equal(mmx_front_session_closed(&guest->front), EPROTO);
	assert_in_range(seqno, 2 * MMX_FAILED_MAX, 2 * MMX_FAILED_MAX + 300);
}

/* ---- rules broken ---- */

static void break_prod_far(struct mmx_ring_ctrl *sub, struct mmx_ring_ctrl *comp)
{
	(void)comp;
	sub->prod += 65;
}

static void break_prod_back(struct mmx_ring_ctrl *sub, struct mmx_ring_ctrl *comp)
{
	(void)comp;
	sub->prod -= 1;
}

static void break_cons_far(struct mmx_ring_ctrl *sub, struct mmx_ring_ctrl *comp)
{
	(void)sub;
	comp->cons += 64;
}

static void break_cons_back(struct mmx_ring_ctrl *sub, struct mmx_ring_ctrl *comp)
{
	(void)sub;
	/* behind what the backend has seen of it, whatever that is */
	comp->cons = UINT32_MAX;
}

static void put_size(struct mmx_ring_ctrl *sub, uint32_t size, uint32_t slots)
{
	struct mmx_msg_hdr hdr = { .type = MMX_MSG_GROUP_GET_STATE, .size = size };

	memcpy(sub->slots[sub->prod & 63], &hdr, sizeof(hdr));
	sub->prod += slots;
}

static void break_size_small(struct mmx_ring_ctrl *sub, struct mmx_ring_ctrl *comp)
{
	(void)comp;
	put_size(sub, 15, 1);
}

static void break_size_large(struct mmx_ring_ctrl *sub, struct mmx_ring_ctrl *comp)
{
	(void)comp;
	put_size(sub, MMX_MSG_MAX + 1, 33);
}

static void break_size_beyond(struct mmx_ring_ctrl *sub, struct mmx_ring_ctrl *comp)
{
	(void)comp;
	put_size(sub, 65, 1);
}

/* While work of all kinds is under way. */
static void test_broken_rings(void **state)
{
	static void (*const breaks[])(struct mmx_ring_ctrl * sub, struct mmx_ring_ctrl * comp) = {
		break_prod_far,	  break_prod_back,  break_cons_far,    break_cons_back,
		break_size_small, break_size_large, break_size_beyond,
	};
	struct env *env = *state;
	struct rig_guest *guest = &env->guest;
	struct rig_stream bad = { .va = 32, .size = 8 };
	size_t i;

	for (i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		uint64_t seqno;

		rig_submit(guest, RIG_NAME(0), 0, 1, rig_work(&env->ctx, 2000, 0, 1), NULL, 0);
		for (seqno = 2; seqno < 40; seqno++)
			rig_submit(guest, RIG_NAME(0), 0, seqno, rig_empty, NULL, 0);
		rig_object(guest, MMX_MSG_GROUP_GET_STATE, RIG_NAME(0));
		guest->deaf = true;
		breaks[i](guest->front.sub.ctrl, guest->front.comp.ctrl);
		mmx_peer_notify(guest->peer.kick_fd);
		rig_settle(&env->rig);
		/* the consumer's index is looked at when there seems to be no room */
		for (; guest->session && seqno < 120; seqno++) {
			if (!mmx_session_ending(guest->session))
				rig_submit(guest, RIG_NAME(0), 0, seqno,
					   seqno % 2 ? rig_empty : bad, NULL, 0);
			rig_run(&env->rig, MMX_NS_PER_MS);
		}
		rig_guest_wait_gone(guest);
		assert_int_equal(mmx_front_session_closed(&guest->front), EPROTO);
		rig_run(&env->rig, 20 * MMX_NS_PER_MS);
		rig_check_nothing_left(&env->rig);
		mmx_peer_finish(&guest->peer);
		rig_guest_connect(&env->rig, 0, guest);
		assert_int_equal(rig_hello(guest), 0);
		rig_ctx_create(guest, 0, &env->ctx);
		assert_int_equal(
			rig_group_create(guest, env->ctx.client, env->ctx.vm, RIG_NAME(0), 1, 0),
			0);
	}
}

/* What a guest writes into its session page fools nobody else. */
static void test_scribbled_page(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guest;
	uint8_t *region = guest->peer.region;

	/* the header, and the page after it */
	memset(region, 0xa5, sizeof(struct mmx_region_hdr));
	memset(region + 4096, 0xa5, 4096);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_store(&env->ctx, 0, 5), NULL, 0);
	RIG_UNTIL(&env->rig, rig_result(&env->ctx, 0) == 5);
	rig_run(&env->rig, 2 * MMX_HEARTBEAT_MS * MMX_NS_PER_MS);
	assert_non_null(guest->session);
	assert_true(mmx_front_session_heartbeat(&guest->front) + MMX_HEARTBEAT_MS * MMX_NS_PER_MS >=
		    env->rig.now_ns);
}

/* Sends an empty job. Return: the guest has been asked to notify. */
static bool submit_notifies(struct env *env, uint64_t seqno)
{
	struct pollfd fd = { .fd = mmx_session_peer(env->guest.session)->kick_fd,
			     .events = POLLIN };

	rig_submit(&env->guest, RIG_NAME(0), 0, seqno, rig_empty, NULL, 0);
	return poll(&fd, 1, 0) == 1;
}

/* While somebody polls, a guest that has spoken need not notify; before anybody sleeps it must again. */
static void test_watched(void **state)
{
	struct env *env = *state;
	uint64_t work;

	assert_false(mmx_core_set_polling(env->rig.core, true));
	assert_true(submit_notifies(env, 1));
	rig_settle(&env->rig);
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(0), 1), 0);

	assert_false(submit_notifies(env, 2));
	work = mmx_core_work(env->rig.core);
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(0), 2), 0);
	assert_true(mmx_core_work(env->rig.core) > work);
	work = mmx_core_work(env->rig.core);
	assert_false(mmx_core_round(env->rig.core));
	assert_int_equal(mmx_core_work(env->rig.core), work);

	/* what comes between the last look and the sleep is found */
	assert_false(submit_notifies(env, 3));
	assert_true(mmx_core_set_polling(env->rig.core, false));
	mmx_core_round(env->rig.core);
	assert_false(mmx_core_set_polling(env->rig.core, false));
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(0), 3), 0);
	assert_true(submit_notifies(env, 4));
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(0), 4), 0);
}

/* A guest that makes no room for answers has nothing that is worth looking at; and one that goes is watched no more. */
static void test_watched_and_full(void **state)
{
	struct env *env = *state;
	struct rig_stream bad = { .va = 32, .size = 8 };
	uint64_t work, seqno = 1;

	mmx_core_set_polling(env->rig.core, true);
	env->guest.deaf = true;
	seqno += fill(env);
	/* refused: each wants an answer */
	for (; mmx_request_left(&env->guest.session->jobs) && seqno < 1000; seqno++) {
		rig_submit(&env->guest, RIG_NAME(9), 0, seqno, bad, NULL, 0);
		rig_settle(&env->rig);
	}
	rig_submit(&env->guest, RIG_NAME(9), 0, seqno, bad, NULL, 0);
	rig_settle(&env->rig);
	assert_false(mmx_request_left(&env->guest.session->jobs));
	assert_true(mmx_ring_has_news(&env->guest.session->sub));
	work = mmx_core_work(env->rig.core);
	assert_false(mmx_core_round(env->rig.core));
	assert_false(mmx_core_round(env->rig.core));
	assert_int_equal(mmx_core_work(env->rig.core), work);
	rig_guest_hangup(&env->guest);
	rig_guest_wait_gone(&env->guest);
	assert_false(mmx_core_set_polling(env->rig.core, false));
}

/* Since it was asked last: each notification is some bytes in a pipe. */
static unsigned int calls(const struct rig_guest *guest)
{
	uint64_t one;
	unsigned int count = 0;

	while (read(guest->peer.call_fd, &one, sizeof(one)) == (ssize_t)sizeof(one))
		count++;
	return count;
}

#define RUSH 4u /* jobs of each queue */

/* The GPU goes on, and nobody looks at it. */
static void look_away(struct rig *rig, uint64_t ns)
{
	uint64_t end_ns = rig->now_ns + ns, next_ns;

	while ((next_ns = mmx_model_device_run(rig->inner)) < end_ns)
		rig->now_ns = next_ns > rig->now_ns ? next_ns : rig->now_ns;
	rig->now_ns = end_ns;
}

/*
 * Whatever has completed when the daemon wakes up is one notification, and the next one is not made before the guest has
 * looked. So a host or guest that is slow has fewer interrupts and not more of them.
 */
static void test_one_notification(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guest;
	uint32_t queue, entries;
	uint64_t seqno;

	rig_ctx_group(&env->ctx, 1, MMX_MAX_QUEUES);
	for (seqno = 1; seqno <= RUSH; seqno++)
		for (queue = 0; queue < MMX_MAX_QUEUES; queue++)
			rig_submit(guest, RIG_NAME(1), queue, seqno,
				   rig_work(&env->ctx, 100, queue, (uint32_t)seqno), NULL, 0);
	rig_settle(&env->rig);
	/* in a slot, with all of it under way */
	rig_run(&env->rig, 50 * MMX_NS_PER_US);
	rig_guest_read(guest);
	assert_int_equal(calls(guest), 0);
	entries = guest->entry_count;

	look_away(&env->rig, 100 * MMX_NS_PER_MS);
	rig_settle(&env->rig);
	assert_int_equal(calls(guest), 1);

	/* more of them, while the guest has not looked yet */
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_empty, NULL, 0);
	rig_run(&env->rig, 10 * MMX_NS_PER_MS);
	assert_int_equal(calls(guest), 0);

	rig_guest_read(guest);
	for (queue = 0; queue < MMX_MAX_QUEUES; queue++)
		assert_int_equal(rig_job(guest, RIG_NAME(MMX_MAX_QUEUES + queue), RUSH), 0);
	assert_int_equal(rig_job(guest, RIG_NAME(0), 1), 0);
	/* and neither is it told of each job by itself */
	assert_true(guest->entry_count - entries <= MMX_MAX_QUEUES + 1);

	/* it has looked, and sleeps: the next one is told at once */
	rig_submit(guest, RIG_NAME(0), 0, 2, rig_empty, NULL, 0);
	rig_run(&env->rig, 10 * MMX_NS_PER_MS);
	assert_int_equal(calls(guest), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_notification, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_watched, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_watched_and_full, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_full_and_drained, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_refused_submits, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_dropped_faults, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_never_reads, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_broken_rings, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_scribbled_page, setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
