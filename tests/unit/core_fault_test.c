// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What goes wrong on the GPU, and whom it costs what: faults of jobs, groups and VMs, resets, the end of the device. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "backend/gpu/gpu_priv.h"
#include "tests/unit/rig_guest.h"

#define LOST (MMX_GROUP_STATE_TIMEDOUT | MMX_GROUP_STATE_INNOCENT)

struct env {
	struct rig rig;
	struct rig_guest guests[2];
};

static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	rig_init(&env->rig, 2);
	rig_start_guests(&env->rig, env->guests);
	*state = env;
	return 0;
}

/* A context with one group, of name and timelines RIG_NAME(@index * 8...). */
static void create(struct rig_guest *guest, uint32_t index, unsigned int queues,
		   struct rig_ctx *ctx)
{
	rig_ctx_create(guest, index, ctx);
	rig_ctx_group(ctx, index, queues);
}

/* The fault costs its own job alone. */
static void test_cs_fault(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct mmx_timeline_view view;
	struct rig_ctx ctx;

	create(guest, 0, 2, &ctx);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_store(&ctx, 0, 1), NULL, 0);
	rig_submit(guest, RIG_NAME(0), 0, 2, rig_fault(&ctx), NULL, 0);
	rig_submit(guest, RIG_NAME(0), 0, 3, rig_store(&ctx, 1, 2), NULL, 0);
	rig_submit(guest, RIG_NAME(0), 1, 1, rig_store(&ctx, 2, 3), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 3), 0);
	assert_int_equal(rig_job(guest, RIG_NAME(0), 1), 0);
	assert_int_equal(rig_job(guest, RIG_NAME(0), 2), EINVAL);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(1), 1), 0);
	assert_int_equal(rig_result(&ctx, 1), 2);
	assert_int_equal(rig_state_of(guest, 0), 0);
	mmx_front_session_timeline(&guest->front, 0, &view);
	assert_int_equal(view.errors, 1);
	assert_int_equal(guest->fault_count, 1);
	assert_int_equal(guest->faults[0].kind, MMX_FAULT_CS_FAULT);
	assert_int_equal(guest->faults[0].group, RIG_NAME(0));
	assert_int_equal(guest->faults[0].queue, 0);
	assert_int_equal(guest->faults[0].exception & 0xff, 0x4b); /* CS_INHERIT_FAULT */
}

/* The fault costs the group; another one of the VM, and the other guest, go on. */
static void test_cs_fatal(void **state)
{
	struct env *env = *state;
	struct rig_guest *a = &env->guests[0], *b = &env->guests[1];
	struct rig_ctx ctx, other;

	create(a, 0, 2, &ctx);
	create(b, 0, 1, &other);
	assert_int_equal(rig_group_create(a, ctx.client, ctx.vm, RIG_NAME(1), 1, 8), 0);
	rig_submit(b, RIG_NAME(0), 0, 1, rig_work(&other, 9000, 0, 1), NULL, 0);
	rig_submit(a, RIG_NAME(1), 0, 1, rig_work(&ctx, 9000, 0, 1), NULL, 0);
	rig_submit(a, RIG_NAME(0), 1, 1, rig_store(&ctx, 1, 2), NULL, 0);
	assert_int_equal(rig_wait_job(a, RIG_NAME(1), 1), 0);
	rig_submit(a, RIG_NAME(0), 0, 1, rig_fatal(&ctx), NULL, 0);
	rig_submit(a, RIG_NAME(0), 0, 2, rig_store(&ctx, 2, 3), NULL, 0);
	assert_int_equal(rig_wait_job(a, RIG_NAME(0), 1), EINVAL);
	assert_int_equal(rig_wait_job(a, RIG_NAME(0), 2), ECANCELED);
	assert_int_equal(rig_state_of(a, 0), MMX_GROUP_STATE_FATAL_FAULT);
	assert_int_equal(rig_reply(a, a->tag)->group.fatal_queues, 1);
	assert_int_equal(a->faults[0].kind, MMX_FAULT_CS_FATAL);
	assert_int_equal(a->faults[0].group, RIG_NAME(0));
	assert_int_equal(a->faults[0].vm, ctx.vm);
	assert_int_equal(rig_wait_job(a, RIG_NAME(8), 1), 0);
	assert_int_equal(rig_wait_job(b, RIG_NAME(0), 1), 0);
	assert_int_equal(b->fault_count, 0);
	assert_int_equal(rig_resets(&env->rig), 0);
}

