// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The ladder: what happens when firmware does not do what it was asked for, who is blamed, and what it costs whom. On
 * virtual time, with requests that firmware never gets to see.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/slot_priv.h"
#include "tests/unit/rig_guest.h"

#define PREEMPT_US 20000u
#define TICK_NS	   (10 * MMX_NS_PER_MS)
/* Starting, stopping, and a short job. */
#define SLACK_NS (5 * MMX_NS_PER_MS)

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
	rig_start_guests(&env->rig, env->guests);
	for (i = 0; i < 2; i++)
		rig_ctx_create(&env->guests[i], 0, &env->ctx[i]);
	*state = env;
	return 0;
}

/* The first guest fills all slots with groups that never end. */
static void fill_slots(struct env *env)
{
	uint32_t i;

	for (i = 0; i < 8; i++) {
		rig_ctx_group(&env->ctx[0], i, 2);
		rig_submit(&env->guests[0], RIG_NAME(i), 0, 1, rig_endless(&env->ctx[0]), NULL, 0);
		rig_submit(&env->guests[0], RIG_NAME(i), 0, 2, rig_empty, NULL, 0);
	}
	rig_run(&env->rig, 2 * TICK_NS);
}

static void deafen(struct env *env, unsigned int states)
{
	size_t i;

	for (i = 0; i < MMX_GPU_MAX_SLOTS; i++)
		env->rig.deaf[i] = states;
}

/* A group that does not suspend costs its guest that group, and the other guest the time until that is noticed. */
static void test_suspend_not_answered(void **state)
{
	struct env *env = *state;
	struct rig_guest *a = &env->guests[0], *b = &env->guests[1];
	uint32_t i, lost = 0;
	uint64_t start_ns;

	fill_slots(env);
	rig_ctx_group(&env->ctx[1], 0, 1);
	deafen(env, 1u << CSG_STATE_SUSPEND);
	start_ns = env->rig.now_ns;
	rig_submit(b, RIG_NAME(0), 0, 1, rig_store(&env->ctx[1], 0, 1), NULL, 0);
	assert_int_equal(rig_wait_job(b, RIG_NAME(0), 1), 0);
	assert_in_range(env->rig.now_ns - start_ns, PREEMPT_US * MMX_NS_PER_US,
			PREEMPT_US * MMX_NS_PER_US + TICK_NS + SLACK_NS);
	deafen(env, 0);
	for (i = 0; i < 8; i++) {
		if (!rig_state_of(a, i))
			continue;
		lost++;
		assert_int_equal(rig_state_of(a, i), MMX_GROUP_STATE_TIMEDOUT);
		assert_int_equal(rig_wait_job(a, RIG_NAME(i * 8), 1), ETIMEDOUT);
		assert_int_equal(rig_wait_job(a, RIG_NAME(i * 8), 2), ECANCELED);
		assert_int_equal(a->faults[0].kind, MMX_FAULT_TIMEOUT);
		assert_int_equal(a->faults[0].group, RIG_NAME(i));
		assert_int_equal(a->faults[0].queue, 0);
	}
	assert_int_equal(lost, 1);
	assert_int_equal(a->fault_count, 1);
	assert_int_equal(env->rig.core->partitions[0].timeouts, 1);
	assert_int_equal(rig_resets(&env->rig), 0);
	assert_int_equal(b->fault_count, 0);
}

/* An answer to the SUSPEND that comes when the TERMINATE has been sent is none to that. */
static void test_suspend_answered_late(void **state)
{
	struct env *env = *state;
	struct rig_guest *a = &env->guests[0], *b = &env->guests[1];
	uint32_t i, lost = 0;

	fill_slots(env);
	rig_ctx_group(&env->ctx[1], 0, 1);
	deafen(env, 1u << CSG_STATE_SUSPEND | 1u << CSG_STATE_TERMINATE);
	rig_submit(b, RIG_NAME(0), 0, 1, rig_store(&env->ctx[1], 0, 1), NULL, 0);
	rig_run(&env->rig, TICK_NS + PREEMPT_US * MMX_NS_PER_US);
	deafen(env, 0);
	for (i = 0; i < 8; i++) {
		struct mmx_csf_csg *csg = &env->rig.core->gpu->fw.csg[i];
		uint32_t *ack = (uint32_t *)(uintptr_t)&csg->output->ack;

		if (env->rig.core->gpu->slots.slot[i].state != MMX_SLOT_STOPPING)
			continue;
		assert_int_equal(env->rig.core->gpu->slots.slot[i].request, CSG_STATE_TERMINATE);
		*ack = mmx_csf_update(*ack, CSG_STATE_SUSPEND, CSG_REQ_STATE);
		mmx_slot_irq(env->rig.core->gpu, i);
		assert_int_equal(env->rig.core->gpu->slots.slot[i].state, MMX_SLOT_STOPPING);
		*ack = mmx_csf_update(*ack, CSG_STATE_START, CSG_REQ_STATE);
		/* now the model gets to see the TERMINATE */
		mmx_slot_ring(&env->rig.core->gpu->slots.slot[i]);
	}
	assert_int_equal(rig_wait_job(b, RIG_NAME(0), 1), 0);
	for (i = 0; i < 8; i++)
		lost += rig_state_of(a, i) == MMX_GROUP_STATE_TIMEDOUT;
	assert_int_equal(lost, 1);
	assert_int_equal(rig_resets(&env->rig), 0);
}

