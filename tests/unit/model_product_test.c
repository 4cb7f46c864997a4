// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Each product of the GPU model: what it says it is, and that it does what the upstream driver wants of all
 * of them - power, boot, a job with the driver's call sequence, suspend and resume of a group and of the
 * device, reset. Then what is architecture 14's alone: PWR_CONTROL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/model_env.h"
#include "tests/unit/model_words.h"
#include "tools/model/cost.h"

#define COUNT(a) (unsigned int)(sizeof(a) / sizeof((a)[0]))
#define MS	 1000000u

#define GPU_CMD	    0x030u
#define GPU_RAWSTAT 0x020u
#define SOFT_RESET  0x101u
#define RESET_DONE  (1u << 8)
#define L2_READY    0x160u
#define L2_PWROFF   0x1e0u
#define L2_PWRTRANS 0x220u
#define MCU_CONTROL 0x700u
#define MCU_STATUS  0x704u
#define JOB_RAWSTAT 0x1000u
#define JOB_CLEAR   0x1004u
#define JOB_GLB	    (1u << 31)
#define MEMATTR	    UINT64_C(0x4c8f4c)
#define TRANSCFG    (6u | 7u << 6 | 2u << 24 | 1u << 30)
#define UNMAPPED    1u
#define SYNC_VA	    UINT64_C(0x10000000)
#define CODE_VA	    UINT64_C(0x10010000)
#define DATA_VA	    UINT64_C(0x10020000)
#define GLB_HALT    (1u << 0)
#define GLB_CFG	    (1u << 1 | 1u << 2 | 1u << 3)
#define GLB_STATE   (7u << 12)
#define STATE_HALT  (1u << 12)
#define STATE_SLEEP (2u << 12)
#define GLB_IDLE    (1u << 26)

/* PWR_CONTROL */
#define PWR_RAWSTAT	0x800u
#define PWR_CLEAR	0x804u
#define PWR_MASK	0x808u
#define PWR_STAT	0x80cu
#define PWR_STATUS	0x820u
#define PWR_COMMAND	0x828u
#define PWR_CMDARG	0x830u
#define PWR_L2(r)	(0x900u + (r))
#define PWR_TILER(r)	(0x940u + (r))
#define PWR_SHADER(r)	(0xa00u + (r))
#define PRESENT		0x00u
#define READY		0x08u
#define TRANS		0x10u
#define POWER_UP	0x10u
#define POWER_DOWN	0x11u
#define DELEGATE	0x20u
#define RETRACT		0x21u
#define RESET_SOFT	0x31u
#define INSPECT		0xf0u
#define AT(domain)	((domain) << 8)
#define L2		0u
#define TILER		1u
#define SHADER		8u
#define BASE		14u
#define CHANGED		3u /* one, all */
#define DELEGATION	(1u << 2)
#define RESET_OVER	(1u << 3)
#define RETRACTED	(1u << 4)
#define INSPECTED	(1u << 5)
#define NOT_ALLOWED	(1u << 30)
#define INVALID		(1u << 31)
#define ALLOW_RESETS	(UINT64_C(3) << 33)
#define RESET_PENDING	(UINT64_C(1) << 42)
#define RETRACT_PENDING (UINT64_C(1) << 43)

static const struct {
	const char *name;
	uint32_t gpu_id;
	uint32_t l2_features;
	uint32_t mem_features;
	uint32_t gpu_features;
	uint64_t shader_present;
	uint32_t iface;
	uint32_t fw_features;
} products[] = {
	{ "g310", 0xac740001, 0x07110306, 0x1, 0, 0x1, 0x01010000, 0 },
	{ "g610", 0xa8670005, 0x07120306, 0x301, 0, 0x50005, 0x01050000, 0 },
	{ "g710", 0xa8620004, 0x07120306, 0x301, 0, 0x1110055, 0x01050000, 0 },
	{ "g615", 0xb8a30000, 0x07120306, 0x301, 0, 0x70007, 0x02080000, 0 },
	{ "g720", 0xc8700008, 0x07120306, 0x301, 0x24, 0x550555, 0x030d0000, 0 },
	{ "g725", 0xd8300015, 0x08130306, 0x301, 0, 0x660033, 0x030d0000, 0x10 },
	{ "g1", 0xe8030000, 0x08130306, 0x301, 0, 0x550555, 0x04010000, 0 },
};

