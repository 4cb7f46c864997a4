/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The panthor uAPI, declared once more for the conformance program: interface 1.0, and what came until 1.9, as
 * far as tests/diff calls it. Later kernels keep it. Numbers, layouts and meanings are facts of the kernel's public
 * <drm/panthor_drm.h>, which the C library headers of the build's Debian do not have yet.
 */
#ifndef TESTS_UAPI_PANTHOR_ABI_H
#define TESTS_UAPI_PANTHOR_ABI_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

/* Where the page with the flush id is in the file of a 64-bit program. */
#define PAN_USER_MMIO_OFFSET (1ull << 56)

struct pan_array {
	uint32_t stride, count;
	uint64_t array;
};

#define PAN_ARRAY(count_, pointer_) \
	((struct pan_array){ sizeof(*(pointer_)), (count_), (uint64_t)(uintptr_t)(pointer_) })

struct pan_sync_op {
	uint32_t flags; /* PAN_SYNC_* */
	uint32_t handle;
	uint64_t timeline_value;
};
#define PAN_SYNC_TIMELINE 1u
#define PAN_SYNC_SIGNAL	  0x80000000u

enum pan_query {
	PAN_QUERY_GPU_INFO = 0,
	PAN_QUERY_CSIF_INFO = 1,
	PAN_QUERY_TIMESTAMP_INFO = 2, /* 1.1 */
	PAN_QUERY_GROUP_PRIORITIES_INFO = 3, /* 1.2 */
	PAN_QUERY_MMU_INFO = 4, /* 1.9 */
};

/* What 1.0 has of it; later kernels know more fields behind these. */
struct pan_gpu_info {
	uint32_t gpu_id, gpu_rev, csf_id, l2_features, tiler_features, mem_features, mmu_features;
	uint32_t thread_features, max_threads, thread_max_workgroup_size, thread_max_barrier_size;
	uint32_t coherency_features, texture_features[4], as_present, pad;
	uint64_t shader_present, l2_present, tiler_present;
	uint32_t core_features, pad2;
};

struct pan_csif_info {
	uint32_t csg_slot_count, cs_slot_count, cs_reg_count, scoreboard_slot_count;
	uint32_t unpreserved_cs_reg_count, pad;
};

struct pan_timestamp_info {
	uint64_t timestamp_frequency, current_timestamp, timestamp_offset;
};

struct pan_group_priorities_info {
	uint8_t allowed_mask, pad[3];
};

struct pan_dev_query {
	uint32_t type, size;
	uint64_t pointer;
};

struct pan_vm_create {
	uint32_t flags, id;
	uint64_t user_va_range;
};

struct pan_vm_destroy {
	uint32_t id, pad;
};

#define PAN_MAP_READONLY 1u
#define PAN_MAP_NOEXEC	 2u
#define PAN_MAP_UNCACHED 4u
#define PAN_MAP_SPARSE	 8u /* 1.9 */
#define PAN_OP_MAP	 0u
#define PAN_OP_UNMAP	 (1u << 28)
#define PAN_OP_SYNC_ONLY (2u << 28)

struct pan_vm_bind_op {
	uint32_t flags, bo_handle;
	uint64_t bo_offset, va, size;
	struct pan_array syncs;
};

#define PAN_VM_BIND_ASYNC 1u

struct pan_vm_bind {
	uint32_t vm_id, flags;
	struct pan_array ops;
};

enum pan_vm_state {
	PAN_VM_USABLE = 0,
	PAN_VM_UNUSABLE = 1,
};

struct pan_vm_get_state {
	uint32_t vm_id, state;
};

#define PAN_BO_NO_MMAP 1u
#define PAN_BO_WB_MMAP 2u /* 1.7 */

struct pan_bo_create {
	uint64_t size;
	uint32_t flags, exclusive_vm_id, handle, pad;
};

struct pan_bo_mmap_offset {
	uint32_t handle, pad;
	uint64_t offset;
};

struct pan_queue_create {
	uint8_t priority, pad[3];
	uint32_t ringbuf_size;
};

enum pan_priority {
	PAN_PRIORITY_LOW = 0,
	PAN_PRIORITY_MEDIUM = 1,
	PAN_PRIORITY_HIGH = 2,
	PAN_PRIORITY_REALTIME = 3, /* 1.2 */
};

struct pan_group_create {
	struct pan_array queues;
	uint8_t max_compute_cores, max_fragment_cores, max_tiler_cores, priority;
	uint32_t pad;
	uint64_t compute_core_mask, fragment_core_mask, tiler_core_mask;
	uint32_t vm_id, group_handle;
};

struct pan_group_destroy {
	uint32_t group_handle, pad;
};

struct pan_queue_submit {
	uint32_t queue_index, stream_size;
	uint64_t stream_addr;
	uint32_t latest_flush, pad;
	struct pan_array syncs;
};

struct pan_group_submit {
	uint32_t group_handle, pad;
	struct pan_array queue_submits;
};

#define PAN_GROUP_TIMEDOUT    1u
#define PAN_GROUP_FATAL_FAULT 2u

struct pan_group_get_state {
	uint32_t group_handle, state, fatal_queues, pad;
};

struct pan_tiler_heap_create {
	uint32_t vm_id, initial_chunk_count, chunk_size, max_chunks, target_in_flight, handle;
	uint64_t tiler_heap_ctx_gpu_va, first_heap_chunk_gpu_va;
};

