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
	rig_start_ctxs(&env->rig, env->guests, env->ctx);
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

/* A group that does not suspend costs its guest that group, and the other guest the time until that is noticed. */
static void test_suspend_not_answered(void **state)
{
	struct env *env = *state;
	struct rig_guest *a = &env->guests[0], *b = &env->guests[1];
	uint32_t i, lost = 0;
	uint64_t start_ns;

	fill_slots(env);
	rig_ctx_group(&env->ctx[1], 0, 1);
	rig_deafen(&env->rig, 1u << CSG_STATE_SUSPEND);
	start_ns = env->rig.now_ns;
	rig_submit(b, RIG_NAME(0), 0, 1, rig_store(&env->ctx[1], 0, 1), NULL, 0);
	assert_int_equal(rig_wait_job(b, RIG_NAME(0), 1), 0);
	assert_in_range(env->rig.now_ns - start_ns, PREEMPT_US * MMX_NS_PER_US,
			PREEMPT_US * MMX_NS_PER_US + TICK_NS + SLACK_NS);
	rig_deafen(&env->rig, 0);
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

/* Until a group is to leave its slot, and has not. Return: the slot. */
static struct mmx_slot *await_stopping(struct rig *rig)
{
	struct mmx_slots *slots = &rig->core->gpu->slots;
	uint64_t end_ns = rig->now_ns + 2 * TICK_NS;
	uint32_t i;

	for (; rig->now_ns < end_ns; rig_run(rig, MMX_NS_PER_US))
		for (i = 0; i < 8; i++)
			if (slots->slot[i].state == MMX_SLOT_STOPPING)
				return &slots->slot[i];
	fail_msg("no group has left its slot");
	return NULL;
}

/* A model that was not let run, as its registers show, has the time that it lost; who is slow in spite of them has not. */
static void test_device_starved(void **state)
{
	struct env *env = *state;
	struct rig *rig = &env->rig;
	struct rig_guest *b = &env->guests[1];
	uint64_t late_ns = 2 * MMX_GPU_LATE_NS, start_ns;
	struct mmx_slot *slot;
	uint32_t i;

	fill_slots(env);
	rig_ctx_group(&env->ctx[1], 0, 1);
	rig_submit(b, RIG_NAME(0), 0, 1, rig_store(&env->ctx[1], 0, 1), NULL, 0);
	slot = await_stopping(rig);
	rig->now_ns += PREEMPT_US * MMX_NS_PER_US;
	rig->read_ns = late_ns;
	start_ns = rig->now_ns;
	mmx_core_round(rig->core);
	rig->read_ns = 0;
	assert_int_equal(rig->now_ns - start_ns, late_ns);
	assert_int_equal(slot->state, MMX_SLOT_STOPPING);
	assert_int_equal(slot->request, CSG_STATE_SUSPEND);
	assert_int_equal(rig_wait_job(b, RIG_NAME(0), 1), 0);
	for (i = 0; i < 8; i++)
		assert_int_equal(rig_state_of(&env->guests[0], i), 0);
	assert_int_equal(rig_resets(rig), 0);
	assert_int_equal(rig->core->partitions[0].timeouts, 0);

	/* once it has been given its time it is as before; the first guest has all slots again */
	rig_run(rig, 2 * TICK_NS);
	rig_deafen(rig, 1u << CSG_STATE_SUSPEND);
	rig_submit(b, RIG_NAME(0), 0, 2, rig_store(&env->ctx[1], 0, 2), NULL, 0);
	slot = await_stopping(rig);
	rig->now_ns += PREEMPT_US * MMX_NS_PER_US;
	rig->read_ns = late_ns;
	mmx_core_round(rig->core);
	rig->read_ns = 0;
	assert_int_equal(slot->request, CSG_STATE_SUSPEND);
	rig_run(rig, late_ns + SLACK_NS);
	assert_int_equal(rig->core->partitions[0].timeouts, 1);
	assert_int_equal(rig_wait_job(b, RIG_NAME(0), 2), 0);
	rig_deafen(rig, 0);
	assert_int_equal(rig_resets(rig), 0);
}

/* An answer to the SUSPEND that comes when the TERMINATE has been sent is none to that. */
static void test_suspend_answered_late(void **state)
{
	struct env *env = *state;
	struct rig_guest *a = &env->guests[0], *b = &env->guests[1];
	uint32_t i, lost = 0;

	fill_slots(env);
	rig_ctx_group(&env->ctx[1], 0, 1);
	rig_deafen(&env->rig, 1u << CSG_STATE_SUSPEND | 1u << CSG_STATE_TERMINATE);
	rig_submit(b, RIG_NAME(0), 0, 1, rig_store(&env->ctx[1], 0, 1), NULL, 0);
	rig_run(&env->rig, TICK_NS + PREEMPT_US * MMX_NS_PER_US);
	rig_deafen(&env->rig, 0);
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
		rig_deafen(&env->rig, 1u << CSG_STATE_TERMINATE);
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
		rig_deafen(&env->rig, 1u << CSG_STATE_START);
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
	rig_deafen(&env->rig, 0);
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
	rig_deafen(&env->rig, 1u << CSG_STATE_SUSPEND | 1u << CSG_STATE_TERMINATE);
	mmx_reset_accuse(env->rig.core->gpu, "the test wants it", NULL, NULL);
	RIG_UNTIL(&env->rig, rig_resets(&env->rig) == 1);
	rig_deafen(&env->rig, 0);
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
	rig_deafen(&env->rig, 1u << CSG_STATE_SUSPEND | 1u << CSG_STATE_TERMINATE);
	env->rig.lose_pings = true;
	guilty = residents(env) == 2;
	RIG_UNTIL(&env->rig, rig_resets(&env->rig) == 2);
	env->rig.lose_pings = false;
	rig_deafen(&env->rig, 0);
	assert_int_equal(partitions[guilty].resets, 1);
	assert_int_equal(partitions[!guilty].resets, 0);
	assert_int_equal(partitions[!guilty].lost, 1);
	assert_int_equal(rig_state_of(&env->guests[guilty], 1), MMX_GROUP_STATE_TIMEDOUT);
	assert_int_equal(rig_wait_job(&env->guests[!guilty], RIG_NAME(8), 60), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_suspend_not_answered, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_device_starved, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_suspend_answered_late, setup, rig_teardown),
		cmocka_unit_test(test_table),
		cmocka_unit_test_setup_teardown(test_late_answers, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_leaves_no_more, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_suspects, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_repeat_while_alone, setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
