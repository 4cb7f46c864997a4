// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The scheduler's decisions: who gets a slot, who gives one up, and who leads those that have one. Called through
 * mmx_sched_next() alone, by core, until there is nothing more to decide; each decision is noted in the state
 * (sched.c) as being under way.
 *
 * Slots. Partitions are asked in the order of what they have had; each may place its first ready group, or evict
 * for it: one that is idle, one of lower priority of its own, or one that has had its turn. A turn is a tick of charged
 * time, so a group does not lose its slot before it has led, but to a partition that has none at all and has had no
 * more: how long turns are is for those who take them to say, and others do not wait for that. If an address space is
 * what is missing, all groups that hold it go: else a VM with two groups in slots would never lose it.
 *
 * Leaders. Of the groups in slots that have work, one leads: a realtime one if there is any, then one of the
 * partition that has had least, then the one of the highest priority, then whose turn it is. It leads for a tick, or
 * until a realtime group or a higher one of its partition has work, or one of another partition gets work that has had
 * no more. To lead is to have a firmware priority above all others with work: the leader goes up as long as there is
 * room, then who is above it goes down; at most two steps, one at a time.
 */
#include "backend/sched/sched.h"

#include "backend/sched/sched_priv.h"

/* Firmware priorities from here on are for realtime groups alone, unless there are no others left. */
#define FW_REALTIME (MMX_SCHED_REALTIME * (MMX_SCHED_MAX_SLOTS / MMX_SCHED_PRIORITIES))

#define FW_ALL ((1u << MMX_SCHED_MAX_SLOTS) - 1)

/* ---- slots ---- */

/* Another group of the VM is in a slot and is not leaving it. */
static bool vm_stays(const struct mmx_sched *sched, const void *vm)
{
	unsigned int i;

	for (i = 0; i < sched->params.slots; i++)
		if (sched->slot[i] && sched->slot[i]->vm == vm &&
		    sched->slot[i]->state != MMX_SCHED_LEAVING)
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
	bool address_space; /* its VM has none that it keeps, and none is free */
	bool share; /* its partition has all the slots that it may have */
};

static struct obstacle obstacles(const struct mmx_sched *sched, const struct mmx_sched_group *group)
{
	struct obstacle o = { .slot = true };
	unsigned int i;

	for (i = 0; i < sched->params.slots; i++)
		if (!sched->slot[i])
			o.slot = false;
	o.address_space = !vm_stays(sched, group->vm) &&
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

static bool is_realtime(const struct mmx_sched_group *group)
{
	return group->priority == MMX_SCHED_REALTIME;
}

/* When the leader's tick is over; without one, that of who will lead. */
static uint64_t lead_ends(const struct mmx_sched *sched, uint64_t now_ns)
{
	return (sched->leader ? sched->led_since_ns : now_ns) + sched->params.tick_ns;
}

static bool turn_is_over(const struct mmx_sched *sched, const struct mmx_sched_group *in)
{
	return in->used_ns >= sched->params.tick_ns / 16 * 15;
}

/* The cores are at work, or about to be. */
static bool somebody_runs(const struct mmx_sched *sched)
{
	unsigned int i;

	for (i = 0; i < sched->params.slots; i++)
		if (sched->slot[i] && sched->slot[i]->busy &&
		    sched->slot[i]->state != MMX_SCHED_LEAVING)
			return true;
	return false;
}

/* From when on may @in, which is idle, be told to leave for the sake of @group? */
static uint64_t idle_until(const struct mmx_sched *sched, const struct mmx_sched_group *in,
			   const struct mmx_sched_group *group)
{
	bool comes_first = in->partition == group->partition
				   ? group->priority > in->priority
				   : is_realtime(group) || !group->partition->slots;

	return comes_first || !somebody_runs(sched) ? 0 : in->idle_ns + MMX_SCHED_LINGER_NS;
}

/* When the turn of @in is over, or is to be looked at again. */
static uint64_t turn_until(const struct mmx_sched *sched, const struct mmx_sched_group *in,
			   uint64_t now_ns)
{
	uint64_t until = lead_ends(sched, now_ns);

	/* whoever was above it until firmware had its new priority had a little of its tick */
	if (turn_is_over(sched, in))
		return 0;
	return until > now_ns ? until : now_ns + sched->params.tick_ns;
}

/* What is on its way out is not enough for who has least: @in would go, or go on going, with its address space. */
static bool would_help(const struct mmx_sched *sched, const struct mmx_sched_group *in,
		       struct obstacle o)
{
	unsigned int i;

