// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Eight guests with a mixed load, for as long as is wanted, on a virtual clock that runs as fast as it can: jobs of all
 * kinds, binds, groups that come and go, faults, streams without end, time-outs; guests die and come back; interrupts
 * are lost, the firmware hangs and the GPU is reset. What always holds is checked all the time.
 *
 * Usage: soak [--seed N] [--virtual-seconds N] [--wall-seconds N]
 *
 * Ends at what comes first of the two; says how far it got, and with what seed. What does not hold aborts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/group_priv.h"
#include "backend/gpu/vm_priv.h"
#include "tests/soak/soak.h"

/* Of virtual time: a check that nothing is left of anyone, and one that all get their share. */
#define QUIET_NS (20 * MMX_NS_PER_S)
#define FAIR_NS	 (45 * MMX_NS_PER_S)
#define HANG_NS	 (300 * MMX_NS_PER_S)

uint32_t soak_below(struct soak *soak, uint32_t bound)
{
	soak->random ^= soak->random << 13;
	soak->random ^= soak->random >> 7;
	soak->random ^= soak->random << 17;
	return (uint32_t)(soak->random >> 32) % bound;
}

/* ---- what always holds ---- */

static void check_slots(const struct soak *soak)
{
	const struct mmx_gpu *gpu = soak->rig.core->gpu;
	uint32_t priorities = 0;
	unsigned int i, j;

	for (i = 0; i < gpu->info.slots; i++) {
		const struct mmx_slot *slot = &gpu->slots.slot[i];

		if (slot->state == MMX_SLOT_FREE) {
			RIG_CHECK(!slot->group);
			continue;
		}
		if (slot->state != MMX_SLOT_RUNNING)
			continue;
		RIG_CHECK(slot->group->place != MMX_GROUP_OFF && slot->group->slot == i);
		/* firmware does not like two of one priority */
		RIG_CHECK(slot->priority < 16 && !(priorities & 1u << slot->priority));
		priorities |= 1u << slot->priority;
		/* what runs has an address space, and no other VM has the same */
		RIG_CHECK(slot->group->vm->as);
		for (j = 0; j < i; j++) {
			const struct mmx_slot *other = &gpu->slots.slot[j];

			if (other->state == MMX_SLOT_RUNNING)
				RIG_CHECK((other->group->vm == slot->group->vm) ==
					  (other->group->vm->as == slot->group->vm->as));
		}
	}
}

/* Slots that the scheduler has given out, and where groups are. */
static void check_sched(const struct soak *soak)
{
	const struct mmx_core *core = soak->rig.core;
	unsigned int taken[SOAK_GUESTS] = { 0 }, groups[SOAK_GUESTS] = { 0 };
	const struct mmx_list *pos;
	uint32_t slots = 0;
	size_t i;

	for (pos = core->groups.next; pos != &core->groups; pos = pos->next) {
		const struct mmx_core_group *group =
			mmx_container_of(pos, const struct mmx_core_group, link);
		size_t partition = (size_t)(group->partition - core->partitions);

		groups[partition]++;
		if (group->sched.state == MMX_SCHED_OUT)
			continue;
		taken[partition]++;
		RIG_CHECK(!(slots & 1u << group->sched.slot));
		slots |= 1u << group->sched.slot;
	}
	for (i = 0; i < SOAK_GUESTS; i++) {
		const struct mmx_sched_partition *sched = &core->partitions[i].sched;

		RIG_CHECK(sched->slots == taken[i] && sched->groups == groups[i]);
		RIG_CHECK(soak->guests[i].rig.session || !groups[i]);
	}
}

/* GPU time is charged once: all that is charged together is not more than the time that has passed. */
static void check_accounts(struct soak *soak, uint64_t passed_ns)
{
	struct mmx_core *core = soak->rig.core;
	uint64_t charged_ns = 0;
	size_t i;

	mmx_sched_account(core->sched, soak->rig.now_ns);
	for (i = 0; i < SOAK_GUESTS; i++) {
		uint64_t now_ns = core->partitions[i].sched.gpu_time_ns;

		RIG_CHECK(now_ns >= soak->guests[i].gpu_time_ns);
		charged_ns += now_ns - soak->guests[i].gpu_time_ns;
		soak->guests[i].gpu_time_ns = now_ns;
	}
	/* rounding: less than 1 ns for each group and event */
	RIG_CHECK(charged_ns <= passed_ns + 1000);
}

static void check(struct soak *soak, uint64_t passed_ns)
{
	size_t i;

	RIG_CHECK(soak->rig.state == MMX_CORE_RUNNING);
	check_slots(soak);
	check_sched(soak);
	check_accounts(soak, passed_ns);
	for (i = 0; i < SOAK_GUESTS; i++)
		soak_guest_check(&soak->guests[i]);
}

