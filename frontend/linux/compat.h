/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Where kernels from 6.12 on differ. */
#ifndef FRONTEND_LINUX_COMPAT_H
#define FRONTEND_LINUX_COMPAT_H

#include <drm/gpu_scheduler.h>
#include <linux/memremap.h>
#include <linux/module.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define MMX_IMPORT_NS_DMA_BUF MODULE_IMPORT_NS("DMA_BUF")
#else
#define MMX_IMPORT_NS_DMA_BUF MODULE_IMPORT_NS(DMA_BUF)
#endif

/* The system's, for work that may take long on any CPU; the older name is still there, and warned of. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define MMX_SYSTEM_WQ system_dfl_wq
#else
#define MMX_SYSTEM_WQ system_unbound_wq
#endif

/* Are there struct pages of a device's memory at @pfn? */
static inline bool mmx_has_device_pages(unsigned long pfn)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
	struct dev_pagemap *pagemap = get_dev_pagemap(pfn);
#else
	struct dev_pagemap *pagemap = get_dev_pagemap(pfn, NULL);
#endif

	if (pagemap)
		put_dev_pagemap(pagemap);
	return pagemap;
}

/* One queue without a time limit: those are the backend's. */
static inline int mmx_sched_init(struct drm_gpu_scheduler *sched,
				 const struct drm_sched_backend_ops *ops,
				 struct workqueue_struct *wq, u32 credits, struct device *dev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
	const struct drm_sched_init_args args = {
		.ops = ops,
		.submit_wq = wq,
		.num_rqs = 1,
		.credit_limit = credits,
		.timeout = MAX_SCHEDULE_TIMEOUT,
		.name = "malimux",
		.dev = dev,
	};

	return drm_sched_init(sched, &args);
#else
	return drm_sched_init(sched, ops, wq, 1, credits, 0, MAX_SCHEDULE_TIMEOUT, NULL, NULL,
			      "malimux", dev);
#endif
}

/* @owner: what drm_sched_fence.owner will be */
static inline int mmx_sched_job_init(struct drm_sched_job *job, struct drm_sched_entity *entity,
				     void *owner, u64 client)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
	return drm_sched_job_init(job, entity, 1, owner, client);
#else
	return drm_sched_job_init(job, entity, 1, owner);
#endif
}

#endif
