// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Groups: creation, destruction, state, submission.
 *
 * Whether a group still takes jobs is the backend's to know. It is asked again when a job of the group has failed, or a
 * fault of any group was told since: a submission to a group that is lost has to be refused at once.
 */
#include "frontend/linux/group.h"

#include <drm/drm_drv.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "frontend/core/names.h"
#include "frontend/linux/drv.h"
#include "frontend/linux/submit.h"
#include "frontend/linux/vm.h"

static struct mmx_group *find(struct mmx_file *file, u32 handle)
{
	struct mmx_group *group;

	xa_lock(&file->groups);
	group = xa_load(&file->groups, handle);
	if (group)
		kref_get(&group->ref);
	xa_unlock(&file->groups);
	return group;
}

/* By work: the last reference may be that of a job, which the group's own scheduler frees. */
static void release_work(struct work_struct *work)
{
	struct mmx_group *group = container_of(work, struct mmx_group, release_work);
	struct drm_device *drm = &group->dev->drm;
	u32 i;

	for (i = 0; i < group->queue_count; i++)
		mmx_queue_finish(&group->queues[i]);
	mmx_vm_put(group->vm);
	mutex_destroy(&group->lock);
	kvfree(group);
	drm_dev_put(drm);
	module_put(THIS_MODULE);
}

static void release(struct kref *ref)
{
	struct mmx_group *group = container_of(ref, struct mmx_group, ref);

	queue_work(mmx_wq, &group->release_work);
}

void mmx_group_put(struct mmx_group *group)
{
	kref_put(&group->ref, release);
}

/* Takes the VM over, also if this fails. */
static struct mmx_group *new_group(struct mmx_device *dev, struct mmx_vm *vm, u32 queue_count)
{
	struct mmx_group *group;
	int ret;
	u32 i;

	group = kvzalloc(struct_size(group, queues, queue_count), GFP_KERNEL);
	if (!group) {
		mmx_vm_put(vm);
		return ERR_PTR(-ENOMEM);
	}
	__module_get(THIS_MODULE);
	drm_dev_get(&dev->drm);
	kref_init(&group->ref);
	INIT_WORK(&group->release_work, release_work);
	mutex_init(&group->lock);
	group->dev = dev;
	group->vm = vm;
	group->queue_count = queue_count;
	group->faults = atomic_read(&dev->session.faults);
	for (i = 0; i < queue_count; i++) {
		ret = mmx_queue_init(&group->queues[i], &dev->session, dev->drm.dev);
		if (ret) {
			mmx_group_put(group);
			return ERR_PTR(ret);
		}
	}
	return group;
}

static int send_create(struct mmx_group *group, u32 name, u32 client,
		       const struct pan_group_create *args, const struct pan_queue_create *queues)
{
	struct mmx_session *s = &group->dev->session;
	struct mmx_queue_desc descs[MMX_MAX_QUEUES] = { 0 };
	const struct mmx_group_desc desc = {
		.client = client,
		.vm = group->vm->name,
		.group = name,
		.priority = args->priority,
		.max_compute_cores = args->max_compute_cores,
		.max_fragment_cores = args->max_fragment_cores,
		.max_tiler_cores = args->max_tiler_cores,
		.compute_core_mask = args->compute_core_mask,
		.fragment_core_mask = args->fragment_core_mask,
		.tiler_core_mask = args->tiler_core_mask,
	};
	struct mmx_call *call;
	int ret;
	u32 i;

	call = mmx_call_begin(s, MMX_MSG_GROUP_CREATE);
	if (IS_ERR(call))
		return PTR_ERR(call);
	for (i = 0; i < group->queue_count; i++) {
		descs[i].priority = queues[i].priority;
		descs[i].ring_size = queues[i].ringbuf_size;
		descs[i].timeline = group->queues[i].timeline->name;
	}
	ret = mmx_call_run(call, mmx_encode_group_create(&call->buf, call->tag, &desc, descs,
							 group->queue_count));
	mmx_call_free(call);
	if (ret == -ENOSPC)
		return -ENOMEM;
	/* its VM has gone meanwhile */
	return ret == -ENOENT ? -EINVAL : ret;
}

static int create(struct mmx_group *group, u32 client, const struct pan_group_create *args,
		  const struct pan_queue_create *queues)
{
	struct mmx_names *names = &group->dev->session.group_names;
	u32 name;
	int ret;

	ret = mmx_names_take(names, &name);
	if (ret)
		return ret;
	ret = send_create(group, name, client, args, queues);
	if (ret)
		mmx_names_give(names, name);
	else
		group->name = name;
	return ret;
}

