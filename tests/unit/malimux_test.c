// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * libmalimux against a backend of this test's own: a thread on the other ends of the rings that answers as a
 * backend would, or does not, or lies.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "frontend/core/names.h"
#include "frontend/user/guest_priv.h"
#include "hv/proto/ring.h"

#define TIMEOUT_MS    5000
#define DATA_PAGES    512u
#define MAX_TIMELINES 8u
#define MAX_HELD      4u
#define FAIL_SIZE     104u /* a stream of so many bytes fails with EINVAL */

/* What the backend does wrong. Lies are told instead of the answer to GROUP_GET_STATE. */
enum misdeed {
	HONEST,
	REPLIES_IN_REVERSE, /* of MEM_CREATE and MEM_ADD, when the object is sealed */
	REFUSES, /* requests of fake.victim, with fake.error */
	IGNORES, /* likewise, with silence */
	HOLDS_JOBS, /* until told */
	NO_HEARTBEAT,
	CLOSES,
	HANGS_UP,
	GPU_LOST,
	UNKNOWN_EVENT, /* then answers */
	LIE_PROD_JUMPS,
	LIE_CONS_JUMPS, /* of the submission ring */
	LIE_SIZE_0,
	LIE_SIZE_HUGE,
	LIE_TAG,
	LIE_REPLY_TYPE,
	LIE_REPLY_TWICE,
	LIE_ERRNO,
	LIE_COUNT,
	LIE_NAME,
	LIE_RELEASED,
	LIE_SEQNO,
	LIE_SEQNO_BACK,
	LIE_ERROR_LATE,
	LIE_PAGE,
	LIE_REFUSED,
	LIES_END,
};

struct fake {
	struct mmx_local_peer peer;
	struct mmx_ring_producer comp;
	struct mmx_ring_consumer sub;
	struct mmx_session_page *page;
	enum misdeed misdeed;
	uint16_t victim;
	uint32_t error;
	int guest_sock; /* the socket's other end until the guest has it */
	int stop[2]; /* a byte here: 'q' quit, 'r' release held jobs */
	pthread_t thread;

	union mmx_msg_buf in, out;
	struct mmx_msg_hdr held[MAX_HELD]; /* requests whose replies are held back */
	unsigned int held_count;
	struct {
		uint32_t name;
		uint64_t submitted, completed;
	} timelines[MAX_TIMELINES];
	struct mmx_timeline_entry jobs[64]; /* held */
	unsigned int job_count;
	unsigned int waits; /* seen */

	/* of the object registered last */
	uint32_t pages_announced, pages_added;
	unsigned int messages, runs, longest_run;
	bool adjacent; /* two neighbouring runs were */
	uint64_t last_end;
};

static struct fake *fake;
static struct mmx_guest *guest;
static unsigned int fds_before;

static const struct mmx_limits limits = {
	.max_clients = 2,
	.max_mems = 4,
	.max_vms = 2,
	.max_groups = 2,
	.max_timelines = MAX_TIMELINES,
	.max_requests = 4,
	.max_jobs = 4,
	.max_waits = 4,
	.max_bind_ops = 8,
	.max_queues = 4,
	.mem_bytes = 1 << 20,
};

static unsigned int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned int count = 0;

	assert_non_null(d);
	while (readdir(d))
		count++;
	closedir(d);
	return count;
}

/* ---- the backend's side ---- */

static void post(struct fake *f, const void *msg, uint32_t size)
{
	struct mmx_msg_hdr hdr;

	memcpy(f->out.bytes, msg, size);
	memcpy(&hdr, msg, sizeof(hdr));
	hdr.size = size;
	memcpy(f->out.bytes, &hdr, sizeof(hdr));
	if (mmx_ring_write(&f->comp, f->out.bytes, size))
		abort();
	if (mmx_ring_publish(&f->comp))
		mmx_local_notify(f->peer.call_fd);
}

static struct mmx_msg_hdr reply_hdr(const struct mmx_msg_hdr *req, uint32_t error)
{
	return (struct mmx_msg_hdr){
		.type = (uint16_t)(req->type | MMX_MSG_REPLY),
		.tag = req->tag,
		.error = error,
	};
}

static void reply(struct fake *f, const struct mmx_msg_hdr *req, uint32_t error)
{
	struct mmx_msg_hdr hdr = reply_hdr(req, error);

	post(f, &hdr, sizeof(hdr));
}

static void reply_hello(struct fake *f)
{
	struct mmx_reply_hello msg = {
		.hdr = reply_hdr(&f->in.hdr, 0),
		.version = MMX_PROTO_VERSION_0_1,
		.epoch = 7,
		.limits = limits,
		.gpu = { .gpu_id = 0xa8670000, .shader_present = 0x5, .tiler_present = 1 },
	};

	post(f, &msg, sizeof(msg));
}