/* A dead group takes no more jobs, whatever they wait for; and it can be destroyed. */
static void test_dead_group(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct mmx_wait wait = { .timeline = RIG_NAME(8), .seqno = 1 };
	struct rig_ctx ctx, other;

	create(guest, 0, 1, &ctx);
	create(guest, 1, 1, &other);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_fatal(&ctx), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 1), EINVAL);
	rig_submit(guest, RIG_NAME(1), 0, 1, rig_endless(&other), NULL, 0);
	rig_submit(guest, RIG_NAME(0), 0, 2, rig_store(&ctx, 0, 1), &wait, 1);
	rig_submit(guest, RIG_NAME(0), 0, 3, rig_empty, NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 2), ECANCELED);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 3), ECANCELED);
	assert_int_equal(rig_result(&ctx, 0), 0);
	assert_int_equal(rig_object(guest, MMX_MSG_GROUP_DESTROY, RIG_NAME(0)), 0);
	assert_int_equal(rig_object(guest, MMX_MSG_GROUP_GET_STATE, RIG_NAME(0)), -ENOENT);
}

/* Who waits for a job that failed goes on: it counts as completed. */
static void test_wait_for_failed(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct mmx_wait wait = { .timeline = RIG_NAME(0), .seqno = 2 };
	struct rig_ctx ctx, other;

	create(guest, 0, 1, &ctx);
	create(guest, 1, 1, &other);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_fatal(&ctx), NULL, 0);
	rig_submit(guest, RIG_NAME(0), 0, 2, rig_empty, NULL, 0);
	rig_submit(guest, RIG_NAME(1), 0, 1, rig_store(&other, 0, 5), &wait, 1);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(8), 1), 0);
	assert_int_equal(rig_result(&other, 0), 5);
	assert_int_equal(rig_job(guest, RIG_NAME(0), 2), ECANCELED);
}

