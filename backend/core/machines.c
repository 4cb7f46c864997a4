// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Machines that outlive the daemon: the holder is told of each that comes, and what it holds for an earlier daemon is taken
 * over. The daemon's side of holder.h, on libuv's loop; called by listener.c.
 *
 * Of what is held nothing is believed that the configuration does not say too: the partition's name, its transport, the
 * layout of its region. What the machine has is checked by the transport as it is of any other machine.
 */
#include <string.h>
#include <sys/socket.h>

#include "backend/core/listener_priv.h"

/* For the holder, which has next to nothing to do; it may be freeing a large region. */
#define HOLD_MS 2000u

/* ---- telling the holder ---- */

static void say_machine(struct listener *l, const char *what)
{
	if (l->phase == GREETED)
		say(l, MMX_LOG_INFO, "machine %s pid=%d uid=%u", what, (int)l->peer.pid,
		    l->peer.uid);
}

static void hold_timed_out(uv_timer_t *timer)
{
	mmx_listener_dismiss(timer->data, "the holder does not answer");
}

/* It has been welcomed. */
void mmx_machine_hold(struct listener *l)
{
	const struct mmx_partition_config *config = &l->all->config->partitions[l->partition];
	struct mmx_region_hdr layout;
	int r;

	l->handles = 0;
	l->hold_tag = ++l->all->hold_tag;
	mmx_listener_set_phase(l, HELD);
	r = mmx_core_layout(l->all->core, l->partition, &layout);
	if (!r)
		r = mmx_holder_hold(l->all->holder, l->hold_tag, config->name, &layout, &l->peer);
	if (r)
		mmx_listener_dismiss(l, "the holder can't be told of it");
	else
		uv_timer_start(&l->patience, hold_timed_out, HOLD_MS, 0);
}

static void held(struct listener *l, int error)
{
	uv_timer_stop(&l->patience);
	if (error) {
		mmx_listener_dismiss(l, "the holder can't hold it");
		return;
	}
	mmx_listener_watch_guest(l);
	say_machine(l, "connected");
}

static void holder_answered(uv_poll_t *poll, int status, int events)
{
	struct mmx_listeners *all = poll->data;
	struct mmx_hold_answer answer;
	size_t i;
	int r;

	(void)status;
	(void)events;
	r = mmx_holder_answer(all->holder, &answer);
	if (r) {
		/* this process ends with the holder's */
		if (r != -EAGAIN)
			uv_poll_stop(poll);
		return;
	}
	for (i = 0; i < all->count; i++) {
		struct listener *l = &all->listeners[i];

		if (l->phase == HELD && l->hold_tag == answer.tag)
			held(l, answer.error);
	}
}

int mmx_machines_watch_holder(struct mmx_listeners *all)
{
	int r;

	all->holder_poll.data = all;
	r = uv_poll_init(all->uv, &all->holder_poll, all->holder->fd);
	if (!r)
		r = uv_poll_start(&all->holder_poll, UV_READABLE, holder_answered);
	if (r)
		mmx_log(MMX_LOG_CORE, MMX_LOG_ERROR, "the holder can't be watched: %s",
			strerror(-r));
	return r;
}

/* ---- what it holds already ---- */

/* Return: why not; NULL: it is the partition's machine now. */
static const char *adopt(struct listener *l, const struct mmx_held *held)
{
	const struct mmx_partition_config *config = &l->all->config->partitions[l->partition];
	struct mmx_region_hdr layout;

	if (!mmx_listener_transport(l)->adopt ||
	    strcmp(held->transport, mmx_listener_transport(l)->name))
		return "its partition has another transport now";
	if (mmx_core_layout(l->all->core, l->partition, &layout) ||
	    memcmp(&held->layout, &layout, sizeof(layout)))
		return "its partition has another size now, or other rings";
	if (mmx_peer_take_socket(&l->peer, held->sock_fd))
		return "it can't be told who it is";
	if (config->check_uid && l->peer.uid != config->uid)
		return "its partition is for another uid now";
	if (mmx_core_adopt(l->all->core, l->partition, &l->peer))
		return "its region can't be used";
	/* QEMU is the same process still */
	if (mmx_core_open_ram(l->all->core, l->partition, l->peer.pid))
		return "its own memory can't be had";
	return NULL;
}

/* The machine, with all that there is of it, is the listener's, or gone. */
static void take_over(struct listener *l, const struct mmx_held *held)
{
	const char *why_not;

	l->peer.sock_fd = held->sock_fd;
	l->peer.region_fd = held->region_fd;
	l->peer.kick_fd = held->kick_fd;
	l->peer.call_fd = held->call_fd;
	l->peer.region = held->region;
	l->peer.region_size = (size_t)held->layout.size;
	why_not = adopt(l, held);
	if (why_not) {
		l->handles = 0;
		say(l, MMX_LOG_WARN, "the machine is not taken over: %s", why_not);
		/* the holder's too, whatever the partition's transport is now */
		shutdown(held->sock_fd, SHUT_RDWR);
		mmx_listener_leave(l);
		return;
	}
	mmx_listener_watch_guest(l);
	say_machine(l, "taken over");
}

static struct listener *find_listener(struct mmx_listeners *all, const char *partition)
{
	size_t i;

	for (i = 0; i < all->count; i++)
		if (!strcmp(all->config->partitions[i].name, partition))
			return &all->listeners[i];
	return NULL;
}

void mmx_machines_take_over(struct mmx_listeners *all)
{
	struct mmx_holdings *held = all->holder->held;
	size_t i;

	for (i = 0; i < held->count; i++) {
		struct mmx_held *m = &held->machines[i];
		struct listener *l = find_listener(all, m->partition);

		if (l) {
			take_over(l, m);
			continue;
		}
		mmx_log(MMX_LOG_SESSION, MMX_LOG_WARN,
			"the machine of partition %s is not taken over: there is none of that name",
			m->partition);
		shutdown(m->sock_fd, SHUT_RDWR);
		mmx_holdings_drop(held, i--);
	}
	/* what is left is the listeners' */
	held->count = 0;
}
