// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Endpoints alone: who gets which cores, exact ends, pause, cancel, restriction to what a group may use.
 * Four cores (0x50005) and one tiler; a cycle is a nanosecond; pieces are of 100 us.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/model_fake.h"
#include "tools/model/cores.h"
#include "tools/model/cost.h"
#include "tools/model/model_priv.h"

#define ALL   UINT64_C(0x50005)
#define MS    UINT64_C(1000000)
#define JOBS  8u
#define NEVER UINT64_C(0)

static struct fake f;
static struct mdl_job jobs[JOBS];
static uint64_t start;
static unsigned int quiet_calls;

static void on_done(struct mmx_model *m, struct mdl_job *job)
{
	(void)m;
	assert_int_equal(job->left_cycles, 0);
	assert_true(mdl_cores_quiet(job));
}

static void on_quiet(struct mmx_model *m, struct mdl_job *job)
{
	(void)m;
	assert_true(mdl_cores_quiet(job));
	quiet_calls++;
}

static int setup(void **state)
{
	(void)state;
	memset(jobs, 0, sizeof(jobs));
	quiet_calls = 0;
	if (!fake_init(&f))
		return -1;
	start = f.now_ns;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < JOBS; i++)
		mdl_cores_cancel(f.m, &jobs[i]);
	fake_finish(&f);
	return 0;
}

static void submit_at(unsigned int i, unsigned int csg, enum mdl_job_kind kind, uint64_t cycles,
		      uint64_t not_before_ns)
{
	jobs[i] = (struct mdl_job){
		.kind = kind,
		.csg = csg,
		.cost_cycles = cycles,
		.left_cycles = cycles,
		.not_before_ns = not_before_ns,
		.done = on_done,
		.quiet = on_quiet,
	};
	mdl_cores_submit(f.m, &jobs[i]);
}

static void submit(unsigned int i, unsigned int csg, enum mdl_job_kind kind, uint64_t cycles)
{
	submit_at(i, csg, kind, cycles, 0);
}

static uint64_t end(unsigned int i)
{
	return jobs[i].end_ns ? jobs[i].end_ns - start : NEVER;
}

static void test_exact_ends(void **state)
{
	static const struct {
		uint64_t mask, cycles, ns;
	} rows[] = {
		{ ALL, 4000, 1000 },	 { ALL, 4001, 1001 },	    { ALL, 1, 1 },
		{ 0x4, 4000, 4000 },	 { ALL, 400000, 100000 },   { ALL, 400001, 100001 },
		{ 0x5, 999999, 500000 }, { ALL, 40 * MS, 10 * MS },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f.endpoints[0][0] = rows[i].mask;
		submit(0, 0, MDL_JOB_COMPUTE, rows[i].cycles);
		assert_int_equal(jobs[0].cores, rows[i].mask);
		assert_true(fake_run(&f, 100 * MS));
		assert_int_equal(end(0), rows[i].ns);
		teardown(state);
		setup(state);
	}
}

static void test_start_in_future_and_past(void **state)
{
	(void)state;
	f.now_ns += 5000;
	submit_at(0, 0, MDL_JOB_COMPUTE, 4000, start + 7000);
	assert_int_equal(jobs[0].cores, 0);
	fake_run(&f, 3000);
	assert_int_equal(end(0), 8000);
	submit_at(1, 0, MDL_JOB_COMPUTE, 8000, start + 7500);
	/* the cores were busy until 8000: not twice at one time */
	fake_run(&f, 5000);
	assert_int_equal(end(1), 10000);
}

/* A late host: events are found late, ends are those computed. */
static void test_late_host(void **state)
{
	(void)state;
	submit(0, 0, MDL_JOB_COMPUTE, 4 * 350000);
	submit(1, 0, MDL_JOB_COMPUTE, 4 * 1000);
	f.now_ns += 777777;
	assert_true(fake_run(&f, MS));
	assert_int_equal(end(0), 350000);
	assert_int_equal(end(1), 351000);
}

