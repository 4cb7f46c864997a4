// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Address spaces, and bindings that are made at once. Run by uapi.c.
 */
#include "tests/uapi/uapi.h"

#define VA   UAPI_VA
#define SIZE (16ull * UAPI_PAGE)

static void create_destroy(void)
{
	struct pan_vm_create create = { 0 };
	struct pan_vm_destroy destroy = { 0 };
	int fd = uapi_open();

	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_VM_CREATE, &create));
	CHECK(create.id);
	/* all but what the kernel keeps for itself at the top */
	CHECK(create.user_va_range >= 1ull << 31);
	destroy.id = create.id;
	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_VM_DESTROY, &destroy));
	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_VM_DESTROY, &destroy), -EINVAL);
}

static void create_range(void)
{
	struct pan_vm_create create = { .user_va_range = 1ull << 32 };
	int fd = uapi_open();

	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_VM_CREATE, &create));
	CHECK(create.user_va_range >= 1ull << 32);
}

static void create_bad(void)
{
	struct pan_vm_create flags = { .flags = 1 }, huge = { .user_va_range = ~0ull };
	struct pan_vm_destroy none = { .id = 0xdead }, padded = { .pad = 1 };
	int fd = uapi_open();

	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_VM_CREATE, &flags), -EINVAL);
	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_VM_CREATE, &huge), -EINVAL);
	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_VM_DESTROY, &none), -EINVAL);
	padded.id = uapi_vm(fd);
	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_VM_DESTROY, &padded), -EINVAL);
}

/* A file may have 32 of them; one that is gone makes room. */
static void create_many(void)
{
	struct pan_vm_create create = { 0 };
	struct pan_vm_destroy destroy = { 0 };
	int fd = uapi_open(), i;

	for (i = 0; i < 32; i++)
		destroy.id = uapi_vm(fd);
	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_VM_CREATE, &create), -EBUSY);
	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_VM_DESTROY, &destroy));
	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_VM_CREATE, &create));
}

static void get_state(void)
{
	struct pan_vm_get_state none = { .vm_id = 0xdead };
	int fd = uapi_open();
	uint32_t vm = uapi_vm(fd);

	CHECK_EQ(uapi_vm_state(fd, vm), PAN_VM_USABLE);
	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_VM_GET_STATE, &none), -EINVAL);
}

/* ---- bindings ---- */

static void map_unmap(void)
{
	int fd = uapi_open();
	uint32_t vm = uapi_vm(fd);
	struct uapi_bo bo = uapi_bo(fd, SIZE, 0);

	CHECK_OK(uapi_map(fd, vm, bo.handle, 0, VA, SIZE, 0));
	CHECK_OK(uapi_unmap(fd, vm, VA, SIZE));
	CHECK_OK(uapi_map(fd, vm, bo.handle, UAPI_PAGE, VA, UAPI_PAGE, PAN_MAP_READONLY));
	CHECK_OK(
		uapi_map(fd, vm, bo.handle, 0, VA + SIZE, SIZE, PAN_MAP_NOEXEC | PAN_MAP_UNCACHED));
	CHECK_OK(uapi_unmap(fd, vm, VA, 2 * SIZE));
	/* where nothing is */
	CHECK_OK(uapi_unmap(fd, vm, VA, 2 * SIZE));
	/* nothing at all */
	CHECK_OK(uapi_map(fd, vm, bo.handle, 0, VA, 0, 0));
	CHECK_OK(uapi_unmap(fd, vm, VA, 0));
	CHECK_EQ(uapi_vm_state(fd, vm), PAN_VM_USABLE);
}

