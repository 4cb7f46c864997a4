// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Groups and queues as objects. Run by uapi.c.
 */
#include <unistd.h>

#include "tests/uapi/uapi.h"

static int try_create(int fd, struct pan_group_create create)
{
	return uapi_ioctl(fd, PAN_IOCTL_GROUP_CREATE, &create);
}

static void create_destroy(void)
{
	struct pan_group_destroy padded = { .pad = 1 };
	int fd = uapi_open();
	uint32_t vm = uapi_vm(fd), group = uapi_group(fd, vm, 1);
	struct pan_group_get_state state = uapi_group_state(fd, group);

	CHECK(group);
	CHECK_EQ(state.state, 0);
	CHECK_EQ(state.fatal_queues, 0);
	padded.group_handle = group;
	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_GROUP_DESTROY, &padded), -EINVAL);
	CHECK_OK(uapi_group_destroy(fd, group));
	CHECK_ERROR(uapi_group_destroy(fd, group), -EINVAL);
	CHECK_ERROR(uapi_ioctl(fd, PAN_IOCTL_GROUP_GET_STATE,
			       &(struct pan_group_get_state){ .group_handle = group }),
		    -EINVAL);
}

/* As many queues as there are streams in a slot, and never more than 32. */
static void queues(void)
{
	struct pan_csif_info info = { 0 };
	int fd = uapi_open();
	uint32_t vm = uapi_vm(fd);
	struct pan_group_create many = uapi_group_request(fd, vm, 32);

	CHECK_OK(uapi_query(fd, PAN_QUERY_CSIF_INFO, &info, sizeof(info)));
	CHECK_OK(uapi_group_destroy(fd, uapi_group(fd, vm, info.cs_slot_count)));
	CHECK_ERROR(try_create(fd, uapi_group_request(fd, vm, 0)), -EINVAL);
	/* that a slot has fewer is not looked at by every driver */
	many.queues.count = 33;
	CHECK_ERROR(try_create(fd, many), -EINVAL);
}

static void bad_queue(void)
{
	static const struct pan_queue_create rows[] = {
		{ .ringbuf_size = 0 },
		{ .ringbuf_size = 2048 },
		{ .ringbuf_size = 128 * 1024 },
		{ .ringbuf_size = 4096 + 64 },
		{ .ringbuf_size = 12 * 1024 },
		{ .ringbuf_size = 0x80000000 },
		{ 0, { 1, 0, 0 }, 4096 },
		{ 0, { 0, 0, 1 }, 4096 },
		{ .priority = 16, .ringbuf_size = 4096 },
	};
	int fd = uapi_open(), r;
	struct pan_group_create create = uapi_group_request(fd, uapi_vm(fd), 1);
	struct pan_queue_create good = { .priority = 15, .ringbuf_size = 4096 };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		create.queues = PAN_ARRAY(1, &rows[i]);
		r = try_create(fd, create);
		if (r != -EINVAL)
			FAIL("row %zu: %s, not EINVAL", i, uapi_error_name(r));
	}
	create.queues = PAN_ARRAY(1, &good);
	CHECK_OK(try_create(fd, create));
}

static void bad_masks(void)
{
	int fd = uapi_open();
	uint32_t vm = uapi_vm(fd);
	struct pan_group_create good = uapi_group_request(fd, vm, 1), bad;

	bad = good;
	bad.compute_core_mask |= 1ull << 63;
	CHECK_ERROR(try_create(fd, bad), -EINVAL);
	bad = good;
	bad.fragment_core_mask |= 1ull << 63;
	CHECK_ERROR(try_create(fd, bad), -EINVAL);
	bad = good;
	bad.tiler_core_mask |= 1ull << 63;
	CHECK_ERROR(try_create(fd, bad), -EINVAL);
	/* fewer cores than may be used at once */
	bad = good;
	bad.compute_core_mask = 0;
	CHECK_ERROR(try_create(fd, bad), -EINVAL);
	bad = good;
	bad.fragment_core_mask = 0;
	CHECK_ERROR(try_create(fd, bad), -EINVAL);
	bad = good;
	bad.tiler_core_mask = 0;
	CHECK_ERROR(try_create(fd, bad), -EINVAL);
	/* no cores are enough for a stream that runs nothing */
	good.compute_core_mask = good.fragment_core_mask = good.tiler_core_mask = 0;
	good.max_compute_cores = good.max_fragment_cores = good.max_tiler_cores = 0;
	CHECK_OK(try_create(fd, good));
}

static void bad_arguments(void)
{
	int fd = uapi_open();
	uint32_t vm = uapi_vm(fd);
	struct pan_group_create good = uapi_group_request(fd, vm, 1), bad;

	bad = good;
	bad.vm_id = 0xdead;
	CHECK_ERROR(try_create(fd, bad), -EINVAL);
	bad = good;
	bad.pad = 1;
	CHECK_ERROR(try_create(fd, bad), -EINVAL);
	bad = good;
	bad.queues.stride = 4;
	CHECK_ERROR(try_create(fd, bad), -EINVAL);
	bad = good;
	bad.queues.array = 16;
	CHECK_ERROR(try_create(fd, bad), -EFAULT);
	CHECK_OK(try_create(fd, good));
}

static void priorities(void)
{
	int fd = uapi_open();
	struct pan_group_create create = uapi_group_request(fd, uapi_vm(fd), 1);

	create.priority = PAN_PRIORITY_LOW;
	CHECK_OK(try_create(fd, create));
	create.priority = PAN_PRIORITY_HIGH;
	CHECK_OK(try_create(fd, create));
	create.priority = 4;
	CHECK_ERROR(try_create(fd, create), -EINVAL);
	/* whoever is nobody may not go before others */
	CHECK_EQ(setresuid(65534, 65534, 65534), 0);
	create.priority = PAN_PRIORITY_HIGH;
	CHECK_ERROR(try_create(fd, create), -EACCES);
	create.priority = PAN_PRIORITY_MEDIUM;
	CHECK_OK(try_create(fd, create));
}

/* A file may have 128. */
static void create_many(void)
{
	int fd = uapi_open(), i;
	uint32_t vm = uapi_vm(fd), group = 0;
	struct pan_queue_create queue = { .ringbuf_size = 4096 };
	struct pan_group_create create = uapi_group_request(fd, vm, 1), one = create;

	create.queues = PAN_ARRAY(1, &queue);
	for (i = 0; i < 128; i++) {
		one = create;
		CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_GROUP_CREATE, &one));
		group = one.group_handle;
	}
	CHECK_ERROR(try_create(fd, create), -EBUSY);
	CHECK_OK(uapi_group_destroy(fd, group));
	CHECK_OK(try_create(fd, create));
}

const struct uapi_test uapi_group_tests[] = {
	{ "group-create-destroy", create_destroy }, { "group-queues", queues },
	{ "group-bad-queue", bad_queue },	    { "group-bad-masks", bad_masks },
	{ "group-bad-arguments", bad_arguments },   { "group-priorities", priorities },
	{ "group-create-many", create_many },	    { 0 },
};