static void post_timeline(struct fake *f, uint32_t name, uint64_t seqno, uint32_t error)
{
	const struct mmx_event_timelines event = { .hdr.type = MMX_EVENT_TIMELINES, .count = 1 };
	const struct mmx_timeline_entry entry = { .timeline = name,
						  .error = error,
						  .seqno = seqno };
	uint8_t msg[sizeof(event) + sizeof(entry)];

	memcpy(msg, &event, sizeof(event));
	memcpy(msg + sizeof(event), &entry, sizeof(entry));
	post(f, msg, sizeof(msg));
}

static void write_page(struct fake *f, const struct mmx_timeline_entry *job)
{
	struct mmx_timeline_state *state = &f->page->timelines[mmx_name_index(job->timeline)];

	if (job->error)
		__atomic_store_n(&state->errors, state->errors + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&state->completed, job->seqno, __ATOMIC_RELEASE);
	f->timelines[mmx_name_index(job->timeline)].completed = job->seqno;
}

static void complete(struct fake *f, const struct mmx_timeline_entry *job)
{
	write_page(f, job);
	post_timeline(f, job->timeline, job->seqno, job->error);
}

/* Jobs that end the same way share an entry. */
static void release_jobs(struct fake *f)
{
	const struct mmx_timeline_entry *job = f->jobs;
	unsigned int left = f->job_count;

	for (; left; left--, job++) {
		if (left > 1 && job[1].timeline == job->timeline && job[1].error == job->error)
			write_page(f, job);
		else
			complete(f, job);
	}
	f->job_count = 0;
}

static void post_released(struct fake *f, uint32_t mem)
{
	const struct mmx_event_mem_released event = {
		.hdr.type = MMX_EVENT_MEM_RELEASED,
		.count = 1,
	};
	uint8_t msg[sizeof(event) + sizeof(mem)];

	memcpy(msg, &event, sizeof(event));
	memcpy(msg + sizeof(event), &mem, sizeof(mem));
	post(f, msg, sizeof(msg));
}

static void take_runs(struct fake *f, const uint8_t *runs, uint32_t count, bool first)
{
	struct mmx_run run;
	uint32_t i;

	if (first) {
		f->pages_added = 0;
		f->messages = f->runs = f->longest_run = 0;
		f->adjacent = false;
		f->last_end = 0;
	}
	f->messages++;
	for (i = 0; i < count; i++) {
		memcpy(&run, runs + i * sizeof(run), sizeof(run));
		f->pages_added += run.page_count;
		f->runs++;
		if (run.page_count > f->longest_run)
			f->longest_run = run.page_count;
		if (run.first_page == f->last_end)
			f->adjacent = true;
		f->last_end = run.first_page + run.page_count;
		/* the page's number, for the test to find through its own view */
		memcpy((uint8_t *)f->peer.region + run.first_page * MMX_WIRE_PAGE_SIZE,
		       &run.first_page, sizeof(run.first_page));
	}
}

static void take_mem(struct fake *f)
{
	struct mmx_msg_mem_create create;
	struct mmx_msg_mem_add add;
	uint32_t flags;

	if (f->in.hdr.type == MMX_MSG_MEM_CREATE) {
		memcpy(&create, f->in.bytes, sizeof(create));
		f->pages_announced = create.page_count;
		flags = create.flags;
		take_runs(f, f->in.bytes + sizeof(create), create.run_count, true);
	} else {
		memcpy(&add, f->in.bytes, sizeof(add));
		flags = add.flags;
		take_runs(f, f->in.bytes + sizeof(add), add.run_count, false);
	}
	if (f->misdeed != REPLIES_IN_REVERSE) {
		reply(f, &f->in.hdr, 0);
		return;
	}
	f->held[f->held_count++] = f->in.hdr;
	while ((flags & MMX_MEM_SEAL) && f->held_count)
		reply(f, &f->held[--f->held_count], 0);
}

static void take_group(struct fake *f)
{
	struct mmx_msg_group_create msg;
	struct mmx_queue_desc queue;
	uint32_t i, index;

	memcpy(&msg, f->in.bytes, sizeof(msg));
	for (i = 0; i < msg.queue_count; i++) {
		memcpy(&queue, f->in.bytes + sizeof(msg) + i * sizeof(queue), sizeof(queue));
		index = mmx_name_index(queue.timeline);
		f->timelines[index].name = queue.timeline;
		f->timelines[index].submitted = 0;
		f->timelines[index].completed = 0;
		f->page->timelines[index] = (struct mmx_timeline_state){ .name = queue.timeline };
	}
	reply(f, &f->in.hdr, 0);
}

