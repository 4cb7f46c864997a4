// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The firmware's memory and the interface in it. Called by boot.c (load, discover), and by slot.c (windows,
 * doorbells, the interface's words).
 *
 * The interface lies in memory that the firmware writes at any time: discovery copies each control block once
 * and checks the copy, and what it says about sizes and places is final for the life of the GPU: firmware that
 * says something else after a reset is refused, since groups exist by then that rely on it.
 *
 * The shared section is uncached memory: both sides write words of the same cache lines at any time, so maintenance
 * by address can't do. Other sections are written here alone, when they are loaded, and are then made visible by
 * mmx_device_sync_for_device().
 *
 * MCU addresses: the image's sections, and behind those in [0x04000000, 0x08000000) the windows of slots:
 * suspend buffer, protected suspend buffer, an input and an output page per queue.
 */
#include "backend/gpu/fw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/mcu_regs.h"
#include "backend/gpu/vm_priv.h"
#include "backend/util/log.h"
#include "firmware/image.h"

/* panthor gives the MCU's shared things 64 MiB, from the shared section on. */
#define WINDOWS_END (FW_SHARED_VA + UINT32_C(0x04000000))

#define QUEUE_WINDOW (2 * MMX_PAGE_SIZE)

static uint64_t round_up_page(uint64_t size)
{
	return (size + MMX_PAGE_SIZE - 1) & ~(MMX_PAGE_SIZE - 1);
}

/* ---- sections ---- */

static unsigned int section_prot(const struct mmx_fw_section *section)
{
	unsigned int prot = MMX_PROT_READ;

	if (mmx_fw_section_writable(section))
		prot |= MMX_PROT_WRITE;
	if (mmx_fw_section_executable(section))
		prot |= MMX_PROT_EXEC;
	if (mmx_fw_section_cache_mode(section) != FW_CACHE_CACHED)
		prot |= MMX_PROT_UNCACHED;
	return prot;
}

static int place_section(struct mmx_gpu *gpu, unsigned int index)
{
	const struct mmx_fw_section *section = &gpu->fw.image->sections[index];
	struct mmx_dma_buf *buf = &gpu->fw.sections[index];
	bool is_shared = section->va_start == FW_SHARED_VA;
	int r;

	if (mmx_fw_section_protected(section)) {
		mmx_log(MMX_LOG_GPU, MMX_LOG_INFO, "protected section skipped va=0x%x",
			section->va_start);
		return 0;
	}
	if (is_shared)
		r = mmx_dma_alloc_uncached(gpu->pool, mmx_fw_section_size(section), buf);
	else
		r = mmx_dma_alloc(gpu->pool, mmx_fw_section_size(section), buf);
	if (r < 0)
		return r;
	if (is_shared)
		gpu->fw.shared = *buf;
	if (section->va_start >= FW_SHARED_VA && section->va_start < WINDOWS_END &&
	    section->va_end > gpu->fw.window_base)
		gpu->fw.window_base = round_up_page(section->va_end);
	r = mmx_vm_map_buf(gpu->fw.vm, section->va_start, buf, section_prot(section));
	/* sections don't overlap, and all have room in 32 bits */
	return r > 0 ? -ENODEV : r;
}

/**
 * mmx_fw_init() - takes memory for the firmware and maps it
 * @gpu: GPU
 * @image: parsed; outlives the GPU
 *
 * Return: 0; -ENODEV; -ENOMEM; -ENOSPC; -EIO.
 */
int mmx_fw_init(struct mmx_gpu *gpu, const struct mmx_fw_image *image)
{
	const struct mmx_fw_section *shared;
	struct mmx_fw *fw = &gpu->fw;
	struct mmx_fw_error error;
	int r;

	if (mmx_fw_image_shared_section(image, &shared, &error)) {
		mmx_log(MMX_LOG_GPU, MMX_LOG_ERROR, "firmware image: %s", error.text);
		return -ENODEV;
	}
	if (mmx_fw_section_protected(shared) ||
	    mmx_fw_section_size(shared) < sizeof(struct mmx_csf_glb_control)) {
		mmx_log(MMX_LOG_GPU, MMX_LOG_ERROR, "firmware image: no usable shared section");
		return -ENODEV;
	}
	fw->image = image;
	fw->sections = calloc(image->section_count, sizeof(*fw->sections));
	if (!fw->sections)
		return -ENOMEM;
	r = mmx_vm_create_internal(gpu, &fw->vm);
	for (unsigned int i = 0; !r && i < image->section_count; i++)
		r = place_section(gpu, i);
	if (r)
		mmx_fw_finish(gpu);
	return r;
}

