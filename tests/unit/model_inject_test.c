// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Faults on demand: each command does what it says to the next thing of its kind and to no other, what makes
 * no sense is refused, and a line of any kind does no harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/model_env.h"
#include "tests/unit/model_words.h"
#include "tools/model/cost.h"

#define COUNT(a) (unsigned int)(sizeof(a) / sizeof((a)[0]))
#define MS	 1000000u
#define LONG	 (1000 * MS) /* longer than any deadline that drivers have for these */

#define GPU_RAWSTAT 0x020u
#define GPU_CLEAR   0x024u
#define GPU_MASK    0x028u
#define GPU_CMD	    0x030u
#define L2_READY    0x160u
#define L2_PWRON    0x1a0u
#define L2_PWRTRANS 0x220u
#define MCU_CONTROL 0x700u
#define MCU_STATUS  0x704u
#define SOFT_RESET  0x101u
#define FLUSH	    0x0304u
#define RESET_DONE  (1u << 8)
#define FLUSH_DONE  (1u << 17)
#define AS_COMMAND  0x2458u /* of AS 1 */
#define AS_STATUS   0x2468u
#define GLB_PING    (1u << 8)
#define DATA_VA	    UINT64_C(0x10000000)

static struct menv e;
static struct menv_group group;
static char reply[MMX_MODEL_REPLY_MAX];

static int setup(void **state)
{
	(void)state;
	menv_init(&e, NULL);
	menv_boot(&e);
	menv_as_create(&e, 1);
	menv_map_new(&e, 1, DATA_VA, MENV_PAGE, MENV_RW);
	menv_group_create(&e, &group, 1, 1);
	assert_true(menv_group_start(&e, &group, 0, MENV_CSG_START));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	menv_finish(&e);
	return 0;
}

static const char *command(const char *line)
{
	mmx_model_command(e.m, line, reply, sizeof(reply));
	return reply;
}

static bool ok(const char *line)
{
	return !strcmp(command(line), "ok");
}

static bool flushes(void)
{
	menv_wr(&e, GPU_CLEAR, FLUSH_DONE);
	menv_wr(&e, GPU_CMD, FLUSH);
	return menv_wait_reg(&e, GPU_RAWSTAT, FLUSH_DONE, FLUSH_DONE, LONG);
}

static void hangs(void **state)
{
	(void)state;
	assert_true(ok("hang flush"));
	assert_false(flushes());
	/* a reset ends it, and takes its own time */
	assert_true(ok("hang reset"));
	menv_wr(&e, GPU_CMD, SOFT_RESET);
	assert_false(menv_wait_reg(&e, GPU_RAWSTAT, RESET_DONE, RESET_DONE, LONG));
	mmx_model_power_on_reset(e.m);
	assert_true(ok("hang power 1"));
	menv_wr64(&e, L2_PWRON, 1);
	assert_false(menv_wait_reg(&e, L2_READY, 1, 1, LONG));
	assert_int_equal(menv_rd64(&e, L2_PWRTRANS), 1);
	mmx_model_power_on_reset(e.m);
	menv_wr64(&e, L2_PWRON, 1);
	assert_true(menv_wait_reg(&e, L2_READY, 1, 1, MS));
	assert_true(ok("hang as"));
	menv_wr(&e, AS_COMMAND, 1);
	assert_false(menv_wait_reg(&e, AS_STATUS, 1, 0, LONG));
}

static void hanging_boot(void **state)
{
	(void)state;
	menv_wr(&e, MCU_CONTROL, 0);
	assert_true(ok("hang boot"));
	menv_wr(&e, MCU_CONTROL, 1);
	assert_false(menv_wait_reg(&e, MCU_STATUS, ~0u, 1, LONG));
	menv_wr(&e, MCU_CONTROL, 0);
	menv_wr(&e, MCU_CONTROL, 1);
	assert_true(menv_wait_reg(&e, MCU_STATUS, ~0u, 1, 10 * MS));
}

static void delays(void **state)
{
	(void)state;
	assert_true(ok("delay flush 5000000 2"));
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t start = e.now_ns;

		assert_true(flushes());
		assert_int_equal((e.now_ns - start) / 5000000, i < 2);
	}
}

static bool pings(uint64_t limit_ns)
{
	uint32_t req;

	menv_glb_request(&e, GLB_PING);
	req = menv_mcu_rd(&e, e.glb_in + GLB_IN_REQ);
	return menv_wait_word(&e, e.glb_out + GLB_OUT_ACK, GLB_PING, req & GLB_PING, limit_ns);
}

