// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Groups of the guest, and SUBMIT. A group is here, and what it holds is charged, from GROUP_CREATE until its host has
 * said that it has stopped and its memory has been given back; its timelines (timeline.c) may outlive it.
 */
#include "backend/session/session_priv.h"

#include <errno.h>
#include <stdlib.h>

/* ---- groups ---- */

static bool masks_fit(uint64_t mask, uint64_t present, unsigned int max)
{
	return !(mask & ~present) && (unsigned int)__builtin_popcountll(mask) >= max;
}

static int check_group(const struct mmx_session *s, const struct mmx_msg_group_create *m)
{
	const struct mmx_gpu_info *info = mmx_gpu_info(s->gpu);
	uint64_t shader = s->limits->shader_cores;
	uint32_t i, j;
	int r;

	if (!m->queue_count || m->queue_count > s->limits->wire.max_queues ||
	    m->queue_count > info->streams || m->pad)
		return EINVAL;
	if (m->priority >= MMX_PRIORITIES)
		return EINVAL;
	if (m->priority > s->limits->priority_ceiling)
		return EACCES;
	if (!masks_fit(m->compute_core_mask, shader, m->max_compute_cores) ||
	    !masks_fit(m->fragment_core_mask, shader, m->max_fragment_cores) ||
	    !masks_fit(m->tiler_core_mask, info->tiler_present, m->max_tiler_cores))
		return EINVAL;
	for (i = 0; i < m->queue_count; i++) {
		const struct mmx_queue_desc *q = &m->queues[i];

		if (q->priority > 15 || q->pad || q->ring_size < 4096 || q->ring_size > 65536 ||
		    q->ring_size & (q->ring_size - 1))
			return EINVAL;
		r = mmx_table_check_free(&s->timelines, q->timeline);
		if (r)
			return r;
		for (j = 0; j < i; j++)
			if ((m->queues[j].timeline & 0xffff) == (q->timeline & 0xffff))
				return EEXIST;
	}
	return 0;
}

static int create_hw(struct mmx_sgroup *group, const struct mmx_msg_group_create *m)
{
	struct mmx_group_params params = {
		.vm = group->vm->hw,
		.owner = group,
		.compute_mask = m->compute_core_mask,
		.fragment_mask = m->fragment_core_mask,
		.tiler_mask = m->tiler_core_mask,
		.max_compute = m->max_compute_cores,
		.max_fragment = m->max_fragment_cores,
		.max_tiler = m->max_tiler_cores,
		.suspend_timeout_ns = group->session->limits->preempt_timeout_us * MMX_NS_PER_US,
		.queue_count = m->queue_count,
	};
	uint32_t i;

	for (i = 0; i < m->queue_count; i++) {
		params.queues[i].priority = m->queues[i].priority;
		params.queues[i].ring_size = m->queues[i].ring_size;
	}
	return mmx_group_create(group->session->gpu, &params, &group->hw);
}

int mmx_group_create_msg(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_group_create *m = msg;
	struct mmx_client *client = mmx_table_find(&s->clients, m->client);
	struct mmx_addrspace *vm = mmx_table_find(&s->vms, m->vm);
	struct mmx_sgroup *group;
	uint32_t i;
	int r;

	(void)request;
	if (!client || client->destroying || !vm || vm->client != client)
		return ENOENT;
	r = mmx_table_check_free(&s->groups, m->group);
	if (!r)
		r = check_group(s, m);
	if (!r && mmx_session_is_full(s))
		r = ENOSPC;
	if (r)
		return r;
	group = calloc(1, sizeof(*group));
	if (!group)
		return -ENOMEM;
	group->session = s;
	group->client = client;
	group->vm = vm;
	group->name = m->group;
	group->priority = m->priority;
	for (i = 0; i < m->queue_count; i++) {
		r = mmx_timeline_create(s, m->queues[i].timeline, &group->timelines[i]);
		if (r)
			goto err_timelines;
		group->timelines[i]->group = group;
		group->timelines[i]->queue = i;
		group->queue_count++;
	}
	r = create_hw(group, m);
	if (r)
		goto err_timelines;
	r = s->ops->group_created(s->ctx, group);
	if (r)
		goto err_hw;
	vm->users++;
	group->bytes = mmx_group_bytes(group->hw);
	s->backend_bytes += group->bytes;
	s->credit -= (int64_t)(group->bytes / MMX_PAGE_SIZE * MMX_PGTABLE_TABLE_WORK);
	mmx_list_add_tail(&client->groups, &group->link);
	mmx_table_add(&s->groups, group->name, group);
	return 0;

err_hw:
	mmx_group_destroy(group->hw, NULL);
err_timelines:
	while (group->queue_count)
		mmx_timeline_retire(group->timelines[--group->queue_count]);
	free(group);
	return r;
}

