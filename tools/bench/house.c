// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Starts malimux-model and malimuxd, waits until they are ready, and ends them. Their output goes into files of the
 * house's folder; when one does not come up, it is shown.
 */
#include "tools/bench/house.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_FD 3
#define STEP_NS	 1000000
#define END_MS	 5000

pid_t mmx_house_fork(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	return 0;
}

void mmx_house_end(pid_t pid, int signal)
{
	const struct timespec step = { 0, STEP_NS };
	unsigned int ms;

	if (pid <= 0)
		return;
	kill(pid, signal);
	for (ms = 0; ms < END_MS; ms++) {
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return;
		nanosleep(&step, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void show(const char *path)
{
	char text[2048];
	size_t count;
	FILE *f = fopen(path, "re");

	if (!f)
		return;
	count = fread(text, 1, sizeof(text), f);
	fwrite(text, 1, count, stderr);
	fclose(f);
}

static void run_child(const char *const argv[], int ready, int log)
{
	/* a copy above the number that it is to have, so that neither closes the other */
	int high = fcntl(ready, F_DUPFD, READY_FD + 1), null = open("/dev/null", O_RDONLY);

	if (high < 0 || null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 ||
	    dup2(high, READY_FD) < 0)
		_exit(127);
	close(high);
	/* takes strings that it does not change as if it did */
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Return: 0 when the other end says that it is ready; -ETIMEDOUT; -ECHILD: it ended. */
static int await_ready(int fd, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char byte;
	int r;

	do
		r = poll(&pfd, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r ? -errno : -ETIMEDOUT;
	return read(fd, &byte, 1) == 1 ? 0 : -ECHILD;
}

/* @argv ends with --ready-fd 3. Return: 0 or a negative errno, then nothing runs. */
static int start(const struct mmx_house *house, const char *name, const char *const argv[],
		 pid_t *ret_pid)
{
	char log_path[MMX_HOUSE_SOCKET];
	int fds[2], log, r;
	pid_t pid;

	snprintf(log_path, sizeof(log_path), "%s/%s.log", house->dir, name);
	log = open(log_path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
	if (log < 0)
		return -errno;
	if (pipe2(fds, O_CLOEXEC)) {
		r = -errno;
		goto err_log;
	}
	pid = mmx_house_fork();
	if (!pid)
		run_child(argv, fds[1], log);
	close(fds[1]);
	r = pid < 0 ? -errno : await_ready(fds[0], house->bench->timeout_ms);
	close(fds[0]);
	if (!r) {
		*ret_pid = pid;
	} else {
		mmx_house_end(pid, SIGKILL);
		show(log_path);
		mmx_bench_fail(r, "%s did not start", argv[0]);
	}
err_log:
	close(log);
	return r;
}

void mmx_house_gpu_socket(const struct mmx_house *house, char ret_path[MMX_HOUSE_SOCKET])
{
	snprintf(ret_path, MMX_HOUSE_SOCKET, "%s/gpu", house->dir);
}

void mmx_house_socket(const struct mmx_house *house, unsigned int partition,
		      char ret_path[MMX_HOUSE_SOCKET])
{
	snprintf(ret_path, MMX_HOUSE_SOCKET, "%s/p%u", house->dir, partition);
}

int mmx_house_open(const struct mmx_bench *b, const char *name, struct mmx_house *house)
{
	char socket[MMX_HOUSE_SOCKET];
	const char *const argv[] = { b->model, "--socket", socket, "--ready-fd", "3", NULL };
	int r;

	*house = (struct mmx_house){ .bench = b };
	if (snprintf(house->dir, sizeof(house->dir), "%s/%s", b->dir, name) >=
	    (int)sizeof(house->dir))
		return mmx_bench_fail(-ENAMETOOLONG, "%s", b->dir);
	if (mkdir(house->dir, 0700))
		return mmx_bench_fail(-errno, "%s", house->dir);
	mmx_house_gpu_socket(house, socket);
	r = start(house, "model", argv, &house->model);
	return r;
}

static int write_config(const struct mmx_house *house, const char *path, const char *scheduler)
{
	FILE *f = fopen(path, "we");
	unsigned int i;

	if (!f)
		return -errno;
	fprintf(f,
		"device = { socket = \"%s/gpu\"; timeout_ms = %d; };\n"
		"firmware = { image = \"%s\"; allow_unsigned = true; };\n"
		"log = \"all+warn\";\n"
		"scheduler = { idle_power_off_ms = 0; %s };\n"
		"partition = (\n",
		house->dir, house->bench->timeout_ms, house->bench->firmware, scheduler);
	for (i = 0; i < house->partitions; i++)
		fprintf(f, "\t{ name = \"p%u\"; socket = \"%s/p%u\"; }%s\n", i, house->dir, i,
			i + 1 < house->partitions ? "," : "");
	fprintf(f, ");\n");
	return fclose(f) ? -errno : 0;
}

int mmx_house_daemon(struct mmx_house *house, unsigned int partitions, const char *scheduler)
{
	char config[MMX_HOUSE_PATH + 16];
	const char *const argv[] = { house->bench->daemon, "--config", config,
				     "--ready-fd",	   "3",	       NULL };
	int r;

	house->partitions = partitions;
	snprintf(config, sizeof(config), "%s/malimuxd.conf", house->dir);
	r = write_config(house, config, scheduler);
	if (r)
		return mmx_bench_fail(r, "%s", config);
	return start(house, "malimuxd", argv, &house->daemon);
}

void mmx_house_daemon_end(struct mmx_house *house)
{
	mmx_house_end(house->daemon, SIGTERM);
	house->daemon = 0;
}

void mmx_house_close(struct mmx_house *house)
{
	mmx_house_daemon_end(house);
	mmx_house_end(house->model, SIGTERM);
	house->model = 0;
}
