// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The scheduler on a clock made of numbers; how long light work waits is in sched_wait_test.c, suspects are
 * in sched_alone_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/sched/sched.h"
#include "tests/unit/sched_machine.h"

/* ---- tests ---- */

static void parameters(void **state)
{
	static const struct mmx_sched_params bad[] = {
		{ 0, 7, TICK_NS, 4 },
		{ 17, 7, TICK_NS, 4 },
		{ 8, 0, TICK_NS, 4 },
		{ 8, 7, 0, 4 },
	};
	struct mmx_sched *sched = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(mmx_sched_create(&bad[i], &sched), 0);
	assert_null(sched);
}

/* As many groups as slots: all are in, nobody is ever evicted, and they lead in turns. */
static void no_overcommit_no_eviction(void **state)
{
	struct mmx_sched_partition p;
	struct machine m;
	unsigned int i;

	(void)state;
	machine_start(&m, 4, &p, 1);
	for (i = 0; i < 4; i++)
		machine_busy(&m, machine_add(&m, &p, 1, NULL));
	machine_run_until(&m, 1000 * MS);
	assert_int_equal(m.evictions, 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(m.groups[i].sched.state, MMX_SCHED_IN);
		assert_in_range(m.groups[i].ran_ns, 235 * MS, 265 * MS);
	}
	/* two steps a tick at most */
	assert_in_range(m.moves, 50, 220);
	machine_finish(&m);
}

/* One group with work, whatever else is in slots: nothing to decide, and no tick. */
static void alone_no_tick(void **state)
{
	struct mmx_sched_partition p[2];
	struct machine_group *rest;
	struct machine m;

	(void)state;
	machine_start(&m, 4, p, 2);
	rest = machine_add(&m, &p[0], 2, NULL);
	machine_busy(&m, rest);
	machine_busy(&m, machine_add(&m, &p[1], 1, NULL));
	machine_run_until(&m, 5 * MS);
	mmx_sched_idle(m.sched, &rest->sched, m.now_ns);
	machine_run_until(&m, 1000 * MS);
	assert_int_equal(rest->sched.state, MMX_SCHED_IN);
	assert_true(mmx_sched_deadline(m.sched) == UINT64_MAX);
	assert_true(m.moves <= 1);
	machine_finish(&m);
}

/* One busy group each and slots free: shares are by weight, though firmware priorities are strict. */
static void residents_share_by_weight(void **state)
{
	static const uint32_t weights[][3] = { { 1, 1, 1 }, { 1, 3, 6 }, { 100, 1, 1 } };
	size_t c;

	(void)state;
	for (c = 0; c < sizeof(weights) / sizeof(weights[0]); c++) {
		struct mmx_sched_partition p[3];
		uint64_t sum = weights[c][0] + weights[c][1] + weights[c][2];
		struct machine m;
		unsigned int i;

		machine_init(&m, 8, 7);
		for (i = 0; i < 3; i++) {
			machine_partition(&m, &p[i], weights[c][i], 8);
			/* not even what is high in its own partition counts among them */
			machine_busy(&m, machine_add(&m, &p[i], i, NULL));
		}
		machine_run_until(&m, 4000 * MS);
		assert_int_equal(m.evictions, 0);
		for (i = 0; i < 3; i++) {
			uint64_t due = weights[c][i] * 1000 / sum, share = machine_share(&m, &p[i]);

			if (share + 20 < due || share > due + 20)
				fail_msg("case %zu: partition %u had %u/1000, %u are due", c, i,
					 (unsigned int)share, (unsigned int)due);
			/* and it is charged for what it had */
			assert_in_range(p[i].gpu_time_ns, m.groups[i].ran_ns * 97 / 100,
					m.groups[i].ran_ns * 103 / 100 + 2 * MS);
		}
		machine_finish(&m);
	}
}

/* A realtime group goes before all others at once, and back behind nobody when it has work again. */
static void realtime_leads(void **state)
{
	struct mmx_sched_partition p[2];
	struct machine_group *other, *realtime;
	uint64_t before;
	struct machine m;
	unsigned int i;

	(void)state;
	machine_init(&m, 8, 7);
	machine_partition(&m, &p[0], 1000, 8);
	machine_partition(&m, &p[1], 1, 8);
	other = machine_add(&m, &p[0], 2, NULL);
	realtime = machine_add(&m, &p[1], 3, NULL);
	machine_busy(&m, other);
	machine_run_until(&m, 3 * MS);
	for (i = 1; i <= 100; i++) {
		before = realtime->ran_ns;
		machine_busy(&m, realtime);
		machine_run_until(&m, m.now_ns + 15 * MS);
		/* the first time it has to come in */
		assert_true(realtime->ran_ns - before >= 15 * MS - ENTER_NS - 2 * MOVE_NS);
		mmx_sched_idle(m.sched, &realtime->sched, m.now_ns);
		machine_run_until(&m, m.now_ns + 1 * MS);
	}
	assert_int_equal(m.evictions, 0);
	machine_finish(&m);
}

