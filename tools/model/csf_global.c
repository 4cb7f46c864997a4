// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The firmware's global interface, and what concerns all groups: power of cores and tiler, the idle and
 * power-off timers. Called from csf.c's main loop.
 *
 * Requests, each acknowledged by copying its bit:
 *   CFG_ALLOC_EN        takes core_en_mask; no core is used before the first one
 *   CFG_POWEROFF_TIMER  takes poweroff_timer
 *   CFG_PROGRESS_TIMER  takes progress_timer, after which jobs without progress are reported; 0 = never
 *   IDLE_EN             takes idle_timer and enables the IDLE event
 *   COUNTER_EN          runs the cycle counter
 *   PING, FWCFG_UPDATE  acknowledged
 *   PERFCNT_EN, _SAMPLE acknowledged; there are no counters (perfcnt_size is 0)
 *   HALT                within the doorbell's write: every group still resident is lost, MCU_STATUS = halt;
 *                       only a disable and enable of the MCU ends it
 *   SLEEP               streams stand still (what is on the endpoints ends), MCU_STATUS = halt; a doorbell
 *                       after the host has taken the bit back wakes it. The L2 may be off meanwhile
 * From interface 4.1 on HALT and SLEEP are values of a field, STATE, instead of bits of their own.
 *   PROTM_ENTER         refused: never acknowledged, said in the log
 *
 * While a group is not idle, the enabled cores and the tiler are powered; when all have become idle, they
 * go off after poweroff_timer, and IDLE is raised after idle_timer.
 */
#include "tools/model/csf_priv.h"

#include "tools/model/cores.h"
#include "tools/model/cost.h"
#include "tools/model/csf.h"
#include "tools/model/gpu.h"
#include "tools/model/inject.h"
#include "tools/model/irq.h"
#include "tools/model/mcu.h"
#include "tools/model/model_priv.h"
#include "tools/model/product.h"

/* Bits that are answered by copying them, whatever else they do. */
#define COPIED                                                                                 \
	(GLB_CFG_PROGRESS_TIMER | GLB_CFG_ALLOC_EN | GLB_CFG_POWEROFF_TIMER | GLB_PERFCNT_EN | \
	 GLB_PERFCNT_SAMPLE | GLB_COUNTER_EN | GLB_PING | GLB_FWCFG_UPDATE | GLB_IDLE_EN)

/* Requests that say on or off instead of "do it"; off after a boot. */
#define SWITCHES (GLB_PERFCNT_EN | GLB_COUNTER_EN | GLB_IDLE_EN)

#define UNITS_ALL UINT64_MAX

/* What the host wants the firmware to be, by either form of the request. */
enum wanted {
	WANTED_ACTIVE,
	WANTED_HALT,
	WANTED_SLEEP,
};

static bool has_state(const struct mmx_model *m)
{
	return mdl_interface_version(m) >= GLB_STATE_SINCE;
}

static enum wanted wanted(const struct mmx_model *m, uint32_t word)
{
	uint32_t state = MDL_GET(GLB_STATE, word);

	if (!has_state(m) && (word & GLB_HALT))
		return WANTED_HALT;
	if (!has_state(m))
		return word & GLB_SLEEP ? WANTED_SLEEP : WANTED_ACTIVE;
	if (state == GLB_STATE_HALT)
		return WANTED_HALT;
	return state == GLB_STATE_SLEEP ? WANTED_SLEEP : WANTED_ACTIVE;
}

/* Of the word: says what is wanted. */
static uint32_t wanted_bits(const struct mmx_model *m)
{
	return has_state(m) ? GLB_STATE : GLB_HALT | GLB_SLEEP;
}

void csf_global_init(struct mmx_model *m)
{
	struct mdl_csf *csf = mdl_csf(m);

	csf->core_en_mask = 0;
	csf->poweroff_ns = 0;
	csf->idle_ns = 0;
	csf->progress_ns = 0;
	mdl_gpu_count_cycles(m, false);
	csf_wr(m, csf->out_va + GLB_OUT_ACK, csf_rd(m, csf->in_va + GLB_IN_REQ) & ~SWITCHES);
	csf_wr(m, csf->out_va + GLB_OUT_DOORBELL_ACK, csf_rd(m, csf->in_va + GLB_IN_DOORBELL_REQ));
	csf_wr(m, csf->out_va + GLB_OUT_HALT_STATUS, 0);
}

