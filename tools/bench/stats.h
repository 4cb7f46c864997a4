/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Numbers of a measurement: samples within one repetition, and one number for each repetition. */
#ifndef TOOLS_BENCH_STATS_H
#define TOOLS_BENCH_STATS_H

#include <stddef.h>
#include <stdint.h>

#define MMX_SERIES_MAX 32u

/* One number, measured in each repetition. */
struct mmx_series {
	double values[MMX_SERIES_MAX];
	unsigned int count;
};

/* More than MMX_SERIES_MAX are dropped. */
void mmx_series_add(struct mmx_series *series, double value);
/* 0 if there is none. */
double mmx_series_median(const struct mmx_series *series);
/* Half of what lies between the quartiles, as a part of the median: how noisy it was. 0 if the median is 0. */
double mmx_series_spread(const struct mmx_series *series);

/* Times of single events. */
struct mmx_samples {
	uint64_t *ns;
	size_t count, capacity;
};

/* Return: 0 or -ENOMEM. */
int mmx_samples_init(struct mmx_samples *samples, size_t capacity);
/* Legal on a zeroed struct. */
void mmx_samples_finish(struct mmx_samples *samples);
/* Beyond the capacity they are dropped. */
void mmx_samples_add(struct mmx_samples *samples, uint64_t ns);
/* The value that @percent of the samples do not exceed (nearest rank), in ns; 0 if there is none. Sorts them. */
uint64_t mmx_samples_percentile(struct mmx_samples *samples, unsigned int percent);

#endif
