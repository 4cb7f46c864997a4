// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * VM_BIND_ASYNC: order, waits in both directions, what it reserves, what is refused, what becomes of it when its VM, its
 * client or its guest goes at any point, and of a VM in which one has failed. Allocations of page tables are
 * refused at the seam of mmx_dma_alloc().
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/gpu/vm_priv.h"
#include "backend/session/session_priv.h"
#include "tests/unit/rig_guest.h"

#define PAGE	     ((uint64_t)MMX_WIRE_PAGE_SIZE)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BINDS	     RIG_NAME(100) /* timeline of the VM's binds */
#define FREE_PAGES   (4u * RIG_PAGES)

static bool no_memory; /* mmx_dma_alloc() fails */

int __real_mmx_dma_alloc(struct mmx_dma_pool *pool, size_t size, struct mmx_dma_buf *ret_buf);
int __wrap_mmx_dma_alloc(struct mmx_dma_pool *pool, size_t size, struct mmx_dma_buf *ret_buf);

int __wrap_mmx_dma_alloc(struct mmx_dma_pool *pool, size_t size, struct mmx_dma_buf *ret_buf)
{
	return no_memory ? -ENOMEM : __real_mmx_dma_alloc(pool, size, ret_buf);
}

struct env {
	struct rig rig;
	struct rig_guest guest;
	struct rig_ctx ctx; /* of index 0, with group 0 of two queues */
};

static void env_init(struct env *env, uint64_t backend_bytes)
{
	memset(env, 0, sizeof(*env));
	rig_init(&env->rig, 1);
	env->rig.partitions[0].limits.backend_bytes = backend_bytes;
	rig_start_guests(&env->rig, &env->guest);
	rig_ctx_create_async(&env->guest, 0, BINDS, &env->ctx);
	rig_ctx_group(&env->ctx, 0, 2);
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct env));
	assert_non_null(*state);
	env_init(*state, 0);
	return 0;
}

static int teardown(void **state)
{
	struct env *env = *state;

	no_memory = false;
	rig_finish(&env->rig);
	free(env);
	return 0;
}

static const struct mmx_addrspace *vm_of(const struct env *env)
{
	return mmx_table_find(&env->guest.session->vms, env->ctx.vm);
}

/* Page of the data area that is mapped at @va; -1 = none. */
static int page_at(const struct env *env, uint64_t va)
{
	const struct mmx_dma_map *map = &env->guest.session->map;
	uint64_t addr;

	if (!mmx_vm_lookup(vm_of(env)->hw, va, &addr, NULL))
		return -1;
	return (int)((addr - map->runs[0].addr) / PAGE);
}

static uint32_t *page_of(struct env *env, unsigned int page)
{
	return (void *)((uint8_t *)env->guest.peer.region + env->guest.front.data_offset +
			page * PAGE);
}

static struct mmx_bind_op map_op(uint32_t mem, uint64_t offset, uint64_t va, uint64_t size)
{
	return (struct mmx_bind_op){ .mem = mem, .mem_offset = offset, .va = va, .size = size };
}

static struct mmx_bind_op unmap_op(uint64_t va, uint64_t size)
{
	return (struct mmx_bind_op){ .op = MMX_BIND_OP_UNMAP, .va = va, .size = size };
}

static uint32_t bind_one(struct env *env, uint64_t seqno, struct mmx_bind_op op)
{
	return rig_bind_async(&env->guest, env->ctx.vm, seqno, &op, 1, NULL, 0);
}

/* ---- order and waits ---- */

