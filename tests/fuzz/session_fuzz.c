// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A guest that does anything, against the whole backend: core, session, scheduler and GPU, over the model, on a virtual
 * clock. The input is a script; each step is a byte that says what, and the bytes that it takes (none are left: zeroes):
 *
 *	messages, right in their form: type and fields, small so that they meet each other
 *	bytes as a message, bytes in the rings, ring indices of both rings
 *	words in the guest's memory, which its command streams may be in
 *	notifications, time, hanging up and coming back, reading or not
 *	lost interrupts, lost doorbells, the end of the device, the daemon's stop
 *
 * What must hold: what is read from the completion ring can be decoded, as long as the script has not written there;
 * another guest, which keeps to the rules, gets its jobs done, unless the GPU was reset; and in the end nothing is left.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/rig_guest.h"

#define MAX_STEPS 400u

/* Of the file that the guest's own memory is two pieces of. */
#define RAM_PAGES 64

/* Time is not what is fuzzed, and an endless stream costs the model's host what it runs. */
#define MAX_TIME_NS (60 * MMX_NS_PER_MS)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct script {
	const uint8_t *data;
	size_t size;
	struct rig rig;
	int ram_fd;
	char ram_path[32];
	struct rig_guest guest, honest;
	struct rig_ctx ctx; /* of the honest one */
	uint64_t honest_jobs;
	uint64_t end_ns; /* no time passes beyond */
	bool scribbled; /* in the completion ring */
};

static uint8_t take8(struct script *s)
{
	if (!s->size)
		return 0;
	s->size--;
	return *s->data++;
}

static uint32_t take32(struct script *s)
{
	uint32_t value = take8(s);

	value |= (uint32_t)take8(s) << 8;
	value |= (uint32_t)take8(s) << 16;
	return value | (uint32_t)take8(s) << 24;
}

static uint64_t take64(struct script *s)
{
	uint64_t value = take32(s);

	return value | (uint64_t)take32(s) << 32;
}

/* Mostly one of a few names, sometimes of another generation, sometimes none at all. */
static uint32_t take_name(struct script *s)
{
	uint8_t byte = take8(s);

	if (byte == 0xff)
		return take32(s);
	return mmx_name_make(byte & 0xf, 1 + (byte >> 4 == 0xe));
}

/* A number whose small values, powers of two, and neighbours of both are likely. */
static uint64_t take_number(struct script *s)
{
	uint8_t byte = take8(s);

	switch (byte >> 6) {
	case 0:
		return byte;
	case 1:
		return 1ull << (byte & 63);
	case 2:
		return (uint64_t)(byte & 63) << MMX_WIRE_PAGE_SHIFT;
	default:
		return byte == 0xff ? take64(s) : 0 - (uint64_t)(byte & 63);
	}
}

/* ---- the rings, by hand ---- */

static void write_slots(struct script *s, const union mmx_msg_buf *msg, uint32_t size)
{
	struct mmx_ring_producer *p = &s->guest.front.sub;
	uint32_t slots = MMX_MSG_SLOTS(size), i;

	for (i = 0; i < slots; i++)
		memcpy(p->ctrl->slots[(p->prod + i) & (p->slots - 1)],
		       msg->bytes + i * MMX_SLOT_SIZE, MMX_SLOT_SIZE);
	p->prod += slots;
}

static void publish(struct script *s)
{
	struct mmx_ring_producer *p = &s->guest.front.sub;

	p->published = p->prod;
	__atomic_store_n(&p->ctrl->prod, p->prod, __ATOMIC_RELEASE);
	mmx_peer_notify(s->guest.peer.kick_fd);
}

/* As an honest guest does it, if there is room: else a message is lost, and the script goes on. */
static void send(struct script *s, union mmx_msg_buf *msg, uint32_t size)
{
	msg->hdr.size = size;
	msg->hdr.tag = ++s->guest.tag;
	if (!mmx_front_session_send(&s->guest.front, msg, (int)size))
		publish(s);
}

static void read_completions(struct script *s)
{
	struct rig_guest *guest = &s->guest;
	union mmx_msg_buf buf;
	struct mmx_decoded msg;
	int size;

	while ((size = mmx_front_session_receive(&guest->front, &buf)) > 0) {
		uint16_t type = buf.hdr.type & (uint16_t)~MMX_MSG_REPLY;

		/* replies to what is no request have a type that no frontend expects */
		if (!s->scribbled && type && !(type & 0x3fe0) &&
		    (type <= MMX_MSG_TIME || type == MMX_MSG_VM_BIND_ASYNC ||
		     (type >= MMX_MSG_VM_GET_STATE && type <= MMX_MSG_SPACE_CHECK) ||
		     type & 0x4000))
			RIG_CHECK(!mmx_decode_completion(&buf, (uint32_t)size, &msg));
	}
	RIG_CHECK(!size || s->scribbled);
	if (mmx_front_session_release(&guest->front))
		mmx_peer_notify(guest->peer.kick_fd);
	mmx_front_session_want_data(&guest->front);
}

