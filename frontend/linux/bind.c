// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * VM_BIND. Synchronous ops go to the backend in as few messages as hold them; what the GPU knows is as it should be when
 * the answer has come. Asynchronous ones are jobs of the VM's queue, one for each op.
 *
 * An op that is wrong ends a synchronous call where it stands, and those before it stay; it refuses an asynchronous one
 * as a whole.
 */
#include <linux/slab.h>

#include "frontend/linux/drv.h"
#include "frontend/linux/gem.h"
#include "frontend/linux/submit.h"
#include "frontend/linux/vm.h"

/*
 * Checks an op. Return: 0, with @ret_obj NULL or the buffer that it maps, a reference; -EINVAL
 */
static int check_op(struct mmx_vm *vm, struct drm_file *file, const struct pan_vm_bind_op *op,
		    bool async, enum mmx_uapi_bind *ret_bind, struct drm_gem_object **ret_obj)
{
	struct drm_gem_object *obj;
	int ret;

	*ret_obj = NULL;
	ret = mmx_uapi_check_bind_op(op, async, vm->user_va_range, ret_bind);
	if (ret || *ret_bind != MMX_UAPI_BIND_MAP)
		return ret;
	obj = drm_gem_object_lookup(file, op->bo_handle);
	if (!obj)
		return -EINVAL;
	ret = mmx_uapi_check_bind_map(
		op, obj->size, mmx_bo_from(obj)->exclusive && mmx_bo_from(obj)->exclusive != vm);
	if (ret)
		drm_gem_object_put(obj);
	else
		*ret_obj = obj;
	return ret;
}

static void fill_op(const struct pan_vm_bind_op *op, enum mmx_uapi_bind bind,
		    struct drm_gem_object *obj, struct mmx_bind_op *ret_op)
{
	mmx_uapi_fill_bind(op, bind, obj ? mmx_bo_from(obj)->mem->name : 0, ret_op);
}

/* ---- at once ---- */

/* Ops that have been checked, on their way. */
struct sync_binds {
	u32 count, max;
	u32 index[MMX_BIND_MAX_OPS]; /* of the caller's op */
	struct drm_gem_object *objs[MMX_BIND_MAX_OPS];
	struct mmx_bind_op ops[MMX_BIND_MAX_OPS];
};

/* Why the backend does not know what an op names: the buffer, or the VM, that was there a moment ago. */
static int what_is_missing(const struct sync_binds *binds, u32 op)
{
	const struct drm_gem_object *obj = op < binds->count ? binds->objs[op] : NULL;

	return obj && READ_ONCE(container_of(obj, struct mmx_bo, base)->mem->refused) ? -ENOMEM
										      : -EINVAL;
}

/* @ret_failed: which of the caller's ops, if one has */
static int send_binds(struct mmx_vm *vm, struct sync_binds *binds, u32 *ret_failed)
{
	struct mmx_call *call;
	int ret = 0;
	u32 i;

	if (!binds->count)
		return 0;
	*ret_failed = binds->index[0];
	call = mmx_call_begin(&vm->dev->session, MMX_MSG_VM_BIND);
	if (IS_ERR(call)) {
		ret = PTR_ERR(call);
	} else {
		ret = mmx_call_run(call, mmx_encode_vm_bind(&call->buf, call->tag, vm->name,
							    binds->ops, binds->count));
		if (ret == -ENOENT)
			ret = what_is_missing(binds, call->reply.vm_bind_op);
		else if (ret == -ENOSPC)
			ret = -ENOMEM;
		if (ret && call->reply.vm_bind_op < binds->count)
			*ret_failed = binds->index[call->reply.vm_bind_op];
		mmx_call_free(call);
	}
	for (i = 0; i < binds->count; i++)
		if (binds->objs[i])
			drm_gem_object_put(binds->objs[i]);
	binds->count = 0;
	return ret;
}

static int bind_sync(struct mmx_vm *vm, struct drm_file *file, struct pan_vm_bind *args,
		     const struct pan_vm_bind_op *ops)
{
	struct sync_binds *binds = kmalloc(sizeof(*binds), GFP_KERNEL);
	u32 i, failed = 0, count = args->ops.count;
	enum mmx_uapi_bind bind;
	int ret = 0, bad = 0;

	if (!binds)
		return -ENOMEM;
	binds->count = 0;
	binds->max = vm->dev->session.limits.max_bind_ops;
	for (i = 0; i < count && !ret; i++) {
		bad = check_op(vm, file, &ops[i], false, &bind, &binds->objs[binds->count]);
		if (bad)
			break;
		if (bind == MMX_UAPI_BIND_NOTHING)
			continue;
		binds->index[binds->count] = i;
		fill_op(&ops[i], bind, binds->objs[binds->count], &binds->ops[binds->count]);
		if (++binds->count == binds->max)
			ret = send_binds(vm, binds, &failed);
		cond_resched();
	}
	if (!ret)
		ret = send_binds(vm, binds, &failed);
	if (!ret && bad) {
		ret = bad;
		failed = i;
	}
	if (ret)
		args->ops.count = failed;
	kfree(binds);
	return ret;
}