struct pan_tiler_heap_destroy {
	uint32_t handle, pad;
};

/* 1.4 */
struct pan_bo_set_label {
	uint32_t handle, pad;
	uint64_t label;
};

/* 1.5; of programs of 32 bits */
#define PAN_USER_MMIO_OFFSET_32BIT (1ull << 43)

struct pan_set_user_mmio_offset {
	uint64_t offset;
};

/* 1.7 */
struct pan_bo_sync_op {
	uint32_t handle, type; /* 0: flush, 1: flush and invalidate */
	uint64_t offset, size;
};

struct pan_bo_sync {
	struct pan_array ops;
};

#define PAN_BO_IS_IMPORTED 1u /* in extra_flags */
struct pan_bo_query_info {
	uint32_t handle, extra_flags, create_flags, pad;
};

#define PAN_IOCTL(number, type)	     _IOWR('d', 0x40 + (number), struct type)
#define PAN_IOCTL_DEV_QUERY	     PAN_IOCTL(0, pan_dev_query)
#define PAN_IOCTL_VM_CREATE	     PAN_IOCTL(1, pan_vm_create)
#define PAN_IOCTL_VM_DESTROY	     PAN_IOCTL(2, pan_vm_destroy)
#define PAN_IOCTL_VM_BIND	     PAN_IOCTL(3, pan_vm_bind)
#define PAN_IOCTL_VM_GET_STATE	     PAN_IOCTL(4, pan_vm_get_state)
#define PAN_IOCTL_BO_CREATE	     PAN_IOCTL(5, pan_bo_create)
#define PAN_IOCTL_BO_MMAP_OFFSET     PAN_IOCTL(6, pan_bo_mmap_offset)
#define PAN_IOCTL_GROUP_CREATE	     PAN_IOCTL(7, pan_group_create)
#define PAN_IOCTL_GROUP_DESTROY	     PAN_IOCTL(8, pan_group_destroy)
#define PAN_IOCTL_GROUP_SUBMIT	     PAN_IOCTL(9, pan_group_submit)
#define PAN_IOCTL_GROUP_GET_STATE    PAN_IOCTL(10, pan_group_get_state)
#define PAN_IOCTL_TILER_HEAP_CREATE  PAN_IOCTL(11, pan_tiler_heap_create)
#define PAN_IOCTL_TILER_HEAP_DESTROY PAN_IOCTL(12, pan_tiler_heap_destroy)
#define PAN_IOCTL_BO_SET_LABEL	     PAN_IOCTL(13, pan_bo_set_label)
#define PAN_IOCTL_SET_USER_MMIO	     PAN_IOCTL(14, pan_set_user_mmio_offset)
#define PAN_IOCTL_BO_SYNC	     PAN_IOCTL(15, pan_bo_sync)
#define PAN_IOCTL_BO_QUERY_INFO	     PAN_IOCTL(16, pan_bo_query_info)

static_assert(sizeof(struct pan_sync_op) == 16, "ABI");
static_assert(offsetof(struct pan_gpu_info, shader_present) == 72, "ABI");
static_assert(offsetof(struct pan_gpu_info, core_features) == 96, "ABI");
static_assert(sizeof(struct pan_gpu_info) == 104, "ABI");
static_assert(sizeof(struct pan_csif_info) == 24, "ABI");
static_assert(sizeof(struct pan_timestamp_info) == 24, "ABI");
static_assert(sizeof(struct pan_group_priorities_info) == 4, "ABI");
static_assert(sizeof(struct pan_vm_bind_op) == 48, "ABI");
static_assert(sizeof(struct pan_queue_create) == 8, "ABI");
static_assert(sizeof(struct pan_queue_submit) == 40, "ABI");
static_assert(PAN_IOCTL_DEV_QUERY == 0xc0106440u, "ABI");
static_assert(PAN_IOCTL_VM_CREATE == 0xc0106441u, "ABI");
static_assert(PAN_IOCTL_VM_DESTROY == 0xc0086442u, "ABI");
static_assert(PAN_IOCTL_VM_BIND == 0xc0186443u, "ABI");
static_assert(PAN_IOCTL_VM_GET_STATE == 0xc0086444u, "ABI");
static_assert(PAN_IOCTL_BO_CREATE == 0xc0186445u, "ABI");
static_assert(PAN_IOCTL_BO_MMAP_OFFSET == 0xc0106446u, "ABI");
static_assert(PAN_IOCTL_GROUP_CREATE == 0xc0386447u, "ABI");
static_assert(PAN_IOCTL_GROUP_DESTROY == 0xc0086448u, "ABI");
static_assert(PAN_IOCTL_GROUP_SUBMIT == 0xc0186449u, "ABI");
static_assert(PAN_IOCTL_GROUP_GET_STATE == 0xc010644au, "ABI");
static_assert(PAN_IOCTL_TILER_HEAP_CREATE == 0xc028644bu, "ABI");
static_assert(PAN_IOCTL_TILER_HEAP_DESTROY == 0xc008644cu, "ABI");
static_assert(PAN_IOCTL_BO_SET_LABEL == 0xc010644du, "ABI");
static_assert(PAN_IOCTL_SET_USER_MMIO == 0xc008644eu, "ABI");
static_assert(PAN_IOCTL_BO_SYNC == 0xc010644fu, "ABI");
static_assert(PAN_IOCTL_BO_QUERY_INFO == 0xc0106450u, "ABI");

#endif
