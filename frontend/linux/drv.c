// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The DRM driver: to programs it is panthor. A device of it sits on a platform device below the transport's, since PanVK
 * takes no other; the platform device comes and goes with each session.
 */
#include "frontend/linux/drv.h"

#include <drm/drm_debugfs.h>
#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_managed.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pm_runtime.h>

#include "frontend/linux/gem.h"
#include "frontend/linux/group.h"
#include "frontend/linux/pci.h"
#include "frontend/linux/vm.h"

/* As upstream's driver has it; a look that finds nothing under way comes before. */
#define AUTOSUSPEND_MS 50

struct workqueue_struct *mmx_sched_wq;
struct workqueue_struct *mmx_wq;

#define IOCTL(NAME, function)                 \
	[PAN_##NAME] = {                      \
		.cmd = PAN_IOCTL_##NAME,      \
		.flags = DRM_RENDER_ALLOW,    \
		.func = mmx_ioctl_##function, \
		.name = "PANTHOR_" #NAME,     \
	}

static const struct drm_ioctl_desc ioctls[] = {
	IOCTL(DEV_QUERY, dev_query),
	IOCTL(VM_CREATE, vm_create),
	IOCTL(VM_DESTROY, vm_destroy),
	IOCTL(VM_BIND, vm_bind),
	IOCTL(VM_GET_STATE, vm_get_state),
	IOCTL(BO_CREATE, bo_create),
	IOCTL(BO_MMAP_OFFSET, bo_mmap_offset),
	IOCTL(GROUP_CREATE, group_create),
	IOCTL(GROUP_DESTROY, group_destroy),
	IOCTL(GROUP_SUBMIT, group_submit),
	IOCTL(GROUP_GET_STATE, group_get_state),
	IOCTL(TILER_HEAP_CREATE, tiler_heap_create),
	IOCTL(TILER_HEAP_DESTROY, tiler_heap_destroy),
	IOCTL(BO_SET_LABEL, bo_set_label),
	IOCTL(SET_USER_MMIO_OFFSET, set_user_mmio_offset),
	IOCTL(BO_SYNC, bo_sync),
	IOCTL(BO_QUERY_INFO, bo_query_info),
};

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.open = drm_open,
	.release = drm_release,
	.unlocked_ioctl = drm_ioctl,
	.compat_ioctl = drm_compat_ioctl,
	.poll = drm_poll,
	.read = drm_read,
	.llseek = noop_llseek,
	.mmap = mmx_file_mmap,
	.show_fdinfo = drm_show_fdinfo,
	.fop_flags = FOP_UNSIGNED_OFFSET,
};

static const struct drm_driver driver = {
	.driver_features = DRIVER_RENDER | DRIVER_GEM | DRIVER_SYNCOBJ | DRIVER_SYNCOBJ_TIMELINE,
	.open = mmx_file_open,
	.postclose = mmx_file_close,
	.show_fdinfo = mmx_file_show,
	.gem_prime_import_sg_table = mmx_gem_import,
	.ioctls = ioctls,
	.num_ioctls = ARRAY_SIZE(ioctls),
	.fops = &fops,
	.name = PAN_DRIVER_NAME,
	.desc = "malimux: a Mali that virtual machines share",
	.major = PAN_VERSION_MAJOR,
	.minor = PAN_VERSION_MINOR,
};

/* Nobody has the device any more: no file, buffer, VM, group, nor what was exported. */
static void release(struct drm_device *drm, void *data)
{
	struct mmx_device *dev = data;
	struct mmx_transport *t = dev->session.transport;

	drm_gem_object_release(&dev->first);
	mmx_session_finish(&dev->session);
	mutex_destroy(&dev->bos_lock);
	if (dev->flush_page)
		__free_page(dev->flush_page);
	down_write(&t->sem);
	list_del(&dev->link);
	up_write(&t->sem);
	mmx_transport_put(t);
}

