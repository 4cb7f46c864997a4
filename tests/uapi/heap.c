// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Tiler heaps as objects. What draws do with them is seen with a driver's own (tests/vm/mesa). Run by uapi.c.
 */
#include "tests/uapi/uapi.h"

static struct pan_tiler_heap_create request(uint32_t vm)
{
	return (struct pan_tiler_heap_create){
		.vm_id = vm,
		.initial_chunk_count = 2,
		.chunk_size = 256 * 1024,
		.max_chunks = 8,
		.target_in_flight = 65535,
	};
}

static int try_create(int fd, struct pan_tiler_heap_create create)
{
	return uapi_ioctl(fd, PAN_IOCTL_TILER_HEAP_CREATE, &create);
}

static void create_destroy(void)
{
	int fd = uapi_open();
	struct pan_vm_create vm = { 0 };
	struct pan_tiler_heap_create heap;
	struct pan_tiler_heap_destroy destroy = { 0 };

	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_VM_CREATE, &vm));
	heap = request(vm.id);
	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_TILER_HEAP_CREATE, &heap));
	/* both are where the user can map nothing */
	CHECK(heap.tiler_heap_ctx_gpu_va >= vm.user_va_range);
	CHECK(heap.first_heap_chunk_gpu_va >= vm.user_va_range);
	CHECK_EQ(heap.first_heap_chunk_gpu_va % UAPI_PAGE, 0);
	CHECK_EQ(heap.handle >> 16, vm.id);
	destroy.handle = heap.handle;
	destroy.pad = 1;
	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_TILER_HEAP_DESTROY, &destroy), -EINVAL);
	destroy.pad = 0;
	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_TILER_HEAP_DESTROY, &destroy));
	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_TILER_HEAP_DESTROY, &destroy), -EINVAL);
}

static void bad(void)
{
	int fd = uapi_open();
	struct pan_tiler_heap_create good = request(uapi_vm(fd)), heap;
	struct pan_tiler_heap_destroy none = { .handle = 0xdead0000 };

	heap = good;
	heap.vm_id = 0xdead;
	CHECK_ERROR(try_create(fd, heap), -EINVAL);
	heap = good;
	heap.initial_chunk_count = 0;
	CHECK_ERROR(try_create(fd, heap), -EINVAL);
	heap = good;
	heap.initial_chunk_count = heap.max_chunks + 1;
	CHECK_ERROR(try_create(fd, heap), -EINVAL);
	heap = good;
	heap.chunk_size = 0;
	CHECK_ERROR(try_create(fd, heap), -EINVAL);
	heap.chunk_size = 128 * 1024 - UAPI_PAGE;
	CHECK_ERROR(try_create(fd, heap), -EINVAL);
	heap.chunk_size = 256 * 1024 + 16;
	CHECK_ERROR(try_create(fd, heap), -EINVAL);
	heap.chunk_size = 16 << 20;
	CHECK_ERROR(try_create(fd, heap), -EINVAL);
	heap.chunk_size = 128 * 1024;
	CHECK_OK(try_create(fd, heap));
	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_TILER_HEAP_DESTROY, &none), -EINVAL);
}

/* A VM may have 128; all go with it. */
static void many(void)
{
	int fd = uapi_open(), i;
	uint32_t vm = uapi_vm(fd);
	struct pan_tiler_heap_create heap = request(vm);

	heap.initial_chunk_count = 1;
	heap.chunk_size = 128 * 1024;
	for (i = 0; i < 128; i++)
		CHECK_OK(try_create(fd, heap));
	CHECK_ERROR(try_create(fd, heap), -EBUSY);
	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_VM_DESTROY, &(struct pan_vm_destroy){ .id = vm }));
	CHECK_ERROR(try_create(fd, heap), -EINVAL);
}

const struct uapi_test uapi_heap_tests[] = {
	{ "heap-create-destroy", create_destroy },
	{ "heap-bad", bad },
	{ "heap-many", many },
	{ 0 },
};
