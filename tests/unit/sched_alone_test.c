// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Suspects of a hang, on a clock made of numbers: they run alone, nobody has less for that, and they are cleared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/sched/sched.h"
#include "tests/unit/sched_machine.h"

/* Two of three are suspects: they run alone, and nobody has less than his share for that; then they are cleared. */
static void suspects_run_alone(void **state)
{
	struct mmx_sched_partition p[3];
	uint64_t longest_ns[3] = { 0 }, last_ns[3], ran_ns[3] = { 0 };
	struct machine m;
	unsigned int i;

	(void)state;
	machine_start(&m, 4, p, 3);
	for (i = 0; i < 6; i++)
		machine_add(&m, &p[i / 2], 1, NULL);
	for (i = 0; i < 4; i++)
		machine_busy(&m, &m.groups[i]);
	machine_run_until(&m, 5 * MS);
	assert_null(machine_hang(&m));
	assert_true(p[0].suspect && p[1].suspect && !p[2].suspect);
	machine_busy(&m, &m.groups[4]);
	machine_busy(&m, &m.groups[5]);
	for (i = 0; i < 3; i++)
		last_ns[i] = m.now_ns;
	for (i = 0; i < 6; i++)
		m.groups[i].ran_ns = 0;
	while (p[0].suspect || p[1].suspect) {
		assert_true(m.now_ns < 1000 * MS);
		machine_run_until(&m, m.now_ns + MS / 4);
		for (i = 0; i < 3; i++) {
			uint64_t sum_ns = m.groups[2 * i].ran_ns + m.groups[2 * i + 1].ran_ns;

			if (sum_ns != ran_ns[i])
				last_ns[i] = m.now_ns;
			ran_ns[i] = sum_ns;
			if (m.now_ns - last_ns[i] > longest_ns[i])
				longest_ns[i] = m.now_ns - last_ns[i];
		}
	}
	for (i = 0; i < 3; i++) {
		assert_in_range(machine_share(&m, &p[i]), 300, 370);
		/* a tick of each other one, and the tick of the shared turn that is between two lone ones */
		assert_true(longest_ns[i] < 4 * TICK_NS);
	}
	/* ten ticks of each, and as much for the third */
	assert_in_range(m.now_ns, 280 * MS, 400 * MS);
	machine_run_until(&m, m.now_ns + 100 * MS);
	assert_true(p[0].slots + p[1].slots + p[2].slots == 4);
	machine_finish(&m);
}

/* So many partitions with a group each; the GPU hangs while the first @busy of them are at work. */
static void hang_at_work(struct machine *m, struct mmx_sched_partition *p, unsigned int count,
			 unsigned int busy)
{
	unsigned int i;

	machine_start(m, 2, p, count);
	for (i = 0; i < count; i++)
		machine_add(m, &p[i], 1, NULL);
	for (i = 0; i < busy; i++)
		machine_busy(m, &m->groups[i]);
	machine_run_until(m, 5 * MS);
	assert_null(machine_hang(m));
}

static void hang_while_alone(void **state)
{
	struct mmx_sched_partition p[2];
	struct machine m;

	(void)state;
	hang_at_work(&m, p, 2, 2);
	machine_run_until(&m, m.now_ns + 2 * MS);
	assert_int_equal(p[0].slots + p[1].slots, 1);
	assert_ptr_equal(machine_hang(&m),
			 p[0].vtime < p[1].vtime || m.groups[0].turns == 2 ? &p[0] : &p[1]);
	/* both stay suspects */
	assert_true(p[0].suspect && p[1].suspect);
	machine_run_until(&m, m.now_ns + 500 * MS);
	assert_false(p[0].suspect || p[1].suspect);
	machine_finish(&m);
}

/* Who has nothing left to do in his lone turn has done no harm, and nobody must leave for that. */
static void suspect_without_work_is_cleared(void **state)
{
	struct mmx_sched_partition p[2];
	struct machine m;

	(void)state;
	hang_at_work(&m, p, 2, 1);
	assert_true(p[0].suspect && !p[1].suspect);
	machine_busy(&m, &m.groups[1]);
	machine_run_until(&m, m.now_ns + 25 * MS);
	mmx_sched_idle(m.sched, &m.groups[0].sched, m.now_ns);
	machine_run_until(&m, m.now_ns + 25 * MS);
	/* not before its turn has come */
	assert_true(p[0].suspect);
	machine_busy(&m, &m.groups[0]);
	while (m.groups[0].sched.state != MMX_SCHED_IN)
		machine_run_until(&m, m.now_ns + MS / 10);
	mmx_sched_idle(m.sched, &m.groups[0].sched, m.now_ns);
	machine_run_until(&m, m.now_ns + MS / 10);
	assert_false(p[0].suspect);
	assert_int_equal(m.groups[0].sched.state, MMX_SCHED_IN);
	assert_int_not_equal(m.groups[1].sched.state, MMX_SCHED_OUT);
	machine_finish(&m);
}

/* With nobody else it just runs on, and leaves once to show that it can. */
static void lonely_suspect(void **state)
{
	struct mmx_sched_partition p;
	struct machine m;

	(void)state;
	hang_at_work(&m, &p, 1, 1);
	machine_run_until(&m, m.now_ns + 99 * MS);
	assert_true(p.suspect);
	assert_int_equal(m.evictions, 0);
	machine_run_until(&m, m.now_ns + 5 * MS);
	assert_false(p.suspect);
	assert_int_equal(m.evictions, 1);
	assert_int_equal(p.slots, 1);
	machine_finish(&m);
}

/* What it ran before it hung does not speak for it. */
static void lonely_hang(void **state)
{
	struct mmx_sched_partition p;
	struct machine m;

	(void)state;
	hang_at_work(&m, &p, 1, 1);
	machine_run_until(&m, m.now_ns + 90 * MS);
	assert_ptr_equal(machine_hang(&m), &p);
	machine_run_until(&m, m.now_ns + 99 * MS);
	assert_true(p.suspect);
	machine_run_until(&m, m.now_ns + 5 * MS);
	assert_false(p.suspect);
	machine_finish(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suspects_run_alone),
		cmocka_unit_test(hang_while_alone),
		cmocka_unit_test(suspect_without_work_is_cleared),
		cmocka_unit_test(lonely_suspect),
		cmocka_unit_test(lonely_hang),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
