/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The partitions' sockets: guests come in, their descriptors are watched on libuv's loop, and they go. */
#ifndef BACKEND_CORE_LISTENER_H
#define BACKEND_CORE_LISTENER_H

#include <uv.h>

#include "backend/core/config.h"
#include "backend/core/core.h"
#include "backend/core/holder.h"

struct mmx_listeners; /* one per partition */

/* All must outlive it. Nothing listens yet. Return: 0; -ENOMEM. */
int mmx_listeners_create(uv_loop_t *uv, const struct mmx_config *config,
			 const struct mmx_holder *holder, struct mmx_listeners **ret_listeners);
/* Once, when guests can be attached to core: takes over what is held. Return: 0; negative errno (logged): some may listen already. */
int mmx_listeners_start(struct mmx_listeners *listeners, struct mmx_core *core);
/* Core is about to destroy the session, and its descriptors with it: they are watched no more. */
void mmx_listeners_detach(struct mmx_listeners *listeners, struct mmx_session *session);
/* From here on no guest is waited for again; the caller closes all handles of the loop. */
void mmx_listeners_stop(struct mmx_listeners *listeners);
/*
 * After the loop has run dry: closes and removes the sockets. @machines_stay: the next daemon takes them over, so they are not
 * told that this one has ended.
 */
void mmx_listeners_destroy(struct mmx_listeners *listeners, bool machines_stay);

#endif
