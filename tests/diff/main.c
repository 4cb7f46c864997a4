// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * replay [-d NODE] [-i INTERFACE] [-t TRIES] SEED CALLS: makes that many system calls on a panthor device, chosen by
 * the seed, and writes down what came of each. Two drivers that are both right have the same transcript; tests/diff/compare
 * looks whether they have. One process, one thread.
 *
 *   -i  the interface to keep to, as major * 100 + minor (100)
 *   -t  how often it is tried (1): it is begun anew if a job timed out before its time, or the firmware did not answer in
 *       100 ms, both of which happens to upstream's driver where a machine is slow
 *
 * Exit status: 0; 1: what may not happen with any driver, which the last line of the transcript says; 2: usage; 77: no
 * such device.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/diff/diff.h"

#define AGAIN 78

static const char *node = "/dev/dri/renderD128";

void uapi_fail(const char *file, int line, const char *format, ...)
{
	va_list ap;

	printf("\nfailed: %s:%d: ", file, line);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

void uapi_skip(const char *why)
{
	uapi_fail("", 0, "%s", why);
}

void uapi_again(const char *why)
{
	printf("\nfailed: %s\n", why);
	fflush(stdout);
	_exit(AGAIN);
}

const char *uapi_error_name(int error)
{
	return error ? strerrorname_np(error < 0 ? -error : error) : "ok";
}

const char *uapi_node(void)
{
	return node;
}

static const struct action *const tables[] = { object_actions, work_actions, late_actions };

/* NULL: @left is the weight of all */
static const struct action *action_at(uint32_t *left)
{
	const struct action *action;
	size_t i;

	for (i = 0; i < COUNT(tables); i++) {
		for (action = tables[i]; action->act; action++) {
			if (action->interface > world.interface)
				continue;
			if (*left < action->weight)
				return action;
			*left -= action->weight;
		}
	}
	return NULL;
}

static void replay(uint64_t seed, uint32_t interface, uint32_t limit)
{
	uint32_t left = ~0u, weight;

	chance_init(seed);
	world_init(interface);
	action_at(&left);
	weight = ~0u - left;
	while (world.calls < limit) {
		left = chance(weight);
		action_at(&left)->act();
		fflush(stdout);
	}
	settle();
	printf("\nend after %u calls\n", world.calls);
	fflush(stdout);
}

/*
 * Has upstream's driver waited in vain since the last call? It resets the GPU then, and groups that happen to be in slots are
 * lost: of such a run nothing can be compared. @kmsg may be -1, then nobody knows.
 */
static bool has_given_up(int kmsg)
{
	static const char *const words[] = { "update request timedout", "FW ping timeout",
					     "AS_ACTIVE bit stuck", "Flush caches timeout" };
	char record[2048];
	bool found = false;
	ssize_t size;
	size_t i;

	do {
		size = read(kmsg, record, sizeof(record) - 1);
		record[size > 0 ? size : 0] = 0;
		for (i = 0; strstr(record, ";panthor ") && i < COUNT(words); i++)
			found = found || strstr(record, words[i]);
	} while (size > 0 || (size < 0 && errno == EPIPE)); /* some have been lost */
	return found;
}

/* Return: its status; AGAIN: it is worth nothing */
static int try_once(uint64_t seed, uint32_t interface, uint32_t limit, int kmsg)
{
	int status;
	pid_t pid;

	printf("seed %llu", (unsigned long long)seed);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		replay(seed, interface, limit);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 1;
	if (!has_given_up(kmsg))
		return WEXITSTATUS(status);
	printf("\nfailed: the driver waited for the firmware in vain\n");
	fflush(stdout);
	return AGAIN;
}

int main(int argc, char **argv)
{
	uint32_t interface = 100, tries = 1, limit;
	int option, status, kmsg;
	uint64_t seed;

	while ((option = getopt(argc, argv, "d:i:t:")) != -1) {
		if (option == 'd')
			node = optarg;
		else if (option == 'i')
			interface = (uint32_t)strtoul(optarg, NULL, 10);
		else if (option == 't')
			tries = (uint32_t)strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (argc != optind + 2) {
		fprintf(stderr, "usage: replay [-d NODE] [-i INTERFACE] [-t TRIES] SEED CALLS\n");
		return 2;
	}
	if (access(node, R_OK | W_OK)) {
		printf("skipped: no %s\n", node);
		return 77;
	}
	seed = strtoull(argv[optind], NULL, 10);
	limit = (uint32_t)strtoul(argv[optind + 1], NULL, 10);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg >= 0)
		lseek(kmsg, 0, SEEK_END);
	do
		status = try_once(seed, interface, limit, kmsg);
	while (status == AGAIN && tries-- > 1);
	return status;
}
