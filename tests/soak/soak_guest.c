// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The guests of the soak test. Each has an honest client, of whose jobs every result is known and must come, and now and
 * then one that means no good: it faults, never ends, waits for what never comes. Called by soak.c.
 *
 * What must hold of an honest job: it succeeds, with the right result, unless the GPU was reset while it was there.
 */
#include <errno.h>
#include <string.h>

#include "tests/soak/soak.h"

#define HONEST 0u /* index of client, VM and memory object */
#define HARM   1u
#define ASYNC \
	2u /* of the VM with a timeline, of the honest client; and of the timeline, behind those of groups */
#define ASYNC_TIMELINE RIG_NAME((SOAK_GROUPS + 1) * SOAK_QUEUES)
/* Streams are of at most 256 bytes, and lie before the results. */
#define STREAM_BYTES 256u
#define HARM_RESULT  600u
#define SPARE_VA     0x40000000ull
#define SPARE_PAGES  32u
/* No honest job takes longer where nothing is disturbed: 8 guests of 3 groups take turns of 10 ms. */
#define MOST_NS (4 * MMX_NS_PER_S)

static uint32_t group_name(const struct soak_guest *guest, unsigned int group)
{
	const struct soak_group *g =
		group < SOAK_GROUPS ? &guest->groups[group] : &guest->harm_group;

	return mmx_name_make(group, g->generation);
}

static uint32_t timeline_name(const struct soak_guest *guest, unsigned int group,
			      unsigned int queue)
{
	return mmx_name_make(group * SOAK_QUEUES + queue,
			     mmx_name_generation(group_name(guest, group)));
}

static struct soak_group *group_at(struct soak_guest *guest, unsigned int group)
{
	return group < SOAK_GROUPS ? &guest->groups[group] : &guest->harm_group;
}

/* ---- life ---- */

static void make_group(struct soak_guest *guest, unsigned int group)
{
	struct soak_group *g = group_at(guest, group);
	const struct rig_ctx *ctx = group < SOAK_GROUPS ? &guest->honest : &guest->harm;
	const struct mmx_gpu_info *info = mmx_gpu_info(guest->soak->rig.core->gpu);
	struct mmx_queue_desc queues[SOAK_QUEUES] = { { 0 } };
	struct mmx_group_desc desc = {
		.client = ctx->client,
		.vm = ctx->vm,
		.max_compute_cores = 4,
		.max_fragment_cores = 4,
		.max_tiler_cores = 1,
		.compute_core_mask = info->shader_present,
		.fragment_core_mask = info->shader_present,
		.tiler_core_mask = info->tiler_present,
	};
	union mmx_msg_buf msg;
	unsigned int i;

	memset(g, 0, sizeof(*g));
	guest->generations[group] = mmx_name_next_generation(guest->generations[group]);
	g->generation = guest->generations[group];
	desc.group = group_name(guest, group);
	/* strict priorities could starve an honest job */
	desc.priority = 1;
	for (i = 0; i < SOAK_QUEUES; i++)
		queues[i] = (struct mmx_queue_desc){
			.priority = i,
			.ring_size = 4096,
			.timeline = timeline_name(guest, group, i),
		};
	RIG_CHECK(!rig_call(
		&guest->rig, &msg,
		mmx_encode_group_create(&msg, rig_tag(&guest->rig), &desc, queues, SOAK_QUEUES)));
	g->made = true;
	guest->soak->groups++;
}

void soak_guest_begin(struct soak_guest *guest)
{
	unsigned int i;

	rig_guest_connect(&guest->soak->rig, guest->index, &guest->rig);
	RIG_CHECK(!rig_hello(&guest->rig));
	rig_ctx_create(&guest->rig, HONEST, &guest->honest);
	guest->connected = true;
	guest->has_harm = false;
	guest->has_heap = false;
	memset(&guest->groups, 0, sizeof(guest->groups));
	memset(&guest->harm_group, 0, sizeof(guest->harm_group));
	memset(guest->slots, 0, sizeof(guest->slots));
	guest->binds_sent = guest->binds_told = 0;
	RIG_CHECK(!rig_vm_create_async(&guest->rig, guest->honest.client, RIG_NAME(ASYNC),
				       ASYNC_TIMELINE, 0));
	for (i = 0; i < SOAK_GROUPS; i++)
		make_group(guest, i);
	guest->soak->connects++;
}