	for (i = 0; i < sched->params.slots; i++) {
		const struct mmx_sched_group *other = sched->slot[i];

		if (other && other->state == MMX_SCHED_LEAVING &&
		    !(o.address_space && other->vm == in->vm))
			return false;
	}
	return true;
}

/* From when on may @in, which is at work, be told to leave for the sake of @group? UINT64_MAX: not by time alone. */
static uint64_t busy_until(const struct mmx_sched *sched, const struct mmx_sched_group *in,
			   const struct mmx_sched_group *group, struct obstacle o, uint64_t now_ns)
{
	const struct mmx_sched_partition *partition = group->partition;
	uint64_t until = turn_until(sched, in, now_ns), soon = in->since_ns + MMX_SCHED_WAKE_NS;

	if (in->partition == partition) {
		if (in->priority != group->priority)
			return in->priority < group->priority ? 0 : UINT64_MAX;
		return until;
	}
	/* it may never lead, as long as there are others of that kind */
	if (is_realtime(group) && !is_realtime(in))
		return in->since_ns + sched->params.tick_ns;
	if (!partition->slots && partition->vtime <= in->partition->vtime &&
	    would_help(sched, in, o))
		return soon < until ? soon : until;
	/* it has had less than its share yet: look again a tick later */
	if (in->partition->vtime <= partition->vtime)
		return now_ns + sched->params.tick_ns;
	return until;
}

/*
 * May @in be told to leave for the sake of @group? *ret_when_ns (if it is earlier) is when a no may turn into
 * a yes.
 */
static bool may_evict(const struct mmx_sched *sched, const struct mmx_sched_group *in,
		      const struct mmx_sched_group *group, struct obstacle o, uint64_t now_ns,
		      uint64_t *ret_when_ns)
{
	uint64_t until;

	if (in->state != MMX_SCHED_IN)
		return false;
	until = in->busy ? busy_until(sched, in, group, o, now_ns) : idle_until(sched, in, group);
	if (until <= now_ns)
		return true;
	if (until < *ret_when_ns)
		*ret_when_ns = until;
	return false;
}

/* Would the VM of @in lose its address space, if its groups left that may be told to? *ret_begun: some leave already. */
static bool frees_address_space(const struct mmx_sched *sched, const struct mmx_sched_group *in,
				const struct mmx_sched_group *group, struct obstacle o,
				uint64_t now_ns, uint64_t *ret_when_ns, bool *ret_begun)
{
	unsigned int i;

	*ret_begun = false;
	for (i = 0; i < sched->params.slots; i++) {
		const struct mmx_sched_group *other = sched->slot[i];

		if (!other || other == in || other->vm != in->vm)
			continue;
		if (other->state == MMX_SCHED_LEAVING)
			*ret_begun = true;
		else if (!may_evict(sched, other, group, o, now_ns, ret_when_ns))
			return false;
	}
	return true;
}

/*
 * Idle ones first; then of the partition that has had most; then one that has had its turn, those whose came
 * first before others; then the one that has had most of it.
 */
static bool better_victim(const struct mmx_sched *sched, const struct mmx_sched_group *a,
			  const struct mmx_sched_group *b)
{
	bool over = turn_is_over(sched, a);

	if (a->busy != b->busy)
		return !a->busy;
	if (a->partition->vtime != b->partition->vtime)
		return a->partition->vtime > b->partition->vtime;
	if (over != turn_is_over(sched, b))
		return over;
	return over || a->used_ns == b->used_ns ? a->turn < b->turn : a->used_ns > b->used_ns;
}

/* @fresh: also one that begins to free something; else only what completes the freeing of an address space. */
static struct mmx_sched_group *find_victim(const struct mmx_sched *sched,
					   const struct mmx_sched_group *group, struct obstacle o,
					   bool fresh, uint64_t now_ns, uint64_t *ret_when_ns)
{
	struct mmx_sched_group *victim = NULL;
	unsigned int i;

	for (i = 0; i < sched->params.slots; i++) {
		struct mmx_sched_group *in = sched->slot[i];
		bool begun = false;

		if (!in || (o.share && in->partition != group->partition) ||
		    !may_evict(sched, in, group, o, now_ns, ret_when_ns))
			continue;
		if (o.address_space &&
		    !frees_address_space(sched, in, group, o, now_ns, ret_when_ns, &begun))
			continue;
		if (begun)
			return in;
		if (fresh && (!victim || better_victim(sched, in, victim)))
			victim = in;
	}
	return victim;
}

/*
 * A firmware priority that nobody has, as near as can be to where the group's own priority belongs: whether it leads is
 * decided when it is in.
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
	unsigned int slot = 0, fw_priority = pick_fw_priority(sched, group->priority);

	while (sched->slot[slot])
		slot++;
	mmx_sched_unready(group);
	group->state = MMX_SCHED_ENTERING;
	group->slot = slot;
	group->fw_priority = fw_priority;
	group->fw_next = fw_priority;
	group->used_ns = 0;
	group->partition->slots++;
	sched->slot[slot] = group;
	sched->priorities |= 1u << fw_priority;
	*ret_action = (struct mmx_sched_action){
		.what = MMX_SCHED_PLACE, .group = group, .slot = slot, .fw_priority = fw_priority
	};
}

static void evict(struct mmx_sched *sched, struct mmx_sched_group *victim, uint64_t now_ns,
		  struct mmx_sched_action *ret_action)
{
	mmx_sched_leaving(sched, victim, now_ns);
	*ret_action = (struct mmx_sched_action){ .what = MMX_SCHED_EVICT,
						 .group = victim,
						 .slot = victim->slot };
}

static unsigned int count_ready(const struct mmx_sched *sched)
{
	unsigned int i, count = 0;
	struct mmx_list *pos, *elem;

	mmx_list_for_each(pos, &sched->waiting) {
		const struct mmx_sched_partition *partition =
			mmx_container_of(pos, struct mmx_sched_partition, link);

		for (i = 0; i < MMX_SCHED_PRIORITIES && mmx_sched_may_place(sched, partition); i++)
			mmx_list_for_each(elem, &partition->ready[i])
				if (++count > MMX_SCHED_MAX_SLOTS)
					return count;
	}
	return count;
}

/* Return: true if a group is to be placed or evicted. */
static bool decide_slots(struct mmx_sched *sched, uint64_t now_ns,
			 struct mmx_sched_action *ret_action)
{
	/* each slot that is being left is spoken for by one of those that wait */
	bool may_more = count_ready(sched) > sched->leaving;
	struct mmx_list *pos;