static uint64_t timer_ns(struct mmx_model *m, uint32_t timer)
{
	const struct mdl_product *product = mdl_product(m);
	uint64_t mhz = timer & TIMER_GPU_CLK ? product->core_mhz : product->timestamp_mhz;

	return (uint64_t)(timer & TIMER_VALUE) * 1024 * 1000 / mhz;
}

/* Writes the new acknowledge word; JOB_INT if an enabled bit changed. */
static void acknowledge(struct mmx_model *m, uint32_t old, uint32_t ack)
{
	struct mdl_csf *csf = mdl_csf(m);

	if (ack == old)
		return;
	csf_wr(m, csf->out_va + GLB_OUT_ACK, ack);
	if ((ack ^ old) & csf_rd(m, csf->in_va + GLB_IN_ACK_IRQ_MASK))
		mdl_irq_raise(m, MMX_MODEL_IRQ_JOB, JOB_INT_GLB);
}

/*
 * Asks for what is wanted and not there. A unit amid a transition takes no request, so this is done again
 * whenever one has ended.
 */
void csf_global_power(struct mmx_model *m)
{
	const struct mdl_csf *csf = mdl_csf(m);
	uint64_t cores = csf->power_wanted ? csf->core_en_mask : 0;

	mdl_gpu_power_by_firmware(m, MDL_POWER_SHADER, cores, true);
	mdl_gpu_power_by_firmware(m, MDL_POWER_SHADER, ~cores, false);
	mdl_gpu_power_by_firmware(m, MDL_POWER_TILER, UNITS_ALL, csf->power_wanted);
}

static void power(struct mmx_model *m, bool on)
{
	struct mdl_csf *csf = mdl_csf(m);

	mdl_event_del(m, &csf->poweroff_timer);
	csf->power_wanted = on;
	/* asks by csf_global_power(); endpoints go out of use before they lose power */
	mdl_csf_power_changed(m);
}

/* ---- halt and sleep ---- */

static void halt(struct mmx_model *m, uint32_t ack)
{
	struct mdl_csf *csf = mdl_csf(m);

	for (unsigned int i = 0; i < csf->group_count; i++) {
		struct mdl_csf_group *g = csf->groups[i];

		if (g->state == MDL_CSF_FREE)
			continue;
		mdl_log(m, MMX_MODEL_LOG_ERROR, "halt while group %u is resident: it is lost", i);
		mdl_event_del(m, &g->transition);
		csf_group_drop(g);
	}
	mdl_event_del(m, &csf->work);
	mdl_event_del(m, &csf->idle_timer);
	power(m, false);
	acknowledge(m, ack,
		    has_state(m) ? (ack & ~GLB_STATE) | MDL_PREP(GLB_STATE, GLB_STATE_HALT)
				 : ack | GLB_HALT);
	csf->running = false;
	mdl_mcu_set_halted(m, true);
}

static void wake(struct mmx_model *m)
{
	struct mdl_csf *csf = mdl_csf(m);

	csf->asleep = false;
	mdl_mcu_set_halted(m, false);
	if (csf->active)
		power(m, true);
	for (unsigned int i = 0; i < csf->group_count; i++) {
		if (csf->groups[i]->state == MDL_CSF_RUNNING)
			csf_group_busy(m, csf->groups[i]);
	}
}

void csf_global_rung(struct mmx_model *m)
{
	struct mdl_csf *csf = mdl_csf(m);
	uint32_t req = csf_rd(m, csf->in_va + GLB_IN_REQ);
	uint32_t ack = csf_rd(m, csf->out_va + GLB_OUT_ACK);

	if (csf->faulted)
		return;
	if (mdl_inject_firmware_ns(m) > mdl_now(m)) {
		csf->glb_rung = true;
		csf_schedule(m, MDL_COST_FW_REQUEST_NS);
		return;
	}
	if (wanted(m, req) == WANTED_HALT && wanted(m, ack) != WANTED_HALT) {
		halt(m, ack);
		return;
	}
	if (csf->asleep) {
		if (wanted(m, req) == WANTED_SLEEP)
			return;
		wake(m);
	}
	csf->glb_rung = true;
	csf_schedule(m, MDL_COST_FW_REQUEST_NS);
}

/* ---- requests ---- */

