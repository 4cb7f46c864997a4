// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* When the loop looks again before it sleeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/core/poller.h"

#define US 1000ull

/* Looks as often as it is told to, every 500 ns. Return: how long it did, and *now is then. */
static uint64_t look(struct mmx_poller *poller, uint64_t *now, uint64_t work)
{
	uint64_t began = *now;

	while (mmx_poller_go_on(poller, *now, work))
		*now += 500;
	return *now - began;
}

static void test_never(void **state)
{
	struct mmx_poller poller;
	uint64_t now = 1000 * US, work;

	(void)state;
	mmx_poller_init(&poller, 0);
	for (work = 0; work < 10; work++)
		assert_int_equal(look(&poller, &now, work), 0);
}

/* Nothing has happened yet, or nothing but timers: it sleeps. */
static void test_idle(void **state)
{
	struct mmx_poller poller;
	uint64_t now = 1000 * US;
	int i;

	(void)state;
	mmx_poller_init(&poller, 50 * US);
	for (i = 0; i < 100; i++, now += 10 * US)
		assert_int_equal(look(&poller, &now, 0), 0);
}

/* Work that comes soon after the last is waited for; work that comes seldom is not, after some vain looks. */
static void test_adapts(void **state)
{
	struct mmx_poller poller;
	uint64_t now = 1000 * US, work = 1, spent = 0;
	int i;

	(void)state;
	mmx_poller_init(&poller, 50 * US);
	assert_int_equal(look(&poller, &now, work++), 0);
	now += 30 * US;
	assert_int_equal(look(&poller, &now, work++), 50 * US);
	now += 10000 * US;
	assert_int_equal(look(&poller, &now, work++), 25 * US);
	for (i = 0; i < 1000; i++) {
		now += 10000 * US;
		spent += look(&poller, &now, work++);
	}
	assert_true(spent <= 25 * US);
	/* and again, as soon as it would have helped */
	now += 49 * US;
	assert_int_equal(look(&poller, &now, work++), 50 * US);
}

/* While work comes within the window nobody sleeps, and the window stays as wide as it can be. */
static void test_busy(void **state)
{
	struct mmx_poller poller;
	uint64_t now = 1000 * US, work;

	(void)state;
	mmx_poller_init(&poller, 50 * US);
	assert_false(mmx_poller_go_on(&poller, now, 1));
	for (work = 2; work < 1000; work++) {
		now += 40 * US;
		assert_true(mmx_poller_go_on(&poller, now, work));
	}
	assert_int_equal(look(&poller, &now, work - 1), 50 * US);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_adapts),
		cmocka_unit_test(test_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
