// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Clients, VMs and groups of a guest: synchronous calls that create and destroy them.
 *
 * What the backend has, guest->vms and guest->groups list: a name is freed when the destruction of
 * its object, or of its client, was answered.
 */
#include "frontend/user/guest_priv.h"

#include <errno.h>
#include <time.h>
#include <stdlib.h>
#include <unistd.h>

#include "frontend/core/names.h"

#define DEFAULT_RING_SIZE 65536u

int mmx_guest_client_create(struct mmx_guest *guest, const char *name, uint32_t *ret_client)
{
	struct mmx_waiter waiter = { 0 };
	uint32_t client, tag;
	int ret;

	ret = mmx_idspace_take(&guest->client_ids, &client);
	if (ret)
		return ret;
	ret = mmx_call_begin(guest, &waiter, MMX_MSG_CLIENT_CREATE, &tag);
	if (!ret)
		ret = mmx_call_send(guest, tag,
				    mmx_encode_client_create(&guest->out, tag, client,
							     (uint32_t)getpid(), name));
	if (!ret)
		ret = mmx_call_finish(guest, &waiter);
	if (ret) {
		mmx_idspace_undo(&guest->client_ids, client, ret);
		return ret;
	}
	*ret_client = client;
	return 0;
}

void mmx_guest_vm_free(struct mmx_guest *guest, uint32_t index)
{
	uint32_t name = mmx_name_make(index, guest->vm_ids.generations[index]);

	mmx_heaps_free(guest, name);
	mmx_guest_timeline_destroy(guest, guest->vms[index]->timeline, 0);
	free(guest->vms[index]);
	guest->vms[index] = NULL;
	mmx_idspace_free(&guest->vm_ids, name);
}

int mmx_guest_client_destroy(struct mmx_guest *guest, uint32_t client)
{
	uint32_t i;
	int ret;

	if (!mmx_idspace_has(&guest->client_ids, client))
		return -ENOENT;
	ret = mmx_call_object(guest, MMX_MSG_CLIENT_DESTROY, client, NULL);
	if (ret)
		return ret;
	for (i = 0; i < guest->limits.max_groups; i++)
		if (guest->groups[i] && guest->groups[i]->client == client)
			mmx_group_free(guest, guest->groups[i], 0);
	for (i = 0; i < guest->limits.max_vms; i++)
		if (guest->vms[i] && guest->vms[i]->client == client)
			mmx_guest_vm_free(guest, i);
	mmx_idspace_free(&guest->client_ids, client);
	return 0;
}

static int create_vm(struct mmx_guest *guest, uint32_t client, uint64_t user_va_range, bool async,
		     uint32_t *ret_vm)
{
	struct mmx_waiter waiter = { 0 };
	struct mmx_vm *vm;
	uint32_t name, tag;
	int ret;

	if (!mmx_idspace_has(&guest->client_ids, client))
		return -ENOENT;
	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return -ENOMEM;
	vm->client = client;
	ret = mmx_idspace_take(&guest->vm_ids, &name);
	if (ret)
		goto err_free;
	if (async)
		ret = mmx_guest_timeline_create(guest, &vm->timeline);
	if (!ret)
		ret = mmx_call_begin(guest, &waiter, MMX_MSG_VM_CREATE, &tag);
	if (!ret)
		ret = mmx_call_send(guest, tag,
				    mmx_encode_vm_create(&guest->out, tag, client, name,
							 vm->timeline ? vm->timeline->name : 0,
							 user_va_range));
	if (!ret)
		ret = mmx_call_finish(guest, &waiter);
	if (ret)
		goto err_undo;
	guest->vms[mmx_name_index(name)] = vm;
	*ret_vm = name;
	return 0;

err_undo:
	mmx_guest_timeline_destroy(guest, vm->timeline, ret);
	mmx_idspace_undo(&guest->vm_ids, name, ret);
err_free:
	free(vm);
	return ret;
}

int mmx_guest_vm_create(struct mmx_guest *guest, uint32_t client, uint64_t user_va_range,
			uint32_t *ret_vm)
{
	return create_vm(guest, client, user_va_range, false, ret_vm);
}

int mmx_guest_vm_create_async(struct mmx_guest *guest, uint32_t client, uint64_t user_va_range,
			      uint32_t *ret_vm)
{
	return create_vm(guest, client, user_va_range, true, ret_vm);
}

