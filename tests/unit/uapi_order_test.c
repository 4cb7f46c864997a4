// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Which errno wins, where checks have several: each ioctl is played as frontend/core/uapi.h says, with a world that has what the row says it has, and
 * arguments that are wrong in one way or in several. Expected is what upstream's driver returns, read in Linux 7.3.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "frontend/core/uapi.h"

/* What is wrong; each ioctl knows some of them. */
#define BAD_PAD	     0x001u
#define BAD_STRIDE   0x002u
#define BAD_COUNT    0x004u /* no elements, or another size that can't be */
#define BAD_ARGS     0x008u
#define BAD_ELEM     0x010u /* an element of the array */
#define BAD_POINTER  0x020u
#define NONZERO_TAIL 0x040u /* behind what the kernel knows of an object */
#define UNPRIVILEGED 0x080u /* and asks for a high priority */
#define NO_DEVICE    0x100u /* unplugged */
#define NO_OBJECT    0x200u
#define FULL	     0x400u /* no memory or no id is left */

struct row {
	uint32_t wrong;
	int ret;
};

static const struct mmx_uapi_gpu gpu = {
	.gpu = { .shader_present = 0xf, .tiler_present = 1 },
	.csif = { .cs_slot_count = 8 },
	.max_priority = 4,
};

static struct pan_array array(uint32_t wrong, uint32_t stride)
{
	return (struct pan_array){ wrong & BAD_STRIDE ? 4 : stride, wrong & BAD_COUNT ? 0 : 1, 1 };
}

/* The elements come in: mmx_uapi_split(), as copy_struct_from_user() does it. */
static int copy_in(uint32_t wrong, uint32_t user_size, uint32_t size)
{
	struct mmx_uapi_split split = mmx_uapi_split(user_size, size);

	if (split.user_rest && (wrong & NONZERO_TAIL))
		return -E2BIG;
	return split.common && (wrong & BAD_POINTER) ? -EFAULT : 0;
}

static int timestamp(uint32_t wrong)
{
	uint32_t user_size = wrong & BAD_COUNT ? 8 : 64, size, min_size, what;
	int r = mmx_uapi_query_size(PAN_QUERY_TIMESTAMP_INFO, &size, &min_size);

	if (!r)
		r = copy_in(wrong, user_size, size);
	if (!r)
		r = mmx_uapi_check_timestamp(wrong & BAD_ARGS ? 0x100 : 0, &what);
	if (!r && (wrong & NO_DEVICE))
		r = -EIO;
	return r ? r : mmx_uapi_check_out(user_size, min_size);
}

static const struct row timestamp_rows[] = {
	{ 0, 0 },
	{ NONZERO_TAIL | BAD_POINTER | BAD_ARGS, -E2BIG },
	{ BAD_POINTER | BAD_ARGS, -EFAULT },
	{ BAD_ARGS | NO_DEVICE, -EINVAL },
	{ NO_DEVICE | BAD_COUNT, -EIO },
	{ BAD_COUNT, -EINVAL },
};

static int bo_create(uint32_t wrong)
{
	struct pan_bo_create args = { .size = wrong & BAD_COUNT ? ~0ull : 1,
				      .flags = wrong & BAD_ARGS ? 3 : 0,
				      .pad = !!(wrong & BAD_PAD) };
	uint64_t size;
	int r = mmx_uapi_check_bo_create(&args);

	if (!r && (wrong & NO_OBJECT))
		r = -EINVAL;
	return r ? r : mmx_uapi_round_bo_size(args.size, 4096, &size);
}

static const struct row bo_create_rows[] = {
	{ 0, 0 },
	{ BAD_PAD | BAD_COUNT, -EINVAL },
	{ BAD_ARGS | BAD_COUNT, -EINVAL },
	{ NO_OBJECT | BAD_COUNT, -EINVAL },
	{ BAD_COUNT, -ENOSPC },
};

static int bo_set_label(uint32_t wrong)
{
	struct pan_bo_set_label args = { .pad = !!(wrong & BAD_PAD), .label = 1 };
	int r = mmx_uapi_check_bo_set_label(&args);

	if (!r && (wrong & NO_OBJECT))
		r = -ENOENT;
	if (!r)
		r = mmx_uapi_check_label(wrong & BAD_POINTER ? 0 : wrong & BAD_COUNT ? 4097 : 5);
	return r;
}

static const struct row bo_set_label_rows[] = {
	{ 0, 0 },
	{ BAD_PAD | NO_OBJECT, -EINVAL },
	{ BAD_PAD | BAD_COUNT, -EINVAL },
	{ NO_OBJECT | BAD_POINTER, -ENOENT },
	{ NO_OBJECT | BAD_COUNT, -ENOENT },
	{ BAD_POINTER, -EFAULT },
	{ BAD_COUNT, -E2BIG },
};

static int bo_sync(uint32_t wrong)
{
	struct pan_array ops = array(wrong, sizeof(struct pan_bo_sync_op));
	struct pan_bo_sync_op op = { .type = wrong & BAD_ELEM ? 2 : 0 };
	int r = mmx_uapi_check_array(&ops, PAN_BO_SYNC_OP_MIN_SIZE, sizeof(op));

	if (r || !ops.count)
		return r;
	r = copy_in(wrong, 32, sizeof(op));
	if (!r && (wrong & NO_OBJECT))
		r = -ENOENT;
	return r ? r : mmx_uapi_check_bo_sync(&op, 4096, wrong & BAD_ARGS);
}

