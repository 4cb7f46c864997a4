// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Guests that come and go. Owns the partitions' sockets, and the libuv handles that watch them and the descriptors
 * of connected guests; those descriptors themselves belong to the session. Called by loop.c, and by libuv.
 *
 * One guest per partition at a time. Its polls must be closed before the session's descriptors are, and are handles
 * of libuv until their close callbacks have run: only then is the next guest let in.
 */
#include "backend/core/listener.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/util/log.h"
#include "hv/local/local.h"

/* After an accept that failed (no descriptors are left, say), how long to leave the backlog alone. */
#define ACCEPT_RETRY_MS 1000u

/* One partition's socket, and the guest that is connected to it. */
struct listener {
	uv_poll_t listen_poll;
	uv_timer_t retry;
	uv_poll_t sock_poll; /* of the guest; active while session is not NULL */
	uv_poll_t kick_poll;
	struct mmx_listeners *all;
	size_t partition;
	int fd; /* -1 = not listening */
	struct mmx_session *session;
	unsigned int closing; /* of the two polls of a guest: handles that are not closed yet */
};

struct mmx_listeners {
	uv_loop_t *uv;
	const struct mmx_config *config;
	struct mmx_core *core;
	bool stopped;
	size_t count;
	struct listener listeners[];
};

static void accept_guest(uv_poll_t *poll, int status, int events);
static void watch_guest(struct listener *l);

static void guest_poll_closed(uv_handle_t *handle)
{
	struct listener *l = handle->data;

	if (--l->closing == 0 && !l->all->stopped)
		uv_poll_start(&l->listen_poll, UV_READABLE, accept_guest);
}

static void accept_again(uv_timer_t *timer)
{
	struct listener *l = timer->data;

	if (!l->all->stopped)
		uv_poll_start(&l->listen_poll, UV_READABLE, accept_guest);
}

/* The connection stays in the backlog, and would wake the loop at once, again and again. */
static void accept_later(struct listener *l, int error)
{
	mmx_log_guest(MMX_LOG_SESSION, MMX_LOG_WARN, l->all->config->partitions[l->partition].name,
		      "a connection can't be accepted now: %s", strerror(-error));
	uv_poll_stop(&l->listen_poll);
	uv_timer_start(&l->retry, accept_again, ACCEPT_RETRY_MS, 0);
}