static void configure(struct mmx_model *m, uint32_t req, uint32_t changed)
{
	struct mdl_csf *csf = mdl_csf(m);

	if (changed & GLB_CFG_ALLOC_EN) {
		csf->core_en_mask = csf_rd64(m, csf->in_va + GLB_IN_CORE_EN_MASK) &
				    mdl_product(m)->shader_present;
		mdl_csf_power_changed(m);
	}
	if (changed & GLB_CFG_POWEROFF_TIMER)
		csf->poweroff_ns = timer_ns(m, csf_rd(m, csf->in_va + GLB_IN_POWEROFF_TIMER));
	if (changed & GLB_CFG_PROGRESS_TIMER)
		csf->progress_ns = (uint64_t)csf_rd(m, csf->in_va + GLB_IN_PROGRESS_TIMER) * 1024 *
				   1000 / mdl_product(m)->core_mhz;
	if (changed & GLB_COUNTER_EN)
		mdl_gpu_count_cycles(m, req & GLB_COUNTER_EN);
	if (changed & GLB_IDLE_EN) {
		csf->idle_ns = timer_ns(m, csf_rd(m, csf->in_va + GLB_IN_IDLE_TIMER));
		if (!(req & GLB_IDLE_EN))
			mdl_event_del(m, &csf->idle_timer);
	}
	if (changed & req & GLB_PROTM_ENTER)
		mdl_log(m, MMX_MODEL_LOG_ERROR, "protected mode is not modelled: refused");
	if (wanted(m, req) == WANTED_SLEEP && wanted(m, req ^ changed) != WANTED_SLEEP) {
		csf->asleep = true;
		mdl_event_del(m, &csf->idle_timer);
		mdl_mcu_set_halted(m, true);
	}
}

void csf_global_requests(struct mmx_model *m)
{
	struct mdl_csf *csf = mdl_csf(m);
	uint32_t req = csf_rd(m, csf->in_va + GLB_IN_REQ);
	uint32_t ack = csf_rd(m, csf->out_va + GLB_OUT_ACK);
	uint32_t copied = COPIED;
	uint32_t rung;

	if (wanted(m, req) == WANTED_HALT && wanted(m, ack) != WANTED_HALT) { /* after a stall */
		halt(m, ack);
		return;
	}

	if (wanted(m, req) !=
	    WANTED_HALT) /* also one that is taken back after a boot over old memory */
		copied |= wanted_bits(m);
	configure(m, req, req ^ ack);
	acknowledge(m, ack, (ack & ~copied) | (req & copied));

	rung = csf_rd(m, csf->in_va + GLB_IN_DOORBELL_REQ);
	ack = csf_rd(m, csf->out_va + GLB_OUT_DOORBELL_ACK);
	/* first the answer, then the work: a request during it rings again */
	csf_wr(m, csf->out_va + GLB_OUT_DOORBELL_ACK, rung);
	for (unsigned int i = 0; i < csf->group_count; i++) {
		if ((rung ^ ack) & MDL_BIT(i))
			csf_group_requests(m, csf->groups[i]);
	}
}

/* ---- idleness ---- */

static bool any_active(const struct mdl_csf *csf)
{
	for (unsigned int i = 0; i < csf->group_count; i++) {
		const struct mdl_csf_group *g = csf->groups[i];

		if (g->state == MDL_CSF_STARTING || g->state == MDL_CSF_STOPPING ||
		    (g->state == MDL_CSF_RUNNING && !g->idle))
			return true;
	}
	return false;
}

void csf_global_activity(struct mmx_model *m)
{
	struct mdl_csf *csf = mdl_csf(m);
	bool active = any_active(csf);

	if (active == csf->active || csf->asleep)
		return;
	csf->active = active;
	if (active) {
		mdl_event_del(m, &csf->idle_timer);
		power(m, true);
		return;
	}
	if (csf_rd(m, csf->out_va + GLB_OUT_ACK) & GLB_IDLE_EN)
		mdl_event_add(m, &csf->idle_timer, mdl_now(m) + csf->idle_ns);
	mdl_event_add(m, &csf->poweroff_timer, mdl_now(m) + csf->poweroff_ns);
}

void csf_idle_timer(struct mmx_model *m, struct mdl_event *ev)
{
	struct mdl_csf *csf = mdl_csf(m);
	uint32_t req = csf_rd(m, csf->in_va + GLB_IN_REQ);
	uint32_t ack = csf_rd(m, csf->out_va + GLB_OUT_ACK);

	(void)ev;
	if (!((req ^ ack) & GLB_IDLE))
		acknowledge(m, ack, ack ^ GLB_IDLE);
	csf_check(m);
}

void csf_poweroff_timer(struct mmx_model *m, struct mdl_event *ev)
{
	(void)ev;
	power(m, false);
}
