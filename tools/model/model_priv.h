/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The seams between the blocks of the model: one struct and one prefix a block, all of them members of
 * struct mmx_model. A block calls another only through what its header declares.
 *
 *   model.c    dispatch of registers to blocks, life cycle       (model.h, this file)
 *   event.c    what happens later: a queue of timed events       (event.h)
 *   gpu.c      GPU_CONTROL: identity, power, reset, flush, time  (gpu.h)
 *   irq.c      the three interrupt blocks                        (irq.h)
 *   mmu.c      address spaces: registers, LPAE walks, faults     (mmu.h)
 *   mcu.c      MCU_CONTROL: boot of a firmware image through AS0 (mcu.h)
 *   csf.c      the interface that running firmware offers        (csf.h)
 *   cs.c       command streams: the instruction interpreter      (cs.h)
 *   cores.c    endpoints: shader cores and tiler, occupied for a time  (cores.h)
 */
#ifndef TOOLS_MODEL_MODEL_PRIV_H
#define TOOLS_MODEL_MODEL_PRIV_H

#include "tools/model/model.h"
#include "tools/model/event.h"

struct mdl_product;

/* model.c */
uint64_t mdl_now(const struct mmx_model *m);
const struct mdl_product *mdl_product(const struct mmx_model *m);
void mdl_log(const struct mmx_model *m, enum mmx_model_log level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* blocks of a model; each is opaque outside its own file */
struct mdl_events *mdl_events(struct mmx_model *m);
struct mdl_gpu *mdl_gpu(struct mmx_model *m);
struct mdl_irq *mdl_irq(struct mmx_model *m);
struct mdl_mmu *mdl_mmu(struct mmx_model *m);
struct mdl_mcu *mdl_mcu(struct mmx_model *m);
struct mdl_csf *mdl_csf(struct mmx_model *m);
struct mdl_cores *mdl_cores(struct mmx_model *m);

#endif
