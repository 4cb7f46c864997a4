// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Life cycle, interrupt dispatch and identity of the GPU. Called by the core: mmx_gpu_irq() when a descriptor
 * of the device polls readable.
 *
 * JOB_INT is not read while firmware runs: it is cleared, and then the memory of all slots in use is looked at,
 * which says more than the bits do. That saves a round trip over the bus in each completion. The price: the
 * clearing is a posted write, and an event that the firmware raises after we have looked but before the write
 * arrives is cleared unseen. So a millisecond after such an interrupt (once for all in between) the register is
 * read, which orders the writes before it, and memory is looked at once more.
 */
#include "backend/gpu/gpu.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/gpu_regs.h"
#include "backend/gpu/int_regs.h"
#include "backend/gpu/job_regs.h"
#include "backend/util/log.h"

#define ARCH_MAJOR 10u

/* ---- identity ---- */

static uint32_t read_reg(const struct mmx_gpu *gpu, uint32_t reg)
{
	return mmx_device_read32(gpu->dev, GPU_CONTROL_BASE + reg);
}

static uint64_t read_reg64(const struct mmx_gpu *gpu, uint32_t reg)
{
	return mmx_device_read64(gpu->dev, GPU_CONTROL_BASE + reg);
}

static void read_identity(struct mmx_gpu *gpu)
{
	struct mmx_gpu_info *info = &gpu->info;

	info->gpu_rev = read_reg(gpu, GPU_REVID);
	info->csf_id = read_reg(gpu, GPU_CSF_ID);
	info->l2_features = read_reg(gpu, GPU_L2_FEATURES);
	info->tiler_features = read_reg(gpu, GPU_TILER_FEATURES);
	info->mem_features = read_reg(gpu, GPU_MEM_FEATURES);
	info->mmu_features = read_reg(gpu, GPU_MMU_FEATURES);
	info->core_features = read_reg(gpu, GPU_CORE_FEATURES);
	info->thread_features = read_reg(gpu, GPU_THREAD_FEATURES);
	info->max_threads = read_reg(gpu, GPU_THREAD_MAX_THREADS);
	info->thread_max_workgroup_size = read_reg(gpu, GPU_THREAD_MAX_WORKGROUP_SIZE);
	info->thread_max_barrier_size = read_reg(gpu, GPU_THREAD_MAX_BARRIER_SIZE);
	info->coherency_features = read_reg(gpu, GPU_COHERENCY_FEATURES);
	for (unsigned int i = 0; i < 4; i++)
		info->texture_features[i] = read_reg(gpu, GPU_TEXTURE_FEATURES(i));
	info->as_present = read_reg(gpu, GPU_AS_PRESENT);
	info->shader_present = read_reg64(gpu, GPU_SHADER_PRESENT);
	info->l2_present = read_reg64(gpu, GPU_L2_PRESENT);
	info->tiler_present = read_reg64(gpu, GPU_TILER_PRESENT);
}

/* Return: NULL, or why we can't drive what the registers describe. */
static const char *check_identity(const struct mmx_gpu_info *info)
{
	unsigned int va_bits = mmx_gpu_va_bits(info);

	if (!info->shader_present || !info->l2_present || !info->tiler_present)
		return "a GPU without cores, L2 or tiler";
	if (!(info->as_present & 1) || !(info->as_present & ~1u & ((1u << MMX_MAX_AS) - 1)))
		return "no address space for the MCU and one more";
	if (va_bits < MMX_PGTABLE_VA_BITS_MIN || va_bits > MMX_PGTABLE_VA_BITS_MAX ||
	    mmx_gpu_pa_bits(info) < MMX_PGTABLE_PA_BITS_MIN)
		return "unknown sizes of addresses";
	return NULL;
}

