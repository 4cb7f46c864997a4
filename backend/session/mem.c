// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Memory objects: lists of runs of pages of the region, or of the guest's own memory. An object lives from MEM_CREATE until the guest has been
 * told that it is released: after MEM_DESTROY, and after the last mapping of it has gone and has been maintained.
 *
 * Lists are stored as they are added, each run with its place in the object, so that binding finds its part of it by
 * bisection. What an object costs in here is bounded by the session's pages: no run is empty, and runs are merged
 * where they continue each other.
 */
#include "backend/session/session_priv.h"

#include <errno.h>
#include <stdlib.h>

void mmx_memobj_get(struct mmx_memobj *mem)
{
	mem->refs++;
}

void mmx_memobj_put(struct mmx_memobj *mem)
{
	if (--mem->refs || !mem->destroyed)
		return;
	mmx_notify_released(mem->session, mem);
}

void mmx_memobj_free(struct mmx_memobj *mem)
{
	struct mmx_session *s = mem->session;

	mmx_list_del(&mem->link);
	mmx_table_del(&s->mems, mem->name);
	s->stats.mem_bytes -= (uint64_t)mem->page_count << MMX_WIRE_PAGE_SHIFT;
	mmx_label_drop(s, &mem->label);
	free(mem->runs);
	free(mem);
}

static int check_runs(const struct mmx_session *s, const struct mmx_memobj *mem,
		      const struct mmx_run *runs, uint32_t count, bool seal)
{
	uint64_t pages = mem->pages;
	uint32_t i;
	int r;

	for (i = 0; i < count; i++) {
		if (!runs[i].page_count || runs[i].flags & ~MMX_RUN_READONLY)
			return EINVAL;
		r = mmx_space_check_run(s, &runs[i]);
		if (r)
			return r;
		pages += runs[i].page_count;
		if (pages > mem->page_count)
			return EINVAL;
	}
	return seal && pages != mem->page_count ? EINVAL : 0;
}

static int reserve(struct mmx_memobj *mem, uint32_t more)
{
	uint32_t wanted = mem->run_count + more, capacity = mem->run_capacity * 2;
	struct mmx_mem_run *runs;

	if (wanted <= mem->run_capacity)
		return 0;
	if (capacity < wanted)
		capacity = wanted;
	runs = realloc(mem->runs, capacity * sizeof(*runs));
	if (!runs)
		return -ENOMEM;
	mem->runs = runs;
	mem->run_capacity = capacity;
	return 0;
}

static void add_run(struct mmx_memobj *mem, const struct mmx_run *run)
{
	struct mmx_mem_run *last = mem->run_count ? &mem->runs[mem->run_count - 1] : NULL;
	bool readonly = run->flags & MMX_RUN_READONLY;

	if (last && last->space == run->space &&
	    (uint64_t)last->page + last->page_count == run->first_page &&
	    last->readonly == readonly)
		last->page_count += run->page_count;
	else
		mem->runs[mem->run_count++] =
			(struct mmx_mem_run){ .object_page = mem->pages,
					      .page = (uint32_t)run->first_page,
					      .page_count = run->page_count,
					      .space = (uint8_t)run->space,
					      .readonly = readonly };
	mem->pages += run->page_count;
}

/* All of the message's runs, or none. Return: 0 or an errno of either sign. */
static int add_runs(struct mmx_session *s, struct mmx_memobj *mem, const struct mmx_run *runs,
		    uint32_t count, uint32_t flags)
{
	uint32_t i;
	int r;

	if (flags & ~MMX_MEM_SEAL)
		return EINVAL;
	r = check_runs(s, mem, runs, count, flags & MMX_MEM_SEAL);
	if (!r)
		r = reserve(mem, count);
	if (r)
		return r;
	for (i = 0; i < count; i++)
		add_run(mem, &runs[i]);
	mem->sealed = flags & MMX_MEM_SEAL;
	return 0;
}

/* Mostly it is the one behind the last: binds go through an object in its order. */
const struct mmx_mem_run *mmx_memobj_run(struct mmx_memobj *mem, uint64_t page)
{
	uint32_t low = mem->last_run + 1, high = mem->run_count;

	if (low >= high || page < mem->runs[low].object_page ||
	    page - mem->runs[low].object_page >= mem->runs[low].page_count)
		low = 0;
	else
		high = low + 1;
	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;

		if (mem->runs[mid].object_page <= page)
			low = mid;
		else
			high = mid;
	}
	mem->last_run = low;
	return &mem->runs[low];
}

int mmx_mem_create(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_mem_create *m = msg;
	uint64_t bytes = (uint64_t)m->page_count << MMX_WIRE_PAGE_SHIFT;
	struct mmx_memobj *mem;
	int r;

	(void)request;
	r = mmx_table_check_free(&s->mems, m->mem);
	if (r)
		return r;
	if (!m->page_count)
		return EINVAL;
	if (bytes > s->limits->wire.mem_bytes - s->stats.mem_bytes)
		return ENOSPC;
	mem = calloc(1, sizeof(*mem));
	if (!mem)
		return -ENOMEM;
	mem->session = s;
	mem->name = m->mem;
	mem->page_count = m->page_count;
	mmx_list_init(&mem->link);
	r = add_runs(s, mem, m->runs, m->run_count, m->flags);
	if (r) {
		free(mem->runs);
		free(mem);
		return r;
	}
	mmx_table_add(&s->mems, mem->name, mem);
	s->stats.mem_bytes += bytes;
	return 0;
}

int mmx_mem_add(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_mem_add *m = msg;
	struct mmx_memobj *mem = mmx_table_find(&s->mems, m->mem);

	(void)request;
	if (m->pad)
		return EINVAL;
	if (!mem || mem->destroyed)
		return ENOENT;
	if (mem->sealed)
		return EINVAL;
	return add_runs(s, mem, m->runs, m->run_count, m->flags);
}

int mmx_mem_destroy(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_object *m = msg;
	struct mmx_memobj *mem = mmx_table_find(&s->mems, m->object);

	(void)request;
	if (m->pad)
		return EINVAL;
	if (!mem || mem->destroyed)
		return ENOENT;
	mem->destroyed = true;
	/* as if the name had been the last reference */
	mem->refs++;
	mmx_memobj_put(mem);
	return 0;
}
