// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Life cycle of the daemon's middle, its partitions, and one round of the loop. Owns the GPU, the scheduler and
 * the sessions; the device, the clock and the configuration are lent to it.
 *
 * States: STARTING -> RUNNING -> STOPPING or FAILING -> ENDED. On the way down sessions are ended and unwind by
 * themselves, through events; when the device is lost, a last GPU reset ends at once whatever waits for hardware.
 */
#include "backend/core/core_priv.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/core/ram.h"
#include "hv/proto/region.h"

/* Messages of one guest per round. */
#define PUMP_BUDGET 64u

/* Twice as often as is promised to guests (hv/proto/region.h). */
#define HEARTBEAT_NS (MMX_HEARTBEAT_MS * MMX_NS_PER_MS / 2)

/* About a guest, which can cause it as often as it likes. */
#define say(p, level, ...)                                                                \
	mmx_log_limited(&(p)->log_limit, mmx_core_now((p)->core), MMX_LOG_SESSION, level, \
			(p)->config->name, __VA_ARGS__)

void mmx_core_set_state(struct mmx_core *core, enum mmx_core_state state)
{
	if (core->state == state)
		return;
	core->state = state;
	core->ops->state(core->ctx, state);
}

void mmx_core_mark(struct mmx_partition *p)
{
	if (mmx_list_empty(&p->todo))
		mmx_list_add_tail(&p->core->todo, &p->todo);
}

/* ---- what sessions report ---- */

static void session_broken(void *ctx, struct mmx_session *session, const char *why)
{
	struct mmx_partition *p = ctx;

	(void)session;
	p->broken = why;
	p->closed = EPROTO;
	mmx_core_mark(p);
}

static void session_gone(void *ctx, struct mmx_session *session)
{
	struct mmx_partition *p = ctx;

	(void)session;
	p->gone = true;
	mmx_core_mark(p);
}

static void session_news(void *ctx, struct mmx_session *session)
{
	(void)session;
	mmx_core_mark(ctx);
}

static void session_pump(void *ctx, struct mmx_session *session)
{
	struct mmx_partition *p = ctx;

	(void)session;
	p->pump = true;
	mmx_core_mark(p);
}

static const struct mmx_session_ops session_ops = {
	.group_created = mmx_core_group_created,
	.group_stop = mmx_core_group_stop,
	.submit = mmx_core_submit,
	.bind_done = mmx_core_bind_done,
	.binds_stop = mmx_core_binds_stop,
	.vm_lost = mmx_core_vm_lost,
	.pump = session_pump,
	.broken = session_broken,
	.gone = session_gone,
	.group_gpu_time = mmx_core_group_gpu_time,
	.news = session_news,
};

/* ---- timers ---- */

/* The round that follows decides anew. */
static void tick(struct mmx_timer *timer)
{
	(void)timer;
}

static void heartbeat(struct mmx_timer *timer)
{
	struct mmx_core *core = mmx_container_of(timer, struct mmx_core, heartbeat);
	uint64_t now_ns = mmx_core_now(core);
	size_t i;

	if (core->sched)
		mmx_sched_account(core->sched, now_ns);
	for (i = 0; i < core->partition_count; i++)
		if (core->partitions[i].session)
			mmx_session_heartbeat(core->partitions[i].session,
					      core->partitions[i].sched.gpu_time_ns);
	mmx_timer_set(core->params.timers, timer, now_ns + HEARTBEAT_NS);
}

/* ---- life cycle ---- */

int mmx_core_create(const struct mmx_core_params *params, const struct mmx_core_ops *ops, void *ctx,
		    struct mmx_core **ret_core)
{
	struct mmx_core *core = calloc(1, sizeof(*core));
	size_t i;
	int r;

