// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The vfio-user server's PCI function: information, regions, configuration space, resets. */
#include "tools/model/vfu_pci.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/vfu_fake.h"
#include "tests/unit/vfu_rig.h"
#include "tools/model/model.h"

/* --- Information --- */

static void test_get_info(void **state)
{
	struct mmx_vfu_device_info info = { .argsz = sizeof(info) };
	struct rig *rig = *state;

	assert_int_equal(rig_call(rig, MMX_VFU_DEVICE_GET_INFO, &info, sizeof(info)), 0);
	assert_int_equal(rig->reply_len, sizeof(info));
	memcpy(&info, rig->reply, sizeof(info));
	assert_int_equal(info.argsz, 16);
	assert_int_equal(info.flags, 3);
	assert_int_equal(info.num_regions, 9);
	assert_int_equal(info.num_irqs, 5);
	info.argsz = 15;
	assert_int_equal(rig_call(rig, MMX_VFU_DEVICE_GET_INFO, &info, sizeof(info)), EINVAL);
}

static void test_get_region_info(void **state)
{
	static const uint64_t sizes[9] = { [0] = 0x200000, [2] = 4096, [7] = 256 };
	struct mmx_vfu_region_info info;
	struct rig *rig = *state;
	uint32_t i;

	for (i = 0; i < 9; i++) {
		/* argsz 64 is QEMU's second try; there is no more to get */
		info = (struct mmx_vfu_region_info){ .argsz = i & 1 ? 64 : 32, .index = i };
		assert_int_equal(rig_call(rig, MMX_VFU_DEVICE_GET_REGION_INFO, &info, sizeof(info)),
				 0);
		assert_int_equal(rig->reply_len, sizeof(info));
		memcpy(&info, rig->reply, sizeof(info));
		assert_int_equal(info.argsz, 32);
		assert_int_equal(info.index, i);
		assert_int_equal(info.size, sizes[i]);
		assert_int_equal(info.flags, sizes[i] ? 3 : 0);
		assert_int_equal(info.cap_offset, 0);
	}
	info = (struct mmx_vfu_region_info){ .argsz = 31 };
	assert_int_equal(rig_call(rig, MMX_VFU_DEVICE_GET_REGION_INFO, &info, sizeof(info)),
			 EINVAL);
	info = (struct mmx_vfu_region_info){ .argsz = 32, .index = 9 };
	assert_int_equal(rig_call(rig, MMX_VFU_DEVICE_GET_REGION_INFO, &info, sizeof(info)),
			 EINVAL);
	info.index = 0xffffffff;
	assert_int_equal(rig_call(rig, MMX_VFU_DEVICE_GET_REGION_INFO, &info, sizeof(info)),
			 EINVAL);
}

/* --- Regions --- */

static const struct {
	uint32_t region;
	uint64_t offset;
	uint32_t count;
	int error;
} accesses[] = {
	{ MMX_VFU_REGION_BAR0, 0x1000, 4, 0 },
	{ MMX_VFU_REGION_BAR0, 0x1000, 8, 0 },
	{ MMX_VFU_REGION_BAR0, 0x1004, 8, 0 },
	{ MMX_VFU_REGION_BAR0, 0x1004, 64, 0 },
	{ MMX_VFU_REGION_BAR0, 0x1ffffc, 4, 0 },
	{ MMX_VFU_REGION_BAR0, 0x1f0000, 0x10000, 0 },
	{ MMX_VFU_REGION_BAR0, 0x1000, 0, EINVAL },
	{ MMX_VFU_REGION_BAR0, 0x1000, 1, EINVAL },
	{ MMX_VFU_REGION_BAR0, 0x1000, 2, EINVAL },
	{ MMX_VFU_REGION_BAR0, 0x1000, 6, EINVAL },
	{ MMX_VFU_REGION_BAR0, 0x1002, 4, EINVAL },
	{ MMX_VFU_REGION_BAR0, 0x1ffffc, 8, EINVAL },
	{ MMX_VFU_REGION_BAR0, 0x200000, 4, EINVAL },
	{ MMX_VFU_REGION_BAR0, 0x100000000, 4, EINVAL },
	{ MMX_VFU_REGION_BAR0, 0xfffffffffffffffc, 4, EINVAL },
	{ MMX_VFU_REGION_BAR0, 0, 0xfffffffc, EINVAL },
	{ MMX_VFU_REGION_BAR2, 0, 1, 0 },
	{ MMX_VFU_REGION_BAR2, 1, 47, 0 },
	{ MMX_VFU_REGION_BAR2, 0, 4096, 0 },
	{ MMX_VFU_REGION_BAR2, 4095, 1, 0 },
	{ MMX_VFU_REGION_BAR2, 4095, 2, EINVAL },
	{ MMX_VFU_REGION_BAR2, 4096, 1, EINVAL },
	{ MMX_VFU_REGION_CONFIG, 0, 256, 0 },
	{ MMX_VFU_REGION_CONFIG, 255, 1, 0 },
	{ MMX_VFU_REGION_CONFIG, 0, 257, EINVAL },
	{ MMX_VFU_REGION_CONFIG, 256, 1, EINVAL },
	{ 1, 0, 4, EINVAL },
	{ 6, 0, 4, EINVAL },
	{ 8, 0, 4, EINVAL },
	{ 9, 0, 4, EINVAL },
	{ 0xffffffff, 0, 4, EINVAL },
};