/* Queue q of any group is the timeline of index q: the tests make one group. */
static void take_submit(struct fake *f)
{
	struct mmx_timeline_entry job = { 0 };
	struct mmx_msg_submit msg;

	memcpy(&msg, f->in.bytes, sizeof(msg));
	f->waits += msg.wait_count;
	job.timeline = f->timelines[msg.queue].name;
	job.seqno = msg.seqno;
	job.error = msg.stream_size == FAIL_SIZE ? EINVAL : 0;
	if (msg.seqno != f->timelines[msg.queue].submitted + 1 ||
	    msg.seqno - f->timelines[msg.queue].completed > limits.max_jobs) {
		reply(f, &f->in.hdr, EILSEQ);
		return;
	}
	f->timelines[msg.queue].submitted = msg.seqno;
	if (f->misdeed == HOLDS_JOBS || f->misdeed == NO_HEARTBEAT)
		f->jobs[f->job_count++] = job;
	else
		complete(f, &job);
}

/* Writes a message's header as it is into the ring. */
static void post_raw_size(struct fake *f, uint32_t size)
{
	struct mmx_msg_hdr hdr = { .type = MMX_EVENT_GPU, .size = sizeof(hdr) };
	uint32_t slot = f->comp.prod & (f->comp.slots - 1);

	if (mmx_ring_write(&f->comp, memcpy(f->out.bytes, &hdr, sizeof(hdr)), sizeof(hdr)))
		abort();
	hdr.size = size;
	memcpy(f->comp.ctrl->slots[slot], &hdr, sizeof(hdr));
	mmx_ring_publish(&f->comp);
	mmx_local_notify(f->peer.call_fd);
}

static void lie_about_timelines(struct fake *f)
{
	const uint32_t name = f->timelines[0].name;
	const uint64_t done = f->timelines[0].completed;
	struct mmx_event_timelines huge = {
		.hdr.type = MMX_EVENT_TIMELINES,
		.count = 0x10000001,
	};

	switch (f->misdeed) {
	case LIE_COUNT:
		post(f, &huge, sizeof(huge));
		break;
	case LIE_NAME:
		post_timeline(f, 5, 1, 0); /* generation 0 */
		break;
	case LIE_SEQNO:
		post_timeline(f, name, done + 1, 0);
		break;
	case LIE_SEQNO_BACK:
		post_timeline(f, name, done - 1, 0);
		break;
	case LIE_ERROR_LATE:
		post_timeline(f, name, done, EINVAL);
		break;
	default:
		break;
	}
}

static void lie(struct fake *f)
{
	struct mmx_msg_hdr hdr = reply_hdr(&f->in.hdr, 0);
	struct mmx_reply_group_get_state state = { .hdr = hdr };

	switch (f->misdeed) {
	case LIE_PROD_JUMPS:
		__atomic_store_n(&f->comp.ctrl->prod, f->comp.prod + 100000, __ATOMIC_RELEASE);
		mmx_local_notify(f->peer.call_fd);
		break;
	case LIE_SIZE_0:
		post_raw_size(f, 0);
		break;
	case LIE_SIZE_HUGE:
		post_raw_size(f, UINT32_MAX);
		break;
	case LIE_TAG:
		hdr.tag ^= 0x10000;
		post(f, &hdr, sizeof(hdr));
		break;
	case LIE_REPLY_TYPE:
		hdr.type = MMX_MSG_VM_DESTROY | MMX_MSG_REPLY;
		post(f, &hdr, sizeof(hdr));
		break;
	case LIE_REPLY_TWICE:
		post(f, &state, sizeof(state));
		post(f, &state, sizeof(state));
		break;
	case LIE_ERRNO:
		hdr.error = 0x80000000;
		post(f, &hdr, sizeof(hdr));
		break;
	case LIE_RELEASED:
		post_released(f, 0x10000);
		break;
	case LIE_REFUSED:
		hdr = (struct mmx_msg_hdr){ .type = MMX_MSG_SUBMIT | MMX_MSG_REPLY,
					    .error = EINVAL };
		hdr.tag =
			MMX_SUBMIT_TAG | 0x1234 << 16; /* no job of timeline 0 that is in flight */
		post(f, &hdr, sizeof(hdr));
		break;
	case UNKNOWN_EVENT:
		hdr = (struct mmx_msg_hdr){ .type = MMX_EVENT_LIMITS };
		post(f, &hdr, sizeof(hdr));
		post(f, &state, sizeof(state));
		break;
	case HONEST:
		post(f, &state, sizeof(state));
		break;
	default:
		lie_about_timelines(f);
		break;
	}
}

static void end_session(struct fake *f)
{
	struct mmx_event_gpu lost = { .hdr.type = MMX_EVENT_GPU, .state = MMX_GPU_STATE_LOST };

	if (f->misdeed == HANGS_UP)
		shutdown(f->peer.sock_fd, SHUT_RDWR);
	if (f->misdeed == CLOSES) {
		__atomic_store_n(&f->page->closed, ENODEV, __ATOMIC_RELEASE);
		mmx_local_notify(f->peer.call_fd);
	}
	if (f->misdeed == GPU_LOST)
		post(f, &lost, sizeof(lost));
}

