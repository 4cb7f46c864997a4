// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Address spaces of the hardware: which VM has which, and the commands that enable, maintain and disable them.
 * Users are the slots (mmx_mmu_get/put for the VM of the group that is in them), boot.c for AS0, and vm.c for
 * maintenance. Loop context: everything runs in calls from above, in mmx_mmu_irq(), or in a deadline.
 *
 * One AS does one thing at a time (enum step); when it is idle, kick() decides by the facts below what comes
 * next, most urgent first:
 *
 *	faulted and mapped		UNMAPPED, UPDATE: ends the accesses that hang in the fault
 *	maintenance is pending, or
 *	changes and someone waits	LOCK, FLUSH_MEM of one region that holds all of it
 *	no user, not cleaned since	the same for all addresses
 *	users, not mapped		tables, UPDATE
 *	no user, mapped			UNMAPPED, UPDATE
 *	no user, not mapped		the VM loses it
 *	otherwise			tell who waits for it
 *
 * FLUSH_MEM and not FLUSH_PT, always: maintenance is mostly asked for when memory is to be taken away, and then no
 * dirty line of it may be left in the GPU's caches. It concerns one AS; others run on meanwhile, unlike with a
 * flush of the whole GPU's caches. It ends with what UNLOCK does, too, as upstream counts on up to 6.17.
 *
 * Invariants
 *  - as->vm->as == as for each AS that has a VM; an AS without a VM is idle, not mapped, without users.
 *  - An AS that is being given up can be promised to another VM, its heir: as->heir->promised == as. The heir takes
 *    it over the moment the old VM loses it. The old VM can't come back to it then.
 *  - A VM whose AS has faulted can't be entered again before all its users have left.
 *  - Callbacks run last in each function, or the function looks again at what it needs.
 */
#include "backend/gpu/mmu.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/int_regs.h"
#include "backend/gpu/mmu_regs.h"
#include "backend/gpu/vm_priv.h"
#include "backend/util/log.h"

enum step {
	STEP_IDLE,
	STEP_ENABLE,
	STEP_LOCK,
	STEP_FLUSH,
	STEP_DISABLE,
};

struct mmx_as {
	struct mmx_gpu *gpu;
	unsigned int index;
	struct mmx_vm *vm; /* NULL = free */
	unsigned int users;
	enum step step;
	bool mapped; /* the hardware has the VM's tables */
	bool faulted; /* since it was lent */
	bool clean; /* all was flushed since the last user left */
	struct mmx_timer deadline; /* of the command that runs */

	struct mmx_list waits; /* mmx_as_wait.link */
	struct mmx_vm *heir; /* has no AS; NULL = none */
	unsigned int heir_users;
	struct mmx_list heir_waits; /* mmx_as_wait.link */
	struct mmx_list pending; /* mmx_vm_op.link: not begun */
	struct mmx_list running; /* mmx_vm_op.link: served by the region that is locked */
	struct mmx_vm_mark lock_mark; /* when it was locked */
	bool lock_all; /* and nobody has come back since */
};

static void kick(struct mmx_as *as);

/* ---- registers ---- */

static void as_write64(struct mmx_as *as, uint32_t reg, uint64_t value)
{
	mmx_device_write64(as->gpu->dev, MMU_AS_BASE(as->index) + reg, value);
}

static uint32_t as_read32(struct mmx_as *as, uint32_t reg)
{
	return mmx_device_read32(as->gpu->dev, MMU_AS_BASE(as->index) + reg);
}

static void command(struct mmx_as *as, uint32_t value, enum step step)
{
	struct mmx_gpu *gpu = as->gpu;

	as->step = step;
	mmx_timer_set(gpu->timers, &as->deadline, mmx_gpu_deadline_ns(gpu, MMX_AS_COMMAND_NS));
	mmx_device_write32(as->gpu->dev, MMU_AS_BASE(as->index) + AS_COMMAND, value);
}

