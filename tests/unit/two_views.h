/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Memory of the backend's own on a system whose CPU and GPU caches are not coherent, as unforgiving as hardware may
 * be. What is not uncached has a view for the CPU and one for the GPU, of which either sees only its own; bytes go
 * from one to the other by maintenance alone, whole lines of 64 bytes. At first the CPU reads zeroes and the GPU
 * rubbish.
 *
 * Told and counted as errors:
 *  - a line is invalidated that the CPU has written and not cleaned: its bytes are lost;
 *  - a line that both sides have written is cleaned in part, evicted, or left so: the GPU's bytes are lost. (Who cleans
 *    a whole line says that all of it is the CPU's.)
 *
 * Both are found by comparison with what each view held at the last maintenance, so that a byte which is written
 * with what it was counts as not written.
 *
 * It knows no test framework. Used by rig.c.
 */
#ifndef TESTS_UNIT_TWO_VIEWS_H
#define TESTS_UNIT_TWO_VIEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/device/device.h"

#define TWO_VIEWS_LINE	    64u
#define TWO_VIEWS_MAX_SITES 64u

/* A place in the code that calls for maintenance, by its return address. */
struct two_views_site {
	const void *address;
	bool for_cpu;
	unsigned long calls;
	size_t most_bytes; /* of one call */
};

struct two_views;

/* @device: maps for the GPU; outlives it. Return: NULL without memory. */
struct two_views *two_views_create(struct mmx_device *device);
/* All memory has been freed. */
void two_views_destroy(struct two_views *views);

/* Behind struct mmx_device_ops; @site: __builtin_return_address(0) of the function that is there. */
int two_views_alloc(struct two_views *views, size_t size, bool uncached,
		    struct mmx_dma_memory *ret_memory);
void two_views_free(struct two_views *views, struct mmx_dma_memory *memory);
void two_views_sync(struct two_views *views, const void *cpu, size_t size, bool for_cpu,
		    const void *site);

/*
 * A mapping at @cpu of guests' memory, [offset, offset + size) of the file, through the CPU's caches: what guest and GPU
 * write there is seen by maintenance alone. Return: false without memory.
 */
bool two_views_adopt(struct two_views *views, void *cpu, int fd, uint64_t offset, size_t size);
/* It is going to be unmapped. */
void two_views_disown(struct two_views *views, const void *cpu);

/*
 * What caches may do at any time: lines that the CPU has written are written back, others are fetched again. So what
 * needs no maintenance to be right must be right after this too.
 */
void two_views_evict(struct two_views *views);
/* Looks for lines that both sides have written. */
void two_views_check(struct two_views *views);
/* @cpu: an address in memory of the views'. */
bool two_views_is_uncached(const struct two_views *views, const void *cpu);
/* Errors so far. The first few were printed. */
unsigned int two_views_errors(const struct two_views *views);

size_t two_views_sites(const struct two_views *views, const struct two_views_site **ret_sites);
/* From now on calls from there do nothing. */
void two_views_ignore(struct two_views *views, const struct two_views_site *site);

#endif