static void take(struct fake *f)
{
	struct mmx_msg_object object;

	if (f->in.hdr.type == f->victim) {
		if (f->misdeed == REFUSES)
			reply(f, &f->in.hdr, f->error);
		if (f->misdeed == REFUSES || f->misdeed == IGNORES)
			return;
	}
	memcpy(&object, f->in.bytes, sizeof(object));
	switch (f->in.hdr.type) {
	case MMX_MSG_HELLO:
		reply_hello(f);
		break;
	case MMX_MSG_MEM_CREATE:
	case MMX_MSG_MEM_ADD:
		take_mem(f);
		break;
	case MMX_MSG_MEM_DESTROY:
		reply(f, &f->in.hdr, 0);
		post_released(f, object.object);
		break;
	case MMX_MSG_GROUP_CREATE:
		take_group(f);
		break;
	case MMX_MSG_GROUP_GET_STATE:
		end_session(f);
		lie(f);
		break;
	case MMX_MSG_SUBMIT:
		take_submit(f);
		break;
	default:
		reply(f, &f->in.hdr, 0);
		break;
	}
}

static void *backend_thread(void *arg)
{
	struct fake *f = arg;
	struct pollfd fds[] = {
		{ .fd = f->peer.kick_fd, .events = POLLIN },
		{ .fd = f->stop[0], .events = POLLIN },
	};
	uint64_t beat = 0;
	char command;

	for (;;) {
		while (mmx_ring_read(&f->sub, f->in.bytes, sizeof(f->in)) > 0)
			take(f);
		if (f->misdeed == LIE_CONS_JUMPS)
			__atomic_store_n(&f->sub.ctrl->cons, f->sub.cons + 10, __ATOMIC_RELEASE);
		else if (mmx_ring_consume_publish(&f->sub))
			mmx_local_notify(f->peer.call_fd);
		if (f->misdeed != NO_HEARTBEAT)
			__atomic_store_n(&f->page->heartbeat, ++beat, __ATOMIC_RELAXED);
		if (!mmx_ring_want_data(&f->sub) && !f->sub.broken)
			continue;
		poll(fds, 2, 10);
		mmx_local_clear(f->peer.kick_fd);
		if (!(fds[1].revents & POLLIN) || read(f->stop[0], &command, 1) != 1)
			continue;
		if (command == 'q')
			return NULL;
		release_jobs(f);
	}
}

static void tell(char command)
{
	assert_int_equal(write(fake->stop[1], &command, 1), 1);
}

/* ---- setting up ---- */

static void start(enum misdeed misdeed, uint16_t victim, uint32_t error)
{
	const struct mmx_region_params params = {
		.sub_slots = 64,
		.comp_slots = 64,
		.max_timelines = MAX_TIMELINES,
		.data_size = DATA_PAGES * MMX_WIRE_PAGE_SIZE,
	};
	const struct mmx_region_hdr *hdr;
	int socks[2];

	fds_before = count_fds();
	fake = calloc(1, sizeof(*fake));
	assert_non_null(fake);
	fake->misdeed = misdeed;
	fake->victim = victim;
	fake->error = error;
	assert_int_equal(mmx_local_peer_init(&fake->peer, &params), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks), 0);
	fake->peer.sock_fd = socks[0];
	fake->guest_sock = socks[1];
	assert_int_equal(pipe(fake->stop), 0);
	hdr = fake->peer.region;
	fake->page = (void *)((uint8_t *)fake->peer.region + hdr->session_offset);
	mmx_ring_producer_init(&fake->comp,
			       (void *)((uint8_t *)fake->peer.region + hdr->comp_offset),
			       hdr->comp_slots);
	mmx_ring_consumer_init(&fake->sub, (void *)((uint8_t *)fake->peer.region + hdr->sub_offset),
			       hdr->sub_slots);
	assert_int_equal(pthread_create(&fake->thread, NULL, backend_thread, fake), 0);
}

static int open_guest(int timeout_ms)
{
	struct mmx_local_peer peer;

	assert_int_equal(mmx_local_peer_dup(&fake->peer, &peer), 0);
	peer.sock_fd = fake->guest_sock;
	return mmx_guest_open_peer(&peer, "malimux_test", timeout_ms, &guest);
}

static void begin(enum misdeed misdeed, uint16_t victim, uint32_t error)
{
	start(misdeed, victim, error);
	assert_int_equal(open_guest(TIMEOUT_MS), 0);
}