/* Map, job, unmap, all in the ring before the backend looks; the memory is given up behind them, and comes back. */
static void test_pipelined(void **state)
{
	struct env *env = *state;
	const uint32_t mem = RIG_NAME(1);
	const struct mmx_wait bound = { .timeline = BINDS, .seqno = 1 };
	const struct mmx_wait ran = { .timeline = RIG_NAME(0), .seqno = 1 };
	const struct mmx_bind_op unmap = unmap_op(0x5000, PAGE);
	union mmx_msg_buf msg;
	uint32_t tag;

	assert_int_equal(rig_mem_create(&env->guest, mem, FREE_PAGES, 1), 0);
	*page_of(env, FREE_PAGES) = 77;
	bind_one(env, 1, map_op(mem, 0, 0x5000, PAGE));
	rig_submit(&env->guest, RIG_NAME(0), 0, 1, rig_peek(&env->ctx, 0x5000, 0), &bound, 1);
	rig_bind_async(&env->guest, env->ctx.vm, 2, &unmap, 1, &ran, 1);
	tag = rig_tag(&env->guest);
	assert_true(
		rig_put(&env->guest, &msg, mmx_encode_object(&msg, tag, MMX_MSG_MEM_DESTROY, mem)));
	rig_kick(&env->guest);
	assert_int_equal(rig_answer(&env->guest, tag), 0);
	assert_false(rig_is_released(&env->guest, mem));
	assert_int_equal(rig_wait_job(&env->guest, BINDS, 2), 0);
	assert_int_equal(rig_job(&env->guest, RIG_NAME(0), 1), 0);
	assert_int_equal(rig_result(&env->ctx, 0), 77);
	assert_true(rig_is_released(&env->guest, mem));
	assert_int_equal(page_at(env, 0x5000), -1);
}

/* A chain that goes to and fro between binds and jobs, all of it behind one job. */
static void test_chain(void **state)
{
	struct env *env = *state;
	const uint32_t mem = RIG_NAME(1);
	unsigned int i;

	assert_int_equal(rig_mem_create(&env->guest, mem, FREE_PAGES, 60), 0);
	for (i = 0; i < 60; i++)
		*page_of(env, FREE_PAGES + i) = 1000 + i;
	rig_submit(&env->guest, RIG_NAME(0), 1, 1, rig_work(&env->ctx, 5000, 0, 5), NULL, 0);
	for (i = 1; i <= 60; i++) {
		const struct mmx_wait job = { .timeline = i == 1 ? RIG_NAME(1) : RIG_NAME(0),
					      .seqno = i == 1 ? 1 : i - 1 };
		const struct mmx_wait bound = { .timeline = BINDS, .seqno = i };
		const struct mmx_bind_op op = map_op(mem, (i - 1) * PAGE, 0x5000, PAGE);

		rig_bind_async(&env->guest, env->ctx.vm, i, &op, 1, &job, 1);
		rig_submit(&env->guest, RIG_NAME(0), 0, i, rig_peek(&env->ctx, 0x5000, i), &bound,
			   1);
	}
	rig_run(&env->rig, MMX_NS_PER_MS);
	rig_guest_read(&env->guest);
	assert_int_equal(rig_job(&env->guest, BINDS, 1), -1);
	assert_int_equal(page_at(env, 0x5000), -1);
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(0), 60), 0);
	for (i = 1; i <= 60; i++)
		assert_int_equal(rig_result(&env->ctx, i), 1000 + i - 1);
}

/* A synchronous bind does not queue behind asynchronous ones. No ops: a point to wait for. */
static void test_sync_overtakes(void **state)
{
	struct env *env = *state;
	const uint32_t mem = RIG_NAME(1);
	const struct mmx_wait job = { .timeline = RIG_NAME(0), .seqno = 1 };
	const struct mmx_bind_op op = map_op(mem, PAGE, 0x5000, PAGE);

	assert_int_equal(rig_mem_create(&env->guest, mem, FREE_PAGES, 2), 0);
	rig_submit(&env->guest, RIG_NAME(0), 0, 1, rig_work(&env->ctx, 2000, 0, 5), NULL, 0);
	rig_bind_async(&env->guest, env->ctx.vm, 1, NULL, 0, &job, 1);
	rig_bind_async(&env->guest, env->ctx.vm, 2, &op, 1, NULL, 0);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, mem, 0, 0x5000, PAGE, 0), 0);
	assert_int_equal(page_at(env, 0x5000), FREE_PAGES);
	assert_int_equal(rig_job(&env->guest, BINDS, 1), -1);
	assert_int_equal(rig_wait_job(&env->guest, BINDS, 2), 0);
	assert_int_equal(rig_result(&env->ctx, 0), 5);
	assert_int_equal(page_at(env, 0x5000), FREE_PAGES + 1);
}

/* ---- what is refused ---- */

