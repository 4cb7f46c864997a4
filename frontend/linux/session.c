// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A session: begin and end, what goes, what comes, and whether the backend is alive.
 *
 * What comes is taken by mmx_session_poll(): called by the transport's interrupt thread and, in case an interrupt was
 * lost, by the heartbeat's work; who waits for an answer takes what comes, too, for a while. None of that allocates, nor
 * waits for anything but rx_lock; a kernel with lockdep proves it.
 *
 * Time is counted in looks at the heartbeat and not in seconds: a virtual machine that was stopped must not find its
 * backend dead.
 */
#include "frontend/linux/session.h"

#include <linux/dma-fence.h>
#include <linux/io.h>
#include <linux/ktime.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "frontend/linux/mem.h"
#include "frontend/linux/ram.h"
#include "frontend/linux/timeline.h"

/* As much as the largest ring can hold; more without a pause, so many times, is a flood. */
#define MAX_BATCH MMX_RING_MAX_SLOTS
#define MAX_POLLS 64u
/* Looks without a heartbeat, one each MMX_HEARTBEAT_MS. */
#define MAX_SILENT 20u
/* Between two looks while the device is suspended and all is well. */
#define REST_MS 10000u

/*
 * How long to look before sleeping: as long as KVM itself does by default before it lets an idle processor of a guest go
 * (halt_poll_ns).
 */
#define LOOK_NS 200000u
/* Waits between two looks, at most, while these are for nothing. */
#define MAX_LOOKS_OFF 8u

/* Messages that need not be seen at once, before they are shown all the same. */
#define MAX_UNSEEN 16u

/* ---- what goes ---- */

void mmx_session_kick(struct mmx_session *s)
{
	s->transport->kick(s->transport);
}

/* @later: need not be seen at once. Return: the backend must be kicked. */
static bool send_queued(struct mmx_session *s, bool later)
{
	struct mmx_tx *tx;
	int ret;

	while (!list_empty(&s->tx_list)) {
		tx = list_first_entry(&s->tx_list, struct mmx_tx, link);
		ret = tx->encode(tx, &s->out);
		if (ret > 0)
			ret = mmx_front_session_send(&s->ends, &s->out, ret);
		if (ret == -EAGAIN) {
			bool kick = mmx_front_session_flush(&s->ends);

			if (mmx_front_session_want_space(&s->ends, (int)s->out.hdr.size))
				return kick;
			if (kick)
				mmx_session_kick(s);
			continue;
		}
		list_del_init(&tx->link);
		if (ret) {
			/* Nothing more can be sent: the one behind it would be out of order. Its end is a matter of the poll. */
			s->ends.sub.broken = true;
			mod_delayed_work(mmx_wq, &s->heart_work, 0);
			return false;
		}
		if (tx->sent)
			tx->sent(tx);
	}
	if (later && ++s->unseen < MAX_UNSEEN)
		return false;
	s->unseen = 0;
	return mmx_front_session_flush(&s->ends);
}

bool mmx_session_queue(struct mmx_session *s, struct mmx_tx *tx, bool later)
{
	mmx_power_use(s);
	list_add_tail(&tx->link, &s->tx_list);
	/* those before it wait for room */
	if (s->tx_list.next != &tx->link)
		return false;
	return send_queued(s, later);
}

void mmx_session_flush(struct mmx_session *s)
{
	bool kick = false;

	spin_lock(&s->tx_lock);
	if (!s->dead && s->unseen)
		kick = send_queued(s, false);
	spin_unlock(&s->tx_lock);
	if (kick)
		mmx_session_kick(s);
}

/* There may be room again. */
static void send_more(struct mmx_session *s)
{
	bool kick = false;

	spin_lock(&s->tx_lock);
	if (!list_empty(&s->tx_list))
		kick = send_queued(s, false);
	spin_unlock(&s->tx_lock);
	if (kick)
		mmx_session_kick(s);
}

/* ---- what comes ---- */

static void log_fault(struct mmx_session *s, const struct mmx_event_fault *fault)
{
	static const char *const names[] = {
		[MMX_FAULT_CS_FAULT] = "fault of a stream",
		[MMX_FAULT_CS_FATAL] = "fatal fault of a stream",
		[MMX_FAULT_MMU] = "MMU fault",
		[MMX_FAULT_TIMEOUT] = "time-out",
		[MMX_FAULT_GPU_RESET] = "lost in a reset of the GPU",
		[MMX_FAULT_BIND] = "failed bind",
	};

	/* decode has checked the kind */
	dev_info_ratelimited(
		s->transport->dev,
		"%s: group %x, vm %x, queue %u, exception 0x%x, access %u, address 0x%llx\n",
		names[fault->kind], fault->group, fault->vm, fault->queue, fault->exception,
		fault->access, fault->address);
	atomic_inc(&s->faults);
}

