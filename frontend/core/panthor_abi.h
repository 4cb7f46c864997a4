/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The panthor uAPI 1.9 as malimux.ko speaks it, in a declaration of our own: kernels before 7.3 have an older header,
 * or none.
 *
 * Numbers and layouts are facts of the kernel's public <drm/panthor_drm.h>; tests/abi compares each of them with
 * the newest one that Debian has. What they mean is said there; here is only what is not evident. An object that may
 * grow has its least size beside it: programs older than its later fields come with that much.
 */
#ifndef FRONTEND_CORE_PANTHOR_ABI_H
#define FRONTEND_CORE_PANTHOR_ABI_H

#include "hv/proto/types.h"

#define PAN_DRIVER_NAME	  "panthor"
#define PAN_VERSION_MAJOR 1
#define PAN_VERSION_MINOR 9

/* Where the page with the flush id is in the device file: of 32-bit programs, and of others. */
#define PAN_USER_MMIO_OFFSET_32BIT (1ull << 43)
#define PAN_USER_MMIO_OFFSET_64BIT (1ull << 56)

/* An array in the caller's memory; stride is how large the caller believes an element to be. */
struct pan_array {
	uint32_t stride;
	uint32_t count;
	uint64_t array; /* pointer */
};
MMX_ASSERT_SIZE(struct pan_array, 16);

#define PAN_SYNC_HANDLE_TYPE_MASK 0xffu
#define PAN_SYNC_SYNCOBJ	  0u
#define PAN_SYNC_TIMELINE	  1u
#define PAN_SYNC_SIGNAL		  0x80000000u /* without it: wait */
struct pan_sync_op {
	uint32_t flags;
	uint32_t handle;
	uint64_t timeline_value; /* MBZ for PAN_SYNC_SYNCOBJ */
};
#define PAN_SYNC_OP_MIN_SIZE 16u
MMX_ASSERT_SIZE(struct pan_sync_op, 16);

/* DEV_QUERY */
enum pan_query {
	PAN_QUERY_GPU_INFO = 0,
	PAN_QUERY_CSIF_INFO = 1,
	PAN_QUERY_TIMESTAMP_INFO = 2, /* 1.1 */
	PAN_QUERY_GROUP_PRIORITIES_INFO = 3, /* 1.2 */
	PAN_QUERY_MMU_INFO = 4, /* 1.9 */
};

enum pan_coherency {
	PAN_COHERENCY_ACE_LITE = 0,
	PAN_COHERENCY_ACE = 1,
	PAN_COHERENCY_NONE = 31,
};

struct pan_gpu_info {
	uint32_t gpu_id;
	uint32_t gpu_rev;
	uint32_t csf_id;
	uint32_t l2_features;
	uint32_t tiler_features;
	uint32_t mem_features;
	uint32_t mmu_features; /* [7:0] VA bits */
	uint32_t thread_features;
	uint32_t max_threads;
	uint32_t thread_max_workgroup_size;
	uint32_t thread_max_barrier_size;
	uint32_t coherency_features;
	uint32_t texture_features[4];
	uint32_t as_present;
	uint32_t selected_coherency; /* 1.7, enum pan_coherency; padding before */
	uint64_t shader_present;
	uint64_t l2_present;
	uint64_t tiler_present;
	uint32_t core_features;
	uint32_t pad;
	uint64_t gpu_features;
};
#define PAN_GPU_INFO_MIN_SIZE 96u /* through tiler_present */
MMX_ASSERT_SIZE(struct pan_gpu_info, 112);
MMX_ASSERT_OFFSET(struct pan_gpu_info, shader_present, 72);
MMX_ASSERT_OFFSET(struct pan_gpu_info, core_features, PAN_GPU_INFO_MIN_SIZE);

struct pan_csif_info {
	uint32_t csg_slot_count;
	uint32_t cs_slot_count;
	uint32_t cs_reg_count;
	uint32_t scoreboard_slot_count;
	uint32_t unpreserved_cs_reg_count;
	uint32_t pad;
};
#define PAN_CSIF_INFO_MIN_SIZE 24u
MMX_ASSERT_SIZE(struct pan_csif_info, 24);

