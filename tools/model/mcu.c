// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The MCU: MCU_CONTROL and MCU_STATUS, and the boot of whatever firmware lies in address space 0. The
 * firmware's Cortex-M code is not executed; once it would run, csf.c offers its interface instead.
 *
 * ENABLE and AUTO boot as soon as the L2 is powered, after MDL_COST_MCU_BOOT_NS. The boot does what the
 * core would have to be able to do, through AS 0, and ends in MCU_STATUS fatal if it could not:
 *   - read two words at address 0 (as data: the images' vector section is not executable): the initial
 *     stack pointer (word-aligned, in a writable page, counting a stack that begins right behind its
 *     page) and the entry address (odd: Thumb; in an executable page);
 *   - have the shared section at 0x04000000 readable, writable, and mapped uncached (MEMATTR policy
 *     non-cacheable), because the host reads it without cache maintenance;
 *   - find a sane interface layout there (csf.c).
 * The first sign of life is JOB_INT.GLB.
 *
 * DISABLE stops at once: whatever the groups were doing is lost. ENABLE and AUTO written under halted
 * firmware boot it anew, as if DISABLE had come between: upstream panthor before it learned to disable
 * the MCU resumes like this. Firmware that sleeps goes on sleeping. Power-off of the L2 under running
 * firmware is fatal, under halted firmware it is fine. Each change of MCU_STATUS raises GPU_INT.
 */
#include "tools/model/mcu.h"

#include <stdlib.h>

#include "tools/model/cost.h"
#include "tools/model/csf.h"
#include "tools/model/gpu.h"
#include "tools/model/inject.h"
#include "tools/model/irq.h"
#include "tools/model/mmu.h"
#include "tools/model/model_priv.h"
#include "tools/model/regs.h"

struct mdl_mcu {
	struct mdl_event boot; /* queued: booting */
	uint32_t control;
	uint32_t status;
};

static void set_status(struct mmx_model *m, uint32_t status)
{
	struct mdl_mcu *mcu = mdl_mcu(m);

	if (mcu->status == status)
		return;
	mcu->status = status;
	mdl_gpu_mcu_status(m);
}

void mdl_mcu_fatal(struct mmx_model *m, const char *why)
{
	mdl_log(m, MMX_MODEL_LOG_ERROR, "MCU: %s", why);
	mdl_csf_stop(m);
	set_status(m, MCU_STATUS_FATAL);
}

static bool writable(struct mmx_model *m, uint32_t va)
{
	struct mdl_page_attr attr;

	return mdl_mmu_attr(m, 0, va, &attr) && attr.write;
}

/* Return: NULL, or why the core could not start. */
static const char *check_memory(struct mmx_model *m)
{
	struct mdl_page_attr attr;
	uint32_t vectors[2];

	if (!mdl_mmu_read(m, 0, 0, vectors, sizeof(vectors), MDL_ACCESS_READ, NULL))
		return "the vectors at address 0 cannot be read";
	if (vectors[0] % 4 || vectors[0] < 4 ||
	    (!writable(m, vectors[0]) && !writable(m, vectors[0] - 4)))
		return "the stack is not in a writable section";
	if (!(vectors[1] & 1))
		return "the entry address is even";
	if (!mdl_mmu_attr(m, 0, vectors[1] & ~1u, &attr) || !attr.exec)
		return "the entry is not in an executable section";
	if (!mdl_mmu_attr(m, 0, MDL_MCU_SHARED_VA, &attr))
		return "there is no shared section";
	if (!attr.read || !attr.write)
		return "the shared section is not writable";
	if (MDL_GET(AS_MEMATTR_POLICY, attr.mair) != AS_MEMATTR_POLICY_NC)
		return "the shared section is mapped cached";
	return NULL;
}

static void boot(struct mmx_model *m, struct mdl_event *ev)
{
	const char *why = check_memory(m);

	(void)ev;
	if (!why)
		why = mdl_csf_start(m);
	if (why) {
		mdl_mcu_fatal(m, why);
		return;
	}
	set_status(m, MCU_STATUS_ENABLED);
	mdl_irq_raise(m, MMX_MODEL_IRQ_JOB, JOB_INT_GLB);
}

/* Boots if it is told to, has power, and has not yet. */
static void try_boot(struct mmx_model *m)
{
	struct mdl_mcu *mcu = mdl_mcu(m);
	uint64_t cost;

	if (mcu->control == MCU_CONTROL_DISABLE || mcu->status != MCU_STATUS_DISABLED ||
	    mcu->boot.queued || !mdl_gpu_ready(m, MDL_POWER_L2))
		return;
	cost = mdl_inject_ns(m, MDL_POINT_BOOT, MDL_COST_MCU_BOOT_NS);
	mdl_span(m, "MCU", 0, "boot", mdl_now(m), cost);
	mdl_event_add(m, &mcu->boot, mdl_now(m) + cost);
}

static void disable(struct mmx_model *m)
{
	struct mdl_mcu *mcu = mdl_mcu(m);

	mdl_event_del(m, &mcu->boot);
	mdl_csf_stop(m);
	set_status(m, MCU_STATUS_DISABLED);
}

void mdl_mcu_l2_changed(struct mmx_model *m)
{
	struct mdl_mcu *mcu = mdl_mcu(m);

	if (mdl_gpu_ready(m, MDL_POWER_L2)) {
		try_boot(m);
		return;
	}
	mdl_event_del(m, &mcu->boot);
	if (mcu->status == MCU_STATUS_ENABLED)
		mdl_mcu_fatal(m, "the L2 was powered off under running firmware");
}

void mdl_mcu_set_halted(struct mmx_model *m, bool halted)
{
	set_status(m, halted ? MCU_STATUS_HALT : MCU_STATUS_ENABLED);
}

uint32_t mdl_mcu_read32(struct mmx_model *m, uint32_t offset)
{
	switch (offset) {
	case MCU_CONTROL:
		return mdl_mcu(m)->control;
	case MCU_STATUS:
		return mdl_mcu(m)->status;
	default:
		return 0;
	}
}

void mdl_mcu_write32(struct mmx_model *m, uint32_t offset, uint32_t value)
{
	struct mdl_mcu *mcu = mdl_mcu(m);

	if (offset != MCU_CONTROL)
		return;
	if (value > MCU_CONTROL_AUTO) {
		mdl_log(m, MMX_MODEL_LOG_ERROR, "MCU_CONTROL %u is unknown", value);
		return;
	}
	mcu->control = value;
	if (value == MCU_CONTROL_DISABLE || (mcu->status == MCU_STATUS_HALT && !mdl_csf_running(m)))
		disable(m);
	if (value != MCU_CONTROL_DISABLE)
		try_boot(m);
}

/* ---- life ---- */

struct mdl_mcu *mdl_mcu_create(void)
{
	struct mdl_mcu *mcu = calloc(1, sizeof(*mcu));

	if (mcu)
		mcu->boot.fn = boot;
	return mcu;
}

void mdl_mcu_destroy(struct mmx_model *m, struct mdl_mcu *mcu)
{
	if (!mcu)
		return;
	mdl_event_del(m, &mcu->boot);
	free(mcu);
}

void mdl_mcu_reset(struct mmx_model *m)
{
	struct mdl_mcu *mcu = mdl_mcu(m);

	mdl_event_del(m, &mcu->boot);
	mdl_csf_stop(m);
	mcu->control = MCU_CONTROL_DISABLE;
	mcu->status = MCU_STATUS_DISABLED;
}
