// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Address spaces: creation, destruction, state. Binds are in bind.c.
 */
#include "frontend/linux/vm.h"

#include <drm/drm_drv.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "frontend/linux/drv.h"

struct mmx_vm *mmx_vm_find(struct mmx_file *file, u32 id)
{
	struct mmx_vm *vm;

	xa_lock(&file->vms);
	vm = xa_load(&file->vms, id);
	if (vm)
		mmx_vm_get(vm);
	xa_unlock(&file->vms);
	return vm;
}

void mmx_vm_get(struct mmx_vm *vm)
{
	kref_get(&vm->ref);
}

/* By work: the last reference may be that of a job, which the VM's own scheduler frees. */
static void release_work(struct work_struct *work)
{
	struct mmx_vm *vm = container_of(work, struct mmx_vm, release_work);
	struct drm_device *drm = &vm->dev->drm;

	mmx_queue_finish(&vm->queue);
	xa_destroy(&vm->heaps);
	mutex_destroy(&vm->heap_lock);
	mutex_destroy(&vm->lock);
	kfree(vm);
	drm_dev_put(drm);
	module_put(THIS_MODULE);
}

static void release(struct kref *ref)
{
	struct mmx_vm *vm = container_of(ref, struct mmx_vm, ref);

	queue_work(mmx_wq, &vm->release_work);
}

void mmx_vm_put(struct mmx_vm *vm)
{
	kref_put(&vm->ref, release);
}

static struct mmx_vm *new_vm(struct mmx_device *dev)
{
	struct mmx_vm *vm = kzalloc(sizeof(*vm), GFP_KERNEL);
	int ret;

	if (!vm)
		return ERR_PTR(-ENOMEM);
	/* a file of ours is open, so this is one more reference */
	__module_get(THIS_MODULE);
	drm_dev_get(&dev->drm);
	kref_init(&vm->ref);
	INIT_WORK(&vm->release_work, release_work);
	vm->dev = dev;
	mutex_init(&vm->lock);
	mutex_init(&vm->heap_lock);
	xa_init_flags(&vm->heaps, XA_FLAGS_ALLOC);
	ret = mmx_queue_init(&vm->queue, &dev->session, dev->drm.dev);
	if (ret) {
		mmx_vm_put(vm);
		return ERR_PTR(ret);
	}
	return vm;
}

/* Return: 0 when the backend has it, with a name. */
static int create(struct mmx_vm *vm, u32 client)
{
	struct mmx_session *s = &vm->dev->session;
	struct mmx_call *call;
	u32 name;
	int ret;

	ret = mmx_names_take(&s->vm_names, &name);
	if (ret)
		return ret;
	call = mmx_call_begin(s, MMX_MSG_VM_CREATE);
	if (IS_ERR(call)) {
		ret = PTR_ERR(call);
		goto err_name;
	}
	ret = mmx_call_run(call, mmx_encode_vm_create(&call->buf, call->tag, client, name,
						      vm->queue.timeline->name, vm->user_va_range));
	/* heaps are beyond what the guest was told, at least */
	if (!ret && call->reply.user_va_range < vm->user_va_range) {
		mmx_session_end(s, "the backend breaks the protocol");
		ret = -ENODEV;
	}
	mmx_call_free(call);
	if (ret)
		goto err_name;
	vm->name = name;
	return 0;

err_name:
	mmx_names_give(&s->vm_names, name);
	return ret == -ENOSPC ? -ENOMEM : ret;
}

void mmx_vm_close(struct mmx_vm *vm)
{
	mmx_timeline_close(vm->queue.timeline);
}

void mmx_vm_retire(struct mmx_vm *vm)
{
	mmx_timeline_retire(vm->queue.timeline, -ECANCELED);
	mmx_heaps_retire(vm);
	mmx_names_give(&vm->dev->session.vm_names, vm->name);
}

static void destroy(struct mmx_vm *vm)
{
	mmx_vm_close(vm);
	mmx_call_object(&vm->dev->session, MMX_MSG_VM_DESTROY, vm->name);
	mmx_vm_retire(vm);
}

int mmx_ioctl_vm_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct mmx_device *dev = mmx_device_from(drm);
	struct mmx_file *priv = file->driver_priv;
	struct pan_vm_create *args = data;
	struct mmx_vm *vm;
	u32 id, client;
	u64 range;
	int ret;

	ret = mmx_uapi_check_vm_create(args, dev->gpu.va_bits, TASK_SIZE, &range);
	if (ret)
		return ret;
	/* reserved: nobody finds it, nor destroys it, before there is a VM */
	ret = xa_alloc(&priv->vms, &id, NULL, XA_LIMIT(1, MMX_UAPI_MAX_VMS), GFP_KERNEL);
	if (ret)
		return ret;
	ret = mmx_file_client(priv, &client);
	if (ret)
		goto err_id;
	vm = new_vm(dev);
	if (IS_ERR(vm)) {
		ret = PTR_ERR(vm);
		goto err_id;
	}
	vm->user_va_range = range;
	ret = create(vm, client);
	if (ret)
		goto err_put;
	args->id = id;
	args->user_va_range = range;
	xa_store(&priv->vms, id, vm, GFP_KERNEL);
	return 0;

err_put:
	mmx_vm_put(vm);
err_id:
	xa_release(&priv->vms, id);
	return ret;
}

int mmx_ioctl_vm_destroy(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct mmx_file *priv = file->driver_priv;
	struct pan_vm_destroy *args = data;
	struct mmx_vm *vm;
	int ret;

	ret = mmx_uapi_check_vm_destroy(args);
	if (ret)
		return ret;
	xa_lock(&priv->vms);
	vm = xa_load(&priv->vms, args->id);
	if (vm)
		__xa_erase(&priv->vms, args->id);
	xa_unlock(&priv->vms);
	if (!vm)
		return -EINVAL;
	destroy(vm);
	mmx_vm_put(vm);
	return 0;
}

int mmx_vm_ask_state(struct mmx_vm *vm)
{
	struct mmx_call *call = mmx_call_begin(&vm->dev->session, MMX_MSG_VM_GET_STATE);
	int ret;

	if (IS_ERR(call))
		return PTR_ERR(call);
	ret = mmx_call_run(
		call, mmx_encode_object(&call->buf, call->tag, MMX_MSG_VM_GET_STATE, vm->name));
	if (!ret)
		ret = call->reply.vm_state != MMX_VM_STATE_USABLE;
	mmx_call_free(call);
	return ret;
}

int mmx_ioctl_vm_get_state(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct pan_vm_get_state *args = data;
	struct mmx_vm *vm = mmx_vm_find(file->driver_priv, args->vm_id);
	int ret;

	if (!vm)
		return -EINVAL;
	ret = mmx_vm_ask_state(vm);
	mmx_vm_put(vm);
	if (ret < 0)
		return ret == -ENOENT ? -EINVAL : ret;
	args->state = ret ? PAN_VM_UNUSABLE : PAN_VM_USABLE;
	return 0;
}
