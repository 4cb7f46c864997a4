// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Address spaces: their registers, commands and faults, and the accesses of the MCU and of streams through them.
 *
 * TRANSTAB, MEMATTR and TRANSCFG take effect when an UPDATE command ends; until then accesses go by the old values. A
 * command sets AS_ACTIVE for a while (cost.h) and ends with the address space's command-complete bit in MMU_INT; a
 * command written before that is ignored, with an error in the log.
 *
 * Maintenance: LOCK takes the region of LOCKADDR; UNLOCK drops its translations from the TLB; FLUSH_PT and FLUSH_MEM
 * clean and invalidate the L2, drop the translations of the region, and unlock it. Older drivers end with these,
 * newer ones with a cache flush by GPU_CMD and UNLOCK. An UPDATE that brings other tables (TRANSTAB) drops all
 * translations of its address space, another one none: newer drivers do no more than a cache flush before. Hardware
 * stalls accesses to a locked region. The model's happen between register writes and cannot stall, so they go
 * through: one that hits a half-changed table faults here, and would have waited on hardware.
 *
 * What drivers are checked for (check.h), beside what l2.c does. A translation that is used and is not what the
 * tables say is stale; that is a finding
 *   - when two LOCKs have passed it by since it was first seen to be stale, or MDL_CHECK_GRACE_NS have:
 *     maintenance follows a change, and may not come at all, but then it is not forgotten for so long;
 *   - at once if the access faults because of it.
 * A walk that faults on a stale line of a table in the L2, where memory has a translation, is one at once: somebody
 * has been told that the page is mapped. So is memory that is taken away while a TLB has its page, and an access of
 * the firmware to a page that was unmapped before.
 *
 * A fault is latched (FAULTSTATUS, FAULTADDRESS) and raises the address space's bit in MMU_INT. While that bit is
 * raw-pending, further faults of the address space are dropped. The registers keep their value until the next fault.
 * FAULTSTATUS' source id and FAULTEXTRA read 0. An access that translates to, or walks through, memory that is not
 * mapped for DMA is a GPU bus fault: reported in GPU_FAULT_STATUS and GPU_INT, not in MMU_INT.
 */
#include "tools/model/mmu.h"

#include <stdlib.h>

#include "tools/model/check.h"
#include "tools/model/cost.h"
#include "tools/model/gpu.h"
#include "tools/model/inject.h"
#include "tools/model/irq.h"
#include "tools/model/l2.h"
#include "tools/model/mmu_priv.h"
#include "tools/model/model_priv.h"
#include "tools/model/product.h"
#include "tools/model/regs.h"
#include "tools/model/tlb.h"

#define PAGE_SIZE     4096u
#define LOCK_LOG2_MIN 15u /* 32 KiB */

struct as {
	struct mdl_event event; /* end of the command */
	unsigned int index;
	uint32_t command;
	struct mdl_as_config written;
	struct mdl_as_config effective;
	uint64_t lockaddr;
	bool locked;
	uint64_t lock_first, lock_last;
	uint32_t lock_cleans; /* mdl_l2_cleans() when it was locked */
	uint32_t locks; /* LOCK commands that have ended */
	uint32_t fault_status;
	uint64_t fault_address;
	struct mdl_tlb *tlb;
	struct mdl_tlb_entry bypass; /* of the access that is under way, without tables */
};

struct mdl_mmu {
	struct as as[MMU_AS_COUNT];
	struct mdl_tlb tlbs[MMU_AS_COUNT];
};

/* ---- commands ---- */

static bool has_tables(const struct as *as)
{
	return (as->effective.transcfg & AS_TRANSCFG_MODE) == AS_TRANSCFG_AARCH64_4K;
}

static void update(struct as *as)
{
	if (as->effective.transtab != as->written.transtab)
		mdl_tlb_clear(as->tlb);
	as->effective = as->written;
	for (unsigned int i = 0; i < MDL_TLB_ENTRIES; i++)
		as->tlb->entries[i].epoch = 0; /* to be looked at anew */
}

static void lock(struct mmx_model *m, struct as *as)
{
	unsigned int size_log2 = (unsigned int)(as->lockaddr & AS_LOCKADDR_SIZE) + 1;
	uint64_t mask = size_log2 < 64 ? (UINT64_C(1) << size_log2) - 1 : UINT64_MAX;

	as->locks++;
	as->locked = size_log2 >= LOCK_LOG2_MIN;
	as->lock_first = as->lockaddr & ~mask;
	as->lock_last = as->lockaddr | mask;
	as->lock_cleans = mdl_l2_cleans(m);
}

