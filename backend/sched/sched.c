// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The scheduler's state: which group is in, or on its way into or out of, which slot, and the accounts of GPU time.
 * The caller (core) reports here what has happened; what is to happen is decided in decide.c.
 *
 * Every entry first charges what has passed since the one before (mmx_sched_account()), under the state that held
 * meanwhile. All loops are over slots, over partitions that wait for one, or over heads of ready lists: at most 16
 * slots, and guests that wait for nothing cost nothing. Nor does asking again for a decision cost anything, while
 * nothing has changed. One is longer: when a group can't be placed, its partition's ready groups are gone through.
 *
 * Invariants: a group is in a ready list or aside if and only if it is OUT and busy; a partition is in the waiting
 * list, in the order of vtime, if and only if it has a ready group; slot[i]'s group has .slot == i and is not OUT;
 * partition->slots counts its groups that are not OUT; priorities has the bits of fw_priority and fw_next of all groups
 * that are not OUT; busy counts groups that have work.
 */
#include "backend/sched/sched.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/sched/sched_priv.h"

/* vtime counts 1/1024 ns at weight 1, so that weights do not lose what small differences there are. */
#define VTIME_SCALE 1024u

int mmx_sched_create(const struct mmx_sched_params *params, struct mmx_sched **ret_sched)
{
	struct mmx_sched *sched;

	if (!params->slots || params->slots > MMX_SCHED_MAX_SLOTS || !params->address_spaces ||
	    !params->tick_ns)
		return -EINVAL;
	sched = calloc(1, sizeof(*sched));
	if (!sched)
		return -ENOMEM;
	sched->params = *params;
	if (!sched->params.cores)
		sched->params.cores = 1;
	sched->deadline_ns = UINT64_MAX;
	mmx_list_init(&sched->waiting);
	mmx_list_init(&sched->aside);
	*ret_sched = sched;
	return 0;
}

void mmx_sched_destroy(struct mmx_sched *sched)
{
	free(sched);
}

/* ---- partitions that wait ---- */

static bool is_waiting(const struct mmx_sched_partition *partition)
{
	return !mmx_list_empty(&partition->link);
}

/* Puts it where it belongs by its vtime: behind those that have had as much. */
static void sort_in(struct mmx_sched *sched, struct mmx_sched_partition *partition)
{
	struct mmx_list *pos = &sched->waiting;

	mmx_list_del(&partition->link);
	while (pos->prev != &sched->waiting &&
	       mmx_container_of(pos->prev, struct mmx_sched_partition, link)->vtime >
		       partition->vtime)
		pos = pos->prev;
	mmx_list_add_tail(pos, &partition->link);
}

/* The group is not ready any more, if it was. */
void mmx_sched_unready(struct mmx_sched_group *group)
{
	mmx_list_del(&group->link);
	group->partition->aside -= group->aside;
	group->aside = false;
	if (!mmx_sched_has_ready(group->partition))
		mmx_list_del(&group->partition->link);
}

/* ---- accounts ---- */

static void charge(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t ns)
{
	struct mmx_sched_partition *partition = group->partition;

	group->used_ns += ns;
	group->gpu_time_ns += ns;
	partition->gpu_time_ns += ns;
	partition->vtime += ns * VTIME_SCALE / partition->weight;
	if (partition->vtime > sched->most_vtime)
		sched->most_vtime = partition->vtime;
	if (is_waiting(partition))
		sort_in(sched, partition);
}

/* The groups that are charged, highest firmware priority first. Return: how many. */
static unsigned int list_charged(const struct mmx_sched *sched,
				 struct mmx_sched_group *ret_groups[MMX_SCHED_MAX_SLOTS])
{
	unsigned int i, at, count = 0;

	for (i = 0; i < sched->params.slots; i++) {
		struct mmx_sched_group *group = sched->slot[i];

		if (!group || !group->busy || group->state == MMX_SCHED_ENTERING)
			continue;
		for (at = count++; at && ret_groups[at - 1]->fw_priority < group->fw_priority; at--)
			ret_groups[at] = ret_groups[at - 1];
		ret_groups[at] = group;
	}
	return count;
}

