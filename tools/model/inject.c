// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Fault injection: what a test has asked to go wrong, and the commands by which it asks
 * (mmx_model_command(); malimux-model hands lines of its control socket there). Owns nothing of the other
 * blocks; they ask at the points of inject.h, and are told the truth unless a test wants otherwise.
 *
 * A fault is used up by what it hits; it survives resets and clients until then, or until "clear". One
 * kind of fault at a point at a time: a new command takes the place of the old one. "For ever" is
 * MDL_INJECT_FOREVER_NS, longer than any deadline of any driver.
 */
#include "tools/model/inject.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/model/check.h"
#include "tools/model/cost.h"
#include "tools/model/mmu_priv.h"
#include "tools/model/model_priv.h"
#include "tools/model/regs.h"

#define WORDS_MAX 6u
#define LINE_MAX  128u
#define COUNT_MAX 1000000u

struct mdl_inject {
	struct {
		uint32_t count; /* next ones that are hit; 0 = none */
		uint64_t ns;
	} points[MDL_POINTS];
	uint64_t stalled_until_ns;
	uint32_t corrupt_reg;
	uint32_t corrupt_mask;
	uint32_t corrupt_count;
};

static const char *const point_names[MDL_POINTS] = {
	[MDL_POINT_RESET] = "reset",	 [MDL_POINT_FLUSH] = "flush",
	[MDL_POINT_POWER] = "power",	 [MDL_POINT_AS] = "as",
	[MDL_POINT_BOOT] = "boot",	 [MDL_POINT_FIRMWARE] = "firmware",
	[MDL_POINT_JOB] = "job",	 [MDL_POINT_DOORBELL] = "doorbell",
	[MDL_POINT_IRQ_JOB] = "irq-job", [MDL_POINT_IRQ_MMU] = "irq-mmu",
	[MDL_POINT_IRQ_GPU] = "irq-gpu",
};

/* ---- the points ---- */

static bool hit(struct mmx_model *m, enum mdl_point point)
{
	struct mdl_inject *inject = mdl_inject(m);

	if (!inject->points[point].count)
		return false;
	inject->points[point].count--;
	mdl_log(m, MMX_MODEL_LOG_INFO, "injected: %s", point_names[point]);
	return true;
}

uint64_t mdl_inject_ns(struct mmx_model *m, enum mdl_point point, uint64_t ns)
{
	return hit(m, point) ? ns + mdl_inject(m)->points[point].ns : ns;
}

bool mdl_inject_lost(struct mmx_model *m, enum mdl_point point)
{
	return hit(m, point);
}

uint64_t mdl_inject_firmware_ns(struct mmx_model *m)
{
	struct mdl_inject *inject = mdl_inject(m);

	if (inject->stalled_until_ns <= mdl_now(m) && hit(m, MDL_POINT_FIRMWARE))
		inject->stalled_until_ns = mdl_now(m) + inject->points[MDL_POINT_FIRMWARE].ns;
	return inject->stalled_until_ns;
}

void mdl_inject_firmware_stopped(struct mmx_model *m)
{
	if (mdl_inject(m)) /* else the model could not be made */
		mdl_inject(m)->stalled_until_ns = 0;
}

uint32_t mdl_inject_read(struct mmx_model *m, uint32_t offset, uint32_t value)
{
	struct mdl_inject *inject = mdl_inject(m);

	if (!inject->corrupt_count || offset != inject->corrupt_reg)
		return value;
	inject->corrupt_count--;
	mdl_log(m, MMX_MODEL_LOG_INFO, "injected: register 0x%x", offset);
	return value ^ inject->corrupt_mask;
}

/* ---- commands ---- */

/* Return: false if the word is no number, or more than @max. */
static bool number(const char *word, uint64_t max, uint64_t *ret_value)
{
	char *end;
	unsigned long long value;

	if (*word < '0' || *word > '9')
		return false;
	errno = 0;
	value = strtoull(word, &end, 0);
	if (errno || *end || value > max)
		return false;
	*ret_value = value;
	return true;
}

/* Optional: 1 if it is left out. */
static bool count_at(char **words, unsigned int index, uint64_t *ret_count)
{
	*ret_count = 1;
	return !words[index] || number(words[index], COUNT_MAX, ret_count);
}

static bool find_point(const char *name, enum mdl_point first, enum mdl_point last,
		       enum mdl_point *ret_point)
{
	for (unsigned int i = first; name && i <= last; i++) {
		if (!strcmp(name, point_names[i])) {
			*ret_point = (enum mdl_point)i;
			return true;
		}
	}
	return false;
}

static void set(struct mmx_model *m, enum mdl_point point, uint64_t count, uint64_t ns)
{
	mdl_inject(m)->points[point].count = (uint32_t)count;
	mdl_inject(m)->points[point].ns = ns;
}

/* hang WHAT [COUNT] */
static bool do_hang(struct mmx_model *m, char **words)
{
	enum mdl_point point;
	uint64_t count;

	if (!find_point(words[1], MDL_POINT_RESET, MDL_POINT_JOB, &point) ||
	    !count_at(words, 2, &count) || (words[2] && words[3]))
		return false;
	set(m, point, count, MDL_INJECT_FOREVER_NS);
	return true;
}

