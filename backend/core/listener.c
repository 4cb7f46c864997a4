// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Guests that come and go. Owns the partitions' sockets, the guests that are coming or going, and the libuv handles
 * that watch them all; the descriptors of a connected guest belong to its session. Called by loop.c, and by libuv.
 *
 * One guest per partition at a time. Its way:
 *
 *	FREE -> HELD, if the transport stays: it has been welcomed, and the holder is told of it, so that it outlives this
 *		daemon. Nothing is watched until that has been answered
 *	-> GREETED: it has the region's descriptor. It could be punching holes into the region: nothing touches it.
 *		If the transport does not stay it has CANDIDATE_MS to say that it has mapped it; if it does, it has all the
 *		time in the world, until it wants a session
 *	-> PREPARING: no holes from here on, and a region as if new. Adding the seals waits for system calls of the guest
 *		on the region, so a thread does it
 *	-> CONNECTED: there is a session
 *	-> LEAVING: handles are closed, then the region is freed, by a thread again, since that takes long if it is
 *		large; and FREE
 *
 * A machine that the holder holds for an earlier daemon begins in GREETED.
 *
 * On a transport that stays, a session that ends leads back to PREPARING, and if no other is wanted to GREETED; to LEAVING
 * leads the end of the connection.
 *
 * Who connects meanwhile is told EBUSY in CONNECTED, and in GREETED if that may last; and waits in the backlog in all other
 * states: they are short. Its polls must be closed before the guest's descriptors are, and are handles of libuv until
 * their close callbacks have run.
 */
#include "backend/core/listener.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/core/listener_priv.h"

/* After an accept that failed (no descriptors are left, say), how long to leave the backlog alone. */
#define ACCEPT_RETRY_MS 1000u
/* For a guest to map its region: it has nothing else to do. */
#define CANDIDATE_MS 2000u
/* Connections of one partition, and wishes for sessions on them: so many at once, and one more each so often. */
#define CREDIT_MAX 64u
#define CREDIT_MS  5u
/*
 * Notifications in a row for which nothing was to be done: so many may be a matter of timing (a guest notifies while what
 * it has written is being read), from then on the next one waits so long. It is what Linux does to Xen's event channels
 * (lateeoi): who only wakes the daemon would keep a core of the host busy with it.
 */
#define IDLE_KICKS_MAX 4u
#define IDLE_KICK_MS   1u

static void accept_guest(uv_poll_t *poll, int status, int events);

static const struct mmx_peer *peer_of(const struct listener *l)
{
	return l->session ? mmx_session_peer(l->session) : &l->peer;
}

/* ---- the backlog ---- */

static bool may_listen(const struct listener *l)
{
	return l->phase == FREE || l->phase == CONNECTED ||
	       (l->phase == GREETED && mmx_listener_transport(l)->stays);
}

static void listen_again(struct listener *l)
{
	if (l->all->stopped || uv_is_active((uv_handle_t *)&l->retry) || !may_listen(l))
		return;
	uv_poll_start(&l->listen_poll, UV_READABLE, accept_guest);
}

static void retry_now(uv_timer_t *timer)
{
	listen_again(timer->data);
}

/* What is in the backlog stays there, and would wake the loop at once, again and again. */
static void listen_later(struct listener *l, uint64_t ms)
{
	uv_poll_stop(&l->listen_poll);
	uv_timer_start(&l->retry, retry_now, ms, 0);
}

void mmx_listener_set_phase(struct listener *l, enum phase phase)
{
	l->phase = phase;
	if (may_listen(l))
		listen_again(l);
	else
		uv_poll_stop(&l->listen_poll);
}

/* Each connection costs the daemon some work. Return: false: there have been too many. */
static bool take_credit(struct listener *l)
{
	uint64_t now_ms = uv_now(l->all->uv), more = (now_ms - l->credit_ms) / CREDIT_MS;

	if (more >= CREDIT_MAX - l->credit) {
		l->credit = CREDIT_MAX;
		l->credit_ms = now_ms;
	} else {
		l->credit += (unsigned int)more;
		l->credit_ms += more * CREDIT_MS;
	}
	if (!l->credit)
		return false;
	l->credit--;
	return true;
}

/* ---- the end of a guest ---- */

static void free_peer(void *arg)
{
	struct listener *l = arg;

	mmx_peer_finish(&l->peer);
}

static void peer_freed(void *arg)
{
	mmx_listener_set_phase(arg, FREE);
}

static void free_now(struct listener *l)
{
	if (!mmx_chore_start(&l->chore, free_peer, peer_freed, l))
		return;
	/* no thread: it has to be done all the same */
	free_peer(l);
	peer_freed(l);
}

