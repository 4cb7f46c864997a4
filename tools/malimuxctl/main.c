// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* malimuxctl: asks malimuxd how things are. Options and wiring only. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/malimuxctl/run.h"

#define DEFAULT_SOCKET "/run/malimux/control.sock"

static const char help[] =
	"Usage: malimuxctl [--socket PATH] [--json] COMMAND [ARGUMENT]...\n"
	"       malimuxctl --help | --version\n"
	"\n"
	"status               how the daemon, the GPU and its firmware are\n"
	"guests               one line per partition: who is there, what it has used\n"
	"guest PARTITION      what it has of what it may have, and what it has caused\n"
	"groups [PARTITION]   groups and their queues, of one guest or of all\n"
	"vms [PARTITION]      GPU address spaces\n"
	"watch [SECONDS [COUNT]]\n"
	"                     what guests do, each so many seconds (1)\n"
	"version              of this program and of the daemon\n"
	"\n"
	"  -s, --socket PATH   control socket, in place of $MALIMUX_CONTROL or\n"
	"                      " DEFAULT_SOCKET "\n"
	"  -j, --json          print one line of JSON; not for guest and watch\n"
	"  -h, --help          show this text\n"
	"  -V, --version       show this program's version\n"
	"\n"
	"Exit status: 0 fine, 1 the daemon was not reached or has not answered well, 2 wrong usage.\n";

enum what {
	CMD_STATUS,
	CMD_GUESTS,
	CMD_VERSION,
	CMD_GUEST,
	CMD_GROUPS,
	CMD_VMS,
	CMD_WATCH,
};

static const struct {
	const char *name;
	enum what what;
	int min_args, max_args;
} commands[] = {
	{ "status", CMD_STATUS, 0, 0 },	  { "guests", CMD_GUESTS, 0, 0 },
	{ "version", CMD_VERSION, 0, 0 }, { "guest", CMD_GUEST, 1, 1 },
	{ "groups", CMD_GROUPS, 0, 1 },	  { "vms", CMD_VMS, 0, 1 },
	{ "watch", CMD_WATCH, 0, 2 },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int usage(const char *text, const char *what)
{
	fprintf(stderr, "malimuxctl: %s%s; see malimuxctl --help\n", text, what);
	return EXIT_USAGE;
}

/* Return: false: it is no number from 1 to @max. */
static bool parse_number(const char *text, unsigned long max, unsigned int *ret_value)
{
	char *end;
	unsigned long value;

	if (*text < '0' || *text > '9')
		return false;
	value = strtoul(text, &end, 10);
	if (*end || !value || value > max)
		return false;
	*ret_value = (unsigned int)value;
	return true;
}

static int watch(const char *path, char **args)
{
	unsigned int seconds = 1, count = 0;

	/* an hour; and more than anyone waits for */
	if (args[0] && !parse_number(args[0], 3600, &seconds))
		return usage("watch: no number of seconds from 1 to 3600: ", args[0]);
	if (args[0] && args[1] && !parse_number(args[1], 1000000, &count))
		return usage("watch: no number of tables: ", args[1]);
	return mmx_ctl_run_watch(path, seconds, count);
}

/* @args: behind the command, ended by NULL */
static int run(enum what what, const char *path, bool json, char **args)
{
	switch (what) {
	case CMD_STATUS:
		return mmx_ctl_run_simple(MMX_CTL_STATUS, path, json);
	case CMD_GUESTS:
		return mmx_ctl_run_simple(MMX_CTL_GUESTS, path, json);
	case CMD_VERSION:
		return mmx_ctl_run_simple(MMX_CTL_VERSION, path, json);
	case CMD_GROUPS:
		return mmx_ctl_run_census(MMX_CTL_GROUPS, path, args[0], json);
	case CMD_VMS:
		return mmx_ctl_run_census(MMX_CTL_VMS, path, args[0], json);
	case CMD_GUEST:
		return json ? usage("--json: guests has it all", "")
			    : mmx_ctl_run_guest(path, args[0]);
	case CMD_WATCH:
		return json ? usage("--json: not for watch", "") : watch(path, args);
	}
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	const char *path = getenv("MALIMUX_CONTROL");
	bool json = false;
	int c, args;
	size_t i;

	if (!path || !*path)
		path = DEFAULT_SOCKET;
	while ((c = getopt_long(argc, argv, "s:jhV", options, NULL)) != -1) {
		switch (c) {
		case 's':
			path = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_FINE;
		case 'V':
			puts("malimuxctl " PACKAGE_VERSION);
			return EXIT_FINE;
		default:
			fputs("see malimuxctl --help\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc)
		return usage("a command is needed", "");
	if (!*path)
		return usage("--socket: is empty", "");
	for (i = 0; i < COMMANDS && strcmp(argv[optind], commands[i].name); i++)
		;
	if (i == COMMANDS)
		return usage("unknown command ", argv[optind]);
	args = argc - optind - 1;
	if (args < commands[i].min_args)
		return usage("a partition is needed: ", commands[i].name);
	if (args > commands[i].max_args)
		return usage("too many arguments: ", commands[i].name);
	return run(commands[i].what, path, json, argv + optind + 1);
}
