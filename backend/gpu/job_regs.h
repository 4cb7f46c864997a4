/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Interrupts that the firmware raises. */
#ifndef BACKEND_GPU_JOB_REGS_H
#define BACKEND_GPU_JOB_REGS_H

#include "firmware/field.h"

#define JOB_INT_BASE   0x1000u /* int_regs.h */
#define JOB_INT_CSG(n) MMX_BIT(n) /* n < 31: group slot */
#define JOB_INT_GLB    MMX_BIT(31)

#endif
