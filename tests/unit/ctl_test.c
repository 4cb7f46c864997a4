// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * malimuxctl: canned answers of a daemon to what is printed of them, good ones byte for byte, bad ones with the reason
 * for which they are refused; and the conversation with daemons that behave, hang up, or talk too much.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/malimuxctl/answer.h"
#include "tools/malimuxctl/ask.h"
#include "tools/malimuxctl/show.h"

#define GPU                                                                                 \
	"\"gpu\":{\"ready\":true,\"power\":\"off\",\"power_offs\":12,"                      \
	"\"power_off_ns\":95000000000,\"device\":\"vfio-user\",\"gpu_id\":\"0xa8670010\","  \
	"\"shader_present\":\"0x50005\",\"as_present\":\"0xff\",\"slots\":8,\"streams\":8," \
	"\"resets\":1,\"interrupts\":4711,\"vms\":2,\"groups\":3,"                          \
	"\"heaps\":4,\"dma_bytes\":13107200}"
#define FIRMWARE(is_signed)                                                        \
	"\"firmware\":{\"image\":\"/fw/mali_csffw.bin\",\"signed\":" is_signed "," \
	"\"interface\":\"1.5.0\",\"build_info\":\"\"}"
#define STATUS(uptime)                                    \
	"{\"ok\":true,\"status\":{\"state\":\"running\"," \
	"\"uptime_ms\":" uptime ",\"partitions\":2,\"guests\":1," GPU "," FIRMWARE("false") "}}"

#define LIMITS                                                                   \
	"\"clients_max\":64,\"vms_max\":64,\"groups_max\":128,\"heaps_max\":64," \
	"\"timelines_max\":1024,\"mems_max\":16384,\"backend_bytes_max\":268435456"
#define IDLE                                                                                                                                \
	"{\"partition\":\"ivi\",\"connected\":false,\"weight\":1,\"slots_max\":8,\"slots\":0,"                                              \
	"\"shader_cores\":\"0x50005\",\"gpu_time_ns\":0,\"guests\":0,\"jobs_done\":0,"                                                      \
	"\"jobs_failed\":0,\"faults\":0,\"timeouts\":0,\"resets\":0,\"lost\":0,\"quarantine_ms\":9000,\"clients\":0,\"vms\":0,\"heaps\":0," \
	"\"groups\":0,\"timelines\":0,"                                                                                                     \
	"\"mems\":0,\"jobs\":0,\"mem_bytes\":0,\"mem_bytes_max\":268435456,\"backend_bytes\":0,"                                            \
	"\"heap_bytes\":0,\"messages\":0,\"refused\":0," LIMITS "}"
#define BUSY(name)                                                                                                                       \
	"{\"partition\":\"cluster\",\"connected\":true,\"weight\":12,\"slots_max\":4,\"slots\":2,"                                       \
	"\"shader_cores\":\"0x5\",\"gpu_time_ns\":12345678901,\"guests\":3,\"jobs_done\":100000,"                                        \
	"\"jobs_failed\":7,\"faults\":1,\"timeouts\":2,\"resets\":3,\"lost\":4,\"quarantine_ms\":0,\"clients\":1,\"vms\":1,\"heaps\":3," \
	"\"groups\":2,\"timelines\":4,"                                                                                                  \
	"\"mems\":9,\"jobs\":5,\"mem_bytes\":1048576,\"mem_bytes_max\":1073741824,"                                                      \
	"\"backend_bytes\":1572864,\"heap_bytes\":524288,"                                                                               \
	"\"messages\":55,\"refused\":2," LIMITS ",\"name\":\"" name "\","                                                                \
	"\"pid\":4242,\"uid\":1000}"
#define GROUP(slot, queues)                                                                                         \
	"{\"group\":\"0x10000\",\"label\":\"main\",\"vm\":\"0x10001\",\"client\":\"0x10002\",\"process\":\"cube\"," \
	"\"pid\":77,\"priority\":\"high\",\"state\":\"on\"," slot "\"gpu_time_ns\":1500000,"                        \
	"\"backend_bytes\":81920,\"queues\":[" queues "]}"
#define QUEUE(submitted) \
	"{\"timeline\":\"0x10003\",\"submitted\":" submitted ",\"completed\":9,\"failed\":1}"
