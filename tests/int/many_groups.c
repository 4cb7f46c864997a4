// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A guest with more groups than the GPU has slots: 24 groups of one queue in three GPU address spaces, each with
 * several jobs that count in a loop, occupy shader cores, and store the count. All jobs are submitted before the
 * first one is waited for. Ends with 0 only if each stored the right number.
 *
 * Usage: many_groups SOCKET NAME [endless | stop PID]
 *
 * endless: the loops never end. Says so when all jobs are submitted, and waits to be killed.
 * stop: the process PID, the daemon, is stopped while jobs are submitted: until all of them are, or after a second if
 * they can't be. Says which it was: the submission ring had room for all, or not.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "tests/lib/work.h"

#define VMS	      3
#define GROUPS_PER_VM 8
#define JOBS	      6

struct job {
	struct mmx_fence fence;
	uint64_t *result;
	uint64_t want;
};

struct space {
	struct mmx_work work;
	uint32_t groups[GROUPS_PER_VM];
	struct job jobs[GROUPS_PER_VM][JOBS];
};

/* @step: 1; 0 = the loop never ends */
static int make_stream(struct mmx_work *work, uint64_t va, uint32_t count, int32_t step,
		       struct mmx_work_stream *ret_stream)
{
	struct mmx_cs_asm a;
	unsigned int again;

	mmx_work_asm(work, &a);
	again = mmx_cs_label(&a);
	mmx_cs_set_sb_entry(&a, 2, 0);
	mmx_cs_move48(&a, 82, va);
	mmx_cs_move48(&a, 2, 0);
	mmx_cs_move32(&a, 4, count);
	mmx_cs_bind(&a, again);
	mmx_cs_add_imm64(&a, 2, 2, 7);
	mmx_cs_add_imm32(&a, 4, 4, -step);
	mmx_cs_branch(&a, MMX_CS_GREATER, 4, again);
	mmx_cs_move48(&a, MMX_CS_R_SHADER, 0);
	mmx_cs_move32(&a, MMX_CS_R_WG_SIZE, MMX_CS_WG_SIZE(64, 1, 1));
	mmx_cs_move32(&a, MMX_CS_R_JOB_SIZE_X, 256);
	mmx_cs_move32(&a, MMX_CS_R_JOB_SIZE_Y, 64);
	mmx_cs_move32(&a, MMX_CS_R_JOB_SIZE_Z, 1);
	mmx_cs_req_resource(&a, MMX_CS_RES_COMPUTE);
	mmx_cs_run_compute(&a, 256, MMX_CS_AXIS_X);
	mmx_cs_wait(&a, MMX_CS_SB(2));
	mmx_cs_req_resource(&a, 0);
	/* the registers have outlived the job, and whatever evictions there were */
	mmx_cs_store_multiple(&a, 2, 0x3, 82, 0);
	mmx_cs_wait(&a, MMX_CS_SB(0));
	return mmx_work_stream(work, &a, ret_stream);
}

static int submit(struct space *space, unsigned int group, unsigned int number, int32_t step)
{
	struct job *job = &space->jobs[group][number];
	uint32_t count = 1000 + 100 * group + number;
	struct mmx_work_stream stream;
	uint64_t va = 0;
	int r;

	job->want = 7ull * count;
	job->result = mmx_work_data(&space->work, 8, 8, &va);
	r = make_stream(&space->work, va, count, step, &stream);
	return r ? r : mmx_work_submit(&space->work, space->groups[group], 0, &stream, &job->fence);
}

static int open_space(struct space *space, struct mmx_guest *guest, const char *name)
{
	unsigned int group;
	int r;

	r = mmx_work_open(&space->work, guest, name);
	for (group = 0; !r && group < GROUPS_PER_VM; group++)
		r = mmx_work_group(&space->work, 1, &space->groups[group]);
	return r;
}

/* Return: the number of jobs that are wrong, or a negative errno. */
static int check_space(struct space *space, unsigned int number)
{
	unsigned int group, i;
	int r, error, wrong = 0;

	for (group = 0; group < GROUPS_PER_VM; group++) {
		for (i = 0; i < JOBS; i++) {
			struct job *job = &space->jobs[group][i];

			r = mmx_work_wait(&space->work, &job->fence, &error);
			if (r)
				return r;
			if (!error && *job->result == job->want)
				continue;
			printf("WRONG: space %u, group %u, job %u: %s, %llu instead of %llu\n",
			       number, group, i, strerror(-error), (unsigned long long)*job->result,
			       (unsigned long long)job->want);
			wrong++;
		}
	}
	return wrong;
}

static pid_t stopped; /* 0: nobody */
static volatile sig_atomic_t ring_full;

static void go_on(int signal)
{
	(void)signal;
	ring_full = 1;
	kill(stopped, SIGCONT);
}

static int stop(void)
{
	const unsigned int ms = mmx_work_timeout_ms(1000);
	const struct itimerval patience = { .it_value = { .tv_sec = ms / 1000 } };
	const struct sigaction action = { .sa_handler = go_on, .sa_flags = SA_RESTART };

	if (sigaction(SIGALRM, &action, NULL) || kill(stopped, SIGSTOP) ||
	    setitimer(ITIMER_REAL, &patience, NULL))
		return -errno;
	return 0;
}

static void let_go_on(const char *name)
{
	const struct itimerval never = { 0 };

	setitimer(ITIMER_REAL, &never, NULL);
	kill(stopped, SIGCONT);
	printf("%s: %s\n", name, ring_full ? "the ring was full" : "the ring had room for all");
}

static int run(struct mmx_guest *guest, const char *name, bool endless)
{
	static struct space spaces[VMS];
	unsigned int i, group, job;
	int r = 0, wrong = 0;

	for (i = 0; !r && i < VMS; i++)
		r = open_space(&spaces[i], guest, name);
	if (!r && stopped)
		r = stop();
	/* round robin, so that all groups are runnable early */
	for (job = 0; job < JOBS; job++)
		for (group = 0; group < GROUPS_PER_VM; group++)
			for (i = 0; !r && i < VMS; i++)
				r = submit(&spaces[i], group, job, endless ? 0 : 1);
	if (stopped)
		let_go_on(name);
	if (!r && endless)
		printf("%s: submitted\n", name);
	for (i = 0; !r && i < VMS; i++) {
		r = check_space(&spaces[i], i);
		if (r > 0) {
			wrong += r;
			r = 0;
		}
	}
	for (i = 0; !r && i < VMS; i++)
		r = mmx_work_close(&spaces[i].work);
	return r ? r : wrong;
}

int main(int argc, char **argv)
{
	struct mmx_guest *guest;
	bool endless = argc == 4 && !strcmp(argv[3], "endless");
	int r;

	if (argc == 5 && !strcmp(argv[3], "stop"))
		stopped = (pid_t)atoi(argv[4]);
	if (argc != 3 && !endless && stopped <= 0) {
		fputs("Usage: many_groups SOCKET NAME [endless | stop PID]\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	r = mmx_guest_open(argv[1], argv[2], mmx_work_timeout_ms(10000), &guest);
	if (r) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(-r));
		return 3;
	}
	r = run(guest, argv[2], endless);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", argv[2], strerror(-r));
	else
		printf("%s: %d groups, %d jobs, %d wrong\n", argv[2], VMS * GROUPS_PER_VM,
		       VMS * GROUPS_PER_VM * JOBS, r);
	mmx_guest_close(guest);
	return r ? 1 : 0;
}
