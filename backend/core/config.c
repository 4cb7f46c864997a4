// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The configuration file. What there may be stands in tables, one per group of settings: name, kind, bounds, default,
 * and where the value goes. So no setting can be read without being checked, an unknown name can't pass, and the
 * whole file has been looked at before anything of it is used.
 */
#include "backend/core/config.h"

#include <errno.h>
#include <libconfig.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "backend/core/config_priv.h"
#include "backend/util/log.h"
#include "hv/peer.h"

enum kind {
	KIND_U32, /* uint32_t */
	KIND_U64, /* uint64_t */
	KIND_BYTES, /* uint64_t: a number, or a string with K, M or G; multiple of 4096 */
	KIND_INT, /* int */
	KIND_BOOL, /* bool */
	KIND_PATH, /* char *: not empty */
	KIND_SOCKET, /* char *: fits a unix socket's address */
	KIND_MODE, /* mode_t: a string of octal digits */
	KIND_NAME, /* char *: letters, digits, - and _ */
	KIND_PRIORITY, /* unsigned int: low, medium, high, realtime */
	KIND_TRANSPORT, /* const struct mmx_transport *: its name */
	KIND_LOG, /* char *: what mmx_log_configure() takes */
	KIND_RAM_FILE, /* char *: a path, in which MMX_RAM_PID may stand once */
	KIND_RAM, /* struct mmx_ram_config: a group */
	KIND_PIECES, /* in that: a list of groups */
};

struct setting {
	const char *name;
	enum kind kind;
	size_t offset; /* in the struct that the table is for */
	bool required;
	uint64_t min, max, def; /* of numbers */
	const char *def_text; /* of texts; NULL = none */
};

#define NUMBER(n, k, type, member, lo, hi, d)                                                 \
	{                                                                                     \
		.name = n, .kind = k, .offset = offsetof(type, member), .min = lo, .max = hi, \
		.def = d                                                                      \
	}
#define TEXT(n, k, type, member, req, d)                                                 \
	{                                                                                \
		.name = n, .kind = k, .offset = offsetof(type, member), .required = req, \
		.def_text = d                                                            \
	}

/* docs/limits.md has the reason for each number here. */
static const struct setting device_settings[] = {
	TEXT("socket", KIND_SOCKET, struct mmx_config, device_socket, true, NULL),
	NUMBER("timeout_ms", KIND_INT, struct mmx_config, device_timeout_ms, 10, 600000, 5000),
	NUMBER("patience", KIND_U32, struct mmx_config, device_patience, 1, 100, 1),
};

static const struct setting firmware_settings[] = {
	TEXT("image", KIND_PATH, struct mmx_config, firmware_image, true, NULL),
	NUMBER("allow_unsigned", KIND_BOOL, struct mmx_config, allow_unsigned, 0, 1, 0),
};

static const struct setting control_settings[] = {
	TEXT("socket", KIND_SOCKET, struct mmx_config, control_socket, true, NULL),
	TEXT("mode", KIND_MODE, struct mmx_config, control_mode, false, "0600"),
};

static const struct setting scheduler_settings[] = {
	NUMBER("tick_us", KIND_U32, struct mmx_config, tick_us, 100, 1000000, 10000),
	NUMBER("poll_us", KIND_U32, struct mmx_config, poll_us, 0, 1000, MMX_CONFIG_POLL_AUTO),
	NUMBER("idle_power_off_ms", KIND_U32, struct mmx_config, idle_power_off_ms, 0, 86400000,
	       50),
};

#define P struct mmx_ram_config
static const struct setting guest_ram_settings[] = {
	TEXT("file", KIND_RAM_FILE, P, file, true, NULL),
	NUMBER("memory", KIND_BYTES, P, mem_bytes, 64 * KIB, 64 * GIB, 256 * MIB),
	{ .name = "pieces", .kind = KIND_PIECES, .required = true },
};
#undef P

/* No CPU has more physical addresses. */
#define MAX_GUEST_ADDRESS (1ull << 52)

