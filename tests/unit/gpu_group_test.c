// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Groups, queues and slots on the model in this process, on a virtual clock: jobs, faults, moves
 * between slots. group_env_teardown() also fails if a group has left memory, a VM or itself behind.
 */
#include "backend/gpu/group.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "backend/gpu/group_priv.h"
#include "tests/unit/group_env.h"

/* ---- jobs ---- */

static void test_jobs_one_queue(void **state)
{
	struct group_env *env = *state;
	struct test_group group;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 1);
	group.results = 0x100;
	for (unsigned int i = 1; i <= 3; i++) /* before it is placed */
		assert_int_equal(test_push(&group, 0, stream_store(&vm, i, 0x100 + i)), 0);
	assert_int_equal(mmx_queue_done(group.hw, 0), 0);
	assert_false(mmx_queue_drained(group.hw, 0));
	test_place(&group, 0);
	assert_int_equal(mmx_group_slot(group.hw), 0);
	run_until(env, mmx_queue_done(group.hw, 0) == 3, 3 * JOB_NS);
	for (unsigned int i = 4; i <= 10; i++) /* while it runs */
		assert_int_equal(test_push(&group, 0, stream_store(&vm, i, 0x100 + i)), 0);
	run_until(env, mmx_queue_done(group.hw, 0) == 10, 7 * JOB_NS);
	run_until(env, group.idle && mmx_queue_drained(group.hw, 0), JOB_NS);
	assert_int_equal(mmx_queue_pushed(group.hw, 0), 10);
	assert_true(group.progress > 0);
	assert_int_equal(group.faults + group.fatals, 0);
	test_group_end(&group);
	assert_int_equal(group.how, MMX_GROUP_OFF_TERMINATED);
	test_vm_destroy(env, &vm);
}

static void test_jobs_three_queues(void **state)
{
	struct group_env *env = *state;
	struct test_group group;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 3);
	test_place(&group, 2);
	for (unsigned int i = 1; i <= 8; i++) {
		for (unsigned int q = 0; q < 3; q++)
			assert_int_equal(
				test_push(&group, q, stream_store(&vm, q * 16 + i, q * 100 + i)),
				0);
	}
	for (unsigned int q = 0; q < 3; q++) {
		run_until(env, mmx_queue_done(group.hw, q) == 8, 24 * JOB_NS);
		for (unsigned int i = 1; i <= 8; i++)
			assert_int_equal(test_result(&vm, q * 16 + i), q * 100 + i);
	}
	test_vm_group_end(env, &vm, &group);
}

static void test_ring_wraps(void **state)
{
	struct group_env *env = *state;
	const unsigned int jobs = 1000;
	struct test_stream streams[50];
	struct test_group group;
	struct test_vm vm;
	unsigned int full = 0;

	test_vm_group_create(env, &vm, &group, 1);
	for (unsigned int i = 0; i < 50; i++)
		streams[i] = stream_store(&vm, i, 0x5000 + i);
	test_place(&group, 0);
	for (unsigned int i = 0; i < jobs; i++) {
		uint64_t before = mmx_queue_pushed(group.hw, 0);
		int r = test_push(&group, 0, streams[i % 50]);

		while (r) {
			assert_int_equal(r, QUEUE_E_FULL);
			assert_int_equal(mmx_queue_pushed(group.hw, 0), before);
			full++;
			group_env_step(env);
			r = test_push(&group, 0, streams[i % 50]);
		}
		assert_true(mmx_queue_pushed(group.hw, 0) - mmx_queue_done(group.hw, 0) <= 33);
	}
	run_until(env, mmx_queue_done(group.hw, 0) == jobs, 40 * JOB_NS);
	assert_true(full > 0);
	for (unsigned int i = 0; i < 50; i++)
		assert_int_equal(test_result(&vm, i), 0x5000 + i);
	assert_int_equal(group.faults + group.fatals, 0);
	test_vm_group_end(env, &vm, &group);
}

/* A ring that nobody empties takes what it holds. */
static void test_ring_full(void **state)
{
	struct group_env *env = *state;
	struct test_stream stream;
	struct test_group group;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 1);
	stream = stream_store(&vm, 0, 7);
	for (unsigned int i = 0; i < 4096 / MMX_QUEUE_JOB_SIZE; i++)
		assert_int_equal(test_push(&group, 0, stream), 0);
	assert_int_equal(test_push(&group, 0, stream), QUEUE_E_FULL);
	test_place(&group, 0);
	run_until(env, mmx_queue_done(group.hw, 0) == 32, 40 * JOB_NS);
	test_vm_group_end(env, &vm, &group);
}

