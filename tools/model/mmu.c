// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Address spaces: their registers, commands and faults, and the accesses of the MCU and of command
 * streams through them.
 *
 * TRANSTAB, MEMATTR and TRANSCFG take effect when an UPDATE command ends; until then accesses go by the
 * old values. A command sets AS_ACTIVE for a while (cost.h) and ends with the address space's
 * command-complete bit in MMU_INT; a command written before that is ignored, with an error in the log.
 * FLUSH_PT and FLUSH_MEM only take time: the model has no cache to be stale.
 *
 * LOCK: hardware stalls accesses to the region until UNLOCK. The model's accesses happen between
 * register writes and cannot stall, so they go through, by the tables as they are at that moment. A
 * driver that unlocks only after it has changed the tables sees no difference, but for an access that
 * hits a half-changed table: that faults here and would have waited on hardware.
 *
 * A fault is latched (FAULTSTATUS, FAULTADDRESS) and raises the address space's bit in MMU_INT. While
 * that bit is raw-pending, further faults of the address space are dropped. The registers keep their
 * value until the next fault. FAULTSTATUS' source id and FAULTEXTRA read 0.
 * An access that translates to, or walks through, memory that is not mapped for DMA is a GPU bus fault:
 * reported in GPU_FAULT_STATUS and GPU_INT, not in MMU_INT.
 */
#include "tools/model/mmu.h"

#include <stdlib.h>
#include <string.h>

#include "tools/model/cost.h"
#include "tools/model/gpu.h"
#include "tools/model/irq.h"
#include "tools/model/mmu_priv.h"
#include "tools/model/model_priv.h"
#include "tools/model/product.h"
#include "tools/model/regs.h"

#define PAGE_SIZE     4096u
#define LOCK_LOG2_MIN 15u /* 32 KiB */

struct as {
	struct mdl_event event; /* end of the command */
	unsigned int index;
	uint32_t command;
	struct mdl_as_config written;
	struct mdl_as_config effective;
	uint64_t lockaddr;
	uint32_t fault_status;
	uint64_t fault_address;
};

struct mdl_mmu {
	struct as as[MMU_AS_COUNT];
};

/* ---- commands ---- */

static void command_done(struct mmx_model *m, struct mdl_event *ev)
{
	struct as *as = (struct as *)ev; /* its first member */

	if (as->command == AS_COMMAND_UPDATE)
		as->effective = as->written;
	mdl_irq_raise(m, MMX_MODEL_IRQ_MMU, MMU_INT_DONE(as->index));
}

static void start_command(struct mmx_model *m, struct as *as, uint32_t command)
{
	uint64_t cost = MDL_COST_AS_COMMAND_NS;

	if (as->event.queued) {
		mdl_log(m, MMX_MODEL_LOG_ERROR, "AS%u: command %u while %u is in progress",
			as->index, command, as->command);
		return;
	}
	switch (command) {
	case AS_COMMAND_NOP:
	case AS_COMMAND_UPDATE:
	case AS_COMMAND_UNLOCK:
		break;
	case AS_COMMAND_LOCK:
		if ((as->lockaddr & AS_LOCKADDR_SIZE) + 1 < LOCK_LOG2_MIN)
			mdl_log(m, MMX_MODEL_LOG_ERROR, "AS%u: locked region is below 32 KiB",
				as->index);
		break;
	case AS_COMMAND_FLUSH_PT:
	case AS_COMMAND_FLUSH_MEM:
		cost = MDL_COST_AS_FLUSH_NS;
		break;
	default:
		mdl_log(m, MMX_MODEL_LOG_ERROR, "AS%u: unknown command %u", as->index, command);
		return;
	}
	as->command = command;
	mdl_event_add(m, &as->event, mdl_now(m) + cost);
}

/* ---- registers ---- */

static struct as *as_at(struct mmx_model *m, uint32_t offset)
{
	uint32_t index = offset / MMU_AS_STRIDE;

	if (index >= MMU_AS_COUNT || !(mdl_product(m)->as_present & MDL_BIT(index)))
		return NULL;
	return &mdl_mmu(m)->as[index];
}