#define P struct mmx_ram_piece
static const struct setting piece_settings[] = {
	{ .name = "guest",
	  .kind = KIND_BYTES,
	  .offset = offsetof(P, guest),
	  .required = true,
	  .max = MAX_GUEST_ADDRESS },
	{ .name = "size",
	  .kind = KIND_BYTES,
	  .offset = offsetof(P, size),
	  .required = true,
	  .min = 64 * KIB,
	  .max = 1024 * GIB },
	NUMBER("offset", KIND_BYTES, P, offset, 0, MAX_GUEST_ADDRESS, 0),
};
#undef P

#define P struct mmx_partition_config
static const struct setting partition_settings[] = {
	TEXT("name", KIND_NAME, P, name, true, NULL),
	TEXT("socket", KIND_SOCKET, P, socket, true, NULL),
	TEXT("mode", KIND_MODE, P, mode, false, "0600"),
	TEXT("transport", KIND_TRANSPORT, P, transport, false, "local"),
	{ .name = "guest_ram", .kind = KIND_RAM, .offset = offsetof(P, ram) },
	NUMBER("uid", KIND_U32, P, uid, 0, UINT32_MAX - 1, UINT32_MAX),
	NUMBER("weight", KIND_U32, P, weight, 1, 1000, 1),
	NUMBER("slots_max", KIND_U32, P, slots_max, 1, 16, 0),
	NUMBER("shader_cores", KIND_U64, P, limits.shader_cores, 1, INT64_MAX, 0),
	TEXT("sched_priority", KIND_PRIORITY, P, limits.priority_ceiling, false, "medium"),
	NUMBER("memory", KIND_BYTES, P, limits.wire.mem_bytes, 64 * KIB, 64 * GIB, 256 * MIB),
	NUMBER("backend_memory", KIND_BYTES, P, limits.backend_bytes, 1 * MIB, 64 * GIB, 256 * MIB),
	NUMBER("preempt_timeout_us", KIND_U32, P, limits.preempt_timeout_us, 1000, 1000000, 100000),
	NUMBER("resets_max", KIND_U32, P, resets_max, 0, MMX_CONFIG_MAX_RESETS, 3),
	NUMBER("job_timeout_ms", KIND_U32, P, job_timeout_ms, 0, 86400000, 5000),
	NUMBER("ring_slots", KIND_U32, P, ring_slots, 64, 4096, 512),
	NUMBER("max_clients", KIND_U32, P, limits.wire.max_clients, 1, 1024, 64),
	NUMBER("max_mems", KIND_U32, P, limits.wire.max_mems, 1, 65535, 16384),
	NUMBER("max_vms", KIND_U32, P, limits.wire.max_vms, 1, 1024, 64),
	NUMBER("max_groups", KIND_U32, P, limits.wire.max_groups, 1, 1024, 128),
	NUMBER("max_timelines", KIND_U32, P, limits.wire.max_timelines, 1, 8192, 1024),
	NUMBER("max_heaps", KIND_U32, P, limits.wire.max_heaps, 1, 1024, 128),
	NUMBER("max_requests", KIND_U32, P, limits.wire.max_requests, 4, 4096, 256),
	NUMBER("max_jobs", KIND_U32, P, limits.wire.max_jobs, 1, 4096, 512),
	NUMBER("max_mappings", KIND_U32, P, limits.max_mappings, 16, 1 << 20, 16384),
};
#undef P

#define SETTINGS(table) table, sizeof(table) / sizeof(table[0])

struct reader {
	const char *file;
	struct mmx_config_error *error;
};

/* Return: CONFIG_E_INVALID, with the text. */
static int __attribute__((format(printf, 3, 4)))
refuse(const struct reader *r, const config_setting_t *where, const char *fmt, ...)
{
	char text[192];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(r->error->text, sizeof(r->error->text), "%.60s:%u: %s", r->file,
		 where ? config_setting_source_line(where) : 0, text);
	return CONFIG_E_INVALID;
}

/* ---- values ---- */

static void store_number(const struct setting *s, char *base, uint64_t value)
{
	void *to = base + s->offset;

	if (s->kind == KIND_U64 || s->kind == KIND_BYTES)
		*(uint64_t *)to = value;
	else if (s->kind == KIND_INT)
		*(int *)to = (int)value;
	else if (s->kind == KIND_BOOL)
		*(bool *)to = value;
	else
		*(uint32_t *)to = (uint32_t)value;
}