int mmx_guest_vm_get_state(struct mmx_guest *guest, uint32_t vm, uint32_t *ret_state)
{
	struct mmx_decoded_reply reply;
	int ret;

	if (!mmx_idspace_has(&guest->vm_ids, vm))
		return -ENOENT;
	ret = mmx_call_object(guest, MMX_MSG_VM_GET_STATE, vm, &reply);
	if (!ret)
		*ret_state = reply.vm_state;
	return ret;
}

int mmx_guest_vm_destroy(struct mmx_guest *guest, uint32_t vm)
{
	int ret;

	if (!mmx_idspace_has(&guest->vm_ids, vm))
		return -ENOENT;
	ret = mmx_call_object(guest, MMX_MSG_VM_DESTROY, vm, NULL);
	if (!ret)
		mmx_guest_vm_free(guest, mmx_name_index(vm));
	return ret;
}

static int vm_bind(struct mmx_guest *guest, uint32_t vm, const struct mmx_bind_op *op)
{
	struct mmx_waiter waiter = { 0 };
	uint32_t tag;
	int ret;

	if (!mmx_idspace_has(&guest->vm_ids, vm))
		return -ENOENT;
	ret = mmx_call_begin(guest, &waiter, MMX_MSG_VM_BIND, &tag);
	if (!ret)
		ret = mmx_call_send(guest, tag, mmx_encode_vm_bind(&guest->out, tag, vm, op, 1));
	return ret ? ret : mmx_call_finish(guest, &waiter);
}

int mmx_guest_vm_map(struct mmx_guest *guest, uint32_t vm, struct mmx_mem *mem, uint64_t offset,
		     uint64_t va, uint64_t size, uint32_t flags)
{
	const struct mmx_bind_op op = {
		.op = MMX_BIND_OP_MAP,
		.flags = flags,
		.mem = mem->name,
		.mem_offset = offset,
		.va = va,
		.size = size,
	};

	return vm_bind(guest, vm, &op);
}

int mmx_guest_vm_unmap(struct mmx_guest *guest, uint32_t vm, uint64_t va, uint64_t size)
{
	return vm_bind(guest, vm,
		       &(struct mmx_bind_op){ .op = MMX_BIND_OP_UNMAP, .va = va, .size = size });
}

void mmx_group_free(struct mmx_guest *guest, struct mmx_group *group, int error)
{
	unsigned int i;

	for (i = 0; i < group->queue_count; i++)
		mmx_guest_timeline_destroy(guest, group->timelines[i], error);
	guest->groups[mmx_name_index(group->name)] = NULL;
	mmx_idspace_undo(&guest->group_ids, group->name, error);
	free(group);
}

static int new_group(struct mmx_guest *guest, const struct mmx_guest_group_params *params,
		     struct mmx_group **ret_group)
{
	struct mmx_group *group;
	int ret;

	if (!params->queue_count || params->queue_count > guest->limits.max_queues)
		return -EINVAL;
	if (!mmx_idspace_has(&guest->client_ids, params->client) ||
	    !mmx_idspace_has(&guest->vm_ids, params->vm))
		return -ENOENT;
	group = calloc(1, sizeof(*group));
	if (!group)
		return -ENOMEM;
	ret = mmx_idspace_take(&guest->group_ids, &group->name);
	if (ret) {
		free(group);
		return ret;
	}
	guest->groups[mmx_name_index(group->name)] = group;
	group->client = params->client;
	group->vm = params->vm;
	while (group->queue_count < params->queue_count) {
		ret = mmx_guest_timeline_create(guest, &group->timelines[group->queue_count]);
		if (ret) {
			mmx_group_free(guest, group, ret);
			return ret;
		}
		group->queue_count++;
	}
	*ret_group = group;
	return 0;
}

static uint8_t count_bits(uint64_t mask)
{
	return (uint8_t)__builtin_popcountll(mask);
}

static int send_group_create(struct mmx_guest *guest, const struct mmx_group *group,
			     const struct mmx_guest_group_params *params, uint32_t tag)
{
	const uint64_t shaders = guest->gpu.shader_present, tilers = guest->gpu.tiler_present;
	struct mmx_queue_desc queues[MMX_MAX_QUEUES] = { 0 };
	const struct mmx_group_desc desc = {
		.client = group->client,
		.vm = group->vm,
		.group = group->name,
		.priority = params->priority,
		.max_compute_cores = count_bits(shaders),
		.max_fragment_cores = count_bits(shaders),
		.max_tiler_cores = count_bits(tilers),
		.compute_core_mask = shaders,
		.fragment_core_mask = shaders,
		.tiler_core_mask = tilers,
	};
	unsigned int i;

	for (i = 0; i < group->queue_count; i++) {
		queues[i].ring_size = params->ring_size ? params->ring_size : DEFAULT_RING_SIZE;
		queues[i].timeline = group->timelines[i]->name;
	}
	return mmx_call_send(
		guest, tag,
		mmx_encode_group_create(&guest->out, tag, &desc, queues, group->queue_count));
}

