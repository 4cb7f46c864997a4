// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Buffers: creation, mappings by the CPU, PRIME between two files. Run by uapi.c.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/uapi/cs.h"
#include "tests/uapi/drm_abi.h"
#include "tests/uapi/uapi.h"

static void create(void)
{
	struct pan_bo_create request = { .size = 5000 };
	int fd = uapi_open();

	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_BO_CREATE, &request));
	CHECK(request.handle);
	CHECK_EQ(request.size, 2 * UAPI_PAGE);
	CHECK_OK(uapi_gem_close(fd, request.handle));
	CHECK_ERROR(uapi_gem_close(fd, request.handle), -EINVAL);
}

static void create_bad(void)
{
	struct pan_bo_create padded = { .size = UAPI_PAGE, .pad = 1 };
	int fd = uapi_open();
	uint32_t handle;

	CHECK_ERROR(uapi_bo_try(fd, 0, 0, 0, &handle), -EINVAL);
	CHECK_ERROR(uapi_bo_try(fd, UAPI_PAGE, 0x80000000, 0, &handle), -EINVAL);
	CHECK_ERROR(uapi_bo_try(fd, UAPI_PAGE, 0, 0xdead, &handle), -EINVAL);
	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_BO_CREATE, &padded), -EINVAL);
}

/* Memory is zero at first, and keeps what is written, whoever maps it. */
static void map(void)
{
	int fd = uapi_open();
	struct uapi_bo bo = uapi_bo(fd, 4 * UAPI_PAGE, 0), again = bo;
	uint32_t i;

	for (i = 0; i < bo.size / 4; i++)
		CHECK_EQ(bo.map[i], 0);
	uapi_bo_map(&again);
	CHECK(again.map != bo.map);
	for (i = 0; i < bo.size / 4; i++)
		bo.map[i] = i * 3;
	for (i = 0; i < bo.size / 4; i++)
		CHECK_EQ(again.map[i], i * 3);
	/* a mapping outlives the handle */
	CHECK_OK(uapi_gem_close(fd, bo.handle));
	CHECK_EQ(again.map[7], 21);
}

static void mmap_offset_bad(void)
{
	int fd = uapi_open();
	struct uapi_bo bo = uapi_bo(fd, UAPI_PAGE, 0);
	struct pan_bo_mmap_offset none = { .handle = 0xdead },
				  padded = { .handle = bo.handle, .pad = 1 };

	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_BO_MMAP_OFFSET, &none), -ENOENT);
	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_BO_MMAP_OFFSET, &padded), -EINVAL);
}

/* The older driver tells the offset, and then refuses to map it. */
static void no_mmap(void)
{
	struct pan_bo_mmap_offset offset = { 0 };
	int fd = uapi_open(), r;

	CHECK_OK(uapi_bo_try(fd, UAPI_PAGE, PAN_BO_NO_MMAP, 0, &offset.handle));
	r = uapi_ioctl(fd, PAN_IOCTL_BO_MMAP_OFFSET, &offset);
	if (r == 0) {
		CHECK(mmap(NULL, UAPI_PAGE, PROT_READ, MAP_SHARED, fd, (off_t)offset.offset) ==
		      MAP_FAILED);
		r = -errno;
		CHECK_ERROR(r, -EINVAL);
	} else {
		CHECK_ERROR(r, -EPERM);
	}
}

/* Another file's offset opens nothing. */
static void map_foreign(void)
{
	int fd = uapi_open(), other = uapi_open();
	struct uapi_bo bo = uapi_bo(fd, UAPI_PAGE, 0);
	struct pan_bo_mmap_offset offset = { .handle = bo.handle };

	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_BO_MMAP_OFFSET, &offset));
	CHECK(mmap(NULL, UAPI_PAGE, PROT_READ, MAP_SHARED, other, (off_t)offset.offset) ==
	      MAP_FAILED);
	CHECK_EQ(errno, EACCES);
}

/* ---- PRIME ---- */

static int export_bo(int fd, uint32_t handle, int *ret_fd)
{
	struct drm_prime_handle prime = { .handle = handle, .flags = O_CLOEXEC | O_RDWR, .fd = -1 };
	int r = uapi_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);

	*ret_fd = prime.fd;
	return r;
}

