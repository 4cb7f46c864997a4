/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The microcontroller that runs the firmware (offsets relative to MCU_CONTROL_BASE), and its doorbells. */
#ifndef BACKEND_GPU_MCU_REGS_H
#define BACKEND_GPU_MCU_REGS_H

#define MCU_CONTROL_BASE 0x700u

#define MCU_CONTROL	    0x0u /* RW */
#define MCU_CONTROL_DISABLE 0u
#define MCU_CONTROL_ENABLE  1u
#define MCU_CONTROL_AUTO    2u
#define MCU_STATUS	    0x4u /* RO */
#define MCU_STATUS_DISABLED 0u
#define MCU_STATUS_ENABLED  1u
#define MCU_STATUS_HALT	    2u
#define MCU_STATUS_FATAL    3u

/* A page of 64 KiB each, so that one can be given away; 0 is the global one. */
#define DOORBELL_BASE	0x80000u
#define DOORBELL(index) (0x10000u * (index)) /* WO: write 1 */

#endif
