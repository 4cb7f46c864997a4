// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * malimux-bench: options, facts about the machine, rows, clean-up.
 *
 * The measuring is done by a child: this process only waits for its end, also when a signal comes, and then removes the
 * folder with all sockets. Model and daemon are the child's children and die with it.
 */
#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/util/log.h"
#include "firmware/generate.h"
#include "tools/bench/bench.h"

#define FULL_REPS  7u
#define QUICK_REPS 2u
#define WAIT_MS	   20000

static const struct row {
	const char *name;
	int (*run)(struct mmx_bench *b);
} rows[] = {
	{ "latency", mmx_row_latency }, { "throughput", mmx_row_throughput },
	{ "submit", mmx_row_submit },	{ "binds", mmx_row_binds },
	{ "attach", mmx_row_attach },	{ "memory", mmx_row_memory },
	{ "start", mmx_row_start },	{ "message", mmx_row_message },
	{ "polling", mmx_row_polling }, { "model", mmx_row_model },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const char usage[] =
	"Usage: malimux-bench [OPTION]... [ROW]...\n"
	"Measures what sharing the GPU costs, against a floor or a rival on the same machine.\n"
	"\n"
	"Rows (default: all): latency throughput submit binds attach memory start message\n"
	"polling model\n"
	"\n"
	"      --quick           few repetitions: shows that it works, not what things cost\n"
	"      --reps N          repetitions, 1..32 (default: 7)\n"
	"      --json FILE       write all numbers to FILE\n"
	"      --model PATH      malimux-model to use\n"
	"      --daemon PATH     malimuxd to use\n"
	"      --firmware FILE   image to use (default: one that is generated)\n"
	"  -h, --help            show this text\n"
	"  -V, --version         show the version\n";

int mmx_bench_fail(int error, const char *what, ...)
{
	va_list args;

	fflush(stdout);
	fputs("malimux-bench: ", stderr);
	va_start(args, what);
	vfprintf(stderr, what, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(error < 0 ? -error : error));
	return error;
}

/* ---- options ---- */

struct options {
	struct mmx_bench bench;
	const char *json;
	bool wanted[ROWS];
	char model[PATH_MAX], daemon[PATH_MAX];
};

enum {
	OPT_QUICK = 256,
	OPT_REPS,
	OPT_JSON,
	OPT_MODEL,
	OPT_DAEMON,
	OPT_FIRMWARE,
};

static const struct option long_options[] = {
	{ "quick", no_argument, NULL, OPT_QUICK },
	{ "reps", required_argument, NULL, OPT_REPS },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "model", required_argument, NULL, OPT_MODEL },
	{ "daemon", required_argument, NULL, OPT_DAEMON },
	{ "firmware", required_argument, NULL, OPT_FIRMWARE },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static bool parse_reps(const char *text, unsigned int *ret_reps)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || !value || value > MMX_SERIES_MAX)
		return false;
	*ret_reps = (unsigned int)value;
	return true;
}

static bool want(struct options *o, const char *name)
{
	size_t i;

	for (i = 0; i < ROWS; i++)
		if (!strcmp(rows[i].name, name)) {
			o->wanted[i] = true;
			return true;
		}
	fprintf(stderr, "malimux-bench: there is no row '%s'\n", name);
	return false;
}

/* Return: -1: go on; else what to exit with. */
static int parse(struct options *o, int argc, char **argv)
{
	bool ok = true;
	int opt;

	while (ok && (opt = getopt_long(argc, argv, "hV", long_options, NULL)) != -1) {
		switch (opt) {
		case OPT_QUICK:
			o->bench.quick = true;
			break;
		case OPT_REPS:
			ok = parse_reps(optarg, &o->bench.reps);
			break;
		case OPT_JSON:
			o->json = optarg;
			break;
		case OPT_MODEL:
			o->bench.model = optarg;
			break;
		case OPT_DAEMON:
			o->bench.daemon = optarg;
			break;
		case OPT_FIRMWARE:
			o->bench.firmware = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'V':
			puts("malimux-bench " PACKAGE_VERSION);
			return 0;
		default:
			ok = false;
			break;
		}
	}
	while (ok && optind < argc)
		ok = want(o, argv[optind++]);
	if (!ok) {
		fputs("Try 'malimux-bench --help'.\n", stderr);
		return 2;
	}
	if (!o->bench.reps)
		o->bench.reps = o->bench.quick ? QUICK_REPS : FULL_REPS;
	return -1;
}

/* ---- what is used ---- */

/*
 * The programs of the same build: beside this one as it is built, or as it is installed; else by PATH. @places: relative
 * to this program's folder, NULL at the end.
 */
static const char *find_program(const char *name, const char *const *places, char buf[PATH_MAX])
{
	char self[PATH_MAX / 2], *slash;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len <= 0)
		return name;
	self[len] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return name;
	*slash = '\0';
	for (; *places; places++) {
		snprintf(buf, PATH_MAX, "%s/%s", self, *places);
		if (!access(buf, X_OK))
			return buf;
	}
	return name;
}

static void find_programs(struct options *o)
{
	static const char *const models[] = { "../../malimux-model", "malimux-model", NULL };
	static const char *const daemons[] = { "../../backend/malimuxd", "../sbin/malimuxd", NULL };

	if (!o->bench.model)
		o->bench.model = find_program("malimux-model", models, o->model);
	if (!o->bench.daemon)
		o->bench.daemon = find_program("malimuxd", daemons, o->daemon);
}

