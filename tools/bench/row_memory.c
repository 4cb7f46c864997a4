// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What a guest costs the daemon in memory while it holds nothing: growth of the daemon when 64 guests have attached,
 * divided by 64. Pss counts what daemon and guest share (rings, session page) in halves, Rss in full. Beside it the
 * goal, 256 KiB.
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

/* A daemon of its own each time: memory that a guest left behind would be there for the next one. */
static int repetition(struct mmx_house *house, struct mmx_series *pss, struct mmx_series *rss)
{
	struct mmx_guest *guests[GUESTS] = { NULL };
	struct mmx_proc_memory before = { 0 }, after = { 0 };
	char socket[MMX_HOUSE_SOCKET];
	unsigned int i;
	int r;

	r = mmx_house_daemon(house, GUESTS, "");
	if (r)
		return r;
	r = mmx_proc_memory(house->daemon, &before);
	for (i = 0; i < GUESTS && !r; i++) {
		mmx_house_socket(house, i, socket);
		r = mmx_guest_open(socket, "bench", house->bench->timeout_ms, &guests[i]);
	}
	if (!r)
		r = mmx_proc_memory(house->daemon, &after);
	if (!r) {
		mmx_series_add(pss, kib_each(before.pss_bytes, after.pss_bytes));
		mmx_series_add(rss, kib_each(before.rss_bytes, after.rss_bytes));
	}
	for (i = 0; i < GUESTS; i++)
		mmx_guest_close(guests[i]);
	mmx_house_daemon_end(house);
	return r ? mmx_bench_fail(r, "%s", house->dir) : 0;
}

int mmx_row_memory(struct mmx_bench *b)
{
	struct mmx_series pss = { .count = 0 }, rss = { .count = 0 }, goal = { { GOAL_KIB }, 1 };
	struct mmx_house house;
	unsigned int rep, reps = b->quick ? 1 : 3;
	int r;

	mmx_report_row(b->report, "memory", "the daemon's growth for an idle guest, mean of 64");
	r = mmx_house_open(b, "memory", &house);
	for (rep = 0; rep < reps && !r; rep++)
		r = repetition(&house, &pss, &rss);
	if (!r) {
		mmx_report_line(b->report, &(struct mmx_report_line){ "Pss per guest", "KiB", &pss,
								      "goal", &goal });
		mmx_report_line(b->report, &(struct mmx_report_line){ "Rss per guest", "KiB", &rss,
								      "goal", &goal });
	}
	mmx_house_close(&house);
	return r;
}
