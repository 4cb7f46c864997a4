// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The ivshmem device as a transport: BAR 2 is the region, as memory with struct pages; a register is the kick, an MSI-X
 * vector the call. hv/kvm/kvm.h has the protocol by which sessions are had.
 *
 * One work item (connect) does all that makes and ends sessions: it takes away the platform device of the one
 * that there was, asks for a new one, and makes a platform device for it, whose driver (drv.c) does the rest. It tries
 * again for as long as there is a backend that could answer. A driver that is bound to the platform device a second time
 * asks for itself. It allocates, and waits for work of mmx_wq, so it is no work of that.
 *
 * Any ivshmem device has these ids, so whatever is wrong at the first look is nobody's error: it is somebody else's.
 */
#include "frontend/linux/pci.h"

#include <drm/drm_device.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "frontend/linux/compat.h"
#include "frontend/linux/drv.h"
#include "frontend/linux/ram.h"
#include "frontend/linux/transport.h"
#include "hv/kvm/kvm.h"
#include "hv/proto/region.h"

#define BAR_REGISTERS 0
#define BAR_REGION    2

/* Between two attempts at a session; and if the backend is busy with itself, as one is that is about to begin anew. */
#define RETRY_MS      5000
#define RETRY_BUSY_MS 500

struct mmx_pci {
	struct mmx_transport base;
	struct pci_dev *pdev;
	void __iomem *registers;
	struct dev_pagemap pagemap;
	struct mmx_kvm_link *link; /* shared memory */
	struct platform_device *child; /* of the session; may be NULL */
	bool fresh; /* the session has been had, and not begun. Of connect while there is no child, then of its probe */
	bool parting; /* the child is taken away by us, who ask for what comes next */
	struct delayed_work connect;
	wait_queue_head_t answer_wait;
	bool stopping;
	int error; /* of the last attempt: told once */
};

static void kick(struct mmx_transport *t)
{
	struct mmx_pci *p = container_of(t, struct mmx_pci, base);

	writel(MMX_KVM_DOORBELL, p->registers + MMX_KVM_REG_DOORBELL);
}

static irqreturn_t called(int irq, void *data)
{
	struct mmx_pci *p = data;

	wake_up(&p->answer_wait);
	mmx_transport_called(&p->base);
	return IRQ_HANDLED;
}

/* ---- sessions ---- */

static bool is_answered(const struct mmx_pci *p, u32 want)
{
	return smp_load_acquire(&p->link->answered) == want;
}

/* @want: 0 = none. Return: 0; -ETIMEDOUT: nobody answers; the backend's error; -ENODEV: it is not wanted any more. */
static int ask(struct mmx_pci *p, u32 want)
{
	unsigned long end = jiffies + msecs_to_jiffies(MMX_KVM_ANSWER_MS);
	bool stop = want && READ_ONCE(p->stopping);
	u32 error;

	WRITE_ONCE(p->link->want, want);
	while (!stop && !is_answered(p, want)) {
		if (time_after(jiffies, end))
			return -ETIMEDOUT;
		/* the backend sees the wish before the kick */
		mb();
		kick(&p->base);
		wait_event_timeout(p->answer_wait,
				   is_answered(p, want) || (want && READ_ONCE(p->stopping)),
				   msecs_to_jiffies(MMX_KVM_AGAIN_MS));
		stop = want && READ_ONCE(p->stopping);
	}
	if (stop)
		return -ENODEV;
	/* all that there was before has ended, whatever comes now */
	mmx_ram_settle(&p->base);
	error = want ? READ_ONCE(p->link->error) : 0;
	return error <= MAX_ERRNO ? -(int)error : -EPROTO;
}

static int ask_next(struct mmx_pci *p)
{
	return ask(p, mmx_kvm_next(READ_ONCE(p->link->want), READ_ONCE(p->link->answered)));
}

/* By hand, a driver may be unbound from the platform device, and bound to it again. */
static int renew(struct mmx_transport *t)
{
	struct mmx_pci *p = container_of(t, struct mmx_pci, base);
	bool fresh = p->fresh;

	p->fresh = false;
	if (fresh)
		return 0;
	return READ_ONCE(p->link->down) ? -ENODEV : ask_next(p);
}

static void leave(struct mmx_transport *t)
{
	struct mmx_pci *p = container_of(t, struct mmx_pci, base);

	/* one that does not answer is gone */
	if (!READ_ONCE(p->parting) && !READ_ONCE(p->link->down))
		ask(p, 0);
}

