/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the panthor uAPI accepts: the arguments of each ioctl, checked as upstream's driver checks them, in its order, with
 * its errnos; and what it answers, made of what the backend has told.
 *
 * Pure functions over structs that the caller has copied from the program. They look up nothing: where upstream looks up
 * an object between two checks, there are two functions, and the comment says what comes between them. All
 * return 0 or a negative errno. "vm?" below stands for "no such VM: -EINVAL", and so on; "enter" for drm_dev_enter(),
 * -ENODEV, which only sees a device that goes meanwhile: DRM's core refuses all ioctls of one that is gone.
 *
 *   DEV_QUERY          pointer == 0: mmx_uapi_query_size(), done. Else the same for the type; TIMESTAMP_INFO:
 *                      copy in (mmx_uapi_split(): -E2BIG, -EFAULT), mmx_uapi_check_timestamp(), sample; all:
 *                      mmx_uapi_check_out(), copy out (-EFAULT). size is not written
 *   VM_CREATE          enter, mmx_uapi_check_vm_create(), create, id (-EBUSY)
 *   VM_DESTROY         mmx_uapi_check_vm_destroy(), vm? (-EINVAL)
 *   VM_GET_STATE       vm? (-EINVAL)
 *   VM_BIND            enter, vm? (-EINVAL), ops: mmx_uapi_check_array(), copy in. Then for each op
 *     synchronous        mmx_uapi_check_bind_op(), of MAP: bo? (-EINVAL), mmx_uapi_check_bind_map(), carry out.
 *                        (MAP: -EINVAL if the VM is unusable). The first error ends it; ops.count is then the index
 *                        of the op
 *     asynchronous       VM destroyed or unusable? (-EINVAL), the same checks, syncs: mmx_uapi_check_array(), copy in.
 *                        When this has passed for all: the sync ops, see below
 *   BO_CREATE          enter, mmx_uapi_check_bo_create(), exclusive vm? (-EINVAL), mmx_uapi_round_bo_size(), create
 *   BO_MMAP_OFFSET     mmx_uapi_check_bo_mmap_offset(), bo? (-ENOENT), mmx_uapi_check_bo_mmap()
 *   BO_SET_LABEL       mmx_uapi_check_bo_set_label(), bo? (-ENOENT), mmx_uapi_check_label()
 *   BO_SYNC            ops: mmx_uapi_check_array(), copy in; for each: bo? (-ENOENT), mmx_uapi_check_bo_sync()
 *   BO_QUERY_INFO      bo? (-ENOENT), mmx_uapi_fill_bo_info()
 *   GROUP_CREATE       mmx_uapi_check_group_queues(), queues: mmx_uapi_check_array(), copy in, mmx_uapi_check_group(),
 *                      vm? (-EINVAL), memory, handle (-EBUSY), for each queue: mmx_uapi_check_queue()
 *   GROUP_DESTROY      mmx_uapi_check_group_destroy(), group? (-EINVAL)
 *   GROUP_GET_STATE    mmx_uapi_check_group_get_state(), group? (-EINVAL), mmx_uapi_fill_group_state()
 *   GROUP_SUBMIT       mmx_uapi_check_group_submit(), enter, submits: mmx_uapi_check_array(), copy in; for each:
 *                      mmx_uapi_check_submit(), group? (-EINVAL, of the low 16 bits of the handle),
 *                      mmx_uapi_check_submit_queue(), syncs: mmx_uapi_check_array(), copy in. When
 *                      this has passed for all: the sync ops. No submits: no group is looked up, success
 *   TILER_HEAP_CREATE  vm? (-EINVAL), the VM gets a heap pool if it has none and keeps it even if this fails
 *                      (-EINVAL if destroyed), mmx_uapi_check_heap_create(), chunks, id (-EBUSY)
 *   TILER_HEAP_DESTROY mmx_uapi_check_heap_destroy(), vm? (-EINVAL), has it a pool? (-ENOENT), heap? (-EINVAL)
 *   SET_USER_MMIO_OFFSET  mmx_uapi_check_user_mmio_offset()
 *
 * Sync ops of a whole batch: first every SIGNAL of all elements, in order: mmx_uapi_check_sync_op(), syncobj? (-EINVAL),
 * one entry for each (handle, point). Then locks (-EINTR). Then element by element, every WAIT: mmx_uapi_check_sync_op(),
 * and its fence: if (handle, point) is among the SIGNALs, the one that an earlier element or, before any did, the
 * syncobj put there (-EINVAL if there is none), else that of the syncobj: -ENOENT no such handle, -EINVAL no fence yet.
 */
#ifndef FRONTEND_CORE_UAPI_H
#define FRONTEND_CORE_UAPI_H

#include "frontend/core/panthor_abi.h"
#include "hv/proto/proto.h"

/* Upstream's bounds that the uAPI does not name. */
#define MMX_UAPI_MAX_VMS    32u /* per file; ids from 1 */
#define MMX_UAPI_MAX_GROUPS 128u /* per file; handles from 1 */
#define MMX_UAPI_MAX_HEAPS  128u /* per VM; ids from 0 */
#define MMX_UAPI_MAX_QUEUES 32u /* per group, before anything else is looked at */
#define MMX_UAPI_LABEL_SIZE 4096u /* with its NUL */
#define MMX_UAPI_GPU_PAGE   4096u /* what binds are multiples of, whatever the CPU's page is */

