// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Jobs that do not end well: what their fences say, and that nobody else notices. The kernel logs these, and a
 * test machine has to allow for it. Run by uapi.c.
 */
#include <unistd.h>

#include "tests/uapi/cs.h"
#include "tests/uapi/uapi.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* panthor's own, for a job that makes no progress */
#define JOB_TIMEOUT_NS 5000000000ll

static const uint64_t endless[] = { CS_NOP, CS_BRANCH_ALWAYS(-2) };

/* A job of a new group in this VM comes to its end. */
static void works(struct uapi_rig *rig)
{
	uint64_t words[] = { CS_STORE_VALUE(UAPI_WORD_VA(128), 0x600d) };
	uint32_t group = uapi_group(rig->fd, rig->vm, 1), done = uapi_syncobj(rig->fd);

	*uapi_word(rig, 128) = 0;
	uapi_submit_one(rig, group, 0, uapi_stream(rig, words, COUNT(words)), done);
	CHECK_OK(uapi_result(rig->fd, done));
	CHECK_EQ(*uapi_word(rig, 128), 0x600d);
	CHECK_EQ(uapi_group_state(rig->fd, group).state, 0);
	CHECK_OK(uapi_group_destroy(rig->fd, group));
}

/* It takes no more jobs, but can be asked and destroyed. */
static void is_dead(struct uapi_rig *rig, uint32_t group)
{
	struct pan_queue_submit job = uapi_job(0, (struct uapi_stream){ 0 }, NULL, 0);

	CHECK_ERROR(uapi_submit(rig->fd, group, &job, 1), -EINVAL);
	CHECK_OK(uapi_group_destroy(rig->fd, group));
}

static void invalid_instruction(void)
{
	uint64_t words[] = { CS_STORE_VALUE(UAPI_WORD_VA(0), 1), CS_INVALID,
			     CS_STORE_VALUE(UAPI_WORD_VA(0), 2) };
	struct pan_group_get_state state;
	struct uapi_rig rig;
	uint32_t group, done;

	uapi_rig_init(&rig);
	group = uapi_group(rig.fd, rig.vm, 2);
	done = uapi_syncobj(rig.fd);
	uapi_submit_one(&rig, group, 1, uapi_stream(&rig, words, COUNT(words)), done);
	CHECK_ERROR(uapi_result(rig.fd, done), -EINVAL);
	CHECK_EQ(*uapi_word(&rig, 0), 1);
	state = uapi_group_state(rig.fd, group);
	CHECK_EQ(state.state, PAN_GROUP_FATAL_FAULT);
	CHECK_EQ(state.fatal_queues, 2);
	is_dead(&rig, group);
	works(&rig);
}

/* What waits behind it in its queue ends, too. */
static void later_jobs(void)
{
	static const uint64_t bad[] = { CS_INVALID };
	uint64_t good[] = { CS_STORE_VALUE(UAPI_WORD_VA(0), 1) };
	struct pan_sync_op signal[2];
	struct pan_queue_submit jobs[2];
	struct uapi_rig rig;
	uint32_t group, first, second;

	uapi_rig_init(&rig);
	group = uapi_group(rig.fd, rig.vm, 1);
	first = uapi_syncobj(rig.fd);
	second = uapi_syncobj(rig.fd);
	signal[0] = UAPI_SIGNAL(first);
	signal[1] = UAPI_SIGNAL(second);
	jobs[0] = uapi_job(0, uapi_stream(&rig, bad, COUNT(bad)), &signal[0], 1);
	jobs[1] = uapi_job(0, uapi_stream(&rig, good, COUNT(good)), &signal[1], 1);
	CHECK_OK(uapi_submit(rig.fd, group, jobs, 2));
	CHECK(uapi_result(rig.fd, first) < 0);
	CHECK(uapi_result(rig.fd, second) < 0);
	CHECK_EQ(*uapi_word(&rig, 0), 0);
	is_dead(&rig, group);
}

