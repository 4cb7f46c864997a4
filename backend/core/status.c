// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What the control socket tells, as JSON objects. The names are those of the configuration file, the protocol and
 * the log: one word for one thing everywhere.
 *
 * Reads only. Every function returns NULL without memory, with nothing left behind.
 */
#include "backend/core/core_priv.h"

#include <stdio.h>

#include "backend/core/json_add.h"
#include "firmware/image.h"

static const char *const state_names[] = {
	[MMX_CORE_STARTING] = "starting", [MMX_CORE_RUNNING] = "running",
	[MMX_CORE_STOPPING] = "stopping", [MMX_CORE_FAILING] = "failing",
	[MMX_CORE_ENDED] = "ended",
};

static const char *const power_names[] = {
	[MMX_GPU_POWER_ON] = "on",
	[MMX_GPU_POWER_GOING_OFF] = "going off",
	[MMX_GPU_POWER_OFF] = "off",
};

/* Takes work: at once, or when it has been woken. */
static bool takes_work(const struct mmx_core *core)
{
	return mmx_gpu_is_ready(core->gpu) || mmx_gpu_power(core->gpu) != MMX_GPU_POWER_ON;
}

static struct json_object *gpu_object(const struct mmx_core *core)
{
	const struct mmx_gpu_info *info = mmx_gpu_info(core->gpu);
	struct json_object *obj = json_object_new_object();
	struct mmx_gpu_stats stats;

	if (!obj)
		return NULL;
	mmx_gpu_stats(core->gpu, &stats);
	return checked(obj, add_bool(obj, "ready", takes_work(core)) &&
				    add_str(obj, "power", power_names[mmx_gpu_power(core->gpu)]) &&
				    add_u64(obj, "power_offs", stats.power_offs) &&
				    add_u64(obj, "power_off_ns", stats.power_off_ns) &&
				    add_str(obj, "device", core->params.dev->ops->name) &&
				    add_hex(obj, "gpu_id", info->gpu_id) &&
				    add_hex(obj, "shader_present", info->shader_present) &&
				    add_hex(obj, "as_present", info->as_present) &&
				    add_u64(obj, "slots", info->slots) &&
				    add_u64(obj, "streams", info->streams) &&
				    add_u64(obj, "resets", stats.resets) &&
				    add_u64(obj, "interrupts", stats.irqs) &&
				    add_u64(obj, "vms", stats.vms) &&
				    add_u64(obj, "groups", stats.groups) &&
				    add_u64(obj, "heaps", stats.heaps) &&
				    add_u64(obj, "dma_bytes", stats.dma_bytes));
}

static struct json_object *firmware_object(const struct mmx_core *core)
{
	const struct mmx_gpu_info *info = mmx_gpu_info(core->gpu);
	struct json_object *obj = json_object_new_object();
	char version[32];

	if (!obj)
		return NULL;
	snprintf(version, sizeof(version), "%u.%u.%u", info->fw_version >> 24,
		 info->fw_version >> 16 & 0xff, info->fw_version & 0xffff);
	/* nothing verifies images yet: one that runs is one that allow_unsigned let in */
	return checked(obj, add_text(obj, "image", core->params.config->firmware_image) &&
				    add_bool(obj, "signed", false) &&
				    add_str(obj, "interface", version) &&
				    add_text(obj, "build_info", core->params.image->build_info));
}

struct json_object *mmx_core_status(struct mmx_core *core)
{
	struct json_object *obj = json_object_new_object();
	uint64_t guests = 0;
	size_t i;

	if (!obj)
		return NULL;
	for (i = 0; i < core->partition_count; i++)
		guests += core->partitions[i].session != NULL;
	return checked(obj,
		       add_str(obj, "state", state_names[core->state]) &&
			       add_u64(obj, "uptime_ms",
				       (mmx_core_now(core) - core->started_ns) / MMX_NS_PER_MS) &&
			       add_u64(obj, "partitions", core->partition_count) &&
			       add_u64(obj, "guests", guests) &&
			       add_u64(obj, "timers", core->params.timers->registered) &&
			       add(obj, "gpu", gpu_object(core)) &&
			       add(obj, "firmware", firmware_object(core)));
}

