// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The scheduler on a clock made of numbers. A small machine carries its decisions out: a placement takes effect after
 * ENTER_NS, an eviction after LEAVE_NS, groups have endless work unless a test says otherwise; after each step the
 * invariants are checked: no slot twice, no firmware priority twice, limits of slots, shares and address spaces kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/sched/sched.h"

#define MS	   1000000ull
#define TICK_NS	   (10 * MS)
#define ENTER_NS   (20 * 1000ull)
#define LEAVE_NS   (50 * 1000ull)
#define MAX_GROUPS 64

struct group {
	struct mmx_sched_group sched;
	uint64_t due_ns; /* when the pending placement or eviction takes effect; 0 = none */
	unsigned int fw_priority;
	uint64_t turns;
};

struct machine {
	struct mmx_sched *sched;
	struct mmx_sched_params params;
	uint64_t now_ns;
	struct group groups[MAX_GROUPS];
	unsigned int count;
	uint64_t evictions;
};

static void machine_init(struct machine *m, unsigned int slots, unsigned int address_spaces)
{
	memset(m, 0, sizeof(*m));
	m->params = (struct mmx_sched_params){ slots, address_spaces, TICK_NS };
	m->now_ns = 1;
	assert_int_equal(mmx_sched_create(&m->params, &m->sched), 0);
}

static struct group *add(struct machine *m, struct mmx_sched_partition *partition,
			 unsigned int priority, const void *vm)
{
	struct group *g = &m->groups[m->count++];

	g->sched.partition = partition;
	g->sched.priority = priority;
	g->sched.vm = vm ? vm : g;
	mmx_sched_group_add(m->sched, &g->sched, m->now_ns);
	return g;
}

static void partition(struct machine *m, struct mmx_sched_partition *p, uint32_t weight,
		      unsigned int slots_max)
{
	memset(p, 0, sizeof(*p));
	p->weight = weight;
	p->slots_max = slots_max;
	mmx_sched_partition_add(m->sched, p);
}

static void check(const struct machine *m)
{
	const void *vms[MAX_GROUPS];
	unsigned int i, j, used = 0, vm_count = 0;
	uint32_t slots = 0, priorities = 0;

	for (i = 0; i < m->count; i++) {
		const struct group *g = &m->groups[i];

		if (g->sched.state == MMX_SCHED_OUT)
			continue;
		assert_in_range(g->sched.slot, 0, m->params.slots - 1);
		assert_false(slots & 1u << g->sched.slot);
		assert_false(priorities & 1u << g->fw_priority);
		slots |= 1u << g->sched.slot;
		priorities |= 1u << g->fw_priority;
		used++;
		for (j = 0; j < vm_count && vms[j] != g->sched.vm; j++)
			;
		if (j == vm_count)
			vms[vm_count++] = g->sched.vm;
		assert_true(g->sched.partition->slots <= g->sched.partition->slots_max);
	}
	assert_true(used <= m->params.slots);
	assert_true(vm_count <= m->params.address_spaces);
}

static void decide(struct machine *m)
{
	struct mmx_sched_action action;
	unsigned int bound = 2 * MMX_SCHED_MAX_SLOTS;

	while (mmx_sched_next(m->sched, m->now_ns, &action)) {
		struct group *g = mmx_container_of(action.group, struct group, sched);

		assert_true(bound--);
		if (action.what == MMX_SCHED_PLACE) {
			g->fw_priority = action.fw_priority;
			g->due_ns = m->now_ns + ENTER_NS;
			g->turns++;
		} else {
			g->due_ns = m->now_ns + LEAVE_NS;
			m->evictions++;
		}
		check(m);
	}
}

/* Carries out what is due, decides, and goes to the next moment at which anything happens. */
static void run_until(struct machine *m, uint64_t end_ns)
{
	while (m->now_ns < end_ns) {
		uint64_t next_ns = end_ns;
		unsigned int i;

		for (i = 0; i < m->count; i++) {
			struct group *g = &m->groups[i];

			if (!g->due_ns || g->due_ns > m->now_ns)
				continue;
			g->due_ns = 0;
			if (g->sched.state == MMX_SCHED_ENTERING)
				mmx_sched_on(m->sched, &g->sched, m->now_ns);
			else
				mmx_sched_off(m->sched, &g->sched, m->now_ns);
		}
		decide(m);
		check(m);
		for (i = 0; i < m->count; i++)
			if (m->groups[i].due_ns && m->groups[i].due_ns < next_ns)
				next_ns = m->groups[i].due_ns;
		if (mmx_sched_deadline(m->sched) < next_ns)
			next_ns = mmx_sched_deadline(m->sched);
		assert_true(next_ns > m->now_ns);
		m->now_ns = next_ns;
	}
	mmx_sched_account(m->sched, m->now_ns);
}

