// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * malimux-demo-guest: a guest in a plain process, over libmalimux. Runs rounds of command streams whose results it
 * checks, says what it does line by line, and ends with 0 only if everything was right.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/demo/guest.h"

#define OPEN_MS 10000

static const char usage[] =
	"Usage: malimux-demo-guest --socket PATH [OPTION]...\n"
	"A guest of malimuxd that runs command streams and checks their results.\n"
	"\n"
	"      --socket PATH   of the partition\n"
	"      --name NAME     of this guest, in its lines and in the daemon's log (default: guest)\n"
	"      --rounds N      1..1000000 (default: 3)\n"
	"      --frames N      of each round's render pass, 1..100 (default: 20)\n"
	"      --fault         after the first round also run streams that fault\n"
	"  -h, --help          show this text\n"
	"\n"
	"Ends with 0 if all results were right, 1 if not, 2 if it was used in a wrong way, 3 if the\n"
	"session ended before its time.\n";

static void __attribute__((format(printf, 4, 0)))
say(const struct mmx_demo *demo, const char *what, const char *prefix, const char *format,
    va_list args)
{
	char text[160];

	vsnprintf(text, sizeof(text), format, args);
	if (demo->round)
		printf("%s  round %u/%u  %-8s %s%s\n", demo->name, demo->round, demo->rounds, what,
		       prefix, text);
	else
		printf("%s  %-8s %s%s\n", demo->name, what, prefix, text);
}

void mmx_demo_say(const struct mmx_demo *demo, const char *what, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(demo, what, "", format, args);
	va_end(args);
}

int mmx_demo_wrong(const struct mmx_demo *demo, const char *what, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(demo, what, "WRONG: ", format, args);
	va_end(args);
	return DEMO_E_WRONG;
}

static int rounds(struct mmx_demo *demo, bool fault)
{
	int r;

	r = mmx_work_group(&demo->work, 1, &demo->compute_group);
	r = r ? r : mmx_work_group(&demo->work, 3, &demo->render_group);
	for (demo->round = 1; !r && demo->round <= demo->rounds; demo->round++) {
		r = mmx_demo_compute(demo);
		r = r ? r : mmx_demo_render(demo);
		if (!r && fault && demo->round == 1)
			r = mmx_demo_faults(demo);
	}
	demo->round = 0;
	return r;
}

static int run(struct mmx_demo *demo, bool fault)
{
	const struct mmx_gpu_desc *gpu = mmx_guest_gpu(demo->guest);
	int r, close_r;

	mmx_demo_say(demo, "session", "GPU 0x%08x, %d shader cores, %u slots, %u streams a group",
		     gpu->gpu_id, __builtin_popcountll(gpu->shader_present), gpu->csg_slots,
		     gpu->cs_slots);
	r = mmx_work_open(&demo->work, demo->guest, demo->name);
	if (r)
		return r;
	r = rounds(demo, fault);
	close_r = mmx_work_close(&demo->work);
	return r ? r : close_r;
}

/* Return: false: no number within min..max. */
static bool parse(const char *text, unsigned int max, unsigned int *ret_value)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || !value || value > max)
		return false;
	*ret_value = (unsigned int)value;
	return true;
}

enum {
	OPT_SOCKET = 256,
	OPT_NAME,
	OPT_ROUNDS,
	OPT_FRAMES,
	OPT_FAULT,
};

static const struct option options[] = {
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "rounds", required_argument, NULL, OPT_ROUNDS },
	{ "frames", required_argument, NULL, OPT_FRAMES },
	{ "fault", no_argument, NULL, OPT_FAULT },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

int main(int argc, char **argv)
{
	struct mmx_demo demo = { .name = "guest", .rounds = 3, .frames = 20 };
	const char *socket = NULL;
	bool fault = false;
	int opt, r;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		bool ok = true;

		switch (opt) {
		case OPT_SOCKET:
			socket = optarg;
			break;
		case OPT_NAME:
			demo.name = optarg;
			break;
		case OPT_ROUNDS:
			ok = parse(optarg, 1000000, &demo.rounds);
			break;
		case OPT_FRAMES:
			ok = parse(optarg, MMX_DEMO_MAX_FRAMES, &demo.frames);
			break;
		case OPT_FAULT:
			fault = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			ok = false;
			break;
		}
		if (!ok) {
			fputs("Try 'malimux-demo-guest --help'.\n", stderr);
			return 2;
		}
	}
	if (!socket || !*socket || optind != argc) {
		fputs("malimux-demo-guest: --socket is wanted, and nothing but options\n", stderr);
		return 2;
	}
	/* lines are read as they come, by the demo and by tests */
	setvbuf(stdout, NULL, _IOLBF, 0);
	r = mmx_guest_open(socket, demo.name, mmx_work_timeout_ms(OPEN_MS), &demo.guest);
	if (r) {
		fprintf(stderr, "%s: %s: %s\n", demo.name, socket, strerror(-r));
		return 3;
	}
	r = run(&demo, fault);
	/* jobs that are cancelled because the session ends give wrong results before the end itself is seen */
	if (r > 0 && mmx_guest_poll(demo.guest))
		r = -ENODEV;
	if (!r)
		mmx_demo_say(&demo, "done", "all results right");
	else if (r < 0)
		fprintf(stderr, "%s: session: %s\n", demo.name, strerror(-r));
	mmx_guest_close(demo.guest);
	if (r < 0)
		return 3;
	return r ? 1 : 0;
}
