// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Timers on a virtual clock: order, moving, cancelling from within callbacks, and a heap under random use. */
#include "backend/util/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT 64

struct fixture {
	uint64_t now;
	struct mmx_timers timers;
	struct probe {
		struct mmx_timer timer;
		struct fixture *f;
		unsigned int runs;
		void (*then)(struct probe *probe);
	} probe[COUNT];
	unsigned int log[4 * COUNT]; /* which timer ran, in order */
	size_t log_len;
};

static uint64_t virtual_now(void *ctx)
{
	return ((struct fixture *)ctx)->now;
}

static void probe_run(struct mmx_timer *timer)
{
	struct probe *probe = (struct probe *)timer; /* the first member */
	struct fixture *f = probe->f;

	assert_false(mmx_timer_armed(timer));
	assert_true(f->log_len < sizeof(f->log) / sizeof(f->log[0]));
	f->log[f->log_len++] = (unsigned int)(probe - f->probe);
	probe->runs++;
	if (probe->then)
		probe->then(probe);
}

static int setup(void **state)
{
	static struct fixture f;
	size_t i;

	memset(&f, 0, sizeof(f));
	mmx_timers_init(&f.timers, virtual_now, &f);
	for (i = 0; i < COUNT; i++) {
		f.probe[i].f = &f;
		if (mmx_timer_init(&f.timers, &f.probe[i].timer, probe_run))
			return -1;
	}
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < COUNT; i++)
		mmx_timer_finish(&f->timers, &f->probe[i].timer);
	mmx_timers_finish(&f->timers);
	return 0;
}

static void set(struct fixture *f, size_t i, uint64_t deadline)
{
	mmx_timer_set(&f->timers, &f->probe[i].timer, deadline);
}

static void run_at(struct fixture *f, uint64_t now)
{
	f->now = now;
	mmx_timers_run(&f->timers);
}

static void expect_log(const struct fixture *f, const unsigned int *want, size_t len)
{
	assert_int_equal(f->log_len, len);
	assert_memory_equal(f->log, want, len * sizeof(*want));
}

static void test_order(void **state)
{
	static const unsigned int early[] = { 2, 0 }, all[] = { 2, 0, 3, 4, 1 };
	struct fixture *f = *state;

	assert_true(mmx_timers_next(&f->timers) == UINT64_MAX);
	set(f, 0, 20);
	set(f, 1, 40);
	set(f, 2, 10);
	set(f, 3, 30); /* 3 before 4: armed before */
	set(f, 4, 30);
	assert_int_equal(mmx_timers_next(&f->timers), 10);
	run_at(f, 9);
	assert_int_equal(f->log_len, 0);
	run_at(f, 29);
	expect_log(f, early, 2);
	assert_int_equal(mmx_timers_next(&f->timers), 30);
	run_at(f, 100);
	expect_log(f, all, 5);
	assert_true(mmx_timers_next(&f->timers) == UINT64_MAX);
}

static void test_move_and_cancel(void **state)
{
	static const unsigned int want[] = { 1, 0 };
	struct fixture *f = *state;

	set(f, 0, 10);
	set(f, 1, 20);
	set(f, 2, 5);
	set(f, 0, 30); /* later */
	set(f, 1, 7); /* earlier */
	mmx_timer_cancel(&f->timers, &f->probe[2].timer);
	mmx_timer_cancel(&f->timers, &f->probe[2].timer);
	assert_int_equal(mmx_timers_next(&f->timers), 7);
	run_at(f, 30);
	expect_log(f, want, 2);
}

static void rearm_past(struct probe *probe)
{
	mmx_timer_set(&probe->f->timers, &probe->timer, 0);
	assert_int_equal(mmx_timers_next(&probe->f->timers), 0);
}

static void test_armed_for_the_past_waits_for_next_run(void **state)
{
	static const unsigned int want[] = { 0, 1, 0 };
	struct fixture *f = *state;

	f->probe[0].then = rearm_past;
	set(f, 0, 1);
	set(f, 1, 2);
	run_at(f, 5);
	expect_log(f, want,
		   2); /* 0 is armed for time 0, before 1, and did neither run again nor hide 1 */
	f->probe[0].then = NULL;
	run_at(f, 5);
	expect_log(f, want, 3);
}

