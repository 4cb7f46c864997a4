// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * malimux-bench-driver [-d NODE] [-r REPETITIONS]: what a driver with panthor's uAPI costs its programs. Plain system calls
 * on a render node, as tests/uapi makes them, and nothing of the driver: so it measures upstream's panthor and malimux.ko alike,
 * and the test 'bench' of tests/vm puts the two side by side.
 *
 * One line for each number: '= NAME; UNIT; MEDIAN; SPREAD in per cent'. All rows are measured in each repetition, in turns.
 * Exit status: 0; 1 if something did not work; 77 if there is no such device.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/bench/driver.h"

#define MAX_ROWS 64u

static const char *node = "/dev/dri/renderD128";
static const char *running = "start";

/* ---- what tests/uapi/kit.c wants of its program ---- */

void uapi_fail(const char *file, int line, const char *format, ...)
{
	va_list ap;

	printf("%s: %s:%d: ", running, file, line);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

void uapi_again(const char *why)
{
	FAIL("%s", why);
}

int64_t uapi_begun_ns(void)
{
	return 0;
}

const char *uapi_error_name(int error)
{
	return error ? strerrorname_np(error < 0 ? -error : error) : "success";
}

const char *uapi_node(void)
{
	return node;
}

/* ---- what the rows share ---- */

double mmx_driver_rate(unsigned int count, int64_t start_ns)
{
	return count * 1e9 / (double)(uapi_now_ns() - start_ns);
}

void mmx_driver_wait(struct mmx_driver_bench *b)
{
	CHECK_OK(uapi_wait(b->rig.fd, b->done, UAPI_PATIENCE_NS));
	CHECK_OK(uapi_fence_error(b->rig.fd, b->done));
}

void mmx_driver_submit(struct mmx_driver_bench *b, struct uapi_stream stream, unsigned int count)
{
	struct pan_queue_submit jobs[MMX_DRIVER_BATCH];
	struct pan_sync_op signal = UAPI_SIGNAL(b->done);
	unsigned int i;

	for (i = 0; i < count; i++)
		jobs[i] = uapi_job(0, stream, NULL, 0);
	jobs[count - 1].syncs = PAN_ARRAY(1, &signal);
	CHECK_OK(uapi_submit(b->rig.fd, b->group, jobs, count));
}

static void init(struct mmx_driver_bench *b)
{
	struct mmx_bench_stream streams[MMX_BENCH_JOBS];
	uint64_t page[MMX_BENCH_CODE_SIZE / sizeof(uint64_t)];
	struct pan_gpu_info info = { 0 };
	unsigned int i;

	uapi_rig_init(&b->rig);
	b->group = uapi_group(b->rig.fd, b->rig.vm, 1);
	b->done = uapi_syncobj(b->rig.fd);
	b->idle_vm = uapi_vm(b->rig.fd);
	CHECK_OK(uapi_query(b->rig.fd, PAN_QUERY_GPU_INFO, &info, sizeof(info)));
	CHECK_OK(mmx_bench_streams(page, (unsigned int)__builtin_popcountll(info.shader_present),
				   streams));
	for (i = 0; i < MMX_BENCH_JOBS; i++)
		b->jobs[i] = uapi_stream(&b->rig,
					 page + (streams[i].va - MMX_BENCH_CODE_VA) / sizeof(*page),
					 streams[i].size / sizeof(*page));
	CHECK_OK(mmx_samples_init(&b->samples, 1000));
}

/* ---- all of it ---- */

struct line {
	const struct mmx_driver_row *row;
	struct mmx_series numbers[MMX_DRIVER_NUMBERS];
};

static unsigned int collect(struct line *lines)
{
	static const struct mmx_driver_row *const tables[] = { mmx_driver_job_rows,
							       mmx_driver_bind_rows,
							       mmx_driver_object_rows };
	const struct mmx_driver_row *row;
	unsigned int count = 0;
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (row = tables[i]; row->names[0] && count < MAX_ROWS; row++)
			lines[count++].row = row;
	return count;
}

static void measure(struct mmx_driver_bench *b, struct line *line)
{
	double numbers[MMX_DRIVER_NUMBERS] = { 0 };
	unsigned int i;

	running = line->row->names[0];
	line->row->run(b, line->row, numbers);
	for (i = 0; i < MMX_DRIVER_NUMBERS; i++)
		mmx_series_add(&line->numbers[i], numbers[i]);
}

static void print(const struct line *line)
{
	unsigned int i;

	for (i = 0; i < MMX_DRIVER_NUMBERS && line->row->names[i]; i++)
		printf("= %s; %s; %.1f; %.0f\n", line->row->names[i], line->row->unit,
		       mmx_series_median(&line->numbers[i]),
		       mmx_series_spread(&line->numbers[i]) * 100);
}

int main(int argc, char **argv)
{
	static struct line lines[MAX_ROWS];
	static struct mmx_driver_bench bench;
	unsigned int count = collect(lines), reps = 7, rep, i;
	int option;

	while ((option = getopt(argc, argv, "d:r:")) != -1) {
		if (option == 'd')
			node = optarg;
		else if (option == 'r')
			reps = (unsigned int)atoi(optarg);
		if (option == '?' || !reps || reps > MMX_SERIES_MAX) {
			fprintf(stderr, "usage: malimux-bench-driver [-d NODE] [-r REPETITIONS]\n");
			return 2;
		}
	}
	if (access(node, R_OK | W_OK)) {
		printf("skipped: no %s\n", node);
		return 77;
	}
	init(&bench);
	/* what is slow the first time only is not counted */
	for (i = 0; i < count; i++) {
		double unused[MMX_DRIVER_NUMBERS];

		running = lines[i].row->names[0];
		lines[i].row->run(&bench, lines[i].row, unused);
	}
	for (rep = 0; rep < reps; rep++)
		for (i = 0; i < count; i++)
			measure(&bench, &lines[i]);
	for (i = 0; i < count; i++)
		print(&lines[i]);
	mmx_samples_finish(&bench.samples);
	return 0;
}