/* The guest's end of the socket is closed, and libuv may only be about to say so. */
static bool has_hung_up(const struct mmx_session *session)
{
	struct pollfd fd = { .fd = mmx_session_peer(session)->sock_fd, .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

/* A guest that comes while the one before it is being cleared away waits in the backlog. */
static void accept_guest(uv_poll_t *poll, int status, int events)
{
	struct listener *l = poll->data;
	const struct mmx_partition_config *config = &l->all->config->partitions[l->partition];
	struct mmx_local_peer peer = MMX_LOCAL_PEER_INIT;
	struct mmx_region_params params;
	pid_t pid;
	uid_t uid;
	int fd, r;

	(void)events;
	if (l->session && !mmx_session_ending(l->session) && has_hung_up(l->session))
		mmx_core_hangup(l->all->core, l->session);
	if (l->closing && (!l->session || mmx_session_ending(l->session))) {
		uv_poll_stop(poll);
		return;
	}
	r = status < 0 ? status : mmx_local_accept(l->fd, &fd, &pid, &uid);
	if (r) {
		if (r != -EAGAIN)
			accept_later(l, r);
		return;
	}
	if (config->check_uid && uid != config->uid) {
		mmx_log_guest(MMX_LOG_SESSION, MMX_LOG_WARN, config->name,
			      "connection of uid %u refused: this partition is for uid %u", uid,
			      config->uid);
		r = EACCES;
		goto refuse;
	}
	if (l->session) {
		r = EBUSY;
		goto refuse;
	}
	mmx_core_region_params(l->all->core, l->partition, &params);
	r = -mmx_local_peer_init(&peer, &params);
	if (r)
		goto refuse;
	peer.pid = pid;
	peer.uid = uid;
	r = -mmx_local_welcome(&peer, fd);
	if (r)
		goto refuse;
	r = mmx_core_attach(l->all->core, l->partition, &peer, &l->session);
	if (r) {
		mmx_log_guest(MMX_LOG_SESSION, MMX_LOG_WARN, config->name,
			      "a guest could not be attached: %s",
			      r < 0 ? strerror(-r) : "not ready");
		mmx_local_peer_finish(&peer);
		return;
	}
	watch_guest(l);
	return;

refuse:
	mmx_local_refuse(fd, r);
	close(fd);
	mmx_local_peer_finish(&peer);
}

static void guest_kicked(uv_poll_t *poll, int status, int events)
{
	struct listener *l = poll->data;

	(void)events;
	if (status < 0 || !l->session)
		return;
	mmx_local_clear(mmx_session_peer(l->session)->kick_fd);
	mmx_core_kick(l->all->core, l->session);
}

/* The socket carries nothing after the welcome: whatever happens on it is its end. */
static void guest_hung_up(uv_poll_t *poll, int status, int events)
{
	struct listener *l = poll->data;

	(void)status;
	(void)events;
	uv_poll_stop(poll);
	if (l->session)
		mmx_core_hangup(l->all->core, l->session);
}

static void watch_guest(struct listener *l)
{
	const struct mmx_local_peer *peer = mmx_session_peer(l->session);

	l->sock_poll.data = l;
	l->kick_poll.data = l;
	l->closing = 2;
	if (uv_poll_init(l->all->uv, &l->sock_poll, peer->sock_fd)) {
		l->closing = 0;
		mmx_core_hangup(l->all->core, l->session);
		return;
	}
	if (uv_poll_init(l->all->uv, &l->kick_poll, peer->kick_fd)) {
		l->closing = 1;
		uv_close((uv_handle_t *)&l->sock_poll, guest_poll_closed);
		mmx_core_hangup(l->all->core, l->session);
		return;
	}
	uv_poll_start(&l->sock_poll, UV_READABLE | UV_DISCONNECT, guest_hung_up);
	uv_poll_start(&l->kick_poll, UV_READABLE, guest_kicked);
}

int mmx_listeners_create(uv_loop_t *uv, const struct mmx_config *config,
			 struct mmx_listeners **ret_listeners)
{
	size_t i, count = config->partition_count;
	struct mmx_listeners *all = calloc(1, sizeof(*all) + count * sizeof(all->listeners[0]));

	if (!all)
		return -ENOMEM;
	all->uv = uv;
	all->config = config;
	all->count = count;
	for (i = 0; i < count; i++) {
		all->listeners[i].all = all;
		all->listeners[i].partition = i;
		all->listeners[i].fd = -1;
	}
	*ret_listeners = all;
	return 0;
}

int mmx_listeners_start(struct mmx_listeners *all, struct mmx_core *core)
{
	size_t i;
	int r;

	all->core = core;
	for (i = 0; i < all->count; i++) {
		const struct mmx_partition_config *config = &all->config->partitions[i];
		struct listener *l = &all->listeners[i];

		l->retry.data = l;
		uv_timer_init(all->uv, &l->retry);
		r = mmx_local_listen(config->socket, config->mode, &l->fd);
		if (!r) {
			l->listen_poll.data = l;
			r = uv_poll_init(all->uv, &l->listen_poll, l->fd);
		}
		if (r) {
			mmx_log(MMX_LOG_CORE, MMX_LOG_ERROR, "partition %s: socket %s: %s",
				config->name, config->socket, strerror(-r));
			return r;
		}
		uv_poll_start(&l->listen_poll, UV_READABLE, accept_guest);
	}
	return 0;
}

void mmx_listeners_detach(struct mmx_listeners *all, struct mmx_session *session)
{
	size_t i;

	for (i = 0; i < all->count; i++) {
		struct listener *l = &all->listeners[i];

		if (l->session != session)
			continue;
		l->session = NULL;
		if (l->closing != 2)
			return;
		uv_poll_stop(&l->sock_poll);
		uv_poll_stop(&l->kick_poll);
		uv_close((uv_handle_t *)&l->sock_poll, guest_poll_closed);
		uv_close((uv_handle_t *)&l->kick_poll, guest_poll_closed);
		return;
	}
}

void mmx_listeners_stop(struct mmx_listeners *all)
{
	all->stopped = true;
}

void mmx_listeners_destroy(struct mmx_listeners *all)
{
	size_t i;

	for (i = 0; i < all->count; i++) {
		if (all->listeners[i].fd < 0)
			continue;
		close(all->listeners[i].fd);
		unlink(all->config->partitions[i].socket);
	}
	free(all);
}
