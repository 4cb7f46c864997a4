// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What a session has, one by one, for core's status. Reads only; the daemon's thread. */
#include "backend/session/session_priv.h"

/* Moves *at behind the next entry in use. Return: its object, or NULL. */
static void *next_object(const struct mmx_table *table, uint32_t *at)
{
	while (*at < table->size) {
		const struct mmx_table_entry *entry = &table->entries[(*at)++];

		if (entry->name)
			return entry->object;
	}
	return NULL;
}

void mmx_client_info(const struct mmx_client *client, struct mmx_client_info *ret_info)
{
	*ret_info = (struct mmx_client_info){
		.name = client->name,
		.pid = client->pid,
		.process = client->process,
	};
}

const struct mmx_sgroup *mmx_session_next_group(const struct mmx_session *s, uint32_t *at)
{
	return next_object(&s->groups, at);
}

bool mmx_session_next_vm(const struct mmx_session *s, uint32_t *at, struct mmx_vm_info *ret_info)
{
	const struct mmx_addrspace *vm = next_object(&s->vms, at);

	if (!vm)
		return false;
	*ret_info = (struct mmx_vm_info){
		.name = vm->name,
		.label = vm->label,
		.mappings = vm->vma_count,
		.mappings_max = s->limits->max_mappings,
		.table_bytes = mmx_vm_bytes(vm->hw),
		.users = vm->users,
		.resident = mmx_vm_is_resident(vm->hw),
	};
	mmx_client_info(vm->client, &ret_info->client);
	return true;
}
