// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A session from the guest's connection to the point where nothing is left of it: takes the region over, pumps the
 * submission ring, greets, keeps the heartbeat, and unwinds.
 *
 * The end: clients are told to go (client.c); when the last has gone, no VM is left, so no page table names the
 * guest's memory any more and maintenance is through: only then may the region be unmapped from the device.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/session/bind.h"

#define FEATURES 0ull /* none is defined yet */

static void init_pool(struct mmx_request_pool *pool, struct mmx_request *requests, uint32_t count)
{
	mmx_list_init(&pool->free);
	pool->fresh = requests;
	pool->end = requests + count;
}

static int init_tables(struct mmx_session *s)
{
	const struct mmx_limits *limits = &s->limits->wire;
	int r;

	r = mmx_table_init(&s->clients, limits->max_clients);
	if (!r)
		r = mmx_table_init(&s->mems, limits->max_mems);
	if (!r)
		r = mmx_table_init(&s->vms, limits->max_vms);
	if (!r)
		r = mmx_table_init(&s->groups, limits->max_groups);
	if (!r)
		r = mmx_table_init(&s->timelines, limits->max_timelines);
	if (!r)
		r = mmx_table_init(&s->heaps, limits->max_heaps);
	if (r)
		return r;
	s->requests =
		calloc((size_t)limits->max_requests + MMX_SUBMIT_ANSWERS, sizeof(*s->requests));
	if (!s->requests)
		return -ENOMEM;
	init_pool(&s->calls, s->requests, limits->max_requests);
	init_pool(&s->jobs, s->requests + limits->max_requests, MMX_SUBMIT_ANSWERS);
	return 0;
}

static void finish_tables(struct mmx_session *s)
{
	free(s->requests);
	mmx_table_finish(&s->heaps);
	mmx_table_finish(&s->timelines);
	mmx_table_finish(&s->groups);
	mmx_table_finish(&s->vms);
	mmx_table_finish(&s->mems);
	mmx_table_finish(&s->clients);
}

static int init_region(struct mmx_session *s, const struct mmx_session_params *params)
{
	uint8_t *region = params->peer->region;
	int r;

	r = mmx_region_layout(&params->region, &s->layout);
	if (r)
		return r;
	if (s->layout.size > params->peer->region_size ||
	    s->layout.max_timelines < s->limits->wire.max_timelines)
		return -EINVAL;
	s->page = (void *)(region + s->layout.session_offset);
	s->page->epoch = params->epoch;
	mmx_ring_consumer_init(&s->sub, (void *)(region + s->layout.sub_offset),
			       s->layout.sub_slots);
	mmx_ring_producer_init(&s->comp, (void *)(region + s->layout.comp_offset),
			       s->layout.comp_slots);
	return 0;
}

static void move_peer(struct mmx_peer *from, struct mmx_peer *to)
{
	*to = *from;
	*from = (struct mmx_peer)MMX_PEER_INIT;
}

int mmx_session_create(struct mmx_gpu *gpu, struct mmx_device *dev, struct mmx_timers *timers,
		       const struct mmx_session_params *params, const struct mmx_session_ops *ops,
		       void *ctx, struct mmx_session **ret_session)
{
	struct mmx_session *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->gpu = gpu;
	s->dev = dev;
	s->timers = timers;
	s->ops = ops;
	s->ctx = ctx;
	s->partition = params->partition;
	s->limits = params->limits;
	s->epoch = params->epoch;
	s->log_limit = params->log_limit;
	mmx_list_init(&s->edits);
	mmx_list_init(&s->unflushed);
	mmx_list_init(&s->sweeps);
	mmx_notify_init(s);
	r = init_tables(s);
	if (!r)
		r = init_region(s, params);
	if (r) {
		finish_tables(s);
		free(s);
		return r;
	}
	move_peer(params->peer, &s->peer);
	s->map = *params->map;
	s->ram = params->ram;
	s->stats.pid = s->peer.pid;
	s->stats.uid = s->peer.uid;
	*ret_session = s;
	return 0;
}

void mmx_session_take_peer(struct mmx_session *s, struct mmx_peer *ret_peer)
{
	move_peer(&s->peer, ret_peer);
}

void mmx_session_destroy(struct mmx_session *s)
{
	if (!s)
		return;
	mmx_peer_finish(&s->peer);
	finish_tables(s);
	free(s);
}

/* ---- the end ---- */

void mmx_session_continue(struct mmx_session *s)
{
	uint32_t i;

	if (s->state != MMX_SESSION_ENDING || s->clients.count)
		return;
	s->state = MMX_SESSION_GONE;
	mmx_notify_drop(s);
	for (i = 0; i < s->mems.size; i++)
		if (s->mems.entries[i].name)
			mmx_memobj_free(s->mems.entries[i].object);
	mmx_gpu_free(s->gpu, &s->dummy);
	s->ops->gone(s->ctx, s);
}

