// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The breaches (conformance.h): indices, sizes and credits that end a session, and the story of how far credits go. Each
 * begins with a session of its own, as stories do.
 */
#include "tests/int/conformance.h"

#include <poll.h>

static const char *unknown_before_hello(struct env *env)
{
	union mmx_msg_buf msg;

	mmx_raw_begin(&env->raw, &msg, 0x7777, sizeof(msg.hdr));
	SAY(mmx_raw_send(&env->raw, &msg, msg.hdr.size) == 0);
	return NULL;
}

static void set_prod(struct env *env, uint32_t add)
{
	struct mmx_ring_producer *p = &env->raw.front.sub;

	__atomic_store_n(&p->ctrl->prod, p->prod + add, __ATOMIC_RELEASE);
	mmx_peer_notify(env->raw.peer.kick_fd);
}

static const char *prod_beyond(struct env *env)
{
	set_prod(env, env->raw.front.sub.slots + 1);
	return NULL;
}

static const char *prod_far_beyond(struct env *env)
{
	set_prod(env, 0x80000000u);
	return NULL;
}

static const char *prod_back(struct env *env)
{
	set_prod(env, (uint32_t)-1);
	return NULL;
}

/* Room in the ring, without reading what has come. Return: false: the session is over. */
static bool deaf_room(struct env *env)
{
	struct mmx_ring_producer *p = &env->raw.front.sub;
	struct pollfd fds[2] = {
		{ .fd = env->raw.peer.call_fd, .events = POLLIN },
		{ .fd = env->raw.peer.sock_fd, .events = POLLIN },
	};

	while (mmx_ring_room(p, 1) == -EAGAIN) {
		if (!mmx_ring_want_space(p, 1))
			continue;
		if (poll(fds, 2, env->timeout_ms) <= 0 || mmx_raw_is_over(&env->raw))
			return false;
		mmx_peer_clear(env->raw.peer.call_fd);
	}
	return true;
}

static const char *cons_beyond(struct env *env)
{
	struct mmx_ring_consumer *c = &env->raw.front.comp;
	uint32_t i;

	/* it is looked at when there seems to be no room */
	__atomic_store_n(&c->ctrl->cons, c->cons + c->slots, __ATOMIC_RELEASE);
	for (i = 0; i < 2 * c->slots && deaf_room(env); i++)
		submit(env, NAME(0), 0, 7, NULL, 0);
	return NULL;
}

static const char *bad_size(struct env *env, uint32_t size)
{
	union mmx_msg_buf msg;

	mmx_raw_begin(&env->raw, &msg, MMX_MSG_GROUP_GET_STATE, size);
	SAY(mmx_raw_send(&env->raw, &msg, sizeof(msg.hdr)) == 0);
	return NULL;
}

static const char *size_0(struct env *env)
{
	return bad_size(env, 0);
}

static const char *size_15(struct env *env)
{
	return bad_size(env, sizeof(struct mmx_msg_hdr) - 1);
}

static const char *size_too_long(struct env *env)
{
	union mmx_msg_buf msg;

	mmx_raw_begin(&env->raw, &msg, MMX_MSG_GROUP_GET_STATE, MMX_MSG_MAX + 1);
	SAY(mmx_raw_send(&env->raw, &msg, MMX_MSG_MAX) == 0);
	return NULL;
}

static const char *size_beyond_all(struct env *env)
{
	return bad_size(env, UINT32_MAX);
}

static const char *half_a_message(struct env *env)
{
	return bad_size(env, MMX_SLOT_SIZE + 1);
}

/* Nothing is read: the ring fills up, then the records of requests, and then there are no more. */
static const char *no_credits(struct env *env)
{
	uint32_t most = env->raw.front.comp.slots + env->raw.hello.limits.max_requests + 1;
	union mmx_msg_buf msg;
	uint32_t i;

	for (i = 0; i < most && deaf_room(env); i++) {
		mmx_raw_begin(&env->raw, &msg, MMX_MSG_GROUP_GET_STATE,
			      sizeof(struct mmx_msg_object));
		SAY(mmx_raw_send(&env->raw, &msg, msg.hdr.size) == 0);
	}
	return NULL;
}

/* The same, and one less: that is within the credits, and all are answered once they are read. */
static const char *all_credits(struct env *env)
{
	/* what the scene has left in the ring has been read, but is given back in pieces */
	uint32_t most = env->raw.hello.limits.max_requests, before = env->raw.answer_count, i;
	union mmx_msg_buf msg;

	for (i = 0; i < most && deaf_room(env); i++) {
		mmx_raw_begin(&env->raw, &msg, MMX_MSG_GROUP_GET_STATE,
			      sizeof(struct mmx_msg_object));
		SAY(mmx_raw_send(&env->raw, &msg, msg.hdr.size) == 0);
	}
	SAY(mmx_raw_answer(&env->raw, env->raw.tag));
	SAY(env->raw.answer_count == before + most);
	return NULL;
}

#define BREACH(name, fn)              \
	{                             \
		name, true, false, fn \
	}

const struct story breaches[] = {
	{ "an unknown message before HELLO", true, true, unknown_before_hello },
	{ "requests up to the credit", false, false, all_credits },
	BREACH("requests beyond the credit", no_credits),
	BREACH("a producer's index one beyond", prod_beyond),
	BREACH("a producer's index far beyond", prod_far_beyond),
	BREACH("a producer's index that goes back", prod_back),
	BREACH("a consumer's index beyond", cons_beyond),
	BREACH("a message of no bytes", size_0),
	BREACH("a message shorter than its header", size_15),
	BREACH("a message of one byte too many", size_too_long),
	BREACH("a message of all bytes", size_beyond_all),
	BREACH("a message that is shown in part", half_a_message),
};
const size_t breach_count = sizeof(breaches) / sizeof(breaches[0]);
