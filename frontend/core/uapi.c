// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The panthor uAPI's arguments: pure functions over copies, called by malimux.ko in any context. Programs are not
 * trusted: no argument is too strange for any of these. Which errno wins is upstream's order, which uapi.h has; where all
 * outcomes are -EINVAL the order here is for the reader.
 *
 * What was read: drivers/gpu/drm/panthor of Linux 7.3.
 */
#include "frontend/core/uapi.h"

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <string.h>
#endif

#define MAX_ALLOCATION 0x7fffffffu /* kvmalloc() refuses more */
#define MAX_FILE_SIZE  0x7fffffffffffffffull /* of a 64-bit kernel */

#define VA_BITS_MASK	  0xffu /* of mmu_features */
#define KERNEL_VA_MIN	  (256ull << 20) /* what a VM keeps for rings and heaps at least */
#define PAGE_SIZE_2M	  (1ull << 21)
#define LARGEST_TABLE	  (1ull << 39) /* what a table of the second level maps */
#define MAX_QUEUE_PRIO	  15u /* four bits of CS_CONFIG */
#define RING_SIZE_MIN	  (4u << 10)
#define RING_SIZE_MAX	  (64u << 10)
#define CHUNK_SIZE_MIN	  (128u << 10)
#define CHUNK_SIZE_MAX	  (8u << 20)
#define STREAM_ADDR_ALIGN 64u /* a line of the cache */
#define STREAM_SIZE_ALIGN 8u /* an instruction */
#define FLUSH_ID_MBZ	  0x7f000000u /* bits 30:24 */

#define MAP_FLAGS (PAN_MAP_READONLY | PAN_MAP_NOEXEC | PAN_MAP_UNCACHED | PAN_MAP_SPARSE)

#define TIMESTAMP_DEFAULT (PAN_TIMESTAMP_GPU | PAN_TIMESTAMP_GPU_OFFSET | PAN_TIMESTAMP_FREQ)
#define TIMESTAMP_FLAGS                                                                    \
	(TIMESTAMP_DEFAULT | PAN_TIMESTAMP_CPU_TYPE_MASK | PAN_TIMESTAMP_GPU_CYCLE_COUNT | \
	 PAN_TIMESTAMP_DURATION)

/* The kernel's hweight64(), which is not everywhere. */
static unsigned int count_bits(uint64_t mask)
{
	unsigned int count = 0;

	for (; mask; mask &= mask - 1)
		count++;
	return count;
}

static int ok_or_einval(bool ok)
{
	return ok ? 0 : -EINVAL;
}

int mmx_uapi_describe_gpu(const struct mmx_gpu_desc *desc, const struct mmx_limits *limits,
			  struct mmx_uapi_gpu *ret_gpu)
{
	uint32_t va_bits = desc->mmu_features & VA_BITS_MASK;

	if (va_bits < 32 || va_bits > 63 || !desc->cs_slots || !limits->max_queues)
		return -EPROTO;
	*ret_gpu = (struct mmx_uapi_gpu){
		.gpu = {
			.gpu_id = desc->gpu_id,
			.gpu_rev = desc->gpu_rev,
			.csf_id = desc->csf_id,
			.l2_features = desc->l2_features,
			.tiler_features = desc->tiler_features,
			.mem_features = desc->mem_features,
			.mmu_features = desc->mmu_features,
			.thread_features = desc->thread_features,
			.max_threads = desc->max_threads,
			.thread_max_workgroup_size = desc->thread_max_workgroup_size,
			.thread_max_barrier_size = desc->thread_max_barrier_size,
			.coherency_features = desc->coherency_features,
			.as_present = desc->as_present,
			/* upstream never picks ACE */
			.selected_coherency = desc->coherent ? PAN_COHERENCY_ACE_LITE :
							       PAN_COHERENCY_NONE,
			.shader_present = desc->shader_present,
			.l2_present = desc->l2_present,
			.tiler_present = desc->tiler_present,
			.core_features = desc->core_features,
			.gpu_features = desc->gpu_features,
		},
		.csif = {
			.csg_slot_count = desc->csg_slots,
			.cs_slot_count = desc->cs_slots < limits->max_queues ? desc->cs_slots :
									       limits->max_queues,
			.cs_reg_count = desc->cs_registers,
			.scoreboard_slot_count = desc->scoreboards,
			.unpreserved_cs_reg_count = desc->unpreserved_cs_registers,
		},
		.mmu = { .page_size_bitmap = MMX_UAPI_GPU_PAGE | PAGE_SIZE_2M },
		.va_bits = va_bits,
		.max_priority = limits->max_priority ? limits->max_priority : MMX_PRIORITIES,
	};
	memcpy(ret_gpu->gpu.texture_features, desc->texture_features,
	       sizeof(desc->texture_features));
	return 0;
}

