/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What happens later: timed events, embedded in their owner, kept in one queue per model. */
#ifndef TOOLS_MODEL_EVENT_H
#define TOOLS_MODEL_EVENT_H

#include <stdbool.h>
#include <stdint.h>

struct mmx_model;
struct mdl_events;

struct mdl_event {
	void (*fn)(struct mmx_model *m, struct mdl_event *ev);
	uint64_t at_ns; /* absolute; meaningful while queued */
	struct mdl_event *next; /* in time order; equal times in order of insertion */
	bool queued;
};

/* Moves the event if it is queued already. */
void mdl_event_add(struct mmx_model *m, struct mdl_event *ev, uint64_t at_ns);
/* Fine if it is not queued. */
void mdl_event_del(struct mmx_model *m, struct mdl_event *ev);

#endif
