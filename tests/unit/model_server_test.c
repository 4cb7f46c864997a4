// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The loop of malimux-model in a process of its own (over the fake GPU): sockets, clients, time, end. */
#include "tools/model/server.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/vfu_client.h"
#include "tests/unit/vfu_fake.h"

#define HANG_S 60 /* a test that takes this long hangs */

struct place {
	char dir[64];
	char path[80];
	pid_t pid; /* of the server; 0 = none */
};

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	assert_true(strlen(path) < sizeof(addr.sun_path));
	strcpy(addr.sun_path, path);
	return addr;
}

/* Starts a server and waits until it listens. Return: its process, or 0 if it ended at once. */
static pid_t start(struct place *place, bool once)
{
	struct mmx_server_config config = {
		.socket_path = place->path,
		.once = once,
		.vfu.quiet = true,
	};
	int ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(ready[0]);
		config.ready_fd = ready[1];
		_exit(-mmx_server_run(&config));
	}
	close(ready[1]);
	place->pid = pid;
	pid = read(ready[0], &c, 1) == 1 ? pid : 0;
	close(ready[0]);
	return pid;
}

/* Waits for the server's end. Return: its exit status. */
static int end(struct place *place)
{
	int status;

	assert_int_equal(waitpid(place->pid, &status, 0), place->pid);
	place->pid = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int stop(struct place *place, int sig)
{
	assert_int_equal(kill(place->pid, sig), 0);
	return end(place);
}

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	const char *tmp = getenv("TMPDIR");

	assert_non_null(place);
	if (!tmp || strlen(tmp) > 32)
		tmp = "/tmp";
	snprintf(place->dir, sizeof(place->dir), "%s/mmx-server-XXXXXX", tmp);
	assert_non_null(mkdtemp(place->dir));
	snprintf(place->path, sizeof(place->path), "%s/gpu.sock", place->dir);
	*state = place;
	alarm(HANG_S);
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	if (place->pid) {
		kill(place->pid, SIGKILL);
		waitpid(place->pid, NULL, 0);
	}
	unlink(place->path);
	rmdir(place->dir);
	free(place);
	alarm(0);
	return 0;
}

