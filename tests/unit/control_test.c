// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The control socket: what each line is answered with; then real connections on a loop that is turned by hand, in
 * the same thread, so that nothing is left to time.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "backend/core/control.h"
#include "backend/util/log.h"

#define VERSION_LINE "{\"command\":\"version\"}\n"
#define GUESTS_LINE  "{\"command\":\"guests\"}\n"
#define BIG	     (100u << 10)
#define SPINS	     100

struct rig {
	uv_loop_t loop;
	struct mmx_control *control;
	char dir[32], path[64];
	unsigned int asked; /* for guests */
};

static struct json_object *give_status(void *ctx)
{
	(void)ctx;
	return json_tokener_parse("{\"state\":\"running\"}");
}

static struct json_object *give_guests(void *ctx)
{
	(void)ctx;
	return json_object_new_array();
}

static struct json_object *give_nothing(void *ctx)
{
	(void)ctx;
	return NULL;
}

static struct json_object *give_much(void *ctx)
{
	static char text[BIG + 1];
	struct json_object *array = json_object_new_array();

	((struct rig *)ctx)->asked++;
	memset(text, 'x', BIG);
	json_object_array_add(array, json_object_new_string(text));
	return array;
}

static int give_page(void *ctx, const char *partition, uint32_t from, struct json_object **ret)
{
	(void)ctx;
	if (strcmp(partition, "A"))
		return CONTROL_E_UNKNOWN;
	*ret = json_object_new_int64(from);
	return 0;
}

static int give_no_page(void *ctx, const char *partition, uint32_t from, struct json_object **ret)
{
	(void)ctx;
	(void)partition;
	(void)from;
	(void)ret;
	return -ENOMEM;
}

static const struct mmx_control_ops small_ops = {
	.status = give_status,
	.guests = give_guests,
	.groups = give_page,
	.vms = give_page,
};
static const struct mmx_control_ops no_memory_ops = {
	.status = give_nothing,
	.guests = give_nothing,
	.groups = give_no_page,
	.vms = give_no_page,
};
static const struct mmx_control_ops big_ops = {
	.status = give_status,
	.guests = give_much,
	.groups = give_page,
	.vms = give_page,
};

/* ---- lines ---- */

#define NO_OBJECT "{\"ok\":false,\"error\":\"the line is no JSON object\"}"
#define UNKNOWN \
	"{\"ok\":false,\"error\":\"unknown command; there are version, status, guests, groups and vms\"}"
#define PAGE                                                                                  \
	"{\"ok\":false,\"error\":\"\\\"partition\\\", a string, and \\\"from\\\", a number, " \
	"are needed\"}"
#define NO_COMMAND "{\"ok\":false,\"error\":\"\\\"command\\\" is missing, or no string\"}"
#define MEMBERS	   "{\"ok\":false,\"error\":\"a request has no members but \\\"command\\\"\"}"

