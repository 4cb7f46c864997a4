// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The model in this process, as a device. Owns the model, an mmap of each piece of memory that is mapped for it
 * by descriptor, and three eventfds. For tests and benchmarks; not part of the daemon.
 *
 * Interrupts are edges, as MSI-X are: an eventfd is signalled when a pending bit appears that was not set before.
 * The model calls irq() from within register writes and mmx_model_device_run().
 */
#include "backend/device/model_device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/types.h>

#include "backend/device/device_priv.h"
#include "backend/device/dma.h"
#include "backend/device/dma_table.h"
#include "backend/device/iova.h"
#include "tools/model/model.h"

struct model_device {
	struct mmx_device dev; /* first: ops get this */
	struct mmx_model *model;
	uint64_t (*now_ns)(void *ctx);
	void *ctx;
	struct mmx_iova_space iova;
	struct mmx_dma_table table; /* priv = the mmap */
	int irq_fds[MMX_IRQ_COUNT];
	uint32_t pending[MMX_IRQ_COUNT];
};

/* lines of the model and of the device bear the same numbers */
_Static_assert((int)MMX_MODEL_IRQ_JOB == (int)MMX_IRQ_JOB &&
		       (int)MMX_MODEL_IRQ_MMU == (int)MMX_IRQ_MMU &&
		       (int)MMX_MODEL_IRQ_GPU == (int)MMX_IRQ_GPU &&
		       (int)MMX_MODEL_IRQ_COUNT == (int)MMX_IRQ_COUNT,
	       "interrupt lines");

static uint64_t model_now_ns(void *ctx)
{
	struct model_device *m = ctx;

	return m->now_ns(m->ctx);
}

static void model_irq(void *ctx, enum mmx_model_irq line, uint32_t pending)
{
	struct model_device *m = ctx;
	bool edge = pending & ~m->pending[line];

	m->pending[line] = pending;
	if (edge)
		(void)eventfd_write(m->irq_fds[line], 1);
}

static void *model_dma_ptr(void *ctx, uint64_t addr, size_t len, bool write)
{
	struct model_device *m = ctx;
	const struct mmx_dma_entry *entry = mmx_dma_table_find(&m->table, addr);
	uint64_t into;

	if (!entry || (write && !entry->writable))
		return NULL;
	into = addr - entry->addr;
	if (len > entry->size - into)
		return NULL;
	return (char *)entry->priv + into;
}

/* What the model has found the backend to do wrong is for whoever looks into a test's log. */
static void model_log(void *ctx, enum mmx_model_log level, const char *text)
{
	(void)ctx;
	if (level == MMX_MODEL_LOG_ERROR && !strncmp(text, "FINDING", 7))
		fprintf(stderr, "model: %s\n", text);
}

static const struct mmx_model_ops model_ops = {
	.now_ns = model_now_ns,
	.irq = model_irq,
	.dma_ptr = model_dma_ptr,
	.log = model_log,
};

static uint32_t read32(struct mmx_device *dev, uint32_t offset)
{
	return dev->lost ? UINT32_MAX
			 : mmx_model_read32(((struct model_device *)dev)->model, offset);
}

static uint64_t read64(struct mmx_device *dev, uint32_t offset)
{
	return dev->lost ? UINT64_MAX
			 : mmx_model_read64(((struct model_device *)dev)->model, offset);
}

static void write32(struct mmx_device *dev, uint32_t offset, uint32_t value)
{
	if (!dev->lost)
		mmx_model_write32(((struct model_device *)dev)->model, offset, value);
}

static void write64(struct mmx_device *dev, uint32_t offset, uint64_t value)
{
	if (!dev->lost)
		mmx_model_write64(((struct model_device *)dev)->model, offset, value);
}

static int irq_fd(struct mmx_device *dev, enum mmx_irq irq)
{
	return ((struct model_device *)dev)->irq_fds[irq];
}

static bool irq_take(struct mmx_device *dev, enum mmx_irq irq)
{
	eventfd_t count;

	return eventfd_read(irq_fd(dev, irq), &count) == 0;
}

static void drop(const struct mmx_dma_entry *entry)
{
	if (!entry->here)
		munmap(entry->priv, (size_t)entry->size);
}

