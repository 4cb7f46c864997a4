/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Registers of a Mali CSF GPU of architecture 10 as the model answers them. Written for the model alone
 * from public sources (the upstream panthor driver's use of the registers); no other part of the
 * project includes it. Offsets are within the 2 MiB window unless said otherwise.
 */
#ifndef TOOLS_MODEL_REGS_H
#define TOOLS_MODEL_REGS_H

#include <stdint.h>

#define MDL_BIT(n)	  (1u << (n))
#define MDL_GET(mask, v)  (((v) & (mask)) / ((mask) & (0 - (mask))))
#define MDL_PREP(mask, v) (((v) * ((mask) & (0 - (mask)))) & (mask))

/* GPU_CONTROL, base 0 */
#define GPU_CONTROL_BASE	 0x0000u
#define GPU_CONTROL_SIZE	 0x0700u
#define GPU_ID			 0x000u
#define L2_FEATURES		 0x004u
#define L2_FEATURES_LINE	 0x000000ffu /* log2(bytes) of each */
#define L2_FEATURES_WAYS	 0x0000ff00u
#define L2_FEATURES_SIZE	 0x00ff0000u /* of one slice */
#define CORE_FEATURES		 0x008u
#define TILER_FEATURES		 0x00cu
#define MEM_FEATURES		 0x010u
#define MMU_FEATURES		 0x014u
#define MMU_FEATURES_VA_BITS	 0x000000ffu
#define MMU_FEATURES_PA_BITS	 0x0000ff00u
#define AS_PRESENT		 0x018u
#define CSF_ID			 0x01cu
#define GPU_INT_BASE		 0x020u /* RAWSTAT CLEAR MASK STAT */
#define GPU_INT_FAULT		 MDL_BIT(0)
#define GPU_INT_RESET_COMPLETED	 MDL_BIT(8)
#define GPU_INT_POWER_CHANGED	 MDL_BIT(9)
#define GPU_INT_POWER_ALL	 MDL_BIT(10)
#define GPU_INT_CLEAN_COMPLETED	 MDL_BIT(17)
#define GPU_INT_MCU_STATUS	 MDL_BIT(19)
#define GPU_CMD			 0x030u
#define GPU_CMD_TYPE		 0x000000ffu
#define GPU_CMD_PAYLOAD		 0xffffff00u
#define GPU_CMD_TYPE_NOP	 0u
#define GPU_CMD_TYPE_RESET	 1u
#define GPU_CMD_RESET_SOFT	 1u
#define GPU_CMD_RESET_HARD	 2u
#define GPU_CMD_TYPE_TIME	 3u /* payload: 0 stops the cycle counter, 1 starts it */
#define GPU_CMD_TYPE_FLUSH	 4u
#define GPU_CMD_FLUSH_L2	 0x0000000fu /* of the payload; so are LSC, bits 7:4, and others, 11:8 */
#define FLUSH_CLEAN		 MDL_BIT(0)
#define FLUSH_INVALIDATE	 MDL_BIT(1)
#define GPU_CMD_TYPE_CLEAR_FAULT 7u
#define GPU_STATUS		 0x034u
#define GPU_STATUS_ACTIVE	 MDL_BIT(0)
#define GPU_STATUS_PWR_ACTIVE	 MDL_BIT(1)
#define GPU_STATUS_PAGE_FAULT	 MDL_BIT(4)
#define GPU_STATUS_COUNTING	 MDL_BIT(6)
#define GPU_FAULT_STATUS	 0x03cu
#define GPU_FAULT_TYPE		 0x000000ffu
#define GPU_FAULT_ACCESS	 0x00000300u
#define GPU_FAULT_ADDR_VALID	 MDL_BIT(10)
#define GPU_FAULT_JASID_VALID	 MDL_BIT(11)
#define GPU_FAULT_JASID		 0x0000f000u
#define GPU_FAULT_ADDR		 0x040u /* u64 */
#define L2_CONFIG		 0x048u
#define GPU_FEATURES		 0x060u /* u64; architecture 11 and later */
#define TIMESTAMP_OFFSET	 0x088u /* u64 */
#define CYCLE_COUNT		 0x090u /* u64 */
#define TIMESTAMP		 0x098u /* u64 */
#define THREAD_MAX_THREADS	 0x0a0u
#define THREAD_MAX_WORKGROUP	 0x0a4u
#define THREAD_MAX_BARRIER	 0x0a8u
#define THREAD_FEATURES		 0x0acu
#define TEXTURE_FEATURES(n)	 (0x0b0u + 4u * (n))
#define TEXTURE_FEATURES_COUNT	 4u
/* power: a row of three 64-bit registers (shader, tiler, L2), 16 bytes apart, for each of these */
#define PWR_PRESENT		0x100u
#define PWR_READY		0x140u
#define PWR_ON			0x180u
#define PWR_OFF			0x1c0u
#define PWR_TRANS		0x200u
#define PWR_ACTIVE		0x240u
#define PWR_ROW_SIZE		0x40u
#define PWR_END			0x280u
#define REVIDR			0x280u
#define ASN_HASH(n)		(0x2c0u + 4u * (n))
#define ASN_HASH_COUNT		3u
#define COHERENCY_FEATURES	0x300u
#define COHERENCY_ACE_LITE_BIT	MDL_BIT(0)
#define COHERENCY_PROTOCOL	0x304u
#define COHERENCY_PROTOCOL_NONE 31u

/* MCU_CONTROL */
#define MCU_CONTROL_BASE    0x0700u
#define MCU_CONTROL_SIZE    0x0100u
#define MCU_CONTROL	    0x00u /* relative to the block */
#define MCU_CONTROL_DISABLE 0u
#define MCU_CONTROL_ENABLE  1u
#define MCU_CONTROL_AUTO    2u
#define MCU_STATUS	    0x04u
#define MCU_STATUS_DISABLED 0u
#define MCU_STATUS_ENABLED  1u
#define MCU_STATUS_HALT	    2u
#define MCU_STATUS_FATAL    3u

/* PWR_CONTROL, of architecture 14; offsets relative to the block */
#define PWR_CONTROL_BASE	   0x0800u
#define PWR_CONTROL_SIZE	   0x0400u
#define PWR_INT_CHANGED		   MDL_BIT(0) /* the interrupt block comes first */
#define PWR_INT_CHANGED_ALL	   MDL_BIT(1)
#define PWR_INT_DELEGATION	   MDL_BIT(2)
#define PWR_INT_RESET_COMPLETED	   MDL_BIT(3)
#define PWR_INT_RETRACTED	   MDL_BIT(4)
#define PWR_INT_INSPECTED	   MDL_BIT(5)
#define PWR_INT_NOT_ALLOWED	   MDL_BIT(30)
#define PWR_INT_INVALID		   MDL_BIT(31)
#define PWR_STATUS		   0x020u /* u64; bits 15:0: what the host may switch, by domain */
#define PWR_STATUS_DELEGATED_SHIFT 16u /* ... what the firmware may */
#define PWR_STATUS_ALLOW_RESETS	   (UINT64_C(3) << 33) /* soft, fast */
#define PWR_STATUS_POWER_PENDING   (UINT64_C(1) << 41)
#define PWR_STATUS_RESET_PENDING   (UINT64_C(1) << 42)
#define PWR_STATUS_RETRACT_PENDING (UINT64_C(1) << 43)
#define PWR_STATUS_INSPECT_PENDING (UINT64_C(1) << 44)
#define PWR_COMMAND		   0x028u
#define PWR_CMD_CODE		   0x000000ffu
#define PWR_CMD_DOMAIN		   0x0000ff00u
#define PWR_CMD_POWER_UP	   0x10u
#define PWR_CMD_POWER_DOWN	   0x11u
#define PWR_CMD_DELEGATE	   0x20u
#define PWR_CMD_RETRACT		   0x21u
#define PWR_CMD_RESET_SOFT	   0x31u
#define PWR_CMD_RESET_FAST	   0x32u
#define PWR_CMD_INSPECT		   0xf0u
#define PWR_DOMAIN_L2		   0u
#define PWR_DOMAIN_TILER	   1u
#define PWR_DOMAIN_SHADER	   8u
#define PWR_CMDARG		   0x030u /* u64: units */
#define PWR_DOMAIN_SIZE		   0x20u /* PRESENT READY PWRTRANS PWRACTIVE, u64 each */
#define PWR_L2			   0x100u
#define PWR_TILER		   0x140u
#define PWR_SHADER		   0x200u

/* interrupt blocks: four registers each */
#define JOB_INT_BASE	 0x1000u
#define JOB_INT_GLB	 MDL_BIT(31)
#define MMU_INT_BASE	 0x2000u
#define MMU_INT_DONE(as) (1u << (16u + (as)))
#define INT_BLOCK_SIZE	 0x10u
#define INT_RAWSTAT	 0x0u
#define INT_CLEAR	 0x4u
#define INT_MASK	 0x8u
#define INT_STAT	 0xcu

/* address spaces */
#define MMU_AS_BASE		0x2400u
#define MMU_AS_STRIDE		0x40u
#define MMU_AS_COUNT		16u
#define AS_TRANSTAB		0x00u /* u64 */
#define AS_TRANSTAB_ADDR	UINT64_C(0x0000fffffffffff0)
#define AS_MEMATTR		0x08u /* u64: 8 attribute bytes */
#define AS_MEMATTR_POLICY	0xc0u
#define AS_MEMATTR_POLICY_NC	1u
#define AS_MEMATTR_POLICY_WB	2u
#define AS_MEMATTR_POLICY_FAULT 3u
#define AS_LOCKADDR		0x10u /* u64 */
#define AS_LOCKADDR_SIZE	UINT64_C(0x3f) /* log2(bytes) - 1 */
#define AS_COMMAND		0x18u
#define AS_COMMAND_NOP		0u
#define AS_COMMAND_UPDATE	1u
#define AS_COMMAND_LOCK		2u
#define AS_COMMAND_UNLOCK	3u
#define AS_COMMAND_FLUSH_PT	4u
#define AS_COMMAND_FLUSH_MEM	5u
#define AS_FAULTSTATUS		0x1cu
#define AS_FAULTSTATUS_TYPE	0x000000ffu
#define AS_FAULTSTATUS_ACCESS	0x00000300u
#define AS_FAULTADDRESS		0x20u /* u64 */
#define AS_STATUS		0x28u
#define AS_STATUS_ACTIVE	MDL_BIT(0)
#define AS_TRANSCFG		0x30u /* u64 */
#define AS_TRANSCFG_MODE	UINT64_C(0xf)
#define AS_TRANSCFG_UNMAPPED	1u
#define AS_TRANSCFG_IDENTITY	2u
#define AS_TRANSCFG_AARCH64_4K	6u
#define AS_TRANSCFG_INA_BITS	UINT64_C(0x7c0) /* 55 - bits of input address */
#define AS_TRANSCFG_PTW_MEMATTR UINT64_C(0x3000000)
#define AS_TRANSCFG_PTW_WB	2u
#define AS_FAULTEXTRA		0x38u /* u64 */

/* exceptions, as in FAULTSTATUS, CS_FAULT and CS_FATAL */
#define EXC_CSF_FW_INTERNAL   0x68u
#define EXC_GPU_BUS_FAULT     0x80u
#define EXC_TRANSLATION_FAULT 0xc0u /* + level */
#define EXC_PERMISSION_FAULT  0xc8u /* + level */
#define EXC_ACCESS_FLAG	      0xd8u /* + level */
#define EXC_ADDR_SIZE_IN      0xe0u
#define EXC_ADDR_SIZE_OUT     0xe4u /* + level */
#define EXC_MEM_ATTR	      0xe8u /* + level */

/* the page that drivers map into processes */
#define USER_BASE    0x10000u
#define USER_SIZE    0x10000u
#define LATEST_FLUSH 0x0u

/* doorbells: a 64 KiB page each; 0 is the firmware's, others belong to streams */
#define DOORBELL_BASE	0x80000u
#define DOORBELL_STRIDE 0x10000u

#endif
