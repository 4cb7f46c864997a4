// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The table and its JSON. A line is a measured number with its spread, beside it what it is judged by, and the ratio
 * of the two medians. JSON has every repetition's number as well. Without memory a number is missing there, and
 * mmx_report_write() says so.
 */
#include "tools/bench/report.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef PACKAGE_VERSION
#error "PACKAGE_VERSION comes from configure"
#endif

struct mmx_report {
	struct json_object *root, *facts, *rows;
	struct json_object *row; /* the last one; not owned */
	struct json_object *lines, *notes; /* of it; not owned */
	bool incomplete;
};

/* Adds the value, and owns it in any case. Return: the value, or NULL. */
static struct json_object *add(struct mmx_report *report, struct json_object *obj, const char *name,
			       struct json_object *value)
{
	if (obj && value && !json_object_object_add(obj, name, value))
		return value;
	json_object_put(value);
	report->incomplete = true;
	return NULL;
}

static struct json_object *append(struct mmx_report *report, struct json_object *array,
				  struct json_object *value)
{
	if (array && value && !json_object_array_add(array, value))
		return value;
	json_object_put(value);
	report->incomplete = true;
	return NULL;
}

int mmx_report_create(struct mmx_report **ret_report)
{
	struct mmx_report *report = calloc(1, sizeof(*report));

	if (!report)
		return -ENOMEM;
	report->root = json_object_new_object();
	add(report, report->root, "version", json_object_new_string(PACKAGE_VERSION));
	report->facts = add(report, report->root, "run", json_object_new_object());
	report->rows = add(report, report->root, "rows", json_object_new_array());
	*ret_report = report;
	return 0;
}

void mmx_report_destroy(struct mmx_report *report)
{
	if (!report)
		return;
	json_object_put(report->root);
	free(report);
}

void mmx_report_fact(struct mmx_report *report, const char *name, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("%-12s %s\n", name, text);
	add(report, report->facts, name, json_object_new_string(text));
}

void mmx_report_row(struct mmx_report *report, const char *name, const char *about)
{
	printf("\n%s: %s\n", name, about);
	fflush(stdout);
	report->row = append(report, report->rows, json_object_new_object());
	add(report, report->row, "row", json_object_new_string(name));
	add(report, report->row, "about", json_object_new_string(about));
	report->lines = add(report, report->row, "lines", json_object_new_array());
	report->notes = add(report, report->row, "notes", json_object_new_array());
}

static void print_number(double value)
{
	if (value >= 1000)
		printf("%10.0f", value);
	else if (value >= 100)
		printf("%10.1f", value);
	else
		printf("%10.3f", value);
}

static void print_series(const struct mmx_series *series)
{
	print_number(mmx_series_median(series));
	printf(" +-%3.0f%%", 100 * mmx_series_spread(series));
}

static void add_series(struct mmx_report *report, struct json_object *obj,
		       const struct mmx_series *series)
{
	struct json_object *values;
	unsigned int i;

	add(report, obj, "median", json_object_new_double(mmx_series_median(series)));
	add(report, obj, "spread", json_object_new_double(mmx_series_spread(series)));
	values = add(report, obj, "values", json_object_new_array());
	for (i = 0; i < series->count; i++)
		append(report, values, json_object_new_double(series->values[i]));
}

void mmx_report_line(struct mmx_report *report, const struct mmx_report_line *line)
{
	struct json_object *obj = append(report, report->lines, json_object_new_object()), *beside;
	double ratio, divisor;

	printf("  %-38s %-7s", line->name, line->unit);
	print_series(line->value);
	add(report, obj, "name", json_object_new_string(line->name));
	add(report, obj, "unit", json_object_new_string(line->unit));
	add_series(report, obj, line->value);
	divisor = line->beside ? mmx_series_median(line->beside_value) : 0;
	if (line->beside) {
		printf("  %-18s", line->beside);
		print_series(line->beside_value);
		beside = add(report, obj, "beside", json_object_new_object());
		add(report, beside, "name", json_object_new_string(line->beside));
		add_series(report, beside, line->beside_value);
	}
	if (divisor > 0) {
		ratio = mmx_series_median(line->value) / divisor;
		printf("  x%.3f", ratio);
		add(report, obj, "ratio", json_object_new_double(ratio));
	}
	putchar('\n');
	fflush(stdout);
}

void mmx_report_note(struct mmx_report *report, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("  (%s)\n", text);
	append(report, report->notes, json_object_new_string(text));
}

int mmx_report_write(const struct mmx_report *report, const char *path)
{
	const char *text = json_object_to_json_string_ext(report->root, JSON_C_TO_STRING_PRETTY);
	FILE *f;
	int r = 0;

	if (!text || report->incomplete)
		return -ENOMEM;
	f = fopen(path, "we");
	if (!f)
		return -errno;
	if (fprintf(f, "%s\n", text) < 0)
		r = -EIO;
	if (fclose(f) && !r)
		r = -errno;
	return r;
}
