/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The way to a GPU reset that somebody is accused of: groups that can leave their slots do so first, with their state, so
 * that the reset costs them nothing. Meanwhile the firmware is pinged: if it lives, whoever is accused is guilty.
 */
#ifndef BACKEND_GPU_RESET_H
#define BACKEND_GPU_RESET_H

#include <stdbool.h>

#include "backend/util/timer.h"

struct mmx_gpu;
struct mmx_group;
struct mmx_vm;

/*
 * Within it all others must have left, and the ping be answered: twice the deadline of a request, so that a SUSPEND
 * of the usual kind can fail and be followed by a TERMINATE.
 */
#define MMX_RESET_LEAVE_NS (200 * MMX_NS_PER_MS)

struct mmx_reset {
	bool pending; /* groups are leaving */
	bool accused; /* somebody is */
	bool proven; /* the reset that begins now has somebody to blame */
	const char *why;
	struct mmx_timer deadline;
};

int mmx_reset_init(struct mmx_gpu *gpu);
void mmx_reset_finish(struct mmx_gpu *gpu);

/**
 * mmx_reset_accuse() - the GPU must be reset, soon
 * @why: static text
 * @group: because of it; or NULL
 * @vm: because of it; or NULL
 *
 * From where mmx_gpu_reset() is legal. Without @group and @vm nobody is accused. The first accusation counts. If the GPU is
 * not ready it is reset at once.
 */
void mmx_reset_accuse(struct mmx_gpu *gpu, const char *why, struct mmx_group *group,
		      struct mmx_vm *vm);
/* A group has left its slot, or the firmware has answered: is that all that was waited for? */
void mmx_reset_look(struct mmx_gpu *gpu);
/* boot.c: a reset begins. Return: who was accused is to blame for it. */
bool mmx_reset_begins(struct mmx_gpu *gpu);

#endif
