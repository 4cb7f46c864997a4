// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Guests that mean harm (hostile.h), and among them those that do it with messages and rings; hostile_gpu.c has the
 * others. Each kind is one way to disturb others; it goes on until it is killed, and comes back when its session is
 * ended. Called in a process of its own, from its one thread, but for the kinds that have two.
 */
#include "tests/int/hostile.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "tests/int/hostile_kit.h"

/* A life of such messages, sent this way. */
static void send_life(struct mmx_raw *raw, void (*make)(struct mmx_raw *, union mmx_msg_buf *),
		      bool (*send)(struct mmx_raw *, union mmx_msg_buf *))
{
	union mmx_msg_buf msg;
	unsigned int i;

	for (i = 0; i < LIFE; i++) {
		make(raw, &msg);
		if (!send(raw, &msg))
			return;
	}
}

/* ---- messages ---- */

static void random_bytes(struct mmx_raw *raw, union mmx_msg_buf *msg)
{
	uint32_t size = sizeof(msg->hdr) + below(below(4) ? 100 : MMX_MSG_MAX - 16), i;

	mmx_raw_begin(raw, msg, (uint16_t)below(26), size);
	for (i = sizeof(msg->hdr); i + 8 <= size; i += 8) {
		uint64_t word = below(3) ? rnd() : below(32);

		memcpy(msg->bytes + i, &word, sizeof(word));
	}
}

static void live_random(struct mmx_raw *raw)
{
	send_life(raw, random_bytes, send_msg);
}

static uint32_t some_name(void)
{
	return mmx_name_make(below(8), below(16) ? 1 : 1 + below(3));
}

static uint64_t some_number(void)
{
	uint64_t one = 1;

	switch (below(6)) {
	case 0:
		return rnd();
	case 1:
		return one << below(64);
	case 2:
		return (one << below(64)) - 1;
	case 3:
		return 0 - (uint64_t)below(64) * PAGE;
	default:
		return (uint64_t)below(64) * PAGE;
	}
}

static struct mmx_bind_op some_op(void)
{
	struct mmx_bind_op op = { .op = below(2), .va = VA + some_number(), .size = some_number() };

	if (!op.op) {
		op.mem = some_name();
		op.flags = below(8);
		op.mem_offset = below(4) ? 0 : some_number();
	}
	return op;
}

/* A message that is nearly right. */
static void some_message(struct mmx_raw *raw, union mmx_msg_buf *msg)
{
	static const uint16_t objects[] = {
		MMX_MSG_CLIENT_DESTROY, MMX_MSG_MEM_DESTROY,	 MMX_MSG_VM_DESTROY,
		MMX_MSG_GROUP_DESTROY,	MMX_MSG_GROUP_GET_STATE,
	};
	const struct mmx_run runs[] = {
		{ .first_page = raw->first_page + below(64), .page_count = 1 + below(64) },
		{ .first_page = raw->first_page + below(64), .page_count = 1 },
	};
	struct mmx_bind_op ops[] = { some_op(), some_op(), some_op() };
	struct mmx_wait waits[] = { { .timeline = some_name(), .seqno = below(4) } };
	struct mmx_job_desc job = { .group = some_name(),
				    .queue = below(2),
				    .seqno = 1 + below(3),
				    .stream_addr = below(2) ? VA + below(64) * 64ull : 0,
				    .stream_size = below(2) * 64 };
	struct mmx_group_desc group = { .client = some_name(),
					.vm = some_name(),
					.group = some_name(),
					.priority = (uint8_t)below(3) };
	struct mmx_queue_desc queues[] = { { .ring_size = 4096, .timeline = some_name() },
					   { .ring_size = 8192, .timeline = some_name() } };

	switch (below(9)) {
	case 0:
		mmx_encode_client_create(msg, ++raw->tag, some_name(), 1, "hostile");
		break;
	case 1:
		mmx_encode_mem_create(msg, ++raw->tag, some_name(), below(2),
				      runs[0].page_count + 1, runs, below(3));
		break;
	case 2:
		mmx_encode_mem_add(msg, ++raw->tag, some_name(), below(2), runs, below(3));
		break;
	case 3:
		mmx_encode_vm_create(msg, ++raw->tag, some_name(), some_name(), 0, 0);
		break;
	case 4:
		mmx_encode_vm_bind(msg, ++raw->tag, some_name(), ops, below(4));
		break;
	case 5:
		mmx_encode_group_create(msg, ++raw->tag, &group, queues, 1 + below(2));
		break;
	case 6:
	case 7:
		mmx_encode_submit(msg, ++raw->tag, &job, waits, below(2));
		break;
	default:
		mmx_encode_object(msg, ++raw->tag, objects[below(5)], some_name());
		break;
	}
	if (!below(8))
		msg->bytes[sizeof(msg->hdr) + below(64)] ^= (uint8_t)(1u << below(8));
}

