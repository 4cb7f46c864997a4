// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * GPU_CONTROL: what the GPU is (constants of the product), power domains, reset, cache flush, counters,
 * GPU-wide faults, and LATEST_FLUSH in the USER page. GPU_INT itself is irq.c.
 *
 * What takes time (cost.h) ends in a timed event of this block. Where hardware leaves a driver's mistake
 * undefined, the model ignores the write and logs an error:
 *   - power, flush and reset commands while a reset runs, and a second flush while one runs;
 *   - shader or tiler power-on while the L2 is off;
 *   - COHERENCY_PROTOCOL values that COHERENCY_FEATURES does not announce.
 * L2 power-off takes shader cores and tiler with it, and running firmware dies (mcu.c).
 *
 * Soft reset: everything but GPU_INT's MASK is as after power-on. The mask survives because upstream
 * panthor goes on using it without writing it again. Hard reset clears it too.
 * Architecture 14 has power and reset in PWR_CONTROL (pwr.c) instead; the units are here all the same.
 * PWRACTIVE reads as READY: the model does not clock-gate.
 */
#include "tools/model/gpu.h"

#include <stdlib.h>

#include "tools/model/cost.h"
#include "tools/model/csf.h"
#include "tools/model/inject.h"
#include "tools/model/irq.h"
#include "tools/model/l2.h"
#include "tools/model/mcu.h"
#include "tools/model/mmu_priv.h"
#include "tools/model/model_priv.h"
#include "tools/model/product.h"
#include "tools/model/pwr.h"
#include "tools/model/regs.h"

#define LATEST_FLUSH_FIRST 1u

struct domain {
	struct mdl_event event; /* end of the transitions below */
	uint64_t present;
	uint64_t ready;
	uint64_t going_on;
	uint64_t going_off;
};

struct mdl_gpu {
	struct domain domains[MDL_POWER_DOMAINS];
	bool coherent;

	struct mdl_event reset_event; /* queued: a reset runs */
	struct mdl_event flush_event; /* queued: a flush runs */
	unsigned int flush_l2; /* what it does to the L2 */
	uint32_t latest_flush;

	uint32_t fault_status;
	uint64_t fault_addr;
	uint32_t l2_config;
	uint32_t asn_hash[ASN_HASH_COUNT];
	uint32_t coherency_protocol;
	uint64_t timestamp_offset;

	/* cycle counter: counted up to the time when it last began to run */
	bool counting_host;
	bool counting_firmware;
	uint64_t cycles;
	uint64_t counting_since_ns;
};

static bool resetting(const struct mdl_gpu *gpu)
{
	return gpu->reset_event.queued;
}

bool mdl_gpu_resetting(struct mmx_model *m)
{
	return resetting(mdl_gpu(m));
}

/* ---- power ---- */

/* by enum mdl_power_domain */
static const char *const domain_names[MDL_POWER_DOMAINS] = { "shader cores", "tiler", "L2" };

static void power_done(struct mmx_model *m, struct mdl_event *ev)
{
	struct mdl_gpu *gpu = mdl_gpu(m);
	struct domain *d = (struct domain *)ev; /* its first member */
	uint64_t trans = 0;

	if (d == &gpu->domains[MDL_POWER_L2] && d->going_off) {
		mdl_mmu_power_off(m);
		mdl_l2_drop(m, true);
	}
	d->ready = (d->ready | d->going_on) & ~d->going_off;
	d->going_on = 0;
	d->going_off = 0;
	for (unsigned int i = 0; i < MDL_POWER_DOMAINS; i++)
		trans |= gpu->domains[i].going_on | gpu->domains[i].going_off;
	if (mdl_product_has_pwr(mdl_product(m)))
		mdl_irq_raise(m, MDL_IRQ_PWR, PWR_INT_CHANGED | (trans ? 0 : PWR_INT_CHANGED_ALL));
	else
		mdl_irq_raise(m, MMX_MODEL_IRQ_GPU,
			      GPU_INT_POWER_CHANGED | (trans ? 0 : GPU_INT_POWER_ALL));

	if (d == &gpu->domains[MDL_POWER_L2])
		mdl_mcu_l2_changed(m);
	else
		mdl_csf_power_changed(m);
}