static void guest_poll_closed(uv_handle_t *handle)
{
	struct listener *l = handle->data;

	if (!--l->handles && !l->all->stopped)
		free_now(l);
}

void mmx_listener_leave(struct listener *l)
{
	unsigned int handles = l->handles;

	mmx_listener_set_phase(l, LEAVING);
	/* so that the holder lets go of it, too */
	if (mmx_listener_transport(l)->stays && l->peer.sock_fd >= 0)
		shutdown(l->peer.sock_fd, SHUT_RDWR);
	uv_timer_stop(&l->patience);
	uv_timer_stop(&l->calm);
	mmx_core_withdraw(l->all->core, l->partition);
	if (handles > 0)
		uv_close((uv_handle_t *)&l->sock_poll, guest_poll_closed);
	if (handles > 1)
		uv_close((uv_handle_t *)&l->kick_poll, guest_poll_closed);
	if (!handles)
		free_now(l);
}

/* Of a transport that stays: it has no session, and needs none to go. */
static void machine_goes(struct listener *l)
{
	say(l, MMX_LOG_INFO, "machine is gone");
	mmx_listener_leave(l);
}

void mmx_listener_dismiss(struct listener *l, const char *why)
{
	say(l, MMX_LOG_WARN, "a guest is turned away: %s pid=%d uid=%u", why, (int)l->peer.pid,
	    l->peer.uid);
	mmx_listener_leave(l);
}

/* ---- a guest with a session ---- */

static void guest_kicked(uv_poll_t *poll, int status, int events);

static void calm_ends(uv_timer_t *timer)
{
	struct listener *l = timer->data;

	uv_poll_start(&l->kick_poll, UV_READABLE, guest_kicked);
}

/* What came of the notification before this one is known by now. */
static void count_idle_kicks(struct listener *l)
{
	uint64_t progress = mmx_session_progress(l->session);

	if (progress != l->progress)
		l->idle_kicks = 0;
	else if (l->idle_kicks < IDLE_KICKS_MAX)
		l->idle_kicks++;
	l->progress = progress;
	if (l->idle_kicks < IDLE_KICKS_MAX)
		return;
	uv_poll_stop(&l->kick_poll);
	uv_timer_start(&l->calm, calm_ends, IDLE_KICK_MS, 0);
}

static void guest_kicked(uv_poll_t *poll, int status, int events)
{
	struct listener *l = poll->data;

	(void)events;
	if (status < 0 || !l->session)
		return;
	count_idle_kicks(l);
	mmx_peer_clear(peer_of(l)->kick_fd);
	if (mmx_listener_transport(l)->stays && mmx_listener_transport(l)->moves_on(peer_of(l)))
		mmx_core_hangup(l->all->core, l->session);
	else
		mmx_core_kick(l->all->core, l->session);
}

/* The socket carries nothing any more: whatever happens on it is its end. */
static void guest_hung_up(uv_poll_t *poll, int status, int events)
{
	struct listener *l = poll->data;

	(void)status;
	(void)events;
	uv_poll_stop(poll);
	l->gone = true;
	if (l->session)
		mmx_core_hangup(l->all->core, l->session);
}

/* ---- a guest without one ---- */

static void wait_for_guest(struct listener *l);

/* Return: 0; an errno. */
static int begin_session(struct listener *l)
{
	int r = mmx_core_attach(l->all->core, l->partition, &l->peer, &l->session);

	if (r)
		return r < 0 ? -r : r == CORE_E_QUARANTINED ? EPERM : EAGAIN;
	mmx_listener_set_phase(l, CONNECTED);
	l->idle_kicks = 0;
	uv_poll_start(&l->sock_poll, UV_READABLE | UV_DISCONNECT, guest_hung_up);
	uv_poll_start(&l->kick_poll, UV_READABLE, guest_kicked);
	return 0;
}

static const char *why_not(int error)
{
	return error == EPERM	 ? "its partition is shut"
	       : error == EAGAIN ? "the daemon is stopping"
				 : strerror(error);
}

static void attach(struct listener *l)
{
	int error = begin_session(l);

	if (!mmx_listener_transport(l)->stays) {
		if (error)
			mmx_listener_dismiss(l, why_not(error));
		return;
	}
	if (error)
		say(l, MMX_LOG_WARN, "a guest gets no session: %s", why_not(error));
	mmx_listener_transport(l)->answer(peer_of(l), error);
	if (error)
		wait_for_guest(l);
}

static void prepare(void *arg)
{
	struct listener *l = arg;

	l->prepared = mmx_listener_transport(l)->prepare(&l->peer);
}

