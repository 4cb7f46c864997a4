// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * See rig.h. What loop.c is to the daemon this is to tests: it takes interrupts and kicks from their descriptors,
 * hands them to core, and runs rounds; where loop.c sleeps, it moves the clock to the next thing that is due.
 */
#include "tests/unit/rig.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/device/model_device.h"
#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/gpu_regs.h"
#include "backend/gpu/int_regs.h"
#include "backend/gpu/mmu_regs.h"
#include "firmware/generate.h"
#include "firmware/image.h"
#include "tests/unit/rig_guest.h"
#include "tools/model/model.h"

/* Turns of one settling: more would mean that something goes round for ever. */
#define MAX_TURNS 100000u

bool rig_two_views;
const struct two_views_site *rig_ignored_site;
bool rig_all_cached;
uint32_t rig_idle_power_off_ms;
uint32_t rig_interface_version;

#define DOORBELL_BASE 0x80000u
#define DOORBELL_END  0x480000u

void rig_die(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

/* ---- device ---- */

static struct mmx_device *inner_of(struct mmx_device *dev)
{
	struct rig *rig = (struct rig *)(void *)dev;

	dev->lost = rig->inner->lost;
	return rig->inner;
}

/* Address space whose register that is, or -1. */
static int as_of(uint32_t offset, uint32_t reg)
{
	unsigned int i;

	for (i = 0; i < MMX_MAX_AS; i++)
		if (offset == MMU_AS_BASE(i) + reg)
			return (int)i;
	return -1;
}

static uint32_t dev_read32(struct mmx_device *dev, uint32_t offset)
{
	struct rig *rig = (struct rig *)(void *)dev;
	uint32_t value = mmx_device_read32(inner_of(dev), offset);
	int as = as_of(offset, AS_STATUS);

	rig->now_ns += rig->read_ns;
	if (offset == MMU_INT_BASE + INT_STAT)
		value &= ~(rig->silent_as << 16);
	return as >= 0 && (rig->stuck_as & 1u << as) ? value | AS_STATUS_ACTIVE : value;
}

/* Firmware looks at a slot whose doorbell bit differs: so what it is not to see is taken back. */
static void hide_requests(struct rig *rig)
{
	struct mmx_fw *fw = &rig->core->gpu->fw;
	struct mmx_csf_glb *glb = &fw->glb;
	unsigned int i;

	for (i = 0; i < rig->core->gpu->info.slots; i++) {
		uint32_t state = MMX_FIELD_GET(CSG_REQ_STATE, fw->csg[i].input->req);

		if (!(rig->deaf[i] & 1u << state) ||
		    state == MMX_FIELD_GET(CSG_REQ_STATE, fw->csg[i].output->ack))
			continue;
		glb->input->doorbell_req = mmx_csf_update(glb->input->doorbell_req,
							  glb->output->doorbell_ack, 1u << i);
	}
}

/* Return: true if the write gets lost. */
static bool loses_write(struct rig *rig, uint32_t offset)
{
	int as = as_of(offset, AS_COMMAND);

	if (as >= 0 && (rig->stick_as & 1u << as)) {
		rig->stick_as &= ~(1u << as);
		rig->stuck_as |= 1u << as;
		return true;
	}
	if (offset < DOORBELL_BASE || offset >= DOORBELL_END)
		return false;
	if (rig->mute)
		return true;
	if (offset == DOORBELL_BASE && mmx_boot_is_running(rig->core->gpu))
		hide_requests(rig);
	return false;
}

static uint64_t dev_read64(struct mmx_device *dev, uint32_t offset)
{
	return mmx_device_read64(inner_of(dev), offset);
}

static void dev_write32(struct mmx_device *dev, uint32_t offset, uint32_t value)
{
	struct rig *rig = (struct rig *)(void *)dev;

	if (offset == GPU_CONTROL_BASE + GPU_CMD && value == GPU_CMD_SOFT_RESET)
		rig->stuck_as = 0;
	rig->as_locks += as_of(offset, AS_COMMAND) >= 0 && value == AS_COMMAND_LOCK;
	if (loses_write(rig, offset))
		return;
	mmx_device_write32(inner_of(dev), offset, value);
}

static void dev_write64(struct mmx_device *dev, uint32_t offset, uint64_t value)
{
	mmx_device_write64(inner_of(dev), offset, value);
}

static int dev_irq_fd(struct mmx_device *dev, enum mmx_irq irq)
{
	return mmx_device_irq_fd(inner_of(dev), irq);
}

static bool dev_irq_take(struct mmx_device *dev, enum mmx_irq irq)
{
	struct rig *rig = (struct rig *)(void *)dev;
	bool fired = mmx_device_irq_take(inner_of(dev), irq);

	if (!fired || !rig->drop_irqs[irq])
		return fired;
	if (rig->drop_irqs[irq] != UINT_MAX)
		rig->drop_irqs[irq]--;
	return false;
}

/* The backend's own memory begins at offset 0 of its files, a guest's data area does not. The model leaves priv alone. */
static int dev_map(struct mmx_device *dev, int fd, uint64_t offset, uint64_t size, bool writable,
		   struct mmx_dma_map *ret_map)
{
	struct rig *rig = (struct rig *)(void *)dev;
	int r;

	if (rig->map_fails && !--rig->map_fails) {
		rig->maps_failed++;
		return -ENOMEM;
	}
	r = mmx_device_map(inner_of(dev), fd, offset, size, writable, ret_map);
	if (!r && offset) {
		ret_map->priv = rig;
		rig->regions++;
	}
	return r;
}

static void dev_unmap(struct mmx_device *dev, struct mmx_dma_map *map)
{
	struct rig *rig = (struct rig *)(void *)dev;

	rig->regions -= map->priv == rig;
	mmx_device_unmap(inner_of(dev), map);
}

static int dev_alloc(struct mmx_device *dev, size_t size, bool uncached,
		     struct mmx_dma_memory *ret_memory)
{
	return two_views_alloc(((struct rig *)(void *)dev)->views, size,
			       uncached && !rig_all_cached, ret_memory);
}

static void dev_free(struct mmx_device *dev, struct mmx_dma_memory *memory)
{
	two_views_free(((struct rig *)(void *)dev)->views, memory);
}

static void dev_sync_for_device(struct mmx_device *dev, const void *cpu, size_t size)
{
	two_views_sync(((struct rig *)(void *)dev)->views, cpu, size, false,
		       __builtin_return_address(0));
}

static void dev_sync_for_cpu(struct mmx_device *dev, const void *cpu, size_t size)
{
	two_views_sync(((struct rig *)(void *)dev)->views, cpu, size, true,
		       __builtin_return_address(0));
}

#define DEVICE_OPS                                                                              \
	.name = "rig", .read32 = dev_read32, .read64 = dev_read64, .write32 = dev_write32,      \
	.write64 = dev_write64, .irq_fd = dev_irq_fd, .irq_take = dev_irq_take, .map = dev_map, \
	.unmap = dev_unmap

static const struct mmx_device_ops device_ops = {
	DEVICE_OPS,
};

static const struct mmx_device_ops views_device_ops = {
	DEVICE_OPS,
	.alloc = dev_alloc,
	.free = dev_free,
	.sync_for_device = dev_sync_for_device,
	.sync_for_cpu = dev_sync_for_cpu,
};

/* ---- core's owner ---- */

static void state_changed(void *ctx, enum mmx_core_state state)
{
	struct rig *rig = ctx;

	RIG_CHECK(state > rig->state);
	rig->state = state;
}

static void detach(void *ctx, struct mmx_session *session)
{
	struct rig *rig = ctx;
	size_t i;

	for (i = 0; i < RIG_MAX_PARTITIONS; i++)
		if (rig->guests[i] && rig->guests[i]->session == session) {
			if (rig->views)
				two_views_disown(rig->views,
						 (uint8_t *)mmx_session_peer(session)->region +
							 rig->guests[i]->front.data_offset);
			if (rig->keep)
				mmx_session_take_peer(session, rig->keep);
			rig->guests[i]->session = NULL;
			rig->guests[i] = NULL;
			return;
		}
	rig_die(__FILE__, __LINE__, "a session that nobody has is detached");
}

static const struct mmx_core_ops core_ops = {
	.state = state_changed,
	.detach = detach,
};

/* ---- time ---- */

static uint64_t clock_now(void *ctx)
{
	return ((struct rig *)ctx)->now_ns;
}

static bool is_readable(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, 0) == 1;
}