int mmx_guest_group_create(struct mmx_guest *guest, const struct mmx_guest_group_params *params,
			   uint32_t *ret_group)
{
	struct mmx_waiter waiter = { 0 };
	struct mmx_group *group;
	uint32_t tag;
	int ret;

	ret = new_group(guest, params, &group);
	if (ret)
		return ret;
	ret = mmx_call_begin(guest, &waiter, MMX_MSG_GROUP_CREATE, &tag);
	if (!ret)
		ret = send_group_create(guest, group, params, tag);
	if (!ret)
		ret = mmx_call_finish(guest, &waiter);
	if (ret) {
		mmx_group_free(guest, group, ret);
		return ret;
	}
	*ret_group = group->name;
	return 0;
}

int mmx_guest_group_destroy(struct mmx_guest *guest, uint32_t group)
{
	int ret;

	if (!mmx_idspace_has(&guest->group_ids, group))
		return -ENOENT;
	ret = mmx_call_object(guest, MMX_MSG_GROUP_DESTROY, group, NULL);
	if (!ret)
		mmx_group_free(guest, guest->groups[mmx_name_index(group)], 0);
	return ret;
}

int mmx_guest_group_get_state(struct mmx_guest *guest, uint32_t group, uint32_t *ret_state,
			      uint32_t *ret_fatal_queues)
{
	struct mmx_decoded_reply reply;
	int ret;

	if (!mmx_idspace_has(&guest->group_ids, group))
		return -ENOENT;
	ret = mmx_call_object(guest, MMX_MSG_GROUP_GET_STATE, group, &reply);
	if (ret)
		return ret;
	*ret_state = reply.group.state;
	*ret_fatal_queues = reply.group.fatal_queues;
	return 0;
}

int mmx_guest_label(struct mmx_guest *guest, enum mmx_label_type type, uint32_t object,
		    const char *label)
{
	struct mmx_waiter waiter = { 0 };
	uint32_t tag;
	int ret;

	/* before it takes a credit: what can't be encoded is the caller's mistake */
	ret = mmx_encode_label(&guest->out, 0, (uint32_t)type, object, label);
	if (ret < 0)
		return ret;
	ret = mmx_call_begin(guest, &waiter, MMX_MSG_LABEL, &tag);
	if (ret)
		return ret;
	ret = mmx_call_send(guest, tag,
			    mmx_encode_label(&guest->out, tag, (uint32_t)type, object, label));
	return ret ? ret : mmx_call_finish(guest, &waiter);
}

int mmx_guest_mem_label(struct mmx_guest *guest, const struct mmx_mem *mem, const char *label)
{
	return mmx_guest_label(guest, MMX_LABEL_MEM, mem->name, label);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int mmx_guest_time(struct mmx_guest *guest, struct mmx_guest_time *ret_time)
{
	struct mmx_waiter waiter = { 0 };
	uint64_t before_ns;
	uint32_t tag;
	int ret;

	ret = mmx_call_begin(guest, &waiter, MMX_MSG_TIME, &tag);
	if (ret)
		return ret;
	before_ns = now_ns();
	ret = mmx_call_send(guest, tag, mmx_encode_time(&guest->out, tag));
	if (!ret)
		ret = mmx_call_finish(guest, &waiter);
	if (ret)
		return ret;
	*ret_time = (struct mmx_guest_time){
		.gpu_timestamp = waiter.reply.time.gpu_timestamp,
		.gpu_timestamp_offset = waiter.reply.time.gpu_timestamp_offset,
		.gpu_timestamp_frequency = waiter.reply.time.gpu_timestamp_frequency,
		.gpu_cycles = waiter.reply.time.gpu_cycles,
		.backend_ns = waiter.reply.time.backend_ns,
		.duration_ns = waiter.reply.time.duration_ns,
		.before_ns = before_ns,
		.after_ns = now_ns(),
	};
	return 0;
}
