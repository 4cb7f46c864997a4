// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The model as a checker of drivers: recordings of what the upstream driver does around a job, in the order
 * of its register writes and in both of its forms, are replayed whole, and with one thing left out. Whole
 * ones are without a finding; each omission is found, and named as what it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/model_env.h"
#include "tests/unit/model_words.h"

#define COUNT(a) (unsigned int)(sizeof(a) / sizeof((a)[0]))
#define MS	 1000000u

#define GPU_CMD	      0x030u
#define GPU_RAWSTAT   0x020u
#define GPU_CLEAR     0x024u
#define FLUSH_DONE    (1u << 17)
#define FLUSH_MEM_CMD 0x3304u /* clean and invalidate L2 and LSC */
#define L2_PWRTRANS   0x220u
#define L2_PWROFF     0x1e0u
#define AS_REG(reg)   (0x2440u + (reg)) /* of AS 1 */
#define AS0_REG(reg)  (0x2400u + (reg))
#define LOCKADDR      0x10u
#define COMMAND	      0x18u
#define STATUS	      0x28u
#define LOCK	      2u
#define UNLOCK	      3u
#define FLUSH_PT      4u
#define FLUSH_MEM     5u
#define REGION_32K    14u /* log2(bytes) - 1 */

/* Pages of AS 1, each in a region of its own but B, which shares a line of its table with A. */
#define VA_A  UINT64_C(0x10000000)
#define VA_B  UINT64_C(0x10001000)
#define VA_C  UINT64_C(0x10010000)
#define VA_D  UINT64_C(0x10020000)
#define VA_E  UINT64_C(0x10030000)
#define PAGES 2u /* of memory, for all of them */

enum op {
	END,
	WRITE, /* register, 32 bits */
	WRITE64,
	POLL, /* register & (value >> 32) == (uint32_t)value */
	MAP, /* the entry of a page of AS 1 is written: memory page = value */
	UNMAP, /* ... cleared */
	UNMAP_IO, /* ... those of the queue's pages in AS 0 */
	STORE, /* a job of one store at that address */
	GROUP, /* asks for a state of the group */
	TAKE, /* memory page = value is not the GPU's any more */
};

/* What it is for; a replay leaves out one of the kinds. */
enum part {
	ALWAYS_THERE,
	FLUSH_AT_MAP, /* of the L2, after a table was written */
	FLUSH_AT_UNMAP,
	TLB_AT_UNMAP,
	UNMAP_BEFORE_TAKE,
	END_OF_GROUP, /* before what it needs is unmapped */
	FLUSH_AT_END, /* before the L2 is powered off */
	PARTS,
};

struct step {
	enum op op;
	enum part part;
	uint64_t where;
	uint64_t value;
};

/* ---- the recordings ---- */

#define IDLE(part)                                            \
	{                                                     \
		POLL, part, AS_REG(STATUS), UINT64_C(1) << 32 \
	}
#define AS_CMD(part, cmd) { WRITE, part, AS_REG(COMMAND), cmd }, IDLE(part)
#define LOCK_AT(part, va) { WRITE64, part, AS_REG(LOCKADDR), (va) | REGION_32K }, AS_CMD(part, LOCK)
#define GPU_FLUSH(part)                                                                  \
	{ WRITE, part, GPU_CLEAR, FLUSH_DONE }, { WRITE, part, GPU_CMD, FLUSH_MEM_CMD }, \
	{                                                                                \
		POLL, part, GPU_RAWSTAT, (uint64_t)FLUSH_DONE << 32 | FLUSH_DONE         \
	}

/* As the driver was first: tables, then LOCK and FLUSH_PT, which unlocks. */
#define OLD_MAP(va, page) \
	{ MAP, ALWAYS_THERE, va, page }, LOCK_AT(FLUSH_AT_MAP, va), AS_CMD(FLUSH_AT_MAP, FLUSH_PT)
#define OLD_UNMAP(va, page) \
	{ UNMAP, ALWAYS_THERE, va, page }, LOCK_AT(TLB_AT_UNMAP, va), AS_CMD(TLB_AT_UNMAP, FLUSH_PT)

/* As it is now: the region is locked meanwhile, the flush is a command of the GPU, UNLOCK drops translations. */
#define NEW_MAP(va, page)                                                                    \
	LOCK_AT(ALWAYS_THERE, va), { MAP, ALWAYS_THERE, va, page }, GPU_FLUSH(FLUSH_AT_MAP), \
		AS_CMD(ALWAYS_THERE, UNLOCK)
#define NEW_UNMAP(va, page)                                                                      \
	LOCK_AT(TLB_AT_UNMAP, va), { UNMAP, ALWAYS_THERE, va, page }, GPU_FLUSH(FLUSH_AT_UNMAP), \
		AS_CMD(TLB_AT_UNMAP, UNLOCK)