static int read_number(const struct reader *r, const struct setting *s,
		       const config_setting_t *from, char *base)
{
	int type = config_setting_type(from);
	uint64_t value;

	if (s->kind == KIND_BYTES && type == CONFIG_TYPE_STRING) {
		if (!mmx_config_parse_bytes(config_setting_get_string(from), &value))
			return refuse(r, from, "%s: '%s' is no size; write a number with K, M or G",
				      s->name, config_setting_get_string(from));
	} else if (s->kind == KIND_BOOL) {
		if (type != CONFIG_TYPE_BOOL)
			return refuse(r, from, "%s: true or false is wanted", s->name);
		value = (uint64_t)config_setting_get_bool(from);
	} else if (type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64) {
		long long number = config_setting_get_int64(from);

		/* libconfig reads 0xffffffff as an int: what was written is meant */
		if (number < 0 && type == CONFIG_TYPE_INT &&
		    config_setting_get_format(from) == CONFIG_FORMAT_HEX)
			number &= UINT32_MAX;
		if (number < 0)
			return refuse(r, from, "%s: %lld is negative", s->name, number);
		value = (uint64_t)number;
	} else {
		return refuse(r, from, "%s: a number is wanted", s->name);
	}
	if (value < s->min || value > s->max)
		return refuse(r, from, "%s: %llu is not within %llu..%llu", s->name,
			      (unsigned long long)value, (unsigned long long)s->min,
			      (unsigned long long)s->max);
	if (s->kind == KIND_BYTES && value % MMX_WIRE_PAGE_SIZE)
		return refuse(r, from, "%s: %llu is no multiple of 4096", s->name,
			      (unsigned long long)value);
	store_number(s, base, value);
	return 0;
}

/* @from: for messages; NULL for a default. */
static int store_text(const struct reader *r, const struct setting *s, const config_setting_t *from,
		      const char *text, char *base)
{
	void *to = base + s->offset;
	const char *bad = NULL;
	char *copy;

	switch (s->kind) {
	case KIND_MODE:
		return mmx_config_parse_mode(text, to)
			       ? 0
			       : refuse(r, from,
					"%s: '%s' is no mode; write octal digits such as \"0660\"",
					s->name, text);
	case KIND_PRIORITY:
		return mmx_config_parse_priority(text, to)
			       ? 0
			       : refuse(r, from, "%s: '%s' is not low, medium, high or realtime",
					s->name, text);
	case KIND_TRANSPORT:
		return mmx_config_parse_transport(text, to)
			       ? 0
			       : refuse(r, from, "%s: '%s' is not local or ivshmem", s->name, text);
	case KIND_NAME:
		if (!mmx_config_valid_name(text))
			return refuse(r, from,
				      "%s: '%.64s' must be 1 to %u letters, digits, - and _",
				      s->name, text, MMX_PARTITION_NAME_MAX);
		break;
	case KIND_SOCKET:
		if (strlen(text) >= sizeof(((struct sockaddr_un *)0)->sun_path))
			return refuse(r, from, "%s: '%.64s...' is too long for a socket", s->name,
				      text);
		break;
	case KIND_RAM_FILE:
		if (!mmx_config_valid_ram_file(text))
			return refuse(r, from,
				      "%s: '%.64s' must begin with /, and of %% have %s only",
				      s->name, text, MMX_RAM_PID);
		break;
	case KIND_LOG:
		if (mmx_log_configure(text, &bad))
			return refuse(r, from, "%s: '%.64s' is not understood", s->name, bad);
		break;
	default:
		break;
	}
	if (!*text)
		return refuse(r, from, "%s: is empty", s->name);
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(*(char **)to);
	*(char **)to = copy;
	return 0;
}

static bool is_text(const struct setting *s)
{
	switch (s->kind) {
	case KIND_U32:
	case KIND_U64:
	case KIND_BYTES:
	case KIND_INT:
	case KIND_BOOL:
		return false;
	case KIND_PATH:
	case KIND_SOCKET:
	case KIND_MODE:
	case KIND_NAME:
	case KIND_PRIORITY:
	case KIND_TRANSPORT:
	case KIND_RAM_FILE:
	case KIND_LOG:
	/* are neither, and have been read by then */
	case KIND_RAM:
	case KIND_PIECES:
		break;
	}
	return true;
}

