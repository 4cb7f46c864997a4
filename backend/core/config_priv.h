/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the files of the configuration share. */
#ifndef BACKEND_CORE_CONFIG_PRIV_H
#define BACKEND_CORE_CONFIG_PRIV_H

#include "backend/core/config.h"

#define KIB 1024ull
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

/* config_value.c. Return: false: that is none. */
/* A number, with or without K, M or G. */
bool mmx_config_parse_bytes(const char *text, uint64_t *ret_bytes);
/* Octal digits. */
bool mmx_config_parse_mode(const char *text, mode_t *ret_mode);
bool mmx_config_parse_priority(const char *text, unsigned int *ret_priority);
bool mmx_config_parse_transport(const char *text, const struct mmx_transport **ret_transport);
/* Absolute; of % at most one MMX_RAM_PID. */
bool mmx_config_valid_ram_file(const char *text);
/* Letters, digits, - and _, MMX_PARTITION_NAME_MAX of them at most. */
bool mmx_config_valid_name(const char *text);

#endif
