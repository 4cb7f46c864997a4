// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Files of the device: a file is a client of the backend from its first address space on, and all that hangs off it goes
 * with one message. Before that there is nothing to hang, so a guest can open as many files as any driver's.
 *
 * The page with the flush id is a page of zeroes: with that id every job flushes, which is always right.
 */
#include <drm/drm_auth.h>
#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_print.h>
#include <linux/compat.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "frontend/linux/drv.h"
#include "frontend/linux/group.h"
#include "frontend/linux/vm.h"

/* ---- opening and closing ---- */

static int create_client(struct mmx_session *s, u32 client)
{
	struct mmx_call *call = mmx_call_begin(s, MMX_MSG_CLIENT_CREATE);
	char name[TASK_COMM_LEN];
	int ret;

	if (IS_ERR(call))
		return PTR_ERR(call);
	get_task_comm(name, current);
	ret = mmx_call_run(call, mmx_encode_client_create(&call->buf, call->tag, client,
							  (u32)task_tgid_nr(current), name));
	mmx_call_free(call);
	return ret == -ENOSPC ? -ENOMEM : ret;
}

int mmx_file_client(struct mmx_file *priv, u32 *ret_client)
{
	struct mmx_session *s = &priv->dev->session;
	int ret = 0;
	u32 client;

	mutex_lock(&priv->client_lock);
	if (!priv->client) {
		ret = mmx_names_take(&s->client_names, &client);
		if (!ret) {
			ret = create_client(s, client);
			if (ret)
				mmx_names_give(&s->client_names, client);
			else
				priv->client = client;
		}
	}
	*ret_client = priv->client;
	mutex_unlock(&priv->client_lock);
	return ret;
}

int mmx_file_open(struct drm_device *drm, struct drm_file *file)
{
	struct mmx_device *dev = mmx_device_from(drm);
	struct mmx_file *priv;

	if (mmx_session_is_dead(&dev->session))
		return -ENODEV;
	priv = kzalloc(sizeof(*priv), GFP_KERNEL);
	if (!priv)
		return -ENOMEM;
	priv->dev = dev;
	mutex_init(&priv->client_lock);
	priv->mmio_offset =
		in_compat_syscall() ? PAN_USER_MMIO_OFFSET_32BIT : PAN_USER_MMIO_OFFSET_64BIT;
	xa_init_flags(&priv->vms, XA_FLAGS_ALLOC1);
	xa_init_flags(&priv->groups, XA_FLAGS_ALLOC1);
	file->driver_priv = priv;
	return 0;
}

void mmx_file_close(struct drm_device *drm, struct drm_file *file)
{
	struct mmx_device *dev = mmx_device_from(drm);
	struct mmx_file *priv = file->driver_priv;
	struct mmx_group *group;
	struct mmx_vm *vm;
	unsigned long id;

	xa_for_each(&priv->groups, id, group)
		mmx_group_close(group);
	xa_for_each(&priv->vms, id, vm)
		mmx_vm_close(vm);
	if (priv->client)
		mmx_call_object(&dev->session, MMX_MSG_CLIENT_DESTROY, priv->client);
	xa_for_each(&priv->groups, id, group) {
		mmx_group_retire(group);
		mmx_group_put(group);
	}
	xa_for_each(&priv->vms, id, vm) {
		mmx_vm_retire(vm);
		mmx_vm_put(vm);
	}
	xa_destroy(&priv->groups);
	xa_destroy(&priv->vms);
	mmx_names_give(&dev->session.client_names, priv->client);
	mutex_destroy(&priv->client_lock);
	kfree(priv);
}

bool mmx_file_may_raise(struct drm_file *file)
{
	return capable(CAP_SYS_NICE) || drm_is_current_master(file);
}

/* ---- fdinfo ---- */

void mmx_file_show(struct drm_printer *p, struct drm_file *file)
{
	struct mmx_file *priv = file->driver_priv;
	u64 time_ns = atomic64_read(&priv->gpu_time_ns);
	struct mmx_group *group;
	unsigned long handle;

	xa_lock(&priv->groups);
	xa_for_each(&priv->groups, handle, group)
		time_ns += mmx_group_gpu_time_ns(group);
	xa_unlock(&priv->groups);
	drm_printf(p, "drm-engine-panthor:\t%llu ns\n", time_ns);
	drm_show_memory_stats(p, file);
}

/* ---- mappings ---- */

static vm_fault_t flush_fault(struct vm_fault *vmf)
{
	struct mmx_device *dev = vmf->vma->vm_private_data;

	get_page(dev->flush_page);
	vmf->page = dev->flush_page;
	return 0;
}

/* The file, which the mapping holds, holds the device. */
static const struct vm_operations_struct flush_vm_ops = {
	.fault = flush_fault,
};

static int mmap_flush_page(struct mmx_file *priv, struct vm_area_struct *vma, u64 offset)
{
	const struct mmx_uapi_map map = {
		.offset = offset,
		.size = vma->vm_end - vma->vm_start,
		.shared = vma->vm_flags & VM_SHARED,
		.write_or_exec = vma->vm_flags & (VM_WRITE | VM_EXEC),
	};
	int ret = mmx_uapi_check_mmio_map(&map, priv->mmio_offset, PAGE_SIZE);

	if (ret)
		return ret;
	vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP, VM_MAYWRITE | VM_MAYEXEC);
	vma->vm_ops = &flush_vm_ops;
	vma->vm_private_data = priv->dev;
	return 0;
}

int mmx_file_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct drm_file *file = filp->private_data;
	struct mmx_file *priv = file->driver_priv;
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;

	if (offset >= READ_ONCE(priv->mmio_offset))
		return mmap_flush_page(priv, vma, offset);
	return drm_gem_mmap(filp, vma);
}

int mmx_ioctl_set_user_mmio_offset(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct pan_set_user_mmio_offset *args = data;
	struct mmx_file *priv = file->driver_priv;
	int ret = mmx_uapi_check_user_mmio_offset(args);

	if (!ret)
		WRITE_ONCE(priv->mmio_offset, args->offset);
	return ret;
}