static void test_accesses(void **state)
{
	static const uint8_t zeros[0x10000];
	struct rig *rig = *state;
	size_t i;

	for (i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++) {
		uint32_t len = accesses[i].count < sizeof(zeros) ? accesses[i].count : 4;
		struct mmx_vfu_region_access access = { accesses[i].offset, accesses[i].region,
							accesses[i].count };

		print_message("region %u offset 0x%llx count 0x%x\n", accesses[i].region,
			      (unsigned long long)accesses[i].offset, accesses[i].count);
		assert_int_equal(rig_read(rig, access.region, access.offset, access.count),
				 accesses[i].error);
		if (access.count <= sizeof(zeros))
			assert_int_equal(rig_write(rig, access.region, access.offset, zeros, len),
					 accesses[i].error);
		/* the count must be that of the data */
		access.count += 4;
		assert_int_equal(rig_call(rig, MMX_VFU_REGION_WRITE, &access, sizeof(access)),
				 EINVAL);
	}
}

static void test_registers(void **state)
{
	uint64_t wide = 0x1122334455667788;
	uint8_t block[96];
	struct rig *rig = *state;
	size_t i;

	assert_int_equal(rig_write(rig, MMX_VFU_REGION_BAR0, FAKE_SCRATCH, &wide, 8), 0);
	assert_int_equal(rig_get32(rig, FAKE_SCRATCH), 0x55667788);
	assert_int_equal(rig_get32(rig, FAKE_SCRATCH + 4), 0x11223344);
	for (i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)i;
	/* an odd word at each end: 4, 8, ..., 8, 4 */
	assert_int_equal(rig_write(rig, MMX_VFU_REGION_BAR0, FAKE_SCRATCH + 4, block, 96), 0);
	assert_int_equal(rig_read(rig, MMX_VFU_REGION_BAR0, FAKE_SCRATCH + 4, 96), 0);
	assert_memory_equal(rig->reply + 16, block, sizeof(block));
	assert_int_equal(rig_get32(rig, FAKE_SCRATCH + 100), 0);
}

static void test_bar2(void **state)
{
	uint8_t ones[4096];
	struct rig *rig = *state;
	size_t i;

	assert_int_equal(rig_read(rig, MMX_VFU_REGION_BAR2, 12, 1), 0);
	assert_int_equal(rig->reply[16], 1); /* masked after reset */
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(rig_write(rig, MMX_VFU_REGION_BAR2, 0, ones, sizeof(ones)), 0);
	assert_int_equal(rig_read(rig, MMX_VFU_REGION_BAR2, 0, sizeof(ones)), 0);
	for (i = 0; i < sizeof(ones); i++)
		assert_int_equal(rig->reply[16 + i], i < 48 ? 0xff : 0);
}

/* --- Configuration space --- */

