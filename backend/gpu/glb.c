// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Requests on the firmware's global interface. The only writer of glb_input but for doorbell_req, which slot.c
 * writes. Called by boot.c (configure), gpu.c (interrupts) and its own timers.
 *
 * The configuration is panthor's: all cores, cores powered off 10 ms after their last work, idleness told after
 * 800 us, the progress timer at 5 * 500 * 1024 * 1024 cycles.
 *
 * A ping that is answered late resets the GPU: the deadline looks at the answer itself first, so an interrupt
 * that was lost costs nothing.
 */
#include "backend/gpu/glb.h"

#include "backend/gpu/gpu_priv.h"
#include "backend/util/log.h"

/*
 * Firmware timers count 1024 ticks of the GPU's cycle counter, whose rate changes; they are computed for the
 * fastest clock of the parts that there are, and take longer at slower ones.
 */
#define CLOCK_MHZ	   1000u
#define POWEROFF_US	   10000u
#define IDLE_US		   800u
#define TIMER_VALUE(us)	   (((us)*CLOCK_MHZ + 1023u) / 1024u)
#define PROGRESS_TIMER_VAL (5u * 500u * 1024u)

#define CONFIG_TOGGLES \
	(GLB_REQ_CFG_ALLOC_EN | GLB_REQ_CFG_POWEROFF_TIMER | GLB_REQ_CFG_PROGRESS_TIMER)

static bool is_answered(const struct mmx_gpu *gpu)
{
	const struct mmx_csf_glb *glb = &gpu->fw.glb;
	uint32_t req = mmx_fw_read32(&glb->input->req);
	uint32_t ack = mmx_fw_read32(&glb->output->ack);

	return !mmx_csf_pending(req, ack, gpu->glb.pending);
}

static void request(struct mmx_gpu *gpu, uint32_t req, uint32_t pending)
{
	gpu->glb.pending = pending;
	mmx_fw_write32(&gpu->fw.glb.input->req, req);
	mmx_timer_set(gpu->timers, &gpu->glb.deadline, mmx_gpu_deadline_ns(gpu, MMX_FW_REQUEST_NS));
	mmx_fw_doorbell(gpu, 0);
}

static void answered(struct mmx_gpu *gpu)
{
	struct mmx_glb *glb = &gpu->glb;

	glb->pending = 0;
	mmx_timer_cancel(gpu->timers, &glb->deadline);
	mmx_timer_set(gpu->timers, &glb->ping, mmx_timers_now(gpu->timers) + MMX_GLB_PING_NS);
	if (!glb->configured) {
		glb->configured = true;
		mmx_boot_configured(gpu);
		return;
	}
	mmx_reset_look(gpu);
}

static void ping(struct mmx_timer *timer)
{
	struct mmx_gpu *gpu = mmx_container_of(timer, struct mmx_gpu, glb.ping);
	const struct mmx_csf_glb *glb = &gpu->fw.glb;
	uint32_t req = mmx_fw_read32(&glb->input->req);
	uint32_t ack = mmx_fw_read32(&glb->output->ack);

	request(gpu, mmx_csf_toggle(req, ack, GLB_REQ_PING), GLB_REQ_PING);
}

void mmx_glb_probe(struct mmx_gpu *gpu)
{
	if (!gpu->glb.pending)
		ping(&gpu->glb.ping);
}

static void missed(struct mmx_timer *timer)
{
	struct mmx_gpu *gpu = mmx_container_of(timer, struct mmx_gpu, glb.deadline);

	if (mmx_gpu_excuse(gpu, timer))
		return;
	if (is_answered(gpu) && !mmx_device_lost(gpu->dev)) {
		mmx_gpu_lost_irq(gpu, "JOB");
		answered(gpu);
		return;
	}
	mmx_gpu_reset(gpu, gpu->glb.configured ? "the firmware does not answer a ping"
					       : "the firmware does not take its configuration");
}

/**
 * mmx_glb_configure() - sends the configuration to firmware that has just booted
 * @gpu: GPU; its interface has been discovered
 *
 * All other requests start at rest: req is what ack is. Ends with mmx_boot_configured().
 */
