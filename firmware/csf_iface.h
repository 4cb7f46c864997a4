/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The interface that running CSF firmware offers to its host: structs in the shared section of the
 * firmware image (MCU address 0x04000000), and the ring words of a queue. Names follow the public
 * kernel header of the panthor driver, prefixed by their register; offsets and bits are those of
 * interface versions 1.x, and what later versions add is marked with the version.
 *
 * Where things are
 *
 *	global control		shared section + 0 (FW_SHARED_VA of firmware/image.h)
 *	group n control		shared section + CSF_CSG_CONTROL_OFFSET + n * glb_control.group_stride
 *	stream m of it, control	group n control + CSF_CS_CONTROL_OFFSET + m * csg_control.stream_stride
 *
 * Each control block is filled in by the firmware at boot and says at which MCU addresses its input
 * block (the host writes) and output block (the firmware writes) are. Those addresses come from
 * outside: they must be checked to lie within the shared section, with the whole block.
 *
 * Direction
 *
 * Control and output blocks belong to the firmware: the host holds them through const pointers, as
 * the mmx_csf_glb, mmx_csf_csg and mmx_csf_cs triples below do. Input blocks belong to the host. The
 * memory changes under its reader: read each word once (volatile), check the copy, use the copy.
 *
 * Requests and acknowledgements
 *
 * Each "req" word of an input block has an "ack" word of the same bit layout in the output block. A
 * bit that is equal in both is at rest; a bit that differs is pending.
 *
 *  - Request, host to firmware: the host writes the request's parameters, then makes the bit of req
 *    differ from the bit of ack (toggles it), then rings the doorbell of that block. The firmware
 *    acts and copies the bit into ack. A second request on the same bit before that is lost.
 *  - Setting, host to firmware: fields that are not toggled (the STATE fields, and the *_EN bits).
 *    The host writes the wanted value; the firmware has done it when ack holds the same value.
 *  - Event, firmware to host: the firmware makes the bit of ack differ from the bit of req. The host
 *    acts and copies the bit of ack into req.
 *
 * CS_REQ_MASK, CSG_REQ_MASK and GLB_REQ_MASK are the bits that begin at the host, *_EVT_MASK those
 * that begin at the firmware. A bit of ack_irq_mask says that a change of that bit in ack raises the
 * interrupt (JOB_INT_GLOBAL for the global block, JOB_INT of the slot for groups and streams).
 *
 * Levels announce each other in the same way. A stream's event is announced by toggling the stream's
 * bit in csg_output.cs_irq_req, which the host copies to csg_input.cs_irq_ack. To have a group's
 * streams looked at, the host toggles their bits in csg_input.doorbell_req against
 * csg_output.doorbell_ack, then the group's bit in glb_input.doorbell_req against
 * glb_output.doorbell_ack, and rings doorbell 0.
 *
 * The words of one block have one writer each, so nothing here needs atomic read-modify-write.
 */
#ifndef FIRMWARE_CSF_IFACE_H
#define FIRMWARE_CSF_IFACE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "firmware/field.h"

#define CSF_CSG_CONTROL_OFFSET 0x1000u
#define CSF_CS_CONTROL_OFFSET  0x40u

/* What a driver may expect of any firmware; all else is refused. */
#define CSF_CSG_COUNT_MIN 3u
#define CSF_CSG_COUNT_MAX 31u
#define CSF_CS_COUNT_MIN  8u
#define CSF_CS_COUNT_MAX  32u

/* Interface versions at which the layout or the meaning of something changes. */
#define CSF_VERSION(major, minor, patch)                                                       \
	(MMX_FIELD_PREP(GLB_VERSION_MAJOR, major) | MMX_FIELD_PREP(GLB_VERSION_MINOR, minor) | \
	 MMX_FIELD_PREP(GLB_VERSION_PATCH, patch))
#define CSF_VERSION_INSTR_FEATURES CSF_VERSION(1, 1, 0) /* glb_control.instr_features is valid */
#define CSF_VERSION_ENDPOINT_REQ2 \
	CSF_VERSION(4, 0, 0) /* csg_input.endpoint_req2, not endpoint_req */