/* What was executed, but not looked at, keeps its sync objects. */
static void test_ring_not_looked_at(void **state)
{
	struct group_env *env = *state;
	struct test_stream stream;
	struct test_group group;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 1);
	test_place(&group, 0);
	gpu_env_run(env->gpu_env, MOVE_NS); /* nobody looks for other reasons any more */
	env->gpu_env->drop_irqs[MMX_IRQ_JOB] = UINT_MAX;
	stream = stream_store(&vm, 0, 7);
	for (unsigned int i = 0; i < 32; i++)
		assert_int_equal(test_push(&group, 0, stream), 0);
	gpu_env_run(env->gpu_env, 40 * JOB_NS);
	assert_true(mmx_queue_drained(group.hw, 0));
	assert_int_equal(test_push(&group, 0, stream), QUEUE_E_FULL);
	assert_int_equal(mmx_queue_done(group.hw, 0), 32);
	assert_int_equal(test_push(&group, 0, stream), 0);
	gpu_env_honest(env->gpu_env);
	test_vm_group_end(env, &vm, &group);
}

/* Firmware may do without a second suspend buffer. */
static void test_no_protm_buffer(void **state)
{
	struct group_env *env = *state;
	uint32_t size = env->gpu->fw.protm_suspend_size;
	struct test_group group;
	struct test_vm vm;
	size_t bytes;

	test_vm_group_create(env, &vm, &group, 1);
	bytes = mmx_group_bytes(group.hw);
	test_group_end(&group);
	env->gpu->fw.protm_suspend_size = 0;
	test_group_create(env, &group, &vm, 1);
	assert_int_equal(mmx_group_bytes(group.hw),
			 bytes - (size + MMX_PAGE_SIZE - 1) / MMX_PAGE_SIZE * MMX_PAGE_SIZE);
	test_place(&group, 0);
	assert_int_equal(env->gpu->fw.csg[0].input->protm_suspend_buf, 0);
	assert_int_equal(test_push(&group, 0, stream_store(&vm, 0, 7)), 0);
	run_until(env, mmx_queue_done(group.hw, 0) == 1, JOB_NS);
	test_suspend(&group);
	test_group_end(&group);
	env->gpu->fw.protm_suspend_size = size;
	test_vm_destroy(env, &vm);
}

/* What a guest may write into its sync object is believed within bounds. */
static void test_sync_object_lies(void **state)
{
	struct group_env *env = *state;
	struct test_group group;
	struct test_vm vm;
	struct mmx_sync_object *objects;

	test_vm_group_create(env, &vm, &group, 1);
	assert_int_equal(test_push(&group, 0, stream_store(&vm, 0, 7)), 0);
	assert_int_equal(test_push(&group, 0, stream_store(&vm, 1, 7)), 0);
	objects = group.hw->syncs.cpu;
	for (unsigned int i = 0; i < 32; i++)
		objects[i].seqno = UINT64_MAX;
	assert_int_equal(mmx_queue_done(group.hw, 0), 0);
	for (unsigned int i = 0; i < 32; i++)
		objects[i].seqno = i;
	assert_int_equal(mmx_queue_done(group.hw, 0), 2); /* not 31 */
	for (unsigned int i = 0; i < 32; i++)
		objects[i].seqno = 0;
	assert_int_equal(mmx_queue_done(group.hw, 0), 2);
	assert_false(mmx_queue_drained(group.hw, 0));
	/* the ring is not overwritten for it */
	for (unsigned int i = 0; i < 30; i++)
		assert_int_equal(test_push(&group, 0, stream_store(&vm, 1, 7)), 0);
	for (unsigned int i = 0; i < 32; i++)
		objects[i].seqno = i;
	assert_int_equal(mmx_queue_done(group.hw, 0), 31);
	assert_int_equal(test_push(&group, 0, stream_store(&vm, 1, 7)), QUEUE_E_FULL);
	/* a fault that there was not waits to be told, of the guest's own job */
	objects[0].seqno = 32;
	objects[0].status = 5;
	assert_int_equal(mmx_queue_done(group.hw, 0), 31);
	assert_true(mmx_queue_faulted(group.hw, 0));
	test_vm_group_end(env, &vm, &group);
}

/* ---- moving ---- */