static void drop_units_behind_l2(struct mmx_model *m)
{
	struct mdl_gpu *gpu = mdl_gpu(m);
	uint64_t lost = 0;

	for (unsigned int i = MDL_POWER_SHADER; i <= MDL_POWER_TILER; i++) {
		struct domain *d = &gpu->domains[i];

		lost |= d->ready | d->going_on;
		mdl_event_del(m, &d->event);
		d->ready = 0;
		d->going_on = 0;
		d->going_off = 0;
	}
	if (lost)
		mdl_csf_power_changed(m);
}

void mdl_gpu_power(struct mmx_model *m, enum mdl_power_domain domain, uint64_t units, bool on)
{
	struct mdl_gpu *gpu = mdl_gpu(m);
	struct domain *d = &gpu->domains[domain];
	uint64_t cost = domain == MDL_POWER_L2 ? MDL_COST_L2_POWER_NS : MDL_COST_CORE_POWER_NS;

	units &= d->present & ~(d->going_on | d->going_off);
	units &= on ? ~d->ready : d->ready;
	if (!units)
		return;
	if (on && domain != MDL_POWER_L2 && !mdl_gpu_ready(m, MDL_POWER_L2)) {
		mdl_log(m, MMX_MODEL_LOG_ERROR, "power-on of cores while the L2 is off");
		return;
	}
	if (on) {
		d->going_on |= units;
	} else {
		d->going_off |= units;
		if (domain == MDL_POWER_L2)
			drop_units_behind_l2(m);
	}
	cost = mdl_inject_ns(m, MDL_POINT_POWER, cost);
	mdl_span(m, domain_names[domain], 0, on ? "power up" : "power down", mdl_now(m), cost);
	mdl_event_add(m, &d->event, mdl_now(m) + cost);
}

void mdl_gpu_power_by_firmware(struct mmx_model *m, enum mdl_power_domain domain, uint64_t units,
			       bool on)
{
	if (mdl_pwr_delegated(m, domain))
		mdl_gpu_power(m, domain, units, on);
}

uint64_t mdl_gpu_ready(struct mmx_model *m, enum mdl_power_domain domain)
{
	const struct domain *d = &mdl_gpu(m)->domains[domain];

	return d->ready & ~d->going_off;
}

uint64_t mdl_gpu_present(struct mmx_model *m, enum mdl_power_domain domain)
{
	return mdl_gpu(m)->domains[domain].present;
}

uint64_t mdl_gpu_in_transition(struct mmx_model *m, enum mdl_power_domain domain)
{
	const struct domain *d = &mdl_gpu(m)->domains[domain];

	return d->going_on | d->going_off;
}

/* ---- counters ---- */

static uint64_t cycles_of(const struct mmx_model *m, uint64_t ns)
{
	/* 1000 MHz or less: no overflow within the life of a 64-bit ns clock that is not near its end */
	return ns / 1000 * mdl_product(m)->core_mhz + ns % 1000 * mdl_product(m)->core_mhz / 1000;
}

uint64_t mdl_gpu_timestamp(struct mmx_model *m)
{
	uint64_t now = mdl_now(m);
	uint64_t mhz = mdl_product(m)->timestamp_mhz;

	return now / 1000 * mhz + now % 1000 * mhz / 1000 + mdl_gpu(m)->timestamp_offset;
}

static bool counting(const struct mdl_gpu *gpu)
{
	return gpu->counting_host || gpu->counting_firmware;
}

uint64_t mdl_gpu_cycles(struct mmx_model *m)
{
	const struct mdl_gpu *gpu = mdl_gpu(m);

	if (!counting(gpu))
		return gpu->cycles;
	return gpu->cycles + cycles_of(m, mdl_now(m) - gpu->counting_since_ns);
}

