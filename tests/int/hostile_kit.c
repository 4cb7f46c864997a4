// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* See hostile_kit.h. Called in the process of one hostile guest, from its one thread. */
#include "tests/int/hostile_kit.h"

#include <poll.h>

static uint64_t random_state;

uint64_t rnd(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

void seed_chance(uint64_t seed)
{
	random_state = seed | 1;
}

uint32_t below(uint32_t bound)
{
	return (uint32_t)(rnd() >> 32) % bound;
}

/* ---- sending ---- */

bool is_over(struct mmx_raw *raw)
{
	return mmx_raw_is_over(raw);
}

bool send_msg(struct mmx_raw *raw, union mmx_msg_buf *msg)
{
	if (below(64) == 0 && (is_over(raw) || mmx_raw_read(raw)))
		return false;
	return !mmx_raw_send(raw, msg, msg->hdr.size);
}

bool send_deaf(struct mmx_raw *raw, union mmx_msg_buf *msg)
{
	unsigned int tries;

	for (tries = 0; mmx_ring_room(&raw->front.sub, MMX_MSG_SLOTS(msg->hdr.size)); tries++) {
		if (tries > 2000 || is_over(raw))
			return false;
		mmx_peer_notify(raw->peer.kick_fd);
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

int make_group(struct mmx_raw *raw, uint32_t index, uint32_t queues)
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

bool make_space(struct mmx_raw *raw)
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

struct mmx_cs_asm begin_stream(struct mmx_raw *raw, uint32_t page)
{
	struct mmx_cs_asm a;

	mmx_cs_asm_init(&a, (void *)(raw->data + (size_t)page * PAGE), PAGE / 8);
	return a;
}

void put_job(struct mmx_raw *raw, union mmx_msg_buf *msg, uint32_t group, uint32_t queue,
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