/* Into, over and across what is there. What the GPU then sees is a test of submissions. */
static void overlap(void)
{
	int fd = uapi_open();
	uint32_t vm = uapi_vm(fd);
	struct uapi_bo one = uapi_bo(fd, SIZE, vm), two = uapi_bo(fd, SIZE, 0);

	CHECK_OK(uapi_map(fd, vm, one.handle, 0, VA, SIZE, 0));
	CHECK_OK(uapi_map(fd, vm, two.handle, 0, VA + 4 * UAPI_PAGE, 4 * UAPI_PAGE, 0));
	CHECK_OK(uapi_map(fd, vm, two.handle, 0, VA - 2 * UAPI_PAGE, 4 * UAPI_PAGE, 0));
	CHECK_OK(uapi_map(fd, vm, two.handle, 0, VA + SIZE - UAPI_PAGE, SIZE, 0));
	CHECK_OK(uapi_unmap(fd, vm, VA + 3 * UAPI_PAGE, 3 * UAPI_PAGE));
	CHECK_OK(uapi_map(fd, vm, one.handle, 0, VA, SIZE, 0));
	CHECK_OK(uapi_unmap(fd, vm, VA - SIZE, 4 * SIZE));
}

/* Big enough for blocks of 2 MiB, which a small unmapping splits. */
static void split_block(void)
{
	static const uint64_t big = 8ull << 20;
	int fd = uapi_open();
	uint32_t vm = uapi_vm(fd);
	struct uapi_bo bo = uapi_bo(fd, big, 0);

	CHECK_OK(uapi_map(fd, vm, bo.handle, 0, 1ull << 30, big, 0));
	CHECK_OK(uapi_unmap(fd, vm, (1ull << 30) + (3ull << 20), UAPI_PAGE));
	CHECK_OK(uapi_map(fd, vm, bo.handle, 0, (1ull << 30) + (5ull << 20), UAPI_PAGE, 0));
	CHECK_OK(uapi_unmap(fd, vm, 1ull << 30, big));
	CHECK_EQ(uapi_vm_state(fd, vm), PAN_VM_USABLE);
}

/* Each row is wrong in one thing. The handle's place is taken by that of a BO of SIZE. */
static void bind_bad(void)
{
	static const uint32_t handle = 0x55;
	static const struct {
		const char *what;
		struct pan_vm_bind_op op;
	} rows[] = {
		{ "va not aligned", { PAN_OP_MAP, handle, 0, VA + 1, SIZE, { 0 } } },
		{ "size not aligned", { PAN_OP_MAP, handle, 0, VA, SIZE - 16, { 0 } } },
		{ "offset not aligned", { PAN_OP_MAP, handle, 16, VA, UAPI_PAGE, { 0 } } },
		{ "offset behind the BO", { PAN_OP_MAP, handle, SIZE, VA, UAPI_PAGE, { 0 } } },
		{ "longer than the BO", { PAN_OP_MAP, handle, 0, VA, SIZE + UAPI_PAGE, { 0 } } },
		{ "sum overflows", { PAN_OP_MAP, handle, -(uint64_t)UAPI_PAGE, VA, SIZE, { 0 } } },
		{ "no BO", { PAN_OP_MAP, 0xdead, 0, VA, SIZE, { 0 } } },
		{ "va behind the range", { PAN_OP_MAP, handle, 0, 1ull << 60, SIZE, { 0 } } },
		{ "range wraps", { PAN_OP_MAP, handle, 0, -(uint64_t)UAPI_PAGE, SIZE, { 0 } } },
		{ "unknown type", { 3u << 28, handle, 0, VA, SIZE, { 0 } } },
		{ "unknown flag", { PAN_OP_MAP | 1u << 20, handle, 0, VA, SIZE, { 0 } } },
		{ "unmap with a BO", { PAN_OP_UNMAP, handle, 0, VA, SIZE, { 0 } } },
		{ "unmap with an offset", { PAN_OP_UNMAP, 0, UAPI_PAGE, VA, SIZE, { 0 } } },
		{ "unmap with a flag", { PAN_OP_UNMAP | PAN_MAP_NOEXEC, 0, 0, VA, SIZE, { 0 } } },
		{ "unmap behind the range", { PAN_OP_UNMAP, 0, 0, 1ull << 60, SIZE, { 0 } } },
		{ "unmap not aligned", { PAN_OP_UNMAP, 0, 0, VA + 8, SIZE, { 0 } } },
	};
	int fd = uapi_open(), r;
	uint32_t vm = uapi_vm(fd);
	struct uapi_bo bo = uapi_bo(fd, SIZE, 0);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pan_vm_bind_op op = rows[i].op;

		if (op.bo_handle == handle)
			op.bo_handle = bo.handle;
		r = uapi_bind(fd, vm, op);
		if (r != -EINVAL)
			FAIL("%s: %s, not EINVAL", rows[i].what, uapi_error_name(r));
	}
	CHECK_EQ(uapi_vm_state(fd, vm), PAN_VM_USABLE);
	/* the row that all others differ from */
	CHECK_OK(uapi_map(fd, vm, bo.handle, 0, VA, SIZE, 0));
	CHECK_ERROR(uapi_map(fd, 0xdead, bo.handle, 0, VA, SIZE, 0), -EINVAL);
}

