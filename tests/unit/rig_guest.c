// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* See rig_guest.h. What a guest must be able to rely on is checked here for all tests: order of timelines' entries,
 * that the session page is never behind the completion ring, and that messages can be decoded. */
#include "tests/unit/rig_guest.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "backend/gpu/vm_priv.h"
#include "backend/session/session_priv.h"

void rig_guest_connect(struct rig *rig, size_t partition, struct rig_guest *guest)
{
	struct mmx_peer peer = MMX_PEER_INIT;

	memset(guest, 0, sizeof(*guest));
	guest->rig = rig;
	guest->partition = partition;
	RIG_CHECK(!mmx_core_offer(rig->core, partition, &peer));
	RIG_CHECK(!mmx_core_open_ram(rig->core, partition, getpid()));
	RIG_CHECK(!mmx_local_peer_dup(&peer, &guest->peer));
	RIG_CHECK(!mmx_peer_seal(&peer));
	RIG_CHECK(!mmx_front_session_init(&guest->front, guest->peer.region,
					  guest->peer.region_size));
	RIG_CHECK(!mmx_core_attach(rig->core, partition, &peer, &guest->session));
	rig->guests[partition] = guest;
	if (rig->views) {
		const struct mmx_peer *backend = mmx_session_peer(guest->session);

		RIG_CHECK(two_views_adopt(rig->views,
					  (uint8_t *)backend->region + guest->front.data_offset,
					  backend->region_fd, guest->front.data_offset,
					  backend->region_size - guest->front.data_offset));
	}
}

void rig_start_guests(struct rig *rig, struct rig_guest *guests)
{
	size_t i;

	rig_start(rig);
	for (i = 0; i < rig->config.partition_count; i++) {
		rig_guest_connect(rig, i, &guests[i]);
		RIG_CHECK(!rig_hello(&guests[i]));
	}
}

void rig_guest_hangup(struct rig_guest *guest)
{
	guest->deaf = true;
	if (guest->session)
		mmx_core_hangup(guest->rig->core, guest->session);
	mmx_peer_finish(&guest->peer);
}

void rig_guest_wait_gone(struct rig_guest *guest)
{
	RIG_UNTIL(guest->rig, !guest->session);
}

static uint64_t heap_bytes(const struct mmx_addrspace *vm)
{
	const struct mmx_list *pos;
	uint64_t bytes = 0;

	/* as the GPU's side has them; a heap begins with its link */
	mmx_list_for_each(pos, &vm->hw->heaps)
		bytes += mmx_heap_bytes((const struct mmx_heap *)(const void *)pos);
	return bytes;
}

static uint64_t label_bytes(const char *label)
{
	return label ? strlen(label) + 1 : 0;
}

void rig_guest_recount(const struct rig_guest *guest)
{
	const struct mmx_session *s = guest->session;
	const struct mmx_list *pos;
	uint64_t bytes = 0, heaps = 0;
	uint32_t i;

	for (i = 0; s && i < s->clients.size; i++) {
		const struct mmx_client *client = s->clients.entries[i].object;

		if (!s->clients.entries[i].name)
			continue;
		bytes += label_bytes(client->label);
		mmx_list_for_each(pos, &client->vms) {
			const struct mmx_addrspace *vm =
				mmx_container_of(pos, const struct mmx_addrspace, link);

			bytes += mmx_vm_bytes(vm->hw) + label_bytes(vm->label);
			heaps += heap_bytes(vm);
		}
		mmx_list_for_each(pos, &client->groups) {
			const struct mmx_sgroup *group =
				mmx_container_of(pos, const struct mmx_sgroup, link);

			bytes += mmx_group_bytes(group->hw) + label_bytes(group->label);
		}
	}
	for (i = 0; s && i < s->mems.size; i++)
		if (s->mems.entries[i].name)
			bytes += label_bytes(
				((const struct mmx_memobj *)s->mems.entries[i].object)->label);
	if (s)
		bytes += s->dummy.size;
	RIG_CHECK(!s || s->backend_bytes == bytes + s->stats.heap_bytes);
	/* the rest is of heaps that are being given back */
	RIG_CHECK(!s || s->stats.heap_bytes >= heaps);
}

/* ---- what it is told ---- */

static void take_reply(struct rig_guest *guest, const struct mmx_decoded_reply *reply)
{
	guest->replies[reply->tag % RIG_MAX_REPLIES] = *reply;
	guest->reply_count++;
}