struct mmx_uapi_split mmx_uapi_split(uint32_t user_size, uint32_t size)
{
	return (struct mmx_uapi_split){
		.common = user_size < size ? user_size : size,
		.kernel_rest = user_size < size ? size - user_size : 0,
		.user_rest = user_size > size ? user_size - size : 0,
	};
}

int mmx_uapi_check_array(const struct pan_array *array, uint32_t min_stride, uint32_t size)
{
	if (!array->count)
		return 0;
	if (array->stride < min_stride)
		return -EINVAL;
	return (uint64_t)array->count * size > MAX_ALLOCATION ? -ENOMEM : 0;
}

int mmx_uapi_check_out(uint32_t user_size, uint32_t min_size)
{
	return ok_or_einval(user_size >= min_size);
}

int mmx_uapi_query_size(uint32_t type, uint32_t *ret_size, uint32_t *ret_min_size)
{
	static const struct {
		uint32_t size, min_size;
	} sizes[] = {
		[PAN_QUERY_GPU_INFO] = { sizeof(struct pan_gpu_info), PAN_GPU_INFO_MIN_SIZE },
		[PAN_QUERY_CSIF_INFO] = { sizeof(struct pan_csif_info), PAN_CSIF_INFO_MIN_SIZE },
		[PAN_QUERY_TIMESTAMP_INFO] = { sizeof(struct pan_timestamp_info),
					       PAN_TIMESTAMP_INFO_MIN_SIZE },
		[PAN_QUERY_GROUP_PRIORITIES_INFO] = { sizeof(struct pan_group_priorities_info),
						      PAN_GROUP_PRIORITIES_INFO_MIN_SIZE },
		[PAN_QUERY_MMU_INFO] = { sizeof(struct pan_mmu_info), PAN_MMU_INFO_MIN_SIZE },
	};

	if (type >= sizeof(sizes) / sizeof(sizes[0]))
		return -EINVAL;
	*ret_size = sizes[type].size;
	*ret_min_size = sizes[type].min_size;
	return 0;
}

int mmx_uapi_check_timestamp(uint32_t flags, uint32_t *ret_flags)
{
	if ((flags & PAN_TIMESTAMP_CPU_TYPE_MASK) > PAN_TIMESTAMP_CPU_MONOTONIC_RAW ||
	    (flags & ~TIMESTAMP_FLAGS))
		return -EINVAL;
	*ret_flags = flags ? flags : TIMESTAMP_DEFAULT;
	return 0;
}

void mmx_uapi_fill_timestamp(uint32_t what, const struct mmx_uapi_time *now,
			     struct pan_timestamp_info *info)
{
	bool cpu = what & PAN_TIMESTAMP_CPU_TYPE_MASK;

	info->timestamp_frequency = what & PAN_TIMESTAMP_FREQ ? now->gpu_timestamp_frequency : 0;
	info->current_timestamp = what & PAN_TIMESTAMP_GPU ? now->gpu_timestamp : 0;
	info->timestamp_offset = what & PAN_TIMESTAMP_GPU_OFFSET ? now->gpu_timestamp_offset : 0;
	info->duration_nsec = what & PAN_TIMESTAMP_DURATION ? now->duration_nsec : 0;
	info->cycle_count = what & PAN_TIMESTAMP_GPU_CYCLE_COUNT ? now->gpu_cycles : 0;
	info->cpu_timestamp_sec = cpu ? now->cpu_sec : 0;
	info->cpu_timestamp_nsec = cpu ? now->cpu_nsec : 0;
}

int mmx_uapi_check_priority(const struct mmx_uapi_gpu *gpu, uint8_t priority, bool may_raise)
{
	if (priority > PAN_PRIORITY_REALTIME)
		return -EINVAL;
	if (priority >= gpu->max_priority)
		return -EACCES;
	return priority <= PAN_PRIORITY_MEDIUM || may_raise ? 0 : -EACCES;
}

