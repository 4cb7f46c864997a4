// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Options, results and time of the programs of this folder; README.md has their contract. Whatever goes wrong ends the
 * process, so nothing here or there is taken down by hand.
 */
#include "tests/gfx/gfx.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SECONDS_DEFAULT 30
/* A program waits a few times, and drivers need their time; this is for hangs only. */
#define ALARM_WAITS 4

static const struct option options_known[] = {
	{ "check", no_argument, NULL, 'c' },
	{ "any", no_argument, NULL, 'a' },
	{ "seconds", required_argument, NULL, 's' },
	{ NULL, 0, NULL, 0 },
};

static void on_alarm(int number)
{
	static const char text[] = "FAIL: it hangs\n";

	(void)number;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(1);
	_exit(1);
}

struct gfx_options gfx_begin(int argc, char **argv)
{
	struct gfx_options options = { 0 };
	long seconds = SECONDS_DEFAULT;
	int option;

	while ((option = getopt_long(argc, argv, "", options_known, NULL)) != -1) {
		switch (option) {
		case 'c':
			options.check = true;
			break;
		case 'a':
			options.any = true;
			break;
		case 's':
			seconds = strtol(optarg, NULL, 10);
			break;
		default:
			exit(2);
		}
	}
	if (optind < argc || seconds < 1 || seconds > 3600) {
		fprintf(stderr, "usage: %s [--check] [--any] [--seconds N]\n",
			program_invocation_short_name);
		exit(2);
	}
	options.patience_ns = (uint64_t)seconds * 1000000000u;
	if (signal(SIGALRM, on_alarm) == SIG_ERR)
		gfx_fail("no alarm");
	alarm((unsigned int)seconds * ALARM_WAITS);
	return options;
}

_Noreturn void gfx_fail(const char *format, ...)
{
	va_list args;

	printf("%s: FAIL: ", program_invocation_short_name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	/* the drivers' destructors could wait for what hangs */
	_exit(1);
}

_Noreturn void gfx_done(const struct gfx_options *options, const char *device, const char *format,
			...)
{
	va_list args;

	printf("%s: %s: ", program_invocation_short_name, device);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("; %s\n", options->check ? "results are right" : "results were not looked at");
	exit(fflush(stdout) ? 1 : 0);
}

void gfx_check_triangle(const uint32_t *pixels)
{
	const uint32_t last = GFX_SIZE - 1;
	const struct {
		uint32_t x, y, colour;
	} wanted[] = {
		{ GFX_SIZE / 2, GFX_SIZE / 2, GFX_RED },
		{ 0, 0, GFX_CLEAR },
		{ last, 0, GFX_CLEAR },
		{ 0, last, GFX_CLEAR },
		{ last, last, GFX_CLEAR },
	};
	unsigned int i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		uint32_t got = pixels[wanted[i].y * GFX_SIZE + wanted[i].x];

		if (got != wanted[i].colour)
			gfx_fail("pixel %u, %u is 0x%08x, not 0x%08x", wanted[i].x, wanted[i].y,
				 got, wanted[i].colour);
	}
}