/* The fault costs the groups of its VM that are in slots; one that is not, and another VM of the client's, go on. */
static void test_mmu_fault(void **state)
{
	struct env *env = *state;
	struct rig_guest *a = &env->guests[0], *b = &env->guests[1];
	struct rig_ctx ctx, own, other;

	create(a, 0, 2, &ctx);
	create(a, 1, 1, &own);
	create(b, 0, 1, &other);
	assert_int_equal(rig_group_create(a, ctx.client, ctx.vm, RIG_NAME(2), 1, 16), 0);
	assert_int_equal(rig_group_create(a, ctx.client, ctx.vm, RIG_NAME(3), 1, 24), 0);
	rig_submit(a, RIG_NAME(1), 0, 1, rig_work(&own, 9000, 0, 1), NULL, 0);
	rig_submit(b, RIG_NAME(0), 0, 1, rig_work(&other, 9000, 0, 1), NULL, 0);
	rig_submit(a, RIG_NAME(2), 0, 1, rig_endless(&ctx), NULL, 0);
	rig_run(&env->rig, MMX_NS_PER_MS);
	rig_submit(a, RIG_NAME(0), 1, 1, rig_poke(&ctx, RIG_UNMAPPED, 1), NULL, 0);
	assert_int_equal(rig_wait_job(a, RIG_NAME(1), 1), EINVAL);
	assert_int_equal(rig_wait_job(a, RIG_NAME(16), 1), EINVAL);
	assert_int_equal(rig_state_of(a, 0), MMX_GROUP_STATE_FATAL_FAULT);
	assert_int_equal(rig_reply(a, a->tag)->group.fatal_queues, 2);
	assert_int_equal(rig_state_of(a, 2), MMX_GROUP_STATE_FATAL_FAULT);
	assert_int_equal(rig_reply(a, a->tag)->group.fatal_queues, 1);
	assert_int_equal(rig_state_of(a, 3), 0);
	assert_int_equal(rig_state_of(a, 1), 0);
	rig_submit(a, RIG_NAME(3), 0, 1, rig_store(&ctx, 0, 1), NULL, 0);
	assert_int_equal(rig_wait_job(a, RIG_NAME(24), 1), 0);
	assert_int_equal(rig_wait_job(a, RIG_NAME(8), 1), 0);
	assert_int_equal(rig_wait_job(b, RIG_NAME(0), 1), 0);
	assert_int_equal(a->faults[0].kind, MMX_FAULT_MMU);
	assert_true(a->faults[0].address == RIG_UNMAPPED);
	assert_int_equal(a->faults[0].access, 3);
	assert_int_equal(b->fault_count, 0);
	assert_int_equal(rig_resets(&env->rig), 0);
	/* a new group of the VM works */
	assert_int_equal(rig_object(a, MMX_MSG_GROUP_DESTROY, RIG_NAME(0)), 0);
	assert_int_equal(rig_group_create(a, ctx.client, ctx.vm, RIG_NAME(4), 1, 32), 0);
	rig_submit(a, RIG_NAME(4), 0, 1, rig_store(&ctx, 1, 7), NULL, 0);
	assert_int_equal(rig_wait_job(a, RIG_NAME(32), 1), 0);
}

/* ---- whose fault it was ---- */

/* A group of three queues in a slot, of which the last strays; another one of the VM in a slot, idle; one in none. */
static void make_strays(struct rig_guest *guest, struct rig_ctx *ctx)
{
	create(guest, 0, 3, ctx);
	assert_int_equal(rig_group_create(guest, ctx->client, ctx->vm, RIG_NAME(1), 2, 8), 0);
	assert_int_equal(rig_group_create(guest, ctx->client, ctx->vm, RIG_NAME(2), 1, 16), 0);
	/* once they are in slots: that takes interrupts of the MMU */
	rig_submit(guest, RIG_NAME(0), 2, 1, rig_store(ctx, 0, 1), NULL, 0);
	rig_submit(guest, RIG_NAME(1), 0, 1, rig_store(ctx, 1, 1), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(2), 1), 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(8), 1), 0);
}

static struct mmx_core_group *core_group(const struct rig_guest *guest, uint32_t name)
{
	struct mmx_list *pos;

	mmx_list_for_each(pos, &guest->rig->core->groups) {
		struct mmx_core_group *group = mmx_container_of(pos, struct mmx_core_group, link);

		if (group->sgroup->name == name)
			return group;
	}
	return NULL;
}

static uint32_t fatal_queues_of(struct rig_guest *guest, uint32_t index)
{
	assert_int_equal(rig_state_of(guest, index), MMX_GROUP_STATE_FATAL_FAULT);
	return rig_reply(guest, guest->tag)->group.fatal_queues;
}

