// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* See model_fake.h. Defines what cs*.c and cores.c call of model.c, mmu.c, csf.c and gpu.c. */
#include "tests/unit/model_fake.h"

#include <stdlib.h>
#include <string.h>

#include "tools/model/cores.h"
#include "tools/model/csf.h"
#include "tools/model/event_priv.h"
#include "tools/model/gpu.h"
#include "tools/model/mmu.h"
#include "tools/model/inject.h"
#include "tools/model/model_priv.h"
#include "tools/model/product.h"

#define IO_VA(csg, cs) (0x04000000u + ((csg)*FAKE_STREAMS + (cs)) * 0x2000u)
#define CORES	       UINT64_C(0x50005)

struct mmx_model {
	struct fake *f;
	struct mdl_events *events;
	struct mdl_cores *cores;
};

uint64_t mdl_now(const struct mmx_model *m)
{
	return m->f->now_ns;
}

struct mdl_events *mdl_events(struct mmx_model *m)
{
	return m->events;
}

struct mdl_cores *mdl_cores(struct mmx_model *m)
{
	return m->cores;
}

uint32_t mdl_gpu_latest_flush(struct mmx_model *m)
{
	return m->f->flush_id;
}

void mdl_gpu_flush_l2(struct mmx_model *m, unsigned int l2)
{
	if (l2 == 3)
		m->f->flush_id++;
}

void mdl_span(const struct mmx_model *m, const char *block, unsigned int index, const char *name,
	      uint64_t start_ns, uint64_t ns)
{
	(void)m;
	(void)block;
	(void)index;
	(void)name;
	(void)start_ns;
	(void)ns;
}

/* nothing is injected here */
uint64_t mdl_inject_ns(struct mmx_model *m, enum mdl_point point, uint64_t ns)
{
	(void)m;
	(void)point;
	return ns;
}

uint64_t mdl_gpu_timestamp(struct mmx_model *m)
{
	return m->f->now_ns * 24 / 1000;
}

uint64_t mdl_gpu_cycles(struct mmx_model *m)
{
	return m->f->now_ns;
}

unsigned int mdl_csf_priority(struct mmx_model *m, unsigned int csg)
{
	return m->f->priority[csg];
}

uint64_t mdl_csf_endpoints(struct mmx_model *m, unsigned int csg, unsigned int resource)
{
	return m->f->endpoints[csg][resource];
}

/* Streams look at the architecture only. */
const struct mdl_product *mdl_product(const struct mmx_model *m)
{
	static const struct mdl_product product = { .gpu_id = 0xa0000000 };

	(void)m;
	return &product;
}

uint16_t *mdl_csf_shared_entries(struct mmx_model *m, unsigned int csg)
{
	return m->f->shared[csg];
}

uint64_t mdl_csf_progress_ns(struct mmx_model *m)
{
	return m->f->progress_ns;
}

void mdl_csf_no_progress(struct mmx_model *m, unsigned int csg)
{
	m->f->no_progress[csg]++;
}

struct mdl_cs *mdl_csf_stream(struct mmx_model *m, unsigned int csg, unsigned int cs)
{
	return cs < FAKE_STREAMS ? m->f->cs[csg][cs] : NULL;
}

void mdl_csf_cs_report(struct mmx_model *m, unsigned int csg, unsigned int cs,
		       enum mdl_cs_report what)
{
	struct fake *f = m->f;
	struct fake_report *r = &f->reports[f->report_count % FAKE_REPORTS];

	*r = (struct fake_report){ csg, cs, what, f->now_ns, fake_extract(f, csg, cs) };
	f->report_count++;
	if (what != MDL_CS_SYNC_UPDATE)
		return;
	for (unsigned int i = 0; i < FAKE_GROUPS; i++)
		for (unsigned int k = 0; k < FAKE_STREAMS; k++)
			mdl_cs_kick(f->cs[i][k]);
}

/* The region that holds the byte. */
static struct fake_region *find(struct fake *f, unsigned int as, uint64_t va)
{
	for (unsigned int i = 0; i < f->region_count; i++) {
		struct fake_region *r = &f->regions[i];

		if (r->as == as && va >= r->va && va - r->va < r->len)
			return r;
	}
	return NULL;
}