static void stalls(void **state)
{
	(void)state;
	assert_true(pings(MS));
	assert_true(ok("delay firmware 200000000"));
	assert_false(pings(190 * MS));
	menv_run_for(&e, 20 * MS);
	assert_true(pings(MS));
	/* for ever: what is asked meanwhile is not done, but a boot ends it */
	assert_true(ok("hang firmware"));
	assert_false(pings(LONG));
	assert_false(menv_group_state(&e, 0, MENV_CSG_TERMINATE));
	menv_wr(&e, MCU_CONTROL, 0);
	menv_wr(&e, MCU_CONTROL, 1);
	assert_true(menv_wait_reg(&e, MCU_STATUS, ~0u, 1, 10 * MS));
	assert_true(pings(MS));
}

/* A halt that comes amid a stall is done after it. */
static void halt_amid_stall(void **state)
{
	(void)state;
	assert_true(menv_group_state(&e, 0, MENV_CSG_TERMINATE));
	assert_true(ok("delay firmware 50000000"));
	menv_glb_request(&e, 1);
	assert_int_equal(menv_rd(&e, MCU_STATUS), 1);
	assert_true(menv_wait_reg(&e, MCU_STATUS, ~0u, 2, 60 * MS));
}

static void hanging_job(void **state)
{
	const uint64_t job[] = {
		W_REQ_RESOURCE(1),   W_MOVE32(37, 1), W_MOVE32(38, 1), W_MOVE32(39, 1),
		W_RUN_COMPUTE(1, 0), W_WAIT(1),	      W_NOP,	       W_NOP,
	};

	(void)state;
	menv_submit(&e, &group, 0, 0, job, COUNT(job));
	menv_run_for(&e, 10 * MS);
	assert_int_equal(menv_queue_extract(&e, &group, 0), group.queues[0].insert);
	assert_true(ok("hang job"));
	menv_submit(&e, &group, 0, 0, job, COUNT(job));
	menv_run_for(&e, LONG);
	assert_int_not_equal(menv_queue_extract(&e, &group, 0), group.queues[0].insert);
	assert_true(menv_group_state(&e, 0, MENV_CSG_TERMINATE));
}

static void losses(void **state)
{
	unsigned int calls;

	(void)state;
	menv_wr(&e, GPU_MASK, FLUSH_DONE);
	assert_true(ok("drop irq-gpu"));
	calls = e.irq_calls[MMX_MODEL_IRQ_GPU];
	assert_true(flushes()); /* the bit is there */
	assert_int_equal(e.irq_calls[MMX_MODEL_IRQ_GPU], calls);
	assert_true(flushes());
	assert_true(e.irq_calls[MMX_MODEL_IRQ_GPU] > calls);
	assert_true(ok("drop doorbell"));
	assert_false(pings(LONG));
	menv_doorbell(&e, 0);
	menv_run_for(&e, MS);
	assert_int_equal((menv_mcu_rd(&e, e.glb_in + GLB_IN_REQ) ^
			  menv_mcu_rd(&e, e.glb_out + GLB_OUT_ACK)) &
				 GLB_PING,
			 0);
}

static void corruption(void **state)
{
	uint32_t id = menv_rd(&e, 0);

	(void)state;
	assert_true(ok("corrupt 0 0x80000001 2"));
	assert_int_equal(menv_rd(&e, 4), 0x07120306);
	assert_int_equal(menv_rd(&e, 0), id ^ 0x80000001);
	assert_int_equal(menv_rd(&e, 0), id ^ 0x80000001);
	assert_int_equal(menv_rd(&e, 0), id);
	assert_true(ok("corrupt 0x4 1"));
	assert_true(ok("clear"));
	assert_int_equal(menv_rd(&e, 4), 0x07120306);
}

static void store(uint32_t value)
{
	const uint64_t job[] = { W_STORE_JOB(DATA_VA, value) };

	menv_submit(&e, &group, 0, 0, job, COUNT(job));
	menv_run_for(&e, MS);
}

static void flips(void **state)
{
	(void)state;
	store(1);
	assert_int_equal(menv_rd_va(&e, 1, DATA_VA), 1);
	assert_true(ok("flip 1 0x10000000 3 7")); /* read-only */
	menv_as_flush(&e, 1);
	store(2);
	assert_int_equal(menv_rd_va(&e, 1, DATA_VA), 1);
	assert_int_equal(menv_rd(&e, 0x2000), 2);
	assert_int_equal(menv_rd(&e, 0x245c) & 0xff, 0xcb);
	assert_true(ok("flip 1 0x10000000 3 7"));
	assert_true(ok("flip 1 0x10000000 1 0"));
	assert_false(ok("flip 1 0x10000000 3 7")); /* no table leads there now */
	assert_true(ok("flip 1 0x10000000 1 0"));
	assert_true(ok("flip 1 0x10000000 3 7"));
}

