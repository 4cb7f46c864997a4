/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Makes a firmware image of the real format: for tests, and for machines that can't have a real one.
 *
 * What it makes has the sections of a real image, at their addresses, and the same interface layout.
 * A loader and the GPU model take it as they take a real one. It drives no hardware: its code sleeps.
 */
#ifndef FIRMWARE_GENERATE_H
#define FIRMWARE_GENERATE_H

#include <stddef.h>
#include <stdint.h>

struct mmx_fw_generate_options {
	uint32_t interface_version; /* FW_VERSION_* */
	const char *build_info; /* cut to what the parser keeps; NULL = none in the image */
};

/* The interface version that Debian's image for an architecture (10 to 13) has, or 0. */
uint32_t mmx_fw_generate_interface_of_arch(unsigned long arch);

/**
 * mmx_fw_generate() - makes an image
 * @ret_data: the file, to be given to free(); written on success only
 * @ret_size: its size
 *
 * The same options give the same bytes.
 *
 * Return: 0 or -ENOMEM.
 */
int mmx_fw_generate(const struct mmx_fw_generate_options *options, uint8_t **ret_data,
		    size_t *ret_size);

#endif
