/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* GPU_CONTROL: identity, power, reset, cache flush, counters; and the USER page. */
#ifndef TOOLS_MODEL_GPU_H
#define TOOLS_MODEL_GPU_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/model/mmu.h"

struct mmx_model;
struct mdl_gpu;

/* In the order of the register rows. */
enum mdl_power_domain {
	MDL_POWER_SHADER,
	MDL_POWER_TILER,
	MDL_POWER_L2,
	MDL_POWER_DOMAINS,
};

/* Return: NULL without memory. */
struct mdl_gpu *mdl_gpu_create(struct mmx_model *m, bool coherent);
void mdl_gpu_destroy(struct mmx_model *m, struct mdl_gpu *gpu);
/* Power-on state. */
void mdl_gpu_reset(struct mmx_model *m);

uint32_t mdl_gpu_read32(struct mmx_model *m, uint32_t offset);
void mdl_gpu_write32(struct mmx_model *m, uint32_t offset, uint32_t value);
/* True if @offset is a counter that must not be read in two halves. */
bool mdl_gpu_read_counter(struct mmx_model *m, uint32_t offset, uint64_t *ret_value);

/* Starts to switch units of a domain, as a write to PWRON or PWROFF does. */
void mdl_gpu_power(struct mmx_model *m, enum mdl_power_domain domain, uint64_t units, bool on);
uint64_t mdl_gpu_ready(struct mmx_model *m, enum mdl_power_domain domain);
uint64_t mdl_gpu_present(struct mmx_model *m, enum mdl_power_domain domain);
/* Units that are being switched. */
uint64_t mdl_gpu_in_transition(struct mmx_model *m, enum mdl_power_domain domain);
/* The firmware's request: ignored if the host has not delegated the domain to it. */
void mdl_gpu_power_by_firmware(struct mmx_model *m, enum mdl_power_domain domain, uint64_t units,
			       bool on);

/* Resets the GPU; @hard clears GPU_INT's mask too. */
void mdl_gpu_start_reset(struct mmx_model *m, bool hard);
bool mdl_gpu_resetting(struct mmx_model *m);

uint64_t mdl_gpu_timestamp(struct mmx_model *m);
/* Counts while firmware (GLB COUNTER_EN) or GPU_CMD has it enabled. */
uint64_t mdl_gpu_cycles(struct mmx_model *m);
void mdl_gpu_count_cycles(struct mmx_model *m, bool firmware_wants);

/*
 * LATEST_FLUSH names the last clean and invalidate of the L2. A stream that is told to flush "since id n"
 * need not if the id is another one by now (0 never matches, so it always flushes).
 */
uint32_t mdl_gpu_latest_flush(struct mmx_model *m);
/* Flushes the L2 now; @l2 as in GPU_CMD and FLUSH_CACHE2: 1 clean, 2 invalidate. */
void mdl_gpu_flush_l2(struct mmx_model *m, unsigned int l2);

/* A translated access hit a device address that is not mapped for DMA. */
void mdl_gpu_bus_fault(struct mmx_model *m, unsigned int as, enum mdl_access access, uint64_t addr);

/* MCU_STATUS changed. */
void mdl_gpu_mcu_status(struct mmx_model *m);

#endif