void mmx_uapi_fill_priorities(const struct mmx_uapi_gpu *gpu, bool may_raise,
			      struct pan_group_priorities_info *info)
{
	uint32_t priority;

	*info = (struct pan_group_priorities_info){ 0 };
	for (priority = PAN_PRIORITY_LOW; priority <= PAN_PRIORITY_REALTIME; priority++)
		if (!mmx_uapi_check_priority(gpu, (uint8_t)priority, may_raise))
			info->allowed_mask = (uint8_t)(info->allowed_mask | 1u << priority);
}

int mmx_uapi_check_vm_create(const struct pan_vm_create *args, uint32_t va_bits, uint64_t task_size,
			     uint64_t *ret_user_va_range)
{
	uint64_t full, most, user, kernel;

	if (args->flags)
		return -EINVAL;
	full = 1ull << va_bits;
	most = full - KERNEL_VA_MIN;
	if (args->user_va_range > most)
		return -EINVAL;
	if (args->user_va_range)
		user = args->user_va_range;
	else if (task_size < full) /* a program can have buffers where its CPU has them */
		user = task_size;
	else
		user = va_bits > 32 ? full / 2 : most;
	if (user > most)
		user = most;
	/* the largest power of two of what is left, at the very top */
	for (kernel = full / 2; kernel > full - user; kernel /= 2)
		;
	*ret_user_va_range = full - kernel;
	return 0;
}

int mmx_uapi_check_vm_destroy(const struct pan_vm_destroy *args)
{
	return ok_or_einval(!args->pad);
}

/*
 * Upstream reserves page tables for what is mapped, by the larger blocks that it touches, and takes it for a failure that it
 * gets none where it needs none.
 */
static int check_tables(const struct pan_vm_bind_op *op)
{
	return op->size || op->va % LARGEST_TABLE ? 0 : -ENOMEM;
}

int mmx_uapi_check_bind_op(const struct pan_vm_bind_op *op, bool async, uint64_t user_va_range,
			   enum mmx_uapi_bind *ret_bind)
{
	enum mmx_uapi_bind bind;
	bool ok;

	if (!async && op->syncs.count)
		return -EINVAL;
	if (!async && !op->size) {
		*ret_bind = MMX_UAPI_BIND_NOTHING;
		return 0;
	}
	if ((op->va | op->size | op->bo_offset) & (MMX_UAPI_GPU_PAGE - 1))
		return -EINVAL;
	/* the address counts even without a size */
	if (op->va >= user_va_range || op->size > user_va_range - op->va)
		return -EINVAL;

	switch (op->flags & PAN_OP_TYPE_MASK) {
	case PAN_OP_MAP:
		bind = MMX_UAPI_BIND_MAP;
		ok = !(op->flags & ~MAP_FLAGS);
		if (op->flags & PAN_MAP_SPARSE) {
			bind = MMX_UAPI_BIND_SPARSE;
			ok = ok && (op->flags & PAN_MAP_NOEXEC) && !op->bo_handle && !op->bo_offset;
		}
		break;
	case PAN_OP_UNMAP:
		bind = MMX_UAPI_BIND_UNMAP;
		ok = op->flags == PAN_OP_UNMAP && !op->bo_handle && !op->bo_offset;
		break;
	case PAN_OP_SYNC_ONLY:
		bind = MMX_UAPI_BIND_SYNC;
		ok = op->flags == PAN_OP_SYNC_ONLY && !op->bo_handle && !op->bo_offset && !op->va &&
		     !op->size && op->syncs.count;
		break;
	default:
		return -EINVAL;
	}
	if (!ok)
		return -EINVAL;
	*ret_bind = bind;
	return bind == MMX_UAPI_BIND_SPARSE ? check_tables(op) : 0;
}

int mmx_uapi_check_bind_map(const struct pan_vm_bind_op *op, uint64_t bo_size, bool foreign)
{
	if (op->size > bo_size || op->bo_offset > bo_size - op->size || foreign)
		return -EINVAL;
	return check_tables(op);
}