static void test_order_within_group(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		submit(i, 0, MDL_JOB_FRAGMENT, 4 * 150000);
	assert_true(fake_run(&f, 10 * MS));
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(end(i), 150000 * (i + 1));
}

/* Same priority: pieces in turn; twice as long for both, the first ends one piece before. */
static void test_turns(void **state)
{
	(void)state;
	submit(0, 0, MDL_JOB_COMPUTE, 4 * 300000);
	submit(1, 1, MDL_JOB_COMPUTE, 4 * 300000);
	submit(2, 2, MDL_JOB_COMPUTE, 4 * 100000);
	assert_true(fake_run(&f, 10 * MS));
	assert_int_equal(end(2), 300000);
	assert_int_equal(end(0), 600000);
	assert_int_equal(end(1), 700000);
}

/* A higher priority waits for a piece at most, and then for nobody. */
static void test_priority(void **state)
{
	(void)state;
	f.priority[1] = 5;
	submit(0, 0, MDL_JOB_COMPUTE, 4 * 300000);
	fake_run(&f, 10000);
	submit(1, 1, MDL_JOB_COMPUTE, 4 * 250000);
	assert_true(fake_run(&f, 10 * MS));
	assert_int_equal(end(1), 100000 + 250000);
	assert_int_equal(end(0), 550000);
}

/* Groups with cores of their own run side by side, at the speed of their cores. */
/* Streams of one group: the higher one's job goes first, its own jobs keep their order, other groups are not concerned. */
static void test_priority_of_streams(void **state)
{
	static const unsigned int priorities[] = { 0, 3, 15, 15 };

	(void)state;
	submit(0, 0, MDL_JOB_COMPUTE, 4 * 1000);
	for (unsigned int i = 1; i < 4; i++) {
		jobs[i] = (struct mdl_job){
			.kind = MDL_JOB_COMPUTE,
			.priority = priorities[i],
			.cost_cycles = 4 * 1000,
			.left_cycles = 4 * 1000,
			.done = on_done,
			.quiet = on_quiet,
		};
		mdl_cores_submit(f.m, &jobs[i]);
	}
	submit(4, 1, MDL_JOB_COMPUTE, 4 * 1000);
	assert_true(fake_run(&f, MS));
	assert_int_equal(end(0), 1000);
	assert_int_equal(end(4), 2000); /* its group was never served */
	assert_int_equal(end(2), 3000);
	assert_int_equal(end(3), 4000);
	assert_int_equal(end(1), 5000);
}

static void test_share(void **state)
{
	(void)state;
	f.endpoints[0][0] = 0x5;
	f.endpoints[1][1] = 0x50000;
	submit(0, 0, MDL_JOB_COMPUTE, 2 * 50000);
	submit(1, 1, MDL_JOB_FRAGMENT, 2 * 70000);
	submit(2, 2, MDL_JOB_COMPUTE, 4 * 10000); /* gets what is free first */
	assert_true(fake_run(&f, 10 * MS));
	assert_int_equal(end(0), 50000);
	assert_int_equal(end(1), 70000);
	assert_int_equal(end(2), 70000);
}

/* One tiler: IDVS of two groups exclude each other, compute may use the cores that IDVS leaves. */
static void test_tiler(void **state)
{
	(void)state;
	f.endpoints[0][3] = 0x1;
	f.endpoints[1][3] = 0x4;
	submit(0, 0, MDL_JOB_IDVS, 10000);
	submit(1, 1, MDL_JOB_IDVS, 10000);
	submit(2, 2, MDL_JOB_COMPUTE, 3 * 1000);
	submit(3, 3, MDL_JOB_TILING, 500);
	assert_true(jobs[0].cores == (MDL_CORES_TILER | 1));
	assert_true(fake_run(&f, 10 * MS));
	assert_int_equal(end(0), 10000);
	assert_int_equal(end(2), 1000);
	assert_int_equal(end(1), 20000);
	assert_int_equal(end(3), 20500);
}

