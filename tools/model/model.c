// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The model as a whole: life cycle, the map from register offsets to blocks, and the one place where the
 * surroundings (mmx_model_ops) are called. Owns every block.
 *
 * Each register access first lets the timed events happen that are due, so that a driver that polls sees
 * the hardware of this moment; command streams run in mmx_model_run() alone. Nothing here re-enters:
 * ops must not call back into the model.
 */
#include "tools/model/model.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/model/check.h"
#include "tools/model/cores.h"
#include "tools/model/csf.h"
#include "tools/model/event_priv.h"
#include "tools/model/gpu.h"
#include "tools/model/inject.h"
#include "tools/model/irq.h"
#include "tools/model/l2.h"
#include "tools/model/mcu.h"
#include "tools/model/mmu_priv.h"
#include "tools/model/model_priv.h"
#include "tools/model/product.h"
#include "tools/model/pwr.h"
#include "tools/model/regs.h"

#define LOG_LINE_MAX 256

struct mmx_model {
	const struct mmx_model_ops *ops;
	void *ctx;
	const struct mdl_product *product;
	uint32_t interface_version;
	uint64_t epoch;
	struct mdl_events *events;
	struct mdl_check *check;
	struct mdl_inject *inject;
	struct mdl_l2 *l2;
	struct mdl_irq *irq;
	struct mdl_gpu *gpu;
	struct mdl_pwr *pwr;
	struct mdl_mmu *mmu;
	struct mdl_mcu *mcu;
	struct mdl_csf *csf;
	struct mdl_cores *cores;
};

/* ---- what the blocks need ---- */

uint64_t mdl_now(const struct mmx_model *m)
{
	return m->ops->now_ns(m->ctx);
}

uint64_t mdl_epoch(const struct mmx_model *m)
{
	return m->epoch;
}

const struct mdl_product *mdl_product(const struct mmx_model *m)
{
	return m->product;
}

uint32_t mdl_interface_version(const struct mmx_model *m)
{
	return m->interface_version;
}

void mdl_log(const struct mmx_model *m, enum mmx_model_log level, const char *fmt, ...)
{
	char text[LOG_LINE_MAX];
	va_list args;

	if (!m->ops->log)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	m->ops->log(m->ctx, level, text);
}

void mdl_span(const struct mmx_model *m, const char *block, unsigned int index, const char *name,
	      uint64_t start_ns, uint64_t ns)
{
	const struct mmx_model_span span = {
		.block = block,
		.index = index,
		.name = name,
		.start_ns = start_ns,
		.ns = ns,
	};

	if (m->ops->span)
		m->ops->span(m->ctx, &span);
}

void mdl_ops_irq(struct mmx_model *m, enum mmx_model_irq line, uint32_t pending)
{
	m->ops->irq(m->ctx, line, pending);
}

void mdl_copy_from(const void *p, void *buf, size_t len)
{
	if (len == sizeof(uint32_t) && (uintptr_t)p % sizeof(uint32_t) == 0) {
		uint32_t value = __atomic_load_n((const uint32_t *)p, __ATOMIC_ACQUIRE);

		memcpy(buf, &value, sizeof(value));
	} else if (len == sizeof(uint64_t) && (uintptr_t)p % sizeof(uint64_t) == 0) {
		uint64_t value = __atomic_load_n((const uint64_t *)p, __ATOMIC_ACQUIRE);

		memcpy(buf, &value, sizeof(value));
	} else {
		memcpy(buf, p, len);
	}
}

void mdl_copy_to(void *p, const void *buf, size_t len)
{
	if (len == sizeof(uint32_t) && (uintptr_t)p % sizeof(uint32_t) == 0) {
		uint32_t value;

		memcpy(&value, buf, sizeof(value));
		__atomic_store_n((uint32_t *)p, value, __ATOMIC_RELEASE);
	} else if (len == sizeof(uint64_t) && (uintptr_t)p % sizeof(uint64_t) == 0) {
		uint64_t value;

		memcpy(&value, buf, sizeof(value));
		__atomic_store_n((uint64_t *)p, value, __ATOMIC_RELEASE);
	} else {
		memcpy(p, buf, len);
	}
}