static void answers(void **state)
{
	static const struct {
		const char *line;
		size_t len; /* 0 = strlen() */
		const char *answer;
	} cases[] = {
		{ "{\"command\":\"status\"}", 0,
		  "{\"ok\":true,\"status\":{\"state\":\"running\"}}" },
		{ "{\"command\":\"guests\"}", 0, "{\"ok\":true,\"guests\":[]}" },
		{ " { \"command\" : \"guests\" } \r", 0, "{\"ok\":true,\"guests\":[]}" },
		{ "{\"command\":\"version\"}", 0,
		  "{\"ok\":true,\"version\":\"" PACKAGE_VERSION "\",\"protocol\":\"0.1\"}" },
		{ "{\"command\":\"reboot\"}", 0, UNKNOWN },
		{ "{\"command\":\"\"}", 0, UNKNOWN },
		{ "{\"command\":\"status \"}", 0, UNKNOWN },
		{ "{\"command\":\"status\\u0000\"}", 0, NO_COMMAND },
		{ "{\"command\":5}", 0, NO_COMMAND },
		{ "{\"command\":null}", 0, NO_COMMAND },
		{ "{\"command\":[\"status\"]}", 0, NO_COMMAND },
		{ "{}", 0, NO_COMMAND },
		{ "{\"Command\":\"status\"}", 0, NO_COMMAND },
		{ "{\"command\":\"status\",\"of\":\"a\"}", 0, MEMBERS },
		{ "{\"command\":\"groups\",\"partition\":\"A\",\"from\":7}", 0,
		  "{\"ok\":true,\"groups\":7}" },
		{ "{\"from\":4294967295,\"command\":\"vms\",\"partition\":\"A\"}", 0,
		  "{\"ok\":true,\"vms\":4294967295}" },
		{ "{\"command\":\"groups\",\"partition\":\"B\",\"from\":0}", 0,
		  "{\"ok\":false,\"error\":\"there is no such partition\"}" },
		{ "{\"command\":\"groups\"}", 0, PAGE },
		{ "{\"command\":\"groups\",\"partition\":\"A\"}", 0, PAGE },
		{ "{\"command\":\"vms\",\"partition\":\"A\",\"from\":-1}", 0, PAGE },
		{ "{\"command\":\"vms\",\"partition\":\"A\",\"from\":4294967296}", 0, PAGE },
		{ "{\"command\":\"vms\",\"partition\":\"A\",\"from\":\"0\"}", 0, PAGE },
		{ "{\"command\":\"vms\",\"partition\":\"A\\u0000\",\"from\":0}", 0, PAGE },
		{ "{\"command\":\"vms\",\"partition\":\"A\",\"from\":0,\"x\":0}", 0, PAGE },
		{ "", 0, NO_OBJECT },
		{ " ", 0, NO_OBJECT },
		{ "\r", 0, NO_OBJECT },
		{ "status", 0, NO_OBJECT },
		{ "\"status\"", 0, NO_OBJECT },
		{ "null", 0, NO_OBJECT },
		{ "[]", 0, NO_OBJECT },
		{ "5", 0, NO_OBJECT },
		{ "{\"command\":\"status\"", 0, NO_OBJECT },
		{ "{\"command\":\"status\"}}", 0, NO_OBJECT },
		{ "{\"command\":\"status\"} {}", 0, NO_OBJECT },
		{ "{'command':'status'}", 0, NO_OBJECT },
		{ "{\"command\":\"status\",}", 0, NO_OBJECT },
		{ "{\"command\":\"\xff\"}", 0, NO_OBJECT },
		{ "{\"a\":[[[[[[[[[]]]]]]]]]}", 0, NO_OBJECT },
		{ "{\"command\":\"status\"}\0{}", 23, NO_OBJECT },
		{ "{\"command\":\"status\"}\0", 21, NO_OBJECT },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = cases[i].len ? cases[i].len : strlen(cases[i].line);
		struct json_object *obj = mmx_control_answer(cases[i].line, len, &small_ops, NULL);
		const char *text = json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN);

		if (strcmp(text, cases[i].answer))
			fail_msg("'%s' is answered with %s, not with %s", cases[i].line, text,
				 cases[i].answer);
		json_object_put(obj);
	}
}

static void answer_without_memory(void **state)
{
	static const char status[] = "{\"command\":\"status\"}",
			  guests[] = "{\"command\":\"guests\"}",
			  vms[] = "{\"command\":\"vms\",\"partition\":\"A\",\"from\":0}";

	(void)state;
	assert_null(mmx_control_answer(status, strlen(status), &no_memory_ops, NULL));
	assert_null(mmx_control_answer(guests, strlen(guests), &no_memory_ops, NULL));
	assert_null(mmx_control_answer(vms, strlen(vms), &no_memory_ops, NULL));
}

/* ---- connections ---- */

static void spin(struct rig *rig)
{
	int i;

	for (i = 0; i < SPINS; i++)
		uv_run(&rig->loop, UV_RUN_NOWAIT);
}

static void start(struct rig *rig, const struct mmx_control_ops *ops)
{
	memset(rig, 0, sizeof(*rig));
	strcpy(rig->dir, "/tmp/control_test.XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	snprintf(rig->path, sizeof(rig->path), "%s/socket", rig->dir);
	assert_int_equal(uv_loop_init(&rig->loop), 0);
	assert_int_equal(mmx_control_create(&rig->loop, rig->path, 0640, ops, rig, &rig->control),
			 0);
}

/* The loop runs dry, so all handles are closed; and nothing is left of the socket. */
static void stop(struct rig *rig)
{
	mmx_control_destroy(rig->control);
	assert_int_equal(access(rig->path, F_OK), -1);
	assert_int_equal(uv_run(&rig->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&rig->loop), 0);
	assert_int_equal(rmdir(rig->dir), 0);
}

static int client(const struct rig *rig)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	strcpy(addr.sun_path, rig->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	size_t len = strlen(text);

	assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), len);
}