/* Groups that can use some of the cores only are charged for those. */
static void cores_count(void **state)
{
	struct mmx_sched_partition p[2];
	struct machine_group *one, *all;
	struct machine m;

	(void)state;
	machine_start(&m, 8, p, 2);
	one = machine_add(&m, &p[0], 1, NULL);
	all = machine_add(&m, &p[1], 1, NULL);
	one->sched.cores = 1;
	all->sched.cores = 4;
	machine_busy(&m, one);
	machine_run_until(&m, 10 * MS);
	/* alone it is charged for all of the time */
	assert_in_range(one->sched.gpu_time_ns, 9 * MS, 10 * MS);
	machine_busy(&m, all);
	machine_run_until(&m, 1010 * MS);
	/* it can't use up its half, so it leads all the time; the other one has the rest */
	assert_in_range(one->sched.gpu_time_ns, 240 * MS, 275 * MS);
	assert_in_range(all->sched.gpu_time_ns, 735 * MS, 760 * MS);
	machine_finish(&m);
}

/* A group that can't be placed holds up nobody, and is placed when it can be. */
static void refused_group_holds_up_nobody(void **state)
{
	struct mmx_sched_partition p[2];
	unsigned int i;
	struct machine m;

	(void)state;
	machine_start(&m, 8, p, 2);
	for (i = 0; i < 20; i++) {
		machine_add(&m, &p[0], 3, &p[0])->unplaceable = true;
		machine_busy(&m, &m.groups[i]);
	}
	machine_busy(&m, machine_add(&m, &p[0], 0, NULL));
	machine_busy(&m, machine_add(&m, &p[1], 1, NULL));
	machine_run_until(&m, m.now_ns + 2 * ENTER_NS);
	/* its own partition's, though of lower priority, and the other's */
	assert_int_equal(m.groups[20].sched.state, MMX_SCHED_IN);
	assert_int_equal(m.groups[21].sched.state, MMX_SCHED_IN);
	/* one is tried for all of that VM */
	machine_run_until(&m, 100 * MS);
	for (i = 1; i < 20; i++)
		m.groups[0].refused += m.groups[i].refused;
	assert_in_range(m.groups[0].refused, 50, 101);
	for (i = 0; i < 20; i++)
		m.groups[i].unplaceable = false;
	machine_run_until(&m, m.now_ns + MMX_SCHED_RETRY_NS + 2 * ENTER_NS);
	for (i = 0; i < 6; i++)
		assert_int_equal(m.groups[i].sched.state, MMX_SCHED_IN);
	/* no work any more, while aside */
	m.groups[7].unplaceable = true;
	machine_finish(&m);
}

/* Address spaces are what is scarce, and the one guest has two groups in each of its VMs: shares are right all the same. */
static void fair_though_address_spaces_are_scarce(void **state)
{
	static const unsigned int spaces[] = { 1, 2, 3 };
	size_t c;

	(void)state;
	for (c = 0; c < sizeof(spaces) / sizeof(spaces[0]); c++) {
		struct mmx_sched_partition p[3];
		struct machine m;
		unsigned int i, j;

		machine_init(&m, 8, spaces[c]);
		for (i = 0; i < 3; i++)
			machine_partition(&m, &p[i], 1 + i, 8);
		for (i = 0; i < 3; i++)
			for (j = 0; j < 6; j++)
				machine_busy(&m, machine_add(&m, &p[i], 1,
							     &m.groups[6 * i + j / (1 + i)]));
		machine_run_until(&m, 6000 * MS);
		for (i = 0; i < 3; i++) {
			uint64_t due = (1 + i) * 1000 / 6, share = machine_share(&m, &p[i]);

			if (share + 40 < due || share > due + 40)
				fail_msg("%u spaces: partition %u had %u/1000, %u are due",
					 spaces[c], i, (unsigned int)share, (unsigned int)due);
		}
		for (i = 0; i < m.count; i++)
			assert_true(m.groups[i].turns > 3);
		machine_finish(&m);
	}
}