static void enable(struct mmx_as *as)
{
	const struct mmx_pgtable *pt = as->vm->pt;
	uint64_t cfg = MMX_FIELD_PREP64(AS_TRANSCFG_MODE, AS_TRANSCFG_MODE_AARCH64_4K) |
		       MMX_FIELD_PREP64(AS_TRANSCFG_INA_BITS, 55 - mmx_pgtable_va_bits(pt)) |
		       MMX_FIELD_PREP64(AS_TRANSCFG_PTW_MEMATTR, AS_TRANSCFG_PTW_MEMATTR_WB) |
		       AS_TRANSCFG_PTW_READ_ALLOC;

	if (as->gpu->coherent)
		cfg |= MMX_FIELD_PREP64(AS_TRANSCFG_PTW_SH, AS_TRANSCFG_PTW_SH_OUTER);
	as_write64(as, AS_TRANSTAB, mmx_pgtable_root(pt));
	as_write64(as, AS_MEMATTR, mmx_pgtable_memattr(pt));
	as_write64(as, AS_TRANSCFG, cfg);
	command(as, AS_COMMAND_UPDATE, STEP_ENABLE);
}

static void disable(struct mmx_as *as)
{
	as_write64(as, AS_TRANSTAB, 0);
	as_write64(as, AS_MEMATTR, 0);
	as_write64(as, AS_TRANSCFG, MMX_FIELD_PREP64(AS_TRANSCFG_MODE, AS_TRANSCFG_MODE_UNMAPPED));
	command(as, AS_COMMAND_UPDATE, STEP_DISABLE);
}

uint64_t mmx_mmu_lock_region(uint64_t start, uint64_t end, uint64_t *ret_start, uint64_t *ret_end)
{
	uint64_t differ = start ^ (end - 1);
	unsigned int log2 = differ ? 64 - (unsigned int)__builtin_clzll(differ) : 0;

	if (log2 < AS_LOCK_REGION_SIZE_MIN_LOG2)
		log2 = AS_LOCK_REGION_SIZE_MIN_LOG2;
	if (log2 > MMX_PGTABLE_VA_BITS_MAX)
		log2 = MMX_PGTABLE_VA_BITS_MAX; /* nothing lies beyond */
	*ret_start = start & ~((UINT64_C(1) << log2) - 1);
	*ret_end = *ret_start + (UINT64_C(1) << log2);
	return *ret_start | MMX_FIELD_PREP64(AS_LOCKADDR_SIZE, log2 - 1);
}

/* Takes all that is pending along. */
static void lock(struct mmx_as *as)
{
	uint64_t limit = UINT64_C(1) << mmx_pgtable_va_bits(as->vm->pt);
	uint64_t start = UINT64_MAX, end = 0;

	as->lock_all = !as->users;
	while (!mmx_list_empty(&as->pending)) {
		struct mmx_vm_op *op = mmx_list_first(&as->pending, struct mmx_vm_op, link);
		bool inside = op->va < limit && op->size < limit - op->va;
		uint64_t last = inside ? op->va + op->size : limit;

		mmx_list_del(&op->link);
		mmx_list_add_tail(&as->running, &op->link);
		start = op->va < start ? op->va : start;
		end = last > end ? last : end;
	}
	/* with what else is stale: so that tables which were emptied can go, and what was mapped can be used */
	if (mmx_vm_is_stale(as->vm)) {
		start = as->vm->stale_start < start ? as->vm->stale_start : start;
		end = as->vm->stale_end > end ? as->vm->stale_end : end;
	}
	if (as->lock_all || start >= end) {
		start = 0;
		end = limit;
	}
	as->lock_mark = mmx_vm_mark(as->vm);
	as_write64(as, AS_LOCKADDR, mmx_mmu_lock_region(start, end, &start, &end));
	command(as, AS_COMMAND_LOCK, STEP_LOCK);
}

/* ---- what comes next ---- */

static bool usable(const struct mmx_as *as)
{
	return as->mapped && !as->faulted && as->users && as->step != STEP_DISABLE;
}

/* Someone waits for it who may count on all that is mapped by now. */
static bool must_catch_up(const struct mmx_as *as)
{
	return usable(as) && !mmx_list_empty(&as->waits) && mmx_vm_is_stale(as->vm);
}

static void wake(struct mmx_as *as)
{
	/* a done() may end in anything, even in a reset: look again each time */
	while (usable(as) && !mmx_list_empty(&as->waits)) {
		struct mmx_as_wait *wait = mmx_list_first(&as->waits, struct mmx_as_wait, link);

		mmx_list_del(&wait->link);
		wait->done(wait);
	}
}

static void move_links(struct mmx_list *from, struct mmx_list *to)
{
	while (!mmx_list_empty(from)) {
		struct mmx_list *link = from->next;

		mmx_list_del(link);
		mmx_list_add_tail(to, link);
	}
}

