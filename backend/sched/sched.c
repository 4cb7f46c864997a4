// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The scheduler's decisions. Owns which group is in, or on its way into or out of, which slot, and the accounts
 * of GPU time; the caller (core) carries decisions out and reports.
 *
 * Every entry first charges what has passed since the one before (account()), under the state that held
 * meanwhile. All loops are over slots, over partitions that wait for one, or over heads of ready lists: at most 16
 * slots, and guests that wait for nothing cost nothing. Nor does asking again for a decision cost anything, while
 * nothing has changed.
 *
 * Invariants: a group is in a ready list if and only if it is OUT and busy; a partition is in the waiting list, in
 * the order of vtime, if and only if it has a ready group; slot[i]'s group has .slot == i and is not OUT;
 * partition->slots counts its groups that are not OUT.
 */
#include "backend/sched/sched.h"

#include <errno.h>
#include <stdlib.h>

/* vtime counts 1/1024 ns at weight 1, so that weights do not lose what small differences there are. */
#define VTIME_SCALE 1024u

struct mmx_sched {
	struct mmx_sched_params params;
	struct mmx_list waiting; /* mmx_sched_partition.link: least vtime first */
	bool changed; /* since mmx_sched_next() found nothing to decide */
	struct mmx_sched_group *slot[MMX_SCHED_MAX_SLOTS]; /* NULL = free */
	uint32_t priorities; /* bit per firmware priority in use */
	unsigned int priority[MMX_SCHED_MAX_SLOTS]; /* of the group in the slot */
	unsigned int leaving; /* groups that are LEAVING */
	uint64_t turns; /* given out so far */
	uint64_t accounted_ns;
	uint64_t deadline_ns;
};

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
	sched->deadline_ns = UINT64_MAX;
	mmx_list_init(&sched->waiting);
	*ret_sched = sched;
	return 0;
}

void mmx_sched_destroy(struct mmx_sched *sched)
{
	free(sched);
}

/* ---- partitions that wait ---- */

static bool has_ready(const struct mmx_sched_partition *partition)
{
	unsigned int i;

	for (i = 0; i < MMX_SCHED_PRIORITIES; i++)
		if (!mmx_list_empty(&partition->ready[i]))
			return true;
	return false;
}

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
static void unready(struct mmx_sched_group *group)
{
	mmx_list_del(&group->link);
	if (!has_ready(group->partition))
		mmx_list_del(&group->partition->link);
}

/* ---- accounts ---- */

static bool charged(const struct mmx_sched_group *group)
{
	return group && group->busy &&
	       (group->state == MMX_SCHED_IN || group->state == MMX_SCHED_LEAVING);
}

static void account(struct mmx_sched *sched, uint64_t now_ns)
{
	uint64_t share, elapsed = now_ns - sched->accounted_ns;
	unsigned int i, sharers = 0;

	sched->accounted_ns = now_ns;
	for (i = 0; i < sched->params.slots; i++)
		sharers += charged(sched->slot[i]);
	if (!sharers || !elapsed)
		return;
	share = elapsed / sharers;
	for (i = 0; i < sched->params.slots; i++) {
		struct mmx_sched_group *group = sched->slot[i];

		if (!charged(group))
			continue;
		group->gpu_time_ns += share;
		group->partition->gpu_time_ns += share;
		group->partition->vtime += share * VTIME_SCALE / group->partition->weight;
		if (is_waiting(group->partition))
			sort_in(sched, group->partition);
	}
}

void mmx_sched_account(struct mmx_sched *sched, uint64_t now_ns)
{
	account(sched, now_ns);
}

/* ---- partitions and groups ---- */

static bool has_resident_work(const struct mmx_sched *sched,
			      const struct mmx_sched_partition *partition)
{
	unsigned int i;

	for (i = 0; i < sched->params.slots; i++)
		if (sched->slot[i] && sched->slot[i]->partition == partition &&
		    sched->slot[i]->busy)
			return true;
	return false;
}

/* Who was away does not get back what it did not ask for: it starts level with the least of those at work. */
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
	if (least != UINT64_MAX && partition->vtime < least)
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
	partition->groups = 0;
	partition->gpu_time_ns = 0;
	partition->vtime = 0;
	mmx_list_init(&partition->link);
}

void mmx_sched_partition_del(struct mmx_sched *sched, struct mmx_sched_partition *partition)
{
	(void)sched;
	mmx_list_del(&partition->link);
}

void mmx_sched_group_add(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns)
{
	account(sched, now_ns);
	mmx_list_init(&group->link);
	group->state = MMX_SCHED_OUT;
	group->busy = false;
	group->gpu_time_ns = 0;
	group->since_ns = 0;
	group->partition->groups++;
}

void mmx_sched_group_del(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns)
{
	account(sched, now_ns);
	unready(group);
	group->partition->groups--;
}

