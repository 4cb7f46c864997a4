/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef TOOLS_MALIMUX_FW_FILE_H
#define TOOLS_MALIMUX_FW_FILE_H

#include <stddef.h>
#include <stdint.h>

/**
 * mmx_file_read() - reads a file, or its first @max bytes if it has more
 * @ret_data: to be given to free(); written on success only
 *
 * Return: 0 or a negative errno.
 */
int mmx_file_read(const char *path, size_t max, uint8_t **ret_data, size_t *ret_size);

/**
 * mmx_file_write() - makes a file of these bytes, in place of what was there
 *
 * A file that cannot be written whole is removed.
 *
 * Return: 0 or a negative errno.
 */
int mmx_file_write(const char *path, const uint8_t *data, size_t size);

#endif
