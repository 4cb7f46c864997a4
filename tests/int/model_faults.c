// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Faults of the GPU that the model is asked for, one after the other, while two guests use it through the daemon: what
 * becomes of the job that is hit, that the other guest's results are right all the time, who is blamed, and that both
 * go on working afterwards. What is expected is in the table.
 *
 * Usage: model_faults MODEL-CONTROL DAEMON-CONTROL A-SOCKET B-SOCKET awake|asleep [CASE]
 *
 * awake: those of a GPU that is powered; the daemon must not power it off. asleep: those of its coming back from there;
 * the daemon powers it off soon. Partitions are A and B.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/ask.h"
#include "tests/lib/say.h"
#include "tests/lib/work.h"

/* Only guest A has something there. */
#define OWN_VA	 0x40000000ull
#define OWN_SIZE 0x10000u
/* Of a job on all cores: 512 cycles a tile of 16 by 16, four cores, 1 GHz (docs/model.md); 200 us. */
#define ROWS  12u
#define TRIES 5u

enum act {
	JOB, /* of a group that has run another before */
	GROUP, /* the first job of a group, which has to come into its slot */
	UNMAP, /* unmaps, which takes maintenance of an address space that is in use; then a job */
	TOUCH, /* a job that stores to memory of its own, which it has not used before */
};

/* When B works. */
enum beside {
	ALL, /* the time */
	AFTER_HIT, /* when what was asked for has hit somebody */
	AFTER_END, /* when A's job has ended: nothing else wakes the daemon up */
};

/* What is true of a row. */
enum flag {
	GUILTY = 1, /* A is blamed for the resets */
	TIMEOUT = 2, /* A's job takes too long */
	LOST = 4, /* B may lose its group: what it had in its slot is gone with the firmware */
	ASLEEP = 8,
	MAYBE = 16, /* something else may have come in time, and there was no need for resets */
};

static const struct fault {
	const char *name;
	const char *
		orders; /* to the model, with ; between them; "flip": of what OWN_VA is mapped by */
	enum act act;
	enum beside beside;
	int error; /* what becomes of A's job */
	unsigned int resets; /* of the GPU */
	unsigned int min_ms; /* that A's job takes at least */
	unsigned int flags;
} faults[] = {
	{ "a job hangs", "hang job", JOB, AFTER_HIT, -ETIMEDOUT, 0, 0, TIMEOUT },
	{ "a job takes longer", "delay job 200000000", JOB, AFTER_HIT, 0, 0, 50, 0 },
	{ "a job's interrupt is lost", "drop irq-job", JOB, AFTER_END, 0, 0, 0, 0 },
	{ "a queue's doorbell is lost", "drop doorbell", JOB, AFTER_END, -ETIMEDOUT, 0, 0,
	  TIMEOUT },
	{ "a group's doorbell is lost", "drop doorbell", GROUP, AFTER_END, 0, 1, 0, MAYBE },
	{ "firmware hangs", "hang firmware", GROUP, AFTER_HIT, 0, 1, 100, LOST },
	{ "firmware is slow", "delay firmware 30000000", GROUP, ALL, 0, 0, 1, 0 },
	{ "an address space hangs", "hang as", UNMAP, ALL, -ECANCELED, 1, 0, GUILTY },
	{ "an address space is slow", "delay as 20000000", UNMAP, ALL, 0, 0, 0, 0 },
	{ "an address space's end is lost", "drop irq-mmu", UNMAP, ALL, 0, 0, 0, 0 },
	{ "a register lies about the end", "corrupt 0x200c 0xff0000", UNMAP, ALL, 0, 0, 0, 0 },
	{ "a reset's end is lost", "hang as;drop irq-gpu", UNMAP, ALL, -ECANCELED, 1, 100, GUILTY },
	{ "a page table is damaged", "flip", TOUCH, ALL, -EINVAL, 0, 0, 0 },

	{ "the L2 does not power up", "hang power", JOB, AFTER_HIT, 0, 1, 100, ASLEEP },
	{ "the L2 powers up slowly", "delay power 30000000", JOB, ALL, 0, 0, 30, ASLEEP },
	{ "the L2's interrupt is lost", "drop irq-gpu", JOB, ALL, 0, 0, 0, ASLEEP },
	{ "firmware does not boot", "hang boot", JOB, AFTER_HIT, 0, 1, 1000, ASLEEP },
	{ "the boot's interrupt is lost", "drop irq-job", JOB, ALL, 0, 0, 1000, ASLEEP },
};