#define VM                                                                                                     \
	"{\"vm\":\"0x10001\",\"label\":\"\",\"client\":\"0x10002\",\"process\":\"\",\"pid\":0,\"mappings\":5," \
	"\"mappings_max\":16384,\"table_bytes\":20480,\"users\":2,\"resident\":true}"
#define PAGE(what, list) \
	"{\"ok\":true,\"" what "\":{\"" what "\":[" list "],\"partition\":\"ivi\",\"next\":0}}"
#define GUESTS(list) "{\"ok\":true,\"guests\":[" list "]}"

static char *shown(const struct mmx_ctl_answer *answer, bool json)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(json ? mmx_ctl_show_json(answer, out) : mmx_ctl_show(answer, out), 0);
	fclose(out);
	return text;
}

static void good(void **state)
{
	static const struct {
		enum mmx_ctl_command command;
		bool json;
		const char *line, *text;
	} cases[] = {
		{ MMX_CTL_VERSION, false,
		  "{\"ok\":true,\"version\":\"0.1.0\",\"protocol\":\"0.1\",\"news\":[1]}",
		  "malimuxd 0.1.0, protocol 0.1\n" },
		{ MMX_CTL_VERSION, true, "{\"ok\":true,\"version\":\"0.1.0\",\"protocol\":\"0.1\"}",
		  "{\"version\":\"0.1.0\",\"protocol\":\"0.1\"}" },
		{ MMX_CTL_STATUS, false, STATUS("93784999"),
		  "state:      running, up 1 d 2 h 3 min 4 s\n"
		  "guests:     1 connected, 2 partitions\n"
		  "gpu:        0xa8670010, ready, by vfio-user\n"
		  "power:      off, was off 12 times, 1 min 35 s in all\n"
		  "has:        4 cores (0x50005), 8 slots of 8 streams, 8 address spaces\n"
		  "in use:     2 VMs, 3 groups, 4 heaps, 12.5 MiB of the backend's memory\n"
		  "so far:     1 resets, 4711 interrupts\n"
		  "firmware:   /fw/mali_csffw.bin, interface 1.5.0, UNSIGNED\n"
		  "build:      -\n" },
		{ MMX_CTL_GUESTS, false, GUESTS(""),
		  "PARTITION  GUEST  PID  WEIGHT  SLOTS  CORES  GPU-MS  DONE  FAILED  PENDING  FAULTS  "
		  "TIMEOUTS  RESETS  LOST  VMS  GROUPS  HEAPS  MIB  MIB-MAX  MIB-BACKEND  MIB-HEAPS\n" },
		{ MMX_CTL_GUESTS, false, GUESTS(BUSY("mesa") "," IDLE),
		  "PARTITION  GUEST          PID  WEIGHT  SLOTS    CORES   GPU-MS    DONE  FAILED  "
		  "PENDING  FAULTS  TIMEOUTS  RESETS  LOST  VMS  GROUPS  HEAPS  MIB  MIB-MAX  "
		  "MIB-BACKEND  MIB-HEAPS\n"
		  "cluster    mesa          4242      12    2/4      0x5  12345.7  100000       7  "
		  "      5       1         2       3     4    1       2      3  1.0   1024.0  "
		  "        1.5        0.5\n"
		  "ivi        (quarantine)     -       1    0/8  0x50005      0.0       0       0  "
		  "      0       0         0       0     0    0       0      0  0.0    256.0  "
		  "        0.0        0.0\n" },
		{ MMX_CTL_GUESTS, true, GUESTS("  "), "[]" },
		{ MMX_CTL_GROUPS, false, PAGE("groups", ""),
		  "PARTITION  GROUP  LABEL  PROCESS  VM  PRIORITY  STATE  PID  SLOT  GPU-MS  KIB  QUEUE  "
		  "SUBMITTED  COMPLETED  FAILED  PENDING\n" },
		{ MMX_CTL_GROUPS, false,
		  PAGE("groups",
		       GROUP("\"slot\":3,", QUEUE("12") "," QUEUE("9")) "," GROUP("", "")),
		  "PARTITION  GROUP    LABEL  PROCESS  VM       PRIORITY  STATE  PID  SLOT  GPU-MS   KIB  "
		  "QUEUE  SUBMITTED  COMPLETED  FAILED  PENDING\n"
		  "ivi        0x10000  main   cube     0x10001  high      on      77     3     1.5  80.0  "
		  "    0         12          9       1        3\n"
		  "                                                                                       "
		  "    1          9          9       1        0\n"
		  "ivi        0x10000  main   cube     0x10001  high      on      77     -     1.5  80.0  "
		  "                                            \n" },
		{ MMX_CTL_VMS, false, PAGE("vms", VM),
		  "PARTITION  VM       LABEL  PROCESS  RESIDENT  PID  MAPPINGS   KIB  USERS\n"
		  "ivi        0x10001  -      -        yes         0   5/16384  20.0      2\n" },
		{ MMX_CTL_VMS, true, PAGE("vms", ""),
		  "{\"vms\":[],\"partition\":\"ivi\",\"next\":0}" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mmx_ctl_error error = { "" };
		struct mmx_ctl_answer answer;
		char *text;

		if (mmx_ctl_answer_parse(cases[i].command, cases[i].line, strlen(cases[i].line),
					 &answer, &error))
			fail_msg("case %zu: %s", i, error.text);
		text = shown(&answer, cases[i].json);
		assert_string_equal(text, cases[i].text);
		free(text);
		mmx_ctl_answer_finish(&answer);
	}
}

static void parse_guests(const char *line, struct mmx_ctl_answer *ret_answer)
{
	struct mmx_ctl_error error;

	assert_int_equal(
		mmx_ctl_answer_parse(MMX_CTL_GUESTS, line, strlen(line), ret_answer, &error), 0);
}

/* One guest, and what has happened between two answers; one that has come meanwhile counts from 0. */
static void guest_and_rates(void **state)
{
	struct mmx_ctl_answer before, now;
	char *text;
	size_t len;
	FILE *out;

	(void)state;
	parse_guests(GUESTS(IDLE), &before);
	parse_guests(GUESTS(BUSY("mesa") "," IDLE), &now);
	out = open_memstream(&text, &len);
	mmx_ctl_show_guest(&now.guests[0], out);
	mmx_ctl_show_guest(&now.guests[1], out);
	fclose(out);
	assert_string_equal(text, "partition:  cluster, weight 12, cores 0x5\n"
				  "guest:      mesa, process 4242, uid 1000\n"
				  "slots:      2 of 4\n"
				  "clients:    1 of 64\n"
				  "VMs:        1 of 64\n"
				  "groups:     2 of 128\n"
				  "heaps:      3 of 64\n"
				  "timelines:  4 of 1024\n"
				  "objects:    9 of 16384\n"
				  "memory:     1.0 of 1024.0 MiB\n"
				  "backend's:  1.5 of 256.0 MiB\n"
				  "of that:    0.5 MiB in tiler heaps\n"
				  "jobs:       5 pending, 100000 done, 7 failed\n"
				  "messages:   55, 2 refused\n"
				  "trouble:    1 faults, 2 time-outs, reason of 3 resets; 4 groups "
				  "lost by those of others\n"
				  "gpu time:   12345.7 ms, over 3 guests\n"
				  "partition:  ivi, weight 1, cores 0x50005\n"
				  "guest:      none, and none is let in: quarantine\n"
				  "slots:      0 of 8\n"
				  "clients:    0 of 64\n"
				  "VMs:        0 of 64\n"
				  "groups:     0 of 128\n"
				  "heaps:      0 of 64\n"
				  "timelines:  0 of 1024\n"
				  "objects:    0 of 16384\n"
				  "memory:     0.0 of 256.0 MiB\n"
				  "backend's:  0.0 of 256.0 MiB\n"
				  "of that:    0.0 MiB in tiler heaps\n"
				  "jobs:       0 pending, 0 done, 0 failed\n"
				  "messages:   0, 0 refused\n"
				  "trouble:    0 faults, 0 time-outs, reason of 0 resets; 0 groups "
				  "lost by those of others\n"
				  "gpu time:   0.0 ms, over 0 guests\n");
	free(text);

	out = open_memstream(&text, &len);
	assert_int_equal(mmx_ctl_show_rates(&before, &now, 20, out), 0);
	fclose(out);
	assert_string_equal(text, "PARTITION  GUEST  SLOTS  GPU-%  JOBS/S  FAILED/S  MSGS/S  "
				  "REFUSED/S  PENDING  GROUPS  MIB\n"
				  "cluster    mesa     2/4   61.7  5000.0       0.3     2.8  "
				  "      0.1        5       2  1.0\n"
				  "ivi        -        0/8    0.0     0.0       0.0     0.0  "
				  "      0.0        0       0  0.0\n");
	free(text);
	mmx_ctl_answer_finish(&before);
	mmx_ctl_answer_finish(&now);
}

/* A guest may call itself what it likes: a terminal gets none of it. */
static void hostile_names(void **state)
{
	/* ESC, DEL, U+009B, U+20AC, U+1F600, a newline, a backslash */
	static const char line[] =
		GUESTS(BUSY("a\\u001b[31m\x7f\xc2\x9b\xe2\x82\xac\xf0\x9f\x98\x80\\n\\\\"));
	struct mmx_ctl_error error = { "" };
	struct mmx_ctl_answer answer;
	const char *p;
	char *text;

	(void)state;
	assert_int_equal(mmx_ctl_answer_parse(MMX_CTL_GUESTS, line, strlen(line), &answer, &error),
			 0);
	text = shown(&answer, false);
	assert_non_null(
		strstr(text, "a\\x1b[31m\\x7f\\xc2\\x9b\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80\\x0a"));
	for (p = text; *p; p++)
		assert_true((*p >= ' ' && *p <= '~') || *p == '\n');
	free(text);
	text = shown(&answer, true);
	assert_non_null(strstr(text, "\"a\\u001b[31m\\u007f\\u009b\\u20ac\\ud83d\\ude00\\n\\\\\""));
	for (p = text; *p; p++)
		assert_true(*p >= ' ' && *p <= '~');
	free(text);
	mmx_ctl_answer_finish(&answer);
}

static void bad(void **state)
{
	static const struct {
		enum mmx_ctl_command command;
		const char *line;
		int r;
		const char *says;
	} cases[] = {
		{ MMX_CTL_STATUS, "{\"ok\":false,\"error\":\"too many clients\"}", CTL_E_REFUSED,
		  "too many clients" },
		{ MMX_CTL_STATUS, "{\"ok\":false}", CTL_E_MALFORMED, "'error' is missing" },
		{ MMX_CTL_STATUS, "{\"ok\":false,\"error\":7}", CTL_E_MALFORMED, "'error'" },
		{ MMX_CTL_STATUS, "", CTL_E_MALFORMED, "no JSON object" },
		{ MMX_CTL_STATUS, "null", CTL_E_MALFORMED, "no JSON object" },
		{ MMX_CTL_STATUS, "[]", CTL_E_MALFORMED, "no JSON object" },
		{ MMX_CTL_STATUS, "{\"ok\":true", CTL_E_MALFORMED, "no JSON object" },
		{ MMX_CTL_STATUS, "{\"ok\":true} x", CTL_E_MALFORMED, "no JSON object" },
		{ MMX_CTL_STATUS, "{\"ok\":true,\"x\":[[[[[[[[[[]]]]]]]]]]}", CTL_E_MALFORMED,
		  "no JSON object" },
		{ MMX_CTL_STATUS, "{}", CTL_E_MALFORMED, "'ok'" },
		{ MMX_CTL_STATUS, "{\"ok\":1}", CTL_E_MALFORMED, "'ok'" },
		{ MMX_CTL_STATUS, "{\"ok\":true}", CTL_E_MALFORMED, "'status'" },
		{ MMX_CTL_STATUS, "{\"ok\":true,\"status\":null}", CTL_E_MALFORMED, "'status'" },
		{ MMX_CTL_STATUS, "{\"ok\":true,\"status\":[]}", CTL_E_MALFORMED, "'status'" },
		{ MMX_CTL_STATUS, STATUS("-1"), CTL_E_MALFORMED, "'uptime_ms' is not" },
		{ MMX_CTL_STATUS, STATUS("1.5"), CTL_E_MALFORMED, "'uptime_ms' is not" },
		{ MMX_CTL_STATUS, STATUS("\"1\""), CTL_E_MALFORMED, "'uptime_ms' is not" },
		{ MMX_CTL_STATUS, STATUS("null"), CTL_E_MALFORMED, "'uptime_ms' is not" },
		{ MMX_CTL_STATUS,
		  "{\"ok\":true,\"status\":{\"state\":\"running\",\"uptime_ms\":1,"
		  "\"partitions\":2,\"guests\":1," FIRMWARE("true") "}}",
		  CTL_E_MALFORMED, "'gpu'" },
		{ MMX_CTL_STATUS,
		  "{\"ok\":true,\"status\":{\"state\":\"running\",\"uptime_ms\":1,"
		  "\"partitions\":2,\"guests\":1," GPU "}}",
		  CTL_E_MALFORMED, "'firmware'" },
		/* what is not plainly signed must not pass for it */
		{ MMX_CTL_STATUS,
		  "{\"ok\":true,\"status\":{\"state\":\"running\",\"uptime_ms\":1,"
		  "\"partitions\":2,\"guests\":1," GPU "," FIRMWARE("\"yes\"") "}}",
		  CTL_E_MALFORMED, "'signed'" },
		{ MMX_CTL_GUESTS, "{\"ok\":true,\"guests\":{}}", CTL_E_MALFORMED, "'guests'" },
		{ MMX_CTL_GUESTS, GUESTS("5"), CTL_E_MALFORMED, "a guest is no object" },
		{ MMX_CTL_GUESTS, GUESTS("null"), CTL_E_MALFORMED, "a guest is no object" },
		{ MMX_CTL_GUESTS, GUESTS("{\"partition\":\"a\"}"), CTL_E_MALFORMED,
		  "'connected' is missing" },
		{ MMX_CTL_GUESTS, GUESTS("{\"partition\":\"a\",\"connected\":true}"),
		  CTL_E_MALFORMED, "'weight' is missing" },
		{ MMX_CTL_GUESTS, GUESTS(BUSY("\\u0000")), CTL_E_MALFORMED, "'name' is not" },
		{ MMX_CTL_GUESTS, GUESTS(BUSY("\xff")), CTL_E_MALFORMED, "no JSON object" },
		{ MMX_CTL_GROUPS, PAGE("vms", VM), CTL_E_MALFORMED, "'groups'" },
		{ MMX_CTL_GROUPS, PAGE("groups", VM), CTL_E_MALFORMED, "'group' is missing" },
		{ MMX_CTL_GROUPS, PAGE("groups", "7"), CTL_E_MALFORMED, "a group is no object" },
		{ MMX_CTL_GROUPS, PAGE("groups", GROUP("\"slot\":\"3\",", "")), CTL_E_MALFORMED,
		  "'slot' is not" },
		{ MMX_CTL_GROUPS, PAGE("groups", GROUP("", "[]")), CTL_E_MALFORMED,
		  "a queue is no object" },
		{ MMX_CTL_GROUPS, PAGE("groups", GROUP("", QUEUE("-1"))), CTL_E_MALFORMED,
		  "'submitted' is not" },
		{ MMX_CTL_VMS, PAGE("vms", "null"), CTL_E_MALFORMED, "a VM is no object" },
		{ MMX_CTL_VMS, PAGE("vms", GROUP("", "")), CTL_E_MALFORMED, "'mappings'" },
		{ MMX_CTL_VERSION, "{\"ok\":true,\"version\":\"1\"}", CTL_E_MALFORMED,
		  "'protocol' is missing" },
		{ MMX_CTL_VERSION, "{\"ok\":true,\"version\":1,\"protocol\":\"1\"}",
		  CTL_E_MALFORMED, "'version' is not" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mmx_ctl_error error = { "" };
		struct mmx_ctl_answer answer;
		int r = mmx_ctl_answer_parse(cases[i].command, cases[i].line, strlen(cases[i].line),
					     &answer, &error);

		if (r != cases[i].r || !strstr(error.text, cases[i].says))
			fail_msg("case %zu: %d, '%s'", i, r, error.text);
	}
}

/* Whatever is missing of a guest, or is of another type, is named. */
static void each_member_counts(void **state)
{
	static const char line[] = GUESTS(BUSY("mesa"));
	unsigned int members = 0;
	const char *p = line;

	(void)state;
	p = strstr(p, "\"partition\"");
	for (; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL, members++) {
		struct mmx_ctl_error error = { "" };
		struct mmx_ctl_answer answer;
		const char *end = strchr(p + 1, '"');
		char *copy = strdup(line), name[40];

		snprintf(name, sizeof(name), "'%.*s' is missing", (int)(end - p - 1), p + 1);
		copy[p - line + 1] = 'X';
		assert_int_equal(
			mmx_ctl_answer_parse(MMX_CTL_GUESTS, copy, strlen(copy), &answer, &error),
			CTL_E_MALFORMED);
		assert_string_equal(error.text, name);
		free(copy);
	}
	assert_int_equal(members, 38);
}

/* ---- the conversation ---- */

struct daemon {
	char dir[32], path[64];
	int listen_fd;
	const char *says; /* then it hangs up */
	char heard[64];
	pthread_t thread;
};

static void *serve(void *arg)
{
	struct daemon *d = arg;
	int fd = accept(d->listen_fd, NULL, NULL);
	const char *p = d->says;
	ssize_t n = recv(fd, d->heard, sizeof(d->heard) - 1, 0);

	/* in two parts, so that the other end must put them together */
	if (n > 0 && *p) {
		n = send(fd, p, strlen(p) / 2, MSG_NOSIGNAL);
		if (n >= 0)
			send(fd, p + n, strlen(p + n), MSG_NOSIGNAL);
	}
	close(fd);
	return NULL;
}

static void start(struct daemon *d, const char *says)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	memset(d, 0, sizeof(*d));
	strcpy(d->dir, "/tmp/ctl_test.XXXXXX");
	assert_non_null(mkdtemp(d->dir));
	snprintf(d->path, sizeof(d->path), "%s/socket", d->dir);
	strcpy(addr.sun_path, d->path);
	d->says = says;
	d->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(d->listen_fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(d->listen_fd, 4), 0);
}

static void stop(struct daemon *d)
{
	close(d->listen_fd);
	unlink(d->path);
	rmdir(d->dir);
}

static void conversation(void **state)
{
	static char much[300001];
	const struct {
		const char *says;
		int r;
	} cases[] = {
		{ "{\"ok\":true}\n", 0 }, { "{\"ok\":true}\nand more", 0 },
		{ "", ASK_E_CLOSED },	  { "{\"ok\":tr", ASK_E_CLOSED },
		{ much, ASK_E_TOO_LONG },
	};
	size_t i;

	(void)state;
	memset(much, 'x', sizeof(much) - 1);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *line = NULL;
		struct daemon d;
		size_t len = 0;

		start(&d, cases[i].says);
		assert_int_equal(pthread_create(&d.thread, NULL, serve, &d), 0);
		assert_int_equal(mmx_ctl_ask(d.path, "question\n", 60000, 200000, &line, &len),
				 cases[i].r);
		pthread_join(d.thread, NULL);
		assert_string_equal(d.heard, "question\n");
		if (!cases[i].r) {
			assert_string_equal(line, "{\"ok\":true}");
			assert_int_equal(len, strlen(line));
		}
		free(line);
		stop(&d);
	}
}

