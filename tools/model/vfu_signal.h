/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Signalling eventfds that belong to somebody hostile. */
#ifndef TOOLS_MODEL_VFU_SIGNAL_H
#define TOOLS_MODEL_VFU_SIGNAL_H

#include <stdbool.h>

int mmx_vfu_signal_init(void);
void mmx_vfu_signal(int fd);
/* Takes back what was signalled, if the client has not had it yet: whether it did. */
bool mmx_vfu_signal_withdraw(int fd);
/* True unless the kernel lacks what that takes. After mmx_vfu_signal_init(). */
bool mmx_vfu_signal_never_waits(void);

#endif
