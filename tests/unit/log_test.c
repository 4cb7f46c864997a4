// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What reaches stderr: one write a line (a packet socket keeps the writes apart), levels, escapes, bounds. */
#include "backend/util/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int sink[2], saved_stderr;

static int setup(void **state)
{
	const char *bad;

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sink))
		return -1;
	saved_stderr = dup(STDERR_FILENO);
	dup2(sink[1], STDERR_FILENO);
	return mmx_log_configure("all+info", &bad);
}

static int teardown(void **state)
{
	(void)state;
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(sink[0]);
	close(sink[1]);
	return 0;
}

/* The next line, "" = nothing was written. */
static const char *line(void)
{
	static char buf[2 * MMX_LOG_LINE_MAX];
	ssize_t n = recv(sink[0], buf, sizeof(buf) - 1, MSG_DONTWAIT);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void test_format(void **state)
{
	(void)state;
	mmx_log(MMX_LOG_CORE, MMX_LOG_INFO, "ready path=%s", "/run/x");
	assert_string_equal(line(), "<6>core: ready path=/run/x\n");
	mmx_log_guest(MMX_LOG_SCHED, MMX_LOG_WARN, "cluster", "group lost slot group=0x%x",
		      0x10003u);
	assert_string_equal(line(), "<4>sched: group lost slot group=0x10003 guest=cluster\n");
	assert_string_equal(line(), "");
}

static void test_escapes(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "a\nb", "a\\x0ab" },	      { "\r\t\x1b[31m", "\\x0d\\x09\\x1b[31m" },
		{ "del\x7f", "del\\x7f" },    { "back\\slash", "back\\\\slash" },
		{ "\xc2\x9b", "\\xc2\\x9b" }, { "plain ~text!", "plain ~text!" },
	};
	char want[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mmx_log(MMX_LOG_SESSION, MMX_LOG_ERROR, "%s", cases[i].text);
		strcpy(want, "<3>session: ");
		strcat(want, cases[i].want);
		strcat(want, "\n");
		assert_string_equal(line(), want);
	}
	/* a guest's name can't pretend to be another key */
	mmx_log_guest(MMX_LOG_SESSION, MMX_LOG_ERROR, "a b=c\n", "x");
	assert_string_equal(line(), "<3>session: x guest=a\\x20b=c\\x0a\n");
}

static void test_bounds(void **state)
{
	char text[4000];
	const char *got;
	size_t len, fill;
	int kind;

	(void)state;
	for (kind = 0; kind < 3; kind++) {
		/* around and far beyond the limit, with bytes that become 1, 2 and 4 */
		for (fill = 200; fill < sizeof(text); fill += fill < 1100 ? 1 : 500) {
			memset(text, "a\\\n"[kind], fill);
			text[fill] = '\0';
			mmx_log_guest(MMX_LOG_GPU, MMX_LOG_WARN, text, "%s", text);
			got = line();
			len = strlen(got);
			assert_true(len > 200 && len <= MMX_LOG_LINE_MAX);
			assert_true(got[len - 1] == '\n' && strchr(got, '\n') == got + len - 1);
			assert_non_null(strstr(got, " guest="));
		}
		assert_non_null(strstr(got, "... guest="));
		assert_string_equal(got + len - 4, "...\n");
	}
	assert_string_equal(line(), "");
}

static void test_levels(void **state)
{
	const char *bad = NULL;

	(void)state;
	assert_true(mmx_log_enabled(MMX_LOG_GPU, MMX_LOG_INFO));
	assert_false(mmx_log_enabled(MMX_LOG_GPU, MMX_LOG_DEBUG));
	assert_int_equal(mmx_log_configure("all+warn,sched+debug,core+error", &bad), 0);
	assert_false(mmx_log_enabled(MMX_LOG_GPU, MMX_LOG_INFO));
	assert_true(mmx_log_enabled(MMX_LOG_GPU, MMX_LOG_WARN));
	assert_true(mmx_log_enabled(MMX_LOG_SCHED, MMX_LOG_DEBUG));
	assert_false(mmx_log_enabled(MMX_LOG_CORE, MMX_LOG_WARN));
	mmx_log(MMX_LOG_CORE, MMX_LOG_WARN, "hidden");
	mmx_log(MMX_LOG_SCHED, MMX_LOG_DEBUG, "shown");
	assert_string_equal(line(), "<7>sched: shown\n");
	assert_string_equal(line(), "");
	assert_int_equal(mmx_log_configure("", &bad), 0);
	assert_true(mmx_log_enabled(MMX_LOG_SCHED, MMX_LOG_DEBUG));
}

static void test_bad_specs(void **state)
{
	static const struct {
		const char *spec;
		size_t bad;
	} cases[] = {
		{ "all", 0 },	     { "all+", 0 },
		{ "+warn", 0 },	     { "nosuch+warn", 0 },
		{ "all+loud", 0 },   { "all+debug,gpu", 10 },
		{ "all+debugg", 0 }, { "all+debug,,all+info", 10 },
		{ "all+DEBUG", 0 },  { "core+debug,gp+debug", 11 },
	};
	const char *bad;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bad = NULL;
		assert_int_equal(mmx_log_configure(cases[i].spec, &bad), -EINVAL);
		assert_ptr_equal(bad, cases[i].spec + cases[i].bad);
		assert_false(mmx_log_enabled(MMX_LOG_CORE, MMX_LOG_DEBUG));
	}
}

static void test_errno_survives(void **state)
{
	(void)state;
	errno = ENOSPC;
	close(sink[0]); /* the write fails */
	sink[0] = -1;
	close(STDERR_FILENO);
	mmx_log(MMX_LOG_CORE, MMX_LOG_ERROR, "nobody reads");
	assert_int_equal(errno, ENOSPC);
}

static void test_limit(void **state)
{
	struct mmx_log_limit limit = { 0 };
	uint64_t now = 7;
	uint32_t dropped = 99;
	unsigned int i;

	(void)state;
	for (i = 0; i < MMX_LOG_LIMIT_BURST; i++) {
		assert_true(mmx_log_limit_pass(&limit, now, &dropped));
		assert_int_equal(dropped, 0);
	}
	for (i = 0; i < 3; i++)
		assert_false(mmx_log_limit_pass(&limit, now, &dropped));
	now += MMX_LOG_LIMIT_INTERVAL_NS;
	assert_true(mmx_log_limit_pass(&limit, now, &dropped));
	assert_int_equal(dropped, 3);
	assert_true(mmx_log_limit_pass(&limit, now + 1, &dropped));
	assert_int_equal(dropped, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_format, setup, teardown),
		cmocka_unit_test_setup_teardown(test_escapes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_levels, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_specs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errno_survives, setup, teardown),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
