// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Pages of the data area: a bitmap, owned by a struct mmx_guest. Called by mem.c.
 *
 * A list of runs covers each of its pages once, and nobody else has them until they are given
 * back.
 */
#include "frontend/user/pages.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define WORD_BITS 64u

int mmx_pages_init(struct mmx_pages *pages, uint32_t count)
{
	*pages = (struct mmx_pages){ .count = count };
	pages->used = calloc(count / WORD_BITS + 1, sizeof(*pages->used));
	return pages->used ? 0 : -ENOMEM;
}

void mmx_pages_finish(struct mmx_pages *pages)
{
	free(pages->used);
	*pages = (struct mmx_pages){ 0 };
}

static bool is_used(const struct mmx_pages *pages, uint32_t page)
{
	return pages->used[page / WORD_BITS] >> page % WORD_BITS & 1;
}

/* The first page from @from on that is used, or is not; @end if there is none before it. */
static uint32_t find(const struct mmx_pages *pages, uint32_t from, uint32_t end, bool used)
{
	const uint64_t skip = used ? 0 : UINT64_MAX;

	while (from < end && is_used(pages, from) != used) {
		if (from % WORD_BITS == 0 && pages->used[from / WORD_BITS] == skip &&
		    end - from >= WORD_BITS)
			from += WORD_BITS;
		else
			from++;
	}
	return from;
}

static void mark(struct mmx_pages *pages, uint32_t first, uint32_t count, bool used)
{
	uint32_t page;

	for (page = first; page < first + count; page++) {
		if (used)
			pages->used[page / WORD_BITS] |= UINT64_C(1) << page % WORD_BITS;
		else
			pages->used[page / WORD_BITS] &= ~(UINT64_C(1) << page % WORD_BITS);
	}
}

struct run_list {
	struct mmx_run *runs;
	uint32_t count, room;
};

static int append(struct mmx_pages *pages, struct run_list *list, uint32_t first, uint32_t count)
{
	uint32_t room = list->room ? list->room * 2 : 16;
	struct mmx_run *runs;

	if (list->count == list->room) {
		runs = realloc(list->runs, room * sizeof(*runs));
		if (!runs)
			return -ENOMEM;
		list->runs = runs;
		list->room = room;
	}
	list->runs[list->count++] = (struct mmx_run){ .first_page = first, .page_count = count };
	mark(pages, first, count, true);
	return 0;
}

/* The first free run of @want pages, or if there is none the longest. Return: its length. */
static uint32_t best_run(const struct mmx_pages *pages, uint32_t want, uint32_t *ret_first)
{
	uint32_t first, end, longest = 0;

	for (first = find(pages, 0, pages->count, false); first < pages->count;
	     first = find(pages, end, pages->count, false)) {
		end = find(pages, first, pages->count, true);
		if (end - first <= longest)
			continue;
		longest = end - first;
		*ret_first = first;
		if (longest >= want)
			return want;
	}
	return longest;
}

static int take_few(struct mmx_pages *pages, uint32_t want, struct run_list *list)
{
	uint32_t first = 0, len;
	int ret;

	for (; want; want -= len) {
		len = best_run(pages, want, &first);
		if (!len)
			return -ENOMEM;
		ret = append(pages, list, first, len);
		if (ret)
			return ret;
	}
	return 0;
}

/* Goes over the area, leaving a page out after each run; then again for what was left out. */
static int take_scattered(struct mmx_pages *pages, uint32_t want, uint32_t most,
			  struct run_list *list)
{
	uint32_t at = 0, len, end, since_wrap = 0, behind = UINT32_MAX;
	int ret;

	while (want) {
		at = find(pages, at, pages->count, false);
		if (at < pages->count && at == behind)
			at = find(pages, at + 1, pages->count, false);
		if (at >= pages->count) {
			if (!since_wrap)
				return -ENOMEM;
			at = 0;
			since_wrap = 0;
			continue;
		}
		len = want < most ? want : most;
		end = len < pages->count - at ? at + len : pages->count;
		len = find(pages, at, end, true) - at;
		ret = append(pages, list, at, len);
		if (ret)
			return ret;
		want -= len;
		behind = at + len;
		at = behind + 1;
		since_wrap++;
	}
	return 0;
}

int mmx_pages_take(struct mmx_pages *pages, uint32_t want, unsigned int scatter,
		   struct mmx_run **ret_runs, uint32_t *ret_count)
{
	struct run_list list = { 0 };
	int ret;

	if (want > pages->count)
		return -ENOMEM;
	if (scatter > 1)
		ret = take_scattered(pages, want, scatter, &list);
	else
		ret = take_few(pages, want, &list);
	if (ret) {
		mmx_pages_give(pages, list.runs, list.count);
		free(list.runs);
		return ret;
	}
	*ret_runs = list.runs;
	*ret_count = list.count;
	return 0;
}

void mmx_pages_give(struct mmx_pages *pages, const struct mmx_run *runs, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		mark(pages, (uint32_t)runs[i].first_page, runs[i].page_count, false);
}
