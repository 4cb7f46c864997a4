// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Suspects. When the GPU has hung and nobody knows because of whom, all partitions that were at work in slots are
 * suspects, and run alone in turn: while one does, no other partition's group is in a slot. So if the GPU hangs again,
 * it is known because of whom. Called through mmx_sched_next() and mmx_sched_hung().
 *
 * A lone turn: all others leave (.alone is set), the suspect runs for a tick (.alone_since_ns), its groups leave
 * (.alone_ends), and others may be placed again. It begins when the suspect has had no more than any of those who
 * are not, and not within a tick of its last one: so everybody has the share that vtime gives him. Without others that
 * want the slots it just goes on.
 *
 * A suspect is cleared when it has run alone for MMX_SCHED_ALONE_NS in all and left its slots each time, or has no work
 * left in a lone turn. Both are seen by the caller's clock and the firmware; no guest can pretend them.
 */
#include "backend/sched/sched.h"

#include "backend/sched/sched_priv.h"

/* Has it groups at work, or such that wait? */
static bool wants(const struct mmx_sched *sched, const struct mmx_sched_partition *partition)
{
	unsigned int i;

	if (!mmx_list_empty(&partition->link) || partition->aside)
		return true;
	for (i = 0; i < sched->params.slots; i++)
		if (sched->slot[i] && sched->slot[i]->partition == partition &&
		    sched->slot[i]->busy)
			return true;
	return false;
}

static bool others_wait(const struct mmx_sched *sched, const struct mmx_sched_partition *partition)
{
	struct mmx_list *pos;

	mmx_list_for_each(pos, &sched->waiting)
		if (mmx_container_of(pos, struct mmx_sched_partition, link) != partition)
			return true;
	return false;
}

/* The least that one has had who is no suspect and wants the GPU. Return: false: there is none. */
static bool least_of_others(const struct mmx_sched *sched, uint64_t *ret_vtime)
{
	bool found = false;
	struct mmx_list *pos;
	unsigned int i;

	*ret_vtime = UINT64_MAX;
	mmx_list_for_each(pos, &sched->waiting) {
		const struct mmx_sched_partition *partition =
			mmx_container_of(pos, struct mmx_sched_partition, link);

		if (partition->suspect)
			continue;
		*ret_vtime = partition->vtime;
		found = true;
		break;
	}
	for (i = 0; i < sched->params.slots; i++) {
		const struct mmx_sched_group *group = sched->slot[i];

		if (!group || !group->busy || group->partition->suspect)
			continue;
		found = true;
		if (group->partition->vtime < *ret_vtime)
			*ret_vtime = group->partition->vtime;
	}
	return found;
}

static void clear(struct mmx_sched *sched, struct mmx_sched_partition *partition)
{
	partition->suspect = false;
	sched->suspects--;
}

/* The suspect that has had least gets a lone turn, if it is time for one. */
static void begin(struct mmx_sched *sched, uint64_t now_ns)
{
	struct mmx_sched_partition *suspect = NULL;
	uint64_t least, from_ns = now_ns;
	struct mmx_list *pos;

	mmx_list_for_each(pos, &sched->waiting) {
		suspect = mmx_container_of(pos, struct mmx_sched_partition, link);
		if (suspect->suspect)
			break;
		suspect = NULL;
	}
	if (!suspect)
		return;
	if (suspect == sched->alone_last)
		from_ns = sched->shared_since_ns + sched->params.tick_ns;
	if (least_of_others(sched, &least) && (now_ns < from_ns || suspect->vtime > least)) {
		mmx_sched_wake_at(sched,
				  now_ns < from_ns ? from_ns : now_ns + sched->params.tick_ns);
		return;
	}
	sched->alone = suspect;
	sched->alone_runs = false;
	sched->alone_ends = false;
}

/* @stays: of whom groups may stay; NULL = of nobody. Return: true if one is to be told to leave. */
static bool empty_slots(struct mmx_sched *sched, const struct mmx_sched_partition *stays,
			uint64_t now_ns, struct mmx_sched_action *ret_action, bool *ret_empty)
{
	unsigned int i;

	*ret_empty = true;
	for (i = 0; i < sched->params.slots; i++) {
		struct mmx_sched_group *group = sched->slot[i];

		if (!group || group->partition == stays)
			continue;
		*ret_empty = false;
		if (group->state != MMX_SCHED_IN)
			continue;
		mmx_sched_leaving(sched, group, now_ns);
		*ret_action = (struct mmx_sched_action){ .what = MMX_SCHED_EVICT,
							 .group = group,
							 .slot = group->slot };
		return true;
	}
	return false;
}