static uint64_t *reg64(struct as *as, uint32_t offset)
{
	switch (offset) {
	case AS_TRANSTAB:
		return &as->written.transtab;
	case AS_MEMATTR:
		return &as->written.memattr;
	case AS_LOCKADDR:
		return &as->lockaddr;
	case AS_TRANSCFG:
		return &as->written.transcfg;
	default:
		return NULL;
	}
}

uint32_t mdl_mmu_read32(struct mmx_model *m, uint32_t offset)
{
	struct as *as = as_at(m, offset);
	const uint64_t *reg;

	if (!as)
		return 0;
	offset %= MMU_AS_STRIDE;
	reg = (offset & ~4u) == AS_FAULTADDRESS ? &as->fault_address : reg64(as, offset & ~4u);
	if (reg)
		return (uint32_t)(offset & 4 ? *reg >> 32 : *reg);
	switch (offset) {
	case AS_FAULTSTATUS:
		return as->fault_status;
	case AS_STATUS:
		return as->event.queued ? AS_STATUS_ACTIVE : 0;
	default:
		return 0;
	}
}

void mdl_mmu_write32(struct mmx_model *m, uint32_t offset, uint32_t value)
{
	struct as *as = as_at(m, offset);
	uint64_t *reg;

	if (!as) {
		mdl_log(m, MMX_MODEL_LOG_ERROR, "write to an address space that is not present");
		return;
	}
	offset %= MMU_AS_STRIDE;
	reg = reg64(as, offset & ~4u);
	if (reg && (offset & 4))
		*reg = (*reg & 0xffffffff) | (uint64_t)value << 32;
	else if (reg)
		*reg = (*reg & ~UINT64_C(0xffffffff)) | value;
	else if (offset == AS_COMMAND)
		start_command(m, as, value);
}

/* ---- accesses ---- */

static bool permitted(const struct mdl_page_attr *attr, enum mdl_access access)
{
	switch (access) {
	case MDL_ACCESS_EXECUTE:
		return attr->exec;
	case MDL_ACCESS_READ:
		return attr->read;
	case MDL_ACCESS_ATOMIC:
	case MDL_ACCESS_WRITE:
		return attr->write;
	}
	return false;
}

static void latch(struct mmx_model *m, struct as *as, const struct mdl_fault *fault)
{
	mdl_log(m, MMX_MODEL_LOG_INFO, "AS%u: fault 0x%x, access %u, at 0x%llx", as->index,
		fault->exception, fault->access, (unsigned long long)fault->va);
	if (mdl_irq_raw(m, MMX_MODEL_IRQ_MMU) & MDL_BIT(as->index))
		return;
	as->fault_status = MDL_PREP(AS_FAULTSTATUS_TYPE, fault->exception) |
			   MDL_PREP(AS_FAULTSTATUS_ACCESS, (uint32_t)fault->access);
	as->fault_address = fault->va;
	mdl_irq_raise(m, MMX_MODEL_IRQ_MMU, MDL_BIT(as->index));
}

/* Return: false = fault filled in, and for a bus fault reported; the rest is for the caller to latch. */
static bool translate(struct mmx_model *m, struct as *as, uint64_t va, enum mdl_access access,
		      struct mdl_fault *fault, uint64_t *ret_addr)
{
	struct mdl_walk walk;

	mdl_mmu_walk(m, &as->effective, va, &walk);
	if (!walk.exception && !permitted(&walk.attr, access))
		walk.exception = EXC_PERMISSION_FAULT + walk.level;
	if (!walk.exception) {
		*ret_addr = walk.addr;
		return true;
	}
	fault->exception = walk.exception;
	fault->va = va;
	fault->bus = walk.exception == EXC_GPU_BUS_FAULT;
	if (fault->bus)
		mdl_gpu_bus_fault(m, as->index, access, walk.addr);
	return false;
}

