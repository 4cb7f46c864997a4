/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * When to look again before sleeping: for as long as that has been worth it lately. Time in, decision out.
 *
 * A sleep that ends within the longest window would have been spared by looking, so the window is opened wide; each
 * time that it passes without anything to do it is halved, and soon nobody looks any more.
 */
#ifndef BACKEND_CORE_POLLER_H
#define BACKEND_CORE_POLLER_H

#include <stdbool.h>
#include <stdint.h>

struct mmx_poller {
	uint64_t max_ns; /* 0 = never look */
	uint64_t window_ns; /* now */
	uint64_t since_ns; /* work came last, or the sleep began */
	uint64_t work; /* counted until then */
	bool asleep;
};

void mmx_poller_init(struct mmx_poller *poller, uint64_t max_ns);
/**
 * mmx_poller_go_on() - there is nothing to do: look again?
 * @work: what has been done so far, counted in anything
 * Return: false: sleep.
 */
bool mmx_poller_go_on(struct mmx_poller *poller, uint64_t now_ns, uint64_t work);

#endif