/* Return: 0 or a negative errno. */
static int generate_firmware(const char *path)
{
	const struct mmx_fw_generate_options options = {
		.interface_version = mmx_fw_generate_interface_of_arch(10),
	};
	uint8_t *data;
	size_t size;
	FILE *f;
	int r;

	r = mmx_fw_generate(&options, &data, &size);
	if (r)
		return r;
	f = fopen(path, "we");
	if (!f)
		r = -errno;
	else if (fwrite(data, 1, size, f) != size)
		r = -EIO;
	if (f && fclose(f) && !r)
		r = -errno;
	free(data);
	return r;
}

static void first_line(const char *path, const char *prefix, char *buf, size_t size)
{
	char line[256];
	FILE *f = fopen(path, "re");

	snprintf(buf, size, "unknown");
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, prefix, strlen(prefix)))
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(buf, size, "%s", line + strlen(prefix));
		break;
	}
	if (f)
		fclose(f);
}

static void facts(struct mmx_bench *b, const char *firmware)
{
	struct utsname uts;
	char text[200];

	first_line("/proc/cpuinfo", "model name\t: ", text, sizeof(text));
	mmx_report_fact(b->report, "processor", "%ld cores online, %s",
			sysconf(_SC_NPROCESSORS_ONLN), text);
	if (!uname(&uts))
		mmx_report_fact(b->report, "kernel", "%s %s %s", uts.sysname, uts.release,
				uts.machine);
	first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "", text, sizeof(text));
	mmx_report_fact(b->report, "governor", "%s", text);
	first_line("/proc/loadavg", "", text, sizeof(text));
	mmx_report_fact(b->report, "load before", "%s", text);
	mmx_report_fact(b->report, "GPU", "%s, its default product, over vfio-user", b->model);
	mmx_report_fact(b->report, "daemon", "%s", b->daemon);
	mmx_report_fact(b->report, "firmware", "%s", firmware);
	mmx_report_fact(b->report, "repetitions",
			"%u%s; medians, +- half of what lies between quartiles", b->reps,
			b->quick ? ", quick: not to be judged" : "");
}

/* ---- the measuring process ---- */

static int measure(struct options *o, const char *dir)
{
	const char *firmware = o->bench.firmware, *factor = getenv("MMX_TEST_TIMEOUT_FACTOR");
	struct mmx_bench *b = &o->bench;
	char image[96];
	size_t i;
	int r;

	mmx_log_configure("all+error", NULL);
	b->dir = dir;
	b->timeout_ms = WAIT_MS;
	if (factor && atoi(factor) >= 1 && atoi(factor) <= 20)
		b->timeout_ms *= atoi(factor);
	if (!firmware) {
		snprintf(image, sizeof(image), "%s/firmware", dir);
		r = generate_firmware(image);
		if (r)
			return mmx_bench_fail(r, "%s", image);
		b->firmware = image;
	}
	r = mmx_report_create(&b->report);
	if (r)
		return mmx_bench_fail(r, "report");
	facts(b, firmware ? firmware : "generated, of architecture 10");
	b->all = true;
	for (i = 0; i < ROWS; i++)
		b->all = b->all && !o->wanted[i];
	for (i = 0; i < ROWS && !r; i++)
		if (b->all || o->wanted[i])
			r = rows[i].run(b);
	if (!r && o->json) {
		r = mmx_report_write(b->report, o->json);
		if (r)
			mmx_bench_fail(r, "%s", o->json);
	}
	mmx_report_destroy(b->report);
	return r;
}

/* ---- clean-up ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Until the child's end, or a signal: then it is ended. Return: what to exit with. */
static int await(pid_t child, const sigset_t *signals)
{
	int signal, status;

	for (;;) {
		signal = sigwaitinfo(signals, NULL);
		if (signal == SIGCHLD) {
			if (waitpid(child, &status, WNOHANG) != child)
				continue;
			if (WIFSIGNALED(status)) {
				fprintf(stderr, "malimux-bench: %s\n", strsignal(WTERMSIG(status)));
				return 1;
			}
			return WEXITSTATUS(status);
		}
		if (signal > 0) {
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
			return 128 + signal;
		}
	}
}

int main(int argc, char **argv)
{
	static struct options options;
	const char *tmp = getenv("TMPDIR");
	sigset_t signals, before;
	char dir[64];
	pid_t child, parent = getpid();
	int status;

	status = parse(&options, argc, argv);
	if (status >= 0)
		return status;
	find_programs(&options);
	/* sockets lie below: their paths have 107 bytes */
	if (snprintf(dir, sizeof(dir), "%s/malimux-bench-XXXXXX", tmp ? tmp : "/tmp") >=
	    (int)sizeof(dir))
		snprintf(dir, sizeof(dir), "/tmp/malimux-bench-XXXXXX");
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, &before);
	if (!mkdtemp(dir)) {
		mmx_bench_fail(-errno, "%s", dir);
		return 1;
	}
	child = fork();
	if (!child) {
		/* the terminal's signals go to the parent, which ends this process */
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigprocmask(SIG_SETMASK, &before, NULL);
		if (getppid() != parent)
			_exit(1);
		status = measure(&options, dir) ? 1 : 0;
		exit(status);
	}
	status = child < 0 ? 1 : await(child, &signals);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return status;
}