static int add_child(struct mmx_pci *p)
{
	struct mmx_transport *t = &p->base;
	const struct platform_device_info info = {
		.parent = &p->pdev->dev,
		.name = MMX_PLATFORM_NAME,
		.id = PLATFORM_DEVID_AUTO,
		.data = &t,
		.size_data = sizeof(t),
		.dma_mask = DMA_BIT_MASK(64),
	};
	struct platform_device *child = platform_device_register_full(&info);

	if (IS_ERR(child))
		return PTR_ERR(child);
	p->child = child;
	/* its driver has said why not */
	return device_is_bound(&child->dev) ? 0 : -EIO;
}

static void remove_child(struct mmx_pci *p)
{
	WRITE_ONCE(p->parting, true);
	if (p->child)
		platform_device_unregister(p->child);
	p->child = NULL;
	WRITE_ONCE(p->parting, false);
}

static void connect(struct work_struct *work)
{
	struct mmx_pci *p = container_of(work, struct mmx_pci, connect.work);
	int ret;

	remove_child(p);
	if (READ_ONCE(p->link->down)) {
		mmx_ram_settle(&p->base);
		dev_info(&p->pdev->dev, "the backend has ended\n");
		return;
	}
	ret = ask_next(p);
	p->fresh = !ret;
	if (!ret)
		ret = add_child(p);
	if (ret)
		remove_child(p);
	if (ret && ret != p->error && ret != -ENODEV)
		dev_warn(&p->pdev->dev, "there is no session: %pe\n", ERR_PTR(ret));
	p->error = ret;
	if (ret && !READ_ONCE(p->stopping))
		queue_delayed_work(MMX_SYSTEM_WQ, &p->connect,
				   msecs_to_jiffies(ret == -EAGAIN ? RETRY_BUSY_MS : RETRY_MS));
}

static void ended(struct work_struct *work)
{
	struct mmx_transport *t = container_of(work, struct mmx_transport, ended);
	struct mmx_pci *p = container_of(t, struct mmx_pci, base);

	if (!READ_ONCE(p->stopping))
		queue_delayed_work(MMX_SYSTEM_WQ, &p->connect, msecs_to_jiffies(MMX_KVM_AGAIN_MS));
}

/* ---- the device ---- */

/* Return: 0; -ENODEV: it is another ivshmem device. */
static int check_region(struct mmx_pci *p)
{
	struct mmx_region_hdr hdr;
	struct mmx_kvm_link link;

	if (readl(p->registers + MMX_KVM_REG_IVPOSITION) != MMX_KVM_GUEST_ID)
		return -ENODEV;
	memcpy(&hdr, p->base.region, sizeof(hdr));
	memcpy(&link, p->base.region + MMX_KVM_LINK_OFFSET, sizeof(link));
	if (hdr.magic != MMX_REGION_MAGIC || link.magic != MMX_KVM_LINK_MAGIC)
		return -ENODEV;
	if (link.version != MMX_KVM_LINK_VERSION || mmx_region_check(&hdr, p->base.size)) {
		dev_err(&p->pdev->dev, "the region is of a version that is not known\n");
		return -ENODEV;
	}
	p->link = p->base.region + MMX_KVM_LINK_OFFSET;
	return 0;
}

static int map_region(struct mmx_pci *p)
{
	resource_size_t start = pci_resource_start(p->pdev, BAR_REGION);
	resource_size_t size = pci_resource_len(p->pdev, BAR_REGION);
	void *region;

	if (size < PAGE_SIZE)
		return -ENODEV;
	if (mmx_has_device_pages(PHYS_PFN(start))) {
		dev_info(&p->pdev->dev,
			 "a program has buffers of the device that was here before\n");
		return -EBUSY;
	}
	p->pagemap.type = MEMORY_DEVICE_GENERIC;
	p->pagemap.nr_range = 1;
	p->pagemap.range.start = start;
	p->pagemap.range.end = start + size - 1;
	region = memremap_pages(&p->pagemap, dev_to_node(&p->pdev->dev));
	if (IS_ERR(region)) {
		dev_err(&p->pdev->dev, "the region can't be memory: %pe\n", region);
		return PTR_ERR(region);
	}
	p->base.region = region;
	p->base.phys = start;
	p->base.size = size;
	return 0;
}

/* Nobody has a device of this transport any more, so nobody has pages of the region. */
static void release(struct mmx_transport *t)
{
	struct mmx_pci *p = container_of(t, struct mmx_pci, base);

	if (t->region)
		memunmap_pages(&p->pagemap);
	kfree(p);
}

static struct mmx_pci *new_pci(struct pci_dev *pdev)
{
	struct mmx_pci *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return NULL;
	p->pdev = pdev;
	p->base.dev = &pdev->dev;
	p->base.kick = kick;
	p->base.renew = renew;
	p->base.leave = leave;
	p->base.release = release;
	kref_init(&p->base.ref);
	mutex_init(&p->base.rx_lock);
	init_rwsem(&p->base.sem);
	INIT_LIST_HEAD(&p->base.devices);
	spin_lock_init(&p->base.limbo_lock);
	INIT_LIST_HEAD(&p->base.limbo);
	INIT_WORK(&p->base.ended, ended);
	INIT_DELAYED_WORK(&p->connect, connect);
	init_waitqueue_head(&p->answer_wait);
	return p;
}