static int check_queues(const struct pan_queue_create *queues, u32 count)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < count && !ret; i++)
		ret = mmx_uapi_check_queue(&queues[i]);
	return ret;
}

/* @vm: taken over. @args have been checked. */
static int add_group(struct mmx_device *dev, struct mmx_file *file, struct mmx_vm *vm,
		     struct pan_group_create *args, const struct pan_queue_create *queues)
{
	struct mmx_group *group;
	u32 handle;
	int ret;

	/* reserved: nobody finds it, nor destroys it, before there is a group */
	ret = xa_alloc(&file->groups, &handle, NULL, XA_LIMIT(1, MMX_UAPI_MAX_GROUPS), GFP_KERNEL);
	if (ret) {
		mmx_vm_put(vm);
		return ret;
	}
	group = new_group(dev, vm, args->queues.count);
	if (IS_ERR(group)) {
		ret = PTR_ERR(group);
		goto err_handle;
	}
	ret = check_queues(queues, args->queues.count);
	if (!ret)
		ret = create(group, file->client, args, queues);
	if (ret)
		goto err_put;
	args->group_handle = handle;
	xa_store(&file->groups, handle, group, GFP_KERNEL);
	return 0;

err_put:
	mmx_group_put(group);
err_handle:
	xa_release(&file->groups, handle);
	return ret;
}

int mmx_ioctl_group_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct mmx_device *dev = mmx_device_from(drm);
	struct pan_group_create *args = data;
	struct pan_queue_create *queues;
	struct mmx_vm *vm;
	int ret;

	ret = mmx_uapi_check_group_queues(args);
	if (ret)
		return ret;
	queues = mmx_copy_array(&args->queues, PAN_QUEUE_CREATE_MIN_SIZE, sizeof(*queues));
	if (IS_ERR(queues))
		return PTR_ERR(queues);
	ret = mmx_uapi_check_group(args, &dev->gpu, mmx_file_may_raise(file));
	if (ret)
		goto out;
	vm = mmx_vm_find(file->driver_priv, args->vm_id);
	ret = vm ? add_group(dev, file->driver_priv, vm, args, queues) : -EINVAL;
out:
	kvfree(queues);
	return ret;
}

u64 mmx_group_gpu_time_ns(const struct mmx_group *group)
{
	struct mmx_session *s = &group->dev->session;
	u32 name = group->queues[0].timeline->name;
	struct mmx_timeline_view view;

	/* that of the group, in any of its timelines */
	mmx_front_session_timeline(&s->ends, mmx_name_index(name), &view);
	return view.name == name ? view.gpu_time_ns : 0;
}

void mmx_group_close(struct mmx_group *group)
{
	u32 i;

	for (i = 0; i < group->queue_count; i++)
		mmx_timeline_close(group->queues[i].timeline);
}

void mmx_group_retire(struct mmx_group *group)
{
	u32 i;

	for (i = 0; i < group->queue_count; i++)
		mmx_timeline_retire(group->queues[i].timeline, -ECANCELED);
	mmx_names_give(&group->dev->session.group_names, group->name);
}

int mmx_ioctl_group_destroy(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct mmx_file *priv = file->driver_priv;
	struct pan_group_destroy *args = data;
	struct mmx_group *group;
	int ret;

	ret = mmx_uapi_check_group_destroy(args);
	if (ret)
		return ret;
	xa_lock(&priv->groups);
	group = xa_load(&priv->groups, args->group_handle);
	if (group)
		__xa_erase(&priv->groups, args->group_handle);
	xa_unlock(&priv->groups);
	if (!group)
		return -EINVAL;
	mmx_group_close(group);
	atomic64_add(mmx_group_gpu_time_ns(group), &priv->gpu_time_ns);
	mmx_call_object(&group->dev->session, MMX_MSG_GROUP_DESTROY, group->name);
	mmx_group_retire(group);
	mmx_group_put(group);
	return 0;
}

static int ask_state(struct mmx_group *group, u32 *ret_state, u32 *ret_fatal_queues)
{
	struct mmx_call *call = mmx_call_begin(&group->dev->session, MMX_MSG_GROUP_GET_STATE);
	int ret;

	if (IS_ERR(call))
		return PTR_ERR(call);
	ret = mmx_call_run(call, mmx_encode_object(&call->buf, call->tag, MMX_MSG_GROUP_GET_STATE,
						   group->name));
	*ret_state = call->reply.group.state;
	*ret_fatal_queues = call->reply.group.fatal_queues;
	mmx_call_free(call);
	return ret == -ENOENT ? -EINVAL : ret;
}

