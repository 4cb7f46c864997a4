// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The scheduler on a clock made of numbers. A small machine carries its decisions out: a placement takes effect after
 * ENTER_NS, an eviction after LEAVE_NS, a new priority after MOVE_NS; groups have endless work unless a test says
 * otherwise, and firmware gives all cores to the one of the highest priority. After each step the invariants are
 * checked: no slot twice, no firmware priority twice, limits of slots, shares and address spaces kept.
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
#define MOVE_NS	   (20 * 1000ull)
#define MAX_GROUPS 64

struct group {
	struct mmx_sched_group sched;
	uint64_t due_ns; /* when the pending placement or eviction takes effect; 0 = none */
	uint64_t move_ns; /* when the new priority takes effect; 0 = none */
	unsigned int fw_priority, fw_next; /* as firmware has it, and as it is asked for */
	uint64_t turns;
	uint64_t ran_ns; /* it had the cores */
	bool unplaceable; /* placements are refused */
	uint64_t refused;
};

struct machine {
	struct mmx_sched *sched;
	struct mmx_sched_params params;
	uint64_t now_ns;
	struct group groups[MAX_GROUPS];
	unsigned int count;
	uint64_t evictions, moves;
};

static void machine_init(struct machine *m, unsigned int slots, unsigned int address_spaces)
{
	memset(m, 0, sizeof(*m));
	m->params = (struct mmx_sched_params){ slots, address_spaces, TICK_NS, 4 };
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
	bool work = false, in = false;
	uint32_t slots = 0, priorities = 0;

	for (i = 0; i < m->count; i++) {
		const struct group *g = &m->groups[i];

		work = work || g->sched.busy;
		in = in || g->sched.state == MMX_SCHED_IN;

		if (g->sched.state == MMX_SCHED_OUT)
			continue;
		assert_in_range(g->sched.slot, 0, m->params.slots - 1);
		assert_false(slots & 1u << g->sched.slot);
		assert_false(priorities & (1u << g->fw_priority | 1u << g->fw_next));
		slots |= 1u << g->sched.slot;
		priorities |= 1u << g->fw_priority | 1u << g->fw_next;
		used++;
		for (j = 0; j < vm_count && vms[j] != g->sched.vm; j++)
			;
		if (j == vm_count)
			vms[vm_count++] = g->sched.vm;
		assert_true(g->sched.partition->slots <= g->sched.partition->slots_max);
	}
	assert_true(used <= m->params.slots);
	assert_true(vm_count <= m->params.address_spaces);
	/* a suspect has no company but what is being told to leave, or has been */
	for (i = 0; i < m->count; i++)
		for (j = 0; j < m->count; j++) {
			const struct mmx_sched_group *a = &m->groups[i].sched;
			const struct mmx_sched_group *b = &m->groups[j].sched;

			if (a->partition->suspect && a->state != MMX_SCHED_OUT &&
			    b->partition != a->partition)
				assert_int_equal(b->state, MMX_SCHED_OUT);
		}
	assert_int_equal(mmx_sched_at_rest(m->sched), !work);
	assert_int_equal(mmx_sched_resident(m->sched) != NULL, in);
	assert_true(!in || mmx_sched_resident(m->sched)->state == MMX_SCHED_IN);
}

static void carry_out(struct machine *m, const struct mmx_sched_action *action)
{
	struct group *g = mmx_container_of(action->group, struct group, sched);

	switch (action->what) {
	case MMX_SCHED_PLACE:
		g->fw_priority = action->fw_priority;
		g->fw_next = action->fw_priority;
		g->move_ns = 0;
		if (g->unplaceable) {
			g->refused++;
			mmx_sched_refused(m->sched, &g->sched, m->now_ns);
			break;
		}
		g->due_ns = m->now_ns + ENTER_NS;
		g->turns++;
		break;
	case MMX_SCHED_EVICT:
		g->due_ns = m->now_ns + LEAVE_NS;
		m->evictions++;
		break;
	case MMX_SCHED_PRIORITIZE:
		assert_int_equal(g->sched.state, MMX_SCHED_IN);
		assert_int_equal(g->move_ns, 0);
		g->fw_next = action->fw_priority;
		g->move_ns = m->now_ns + MOVE_NS;
		m->moves++;
		break;
	}
}

static void decide(struct machine *m)
{
	unsigned int bound = MAX_GROUPS + 2 * MMX_SCHED_MAX_SLOTS;
	struct mmx_sched_action action;

	while (mmx_sched_next(m->sched, m->now_ns, &action)) {
		assert_true(bound--);
		carry_out(m, &action);
		check(m);
	}
}