/* What to sample; 0 = GPU, GPU_OFFSET and FREQ, which is all that there was before 1.8. */
#define PAN_TIMESTAMP_GPU		0x01u
#define PAN_TIMESTAMP_CPU_TYPE_MASK	0x0eu
#define PAN_TIMESTAMP_CPU_NONE		0x00u
#define PAN_TIMESTAMP_CPU_MONOTONIC	0x02u
#define PAN_TIMESTAMP_CPU_MONOTONIC_RAW 0x04u
#define PAN_TIMESTAMP_GPU_OFFSET	0x10u
#define PAN_TIMESTAMP_GPU_CYCLE_COUNT	0x20u
#define PAN_TIMESTAMP_FREQ		0x40u
#define PAN_TIMESTAMP_DURATION		0x80u
struct pan_timestamp_info {
	uint64_t timestamp_frequency;
	uint64_t current_timestamp;
	uint64_t timestamp_offset;
	uint32_t flags; /* in; 1.8 */
	uint32_t duration_nsec;
	uint64_t cycle_count;
	uint64_t cpu_timestamp_sec;
	uint64_t cpu_timestamp_nsec;
};
#define PAN_TIMESTAMP_INFO_MIN_SIZE 16u /* through current_timestamp */
MMX_ASSERT_SIZE(struct pan_timestamp_info, 56);
MMX_ASSERT_OFFSET(struct pan_timestamp_info, timestamp_offset, PAN_TIMESTAMP_INFO_MIN_SIZE);
MMX_ASSERT_OFFSET(struct pan_timestamp_info, cycle_count, 32);

struct pan_mmu_info {
	uint64_t page_size_bitmap;
};
#define PAN_MMU_INFO_MIN_SIZE 8u
MMX_ASSERT_SIZE(struct pan_mmu_info, 8);

struct pan_group_priorities_info {
	uint8_t allowed_mask; /* bit per enum pan_priority */
	uint8_t pad[3];
};
#define PAN_GROUP_PRIORITIES_INFO_MIN_SIZE 4u
MMX_ASSERT_SIZE(struct pan_group_priorities_info, 4);

struct pan_dev_query {
	uint32_t type; /* enum pan_query */
	uint32_t size;
	uint64_t pointer; /* 0: tell the size */
};
MMX_ASSERT_SIZE(struct pan_dev_query, 16);

/* VMs */
struct pan_vm_create {
	uint32_t flags; /* MBZ */
	uint32_t id; /* out */
	uint64_t user_va_range; /* in and out; 0 = default */
};
MMX_ASSERT_SIZE(struct pan_vm_create, 16);

struct pan_vm_destroy {
	uint32_t id;
	uint32_t pad;
};
MMX_ASSERT_SIZE(struct pan_vm_destroy, 8);

#define PAN_MAP_READONLY 0x1u
#define PAN_MAP_NOEXEC	 0x2u
#define PAN_MAP_UNCACHED 0x4u
#define PAN_MAP_SPARSE	 0x8u /* 1.9 */
#define PAN_OP_TYPE_MASK 0xf0000000u
#define PAN_OP_MAP	 0x00000000u
#define PAN_OP_UNMAP	 0x10000000u
#define PAN_OP_SYNC_ONLY 0x20000000u
struct pan_vm_bind_op {
	uint32_t flags;
	uint32_t bo_handle;
	uint64_t bo_offset;
	uint64_t va;
	uint64_t size;
	struct pan_array syncs; /* of struct pan_sync_op; MBZ if not asynchronous */
};
#define PAN_VM_BIND_OP_MIN_SIZE 48u
MMX_ASSERT_SIZE(struct pan_vm_bind_op, 48);
MMX_ASSERT_OFFSET(struct pan_vm_bind_op, syncs, 32);

#define PAN_VM_BIND_ASYNC 0x1u /* unknown flags are not refused */
struct pan_vm_bind {
	uint32_t vm_id;
	uint32_t flags;
	struct pan_array
		ops; /* of struct pan_vm_bind_op; count is out when a synchronous op fails */
};
MMX_ASSERT_SIZE(struct pan_vm_bind, 24);

enum pan_vm_state {
	PAN_VM_USABLE = 0,
	PAN_VM_UNUSABLE = 1,
};

struct pan_vm_get_state {
	uint32_t vm_id;
	uint32_t state; /* out */
};
MMX_ASSERT_SIZE(struct pan_vm_get_state, 8);

/* Buffers */
#define PAN_BO_NO_MMAP 0x1u
#define PAN_BO_WB_MMAP 0x2u /* 1.7 */
struct pan_bo_create {
	uint64_t size; /* in and out */
	uint32_t flags;
	uint32_t exclusive_vm_id;
	uint32_t handle; /* out */
	uint32_t pad;
};
MMX_ASSERT_SIZE(struct pan_bo_create, 24);

