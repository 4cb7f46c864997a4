/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the programs of this folder share: options, the last word, and an end that comes in any case. */
#ifndef TESTS_GFX_GFX_H
#define TESTS_GFX_GFX_H

#include <stdbool.h>
#include <stdint.h>

/* Image and colours of both triangles. The clear colour has steps of 1/255, so that it is exact. */
#define GFX_SIZE   64u
#define GFX_FRAMES 4u
#define GFX_CLEAR_RGB                  \
	{                              \
		0.2f, 0.4f, 0.6f, 1.0f \
	}
/* as bytes R, G, B, A of a little-endian word */
#define GFX_CLEAR 0xff996633u
#define GFX_RED	  0xff0000ffu

struct gfx_options {
	bool check; /* look at results */
	bool any; /* take any device */
	uint64_t patience_ns; /* of each wait for a fence */
};

/* Reads the command line, and sets an alarm that ends the program if it hangs where no wait has a deadline. */
struct gfx_options gfx_begin(int argc, char **argv);

/* Says why, and ends with 1. */
_Noreturn void gfx_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says what was done, and ends with 0. */
_Noreturn void gfx_done(const struct gfx_options *options, const char *device, const char *format,
			...) __attribute__((format(printf, 3, 4)));

/* Fails unless the middle of the image is red, and its corners have the clear colour. */
void gfx_check_triangle(const uint32_t *pixels);

#endif