/* ---- messages ---- */

static void take_runs(struct script *s, struct mmx_run *runs, uint32_t count)
{
	uint64_t first = s->guest.front.data_offset >> MMX_WIRE_PAGE_SHIFT;
	uint32_t i;

	for (i = 0; i < count; i++) {
		uint8_t flags = take8(s);
		uint16_t space = (flags >> 4 & 3) == 3 ? 1 + (flags >> 2 & 3) : 0;

		runs[i] = (struct mmx_run){
			.first_page =
				flags & 0x80 ? take_number(s) : (space ? 0 : first) + take8(s),
			.page_count = flags & 0x40 ? (uint32_t)take_number(s) : take8(s) & 31,
			.space = space,
			.flags = flags & 3,
		};
	}
}

static void put_hello(struct script *s, union mmx_msg_buf *msg)
{
	struct mmx_msg_hello *m = (void *)msg;

	m->version_min = MMX_PROTO_VERSION_0_1;
	m->version_max = MMX_PROTO_VERSION_0_1 + (take8(s) & 1);
	strcpy(m->name, "fuzz");
	send(s, msg, sizeof(*m));
}

static void put_client(struct script *s, union mmx_msg_buf *msg)
{
	struct mmx_msg_client_create *m = (void *)msg;

	m->client = take_name(s);
	m->pid = take8(s);
	send(s, msg, sizeof(*m));
}

static void put_object(struct script *s, union mmx_msg_buf *msg)
{
	struct mmx_msg_object *m = (void *)msg;

	m->object = take_name(s);
	send(s, msg, sizeof(*m));
}

static void put_mem_create(struct script *s, union mmx_msg_buf *msg)
{
	struct mmx_msg_mem_create *m = (void *)msg;

	m->mem = take_name(s);
	m->flags = take8(s) & 1;
	m->page_count = (uint32_t)take_number(s);
	m->run_count = take8(s) & 7;
	take_runs(s, m->runs, m->run_count);
	send(s, msg, (uint32_t)(sizeof(*m) + m->run_count * sizeof(m->runs[0])));
}

static void put_mem_add(struct script *s, union mmx_msg_buf *msg)
{
	struct mmx_msg_mem_add *m = (void *)msg;

	m->mem = take_name(s);
	m->flags = take8(s) & 1;
	m->run_count = take8(s) & 7;
	take_runs(s, m->runs, m->run_count);
	send(s, msg, (uint32_t)(sizeof(*m) + m->run_count * sizeof(m->runs[0])));
}

static void put_vm(struct script *s, union mmx_msg_buf *msg)
{
	struct mmx_msg_vm_create *m = (void *)msg;

	m->client = take_name(s);
	m->vm = take_name(s);
	m->user_va_range = take_number(s);
	/* one that queues and waits can name as well */
	m->timeline = mmx_name_make((m->vm & 0xf) ^ 8, 1);
	send(s, msg, sizeof(*m));
}

static void take_ops(struct script *s, struct mmx_bind_op *ops, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		struct mmx_bind_op *op = &ops[i];
		uint8_t what = take8(s);

		op->op = what & 1;
		if (!op->op) {
			op->flags = what >> 1 & 15;
			op->mem = take_name(s);
			op->mem_offset = take_number(s);
		}
		/* mostly as it must be */
		if ((op->flags & MMX_BIND_SPARSE) && !(what & 0x20)) {
			op->flags |= MMX_BIND_NOEXEC;
			op->mem = 0;
			op->mem_offset = 0;
		}
		op->va = take_number(s);
		op->size = take_number(s);
	}
}

static void put_bind(struct script *s, union mmx_msg_buf *msg)
{
	struct mmx_msg_vm_bind *m = (void *)msg;

	m->vm = take_name(s);
	m->op_count = take8(s) & 7;
	take_ops(s, m->ops, m->op_count);
	send(s, msg, (uint32_t)(sizeof(*m) + m->op_count * sizeof(m->ops[0])));
}