/* Groups of one priority take turns: none has more than a turn more than another. */
static void round_robin(void **state)
{
	struct mmx_sched_partition p;
	uint64_t least = UINT64_MAX, most = 0;
	struct machine m;
	unsigned int i;

	(void)state;
	machine_start(&m, 8, &p, 1);
	for (i = 0; i < 20; i++)
		machine_busy(&m, machine_add(&m, &p, 1, &p));
	machine_run_until(&m, 5000 * MS);
	for (i = 0; i < 20; i++) {
		least = m.groups[i].turns < least ? m.groups[i].turns : least;
		most = m.groups[i].turns > most ? m.groups[i].turns : most;
		assert_in_range(m.groups[i].ran_ns, 220 * MS, 280 * MS);
	}
	assert_true(least > 20);
	assert_true(most - least <= 1);
	machine_finish(&m);
}

/* GPU time over weight, whatever the number of groups: shares are within 3% over two seconds. */
static void fair_by_weight(void **state)
{
	static const struct {
		unsigned int slots;
		uint32_t weight[3];
		unsigned int groups[3];
	} cases[] = {
		{ 1, { 1, 1, 1 }, { 1, 1, 1 } },    { 1, { 1, 2, 4 }, { 1, 1, 1 } },
		{ 2, { 50, 30, 20 }, { 4, 4, 4 } }, { 4, { 1, 1, 1 }, { 20, 8, 4 } },
		{ 4, { 3, 2, 1 }, { 5, 15, 6 } },
	};
	size_t c;

	(void)state;
	for (c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct mmx_sched_partition p[3];
		uint64_t total = 0, weights = 0;
		struct machine m;
		unsigned int i, j;

		machine_init(&m, cases[c].slots, 7);
		for (i = 0; i < 3; i++)
			machine_partition(&m, &p[i], cases[c].weight[i], cases[c].slots);
		for (i = 0; i < 3; i++)
			for (j = 0; j < cases[c].groups[i]; j++)
				machine_busy(&m, machine_add(&m, &p[i], 1, &p[i]));
		machine_run_until(&m, 4000 * MS);
		for (i = 0; i < 3; i++) {
			total += p[i].gpu_time_ns;
			weights += cases[c].weight[i];
		}
		for (i = 0; i < 3; i++) {
			uint64_t charged = p[i].gpu_time_ns * 1000 / total;
			uint64_t due = cases[c].weight[i] * 1000 / weights;
			uint64_t share = machine_share(&m, &p[i]);

			if (share + 30 < due || share > due + 30 || charged + 30 < due ||
			    charged > due + 30)
				fail_msg("case %zu: partition %u had %u/1000, is charged %u, "
					 "%u are due",
					 c, i, (unsigned int)share, (unsigned int)charged,
					 (unsigned int)due);
		}
		machine_finish(&m);
	}
}

/* A partition that was away has not saved up: it gets its share from now on, not what it did not ask for. */
static void no_saving_up(void **state)
{
	struct mmx_sched_partition p[2];
	uint64_t before;
	struct machine m;

	(void)state;
	machine_start(&m, 1, p, 2);
	machine_busy(&m, machine_add(&m, &p[0], 1, NULL));
	machine_add(&m, &p[1], 1, NULL);
	machine_run_until(&m, 1000 * MS);
	before = p[0].gpu_time_ns;
	machine_busy(&m, &m.groups[1]);
	machine_run_until(&m, 1400 * MS);
	assert_in_range(p[0].gpu_time_ns - before, 180 * MS, 220 * MS);
	machine_finish(&m);
}

/* Who has had the GPU for itself owes nothing to those who come later, although all were idle in between. */
static void no_debts(void **state)
{
	struct mmx_sched_partition p[2];
	uint64_t before;
	struct machine m;

	(void)state;
	machine_start(&m, 1, p, 2);
	machine_busy(&m, machine_add(&m, &p[0], 1, NULL));
	machine_add(&m, &p[1], 1, NULL);
	machine_run_until(&m, 1000 * MS);
	mmx_sched_idle(m.sched, &m.groups[0].sched, m.now_ns);
	machine_run_until(&m, 1010 * MS);
	before = p[0].gpu_time_ns;
	machine_busy(&m, &m.groups[1]);
	machine_busy(&m, &m.groups[0]);
	machine_run_until(&m, 1410 * MS);
	assert_in_range(p[0].gpu_time_ns - before, 180 * MS, 220 * MS);
	machine_finish(&m);
}

