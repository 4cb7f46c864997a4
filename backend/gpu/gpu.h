/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Driving one Mali CSF GPU: the whole of what core and session see of it, beside vm.h and group.h.
 *
 * Nothing here waits. Bring-up, resets, and every request to hardware or firmware is a state that an interrupt
 * or a deadline moves on; what is finished is told through struct mmx_gpu_ops, from inside mmx_gpu_irq() or a
 * timer. An answer to a request from before a reset is told apart by the epoch and dropped.
 *
 *   gpu.c    life cycle, interrupt dispatch, identity                (gpu_regs.h, job_regs.h)
 *   boot.c   bring-up and reset: one state machine, the same path for both   (mcu_regs.h)
 *   reset.c  what comes before a reset that somebody is accused of
 *   sleep.c  power off when there is nothing to do, and the return    (mcu_regs.h)
 *   power.c  L2 power                                                (gpu_regs.h)
 *   mmu.c    address spaces: binding VMs to them, maintenance, faults (mmu_regs.h)
 *   vm.c     a GPU address space; pgtable.c, pgtable_unmap.c  its page tables
 *   fw.c     firmware memory, the interface it offers, MCU windows of slots
 *   glb.c    global requests: configuration, ping
 *   slot.c   group slots: start, suspend, resume, terminate; slot_ask.c  priority and status of who runs;
 *            slot_report.c  what firmware reports of them
 *   group.c, queue.c  groups and their rings; cs_insn.h
 *   heap.c   tiler heaps: chunks, and the answer to a stream that has run out of them
 */
#ifndef BACKEND_GPU_GPU_H
#define BACKEND_GPU_GPU_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/device/device.h"
#include "backend/device/dma.h"
#include "backend/util/timer.h"

struct mmx_gpu;
struct mmx_vm;
struct mmx_group;
struct mmx_heap;
struct mmx_fw_image; /* firmware/image.h */

#define MMX_GPU_MAX_SLOTS  16u /* unique firmware priorities 0..15 (reference: panthor's clamp) */
#define MMX_GPU_MAX_QUEUES 8u /* streams per group that we use */

/* Identity and features, read once at bring-up. Names as in the panthor uAPI. */
struct mmx_gpu_info {
	uint32_t gpu_id, gpu_rev, csf_id;
	uint32_t l2_features, tiler_features, mem_features, mmu_features, core_features;
	uint32_t thread_features, max_threads, thread_max_workgroup_size, thread_max_barrier_size;
	uint32_t coherency_features, texture_features[4], as_present;
	uint64_t shader_present, l2_present, tiler_present, gpu_features;
	/* known once firmware runs */
	unsigned int slots; /* min(group_num, MMX_GPU_MAX_SLOTS) */
	unsigned int streams; /* per group */
	unsigned int cs_registers, scoreboards;
	uint32_t fw_version; /* of the interface: major[31:24] minor[23:16] patch[15:0] */
	uint32_t suspend_size; /* bytes of a group's suspend buffer */
};

static inline unsigned int mmx_gpu_va_bits(const struct mmx_gpu_info *info)
{
	return info->mmu_features & 0xff;
}

static inline unsigned int mmx_gpu_pa_bits(const struct mmx_gpu_info *info)
{
	return (info->mmu_features >> 8) & 0xff;
}

struct mmx_vm_fault {
	uint32_t exception; /* exception type [7:0] */
	uint32_t access; /* 0 atomic, 1 execute, 2 read, 3 write */
	uint64_t address;
};

enum mmx_group_off {
	MMX_GROUP_OFF_SUSPENDED, /* can be placed again */
	MMX_GROUP_OFF_TERMINATED, /* as asked for; can't */
	MMX_GROUP_OFF_OVERDUE, /* did not suspend in time, and so was terminated; can't */
	MMX_GROUP_OFF_LOST, /* was at work in a slot when the GPU was reset; can't */
};

/* What the GPU tells its owner. All are called from mmx_gpu_irq() or a timer, never from within a call of the
 * owner into gpu/, unless a function says otherwise. The owner may call back into gpu/ from them. */
struct mmx_gpu_ops {
	/* Bring-up is finished: first, after a reset, or after sleep. Groups may be placed now. */
	void (*ready)(void *ctx);
	/*
	 * The GPU is going to be reset, and @group, or if that is NULL @vm, is accused of being the reason. Until
	 * ops->reset groups leave their slots, as if they were evicted. Nothing but notes may be taken in here.
	 */
	void (*accused)(void *ctx, struct mmx_group *group, struct mmx_vm *vm);
	/*
	 * The GPU is being reset because of @why (static text). @proven: who was accused last is the reason, since the
	 * firmware lives; else nobody knows. Groups that lose their slot follow with off(): nothing may be evicted.
	 */
	void (*reset)(void *ctx, const char *why, bool proven);
	/* The GPU can't be brought up; it stays off. */
	void (*failed)(void *ctx, const char *why);