#define CSF_VERSION_GLB_STATE CSF_VERSION(4, 1, 0) /* GLB_REQ_STATE, not GLB_REQ_HALT */

/* ---- ring words of a queue, one page each, in memory of the host's choice ---- */

struct mmx_csf_ring_input {
	uint64_t insert; /* 0x00: bytes ever written to the ring buffer; never wraps */
	uint64_t extract; /* 0x08: where extraction starts, read when the stream starts */
};

struct mmx_csf_ring_output {
	uint64_t extract; /* 0x00: bytes ever fetched */
	uint32_t active; /* 0x08: not 0 while the stream executes */
	uint32_t reserved0;
};

/* ---- command stream (CS) ---- */

struct mmx_csf_cs_control {
/* work registers less one */
#define CS_FEATURES_WORK_REGS	MMX_GENMASK(7, 0)
#define CS_FEATURES_SCOREBOARDS MMX_GENMASK(15, 8)
#define CS_FEATURES_COMPUTE	MMX_BIT(16)
#define CS_FEATURES_FRAGMENT	MMX_BIT(17)
#define CS_FEATURES_TILER	MMX_BIT(18)
	uint32_t features; /* 0x00 */
	uint32_t input_va; /* 0x04 */
	uint32_t output_va; /* 0x08 */
};

struct mmx_csf_cs_input {
#define CS_REQ_STATE		  MMX_GENMASK(2, 0)
#define CS_STATE_STOP		  0u
#define CS_STATE_START		  1u
#define CS_REQ_EXTRACT_EVENT	  MMX_BIT(4)
#define CS_REQ_IDLE_SYNC_WAIT	  MMX_BIT(8)
#define CS_REQ_IDLE_PROTM_PENDING MMX_BIT(9)
#define CS_REQ_IDLE_EMPTY	  MMX_BIT(10)
#define CS_REQ_IDLE_RESOURCE_REQ  MMX_BIT(11)
#define CS_REQ_TILER_OOM	  MMX_BIT(26)
#define CS_REQ_PROTM_PENDING	  MMX_BIT(27)
#define CS_REQ_FATAL		  MMX_BIT(30)
#define CS_REQ_FAULT		  MMX_BIT(31)
#define CS_REQ_MASK                                                                                \
	(CS_REQ_STATE | CS_REQ_EXTRACT_EVENT | CS_REQ_IDLE_SYNC_WAIT | CS_REQ_IDLE_PROTM_PENDING | \
	 CS_REQ_IDLE_EMPTY | CS_REQ_IDLE_RESOURCE_REQ)
#define CS_EVT_MASK (CS_REQ_TILER_OOM | CS_REQ_PROTM_PENDING | CS_REQ_FATAL | CS_REQ_FAULT)
	uint32_t req; /* 0x00 */
#define CS_CONFIG_PRIORITY MMX_GENMASK(3, 0)
#define CS_CONFIG_DOORBELL MMX_GENMASK(15, 8)
	uint32_t config; /* 0x04 */
	uint32_t reserved1; /* 0x08 */
	uint32_t ack_irq_mask; /* 0x0c */
	uint64_t ringbuf_base; /* 0x10: address in the group's VM */
	uint32_t ringbuf_size; /* 0x18: bytes */
	uint32_t reserved2; /* 0x1c */
	uint64_t heap_start; /* 0x20: answer to TILER_OOM: a chunk, or 0 */
	uint64_t heap_end; /* 0x28 */
	uint64_t ringbuf_input; /* 0x30: MCU address of struct mmx_csf_ring_input */
	uint64_t ringbuf_output; /* 0x38: MCU address of struct mmx_csf_ring_output */
	uint32_t instr_config; /* 0x40 */
	uint32_t instrbuf_size; /* 0x44 */
	uint64_t instrbuf_base; /* 0x48 */
	uint64_t instrbuf_offset_ptr; /* 0x50 */
};

