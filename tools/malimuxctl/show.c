// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Prints what answer.c has checked. Called by malimuxctl and the fuzzer; no state.
 */
#include "tools/malimuxctl/show.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "tools/malimuxctl/table.h"

#define MIB_BYTES   (1024.0 * 1024.0)
#define NS_PER_MS   1e6
#define NS_IN_MS    1000000u
#define LABEL_WIDTH 12

void mmx_ctl_put_text(const char *text, FILE *out)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c < 0x7f && c != '\\')
			fputc(c, out);
		else
			fprintf(out, "\\x%02x", c);
	}
}

static void put_label(const char *label, FILE *out)
{
	fprintf(out, "%-*s", LABEL_WIDTH, label);
}

static void put_uptime(uint64_t ms, FILE *out)
{
	uint64_t s = ms / 1000;

	if (s >= 86400)
		fprintf(out, "%" PRIu64 " d ", s / 86400);
	if (s >= 3600)
		fprintf(out, "%" PRIu64 " h ", s / 3600 % 24);
	if (s >= 60)
		fprintf(out, "%" PRIu64 " min ", s / 60 % 60);
	fprintf(out, "%" PRIu64 " s", s % 60);
}

static int bits(const char *hex)
{
	return __builtin_popcountll(strtoull(hex, NULL, 16));
}

static void show_status(const struct mmx_ctl_status *s, FILE *out)
{
	put_label("state:", out);
	mmx_ctl_put_text(s->state, out);
	fputs(", up ", out);
	put_uptime(s->uptime_ms, out);
	fputc('\n', out);

	put_label("guests:", out);
	fprintf(out, "%" PRIu64 " connected, %" PRIu64 " partitions\n", s->guests, s->partitions);

	put_label("gpu:", out);
	fprintf(out, "%s, %s, by ", s->gpu.gpu_id, s->gpu.ready ? "ready" : "NOT READY");
	mmx_ctl_put_text(s->gpu.device, out);
	fputc('\n', out);

	put_label("power:", out);
	mmx_ctl_put_text(s->gpu.power, out);
	fprintf(out, ", was off %" PRIu64 " times, ", s->gpu.power_offs);
	put_uptime(s->gpu.power_off_ns / NS_IN_MS, out);
	fputs(" in all\n", out);

	put_label("has:", out);
	fprintf(out, "%d cores (%s), %" PRIu64 " slots of %" PRIu64 " streams, %d address spaces\n",
		bits(s->gpu.shader_present), s->gpu.shader_present, s->gpu.slots, s->gpu.streams,
		bits(s->gpu.as_present));

	put_label("in use:", out);
	fprintf(out,
		"%" PRIu64 " VMs, %" PRIu64 " groups, %" PRIu64
		" heaps, %.1f MiB of the backend's memory\n",
		s->gpu.vms, s->gpu.groups, s->gpu.heaps, (double)s->gpu.dma_bytes / MIB_BYTES);

	put_label("so far:", out);
	fprintf(out, "%" PRIu64 " resets, %" PRIu64 " interrupts\n", s->gpu.resets,
		s->gpu.interrupts);

	put_label("firmware:", out);
	mmx_ctl_put_text(s->firmware.image, out);
	fputs(", interface ", out);
	mmx_ctl_put_text(s->firmware.interface, out);
	fputs(s->firmware.is_signed ? ", signed\n" : ", UNSIGNED\n", out);

	put_label("build:", out);
	mmx_ctl_put_text(*s->firmware.build_info ? s->firmware.build_info : "-", out);
	fputc('\n', out);
}

static void show_version(const struct mmx_ctl_version *v, FILE *out)
{
	fputs("malimuxd ", out);
	mmx_ctl_put_text(v->version, out);
	fputs(", protocol ", out);
	mmx_ctl_put_text(v->protocol, out);
	fputc('\n', out);
}

/* ---- the table of guests ---- */

enum column {
	PARTITION,
	GUEST,
	PID,
	WEIGHT,
	SLOTS,
	CORES,
	GPU_MS,
	DONE,
	FAILED,
	PENDING,
	FAULTS,
	TIMEOUTS,
	RESETS,
	LOST,
	VMS,
	GROUPS,
	HEAPS,
	MIB,
	MIB_MAX,
	MIB_BACKEND,
	MIB_HEAPS,
	COLUMNS
};

static const char *const headings[COLUMNS] = {
	[PARTITION] = "PARTITION",
	[GUEST] = "GUEST",
	[PID] = "PID",
	[WEIGHT] = "WEIGHT",
	[SLOTS] = "SLOTS",
	[CORES] = "CORES",
	[GPU_MS] = "GPU-MS",
	[DONE] = "DONE",
	[FAILED] = "FAILED",
	[PENDING] = "PENDING",
	[FAULTS] = "FAULTS",
	[TIMEOUTS] = "TIMEOUTS",
	[RESETS] = "RESETS",
	[LOST] = "LOST",
	[VMS] = "VMS",
	[GROUPS] = "GROUPS",
	[HEAPS] = "HEAPS",
	[MIB] = "MIB",
	[MIB_MAX] = "MIB-MAX",
	[MIB_BACKEND] = "MIB-BACKEND",
	[MIB_HEAPS] = "MIB-HEAPS",
};