static void end(struct mmx_sched *sched, uint64_t now_ns)
{
	sched->alone_last = sched->alone;
	sched->alone = NULL;
	sched->shared_since_ns = now_ns;
}

/* Is its lone turn over? */
static bool is_over(struct mmx_sched *sched, uint64_t now_ns)
{
	struct mmx_sched_partition *alone = sched->alone;
	uint64_t ran_ns = now_ns - sched->alone_since_ns;
	uint64_t until_ns = sched->alone_since_ns + sched->params.tick_ns;

	if (alone->alone_ns + ran_ns >= MMX_SCHED_ALONE_NS)
		return true;
	if (!others_wait(sched, alone))
		until_ns = sched->alone_since_ns + MMX_SCHED_ALONE_NS - alone->alone_ns;
	if (now_ns >= until_ns)
		return true;
	mmx_sched_wake_at(sched, until_ns);
	return false;
}

/* One step of a lone turn. Return: true if a group is to be evicted; *ret_again: the turn is over, another may begin. */
static bool step(struct mmx_sched *sched, uint64_t now_ns, struct mmx_sched_action *ret_action,
		 bool *ret_again)
{
	struct mmx_sched_partition *alone = sched->alone;
	bool empty;

	*ret_again = false;
	if (!sched->alone_runs) {
		if (empty_slots(sched, alone, now_ns, ret_action, &empty))
			return true;
		if (!empty)
			return false;
		sched->alone_runs = true;
		sched->alone_since_ns = now_ns;
	}
	if (!wants(sched, alone)) {
		clear(sched, alone);
		*ret_again = true;
		return false;
	}
	if (!sched->alone_ends) {
		if (!is_over(sched, now_ns))
			return false;
		sched->alone_ends = true;
		alone->alone_ns += now_ns - sched->alone_since_ns;
	}
	if (empty_slots(sched, NULL, now_ns, ret_action, &empty))
		return true;
	if (empty && alone->alone_ns >= MMX_SCHED_ALONE_NS)
		clear(sched, alone);
	*ret_again = empty;
	return false;
}

bool mmx_sched_decide_alone(struct mmx_sched *sched, uint64_t now_ns,
			    struct mmx_sched_action *ret_action)
{
	bool again;

	do {
		if (!sched->alone && sched->suspects)
			begin(sched, now_ns);
		if (!sched->alone)
			return false;
		if (step(sched, now_ns, ret_action, &again))
			return true;
		if (again)
			end(sched, now_ns);
		/* who begins now is at work, or waits for others to leave */
	} while (again);
	return false;
}

bool mmx_sched_may_place(const struct mmx_sched *sched, const struct mmx_sched_partition *partition)
{
	if (sched->alone)
		return partition == sched->alone && sched->alone_runs && !sched->alone_ends;
	return !partition->suspect;
}

struct mmx_sched_partition *mmx_sched_hung(struct mmx_sched *sched, uint64_t now_ns)
{
	unsigned int i;

	mmx_sched_account(sched, now_ns);
	if (sched->alone && sched->alone_runs) {
		sched->alone->alone_ns = 0;
		sched->alone_since_ns = now_ns;
		return sched->alone;
	}
	for (i = 0; i < sched->params.slots; i++) {
		const struct mmx_sched_group *group = sched->slot[i];

		if (!group || !group->busy)
			continue;
		sched->suspects += !group->partition->suspect;
		group->partition->suspect = true;
		group->partition->alone_ns = 0;
	}
	sched->changed = true;
	return NULL;
}

void mmx_sched_forget_suspect(struct mmx_sched *sched, struct mmx_sched_partition *partition)
{
	if (partition->suspect)
		clear(sched, partition);
	if (sched->alone == partition)
		sched->alone = NULL;
	if (sched->alone_last == partition)
		sched->alone_last = NULL;
}
