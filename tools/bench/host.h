/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The whole middle of the daemon in this process, on the model in this process, and a guest's ends of the rings beside
 * it: to measure what the backend does for a message, and nothing else.
 */
#ifndef TOOLS_BENCH_HOST_H
#define TOOLS_BENCH_HOST_H

#include "backend/core/core.h"
#include "frontend/core/session.h"
#include "hv/local/local.h"
#include "tools/bench/bench.h"

struct mmx_host {
	int timeout_ms;
	struct mmx_config *config;
	struct mmx_timers timers;
	struct mmx_device *dev;
	struct mmx_fw_image *image;
	struct mmx_core *core;
	struct mmx_session *session;
	struct mmx_peer peer; /* the guest's */
	struct mmx_front_session front;
	union mmx_msg_buf buf; /* for encoders */
	uint32_t tag; /* that was used last */
};

/* With one guest, which has said HELLO. Return: 0 or a negative errno (said). */
int mmx_host_open(const struct mmx_bench *b, struct mmx_host *host);
void mmx_host_close(struct mmx_host *host);

/* What the daemon's loop does when it wakes up: interrupts, then a round. */
void mmx_host_turn(struct mmx_host *host);

/* host->buf into the ring; seen after mmx_front_session_flush(). @size: as an encoder has returned. */
int mmx_host_send(struct mmx_host *host, int size);
/* The guest has notified: rounds until all is taken. This is what is measured. */
void mmx_host_take(struct mmx_host *host);
/* Takes all that the guest is told. Return: 0; the error that something was answered with. */
int mmx_host_receive(struct mmx_host *host);
/* All three for one message that is answered at once. */
int mmx_host_call(struct mmx_host *host, int size);

#endif
