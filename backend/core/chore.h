/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What takes long, on a thread of its own: one at a time for each struct mmx_chore, which tells libuv's loop when it is
 * through. The work owns nothing but what its argument points to, and calls nothing of ours that has state.
 *
 * A thread each rather than libuv's pool: how long the kernel keeps one may be up to a guest, and must be up to no
 * other guest then.
 */
#ifndef BACKEND_CORE_CHORE_H
#define BACKEND_CORE_CHORE_H

#include <stdbool.h>
#include <uv.h>

struct mmx_chore {
	uv_async_t async;
	uv_thread_t thread;
	bool running;
	void (*work)(void *arg); /* on the thread */
	void (*done)(void *arg); /* on the loop, afterwards; may start the next */
	void *arg;
};

/* The handle is closed with the loop's others, once nothing runs. Return: 0; negative errno. */
int mmx_chore_init(uv_loop_t *uv, struct mmx_chore *chore);
/* Nothing may be running. Return: 0; negative errno: no thread could be had, nothing will be done. */
int mmx_chore_start(struct mmx_chore *chore, void (*work)(void *arg), void (*done)(void *arg),
		    void *arg);
/* Waits for the work that is running; done() is not called. Legal on a zeroed one. */
void mmx_chore_finish(struct mmx_chore *chore);

#endif
