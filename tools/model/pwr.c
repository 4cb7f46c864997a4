// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * PWR_CONTROL, which architecture 14 has in place of GPU_CONTROL's power rows and reset command. The units
 * themselves stay gpu.c's; this is who may switch them, and how the host asks.
 *
 * The L2 is always the host's. Shader cores and tiler are the host's after a reset, and the firmware's once
 * they are delegated: only then can the firmware power them, and the host's own commands for them are not
 * allowed. A command that is not allowed, or that does not exist, is told by its interrupt and has no other
 * effect. Delegation, retraction and inspection take a time (cost.h); one of these at a time, another one
 * meanwhile is not allowed. A domain that is retracted keeps its power.
 */
#include "tools/model/pwr.h"

#include <stdlib.h>

#include "tools/model/cost.h"
#include "tools/model/irq.h"
#include "tools/model/model_priv.h"
#include "tools/model/product.h"
#include "tools/model/regs.h"

struct mdl_pwr {
	struct mdl_event event; /* queued: the command below is under way */
	uint32_t command;
	uint32_t domain; /* of it; PWR_DOMAIN_* */
	uint32_t delegated; /* PWR_DOMAIN_* as bits */
	uint64_t arg;
};

/* Return: false if the GPU has no such domain. */
static bool find_domain(uint32_t domain, enum mdl_power_domain *ret_domain)
{
	switch (domain) {
	case PWR_DOMAIN_L2:
		*ret_domain = MDL_POWER_L2;
		return true;
	case PWR_DOMAIN_TILER:
		*ret_domain = MDL_POWER_TILER;
		return true;
	case PWR_DOMAIN_SHADER:
		*ret_domain = MDL_POWER_SHADER;
		return true;
	default:
		return false;
	}
}

bool mdl_pwr_delegated(struct mmx_model *m, enum mdl_power_domain domain)
{
	uint32_t delegated = mdl_pwr(m)->delegated;

	if (!mdl_product_has_pwr(mdl_product(m)))
		return true;
	return delegated & (domain == MDL_POWER_SHADER ? MDL_BIT(PWR_DOMAIN_SHADER)
						       : MDL_BIT(PWR_DOMAIN_TILER));
}

/* ---- commands ---- */

static void done(struct mmx_model *m, struct mdl_event *ev)
{
	struct mdl_pwr *pwr = mdl_pwr(m);

	(void)ev;
	switch (pwr->command) {
	case PWR_CMD_DELEGATE:
		pwr->delegated |= MDL_BIT(pwr->domain);
		mdl_irq_raise(m, MDL_IRQ_PWR, PWR_INT_DELEGATION);
		break;
	case PWR_CMD_RETRACT:
		pwr->delegated &= ~MDL_BIT(pwr->domain);
		mdl_irq_raise(m, MDL_IRQ_PWR, PWR_INT_RETRACTED | PWR_INT_DELEGATION);
		break;
	default:
		mdl_irq_raise(m, MDL_IRQ_PWR, PWR_INT_INSPECTED);
		break;
	}
}

static void refuse(struct mmx_model *m, uint32_t command, uint32_t why)
{
	mdl_log(m, MMX_MODEL_LOG_ERROR, "PWR_COMMAND 0x%x %s", command,
		why == PWR_INT_INVALID ? "does not exist" : "is not allowed");
	mdl_irq_raise(m, MDL_IRQ_PWR, why);
}

/* POWER_UP and POWER_DOWN. Return: false = not allowed. */
static bool switch_power(struct mmx_model *m, uint32_t domain, bool on)
{
	struct mdl_pwr *pwr = mdl_pwr(m);
	enum mdl_power_domain d = MDL_POWER_L2;

	if (!find_domain(domain, &d) || (pwr->delegated & MDL_BIT(domain)) ||
	    (d != MDL_POWER_L2 && !mdl_gpu_ready(m, MDL_POWER_L2)))
		return false;
	mdl_gpu_power(m, d, pwr->arg, on);
	return true;
}

/* DELEGATE, RETRACT, INSPECT. Return: false = not allowed. */
static bool begin(struct mmx_model *m, uint32_t command, uint32_t domain)
{
	struct mdl_pwr *pwr = mdl_pwr(m);

	if (pwr->event.queued)
		return false;
	if (command != PWR_CMD_INSPECT && domain != PWR_DOMAIN_TILER && domain != PWR_DOMAIN_SHADER)
		return false;
	pwr->command = command;
	pwr->domain = domain;
	mdl_event_add(m, &pwr->event, mdl_now(m) + MDL_COST_PWR_COMMAND_NS);
	return true;
}

