/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Runs two threads, a producer and a consumer of a ring (hv/proto/ring.h), in every interleaving of their
 * accesses to shared memory and notifications.
 *
 * A thread is a function of what its loads have returned so far: so instead of switching stacks, the explorer
 * runs it again from its beginning with the recorded values, up to the first access that has none, and leaves
 * it there with longjmp(). A state is the memory, the store buffers, the notifications and both records; states
 * that were seen before (by a 128-bit hash) are not entered again.
 *
 * Memory models: SC (stores act at once); TSO (each thread's stores leave a queue in order, at any
 * later time); PSO (out of order, but a release waits for all that went before it). Loads are not
 * reordered: that acquire matters is not shown here.
 *
 * What fails: what a thread gives up for; both threads stuck (a lost wake-up); more notifications than a side has
 * asked for; a side writing what is the other's, or reading what it wrote itself.
 */
#ifndef TESTS_UNIT_RING_EXPLORE_H
#define TESTS_UNIT_RING_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hv/proto/ring.h"

#define EXPLORE_SLOTS_MAX 4u
#define EXPLORE_MEM_SIZE  (MMX_RING_HDR_SIZE + EXPLORE_SLOTS_MAX * MMX_SLOT_SIZE)

enum memory_model {
	SC,
	TSO,
	PSO
};

enum {
	PRODUCER,
	CONSUMER
};

/* Memory for all that explore_all() needs. Return: false without it. */
bool explore_init(void);
void explore_finish(void);

/*
 * Explores from a ring with that control page and no messages. Each of @threads keeps its state in its stack, and
 * in statics only what it sets at its beginning. Return: NULL if every interleaving went well, or what went wrong
 * first. @ret_states (always written): how many states there were.
 */
const char *explore_all(const struct mmx_ring_ctrl *ctrl, enum memory_model model,
			void (*const threads[2])(void), uint64_t *ret_states);

/* What a thread does to the shared memory, by offset in it; each is a step. */
void explore_load(uint32_t off, void *dst, size_t len);
/* @src: NULL = zeroes. @len: up to a slot. */
void explore_store(uint32_t off, const void *src, size_t len, bool release);
void explore_fence(void);
/* @who: who is woken. */
void explore_notify(unsigned int who);
void explore_wait(unsigned int who);
/* The thread has found something wrong. */
void explore_fail(const char *why);

#endif
