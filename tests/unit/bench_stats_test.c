// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Medians, percentiles and spreads of malimux-bench. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tools/bench/stats.h"

#define assert_near(a, b) assert_true((a) > (b)-1e-9 && (a) < (b) + 1e-9)

static struct mmx_series series_of(unsigned int count, ...)
{
	struct mmx_series series = { .count = 0 };
	va_list args;

	va_start(args, count);
	while (count--)
		mmx_series_add(&series, va_arg(args, double));
	va_end(args);
	return series;
}

static void test_median(void **state)
{
	struct mmx_series none = { .count = 0 };
	struct mmx_series one = series_of(1, 7.0);
	struct mmx_series odd = series_of(3, 9.0, 1.0, 4.0);
	struct mmx_series even = series_of(4, 9.0, 1.0, 4.0, 2.0);

	(void)state;
	assert_near(mmx_series_median(&none), 0);
	assert_near(mmx_series_median(&one), 7);
	assert_near(mmx_series_median(&odd), 4);
	assert_near(mmx_series_median(&even), 3);
	/* in the order in which they came */
	assert_near(odd.values[0], 9);
}

static void test_spread(void **state)
{
	struct mmx_series same = series_of(3, 5.0, 5.0, 5.0);
	struct mmx_series wild = series_of(5, 100.0, 8.0, 10.0, 12.0, 1.0);
	struct mmx_series zero = series_of(2, 0.0, 0.0);

	(void)state;
	assert_near(mmx_series_spread(&same), 0);
	/* the outliers do not count: quartiles are 8 and 12 */
	assert_near(mmx_series_spread(&wild), 0.2);
	assert_near(mmx_series_spread(&zero), 0);
}

static void test_series_is_bounded(void **state)
{
	struct mmx_series series = { .count = 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < 2 * MMX_SERIES_MAX; i++)
		mmx_series_add(&series, i < MMX_SERIES_MAX ? 1 : 1000);
	assert_int_equal(series.count, MMX_SERIES_MAX);
	assert_near(mmx_series_median(&series), 1);
}

static void test_percentile(void **state)
{
	struct mmx_samples samples;
	uint64_t i;

	(void)state;
	assert_int_equal(mmx_samples_init(&samples, 100), 0);
	assert_int_equal(mmx_samples_percentile(&samples, 50), 0);
	for (i = 200; i > 0; i--) /* those beyond the capacity are 100..1 */
		mmx_samples_add(&samples, i);
	assert_int_equal(samples.count, 100);
	assert_int_equal(mmx_samples_percentile(&samples, 0), 101);
	assert_int_equal(mmx_samples_percentile(&samples, 1), 101);
	assert_int_equal(mmx_samples_percentile(&samples, 50), 150);
	assert_int_equal(mmx_samples_percentile(&samples, 99), 199);
	assert_int_equal(mmx_samples_percentile(&samples, 100), 200);
	mmx_samples_finish(&samples);
	mmx_samples_finish(&samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_series_is_bounded),
		cmocka_unit_test(test_percentile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
