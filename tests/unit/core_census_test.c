// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What the control socket tells of a guest's groups and VMs: all of it, in pages, none of them longer than its bound. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "backend/core/core.h"
#include "tests/unit/rig_guest.h"

#define GROUPS 70u
/* Of an answer, well below MMX_CONTROL_MAX_ANSWER, whose header needs libuv. */
#define MAX_BYTES (256u << 10)

struct env {
	struct rig rig;
	struct rig_guest guest;
	struct rig_ctx ctx;
};

static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	rig_init(&env->rig, 2);
	env->rig.partitions[0].limits.wire.max_groups = GROUPS;
	env->rig.partitions[0].limits.wire.max_timelines = 8 * GROUPS;
	rig_start(&env->rig);
	rig_guest_connect(&env->rig, 0, &env->guest);
	assert_int_equal(rig_hello(&env->guest), 0);
	rig_ctx_create(&env->guest, 0, &env->ctx);
	*state = env;
	return 0;
}

static struct json_object *ask(struct env *env, enum mmx_core_census what, uint32_t from)
{
	struct json_object *page = NULL;

	assert_int_equal(mmx_core_census(env->rig.core, what, "guest0", from, &page), 0);
	assert_true(strlen(json_object_to_json_string_ext(page, JSON_C_TO_STRING_PLAIN)) <
		    MAX_BYTES);
	return page;
}

static struct json_object *member(struct json_object *obj, const char *name)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(obj, name, &value))
		fail_msg("there is no %s", name);
	return value;
}

static int64_t number(struct json_object *obj, const char *name)
{
	return json_object_get_int64(member(obj, name));
}

static const char *text(struct json_object *obj, const char *name)
{
	return json_object_get_string(member(obj, name));
}

static void test_groups(void **state)
{
	struct env *env = *state;
	struct json_object *page, *group, *queue;
	uint64_t seqno;

	assert_int_equal(
		rig_group_create(&env->guest, env->ctx.client, env->ctx.vm, RIG_NAME(5), 2, 0), 0);
	page = ask(env, MMX_CORE_GROUPS, 0);
	assert_int_equal(json_object_array_length(member(page, "groups")), 1);
	assert_int_equal(number(page, "next"), 0);
	group = json_object_array_get_idx(member(page, "groups"), 0);
	assert_string_equal(text(group, "state"), "off");
	assert_string_equal(text(group, "label"), "");
	assert_false(json_object_object_get_ex(group, "slot", NULL));
	json_object_put(page);

	for (seqno = 1; seqno <= 3; seqno++)
		rig_submit(&env->guest, RIG_NAME(5), 1, seqno,
			   seqno == 3 ? rig_endless(&env->ctx) : rig_store(&env->ctx, 0, 1), NULL,
			   0);
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(1), 2), 0);
	page = ask(env, MMX_CORE_GROUPS, 0);
	group = json_object_array_get_idx(member(page, "groups"), 0);
	assert_string_equal(text(group, "state"), "on");
	assert_in_range(number(group, "slot"), 0, 15);
	assert_true(number(group, "gpu_time_ns") > 0);
	assert_true(number(group, "backend_bytes") > 0);
	queue = json_object_array_get_idx(member(group, "queues"), 1);
	assert_int_equal(number(queue, "submitted"), 3);
	assert_int_equal(number(queue, "completed"), 2);
	assert_int_equal(number(queue, "failed"), 0);
	json_object_put(page);

	page = ask(env, MMX_CORE_VMS, 0);
	group = json_object_array_get_idx(member(page, "vms"), 0);
	assert_true(json_object_get_boolean(member(group, "resident")));
	assert_true(number(group, "mappings") > 0);
	assert_true(number(group, "table_bytes") > 0);
	json_object_put(page);

	/* it dies, and says of what */
	rig_submit(&env->guest, RIG_NAME(5), 0, 1, rig_fatal(&env->ctx), NULL, 0);
	rig_wait_job(&env->guest, RIG_NAME(0), 1);
	page = ask(env, MMX_CORE_GROUPS, 0);
	group = json_object_array_get_idx(member(page, "groups"), 0);
	assert_string_equal(text(group, "state"), "faulted");
	json_object_put(page);
}

/* As many groups as there may be, with as many queues: in two pages; what has gone meanwhile is left out. */
static void test_pages(void **state)
{
	struct env *env = *state;
	struct json_object *page;
	uint32_t i, next;

	for (i = 0; i < GROUPS; i++)
		assert_int_equal(rig_group_create(&env->guest, env->ctx.client, env->ctx.vm,
						  RIG_NAME(i), MMX_MAX_QUEUES, 8 * i),
				 0);
	page = ask(env, MMX_CORE_GROUPS, 0);
	assert_int_equal(json_object_array_length(member(page, "groups")), 64);
	next = (uint32_t)number(page, "next");
	assert_int_equal(next, 64);
	json_object_put(page);
	assert_int_equal(rig_object(&env->guest, MMX_MSG_GROUP_DESTROY, RIG_NAME(65)), 0);
	page = ask(env, MMX_CORE_GROUPS, next);
	assert_int_equal(json_object_array_length(member(page, "groups")), GROUPS - 64 - 1);
	assert_int_equal(number(page, "next"), 0);
	json_object_put(page);
	page = ask(env, MMX_CORE_GROUPS, UINT32_MAX);
	assert_int_equal(json_object_array_length(member(page, "groups")), 0);
	json_object_put(page);
}

static void test_nobody(void **state)
{
	struct env *env = *state;
	struct json_object *page = NULL;

	assert_int_equal(mmx_core_census(env->rig.core, MMX_CORE_VMS, "guest1", 0, &page), 0);
	assert_int_equal(json_object_array_length(member(page, "vms")), 0);
	assert_int_equal(number(page, "next"), 0);
	json_object_put(page);
	assert_int_equal(mmx_core_census(env->rig.core, MMX_CORE_VMS, "guest2", 0, &page),
			 CORE_E_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_groups, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_pages, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_nobody, setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
