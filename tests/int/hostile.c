// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * An honest guest, and beside it each kind of hostile one in turn (hostile_kinds.c). The honest one's jobs are all right,
 * always; how long they take is measured, and compared with what they take beside an honest neighbour that uses what the
 * hostile one may use. Hostile processes run at the lowest priority of the host, and if there is a bound the honest one
 * runs at a real-time priority: a guest's own cores are not the subject.
 *
 * Usage: hostile CONTROL HONEST-SOCKET HOSTILE-SOCKET HOSTILE-PARTITION MS SEED BOUND [KIND]
 *
 * MS: of each kind. BOUND: percent that p99 may be of the baseline's, measured up to three times; 0 = it is only told, and priorities stay as they are.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/int/hostile.h"
#include "tests/lib/ask.h"
#include "tests/lib/work.h"

#define MAX_JOBS 100000u
#define TRIES	 3u
/* Of a job on all cores: 512 cycles a tile of 16 by 16, four cores, 1 GHz (docs/model.md). */
#define ROWS	  12u
#define LONG_ROWS 1220u /* 20 ms: longer than a group may stay while others wait */

static const char *const company_names[] = {
	[COMPANY_IDLE] = "an idle neighbour",
	[COMPANY_BUSY] = "a busy neighbour",
	[COMPANY_MANY] = "a neighbour with many groups",
};

struct run {
	struct mmx_guest *guest;
	struct mmx_work work;
	uint32_t group;
	unsigned int value; /* of the last job */
	struct mmx_ask *ask;
	const char *path, *partition; /* of the other guest */
	int64_t ms;
	uint64_t seed;
	unsigned int bound;
	int64_t baseline_us[COMPANY_COUNT];
};

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static _Noreturn void fail(const char *what, int r)
{
	printf("FAIL: %s: %s\n", what, strerror(r < 0 ? -r : r));
	exit(1);
}

/* ---- jobs ---- */

/* Occupies the cores, for some 200 us if @rows is ROWS, then stores. */
static int make_stream(struct mmx_work *work, uint32_t rows, uint64_t va, uint32_t value,
		       struct mmx_work_stream *ret_stream)
{
	struct mmx_cs_asm a;

	mmx_work_asm(work, &a);
	mmx_cs_req_resource(&a, MMX_CS_RES_FRAGMENT);
	mmx_cs_move48(&a, MMX_CS_R_FRAMEBUFFER, 0);
	mmx_cs_move32(&a, MMX_CS_R_BOX_MIN, 0);
	mmx_cs_move32(&a, MMX_CS_R_BOX_MAX, MMX_CS_BOX(2047, rows * 16 - 1));
	mmx_cs_run_fragment(&a, 0);
	mmx_cs_wait(&a, 0xff);
	mmx_cs_req_resource(&a, 0);
	mmx_cs_move48(&a, 82, va);
	mmx_cs_move32(&a, 4, value);
	mmx_cs_store_multiple(&a, 4, 1, 82, 0);
	mmx_cs_wait(&a, 0xff);
	return mmx_work_stream(work, &a, ret_stream);
}

/* One job of the honest guest, from SUBMIT to a result that is right. Return: ns. */
static int64_t one_job(struct run *run)
{
	struct mmx_work_stream stream;
	struct mmx_fence fence;
	int64_t start_ns;
	uint32_t *result;
	uint64_t va = 0;
	int r, error = 0;

	mmx_work_reset(&run->work);
	result = mmx_work_data(&run->work, 4, 4, &va);
	r = make_stream(&run->work, ROWS, va, ++run->value, &stream);
	if (r)
		fail("a stream", r);
	start_ns = now_ns();
	r = mmx_work_submit(&run->work, run->group, 0, &stream, &fence);
	r = r ? r : mmx_work_wait(&run->work, &fence, &error);
	if (r)
		fail("the honest guest's session", r);
	if (error || *result != run->value)
		fail("a job of the honest guest is wrong", error ? error : EIO);
	return now_ns() - start_ns;
}

