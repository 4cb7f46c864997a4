// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The GPU without power while nobody has work: when it goes off and comes back, what that costs, and that whatever
 * guests, or the GPU itself, do at any point of the way has its usual end. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "backend/gpu/gpu_priv.h"
#include "tests/unit/rig_guest.h"
#include "tools/model/cost.h"

#define IDLE_MS 50u
#define IDLE_NS (IDLE_MS * MMX_NS_PER_MS)

/* From the last job's end to the GPU off: idleness is told a little later, and the way down takes a little. */
#define DOWN_NS (IDLE_NS + 5 * MMX_NS_PER_MS)

struct env {
	struct rig rig;
	struct rig_guest guests[2];
	struct rig_ctx ctxs[2];
	uint64_t seqnos[2];
};

static struct env *begin(uint32_t idle_ms)
{
	struct env *env = calloc(1, sizeof(*env));
	size_t i;

	assert_non_null(env);
	rig_idle_power_off_ms = idle_ms;
	rig_init(&env->rig, 2);
	rig_start_guests(&env->rig, env->guests);
	for (i = 0; i < 2; i++) {
		rig_ctx_create(&env->guests[i], 0, &env->ctxs[i]);
		rig_ctx_group(&env->ctxs[i], 0, 2);
	}
	return env;
}

static int setup(void **state)
{
	*state = begin(IDLE_MS);
	return 0;
}

static int setup_never(void **state)
{
	*state = begin(0);
	return 0;
}

static void submit(struct env *env, unsigned int guest)
{
	uint64_t seqno = ++env->seqnos[guest];

	rig_submit(&env->guests[guest], RIG_NAME(0), 0, seqno,
		   rig_work(&env->ctxs[guest], 100, 0, (uint32_t)seqno), NULL, 0);
}

/* Return: when it was done, after @start_ns. */
static uint64_t finish(struct env *env, unsigned int guest, uint64_t start_ns)
{
	assert_int_equal(rig_wait_job(&env->guests[guest], RIG_NAME(0), env->seqnos[guest]), 0);
	assert_int_equal(rig_result(&env->ctxs[guest], 0), env->seqnos[guest]);
	return env->rig.now_ns - start_ns;
}

static enum mmx_gpu_power power(const struct env *env)
{
	return mmx_gpu_power(env->rig.core->gpu);
}

static struct mmx_gpu_stats stats_of(const struct env *env)
{
	struct mmx_gpu_stats stats;

	mmx_gpu_stats(env->rig.core->gpu, &stats);
	return stats;
}

static void check_status(const struct env *env, const char *power_name, uint64_t power_offs)
{
	struct json_object *status = mmx_core_status(env->rig.core), *gpu, *value;

	assert_non_null(status);
	assert_true(json_object_object_get_ex(status, "gpu", &gpu));
	assert_true(json_object_object_get_ex(gpu, "power", &value));
	assert_string_equal(json_object_get_string(value), power_name);
	assert_true(json_object_object_get_ex(gpu, "power_offs", &value));
	assert_int_equal(json_object_get_uint64(value), power_offs);
	assert_true(json_object_object_get_ex(gpu, "ready", &value));
	assert_true(json_object_get_boolean(value));
	json_object_put(status);
}

static void test_off_and_on(void **state)
{
	struct env *env = *state;
	uint64_t start_ns, awake_ns, asleep_ns;
	unsigned int i;

	submit(env, 0);
	finish(env, 0, 0);
	/* not yet: the next one finds its group in its slot */
	rig_run(&env->rig, IDLE_NS - MMX_NS_PER_MS);
	assert_int_equal(power(env), MMX_GPU_POWER_ON);
	start_ns = env->rig.now_ns;
	submit(env, 0);
	awake_ns = finish(env, 0, start_ns);
	/* and that has begun a time anew */
	rig_run(&env->rig, IDLE_NS - MMX_NS_PER_MS);
	assert_int_equal(power(env), MMX_GPU_POWER_ON);
	check_status(env, "on", 0);
	rig_run(&env->rig, 6 * MMX_NS_PER_MS);
	assert_int_equal(power(env), MMX_GPU_POWER_OFF);
	check_status(env, "off", 1);
	rig_run(&env->rig, MMX_NS_PER_S);
	assert_in_range(stats_of(env).power_off_ns, MMX_NS_PER_S, MMX_NS_PER_S + DOWN_NS);

	/* back: the hardware's time, and that of a group that comes into its slot */
	start_ns = env->rig.now_ns;
	submit(env, 0);
	asleep_ns = finish(env, 0, start_ns);
	assert_in_range(asleep_ns - awake_ns, MDL_COST_L2_POWER_NS + MDL_COST_MCU_BOOT_NS,
			MDL_COST_L2_POWER_NS + MDL_COST_MCU_BOOT_NS + 50 * MMX_NS_PER_US);

	/* again and again, for whoever has work */
	for (i = 0; i < 10; i++) {
		rig_run(&env->rig, DOWN_NS);
		assert_int_equal(power(env), MMX_GPU_POWER_OFF);
		submit(env, i % 2);
		finish(env, i % 2, 0);
	}
	assert_int_equal(stats_of(env).power_offs, 11);
	assert_int_equal(stats_of(env).resets, 0);
	assert_int_equal(env->guests[0].gpu_state_count, 0);
}