static void test_suspend_resume(void **state)
{
	struct group_env *env = *state;
	struct test_group group;
	struct test_vm vm;
	uint64_t done;

	test_vm_group_create(env, &vm, &group, 2);
	group.results = 0x100;
	for (unsigned int i = 1; i <= 10; i++) {
		assert_int_equal(test_push(&group, 0, stream_work(&vm, 500, i, 0x100 + i)), 0);
		assert_int_equal(test_push(&group, 1, stream_work(&vm, 500, 100 + i, i)), 0);
	}
	test_place(&group, 0);
	run_until(env, mmx_queue_done(group.hw, 0) >= 2, 50 * MMX_NS_PER_MS);
	test_suspend(&group);
	done = mmx_queue_done(group.hw, 0);
	assert_true(done < 10);
	assert_int_equal(test_slot_state(env, 0), MMX_SLOT_FREE);
	gpu_env_run(env->gpu_env, 20 * MMX_NS_PER_MS);
	assert_int_equal(mmx_queue_done(group.hw, 0), done); /* nothing runs meanwhile */
	test_place(&group, 0);
	run_until(env, mmx_queue_done(group.hw, 0) >= 5, 50 * MMX_NS_PER_MS);
	test_suspend(&group);
	/* and one that is pushed while it is off */
	assert_int_equal(test_push(&group, 0, stream_store(&vm, 11, 0x10b)), 0);
	test_place(&group, 5);
	run_until(env, mmx_queue_done(group.hw, 0) == 11 && mmx_queue_done(group.hw, 1) == 10,
		  100 * MMX_NS_PER_MS);
	for (unsigned int i = 1; i <= 10; i++)
		assert_int_equal(test_result(&vm, 100 + i), i);
	assert_int_equal(group.faults + group.fatals, 0);
	assert_int_equal(group.on, 3);
	assert_int_equal(group.off, 2);
	test_vm_group_end(env, &vm, &group);
}

static void test_more_groups_than_slots(void **state)
{
	struct group_env *env = *state;
	const unsigned int count = 12;
	unsigned int slots = mmx_gpu_info(env->gpu)->slots;
	struct test_group groups[12];
	struct test_vm vm;

	assert_true(slots >= 3 && slots < count);
	test_vm_create(env, &vm);
	for (unsigned int i = 0; i < count; i++) {
		test_group_create(env, &groups[i], &vm, 1);
		assert_int_equal(test_push(&groups[i], 0, stream_work(&vm, 300, i, 40 + i)), 0);
		assert_int_equal(test_push(&groups[i], 0, stream_work(&vm, 300, 20 + i, 60 + i)),
				 0);
	}
	for (unsigned int i = 0; i < slots; i++)
		assert_int_equal(mmx_group_place(groups[i].hw, i, i), 0);
	assert_int_equal(mmx_group_place(groups[slots].hw, 0, slots), GROUP_E_BUSY);
	assert_int_equal(mmx_group_place(groups[slots].hw, slots, slots), GROUP_E_BUSY);
	for (unsigned int i = slots; i < count;
	     i++) { /* each takes another one's slot amid its work */
		unsigned int slot = i - slots;

		run_until(env, groups[slot].on == 1, MOVE_NS);
		test_suspend(&groups[slot]);
		test_place(&groups[i], slot);
	}
	for (unsigned int i = 0; i < count - slots; i++) {
		run_until(env, mmx_queue_done(groups[slots + i].hw, 0) == 2, 100 * MMX_NS_PER_MS);
		test_suspend(&groups[slots + i]);
		test_place(&groups[i], i);
	}
	for (unsigned int i = 0; i < count; i++) {
		run_until(env, mmx_queue_done(groups[i].hw, 0) == 2, 100 * MMX_NS_PER_MS);
		assert_int_equal(test_result(&vm, i), 40 + i);
		assert_int_equal(test_result(&vm, 20 + i), 60 + i);
	}
	for (unsigned int i = 0; i < count; i++)
		test_group_end(&groups[i]);
	test_vm_destroy(env, &vm);
}

