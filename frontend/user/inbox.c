// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What comes to a guest: replies and events of the completion ring, silence, the end of the
 * session; and waiting for it. Called by the guest's thread.
 *
 * guest->dead is set here and in call.c, once and for good; what had come before is still taken.
 * Nothing that the backend writes makes this loop without end: each call takes a bounded number of
 * messages, and each wait has a deadline.
 */
#include "frontend/user/guest_priv.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

/* As much as the largest ring can hold, whatever a backend adds meanwhile. */
#define MAX_BATCH MMX_RING_MAX_SLOTS
/* Batches without a pause, before it is a flood. */
#define MAX_POLLS 64u

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t mmx_guest_now_ms(void)
{
	return now_ns() / 1000000;
}

/* Keeps a fault for mmx_guest_next_fault(); when there are too many, the later ones are lost. */
static void keep_fault(struct mmx_guest *guest, const struct mmx_event_fault *fault)
{
	unsigned int at = (guest->fault_first + guest->fault_count) % MMX_GUEST_MAX_FAULTS;

	if (guest->fault_count == MMX_GUEST_MAX_FAULTS)
		return;
	guest->faults[at] = (struct mmx_fault_record){
		.kind = fault->kind,
		.group = fault->group,
		.vm = fault->vm,
		.queue = fault->queue,
		.exception = fault->exception,
		.access = fault->access,
		.address = fault->address,
	};
	guest->fault_count++;
}

bool mmx_guest_next_fault(struct mmx_guest *guest, struct mmx_fault_record *ret_fault)
{
	if (!guest->fault_count)
		return false;
	*ret_fault = guest->faults[guest->fault_first];
	guest->fault_first = (guest->fault_first + 1) % MMX_GUEST_MAX_FAULTS;
	guest->fault_count--;
	return true;
}

static int handle(struct mmx_guest *guest, const struct mmx_decoded *msg)
{
	uint32_t i;
	int ret = 0;

	switch (msg->kind) {
	case MMX_DECODED_REPLY:
		return msg->reply.request == MMX_MSG_SUBMIT ||
				       msg->reply.request == MMX_MSG_VM_BIND_ASYNC
			       ? mmx_guest_timeline_refused(guest, &msg->reply)
			       : mmx_call_reply(guest, &msg->reply);
	case MMX_DECODED_TIMELINES:
		for (i = 0; i < msg->timelines.count && !ret; i++)
			ret = mmx_guest_timeline_event(guest, &msg->timelines.entries[i]);
		return ret;
	case MMX_DECODED_FAULT:
		keep_fault(guest, &msg->fault);
		return 0;
	case MMX_DECODED_MEM_RELEASED:
		for (i = 0; i < msg->released.count && !ret; i++)
			ret = mmx_mem_released(guest, msg->released.mems[i]);
		return ret;
	case MMX_DECODED_GPU:
		return msg->gpu_state == MMX_GPU_STATE_LOST ? -ENODEV : 0;
	case MMX_DECODED_UNKNOWN_EVENT:
		return 0;
	}
	return 0;
}

static int take_one(struct mmx_guest *guest)
{
	struct mmx_decoded msg;
	int size, ret;

	size = mmx_front_session_receive(&guest->session, &guest->in);
	if (size <= 0)
		return size;
	ret = mmx_decode_completion(&guest->in, (uint32_t)size, &msg);
	if (!ret)
		ret = handle(guest, &msg);
	return ret ? ret : 1;
}

int mmx_guest_dispatch(struct mmx_guest *guest)
{
	/* looked at first: what came before the end is taken */
	bool ended = guest->hung_up || mmx_front_session_closed(&guest->session);
	unsigned int i;
	int ret = 1;

	if (guest->dead)
		return guest->dead;
	for (i = 0; i < MAX_BATCH && ret > 0; i++)
		ret = take_one(guest);
	if (mmx_front_session_release(&guest->session))
		mmx_peer_notify(guest->peer.kick_fd);
	if (ret < 0)
		guest->dead = ret;
	else if (ended)
		guest->dead = -ENODEV;
	return guest->dead;
}