static void set_counting(struct mmx_model *m, bool *who, bool wanted)
{
	struct mdl_gpu *gpu = mdl_gpu(m);

	gpu->cycles = mdl_gpu_cycles(m);
	gpu->counting_since_ns = mdl_now(m);
	*who = wanted;
}

void mdl_gpu_count_cycles(struct mmx_model *m, bool firmware_wants)
{
	set_counting(m, &mdl_gpu(m)->counting_firmware, firmware_wants);
}

/* ---- flush, reset, faults ---- */

uint32_t mdl_gpu_latest_flush(struct mmx_model *m)
{
	return mdl_gpu(m)->latest_flush;
}

void mdl_gpu_flush_l2(struct mmx_model *m, unsigned int l2)
{
	struct mdl_gpu *gpu = mdl_gpu(m);

	mdl_l2_flush(m, l2 & FLUSH_CLEAN, l2 & FLUSH_INVALIDATE);
	if (l2 != (FLUSH_CLEAN | FLUSH_INVALIDATE))
		return; /* whoever waits for fresh lines is not served by less */
	gpu->latest_flush++;
	if (!gpu->latest_flush)
		gpu->latest_flush = LATEST_FLUSH_FIRST; /* 0 means "always flush" to streams */
}

static void flush_done(struct mmx_model *m, struct mdl_event *ev)
{
	(void)ev;
	mdl_gpu_flush_l2(m, mdl_gpu(m)->flush_l2);
	mdl_irq_raise(m, MMX_MODEL_IRQ_GPU, GPU_INT_CLEAN_COMPLETED);
}

static void reset_done(struct mmx_model *m, struct mdl_event *ev)
{
	(void)ev;
	if (mdl_product_has_pwr(mdl_product(m)))
		mdl_irq_raise(m, MDL_IRQ_PWR, PWR_INT_RESET_COMPLETED);
	else
		mdl_irq_raise(m, MMX_MODEL_IRQ_GPU, GPU_INT_RESET_COMPLETED);
}

static void reset_state(struct mmx_model *m, struct mdl_gpu *gpu)
{
	for (unsigned int i = 0; i < MDL_POWER_DOMAINS; i++) {
		struct domain *d = &gpu->domains[i];

		mdl_event_del(m, &d->event);
		d->ready = 0;
		d->going_on = 0;
		d->going_off = 0;
	}
	mdl_event_del(m, &gpu->reset_event);
	mdl_event_del(m, &gpu->flush_event);
	gpu->latest_flush = LATEST_FLUSH_FIRST;
	gpu->fault_status = 0;
	gpu->fault_addr = 0;
	gpu->l2_config = 0;
	for (unsigned int i = 0; i < ASN_HASH_COUNT; i++)
		gpu->asn_hash[i] = 0;
	gpu->coherency_protocol = COHERENCY_PROTOCOL_NONE;
	gpu->timestamp_offset = 0;
	gpu->counting_host = false;
	gpu->counting_firmware = false;
	gpu->cycles = 0;
}

void mdl_gpu_start_reset(struct mmx_model *m, bool hard)
{
	struct mdl_gpu *gpu = mdl_gpu(m);
	uint64_t cost;

	mdl_reset_blocks(m);
	reset_state(m, gpu);
	mdl_irq_reset(m, MMX_MODEL_IRQ_GPU, !hard);
	mdl_irq_reset(m, MDL_IRQ_PWR, !hard);
	cost = mdl_inject_ns(m, MDL_POINT_RESET, MDL_COST_RESET_NS);
	mdl_span(m, "GPU", 0, "reset", mdl_now(m), cost);
	mdl_event_add(m, &gpu->reset_event, mdl_now(m) + cost);
}

