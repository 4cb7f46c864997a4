/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* GPU_CONTROL: identity, commands, power. Offsets relative to GPU_CONTROL_BASE; arch 10. */
#ifndef BACKEND_GPU_GPU_REGS_H
#define BACKEND_GPU_GPU_REGS_H

#include "firmware/field.h"

#define GPU_CONTROL_BASE 0x0u

#define GPU_ID			 0x000u /* RO */
#define GPU_ID_ARCH_MAJOR	 MMX_GENMASK(31, 28)
#define GPU_ID_ARCH_MINOR	 MMX_GENMASK(27, 24)
#define GPU_ID_ARCH_REV		 MMX_GENMASK(23, 20)
#define GPU_ID_PRODUCT_MAJOR	 MMX_GENMASK(19, 16)
#define GPU_ID_VERSION_MAJOR	 MMX_GENMASK(15, 12)
#define GPU_ID_VERSION_MINOR	 MMX_GENMASK(11, 4)
#define GPU_ID_STATUS		 MMX_GENMASK(3, 0)
#define GPU_L2_FEATURES		 0x004u /* RO */
#define GPU_CORE_FEATURES	 0x008u /* RO */
#define GPU_TILER_FEATURES	 0x00cu /* RO */
#define GPU_MEM_FEATURES	 0x010u /* RO */
#define GPU_MMU_FEATURES	 0x014u /* RO */
#define GPU_MMU_FEATURES_VA_BITS MMX_GENMASK(7, 0)
#define GPU_MMU_FEATURES_PA_BITS MMX_GENMASK(15, 8)
#define GPU_AS_PRESENT		 0x018u /* RO */
#define GPU_CSF_ID		 0x01cu /* RO */

#define GPU_INT_BASE		       0x020u /* int_regs.h */
#define GPU_INT_FAULT		       MMX_BIT(0)
#define GPU_INT_PROTM_FAULT	       MMX_BIT(1)
#define GPU_INT_RESET_COMPLETED	       MMX_BIT(8)
#define GPU_INT_POWER_CHANGED	       MMX_BIT(9)
#define GPU_INT_POWER_CHANGED_ALL      MMX_BIT(10)
#define GPU_INT_CLEAN_CACHES_COMPLETED MMX_BIT(17)
#define GPU_INT_DOORBELL_MIRROR	       MMX_BIT(18)
#define GPU_INT_MCU_STATUS_CHANGED     MMX_BIT(19)

#define GPU_CMD		   0x030u /* WO */
#define GPU_CMD_SOFT_RESET 0x101u
#define GPU_CMD_HARD_RESET 0x201u

#define GPU_FAULT_STATUS	     0x03cu /* RO */
#define GPU_FAULT_STATUS_TYPE	     MMX_GENMASK(7, 0)
#define GPU_FAULT_STATUS_ACCESS	     MMX_GENMASK(9, 8)
#define GPU_FAULT_STATUS_ADDR_VALID  MMX_BIT(10)
#define GPU_FAULT_STATUS_JASID_VALID MMX_BIT(11)
#define GPU_FAULT_STATUS_JASID	     MMX_GENMASK(15, 12)
#define GPU_FAULT_STATUS_SOURCE	     MMX_GENMASK(31, 16)
#define GPU_FAULT_ADDR		     0x040u /* RO u64 */

#define GPU_FEATURES		      0x060u /* RO u64; arch 11 and later */
#define GPU_TIMESTAMP_OFFSET	      0x088u /* RW u64 */
#define GPU_CYCLE_COUNT		      0x090u /* RO u64 */
#define GPU_TIMESTAMP		      0x098u /* RO u64 */
#define GPU_THREAD_MAX_THREADS	      0x0a0u /* RO */
#define GPU_THREAD_MAX_WORKGROUP_SIZE 0x0a4u /* RO */
#define GPU_THREAD_MAX_BARRIER_SIZE   0x0a8u /* RO */
#define GPU_THREAD_FEATURES	      0x0acu /* RO */
#define GPU_TEXTURE_FEATURES(n)	      (0x0b0u + 4u * (n)) /* RO; n < 4 */

#define GPU_SHADER_PRESENT 0x100u /* RO u64 */
#define GPU_TILER_PRESENT  0x110u /* RO u64 */
#define GPU_L2_PRESENT	   0x120u /* RO u64 */
#define GPU_L2_READY	   0x160u /* RO u64 */
#define GPU_L2_PWRON	   0x1a0u /* WO u64 */
#define GPU_L2_PWROFF	   0x1e0u /* WO u64 */
#define GPU_L2_PWRTRANS	   0x220u /* RO u64 */

#define GPU_REVID			0x280u /* RO */
#define GPU_COHERENCY_FEATURES		0x300u /* RO */
#define GPU_COHERENCY_FEATURES_ACE_LITE MMX_BIT(0)
#define GPU_COHERENCY_FEATURES_ACE	MMX_BIT(1)
#define GPU_COHERENCY_PROTOCOL		0x304u /* RW */
#define GPU_COHERENCY_PROTOCOL_ACE_LITE 0u
#define GPU_COHERENCY_PROTOCOL_ACE	1u
#define GPU_COHERENCY_PROTOCOL_NONE	31u

#endif
