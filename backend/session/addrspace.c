// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * VMs of the guest. What is mapped in them is vma.c's, binds are bind.c's and edit.c's.
 *
 * A VM that the guest has destroyed lives on, nameless: until all of it has been unmapped, by a last bind that was made
 * with it so that it can't fail, and until the last group that runs in it is gone. The request is answered, and the
 * timeline goes, when the GPU can't reach anything in it.
 */
#include <errno.h>
#include <stdlib.h>

#include "backend/session/bind.h"

struct mmx_session *mmx_addrspace_session(const struct mmx_addrspace *vm)
{
	return vm->session;
}

uint32_t mmx_addrspace_name(const struct mmx_addrspace *vm)
{
	return vm->name;
}

struct mmx_vm *mmx_addrspace_vm(const struct mmx_addrspace *vm)
{
	return vm->hw;
}

static struct mmx_addrspace *addrspace_new(struct mmx_client *client)
{
	struct mmx_addrspace *vm = calloc(1, sizeof(*vm));

	if (!vm)
		return NULL;
	vm->session = client->session;
	vm->client = client;
	mmx_list_init(&vm->link);
	mmx_list_init(&vm->binds);
	mmx_list_init(&vm->edits);
	mmx_list_init(&vm->edited);
	mmx_list_init(&vm->unflushed);
	mmx_list_init(&vm->flushed);
	mmx_list_init(&vm->maintained);
	mmx_list_init(&vm->sweeps);
	vm->goodbye = mmx_bind_new(vm, 1);
	if (!vm->goodbye) {
		free(vm);
		return NULL;
	}
	vm->goodbye->goodbye = true;
	return vm;
}

int mmx_vm_create_msg(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_vm_create *m = msg;
	struct mmx_client *client = mmx_table_find(&s->clients, m->client);
	struct mmx_reply_vm_create *reply = (void *)request->reply;
	struct mmx_addrspace *vm;
	uint64_t user_end;
	int r;

	if (!client || client->destroying)
		return ENOENT;
	r = mmx_table_check_free(&s->vms, m->vm);
	if (!r && m->timeline)
		r = mmx_table_check_free(&s->timelines, m->timeline);
	if (r)
		return r;
	if (m->flags)
		return EINVAL;
	if (mmx_session_is_full(s))
		return ENOSPC;
	vm = addrspace_new(client);
	if (!vm)
		return -ENOMEM;
	r = mmx_vm_create(s->gpu, vm, &vm->hw);
	if (r)
		goto err_free;
	user_end = mmx_vm_user_end(vm->hw);
	r = m->user_va_range > user_end ? EINVAL : 0;
	if (!r && m->timeline)
		r = mmx_timeline_create(s, m->timeline, &vm->timeline);
	if (r)
		goto err_hw;
	vm->name = m->vm;
	vm->user_va_range =
		m->user_va_range ? m->user_va_range : (user_end + MMX_VM_KERNEL_SIZE) / 2;
	/* the rest is for heaps */
	mmx_vm_set_user_end(vm->hw, vm->user_va_range);
	mmx_list_init(&vm->heaps);
	mmx_vm_account(vm->hw, &s->backend_bytes);
	mmx_list_add_tail(&client->vms, &vm->link);
	mmx_table_add(&s->vms, vm->name, vm);
	reply->user_va_range = vm->user_va_range;
	request->size = sizeof(*reply);
	return 0;

err_hw:
	mmx_vm_destroy(vm->hw);
err_free:
	mmx_bind_free(vm->goodbye);
	free(vm);
	return r;
}

int mmx_vm_get_state(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_object *m = msg;
	const struct mmx_addrspace *vm = mmx_table_find(&s->vms, m->object);
	struct mmx_reply_vm_get_state *reply = (void *)request->reply;

	if (m->pad)
		return EINVAL;
	if (!vm)
		return ENOENT;
	reply->state = vm->unusable ? MMX_VM_STATE_UNUSABLE : MMX_VM_STATE_USABLE;
	request->size = sizeof(*reply);
	return 0;
}

void mmx_addrspace_put(struct mmx_addrspace *vm)
{
	struct mmx_client *client = vm->client;

	if (--vm->users || !vm->destroying)
		return;
	mmx_list_del(&vm->link);
	mmx_vm_account(vm->hw, NULL);
	mmx_vm_destroy(vm->hw);
	mmx_label_drop(vm->session, &vm->label);
	free(vm->vmas);
	free(vm);
	mmx_client_continue(client);
}

/* Needs no memory: the whole user range goes, so that no block is split, and goodbye was made with the VM. */
void mmx_addrspace_begin_destroy(struct mmx_addrspace *vm, struct mmx_request *request)
{
	struct mmx_bind *bind = vm->goodbye;
	uint64_t end;

	if (vm->destroying)
		return;
	mmx_sheaps_destroy(vm);
	end = mmx_vm_user_end(vm->hw);
	mmx_table_del(&vm->session->vms, vm->name);
	vm->name = 0;
	vm->destroying = true;
	vm->users++;
	mmx_bind_cancel_all(vm);
	bind->request = request;
	bind->steps[0] = (struct mmx_bind_step){ .kind = MMX_STEP_UNMAP, .size = end };
	bind->step_count = 1;
	bind->phase = MMX_EDIT_UNMAP;
	bind->end = end;
	mmx_edit_add(bind);
}

int mmx_vm_destroy_msg(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_object *m = msg;
	struct mmx_addrspace *vm = mmx_table_find(&s->vms, m->object);

	if (m->pad)
		return EINVAL;
	if (!vm)
		return ENOENT;
	mmx_addrspace_begin_destroy(vm, request);
	return MMX_REPLY_LATER;
}