/* The GPU is off, or was never on. Legal on a zeroed one. */
void mmx_fw_finish(struct mmx_gpu *gpu)
{
	struct mmx_fw *fw = &gpu->fw;

	mmx_vm_destroy(fw->vm);
	fw->vm = NULL;
	for (unsigned int i = 0; fw->sections && i < fw->image->section_count; i++)
		mmx_dma_free(gpu->pool, &fw->sections[i]);
	free(fw->sections);
	fw->sections = NULL;
}

/**
 * mmx_fw_load() - copies all sections to memory, at first or again
 * @gpu: GPU; the MCU is stopped
 */
void mmx_fw_load(struct mmx_gpu *gpu)
{
	for (unsigned int i = 0; i < gpu->fw.image->section_count; i++) {
		const struct mmx_fw_section *section = &gpu->fw.image->sections[i];
		const struct mmx_dma_buf *buf = &gpu->fw.sections[i];

		if (!buf->cpu)
			continue;
		memcpy(buf->cpu, section->data, section->data_size);
		if (mmx_fw_section_zeroed(section))
			memset((uint8_t *)buf->cpu + section->data_size, 0,
			       buf->size - section->data_size);
		if (section->va_start != FW_SHARED_VA)
			mmx_device_sync_for_device(gpu->dev, buf->cpu, buf->size);
	}
}

void mmx_fw_reset(struct mmx_gpu *gpu)
{
	/* whole buffers, whose blocks lie within them: none is split, so this can't fail */
	mmx_vm_unmap(gpu->fw.vm, gpu->fw.window_base,
		     (uint64_t)gpu->info.slots * gpu->fw.window_size);
}

/* ---- discovery ---- */

/* @size bytes of the shared section at MCU address @va; NULL if they don't lie in it. */
static void *shared_at(const struct mmx_fw *fw, uint64_t va, size_t size, size_t align)
{
	uint64_t offset = va - FW_SHARED_VA;

	if (va < FW_SHARED_VA || va % align || offset > fw->shared.size ||
	    fw->shared.size - offset < size)
		return NULL;
	return (uint8_t *)fw->shared.cpu + offset;
}

/* Reads each word once. */
static void copy_block(void *to, const void *from, size_t size)
{
	uint32_t *out = to;
	const uint32_t *in = from;

	for (size_t i = 0; i < size / sizeof(*out); i++)
		out[i] = mmx_fw_read32(&in[i]);
}

static const char *discover_cs(struct mmx_gpu *gpu, uint64_t va, uint32_t *features,
			       struct mmx_csf_cs *ret_cs)
{
	const struct mmx_fw *fw = &gpu->fw;
	struct mmx_csf_cs_control control;
	struct mmx_csf_cs cs;

	cs.control = shared_at(fw, va, sizeof(*cs.control), 4);
	if (!cs.control)
		return "a stream's control block is not in the shared section";
	copy_block(&control, cs.control, sizeof(control));
	cs.input = shared_at(fw, control.input_va, sizeof(*cs.input), 8);
	cs.output = shared_at(fw, control.output_va, sizeof(*cs.output), 8);
	if (!cs.input || !cs.output)
		return "a stream's input or output block is not in the shared section";
	if (*features && *features != control.features)
		return "streams differ in their features";
	if (!control.features)
		return "a stream without features";
	*features = control.features;
	*ret_cs = cs;
	return NULL;
}

static bool same_groups(const struct mmx_csf_csg_control *a, const struct mmx_csf_csg_control *b)
{
	return a->features == b->features && a->suspend_size == b->suspend_size &&
	       a->protm_suspend_size == b->protm_suspend_size && a->stream_num == b->stream_num &&
	       a->stream_stride == b->stream_stride;
}