/* A BO that belongs to one VM cannot be in another. */
static void bind_exclusive(void)
{
	int fd = uapi_open();
	uint32_t one = uapi_vm(fd), two = uapi_vm(fd);
	struct uapi_bo bo = uapi_bo(fd, SIZE, one);

	CHECK_OK(uapi_map(fd, one, bo.handle, 0, VA, SIZE, 0));
	CHECK_ERROR(uapi_map(fd, two, bo.handle, 0, VA, SIZE, 0), -EINVAL);
}

/* Operations before a bad one stay, and its index is told. */
static void bind_partial(void)
{
	int fd = uapi_open();
	struct uapi_bo bo = uapi_bo(fd, SIZE, 0);
	struct pan_vm_bind_op ops[] = {
		{ PAN_OP_MAP, bo.handle, 0, VA, SIZE, { 0 } },
		{ PAN_OP_MAP, bo.handle, 0, VA + SIZE, SIZE, { 0 } },
		{ PAN_OP_MAP, bo.handle, 0, VA + 1, SIZE, { 0 } },
		{ PAN_OP_MAP, bo.handle, 0, VA + 2 * SIZE, SIZE, { 0 } },
	};
	struct pan_vm_bind bind = { .vm_id = uapi_vm(fd), .ops = PAN_ARRAY(4, ops) };

	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_VM_BIND, &bind), -EINVAL);
	CHECK_EQ(bind.ops.count, 2);
}

/* Arrays of another age of the uAPI. */
static void bind_stride(void)
{
	int fd = uapi_open();
	struct uapi_bo bo = uapi_bo(fd, SIZE, 0);
	struct {
		struct pan_vm_bind_op op;
		uint64_t more;
	} ops[2] = { { { PAN_OP_MAP, bo.handle, 0, VA, SIZE, { 0 } }, 0 },
		     { { PAN_OP_MAP, bo.handle, 0, VA + SIZE, SIZE, { 0 } }, 0 } };
	struct pan_vm_bind bind = { .vm_id = uapi_vm(fd), .ops = PAN_ARRAY(2, ops) };

	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_VM_BIND, &bind));
	ops[1].more = 1;
	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_VM_BIND, &bind), -E2BIG);
	bind.ops.stride = 40;
	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_VM_BIND, &bind), -EINVAL);
	bind.ops.count = 0;
	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_VM_BIND, &bind));
	bind.ops = PAN_ARRAY(1, (struct pan_vm_bind_op *)16);
	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_VM_BIND, &bind), -EFAULT);
}

static void bind_sync_with_syncs(void)
{
	int fd = uapi_open();
	struct pan_sync_op signal = UAPI_SIGNAL(uapi_syncobj(fd));
	struct pan_vm_bind_op op = { PAN_OP_UNMAP, 0, 0, VA, SIZE, PAN_ARRAY(1, &signal) };

	CHECK_ERROR(uapi_bind(fd, uapi_vm(fd), op), -EINVAL);
}

const struct uapi_test uapi_vm_tests[] = {
	{ "vm-create-destroy", create_destroy },
	{ "vm-create-range", create_range },
	{ "vm-create-bad", create_bad },
	{ "vm-create-many", create_many },
	{ "vm-get-state", get_state },
	{ "bind-map-unmap", map_unmap },
	{ "bind-overlap", overlap },
	{ "bind-split-block", split_block },
	{ "bind-bad", bind_bad },
	{ "bind-exclusive", bind_exclusive },
	{ "bind-partial", bind_partial },
	{ "bind-stride", bind_stride },
	{ "bind-sync-with-syncs", bind_sync_with_syncs },
	{ 0 },
};