/* The group leaves, its pages go, the address spaces are flushed, the L2 loses power. */
#define LEAVE                                                                             \
	{ GROUP, END_OF_GROUP, 0, MENV_CSG_TERMINATE }, { UNMAP_IO, ALWAYS_THERE, 0, 0 }, \
		{ WRITE64, ALWAYS_THERE, AS0_REG(LOCKADDR), 63 },                         \
		{ WRITE, ALWAYS_THERE, AS0_REG(COMMAND), LOCK },                          \
		{ POLL, ALWAYS_THERE, AS0_REG(STATUS), UINT64_C(1) << 32 },               \
		{ WRITE, ALWAYS_THERE, AS0_REG(COMMAND), FLUSH_MEM },                     \
	{                                                                                 \
		POLL, ALWAYS_THERE, AS0_REG(STATUS), UINT64_C(1) << 32                    \
	}

#define OFF                                                        \
	{ WRITE64, ALWAYS_THERE, L2_PWROFF, 1 },                   \
	{                                                          \
		POLL, ALWAYS_THERE, L2_PWRTRANS, UINT64_C(1) << 32 \
	}

static const struct step old_form[] = {
	OLD_MAP(VA_A, 0),
	{ STORE, ALWAYS_THERE, VA_A, 1 },
	OLD_MAP(VA_B, 1),
	{ STORE, ALWAYS_THERE, VA_B, 2 },
	{ STORE, ALWAYS_THERE, VA_A, 1 },
	OLD_UNMAP(VA_A, 0),
	OLD_MAP(VA_C, 0),
	OLD_MAP(VA_D, 0),
	OLD_MAP(VA_E, 0),
	{ STORE, ALWAYS_THERE, VA_A, 3 }, /* the job's own mistake: a fault */
	{ END, ALWAYS_THERE, 0, 0 },
};

static const struct step new_form[] = {
	NEW_MAP(VA_A, 0),
	{ STORE, ALWAYS_THERE, VA_A, 1 },
	NEW_MAP(VA_B, 1),
	{ STORE, ALWAYS_THERE, VA_B, 2 },
	{ STORE, ALWAYS_THERE, VA_A, 1 },
	NEW_UNMAP(VA_A, 0),
	NEW_MAP(VA_C, 0),
	NEW_MAP(VA_D, 0),
	NEW_MAP(VA_E, 0),
	{ STORE, ALWAYS_THERE, VA_A, 3 },
	{ END, ALWAYS_THERE, 0, 0 },
};

static const struct step freeing[] = {
	OLD_MAP(VA_A, 0),
	{ STORE, ALWAYS_THERE, VA_A, 1 },
	{ UNMAP, UNMAP_BEFORE_TAKE, VA_A, 0 },
	LOCK_AT(UNMAP_BEFORE_TAKE, VA_A),
	AS_CMD(UNMAP_BEFORE_TAKE, FLUSH_PT),
	{ TAKE, ALWAYS_THERE, 0, 0 },
	{ END, ALWAYS_THERE, 0, 0 },
};

static const struct step leaving[] = {
	OLD_MAP(VA_A, 0),
	LEAVE,
	{ STORE, END_OF_GROUP + PARTS, VA_A, 1 },
	{ END, ALWAYS_THERE, 0, 0 },
};

static const struct step sleeping[] = {
	OLD_MAP(VA_A, 0),
	{ STORE, ALWAYS_THERE, VA_A, 1 },
	{ GROUP, ALWAYS_THERE, 0, MENV_CSG_SUSPEND },
	LOCK_AT(FLUSH_AT_END, VA_A),
	AS_CMD(FLUSH_AT_END, FLUSH_MEM),
	{ WRITE, ALWAYS_THERE, 0x700, 0 },
	OFF,
	{ END, ALWAYS_THERE, 0, 0 },
};

/* ---- the machine ---- */

static struct menv e;
static struct menv_group group;
static uint64_t pages[PAGES];

static int setup(void **state)
{
	(void)state;
	menv_init(&e, NULL);
	menv_boot(&e);
	menv_as_create(&e, 1);
	menv_group_create(&e, &group, 1, 1);
	for (unsigned int i = 0; i < PAGES; i++)
		pages[i] = menv_pages(&e, 1);
	/* the tables above the pages are there, as they are in a VM that is in use */
	menv_map_desc(&e, 1, VA_A, 3, 0);
	menv_as_flush(&e, 1);
	assert_true(menv_group_start(&e, &group, 0, MENV_CSG_START));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	menv_finish(&e);
	return 0;
}

static void store(uint64_t va, uint32_t value)
{
	const uint64_t job[] = { W_STORE_JOB(va, value) };

	menv_submit(&e, &group, 0, 0, job, COUNT(job));
	menv_run_for(&e, 2 * MS);
}

