/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The queue of timed events as model.c drives it. */
#ifndef TOOLS_MODEL_EVENT_PRIV_H
#define TOOLS_MODEL_EVENT_PRIV_H

#include <stdint.h>

struct mmx_model;
struct mdl_events;

/* Return: NULL without memory. */
struct mdl_events *mdl_events_create(void);
/* Events still queued belong to their owners and are left alone. */
void mdl_events_destroy(struct mdl_events *events);

/* Runs what is due at @now_ns, a bounded number of events; does nothing inside an event. */
void mdl_events_run(struct mmx_model *m, uint64_t now_ns);
/* UINT64_MAX = nothing is queued. */
uint64_t mdl_events_next_ns(const struct mdl_events *events);

#endif
