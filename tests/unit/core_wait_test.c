// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * How long a guest's job waits beside another guest that has more groups than there are slots, none of which ever gives
 * its slot up by itself. On the virtual clock: what the host's own load does to it is not in here (tests/int/hostile.c
 * has it).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/rig_guest.h"

#define GROUPS	 24u
#define MAX_JOBS 100u
#define JOB_US	 200u

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * @gap_us: between the end of a job and the next one: so long the guest has nothing to do. Streams without end cost the
 * host what they run: @jobs are few where there are gaps.
 */
static void measure(unsigned int jobs, uint64_t gap_us, uint64_t bound_us)
{
	static struct rig rig;
	static struct rig_guest hostile, honest;
	static uint64_t took_us[MAX_JOBS];
	struct rig_ctx ctx, other;
	struct rig_stream stream;
	unsigned int i;

	rig_init(&rig, 2);
	rig_start(&rig);
	rig_guest_connect(&rig, 0, &hostile);
	rig_guest_connect(&rig, 1, &honest);
	assert_int_equal(rig_hello(&hostile) | rig_hello(&honest), 0);
	rig_ctx_create(&hostile, 0, &ctx);
	rig_ctx_create(&honest, 0, &other);
	stream = rig_endless(&ctx);
	for (i = 0; i < GROUPS; i++) {
		assert_int_equal(rig_group_create(&hostile, ctx.client, ctx.vm, RIG_NAME(i), 1, i),
				 0);
		rig_submit(&hostile, RIG_NAME(i), 0, 1, stream, NULL, 0);
	}
	assert_int_equal(rig_group_create(&honest, other.client, other.vm, RIG_NAME(0), 1, 0), 0);
	stream = rig_work(&other, JOB_US, 1, 5);
	for (i = 0; i < jobs; i++) {
		uint64_t start_ns;

		rig_run(&rig, gap_us * MMX_NS_PER_US);
		start_ns = rig.now_ns;
		rig_submit(&honest, RIG_NAME(0), 0, i + 1, stream, NULL, 0);
		assert_int_equal(rig_wait_job(&honest, RIG_NAME(0), i + 1), 0);
		took_us[i] = (rig.now_ns - start_ns) / MMX_NS_PER_US;
	}
	qsort(took_us, jobs, sizeof(took_us[0]), compare);
	print_message("%u us after the last one: p50 %u us, p90 %u us, most %u us\n",
		      (unsigned int)gap_us, (unsigned int)took_us[jobs / 2],
		      (unsigned int)took_us[jobs * 9 / 10], (unsigned int)took_us[jobs - 1]);
	assert_true(took_us[jobs - 1] <= bound_us);
	rig_finish(&rig);
}

/* A tick of 10 ms until a slot is given up, a suspension and a start. */
static void test_at_once(void **state)
{
	(void)state;
	measure(MAX_JOBS, 0, 12000);
}

static void test_after_a_pause(void **state)
{
	(void)state;
	measure(12, 1000, 12000);
	measure(3, 30000, 12000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_after_a_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
