// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * cycles COUNT: opens the device, works and closes it, so many times in one process, in four ways that take turns: tidily;
 * with jobs and binds under way; with what outlives the file; with a heap and a job that another one waits for. Whatever the
 * driver forgets is there in the end that many times. Prints a line if something is not as it must be. Run in a VM by guest.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/uapi/cs.h"
#include "tests/uapi/drm_abi.h"
#include "tests/uapi/uapi.h"

#define VA   0x100000ull
#define SIZE (16ull * UAPI_PAGE)

static const uint64_t store[] = { CS_STORE_VALUE(UAPI_WORD_VA(64), 77) };
static const uint64_t endless[] = { CS_NOP, CS_BRANCH_ALWAYS(-2) };

static int syncobj_destroy(int fd, uint32_t handle)
{
	struct drm_gem_close destroy = { .handle = handle };

	return uapi_ioctl(fd, DRM_IOCTL_SYNCOBJ_DESTROY, &destroy);
}

static void unmap(const struct uapi_bo *bo)
{
	CHECK_OK(munmap((void *)bo->map, bo->size));
}

/* A job of its own group, waited for. */
static uint32_t work(struct uapi_rig *rig, uint32_t group)
{
	uint32_t done = uapi_syncobj(rig->fd);

	*uapi_word(rig, 64) = 0;
	uapi_submit_one(rig, group, 0, uapi_stream(rig, store, sizeof(store) / sizeof(*store)),
			done);
	CHECK_OK(uapi_result(rig->fd, done));
	CHECK_EQ(*uapi_word(rig, 64), 77);
	return done;
}

static void tidily(struct uapi_rig *rig, uint32_t group)
{
	struct pan_vm_destroy destroy = { .id = rig->vm };

	CHECK_OK(syncobj_destroy(rig->fd, work(rig, group)));
	CHECK_OK(uapi_group_destroy(rig->fd, group));
	CHECK_OK(uapi_unmap(rig->fd, rig->vm, UAPI_VA, rig->bo.size));
	CHECK_OK(uapi_ioctl(rig->fd, PAN_IOCTL_VM_DESTROY, &destroy));
	CHECK_OK(uapi_gem_close(rig->fd, rig->bo.handle));
}

/* A job that does not end, and a bind that waits for it. */
static void busily(struct uapi_rig *rig, uint32_t group)
{
	uint32_t never = uapi_syncobj(rig->fd), vm = uapi_vm(rig->fd), handle;
	struct pan_vm_bind_op map = { .flags = PAN_OP_MAP, .va = VA, .size = SIZE };
	struct pan_sync_op wait = UAPI_WAIT(never);

	work(rig, group);
	CHECK_OK(uapi_bo_try(rig->fd, SIZE, 0, 0, &handle));
	map.bo_handle = handle;
	uapi_submit_one(rig, group, 0, uapi_stream(rig, endless, 2), never);
	CHECK_OK(uapi_bind_async(rig->fd, vm, map, &wait, 1));
}

/* A dma-buf and a sync file of a job that may be under way. */
static void leaving(struct uapi_rig *rig, uint32_t group, int *outlive)
{
	struct uapi_bo shared = uapi_bo(rig->fd, SIZE, 0);
	struct drm_prime_handle prime = { .handle = shared.handle, .flags = O_CLOEXEC | O_RDWR };
	struct drm_syncobj_handle fence = {
		.handle = uapi_syncobj(rig->fd),
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
	};

	shared.map[1] = 22;
	unmap(&shared);
	CHECK_OK(uapi_ioctl(rig->fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));
	uapi_submit_one(rig, group, 0, uapi_stream(rig, endless, 2), fence.handle);
	CHECK_OK(uapi_ioctl(rig->fd, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &fence));
	outlive[0] = prime.fd;
	outlive[1] = fence.fd;
}

/* A heap, and a job that waits for one which nobody will ever send. */
static void waiting(struct uapi_rig *rig, uint32_t group)
{
	struct pan_tiler_heap_create heap = {
		.vm_id = rig->vm,
		.initial_chunk_count = 1,
		.chunk_size = 256 * 1024,
		.max_chunks = 4,
		.target_in_flight = 65535,
	};
	uint32_t first = uapi_syncobj(rig->fd);
	struct pan_sync_op wait = UAPI_WAIT(first);
	struct uapi_stream stream = uapi_stream(rig, store, sizeof(store) / sizeof(*store));
	struct pan_queue_submit job = uapi_job(0, stream, &wait, 1);

	CHECK_OK(uapi_ioctl(rig->fd, PAN_IOCTL_TILER_HEAP_CREATE, &heap));
	uapi_submit_one(rig, group, 1, uapi_stream(rig, endless, 2), first);
	CHECK_OK(uapi_submit(rig->fd, group, &job, 1));
}

/* After the file: pages are there until the last user has gone, and the fence has come to its end with the file. */
static void outlived(const int *outlive)
{
	volatile uint32_t *map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, outlive[0], 0);

	CHECK(map != MAP_FAILED);
	CHECK_EQ(map[1], 22);
	CHECK_OK(munmap((void *)map, SIZE));
	close(outlive[0]);
	close(outlive[1]);
}

static void cycle(unsigned int number)
{
	struct uapi_rig rig;
	uint32_t group;
	int outlive[2];

	uapi_rig_init(&rig);
	group = uapi_group(rig.fd, rig.vm, 2);
	switch (number % 4) {
	case 0:
		tidily(&rig, group);
		break;
	case 1:
		busily(&rig, group);
		break;
	case 2:
		leaving(&rig, group, outlive);
		break;
	case 3:
		waiting(&rig, group);
		break;
	}
	/* in some cycles the file goes first */
	if (number % 8 < 4)
		unmap(&rig.bo);
	close(rig.fd);
	if (number % 8 >= 4)
		unmap(&rig.bo);
	if (number % 4 == 2)
		outlived(outlive);
}

int main(int argc, char **argv)
{
	unsigned int count = argc == 2 ? (unsigned int)strtoul(argv[1], NULL, 10) : 0, i;

	CHECK(count > 0);
	for (i = 0; i < count; i++)
		cycle(i);
	return 0;
}
