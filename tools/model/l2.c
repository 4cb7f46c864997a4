// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The L2 cache, as far as a driver can get it wrong: physically addressed, of the product's size and ways,
 * 64-byte lines. Used by mmu.c for accesses through cacheable mappings, and by walks whose table attributes
 * are cacheable (mmu_walk.c); flushed by GPU commands, address space commands and streams.
 *
 * Reads: a line is filled on a miss and then answers by itself, whatever becomes of the memory. That it has
 * become stale is noticed when it is used again in another call into the model (epoch), and reported as
 * "data"; tables are judged in mmu.c, by what the stale line leads to.
 * Writes allocate, go through to memory at once, and mark the line dirty. So whoever reads memory without a
 * clean sees more here than on hardware; what is reported is a dirty line that can no longer be cleaned in
 * time: its page is no longer mapped there after maintenance without a clean (mmu.c), its memory is taken
 * away, or the L2 loses power.
 * A coherent GPU is no different: it looks into the CPUs' caches when it misses, nobody looks into its.
 *
 * Invariant: dirty_count is the number of valid lines that are dirty.
 */
#include "tools/model/l2.h"

#include <stdlib.h>
#include <string.h>

#include "tools/model/check.h"
#include "tools/model/model_priv.h"
#include "tools/model/product.h"
#include "tools/model/regs.h"

#define LINE	      64u
#define VALID	      UINT64_C(1)
#define WAYS_MAX      16u
#define SIZE_LOG2_MAX 24u

struct line {
	uint64_t tag; /* address | VALID */
	uint64_t epoch; /* last compared with memory */
	uint64_t va; /* of the last write */
	uint8_t as;
	bool dirty;
	uint8_t data[LINE];
};

struct mdl_l2 {
	struct line *lines; /* sets x ways */
	uint8_t *victim; /* of each set: the way that is replaced next */
	unsigned int sets;
	unsigned int ways;
	unsigned int dirty_count;
	uint32_t cleans;
};

/* ---- lines ---- */

static unsigned int set_of(const struct mdl_l2 *l2, uint64_t addr)
{
	return (unsigned int)(addr / LINE) & (l2->sets - 1);
}

static void set_clean(struct mdl_l2 *l2, struct line *line)
{
	if (line->dirty)
		l2->dirty_count--;
	line->dirty = false;
}

static void drop(struct mdl_l2 *l2, struct line *line)
{
	set_clean(l2, line);
	line->tag = 0;
}

static struct line *find(struct mdl_l2 *l2, uint64_t addr)
{
	struct line *line = &l2->lines[set_of(l2, addr) * l2->ways];

	for (unsigned int i = 0; i < l2->ways; i++, line++) {
		if (line->tag == (addr | VALID))
			return line;
	}
	return NULL;
}

/* Evicts the line that is longest there: its bytes are in memory already. */
static struct line *allocate(struct mdl_l2 *l2, uint64_t addr)
{
	unsigned int set = set_of(l2, addr);
	struct line *line = &l2->lines[set * l2->ways + l2->victim[set]];

	l2->victim[set] = (uint8_t)((l2->victim[set] + 1) % l2->ways);
	drop(l2, line);
	line->tag = addr | VALID;
	return line;
}

/* @user: NULL for walks. Return: NULL = not mapped for DMA. */
static struct line *get(struct mmx_model *m, const struct mdl_l2_user *user, uint64_t addr)
{
	struct mdl_l2 *l2 = mdl_l2(m);
	struct line *line = find(l2, addr);
	uint8_t now[LINE];

	if (line && line->epoch == mdl_epoch(m))
		return line;
	if (!mdl_dma_read(m, addr, now, LINE)) {
		if (line)
			drop(l2, line);
		return NULL;
	}
	if (!line) {
		line = allocate(l2, addr);
		memcpy(line->data, now, LINE);
	} else if (user && memcmp(line->data, now, LINE) != 0) {
		mdl_check_found(
			m, MMX_MODEL_FIND_DATA, user->as ? MDL_BLAME_JOB : MDL_BLAME_DRIVER,
			user->as, user->va,
			"AS%u reads 0x%llx from a line that is stale since memory at 0x%llx "
			"was written: no invalidation",
			user->as, (unsigned long long)user->va, (unsigned long long)addr);
	}
	line->epoch = mdl_epoch(m);
	return line;
}

/* ---- accesses ---- */

bool mdl_l2_read(struct mmx_model *m, struct mdl_l2_user user, uint64_t addr, void *buf, size_t len)
{
	uint8_t *out = buf;

	while (len) {
		size_t into = (size_t)(addr % LINE);
		size_t n = LINE - into < len ? LINE - into : len;
		const struct line *line = get(m, &user, addr - into);

		if (line)
			memcpy(out, line->data + into, n);
		else if (!mdl_dma_read(m, addr, out, n)) /* or less than a line is mapped */
			return false;
		out += n;
		addr += n;
		user.va += n;
		len -= n;
	}
	return true;
}