static void start_flush(struct mmx_model *m, uint32_t what)
{
	struct mdl_gpu *gpu = mdl_gpu(m);
	uint64_t cost;

	if (gpu->flush_event.queued) {
		mdl_log(m, MMX_MODEL_LOG_ERROR, "cache flush while one is in progress");
		return;
	}
	gpu->flush_l2 = MDL_GET(GPU_CMD_FLUSH_L2, what);
	cost = mdl_inject_ns(m, MDL_POINT_FLUSH,
			     MDL_COST_FLUSH_NS + mdl_l2_dirty(m) * MDL_COST_CLEAN_LINE_NS);
	mdl_span(m, "GPU", 0, "flush", mdl_now(m), cost);
	mdl_event_add(m, &gpu->flush_event, mdl_now(m) + cost);
}

static void command(struct mmx_model *m, uint32_t value)
{
	struct mdl_gpu *gpu = mdl_gpu(m);
	uint32_t payload = MDL_GET(GPU_CMD_PAYLOAD, value);

	switch (MDL_GET(GPU_CMD_TYPE, value)) {
	case GPU_CMD_TYPE_NOP:
		return;
	case GPU_CMD_TYPE_RESET:
		if ((payload != GPU_CMD_RESET_SOFT && payload != GPU_CMD_RESET_HARD) ||
		    mdl_product_has_pwr(mdl_product(m)))
			break;
		mdl_gpu_start_reset(m, payload == GPU_CMD_RESET_HARD);
		return;
	case GPU_CMD_TYPE_TIME:
		set_counting(m, &gpu->counting_host, payload & 1);
		return;
	case GPU_CMD_TYPE_FLUSH:
		start_flush(m, payload);
		return;
	case GPU_CMD_TYPE_CLEAR_FAULT:
		gpu->fault_status = 0;
		gpu->fault_addr = 0;
		return;
	default:
		break;
	}
	mdl_log(m, MMX_MODEL_LOG_ERROR, "unknown GPU command 0x%x", value);
}

void mdl_gpu_bus_fault(struct mmx_model *m, unsigned int as, enum mdl_access access, uint64_t addr)
{
	struct mdl_gpu *gpu = mdl_gpu(m);

	mdl_log(m, MMX_MODEL_LOG_ERROR, "AS%u reaches 0x%llx, which is not mapped for DMA", as,
		(unsigned long long)addr);
	if (mdl_irq_raw(m, MMX_MODEL_IRQ_GPU) & GPU_INT_FAULT)
		return; /* the first one stays until it is cleared */
	gpu->fault_status = EXC_GPU_BUS_FAULT | MDL_PREP(GPU_FAULT_ACCESS, (uint32_t)access) |
			    GPU_FAULT_ADDR_VALID | GPU_FAULT_JASID_VALID |
			    MDL_PREP(GPU_FAULT_JASID, (uint32_t)as);
	gpu->fault_addr = addr;
	mdl_irq_raise(m, MMX_MODEL_IRQ_GPU, GPU_INT_FAULT);
}

void mdl_gpu_mcu_status(struct mmx_model *m)
{
	mdl_irq_raise(m, MMX_MODEL_IRQ_GPU, GPU_INT_MCU_STATUS);
}

/* ---- registers ---- */

static uint32_t status(struct mmx_model *m)
{
	const struct mdl_gpu *gpu = mdl_gpu(m);
	uint32_t value = 0;

	if (gpu->flush_event.queued || resetting(gpu))
		value |= GPU_STATUS_ACTIVE;
	for (unsigned int i = 0; i < MDL_POWER_DOMAINS; i++) {
		if (gpu->domains[i].event.queued)
			value |= GPU_STATUS_PWR_ACTIVE;
	}
	if (mdl_irq_raw(m, MMX_MODEL_IRQ_MMU) & ((1u << MMU_AS_COUNT) - 1))
		value |= GPU_STATUS_PAGE_FAULT;
	if (counting(gpu))
		value |= GPU_STATUS_COUNTING;
	return value;
}

static uint32_t half(uint64_t value, uint32_t offset)
{
	return (uint32_t)(offset & 4 ? value >> 32 : value);
}

