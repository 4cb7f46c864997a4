// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Medians, percentiles and spreads. Pure. Medians and not means: one repetition that something else disturbed does not
 * move them, and the spread says that there was one.
 */
#include "tools/bench/stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void mmx_series_add(struct mmx_series *series, double value)
{
	if (series->count < MMX_SERIES_MAX)
		series->values[series->count++] = value;
}

/* Between the two nearest ranks. @part: 0..1 */
static double quantile(const struct mmx_series *series, double part)
{
	double sorted[MMX_SERIES_MAX], at;
	unsigned int low;

	if (!series->count)
		return 0;
	memcpy(sorted, series->values, series->count * sizeof(sorted[0]));
	qsort(sorted, series->count, sizeof(sorted[0]), compare_doubles);
	at = part * (series->count - 1);
	low = (unsigned int)at;
	if (low + 1 >= series->count)
		return sorted[series->count - 1];
	return sorted[low] + (at - low) * (sorted[low + 1] - sorted[low]);
}

double mmx_series_median(const struct mmx_series *series)
{
	return quantile(series, 0.5);
}

double mmx_series_spread(const struct mmx_series *series)
{
	double median = mmx_series_median(series);

	if (median > 0)
		return (quantile(series, 0.75) - quantile(series, 0.25)) / 2 / median;
	return 0;
}

int mmx_samples_init(struct mmx_samples *samples, size_t capacity)
{
	*samples = (struct mmx_samples){ .capacity = capacity };
	samples->ns = calloc(capacity, sizeof(samples->ns[0]));
	return samples->ns ? 0 : -ENOMEM;
}

void mmx_samples_finish(struct mmx_samples *samples)
{
	free(samples->ns);
	*samples = (struct mmx_samples){ 0 };
}

void mmx_samples_add(struct mmx_samples *samples, uint64_t ns)
{
	if (samples->count < samples->capacity)
		samples->ns[samples->count++] = ns;
}

uint64_t mmx_samples_percentile(struct mmx_samples *samples, unsigned int percent)
{
	size_t rank;

	if (!samples->count)
		return 0;
	qsort(samples->ns, samples->count, sizeof(samples->ns[0]), compare_u64);
	rank = (samples->count * percent + 99) / 100;
	return samples->ns[rank ? rank - 1 : 0];
}
