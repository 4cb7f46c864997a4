// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The daemon's answers, checked. Which members there must be, and of which type, stands in tables; so nothing can be
 * printed that was not looked at. Called by malimuxctl and the fuzzer; no state, no output.
 */
#include "tools/malimuxctl/answer.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_DEPTH 8

enum kind {
	KIND_TEXT, /* const char * */
	KIND_HEX, /* const char * */
	KIND_U64, /* uint64_t */
	KIND_BOOL, /* bool */
};

struct member {
	const char *name;
	enum kind kind;
	size_t offset;
};

#define V struct mmx_ctl_version
static const struct member version_members[] = {
	{ "version", KIND_TEXT, offsetof(V, version) },
	{ "protocol", KIND_TEXT, offsetof(V, protocol) },
};
#undef V

#define S struct mmx_ctl_status
static const struct member status_members[] = {
	{ "state", KIND_TEXT, offsetof(S, state) },
	{ "uptime_ms", KIND_U64, offsetof(S, uptime_ms) },
	{ "partitions", KIND_U64, offsetof(S, partitions) },
	{ "guests", KIND_U64, offsetof(S, guests) },
};

static const struct member gpu_members[] = {
	{ "ready", KIND_BOOL, offsetof(S, gpu.ready) },
	{ "power", KIND_TEXT, offsetof(S, gpu.power) },
	{ "power_offs", KIND_U64, offsetof(S, gpu.power_offs) },
	{ "power_off_ns", KIND_U64, offsetof(S, gpu.power_off_ns) },
	{ "device", KIND_TEXT, offsetof(S, gpu.device) },
	{ "gpu_id", KIND_HEX, offsetof(S, gpu.gpu_id) },
	{ "shader_present", KIND_HEX, offsetof(S, gpu.shader_present) },
	{ "as_present", KIND_HEX, offsetof(S, gpu.as_present) },
	{ "slots", KIND_U64, offsetof(S, gpu.slots) },
	{ "streams", KIND_U64, offsetof(S, gpu.streams) },
	{ "resets", KIND_U64, offsetof(S, gpu.resets) },
	{ "interrupts", KIND_U64, offsetof(S, gpu.interrupts) },
	{ "vms", KIND_U64, offsetof(S, gpu.vms) },
	{ "groups", KIND_U64, offsetof(S, gpu.groups) },
	{ "heaps", KIND_U64, offsetof(S, gpu.heaps) },
	{ "dma_bytes", KIND_U64, offsetof(S, gpu.dma_bytes) },
};

static const struct member firmware_members[] = {
	{ "image", KIND_TEXT, offsetof(S, firmware.image) },
	{ "signed", KIND_BOOL, offsetof(S, firmware.is_signed) },
	{ "interface", KIND_TEXT, offsetof(S, firmware.interface) },
	{ "build_info", KIND_TEXT, offsetof(S, firmware.build_info) },
};
#undef S

#define G struct mmx_ctl_guest
static const struct member guest_members[] = {
	{ "partition", KIND_TEXT, offsetof(G, partition) },
	{ "connected", KIND_BOOL, offsetof(G, connected) },
	{ "weight", KIND_U64, offsetof(G, weight) },
	{ "slots_max", KIND_U64, offsetof(G, slots_max) },
	{ "slots", KIND_U64, offsetof(G, slots) },
	{ "shader_cores", KIND_HEX, offsetof(G, shader_cores) },
	{ "gpu_time_ns", KIND_U64, offsetof(G, gpu_time_ns) },
	{ "guests", KIND_U64, offsetof(G, guests) },
	{ "jobs_done", KIND_U64, offsetof(G, jobs_done) },
	{ "jobs_failed", KIND_U64, offsetof(G, jobs_failed) },
	{ "faults", KIND_U64, offsetof(G, faults) },
	{ "timeouts", KIND_U64, offsetof(G, timeouts) },
	{ "resets", KIND_U64, offsetof(G, resets) },
	{ "lost", KIND_U64, offsetof(G, lost) },
	{ "quarantine_ms", KIND_U64, offsetof(G, quarantine_ms) },
	{ "clients", KIND_U64, offsetof(G, clients) },
	{ "vms", KIND_U64, offsetof(G, vms) },
	{ "groups", KIND_U64, offsetof(G, groups) },
	{ "heaps", KIND_U64, offsetof(G, heaps) },
	{ "timelines", KIND_U64, offsetof(G, timelines) },
	{ "mems", KIND_U64, offsetof(G, mems) },
	{ "jobs", KIND_U64, offsetof(G, jobs) },
	{ "mem_bytes", KIND_U64, offsetof(G, mem_bytes) },
	{ "mem_bytes_max", KIND_U64, offsetof(G, mem_bytes_max) },
	{ "backend_bytes", KIND_U64, offsetof(G, backend_bytes) },
	{ "heap_bytes", KIND_U64, offsetof(G, heap_bytes) },
	{ "messages", KIND_U64, offsetof(G, messages) },
	{ "refused", KIND_U64, offsetof(G, refused) },
};