static void expect_fault(const uint64_t *words, size_t count, struct uapi_rig *rig)
{
	uint32_t group = uapi_group(rig->fd, rig->vm, 1), done = uapi_syncobj(rig->fd);
	struct pan_group_get_state state;

	uapi_submit_one(rig, group, 0, uapi_stream(rig, words, count), done);
	CHECK(uapi_result(rig->fd, done) < 0);
	state = uapi_group_state(rig->fd, group);
	CHECK_EQ(state.state, PAN_GROUP_FATAL_FAULT);
	CHECK_EQ(state.fatal_queues, 1);
	is_dead(rig, group);
}

static void unmapped_store(void)
{
	uint64_t words[] = { CS_STORE_VALUE(0x7000000, 1) };
	struct uapi_rig rig;

	uapi_rig_init(&rig);
	expect_fault(words, COUNT(words), &rig);
	/* the VM is as good as before */
	CHECK_EQ(uapi_vm_state(rig.fd, rig.vm), PAN_VM_USABLE);
	works(&rig);
}

static void readonly_store(void)
{
	uint64_t words[] = { CS_STORE_VALUE(UAPI_VA + 0x1000000, 1) };
	struct uapi_rig rig;
	struct uapi_bo bo;

	uapi_rig_init(&rig);
	bo = uapi_bo(rig.fd, UAPI_PAGE, rig.vm);
	CHECK_OK(uapi_map(rig.fd, rig.vm, bo.handle, 0, UAPI_VA + 0x1000000, bo.size,
			  PAN_MAP_READONLY | PAN_MAP_NOEXEC));
	expect_fault(words, COUNT(words), &rig);
	CHECK_EQ(bo.map[0], 0);
}

/* What was mapped once, and the GPU has used, is not any more. */
static void store_after_unmap(void)
{
	uint64_t words[] = { CS_STORE_VALUE(UAPI_VA + 0x1000000, 1) };
	struct uapi_rig rig;
	struct uapi_bo bo;
	uint32_t group, done;

	uapi_rig_init(&rig);
	bo = uapi_bo(rig.fd, UAPI_PAGE, rig.vm);
	CHECK_OK(uapi_map(rig.fd, rig.vm, bo.handle, 0, UAPI_VA + 0x1000000, bo.size,
			  PAN_MAP_NOEXEC));
	group = uapi_group(rig.fd, rig.vm, 1);
	done = uapi_syncobj(rig.fd);
	uapi_submit_one(&rig, group, 0, uapi_stream(&rig, words, COUNT(words)), done);
	CHECK_OK(uapi_result(rig.fd, done));
	CHECK_EQ(bo.map[0], 1);
	bo.map[0] = 0;
	CHECK_OK(uapi_unmap(rig.fd, rig.vm, UAPI_VA + 0x1000000, bo.size));
	expect_fault(words, COUNT(words), &rig);
	CHECK_EQ(bo.map[0], 0);
}

/* The bystander's group has its own VM, and a job under way while the other one faults. */
static void bystander(void)
{
	static const uint64_t bad[] = { CS_INVALID };
	uint64_t slow[] = {
		/* 200 ms of the GPU's time */
		CS_MOVE32(8, 25000000),
		CS_ADD32(8, 8, -1),
		CS_BRANCH_GREATER(8, -2),
		CS_STORE_VALUE(UAPI_WORD_VA(0), 3),
	};
	struct uapi_rig one, two;
	uint32_t done, fault, group;

	uapi_rig_init(&one);
	uapi_rig_init(&two);
	done = uapi_syncobj(one.fd);
	fault = uapi_syncobj(two.fd);
	group = uapi_group(one.fd, one.vm, 1);
	uapi_submit_one(&one, group, 0, uapi_stream(&one, slow, COUNT(slow)), done);
	uapi_submit_one(&two, uapi_group(two.fd, two.vm, 1), 0, uapi_stream(&two, bad, COUNT(bad)),
			fault);
	CHECK_ERROR(uapi_result(two.fd, fault), -EINVAL);
	CHECK_OK(uapi_result(one.fd, done));
	CHECK_EQ(*uapi_word(&one, 0), 3);
	CHECK_EQ(uapi_group_state(one.fd, group).state, 0);
}