bool mdl_l2_write(struct mmx_model *m, struct mdl_l2_user user, uint64_t addr, const void *buf,
		  size_t len)
{
	struct mdl_l2 *l2 = mdl_l2(m);
	const uint8_t *in = buf;

	if (!mdl_dma_write(m, addr, buf, len))
		return false;
	while (len) {
		size_t into = (size_t)(addr % LINE);
		size_t n = LINE - into < len ? LINE - into : len;
		struct line *line = get(m, NULL, addr - into);

		if (line) {
			memcpy(line->data + into, in, n);
			l2->dirty_count += !line->dirty;
			line->dirty = true;
			line->as = (uint8_t)user.as;
			line->va = user.va - into;
		}
		in += n;
		addr += n;
		user.va += n;
		len -= n;
	}
	return true;
}

bool mdl_l2_read_desc(struct mmx_model *m, uint64_t addr, uint64_t *ret_desc)
{
	const struct line *line = get(m, NULL, addr & ~(uint64_t)(LINE - 1));

	if (!line)
		return mdl_dma_read(m, addr, ret_desc, sizeof(*ret_desc));
	memcpy(ret_desc, line->data + addr % LINE, sizeof(*ret_desc));
	return true;
}

/* ---- maintenance ---- */

unsigned int mdl_l2_dirty(const struct mmx_model *m)
{
	return mdl_l2((struct mmx_model *)m)->dirty_count;
}

uint32_t mdl_l2_cleans(const struct mmx_model *m)
{
	return mdl_l2((struct mmx_model *)m)->cleans;
}

static void lost(struct mmx_model *m, const struct line *line, const char *how)
{
	mdl_check_found(m, MMX_MODEL_FIND_DIRTY, MDL_BLAME_DRIVER, line->as, line->va,
			"%s, and the L2 had not been cleaned of what AS%u wrote at 0x%llx", how,
			line->as, (unsigned long long)line->va);
}

void mdl_l2_flush(struct mmx_model *m, bool clean, bool invalidate)
{
	struct mdl_l2 *l2 = mdl_l2(m);
	struct line *line = l2->lines;

	if (clean)
		l2->cleans++;
	if (!clean && !invalidate)
		return;
	for (unsigned int i = 0; i < l2->sets * l2->ways; i++, line++) {
		if (line->dirty && !clean)
			lost(m, line, "an invalidation without a clean");
		set_clean(l2, line);
		if (invalidate)
			line->tag = 0;
	}
}

void mdl_l2_drop(struct mmx_model *m, bool power_off)
{
	struct mdl_l2 *l2 = mdl_l2(m);
	struct line *line = l2->lines;

	for (unsigned int i = 0; i < l2->sets * l2->ways; i++, line++) {
		if (line->dirty && power_off)
			lost(m, line, "the L2 was powered off");
		drop(l2, line);
	}
}

void mdl_l2_each_dirty(struct mmx_model *m, unsigned int as, uint64_t first, uint64_t last,
		       void (*fn)(struct mmx_model *m, struct mdl_l2_user user, uint64_t addr))
{
	struct mdl_l2 *l2 = mdl_l2(m);
	struct line *line = l2->lines;

	for (unsigned int i = 0; l2->dirty_count && i < l2->sets * l2->ways; i++, line++) {
		struct mdl_l2_user user = { .as = as, .va = line->va };

		if (line->dirty && line->as == as && line->va >= first && line->va <= last)
			fn(m, user, line->tag & ~VALID);
	}
}

void mdl_l2_unmapped(struct mmx_model *m, uint64_t addr, uint64_t len)
{
	struct mdl_l2 *l2 = mdl_l2(m);
	struct line *line = l2->lines;

	for (unsigned int i = 0; i < l2->sets * l2->ways; i++, line++) {
		if (!(line->tag & VALID) || (line->tag & ~VALID) < addr ||
		    (line->tag & ~VALID) - addr >= len)
			continue;
		if (line->dirty)
			lost(m, line, "memory was taken away");
		drop(l2, line);
	}
}

/* ---- life ---- */

struct mdl_l2 *mdl_l2_create(struct mmx_model *m)
{
	uint32_t features = mdl_product(m)->l2_features;
	unsigned int size_log2 = MDL_GET(L2_FEATURES_SIZE, features);
	unsigned int ways_log2 = MDL_GET(L2_FEATURES_WAYS, features);
	struct mdl_l2 *l2 = calloc(1, sizeof(*l2));

	if (!l2)
		return NULL;
	if (size_log2 > SIZE_LOG2_MAX)
		size_log2 = SIZE_LOG2_MAX;
	l2->ways = 1u << ways_log2;
	if (l2->ways > WAYS_MAX)
		l2->ways = WAYS_MAX;
	l2->sets = (1u << size_log2) / LINE / l2->ways;
	l2->lines = calloc((size_t)l2->sets * l2->ways, sizeof(*l2->lines));
	l2->victim = calloc(l2->sets, sizeof(*l2->victim));
	if (l2->lines && l2->victim)
		return l2;
	mdl_l2_destroy(l2);
	return NULL;
}

void mdl_l2_destroy(struct mdl_l2 *l2)
{
	if (!l2)
		return;
	free(l2->lines);
	free(l2->victim);
	free(l2);
}
