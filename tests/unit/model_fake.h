/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What a command stream of the model sees of the rest of it, replaced: a clock that tests move, flat
 * memory instead of page tables, a firmware that writes down what it is told. Links with the model's
 * own cs*.c, cores.c and event.c.
 */
#ifndef TESTS_UNIT_MODEL_FAKE_H
#define TESTS_UNIT_MODEL_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/model/cs.h"

#define FAKE_GROUPS   4u
#define FAKE_STREAMS  3u
#define FAKE_REGIONS  32u
#define FAKE_REPORTS  64u
#define FAKE_AS	      1u
#define FAKE_RING_VA  UINT64_C(0x7f0000000000)
#define FAKE_RING_LEN 4096u
#define FAKE_DATA_VA  UINT64_C(0x10000)
#define FAKE_DATA_LEN 8192u
#define FAKE_RO_VA    UINT64_C(0x40000)
#define FAKE_CODE_VA  UINT64_C(0x80000)
#define FAKE_CODE_LEN 65536u
/* an access there ends in that exception; 0x80: the bus does not answer */
#define FAKE_FAULT_VA(exception) (UINT64_C(0x60000000) + ((uint64_t)(exception) << 12))
#define FAKE_BUS_FAULT		 0x80u
#define FAKE_MS			 1000000u
#define FAKE_SECOND		 1000000000u

#define FAKE_COUNT(a) (unsigned int)(sizeof(a) / sizeof((a)[0]))

struct fake_region {
	unsigned int as;
	uint64_t va, len;
	bool writable;
	uint8_t *mem; /* exactly len bytes of the heap, so that a sanitizer sees any excess */
};

struct fake_report {
	unsigned int csg, cs;
	enum mdl_cs_report what;
	uint64_t at_ns;
	uint64_t extract; /* as the host saw it then */
};

struct fake {
	struct mmx_model *m;
	uint64_t now_ns;
	struct fake_region regions[FAKE_REGIONS];
	unsigned int region_count;
	struct mdl_cs *cs[FAKE_GROUPS][FAKE_STREAMS];
	uint64_t endpoints[FAKE_GROUPS][5];
	unsigned int priority[FAKE_GROUPS];
	uint16_t shared[FAKE_GROUPS][MDL_CS_SHARED_ENTRIES];
	uint64_t progress_ns; /* of the progress timer */
	unsigned int no_progress[FAKE_GROUPS]; /* reports */
	uint64_t insert[FAKE_GROUPS][FAKE_STREAMS];
	struct fake_report reports[FAKE_REPORTS];
	unsigned int report_count; /* may be more than are kept */
	uint32_t flush_id;
	uint64_t slices;
};

/* Return: false without memory. Clock at 1 ms, all cores (0x50005) and the tiler for all groups. */
bool fake_init(struct fake *f);
void fake_finish(struct fake *f);
/* cmocka fixtures; *state is the struct fake to fill in. Stream 0 of group 0 is started. */
int fake_setup(void **state);
int fake_teardown(void **state);

/* Return: its memory; NULL without memory. */
void *fake_map(struct fake *f, unsigned int as, uint64_t va, uint64_t len, bool writable);
/* NULL if the bytes are not mapped. */
void *fake_ptr(struct fake *f, unsigned int as, uint64_t va, size_t len);

/* Words in FAKE_AS; they must be mapped. */
uint32_t fake_rd32(struct fake *f, uint64_t va);
uint64_t fake_rd64(struct fake *f, uint64_t va);
void fake_wr64(struct fake *f, uint64_t va, uint64_t value);

struct mdl_cs_status fake_status(struct fake *f, unsigned int csg, unsigned int cs);
/* Maps ring, input and output page of a stream and starts it. */
void fake_start(struct fake *f, unsigned int csg, unsigned int cs);
void fake_params(unsigned int csg, unsigned int cs, struct mdl_cs_params *ret_params);
/* Appends to its ring and kicks it. */
void fake_submit(struct fake *f, unsigned int csg, unsigned int cs, const uint64_t *words,
		 unsigned int count);
/* The same with the instructions themselves, for a stream of group 0. */
#define FAKE_SUBMIT(f, cs, ...)                                    \
	do {                                                       \
		const uint64_t words_[] = { __VA_ARGS__ };         \
		fake_submit(f, 0, cs, words_, FAKE_COUNT(words_)); \
	} while (0)
uint64_t fake_extract(struct fake *f, unsigned int csg, unsigned int cs);
uint32_t fake_active(struct fake *f, unsigned int csg, unsigned int cs);

/* Runs until nothing is due (true: the clock stands at the last thing done) or the time is over. */
bool fake_run(struct fake *f, uint64_t ns);
unsigned int fake_count(const struct fake *f, unsigned int csg, unsigned int cs,
			enum mdl_cs_report what);

#endif