static int identify(struct mmx_gpu *gpu)
{
	uint32_t id = read_reg(gpu, GPU_ID);
	const char *why = NULL;

	gpu->info.gpu_id = id;
	read_identity(gpu);
	if (mmx_device_lost(gpu->dev))
		return -EIO;
	if (MMX_FIELD_GET(GPU_ID_ARCH_MAJOR, id) != ARCH_MAJOR)
		why = "not a GPU of architecture 10";
	else
		why = check_identity(&gpu->info);
	if (why) {
		mmx_log(MMX_LOG_GPU, MMX_LOG_ERROR, "%s gpu_id=0x%08x", why, id);
		return -ENODEV;
	}
	gpu->coherent = gpu->dev->coherent &&
			(gpu->info.coherency_features & GPU_COHERENCY_FEATURES_ACE_LITE);
	mmx_log(MMX_LOG_GPU, MMX_LOG_INFO,
		"found gpu_id=0x%08x cores=0x%llx address_spaces=0x%x coherent=%d", id,
		(unsigned long long)gpu->info.shader_present, gpu->info.as_present, gpu->coherent);
	return 0;
}

/* ---- interrupts ---- */

void mmx_gpu_lost_irq(struct mmx_gpu *gpu, const char *line)
{
	gpu->lost_irqs++;
	mmx_log(MMX_LOG_GPU, MMX_LOG_WARN, "interrupt was lost line=%s lost=%llu", line,
		(unsigned long long)gpu->lost_irqs);
	/* and with it maybe what slots had to say, which no deadline watches: look at all of them */
	mmx_timer_set(gpu->timers, &gpu->job_confirm,
		      mmx_timers_now(gpu->timers) + MMX_JOB_CONFIRM_NS);
}

bool mmx_gpu_excuse(struct mmx_gpu *gpu, struct mmx_timer *deadline)
{
	uint64_t asked_ns = mmx_timers_now(gpu->timers), late_ns;

	read_reg(gpu, GPU_ID);
	late_ns = mmx_timers_now(gpu->timers) - asked_ns;
	if (late_ns < MMX_GPU_LATE_NS || mmx_device_lost(gpu->dev))
		return false;
	mmx_log(MMX_LOG_GPU, MMX_LOG_INFO, "the device does not run: it was late by %llu ms",
		(unsigned long long)(late_ns / MMX_NS_PER_MS));
	mmx_timer_set(gpu->timers, deadline, asked_ns + 2 * late_ns);
	return true;
}

static void gpu_fault(struct mmx_gpu *gpu)
{
	uint32_t status = read_reg(gpu, GPU_FAULT_STATUS);
	uint64_t addr = read_reg64(gpu, GPU_FAULT_ADDR);
	uint32_t dropped;

	if (mmx_log_limit_pass(&gpu->fault_log, mmx_timers_now(gpu->timers), &dropped))
		mmx_log(MMX_LOG_GPU, MMX_LOG_ERROR,
			"fault of the GPU exception=%s status=0x%x address=0x%llx left_out=%u",
			mmx_gpu_exception_name(MMX_FIELD_GET(GPU_FAULT_STATUS_TYPE, status)),
			status, (unsigned long long)addr, dropped);
}

static void gpu_irq(struct mmx_gpu *gpu)
{
	uint32_t status = mmx_device_read32(gpu->dev, GPU_INT_BASE + INT_STAT);

	if (!status || mmx_device_lost(gpu->dev))
		return;
	if (status & GPU_INT_FAULT)
		gpu_fault(gpu);
	mmx_device_write32(gpu->dev, GPU_INT_BASE + INT_CLEAR, status);
	if (status & GPU_INT_PROTM_FAULT) {
		mmx_gpu_reset(gpu, "a fault of the protected mode that nobody uses");
		return;
	}
	mmx_boot_gpu_irq(gpu, status);
}