/* Exactly one of @in and @out is not NULL. */
static bool access_range(struct mmx_model *m, unsigned int index, uint64_t va, const uint8_t *in,
			 uint8_t *out, size_t len, struct mdl_fault *fault)
{
	struct as *as = &mdl_mmu(m)->as[index % MMU_AS_COUNT];

	while (len) {
		size_t n = PAGE_SIZE - (size_t)(va % PAGE_SIZE);
		uint64_t addr;
		bool ok;

		if (n > len)
			n = len;
		if (!translate(m, as, va, fault->access, fault, &addr)) {
			if (!fault->bus)
				latch(m, as, fault);
			return false;
		}
		ok = in ? mdl_dma_write(m, addr, in, n) : mdl_dma_read(m, addr, out, n);
		if (!ok) {
			fault->exception = EXC_GPU_BUS_FAULT;
			fault->va = va;
			fault->bus = true;
			mdl_gpu_bus_fault(m, as->index, fault->access, addr);
			return false;
		}
		va += n;
		len -= n;
		in = in ? in + n : NULL;
		out = out ? out + n : NULL;
	}
	return true;
}

/**
 * mdl_mmu_read() - reads memory as the GPU sees it
 * @m: the model
 * @as: address space
 * @va: any address; the range may cross pages
 * @buf: receives @len bytes; contents undefined after a fault
 * @len: bytes
 * @access: what to check and to report: read, execute, or the read half of an atomic
 * @ret_fault: may be NULL
 *
 * Return: true = done; false = fault, latched and in *@ret_fault.
 */
bool mdl_mmu_read(struct mmx_model *m, unsigned int as, uint64_t va, void *buf, size_t len,
		  enum mdl_access access, struct mdl_fault *ret_fault)
{
	struct mdl_fault fault = { .access = access };

	if (access_range(m, as, va, NULL, buf, len, &fault))
		return true;
	if (ret_fault)
		*ret_fault = fault;
	return false;
}

/**
 * mdl_mmu_write() - writes memory as the GPU sees it
 * @m: the model
 * @as: address space
 * @va: any address; the range may cross pages
 * @buf: @len bytes
 * @len: bytes
 * @ret_fault: may be NULL
 *
 * Return: true = done; false = fault, latched and in *@ret_fault; pages before the faulting one were
 * written.
 */
bool mdl_mmu_write(struct mmx_model *m, unsigned int as, uint64_t va, const void *buf, size_t len,
		   struct mdl_fault *ret_fault)
{
	struct mdl_fault fault = { .access = MDL_ACCESS_WRITE };

	if (access_range(m, as, va, buf, NULL, len, &fault))
		return true;
	if (ret_fault)
		*ret_fault = fault;
	return false;
}

/**
 * mdl_mmu_attr() - looks at a page without accessing it
 * @m: the model
 * @as: address space
 * @va: address in the page
 * @ret_attr: written if the page is mapped
 *
 * Return: false if a walk to it ends in a fault; nothing is latched.
 */
bool mdl_mmu_attr(struct mmx_model *m, unsigned int as, uint64_t va, struct mdl_page_attr *ret_attr)
{
	struct mdl_walk walk;

	mdl_mmu_walk(m, &mdl_mmu(m)->as[as % MMU_AS_COUNT].effective, va, &walk);
	if (walk.exception)
		return false;
	*ret_attr = walk.attr;
	return true;
}

/* ---- life ---- */

static void reset_as(struct mmx_model *m, struct as *as)
{
	mdl_event_del(m, &as->event);
	*as = (struct as){ .event = { .fn = command_done }, .index = as->index };
}

struct mdl_mmu *mdl_mmu_create(void)
{
	struct mdl_mmu *mmu = calloc(1, sizeof(*mmu));

	if (!mmu)
		return NULL;
	for (unsigned int i = 0; i < MMU_AS_COUNT; i++) {
		mmu->as[i].index = i;
		mmu->as[i].event.fn = command_done;
	}
	return mmu;
}

void mdl_mmu_destroy(struct mmx_model *m, struct mdl_mmu *mmu)
{
	if (!mmu)
		return;
	for (unsigned int i = 0; i < MMU_AS_COUNT; i++)
		reset_as(m, &mmu->as[i]);
	free(mmu);
}

void mdl_mmu_reset(struct mmx_model *m)
{
	for (unsigned int i = 0; i < MMU_AS_COUNT; i++)
		reset_as(m, &mdl_mmu(m)->as[i]);
}