/* What discovery learns before it is taken over into gpu->fw and gpu->info. */
struct discovery {
	struct mmx_csf_glb_control glb;
	struct mmx_csf_csg_control csg; /* of group 0; the others say the same */
	uint32_t cs_features;
	uint64_t window_size;
};

static const char *discover_csg(struct mmx_gpu *gpu, struct discovery *d, unsigned int index)
{
	uint64_t va = FW_SHARED_VA + CSF_CSG_CONTROL_OFFSET + (uint64_t)index * d->glb.group_stride;
	struct mmx_csf_csg_control control;
	struct mmx_csf_csg csg;

	csg.control = shared_at(&gpu->fw, va, sizeof(*csg.control), 4);
	if (!csg.control)
		return "a group's control block is not in the shared section";
	copy_block(&control, csg.control, sizeof(control));
	csg.input = shared_at(&gpu->fw, control.input_va, sizeof(*csg.input), 8);
	csg.output = shared_at(&gpu->fw, control.output_va, sizeof(*csg.output), 8);
	if (!csg.input || !csg.output)
		return "a group's input or output block is not in the shared section";
	if (!index) {
		if (control.stream_num < CSF_CS_COUNT_MIN || control.stream_num > CSF_CS_COUNT_MAX)
			return "an impossible number of streams";
		if (control.stream_stride < sizeof(struct mmx_csf_cs_control))
			return "control blocks of streams overlap";
		d->csg = control;
	}
	if (!same_groups(&control, &d->csg))
		return "groups differ";
	if (index < MMX_GPU_MAX_SLOTS)
		gpu->fw.csg[index] = csg;
	for (unsigned int i = 0; i < control.stream_num; i++) {
		const char *why;
		struct mmx_csf_cs cs;

		why = discover_cs(gpu,
				  va + CSF_CS_CONTROL_OFFSET + (uint64_t)i * control.stream_stride,
				  &d->cs_features, &cs);
		if (why)
			return why;
		if (index < MMX_GPU_MAX_SLOTS && i < MMX_GPU_MAX_QUEUES)
			gpu->fw.cs[index][i] = cs;
	}
	return NULL;
}

static const char *discover_glb(struct mmx_gpu *gpu, struct discovery *d)
{
	struct mmx_fw *fw = &gpu->fw;
	struct mmx_csf_glb glb;

	glb.control = shared_at(fw, FW_SHARED_VA, sizeof(*glb.control), 4);
	copy_block(&d->glb, glb.control, sizeof(d->glb));
	if (!d->glb.version)
		return "it has no version";
	if (d->glb.group_num < CSF_CSG_COUNT_MIN || d->glb.group_num > CSF_CSG_COUNT_MAX)
		return "an impossible number of groups";
	if (d->glb.group_stride < sizeof(struct mmx_csf_csg_control))
		return "control blocks of groups overlap";
	glb.input = shared_at(fw, d->glb.input_va, sizeof(*glb.input), 8);
	glb.output = shared_at(fw, d->glb.output_va, sizeof(*glb.output), 8);
	if (!glb.input || !glb.output)
		return "the global input or output block is not in the shared section";
	fw->glb = glb;
	return NULL;
}

static unsigned int slot_count(const struct discovery *d)
{
	return d->glb.group_num < MMX_GPU_MAX_SLOTS ? d->glb.group_num : MMX_GPU_MAX_SLOTS;
}

static const char *check_sizes(const struct mmx_gpu *gpu, struct discovery *d)
{
	const struct mmx_fw *fw = &gpu->fw;

	d->window_size = round_up_page(d->csg.suspend_size) +
			 round_up_page(d->csg.protm_suspend_size) +
			 MMX_GPU_MAX_QUEUES * QUEUE_WINDOW;
	if (!d->csg.suspend_size)
		return "suspend buffers have no size";
	if (fw->window_base + slot_count(d) * d->window_size > WINDOWS_END)
		return "suspend buffers are too large";
	if (fw->discovered && (fw->suspend_size != d->csg.suspend_size ||
			       fw->protm_suspend_size != d->csg.protm_suspend_size ||
			       gpu->info.slots != slot_count(d)))
		return "it is not the one that it was before the reset";
	return NULL;
}

