/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Requests on the global interface: the configuration after each boot, and the ping that watches the MCU. */
#ifndef BACKEND_GPU_GLB_H
#define BACKEND_GPU_GLB_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/util/timer.h"

struct mmx_gpu;

/* Every 12 s, as panthor does. */
#define MMX_GLB_PING_NS (12 * MMX_NS_PER_S)

struct mmx_glb {
	uint32_t pending; /* bits of GLB_REQ that wait for their ack */
	bool configured;
	struct mmx_timer deadline; /* of pending */
	struct mmx_timer ping;
};

int mmx_glb_init(struct mmx_gpu *gpu);
void mmx_glb_finish(struct mmx_gpu *gpu);
/* Sends the configuration; mmx_boot_configured() when acked. Then pings. */
void mmx_glb_configure(struct mmx_gpu *gpu);
/* Asks the firmware whether it lives, unless it has been asked for something already. */
void mmx_glb_probe(struct mmx_gpu *gpu);
/* Asks the firmware to halt; its answer is MCU_STATUS. What else was asked for is forgotten, and there are no more pings. */
void mmx_glb_halt(struct mmx_gpu *gpu);
/* Takes that back, before halted firmware is booted again: it would halt at once. */
void mmx_glb_unhalt(struct mmx_gpu *gpu);
/* JOB_INT GLB. */
void mmx_glb_irq(struct mmx_gpu *gpu);
void mmx_glb_reset(struct mmx_gpu *gpu);

#endif