static bool take_irqs(struct rig *rig)
{
	bool happened = false;
	int irq;

	for (irq = 0; irq < MMX_IRQ_COUNT; irq++)
		if (is_readable(mmx_device_irq_fd(rig->inner, (enum mmx_irq)irq))) {
			mmx_core_irq(rig->core, (enum mmx_irq)irq);
			happened = true;
		}
	return happened;
}

static bool take_kicks(struct rig *rig)
{
	bool happened = false;
	size_t i;

	for (i = 0; i < RIG_MAX_PARTITIONS; i++) {
		struct rig_guest *guest = rig->guests[i];
		int fd = guest ? mmx_session_peer(guest->session)->kick_fd : -1;

		if (guest && is_readable(fd)) {
			mmx_peer_clear(fd);
			mmx_core_kick(rig->core, guest->session);
			happened = true;
		}
	}
	return happened;
}

/* Firmware may look for other reasons, and so see a ping whose doorbell it was not rung: its answer is taken back. */
static void lose_pings(const struct rig *rig)
{
	const struct mmx_csf_glb *glb = &rig->core->gpu->fw.glb;
	uint32_t *ack;

	if (!rig->lose_pings || !mmx_boot_is_running(rig->core->gpu))
		return;
	ack = (uint32_t *)(uintptr_t)&glb->output->ack;
	*ack = mmx_csf_update(*ack, ~glb->input->req, GLB_REQ_PING);
}