void mmx_uapi_fill_bind(const struct pan_vm_bind_op *op, enum mmx_uapi_bind bind, uint32_t mem,
			struct mmx_bind_op *ret_op)
{
	*ret_op = (struct mmx_bind_op){ .op = MMX_BIND_OP_UNMAP, .va = op->va, .size = op->size };
	if (bind == MMX_UAPI_BIND_UNMAP)
		return;
	ret_op->op = MMX_BIND_OP_MAP;
	if (op->flags & PAN_MAP_READONLY)
		ret_op->flags |= MMX_BIND_READONLY;
	if (op->flags & PAN_MAP_NOEXEC)
		ret_op->flags |= MMX_BIND_NOEXEC;
	if (op->flags & PAN_MAP_UNCACHED)
		ret_op->flags |= MMX_BIND_UNCACHED;
	if (bind == MMX_UAPI_BIND_SPARSE) {
		ret_op->flags |= MMX_BIND_SPARSE;
	} else {
		ret_op->mem = mem;
		ret_op->mem_offset = op->bo_offset;
	}
}

int mmx_uapi_check_sync_op(const struct pan_sync_op *op)
{
	if (op->flags & ~(PAN_SYNC_HANDLE_TYPE_MASK | PAN_SYNC_SIGNAL))
		return -EINVAL;
	switch (op->flags & PAN_SYNC_HANDLE_TYPE_MASK) {
	case PAN_SYNC_SYNCOBJ:
		return ok_or_einval(!op->timeline_value);
	case PAN_SYNC_TIMELINE:
		return 0; /* point 0 is what a binary one has */
	default:
		return -EINVAL;
	}
}

int mmx_uapi_check_bo_create(const struct pan_bo_create *args)
{
	return ok_or_einval(args->size && !args->pad &&
			    !(args->flags & ~(PAN_BO_NO_MMAP | PAN_BO_WB_MMAP)) &&
			    args->flags != (PAN_BO_NO_MMAP | PAN_BO_WB_MMAP));
}

int mmx_uapi_round_bo_size(uint64_t size, uint32_t page_size, uint64_t *ret_size)
{
	uint64_t mask = page_size - 1u;
	uint64_t rounded = (size + mask) & ~mask;

	if (rounded > MAX_FILE_SIZE)
		return -EINVAL;
	if (!rounded)
		return -ENOSPC;
	*ret_size = rounded;
	return 0;
}

int mmx_uapi_check_bo_mmap_offset(const struct pan_bo_mmap_offset *args)
{
	return ok_or_einval(!args->pad);
}

int mmx_uapi_check_bo_mmap(uint32_t flags)
{
	return flags & PAN_BO_NO_MMAP ? -EPERM : 0;
}

int mmx_uapi_check_bo_set_label(const struct pan_bo_set_label *args)
{
	return ok_or_einval(!args->pad);
}

int mmx_uapi_check_label(long size)
{
	if (size <= 0)
		return -EFAULT;
	return size > (long)MMX_UAPI_LABEL_SIZE ? -E2BIG : 0;
}

void mmx_uapi_fill_label(const char *label, char ret_label[MMX_LABEL_SIZE])
{
	size_t i;

	memset(ret_label, 0, MMX_LABEL_SIZE);
	if (!label)
		return;
	for (i = 0; i + 1 < MMX_LABEL_SIZE && label[i]; i++)
		ret_label[i] = label[i] >= 0x20 && label[i] <= 0x7e ? label[i] : '?';
}

int mmx_uapi_check_bo_sync(const struct pan_bo_sync_op *op, uint64_t bo_size, bool imported)
{
	return ok_or_einval(op->size <= bo_size && op->offset <= bo_size - op->size && !imported &&
			    op->type <= PAN_BO_SYNC_CPU_CACHE_FLUSH_AND_INVALIDATE);
}

void mmx_uapi_fill_bo_info(uint32_t flags, bool imported, struct pan_bo_query_info *info)
{
	info->extra_flags = imported ? PAN_BO_IS_IMPORTED : 0;
	info->create_flags = flags;
	info->pad = 0;
}

int mmx_uapi_check_group_queues(const struct pan_group_create *args)
{
	return ok_or_einval(args->queues.count && args->queues.count <= MMX_UAPI_MAX_QUEUES);
}

/* Cores that there are, and enough of them. */
static bool cores_ok(uint64_t mask, uint64_t present, uint8_t most)
{
	return !(mask & ~present) && count_bits(mask) >= most;
}