static void live_mutated(struct mmx_raw *raw)
{
	unsigned int i;

	/* what streams are made of */
	for (i = 0; i < 64u * PAGE; i += 8)
		*(uint64_t *)(void *)(raw->data + i) = rnd() & (below(2) ? ~0ull : 0x1fffffff);
	send_life(raw, some_message, send_msg);
}

/* Names that it never made, of all types, with all that can be done to them. */
static void foreign_names(struct mmx_raw *raw, union mmx_msg_buf *msg)
{
	struct mmx_wait wait = { .timeline = (uint32_t)rnd(), .seqno = 1 };
	struct mmx_job_desc job = { .group = (uint32_t)rnd(), .seqno = 1 };

	if (below(4))
		mmx_encode_object(msg, ++raw->tag, (uint16_t)(MMX_MSG_CLIENT_DESTROY),
				  NAME(below(1024)));
	else
		mmx_encode_submit(msg, ++raw->tag, &job, &wait, 1);
}

static void live_names(struct mmx_raw *raw)
{
	send_life(raw, foreign_names, send_msg);
}

/* As much as a message can ask for. */
static void live_counts(struct mmx_raw *raw)
{
	struct mmx_bind_op ops[MMX_BIND_MAX_OPS];
	struct mmx_run runs[MMX_MEM_MAX_RUNS];
	union mmx_msg_buf msg;
	uint32_t i, group;

	if (!make_space(raw))
		return;
	for (i = 0; i < MMX_MEM_MAX_RUNS; i++)
		runs[i] =
			(struct mmx_run){ .first_page = raw->first_page + 2 * i, .page_count = 1 };
	for (i = 0; i < MMX_BIND_MAX_OPS; i++)
		ops[i] = (struct mmx_bind_op){ .mem = NAME(0),
					       .va = VA + (i + 1ull) * (1u << 22),
					       .size = 256ull * PAGE };
	for (group = 0; group < LIFE / 8; group++) {
		mmx_encode_mem_create(&msg, ++raw->tag, NAME(1 + group % 64), MMX_MEM_SEAL,
				      MMX_MEM_MAX_RUNS, runs, MMX_MEM_MAX_RUNS);
		if (!send_msg(raw, &msg))
			return;
		mmx_encode_vm_bind(&msg, ++raw->tag, NAME(0), ops, MMX_BIND_MAX_OPS);
		if (!send_msg(raw, &msg))
			return;
		if (group < 64 && make_group(raw, group, 8) < 0)
			return;
		mmx_encode_object(&msg, ++raw->tag, MMX_MSG_MEM_DESTROY, NAME(1 + group % 64));
		if (!send_msg(raw, &msg))
			return;
	}
}

/* ---- rings ---- */

static void live_indices(struct mmx_raw *raw)
{
	struct mmx_ring_ctrl *sub = raw->front.sub.ctrl, *comp = raw->front.comp.ctrl;
	uint32_t *const words[] = {
		&sub->prod,  &sub->space_event,	 &sub->cons,  &sub->data_event,
		&comp->prod, &comp->space_event, &comp->cons, &comp->data_event
	};
	unsigned int i;

	for (i = 0; i < 1000 && !is_over(raw); i++) {
		__atomic_store_n(words[below(8)], below(2) ? (uint32_t)rnd() : below(64),
				 __ATOMIC_RELAXED);
		mmx_peer_notify(raw->peer.kick_fd);
	}
}

struct flipper {
	pthread_t thread;
	uint8_t *from;
	size_t size;
	uint64_t state;
	bool stop;
};

static void *flip(void *arg)
{
	struct flipper *f = arg;

	while (!__atomic_load_n(&f->stop, __ATOMIC_RELAXED)) {
		f->state = f->state * 6364136223846793005ull + 1442695040888963407ull;
		__atomic_store_n(f->from + (f->state >> 16) % f->size, (uint8_t)(f->state >> 56),
				 __ATOMIC_RELAXED);
	}
	return NULL;
}