/* @here: memory of this process, in place of @fd and @offset; NULL: it is a file's, and mapped once more */
static int map_memory(struct mmx_device *dev, int fd, uint64_t offset, void *here, uint64_t size,
		      bool writable, struct mmx_dma_map *ret_map)
{
	struct model_device *m = (struct model_device *)dev;
	struct mmx_dma_entry entry = {
		.size = size, .writable = writable, .offset = offset, .here = here
	};
	struct mmx_dma_map new;
	int r;

	if (dev->lost)
		return -EIO;
	if (!size || (offset | (uintptr_t)here | size) & (MMX_PAGE_SIZE - 1) || size > SIZE_MAX / 2)
		return -EINVAL;
	r = mmx_dma_map_init(&new, size, writable);
	if (r < 0)
		return r;
	r = mmx_iova_alloc(&m->iova, size, &entry.addr);
	if (r < 0)
		goto err_map;
	entry.priv = here;
	if (!here)
		entry.priv = mmap(NULL, (size_t)size, PROT_READ | (writable ? PROT_WRITE : 0),
				  MAP_SHARED, fd, (off_t)offset);
	if (entry.priv == MAP_FAILED) {
		r = -errno;
		goto err_iova;
	}
	r = mmx_dma_table_add(&m->table, &entry);
	if (r < 0)
		goto err_munmap;
	new.runs[0].addr = entry.addr;
	*ret_map = new;
	return 0;

err_munmap:
	drop(&entry);
err_iova:
	mmx_iova_free(&m->iova, entry.addr, size);
err_map:
	mmx_dma_map_finish(&new);
	return r;
}

static int map(struct mmx_device *dev, int fd, uint64_t offset, uint64_t size, bool writable,
	       struct mmx_dma_map *ret_map)
{
	return map_memory(dev, fd, offset, NULL, size, writable, ret_map);
}

static int map_here(struct mmx_device *dev, void *cpu, uint64_t size, struct mmx_dma_map *ret_map)
{
	return map_memory(dev, -1, 0, cpu, size, true, ret_map);
}

static void unmap(struct mmx_device *dev, struct mmx_dma_map *map)
{
	struct model_device *m = (struct model_device *)dev;
	const struct mmx_dma_entry *entry;

	if (!map->runs)
		return;
	entry = mmx_dma_table_find(&m->table, map->runs[0].addr);
	if (entry) {
		drop(entry);
		mmx_dma_table_remove(&m->table, map->runs[0].addr);
		if (!dev->lost) /* else there is no GPU any more that could be surprised */
			mmx_model_dma_unmapped(m->model, map->runs[0].addr, map->size);
		mmx_iova_free(&m->iova, map->runs[0].addr, map->size);
	}
	mmx_dma_map_finish(map);
}

static void destroy(struct mmx_device *dev)
{
	struct model_device *m = (struct model_device *)dev;
	size_t i;

	mmx_model_destroy(m->model);
	for (i = 0; i < m->table.count; i++)
		drop(&m->table.entries[i]);
	mmx_dma_table_finish(&m->table);
	mmx_iova_finish(&m->iova);
	mmx_device_close_irqs(m->irq_fds);
	free(m);
}

static const struct mmx_device_ops device_ops = {
	.name = "model",
	.read32 = read32,
	.read64 = read64,
	.write32 = write32,
	.write64 = write64,
	.irq_fd = irq_fd,
	.irq_take = irq_take,
	.map = map,
	.map_here = map_here,
	.unmap = unmap,
	.destroy = destroy,
};

int mmx_model_device_create(const struct mmx_model_config *config, uint64_t (*now_ns)(void *ctx),
			    void *ctx, struct mmx_device **ret_dev)
{
	static const struct mmx_model_config coherent = { .coherent = true };
	struct model_device *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	config = config ? config : &coherent;
	m->dev = (struct mmx_device){ .ops = &device_ops,
				      .coherent = config->coherent,
				      .timestamp_hz = MMX_MODEL_TIMESTAMP_HZ };
	m->now_ns = now_ns;
	m->ctx = ctx;
	r = mmx_device_open_irqs(m->irq_fds);
	if (r < 0) {
		free(m);
		return r;
	}
	r = mmx_iova_init(&m->iova, MMX_IOVA_START, MMX_IOVA_END);
	if (r < 0)
		goto err;
	r = mmx_model_create(config, &model_ops, m, &m->model);
	if (r < 0)
		goto err;
	*ret_dev = &m->dev;
	return 0;

err:
	destroy(&m->dev);
	return r;
}

struct mmx_model *mmx_model_device_model(struct mmx_device *dev)
{
	return ((struct model_device *)dev)->model;
}

uint64_t mmx_model_device_run(struct mmx_device *dev)
{
	return dev->lost ? UINT64_MAX : mmx_model_run(((struct model_device *)dev)->model);
}

void mmx_model_device_kill(struct mmx_device *dev)
{
	dev->lost = -ECONNRESET;
}