struct mmx_csf_cs_output {
	uint32_t ack; /* 0x00: bits of CS_REQ_* */
	uint32_t reserved1[15]; /* 0x04 */
	uint64_t status_cmd_ptr; /* 0x40 */
#define CS_STATUS_WAIT_SB_MASK	 MMX_GENMASK(15, 0)
#define CS_STATUS_WAIT_SB_SRC	 MMX_GENMASK(19, 16)
#define CS_SB_SRC_NONE		 0u
#define CS_SB_SRC_WAIT		 8u
#define CS_STATUS_WAIT_SYNC_COND MMX_GENMASK(27, 24)
#define CS_SYNC_COND_LE		 0u
#define CS_SYNC_COND_GT		 1u
#define CS_STATUS_WAIT_PROGRESS	 MMX_BIT(28)
#define CS_STATUS_WAIT_PROTM	 MMX_BIT(29)
#define CS_STATUS_WAIT_SYNC_64B	 MMX_BIT(30)
#define CS_STATUS_WAIT_SYNC	 MMX_BIT(31)
	uint32_t status_wait; /* 0x48 */
	uint32_t status_req_resource; /* 0x4c */
	uint64_t status_wait_sync_ptr; /* 0x50: address in the group's VM */
	uint32_t status_wait_sync_value; /* 0x58 */
	uint32_t status_scoreboards; /* 0x5c */
#define CS_STATUS_BLOCKED_REASON MMX_GENMASK(3, 0)
#define CS_BLOCKED_UNBLOCKED	 0u
#define CS_BLOCKED_SB_WAIT	 1u
#define CS_BLOCKED_PROGRESS_WAIT 2u
#define CS_BLOCKED_SYNC_WAIT	 3u
#define CS_BLOCKED_DEFERRED	 4u
#define CS_BLOCKED_RESOURCE	 5u
#define CS_BLOCKED_FLUSH	 6u
	uint32_t status_blocked_reason; /* 0x60 */
	uint32_t status_wait_sync_value_hi; /* 0x64 */
	uint32_t reserved2[6]; /* 0x68 */
/* of both fault and fatal */
#define CS_EXCEPTION_TYPE MMX_GENMASK(7, 0)
#define CS_EXCEPTION_DATA MMX_GENMASK(31, 8)
	uint32_t fault; /* 0x80 */
	uint32_t fatal; /* 0x84 */
	uint64_t fault_info; /* 0x88 */
	uint64_t fatal_info; /* 0x90 */
	uint32_t reserved3[10]; /* 0x98 */
	uint32_t heap_vt_start; /* 0xc0: render passes whose tiling began */
	uint32_t heap_vt_end; /* 0xc4: ... ended */
	uint32_t reserved4; /* 0xc8 */
	uint32_t heap_frag_end; /* 0xcc: ... whose fragment work ended */
	uint64_t heap_address; /* 0xd0: the heap context that ran out of memory */
};

/* ---- command stream group (CSG) ---- */

struct mmx_csf_csg_control {
	uint32_t features; /* 0x00 */
	uint32_t input_va; /* 0x04 */
	uint32_t output_va; /* 0x08 */
	uint32_t suspend_size; /* 0x0c: bytes */
	uint32_t protm_suspend_size; /* 0x10: bytes */
	uint32_t stream_num; /* 0x14 */
	uint32_t stream_stride; /* 0x18: bytes */
};