	if (!core)
		return -ENOMEM;
	core->params = *params;
	core->ops = ops;
	core->ctx = ctx;
	core->started_ns = mmx_core_now(core);
	mmx_list_init(&core->groups);
	mmx_list_init(&core->todo);
	mmx_list_init(&core->watched);
	core->partition_count = params->config->partition_count;
	core->partitions = calloc(core->partition_count, sizeof(*core->partitions));
	if (!core->partitions) {
		r = -ENOMEM;
		goto err_free;
	}
	for (i = 0; i < core->partition_count; i++) {
		core->partitions[i].core = core;
		mmx_list_init(&core->partitions[i].todo);
		mmx_list_init(&core->partitions[i].watched);
		mmx_list_init(&core->partitions[i].waiting);
		mmx_list_init(&core->partitions[i].work);
		mmx_list_init(&core->partitions[i].ending);
		core->partitions[i].config = &params->config->partitions[i];
		core->partitions[i].limits = params->config->partitions[i].limits;
		core->partitions[i].limits.wire.mem_bytes +=
			core->partitions[i].config->ram.mem_bytes;
		core->partitions[i].ram.fd = -1;
		mmx_list_init(&core->partitions[i].sched.link);
	}
	r = mmx_timer_init(params->timers, &core->tick, tick);
	if (r)
		goto err_partitions;
	r = mmx_timer_init(params->timers, &core->heartbeat, heartbeat);
	if (r)
		goto err_tick;
	r = mmx_core_sync_init(core);
	if (r)
		goto err_heartbeat;
	r = mmx_core_power_init(core);
	if (r)
		goto err_sync;
	r = mmx_gpu_create(params->dev, params->timers, params->image, &mmx_core_gpu_ops, core,
			   &core->gpu);
	if (r)
		goto err_power;
	*ret_core = core;
	return 0;

err_power:
	mmx_core_power_finish(core);
err_sync:
	mmx_core_sync_finish(core);
err_heartbeat:
	mmx_timer_finish(params->timers, &core->heartbeat);
err_tick:
	mmx_timer_finish(params->timers, &core->tick);
err_partitions:
	free(core->partitions);
err_free:
	free(core);
	return r;
}

void mmx_core_destroy(struct mmx_core *core)
{
	size_t i;

	if (!core)
		return;
	if (core->sched)
		for (i = 0; i < core->partition_count; i++)
			mmx_sched_partition_del(core->sched, &core->partitions[i].sched);
	mmx_sched_destroy(core->sched);
	mmx_gpu_destroy(core->gpu);
	mmx_core_sync_finish(core);
	mmx_core_power_finish(core);
	mmx_timer_finish(core->params.timers, &core->heartbeat);
	mmx_timer_finish(core->params.timers, &core->tick);
	free(core->partitions);
	free(core);
}

void mmx_core_start(struct mmx_core *core)
{
	mmx_timer_set(core->params.timers, &core->heartbeat, mmx_core_now(core) + HEARTBEAT_NS);
	mmx_gpu_start(core->gpu);
}

enum mmx_core_state mmx_core_state(const struct mmx_core *core)
{
	return core->state;
}

static void end_sessions(struct mmx_core *core, int closed)
{
	size_t i;

	for (i = 0; i < core->partition_count; i++)
		if (core->partitions[i].session)
			mmx_session_end(core->partitions[i].session, closed);
}

void mmx_core_stop(struct mmx_core *core)
{
	if (core->state >= MMX_CORE_STOPPING)
		return;
	mmx_core_set_state(core, MMX_CORE_STOPPING);
	end_sessions(core, ESHUTDOWN);
}

void mmx_core_gpu_lost(struct mmx_core *core, const char *why)
{
	size_t i;

	if (core->state >= MMX_CORE_FAILING)
		return;
	mmx_log(MMX_LOG_CORE, MMX_LOG_ERROR, "GPU is lost: %s", why);
	mmx_core_set_state(core, MMX_CORE_FAILING);
	for (i = 0; i < core->partition_count; i++)
		if (core->partitions[i].session)
			mmx_session_gpu_state(core->partitions[i].session, MMX_GPU_STATE_LOST);
	end_sessions(core, ENODEV);
}