static void take_effect(struct machine *m, struct group *g)
{
	if (g->due_ns && g->due_ns <= m->now_ns) {
		g->due_ns = 0;
		if (g->sched.state == MMX_SCHED_ENTERING)
			mmx_sched_on(m->sched, &g->sched, m->now_ns);
		else
			mmx_sched_off(m->sched, &g->sched, m->now_ns);
	}
	if (g->sched.state == MMX_SCHED_OUT)
		g->move_ns = 0;
	if (g->move_ns && g->move_ns <= m->now_ns) {
		g->move_ns = 0;
		g->fw_priority = g->fw_next;
		mmx_sched_prioritized(m->sched, &g->sched, true, m->now_ns);
	}
}

/* Time passes, in which one group has the cores. */
static void pass(struct machine *m, uint64_t next_ns)
{
	struct group *top = NULL;
	unsigned int i;

	for (i = 0; i < m->count; i++) {
		struct group *g = &m->groups[i];

		if (g->sched.busy && g->sched.state == MMX_SCHED_IN &&
		    (!top || g->fw_priority > top->fw_priority))
			top = g;
	}
	if (top)
		top->ran_ns += next_ns - m->now_ns;
	m->now_ns = next_ns;
}

/* Carries out what is due, decides, and goes to the next moment at which anything happens. */
static void run_until(struct machine *m, uint64_t end_ns)
{
	while (m->now_ns < end_ns) {
		uint64_t next_ns = end_ns;
		unsigned int i;

		for (i = 0; i < m->count; i++)
			take_effect(m, &m->groups[i]);
		decide(m);
		check(m);
		for (i = 0; i < m->count; i++) {
			const struct group *g = &m->groups[i];

			if (g->due_ns && g->due_ns < next_ns)
				next_ns = g->due_ns;
			if (g->move_ns && g->move_ns < next_ns)
				next_ns = g->move_ns;
		}
		if (mmx_sched_deadline(m->sched) < next_ns)
			next_ns = mmx_sched_deadline(m->sched);
		assert_true(next_ns > m->now_ns);
		pass(m, next_ns);
	}
	mmx_sched_account(m->sched, m->now_ns);
}

/* What the partition's groups have had of the cores, in 1/1000 of what all have had. */
static uint64_t share_of(const struct machine *m, const struct mmx_sched_partition *partition)
{
	uint64_t total = 0, own = 0;
	unsigned int i;

	for (i = 0; i < m->count; i++) {
		total += m->groups[i].ran_ns;
		if (m->groups[i].sched.partition == partition)
			own += m->groups[i].ran_ns;
	}
	return total ? own * 1000 / total : 0;
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
	machine_init(&m, 4, 7);
	partition(&m, &p, 1, 4);
	for (i = 0; i < 4; i++)
		busy(&m, add(&m, &p, 1, NULL));
	run_until(&m, 1000 * MS);
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
	struct group *rest;
	struct machine m;

	(void)state;
	machine_init(&m, 4, 7);
	partition(&m, &p[0], 1, 4);
	partition(&m, &p[1], 1, 4);
	rest = add(&m, &p[0], 2, NULL);
	busy(&m, rest);
	busy(&m, add(&m, &p[1], 1, NULL));
	run_until(&m, 5 * MS);
	mmx_sched_idle(m.sched, &rest->sched, m.now_ns);
	run_until(&m, 1000 * MS);
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
			partition(&m, &p[i], weights[c][i], 8);
			/* not even what is high in its own partition counts among them */
			busy(&m, add(&m, &p[i], i, NULL));
		}
		run_until(&m, 4000 * MS);
		assert_int_equal(m.evictions, 0);
		for (i = 0; i < 3; i++) {
			uint64_t due = weights[c][i] * 1000 / sum, share = share_of(&m, &p[i]);

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
	struct group *other, *realtime;
	uint64_t before;
	struct machine m;
	unsigned int i;

	(void)state;
	machine_init(&m, 8, 7);
	partition(&m, &p[0], 1000, 8);
	partition(&m, &p[1], 1, 8);
	other = add(&m, &p[0], 2, NULL);
	realtime = add(&m, &p[1], 3, NULL);
	busy(&m, other);
	run_until(&m, 3 * MS);
	for (i = 1; i <= 100; i++) {
		before = realtime->ran_ns;
		busy(&m, realtime);
		run_until(&m, m.now_ns + 15 * MS);
		/* the first time it has to come in */
		assert_true(realtime->ran_ns - before >= 15 * MS - ENTER_NS - 2 * MOVE_NS);
		mmx_sched_idle(m.sched, &realtime->sched, m.now_ns);
		run_until(&m, m.now_ns + 1 * MS);
	}
	assert_int_equal(m.evictions, 0);
	machine_finish(&m);
}

