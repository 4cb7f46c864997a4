// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Guests that mean harm (hostile.h). Each kind is one way to disturb others; it goes on until it is killed, and comes
 * back when its session is ended. Called in a process of its own, from its one thread, but for the kind that has two.
 */
#include "tests/int/hostile.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/cs_asm.h"

#define NAME(index) mmx_name_make(index, 1)
#define PAGE	    4096u
#define VA	    0x10000000ull
/* A life is so many messages, unless the backend ends it: then comes the next one. */
#define LIFE 20000u

static uint64_t random_state;

static uint64_t rnd(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static uint32_t below(uint32_t bound)
{
	return (uint32_t)(rnd() >> 32) % bound;
}

/* ---- sending ---- */

static bool is_over(struct mmx_raw *raw)
{
	struct pollfd fd = { .fd = raw->peer.sock_fd, .events = POLLIN };

	if (raw->over || poll(&fd, 1, 0) == 1)
		raw->over = true;
	return raw->over;
}

/* Reads while it waits for room. Return: false: the session is over. */
static bool send_msg(struct mmx_raw *raw, union mmx_msg_buf *msg)
{
	if (below(64) == 0 && (is_over(raw) || mmx_raw_read(raw)))
		return false;
	return !mmx_raw_send(raw, msg, msg->hdr.size);
}

/* Does not read, ever. Return: false: the session is over, or has not made room for some time. */
static bool send_deaf(struct mmx_raw *raw, const union mmx_msg_buf *msg)
{
	unsigned int tries;

	for (tries = 0; mmx_ring_room(&raw->front.sub, MMX_MSG_SLOTS(msg->hdr.size)); tries++) {
		if (tries > 2000 || is_over(raw))
			return false;
		mmx_local_notify(raw->peer.kick_fd);
	}
	return !mmx_raw_send(raw, msg, msg->hdr.size);
}

/* ---- what an honest guest would do first ---- */

static int make_mem(struct mmx_raw *raw, uint32_t mem, uint32_t first, uint32_t pages)
{
	const struct mmx_run run = { .first_page = raw->first_page + first, .page_count = pages };
	union mmx_msg_buf msg;

	mmx_encode_mem_create(&msg, ++raw->tag, mem, MMX_MEM_SEAL, pages, &run, 1);
	return mmx_raw_call(raw, &msg);
}

static int make_group(struct mmx_raw *raw, uint32_t index, uint32_t queues)
{
	const struct mmx_group_desc desc = {
		.client = NAME(0),
		.vm = NAME(0),
		.group = NAME(index),
		.priority = 1,
		.max_compute_cores = 1,
		.max_fragment_cores = 1,
		.max_tiler_cores = 1,
		.compute_core_mask = raw->hello.gpu.shader_present,
		.fragment_core_mask = raw->hello.gpu.shader_present,
		.tiler_core_mask = raw->hello.gpu.tiler_present,
	};
	struct mmx_queue_desc descs[MMX_MAX_QUEUES] = { { 0 } };
	union mmx_msg_buf msg;
	uint32_t i;

	for (i = 0; i < queues; i++)
		descs[i] = (struct mmx_queue_desc){ .ring_size = 4096,
						    .timeline = NAME(index * queues + i) };
	mmx_encode_group_create(&msg, ++raw->tag, &desc, descs, queues);
	return mmx_raw_call(raw, &msg);
}

/* Client, VM and memory of 256 pages, mapped. */
static bool make_space(struct mmx_raw *raw)
{
	const struct mmx_bind_op map = { .mem = NAME(0), .va = VA, .size = 256ull * PAGE };
	union mmx_msg_buf msg;
	int r;

	mmx_encode_client_create(&msg, ++raw->tag, NAME(0), 1, "hostile");
	r = mmx_raw_call(raw, &msg);
	mmx_encode_vm_create(&msg, ++raw->tag, NAME(0), NAME(0), 0, 0);
	r = r ? r : mmx_raw_call(raw, &msg);
	r = r ? r : make_mem(raw, NAME(0), 0, 256);
	mmx_encode_vm_bind(&msg, ++raw->tag, NAME(0), &map, 1);
	return !r && !mmx_raw_call(raw, &msg);
}

/* A stream at this page of the memory. */
static struct mmx_cs_asm begin_stream(struct mmx_raw *raw, uint32_t page)
{
	struct mmx_cs_asm a;

	mmx_cs_asm_init(&a, (void *)(raw->data + (size_t)page * PAGE), PAGE / 8);
	return a;
}

static void put_job(struct mmx_raw *raw, union mmx_msg_buf *msg, uint32_t group, uint32_t queue,
		    uint64_t seqno, uint32_t page, struct mmx_cs_asm *a)
{
	struct mmx_job_desc job = { .group = NAME(group), .queue = queue, .seqno = seqno };
	size_t count = 0;

	if (a) {
		mmx_cs_asm_finish(a, &count);
		job.stream_addr = VA + (uint64_t)page * PAGE;
		job.stream_size = (uint32_t)(count * 8);
	}
	mmx_encode_submit(msg, ++raw->tag, &job, NULL, 0);
}

static void put_endless(struct mmx_cs_asm *a)
{
	unsigned int loop = mmx_cs_label(a);

	mmx_cs_bind(a, loop);
	mmx_cs_nop(a);
	mmx_cs_branch(a, MMX_CS_ALWAYS, 0, loop);
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
	union mmx_msg_buf msg;
	unsigned int i;

	for (i = 0; i < LIFE; i++) {
		random_bytes(raw, &msg);
		if (!send_msg(raw, &msg))
			return;
	}
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
	union mmx_msg_buf msg;
	unsigned int i;

	/* what streams are made of */
	for (i = 0; i < 64u * PAGE; i += 8)
		*(uint64_t *)(void *)(raw->data + i) = rnd() & (below(2) ? ~0ull : 0x1fffffff);
	for (i = 0; i < LIFE; i++) {
		some_message(raw, &msg);
		if (!send_msg(raw, &msg))
			return;
	}
}

/* Names that it never made, of all types, with all that can be done to them. */
static void live_names(struct mmx_raw *raw)
{
	union mmx_msg_buf msg;
	unsigned int i;

	for (i = 0; i < LIFE; i++) {
		struct mmx_wait wait = { .timeline = (uint32_t)rnd(), .seqno = 1 };
		struct mmx_job_desc job = { .group = (uint32_t)rnd(), .seqno = 1 };

		if (below(4))
			mmx_encode_object(&msg, ++raw->tag, (uint16_t)(MMX_MSG_CLIENT_DESTROY),
					  NAME(below(1024)));
		else
			mmx_encode_submit(&msg, ++raw->tag, &job, &wait, 1);
		if (!send_msg(raw, &msg))
			return;
	}
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
		mmx_local_notify(raw->peer.kick_fd);
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
static void live_flipping(struct mmx_raw *raw)
{
	struct flipper f = { .from = (uint8_t *)raw->front.sub.ctrl->slots,
			     .size = (size_t)raw->front.sub.slots * MMX_SLOT_SIZE,
			     .state = rnd() };
	union mmx_msg_buf msg;
	unsigned int i;

	if (pthread_create(&f.thread, NULL, flip, &f))
		return;
	for (i = 0; i < LIFE; i++) {
		some_message(raw, &msg);
		if (!send_msg(raw, &msg))
			break;
	}
	__atomic_store_n(&f.stop, true, __ATOMIC_RELAXED);
	pthread_join(f.thread, NULL);
}

/* All of the region that is not data: headers, session page, both rings. */
static void live_flipping_all(struct mmx_raw *raw)
{
	struct flipper f = { .from = raw->peer.region,
			     .size = raw->front.data_offset,
			     .state = rnd() };
	union mmx_msg_buf msg;
	unsigned int i;

	if (pthread_create(&f.thread, NULL, flip, &f))
		return;
	for (i = 0; i < LIFE; i++) {
		some_message(raw, &msg);
		if (!send_deaf(raw, &msg))
			break;
	}
	__atomic_store_n(&f.stop, true, __ATOMIC_RELAXED);
	pthread_join(f.thread, NULL);
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
		mmx_local_notify(raw->peer.kick_fd);
}

static void live_connections(struct mmx_raw *raw)
{
	(void)raw;
}

/* ---- the GPU ---- */

/* 24 groups, none of whose streams ends. */
static void live_endless(struct mmx_raw *raw)
{
	struct mmx_cs_asm a = begin_stream(raw, 0);
	union mmx_msg_buf msg;
	uint32_t i;

	if (!make_space(raw))
		return;
	put_endless(&a);
	for (i = 0; i < 24; i++) {
		if (make_group(raw, i, 1))
			return;
		put_job(raw, &msg, i, 0, 1, 0, &a);
		mmx_raw_send(raw, &msg, msg.hdr.size);
	}
	while (!is_over(raw)) {
		struct pollfd fd = { .fd = raw->peer.sock_fd, .events = POLLIN };

		poll(&fd, 1, -1);
	}
}

/* Streams that fault, each way in turn; the group is made again. */
static void live_faults(struct mmx_raw *raw)
{
	union mmx_msg_buf msg;
	unsigned int i;

	if (!make_space(raw))
		return;
	for (i = 0; i < LIFE / 4; i++) {
		struct mmx_cs_asm a = begin_stream(raw, 0);

		if (make_group(raw, 0, 1))
			return;
		if (i & 1) {
			mmx_cs_word(&a, 0xfeull << 56);
		} else {
			mmx_cs_move48(&a, 0, VA + (1ull << 30));
			mmx_cs_store_multiple(&a, 2, 1, 0, 0);
			mmx_cs_wait(&a, 0xff);
		}
		put_job(raw, &msg, 0, 0, 1, 0, &a);
		if (mmx_raw_send(raw, &msg, msg.hdr.size) || mmx_raw_job(raw, NAME(0), 1) < 0 ||
		    mmx_raw_object(raw, MMX_MSG_GROUP_DESTROY, NAME(0)))
			return;
		raw->entry_count = 0;
	}
}

/* As many binds under way as there may be, of much, while a group runs in the VM. */
static void live_binds(struct mmx_raw *raw)
{
	struct mmx_bind_op ops[20];
	struct mmx_cs_asm a;
	union mmx_msg_buf msg;
	uint32_t i, sent;

	if (!make_space(raw) || make_group(raw, 0, 1))
		return;
	a = begin_stream(raw, 0);
	put_endless(&a);
	put_job(raw, &msg, 0, 0, 1, 0, &a);
	mmx_raw_send(raw, &msg, msg.hdr.size);
	for (i = 0; i < 20; i++)
		ops[i] = (struct mmx_bind_op){
			.op = i & 1 ? MMX_BIND_OP_UNMAP : MMX_BIND_OP_MAP,
			.mem = i & 1 ? 0 : NAME(0),
			.va = VA + (1ull << 30) * (1 + i / 2),
			.size = 256ull * PAGE,
		};
	for (sent = 0; sent < LIFE; sent++) {
		mmx_encode_vm_bind(&msg, ++raw->tag, NAME(0), ops, 20);
		/* within the credits: at most 128 have no answer */
		if (mmx_raw_send(raw, &msg, msg.hdr.size) ||
		    (sent >= 64 && !mmx_raw_answer(raw, raw->tag - 64)))
			return;
	}
}

/* As many asynchronous binds as there may be, that wait for what never ends; then all of it is taken down at once. */
static void live_async(struct mmx_raw *raw)
{
	struct mmx_wait wait = { .timeline = NAME(0), .seqno = 1 };
	struct mmx_bind_op ops[40];
	struct mmx_cs_asm a;
	union mmx_msg_buf msg;
	uint64_t seqno;
	uint32_t i;

	if (!make_space(raw) || make_group(raw, 0, 1))
		return;
	mmx_encode_vm_create(&msg, ++raw->tag, NAME(0), NAME(1), NAME(100), 0);
	if (mmx_raw_call(raw, &msg))
		return;
	a = begin_stream(raw, 0);
	put_endless(&a);
	put_job(raw, &msg, 0, 0, 1, 0, &a);
	mmx_raw_send(raw, &msg, msg.hdr.size);
	for (i = 0; i < 40; i++)
		ops[i] = (struct mmx_bind_op){ .mem = NAME(0),
					       .va = VA + (1ull << 30) * i,
					       .size = 256ull * PAGE };
	for (seqno = 1; seqno <= raw->hello.limits.max_jobs; seqno++) {
		mmx_encode_vm_bind_async(&msg, ++raw->tag, NAME(1), seqno, ops, 40, &wait, 1);
		if (mmx_raw_send(raw, &msg, msg.hdr.size))
			return;
	}
	/* they all begin when the job is cancelled */
	mmx_raw_object(raw, MMX_MSG_GROUP_DESTROY, NAME(0));
	mmx_raw_object(raw, MMX_MSG_CLIENT_DESTROY, NAME(0));
}

/* Groups that come and go as fast as they can. */
static void live_groups(struct mmx_raw *raw)
{
	union mmx_msg_buf msg;
	unsigned int i;

	if (!make_space(raw))
		return;
	for (i = 0; i < LIFE; i++) {
		if (make_group(raw, 0, 8))
			return;
		put_job(raw, &msg, 0, i % 8, 1, 0, NULL);
		if (mmx_raw_send(raw, &msg, msg.hdr.size) ||
		    mmx_raw_object(raw, MMX_MSG_GROUP_DESTROY, NAME(0)))
			return;
	}
}

/* Tiler heaps as large as they may be, that come and go as fast as they can. */
static void live_heaps(struct mmx_raw *raw)
{
	const struct mmx_heap_desc heap = {
		.vm = NAME(0),
		.heap = NAME(0),
		.initial_chunk_count = 32,
		.chunk_size = 2u << 20,
		.max_chunks = 64,
		.target_in_flight = 64,
	};
	union mmx_msg_buf msg;
	unsigned int i;

	if (!make_space(raw))
		return;
	for (i = 0; i < LIFE; i++) {
		mmx_encode_heap_create(&msg, ++raw->tag, &heap);
		if (mmx_raw_call(raw, &msg) < 0 ||
		    mmx_raw_object(raw, MMX_MSG_HEAP_DESTROY, NAME(0)) < 0)
			return;
	}
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
	{ "groups", COMPANY_BUSY, false, live_groups },
	{ "heaps", COMPANY_BUSY, false, live_heaps },
};
const size_t hostile_kind_count = sizeof(hostile_kinds) / sizeof(hostile_kinds[0]);

void hostile_run(const struct hostile_kind *kind, const char *path, uint64_t seed)
{
	static struct mmx_raw raw;

	random_state = seed | 1;
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
