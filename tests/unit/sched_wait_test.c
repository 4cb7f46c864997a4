// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* How long one waits who has little to do, beside those who have much (sched_machine.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/sched_machine.h"

/* Who has a little work now and then gets it done at once, beside one with endless work; and no more than its share. */
static void light_work_is_not_kept_waiting(void **state)
{
	struct mmx_sched_partition p[2];
	struct machine_group *heavy, *light;
	uint64_t before, waited = 0;
	struct machine m;
	unsigned int i;

	(void)state;
	machine_start(&m, 8, p, 2);
	heavy = machine_add(&m, &p[0], 1, NULL);
	light = machine_add(&m, &p[1], 1, NULL);
	machine_busy(&m, heavy);
	machine_busy(&m, light);
	machine_run_until(&m, 100 * MS);
	mmx_sched_idle(m.sched, &light->sched, m.now_ns);
	machine_run_until(&m, 200 * MS);
	for (i = 0; i < 200; i++) {
		before = light->ran_ns;
		machine_busy(&m, light);
		while (light->ran_ns - before < MS / 2) {
			machine_run_until(&m, m.now_ns + MS / 20);
			waited += MS / 20;
		}
		waited -= light->ran_ns - before;
		mmx_sched_idle(m.sched, &light->sched, m.now_ns);
		machine_run_until(&m, m.now_ns + 4 * MS);
	}
	assert_true(waited < 200 * MS / 5);
	/* endless work for both: no credit is left, and none is owed */
	before = light->ran_ns;
	machine_busy(&m, light);
	machine_run_until(&m, m.now_ns + 1000 * MS);
	assert_in_range(light->ran_ns - before, 480 * MS, 520 * MS);
	machine_finish(&m);
}

/* A group that goes idle and comes back all the time, to be taken for one with little work, gets no more than its share,
 * and does not keep the firmware busy with priorities. */
static void flapping_gains_nothing(void **state)
{
	struct mmx_sched_partition p[2];
	struct machine_group *honest, *flapping;
	struct machine m;
	unsigned int i;

	(void)state;
	machine_start(&m, 8, p, 2);
	honest = machine_add(&m, &p[0], 1, NULL);
	flapping = machine_add(&m, &p[1], 1, NULL);
	machine_busy(&m, honest);
	machine_busy(&m, flapping);
	for (i = 0; i < 20000; i++) {
		machine_run_until(&m, m.now_ns + 100000);
		mmx_sched_idle(m.sched, &flapping->sched, m.now_ns);
		machine_run_until(&m, m.now_ns + 1000);
		machine_busy(&m, flapping);
	}
	assert_true(machine_share(&m, &p[0]) >= 480);
	assert_true(m.moves <= 2 * (m.now_ns / MMX_SCHED_WAKE_NS));
	machine_finish(&m);
}

/* The group gets work, and has it done when it has had the cores for so long. Return: how long that took. */
static uint64_t job(struct machine *m, struct machine_group *g, uint64_t ns)
{
	uint64_t end_ns = g->ran_ns + ns, start_ns = m->now_ns;

	machine_busy(m, g);
	while (g->ran_ns < end_ns) {
		machine_run_until(m, m->now_ns + ns / 20);
		assert_true(m->now_ns - start_ns < 1000 * MS);
	}
	mmx_sched_idle(m->sched, &g->sched, m->now_ns);
	return m->now_ns - start_ns;
}

/* One partition with more groups at work than there are slots. */
struct crowd {
	struct machine m;
	struct mmx_sched_partition crowd, other;
	struct machine_group *light;
};

static void crowd_init(struct crowd *c, unsigned int address_spaces)
{
	unsigned int i;

	memset(c, 0, sizeof(*c));
	machine_init(&c->m, 8, address_spaces);
	machine_partition(&c->m, &c->crowd, 1, 8);
	machine_partition(&c->m, &c->other, 1, 8);
	for (i = 0; i < 24; i++) {
		/* two groups a VM */
		machine_add(&c->m, &c->crowd, 1, &c->m.groups[i / 2]);
		machine_busy(&c->m, &c->m.groups[i]);
	}
	c->light = machine_add(&c->m, &c->other, 1, &c->other);
	machine_run_until(&c->m, 100 * MS);
}

/* All of the crowd get on. */
static void crowd_finish(struct crowd *c, unsigned int least_turns)
{
	unsigned int i;

	for (i = 0; i < 24; i++)
		assert_true(c->m.groups[i].turns >= least_turns);
	machine_finish(&c->m);
}