/* Pages each of which has its own way to fail: the exception is the page's number. */
static bool faults(uint64_t va, enum mdl_access access, struct mdl_fault *ret_fault)
{
	uint32_t exception = (uint32_t)((va - FAKE_FAULT_VA(0)) >> 12);

	if (va < FAKE_FAULT_VA(0) || va >= FAKE_FAULT_VA(0x100))
		return false;
	if (ret_fault)
		*ret_fault = (struct mdl_fault){
			.exception = exception,
			.access = access,
			.va = va,
			.bus = exception == FAKE_BUS_FAULT,
		};
	return true;
}

static bool transfer(struct mmx_model *m, unsigned int as, uint64_t va, void *in, const void *out,
		     size_t len, enum mdl_access access, struct mdl_fault *ret_fault)
{
	for (size_t done = 0; done < len;) {
		struct fake_region *r = find(m->f, as, va + done);
		size_t at, part;

		if (faults(va + done, access, ret_fault))
			return false;
		if (!r || (out && !r->writable)) {
			if (ret_fault)
				*ret_fault = (struct mdl_fault){
					.exception = r ? 0xcb : 0xc3,
					.access = access,
					.va = va + done,
				};
			return false;
		}
		at = (size_t)(va + done - r->va);
		part = (size_t)r->len - at < len - done ? (size_t)r->len - at : len - done;
		if (out)
			memcpy(r->mem + at, (const uint8_t *)out + done, part);
		else
			memcpy((uint8_t *)in + done, r->mem + at, part);
		done += part;
	}
	return true;
}

bool mdl_mmu_read(struct mmx_model *m, unsigned int as, uint64_t va, void *buf, size_t len,
		  enum mdl_access access, struct mdl_fault *ret_fault)
{
	return transfer(m, as, va, buf, NULL, len, access, ret_fault);
}

bool mdl_mmu_write(struct mmx_model *m, unsigned int as, uint64_t va, const void *buf, size_t len,
		   struct mdl_fault *ret_fault)
{
	return transfer(m, as, va, NULL, buf, len, MDL_ACCESS_WRITE, ret_fault);
}

bool fake_init(struct fake *f)
{
	static const bool is_tiler[] = { false, false, true, false, false };

	*f = (struct fake){ .now_ns = 1000000, .flush_id = 1 };
	f->m = calloc(1, sizeof(*f->m));
	if (!f->m)
		return false;
	f->m->f = f;
	f->m->events = mdl_events_create();
	f->m->cores = mdl_cores_create(f->m);
	for (unsigned int i = 0; i < FAKE_GROUPS; i++) {
		for (unsigned int k = 0; k < FAKE_STREAMS; k++)
			f->cs[i][k] = mdl_cs_create(f->m, i, k);
		for (unsigned int k = 0; k < FAKE_COUNT(is_tiler); k++)
			f->endpoints[i][k] = is_tiler[k] ? 1 : CORES;
	}
	return f->m->events && f->m->cores && f->cs[FAKE_GROUPS - 1][FAKE_STREAMS - 1] &&
	       fake_map(f, FAKE_AS, FAKE_DATA_VA, FAKE_DATA_LEN, true) &&
	       fake_map(f, FAKE_AS, FAKE_RO_VA, 4096, false) &&
	       fake_map(f, FAKE_AS, FAKE_CODE_VA, FAKE_CODE_LEN, true);
}

void fake_finish(struct fake *f)
{
	for (unsigned int i = 0; i < FAKE_GROUPS; i++)
		for (unsigned int k = 0; k < FAKE_STREAMS; k++)
			mdl_cs_destroy(f->cs[i][k]);
	mdl_cores_destroy(f->m->cores);
	mdl_events_destroy(f->m->events);
	for (unsigned int i = 0; i < f->region_count; i++)
		free(f->regions[i].mem);
	free(f->m);
}

int fake_setup(void **state)
{
	if (!fake_init(*state))
		return -1;
	fake_start(*state, 0, 0);
	return 0;
}

int fake_teardown(void **state)
{
	fake_finish(*state);
	return 0;
}

void *fake_map(struct fake *f, unsigned int as, uint64_t va, uint64_t len, bool writable)
{
	struct fake_region *r = &f->regions[f->region_count];

	if (f->region_count == FAKE_REGIONS)
		return NULL;
	*r = (struct fake_region){ as, va, len, writable, calloc(1, len) };
	if (r->mem)
		f->region_count++;
	return r->mem;
}

void *fake_ptr(struct fake *f, unsigned int as, uint64_t va, size_t len)
{
	struct fake_region *r = find(f, as, va);

	return r && len <= r->len - (va - r->va) ? r->mem + (va - r->va) : NULL;
}

