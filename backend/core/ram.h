/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* A guest's own memory: its file, as the configuration names it. */
#ifndef BACKEND_CORE_RAM_H
#define BACKEND_CORE_RAM_H

#include <stddef.h>
#include <sys/types.h>

#include "backend/core/config.h"
#include "backend/device/device.h"

/**
 * mmx_ram_open() - opens and checks the file, maps its pieces for the device
 * @pid: of the guest's process, for %p in the file's name
 * @why: in words, what is wrong
 *
 * Does not wait, unless the file's folder is on a file system that makes it. Return: 0; a negative errno, with @why.
 */
int mmx_ram_open(struct mmx_device *dev, const struct mmx_partition_config *config, pid_t pid,
		 struct mmx_session_ram *ret_ram, char *why, size_t why_size);
/* The device can't reach it any more when this returns. Leaves one with fd -1; legal on that. */
void mmx_ram_close(struct mmx_device *dev, struct mmx_session_ram *ram);

#endif
