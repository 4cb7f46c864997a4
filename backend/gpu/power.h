/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Power of the L2. Shader cores and tilers are powered by the firmware. */
#ifndef BACKEND_GPU_POWER_H
#define BACKEND_GPU_POWER_H

#include <stdbool.h>

struct mmx_gpu;

/* After a reset or sleep. The end is GPU_INT POWER_CHANGED_ALL, unless it is up already. */
void mmx_power_request(struct mmx_gpu *gpu);
bool mmx_power_is_up(struct mmx_gpu *gpu);
/* Powers it off; the end is the same interrupt. */
void mmx_power_release(struct mmx_gpu *gpu);
bool mmx_power_is_down(struct mmx_gpu *gpu);

#endif