/* Who has a little work now and then gets it done at once, beside one with endless work; and no more than its share. */
static void light_work_is_not_kept_waiting(void **state)
{
	struct mmx_sched_partition p[2];
	struct group *heavy, *light;
	uint64_t before, waited = 0;
	struct machine m;
	unsigned int i;

	(void)state;
	machine_init(&m, 8, 7);
	partition(&m, &p[0], 1, 8);
	partition(&m, &p[1], 1, 8);
	heavy = add(&m, &p[0], 1, NULL);
	light = add(&m, &p[1], 1, NULL);
	busy(&m, heavy);
	busy(&m, light);
	run_until(&m, 100 * MS);
	mmx_sched_idle(m.sched, &light->sched, m.now_ns);
	run_until(&m, 200 * MS);
	for (i = 0; i < 200; i++) {
		before = light->ran_ns;
		busy(&m, light);
		while (light->ran_ns - before < MS / 2) {
			run_until(&m, m.now_ns + MS / 20);
			waited += MS / 20;
		}
		waited -= light->ran_ns - before;
		mmx_sched_idle(m.sched, &light->sched, m.now_ns);
		run_until(&m, m.now_ns + 4 * MS);
	}
	assert_true(waited < 200 * MS / 5);
	/* endless work for both: no credit is left, and none is owed */
	before = light->ran_ns;
	busy(&m, light);
	run_until(&m, m.now_ns + 1000 * MS);
	assert_in_range(light->ran_ns - before, 480 * MS, 520 * MS);
	machine_finish(&m);
}

/* A group that goes idle and comes back all the time, to be taken for one with little work, gets no more than its share,
 * and does not keep the firmware busy with priorities. */
static void flapping_gains_nothing(void **state)
{
	struct mmx_sched_partition p[2];
	struct group *honest, *flapping;
	struct machine m;
	unsigned int i;

	(void)state;
	machine_init(&m, 8, 7);
	partition(&m, &p[0], 1, 8);
	partition(&m, &p[1], 1, 8);
	honest = add(&m, &p[0], 1, NULL);
	flapping = add(&m, &p[1], 1, NULL);
	busy(&m, honest);
	busy(&m, flapping);
	for (i = 0; i < 20000; i++) {
		run_until(&m, m.now_ns + 100000);
		mmx_sched_idle(m.sched, &flapping->sched, m.now_ns);
		run_until(&m, m.now_ns + 1000);
		busy(&m, flapping);
	}
	assert_true(share_of(&m, &p[0]) >= 480);
	assert_true(m.moves <= 2 * (m.now_ns / MMX_SCHED_WAKE_NS));
	machine_finish(&m);
}