struct pan_bo_mmap_offset {
	uint32_t handle;
	uint32_t pad;
	uint64_t offset; /* out */
};
MMX_ASSERT_SIZE(struct pan_bo_mmap_offset, 16);

struct pan_bo_set_label {
	uint32_t handle;
	uint32_t pad;
	uint64_t label; /* pointer; 0 = none */
};
MMX_ASSERT_SIZE(struct pan_bo_set_label, 16);

#define PAN_BO_SYNC_CPU_CACHE_FLUSH		   0u
#define PAN_BO_SYNC_CPU_CACHE_FLUSH_AND_INVALIDATE 1u
struct pan_bo_sync_op {
	uint32_t handle;
	uint32_t type;
	uint64_t offset;
	uint64_t size;
};
#define PAN_BO_SYNC_OP_MIN_SIZE 24u
MMX_ASSERT_SIZE(struct pan_bo_sync_op, 24);

struct pan_bo_sync {
	struct pan_array ops; /* of struct pan_bo_sync_op */
};
MMX_ASSERT_SIZE(struct pan_bo_sync, 16);

#define PAN_BO_IS_IMPORTED 0x1u
struct pan_bo_query_info {
	uint32_t handle;
	uint32_t extra_flags; /* out: PAN_BO_IS_IMPORTED */
	uint32_t create_flags; /* out */
	uint32_t pad; /* out: 0; not checked */
};
MMX_ASSERT_SIZE(struct pan_bo_query_info, 16);

/* Groups */
enum pan_priority {
	PAN_PRIORITY_LOW = 0,
	PAN_PRIORITY_MEDIUM = 1,
	PAN_PRIORITY_HIGH = 2,
	PAN_PRIORITY_REALTIME = 3, /* 1.2 */
};

struct pan_queue_create {
	uint8_t priority;
	uint8_t pad[3];
	uint32_t ringbuf_size;
};
#define PAN_QUEUE_CREATE_MIN_SIZE 8u
MMX_ASSERT_SIZE(struct pan_queue_create, 8);

struct pan_group_create {
	struct pan_array queues; /* of struct pan_queue_create */
	uint8_t max_compute_cores;
	uint8_t max_fragment_cores;
	uint8_t max_tiler_cores;
	uint8_t priority; /* enum pan_priority */
	uint32_t pad;
	uint64_t compute_core_mask;
	uint64_t fragment_core_mask;
	uint64_t tiler_core_mask;
	uint32_t vm_id;
	uint32_t group_handle; /* out */
};
MMX_ASSERT_SIZE(struct pan_group_create, 56);
MMX_ASSERT_OFFSET(struct pan_group_create, compute_core_mask, 24);

struct pan_group_destroy {
	uint32_t group_handle;
	uint32_t pad;
};
MMX_ASSERT_SIZE(struct pan_group_destroy, 8);

struct pan_queue_submit {
	uint32_t queue_index;
	uint32_t stream_size;
	uint64_t stream_addr;
	uint32_t latest_flush;
	uint32_t pad;
	struct pan_array syncs; /* of struct pan_sync_op */
};
#define PAN_QUEUE_SUBMIT_MIN_SIZE 40u
MMX_ASSERT_SIZE(struct pan_queue_submit, 40);

struct pan_group_submit {
	uint32_t group_handle; /* only [15:0] count */
	uint32_t pad;
	struct pan_array queue_submits; /* of struct pan_queue_submit */
};
MMX_ASSERT_SIZE(struct pan_group_submit, 24);

#define PAN_GROUP_TIMEDOUT    0x1u
#define PAN_GROUP_FATAL_FAULT 0x2u
#define PAN_GROUP_INNOCENT    0x4u /* 1.3 */
struct pan_group_get_state {
	uint32_t group_handle; /* 0 when it comes back */
	uint32_t state; /* out */
	uint32_t fatal_queues; /* out: bit per queue */
	uint32_t pad;
};
MMX_ASSERT_SIZE(struct pan_group_get_state, 16);

/* Tiler heaps */
struct pan_tiler_heap_create {
	uint32_t vm_id;
	uint32_t initial_chunk_count;
	uint32_t chunk_size;
	uint32_t max_chunks;
	uint32_t target_in_flight;
	uint32_t handle; /* out, as are those behind it */
	uint64_t tiler_heap_ctx_gpu_va;
	uint64_t first_heap_chunk_gpu_va;
};
MMX_ASSERT_SIZE(struct pan_tiler_heap_create, 40);