static int dial(const struct place *place)
{
	const struct sockaddr_un addr = address(place->path);
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(sock >= 0);
	assert_int_equal(connect(sock, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	return sock;
}

static uint8_t reply[MMX_VFU_MAX_MSG];
static size_t reply_len;

static int call(int sock, uint16_t cmd, const void *payload, size_t len, const void *data,
		size_t data_len, const int *fds, unsigned int fd_count)
{
	struct mmx_vfu_hdr hdr;

	if (client_send(sock, 1, cmd, 0, payload, len, data, data_len, fds, fd_count) ||
	    client_receive(sock, &hdr, reply, sizeof(reply), &reply_len))
		return -1;
	return (hdr.flags & MMX_VFU_F_ERROR) ? (int)hdr.error : 0;
}

static void agree(int sock)
{
	const struct mmx_vfu_version version = { 0 };

	assert_int_equal(call(sock, MMX_VFU_VERSION, &version, sizeof(version), NULL, 0, NULL, 0),
			 0);
}

static uint32_t get32(int sock, uint32_t offset)
{
	const struct mmx_vfu_region_access access = { offset, MMX_VFU_REGION_BAR0, 4 };
	uint32_t value;

	assert_int_equal(call(sock, MMX_VFU_REGION_READ, &access, sizeof(access), NULL, 0, NULL, 0),
			 0);
	memcpy(&value, reply + sizeof(access), sizeof(value));
	return value;
}

static void set32(int sock, uint32_t offset, uint32_t value)
{
	const struct mmx_vfu_region_access access = { offset, MMX_VFU_REGION_BAR0, 4 };

	assert_int_equal(client_send(sock, 2, MMX_VFU_REGION_WRITE, MMX_VFU_F_NO_REPLY, &access,
				     sizeof(access), &value, sizeof(value), NULL, 0),
			 0);
}

static bool exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static void test_signals(void **state)
{
	static const int sigs[] = { SIGTERM, SIGINT };
	struct place *place = *state;
	size_t i;

	for (i = 0; i < 2; i++) {
		int sock;

		assert_true(start(place, false));
		assert_int_equal(stop(place, sigs[i]), 0);
		assert_false(exists(place->path));
		/* with a client, and with a model that is busy for a long time to come */
		assert_true(start(place, false));
		sock = dial(place);
		agree(sock);
		set32(sock, FAKE_TIMER, 0xffffffff);
		assert_int_equal(get32(sock, FAKE_TIMER), 0xffffffff);
		assert_int_equal(stop(place, sigs[i]), 0);
		assert_false(exists(place->path));
		assert_int_equal(recv(sock, reply, 1, 0), 0);
		close(sock);
	}
}

static void test_stale_socket(void **state)
{
	struct place *place = *state;
	const struct sockaddr_un addr = address(place->path);
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(sock, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	close(sock);
	assert_true(exists(place->path));
	assert_true(start(place, false));
	sock = dial(place);
	agree(sock);
	close(sock);
	assert_int_equal(stop(place, SIGTERM), 0);
}

/* One that has taken the path meanwhile keeps it. */
static void test_replaced_socket(void **state)
{
	struct place *place = *state;
	const struct sockaddr_un addr = address(place->path);
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(start(place, false));
	assert_int_equal(unlink(place->path), 0);
	assert_int_equal(bind(sock, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(stop(place, SIGTERM), 0);
	assert_true(exists(place->path));
	close(sock);
}

static void test_taken_socket(void **state)
{
	struct place *place = *state, second = *place;
	int sock, fd;

	assert_true(start(place, true));
	assert_false(start(&second, false));
	assert_int_equal(end(&second), EADDRINUSE);
	/* the first goes on, and does not take the probe for its one client */
	sock = dial(place);
	agree(sock);
	/* also while it is busy with a client */
	assert_false(start(&second, false));
	assert_int_equal(end(&second), EADDRINUSE);
	get32(sock, 0);
	close(sock);
	assert_int_equal(end(place), 0);
	assert_false(exists(place->path));

	/* what is no socket stays */
	fd = open(place->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_false(start(place, false));
	assert_int_equal(end(place), EADDRINUSE);
	assert_true(exists(place->path));
}

static void test_bad_path(void **state)
{
	struct mmx_server_config config = { .vfu.quiet = true, .ready_fd = -1 };
	char path[120];
	int status;
	pid_t pid;

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	config.socket_path = path;
	pid = fork();
	if (!pid)
		_exit(-mmx_server_run(&config));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), ENAMETOOLONG);
}

/* A finding about a driver ends a strict server, and no other. */
static void test_strict(void **state)
{
	struct place *place = *state;
	pid_t pid = fork();
	int status;

	if (!pid) {
		struct mmx_server_config config = {
			.socket_path = place->path,
			.strict = true,
			.vfu.quiet = true,
			.ready_fd = -1,
		};

		fake_report.driver[MMX_MODEL_FIND_DIRTY] = 1;
		_exit(mmx_server_run(&config) == MMX_SERVER_E_FINDING ? 33 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 33);
	assert_false(exists(place->path));
	fake_report.driver[MMX_MODEL_FIND_DIRTY] = 1;
	assert_true(start(place, false));
	fake_report.driver[MMX_MODEL_FIND_DIRTY] = 0;
	assert_int_equal(stop(place, SIGTERM), 0);
}

static int dial_control(const char *path)
{
	struct sockaddr_un addr = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void start_with_control(struct place *place, const char *path)
{
	int ready[2];
	char c;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	place->pid = fork();
	if (!place->pid) {
		struct mmx_server_config config = {
			.socket_path = place->path,
			.control_path = path,
			.vfu.quiet = true,
			.ready_fd = ready[1],
		};

		_exit(-mmx_server_run(&config));
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
}

static void get_text(int fd, const char *want)
{
	char text[300];

	assert_true(strlen(want) < sizeof(text));
	assert_int_equal(recv(fd, text, strlen(want), MSG_WAITALL), strlen(want));
	text[strlen(want)] = '\0';
	assert_string_equal(text, want);
}

static void put_text(int fd, const char *text, size_t len)
{
	assert_int_equal(write(fd, text, len), len);
}

/* Lines, whole or in pieces, each with its answer; who sends what is no line is told so, and hung up on. */
static void test_control(void **state)
{
	struct place *place = *state;
	char path[sizeof(place->path) + 8], text[600];
	int fd, gpu;

	snprintf(path, sizeof(path), "%s.ctl", place->path);
	start_with_control(place, path);
	memset(text, 'x', sizeof(text));
	text[255] = '\n';
	for (unsigned int i = 0; i < 3; i++) {
		fd = dial_control(path);
		put_text(fd, "one\nfou", 7);
		get_text(fd, "3 bytes\n");
		/* the GPU is served meanwhile */
		gpu = dial(place);
		agree(gpu);
		close(gpu);
		put_text(fd, "r\n\n", 3);
		get_text(fd, "4 bytes\n0 bytes\n");
		/* the longest line that there is */
		put_text(fd, text, 256);
		get_text(fd, "255 bytes\n");
		if (i == 0) {
			put_text(fd, "no line", 7);
			shutdown(fd, SHUT_WR);
		} else if (i == 1) {
			put_text(fd, text + 256, 256);
			get_text(fd, "error: a line without an end\n");
		} else {
			put_text(fd, "one\na\0b\nmore\n", 13);
			get_text(fd, "3 bytes\nerror: a NUL in a line\n");
		}
		assert_true(recv(fd, text, 1, 0) <= 0);
		close(fd);
	}
	assert_int_equal(stop(place, SIGTERM), 0);
	assert_false(exists(path));
}

/* Two at a time: the second one waits until the first has left, however that goes; nobody else waits for either. */
static void test_control_clients(void **state)
{
	struct place *place = *state;
	char path[sizeof(place->path) + 8], byte;
	int first, second, gpu, i;

	snprintf(path, sizeof(path), "%s.ctl", place->path);
	start_with_control(place, path);
	first = dial_control(path);
	put_text(first, "one\n", 4);
	get_text(first, "3 bytes\n");
	second = dial_control(path);
	put_text(second, "two!\n", 5);
	gpu = dial(place);
	agree(gpu);
	put_text(first, "three\n", 6);
	get_text(first, "5 bytes\n");
	assert_int_equal(recv(second, &byte, 1, MSG_DONTWAIT), -1);
	/* it leaves in the middle of a line, which is not the beginning of the second one's */
	put_text(first, "fo", 2);
	close(first);
	get_text(second, "4 bytes\n");
	/* it never reads: it is hung up on when there is no room for an answer */
	for (i = 0; i < 100000 && send(second, "a\n", 2, MSG_NOSIGNAL) == 2; i++)
		;
	assert_true(i < 100000);
	close(second);
	get32(gpu, 0);
	first = dial_control(path);
	put_text(first, "one\n", 4);
	get_text(first, "3 bytes\n");
	assert_int_equal(stop(place, SIGTERM), 0);
	assert_int_equal(recv(first, &byte, 1, 0), 0);
	close(first);
	close(gpu);
}

/* One after the other; the next one waits, and finds the GPU as after power-on. */
static void test_clients(void **state)
{
	const struct mmx_vfu_version version = { 0 };
	struct place *place = *state;
	struct mmx_vfu_hdr hdr;
	int first, second;

	assert_true(start(place, false));
	first = dial(place);
	agree(first);
	second = dial(place);
	assert_int_equal(client_send(second, 1, MMX_VFU_VERSION, 0, &version, sizeof(version), NULL,
				     0, NULL, 0),
			 0);
	set32(first, FAKE_SCRATCH, 77);
	assert_int_equal(get32(first, FAKE_SCRATCH), 77);
	assert_int_equal(recv(second, reply, 1, MSG_DONTWAIT), -1);
	close(first);
	assert_int_equal(client_receive(second, &hdr, reply, sizeof(reply), &reply_len), 0);
	assert_int_equal(get32(second, FAKE_SCRATCH), 0);
	/* one that breaks the protocol is thrown out, and the server lives */
	memset(&hdr, 0xff, sizeof(hdr));
	assert_int_equal(client_send_raw(second, &hdr, sizeof(hdr), NULL, 0), 0);
	assert_int_equal(recv(second, reply, 1, 0), 0);
	close(second);
	first = dial(place);
	agree(first);
	close(first);
	assert_int_equal(stop(place, SIGTERM), 0);
}

static void test_once(void **state)
{
	struct place *place = *state;
	int sock;

	assert_true(start(place, true));
	close(dial(place));
	sock = dial(place);
	agree(sock);
	close(sock);
	assert_int_equal(end(place), 0);
	assert_false(exists(place->path));
}

/* The longest messages there are, both ways. */
static void test_large(void **state)
{
	const struct mmx_vfu_region_access access = { 0x100000, MMX_VFU_REGION_BAR0,
						      MMX_VFU_MAX_XFER };
	static uint8_t data[MMX_VFU_MAX_XFER];
	struct place *place = *state;
	size_t i;
	int sock;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 >> 3);
	assert_true(start(place, true));
	sock = dial(place);
	agree(sock);
	assert_int_equal(call(sock, MMX_VFU_REGION_WRITE, &access, sizeof(access), data,
			      sizeof(data), NULL, 0),
			 0);
	assert_int_equal(call(sock, MMX_VFU_REGION_READ, &access, sizeof(access), NULL, 0, NULL, 0),
			 0);
	assert_int_equal(reply_len, sizeof(access) + sizeof(data));
	assert_memory_equal(reply + sizeof(access), data, sizeof(data));
	close(sock);
	assert_int_equal(end(place), 0);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Events of the model come when they are due: not before, and whether the loop sleeps or spins. */
static void test_time(void **state)
{
	static const uint32_t delays_ns[] = { 0, 20000, 99000, 101000, 3000000, 20000000 };
	const struct mmx_vfu_irq_set set = {
		.argsz = sizeof(set),
		.flags = MMX_VFU_IRQ_DATA_EVENTFD | MMX_VFU_IRQ_ACTION_TRIGGER,
		.index = MMX_VFU_IRQ_MSIX,
		.count = 1,
	};
	struct place *place = *state;
	int sock, fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	size_t i;

	assert_true(start(place, true));
	sock = dial(place);
	agree(sock);
	assert_int_equal(call(sock, MMX_VFU_DEVICE_SET_IRQS, &set, sizeof(set), NULL, 0, &fd, 1),
			 0);
	for (i = 0; i < sizeof(delays_ns) / sizeof(delays_ns[0]); i++) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		uint64_t from = now_ns(), count;

		set32(sock, FAKE_TIMER, delays_ns[i]);
		assert_int_equal(get32(sock, FAKE_TIMER), delays_ns[i]); /* it listens meanwhile */
		assert_int_equal(poll(&p, 1, HANG_S * 1000), 1);
		assert_true(now_ns() - from >= delays_ns[i]);
		assert_int_equal(read(fd, &count, sizeof(count)), sizeof(count));
		assert_int_equal(count, 1);
		set32(sock, FAKE_IRQ_JOB, 0);
	}
	close(sock);
	close(fd);
	assert_int_equal(end(place), 0);
}

#define PLACE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(test_signals),	  PLACE_TEST(test_stale_socket),
		PLACE_TEST(test_replaced_socket), PLACE_TEST(test_taken_socket),
		PLACE_TEST(test_bad_path),	  PLACE_TEST(test_strict),
		PLACE_TEST(test_control),	  PLACE_TEST(test_control_clients),
		PLACE_TEST(test_clients),	  PLACE_TEST(test_once),
		PLACE_TEST(test_large),		  PLACE_TEST(test_time),
	};

	return cmocka_run_group_tests_name("model_server", tests, NULL, NULL);
}