static const char *guest_text(const struct mmx_ctl_guest *g)
{
	if (g->connected)
		return *g->name ? g->name : "(no name)";
	return g->quarantine_ms ? "(quarantine)" : "-";
}

static void fill_row(struct mmx_ctl_row *row, const struct mmx_ctl_guest *g)
{
	const struct {
		enum column column;
		uint64_t value;
	} numbers[] = {
		{ WEIGHT, g->weight }, { DONE, g->jobs_done }, { FAILED, g->jobs_failed },
		{ PENDING, g->jobs },  { FAULTS, g->faults },  { TIMEOUTS, g->timeouts },
		{ RESETS, g->resets }, { LOST, g->lost },      { VMS, g->vms },
		{ GROUPS, g->groups }, { HEAPS, g->heaps },
	};
	const struct {
		enum column column;
		double value;
	} fractions[] = {
		{ GPU_MS, (double)g->gpu_time_ns / NS_PER_MS },
		{ MIB, (double)g->mem_bytes / MIB_BYTES },
		{ MIB_MAX, (double)g->mem_bytes_max / MIB_BYTES },
		{ MIB_BACKEND, (double)g->backend_bytes / MIB_BYTES },
		{ MIB_HEAPS, (double)g->heap_bytes / MIB_BYTES },
	};
	size_t i;

	mmx_ctl_cell_text(row->cells[PARTITION], g->partition);
	mmx_ctl_cell_text(row->cells[GUEST], guest_text(g));
	if (g->connected)
		snprintf(row->cells[PID], MMX_CTL_CELL_SIZE, "%" PRIu64, g->pid);
	else
		snprintf(row->cells[PID], MMX_CTL_CELL_SIZE, "-");
	snprintf(row->cells[SLOTS], MMX_CTL_CELL_SIZE, "%" PRIu64 "/%" PRIu64, g->slots,
		 g->slots_max);
	snprintf(row->cells[CORES], MMX_CTL_CELL_SIZE, "%s", g->shader_cores);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		mmx_ctl_cell_number(row->cells[numbers[i].column], numbers[i].value);
	for (i = 0; i < sizeof(fractions) / sizeof(fractions[0]); i++)
		mmx_ctl_cell_fraction(row->cells[fractions[i].column], fractions[i].value);
}

static int show_guests(const struct mmx_ctl_answer *answer, FILE *out)
{
	struct mmx_ctl_table table = { .headings = headings, .columns = COLUMNS, .texts = 2 };
	struct mmx_ctl_row *row;
	size_t i;

	for (i = 0; i < answer->guest_count; i++) {
		row = mmx_ctl_table_row(&table);
		if (!row) {
			mmx_ctl_table_finish(&table);
			return -ENOMEM;
		}
		fill_row(row, &answer->guests[i]);
	}
	mmx_ctl_table_print(&table, out);
	mmx_ctl_table_finish(&table);
	return 0;
}

int mmx_ctl_show(const struct mmx_ctl_answer *answer, FILE *out)
{
	switch (answer->command) {
	case MMX_CTL_STATUS:
		show_status(&answer->status, out);
		break;
	case MMX_CTL_GUESTS:
		return show_guests(answer, out);
	case MMX_CTL_VERSION:
		show_version(&answer->version, out);
		break;
	case MMX_CTL_GROUPS:
	case MMX_CTL_VMS:
		return mmx_ctl_show_pages(answer->command, answer, 1, out);
	case MMX_CTL_COMMANDS:
		break;
	}
	return 0;
}

/* ---- JSON ---- */

/* One character that is not ASCII, at the start of valid UTF-8, as \u escapes. Return: bytes of it. */
static size_t put_escaped(const unsigned char *text, FILE *out)
{
	size_t i, len = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : text[0] >= 0xc0 ? 2 : 1;
	uint32_t c = len == 1 ? text[0] : text[0] & (0x7fu >> len);

	for (i = 1; i < len && text[i]; i++)
		c = c << 6 | (text[i] & 0x3fu);
	if (c >= 0x10000) {
		c -= 0x10000;
		fprintf(out, "\\u%04" PRIx32, 0xd800 + (c >> 10 & 0x3ff));
		c = 0xdc00 + (c & 0x3ff);
	}
	fprintf(out, "\\u%04" PRIx32, c);
	return i;
}

int mmx_ctl_show_json(const struct mmx_ctl_answer *answer, FILE *out)
{
	const char *json = json_object_to_json_string_ext(
		answer->payload, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	const unsigned char *p = (const unsigned char *)json;

	if (!json)
		return -ENOMEM;
	while (*p) {
		if (*p < 0x7f)
			fputc(*p++, out);
		else
			p += put_escaped(p, out);
	}
	return 0;
}