static uint32_t import_bo(int fd, int dmabuf)
{
	struct drm_prime_handle prime = { .fd = dmabuf };

	CHECK_OK(uapi_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime));
	return prime.handle;
}

static void prime_same_file(void)
{
	int fd = uapi_open(), dmabuf;
	struct uapi_bo bo = uapi_bo(fd, UAPI_PAGE, 0);

	CHECK_OK(export_bo(fd, bo.handle, &dmabuf));
	CHECK_EQ(import_bo(fd, dmabuf), bo.handle);
}

static void prime_exclusive(void)
{
	int fd = uapi_open(), dmabuf;
	struct uapi_bo bo = uapi_bo(fd, UAPI_PAGE, uapi_vm(fd));

	CHECK_ERROR(export_bo(fd, bo.handle, &dmabuf), -EINVAL);
}

/* One file's GPU writes what the other one's CPU and GPU read, also when the first has gone. */
static void prime_two_files(void)
{
	static const uint64_t va = UAPI_VA + 0x1000000;
	uint64_t store[] = { CS_STORE_VALUE(va + 64, 0xfeed) };
	uint64_t copy[] = { CS_MOVE48(0, va + 64),
			    CS_MOVE48(4, UAPI_WORD_VA(0)),
			    CS_MOVE32(6, 0),
			    CS_LOAD(2, 1, 0, 0),
			    CS_WAIT_ALL,
			    CS_STORE(2, 1, 4, 0),
			    CS_WAIT_ALL,
			    CS_FLUSH(6),
			    CS_WAIT_ALL };
	struct uapi_rig one, two;
	struct uapi_bo first, second;
	uint32_t group, done;
	int dmabuf;

	uapi_rig_init(&one);
	uapi_rig_init(&two);
	first = uapi_bo(one.fd, UAPI_PAGE, 0);
	CHECK_OK(export_bo(one.fd, first.handle, &dmabuf));
	second = (struct uapi_bo){ two.fd, import_bo(two.fd, dmabuf), UAPI_PAGE, NULL };
	close(dmabuf);
	uapi_bo_map(&second);
	CHECK_OK(uapi_map(one.fd, one.vm, first.handle, 0, va, UAPI_PAGE, PAN_MAP_NOEXEC));
	CHECK_OK(uapi_map(two.fd, two.vm, second.handle, 0, va, UAPI_PAGE, PAN_MAP_NOEXEC));

	group = uapi_group(one.fd, one.vm, 1);
	done = uapi_syncobj(one.fd);
	uapi_submit_one(&one, group, 0, uapi_stream(&one, store, sizeof(store) / 8), done);
	CHECK_OK(uapi_result(one.fd, done));
	CHECK_EQ(second.map[16], 0xfeed);
	munmap((void *)first.map, first.size);
	munmap((void *)one.bo.map, one.bo.size);
	close(one.fd);

	group = uapi_group(two.fd, two.vm, 1);
	done = uapi_syncobj(two.fd);
	uapi_submit_one(&two, group, 0, uapi_stream(&two, copy, sizeof(copy) / 8), done);
	CHECK_OK(uapi_result(two.fd, done));
	CHECK_EQ(*uapi_word(&two, 0), 0xfeed);
}

/* More memory than there is comes and goes, nobody waits for any of it, and none shows what was there before. */
static void churn(void)
{
	int fd = uapi_open();
	struct uapi_bo bo;
	uint32_t i;

	for (i = 0; i < 400; i++) {
		bo = uapi_bo(fd, 2u << 20, 0);
		CHECK_EQ(bo.map[0], 0);
		CHECK_EQ(bo.map[bo.size / 4 - 1], 0);
		bo.map[0] = bo.map[bo.size / 4 - 1] = 0xbad;
		munmap((void *)bo.map, bo.size);
		CHECK_OK(uapi_gem_close(fd, bo.handle));
	}
}

const struct uapi_test uapi_bo_tests[] = {
	{ "bo-create", create },
	{ "bo-create-bad", create_bad },
	{ "bo-map", map },
	{ "bo-mmap-offset-bad", mmap_offset_bad },
	{ "bo-no-mmap", no_mmap },
	{ "bo-map-foreign", map_foreign },
	{ "bo-churn", churn },
	{ "prime-same-file", prime_same_file },
	{ "prime-exclusive", prime_exclusive },
	{ "prime-two-files", prime_two_files },
	{ 0 },
};
