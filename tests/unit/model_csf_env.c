// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* See model_csf_env.h. One machine for the test that runs; it is built anew for each. */
#include "tests/unit/model_csf_env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define JOB_CLEAR  0x1004u
#define CSG_EVENTS 0xf0000000u

static struct menv env;

int cenv_setup(void **state)
{
	*state = &env;
	menv_init(&env, NULL);
	menv_boot(&env);
	menv_as_create(&env, CENV_AS);
	menv_map_new(&env, CENV_AS, CENV_DATA_VA, MENV_PAGE, MENV_RW | MENV_UNCACHED);
	return 0;
}

int cenv_teardown(void **state)
{
	menv_finish(*state);
	return 0;
}

void cenv_quiet(struct menv *e)
{
	if (!menv_run_quiet(e, 1000 * CENV_MS))
		fail_msg("the model does not get quiet");
}

void cenv_start_group(struct menv *e, struct menv_group *g, unsigned int csg, unsigned int streams)
{
	menv_group_create(e, g, CENV_AS, streams);
	assert_true(menv_group_start(e, g, csg, MENV_CSG_START));
}

void cenv_submit_add(struct menv *e, struct menv_group *g, unsigned int csg, unsigned int cs,
		     unsigned int index, uint64_t value)
{
	const uint64_t job[] = { W_MOVE48(CENV_R_ADDR, CENV_DATA_VA + 16 * index),
				 W_MOVE48(CENV_R_VALUE, value), CENV_SYNC_ADD };

	menv_submit(e, g, csg, cs, job, 3);
}

uint64_t cenv_data(struct menv *e, unsigned int index)
{
	return menv_rd64_va(e, CENV_AS, CENV_DATA_VA + 16 * index);
}

void cenv_clear_irqs(struct menv *e)
{
	menv_wr(e, JOB_CLEAR, ~0u);
	assert_int_equal(e->pending[MMX_MODEL_IRQ_JOB], 0);
}

uint32_t cenv_glb_events(struct menv *e)
{
	return menv_mcu_rd(e, e->glb_in + GLB_IN_REQ) ^ menv_mcu_rd(e, e->glb_out + GLB_OUT_ACK);
}

uint32_t cenv_csg_events(struct menv *e, unsigned int csg)
{
	return menv_mcu_rd(e, menv_csg_in(e, csg) + CSG_IN_REQ) ^
	       menv_mcu_rd(e, menv_csg_out(e, csg) + CSG_OUT_ACK);
}

uint32_t cenv_cs_events(struct menv *e, unsigned int csg, unsigned int cs)
{
	return menv_mcu_rd(e, menv_cs_in(e, csg, cs) + CS_IN_REQ) ^
	       menv_mcu_rd(e, menv_cs_out(e, csg, cs) + CS_OUT_ACK);
}

void cenv_csg_request(struct menv *e, unsigned int csg, uint32_t bits)
{
	uint32_t in = menv_csg_in(e, csg);

	menv_mcu_wr(e, in, menv_mcu_rd(e, in) ^ bits);
	menv_csg_ring(e, csg);
}

void cenv_accept(struct menv *e, unsigned int csg)
{
	uint32_t in = menv_csg_in(e, csg);

	menv_mcu_wr(e, in, menv_mcu_rd(e, in) ^ (cenv_csg_events(e, csg) & CSG_EVENTS));
}
