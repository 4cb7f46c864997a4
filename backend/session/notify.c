// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What goes out to the guest. Nothing is lost when the completion ring is full, and nothing grows without bound
 * either: replies live in their request's record (credits), completions in their timelines, failures in what
 * were the failed jobs (MMX_FAILED_MAX), released memory in its object, faults in a short list with a count of those
 * that were dropped. When the guest has made room it notifies, and sending goes on.
 *
 * Order: completions first, so that a guest knows how its jobs ended before it is told that their group is gone.
 */
#include "backend/session/session_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void mmx_notify_init(struct mmx_session *s)
{
	mmx_list_init(&s->low_heaps);
	mmx_list_init(&s->starved_heaps);
	mmx_list_init(&s->ended_heaps);
	mmx_list_init(&s->answered);
	mmx_list_init(&s->dirty);
	mmx_list_init(&s->released);
}

void mmx_session_news(struct mmx_session *s)
{
	if (s->news)
		return;
	s->news = true;
	s->ops->news(s->ctx, s);
}

void mmx_session_break(struct mmx_session *s, const char *why)
{
	if (s->broken)
		return;
	s->broken = true;
	s->ops->broken(s->ctx, s, why);
}

void mmx_request_free(struct mmx_session *s, struct mmx_request *request)
{
	struct mmx_request_pool *pool = mmx_session_is_job(request->type) ? &s->jobs : &s->calls;

	mmx_list_add(&pool->free, &request->link);
}

void mmx_reply(struct mmx_session *s, struct mmx_request *request, int error)
{
	struct mmx_msg_hdr hdr = {
		.type = request->type | MMX_MSG_REPLY,
		.size = request->size,
		.tag = request->tag,
		.error = (uint32_t)(error < 0 ? -error : error),
	};

	memcpy(request->reply, &hdr, sizeof(hdr));
	mmx_list_add_tail(&s->answered, &request->link);
	mmx_session_news(s);
}

void mmx_notify_timeline(struct mmx_session *s, struct mmx_timeline *timeline)
{
	if (mmx_list_empty(&timeline->dirty))
		mmx_list_add_tail(&s->dirty, &timeline->dirty);
	mmx_session_news(s);
}

void mmx_notify_released(struct mmx_session *s, struct mmx_memobj *mem)
{
	mmx_list_add_tail(&s->released, &mem->link);
	mmx_session_news(s);
}

void mmx_session_fault(struct mmx_session *s, const struct mmx_session_fault *fault)
{
	struct mmx_event_fault *event;
	uint32_t dropped;

	s->stats.faults++;
	mmx_session_news(s);
	if (mmx_log_limit_pass(s->log_limit, mmx_timers_now(s->timers), &dropped))
		mmx_log_guest(
			MMX_LOG_SESSION, MMX_LOG_INFO, s->partition,
			"fault kind=%d group=0x%x queue=%u exception=%s(0x%x) address=0x%llx (%u "
			"more left out)",
			fault->kind, fault->group ? fault->group->name : 0, fault->queue,
			mmx_gpu_exception_name(fault->exception & 0xff), fault->exception,
			(unsigned long long)fault->address, dropped);
	if (s->fault_count == MMX_FAULTS_MAX) {
		s->faults_dropped++;
		return;
	}
	event = &s->faults[s->fault_count++];
	*event = (struct mmx_event_fault){
		.hdr = { .type = MMX_EVENT_FAULT, .size = sizeof(*event) },
		.kind = fault->kind,
		.queue = fault->queue,
		.exception = fault->exception,
		.access = fault->access,
		.address = fault->address,
		.dropped = s->faults_dropped,
	};
	if (fault->vm)
		event->vm = fault->vm->name;
	if (fault->group) {
		event->group = fault->group->name;
		event->vm = fault->group->vm->name;
	}
	s->faults_dropped = 0;
}

void mmx_session_gpu_state(struct mmx_session *s, enum mmx_gpu_state state)
{
	if (s->gpu_state != MMX_GPU_STATE_LOST)
		s->gpu_state = state;
	mmx_session_news(s);
}

/* ---- sending ---- */

/* Return: false: it has to wait. */
static bool put(struct mmx_session *s, const void *msg, uint32_t size)
{
	uint32_t slots = MMX_MSG_SLOTS(size);
	int r = mmx_ring_write(&s->comp, msg, size);

	if (r == -EAGAIN) {
		if (mmx_ring_publish(&s->comp))
			mmx_peer_call(&s->peer);
		s->stalled = mmx_ring_want_space(&s->comp, slots);
		if (!s->stalled)
			r = mmx_ring_write(&s->comp, msg, size);
	}
	if (r && r != -EAGAIN)
		mmx_session_break(s, "the completion ring is broken");
	return !r;
}

/* The next thing to tell of a timeline: a run of jobs with one outcome. */
static bool next_entry(const struct mmx_timeline *t, uint64_t told, const struct mmx_job *failed,
		       struct mmx_timeline_entry *ret_entry)
{
	*ret_entry = (struct mmx_timeline_entry){ .timeline = t->name };
	if (failed && failed->first == told + 1) {
		ret_entry->seqno = failed->seqno;
		ret_entry->error = (uint32_t)failed->error;
		return true;
	}
	ret_entry->seqno = failed ? failed->first - 1 : t->completed;
	return ret_entry->seqno > told;
}