/* A dirty line of a page that is not mapped there any more may be written when the page is another's. */
static void check_dirty(struct mmx_model *m, struct mdl_l2_user user, uint64_t addr)
{
	const struct as *as = &mdl_mmu(m)->as[user.as];
	struct mdl_walk now;

	mdl_mmu_walk(m, &as->effective, user.va, false, &now);
	if (!now.exception && now.addr == addr)
		return;
	mdl_check_found(m, MMX_MODEL_FIND_DIRTY, MDL_BLAME_DRIVER, user.as, user.va,
			"AS%u 0x%llx was unmapped and maintained without a clean of the L2",
			user.as, (unsigned long long)user.va);
}

static void unlock(struct mmx_model *m, struct as *as)
{
	if (!as->locked)
		return;
	if (has_tables(as) && as->lock_cleans == mdl_l2_cleans(m))
		mdl_l2_each_dirty(m, as->index, as->lock_first, as->lock_last, check_dirty);
	mdl_tlb_invalidate(m, as->tlb, &as->effective, as->lock_first, as->lock_last);
	as->locked = false;
}

static void command_done(struct mmx_model *m, struct mdl_event *ev)
{
	struct as *as = (struct as *)ev; /* its first member */

	switch (as->command) {
	case AS_COMMAND_UPDATE:
		update(as);
		break;
	case AS_COMMAND_LOCK:
		lock(m, as);
		break;
	case AS_COMMAND_FLUSH_PT:
	case AS_COMMAND_FLUSH_MEM:
		mdl_l2_flush(m, true, true);
		unlock(m, as);
		break;
	case AS_COMMAND_UNLOCK:
		unlock(m, as);
		break;
	default:
		break;
	}
	mdl_mmu_look(m);
	mdl_irq_raise(m, MMX_MODEL_IRQ_MMU, MMU_INT_DONE(as->index));
}

static void start_command(struct mmx_model *m, struct as *as, uint32_t command)
{
	static const char *const names[] = { "NOP",    "UPDATE",   "LOCK",
					     "UNLOCK", "FLUSH_PT", "FLUSH_MEM" };
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
		cost = MDL_COST_AS_FLUSH_NS + mdl_l2_dirty(m) * MDL_COST_CLEAN_LINE_NS;
		break;
	default:
		mdl_log(m, MMX_MODEL_LOG_ERROR, "AS%u: unknown command %u", as->index, command);
		return;
	}
	as->command = command;
	cost = mdl_inject_ns(m, MDL_POINT_AS, cost);
	mdl_span(m, "AS", as->index, names[command], mdl_now(m), cost);
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

/* ---- translations ---- */

/* Fills in the fault; the rest is for the caller to latch. */
static void fail_walk(struct mmx_model *m, struct as *as, const struct mdl_walk *walk, uint64_t va,
		      struct mdl_fault *fault)
{
	const struct mdl_tlb_ghost *ghost = mdl_tlb_ghost(as->tlb, va);
	struct mdl_walk now;

	fault->exception = walk->exception;
	fault->va = va;
	fault->bus = walk->exception == EXC_GPU_BUS_FAULT;
	if (fault->bus) {
		mdl_check_found(m, MMX_MODEL_FIND_FREED, MDL_BLAME_DRIVER, as->index, va,
				"AS%u has a table at 0x%llx, which is not mapped for DMA",
				as->index, (unsigned long long)walk->addr);
		mdl_gpu_bus_fault(m, as->index, fault->access, walk->addr);
		return;
	}
	mdl_mmu_walk(m, &as->effective, va, false, &now);
	if (!now.exception && permitted(&now.attr, fault->access))
		mdl_check_found(m, MMX_MODEL_FIND_TABLE, MDL_BLAME_DRIVER, as->index, va,
				"AS%u 0x%llx is mapped, but its table is stale in the L2: no flush",
				as->index, (unsigned long long)va);
	else if (ghost)
		mdl_check_found(
			m, MMX_MODEL_FIND_UNMAPPED, as->index ? MDL_BLAME_JOB : MDL_BLAME_DRIVER,
			as->index, va,
			"AS%u 0x%llx is used, and was unmapped before %llu ns (from 0x%llx)",
			as->index, (unsigned long long)va,
			(unsigned long long)(mdl_now(m) - ghost->at_ns),
			(unsigned long long)ghost->addr);
}

/* LOCKs, since it was first seen to be stale, that were not of its page; one that is under way would be in time. */
static int passed_by(const struct as *as, const struct mdl_tlb_entry *entry, uint64_t va)
{
	bool covered = as->locked && va >= as->lock_first && va <= as->lock_last;

	return (int)(as->locks - entry->stale_locks) - covered;
}

