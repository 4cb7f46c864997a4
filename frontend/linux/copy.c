// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Arrays and objects in the caller's memory, whose elements may be of another age of the uAPI than ours.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "frontend/linux/drv.h"

void *mmx_copy_array(const struct pan_array *array, u32 min_stride, u32 size)
{
	const void __user *from = u64_to_user_ptr(array->array);
	u8 *out;
	u32 i;
	int ret;

	ret = mmx_uapi_check_array(array, min_stride, size);
	if (ret)
		return ERR_PTR(ret);
	if (!array->count)
		return NULL;
	out = kvmalloc_array(array->count, size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!out)
		return ERR_PTR(-ENOMEM);
	if (array->stride == size) {
		if (copy_from_user(out, from, (size_t)array->count * size))
			ret = -EFAULT;
	} else {
		for (i = 0; i < array->count && !ret; i++)
			ret = copy_struct_from_user(out + (size_t)i * size, size,
						    from + (size_t)i * array->stride,
						    array->stride);
	}
	if (ret) {
		kvfree(out);
		return ERR_PTR(ret);
	}
	return out;
}

int mmx_copy_out(u64 to, u32 to_size, u32 min_size, const void *from, u32 size)
{
	u8 __user *dst = u64_to_user_ptr(to);
	struct mmx_uapi_split split = mmx_uapi_split(to_size, size);
	int ret = mmx_uapi_check_out(to_size, min_size);

	if (ret)
		return ret;
	if (copy_to_user(dst, from, split.common))
		return -EFAULT;
	if (split.user_rest && clear_user(dst + split.common, split.user_rest))
		return -EFAULT;
	return 0;
}