static void put_bind_async(struct script *s, union mmx_msg_buf *msg)
{
	struct mmx_msg_vm_bind_async *m = (void *)msg;
	struct mmx_wait *waits;
	uint32_t i;

	m->vm = take_name(s);
	m->seqno = take8(s);
	m->op_count = take8(s) & 7;
	take_ops(s, m->ops, m->op_count);
	m->wait_count = take8(s) & 3;
	waits = (void *)&m->ops[m->op_count];
	for (i = 0; i < m->wait_count; i++)
		waits[i] = (struct mmx_wait){ .timeline = take_name(s), .seqno = take8(s) };
	send(s, msg,
	     (uint32_t)(sizeof(*m) + m->op_count * sizeof(m->ops[0]) +
			m->wait_count * sizeof(waits[0])));
}

static void put_group(struct script *s, union mmx_msg_buf *msg)
{
	struct mmx_msg_group_create *m = (void *)msg;
	uint32_t i;

	m->client = take_name(s);
	m->vm = take_name(s);
	m->group = take_name(s);
	m->priority = take8(s) & 3;
	m->max_compute_cores = m->priority;
	m->max_fragment_cores = m->priority;
	m->compute_core_mask = take8(s) ^ 0x50005u;
	m->fragment_core_mask = 0x50005u;
	m->tiler_core_mask = 1;
	m->queue_count = take8(s) & 7;
	for (i = 0; i < m->queue_count; i++)
		m->queues[i] = (struct mmx_queue_desc){
			.priority = take8(s) & 15,
			.ring_size = 4096u << (take8(s) & 3),
			.timeline = take_name(s),
		};
	send(s, msg, (uint32_t)(sizeof(*m) + m->queue_count * sizeof(m->queues[0])));
}

static void put_heap(struct script *s, union mmx_msg_buf *msg)
{
	struct mmx_msg_heap_create *m = (void *)msg;
	uint8_t what = take8(s);

	m->vm = take_name(s);
	m->heap = take_name(s);
	m->initial_chunk_count = what & 3;
	m->max_chunks = what >> 2 & 7;
	m->chunk_size = what & 0x20 ? (uint32_t)take_number(s) : 128u << 10;
	m->target_in_flight = what >> 6;
	send(s, msg, sizeof(*m));
}

static void put_submit(struct script *s, union mmx_msg_buf *msg)
{
	struct mmx_msg_submit *m = (void *)msg;
	uint32_t i;

	m->group = take_name(s);
	m->queue = take8(s) & 7;
	m->seqno = take8(s);
	m->stream_addr = take_number(s);
	m->stream_size = (uint32_t)take8(s) << 3;
	m->latest_flush = take8(s);
	m->wait_count = take8(s) & 3;
	for (i = 0; i < m->wait_count; i++)
		m->waits[i] = (struct mmx_wait){ .timeline = take_name(s), .seqno = take8(s) };
	send(s, msg, (uint32_t)(sizeof(*m) + m->wait_count * sizeof(m->waits[0])));
}

static void put_label(struct script *s, union mmx_msg_buf *msg)
{
	struct mmx_msg_label *m = (void *)msg;
	uint32_t i, length = take8(s) & 0x3f;

	m->type = take8(s) & 7;
	m->object = take_name(s);
	for (i = 0; i < length; i++)
		m->label[i] = (char)take8(s);
	send(s, msg, sizeof(*m));
}

static void put_time(struct script *s, union mmx_msg_buf *msg)
{
	struct mmx_msg_time *m = (void *)msg;

	m->flags = take8(s) & 1;
	send(s, msg, sizeof(*m));
}

static void put_space(struct script *s, union mmx_msg_buf *msg)
{
	struct mmx_msg_space *m = (void *)msg;

	m->space = take8(s) & 3;
	send(s, msg, sizeof(*m));
}

/* The memory file is all zeroes until the GPU writes there. */
static void put_space_check(struct script *s, union mmx_msg_buf *msg)
{
	struct mmx_msg_space_check *m = (void *)msg;
	uint8_t how = take8(s);

	m->space = how & 3;
	m->page = how & 0x80 ? take_number(s) : take8(s) & 31;
	m->nonce[0] = how >> 2 & 1;
	send(s, msg, sizeof(*m));
}

