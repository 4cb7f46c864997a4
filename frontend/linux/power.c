// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Runtime PM: the device is active while the backend has something to do for it, and suspended otherwise.
 *
 * The GPU's power is the backend's, which knows better than any guest whether there is work. What is saved here is the
 * guest's own: a device that rests is looked at twenty times less often, so that an idle guest sleeps. The
 * backend's calls come all the same, since a call is the only sign of an orderly end, and of memory that comes back.
 *
 * The session has a reference to its device from the first message that goes until a look that finds nothing under way:
 * a job costs one comparison, under the lock that it takes anyway. The parent, which is the transport's, stays on.
 */
#include "frontend/linux/session.h"

#include <linux/pm_runtime.h>

/* With tx_lock held, for each message. Where fences are signalled, so it only asks. */
void mmx_power_use(struct mmx_session *s)
{
	lockdep_assert_held(&s->tx_lock);
	s->used = true;
	if (s->held)
		return;
	s->held = true;
	pm_runtime_get(s->dev);
}

static bool has_calls(struct mmx_session *s)
{
	bool has = false;
	u32 i;

	spin_lock(&s->lock);
	for (i = 0; i < s->call_limit && !has; i++)
		has = s->calls[i];
	spin_unlock(&s->lock);
	return has;
}

void mmx_power_look(struct mmx_session *s)
{
	/* one that comes after this is sent with tx_lock held, and so is seen below, or takes the reference again */
	bool busy = has_calls(s), put;

	spin_lock(&s->tx_lock);
	busy = busy || s->used || !list_empty(&s->tx_list) || atomic_read(&s->in_flight) ||
	       atomic_read(&s->releasing);
	s->used = false;
	put = s->held && !busy;
	if (put)
		s->held = false;
	spin_unlock(&s->tx_lock);
	if (!put)
		return;
	pm_runtime_mark_last_busy(s->dev);
	pm_runtime_put_autosuspend(s->dev);
}

void mmx_power_stop(struct mmx_session *s)
{
	bool put;

	spin_lock(&s->tx_lock);
	put = s->held;
	s->held = false;
	spin_unlock(&s->tx_lock);
	if (put)
		pm_runtime_put_noidle(s->dev);
}

int mmx_power_suspend(struct mmx_session *s)
{
	bool held;

	spin_lock(&s->tx_lock);
	held = s->held;
	if (!held)
		WRITE_ONCE(s->resting, true);
	spin_unlock(&s->tx_lock);
	return held ? -EBUSY : 0;
}

void mmx_power_resume(struct mmx_session *s)
{
	spin_lock(&s->tx_lock);
	WRITE_ONCE(s->resting, false);
	/* nothing is queued any more once the session has ended */
	if (!s->dead)
		mod_delayed_work(mmx_wq, &s->heart_work, msecs_to_jiffies(MMX_HEARTBEAT_MS));
	spin_unlock(&s->tx_lock);
}