static struct menv e;
static struct menv_group group;

static void begin(const char *name)
{
	const struct mmx_model_config config = { .product = name };

	menv_init(&e, &config);
}

static int setup_g1(void **state)
{
	(void)state;
	begin("g1");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	menv_finish(&e);
	return 0;
}

/* ---- all products ---- */

static void identities(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNT(products); i++) {
		bool pwr = products[i].gpu_id >> 28 >= 14;

		begin(products[i].name);
		assert_int_equal(menv_rd(&e, 0x0), products[i].gpu_id);
		assert_int_equal(menv_rd(&e, 0x4), products[i].l2_features);
		assert_int_equal(menv_rd(&e, 0xc), 0x809);
		assert_int_equal(menv_rd(&e, 0x10), products[i].mem_features);
		assert_int_equal(menv_rd(&e, 0x14), 0x2830);
		assert_int_equal(menv_rd(&e, 0x18), 0xff);
		assert_int_equal(menv_rd64(&e, 0x60), products[i].gpu_features);
		assert_int_equal(menv_rd64(&e, 0x100), pwr ? 0 : products[i].shader_present);
		assert_int_equal(menv_rd64(&e, PWR_SHADER(PRESENT)),
				 pwr ? products[i].shader_present : 0);
		menv_boot(&e);
		assert_int_equal(menv_mcu_rd(&e, MENV_SHARED_VA), products[i].iface);
		assert_int_equal(menv_mcu_rd(&e, MENV_SHARED_VA + 4), products[i].fw_features);
		assert_int_equal(e.errors, 0);
		menv_finish(&e);
	}
}

/* The job of upstream's call sequence, which is the same on all: flush, call, sync object, barrier. */
static void submit_call(unsigned int csg, uint32_t value)
{
	const uint64_t user[] = {
		W_MOVE48(4, DATA_VA),
		W_MOVE32(6, value),
		W_STORE(6, 4, 1, 0),
		W_WAIT(1),
	};
	const uint64_t job[] = {
		W_MOVE32(94, 0),
		W_FLUSH(0x233, 94, 0, 0),
		W_MOVE48(92, CODE_VA),
		W_MOVE32(94, sizeof(user)),
		W_WAIT(1),
		W_CALL(92, 94),
		W_MOVE48(92, SYNC_VA),
		W_MOVE48(94, 1),
		W_WAIT(0xff),
		W_SYNC(W_SYNC_ADD64, W_PROPAGATE | W_SYSTEM, 92, 94, 0, 0),
		W_ERROR_BARRIER,
		W_NOP,
		W_NOP,
		W_NOP,
		W_NOP,
		W_NOP,
	};

	for (unsigned int i = 0; i < COUNT(user); i++)
		menv_wr64_va(&e, 1, CODE_VA + 8 * i, user[i]);
	menv_submit(&e, &group, csg, 0, job, COUNT(job));
	menv_run_for(&e, MS);
	assert_int_equal(menv_rd_va(&e, 1, DATA_VA), value);
}

static uint32_t glb_req(void)
{
	return menv_mcu_rd(&e, e.glb_in + GLB_IN_REQ);
}

static uint32_t glb_ack(void)
{
	return menv_mcu_rd(&e, e.glb_out + GLB_OUT_ACK);
}

static bool has_state(void)
{
	return menv_mcu_rd(&e, MENV_SHARED_VA) >= 0x04010000;
}