static const struct member limit_members[] = {
	{ "clients_max", KIND_U64, offsetof(G, clients_max) },
	{ "vms_max", KIND_U64, offsetof(G, vms_max) },
	{ "groups_max", KIND_U64, offsetof(G, groups_max) },
	{ "heaps_max", KIND_U64, offsetof(G, heaps_max) },
	{ "timelines_max", KIND_U64, offsetof(G, timelines_max) },
	{ "mems_max", KIND_U64, offsetof(G, mems_max) },
	{ "backend_bytes_max", KIND_U64, offsetof(G, backend_bytes_max) },
};

static const struct member connected_members[] = {
	{ "name", KIND_TEXT, offsetof(G, name) },
	{ "pid", KIND_U64, offsetof(G, pid) },
	{ "uid", KIND_U64, offsetof(G, uid) },
};
#undef G

#define P struct mmx_ctl_page
static const struct member page_members[] = {
	{ "partition", KIND_TEXT, offsetof(P, partition) },
	{ "next", KIND_U64, offsetof(P, next) },
};
#undef P

#define G struct mmx_ctl_group
static const struct member group_members[] = {
	{ "group", KIND_HEX, offsetof(G, group) },
	{ "label", KIND_TEXT, offsetof(G, label) },
	{ "vm", KIND_HEX, offsetof(G, vm) },
	{ "client", KIND_HEX, offsetof(G, client.client) },
	{ "process", KIND_TEXT, offsetof(G, client.process) },
	{ "pid", KIND_U64, offsetof(G, client.pid) },
	{ "priority", KIND_TEXT, offsetof(G, priority) },
	{ "state", KIND_TEXT, offsetof(G, state) },
	{ "gpu_time_ns", KIND_U64, offsetof(G, gpu_time_ns) },
	{ "backend_bytes", KIND_U64, offsetof(G, backend_bytes) },
};

static const struct member slot_members[] = {
	{ "slot", KIND_U64, offsetof(G, slot) },
};
#undef G

#define Q struct mmx_ctl_queue
static const struct member queue_members[] = {
	{ "timeline", KIND_HEX, offsetof(Q, timeline) },
	{ "submitted", KIND_U64, offsetof(Q, submitted) },
	{ "completed", KIND_U64, offsetof(Q, completed) },
	{ "failed", KIND_U64, offsetof(Q, failed) },
};
#undef Q

#define V struct mmx_ctl_vm
static const struct member vm_members[] = {
	{ "vm", KIND_HEX, offsetof(V, vm) },
	{ "label", KIND_TEXT, offsetof(V, label) },
	{ "client", KIND_HEX, offsetof(V, client.client) },
	{ "process", KIND_TEXT, offsetof(V, client.process) },
	{ "pid", KIND_U64, offsetof(V, client.pid) },
	{ "mappings", KIND_U64, offsetof(V, mappings) },
	{ "mappings_max", KIND_U64, offsetof(V, mappings_max) },
	{ "table_bytes", KIND_U64, offsetof(V, table_bytes) },
	{ "users", KIND_U64, offsetof(V, users) },
	{ "resident", KIND_BOOL, offsetof(V, resident) },
};
#undef V

#define MEMBERS(table) table, sizeof(table) / sizeof(table[0])

/* Return: CTL_E_MALFORMED, with the text. */
__attribute__((format(printf, 2, 3))) static int malformed(struct mmx_ctl_error *error,
							   const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return CTL_E_MALFORMED;
}

static bool get_text(struct json_object *value, const char **ret_text)
{
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return false;
	text = json_object_get_string(value);
	if (strlen(text) != (size_t)json_object_get_string_len(value))
		return false;
	*ret_text = text;
	return true;
}

static bool get_hex(struct json_object *value, const char **ret_text)
{
	const char *text;
	size_t len;

	if (!get_text(value, &text) || strncmp(text, "0x", 2))
		return false;
	len = strlen(text + 2);
	if (!len || len > 16 || strspn(text + 2, "0123456789abcdef") != len)
		return false;
	*ret_text = text;
	return true;
}

static bool get_u64(struct json_object *value, uint64_t *ret_value)
{
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
		return false;
	*ret_value = json_object_get_uint64(value);
	return true;
}

