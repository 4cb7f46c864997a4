// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* malimuxctl's commands. Called by main(), once. */
#include "tools/malimuxctl/run.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/malimuxctl/ask.h"
#include "tools/malimuxctl/show.h"

#define TIMEOUT_MS 5000
#define GUESTS	   "{\"command\":\"guests\"}\n"

static const char *const simple_names[] = {
	[MMX_CTL_STATUS] = "status",
	[MMX_CTL_GUESTS] = "guests",
	[MMX_CTL_VERSION] = "version",
};

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

/* Return: an exit status: all has been written. */
static int flush(void)
{
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "malimuxctl: standard output: %s\n", strerror(errno));
		return EXIT_TROUBLE;
	}
	return EXIT_FINE;
}

static int no_memory(void)
{
	fputs("malimuxctl: out of memory\n", stderr);
	return EXIT_TROUBLE;
}

/* Return: an exit status; if it is EXIT_FINE, the answer is to be finished. */
static int parse(enum mmx_ctl_command command, const char *line, size_t len,
		 struct mmx_ctl_answer *ret_answer)
{
	struct mmx_ctl_error error;
	int r = mmx_ctl_answer_parse(command, line, len, ret_answer, &error);

	if (!r)
		return EXIT_FINE;
	if (r < 0)
		return no_memory();
	fputs(r == CTL_E_REFUSED ? "malimuxctl: the daemon refuses: "
				 : "malimuxctl: the daemon's answer is malformed: ",
	      stderr);
	mmx_ctl_put_text(error.text, stderr);
	fputc('\n', stderr);
	return EXIT_TROUBLE;
}

/* Asks, and takes the answer apart. Return: as parse(). */
static int ask(enum mmx_ctl_command command, const char *path, const char *request,
	       struct mmx_ctl_answer *ret_answer)
{
	char *line;
	size_t len;
	int r = mmx_ctl_ask(path, request, TIMEOUT_MS, MMX_CTL_MAX_ANSWER, &line, &len);

	if (r) {
		explain(path, r);
		return EXIT_TROUBLE;
	}
	r = parse(command, line, len, ret_answer);
	free(line);
	return r;
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
	int r = parse(command, line, len, &answer);

	if (r)
		return r;
	r = json ? show_json(command, &answer) : mmx_ctl_show(&answer, stdout);
	mmx_ctl_answer_finish(&answer);
	return r ? no_memory() : EXIT_FINE;
}

/* The daemon's side of the version is good to have, but its absence is no failure. */
static bool can_do_without(enum mmx_ctl_command command, int r)
{
	return command == MMX_CTL_VERSION && (r == -ENOENT || r == -ECONNREFUSED);
}

int mmx_ctl_run_simple(enum mmx_ctl_command command, const char *path, bool json)
{
	char request[64], *line;
	size_t len;
	int r;

	if (command == MMX_CTL_VERSION && !json)
		puts("malimuxctl " PACKAGE_VERSION);
	snprintf(request, sizeof(request), "{\"command\":\"%s\"}\n", simple_names[command]);
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
	return flush();
}

/* ---- groups and VMs ---- */

struct pages {
	size_t count, capacity;
	struct mmx_ctl_answer *answers;
};

static void finish_pages(struct pages *pages)
{
	size_t i;

	for (i = 0; i < pages->count; i++)
		mmx_ctl_answer_finish(&pages->answers[i]);
	free(pages->answers);
}

/* Room for one more. Return: false without memory. */
static bool reserve(struct pages *pages)
{
	size_t capacity = pages->capacity ? 2 * pages->capacity : 8;
	struct mmx_ctl_answer *answers;

	if (pages->count < pages->capacity)
		return true;
	answers = reallocarray(pages->answers, capacity, sizeof(*answers));
	if (!answers)
		return false;
	pages->answers = answers;
	pages->capacity = capacity;
	return true;
}

/* Names of partitions need no escaping, and others no asking. */
static bool is_name(const char *text)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	return *text && strlen(text) <= 31 && strspn(text, chars) == strlen(text);
}

/* All pages of one partition. Return: an exit status. */
static int ask_pages(enum mmx_ctl_command command, const char *path, const char *partition,
		     struct pages *pages)
{
	struct mmx_ctl_answer *answer;
	uint64_t from = 0;
	char request[128];
	int r;

