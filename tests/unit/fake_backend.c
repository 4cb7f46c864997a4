// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A backend for tests of a guest. Its thread owns the backend's ring ends and what it knows of the
 * guest; a test reads that only after an answer has shown that the thread is past it, and speaks to
 * the thread by the stop pipe.
 */
#include "tests/unit/fake_backend.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frontend/core/names.h"
#include "frontend/user/guest_priv.h"

const struct mmx_limits fake_limits = {
	.max_clients = 2,
	.max_mems = 4,
	.max_vms = 2,
	.max_groups = 2,
	.max_timelines = MAX_TIMELINES,
	.max_heaps = 2,
	.max_requests = 4,
	.max_jobs = 4,
	.max_waits = 4,
	.max_bind_ops = 8,
	.max_queues = 4,
	.mem_bytes = 1 << 20,
};

void fake_backend_post(struct fake *f, const void *msg, uint32_t size)
{
	struct mmx_msg_hdr hdr;

	memcpy(f->out.bytes, msg, size);
	memcpy(&hdr, msg, sizeof(hdr));
	hdr.size = size;
	memcpy(f->out.bytes, &hdr, sizeof(hdr));
	if (mmx_ring_write(&f->comp, f->out.bytes, size))
		abort();
	if (mmx_ring_publish(&f->comp))
		mmx_peer_notify(f->peer.call_fd);
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

	fake_backend_post(f, &hdr, sizeof(hdr));
}

static void reply_hello(struct fake *f)
{
	struct mmx_reply_hello msg = {
		.hdr = reply_hdr(&f->in.hdr, 0),
		.version = MMX_PROTO_VERSION_0_1,
		.epoch = 7,
		.limits = fake_limits,
		.gpu = { .gpu_id = 0xa8670000, .shader_present = 0x5, .tiler_present = 1 },
	};

	fake_backend_post(f, &msg, sizeof(msg));
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
	fake_backend_post(f, msg, sizeof(msg));
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
	fake_backend_post(f, msg, sizeof(msg));
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

/* Return: its index. */
static uint32_t take_timeline(struct fake *f, uint32_t name)
{
	uint32_t index = mmx_name_index(name);

	f->timelines[index].name = name;
	f->timelines[index].submitted = 0;
	f->timelines[index].completed = 0;
	f->page->timelines[index] = (struct mmx_timeline_state){ .name = name };
	return index;
}

static void take_group(struct fake *f)
{
	struct mmx_msg_group_create msg;
	struct mmx_queue_desc queue;
	uint32_t i;

	memcpy(&msg, f->in.bytes, sizeof(msg));
	for (i = 0; i < msg.queue_count; i++) {
		memcpy(&queue, f->in.bytes + sizeof(msg) + i * sizeof(queue), sizeof(queue));
		f->queues[i] = take_timeline(f, queue.timeline);
	}
	reply(f, &f->in.hdr, 0);
}

static void take_vm(struct fake *f)
{
	struct mmx_msg_vm_create msg;

	memcpy(&msg, f->in.bytes, sizeof(msg));
	if (msg.timeline)
		f->binds = take_timeline(f, msg.timeline);
	reply(f, &f->in.hdr, 0);
}

static void take_job(struct fake *f, uint32_t index, uint64_t seqno, uint32_t error)
{
	const struct mmx_timeline_entry job = {
		.timeline = f->timelines[index].name,
		.seqno = seqno,
		.error = error,
	};

	if (seqno != f->timelines[index].submitted + 1 ||
	    seqno - f->timelines[index].completed > fake_limits.max_jobs) {
		reply(f, &f->in.hdr, EILSEQ);
		return;
	}
	f->timelines[index].submitted = seqno;
	if (f->misdeed == HOLDS_JOBS || f->misdeed == NO_HEARTBEAT)
		f->jobs[f->job_count++] = job;
	else
		complete(f, &job);
}

static void take_submit(struct fake *f)
{
	struct mmx_msg_submit msg;

	memcpy(&msg, f->in.bytes, sizeof(msg));
	f->waits += msg.wait_count;
	take_job(f, f->queues[msg.queue], msg.seqno, msg.stream_size == FAIL_SIZE ? EINVAL : 0);
}

static void take_bind_async(struct fake *f)
{
	struct mmx_msg_vm_bind_async msg;
	struct mmx_bind_op op = { 0 };

	memcpy(&msg, f->in.bytes, sizeof(msg));
	if (msg.op_count)
		memcpy(&op, f->in.bytes + sizeof(msg), sizeof(op));
	f->waits += msg.wait_count;
	f->bind_ops += msg.op_count;
	take_job(f, f->binds, msg.seqno, op.va == FAIL_VA ? ENOSPC : 0);
}

static void reply_vm_state(struct fake *f)
{
	struct mmx_reply_vm_get_state msg = {
		.hdr = reply_hdr(&f->in.hdr, 0),
		.state = MMX_VM_STATE_UNUSABLE,
	};

	fake_backend_post(f, &msg, sizeof(msg));
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
	mmx_peer_notify(f->peer.call_fd);
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
		fake_backend_post(f, &huge, sizeof(huge));
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
		mmx_peer_notify(f->peer.call_fd);
		break;
	case LIE_SIZE_0:
		post_raw_size(f, 0);
		break;
	case LIE_SIZE_HUGE:
		post_raw_size(f, UINT32_MAX);
		break;
	case LIE_TAG:
		hdr.tag ^= 0x10000;
		fake_backend_post(f, &hdr, sizeof(hdr));
		break;
	case LIE_REPLY_TYPE:
		hdr.type = MMX_MSG_VM_DESTROY | MMX_MSG_REPLY;
		fake_backend_post(f, &hdr, sizeof(hdr));
		break;
	case LIE_REPLY_TWICE:
		fake_backend_post(f, &state, sizeof(state));
		fake_backend_post(f, &state, sizeof(state));
		break;
	case LIE_ERRNO:
		hdr.error = 0x80000000;
		fake_backend_post(f, &hdr, sizeof(hdr));
		break;
	case LIE_RELEASED:
		post_released(f, 0x10000);
		break;
	case LIE_REFUSED:
		hdr = (struct mmx_msg_hdr){ .type = MMX_MSG_SUBMIT | MMX_MSG_REPLY,
					    .error = EINVAL };
		hdr.tag =
			MMX_SUBMIT_TAG | 0x1234 << 16; /* no job of timeline 0 that is in flight */
		fake_backend_post(f, &hdr, sizeof(hdr));
		break;
	case UNKNOWN_EVENT:
		hdr = (struct mmx_msg_hdr){ .type = MMX_EVENT_LIMITS };
		fake_backend_post(f, &hdr, sizeof(hdr));
		fake_backend_post(f, &state, sizeof(state));
		break;
	case HONEST:
		fake_backend_post(f, &state, sizeof(state));
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
		mmx_peer_notify(f->peer.call_fd);
	}
	if (f->misdeed == GPU_LOST)
		fake_backend_post(f, &lost, sizeof(lost));
}