struct mmx_csf_csg_input {
#define CSG_REQ_STATE		     MMX_GENMASK(2, 0)
#define CSG_STATE_TERMINATE	     0u
#define CSG_STATE_START		     1u
#define CSG_STATE_SUSPEND	     2u
#define CSG_STATE_RESUME	     3u
#define CSG_REQ_ENDPOINT_CONFIG	     MMX_BIT(4)
#define CSG_REQ_STATUS_UPDATE	     MMX_BIT(5)
#define CSG_REQ_SYNC_UPDATE	     MMX_BIT(28)
#define CSG_REQ_IDLE		     MMX_BIT(29)
#define CSG_REQ_DOORBELL	     MMX_BIT(30)
#define CSG_REQ_PROGRESS_TIMER_EVENT MMX_BIT(31)
#define CSG_REQ_MASK		     (CSG_REQ_STATE | CSG_REQ_ENDPOINT_CONFIG | CSG_REQ_STATUS_UPDATE)
#define CSG_EVT_MASK		     (CSG_REQ_SYNC_UPDATE | CSG_REQ_IDLE | CSG_REQ_PROGRESS_TIMER_EVENT)
	uint32_t req; /* 0x00 */
	uint32_t ack_irq_mask; /* 0x04 */
	uint32_t doorbell_req; /* 0x08: one bit a stream */
	uint32_t cs_irq_ack; /* 0x0c: one bit a stream */
	uint32_t reserved1[4]; /* 0x10 */
	uint64_t allow_compute; /* 0x20: shader cores */
	uint64_t allow_fragment; /* 0x28: shader cores */
	uint32_t allow_other; /* 0x30: tilers */
#define CSG_EP_REQ_COMPUTE	 MMX_GENMASK(7, 0)
#define CSG_EP_REQ_FRAGMENT	 MMX_GENMASK(15, 8)
#define CSG_EP_REQ_TILER	 MMX_GENMASK(19, 16)
#define CSG_EP_REQ_EXCL_COMPUTE	 MMX_BIT(20)
#define CSG_EP_REQ_EXCL_FRAGMENT MMX_BIT(21)
#define CSG_EP_REQ_PRIORITY	 MMX_GENMASK(31, 28)
	uint32_t endpoint_req; /* 0x34 */
	uint64_t endpoint_req2; /* 0x38: since CSF_VERSION_ENDPOINT_REQ2 */
	uint64_t suspend_buf; /* 0x40: MCU address */
	uint64_t protm_suspend_buf; /* 0x48: MCU address */
	uint32_t config; /* 0x50: the GPU address space of the group's VM */
	uint32_t iter_trace_config; /* 0x54 */
};

struct mmx_csf_csg_output {
	uint32_t ack; /* 0x00: bits of CSG_REQ_* */
	uint32_t reserved1; /* 0x04 */
	uint32_t doorbell_ack; /* 0x08: one bit a stream */
	uint32_t cs_irq_req; /* 0x0c: one bit a stream */
	uint32_t status_endpoint_current; /* 0x10: fields of CSG_EP_REQ_* */
	uint32_t status_endpoint_req; /* 0x14: fields of CSG_EP_REQ_* */
#define CSG_STATUS_STATE_IDLE MMX_BIT(0)
	uint32_t status_state; /* 0x18 */
	uint32_t resource_dep; /* 0x1c */
};

/* ---- global (GLB) ---- */

struct mmx_csf_glb_control {
#define GLB_VERSION_PATCH MMX_GENMASK(15, 0)
#define GLB_VERSION_MINOR MMX_GENMASK(23, 16)
#define GLB_VERSION_MAJOR MMX_GENMASK(31, 24)
	uint32_t version; /* 0x00: 0 until the firmware runs */
	uint32_t features; /* 0x04 */
	uint32_t input_va; /* 0x08 */
	uint32_t output_va; /* 0x0c */
	uint32_t group_num; /* 0x10 */
	uint32_t group_stride; /* 0x14: bytes */
	uint32_t perfcnt_size; /* 0x18 */
	uint32_t instr_features; /* 0x1c: since CSF_VERSION_INSTR_FEATURES */
};