/* Within a partition a higher priority displaces a lower one at once; a lower one never displaces. */
static void priorities_within_a_partition(void **state)
{
	struct mmx_sched_partition p;
	struct machine_group *low, *high;
	struct machine m;

	(void)state;
	machine_start(&m, 1, &p, 1);
	low = machine_add(&m, &p, 0, NULL);
	high = machine_add(&m, &p, 3, NULL);
	machine_busy(&m, low);
	machine_run_until(&m, 2 * MS);
	assert_int_equal(low->sched.state, MMX_SCHED_IN);
	machine_busy(&m, high);
	machine_run_until(&m, 2 * MS + LEAVE_NS + 2 * ENTER_NS);
	assert_int_equal(high->sched.state, MMX_SCHED_IN);
	machine_run_until(&m, 500 * MS);
	assert_int_equal(high->sched.state, MMX_SCHED_IN);
	assert_int_equal(low->turns, 1);
	mmx_sched_idle(m.sched, &high->sched, m.now_ns);
	machine_run_until(&m, 501 * MS);
	assert_int_equal(low->sched.state, MMX_SCHED_IN);
	machine_finish(&m);
}

/* An idle group keeps its slot as long as nobody wants it, and loses it at once when somebody does. */
static void idle_groups_give_way(void **state)
{
	struct mmx_sched_partition p[2];
	struct machine_group *a, *b;
	struct machine m;

	(void)state;
	machine_start(&m, 1, p, 2);
	a = machine_add(&m, &p[0], 1, NULL);
	b = machine_add(&m, &p[1], 1, NULL);
	machine_busy(&m, a);
	machine_run_until(&m, 1 * MS);
	mmx_sched_idle(m.sched, &a->sched, m.now_ns);
	machine_run_until(&m, 50 * MS);
	assert_int_equal(a->sched.state, MMX_SCHED_IN);
	assert_in_range(a->sched.gpu_time_ns, MS / 2, MS);
	machine_busy(&m, b);
	machine_run_until(&m, 50 * MS + LEAVE_NS + 2 * ENTER_NS);
	assert_int_equal(b->sched.state, MMX_SCHED_IN);
	assert_int_equal(a->sched.state, MMX_SCHED_OUT);
	machine_finish(&m);
}

static void share_of_slots_is_kept(void **state)
{
	struct mmx_sched_partition p[2];
	struct machine m;
	unsigned int i;

	(void)state;
	machine_init(&m, 4, 7);
	machine_partition(&m, &p[0], 1, 1);
	machine_partition(&m, &p[1], 1, 4);
	for (i = 0; i < 3; i++)
		machine_busy(&m, machine_add(&m, &p[0], 1, NULL));
	machine_busy(&m, machine_add(&m, &p[1], 1, NULL));
	machine_run_until(&m, 1000 * MS);
	/* one slot in turns, although others are free */
	for (i = 0; i < 3; i++)
		assert_true(m.groups[i].turns > 10);
	assert_int_equal(m.groups[3].turns, 1);
	machine_finish(&m);
}

/* More VMs than address spaces: all get their turns, although slots are free. */
static void address_spaces_are_shared(void **state)
{
	struct mmx_sched_partition p;
	struct machine m;
	unsigned int i;

	(void)state;
	machine_init(&m, 8, 3);
	machine_partition(&m, &p, 1, 8);
	for (i = 0; i < 6; i++)
		machine_busy(&m, machine_add(&m, &p, 1, NULL));
	machine_run_until(&m, 1000 * MS);
	for (i = 0; i < 6; i++)
		assert_true(m.groups[i].turns > 10);
	machine_finish(&m);
}

/* All time is charged, and between partitions by weight, whatever number of groups they have. */
static void all_time_is_charged(void **state)
{
	struct mmx_sched_partition p[2];
	struct machine m;

	(void)state;
	machine_start(&m, 4, p, 2);
	machine_busy(&m, machine_add(&m, &p[0], 1, NULL));
	machine_busy(&m, machine_add(&m, &p[0], 1, NULL));
	machine_busy(&m, machine_add(&m, &p[1], 1, NULL));
	machine_run_until(&m, 300 * MS);
	assert_in_range(p[0].gpu_time_ns + p[1].gpu_time_ns, 299 * MS, 300 * MS);
	assert_in_range(p[0].gpu_time_ns, 140 * MS, 160 * MS);
	machine_finish(&m);
}