/* ---- groups ---- */

static int read_ram(const struct reader *r, const config_setting_t *group,
		    struct mmx_ram_config *ram);
static int read_pieces(const struct reader *r, const config_setting_t *list,
		       struct mmx_ram_config *ram);

static int read_setting(const struct reader *r, const struct setting *s,
			const config_setting_t *group, char *base)
{
	const config_setting_t *from = config_setting_get_member(group, s->name);

	if (!from && s->required)
		return refuse(r, group, "%s is missing", s->name);
	if (s->kind == KIND_RAM)
		return from ? read_ram(r, from, (void *)(base + s->offset)) : 0;
	if (s->kind == KIND_PIECES)
		return read_pieces(r, from, (void *)base);
	if (!is_text(s)) {
		if (from)
			return read_number(r, s, from, base);
		store_number(s, base, s->def);
		return 0;
	}
	if (from && config_setting_type(from) != CONFIG_TYPE_STRING)
		return refuse(r, from, "%s: a string is wanted", s->name);
	if (from)
		return store_text(r, s, from, config_setting_get_string(from), base);
	return s->def_text ? store_text(r, s, NULL, s->def_text, base) : 0;
}

/* Of a group that may be left out: its texts stay NULL, its numbers are what they are by default. */
static void store_defaults(const struct setting *settings, size_t count, void *base)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!is_text(&settings[i]))
			store_number(&settings[i], base, settings[i].def);
}

static int check_names(const struct reader *r, const config_setting_t *group,
		       const struct setting *settings, size_t count)
{
	int i, length = config_setting_length(group);
	size_t j;

	for (i = 0; i < length; i++) {
		const config_setting_t *member = config_setting_get_elem(group, (unsigned int)i);
		const char *name = config_setting_name(member);

		for (j = 0; j < count && strcmp(name, settings[j].name); j++)
			;
		if (j == count)
			return refuse(r, member, "'%.64s' is not known here", name);
	}
	return 0;
}

static int read_group(const struct reader *r, const config_setting_t *group,
		      const struct setting *settings, size_t count, void *base)
{
	size_t i;
	int ret;

	if (!config_setting_is_group(group))
		return refuse(r, group, "a group { ... } is wanted");
	ret = check_names(r, group, settings, count);
	for (i = 0; i < count && !ret; i++)
		ret = read_setting(r, &settings[i], group, base);
	return ret;
}

/* ---- a guest's memory ---- */

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

/* Bounds of both have been checked: no sum overflows. */
static int check_piece(const struct reader *r, const config_setting_t *from,
		       const struct mmx_ram_config *ram, const struct mmx_ram_piece *piece)
{
	unsigned int i;

	if (piece->guest + piece->size > MAX_GUEST_ADDRESS)
		return refuse(r, from, "pieces: one ends beyond 52 bits of guest addresses");
	for (i = 0; i < ram->piece_count; i++) {
		const struct mmx_ram_piece *other = &ram->pieces[i];

		if (overlap(piece->guest, piece->size, other->guest, other->size))
			return refuse(r, from, "pieces: two have the same guest addresses");
		if (overlap(piece->offset, piece->size, other->offset, other->size))
			return refuse(r, from, "pieces: two have the same part of the file");
	}
	return 0;
}

static int read_pieces(const struct reader *r, const config_setting_t *list,
		       struct mmx_ram_config *ram)
{
	int i, ret, count;

	if (!config_setting_is_list(list))
		return refuse(r, list, "pieces: a list ( { ... }, { ... } ) is wanted");
	count = config_setting_length(list);
	if (count < 1 || count > (int)MMX_MAX_SPACES)
		return refuse(r, list, "pieces: 1 to %u of them are wanted, not %d", MMX_MAX_SPACES,
			      count);
	for (i = 0; i < count; i++) {
		const config_setting_t *from = config_setting_get_elem(list, (unsigned int)i);
		struct mmx_ram_piece *piece = &ram->pieces[i];

		ret = read_group(r, from, SETTINGS(piece_settings), piece);
		if (!ret)
			ret = check_piece(r, from, ram, piece);
		if (ret)
			return ret;
		ram->piece_count++;
	}
	return 0;
}