static void prepared(void *arg)
{
	struct listener *l = arg;

	if (!l->prepared)
		attach(l);
	else if (l->prepared == -EAGAIN)
		wait_for_guest(l);
	else
		mmx_listener_dismiss(l, l->prepared == -EINVAL
						? "the kernel can't seal its region (before 5.1)"
						: "it has sealed its region itself");
}

static void prepare_now(uv_timer_t *timer)
{
	struct listener *l = timer->data;

	if (mmx_chore_start(&l->chore, prepare, prepared, l))
		mmx_listener_dismiss(l, "there is no thread to seal its region");
}

/* It may want a session. */
static void prepare_soon(struct listener *l)
{
	mmx_listener_set_phase(l, PREPARING);
	uv_poll_stop(&l->sock_poll);
	uv_poll_stop(&l->kick_poll);
	uv_timer_stop(&l->patience);
	uv_timer_stop(&l->calm);
	if (mmx_listener_transport(l)->stays && !take_credit(l))
		uv_timer_start(&l->calm, prepare_now, CREDIT_MS, 0);
	else
		prepare_now(&l->calm);
}

static void guest_spoke(uv_poll_t *poll, int status, int events);

static void hear_again(uv_timer_t *timer)
{
	struct listener *l = timer->data;

	uv_poll_start(&l->kick_poll, UV_READABLE, guest_spoke);
}

static void guest_spoke(uv_poll_t *poll, int status, int events)
{
	struct listener *l = poll->data;
	int r = mmx_listener_transport(l)->heard(&l->peer);

	(void)status;
	(void)events;
	if (!r) {
		prepare_soon(l);
	} else if (r == -ECONNRESET && mmx_listener_transport(l)->stays) {
		machine_goes(l);
	} else if (r != -EAGAIN) {
		mmx_listener_dismiss(l, r == -EPROTO ? "it does not keep to the hand-shake"
						     : "it is gone");
	} else if (poll == &l->kick_poll) {
		/* for nothing */
		uv_poll_stop(poll);
		uv_timer_start(&l->calm, hear_again, IDLE_KICK_MS, 0);
	}
}

static void patience_ends(uv_timer_t *timer)
{
	struct listener *l = timer->data;

	mmx_listener_dismiss(l, "it has not mapped its region in time");
}

static void wait_for_guest(struct listener *l)
{
	mmx_listener_set_phase(l, GREETED);
	uv_poll_start(&l->sock_poll, UV_READABLE | UV_DISCONNECT, guest_spoke);
	if (mmx_listener_transport(l)->stays)
		uv_poll_start(&l->kick_poll, UV_READABLE, guest_spoke);
	else
		uv_timer_start(&l->patience, patience_ends, CANDIDATE_MS, 0);
}

static int watch(struct listener *l, uv_poll_t *poll, int fd)
{
	int r;

	poll->data = l;
	r = uv_poll_init(l->all->uv, poll, fd);
	if (!r)
		l->handles++;
	return r;
}

void mmx_listener_watch_guest(struct listener *l)
{
	l->gone = false;
	l->handles = 0;
	if (watch(l, &l->sock_poll, l->peer.sock_fd) || watch(l, &l->kick_poll, l->peer.kick_fd))
		mmx_listener_dismiss(l, "its descriptors can't be watched");
	else
		wait_for_guest(l);
}

/* Return: 0: it is a candidate now; an errno: why not. */
static int greet(struct listener *l, int fd, pid_t pid, uid_t uid)
{
	const struct mmx_partition_config *config = &l->all->config->partitions[l->partition];
	int r;

	if (config->check_uid && uid != config->uid) {
		say(l, MMX_LOG_WARN, "connection of uid %u refused: this partition is for uid %u",
		    uid, config->uid);
		return EACCES;
	}
	r = mmx_core_offer(l->all->core, l->partition, &l->peer);
	if (r == CORE_E_BUSY)
		return EBUSY;
	if (r == CORE_E_QUARANTINED)
		return EPERM;
	if (!r) {
		l->handles = 0;
		if (mmx_core_open_ram(l->all->core, l->partition, pid)) {
			mmx_listener_leave(l);
			return EBADF;
		}
		r = mmx_listener_transport(l)->welcome(&l->peer, fd);
		if (!r)
			return 0;
		mmx_listener_leave(l);
	}
	say(l, MMX_LOG_WARN, "a guest can't be greeted: %s",
	    r < 0 ? strerror(-r) : "the daemon is not ready");
	return r < 0 ? -r : EAGAIN;
}