/* The MMU tells the fault and firmware the stream that died of it, in any order, and perhaps by no interrupt. */
static void test_stray_is_named(void **state)
{
	static const enum mmx_irq late[] = { MMX_IRQ_JOB, MMX_IRQ_MMU, MMX_IRQ_GPU };

	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
		struct rig_guest *guest;
		struct env *env;
		struct rig_ctx ctx;

		setup(state);
		env = *state;
		guest = &env->guests[0];
		make_strays(guest, &ctx);
		env->rig.drop_irqs[late[i]] = UINT_MAX;
		rig_submit(guest, RIG_NAME(0), 2, 2, rig_poke(&ctx, RIG_UNMAPPED, 1), NULL, 0);
		rig_submit(guest, RIG_NAME(0), 2, 3, rig_store(&ctx, 2, 1), NULL, 0);
		rig_run(&env->rig, 2 * MMX_STRAY_NS);
		env->rig.drop_irqs[late[i]] = 0;
		assert_int_equal(rig_wait_job(guest, RIG_NAME(2), 2), EINVAL);
		assert_int_equal(rig_wait_job(guest, RIG_NAME(2), 3), ECANCELED);
		assert_int_equal(guest->fault_count, 2); /* one a group */
		assert_int_equal(guest->faults[0].kind, MMX_FAULT_MMU);
		assert_true(guest->faults[0].address == RIG_UNMAPPED);
		assert_int_equal(guest->faults[0].queue, 2);
		assert_int_equal(guest->faults[1].kind, MMX_FAULT_MMU);
		assert_int_equal(fatal_queues_of(guest, 0), 4);
		/* of this one firmware had nothing to say */
		assert_int_equal(fatal_queues_of(guest, 1), 3);
		assert_int_equal(rig_state_of(guest, 2), 0);
		rig_submit(guest, RIG_NAME(2), 0, 1, rig_store(&ctx, 2, 9), NULL, 0);
		assert_int_equal(rig_wait_job(guest, RIG_NAME(16), 1), 0);
		assert_int_equal(rig_result(&ctx, 2), 9);
		assert_int_equal(rig_resets(&env->rig), 0);
		rig_teardown(state);
	}
}

/* The MMU tells a fault of the VM of make_strays(), and firmware says nothing. */
static void fault_silently(struct rig_guest *guest)
{
	const struct mmx_vm_fault fault = { .exception = 0xc1, .access = 2, .address = 0x1000 };
	struct mmx_core_group *group = core_group(guest, RIG_NAME(0));

	mmx_core_gpu_ops.vm_fault(group->core, mmx_group_vm(group->sgroup->hw), &fault);
}

/* Firmware has its time, and no job gets to the GPU meanwhile; then it was all queues. */
static void test_stray_is_not_named(void **state)
{
	for (unsigned int patience = 1; patience <= 3; patience += 2) {
		struct rig_guest *guest;
		uint64_t start_ns;
		struct env *env;
		struct rig_ctx ctx;

		setup(state);
		env = *state;
		guest = &env->guests[0];
		env->rig.dev.patience = patience;
		make_strays(guest, &ctx);
		rig_submit(guest, RIG_NAME(0), 0, 1, rig_await(&ctx, 0, 0), NULL, 0);
		rig_settle(&env->rig);
		start_ns = env->rig.now_ns;
		fault_silently(guest);
		rig_submit(guest, RIG_NAME(0), 1, 1, rig_store(&ctx, 3, 1), NULL, 0);
		rig_run(&env->rig, patience * MMX_STRAY_NS - 1);
		assert_int_equal(rig_state_of(guest, 0), 0);
		assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 1), EINVAL);
		assert_in_range(env->rig.now_ns - start_ns, patience * MMX_STRAY_NS,
				(patience + 1) * MMX_STRAY_NS);
		assert_int_equal(rig_wait_job(guest, RIG_NAME(1), 1), ECANCELED);
		assert_int_equal(rig_result(&ctx, 3), 0);
		assert_int_equal(fatal_queues_of(guest, 0), 7);
		assert_int_equal(fatal_queues_of(guest, 1), 3);
		assert_int_equal(rig_state_of(guest, 2), 0);
		rig_teardown(state);
	}
}

static uint32_t kind_of_fault(const struct rig_guest *guest, uint32_t group)
{
	uint32_t kind = 0;

	for (uint32_t i = 0; i < guest->fault_count; i++) {
		if (guest->faults[i].group != group)
			continue;
		assert_int_equal(kind, 0); /* it is told once */
		kind = guest->faults[i].kind;
	}
	return kind;
}

