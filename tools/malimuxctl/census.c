// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What guests have, in tables: groups with their queues, VMs, one guest against its limits, and what has happened
 * between two answers. Called by malimuxctl and the fuzzer; no state.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tools/malimuxctl/show.h"
#include "tools/malimuxctl/table.h"

#define KIB_BYTES 1024.0
#define MIB_BYTES (1024.0 * 1024.0)
#define NS_PER_MS 1e6
#define NS_PER_S  1e9

/* ---- groups ---- */

enum {
	G_PARTITION,
	G_GROUP,
	G_LABEL,
	G_PROCESS,
	G_VM,
	G_PRIORITY,
	G_STATE,
	G_TEXTS,
	G_PID = G_TEXTS,
	G_SLOT,
	G_GPU_MS,
	G_KIB,
	G_QUEUE,
	G_SUBMITTED,
	G_COMPLETED,
	G_FAILED,
	G_PENDING,
	G_COLUMNS
};

static const char *const group_headings[G_COLUMNS] = {
	[G_PARTITION] = "PARTITION",
	[G_GROUP] = "GROUP",
	[G_LABEL] = "LABEL",
	[G_PROCESS] = "PROCESS",
	[G_VM] = "VM",
	[G_PRIORITY] = "PRIORITY",
	[G_STATE] = "STATE",
	[G_PID] = "PID",
	[G_SLOT] = "SLOT",
	[G_GPU_MS] = "GPU-MS",
	[G_KIB] = "KIB",
	[G_QUEUE] = "QUEUE",
	[G_SUBMITTED] = "SUBMITTED",
	[G_COMPLETED] = "COMPLETED",
	[G_FAILED] = "FAILED",
	[G_PENDING] = "PENDING",
};

static void fill_group(struct mmx_ctl_row *row, const char *partition,
		       const struct mmx_ctl_group *g)
{
	mmx_ctl_cell_text(row->cells[G_PARTITION], partition);
	mmx_ctl_cell_text(row->cells[G_GROUP], g->group);
	mmx_ctl_cell_text(row->cells[G_LABEL], *g->label ? g->label : "-");
	mmx_ctl_cell_text(row->cells[G_PROCESS], *g->client.process ? g->client.process : "-");
	mmx_ctl_cell_text(row->cells[G_VM], g->vm);
	mmx_ctl_cell_text(row->cells[G_PRIORITY], g->priority);
	mmx_ctl_cell_text(row->cells[G_STATE], g->state);
	mmx_ctl_cell_number(row->cells[G_PID], g->client.pid);
	if (g->in_slot)
		mmx_ctl_cell_number(row->cells[G_SLOT], g->slot);
	else
		mmx_ctl_cell_text(row->cells[G_SLOT], "-");
	mmx_ctl_cell_fraction(row->cells[G_GPU_MS], (double)g->gpu_time_ns / NS_PER_MS);
	mmx_ctl_cell_fraction(row->cells[G_KIB], (double)g->backend_bytes / KIB_BYTES);
}

static void fill_queue(struct mmx_ctl_row *row, size_t number, const struct mmx_ctl_queue *q)
{
	mmx_ctl_cell_number(row->cells[G_QUEUE], number);
	mmx_ctl_cell_number(row->cells[G_SUBMITTED], q->submitted);
	mmx_ctl_cell_number(row->cells[G_COMPLETED], q->completed);
	mmx_ctl_cell_number(row->cells[G_FAILED], q->failed);
	mmx_ctl_cell_number(row->cells[G_PENDING],
			    q->submitted > q->completed ? q->submitted - q->completed : 0);
}

/* One line for each queue; the first has the group's cells as well. */
static int add_group(struct mmx_ctl_table *table, const char *partition,
		     const struct mmx_ctl_group *g)
{
	struct mmx_ctl_row *row = mmx_ctl_table_row(table);
	size_t i;

	if (!row)
		return -ENOMEM;
	fill_group(row, partition, g);
	for (i = 0; i < g->queue_count; i++) {
		if (i)
			row = mmx_ctl_table_row(table);
		if (!row)
			return -ENOMEM;
		fill_queue(row, i, &g->queues[i]);
	}
	return 0;
}

/* ---- VMs ---- */

enum {
	V_PARTITION,
	V_VM,
	V_LABEL,
	V_PROCESS,
	V_RESIDENT,
	V_TEXTS,
	V_PID = V_TEXTS,
	V_MAPPINGS,
	V_TABLES_KIB,
	V_USERS,
	V_COLUMNS
};