/* ---- in the VM's queue ---- */

struct bind_job {
	struct mmx_job base;
	struct mmx_vm *vm;
	struct drm_gem_object *obj; /* may be NULL */
	struct mmx_bind_op op;
	u32 op_count; /* 0 or 1 */
};

static int encode(struct mmx_job *base, union mmx_msg_buf *buf, u32 tag, u64 seqno,
		  const struct mmx_wait *waits, u32 wait_count)
{
	struct bind_job *job = container_of(base, struct bind_job, base);

	return mmx_encode_vm_bind_async(buf, tag, job->vm->name, seqno, &job->op, job->op_count,
					waits, wait_count);
}

static void release(struct mmx_job *base)
{
	struct bind_job *job = container_of(base, struct bind_job, base);

	if (job->obj)
		drm_gem_object_put(job->obj);
	mmx_vm_put(job->vm);
}

static const struct mmx_job_ops bind_job_ops = {
	.encode = encode,
	.release = release,
};

static_assert(offsetof(struct bind_job, base) == 0);

static int add_bind(struct mmx_batch *batch, struct mmx_vm *vm, struct drm_file *file,
		    const struct pan_vm_bind_op *op)
{
	struct drm_gem_object *obj;
	enum mmx_uapi_bind bind;
	struct bind_job *job;
	int ret;

	ret = check_op(vm, file, op, true, &bind, &obj);
	if (ret)
		return ret;
	job = kzalloc(sizeof(*job), GFP_KERNEL_ACCOUNT);
	if (!job) {
		if (obj)
			drm_gem_object_put(obj);
		return -ENOMEM;
	}
	mmx_vm_get(vm);
	job->vm = vm;
	job->obj = obj;
	if (bind != MMX_UAPI_BIND_SYNC) {
		fill_op(op, bind, obj, &job->op);
		job->op_count = 1;
	}
	ret = mmx_job_init(&job->base, &bind_job_ops, &vm->queue, file->client_id);
	return ret ? ret : mmx_batch_add(batch, &job->base, &op->syncs);
}

/* A bind that has failed may have made the VM unusable: then it is known from here on. */
static bool is_unusable(struct mmx_vm *vm)
{
	struct mmx_timeline *timeline = vm->queue.timeline;

	if (!vm->unusable && READ_ONCE(timeline->failed)) {
		WRITE_ONCE(timeline->failed, false);
		if (mmx_vm_ask_state(vm))
			vm->unusable = true;
	}
	return vm->unusable;
}

static int bind_async(struct mmx_vm *vm, struct drm_file *file, const struct pan_vm_bind *args,
		      const struct pan_vm_bind_op *ops)
{
	struct mmx_batch *batch;
	int ret = 0;
	u32 i;

	if (mmx_session_is_dead(&vm->dev->session))
		return -ENODEV;
	if (is_unusable(vm))
		return -EINVAL;
	batch = mmx_batch_create(file, args->ops.count);
	if (!batch)
		return -ENOMEM;
	for (i = 0; i < args->ops.count && !ret; i++) {
		ret = add_bind(batch, vm, file, &ops[i]);
		cond_resched();
	}
	if (!ret)
		ret = mmx_batch_push(batch, &vm->lock);
	mmx_batch_free(batch);
	return ret;
}

int mmx_ioctl_vm_bind(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct pan_vm_bind *args = data;
	struct pan_vm_bind_op *ops;
	struct mmx_vm *vm;
	int ret;

	vm = mmx_vm_find(file->driver_priv, args->vm_id);
	if (!vm)
		return -EINVAL;
	ops = mmx_copy_array(&args->ops, PAN_VM_BIND_OP_MIN_SIZE, sizeof(*ops));
	if (IS_ERR_OR_NULL(ops))
		ret = PTR_ERR_OR_ZERO(ops);
	else if (args->flags & PAN_VM_BIND_ASYNC)
		ret = bind_async(vm, file, args, ops);
	else
		ret = bind_sync(vm, file, args, ops);
	if (!IS_ERR(ops))
		kvfree(ops);
	mmx_vm_put(vm);
	return ret;
}
