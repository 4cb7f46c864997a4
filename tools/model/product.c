// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The table of products. Owns nothing but constants; model.c picks a row at creation and every block
 * reads it through mdl_product().
 *
 * Words of a row that are of public sources:
 *   g610   all: dumped from a Mali-G610 of an RK3588, published in Mesa's drm-shim and in many kernel logs.
 *          Its shader cores are sparse (0x50005).
 *   g310   kernel log of an i.MX95: id, L2, tiler, memory and MMU features, address spaces, units, and the
 *          interface of the firmware that it ran (1.1.0)
 *   g710   kernel log of a Tensor G2: id, shader cores
 *   g720   kernel logs of a CIX P1: id, units, interface 3.13.0
 *   g725   kernel log of an MT8196, which has the larger G925 of the same id: id, L2, tiler, memory and MMU
 *          features, interface 3.13.0 with features 0x10; here with eight of its twelve cores
 *   g615   the id is as upstream takes it apart; the interface is the one in the header of Debian's image
 *   g1     the id is as upstream takes it apart (Mali-G1-Pro); the interface is the first one with STATE.
 *          No firmware for it is public: one that malimux-fw generates serves.
 * All others are those of the G610. Ray units (GPU_FEATURES) are said to be in none but g720, whose name
 * upstream makes of that. COHERENCY_FEATURES is 0; gpu.c announces ACE-Lite instead when the model is
 * configured to be coherent.
 */
#include "tools/model/product.h"

#include <stddef.h>
#include <string.h>

#include "tools/model/cs.h"

#define CS_FEATURES_KINDS (MDL_BIT(16) | MDL_BIT(17) | MDL_BIT(18)) /* compute fragment tiler */

#define CS_FEATURES	    ((MDL_CS_REGS - 1) | MDL_CS_SCOREBOARDS << 8 | CS_FEATURES_KINDS)
#define IFACE(major, minor) ((major##u) << 24 | (minor##u) << 16)
#define GPU_FEATURES_RAY    0x24 /* RAY_INTERSECTION, RAY_TRAVERSAL */

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
		.iface_version = IFACE(1, 5),
		.instr_features = 0x71,
		.cs_features = CS_FEATURES,
	},
	{
		.name = "g310",
		.gpu_id = 0xac740001,
		.csf_id = 0x040a0412,
		.l2_features = 0x07110306,
		.core_features = 0,
		.tiler_features = 0x809,
		.mem_features = 0x1,
		.mmu_features = 0x2830,
		.as_present = 0xff,
		.thread_max_threads = 2048,
		.thread_max_workgroup = 1024,
		.thread_max_barrier = 1024,
		.thread_features = 0x04010000,
		.texture_features = { 0xc1ffff9e, 0, 0, 0 },
		.shader_present = 0x1,
		.tiler_present = 0x1,
		.l2_present = 0x1,
		.core_mhz = 1000,
		.timestamp_mhz = 24,
		.iface_version = IFACE(1, 1),
		.instr_features = 0x71,
		.cs_features = CS_FEATURES,
	},
	{
		.name = "g710",
		.gpu_id = 0xa8620004,
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
		.shader_present = 0x1110055,
		.tiler_present = 0x1,
		.l2_present = 0x1,
		.core_mhz = 1000,
		.timestamp_mhz = 24,
		.iface_version = IFACE(1, 5),
		.instr_features = 0x71,
		.cs_features = CS_FEATURES,
	},
	{
		.name = "g615",
		.gpu_id = 0xb8a30000,
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
		.shader_present = 0x70007,
		.tiler_present = 0x1,
		.l2_present = 0x1,
		.core_mhz = 1000,
		.timestamp_mhz = 24,
		.iface_version = IFACE(2, 8),
		.instr_features = 0x71,
		.cs_features = CS_FEATURES,
	},
	{
		.name = "g720",
		.gpu_id = 0xc8700008,
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
		.gpu_features = GPU_FEATURES_RAY,
		.texture_features = { 0xc1ffff9e, 0, 0, 0 },
		.shader_present = 0x550555,
		.tiler_present = 0x1,
		.l2_present = 0x1,
		.core_mhz = 1000,
		.timestamp_mhz = 24,
		.iface_version = IFACE(3, 13),
		.instr_features = 0x71,
		.cs_features = CS_FEATURES,
	},
	{
		.name = "g725",
		.gpu_id = 0xd8300015,
		.csf_id = 0x040a0412,
		.l2_features = 0x08130306,
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
		.shader_present = 0x660033,
		.tiler_present = 0x1,
		.l2_present = 0x1,
		.core_mhz = 1000,
		.timestamp_mhz = 24,
		.iface_version = IFACE(3, 13),
		.fw_features = 0x10,
		.instr_features = 0x71,
		.cs_features = CS_FEATURES,
	},
	{
		.name = "g1",
		.gpu_id = 0xe8030000,
		.csf_id = 0x040a0412,
		.l2_features = 0x08130306,
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
		.shader_present = 0x550555,
		.tiler_present = 0x1,
		.l2_present = 0x1,
		.core_mhz = 1000,
		.timestamp_mhz = 24,
		.iface_version = IFACE(4, 1),
		.instr_features = 0x71,
		.cs_features = CS_FEATURES,
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