static void test_no_endpoints(void **state)
{
	(void)state;
	f.endpoints[0][0] = 0;
	f.endpoints[1][2] = 0; /* no tiler: IDVS cannot run */
	submit(0, 0, MDL_JOB_COMPUTE, 4000);
	submit(1, 1, MDL_JOB_IDVS, 4000);
	assert_true(fake_run(&f, MS));
	assert_int_equal(end(0), NEVER);
	assert_int_equal(end(1), NEVER);
	f.now_ns += 1000;
	f.endpoints[0][0] = ALL;
	mdl_cores_update(f.m);
	assert_true(fake_run(&f, MS));
	assert_int_equal(end(0), 2000);
	assert_int_equal(end(1), NEVER);
}

/* Fewer cores are in force with the next piece. */
static void test_cores_taken_away(void **state)
{
	(void)state;
	submit(0, 0, MDL_JOB_COMPUTE, 4 * 150000);
	fake_run(&f, 10000);
	f.endpoints[0][0] = 0x1;
	mdl_cores_update(f.m);
	assert_true(fake_run(&f, 10 * MS));
	assert_int_equal(end(0), 100000 + 200000);
}

/* However often it is paused, a job costs what it costs. */
static void test_pause_keeps_cost(void **state)
{
	uint64_t busy_ns = 0;

	(void)state;
	submit(0, 0, MDL_JOB_COMPUTE, 4 * 1000000);
	for (unsigned int i = 0; end(0) == NEVER; i++) {
		uint64_t from = f.now_ns;

		fake_run(&f, 130000 + i);
		mdl_cores_pause(f.m, &jobs[0]);
		assert_false(mdl_cores_quiet(&jobs[0]) && end(0) == NEVER);
		while (!mdl_cores_quiet(&jobs[0]))
			fake_run(&f, 1);
		busy_ns += (end(0) == NEVER ? f.now_ns : jobs[0].end_ns) - from;
		assert_in_range(f.now_ns - from, 0, 300000);
		if (end(0) == NEVER)
			assert_int_equal(quiet_calls, i + 1);
		else
			break;
		fake_run(&f, 54321); /* off the cores: nothing happens */
		if (jobs[0].left_cycles)
			mdl_cores_submit(f.m, &jobs[0]);
	}
	assert_int_equal(busy_ns, 1000000);
}

static void test_pause_before_start(void **state)
{
	(void)state;
	submit(0, 0, MDL_JOB_COMPUTE, 4 * 50000);
	submit(1, 0, MDL_JOB_COMPUTE, 4 * 50000);
	submit_at(2, 1, MDL_JOB_COMPUTE, 4 * 50000, start + 10000);
	mdl_cores_pause(f.m, &jobs[1]);
	mdl_cores_pause(f.m, &jobs[2]);
	assert_true(mdl_cores_quiet(&jobs[1]));
	assert_true(mdl_cores_quiet(&jobs[2]));
	assert_int_equal(quiet_calls, 0);
	assert_true(fake_run(&f, MS));
	assert_int_equal(end(0), 50000);
	assert_int_equal(end(1), NEVER);
	assert_int_equal(jobs[1].left_cycles, 4 * 50000);
	mdl_cores_submit(f.m, &jobs[1]);
	assert_true(fake_run(&f, MS));
	assert_int_equal(end(1), 100000);
}

/* Submitted again before its pause took effect: it never leaves its cores. */
static void test_pause_undone(void **state)
{
	(void)state;
	submit(0, 0, MDL_JOB_COMPUTE, 4 * 250000);
	fake_run(&f, 10000);
	mdl_cores_pause(f.m, &jobs[0]);
	mdl_cores_submit(f.m, &jobs[0]);
	assert_true(fake_run(&f, MS));
	assert_int_equal(end(0), 250000);
	assert_int_equal(quiet_calls, 0);
}