void soak_guest_die(struct soak_guest *guest)
{
	rig_guest_hangup(&guest->rig);
	guest->connected = false;
	guest->soak->deaths++;
}

/* ---- jobs ---- */

static struct soak_job *job_at(struct soak_queue *queue, uint64_t seqno)
{
	return &queue->jobs[seqno % SOAK_JOBS];
}

static unsigned int take_slot(struct soak_guest *guest)
{
	unsigned int slot = soak_below(guest->soak, sizeof(guest->slots)), i;

	for (i = 0; guest->slots[slot]; i++) {
		RIG_CHECK(i < sizeof(guest->slots));
		slot = (slot + 1) % sizeof(guest->slots);
	}
	guest->slots[slot] = 1;
	return slot;
}

static bool has_room(const struct soak_queue *queue)
{
	return queue->submitted - queue->told < SOAK_JOBS - 1;
}

static struct soak_job *new_job(struct soak_guest *guest, struct soak_queue *queue,
				enum soak_job_kind kind)
{
	struct soak_job *job = job_at(queue, ++queue->submitted);

	*job = (struct soak_job){
		.seqno = queue->submitted,
		.kind = kind,
		.resets = guest->soak->resets,
		.since_ns = guest->soak->rig.now_ns,
	};
	return job;
}

/* Where the next stream goes, and its result. */
static void place_stream(struct soak_guest *guest, struct soak_job *job)
{
	job->slot = take_slot(guest);
	guest->honest.stream_end = (size_t)job->slot * STREAM_BYTES;
	guest->honest.memory[RIG_RESULTS / sizeof(uint32_t) + job->slot] = 0;
}

static void send_job(struct soak_guest *guest, unsigned int group, unsigned int queue,
		     const struct soak_job *job, struct rig_stream stream,
		     const struct mmx_wait *wait)
{
	rig_submit(&guest->rig, group_name(guest, group), queue, job->seqno, stream, wait,
		   wait ? 1 : 0);
	guest->soak->jobs++;
}

/* A job of another queue that stores a result and is not known to be complete; NULL if there is none. */
static const struct soak_job *some_result(struct soak_guest *guest, unsigned int *ret_group,
					  unsigned int *ret_queue)
{
	unsigned int group = soak_below(guest->soak, SOAK_GROUPS);
	unsigned int queue = soak_below(guest->soak, SOAK_QUEUES);
	struct soak_queue *q = &guest->groups[group].queues[queue];
	const struct soak_job *job = job_at(q, q->submitted);

	*ret_group = group;
	*ret_queue = queue;
	if (!guest->groups[group].made || q->submitted == q->told || job->kind == SOAK_EMPTY ||
	    job->resets != guest->soak->resets)
		return NULL;
	return job;
}

static void submit_copy(struct soak_guest *guest, unsigned int group, unsigned int queue)
{
	struct soak_queue *q = &guest->groups[group].queues[queue];
	unsigned int from_group, from_queue;
	const struct soak_job *from = some_result(guest, &from_group, &from_queue);
	struct mmx_wait wait;
	struct soak_job *job;

	if (!from)
		return;
	/* by value: the new job may be of the same queue */
	wait = (struct mmx_wait){ .timeline = timeline_name(guest, from_group, from_queue),
				  .seqno = from->seqno };
	job = new_job(guest, q, SOAK_COPY);
	job->want = from->want + 1;
	place_stream(guest, job);
	job->from = from->slot;
	guest->slots[job->from]++;
	send_job(guest, group, queue, job, rig_copy(&guest->honest, from->slot, job->slot), &wait);
}

static void submit_honest(struct soak_guest *guest, unsigned int group, unsigned int queue,
			  enum soak_job_kind kind, unsigned int us)
{
	struct soak_queue *q = &guest->groups[group].queues[queue];
	struct rig_stream stream = rig_empty;
	struct soak_job *job;

	if (!guest->groups[group].made || !has_room(q))
		return;
	if (kind == SOAK_COPY) {
		submit_copy(guest, group, queue);
		return;
	}
	job = new_job(guest, q, kind);
	if (kind != SOAK_EMPTY) {
		job->want = 1 + soak_below(guest->soak, 1u << 30);
		place_stream(guest, job);
		stream = kind == SOAK_STORE ? rig_store(&guest->honest, job->slot, job->want)
					    : rig_work(&guest->honest, us, job->slot, job->want);
	}
	send_job(guest, group, queue, job, stream, NULL);
}

