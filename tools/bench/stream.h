/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The command streams of the jobs that are measured: the same ones, natively and of a guest. */
#ifndef TOOLS_BENCH_STREAM_H
#define TOOLS_BENCH_STREAM_H

#include <stddef.h>
#include <stdint.h>

enum mmx_bench_job {
	MMX_BENCH_NOP, /* a stream of one instruction */
	MMX_BENCH_50US, /* the shader cores are busy for so long */
	MMX_BENCH_200US,
	MMX_BENCH_1MS,
	MMX_BENCH_4MS,
	MMX_BENCH_JOBS,
};

/* All of them lie in one page, which is to be mapped there. */
#define MMX_BENCH_CODE_VA   0x10000000ull
#define MMX_BENCH_CODE_SIZE 4096u

struct mmx_bench_stream {
	uint64_t va;
	uint32_t size;
};

/* "50 us job"; also how long it takes. */
const char *mmx_bench_job_name(enum mmx_bench_job job);
unsigned int mmx_bench_job_us(enum mmx_bench_job job);

/**
 * mmx_bench_streams() - writes them all
 * @page: MMX_BENCH_CODE_SIZE bytes
 * @cores: shader cores that the jobs can have
 * @ret_streams: by enum mmx_bench_job
 * Return: 0 or a negative errno.
 */
int mmx_bench_streams(void *page, unsigned int cores,
		      struct mmx_bench_stream ret_streams[MMX_BENCH_JOBS]);

#endif