static const char *const vm_headings[V_COLUMNS] = {
	[V_PARTITION] = "PARTITION", [V_VM] = "VM",
	[V_LABEL] = "LABEL",	     [V_PROCESS] = "PROCESS",
	[V_RESIDENT] = "RESIDENT",   [V_PID] = "PID",
	[V_MAPPINGS] = "MAPPINGS",   [V_TABLES_KIB] = "KIB",
	[V_USERS] = "USERS",
};

static int add_vm(struct mmx_ctl_table *table, const char *partition, const struct mmx_ctl_vm *v)
{
	struct mmx_ctl_row *row = mmx_ctl_table_row(table);

	if (!row)
		return -ENOMEM;
	mmx_ctl_cell_text(row->cells[V_PARTITION], partition);
	mmx_ctl_cell_text(row->cells[V_VM], v->vm);
	mmx_ctl_cell_text(row->cells[V_LABEL], *v->label ? v->label : "-");
	mmx_ctl_cell_text(row->cells[V_PROCESS], *v->client.process ? v->client.process : "-");
	mmx_ctl_cell_text(row->cells[V_RESIDENT], v->resident ? "yes" : "no");
	mmx_ctl_cell_number(row->cells[V_PID], v->client.pid);
	snprintf(row->cells[V_MAPPINGS], MMX_CTL_CELL_SIZE, "%" PRIu64 "/%" PRIu64, v->mappings,
		 v->mappings_max);
	mmx_ctl_cell_fraction(row->cells[V_TABLES_KIB], (double)v->table_bytes / KIB_BYTES);
	mmx_ctl_cell_number(row->cells[V_USERS], v->users);
	return 0;
}

int mmx_ctl_show_pages(enum mmx_ctl_command command, const struct mmx_ctl_answer *pages,
		       size_t count, FILE *out)
{
	bool groups = command == MMX_CTL_GROUPS;
	struct mmx_ctl_table table = {
		.headings = groups ? group_headings : vm_headings,
		.columns = groups ? G_COLUMNS : V_COLUMNS,
		.texts = groups ? G_TEXTS : V_TEXTS,
	};
	size_t i, j;
	int r = 0;

	for (i = 0; i < count; i++)
		for (j = 0; j < pages[i].page.count && !r; j++)
			r = groups ? add_group(&table, pages[i].page.partition,
					       &pages[i].page.groups[j])
				   : add_vm(&table, pages[i].page.partition, &pages[i].page.vms[j]);
	if (!r)
		mmx_ctl_table_print(&table, out);
	mmx_ctl_table_finish(&table);
	return r;
}

/* ---- one guest ---- */

static void put_label(const char *label, FILE *out)
{
	fprintf(out, "%-12s", label);
}

static void put_share(const char *label, uint64_t has, uint64_t max, FILE *out)
{
	put_label(label, out);
	fprintf(out, "%" PRIu64 " of %" PRIu64 "\n", has, max);
}

static void put_mib(const char *label, uint64_t has, uint64_t max, FILE *out)
{
	put_label(label, out);
	fprintf(out, "%.1f of %.1f MiB\n", (double)has / MIB_BYTES, (double)max / MIB_BYTES);
}

void mmx_ctl_show_guest(const struct mmx_ctl_guest *g, FILE *out)
{
	put_label("partition:", out);
	mmx_ctl_put_text(g->partition, out);
	fprintf(out, ", weight %" PRIu64 ", cores %s\n", g->weight, g->shader_cores);
	put_label("guest:", out);
	if (g->connected) {
		mmx_ctl_put_text(*g->name ? g->name : "(no name)", out);
		fprintf(out, ", process %" PRIu64 ", uid %" PRIu64 "\n", g->pid, g->uid);
	} else {
		fputs(g->quarantine_ms ? "none, and none is let in: quarantine\n" : "none\n", out);
	}
	put_share("slots:", g->slots, g->slots_max, out);
	put_share("clients:", g->clients, g->clients_max, out);
	put_share("VMs:", g->vms, g->vms_max, out);
	put_share("groups:", g->groups, g->groups_max, out);
	put_share("heaps:", g->heaps, g->heaps_max, out);
	put_share("timelines:", g->timelines, g->timelines_max, out);
	put_share("objects:", g->mems, g->mems_max, out);
	put_mib("memory:", g->mem_bytes, g->mem_bytes_max, out);
	put_mib("backend's:", g->backend_bytes, g->backend_bytes_max, out);
	put_label("of that:", out);
	fprintf(out, "%.1f MiB in tiler heaps\n", (double)g->heap_bytes / MIB_BYTES);
	put_label("jobs:", out);
	fprintf(out, "%" PRIu64 " pending, %" PRIu64 " done, %" PRIu64 " failed\n", g->jobs,
		g->jobs_done, g->jobs_failed);
	put_label("messages:", out);
	fprintf(out, "%" PRIu64 ", %" PRIu64 " refused\n", g->messages, g->refused);
	put_label("trouble:", out);
	fprintf(out,
		"%" PRIu64 " faults, %" PRIu64 " time-outs, reason of %" PRIu64 " resets; %" PRIu64
		" groups lost by those of others\n",
		g->faults, g->timeouts, g->resets, g->lost);
	put_label("gpu time:", out);
	fprintf(out, "%.1f ms, over %" PRIu64 " guests\n", (double)g->gpu_time_ns / NS_PER_MS,
		g->guests);
}