static void take_entry(struct rig_guest *guest, const struct mmx_timeline_entry *entry)
{
	uint32_t i = guest->entry_count;
	struct mmx_timeline_view view;
	uint64_t first = 1;

	RIG_CHECK(guest->entry_count < RIG_MAX_ENTRIES);
	while (i-- > 0)
		if (guest->entries[i].timeline == entry->timeline) {
			first = guest->entries[i].last + 1;
			break;
		}
	RIG_CHECK(entry->seqno >= first);
	mmx_front_session_timeline(&guest->front, mmx_name_index(entry->timeline), &view);
	RIG_CHECK(view.name != entry->timeline || view.completed >= entry->seqno);
	guest->entries[guest->entry_count++] = (struct rig_entry){
		.timeline = entry->timeline,
		.error = (int)entry->error,
		.first = first,
		.last = entry->seqno,
		.replies = guest->reply_count,
	};
}

static void take(struct rig_guest *guest, const struct mmx_decoded *msg)
{
	uint32_t i;

	switch (msg->kind) {
	case MMX_DECODED_REPLY:
		take_reply(guest, &msg->reply);
		break;
	case MMX_DECODED_TIMELINES:
		for (i = 0; i < msg->timelines.count; i++)
			take_entry(guest, &msg->timelines.entries[i]);
		break;
	case MMX_DECODED_FAULT:
		if (guest->fault_count < RIG_MAX_FAULTS)
			guest->faults[guest->fault_count++] = msg->fault;
		break;
	case MMX_DECODED_MEM_RELEASED:
		for (i = 0; i < msg->released.count; i++) {
			RIG_CHECK(guest->released_count < RIG_MAX_RELEASED);
			guest->released[guest->released_count].mem = msg->released.mems[i];
			guest->released[guest->released_count++].replies = guest->reply_count;
		}
		break;
	case MMX_DECODED_GPU:
		if (guest->gpu_state_count < 8)
			guest->gpu_states[guest->gpu_state_count++] = msg->gpu_state;
		break;
	case MMX_DECODED_UNKNOWN_EVENT:
		guest->stray++;
		break;
	}
}

void rig_guest_read(struct rig_guest *guest)
{
	union mmx_msg_buf buf;
	struct mmx_decoded msg;
	int size;

	rig_guest_recount(guest);
	if (guest->deaf || !guest->peer.region)
		return;
	mmx_peer_clear(guest->peer.call_fd);
	do {
		while ((size = mmx_front_session_receive(&guest->front, &buf)) > 0) {
			RIG_CHECK(!mmx_decode_completion(&buf, (uint32_t)size, &msg));
			take(guest, &msg);
		}
		RIG_CHECK(!size);
		if (mmx_front_session_release(&guest->front))
			mmx_peer_notify(guest->peer.kick_fd);
	} while (!mmx_front_session_want_data(&guest->front));
}

/* ---- messages ---- */

uint32_t rig_tag(struct rig_guest *guest)
{
	guest->tag++;
	guest->replies[guest->tag % RIG_MAX_REPLIES] = (struct mmx_decoded_reply){ 0 };
	return guest->tag;
}

bool rig_put(struct rig_guest *guest, const union mmx_msg_buf *msg, int size)
{
	int r;

	RIG_CHECK(size > 0);
	r = mmx_front_session_send(&guest->front, msg, size);
	RIG_CHECK(!r || r == -EAGAIN);
	return !r;
}

void rig_kick(struct rig_guest *guest)
{
	if (mmx_front_session_flush(&guest->front))
		mmx_peer_notify(guest->peer.kick_fd);
}

bool rig_answered(const struct rig_guest *guest, uint32_t tag)
{
	return guest->replies[tag % RIG_MAX_REPLIES].tag == tag;
}

const struct mmx_decoded_reply *rig_reply(const struct rig_guest *guest, uint32_t tag)
{
	RIG_CHECK(rig_answered(guest, tag));
	return &guest->replies[tag % RIG_MAX_REPLIES];
}

/* Lets time pass until the condition holds of what the guest has read. */
#define GUEST_UNTIL(guest, cond)                                   \
	do {                                                       \
		struct rig *rig_ = (guest)->rig;                   \
		uint64_t end_ns_ = rig_->now_ns + RIG_PATIENCE_NS; \
		rig_settle(rig_);                                  \
		rig_guest_read(guest);                             \
		while (!(cond)) {                                  \
			bool more_ = rig_step(rig_, end_ns_);      \
			rig_settle(rig_);                          \
			rig_guest_read(guest);                     \
			RIG_CHECK(more_ || (cond));                \
		}                                                  \
	} while (0)

