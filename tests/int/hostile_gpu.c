// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Hostile guests whose harm is done on the GPU or in its memory: streams, faults, binds, groups and heaps
 * (hostile_kit.h). They send what is right, and as much of it as they may.
 */
#include "tests/int/hostile_kit.h"

#include <poll.h>

void live_endless(struct mmx_raw *raw)
{
	struct mmx_cs_asm a = begin_stream(raw, 0);
	union mmx_msg_buf msg;
	uint32_t i;

	if (!make_space(raw))
		return;
	mmx_cs_put_endless(&a);
	for (i = 0; i < 24; i++) {
		if (make_group(raw, i, 1))
			return;
		put_job(raw, &msg, i, 0, 1, 0, &a);
		mmx_raw_send(raw, &msg, msg.hdr.size);
	}
	while (!is_over(raw)) {
		struct pollfd fds[] = {
			{ .fd = raw->peer.sock_fd, .events = POLLIN },
			{ .fd = raw->peer.call_fd, .events = POLLIN },
		};

		poll(fds, 2, -1);
		mmx_peer_clear(raw->peer.call_fd);
	}
}

void live_faults(struct mmx_raw *raw)
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
			mmx_cs_put_store(&a, VA + (1ull << 30), 1);
		}
		put_job(raw, &msg, 0, 0, 1, 0, &a);
		if (mmx_raw_send(raw, &msg, msg.hdr.size) || mmx_raw_job(raw, NAME(0), 1) < 0 ||
		    mmx_raw_object(raw, MMX_MSG_GROUP_DESTROY, NAME(0)))
			return;
		raw->entry_count = 0;
	}
}

void live_binds(struct mmx_raw *raw)
{
	struct mmx_bind_op ops[20];
	struct mmx_cs_asm a;
	union mmx_msg_buf msg;
	uint32_t i, sent;

	if (!make_space(raw) || make_group(raw, 0, 1))
		return;
	a = begin_stream(raw, 0);
	mmx_cs_put_endless(&a);
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

void live_async(struct mmx_raw *raw)
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
	mmx_cs_put_endless(&a);
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

void live_avalanche(struct mmx_raw *raw)
{
	const struct mmx_wait wait = { .timeline = NAME(0), .seqno = 1 };
	static unsigned int lives;
	struct mmx_cs_asm a;
	union mmx_msg_buf msg;
	uint64_t seqno;
	uint32_t i;

	if (!make_space(raw))
		return;
	for (i = 0; i < 25; i++)
		if (make_group(raw, i, 8))
			return;
	a = begin_stream(raw, 0);
	mmx_cs_put_endless(&a);
	put_job(raw, &msg, 0, 0, 1, 0, &a);
	if (mmx_raw_send(raw, &msg, msg.hdr.size))
		return;
	for (seqno = 1; seqno <= raw->hello.limits.max_jobs; seqno++)
		for (i = 8; i < 25 * 8; i++) {
			const struct mmx_job_desc job = { .group = NAME(i / 8),
							  .queue = i % 8,
							  .seqno = seqno };

			mmx_encode_submit(&msg, ++raw->tag, &job, &wait, 1);
			if (mmx_raw_send(raw, &msg, msg.hdr.size))
				return;
		}
	if (lives++ % 2)
		mmx_raw_object(raw, MMX_MSG_GROUP_DESTROY, NAME(0));
}

void live_groups(struct mmx_raw *raw)
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

void live_heaps(struct mmx_raw *raw)
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
