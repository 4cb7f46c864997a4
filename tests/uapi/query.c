// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What the device says of itself. Run by uapi.c.
 */
#include <sys/mman.h>

#include "tests/uapi/drm_abi.h"
#include "tests/uapi/uapi.h"

static void version(void)
{
	char name[16] = "";
	struct drm_version v = { .name_len = sizeof(name) - 1, .name = name };
	int fd = uapi_open();

	CHECK_OK(uapi_ioctl(fd, DRM_IOCTL_VERSION, &v));
	CHECK(strcmp(name, "panthor") == 0);
	CHECK_EQ(v.version_major, 1);
}

static void capabilities(void)
{
	struct drm_get_cap timeline = { .capability = DRM_CAP_SYNCOBJ_TIMELINE };
	int fd = uapi_open();

	CHECK_OK(uapi_ioctl(fd, DRM_IOCTL_GET_CAP, &timeline));
	CHECK_EQ(timeline.value, 1);
}

static void gpu_info(void)
{
	struct pan_gpu_info info = { 0 };
	int fd = uapi_open();

	CHECK_OK(uapi_query(fd, PAN_QUERY_GPU_INFO, &info, sizeof(info)));
	/* CSF begins with arch 10 */
	CHECK(info.gpu_id >> 28 >= 10);
	CHECK(info.csf_id);
	CHECK(info.as_present);
	CHECK(info.shader_present);
	CHECK(info.l2_present & 1);
	CHECK(info.tiler_present & 1);
	/* bits of virtual and of physical addresses */
	CHECK((info.mmu_features & 0xff) >= 32 && (info.mmu_features & 0xff) <= 48);
	CHECK((info.mmu_features >> 8 & 0xff) >= 32);
	/* what Mesa divides by */
	CHECK(info.max_threads);
	CHECK(info.thread_max_workgroup_size);
	CHECK(info.thread_features & 0x3fffff);
	CHECK(info.thread_features >> 24);
}

static void csif_info(void)
{
	struct pan_csif_info info = { 0 };
	int fd = uapi_open();

	CHECK_OK(uapi_query(fd, PAN_QUERY_CSIF_INFO, &info, sizeof(info)));
	CHECK(info.csg_slot_count >= 1 && info.csg_slot_count <= 31);
	CHECK(info.cs_slot_count >= 1 && info.cs_slot_count <= 32);
	CHECK(info.cs_reg_count >= 96);
	CHECK(info.scoreboard_slot_count >= 8);
	CHECK_EQ(info.unpreserved_cs_reg_count, 4);
	CHECK_EQ(info.pad, 0);
}

static void timestamp(void)
{
	struct pan_timestamp_info first = { 0 }, second = { 0 };
	int fd = uapi_open();

	if (uapi_version(fd) < 101)
		uapi_skip("the interface is older than 1.1");
	CHECK_OK(uapi_query(fd, PAN_QUERY_TIMESTAMP_INFO, &first, sizeof(first)));
	CHECK_OK(uapi_query(fd, PAN_QUERY_TIMESTAMP_INFO, &second, sizeof(second)));
	CHECK(first.timestamp_frequency);
	CHECK_EQ(first.timestamp_frequency, second.timestamp_frequency);
	CHECK(second.current_timestamp > first.current_timestamp);
}

static void priorities(void)
{
	struct pan_group_priorities_info info = { 0 };
	int fd = uapi_open();

	if (uapi_version(fd) < 102)
		uapi_skip("the interface is older than 1.2");
	CHECK_OK(uapi_query(fd, PAN_QUERY_GROUP_PRIORITIES_INFO, &info, sizeof(info)));
	/* everybody may have low and medium ones */
	CHECK_EQ(info.allowed_mask & 3, 3);
	CHECK_EQ(info.allowed_mask & ~0xf, 0);
}