void mmx_core_gpu_ready(struct mmx_core *core)
{
	const struct mmx_gpu_info *info = mmx_gpu_info(core->gpu);
	struct mmx_sched_params params = {
		.slots = info->slots,
		.address_spaces = (unsigned int)__builtin_popcount(info->as_present & ~1u),
		.tick_ns = core->params.config->tick_us * MMX_NS_PER_US,
		.cores = (unsigned int)__builtin_popcountll(info->shader_present),
	};
	size_t i;

	if (core->sched || core->state != MMX_CORE_STARTING)
		return;
	mmx_log(MMX_LOG_CORE, MMX_LOG_INFO,
		"GPU is ready: id 0x%08x, %u slots of %u streams, firmware interface %u.%u.%u",
		info->gpu_id, info->slots, info->streams, info->fw_version >> 24,
		info->fw_version >> 16 & 0xff, info->fw_version & 0xffff);
	if (mmx_sched_create(&params, &core->sched)) {
		mmx_core_gpu_lost(core,
				  "no memory for the scheduler, or no address space for groups");
		return;
	}
	for (i = 0; i < core->partition_count; i++) {
		struct mmx_partition *partition = &core->partitions[i];
		uint64_t cores = partition->limits.shader_cores;

		partition->sched.weight = partition->config->weight;
		partition->sched.slots_max = partition->config->slots_max;
		if (!partition->sched.slots_max || partition->sched.slots_max > info->slots)
			partition->sched.slots_max = info->slots;
		mmx_sched_partition_add(core->sched, &partition->sched);
		partition->limits.slots = partition->sched.slots_max;
		partition->limits.shader_cores = (cores ? cores : ~0ull) & info->shader_present;
		if (!partition->limits.shader_cores) {
			mmx_log(MMX_LOG_CORE, MMX_LOG_ERROR,
				"partition %s: shader_cores 0x%llx has none of the GPU's 0x%llx",
				partition->config->name, (unsigned long long)cores,
				(unsigned long long)info->shader_present);
			mmx_core_gpu_lost(core, "a partition has no cores");
			return;
		}
	}
	mmx_core_set_state(core, MMX_CORE_RUNNING);
}

/* ---- guests ---- */

static void region_params(const struct mmx_partition *p, struct mmx_region_params *ret_params)
{
	*ret_params = (struct mmx_region_params){
		.sub_slots = p->config->ring_slots,
		.comp_slots = p->config->ring_slots,
		.max_timelines = p->config->limits.wire.max_timelines,
		.data_size = p->config->limits.wire.mem_bytes,
	};
}

int mmx_core_layout(struct mmx_core *core, size_t partition, struct mmx_region_hdr *ret_layout)
{
	struct mmx_region_params params;

	region_params(&core->partitions[partition], &params);
	return mmx_region_layout(&params, ret_layout);
}

int mmx_core_offer(struct mmx_core *core, size_t partition, struct mmx_peer *ret_peer)
{
	struct mmx_partition *p = &core->partitions[partition];
	const struct mmx_transport *transport = p->config->transport;
	struct mmx_peer peer;
	struct mmx_region_params params;
	struct mmx_region_hdr layout;
	int r;

	if (core->state != MMX_CORE_RUNNING)
		return CORE_E_NOT_READY;
	if (p->session || p->offered)
		return CORE_E_BUSY;
	if (!transport->stays && mmx_core_quarantine_ns(p))
		return CORE_E_QUARANTINED;
	region_params(p, &params);
	r = mmx_region_layout(&params, &layout);
	if (!r)
		r = transport->make(&peer, &params);
	if (r)
		return r;
	/* the data area alone: neither rings nor session page are the GPU's */
	r = mmx_device_map(core->params.dev, peer.region_fd, layout.data_offset, layout.data_size,
			   true, &p->map);
	if (r) {
		mmx_peer_finish(&peer);
		return r;
	}
	p->offered = true;
	*ret_peer = peer;
	return 0;
}

int mmx_core_open_ram(struct mmx_core *core, size_t partition, pid_t pid)
{
	struct mmx_partition *p = &core->partitions[partition];
	char why[160];

	if (!p->config->ram.file ||
	    !mmx_ram_open(core->params.dev, p->config, pid, &p->ram, why, sizeof(why)))
		return 0;
	say(p, MMX_LOG_WARN, "guest_ram: %s: %s", p->config->ram.file, why);
	return CORE_E_NO_RAM;
}

