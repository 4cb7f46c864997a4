// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Memory that is not the region's: dma-bufs of vgem and udmabuf, into which the GPU writes what a mapping of theirs shows,
 * and the other way; and more buffers than the region has room for. Run in a VM by guest; 'off' if the daemon was not given
 * the machine's memory, or something else in its place, 'hold' if it will be killed. Ends with 0 if all is as it should be.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <linux/udmabuf.h>

#include "tests/uapi/cs.h"
#include "tests/uapi/drm_abi.h"
#include "tests/uapi/uapi.h"
#include "tests/vm/program.h"

#define VA    0x100000ull
#define PAGES 48u
#define SIZE  ((uint64_t)PAGES * UAPI_PAGE)
/* The region is 256 MiB. */
#define BIG	   (16ull << 20)
#define BIG_COUNT  18u
#define HOLD_COUNT 24u
#define CYCLES	   500u

struct drm_dumb {
	uint32_t height, width, bpp, flags, handle, pitch;
	uint64_t size;
};

struct drm_dumb_map {
	uint32_t handle, pad;
	uint64_t offset;
};

#define CREATE_DUMB _IOWR('d', 0xb2, struct drm_dumb)
#define MAP_DUMB    _IOWR('d', 0xb3, struct drm_dumb_map)

/* ---- nodes ---- */

static char gpu_node[64];

/* The first node whose name begins so and that is of this driver. */
static int open_driver(const char *prefix, const char *driver, char *ret_path, size_t path_size)
{
	char path[300], name[32];
	struct dirent *entry;
	DIR *dir = opendir("/dev/dri");
	int fd;

	CHECK(dir);
	while ((entry = readdir(dir))) {
		struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

		if (strncmp(entry->d_name, prefix, strlen(prefix)))
			continue;
		snprintf(path, sizeof(path), "/dev/dri/%s", entry->d_name);
		fd = open(path, O_RDWR | O_CLOEXEC);
		memset(name, 0, sizeof(name));
		if (fd >= 0 && !uapi_ioctl(fd, DRM_IOCTL_VERSION, &version) &&
		    !strcmp(name, driver)) {
			if (ret_path)
				snprintf(ret_path, path_size, "%s", path);
			closedir(dir);
			return fd;
		}
		close(fd);
	}
	FAIL("no %s* is of %s", prefix, driver);
}

/* ---- other drivers' memory ---- */

struct foreign {
	int drm; /* of vgem; -1 */
	int dmabuf;
	volatile uint32_t *map; /* its own driver's, or of the memfd */
};

static struct foreign make_vgem(void)
{
	struct drm_dumb dumb = { .height = PAGES, .width = UAPI_PAGE / 4, .bpp = 32 };
	struct foreign f = { .drm = open_driver("card", "vgem", NULL, 0) };
	struct drm_prime_handle prime = { .flags = O_CLOEXEC | O_RDWR };
	struct drm_dumb_map map = { 0 };

	CHECK_OK(uapi_ioctl(f.drm, CREATE_DUMB, &dumb));
	CHECK_EQ(dumb.size, SIZE);
	map.handle = prime.handle = dumb.handle;
	CHECK_OK(uapi_ioctl(f.drm, MAP_DUMB, &map));
	f.map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f.drm, (off_t)map.offset);
	CHECK(f.map != MAP_FAILED);
	CHECK_OK(uapi_ioctl(f.drm, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));
	f.dmabuf = prime.fd;
	return f;
}

/* Every other page of a memfd, so that no two lie side by side in it, and its first page once more. */
static struct foreign make_udmabuf(void)
{
	struct {
		struct udmabuf_create_list list;
		struct udmabuf_create_item items[PAGES];
	} args = { .list = { .flags = UDMABUF_FLAGS_CLOEXEC, .count = PAGES } };
	int memfd = memfd_create("pages", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	struct foreign f = { .drm = -1 };
	uint32_t i;

	CHECK(dev >= 0);
	CHECK(!ftruncate(memfd, 2 * SIZE));
	CHECK(!fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK));
	for (i = 0; i < PAGES; i++) {
		args.items[i].memfd = (uint32_t)memfd;
		args.items[i].offset = 2ull * i * UAPI_PAGE;
		args.items[i].size = UAPI_PAGE;
	}
	f.dmabuf = ioctl(dev, UDMABUF_CREATE_LIST, &args);
	CHECK(f.dmabuf >= 0);
	f.map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f.dmabuf, 0);
	CHECK(f.map != MAP_FAILED);
	close(memfd);
	close(dev);
	return f;
}

static void drop(struct foreign *f)
{
	munmap((void *)f->map, SIZE);
	close(f->dmabuf);
	if (f->drm >= 0)
		close(f->drm);
}

static int import(int fd, int dmabuf, uint32_t *ret_handle)
{
	struct drm_prime_handle prime = { .fd = dmabuf };
	int r = uapi_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);

	*ret_handle = prime.handle;
	return r;
}

