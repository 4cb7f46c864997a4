// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * GPU_CONTROL of the model against a golden table (a dump of a Mali-G610, transcribed here), power
 * domains, resets, cache flushes, counters, and the interrupt blocks.
 */
#include "tools/model/gpu.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/model_env.h"
#include "tools/model/cost.h"

#define INT_RAWSTAT 0x20u
#define INT_CLEAR   0x24u
#define INT_MASK    0x28u
#define INT_STAT    0x2cu
#define CMD	    0x30u
#define STATUS	    0x34u
#define TSTAMP_OFFS 0x88u
#define CYCLES	    0x90u
#define TSTAMP	    0x98u
#define COHERENCY   0x300u
#define PROTOCOL    0x304u
#define FLUSH_ID    0x10000u

#define READY(d)  (0x140u + 16 * (d))
#define PWRON(d)  (0x180u + 16 * (d))
#define PWROFF(d) (0x1c0u + 16 * (d))
#define TRANS(d)  (0x200u + 16 * (d))
#define SHADER	  0u
#define TILER	  1u
#define L2	  2u

#define IRQ_RESET     (1u << 8)
#define IRQ_POWER     (1u << 9)
#define IRQ_POWER_ALL (1u << 10)
#define IRQ_CLEAN     (1u << 17)

static struct menv env;

static int setup(void **state)
{
	*state = &env;
	menv_init(&env, NULL);
	return 0;
}

static int teardown(void **state)
{
	menv_finish(*state);
	return 0;
}

static const struct {
	uint32_t offset;
	uint32_t value;
} golden[] = {
	{ 0x000, 0xa8670005 }, { 0x004, 0x07120306 }, { 0x008, 0 },	     { 0x00c, 0x809 },
	{ 0x010, 0x301 },      { 0x014, 0x2830 },     { 0x018, 0xff },	     { 0x01c, 0x040a0412 },
	{ 0x020, 0 },	       { 0x028, 0 },	      { 0x02c, 0 },	     { 0x030, 0 },
	{ 0x034, 0 },	       { 0x03c, 0 },	      { 0x040, 0 },	     { 0x044, 0 },
	{ 0x048, 0 },	       { 0x060, 0 },	      { 0x088, 0 },	     { 0x08c, 0 },
	{ 0x090, 0 },	       { 0x094, 0 },	      { 0x0a0, 2048 },	     { 0x0a4, 1024 },
	{ 0x0a8, 1024 },       { 0x0ac, 0x04010000 }, { 0x0b0, 0xc1ffff9e }, { 0x0b4, 0 },
	{ 0x0b8, 0 },	       { 0x0bc, 0 },	      { 0x100, 0x50005 },    { 0x104, 0 },
	{ 0x110, 1 },	       { 0x114, 0 },	      { 0x120, 1 },	     { 0x124, 0 },
	{ 0x140, 0 },	       { 0x150, 0 },	      { 0x160, 0 },	     { 0x200, 0 },
	{ 0x210, 0 },	       { 0x220, 0 },	      { 0x240, 0 },	     { 0x280, 0 },
	{ 0x2c0, 0 },	       { 0x300, 0 },	      { 0x304, 31 },	     { 0x700, 0 },
	{ 0x704, 0 },	       { 0x1000, 0 },	      { 0x1008, 0 },	     { 0x2000, 0 },
	{ 0x2008, 0 },	       { 0x2400, 0 },	      { 0x2428, 0 },	     { 0x2430, 0 },
	{ 0x10000, 1 },	       { 0x80000, 0 },
};

static void check_golden(struct menv *e)
{
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		uint32_t value = menv_rd(e, golden[i].offset);

		if (value != golden[i].value)
			fail_msg("0x%x reads 0x%x, not 0x%x", golden[i].offset, value,
				 golden[i].value);
	}
}

static void reset_values(void **state)
{
	check_golden(*state);
}