void mmx_sched_account(struct mmx_sched *sched, uint64_t now_ns)
{
	struct mmx_sched_group *groups[MMX_SCHED_MAX_SLOTS];
	uint64_t elapsed = now_ns - sched->accounted_ns;
	unsigned int cores[MMX_SCHED_MAX_SLOTS];
	unsigned int i, count, left = sched->params.cores, taken;

	sched->accounted_ns = now_ns;
	count = elapsed ? list_charged(sched, groups) : 0;
	for (i = 0; i < count; i++) {
		unsigned int most = groups[i]->cores;

		cores[i] = most && most < left ? most : left;
		left -= cores[i];
	}
	taken = sched->params.cores - left;
	for (i = 0; i < count; i++)
		charge(sched, groups[i], elapsed * cores[i] / taken);
}

/* ---- partitions and groups ---- */

/* Has it anything to do, in slots or not? */
static bool has_work(const struct mmx_sched *sched, const struct mmx_sched_partition *partition)
{
	unsigned int i;

	if (is_waiting(partition) || partition->aside)
		return true;
	for (i = 0; i < sched->params.slots; i++)
		if (sched->slot[i] && sched->slot[i]->partition == partition &&
		    sched->slot[i]->busy)
			return true;
	return false;
}

/*
 * Who was away does not get back what it did not ask for: it starts level with the least of those at work. If there is
 * none all start anew: who had the GPU for itself took it from nobody, and must not be behind those who come now.
 */
static void catch_up(struct mmx_sched *sched, struct mmx_sched_partition *partition)
{
	uint64_t least = UINT64_MAX;
	unsigned int i;

	/* it does not wait itself, nor has it work in a slot */
	if (!mmx_list_empty(&sched->waiting))
		least = mmx_list_first(&sched->waiting, struct mmx_sched_partition, link)->vtime;
	for (i = 0; i < sched->params.slots; i++)
		if (sched->slot[i] && sched->slot[i]->busy &&
		    sched->slot[i]->partition->vtime < least)
			least = sched->slot[i]->partition->vtime;
	if (least == UINT64_MAX)
		least = sched->most_vtime;
	if (partition->vtime < least)
		partition->vtime = least;
}

void mmx_sched_partition_add(struct mmx_sched *sched, struct mmx_sched_partition *partition)
{
	unsigned int i;

	(void)sched;
	for (i = 0; i < MMX_SCHED_PRIORITIES; i++)
		mmx_list_init(&partition->ready[i]);
	if (!partition->weight)
		partition->weight = 1;
	partition->slots = 0;
	partition->aside = 0;
	partition->groups = 0;
	partition->gpu_time_ns = 0;
	partition->vtime = 0;
	partition->suspect = false;
	partition->alone_ns = 0;
	mmx_list_init(&partition->link);
}

void mmx_sched_partition_del(struct mmx_sched *sched, struct mmx_sched_partition *partition)
{
	mmx_sched_forget_suspect(sched, partition);
	mmx_list_del(&partition->link);
}

void mmx_sched_group_add(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns)
{
	mmx_sched_account(sched, now_ns);
	mmx_list_init(&group->link);
	group->state = MMX_SCHED_OUT;
	group->busy = false;
	group->idle_ns = 0;
	group->woke = false;
	group->aside = false;
	group->used_ns = 0;
	group->gpu_time_ns = 0;
	group->since_ns = 0;
	group->partition->groups++;
}

void mmx_sched_group_del(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns)
{
	mmx_sched_account(sched, now_ns);
	sched->busy -= group->busy;
	mmx_sched_unready(group);
	group->partition->groups--;
}

/*
 * In the order of turns. They are given out when a group is told to leave, not when it has left: groups that leave
 * together may arrive in any order (of their slots, say), and always in that one, so that some would wait longer than
 * others for ever. Only those can be overtaken that were told to leave, or got work, in that short while.
 */
void mmx_sched_make_ready(struct mmx_sched *sched, struct mmx_sched_group *group)
{
	struct mmx_list *head = &group->partition->ready[group->priority], *pos = head;

	while (pos->prev != head &&
	       mmx_container_of(pos->prev, struct mmx_sched_group, link)->turn > group->turn)
		pos = pos->prev;
	mmx_list_add_tail(pos, &group->link);
	if (!is_waiting(group->partition))
		sort_in(sched, group->partition);
}

