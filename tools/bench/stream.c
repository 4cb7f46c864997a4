// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Jobs of a given time: a fragment job of as many tiles as the shader cores do in that time. On the model a tile of 16
 * by 16 pixels takes a core 512 ns and a job 1 us beside that (docs/model-cs.md); on another GPU the jobs would take
 * whatever they take there, and ratios would still compare the same jobs.
 */
#include "tools/bench/stream.h"

#include <errno.h>

#include "tests/lib/cs_asm.h"

#define TILE_NS	     512u
#define JOB_NS	     1000u
#define TILE_PIXELS  16u
#define MAX_TILES    4096u /* in a row: coordinates have 16 bits */
#define STREAM_BYTES 128u

static const struct {
	const char *name;
	unsigned int us;
} jobs[MMX_BENCH_JOBS] = {
	[MMX_BENCH_NOP] = { "empty stream", 0 },   [MMX_BENCH_50US] = { "50 us job", 50 },
	[MMX_BENCH_200US] = { "200 us job", 200 }, [MMX_BENCH_1MS] = { "1 ms job", 1000 },
	[MMX_BENCH_4MS] = { "4 ms job", 4000 },
};

const char *mmx_bench_job_name(enum mmx_bench_job job)
{
	return jobs[job].name;
}

unsigned int mmx_bench_job_us(enum mmx_bench_job job)
{
	return jobs[job].us;
}

static void emit(struct mmx_cs_asm *a, unsigned int us, unsigned int cores)
{
	uint32_t tiles, rows, columns;

	if (!us) {
		mmx_cs_nop(a);
		return;
	}
	tiles = (us * 1000u - JOB_NS) / TILE_NS * cores;
	rows = (tiles + MAX_TILES - 1) / MAX_TILES;
	columns = tiles / rows;
	mmx_cs_req_resource(a, MMX_CS_RES_FRAGMENT);
	mmx_cs_set_sb_entry(a, 2, 0);
	mmx_cs_move48(a, MMX_CS_R_FRAMEBUFFER, 0);
	mmx_cs_move32(a, MMX_CS_R_BOX_MIN, 0);
	mmx_cs_move32(a, MMX_CS_R_BOX_MAX,
		      MMX_CS_BOX(columns * TILE_PIXELS - 1, rows * TILE_PIXELS - 1));
	mmx_cs_run_fragment(a, 0);
	mmx_cs_wait(a, MMX_CS_SB(2));
	mmx_cs_req_resource(a, 0);
}

int mmx_bench_streams(void *page, unsigned int cores,
		      struct mmx_bench_stream ret_streams[MMX_BENCH_JOBS])
{
	unsigned int job;

	if (!cores)
		return -EINVAL;
	for (job = 0; job < MMX_BENCH_JOBS; job++) {
		uint32_t offset = job * STREAM_BYTES;
		struct mmx_cs_asm a;
		size_t count;
		int r;

		mmx_cs_asm_init(&a, (uint64_t *)(void *)((char *)page + offset),
				STREAM_BYTES / sizeof(uint64_t));
		emit(&a, jobs[job].us, cores);
		r = mmx_cs_asm_finish(&a, &count);
		if (r)
			return r;
		ret_streams[job].va = MMX_BENCH_CODE_VA + offset;
		ret_streams[job].size = (uint32_t)(count * sizeof(uint64_t));
	}
	return 0;
}
