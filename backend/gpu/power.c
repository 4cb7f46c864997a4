// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Power of the L2, asked for by boot.c after each reset and sleep, and given up by sleep.c. The coherency protocol is set here, since it must not
 * change while the L2 has power.
 *
 * Only the first slice's core group is used, as in panthor: the lowest bit of L2_PRESENT.
 */
#include "backend/gpu/power.h"

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/gpu_regs.h"

static uint64_t l2_mask(const struct mmx_gpu *gpu)
{
	return gpu->info.l2_present & -gpu->info.l2_present;
}

void mmx_power_request(struct mmx_gpu *gpu)
{
	mmx_device_write32(gpu->dev, GPU_CONTROL_BASE + GPU_COHERENCY_PROTOCOL,
			   gpu->coherent ? GPU_COHERENCY_PROTOCOL_ACE_LITE
					 : GPU_COHERENCY_PROTOCOL_NONE);
	mmx_device_write64(gpu->dev, GPU_CONTROL_BASE + GPU_L2_PWRON, l2_mask(gpu));
}

bool mmx_power_is_up(struct mmx_gpu *gpu)
{
	uint64_t ready = mmx_device_read64(gpu->dev, GPU_CONTROL_BASE + GPU_L2_READY);

	return (ready & l2_mask(gpu)) == l2_mask(gpu) && !mmx_device_lost(gpu->dev);
}

void mmx_power_release(struct mmx_gpu *gpu)
{
	mmx_device_write64(gpu->dev, GPU_CONTROL_BASE + GPU_L2_PWROFF, l2_mask(gpu));
}

bool mmx_power_is_down(struct mmx_gpu *gpu)
{
	uint64_t ready = mmx_device_read64(gpu->dev, GPU_CONTROL_BASE + GPU_L2_READY);
	uint64_t moving = mmx_device_read64(gpu->dev, GPU_CONTROL_BASE + GPU_L2_PWRTRANS);

	/* a device that is gone reads as all ones */
	return !((ready | moving) & l2_mask(gpu));
}