/* The guest's end of the socket is closed, and libuv may only be about to say so. */
static bool has_hung_up(const struct listener *l)
{
	struct pollfd fd = { .fd = peer_of(l)->sock_fd, .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

/* Who comes while its predecessor is on its way out waits for that. */
static bool is_on_its_way(struct listener *l)
{
	if (l->phase != FREE && has_hung_up(l)) {
		l->gone = true;
		if (l->session)
			mmx_core_hangup(l->all->core, l->session);
		else
			machine_goes(l);
	}
	return l->phase == LEAVING ||
	       (l->session &&
		(l->gone || (!mmx_listener_transport(l)->stays && mmx_session_ending(l->session))));
}

static void accept_guest(uv_poll_t *poll, int status, int events)
{
	struct listener *l = poll->data;
	pid_t pid;
	uid_t uid;
	int fd, r;

	(void)events;
	if (is_on_its_way(l)) {
		uv_poll_stop(poll);
		return;
	}
	if (!take_credit(l)) {
		listen_later(l, CREDIT_MS);
		return;
	}
	r = status < 0 ? status : mmx_socket_accept(l->socket.fd, &fd, &pid, &uid);
	if (r) {
		if (r == -EAGAIN)
			return;
		say(l, MMX_LOG_WARN, "a connection can't be accepted now: %s", strerror(-r));
		listen_later(l, ACCEPT_RETRY_MS);
		return;
	}
	r = greet(l, fd, pid, uid);
	if (!r) {
		if (mmx_listener_transport(l)->stays)
			mmx_machine_hold(l);
		else
			mmx_listener_watch_guest(l);
		return;
	}
	mmx_listener_transport(l)->refuse(fd, r);
	close(fd);
}

/* ---- life ---- */

int mmx_listeners_create(uv_loop_t *uv, const struct mmx_config *config,
			 const struct mmx_holder *holder, struct mmx_listeners **ret_listeners)
{
	size_t i, count = config->partition_count;
	struct mmx_listeners *all = calloc(1, sizeof(*all) + count * sizeof(all->listeners[0]));

	if (!all)
		return -ENOMEM;
	all->uv = uv;
	all->config = config;
	all->holder = holder;
	all->count = count;
	for (i = 0; i < count; i++) {
		struct listener *l = &all->listeners[i];

		l->all = all;
		l->partition = i;
		l->socket.fd = -1;
		l->peer = (struct mmx_peer)MMX_PEER_INIT;
		l->credit = CREDIT_MAX;
	}
	*ret_listeners = all;
	return 0;
}

static int start_listening(struct listener *l, const struct mmx_partition_config *config)
{
	int r;

	l->retry.data = l;
	l->patience.data = l;
	l->calm.data = l;
	l->listen_poll.data = l;
	uv_timer_init(l->all->uv, &l->retry);
	uv_timer_init(l->all->uv, &l->patience);
	uv_timer_init(l->all->uv, &l->calm);
	r = mmx_chore_init(l->all->uv, &l->chore);
	if (!r)
		r = mmx_socket_listen(config->socket, config->mode, &l->socket);
	if (!r)
		r = uv_poll_init(l->all->uv, &l->listen_poll, l->socket.fd);
	if (!r)
		r = uv_poll_start(&l->listen_poll, UV_READABLE, accept_guest);
	return r;
}

int mmx_listeners_start(struct mmx_listeners *all, struct mmx_core *core)
{
	size_t i;
	int r;

	all->core = core;
	r = mmx_machines_watch_holder(all);
	if (r)
		return r;
	for (i = 0; i < all->count; i++) {
		const struct mmx_partition_config *config = &all->config->partitions[i];

		r = start_listening(&all->listeners[i], config);
		if (r) {
			mmx_log(MMX_LOG_CORE, MMX_LOG_ERROR, "partition %s: socket %s: %s",
				config->name, config->socket, mmx_socket_listen_error(r));
			return r;
		}
	}
	mmx_machines_take_over(all);
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
		mmx_session_take_peer(session, &l->peer);
		if (mmx_listener_transport(l)->stays && !l->gone)
			prepare_soon(l);
		else
			mmx_listener_leave(l);
		return;
	}
}

void mmx_listeners_stop(struct mmx_listeners *all)
{
	size_t i;

	all->stopped = true;
	for (i = 0; i < all->count; i++) {
		mmx_chore_finish(&all->listeners[i].chore);
		if (all->core)
			mmx_core_withdraw(all->core, i);
	}
}

void mmx_listeners_destroy(struct mmx_listeners *all, bool machines_stay)
{
	size_t i;

	for (i = 0; i < all->count; i++) {
		struct listener *l = &all->listeners[i];

		l->peer.kept = machines_stay;
		mmx_peer_finish(&l->peer);
		if (l->socket.fd < 0)
			continue;
		mmx_socket_remove(all->config->partitions[i].socket, &l->socket);
		close(l->socket.fd);
	}
	free(all);
}