void soak_guest_fill(struct soak_guest *guest)
{
	unsigned int group;

	for (group = 0; group < SOAK_GROUPS; group++)
		while (guest->groups[group].made &&
		       guest->groups[group].queues[0].submitted -
				       guest->groups[group].queues[0].told <
			       6)
			submit_honest(guest, group, 0, SOAK_WORK, 1000);
}

bool soak_guest_is_idle(const struct soak_guest *guest)
{
	unsigned int group, queue;

	for (group = 0; group < SOAK_GROUPS; group++)
		for (queue = 0; queue < SOAK_QUEUES; queue++)
			if (guest->groups[group].queues[queue].submitted !=
			    guest->groups[group].queues[queue].told)
				return false;
	return true;
}

/* ---- what comes ---- */

static void check_job(struct soak_guest *guest, const struct soak_job *job, int error)
{
	struct soak *soak = guest->soak;
	bool disturbed = job->resets != soak->resets || soak->disturbed;
	uint32_t result =
		job->kind == SOAK_EMPTY ? job->want : rig_result(&guest->honest, job->slot);

	if (error) {
		/* lost in a reset, or since the GPU hung before it */
		RIG_CHECK(disturbed);
		RIG_CHECK(error == ECANCELED || error == ETIMEDOUT);
		soak->lost_jobs++;
	} else {
		/* what it copies may have been lost: that counts as completed */
		RIG_CHECK(result == job->want || (disturbed && job->kind == SOAK_COPY));
		RIG_CHECK(disturbed || soak->rig.now_ns - job->since_ns < MOST_NS);
	}
	if (job->kind != SOAK_EMPTY)
		guest->slots[job->slot]--;
	if (job->kind == SOAK_COPY)
		guest->slots[job->from]--;
}

static void take_entry(struct soak_guest *guest, const struct rig_entry *entry)
{
	unsigned int index = mmx_name_index(entry->timeline);
	unsigned int group = index / SOAK_QUEUES, queue = index % SOAK_QUEUES;
	struct soak_queue *q;

	if (entry->timeline == ASYNC_TIMELINE) {
		/* a bind does not care how the job has ended that it waits for */
		RIG_CHECK(!entry->error);
		RIG_CHECK(entry->last > guest->binds_told && entry->last <= guest->binds_sent);
		guest->binds_told = entry->last;
		return;
	}
	RIG_CHECK(group <= SOAK_GROUPS);
	q = &group_at(guest, group)->queues[queue];
	/* the last of a group that was destroyed have been read before its name was used again */
	RIG_CHECK(entry->timeline == timeline_name(guest, group, queue));
	RIG_CHECK(entry->last > q->told && entry->last <= q->submitted);
	while (q->told < entry->last) {
		const struct soak_job *job = job_at(q, ++q->told);

		RIG_CHECK(job->seqno == q->told);
		if (job->kind != SOAK_HARM)
			check_job(guest, job, entry->error);
	}
}

/* An honest group is never lost but by a reset. */
static void look_at_groups(struct soak_guest *guest)
{
	unsigned int group;
	uint32_t state;

	for (group = 0; group < SOAK_GROUPS; group++) {
		if (!guest->groups[group].made)
			continue;
		RIG_CHECK(!rig_group_state(&guest->rig, group_name(guest, group), &state));
		if (!state)
			continue;
		RIG_CHECK(guest->soak->resets || guest->soak->disturbed);
		RIG_CHECK(!(state & MMX_GROUP_STATE_FATAL_FAULT));
		RIG_CHECK(
			!rig_object(&guest->rig, MMX_MSG_GROUP_DESTROY, group_name(guest, group)));
		soak_guest_read(guest);
		make_group(guest, group);
	}
}

void soak_guest_read(struct soak_guest *guest)
{
	struct rig_guest *rig = &guest->rig;
	uint32_t i;

	if (!guest->connected)
		return;
	rig_guest_read(rig);
	for (i = 0; i < rig->entry_count; i++)
		take_entry(guest, &rig->entries[i]);
	guest->soak->faults += rig->fault_count;
	rig->entry_count = rig->released_count = rig->fault_count = rig->gpu_state_count = 0;
}