static void job_timeout(void)
{
	uint64_t good[] = { CS_STORE_VALUE(UAPI_WORD_VA(0), 1) };
	struct pan_group_get_state state;
	struct uapi_rig rig, other;
	uint32_t group, done, fine;
	int64_t start;

	uapi_rig_init(&rig);
	uapi_rig_init(&other);
	group = uapi_group(rig.fd, rig.vm, 1);
	done = uapi_syncobj(rig.fd);
	fine = uapi_syncobj(other.fd);
	start = uapi_now_ns();
	uapi_submit_one(&rig, group, 0, uapi_stream(&rig, endless, COUNT(endless)), done);
	/* others go on meanwhile */
	uapi_submit_one(&other, uapi_group(other.fd, other.vm, 1), 0,
			uapi_stream(&other, good, COUNT(good)), fine);
	CHECK_OK(uapi_result(other.fd, fine));
	CHECK_ERROR(uapi_result(rig.fd, done), -ETIMEDOUT);
	/* the kernel's clock for it has ticks of 4 ms or 10 ms */
	CHECK(uapi_now_ns() - start > JOB_TIMEOUT_NS - 20000000);
	state = uapi_group_state(rig.fd, group);
	CHECK_EQ(state.state, PAN_GROUP_TIMEDOUT);
	CHECK_EQ(state.fatal_queues, 0);
	is_dead(&rig, group);
	works(&rig);
}

static void destroy_busy(void)
{
	struct uapi_rig rig;
	uint32_t group, done;

	uapi_rig_init(&rig);
	group = uapi_group(rig.fd, rig.vm, 1);
	done = uapi_syncobj(rig.fd);
	uapi_submit_one(&rig, group, 0, uapi_stream(&rig, endless, COUNT(endless)), done);
	CHECK_ERROR(uapi_wait(rig.fd, done, 50000000), -ETIME);
	CHECK_OK(uapi_group_destroy(rig.fd, group));
	CHECK_ERROR(uapi_result(rig.fd, done), -ECANCELED);
	works(&rig);
}

/* A file that is closed takes its jobs along. */
static void close_busy(void)
{
	struct uapi_rig rig, other;
	uint32_t done;

	uapi_rig_init(&rig);
	uapi_rig_init(&other);
	done = uapi_syncobj(rig.fd);
	uapi_submit_one(&rig, uapi_group(rig.fd, rig.vm, 1), 0,
			uapi_stream(&rig, endless, COUNT(endless)), done);
	CHECK_ERROR(uapi_wait(rig.fd, done, 50000000), -ETIME);
	close(rig.fd);
	works(&other);
}

/* The VM goes before the job that uses it. */
static void destroy_vm_busy(void)
{
	uint64_t words[] = { CS_MOVE48(0, UAPI_WORD_VA(0)), CS_LOAD(2, 1, 0, 0), CS_WAIT_ALL,
			     CS_BRANCH_ALWAYS(-3) };
	struct uapi_rig rig, other;
	uint32_t done;

	uapi_rig_init(&rig);
	uapi_rig_init(&other);
	done = uapi_syncobj(rig.fd);
	uapi_submit_one(&rig, uapi_group(rig.fd, rig.vm, 1), 0,
			uapi_stream(&rig, words, COUNT(words)), done);
	CHECK_ERROR(uapi_wait(rig.fd, done, 50000000), -ETIME);
	CHECK_OK(
		uapi_ioctl(rig.fd, PAN_IOCTL_VM_DESTROY, &(struct pan_vm_destroy){ .id = rig.vm }));
	CHECK(uapi_result(rig.fd, done) < 0);
	works(&other);
}

const struct uapi_test uapi_fault_tests[] = {
	{ "fault-invalid-instruction", invalid_instruction },
	{ "fault-later-jobs", later_jobs },
	{ "fault-unmapped-store", unmapped_store },
	{ "fault-readonly-store", readonly_store },
	{ "fault-store-after-unmap", store_after_unmap },
	{ "fault-bystander", bystander },
	{ "fault-job-timeout", job_timeout },
	{ "fault-destroy-busy", destroy_busy },
	{ "fault-close-busy", close_busy },
	{ "fault-destroy-vm-busy", destroy_vm_busy },
	{ 0 },
};
