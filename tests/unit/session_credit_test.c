// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Credits: as many jobs and requests under way as a guest may have, and one more. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/rig_guest.h"

struct env {
	struct rig rig;
	struct rig_guest guest;
	struct rig_ctx ctx; /* of index 0, with group 0 of two queues, timelines 0 and 1 */
};

static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	rig_init(&env->rig, 1);
	rig_start_ctxs(&env->rig, &env->guest, &env->ctx);
	rig_ctx_group(&env->ctx, 0, 2);
	*state = env;
	return 0;
}

static void test_job_credits(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guest;
	uint64_t seqno;
	uint32_t tag;

	rig_submit(guest, RIG_NAME(0), 0, 1, rig_work(&env->ctx, 5000, 0, 1), NULL, 0);
	for (seqno = 2; seqno <= 64; seqno++)
		rig_submit(guest, RIG_NAME(0), 0, seqno, rig_empty, NULL, 0);
	tag = rig_submit(guest, RIG_NAME(0), 0, 65, rig_empty, NULL, 0);
	assert_int_equal(rig_answer(guest, tag), -EAGAIN);
	/* the other queue has its own */
	rig_submit(guest, RIG_NAME(0), 1, 1, rig_empty, NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(1), 1), 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 64), 0);
	rig_submit(guest, RIG_NAME(0), 0, 65, rig_empty, NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 65), 0);
}

/* @count requests that take their time: VM_DESTROYs wait for maintenance. */
static void pile_up(struct env *env, unsigned int count)
{
	union mmx_msg_buf msg;
	unsigned int i;

	/* resident, so that binds take some time */
	rig_submit(&env->guest, RIG_NAME(0), 0, 1, rig_await(&env->ctx, 0, 0), NULL, 0);
	rig_run(&env->rig, MMX_NS_PER_MS);
	for (i = 0; i < count; i++) {
		const struct mmx_bind_op op = {
			.op = MMX_BIND_OP_MAP,
			.mem = env->ctx.mem,
			.va = RIG_VA,
			.size = RIG_PAGES * MMX_WIRE_PAGE_SIZE,
		};

		assert_true(rig_put(
			&env->guest, &msg,
			mmx_encode_vm_bind(&msg, rig_tag(&env->guest), env->ctx.vm, &op, 1)));
	}
	rig_kick(&env->guest);
}

/* As many requests as there are credits, and SUBMITs, which take none, even if they are refused. */
static void test_request_credits(void **state)
{
	struct env *env = *state;
	uint32_t first = env->guest.tag + 2, i, tag;

	pile_up(env, 32);
	tag = rig_submit(&env->guest, RIG_NAME(0), 0, 9, rig_empty, NULL, 0);
	rig_submit(&env->guest, RIG_NAME(0), 1, 1, rig_empty, NULL, 0);
	assert_int_equal(rig_answer(&env->guest, tag), -EILSEQ);
	assert_false(rig_answered(&env->guest, first));
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(1), 1), 0);
	for (i = 0; i < 32; i++)
		assert_int_equal(rig_answer(&env->guest, first + i), 0);
	/* they are all there again */
	pile_up(env, 0);
	assert_non_null(env->guest.session);
}

static void test_too_many_requests(void **state)
{
	struct env *env = *state;

	pile_up(env, 33);
	rig_guest_wait_gone(&env->guest);
	assert_int_equal(mmx_front_session_closed(&env->guest.front), EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_job_credits, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_request_credits, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_too_many_requests, setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