void mmx_session_end(struct mmx_session *s, int closed)
{
	uint32_t i;

	if (mmx_session_ending(s))
		return;
	/* what there is to say is said now, as far as there is room */
	mmx_session_flush(s);
	s->state = MMX_SESSION_ENDING;
	__atomic_store_n(&s->page->closed, (uint32_t)closed, __ATOMIC_RELEASE);
	mmx_peer_call(&s->peer);
	for (i = 0; i < s->clients.size; i++)
		if (s->clients.entries[i].name)
			mmx_client_begin_destroy(s->clients.entries[i].object, NULL);
	mmx_session_continue(s);
}

bool mmx_session_ending(const struct mmx_session *s)
{
	return s->state >= MMX_SESSION_ENDING;
}

/* ---- pump ---- */

/* Is there a record for the answer, should the next message be a SUBMIT that is refused? */
static bool can_answer(struct mmx_session *s)
{
	if (!mmx_request_left(&s->jobs))
		mmx_session_flush(s);
	return mmx_request_left(&s->jobs);
}

static void publish(struct mmx_session *s)
{
	if (mmx_ring_consume_publish(&s->sub))
		mmx_peer_call(&s->peer);
}

/* Reads while there is credit above @floor. Return: true: there is nothing more to read
 * now; the guest will notify, or whoever watches will call again. */
static bool read_messages(struct mmx_session *s, int64_t floor, bool watched)
{
	int size;

	while (s->credit > floor && !mmx_session_ending(s) && !s->broken) {
		/* what comes behind a synchronous bind finds it carried out */
		if (s->sync) {
			mmx_edit_run(s, floor);
			continue;
		}
		/* ... and a heap made */
		if (s->making) {
			mmx_sheap_make(s);
			continue;
		}
		/* the guest notifies when it has made room in the completion ring */
		if (!can_answer(s))
			return true;
		size = mmx_ring_read(&s->sub, s->buf, sizeof(s->buf));
		if (size < 0) {
			mmx_session_break(s, "the submission ring is broken");
			return true;
		}
		if (size) {
			s->credit -= MMX_SESSION_MESSAGE_WORK;
			mmx_session_dispatch(s, (uint32_t)size);
			continue;
		}
		publish(s);
		if (watched || mmx_ring_want_data(&s->sub))
			return true;
	}
	return mmx_session_ending(s) || s->broken;
}

bool mmx_session_pump(struct mmx_session *s, unsigned int budget, bool watched)
{
	int64_t quantum = (int64_t)budget * MMX_SESSION_MESSAGE_WORK;
	bool sleeps;

	if (s->state == MMX_SESSION_GONE)
		return false;
	/* nothing is saved up, but a debt is paid */
	s->credit = s->credit < 0 ? s->credit + quantum : quantum;
	s->stalled = false;
	sleeps = read_messages(s, quantum / 2, watched);
	mmx_edit_run(s, quantum / 4);
	mmx_sheaps_run(s, quantum / 2);
	mmx_edit_run(s, 0);
	if (!sleeps)
		sleeps = read_messages(s, 0, watched);
	mmx_edit_flush(s);
	if (!mmx_session_ending(s) && !s->broken)
		publish(s);
	return !sleeps || mmx_edit_pending(s) || mmx_sheaps_pending(s);
}

uint64_t mmx_session_progress(const struct mmx_session *s)
{
	return s->stats.messages + s->comp.prod;
}

bool mmx_session_has_news(const struct mmx_session *s)
{
	return !mmx_session_ending(s) && !s->broken && mmx_request_left(&s->jobs) &&
	       mmx_ring_has_news(&s->sub);
}

/* ---- HELLO, heartbeat, status ---- */

static void describe_gpu(const struct mmx_session *s, struct mmx_gpu_desc *ret_desc)
{
	const struct mmx_gpu_info *info = mmx_gpu_info(s->gpu);

	*ret_desc = (struct mmx_gpu_desc){
		.gpu_id = info->gpu_id,
		.gpu_rev = info->gpu_rev,
		.csf_id = info->csf_id,
		.l2_features = info->l2_features,
		.tiler_features = info->tiler_features,
		.mem_features = info->mem_features,
		.mmu_features = info->mmu_features,
		.thread_features = info->thread_features,
		.max_threads = info->max_threads,
		.thread_max_workgroup_size = info->thread_max_workgroup_size,
		.thread_max_barrier_size = info->thread_max_barrier_size,
		.coherency_features = info->coherency_features,
		.as_present = info->as_present,
		.core_features = info->core_features,
		.shader_present = info->shader_present & s->limits->shader_cores,
		.l2_present = info->l2_present,
		.tiler_present = info->tiler_present,
		.gpu_features = info->gpu_features,
		.csg_slots = s->limits->slots,
		.cs_slots = info->streams,
		.cs_registers = info->cs_registers,
		.scoreboards = info->scoreboards,
		/* the call sequence uses three of the top registers; panthor says four */
		.unpreserved_cs_registers = 4,
		.coherent = s->dev->coherent,
	};
	memcpy(ret_desc->texture_features, info->texture_features,
	       sizeof(ret_desc->texture_features));
}