/* Return: 0; -EPROTO: it cannot be; -ENODEV: the GPU is lost. */
static int handle(struct mmx_session *s, const struct mmx_decoded *msg)
{
	int ret = 0;
	u32 i;

	switch (msg->kind) {
	case MMX_DECODED_REPLY:
		if (msg->reply.request == MMX_MSG_SUBMIT ||
		    msg->reply.request == MMX_MSG_VM_BIND_ASYNC)
			return mmx_timeline_refused(s, &msg->reply);
		return mmx_call_reply(s, &msg->reply);
	case MMX_DECODED_TIMELINES:
		for (i = 0; i < msg->timelines.count && !ret; i++)
			ret = mmx_timeline_event(s, &msg->timelines.entries[i]);
		return ret;
	case MMX_DECODED_FAULT:
		log_fault(s, &msg->fault);
		return 0;
	case MMX_DECODED_MEM_RELEASED:
		for (i = 0; i < msg->released.count && !ret; i++)
			ret = mmx_mem_released(s, msg->released.mems[i]);
		return ret;
	case MMX_DECODED_GPU:
		return msg->gpu_state == MMX_GPU_STATE_LOST ? -ENODEV : 0;
	case MMX_DECODED_UNKNOWN_EVENT:
		return 0;
	}
	return 0;
}

/* Return: 1: there may be more; 0: there is none; negative: the end. */
static int take_one(struct mmx_session *s)
{
	int size = mmx_front_session_receive(&s->ends, &s->in);
	int ret;

	if (size <= 0)
		return size;
	ret = mmx_decode_completion(&s->in, (u32)size, &s->msg);
	if (!ret)
		ret = handle(s, &s->msg);
	return ret ? ret : 1;
}

static int take_batch(struct mmx_session *s)
{
	unsigned int i;
	int ret = 1;

	for (i = 0; i < MAX_BATCH && ret > 0; i++)
		ret = take_one(s);
	if (mmx_front_session_release(&s->ends))
		mmx_session_kick(s);
	return ret;
}

static int take_all(struct mmx_session *s)
{
	unsigned int i;
	int ret;

	for (i = 0; i < MAX_POLLS; i++) {
		ret = take_batch(s);
		if (ret < 0)
			return ret;
		if (mmx_front_session_want_data(&s->ends))
			return 0;
		cond_resched();
	}
	return -EPROTO;
}

/* With rx_lock held. */
static void poll(struct mmx_session *s)
{
	u32 closed;
	int ret;

	if (mmx_session_is_dead(s))
		return;
	/* looked at first: what came before the end is taken */
	closed = mmx_front_session_closed(&s->ends);
	ret = take_all(s);
	if (ret == -ENODEV)
		mmx_session_end(s, "the GPU is lost");
	else if (ret < 0)
		mmx_session_end(s, "the backend breaks the protocol");
	else if (closed)
		mmx_session_end(s, "the backend has ended it");
	else
		send_more(s);
}

void mmx_session_poll(struct mmx_session *s)
{
	bool signalling = dma_fence_begin_signalling();

	mutex_lock(&s->rx_lock);
	poll(s);
	mutex_unlock(&s->rx_lock);
	dma_fence_end_signalling(signalling);
}

/* ---- waiting ---- */

/*
 * With rx_lock held. Nobody takes the processor meanwhile, since no notification is wanted, but if somebody wants it that is
 * the end. Return: something has come.
 */
static bool spin(struct mmx_session *s, u64 end_ns)
{
	bool news;

	preempt_disable();
	mmx_front_session_stay_awake(&s->ends);
	while (!mmx_front_session_has_news(&s->ends) && !need_resched() && ktime_get_ns() < end_ns)
		cpu_relax();
	news = !mmx_front_session_want_data(&s->ends);
	preempt_enable();
	return news;
}

static void look(struct mmx_session *s, struct completion *done, u64 end_ns)
{
	bool signalling = dma_fence_begin_signalling();

	/* else somebody else takes what comes */
	if (mutex_trylock(&s->rx_lock)) {
		while (!completion_done(done) && !mmx_session_is_dead(s) && spin(s, end_ns))
			poll(s);
		mutex_unlock(&s->rx_lock);
	}
	dma_fence_end_signalling(signalling);
}

