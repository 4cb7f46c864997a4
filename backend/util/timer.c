// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Timers in a binary min-heap. The array has room for every registered timer, so arming never allocates.
 *
 * mmx_timers_run() first takes all that is due out of the heap into @due and then calls from there: what a
 * callback arms goes to the heap and waits for the next run, however early its deadline, and what a callback
 * cancels, moves or unregisters leaves a hole in @due.
 *
 * One thread. Timers belong to their users; this file owns the two arrays only.
 */
#include "backend/util/timer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static bool earlier(const struct mmx_timer *a, const struct mmx_timer *b)
{
	if (a->deadline_ns != b->deadline_ns)
		return a->deadline_ns < b->deadline_ns;
	return a->seq < b->seq;
}

static void place(struct mmx_timers *timers, size_t pos, struct mmx_timer *timer)
{
	timers->heap[pos] = timer;
	timer->pos = pos + 1;
}

static void sift_up(struct mmx_timers *timers, size_t pos)
{
	struct mmx_timer *timer = timers->heap[pos];

	while (pos && earlier(timer, timers->heap[(pos - 1) / 2])) {
		place(timers, pos, timers->heap[(pos - 1) / 2]);
		pos = (pos - 1) / 2;
	}
	place(timers, pos, timer);
}

static void sift_down(struct mmx_timers *timers, size_t pos)
{
	struct mmx_timer *timer = timers->heap[pos];
	size_t child;

	while ((child = 2 * pos + 1) < timers->count) {
		if (child + 1 < timers->count &&
		    earlier(timers->heap[child + 1], timers->heap[child]))
			child++;
		if (!earlier(timers->heap[child], timer))
			break;
		place(timers, pos, timers->heap[child]);
		pos = child;
	}
	place(timers, pos, timer);
}

static void heap_remove(struct mmx_timers *timers, struct mmx_timer *timer)
{
	size_t pos = timer->pos - 1;
	struct mmx_timer *last = timers->heap[--timers->count];

	timer->pos = 0;
	if (last == timer)
		return;
	place(timers, pos, last);
	sift_down(timers, pos);
	sift_up(timers, last->pos - 1);
}

void mmx_timers_init(struct mmx_timers *timers, uint64_t (*now_ns)(void *ctx), void *ctx)
{
	*timers = (struct mmx_timers){ .now_ns = now_ns, .ctx = ctx };
}

void mmx_timers_finish(struct mmx_timers *timers)
{
	assert(!timers->count);
	free(timers->heap);
	free(timers->due);
	*timers = (struct mmx_timers){ 0 };
}

int mmx_timer_init(struct mmx_timers *timers, struct mmx_timer *timer,
		   void (*fn)(struct mmx_timer *timer))
{
	if (timers->registered == timers->capacity) {
		size_t capacity = timers->capacity ? 2 * timers->capacity : 16;
		struct mmx_timer **array;

		array = realloc(timers->heap, capacity * sizeof(struct mmx_timer *));
		if (!array)
			return -ENOMEM;
		timers->heap = array;
		array = realloc(timers->due, capacity * sizeof(struct mmx_timer *));
		if (!array)
			return -ENOMEM;
		timers->due = array;
		timers->capacity = capacity;
	}
	timers->registered++;
	*timer = (struct mmx_timer){ .fn = fn };
	return 0;
}

void mmx_timer_finish(struct mmx_timers *timers, struct mmx_timer *timer)
{
	if (!timer->fn)
		return;
	mmx_timer_cancel(timers, timer);
	timer->fn = NULL;
	timers->registered--;
}

void mmx_timer_set(struct mmx_timers *timers, struct mmx_timer *timer, uint64_t deadline_ns)
{
	assert(timer->fn);
	mmx_timer_cancel(timers, timer);
	timer->deadline_ns = deadline_ns;
	timer->seq = timers->seq++;
	place(timers, timers->count++, timer);
	sift_up(timers, timer->pos - 1);
}

void mmx_timer_cancel(struct mmx_timers *timers, struct mmx_timer *timer)
{
	if (!timer->pos)
		return;
	if (timer->due) {
		timers->due[timer->pos - 1] = NULL;
		timer->due = false;
		timer->pos = 0;
	} else {
		heap_remove(timers, timer);
	}
}

uint64_t mmx_timers_next(const struct mmx_timers *timers)
{
	uint64_t next = timers->count ? timers->heap[0]->deadline_ns : UINT64_MAX;
	size_t i = timers->due_next;

	while (i < timers->due_count && !timers->due[i])
		i++;
	if (i < timers->due_count && timers->due[i]->deadline_ns < next)
		next = timers->due[i]->deadline_ns;
	return next;
}

void mmx_timers_run(struct mmx_timers *timers)
{
	uint64_t now = mmx_timers_now(timers);

	timers->due_next = 0;
	timers->due_count = 0;
	while (timers->count && timers->heap[0]->deadline_ns <= now) {
		struct mmx_timer *timer = timers->heap[0];

		heap_remove(timers, timer);
		timers->due[timers->due_count++] = timer;
		timer->pos = timers->due_count;
		timer->due = true;
	}
	while (timers->due_next < timers->due_count) {
		struct mmx_timer *timer = timers->due[timers->due_next++];

		if (!timer)
			continue;
		timer->due = false;
		timer->pos = 0;
		timer->fn(timer);
	}
	timers->due_next = 0;
	timers->due_count = 0;
}