/* One thread sends what is right, the other one changes it while the backend reads it. */
static void flip_meanwhile(struct mmx_raw *raw, struct flipper *f,
			   bool (*send)(struct mmx_raw *, union mmx_msg_buf *))
{
	f->state = rnd();
	if (pthread_create(&f->thread, NULL, flip, f))
		return;
	send_life(raw, some_message, send);
	__atomic_store_n(&f->stop, true, __ATOMIC_RELAXED);
	pthread_join(f->thread, NULL);
}

static void live_flipping(struct mmx_raw *raw)
{
	struct flipper f = { .from = (uint8_t *)raw->front.sub.ctrl->slots,
			     .size = (size_t)raw->front.sub.slots * MMX_SLOT_SIZE };

	flip_meanwhile(raw, &f, send_msg);
}

/* All of the region that is not data: headers, session page, both rings. */
static void live_flipping_all(struct mmx_raw *raw)
{
	struct flipper f = { .from = raw->peer.region, .size = raw->front.data_offset };

	flip_meanwhile(raw, &f, send_deaf);
}

/* Requests without end, and no answer is read. */
static void live_no_credits(struct mmx_raw *raw)
{
	union mmx_msg_buf msg;

	do
		mmx_encode_object(&msg, ++raw->tag, MMX_MSG_GROUP_GET_STATE, NAME(0));
	while (send_deaf(raw, &msg));
}

/* Jobs without end, and no completion is read. */
static void live_never_drained(struct mmx_raw *raw)
{
	union mmx_msg_buf msg;
	uint64_t seqno = 0;

	if (!make_space(raw) || make_group(raw, 0, 1))
		return;
	do
		put_job(raw, &msg, 0, 0, ++seqno, 0, NULL);
	while (send_deaf(raw, &msg));
}

/* SUBMITs that are refused, and no answer is read. */
static void live_refused(struct mmx_raw *raw)
{
	union mmx_msg_buf msg;

	do
		put_job(raw, &msg, 0, 0, 1, 0, NULL);
	while (send_deaf(raw, &msg));
}

static void live_notifications(struct mmx_raw *raw)
{
	unsigned int i;

	for (i = 0; i < 1000000; i++)
		mmx_peer_notify(raw->peer.kick_fd);
}

static void live_connections(struct mmx_raw *raw)
{
	(void)raw;
}

const struct hostile_kind hostile_kinds[] = {
	{ "random messages", COMPANY_BUSY, false, live_random },
	{ "random messages, no HELLO", COMPANY_BUSY, true, live_random },
	{ "messages nearly right", COMPANY_BUSY, false, live_mutated },
	{ "names of others", COMPANY_BUSY, false, live_names },
	{ "as much as may be", COMPANY_MANY, false, live_counts },
	{ "garbage in ring indices", COMPANY_BUSY, false, live_indices },
	{ "flips bytes of its ring", COMPANY_BUSY, false, live_flipping },
	{ "flips bytes of its region", COMPANY_BUSY, false, live_flipping_all },
	{ "no regard for credits", COMPANY_BUSY, false, live_no_credits },
	{ "completions never read", COMPANY_BUSY, false, live_never_drained },
	{ "refusals never read", COMPANY_BUSY, false, live_refused },
	{ "notifications", COMPANY_BUSY, false, live_notifications },
	{ "connections", COMPANY_BUSY, true, live_connections },
	{ "streams without end", COMPANY_MANY, false, live_endless },
	{ "faults", COMPANY_BUSY, false, live_faults },
	{ "binds", COMPANY_BUSY, false, live_binds },
	{ "asynchronous binds", COMPANY_BUSY, false, live_async },
	{ "avalanches of jobs", COMPANY_BUSY, false, live_avalanche },
	{ "groups", COMPANY_BUSY, false, live_groups },
	{ "heaps", COMPANY_BUSY, false, live_heaps },
};
const size_t hostile_kind_count = sizeof(hostile_kinds) / sizeof(hostile_kinds[0]);

void hostile_run(const struct hostile_kind *kind, const char *path, uint64_t seed)
{
	static struct mmx_raw raw;

	seed_chance(seed);
	for (;;) {
		/* refused while the one before it is being cleared away */
		if (mmx_raw_open(path, 10000, &raw)) {
			sched_yield();
			continue;
		}
		if (kind->bare || !mmx_raw_hello(&raw))
			kind->live(&raw);
		mmx_raw_close(&raw);
	}
}
