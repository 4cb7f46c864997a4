// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Buffers: GEM objects that are memory objects of the backend, pinned for as long as they live.
 *
 * User space maps pages by their numbers, a few at a fault; a mapping stays good when the session has ended, as the
 * pages stay the buffer's, until the region itself has gone (transport.h). To other drivers a buffer is a list of
 * pages, and theirs are to us, if the GPU can reach each of them: the backend has to have been given the machine's
 * memory for that. If not, -EINVAL.
 */
#include "frontend/linux/gem.h"

#include <drm/drm_debugfs.h>
#include <drm/drm_drv.h>
#include <drm/drm_prime.h>
#include <linux/dma-buf.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "frontend/linux/compat.h"
#include "frontend/linux/drv.h"
#include "frontend/linux/vm.h"

/* Pages that a fault maps, as TTM does. */
#define FAULT_PAGES 16u

static struct mmx_transport *transport_of(struct drm_gem_object *obj)
{
	return mmx_device_from(obj->dev)->session.transport;
}

static void bo_free(struct drm_gem_object *obj)
{
	struct mmx_device *dev = mmx_device_from(obj->dev);
	struct mmx_bo *bo = mmx_bo_from(obj);

	mutex_lock(&dev->bos_lock);
	list_del(&bo->link);
	mutex_unlock(&dev->bos_lock);
	drm_gem_object_release(obj);
	if (bo->mem)
		mmx_mem_destroy(bo->mem);
	if (bo->exclusive)
		mmx_vm_put(bo->exclusive);
	mutex_destroy(&bo->label_lock);
	kfree(bo->label);
	kfree(bo);
}

/* ---- mappings by the CPU ---- */

static pgprot_t cpu_prot(struct drm_gem_object *obj, pgprot_t prot)
{
	/* also with WB_MMAP: what is mapped so needs no BO_SYNC */
	return mmx_device_from(obj->dev)->session.gpu.coherent ? prot : pgprot_writecombine(prot);
}

static vm_fault_t insert(struct vm_fault *vmf, const struct mmx_mem *mem, unsigned long index)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr = vmf->address & PAGE_MASK, i, room;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	unsigned long pfn;
	u32 count;

	if (index >= mem->page_count)
		return VM_FAULT_SIGBUS;
	pfn = mmx_mem_pfns(mem, (u32)index, &count);
	room = min3((unsigned long)count, (vma->vm_end - addr) >> PAGE_SHIFT,
		    (unsigned long)FAULT_PAGES);
	for (i = 0; i < room; i++) {
		ret = vmf_insert_pfn(vma, addr + i * PAGE_SIZE, pfn + i);
		if (ret != VM_FAULT_NOPAGE)
			/* only the first one was asked for */
			return i ? VM_FAULT_NOPAGE : ret;
	}
	return ret;
}

static vm_fault_t bo_fault(struct vm_fault *vmf)
{
	struct drm_gem_object *obj = vmf->vma->vm_private_data;
	struct mmx_transport *t = transport_of(obj);
	vm_fault_t ret = VM_FAULT_SIGBUS;

	down_read(&t->sem);
	if (!t->gone)
		ret = insert(vmf, mmx_bo_from(obj)->mem,
			     vmf->pgoff - drm_vma_node_start(&obj->vma_node));
	up_read(&t->sem);
	return ret;
}

static const struct vm_operations_struct bo_vm_ops = {
	.open = drm_gem_vm_open,
	.close = drm_gem_vm_close,
	.fault = bo_fault,
};

/* Its driver's mapping, which holds the dma-buf and not the buffer that it is here. */
static int map_imported(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	int ret;

	vma->vm_ops = NULL;
	vma->vm_private_data = NULL;
	ret = dma_buf_mmap(obj->import_attach->dmabuf, vma, 0);
	/* DRM has taken a reference for the mapping, and takes it back itself if there is none */
	if (!ret)
		drm_gem_object_put(obj);
	return ret;
}

static int bo_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	if (obj->import_attach)
		return map_imported(obj, vma);
	/* NO_MMAP only keeps the offset a secret, as upstream has it. A copy of a page would not be the GPU's. */
	if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE)
		return -EINVAL;
	vm_flags_set(vma, VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_page_prot = cpu_prot(obj, vm_get_page_prot(vma->vm_flags));
	return 0;
}

/* ---- other drivers ---- */

/* Return: all pages, to be freed with kvfree(), or an error. */
static struct page **bo_pages(struct drm_gem_object *obj)
{
	const struct mmx_mem *mem = mmx_bo_from(obj)->mem;
	struct page **pages;
	u32 i, count;

	/* DRM hands out the dma-buf that it came as */
	if (obj->import_attach)
		return ERR_PTR(-EINVAL);
	pages = kvmalloc_array(mem->page_count, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < mem->page_count; i++)
		pages[i] = pfn_to_page(mmx_mem_pfns(mem, i, &count));
	return pages;
}

