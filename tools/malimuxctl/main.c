// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* malimuxctl: asks malimuxd how things are. Options and wiring only. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/malimuxctl/answer.h"
#include "tools/malimuxctl/ask.h"
#include "tools/malimuxctl/show.h"

#define DEFAULT_SOCKET "/run/malimux/control.sock"
#define TIMEOUT_MS     5000

enum {
	EXIT_FINE,
	EXIT_TROUBLE,
	EXIT_USAGE
};

static const char help[] =
	"Usage: malimuxctl [--socket PATH] [--json] status|guests|version\n"
	"       malimuxctl --help | --version\n"
	"\n"
	"status    how the daemon, the GPU and its firmware are\n"
	"guests    one line per partition: who is there, what it has used\n"
	"version   of this program and of the daemon\n"
	"\n"
	"  -s, --socket PATH   control socket, in place of $MALIMUX_CONTROL or\n"
	"                      " DEFAULT_SOCKET "\n"
	"  -j, --json          print one line of JSON\n"
	"  -h, --help          show this text\n"
	"  -V, --version       show this program's version\n"
	"\n"
	"Exit status: 0 fine, 1 the daemon was not reached or has not answered well, 2 wrong usage.\n";

static const char *const command_names[] = {
	[MMX_CTL_STATUS] = "status",
	[MMX_CTL_GUESTS] = "guests",
	[MMX_CTL_VERSION] = "version",
};
#define COMMANDS (sizeof(command_names) / sizeof(command_names[0]))

/* What there is to say to an outcome of mmx_ctl_ask(). */
static void explain(const char *path, int r)
{
	fprintf(stderr, "malimuxctl: %s: ", path);
	if (r == ASK_E_CLOSED)
		fputs("the daemon has closed the connection without an answer\n", stderr);
	else if (r == ASK_E_TOO_LONG)
		fputs("the answer is too long\n", stderr);
	else if (r == -ETIMEDOUT)
		fputs("no answer in time\n", stderr);
	else if (r == -ENOENT || r == -ECONNREFUSED)
		fprintf(stderr, "%s: is malimuxd running?\n",
			r == -ENOENT ? "no such socket" : "connection refused");
	else if (r == -EACCES)
		fputs("permission denied: control.mode of malimuxd.conf(5) says who may ask\n",
		      stderr);
	else
		fprintf(stderr, "%s\n", strerror(-r));
}

/* One line; @answer NULL: there is no daemon to tell its version. */
static int show_json(enum mmx_ctl_command command, const struct mmx_ctl_answer *answer)
{
	int r = 0;

	if (command == MMX_CTL_VERSION)
		fputs("{\"malimuxctl\":{\"version\":\"" PACKAGE_VERSION "\"},\"malimuxd\":",
		      stdout);
	if (answer)
		r = mmx_ctl_show_json(answer, stdout);
	else
		fputs("null", stdout);
	puts(command == MMX_CTL_VERSION ? "}" : "");
	return r;
}

static int show(enum mmx_ctl_command command, bool json, const char *line, size_t len)
{
	struct mmx_ctl_answer answer;
	struct mmx_ctl_error error;
	int r = mmx_ctl_answer_parse(command, line, len, &answer, &error);

	if (r > 0) {
		fputs(r == CTL_E_REFUSED ? "malimuxctl: the daemon refuses: "
					 : "malimuxctl: the daemon's answer is malformed: ",
		      stderr);
		mmx_ctl_put_text(error.text, stderr);
		fputc('\n', stderr);
		return EXIT_TROUBLE;
	}
	if (!r) {
		r = json ? show_json(command, &answer) : mmx_ctl_show(&answer, stdout);
		mmx_ctl_answer_finish(&answer);
	}
	if (r) {
		fputs("malimuxctl: out of memory\n", stderr);
		return EXIT_TROUBLE;
	}
	return EXIT_FINE;
}

/* The daemon's side of the version is good to have, but its absence is no failure. */
static bool can_do_without(enum mmx_ctl_command command, int r)
{
	return command == MMX_CTL_VERSION && (r == -ENOENT || r == -ECONNREFUSED);
}

static int run(enum mmx_ctl_command command, const char *path, bool json)
{
	char request[64], *line;
	size_t len;
	int r;

	if (command == MMX_CTL_VERSION && !json)
		puts("malimuxctl " PACKAGE_VERSION);
	snprintf(request, sizeof(request), "{\"command\":\"%s\"}\n", command_names[command]);
	r = mmx_ctl_ask(path, request, TIMEOUT_MS, MMX_CTL_MAX_ANSWER, &line, &len);
	if (can_do_without(command, r)) {
		if (json)
			show_json(command, NULL);
		else
			puts("malimuxd is not running");
	} else if (r) {
		explain(path, r);
		return EXIT_TROUBLE;
	} else {
		r = show(command, json, line, len);
		free(line);
		if (r)
			return r;
	}
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "malimuxctl: standard output: %s\n", strerror(errno));
		return EXIT_TROUBLE;
	}
	return EXIT_FINE;
}

static int usage(const char *text, const char *what)
{
	fprintf(stderr, "malimuxctl: %s%s; see malimuxctl --help\n", text, what);
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
	size_t i;
	int c;

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
	if (argc - optind != 1)
		return usage("one command is needed: status, guests or version", "");
	if (!*path)
		return usage("--socket: is empty", "");
	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(argv[optind], command_names[i]))
			return run((enum mmx_ctl_command)i, path, json);
	return usage("unknown command ", argv[optind]);
}