void mmx_glb_configure(struct mmx_gpu *gpu)
{
	struct mmx_csf_glb_input *input = gpu->fw.glb.input;
	uint32_t ack = mmx_fw_read32(&gpu->fw.glb.output->ack);
	uint32_t irqs = CONFIG_TOGGLES | GLB_REQ_PING | GLB_REQ_IDLE_EN | GLB_REQ_IDLE;
	uint32_t pending = CONFIG_TOGGLES | GLB_REQ_IDLE_EN;
	uint32_t req = mmx_csf_toggle(ack, ack, CONFIG_TOGGLES);

	req |= GLB_REQ_IDLE_EN | GLB_REQ_COUNTER_EN;
	if (gpu->info.fw_version >= CSF_VERSION_GLB_STATE) {
		req = MMX_FIELD_SET(GLB_REQ_STATE, req, GLB_STATE_ACTIVE);
		irqs |= GLB_REQ_STATE;
		pending |= GLB_REQ_STATE;
	}
	mmx_fw_write64(&input->core_en_mask, gpu->info.shader_present);
	mmx_fw_write32(&input->poweroff_timer,
		       MMX_FIELD_PREP(GLB_TIMER_VAL, TIMER_VALUE(POWEROFF_US)) |
			       GLB_TIMER_SOURCE_GPU_COUNTER);
	mmx_fw_write32(&input->idle_timer, MMX_FIELD_PREP(GLB_TIMER_VAL, TIMER_VALUE(IDLE_US)) |
						   GLB_TIMER_SOURCE_GPU_COUNTER);
	mmx_fw_write32(&input->progress_timer, PROGRESS_TIMER_VAL);
	mmx_fw_write32(&input->ack_irq_mask, irqs);
	gpu->glb.configured = false;
	request(gpu, req, pending);
}

static uint32_t with_halt(const struct mmx_gpu *gpu, uint32_t req, bool halt)
{
	if (gpu->info.fw_version >= CSF_VERSION_GLB_STATE)
		return MMX_FIELD_SET(GLB_REQ_STATE, req, halt ? GLB_STATE_HALT : GLB_STATE_ACTIVE);
	return halt ? req | GLB_REQ_HALT : req & ~GLB_REQ_HALT;
}

void mmx_glb_halt(struct mmx_gpu *gpu)
{
	uint32_t *req = &gpu->fw.glb.input->req;

	mmx_glb_reset(gpu);
	mmx_fw_write32(req, with_halt(gpu, mmx_fw_read32(req), true));
	mmx_fw_doorbell(gpu, 0);
}

void mmx_glb_unhalt(struct mmx_gpu *gpu)
{
	uint32_t *req = &gpu->fw.glb.input->req;

	mmx_fw_write32(req, with_halt(gpu, mmx_fw_read32(req), false));
}

/**
 * mmx_glb_irq() - looks at what the firmware says globally
 * @gpu: GPU; its firmware runs. Being called without cause is fine.
 */
void mmx_glb_irq(struct mmx_gpu *gpu)
{
	const struct mmx_csf_glb *glb = &gpu->fw.glb;
	uint32_t req = mmx_fw_read32(&glb->input->req);
	uint32_t ack = mmx_fw_read32(&glb->output->ack);

	/* idleness is judged by slots; the event is only acknowledged */
	if (mmx_csf_pending(req, ack, GLB_EVT_MASK))
		mmx_fw_write32(&glb->input->req, mmx_csf_update(req, ack, GLB_EVT_MASK));
	if (gpu->glb.pending && is_answered(gpu))
		answered(gpu);
}

void mmx_glb_reset(struct mmx_gpu *gpu)
{
	gpu->glb.pending = 0;
	gpu->glb.configured = false;
	mmx_timer_cancel(gpu->timers, &gpu->glb.deadline);
	mmx_timer_cancel(gpu->timers, &gpu->glb.ping);
}

int mmx_glb_init(struct mmx_gpu *gpu)
{
	int r = mmx_timer_init(gpu->timers, &gpu->glb.deadline, missed);

	if (r < 0)
		return r;
	r = mmx_timer_init(gpu->timers, &gpu->glb.ping, ping);
	if (r < 0)
		mmx_timer_finish(gpu->timers, &gpu->glb.deadline);
	return r;
}

void mmx_glb_finish(struct mmx_gpu *gpu)
{
	mmx_timer_finish(gpu->timers, &gpu->glb.deadline);
	mmx_timer_finish(gpu->timers, &gpu->glb.ping);
}