void mmx_sgroup_begin_destroy(struct mmx_sgroup *group, struct mmx_request *request)
{
	struct mmx_session *s = group->session;

	if (group->stopping)
		return;
	group->stopping = true;
	group->request = request;
	mmx_table_del(&s->groups, group->name);
	s->ops->group_stop(s->ctx, group);
}

/* The GPU can't reach any of it, and its memory has been given back. */
static void gone(void *owner)
{
	struct mmx_sgroup *group = owner;
	struct mmx_session *s = group->session;
	struct mmx_client *client = group->client;
	struct mmx_addrspace *vm = group->vm;
	bool busy = client->busy;

	s->backend_bytes -= group->bytes;
	while (group->queue_count)
		mmx_timeline_retire(group->timelines[--group->queue_count]);
	if (group->request)
		mmx_reply(s, group->request, 0);
	mmx_list_del(&group->link);
	mmx_label_drop(s, &group->label);
	free(group);
	/* the VM must not take the client with it */
	client->busy = true;
	mmx_addrspace_put(vm);
	client->busy = busy;
	mmx_client_continue(client);
}

void mmx_sgroup_stopped(struct mmx_sgroup *group)
{
	mmx_group_destroy(group->hw, gone);
}

int mmx_group_destroy_msg(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_object *m = msg;
	struct mmx_sgroup *group = mmx_table_find(&s->groups, m->object);

	if (m->pad)
		return EINVAL;
	if (!group)
		return ENOENT;
	mmx_sgroup_begin_destroy(group, request);
	return MMX_REPLY_LATER;
}

int mmx_group_get_state(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_object *m = msg;
	struct mmx_sgroup *group = mmx_table_find(&s->groups, m->object);
	struct mmx_reply_group_get_state *reply = (void *)request->reply;

	if (m->pad)
		return EINVAL;
	if (!group)
		return ENOENT;
	reply->state = group->state;
	reply->fatal_queues = group->fatal_queues;
	request->size = sizeof(*reply);
	return 0;
}

/* ---- jobs ---- */

/* What is wrong with the job itself; then it takes its seqno and fails. */
static int check_job(const struct mmx_sgroup *group, const struct mmx_msg_submit *m)
{
	uint64_t range = group->vm->user_va_range;

	if (m->pad || (m->stream_addr == 0) != (m->stream_size == 0))
		return EINVAL;
	if (m->stream_addr & 63 || m->stream_size & 7 || m->latest_flush & 0x7f000000)
		return EINVAL;
	/* also keeps the address within the 48 bits of the instruction that loads it */
	if (m->stream_addr > range || m->stream_size > range - m->stream_addr)
		return EINVAL;
	return 0;
}

int mmx_submit(struct mmx_session *s, const void *msg, struct mmx_request *request)
{
	const struct mmx_msg_submit *m = msg;
	struct mmx_sgroup *group = mmx_table_find(&s->groups, m->group);
	struct mmx_job *job;
	int r;

	(void)request;
	if (!group)
		return ENOENT;
	if (m->queue >= group->queue_count)
		return EINVAL;
	r = mmx_job_create(group->timelines[m->queue], m->seqno, m->waits, m->wait_count, &job);
	if (r)
		return r;
	job->stream_addr = m->stream_addr;
	job->stream_size = m->stream_size;
	job->latest_flush = m->latest_flush;
	if (!job->error)
		job->error = check_job(group, m);
	s->ops->submit(s->ctx, job);
	return 0;
}
