/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Interface versions (FW_VERSION_* words) as people write them: MAJOR.MINOR.PATCH, decimal.
 */
#ifndef TOOLS_MALIMUX_FW_VERSION_H
#define TOOLS_MALIMUX_FW_VERSION_H

#include <stdbool.h>
#include <stdint.h>

#define MMX_VERSION_TEXT_SIZE 16 /* 255.255.65535 */

/* Three numbers that fit their fields, not all 0, and nothing else. Return: whether @text is that. */
bool mmx_version_parse(const char *text, uint32_t *ret_version);

/* Return: @text. */
const char *mmx_version_format(uint32_t version, char text[static MMX_VERSION_TEXT_SIZE]);

#endif
