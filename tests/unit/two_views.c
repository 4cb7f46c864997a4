// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * See two_views.h. Each memory is two memfds, one that this process has mapped for the backend and one that is mapped
 * for the GPU; beside them copies of both as they were at the last maintenance, which tell what was written since.
 */
#include "tests/unit/two_views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/device/device_priv.h"
#include "backend/util/list.h"

#define PAGE 4096u

/* What was in memory before it was ours: as a descriptor, an instruction or a number it leads nowhere good. */
#define RUBBISH 0xa5

#define MAX_PRINTED 8u

struct memory {
	struct mmx_list link;
	size_t size;
	uint8_t *cpu, *gpu; /* the same if it is uncached */
	uint8_t *cpu_was, *gpu_was; /* NULL if it is uncached */
	int cpu_fd, gpu_fd; /* -1 = none */
	bool read_only; /* guests' memory */
};

struct two_views {
	struct mmx_device *device;
	struct mmx_list memories; /* memory.link */
	struct two_views_site sites[TWO_VIEWS_MAX_SITES];
	size_t site_count;
	bool ignores; /* calls from the site below */
	const void *ignored_address;
	bool ignored_for_cpu;
	size_t ignored_bytes;
	unsigned int errors;
};

struct two_views *two_views_create(struct mmx_device *device)
{
	struct two_views *views = calloc(1, sizeof(*views));

	if (!views)
		return NULL;
	views->device = device;
	mmx_list_init(&views->memories);
	return views;
}

void two_views_destroy(struct two_views *views)
{
	free(views);
}

/* ---- memory ---- */

static void free_memory(struct memory *m)
{
	if (m->gpu_fd >= 0) {
		munmap(m->gpu, m->size);
		close(m->gpu_fd);
	}
	if (m->cpu_fd >= 0) {
		munmap(m->cpu, m->size);
		close(m->cpu_fd);
	}
	free(m->cpu_was);
	free(m->gpu_was);
	free(m);
}

/* Return: 0; negative errno. */
static int make_views(struct memory *m, bool uncached)
{
	void *cpu, *gpu;
	int r = mmx_memory_create(m->size, &m->cpu_fd, &cpu);

	if (r < 0)
		return r;
	m->cpu = cpu;
	m->gpu = cpu;
	if (uncached)
		return 0;
	r = mmx_memory_create(m->size, &m->gpu_fd, &gpu);
	if (r < 0)
		return r;
	m->gpu = gpu;
	memset(m->gpu, RUBBISH, m->size);
	m->cpu_was = calloc(1, m->size);
	m->gpu_was = malloc(m->size);
	if (!m->cpu_was || !m->gpu_was)
		return -1;
	memset(m->gpu_was, RUBBISH, m->size);
	return 0;
}

int two_views_alloc(struct two_views *views, size_t size, bool uncached,
		    struct mmx_dma_memory *ret_memory)
{
	struct mmx_dma_memory memory = { .fd = -1 };
	struct memory *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -1;
	m->size = size;
	m->cpu_fd = -1;
	m->gpu_fd = -1;
	r = make_views(m, uncached);
	if (!r)
		r = mmx_device_map(views->device, uncached ? m->cpu_fd : m->gpu_fd, 0, size, true,
				   &memory.map);
	if (r < 0) {
		free_memory(m);
		return r;
	}
	mmx_list_add_tail(&views->memories, &m->link);
	memory.cpu = m->cpu;
	memory.priv = m;
	*ret_memory = memory;
	return 0;
}

void two_views_free(struct two_views *views, struct mmx_dma_memory *memory)
{
	struct memory *m = memory->priv;

	mmx_device_unmap(views->device, &memory->map);
	mmx_list_del(&m->link);
	free_memory(m);
	*memory = (struct mmx_dma_memory){ .fd = -1 };
}

static struct memory *find_memory(const struct two_views *views, const void *cpu)
{
	const uint8_t *at = cpu;
	struct mmx_list *pos;

	mmx_list_for_each(pos, &views->memories) {
		struct memory *m = mmx_container_of(pos, struct memory, link);

		if (at >= m->cpu && at < m->cpu + m->size)
			return m;
	}
	return NULL;
}

bool two_views_adopt(struct two_views *views, void *cpu, int fd, uint64_t offset, size_t size)
{
	struct memory *m = calloc(1, sizeof(*m));

	if (!m)
		return false;
	m->size = size;
	m->cpu_fd = -1; /* the mapping stays its owner's */
	m->gpu_fd = dup(fd);
	/* sealed against more who write, and the backend does not */
	m->read_only = true;
	m->gpu = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, (off_t)offset);
	m->cpu = mmap(cpu, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		      -1, 0);
	m->cpu_was = calloc(1, size);
	m->gpu_was = malloc(size);
	if (m->gpu == MAP_FAILED || m->cpu != cpu || !m->cpu_was || !m->gpu_was)
		abort();
	memcpy(m->gpu_was, m->gpu, size);
	mmx_list_add_tail(&views->memories, &m->link);
	return true;
}

void two_views_disown(struct two_views *views, const void *cpu)
{
	struct memory *m = find_memory(views, cpu);

	if (!m)
		return;
	mmx_list_del(&m->link);
	free_memory(m);
}

bool two_views_is_uncached(const struct two_views *views, const void *cpu)
{
	const struct memory *m = find_memory(views, cpu);

	if (!m)
		abort();
	return m->cpu == m->gpu;
}

/* ---- lines ---- */