static void end(void)
{
	mmx_guest_close(guest);
	guest = NULL;
	tell('q');
	pthread_join(fake->thread, NULL);
	close(fake->stop[0]);
	close(fake->stop[1]);
	mmx_local_peer_finish(&fake->peer);
	free(fake);
	fake = NULL;
	assert_int_equal(count_fds(), fds_before);
}

/* One client, one VM, one group with two queues: timelines of index 0 and 1. */
static uint32_t make_group(void)
{
	struct mmx_group_params params = { .queue_count = 2 };
	uint32_t group;

	assert_int_equal(mmx_client_create(guest, "test", &params.client), 0);
	assert_int_equal(mmx_vm_create(guest, params.client, 0, &params.vm), 0);
	assert_int_equal(mmx_group_create(guest, &params, &group), 0);
	return group;
}

static struct mmx_fence submit(uint32_t group, unsigned int queue, uint32_t size)
{
	struct mmx_fence fence = { 0 };
	struct mmx_submit job = {
		.group = group,
		.queue = queue,
		.stream_addr = 0x1000,
		.stream_size = size,
	};

	assert_int_equal(mmx_submit(guest, &job, &fence), 0);
	return fence;
}

static int wait_error(struct mmx_fence fence)
{
	int error = 1;

	assert_int_equal(mmx_fence_wait(guest, &fence, TIMEOUT_MS, &error), 0);
	return error;
}

/* Those submitted so far: an answer to a later request shows that the backend has them. */
static void release_held_jobs(void)
{
	assert_int_equal(mmx_vm_unmap(guest, 0x10000, 0, 0), 0);
	tell('r');
}

/* ---- tests ---- */

static void test_hello(void **cm_state)
{
	(void)cm_state;
	begin(HONEST, 0, 0);
	assert_int_equal(mmx_guest_gpu(guest)->gpu_id, 0xa8670000);
	assert_memory_equal(mmx_guest_limits(guest), &limits, sizeof(limits));
	assert_int_equal(mmx_guest_poll(guest), 0);
	end();
	start(REFUSES, MMX_MSG_HELLO, EPROTONOSUPPORT);
	assert_int_equal(open_guest(TIMEOUT_MS), -EPROTONOSUPPORT);
	end();
	start(IGNORES, MMX_MSG_HELLO, 0);
	assert_int_equal(open_guest(20), -ETIMEDOUT);
	end();
}

/* The view is contiguous and is what the backend sees; the runs are as was asked for. */
static void check_mem(uint32_t pages, unsigned int scatter)
{
	struct mmx_mem *mem;
	uint64_t first, previous = 0;
	unsigned int starts = 0;
	uint32_t i;

	assert_int_equal(mmx_mem_create(guest, pages * MMX_WIRE_PAGE_SIZE - 5, scatter, &mem), 0);
	assert_int_equal(mmx_mem_size(mem), pages * MMX_WIRE_PAGE_SIZE - 5);
	assert_int_equal(fake->pages_announced, pages);
	assert_int_equal(fake->pages_added, pages);
	if (scatter > 1) {
		assert_true(fake->longest_run <= scatter);
		assert_false(fake->adjacent);
	} else {
		assert_int_equal(fake->runs, 1);
	}
	assert_int_equal(fake->messages, (fake->runs + MMX_MEM_MAX_RUNS - 1) / MMX_MEM_MAX_RUNS);
	for (i = 0; i < pages; i++) {
		memcpy(&first, (uint8_t *)mmx_mem_ptr(mem) + i * MMX_WIRE_PAGE_SIZE, sizeof(first));
		if (first && first != previous)
			starts++;
		previous = first ? first : previous;
	}
	assert_int_equal(starts, fake->runs);
	assert_int_equal(mmx_mem_destroy(guest, mem), 0);
}

static void test_mem(void **cm_state)
{
	struct mmx_mem *mem;
	unsigned int i;

	(void)cm_state;
	begin(HONEST, 0, 0);
	/* more often than there are names and pages: both come back */
	for (i = 0; i < 10; i++) {
		check_mem(1, 0);
		check_mem(DATA_PAGES, 1);
		check_mem(200, 2);
		check_mem(DATA_PAGES / 2, 3); /* runs of more than one message */
		check_mem(40, 7);
	}
	assert_int_equal(mmx_mem_create(guest, 0, 0, &mem), -EINVAL);
	assert_int_equal(mmx_mem_create(guest, (DATA_PAGES + 1) * MMX_WIRE_PAGE_SIZE, 0, &mem),
			 -ENOMEM);
	assert_int_equal(mmx_mem_create(guest, SIZE_MAX, 0, &mem), -ENOMEM);
	end();
}

static void test_replies_in_any_order(void **cm_state)
{
	(void)cm_state;
	begin(REPLIES_IN_REVERSE, 0, 0);
	check_mem(DATA_PAGES / 2, 2);
	assert_int_equal(fake->messages, 2);
	end();
}