static void halt(void)
{
	uint32_t req = glb_req();

	req = has_state() ? (req & ~GLB_STATE) | STATE_HALT : req | GLB_HALT;
	menv_mcu_wr(&e, e.glb_in + GLB_IN_REQ, req);
	menv_doorbell(&e, 0);
	assert_true(menv_wait_reg(&e, MCU_STATUS, ~0u, 2, 100 * MS));
	if (has_state())
		assert_int_equal(glb_ack() & GLB_STATE, STATE_HALT);
	else
		assert_int_equal(glb_ack() & GLB_HALT, GLB_HALT);
}

static void power_off(void)
{
	bool pwr = menv_has_pwr(&e);

	menv_as_program(&e, 0, 0, 0, UNMAPPED);
	menv_as_program(&e, 1, 0, 0, UNMAPPED);
	if (pwr) {
		menv_wr64(&e, PWR_CMDARG, 1);
		menv_wr(&e, PWR_COMMAND, POWER_DOWN);
	} else {
		menv_wr64(&e, L2_PWROFF, 1);
	}
	menv_run_for(&e, MDL_COST_L2_POWER_NS);
	assert_int_equal(menv_rd64(&e, pwr ? PWR_L2(READY) : L2_READY), 0);
	menv_run_for(&e, 10 * MS);
}

static void boot_again(void)
{
	uint32_t req;

	menv_power_on(&e);
	menv_as_program(&e, 0, e.roots[0], MEMATTR, TRANSCFG);
	menv_as_program(&e, 1, e.roots[1], MEMATTR, TRANSCFG);
	req = glb_req();
	menv_mcu_wr(&e, e.glb_in + GLB_IN_REQ, req & ~(has_state() ? GLB_STATE : GLB_HALT));
	menv_wr(&e, JOB_CLEAR, ~0u);
	menv_wr(&e, MCU_CONTROL, 2);
	assert_true(menv_wait_reg(&e, JOB_RAWSTAT, JOB_GLB, JOB_GLB, 1000 * MS));
	assert_int_equal(menv_rd(&e, MCU_STATUS), 1);
	menv_mcu_wr(&e, e.glb_in + GLB_IN_REQ, (glb_req() & ~GLB_CFG) | (~glb_ack() & GLB_CFG));
	menv_doorbell(&e, 0);
	assert_true(menv_wait_word(&e, e.glb_out + GLB_OUT_ACK, GLB_CFG, glb_req() & GLB_CFG,
				   100 * MS));
}

static void reset(void)
{
	bool pwr = menv_has_pwr(&e);

	menv_wr(&e, pwr ? PWR_COMMAND : GPU_CMD, pwr ? RESET_SOFT : SOFT_RESET);
	assert_true(menv_wait_reg(&e, pwr ? PWR_RAWSTAT : GPU_RAWSTAT,
				  pwr ? RESET_OVER : RESET_DONE, pwr ? RESET_OVER : RESET_DONE,
				  100 * MS));
	assert_int_equal(menv_rd(&e, MCU_STATUS), 0);
	assert_int_equal(menv_rd64(&e, pwr ? PWR_L2(READY) : L2_READY), 0);
}

static void lives(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNT(products); i++) {
		begin(products[i].name);
		menv_boot(&e);
		menv_as_create(&e, 1);
		menv_map_new(&e, 1, SYNC_VA, MENV_PAGE, MENV_RW | MENV_UNCACHED);
		menv_map_new(&e, 1, CODE_VA, MENV_PAGE, MENV_R);
		menv_map_new(&e, 1, DATA_VA, MENV_PAGE, MENV_RW);
		menv_group_create(&e, &group, 1, 1);
		assert_true(menv_group_start(&e, &group, 0, MENV_CSG_START));
		submit_call(0, 1);
		assert_true(menv_group_state(&e, 0, MENV_CSG_SUSPEND));
		halt();
		power_off();
		boot_again();
		assert_true(menv_group_start(&e, &group, 2, MENV_CSG_RESUME));
		submit_call(2, 2);
		assert_true(menv_group_state(&e, 2, MENV_CSG_SUSPEND));
		menv_as_flush(&e, 0);
		reset();
		boot_again();
		assert_true(menv_group_state(&e, 2, MENV_CSG_TERMINATE));
		assert_true(menv_group_start(&e, &group, 1, MENV_CSG_RESUME));
		submit_call(1, 3);
		assert_int_equal(menv_rd64_va(&e, 1, SYNC_VA), 3);
		if (e.errors)
			fail_msg("%s: %s", products[i].name, e.last_error);
		menv_finish(&e);
	}
}

