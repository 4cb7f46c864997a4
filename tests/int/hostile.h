/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Kinds of guests that mean harm (hostile_kinds.c, hostile_gpu.c), for the driver that runs them beside an honest one (hostile.c). */
#ifndef TESTS_INT_HOSTILE_H
#define TESTS_INT_HOSTILE_H

#include "tests/lib/raw.h"

/* What the honest guest is compared with: an honest neighbour of the same weight. */
enum company {
	COMPANY_IDLE, /* connected, and does nothing */
	COMPANY_BUSY, /* one group, always with jobs */
	COMPANY_MANY, /* more groups than there are slots, all with long jobs */
	COMPANY_COUNT,
};

struct hostile_kind {
	const char *name;
	enum company like; /* what it may take of the GPU is what such a neighbour takes */
	bool bare; /* begins before HELLO */
	/* One life, on a fresh connection; it is called again and again. */
	void (*live)(struct mmx_raw *raw);
};
extern const struct hostile_kind hostile_kinds[];
extern const size_t hostile_kind_count;

/* Does not return: connects and lives until it is killed. */
_Noreturn void hostile_run(const struct hostile_kind *kind, const char *path, uint64_t seed);

#endif