static void identity_is_read_only(void **state)
{
	struct menv *e = *state;

	for (uint32_t offset = 0; offset < 0x20; offset += 4)
		menv_wr(e, offset, 0x5a5a5a5a);
	menv_wr64(e, 0x100, 0);
	menv_wr(e, 0xa0, 0);
	check_golden(e);
}

static void coherency_follows_the_configuration(void **state)
{
	struct mmx_model_config config = { .product = "g610", .coherent = true };
	struct mmx_model *m = NULL;
	struct menv *e = *state;

	menv_wr(e, PROTOCOL, 0); /* not announced */
	assert_int_equal(e->errors, 1);
	assert_int_equal(menv_rd(e, PROTOCOL), 31);
	menv_finish(e);
	menv_init(e, &config);
	assert_int_equal(menv_rd(e, COHERENCY), 1);
	menv_wr(e, PROTOCOL, 0);
	assert_int_equal(menv_rd(e, PROTOCOL), 0);

	config.product = "g9999";
	assert_int_not_equal(mmx_model_create(&config, &(struct mmx_model_ops){ 0 }, NULL, &m), 0);
	assert_null(m);
}

static void power_takes_time(void **state)
{
	struct menv *e = *state;

	menv_wr(e, INT_MASK, IRQ_POWER | IRQ_POWER_ALL);
	menv_wr64(e, PWRON(L2), 0xff); /* only what is present goes on */
	assert_int_equal(menv_rd64(e, TRANS(L2)), 1);
	assert_int_equal(menv_rd64(e, READY(L2)), 0);
	assert_int_equal(menv_rd(e, STATUS), 2);
	menv_run_for(e, MDL_COST_L2_POWER_NS - 1);
	assert_int_equal(menv_rd64(e, READY(L2)), 0);
	menv_run_for(e, 1);
	assert_int_equal(menv_rd64(e, READY(L2)), 1);
	assert_int_equal(menv_rd64(e, TRANS(L2)), 0);
	assert_int_equal(e->pending[MMX_MODEL_IRQ_GPU], IRQ_POWER | IRQ_POWER_ALL);
	menv_wr(e, INT_CLEAR, ~0u);
	assert_int_equal(e->pending[MMX_MODEL_IRQ_GPU], 0);

	/* two domains at once: "all" comes with the last */
	menv_wr64(e, PWRON(SHADER), 0x10001);
	menv_run_for(e, MDL_COST_CORE_POWER_NS / 2);
	menv_wr64(e, PWRON(TILER), 1);
	menv_run_for(e, MDL_COST_CORE_POWER_NS / 2);
	assert_int_equal(menv_rd64(e, READY(SHADER)), 0x10001);
	assert_int_equal(e->pending[MMX_MODEL_IRQ_GPU], IRQ_POWER);
	menv_run_for(e, MDL_COST_CORE_POWER_NS / 2);
	assert_int_equal(menv_rd64(e, READY(TILER)), 1);
	assert_int_equal(e->pending[MMX_MODEL_IRQ_GPU], IRQ_POWER | IRQ_POWER_ALL);

	menv_wr64(e, PWROFF(SHADER), 1);
	assert_int_equal(menv_rd64(e, READY(SHADER)), 0x10000);
	menv_run_for(e, MDL_COST_CORE_POWER_NS);
	assert_int_equal(menv_rd64(e, READY(SHADER)), 0x10000);

	/* the L2 takes everything behind it along */
	menv_wr64(e, PWROFF(L2), 1);
	menv_run_for(e, MDL_COST_L2_POWER_NS);
	assert_int_equal(menv_rd64(e, READY(L2)), 0);
	assert_int_equal(menv_rd64(e, READY(SHADER)), 0);
	assert_int_equal(menv_rd64(e, READY(TILER)), 0);
	assert_int_equal(e->errors, 0);
}