int rig_answer(struct rig_guest *guest, uint32_t tag)
{
	GUEST_UNTIL(guest, rig_answered(guest, tag) || !guest->session);
	return rig_answered(guest, tag) ? (int)rig_reply(guest, tag)->error : EPIPE;
}

int rig_call(struct rig_guest *guest, const union mmx_msg_buf *msg, int size)
{
	RIG_CHECK(rig_put(guest, msg, size));
	rig_kick(guest);
	return rig_answer(guest, msg->hdr.tag);
}

/* ---- requests ---- */

int rig_hello(struct rig_guest *guest)
{
	union mmx_msg_buf buf;

	return rig_call(guest, &buf, mmx_encode_hello(&buf, rig_tag(guest), "rig"));
}

int rig_client_create(struct rig_guest *guest, uint32_t client)
{
	union mmx_msg_buf buf;

	return rig_call(guest, &buf,
			mmx_encode_client_create(&buf, rig_tag(guest), client, 1, "test"));
}

int rig_object(struct rig_guest *guest, enum mmx_msg_type type, uint32_t object)
{
	union mmx_msg_buf buf;

	return rig_call(guest, &buf,
			mmx_encode_object(&buf, rig_tag(guest), (uint16_t)type, object));
}

int rig_mem_create(struct rig_guest *guest, uint32_t mem, uint32_t first, uint32_t pages)
{
	const struct mmx_run run = {
		.first_page = (guest->front.data_offset >> MMX_WIRE_PAGE_SHIFT) + first,
		.page_count = pages,
	};
	union mmx_msg_buf buf;

	return rig_call(
		guest, &buf,
		mmx_encode_mem_create(&buf, rig_tag(guest), mem, MMX_MEM_SEAL, pages, &run, 1));
}

int rig_mem_create_scattered(struct rig_guest *guest, uint32_t mem, uint32_t first, uint32_t pages)
{
	uint64_t data = guest->front.data_offset >> MMX_WIRE_PAGE_SHIFT;
	union mmx_msg_buf msg;
	uint32_t done, i;
	int r = 0;

	for (done = 0; done < pages && !r; done += i) {
		struct mmx_run runs[MMX_MEM_MAX_RUNS];
		uint32_t flags;
		int size;

		for (i = 0; i < MMX_MEM_MAX_RUNS && done + i < pages; i++)
			runs[i] = (struct mmx_run){
				.first_page = data + first + (done + i) * 7 % pages,
				.page_count = 1,
			};
		flags = done + i == pages ? MMX_MEM_SEAL : 0;
		if (done)
			size = mmx_encode_mem_add(&msg, rig_tag(guest), mem, flags, runs, i);
		else
			size = mmx_encode_mem_create(&msg, rig_tag(guest), mem, flags, pages, runs,
						     i);
		r = rig_call(guest, &msg, size);
	}
	return r;
}

int rig_vm_create_async(struct rig_guest *guest, uint32_t client, uint32_t vm, uint32_t timeline,
			uint64_t va_range)
{
	union mmx_msg_buf buf;

	return rig_call(guest, &buf,
			mmx_encode_vm_create(&buf, rig_tag(guest), client, vm, timeline, va_range));
}

int rig_vm_create(struct rig_guest *guest, uint32_t client, uint32_t vm, uint64_t va_range)
{
	return rig_vm_create_async(guest, client, vm, 0, va_range);
}

int rig_vm_state(struct rig_guest *guest, uint32_t vm, uint32_t *ret_state)
{
	int r = rig_object(guest, MMX_MSG_VM_GET_STATE, vm);

	if (!r)
		*ret_state = rig_reply(guest, guest->tag)->vm_state;
	return r;
}

int rig_heap_create(struct rig_guest *guest, const struct mmx_heap_desc *heap)
{
	union mmx_msg_buf buf;

	return rig_call(guest, &buf, mmx_encode_heap_create(&buf, rig_tag(guest), heap));
}

int rig_map(struct rig_guest *guest, uint32_t vm, uint32_t mem, uint64_t offset, uint64_t va,
	    uint64_t size, uint32_t flags)
{
	const struct mmx_bind_op op = {
		.op = MMX_BIND_OP_MAP,
		.flags = flags,
		.mem = mem,
		.mem_offset = offset,
		.va = va,
		.size = size,
	};
	union mmx_msg_buf buf;

	return rig_call(guest, &buf, mmx_encode_vm_bind(&buf, rig_tag(guest), vm, &op, 1));
}