/* Row @row, register within it @offset: {shader, tiler, L2} x {low, high}, 16 bytes apart. */
static uint32_t power_read(const struct mdl_gpu *gpu, uint32_t row, uint32_t offset)
{
	const struct domain *d;
	uint32_t domain = offset / 16;

	if (domain >= MDL_POWER_DOMAINS || offset % 16 >= 8)
		return 0;
	d = &gpu->domains[domain];
	switch (row) {
	case PWR_PRESENT:
		return half(d->present, offset);
	case PWR_READY:
	case PWR_ACTIVE:
		return half(d->ready & ~d->going_off, offset);
	case PWR_TRANS:
		return half(d->going_on | d->going_off, offset);
	default:
		return 0;
	}
}

static void power_write(struct mmx_model *m, uint32_t row, uint32_t offset, uint32_t value)
{
	uint32_t domain = offset / 16;
	uint64_t units = value;

	if ((row != PWR_ON && row != PWR_OFF) || domain >= MDL_POWER_DOMAINS || offset % 16 >= 8)
		return;
	if (offset & 4)
		units <<= 32;
	mdl_gpu_power(m, (enum mdl_power_domain)domain, units, row == PWR_ON);
}

static uint32_t read_identity(const struct mdl_product *p, uint32_t offset)
{
	switch (offset) {
	case GPU_ID:
		return p->gpu_id;
	case L2_FEATURES:
		return p->l2_features;
	case CORE_FEATURES:
		return p->core_features;
	case TILER_FEATURES:
		return p->tiler_features;
	case MEM_FEATURES:
		return p->mem_features;
	case MMU_FEATURES:
		return p->mmu_features;
	case AS_PRESENT:
		return p->as_present;
	case CSF_ID:
		return p->csf_id;
	case THREAD_MAX_THREADS:
		return p->thread_max_threads;
	case THREAD_MAX_WORKGROUP:
		return p->thread_max_workgroup;
	case THREAD_MAX_BARRIER:
		return p->thread_max_barrier;
	case THREAD_FEATURES:
		return p->thread_features;
	case GPU_FEATURES:
	case GPU_FEATURES + 4:
		return half(p->gpu_features, offset);
	default:
		break;
	}
	if (offset >= TEXTURE_FEATURES(0) && offset < TEXTURE_FEATURES(TEXTURE_FEATURES_COUNT))
		return p->texture_features[(offset - TEXTURE_FEATURES(0)) / 4];
	return 0;
}

bool mdl_gpu_read_counter(struct mmx_model *m, uint32_t offset, uint64_t *ret_value)
{
	switch (offset) {
	case CYCLE_COUNT:
		*ret_value = mdl_gpu_cycles(m);
		return true;
	case TIMESTAMP:
		*ret_value = mdl_gpu_timestamp(m);
		return true;
	default:
		return false;
	}
}

uint32_t mdl_gpu_read32(struct mmx_model *m, uint32_t offset)
{
	const struct mdl_gpu *gpu = mdl_gpu(m);
	uint64_t counter;

	if (offset >= PWR_PRESENT && offset < PWR_END && mdl_product_has_pwr(mdl_product(m)))
		return 0;
	if (offset >= PWR_PRESENT && offset < PWR_END)
		return power_read(gpu, offset & ~(PWR_ROW_SIZE - 1), offset % PWR_ROW_SIZE);
	if (offset >= ASN_HASH(0) && offset < ASN_HASH(ASN_HASH_COUNT))
		return gpu->asn_hash[(offset - ASN_HASH(0)) / 4];
	if (mdl_gpu_read_counter(m, offset & ~4u, &counter))
		return half(counter, offset);
	switch (offset) {
	case GPU_STATUS:
		return status(m);
	case GPU_FAULT_STATUS:
		return gpu->fault_status;
	case GPU_FAULT_ADDR:
	case GPU_FAULT_ADDR + 4:
		return half(gpu->fault_addr, offset);
	case L2_CONFIG:
		return gpu->l2_config;
	case TIMESTAMP_OFFSET:
	case TIMESTAMP_OFFSET + 4:
		return half(gpu->timestamp_offset, offset);
	case COHERENCY_FEATURES:
		return gpu->coherent ? COHERENCY_ACE_LITE_BIT : 0;
	case COHERENCY_PROTOCOL:
		return gpu->coherency_protocol;
	default:
		return read_identity(mdl_product(m), offset);
	}
}

