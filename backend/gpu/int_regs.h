/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The four registers of an interrupt block, relative to its base: GPU_INT, JOB_INT, MMU_INT. */
#ifndef BACKEND_GPU_INT_REGS_H
#define BACKEND_GPU_INT_REGS_H

#define INT_RAWSTAT 0x0u /* RO: what happened */
#define INT_CLEAR   0x4u /* WO: write 1 to clear */
#define INT_MASK    0x8u /* RW: what interrupts */
#define INT_STAT    0xcu /* RO: RAWSTAT & MASK */

#endif