/* What do the global block and the slots in use say? */
static void look(struct mmx_gpu *gpu)
{
	uint32_t epoch = gpu->boot.epoch;

	mmx_glb_irq(gpu);
	for (unsigned int i = 0; i < gpu->info.slots && gpu->boot.epoch == epoch; i++) {
		enum mmx_slot_state state = gpu->slots.slot[i].state;

		if (state == MMX_SLOT_STARTING || state == MMX_SLOT_RUNNING ||
		    state == MMX_SLOT_STOPPING)
			mmx_slot_irq(gpu, i);
	}
}

static void job_confirm(struct mmx_timer *timer)
{
	struct mmx_gpu *gpu = mmx_container_of(timer, struct mmx_gpu, job_confirm);

	if (!mmx_boot_is_running(gpu))
		return;
	mmx_device_read32(gpu->dev, JOB_INT_BASE + INT_RAWSTAT);
	look(gpu);
}

static void job_irq(struct mmx_gpu *gpu)
{
	uint32_t status;

	if (mmx_boot_is_running(gpu)) {
		mmx_device_write32(gpu->dev, JOB_INT_BASE + INT_CLEAR, UINT32_MAX);
		if (!mmx_timer_armed(&gpu->job_confirm))
			mmx_timer_set(gpu->timers, &gpu->job_confirm,
				      mmx_timers_now(gpu->timers) + MMX_JOB_CONFIRM_NS);
		look(gpu);
		return;
	}
	status = mmx_device_read32(gpu->dev, JOB_INT_BASE + INT_STAT);
	if (!status || mmx_device_lost(gpu->dev))
		return;
	mmx_device_write32(gpu->dev, JOB_INT_BASE + INT_CLEAR, status);
	if (status & JOB_INT_GLB)
		mmx_boot_mcu_alive(gpu);
}

/**
 * mmx_gpu_irq() - handles an interrupt
 * @gpu: GPU
 * @irq: the line whose descriptor polled readable
 */
void mmx_gpu_irq(struct mmx_gpu *gpu, enum mmx_irq irq)
{
	if (!mmx_device_irq_take(gpu->dev, irq) || mmx_device_lost(gpu->dev))
		return;
	gpu->stats.irqs++;
	switch (irq) {
	case MMX_IRQ_JOB:
		job_irq(gpu);
		break;
	case MMX_IRQ_MMU:
		mmx_mmu_irq(gpu);
		break;
	case MMX_IRQ_GPU:
		gpu_irq(gpu);
		break;
	case MMX_IRQ_COUNT:
		break;
	}
}

/* ---- life ---- */

/**
 * mmx_gpu_create() - takes the device over
 * @dev: outlives the GPU
 * @timers: outlives the GPU
 * @image: parsed firmware; outlives the GPU
 * @ops: outlives the GPU
 * @ctx: handed to each of @ops
 * @ret_gpu: written on success only
 *
 * Return: 0; -ENODEV: not a GPU, or not firmware, that we can drive (logged); -ENOMEM; -ENOSPC; -EIO.
 */
int mmx_gpu_create(struct mmx_device *dev, struct mmx_timers *timers,
		   const struct mmx_fw_image *image, const struct mmx_gpu_ops *ops, void *ctx,
		   struct mmx_gpu **ret_gpu)
{
	struct mmx_gpu *gpu = calloc(1, sizeof(*gpu));
	int r;