static const struct row bo_sync_rows[] = {
	{ 0, 0 },
	{ BAD_COUNT | BAD_STRIDE | BAD_POINTER, 0 },
	{ BAD_STRIDE | BAD_POINTER, -EINVAL },
	{ NONZERO_TAIL | BAD_POINTER | NO_OBJECT, -E2BIG },
	{ BAD_POINTER | NO_OBJECT, -EFAULT },
	{ NO_OBJECT | BAD_ELEM, -ENOENT },
	{ BAD_ELEM, -EINVAL },
	{ BAD_ARGS, -EINVAL },
};

static int group_create(uint32_t wrong)
{
	struct pan_group_create args = { .queues = array(wrong, sizeof(struct pan_queue_create)),
					 .priority = wrong & UNPRIVILEGED ? PAN_PRIORITY_HIGH
									  : PAN_PRIORITY_LOW,
					 .pad = !!(wrong & BAD_PAD),
					 .tiler_core_mask = wrong & BAD_ARGS ? 2 : 1 };
	struct pan_queue_create queue = { .ringbuf_size = wrong & BAD_ELEM ? 0 : 4096 };
	int r = mmx_uapi_check_group_queues(&args);

	if (!r)
		r = mmx_uapi_check_array(&args.queues, PAN_QUEUE_CREATE_MIN_SIZE, sizeof(queue));
	if (!r)
		r = copy_in(wrong, 16, sizeof(queue));
	if (!r)
		r = mmx_uapi_check_group(&args, &gpu, false);
	if (!r && (wrong & NO_OBJECT))
		r = -EINVAL;
	if (!r && (wrong & FULL))
		r = -EBUSY;
	return r ? r : mmx_uapi_check_queue(&queue);
}

static const struct row group_create_rows[] = {
	{ 0, 0 },
	{ BAD_COUNT | BAD_POINTER, -EINVAL },
	{ BAD_COUNT | UNPRIVILEGED, -EINVAL },
	{ BAD_STRIDE | UNPRIVILEGED, -EINVAL },
	{ NONZERO_TAIL | UNPRIVILEGED, -E2BIG },
	{ BAD_POINTER | UNPRIVILEGED, -EFAULT },
	{ UNPRIVILEGED | BAD_PAD, -EACCES },
	{ UNPRIVILEGED | BAD_ARGS | NO_OBJECT | BAD_ELEM | FULL, -EACCES },
	{ BAD_PAD | FULL, -EINVAL },
	{ BAD_ARGS | FULL, -EINVAL },
	{ FULL | BAD_ELEM, -EBUSY },
	{ BAD_ELEM, -EINVAL },
};

static int group_submit(uint32_t wrong)
{
	struct pan_group_submit args = { .pad = !!(wrong & BAD_PAD),
					 .queue_submits =
						 array(wrong, sizeof(struct pan_queue_submit)) };
	struct pan_queue_submit submit = { .pad = !!(wrong & BAD_ELEM), .syncs = { 16, 1, 1 } };
	struct pan_sync_op op = { .flags = wrong & BAD_ARGS ? 0x100 : 0 };
	int r = mmx_uapi_check_group_submit(&args);

	if (!r && (wrong & NO_DEVICE))
		r = -ENODEV;
	if (!r)
		r = mmx_uapi_check_array(&args.queue_submits, PAN_QUEUE_SUBMIT_MIN_SIZE,
					 sizeof(submit));
	if (r || !args.queue_submits.count)
		return r;
	r = copy_in(wrong, sizeof(submit), sizeof(submit));
	if (!r)
		r = mmx_uapi_check_submit(&submit);
	if (!r && (wrong & FULL))
		r = -ENOMEM;
	if (!r)
		r = mmx_uapi_check_submit_queue(&submit, 1, !(wrong & NO_OBJECT));
	if (!r)
		r = mmx_uapi_check_array(&submit.syncs, PAN_SYNC_OP_MIN_SIZE, sizeof(op));
	return r ? r : mmx_uapi_check_sync_op(&op);
}

static const struct row group_submit_rows[] = {
	{ 0, 0 },
	{ BAD_PAD | NO_DEVICE, -EINVAL },
	{ NO_DEVICE | BAD_STRIDE, -ENODEV },
	{ BAD_COUNT | BAD_STRIDE | NO_OBJECT | BAD_POINTER, 0 },
	{ BAD_STRIDE | BAD_POINTER, -EINVAL },
	{ BAD_POINTER | BAD_ELEM, -EFAULT },
	{ BAD_ELEM | FULL, -EINVAL },
	{ FULL | NO_OBJECT, -ENOMEM },
	{ NO_OBJECT, -EINVAL },
	{ BAD_ARGS, -EINVAL },
};

#define IOCTL(name)                                                                    \
	{                                                                              \
#name, name, name##_rows, sizeof(name##_rows) / sizeof(name##_rows[0]) \
	}
static const struct {
	const char *name;
	int (*play)(uint32_t wrong);
	const struct row *rows;
	size_t count;
} ioctls[] = {
	IOCTL(timestamp), IOCTL(bo_create),    IOCTL(bo_set_label),
	IOCTL(bo_sync),	  IOCTL(group_create), IOCTL(group_submit),
};

static void test_order(void **cm_state)
{
	size_t i, j;
	int r;

	(void)cm_state;
	for (i = 0; i < sizeof(ioctls) / sizeof(ioctls[0]); i++) {
		for (j = 0; j < ioctls[i].count; j++) {
			r = ioctls[i].play(ioctls[i].rows[j].wrong);
			if (r != ioctls[i].rows[j].ret)
				print_message("%s: wrong %#x\n", ioctls[i].name,
					      ioctls[i].rows[j].wrong);
			assert_int_equal(r, ioctls[i].rows[j].ret);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
