// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Files, buffers, address spaces, heaps, syncobjs: random calls that make, ask and end them, and bindings at once.
 * Called by main.c.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/diff/diff.h"
#include "tests/uapi/drm_abi.h"

#define MAX_VMS	     6u
#define MAX_BOS	     16u
#define MAX_HEAPS    6u
#define MAX_SYNCOBJS 10u

/* ---- files ---- */

static void close_file(struct file *file)
{
	uint32_t i;

	settle();
	say_call("close %s", file->name);
	close(file->fd);
	file->fd = -1;
	for (i = 0; i < DIFF_OBJECTS; i++)
		if (world.objects[i].live && world.objects[i].file == file)
			object_end(&world.objects[i]);
}

static void act_file(void)
{
	uint32_t i, open = 0;

	for (i = 0; i < DIFF_FILES; i++)
		open += world.files[i].fd >= 0;
	if (open < DIFF_FILES && (open < 2 || one_in(2)))
		file_open();
	else
		close_file(any_file());
}

static void act_version(void)
{
	struct file *file = any_file();
	struct drm_version version = { 0 };
	char name[16] = "";

	version.name = name;
	version.name_len = sizeof(name) - 1;
	say_call("version %s", file->name);
	say_result(uapi_ioctl(file->fd, DRM_IOCTL_VERSION, &version));
	say(" %s %zu", name, version.name_len);
}

/* ---- queries ---- */

static void say_gpu(const struct pan_gpu_info *gpu)
{
	say(" id=%x rev=%x csf=%x l2=%x tiler=%x mem=%x mmu=%x thread=%x", gpu->gpu_id,
	    gpu->gpu_rev, gpu->csf_id, gpu->l2_features, gpu->tiler_features, gpu->mem_features,
	    gpu->mmu_features, gpu->thread_features);
	say(" max=%u,%u,%u coherency=%x texture=%x,%x,%x,%x as=%x", gpu->max_threads,
	    gpu->thread_max_workgroup_size, gpu->thread_max_barrier_size, gpu->coherency_features,
	    gpu->texture_features[0], gpu->texture_features[1], gpu->texture_features[2],
	    gpu->texture_features[3], gpu->as_present);
	say(" shader=%llx l2=%llx tiler=%llx core=%x", (unsigned long long)gpu->shader_present,
	    (unsigned long long)gpu->l2_present, (unsigned long long)gpu->tiler_present,
	    gpu->core_features);
}

static void act_query(void)
{
	union {
		struct pan_gpu_info gpu;
		struct pan_csif_info csif;
		uint8_t bytes[104];
	} to = { 0 };
	struct file *file = any_file();
	/* times are not compared, and what interface 1.0 knows is 104 bytes */
	static const uint32_t sizes[] = { 0, 4, 23, 24, 32, 95, 96, 100, 104 };
	struct pan_dev_query query = { .type = chance(2), .pointer = (uintptr_t)&to };
	int r;

	query.size = one_in(2) ? sizes[chance(COUNT(sizes))] : 104;
	if (one_in(12))
		query.type = 17 + chance(100);
	if (one_in(12))
		query.pointer = 16;
	say_call("query %s %u size=%u%s", file->name, query.type, query.size,
		 query.pointer == 16 ? " nowhere" : "");
	r = say_result(uapi_ioctl(file->fd, PAN_IOCTL_DEV_QUERY, &query));
	say(" size=%u", query.size);
	if (r == 0 && query.type == PAN_QUERY_GPU_INFO)
		say_gpu(&to.gpu);
	else if (r == 0)
		say(" slots=%u queues=%u registers=%u scoreboards=%u unpreserved=%u pad=%u",
		    to.csif.csg_slot_count, to.csif.cs_slot_count, to.csif.cs_reg_count,
		    to.csif.scoreboard_slot_count, to.csif.unpreserved_cs_reg_count, to.csif.pad);
}

/* ---- buffers ---- */

int make_bo(struct file *file, uint64_t size, uint32_t flags, struct object *vm,
	    struct object **ret_bo)
{
	struct pan_bo_create create = { .size = size, .flags = flags };
	bool bogus = one_in(25);
	int r;