/* Anything at any time: invariants hold, and what is busy runs within a bound. */
static void random_events(void **state)
{
	struct mmx_sched_partition p[4];
	unsigned int i, step, seed = 20261122;
	struct machine m;

	(void)state;
	printf("seed %u\n", seed);
	machine_init(&m, 5, 3);
	for (i = 0; i < 4; i++)
		machine_partition(&m, &p[i], 1 + i, 1 + i);
	for (i = 0; i < 40; i++)
		machine_add(&m, &p[i % 4], (unsigned int)rand_r(&seed) % 4, &p[rand_r(&seed) % 4]);
	for (step = 0; step < 20000; step++) {
		struct machine_group *g = &m.groups[(unsigned int)rand_r(&seed) % m.count];

		switch (rand_r(&seed) % 8) {
		case 0:
		case 1:
			machine_busy(&m, g);
			break;
		case 2:
			mmx_sched_idle(m.sched, &g->sched, m.now_ns);
			break;
		case 3:
			/* killed from outside */
			if (g->sched.state == MMX_SCHED_IN ||
			    g->sched.state == MMX_SCHED_ENTERING) {
				mmx_sched_leaving(m.sched, &g->sched, m.now_ns);
				g->due_ns = m.now_ns + LEAVE_NS;
			}
			break;
		case 4:
			/* lost in a reset */
			mmx_sched_off(m.sched, &g->sched, m.now_ns);
			g->due_ns = 0;
			g->move_ns = 0;
			break;
		case 5:
			g->unplaceable = !g->unplaceable && rand_r(&seed) % 8 == 0;
			break;
		case 6:
			/* could not be carried out */
			if (g->move_ns) {
				g->move_ns = 0;
				g->fw_next = g->fw_priority;
				mmx_sched_prioritized(m.sched, &g->sched, false, m.now_ns);
			}
			break;
		case 7:
			if (rand_r(&seed) % 64 == 0)
				machine_hang(&m);
			break;
		default:
			break;
		}
		machine_check(&m);
		machine_run_until(&m, m.now_ns + 1 + (unsigned int)rand_r(&seed) % (2 * MS));
	}
	machine_finish(&m);
}

/* Sixteen slots have no priority to spare: who comes while somebody is being given another one waits for that. */
static void all_priorities_taken(void **state)
{
	struct mmx_sched_partition p;
	struct machine m;
	unsigned int i;
	bool moves = false;

	(void)state;
	machine_init(&m, 16, 16);
	machine_partition(&m, &p, 1, 16);
	for (i = 0; i < 16; i++)
		machine_add(&m, &p, 1, &p);
	for (i = 0; i < 15; i++)
		machine_busy(&m, &m.groups[i]);
	machine_run_until(&m, 5 * MS);
	while (!moves) {
		machine_run_until(&m, m.now_ns + MOVE_NS / 4);
		for (i = 0; i < 15; i++)
			moves = moves || m.groups[i].move_ns;
		assert_true(m.now_ns < 1000 * MS);
	}
	machine_busy(&m, &m.groups[15]);
	machine_run_until(&m, m.now_ns + MS);
	assert_int_equal(m.groups[15].sched.state, MMX_SCHED_IN);
	assert_int_equal(p.slots, 16);
	machine_finish(&m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters),
		cmocka_unit_test(no_overcommit_no_eviction),
		cmocka_unit_test(alone_no_tick),
		cmocka_unit_test(residents_share_by_weight),
		cmocka_unit_test(realtime_leads),
		cmocka_unit_test(cores_count),
		cmocka_unit_test(refused_group_holds_up_nobody),
		cmocka_unit_test(fair_though_address_spaces_are_scarce),
		cmocka_unit_test(round_robin),
		cmocka_unit_test(fair_by_weight),
		cmocka_unit_test(no_saving_up),
		cmocka_unit_test(no_debts),
		cmocka_unit_test(priorities_within_a_partition),
		cmocka_unit_test(idle_groups_give_way),
		cmocka_unit_test(share_of_slots_is_kept),
		cmocka_unit_test(address_spaces_are_shared),
		cmocka_unit_test(all_time_is_charged),
		cmocka_unit_test(random_events),
		cmocka_unit_test(all_priorities_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