/* ---- resets ---- */

enum breaks {
	TERMINATE, /* is not answered */
	UNRECOVERABLE, /* stream */
	ADDRESS_SPACE, /* has a command that does not end */
	START, /* is not answered */
	PING, /* is not answered */
	EVERYTHING, /* no request is answered */
};

enum resident {
	WORKING, /* in a job */
	IDLE, /* in its slot, after a job */
	FRESH, /* its START is under way */
	NONE, /* in no slot */
};

/* The first guest's group 0 is in slot 0, in a stream without end; now something of it breaks. */
static void break_it(struct env *env, enum breaks what)
{
	struct rig_guest *a = &env->guests[0];
	struct mmx_gpu *gpu = env->rig.core->gpu;
	struct mmx_csf_cs_output *output = (void *)(uintptr_t)gpu->fw.cs[0][0].output;
	struct mmx_csf_csg_output *group_output = (void *)(uintptr_t)gpu->fw.csg[0].output;
	uint32_t tag = rig_tag(a);
	union mmx_msg_buf msg;
	int size;

	switch (what) {
	case TERMINATE:
		deafen(env, 1u << CSG_STATE_TERMINATE);
		size = mmx_encode_object(&msg, tag, MMX_MSG_GROUP_DESTROY, RIG_NAME(0));
		assert_true(rig_put(a, &msg, size));
		rig_kick(a);
		break;
	case UNRECOVERABLE:
		output->fatal = 0x41;
		output->ack ^= CS_REQ_FATAL;
		group_output->cs_irq_req ^= 1u;
		mmx_slot_irq(gpu, 0);
		break;
	case ADDRESS_SPACE:
		env->rig.stick_as = 1u << mmx_mmu_as(mmx_group_vm(gpu->slots.slot[0].group));
		size = mmx_encode_object(&msg, tag, MMX_MSG_GROUP_DESTROY, RIG_NAME(1));
		assert_true(rig_put(a, &msg, size));
		rig_kick(a);
		break;
	case START:
		deafen(env, 1u << CSG_STATE_START);
		rig_submit(a, RIG_NAME(2), 0, 1, rig_empty, NULL, 0);
		rig_submit(a, RIG_NAME(2), 0, 2, rig_store(&env->ctx[0], 0, 1), NULL, 0);
		break;
	case PING:
		env->rig.lose_pings = true;
		mmx_timer_set(&env->rig.timers, &gpu->glb.ping, env->rig.now_ns);
		break;
	case EVERYTHING:
		env->rig.mute = true;
		mmx_timer_set(&env->rig.timers, &gpu->glb.ping, env->rig.now_ns);
		break;
	}
}

static void mend(struct env *env)
{
	deafen(env, 0);
	env->rig.mute = false;
	env->rig.lose_pings = false;
}

static const struct {
	enum breaks what;
	enum resident other;
	bool guilty; /* the first guest is */
	bool lost; /* the other guest's group is */
} rows[] = {
	{ TERMINATE, WORKING, true, false },
	{ TERMINATE, IDLE, true, false },
	{ TERMINATE, FRESH, true, false },
	{ TERMINATE, NONE, true, false },
	{ UNRECOVERABLE, WORKING, true, false },
	{ UNRECOVERABLE, IDLE, true, false },
	{ UNRECOVERABLE, FRESH, true, false },
	{ UNRECOVERABLE, NONE, true, false },
	{ ADDRESS_SPACE, WORKING, true, false },
	{ ADDRESS_SPACE, IDLE, true, false },
	{ ADDRESS_SPACE, FRESH, true, false },
	{ ADDRESS_SPACE, NONE, true, false },
	{ START, WORKING, false, false },
	{ START, IDLE, false, false },
	{ START, NONE, false, false },
	{ PING, WORKING, false, true },
	{ PING, IDLE, false, true },
	{ PING, NONE, false, false },
	{ EVERYTHING, WORKING, false, true },
	{ EVERYTHING, IDLE, false, true },
	{ EVERYTHING, FRESH, false, false },
	{ EVERYTHING, NONE, false, false },
};