static void test_refused(void **state)
{
	struct env *env = *state;
	const uint32_t mem = RIG_NAME(1);
	const struct mmx_bind_op op = map_op(mem, 0, 0x5000, PAGE);
	union mmx_msg_buf msg;
	struct mmx_msg_vm_bind_async *m = (void *)&msg;
	unsigned int i;
	int size;

	assert_int_equal(rig_mem_create(&env->guest, mem, FREE_PAGES, 1), 0);
	assert_int_equal(rig_answer(&env->guest, bind_one(env, 2, op)), -EILSEQ);
	assert_int_equal(rig_answer(&env->guest,
				    rig_bind_async(&env->guest, RIG_NAME(3), 1, &op, 1, NULL, 0)),
			 -ENOENT);
	assert_int_equal(rig_vm_create(&env->guest, env->ctx.client, RIG_NAME(3), 0), 0);
	assert_int_equal(rig_answer(&env->guest,
				    rig_bind_async(&env->guest, RIG_NAME(3), 1, &op, 1, NULL, 0)),
			 -EINVAL);
	size = mmx_encode_vm_bind_async(&msg, rig_tag(&env->guest), env->ctx.vm, 1, &op, 1, NULL,
					0);
	m->pad = 1;
	assert_int_equal(rig_call(&env->guest, &msg, size), -EINVAL);
	m->pad = 0;
	m->wait_count = 1;
	msg.hdr.tag = rig_tag(&env->guest);
	assert_int_equal(rig_call(&env->guest, &msg, size), -EMSGSIZE);
	m->wait_count = 17;
	msg.hdr.tag = rig_tag(&env->guest);
	assert_int_equal(rig_call(&env->guest, &msg, size), -E2BIG);
	m->wait_count = 0;
	m->op_count = 51;
	msg.hdr.tag = rig_tag(&env->guest);
	assert_int_equal(rig_call(&env->guest, &msg, size), -E2BIG);
	/* 64 jobs of credit, all behind one that does not end */
	rig_submit(&env->guest, RIG_NAME(0), 0, 1, rig_await(&env->ctx, 0, 0), NULL, 0);
	for (i = 1; i <= 64; i++) {
		const struct mmx_wait wait = { .timeline = RIG_NAME(0), .seqno = 1 };

		rig_bind_async(&env->guest, env->ctx.vm, i, &op, 1, &wait, 1);
	}
	assert_int_equal(rig_answer(&env->guest, bind_one(env, 65, op)), -EAGAIN);
	assert_int_equal(rig_job(&env->guest, BINDS, 1), -1);
}

/* All jobs of a guest together are bounded, and none of them is counted for longer than it lives. */
static void test_job_bytes(void **state)
{
	struct env *env = *state;
	struct mmx_session *s = env->guest.session;
	const struct mmx_wait wait = { .timeline = RIG_NAME(0), .seqno = 1 };
	const struct mmx_bind_op nothing = { .mem = RIG_NAME(60),
					     .va = RIG_UNMAPPED,
					     .size = 4096 };
	uint32_t one, tag;

	rig_submit(&env->guest, RIG_NAME(0), 0, 1, rig_work(&env->ctx, 1000, 0, 1), NULL, 0);
	rig_run(&env->rig, MMX_NS_PER_US);
	one = s->job_bytes;
	assert_in_range(one, sizeof(struct mmx_job), sizeof(struct mmx_job) + 64);
	/* room for one more without waits, and for none with one */
	s->job_bytes = MMX_JOB_BYTES_MAX - one;
	tag = rig_submit(&env->guest, RIG_NAME(0), 1, 1, rig_empty, &wait, 1);
	assert_int_equal(rig_answer(&env->guest, tag), -EAGAIN);
	rig_submit(&env->guest, RIG_NAME(0), 1, 1, rig_empty, NULL, 0);
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(1), 1), 0);
	s->job_bytes = one;
	/* one that fails counts no longer than the others */
	rig_bind_async(&env->guest, env->ctx.vm, 1, &nothing, 1, &wait, 1);
	assert_int_equal(rig_wait_job(&env->guest, BINDS, 1), ENOENT);
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(0), 1), 0);
	assert_int_equal(s->job_bytes, 0);
}