int mmx_uapi_check_group(const struct pan_group_create *args, const struct mmx_uapi_gpu *gpu,
			 bool may_raise)
{
	int ret = mmx_uapi_check_priority(gpu, args->priority, may_raise);
	uint64_t shaders = gpu->gpu.shader_present;

	if (ret)
		return ret;
	return ok_or_einval(
		!args->pad && cores_ok(args->compute_core_mask, shaders, args->max_compute_cores) &&
		cores_ok(args->fragment_core_mask, shaders, args->max_fragment_cores) &&
		cores_ok(args->tiler_core_mask, gpu->gpu.tiler_present, args->max_tiler_cores) &&
		args->queues.count <= gpu->csif.cs_slot_count);
}

int mmx_uapi_check_queue(const struct pan_queue_create *queue)
{
	uint32_t size = queue->ringbuf_size;

	return ok_or_einval(!queue->pad[0] && !queue->pad[1] && !queue->pad[2] &&
			    size >= RING_SIZE_MIN && size <= RING_SIZE_MAX &&
			    !(size & (size - 1)) && queue->priority <= MAX_QUEUE_PRIO);
}

int mmx_uapi_check_group_destroy(const struct pan_group_destroy *args)
{
	return ok_or_einval(!args->pad);
}

int mmx_uapi_check_group_get_state(const struct pan_group_get_state *args)
{
	return ok_or_einval(!args->pad);
}

void mmx_uapi_fill_group_state(uint32_t state, uint32_t fatal_queues, uint32_t queue_count,
			       struct pan_group_get_state *ret_state)
{
	uint32_t queues = queue_count < 32 ? (1u << queue_count) - 1 : ~0u;

	*ret_state = (struct pan_group_get_state){ 0 };
	if (state & MMX_GROUP_STATE_TIMEDOUT) {
		ret_state->state |= PAN_GROUP_TIMEDOUT;
		/* nobody is innocent of anything else */
		if (state & MMX_GROUP_STATE_INNOCENT)
			ret_state->state |= PAN_GROUP_INNOCENT;
	}
	if (state & MMX_GROUP_STATE_FATAL_FAULT) {
		ret_state->state |= PAN_GROUP_FATAL_FAULT;
		ret_state->fatal_queues = fatal_queues & queues;
	}
}

int mmx_uapi_check_group_submit(const struct pan_group_submit *args)
{
	return ok_or_einval(!args->pad);
}

int mmx_uapi_check_submit(const struct pan_queue_submit *submit)
{
	return ok_or_einval(!submit->pad && !submit->stream_size == !submit->stream_addr &&
			    !(submit->stream_addr & (STREAM_ADDR_ALIGN - 1)) &&
			    !(submit->stream_size & (STREAM_SIZE_ALIGN - 1)) &&
			    !(submit->latest_flush & FLUSH_ID_MBZ));
}

int mmx_uapi_check_submit_queue(const struct pan_queue_submit *submit, uint32_t queue_count,
				bool runnable)
{
	return ok_or_einval(runnable && submit->queue_index < queue_count);
}

int mmx_uapi_check_heap_create(const struct pan_tiler_heap_create *args, uint32_t page_size)
{
	return ok_or_einval(
		args->initial_chunk_count && args->initial_chunk_count <= args->max_chunks &&
		!(args->chunk_size & (page_size - 1)) && args->chunk_size >= CHUNK_SIZE_MIN &&
		args->chunk_size <= CHUNK_SIZE_MAX);
}

int mmx_uapi_check_heap_destroy(const struct pan_tiler_heap_destroy *args)
{
	return ok_or_einval(!args->pad);
}

int mmx_uapi_check_user_mmio_offset(const struct pan_set_user_mmio_offset *args)
{
	return ok_or_einval(args->offset == PAN_USER_MMIO_OFFSET_32BIT ||
			    args->offset == PAN_USER_MMIO_OFFSET_64BIT);
}

int mmx_uapi_check_mmio_map(const struct mmx_uapi_map *map, uint64_t user_mmio_offset,
			    uint32_t page_size)
{
	return ok_or_einval(map->shared && map->offset == user_mmio_offset &&
			    map->size == page_size && !map->write_or_exec);
}
