// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The queue of timed events: a list in time order. Events are embedded in their owners, so queueing
 * never fails. Blocks add and delete; model.c alone runs the queue.
 *
 * The list is short (a handful for the device, one a job on the endpoints), so insertion walks it.
 * Events of equal time run in the order in which they were added. An event may add or delete any event,
 * itself too, while it runs.
 */
#include "tools/model/event.h"

#include <stdlib.h>

#include "tools/model/event_priv.h"
#include "tools/model/model_priv.h"

/* An event that keeps adding itself for "now" must not keep the caller for ever. */
#define RUN_MAX 1024

struct mdl_events {
	struct mdl_event *head;
	bool running;
};

struct mdl_events *mdl_events_create(void)
{
	return calloc(1, sizeof(struct mdl_events));
}

void mdl_events_destroy(struct mdl_events *events)
{
	free(events);
}

/**
 * mdl_event_add() - queues @ev for @at_ns, moving it if it is queued already
 * @m: the model
 * @ev: fn set by its owner; stays with its owner, who deletes it before its memory goes
 * @at_ns: absolute time; the past means as soon as possible
 */
void mdl_event_add(struct mmx_model *m, struct mdl_event *ev, uint64_t at_ns)
{
	struct mdl_event **link = &mdl_events(m)->head;

	mdl_event_del(m, ev);
	while (*link && (*link)->at_ns <= at_ns)
		link = &(*link)->next;
	ev->at_ns = at_ns;
	ev->next = *link;
	ev->queued = true;
	*link = ev;
}

/**
 * mdl_event_del() - takes @ev off the queue; fine if it is not on it
 * @m: the model
 * @ev: the event
 */
void mdl_event_del(struct mmx_model *m, struct mdl_event *ev)
{
	struct mdl_event **link = &mdl_events(m)->head;

	if (!ev->queued)
		return;
	while (*link != ev)
		link = &(*link)->next;
	*link = ev->next;
	ev->next = NULL;
	ev->queued = false;
}

void mdl_events_run(struct mmx_model *m, uint64_t now_ns)
{
	struct mdl_events *events = mdl_events(m);

	if (events->running)
		return;
	events->running = true;
	for (unsigned int i = 0; i < RUN_MAX && events->head; i++) {
		struct mdl_event *ev = events->head;

		if (ev->at_ns > now_ns)
			break;
		mdl_event_del(m, ev);
		ev->fn(m, ev);
	}
	events->running = false;
}

uint64_t mdl_events_next_ns(const struct mdl_events *events)
{
	return events->head ? events->head->at_ns : UINT64_MAX;
}