static void put_message(struct script *s, uint8_t type)
{
	static void (*const puts[])(struct script * s, union mmx_msg_buf * msg) = {
		[MMX_MSG_HELLO] = put_hello,
		[MMX_MSG_CLIENT_CREATE] = put_client,
		[MMX_MSG_CLIENT_DESTROY] = put_object,
		[MMX_MSG_MEM_CREATE] = put_mem_create,
		[MMX_MSG_MEM_ADD] = put_mem_add,
		[MMX_MSG_MEM_DESTROY] = put_object,
		[MMX_MSG_VM_CREATE] = put_vm,
		[MMX_MSG_VM_DESTROY] = put_object,
		[MMX_MSG_VM_BIND] = put_bind,
		[MMX_MSG_GROUP_CREATE] = put_group,
		[MMX_MSG_GROUP_DESTROY] = put_object,
		[MMX_MSG_GROUP_GET_STATE] = put_object,
		[MMX_MSG_SUBMIT] = put_submit,
		[MMX_MSG_LABEL] = put_label,
		[MMX_MSG_TIME] = put_time,
		[MMX_MSG_HEAP_CREATE] = put_heap,
		[MMX_MSG_HEAP_DESTROY] = put_object,
		[MMX_MSG_VM_BIND_ASYNC] = put_bind_async,
		[MMX_MSG_VM_GET_STATE] = put_object,
		[MMX_MSG_SPACE] = put_space,
		[MMX_MSG_SPACE_CHECK] = put_space_check,
	};
	union mmx_msg_buf msg;

	memset(&msg, 0, sizeof(msg));
	msg.hdr.type = type;
	puts[type](s, &msg);
}

/* Bytes: a message whose header is right in its size, or not even that. */
static void put_raw(struct script *s)
{
	uint32_t length = take8(s), i;
	uint8_t how = take8(s);
	union mmx_msg_buf msg;

	memset(&msg, 0, sizeof(msg));
	for (i = 0; i < length; i++)
		msg.bytes[i] = take8(s);
	if (how & 1) {
		msg.hdr.size = how & 2 ? length * 8 + 16 : length < 16 ? 16 : length;
		msg.hdr.pad = 0;
		msg.hdr.error = 0;
		msg.hdr.type &= 0x1f;
	}
	length = msg.hdr.size < MMX_MSG_MAX ? msg.hdr.size : MMX_MSG_MAX;
	write_slots(s, &msg, length);
	publish(s);
}

/* ---- mischief ---- */

static void corrupt(struct script *s)
{
	uint32_t *const words[] = {
		&s->guest.front.sub.ctrl->prod,	 &s->guest.front.sub.ctrl->space_event,
		&s->guest.front.sub.ctrl->cons,	 &s->guest.front.sub.ctrl->data_event,
		&s->guest.front.comp.ctrl->prod, &s->guest.front.comp.ctrl->space_event,
		&s->guest.front.comp.ctrl->cons, &s->guest.front.comp.ctrl->data_event,
	};
	uint8_t which = take8(s);

	*words[which & 7] += (uint32_t)take_number(s);
	s->scribbled = true;
	mmx_peer_notify(s->guest.peer.kick_fd);
}

/* Words in the first pages of the data area: streams, most of all. */
static void poke(struct script *s)
{
	uint64_t *words = (void *)((uint8_t *)s->guest.peer.region + s->guest.front.data_offset);
	uint32_t at = take8(s) * 8u, count = take8(s) & 15, i;

	for (i = 0; i < count; i++)
		words[at + i] = take64(s);
}

static void pass_time(struct script *s)
{
	static const uint32_t us[8] = { 0, 1, 3, 10, 30, 100, 1000, 11000 };
	uint64_t ns = us[take8(s) & 7] * MMX_NS_PER_US;

	if (s->rig.now_ns + ns > s->end_ns)
		ns = 0;
	rig_run(&s->rig, ns);
}

static void come_back(struct script *s)
{
	if (s->guest.session || s->rig.state != MMX_CORE_RUNNING)
		return;
	/* core may not have noticed yet that the device is gone */
	if (mmx_device_lost(&s->rig.dev) || mmx_core_quarantine_ns(&s->rig.core->partitions[0]))
		return;
	rig_guest_hangup(&s->guest);
	rig_guest_connect(&s->rig, 0, &s->guest);
	s->scribbled = false;
}

static void honest_work(struct script *s)
{
	if (s->honest_jobs >= 32 || s->honest.session == NULL)
		return;
	s->honest_jobs++;
	rig_submit(&s->honest, RIG_NAME(0), 0, s->honest_jobs, rig_copy(&s->ctx, 0, 0), NULL, 0);
}

static void misfortune(struct script *s)
{
	uint8_t which = take8(s);

	switch (which & 7) {
	case 0:
		s->rig.drop_irqs[which >> 3 & 1 ? MMX_IRQ_JOB : MMX_IRQ_MMU] = 1;
		break;
	case 1:
		s->rig.mute = !s->rig.mute;
		break;
	case 2:
		/* rarely: all is over then */
		if (which == 0xfa)
			rig_kill(&s->rig);
		break;
	case 3:
		if (which == 0xfb)
			mmx_core_stop(s->rig.core);
		break;
	default:
		honest_work(s);
		break;
	}
}

