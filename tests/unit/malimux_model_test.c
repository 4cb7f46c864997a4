// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The program malimux-model: its options, and the real GPU behind its socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/vfu_client.h"
#include "tools/model/vfu_proto.h"

#define HANG_S 60

/* Registers by their offsets in the window. */
#define GPU_ID		   0x000u
#define COHERENCY_FEATURES 0x300u

#define READY_FD "9"

static char dir[64], socket_path[80], trace_path[80];

/* Runs the program. @out takes what it writes to both outputs; NULL = nobody listens. */
static pid_t spawn(const char *const *args, int *ret_out)
{
	const char *top = getenv("top_builddir");
	char program[4096];
	char *argv[16] = { program };
	int out[2], i;
	pid_t pid;

	snprintf(program, sizeof(program), "%s/malimux-model", top ? top : ".");
	for (i = 0; args[i]; i++) {
		assert_true(i < 14);
		argv[i + 1] = (char *)(uintptr_t)args[i];
	}
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		dup2(out[1], atoi(READY_FD));
		execv(program, argv);
		_exit(127);
	}
	close(out[1]);
	*ret_out = out[0];
	return pid;
}

static int finish(pid_t pid, int out, char *text, size_t max)
{
	size_t len = 0;
	ssize_t n;
	int status;

	while (len < max - 1 && (n = read(out, text + len, max - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(out);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_options(void **state)
{
	static const struct {
		const char *args[5];
		int status;
		const char *says;
	} cases[] = {
		{ { "--help" }, 0, "--socket PATH" },
		{ { "--version" }, 0, "malimux-model " },
		{ { NULL }, 2, "--socket: is needed" },
		{ { "--socket" }, 2, "requires an argument" },
		{ { "--nonsense" }, 2, "unrecognized option" },
		{ { "--socket", "x", "y" }, 2, "y: what is this for?" },
		{ { "--socket", "x", "--product", "g9999" }, 2, "--product: " },
		{ { "--socket", "x", "--ready-fd", "1x" }, 2, "--ready-fd: " },
		{ { "--socket", "x", "--ready-fd", "8000" }, 2, "--ready-fd: " },
		{ { "--socket", "/nonexistent/x" }, 2, "/nonexistent/x: No such file" },
		{ { "--socket", "x", "--trace", "/nonexistent/x" }, 2, "/nonexistent/x: No such" },
		{ { "--socket", "x", "--spans", "/nonexistent/x" }, 2, "/nonexistent/x: No such" },
		{ { "--socket", "x", "--control", "/nonexistent/x" }, 2, "No such file" },
	};
	char text[4096];
	size_t i;
	int out;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pid_t pid = spawn(cases[i].args, &out);

		assert_int_equal(finish(pid, out, text, sizeof(text)), cases[i].status);
		if (!strstr(text, cases[i].says))
			fail_msg("'%s' is not in '%s'", cases[i].says, text);
	}
}

static int call(int sock, uint16_t cmd, const void *payload, size_t len, void *ret_payload,
		size_t max)
{
	struct mmx_vfu_hdr hdr;
	size_t got;

	if (client_send(sock, 1, cmd, 0, payload, len, NULL, 0, NULL, 0) ||
	    client_receive(sock, &hdr, ret_payload, max, &got))
		return -1;
	return (hdr.flags & MMX_VFU_F_ERROR) ? (int)hdr.error : 0;
}

static uint32_t get32(int sock, uint32_t offset)
{
	struct {
		struct mmx_vfu_region_access access;
		uint32_t value;
	} reply;
	const struct mmx_vfu_region_access access = { offset, MMX_VFU_REGION_BAR0, 4 };

	assert_int_equal(call(sock, MMX_VFU_REGION_READ, &access, sizeof(access), &reply,
			      offsetof(typeof(reply), value) + sizeof(reply.value)),
			 0);
	return reply.value;
}

static int dial(void)
{
	const struct mmx_vfu_version version = { 0 };
	struct mmx_vfu_version answer;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, socket_path);
	assert_int_equal(connect(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(
		call(sock, MMX_VFU_VERSION, &version, sizeof(version), &answer, sizeof(answer)), 0);
	return sock;
}

/* Reads up to the byte that says that the socket listens. */
static void await_ready(int out)
{
	char text[256];
	size_t len = 0;

	for (;;) {
		assert_true(len < sizeof(text) - 1);
		assert_int_equal(read(out, text + len, 1), 1);
		text[++len] = '\0';
		/* the line on standard error, then the byte of --ready-fd */
		if (len > 2 && !strcmp(text + len - 2, "\n\n"))
			break;
	}
	assert_non_null(strstr(text, "malimux-model: listening on "));
	assert_non_null(strstr(text, socket_path));
}

static void test_gpu(void **state)
{
	const char *const args[] = { "--socket",   socket_path,	 "--once",
				     "--coherent", "--ready-fd", READY_FD,
				     "--trace",	   trace_path,	 NULL };
	char text[4096];
	uint32_t id;
	FILE *trace;
	int out, sock;
	pid_t pid;

	(void)state;
	pid = spawn(args, &out);
	await_ready(out);
	sock = dial();
	id = get32(sock, GPU_ID);
	assert_int_equal(id >> 28, 10); /* architecture */
	assert_int_not_equal(get32(sock, COHERENCY_FEATURES), 0);
	close(sock);
	assert_int_equal(finish(pid, out, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	assert_int_not_equal(access(socket_path, F_OK), 0);

	trace = fopen(trace_path, "r");
	assert_non_null(trace);
	text[fread(text, 1, sizeof(text) - 1, trace)] = '\0';
	fclose(trace);
	assert_non_null(strstr(text, " client connected\n"));
	assert_non_null(strstr(text, " msg region_read "));
	assert_non_null(strstr(text, " r32 0x000000 0xa"));
	assert_non_null(strstr(text, " client gone: it left\n"));
}

static void test_terminated(void **state)
{
	const char *const args[] = { "--socket", socket_path, "--ready-fd", READY_FD, NULL };
	char text[4096];
	int out, sock;
	pid_t pid;

	(void)state;
	pid = spawn(args, &out);
	await_ready(out);
	sock = dial();
	assert_int_equal(get32(sock, COHERENCY_FEATURES) & 1, 0);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(finish(pid, out, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	assert_int_not_equal(access(socket_path, F_OK), 0);
	close(sock);
}

static int setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	if (!tmp || strlen(tmp) > 32)
		tmp = "/tmp";
	snprintf(dir, sizeof(dir), "%s/mmx-model-XXXXXX", tmp);
	assert_non_null(mkdtemp(dir));
	snprintf(socket_path, sizeof(socket_path), "%s/gpu.sock", dir);
	snprintf(trace_path, sizeof(trace_path), "%s/trace", dir);
	alarm(HANG_S);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(socket_path);
	unlink(trace_path);
	rmdir(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_gpu),
		cmocka_unit_test(test_terminated),
	};

	return cmocka_run_group_tests_name("malimux_model", tests, setup, teardown);
}
