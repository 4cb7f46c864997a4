// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The budget of resets: what a guest that breaks the GPU again and again costs others, and how long it is shut out. On
 * virtual time.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "backend/gpu/gpu_priv.h"
#include "tests/unit/rig_guest.h"

#define PREEMPT_US 20000u
#define STORM_NS   (2 * MMX_NS_PER_S)

struct env {
	struct rig rig;
	struct rig_guest guests[2];
	struct rig_ctx ctx[2];
};

static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));
	size_t i;

	assert_non_null(env);
	rig_init(&env->rig, 2);
	for (i = 0; i < 2; i++)
		env->rig.partitions[i].limits.preempt_timeout_us = PREEMPT_US;
	rig_start_ctxs(&env->rig, env->guests, env->ctx);
	*state = env;
	return 0;
}

/*
 * The second guest has always something to do, while the first one makes groups that never end, and destroys them every
 * 100 ms - which firmware answers only if it is not @deaf. Return: jobs of the second guest that were done.
 */
static uint64_t storm(struct env *env, bool deaf)
{
	struct rig_guest *a = &env->guests[0], *b = &env->guests[1];
	struct rig_stream endless = rig_endless(&env->ctx[0]);
	struct rig_stream work = rig_work(&env->ctx[1], 5000, 0, 1);
	uint64_t end_ns = env->rig.now_ns + STORM_NS, next_ns = env->rig.now_ns;
	uint64_t submitted = 0, done = 0;
	uint32_t index = 0;

	rig_ctx_group(&env->ctx[1], 0, 1);
	while (env->rig.now_ns < end_ns) {
		union mmx_msg_buf msg;
		int size;

		while (submitted < done + 4)
			rig_submit(b, RIG_NAME(0), 0, ++submitted, work, NULL, 0);
		rig_step(&env->rig, env->rig.now_ns + MMX_NS_PER_MS);
		rig_guest_read(b);
		while (rig_job(b, RIG_NAME(0), done + 1) == 0)
			done++;
		assert_int_not_equal(rig_job(b, RIG_NAME(0), done + 1), ECANCELED);
		if (!a->session || env->rig.now_ns < next_ns || index == 15)
			continue;
		next_ns = env->rig.now_ns + 100 * MMX_NS_PER_MS;
		if (index) {
			size_t i;

			for (i = 0; i < MMX_GPU_MAX_SLOTS; i++) {
				const struct mmx_group *hw =
					env->rig.core->gpu->slots.slot[i].group;
				const struct mmx_sgroup *group = hw ? mmx_group_owner(hw) : NULL;

				env->rig.deaf[i] = deaf && group && group->session == a->session
							   ? 1u << CSG_STATE_TERMINATE
							   : 0;
			}
			size = mmx_encode_object(&msg, rig_tag(a), MMX_MSG_GROUP_DESTROY,
						 RIG_NAME(index));
			assert_true(rig_put(a, &msg, size));
			rig_kick(a);
		}
		index++;
		/* it may be shut out before the answer */
		if (!rig_group_create(a, env->ctx[0].client, env->ctx[0].vm, RIG_NAME(index), 1,
				      index * 8))
			rig_submit(a, RIG_NAME(index), 0, 1, endless, NULL, 0);
	}
	rig_deafen(&env->rig, 0);
	return done;
}

/* A guest that hangs all the time costs the other one little time and no job, and is shut out in the end. */
static void test_storm(void **state)
{
	struct mmx_peer peer = MMX_PEER_INIT;
	struct mmx_partition *partitions;
	struct rig_guest *a;
	uint64_t calm, left_ns;
	struct env *env;

	setup(state);
	calm = storm(*state, false);
	rig_teardown(state);
	setup(state);
	env = *state;
	a = &env->guests[0];
	partitions = env->rig.core->partitions;
	/* each of the four resets waits 100 ms for another deaf group of the same guest, if that is in a slot */
	assert_in_range(storm(env, true), calm * 3 / 4, calm * 3);
	assert_int_equal(partitions[0].resets, 4);
	assert_int_equal(rig_resets(&env->rig), 4);
	assert_null(a->session);
	assert_int_equal(mmx_front_session_closed(&a->front), EPERM);
	assert_int_equal(partitions[0].quarantine.times, 1);
	assert_int_equal(env->guests[1].fault_count, 0);
	assert_int_equal(partitions[1].lost + partitions[1].resets, 0);
	assert_int_equal(rig_state_of(&env->guests[1], 0), 0);
	/* for some time nobody gets in there, and then somebody does */
	assert_int_equal(mmx_core_offer(env->rig.core, 0, &peer), CORE_E_QUARANTINED);
	left_ns = mmx_core_quarantine_ns(&partitions[0]);
	assert_in_range(left_ns, MMX_QUARANTINE_NS - STORM_NS, MMX_QUARANTINE_NS);
	rig_run(&env->rig, left_ns - 1);
	assert_int_equal(mmx_core_offer(env->rig.core, 0, &peer), CORE_E_QUARANTINED);
	rig_run(&env->rig, 1);
	rig_guest_hangup(a);
	rig_guest_connect(&env->rig, 0, a);
	assert_int_equal(rig_hello(a), 0);
	rig_teardown(state);
}