/* Errors come back as they are; names and pages do, too. */
static void test_refused(void **cm_state)
{
	static const uint16_t types[] = { MMX_MSG_MEM_CREATE, MMX_MSG_MEM_ADD };
	struct mmx_group_params params = { .queue_count = 2 };
	struct mmx_mem *mem;
	uint32_t client, group;
	unsigned int i, type;

	(void)cm_state;
	for (type = 0; type < 2; type++) {
		begin(REFUSES, types[type], ENOMEM);
		for (i = 0; i < 20; i++)
			assert_int_equal(
				mmx_mem_create(guest, DATA_PAGES / 2 * MMX_WIRE_PAGE_SIZE, 2, &mem),
				-ENOMEM);
		end();
	}
	begin(REFUSES, MMX_MSG_GROUP_CREATE, EACCES);
	assert_int_equal(mmx_client_create(guest, "test", &params.client), 0);
	assert_int_equal(mmx_vm_create(guest, params.client, 0, &params.vm), 0);
	for (i = 0; i < 20; i++)
		assert_int_equal(mmx_group_create(guest, &params, &group), -EACCES);
	params.queue_count = limits.max_queues + 1;
	assert_int_equal(mmx_group_create(guest, &params, &group), -EINVAL);
	/* a client takes what it owns with it */
	for (i = 0; i < 20; i++) {
		assert_int_equal(mmx_client_destroy(guest, params.client), 0);
		assert_int_equal(mmx_vm_destroy(guest, params.vm), -ENOENT);
		assert_int_equal(mmx_client_create(guest, "test", &params.client), 0);
		assert_int_equal(mmx_vm_create(guest, params.client, 0, &params.vm), 0);
	}
	assert_int_equal(mmx_client_create(guest, "test", &client), 0);
	assert_int_equal(mmx_client_create(guest, "test", &client), -ENOSPC);
	end();
}

static void test_bind(void **cm_state)
{
	uint32_t client, vm;
	struct mmx_mem *mem;

	(void)cm_state;
	begin(HONEST, 0, 0);
	assert_int_equal(mmx_client_create(guest, "test", &client), 0);
	assert_int_equal(mmx_vm_create(guest, client, 0, &vm), 0);
	assert_int_equal(mmx_mem_create(guest, 8192, 0, &mem), 0);
	assert_int_equal(mmx_vm_map(guest, vm, mem, 0, 0x10000, 8192, MMX_BIND_NOEXEC), 0);
	assert_int_equal(mmx_vm_map(guest, vm, mem, 1, 0x10000, 8192, 0), -EINVAL);
	assert_int_equal(mmx_vm_map(guest, vm, mem, 0, 0x10000, 8192, 0x80), -EINVAL);
	assert_int_equal(mmx_vm_unmap(guest, vm, 0x10000, 8192), 0);
	assert_int_equal(mmx_vm_unmap(guest, vm + 1, 0x10000, 8192), -ENOENT);
	assert_int_equal(mmx_vm_destroy(guest, vm), 0);
	assert_int_equal(mmx_vm_unmap(guest, vm, 0x10000, 8192), -ENOENT);
	end();
}

static void test_jobs(void **cm_state)
{
	struct mmx_fence fences[4], fence;
	struct mmx_submit job;
	unsigned int i, round;
	uint32_t group;
	int error;

	(void)cm_state;
	begin(HONEST, 0, 0);
	group = make_group();
	for (round = 0; round < 200; round++) {
		for (i = 0; i < 4; i++)
			fences[i] = submit(group, round & 1, i == round % 4 ? FAIL_SIZE : 64);
		for (i = 4; i--;)
			assert_int_equal(wait_error(fences[i]), i == round % 4 ? -EINVAL : 0);
		/* and again: the error is kept */
		assert_int_equal(wait_error(fences[round % 4]), -EINVAL);
	}
	/* kept through later ones that succeed; what a later failure has superseded is not called a success */
	for (i = 0; i < 4; i++)
		fence = submit(group, 1, 64);
	assert_int_equal(wait_error(fence), 0);
	assert_int_equal(wait_error(fences[3]), -EINVAL);
	for (i = 0; i < 4; i++)
		fence = submit(group, 1, FAIL_SIZE);
	assert_int_equal(wait_error(fence), -EINVAL);
	assert_int_equal(wait_error(fences[3]), -ESTALE);

	job = (struct mmx_submit){ .group = group, .waits = fences, .wait_count = 4 };
	assert_int_equal(mmx_submit(guest, &job, &fence), 0);
	assert_int_equal(wait_error(fence), 0);
	assert_int_equal(fake->waits, 4);
	job.wait_count = 5;
	assert_int_equal(mmx_submit(guest, &job, &fence), -E2BIG);
	job.wait_count = 1;
	fences[0].seqno = 100000;
	assert_int_equal(mmx_submit(guest, &job, &fence), -EINVAL);
	assert_int_equal(mmx_fence_wait(guest, &fences[0], 0, &error), -EINVAL);
	job.queue = 2;
	assert_int_equal(mmx_submit(guest, &job, &fence), -EINVAL);
	assert_int_equal(mmx_group_destroy(guest, group), 0);
	assert_int_equal(mmx_submit(guest, &job, &fence), -ENOENT);
	assert_int_equal(mmx_fence_wait(guest, &fences[1], 0, &error), -ENOENT);
	end();
}