/* Takes its seqno and completes in its turn, without effect; the VM stays usable. */
static void test_wrong(void **state)
{
	const struct mmx_wait other = { .timeline = RIG_NAME(0), .seqno = 1 };
	static const struct {
		struct mmx_bind_op op;
		int error;
	} cases[] = {
		{ { .op = 2, .size = PAGE }, EINVAL },
		{ { .mem = 0x10002, .va = 0x6000, .size = PAGE }, ENOENT },
		{ { .mem = 0x10001, .va = 0x6000, .size = 3 * PAGE }, EINVAL },
		{ { .mem = 0x10001, .va = 0x6001, .size = PAGE }, EINVAL },
		{ { .op = 1, .va = 1ull << 47, .size = PAGE }, EINVAL },
		{ { .flags = MMX_BIND_SPARSE, .va = 0x6000, .size = PAGE }, EINVAL },
	};
	struct env *env = *state;
	unsigned int i;
	uint32_t vm_state;

	assert_int_equal(rig_mem_create(&env->guest, RIG_NAME(1), FREE_PAGES, 2), 0);
	rig_submit(&env->guest, RIG_NAME(0), 0, 1, rig_work(&env->ctx, 2000, 0, 5), NULL, 0);
	rig_bind_async(&env->guest, env->ctx.vm, 1, NULL, 0, &other, 1);
	for (i = 0; i < COUNT(cases); i++) {
		const struct mmx_bind_op good = map_op(RIG_NAME(1), 0, 0x5000, PAGE);
		const struct mmx_bind_op ops[2] = { good, good };
		union mmx_msg_buf msg;
		int size = mmx_encode_vm_bind_async(&msg, rig_tag(&env->guest), env->ctx.vm, 2 + i,
						    ops, 2, NULL, 0);

		((struct mmx_msg_vm_bind_async *)(void *)&msg)->ops[1] = cases[i].op;
		assert_true(rig_put(&env->guest, &msg, size));
	}
	rig_kick(&env->guest);
	rig_run(&env->rig, MMX_NS_PER_MS);
	rig_guest_read(&env->guest);
	assert_int_equal(rig_job(&env->guest, BINDS, 2), -1);
	for (i = 0; i < COUNT(cases); i++)
		assert_int_equal(rig_wait_job(&env->guest, BINDS, 2 + i), cases[i].error);
	assert_int_equal(page_at(env, 0x5000), -1);
	assert_int_equal(rig_vm_state(&env->guest, env->ctx.vm, &vm_state), 0);
	assert_int_equal(vm_state, MMX_VM_STATE_USABLE);
	/* a wait for what was not submitted */
	i += 2;
	rig_bind_async(&env->guest, env->ctx.vm, i, NULL, 0,
		       &(struct mmx_wait){ .timeline = BINDS, .seqno = i }, 1);
	assert_int_equal(rig_wait_job(&env->guest, BINDS, i), EINVAL);
	bind_one(env, i + 1, map_op(RIG_NAME(1), 0, 0x5000, PAGE));
	assert_int_equal(rig_wait_job(&env->guest, BINDS, i + 1), 0);
	assert_int_equal(page_at(env, 0x5000), FREE_PAGES);
}

/* ---- what is reserved ---- */