/* What has come by now is exactly this, if @end then and the end; @end is also a reset: of lines not listened to. */
static void hears(int fd, const char *text, bool end)
{
	char buf[4096];
	size_t used = 0;
	ssize_t n;

	while ((n = recv(fd, buf + used, sizeof(buf) - 1 - used, 0)) > 0)
		used += (size_t)n;
	buf[used] = '\0';
	assert_string_equal(buf, text);
	if (end)
		assert_true(n == 0 || errno == ECONNRESET);
	else
		assert_true(n < 0 && errno == EAGAIN);
}

#define VERSION_ANSWER "{\"ok\":true,\"version\":\"" PACKAGE_VERSION "\",\"protocol\":\"0.1\"}\n"
#define GUESTS_ANSWER  "{\"ok\":true,\"guests\":[]}\n"

static void in_pieces(void **state)
{
	static const char request[] = "{\"command\":\"version\"}\r\n";
	struct rig rig;
	size_t i;
	int fd;

	(void)state;
	start(&rig, &small_ops);
	fd = client(&rig);
	for (i = 0; request[i]; i++) {
		const char one[2] = { request[i] };

		hears(fd, "", false);
		say(fd, one);
		spin(&rig);
	}
	hears(fd, VERSION_ANSWER, false);
	close(fd);
	stop(&rig);
}

static void several_at_once(void **state)
{
	struct rig rig;
	int fd;

	(void)state;
	start(&rig, &small_ops);
	fd = client(&rig);
	say(fd, VERSION_LINE GUESTS_LINE "nonsense\n{\"command\":");
	spin(&rig);
	hears(fd, VERSION_ANSWER GUESTS_ANSWER NO_OBJECT "\n", false);
	say(fd, "\"guests\"}\n");
	spin(&rig);
	hears(fd, GUESTS_ANSWER, false);
	/* who has said all hears all */
	say(fd, GUESTS_LINE "{\"command\":\"sta");
	shutdown(fd, SHUT_WR);
	spin(&rig);
	hears(fd, GUESTS_ANSWER, true);
	close(fd);
	stop(&rig);
}

static void line_too_long(void **state)
{
	static const char error[] = "{\"ok\":false,\"error\":\"the line is too long\"}\n";
	char line[MMX_CONTROL_MAX_LINE + 2];
	struct rig rig;
	int fd, other;

	(void)state;
	start(&rig, &small_ops);
	fd = client(&rig);
	other = client(&rig);
	/* the longest that is allowed */
	memset(line, ' ', sizeof(line));
	memcpy(line, "{\"command\":\"guests\"}", strlen("{\"command\":\"guests\"}"));
	line[MMX_CONTROL_MAX_LINE] = '\n';
	line[MMX_CONTROL_MAX_LINE + 1] = '\0';
	say(fd, line);
	spin(&rig);
	hears(fd, GUESTS_ANSWER, false);
	/* one byte more */
	line[MMX_CONTROL_MAX_LINE] = ' ';
	say(fd, line);
	spin(&rig);
	hears(fd, error, true);
	say(other, GUESTS_LINE);
	spin(&rig);
	hears(other, GUESTS_ANSWER, false);
	close(fd);
	close(other);
	stop(&rig);
}

static void too_many(void **state)
{
	int fds[MMX_CONTROL_MAX_CLIENTS], late, i, count = (int)MMX_CONTROL_MAX_CLIENTS;
	struct rig rig;

	(void)state;
	start(&rig, &small_ops);
	for (i = 0; i < count; i++) {
		fds[i] = client(&rig);
		spin(&rig);
	}
	late = client(&rig);
	spin(&rig);
	hears(late, "{\"ok\":false,\"error\":\"too many clients\"}\n", true);
	close(late);
	/* those who are in are served, and when one goes there is room again */
	say(fds[count - 1], GUESTS_LINE);
	close(fds[0]);
	spin(&rig);
	hears(fds[count - 1], GUESTS_ANSWER, false);
	fds[0] = client(&rig);
	say(fds[0], VERSION_LINE);
	spin(&rig);
	hears(fds[0], VERSION_ANSWER, false);
	for (i = 0; i < count; i++)
		close(fds[i]);
	stop(&rig);
}

