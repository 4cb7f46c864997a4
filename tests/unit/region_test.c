// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Layouts of the shared region: what is computed is accepted; each lie about it is found. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hv/proto/region.h"

static const struct mmx_region_params params = {
	.sub_slots = 256,
	.comp_slots = 128,
	.max_timelines = 64,
	.data_size = 1 << 20,
};

static void test_layout(void **cm_state)
{
	struct mmx_region_hdr hdr;

	(void)cm_state;
	assert_int_equal(mmx_region_layout(&params, &hdr), 0);
	assert_int_equal(hdr.session_offset, 0x1000);
	assert_int_equal(hdr.session_size, 0x1000); /* 64 + 64 * 32 */
	assert_int_equal(hdr.sub_offset, 0x2000);
	assert_int_equal(hdr.comp_offset, 0x7000); /* 128 + 256 * 64 bytes: 5 pages */
	assert_int_equal(hdr.data_offset, 0xa000); /* 128 + 128 * 64 bytes: 3 pages */
	assert_int_equal(hdr.size, 0xa000 + (1 << 20));
	assert_int_equal(mmx_region_check(&hdr, hdr.size), 0);
	assert_int_equal(mmx_region_check(&hdr, hdr.size + 1), 0);
	assert_int_equal(mmx_region_check(&hdr, hdr.size - 1), -EPROTO);
}

static void test_layout_refuses(void **cm_state)
{
	static const struct mmx_region_params cases[] = {
		{ 32, 64, 64, 4096 },
		{ 64, 8192, 64, 4096 },
		{ 96, 64, 64, 4096 },
		{ 0, 64, 64, 4096 },
		{ 64, 64, 0, 4096 },
		{ 64, 64, 65537, 4096 },
		{ 64, 64, 64, 4095 },
		{ 64, 64, 64, UINT64_MAX - 4095 },
		{ 64, 64, 64, (uint64_t)INT64_MAX - 4095 },
	};
	struct mmx_region_hdr hdr;
	unsigned int i;

	(void)cm_state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(mmx_region_layout(&cases[i], &hdr), -EINVAL);
}

/* One 32-bit word of the header is changed. */
static void test_check_finds(void **cm_state)
{
	static const struct {
		const char *name;
		size_t offset;
		uint32_t value;
		int ret;
	} cases[] = {
#define FIELD(member) #member, offsetof(struct mmx_region_hdr, member)
		{ FIELD(magic), 0x52584d4e, -EPROTO },
		{ FIELD(version), 2, -EPROTONOSUPPORT },
		{ FIELD(size), 0xa000, -EPROTO }, /* less than its parts */
		{ FIELD(size), 0xffffffff, -EPROTO },
		{ FIELD(session_offset), 0, -EPROTO }, /* on the header */
		{ FIELD(session_offset), 0x1001, -EPROTO },
		{ FIELD(session_offset), 0x2000, -EPROTO }, /* on a ring */
		{ FIELD(session_offset), 0xfffff000, -EPROTO },
		{ FIELD(session_size), 64 + 64 * 32 - 1, -EPROTO },
		{ FIELD(session_size), 64 + 64 * 32, 0 },
		{ FIELD(session_size), 0x1001, -EPROTO },
		{ FIELD(sub_offset), 0, -EPROTO },
		{ FIELD(sub_offset), 0x2040, -EPROTO },
		{ FIELD(sub_offset), 0x3000, -EPROTO }, /* its end on the other ring */
		{ FIELD(sub_slots), 512, -EPROTO }, /* likewise */
		{ FIELD(sub_slots), 255, -EPROTO },
		{ FIELD(sub_slots), 32, -EPROTO },
		{ FIELD(sub_slots), 0, -EPROTO },
		{ FIELD(sub_slots), 0x80000000, -EPROTO },
		{ FIELD(comp_offset), 0x2000, -EPROTO },
		{ FIELD(comp_slots), 8192, -EPROTO },
		{ FIELD(comp_slots), 64, 0 },
		{ FIELD(max_timelines), 0, -EPROTO },
		{ FIELD(max_timelines), 127, -EPROTO }, /* more than its page has */
		{ FIELD(max_timelines), 126, 0 },
		{ FIELD(max_timelines), 0xffffffff, -EPROTO },
		{ FIELD(pad), 1, -EPROTO },
		{ FIELD(data_offset), 0x9000, -EPROTO },
		{ FIELD(data_offset), 0xb000, -EPROTO }, /* its end beyond the region */
		{ FIELD(data_offset) + 4, 0xffffffff, -EPROTO },
		{ FIELD(data_size), 4097, -EPROTO },
		{ FIELD(data_size), 0, 0 },
		{ FIELD(data_size) + 4, 0xffffffff, -EPROTO },
#undef FIELD
	};
	union {
		struct mmx_region_hdr hdr;
		uint32_t words[sizeof(struct mmx_region_hdr) / 4];
	} u;
	unsigned int i;
	uint64_t mapped;
	int ret;

	(void)cm_state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(mmx_region_layout(&params, &u.hdr), 0);
		mapped = u.hdr.size;
		u.words[cases[i].offset / 4] = cases[i].value;
		ret = mmx_region_check(&u.hdr, mapped);
		if (ret != cases[i].ret)
			fail_msg("%s = %#x: %d", cases[i].name, cases[i].value, ret);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_layout_refuses),
		cmocka_unit_test(test_check_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
