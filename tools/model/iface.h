/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The firmware interface as running firmware offers it: the model's own definition, from the public
 * driver's use of it. All of it is 32-bit words in the shared section (64-bit ones low word first);
 * "control" blocks are found by layout, "input" (host writes) and "output" (firmware writes) blocks by
 * the MCU addresses in them, which the image brings along.
 */
#ifndef TOOLS_MODEL_IFACE_H
#define TOOLS_MODEL_IFACE_H

#include <stdint.h>

#include "tools/model/regs.h"

#define IFACE_GROUPS_MAX  31u /* bits of JOB_INT */
#define IFACE_STREAMS_MAX 32u /* bits of doorbell_req */

/* global control block, at the start of the shared section */
#define GLB_VERSION	   0x00u
#define GLB_FEATURES	   0x04u
#define GLB_INPUT_VA	   0x08u
#define GLB_OUTPUT_VA	   0x0cu
#define GLB_GROUP_NUM	   0x10u
#define GLB_GROUP_STRIDE   0x14u
#define GLB_PERFCNT_SIZE   0x18u
#define GLB_INSTR_FEATURES 0x1cu

/* group control block n, at GROUPS_OFFSET + n * group stride */
#define GROUPS_OFFSET	       0x1000u
#define CSG_FEATURES	       0x00u
#define CSG_INPUT_VA	       0x04u
#define CSG_OUTPUT_VA	       0x08u
#define CSG_SUSPEND_SIZE       0x0cu
#define CSG_PROTM_SUSPEND_SIZE 0x10u
#define CSG_STREAM_NUM	       0x14u
#define CSG_STREAM_STRIDE      0x18u

/* stream control block m, within the group's at STREAMS_OFFSET + m * stream stride */
#define STREAMS_OFFSET 0x40u
#define CS_FEATURES    0x00u
#define CS_INPUT_VA    0x04u
#define CS_OUTPUT_VA   0x08u
#define CS_CONTROL_LEN 0x0cu

/* global input and output */
#define GLB_IN_REQ	      0x00u
#define GLB_IN_ACK_IRQ_MASK   0x04u
#define GLB_IN_DOORBELL_REQ   0x08u
#define GLB_IN_PROGRESS_TIMER 0x10u /* in units of 1024 GPU cycles; 0 = off */
#define GLB_IN_POWEROFF_TIMER 0x14u
#define GLB_IN_CORE_EN_MASK   0x18u /* u64 */
#define GLB_IN_IDLE_TIMER     0x80u
#define GLB_IN_SIZE	      0x88u
#define GLB_OUT_ACK	      0x00u
#define GLB_OUT_DOORBELL_ACK  0x08u
#define GLB_OUT_HALT_STATUS   0x10u
#define GLB_OUT_SIZE	      0x1cu

#define GLB_HALT	       MDL_BIT(0)
#define GLB_CFG_PROGRESS_TIMER MDL_BIT(1)
#define GLB_CFG_ALLOC_EN       MDL_BIT(2)
#define GLB_CFG_POWEROFF_TIMER MDL_BIT(3)
#define GLB_PROTM_ENTER	       MDL_BIT(4)
#define GLB_PERFCNT_EN	       MDL_BIT(5)
#define GLB_PERFCNT_SAMPLE     MDL_BIT(6)
#define GLB_COUNTER_EN	       MDL_BIT(7)
#define GLB_PING	       MDL_BIT(8)
#define GLB_FWCFG_UPDATE       MDL_BIT(9)
#define GLB_IDLE_EN	       MDL_BIT(10)
#define GLB_SLEEP	       MDL_BIT(12)
#define GLB_STATE	       0x00007000u /* of interfaces from 4.1 on, in place of HALT and SLEEP */
#define GLB_STATE_HALT	       1u /* 0 is active, 3 suspended */
#define GLB_STATE_SLEEP	       2u
#define GLB_STATE_SINCE	       (4u << 24 | 1u << 16)
#define GLB_IDLE	       MDL_BIT(26) /* event */

#define TIMER_VALUE   0x7fffffffu /* in units of 1024 cycles */
#define TIMER_GPU_CLK MDL_BIT(31) /* cycles of the GPU; else of the time stamp */