/*
 * Looking may take the processor from whoever is waited for: while it is not worth it, it is tried less and less. What is
 * learnt is only whether looks succeed: a wait that slept says little about how long it would have taken to look.
 */
static bool is_worth_a_look(struct mmx_session *s)
{
	u32 off = READ_ONCE(s->looks_off);

	if (off)
		WRITE_ONCE(s->looks_off, off - 1);
	return !off;
}

static void learn(struct mmx_session *s, bool worth)
{
	u32 off = worth ? 0 : READ_ONCE(s->looks_off_next);

	WRITE_ONCE(s->looks_off, off);
	WRITE_ONCE(s->looks_off_next, worth ? 1 : min(2 * off, MAX_LOOKS_OFF));
}

bool mmx_session_await(struct mmx_session *s, struct completion *done, unsigned int seconds)
{
	u64 end_ns = ktime_get_ns() + LOOK_NS;
	bool is_done;

	if (is_worth_a_look(s)) {
		look(s, done, end_ns);
		/* one that was cut short says nothing */
		if (completion_done(done))
			learn(s, true);
		else if (ktime_get_ns() >= end_ns)
			learn(s, false);
	}
	is_done = try_wait_for_completion(done);
	/* in steps: to a virtual machine that was stopped, time may jump, but not more than one step */
	while (!is_done && seconds--)
		is_done = wait_for_completion_timeout(done, HZ);
	return is_done;
}

static void heart_work(struct work_struct *work)
{
	struct mmx_session *s = container_of(work, struct mmx_session, heart_work.work);
	u64 beat = mmx_front_session_heartbeat(&s->ends);

	if (READ_ONCE(s->ends.sub.broken))
		mmx_session_end(s, "the submission ring is broken");
	mmx_session_flush(s);
	mmx_session_poll(s);
	if (beat != s->heartbeat) {
		s->heartbeat = beat;
		s->silent = 0;
	} else if (++s->silent >= MAX_SILENT) {
		mmx_session_end(s, "the backend gives no sign of life");
	}
	if (mmx_session_is_dead(s))
		return;
	mmx_power_look(s);
	queue_delayed_work(
		mmx_wq, &s->heart_work,
		msecs_to_jiffies(READ_ONCE(s->resting) && !s->silent ? REST_MS : MMX_HEARTBEAT_MS));
}

/* ---- begin and end ---- */

void mmx_session_prepare(struct mmx_session *s, struct mmx_transport *t, struct device *dev)
{
	s->transport = t;
	s->dev = dev;
	s->dead = true;
	spin_lock_init(&s->tx_lock);
	INIT_LIST_HEAD(&s->tx_list);
	mutex_init(&s->rx_lock);
	s->looks_off_next = 1;
	spin_lock_init(&s->lock);
	INIT_LIST_HEAD(&s->reap);
	init_waitqueue_head(&s->credit_wait);
	init_waitqueue_head(&s->pages_wait);
	INIT_WORK(&s->reap_work, mmx_mem_reap);
	INIT_DELAYED_WORK(&s->heart_work, heart_work);
}

static int say_hello(struct mmx_session *s, const char *name, u32 *ret_spaces)
{
	struct mmx_call *call = mmx_call_begin(s, MMX_MSG_HELLO);
	int ret;

	if (IS_ERR(call))
		return PTR_ERR(call);
	ret = mmx_call_run(call, mmx_encode_hello(&call->buf, call->tag, name));
	if (!ret) {
		s->epoch = call->reply.hello.epoch;
		s->limits = call->reply.hello.limits;
		s->gpu = call->reply.hello.gpu;
		*ret_spaces = call->reply.hello.spaces;
		s->call_limit = min(s->limits.max_requests, MMX_SESSION_MAX_REQUESTS);
		if (s->limits.max_timelines > s->ends.max_timelines)
			ret = -EPROTO;
	}
	mmx_call_free(call);
	return ret;
}