static void error(struct two_views *views, const struct memory *m, size_t at, const char *what)
{
	if (views->errors++ < MAX_PRINTED)
		fprintf(stderr, "two views: %s: line 0x%zx of memory at %p\n", what, at,
			(const void *)m->cpu);
}

static bool cpu_wrote(const struct memory *m, size_t at, size_t size)
{
	return memcmp(m->cpu + at, m->cpu_was + at, size) != 0;
}

static bool gpu_wrote(const struct memory *m, size_t at, size_t size)
{
	return memcmp(m->gpu + at, m->gpu_was + at, size) != 0;
}

/* Both views hold the same now. */
static void settle(struct memory *m, size_t at, const uint8_t *bytes)
{
	uint8_t line[TWO_VIEWS_LINE];

	memcpy(line, bytes, sizeof(line));
	memcpy(m->cpu + at, line, sizeof(line));
	if (!m->read_only)
		memcpy(m->gpu + at, line, sizeof(line));
	memcpy(m->cpu_was + at, line, sizeof(line));
	memcpy(m->gpu_was + at, line, sizeof(line));
}

/* @whole: all of the line is claimed for the CPU. */
static void clean(struct two_views *views, struct memory *m, size_t at, bool whole)
{
	bool cpu = cpu_wrote(m, at, TWO_VIEWS_LINE), gpu = gpu_wrote(m, at, TWO_VIEWS_LINE);

	if (!whole && !cpu)
		return; /* there is nothing in the CPU's cache that would be written back */
	if (!whole && gpu)
		error(views, m, at, "a line that the GPU has written too is cleaned in part");
	settle(m, at, m->cpu + at);
}

static void invalidate(struct two_views *views, struct memory *m, size_t at)
{
	if (cpu_wrote(m, at, TWO_VIEWS_LINE))
		error(views, m, at, "what the CPU wrote is not cleaned and gets lost");
	settle(m, at, m->gpu + at);
}

/* ---- maintenance ---- */

static struct two_views_site *find_site(struct two_views *views, const void *address, bool for_cpu)
{
	struct two_views_site *site;
	size_t i;

	for (i = 0; i < views->site_count; i++)
		if (views->sites[i].address == address && views->sites[i].for_cpu == for_cpu)
			return &views->sites[i];
	if (views->site_count == TWO_VIEWS_MAX_SITES)
		abort();
	site = &views->sites[views->site_count++];
	*site = (struct two_views_site){ .address = address, .for_cpu = for_cpu };
	return site;
}

/* A compiler that writes a function into its callers makes several calls of one: those for the CPU are known by size. */
static bool is_ignored(const struct two_views *views, const void *address, bool for_cpu,
		       size_t size)
{
	if (!views->ignores || for_cpu != views->ignored_for_cpu)
		return false;
	return address == views->ignored_address || (for_cpu && size == views->ignored_bytes);
}

void two_views_sync(struct two_views *views, const void *cpu, size_t size, bool for_cpu,
		    const void *address)
{
	struct two_views_site *site = find_site(views, address, for_cpu);
	struct memory *m = find_memory(views, cpu);
	size_t first, end, at;

	site->calls++;
	if (size > site->most_bytes)
		site->most_bytes = size;
	if (is_ignored(views, address, for_cpu, size))
		return;
	/* what is uncached is one view */
	if (!m || m->cpu == m->gpu)
		return;
	first = (size_t)((const uint8_t *)cpu - m->cpu);
	end = first + size;
	for (at = first / TWO_VIEWS_LINE * TWO_VIEWS_LINE; at < end; at += TWO_VIEWS_LINE) {
		if (for_cpu)
			invalidate(views, m, at);
		else
			clean(views, m, at, at >= first && at + TWO_VIEWS_LINE <= end);
	}
}

/* Calls @visit for each line of pages in which something was written. */
static void for_lines(struct two_views *views,
		      void (*visit)(struct two_views *views, struct memory *m, size_t at))
{
	struct mmx_list *pos;
	size_t page, at;

	mmx_list_for_each(pos, &views->memories) {
		struct memory *m = mmx_container_of(pos, struct memory, link);

		for (page = 0; m->cpu != m->gpu && page < m->size; page += PAGE) {
			if (!cpu_wrote(m, page, PAGE) && !gpu_wrote(m, page, PAGE))
				continue;
			for (at = page; at < page + PAGE; at += TWO_VIEWS_LINE)
				visit(views, m, at);
		}
	}
}

static void check_line(struct two_views *views, struct memory *m, size_t at)
{
	if (cpu_wrote(m, at, TWO_VIEWS_LINE) && gpu_wrote(m, at, TWO_VIEWS_LINE))
		error(views, m, at, "both sides have written the line");
}

void two_views_check(struct two_views *views)
{
	for_lines(views, check_line);
}

static void evict_line(struct two_views *views, struct memory *m, size_t at)
{
	check_line(views, m, at);
	settle(m, at, cpu_wrote(m, at, TWO_VIEWS_LINE) ? m->cpu + at : m->gpu + at);
}

void two_views_evict(struct two_views *views)
{
	for_lines(views, evict_line);
}

unsigned int two_views_errors(const struct two_views *views)
{
	return views->errors;
}

/* ---- sites ---- */

size_t two_views_sites(const struct two_views *views, const struct two_views_site **ret_sites)
{
	*ret_sites = views->sites;
	return views->site_count;
}

void two_views_ignore(struct two_views *views, const struct two_views_site *site)
{
	views->ignores = true;
	views->ignored_address = site->address;
	views->ignored_for_cpu = site->for_cpu;
	views->ignored_bytes = site->most_bytes;
}