int mmx_core_adopt(struct mmx_core *core, size_t partition, struct mmx_peer *peer)
{
	struct mmx_partition *p = &core->partitions[partition];
	struct mmx_region_hdr layout;
	uint8_t *region = peer->region;
	int r;

	if (core->state != MMX_CORE_RUNNING)
		return CORE_E_NOT_READY;
	if (p->session || p->offered)
		return CORE_E_BUSY;
	r = mmx_core_layout(core, partition, &layout);
	if (!r)
		r = p->config->transport->adopt(peer, &layout);
	if (r)
		return r;
	/* once it is sealed there is no mapping of it but those that there are */
	if (mmx_peer_is_sealed(peer))
		r = mmx_device_map_here(core->params.dev, region + layout.data_offset,
					layout.data_size, &p->map);
	else
		r = mmx_device_map(core->params.dev, peer->region_fd, layout.data_offset,
				   layout.data_size, true, &p->map);
	p->offered = !r;
	return r;
}

void mmx_core_withdraw(struct mmx_core *core, size_t partition)
{
	struct mmx_partition *p = &core->partitions[partition];

	/* a session that does not end keeps it, and dies with the device */
	if (!p->offered || p->session)
		return;
	p->offered = false;
	mmx_ram_close(core->params.dev, &p->ram);
	mmx_device_unmap(core->params.dev, &p->map);
	p->map = (struct mmx_dma_map){ 0 };
}

int mmx_core_attach(struct mmx_core *core, size_t partition, struct mmx_peer *peer,
		    struct mmx_session **ret_session)
{
	struct mmx_partition *p = &core->partitions[partition];
	struct mmx_session_params params = {
		.partition = p->config->name,
		.limits = &p->limits,
		.epoch = core->params.epoch,
		.peer = peer,
		.map = &p->map,
		.ram = p->ram.count ? &p->ram : NULL,
		.log_limit = &p->log_limit,
	};
	int r;

	region_params(p, &params.region);
	if (core->state != MMX_CORE_RUNNING || p->session)
		return CORE_E_NOT_READY;
	if (mmx_core_quarantine_ns(p))
		return CORE_E_QUARANTINED;
	r = mmx_session_create(core->gpu, core->params.dev, core->params.timers, &params,
			       &session_ops, p, &p->session);
	if (r)
		return r;
	core->sessions++;
	p->guests++;
	p->gone = false;
	p->broken = NULL;
	p->pump = true;
	mmx_core_mark(p);
	mmx_session_heartbeat(p->session, p->sched.gpu_time_ns);
	say(p, MMX_LOG_INFO, "guest connected");
	*ret_session = p->session;
	return 0;
}

struct mmx_log_limit *mmx_core_log_limit(struct mmx_core *core, size_t partition)
{
	return &core->partitions[partition].log_limit;
}

void mmx_core_kick(struct mmx_core *core, struct mmx_session *session)
{
	struct mmx_partition *p = mmx_session_ctx(session);

	core->work++;
	p->pump = true;
	mmx_core_mark(p);
}

void mmx_core_hangup(struct mmx_core *core, struct mmx_session *session)
{
	struct mmx_partition *p = mmx_session_ctx(session);

	(void)core;
	if (mmx_session_ending(session))
		return;
	say(p, MMX_LOG_INFO, "guest went away");
	mmx_session_end(session, ECONNRESET);
}

void mmx_core_irq(struct mmx_core *core, enum mmx_irq irq)
{
	core->work++;
	mmx_gpu_irq(core->gpu, irq);
}

/* ---- a round ---- */

static void end_broken(struct mmx_partition *p)
{
	if (!p->broken || mmx_session_ending(p->session))
		return;
	say(p, MMX_LOG_WARN, "session is ended: %s", p->broken);
	mmx_session_end(p->session, p->closed);
}