static int make_tables(struct mmx_session *s)
{
	const struct mmx_limits *limits = &s->limits;
	struct mmx_timeline **timelines;
	struct mmx_mem **mems;

	if (mmx_names_init(&s->client_names, limits->max_clients) ||
	    mmx_names_init(&s->mem_names, limits->max_mems) ||
	    mmx_names_init(&s->vm_names, limits->max_vms) ||
	    mmx_names_init(&s->group_names, limits->max_groups) ||
	    mmx_names_init(&s->timeline_names, limits->max_timelines) ||
	    mmx_names_init(&s->heap_names, limits->max_heaps))
		return -ENOMEM;
	timelines = kvcalloc(limits->max_timelines, sizeof(*timelines), GFP_KERNEL);
	mems = kvcalloc(limits->max_mems, sizeof(*mems), GFP_KERNEL);
	spin_lock(&s->lock);
	s->timelines = timelines;
	s->mems = mems;
	spin_unlock(&s->lock);
	return timelines && mems ? 0 : -ENOMEM;
}

/* The allocator was made for the first session's data area: it cannot be another. */
static int make_pages(struct mmx_session *s)
{
	struct mmx_transport *t = s->transport;
	u64 offset = ALIGN(s->ends.data_offset, PAGE_SIZE);
	u64 end = ALIGN_DOWN(s->ends.data_offset + s->ends.data_size, PAGE_SIZE);
	u64 size = end > offset ? end - offset : 0;
	int ret;

	if (!size || end / MMX_WIRE_PAGE_SIZE > U32_MAX)
		return -EPROTO;
	if (t->pages.used)
		return t->data_offset == offset && t->data_size == size ? 0 : -EPROTO;
	ret = mmx_pages_init(&t->pages, (u32)(size / PAGE_SIZE));
	if (ret)
		return ret;
	t->data_offset = offset;
	t->data_size = size;
	return 0;
}

/* What the backend says of the GPU's coherency holds for all sessions: it is of one machine. */
static int map_uncached(struct mmx_session *s)
{
	struct mmx_transport *t = s->transport;

	if (s->gpu.coherent || t->uncached)
		return 0;
	t->uncached = memremap(t->phys + t->data_offset, t->data_size, MEMREMAP_WC);
	return t->uncached ? 0 : -ENOMEM;
}

int mmx_session_begin(struct mmx_session *s, const char *name)
{
	int ret = mmx_front_session_init(&s->ends, s->transport->region, s->transport->size);
	u32 spaces = 0;

	if (!ret)
		ret = make_pages(s);
	if (ret)
		return ret;
	s->heartbeat = mmx_front_session_heartbeat(&s->ends);
	s->call_limit = 1;
	s->number = mmx_ram_begin(s->transport);
	spin_lock(&s->tx_lock);
	s->dead = false;
	spin_unlock(&s->tx_lock);
	mmx_transport_attach(s->transport, s);
	queue_delayed_work(mmx_wq, &s->heart_work, msecs_to_jiffies(MMX_HEARTBEAT_MS));
	ret = say_hello(s, name, &spaces);
	if (!ret)
		ret = make_tables(s);
	if (!ret)
		ret = map_uncached(s);
	if (!ret)
		ret = mmx_spaces_begin(s, spaces);
	if (ret)
		mmx_session_stop(s);
	return ret;
}

void mmx_session_end(struct mmx_session *s, const char *why)
{
	struct mmx_tx *tx, *next;

	spin_lock(&s->tx_lock);
	if (s->dead) {
		spin_unlock(&s->tx_lock);
		return;
	}
	WRITE_ONCE(s->dead, true);
	list_for_each_entry_safe(tx, next, &s->tx_list, link)
		list_del_init(&tx->link);
	spin_unlock(&s->tx_lock);

	if (why)
		dev_err(s->transport->dev, "the session ends: %s\n", why);
	mmx_calls_fail(s);
	mmx_timelines_fail(s);
	wake_up_all(&s->credit_wait);
	wake_up_all(&s->pages_wait);
	queue_work(mmx_wq, &s->reap_work);
	if (why)
		queue_work(mmx_wq, &s->transport->ended);
}

void mmx_session_stop(struct mmx_session *s)
{
	mmx_session_end(s, NULL);
	mmx_transport_attach(s->transport, NULL);
	cancel_delayed_work_sync(&s->heart_work);
	mmx_power_stop(s);
	flush_work(&s->reap_work);
}

void mmx_session_finish(struct mmx_session *s)
{
	cancel_work_sync(&s->reap_work);
	mmx_mems_free(s);
	kvfree(s->timelines);
	kvfree(s->mems);
	mmx_names_finish(&s->heap_names);
	mmx_names_finish(&s->timeline_names);
	mmx_names_finish(&s->group_names);
	mmx_names_finish(&s->vm_names);
	mmx_names_finish(&s->mem_names);
	mmx_names_finish(&s->client_names);
	mutex_destroy(&s->rx_lock);
}