/* More VMs than address spaces: one that is being given up can be had at once. */
static void test_more_vms_than_as(void **state)
{
	struct group_env *env = *state;
	unsigned int spaces = (unsigned int)__builtin_popcount(env->gpu->mmu.present & ~1u);
	struct test_group groups[9];
	struct test_vm vms[9];
	unsigned int count = spaces + 1;

	assert_true(count <= 9 && spaces < mmx_gpu_info(env->gpu)->slots);
	for (unsigned int i = 0; i < count; i++) {
		test_vm_create(env, &vms[i]);
		test_group_create(env, &groups[i], &vms[i], 1);
		assert_int_equal(test_push(&groups[i], 0, stream_store(&vms[i], 0, i + 1)), 0);
	}
	for (unsigned int i = 0; i < spaces; i++)
		test_place(&groups[i], i);
	assert_int_equal(mmx_group_place(groups[spaces].hw, spaces, 0), GROUP_E_NO_AS);
	assert_int_equal(test_slot_state(env, spaces), MMX_SLOT_FREE);
	test_suspend(&groups[0]);
	test_place(&groups[spaces], 0);
	run_until(env, mmx_queue_done(groups[spaces].hw, 0) == 1, JOB_NS);
	assert_int_equal(mmx_group_place(groups[0].hw, spaces, 0), GROUP_E_NO_AS);
	test_suspend(&groups[1]);
	/* one that waits for its address space to be given up by another VM is called off */
	assert_int_equal(mmx_group_place(groups[0].hw, spaces, 0), 0);
	mmx_group_evict(groups[0].hw, false);
	run_until(env, groups[0].off == 2, MOVE_NS);
	assert_int_equal(groups[0].how, MMX_GROUP_OFF_SUSPENDED);
	groups[0].on++;
	test_place(&groups[0], spaces);
	test_suspend(&groups[2]);
	test_place(&groups[1], 2);
	for (unsigned int i = 0; i < count; i++) {
		run_until(env, mmx_queue_done(groups[i].hw, 0) == 1, JOB_NS);
		assert_int_equal(test_result(&vms[i], 0), i + 1);
	}
	for (unsigned int i = 0; i < count; i++)
		test_group_end(&groups[i]);
	for (unsigned int i = 0; i < count; i++)
		test_vm_destroy(env, &vms[i]);
}

/* ---- faults ---- */

/* @us: how long the jobs run on after their faults. */
static void job_fault(struct group_env *env, unsigned int us)
{
	struct test_group group;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 2);
	test_place(&group, 0);
	assert_int_equal(test_push(&group, 1, stream_store(&vm, 10, 1)), 0);
	assert_int_equal(test_push(&group, 1, stream_store(&vm, 11, 2)), 0);
	assert_int_equal(test_push(&group, 1, stream_fault(&vm, us, 12, 3)), 0);
	assert_int_equal(test_push(&group, 1, stream_store(&vm, 13, 4)), 0);
	assert_int_equal(test_push(&group, 1, stream_work(&vm, 100, 14, 5)), 0);
	run_until(env, mmx_queue_done(group.hw, 1) == 5, 10 * JOB_NS);
	assert_int_equal(group.faults, 1);
	assert_int_equal(group.fault_queue, 1);
	assert_int_equal(group.fault_job, 3);
	assert_int_equal(group.fault_exception, 0x4b);
	assert_true(group.fault_done < 3);
	assert_int_equal(group.fatals, 0);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(test_result(&vm, 10 + i), i + 1);
	/* each fault is told */
	assert_int_equal(test_push(&group, 1, stream_fault(&vm, us, 12, 3)), 0);
	assert_int_equal(test_push(&group, 1, stream_fault(&vm, us, 13, 3)), 0);
	assert_int_equal(test_push(&group, 1, stream_store(&vm, 14, 4)), 0);
	run_until(env, mmx_queue_done(group.hw, 1) == 8, 10 * JOB_NS);
	assert_int_equal(group.faults, 3);
	assert_int_equal(group.fault_job, 7);
	/* sync objects are used again */
	for (unsigned int i = 9; i < 50; i++) {
		assert_int_equal(test_push(&group, 1, stream_store(&vm, 14, 4)), 0);
		run_until(env, mmx_queue_done(group.hw, 1) == i, 10 * JOB_NS);
	}
	assert_int_equal(group.faults, 3);
	/* a job that faults and never ends */
	assert_int_equal(test_push(&group, 1, stream_fault(&vm, 1000000, 12, 3)), 0);
	gpu_env_run(env->gpu_env, MMX_NS_PER_MS);
	assert_int_equal(group.faults, 3);
	test_group_end(&group);
	assert_int_equal(group.faults, 4);
	assert_int_equal(group.fault_job, 50);
	test_vm_destroy(env, &vm);
}

static void test_job_fault(void **state)
{
	job_fault(*state, 0);
}

static void test_job_fault_lasts(void **state)
{
	job_fault(*state, 50);
}