	if (!is_name(partition)) {
		fputs("malimuxctl: that is no partition's name\n", stderr);
		return EXIT_TROUBLE;
	}
	do {
		if (!reserve(pages))
			return no_memory();
		answer = &pages->answers[pages->count];
		snprintf(request, sizeof(request),
			 "{\"command\":\"%s\",\"partition\":\"%s\",\"from\":%llu}\n",
			 command == MMX_CTL_GROUPS ? "groups" : "vms", partition,
			 (unsigned long long)from);
		r = ask(command, path, request, answer);
		if (r)
			return r;
		pages->count++;
		/* pages without end would be none of our daemon's */
		if (answer->page.next && answer->page.next <= from) {
			fputs("malimuxctl: the daemon's answer is malformed: 'next' goes back\n",
			      stderr);
			return EXIT_TROUBLE;
		}
		from = answer->page.next;
	} while (from);
	return EXIT_FINE;
}

static int ask_all_pages(enum mmx_ctl_command command, const char *path, struct pages *pages)
{
	struct mmx_ctl_answer guests;
	size_t i;
	int r = ask(MMX_CTL_GUESTS, path, GUESTS, &guests);

	if (r)
		return r;
	for (i = 0; i < guests.guest_count && !r; i++)
		if (guests.guests[i].connected)
			r = ask_pages(command, path, guests.guests[i].partition, pages);
	mmx_ctl_answer_finish(&guests);
	return r;
}

/* An array of pages, in one line. */
static int show_json_pages(const struct pages *pages)
{
	size_t i;
	int r = 0;

	for (i = 0; i < pages->count && !r; i++) {
		fputs(i ? "," : "[", stdout);
		r = mmx_ctl_show_json(&pages->answers[i], stdout);
	}
	puts(i ? "]" : "[]");
	return r;
}

int mmx_ctl_run_census(enum mmx_ctl_command command, const char *path, const char *partition,
		       bool json)
{
	struct pages pages = { 0 };
	int r;

	r = partition ? ask_pages(command, path, partition, &pages)
		      : ask_all_pages(command, path, &pages);
	if (!r && (json ? show_json_pages(&pages)
			: mmx_ctl_show_pages(command, pages.answers, pages.count, stdout)))
		r = no_memory();
	finish_pages(&pages);
	return r ? r : flush();
}

/* ---- one guest, and all of them again and again ---- */

int mmx_ctl_run_guest(const char *path, const char *partition)
{
	struct mmx_ctl_answer answer;
	size_t i;
	int r = ask(MMX_CTL_GUESTS, path, GUESTS, &answer);

	if (r)
		return r;
	for (i = 0; i < answer.guest_count; i++)
		if (!strcmp(answer.guests[i].partition, partition))
			break;
	if (i < answer.guest_count) {
		mmx_ctl_show_guest(&answer.guests[i], stdout);
		r = flush();
	} else {
		fputs("malimuxctl: there is no such partition: ", stderr);
		mmx_ctl_put_text(partition, stderr);
		fputc('\n', stderr);
		r = EXIT_TROUBLE;
	}
	mmx_ctl_answer_finish(&answer);
	return r;
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int mmx_ctl_run_watch(const char *path, unsigned int seconds, unsigned int count)
{
	struct mmx_ctl_answer before, now;
	bool endless = !count, clear = isatty(STDOUT_FILENO);
	int r = ask(MMX_CTL_GUESTS, path, GUESTS, &before);
	double began = now_s(), ended;

	if (r)
		return r;
	while (!r && (endless || count--)) {
		poll(NULL, 0, (int)seconds * 1000);
		r = ask(MMX_CTL_GUESTS, path, GUESTS, &now);
		if (r)
			break;
		ended = now_s();
		/* home, and clear from there on */
		if (clear)
			fputs("\033[H\033[J", stdout);
		if (mmx_ctl_show_rates(&before, &now, ended - began, stdout))
			r = no_memory();
		if (!clear && (endless || count))
			putchar('\n');
		mmx_ctl_answer_finish(&before);
		before = now;
		began = ended;
		if (!r)
			r = flush();
	}
	mmx_ctl_answer_finish(&before);
	return r;
}
