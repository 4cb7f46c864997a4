// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Requests that are answered. A request in flight has a slot of session.calls, freed by its reply or by the session's
 * end alone, so no more are ever unanswered than the backend allows. A tag is serial << 16 | slot, below
 * MMX_JOB_TAG.
 *
 * Process context, never where fences are signalled (but mmx_call_reply() and mmx_calls_fail(), which do not wait).
 */
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "frontend/linux/mem.h"
#include "frontend/linux/session.h"

/* Nothing that is asked for takes so long, in emulation and beside others; the longest may be a reset of the GPU. */
#define ANSWER_S 60u

static int encode(struct mmx_tx *tx, union mmx_msg_buf *buf)
{
	struct mmx_call *call = container_of(tx, struct mmx_call, tx);

	memcpy(buf->bytes, call->buf.bytes, (size_t)call->size);
	return call->size;
}

static void sent(struct mmx_tx *tx)
{
	WRITE_ONCE(container_of(tx, struct mmx_call, tx)->sent, true);
}

/* Return: the session has ended, or the call has a slot. */
static bool take_slot(struct mmx_session *s, struct mmx_call *call)
{
	bool taken = false;
	u32 i;

	spin_lock(&s->lock);
	for (i = 0; i < s->call_limit && !taken; i++) {
		if (s->calls[i])
			continue;
		s->serials[i] = (s->serials[i] + 1) & 0x7fff;
		call->tag = (u32)s->serials[i] << 16 | i;
		s->calls[i] = call;
		taken = true;
	}
	spin_unlock(&s->lock);
	return taken || mmx_session_is_dead(s);
}

/* Return: it was the caller's; false: somebody else has answered it meanwhile. */
static bool leave_slot(struct mmx_call *call)
{
	struct mmx_session *s = call->session;
	struct mmx_call **slot = &s->calls[call->tag & 0xffff];
	bool mine;

	spin_lock(&s->lock);
	mine = *slot == call;
	if (mine)
		*slot = NULL;
	spin_unlock(&s->lock);
	if (mine)
		wake_up(&s->credit_wait);
	return mine;
}

static struct mmx_call *new_call(struct mmx_session *s, u16 type, gfp_t gfp)
{
	struct mmx_call *call = kmalloc(sizeof(*call), gfp);

	if (!call)
		return NULL;
	memset(call, 0, offsetof(struct mmx_call, buf));
	INIT_LIST_HEAD(&call->tx.link);
	call->tx.encode = encode;
	call->tx.sent = sent;
	call->session = s;
	call->type = type;
	call->error = -ENODEV;
	init_completion(&call->done);
	return call;
}

/* It has a slot, or the session has ended. Return: the call; NULL: it is freed. */
static struct mmx_call *unless_dead(struct mmx_call *call)
{
	if (!mmx_session_is_dead(call->session))
		return call;
	leave_slot(call);
	kfree(call);
	return NULL;
}

struct mmx_call *mmx_call_begin(struct mmx_session *s, u16 type)
{
	struct mmx_call *call;

	if (mmx_session_is_dead(s))
		return ERR_PTR(-ENODEV);
	/* It is small, and objects that can't be destroyed would be worse than waiting. */
	call = new_call(s, type, GFP_KERNEL | __GFP_NOFAIL);
	if (!take_slot(s, call)) {
		/* what has them may not have been seen */
		mmx_session_flush(s);
		if (!wait_event_timeout(s->credit_wait, take_slot(s, call), ANSWER_S * HZ))
			mmx_session_end(s, "the backend does not answer");
	}
	return unless_dead(call) ?: ERR_PTR(-ENODEV);
}

struct mmx_call *mmx_call_try(struct mmx_session *s, u16 type)
{
	struct mmx_call *call;

	if (mmx_session_is_dead(s))
		return NULL;
	call = new_call(s, type, GFP_NOWAIT | __GFP_NOWARN);
	if (!call)
		return NULL;
	if (!take_slot(s, call)) {
		kfree(call);
		return NULL;
	}
	return unless_dead(call);
}

void mmx_call_free(struct mmx_call *call)
{
	kfree(call);
}

/* Return: 0; -ENODEV: it will not be answered. */
static int send(struct mmx_call *call, int size)
{
	struct mmx_session *s = call->session;
	bool kick = false;
	int ret = -ENODEV;

	call->size = size;
	spin_lock(&s->tx_lock);
	if (!s->dead) {
		kick = mmx_session_queue(s, &call->tx, false);
		ret = 0;
	}
	spin_unlock(&s->tx_lock);
	if (kick)
		mmx_session_kick(s);
	return ret;
}

int mmx_call_run(struct mmx_call *call, int size)
{
	int ret = size < 0 ? size : send(call, size);

	if (ret) {
		/* one that has ended completes it, too */
		if (!leave_slot(call))
			wait_for_completion(&call->done);
		return ret;
	}
	if (!mmx_session_await(call->session, &call->done, ANSWER_S)) {
		mmx_session_end(call->session, "the backend does not answer");
		wait_for_completion(&call->done);
	}
	return call->error;
}

void mmx_call_forget(struct mmx_call *call, int size)
{
	struct mmx_session *s = call->session;
	bool kick = false, dead;

	spin_lock(&s->tx_lock);
	dead = s->dead;
	if (!dead && size >= 0) {
		/* From here on it belongs to whoever answers it, at worst the session's end, which comes after tx_lock. */
		call->size = size;
		call->forget = true;
		kick = mmx_session_queue(s, &call->tx, true);
	}
	spin_unlock(&s->tx_lock);
	if (kick)
		mmx_session_kick(s);
	if (dead || size < 0) {
		if (!leave_slot(call))
			wait_for_completion(&call->done);
		kfree(call);
	}
}

int mmx_call_object(struct mmx_session *s, u16 type, u32 object)
{
	struct mmx_call *call = mmx_call_begin(s, type);
	int ret;

	if (IS_ERR(call))
		return PTR_ERR(call);
	ret = mmx_call_run(call, mmx_encode_object(&call->buf, call->tag, type, object));
	mmx_call_free(call);
	return ret;
}

static void answer(struct mmx_call *call)
{
	if (call->forget)
		kfree(call);
	else
		complete(&call->done);
}

int mmx_call_reply(struct mmx_session *s, const struct mmx_decoded_reply *reply)
{
	u32 slot = reply->tag & 0xffff, mem;
	struct mmx_call *call = NULL;

	spin_lock(&s->lock);
	if (slot < s->call_limit)
		call = s->calls[slot];
	if (!call || call->tag != reply->tag || call->type != reply->request ||
	    !READ_ONCE(call->sent)) {
		spin_unlock(&s->lock);
		return -EPROTO;
	}
	s->calls[slot] = NULL;
	call->reply = *reply;
	mem = call->mem;
	/* what no system call may return */
	call->error = reply->error >= -EHWPOISON ? reply->error : -EIO;
	answer(call);
	spin_unlock(&s->lock);
	wake_up(&s->credit_wait);
	if (mem && reply->error)
		mmx_mem_refused(s, mem, reply->request);
	return 0;
}

void mmx_calls_fail(struct mmx_session *s)
{
	struct mmx_call *call;
	u32 i;

	for (i = 0; i < MMX_SESSION_MAX_REQUESTS; i++) {
		spin_lock(&s->lock);
		call = s->calls[i];
		s->calls[i] = NULL;
		if (call) {
			call->error = -ENODEV;
			answer(call);
		}
		spin_unlock(&s->lock);
	}
}
