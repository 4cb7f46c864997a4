// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The budget of GPU resets. Every reset stops all guests for some milliseconds: a guest that is to blame for more than its
 * partition's resets_max of them within a window is ended, and the partition takes no guest for a while, which
 * doubles each time. Called by resets.c, and by core.c when guests come and go.
 */
#include "backend/core/core_priv.h"

#include <errno.h>

static void quarantine(struct mmx_partition *p, uint64_t now_ns)
{
	struct mmx_quarantine *q = &p->quarantine;

	if (now_ns > q->until_ns + MMX_QUARANTINE_FORGET_NS)
		q->level = 0;
	q->until_ns = now_ns + (MMX_QUARANTINE_NS << q->level);
	if (q->level < MMX_QUARANTINE_LEVELS)
		q->level++;
	q->count = 0;
	q->times++;
	mmx_log_guest(MMX_LOG_CORE, MMX_LOG_ERROR, p->config->name,
		      "has caused too many GPU resets: no guest is let in for %llu s",
		      (unsigned long long)((q->until_ns - now_ns) / MMX_NS_PER_S));
	if (!p->session)
		return;
	p->broken = "it has caused too many GPU resets";
	p->closed = EPERM;
	mmx_core_mark(p);
}

void mmx_core_charge_reset(struct mmx_partition *p)
{
	struct mmx_quarantine *q = &p->quarantine;
	uint64_t now_ns = mmx_core_now(p->core);
	unsigned int i, kept = 0;

	p->resets++;
	for (i = 0; i < q->count; i++)
		if (now_ns - q->resets_ns[i] < MMX_RESETS_WINDOW_NS)
			q->resets_ns[kept++] = q->resets_ns[i];
	q->count = kept;
	if (q->count < p->config->resets_max)
		q->resets_ns[q->count++] = now_ns;
	else
		quarantine(p, now_ns);
}

uint64_t mmx_core_quarantine_ns(const struct mmx_partition *p)
{
	uint64_t now_ns = mmx_core_now(p->core);

	return p->quarantine.until_ns > now_ns ? p->quarantine.until_ns - now_ns : 0;
}