/*
 * In the order of turns. They are given out when a group is told to leave, not when it has left: groups that leave
 * together may arrive in any order (of their slots, say), and always in that one, so that some would wait longer than
 * others for ever. Only those can be overtaken that were told to leave, or got work, in that short while.
 */
static void make_ready(struct mmx_sched *sched, struct mmx_sched_group *group)
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

	account(sched, now_ns);
	if (group->busy)
		return;
	if (!is_waiting(partition) && !has_resident_work(sched, partition))
		catch_up(sched, partition);
	sched->changed = true;
	group->busy = true;
	if (group->state == MMX_SCHED_OUT) {
		group->turn = ++sched->turns;
		make_ready(sched, group);
	}
}

void mmx_sched_idle(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns)
{
	account(sched, now_ns);
	sched->changed = sched->changed || group->busy;
	group->busy = false;
	unready(group);
}

/* ---- slots ---- */

static void enter(struct mmx_sched *sched, struct mmx_sched_group *group, unsigned int slot,
		  unsigned int fw_priority)
{
	unready(group);
	group->state = MMX_SCHED_ENTERING;
	group->slot = slot;
	group->partition->slots++;
	sched->slot[slot] = group;
	sched->priority[slot] = fw_priority;
	sched->priorities |= 1u << fw_priority;
}

void mmx_sched_on(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns)
{
	account(sched, now_ns);
	if (group->state != MMX_SCHED_ENTERING)
		return;
	sched->changed = true;
	group->state = MMX_SCHED_IN;
	group->since_ns = now_ns;
}

void mmx_sched_off(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns)
{
	account(sched, now_ns);
	if (group->state == MMX_SCHED_OUT)
		return;
	sched->changed = true;
	if (group->state == MMX_SCHED_LEAVING)
		sched->leaving--;
	sched->priorities &= ~(1u << sched->priority[group->slot]);
	sched->slot[group->slot] = NULL;
	group->partition->slots--;
	group->state = MMX_SCHED_OUT;
	if (group->busy)
		make_ready(sched, group);
}

void mmx_sched_leaving(struct mmx_sched *sched, struct mmx_sched_group *group, uint64_t now_ns)
{
	account(sched, now_ns);
	if (group->state != MMX_SCHED_ENTERING && group->state != MMX_SCHED_IN)
		return;
	sched->changed = true;
	group->state = MMX_SCHED_LEAVING;
	group->turn = ++sched->turns;
	sched->leaving++;
}

/* ---- decisions ---- */

static bool vm_resident(const struct mmx_sched *sched, const void *vm,
			const struct mmx_sched_group *except)
{
	unsigned int i;

	for (i = 0; i < sched->params.slots; i++)
		if (sched->slot[i] && sched->slot[i] != except && sched->slot[i]->vm == vm)
			return true;
	return false;
}

static unsigned int address_spaces_used(const struct mmx_sched *sched)
{
	unsigned int i, j, used = 0;

	for (i = 0; i < sched->params.slots; i++) {
		for (j = 0; j < i; j++)
			if (sched->slot[i] && sched->slot[j] &&
			    sched->slot[i]->vm == sched->slot[j]->vm)
				break;
		used += sched->slot[i] && j == i;
	}
	return used;
}

/* What keeps a ready group out, beside others in the slots. */
struct obstacle {
	bool slot; /* no slot is free */
	bool address_space; /* its VM has none, and none is free */
	bool share; /* its partition has all the slots that it may have */
};

static struct obstacle obstacles(const struct mmx_sched *sched, const struct mmx_sched_group *group)
{
	struct obstacle o = { .slot = true };
	unsigned int i;

	for (i = 0; i < sched->params.slots; i++)
		if (!sched->slot[i])
			o.slot = false;
	o.address_space = !vm_resident(sched, group->vm, NULL) &&
			  address_spaces_used(sched) >= sched->params.address_spaces;
	o.share = group->partition->slots >= group->partition->slots_max;
	return o;
}

static struct mmx_sched_group *first_ready(const struct mmx_sched_partition *partition)
{
	unsigned int i;

	for (i = MMX_SCHED_PRIORITIES; i-- > 0;)
		if (!mmx_list_empty(&partition->ready[i]))
			return mmx_list_first(&partition->ready[i], struct mmx_sched_group, link);
	return NULL;
}

/*
 * May @in be told to leave for the sake of @group? *ret_when_ns (if it is earlier) is when a no may turn into
 * a yes.
 */
static bool may_evict(const struct mmx_sched *sched, const struct mmx_sched_group *in,
		      const struct mmx_sched_group *group, struct obstacle o, uint64_t now_ns,
		      uint64_t *ret_when_ns)
{
	uint64_t until = in->since_ns + sched->params.tick_ns;

	if (in->state != MMX_SCHED_IN)
		return false;
	if (o.share && in->partition != group->partition)
		return false;
	if (o.address_space && vm_resident(sched, in->vm, in))
		return false;
	if (!in->busy)
		return true;
	if (in->partition == group->partition) {
		if (in->priority != group->priority)
			return in->priority < group->priority;
	} else if (in->partition->vtime <= group->partition->vtime && now_ns >= until) {
		/* it has had less than its share yet: look again a tick later */
		until = now_ns + sched->params.tick_ns;
	}
	if (now_ns >= until)
		return true;
	if (until < *ret_when_ns)
		*ret_when_ns = until;
	return false;
}