int rig_unmap(struct rig_guest *guest, uint32_t vm, uint64_t va, uint64_t size)
{
	const struct mmx_bind_op op = { .op = MMX_BIND_OP_UNMAP, .va = va, .size = size };
	union mmx_msg_buf buf;

	return rig_call(guest, &buf, mmx_encode_vm_bind(&buf, rig_tag(guest), vm, &op, 1));
}

int rig_group_create(struct rig_guest *guest, uint32_t client, uint32_t vm, uint32_t group,
		     unsigned int queues, uint32_t timeline)
{
	const struct mmx_gpu_info *info = mmx_gpu_info(guest->rig->core->gpu);
	const struct mmx_group_desc desc = {
		.client = client,
		.vm = vm,
		.group = group,
		.priority = 1,
		.max_compute_cores = 4,
		.max_fragment_cores = 4,
		.max_tiler_cores = 1,
		.compute_core_mask = info->shader_present,
		.fragment_core_mask = info->shader_present,
		.tiler_core_mask = info->tiler_present,
	};
	struct mmx_queue_desc descs[MMX_MAX_QUEUES] = { { 0 } };
	union mmx_msg_buf buf;
	unsigned int i;

	for (i = 0; i < queues; i++)
		descs[i] = (struct mmx_queue_desc){
			.priority = i,
			.ring_size = 4096,
			.timeline = RIG_NAME(timeline + i),
		};
	return rig_call(guest, &buf,
			mmx_encode_group_create(&buf, rig_tag(guest), &desc, descs, queues));
}

int rig_group_state(struct rig_guest *guest, uint32_t group, uint32_t *ret_state)
{
	int r = rig_object(guest, MMX_MSG_GROUP_GET_STATE, group);

	if (!r)
		*ret_state = rig_reply(guest, guest->tag)->group.state;
	return r;
}

uint32_t rig_state_of(struct rig_guest *guest, uint32_t index)
{
	uint32_t state;

	RIG_CHECK(!rig_group_state(guest, RIG_NAME(index), &state));
	return state;
}

static void send(struct rig_guest *guest, const union mmx_msg_buf *buf, int size)
{
	while (!rig_put(guest, buf, size)) {
		rig_kick(guest);
		rig_settle(guest->rig);
		rig_guest_read(guest);
	}
	rig_kick(guest);
}

uint32_t rig_submit(struct rig_guest *guest, uint32_t group, uint32_t queue, uint64_t seqno,
		    struct rig_stream stream, const struct mmx_wait *waits, uint32_t wait_count)
{
	const struct mmx_job_desc job = {
		.group = group,
		.queue = queue,
		.seqno = seqno,
		.stream_addr = stream.va,
		.stream_size = stream.size,
	};
	uint32_t tag = rig_tag(guest);
	union mmx_msg_buf buf;

	send(guest, &buf, mmx_encode_submit(&buf, tag, &job, waits, wait_count));
	return tag;
}

uint32_t rig_bind_async(struct rig_guest *guest, uint32_t vm, uint64_t seqno,
			const struct mmx_bind_op *ops, uint32_t op_count,
			const struct mmx_wait *waits, uint32_t wait_count)
{
	uint32_t tag = rig_tag(guest);
	union mmx_msg_buf buf;

	send(guest, &buf,
	     mmx_encode_vm_bind_async(&buf, tag, vm, seqno, ops, op_count, waits, wait_count));
	return tag;
}

/* ---- jobs ---- */

int rig_job(const struct rig_guest *guest, uint32_t timeline, uint64_t seqno)
{
	uint32_t i;

	for (i = 0; i < guest->entry_count; i++)
		if (guest->entries[i].timeline == timeline && guest->entries[i].first <= seqno &&
		    guest->entries[i].last >= seqno)
			return guest->entries[i].error;
	return -1;
}

int rig_wait_job(struct rig_guest *guest, uint32_t timeline, uint64_t seqno)
{
	GUEST_UNTIL(guest, rig_job(guest, timeline, seqno) >= 0);
	return rig_job(guest, timeline, seqno);
}

bool rig_is_released(const struct rig_guest *guest, uint32_t mem)
{
	uint32_t i;

	for (i = 0; i < guest->released_count; i++)
		if (guest->released[i].mem == mem)
			return true;
	return false;
}