static void judge_stale(struct mmx_model *m, const struct as *as, const struct mdl_tlb_entry *entry,
			uint64_t va)
{
	const char *why = NULL;

	if (passed_by(as, entry, va) >= 2)
		why = "maintenance has passed it by";
	else if (mdl_now(m) - entry->stale_ns >= MDL_CHECK_GRACE_NS)
		why = "no maintenance came";
	if (why)
		mdl_check_found(m, MMX_MODEL_FIND_TLB, MDL_BLAME_DRIVER, as->index, va,
				"AS%u 0x%llx goes to 0x%llx by a stale translation: %s", as->index,
				(unsigned long long)va, (unsigned long long)entry->walk.addr, why);
}

/* Makes the entry of @va usable in this epoch. Return: NULL = fault filled in, and a bus fault reported. */
static struct mdl_tlb_entry *refill(struct mmx_model *m, struct as *as, uint64_t va,
				    struct mdl_fault *fault)
{
	struct mdl_tlb_entry *entry = mdl_tlb_at(as->tlb, va);
	struct mdl_walk walk;

	if (has_tables(as) && entry->page == mdl_tlb_page(va)) {
		if (!mdl_tlb_compare(m, entry, &as->effective, as->locks))
			judge_stale(m, as, entry, va);
		return entry;
	}
	mdl_mmu_walk(m, &as->effective, va, true, &walk);
	if (walk.exception) {
		fail_walk(m, as, &walk, va, fault);
		return NULL;
	}
	if (!has_tables(as)) {
		as->bypass = (struct mdl_tlb_entry){ .walk = walk };
		as->bypass.walk.addr &= ~(uint64_t)(PAGE_SIZE - 1);
		return &as->bypass;
	}
	mdl_tlb_fill(m, as->tlb, va, &walk);
	return entry;
}

/* Return: NULL = fault filled in, and for a bus fault reported; the rest is for the caller to latch. */
static const struct mdl_tlb_entry *translate(struct mmx_model *m, struct as *as, uint64_t va,
					     struct mdl_fault *fault)
{
	struct mdl_tlb_entry *entry = mdl_tlb_at(as->tlb, va);

	if (entry->page != mdl_tlb_page(va) || entry->epoch != mdl_epoch(m))
		entry = refill(m, as, va, fault);
	if (!entry || permitted(&entry->walk.attr, fault->access))
		return entry;
	if (entry->stale_ns) {
		struct mdl_walk now;

		mdl_mmu_walk(m, &as->effective, va, false, &now);
		if (!now.exception && permitted(&now.attr, fault->access))
			mdl_check_found(m, MMX_MODEL_FIND_TLB, MDL_BLAME_DRIVER, as->index, va,
					"AS%u 0x%llx faults by a stale translation", as->index,
					(unsigned long long)va);
	}
	fault->exception = EXC_PERMISSION_FAULT + entry->walk.level;
	fault->va = va;
	fault->bus = false;
	return NULL;
}

/* Exactly one of @in and @out is not NULL. Within a page. Return: false = not mapped for DMA. */
static bool copy(struct mmx_model *m, const struct as *as, const struct mdl_tlb_entry *entry,
		 uint64_t va, const uint8_t *in, uint8_t *out, size_t len)
{
	size_t into = (size_t)(va % PAGE_SIZE);
	uint64_t addr = entry->walk.addr + into;

	if (MDL_GET(AS_MEMATTR_POLICY, entry->walk.attr.mair) == AS_MEMATTR_POLICY_WB) {
		struct mdl_l2_user user = { .as = as->index, .va = va };

		return in ? mdl_l2_write(m, user, addr, in, len)
			  : mdl_l2_read(m, user, addr, out, len);
	}
	if (in && entry->write_ptr)
		mdl_copy_to(entry->write_ptr + into, in, len);
	else if (out && entry->read_ptr)
		mdl_copy_from(entry->read_ptr + into, out, len);
	else
		return in ? mdl_dma_write(m, addr, in, len) : mdl_dma_read(m, addr, out, len);
	return true;
}

static void fail_copy(struct mmx_model *m, const struct as *as, uint64_t va, uint64_t page,
		      struct mdl_fault *fault)
{
	uint64_t addr = page + va % PAGE_SIZE;

