// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Tiler heaps: their memory is the backend's, their names hang off the VM.
 */
#include "frontend/linux/drv.h"
#include "frontend/linux/vm.h"

/* Return: 0, with the addresses in @args. */
static int create(struct mmx_vm *vm, u32 name, struct pan_tiler_heap_create *args)
{
	const struct mmx_heap_desc desc = {
		.vm = vm->name,
		.heap = name,
		.initial_chunk_count = args->initial_chunk_count,
		.chunk_size = args->chunk_size,
		.max_chunks = args->max_chunks,
		.target_in_flight = args->target_in_flight,
	};
	struct mmx_call *call = mmx_call_begin(&vm->dev->session, MMX_MSG_HEAP_CREATE);
	int ret;

	if (IS_ERR(call))
		return PTR_ERR(call);
	ret = mmx_call_run(call, mmx_encode_heap_create(&call->buf, call->tag, &desc));
	if (!ret) {
		args->tiler_heap_ctx_gpu_va = call->reply.heap.context_va;
		args->first_heap_chunk_gpu_va = call->reply.heap.first_chunk_va;
	}
	mmx_call_free(call);
	if (ret == -ENOSPC)
		return -ENOMEM;
	/* the VM has gone meanwhile */
	return ret == -ENOENT || ret == -ECANCELED ? -EINVAL : ret;
}

static int create_in(struct mmx_vm *vm, struct pan_tiler_heap_create *args)
{
	struct mmx_session *s = &vm->dev->session;
	u32 name, id;
	int ret;

	vm->has_heaps = true;
	ret = mmx_uapi_check_heap_create(args, PAGE_SIZE);
	if (ret)
		return ret;
	ret = mmx_names_take(&s->heap_names, &name);
	if (ret)
		return ret;
	ret = xa_alloc(&vm->heaps, &id, xa_mk_value(name), XA_LIMIT(0, MMX_UAPI_MAX_HEAPS - 1),
		       GFP_KERNEL);
	if (ret)
		goto err_name;
	ret = create(vm, name, args);
	if (ret)
		goto err_id;
	args->handle = mmx_uapi_heap_handle(args->vm_id, id);
	return 0;

err_id:
	xa_erase(&vm->heaps, id);
err_name:
	mmx_names_give(&s->heap_names, name);
	return ret;
}

int mmx_ioctl_tiler_heap_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct pan_tiler_heap_create *args = data;
	struct mmx_vm *vm = mmx_vm_find(file->driver_priv, args->vm_id);
	int ret;

	if (!vm)
		return -EINVAL;
	mutex_lock(&vm->heap_lock);
	ret = create_in(vm, args);
	mutex_unlock(&vm->heap_lock);
	mmx_vm_put(vm);
	return ret;
}

static int destroy_in(struct mmx_vm *vm, u32 id)
{
	struct mmx_session *s = &vm->dev->session;
	void *entry;
	int ret;

	if (!vm->has_heaps)
		return -ENOENT;
	entry = xa_erase(&vm->heaps, id);
	if (!entry)
		return -EINVAL;
	ret = mmx_call_object(s, MMX_MSG_HEAP_DESTROY, (u32)xa_to_value(entry));
	mmx_names_give(&s->heap_names, (u32)xa_to_value(entry));
	/* it went with its VM */
	return ret == -ENOENT ? 0 : ret;
}

int mmx_ioctl_tiler_heap_destroy(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct pan_tiler_heap_destroy *args = data;
	struct mmx_vm *vm;
	int ret;

	ret = mmx_uapi_check_heap_destroy(args);
	if (ret)
		return ret;
	vm = mmx_vm_find(file->driver_priv, mmx_uapi_heap_vm_id(args->handle));
	if (!vm)
		return -EINVAL;
	mutex_lock(&vm->heap_lock);
	ret = destroy_in(vm, mmx_uapi_heap_id(args->handle));
	mutex_unlock(&vm->heap_lock);
	mmx_vm_put(vm);
	return ret;
}

void mmx_heaps_retire(struct mmx_vm *vm)
{
	unsigned long id;
	void *entry;

	mutex_lock(&vm->heap_lock);
	xa_for_each(&vm->heaps, id, entry) {
		xa_erase(&vm->heaps, id);
		mmx_names_give(&vm->dev->session.heap_names, (u32)xa_to_value(entry));
	}
	mutex_unlock(&vm->heap_lock);
}