void *mdl_dma_ptr(struct mmx_model *m, uint64_t addr, size_t len, bool write)
{
	return m->ops->dma_ptr(m->ctx, addr, len, write);
}

bool mdl_dma_read(struct mmx_model *m, uint64_t addr, void *buf, size_t len)
{
	const void *p = m->ops->dma_ptr(m->ctx, addr, len, false);

	if (!p)
		return m->ops->dma_read && m->ops->dma_read(m->ctx, addr, buf, len) == 0;
	mdl_copy_from(p, buf, len);
	return true;
}

bool mdl_dma_write(struct mmx_model *m, uint64_t addr, const void *buf, size_t len)
{
	void *p = m->ops->dma_ptr(m->ctx, addr, len, true);

	if (!p)
		return m->ops->dma_write && m->ops->dma_write(m->ctx, addr, buf, len) == 0;
	mdl_copy_to(p, buf, len);
	return true;
}

struct mdl_events *mdl_events(struct mmx_model *m)
{
	return m->events;
}

struct mdl_gpu *mdl_gpu(struct mmx_model *m)
{
	return m->gpu;
}

struct mdl_pwr *mdl_pwr(struct mmx_model *m)
{
	return m->pwr;
}

struct mdl_irq *mdl_irq(struct mmx_model *m)
{
	return m->irq;
}

struct mdl_check *mdl_check(struct mmx_model *m)
{
	return m->check;
}

struct mdl_inject *mdl_inject(struct mmx_model *m)
{
	return m->inject;
}

struct mdl_l2 *mdl_l2(struct mmx_model *m)
{
	return m->l2;
}

struct mdl_mmu *mdl_mmu(struct mmx_model *m)
{
	return m->mmu;
}

struct mdl_mcu *mdl_mcu(struct mmx_model *m)
{
	return m->mcu;
}

struct mdl_csf *mdl_csf(struct mmx_model *m)
{
	return m->csf;
}

struct mdl_cores *mdl_cores(struct mmx_model *m)
{
	return m->cores;
}

/* ---- the register map ---- */

static uint32_t user_read32(struct mmx_model *m, uint32_t offset)
{
	return offset == LATEST_FLUSH ? mdl_gpu_latest_flush(m) : 0;
}

static void user_write32(struct mmx_model *m, uint32_t offset, uint32_t value)
{
	mdl_log(m, MMX_MODEL_LOG_DEBUG, "write of 0x%x to USER+0x%x ignored", value, offset);
}

static uint32_t doorbell_read32(struct mmx_model *m, uint32_t offset)
{
	(void)m;
	(void)offset;
	return 0; /* write-only */
}

static void doorbell_write32(struct mmx_model *m, uint32_t offset, uint32_t value)
{
	if (offset % DOORBELL_STRIDE == 0 && value && !mdl_inject_lost(m, MDL_POINT_DOORBELL)) {
		mdl_span(m, "doorbell", offset / DOORBELL_STRIDE, "ring", mdl_now(m), 0);
		mdl_mmu_look(m);
		mdl_csf_doorbell(m, offset / DOORBELL_STRIDE);
	}
}

#define INT_BLOCK(name, line)                                                        \
	static uint32_t name##_read32(struct mmx_model *m, uint32_t offset)          \
	{                                                                            \
		return mdl_irq_read32(m, line, offset);                              \
	}                                                                            \
	static void name##_write32(struct mmx_model *m, uint32_t offset, uint32_t v) \
	{                                                                            \
		mdl_irq_write32(m, line, offset, v);                                 \
	}

INT_BLOCK(gpu_int, MMX_MODEL_IRQ_GPU)
INT_BLOCK(job_int, MMX_MODEL_IRQ_JOB)
INT_BLOCK(mmu_int, MMX_MODEL_IRQ_MMU)