struct mmx_csf_glb_input {
#define GLB_REQ_HALT		   MMX_BIT(0) /* before CSF_VERSION_GLB_STATE */
#define GLB_REQ_CFG_PROGRESS_TIMER MMX_BIT(1)
#define GLB_REQ_CFG_ALLOC_EN	   MMX_BIT(2)
#define GLB_REQ_CFG_POWEROFF_TIMER MMX_BIT(3)
#define GLB_REQ_PROTM_ENTER	   MMX_BIT(4)
#define GLB_REQ_PERFCNT_EN	   MMX_BIT(5)
#define GLB_REQ_PERFCNT_SAMPLE	   MMX_BIT(6)
#define GLB_REQ_COUNTER_EN	   MMX_BIT(7)
#define GLB_REQ_PING		   MMX_BIT(8)
#define GLB_REQ_FWCFG_UPDATE	   MMX_BIT(9)
#define GLB_REQ_IDLE_EN		   MMX_BIT(10)
#define GLB_REQ_SLEEP		   MMX_BIT(12) /* before CSF_VERSION_GLB_STATE */
#define GLB_REQ_STATE		   MMX_GENMASK(14, 12) /* since CSF_VERSION_GLB_STATE */
#define GLB_STATE_ACTIVE	   0u
#define GLB_STATE_HALT		   1u
#define GLB_STATE_SLEEP		   2u
#define GLB_STATE_SUSPEND	   3u
#define GLB_REQ_INACTIVE_COMPUTE   MMX_BIT(20)
#define GLB_REQ_INACTIVE_FRAGMENT  MMX_BIT(21)
#define GLB_REQ_INACTIVE_TILER	   MMX_BIT(22)
#define GLB_REQ_PROTM_EXIT	   MMX_BIT(23)
#define GLB_REQ_PERFCNT_THRESHOLD  MMX_BIT(24)
#define GLB_REQ_PERFCNT_OVERFLOW   MMX_BIT(25)
#define GLB_REQ_IDLE		   MMX_BIT(26)
#define GLB_REQ_DBG_CSF		   MMX_BIT(30)
#define GLB_REQ_DBG_HOST	   MMX_BIT(31)
#define GLB_REQ_MASK		   (MMX_GENMASK(10, 0) | GLB_REQ_STATE)
#define GLB_EVT_MASK		   MMX_GENMASK(26, 20)
	uint32_t req; /* 0x00 */
	uint32_t ack_irq_mask; /* 0x04 */
	uint32_t doorbell_req; /* 0x08: one bit a group */
	uint32_t reserved1; /* 0x0c */
	uint32_t progress_timer; /* 0x10: units of 1024 GPU cycles */
/* of both poweroff_timer and idle_timer: units of 1024 ticks of the source */
#define GLB_TIMER_VAL		     MMX_GENMASK(30, 0)
#define GLB_TIMER_SOURCE_GPU_COUNTER MMX_BIT(31) /* else the architected timer */
	uint32_t poweroff_timer; /* 0x14 */
	uint64_t core_en_mask; /* 0x18 */
	uint32_t reserved2; /* 0x20 */
	uint32_t perfcnt_as; /* 0x24 */
	uint64_t perfcnt_base; /* 0x28 */
	uint32_t perfcnt_extract; /* 0x30 */
	uint32_t reserved3[3]; /* 0x34 */
	uint32_t perfcnt_config; /* 0x40 */
	uint32_t perfcnt_csg_select; /* 0x44 */
	uint32_t perfcnt_fw_enable; /* 0x48 */
	uint32_t perfcnt_csg_enable; /* 0x4c */
	uint32_t perfcnt_csf_enable; /* 0x50 */
	uint32_t perfcnt_shader_enable; /* 0x54 */
	uint32_t perfcnt_tiler_enable; /* 0x58 */
	uint32_t perfcnt_mmu_l2_enable; /* 0x5c */
	uint32_t reserved4[8]; /* 0x60 */
	uint32_t idle_timer; /* 0x80 */
	uint32_t reserved5; /* 0x84 */
};

struct mmx_csf_glb_output {
	uint32_t ack; /* 0x00: bits of GLB_REQ_* */
	uint32_t reserved1; /* 0x04 */
	uint32_t doorbell_ack; /* 0x08: one bit a group */
	uint32_t reserved2; /* 0x0c */
#define GLB_HALT_STATUS_OK	 0u
#define GLB_HALT_STATUS_PANIC	 0x4eu
#define GLB_HALT_STATUS_WATCHDOG 0x4fu
	uint32_t halt_status; /* 0x10 */
	uint32_t perfcnt_status; /* 0x14 */
	uint32_t perfcnt_insert; /* 0x18 */
};

/* ---- the three blocks of each level, const by direction ---- */

struct mmx_csf_glb {
	const struct mmx_csf_glb_control *control;
	struct mmx_csf_glb_input *input;
	const struct mmx_csf_glb_output *output;
};

struct mmx_csf_csg {
	const struct mmx_csf_csg_control *control;
	struct mmx_csf_csg_input *input;
	const struct mmx_csf_csg_output *output;
};

struct mmx_csf_cs {
	const struct mmx_csf_cs_control *control;
	struct mmx_csf_cs_input *input;
	const struct mmx_csf_cs_output *output;
};

