// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* malimuxd: options and wiring. All else is in libraries. */
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/core/config.h"
#include "backend/core/loop.h"
#include "backend/util/log.h"

#ifndef MMX_VERSION
#error "MMX_VERSION is not defined"
#endif

static const char usage[] =
	"Usage: malimuxd --config FILE [OPTION]...\n"
	"Shares one Arm Mali CSF GPU among virtual machines.\n"
	"\n"
	"  -c, --config FILE   configuration; see malimuxd.conf(5)\n"
	"  -t, --test          check the configuration and exit\n"
	"      --ready-fd FD   write a byte to FD when guests can connect\n"
	"  -h, --help          show this text\n"
	"  -V, --version       show the version\n"
	"\n"
	"MMX_LOG=all+warn,sched+debug in the environment overrides the configuration's log.\n";

enum {
	OPT_READY_FD = 256
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "test", no_argument, NULL, 't' },
	{ "ready-fd", required_argument, NULL, OPT_READY_FD },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

/*
 * Tables of a guest that hold little are to cost little, and nothing once it is gone: from this size on they are the
 * kernel's pages, untouched until they are used. glibc begins so, but raises the size when such a one is freed, and
 * clears what it takes from elsewhere.
 */
#define PAGES_FROM_BYTES (64 << 10)

/* Return: false: the text is not a descriptor's number. */
static bool parse_fd(const char *text, int *ret_fd)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < 0 || value > 1 << 20)
		return false;
	*ret_fd = (int)value;
	return true;
}

static bool configure_log(const struct mmx_config *config)
{
	const char *spec = getenv("MMX_LOG"), *bad;

	if (!spec)
		spec = config->log;
	if (!spec || !mmx_log_configure(spec, &bad))
		return true;
	fprintf(stderr, "malimuxd: log levels '%s': '%s' is not understood\n", spec, bad);
	return false;
}

struct daemon {
	const char *path; /* of the configuration */
	bool test;
};

/* Return: exit status. */
static int run_daemon(void *ctx, const struct mmx_holder *holder)
{
	const struct daemon *d = ctx;
	const struct mmx_loop_options options = { .config_path = d->path, .holder = holder };
	struct mmx_config_error error = { "" };
	struct mmx_config *config;
	int r;

	r = mmx_config_read_file(d->path, &config, &error);
	if (r) {
		fprintf(stderr, "malimuxd: %s\n", r > 0 ? error.text : "out of memory");
		return 1;
	}
	r = 0;
	if (!configure_log(config))
		r = 1;
	else if (d->test)
		printf("%s: %zu partitions, fine\n", d->path, config->partition_count);
	else
		r = mmx_loop_run(config, &options);
	mmx_config_destroy(config);
	return r;
}

int main(int argc, char **argv)
{
	struct daemon d = { .path = NULL };
	int opt, ready_fd = -1;

	mallopt(M_MMAP_THRESHOLD, PAGES_FROM_BYTES);
	while ((opt = getopt_long(argc, argv, "c:thV", long_options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			d.path = optarg;
			break;
		case 't':
			d.test = true;
			break;
		case OPT_READY_FD:
			if (parse_fd(optarg, &ready_fd))
				break;
			fprintf(stderr, "malimuxd: --ready-fd: '%s' is no descriptor\n", optarg);
			return 2;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'V':
			puts("malimuxd " MMX_VERSION);
			return 0;
		default:
			fputs("Try 'malimuxd --help'.\n", stderr);
			return 2;
		}
	}
	if (!d.path || optind != argc) {
		fputs(d.path ? "malimuxd: unexpected argument\n"
			     : "malimuxd: --config is missing\n",
		      stderr);
		return 2;
	}
	if (d.test)
		return run_daemon(&d, NULL);
	return mmx_holder_run(run_daemon, &d, ready_fd);
}
