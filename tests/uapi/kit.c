// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * System calls on the device, as short as tests want them. Used by each test's process alone. Invariant: what returns
 * an error returns that of the kernel, and changes nothing; all else ends the test if it fails.
 */
#include <fcntl.h>
#include <linux/sync_file.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tests/uapi/drm_abi.h"
#include "tests/uapi/uapi.h"

/* ---- the device ---- */

int uapi_open(void)
{
	int fd = open(uapi_node(), O_RDWR | O_CLOEXEC);

	if (fd < 0)
		FAIL("open: %s", uapi_error_name(errno));
	return fd;
}

int uapi_ioctl(int fd, unsigned long request, void *argument)
{
	int r;

	do {
		r = ioctl(fd, request, argument);
	} while (r < 0 && (errno == EINTR || errno == EAGAIN));
	return r < 0 ? -errno : 0;
}

int uapi_version(int fd)
{
	struct drm_version version = { 0 };

	CHECK_OK(uapi_ioctl(fd, DRM_IOCTL_VERSION, &version));
	return version.version_major * 100 + version.version_minor;
}

int uapi_query(int fd, uint32_t type, void *to, uint32_t size)
{
	struct pan_dev_query query = { type, size, (uintptr_t)to };

	return uapi_ioctl(fd, PAN_IOCTL_DEV_QUERY, &query);
}

int64_t uapi_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- objects ---- */

int uapi_bo_try(int fd, uint64_t size, uint32_t flags, uint32_t vm, uint32_t *ret_handle)
{
	struct pan_bo_create create = { .size = size, .flags = flags, .exclusive_vm_id = vm };
	int r = uapi_ioctl(fd, PAN_IOCTL_BO_CREATE, &create);

	if (r == 0)
		*ret_handle = create.handle;
	return r;
}

void uapi_bo_map(struct uapi_bo *bo)
{
	struct pan_bo_mmap_offset offset = { .handle = bo->handle };
	void *map;

	CHECK_OK(uapi_ioctl(bo->fd, PAN_IOCTL_BO_MMAP_OFFSET, &offset));
	map = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED, bo->fd,
		   (off_t)offset.offset);
	if (map == MAP_FAILED)
		FAIL("mmap: %s", uapi_error_name(errno));
	bo->map = map;
}

struct uapi_bo uapi_bo(int fd, uint64_t size, uint32_t vm)
{
	struct uapi_bo bo = { .fd = fd, .size = size };

	CHECK_OK(uapi_bo_try(fd, size, 0, vm, &bo.handle));
	uapi_bo_map(&bo);
	return bo;
}

int uapi_gem_close(int fd, uint32_t handle)
{
	struct drm_gem_close close_it = { .handle = handle };

	return uapi_ioctl(fd, DRM_IOCTL_GEM_CLOSE, &close_it);
}

uint32_t uapi_vm(int fd)
{
	struct pan_vm_create create = { 0 };

	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_VM_CREATE, &create));
	return create.id;
}

int uapi_bind(int fd, uint32_t vm, struct pan_vm_bind_op op)
{
	struct pan_vm_bind bind = { .vm_id = vm, .ops = PAN_ARRAY(1, &op) };

	return uapi_ioctl(fd, PAN_IOCTL_VM_BIND, &bind);
}

int uapi_map(int fd, uint32_t vm, uint32_t handle, uint64_t offset, uint64_t va, uint64_t size,
	     uint32_t flags)
{
	return uapi_bind(fd, vm,
			 (struct pan_vm_bind_op){ .flags = PAN_OP_MAP | flags,
						  .bo_handle = handle,
						  .bo_offset = offset,
						  .va = va,
						  .size = size });
}

int uapi_unmap(int fd, uint32_t vm, uint64_t va, uint64_t size)
{
	return uapi_bind(fd, vm,
			 (struct pan_vm_bind_op){ .flags = PAN_OP_UNMAP, .va = va, .size = size });
}