/* ---- time ---- */

static void count_resets(struct soak *soak)
{
	struct mmx_gpu_stats stats;

	mmx_gpu_stats(soak->rig.core->gpu, &stats);
	soak->resets = stats.resets;
}

static void pass(struct soak *soak, uint64_t ns)
{
	uint64_t before_ns = soak->rig.now_ns;
	size_t i;

	rig_run(&soak->rig, ns);
	count_resets(soak);
	for (i = 0; i < SOAK_GUESTS; i++)
		if (soak->guests[i].reads <= soak->rig.now_ns)
			soak_guest_read(&soak->guests[i]);
	check(soak, soak->rig.now_ns - before_ns);
}

/* Requests that wait for their answer let time pass too: accounts begin anew behind them. */
static void act(struct soak *soak, struct soak_guest *guest)
{
	uint64_t before_ns = soak->rig.now_ns;

	if (guest->connected)
		soak_guest_act(guest);
	else if (!guest->rig.session && guest->back_ns <= soak->rig.now_ns)
		soak_guest_begin(guest);
	if (!guest->connected && guest->back_ns <= soak->rig.now_ns)
		guest->back_ns = soak->rig.now_ns + soak_below(soak, 50) * MMX_NS_PER_MS;
	count_resets(soak);
	check_accounts(soak, soak->rig.now_ns - before_ns);
}

static bool all_gone(const struct soak *soak)
{
	size_t i;

	for (i = 0; i < SOAK_GUESTS; i++)
		if (soak->guests[i].rig.session)
			return false;
	return true;
}

/* All die at once, and nothing is left. */
static void be_quiet(struct soak *soak)
{
	size_t i;

	for (i = 0; i < SOAK_GUESTS; i++)
		if (soak->guests[i].connected)
			soak_guest_die(&soak->guests[i]);
	RIG_UNTIL(&soak->rig, all_gone(soak));
	/* what is given up in the background */
	pass(soak, 50 * MMX_NS_PER_MS);
	RIG_UNTIL(&soak->rig, mmx_gpu_is_ready(soak->rig.core->gpu));
	rig_check_nothing_left(&soak->rig);
	soak->quiet++;
}

/* All have more to do than there is GPU: each gets its share, by weight. */
static void be_fair(struct soak *soak)
{
	const uint64_t window_ns = 600 * MMX_NS_PER_MS;
	uint64_t before_ns[SOAK_GUESTS], total_ns = 0, end_ns, resets;
	struct mmx_core *core = soak->rig.core;
	uint32_t weights = 0;
	size_t i;

	be_quiet(soak);
	for (i = 0; i < SOAK_GUESTS; i++) {
		soak_guest_begin(&soak->guests[i]);
		soak_guest_fill(&soak->guests[i]);
	}
	/* into the middle of it */
	pass(soak, 10 * MMX_NS_PER_MS);
	resets = soak->resets;
	for (i = 0; i < SOAK_GUESTS; i++)
		before_ns[i] = core->partitions[i].sched.gpu_time_ns;
	for (end_ns = soak->rig.now_ns + window_ns; soak->rig.now_ns < end_ns;) {
		pass(soak, MMX_NS_PER_MS);
		for (i = 0; i < SOAK_GUESTS; i++)
			soak_guest_fill(&soak->guests[i]);
	}
	for (i = 0; i < SOAK_GUESTS; i++) {
		before_ns[i] = core->partitions[i].sched.gpu_time_ns - before_ns[i];
		total_ns += before_ns[i];
		weights += core->partitions[i].config->weight;
	}
	if (resets != soak->resets)
		return;
	for (i = 0; i < SOAK_GUESTS; i++) {
		uint64_t share_ns = total_ns * core->partitions[i].config->weight / weights;

		/* two turns of 10 ms in either direction, of which each is shared by up to 8 */
		RIG_CHECK(before_ns[i] + 20 * MMX_NS_PER_MS > share_ns);
		RIG_CHECK(before_ns[i] < share_ns + 20 * MMX_NS_PER_MS);
	}
}