/* What happens to a group before firmware has said anything. */
static void test_stray_goes(void **state)
{
	enum how {
		LEAVES,
		IS_RESET,
		LOSES_VM,
		TIMES_OUT,
		VM_DESTROYED,
		DESTROYED,
		HUNG_UP,
		HOWS
	};

	for (enum how how = LEAVES; how < HOWS; how++) {
		struct mmx_core_group *group;
		struct rig_guest *guest;
		struct env *env;
		struct rig_ctx ctx;

		setup(state);
		env = *state;
		guest = &env->guests[0];
		make_strays(guest, &ctx);
		rig_submit(guest, RIG_NAME(0), 1, 1, rig_await(&ctx, 0, 0), NULL, 0);
		rig_run(&env->rig, 100 * MMX_NS_PER_US);
		group = core_group(guest, RIG_NAME(0));
		fault_silently(guest);
		switch (how) {
		case LEAVES:
			mmx_group_evict(group->sgroup->hw, false);
			rig_run(&env->rig, MMX_STRAY_NS / 2);
			assert_int_equal(mmx_group_where(group->sgroup->hw), MMX_GROUP_OFF);
			break;
		case IS_RESET:
			mmx_gpu_reset(env->rig.core->gpu, "the test");
			break;
		case LOSES_VM:
			mmx_core_vm_lost(group->partition, group->sgroup->vm);
			break;
		case TIMES_OUT:
			mmx_core_group_timed_out(group, 1);
			break;
		case VM_DESTROYED: /* its groups keep it */
			assert_int_equal(rig_object(guest, MMX_MSG_VM_DESTROY, ctx.vm), 0);
			break;
		case DESTROYED:
			assert_int_equal(rig_object(guest, MMX_MSG_GROUP_DESTROY, RIG_NAME(0)), 0);
			assert_int_equal(rig_job(guest, RIG_NAME(1), 1), ECANCELED);
			break;
		default:
			rig_guest_hangup(guest);
			break;
		}
		if (how < DESTROYED) {
			assert_int_equal(rig_wait_job(guest, RIG_NAME(1), 1), EINVAL);
			assert_int_equal(kind_of_fault(guest, RIG_NAME(0)), MMX_FAULT_MMU);
			assert_int_equal(fatal_queues_of(guest, 0), 7);
		}
		rig_run(&env->rig, 2 * MMX_STRAY_NS);
		assert_int_equal(rig_resets(&env->rig), how == IS_RESET);
		/* and the other guest works */
		create(&env->guests[1], 0, 1, &ctx);
		rig_submit(&env->guests[1], RIG_NAME(0), 0, 1, rig_store(&ctx, 0, 9), NULL, 0);
		assert_int_equal(rig_wait_job(&env->guests[1], RIG_NAME(0), 1), 0);
		assert_int_equal(env->guests[1].fault_count, 0);
		rig_teardown(state);
	}
}

/* ---- what becomes of jobs ---- */

enum end {
	FAULTS,
	DIES,
	STRAYS,
	TAKES_TOO_LONG,
	IS_DESTROYED,
};

/*
 * A group with a job before that has been done, the one that ends so, one behind it, and one in another queue that never
 * ends; another group of the client's, in a VM of its own; and another guest.
 */