static void reap(struct mmx_partition *p)
{
	struct mmx_session *session = p->session;
	struct mmx_core *core = p->core;
	struct mmx_session_stats stats;

	mmx_session_stats(session, &stats);
	p->jobs_done += stats.jobs_done;
	p->jobs_failed += stats.jobs_failed;
	p->faults += stats.faults;
	p->session = NULL;
	core->ops->detach(core->ctx, session);
	mmx_session_destroy(session);
	/* no page table names the region any more */
	if (!p->config->transport->stays)
		mmx_core_withdraw(core, (size_t)(p - core->partitions));
	p->pump = false;
	mmx_list_del(&p->watched);
	core->sessions--;
	say(p, MMX_LOG_INFO, "session is gone: %llu jobs, %llu of them failed",
	    (unsigned long long)stats.jobs_done, (unsigned long long)stats.jobs_failed);
}

bool mmx_core_set_polling(struct mmx_core *core, bool on)
{
	core->polling = on;
	return !on && !mmx_list_empty(&core->watched);
}

uint64_t mmx_core_work(const struct mmx_core *core)
{
	return core->work;
}

/* Guests that do not notify: those who have something, or, when nobody will look any more, all of them. */
static void look(struct mmx_core *core)
{
	struct mmx_list *pos, *next;

	mmx_list_for_each_safe(pos, next, &core->watched) {
		struct mmx_partition *p = mmx_container_of(pos, struct mmx_partition, watched);
		bool news = mmx_session_has_news(p->session);

		if (core->polling && !news)
			continue;
		core->work += news;
		mmx_list_del(&p->watched);
		p->pump = true;
		mmx_core_mark(p);
	}
}

static void pump_one(struct mmx_partition *p, unsigned int budget)
{
	struct mmx_core *core = p->core;

	p->pump = mmx_session_pump(p->session, budget, core->polling);
	if (!p->pump && core->polling && mmx_list_empty(&p->watched))
		mmx_list_add_tail(&core->watched, &p->watched);
}

/* What was left of the last round, and messages, of all who have some. */
static void pump(struct mmx_core *core)
{
	struct mmx_list *pos;

	mmx_list_for_each(pos, &core->todo) {
		struct mmx_partition *p = mmx_container_of(pos, struct mmx_partition, todo);

		unsigned int looks;

		mmx_core_jobs_round(p);
		mmx_core_groups_round(p);
		/* looking at what it waits for takes from what its messages may */
		looks = mmx_core_sync_look(p, PUMP_BUDGET);
		if (p->session && p->pump)
			pump_one(p, looks < PUMP_BUDGET ? PUMP_BUDGET - looks : 1);
	}
}

/* Each of them once: what they are marked for meanwhile is for the next round. */
static void settle(struct mmx_core *core)
{
	struct mmx_list now;

	/* the local head takes the place of the core's, which is empty then */
	mmx_list_add(&core->todo, &now);
	mmx_list_del(&core->todo);
	while (!mmx_list_empty(&now)) {
		struct mmx_partition *p = mmx_list_first(&now, struct mmx_partition, todo);

		mmx_list_del(&p->todo);
		if (!p->session)
			continue;
		mmx_session_flush(p->session);
		end_broken(p);
		if (p->gone)
			reap(p);
		if (p->pump || p->to_look || !mmx_list_empty(&p->work) ||
		    !mmx_list_empty(&p->ending))
			mmx_core_mark(p);
	}
}

bool mmx_core_round(struct mmx_core *core)
{
	mmx_timers_run(core->params.timers);
	if (mmx_device_lost(core->params.dev) && core->state < MMX_CORE_FAILING)
		mmx_core_gpu_lost(core, "the device does not answer any more");
	look(core);
	pump(core);
	mmx_core_decide(core);
	settle(core);
	if (!core->sessions &&
	    (core->state == MMX_CORE_STOPPING || core->state == MMX_CORE_FAILING))
		mmx_core_set_state(core, MMX_CORE_ENDED);
	return !mmx_list_empty(&core->todo);
}
