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
#include <stdarg.h>
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

/* A line, taken apart. What is wrong with it is told in the answer, by the first who sees it. */
struct order {
	struct mmx_model *m;
	char *words[WORDS_MAX + 1]; /* NULL behind the last */
	unsigned int next; /* word that has not been looked at */
	char *reply;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static void wrong(struct order *order, const char *format,
							...)
{
	va_list args;
	int n = snprintf(order->reply, order->size, "error: ");

	va_start(args, format);
	if (n > 0 && (size_t)n < order->size)
		vsnprintf(order->reply + n, order->size - (size_t)n, format, args);
	va_end(args);
}

/* Says what is wrong; false. */
#define REFUSE(order, ...) (wrong(order, __VA_ARGS__), false)

/* Return: NULL if there is none, which has been told. */
static const char *take_word(struct order *order, const char *what)
{
	if (!order->words[order->next]) {
		wrong(order, "%s is missing", what);
		return NULL;
	}
	return order->words[order->next++];
}

static bool take_end(struct order *order)
{
	return !order->words[order->next] ||
	       REFUSE(order, "'%s' is too much", order->words[order->next]);
}

/* @what: which one, for the answer */
static bool take_number(struct order *order, const char *what, uint64_t max, uint64_t *ret_value)
{
	const char *word = take_word(order, what);
	unsigned long long value;
	char *end;

	if (!word)
		return false;
	errno = 0;
	value = *word >= '0' && *word <= '9' ? strtoull(word, &end, 0) : 0;
	if (*word < '0' || *word > '9' || errno || *end || value > max)
		return REFUSE(order, "%s '%s' is no number up to %llu", what, word,
			      (unsigned long long)max);
	*ret_value = value;
	return true;
}

/* The last word, optional: 1 if it is left out. */
static bool take_count(struct order *order, uint64_t *ret_count)
{
	*ret_count = 1;
	if (order->words[order->next] && !take_number(order, "COUNT", COUNT_MAX, ret_count))
		return false;
	return take_end(order);
}

static bool take_point(struct order *order, enum mdl_point first, enum mdl_point last,
		       enum mdl_point *ret_point)
{
	const char *word = take_word(order, "WHAT");
	char names[128] = "";
	size_t at = 0;

