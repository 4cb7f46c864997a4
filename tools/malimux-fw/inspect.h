/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef TOOLS_MALIMUX_FW_INSPECT_H
#define TOOLS_MALIMUX_FW_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * mmx_inspect() - prints what an image holds, or why it is refused
 * @name: of the file, for the reader
 * @data: the file
 * @json: one JSON object in place of text
 *
 * An image that can be taken apart but not loaded (no shared section) is printed and then refused. In
 * text the reason for a refusal goes to @err, in JSON it is in the object as well.
 *
 * Return: 0; the FW_E_* for which the image is refused; -ENOMEM; -EIO if @out cannot be written.
 */
int mmx_inspect(const char *name, const uint8_t *data, size_t size, bool json, FILE *out,
		FILE *err);

#endif