/* The honest guest's memory is its own, whatever else happens: maps, fills and unmaps. */
static void one_bind(struct run *run)
{
	struct mmx_mem *mem;
	int r = mmx_guest_mem_create(run->guest, 64 << 10, 0, &mem);

	if (r)
		fail("MEM_CREATE of the honest guest", r);
	r = mmx_guest_vm_map(run->guest, run->work.vm, mem, 0, 0x40000000, 64 << 10, 0);
	r = r ? r : mmx_guest_vm_unmap(run->guest, run->work.vm, 0x40000000, 64 << 10);
	r = r ? r : mmx_guest_mem_destroy(run->guest, mem);
	if (r)
		fail("a bind of the honest guest", r);
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct result {
	unsigned int jobs;
	int64_t p50_us, p99_us, most_us;
};

static struct result measure(struct run *run)
{
	static int64_t took_ns[MAX_JOBS];
	int64_t end_ns = now_ns() + run->ms * 1000000;
	struct mmx_fault_record fault;
	unsigned int jobs = 0;

	/* at least so many, on a slow machine too */
	while (jobs < MAX_JOBS && (now_ns() < end_ns || jobs < 20)) {
		took_ns[jobs++] = one_job(run);
		if (jobs % 64 == 0)
			one_bind(run);
	}
	if (mmx_guest_next_fault(run->guest, &fault))
		fail("the honest guest was told of a fault", EIO);
	qsort(took_ns, jobs, sizeof(took_ns[0]), compare);
	return (struct result){
		.jobs = jobs,
		.p50_us = took_ns[jobs / 2] / 1000,
		.p99_us = took_ns[jobs * 99 / 100] / 1000,
		.most_us = took_ns[jobs - 1] / 1000,
	};
}

/* ---- the other guest; in a process of its own ---- */

#define MANY 24u

static _Noreturn void be_company(const struct run *run, enum company company)
{
	const unsigned int count = company == COMPANY_MANY ? MANY : 1;
	struct mmx_work_stream stream;
	struct mmx_fence fences[MANY];
	struct mmx_guest *guest;
	struct mmx_work work;
	uint32_t groups[MANY];
	unsigned int i;
	uint64_t va = 0;
	int r, error;

	do
		r = mmx_guest_open(run->path, "neighbour", mmx_work_timeout_ms(20000), &guest);
	while (r == -EBUSY);
	r = r ? r : mmx_work_open(&work, guest, "neighbour");
	if (r)
		_exit(1);
	mmx_work_data(&work, 4, 4, &va);
	r = make_stream(&work, company == COMPANY_MANY ? LONG_ROWS : ROWS, va, 1, &stream);
	for (i = 0; !r && i < count; i++)
		r = mmx_work_group(&work, 1, &groups[i]);
	if (company == COMPANY_IDLE)
		for (;;)
			pause();
	for (i = 0; !r && i < count; i++)
		r = mmx_work_submit(&work, groups[i], 0, &stream, &fences[i]);
	for (i = 0; !r; i = (i + 1) % count) {
		struct mmx_fence old = fences[i];

		/* two at a time, so that it is never without one */
		r = mmx_work_submit(&work, groups[i], 0, &stream, &fences[i]);
		r = r ? r : mmx_work_wait(&work, &old, &error);
	}
	_exit(1);
}

static pid_t start(const struct run *run, const struct hostile_kind *kind, enum company company)
{
	const struct sched_param none = { 0 };
	const pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		fail("fork", errno);
	if (pid)
		return pid;
	/* it ends with this process, also when that fails */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(1);
	sched_setscheduler(0, SCHED_OTHER, &none);
	setpriority(PRIO_PROCESS, 0, 19);
	if (kind)
		hostile_run(kind, run->path, run->seed);
	be_company(run, company);
}

/* Its connection, at least, must have come before anything is measured. */
static void wait_connected(struct run *run, int64_t guests)
{
	struct json_object *partition;
	int64_t now;

	do {
		partition = mmx_ask_partition(run->ask, run->partition);
		now = mmx_ask_number(partition, "guests");
		json_object_put(partition);
	} while (now >= 0 && now <= guests);
	if (now < 0)
		fail("the daemon does not answer", EIO);
}

static int64_t guests_so_far(struct run *run)
{
	struct json_object *partition = mmx_ask_partition(run->ask, run->partition);
	int64_t guests = mmx_ask_number(partition, "guests");

	json_object_put(partition);
	return guests;
}

/* Return: what the honest guest's jobs took beside it. */
static struct result beside(struct run *run, const struct hostile_kind *kind, enum company company)
{
	int64_t guests = guests_so_far(run);
	pid_t pid = start(run, kind, company);
	struct result result;
	int status = 0;

	wait_connected(run, guests);
	result = measure(run);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
		printf("FAIL: %s ended by itself with status 0x%x\n",
		       kind ? kind->name : company_names[company], (unsigned int)status);
		exit(1);
	}
	return result;
}