static void test_quota(void **state)
{
	const uint64_t gib = 1ull << 30;
	const struct mmx_wait job = { .timeline = RIG_NAME(0), .seqno = 1 };
	struct env *env = *state;
	struct mmx_session *s;
	unsigned int i, failed = 0;
	uint64_t held;

	rig_finish(&env->rig);
	env_init(env, 2 << 20);
	s = env->guest.session;
	held = s->backend_bytes;
	assert_int_equal(rig_mem_create(&env->guest, RIG_NAME(1), FREE_PAGES, 64), 0);
	rig_submit(&env->guest, RIG_NAME(0), 0, 1, rig_work(&env->ctx, 2000, 0, 5), NULL, 0);
	/* each may take three tables, and most of them will take none */
	for (i = 1; i <= 63; i++) {
		struct mmx_bind_op ops[8];
		unsigned int k;

		for (k = 0; k < 8; k++)
			ops[k] = map_op(RIG_NAME(1), 0, gib + (i * 8 + k) * PAGE, PAGE);
		rig_bind_async(&env->guest, env->ctx.vm, i, ops, 8, &job, 1);
	}
	rig_run(&env->rig, MMX_NS_PER_MS / 2);
	assert_true(s->reserved_bytes && s->backend_bytes + s->reserved_bytes <= 2 << 20);
	/* what is reserved is not there for others */
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 0, 40 * gib, 64 * PAGE, 0),
			 s->backend_bytes + s->reserved_bytes + 5 * PAGE > 2 << 20 ? -ENOSPC : 0);
	rig_wait_job(&env->guest, BINDS, 63);
	for (i = 1; i <= 63; i++) {
		int error = rig_job(&env->guest, BINDS, i);

		assert_true(error == 0 || error == ENOSPC);
		failed += error != 0;
		/* the whole bind, or nothing of it */
		assert_int_equal(page_at(env, gib + i * 8 * PAGE), error ? -1 : (int)FREE_PAGES);
		assert_int_equal(page_at(env, gib + (i * 8 + 7) * PAGE),
				 error ? -1 : (int)FREE_PAGES);
	}
	assert_in_range(failed, 1, 62);
	assert_int_equal(s->reserved_bytes, 0);
	assert_int_equal(vm_of(env)->reserved_mappings, 0);
	assert_in_range(s->backend_bytes - held, 1, 8 * PAGE);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 0, 40 * gib, PAGE, 0), 0);
}

/* Mappings are reserved too; 256 are allowed, and the context has one. */
static void test_max_mappings(void **state)
{
	struct env *env = *state;
	const struct mmx_wait job = { .timeline = RIG_NAME(0), .seqno = 1 };
	struct mmx_bind_op ops[MMX_BIND_MAX_OPS];
	unsigned int i, seqno;

	assert_int_equal(rig_mem_create(&env->guest, RIG_NAME(1), FREE_PAGES, 1), 0);
	rig_submit(&env->guest, RIG_NAME(0), 0, 1, rig_work(&env->ctx, 2000, 0, 5), NULL, 0);
	for (seqno = 1; seqno <= 4; seqno++) {
		for (i = 0; i < 40; i++)
			ops[i] = map_op(RIG_NAME(1), 0, (seqno * 40 + i) * 2 * PAGE, PAGE);
		rig_bind_async(&env->guest, env->ctx.vm, seqno, ops, 40, &job, 1);
	}
	rig_settle(&env->rig);
	assert_int_equal(vm_of(env)->reserved_mappings, 240);
	for (i = 0; i < 15; i++)
		assert_int_equal(rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 0,
					 (1ull << 32) + i * 2 * PAGE, PAGE, 0),
				 0);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 0, 1ull << 33, PAGE, 0),
			 -ENOSPC);
	assert_int_equal(rig_wait_job(&env->guest, BINDS, 4), ENOSPC);
	assert_int_equal(rig_job(&env->guest, BINDS, 3), 0);
	assert_int_equal(vm_of(env)->vma_count, 1 + 15 + 120);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 0, 1ull << 33, PAGE, 0), 0);
}

/* ---- failure ---- */