/* An answer longer than the first buffer arrives whole. */
static void long_answer(void **state)
{
	static char much[100002];
	char *line = NULL;
	struct daemon d;
	size_t len = 0;

	(void)state;
	memset(much, 'x', sizeof(much) - 2);
	much[sizeof(much) - 2] = '\n';
	start(&d, much);
	assert_int_equal(pthread_create(&d.thread, NULL, serve, &d), 0);
	assert_int_equal(mmx_ctl_ask(d.path, "q\n", 60000, 100000, &line, &len), 0);
	pthread_join(d.thread, NULL);
	assert_int_equal(len, 100000);
	assert_int_equal(strspn(line, "x"), len);
	free(line);
	stop(&d);
}

static void nobody_there(void **state)
{
	char *line = NULL, path[200];
	struct daemon d;
	size_t len = 0;

	(void)state;
	start(&d, "");
	/* nobody takes the connection out of the backlog */
	assert_int_equal(mmx_ctl_ask(d.path, "q\n", 20, 1000, &line, &len), -ETIMEDOUT);
	close(d.listen_fd);
	assert_int_equal(mmx_ctl_ask(d.path, "q\n", 20, 1000, &line, &len), -ECONNREFUSED);
	unlink(d.path);
	assert_int_equal(mmx_ctl_ask(d.path, "q\n", 20, 1000, &line, &len), -ENOENT);
	rmdir(d.dir);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(mmx_ctl_ask(path, "q\n", 20, 1000, &line, &len), -ENAMETOOLONG);
	assert_null(line);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(guest_and_rates),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(bad),
		cmocka_unit_test(each_member_counts),
		cmocka_unit_test(conversation),
		cmocka_unit_test(long_answer),
		cmocka_unit_test(nobody_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