/* group input and output */
#define CSG_IN_REQ		 0x00u
#define CSG_IN_ACK_IRQ_MASK	 0x04u
#define CSG_IN_DOORBELL_REQ	 0x08u
#define CSG_IN_CS_IRQ_ACK	 0x0cu
#define CSG_IN_ALLOW_COMPUTE	 0x20u /* u64 */
#define CSG_IN_ALLOW_FRAGMENT	 0x28u /* u64 */
#define CSG_IN_ALLOW_OTHER	 0x30u
#define CSG_IN_ENDPOINT_REQ	 0x34u
#define CSG_IN_ENDPOINT_REQ2	 0x38u /* u64; of interfaces from 4.0 on, instead */
#define CSG_ENDPOINT_REQ2_SINCE	 (4u << 24)
#define CSG_IN_SUSPEND_BUF	 0x40u /* u64 */
#define CSG_IN_CONFIG		 0x50u
#define CSG_IN_CONFIG_AS	 0x0fu
#define CSG_IN_SIZE		 0x58u
#define CSG_OUT_ACK		 0x00u
#define CSG_OUT_DOORBELL_ACK	 0x08u
#define CSG_OUT_CS_IRQ_REQ	 0x0cu
#define CSG_OUT_ENDPOINT_CURRENT 0x10u
#define CSG_OUT_ENDPOINT_REQ	 0x14u
#define CSG_OUT_STATE		 0x18u
#define CSG_OUT_STATE_IDLE	 MDL_BIT(0)
#define CSG_OUT_RESOURCE_DEP	 0x1cu
#define CSG_OUT_SIZE		 0x20u

#define CSG_STATE	    0x7u
#define CSG_STATE_TERMINATE 0u
#define CSG_STATE_START	    1u
#define CSG_STATE_SUSPEND   2u
#define CSG_STATE_RESUME    3u
#define CSG_ENDPOINT_CONFIG MDL_BIT(4)
#define CSG_STATUS_UPDATE   MDL_BIT(5)
#define CSG_SYNC_UPDATE	    MDL_BIT(28) /* event */
#define CSG_IDLE	    MDL_BIT(29) /* event */
#define CSG_PROGRESS_TIMER  MDL_BIT(31) /* event */

#define EP_COMPUTE  0x000000ffu
#define EP_FRAGMENT 0x0000ff00u
#define EP_TILER    0x000f0000u
#define EP_PRIORITY 0xf0000000u

/* stream input and output */
#define CS_IN_REQ	      0x00u
#define CS_IN_CONFIG	      0x04u
#define CS_IN_ACK_IRQ_MASK    0x0cu
#define CS_IN_RINGBUF_BASE    0x10u /* u64 */
#define CS_IN_RINGBUF_SIZE    0x18u
#define CS_IN_HEAP_START      0x20u /* u64 */
#define CS_IN_HEAP_END	      0x28u /* u64 */
#define CS_IN_RINGBUF_INPUT   0x30u /* u64 */
#define CS_IN_RINGBUF_OUTPUT  0x38u /* u64 */
#define CS_IN_SIZE	      0x58u
#define CS_OUT_ACK	      0x00u
#define CS_OUT_CMD_PTR	      0x40u /* u64 */
#define CS_OUT_WAIT	      0x48u
#define CS_OUT_REQ_RESOURCE   0x4cu
#define CS_OUT_SYNC_PTR	      0x50u /* u64 */
#define CS_OUT_SYNC_VALUE     0x58u
#define CS_OUT_SCOREBOARDS    0x5cu
#define CS_OUT_BLOCKED_REASON 0x60u
#define CS_OUT_SYNC_VALUE_HI  0x64u
#define CS_OUT_FAULT	      0x80u
#define CS_OUT_FATAL	      0x84u
#define CS_OUT_FAULT_INFO     0x88u /* u64 */
#define CS_OUT_FATAL_INFO     0x90u /* u64 */
#define CS_OUT_HEAP_VT_START  0xc0u
#define CS_OUT_HEAP_VT_END    0xc4u
#define CS_OUT_HEAP_FRAG_END  0xccu
#define CS_OUT_HEAP_ADDRESS   0xd0u /* u64 */
#define CS_OUT_SIZE	      0xd8u

#define CS_CONFIG_PRIORITY 0x0000000fu
#define CS_CONFIG_DOORBELL 0x0000ff00u

#define CS_STATE	     0x7u
#define CS_STATE_STOP	     0u
#define CS_STATE_START	     1u
#define CS_EXTRACT_EVENT     MDL_BIT(4)
#define CS_IDLE_SYNC_WAIT    MDL_BIT(8)
#define CS_IDLE_PROTM	     MDL_BIT(9)
#define CS_IDLE_EMPTY	     MDL_BIT(10)
#define CS_IDLE_RESOURCE_REQ MDL_BIT(11)
#define CS_REQUESTS                                                                        \
	(CS_STATE | CS_EXTRACT_EVENT | CS_IDLE_SYNC_WAIT | CS_IDLE_PROTM | CS_IDLE_EMPTY | \
	 CS_IDLE_RESOURCE_REQ)
#define CS_TILER_OOM  MDL_BIT(26) /* event */
#define CS_PROTM_PEND MDL_BIT(27) /* event */
#define CS_FATAL      MDL_BIT(30) /* event */
#define CS_FAULT      MDL_BIT(31) /* event */

#endif
