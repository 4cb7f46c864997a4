// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Group slots without groups, for tests of what lies below them: none is ever in use. */
#include "backend/gpu/gpu_priv.h"

int mmx_slots_init(struct mmx_gpu *gpu)
{
	(void)gpu;
	return 0;
}

void mmx_slots_finish(struct mmx_gpu *gpu)
{
	(void)gpu;
}

void mmx_slot_irq(struct mmx_gpu *gpu, unsigned int index)
{
	(void)gpu;
	(void)index;
}

void mmx_slots_reset(struct mmx_gpu *gpu)
{
	(void)gpu;
}