/* No more jobs are in flight than there is credit for; one who waits for credit gets it. */
static void test_job_credit(void **cm_state)
{
	struct mmx_submit job = { 0 };
	struct mmx_fence fence, last;
	unsigned int i;
	int error;

	(void)cm_state;
	begin(HOLDS_JOBS, 0, 0);
	job.group = make_group();
	for (i = 0; i < limits.max_jobs; i++)
		last = submit(job.group, 0, 64);
	assert_int_equal(mmx_fence_wait(guest, &last, 10, &error), -ETIMEDOUT);
	guest->timeout_ms = 10;
	assert_int_equal(mmx_submit(guest, &job, &fence), -ETIMEDOUT);
	guest->timeout_ms = TIMEOUT_MS;
	release_held_jobs();
	assert_int_equal(mmx_submit(guest, &job, &fence), 0);
	assert_int_equal(fence.seqno, limits.max_jobs + 1);
	assert_int_equal(wait_error(last), 0);
	release_held_jobs();
	assert_int_equal(wait_error(fence), 0);
	end();
}

/* An entry tells of all jobs since the one before it. */
static void test_runs_of_failures(void **cm_state)
{
	static const uint32_t sizes[] = { 64, FAIL_SIZE, FAIL_SIZE, 64 };
	struct mmx_fence fences[4];
	unsigned int i, round;
	uint32_t group;

	(void)cm_state;
	begin(HOLDS_JOBS, 0, 0);
	group = make_group();
	for (round = 0; round < 10; round++) {
		for (i = 0; i < 4; i++)
			fences[i] = submit(group, 0, sizes[(i + round) % 4]);
		release_held_jobs();
		for (i = 4; i--;)
			assert_int_equal(wait_error(fences[i]),
					 sizes[(i + round) % 4] == FAIL_SIZE ? -EINVAL : 0);
	}
	end();
}

static void test_submit_refused(void **cm_state)
{
	struct mmx_submit job = { 0 };
	struct mmx_fence fence;

	(void)cm_state;
	begin(REFUSES, MMX_MSG_SUBMIT, ENOENT);
	job.group = make_group();
	assert_int_equal(mmx_submit(guest, &job, &fence), 0);
	assert_int_equal(wait_error(fence), -ENOENT);
	assert_int_equal(mmx_submit(guest, &job, &fence), -ENOENT);
	end();
}

/* What was given up is not forgotten: pages of an object whose end is not heard of are not used again. */
static void test_silence(void **cm_state)
{
	struct mmx_mem *mem, *other;

	(void)cm_state;
	begin(IGNORES, MMX_MSG_MEM_DESTROY, 0);
	assert_int_equal(mmx_mem_create(guest, DATA_PAGES / 2 * MMX_WIRE_PAGE_SIZE, 0, &mem), 0);
	guest->timeout_ms = 10;
	assert_int_equal(mmx_mem_destroy(guest, mem), -ETIMEDOUT);
	guest->timeout_ms = TIMEOUT_MS;
	assert_int_equal(mmx_mem_create(guest, DATA_PAGES * MMX_WIRE_PAGE_SIZE, 0, &other),
			 -ENOMEM);
	assert_int_equal(mmx_mem_create(guest, DATA_PAGES / 2 * MMX_WIRE_PAGE_SIZE, 0, &other), 0);
	end();

	/* all credits are taken by requests that are never answered */
	begin(IGNORES, MMX_MSG_MEM_CREATE, 0);
	guest->timeout_ms = 10;
	assert_int_equal(mmx_mem_create(guest, 4096, 0, &mem), -ETIMEDOUT);
	assert_int_equal(mmx_mem_create(guest, 4096, 0, &mem), -ETIMEDOUT);
	assert_int_equal(mmx_mem_create(guest, 4096, 0, &mem), -ETIMEDOUT);
	assert_int_equal(guest->requests_busy, 3);
	assert_int_equal(mmx_guest_poll(guest), 0);
	end();
}

