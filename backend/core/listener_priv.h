/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What listener.c and machines.c share: a partition's listener. */
#ifndef BACKEND_CORE_LISTENER_PRIV_H
#define BACKEND_CORE_LISTENER_PRIV_H

#include "backend/core/chore.h"
#include "backend/core/listener.h"
#include "backend/util/log.h"
#include "hv/peer.h"
#include "hv/socket.h"

enum phase {
	FREE,
	HELD,
	GREETED,
	PREPARING,
	CONNECTED,
	LEAVING,
};

/* One partition's socket, and the guest that is connected to it. */
struct listener {
	uv_poll_t listen_poll;
	uv_timer_t retry; /* active while the backlog is left alone */
	uv_timer_t patience; /* with a candidate, or the holder */
	uv_timer_t calm; /* active while notifications are left alone */
	uv_poll_t sock_poll; /* of the guest; from GREETED on */
	uv_poll_t kick_poll; /* of the guest */
	struct mmx_chore chore;
	struct mmx_listeners *all;
	size_t partition;
	struct mmx_socket socket; /* fd -1 = not listening */
	enum phase phase;
	uint32_t hold_tag; /* in HELD */
	struct mmx_peer peer; /* but in CONNECTED: then it is the session's */
	struct mmx_session *session; /* in CONNECTED */
	bool gone; /* the connection has ended in CONNECTED */
	int prepared; /* what came of PREPARING */
	uint64_t progress; /* of the session, when it was last notified */
	unsigned int idle_kicks; /* in a row */
	unsigned int handles; /* of the two polls of a guest: those that are not closed yet */
	unsigned int credit; /* connections that may come now */
	uint64_t credit_ms; /* counted until then */
};

struct mmx_listeners {
	uv_loop_t *uv;
	const struct mmx_config *config;
	struct mmx_core *core;
	const struct mmx_holder *holder;
	uv_poll_t holder_poll;
	uint32_t hold_tag; /* the last one */
	bool stopped;
	size_t count;
	struct listener listeners[];
};

#define say(l, level, ...)                                                                         \
	mmx_log_limited(mmx_core_log_limit((l)->all->core, (l)->partition), uv_hrtime(),           \
			MMX_LOG_SESSION, level, (l)->all->config->partitions[(l)->partition].name, \
			__VA_ARGS__)

static inline const struct mmx_transport *mmx_listener_transport(const struct listener *l)
{
	return l->all->config->partitions[l->partition].transport;
}

void mmx_listener_set_phase(struct listener *l, enum phase phase);
/* The guest has been greeted: watches its descriptors, and is in GREETED; or it is gone. */
void mmx_listener_watch_guest(struct listener *l);
/* There is no session. */
void mmx_listener_leave(struct listener *l);
/* A guest that has no session, and will have none. */
void mmx_listener_dismiss(struct listener *l, const char *why);

/* A machine that has been welcomed: the holder is told, and when it has answered the guest is watched. */
void mmx_machine_hold(struct listener *l);
/* Once. Return: 0; negative errno (logged). */
int mmx_machines_watch_holder(struct mmx_listeners *all);
/* What is held is the listeners', or gone. Once, when guests can be attached to core. */
void mmx_machines_take_over(struct mmx_listeners *all);

#endif
