// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * frontend/core/panthor_abi.h against the kernel's own <drm/panthor_drm.h>: compiled by tests/abi/run, never linked. Each
 * size, offset, flag and number is compared; run also sees to it that no name of upstream's is missing here.
 */
#include <stddef.h>
#include <stdint.h>

#include <drm/panthor_drm.h>

#include "frontend/core/panthor_abi.h"

#define SIZE(ours, theirs)                                                              \
	static_assert(sizeof(struct pan_##ours) == sizeof(struct drm_panthor_##theirs), \
		      #theirs " has another size")
#define FIELD(ours, theirs, field)                                                       \
	static_assert(offsetof(struct pan_##ours, field) ==                              \
				      offsetof(struct drm_panthor_##theirs, field) &&    \
			      sizeof(((struct pan_##ours *)0)->field) ==                 \
				      sizeof(((struct drm_panthor_##theirs *)0)->field), \
		      #theirs "." #field " is elsewhere")
/* upstream's flags with bit 31 are negative: they are compared as what they are in a field */
#define FLAG(ours, theirs) \
	static_assert((uint32_t)(ours) == (uint32_t)(theirs), #theirs " has another value")
#define VALUE64(ours, theirs) static_assert((ours) == (theirs), #theirs " has another value")
#define NUMBER(name)                                                                  \
	static_assert((uint32_t)PAN_##name == (uint32_t)DRM_PANTHOR_##name &&         \
			      PAN_IOCTL_##name == (uint32_t)DRM_IOCTL_PANTHOR_##name, \
		      #name " has another number")

SIZE(array, obj_array);
FIELD(array, obj_array, stride);
FIELD(array, obj_array, count);
FIELD(array, obj_array, array);

SIZE(sync_op, sync_op);
FIELD(sync_op, sync_op, flags);
FIELD(sync_op, sync_op, handle);
FIELD(sync_op, sync_op, timeline_value);

SIZE(gpu_info, gpu_info);
FIELD(gpu_info, gpu_info, gpu_id);
FIELD(gpu_info, gpu_info, gpu_rev);
FIELD(gpu_info, gpu_info, csf_id);
FIELD(gpu_info, gpu_info, l2_features);
FIELD(gpu_info, gpu_info, tiler_features);
FIELD(gpu_info, gpu_info, mem_features);
FIELD(gpu_info, gpu_info, mmu_features);
FIELD(gpu_info, gpu_info, thread_features);
FIELD(gpu_info, gpu_info, max_threads);
FIELD(gpu_info, gpu_info, thread_max_workgroup_size);
FIELD(gpu_info, gpu_info, thread_max_barrier_size);
FIELD(gpu_info, gpu_info, coherency_features);
FIELD(gpu_info, gpu_info, texture_features);
FIELD(gpu_info, gpu_info, as_present);
FIELD(gpu_info, gpu_info, selected_coherency);
FIELD(gpu_info, gpu_info, shader_present);
FIELD(gpu_info, gpu_info, l2_present);
FIELD(gpu_info, gpu_info, tiler_present);
FIELD(gpu_info, gpu_info, core_features);
FIELD(gpu_info, gpu_info, pad);
FIELD(gpu_info, gpu_info, gpu_features);

SIZE(csif_info, csif_info);
FIELD(csif_info, csif_info, csg_slot_count);
FIELD(csif_info, csif_info, cs_slot_count);
FIELD(csif_info, csif_info, cs_reg_count);
FIELD(csif_info, csif_info, scoreboard_slot_count);
FIELD(csif_info, csif_info, unpreserved_cs_reg_count);
FIELD(csif_info, csif_info, pad);

SIZE(timestamp_info, timestamp_info);
FIELD(timestamp_info, timestamp_info, timestamp_frequency);
FIELD(timestamp_info, timestamp_info, current_timestamp);
FIELD(timestamp_info, timestamp_info, timestamp_offset);
FIELD(timestamp_info, timestamp_info, flags);
FIELD(timestamp_info, timestamp_info, duration_nsec);
FIELD(timestamp_info, timestamp_info, cycle_count);
FIELD(timestamp_info, timestamp_info, cpu_timestamp_sec);
FIELD(timestamp_info, timestamp_info, cpu_timestamp_nsec);

SIZE(mmu_info, mmu_info);
FIELD(mmu_info, mmu_info, page_size_bitmap);

SIZE(group_priorities_info, group_priorities_info);
FIELD(group_priorities_info, group_priorities_info, allowed_mask);
FIELD(group_priorities_info, group_priorities_info, pad);

SIZE(dev_query, dev_query);
FIELD(dev_query, dev_query, type);
FIELD(dev_query, dev_query, size);
FIELD(dev_query, dev_query, pointer);

SIZE(vm_create, vm_create);
FIELD(vm_create, vm_create, flags);
FIELD(vm_create, vm_create, id);
FIELD(vm_create, vm_create, user_va_range);

SIZE(vm_destroy, vm_destroy);
FIELD(vm_destroy, vm_destroy, id);
FIELD(vm_destroy, vm_destroy, pad);

SIZE(vm_bind_op, vm_bind_op);
FIELD(vm_bind_op, vm_bind_op, flags);
FIELD(vm_bind_op, vm_bind_op, bo_handle);
FIELD(vm_bind_op, vm_bind_op, bo_offset);
FIELD(vm_bind_op, vm_bind_op, va);
FIELD(vm_bind_op, vm_bind_op, size);
FIELD(vm_bind_op, vm_bind_op, syncs);

SIZE(vm_bind, vm_bind);
FIELD(vm_bind, vm_bind, vm_id);
FIELD(vm_bind, vm_bind, flags);
FIELD(vm_bind, vm_bind, ops);

SIZE(vm_get_state, vm_get_state);
FIELD(vm_get_state, vm_get_state, vm_id);
FIELD(vm_get_state, vm_get_state, state);

SIZE(bo_create, bo_create);
FIELD(bo_create, bo_create, size);
FIELD(bo_create, bo_create, flags);
FIELD(bo_create, bo_create, exclusive_vm_id);
FIELD(bo_create, bo_create, handle);
FIELD(bo_create, bo_create, pad);

SIZE(bo_mmap_offset, bo_mmap_offset);
FIELD(bo_mmap_offset, bo_mmap_offset, handle);
FIELD(bo_mmap_offset, bo_mmap_offset, pad);
FIELD(bo_mmap_offset, bo_mmap_offset, offset);

SIZE(queue_create, queue_create);
FIELD(queue_create, queue_create, priority);
FIELD(queue_create, queue_create, pad);
FIELD(queue_create, queue_create, ringbuf_size);

SIZE(group_create, group_create);
FIELD(group_create, group_create, queues);
FIELD(group_create, group_create, max_compute_cores);
FIELD(group_create, group_create, max_fragment_cores);
FIELD(group_create, group_create, max_tiler_cores);
FIELD(group_create, group_create, priority);
FIELD(group_create, group_create, pad);
FIELD(group_create, group_create, compute_core_mask);
FIELD(group_create, group_create, fragment_core_mask);
FIELD(group_create, group_create, tiler_core_mask);
FIELD(group_create, group_create, vm_id);
FIELD(group_create, group_create, group_handle);

SIZE(group_destroy, group_destroy);
FIELD(group_destroy, group_destroy, group_handle);
FIELD(group_destroy, group_destroy, pad);

SIZE(queue_submit, queue_submit);
FIELD(queue_submit, queue_submit, queue_index);
FIELD(queue_submit, queue_submit, stream_size);
FIELD(queue_submit, queue_submit, stream_addr);
FIELD(queue_submit, queue_submit, latest_flush);
FIELD(queue_submit, queue_submit, pad);
FIELD(queue_submit, queue_submit, syncs);

SIZE(group_submit, group_submit);
FIELD(group_submit, group_submit, group_handle);
FIELD(group_submit, group_submit, pad);
FIELD(group_submit, group_submit, queue_submits);

SIZE(group_get_state, group_get_state);
FIELD(group_get_state, group_get_state, group_handle);
FIELD(group_get_state, group_get_state, state);
FIELD(group_get_state, group_get_state, fatal_queues);
FIELD(group_get_state, group_get_state, pad);

SIZE(tiler_heap_create, tiler_heap_create);
FIELD(tiler_heap_create, tiler_heap_create, vm_id);
FIELD(tiler_heap_create, tiler_heap_create, initial_chunk_count);
FIELD(tiler_heap_create, tiler_heap_create, chunk_size);
FIELD(tiler_heap_create, tiler_heap_create, max_chunks);
FIELD(tiler_heap_create, tiler_heap_create, target_in_flight);
FIELD(tiler_heap_create, tiler_heap_create, handle);
FIELD(tiler_heap_create, tiler_heap_create, tiler_heap_ctx_gpu_va);
FIELD(tiler_heap_create, tiler_heap_create, first_heap_chunk_gpu_va);

SIZE(tiler_heap_destroy, tiler_heap_destroy);
FIELD(tiler_heap_destroy, tiler_heap_destroy, handle);
FIELD(tiler_heap_destroy, tiler_heap_destroy, pad);

SIZE(bo_set_label, bo_set_label);
FIELD(bo_set_label, bo_set_label, handle);
FIELD(bo_set_label, bo_set_label, pad);
FIELD(bo_set_label, bo_set_label, label);

SIZE(set_user_mmio_offset, set_user_mmio_offset);
FIELD(set_user_mmio_offset, set_user_mmio_offset, offset);

SIZE(bo_sync_op, bo_sync_op);
FIELD(bo_sync_op, bo_sync_op, handle);
FIELD(bo_sync_op, bo_sync_op, type);
FIELD(bo_sync_op, bo_sync_op, offset);
FIELD(bo_sync_op, bo_sync_op, size);

SIZE(bo_sync, bo_sync);
FIELD(bo_sync, bo_sync, ops);

SIZE(bo_query_info, bo_query_info);
FIELD(bo_query_info, bo_query_info, handle);
FIELD(bo_query_info, bo_query_info, extra_flags);
FIELD(bo_query_info, bo_query_info, create_flags);
FIELD(bo_query_info, bo_query_info, pad);

VALUE64(PAN_USER_MMIO_OFFSET_32BIT, DRM_PANTHOR_USER_MMIO_OFFSET_32BIT);
VALUE64(PAN_USER_MMIO_OFFSET_64BIT, DRM_PANTHOR_USER_MMIO_OFFSET_64BIT);
VALUE64(PAN_USER_MMIO_OFFSET_64BIT, DRM_PANTHOR_USER_MMIO_OFFSET);
VALUE64(PAN_USER_MMIO_OFFSET_64BIT, DRM_PANTHOR_USER_FLUSH_ID_MMIO_OFFSET);
FLAG(PAN_SYNC_HANDLE_TYPE_MASK, DRM_PANTHOR_SYNC_OP_HANDLE_TYPE_MASK);
FLAG(PAN_SYNC_SYNCOBJ, DRM_PANTHOR_SYNC_OP_HANDLE_TYPE_SYNCOBJ);
FLAG(PAN_SYNC_TIMELINE, DRM_PANTHOR_SYNC_OP_HANDLE_TYPE_TIMELINE_SYNCOBJ);
FLAG(0, DRM_PANTHOR_SYNC_OP_WAIT);
FLAG(PAN_SYNC_SIGNAL, DRM_PANTHOR_SYNC_OP_SIGNAL);
FLAG(PAN_QUERY_GPU_INFO, DRM_PANTHOR_DEV_QUERY_GPU_INFO);
FLAG(PAN_QUERY_CSIF_INFO, DRM_PANTHOR_DEV_QUERY_CSIF_INFO);
FLAG(PAN_QUERY_TIMESTAMP_INFO, DRM_PANTHOR_DEV_QUERY_TIMESTAMP_INFO);
FLAG(PAN_QUERY_GROUP_PRIORITIES_INFO, DRM_PANTHOR_DEV_QUERY_GROUP_PRIORITIES_INFO);
FLAG(PAN_QUERY_MMU_INFO, DRM_PANTHOR_DEV_QUERY_MMU_INFO);
FLAG(PAN_COHERENCY_ACE_LITE, DRM_PANTHOR_GPU_COHERENCY_ACE_LITE);
FLAG(PAN_COHERENCY_ACE, DRM_PANTHOR_GPU_COHERENCY_ACE);
FLAG(PAN_COHERENCY_NONE, DRM_PANTHOR_GPU_COHERENCY_NONE);
FLAG(PAN_TIMESTAMP_GPU, DRM_PANTHOR_TIMESTAMP_GPU);
FLAG(PAN_TIMESTAMP_CPU_NONE, DRM_PANTHOR_TIMESTAMP_CPU_NONE);
FLAG(PAN_TIMESTAMP_CPU_MONOTONIC, DRM_PANTHOR_TIMESTAMP_CPU_MONOTONIC);
FLAG(PAN_TIMESTAMP_CPU_MONOTONIC_RAW, DRM_PANTHOR_TIMESTAMP_CPU_MONOTONIC_RAW);
FLAG(PAN_TIMESTAMP_CPU_TYPE_MASK, DRM_PANTHOR_TIMESTAMP_CPU_TYPE_MASK);
FLAG(PAN_TIMESTAMP_GPU_OFFSET, DRM_PANTHOR_TIMESTAMP_GPU_OFFSET);
FLAG(PAN_TIMESTAMP_GPU_CYCLE_COUNT, DRM_PANTHOR_TIMESTAMP_GPU_CYCLE_COUNT);
FLAG(PAN_TIMESTAMP_FREQ, DRM_PANTHOR_TIMESTAMP_FREQ);
FLAG(PAN_TIMESTAMP_DURATION, DRM_PANTHOR_TIMESTAMP_DURATION);
FLAG(PAN_MAP_READONLY, DRM_PANTHOR_VM_BIND_OP_MAP_READONLY);
FLAG(PAN_MAP_NOEXEC, DRM_PANTHOR_VM_BIND_OP_MAP_NOEXEC);
FLAG(PAN_MAP_UNCACHED, DRM_PANTHOR_VM_BIND_OP_MAP_UNCACHED);
FLAG(PAN_MAP_SPARSE, DRM_PANTHOR_VM_BIND_OP_MAP_SPARSE);
FLAG(PAN_OP_TYPE_MASK, DRM_PANTHOR_VM_BIND_OP_TYPE_MASK);
FLAG(PAN_OP_MAP, DRM_PANTHOR_VM_BIND_OP_TYPE_MAP);
FLAG(PAN_OP_UNMAP, DRM_PANTHOR_VM_BIND_OP_TYPE_UNMAP);
FLAG(PAN_OP_SYNC_ONLY, DRM_PANTHOR_VM_BIND_OP_TYPE_SYNC_ONLY);
FLAG(PAN_VM_BIND_ASYNC, DRM_PANTHOR_VM_BIND_ASYNC);
FLAG(PAN_VM_USABLE, DRM_PANTHOR_VM_STATE_USABLE);
FLAG(PAN_VM_UNUSABLE, DRM_PANTHOR_VM_STATE_UNUSABLE);
FLAG(PAN_BO_NO_MMAP, DRM_PANTHOR_BO_NO_MMAP);
FLAG(PAN_BO_WB_MMAP, DRM_PANTHOR_BO_WB_MMAP);
FLAG(PAN_BO_SYNC_CPU_CACHE_FLUSH, DRM_PANTHOR_BO_SYNC_CPU_CACHE_FLUSH);
FLAG(PAN_BO_SYNC_CPU_CACHE_FLUSH_AND_INVALIDATE,
     DRM_PANTHOR_BO_SYNC_CPU_CACHE_FLUSH_AND_INVALIDATE);
FLAG(PAN_BO_IS_IMPORTED, DRM_PANTHOR_BO_IS_IMPORTED);
FLAG(PAN_PRIORITY_LOW, PANTHOR_GROUP_PRIORITY_LOW);
FLAG(PAN_PRIORITY_MEDIUM, PANTHOR_GROUP_PRIORITY_MEDIUM);
FLAG(PAN_PRIORITY_HIGH, PANTHOR_GROUP_PRIORITY_HIGH);
FLAG(PAN_PRIORITY_REALTIME, PANTHOR_GROUP_PRIORITY_REALTIME);
FLAG(PAN_GROUP_TIMEDOUT, DRM_PANTHOR_GROUP_STATE_TIMEDOUT);
FLAG(PAN_GROUP_FATAL_FAULT, DRM_PANTHOR_GROUP_STATE_FATAL_FAULT);
FLAG(PAN_GROUP_INNOCENT, DRM_PANTHOR_GROUP_STATE_INNOCENT);

NUMBER(DEV_QUERY);
NUMBER(VM_CREATE);
NUMBER(VM_DESTROY);
NUMBER(VM_BIND);
NUMBER(VM_GET_STATE);
NUMBER(BO_CREATE);
NUMBER(BO_MMAP_OFFSET);
NUMBER(GROUP_CREATE);
NUMBER(GROUP_DESTROY);
NUMBER(GROUP_SUBMIT);
NUMBER(GROUP_GET_STATE);
NUMBER(TILER_HEAP_CREATE);
NUMBER(TILER_HEAP_DESTROY);
NUMBER(BO_SET_LABEL);
NUMBER(SET_USER_MMIO_OFFSET);
NUMBER(BO_SYNC);
NUMBER(BO_QUERY_INFO);
static_assert(PAN_IOCTL_COUNT == 17, "an ioctl is not compared");

/* What upstream's driver asks for at least: through the last field that the object had when it was new. */
#define LEAST(ours, theirs, field)                                                         \
	static_assert((ours) == offsetof(struct drm_panthor_##theirs, field) +             \
					sizeof(((struct drm_panthor_##theirs *)0)->field), \
		      #ours)
LEAST(PAN_SYNC_OP_MIN_SIZE, sync_op, timeline_value);
LEAST(PAN_GPU_INFO_MIN_SIZE, gpu_info, tiler_present);
LEAST(PAN_CSIF_INFO_MIN_SIZE, csif_info, pad);
LEAST(PAN_TIMESTAMP_INFO_MIN_SIZE, timestamp_info, current_timestamp);
LEAST(PAN_MMU_INFO_MIN_SIZE, mmu_info, page_size_bitmap);
LEAST(PAN_GROUP_PRIORITIES_INFO_MIN_SIZE, group_priorities_info, pad);
LEAST(PAN_VM_BIND_OP_MIN_SIZE, vm_bind_op, syncs);
LEAST(PAN_BO_SYNC_OP_MIN_SIZE, bo_sync_op, size);
LEAST(PAN_QUEUE_CREATE_MIN_SIZE, queue_create, ringbuf_size);
LEAST(PAN_QUEUE_SUBMIT_MIN_SIZE, queue_submit, syncs);

/* The part of a register's value that the frontend looks at. */
static_assert(DRM_PANTHOR_MMU_VA_BITS(~0u) == 0xff, "VA bits are elsewhere");