#define LAST 8u /* job of the second guest's group */

/* What the second guest's group is doing when it happens. */
static void prepare_other(struct env *env, enum resident other)
{
	struct rig_guest *b = &env->guests[1];
	uint32_t i;

	rig_ctx_group(&env->ctx[1], 0, 1);
	if (other == IDLE || other == WORKING) {
		rig_submit(b, RIG_NAME(0), 0, 1, rig_store(&env->ctx[1], 0, 1), NULL, 0);
		assert_int_equal(rig_wait_job(b, RIG_NAME(0), 1), 0);
	} else {
		rig_submit(b, RIG_NAME(0), 0, 1, rig_empty, NULL, 0);
	}
	rig_run(&env->rig, 2 * MMX_NS_PER_MS);
	/* longer than any deadline, in pieces that a stream can have */
	for (i = 2; i <= LAST && (other == WORKING || other == FRESH); i++)
		rig_submit(b, RIG_NAME(0), 0, i, rig_work(&env->ctx[1], 60000, i, 7), NULL, 0);
	if (other == WORKING)
		rig_run(&env->rig, 10 * MMX_NS_PER_MS);
	if (other == FRESH)
		RIG_UNTIL(&env->rig, env->rig.core->gpu->slots.slot[1].state >= MMX_SLOT_STARTING);
}

/* What breaks, and what the other guest is doing meanwhile: who is to blame, and who loses what. */
static void test_table(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mmx_partition *partitions;
		struct rig_guest *a, *b;
		struct env *env;
		uint64_t seqno;
		int error;

		setup(state);
		env = *state;
		a = &env->guests[0];
		b = &env->guests[1];
		partitions = env->rig.core->partitions;
		rig_ctx_group(&env->ctx[0], 0, 1);
		rig_ctx_group(&env->ctx[0], 1, 1);
		rig_ctx_group(&env->ctx[0], 2, 1);
		rig_submit(a, RIG_NAME(0), 0, 1, rig_endless(&env->ctx[0]), NULL, 0);
		rig_run(&env->rig, MMX_NS_PER_MS);
		/* a START that was rung for before would still be heard */
		env->rig.mute = rows[i].what == EVERYTHING && rows[i].other == FRESH;
		prepare_other(env, rows[i].other);
		break_it(env, rows[i].what);
		RIG_UNTIL(&env->rig, rig_resets(&env->rig) == 1);
		mend(env);
		for (seqno = 2; seqno <= LAST && (rows[i].other == IDLE || rows[i].other == NONE);
		     seqno++)
			rig_submit(b, RIG_NAME(0), 0, seqno,
				   rig_store(&env->ctx[1], (uint32_t)seqno, 7), NULL, 0);
		error = rig_wait_job(b, RIG_NAME(0), LAST);
		if (error != (rows[i].lost ? ECANCELED : 0) ||
		    partitions[0].resets != rows[i].guilty || partitions[1].resets ||
		    partitions[1].lost != rows[i].lost)
			fail_msg("row %zu: error %d, guilty %d, lost %d", i, error,
				 (int)partitions[0].resets, (int)partitions[1].lost);
		assert_int_equal(rig_result(&env->ctx[1], LAST), rows[i].lost ? 0 : 7);
		assert_int_equal(rig_state_of(b, 0),
				 rows[i].lost ? MMX_GROUP_STATE_TIMEDOUT | MMX_GROUP_STATE_INNOCENT
					      : 0);
		assert_int_equal(b->fault_count, rows[i].lost);
		assert_int_equal(b->gpu_states[0], MMX_GPU_STATE_RESET);
		/* the first guest is not shut out: it can go on with another group */
		rig_ctx_group(&env->ctx[0], 3, 1);
		rig_submit(a, RIG_NAME(3), 0, 1, rig_store(&env->ctx[0], 3, 9), NULL, 0);
		assert_int_equal(rig_wait_job(a, RIG_NAME(24), 1), 0);
		assert_int_equal(rig_resets(&env->rig), 1);
		rig_teardown(state);
	}
}