	mmx_list_for_each(pos, &sched->waiting) {
		struct mmx_sched_partition *partition =
			mmx_container_of(pos, struct mmx_sched_partition, link);
		struct mmx_sched_group *group = first_ready(partition), *victim;
		struct obstacle o;

		if (!mmx_sched_may_place(sched, partition))
			continue;
		o = obstacles(sched, group);
		if (!o.slot && !o.address_space && !o.share) {
			/* somebody who is given another has two: soon one of them is free */
			if (sched->priorities == FW_ALL)
				continue;
			place(sched, group, ret_action);
			return true;
		}
		if (!may_more && !o.address_space)
			continue;
		victim = find_victim(sched, group, o, may_more, now_ns, &sched->deadline_ns);
		if (victim) {
			evict(sched, victim, now_ns, ret_action);
			return true;
		}
	}
	return false;
}

/* Groups that could not be placed are ready again. */
static void release_aside(struct mmx_sched *sched, uint64_t now_ns)
{
	while (!mmx_list_empty(&sched->aside)) {
		struct mmx_sched_group *group =
			mmx_list_first(&sched->aside, struct mmx_sched_group, link);

		if (group->retry_ns > now_ns) {
			sched->deadline_ns = group->retry_ns;
			return;
		}
		mmx_sched_unready(group);
		mmx_sched_make_ready(sched, group);
	}
}

/* ---- leaders ---- */

static bool runs(const struct mmx_sched_group *group)
{
	return group && group->busy && group->state == MMX_SCHED_IN;
}

/* @a goes before @b for what they are: nobody's turn is waited for. */
static bool outranks(const struct mmx_sched_group *a, const struct mmx_sched_group *b)
{
	if (is_realtime(a) != is_realtime(b))
		return is_realtime(a);
	return a->partition == b->partition && a->priority > b->priority;
}

static bool goes_before(const struct mmx_sched_group *a, const struct mmx_sched_group *b)
{
	if (outranks(a, b) || outranks(b, a))
		return outranks(a, b);
	if (a->partition->vtime != b->partition->vtime)
		return a->partition->vtime < b->partition->vtime;
	if (a->partition != b->partition && a->woke != b->woke)
		return a->woke;
	return a->turn < b->turn;
}

/* Return: how many groups run. */
static unsigned int find_best(const struct mmx_sched *sched, struct mmx_sched_group **ret_best)
{
	unsigned int i, count = 0;

	*ret_best = NULL;
	for (i = 0; i < sched->params.slots; i++) {
		struct mmx_sched_group *group = sched->slot[i];

		if (!runs(group))
			continue;
		count++;
		if (!*ret_best || goes_before(group, *ret_best))
			*ret_best = group;
	}
	return count;
}

/* Somebody else has just got work: when does he lead, if he has had no more by then? */
static void wake_for_others(struct mmx_sched *sched, uint64_t now_ns)
{
	uint64_t wake_ns = sched->led_since_ns + MMX_SCHED_WAKE_NS;
	unsigned int i;

	for (i = 0; i < sched->params.slots; i++) {
		const struct mmx_sched_group *group = sched->slot[i];

		if (runs(group) && group->woke && group->partition != sched->leader->partition) {
			mmx_sched_wake_at(sched,
					  wake_ns > now_ns ? wake_ns : now_ns + MMX_SCHED_WAKE_NS);
			return;
		}
	}
}

static void choose_leader(struct mmx_sched *sched, uint64_t now_ns)
{
	struct mmx_sched_group *leader = runs(sched->leader) ? sched->leader : NULL, *best;
	bool over = leader && now_ns - sched->led_since_ns >= sched->params.tick_ns;
	unsigned int count;

	if (over)
		leader->turn = ++sched->turns;
	count = find_best(sched, &best);
	/* who has just got work and had no more does not wait for the end of the tick */
	if (leader && best != leader && !over && !outranks(best, leader) &&
	    (!best->woke || best->partition == leader->partition ||
	     now_ns < sched->led_since_ns + MMX_SCHED_WAKE_NS))
		best = leader;
	if (best != sched->leader || over)
		sched->led_since_ns = now_ns;
	sched->leader = best;
	if (best)
		best->woke = false;
	if (count > 1) {
		mmx_sched_wake_at(sched, sched->led_since_ns + sched->params.tick_ns);
		wake_for_others(sched, now_ns);
	}
}

/* The first free firmware priority of [from, end). Return: @end: there is none. */
static unsigned int find_free(const struct mmx_sched *sched, unsigned int from, unsigned int end)
{
	while (from < end && sched->priorities & 1u << from)
		from++;
	return from;
}

static void prioritize(struct mmx_sched *sched, struct mmx_sched_group *group,
		       unsigned int fw_priority, struct mmx_sched_action *ret_action)
{
	group->fw_next = fw_priority;
	sched->priorities |= 1u << fw_priority;
	sched->moving = group;
	*ret_action = (struct mmx_sched_action){ .what = MMX_SCHED_PRIORITIZE,
						 .group = group,
						 .slot = group->slot,
						 .fw_priority = fw_priority };
}

/* Return: true if a group is to be given another firmware priority, so that the leader has the highest. */
static bool decide_leader(struct mmx_sched *sched, uint64_t now_ns,
			  struct mmx_sched_action *ret_action)
{
	struct mmx_sched_group *leader, *above = NULL;
	unsigned int i, up, down, end;