/* A GPU that was never used, too. */
static void test_off_from_the_start(void **state)
{
	struct env *env = *state;

	rig_run(&env->rig, DOWN_NS);
	assert_int_equal(power(env), MMX_GPU_POWER_OFF);
	rig_run(&env->rig, 60 * MMX_NS_PER_S);
	assert_int_equal(stats_of(env).power_offs, 1);
	submit(env, 1);
	finish(env, 1, 0);
}

static void test_never(void **state)
{
	struct env *env = *state;

	submit(env, 0);
	finish(env, 0, 0);
	rig_run(&env->rig, 60 * MMX_NS_PER_S);
	assert_int_equal(power(env), MMX_GPU_POWER_ON);
	assert_int_equal(stats_of(env).power_offs, 0);
}

/* Nobody is idle who has a job, if it takes long. */
static void test_not_while_somebody_works(void **state)
{
	struct env *env = *state;
	uint64_t seqno;

	for (seqno = 1; seqno <= 3; seqno++)
		rig_submit(&env->guests[0], RIG_NAME(0), 0, seqno,
			   rig_work(&env->ctxs[0], 60000, 0, 1), NULL, 0);
	submit(env, 1);
	finish(env, 1, 0);
	rig_run(&env->rig, 150 * MMX_NS_PER_MS);
	assert_int_equal(power(env), MMX_GPU_POWER_ON);
	assert_int_equal(rig_wait_job(&env->guests[0], RIG_NAME(0), 3), 0);
	rig_run(&env->rig, DOWN_NS);
	assert_int_equal(power(env), MMX_GPU_POWER_OFF);
}

/* Binding needs no power: nothing is resident. */
static void bind_something(struct env *env)
{
	struct rig_guest *guest = &env->guests[0];
	const struct rig_ctx *ctx = &env->ctxs[0];

	assert_int_equal(rig_mem_create(guest, RIG_NAME(9), 200, 16), 0);
	assert_int_equal(rig_map(guest, ctx->vm, RIG_NAME(9), 0, 0x40000000, 0x10000, 0), 0);
	assert_int_equal(rig_unmap(guest, ctx->vm, 0x40000000, 0x8000), 0);
	assert_int_equal(rig_unmap(guest, ctx->vm, 0x40000000, 0x10000), 0);
	assert_int_equal(rig_object(guest, MMX_MSG_MEM_DESTROY, RIG_NAME(9)), 0);
	rig_run(&env->rig, MMX_NS_PER_MS);
	rig_guest_read(guest);
	assert_true(rig_is_released(guest, RIG_NAME(9)));
}

static void test_binds_without_power(void **state)
{
	struct env *env = *state;

	submit(env, 0);
	finish(env, 0, 0);
	rig_run(&env->rig, DOWN_NS);
	bind_something(env);
	assert_int_equal(rig_group_create(&env->guests[0], env->ctxs[0].client, env->ctxs[0].vm,
					  RIG_NAME(1), 1, 5),
			 0);
	assert_int_equal(rig_object(&env->guests[0], MMX_MSG_GROUP_DESTROY, RIG_NAME(1)), 0);
	assert_int_equal(power(env), MMX_GPU_POWER_OFF);
	assert_int_equal(stats_of(env).power_offs, 1);
}

/* ---- at any point ---- */

enum what {
	SUBMIT,
	SUBMIT_BOTH,
	BIND,
	GROUP_GOES,
	GUEST_GOES,
	RESET,
	STOP,
	DEVICE_DIES,
	WHATS,
};

/*
 * Some point after so many steps of time on the way down, and up again for a job of guest 1. Return: false if it
 * lies behind the end.
 */
static bool go_to(struct env *env, unsigned int steps)
{
	unsigned int i;

	submit(env, 0);
	finish(env, 0, 0);
	submit(env, 1);
	finish(env, 1, 0);
	while (!env->rig.core->drowsy)
		rig_step(&env->rig, env->rig.now_ns + 10 * MMX_NS_PER_US);
	for (i = 0; i < steps; i++) {
		rig_step(&env->rig, env->rig.now_ns + MMX_NS_PER_S);
		if (power(env) == MMX_GPU_POWER_OFF)
			submit(env, 1);
		if (stats_of(env).power_offs && mmx_gpu_is_ready(env->rig.core->gpu))
			return false;
	}
	return true;
}