static void test_results(void **state)
{
	static const struct {
		enum end end;
		int error, behind, beside; /* of the jobs */
		uint32_t state, fatal_queues;
		int kind; /* of the fault that is told; 0 = none */
	} rows[] = {
		{ FAULTS, EINVAL, 0, -1, 0, 0, MMX_FAULT_CS_FAULT },
		{ DIES, EINVAL, ECANCELED, ECANCELED, MMX_GROUP_STATE_FATAL_FAULT, 2,
		  MMX_FAULT_CS_FATAL },
		{ STRAYS, EINVAL, ECANCELED, ECANCELED, MMX_GROUP_STATE_FATAL_FAULT, 2,
		  MMX_FAULT_MMU },
		{ TAKES_TOO_LONG, ETIMEDOUT, ECANCELED, ECANCELED, MMX_GROUP_STATE_TIMEDOUT, 0,
		  MMX_FAULT_TIMEOUT },
		{ IS_DESTROYED, ECANCELED, ECANCELED, ECANCELED, 0, 0, 0 },
	};
	size_t i, j;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig_ctx ctx, own, other;
		struct rig_guest *a, *b;
		struct rig_stream stream;
		struct env *env;

		setup(state);
		env = *state;
		a = &env->guests[0];
		b = &env->guests[1];
		create(a, 0, 2, &ctx);
		create(a, 1, 1, &own);
		create(b, 0, 1, &other);
		for (j = 1; j <= 20; j++) {
			rig_submit(a, RIG_NAME(1), 0, j, rig_work(&own, 1000, 0, 1), NULL, 0);
			rig_submit(b, RIG_NAME(0), 0, j, rig_work(&other, 1000, 0, 1), NULL, 0);
		}
		rig_submit(a, RIG_NAME(0), 1, 1, rig_store(&ctx, 0, 1), NULL, 0);
		stream = rows[i].end == FAULTS	 ? rig_fault(&ctx)
			 : rows[i].end == DIES	 ? rig_fatal(&ctx)
			 : rows[i].end == STRAYS ? rig_poke(&ctx, RIG_UNMAPPED, 1)
						 : rig_await(&ctx, 0, 0);
		rig_submit(a, RIG_NAME(0), 1, 2, stream, NULL, 0);
		rig_submit(a, RIG_NAME(0), 1, 3, rig_store(&ctx, 1, 2), NULL, 0);
		if (rows[i].end == TAKES_TOO_LONG)
			rig_run(&env->rig, MMX_NS_PER_S);
		rig_submit(a, RIG_NAME(0), 0, 1, rig_await(&ctx, 1, 0), NULL, 0);
		rig_run(&env->rig, 200 * MMX_NS_PER_US);
		if (rows[i].end == IS_DESTROYED)
			assert_int_equal(rig_object(a, MMX_MSG_GROUP_DESTROY, RIG_NAME(0)), 0);
		if (rig_wait_job(a, RIG_NAME(1), 3) != rows[i].behind ||
		    rig_job(a, RIG_NAME(1), 2) != rows[i].error)
			fail_msg("row %zu: %d, then %d", i, rig_job(a, RIG_NAME(1), 2),
				 rig_job(a, RIG_NAME(1), 3));
		rig_run(&env->rig, MMX_NS_PER_MS);
		rig_guest_read(a);
		assert_int_equal(rig_job(a, RIG_NAME(1), 1), 0);
		assert_int_equal(rig_job(a, RIG_NAME(0), 1), rows[i].beside);
		assert_int_equal(a->fault_count, rows[i].kind != 0);
		if (rows[i].kind)
			assert_int_equal(a->faults[0].kind, rows[i].kind);
		if (rows[i].end != IS_DESTROYED) {
			assert_int_equal(rig_state_of(a, 0), rows[i].state);
			assert_int_equal(rig_reply(a, a->tag)->group.fatal_queues,
					 rows[i].fatal_queues);
		}
		for (j = 1; j <= 20; j++) {
			assert_int_equal(rig_wait_job(a, RIG_NAME(8), j), 0);
			assert_int_equal(rig_wait_job(b, RIG_NAME(0), j), 0);
		}
		assert_int_equal(rig_state_of(a, 1), 0);
		assert_int_equal(b->fault_count, 0);
		assert_int_equal(rig_resets(&env->rig), 0);
		rig_teardown(state);
	}
}

/* ---- resets ---- */

