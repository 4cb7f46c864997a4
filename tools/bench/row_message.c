// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What a message costs the backend: CPU time of this thread while core, in this process, takes a batch of messages and
 * answers, by message; the guest's own part is not counted. Beside it the floor: the same message through a ring, with
 * nobody who looks at it.
 */
#include <errno.h>
#include <stdlib.h>

#include "frontend/core/names.h"
#include "hv/proto/ring.h"
#include "tools/bench/host.h"

#define NAME	   mmx_name_make(0, 1)
#define BATCH	   64u /* what core takes of one guest in a round */
#define VA	   0x100000ull
#define RING_SLOTS 512u

struct message {
	struct mmx_host host;
	uint64_t seqno;
	bool mapped;
	struct mmx_series submit_ns, state_ns, bind_ns, ring_ns;
};

/* Return: size of the next message of the kind, in host.buf. */
typedef int (*encode_fn)(struct message *m);

static int encode_submit(struct message *m)
{
	const struct mmx_job_desc job = { .group = NAME, .seqno = ++m->seqno };

	return mmx_encode_submit(&m->host.buf, ++m->host.tag, &job, NULL, 0);
}

static int encode_state(struct message *m)
{
	return mmx_encode_object(&m->host.buf, ++m->host.tag, MMX_MSG_GROUP_GET_STATE, NAME);
}

/* Maps a page and unmaps it, in turns. */
static int encode_bind(struct message *m)
{
	struct mmx_bind_op op = { .op = MMX_BIND_OP_MAP, .mem = NAME, .va = VA, .size = 4096 };

	if (m->mapped)
		op = (struct mmx_bind_op){ .op = MMX_BIND_OP_UNMAP, .va = VA, .size = 4096 };
	m->mapped = !m->mapped;
	return mmx_encode_vm_bind(&m->host.buf, ++m->host.tag, NAME, &op, 1);
}

static int make_objects(struct message *m)
{
	const struct mmx_queue_desc queue = { .ring_size = 4096, .timeline = NAME };
	const struct mmx_group_desc group = { .client = NAME, .vm = NAME, .group = NAME };
	struct mmx_host *h = &m->host;
	struct mmx_run run = { .page_count = 1 };
	int r;

	run.first_page = h->front.data_offset / MMX_WIRE_PAGE_SIZE;
	r = mmx_host_call(h, mmx_encode_client_create(&h->buf, ++h->tag, NAME, 0, "bench"));
	if (!r)
		r = mmx_host_call(h, mmx_encode_mem_create(&h->buf, ++h->tag, NAME, MMX_MEM_SEAL, 1,
							   &run, 1));
	if (!r)
		r = mmx_host_call(h, mmx_encode_vm_create(&h->buf, ++h->tag, NAME, NAME, 0, 0));
	if (!r)
		r = mmx_host_call(h, mmx_encode_group_create(&h->buf, ++h->tag, &group, &queue, 1));
	return r;
}

static int measure(struct message *m, encode_fn encode, unsigned int batches,
		   struct mmx_series *series)
{
	uint64_t ns = 0, start_ns;
	unsigned int batch, i;
	int r = 0;

	for (batch = 0; batch < batches && !r; batch++) {
		for (i = 0; i < BATCH && !r; i++)
			r = mmx_host_send(&m->host, encode(m));
		mmx_front_session_flush(&m->host.front);
		start_ns = mmx_bench_clock(CLOCK_THREAD_CPUTIME_ID);
		mmx_host_take(&m->host);
		ns += mmx_bench_clock(CLOCK_THREAD_CPUTIME_ID) - start_ns;
		if (!r)
			r = mmx_host_receive(&m->host);
	}
	mmx_series_add(series, (double)ns / (batches * BATCH));
	return r;
}

/* A SUBMIT into a ring and out of it. */
static int measure_ring(struct message *m, unsigned int batches, struct mmx_series *series)
{
	struct mmx_ring_ctrl *ring = calloc(1, MMX_RING_HDR_SIZE + RING_SLOTS * MMX_SLOT_SIZE);
	struct mmx_ring_producer producer;
	struct mmx_ring_consumer consumer;
	union mmx_msg_buf out;
	unsigned int batch, i;
	uint64_t start_ns;
	int size, r = 0;

	if (!ring)
		return -ENOMEM;
	mmx_ring_producer_init(&producer, ring, RING_SLOTS);
	mmx_ring_consumer_init(&consumer, ring, RING_SLOTS);
	size = encode_submit(m);
	m->seqno--;
	start_ns = mmx_bench_clock(CLOCK_THREAD_CPUTIME_ID);
	for (batch = 0; batch < batches && !r; batch++) {
		for (i = 0; i < BATCH && !r; i++)
			r = mmx_ring_write(&producer, m->host.buf.bytes, (uint32_t)size);
		mmx_ring_publish(&producer);
		while (mmx_ring_read(&consumer, out.bytes, sizeof(out)) > 0)
			;
		mmx_ring_consume_publish(&consumer);
	}
	mmx_series_add(series, (double)(mmx_bench_clock(CLOCK_THREAD_CPUTIME_ID) - start_ns) /
				       (batches * BATCH));
	free(ring);
	return r;
}

static void line(struct mmx_bench *b, const char *name, const struct mmx_series *value,
		 const struct message *m)
{
	mmx_report_line(b->report,
			&(struct mmx_report_line){ name, "ns", value, "ring alone", &m->ring_ns });
}

int mmx_row_message(struct mmx_bench *b)
{
	struct message m = { .seqno = 0 };
	unsigned int batches = b->quick ? 4 : 1000, rep;
	int r;

	mmx_report_row(b->report, "message",
		       "the backend's CPU time for one message, in batches of 64");
	r = mmx_host_open(b, &m.host);
	if (r)
		return r;
	r = make_objects(&m);
	for (rep = 0; rep < b->reps && !r; rep++) {
		r = measure(&m, encode_submit, batches, &m.submit_ns);
		if (!r)
			r = measure(&m, encode_state, batches, &m.state_ns);
		if (!r)
			r = measure(&m, encode_bind, batches, &m.bind_ns);
		if (!r)
			r = measure_ring(&m, batches, &m.ring_ns);
	}
	mmx_host_close(&m.host);
	if (r)
		return mmx_bench_fail(r, "messages");
	line(b, "SUBMIT of a job without a stream", &m.submit_ns, &m);
	line(b, "GROUP_GET_STATE and its answer", &m.state_ns, &m);
	line(b, "VM_BIND of a page and its answer", &m.bind_ns, &m);
	return 0;
}
