// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* malimux-model: options and wiring. The loop is server.c, the protocol vfu.c, the GPU libmodel.a. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/model/server.h"

#ifndef PACKAGE_VERSION
#error "PACKAGE_VERSION comes from configure"
#endif

static const char usage[] =
	"Usage: malimux-model --socket PATH [OPTION]...\n"
	"A software Mali CSF GPU, served over vfio-user on a unix socket.\n"
	"\n"
	"  --socket PATH    where to listen\n"
	"  --product NAME   which GPU: g310, g610 (the default), g710, g615, g720, g725, g1\n"
	"  --coherent       the GPU is coherent with the CPUs' caches\n"
	"  --once           end when the client leaves\n"
	"  --control PATH   where to listen for lines that make things go wrong\n"
	"  --strict         end with status 3 when a driver is found to do wrong\n"
	"  --trace FILE     write a line for each message and register access; - is standard output\n"
	"  --spans FILE     write what the GPU's blocks do, for Perfetto (JSON of Chrome's tracing)\n"
	"  --ready-fd N     write a byte to descriptor N when listening\n"
	"  --verbose        report what the client and the GPU do\n"
	"  --help, --version\n";

enum option_id {
	OPT_SOCKET = 1,
	OPT_PRODUCT,
	OPT_COHERENT,
	OPT_ONCE,
	OPT_STRICT,
	OPT_CONTROL,
	OPT_TRACE,
	OPT_SPANS,
	OPT_READY_FD,
	OPT_VERBOSE,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option options[] = {
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "product", required_argument, NULL, OPT_PRODUCT },
	{ "coherent", no_argument, NULL, OPT_COHERENT },
	{ "once", no_argument, NULL, OPT_ONCE },
	{ "strict", no_argument, NULL, OPT_STRICT },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "trace", required_argument, NULL, OPT_TRACE },
	{ "spans", required_argument, NULL, OPT_SPANS },
	{ "ready-fd", required_argument, NULL, OPT_READY_FD },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "malimux-model: %s: %s\n", what, why);
	exit(2);
}

static FILE *open_trace(const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "we") : stdout;

	if (!f)
		die(path, strerror(errno));
	setvbuf(f, NULL, _IOLBF, 0);
	return f;
}

static int parse_fd(const char *text)
{
	char *end;
	long fd;

	errno = 0;
	fd = strtol(text, &end, 10);
	if (errno || end == text || *end || fd < 0 || fd > 65535 || fcntl((int)fd, F_GETFD) < 0)
		die("--ready-fd", "not an open descriptor");
	return (int)fd;
}

static void parse(int argc, char **argv, struct mmx_server_config *config)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case OPT_SOCKET:
			config->socket_path = optarg;
			break;
		case OPT_PRODUCT:
			config->vfu.model.product = optarg;
			break;
		case OPT_COHERENT:
			config->vfu.model.coherent = true;
			break;
		case OPT_ONCE:
			config->once = true;
			break;
		case OPT_CONTROL:
			config->control_path = optarg;
			break;
		case OPT_STRICT:
			config->strict = true;
			break;
		case OPT_TRACE:
			config->vfu.trace = open_trace(optarg);
			break;
		case OPT_SPANS:
			config->vfu.spans = open_trace(optarg);
			break;
		case OPT_READY_FD:
			config->ready_fd = parse_fd(optarg);
			break;
		case OPT_VERBOSE:
			config->vfu.verbose = true;
			break;
		case OPT_HELP:
			fputs(usage, stdout);
			exit(0);
		case OPT_VERSION:
			puts("malimux-model " PACKAGE_VERSION);
			exit(0);
		default:
			exit(2);
		}
	}
	if (optind < argc)
		die(argv[optind], "what is this for?");
	if (!config->socket_path || !*config->socket_path)
		die("--socket", config->socket_path ? "is empty" : "is needed");
}

int main(int argc, char **argv)
{
	struct mmx_server_config config = { .ready_fd = -1 };
	int r;

	parse(argc, argv, &config);
	signal(SIGPIPE, SIG_IGN); /* whoever reads the trace may go */
	r = mmx_server_run(&config);
	if (r == MMX_SERVER_E_FINDING)
		return 3;
	if (r == -EADDRINUSE)
		die(config.socket_path, "somebody is listening there");
	if (r == -EINVAL)
		die("--product", "not a GPU that the model knows");
	if (r)
		die(config.socket_path, strerror(-r));
	return 0;
}