	create.exclusive_vm_id = bogus ? BOGUS : vm ? vm->handle : 0;
	create.pad = one_in(25);
	say_call("bo_create %s size=%llx flags=%x vm=%s%s", file->name, (unsigned long long)size,
		 flags, bogus ? "bogus" : name_of(vm), create.pad ? " pad" : "");
	r = say_result(uapi_ioctl(file->fd, PAN_IOCTL_BO_CREATE, &create));
	if (r)
		return r;
	*ret_bo = object_new(KIND_BO, file, create.handle);
	(*ret_bo)->size = create.size;
	(*ret_bo)->flags = flags;
	(*ret_bo)->vm = vm;
	say(" %s size=%llx", (*ret_bo)->name, (unsigned long long)create.size);
	return 0;
}

void close_bo(struct object *bo)
{
	say_call("gem_close %s", bo->name);
	say_result(uapi_gem_close(bo->file->fd, bo->handle));
	object_end(bo);
	/* its number is free now */
	if (one_in(8)) {
		say_call("gem_close %s again", bo->name);
		say_result(uapi_gem_close(bo->file->fd, bo->handle));
	}
}

static void act_bo_create(void)
{
	static const uint64_t sizes[] = { 0, 1, 4095, 4097, ~0ull };
	static const uint32_t flags[] = {
		0, 0, 0, 0, 0, PAN_BO_NO_MMAP, PAN_BO_NO_MMAP, 4, 1u << 31
	};
	struct file *file = any_file();
	uint32_t flag = flags[chance(COUNT(flags))];
	struct object *bo;
	uint64_t size = one_in(10) ? sizes[chance(COUNT(sizes))]
				   : (1 + chance(DIFF_BO_MAX_PAGES)) * 4096ull;

	if (count(KIND_BO, file, NULL) >= MAX_BOS)
		close_bo(any(KIND_BO, file));
	if (world.interface >= 107 && one_in(4))
		flag |= PAN_BO_WB_MMAP;
	if (make_bo(file, size, flag, one_in(3) ? any(KIND_VM, file) : NULL, &bo))
		return;
	if (one_in(2))
		map_bo(bo);
}

/*
 * The offset and the mapping are one call: of a buffer that may not be mapped, old drivers refuse the second, new ones the
 * first.
 */
int map_bo(struct object *bo)
{
	struct pan_bo_mmap_offset offset = { .handle = bo->handle };
	void *map;
	int r;

	say_call("mmap %s", bo->name);
	r = uapi_ioctl(bo->file->fd, PAN_IOCTL_BO_MMAP_OFFSET, &offset);
	if (r == 0 || (bo->flags & PAN_BO_NO_MMAP)) {
		map = r ? MAP_FAILED
			: mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED, bo->file->fd,
			       (off_t)offset.offset);
		if (map == MAP_FAILED) {
			say(" = refused");
			return -1;
		}
		if (bo->map)
			munmap(bo->map, bo->size);
		bo->map = map;
		bo->hash = 0;
	}
	return say_result(r);
}

/* Ways to map a buffer that are wrong, or are of a part of it. */
static void mmap_oddly(struct object *bo)
{
	struct pan_bo_mmap_offset offset = { .handle = bo->handle };
	struct file *file = bo->file;
	uint64_t size = bo->size;
	int flags = MAP_SHARED;
	void *map;

	if (bo->flags & PAN_BO_NO_MMAP)
		return;
	CHECK_OK(uapi_ioctl(bo->file->fd, PAN_IOCTL_BO_MMAP_OFFSET, &offset));
	say_call("mmap %s", bo->name);
	switch (chance(5)) {
	case 0:
		file = any_file();
		say(" by %s", file->name);
		break;
	case 1:
		size += 4096;
		say(" more");
		break;
	case 2:
		size = 4096;
		say(" a page");
		break;
	case 3:
		/* behind it is whatever the kernel has put there */
		if (size == 4096) {
			say(" all");
			break;
		}
		offset.offset += 4096;
		say(" from the second page on");
		break;
	default:
		flags = MAP_PRIVATE;
		say(" private");
	}
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, file->fd, (off_t)offset.offset);
	say_result(map == MAP_FAILED ? -errno : 0);
	if (map != MAP_FAILED)
		munmap(map, size);
}

static void act_bo_map(void)
{
	struct object *bo = any(KIND_BO, NULL);
	struct pan_bo_mmap_offset offset = { .handle = BOGUS };

	if (!bo || one_in(10)) {
		offset.pad = chance(2);
		say_call("mmap_offset bogus pad=%u", offset.pad);
		say_result(uapi_ioctl(any_file()->fd, PAN_IOCTL_BO_MMAP_OFFSET, &offset));
	} else if (one_in(3)) {
		mmap_oddly(bo);
	} else if (bo->map && one_in(3)) {
		say_call("munmap %s", bo->name);
		say_result(munmap(bo->map, bo->size) ? -errno : 0);
		bo->map = NULL;
	} else {
		map_bo(bo);
	}
}