/* The bits of @mask that are pending: those that differ between @req and @ack. */
static inline uint32_t mmx_csf_pending(uint32_t req, uint32_t ack, uint32_t mask)
{
	return (req ^ ack) & mask;
}

/* The req word that requests @bits: each made to differ from @ack, all others as they were. */
static inline uint32_t mmx_csf_toggle(uint32_t req, uint32_t ack, uint32_t bits)
{
	return (req & ~bits) | (~ack & bits);
}

/* The req word in which @mask has the bits of @value: a setting, or an event acknowledged. */
static inline uint32_t mmx_csf_update(uint32_t req, uint32_t value, uint32_t mask)
{
	return (req & ~mask) | (value & mask);
}

#define CSF_ASSERT_OFFSET(block, field, offset)                            \
	static_assert(offsetof(struct mmx_csf_##block, field) == (offset), \
		      #block "." #field " is not at " #offset)
#define CSF_ASSERT_SIZE(block, size) \
	static_assert(sizeof(struct mmx_csf_##block) == (size), #block " is not " #size " bytes")

CSF_ASSERT_SIZE(ring_input, 0x10);
CSF_ASSERT_OFFSET(ring_input, extract, 0x8);
CSF_ASSERT_SIZE(ring_output, 0x10);
CSF_ASSERT_OFFSET(ring_output, active, 0x8);

CSF_ASSERT_SIZE(cs_control, 0xc);
CSF_ASSERT_SIZE(cs_input, 0x58);
CSF_ASSERT_OFFSET(cs_input, ack_irq_mask, 0xc);
CSF_ASSERT_OFFSET(cs_input, ringbuf_base, 0x10);
CSF_ASSERT_OFFSET(cs_input, heap_start, 0x20);
CSF_ASSERT_OFFSET(cs_input, ringbuf_input, 0x30);
CSF_ASSERT_OFFSET(cs_input, instrbuf_offset_ptr, 0x50);
CSF_ASSERT_SIZE(cs_output, 0xd8);
CSF_ASSERT_OFFSET(cs_output, status_cmd_ptr, 0x40);
CSF_ASSERT_OFFSET(cs_output, status_wait_sync_ptr, 0x50);
CSF_ASSERT_OFFSET(cs_output, status_blocked_reason, 0x60);
CSF_ASSERT_OFFSET(cs_output, fault, 0x80);
CSF_ASSERT_OFFSET(cs_output, fatal_info, 0x90);
CSF_ASSERT_OFFSET(cs_output, heap_vt_start, 0xc0);
CSF_ASSERT_OFFSET(cs_output, heap_address, 0xd0);

CSF_ASSERT_SIZE(csg_control, 0x1c);
CSF_ASSERT_OFFSET(csg_control, stream_num, 0x14);
CSF_ASSERT_SIZE(csg_input, 0x58);
CSF_ASSERT_OFFSET(csg_input, allow_compute, 0x20);
CSF_ASSERT_OFFSET(csg_input, endpoint_req, 0x34);
CSF_ASSERT_OFFSET(csg_input, suspend_buf, 0x40);
CSF_ASSERT_OFFSET(csg_input, config, 0x50);
CSF_ASSERT_SIZE(csg_output, 0x20);
CSF_ASSERT_OFFSET(csg_output, cs_irq_req, 0xc);
CSF_ASSERT_OFFSET(csg_output, status_state, 0x18);

CSF_ASSERT_SIZE(glb_control, 0x20);
CSF_ASSERT_OFFSET(glb_control, group_num, 0x10);
CSF_ASSERT_SIZE(glb_input, 0x88);
CSF_ASSERT_OFFSET(glb_input, core_en_mask, 0x18);
CSF_ASSERT_OFFSET(glb_input, perfcnt_base, 0x28);
CSF_ASSERT_OFFSET(glb_input, perfcnt_config, 0x40);
CSF_ASSERT_OFFSET(glb_input, idle_timer, 0x80);
CSF_ASSERT_SIZE(glb_output, 0x1c);
CSF_ASSERT_OFFSET(glb_output, halt_status, 0x10);

#endif
