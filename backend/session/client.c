// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Clients, and how they are taken apart: all groups are told to end; when the last one is gone, VMs are emptied;
 * when their maintenance is through, the client is freed, its request answered, and the session goes on with its
 * own end if that was the reason. Whatever goes calls mmx_client_continue(), also while the client is telling its
 * parts to go; busy then keeps it from going itself.
 */
#include "backend/session/session_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int mmx_client_create(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_client_create *m = msg;
	struct mmx_client *client;
	int r;

	(void)request;
	if (!memchr(m->name, 0, sizeof(m->name)))
		return EINVAL;
	r = mmx_table_check_free(&s->clients, m->client);
	if (r)
		return r;
	client = calloc(1, sizeof(*client));
	if (!client)
		return -ENOMEM;
	client->session = s;
	client->name = m->client;
	client->pid = m->pid;
	memcpy(client->process, m->name, sizeof(client->process));
	mmx_list_init(&client->groups);
	mmx_list_init(&client->vms);
	mmx_table_add(&s->clients, client->name, client);
	return 0;
}

void mmx_client_continue(struct mmx_client *client)
{
	struct mmx_session *s = client->session;
	struct mmx_list *pos, *tmp;

	if (!client->destroying || client->busy || !mmx_list_empty(&client->groups))
		return;
	client->busy = true;
	mmx_list_for_each_safe(pos, tmp, &client->vms)
		mmx_addrspace_begin_destroy(mmx_container_of(pos, struct mmx_addrspace, link),
					    NULL);
	client->busy = false;
	if (!mmx_list_empty(&client->vms))
		return;
	mmx_table_del(&s->clients, client->name);
	if (client->request)
		mmx_reply(s, client->request, 0);
	mmx_label_drop(s, &client->label);
	free(client);
	mmx_session_continue(s);
}

void mmx_client_begin_destroy(struct mmx_client *client, struct mmx_request *request)
{
	struct mmx_list *pos, *tmp;

	if (client->destroying)
		return;
	client->destroying = true;
	client->request = request;
	client->busy = true;
	mmx_list_for_each_safe(pos, tmp, &client->groups)
		mmx_sgroup_begin_destroy(mmx_container_of(pos, struct mmx_sgroup, link), NULL);
	client->busy = false;
	mmx_client_continue(client);
}

int mmx_client_destroy(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_object *m = msg;
	struct mmx_client *client = mmx_table_find(&s->clients, m->object);

	if (m->pad)
		return EINVAL;
	if (!client || client->destroying)
		return ENOENT;
	mmx_client_begin_destroy(client, request);
	return MMX_REPLY_LATER;
}