	/* The group runs in its slot. */
	void (*group_on)(void *ctx, struct mmx_group *group);
	/* The group has left its slot, the slot can be given to another one. */
	void (*group_off)(void *ctx, struct mmx_group *group, enum mmx_group_off how);
	/* Jobs of the group may have completed: see mmx_queue_done(). */
	void (*group_progress)(void *ctx, struct mmx_group *group);
	/* Firmware says that the group has nothing it could run, and its rings are empty. Ends with the next
	 * mmx_queue_push(). */
	void (*group_idle)(void *ctx, struct mmx_group *group);
	/* What its queues stand at is known anew (mmx_queue_blocked()): firmware says that the group has nothing it
	 * could run though its rings are not empty, or mmx_group_ask_status() is answered. */
	void (*group_status)(void *ctx, struct mmx_group *group);
	/* mmx_group_prioritize() has been carried out. */
	void (*group_prioritized)(void *ctx, struct mmx_group *group);
	/*
	 * CS_FAULT: the job @job (counted as mmx_queue_push() does, from 1) of the queue failed; the queue goes
	 * on. Comes when the job has ended, before mmx_queue_done() counts it. @exception and @info are what
	 * firmware reported of the queue last: of faults in quick succession, perhaps an earlier one's.
	 */
	void (*job_fault)(void *ctx, struct mmx_group *group, unsigned int queue, uint64_t job,
			  uint32_t exception, uint64_t info);
	/* CS_FATAL: the group can't go on; the owner evicts it. */
	void (*group_fatal)(void *ctx, struct mmx_group *group, unsigned int queue,
			    uint32_t exception, uint64_t info);
	/* The firmware's progress timer: nothing of the group moved for as long. @queue: the first one that has work. */
	void (*group_stuck)(void *ctx, struct mmx_group *group, unsigned int queue);
	/*
	 * MMU fault: the address space is being disabled; the owner evicts all groups of that VM that are in slots, soon.
	 * If a stream died of it, group_fatal follows.
	 */
	void (*vm_fault)(void *ctx, struct mmx_vm *vm, const struct mmx_vm_fault *fault);
	/* The heap has handed out its spare chunk: the owner calls mmx_heap_refill() until that is done, nothing from within. */
	void (*heap_low)(void *ctx, struct mmx_heap *heap);
};

/* The GPU's clocks, and ours. */
struct mmx_gpu_time {
	uint64_t timestamp, timestamp_offset;
	uint64_t timestamp_hz; /* 0 = not known */
	uint64_t cycles;
	uint64_t backend_ns; /* when reading began */
	uint64_t duration_ns; /* how long it took */
};

struct mmx_gpu_stats {
	uint64_t resets;
	uint64_t irqs;
	uint64_t power_offs; /* times that the GPU went to sleep */
	uint64_t power_off_ns; /* that it slept */
	unsigned int vms, groups, heaps; /* that exist */
	size_t dma_bytes; /* of the backend's own memory that the GPU reaches */
};

/**
 * mmx_gpu_create() - takes the device over
 * @image: parsed firmware; must outlive the GPU (its bytes are loaded again at each reset)
 *
 * Return: 0; -ENODEV: not a GPU that we can drive (logged); -ENOMEM; -EIO: the device is lost.
 */
int mmx_gpu_create(struct mmx_device *dev, struct mmx_timers *timers,
		   const struct mmx_fw_image *image, const struct mmx_gpu_ops *ops, void *ctx,
		   struct mmx_gpu **ret_gpu);
/* All VMs and groups must have been destroyed. Stops the MCU and masks interrupts. NULL is fine. */
void mmx_gpu_destroy(struct mmx_gpu *gpu);

/* Begins bring-up; ends with ops->ready or ops->failed. */
void mmx_gpu_start(struct mmx_gpu *gpu);
/* An interrupt's descriptor polled readable. */
void mmx_gpu_irq(struct mmx_gpu *gpu, enum mmx_irq irq);

/* Positive outcome of mmx_gpu_sleep(). */
enum {
	GPU_E_BUSY = 1,
};

int mmx_gpu_sleep(struct mmx_gpu *gpu);
void mmx_gpu_wake(struct mmx_gpu *gpu);

enum mmx_gpu_power {
	MMX_GPU_POWER_ON, /* or on its way there */
	MMX_GPU_POWER_GOING_OFF,
	MMX_GPU_POWER_OFF,
};
enum mmx_gpu_power mmx_gpu_power(const struct mmx_gpu *gpu);

/* Memory for the GPU that is the backend's own; see mmx_dma_alloc() and mmx_dma_free(). */
int mmx_gpu_alloc(struct mmx_gpu *gpu, size_t size, struct mmx_dma_buf *ret_buf);
void mmx_gpu_free(struct mmx_gpu *gpu, struct mmx_dma_buf *buf);

/* When that has passed of which the GPU or its firmware is given @ns; a device that has to share its cores is given more. */
uint64_t mmx_gpu_deadline_ns(const struct mmx_gpu *gpu, uint64_t ns);

const struct mmx_gpu_info *mmx_gpu_info(const struct mmx_gpu *gpu);
bool mmx_gpu_is_ready(const struct mmx_gpu *gpu);
void mmx_gpu_stats(const struct mmx_gpu *gpu, struct mmx_gpu_stats *ret_stats);
/* Takes three accesses to registers, in any state of the GPU. */
void mmx_gpu_read_time(const struct mmx_gpu *gpu, struct mmx_gpu_time *ret_time);
/* Text for an exception code of panthor.md 2.7, such as "CS_INHERIT_FAULT"; never NULL. */
const char *mmx_gpu_exception_name(uint32_t exception);

#endif