/* First match counts: GPU_INT lies within GPU_CONTROL. */
static const struct block {
	uint32_t base;
	uint32_t size;
	uint32_t (*read32)(struct mmx_model *m, uint32_t offset);
	void (*write32)(struct mmx_model *m, uint32_t offset, uint32_t value);
} blocks[] = {
	{ DOORBELL_BASE, MMX_MODEL_MMIO_SIZE - DOORBELL_BASE, doorbell_read32, doorbell_write32 },
	{ JOB_INT_BASE, INT_BLOCK_SIZE, job_int_read32, job_int_write32 },
	{ MMU_INT_BASE, INT_BLOCK_SIZE, mmu_int_read32, mmu_int_write32 },
	{ GPU_INT_BASE, INT_BLOCK_SIZE, gpu_int_read32, gpu_int_write32 },
	{ MMU_AS_BASE, MMU_AS_COUNT *MMU_AS_STRIDE, mdl_mmu_read32, mdl_mmu_write32 },
	{ MCU_CONTROL_BASE, MCU_CONTROL_SIZE, mdl_mcu_read32, mdl_mcu_write32 },
	{ GPU_CONTROL_BASE, GPU_CONTROL_SIZE, mdl_gpu_read32, mdl_gpu_write32 },
	{ USER_BASE, USER_SIZE, user_read32, user_write32 },
};

static const struct block pwr_block = { PWR_CONTROL_BASE, PWR_CONTROL_SIZE, mdl_pwr_read32,
					mdl_pwr_write32 };

static const struct block *block_at(const struct mmx_model *m, uint32_t offset)
{
	if (offset - PWR_CONTROL_BASE < PWR_CONTROL_SIZE && mdl_product_has_pwr(m->product))
		return &pwr_block;
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		if (offset >= blocks[i].base && offset - blocks[i].base < blocks[i].size)
			return &blocks[i];
	}
	return NULL;
}

static uint32_t read_one(struct mmx_model *m, uint32_t offset)
{
	const struct block *b = block_at(m, offset);

	return mdl_inject_read(m, offset, b ? b->read32(m, offset - b->base) : 0);
}

static void write_one(struct mmx_model *m, uint32_t offset, uint32_t value)
{
	const struct block *b = block_at(m, offset);

	if (b)
		b->write32(m, offset - b->base, value);
	else
		mdl_log(m, MMX_MODEL_LOG_DEBUG, "write to 0x%x, where nothing is", offset);
}

/* Return: false if the access is unaligned or out of the window. */
static bool access_ok(struct mmx_model *m, uint32_t offset, uint32_t size)
{
	if (offset % size == 0 && offset < MMX_MODEL_MMIO_SIZE)
		return true;
	mdl_log(m, MMX_MODEL_LOG_ERROR, "bad %u-byte register access at 0x%x", size, offset);
	return false;
}

/* Each call from outside: what is due happens first, and memory may have changed since the last one. */
static void enter(struct mmx_model *m)
{
	m->epoch++;
	mdl_events_run(m, mdl_now(m));
}

uint32_t mmx_model_read32(struct mmx_model *model, uint32_t offset)
{
	if (!access_ok(model, offset, sizeof(uint32_t)))
		return 0;
	enter(model);
	return read_one(model, offset);
}

uint64_t mmx_model_read64(struct mmx_model *model, uint32_t offset)
{
	uint64_t value;

	if (!access_ok(model, offset, sizeof(uint64_t)))
		return 0;
	enter(model);
	if (mdl_gpu_read_counter(model, offset, &value))
		return value;
	value = read_one(model, offset);
	return value | (uint64_t)read_one(model, offset + 4) << 32;
}

void mmx_model_write32(struct mmx_model *model, uint32_t offset, uint32_t value)
{
	if (!access_ok(model, offset, sizeof(uint32_t)))
		return;
	enter(model);
	write_one(model, offset, value);
}

