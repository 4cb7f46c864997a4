/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* A guest of libmalimux on the other ends of the rings of a fake backend, for tests: one at a time. */
#ifndef TESTS_UNIT_FAKE_SESSION_H
#define TESTS_UNIT_FAKE_SESSION_H

#include <stdint.h>

#include "frontend/user/malimux.h"
#include "tests/unit/fake_backend.h"

#define TIMEOUT_MS 5000

extern struct fake *fake;
extern struct mmx_guest *guest;

/* A backend that does this wrong; @victim, @error: as in struct fake. No guest yet. */
void session_start(enum misdeed misdeed, uint16_t victim, uint32_t error);
/* Return: as mmx_guest_open_peer(). */
int session_open(int timeout_ms);
/* Both, and it works. */
void session_begin(enum misdeed misdeed, uint16_t victim, uint32_t error);
/* All is gone, and no descriptor is left. */
void session_end(void);

/* A byte for the backend's thread: see struct fake. */
void session_tell(char command);
/* Lets those held jobs go that were submitted so far: an answer to a later request shows that the backend has them. */
void session_release(void);

/* One client, one VM, one group with two queues: timelines of index 0 and 1. Return: the group. */
uint32_t session_group(void);
struct mmx_fence session_submit(uint32_t group, unsigned int queue, uint32_t size);
/* Return: the job's error. */
int session_wait(struct mmx_fence fence);

#endif
