/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The MMU's interrupts, and its address spaces: offsets relative to MMU_AS_BASE(n). */
#ifndef BACKEND_GPU_MMU_REGS_H
#define BACKEND_GPU_MMU_REGS_H

#include "firmware/field.h"

#define MMU_INT_BASE	      0x2000u /* int_regs.h */
#define MMU_INT_FAULT(as)     MMX_BIT(as) /* as < 16 */
#define MMU_INT_COMPLETED(as) MMX_BIT(16 + (as)) /* the end of a command */

#define MMU_AS_BASE(as) (0x2400u + 0x40u * (as))

#define AS_TRANSTAB 0x00u /* RW u64: device address of the root table */
#define AS_MEMATTR  0x08u /* RW u64: a byte for each attribute index of a descriptor */
/* of each byte */
#define AS_MEMATTR_POLICY	     MMX_GENMASK(7, 6)
#define AS_MEMATTR_POLICY_NC	     1u
#define AS_MEMATTR_POLICY_WB	     2u
#define AS_MEMATTR_SHARING	     MMX_GENMASK(5, 4)
#define AS_MEMATTR_SHARING_INNER     0u /* among the GPU's cores */
#define AS_MEMATTR_SHARING_CPU	     1u /* inner shareable with the CPU */
#define AS_MEMATTR_ALLOC_EXPLICIT    MMX_GENMASK(3, 2) /* 3: by the two bits below */
#define AS_MEMATTR_ALLOC_READ	     MMX_BIT(1)
#define AS_MEMATTR_ALLOC_WRITE	     MMX_BIT(0)
#define AS_LOCKADDR		     0x10u /* RW u64: base of the region, with log2 of its size less one in it */
#define AS_LOCKADDR_SIZE	     MMX_GENMASK64(5, 0)
#define AS_LOCK_REGION_SIZE_MIN_LOG2 15u
#define AS_COMMAND		     0x18u /* WO */
#define AS_COMMAND_NOP		     0u
#define AS_COMMAND_UPDATE	     1u
#define AS_COMMAND_LOCK		     2u
#define AS_COMMAND_UNLOCK	     3u
#define AS_COMMAND_FLUSH_PT	     4u
#define AS_COMMAND_FLUSH_MEM	     5u
#define AS_FAULTSTATUS		     0x1cu /* RO */
#define AS_FAULTSTATUS_TYPE	     MMX_GENMASK(7, 0)
#define AS_FAULTSTATUS_ACCESS	     MMX_GENMASK(9, 8)
#define AS_FAULTSTATUS_SOURCE	     MMX_GENMASK(31, 16)
#define AS_FAULTADDRESS		     0x20u /* RO u64 */
#define AS_STATUS		     0x28u /* RO */
#define AS_STATUS_ACTIVE	     MMX_BIT(0)
#define AS_TRANSCFG		     0x30u /* RW u64 */
#define AS_TRANSCFG_MODE	     MMX_GENMASK64(3, 0)
#define AS_TRANSCFG_MODE_UNMAPPED    1u
#define AS_TRANSCFG_MODE_AARCH64_4K  6u
#define AS_TRANSCFG_INA_BITS	     MMX_GENMASK64(10, 6) /* 55 less the bits of an address */
#define AS_TRANSCFG_PTW_MEMATTR	     MMX_GENMASK64(25, 24)
#define AS_TRANSCFG_PTW_MEMATTR_WB   2u
#define AS_TRANSCFG_PTW_SH	     MMX_GENMASK64(29, 28)
#define AS_TRANSCFG_PTW_SH_OUTER     2u
#define AS_TRANSCFG_PTW_READ_ALLOC   MMX_BIT64(30)
#define AS_FAULTEXTRA		     0x38u /* RO u64 */

#endif
