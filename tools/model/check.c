// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The findings: counts by kind, and one line of the log for each (kind, address space, page). Called by the
 * blocks that notice something: the address spaces (mmu.c) and the L2 (l2.c).
 *
 * What the driver alone can have caused is a finding, logged as an error that begins with "FINDING". What a
 * job can cause as well, because it uses memory that is its own business, is counted apart and logged as
 * information. What has been told is remembered in a table of fixed size; what falls out of it can be told
 * again. Nothing is forgotten at a reset: the mistake was made.
 */
#include "tools/model/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/model/model_priv.h"

#define TOLD_COUNT 1024u /* a power of two */
#define LINES_MAX  200u /* of findings in the log; the others are counted alone */
#define TEXT_MAX   192

struct told {
	uint64_t page;
	uint32_t what; /* 0 = free */
};

struct mdl_check {
	struct mmx_model_report report;
	unsigned int lines;
	struct told told[TOLD_COUNT];
};

static const char *const kind_names[MMX_MODEL_FINDINGS] = {
	[MMX_MODEL_FIND_TLB] = "tlb",		[MMX_MODEL_FIND_TABLE] = "table",
	[MMX_MODEL_FIND_DIRTY] = "dirty",	[MMX_MODEL_FIND_DATA] = "data",
	[MMX_MODEL_FIND_UNMAPPED] = "unmapped", [MMX_MODEL_FIND_FREED] = "freed",
};

const char *mdl_check_kind(enum mmx_model_finding kind)
{
	return kind_names[kind];
}

/* Return: true if it is new. */
static bool remember(struct mdl_check *check, uint64_t page, uint32_t what)
{
	struct told *told = &check->told[(page >> 12 ^ page >> 24 ^ what * 37) % TOLD_COUNT];

	if (told->what == what && told->page == page)
		return false;
	*told = (struct told){ .page = page, .what = what };
	return true;
}

void mdl_check_found(struct mmx_model *m, enum mmx_model_finding kind, enum mdl_blame blame,
		     unsigned int as, uint64_t page, const char *fmt, ...)
{
	struct mdl_check *check = mdl_check(m);
	bool driver = blame == MDL_BLAME_DRIVER;
	char text[TEXT_MAX];
	va_list args;

	page &= ~UINT64_C(0xfff);
	if (!remember(check, page, 1 + (uint32_t)kind + 16 * as + 1024 * (uint32_t)blame))
		return;
	if (driver)
		check->report.driver[kind]++;
	else
		check->report.jobs[kind]++;
	if (driver && check->lines == LINES_MAX)
		return;
	check->lines += driver;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	mdl_log(m, driver ? MMX_MODEL_LOG_ERROR : MMX_MODEL_LOG_INFO, "%s %s: %s",
		driver ? "FINDING" : "job", kind_names[kind], text);
}

const struct mmx_model_report *mdl_check_report(const struct mdl_check *check)
{
	return &check->report;
}

struct mdl_check *mdl_check_create(void)
{
	return calloc(1, sizeof(struct mdl_check));
}

void mdl_check_destroy(struct mdl_check *check)
{
	free(check);
}