static struct mmx_job *first_failed(const struct mmx_timeline *t)
{
	return mmx_list_empty(&t->failed) ? NULL : mmx_list_first(&t->failed, struct mmx_job, link);
}

/* The entry is in the ring. */
static void told(struct mmx_session *s, struct mmx_timeline *t,
		 const struct mmx_timeline_entry *entry)
{
	struct mmx_job *failed = first_failed(t);

	t->told = entry->seqno;
	if (failed && entry->error) {
		mmx_list_del(&failed->link);
		free(failed);
		s->failed--;
	}
}

static bool send_timelines(struct mmx_session *s)
{
	union {
		struct mmx_event_timelines event;
		uint8_t bytes[sizeof(struct mmx_event_timelines) +
			      MMX_EVENT_MAX_TIMELINES * sizeof(struct mmx_timeline_entry)];
	} msg = { .bytes = { 0 } };

	msg.event.hdr.type = MMX_EVENT_TIMELINES;
	while (!mmx_list_empty(&s->dirty)) {
		struct mmx_timeline *of[MMX_EVENT_MAX_TIMELINES];
		struct mmx_list *pos = s->dirty.next;
		uint32_t i, count = 0;

		/* one entry a timeline and message: what is told is only known when it is in the ring */
		for (; pos != &s->dirty && count < MMX_EVENT_MAX_TIMELINES; pos = pos->next) {
			struct mmx_timeline *t = mmx_container_of(pos, struct mmx_timeline, dirty);

			of[count] = t;
			if (next_entry(t, t->told, first_failed(t), &msg.event.entries[count]))
				count++;
		}
		msg.event.count = count;
		msg.event.hdr.size =
			(uint32_t)(sizeof(msg.event) + count * sizeof(msg.event.entries[0]));
		if (count && !put(s, &msg, msg.event.hdr.size))
			return false;
		for (i = 0; i < count; i++) {
			struct mmx_timeline_entry more;

			told(s, of[i], &msg.event.entries[i]);
			if (next_entry(of[i], of[i]->told, first_failed(of[i]), &more))
				continue;
			mmx_list_del(&of[i]->dirty);
			if (of[i]->retired)
				mmx_timeline_free(of[i]);
		}
	}
	return true;
}

static bool send_replies(struct mmx_session *s)
{
	while (!mmx_list_empty(&s->answered)) {
		struct mmx_request *request =
			mmx_list_first(&s->answered, struct mmx_request, link);

		if (!put(s, request->reply, request->size))
			return false;
		mmx_list_del(&request->link);
		mmx_request_free(s, request);
	}
	return true;
}

static bool send_released(struct mmx_session *s)
{
	union {
		struct mmx_event_mem_released event;
		uint8_t bytes[sizeof(struct mmx_event_mem_released) +
			      MMX_EVENT_MAX_RELEASED * sizeof(uint32_t)];
	} msg = { .bytes = { 0 } };

	msg.event.hdr.type = MMX_EVENT_MEM_RELEASED;
	while (!mmx_list_empty(&s->released)) {
		struct mmx_list *pos = s->released.next;
		uint32_t i, count = 0;

		for (; pos != &s->released && count < MMX_EVENT_MAX_RELEASED; pos = pos->next)
			msg.event.mems[count++] =
				mmx_container_of(pos, struct mmx_memobj, link)->name;
		msg.event.count = count;
		msg.event.hdr.size =
			(uint32_t)(sizeof(msg.event) + count * sizeof(msg.event.mems[0]));
		if (!put(s, &msg, msg.event.hdr.size))
			return false;
		for (i = 0; i < count; i++)
			mmx_memobj_free(mmx_list_first(&s->released, struct mmx_memobj, link));
	}
	return true;
}

static bool send_faults(struct mmx_session *s)
{
	unsigned int sent = 0;

	while (sent < s->fault_count && put(s, &s->faults[sent], sizeof(s->faults[sent])))
		sent++;
	s->fault_count -= sent;
	memmove(s->faults, s->faults + sent, s->fault_count * sizeof(s->faults[0]));
	return !s->fault_count;
}

static bool send_gpu_state(struct mmx_session *s)
{
	struct mmx_event_gpu event = {
		.hdr = { .type = MMX_EVENT_GPU, .size = sizeof(event) },
		.state = s->gpu_state,
	};

	if (s->gpu_state && !put(s, &event, sizeof(event)))
		return false;
	s->gpu_state = 0;
	return true;
}

void mmx_session_flush(struct mmx_session *s)
{
	s->news = false;
	if (s->broken || s->state == MMX_SESSION_GONE)
		return;
	/* each stage is there only if all before it got through */
	if (!s->stalled)
		(void)(send_timelines(s) && send_faults(s) && send_gpu_state(s) &&
		       send_replies(s) && send_released(s));
	/* what failed in one round may be more, if there is room to tell it */
	if (s->stalled && s->failed > MMX_FAILED_MAX)
		mmx_session_break(s, "it does not read its completions");
	if (mmx_ring_publish(&s->comp))
		mmx_peer_call(&s->peer);
}

void mmx_notify_drop(struct mmx_session *s)
{
	while (!mmx_list_empty(&s->dirty)) {
		struct mmx_timeline *t = mmx_list_first(&s->dirty, struct mmx_timeline, dirty);

		mmx_list_del(&t->dirty);
		if (t->retired)
			mmx_timeline_free(t);
	}
	while (!mmx_list_empty(&s->released))
		mmx_memobj_free(mmx_list_first(&s->released, struct mmx_memobj, link));
}