static void test_end(void **cm_state)
{
	static const enum misdeed ends[] = { CLOSES, HANGS_UP, GPU_LOST };
	uint32_t group, state, queues;
	struct mmx_fence fence;
	unsigned int i;
	int error;

	(void)cm_state;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		begin(ends[i], 0, 0);
		group = make_group();
		assert_int_equal(mmx_group_get_state(guest, group, &state, &queues), -ENODEV);
		assert_int_equal(mmx_group_get_state(guest, group, &state, &queues), -ENODEV);
		assert_int_equal(mmx_guest_poll(guest), -ENODEV);
		end();
	}
	begin(NO_HEARTBEAT, 0, 0);
	fence = submit(make_group(), 0, 64);
	guest->heartbeat_limit_ms = 30;
	assert_int_equal(mmx_fence_wait(guest, &fence, TIMEOUT_MS, &error), -ENODEV);
	assert_int_equal(mmx_guest_poll(guest), -ENODEV);
	end();
}

static void test_unknown_event(void **cm_state)
{
	uint32_t state, queues;

	(void)cm_state;
	begin(UNKNOWN_EVENT, 0, 0);
	assert_int_equal(mmx_group_get_state(guest, make_group(), &state, &queues), 0);
	end();
}

static void test_lies(void **cm_state)
{
	uint32_t group, state, queues;
	struct mmx_fence fence;
	unsigned int i, lie_nr;
	int ret = 0;

	(void)cm_state;
	for (lie_nr = LIE_PROD_JUMPS; lie_nr < LIES_END; lie_nr++) {
		/* these two are told at another time */
		if (lie_nr == LIE_PAGE || lie_nr == LIE_CONS_JUMPS)
			continue;
		begin((enum misdeed)lie_nr, 0, 0);
		group = make_group();
		for (i = 0; i < 3; i++)
			fence = submit(group, 0, 64);
		assert_int_equal(wait_error(fence), 0);
		ret = mmx_group_get_state(guest, group, &state, &queues);
		if (lie_nr == LIE_REPLY_TWICE)
			ret = mmx_group_get_state(guest, group, &state, &queues);
		if (ret != -EPROTO)
			fail_msg("lie %u: %d", lie_nr, ret);
		assert_int_equal(mmx_guest_poll(guest), -EPROTO);
		assert_int_equal(mmx_vm_unmap(guest, 0x10000, 0, 0), -EPROTO);
		end();
	}
}

static void test_lie_about_page(void **cm_state)
{
	struct mmx_fence fence;
	uint32_t group;
	int error;

	(void)cm_state;
	begin(HOLDS_JOBS, 0, 0);
	group = make_group();
	fence = submit(group, 0, 64);
	__atomic_store_n(&fake->page->timelines[0].completed, 2, __ATOMIC_RELEASE);
	assert_int_equal(mmx_fence_wait(guest, &fence, TIMEOUT_MS, &error), -EPROTO);
	end();
}

static void test_lie_about_cons(void **cm_state)
{
	uint32_t client;
	unsigned int i;
	int ret = 0;

	(void)cm_state;
	start(LIE_CONS_JUMPS, 0, 0);
	/* it is found when room is looked for: when the ring has gone round */
	ret = open_guest(TIMEOUT_MS);
	for (i = 0; i < 100 && !ret; i++) {
		ret = mmx_client_create(guest, "test", &client);
		if (!ret)
			ret = mmx_client_destroy(guest, client);
	}
	assert_int_equal(ret, -EPROTO);
	end();
}

static void test_faults_are_bounded(void **cm_state)
{
	struct mmx_fault_record fault;
	struct mmx_event_fault event = {
		.hdr = { .type = MMX_EVENT_FAULT, .size = sizeof(event) },
		.kind = MMX_FAULT_MMU,
		.group = 0x10000,
		.vm = 0x10000,
		.access = 3,
	};
	unsigned int i, count = 0;

	(void)cm_state;
	begin(HONEST, 0, 0);
	tell('q'); /* from here on, this thread is the backend */
	pthread_join(fake->thread, NULL);
	for (i = 0; i < 200; i++) {
		event.address = i;
		post(fake, &event, sizeof(event));
		assert_int_equal(mmx_guest_poll(guest), 0);
	}
	while (mmx_guest_next_fault(guest, &fault)) {
		assert_int_equal(fault.address, count);
		assert_int_equal(fault.kind, MMX_FAULT_MMU);
		count++;
	}
	assert_int_equal(count, MMX_GUEST_MAX_FAULTS);
	assert_int_equal(pthread_create(&fake->thread, NULL, backend_thread, fake), 0);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello),
		cmocka_unit_test(test_mem),
		cmocka_unit_test(test_replies_in_any_order),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_jobs),
		cmocka_unit_test(test_job_credit),
		cmocka_unit_test(test_runs_of_failures),
		cmocka_unit_test(test_submit_refused),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_unknown_event),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_lie_about_page),
		cmocka_unit_test(test_lie_about_cons),
		cmocka_unit_test(test_faults_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