	if (!gpu)
		return -ENOMEM;
	gpu->dev = dev;
	gpu->timers = timers;
	gpu->ops = ops;
	gpu->ctx = ctx;
	r = identify(gpu);
	if (r < 0)
		goto err_free;
	r = mmx_dma_pool_create(dev, &gpu->pool);
	if (r < 0)
		goto err_free;
	r = mmx_timer_init(timers, &gpu->job_confirm, job_confirm);
	if (r < 0)
		goto err_pool;
	r = mmx_boot_init(gpu);
	if (r < 0)
		goto err_confirm;
	r = mmx_mmu_init(gpu);
	if (r < 0)
		goto err_boot;
	r = mmx_fw_init(gpu, image);
	if (r < 0)
		goto err_mmu;
	r = mmx_glb_init(gpu);
	if (r < 0)
		goto err_fw;
	r = mmx_slots_init(gpu);
	if (r < 0)
		goto err_glb;
	r = mmx_reset_init(gpu);
	if (r < 0)
		goto err_slots;
	*ret_gpu = gpu;
	return 0;

err_slots:
	mmx_slots_finish(gpu);
err_glb:
	mmx_glb_finish(gpu);
err_fw:
	mmx_fw_finish(gpu);
err_mmu:
	mmx_mmu_finish(gpu);
err_boot:
	mmx_boot_finish(gpu);
err_confirm:
	mmx_timer_finish(timers, &gpu->job_confirm);
err_pool:
	mmx_dma_pool_destroy(gpu->pool);
err_free:
	free(gpu);
	return r;
}

/**
 * mmx_gpu_destroy() - lets go of the device
 * @gpu: without VMs and groups; NULL is fine
 *
 * The MCU is stopped and a soft reset begun, but nothing waits for its end: that memory can't be reached any
 * more is ensured by mmx_device_unmap() for each piece of it, and that nothing else is by the destruction of
 * the device, which is the owner's next step.
 */
void mmx_gpu_destroy(struct mmx_gpu *gpu)
{
	if (!gpu)
		return;
	mmx_boot_stop(gpu);
	mmx_reset_finish(gpu);
	mmx_slots_finish(gpu);
	mmx_glb_finish(gpu);
	mmx_fw_finish(gpu);
	mmx_mmu_finish(gpu);
	mmx_boot_finish(gpu);
	mmx_timer_finish(gpu->timers, &gpu->job_confirm);
	mmx_dma_pool_destroy(gpu->pool);
	free(gpu);
}

void mmx_gpu_start(struct mmx_gpu *gpu)
{
	mmx_boot_start(gpu);
}

const struct mmx_gpu_info *mmx_gpu_info(const struct mmx_gpu *gpu)
{
	return &gpu->info;
}

uint64_t mmx_gpu_deadline_ns(const struct mmx_gpu *gpu, uint64_t ns)
{
	return mmx_timers_now(gpu->timers) + ns * (gpu->dev->patience ? gpu->dev->patience : 1);
}

bool mmx_gpu_is_ready(const struct mmx_gpu *gpu)
{
	return gpu->boot.state == MMX_BOOT_READY && !gpu->reset.pending;
}

void mmx_gpu_read_time(const struct mmx_gpu *gpu, struct mmx_gpu_time *ret_time)
{
	ret_time->backend_ns = mmx_timers_now(gpu->timers);
	ret_time->timestamp = read_reg64(gpu, GPU_TIMESTAMP);
	ret_time->cycles = read_reg64(gpu, GPU_CYCLE_COUNT);
	ret_time->duration_ns = mmx_timers_now(gpu->timers) - ret_time->backend_ns;
	ret_time->timestamp_offset = read_reg64(gpu, GPU_TIMESTAMP_OFFSET);
	ret_time->timestamp_hz = gpu->dev->timestamp_hz;
}

void mmx_gpu_stats(const struct mmx_gpu *gpu, struct mmx_gpu_stats *ret_stats)
{
	*ret_stats = gpu->stats;
	if (gpu->boot.state == MMX_BOOT_ASLEEP)
		ret_stats->power_off_ns += mmx_timers_now(gpu->timers) - gpu->boot.asleep_ns;
	ret_stats->dma_bytes = mmx_dma_pool_used(gpu->pool);
}

int mmx_gpu_alloc(struct mmx_gpu *gpu, size_t size, struct mmx_dma_buf *ret_buf)
{
	return mmx_dma_alloc(gpu->pool, size, ret_buf);
}

void mmx_gpu_free(struct mmx_gpu *gpu, struct mmx_dma_buf *buf)
{
	mmx_dma_free(gpu->pool, buf);
}