static void both_work(struct env *env)
{
	submit(env, 0);
	submit(env, 1);
	finish(env, 0, 0);
	finish(env, 1, 0);
}

static void do_at(struct env *env, enum what what)
{
	switch (what) {
	case SUBMIT:
		submit(env, 0);
		finish(env, 0, 0);
		break;
	case SUBMIT_BOTH:
		both_work(env);
		break;
	case BIND:
		bind_something(env);
		break;
	case GROUP_GOES:
		assert_int_equal(rig_object(&env->guests[0], MMX_MSG_GROUP_DESTROY, RIG_NAME(0)),
				 0);
		assert_int_equal(rig_group_create(&env->guests[0], env->ctxs[0].client,
						  env->ctxs[0].vm, RIG_NAME(1), 1, 5),
				 0);
		break;
	case GUEST_GOES:
		rig_guest_hangup(&env->guests[0]);
		rig_guest_wait_gone(&env->guests[0]);
		break;
	case RESET:
		/* groups that it takes on their way out are lost, others are not */
		mmx_gpu_reset(env->rig.core->gpu, "the test wants it");
		rig_run(&env->rig, 10 * MMX_NS_PER_MS);
		break;
	case DEVICE_DIES:
		rig_kill(&env->rig);
		RIG_UNTIL(&env->rig, env->rig.state == MMX_CORE_ENDED);
		break;
	case STOP:
	case WHATS:
		break;
	}
}

static void test_at_any_point(void **state)
{
	unsigned int points = 0;
	int what;

	(void)state;
	for (what = 0; what < WHATS; what++) {
		unsigned int steps = 0;
		bool more = true;

		for (; more; steps++) {
			struct env *env = begin(IDLE_MS);
			bool suspended;

			more = go_to(env, steps);
			suspended = !env->rig.core->partitions[0].sched.slots &&
				    !env->rig.core->partitions[1].sched.slots;
			do_at(env, (enum what)what);
			if (what == BIND || what == SUBMIT || (what == RESET && suspended))
				both_work(env);
			if (what == GUEST_GOES || what == GROUP_GOES) {
				submit(env, 1);
				finish(env, 1, 0);
			}
			if (what == BIND || what == SUBMIT_BOTH) {
				rig_run(&env->rig, DOWN_NS);
				assert_int_equal(power(env), MMX_GPU_POWER_OFF);
				both_work(env);
				assert_int_equal(stats_of(env).resets, 0);
			}
			rig_finish(&env->rig);
			free(env);
		}
		points += steps;
	}
	/* two groups out; halt, stop, address spaces, off, on, boot, configuration */
	assert_true(points > WHATS * 10);
}

/* Firmware that never halts, in the end a guest's job is done all the same. */
static void test_will_not_halt(void **state)
{
	struct env *env = *state;

	submit(env, 0);
	finish(env, 0, 0);
	RIG_UNTIL(&env->rig, env->rig.core->drowsy);
	RIG_UNTIL(&env->rig, !env->rig.core->partitions[0].sched.slots);
	env->rig.mute = true;
	rig_run(&env->rig, 5 * MMX_NS_PER_MS);
	env->rig.mute = false;
	submit(env, 0);
	finish(env, 0, 0);
	/* nobody was there to lose anything by it */
	assert_int_equal(env->guests[0].fault_count, 0);
	assert_int_equal(env->guests[0].gpu_state_count, 0);
}

/* A guest that does not notify, since it was told that somebody looks, ends the sleep too. */
static void test_polled(void **state)
{
	struct env *env = *state;
	unsigned int i;

	mmx_core_set_polling(env->rig.core, true);
	for (i = 0; i < 3; i++) {
		submit(env, 0);
		finish(env, 0, 0);
		rig_run(&env->rig, DOWN_NS);
		assert_int_equal(power(env), MMX_GPU_POWER_OFF);
	}
	mmx_core_set_polling(env->rig.core, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_off_and_on, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_off_from_the_start, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_never, setup_never, rig_teardown),
		cmocka_unit_test_setup_teardown(test_not_while_somebody_works, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_binds_without_power, setup, rig_teardown),
		cmocka_unit_test(test_at_any_point),
		cmocka_unit_test_setup_teardown(test_will_not_halt, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_polled, setup, rig_teardown),
	};
	int failed = cmocka_run_group_tests_name("core_power", tests, NULL, NULL);

	/* firmware is told to halt by another word */
	rig_interface_version = CSF_VERSION_GLB_STATE;
	return failed + cmocka_run_group_tests_name("core_power, interface 4.1", tests, NULL, NULL);
}