static void reply_heap(struct fake *f)
{
	struct mmx_reply_heap_create msg = { .hdr = reply_hdr(&f->in.hdr, 0) };
	struct mmx_msg_heap_create req;

	memcpy(&req, f->in.bytes, sizeof(req));
	msg.heap_ctx_va = req.heap;
	msg.first_chunk_va = req.chunk_size;
	fake_backend_post(f, &msg, sizeof(msg));
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
	case MMX_MSG_HEAP_CREATE:
		reply_heap(f);
		break;
	case MMX_MSG_VM_CREATE:
		take_vm(f);
		break;
	case MMX_MSG_VM_BIND_ASYNC:
		take_bind_async(f);
		break;
	case MMX_MSG_VM_GET_STATE:
		reply_vm_state(f);
		break;
	case MMX_MSG_SUBMIT:
		take_submit(f);
		break;
	default:
		reply(f, &f->in.hdr, 0);
		break;
	}
}

void *fake_backend_thread(void *arg)
{
	struct fake *f = arg;
	struct pollfd fds[] = {
		{ .fd = f->peer.kick_fd, .events = POLLIN },
		{ .fd = f->stop[0], .events = POLLIN },
	};
	uint64_t beat = 0;
	char command;

	for (;;) {
		while (mmx_ring_read(&f->sub, f->in.bytes, sizeof(f->in)) > 0) {
			/* before the answer: the guest may look right after it */
			if (f->misdeed == LIE_CONS_JUMPS)
				__atomic_store_n(&f->sub.ctrl->cons, f->sub.cons + 10,
						 __ATOMIC_RELEASE);
			pthread_mutex_lock(&f->lock);
			take(f);
			pthread_mutex_unlock(&f->lock);
		}
		if (f->misdeed != LIE_CONS_JUMPS && mmx_ring_consume_publish(&f->sub))
			mmx_peer_notify(f->peer.call_fd);
		if (f->misdeed != NO_HEARTBEAT)
			__atomic_store_n(&f->page->heartbeat, ++beat, __ATOMIC_RELAXED);
		if (!mmx_ring_want_data(&f->sub) && !f->sub.broken)
			continue;
		poll(fds, 2, 10);
		mmx_peer_clear(f->peer.kick_fd);
		if (!(fds[1].revents & POLLIN) || read(f->stop[0], &command, 1) != 1)
			continue;
		if (command == 'q')
			return NULL;
		release_jobs(f);
	}
}