static void test_identity(void **state)
{
	struct rig *rig = *state;
	uint32_t cap, seen = 0;

	assert_int_equal(rig_config(rig, 0, 4), 0xa86713b5);
	assert_int_equal(rig_config(rig, 9, 1) | rig_config(rig, 10, 2) << 8, 0x038000);
	assert_int_equal(rig_config(rig, 0x0e, 1), 0);
	assert_int_equal(rig_config(rig, 0x3d, 1), 1);
	assert_int_equal(rig_config(rig, 6, 2), 0x10);
	for (cap = rig_config(rig, 0x34, 1); cap; cap = rig_config(rig, cap + 1, 1)) {
		if (rig_config(rig, cap, 1) == 0x11) {
			assert_int_equal(rig_config(rig, cap + 2, 2), 2); /* three vectors */
			assert_int_equal(rig_config(rig, cap + 4, 4), 2);
			assert_int_equal(rig_config(rig, cap + 8, 4), 0x802);
			seen |= 1;
		} else if (rig_config(rig, cap, 1) == 0x13) {
			assert_int_equal(rig_config(rig, cap + 2, 1), 6);
			assert_int_equal(rig_config(rig, cap + 3, 1), 3);
			seen |= 2;
		}
	}
	assert_int_equal(seen, 3);
}

static void test_config_writes(void **state)
{
	uint8_t ones[256];
	struct rig *rig = *state;

	/* sizing, as a BIOS does */
	rig_set_config(rig, 0x10, 0xffffffff, 4);
	assert_int_equal(rig_config(rig, 0x10, 4), 0xffe00000);
	rig_set_config(rig, 0x10, 0x10000000, 4);
	assert_int_equal(rig_config(rig, 0x10, 4), 0x10000000);
	rig_set_config(rig, 0x18, 0xffffffff, 4);
	assert_int_equal(rig_config(rig, 0x18, 4), 0xfffff000);
	rig_set_config(rig, 0x14, 0xffffffff, 4);
	assert_int_equal(rig_config(rig, 0x14, 4), 0);
	/* the rest stands (without the reset bit at 0x54) */
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(rig_write(rig, MMX_VFU_REGION_CONFIG, 0, ones, 0x54), 0);
	assert_int_equal(rig_write(rig, MMX_VFU_REGION_CONFIG, 0x55, ones, 256 - 0x55), 0);
	assert_int_equal(rig_config(rig, 0, 4), 0xa86713b5);
	assert_int_equal(rig_config(rig, 4, 2), 0x0546);
	assert_int_equal(rig_config(rig, 6, 2), 0x10);
	assert_int_equal(rig_config(rig, 0x3c, 2), 0x1ff);
	assert_int_equal(rig_config(rig, 0x42, 2), 0xc002);
	assert_int_equal(rig_config(rig, 0x80, 4), 0);
}

static void check_is_reset(struct rig *rig)
{
	assert_int_equal(rig_get32(rig, FAKE_SCRATCH), 0);
	assert_int_equal(rig_config(rig, 4, 2), 0);
	assert_int_equal(rig_config(rig, 0x10, 4), 0);
}

static void test_resets(void **state)
{
	struct rig *rig = *state;
	unsigned int before;

	rig_set32(rig, FAKE_SCRATCH, 5);
	rig_set_config(rig, 4, 0x406, 2);
	rig_set_config(rig, 0x10, 0x10000000, 4);
	before = fake_resets;
	assert_int_equal(rig_call(rig, MMX_VFU_DEVICE_RESET, NULL, 0), 0);
	assert_int_equal(rig->reply_len, 0);
	assert_int_equal(fake_resets, before + 1);
	check_is_reset(rig);

	rig_set32(rig, FAKE_SCRATCH, 5);
	rig_set_config(rig, 4, 0x406, 2);
	rig_set_config(rig, 0x54, 0, 1); /* not a reset */
	assert_int_equal(rig_get32(rig, FAKE_SCRATCH), 5);
	rig_set_config(rig, 0x54, 1, 1); /* function-level reset */
	check_is_reset(rig);
	assert_int_equal(rig_config(rig, 0x54, 1), 0);
}

#define RIG_TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_get_info),      RIG_TEST(test_get_region_info),
		RIG_TEST(test_accesses),      RIG_TEST(test_registers),
		RIG_TEST(test_bar2),	      RIG_TEST(test_identity),
		RIG_TEST(test_config_writes), RIG_TEST(test_resets),
	};

	return cmocka_run_group_tests_name("model_vfu_pci", tests, NULL, NULL);
}
