/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A stand-in for the GPU model: the functions of tools/model/model.h over plain memory, with a few
 * registers that make it use its surroundings in ways a test can steer.
 */
#ifndef TESTS_UNIT_VFU_FAKE_H
#define TESTS_UNIT_VFU_FAKE_H

#include "tools/model/model.h"

/* W: becomes the pending bits of a line */
#define FAKE_IRQ_JOB 0x100u
#define FAKE_IRQ_MMU 0x104u
#define FAKE_IRQ_GPU 0x108u

/* RW, 64 bits: device address of the next DMA */
#define FAKE_DMA_ADDR 0x200u
/* W: reads so many bytes (FAKE_DMA_MAX at most) to FAKE_DMA_DATA, or writes them from there */
#define FAKE_DMA_READ  0x208u
#define FAKE_DMA_WRITE 0x20cu
/* R: how the last DMA went */
#define FAKE_DMA_STATUS	 0x210u
#define FAKE_DMA_BY_PTR	 1u
#define FAKE_DMA_BY_COPY 2u
#define FAKE_DMA_FAULT	 3u
#define FAKE_DMA_DATA	 0x240u
#define FAKE_DMA_MAX	 64u

/* W: an event in so many ns, which raises bit 0 of the job line */
#define FAKE_TIMER 0x300u
/* RW: a register without meaning */
#define FAKE_SCRATCH 0x1000u

/* What happened to the model, for tests in the same process. */
extern unsigned int fake_resets;
/* What it says to have found; tests write it. */
extern struct mmx_model_report fake_report;

#endif