/* What a trace tells of a life. */
static void is_traced(void **state)
{
	static const struct {
		const char *block, *name;
	} rows[] = {
		{ "L2", "power up" },	 { "shader cores", "power up" },
		{ "tiler", "power up" }, { "AS", "UPDATE" },
		{ "AS", "LOCK" },	 { "AS", "FLUSH_MEM" },
		{ "MCU", "boot" },	 { "MCU", "requests" },
		{ "doorbell", "ring" },	 { "stream", "last instructions" },
		{ "core", "compute" },	 { "JOB_INT", "interrupt" },
		{ "GPU", "flush" },	 { "GPU", "reset" },
		{ "L2", "power down" },
	};
	const uint64_t job[] = {
		W_REQ_RESOURCE(1),   W_MOVE32(37, 1), W_MOVE32(38, 1), W_MOVE32(39, 1),
		W_RUN_COMPUTE(1, 0), W_WAIT(1),	      W_NOP,	       W_NOP,
	};

	(void)state;
	begin("g610");
	menv_boot(&e);
	menv_as_create(&e, 1);
	menv_group_create(&e, &group, 1, 1);
	assert_true(menv_group_start(&e, &group, 0, MENV_CSG_START));
	menv_submit(&e, &group, 0, 0, job, COUNT(job));
	menv_run_for(&e, 10 * MS);
	assert_true(menv_group_state(&e, 0, MENV_CSG_TERMINATE));
	menv_wr(&e, GPU_CMD, 0x304);
	halt();
	power_off();
	reset();
	for (unsigned int i = 0; i < COUNT(rows); i++) {
		if (!menv_saw(&e, rows[i].block, rows[i].name))
			fail_msg("not seen: %s of %s", rows[i].name, rows[i].block);
	}
	for (unsigned int i = 0; i < e.span_count; i++)
		assert_true(e.spans[i].start_ns && e.spans[i].start_ns <= e.now_ns);
	menv_finish(&e);
}

/* Sleep, by the bit and by the field. */
static void sleeps(void **state)
{
	static const char *const names[] = { "g610", "g1" };

	(void)state;
	for (unsigned int i = 0; i < COUNT(names); i++) {
		uint32_t sleep;

		begin(names[i]);
		menv_boot(&e);
		sleep = has_state() ? STATE_SLEEP : 1u << 12;
		menv_mcu_wr(&e, e.glb_in + GLB_IN_REQ, glb_req() | sleep);
		menv_doorbell(&e, 0);
		assert_true(menv_wait_reg(&e, MCU_STATUS, ~0u, 2, 100 * MS));
		assert_int_equal(glb_ack() & GLB_STATE, sleep);
		menv_mcu_wr(&e, e.glb_in + GLB_IN_REQ, glb_req() & ~sleep);
		menv_doorbell(&e, 0);
		assert_int_equal(menv_rd(&e, MCU_STATUS), 1);
		assert_true(menv_wait_word(&e, e.glb_out + GLB_OUT_ACK, GLB_STATE, 0, 100 * MS));
		menv_finish(&e);
	}
}

/* ---- PWR_CONTROL ---- */

