/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The seams between the blocks of the model: one struct and one prefix a block, all of them members of
 * struct mmx_model. A block calls another only through what its header declares.
 *
 *   model.c    dispatch of registers to blocks, life cycle       (model.h, this file)
 *   event.c    what happens later: a queue of timed events       (event.h)
 *   gpu.c      GPU_CONTROL: identity, power, reset, flush, time  (gpu.h)
 *   pwr.c      PWR_CONTROL of architecture 14                    (pwr.h)
 *   irq.c      the interrupt blocks                              (irq.h)
 *   mmu.c      address spaces: registers, LPAE walks, faults     (mmu.h)
 *   tlb.c      their TLBs                                        (tlb.h)
 *   l2.c       the L2 cache                                      (l2.h)
 *   inject.c   faults that tests ask for                         (inject.h)
 *   check.c    what the driver has been found to do wrong        (check.h)
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
/* The number of the call into the model that is being served: memory is looked at once in each. Never 0. */
uint64_t mdl_epoch(const struct mmx_model *m);
const struct mdl_product *mdl_product(const struct mmx_model *m);
/* Of the firmware: as GLB_VERSION. */
uint32_t mdl_interface_version(const struct mmx_model *m);
void mdl_log(const struct mmx_model *m, enum mmx_model_log level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* For the trace: something begins, or (@ns 0) happens. Texts are static. */
void mdl_span(const struct mmx_model *m, const char *block, unsigned int index, const char *name,
	      uint64_t start_ns, uint64_t ns);

/*
 * What a GPU reset takes with it besides GPU_CONTROL: the MCU and its firmware, address spaces,
 * endpoints, JOB_INT and MMU_INT. Called by gpu.c.
 */
void mdl_reset_blocks(struct mmx_model *m);

/* irq.c only: tells the surroundings. */
void mdl_ops_irq(struct mmx_model *m, enum mmx_model_irq line, uint32_t pending);
/*
 * Device addresses, for mmu.c. Aligned 4 and 8 byte accesses are single-copy atomic where the
 * surroundings give a pointer, with acquire and release order. Return: false = not mapped for DMA.
 */
bool mdl_dma_read(struct mmx_model *m, uint64_t addr, void *buf, size_t len);
bool mdl_dma_write(struct mmx_model *m, uint64_t addr, const void *buf, size_t len);
/* CPU address, valid within this epoch; NULL = there is none, or not mapped. */
void *mdl_dma_ptr(struct mmx_model *m, uint64_t addr, size_t len, bool write);
/* The copies of the above for memory that has a CPU address. */
void mdl_copy_from(const void *p, void *buf, size_t len);
void mdl_copy_to(void *p, const void *buf, size_t len);

/* blocks of a model; each is opaque outside its own file */
struct mdl_events *mdl_events(struct mmx_model *m);
struct mdl_gpu *mdl_gpu(struct mmx_model *m);
struct mdl_pwr *mdl_pwr(struct mmx_model *m);
struct mdl_irq *mdl_irq(struct mmx_model *m);
struct mdl_check *mdl_check(struct mmx_model *m);
struct mdl_inject *mdl_inject(struct mmx_model *m);
struct mdl_l2 *mdl_l2(struct mmx_model *m);
struct mdl_mmu *mdl_mmu(struct mmx_model *m);
struct mdl_mcu *mdl_mcu(struct mmx_model *m);
struct mdl_csf *mdl_csf(struct mmx_model *m);
struct mdl_cores *mdl_cores(struct mmx_model *m);

#endif
