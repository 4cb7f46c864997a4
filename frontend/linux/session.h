/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * One session with the backend: its rings, requests and their replies, events, and its end.
 *
 *	session.c   begin and end, what comes, the heartbeat
 *	call.c      requests that are answered: credits, tags, waiting
 *	timeline.c  jobs: what was submitted, fences
 *	mem.c       memory objects: pages, registration, release
 *	space.c     what the backend reaches beside the region
 *
 * A session ends once (mmx_session_end()), for whatever reason, from any of its own contexts: from then on nothing is
 * sent, every call returns -ENODEV, and every fence has been signalled with that error. It is part of a DRM device and
 * is freed with it, so old objects find it, dead, for as long as they are there.
 *
 * Nothing that the backend has written is believed: each message is copied once and decoded by frontend/core; tags,
 * names, seqnos and states are checked against tables of our own, and what cannot be ends the session.
 *
 * Locks, outer first: rx_lock (what comes) > tx_lock (what goes, and what must be in step with it) > lock (tables),
 * timeline.lock. Fences are signalled with none of the spinlocks held.
 */
#ifndef FRONTEND_LINUX_SESSION_H
#define FRONTEND_LINUX_SESSION_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "frontend/core/decode.h"
#include "frontend/core/session.h"
#include "frontend/linux/names.h"
#include "frontend/linux/space.h"
#include "frontend/linux/transport.h"

struct mmx_call;
struct mmx_mem;
struct mmx_session;
struct mmx_timeline;

/*
 * A message that is to go. Messages go in the order of mmx_session_queue(), as soon as the ring has room; nobody waits for
 * that.
 */
struct mmx_tx {
	struct list_head link; /* session.tx_list; empty if it is not there */
	/*
	 * With tx_lock held; may be called again if there was no room. Return: the message's size in @buf; negative: it
	 * cannot be said, which ends the session.
	 */
	int (*encode)(struct mmx_tx *tx, union mmx_msg_buf *buf);
	/* It is in the ring, and about to be seen. With tx_lock held, and never used again. */
	void (*sent)(struct mmx_tx *tx);
};

#define MMX_SESSION_MAX_REQUESTS 256u

struct mmx_session {
	struct mmx_transport *transport;
	struct device *
		dev; /* the DRM device's: whose runtime PM it is, and as which the backend reaches memory */
	u64 number; /* on its transport */
	struct mmx_spaces spaces;
	struct mmx_limits limits;
	struct mmx_gpu_desc gpu;
	u64 epoch;

	spinlock_t tx_lock;
	struct list_head tx_list; /* mmx_tx.link */
	u32 unseen; /* messages in the ring that the backend has not been shown; at least */
	bool dead;
	bool used; /* a message went since the last look; tx_lock, as the two below */
	bool held; /* it has a reference to the runtime PM of dev */
	bool resting; /* dev is suspended */
	atomic_t in_flight; /* jobs and asynchronous binds, raised with tx_lock held */
	struct mmx_front_session ends; /* sub: tx_lock; comp: rx_lock */
	union mmx_msg_buf out; /* tx_lock */

	struct mutex rx_lock;
	union mmx_msg_buf in;
	struct mmx_decoded msg;

	spinlock_t lock; /* the tables from here on */
	struct mmx_call *calls[MMX_SESSION_MAX_REQUESTS]; /* by slot; may be NULL */
	u16 serials[MMX_SESSION_MAX_REQUESTS];
	u32 call_limit;
	struct mmx_timeline **timelines; /* by index; may be NULL */
	struct mmx_mem **mems; /* by index; may be NULL */
	struct list_head reap; /* mmx_mem.link: to be destroyed, or to be freed */

	wait_queue_head_t credit_wait; /* for a slot */
	wait_queue_head_t pages_wait; /* for pages that are being released */
	atomic_t releasing; /* memory objects whose pages come back */
	atomic_t freed; /* of them, those that have */
	struct work_struct reap_work;
	atomic_t faults; /* how many were told: states of groups may have changed */

	struct mmx_names client_names, mem_names, vm_names, group_names, timeline_names, heap_names;

	/* Waits that don't look, from now on, and after the next look that is for nothing. Racy: it is a guess. */
	u32 looks_off, looks_off_next;