static void cores_need_the_l2(void **state)
{
	struct menv *e = *state;

	menv_wr64(e, PWRON(SHADER), 1);
	assert_int_equal(e->errors, 1);
	assert_true(menv_run_quiet(e, 1000000));
	assert_int_equal(menv_rd64(e, READY(SHADER)), 0);
}

/* @cmd: soft keeps the mask of GPU_INT, hard does not. */
static void reset_by(struct menv *e, uint32_t cmd, uint32_t mask_after)
{
	menv_boot(e);
	menv_wr(e, INT_MASK, IRQ_RESET | IRQ_CLEAN);
	menv_wr(e, 0x2008, ~0u);
	menv_wr(e, 0x48, 0x1234);
	menv_wr(e, CMD, 4 | 0x333 << 8);
	menv_wr(e, INT_CLEAR, ~0u);
	menv_wr(e, CMD, cmd);
	assert_int_equal(menv_rd(e, 0x704), 0); /* the MCU is gone at once */
	menv_wr(e, PWRON(L2), 1); /* too early: ignored */
	assert_int_equal(e->errors, 1);
	menv_run_for(e, MDL_COST_RESET_NS - 1);
	assert_int_equal(menv_rd(e, INT_RAWSTAT), 0);
	menv_run_for(e, 1);
	assert_int_equal(menv_rd(e, INT_RAWSTAT), IRQ_RESET); /* and no CLEAN: it was cut off */
	assert_int_equal(menv_rd(e, INT_MASK), mask_after);
	assert_int_equal(e->pending[MMX_MODEL_IRQ_GPU], IRQ_RESET & mask_after);
	menv_wr(e, INT_CLEAR, ~0u);
	menv_wr(e, INT_MASK, 0);
	check_golden(e);
	assert_true(menv_run_quiet(e, 0));
}

static void soft_reset(void **state)
{
	reset_by(*state, 0x101, IRQ_RESET | IRQ_CLEAN);
}

static void hard_reset(void **state)
{
	reset_by(*state, 0x201, 0);
}

static void power_on_reset(void **state)
{
	struct menv *e = *state;

	menv_boot(e);
	menv_wr(e, INT_MASK, ~0u);
	menv_glb_request(e, 1u << 8);
	menv_wr(e, CMD, 4 | 0x333 << 8);
	menv_run_for(e, MDL_COST_FLUSH_NS);
	assert_int_not_equal(e->pending[MMX_MODEL_IRQ_GPU], 0);
	assert_int_not_equal(e->pending[MMX_MODEL_IRQ_JOB], 0);
	mmx_model_power_on_reset(e->m);
	for (unsigned int i = 0; i < MMX_MODEL_IRQ_COUNT; i++)
		assert_int_equal(e->pending[i], 0);
	check_golden(e);
	assert_true(menv_run_quiet(e, 0));
	menv_boot(e); /* and it works again */
}

static void flush(void **state)
{
	struct menv *e = *state;
	uint32_t id = menv_rd(e, FLUSH_ID);

	menv_wr(e, INT_MASK, IRQ_CLEAN);
	menv_wr(e, CMD, 4 | 0x233 << 8);
	assert_int_equal(menv_rd(e, STATUS), 1);
	menv_run_for(e, MDL_COST_FLUSH_NS - 1);
	assert_int_equal(menv_rd(e, FLUSH_ID), id);
	menv_wr(e, CMD, 4 | 0x233 << 8); /* one at a time */
	assert_int_equal(e->errors, 1);
	menv_run_for(e, 1);
	assert_int_equal(e->pending[MMX_MODEL_IRQ_GPU], IRQ_CLEAN);
	assert_int_equal(menv_rd(e, FLUSH_ID), id + 1);
	assert_int_equal(menv_rd(e, STATUS), 0);
	assert_true(menv_run_quiet(e, 0));
}