/* Twelve groups that never end, of which eight are in the slots. */
static void crowd(struct rig_guest *guest, struct rig_ctx *ctx)
{
	uint32_t i;

	rig_ctx_create(guest, 0, ctx);
	for (i = 0; i < 12; i++) {
		assert_int_equal(
			rig_group_create(guest, ctx->client, ctx->vm, RIG_NAME(i), 1, i * 8), 0);
		rig_submit(guest, RIG_NAME(i), 0, 1, rig_await(ctx, 0, 0), NULL, 0);
		rig_submit(guest, RIG_NAME(i), 0, 2, rig_store(ctx, i, i + 1), NULL, 0);
	}
	/* all have been in, and some have been suspended in their waits */
	rig_run(&guest->rig[0], 55 * MMX_NS_PER_MS);
}

static void signal_object(struct rig_ctx *ctx)
{
	ctx->memory[RIG_OBJECTS / sizeof(uint32_t)] = 1;
}

/* Firmware does not answer any more: who is resident is lost, who is suspended goes on after the reset. */
static void test_reset(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	uint32_t i, lost = 0;
	struct rig_ctx ctx;

	crowd(guest, &ctx);
	env->rig.mute = true;
	RIG_UNTIL(&env->rig, rig_resets(&env->rig) == 1);
	env->rig.mute = false;
	signal_object(&ctx);
	for (i = 0; i < 12; i++) {
		int error = rig_wait_job(guest, RIG_NAME(i * 8), 2);

		if (error) {
			lost++;
			assert_int_equal(error, ECANCELED);
			assert_int_equal(rig_job(guest, RIG_NAME(i * 8), 1), ECANCELED);
			assert_int_equal(rig_state_of(guest, i), LOST);
		} else {
			assert_int_equal(rig_job(guest, RIG_NAME(i * 8), 1), 0);
			assert_int_equal(rig_state_of(guest, i), 0);
			assert_int_equal(rig_result(&ctx, i), i + 1);
		}
	}
	assert_in_range(lost, 1, 8);
	assert_int_equal(rig_resets(&env->rig), 1);
	assert_int_equal(guest->fault_count, lost);
	assert_int_equal(guest->faults[0].kind, MMX_FAULT_GPU_RESET);
	assert_int_equal(guest->gpu_state_count, 1);
	assert_int_equal(guest->gpu_states[0], MMX_GPU_STATE_RESET);
	/* the other guest was told too, and can go to work */
	rig_ctx_create(&env->guests[1], 0, &ctx);
	assert_int_equal(env->guests[1].gpu_states[0], MMX_GPU_STATE_RESET);
}

/* During a reset guests come and go, and work is taken. */
static void test_work_during_reset(void **state)
{
	struct env *env = *state;
	struct rig_guest *a = &env->guests[0], *b = &env->guests[1];
	struct rig_ctx ctx, other;

	crowd(a, &ctx);
	env->rig.mute = true;
	RIG_UNTIL(&env->rig, rig_resets(&env->rig) == 1);
	env->rig.mute = false;
	assert_false(mmx_gpu_is_ready(env->rig.core->gpu));
	rig_guest_hangup(a);
	create(b, 0, 1, &other);
	rig_submit(b, RIG_NAME(0), 0, 1, rig_store(&other, 0, 9), NULL, 0);
	assert_int_equal(rig_wait_job(b, RIG_NAME(0), 1), 0);
	assert_null(a->session);
}

/* Interrupts may be lost: all goes on, if slowly, and nobody is punished. */
static void test_lost_interrupts(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx ctx;
	uint64_t seqno;

	create(guest, 0, 1, &ctx);
	for (seqno = 1; seqno <= 3; seqno++) {
		env->rig.drop_irqs[MMX_IRQ_JOB] = 1;
		rig_submit(guest, RIG_NAME(0), 0, seqno, rig_copy(&ctx, 0, 0), NULL, 0);
		assert_int_equal(rig_wait_job(guest, RIG_NAME(0), seqno), 0);
	}
	env->rig.drop_irqs[MMX_IRQ_MMU] = 1;
	assert_int_equal(rig_unmap(guest, ctx.vm, RIG_VA, MMX_WIRE_PAGE_SIZE), 0);
	assert_int_equal(rig_result(&ctx, 0), 3);
	assert_int_equal(rig_resets(&env->rig), 0);
}

