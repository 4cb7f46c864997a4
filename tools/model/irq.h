/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The interrupt blocks: RAWSTAT, CLEAR, MASK, STAT each. */
#ifndef TOOLS_MODEL_IRQ_H
#define TOOLS_MODEL_IRQ_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/model/model.h"

/* PWR_CONTROL's, of architecture 14: a block of its own on the line of GPU_INT. */
#define MDL_IRQ_PWR    MMX_MODEL_IRQ_COUNT
#define MDL_IRQ_BLOCKS (MMX_MODEL_IRQ_COUNT + 1)

struct mdl_irq;

/* Return: NULL without memory. */
struct mdl_irq *mdl_irq_create(void);
void mdl_irq_destroy(struct mdl_irq *irq);
/* All bits of the line are cleared; @keep_mask says whether its MASK survives. */
void mdl_irq_reset(struct mmx_model *m, enum mmx_model_irq line, bool keep_mask);

/* Sets bits in RAWSTAT. */
void mdl_irq_raise(struct mmx_model *m, enum mmx_model_irq line, uint32_t bits);
uint32_t mdl_irq_raw(struct mmx_model *m, enum mmx_model_irq line);

/* @offset is within the block of four registers. */
uint32_t mdl_irq_read32(struct mmx_model *m, enum mmx_model_irq line, uint32_t offset);
void mdl_irq_write32(struct mmx_model *m, enum mmx_model_irq line, uint32_t offset, uint32_t value);

#endif
