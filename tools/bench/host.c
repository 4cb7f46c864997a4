// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * See host.h. What loop.c is to the daemon: takes interrupts to core and runs rounds; the guest's ends of the rings are
 * worked by the same thread, between rounds.
 */
#include "tools/bench/host.h"

#include <errno.h>

#include "backend/core/firmware_file.h"
#include "backend/device/model_device.h"
#include "frontend/core/decode.h"

/* A batch of binds takes a few: each takes so much of a round. */
#define MAX_ROUNDS 1000u

/* Nothing here opens a file or a socket of a configuration. */
static const char config_text[] = "device = { socket = \"gpu\"; };\n"
				  "firmware = { image = \"image\"; allow_unsigned = true; };\n"
				  "partition = ( { name = \"bench\"; socket = \"guest\"; } );\n";

static uint64_t clock_now(void *ctx)
{
	(void)ctx;
	return mmx_bench_now();
}

static void state_changed(void *ctx, enum mmx_core_state state)
{
	(void)ctx;
	(void)state;
}

static void detach(void *ctx, struct mmx_session *session)
{
	(void)session;
	((struct mmx_host *)ctx)->session = NULL;
}

static const struct mmx_core_ops core_ops = {
	.state = state_changed,
	.detach = detach,
};

void mmx_host_turn(struct mmx_host *h)
{
	int irq;

	mmx_model_device_run(h->dev);
	for (irq = 0; irq < MMX_IRQ_COUNT; irq++)
		mmx_core_irq(h->core, (enum mmx_irq)irq);
	mmx_core_round(h->core);
}

/* Return: 0 or -ETIMEDOUT. */
static int run_to(struct mmx_host *h, enum mmx_core_state state)
{
	uint64_t end_ns = mmx_bench_now() + (uint64_t)h->timeout_ms * MMX_NS_PER_MS;

	while (mmx_core_state(h->core) < state) {
		if (mmx_bench_now() >= end_ns)
			return -ETIMEDOUT;
		mmx_host_turn(h);
	}
	return 0;
}

/* ---- the guest ---- */

int mmx_host_send(struct mmx_host *h, int size)
{
	return size < 0 ? size : mmx_front_session_send(&h->front, &h->buf, size);
}

void mmx_host_take(struct mmx_host *h)
{
	unsigned int rounds = 0;

	mmx_core_kick(h->core, h->session);
	while (mmx_core_round(h->core) && rounds++ < MAX_ROUNDS)
		;
}

int mmx_host_receive(struct mmx_host *h)
{
	struct mmx_decoded msg;
	int size, r = 0;

	while (!r && (size = mmx_front_session_receive(&h->front, &h->buf)) != 0) {
		r = size < 0 ? size : mmx_decode_completion(&h->buf, (uint32_t)size, &msg);
		if (!r && msg.kind == MMX_DECODED_REPLY)
			r = msg.reply.error;
	}
	mmx_front_session_release(&h->front);
	/* asks to be notified, as a guest that goes to sleep does */
	mmx_front_session_want_data(&h->front);
	mmx_peer_clear(h->peer.call_fd);
	return r;
}

int mmx_host_call(struct mmx_host *h, int size)
{
	int r = mmx_host_send(h, size);

	if (r)
		return r;
	mmx_front_session_flush(&h->front);
	mmx_host_take(h);
	return mmx_host_receive(h);
}

/* ---- life ---- */

static int start_core(struct mmx_host *h, const struct mmx_bench *b)
{
	struct mmx_core_params params = { .timers = &h->timers, .epoch = 1 };
	struct mmx_config_error error;
	int r;

	r = mmx_config_read_string(config_text, &h->config, &error);
	if (r)
		return r < 0 ? r : mmx_bench_fail(-EINVAL, "%s", error.text);
	r = mmx_firmware_file_load(b->firmware, true, &h->image);
	if (!r)
		r = mmx_model_device_create(NULL, clock_now, NULL, &h->dev);
	if (r)
		return r;
	params.config = h->config;
	params.dev = h->dev;
	params.image = h->image;
	r = mmx_core_create(&params, &core_ops, h, &h->core);
	if (r)
		return r;
	mmx_core_start(h->core);
	return run_to(h, MMX_CORE_RUNNING);
}

static int attach(struct mmx_host *h)
{
	struct mmx_peer peer = MMX_PEER_INIT;
	int r;

	r = mmx_core_offer(h->core, 0, &peer);
	if (r)
		return r > 0 ? -EIO : r;
	r = mmx_local_peer_dup(&peer, &h->peer);
	if (!r)
		r = mmx_peer_seal(&peer);
	if (!r)
		r = mmx_front_session_init(&h->front, h->peer.region, h->peer.region_size);
	if (!r)
		r = mmx_core_attach(h->core, 0, &peer, &h->session);
	if (r) {
		mmx_core_withdraw(h->core, 0);
		mmx_peer_finish(&peer);
	}
	return r > 0 ? -EIO : r;
}

int mmx_host_open(const struct mmx_bench *b, struct mmx_host *h)
{
	int r;

	*h = (struct mmx_host){ .timeout_ms = b->timeout_ms, .peer = MMX_PEER_INIT };
	mmx_timers_init(&h->timers, clock_now, NULL);
	r = start_core(h, b);
	if (!r)
		r = attach(h);
	if (!r)
		r = mmx_host_call(h, mmx_encode_hello(&h->buf, ++h->tag, "bench"));
	if (r) {
		mmx_host_close(h);
		return mmx_bench_fail(r, "backend in this process");
	}
	return 0;
}

void mmx_host_close(struct mmx_host *h)
{
	bool ended = !h->core;

	if (h->session)
		mmx_core_hangup(h->core, h->session);
	if (h->core) {
		mmx_core_stop(h->core);
		ended = !run_to(h, MMX_CORE_ENDED);
	}
	mmx_peer_finish(&h->peer);
	/* what would not end goes with the process */
	if (!ended)
		return;
	mmx_core_destroy(h->core);
	mmx_device_destroy(h->dev);
	mmx_fw_image_destroy(h->image);
	mmx_config_destroy(h->config);
	mmx_timers_finish(&h->timers);
}