/* Who has no slot does not wait until somebody else has had his turn, however long that is. */
static void who_has_no_slot_gets_one(void **state)
{
	static const unsigned int spaces[] = { 15, 4, 1 };
	uint64_t took, most;
	struct crowd c;
	unsigned int i, j;

	(void)state;
	for (j = 0; j < sizeof(spaces) / sizeof(spaces[0]); j++) {
		crowd_init(&c, spaces[j]);
		most = 0;
		for (i = 0; i < 100; i++) {
			took = job(&c.m, c.light, MS / 5);
			most = took > most ? took : most;
			/* long enough to lose the slot */
			machine_run_until(&c.m, c.m.now_ns + 5 * MS);
			assert_int_equal(c.light->sched.state, MMX_SCHED_OUT);
		}
		/* its slot or address space, and the lead: a moment for each */
		if (most > 2 * MMX_SCHED_WAKE_NS + MS)
			fail_msg("%u address spaces: %llu us", spaces[j],
				 (unsigned long long)most / 1000);
		crowd_finish(&c, 1);
	}
}

/* And it takes one, not all that there are. */
static void one_slot_is_enough(void **state)
{
	struct crowd c;
	uint64_t before;
	unsigned int i;

	(void)state;
	crowd_init(&c, 15);
	before = c.m.evictions;
	for (i = 0; i < 100; i++) {
		job(&c.m, c.light, MS / 5);
		machine_run_until(&c.m, c.m.now_ns + 5 * MS);
	}
	/* its own, and one for it; and those whose turn was over */
	assert_in_range(c.m.evictions - before, 100, 350);
	crowd_finish(&c, 4);
}

/* Who submits job by job keeps the slot, although others want it; who has nothing to do does not. */
static void job_by_job_keeps_the_slot(void **state)
{
	struct crowd c;
	uint64_t took, most = 0;
	unsigned int i;

	(void)state;
	crowd_init(&c, 15);
	job(&c.m, c.light, MS / 5);
	/* less than a turn in all */
	for (i = 0; i < 40; i++) {
		machine_run_until(&c.m, c.m.now_ns + MMX_SCHED_LINGER_NS / 2);
		took = job(&c.m, c.light, MS / 5);
		most = took > most ? took : most;
	}
	assert_int_equal(c.light->turns, 1);
	if (most > 2 * MMX_SCHED_WAKE_NS)
		fail_msg("%llu us", (unsigned long long)most / 1000);
	machine_run_until(&c.m, c.m.now_ns + MMX_SCHED_LINGER_NS + LEAVE_NS + 2 * ENTER_NS);
	assert_int_equal(c.light->sched.state, MMX_SCHED_OUT);
	crowd_finish(&c, 0);
}

/* A slot whose group is idle is not kept from others while the cores have nothing to do. */
static void nobody_lingers_while_the_cores_are_idle(void **state)
{
	struct mmx_sched_partition p[2];
	struct machine_group *a, *b;
	struct machine m;

	(void)state;
	machine_start(&m, 1, p, 2);
	a = machine_add(&m, &p[0], 1, NULL);
	b = machine_add(&m, &p[1], 1, NULL);
	job(&m, a, MS);
	machine_busy(&m, b);
	machine_run_until(&m, m.now_ns + LEAVE_NS + 2 * ENTER_NS);
	assert_int_equal(b->sched.state, MMX_SCHED_IN);
	machine_finish(&m);
}

/* A higher priority of the same guest, and who has had less, do not wait for it. */
static void nobody_lingers_for_his_betters(void **state)
{
	struct mmx_sched_partition p[2];
	struct machine_group *idle, *other, *high;
	struct machine m;

	(void)state;
	machine_start(&m, 2, p, 2);
	idle = machine_add(&m, &p[0], 1, NULL);
	other = machine_add(&m, &p[0], 1, NULL);
	high = machine_add(&m, &p[0], 2, NULL);
	machine_busy(&m, other);
	job(&m, idle, MS);
	machine_busy(&m, high);
	machine_run_until(&m, m.now_ns + LEAVE_NS + 2 * ENTER_NS);
	assert_int_equal(high->sched.state, MMX_SCHED_IN);
	assert_int_equal(idle->sched.state, MMX_SCHED_OUT);
	assert_int_equal(other->sched.state, MMX_SCHED_IN);
	machine_finish(&m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(light_work_is_not_kept_waiting),
		cmocka_unit_test(flapping_gains_nothing),
		cmocka_unit_test(who_has_no_slot_gets_one),
		cmocka_unit_test(one_slot_is_enough),
		cmocka_unit_test(job_by_job_keeps_the_slot),
		cmocka_unit_test(nobody_lingers_while_the_cores_are_idle),
		cmocka_unit_test(nobody_lingers_for_his_betters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