/* ---- harm ---- */

static void begin_harm(struct soak_guest *guest)
{
	rig_ctx_create(&guest->rig, HARM, &guest->harm);
	guest->has_harm = true;
	make_group(guest, SOAK_GROUPS);
}

static void end_harm(struct soak_guest *guest)
{
	RIG_CHECK(!rig_object(&guest->rig, MMX_MSG_CLIENT_DESTROY, guest->harm.client));
	/* in use until the release is told: read before the name is used again */
	RIG_CHECK(!rig_object(&guest->rig, MMX_MSG_MEM_DESTROY, guest->harm.mem));
	soak_guest_read(guest);
	guest->has_harm = false;
	guest->harm_group.made = false;
}

static struct rig_stream some_harm(struct soak_guest *guest)
{
	struct rig_ctx *ctx = &guest->harm;

	/* the host runs each instruction of it, until it is taken off the GPU: it must be rare */
	if (!soak_below(guest->soak, 100))
		return rig_endless(ctx);
	switch (soak_below(guest->soak, 7)) {
	case 0:
		return rig_fault(ctx);
	case 1:
		return rig_fatal(ctx);
	case 2:
		return rig_poke(ctx, RIG_UNMAPPED, 1);
	case 3:
		return rig_await(ctx, 1 + soak_below(guest->soak, 64), 1u << 30);
	case 4:
		return rig_signal(ctx, 1 + soak_below(guest->soak, 64));
	case 5:
		/* where there is a stream that may be running */
		return rig_poke(ctx, RIG_VA + soak_below(guest->soak, RIG_RESULTS / 8) * 8,
				soak_below(guest->soak, 1u << 30));
	default:
		return rig_work(ctx, 1 + soak_below(guest->soak, 20000), HARM_RESULT, 1);
	}
}

static void do_harm(struct soak_guest *guest)
{
	struct soak_queue *q;
	unsigned int queue = soak_below(guest->soak, SOAK_QUEUES);
	struct soak_job *job;

	if (!guest->has_harm) {
		begin_harm(guest);
		return;
	}
	q = &guest->harm_group.queues[queue];
	if (!has_room(q) || !soak_below(guest->soak, 6)) {
		end_harm(guest);
		return;
	}
	guest->harm.stream_end = soak_below(guest->soak, 128) * STREAM_BYTES;
	job = new_job(guest, q, SOAK_HARM);
	rig_submit(&guest->rig, group_name(guest, SOAK_GROUPS), queue, job->seqno, some_harm(guest),
		   NULL, 0);
	guest->soak->harm_jobs++;
}

/* ---- all that it does ---- */

/* Maps and unmaps beside what its jobs use. */
static void do_bind(struct soak_guest *guest)
{
	uint64_t size = (1 + soak_below(guest->soak, SPARE_PAGES)) * MMX_WIRE_PAGE_SIZE;
	uint64_t va = SPARE_VA + soak_below(guest->soak, 64) * MMX_WIRE_PAGE_SIZE;
	uint32_t flags = soak_below(guest->soak, 8);

	if (soak_below(guest->soak, 2))
		RIG_CHECK(!rig_map(&guest->rig, guest->honest.vm, guest->honest.mem, 0, va, size,
				   flags));
	else
		RIG_CHECK(!rig_unmap(&guest->rig, guest->honest.vm, SPARE_VA, 1ull << 21));
	guest->soak->binds++;
}

