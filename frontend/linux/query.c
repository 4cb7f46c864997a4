// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * DEV_QUERY: what HELLO has told of the GPU; the clocks are asked for.
 */
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/time_namespace.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "frontend/linux/drv.h"

/* The CPU's clock is read here, and the backend's are read while the answer is awaited: that is how long it took. */
static int ask_time(struct mmx_session *s, u32 what, struct mmx_uapi_time *ret_now)
{
	struct mmx_call *call = mmx_call_begin(s, MMX_MSG_TIME);
	struct timespec64 cpu = { 0 };
	u32 nsec, cpu_type = what & PAN_TIMESTAMP_CPU_TYPE_MASK;
	u64 begin;
	int ret;

	if (IS_ERR(call))
		return PTR_ERR(call);
	begin = ktime_get_ns();
	if (cpu_type == PAN_TIMESTAMP_CPU_MONOTONIC)
		ktime_get_ts64(&cpu);
	else if (cpu_type == PAN_TIMESTAMP_CPU_MONOTONIC_RAW)
		ktime_get_raw_ts64(&cpu);
	timens_add_monotonic(&cpu);
	ret = mmx_call_run(call, mmx_encode_time(&call->buf, call->tag));
	if (!ret) {
		nsec = (u32)min_t(u64, ktime_get_ns() - begin, U32_MAX);
		*ret_now = (struct mmx_uapi_time){
			.gpu_timestamp = call->reply.time.gpu_timestamp,
			.gpu_timestamp_offset = call->reply.time.gpu_timestamp_offset,
			.gpu_timestamp_frequency = call->reply.time.gpu_timestamp_frequency,
			.gpu_cycles = call->reply.time.gpu_cycles,
			.cpu_sec = cpu.tv_sec,
			.cpu_nsec = cpu.tv_nsec,
			.duration_nsec = nsec,
		};
	}
	mmx_call_free(call);
	return ret;
}

static int query_timestamp(struct mmx_session *s, const struct pan_dev_query *args, u32 min_size)
{
	struct pan_timestamp_info info;
	struct mmx_uapi_time now = { 0 };
	u32 what;
	int ret;

	ret = copy_struct_from_user(&info, sizeof(info), u64_to_user_ptr(args->pointer),
				    args->size);
	if (!ret)
		ret = mmx_uapi_check_timestamp(info.flags, &what);
	if (!ret)
		ret = ask_time(s, what, &now);
	if (ret)
		return ret;
	mmx_uapi_fill_timestamp(what, &now, &info);
	return mmx_copy_out(args->pointer, args->size, min_size, &info, sizeof(info));
}

int mmx_ioctl_dev_query(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct mmx_device *dev = mmx_device_from(drm);
	struct pan_group_priorities_info priorities;
	struct pan_dev_query *args = data;
	const void *from;
	u32 size, min_size;
	int ret;

	ret = mmx_uapi_query_size(args->type, &size, &min_size);
	if (ret)
		return ret;
	if (!args->pointer) {
		args->size = size;
		return 0;
	}
	switch (args->type) {
	case PAN_QUERY_GPU_INFO:
		from = &dev->gpu.gpu;
		break;
	case PAN_QUERY_CSIF_INFO:
		from = &dev->gpu.csif;
		break;
	case PAN_QUERY_TIMESTAMP_INFO:
		return query_timestamp(&dev->session, args, min_size);
	case PAN_QUERY_GROUP_PRIORITIES_INFO:
		mmx_uapi_fill_priorities(&dev->gpu, mmx_file_may_raise(file), &priorities);
		from = &priorities;
		break;
	case PAN_QUERY_MMU_INFO:
		from = &dev->gpu.mmu;
		break;
	default:
		return -EINVAL;
	}
	return mmx_copy_out(args->pointer, args->size, min_size, from, size);
}