static void meddle(struct probe *probe)
{
	struct fixture *f = probe->f;

	assert_int_equal(mmx_timers_next(&f->timers), 2);
	mmx_timer_cancel(&f->timers, &f->probe[1].timer);
	mmx_timer_set(&f->timers, &f->probe[2].timer, 50);
	mmx_timer_finish(&f->timers, &f->probe[3].timer);
	assert_int_equal(mmx_timers_next(&f->timers), 4);
}

static void test_callback_meddles_with_due_timers(void **state)
{
	static const unsigned int want[] = { 0, 4, 2 };
	struct fixture *f = *state;

	f->probe[0].then = meddle;
	set(f, 0, 1);
	set(f, 1, 2);
	set(f, 2, 2);
	set(f, 3, 3);
	set(f, 4, 4);
	run_at(f, 10);
	expect_log(f, want, 2);
	assert_int_equal(mmx_timers_next(&f->timers), 50);
	run_at(f, 50);
	expect_log(f, want, 3);
}

static struct mmx_timer late[COUNT];

static void late_run(struct mmx_timer *timer)
{
	(void)timer;
}

static void register_many(struct probe *probe)
{
	struct fixture *f = probe->f;
	size_t i;

	for (i = 0; i < COUNT; i++) {
		assert_int_equal(mmx_timer_init(&f->timers, &late[i], late_run), 0);
		mmx_timer_set(&f->timers, &late[i], 100 + i);
	}
}

static void test_callback_registers_timers(void **state)
{
	struct fixture *f = *state;
	size_t i;

	f->probe[0].then = register_many;
	for (i = 0; i < COUNT; i++)
		set(f, i, i);
	run_at(f, COUNT); /* the arrays move while they are walked */
	assert_int_equal(f->log_len, COUNT);
	assert_int_equal(mmx_timers_next(&f->timers), 100);
	for (i = 0; i < COUNT; i++)
		mmx_timer_finish(&f->timers, &late[i]);
	assert_true(mmx_timers_next(&f->timers) == UINT64_MAX);
}

static void test_finish_is_idempotent(void **state)
{
	struct fixture *f = *state;
	struct mmx_timer zeroed = { 0 };
	size_t registered = f->timers.registered;

	mmx_timer_finish(&f->timers, &zeroed);
	set(f, 0, 10);
	mmx_timer_finish(&f->timers, &f->probe[0].timer);
	mmx_timer_finish(&f->timers, &f->probe[0].timer);
	assert_int_equal(f->timers.registered, registered - 1);
	run_at(f, 10);
	assert_int_equal(f->log_len, 0);
}

/* Against a plain array of deadlines. */
static void test_random_use(void **state)
{
	struct fixture *f = *state;
	uint64_t deadline[COUNT]; /* 0 = not armed */
	uint64_t rng = 1, next;
	unsigned int runs;
	size_t step, i;

	memset(deadline, 0, sizeof(deadline));
	for (step = 0; step < 20000; step++) {
		rng = rng * 6364136223846793005ull + 1442695040888963407ull;
		i = (size_t)(rng >> 33) % COUNT;
		switch ((rng >> 45) % 4) {
		case 0:
			mmx_timer_cancel(&f->timers, &f->probe[i].timer);
			deadline[i] = 0;
			break;
		case 1:
			f->log_len = 0;
			for (runs = 0, next = f->now + 3, i = 0; i < COUNT; i++) {
				if (deadline[i] && deadline[i] <= next) {
					deadline[i] = 0;
					runs++;
				}
			}
			run_at(f, next);
			assert_int_equal(f->log_len, runs);
			break;
		default:
			deadline[i] = f->now + 1 + (rng >> 50) % 40;
			set(f, i, deadline[i]);
		}
		for (next = UINT64_MAX, i = 0; i < COUNT; i++) {
			assert_int_equal(mmx_timer_armed(&f->probe[i].timer), deadline[i] != 0);
			if (deadline[i] && deadline[i] < next)
				next = deadline[i];
		}
		assert_true(mmx_timers_next(&f->timers) == next);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_move_and_cancel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_armed_for_the_past_waits_for_next_run, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_callback_meddles_with_due_timers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_callback_registers_timers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_finish_is_idempotent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random_use, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
