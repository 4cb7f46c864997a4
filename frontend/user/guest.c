// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A guest in a plain process: opening a session, closing it, and what HELLO told. Owns the
 * connection and all tables; one thread per guest.
 */
#include "frontend/user/guest_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "hv/connect.h"

#define MAX_SPIN_NS 20000

static int hello(struct mmx_guest *guest, const char *name)
{
	struct mmx_waiter waiter = { 0 };
	uint32_t tag;
	int ret;

	ret = mmx_call_begin(guest, &waiter, MMX_MSG_HELLO, &tag);
	if (!ret)
		ret = mmx_call_send(guest, tag, mmx_encode_hello(&guest->out, tag, name));
	if (!ret)
		ret = mmx_call_finish(guest, &waiter);
	if (ret)
		return ret;
	if (waiter.reply.hello.limits.max_timelines > guest->session.max_timelines)
		return -EPROTO;
	guest->limits = waiter.reply.hello.limits;
	guest->gpu = waiter.reply.hello.gpu;
	guest->request_count = guest->limits.max_requests;
	if (guest->request_count > MMX_GUEST_MAX_REQUESTS)
		guest->request_count = MMX_GUEST_MAX_REQUESTS;
	return 0;
}

static int make_tables(struct mmx_guest *guest)
{
	const struct mmx_limits *limits = &guest->limits;
	uint64_t pages = guest->session.data_size / MMX_WIRE_PAGE_SIZE;

	/* Page numbers of the region have to fit as well. */
	if (guest->peer.region_size / MMX_WIRE_PAGE_SIZE > UINT32_MAX)
		return -EFBIG;
	if (mmx_idspace_init(&guest->client_ids, limits->max_clients) ||
	    mmx_idspace_init(&guest->mem_ids, limits->max_mems) ||
	    mmx_idspace_init(&guest->vm_ids, limits->max_vms) ||
	    mmx_idspace_init(&guest->group_ids, limits->max_groups) ||
	    mmx_idspace_init(&guest->timeline_ids, limits->max_timelines) ||
	    mmx_idspace_init(&guest->heap_ids, limits->max_heaps))
		return -ENOMEM;
	guest->mems = calloc(limits->max_mems, sizeof(struct mmx_mem *));
	guest->vms = calloc(limits->max_vms, sizeof(struct mmx_vm *));
	guest->groups = calloc(limits->max_groups, sizeof(struct mmx_group *));
	guest->timelines = calloc(limits->max_timelines, sizeof(struct mmx_timeline *));
	guest->heap_vms = calloc(limits->max_heaps + 1ul, sizeof(uint32_t));
	if (!guest->mems || !guest->vms || !guest->groups || !guest->timelines || !guest->heap_vms)
		return -ENOMEM;
	return mmx_pages_init(&guest->pages, (uint32_t)pages);
}

int mmx_guest_open_peer(struct mmx_peer *peer, const char *name, int timeout_ms,
			struct mmx_guest **ret_guest)
{
	struct mmx_guest *guest = calloc(1, sizeof(*guest));
	int ret;

	if (!guest) {
		mmx_peer_finish(peer);
		return -ENOMEM;
	}
	guest->peer = *peer;
	*peer = (struct mmx_peer)MMX_PEER_INIT;
	guest->timeout_ms = timeout_ms;
	guest->heartbeat_limit_ms = MMX_GUEST_HEARTBEAT_LIMIT_MS;
	guest->max_spin_ns = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? MAX_SPIN_NS : 0;

	/* Runs are mapped one by one: not possible in larger pages. */
	ret = sysconf(_SC_PAGESIZE) == MMX_WIRE_PAGE_SIZE ? 0 : -EOPNOTSUPP;
	if (!ret)
		ret = mmx_front_session_init(&guest->session, guest->peer.region,
					     guest->peer.region_size);
	if (ret)
		goto err_close;
	guest->heartbeat = mmx_front_session_heartbeat(&guest->session);
	guest->heartbeat_ms = mmx_guest_now_ms();
	guest->requests = calloc(MMX_GUEST_MAX_REQUESTS, sizeof(*guest->requests));
	guest->request_count = 1;
	ret = guest->requests ? hello(guest, name) : -ENOMEM;
	if (!ret)
		ret = make_tables(guest);
	if (ret)
		goto err_close;
	*ret_guest = guest;
	return 0;

err_close:
	mmx_guest_close(guest);
	return ret;
}

int mmx_guest_open(const char *path, const char *name, int timeout_ms, struct mmx_guest **ret_guest)
{
	struct mmx_peer peer;
	int ret;

	ret = mmx_connect(path, timeout_ms, &peer);
	return ret ? ret : mmx_guest_open_peer(&peer, name, timeout_ms, ret_guest);
}

static void free_objects(struct mmx_guest *guest)
{
	uint32_t i;

	for (i = 0; guest->groups && i < guest->limits.max_groups; i++)
		if (guest->groups[i])
			mmx_group_free(guest, guest->groups[i], 0);
	for (i = 0; guest->vms && i < guest->limits.max_vms; i++)
		if (guest->vms[i])
			mmx_guest_vm_free(guest, i);
	for (i = 0; guest->mems && i < guest->limits.max_mems; i++)
		if (guest->mems[i])
			mmx_mem_free(guest, guest->mems[i]);
}

void mmx_guest_close(struct mmx_guest *guest)
{
	if (!guest)
		return;
	free_objects(guest);
	mmx_pages_finish(&guest->pages);
	free(guest->heap_vms);
	free(guest->timelines);
	free(guest->groups);
	free(guest->vms);
	free(guest->mems);
	mmx_idspace_finish(&guest->heap_ids);
	mmx_idspace_finish(&guest->timeline_ids);
	mmx_idspace_finish(&guest->group_ids);
	mmx_idspace_finish(&guest->vm_ids);
	mmx_idspace_finish(&guest->mem_ids);
	mmx_idspace_finish(&guest->client_ids);
	free(guest->requests);
	mmx_peer_finish(&guest->peer);
	free(guest);
}

const struct mmx_gpu_desc *mmx_guest_gpu(const struct mmx_guest *guest)
{
	return &guest->gpu;
}

const struct mmx_limits *mmx_guest_limits(const struct mmx_guest *guest)
{
	return &guest->limits;
}

int mmx_guest_fd(const struct mmx_guest *guest)
{
	return guest->peer.call_fd;
}

uint64_t mmx_guest_gpu_time_ns(const struct mmx_guest *guest)
{
	return mmx_front_session_gpu_time_ns(&guest->session);
}