/* delay WHAT NS [COUNT] */
static bool do_delay(struct mmx_model *m, char **words)
{
	enum mdl_point point;
	uint64_t count, ns;

	if (!find_point(words[1], MDL_POINT_RESET, MDL_POINT_JOB, &point) || !words[2] ||
	    !number(words[2], MDL_INJECT_FOREVER_NS, &ns) || !count_at(words, 3, &count) ||
	    (words[3] && words[4]))
		return false;
	set(m, point, count, ns);
	return true;
}

/* drop WHAT [COUNT] */
static bool do_drop(struct mmx_model *m, char **words)
{
	enum mdl_point point;
	uint64_t count;

	if (!find_point(words[1], MDL_POINT_DOORBELL, MDL_POINT_IRQ_GPU, &point) ||
	    !count_at(words, 2, &count) || (words[2] && words[3]))
		return false;
	set(m, point, count, 0);
	return true;
}

/* corrupt REGISTER MASK [COUNT] */
static bool do_corrupt(struct mmx_model *m, char **words)
{
	struct mdl_inject *inject = mdl_inject(m);
	uint64_t reg, mask, count;

	if (!words[1] || !words[2] || !number(words[1], MMX_MODEL_MMIO_SIZE - 4, &reg) || reg % 4 ||
	    !number(words[2], UINT32_MAX, &mask) || !count_at(words, 3, &count) ||
	    (words[3] && words[4]))
		return false;
	inject->corrupt_reg = (uint32_t)reg;
	inject->corrupt_mask = (uint32_t)mask;
	inject->corrupt_count = (uint32_t)count;
	return true;
}

/* flip AS VA LEVEL BIT: at once, in memory; so maintenance decides when the GPU sees it */
static bool do_flip(struct mmx_model *m, char **words)
{
	uint64_t as, va, level, bit, at, desc;

	if (!words[1] || !words[2] || !words[3] || !words[4] || words[5] ||
	    !number(words[1], MMU_AS_COUNT - 1, &as) || !number(words[2], UINT64_MAX, &va) ||
	    !number(words[3], 3, &level) || !number(words[4], 63, &bit) ||
	    !mdl_mmu_find_desc(m, (unsigned int)as, va, (unsigned int)level, &at) ||
	    !mdl_dma_read(m, at, &desc, sizeof(desc)))
		return false;
	desc ^= UINT64_C(1) << bit;
	return mdl_dma_write(m, at, &desc, sizeof(desc));
}

static bool do_clear(struct mmx_model *m, char **words)
{
	if (words[1])
		return false;
	memset(mdl_inject(m), 0, sizeof(*mdl_inject(m)));
	return true;
}

static void print_findings(struct mmx_model *m, char *reply, size_t size)
{
	const struct mmx_model_report *report = mmx_model_report(m);
	size_t at = 0;

	for (unsigned int i = 0; i < MMX_MODEL_FINDINGS && at < size; i++) {
		int n = snprintf(reply + at, size - at, "%s%s %llu", i ? " " : "",
				 mdl_check_kind((enum mmx_model_finding)i),
				 (unsigned long long)report->driver[i]);

		at += n > 0 ? (size_t)n : 0;
	}
}

static bool execute(struct mmx_model *m, char **words)
{
	static const struct {
		const char *name;
		bool (*run)(struct mmx_model *m, char **words);
	} commands[] = {
		{ "hang", do_hang },	   { "delay", do_delay }, { "drop", do_drop },
		{ "corrupt", do_corrupt }, { "flip", do_flip },	  { "clear", do_clear },
	};

	for (size_t i = 0; words[0] && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(words[0], commands[i].name))
			return commands[i].run(m, words);
	}
	return false;
}

/**
 * mmx_model_command() - does what a line asks for
 * @model: the model
 * @line: without newline; docs/model.md has the commands
 * @reply: receives one line of text without newline: "ok", "error", or an answer
 * @size: of @reply; MMX_MODEL_REPLY_MAX is always enough
 */
void mmx_model_command(struct mmx_model *model, const char *line, char *reply, size_t size)
{
	char copy[LINE_MAX], *words[WORDS_MAX + 1] = { NULL }, *rest = NULL, *word;
	unsigned int count = 0;
	bool fits = strlen(line) < sizeof(copy);

	snprintf(copy, sizeof(copy), "%s", line);
	for (word = strtok_r(copy, " \t\r", &rest); word && count < WORDS_MAX;
	     word = strtok_r(NULL, " \t\r", &rest))
		words[count++] = word;
	if (fits && !word && count == 1 && !strcmp(words[0], "findings"))
		print_findings(model, reply, size);
	else
		snprintf(reply, size, "%s",
			 fits && !word && execute(model, words) ? "ok" : "error");
}

/* ---- life ---- */

struct mdl_inject *mdl_inject_create(void)
{
	return calloc(1, sizeof(struct mdl_inject));
}

void mdl_inject_destroy(struct mdl_inject *inject)
{
	free(inject);
}
