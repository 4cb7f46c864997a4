// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* LABEL and TIME: what a session keeps, charges and tells. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/session/session_priv.h"
#include "tests/unit/rig_guest.h"

struct env {
	struct rig rig;
	struct rig_guest guest;
	struct rig_ctx ctx;
};

static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	rig_init(&env->rig, 1);
	rig_start_ctxs(&env->rig, &env->guest, &env->ctx);
	rig_ctx_group(&env->ctx, 0, 1);
	*state = env;
	return 0;
}

static int label(struct env *env, uint32_t type, const char *text)
{
	union mmx_msg_buf msg;

	return rig_call(&env->guest, &msg,
			mmx_encode_label(&msg, rig_tag(&env->guest), type, RIG_NAME(0), text));
}

static const char *label_of(struct env *env, uint32_t type)
{
	const struct mmx_session *s = env->guest.session;
	const struct mmx_client *client = mmx_table_find(&s->clients, RIG_NAME(0));
	const struct mmx_memobj *mem = mmx_table_find(&s->mems, RIG_NAME(0));
	const struct mmx_addrspace *vm = mmx_table_find(&s->vms, RIG_NAME(0));
	const struct mmx_sgroup *group = mmx_table_find(&s->groups, RIG_NAME(0));

	switch (type) {
	case MMX_LABEL_CLIENT:
		return client->label;
	case MMX_LABEL_MEM:
		return mem->label;
	case MMX_LABEL_VM:
		return vm->label;
	default:
		return group->label;
	}
}

/* Each kind of object: given, replaced, taken away, and charged for as long as it is there. */
static void test_labels(void **state)
{
	static const char *const texts[] = { "a", "frame buffer ~ 1", "b" };
	struct env *env = *state;
	const struct mmx_session *s = env->guest.session;
	uint64_t before = s->backend_bytes;
	uint32_t type;
	size_t i;

	for (type = MMX_LABEL_CLIENT; type <= MMX_LABEL_GROUP; type++) {
		for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
			assert_int_equal(label(env, type, texts[i]), 0);
			assert_string_equal(label_of(env, type), texts[i]);
			assert_int_equal(s->backend_bytes, before + strlen(texts[i]) + 1);
		}
		assert_int_equal(label(env, type, ""), 0);
		assert_null(label_of(env, type));
		assert_int_equal(s->backend_bytes, before);
	}
	/* they go with their objects */
	for (type = MMX_LABEL_CLIENT; type <= MMX_LABEL_GROUP; type++)
		assert_int_equal(label(env, type, "gone soon"), 0);
	assert_int_equal(rig_object(&env->guest, MMX_MSG_CLIENT_DESTROY, RIG_NAME(0)), 0);
	assert_int_equal(rig_object(&env->guest, MMX_MSG_MEM_DESTROY, RIG_NAME(0)), 0);
	rig_run(&env->rig, 10 * MMX_NS_PER_MS);
	assert_int_equal(s->backend_bytes, 0);
}

static void test_bad_labels(void **state)
{
	static const struct {
		size_t at;
		char byte;
		int error;
	} cases[] = {
		{ 0, '\n', -EINVAL },	{ 0, '\x1b', -EINVAL }, { 0, '\x7f', -EINVAL },
		{ 2, '\x1f', -EINVAL }, { 1, '\xc3', -EINVAL }, { 63, 'x', -EINVAL },
		{ 5, 'x', -EINVAL }, /* behind the end */
		{ 4, 'x', 0 },		{ 0, ' ', 0 },		{ 3, '~', 0 },
	};
	struct env *env = *state;
	struct mmx_msg_label *m;
	union mmx_msg_buf msg;
	size_t i;
	int size;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size = mmx_encode_label(&msg, rig_tag(&env->guest), MMX_LABEL_VM, RIG_NAME(0),
					"good");
		m = (void *)&msg;
		m->label[cases[i].at] = cases[i].byte;
		if (rig_call(&env->guest, &msg, size) != cases[i].error)
			fail_msg("case %zu", i);
	}
	/* all of it, and no end */
	size = mmx_encode_label(&msg, rig_tag(&env->guest), MMX_LABEL_VM, RIG_NAME(0), "");
	memset(m->label, 'x', sizeof(m->label));
	assert_int_equal(rig_call(&env->guest, &msg, size), -EINVAL);
	assert_string_equal(label_of(env, MMX_LABEL_VM), "goo~");
}

/* Who has used up the backend's memory gets no labels either. */
static void test_full(void **state)
{
	struct env *env = *state;
	struct mmx_partition *p = &env->rig.core->partitions[0];

	assert_int_equal(label(env, MMX_LABEL_GROUP, "first"), 0);
	p->limits.backend_bytes = 1;
	assert_int_equal(label(env, MMX_LABEL_GROUP, "second"), -ENOSPC);
	assert_string_equal(label_of(env, MMX_LABEL_GROUP), "first");
	assert_int_equal(label(env, MMX_LABEL_GROUP, ""), 0);
	assert_null(label_of(env, MMX_LABEL_GROUP));
}

static struct mmx_decoded_reply read_time(struct env *env)
{
	union mmx_msg_buf msg;

	assert_int_equal(rig_call(&env->guest, &msg, mmx_encode_time(&msg, rig_tag(&env->guest))),
			 0);
	return *rig_reply(&env->guest, env->guest.tag);
}

/* The clocks go as fast as is said, and are read together. */
static void test_time(void **state)
{
	struct env *env = *state;
	struct mmx_decoded_reply a, b;

	a = read_time(env);
	assert_int_equal(a.time.backend_ns, env->rig.now_ns);
	assert_int_equal(a.time.gpu_timestamp_frequency, 24000000);
	assert_int_equal(a.time.gpu_timestamp_offset, 0);
	assert_int_equal(a.time.duration_ns, 0);
	rig_run(&env->rig, 50 * MMX_NS_PER_MS);
	b = read_time(env);
	assert_int_equal(b.time.backend_ns - a.time.backend_ns, 50 * MMX_NS_PER_MS);
	assert_in_range(b.time.gpu_timestamp - a.time.gpu_timestamp, 50 * 24000 - 1,
			50 * 24000 + 1);
	assert_in_range(b.time.gpu_cycles - a.time.gpu_cycles, 1, 50 * 1000000);
}

/* Each costs round trips on the device's bus: a guest gets few of them a round, and another's job does not wait. */
static void test_time_is_charged(void **state)
{
	struct env *env = *state;
	union mmx_msg_buf msg;
	uint32_t tag = 0;
	unsigned int i;

	for (i = 0; i < 16; i++) {
		tag = rig_tag(&env->guest);
		assert_true(rig_put(&env->guest, &msg, mmx_encode_time(&msg, tag)));
	}
	rig_kick(&env->guest);
	mmx_core_kick(env->rig.core, env->guest.session);
	assert_true(mmx_core_round(env->rig.core));
	rig_guest_read(&env->guest);
	assert_true(rig_answered(&env->guest, tag - 15));
	assert_true(!rig_answered(&env->guest, tag - 11));
	assert_int_equal(rig_answer(&env->guest, tag), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_labels, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_bad_labels, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_time, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_time_is_charged, setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