static void step(struct script *s)
{
	uint8_t what = take8(s) & 31;

	if (what == 16) {
		pass_time(s);
	} else if (what == 17) {
		come_back(s);
	} else if (what == 18) {
		misfortune(s);
	} else if (what == 19) {
		rig_settle(&s->rig);
	} else if (!s->guest.peer.region) {
		return;
	} else if (what >= MMX_MSG_HELLO && what <= MMX_MSG_HEAP_DESTROY) {
		put_message(s, what);
	} else if (what >= 30) {
		put_message(s, what == 30 ? MMX_MSG_LABEL : MMX_MSG_TIME);
	} else if (what == 20) {
		put_raw(s);
	} else if (what == 21) {
		corrupt(s);
	} else if (what == 22) {
		poke(s);
	} else if (what == 23) {
		rig_guest_hangup(&s->guest);
	} else if (what == 24) {
		read_completions(s);
	} else if (what == 25) {
		put_message(s, MMX_MSG_VM_BIND_ASYNC);
	} else if (what == 26) {
		put_message(s, MMX_MSG_VM_GET_STATE);
	} else if (what == 28) {
		put_message(s, MMX_MSG_SPACE);
	} else if (what == 29) {
		put_message(s, MMX_MSG_SPACE_CHECK);
	} else {
		mmx_peer_notify(s->guest.peer.kick_fd);
	}
}

/* ---- the honest guest ---- */

static void begin(struct script *s)
{
	s->ram_fd = memfd_create("machine", MFD_CLOEXEC);
	RIG_CHECK(s->ram_fd >= 0 && !ftruncate(s->ram_fd, RAM_PAGES * MMX_WIRE_PAGE_SIZE));
	snprintf(s->ram_path, sizeof(s->ram_path), "/proc/self/fd/%d", s->ram_fd);
	rig_init(&s->rig, 2);
	s->rig.partitions[0].ram = (struct mmx_ram_config){
		.file = s->ram_path,
		.mem_bytes = 1 << 20,
		.piece_count = 2,
		.pieces = { { 1u << 30, 16 * MMX_WIRE_PAGE_SIZE, 8 * MMX_WIRE_PAGE_SIZE },
			    { 1ull << 32, 8 * MMX_WIRE_PAGE_SIZE, 0 } },
	};
	s->rig.partitions[0].ring_slots = 64;
	s->rig.partitions[0].limits.max_mappings = 24;
	s->rig.partitions[0].limits.wire.max_requests = 8;
	s->rig.partitions[0].limits.wire.max_jobs = 8;
	s->rig.partitions[0].limits.wire.mem_bytes = 1 << 20;
	s->rig.partitions[0].limits.backend_bytes = 4 << 20;
	rig_start(&s->rig);
	rig_guest_connect(&s->rig, 1, &s->honest);
	RIG_CHECK(!rig_hello(&s->honest));
	rig_ctx_create(&s->honest, 0, &s->ctx);
	RIG_CHECK(!rig_group_create(&s->honest, s->ctx.client, s->ctx.vm, RIG_NAME(0), 1, 0));
	rig_guest_connect(&s->rig, 0, &s->guest);
	s->guest.deaf = true;
	s->end_ns = s->rig.now_ns + MAX_TIME_NS;
}

static uint64_t resets(const struct script *s)
{
	struct mmx_gpu_stats stats;

	mmx_gpu_stats(s->rig.core->gpu, &stats);
	return stats.resets;
}

/* Nothing that the other guest does costs this one a job, unless it costs a reset. */
static void check_honest(struct script *s)
{
	uint64_t seqno;

	if (s->rig.state != MMX_CORE_RUNNING)
		return;
	honest_work(s);
	RIG_CHECK(s->honest.session);
	for (seqno = 1; seqno <= s->honest_jobs; seqno++) {
		int error = rig_wait_job(&s->honest, RIG_NAME(0), seqno);

		RIG_CHECK(!error || resets(s));
	}
	RIG_CHECK(resets(s) || rig_result(&s->ctx, 0) == s->honest_jobs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script *s = calloc(1, sizeof(*s));
	unsigned int steps;

	if (!s)
		abort();
	s->data = data;
	s->size = size;
	begin(s);
	for (steps = 0; s->size && steps < MAX_STEPS; steps++)
		step(s);
	s->rig.mute = false;
	rig_settle(&s->rig);
	/* while the other one is there, as long as the script has left it */
	check_honest(s);
	rig_finish(&s->rig);
	rig_guest_hangup(&s->guest);
	rig_guest_hangup(&s->honest);
	close(s->ram_fd);
	free(s);
	return 0;
}
