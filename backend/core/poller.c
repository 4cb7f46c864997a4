// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* See poller.h. Called by loop.c after each round; pure. */
#include "backend/core/poller.h"

/* A window that is shorter costs as much as it spares: a look takes about that long. */
#define MIN_NS 1000u

void mmx_poller_init(struct mmx_poller *poller, uint64_t max_ns)
{
	*poller = (struct mmx_poller){ .max_ns = max_ns, .asleep = true };
}

bool mmx_poller_go_on(struct mmx_poller *poller, uint64_t now_ns, uint64_t work)
{
	uint64_t passed_ns = now_ns - poller->since_ns;

	if (!poller->max_ns)
		return false;
	if (work != poller->work) {
		if (passed_ns < poller->max_ns)
			poller->window_ns = poller->max_ns;
		poller->work = work;
		poller->since_ns = now_ns;
		poller->asleep = !poller->window_ns;
	} else if (!poller->asleep && passed_ns >= poller->window_ns) {
		poller->window_ns /= 2;
		if (poller->window_ns < MIN_NS)
			poller->window_ns = 0;
		poller->since_ns = now_ns;
		poller->asleep = true;
	}
	return !poller->asleep;
}
