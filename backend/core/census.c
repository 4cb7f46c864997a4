// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What one guest has, group by group and VM by VM, as JSON for the control socket. In pages, so that no answer is longer
 * than the bound of control.h, however much a guest has.
 *
 * Reads only. Without memory nothing is left behind.
 */
#include "backend/core/core_priv.h"

#include <errno.h>
#include <string.h>

#include "backend/core/json_add.h"
#include "backend/gpu/group.h"

/* Entries of a page: a group of eight queues takes 1.5 KiB. */
#define PAGE 64u

static const char *const priority_names[] = { "low", "medium", "high", "realtime" };

static const char *const place_names[] = {
	[MMX_GROUP_OFF] = "off",
	[MMX_GROUP_ENTERING] = "entering",
	[MMX_GROUP_ON] = "on",
	[MMX_GROUP_LEAVING] = "leaving",
};

static bool add_client(struct json_object *obj, const struct mmx_client_info *client)
{
	return add_hex(obj, "client", client->name) && add_u64(obj, "pid", client->pid) &&
	       add_text(obj, "process", client->process);
}

static struct json_object *queue_object(const struct mmx_timeline *timeline)
{
	struct json_object *obj = json_object_new_object();

	if (!obj)
		return NULL;
	return checked(obj, add_hex(obj, "timeline", timeline->name) &&
				    add_u64(obj, "submitted", timeline->submitted) &&
				    add_u64(obj, "completed", timeline->completed) &&
				    add_u64(obj, "failed", timeline->errors));
}

static struct json_object *queues_array(const struct mmx_sgroup *group)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;
	bool ok = true;

	if (!array)
		return NULL;
	for (i = 0; i < group->queue_count && ok; i++)
		ok = append(array, queue_object(group->timelines[i]));
	return checked(array, ok);
}

/* Why it will never run again, or where it is. */
static const char *state_of(const struct mmx_sgroup *group)
{
	const struct mmx_core_group *host = group->host;

	if (group->state & MMX_GROUP_STATE_FATAL_FAULT)
		return "faulted";
	if (group->state & MMX_GROUP_STATE_TIMEDOUT)
		return group->state & MMX_GROUP_STATE_INNOCENT ? "lost" : "timed-out";
	if (!host || host->dead)
		return "ending";
	if (host->waiting)
		return "waiting";
	return place_names[mmx_group_where(group->hw)];
}

static struct json_object *group_object(const struct mmx_sgroup *group)
{
	const struct mmx_core_group *host = group->host;
	struct json_object *obj = json_object_new_object();
	struct mmx_client_info client;
	bool ok;

	if (!obj)
		return NULL;
	mmx_client_info(group->client, &client);
	ok = add_hex(obj, "group", group->name) &&
	     add_text(obj, "label", group->label ? group->label : "") && add_client(obj, &client) &&
	     add_hex(obj, "vm", mmx_addrspace_name(group->vm)) &&
	     add_str(obj, "priority", priority_names[group->priority]) &&
	     add_str(obj, "state", state_of(group)) &&
	     add_u64(obj, "gpu_time_ns", host ? host->sched.gpu_time_ns : 0) &&
	     add_u64(obj, "backend_bytes", mmx_group_bytes(group->hw)) &&
	     add(obj, "queues", queues_array(group));
	if (ok && mmx_group_where(group->hw) != MMX_GROUP_OFF)
		ok = add_u64(obj, "slot", mmx_group_slot(group->hw));
	return checked(obj, ok);
}

static struct json_object *vm_object(const struct mmx_vm_info *vm)
{
	struct json_object *obj = json_object_new_object();

	if (!obj)
		return NULL;
	return checked(obj, add_hex(obj, "vm", vm->name) &&
				    add_text(obj, "label", vm->label ? vm->label : "") &&
				    add_client(obj, &vm->client) &&
				    add_u64(obj, "mappings", vm->mappings) &&
				    add_u64(obj, "mappings_max", vm->mappings_max) &&
				    add_u64(obj, "table_bytes", vm->table_bytes) &&
				    add_u64(obj, "users", vm->users) &&
				    add_bool(obj, "resident", vm->resident));
}

static bool append_group(struct json_object *array, const struct mmx_session *session, uint32_t *at,
			 bool *ret_more)
{
	const struct mmx_sgroup *group = mmx_session_next_group(session, at);

	*ret_more = group != NULL;
	return !group || append(array, group_object(group));
}

static bool append_vm(struct json_object *array, const struct mmx_session *session, uint32_t *at,
		      bool *ret_more)
{
	struct mmx_vm_info vm;

	*ret_more = mmx_session_next_vm(session, at, &vm);
	return !*ret_more || append(array, vm_object(&vm));
}

static const struct mmx_partition *find(const struct mmx_core *core, const char *name)
{
	size_t i;

	for (i = 0; i < core->partition_count; i++)
		if (!strcmp(core->partitions[i].config->name, name))
			return &core->partitions[i];
	return NULL;
}

int mmx_core_census(struct mmx_core *core, enum mmx_core_census what, const char *partition,
		    uint32_t from, struct json_object **ret_page)
{
	bool (*append_next)(struct json_object *, const struct mmx_session *, uint32_t *, bool *) =
		what == MMX_CORE_GROUPS ? append_group : append_vm;
	const struct mmx_partition *p = find(core, partition);
	struct json_object *obj, *array;
	bool ok = true, more;
	uint32_t at = from;
	unsigned int i;

	if (!p)
		return CORE_E_UNKNOWN;
	obj = json_object_new_object();
	array = json_object_new_array();
	if (!obj || !array) {
		json_object_put(array);
		json_object_put(obj);
		return -ENOMEM;
	}
	more = p->session;
	if (more && core->sched)
		mmx_sched_account(core->sched, mmx_core_now(core));
	for (i = 0; i < PAGE && more && ok; i++)
		ok = append_next(array, p->session, &at, &more);
	if (!add(obj, what == MMX_CORE_GROUPS ? "groups" : "vms", array))
		ok = false;
	ok = ok && add_str(obj, "partition", partition) && add_u64(obj, "next", more ? at : 0);
	*ret_page = checked(obj, ok);
	return ok ? 0 : -ENOMEM;
}
