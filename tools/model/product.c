// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The table of products. Owns nothing but constants; model.c picks a row at creation and every block
 * reads it through mdl_product().
 *
 * g610: register values as dumped from a Mali-G610 of an RK3588 and published in Mesa's drm-shim and
 * in many kernel logs. Its shader cores are sparse (0x50005). COHERENCY_FEATURES is 0 there; gpu.c
 * announces ACE-Lite instead when the model is configured to be coherent. The firmware's version is
 * that of the images in circulation (1.5.0), its features word 0 and instrumentation word 0x71.
 */
#include "tools/model/product.h"

#include <stddef.h>
#include <string.h>

#include "tools/model/cs.h"

#define CS_FEATURES_KINDS (MDL_BIT(16) | MDL_BIT(17) | MDL_BIT(18)) /* compute fragment tiler */

static const struct mdl_product products[] = {
	{
		.name = "g610",
		.gpu_id = 0xa8670005,
		.csf_id = 0x040a0412,
		.l2_features = 0x07120306,
		.core_features = 0,
		.tiler_features = 0x809,
		.mem_features = 0x301,
		.mmu_features = 0x2830,
		.as_present = 0xff,
		.thread_max_threads = 2048,
		.thread_max_workgroup = 1024,
		.thread_max_barrier = 1024,
		.thread_features = 0x04010000,
		.texture_features = { 0xc1ffff9e, 0, 0, 0 },
		.shader_present = 0x50005,
		.tiler_present = 0x1,
		.l2_present = 0x1,
		.core_mhz = 1000,
		.timestamp_mhz = 24,
		.iface_version = 1u << 24 | 5u << 16,
		.instr_features = 0x71,
		.cs_features = (MDL_CS_REGS - 1) | MDL_CS_SCOREBOARDS << 8 | CS_FEATURES_KINDS,
	},
};

const struct mdl_product *mdl_product_find(const char *name)
{
	if (!name)
		name = "g610";
	for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++) {
		if (!strcmp(products[i].name, name))
			return &products[i];
	}
	return NULL;
}