/* The firmware hangs while all have work, until the GPU is reset: groups are lost, and the GPU comes back. */
static void hang(struct soak *soak)
{
	uint64_t resets = soak->resets, end_ns = soak->rig.now_ns + 30 * MMX_NS_PER_S;
	size_t i;

	soak->disturbed = true;
	for (i = 0; i < SOAK_GUESTS; i++)
		if (soak->guests[i].connected)
			soak_guest_fill(&soak->guests[i]);
	pass(soak, MMX_NS_PER_MS);
	soak->rig.mute = true;
	while (soak->resets == resets && soak->rig.now_ns < end_ns) {
		pass(soak, 100 * MMX_NS_PER_MS);
		for (i = 0; i < SOAK_GUESTS; i++)
			if (soak->guests[i].connected)
				soak_guest_fill(&soak->guests[i]);
	}
	RIG_CHECK(soak->resets != resets);
	soak->rig.mute = false;
	RIG_UNTIL(&soak->rig, mmx_gpu_is_ready(soak->rig.core->gpu));
	/* what was there before may have run out of time, or been lost */
	pass(soak, 6 * MMX_NS_PER_S);
	for (i = 0; i < SOAK_GUESTS; i++)
		RIG_CHECK(!soak->guests[i].connected || soak_guest_is_idle(&soak->guests[i]));
	be_quiet(soak);
	soak->disturbed = false;
}

/* ---- the whole ---- */

struct options {
	uint64_t seed, virtual_ns;
	double wall_s;
};

static double wall_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void run(struct soak *soak, const struct options *options)
{
	uint64_t start_ns = soak->rig.now_ns, end_ns = start_ns + options->virtual_ns;
	uint64_t quiet_ns = start_ns, fair_ns = start_ns, hang_ns = start_ns;
	double end_s = wall_s() + options->wall_s;

	while (soak->rig.now_ns < end_ns && wall_s() < end_s) {
		struct soak_guest *guest = &soak->guests[soak_below(soak, SOAK_GUESTS)];
		unsigned int burst = 1 + soak_below(soak, 4);

		while (burst--)
			act(soak, guest);
		/* bursts, and pauses between them */
		pass(soak, soak_below(soak, 100) ? soak_below(soak, 4000) * MMX_NS_PER_US
						 : soak_below(soak, 1000) * MMX_NS_PER_MS);
		if (soak->rig.now_ns - quiet_ns > QUIET_NS) {
			be_quiet(soak);
			quiet_ns = soak->rig.now_ns;
		}
		if (soak->rig.now_ns - fair_ns > FAIR_NS) {
			be_fair(soak);
			fair_ns = soak->rig.now_ns;
		}
		if (soak->rig.now_ns - hang_ns > HANG_NS) {
			hang(soak);
			hang_ns = soak->rig.now_ns;
		}
	}
}

static bool take_option(struct options *options, const char *name, const char *value)
{
	if (!strcmp(name, "--seed"))
		options->seed = strtoull(value, NULL, 0);
	else if (!strcmp(name, "--virtual-seconds"))
		options->virtual_ns = strtoull(value, NULL, 0) * MMX_NS_PER_S;
	else if (!strcmp(name, "--wall-seconds"))
		options->wall_s = strtod(value, NULL);
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	/* what 'make check' does */
	struct options options = { .seed = (uint64_t)time(NULL),
				   .virtual_ns = 3600 * MMX_NS_PER_S,
				   .wall_s = 8 };
	static struct soak soak;
	double start_s = wall_s();
	uint64_t start_ns;
	unsigned int i;
	int arg;

	for (arg = 1; arg < argc; arg += 2) {
		if (arg + 1 < argc && take_option(&options, argv[arg], argv[arg + 1]))
			continue;
		fputs("Usage: soak [--seed N] [--virtual-seconds N] [--wall-seconds N]\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %llu\n", (unsigned long long)options.seed);
	soak.random = options.seed * 2654435761u + 88172645463325252ull;
	rig_init(&soak.rig, SOAK_GUESTS);
	for (i = 0; i < SOAK_GUESTS; i++) {
		soak.guests[i].soak = &soak;
		soak.guests[i].index = i;
		soak.rig.partitions[i].weight = 1 + i % 2;
		/* far above what an honest job takes, and soon enough for streams without end */
		soak.rig.partitions[i].job_timeout_ms = 500;
	}
	rig_start(&soak.rig);
	start_ns = soak.rig.now_ns;
	run(&soak, &options);
	printf("%.1f s of virtual time in %.1f s: %llu jobs, %llu harmful, %llu lost in %llu resets; %llu binds, "
	       "%llu groups, %llu faults, %llu connections, %llu deaths; nothing was left %llu times\n",
	       (double)(soak.rig.now_ns - start_ns) / 1e9, wall_s() - start_s,
	       (unsigned long long)soak.jobs, (unsigned long long)soak.harm_jobs,
	       (unsigned long long)soak.lost_jobs, (unsigned long long)soak.resets,
	       (unsigned long long)soak.binds, (unsigned long long)soak.groups,
	       (unsigned long long)soak.faults, (unsigned long long)soak.connects,
	       (unsigned long long)soak.deaths, (unsigned long long)soak.quiet);
	rig_finish(&soak.rig);
	return 0;
}