/* The bind behind the one that fails maps, the one behind that unmaps. */
static void test_unusable(void **state)
{
	struct env *env = *state;
	const struct mmx_wait never = { .timeline = RIG_NAME(1), .seqno = 1 };
	uint32_t vm_state, group_state;

	assert_int_equal(rig_mem_create(&env->guest, RIG_NAME(1), FREE_PAGES, 4), 0);
	rig_submit(&env->guest, RIG_NAME(0), 1, 1, rig_await(&env->ctx, 0, 0), NULL, 0);
	rig_submit(&env->guest, RIG_NAME(0), 0, 1, rig_empty, &never, 1);
	rig_run(&env->rig, MMX_NS_PER_MS);
	no_memory = true;
	bind_one(env, 1, map_op(RIG_NAME(1), 0, 0x40000000, PAGE));
	bind_one(env, 2, map_op(RIG_NAME(1), 0, RIG_VA, PAGE));
	bind_one(env, 3, unmap_op(RIG_VA, RIG_PAGES * PAGE));
	assert_int_equal(rig_wait_job(&env->guest, BINDS, 3), 0);
	no_memory = false;
	assert_int_equal(rig_job(&env->guest, BINDS, 1), ENOMEM);
	assert_int_equal(rig_job(&env->guest, BINDS, 2), EINVAL);
	assert_int_equal(page_at(env, 0x40000000), -1);
	assert_int_equal(page_at(env, RIG_VA), -1);
	/* its groups are lost, and the guest knows why */
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(1), 1), ECANCELED);
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(0), 1), ECANCELED);
	assert_int_equal(rig_group_state(&env->guest, RIG_NAME(0), &group_state), 0);
	assert_int_equal(group_state, MMX_GROUP_STATE_FATAL_FAULT);
	assert_int_equal(env->guest.fault_count, 2);
	assert_int_equal(env->guest.faults[0].kind, MMX_FAULT_BIND);
	assert_int_equal(env->guest.faults[0].vm, env->ctx.vm);
	assert_int_equal(env->guest.faults[0].group, 0);
	assert_int_equal(env->guest.faults[1].kind, MMX_FAULT_BIND);
	assert_int_equal(env->guest.faults[1].group, RIG_NAME(0));
	assert_int_equal(rig_vm_state(&env->guest, env->ctx.vm, &vm_state), 0);
	assert_int_equal(vm_state, MMX_VM_STATE_UNUSABLE);
	/* what still works */
	bind_one(env, 4, unmap_op(RIG_VA, PAGE));
	assert_int_equal(rig_wait_job(&env->guest, BINDS, 4), EINVAL);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 0, 0x5000, PAGE, 0),
			 -EINVAL);
	assert_int_equal(rig_unmap(&env->guest, env->ctx.vm, 0, 1ull << 40), 0);
	assert_int_equal(rig_object(&env->guest, MMX_MSG_VM_DESTROY, env->ctx.vm), 0);
	/* the way out */
	assert_int_equal(rig_vm_create_async(&env->guest, env->ctx.client, env->ctx.vm, BINDS, 0),
			 0);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 0, 0x5000, PAGE, 0), 0);
}

/* A synchronous one that fails so is answered so, and has no effect. */
static void test_sync_without_memory(void **state)
{
	struct env *env = *state;
	uint32_t vm_state;

	assert_int_equal(rig_mem_create(&env->guest, RIG_NAME(1), FREE_PAGES, 1024 - FREE_PAGES),
			 0);
	no_memory = true;
	/* the first table is there, the second is not */
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 0,
				 RIG_VA + (512 - 100) * PAGE, 200 * PAGE, 0),
			 -ENOMEM);
	no_memory = false;
	assert_int_equal(page_at(env, RIG_VA + (512 - 100) * PAGE), -1);
	assert_int_equal(vm_of(env)->vma_count, 1);
	assert_int_equal(rig_vm_state(&env->guest, env->ctx.vm, &vm_state), 0);
	assert_int_equal(vm_state, MMX_VM_STATE_USABLE);
}

/* ---- maintenance ---- */

/* Binds of one VM that were edited in one round share a flush; completed means maintained. */
static void test_one_flush(void **state)
{
	struct env *env = *state;
	const uint32_t mem = RIG_NAME(1);
	union mmx_msg_buf msg;
	unsigned int i;
	uint64_t before;

	assert_int_equal(rig_mem_create(&env->guest, mem, FREE_PAGES, 64), 0);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, mem, 0, 0x100000, 64 * PAGE, 0), 0);
	rig_submit(&env->guest, RIG_NAME(0), 0, 1, rig_await(&env->ctx, 0, 0), NULL, 0);
	rig_run(&env->rig, MMX_NS_PER_MS);
	assert_non_null(vm_of(env)->hw->as);
	before = env->rig.as_locks;
	for (i = 0; i < 20; i++) {
		const struct mmx_bind_op op = unmap_op(0x100000 + i * 2 * PAGE, PAGE);

		assert_true(rig_put(&env->guest, &msg,
				    mmx_encode_vm_bind_async(&msg, rig_tag(&env->guest),
							     env->ctx.vm, 1 + i, &op, 1, NULL, 0)));
	}
	rig_kick(&env->guest);
	/* the command takes its time */
	rig_settle(&env->rig);
	rig_guest_read(&env->guest);
	assert_int_equal(page_at(env, 0x100000 + 38 * PAGE), -1);
	assert_int_equal(rig_job(&env->guest, BINDS, 1), -1);
	assert_int_equal(rig_wait_job(&env->guest, BINDS, 20), 0);
	assert_int_equal(env->rig.as_locks - before, 1);
	/* maps of what was free, too: the GPU may have a table's line as it was */
	bind_one(env, 21, map_op(mem, 0, 0x5000, PAGE));
	assert_int_equal(rig_wait_job(&env->guest, BINDS, 21), 0);
	assert_int_equal(env->rig.as_locks - before, 2);
}