/* One that asks and asks and does not read is asked for no more than it has room for, and keeps nobody else waiting. */
static void does_not_read(void **state)
{
	static char buf[BIG];
	size_t received = 0;
	struct rig rig;
	int fd, other, i;
	ssize_t n;

	(void)state;
	start(&rig, &big_ops);
	fd = client(&rig);
	other = client(&rig);
	for (i = 0; i < 40; i++)
		say(fd, GUESTS_LINE);
	uv_run(&rig.loop, UV_RUN_NOWAIT);
	assert_in_range(rig.asked, 0, 2);
	spin(&rig);
	/* what the kernel's buffer takes, and one more */
	assert_in_range(rig.asked, 1, 10);
	say(other, VERSION_LINE);
	spin(&rig);
	hears(other, VERSION_ANSWER, false);
	/* when it reads, it gets them all */
	for (i = 0; i < 10000 && received < 40 * BIG; i++) {
		while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
			received += (size_t)n;
		uv_run(&rig.loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(rig.asked, 40);
	assert_true(received > 40 * BIG);
	close(fd);
	close(other);
	stop(&rig);
}

/* One that is idle, one with half a line, one that has not read, one that has and is to leave, one not accepted. */
static void destroyed_with_clients(void **state)
{
	struct rig rig;
	int fds[5], i;

	(void)state;
	start(&rig, &big_ops);
	for (i = 0; i < 4; i++)
		fds[i] = client(&rig);
	say(fds[1], "{\"comm");
	for (i = 0; i < 4; i++) {
		say(fds[2], GUESTS_LINE);
		say(fds[3], GUESTS_LINE);
	}
	shutdown(fds[3], SHUT_WR);
	spin(&rig);
	assert_in_range(rig.asked, 2, 8);
	fds[4] = client(&rig);
	stop(&rig);
	hears(fds[0], "", true);
	for (i = 0; i < 5; i++)
		close(fds[i]);
}

static void socket_file(void **state)
{
	struct mmx_control *second = NULL;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct rig rig;
	struct stat st;
	int fd;

	(void)state;
	start(&rig, &small_ops);
	assert_int_equal(stat(rig.path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0640);
	/* somebody listens there: it stays his */
	assert_int_equal(mmx_control_create(&rig.loop, rig.path, 0600, &small_ops, NULL, &second),
			 -EADDRINUSE);
	assert_null(second);
	spin(&rig);
	fd = client(&rig);
	say(fd, VERSION_LINE);
	spin(&rig);
	hears(fd, VERSION_ANSWER, false);
	close(fd);
	stop(&rig);

	/* nobody listens there: the file is replaced */
	assert_non_null(mkdtemp(strcpy(rig.dir, "/tmp/control_test.XXXXXX")));
	snprintf(rig.path, sizeof(rig.path), "%s/socket", rig.dir);
	strcpy(addr.sun_path, rig.path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
	assert_int_equal(uv_loop_init(&rig.loop), 0);
	assert_int_equal(
		mmx_control_create(&rig.loop, rig.path, 0600, &small_ops, NULL, &rig.control), 0);
	fd = client(&rig);
	say(fd, VERSION_LINE);
	spin(&rig);
	hears(fd, VERSION_ANSWER, false);
	close(fd);
	stop(&rig);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),	 cmocka_unit_test(answer_without_memory),
		cmocka_unit_test(in_pieces),	 cmocka_unit_test(several_at_once),
		cmocka_unit_test(line_too_long), cmocka_unit_test(too_many),
		cmocka_unit_test(does_not_read), cmocka_unit_test(destroyed_with_clients),
		cmocka_unit_test(socket_file),
	};

	mmx_log_configure("all+error", &(const char *){ NULL });
	return cmocka_run_group_tests(tests, NULL, NULL);
}