uint32_t fake_rd32(struct fake *f, uint64_t va)
{
	uint32_t value;

	memcpy(&value, fake_ptr(f, FAKE_AS, va, 4), 4);
	return value;
}

uint64_t fake_rd64(struct fake *f, uint64_t va)
{
	uint64_t value;

	memcpy(&value, fake_ptr(f, FAKE_AS, va, 8), 8);
	return value;
}

void fake_wr64(struct fake *f, uint64_t va, uint64_t value)
{
	memcpy(fake_ptr(f, FAKE_AS, va, 8), &value, 8);
}

struct mdl_cs_status fake_status(struct fake *f, unsigned int csg, unsigned int cs)
{
	struct mdl_cs_status st;

	mdl_cs_status(f->cs[csg][cs], &st);
	return st;
}

void fake_params(unsigned int csg, unsigned int cs, struct mdl_cs_params *ret_params)
{
	*ret_params = (struct mdl_cs_params){
		.as = FAKE_AS,
		.ring_base = FAKE_RING_VA + (csg * FAKE_STREAMS + cs) * 0x100000ull,
		.ring_size = FAKE_RING_LEN,
		.input_va = IO_VA(csg, cs),
		.output_va = IO_VA(csg, cs) + 0x1000,
	};
}

void fake_start(struct fake *f, unsigned int csg, unsigned int cs)
{
	struct mdl_cs_params params;

	fake_params(csg, cs, &params);
	if (!fake_ptr(f, FAKE_AS, params.ring_base, 1)) {
		fake_map(f, FAKE_AS, params.ring_base, FAKE_RING_LEN, true);
		fake_map(f, 0, params.input_va, 0x2000, true);
	}
	mdl_cs_start(f->cs[csg][cs], &params);
}

void fake_submit(struct fake *f, unsigned int csg, unsigned int cs, const uint64_t *words,
		 unsigned int count)
{
	struct mdl_cs_params params;
	uint64_t *insert = &f->insert[csg][cs];

	fake_params(csg, cs, &params);
	for (unsigned int i = 0; i < count; i++, *insert += 8)
		memcpy(fake_ptr(f, FAKE_AS, params.ring_base + *insert % FAKE_RING_LEN, 8),
		       &words[i], 8);
	memcpy(fake_ptr(f, 0, params.input_va, 8), insert, 8);
	mdl_cs_kick(f->cs[csg][cs]);
}

uint64_t fake_extract(struct fake *f, unsigned int csg, unsigned int cs)
{
	void *p = fake_ptr(f, 0, IO_VA(csg, cs) + 0x1000, 8);
	uint64_t extract = 0;

	if (p)
		memcpy(&extract, p, 8);
	return extract;
}

uint32_t fake_active(struct fake *f, unsigned int csg, unsigned int cs)
{
	uint32_t active;

	memcpy(&active, fake_ptr(f, 0, IO_VA(csg, cs) + 0x1008, 4), 4);
	return active;
}

/* When the next thing is due. */
static uint64_t next_ns(struct fake *f)
{
	uint64_t next = mdl_events_next_ns(f->m->events);

	for (unsigned int i = 0; i < FAKE_GROUPS; i++) {
		for (unsigned int k = 0; k < FAKE_STREAMS; k++) {
			uint64_t ns = mdl_cs_next_ns(f->cs[i][k]);

			next = ns < next ? ns : next;
		}
	}
	return next;
}

bool fake_run(struct fake *f, uint64_t ns)
{
	uint64_t end = f->now_ns + ns, next;

	while ((next = next_ns(f)) <= end) {
		if (next > f->now_ns)
			f->now_ns = next;
		mdl_events_run(f->m, f->now_ns);
		for (unsigned int i = 0; i < FAKE_GROUPS; i++) {
			for (unsigned int k = 0; k < FAKE_STREAMS; k++) {
				if (mdl_cs_next_ns(f->cs[i][k]) > f->now_ns)
					continue;
				mdl_cs_run(f->cs[i][k]);
				f->slices++;
			}
		}
	}
	if (next == UINT64_MAX)
		return true;
	f->now_ns = end;
	return false;
}

unsigned int fake_count(const struct fake *f, unsigned int csg, unsigned int cs,
			enum mdl_cs_report what)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < f->report_count && i < FAKE_REPORTS; i++)
		count += f->reports[i].csg == csg && f->reports[i].cs == cs &&
			 f->reports[i].what == what;
	return count;
}