	fault->exception = EXC_GPU_BUS_FAULT;
	fault->va = va;
	fault->bus = true;
	mdl_check_found(m, MMX_MODEL_FIND_FREED, MDL_BLAME_DRIVER, as->index, va,
			"AS%u 0x%llx goes to 0x%llx, which is not mapped for DMA", as->index,
			(unsigned long long)va, (unsigned long long)addr);
	mdl_gpu_bus_fault(m, as->index, fault->access, addr);
}

/* Exactly one of @in and @out is not NULL. */
static bool access_range(struct mmx_model *m, unsigned int index, uint64_t va, const uint8_t *in,
			 uint8_t *out, size_t len, struct mdl_fault *fault)
{
	struct as *as = &mdl_mmu(m)->as[index % MMU_AS_COUNT];

	while (len) {
		size_t n = PAGE_SIZE - (size_t)(va % PAGE_SIZE);
		const struct mdl_tlb_entry *entry = translate(m, as, va, fault);

		if (n > len)
			n = len;
		if (!entry) {
			if (!fault->bus)
				latch(m, as, fault);
			return false;
		}
		if (!copy(m, as, entry, va, in, out, n)) {
			fail_copy(m, as, va, entry->walk.addr, fault);
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
 * Goes by the tables in memory, past TLB and L2.
 *
 * Return: false if a walk to it ends in a fault; nothing is latched.
 */
bool mdl_mmu_attr(struct mmx_model *m, unsigned int as, uint64_t va, struct mdl_page_attr *ret_attr)
{
	struct mdl_walk walk;

	mdl_mmu_walk(m, &mdl_mmu(m)->as[as % MMU_AS_COUNT].effective, va, false, &walk);
	if (walk.exception)
		return false;
	*ret_attr = walk.attr;
	return true;
}

const struct mdl_as_config *mdl_mmu_config(struct mmx_model *m, unsigned int as)
{
	return &mdl_mmu(m)->as[as % MMU_AS_COUNT].effective;
}

/* ---- what happens to memory and power ---- */

void mdl_mmu_look(struct mmx_model *m)
{
	for (unsigned int i = 0; i < MMU_AS_COUNT; i++) {
		struct as *as = &mdl_mmu(m)->as[i];

		if (has_tables(as))
			mdl_tlb_look(m, as->tlb, &as->effective, as->locks);
	}
}

void mdl_mmu_dma_unmapped(struct mmx_model *m, uint64_t addr, uint64_t len)
{
	for (unsigned int i = 0; i < MMU_AS_COUNT * MDL_TLB_ENTRIES; i++) {
		struct as *as = &mdl_mmu(m)->as[i / MDL_TLB_ENTRIES];
		struct mdl_tlb_entry *entry = &as->tlb->entries[i % MDL_TLB_ENTRIES];
		uint64_t va = entry->page & ~MDL_TLB_VALID;

		if (!entry->page || entry->walk.addr < addr || entry->walk.addr - addr >= len)
			continue;
		mdl_check_found(
			m, MMX_MODEL_FIND_FREED, MDL_BLAME_DRIVER, as->index, va,
			"memory at 0x%llx is taken away, and the TLB of AS%u has it at 0x%llx",
			(unsigned long long)entry->walk.addr, as->index, (unsigned long long)va);
		entry->page = 0;
	}
}

void mdl_mmu_power_off(struct mmx_model *m)
{
	for (unsigned int i = 0; i < MMU_AS_COUNT; i++)
		mdl_tlb_clear(&mdl_mmu(m)->tlbs[i]);
}

/* ---- life ---- */

static void init_as(struct mdl_mmu *mmu, unsigned int index)
{
	mmu->as[index] = (struct as){
		.event = { .fn = command_done },
		.index = index,
		.tlb = &mmu->tlbs[index],
	};
	mdl_tlb_clear(&mmu->tlbs[index]);
}

struct mdl_mmu *mdl_mmu_create(void)
{
	struct mdl_mmu *mmu = calloc(1, sizeof(*mmu));

	if (!mmu)
		return NULL;
	for (unsigned int i = 0; i < MMU_AS_COUNT; i++)
		init_as(mmu, i);
	return mmu;
}

void mdl_mmu_destroy(struct mmx_model *m, struct mdl_mmu *mmu)
{
	if (!mmu)
		return;
	for (unsigned int i = 0; i < MMU_AS_COUNT; i++)
		mdl_event_del(m, &mmu->as[i].event);
	free(mmu);
}

void mdl_mmu_reset(struct mmx_model *m)
{
	for (unsigned int i = 0; i < MMU_AS_COUNT; i++) {
		mdl_event_del(m, &mdl_mmu(m)->as[i].event);
		init_as(mdl_mmu(m), i);
	}
}
