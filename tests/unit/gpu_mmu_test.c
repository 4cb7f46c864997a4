// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Address spaces on the model: lending, maintenance and its merging, faults, and what a reset does to all of it.
 * What is mapped is asked of the model's own walker.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/gpu_env.h"
#include "tools/model/mmu.h"

#define R_AS(n, reg) (0x2400u + 0x40u * (n) + (reg))
#define R_LOCKADDR   0x10u
#define R_COMMAND    0x18u
#define R_STATUS     0x28u
#define R_TRANSCFG   0x30u

enum {
	CMD_UPDATE = 1,
	CMD_LOCK,
	CMD_UNLOCK,
	CMD_FLUSH_PT,
	CMD_FLUSH_MEM
};

#define RW  (MMX_PROT_READ | MMX_PROT_WRITE)
#define MIB (1ull << 20)

static struct mmx_vm *new_vm(struct gpu_env *env)
{
	struct mmx_vm *vm;

	assert_int_equal(mmx_vm_create(env->gpu, env, &vm), 0);
	assert_ptr_equal(mmx_vm_owner(vm), env);
	return vm;
}

/* A VM with an enabled AS. */
static struct mmx_vm *resident_vm(struct gpu_env *env)
{
	struct mmx_vm *vm = new_vm(env);
	struct gpu_env_wait wait = GPU_ENV_WAIT;

	assert_int_equal(mmx_mmu_get(vm, -1, &wait.wait), 0);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(wait.done, 1);
	return vm;
}

/* The commands that AS @as got since writes were forgotten, as digits. */
static uint64_t commands(const struct gpu_env *env, unsigned int as)
{
	uint64_t digits = 0;

	for (unsigned int i = 0; i < env->write_count; i++) {
		if (env->writes[i].offset == R_AS(as, R_COMMAND))
			digits = digits * 10 + env->writes[i].value;
	}
	return digits;
}

/* ---- tests ---- */