static void command(struct mmx_model *m, uint32_t value)
{
	uint32_t domain = MDL_GET(PWR_CMD_DOMAIN, value);
	uint32_t code = MDL_GET(PWR_CMD_CODE, value);
	enum mdl_power_domain d;
	bool allowed = true;

	if (mdl_gpu_resetting(m)) {
		refuse(m, value, PWR_INT_NOT_ALLOWED);
		return;
	}
	switch (code) {
	case PWR_CMD_POWER_UP:
	case PWR_CMD_POWER_DOWN:
		allowed = switch_power(m, domain, code == PWR_CMD_POWER_UP);
		break;
	case PWR_CMD_DELEGATE:
	case PWR_CMD_RETRACT:
		if (!find_domain(domain, &d)) {
			refuse(m, value, PWR_INT_INVALID);
			return;
		}
		allowed = begin(m, code, domain);
		break;
	case PWR_CMD_INSPECT:
		allowed = begin(m, code, domain);
		break;
	case PWR_CMD_RESET_SOFT:
	case PWR_CMD_RESET_FAST:
		mdl_gpu_start_reset(m, false);
		break;
	default:
		refuse(m, value, PWR_INT_INVALID);
		return;
	}
	if (!allowed)
		refuse(m, value, PWR_INT_NOT_ALLOWED);
}

/* ---- registers ---- */

static uint64_t status(struct mmx_model *m)
{
	const struct mdl_pwr *pwr = mdl_pwr(m);
	uint32_t host = (MDL_BIT(PWR_DOMAIN_TILER) | MDL_BIT(PWR_DOMAIN_SHADER)) & ~pwr->delegated;
	uint64_t value = (uint64_t)pwr->delegated << PWR_STATUS_DELEGATED_SHIFT;

	if (mdl_gpu_resetting(m))
		return value | PWR_STATUS_RESET_PENDING;
	value |= MDL_BIT(PWR_DOMAIN_L2) | PWR_STATUS_ALLOW_RESETS;
	if (mdl_gpu_ready(m, MDL_POWER_L2))
		value |= host;
	for (unsigned int d = 0; d < MDL_POWER_DOMAINS; d++) {
		if (mdl_gpu_in_transition(m, (enum mdl_power_domain)d))
			value |= PWR_STATUS_POWER_PENDING;
	}
	if (pwr->event.queued && pwr->command == PWR_CMD_RETRACT)
		value |= PWR_STATUS_RETRACT_PENDING;
	if (pwr->event.queued && pwr->command == PWR_CMD_INSPECT)
		value |= PWR_STATUS_INSPECT_PENDING;
	return value;
}

/* Four 64-bit registers a domain: PRESENT, READY, PWRTRANS, PWRACTIVE. */
static uint64_t domain_read(struct mmx_model *m, enum mdl_power_domain domain, uint32_t offset)
{
	switch (offset) {
	case 0x00:
		return mdl_gpu_present(m, domain);
	case 0x08:
	case 0x18:
		return mdl_gpu_ready(m, domain);
	case 0x10:
		return mdl_gpu_in_transition(m, domain);
	default:
		return 0;
	}
}

static uint64_t read64(struct mmx_model *m, uint32_t offset)
{
	if (offset >= PWR_L2 && offset < PWR_L2 + PWR_DOMAIN_SIZE)
		return domain_read(m, MDL_POWER_L2, offset - PWR_L2);
	if (offset >= PWR_TILER && offset < PWR_TILER + PWR_DOMAIN_SIZE)
		return domain_read(m, MDL_POWER_TILER, offset - PWR_TILER);
	if (offset >= PWR_SHADER && offset < PWR_SHADER + PWR_DOMAIN_SIZE)
		return domain_read(m, MDL_POWER_SHADER, offset - PWR_SHADER);
	switch (offset) {
	case PWR_STATUS:
		return status(m);
	case PWR_CMDARG:
		return mdl_pwr(m)->arg;
	default:
		return 0;
	}
}

uint32_t mdl_pwr_read32(struct mmx_model *m, uint32_t offset)
{
	uint64_t value;

	if (offset < INT_BLOCK_SIZE)
		return mdl_irq_read32(m, MDL_IRQ_PWR, offset);
	value = read64(m, offset & ~4u);
	return (uint32_t)(offset & 4 ? value >> 32 : value);
}

void mdl_pwr_write32(struct mmx_model *m, uint32_t offset, uint32_t value)
{
	struct mdl_pwr *pwr = mdl_pwr(m);

	if (offset < INT_BLOCK_SIZE) {
		mdl_irq_write32(m, MDL_IRQ_PWR, offset, value);
		return;
	}
	switch (offset) {
	case PWR_COMMAND:
		command(m, value);
		break;
	case PWR_CMDARG:
		pwr->arg = (pwr->arg & ~UINT64_C(0xffffffff)) | value;
		break;
	case PWR_CMDARG + 4:
		pwr->arg = (pwr->arg & 0xffffffff) | (uint64_t)value << 32;
		break;
	default:
		mdl_log(m, MMX_MODEL_LOG_DEBUG, "write of 0x%x to PWR_CONTROL+0x%x ignored", value,
			offset);
		break;
	}
}

/* ---- life ---- */

struct mdl_pwr *mdl_pwr_create(void)
{
	struct mdl_pwr *pwr = calloc(1, sizeof(*pwr));

	if (pwr)
		pwr->event.fn = done;
	return pwr;
}

void mdl_pwr_destroy(struct mmx_model *m, struct mdl_pwr *pwr)
{
	if (!pwr)
		return;
	mdl_event_del(m, &pwr->event);
	free(pwr);
}

void mdl_pwr_reset(struct mmx_model *m)
{
	struct mdl_pwr *pwr = mdl_pwr(m);

	mdl_event_del(m, &pwr->event);
	pwr->delegated = 0;
	pwr->arg = 0;
}