/* Answers and interrupts of before the reset that come while it is under way are nobody's: all goes on as if they had not. */
static void test_late_answers(void **state)
{
	struct env *env = *state;
	struct rig_guest *b = &env->guests[1];
	struct mmx_gpu *gpu = env->rig.core->gpu;
	uint32_t *acks[2], i;
	uint64_t seqno;

	rig_ctx_group(&env->ctx[0], 0, 1);
	rig_ctx_group(&env->ctx[0], 1, 1);
	rig_ctx_group(&env->ctx[0], 2, 1);
	rig_submit(&env->guests[0], RIG_NAME(0), 0, 1, rig_endless(&env->ctx[0]), NULL, 0);
	rig_ctx_group(&env->ctx[1], 0, 1);
	for (seqno = 1; seqno <= 4; seqno++)
		rig_submit(b, RIG_NAME(0), 0, seqno, rig_work(&env->ctx[1], 60000, 0, 1), NULL, 0);
	rig_run(&env->rig, 5 * MMX_NS_PER_MS);
	for (i = 0; i < 2; i++)
		acks[i] = (uint32_t *)(uintptr_t)&gpu->fw.csg[i].output->ack;
	break_it(env, TERMINATE);
	RIG_UNTIL(&env->rig, rig_resets(&env->rig) == 1);
	mend(env);
	while (!mmx_gpu_is_ready(gpu)) {
		if (gpu->boot.state == MMX_BOOT_RESETTING)
			for (i = 0; i < 2; i++)
				*acks[i] = mmx_csf_update(*acks[i], CSG_STATE_TERMINATE,
							  CSG_REQ_STATE) ^
					   CSG_REQ_SYNC_UPDATE;
		for (i = 0; i < 2; i++)
			mmx_slot_irq(gpu, i);
		mmx_mmu_irq(gpu);
		for (i = 0; i < MMX_IRQ_COUNT; i++)
			mmx_core_irq(env->rig.core, (enum mmx_irq)i);
		rig_step(&env->rig, env->rig.now_ns + MMX_NS_PER_S);
	}
	for (seqno = 1; seqno <= 4; seqno++)
		assert_int_equal(rig_wait_job(b, RIG_NAME(0), seqno), 0);
	assert_int_equal(rig_resets(&env->rig), 1);
	assert_int_equal(env->rig.core->partitions[0].resets, 1);
}

/* Who leaves for a reset, and can't, is waited for until that is known, and no longer. */
static void test_leaves_no_more(void **state)
{
	struct env *env = *state;
	uint64_t start_ns = env->rig.now_ns;

	rig_ctx_group(&env->ctx[0], 0, 1);
	rig_submit(&env->guests[0], RIG_NAME(0), 0, 1, rig_endless(&env->ctx[0]), NULL, 0);
	rig_run(&env->rig, MMX_NS_PER_MS);
	deafen(env, 1u << CSG_STATE_SUSPEND | 1u << CSG_STATE_TERMINATE);
	mmx_reset_accuse(env->rig.core->gpu, "the test wants it", NULL, NULL);
	RIG_UNTIL(&env->rig, rig_resets(&env->rig) == 1);
	deafen(env, 0);
	assert_in_range(env->rig.now_ns - start_ns, PREEMPT_US * MMX_NS_PER_US + MMX_FW_REQUEST_NS,
			PREEMPT_US * MMX_NS_PER_US + MMX_FW_REQUEST_NS + SLACK_NS);
	assert_int_equal(rig_wait_job(&env->guests[0], RIG_NAME(0), 1), ECANCELED);
	assert_int_equal(rig_state_of(&env->guests[0], 0),
			 MMX_GROUP_STATE_TIMEDOUT | MMX_GROUP_STATE_INNOCENT);
}

/* Which partitions have groups in slots. */
static unsigned int residents(const struct env *env)
{
	const struct mmx_partition *partitions = env->rig.core->partitions;

	return (partitions[0].sched.slots ? 1u : 0) | (partitions[1].sched.slots ? 2u : 0);
}

/* A group of that index, and jobs of some 10 ms for it. */
static void submit_many(struct env *env, size_t guest, uint32_t index, uint64_t count)
{
	uint64_t i;

	rig_ctx_group(&env->ctx[guest], index, 1);
	for (i = 1; i <= count; i++)
		rig_submit(&env->guests[guest], RIG_NAME(index), 0, i,
			   rig_work(&env->ctx[guest], 10000, 0, 1), NULL, 0);
}

static void hang(struct env *env)
{
	uint64_t before = rig_resets(&env->rig);

	env->rig.lose_pings = true;
	mmx_timer_set(&env->rig.timers, &env->rig.core->gpu->glb.ping, env->rig.now_ns);
	RIG_UNTIL(&env->rig, rig_resets(&env->rig) == before + 1);
	env->rig.lose_pings = false;
	RIG_UNTIL(&env->rig, mmx_gpu_is_ready(env->rig.core->gpu));
}

