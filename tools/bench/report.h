/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What was measured: a table on standard output as it comes, and at the end all numbers as JSON. */
#ifndef TOOLS_BENCH_REPORT_H
#define TOOLS_BENCH_REPORT_H

#include "tools/bench/stats.h"

struct mmx_report;

struct mmx_report_line {
	const char *name; /* what was measured */
	const char *unit;
	const struct mmx_series *value;
	const char *beside; /* name of the floor or rival; NULL = none */
	const struct mmx_series *beside_value;
};

/* Return: 0 or -ENOMEM. */
int mmx_report_create(struct mmx_report **ret_report);
/* NULL is fine. */
void mmx_report_destroy(struct mmx_report *report);

/* A fact about the machine or the run. */
void mmx_report_fact(struct mmx_report *report, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Lines that follow belong to this row. */
void mmx_report_row(struct mmx_report *report, const char *name, const char *about);
void mmx_report_line(struct mmx_report *report, const struct mmx_report_line *line);
/* A remark to the lines before. */
void mmx_report_note(struct mmx_report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Return: 0 or a negative errno. */
int mmx_report_write(const struct mmx_report *report, const char *path);

#endif
