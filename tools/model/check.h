/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The model as a checker of drivers: what it has found, counted and told once each. */
#ifndef TOOLS_MODEL_CHECK_H
#define TOOLS_MODEL_CHECK_H

#include <stdint.h>

#include "tools/model/model.h"

struct mdl_check;

/* Return: NULL without memory. */
struct mdl_check *mdl_check_create(void);
void mdl_check_destroy(struct mdl_check *check);

const struct mmx_model_report *mdl_check_report(const struct mdl_check *check);

const char *mdl_check_kind(enum mmx_model_finding kind);

/* Whose doing it is. */
enum mdl_blame {
	MDL_BLAME_DRIVER,
	MDL_BLAME_JOB,
};

/* @page is the address in @as, or in memory, that it is about. Told once for each (kind, as, page). */
void mdl_check_found(struct mmx_model *m, enum mmx_model_finding kind, enum mdl_blame blame,
		     unsigned int as, uint64_t page, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

#endif