/* Whether the streams of jobs are in it. */
static bool is_rig(const struct object *bo)
{
	uint32_t i;

	for (i = 0; i < DIFF_OBJECTS; i++)
		if (world.objects[i].live && world.objects[i].rig == bo)
			return true;
	return false;
}

/* The CPU writes; what jobs write is elsewhere. */
static void act_bo_write(void)
{
	struct object *bo = any(KIND_BO, NULL);
	uint32_t i;

	if (!bo || !bo->map || is_rig(bo))
		return;
	i = chance((uint32_t)bo->size / 4);
	say_call("write %s+%x", bo->name, i * 4);
	((volatile uint32_t *)bo->map)[i] = world.calls;
}

static void act_bo_close(void)
{
	struct object *bo = any(KIND_BO, NULL);

	if (bo && !one_in(10)) {
		close_bo(bo);
		return;
	}
	say_call("gem_close bogus");
	say_result(uapi_gem_close(any_file()->fd, BOGUS));
}

static void act_flush_page(void)
{
	static const struct {
		int protection, flags;
		size_t size;
	} rows[] = {
		{ PROT_READ, MAP_SHARED, 4096 },  { PROT_READ | PROT_WRITE, MAP_SHARED, 4096 },
		{ PROT_READ, MAP_PRIVATE, 4096 }, { PROT_READ, MAP_SHARED, 8192 },
		{ PROT_EXEC, MAP_SHARED, 4096 },
	};
	uint32_t i = chance(COUNT(rows));
	struct file *file = any_file();
	void *map;

	say_call("mmap %s flush-id row %u", file->name, i);
	map = mmap(NULL, rows[i].size, rows[i].protection, rows[i].flags, file->fd,
		   (off_t)PAN_USER_MMIO_OFFSET);
	say_result(map == MAP_FAILED ? -errno : 0);
	if (map != MAP_FAILED)
		munmap(map, rows[i].size);
}

/* ---- PRIME ---- */

static void act_prime(void)
{
	static const uint32_t flags[] = { O_CLOEXEC | O_RDWR, O_RDWR, O_CLOEXEC, 0x4 };
	struct object *bo = any(KIND_BO, NULL), *known;
	struct file *to = any_file();
	struct drm_prime_handle export = { .fd = -1, .flags = flags[chance(COUNT(flags))] };
	struct drm_prime_handle import = { 0 };
	int r;

	if (!bo || is_rig(bo) || count(KIND_BO, to, NULL) >= MAX_BOS)
		return;
	say_call("prime_export flags=%x", export.flags);
	export.handle = handle_or_bogus(bo);
	r = say_result(uapi_ioctl(bo->file->fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &export));
	import.fd = r ? 0 : export.fd;
	say_call("prime_import %s", to->name);
	r = say_result(uapi_ioctl(to->fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &import));
	if (export.fd >= 0)
		close(export.fd);
	if (r)
		return;
	known = object_of(KIND_BO, to, import.handle);
	if (!known) {
		known = object_new(KIND_BO, to, import.handle);
		known->size = bo->size;
		known->flags = bo->flags;
	}
	say(" %s", known->name);
	if (one_in(2))
		map_bo(known);
}

/* ---- address spaces ---- */

struct object *make_vm(struct file *file)
{
	/* the last two are more than a kernel leaves */
	static const uint64_t ranges[] = { 0, 0, 0, 1ull << 32, 1ull << 47, 1, 1ull << 48, ~0ull };
	struct pan_vm_create create = { .user_va_range = ranges[chance(COUNT(ranges))] };
	struct object *vm;

	create.flags = one_in(20);
	say_call("vm_create %s flags=%x range=%llx", file->name, create.flags,
		 (unsigned long long)create.user_va_range);
	if (say_result(uapi_ioctl(file->fd, PAN_IOCTL_VM_CREATE, &create)))
		return NULL;
	vm = object_new(KIND_VM, file, create.id);
	vm->size = create.user_va_range;
	say(" %s range=%llx", vm->name, (unsigned long long)create.user_va_range);
	return vm;
}

void destroy_vm(struct object *vm)
{
	struct pan_vm_destroy destroy = { .id = vm->handle };

	say_call("vm_destroy %s", vm->name);
	say_result(uapi_ioctl(vm->file->fd, PAN_IOCTL_VM_DESTROY, &destroy));
	object_end(vm);
}