static struct sg_table *bo_sg_table(struct drm_gem_object *obj)
{
	struct page **pages = bo_pages(obj);
	struct sg_table *table;

	if (IS_ERR(pages))
		return ERR_CAST(pages);
	table = drm_prime_pages_to_sg(obj->dev, pages, mmx_bo_from(obj)->mem->page_count);
	kvfree(pages);
	return table;
}

static int bo_vmap(struct drm_gem_object *obj, struct iosys_map *map)
{
	struct page **pages = bo_pages(obj);
	void *ptr;

	if (IS_ERR(pages))
		return PTR_ERR(pages);
	ptr = vmap(pages, mmx_bo_from(obj)->mem->page_count, VM_MAP, cpu_prot(obj, PAGE_KERNEL));
	kvfree(pages);
	if (!ptr)
		return -ENOMEM;
	iosys_map_set_vaddr(map, ptr);
	return 0;
}

static void bo_vunmap(struct drm_gem_object *obj, struct iosys_map *map)
{
	vunmap(map->vaddr);
}

static struct dma_buf *bo_export(struct drm_gem_object *obj, int flags)
{
	if (mmx_bo_from(obj)->exclusive)
		return ERR_PTR(-EINVAL);
	return drm_gem_prime_export(obj, flags);
}

static enum drm_gem_object_status bo_status(struct drm_gem_object *obj)
{
	return DRM_GEM_OBJECT_RESIDENT;
}

static const struct drm_gem_object_funcs bo_funcs = {
	.free = bo_free,
	.export = bo_export,
	.get_sg_table = bo_sg_table,
	.vmap = bo_vmap,
	.vunmap = bo_vunmap,
	.mmap = bo_mmap,
	.status = bo_status,
	.vm_ops = &bo_vm_ops,
};

int mmx_gem_show(struct seq_file *m, void *data)
{
	struct drm_debugfs_entry *entry = m->private;
	struct mmx_device *dev = mmx_device_from(entry->dev);
	struct mmx_bo *bo;

	seq_puts(
		m,
		"created-by                      refcount   size           mmap-offset      flags  label\n");
	mutex_lock(&dev->bos_lock);
	list_for_each_entry(bo, &dev->bos, link) {
		mutex_lock(&bo->label_lock);
		seq_printf(m, "%-16s/%-14d %-10u %-14zu 0x%-14llx 0x%-4x %s\n", bo->creator,
			   bo->pid, kref_read(&bo->base.refcount), bo->base.size,
			   drm_vma_node_offset_addr(&bo->base.vma_node), bo->flags,
			   bo->label ? bo->label : "");
		mutex_unlock(&bo->label_lock);
	}
	mutex_unlock(&dev->bos_lock);
	return 0;
}

/* ---- ioctls ---- */

/* Without memory so far. */
static struct mmx_bo *alloc_bo(struct mmx_device *dev, u64 size, u32 flags)
{
	struct mmx_bo *bo = kzalloc(sizeof(*bo), GFP_KERNEL);
	int ret;

	if (!bo)
		return ERR_PTR(-ENOMEM);
	mutex_init(&bo->label_lock);
	INIT_LIST_HEAD(&bo->link);
	get_task_comm(bo->creator, current->group_leader);
	bo->pid = task_tgid_nr(current);
	bo->flags = flags;
	bo->base.funcs = &bo_funcs;
	drm_gem_private_object_init(&dev->drm, &bo->base, size);
	/* now, so that it never changes: mappings through a dma-buf count from it, too */
	ret = drm_gem_create_mmap_offset(&bo->base);
	if (!ret)
		return bo;
	drm_gem_object_put(&bo->base);
	return ERR_PTR(ret);
}

/* @mem: what it is made of, or an error. Return: the buffer, or that error. */
static struct mmx_bo *complete_bo(struct mmx_device *dev, struct mmx_bo *bo, struct mmx_mem *mem)
{
	if (IS_ERR(mem)) {
		drm_gem_object_put(&bo->base);
		return ERR_CAST(mem);
	}
	bo->mem = mem;
	mutex_lock(&dev->bos_lock);
	list_add_tail(&bo->link, &dev->bos);
	mutex_unlock(&dev->bos_lock);
	return bo;
}

static struct mmx_bo *new_bo(struct mmx_device *dev, u64 size, u32 flags)
{
	struct mmx_bo *bo = alloc_bo(dev, size, flags);

	return IS_ERR(bo) ? bo : complete_bo(dev, bo, mmx_mem_create(&dev->session, size));
}

struct drm_gem_object *mmx_gem_import(struct drm_device *drm, struct dma_buf_attachment *attach,
				      struct sg_table *table)
{
	struct mmx_device *dev = mmx_device_from(drm);
	struct mmx_bo *bo = alloc_bo(dev, attach->dmabuf->size, 0);