static void lend(struct mmx_as *as, struct mmx_vm *vm)
{
	as->vm = vm;
	as->clean = true; /* nothing was accessed yet */
	vm->as = as;
}

static void take_over(struct mmx_as *as)
{
	lend(as, as->heir);
	as->clean = false;
	as->users = as->heir_users;
	move_links(&as->heir_waits, &as->waits);
	as->heir->promised = NULL;
	as->heir = NULL;
	as->heir_users = 0;
}

static bool is_unused(const struct mmx_mmu *mmu)
{
	for (unsigned int i = 0; i < MMX_MAX_AS; i++) {
		if (mmu->as[i].vm)
			return false;
	}
	return true;
}

static void detach(struct mmx_as *as)
{
	struct mmx_gpu *gpu = as->gpu;
	struct mmx_vm *vm = as->vm;

	as->vm = NULL;
	as->faulted = false;
	vm->as = NULL;
	if (as->heir)
		take_over(as);
	mmx_vm_maintained(vm, mmx_vm_mark(vm));
	mmx_vm_detached(vm);
	kick(as);
	mmx_reset_look(as->gpu);
	if (is_unused(&gpu->mmu))
		mmx_sleep_unmapped(gpu);
}

static void kick(struct mmx_as *as)
{
	if (as->step != STEP_IDLE || !as->vm)
		return;
	if (as->faulted && as->mapped)
		disable(as);
	else if (!mmx_list_empty(&as->pending) || (!as->users && !as->clean) || must_catch_up(as))
		lock(as);
	else if (as->users && !as->mapped && !as->faulted)
		enable(as);
	else if (!as->users && as->mapped)
		disable(as);
	else if (!as->users)
		detach(as);
	else
		wake(as);
}

static void finish_ops(struct mmx_list *ops)
{
	while (!mmx_list_empty(ops)) {
		struct mmx_vm_op *op = mmx_list_first(ops, struct mmx_vm_op, link);

		mmx_list_del(&op->link);
		op->done(op);
	}
}

static void unlocked(struct mmx_as *as)
{
	struct mmx_list done;

	mmx_list_init(&done);
	move_links(&as->running, &done);
	if (as->lock_all)
		as->clean = true;
	mmx_vm_maintained(as->vm, as->lock_mark);
	kick(as);
	finish_ops(&done);
}

static void step_done(struct mmx_as *as)
{
	enum step step = as->step;

	mmx_timer_cancel(as->gpu->timers, &as->deadline);
	as->step = STEP_IDLE;
	switch (step) {
	case STEP_IDLE:
		return;
	case STEP_LOCK:
		command(as, AS_COMMAND_FLUSH_MEM, STEP_FLUSH);
		return;
	case STEP_FLUSH:
		unlocked(as);
		return;
	case STEP_ENABLE:
		as->mapped = true;
		break;
	case STEP_DISABLE:
		as->mapped = false;
		break;
	}
	kick(as);
}

static void stuck(struct mmx_as *as)
{
	static const char why[] = "a command of an address space does not end";

	if (as->index && !mmx_device_lost(as->gpu->dev))
		mmx_reset_accuse(as->gpu, why, NULL, as->vm->dying ? NULL : as->vm);
	else
		mmx_gpu_reset(as->gpu, why);
}

bool mmx_mmu_rests(const struct mmx_gpu *gpu)
{
	for (unsigned int i = 0; i < MMX_MAX_AS; i++) {
		if (mmx_timer_armed(&gpu->mmu.as[i].deadline))
			return false;
	}
	return true;
}

static void missed(struct mmx_timer *timer)
{
	struct mmx_as *as = mmx_container_of(timer, struct mmx_as, deadline);

	if (mmx_gpu_excuse(as->gpu, timer))
		return;
	if (mmx_device_lost(as->gpu->dev) || (as_read32(as, AS_STATUS) & AS_STATUS_ACTIVE)) {
		stuck(as);
		return;
	}
	mmx_gpu_lost_irq(as->gpu, "MMU");
	mmx_device_write32(as->gpu->dev, MMU_INT_BASE + INT_CLEAR, MMU_INT_COMPLETED(as->index));
	step_done(as);
}

/* ---- interrupts ---- */