/* Idle ones first; then of the partition that has had most; then the one whose turn came first. */
static bool better_victim(const struct mmx_sched_group *a, const struct mmx_sched_group *b)
{
	if (a->busy != b->busy)
		return !a->busy;
	if (a->partition->vtime != b->partition->vtime)
		return a->partition->vtime > b->partition->vtime;
	return a->turn < b->turn;
}

static struct mmx_sched_group *find_victim(const struct mmx_sched *sched,
					   const struct mmx_sched_group *group, struct obstacle o,
					   uint64_t now_ns, uint64_t *ret_when_ns)
{
	struct mmx_sched_group *victim = NULL;
	unsigned int i;

	for (i = 0; i < sched->params.slots; i++) {
		struct mmx_sched_group *in = sched->slot[i];

		if (in && may_evict(sched, in, group, o, now_ns, ret_when_ns) &&
		    (!victim || better_victim(in, victim)))
			victim = in;
	}
	return victim;
}

/*
 * A firmware priority that nobody has, as near as can be to where the group's own priority belongs: firmware can
 * deadlock on two groups of one priority, and there are as many as slots.
 */
static unsigned int pick_fw_priority(const struct mmx_sched *sched, unsigned int priority)
{
	unsigned int want = priority * (MMX_SCHED_MAX_SLOTS / MMX_SCHED_PRIORITIES) +
			    MMX_SCHED_MAX_SLOTS / MMX_SCHED_PRIORITIES / 2;
	unsigned int distance;

	for (distance = 0; distance < MMX_SCHED_MAX_SLOTS; distance++) {
		/* below 0 it wraps, and is out of bounds like one that is too high */
		unsigned int up = want + distance, down = want - distance;

		if (up < MMX_SCHED_MAX_SLOTS && !(sched->priorities & 1u << up))
			return up;
		if (down < MMX_SCHED_MAX_SLOTS && !(sched->priorities & 1u << down))
			return down;
	}
	return 0;
}

static void place(struct mmx_sched *sched, struct mmx_sched_group *group,
		  struct mmx_sched_action *ret_action)
{
	unsigned int slot = 0;

	while (sched->slot[slot])
		slot++;
	ret_action->what = MMX_SCHED_PLACE;
	ret_action->group = group;
	ret_action->slot = slot;
	ret_action->fw_priority = pick_fw_priority(sched, group->priority);
	enter(sched, group, slot, ret_action->fw_priority);
}

static unsigned int count_ready(const struct mmx_sched *sched)
{
	unsigned int i, count = 0;
	struct mmx_list *pos, *elem;

	mmx_list_for_each(pos, &sched->waiting) {
		const struct mmx_sched_partition *partition =
			mmx_container_of(pos, struct mmx_sched_partition, link);

		for (i = 0; i < MMX_SCHED_PRIORITIES; i++)
			mmx_list_for_each(elem, &partition->ready[i])
				if (++count > MMX_SCHED_MAX_SLOTS)
					return count;
	}
	return count;
}

/*
 * Nothing but these makes a decision that was not there to make: a change, or the deadline, which is set whenever
 * time alone turns a no into a yes.
 */
bool mmx_sched_next(struct mmx_sched *sched, uint64_t now_ns, struct mmx_sched_action *ret_action)
{
	uint64_t when_ns = UINT64_MAX;
	struct mmx_list *pos;
	bool may_more;

	account(sched, now_ns);
	if (!sched->changed && now_ns < sched->deadline_ns)
		return false;
	sched->deadline_ns = UINT64_MAX;
	/* each slot that is being left is spoken for by one of those that wait */
	may_more = count_ready(sched) > sched->leaving;

	mmx_list_for_each(pos, &sched->waiting) {
		struct mmx_sched_group *group =
			first_ready(mmx_container_of(pos, struct mmx_sched_partition, link));
		struct obstacle o = obstacles(sched, group);
		struct mmx_sched_group *victim;

		if (!o.slot && !o.address_space && !o.share) {
			place(sched, group, ret_action);
			return true;
		}
		victim = may_more ? find_victim(sched, group, o, now_ns, &when_ns) : NULL;
		if (victim) {
			mmx_sched_leaving(sched, victim, now_ns);
			ret_action->what = MMX_SCHED_EVICT;
			ret_action->group = victim;
			ret_action->slot = victim->slot;
			ret_action->fw_priority = 0;
			return true;
		}
	}
	sched->changed = false;
	sched->deadline_ns = when_ns;
	return false;
}

uint64_t mmx_sched_deadline(const struct mmx_sched *sched)
{
	return sched->deadline_ns;
}