static uint32_t answer(uint32_t command)
{
	menv_wr(&e, PWR_CLEAR, ~0u);
	menv_wr(&e, PWR_COMMAND, command);
	menv_run_for(&e, MS);
	return menv_rd(&e, PWR_RAWSTAT);
}

static void commands(void **state)
{
	(void)state;
	/* before the L2 is on, nothing else is */
	menv_wr64(&e, PWR_CMDARG, ~UINT64_C(0));
	assert_int_equal(answer(AT(SHADER) | POWER_UP), NOT_ALLOWED);
	assert_int_equal(menv_rd64(&e, PWR_STATUS), ALLOW_RESETS | 1);
	assert_int_equal(answer(AT(L2) | POWER_UP), CHANGED);
	assert_int_equal(menv_rd64(&e, PWR_L2(READY)), 1);
	assert_int_equal(menv_rd64(&e, PWR_STATUS), ALLOW_RESETS | 1 | 1u << TILER | 1u << SHADER);
	/* the host's own */
	menv_wr64(&e, PWR_CMDARG, 0x5);
	assert_int_equal(answer(AT(SHADER) | POWER_UP), CHANGED);
	assert_int_equal(menv_rd64(&e, PWR_SHADER(READY)), 0x5);
	assert_int_equal(answer(AT(TILER) | POWER_UP), CHANGED);
	assert_int_equal(menv_rd64(&e, PWR_TILER(READY)), 1);
	/* the firmware's */
	assert_int_equal(answer(AT(SHADER) | DELEGATE), DELEGATION);
	assert_int_equal(menv_rd64(&e, PWR_STATUS),
			 ALLOW_RESETS | 1 | 1u << TILER | 0x10000u << SHADER);
	assert_int_equal(answer(AT(SHADER) | POWER_DOWN), NOT_ALLOWED);
	assert_int_equal(menv_rd64(&e, PWR_SHADER(READY)), 0x5);
	/* and back, with its power */
	menv_wr(&e, PWR_CLEAR, ~0u);
	menv_wr(&e, PWR_COMMAND, AT(SHADER) | RETRACT);
	assert_int_equal(menv_rd64(&e, PWR_STATUS) & RETRACT_PENDING, RETRACT_PENDING);
	menv_run_for(&e, MS);
	assert_int_equal(menv_rd(&e, PWR_RAWSTAT), RETRACTED | DELEGATION);
	assert_int_equal(answer(AT(SHADER) | POWER_DOWN), CHANGED);
	assert_int_equal(menv_rd64(&e, PWR_SHADER(READY)), 0);
	assert_int_equal(answer(INSPECT), INSPECTED);
}

static void refusals(void **state)
{
	static const struct {
		uint32_t command;
		uint32_t irq;
	} rows[] = {
		{ AT(L2) | DELEGATE, NOT_ALLOWED },
		{ AT(L2) | RETRACT, NOT_ALLOWED },
		{ AT(BASE) | DELEGATE, INVALID },
		{ AT(BASE) | POWER_UP, NOT_ALLOWED },
		{ AT(5) | RETRACT, INVALID },
		{ 0, INVALID },
		{ 0x99, INVALID },
	};

	(void)state;
	menv_power_on(&e);
	for (unsigned int i = 0; i < COUNT(rows); i++)
		assert_int_equal(answer(rows[i].command), rows[i].irq);
	/* one at a time */
	menv_wr(&e, PWR_CLEAR, ~0u);
	menv_wr(&e, PWR_COMMAND, AT(SHADER) | RETRACT);
	menv_wr(&e, PWR_COMMAND, AT(TILER) | RETRACT);
	assert_int_equal(menv_rd(&e, PWR_RAWSTAT), NOT_ALLOWED);
	menv_run_for(&e, MS);
	assert_int_equal(menv_rd(&e, PWR_RAWSTAT), NOT_ALLOWED | RETRACTED | DELEGATION);
}