void mmx_sched_busy(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns)
{
	struct mmx_sched_partition *partition = group->partition;

	mmx_sched_account(sched, now_ns);
	if (group->busy)
		return;
	if (!has_work(sched, partition))
		catch_up(sched, partition);
	sched->changed = true;
	group->busy = true;
	group->woke = group->state != MMX_SCHED_OUT;
	sched->busy++;
	if (group->state == MMX_SCHED_OUT) {
		group->turn = ++sched->turns;
		mmx_sched_make_ready(sched, group);
	}
}

void mmx_sched_idle(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns)
{
	mmx_sched_account(sched, now_ns);
	if (group->busy) {
		sched->changed = true;
		sched->busy--;
		group->idle_ns = now_ns;
	}
	group->busy = false;
	group->woke = false;
	mmx_sched_unready(group);
}

/* ---- slots ---- */

void mmx_sched_on(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns)
{
	mmx_sched_account(sched, now_ns);
	if (group->state != MMX_SCHED_ENTERING)
		return;
	sched->changed = true;
	group->state = MMX_SCHED_IN;
	group->since_ns = now_ns;
	group->woke = group->busy;
}

/* It leads no more, and is given no priority. */
static void forget_place(struct mmx_sched *sched, const struct mmx_sched_group *group)
{
	if (sched->leader == group)
		sched->leader = NULL;
	if (sched->moving == group)
		sched->moving = NULL;
}

void mmx_sched_off(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns)
{
	mmx_sched_account(sched, now_ns);
	if (group->state == MMX_SCHED_OUT)
		return;
	sched->changed = true;
	if (group->state == MMX_SCHED_LEAVING)
		sched->leaving--;
	forget_place(sched, group);
	sched->priorities &= ~(1u << group->fw_priority | 1u << group->fw_next);
	sched->slot[group->slot] = NULL;
	group->partition->slots--;
	group->state = MMX_SCHED_OUT;
	if (group->busy)
		mmx_sched_make_ready(sched, group);
}

void mmx_sched_leaving(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns)
{
	mmx_sched_account(sched, now_ns);
	if (group->state != MMX_SCHED_ENTERING && group->state != MMX_SCHED_IN)
		return;
	sched->changed = true;
	if (sched->leader == group)
		sched->leader = NULL;
	group->state = MMX_SCHED_LEAVING;
	group->turn = ++sched->turns;
	sched->leaving++;
}

void mmx_sched_refused(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns)
{
	struct mmx_sched_partition *partition = group->partition;
	struct mmx_list *pos, *tmp;
	unsigned int i;

	mmx_sched_off(sched, group, now_ns);
	for (i = 0; i < MMX_SCHED_PRIORITIES; i++)
		mmx_list_for_each_safe(pos, tmp, &partition->ready[i]) {
			struct mmx_sched_group *other =
				mmx_container_of(pos, struct mmx_sched_group, link);

			if (other->vm != group->vm)
				continue;
			mmx_sched_unready(other);
			other->aside = true;
			other->retry_ns = now_ns + MMX_SCHED_RETRY_NS;
			partition->aside++;
			mmx_list_add_tail(&sched->aside, &other->link);
		}
}

bool mmx_sched_at_rest(const struct mmx_sched *sched)
{
	return !sched->busy;
}

struct mmx_sched_group *mmx_sched_resident(const struct mmx_sched *sched)
{
	unsigned int i;

	for (i = 0; i < sched->params.slots; i++)
		if (sched->slot[i] && sched->slot[i]->state == MMX_SCHED_IN)
			return sched->slot[i];
	return NULL;
}

void mmx_sched_prioritized(struct mmx_sched *sched, struct mmx_sched_group *group, bool done,
			   uint64_t now_ns)
{
	mmx_sched_account(sched, now_ns);
	if (sched->moving != group)
		return;
	sched->changed = true;
	sched->moving = NULL;
	sched->priorities &= ~(1u << (done ? group->fw_priority : group->fw_next));
	if (done)
		group->fw_priority = group->fw_next;
	group->fw_next = group->fw_priority;
}