static bool get_value(struct json_object *value, enum kind kind, void *to)
{
	switch (kind) {
	case KIND_TEXT:
		return get_text(value, to);
	case KIND_HEX:
		return get_hex(value, to);
	case KIND_U64:
		return get_u64(value, to);
	case KIND_BOOL:
		if (!json_object_is_type(value, json_type_boolean))
			return false;
		*(bool *)to = json_object_get_boolean(value);
		return true;
	}
	return false;
}

static int get_members(struct json_object *obj, const struct member *members, size_t count,
		       void *base, struct mmx_ctl_error *error)
{
	struct json_object *value;
	size_t i;

	for (i = 0; i < count; i++) {
		if (!json_object_object_get_ex(obj, members[i].name, &value))
			return malformed(error, "'%s' is missing", members[i].name);
		if (!get_value(value, members[i].kind, (char *)base + members[i].offset))
			return malformed(error, "'%s' is not what it should be", members[i].name);
	}
	return 0;
}

static int get_object(struct json_object *obj, const char *name, enum json_type type,
		      struct json_object **ret_value, struct mmx_ctl_error *error)
{
	if (!json_object_object_get_ex(obj, name, ret_value) ||
	    !json_object_is_type(*ret_value, type))
		return malformed(error, "'%s' is missing, or not what it should be", name);
	return 0;
}

static int parse_status(struct mmx_ctl_answer *answer, struct mmx_ctl_error *error)
{
	struct json_object *gpu, *firmware;
	int r;

	r = get_object(answer->root, "status", json_type_object, &answer->payload, error);
	if (!r)
		r = get_members(answer->payload, MEMBERS(status_members), &answer->status, error);
	if (!r)
		r = get_object(answer->payload, "gpu", json_type_object, &gpu, error);
	if (!r)
		r = get_members(gpu, MEMBERS(gpu_members), &answer->status, error);
	if (!r)
		r = get_object(answer->payload, "firmware", json_type_object, &firmware, error);
	if (!r)
		r = get_members(firmware, MEMBERS(firmware_members), &answer->status, error);
	return r;
}

static int parse_guests(struct mmx_ctl_answer *answer, struct mmx_ctl_error *error)
{
	size_t i, count;
	int r;

	r = get_object(answer->root, "guests", json_type_array, &answer->payload, error);
	if (r)
		return r;
	count = json_object_array_length(answer->payload);
	if (count > MMX_CTL_MAX_GUESTS)
		return malformed(error, "%zu guests are too many", count);
	/* one more, so that none is not taken for no memory */
	answer->guests = calloc(count + 1, sizeof(*answer->guests));
	if (!answer->guests)
		return -ENOMEM;
	answer->guest_count = count;
	for (i = 0; i < count && !r; i++) {
		struct json_object *obj = json_object_array_get_idx(answer->payload, i);
		struct mmx_ctl_guest *guest = &answer->guests[i];

		if (!json_object_is_type(obj, json_type_object))
			return malformed(error, "a guest is no object");
		r = get_members(obj, MEMBERS(guest_members), guest, error);
		if (!r)
			r = get_members(obj, MEMBERS(limit_members), guest, error);
		if (!r && guest->connected)
			r = get_members(obj, MEMBERS(connected_members), guest, error);
	}
	return r;
}

static int parse_group(struct json_object *obj, struct mmx_ctl_group *group,
		       struct mmx_ctl_error *error)
{
	struct json_object *queues;
	size_t i;
	int r;

	if (!json_object_is_type(obj, json_type_object))
		return malformed(error, "a group is no object");
	r = get_members(obj, MEMBERS(group_members), group, error);
	group->in_slot = json_object_object_get_ex(obj, "slot", NULL);
	if (!r && group->in_slot)
		r = get_members(obj, MEMBERS(slot_members), group, error);
	if (!r)
		r = get_object(obj, "queues", json_type_array, &queues, error);
	if (r)
		return r;
	group->queue_count = json_object_array_length(queues);
	if (group->queue_count > MMX_CTL_MAX_QUEUES)
		return malformed(error, "%zu queues are too many", group->queue_count);
	for (i = 0; i < group->queue_count && !r; i++) {
		struct json_object *queue = json_object_array_get_idx(queues, i);

		if (!json_object_is_type(queue, json_type_object))
			return malformed(error, "a queue is no object");
		r = get_members(queue, MEMBERS(queue_members), &group->queues[i], error);
	}
	return r;
}

