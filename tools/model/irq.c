// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The interrupt blocks JOB_INT, MMU_INT, GPU_INT and PWR_INT: raw status, mask, and what is pending. Blocks
 * raise bits; the driver clears and masks them. Whenever RAWSTAT & MASK of a line changes, the
 * surroundings are told, exactly once a change. PWR_INT shares the line of GPU_INT; its bits are told
 * where GPU_INT has none, so that each is an edge of its own.
 */
#include "tools/model/irq.h"

#include <stdlib.h>

#include "tools/model/inject.h"
#include "tools/model/model_priv.h"
#include "tools/model/regs.h"

struct line {
	uint32_t raw;
	uint32_t mask;
	uint32_t pending; /* as last told to the surroundings */
};

struct mdl_irq {
	struct line lines[MDL_IRQ_BLOCKS];
};

/* Where the line of GPU_INT tells of PWR_INT: bits 5:0; 31:30 are free as they are. */
#define PWR_TOLD_SHIFT 20u
#define PWR_LOW	       0x3fu

struct mdl_irq *mdl_irq_create(void)
{
	return calloc(1, sizeof(struct mdl_irq));
}

void mdl_irq_destroy(struct mdl_irq *irq)
{
	free(irq);
}

static const char *const line_names[MMX_MODEL_IRQ_COUNT] = {
	[MMX_MODEL_IRQ_JOB] = "JOB_INT",
	[MMX_MODEL_IRQ_MMU] = "MMU_INT",
	[MMX_MODEL_IRQ_GPU] = "GPU_INT",
};

static uint32_t pending_of(const struct line *l)
{
	return l->raw & l->mask;
}

static void update(struct mmx_model *m, enum mmx_model_irq line)
{
	struct mdl_irq *irq = mdl_irq(m);
	struct line *l;
	uint32_t pending;

	if (line == MDL_IRQ_PWR)
		line = MMX_MODEL_IRQ_GPU;
	l = &irq->lines[line];
	pending = pending_of(l);
	if (line == MMX_MODEL_IRQ_GPU) {
		uint32_t pwr = pending_of(&irq->lines[MDL_IRQ_PWR]);

		pending |= (pwr & PWR_LOW) << PWR_TOLD_SHIFT | (pwr & ~PWR_LOW);
	}
	if (pending == l->pending)
		return;
	if (pending & ~l->pending)
		mdl_span(m, line_names[line], 0, "interrupt", mdl_now(m), 0);
	if (!(pending & ~l->pending) ||
	    !mdl_inject_lost(m, (enum mdl_point)(MDL_POINT_IRQ_JOB + (unsigned int)line)))
		mdl_ops_irq(m, line, pending);
	l->pending = pending;
}

void mdl_irq_reset(struct mmx_model *m, enum mmx_model_irq line, bool keep_mask)
{
	struct line *l = &mdl_irq(m)->lines[line];

	l->raw = 0;
	if (!keep_mask)
		l->mask = 0;
	update(m, line);
}

void mdl_irq_raise(struct mmx_model *m, enum mmx_model_irq line, uint32_t bits)
{
	mdl_irq(m)->lines[line].raw |= bits;
	update(m, line);
}

uint32_t mdl_irq_raw(struct mmx_model *m, enum mmx_model_irq line)
{
	return mdl_irq(m)->lines[line].raw;
}

uint32_t mdl_irq_read32(struct mmx_model *m, enum mmx_model_irq line, uint32_t offset)
{
	const struct line *l = &mdl_irq(m)->lines[line];

	switch (offset) {
	case INT_RAWSTAT:
		return l->raw;
	case INT_MASK:
		return l->mask;
	case INT_STAT:
		return l->raw & l->mask;
	default:
		return 0;
	}
}

void mdl_irq_write32(struct mmx_model *m, enum mmx_model_irq line, uint32_t offset, uint32_t value)
{
	struct line *l = &mdl_irq(m)->lines[line];

	switch (offset) {
	case INT_CLEAR:
		l->raw &= ~value;
		break;
	case INT_MASK:
		l->mask = value;
		break;
	default:
		return;
	}
	update(m, line);
}