static void test_cancel(void **state)
{
	(void)state;
	submit(0, 0, MDL_JOB_COMPUTE, 4 * 250000);
	submit(1, 0, MDL_JOB_COMPUTE, 4 * 1000);
	submit(2, 0, MDL_JOB_COMPUTE, 4 * 1000);
	fake_run(&f, 12345);
	mdl_cores_cancel(f.m, &jobs[1]); /* waits */
	mdl_cores_cancel(f.m, &jobs[0]); /* runs: the next one starts at once */
	mdl_cores_cancel(f.m, &jobs[0]); /* fine */
	assert_true(fake_run(&f, MS));
	assert_int_equal(end(0), NEVER);
	assert_int_equal(end(1), NEVER);
	assert_int_equal(end(2), 13345);
}

static void test_reset(void **state)
{
	(void)state;
	submit(0, 0, MDL_JOB_COMPUTE, 4 * 250000);
	submit(1, 1, MDL_JOB_IDVS, 4 * 250000);
	mdl_cores_reset(mdl_cores(f.m));
	assert_true(fake_run(&f, MS));
	assert_int_equal(end(0), NEVER);
	submit(2, 2, MDL_JOB_IDVS, 4 * 1000);
	assert_true(fake_run(&f, MS));
	assert_int_equal(end(2), 1000);
}

/* ---- progress ---- */

static void submit_tasks(unsigned int i, unsigned int csg, uint64_t cycles, uint64_t task_cycles)
{
	jobs[i] = (struct mdl_job){
		.kind = MDL_JOB_COMPUTE,
		.csg = csg,
		.cost_cycles = cycles,
		.left_cycles = cycles,
		.task_cycles = task_cycles,
		.done = on_done,
		.quiet = on_quiet,
	};
	mdl_cores_submit(f.m, &jobs[i]);
}

static void test_progress_timer(void **state)
{
	static const struct {
		uint64_t limit_ns, task_ns;
		unsigned int reports; /* in 40 ms */
	} rows[] = {
		{ 0, 40 * MS, 0 }, /* off */
		{ 10 * MS, 5 * MS, 0 },	  { 10 * MS, 10 * MS - 1, 0 },
		{ 10 * MS, 15 * MS, 2 }, /* at 10 and 25 ms; the third task is done at 45 */
		{ 10 * MS, 160 * MS, 3 }, /* and 40, but that is the end */
		{ 10 * MS, 0, 0 },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f.progress_ns = rows[i].limit_ns;
		submit_tasks(0, 0, 4 * 40 * MS, rows[i].task_ns);
		assert_true(fake_run(&f, 100 * MS));
		assert_int_equal(end(0), 40 * MS);
		if (f.no_progress[0] != rows[i].reports)
			fail_msg("row %u: %u reports", i, f.no_progress[0]);
		teardown(state);
		setup(state);
	}
}

/* Who waits for cores makes no progress, and nobody is to blame. */
static void test_waiting_is_not_timed(void **state)
{
	(void)state;
	f.progress_ns = 10 * MS;
	f.priority[1] = 1;
	submit_tasks(0, 0, 4 * 8 * MS, 4 * 8 * MS);
	fake_run(&f, 5 * MS);
	submit_tasks(1, 1, 4 * 30 * MS, MS);
	assert_true(fake_run(&f, 100 * MS));
	assert_int_equal(end(0), 38 * MS);
	assert_int_equal(f.no_progress[0], 0);
	assert_int_equal(f.no_progress[1], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_exact_ends),
		T(test_start_in_future_and_past),
		T(test_late_host),
		T(test_order_within_group),
		T(test_turns),
		T(test_priority),
		T(test_priority_of_streams),
		T(test_share),
		T(test_tiler),
		T(test_no_endpoints),
		T(test_cores_taken_away),
		T(test_pause_keeps_cost),
		T(test_pause_before_start),
		T(test_pause_undone),
		T(test_cancel),
		T(test_progress_timer),
		T(test_waiting_is_not_timed),
		T(test_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
