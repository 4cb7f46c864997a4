/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Time. All of the backend sees it through one struct mmx_timers: real in the daemon (a timerfd armed with
 * mmx_timers_next()), virtual in tests.
 */
#ifndef BACKEND_UTIL_TIMER_H
#define BACKEND_UTIL_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MMX_NS_PER_US 1000ull
#define MMX_NS_PER_MS 1000000ull
#define MMX_NS_PER_S  1000000000ull

struct mmx_timers {
	uint64_t (*now_ns)(void *ctx); /* monotonic */
	void *ctx;
	struct mmx_timer **heap; /* min-heap by deadline, then by the order of arming */
	size_t count, capacity;
	size_t registered; /* timers that have a place */
	struct mmx_timer **due; /* of the mmx_timers_run() that is under way, earliest first */
	size_t due_next, due_count;
	uint64_t seq;
};

struct mmx_timer {
	void (*fn)(struct mmx_timer *timer);
	uint64_t deadline_ns;
	uint64_t seq; /* equal deadlines run in the order of arming */
	size_t pos; /* in the heap, or among what is due, + 1; 0 = not armed */
	bool due;
};

void mmx_timers_init(struct mmx_timers *timers, uint64_t (*now_ns)(void *ctx), void *ctx);
/* No timer may be armed any more. */
void mmx_timers_finish(struct mmx_timers *timers);

static inline uint64_t mmx_timers_now(const struct mmx_timers *timers)
{
	return timers->now_ns(timers->ctx);
}

/* A registered timer can be armed without fail: its place in the heap is reserved. Return: 0 or -ENOMEM. */
int mmx_timer_init(struct mmx_timers *timers, struct mmx_timer *timer,
		   void (*fn)(struct mmx_timer *timer));
/* Disarms and gives the place back. Legal on a zeroed timer, and twice. */
void mmx_timer_finish(struct mmx_timers *timers, struct mmx_timer *timer);

/* Arms, or moves, the timer: fn runs from mmx_timers_run() once the time has come. */
void mmx_timer_set(struct mmx_timers *timers, struct mmx_timer *timer, uint64_t deadline_ns);
/* Fine if it is not armed. */
void mmx_timer_cancel(struct mmx_timers *timers, struct mmx_timer *timer);

static inline bool mmx_timer_armed(const struct mmx_timer *timer)
{
	return timer->pos != 0;
}

/* Deadline of the next timer; UINT64_MAX = none. */
uint64_t mmx_timers_next(const struct mmx_timers *timers);
/* Runs what is due; timers that are armed meanwhile for the past run in the next call. Not from within a timer. */
void mmx_timers_run(struct mmx_timers *timers);

#endif