	struct delayed_work heart_work;
	u64 heartbeat;
	unsigned int silent; /* looks since it changed */
};

/* ---- session.c ---- */

/* Before anything else; cannot fail. */
void mmx_session_prepare(struct mmx_session *s, struct mmx_transport *t, struct device *dev);
/**
 * mmx_session_begin() - takes up the ends, says HELLO, makes the tables
 *
 * Return: 0; -EPROTO, -EPROTONOSUPPORT: that is no backend that we know; -ENODEV: it has gone; -ENOMEM.
 */
int mmx_session_begin(struct mmx_session *s, const char *name);
/* May be called again and again. @why: for the log, NULL = that is how it should be */
void mmx_session_end(struct mmx_session *s, const char *why);
/* Ends it, and waits for what runs on its behalf; it stays as a dead one. */
void mmx_session_stop(struct mmx_session *s);
/* Frees what the session still has; nothing refers to it any more. */
void mmx_session_finish(struct mmx_session *s);
/* Takes what has come. */
void mmx_session_poll(struct mmx_session *s);
/*
 * Waits in steps of a second until @done, which what comes completes; looks by itself before it sleeps if that has been worth it
 * lately. Return: it is done; false: not within so many seconds.
 */
bool mmx_session_await(struct mmx_session *s, struct completion *done, unsigned int seconds);
/*
 * With tx_lock held: @tx goes when there is room. @later: nobody waits for what comes of it, so the backend need not see it
 * before the next message, or the next heartbeat. Return: the backend must be kicked, after unlocking.
 */
bool mmx_session_queue(struct mmx_session *s, struct mmx_tx *tx, bool later);
/* Shows the backend all that it has not seen. */
void mmx_session_flush(struct mmx_session *s);
void mmx_session_kick(struct mmx_session *s);

static inline bool mmx_session_is_dead(const struct mmx_session *s)
{
	return READ_ONCE(s->dead);
}

/* ---- power.c ---- */

void mmx_power_use(struct mmx_session *s);
/* Each look at the heartbeat: whether the device may be suspended. */
void mmx_power_look(struct mmx_session *s);
/* The session has ended, and its device is about to go. */
void mmx_power_stop(struct mmx_session *s);
/* Of the device. Return: 0; -EBUSY */
int mmx_power_suspend(struct mmx_session *s);
void mmx_power_resume(struct mmx_session *s);

/* ---- call.c ---- */

struct mmx_call {
	struct mmx_tx tx;
	struct mmx_session *session;
	struct completion done;
	u32 tag;
	u32 mem; /* name, of a request about one that nobody waits for; or 0 */
	u16 type;
	bool sent;
	bool forget; /* nobody waits: freed with the reply */
	int error;
	struct mmx_decoded_reply reply;
	int size;
	union mmx_msg_buf buf;
};

/**
 * mmx_call_begin() - a request with a tag, to be encoded into buf
 *
 * Waits for a credit. Return: a call, for exactly one of mmx_call_run() and mmx_call_forget(); -ENODEV.
 */
struct mmx_call *mmx_call_begin(struct mmx_session *s, u16 type);
/* The same without waiting. Return: a call; NULL: there is no credit, no memory or no session now. */
struct mmx_call *mmx_call_try(struct mmx_session *s, u16 type);
/**
 * mmx_call_run() - sends it and waits for the reply
 * @size: as the encoder has returned; a negative one is returned, and nothing is sent
 *
 * A backend that is alive and does not answer within a minute ends the session. The call is the caller's, with its
 * reply: mmx_call_free().
 *
 * Return: 0; the reply's error, or the encoder's; -ENODEV.
 */
int mmx_call_run(struct mmx_call *call, int size);
void mmx_call_free(struct mmx_call *call);
/* Sends it, sooner or later (mmx_session_queue()), and forgets about it. */
void mmx_call_forget(struct mmx_call *call, int size);
/* CLIENT_DESTROY and the like, all of it. */
int mmx_call_object(struct mmx_session *s, u16 type, u32 object);
/* A reply that is no job's. Return: 0; -EPROTO: nobody has asked. */
int mmx_call_reply(struct mmx_session *s, const struct mmx_decoded_reply *reply);
/* The session has ended. */
void mmx_calls_fail(struct mmx_session *s);

#endif