static void test_fatal(void **state)
{
	struct group_env *env = *state;
	struct test_group group, other;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 2);
	test_group_create(env, &other, &vm, 1);
	test_place(&group, 0);
	test_place(&other, 1);
	assert_int_equal(test_push(&other, 0, stream_work(&vm, 1000, 20, 9)), 0);
	assert_int_equal(test_push(&group, 1, stream_store(&vm, 0, 1)), 0);
	assert_int_equal(test_push(&group, 1, stream_fatal(&vm)), 0);
	run_until(env, group.off, MOVE_NS);
	assert_int_equal(group.fatals, 1);
	assert_int_equal(group.fatal_queue, 1);
	assert_int_equal(group.fatal_exception, 0x49);
	assert_int_equal(group.how, MMX_GROUP_OFF_TERMINATED);
	assert_int_equal(mmx_queue_done(group.hw, 1), 1);
	assert_int_equal(mmx_group_place(group.hw, 0, 0), GROUP_E_DEAD);
	run_until(env, mmx_queue_done(other.hw, 0) == 1, 10 * JOB_NS);
	assert_int_equal(test_result(&vm, 20), 9);
	assert_int_equal(env->resets, 0);
	test_group_end(&group);
	test_group_end(&other);
	test_vm_destroy(env, &vm);
}

static void test_mmu_fault(void **state)
{
	struct group_env *env = *state;
	struct test_group group, other;
	struct test_vm vm, other_vm;

	test_vm_create(env, &vm);
	test_vm_create(env, &other_vm);
	test_group_create(env, &group, &vm, 1);
	test_group_create(env, &other, &other_vm, 1);
	env->evict_on_vm_fault = &group;
	test_place(&group, 0);
	test_place(&other, 1);
	assert_int_equal(test_push(&other, 0, stream_work(&other_vm, 1000, 0, 9)), 0);
	assert_int_equal(test_push(&group, 0, stream_stray(&vm)), 0);
	run_until(env, group.off, MOVE_NS);
	assert_int_equal(env->vm_faults, 1);
	assert_ptr_equal(env->fault_vm, vm.vm);
	assert_true(env->vm_fault.address == GROUP_ENV_UNMAPPED);
	assert_int_equal(env->vm_fault.access, 3);
	assert_int_equal(group.off, 1);
	assert_int_equal(group.how, MMX_GROUP_OFF_TERMINATED);
	run_until(env, mmx_queue_done(other.hw, 0) == 1, 10 * JOB_NS);
	assert_int_equal(env->resets, 0);
	test_group_end(&group);
	test_group_end(&other);
	test_vm_destroy(env, &vm);
	test_vm_destroy(env, &other_vm);
}

static void test_terminate_endless(void **state)
{
	struct group_env *env = *state;
	struct test_group group;
	struct test_vm vm;

	test_vm_group_create(env, &vm, &group, 1);
	test_place(&group, 0);
	assert_int_equal(test_push(&group, 0, stream_endless(&vm)), 0);
	gpu_env_run(env->gpu_env, MMX_NS_PER_MS);
	assert_int_equal(mmx_queue_done(group.hw, 0), 0);
	test_suspend(&group); /* between two instructions */
	test_place(&group, 1);
	gpu_env_run(env->gpu_env, MMX_NS_PER_MS);
	mmx_group_evict(group.hw, true);
	assert_int_equal(mmx_group_where(group.hw), MMX_GROUP_LEAVING);
	assert_int_equal(group.off, 1);
	run_until(env, group.off == 2, MOVE_NS);
	assert_int_equal(group.how, MMX_GROUP_OFF_TERMINATED);
	assert_int_equal(mmx_group_place(group.hw, 0, 0), GROUP_E_DEAD);
	assert_int_equal(env->resets, 0);
	test_vm_group_end(env, &vm, &group);
}

#define group_test(fn) cmocka_unit_test_setup_teardown(fn, group_env_setup, group_env_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		group_test(test_jobs_one_queue),
		group_test(test_jobs_three_queues),
		group_test(test_ring_wraps),
		group_test(test_ring_full),
		group_test(test_ring_not_looked_at),
		group_test(test_no_protm_buffer),
		group_test(test_sync_object_lies),
		group_test(test_suspend_resume),
		group_test(test_more_groups_than_slots),
		group_test(test_more_vms_than_as),
		group_test(test_job_fault),
		group_test(test_job_fault_lasts),
		group_test(test_fatal),
		group_test(test_mmu_fault),
		group_test(test_terminate_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