int uapi_bind_async(int fd, uint32_t vm, struct pan_vm_bind_op op, struct pan_sync_op *syncs,
		    uint32_t count)
{
	struct pan_vm_bind bind = { vm, PAN_VM_BIND_ASYNC, PAN_ARRAY(1, &op) };

	op.syncs = PAN_ARRAY(count, syncs);
	return uapi_ioctl(fd, PAN_IOCTL_VM_BIND, &bind);
}

uint32_t uapi_vm_state(int fd, uint32_t vm)
{
	struct pan_vm_get_state get = { vm, ~0u };

	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_VM_GET_STATE, &get));
	return get.state;
}

struct pan_group_create uapi_group_request(int fd, uint32_t vm, uint32_t queues)
{
	static struct pan_queue_create queue[32];
	struct pan_gpu_info info = { 0 };
	uint32_t i;

	CHECK_OK(uapi_query(fd, PAN_QUERY_GPU_INFO, &info, sizeof(info)));
	for (i = 0; i < 32; i++)
		queue[i] = (struct pan_queue_create){ .priority = 1, .ringbuf_size = 64 * 1024 };
	return (struct pan_group_create){
		.queues = PAN_ARRAY(queues, queue),
		.max_compute_cores = (uint8_t)__builtin_popcountll(info.shader_present),
		.max_fragment_cores = (uint8_t)__builtin_popcountll(info.shader_present),
		.max_tiler_cores = 1,
		.priority = PAN_PRIORITY_MEDIUM,
		.compute_core_mask = info.shader_present,
		.fragment_core_mask = info.shader_present,
		.tiler_core_mask = info.tiler_present,
		.vm_id = vm,
	};
}

uint32_t uapi_group(int fd, uint32_t vm, uint32_t queues)
{
	struct pan_group_create create = uapi_group_request(fd, vm, queues);

	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_GROUP_CREATE, &create));
	return create.group_handle;
}

int uapi_group_destroy(int fd, uint32_t group)
{
	struct pan_group_destroy destroy = { .group_handle = group };

	return uapi_ioctl(fd, PAN_IOCTL_GROUP_DESTROY, &destroy);
}

struct pan_group_get_state uapi_group_state(int fd, uint32_t group)
{
	struct pan_group_get_state get = { .group_handle = group };

	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_GROUP_GET_STATE, &get));
	return get;
}

/* ---- syncobjs ---- */

uint32_t uapi_syncobj(int fd)
{
	struct drm_syncobj_create create = { 0 };

	CHECK_OK(uapi_ioctl(fd, DRM_IOCTL_SYNCOBJ_CREATE, &create));
	return create.handle;
}

int uapi_wait(int fd, uint32_t syncobj, int64_t timeout_ns)
{
	return uapi_wait_any(fd, &syncobj, 1, timeout_ns);
}

int uapi_wait_any(int fd, const uint32_t *syncobjs, uint32_t count, int64_t timeout_ns)
{
	struct drm_syncobj_wait wait = {
		.handles = (uintptr_t)syncobjs,
		.timeout_nsec = uapi_now_ns() + timeout_ns,
		.count_handles = count,
		.flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT,
	};

	return uapi_ioctl(fd, DRM_IOCTL_SYNCOBJ_WAIT, &wait);
}

int uapi_wait_point(int fd, uint32_t syncobj, uint64_t point, int64_t timeout_ns)
{
	struct drm_syncobj_timeline_wait wait = {
		.handles = (uintptr_t)&syncobj,
		.points = (uintptr_t)&point,
		.timeout_nsec = uapi_now_ns() + timeout_ns,
		.count_handles = 1,
		.flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT,
	};

	return uapi_ioctl(fd, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &wait);
}

void uapi_signal_point(int fd, uint32_t syncobj, uint64_t point)
{
	struct drm_syncobj_timeline_array array = {
		.handles = (uintptr_t)&syncobj,
		.points = (uintptr_t)&point,
		.count_handles = 1,
	};

	CHECK_OK(uapi_ioctl(fd, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &array));
}

uint64_t uapi_query_point(int fd, uint32_t syncobj)
{
	uint64_t point = 0;
	struct drm_syncobj_timeline_array array = {
		.handles = (uintptr_t)&syncobj,
		.points = (uintptr_t)&point,
		.count_handles = 1,
	};

	CHECK_OK(uapi_ioctl(fd, DRM_IOCTL_SYNCOBJ_QUERY, &array));
	return point;
}