static void test_lock_region(void **state)
{
	static const struct {
		uint64_t start, end, lockaddr, size;
	} cases[] = {
		{ 0, 0x1000, 0 | 14, 0x8000 },
		{ 0x7000, 0x8000, 0 | 14, 0x8000 },
		{ 0x8000, 0x10000, 0x8000 | 14, 0x8000 },
		{ 0x7000, 0x9000, 0 | 15, 0x10000 },
		{ 0x12345000, 0x12346000, 0x12340000 | 14, 0x8000 },
		{ 0x1ff000, 0x201000, 0 | 21, 0x400000 },
		{ 0x200000, 0x400000, 0x200000 | 20, 0x200000 },
		{ 0x7ffffffff000, 0x800000001000, 0 | 47, 1ull << 48 },
		{ 0, 1ull << 48, 0 | 47, 1ull << 48 },
		{ 0xfffffffff000, 1ull << 48, 0xffffffff8000 | 14, 0x8000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t start, end;

		assert_int_equal(mmx_mmu_lock_region(cases[i].start, cases[i].end, &start, &end),
				 cases[i].lockaddr);
		assert_int_equal(start, cases[i].lockaddr & ~0x3full);
		assert_int_equal(end - start, cases[i].size);
		assert_true(start <= cases[i].start && end >= cases[i].end);
	}
}

static void test_enable(void **state)
{
	struct gpu_env *env = *state;
	struct mmx_vm *vm = new_vm(env);
	struct gpu_env_wait first = GPU_ENV_WAIT, second = GPU_ENV_WAIT;
	struct mmx_dma_buf buf;
	uint32_t word = 0;

	assert_int_equal(mmx_dma_alloc(env->gpu->pool, 4096, &buf), 0);
	((uint32_t *)buf.cpu)[1] = 0xcafe;
	assert_int_equal(mmx_vm_map(vm, 0x5000, mmx_dma_buf_addr(&buf, 0), 4096, RW), 0);
	assert_int_equal(mmx_mmu_as(vm), -1);
	assert_int_equal(mmx_mmu_get(vm, -1, &first.wait), 0);
	assert_int_equal(mmx_mmu_as(vm), 1);
	assert_int_equal(first.done, 0);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(first.done, 1);
	assert_int_equal(commands(env, 1), CMD_UPDATE);
	assert_int_equal(gpu_env_last_write(env, R_AS(1, R_TRANSCFG)),
			 6 | 7 << 6 | 2 << 24 | 2 << 28 | 1 << 30);
	assert_true(mdl_mmu_read(env->model, 1, 0x5004, &word, 4, MDL_ACCESS_READ, NULL));
	assert_int_equal(word, 0xcafe);

	/* one more user: the same AS, at once */
	assert_int_equal(mmx_mmu_get(vm, -1, &second.wait), 0);
	assert_int_equal(second.done, 1);
	assert_int_equal(mmx_mmu_as(vm), 1);
	mmx_mmu_put(vm);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_true(gpu_env_reaches(env, 1, 0x5000));

	/* the last one leaves: flush of everything, then UNMAPPED */
	gpu_env_forget_writes(env);
	mmx_mmu_put(vm);
	assert_int_equal(mmx_mmu_as(vm), -1);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(commands(env, 1), 251);
	assert_int_equal(gpu_env_last_write(env, R_AS(1, R_LOCKADDR)), 47);
	assert_int_equal(gpu_env_last_write(env, R_AS(1, R_TRANSCFG)), 1);
	assert_false(gpu_env_reaches(env, 1, 0x5000));
	mmx_vm_destroy(vm);
	mmx_dma_free(env->gpu->pool, &buf);
	assert_int_equal(env->resets, 0);
}

static void test_come_back(void **state)
{
	struct gpu_env *env = *state;
	struct mmx_vm *vm = resident_vm(env);
	struct gpu_env_wait wait = GPU_ENV_WAIT;

	/* while everything is flushed: it is still mapped, and stays so */
	gpu_env_forget_writes(env);
	mmx_mmu_put(vm);
	assert_int_equal(mmx_mmu_get(vm, -1, &wait.wait), 0);
	assert_int_equal(wait.done, 1);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(commands(env, 1), 25);
	/* it was used since that flush began: the next one is not saved */
	mmx_mmu_put(vm);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(commands(env, 1), 25251);

	/* while it is disabled: it is enabled again */
	gpu_env_forget_writes(env);
	assert_int_equal(mmx_mmu_get(vm, -1, &wait.wait), 0);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(wait.done, 2);
	mmx_mmu_put(vm);
	while (commands(env, 1) != 1251)
		gpu_env_run(env, 100);
	assert_int_equal(mmx_mmu_get(vm, -1, &wait.wait), 0);
	assert_int_equal(wait.done, 2);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(wait.done, 3);
	assert_int_equal(commands(env, 1), 12511);
	mmx_mmu_put(vm);
	mmx_vm_destroy(vm);
}

static void test_exhausted(void **state)
{
	struct gpu_env *env = *state;
	struct mmx_vm *vms[7], *more = new_vm(env), *third = new_vm(env);
	struct gpu_env_wait wait = GPU_ENV_WAIT, wait2 = GPU_ENV_WAIT;

	for (int i = 0; i < 7; i++) {
		vms[i] = resident_vm(env);
		assert_int_equal(mmx_mmu_as(vms[i]), i + 1);
	}
	assert_int_equal(mmx_mmu_get(more, -1, &wait.wait), MMU_E_NO_AS);
	assert_int_equal(mmx_mmu_get(more, 0, &wait.wait), MMU_E_NO_AS);

	/* one that is being given up is promised once */
	mmx_mmu_put(vms[4]);
	assert_int_equal(mmx_mmu_get(more, 0, &wait.wait), MMU_E_NO_AS);
	assert_int_equal(mmx_mmu_get(more, -1, &wait.wait), 0);
	assert_int_equal(mmx_mmu_as(more), 5);
	assert_int_equal(mmx_mmu_get(third, -1, &wait2.wait), MMU_E_NO_AS);
	assert_int_equal(mmx_mmu_get(vms[4], -1, &wait2.wait), MMU_E_NO_AS);
	/* the heir does not want it any more: its old VM can come back */
	mmx_list_del(&wait.wait.link);
	mmx_mmu_put(more);
	assert_int_equal(mmx_mmu_as(more), -1);
	assert_int_equal(mmx_mmu_get(vms[4], -1, &wait2.wait), 0);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(wait.done, 0);
	assert_int_equal(wait2.done, 1);
	assert_int_equal(mmx_mmu_as(vms[4]), 5);

	/* two users of the heir; it is enabled behind the disable */
	gpu_env_forget_writes(env);
	mmx_mmu_put(vms[4]);
	assert_int_equal(mmx_mmu_get(more, -1, &wait.wait), 0);
	assert_int_equal(mmx_mmu_get(more, -1, &wait2.wait), 0);
	assert_int_equal(wait.done, 0);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(wait.done, 1);
	assert_int_equal(wait2.done, 2);
	assert_int_equal(commands(env, 5), 2511);
	assert_int_equal(mmx_mmu_as(more), 5);
	assert_int_equal(mmx_mmu_as(vms[4]), -1);
	mmx_mmu_put(more);
	assert_int_equal(mmx_mmu_as(more), 5);

	/* the old VM may be destroyed under its heir */
	mmx_mmu_put(vms[0]);
	assert_int_equal(mmx_mmu_get(third, -1, &wait.wait), 0);
	mmx_vm_destroy(vms[0]);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(wait.done, 2);
	assert_int_equal(mmx_mmu_as(third), 1);

	/* a reset forgets promises */
	mmx_mmu_put(vms[1]);
	assert_int_equal(mmx_mmu_get(vms[4], -1, &wait.wait), 0);
	mmx_gpu_reset(env->gpu, "test");
	assert_int_equal(mmx_mmu_as(vms[4]), -1);
	assert_true(gpu_env_run_until(env, MMX_BOOT_READY, MMX_NS_PER_S));
	assert_int_equal(wait.done, 2);
	assert_int_equal(mmx_mmu_get(vms[4], -1, &wait.wait), 0);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(wait.done, 3);
	for (int i = 1; i < 7; i++)
		mmx_vm_destroy(vms[i]);
	mmx_vm_destroy(more);
	mmx_vm_destroy(third);
}

static void test_flush(void **state)
{
	struct gpu_env *env = *state;
	struct mmx_vm *vm = new_vm(env);
	struct gpu_env_op ops[4] = { GPU_ENV_OP, GPU_ENV_OP, GPU_ENV_OP, GPU_ENV_OP };
	struct gpu_env_wait wait = GPU_ENV_WAIT;

	/* not resident: at once */
	assert_int_equal(mmx_vm_map(vm, 0, 0, 4 * MIB, RW), 0);
	assert_int_equal(mmx_vm_unmap(vm, 0, 4 * MIB), 0);
	mmx_vm_flush(vm, 0, 4 * MIB, &ops[0].op);
	assert_int_equal(ops[0].done, 1);
	assert_int_equal(env->write_count, 0);

	assert_int_equal(mmx_mmu_get(vm, -1, &wait.wait), 0);
	gpu_env_run(env, MMX_NS_PER_MS);
	gpu_env_forget_writes(env);
	mmx_vm_flush(vm, 0x10000, 0x1000, &ops[1].op);
	assert_int_equal(gpu_env_last_write(env, R_AS(1, R_LOCKADDR)), 0x10000 | 14);
	/* these come while it runs, and share one region */
	mmx_vm_flush(vm, 0x30000, 0x1000, &ops[2].op);
	mmx_vm_flush(vm, 0x3a000, 0x2000, &ops[3].op);
	assert_int_equal(ops[1].done, 0);
	gpu_env_run(env, MMX_NS_PER_MS);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(ops[i].done, 1);
	assert_int_equal(commands(env, 1), 2525);
	assert_int_equal(gpu_env_last_write(env, R_AS(1, R_LOCKADDR)), 0x30000 | 15);
	/* the GPU as a whole is left alone */
	assert_int_equal(gpu_env_count_writes(env, 0x30), 0);
	mmx_mmu_put(vm);
	mmx_vm_destroy(vm);
}

static void flush_more(struct mmx_vm_op *op)
{
	struct gpu_env_op *done = mmx_container_of(op, struct gpu_env_op, op);

	if (++done->done == 1)
		mmx_vm_flush(*(struct mmx_vm **)(done + 1), 0, 4096, op);
}

/* An op's owner may start the next one from within done(). */
static void test_flush_from_done(void **state)
{
	struct gpu_env *env = *state;
	struct {
		struct gpu_env_op op;
		struct mmx_vm *vm;
	} again = { .op.op.done = flush_more, .vm = resident_vm(env) };

	gpu_env_forget_writes(env);
	mmx_vm_flush(again.vm, 0, 4096, &again.op.op);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(again.op.done, 2);
	assert_int_equal(commands(env, 1), 2525);
	mmx_mmu_put(again.vm);
	mmx_vm_destroy(again.vm);
}

static void test_trim(void **state)
{
	struct gpu_env *env = *state;
	struct mmx_vm *vm = resident_vm(env);
	size_t empty = mmx_vm_bytes(vm);
	struct gpu_env_op op = GPU_ENV_OP;

	assert_int_equal(mmx_vm_map(vm, 0, 0x1000, 0x1000, RW), 0);
	assert_int_equal(mmx_vm_map(vm, 1ull << 40, 0x1000, 0x1000, RW), 0);
	assert_int_equal(mmx_vm_bytes(vm), empty + 6 * 4096);
	assert_int_equal(mmx_vm_unmap(vm, 0, 0x1000), 0);
	mmx_vm_flush(vm, 0, 0x1000, &op.op);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(mmx_vm_bytes(vm), empty + 3 * 4096);

	/* unmapped while the flush of something else ran: its tables may still be walked */
	mmx_vm_flush(vm, 0, 0x1000, &op.op);
	assert_int_equal(mmx_vm_unmap(vm, 1ull << 40, 0x1000), 0);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(mmx_vm_bytes(vm), empty + 3 * 4096);
	/* one that begins later covers all that is stale, whatever it was asked for */
	mmx_vm_flush(vm, 0, 0x1000, &op.op);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(mmx_vm_bytes(vm), empty);
	assert_int_equal(op.done, 3);
	mmx_mmu_put(vm);
	mmx_vm_destroy(vm);
}

static void test_fault(void **state)
{
	struct gpu_env *env = *state;
	struct mmx_vm *other = resident_vm(env), *vm = resident_vm(env);
	struct gpu_env_wait wait = GPU_ENV_WAIT;
	struct gpu_env_op op = GPU_ENV_OP;
	uint32_t word;

	assert_int_equal(mmx_vm_map(vm, 0x5000, 0x1000, 0x1000, MMX_PROT_READ), 0);
	assert_int_equal(mmx_vm_map(other, 0x5000, 0x1000, 0x1000, RW), 0);
	gpu_env_forget_writes(env);
	assert_false(mdl_mmu_read(env->model, 2, 0x123456008, &word, 4, MDL_ACCESS_READ, NULL));
	gpu_env_poll(env);
	assert_int_equal(env->vm_faults, 1);
	assert_ptr_equal(env->fault_vm, vm);
	assert_int_equal(env->fault.address, 0x123456008);
	assert_int_equal(env->fault.access, MDL_ACCESS_READ);
	assert_int_equal(env->fault.exception & ~7u, 0xc0);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_false(gpu_env_reaches(env, 2, 0x5000)); /* disabled */
	assert_true(gpu_env_reaches(env, 1, 0x5000)); /* nobody else's business */
	assert_int_equal(commands(env, 2), CMD_UPDATE);

	/* told once, closed for new users, maintenance still works */
	assert_false(mdl_mmu_read(env->model, 2, 0x5000, &word, 4, MDL_ACCESS_READ, NULL));
	assert_int_equal(mmx_mmu_get(vm, -1, &wait.wait), MMU_E_NO_AS);
	mmx_vm_flush(vm, 0x5000, 0x1000, &op.op);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(op.done, 1);
	assert_int_equal(env->vm_faults, 1);
	assert_int_equal(commands(env, 2), 125);

	/* all users have left: it can be entered again */
	mmx_mmu_put(vm);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(mmx_mmu_get(vm, -1, &wait.wait), 0);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(wait.done, 1);
	assert_true(gpu_env_reaches(env, 2, 0x5000));
	word = 1;
	assert_false(mdl_mmu_write(env->model, 2, 0x5000, &word, 4, NULL));
	gpu_env_poll(env);
	assert_int_equal(env->vm_faults, 2);
	assert_int_equal(env->fault.access, MDL_ACCESS_WRITE);
	assert_int_equal(env->fault.exception, 0xcb);
	mmx_mmu_put(vm);
	mmx_mmu_put(other);
	mmx_vm_destroy(vm);
	mmx_vm_destroy(other);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(env->resets, 0);
}

/* A fault while a command runs: the AS is disabled when that has ended. */
static void test_fault_in_flush(void **state)
{
	struct gpu_env *env = *state;
	struct mmx_vm *vm = resident_vm(env);
	struct gpu_env_op op = GPU_ENV_OP;
	uint32_t word;

	gpu_env_forget_writes(env);
	mmx_vm_flush(vm, 0, 4096, &op.op);
	assert_false(mdl_mmu_read(env->model, 1, 0, &word, 4, MDL_ACCESS_READ, NULL));
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(env->vm_faults, 1);
	assert_int_equal(op.done, 1);
	assert_int_equal(commands(env, 1), 251);
	mmx_mmu_put(vm);
	mmx_vm_destroy(vm);
}

static void test_firmware_faults(void **state)
{
	struct gpu_env *env = *state;
	uint32_t word;

	assert_false(mdl_mmu_read(env->model, 0, 0xf0000000, &word, 4, MDL_ACCESS_READ, NULL));
	gpu_env_poll(env);
	assert_int_equal(env->resets, 1);
	assert_string_equal(env->why, "the firmware faulted");
	assert_true(gpu_env_run_until(env, MMX_BOOT_READY, MMX_NS_PER_S));
	assert_int_equal(env->vm_faults, 0);
}

static void test_lost_irq(void **state)
{
	struct gpu_env *env = *state;
	struct mmx_vm *vm = resident_vm(env);
	uint64_t start_ns = env->now_ns;
	struct gpu_env_op op = GPU_ENV_OP;

	env->drop_irqs[MMX_IRQ_MMU] = UINT_MAX;
	mmx_vm_flush(vm, 0, 4096, &op.op);
	gpu_env_run(env, 2 * MMX_AS_COMMAND_NS);
	assert_int_equal(op.done, 1);
	assert_int_equal(env->gpu->lost_irqs, 2);
	assert_true(env->now_ns - start_ns >= 2 * MMX_AS_COMMAND_NS);
	assert_int_equal(env->resets, 0);
	gpu_env_honest(env);
	mmx_mmu_put(vm);
	mmx_vm_destroy(vm);
}

/* A command that does not end, and all that waits for it. */
static void test_stuck(void **state)
{
	struct gpu_env *env = *state;
	struct mmx_vm *vm = resident_vm(env), *late;
	struct gpu_env_op running = GPU_ENV_OP, pending = GPU_ENV_OP, meanwhile = GPU_ENV_OP;
	struct gpu_env_wait wait = GPU_ENV_WAIT;
	size_t bytes = gpu_env_dma_bytes(env);

	late = new_vm(env);
	gpu_env_drop_writes(env, R_AS(1, R_COMMAND), 1);
	gpu_env_lie(env, R_AS(1, R_STATUS), 1, UINT_MAX);
	mmx_vm_flush(vm, 0, 4096, &running.op);
	mmx_vm_flush(vm, 0, 4096, &pending.op);
	gpu_env_run(env, MMX_AS_COMMAND_NS + 1000);
	assert_ptr_equal(env->accused_vm, vm);
	assert_null(env->accused_group);
	assert_false(mmx_gpu_is_ready(env->gpu));
	assert_true(gpu_env_run_until(env, MMX_BOOT_RESETTING, MMX_NS_PER_MS));
	assert_int_equal(env->resets, 1);
	assert_true(env->proven);
	assert_string_equal(env->why, "a command of an address space does not end");
	/* the hardware has not confirmed its reset: what was unmapped may still be accessed */
	assert_int_equal(env->gpu->boot.state, MMX_BOOT_RESETTING);
	assert_int_equal(mmx_mmu_as(vm), -1);
	mmx_mmu_put(vm); /* of a user who does not know yet */
	assert_int_equal(mmx_mmu_get(vm, -1, &wait.wait), MMU_E_NO_AS);
	mmx_vm_flush(vm, 0, 4096, &meanwhile.op);
	mmx_vm_destroy(late);
	assert_int_equal(running.done + pending.done + meanwhile.done, 0);
	assert_int_equal(gpu_env_dma_bytes(env), bytes + 4096);
	assert_true(gpu_env_run_until(env, MMX_BOOT_POWERING, MMX_NS_PER_S));
	assert_int_equal(running.done, 1);
	assert_int_equal(pending.done, 1);
	assert_int_equal(meanwhile.done, 1);
	assert_int_equal(gpu_env_dma_bytes(env), bytes);
	gpu_env_honest(env);
	assert_true(gpu_env_run_until(env, MMX_BOOT_READY, MMX_NS_PER_S));
	assert_int_equal(mmx_mmu_get(vm, -1, &wait.wait), 0);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(wait.done, 1);
	mmx_mmu_put(vm);
	mmx_vm_destroy(vm);
}

/* A GPU that is given up owes nobody a flush for ever. */
static void test_given_up(void **state)
{
	struct gpu_env *env = *state;
	struct mmx_vm *vm = resident_vm(env);
	struct gpu_env_op op = GPU_ENV_OP;

	mmx_vm_flush(vm, 0, 4096, &op.op);
	gpu_env_drop_writes(env, 0x30, UINT_MAX);
	mmx_gpu_reset(env->gpu, "test");
	gpu_env_run(env, MMX_BOOT_TRIES * MMX_BOOT_RESET_NS - 1);
	assert_int_equal(op.done, 0);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(env->failed, 1);
	assert_int_equal(op.done, 1);
	mmx_vm_flush(vm, 0, 4096, &op.op);
	assert_int_equal(op.done, 2);
	mmx_vm_destroy(vm);
}

static void test_destroy_resident(void **state)
{
	struct gpu_env *env = *state;
	size_t bytes = gpu_env_dma_bytes(env);
	struct mmx_vm *vm = resident_vm(env);
	struct mmx_gpu_stats stats;

	mmx_mmu_put(vm);
	mmx_vm_destroy(vm);
	mmx_gpu_stats(env->gpu, &stats);
	assert_int_equal(stats.vms, 0);
	assert_int_equal(stats.dma_bytes, bytes + 4096); /* the GPU has not let go */
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(gpu_env_dma_bytes(env), bytes);

	/* in the middle of it, the whole GPU is destroyed: see that nothing leaks */
	vm = resident_vm(env);
	mmx_mmu_put(vm);
	mmx_vm_destroy(vm);
}

static void test_kernel_range(void **state)
{
	struct gpu_env *env = *state;
	struct mmx_vm *vm = new_vm(env);
	struct mmx_dma_buf buf, large;
	uint64_t first, second, third, va[4];

	assert_int_equal(mmx_vm_user_end(vm), (1ull << 48) - MMX_VM_KERNEL_SIZE);
	assert_int_equal(mmx_dma_alloc(env->gpu->pool, 0x3000, &buf), 0);
	assert_int_equal(mmx_dma_alloc(env->gpu->pool, 64 * MIB, &large), 0);
	assert_int_equal(mmx_vm_map_kernel(vm, &buf, RW, &first), 0);
	assert_int_equal(first, mmx_vm_user_end(vm));
	assert_int_equal(mmx_vm_map_kernel(vm, &buf, RW, &second), 0);
	assert_int_equal(second, first + 0x3000);
	for (size_t at = 0; at < buf.size; at += 4096) {
		uint64_t addr;

		assert_true(mmx_pgtable_lookup(vm->pt, second + at, &addr, NULL));
		assert_int_equal(addr, mmx_dma_buf_addr(&buf, at));
	}
	/* addresses that were given back are the last to be used again */
	mmx_vm_unmap_kernel(vm, first, 0x3000);
	assert_false(mmx_pgtable_lookup(vm->pt, first, NULL, NULL));
	assert_int_equal(mmx_vm_map_kernel(vm, &buf, RW, &third), 0);
	assert_int_equal(third, second + 0x3000);
	/* three large ones fit behind, a fourth does not, the small hole does still */
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(mmx_vm_map_kernel(vm, &large, RW, &va[i]), 0);
	assert_int_equal(mmx_vm_map_kernel(vm, &large, RW, &va[3]), -ENOSPC);
	mmx_vm_unmap_kernel(vm, va[2], 64 * MIB);
	assert_int_equal(mmx_vm_map_kernel(vm, &large, RW, &va[3]), 0);
	assert_int_equal(va[3], va[2]);
	/* not what was mapped: nothing happens */
	mmx_vm_unmap_kernel(vm, second, 0x1000);
	assert_true(mmx_pgtable_lookup(vm->pt, second, NULL, NULL));
	mmx_vm_destroy(vm);
	mmx_dma_free(env->gpu->pool, &buf);
	mmx_dma_free(env->gpu->pool, &large);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, gpu_env_setup_ready, gpu_env_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lock_region),
		TEST(test_enable),
		TEST(test_come_back),
		TEST(test_exhausted),
		TEST(test_flush),
		TEST(test_flush_from_done),
		TEST(test_trim),
		TEST(test_fault),
		TEST(test_fault_in_flush),
		TEST(test_firmware_faults),
		TEST(test_lost_irq),
		TEST(test_stuck),
		TEST(test_given_up),
		TEST(test_destroy_resident),
		TEST(test_kernel_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
