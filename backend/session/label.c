// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Labels: text that a guest gives its objects, for whoever looks at its accounts. A label is as long as its text, is
 * charged to the backend's memory on behalf of the guest, and goes with its object. It is what a terminal can take:
 * printable ASCII; that it is well meant nobody says.
 */
#include "backend/session/session_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void mmx_label_drop(struct mmx_session *s, char **label)
{
	if (!*label)
		return;
	s->backend_bytes -= strlen(*label) + 1;
	free(*label);
	*label = NULL;
}

static int set(struct mmx_session *s, char **label, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = NULL;

	if (size > 1) {
		if (mmx_session_is_full(s))
			return ENOSPC;
		copy = malloc(size);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, text, size);
		s->backend_bytes += size;
	}
	mmx_label_drop(s, label);
	*label = copy;
	return 0;
}

/* Ends within its field, has nothing behind its end, and nothing that is not printable before. */
static bool is_text(const char *text, size_t size)
{
	size_t i = 0;

	while (i < size && text[i] >= ' ' && text[i] <= '~')
		i++;
	if (i == size)
		return false;
	while (i < size && !text[i])
		i++;
	return i == size;
}

static char **find(struct mmx_session *s, uint32_t type, uint32_t name)
{
	struct mmx_client *client;
	struct mmx_memobj *mem;
	struct mmx_addrspace *vm;
	struct mmx_sgroup *group;

	switch (type) {
	case MMX_LABEL_CLIENT:
		client = mmx_table_find(&s->clients, name);
		return client && !client->destroying ? &client->label : NULL;
	case MMX_LABEL_MEM:
		mem = mmx_table_find(&s->mems, name);
		return mem && !mem->destroyed ? &mem->label : NULL;
	case MMX_LABEL_VM:
		vm = mmx_table_find(&s->vms, name);
		return vm ? &vm->label : NULL;
	default:
		group = mmx_table_find(&s->groups, name);
		return group ? &group->label : NULL;
	}
}

int mmx_label(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_label *m = msg;
	char **label;

	(void)request;
	if (m->type < MMX_LABEL_CLIENT || m->type > MMX_LABEL_GROUP ||
	    !is_text(m->label, sizeof(m->label)))
		return EINVAL;
	label = find(s, m->type, m->object);
	return label ? set(s, label, m->label) : ENOENT;
}