/* What it may have at most, beside what it has. */
static bool add_limits(struct json_object *obj, const struct mmx_partition *partition)
{
	const struct mmx_session_limits *limits = &partition->limits;

	return add_u64(obj, "clients_max", limits->wire.max_clients) &&
	       add_u64(obj, "vms_max", limits->wire.max_vms) &&
	       add_u64(obj, "groups_max", limits->wire.max_groups) &&
	       add_u64(obj, "timelines_max", limits->wire.max_timelines) &&
	       add_u64(obj, "mems_max", limits->wire.max_mems) &&
	       add_u64(obj, "heaps_max", limits->wire.max_heaps) &&
	       add_u64(obj, "backend_bytes_max", limits->backend_bytes);
}

static struct json_object *guest_object(const struct mmx_partition *partition)
{
	struct json_object *obj = json_object_new_object();
	struct mmx_session_stats s = { 0 };
	bool ok;

	if (!obj)
		return NULL;
	if (partition->session)
		mmx_session_stats(partition->session, &s);
	ok = add_str(obj, "partition", partition->config->name) &&
	     add_bool(obj, "connected", partition->session != NULL) &&
	     add_u64(obj, "weight", partition->sched.weight) &&
	     add_u64(obj, "slots_max", partition->sched.slots_max) &&
	     add_u64(obj, "slots", partition->sched.slots) &&
	     add_u64(obj, "timeouts", partition->timeouts) &&
	     add_u64(obj, "resets", partition->resets) && add_u64(obj, "lost", partition->lost) &&
	     add_bool(obj, "suspect", partition->sched.suspect) &&
	     add_u64(obj, "quarantines", partition->quarantine.times) &&
	     add_u64(obj, "quarantine_ms", mmx_core_quarantine_ns(partition) / MMX_NS_PER_MS) &&
	     add_hex(obj, "shader_cores", partition->limits.shader_cores) &&
	     add_u64(obj, "gpu_time_ns", partition->sched.gpu_time_ns) &&
	     add_u64(obj, "guests", partition->guests) &&
	     add_u64(obj, "jobs_done", partition->jobs_done + s.jobs_done) &&
	     add_u64(obj, "jobs_failed", partition->jobs_failed + s.jobs_failed) &&
	     add_u64(obj, "faults", partition->faults + s.faults) &&
	     add_u64(obj, "clients", s.clients) && add_u64(obj, "vms", s.vms) &&
	     add_u64(obj, "heaps", s.heaps) && add_u64(obj, "groups", s.groups) &&
	     add_u64(obj, "timelines", s.timelines) && add_u64(obj, "mems", s.mems) &&
	     add_u64(obj, "jobs", s.jobs) && add_u64(obj, "mem_bytes", s.mem_bytes) &&
	     add_u64(obj, "mem_bytes_max", partition->limits.wire.mem_bytes) &&
	     add_u64(obj, "backend_bytes", s.backend_bytes) &&
	     add_u64(obj, "heap_bytes", s.heap_bytes) && add_u64(obj, "messages", s.messages) &&
	     add_u64(obj, "refused", s.refused);
	ok = ok && add_limits(obj, partition);
	if (ok && partition->session)
		ok = add_text(obj, "name", s.guest_name) && add_u64(obj, "pid", (uint64_t)s.pid) &&
		     add_u64(obj, "uid", s.uid);
	return checked(obj, ok);
}

struct json_object *mmx_core_guests(struct mmx_core *core)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	if (!array)
		return NULL;
	if (core->sched)
		mmx_sched_account(core->sched, mmx_core_now(core));
	for (i = 0; i < core->partition_count; i++) {
		struct json_object *guest = guest_object(&core->partitions[i]);

		if (!guest || json_object_array_add(array, guest)) {
			json_object_put(guest);
			json_object_put(array);
			return NULL;
		}
	}
	return array;
}