/* Return: true if something has happened, or is due. */
static bool turn(struct rig *rig)
{
	bool happened = take_irqs(rig);
	uint64_t next_ns;

	if (rig->evict_every && ++rig->turns % rig->evict_every == 0)
		two_views_evict(rig->views);

	happened |= take_kicks(rig);
	happened |= mmx_core_round(rig->core);
	if (rig->after_round)
		rig->after_round(rig);
	/* raises interrupts, which the next turn takes */
	next_ns = mmx_model_device_run(rig->inner);
	lose_pings(rig);
	happened |= take_irqs(rig);
	return happened || next_ns <= rig->now_ns || mmx_timers_next(&rig->timers) <= rig->now_ns;
}

void rig_settle(struct rig *rig)
{
	unsigned int turns = 0;

	while (turn(rig))
		RIG_CHECK(++turns < MAX_TURNS);
}

bool rig_step(struct rig *rig, uint64_t end_ns)
{
	uint64_t next_ns, timer_ns;

	rig_settle(rig);
	next_ns = mmx_model_device_run(rig->inner);
	lose_pings(rig);
	timer_ns = mmx_timers_next(&rig->timers);
	if (timer_ns < next_ns)
		next_ns = timer_ns;
	if (next_ns >= end_ns) {
		if (end_ns > rig->now_ns)
			rig->now_ns = end_ns;
		return false;
	}
	if (next_ns > rig->now_ns)
		rig->now_ns = next_ns;
	return true;
}

void rig_run(struct rig *rig, uint64_t ns)
{
	uint64_t end_ns = rig->now_ns + ns;

	while (rig_step(rig, end_ns))
		;
	rig_settle(rig);
}

/* ---- life ---- */

static const struct mmx_session_limits limits = {
	.wire = {
		.max_clients = 8,
		.max_mems = 64,
		.max_vms = 16,
		.max_groups = 64,
		.max_timelines = 128,
		.max_heaps = 8,
		.max_requests = 32,
		.max_jobs = 64,
		.max_waits = MMX_SUBMIT_MAX_WAITS,
		.max_bind_ops = MMX_BIND_MAX_OPS,
		.max_queues = MMX_MAX_QUEUES,
		.mem_bytes = 4 << 20,
	},
	.max_mappings = 256,
	.priority_ceiling = 2,
};

static char image_name[] = "generated"; /* for status alone */

static void make_image(struct rig *rig)
{
	const struct mmx_fw_generate_options options = {
		.interface_version = rig_interface_version ? rig_interface_version
							   : mmx_fw_generate_interface_of_arch(10),
	};
	uint8_t *data;
	size_t size;

	RIG_CHECK(!mmx_fw_generate(&options, &data, &size));
	RIG_CHECK(!mmx_fw_image_parse(data, size, &rig->image, NULL));
	free(data);
}

void rig_init(struct rig *rig, size_t partitions)
{
	const struct mmx_model_config model = {
		.coherent = true,
		.interface_version = rig_interface_version,
	};
	size_t i;

	RIG_CHECK(partitions <= RIG_MAX_PARTITIONS);
	if (!getenv("MMX_LOG"))
		RIG_CHECK(!mmx_log_configure("all+error", NULL));
	*rig = (struct rig){ .now_ns = MMX_NS_PER_S };
	mmx_timers_init(&rig->timers, clock_now, rig);
	RIG_CHECK(!mmx_model_device_create(&model, clock_now, rig, &rig->inner));
	rig->model = mmx_model_device_model(rig->inner);
	rig->dev = *rig->inner;
	rig->dev.ops = &device_ops;
	if (rig_two_views) {
		rig->views = two_views_create(rig->inner);
		RIG_CHECK(rig->views);
		if (rig_ignored_site)
			two_views_ignore(rig->views, rig_ignored_site);
		rig->dev.ops = &views_device_ops;
		rig->dev.coherent = false;
	}
	make_image(rig);
	rig->config = (struct mmx_config){
		.tick_us = 10000,
		.idle_power_off_ms = rig_idle_power_off_ms,
		.firmware_image = image_name,
		.partition_count = partitions,
		.partitions = rig->partitions,
	};
	for (i = 0; i < partitions; i++) {
		snprintf(rig->names[i], sizeof(rig->names[i]), "guest%zu", i);
		rig->partitions[i] = (struct mmx_partition_config){
			.name = rig->names[i],
			.weight = 1,
			.limits = limits,
			.ring_slots = 256,
			.transport = &mmx_local_transport,
			.job_timeout_ms = 5000,
			.resets_max = 3,
		};
	}
}