	choose_leader(sched, now_ns);
	leader = sched->leader;
	if (!leader)
		return false;
	for (i = 0; i < sched->params.slots; i++) {
		struct mmx_sched_group *group = sched->slot[i];

		if (runs(group) && group->fw_priority > leader->fw_priority &&
		    (!above || group->fw_priority > above->fw_priority))
			above = group;
	}
	/* its tick begins when it has the cores */
	if (above || sched->rising)
		sched->led_since_ns = now_ns;
	sched->rising = above;
	if (!above || sched->moving)
		return false;
	end = is_realtime(leader) ? MMX_SCHED_MAX_SLOTS : FW_REALTIME;
	up = find_free(sched, above->fw_priority + 1, end);
	down = find_free(sched, 0, MMX_SCHED_MAX_SLOTS);
	if (up < end)
		prioritize(sched, leader, up, ret_action);
	else if (down < above->fw_priority)
		prioritize(sched, above, down, ret_action);
	else if (down < MMX_SCHED_MAX_SLOTS)
		prioritize(sched, leader, down, ret_action);
	else
		return false;
	return true;
}

/* ---- both ---- */

/*
 * Nothing but these makes a decision that was not there to make: a change, or the deadline, which is set whenever
 * time alone turns a no into a yes.
 */
bool mmx_sched_next(struct mmx_sched *sched, uint64_t now_ns, struct mmx_sched_action *ret_action)
{
	mmx_sched_account(sched, now_ns);
	if (!sched->changed && now_ns < sched->deadline_ns)
		return false;
	sched->deadline_ns = UINT64_MAX;
	release_aside(sched, now_ns);
	if (mmx_sched_decide_alone(sched, now_ns, ret_action) ||
	    decide_slots(sched, now_ns, ret_action) || decide_leader(sched, now_ns, ret_action)) {
		sched->changed = true;
		return true;
	}
	sched->changed = false;
	return false;
}

uint64_t mmx_sched_deadline(const struct mmx_sched *sched)
{
	return sched->deadline_ns;
}