static const char *discover(struct mmx_gpu *gpu, struct discovery *d)
{
	const char *why = discover_glb(gpu, d);

	for (unsigned int i = 0; !why && i < d->glb.group_num; i++)
		why = discover_csg(gpu, d, i);
	return why ? why : check_sizes(gpu, d);
}

/**
 * mmx_fw_discover() - reads and checks the interface
 * @gpu: GPU; its firmware has just booted
 * @ret_why: static text; written if it is refused
 *
 * Return: 0 or FW_E_IFACE.
 */
int mmx_fw_discover(struct mmx_gpu *gpu, const char **ret_why)
{
	struct discovery d = { 0 };
	const char *why = discover(gpu, &d);
	struct mmx_gpu_info *info = &gpu->info;

	if (why) {
		*ret_why = why;
		return FW_E_IFACE;
	}
	info->slots = slot_count(&d);
	info->streams = MMX_GPU_MAX_QUEUES; /* the least that any firmware has */
	info->cs_registers = MMX_FIELD_GET(CS_FEATURES_WORK_REGS, d.cs_features) + 1;
	info->scoreboards = MMX_FIELD_GET(CS_FEATURES_SCOREBOARDS, d.cs_features);
	info->fw_version = d.glb.version;
	info->suspend_size = d.csg.suspend_size;
	gpu->fw.suspend_size = d.csg.suspend_size;
	gpu->fw.protm_suspend_size = d.csg.protm_suspend_size;
	gpu->fw.window_size = (uint32_t)d.window_size;
	gpu->fw.discovered = true;
	return 0;
}

/* ---- doorbells and windows ---- */

void mmx_fw_doorbell(struct mmx_gpu *gpu, unsigned int index)
{
	if (!mmx_boot_is_running(gpu))
		return;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	mmx_device_write32(gpu->dev, DOORBELL_BASE + DOORBELL(index), 1);
}

uint64_t mmx_fw_suspend_va(const struct mmx_gpu *gpu, unsigned int slot)
{
	return gpu->fw.window_base + (uint64_t)slot * gpu->fw.window_size;
}

uint64_t mmx_fw_protm_suspend_va(const struct mmx_gpu *gpu, unsigned int slot)
{
	return mmx_fw_suspend_va(gpu, slot) + round_up_page(gpu->fw.suspend_size);
}

uint64_t mmx_fw_queue_va(const struct mmx_gpu *gpu, unsigned int slot, unsigned int queue)
{
	return mmx_fw_protm_suspend_va(gpu, slot) + round_up_page(gpu->fw.protm_suspend_size) +
	       queue * QUEUE_WINDOW;
}

/**
 * mmx_fw_window_map() - lets the firmware reach memory of a group
 * @gpu: GPU
 * @va: of mmx_fw_suspend_va(), mmx_fw_protm_suspend_va() or mmx_fw_queue_va()
 * @buf: memory, not larger than that window
 * @cached: by the GPU
 *
 * Return: 0; PGTABLE_E_*; negative errno.
 */
int mmx_fw_window_map(struct mmx_gpu *gpu, uint64_t va, const struct mmx_dma_buf *buf, bool cached)
{
	return mmx_vm_map_buf(gpu->fw.vm, va, buf,
			      MMX_PROT_READ | MMX_PROT_WRITE | (cached ? 0 : MMX_PROT_UNCACHED));
}

void mmx_fw_window_mapped(struct mmx_gpu *gpu, unsigned int slot, struct mmx_vm_op *op)
{
	mmx_vm_flush(gpu->fw.vm, mmx_fw_suspend_va(gpu, slot), gpu->fw.window_size, op);
}

void mmx_fw_window_clear(struct mmx_gpu *gpu, unsigned int slot, struct mmx_vm_op *op)
{
	uint64_t va = mmx_fw_suspend_va(gpu, slot);

	/* whole buffers, whose blocks lie within them: none is split, so this can't fail */
	mmx_vm_unmap(gpu->fw.vm, va, gpu->fw.window_size);
	mmx_vm_flush(gpu->fw.vm, va, gpu->fw.window_size, op);
}