static void read_fault(struct mmx_as *as, struct mmx_vm_fault *ret_fault)
{
	uint32_t status = as_read32(as, AS_FAULTSTATUS);

	ret_fault->exception = MMX_FIELD_GET(AS_FAULTSTATUS_TYPE, status);
	ret_fault->access = MMX_FIELD_GET(AS_FAULTSTATUS_ACCESS, status);
	ret_fault->address =
		mmx_device_read64(as->gpu->dev, MMU_AS_BASE(as->index) + AS_FAULTADDRESS);
}

static void handle_fault(struct mmx_as *as, const struct mmx_vm_fault *fault)
{
	struct mmx_gpu *gpu = as->gpu;

	if (!as->index) {
		mmx_log(MMX_LOG_GPU, MMX_LOG_ERROR,
			"fault of the firmware exception=%s access=%u address=0x%llx",
			mmx_gpu_exception_name(fault->exception), fault->access,
			(unsigned long long)fault->address);
		mmx_gpu_reset(gpu, "the firmware faulted");
		return;
	}
	if (!as->users || as->faulted)
		return; /* nobody is left, or they know already */
	mmx_log(MMX_LOG_GPU, MMX_LOG_DEBUG, "fault as=%u exception=%s access=%u address=0x%llx",
		as->index, mmx_gpu_exception_name(fault->exception), fault->access,
		(unsigned long long)fault->address);
	as->faulted = true;
	kick(as);
	gpu->ops->vm_fault(gpu->ctx, as->vm, fault);
}

/**
 * mmx_mmu_irq() - handles MMU_INT
 * @gpu: GPU
 *
 * A fault is read before its bit is cleared, since the next one may overwrite it then. Faults go before the
 * ends of commands: while an AS is being given up, a fault of its old VM is so told from one of its next.
 */
void mmx_mmu_irq(struct mmx_gpu *gpu)
{
	uint32_t status = mmx_device_read32(gpu->dev, MMU_INT_BASE + INT_STAT);
	struct mmx_vm_fault faults[MMX_MAX_AS];
	uint32_t epoch = gpu->boot.epoch;

	if (!status || mmx_device_lost(gpu->dev))
		return;
	for (unsigned int i = 0; i < MMX_MAX_AS; i++) {
		if (status & gpu->mmu.present & MMU_INT_FAULT(i))
			read_fault(&gpu->mmu.as[i], &faults[i]);
	}
	mmx_device_write32(gpu->dev, MMU_INT_BASE + INT_CLEAR, status);
	for (unsigned int i = 0; i < MMX_MAX_AS && gpu->boot.epoch == epoch; i++) {
		if (gpu->mmu.as[i].vm && (status & gpu->mmu.present & MMU_INT_FAULT(i)))
			handle_fault(&gpu->mmu.as[i], &faults[i]);
	}
	for (unsigned int i = 0; i < MMX_MAX_AS && gpu->boot.epoch == epoch; i++) {
		if (status & MMU_INT_COMPLETED(i))
			step_done(&gpu->mmu.as[i]);
	}
}

/* ---- users ---- */

static struct mmx_as *find_free(struct mmx_mmu *mmu, int wanted)
{
	unsigned int first = wanted < 0 ? 1 : (unsigned int)wanted;
	unsigned int end = wanted < 0 ? MMX_MAX_AS : first + 1;

	for (unsigned int i = first; i < end; i++) {
		if ((mmu->present & (1u << i)) && !mmu->as[i].vm)
			return &mmu->as[i];
	}
	return NULL;
}

/* One that nobody uses any more, and that nobody else has been promised. */
static struct mmx_as *find_leaving(struct mmx_mmu *mmu)
{
	for (unsigned int i = 1; i < MMX_MAX_AS; i++) {
		struct mmx_as *as = &mmu->as[i];

		if (as->vm && !as->users && !as->heir)
			return as;
	}
	return NULL;
}

/* Return: true if the VM has an AS now, or one is promised to it. */
static bool find_as(struct mmx_vm *vm, int wanted)
{
	struct mmx_mmu *mmu = &vm->gpu->mmu;
	struct mmx_as *as;

	if (vm->as || vm->promised)
		return true;
	as = find_free(mmu, wanted);
	if (as) {
		lend(as, vm);
		return true;
	}
	as = wanted < 0 ? find_leaving(mmu) : NULL;
	if (as) {
		as->heir = vm;
		vm->promised = as;
	}
	return as != NULL;
}