/* ---- the GPU's part ---- */

static struct uapi_rig rig;
static uint32_t group;

static void run(const uint64_t *words, size_t count)
{
	uint32_t done = uapi_syncobj(rig.fd);

	uapi_submit_one(&rig, group, 0, uapi_stream(&rig, words, count), done);
	CHECK_OK(uapi_result(rig.fd, done));
}

static void gpu_store(uint64_t va, uint32_t value)
{
	const uint64_t words[] = { CS_STORE_VALUE(va, value) };

	run(words, sizeof(words) / 8);
}

static uint32_t gpu_load(uint64_t va)
{
	const uint64_t words[] = {
		CS_MOVE48(0, va), CS_LOAD(2, 1, 0, 0),	CS_WAIT_ALL, CS_MOVE48(0, UAPI_WORD_VA(64)),
		CS_MOVE32(3, 0),  CS_STORE(2, 1, 0, 0), CS_WAIT_ALL, CS_FLUSH(3),
		CS_WAIT_ALL,
	};

	*uapi_word(&rig, 64) = 0;
	run(words, sizeof(words) / 8);
	return *uapi_word(&rig, 64);
}

/* ---- tests ---- */

static void check_info(uint32_t handle)
{
	struct pan_bo_query_info info = { .handle = handle };
	struct pan_bo_sync_op op = { .handle = handle, .size = UAPI_PAGE };
	struct pan_bo_sync sync = {
		.ops = { .stride = sizeof(op), .count = 1, .array = (uintptr_t)&op }
	};

	CHECK_OK(uapi_ioctl(rig.fd, PAN_IOCTL_BO_QUERY_INFO, &info));
	CHECK_EQ(info.extra_flags, PAN_BO_IS_IMPORTED);
	CHECK_ERROR(uapi_ioctl(rig.fd, PAN_IOCTL_BO_SYNC, &sync), -EINVAL);
}

/* It is the same dma-buf again, and the same buffer. */
static void check_identity(uint32_t handle, int dmabuf)
{
	struct drm_prime_handle prime = { .handle = handle, .flags = O_CLOEXEC | O_RDWR };
	struct stat a, b;
	uint32_t again;

	CHECK_OK(uapi_ioctl(rig.fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));
	CHECK(!fstat(prime.fd, &a) && !fstat(dmabuf, &b));
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK_OK(import(rig.fd, prime.fd, &again));
	CHECK_EQ(again, handle);
	close(prime.fd);
}

static void check_mapping(uint32_t handle, const struct foreign *f)
{
	struct uapi_bo bo = { .fd = rig.fd, .handle = handle, .size = SIZE };

	uapi_bo_map(&bo);
	bo.map[5] = 0x55;
	CHECK_EQ(f->map[5], 0x55);
	munmap((void *)bo.map, SIZE);
}

/* All pages, each way; some of them are not mapped to their end. */
static void test_import(const char *name, struct foreign f)
{
	uint32_t i, handle;

	CHECK_OK(import(rig.fd, f.dmabuf, &handle));
	check_info(handle);
	check_identity(handle, f.dmabuf);
	check_mapping(handle, &f);
	CHECK_OK(uapi_map(rig.fd, rig.vm, handle, 0, VA, SIZE, PAN_MAP_NOEXEC));
	for (i = 0; i < PAGES; i += 5) {
		gpu_store(VA + i * UAPI_PAGE + 128, 0x1000 + i);
		CHECK_EQ(f.map[(i * UAPI_PAGE + 128) / 4], 0x1000 + i);
		f.map[(i * UAPI_PAGE + 256) / 4] = 0x2000 + i;
		CHECK_EQ(gpu_load(VA + i * UAPI_PAGE + 256), 0x2000 + i);
	}
	/* who made it goes first; the pages stay as long as the GPU has them */
	drop(&f);
	CHECK_OK(uapi_gem_close(rig.fd, handle));
	gpu_store(VA + 128, 77);
	CHECK_EQ(gpu_load(VA + 128), 77);
	CHECK_OK(uapi_unmap(rig.fd, rig.vm, VA, SIZE));
	printf("%s: %u pages, both ways\n", name, PAGES);
}

/* MemFree of /proc/meminfo. */
static long free_kib(void)
{
	struct sysinfo info;

	CHECK(!sysinfo(&info));
	return (long)((uint64_t)info.freeram * info.mem_unit / 1024);
}

/* Buffers come and go, and leave nothing behind. */
static void test_cycles(void)
{
	long before = 0, after;
	uint32_t i, handle;

	for (i = 0; i < CYCLES; i++) {
		struct foreign f = make_udmabuf();

		CHECK_OK(import(rig.fd, f.dmabuf, &handle));
		if (i % 2) {
			CHECK_OK(uapi_map(rig.fd, rig.vm, handle, 0, VA, SIZE, PAN_MAP_NOEXEC));
			CHECK_OK(uapi_unmap(rig.fd, rig.vm, VA, SIZE));
		}
		drop(&f);
		CHECK_OK(uapi_gem_close(rig.fd, handle));
		if (i == CYCLES / 4)
			before = free_kib();
	}
	usleep(500000);
	after = free_kib();
	/* they would be 70 MiB; some 15 come and go by themselves */
	if (after < before - 32768)
		FAIL("%ld KiB were free, and %ld are", before, after);
	printf("cycles: %u\n", CYCLES);
}