static int start_interrupts(struct mmx_pci *p)
{
	int ret;

	pci_set_master(p->pdev);
	ret = pci_alloc_irq_vectors(p->pdev, 1, 1, PCI_IRQ_MSIX);
	if (ret < 0)
		return ret;
	ret = request_threaded_irq(pci_irq_vector(p->pdev, MMX_KVM_VECTOR), NULL, called,
				   IRQF_ONESHOT, "malimux", p);
	if (ret)
		pci_free_irq_vectors(p->pdev);
	return ret;
}

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct mmx_pci *p;
	int ret;

	if (pdev->revision < MMX_KVM_PCI_REVISION)
		return -ENODEV;
	p = new_pci(pdev);
	if (!p)
		return -ENOMEM;
	ret = pci_enable_device(pdev);
	if (ret)
		goto err_put;
	ret = pci_request_regions(pdev, "malimux");
	if (ret)
		goto err_disable;
	ret = -ENODEV;
	p->registers = pci_iomap(pdev, BAR_REGISTERS, 0);
	if (!p->registers)
		goto err_regions;
	ret = map_region(p);
	if (!ret)
		ret = check_region(p);
	if (!ret)
		ret = start_interrupts(p);
	if (ret)
		goto err_unmap;
	pci_set_drvdata(pdev, p);
	queue_delayed_work(MMX_SYSTEM_WQ, &p->connect, 0);
	return 0;

err_unmap:
	pci_iounmap(pdev, p->registers);
err_regions:
	pci_release_regions(pdev);
err_disable:
	pci_disable_device(pdev);
err_put:
	mmx_transport_put(&p->base);
	return ret;
}

/* Old devices may still be there, with mappings of their buffers: those go, and none come again. */
static void zap_mappings(struct mmx_transport *t)
{
	struct mmx_device *dev;

	down_write(&t->sem);
	t->gone = true;
	list_for_each_entry(dev, &t->devices, link)
		unmap_mapping_range(dev->drm.anon_inode->i_mapping, 0, 0, 1);
	up_write(&t->sem);
}

static void remove(struct pci_dev *pdev)
{
	struct mmx_pci *p = pci_get_drvdata(pdev);

	WRITE_ONCE(p->stopping, true);
	wake_up_all(&p->answer_wait);
	cancel_work_sync(&p->base.ended);
	cancel_delayed_work_sync(&p->connect);
	remove_child(p);
	cancel_work_sync(&p->base.ended);
	/* so that nothing writes there any more; a backend that does not answer is gone */
	if (!READ_ONCE(p->link->down))
		ask(p, 0);
	mmx_ram_settle(&p->base);
	zap_mappings(&p->base);
	free_irq(pci_irq_vector(pdev, MMX_KVM_VECTOR), p);
	pci_free_irq_vectors(pdev);
	pci_iounmap(pdev, p->registers);
	pci_release_regions(pdev);
	pci_disable_device(pdev);
	mmx_transport_put(&p->base);
}

/*
 * The kernel that comes next must not find its memory written to by jobs of this one. Nobody waits for a backend that is
 * gone already.
 */
static void shutdown(struct pci_dev *pdev)
{
	struct mmx_pci *p = pci_get_drvdata(pdev);
	struct mmx_transport *t = &p->base;
	bool alive;

	WRITE_ONCE(p->stopping, true);
	wake_up_all(&p->answer_wait);
	cancel_work_sync(&t->ended);
	cancel_delayed_work_sync(&p->connect);
	mutex_lock(&t->rx_lock);
	alive = t->session && !mmx_session_is_dead(t->session);
	if (alive)
		mmx_session_end(t->session, NULL);
	mutex_unlock(&t->rx_lock);
	if (alive && !READ_ONCE(p->link->down))
		ask(p, 0);
}

static const struct pci_device_id ids[] = {
	{ PCI_DEVICE(MMX_KVM_PCI_VENDOR, MMX_KVM_PCI_DEVICE) },
	{ 0 },
};
MODULE_DEVICE_TABLE(pci, ids);

static struct pci_driver pci_driver = {
	.name = "malimux",
	.id_table = ids,
	.probe = probe,
	.remove = remove,
	.shutdown = shutdown,
};

int mmx_pci_init(void)
{
	return pci_register_driver(&pci_driver);
}

void mmx_pci_exit(void)
{
	pci_unregister_driver(&pci_driver);
}