int mmx_hello(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_hello *m = msg;
	struct mmx_reply_hello *reply = (void *)request->reply;
	const char *c;

	if (s->state != MMX_SESSION_NEW)
		return EBUSY;
	if (!memchr(m->name, 0, sizeof(m->name)))
		return EINVAL;
	if (m->version_min > MMX_PROTO_VERSION_0_1 || m->version_max < MMX_PROTO_VERSION_0_1)
		return EPROTONOSUPPORT;
	if (m->features & ~FEATURES)
		return EPROTONOSUPPORT;
	for (c = m->name; *c; c++)
		if (*c < ' ' || *c > '~')
			return EINVAL;
	memcpy(s->stats.guest_name, m->name, sizeof(s->stats.guest_name));
	s->stats.greeted = true;
	s->state = MMX_SESSION_OPEN;
	reply->version = MMX_PROTO_VERSION_0_1;
	reply->features = FEATURES;
	reply->epoch = s->epoch;
	reply->limits = s->limits->wire;
	reply->limits.max_priority = s->limits->priority_ceiling + 1;
	reply->spaces = s->ram ? s->ram->count : 0;
	describe_gpu(s, &reply->gpu);
	request->size = sizeof(*reply);
	return 0;
}

/* Each is a round trip on the device's bus: some hundred times what a message takes (docs/limits.md). */
#define TIME_WORK (16 * MMX_SESSION_MESSAGE_WORK)

int mmx_time(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_time *m = msg;
	struct mmx_reply_time *reply = (void *)request->reply;
	struct mmx_gpu_time now;

	if (m->flags || m->pad)
		return EINVAL;
	s->credit -= TIME_WORK;
	mmx_gpu_read_time(s->gpu, &now);
	reply->gpu_timestamp = now.timestamp;
	reply->gpu_timestamp_offset = now.timestamp_offset;
	reply->gpu_timestamp_frequency = now.timestamp_hz;
	reply->gpu_cycles = now.cycles;
	reply->backend_ns = now.backend_ns;
	reply->duration_ns = now.duration_ns;
	request->size = sizeof(*reply);
	return 0;
}

void mmx_session_heartbeat(struct mmx_session *s, uint64_t gpu_time_ns)
{
	uint32_t i, left = s->timelines.count;

	for (i = 0; left; i++) {
		const struct mmx_timeline *t = s->timelines.entries[i].object;

		if (!s->timelines.entries[i].name)
			continue;
		left--;
		s->page->timelines[i].gpu_time_ns = mmx_timeline_gpu_time(t);
	}
	mmx_sheaps_retry(s);
	s->page->gpu_time_ns = gpu_time_ns;
	__atomic_store_n(&s->page->heartbeat, mmx_timers_now(s->timers), __ATOMIC_RELEASE);
}

void *mmx_session_ctx(const struct mmx_session *s)
{
	return s->ctx;
}

const char *mmx_session_name(const struct mmx_session *s)
{
	return s->partition;
}

const struct mmx_peer *mmx_session_peer(const struct mmx_session *s)
{
	return &s->peer;
}

bool mmx_session_is_full(const struct mmx_session *s)
{
	return !mmx_session_fits(s, 1);
}

bool mmx_session_fits(const struct mmx_session *s, uint64_t bytes)
{
	uint64_t limit = s->limits->backend_bytes, held = s->backend_bytes + s->reserved_bytes;

	return !limit || (held <= limit && bytes <= limit - held);
}

int mmx_session_dummy(struct mmx_session *s)
{
	int r;

	if (s->dummy.cpu)
		return 0;
	if (!mmx_session_fits(s, MMX_BLOCK_SIZE))
		return ENOSPC;
	r = mmx_gpu_alloc(s->gpu, MMX_BLOCK_SIZE, &s->dummy);
	if (r)
		return r;
	s->backend_bytes += s->dummy.size;
	s->dummy_is_block = mmx_dma_buf_is_block(&s->dummy);
	return 0;
}

void mmx_session_stats(const struct mmx_session *s, struct mmx_session_stats *ret_stats)
{
	*ret_stats = s->stats;
	ret_stats->clients = s->clients.count;
	ret_stats->mems = s->mems.count;
	ret_stats->vms = s->vms.count;
	ret_stats->heaps = s->heaps.count;
	ret_stats->groups = s->groups.count;
	ret_stats->timelines = s->timelines.count;
	ret_stats->backend_bytes = s->backend_bytes;
}