static void counters(void **state)
{
	struct menv *e = *state;
	uint64_t stamp = menv_rd64(e, TSTAMP);

	menv_run_for(e, 1000000);
	assert_int_equal(menv_rd64(e, TSTAMP) - stamp, 24000);
	assert_int_equal(menv_rd(e, TSTAMP), stamp + 24000);
	menv_wr64(e, TSTAMP_OFFS, UINT64_C(0x500000000));
	assert_int_equal(menv_rd64(e, TSTAMP) - stamp, 24000 + UINT64_C(0x500000000));
	assert_int_equal(menv_rd(e, TSTAMP + 4), 5);

	assert_int_equal(menv_rd64(e, CYCLES), 0); /* stopped */
	menv_wr(e, CMD, 3 | 1 << 8);
	menv_run_for(e, 5000);
	assert_int_equal(menv_rd64(e, CYCLES), 5000);
	menv_wr(e, CMD, 3);
	menv_run_for(e, 5000);
	assert_int_equal(menv_rd64(e, CYCLES), 5000);
}

static void interrupt_block(void **state)
{
	struct menv *e = *state;

	menv_wr(e, CMD, 4 | 1 << 8);
	menv_run_for(e, MDL_COST_FLUSH_NS);
	assert_int_equal(menv_rd(e, INT_RAWSTAT), IRQ_CLEAN);
	assert_int_equal(menv_rd(e, INT_STAT), 0);
	assert_int_equal(e->irq_calls[MMX_MODEL_IRQ_GPU], 0);
	menv_wr(e, INT_MASK, IRQ_CLEAN);
	assert_int_equal(menv_rd(e, INT_STAT), IRQ_CLEAN);
	assert_int_equal(e->pending[MMX_MODEL_IRQ_GPU], IRQ_CLEAN);
	menv_wr(e, INT_MASK, IRQ_CLEAN | IRQ_RESET); /* nothing changes for the line */
	assert_int_equal(e->irq_calls[MMX_MODEL_IRQ_GPU], 1);
	menv_wr(e, INT_MASK, 0);
	assert_int_equal(e->pending[MMX_MODEL_IRQ_GPU], 0);
	menv_wr(e, INT_CLEAR, IRQ_RESET); /* not its bit */
	assert_int_equal(menv_rd(e, INT_RAWSTAT), IRQ_CLEAN);
	menv_wr(e, INT_CLEAR, IRQ_CLEAN);
	assert_int_equal(menv_rd(e, INT_RAWSTAT), 0);
	assert_int_equal(e->irq_calls[MMX_MODEL_IRQ_GPU], 2);
}

static void bad_accesses(void **state)
{
	struct menv *e = *state;

	assert_int_equal(menv_rd(e, 2), 0);
	assert_int_equal(menv_rd64(e, 4), 0);
	assert_int_equal(menv_rd(e, MMX_MODEL_MMIO_SIZE), 0);
	assert_int_equal(menv_rd64(e, MMX_MODEL_MMIO_SIZE - 4), 0);
	menv_wr(e, 0xfffffffc, 1);
	menv_wr64(e, INT_MASK + 4, 1);
	assert_int_equal(e->errors, 6);
	for (uint32_t offset = 0; offset < MMX_MODEL_MMIO_SIZE; offset += 4)
		menv_rd(e, offset);
	assert_int_equal(e->errors, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reset_values, setup, teardown),
		cmocka_unit_test_setup_teardown(identity_is_read_only, setup, teardown),
		cmocka_unit_test_setup_teardown(coherency_follows_the_configuration, setup,
						teardown),
		cmocka_unit_test_setup_teardown(power_takes_time, setup, teardown),
		cmocka_unit_test_setup_teardown(cores_need_the_l2, setup, teardown),
		cmocka_unit_test_setup_teardown(soft_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(hard_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(power_on_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(flush, setup, teardown),
		cmocka_unit_test_setup_teardown(counters, setup, teardown),
		cmocka_unit_test_setup_teardown(interrupt_block, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_accesses, setup, teardown),
	};

	return cmocka_run_group_tests_name("model_gpu", tests, NULL, NULL);
}
