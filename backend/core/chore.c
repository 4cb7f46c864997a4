// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A thread for one piece of work, and the way back to the loop. Used by listener.c, on libuv's loop.
 *
 * What the work writes is seen by done(): the thread has been joined before.
 */
#include "backend/core/chore.h"

#include <assert.h>
#include <signal.h>

/* System calls are all that it does; sanitizers want some of it too. */
#define STACK_BYTES (256u << 10)

static void finished(uv_async_t *async)
{
	struct mmx_chore *chore = async->data;

	if (!chore->running)
		return;
	mmx_chore_finish(chore);
	chore->done(chore->arg);
}

int mmx_chore_init(uv_loop_t *uv, struct mmx_chore *chore)
{
	*chore = (struct mmx_chore){ .running = false };
	chore->async.data = chore;
	return uv_async_init(uv, &chore->async, finished);
}

static void run(void *arg)
{
	struct mmx_chore *chore = arg;

	chore->work(chore->arg);
	uv_async_send(&chore->async);
}

int mmx_chore_start(struct mmx_chore *chore, void (*work)(void *arg), void (*done)(void *arg),
		    void *arg)
{
	const uv_thread_options_t options = {
		.flags = UV_THREAD_HAS_STACK_SIZE,
		.stack_size = STACK_BYTES,
	};
	sigset_t all, before;
	int r;

	assert(!chore->running);
	chore->work = work;
	chore->done = done;
	chore->arg = arg;
	/* signals are the loop's thread's to take */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = uv_thread_create_ex(&chore->thread, &options, run, chore);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	chore->running = !r;
	return r;
}

void mmx_chore_finish(struct mmx_chore *chore)
{
	if (!chore->running)
		return;
	uv_thread_join(&chore->thread);
	chore->running = false;
}