/* Both were at work when the GPU hung: until they are cleared, they are never in slots together, and both go on. */
static void test_suspects(void **state)
{
	struct env *env = *state;
	struct mmx_partition *partitions = env->rig.core->partitions;
	unsigned int seen = 0;
	size_t i;

	for (i = 0; i < 2; i++)
		submit_many(env, i, 0, 30);
	rig_run(&env->rig, MMX_NS_PER_MS);
	assert_int_equal(residents(env), 3);
	hang(env);
	assert_true(partitions[0].sched.suspect && partitions[1].sched.suspect);
	assert_int_equal(partitions[0].resets + partitions[1].resets, 0);
	for (i = 0; i < 2; i++) {
		assert_int_equal(rig_state_of(&env->guests[i], 0),
				 MMX_GROUP_STATE_TIMEDOUT | MMX_GROUP_STATE_INNOCENT);
		assert_int_equal(rig_object(&env->guests[i], MMX_MSG_GROUP_DESTROY, RIG_NAME(0)),
				 0);
		rig_ctx_group(&env->ctx[i], 0, 1);
		submit_many(env, i, 1, 30);
	}
	while (partitions[0].sched.suspect || partitions[1].sched.suspect) {
		RIG_CHECK(rig_step(&env->rig, env->rig.now_ns + MMX_NS_PER_S));
		if (partitions[0].sched.suspect || partitions[1].sched.suspect)
			assert_int_not_equal(residents(env), 3);
		seen |= residents(env);
	}
	assert_int_equal(seen, 3);
	for (i = 0; i < 2; i++)
		assert_int_equal(rig_wait_job(&env->guests[i], RIG_NAME(8), 30), 0);
	assert_int_equal(rig_resets(&env->rig), 1);
}

/* The one of them that is alone when it happens again is to blame; the other one does not lose anything more. */
static void test_repeat_while_alone(void **state)
{
	struct env *env = *state;
	struct mmx_partition *partitions = env->rig.core->partitions;
	size_t i, guilty;

	for (i = 0; i < 2; i++)
		submit_many(env, i, 0, 30);
	rig_run(&env->rig, MMX_NS_PER_MS);
	hang(env);
	for (i = 0; i < 2; i++)
		submit_many(env, i, 1, 60);
	rig_run(&env->rig, 25 * MMX_NS_PER_MS);
	RIG_UNTIL(&env->rig, residents(env) == 1 || residents(env) == 2);
	deafen(env, 1u << CSG_STATE_SUSPEND | 1u << CSG_STATE_TERMINATE);
	env->rig.lose_pings = true;
	guilty = residents(env) == 2;
	RIG_UNTIL(&env->rig, rig_resets(&env->rig) == 2);
	env->rig.lose_pings = false;
	deafen(env, 0);
	assert_int_equal(partitions[guilty].resets, 1);
	assert_int_equal(partitions[!guilty].resets, 0);
	assert_int_equal(partitions[!guilty].lost, 1);
	assert_int_equal(rig_state_of(&env->guests[guilty], 1), MMX_GROUP_STATE_TIMEDOUT);
	assert_int_equal(rig_wait_job(&env->guests[!guilty], RIG_NAME(8), 60), 0);
}

/* ---- the budget ---- */

#define STORM_NS (2 * MMX_NS_PER_S)

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
		rig_ctx_group(&env->ctx[0], index, 1);
		rig_submit(a, RIG_NAME(index), 0, 1, endless, NULL, 0);
	}
	deafen(env, 0);
	return done;
}

/* A guest that hangs all the time costs the other one little time and no job, and is shut out in the end. */
static void test_storm(void **state)
{
	struct mmx_local_peer peer = MMX_LOCAL_PEER_INIT;
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
	assert_in_range(storm(env, true), calm * 9 / 10, calm * 3);
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
	struct mmx_local_peer peer = MMX_LOCAL_PEER_INIT;
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
	mmx_local_peer_finish(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_suspend_not_answered, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_suspend_answered_late, setup, rig_teardown),
		cmocka_unit_test(test_table),
		cmocka_unit_test_setup_teardown(test_late_answers, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_leaves_no_more, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_suspects, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_repeat_while_alone, setup, rig_teardown),
		cmocka_unit_test(test_storm),
		cmocka_unit_test_setup_teardown(test_quarantine_grows, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_quarantined_while_coming, setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