void mmx_model_write64(struct mmx_model *model, uint32_t offset, uint64_t value)
{
	if (!access_ok(model, offset, sizeof(uint64_t)))
		return;
	enter(model);
	write_one(model, offset, (uint32_t)value);
	write_one(model, offset + 4, (uint32_t)(value >> 32));
}

/* ---- time ---- */

uint64_t mmx_model_run(struct mmx_model *model)
{
	enter(model);
	mdl_csf_run(model);
	return mmx_model_next_ns(model);
}

uint64_t mmx_model_next_ns(const struct mmx_model *model)
{
	uint64_t events = mdl_events_next_ns(model->events);
	uint64_t streams = mdl_csf_next_ns(model->csf);

	return events < streams ? events : streams;
}

/* ---- life ---- */

void mmx_model_dma_unmapped(struct mmx_model *model, uint64_t addr, uint64_t len)
{
	model->epoch++;
	mdl_mmu_dma_unmapped(model, addr, len);
	mdl_l2_unmapped(model, addr, len);
}

const struct mmx_model_report *mmx_model_report(const struct mmx_model *model)
{
	return mdl_check_report(model->check);
}

void mdl_reset_blocks(struct mmx_model *m)
{
	mdl_mcu_reset(m);
	mdl_pwr_reset(m);
	mdl_cores_reset(m->cores);
	mdl_mmu_reset(m);
	mdl_l2_drop(m, false);
	mdl_irq_reset(m, MMX_MODEL_IRQ_JOB, false);
	mdl_irq_reset(m, MMX_MODEL_IRQ_MMU, false);
}

int mmx_model_create(const struct mmx_model_config *config, const struct mmx_model_ops *ops,
		     void *ctx, struct mmx_model **ret_model)
{
	const struct mdl_product *product = mdl_product_find(config ? config->product : NULL);
	struct mmx_model *m;

	if (!product)
		return -EINVAL;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->ops = ops;
	m->ctx = ctx;
	m->product = product;
	m->interface_version = config && config->interface_version ? config->interface_version
								   : product->iface_version;
	m->events = mdl_events_create();
	if (!m->events)
		goto err_free;
	m->epoch = 1;
	m->check = mdl_check_create();
	m->inject = mdl_inject_create();
	m->l2 = mdl_l2_create(m);
	m->irq = mdl_irq_create();
	m->pwr = mdl_pwr_create();
	m->mmu = mdl_mmu_create();
	m->mcu = mdl_mcu_create();
	m->csf = mdl_csf_create();
	m->gpu = mdl_gpu_create(m, config && config->coherent);
	m->cores = mdl_cores_create(m);
	if (!m->check || !m->inject || !m->l2 || !m->irq || !m->pwr || !m->mmu || !m->mcu ||
	    !m->csf || !m->gpu || !m->cores)
		goto err_free;
	*ret_model = m;
	return 0;

err_free:
	mmx_model_destroy(m);
	return -ENOMEM;
}

void mmx_model_destroy(struct mmx_model *model)
{
	if (!model)
		return;
	/* streams first: they may have jobs on the endpoints; the event queue last */
	mdl_csf_destroy(model, model->csf);
	mdl_cores_destroy(model->cores);
	mdl_mcu_destroy(model, model->mcu);
	mdl_gpu_destroy(model, model->gpu);
	mdl_pwr_destroy(model, model->pwr);
	mdl_mmu_destroy(model, model->mmu);
	mdl_irq_destroy(model->irq);
	mdl_l2_destroy(model->l2);
	mdl_check_destroy(model->check);
	mdl_inject_destroy(model->inject);
	mdl_events_destroy(model->events);
	free(model);
}

void mmx_model_power_on_reset(struct mmx_model *model)
{
	mdl_reset_blocks(model);
	mdl_gpu_reset(model);
	mdl_irq_reset(model, MMX_MODEL_IRQ_GPU, false);
	mdl_irq_reset(model, MDL_IRQ_PWR, false);
}