/* ---- all of them ---- */

static void measure_baselines(struct run *run)
{
	enum company company;
	struct result result;

	for (company = COMPANY_IDLE; company < COMPANY_COUNT; company++) {
		result = beside(run, NULL, company);
		run->baseline_us[company] = result.p99_us;
		printf("%-28s %6u jobs, p50 %6lld us, p99 %6lld us, most %6lld us\n",
		       company_names[company], result.jobs, (long long)result.p50_us,
		       (long long)result.p99_us, (long long)result.most_us);
	}
}

/* Return: false: above the bound each time. */
static bool try_kind(struct run *run, const struct hostile_kind *kind)
{
	unsigned int tries;
	struct result result;
	long long percent;

	for (tries = 0; tries < TRIES; tries++) {
		result = beside(run, kind, COMPANY_IDLE);
		percent = (long long)(result.p99_us * 100 / (run->baseline_us[kind->like] + 1));
		printf("%-28s %6u jobs, p50 %6lld us, p99 %6lld us, most %6lld us; %lld.%02lld of %s\n",
		       kind->name, result.jobs, (long long)result.p50_us, (long long)result.p99_us,
		       (long long)result.most_us, percent / 100, percent % 100,
		       company_names[kind->like]);
		if (!run->bound || percent <= run->bound)
			return true;
		/* the machine may have been busy with something else: then the baseline would be too */
		measure_baselines(run);
	}
	printf("FAIL: %s: above %u percent\n", kind->name, run->bound);
	return false;
}

static void open_honest(struct run *run, const char *path)
{
	int r = mmx_guest_open(path, "honest", mmx_work_timeout_ms(20000), &run->guest);

	r = r ? r : mmx_work_open(&run->work, run->guest, "honest");
	r = r ? r : mmx_work_group(&run->work, 1, &run->group);
	if (r)
		fail("the honest guest could not begin", r);
}

int main(int argc, char **argv)
{
	const struct sched_param first = { .sched_priority = 1 };
	static struct run run;
	bool ok = true;
	size_t i;

	if (argc != 8 && argc != 9) {
		fputs("Usage: hostile CONTROL HONEST-SOCKET HOSTILE-SOCKET HOSTILE-PARTITION MS SEED BOUND [KIND]\n",
		      stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	run.ask = mmx_ask_open(argv[1], mmx_work_timeout_ms(20000));
	run.path = argv[3];
	run.partition = argv[4];
	run.ms = atoi(argv[5]);
	run.seed = strtoull(argv[6], NULL, 0);
	run.bound = (unsigned int)atoi(argv[7]);
	if (!run.ask)
		fail(argv[1], ECONNREFUSED);
	if (run.bound && sched_setscheduler(0, SCHED_RR, &first))
		fail("real-time priority", errno);
	printf("seed %llu\n", (unsigned long long)run.seed);
	open_honest(&run, argv[2]);
	measure_baselines(&run);
	for (i = 0; i < hostile_kind_count; i++)
		if (argc == 8 || !strcmp(argv[8], hostile_kinds[i].name))
			ok &= try_kind(&run, &hostile_kinds[i]);
	printf("%u jobs of the honest guest, all of them right\n", run.value);
	mmx_work_close(&run.work);
	mmx_guest_close(run.guest);
	mmx_ask_close(run.ask);
	return ok ? 0 : 1;
}