/* A sync file is the only way to see the error of a fence, and when it was signalled. */
static int fence_error(int fd, uint32_t syncobj, uint64_t *ret_ns)
{
	struct drm_syncobj_handle export = {
		.handle = syncobj,
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
		.fd = -1,
	};
	struct sync_fence_info fence = { 0 };
	struct sync_file_info info = { .num_fences = 1, .sync_fence_info = (uintptr_t)&fence };

	CHECK_OK(uapi_ioctl(fd, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &export));
	CHECK_OK(uapi_ioctl(export.fd, SYNC_IOC_FILE_INFO, &info));
	close(export.fd);
	/* 0 is a fence that is not signalled, 1 one that is */
	CHECK(info.status != 0);
	*ret_ns = fence.timestamp_ns;
	return info.status < 0 ? info.status : 0;
}

int uapi_fence_error(int fd, uint32_t syncobj)
{
	uint64_t ns;

	return fence_error(fd, syncobj, &ns);
}

int uapi_result(int fd, uint32_t syncobj)
{
	uint64_t ns;
	int r;

	CHECK_OK(uapi_wait(fd, syncobj, UAPI_PATIENCE_NS));
	r = fence_error(fd, syncobj, &ns);
	if (r == -ETIMEDOUT && ns < (uint64_t)(uapi_begun_ns() + UAPI_JOB_NS))
		uapi_again("a job timed out that was not there for so long");
	return r;
}

/* ---- streams and jobs ---- */

void uapi_rig_init(struct uapi_rig *rig)
{
	int fd = uapi_open();

	*rig = (struct uapi_rig){ .fd = fd, .vm = uapi_vm(fd) };
	rig->bo = uapi_bo(fd, UAPI_RIG_BYTES, rig->vm);
	CHECK_OK(uapi_map(fd, rig->vm, rig->bo.handle, 0, UAPI_VA, rig->bo.size, PAN_MAP_NOEXEC));
}

struct uapi_stream uapi_stream(struct uapi_rig *rig, const uint64_t *words, size_t count)
{
	uint32_t offset = UAPI_DATA_BYTES + rig->stream_bytes;
	/* aligned as it is: a page's start and a multiple of 64 */
	volatile uint64_t *to = (volatile void *)(rig->bo.map + offset / 4);
	uint32_t bytes = (uint32_t)(count * sizeof(*words));
	size_t i;

	CHECK(bytes <= rig->bo.size - offset);
	for (i = 0; i < count; i++)
		to[i] = words[i];
	/* streams are aligned to 64 bytes */
	rig->stream_bytes += (bytes + 63) / 64 * 64;
	return (struct uapi_stream){ UAPI_VA + offset, bytes };
}

volatile uint32_t *uapi_word(struct uapi_rig *rig, uint32_t offset)
{
	return rig->bo.map + offset / 4;
}

int uapi_submit(int fd, uint32_t group, const struct pan_queue_submit *submits, uint32_t count)
{
	struct pan_group_submit submit = { .group_handle = group,
					   .queue_submits = PAN_ARRAY(count, submits) };

	return uapi_ioctl(fd, PAN_IOCTL_GROUP_SUBMIT, &submit);
}

struct pan_queue_submit uapi_job(uint32_t queue, struct uapi_stream stream,
				 struct pan_sync_op *syncs, uint32_t count)
{
	return (struct pan_queue_submit){
		.queue_index = queue,
		.stream_size = stream.bytes,
		.stream_addr = stream.va,
		.syncs = PAN_ARRAY(count, syncs),
	};
}

void uapi_submit_one(struct uapi_rig *rig, uint32_t group, uint32_t queue,
		     struct uapi_stream stream, uint32_t syncobj)
{
	struct pan_sync_op signal = UAPI_SIGNAL(syncobj);
	struct pan_queue_submit job = uapi_job(queue, stream, &signal, 1);

	CHECK_OK(uapi_submit(rig->fd, group, &job, 1));
}
