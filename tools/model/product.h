/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What one Mali product differs in from another: a row of constants. */
#ifndef TOOLS_MODEL_PRODUCT_H
#define TOOLS_MODEL_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/model/regs.h"

struct mdl_product {
	const char *name;

	/* identity and feature registers, by their names */
	uint32_t gpu_id;
	uint32_t csf_id;
	uint32_t l2_features;
	uint32_t core_features;
	uint32_t tiler_features;
	uint32_t mem_features;
	uint32_t mmu_features;
	uint32_t as_present;
	uint32_t thread_max_threads;
	uint32_t thread_max_workgroup;
	uint32_t thread_max_barrier;
	uint32_t thread_features;
	uint64_t gpu_features; /* from architecture 11 on */
	uint32_t texture_features[TEXTURE_FEATURES_COUNT];
	uint64_t shader_present;
	uint64_t tiler_present;
	uint64_t l2_present;

	/* clocks; real parts scale the first, the model does not */
	uint32_t core_mhz;
	uint32_t timestamp_mhz;

	/* what running firmware fills into its interface */
	uint32_t iface_version; /* major[31:24] minor[23:16] patch[15:0] */
	uint32_t fw_features;
	uint32_t instr_features;
	uint32_t cs_features; /* work registers - 1, scoreboards, kinds of work */
};

/* Architecture 14: power and reset are in a block of their own. */
static inline bool mdl_product_has_pwr(const struct mdl_product *p)
{
	return p->gpu_id >> 28 >= 14;
}

/* @name: NULL = "g610". Return: NULL if there is no such product. */
const struct mdl_product *mdl_product_find(const char *name);

#endif
