// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Offsets and bits of the firmware interface against golden tables, and the field macros.
 *
 * The tables were transcribed from the reference of the interface as the panthor driver uses it, not
 * from csf_iface.h: a wrong number there can't agree with itself here. Reserved words are left out.
 */
#include "firmware/csf_iface.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define BLOCK(block, size)                                   \
	{                                                    \
#block, sizeof(struct mmx_csf_##block), size \
	}
#define FIELD(block, field, offset, size)                                          \
	{                                                                          \
#block "." #field, offsetof(struct mmx_csf_##block, field),        \
			sizeof(((struct mmx_csf_##block *)0)->field), offset, size \
	}
#define MASK(mask, high, low)          \
	{                              \
#mask, mask, high, low \
	}
#define BIT(mask, n)              \
	{                         \
#mask, mask, n, n \
	}

static const struct {
	const char *name;
	size_t size, golden;
} blocks[] = {
	BLOCK(ring_input, 0x10), BLOCK(ring_output, 0x10), BLOCK(cs_control, 0xc),
	BLOCK(cs_input, 0x58),	 BLOCK(cs_output, 0xd8),   BLOCK(csg_control, 0x1c),
	BLOCK(csg_input, 0x58),	 BLOCK(csg_output, 0x20),  BLOCK(glb_control, 0x20),
	BLOCK(glb_input, 0x88),	 BLOCK(glb_output, 0x1c),
};

static const struct {
	const char *name;
	size_t offset, size, golden_offset, golden_size;
} fields[] = {
	FIELD(ring_input, insert, 0x0, 8),
	FIELD(ring_input, extract, 0x8, 8),
	FIELD(ring_output, extract, 0x0, 8),
	FIELD(ring_output, active, 0x8, 4),
	FIELD(cs_control, features, 0x0, 4),
	FIELD(cs_control, input_va, 0x4, 4),
	FIELD(cs_control, output_va, 0x8, 4),
	FIELD(cs_input, req, 0x0, 4),
	FIELD(cs_input, config, 0x4, 4),
	FIELD(cs_input, ack_irq_mask, 0xc, 4),
	FIELD(cs_input, ringbuf_base, 0x10, 8),
	FIELD(cs_input, ringbuf_size, 0x18, 4),
	FIELD(cs_input, heap_start, 0x20, 8),
	FIELD(cs_input, heap_end, 0x28, 8),
	FIELD(cs_input, ringbuf_input, 0x30, 8),
	FIELD(cs_input, ringbuf_output, 0x38, 8),
	FIELD(cs_input, instr_config, 0x40, 4),
	FIELD(cs_input, instrbuf_size, 0x44, 4),
	FIELD(cs_input, instrbuf_base, 0x48, 8),
	FIELD(cs_input, instrbuf_offset_ptr, 0x50, 8),
	FIELD(cs_output, ack, 0x0, 4),
	FIELD(cs_output, status_cmd_ptr, 0x40, 8),
	FIELD(cs_output, status_wait, 0x48, 4),
	FIELD(cs_output, status_req_resource, 0x4c, 4),
	FIELD(cs_output, status_wait_sync_ptr, 0x50, 8),
	FIELD(cs_output, status_wait_sync_value, 0x58, 4),
	FIELD(cs_output, status_scoreboards, 0x5c, 4),
	FIELD(cs_output, status_blocked_reason, 0x60, 4),
	FIELD(cs_output, status_wait_sync_value_hi, 0x64, 4),
	FIELD(cs_output, fault, 0x80, 4),
	FIELD(cs_output, fatal, 0x84, 4),
	FIELD(cs_output, fault_info, 0x88, 8),
	FIELD(cs_output, fatal_info, 0x90, 8),
	FIELD(cs_output, heap_vt_start, 0xc0, 4),
	FIELD(cs_output, heap_vt_end, 0xc4, 4),
	FIELD(cs_output, heap_frag_end, 0xcc, 4),
	FIELD(cs_output, heap_address, 0xd0, 8),
	FIELD(csg_control, features, 0x0, 4),
	FIELD(csg_control, input_va, 0x4, 4),
	FIELD(csg_control, output_va, 0x8, 4),
	FIELD(csg_control, suspend_size, 0xc, 4),
	FIELD(csg_control, protm_suspend_size, 0x10, 4),
	FIELD(csg_control, stream_num, 0x14, 4),
	FIELD(csg_control, stream_stride, 0x18, 4),
	FIELD(csg_input, req, 0x0, 4),
	FIELD(csg_input, ack_irq_mask, 0x4, 4),
	FIELD(csg_input, doorbell_req, 0x8, 4),
	FIELD(csg_input, cs_irq_ack, 0xc, 4),
	FIELD(csg_input, allow_compute, 0x20, 8),
	FIELD(csg_input, allow_fragment, 0x28, 8),
	FIELD(csg_input, allow_other, 0x30, 4),
	FIELD(csg_input, endpoint_req, 0x34, 4),
	FIELD(csg_input, endpoint_req2, 0x38, 8),
	FIELD(csg_input, suspend_buf, 0x40, 8),
	FIELD(csg_input, protm_suspend_buf, 0x48, 8),
	FIELD(csg_input, config, 0x50, 4),
	FIELD(csg_input, iter_trace_config, 0x54, 4),
	FIELD(csg_output, ack, 0x0, 4),
	FIELD(csg_output, doorbell_ack, 0x8, 4),
	FIELD(csg_output, cs_irq_req, 0xc, 4),
	FIELD(csg_output, status_endpoint_current, 0x10, 4),
	FIELD(csg_output, status_endpoint_req, 0x14, 4),
	FIELD(csg_output, status_state, 0x18, 4),
	FIELD(csg_output, resource_dep, 0x1c, 4),
	FIELD(glb_control, version, 0x0, 4),
	FIELD(glb_control, features, 0x4, 4),
	FIELD(glb_control, input_va, 0x8, 4),
	FIELD(glb_control, output_va, 0xc, 4),
	FIELD(glb_control, group_num, 0x10, 4),
	FIELD(glb_control, group_stride, 0x14, 4),
	FIELD(glb_control, perfcnt_size, 0x18, 4),
	FIELD(glb_control, instr_features, 0x1c, 4),
	FIELD(glb_input, req, 0x0, 4),
	FIELD(glb_input, ack_irq_mask, 0x4, 4),
	FIELD(glb_input, doorbell_req, 0x8, 4),
	FIELD(glb_input, progress_timer, 0x10, 4),
	FIELD(glb_input, poweroff_timer, 0x14, 4),
	FIELD(glb_input, core_en_mask, 0x18, 8),
	FIELD(glb_input, perfcnt_as, 0x24, 4),
	FIELD(glb_input, perfcnt_base, 0x28, 8),
	FIELD(glb_input, perfcnt_extract, 0x30, 4),
	FIELD(glb_input, perfcnt_config, 0x40, 4),
	FIELD(glb_input, perfcnt_csg_select, 0x44, 4),
	FIELD(glb_input, perfcnt_fw_enable, 0x48, 4),
	FIELD(glb_input, perfcnt_csg_enable, 0x4c, 4),
	FIELD(glb_input, perfcnt_csf_enable, 0x50, 4),
	FIELD(glb_input, perfcnt_shader_enable, 0x54, 4),
	FIELD(glb_input, perfcnt_tiler_enable, 0x58, 4),
	FIELD(glb_input, perfcnt_mmu_l2_enable, 0x5c, 4),
	FIELD(glb_input, idle_timer, 0x80, 4),
	FIELD(glb_output, ack, 0x0, 4),
	FIELD(glb_output, doorbell_ack, 0x8, 4),
	FIELD(glb_output, halt_status, 0x10, 4),
	FIELD(glb_output, perfcnt_status, 0x14, 4),
	FIELD(glb_output, perfcnt_insert, 0x18, 4),
};

static const struct {
	const char *name;
	uint32_t mask;
	unsigned int high, low;
} masks[] = {
	BIT(GLB_REQ_HALT, 0),
	BIT(GLB_REQ_CFG_PROGRESS_TIMER, 1),
	BIT(GLB_REQ_CFG_ALLOC_EN, 2),
	BIT(GLB_REQ_CFG_POWEROFF_TIMER, 3),
	BIT(GLB_REQ_PROTM_ENTER, 4),
	BIT(GLB_REQ_PERFCNT_EN, 5),
	BIT(GLB_REQ_PERFCNT_SAMPLE, 6),
	BIT(GLB_REQ_COUNTER_EN, 7),
	BIT(GLB_REQ_PING, 8),
	BIT(GLB_REQ_FWCFG_UPDATE, 9),
	BIT(GLB_REQ_IDLE_EN, 10),
	BIT(GLB_REQ_SLEEP, 12),
	MASK(GLB_REQ_STATE, 14, 12),
	BIT(GLB_REQ_INACTIVE_COMPUTE, 20),
	BIT(GLB_REQ_INACTIVE_FRAGMENT, 21),
	BIT(GLB_REQ_INACTIVE_TILER, 22),
	BIT(GLB_REQ_PROTM_EXIT, 23),
	BIT(GLB_REQ_PERFCNT_THRESHOLD, 24),
	BIT(GLB_REQ_PERFCNT_OVERFLOW, 25),
	BIT(GLB_REQ_IDLE, 26),
	BIT(GLB_REQ_DBG_CSF, 30),
	BIT(GLB_REQ_DBG_HOST, 31),
	MASK(GLB_VERSION_MAJOR, 31, 24),
	MASK(GLB_VERSION_MINOR, 23, 16),
	MASK(GLB_VERSION_PATCH, 15, 0),
	MASK(GLB_TIMER_VAL, 30, 0),
	BIT(GLB_TIMER_SOURCE_GPU_COUNTER, 31),
	MASK(CSG_REQ_STATE, 2, 0),
	BIT(CSG_REQ_ENDPOINT_CONFIG, 4),
	BIT(CSG_REQ_STATUS_UPDATE, 5),
	BIT(CSG_REQ_SYNC_UPDATE, 28),
	BIT(CSG_REQ_IDLE, 29),
	BIT(CSG_REQ_DOORBELL, 30),
	BIT(CSG_REQ_PROGRESS_TIMER_EVENT, 31),
	MASK(CSG_EP_REQ_COMPUTE, 7, 0),
	MASK(CSG_EP_REQ_FRAGMENT, 15, 8),
	MASK(CSG_EP_REQ_TILER, 19, 16),
	BIT(CSG_EP_REQ_EXCL_COMPUTE, 20),
	BIT(CSG_EP_REQ_EXCL_FRAGMENT, 21),
	MASK(CSG_EP_REQ_PRIORITY, 31, 28),
	BIT(CSG_STATUS_STATE_IDLE, 0),
	MASK(CS_REQ_STATE, 2, 0),
	BIT(CS_REQ_EXTRACT_EVENT, 4),
	BIT(CS_REQ_IDLE_SYNC_WAIT, 8),
	BIT(CS_REQ_IDLE_PROTM_PENDING, 9),
	BIT(CS_REQ_IDLE_EMPTY, 10),
	BIT(CS_REQ_IDLE_RESOURCE_REQ, 11),
	BIT(CS_REQ_TILER_OOM, 26),
	BIT(CS_REQ_PROTM_PENDING, 27),
	BIT(CS_REQ_FATAL, 30),
	BIT(CS_REQ_FAULT, 31),
	MASK(CS_CONFIG_PRIORITY, 3, 0),
	MASK(CS_CONFIG_DOORBELL, 15, 8),
	MASK(CS_FEATURES_WORK_REGS, 7, 0),
	MASK(CS_FEATURES_SCOREBOARDS, 15, 8),
	BIT(CS_FEATURES_COMPUTE, 16),
	BIT(CS_FEATURES_FRAGMENT, 17),
	BIT(CS_FEATURES_TILER, 18),
	MASK(CS_STATUS_WAIT_SB_MASK, 15, 0),
	MASK(CS_STATUS_WAIT_SB_SRC, 19, 16),
	MASK(CS_STATUS_WAIT_SYNC_COND, 27, 24),
	BIT(CS_STATUS_WAIT_PROGRESS, 28),
	BIT(CS_STATUS_WAIT_PROTM, 29),
	BIT(CS_STATUS_WAIT_SYNC_64B, 30),
	BIT(CS_STATUS_WAIT_SYNC, 31),
	MASK(CS_STATUS_BLOCKED_REASON, 3, 0),
	MASK(CS_EXCEPTION_TYPE, 7, 0),
	MASK(CS_EXCEPTION_DATA, 31, 8),
};

static const struct {
	uint32_t value, golden;
} values[] = {
	{ GLB_STATE_ACTIVE, 0 },
	{ GLB_STATE_HALT, 1 },
	{ GLB_STATE_SLEEP, 2 },
	{ GLB_STATE_SUSPEND, 3 },
	{ CSG_STATE_TERMINATE, 0 },
	{ CSG_STATE_START, 1 },
	{ CSG_STATE_SUSPEND, 2 },
	{ CSG_STATE_RESUME, 3 },
	{ CS_STATE_STOP, 0 },
	{ CS_STATE_START, 1 },
	{ CS_SB_SRC_NONE, 0 },
	{ CS_SB_SRC_WAIT, 8 },
	{ CS_SYNC_COND_LE, 0 },
	{ CS_SYNC_COND_GT, 1 },
	{ CS_BLOCKED_UNBLOCKED, 0 },
	{ CS_BLOCKED_SB_WAIT, 1 },
	{ CS_BLOCKED_PROGRESS_WAIT, 2 },
	{ CS_BLOCKED_SYNC_WAIT, 3 },
	{ CS_BLOCKED_DEFERRED, 4 },
	{ CS_BLOCKED_RESOURCE, 5 },
	{ CS_BLOCKED_FLUSH, 6 },
	{ CSF_VERSION(1, 5, 0), 0x01050000 },
	{ CSF_VERSION(4, 1, 7), 0x04010007 },
	{ CSF_CSG_CONTROL_OFFSET, 0x1000 },
	{ CSF_CS_CONTROL_OFFSET, 0x40 },
};

static void offsets_and_sizes(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(blocks); i++)
		if (blocks[i].size != blocks[i].golden)
			fail_msg("%s has %#zx bytes, not %#zx", blocks[i].name, blocks[i].size,
				 blocks[i].golden);
	for (i = 0; i < COUNT(fields); i++)
		if (fields[i].offset != fields[i].golden_offset ||
		    fields[i].size != fields[i].golden_size)
			fail_msg("%s is at %#zx with %zu bytes, not at %#zx with %zu",
				 fields[i].name, fields[i].offset, fields[i].size,
				 fields[i].golden_offset, fields[i].golden_size);
}

static void bits_and_values(void **state)
{
	size_t i;
	unsigned int bit;

	(void)state;
	for (i = 0; i < COUNT(masks); i++)
		for (bit = 0; bit < 32; bit++)
			if ((masks[i].mask >> bit & 1) !=
			    (bit >= masks[i].low && bit <= masks[i].high))
				fail_msg("%s is %#x, not [%u:%u]", masks[i].name, masks[i].mask,
					 masks[i].high, masks[i].low);
	for (i = 0; i < COUNT(values); i++)
		if (values[i].value != values[i].golden)
			fail_msg("value %zu is %#x, not %#x", i, values[i].value, values[i].golden);
}

static void words_of_the_protocol(void **state)
{
	/* pending: bits that differ; toggling makes those asked for differ from ack, whatever req was */
	static const struct {
		uint32_t req, ack, bits, toggled, pending;
	} cases[] = {
		{ 0x0, 0x0, 0x1, 0x1, 0x0 },	  { 0x1, 0x1, 0x1, 0x0, 0x0 },
		{ 0x1, 0x0, 0x1, 0x1, 0x1 },	  { 0x0, 0x1, 0x1, 0x0, 0x1 },
		{ 0xf0, 0x0f, 0x3c, 0xf0, 0x3c }, { 0xff, 0xff, 0x80000000, 0x800000ff, 0x0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(mmx_csf_pending(cases[i].req, cases[i].ack, cases[i].bits),
				 cases[i].pending);
		assert_int_equal(mmx_csf_toggle(cases[i].req, cases[i].ack, cases[i].bits),
				 cases[i].toggled);
	}
	assert_int_equal(mmx_csf_update(0xffff0000, 0x12345678, 0x0000ff00), 0xffff5600);
	assert_int_equal(mmx_csf_update(0xffff0000, 0x12345678, 0x00ff0000), 0xff340000);
}

static void field_macros(void **state)
{
	const uint64_t wide = UINT64_C(0xfedcba9876543210);
	uint32_t large = 0x1ff;

	(void)state;
	assert_int_equal(MMX_GENMASK(31, 0), 0xffffffff);
	assert_int_equal(MMX_GENMASK(0, 0), 1);
	assert_int_equal(MMX_GENMASK(31, 31), 0x80000000);
	assert_true(MMX_GENMASK64(63, 0) == UINT64_MAX);
	assert_true(MMX_GENMASK64(47, 40) == UINT64_C(0xff0000000000));
	assert_true(MMX_BIT64(63) == UINT64_C(0x8000000000000000));
	assert_int_equal(MMX_FIELD_MAX(MMX_GENMASK(31, 24)), 0xff);
	assert_int_equal(MMX_FIELD_GET(MMX_GENMASK(23, 16), 0x12345678), 0x34);
	assert_int_equal(MMX_FIELD_PREP(MMX_GENMASK(23, 16), 0xff), 0xff0000);
	assert_int_equal(MMX_FIELD_SET(MMX_GENMASK(23, 16), 0x12345678, 0xab), 0x12ab5678);
	assert_true(MMX_FIELD_GET64(MMX_GENMASK64(63, 48), wide) == 0xfedc);
	assert_true(MMX_FIELD_PREP64(MMX_GENMASK64(63, 60), 0xf) == UINT64_C(0xf) << 60);
	/* what is too large at run time is cut, and never spills over */
	assert_int_equal(MMX_FIELD_PREP(MMX_GENMASK(15, 8), large), 0xff00);
	assert_int_equal(MMX_FIELD_SET(MMX_GENMASK(15, 8), 0x10000, large), 0x1ff00);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_and_sizes),
		cmocka_unit_test(bits_and_values),
		cmocka_unit_test(words_of_the_protocol),
		cmocka_unit_test(field_macros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
