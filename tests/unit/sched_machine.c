// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* See sched_machine.h. Everything asserts. */
#include "tests/unit/sched_machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

void machine_init(struct machine *m, unsigned int slots, unsigned int address_spaces)
{
	memset(m, 0, sizeof(*m));
	m->params = (struct mmx_sched_params){ slots, address_spaces, TICK_NS, 4 };
	m->now_ns = 1;
	assert_int_equal(mmx_sched_create(&m->params, &m->sched), 0);
}

struct machine_group *machine_add(struct machine *m, struct mmx_sched_partition *partition,
				  unsigned int priority, const void *vm)
{
	struct machine_group *g = &m->groups[m->count++];

	g->sched.partition = partition;
	g->sched.priority = priority;
	g->sched.vm = vm ? vm : g;
	mmx_sched_group_add(m->sched, &g->sched, m->now_ns);
	return g;
}

void machine_partition(struct machine *m, struct mmx_sched_partition *p, uint32_t weight,
		       unsigned int slots_max)
{
	memset(p, 0, sizeof(*p));
	p->weight = weight;
	p->slots_max = slots_max;
	mmx_sched_partition_add(m->sched, p);
}

void machine_start(struct machine *m, unsigned int slots, struct mmx_sched_partition *partitions,
		   unsigned int count)
{
	unsigned int i;

	machine_init(m, slots, 7);
	for (i = 0; i < count; i++)
		machine_partition(m, &partitions[i], 1, slots);
}

void machine_check(const struct machine *m)
{
	const void *vms[MAX_GROUPS];
	unsigned int i, j, used = 0, vm_count = 0;
	bool work = false, in = false;
	uint32_t slots = 0, priorities = 0;

	for (i = 0; i < m->count; i++) {
		const struct machine_group *g = &m->groups[i];

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
	struct machine_group *g = mmx_container_of(action->group, struct machine_group, sched);

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
		machine_check(m);
	}
}

static void take_effect(struct machine *m, struct machine_group *g)
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
	struct machine_group *top = NULL;
	unsigned int i;

	for (i = 0; i < m->count; i++) {
		struct machine_group *g = &m->groups[i];

		if (g->sched.busy && g->sched.state == MMX_SCHED_IN &&
		    (!top || g->fw_priority > top->fw_priority))
			top = g;
	}
	if (top)
		top->ran_ns += next_ns - m->now_ns;
	m->now_ns = next_ns;
}

/* Carries out what is due, decides, and goes to the next moment at which anything happens. */
void machine_run_until(struct machine *m, uint64_t end_ns)
{
	while (m->now_ns < end_ns) {
		uint64_t next_ns = end_ns;
		unsigned int i;

		for (i = 0; i < m->count; i++)
			take_effect(m, &m->groups[i]);
		decide(m);
		machine_check(m);
		for (i = 0; i < m->count; i++) {
			const struct machine_group *g = &m->groups[i];

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
uint64_t machine_share(const struct machine *m, const struct mmx_sched_partition *partition)
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

void machine_busy(struct machine *m, struct machine_group *g)
{
	mmx_sched_busy(m->sched, &g->sched, m->now_ns);
}

void machine_finish(struct machine *m)
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

/* The GPU hangs: all are out of their slots, and nobody knows because of whom. */
struct mmx_sched_partition *machine_hang(struct machine *m)
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