/* With a buffer for its jobs, usually. */
static void act_vm_create(void)
{
	struct file *file = any_file();
	struct object *vm, *rig;

	if (count(KIND_VM, file, NULL) >= MAX_VMS)
		return;
	vm = make_vm(file);
	if (!vm || vm->size < PLAY_VA * 2 || one_in(8))
		return;
	if (make_bo(file, RIG_BYTES, 0, one_in(2) ? vm : NULL, &rig) || map_bo(rig))
		return;
	say_call("rig %s", vm->name);
	if (!say_result(uapi_map(file->fd, vm->handle, rig->handle, 0, RIG_VA, RIG_BYTES,
				 PAN_MAP_NOEXEC)))
		vm->rig = rig;
}

/* What is bound to it goes, and its groups have nothing any more. */
static void end_vm(struct object *vm)
{
	uint32_t i;

	settle();
	destroy_vm(vm);
	for (i = 0; i < DIFF_OBJECTS; i++)
		if (world.objects[i].vm == vm && world.objects[i].kind == KIND_HEAP)
			world.objects[i].live = false;
}

static void act_vm_destroy(void)
{
	struct object *vm = any(KIND_VM, NULL);
	struct pan_vm_destroy destroy = { .id = vm ? vm->handle : BOGUS };

	if (vm && one_in(2)) {
		end_vm(vm);
		return;
	}
	if (one_in(2))
		destroy.pad = 1;
	else
		destroy.id = one_in(2) ? BOGUS : 0;
	say_call("vm_destroy wrongly %s pad=%u", destroy.pad ? name_of(vm) : "bogus", destroy.pad);
	say_result(uapi_ioctl(any_file()->fd, PAN_IOCTL_VM_DESTROY, &destroy));
}

static void act_vm_get_state(void)
{
	struct object *vm = any(KIND_VM, NULL);
	struct pan_vm_get_state get = { .state = ~0u };

	settle();
	say_call("vm_get_state");
	get.vm_id = handle_or_bogus(vm);
	if (!say_result(
		    uapi_ioctl(vm ? vm->file->fd : any_file()->fd, PAN_IOCTL_VM_GET_STATE, &get)))
		say(" %u", get.state);
}

/* A file has 32 at most. */
static void act_vm_crowd(void)
{
	struct file *file = any_file();
	struct object *vms[40];
	uint32_t made = 0;
	struct pan_vm_create create;

	if (!world.crowds)
		return;
	world.crowds--;
	settle();
	do {
		create = (struct pan_vm_create){ 0 };
		say_call("vm_create %s", file->name);
		if (say_result(uapi_ioctl(file->fd, PAN_IOCTL_VM_CREATE, &create)))
			break;
		vms[made++] = object_new(KIND_VM, file, create.id);
	} while (made < COUNT(vms));
	while (made)
		destroy_vm(vms[--made]);
}

/* ---- heaps ---- */

static void act_heap_create(void)
{
	static const uint32_t sizes[] = { 128, 256, 256, 256, 512, 127, 0, 16384 };
	struct object *vm = any(KIND_VM, NULL), *heap;
	struct pan_tiler_heap_create create = {
		.initial_chunk_count = chance(4),
		.chunk_size = sizes[chance(COUNT(sizes))] * 1024 + (one_in(20) ? 16 : 0),
		.max_chunks = 1 + chance(8),
		.target_in_flight = one_in(8) ? 0 : 65535,
	};

	if (vm && count(KIND_HEAP, vm->file, NULL) >= MAX_HEAPS)
		return;
	say_call("heap_create");
	create.vm_id = handle_or_bogus(vm);
	say(" initial=%u size=%x max=%u target=%u", create.initial_chunk_count, create.chunk_size,
	    create.max_chunks, create.target_in_flight);
	if (say_result(uapi_ioctl(vm ? vm->file->fd : any_file()->fd, PAN_IOCTL_TILER_HEAP_CREATE,
				  &create)))
		return;
	heap = object_new(KIND_HEAP, vm->file, create.handle);
	heap->vm = vm;
	say(" %s %s context=%s chunk=%s,%llx", heap->name,
	    create.handle >> 16 == vm->handle ? "of its VM" : "of another VM",
	    create.tiler_heap_ctx_gpu_va >= vm->size ? "beyond" : "within",
	    create.first_heap_chunk_gpu_va >= vm->size ? "beyond" : "within",
	    (unsigned long long)create.first_heap_chunk_gpu_va % 4096);
}

