/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Pages of the data area: which are free. Page numbers count from the area's start. */
#ifndef FRONTEND_USER_PAGES_H
#define FRONTEND_USER_PAGES_H

#include <stdint.h>

#include "hv/proto/proto.h"

struct mmx_pages {
	uint64_t *used; /* bit per page */
	uint32_t count;
};

/* Return: 0; -ENOMEM. */
int mmx_pages_init(struct mmx_pages *pages, uint32_t count);
void mmx_pages_finish(struct mmx_pages *pages);

/**
 * mmx_pages_take() - takes @want pages as a list of runs
 * @scatter: 0 or 1: as few runs as can be; n: none longer than n, and none right behind the one before it
 *
 * Return: 0: *ret_runs is the caller's to free(); -ENOMEM: there are not enough, or not apart
 * enough.
 */
int mmx_pages_take(struct mmx_pages *pages, uint32_t want, unsigned int scatter,
		   struct mmx_run **ret_runs, uint32_t *ret_count);
void mmx_pages_give(struct mmx_pages *pages, const struct mmx_run *runs, uint32_t count);

#endif