	if (!IS_ERR(bo))
		bo = complete_bo(dev, bo, mmx_mem_import(&dev->session, attach, table));
	return IS_ERR(bo) ? ERR_CAST(bo) : &bo->base;
}

int mmx_ioctl_bo_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct mmx_vm *exclusive = NULL;
	struct pan_bo_create *args = data;
	struct mmx_bo *bo;
	u64 size;
	int ret;

	ret = mmx_uapi_check_bo_create(args);
	if (ret)
		return ret;
	if (args->exclusive_vm_id) {
		exclusive = mmx_vm_find(file->driver_priv, args->exclusive_vm_id);
		if (!exclusive)
			return -EINVAL;
	}
	ret = mmx_uapi_round_bo_size(args->size, PAGE_SIZE, &size);
	if (ret)
		goto err_put;
	bo = new_bo(mmx_device_from(drm), size, args->flags);
	if (IS_ERR(bo)) {
		ret = PTR_ERR(bo);
		goto err_put;
	}
	bo->exclusive = exclusive;
	ret = drm_gem_handle_create(file, &bo->base, &args->handle);
	if (!ret)
		args->size = size;
	/* the handle has a reference now */
	drm_gem_object_put(&bo->base);
	return ret;

err_put:
	if (exclusive)
		mmx_vm_put(exclusive);
	return ret;
}

int mmx_ioctl_bo_mmap_offset(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct pan_bo_mmap_offset *args = data;
	struct drm_gem_object *obj;
	int ret;

	ret = mmx_uapi_check_bo_mmap_offset(args);
	if (ret)
		return ret;
	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;
	ret = mmx_uapi_check_bo_mmap(mmx_bo_from(obj)->flags);
	if (!ret)
		args->offset = drm_vma_node_offset_addr(&obj->vma_node);
	drm_gem_object_put(obj);
	return ret;
}

/* For the backend's accounts only, so what becomes of it does not matter. */
static void tell_label(struct mmx_bo *bo, const char *label)
{
	struct mmx_call *call = mmx_call_begin(bo->mem->session, MMX_MSG_LABEL);

	if (IS_ERR(call))
		return;
	mmx_call_forget(
		call, mmx_encode_label(&call->buf, call->tag, MMX_LABEL_MEM, bo->mem->name, label));
}

int mmx_ioctl_bo_set_label(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct pan_bo_set_label *args = data;
	const char __user *from = u64_to_user_ptr(args->label);
	char *label = NULL, wire[MMX_LABEL_SIZE];
	struct drm_gem_object *obj;
	struct mmx_bo *bo;
	int ret;

	ret = mmx_uapi_check_bo_set_label(args);
	if (ret)
		return ret;
	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;
	if (args->label) {
		ret = mmx_uapi_check_label(strnlen_user(from, MMX_UAPI_LABEL_SIZE));
		if (ret)
			goto out;
		label = strndup_user(from, MMX_UAPI_LABEL_SIZE);
		if (IS_ERR(label)) {
			ret = PTR_ERR(label);
			goto out;
		}
	}
	bo = mmx_bo_from(obj);
	mmx_uapi_fill_label(label, wire);
	mutex_lock(&bo->label_lock);
	kfree(bo->label);
	bo->label = label;
	mutex_unlock(&bo->label_lock);
	tell_label(bo, wire);
out:
	drm_gem_object_put(obj);
	return ret;
}

/* Nothing is cached that the GPU does not see: only the arguments matter. */
int mmx_ioctl_bo_sync(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct pan_bo_sync *args = data;
	struct pan_bo_sync_op *ops;
	struct drm_gem_object *obj;
	int ret = 0;
	u32 i;

	ops = mmx_copy_array(&args->ops, PAN_BO_SYNC_OP_MIN_SIZE, sizeof(*ops));
	if (IS_ERR_OR_NULL(ops))
		return PTR_ERR_OR_ZERO(ops);
	for (i = 0; i < args->ops.count && !ret; i++) {
		obj = drm_gem_object_lookup(file, ops[i].handle);
		if (!obj) {
			ret = -ENOENT;
			break;
		}
		ret = mmx_uapi_check_bo_sync(&ops[i], obj->size, obj->import_attach);
		drm_gem_object_put(obj);
		cond_resched();
	}
	kvfree(ops);
	return ret;
}

int mmx_ioctl_bo_query_info(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct pan_bo_query_info *args = data;
	struct drm_gem_object *obj = drm_gem_object_lookup(file, args->handle);

	if (!obj)
		return -ENOENT;
	mmx_uapi_fill_bo_info(mmx_bo_from(obj)->flags, obj->import_attach, args);
	drm_gem_object_put(obj);
	return 0;
}

MMX_IMPORT_NS_DMA_BUF;
