/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The firmware image that the configuration names. */
#ifndef BACKEND_CORE_FIRMWARE_FILE_H
#define BACKEND_CORE_FIRMWARE_FILE_H

#include <stdbool.h>

#include "firmware/image.h"

/**
 * mmx_firmware_file_load() - reads and parses the image
 * @allow_unsigned: nothing verifies images yet, so without it none is loaded
 * @ret_image: free it with mmx_fw_image_destroy()
 * Return: 0; -EPERM; -EBADMSG: no image that we can load; another negative errno. Failures are logged.
 */
int mmx_firmware_file_load(const char *path, bool allow_unsigned, struct mmx_fw_image **ret_image);

#endif