int mmx_ioctl_group_get_state(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct pan_group_get_state *args = data;
	struct mmx_group *group;
	u32 state, fatal_queues;
	int ret;

	ret = mmx_uapi_check_group_get_state(args);
	if (ret)
		return ret;
	group = find(file->driver_priv, args->group_handle);
	if (!group)
		return -EINVAL;
	ret = ask_state(group, &state, &fatal_queues);
	if (!ret)
		mmx_uapi_fill_group_state(state, fatal_queues, group->queue_count, args);
	mmx_group_put(group);
	return ret;
}

/* ---- submission ---- */

struct stream_job {
	struct mmx_job base;
	struct mmx_group *group;
	struct mmx_job_desc desc;
};

static int encode(struct mmx_job *base, union mmx_msg_buf *buf, u32 tag, u64 seqno,
		  const struct mmx_wait *waits, u32 wait_count)
{
	struct stream_job *job = container_of(base, struct stream_job, base);
	struct mmx_job_desc desc = job->desc;

	desc.seqno = seqno;
	return mmx_encode_submit(buf, tag, &desc, waits, wait_count);
}

static void release_job(struct mmx_job *base)
{
	mmx_group_put(container_of(base, struct stream_job, base)->group);
}

static const struct mmx_job_ops stream_job_ops = {
	.encode = encode,
	.release = release_job,
};

static_assert(offsetof(struct stream_job, base) == 0);

static bool has_failed(struct mmx_group *group)
{
	bool failed = false;
	u32 i;

	for (i = 0; i < group->queue_count; i++) {
		if (!READ_ONCE(group->queues[i].timeline->failed))
			continue;
		WRITE_ONCE(group->queues[i].timeline->failed, false);
		failed = true;
	}
	return failed;
}

static bool is_runnable(struct mmx_group *group)
{
	int faults = atomic_read(&group->dev->session.faults);
	u32 state, fatal_queues;
	bool dead;

	mutex_lock(&group->lock);
	if (!group->dead && (has_failed(group) || faults != group->faults)) {
		group->faults = faults;
		if (ask_state(group, &state, &fatal_queues) || state)
			group->dead = true;
	}
	dead = group->dead;
	mutex_unlock(&group->lock);
	return !dead;
}

static int add_job(struct mmx_batch *batch, struct drm_file *file, struct mmx_group *group,
		   const struct pan_queue_submit *submit, bool runnable)
{
	struct stream_job *job;
	int ret;

	ret = mmx_uapi_check_submit(submit);
	if (!ret)
		ret = mmx_uapi_check_submit_queue(submit, group->queue_count, runnable);
	if (ret)
		return ret;
	job = kzalloc(sizeof(*job), GFP_KERNEL_ACCOUNT);
	if (!job)
		return -ENOMEM;
	kref_get(&group->ref);
	job->group = group;
	job->desc = (struct mmx_job_desc){
		.group = group->name,
		.queue = submit->queue_index,
		.stream_addr = submit->stream_addr,
		.stream_size = submit->stream_size,
		.latest_flush = submit->latest_flush,
	};
	ret = mmx_job_init(&job->base, &stream_job_ops, &group->queues[submit->queue_index],
			   file->client_id);
	return ret ? ret : mmx_batch_add(batch, &job->base, &submit->syncs);
}

static int submit_to(struct mmx_group *group, struct drm_file *file,
		     const struct pan_queue_submit *submits, u32 count)
{
	struct mmx_batch *batch = mmx_batch_create(file, count);
	bool runnable = is_runnable(group);
	int ret = 0;
	u32 i;

	if (!batch)
		return -ENOMEM;
	for (i = 0; i < count && !ret; i++) {
		ret = add_job(batch, file, group, &submits[i], runnable);
		cond_resched();
	}
	if (!ret)
		ret = mmx_batch_push(batch, &group->lock);
	mmx_batch_free(batch);
	return ret;
}

int mmx_ioctl_group_submit(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct pan_group_submit *args = data;
	struct pan_queue_submit *submits;
	struct mmx_group *group;
	int ret;

	ret = mmx_uapi_check_group_submit(args);
	if (ret)
		return ret;
	if (mmx_session_is_dead(&mmx_device_from(drm)->session))
		return -ENODEV;
	submits = mmx_copy_array(&args->queue_submits, PAN_QUEUE_SUBMIT_MIN_SIZE, sizeof(*submits));
	if (IS_ERR_OR_NULL(submits))
		return PTR_ERR_OR_ZERO(submits);
	group = find(file->driver_priv, mmx_uapi_submit_handle(args));
	if (group) {
		ret = submit_to(group, file, submits, args->queue_submits.count);
		mmx_group_put(group);
	} else {
		ret = -EINVAL;
	}
	kvfree(submits);
	return ret;
}