/* The GPU as DEV_QUERY tells it; the checks judge by the same numbers. */
struct mmx_uapi_gpu {
	struct pan_gpu_info gpu;
	struct pan_csif_info csif;
	struct pan_mmu_info mmu;
	uint32_t va_bits;
	uint32_t max_priority; /* exclusive bound of what the backend allows groups */
};

/**
 * mmx_uapi_describe_gpu() - what upstream would tell of the GPU that the backend describes
 *
 * Return: 0; -EPROTO: no GPU is like that (32 to 63 bits of addresses, a queue at least).
 */
int mmx_uapi_describe_gpu(const struct mmx_gpu_desc *desc, const struct mmx_limits *limits,
			  struct mmx_uapi_gpu *ret_gpu);

/* Objects whose size the program and the kernel may see differently. */
struct mmx_uapi_split {
	uint32_t common; /* bytes that both have */
	uint32_t kernel_rest; /* only the kernel has: zeroed when copied in */
	/*
	 * Only the program has: when copied in, read first and -E2BIG unless all are zero; cleared when copied out.
	 */
	uint32_t user_rest;
};

struct mmx_uapi_split mmx_uapi_split(uint32_t user_size, uint32_t size);

/**
 * mmx_uapi_check_array() - before an array is copied in
 * @min_stride: PAN_*_MIN_SIZE of its elements
 * @size: of an element in the kernel
 *
 * With a count of 0 nothing else is looked at. Otherwise each element is copied in as mmx_uapi_split(stride, size) says;
 * after this function count * size does not exceed INT_MAX.
 *
 * Return: 0; -EINVAL: stride; -ENOMEM: more than a kernel allocates.
 */
int mmx_uapi_check_array(const struct pan_array *array, uint32_t min_stride, uint32_t size);

/* Before an object is copied out: -EINVAL if the program's is smaller than @min_size. */
int mmx_uapi_check_out(uint32_t user_size, uint32_t min_size);

/* Size and least size of what DEV_QUERY tells; -EINVAL: unknown type. */
int mmx_uapi_query_size(uint32_t type, uint32_t *ret_size, uint32_t *ret_min_size);

/* @ret_flags: what to sample, none of which are asked for as 0. */
int mmx_uapi_check_timestamp(uint32_t flags, uint32_t *ret_flags);

struct mmx_uapi_time {
	uint64_t gpu_timestamp, gpu_timestamp_offset, gpu_timestamp_frequency;
	uint64_t gpu_cycles;
	uint64_t cpu_sec, cpu_nsec; /* of the clock that is asked for */
	uint32_t duration_nsec;
};

/* @what: flags as mmx_uapi_check_timestamp() returned; what they don't ask for is 0. Leaves info->flags as it is. */
void mmx_uapi_fill_timestamp(uint32_t what, const struct mmx_uapi_time *now,
			     struct pan_timestamp_info *info);

/*
 * @may_raise: CAP_SYS_NICE in the initial user namespace, or the DRM master.
 * Return: 0; -EINVAL: no priority; -EACCES.
 */
int mmx_uapi_check_priority(const struct mmx_uapi_gpu *gpu, uint8_t priority, bool may_raise);
void mmx_uapi_fill_priorities(const struct mmx_uapi_gpu *gpu, bool may_raise,
			      struct pan_group_priorities_info *info);

/**
 * mmx_uapi_check_vm_create() - flags, and how the address space is divided
 * @va_bits: of struct mmx_uapi_gpu
 * @task_size: TASK_SIZE of the caller, with which the default is compared
 * @ret_user_va_range: where the kernel's part begins, for args->user_va_range and the binds of this VM: at
 *	least what was asked for, since the kernel takes a power of two
 */
int mmx_uapi_check_vm_create(const struct pan_vm_create *args, uint32_t va_bits, uint64_t task_size,
			     uint64_t *ret_user_va_range);
int mmx_uapi_check_vm_destroy(const struct pan_vm_destroy *args);

enum mmx_uapi_bind {
	MMX_UAPI_BIND_NOTHING, /* done with success */
	MMX_UAPI_BIND_MAP, /* look up bo_handle, then mmx_uapi_check_bind_map() */
	MMX_UAPI_BIND_SPARSE,
	MMX_UAPI_BIND_UNMAP,
	MMX_UAPI_BIND_SYNC, /* asynchronous only: a job without an op */
};

/**
 * mmx_uapi_check_bind_op() - all of an op that does not depend on a BO
 * @user_va_range: of the VM, as mmx_uapi_check_vm_create() returned it
 *
 * A synchronous op without a size is done before anything else but its syncs is looked at. An asynchronous MAP without
 * one is -ENOMEM at a multiple of 512 GiB, and has no effect elsewhere.
 */