struct pan_tiler_heap_destroy {
	uint32_t handle;
	uint32_t pad;
};
MMX_ASSERT_SIZE(struct pan_tiler_heap_destroy, 8);

struct pan_set_user_mmio_offset {
	uint64_t offset;
};
MMX_ASSERT_SIZE(struct pan_set_user_mmio_offset, 8);

enum pan_ioctl {
	PAN_DEV_QUERY = 0,
	PAN_VM_CREATE = 1,
	PAN_VM_DESTROY = 2,
	PAN_VM_BIND = 3,
	PAN_VM_GET_STATE = 4,
	PAN_BO_CREATE = 5,
	PAN_BO_MMAP_OFFSET = 6,
	PAN_GROUP_CREATE = 7,
	PAN_GROUP_DESTROY = 8,
	PAN_GROUP_SUBMIT = 9,
	PAN_GROUP_GET_STATE = 10,
	PAN_TILER_HEAP_CREATE = 11,
	PAN_TILER_HEAP_DESTROY = 12,
	PAN_BO_SET_LABEL = 13, /* 1.4 */
	PAN_SET_USER_MMIO_OFFSET = 14, /* 1.5 */
	PAN_BO_SYNC = 15, /* 1.7 */
	PAN_BO_QUERY_INFO = 16, /* 1.7 */
	PAN_IOCTL_COUNT,
};

/*
 * asm-generic's _IOWR('d', DRM_COMMAND_BASE + number, type): both directions [31:30], size [29:16], 'd' [15:8],
 * number [7:0] of which DRM leaves drivers those from 0x40.
 */
#define PAN_IOCTL(number, type) \
	(3u << 30 | (uint32_t)sizeof(struct type) << 16 | 0x64u << 8 | (0x40u + (number)))
#define PAN_IOCTL_DEV_QUERY	       PAN_IOCTL(PAN_DEV_QUERY, pan_dev_query)
#define PAN_IOCTL_VM_CREATE	       PAN_IOCTL(PAN_VM_CREATE, pan_vm_create)
#define PAN_IOCTL_VM_DESTROY	       PAN_IOCTL(PAN_VM_DESTROY, pan_vm_destroy)
#define PAN_IOCTL_VM_BIND	       PAN_IOCTL(PAN_VM_BIND, pan_vm_bind)
#define PAN_IOCTL_VM_GET_STATE	       PAN_IOCTL(PAN_VM_GET_STATE, pan_vm_get_state)
#define PAN_IOCTL_BO_CREATE	       PAN_IOCTL(PAN_BO_CREATE, pan_bo_create)
#define PAN_IOCTL_BO_MMAP_OFFSET       PAN_IOCTL(PAN_BO_MMAP_OFFSET, pan_bo_mmap_offset)
#define PAN_IOCTL_GROUP_CREATE	       PAN_IOCTL(PAN_GROUP_CREATE, pan_group_create)
#define PAN_IOCTL_GROUP_DESTROY	       PAN_IOCTL(PAN_GROUP_DESTROY, pan_group_destroy)
#define PAN_IOCTL_GROUP_SUBMIT	       PAN_IOCTL(PAN_GROUP_SUBMIT, pan_group_submit)
#define PAN_IOCTL_GROUP_GET_STATE      PAN_IOCTL(PAN_GROUP_GET_STATE, pan_group_get_state)
#define PAN_IOCTL_TILER_HEAP_CREATE    PAN_IOCTL(PAN_TILER_HEAP_CREATE, pan_tiler_heap_create)
#define PAN_IOCTL_TILER_HEAP_DESTROY   PAN_IOCTL(PAN_TILER_HEAP_DESTROY, pan_tiler_heap_destroy)
#define PAN_IOCTL_BO_SET_LABEL	       PAN_IOCTL(PAN_BO_SET_LABEL, pan_bo_set_label)
#define PAN_IOCTL_SET_USER_MMIO_OFFSET PAN_IOCTL(PAN_SET_USER_MMIO_OFFSET, pan_set_user_mmio_offset)
#define PAN_IOCTL_BO_SYNC	       PAN_IOCTL(PAN_BO_SYNC, pan_bo_sync)
#define PAN_IOCTL_BO_QUERY_INFO	       PAN_IOCTL(PAN_BO_QUERY_INFO, pan_bo_query_info)

#endif
