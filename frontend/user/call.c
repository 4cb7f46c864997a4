// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Requests of a guest: a credit and a tag for each, room in the ring, and who gets the reply.
 *
 * A request in flight has a slot of guest->requests, freed by its reply alone: so no more are ever
 * unanswered than the backend allows, and a reply that comes after its waiter gave up still finds
 * its slot. A tag is serial << 16 | slot, below MMX_SUBMIT_TAG.
 */
#include "frontend/user/guest_priv.h"

#include <errno.h>

static bool has_credit(struct mmx_guest *guest, void *arg)
{
	(void)arg;
	return guest->requests_busy < guest->request_count;
}

static int64_t deadline(const struct mmx_guest *guest)
{
	return mmx_guest_now_ms() + guest->timeout_ms;
}

int mmx_call_begin(struct mmx_guest *guest, struct mmx_waiter *waiter, uint16_t type,
		   uint32_t *ret_tag)
{
	struct mmx_request *req;
	uint32_t i = 0;
	int ret;

	if (guest->dead)
		return guest->dead;
	if (!has_credit(guest, NULL)) {
		ret = mmx_guest_wait(guest, has_credit, NULL, deadline(guest));
		if (ret)
			return ret;
	}
	while (guest->requests[i].busy)
		i++;
	req = &guest->requests[i];
	req->busy = true;
	req->type = type;
	req->serial = (req->serial + 1) & 0x7fff;
	req->waiter = waiter;
	waiter->pending++;
	guest->requests_busy++;
	*ret_tag = (uint32_t)req->serial << 16 | i;
	return 0;
}

static void free_request(struct mmx_guest *guest, struct mmx_request *req)
{
	if (req->waiter)
		req->waiter->pending--;
	req->waiter = NULL;
	req->busy = false;
	guest->requests_busy--;
}

struct room {
	int size;
	int ret;
};

/* Tries to put guest->out into the ring; once it has, it says so again. */
static bool try_send(struct mmx_guest *guest, void *arg)
{
	struct room *room = arg;

	while (room->ret == -EAGAIN) {
		room->ret = mmx_front_session_send(&guest->session, &guest->out, room->size);
		if (room->ret == -EAGAIN &&
		    mmx_front_session_want_space(&guest->session, room->size))
			return false;
	}
	return true;
}

int mmx_guest_send(struct mmx_guest *guest, int size)
{
	struct room room = { .size = size, .ret = -EAGAIN };
	int ret;

	if (guest->dead)
		return guest->dead;
	if (!try_send(guest, &room)) {
		ret = mmx_guest_wait(guest, try_send, &room, deadline(guest));
		if (ret)
			return ret;
	}
	if (room.ret == -EPROTO)
		guest->dead = -EPROTO;
	if (room.ret)
		return room.ret;
	if (mmx_front_session_flush(&guest->session))
		mmx_peer_notify(guest->peer.kick_fd);
	return 0;
}

int mmx_call_send(struct mmx_guest *guest, uint32_t tag, int size)
{
	int ret = size < 0 ? size : mmx_guest_send(guest, size);

	if (ret)
		free_request(guest, &guest->requests[tag & 0xffff]);
	return ret;
}

static bool is_answered(struct mmx_guest *guest, void *arg)
{
	struct mmx_waiter *waiter = arg;

	(void)guest;
	return !waiter->pending;
}

void mmx_call_abandon(struct mmx_guest *guest, struct mmx_waiter *waiter)
{
	uint32_t i;

	for (i = 0; i < guest->request_count; i++)
		if (guest->requests[i].waiter == waiter)
			guest->requests[i].waiter = NULL;
}

int mmx_call_finish(struct mmx_guest *guest, struct mmx_waiter *waiter)
{
	int ret = mmx_guest_wait(guest, is_answered, waiter, deadline(guest));

	if (ret)
		mmx_call_abandon(guest, waiter);
	return ret ? ret : waiter->error;
}

int mmx_call_reply(struct mmx_guest *guest, const struct mmx_decoded_reply *reply)
{
	uint32_t slot = reply->tag & 0xffff;
	struct mmx_request *req;

	if (slot >= guest->request_count)
		return -EPROTO;
	req = &guest->requests[slot];
	if (!req->busy || req->type != reply->request || req->serial != reply->tag >> 16)
		return -EPROTO;
	if (req->waiter) {
		req->waiter->reply = *reply;
		if (reply->error && !req->waiter->error) {
			req->waiter->error = reply->error;
			req->waiter->failed = reply->request;
		}
	}
	free_request(guest, req);
	return 0;
}

int mmx_call_object(struct mmx_guest *guest, uint16_t type, uint32_t object,
		    struct mmx_decoded_reply *ret_reply)
{
	struct mmx_waiter waiter = { 0 };
	uint32_t tag;
	int ret;

	ret = mmx_call_begin(guest, &waiter, type, &tag);
	if (ret)
		return ret;
	ret = mmx_call_send(guest, tag, mmx_encode_object(&guest->out, tag, type, object));
	if (ret)
		return ret;
	ret = mmx_call_finish(guest, &waiter);
	if (ret)
		return ret;
	if (ret_reply)
		*ret_reply = waiter.reply;
	return 0;
}