/* The next quarantine is longer, up to a bound; and some day it is forgotten. */
static void test_quarantine_grows(void **state)
{
	struct env *env = *state;
	struct mmx_partition *p = &env->rig.core->partitions[0];
	unsigned int i, j;

	for (i = 0; i < 9; i++) {
		unsigned int level = i < MMX_QUARANTINE_LEVELS ? i : MMX_QUARANTINE_LEVELS;

		for (j = 0; j <= p->config->resets_max; j++) {
			assert_true(!mmx_core_quarantine_ns(p));
			mmx_core_charge_reset(p);
			env->rig.now_ns += MMX_NS_PER_MS;
		}
		assert_in_range(mmx_core_quarantine_ns(p),
				(MMX_QUARANTINE_NS << level) - MMX_NS_PER_MS,
				MMX_QUARANTINE_NS << level);
		env->rig.now_ns = p->quarantine.until_ns;
	}
	/* few and far between */
	for (i = 0; i < 9; i++) {
		mmx_core_charge_reset(p);
		env->rig.now_ns += MMX_RESETS_WINDOW_NS / p->config->resets_max + 1;
	}
	assert_int_equal(p->quarantine.times, 9);
	env->rig.now_ns += MMX_QUARANTINE_FORGET_NS;
	for (j = 0; j <= p->config->resets_max; j++)
		mmx_core_charge_reset(p);
	assert_true(mmx_core_quarantine_ns(p) == MMX_QUARANTINE_NS);
	rig_run(&env->rig, MMX_NS_PER_MS);
	assert_null(env->guests[0].session);
}

/* Nobody gets into a partition that is shut while he comes. */
static void test_quarantined_while_coming(void **state)
{
	struct mmx_peer peer = MMX_PEER_INIT;
	struct env *env = *state;
	struct mmx_core *core = env->rig.core;
	struct mmx_session *session;
	unsigned int i;

	rig_guest_hangup(&env->guests[0]);
	rig_guest_wait_gone(&env->guests[0]);
	assert_int_equal(mmx_core_offer(core, 0, &peer), 0);
	for (i = 0; i <= env->rig.partitions[0].resets_max; i++)
		mmx_core_charge_reset(&core->partitions[0]);
	assert_int_equal(mmx_core_attach(core, 0, &peer, &session), CORE_E_QUARANTINED);
	mmx_core_withdraw(core, 0);
	mmx_peer_finish(&peer);
}

/*
 * On a transport that stays sessions come and go in one region, which the device has mapped all the while; and who is shut
 * out may connect, and gets no session.
 */
static void test_sessions_of_one_connection(void **state)
{
	struct mmx_transport staying = mmx_local_transport;
	struct mmx_peer peer = MMX_PEER_INIT, other = MMX_PEER_INIT;
	struct env *env = *state;
	struct rig_guest *a = &env->guests[0];
	struct mmx_core *core = env->rig.core;
	unsigned int i, before;

	rig_guest_hangup(a);
	rig_guest_wait_gone(a);
	staying.stays = true;
	env->rig.partitions[0].transport = &staying;
	env->rig.keep = &peer;
	before = env->rig.regions;
	assert_int_equal(mmx_core_offer(core, 0, &peer), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(mmx_core_attach(core, 0, &peer, &a->session), 0);
		assert_null(peer.region);
		env->rig.guests[0] = a;
		assert_int_equal(mmx_core_offer(core, 0, &other), CORE_E_BUSY);
		rig_run(&env->rig, MMX_NS_PER_MS);
		mmx_core_hangup(core, a->session);
		rig_guest_wait_gone(a);
		assert_non_null(peer.region);
		assert_int_equal(mmx_core_offer(core, 0, &other), CORE_E_BUSY);
		assert_int_equal(env->rig.regions, before + 1);
	}
	for (i = 0; i <= env->rig.partitions[0].resets_max; i++)
		mmx_core_charge_reset(&core->partitions[0]);
	assert_int_equal(mmx_core_attach(core, 0, &peer, &a->session), CORE_E_QUARANTINED);
	mmx_core_withdraw(core, 0);
	assert_int_equal(env->rig.regions, before);
	mmx_peer_finish(&peer);
	assert_int_equal(mmx_core_offer(core, 0, &other), 0);
	mmx_core_withdraw(core, 0);
	mmx_peer_finish(&other);
	env->rig.keep = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_storm),
		cmocka_unit_test_setup_teardown(test_quarantine_grows, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_quarantined_while_coming, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_sessions_of_one_connection, setup,
						rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