static int prepare(struct mmx_device *dev, struct mmx_transport *t)
{
	int ret;

	mutex_init(&dev->bos_lock);
	INIT_LIST_HEAD(&dev->bos);
	drm_gem_private_object_init(&dev->drm, &dev->first, PAGE_SIZE);
	mmx_session_prepare(&dev->session, t, dev->drm.dev);
	mmx_transport_get(t);
	down_write(&t->sem);
	list_add_tail(&dev->link, &t->devices);
	up_write(&t->sem);
	ret = drmm_add_action_or_reset(&dev->drm, release, dev);
	return ret ? ret : drm_gem_create_mmap_offset(&dev->first);
}

/* It is active until a look finds that it is not. */
static int start_pm(struct device *dev)
{
	int ret = pm_runtime_set_active(dev);

	if (ret)
		return ret;
	pm_runtime_set_autosuspend_delay(dev, AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(dev);
	return devm_pm_runtime_enable(dev);
}

static int suspend(struct device *dev)
{
	struct mmx_device *mmx = dev_get_drvdata(dev);

	return mmx_power_suspend(&mmx->session);
}

static int resume(struct device *dev)
{
	struct mmx_device *mmx = dev_get_drvdata(dev);

	mmx_power_resume(&mmx->session);
	return 0;
}

/* The system may sleep in either state: sessions outlast that without being told. */
static const struct dev_pm_ops pm_ops = { RUNTIME_PM_OPS(suspend, resume, NULL) };

static int probe(struct platform_device *pdev)
{
	struct mmx_transport *t = *(struct mmx_transport **)dev_get_platdata(&pdev->dev);
	struct mmx_device *dev;
	int ret;

	dev = devm_drm_dev_alloc(&pdev->dev, &driver, struct mmx_device, drm);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	ret = prepare(dev, t);
	if (ret)
		return ret;
	platform_set_drvdata(pdev, dev);
	/* runs of pages may be as long as they like */
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	dev->flush_page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!dev->flush_page)
		return -ENOMEM;
	ret = start_pm(&pdev->dev);
	if (!ret)
		ret = t->renew(t);
	if (!ret)
		ret = mmx_session_begin(&dev->session, "malimux.ko");
	if (ret)
		return ret;
	ret = mmx_uapi_describe_gpu(&dev->session.gpu, &dev->session.limits, &dev->gpu);
	drm_debugfs_add_file(&dev->drm, "gems", mmx_gem_show, NULL);
	if (!ret)
		ret = drm_dev_register(&dev->drm, 0);
	if (ret)
		mmx_session_stop(&dev->session);
	return ret;
}

static void remove(struct platform_device *pdev)
{
	struct mmx_device *dev = platform_get_drvdata(pdev);

	drm_dev_unplug(&dev->drm);
	mmx_session_stop(&dev->session);
	dev->session.transport->leave(dev->session.transport);
}

static struct platform_driver platform_driver = {
	.driver = { .name = MMX_PLATFORM_NAME, .pm = pm_ptr(&pm_ops) },
	.probe = probe,
	.remove = remove,
};

/* ---- the module ---- */

static int __init init(void)
{
	int ret = -ENOMEM;

	mmx_sched_wq = alloc_workqueue("malimux-sched", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	mmx_wq = alloc_workqueue("malimux", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!mmx_sched_wq || !mmx_wq)
		goto err_wq;
	ret = platform_driver_register(&platform_driver);
	if (ret)
		goto err_wq;
	ret = mmx_pci_init();
	if (ret)
		goto err_platform;
	return 0;

err_platform:
	platform_driver_unregister(&platform_driver);
err_wq:
	if (mmx_wq)
		destroy_workqueue(mmx_wq);
	if (mmx_sched_wq)
		destroy_workqueue(mmx_sched_wq);
	return ret;
}

static void __exit leave(void)
{
	mmx_pci_exit();
	platform_driver_unregister(&platform_driver);
	/* what has put the last references to the module may still be on its way out */
	destroy_workqueue(mmx_sched_wq);
	destroy_workqueue(mmx_wq);
	/* timelines */
	rcu_barrier();
}

module_init(init);
module_exit(leave);

MODULE_DESCRIPTION("malimux: the driver of guests that share a Mali GPU");
MODULE_AUTHOR("The malimux maintainers");
MODULE_LICENSE("Dual MIT/GPL");
