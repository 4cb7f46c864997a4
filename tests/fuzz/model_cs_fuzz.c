// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Any instructions on any registers, over a small mapped memory that the stream may write, its own code,
 * rings and tiler heap included. Two streams of one group and one of another; one is suspended and restored on the
 * way, its state changed as the input says.
 *
 * Input: byte 0: number of words for stream 1; byte 1: which byte of the saved state to change; byte 2:
 * how; byte 3: bits 1:0 pairs of registers to set, bit 2
 * whether a heap that runs out gets more, bits 4:3 architecture - 10; then pairs of 8 bytes; then words, stream 0 gets the rest.
 *
 * Held: no access beyond the mapped memory (each region is a heap block of its own size), no slice of
 * more than its bounds, no event or slice that keeps the clock standing for ever, nothing left on
 * endpoints when all streams are stopped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/model_fake.h"
#include "tools/model/cores.h"
#include "tools/model/cs_priv.h"

#define RUN_NS 200000u
/* Twice RUN_NS, in which each of three streams writes a sync object every 64 ns at most, which wakes all three. */
#define SLICES_MAX (2 * RUN_NS / 64 * 3 * 3)
#define WORDS_MAX  256u
#define PAIRS_MAX  3u

/* A tiler heap, and chunks of one page for it. */
#define HEAP_VA	 (FAKE_DATA_VA + 0x400) /* context; then descriptor, then tiler context */
#define CHUNK(i) ((FAKE_DATA_VA + 0x1000 * (i)) | 1)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "model_cs_fuzz: %s\n", what);
	abort();
}

/* Pointers that make it likely that an access hits something. */
static void preset(struct mdl_cs *cs, const uint8_t *pairs, unsigned int count)
{
	uint64_t value;

	cs_set_pair(cs, 0, FAKE_DATA_VA);
	cs_set_pair(cs, 2, FAKE_CODE_VA);
	cs_set_pair(cs, 4, 64);
	cs_set_pair(cs, 6, FAKE_DATA_VA + FAKE_DATA_LEN - 16);
	cs_set_pair(cs, 8, FAKE_RO_VA);
	cs_set_pair(cs, 40, HEAP_VA + 0x80);
	cs_set_pair(cs, 50, HEAP_VA);
	for (unsigned int i = 0; i < count; i++) {
		memcpy(&value, pairs + 8 * i, 8);
		cs_set_pair(cs, 10 + 2 * i, value);
	}
}

static void place_heap(struct fake *f)
{
	fake_wr64(f, HEAP_VA + 0x40, UINT64_C(0x1000) << 32 | 0x29);
	fake_wr64(f, HEAP_VA + 0x48, FAKE_DATA_VA);
	fake_wr64(f, HEAP_VA + 0x50, FAKE_DATA_VA + 0xf00);
	fake_wr64(f, HEAP_VA + 0x58, FAKE_DATA_VA + 0x1000);
	fake_wr64(f, HEAP_VA + 0x98, HEAP_VA + 0x40);
}

/* Runs for a while; heaps that run out are answered in between. */
static void run(struct fake *f, bool grow)
{
	for (unsigned int n = 0; n < 4; n++) {
		fake_run(f, RUN_NS / 4);
		for (unsigned int i = 0; i < 4; i++)
			mdl_cs_heap_answer(f->cs[i / 2][i % 2], grow ? CHUNK(1) : 0,
					   grow ? CHUNK(1) : 0);
	}
}

static void suspend_restore(struct fake *f, unsigned int at, uint8_t change)
{
	uint8_t buf[MDL_CS_STATE_SIZE];
	struct mdl_cs *cs = f->cs[0][0];
	struct mdl_cs_params params;
	unsigned int i;

	mdl_cs_pause(cs);
	for (i = 0; i < 1000 && !mdl_cs_quiet(cs); i++)
		fake_run(f, 1000);
	check(mdl_cs_quiet(cs), "a paused stream does not get quiet");
	mdl_cs_save(cs, buf);
	mdl_cs_stop(cs);
	buf[at % sizeof(buf)] ^= change;
	buf[(at + 512) % sizeof(buf)] ^= change;
	fake_params(0, 0, &params);
	mdl_cs_restore(f->cs[1][1], &params, buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t words[WORDS_MAX], left;
	unsigned int pairs, count, split;
	struct fake f;

	if (size < 4 + 8)
		return 0;
	pairs = data[3] & PAIRS_MAX;
	if (size < 4 + 8 * (size_t)pairs + 8)
		return 0;
	count = (unsigned int)((size - 4 - 8 * pairs) / 8);
	count = count < WORDS_MAX ? count : WORDS_MAX;
	memcpy(words, data + 4 + 8 * pairs, 8ul * count);
	split = data[0] % (count + 1);
	if (!fake_init(&f))
		abort();
	f.priority[1] = 1;
	f.progress_ns = RUN_NS / 2;
	place_heap(&f);
	for (unsigned int i = 0; i < 3; i++) {
		unsigned int csg = i / 2, cs = i % 2;

		f.cs[csg][cs]->arch = 10 + (data[3] >> 3 & 3);
		fake_start(&f, csg, cs);
		preset(f.cs[csg][cs], data + 4, pairs);
	}
	memcpy(fake_ptr(&f, FAKE_AS, FAKE_CODE_VA, 8 * count), words, 8ul * count);
	fake_submit(&f, 0, 1, words, split);
	fake_submit(&f, 0, 0, words + split, count - split);
	fake_submit(&f, 1, 0, words, count);
	run(&f, data[3] & 4);
	suspend_restore(&f, data[1] * 4u + data[2] % 4u, data[2]);
	run(&f, data[3] & 4);
	check(f.slices < SLICES_MAX, "too many slices for the time");
	for (unsigned int i = 0; i < FAKE_GROUPS; i++)
		for (unsigned int k = 0; k < FAKE_STREAMS; k++)
			mdl_cs_stop(f.cs[i][k]);
	left = f.now_ns;
	check(fake_run(&f, RUN_NS) && f.now_ns == left, "something is left after all has stopped");
	fake_finish(&f);
	return 0;
}