/* Even if none comes at all any more, the watchdog's deadline finds out what jobs have completed. */
static void test_no_interrupts(void **state)
{
	struct env *env = *state;
	struct rig_guest *guest = &env->guests[0];
	struct rig_ctx ctx;

	create(guest, 0, 1, &ctx);
	rig_submit(guest, RIG_NAME(0), 0, 1, rig_store(&ctx, 0, 1), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 1), 0);
	/* past the second look that follows each interrupt */
	rig_run(&env->rig, 10 * MMX_NS_PER_MS);
	env->rig.drop_irqs[MMX_IRQ_JOB] = UINT_MAX;
	rig_submit(guest, RIG_NAME(0), 0, 2, rig_store(&ctx, 1, 2), NULL, 0);
	assert_int_equal(rig_wait_job(guest, RIG_NAME(0), 2), 0);
	env->rig.drop_irqs[MMX_IRQ_JOB] = 0;
	assert_int_equal(rig_resets(&env->rig), 0);
}

/* ---- the end of the device ---- */

static void test_device_lost(void **state)
{
	struct env *env = *state;
	struct rig_ctx ctx, other;
	uint64_t start_ns;
	unsigned int i;

	crowd(&env->guests[0], &ctx);
	create(&env->guests[1], 0, 1, &other);
	rig_submit(&env->guests[1], RIG_NAME(0), 0, 1, rig_work(&other, 9000, 0, 1), NULL, 0);
	rig_settle(&env->rig);
	start_ns = env->rig.now_ns;
	rig_kill(&env->rig);
	RIG_UNTIL(&env->rig, env->rig.state == MMX_CORE_FAILING);
	RIG_UNTIL(&env->rig, env->rig.state == MMX_CORE_ENDED);
	/* the daemon gives up waiting after 5 s */
	assert_true(env->rig.now_ns - start_ns < 3 * MMX_NS_PER_S);
	for (i = 0; i < 2; i++) {
		struct rig_guest *guest = &env->guests[i];

		assert_null(guest->session);
		assert_int_equal(mmx_front_session_closed(&guest->front), ENODEV);
		rig_guest_read(guest);
		assert_int_equal(guest->gpu_states[guest->gpu_state_count - 1], MMX_GPU_STATE_LOST);
	}
}

/* A GPU that no reset brings back is given up; sessions end as if the device were lost. */
static void test_gpu_stays_dead(void **state)
{
	struct env *env = *state;
	struct rig_ctx ctx;

	crowd(&env->guests[0], &ctx);
	env->rig.mute = true;
	RIG_UNTIL(&env->rig, env->rig.state == MMX_CORE_ENDED);
	assert_int_equal(mmx_front_session_closed(&env->guests[0].front), ENODEV);
	assert_int_equal(mmx_front_session_closed(&env->guests[1].front), ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cs_fault, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_cs_fatal, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_dead_group, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_wait_for_failed, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_mmu_fault, setup, rig_teardown),
		cmocka_unit_test(test_stray_is_named),
		cmocka_unit_test(test_stray_is_not_named),
		cmocka_unit_test(test_stray_goes),
		cmocka_unit_test(test_results),
		cmocka_unit_test_setup_teardown(test_reset, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_work_during_reset, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_lost_interrupts, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_no_interrupts, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_device_lost, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_gpu_stays_dead, setup, rig_teardown),
	};
	int failed = cmocka_run_group_tests_name("coherent", tests, NULL, NULL);

	rig_two_views = true;
	return failed + cmocka_run_group_tests_name("not coherent", tests, NULL, NULL);
}