/* With no pointer the size is told. */
static void size_only(void)
{
	static const struct {
		uint32_t type, minimum;
	} types[] = { { PAN_QUERY_GPU_INFO, 104 }, { PAN_QUERY_CSIF_INFO, 24 } };
	int fd = uapi_open();
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
		struct pan_dev_query query = { .type = types[i].type };

		CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_DEV_QUERY, &query));
		CHECK(query.size >= types[i].minimum);
	}
}

/* Objects may be as short as they were first, and nothing is written behind the size. */
static void short_object(void)
{
	uint8_t bytes[256];
	int fd = uapi_open();

	CHECK_ERROR(uapi_query(fd, PAN_QUERY_GPU_INFO, bytes, 0), -EINVAL);
	CHECK_ERROR(uapi_query(fd, PAN_QUERY_GPU_INFO, bytes, 88), -EINVAL);
	CHECK_ERROR(uapi_query(fd, PAN_QUERY_CSIF_INFO, bytes, 20), -EINVAL);
	memset(bytes, 0xa5, sizeof(bytes));
	CHECK_OK(uapi_query(fd, PAN_QUERY_GPU_INFO, bytes, 96));
	CHECK_EQ(bytes[96], 0xa5);
	memset(bytes, 0xa5, sizeof(bytes));
	CHECK_OK(uapi_query(fd, PAN_QUERY_CSIF_INFO, bytes, 24));
	CHECK_EQ(bytes[24], 0xa5);
}

/* What the kernel does not know is 0. */
static void long_object(void)
{
	uint8_t bytes[256];
	int fd = uapi_open();
	size_t i;

	memset(bytes, 0xa5, sizeof(bytes));
	CHECK_OK(uapi_query(fd, PAN_QUERY_CSIF_INFO, bytes, 128));
	for (i = 24; i < 128; i++)
		CHECK_EQ(bytes[i], 0);
	CHECK_EQ(bytes[128], 0xa5);
}

static void bad(void)
{
	uint8_t bytes[256];
	int fd = uapi_open();

	CHECK_ERROR(uapi_query(fd, 0x1000, bytes, sizeof(bytes)), -EINVAL);
	CHECK_ERROR(uapi_query(fd, 0x1000, NULL, 0), -EINVAL);
	/* nothing is mapped in the first page */
	CHECK_ERROR(uapi_query(fd, PAN_QUERY_CSIF_INFO, (void *)16, 24), -EFAULT);
	CHECK_ERROR(uapi_ioctl(fd, _IO('d', 0x9f), bytes), -EINVAL);
}

/* The page with the flush id can be read, and only that. */
static void flush_id(void)
{
	int fd = uapi_open();
	off_t offset = (off_t)PAN_USER_MMIO_OFFSET;
	volatile uint32_t *page;

	page = mmap(NULL, UAPI_PAGE, PROT_READ, MAP_SHARED, fd, offset);
	CHECK(page != MAP_FAILED);
	/* what a submission takes: bits 30:24 are 0 */
	CHECK_EQ(*page & 0x7f000000, 0);
	CHECK(mmap(NULL, UAPI_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset) == MAP_FAILED);
	CHECK_EQ(errno, EINVAL);
	CHECK(mmap(NULL, 2 * UAPI_PAGE, PROT_READ, MAP_SHARED, fd, offset) == MAP_FAILED);
	CHECK_EQ(errno, EINVAL);
	CHECK(mmap(NULL, UAPI_PAGE, PROT_READ, MAP_SHARED, fd, offset + UAPI_PAGE) == MAP_FAILED);
	CHECK_EQ(errno, EINVAL);
}

const struct uapi_test uapi_query_tests[] = {
	{ "query-version", version },	      { "query-capabilities", capabilities },
	{ "query-gpu-info", gpu_info },	      { "query-csif-info", csif_info },
	{ "query-timestamp", timestamp },     { "query-priorities", priorities },
	{ "query-size-only", size_only },     { "query-short-object", short_object },
	{ "query-long-object", long_object }, { "query-bad", bad },
	{ "query-flush-id", flush_id },	      { 0 },
};
