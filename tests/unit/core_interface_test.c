// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The versions of the firmware's interface that drivers switch on, each through the same story, with the whole backend
 * on the model: work, halt, fast restart, work, halt, slow restart, work. The words that ask for it differ, as do
 * those that say which endpoints and priority a group has; what comes of it does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "backend/gpu/gpu_priv.h"
#include "firmware/image.h"
#include "tests/unit/rig_guest.h"

#define IDLE_MS 50u
/* From the last job's end to the GPU off: idleness is told a little later, and the way down takes a little. */
#define DOWN_NS ((IDLE_MS + 5) * MMX_NS_PER_MS)
#define MARK	0x5a

/* GLB_REQ and GLB_ACK, transcribed from panthor's panthor_fw.h and panthor_fw.c. */
#define HALT_BIT    0x00000001u
#define STATE_FIELD 0x00007000u
#define STATE_HALT  0x00001000u

static const struct version {
	uint32_t version;
	bool state; /* STATE, not HALT */
	bool req2; /* ENDPOINT_REQ2, not ENDPOINT_REQ */
} versions[] = {
	{ CSF_VERSION(1, 0, 0), false, false }, { CSF_VERSION(1, 1, 0), false, false },
	{ CSF_VERSION(1, 5, 0), false, false }, { CSF_VERSION(3, 13, 0), false, false },
	{ CSF_VERSION(4, 0, 0), false, true },	{ CSF_VERSION(4, 1, 0), true, true },
	{ CSF_VERSION(4, 9, 9), true, true },
};

struct env {
	struct rig rig;
	struct rig_guest guests[2];
	struct rig_ctx ctxs[2];
	const struct version *version;
	uint64_t seqno;
	uint8_t *mark; /* a byte of the firmware's private memory */
};

static struct mmx_gpu *gpu_of(const struct env *env)
{
	return env->rig.core->gpu;
}

static unsigned int count_slots(const struct env *env, enum mmx_slot_state state)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < gpu_of(env)->info.slots; i++)
		count += gpu_of(env)->slots.slot[i].state == state;
	return count;
}

static void find_mark(struct env *env)
{
	const struct mmx_fw *fw = &gpu_of(env)->fw;

	for (unsigned int i = 0; i < fw->image->section_count; i++)
		if (fw->sections[i].cpu && fw->sections[i].cpu != fw->shared.cpu)
			env->mark = (uint8_t *)fw->sections[i].cpu + fw->sections[i].size - 1;
	assert_non_null(env->mark);
}

static struct env *begin(const struct version *version)
{
	struct env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	rig_idle_power_off_ms = IDLE_MS;
	rig_interface_version = version->version;
	rig_init(&env->rig, 2);
	rig_interface_version = 0;
	env->version = version;
	rig_start_ctxs(&env->rig, env->guests, env->ctxs);
	for (unsigned int i = 0; i < 2; i++)
		rig_ctx_group(&env->ctxs[i], 0, 2);
	find_mark(env);
	assert_int_equal(gpu_of(env)->info.fw_version, version->version);
	return env;
}

static void end(struct env *env)
{
	rig_finish(&env->rig);
	free(env);
}

/* A register keeps its value from job to job. @value: 0 = tell it, else set it */
static struct rig_stream remember(struct env *env, unsigned int guest, uint32_t value)
{
	struct rig_ctx *ctx = &env->ctxs[guest];
	struct mmx_cs_asm a = rig_asm_begin(ctx);

	if (value) {
		mmx_cs_move32(&a, 10, value);
	} else {
		mmx_cs_move48(&a, 12, RIG_VA + RIG_RESULTS);
		mmx_cs_store_multiple(&a, 10, 1, 12, 0);
		mmx_cs_wait(&a, 0xff);
	}
	return rig_asm_end(ctx, &a);
}