static void play_step(const struct step *s)
{
	switch (s->op) {
	case END:
		return;
	case WRITE:
		menv_wr(&e, (uint32_t)s->where, (uint32_t)s->value);
		return;
	case WRITE64:
		menv_wr64(&e, (uint32_t)s->where, s->value);
		return;
	case POLL:
		assert_true(menv_wait_reg(&e, (uint32_t)s->where, (uint32_t)(s->value >> 32),
					  (uint32_t)s->value, 100 * MS));
		return;
	case MAP:
		menv_map_desc(&e, 1, s->where, 3, menv_page_desc(pages[s->value], MENV_RW));
		return;
	case UNMAP:
		menv_map_desc(&e, 1, s->where, 3, 0);
		return;
	case UNMAP_IO:
		menv_map_desc(&e, 0, group.queues[0].io_va, 3, 0);
		menv_map_desc(&e, 0, group.queues[0].io_va + MENV_PAGE, 3, 0);
		return;
	case STORE:
		store(s->where, (uint32_t)s->value);
		return;
	case GROUP:
		assert_true(menv_group_state(&e, 0, (enum menv_csg_state)s->value));
		return;
	case TAKE:
		mmx_model_dma_unmapped(e.m, pages[s->value], MENV_PAGE);
		return;
	}
}

/* A step of part + PARTS is played only if that part is left out. */
static void play(const struct step *steps, enum part without)
{
	for (; steps->op != END; steps++) {
		if (steps->part >= PARTS ? steps->part - PARTS == without
					 : steps->part == ALWAYS_THERE || steps->part != without)
			play_step(steps);
	}
}

static uint64_t found(enum mmx_model_finding kind)
{
	return mmx_model_report(e.m)->driver[kind];
}

static uint64_t found_in_all(void)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < MMX_MODEL_FINDINGS; i++)
		sum += found((enum mmx_model_finding)i);
	return sum;
}

static void replays(void **state)
{
	static const struct {
		const char *name;
		const struct step *steps;
		enum part without;
		enum mmx_model_finding finding; /* MMX_MODEL_FINDINGS = none */
	} rows[] = {
		{ "old form", old_form, ALWAYS_THERE, MMX_MODEL_FINDINGS },
		{ "old form, no invalidation", old_form, TLB_AT_UNMAP, MMX_MODEL_FIND_TLB },
		{ "old form, no flush", old_form, FLUSH_AT_MAP, MMX_MODEL_FIND_TABLE },
		{ "new form", new_form, ALWAYS_THERE, MMX_MODEL_FINDINGS },
		{ "new form, no invalidation", new_form, TLB_AT_UNMAP, MMX_MODEL_FIND_TLB },
		{ "new form, no flush of tables", new_form, FLUSH_AT_MAP, MMX_MODEL_FIND_TABLE },
		{ "new form, no clean", new_form, FLUSH_AT_UNMAP, MMX_MODEL_FIND_DIRTY },
		{ "memory taken", freeing, ALWAYS_THERE, MMX_MODEL_FINDINGS },
		{ "memory taken while mapped", freeing, UNMAP_BEFORE_TAKE, MMX_MODEL_FIND_FREED },
		{ "group leaves", leaving, ALWAYS_THERE, MMX_MODEL_FINDINGS },
		{ "pages of a group unmapped", leaving, END_OF_GROUP, MMX_MODEL_FIND_UNMAPPED },
		{ "power off", sleeping, ALWAYS_THERE, MMX_MODEL_FINDINGS },
		{ "power off without a clean", sleeping, FLUSH_AT_END, MMX_MODEL_FIND_DIRTY },
	};

	for (unsigned int i = 0; i < COUNT(rows); i++) {
		bool right = rows[i].finding == MMX_MODEL_FINDINGS;

		setup(state);
		play(rows[i].steps, rows[i].without);
		if (right ? found_in_all() != 0 : !found(rows[i].finding))
			fail_msg("%s: %u errors, the last: %s", rows[i].name, e.errors,
				 e.last_error);
		teardown(state);
	}
}

/* The recording that is right ends in the job's fault, which is told as the job's. */
static void jobs_are_told_apart(void **state)
{
	(void)state;
	play(old_form, ALWAYS_THERE);
	assert_int_equal(mmx_model_report(e.m)->jobs[MMX_MODEL_FIND_UNMAPPED], 1);
	assert_int_equal(found_in_all(), 0);
	assert_int_equal(menv_rd(&e, 0x2000) & 2, 2);
	assert_int_equal(*(uint32_t *)menv_ptr(&e, pages[0]), 1);
	assert_int_equal(*(uint32_t *)menv_ptr(&e, pages[1]), 2);
}

/* What is stale is really used; and told once, however often. */
static void stale_translation_is_used(void **state)
{
	(void)state;
	play(old_form, TLB_AT_UNMAP);
	assert_int_equal(*(uint32_t *)menv_ptr(&e, pages[0]), 3);
	assert_int_equal(found(MMX_MODEL_FIND_TLB), 1);
	store(VA_A, 4);
	assert_int_equal(*(uint32_t *)menv_ptr(&e, pages[0]), 4);
	assert_int_equal(found(MMX_MODEL_FIND_TLB), 1);
	assert_non_null(strstr(e.last_error, "FINDING tlb: AS1 0x10000000"));
	mmx_model_power_on_reset(e.m);
	assert_int_equal(found(MMX_MODEL_FIND_TLB), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replays),
		TEST(jobs_are_told_apart),
		TEST(stale_translation_is_used),
	};

	return cmocka_run_group_tests_name("model_check", tests, NULL, NULL);
}