static void write_coherency(struct mmx_model *m, uint32_t value)
{
	struct mdl_gpu *gpu = mdl_gpu(m);

	if (value != COHERENCY_PROTOCOL_NONE && !(gpu->coherent && value == 0)) {
		mdl_log(m, MMX_MODEL_LOG_ERROR, "COHERENCY_PROTOCOL %u is not announced", value);
		return;
	}
	gpu->coherency_protocol = value;
}

static void write_config(struct mmx_model *m, uint32_t offset, uint32_t value)
{
	struct mdl_gpu *gpu = mdl_gpu(m);

	if (offset >= ASN_HASH(0) && offset < ASN_HASH(ASN_HASH_COUNT)) {
		gpu->asn_hash[(offset - ASN_HASH(0)) / 4] = value;
		return;
	}
	switch (offset) {
	case L2_CONFIG:
		gpu->l2_config = value;
		break;
	case TIMESTAMP_OFFSET:
		gpu->timestamp_offset = (gpu->timestamp_offset & ~UINT64_C(0xffffffff)) | value;
		break;
	case TIMESTAMP_OFFSET + 4:
		gpu->timestamp_offset = (gpu->timestamp_offset & 0xffffffff) | (uint64_t)value
										       << 32;
		break;
	case COHERENCY_PROTOCOL:
		write_coherency(m, value);
		break;
	default:
		mdl_log(m, MMX_MODEL_LOG_DEBUG, "write of 0x%x to GPU_CONTROL+0x%x ignored", value,
			offset);
		break;
	}
}

void mdl_gpu_write32(struct mmx_model *m, uint32_t offset, uint32_t value)
{
	bool power = offset >= PWR_PRESENT && offset < PWR_END;

	if ((power || offset == GPU_CMD) && resetting(mdl_gpu(m))) {
		mdl_log(m, MMX_MODEL_LOG_ERROR, "write to GPU_CONTROL+0x%x during a reset", offset);
		return;
	}
	if (power && mdl_product_has_pwr(mdl_product(m)))
		mdl_log(m, MMX_MODEL_LOG_ERROR, "the power registers are in PWR_CONTROL");
	else if (power)
		power_write(m, offset & ~(PWR_ROW_SIZE - 1), offset % PWR_ROW_SIZE, value);
	else if (offset == GPU_CMD)
		command(m, value);
	else
		write_config(m, offset, value);
}

/* ---- life ---- */

struct mdl_gpu *mdl_gpu_create(struct mmx_model *m, bool coherent)
{
	const struct mdl_product *p = mdl_product(m);
	struct mdl_gpu *gpu = calloc(1, sizeof(*gpu));

	if (!gpu)
		return NULL;
	gpu->coherent = coherent;
	gpu->domains[MDL_POWER_SHADER].present = p->shader_present;
	gpu->domains[MDL_POWER_TILER].present = p->tiler_present;
	gpu->domains[MDL_POWER_L2].present = p->l2_present;
	for (unsigned int i = 0; i < MDL_POWER_DOMAINS; i++)
		gpu->domains[i].event.fn = power_done;
	gpu->reset_event.fn = reset_done;
	gpu->flush_event.fn = flush_done;
	reset_state(m, gpu);
	return gpu;
}

void mdl_gpu_destroy(struct mmx_model *m, struct mdl_gpu *gpu)
{
	if (!gpu)
		return;
	reset_state(m, gpu);
	free(gpu);
}

void mdl_gpu_reset(struct mmx_model *m)
{
	reset_state(m, mdl_gpu(m));
}