/* Neither the old registers nor the old reset are there. */
static void not_where_it_was(void **state)
{
	(void)state;
	menv_wr64(&e, 0x1a0, 1);
	menv_run_for(&e, MS);
	assert_int_equal(menv_rd64(&e, PWR_L2(READY)), 0);
	assert_int_equal(menv_rd64(&e, L2_READY), 0);
	menv_power_on(&e);
	menv_wr(&e, GPU_CMD, SOFT_RESET);
	menv_run_for(&e, MS);
	assert_int_equal(menv_rd64(&e, PWR_L2(READY)), 1);
	assert_int_equal(e.errors, 3);
}

static void reset_takes_everything_back(void **state)
{
	(void)state;
	menv_wr(&e, PWR_MASK, RESET_OVER);
	menv_power_on(&e);
	menv_wr(&e, PWR_CLEAR, ~0u);
	menv_wr(&e, PWR_COMMAND, RESET_SOFT);
	assert_int_equal(menv_rd64(&e, PWR_STATUS), RESET_PENDING);
	menv_wr(&e, PWR_COMMAND, AT(L2) | POWER_UP);
	assert_int_equal(menv_rd(&e, PWR_RAWSTAT), NOT_ALLOWED);
	menv_run_for(&e, MS);
	assert_int_equal(menv_rd(&e, PWR_STAT), RESET_OVER);
	assert_int_not_equal(e.pending[MMX_MODEL_IRQ_GPU], 0); /* the mask has survived */
	assert_int_equal(menv_rd64(&e, PWR_STATUS), ALLOW_RESETS | 1);
}

/* Each bit is an edge on the line that it shares with GPU_INT, also beside one of the same number there. */
static void shared_line(void **state)
{
	uint32_t before;

	(void)state;
	menv_wr(&e, 0x028, ~0u);
	menv_wr(&e, PWR_MASK, ~0u);
	menv_power_on(&e);
	before = e.pending[MMX_MODEL_IRQ_GPU];
	assert_int_not_equal(before, 0);
	menv_wr(&e, PWR_CLEAR, CHANGED | DELEGATION);
	assert_int_equal(e.pending[MMX_MODEL_IRQ_GPU], 0);
	menv_wr(&e, PWR_COMMAND, 0);
	assert_int_equal(e.pending[MMX_MODEL_IRQ_GPU], INVALID);
}

/* Firmware has cores only while they are delegated to it. */
static void firmware_needs_delegation(void **state)
{
	(void)state;
	menv_boot(&e);
	menv_as_create(&e, 1);
	menv_group_create(&e, &group, 1, 1);
	assert_true(menv_group_start(&e, &group, 0, MENV_CSG_START));
	menv_run_for(&e, 100000);
	assert_int_equal(menv_rd64(&e, PWR_SHADER(READY)), 0x550555);
	assert_true(menv_group_state(&e, 0, MENV_CSG_TERMINATE));
	menv_run_for(&e, 20 * MS);
	assert_int_equal(menv_rd64(&e, PWR_SHADER(READY)), 0);
	assert_int_equal(answer(AT(SHADER) | RETRACT), RETRACTED | DELEGATION);
	assert_true(menv_group_start(&e, &group, 0, MENV_CSG_START));
	menv_run_for(&e, 100000);
	assert_int_equal(menv_rd64(&e, PWR_SHADER(READY)), 0);
	assert_int_equal(menv_rd64(&e, PWR_TILER(READY)), 1);
}

#define G1(f) cmocka_unit_test_setup_teardown(f, setup_g1, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identities),
		cmocka_unit_test(lives),
		cmocka_unit_test(is_traced),
		cmocka_unit_test(sleeps),
		G1(commands),
		G1(refusals),
		G1(not_where_it_was),
		G1(reset_takes_everything_back),
		G1(shared_line),
		G1(firmware_needs_delegation),
	};

	return cmocka_run_group_tests_name("model_product", tests, NULL, NULL);
}