/* Return: false: it has been silent for too long. */
static bool heart_beats(struct mmx_guest *guest)
{
	uint64_t beat = mmx_front_session_heartbeat(&guest->session);
	int64_t now = mmx_guest_now_ms();

	if (beat != guest->heartbeat) {
		guest->heartbeat = beat;
		guest->heartbeat_ms = now;
	}
	return now - guest->heartbeat_ms < guest->heartbeat_limit_ms;
}

/*
 * Looks for a while before sleeping, if waits have been that short lately. Looking takes a processor
 * from whoever is waited for, so it is not tried again and again. Return: true: something has come.
 */
static bool spin(struct mmx_guest *guest, bool (*done)(struct mmx_guest *, void *), void *arg)
{
	int64_t end;

	if (guest->wait_ns >= guest->max_spin_ns)
		return false;
	end = now_ns() + guest->max_spin_ns;
	do {
		if (mmx_ring_has_news(&guest->session.comp) || done(guest, arg))
			return true;
	} while (now_ns() < end);
	return false;
}

/* A wait that began then has ended. A long one counts as no longer than it takes to stop looking. */
static void learn(struct mmx_guest *guest, int64_t began_ns)
{
	int64_t wait_ns = now_ns() - began_ns;

	if (wait_ns > 4 * guest->max_spin_ns)
		wait_ns = 4 * guest->max_spin_ns;
	guest->wait_ns += (wait_ns - guest->wait_ns) / 8;
}

/*
 * Sleeps until the backend notifies, hangs up or should have given a sign of life, or the
 * deadline; only looks if that has passed.
 */
static int sleep_until(struct mmx_guest *guest, int64_t deadline_ms)
{
	struct pollfd fds[] = {
		{ .fd = guest->peer.call_fd, .events = POLLIN },
		{ .fd = guest->peer.sock_fd, .events = POLLIN },
	};
	int64_t left = deadline_ms - mmx_guest_now_ms();

	if (!heart_beats(guest)) {
		guest->dead = -ENODEV;
		return guest->dead;
	}
	if (left > guest->heartbeat_limit_ms / 10)
		left = guest->heartbeat_limit_ms / 10;
	if (poll(fds, 2, left > 0 ? (int)left : 0) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[0].revents & POLLIN)
		mmx_peer_clear(guest->peer.call_fd);
	else if (fds[0].revents)
		guest->hung_up = true;
	/* Nothing is said on the socket: whatever it has to report is the end. */
	if (fds[1].revents)
		guest->hung_up = true;
	return 0;
}

int mmx_guest_wait(struct mmx_guest *guest, bool (*done)(struct mmx_guest *guest, void *arg),
		   void *arg, int64_t deadline_ms)
{
	int64_t began_ns = 0;
	int ret;

	for (;;) {
		ret = mmx_guest_dispatch(guest);
		if (done(guest, arg)) {
			if (began_ns)
				learn(guest, began_ns);
			return 0;
		}
		if (ret)
			return ret;
		if (mmx_guest_now_ms() >= deadline_ms)
			return -ETIMEDOUT;
		if (!began_ns)
			began_ns = now_ns();
		if (spin(guest, done, arg))
			continue;
		if (!mmx_front_session_want_data(&guest->session))
			continue;
		ret = sleep_until(guest, deadline_ms);
		if (ret)
			return ret;
	}
}

int mmx_guest_poll(struct mmx_guest *guest)
{
	unsigned int i;
	int ret;

	if (guest->dead)
		return guest->dead;
	ret = sleep_until(guest, 0);
	if (ret)
		return ret;
	for (i = 0; i < MAX_POLLS; i++) {
		ret = mmx_guest_dispatch(guest);
		if (ret || mmx_front_session_want_data(&guest->session))
			return ret;
	}
	/* No answers to what was asked can be so many. */
	guest->dead = -EPROTO;
	return guest->dead;
}