static void busy(struct machine *m, struct group *g)
{
	mmx_sched_busy(m->sched, &g->sched, m->now_ns);
}

static void machine_finish(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->count; i++) {
		mmx_sched_idle(m->sched, &m->groups[i].sched, m->now_ns);
		mmx_sched_off(m->sched, &m->groups[i].sched, m->now_ns);
		mmx_sched_group_del(m->sched, &m->groups[i].sched, m->now_ns);
		mmx_sched_partition_del(m->sched, m->groups[i].sched.partition);
	}
	mmx_sched_destroy(m->sched);
}

/* ---- tests ---- */

static void parameters(void **state)
{
	static const struct mmx_sched_params bad[] = {
		{ 0, 7, TICK_NS },
		{ 17, 7, TICK_NS },
		{ 8, 0, TICK_NS },
		{ 8, 7, 0 },
	};
	struct mmx_sched *sched = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(mmx_sched_create(&bad[i], &sched), 0);
	assert_null(sched);
}

/* As many groups as slots: all run, nobody is ever evicted, and no tick is asked for. */
static void no_overcommit_no_tick(void **state)
{
	struct mmx_sched_partition p;
	struct machine m;
	unsigned int i;

	(void)state;
	machine_init(&m, 4, 7);
	partition(&m, &p, 1, 4);
	for (i = 0; i < 4; i++)
		busy(&m, add(&m, &p, 1, NULL));
	run_until(&m, 1000 * MS);
	assert_int_equal(m.evictions, 0);
	assert_true(mmx_sched_deadline(m.sched) == UINT64_MAX);
	for (i = 0; i < 4; i++)
		assert_int_equal(m.groups[i].sched.state, MMX_SCHED_IN);
	machine_finish(&m);
}