/* ---- what happens ---- */

enum {
	R_PARTITION,
	R_GUEST,
	R_TEXTS,
	R_SLOTS = R_TEXTS,
	R_GPU,
	R_JOBS,
	R_FAILED,
	R_MESSAGES,
	R_REFUSED,
	R_PENDING,
	R_GROUPS,
	R_MIB,
	R_COLUMNS
};

static const char *const rate_headings[R_COLUMNS] = {
	[R_PARTITION] = "PARTITION", [R_GUEST] = "GUEST",	[R_SLOTS] = "SLOTS",
	[R_GPU] = "GPU-%",	     [R_JOBS] = "JOBS/S",	[R_FAILED] = "FAILED/S",
	[R_MESSAGES] = "MSGS/S",     [R_REFUSED] = "REFUSED/S", [R_PENDING] = "PENDING",
	[R_GROUPS] = "GROUPS",	     [R_MIB] = "MIB",
};

/* A guest that has come meanwhile counts from 0. */
static double rate(uint64_t before, uint64_t now, double seconds)
{
	return (double)(now >= before ? now - before : now) / seconds;
}

static void fill_rates(struct mmx_ctl_row *row, const struct mmx_ctl_guest *a,
		       const struct mmx_ctl_guest *b, double s)
{
	mmx_ctl_cell_text(row->cells[R_PARTITION], b->partition);
	mmx_ctl_cell_text(row->cells[R_GUEST],
			  b->connected ? (*b->name ? b->name : "(no name)") : "-");
	snprintf(row->cells[R_SLOTS], MMX_CTL_CELL_SIZE, "%" PRIu64 "/%" PRIu64, b->slots,
		 b->slots_max);
	mmx_ctl_cell_fraction(row->cells[R_GPU],
			      100 * rate(a->gpu_time_ns, b->gpu_time_ns, s * NS_PER_S));
	mmx_ctl_cell_fraction(row->cells[R_JOBS], rate(a->jobs_done, b->jobs_done, s));
	mmx_ctl_cell_fraction(row->cells[R_FAILED], rate(a->jobs_failed, b->jobs_failed, s));
	mmx_ctl_cell_fraction(row->cells[R_MESSAGES], rate(a->messages, b->messages, s));
	mmx_ctl_cell_fraction(row->cells[R_REFUSED], rate(a->refused, b->refused, s));
	mmx_ctl_cell_number(row->cells[R_PENDING], b->jobs);
	mmx_ctl_cell_number(row->cells[R_GROUPS], b->groups);
	mmx_ctl_cell_fraction(row->cells[R_MIB], (double)b->mem_bytes / MIB_BYTES);
}

int mmx_ctl_show_rates(const struct mmx_ctl_answer *before, const struct mmx_ctl_answer *now,
		       double seconds, FILE *out)
{
	static const struct mmx_ctl_guest nothing;
	struct mmx_ctl_table table = {
		.headings = rate_headings,
		.columns = R_COLUMNS,
		.texts = R_TEXTS,
	};
	struct mmx_ctl_row *row;
	size_t i;

	for (i = 0; i < now->guest_count; i++) {
		const struct mmx_ctl_guest *a =
			i < before->guest_count ? &before->guests[i] : &nothing;

		row = mmx_ctl_table_row(&table);
		if (!row) {
			mmx_ctl_table_finish(&table);
			return -ENOMEM;
		}
		fill_rates(row, a, &now->guests[i], seconds);
	}
	mmx_ctl_table_print(&table, out);
	mmx_ctl_table_finish(&table);
	return 0;
}