static void answers(void **state)
{
	(void)state;
	assert_string_equal(command("findings"), "tlb 0 table 0 dirty 0 data 0 unmapped 0 freed 0");
	store(1);
	mmx_model_dma_unmapped(e.m, MENV_MEM_BASE, MENV_MEM_SIZE);
	assert_null(strstr(command("findings"), "freed 0"));
}

static void what_is_left(void **state)
{
	(void)state;
	assert_string_equal(command("left"), "nothing");
	assert_true(ok("hang job 3"));
	assert_true(ok("corrupt 0 1 2"));
	assert_true(ok("delay flush 1000"));
	assert_string_equal(command("left"), "flush 1 job 3 register 2");
	assert_true(flushes());
	menv_rd(&e, 0);
	assert_string_equal(command("left"), "job 3 register 1");
	assert_true(ok("clear"));
	assert_string_equal(command("left"), "nothing");
}

/* Each says what is wrong. */
static void refusals(void **state)
{
	static const char points[] = "reset flush power as boot firmware job";
	static const struct {
		const char *line, *why;
	} rows[] = {
		{ "", "the command is missing" },
		{ " ", "the command is missing" },
		{ "hang", "WHAT is missing" },
		{ "hang nothing", "WHAT 'nothing' is none of reset flush power as boot" },
		{ "hang irq-gpu", points },
		{ "hang flush 0x", "COUNT '0x' is no number up to 1000000" },
		{ "hang flush -1", "COUNT '-1' is no number" },
		{ "hang flush 1 2", "'2' is too much" },
		{ "hang flush 1000001", "COUNT '1000001' is no number up to 1000000" },
		{ "delay flush", "NS is missing" },
		{ "delay flush 1099511627777", "NS '1099511627777' is no number up to" },
		{ "delay flush 1 1 1", "'1' is too much" },
		{ "drop flush", "WHAT 'flush' is none of doorbell irq-job irq-mmu irq-gpu" },
		{ "drop doorbell one", "COUNT 'one' is no number" },
		{ "corrupt 0", "MASK is missing" },
		{ "corrupt 2 1", "REGISTER 0x2 is no multiple of 4" },
		{ "corrupt 0x200000 1", "REGISTER '0x200000' is no number up to 2097148" },
		{ "corrupt 0 0x100000000", "MASK '0x100000000' is no number up to 4294967295" },
		{ "flip 1 0 3", "BIT is missing" },
		{ "flip 16 0 3 0", "AS '16' is no number up to 15" },
		{ "flip 1 0x10000000 4 0", "LEVEL '4' is no number up to 3" },
		{ "flip 1 0x10000000 3 64", "BIT '64' is no number up to 63" },
		{ "flip 1 0xffffffffffffffff 3 0", "AS 1 has no table of level 3 for 0xffff" },
		{ "flip 5 0x10000000 3 0", "AS 5 has no table" },
		{ "flip 1 0x10000000 3 7 7", "'7' is too much" },
		{ "clear all", "'all' is too much" },
		{ "left all", "'all' is too much" },
		{ "findings all", "'all' is too much" },
		{ "hang job 1 x x x x x x x x", "'x' is too much" },
		{ "a b c d e f g h i j", "'a' is no command" },
		{ "HANG job", "'HANG' is no command" },
		{ "\033[31m \200", "'?[31m' is no command" },
	};
	char line[4000];

	(void)state;
	for (unsigned int i = 0; i < COUNT(rows); i++) {
		const char *got = command(rows[i].line);

		if (strncmp(got, "error: ", 7) || !strstr(got, rows[i].why))
			fail_msg("'%s' is answered with '%s'", rows[i].line, got);
	}
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	assert_string_equal(command(line), "error: a line has at most 127 bytes");
	/* the longest answer fits, and is cut where there is less room */
	line[127] = '\0';
	memcpy(line, "hang ", 5);
	assert_non_null(strstr(command(line), points));
	memset(reply, 'z', sizeof(reply));
	mmx_model_command(e.m, line, reply, 10);
	assert_string_equal(reply, "error: WH");
	assert_int_equal(reply[10], 'z');
	mmx_model_command(e.m, "findings", reply, 10);
	assert_true(strlen(reply) < 10);
	assert_string_equal(command("left"), "nothing");
	assert_true(flushes());
	assert_true(pings(MS));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hangs),	       TEST(hanging_boot), TEST(delays),       TEST(stalls),
		TEST(halt_amid_stall), TEST(hanging_job),  TEST(losses),       TEST(corruption),
		TEST(flips),	       TEST(answers),	   TEST(what_is_left), TEST(refusals),
	};

	return cmocka_run_group_tests_name("model_inject", tests, NULL, NULL);
}