static void act_heap_destroy(void)
{
	struct object *heap = any(KIND_HEAP, NULL), *vm = any(KIND_VM, NULL);
	struct pan_tiler_heap_destroy destroy = { .pad = one_in(10) };

	if (heap && !one_in(4)) {
		destroy.handle = heap->handle;
		say_call("heap_destroy %s pad=%u", heap->name, destroy.pad);
		if (say_result(uapi_ioctl(heap->file->fd, PAN_IOCTL_TILER_HEAP_DESTROY, &destroy)))
			return;
		heap->live = false;
	} else if (vm) {
		/* a VM that never had one says so */
		destroy.handle = vm->handle << 16 | 127;
		say_call("heap_destroy of %s, which has no such one", vm->name);
		say_result(uapi_ioctl(vm->file->fd, PAN_IOCTL_TILER_HEAP_DESTROY, &destroy));
	} else {
		destroy.handle = BOGUS << 16;
		say_call("heap_destroy bogus");
		say_result(uapi_ioctl(any_file()->fd, PAN_IOCTL_TILER_HEAP_DESTROY, &destroy));
	}
}

/* ---- syncobjs ---- */

struct object *make_syncobj(struct file *file, bool timeline)
{
	struct drm_syncobj_create create = { .flags = !timeline && one_in(3)
							      ? DRM_SYNCOBJ_CREATE_SIGNALED
							      : 0 };
	struct object *syncobj;

	say_call("syncobj_create %s flags=%x", file->name, create.flags);
	CHECK_OK(say_result(uapi_ioctl(file->fd, DRM_IOCTL_SYNCOBJ_CREATE, &create)));
	syncobj = object_new(KIND_SYNCOBJ, file, create.handle);
	if (timeline) {
		syncobj->point = 1;
		say_call("syncobj_timeline_signal %s 1", syncobj->name);
		uapi_signal_point(file->fd, syncobj->handle, 1);
	}
	return syncobj;
}

static void act_syncobj_create(void)
{
	struct file *file = any_file();

	if (count(KIND_SYNCOBJ, file, NULL) < MAX_SYNCOBJS)
		make_syncobj(file, one_in(2));
}

/* All of it when everything that would signal one has come to its end. */
static void act_syncobj(void)
{
	struct object *syncobj = any(KIND_SYNCOBJ, NULL);
	struct file *file = syncobj ? syncobj->file : any_file();
	struct drm_syncobj_array array = { .count_handles = 1 };
	struct drm_syncobj_wait wait = { .count_handles = 1 };
	struct drm_gem_close destroy;
	uint32_t handle, what = chance(4);
	static const char *const names[] = { "wait", "reset", "signal", "destroy" };

	settle();
	say_call("syncobj_%s", names[what]);
	handle = handle_or_bogus(syncobj);
	array.handles = wait.handles = (uintptr_t)&handle;
	destroy = (struct drm_gem_close){ .handle = handle };
	if (what == 0) {
		say_result(uapi_ioctl(file->fd, DRM_IOCTL_SYNCOBJ_WAIT, &wait));
	} else if (what == 3) {
		if (!say_result(uapi_ioctl(file->fd, DRM_IOCTL_SYNCOBJ_DESTROY, &destroy)))
			object_end(syncobj);
	} else if (syncobj && syncobj->point) {
		/* without its points it is not one that the rest counts on */
		say_result(uapi_ioctl(file->fd, DRM_IOCTL_SYNCOBJ_WAIT, &wait));
	} else {
		say_result(uapi_ioctl(
			file->fd, what == 1 ? DRM_IOCTL_SYNCOBJ_RESET : DRM_IOCTL_SYNCOBJ_SIGNAL,
			&array));
	}
}

static void act_settle(void)
{
	settle();
}

const struct action object_actions[] = {
	{ act_file, 4, 100 },
	{ act_version, 1, 100 },
	{ act_query, 5, 100 },
	{ act_bo_create, 12, 100 },
	{ act_bo_map, 8, 100 },
	{ act_bo_write, 8, 100 },
	{ act_bo_close, 6, 100 },
	{ act_flush_page, 2, 100 },
	{ act_prime, 6, 100 },
	{ act_vm_create, 7, 100 },
	{ act_vm_destroy, 3, 100 },
	{ act_vm_get_state, 3, 100 },
	{ act_vm_crowd, 1, 100 },
	{ act_heap_create, 6, 100 },
	{ act_heap_destroy, 4, 100 },
	{ act_syncobj_create, 6, 100 },
	{ act_syncobj, 6, 100 },
	{ act_settle, 6, 100 },
	{ 0 },
};