struct side {
	const char *path, *name;
	struct mmx_guest *guest;
	struct mmx_work work;
	uint32_t group;
	uint32_t value; /* of the last job */
};

struct job {
	struct mmx_fence fence;
	const uint32_t *result;
	uint32_t want;
};

struct run {
	const char *model;
	struct mmx_ask *ask;
	const struct fault *fault;
	struct side a, b;
	unsigned int beside; /* jobs of B's beside the fault */
};

/* What the daemon has counted. */
struct counts {
	int64_t gpu_resets, resets_a, resets_b, timeouts_a, timeouts_b, lost_b;
};

static struct run run;

static _Noreturn void fail(const char *what, int r)
{
	printf("FAIL: %s: %s: %s\n", run.fault ? run.fault->name : "-", what,
	       strerror(r < 0 ? -r : r));
	exit(1);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- the model ---- */

static bool says(const char *line, const char *want)
{
	char answer[MMX_SAY_MAX];
	int r = mmx_say(run.model, line, mmx_work_timeout_ms(20000), answer);

	if (r)
		fail(line, r);
	return !strcmp(answer, want);
}

/* In the one address space that has something at OWN_VA: the descriptor is not valid any more, or is again. */
static void flip(void)
{
	char line[64];

	for (unsigned int as = 1; as < 8; as++) {
		snprintf(line, sizeof(line), "flip %u 0x%llx 3 0", as, OWN_VA);
		if (says(line, "ok"))
			return;
	}
	fail("nobody's page table could be damaged", ENOENT);
}

static void give_orders(void)
{
	char orders[64], *order, *rest = NULL;

	snprintf(orders, sizeof(orders), "%s", run.fault->orders);
	for (order = strtok_r(orders, ";", &rest); order; order = strtok_r(NULL, ";", &rest)) {
		if (!strcmp(order, "flip"))
			flip();
		else if (!says(order, "ok"))
			fail(order, EINVAL);
	}
}

/* Everything that was asked for has hit somebody. */
static void wait_hit(void)
{
	int64_t until_ms = now_ms() + mmx_work_timeout_ms(20000);

	while (!says("left", "nothing"))
		if (now_ms() > until_ms)
			fail("has hit nobody", ETIMEDOUT);
}

/* ---- the daemon ---- */

static struct counts count(void)
{
	struct json_object *gpu = mmx_ask_gpu(run.ask), *a = mmx_ask_partition(run.ask, "A"),
			   *b = mmx_ask_partition(run.ask, "B");
	struct counts counts = {
		.gpu_resets = mmx_ask_number(gpu, "resets"),
		.resets_a = mmx_ask_number(a, "resets"),
		.resets_b = mmx_ask_number(b, "resets"),
		.timeouts_a = mmx_ask_number(a, "timeouts"),
		.timeouts_b = mmx_ask_number(b, "timeouts"),
		.lost_b = mmx_ask_number(b, "lost"),
	};

	if (!gpu || !a || !b)
		fail("the daemon does not answer", EIO);
	json_object_put(gpu);
	json_object_put(a);
	json_object_put(b);
	return counts;
}

static bool is_off(void)
{
	struct json_object *gpu = mmx_ask_gpu(run.ask), *power;
	bool off = gpu && json_object_object_get_ex(gpu, "power", &power) &&
		   !strcmp(json_object_get_string(power), "off");

	json_object_put(gpu);
	return off;
}

static void wait_off(void)
{
	int64_t until_ms = now_ms() + mmx_work_timeout_ms(20000);

	while (!is_off())
		if (now_ms() > until_ms)
			fail("the GPU is not powered off", ETIMEDOUT);
}

/* ---- guests ---- */

static void make_group(struct side *side)
{
	int r = mmx_work_group(&side->work, 1, &side->group);

	if (r)
		fail("GROUP_CREATE", r);
}

static void open_side(struct side *side)
{
	int64_t until_ms = now_ms() + mmx_work_timeout_ms(20000);
	int r;

	do /* the last one's end takes the daemon a moment */
		r = mmx_guest_open(side->path, side->name, mmx_work_timeout_ms(20000),
				   &side->guest);
	while (r == -EBUSY && now_ms() < until_ms);
	r = r ? r : mmx_work_open(&side->work, side->guest, side->name);
	if (r)
		fail(side->path, r);
	make_group(side);
}

static void close_side(struct side *side)
{
	int r = mmx_work_close(&side->work);

	if (r)
		fail("giving everything back", r);
	mmx_guest_close(side->guest);
}

/* Occupies the cores and then stores. @va: where, 0 = any memory */
static struct job submit(struct side *side, uint64_t va)
{
	struct mmx_work_stream stream;
	struct job job = { .want = ++side->value };
	struct mmx_cs_asm a;
	uint64_t result_va = 0;
	int r;

	mmx_work_reset(&side->work);
	job.result = mmx_work_data(&side->work, 4, 4, &result_va);
	mmx_work_asm(&side->work, &a);
	mmx_cs_req_resource(&a, MMX_CS_RES_FRAGMENT);
	mmx_cs_move48(&a, MMX_CS_R_FRAMEBUFFER, 0);
	mmx_cs_move32(&a, MMX_CS_R_BOX_MIN, 0);
	mmx_cs_move32(&a, MMX_CS_R_BOX_MAX, MMX_CS_BOX(2047, ROWS * 16 - 1));
	mmx_cs_run_fragment(&a, 0);
	mmx_cs_wait(&a, 0xff);
	mmx_cs_req_resource(&a, 0);
	mmx_cs_move48(&a, 82, va ? va : result_va);
	mmx_cs_move32(&a, 4, job.want);
	mmx_cs_store_multiple(&a, 4, 1, 82, 0);
	mmx_cs_wait(&a, 0xff);
	r = mmx_work_stream(&side->work, &a, &stream);
	r = r ? r : mmx_work_submit(&side->work, side->group, 0, &stream, &job.fence);
	if (r)
		fail("SUBMIT", r);
	return job;
}

/* Return: what has become of it; if it has succeeded its result is right. */
static int wait_job(struct side *side, const struct job *job)
{
	int error = 0, r = mmx_work_wait(&side->work, &job->fence, &error);

	if (r)
		fail("waiting for a job", r);
	if (!error && *job->result != job->want)
		fail("a result is wrong", EIO);
	return error;
}

static void good_job(struct side *side)
{
	struct job job = submit(side, 0);
	int r = wait_job(side, &job);

	if (r)
		fail("a job that nothing should happen to", r);
}

/* B's next job. Its group may be lost, if the row says so; then it makes a new one, and that works. */
static void beside(void)
{
	struct job job = submit(&run.b, 0);
	int r = wait_job(&run.b, &job);

	run.beside++;
	if (!r)
		return;
	if (!(run.fault->flags & LOST) || r != -ECANCELED || *job.result)
		fail("a job of the other guest", r);
	make_group(&run.b);
}

/* B works before it is known whether the GPU's maintenance ends, if it is to. */
static void unmap(struct mmx_mem *mem)
{
	int r = mmx_guest_vm_unmap(run.a.guest, run.a.work.vm, OWN_VA, OWN_SIZE);

	if (run.fault->beside == ALL)
		beside();
	r = r ? r : mmx_guest_mem_destroy(run.a.guest, mem);
	if (r)
		fail("unmapping", r);
}

static struct mmx_mem *map(void)
{
	struct mmx_mem *mem;
	int r = mmx_guest_mem_create(run.a.guest, OWN_SIZE, 0, &mem);

	r = r ? r
	      : mmx_guest_vm_map(run.a.guest, run.a.work.vm, mem, 0, OWN_VA, OWN_SIZE,
				 MMX_BIND_NOEXEC);
	if (r)
		fail("mapping", r);
	return mem;
}

/* ---- a case ---- */

static struct job act(struct mmx_mem **mem)
{
	switch (run.fault->act) {
	case GROUP:
		make_group(&run.a);
		break;
	case UNMAP:
		unmap(*mem);
		*mem = NULL;
		break;
	case TOUCH:
		return submit(&run.a, OWN_VA);
	case JOB:
		break;
	}
	return submit(&run.a, 0);
}

/* B works until A's job has ended. Return: what has become of that. */
static int work_beside(struct job *job)
{
	int error = 0, r;

	if (run.fault->beside == AFTER_END)
		return wait_job(&run.a, job);
	if (run.fault->beside == AFTER_HIT)
		wait_hit();
	do {
		beside();
		r = mmx_guest_fence_wait(run.a.guest, &job->fence, 0, &error);
	} while (r == -ETIMEDOUT);
	return wait_job(&run.a, job);
}

static void check_counts(const struct counts *before)
{
	const struct fault *fault = run.fault;
	struct counts now = count();

	printf("%-40s %u jobs beside it, %lld resets, %lld of A's, %lld time-outs, %lld lost\n",
	       fault->name, run.beside, (long long)(now.gpu_resets - before->gpu_resets),
	       (long long)(now.resets_a - before->resets_a),
	       (long long)(now.timeouts_a - before->timeouts_a),
	       (long long)(now.lost_b - before->lost_b));
	if (now.gpu_resets - before->gpu_resets != fault->resets &&
	    !(fault->flags & MAYBE && now.gpu_resets == before->gpu_resets))
		fail("the GPU's resets", EINVAL);
	if (now.resets_a - before->resets_a != !!(fault->flags & GUILTY) ||
	    now.resets_b != before->resets_b)
		fail("who is blamed for resets", EINVAL);
	if (now.timeouts_a - before->timeouts_a != !!(fault->flags & TIMEOUT) ||
	    now.timeouts_b != before->timeouts_b)
		fail("time-outs", EINVAL);
	if (now.lost_b != before->lost_b && !(fault->flags & LOST))
		fail("the other guest has lost a group", EINVAL);
}

static void run_fault(const struct fault *fault)
{
	struct mmx_mem *mem = NULL;
	struct counts before;
	struct job job;
	int64_t start_ms;
	int error;

	run.fault = fault;
	run.beside = 0;
	open_side(&run.a);
	open_side(&run.b);
	mem = map();
	good_job(&run.b);
	good_job(&run.a);
	if (fault->flags & ASLEEP)
		wait_off();
	before = count();
	give_orders();
	start_ms = now_ms();
	job = act(&mem);
	error = work_beside(&job);
	if (error != fault->error)
		fail("how the job has ended", error);
	if (now_ms() - start_ms < fault->min_ms)
		fail("the job was not delayed", EINVAL);
	wait_hit();
	check_counts(&before);
	/* both go on, A with a group that is not dead */
	if (fault->error)
		make_group(&run.a);
	good_job(&run.a);
	beside();
	if (mem)
		unmap(mem);
	good_job(&run.a);
	close_side(&run.a);
	close_side(&run.b);
}

/*
 * Deadlines of the daemon are those of real hardware, 100 ms and less; if the machine does not let the model run for
 * so long, one is missed that should not be. So a row is tried again before it counts as failed.
 */
static bool try_fault(const struct fault *fault, const char *daemon)
{
	int status = 0;
	pid_t pid;

	for (unsigned int i = 0; i < TRIES; i++) {
		pid = fork();
		if (pid < 0)
			fail("fork", errno);
		if (!pid) {
			run.ask = mmx_ask_open(daemon, mmx_work_timeout_ms(20000));
			if (!run.ask)
				fail(daemon, ECONNREFUSED);
			run_fault(fault);
			mmx_ask_close(run.ask);
			exit(0);
		}
		if (waitpid(pid, &status, 0) != pid)
			fail("waitpid", errno);
		if (WIFEXITED(status) && !WEXITSTATUS(status))
			return true;
		if (!says("clear", "ok"))
			fail("clear", EINVAL);
	}
	return false;
}

int main(int argc, char **argv)
{
	bool asleep, ok = true;

	if (argc != 6 && argc != 7) {
		fputs("Usage: model_faults MODEL-CONTROL DAEMON-CONTROL A-SOCKET B-SOCKET awake|asleep [CASE]\n",
		      stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	run.model = argv[1];
	run.a = (struct side){ .path = argv[3], .name = "A" };
	run.b = (struct side){ .path = argv[4], .name = "B" };
	asleep = !strcmp(argv[5], "asleep");
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (!(faults[i].flags & ASLEEP) == !asleep &&
		    (argc == 6 || !strcmp(argv[6], faults[i].name)))
			ok &= try_fault(&faults[i], argv[2]);
	return ok ? 0 : 1;
}