int mmx_uapi_check_bind_op(const struct pan_vm_bind_op *op, bool async, uint64_t user_va_range,
			   enum mmx_uapi_bind *ret_bind);

/* @foreign: the BO is exclusive to another VM */
int mmx_uapi_check_bind_map(const struct pan_vm_bind_op *op, uint64_t bo_size, bool foreign);

/* The op for the backend, of an op that has been checked; not of BIND_NOTHING and BIND_SYNC. @mem: of MAP, the BO's name. */
void mmx_uapi_fill_bind(const struct pan_vm_bind_op *op, enum mmx_uapi_bind bind, uint32_t mem,
			struct mmx_bind_op *ret_op);

int mmx_uapi_check_sync_op(const struct pan_sync_op *op);

static inline bool mmx_uapi_sync_signals(const struct pan_sync_op *op)
{
	return op->flags & PAN_SYNC_SIGNAL;
}

int mmx_uapi_check_bo_create(const struct pan_bo_create *args);
/*
 * @page_size: the CPU's.
 * Return: 0; -EINVAL: no file can be that large; -ENOSPC: so large that rounding has left nothing.
 */
int mmx_uapi_round_bo_size(uint64_t size, uint32_t page_size, uint64_t *ret_size);
int mmx_uapi_check_bo_mmap_offset(const struct pan_bo_mmap_offset *args);
/* @flags: that the BO was created with. -EPERM: it is not to be mapped. */
int mmx_uapi_check_bo_mmap(uint32_t flags);
int mmx_uapi_check_bo_set_label(const struct pan_bo_set_label *args);
/*
 * @size: what strnlen_user(label, MMX_UAPI_LABEL_SIZE) returned: 0 = fault, else with the NUL, or more than was
 * offered. Not called for a null label.
 */
int mmx_uapi_check_label(long size);
/* The label as the wire takes it: cut, and what is not printable ASCII as '?'. @label: may be NULL, for none */
void mmx_uapi_fill_label(const char *label, char ret_label[MMX_LABEL_SIZE]);
int mmx_uapi_check_bo_sync(const struct pan_bo_sync_op *op, uint64_t bo_size, bool imported);
/* @flags: that the BO was created with, 0 of an imported one. Leaves info->handle as it is. */
void mmx_uapi_fill_bo_info(uint32_t flags, bool imported, struct pan_bo_query_info *info);

int mmx_uapi_check_group_queues(const struct pan_group_create *args);
int mmx_uapi_check_group(const struct pan_group_create *args, const struct mmx_uapi_gpu *gpu,
			 bool may_raise);
int mmx_uapi_check_queue(const struct pan_queue_create *queue);
int mmx_uapi_check_group_destroy(const struct pan_group_destroy *args);
int mmx_uapi_check_group_get_state(const struct pan_group_get_state *args);

/**
 * mmx_uapi_fill_group_state() - the answer of GROUP_GET_STATE, group_handle (0) included
 * @state: MMX_GROUP_STATE_*, @fatal_queues: as the backend told them; bits that make no sense are dropped
 * @queue_count: of the group
 */
void mmx_uapi_fill_group_state(uint32_t state, uint32_t fatal_queues, uint32_t queue_count,
			       struct pan_group_get_state *ret_state);

int mmx_uapi_check_group_submit(const struct pan_group_submit *args);
int mmx_uapi_check_submit(const struct pan_queue_submit *submit);
/* @runnable: nothing has happened to the group that GROUP_GET_STATE would tell, and it is not destroyed */
int mmx_uapi_check_submit_queue(const struct pan_queue_submit *submit, uint32_t queue_count,
				bool runnable);

/* The group that GROUP_SUBMIT means. */
static inline uint32_t mmx_uapi_submit_handle(const struct pan_group_submit *args)
{
	return args->group_handle & 0xffff;
}

/* @page_size: the CPU's, which chunks are multiples of */
int mmx_uapi_check_heap_create(const struct pan_tiler_heap_create *args, uint32_t page_size);
int mmx_uapi_check_heap_destroy(const struct pan_tiler_heap_destroy *args);

static inline uint32_t mmx_uapi_heap_handle(uint32_t vm_id, uint32_t heap_id)
{
	return vm_id << 16 | (heap_id & 0xffff);
}

static inline uint32_t mmx_uapi_heap_vm_id(uint32_t handle)
{
	return handle >> 16;
}

static inline uint32_t mmx_uapi_heap_id(uint32_t handle)
{
	return handle & 0xffff;
}

int mmx_uapi_check_user_mmio_offset(const struct pan_set_user_mmio_offset *args);

/* A mapping of the device file. */
struct mmx_uapi_map {
	uint64_t offset; /* bytes in the file */
	uint64_t size;
	bool shared;
	bool write_or_exec; /* VM_WRITE or VM_EXEC */
};

/*
 * Of a mapping whose offset is not below the file's user_mmio_offset (else it is one of a BO). -EINVAL: it is not the
 * page with the flush id. Who maps it must also take VM_MAYWRITE away.
 */
int mmx_uapi_check_mmio_map(const struct mmx_uapi_map *map, uint64_t user_mmio_offset,
			    uint32_t page_size);

#endif