static int read_ram(const struct reader *r, const config_setting_t *group,
		    struct mmx_ram_config *ram)
{
	return read_group(r, group, SETTINGS(guest_ram_settings), ram);
}

/* ---- partitions ---- */

/*
 * Memory is the size of a PCI BAR then, a power of two: rings and session page come out of it, and what is left can be
 * registered.
 */
static int fit_bar(const struct reader *r, const config_setting_t *from,
		   struct mmx_partition_config *p)
{
	const struct mmx_region_params empty = {
		.sub_slots = p->ring_slots,
		.comp_slots = p->ring_slots,
		.max_timelines = p->limits.wire.max_timelines,
	};
	uint64_t memory = p->limits.wire.mem_bytes;
	struct mmx_region_hdr layout;

	if (memory & (memory - 1))
		return refuse(r, from, "memory: %llu is no power of two, which transport %s needs",
			      (unsigned long long)memory, p->transport->name);
	if (mmx_region_layout(&empty, &layout) || layout.size >= memory)
		return refuse(r, from, "memory: %llu has no room for rings and timelines",
			      (unsigned long long)memory);
	p->limits.wire.mem_bytes = memory - layout.size;
	return 0;
}

/* What the protocol fixes, and what the settings say together. */
static int finish_partition(const struct reader *r, const config_setting_t *from,
			    struct mmx_partition_config *p)
{
	p->check_uid = config_setting_get_member(from, "uid") != NULL;
	p->limits.wire.max_waits = MMX_SUBMIT_MAX_WAITS;
	p->limits.wire.max_bind_ops = MMX_BIND_MAX_OPS;
	p->limits.wire.max_queues = MMX_MAX_QUEUES;
	if (p->ring_slots & (p->ring_slots - 1))
		return refuse(r, from, "ring_slots: %u is no power of two", p->ring_slots);
	if (p->ram.file && !p->transport->stays)
		return refuse(r, from, "guest_ram: guests of transport %s are no machines",
			      p->transport->name);
	return p->transport->stays ? fit_bar(r, from, p) : 0;
}

static int check_duplicates(const struct reader *r, const config_setting_t *list,
			    const struct mmx_config *config)
{
	size_t i, j;

	for (i = 0; i < config->partition_count; i++) {
		const struct mmx_partition_config *a = &config->partitions[i];
		const config_setting_t *from = config_setting_get_elem(list, (unsigned int)i);

		if (!strcmp(a->socket, config->device_socket) ||
		    (config->control_socket && !strcmp(a->socket, config->control_socket)))
			return refuse(r, from, "socket '%.64s' is in use for something else",
				      a->socket);
		for (j = 0; j < i; j++) {
			const struct mmx_partition_config *b = &config->partitions[j];

			if (!strcmp(a->name, b->name))
				return refuse(r, from, "name '%s' is given twice", a->name);
			if (!strcmp(a->socket, b->socket))
				return refuse(r, from, "socket '%.64s' is given twice", a->socket);
		}
	}
	return 0;
}

static int read_partitions(const struct reader *r, const config_setting_t *root,
			   struct mmx_config *config)
{
	const config_setting_t *list = config_setting_get_member(root, "partition");
	int i, ret, count;

	if (!list)
		return refuse(r, root, "partition is missing");
	if (!config_setting_is_list(list))
		return refuse(r, list, "partition: a list ( { ... }, { ... } ) is wanted");
	count = config_setting_length(list);
	if (count < 1 || count > (int)MMX_CONFIG_MAX_PARTITIONS)
		return refuse(r, list, "partition: 1 to %u of them are wanted, not %d",
			      MMX_CONFIG_MAX_PARTITIONS, count);
	config->partitions = calloc((size_t)count, sizeof(*config->partitions));
	if (!config->partitions)
		return -ENOMEM;
	config->partition_count = (size_t)count;
	for (i = 0; i < count; i++) {
		const config_setting_t *from = config_setting_get_elem(list, (unsigned int)i);
		struct mmx_partition_config *p = &config->partitions[i];

		ret = read_group(r, from, SETTINGS(partition_settings), p);
		if (!ret)
			ret = finish_partition(r, from, p);
		if (ret)
			return ret;
	}
	return check_duplicates(r, list, config);
}