/* Groups of one priority take turns: none has more than a turn more than another. */
static void round_robin(void **state)
{
	struct mmx_sched_partition p;
	uint64_t least = UINT64_MAX, most = 0;
	struct machine m;
	unsigned int i;

	(void)state;
	machine_init(&m, 8, 7);
	partition(&m, &p, 1, 8);
	for (i = 0; i < 20; i++)
		busy(&m, add(&m, &p, 1, &p));
	run_until(&m, 5000 * MS);
	for (i = 0; i < 20; i++) {
		least = m.groups[i].turns < least ? m.groups[i].turns : least;
		most = m.groups[i].turns > most ? m.groups[i].turns : most;
	}
	assert_true(least > 100);
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
			partition(&m, &p[i], cases[c].weight[i], cases[c].slots);
		for (i = 0; i < 3; i++)
			for (j = 0; j < cases[c].groups[i]; j++)
				busy(&m, add(&m, &p[i], 1, &p[i]));
		run_until(&m, 4000 * MS);
		for (i = 0; i < 3; i++) {
			total += p[i].gpu_time_ns;
			weights += cases[c].weight[i];
		}
		for (i = 0; i < 3; i++) {
			uint64_t share = p[i].gpu_time_ns * 1000 / total;
			uint64_t due = cases[c].weight[i] * 1000 / weights;

			if (share + 30 < due || share > due + 30)
				fail_msg("case %zu: partition %u has %u/1000, %u are due", c, i,
					 (unsigned int)share, (unsigned int)due);
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
	machine_init(&m, 1, 7);
	partition(&m, &p[0], 1, 1);
	partition(&m, &p[1], 1, 1);
	busy(&m, add(&m, &p[0], 1, NULL));
	add(&m, &p[1], 1, NULL);
	run_until(&m, 1000 * MS);
	before = p[0].gpu_time_ns;
	busy(&m, &m.groups[1]);
	run_until(&m, 1400 * MS);
	assert_in_range(p[0].gpu_time_ns - before, 180 * MS, 220 * MS);
	machine_finish(&m);
}

/* Within a partition a higher priority displaces a lower one at once; a lower one never displaces. */
static void priorities_within_a_partition(void **state)
{
	struct mmx_sched_partition p;
	struct group *low, *high;
	struct machine m;

	(void)state;
	machine_init(&m, 1, 7);
	partition(&m, &p, 1, 1);
	low = add(&m, &p, 0, NULL);
	high = add(&m, &p, 3, NULL);
	busy(&m, low);
	run_until(&m, 2 * MS);
	assert_int_equal(low->sched.state, MMX_SCHED_IN);
	busy(&m, high);
	run_until(&m, 2 * MS + LEAVE_NS + 2 * ENTER_NS);
	assert_int_equal(high->sched.state, MMX_SCHED_IN);
	run_until(&m, 500 * MS);
	assert_int_equal(high->sched.state, MMX_SCHED_IN);
	assert_int_equal(low->turns, 1);
	mmx_sched_idle(m.sched, &high->sched, m.now_ns);
	run_until(&m, 501 * MS);
	assert_int_equal(low->sched.state, MMX_SCHED_IN);
	machine_finish(&m);
}

/* An idle group keeps its slot as long as nobody wants it, and loses it at once when somebody does. */
static void idle_groups_give_way(void **state)
{
	struct mmx_sched_partition p[2];
	struct group *a, *b;
	struct machine m;

	(void)state;
	machine_init(&m, 1, 7);
	partition(&m, &p[0], 1, 1);
	partition(&m, &p[1], 1, 1);
	a = add(&m, &p[0], 1, NULL);
	b = add(&m, &p[1], 1, NULL);
	busy(&m, a);
	run_until(&m, 1 * MS);
	mmx_sched_idle(m.sched, &a->sched, m.now_ns);
	run_until(&m, 50 * MS);
	assert_int_equal(a->sched.state, MMX_SCHED_IN);
	assert_in_range(a->sched.gpu_time_ns, MS / 2, MS);
	busy(&m, b);
	run_until(&m, 50 * MS + LEAVE_NS + 2 * ENTER_NS);
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
	partition(&m, &p[0], 1, 1);
	partition(&m, &p[1], 1, 4);
	for (i = 0; i < 3; i++)
		busy(&m, add(&m, &p[0], 1, NULL));
	busy(&m, add(&m, &p[1], 1, NULL));
	run_until(&m, 1000 * MS);
	/* one slot in turns, although others are free */
	for (i = 0; i < 3; i++)
		assert_true(m.groups[i].turns > 20);
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
	partition(&m, &p, 1, 8);
	for (i = 0; i < 6; i++)
		busy(&m, add(&m, &p, 1, NULL));
	run_until(&m, 1000 * MS);
	for (i = 0; i < 6; i++)
		assert_true(m.groups[i].turns > 10);
	machine_finish(&m);
}

/* Time is divided among those that run, and all of it is charged. */
static void all_time_is_charged(void **state)
{
	struct mmx_sched_partition p[2];
	struct machine m;

	(void)state;
	machine_init(&m, 4, 7);
	partition(&m, &p[0], 1, 4);
	partition(&m, &p[1], 1, 4);
	busy(&m, add(&m, &p[0], 1, NULL));
	busy(&m, add(&m, &p[0], 1, NULL));
	busy(&m, add(&m, &p[1], 1, NULL));
	run_until(&m, 300 * MS);
	assert_in_range(p[0].gpu_time_ns + p[1].gpu_time_ns, 299 * MS, 300 * MS);
	assert_in_range(p[0].gpu_time_ns, 199 * MS, 201 * MS);
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
		partition(&m, &p[i], 1 + i, 1 + i);
	for (i = 0; i < 40; i++)
		add(&m, &p[i % 4], (unsigned int)rand_r(&seed) % 4, &p[rand_r(&seed) % 4]);
	for (step = 0; step < 20000; step++) {
		struct group *g = &m.groups[(unsigned int)rand_r(&seed) % m.count];

		switch (rand_r(&seed) % 6) {
		case 0:
		case 1:
			busy(&m, g);
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
			break;
		default:
			break;
		}
		check(&m);
		run_until(&m, m.now_ns + 1 + (unsigned int)rand_r(&seed) % (2 * MS));
	}
	machine_finish(&m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters),
		cmocka_unit_test(no_overcommit_no_tick),
		cmocka_unit_test(round_robin),
		cmocka_unit_test(fair_by_weight),
		cmocka_unit_test(no_saving_up),
		cmocka_unit_test(priorities_within_a_partition),
		cmocka_unit_test(idle_groups_give_way),
		cmocka_unit_test(share_of_slots_is_kept),
		cmocka_unit_test(address_spaces_are_shared),
		cmocka_unit_test(all_time_is_charged),
		cmocka_unit_test(random_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