/* ---- destruction ---- */

enum end {
	END_VM,
	END_CLIENT,
	END_GUEST,
	ENDS
};

/* Binds that run, wait, are maintained: the VM, its client or the guest goes after so many turns of the loop. */
static void end_after(struct env *env, enum end how, unsigned int steps)
{
	const struct mmx_wait never = { .timeline = RIG_NAME(1), .seqno = 1 };
	const uint32_t mem = RIG_NAME(1);
	unsigned int i, last;
	struct mmx_bind_op op;

	assert_int_equal(rig_mem_create(&env->guest, mem, FREE_PAGES, 64), 0);
	rig_submit(&env->guest, RIG_NAME(0), 1, 1, rig_await(&env->ctx, 0, 0), NULL, 0);
	rig_run(&env->rig, MMX_NS_PER_MS);
	for (i = 1; i <= 10; i++) {
		op = i % 2 ? map_op(mem, i * PAGE, 0x100000, 16 * PAGE)
			   : unmap_op(0x100000 + i * PAGE, 2 * PAGE);
		bind_one(env, i, op);
	}
	op = map_op(mem, 0, 0x200000, PAGE);
	rig_bind_async(&env->guest, env->ctx.vm, 11, &op, 1, &never, 1);
	bind_one(env, 12, op);
	rig_submit(&env->guest, RIG_NAME(0), 0, 1, rig_empty,
		   &(struct mmx_wait){ .timeline = BINDS, .seqno = 12 }, 1);
	for (i = 0; i < steps; i++)
		if (!rig_step(&env->rig, env->rig.now_ns + MMX_NS_PER_MS))
			break;
	if (how == END_GUEST) {
		rig_guest_hangup(&env->guest);
		rig_guest_wait_gone(&env->guest);
		return;
	}
	if (how == END_VM)
		assert_int_equal(rig_object(&env->guest, MMX_MSG_VM_DESTROY, env->ctx.vm), 0);
	else
		assert_int_equal(rig_object(&env->guest, MMX_MSG_CLIENT_DESTROY, env->ctx.client),
				 0);
	/* each has completed before the answer, and its name is free */
	for (last = 0, i = 1; i <= 12; i++) {
		int error = rig_job(&env->guest, BINDS, i);

		assert_true(error == 0 || error == ECANCELED);
		/* the first that was cancelled has none behind it that was not */
		assert_true(error || !last);
		last = error ? i : last;
	}
	/* what it waits for is cancelled with the client's group, which takes a moment */
	if (how == END_VM)
		assert_int_equal(rig_job(&env->guest, BINDS, 11), ECANCELED);
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(0), 1), how == END_VM ? 0 : ECANCELED);
	assert_int_equal(rig_object(&env->guest, MMX_MSG_MEM_DESTROY, mem), 0);
	RIG_UNTIL(&env->rig, (rig_guest_read(&env->guest), rig_is_released(&env->guest, mem)));
	assert_int_equal(env->guest.session->reserved_bytes, 0);
	if (how == END_VM)
		assert_int_equal(
			rig_vm_create_async(&env->guest, env->ctx.client, env->ctx.vm, BINDS, 0),
			0);
}

static void test_ends(void **state)
{
	struct env *env = *state;
	unsigned int how, steps;

	for (how = 0; how < ENDS; how++)
		for (steps = 0; steps < 12; steps++) {
			end_after(env, how, steps);
			rig_finish(&env->rig);
			env_init(env, 0);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pipelined, setup, teardown),
		cmocka_unit_test_setup_teardown(test_chain, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sync_overtakes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_job_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quota, setup, teardown),
		cmocka_unit_test_setup_teardown(test_max_mappings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unusable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sync_without_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_flush, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
