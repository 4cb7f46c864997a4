// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * /dev/sw_sync: fences that a program signals itself. IGT's tests of sync objects want it, and Debian's kernels are built
 * without (CONFIG_SW_SYNC); the ABI is that of the kernel's own, whose header is not exported.
 *
 * An open file is a timeline, which begins at 0; a fence is a file of it that is signalled when the timeline has come as
 * far as the fence's number, or, with ENOENT, when the timeline is closed. For guests of tests; it is never unloaded.
 */
#include <linux/dma-fence.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sync_file.h>
#include <linux/uaccess.h>

struct create_fence {
	u32 value;
	char name[32];
	s32 fence;
};

#define CREATE_FENCE _IOWR('W', 0, struct create_fence)
#define INC	     _IOW('W', 1, u32)

struct timeline {
	struct kref ref; /* the file's, and one of each fence */
	spinlock_t lock; /* of the fences, too */
	struct list_head pending; /* fence.link; each has a reference */
	u64 context;
	u32 value;
};

struct fence {
	struct dma_fence base; /* first, as dma_fence_free() wants it */
	struct timeline *timeline;
	struct list_head link;
};

static void timeline_free(struct kref *ref)
{
	kfree(container_of(ref, struct timeline, ref));
}

static const char *fence_name(struct dma_fence *base)
{
	return "sw_sync";
}

static bool fence_signaled(struct dma_fence *base)
{
	const struct fence *f = container_of(base, struct fence, base);

	return (s32)(READ_ONCE(f->timeline->value) - (u32)base->seqno) >= 0;
}

static void fence_release(struct dma_fence *base)
{
	struct fence *f = container_of(base, struct fence, base);

	kref_put(&f->timeline->ref, timeline_free);
	dma_fence_free(base);
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = fence_name,
	.get_timeline_name = fence_name,
	.signaled = fence_signaled,
	.release = fence_release,
};

/* @error: 0: those that it has come to; else all of them, with this error */
static void timeline_signal(struct timeline *t, u32 add, int error)
{
	struct fence *f, *next;
	LIST_HEAD(done);

	spin_lock_irq(&t->lock);
	WRITE_ONCE(t->value, t->value + add);
	list_for_each_entry_safe(f, next, &t->pending, link) {
		if (!error && !fence_signaled(&f->base))
			continue;
		/* a reader may have seen before us that it is signalled */
		if (error && !test_bit(DMA_FENCE_FLAG_SIGNALED_BIT, &f->base.flags) &&
		    !fence_signaled(&f->base))
			dma_fence_set_error(&f->base, error);
		dma_fence_signal_locked(&f->base);
		list_move_tail(&f->link, &done);
	}
	spin_unlock_irq(&t->lock);
	list_for_each_entry_safe(f, next, &done, link) {
		list_del(&f->link);
		dma_fence_put(&f->base);
	}
}

static long create_fence(struct timeline *t, struct create_fence __user *user)
{
	struct create_fence args;
	struct sync_file *file;
	struct fence *f;
	int fd;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;
	f->timeline = t;
	kref_get(&t->ref);
	dma_fence_init(&f->base, &fence_ops, &t->lock, t->context, args.value);
	dma_fence_get(&f->base);
	spin_lock_irq(&t->lock);
	list_add_tail(&f->link, &t->pending);
	spin_unlock_irq(&t->lock);
	timeline_signal(t, 0, 0);

	file = sync_file_create(&f->base);
	dma_fence_put(&f->base);
	if (!file)
		return -ENOMEM;
	fd = get_unused_fd_flags(O_CLOEXEC);
	args.fence = fd;
	if (fd < 0 || copy_to_user(user, &args, sizeof(args))) {
		if (fd >= 0)
			put_unused_fd(fd);
		fput(file->file);
		return fd < 0 ? fd : -EFAULT;
	}
	fd_install(fd, file->file);
	return 0;
}

static long sw_sync_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	u32 add;

	switch (cmd) {
	case CREATE_FENCE:
		return create_fence(file->private_data, (void __user *)arg);
	case INC:
		if (copy_from_user(&add, (void __user *)arg, sizeof(add)))
			return -EFAULT;
		timeline_signal(file->private_data, add, 0);
		return 0;
	default:
		return -ENOTTY;
	}
}

static int sw_sync_open(struct inode *inode, struct file *file)
{
	struct timeline *t = kzalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	kref_init(&t->ref);
	spin_lock_init(&t->lock);
	INIT_LIST_HEAD(&t->pending);
	t->context = dma_fence_context_alloc(1);
	file->private_data = t;
	return 0;
}

static int sw_sync_release(struct inode *inode, struct file *file)
{
	struct timeline *t = file->private_data;

	timeline_signal(t, 0, -ENOENT);
	kref_put(&t->ref, timeline_free);
	return 0;
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.open = sw_sync_open,
	.release = sw_sync_release,
	.unlocked_ioctl = sw_sync_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "sw_sync",
	.fops = &fops,
};
module_misc_device(device);

MODULE_DESCRIPTION("fences that a program signals itself");
MODULE_LICENSE("Dual MIT/GPL");