/* Groups that can use some of the cores only are charged for those. */
static void cores_count(void **state)
{
	struct mmx_sched_partition p[2];
	struct group *one, *all;
	struct machine m;

	(void)state;
	machine_init(&m, 8, 7);
	partition(&m, &p[0], 1, 8);
	partition(&m, &p[1], 1, 8);
	one = add(&m, &p[0], 1, NULL);
	all = add(&m, &p[1], 1, NULL);
	one->sched.cores = 1;
	all->sched.cores = 4;
	busy(&m, one);
	run_until(&m, 10 * MS);
	/* alone it is charged for all of the time */
	assert_in_range(one->sched.gpu_time_ns, 9 * MS, 10 * MS);
	busy(&m, all);
	run_until(&m, 1010 * MS);
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
	machine_init(&m, 8, 7);
	partition(&m, &p[0], 1, 8);
	partition(&m, &p[1], 1, 8);
	for (i = 0; i < 20; i++) {
		add(&m, &p[0], 3, &p[0])->unplaceable = true;
		busy(&m, &m.groups[i]);
	}
	busy(&m, add(&m, &p[0], 0, NULL));
	busy(&m, add(&m, &p[1], 1, NULL));
	run_until(&m, m.now_ns + 2 * ENTER_NS);
	/* its own partition's, though of lower priority, and the other's */
	assert_int_equal(m.groups[20].sched.state, MMX_SCHED_IN);
	assert_int_equal(m.groups[21].sched.state, MMX_SCHED_IN);
	/* one is tried for all of that VM */
	run_until(&m, 100 * MS);
	for (i = 1; i < 20; i++)
		m.groups[0].refused += m.groups[i].refused;
	assert_in_range(m.groups[0].refused, 50, 101);
	for (i = 0; i < 20; i++)
		m.groups[i].unplaceable = false;
	run_until(&m, m.now_ns + MMX_SCHED_RETRY_NS + 2 * ENTER_NS);
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
			partition(&m, &p[i], 1 + i, 8);
		for (i = 0; i < 3; i++)
			for (j = 0; j < 6; j++)
				busy(&m, add(&m, &p[i], 1, &m.groups[6 * i + j / (1 + i)]));
		run_until(&m, 6000 * MS);
		for (i = 0; i < 3; i++) {
			uint64_t due = (1 + i) * 1000 / 6, share = share_of(&m, &p[i]);

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
	machine_init(&m, 8, 7);
	partition(&m, &p, 1, 8);
	for (i = 0; i < 20; i++)
		busy(&m, add(&m, &p, 1, &p));
	run_until(&m, 5000 * MS);
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
			uint64_t charged = p[i].gpu_time_ns * 1000 / total;
			uint64_t due = cases[c].weight[i] * 1000 / weights;
			uint64_t share = share_of(&m, &p[i]);

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

/* Who has had the GPU for itself owes nothing to those who come later, although all were idle in between. */
static void no_debts(void **state)
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
	mmx_sched_idle(m.sched, &m.groups[0].sched, m.now_ns);
	run_until(&m, 1010 * MS);
	before = p[0].gpu_time_ns;
	busy(&m, &m.groups[1]);
	busy(&m, &m.groups[0]);
	run_until(&m, 1410 * MS);
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
	partition(&m, &p, 1, 8);
	for (i = 0; i < 6; i++)
		busy(&m, add(&m, &p, 1, NULL));
	run_until(&m, 1000 * MS);
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
	machine_init(&m, 4, 7);
	partition(&m, &p[0], 1, 4);
	partition(&m, &p[1], 1, 4);
	busy(&m, add(&m, &p[0], 1, NULL));
	busy(&m, add(&m, &p[0], 1, NULL));
	busy(&m, add(&m, &p[1], 1, NULL));
	run_until(&m, 300 * MS);
	assert_in_range(p[0].gpu_time_ns + p[1].gpu_time_ns, 299 * MS, 300 * MS);
	assert_in_range(p[0].gpu_time_ns, 140 * MS, 160 * MS);
	machine_finish(&m);
}

/* Anything at any time: invariants hold, and what is busy runs within a bound. */
/* The GPU hangs: all are out of their slots, and nobody knows because of whom. */
static struct mmx_sched_partition *hang(struct machine *m)
{
	struct mmx_sched_partition *alone = mmx_sched_hung(m->sched, m->now_ns);
	unsigned int i;

	for (i = 0; i < m->count; i++) {
		m->groups[i].due_ns = 0;
		m->groups[i].move_ns = 0;
		mmx_sched_off(m->sched, &m->groups[i].sched, m->now_ns);
	}
	return alone;
}

/* Two of three are suspects: they run alone, and nobody has less than his share for that; then they are cleared. */
static void suspects_run_alone(void **state)
{
	struct mmx_sched_partition p[3];
	uint64_t longest_ns[3] = { 0 }, last_ns[3], ran_ns[3] = { 0 };
	struct machine m;
	unsigned int i, j;

	(void)state;
	machine_init(&m, 4, 7);
	for (i = 0; i < 3; i++) {
		partition(&m, &p[i], 1, 4);
		for (j = 0; j < 2; j++)
			add(&m, &p[i], 1, NULL);
	}
	for (i = 0; i < 4; i++)
		busy(&m, &m.groups[i]);
	run_until(&m, 5 * MS);
	assert_null(hang(&m));
	assert_true(p[0].suspect && p[1].suspect && !p[2].suspect);
	busy(&m, &m.groups[4]);
	busy(&m, &m.groups[5]);
	for (i = 0; i < 3; i++)
		last_ns[i] = m.now_ns;
	for (i = 0; i < 6; i++)
		m.groups[i].ran_ns = 0;
	while (p[0].suspect || p[1].suspect) {
		assert_true(m.now_ns < 1000 * MS);
		run_until(&m, m.now_ns + MS / 4);
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
		assert_in_range(share_of(&m, &p[i]), 300, 370);
		/* a tick of each other one, and the tick of the shared turn that is between two lone ones */
		assert_true(longest_ns[i] < 4 * TICK_NS);
	}
	/* ten ticks of each, and as much for the third */
	assert_in_range(m.now_ns, 280 * MS, 400 * MS);
	run_until(&m, m.now_ns + 100 * MS);
	assert_true(p[0].slots + p[1].slots + p[2].slots == 4);
	machine_finish(&m);
}

static void hang_while_alone(void **state)
{
	struct mmx_sched_partition a, b;
	struct machine m;

	(void)state;
	machine_init(&m, 2, 7);
	partition(&m, &a, 1, 2);
	partition(&m, &b, 1, 2);
	add(&m, &a, 1, NULL);
	add(&m, &b, 1, NULL);
	busy(&m, &m.groups[0]);
	busy(&m, &m.groups[1]);
	run_until(&m, 5 * MS);
	assert_null(hang(&m));
	run_until(&m, m.now_ns + 2 * MS);
	assert_int_equal(a.slots + b.slots, 1);
	assert_ptr_equal(hang(&m), a.vtime < b.vtime || m.groups[0].turns == 2 ? &a : &b);
	/* both stay suspects */
	assert_true(a.suspect && b.suspect);
	run_until(&m, m.now_ns + 500 * MS);
	assert_false(a.suspect || b.suspect);
	machine_finish(&m);
}

/* Who has nothing left to do in his lone turn has done no harm, and nobody must leave for that. */
static void suspect_without_work_is_cleared(void **state)
{
	struct mmx_sched_partition a, b;
	struct machine m;

	(void)state;
	machine_init(&m, 2, 7);
	partition(&m, &a, 1, 2);
	partition(&m, &b, 1, 2);
	add(&m, &a, 1, NULL);
	add(&m, &b, 1, NULL);
	busy(&m, &m.groups[0]);
	run_until(&m, 5 * MS);
	assert_null(hang(&m));
	assert_true(a.suspect && !b.suspect);
	busy(&m, &m.groups[1]);
	run_until(&m, m.now_ns + 25 * MS);
	mmx_sched_idle(m.sched, &m.groups[0].sched, m.now_ns);
	run_until(&m, m.now_ns + 25 * MS);
	/* not before its turn has come */
	assert_true(a.suspect);
	busy(&m, &m.groups[0]);
	while (m.groups[0].sched.state != MMX_SCHED_IN)
		run_until(&m, m.now_ns + MS / 10);
	mmx_sched_idle(m.sched, &m.groups[0].sched, m.now_ns);
	run_until(&m, m.now_ns + MS / 10);
	assert_false(a.suspect);
	assert_int_equal(m.groups[0].sched.state, MMX_SCHED_IN);
	assert_int_not_equal(m.groups[1].sched.state, MMX_SCHED_OUT);
	machine_finish(&m);
}

/* With nobody else it just runs on, and leaves once to show that it can. */
static void lonely_suspect(void **state)
{
	struct mmx_sched_partition a;
	struct machine m;

	(void)state;
	machine_init(&m, 2, 7);
	partition(&m, &a, 1, 2);
	add(&m, &a, 1, NULL);
	busy(&m, &m.groups[0]);
	run_until(&m, 5 * MS);
	assert_null(hang(&m));
	run_until(&m, m.now_ns + 99 * MS);
	assert_true(a.suspect);
	assert_int_equal(m.evictions, 0);
	run_until(&m, m.now_ns + 5 * MS);
	assert_false(a.suspect);
	assert_int_equal(m.evictions, 1);
	assert_int_equal(a.slots, 1);
	machine_finish(&m);
}

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

		switch (rand_r(&seed) % 8) {
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
				hang(&m);
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
		cmocka_unit_test(no_overcommit_no_eviction),
		cmocka_unit_test(alone_no_tick),
		cmocka_unit_test(residents_share_by_weight),
		cmocka_unit_test(realtime_leads),
		cmocka_unit_test(light_work_is_not_kept_waiting),
		cmocka_unit_test(flapping_gains_nothing),
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
		cmocka_unit_test(suspects_run_alone),
		cmocka_unit_test(hang_while_alone),
		cmocka_unit_test(suspect_without_work_is_cleared),
		cmocka_unit_test(lonely_suspect),
		cmocka_unit_test(random_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
