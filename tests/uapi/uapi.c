// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * uapi [-d NODE] [TEST...]: does a driver behave as panthor's uAPI says? Plain system calls on a render node, nothing
 * of malimux. What is expected is what upstream's panthor does, and the program passes there.
 *
 * One line for each test, 'ok NAME', 'skip NAME: why' or 'not ok NAME: why', after lines of 'again NAME: why' if it was
 * done anew; then a sum. A name that ends with '*' stands for all that begin so. What kernels are known to die of, or to
 * fail now and then, is done only if its whole name is given. Exit status: 0, 1 if any test failed, 77 if there is no
 * such device.
 *
 * Each test is a process with a time limit, so one that hangs or dies is one that failed.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/uapi/uapi.h"

/* Several times UAPI_PATIENCE_NS: a wait should fail by itself, and say which. */
#define TEST_SECONDS 200u

#define SKIPPED 77
#define AGAIN	78
#define TRIES	5u

static const char *node = "/dev/dri/renderD128";
static const char *running;
static int64_t begun_ns;

/* ---- how a test ends ---- */

void uapi_fail(const char *file, int line, const char *format, ...)
{
	va_list ap;

	file = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	printf("not ok %s: %s:%d: ", running, file, line);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

void uapi_skip(const char *why)
{
	printf("skip %s: %s\n", running, why);
	fflush(stdout);
	_exit(SKIPPED);
}

void uapi_again(const char *why)
{
	printf("again %s: %s\n", running, why);
	fflush(stdout);
	_exit(AGAIN);
}

int64_t uapi_begun_ns(void)
{
	return begun_ns;
}

const char *uapi_error_name(int error)
{
	return error ? strerrorname_np(error < 0 ? -error : error) : "success";
}

const char *uapi_node(void)
{
	return node;
}

/* Return: 0, 1, SKIPPED or AGAIN. */
static int run_once(const struct uapi_test *test)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		running = test->name;
		begun_ns = uapi_now_ns();
		alarm(TEST_SECONDS);
		test->run();
		printf("ok %s\n", test->name);
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("uapi");
		exit(1);
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	printf("not ok %s: ended by signal %d\n", test->name, WTERMSIG(status));
	return 1;
}

/* Return: 0, 1 or SKIPPED. */
static int run(const struct uapi_test *test)
{
	unsigned int i;
	int status;

	for (i = 0; i < TRIES; i++) {
		status = run_once(test);
		if (status != AGAIN)
			return status;
	}
	printf("not ok %s: %u times the same\n", test->name, TRIES);
	return 1;
}

static bool matches(const char *name, const char *pattern)
{
	size_t length = strlen(pattern);

	if (length && pattern[length - 1] == '*')
		return strncmp(name, pattern, length - 1) == 0;
	return strcmp(name, pattern) == 0;
}

/* @count: by exit status */
static void run_table(const struct uapi_test *test, char **patterns, bool all, unsigned int *count)
{
	char **pattern;
	bool chosen;

	for (; test->name; test++) {
		chosen = all && !*patterns;
		for (pattern = patterns; *pattern && !chosen; pattern++)
			chosen = matches(test->name, *pattern) &&
				 (all || !strcmp(test->name, *pattern));
		if (chosen)
			count[run(test)]++;
	}
}

int main(int argc, char **argv)
{
	static const struct uapi_test *const tables[] = {
		uapi_query_tests, uapi_bo_tests,     uapi_vm_tests,    uapi_bind_tests,
		uapi_group_tests, uapi_submit_tests, uapi_fault_tests, uapi_heap_tests,
		uapi_many_tests,  uapi_fdinfo_tests,
	};
	unsigned int count[256] = { 0 }, failed = 0;
	size_t i;
	int option;

	while ((option = getopt(argc, argv, "d:")) == 'd')
		node = optarg;
	if (option != -1) {
		fprintf(stderr, "usage: uapi [-d NODE] [TEST...]\n");
		return 2;
	}
	if (access(node, R_OK | W_OK)) {
		printf("skipped: no %s\n", node);
		return SKIPPED;
	}
	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		run_table(tables[i], argv + optind, true, count);
	run_table(uapi_deadly_tests, argv + optind, false, count);
	run_table(uapi_lost_tests, argv + optind, false, count);
	for (i = 1; i < 256; i++)
		failed += i == SKIPPED ? 0 : count[i];
	printf("%u passed, %u failed, %u skipped\n", count[0], failed, count[SKIPPED]);
	/* none is a name that was misspelt */
	return failed || !count[0];
}
