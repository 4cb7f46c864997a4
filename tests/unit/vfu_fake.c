// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* See vfu_fake.h. One at a time, since its registers are static. */
#include "tests/unit/vfu_fake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/model/model.h"

struct mmx_model {
	const struct mmx_model_ops *ops;
	void *ctx;
	uint64_t due_ns;
};

static uint8_t regs[MMX_MODEL_MMIO_SIZE];
static size_t used; /* bytes of regs that may not be 0: a fuzzer resets often */

unsigned int fake_resets;
struct mmx_model_report fake_report;

int mmx_model_create(const struct mmx_model_config *config, const struct mmx_model_ops *ops,
		     void *ctx, struct mmx_model **ret_model)
{
	struct mmx_model *model;

	if (config && config->product && strcmp(config->product, "g610"))
		return -EINVAL;
	model = calloc(1, sizeof(*model));
	if (!model)
		return -ENOMEM;
	model->ops = ops;
	model->ctx = ctx;
	mmx_model_power_on_reset(model);
	fake_resets = 0;
	*ret_model = model;
	return 0;
}

void mmx_model_destroy(struct mmx_model *model)
{
	free(model);
}

void mmx_model_power_on_reset(struct mmx_model *model)
{
	unsigned int line;

	memset(regs, 0, used);
	used = 0;
	model->due_ns = UINT64_MAX;
	for (line = 0; line < MMX_MODEL_IRQ_COUNT; line++)
		model->ops->irq(model->ctx, line, 0);
	fake_resets++;
}

void mmx_model_dma_unmapped(struct mmx_model *model, uint64_t addr, uint64_t len)
{
	(void)model;
	(void)addr;
	(void)len;
}

void mmx_model_command(struct mmx_model *model, const char *line, char *reply, size_t size)
{
	(void)model;
	snprintf(reply, size, "%zu bytes", strlen(line));
}

const struct mmx_model_report *mmx_model_report(const struct mmx_model *model)
{
	(void)model;
	return &fake_report;
}

uint32_t mmx_model_read32(struct mmx_model *model, uint32_t offset)
{
	uint32_t value;

	(void)model;
	memcpy(&value, regs + offset, sizeof(value));
	return value;
}

uint64_t mmx_model_read64(struct mmx_model *model, uint32_t offset)
{
	uint64_t value;

	(void)model;
	memcpy(&value, regs + offset, sizeof(value));
	return value;
}

static void do_dma(struct mmx_model *model, uint32_t len, bool write)
{
	uint32_t status = FAKE_DMA_BY_PTR;
	uint8_t *data = regs + FAKE_DMA_DATA, *ptr;
	uint64_t addr;

	memcpy(&addr, regs + FAKE_DMA_ADDR, sizeof(addr));
	len = len < FAKE_DMA_MAX ? len : FAKE_DMA_MAX;
	ptr = model->ops->dma_ptr(model->ctx, addr, len, write);
	if (ptr && write)
		memcpy(ptr, data, len);
	else if (ptr)
		memcpy(data, ptr, len);
	else if (write)
		status = model->ops->dma_write(model->ctx, addr, data, len) ? FAKE_DMA_FAULT
									    : FAKE_DMA_BY_COPY;
	else
		status = model->ops->dma_read(model->ctx, addr, data, len) ? FAKE_DMA_FAULT
									   : FAKE_DMA_BY_COPY;
	memcpy(regs + FAKE_DMA_STATUS, &status, sizeof(status));
}

void mmx_model_write32(struct mmx_model *model, uint32_t offset, uint32_t value)
{
	memcpy(regs + offset, &value, sizeof(value));
	if (used < offset + sizeof(value))
		used = offset + sizeof(value);
	if (used < FAKE_DMA_DATA + FAKE_DMA_MAX)
		used = FAKE_DMA_DATA + FAKE_DMA_MAX;
	switch (offset) {
	case FAKE_IRQ_JOB:
	case FAKE_IRQ_MMU:
	case FAKE_IRQ_GPU:
		model->ops->irq(model->ctx, (offset - FAKE_IRQ_JOB) / 4, value);
		break;
	case FAKE_DMA_READ:
	case FAKE_DMA_WRITE:
		do_dma(model, value, offset == FAKE_DMA_WRITE);
		break;
	case FAKE_TIMER:
		model->due_ns = model->ops->now_ns(model->ctx) + value;
		break;
	}
}

void mmx_model_write64(struct mmx_model *model, uint32_t offset, uint64_t value)
{
	mmx_model_write32(model, offset, (uint32_t)value);
	mmx_model_write32(model, offset + 4, (uint32_t)(value >> 32));
}

uint64_t mmx_model_run(struct mmx_model *model)
{
	if (model->due_ns <= model->ops->now_ns(model->ctx)) {
		model->due_ns = UINT64_MAX;
		mmx_model_write32(model, FAKE_IRQ_JOB, 1);
	}
	return model->due_ns;
}

uint64_t mmx_model_next_ns(const struct mmx_model *model)
{
	return model->due_ns;
}
