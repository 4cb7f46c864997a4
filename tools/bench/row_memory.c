// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What a guest costs the daemon in memory while it holds nothing: growth of the daemon when 64 guests have attached,
 * divided by 64. Pss counts what daemon and guest share (rings, session page) in halves, Rss in full. And the same
 * once as many have come and gone before: nothing of them may stay. Beside it the goal, 256 KiB.
 */
#include <errno.h>
#include <stdlib.h>

#include "frontend/user/malimux.h"
#include "tools/bench/house.h"
#include "tools/bench/proc.h"

#define GUESTS	 64u
#define GOAL_KIB 256.0

static double kib_each(uint64_t before, uint64_t after)
{
	return after > before ? (double)(after - before) / 1024 / GUESTS : 0;
}

struct growth {
	struct mmx_series pss, rss; /* KiB */
};

/* All come, and go. @before: what the daemon had when nobody had ever come. */
static int visit(struct mmx_house *house, const struct mmx_proc_memory *before,
		 struct growth *growth)
{
	struct mmx_guest *guests[GUESTS] = { NULL };
	struct mmx_proc_memory after = { 0 };
	char socket[MMX_HOUSE_SOCKET];
	unsigned int i;
	int r = 0;

	for (i = 0; i < GUESTS && !r; i++) {
		/* one that comes while the one before it is being cleared away waits */
		mmx_house_socket(house, i, socket);
		r = mmx_guest_open(socket, "bench", house->bench->timeout_ms, &guests[i]);
	}
	if (!r)
		r = mmx_proc_memory(mmx_proc_child(house->daemon), &after);
	if (!r) {
		mmx_series_add(&growth->pss, kib_each(before->pss_bytes, after.pss_bytes));
		mmx_series_add(&growth->rss, kib_each(before->rss_bytes, after.rss_bytes));
	}
	for (i = 0; i < GUESTS; i++)
		mmx_guest_close(guests[i]);
	return r ? mmx_bench_fail(r, "%s", house->dir) : 0;
}

/* A daemon of its own each time. */
static int repetition(struct mmx_house *house, struct growth *first, struct growth *second)
{
	struct mmx_proc_memory before = { 0 };
	int r;

	r = mmx_house_daemon(house, GUESTS, "");
	if (r)
		return r;
	r = mmx_proc_memory(mmx_proc_child(house->daemon), &before);
	if (r)
		return mmx_bench_fail(r, "%s", house->dir);
	r = visit(house, &before, first);
	if (!r)
		r = visit(house, &before, second);
	mmx_house_daemon_end(house);
	return r;
}

static void line(struct mmx_bench *b, const char *name, const struct mmx_series *value)
{
	const struct mmx_series goal = { { GOAL_KIB }, 1 };

	mmx_report_line(b->report, &(struct mmx_report_line){ name, "KiB", value, "goal", &goal });
}

int mmx_row_memory(struct mmx_bench *b)
{
	struct growth first = { .pss.count = 0 }, second = { .pss.count = 0 };
	struct mmx_house house;
	unsigned int rep, reps = b->quick ? 1 : 3;
	int r;

	mmx_report_row(b->report, "memory", "the daemon's growth for an idle guest, mean of 64");
	r = mmx_house_open(b, "memory", &house);
	for (rep = 0; rep < reps && !r; rep++)
		r = repetition(&house, &first, &second);
	if (!r) {
		line(b, "Pss per guest", &first.pss);
		line(b, "Rss per guest", &first.rss);
		line(b, "Pss, others have come and gone", &second.pss);
		line(b, "Rss, others have come and gone", &second.rss);
	}
	mmx_house_close(&house);
	return r;
}