/* Waits for a job, maybe, and is waited for by one. */
static void do_async_bind(struct soak_guest *guest)
{
	unsigned int group = soak_below(guest->soak, SOAK_GROUPS);
	unsigned int queue = soak_below(guest->soak, SOAK_QUEUES);
	struct mmx_wait wait = { .timeline = timeline_name(guest, group, queue),
				 .seqno = guest->groups[group].queues[queue].submitted };
	struct mmx_bind_op ops[] = {
		{ .op = MMX_BIND_OP_UNMAP,
		  .va = SPARE_VA + soak_below(guest->soak, 64) * MMX_WIRE_PAGE_SIZE,
		  .size = 4 * MMX_WIRE_PAGE_SIZE },
		{ .op = MMX_BIND_OP_MAP,
		  .mem = guest->honest.mem,
		  .va = SPARE_VA + soak_below(guest->soak, 64) * MMX_WIRE_PAGE_SIZE,
		  .size = (1 + soak_below(guest->soak, SPARE_PAGES)) * MMX_WIRE_PAGE_SIZE },
	};

	if (guest->binds_sent - guest->binds_told >= SOAK_JOBS)
		return;
	rig_bind_async(&guest->rig, RIG_NAME(ASYNC), ++guest->binds_sent, ops, 2, &wait,
		       soak_below(guest->soak, 2));
	guest->soak->binds++;
	wait = (struct mmx_wait){ .timeline = ASYNC_TIMELINE, .seqno = guest->binds_sent };
	if (has_room(&guest->groups[group].queues[queue]))
		send_job(guest, group, queue,
			 new_job(guest, &guest->groups[group].queues[queue], SOAK_EMPTY), rig_empty,
			 &wait);
}

/* A tiler heap comes, or goes. */
static void do_heap(struct soak_guest *guest)
{
	const struct mmx_heap_desc heap = {
		.vm = guest->honest.vm,
		.heap = RIG_NAME(0),
		.initial_chunk_count = 1 + soak_below(guest->soak, 3),
		.chunk_size = 128u << 10,
		.max_chunks = 4,
		.target_in_flight = 2,
	};

	if (guest->has_heap)
		RIG_CHECK(!rig_object(&guest->rig, MMX_MSG_HEAP_DESTROY, heap.heap));
	else
		RIG_CHECK(!rig_heap_create(&guest->rig, &heap));
	guest->has_heap = !guest->has_heap;
}

/* One of its groups goes while it has work, and comes back. */
static void do_group(struct soak_guest *guest)
{
	unsigned int group = soak_below(guest->soak, SOAK_GROUPS), queue;
	struct soak_group *g = &guest->groups[group];

	for (queue = 0; queue < SOAK_QUEUES; queue++)
		if (g->queues[queue].submitted != g->queues[queue].told)
			return;
	RIG_CHECK(!rig_object(&guest->rig, MMX_MSG_GROUP_DESTROY, group_name(guest, group)));
	soak_guest_read(guest);
	make_group(guest, group);
}

void soak_guest_act(struct soak_guest *guest)
{
	unsigned int what = soak_below(guest->soak, 1000);
	unsigned int group = soak_below(guest->soak, SOAK_GROUPS);
	unsigned int queue = soak_below(guest->soak, SOAK_QUEUES);

	if (what < 100)
		submit_honest(guest, group, queue, SOAK_EMPTY, 0);
	else if (what < 400)
		submit_honest(guest, group, queue, SOAK_STORE, 0);
	else if (what < 600)
		submit_honest(guest, group, queue, SOAK_WORK, 1 + soak_below(guest->soak, 2000));
	else if (what < 800)
		submit_honest(guest, group, queue, SOAK_COPY, 0);
	else if (what < 840)
		do_bind(guest);
	else if (what < 870)
		do_async_bind(guest);
	else if (what < 880)
		do_heap(guest);
	else if (what < 920)
		do_harm(guest);
	else if (what < 960)
		do_group(guest);
	else if (what < 990)
		look_at_groups(guest);
	else if (what < 996)
		guest->reads =
			guest->soak->rig.now_ns + soak_below(guest->soak, 20) * MMX_NS_PER_MS;
	else
		soak_guest_die(guest);
}

void soak_guest_check(const struct soak_guest *guest)
{
	struct mmx_session_stats stats;
	unsigned int i, groups = guest->has_harm;

	if (!guest->connected)
		return;
	RIG_CHECK(guest->rig.session && !guest->rig.stray);
	for (i = 0; i < SOAK_GROUPS; i++)
		groups += guest->groups[i].made;
	mmx_session_stats(guest->rig.session, &stats);
	RIG_CHECK(stats.clients == 1u + guest->has_harm);
	RIG_CHECK(stats.vms == 2u + guest->has_harm);
	RIG_CHECK(stats.heaps == (guest->has_heap ? 1u : 0u));
	RIG_CHECK(stats.groups == groups);
	RIG_CHECK(stats.timelines == groups * SOAK_QUEUES + 1);
}