/* More than the region has: what does not fit is the machine's own memory, and like any other. */
static void test_overflow(void)
{
	struct uapi_bo bos[BIG_COUNT];
	uint32_t i, at;

	for (i = 0; i < BIG_COUNT; i++)
		bos[i] = uapi_bo(rig.fd, BIG, 0);
	for (i = 0; i < BIG_COUNT; i++) {
		CHECK_OK(uapi_map(rig.fd, rig.vm, bos[i].handle, 0, VA, BIG, PAN_MAP_NOEXEC));
		at = (uint32_t)(BIG - (i + 1) * 12345u * 64u % BIG) & ~63u;
		at = at < BIG ? at : 0;
		CHECK_EQ(bos[i].map[at / 4], 0);
		gpu_store(VA + at, 0x4000 + i);
		CHECK_EQ(bos[i].map[at / 4], 0x4000 + i);
		bos[i].map[at / 4 + 1] = 0x5000 + i;
		CHECK_EQ(gpu_load(VA + at + 4), 0x5000 + i);
		CHECK_OK(uapi_unmap(rig.fd, rig.vm, VA, BIG));
	}
	for (i = 0; i < BIG_COUNT; i++) {
		munmap((void *)bos[i].map, BIG);
		CHECK_OK(uapi_gem_close(rig.fd, bos[i].handle));
	}
	printf("overflow: %u buffers of %llu MiB\n", BIG_COUNT, BIG >> 20);
}

/* There is an end to that, and it is no end of anything else. */
static void test_exhaustion(void)
{
	uint32_t handles[64], count = 0, i;
	int r;

	do {
		r = uapi_bo_try(rig.fd, BIG, 0, 0, &handles[count]);
		count += !r;
	} while (!r && count < 64);
	CHECK_ERROR(r, -ENOMEM);
	CHECK(count >= BIG_COUNT);
	for (i = 0; i < count; i++)
		CHECK_OK(uapi_gem_close(rig.fd, handles[i]));
	printf("exhaustion: after %u buffers of %llu MiB\n", count, BIG >> 20);
}

static void test_off(void)
{
	struct foreign f = make_vgem();
	uint32_t handle, handles[64], count = 0, i;

	CHECK_ERROR(import(rig.fd, f.dmabuf, &handle), -EINVAL);
	drop(&f);
	f = make_udmabuf();
	CHECK_ERROR(import(rig.fd, f.dmabuf, &handle), -EINVAL);
	drop(&f);
	while (count < 64 && !uapi_bo_try(rig.fd, BIG, 0, 0, &handles[count]))
		count++;
	CHECK_EQ(count, 15);
	for (i = 0; i < count; i++)
		CHECK_OK(uapi_gem_close(rig.fd, handles[i]));
	gpu_store(UAPI_WORD_VA(0), 11);
	CHECK_EQ(*uapi_word(&rig, 0), 11);
	printf("nothing but the region\n");
}

/* The daemon is killed while the GPU may be at work in all of it: nothing of it goes before that is certain. */
static void hold(void)
{
	static const uint64_t endless[] = { CS_NOP, CS_BRANCH_ALWAYS(-2) };
	uint32_t done = uapi_syncobj(rig.fd), handle, handles[HOLD_COUNT], i;
	struct foreign f = make_udmabuf();

	CHECK_OK(import(rig.fd, f.dmabuf, &handle));
	CHECK_OK(uapi_map(rig.fd, rig.vm, handle, 0, VA, SIZE, PAN_MAP_NOEXEC));
	for (i = 0; i < HOLD_COUNT; i++)
		CHECK_OK(uapi_bo_try(rig.fd, BIG, 0, 0, &handles[i]));
	uapi_submit_one(&rig, group, 0, uapi_stream(&rig, endless, 2), done);
	drop(&f);
	printf("ready\n");
	CHECK_ERROR(uapi_result(rig.fd, done), -ENODEV);
	printf("all has ended\n");
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* vgem may have been first */
	close(open_driver("renderD", "panthor", gpu_node, sizeof(gpu_node)));
	program_node = gpu_node;
	uapi_rig_init(&rig);
	group = uapi_group(rig.fd, rig.vm, 1);
	if (argc > 1 && !strcmp(argv[1], "off")) {
		test_off();
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "hold")) {
		hold();
		return 0;
	}
	test_import("vgem", make_vgem());
	test_import("udmabuf", make_udmabuf());
	test_cycles();
	test_overflow();
	test_exhaustion();
	return 0;
}