int mmx_mmu_get(struct mmx_vm *vm, int as, struct mmx_as_wait *wait)
{
	if (!mmx_boot_is_powered(vm->gpu) || !find_as(vm, as))
		return MMU_E_NO_AS;
	if (vm->promised) {
		vm->promised->heir_users++;
		mmx_list_add_tail(&vm->promised->heir_waits, &wait->link);
		return 0;
	}
	if (vm->as->faulted || vm->as->heir)
		return MMU_E_NO_AS;
	vm->as->users++;
	vm->as->clean = false;
	vm->as->lock_all = false;
	mmx_list_add_tail(&vm->as->waits, &wait->link);
	if (usable(vm->as) && !must_catch_up(vm->as))
		wake(vm->as);
	else
		kick(vm->as);
	return 0;
}

void mmx_mmu_put(struct mmx_vm *vm)
{
	struct mmx_as *as = vm->as;

	if (vm->promised) {
		as = vm->promised;
		if (--as->heir_users == 0) {
			as->heir = NULL;
			vm->promised = NULL;
		}
		return;
	}
	if (!as || !as->users)
		return;
	as->users--;
	kick(as);
}

int mmx_mmu_as(const struct mmx_vm *vm)
{
	if (vm->promised)
		return (int)vm->promised->index;
	return vm->as && vm->as->users ? (int)vm->as->index : -1;
}

void mmx_mmu_flush(struct mmx_vm *vm, struct mmx_vm_op *op)
{
	if (mmx_boot_is_resetting(vm->gpu)) {
		mmx_list_add_tail(&vm->gpu->mmu.held, &op->link);
		return;
	}
	if (!vm->as) {
		mmx_vm_maintained(vm, mmx_vm_mark(vm));
		op->done(op);
		return;
	}
	mmx_list_add_tail(&vm->as->pending, &op->link);
	kick(vm->as);
}

/* ---- reset and life ---- */

void mmx_mmu_reset(struct mmx_gpu *gpu)
{
	for (unsigned int i = 0; i < MMX_MAX_AS; i++) {
		struct mmx_as *as = &gpu->mmu.as[i];
		struct mmx_vm *vm = as->vm;

		if (!vm)
			continue;
		mmx_timer_cancel(gpu->timers, &as->deadline);
		move_links(&as->running, &gpu->mmu.held);
		move_links(&as->pending, &gpu->mmu.held);
		move_links(&as->heir_waits, &as->waits);
		while (!mmx_list_empty(&as->waits))
			mmx_list_del(as->waits.next);
		if (as->heir)
			as->heir->promised = NULL;
		as->heir = NULL;
		as->heir_users = 0;
		as->vm = NULL;
		as->users = 0;
		as->step = STEP_IDLE;
		as->mapped = false;
		as->faulted = false;
		vm->as = NULL;
		mmx_vm_detached(vm);
	}
}

void mmx_mmu_settle(struct mmx_gpu *gpu)
{
	struct mmx_list held;

	mmx_list_init(&held);
	move_links(&gpu->mmu.held, &held);
	finish_ops(&held);
}

/* gpu->info has been read. Return: 0 or -ENOMEM. */
int mmx_mmu_init(struct mmx_gpu *gpu)
{
	struct mmx_mmu *mmu = &gpu->mmu;

	mmx_list_init(&mmu->held);
	mmu->present = gpu->info.as_present & ((1u << MMX_MAX_AS) - 1);
	mmu->as = calloc(MMX_MAX_AS, sizeof(*mmu->as));
	if (!mmu->as)
		return -ENOMEM;
	for (unsigned int i = 0; i < MMX_MAX_AS; i++) {
		struct mmx_as *as = &mmu->as[i];

		as->gpu = gpu;
		as->index = i;
		mmx_list_init(&as->waits);
		mmx_list_init(&as->heir_waits);
		mmx_list_init(&as->pending);
		mmx_list_init(&as->running);
		if (mmx_timer_init(gpu->timers, &as->deadline, missed) < 0) {
			mmx_mmu_finish(gpu);
			return -ENOMEM;
		}
	}
	return 0;
}

/* The GPU is off. VMs that were being given up are freed now. */
void mmx_mmu_finish(struct mmx_gpu *gpu)
{
	if (!gpu->mmu.as)
		return;
	mmx_mmu_reset(gpu);
	mmx_mmu_settle(gpu);
	for (unsigned int i = 0; i < MMX_MAX_AS; i++)
		mmx_timer_finish(gpu->timers, &gpu->mmu.as[i].deadline);
	free(gpu->mmu.as);
	gpu->mmu.as = NULL;
}
