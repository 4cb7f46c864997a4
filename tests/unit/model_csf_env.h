/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the tests of the model's firmware interface share: a booted machine with one address space and a
 * page of data in it, work that adds to that data, and the events between both sides.
 */
#ifndef TESTS_UNIT_MODEL_CSF_ENV_H
#define TESTS_UNIT_MODEL_CSF_ENV_H

#include <stdint.h>

#include "tests/unit/model_env.h"
#include "tests/unit/model_words.h"

#define CENV_MCU_STATUS	 0x704u
#define CENV_JOB_RAWSTAT 0x1000u
#define CENV_MMU_RAWSTAT 0x2000u

#define CENV_GLB_HALT (1u << 0)
#define CENV_CSG_SYNC (1u << 28)
#define CENV_CSG_IDLE (1u << 29)
#define CENV_CS_FATAL (1u << 30)

#define CENV_MS	     UINT64_C(1000000)
#define CENV_AS	     1u
#define CENV_DATA_VA UINT64_C(0x10000000)
#define CENV_R_ADDR  80u /* pair */
#define CENV_R_VALUE 82u /* pair */
#define CENV_R_COUNT 84u

/* [addr] += value, system scope, at once */
#define CENV_SYNC_ADD W_SYNC(W_SYNC_ADD64, W_SYSTEM, CENV_R_ADDR, CENV_R_VALUE, 0, 0)
/* until [addr] > value */
#define CENV_SYNC_WAIT W_SYNC_WAIT64(1, GT, CENV_R_ADDR, CENV_R_VALUE)
/* no such instruction */
#define CENV_INVALID W(0xfe, 0, 0, 0, 0)

/* cmocka fixtures: *state is a struct menv. */
int cenv_setup(void **state);
int cenv_teardown(void **state);

/* Runs the model until nothing is left to do; fails the test if that takes a second of its time. */
void cenv_quiet(struct menv *e);

/* ---- work ---- */
/* A new group in slot @csg, started. */
void cenv_start_group(struct menv *e, struct menv_group *g, unsigned int csg, unsigned int streams);
/* data[index] += value; 3 instructions. */
void cenv_submit_add(struct menv *e, struct menv_group *g, unsigned int csg, unsigned int cs,
		     unsigned int index, uint64_t value);
/* data[index]: the doubleword 16 * @index behind CENV_DATA_VA. */
uint64_t cenv_data(struct menv *e, unsigned int index);

/* ---- events ---- */
void cenv_clear_irqs(struct menv *e);
/* What is outstanding between a request word and its acknowledge word. */
uint32_t cenv_glb_events(struct menv *e);
uint32_t cenv_csg_events(struct menv *e, unsigned int csg);
uint32_t cenv_cs_events(struct menv *e, unsigned int csg, unsigned int cs);
/* Acknowledges the firmware's events of a slot. */
void cenv_accept(struct menv *e, unsigned int csg);
/* Toggles request bits of a slot and rings for it. */
void cenv_csg_request(struct menv *e, unsigned int csg, uint32_t bits);

#endif