void rig_begin(struct rig *rig)
{
	const struct mmx_core_params params = {
		.config = &rig->config,
		.dev = &rig->dev,
		.timers = &rig->timers,
		.image = rig->image,
		.epoch = 7,
	};

	RIG_CHECK(!mmx_core_create(&params, &core_ops, rig, &rig->core));
	mmx_core_start(rig->core);
}

void rig_kill(struct rig *rig)
{
	mmx_model_device_kill(rig->inner);
	inner_of(&rig->dev);
}

static size_t dma_bytes(const struct rig *rig)
{
	struct mmx_gpu_stats stats;

	mmx_gpu_stats(rig->core->gpu, &stats);
	return stats.dma_bytes;
}

void rig_start(struct rig *rig)
{
	rig_begin(rig);
	RIG_UNTIL(rig, rig->state == MMX_CORE_RUNNING);
	rig->bytes_before = dma_bytes(rig);
	rig->timers_before = rig->timers.registered;
}

void rig_check_nothing_left(struct rig *rig)
{
	struct mmx_gpu_stats stats;
	size_t i;

	mmx_gpu_stats(rig->core->gpu, &stats);
	RIG_CHECK(stats.vms == 0);
	RIG_CHECK(stats.groups == 0);
	RIG_CHECK(stats.heaps == 0);
	/* rig_begin() could not know; and what a lost GPU could still walk goes with the device */
	if (rig->bytes_before && !mmx_device_lost(rig->inner))
		RIG_CHECK(stats.dma_bytes == rig->bytes_before);
	RIG_CHECK(mmx_list_empty(&rig->core->groups));
	RIG_CHECK(!rig->regions);
	RIG_CHECK(!rig->timers_before || rig->timers.registered == rig->timers_before);
	for (i = 0; i < rig->config.partition_count; i++) {
		const struct mmx_sched_partition *sched = &rig->core->partitions[i].sched;

		RIG_CHECK(!rig->guests[i]);
		RIG_CHECK(!rig->core->partitions[i].session);
		RIG_CHECK(!sched->groups);
		RIG_CHECK(!sched->slots);
	}
}

static bool guests_left(const struct rig *rig)
{
	size_t i;

	for (i = 0; i < RIG_MAX_PARTITIONS; i++)
		if (rig->guests[i])
			return true;
	return false;
}

void rig_finish(struct rig *rig)
{
	size_t i;

	for (i = 0; i < RIG_MAX_PARTITIONS; i++)
		if (rig->guests[i])
			rig_guest_hangup(rig->guests[i]);
	RIG_UNTIL(rig, !guests_left(rig));
	/* address spaces and memory are given up in the background */
	rig_run(rig, 20 * MMX_NS_PER_MS);
	RIG_UNTIL(rig, rig->state != MMX_CORE_RUNNING || mmx_gpu_is_ready(rig->core->gpu) ||
			       mmx_gpu_power(rig->core->gpu) == MMX_GPU_POWER_OFF);
	if (rig->state == MMX_CORE_RUNNING || rig->state == MMX_CORE_ENDED)
		rig_check_nothing_left(rig);
	mmx_core_stop(rig->core);
	RIG_UNTIL(rig, rig->state == MMX_CORE_ENDED);
	if (rig->views)
		two_views_check(rig->views);
	mmx_core_destroy(rig->core);
	/* the model has found the backend to do nothing wrong: all maintenance was there */
	for (i = 0; i < MMX_MODEL_FINDINGS; i++)
		RIG_CHECK(!mmx_model_report(rig->model)->driver[i]);
	RIG_CHECK(!rig->views || !two_views_errors(rig->views));
	two_views_destroy(rig->views);
	mmx_device_destroy(rig->inner);
	RIG_CHECK(!rig->timers.count);
	RIG_CHECK(!rig->timers.registered);
	mmx_timers_finish(&rig->timers);
	mmx_fw_image_destroy(rig->image);
}

int rig_teardown(void **state)
{
	rig_finish(*state);
	free(*state);
	return 0;
}

void rig_deafen(struct rig *rig, uint32_t states)
{
	size_t i;

	for (i = 0; i < MMX_GPU_MAX_SLOTS; i++)
		rig->deaf[i] = states;
}

uint64_t rig_resets(const struct rig *rig)
{
	struct mmx_gpu_stats stats;

	mmx_gpu_stats(rig->core->gpu, &stats);
	return stats.resets;
}