/* Both guests: jobs that occupy the cores, and the register's value of the last time. */
static void both_work(struct env *env, uint32_t last, uint32_t next)
{
	env->seqno += 3;
	for (unsigned int i = 0; i < 2; i++) {
		struct rig_guest *guest = &env->guests[i];
		struct rig_ctx *ctx = &env->ctxs[i];

		rig_submit(guest, RIG_NAME(0), 0, env->seqno - 2, remember(env, i, 0), NULL, 0);
		rig_submit(guest, RIG_NAME(0), 0, env->seqno - 1, remember(env, i, next + i), NULL,
			   0);
		rig_submit(guest, RIG_NAME(0), 0, env->seqno,
			   rig_work(ctx, 100, 1, (uint32_t)env->seqno), NULL, 0);
	}
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(rig_wait_job(&env->guests[i], RIG_NAME(0), env->seqno), 0);
		assert_int_equal(rig_result(&env->ctxs[i], 0), last ? last + i : 0);
		assert_int_equal(rig_result(&env->ctxs[i], 1), env->seqno);
	}
}

/* The word of the interface that this version has, and none of the others, tells what a group may have. */
static void check_endpoints(const struct env *env)
{
	for (unsigned int i = 0; i < gpu_of(env)->info.slots; i++) {
		const struct mmx_csf_csg_input *input = gpu_of(env)->fw.csg[i].input;

		if (gpu_of(env)->slots.slot[i].state != MMX_SLOT_RUNNING)
			continue;
		assert_int_equal(input->endpoint_req2 != 0, env->version->req2);
		assert_int_equal(input->endpoint_req != 0, !env->version->req2);
	}
	assert_int_equal(count_slots(env, MMX_SLOT_RUNNING), 2);
}

static void check_halted(const struct env *env, bool halted)
{
	const struct mmx_csf_glb *glb = &gpu_of(env)->fw.glb;
	uint32_t want = !halted ? 0 : env->version->state ? STATE_HALT : HALT_BIT;

	assert_int_equal(glb->input->req & (HALT_BIT | STATE_FIELD), want);
	assert_int_equal(glb->output->ack & (HALT_BIT | STATE_FIELD), want);
}

static void go_off(struct env *env)
{
	rig_run(&env->rig, DOWN_NS);
	assert_int_equal(mmx_gpu_power(gpu_of(env)), MMX_GPU_POWER_OFF);
	check_halted(env, true);
}

static uint64_t power_offs(const struct env *env)
{
	return gpu_of(env)->stats.power_offs;
}

static void run_story(struct env *env)
{
	both_work(env, 0, 0x100);
	check_endpoints(env);
	check_halted(env, false);
	*env->mark = MARK;

	/* firmware goes on as it lies in memory, and the groups as they were */
	go_off(env);
	both_work(env, 0x100, 0x200);
	check_endpoints(env);
	check_halted(env, false);
	assert_int_equal(*env->mark, MARK);
	go_off(env);
	both_work(env, 0x200, 0x300);
	assert_int_equal(*env->mark, MARK);
	assert_int_equal(power_offs(env), 2);
	assert_int_equal(rig_resets(&env->rig), 0);

	/* a reset on the way up: firmware is loaded anew, the groups are as they were all the same */
	go_off(env);
	mmx_gpu_wake(gpu_of(env));
	mmx_gpu_reset(gpu_of(env), "the test wants it");
	both_work(env, 0x300, 0x400);
	check_endpoints(env);
	check_halted(env, false);
	assert_int_not_equal(*env->mark, MARK);
	assert_int_equal(rig_resets(&env->rig), 1);

	/* firmware that does not halt, for it does not hear of it once the groups leave: loaded anew as well */
	*env->mark = MARK;
	RIG_UNTIL(&env->rig, count_slots(env, MMX_SLOT_STOPPING) == 2);
	env->rig.mute = true;
	RIG_UNTIL(&env->rig, rig_resets(&env->rig) == 2);
	env->rig.mute = false;
	both_work(env, 0x400, 0x500);
	assert_int_equal(rig_resets(&env->rig), 2);
	assert_int_not_equal(*env->mark, MARK);

	/* and it halts again */
	go_off(env);
	both_work(env, 0x500, 0x600);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(env->guests[i].fault_count, 0);
		assert_int_equal(rig_state_of(&env->guests[i], 0), 0);
	}
}

static void test_versions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct env *env = begin(&versions[i]);

		run_story(env);
		end(env);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
	};

	return cmocka_run_group_tests_name("core_interface", tests, NULL, NULL);
}
