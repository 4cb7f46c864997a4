/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The firmware's memory: its sections in the MCU's VM (AS0, 4 GiB), the interface in its shared section, and the
 * windows: a fixed piece of the MCU's address space per slot, through which the firmware reaches the suspend
 * buffer and queue pages of the group that is in the slot.
 */
#ifndef BACKEND_GPU_FW_H
#define BACKEND_GPU_FW_H

#include "backend/device/dma.h"
#include "backend/gpu/gpu.h"
#include "backend/gpu/vm.h"
#include "firmware/csf_iface.h"

struct mmx_fw_image;

struct mmx_fw {
	const struct mmx_fw_image *image;
	struct mmx_vm *vm; /* the MCU's */
	struct mmx_dma_buf *sections; /* by section of the image; .cpu NULL = skipped */
	struct mmx_dma_buf shared; /* alias of the shared section's buffer; not owned */
	uint64_t window_base; /* MCU address of slot 0's windows */

	/* valid from discovery on; later boots must say the same */
	bool discovered;
	uint32_t suspend_size, protm_suspend_size; /* as the firmware says; not rounded */
	uint32_t window_size; /* bytes of address space per slot */
	struct mmx_csf_glb glb;
	struct mmx_csf_csg csg[MMX_GPU_MAX_SLOTS];
	struct mmx_csf_cs cs[MMX_GPU_MAX_SLOTS][MMX_GPU_MAX_QUEUES];
};

/* gpu->info and gpu->mmu are ready. Return: 0; -ENODEV: an image that can't be run (logged); negative errno. */
int mmx_fw_init(struct mmx_gpu *gpu, const struct mmx_fw_image *image);
void mmx_fw_finish(struct mmx_gpu *gpu);
/* Copies all sections to memory (again). */
void mmx_fw_load(struct mmx_gpu *gpu);
/* A GPU reset has begun: nothing is mapped in any window any more. Touches no register. */
void mmx_fw_reset(struct mmx_gpu *gpu);

/* Positive outcome. */
enum {
	FW_E_IFACE = 1, /* the interface makes no sense; *ret_why says what */
};

/*
 * Reads and checks the interface of firmware that has just booted; fills gpu->info and the pointers above. Each
 * control block is copied once. Return: 0 or FW_E_IFACE.
 */
int mmx_fw_discover(struct mmx_gpu *gpu, const char **ret_why);

/* Rings doorbell @index (0 = global; slot + 1 = the streams of a slot). Orders it after earlier memory writes.
 * Does nothing while firmware does not run. */
void mmx_fw_doorbell(struct mmx_gpu *gpu, unsigned int index);

/* Single accesses to interface memory, in either direction. */
static inline uint32_t mmx_fw_read32(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline uint64_t mmx_fw_read64(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline void mmx_fw_write32(uint32_t *p, uint32_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELEASE);
}

static inline void mmx_fw_write64(uint64_t *p, uint64_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELEASE);
}

/*
 * Windows: MCU addresses of slot @slot. What is mapped there is read-write, not executable; @cached for suspend
 * buffers, uncached for queue pages.
 */
uint64_t mmx_fw_suspend_va(const struct mmx_gpu *gpu, unsigned int slot);
uint64_t mmx_fw_protm_suspend_va(const struct mmx_gpu *gpu, unsigned int slot);
/* One input page and one output page a queue, in this order. */
uint64_t mmx_fw_queue_va(const struct mmx_gpu *gpu, unsigned int slot, unsigned int queue);
/* Return: 0; PGTABLE_E_*: it does not fit there; negative errno. */
int mmx_fw_window_map(struct mmx_gpu *gpu, uint64_t va, const struct mmx_dma_buf *buf, bool cached);
/* After the slot's windows were mapped: op->done() when firmware sees them. */
void mmx_fw_window_mapped(struct mmx_gpu *gpu, unsigned int slot, struct mmx_vm_op *op);
/* Unmaps all windows of the slot and flushes AS0; op->done() when firmware can't reach them. */
void mmx_fw_window_clear(struct mmx_gpu *gpu, unsigned int slot, struct mmx_vm_op *op);

#endif
