// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Transports, as far as they are all alike: references, and to whom a call of the backend goes.
 */
#include "frontend/linux/transport.h"

#include <linux/dma-fence.h>
#include <linux/io.h>

#include "frontend/linux/ram.h"
#include "frontend/linux/session.h"

static void release(struct kref *ref)
{
	struct mmx_transport *t = container_of(ref, struct mmx_transport, ref);

	mmx_ram_settle(t);
	mmx_pages_finish(&t->pages);
	if (t->uncached)
		memunmap(t->uncached);
	t->release(t);
}

void mmx_transport_put(struct mmx_transport *t)
{
	kref_put(&t->ref, release);
}

void mmx_transport_attach(struct mmx_transport *t, struct mmx_session *session)
{
	mutex_lock(&t->rx_lock);
	t->session = session;
	mutex_unlock(&t->rx_lock);
}

void mmx_transport_called(struct mmx_transport *t)
{
	bool signalling = dma_fence_begin_signalling();

	mutex_lock(&t->rx_lock);
	if (t->session)
		mmx_session_poll(t->session);
	mutex_unlock(&t->rx_lock);
	dma_fence_end_signalling(signalling);
}