static int parse_vm(struct json_object *obj, struct mmx_ctl_vm *vm, struct mmx_ctl_error *error)
{
	if (!json_object_is_type(obj, json_type_object))
		return malformed(error, "a VM is no object");
	return get_members(obj, MEMBERS(vm_members), vm, error);
}

/* @name: of the page, and of the list in it */
static int parse_page(struct mmx_ctl_answer *answer, const char *name, struct mmx_ctl_error *error)
{
	struct mmx_ctl_page *page = &answer->page;
	struct json_object *list;
	size_t i;
	int r;

	r = get_object(answer->root, name, json_type_object, &answer->payload, error);
	if (!r)
		r = get_members(answer->payload, MEMBERS(page_members), page, error);
	if (!r)
		r = get_object(answer->payload, name, json_type_array, &list, error);
	if (r)
		return r;
	page->count = json_object_array_length(list);
	if (page->count > MMX_CTL_MAX_GUESTS)
		return malformed(error, "%zu entries are too many", page->count);
	/* one more, so that none is not taken for no memory */
	if (answer->command == MMX_CTL_GROUPS)
		page->groups = calloc(page->count + 1, sizeof(*page->groups));
	else
		page->vms = calloc(page->count + 1, sizeof(*page->vms));
	if (!page->groups && !page->vms)
		return -ENOMEM;
	for (i = 0; i < page->count && !r; i++)
		r = page->groups
			    ? parse_group(json_object_array_get_idx(list, i), &page->groups[i],
					  error)
			    : parse_vm(json_object_array_get_idx(list, i), &page->vms[i], error);
	return r;
}

/* Return: 0; CTL_E_MALFORMED; -ENOMEM. */
static int parse_json(const char *line, size_t len, struct json_object **ret_root,
		      struct mmx_ctl_error *error)
{
	struct json_tokener *tokener;
	struct json_object *root;
	bool good;

	if (len > MMX_CTL_MAX_ANSWER)
		return malformed(error, "it is too long");
	tokener = json_tokener_new_ex(JSON_DEPTH);
	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tokener, line, (int)len);
	good = json_tokener_get_error(tokener) == json_tokener_success &&
	       json_tokener_get_parse_end(tokener) == len &&
	       json_object_is_type(root, json_type_object);
	json_tokener_free(tokener);
	if (!good) {
		json_object_put(root);
		return malformed(error, "it is no JSON object");
	}
	*ret_root = root;
	return 0;
}

/* Return: 0: it is {"ok":true,...}; CTL_E_*. */
static int check_ok(struct json_object *root, struct mmx_ctl_error *error)
{
	struct json_object *value;
	const char *text;

	if (!json_object_object_get_ex(root, "ok", &value) ||
	    !json_object_is_type(value, json_type_boolean))
		return malformed(error, "'ok' is missing, or not what it should be");
	if (json_object_get_boolean(value))
		return 0;
	if (!json_object_object_get_ex(root, "error", &value) || !get_text(value, &text))
		return malformed(error, "'error' is missing, or not what it should be");
	snprintf(error->text, sizeof(error->text), "%s", text);
	return CTL_E_REFUSED;
}

int mmx_ctl_answer_parse(enum mmx_ctl_command command, const char *line, size_t len,
			 struct mmx_ctl_answer *ret_answer, struct mmx_ctl_error *ret_error)
{
	struct mmx_ctl_answer answer = { .command = command };
	int r = parse_json(line, len, &answer.root, ret_error);

	if (r)
		return r;
	r = check_ok(answer.root, ret_error);
	if (r)
		goto err_finish;
	switch (command) {
	case MMX_CTL_STATUS:
		r = parse_status(&answer, ret_error);
		break;
	case MMX_CTL_GUESTS:
		r = parse_guests(&answer, ret_error);
		break;
	case MMX_CTL_GROUPS:
		r = parse_page(&answer, "groups", ret_error);
		break;
	case MMX_CTL_VMS:
		r = parse_page(&answer, "vms", ret_error);
		break;
	case MMX_CTL_COMMANDS:
		r = malformed(ret_error, "nothing was asked");
		break;
	case MMX_CTL_VERSION:
		json_object_object_del(answer.root, "ok");
		answer.payload = answer.root;
		r = get_members(answer.root, MEMBERS(version_members), &answer.version, ret_error);
		break;
	}
	if (r)
		goto err_finish;
	*ret_answer = answer;
	return 0;

err_finish:
	mmx_ctl_answer_finish(&answer);
	return r;
}

void mmx_ctl_answer_finish(struct mmx_ctl_answer *answer)
{
	free(answer->guests);
	free(answer->page.groups);
	free(answer->page.vms);
	json_object_put(answer->root);
}