	if (!word)
		return false;
	for (unsigned int i = first; i <= last; i++) {
		if (!strcmp(word, point_names[i])) {
			*ret_point = (enum mdl_point)i;
			return true;
		}
		at += (size_t)snprintf(names + at, sizeof(names) - at, " %s", point_names[i]);
	}
	return REFUSE(order, "WHAT '%s' is none of%s", word, names);
}

static bool set(struct mmx_model *m, enum mdl_point point, uint64_t count, uint64_t ns)
{
	mdl_inject(m)->points[point].count = (uint32_t)count;
	mdl_inject(m)->points[point].ns = ns;
	return true;
}

/* hang WHAT [COUNT] */
static bool do_hang(struct order *order)
{
	enum mdl_point point;
	uint64_t count;

	return take_point(order, MDL_POINT_RESET, MDL_POINT_JOB, &point) &&
	       take_count(order, &count) && set(order->m, point, count, MDL_INJECT_FOREVER_NS);
}

/* delay WHAT NS [COUNT] */
static bool do_delay(struct order *order)
{
	enum mdl_point point;
	uint64_t count, ns;

	return take_point(order, MDL_POINT_RESET, MDL_POINT_JOB, &point) &&
	       take_number(order, "NS", MDL_INJECT_FOREVER_NS, &ns) && take_count(order, &count) &&
	       set(order->m, point, count, ns);
}

/* drop WHAT [COUNT] */
static bool do_drop(struct order *order)
{
	enum mdl_point point;
	uint64_t count;

	return take_point(order, MDL_POINT_DOORBELL, MDL_POINT_IRQ_GPU, &point) &&
	       take_count(order, &count) && set(order->m, point, count, 0);
}

/* corrupt REGISTER MASK [COUNT] */
static bool do_corrupt(struct order *order)
{
	struct mdl_inject *inject = mdl_inject(order->m);
	uint64_t reg, mask, count;

	if (!take_number(order, "REGISTER", MMX_MODEL_MMIO_SIZE - 4, &reg))
		return false;
	if (reg % 4)
		return REFUSE(order, "REGISTER 0x%llx is no multiple of 4",
			      (unsigned long long)reg);
	if (!take_number(order, "MASK", UINT32_MAX, &mask) || !take_count(order, &count))
		return false;
	inject->corrupt_reg = (uint32_t)reg;
	inject->corrupt_mask = (uint32_t)mask;
	inject->corrupt_count = (uint32_t)count;
	return true;
}

/* flip AS VA LEVEL BIT: at once, in memory; so maintenance decides when the GPU sees it */
static bool do_flip(struct order *order)
{
	uint64_t as, va, level, bit, at, desc;

	if (!take_number(order, "AS", MMU_AS_COUNT - 1, &as) ||
	    !take_number(order, "VA", UINT64_MAX, &va) || !take_number(order, "LEVEL", 3, &level) ||
	    !take_number(order, "BIT", 63, &bit) || !take_end(order))
		return false;
	if (!mdl_mmu_find_desc(order->m, (unsigned int)as, va, (unsigned int)level, &at))
		return REFUSE(order, "AS %u has no table of level %u for 0x%llx", (unsigned int)as,
			      (unsigned int)level, (unsigned long long)va);
	if (mdl_dma_read(order->m, at, &desc, sizeof(desc))) {
		desc ^= UINT64_C(1) << bit;
		if (mdl_dma_write(order->m, at, &desc, sizeof(desc)))
			return true;
	}
	return REFUSE(order, "the table at 0x%llx cannot be written", (unsigned long long)at);
}

static bool do_clear(struct order *order)
{
	if (!take_end(order))
		return false;
	memset(mdl_inject(order->m), 0, sizeof(*mdl_inject(order->m)));
	return true;
}

static void add_number(struct order *order, size_t *at, const char *name, uint64_t value)
{
	int n = snprintf(order->reply + *at, order->size - *at, "%s%s %llu", *at ? " " : "", name,
			 (unsigned long long)value);

	if (n > 0 && (size_t)n < order->size - *at)
		*at += (size_t)n;
}

/* left: what has not hit anything yet */
static bool do_left(struct order *order)
{
	const struct mdl_inject *inject = mdl_inject(order->m);
	size_t at = 0;

	if (!take_end(order))
		return false;
	snprintf(order->reply, order->size, "nothing");
	for (unsigned int i = 0; i < MDL_POINTS; i++)
		if (inject->points[i].count)
			add_number(order, &at, point_names[i], inject->points[i].count);
	if (inject->corrupt_count)
		add_number(order, &at, "register", inject->corrupt_count);
	return true;
}

static bool do_findings(struct order *order)
{
	const struct mmx_model_report *report = mmx_model_report(order->m);
	size_t at = 0;

	if (!take_end(order))
		return false;
	for (unsigned int i = 0; i < MMX_MODEL_FINDINGS; i++)
		add_number(order, &at, mdl_check_kind((enum mmx_model_finding)i),
			   report->driver[i]);
	return true;
}

static bool execute(struct order *order)
{
	static const struct {
		const char *name;
		bool (*run)(struct order *order);
	} commands[] = {
		{ "hang", do_hang },	   { "delay", do_delay },	{ "drop", do_drop },
		{ "corrupt", do_corrupt }, { "flip", do_flip },		{ "clear", do_clear },
		{ "left", do_left },	   { "findings", do_findings },
	};
	const char *word = take_word(order, "the command");

	for (size_t i = 0; word && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(word, commands[i].name))
			return commands[i].run(order);
	}
	return word && REFUSE(order, "'%s' is no command", word);
}

/* Words go into answers, and from there to terminals. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((*text < ' ' || *text > '~') && *text != '\t' && *text != '\r')
			*text = '?';
}

/**
 * mmx_model_command() - does what a line asks for
 * @model: the model
 * @line: without newline; malimux-model(1) has the commands
 * @reply: receives one line of text without newline: "ok", "error: " and what is wrong, or an answer
 * @size: of @reply, not 0; MMX_MODEL_REPLY_MAX is always enough
 */
void mmx_model_command(struct mmx_model *model, const char *line, char *reply, size_t size)
{
	struct order order = { .m = model, .reply = reply, .size = size };
	char copy[LINE_MAX], *rest = NULL, *word;

	snprintf(reply, size, "ok");
	if (strlen(line) >= sizeof(copy)) {
		wrong(&order, "a line has at most %u bytes", (unsigned int)sizeof(copy) - 1);
		return;
	}
	memcpy(copy, line, strlen(line) + 1);
	make_printable(copy);
	word = strtok_r(copy, " \t\r", &rest);
	/* of more words than any command has, it is enough to see one */
	for (unsigned int i = 0; word && i < WORDS_MAX; i++) {
		order.words[i] = word;
		word = strtok_r(NULL, " \t\r", &rest);
	}
	execute(&order);
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