/* ---- the file ---- */

static const struct {
	const char *name;
	const struct setting *settings;
	size_t count;
	bool required;
} groups[] = {
	{ "device", SETTINGS(device_settings), true },
	{ "firmware", SETTINGS(firmware_settings), true },
	{ "control", SETTINGS(control_settings), false },
	{ "scheduler", SETTINGS(scheduler_settings), false },
};

static int check_root(const struct reader *r, const config_setting_t *root)
{
	int i, length = config_setting_length(root);
	size_t j;

	for (i = 0; i < length; i++) {
		const config_setting_t *member = config_setting_get_elem(root, (unsigned int)i);
		const char *name = config_setting_name(member);

		for (j = 0; j < sizeof(groups) / sizeof(groups[0]) && strcmp(name, groups[j].name);
		     j++)
			;
		if (j == sizeof(groups) / sizeof(groups[0]) && strcmp(name, "log") &&
		    strcmp(name, "partition"))
			return refuse(r, member, "'%.64s' is not known here", name);
	}
	return 0;
}

static int read_root(const struct reader *r, const config_setting_t *root,
		     struct mmx_config *config)
{
	static const struct setting log_setting =
		TEXT("log", KIND_LOG, struct mmx_config, log, false, NULL);
	int ret = check_root(r, root);
	size_t i;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]) && !ret; i++) {
		const config_setting_t *group = config_setting_get_member(root, groups[i].name);

		if (group)
			ret = read_group(r, group, groups[i].settings, groups[i].count, config);
		else if (groups[i].required)
			ret = refuse(r, root, "%s is missing", groups[i].name);
		else
			store_defaults(groups[i].settings, groups[i].count, config);
	}
	if (!ret)
		ret = read_setting(r, &log_setting, root, (char *)config);
	if (!ret)
		ret = read_partitions(r, root, config);
	return ret;
}

static int read_config(config_t *parsed, bool ok, const char *file, struct mmx_config **ret_config,
		       struct mmx_config_error *ret_error)
{
	struct reader r = { .file = file, .error = ret_error };
	struct mmx_config *config;
	int ret;

	if (!ok) {
		snprintf(ret_error->text, sizeof(ret_error->text), "%.100s:%d: %.100s", file,
			 config_error_line(parsed), config_error_text(parsed));
		return CONFIG_E_INVALID;
	}
	config = calloc(1, sizeof(*config));
	if (!config)
		return -ENOMEM;
	ret = read_root(&r, config_root_setting(parsed), config);
	if (ret) {
		mmx_config_destroy(config);
		return ret;
	}
	*ret_config = config;
	return 0;
}

/*
 * Where a line includes another file, or 0. libconfig's scanner ends the process if that is a directory, and errors
 * would name a line without its file.
 */
static unsigned int find_include(const char *text)
{
	static const char word[] = "@include";
	unsigned int line;

	for (line = 1; text; line++) {
		text += strspn(text, " \t");
		if (!strncmp(text, word, sizeof(word) - 1))
			return line;
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return 0;
}

int mmx_config_read_text(const char *text, const char *file, struct mmx_config **ret_config,
			 struct mmx_config_error *ret_error)
{
	unsigned int include = find_include(text);
	config_t parsed;
	int ret;

	if (include) {
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "%.100s:%u: @include is not supported; all settings go into one file",
			 file, include);
		return CONFIG_E_INVALID;
	}
	config_init(&parsed);
	ret = read_config(&parsed, config_read_string(&parsed, text) == CONFIG_TRUE, file,
			  ret_config, ret_error);
	config_destroy(&parsed);
	return ret;
}

int mmx_config_read_string(const char *text, struct mmx_config **ret_config,
			   struct mmx_config_error *ret_error)
{
	return mmx_config_read_text(text, "<string>", ret_config, ret_error);
}

void mmx_config_destroy(struct mmx_config *config)
{
	size_t i;

	if (!config)
		return;
	for (i = 0; i < config->partition_count; i++) {
		free(config->partitions[i].name);
		free(config->partitions[i].socket);
		free(config->partitions[i].ram.file);
	}
	free(config->partitions);
	free(config->device_socket);
	free(config->firmware_image);
	free(config->control_socket);
	free(config->log);
	free(config);
}
