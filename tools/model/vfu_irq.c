// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Interrupts: owns the client's eventfds. The model reports the pending bits of its three lines (through
 * vfu.c); the client sets what becomes of them with SET_IRQS.
 *
 * MSI-X has a vector for each line, fired when a bit is pending that was not before. INTx is the OR
 * of the lines, with VFIO's automasked semantics: firing masks it, and after UNMASK it fires again if
 * the level is still up, a little later (MMX_VFU_INTX_REFIRE_NS) unless the level falls before that. When
 * the level falls, what was fired is taken back if the client has not read it yet: a client that raises its
 * pin for an eventfd lowers it at the next access to a BAR, and a driver that has just masked everything
 * makes none. (panthor, while suspended, does not even look: its kernel is flooded by that pin.)
 *
 * Eventfds are signalled by vfu_signal.c, which never waits, whatever the client does to them.
 */
#include "tools/model/vfu_irq.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/model/vfu_signal.h"

/* No eventfds, all lines low. */
void mmx_vfu_irq_init(struct mmx_vfu_irq *irq)
{
	unsigned int i;

	*irq = (struct mmx_vfu_irq){ .intx_fd = -1, .refire_ns = UINT64_MAX };
	for (i = 0; i < MMX_MODEL_IRQ_COUNT; i++)
		irq->msix_fd[i] = -1;
}

static void assign(int *slot, int fd)
{
	if (*slot >= 0)
		close(*slot);
	*slot = fd;
}

/* Closes all eventfds; the lines stay as they are. */
void mmx_vfu_irq_finish(struct mmx_vfu_irq *irq)
{
	unsigned int i;

	for (i = 0; i < MMX_MODEL_IRQ_COUNT; i++)
		assign(&irq->msix_fd[i], -1);
	assign(&irq->intx_fd, -1);
	irq->intx_masked = false;
	irq->intx_fired = false;
	irq->refire_ns = UINT64_MAX;
}

static void signal_fd(int fd)
{
	if (fd >= 0)
		mmx_vfu_signal(fd);
}

/* Is any bit of any line pending? (PCI's interrupt status bit.) */
bool mmx_vfu_irq_level(const struct mmx_vfu_irq *irq)
{
	unsigned int i;

	for (i = 0; i < MMX_MODEL_IRQ_COUNT; i++) {
		if (irq->pending[i])
			return true;
	}
	return false;
}

/* The level is down: nothing is to be fired, and what was is no longer true. */
static void lower_intx(struct mmx_vfu_irq *irq)
{
	irq->refire_ns = UINT64_MAX;
	if (irq->intx_fired && mmx_vfu_signal_withdraw(irq->intx_fd)) {
		/* never seen, so there will be no UNMASK for it */
		irq->intx_masked = false;
		irq->intx_fired = false;
	}
}

/* Fires INTx if it is due. To be called whenever anything that it depends on changed. */
static void update_intx(struct mmx_vfu_irq *irq)
{
	if (!mmx_vfu_irq_level(irq))
		lower_intx(irq);
	else if (irq->intx_fd >= 0 && !irq->intx_masked && !irq->intx_inhibited &&
		 irq->refire_ns == UINT64_MAX) {
		irq->intx_masked = true;
		irq->intx_fired = true;
		signal_fd(irq->intx_fd);
	}
}

/* The model's report: @pending is the new value of @line. */
void mmx_vfu_irq_line(struct mmx_vfu_irq *irq, enum mmx_model_irq line, uint32_t pending)
{
	uint32_t fresh = pending & ~irq->pending[line];

	irq->pending[line] = pending;
	if (fresh)
		signal_fd(irq->msix_fd[line]);
	update_intx(irq);
}

/* INTx is disabled (@inhibit) or enabled by the command register or by MSI-X. */
void mmx_vfu_irq_inhibit(struct mmx_vfu_irq *irq, bool inhibit)
{
	irq->intx_inhibited = inhibit;
	update_intx(irq);
}

/* Does what was planned for @now_ns. */
void mmx_vfu_irq_tick(struct mmx_vfu_irq *irq, uint64_t now_ns)
{
	if (irq->refire_ns > now_ns)
		return;
	irq->refire_ns = UINT64_MAX;
	update_intx(irq);
}

/* How many interrupts an index has; 0 for one that does not exist. */
uint32_t mmx_vfu_irq_count(uint32_t index)
{
	switch (index) {
	case MMX_VFU_IRQ_INTX:
		return 1;
	case MMX_VFU_IRQ_MSIX:
		return MMX_MODEL_IRQ_COUNT;
	default:
		return 0;
	}
}

/**
 * mmx_vfu_irq_info() - answers DEVICE_GET_IRQ_INFO in place
 *
 * Return: 0, or the errno to answer with.
 */
int mmx_vfu_irq_info(struct mmx_vfu_irq_info *info)
{
	if (info->argsz < sizeof(*info) || info->index >= MMX_VFU_IRQ_COUNT)
		return EINVAL;
	info->argsz = sizeof(*info);
	info->flags = 0;
	info->count = mmx_vfu_irq_count(info->index);
	if (info->count)
		info->flags |= MMX_VFU_IRQ_F_EVENTFD;
	if (info->index == MMX_VFU_IRQ_INTX)
		info->flags |= MMX_VFU_IRQ_F_MASKABLE | MMX_VFU_IRQ_F_AUTOMASKED;
	return 0;
}

static bool is_eventfd(int fd)
{
	struct stat st;

	/* an anonymous inode has no file type; of those only eventfds can be signalled */
	return !fstat(fd, &st) && !(st.st_mode & S_IFMT);
}

/* DATA_EVENTFD: gives each interrupt of the range its eventfd, or takes it away (no descriptors). */
static int set_eventfds(struct mmx_vfu_irq *irq, const struct mmx_vfu_irq_set *set, int *fds,
			unsigned int fd_count)
{
	uint32_t i;

	if (!(set->flags & MMX_VFU_IRQ_ACTION_TRIGGER)) {
		/* KVM's resampling. A client falls back to UNMASK messages. */
		return fd_count ? EOPNOTSUPP : 0;
	}
	if (fd_count && fd_count != set->count)
		return EINVAL;
	for (i = 0; i < fd_count; i++) {
		if (!is_eventfd(fds[i]))
			return EINVAL;
	}
	for (i = 0; i < set->count; i++) {
		int fd = fd_count ? fds[i] : -1;

		if (set->index == MMX_VFU_IRQ_MSIX)
			assign(&irq->msix_fd[set->start + i], fd);
		else
			assign(&irq->intx_fd, fd);
		if (fd_count)
			fds[i] = -1;
	}
	if (set->index == MMX_VFU_IRQ_INTX) {
		irq->intx_masked = false;
		irq->intx_fired = false;
		irq->refire_ns = UINT64_MAX;
		update_intx(irq);
	}
	return 0;
}

/* DATA_NONE and DATA_BOOL for one selected interrupt. */
static void act(struct mmx_vfu_irq *irq, const struct mmx_vfu_irq_set *set, uint32_t i,
		uint64_t now_ns)
{
	if (set->index == MMX_VFU_IRQ_MSIX) {
		signal_fd(irq->msix_fd[i]);
	} else if (set->flags & MMX_VFU_IRQ_ACTION_MASK) {
		irq->intx_masked = true;
		irq->intx_fired = false;
		irq->refire_ns = UINT64_MAX;
	} else if (set->flags & MMX_VFU_IRQ_ACTION_TRIGGER) {
		signal_fd(irq->intx_fd);
	} else if (irq->intx_masked) {
		irq->intx_masked = false;
		irq->intx_fired = false;
		if (mmx_vfu_irq_level(irq))
			irq->refire_ns = now_ns + MMX_VFU_INTX_REFIRE_NS;
	}
}

static bool one_bit(uint32_t value, uint32_t mask)
{
	value &= mask;
	return value && !(value & (value - 1));
}

/**
 * mmx_vfu_irq_set() - does DEVICE_SET_IRQS
 * @data: what followed @set, @len bytes
 * @fds: those that are kept are replaced by -1
 *
 * Return: 0, or the errno to answer with.
 */
int mmx_vfu_irq_set(struct mmx_vfu_irq *irq, const struct mmx_vfu_irq_set *set, const uint8_t *data,
		    size_t len, int *fds, unsigned int fd_count, uint64_t now_ns)
{
	const uint32_t kinds =
		MMX_VFU_IRQ_DATA_NONE | MMX_VFU_IRQ_DATA_BOOL | MMX_VFU_IRQ_DATA_EVENTFD;
	const uint32_t actions =
		MMX_VFU_IRQ_ACTION_MASK | MMX_VFU_IRQ_ACTION_UNMASK | MMX_VFU_IRQ_ACTION_TRIGGER;
	uint32_t count = mmx_vfu_irq_count(set->index), i;

	if (set->argsz < sizeof(*set) || set->index >= MMX_VFU_IRQ_COUNT ||
	    (set->flags & ~(kinds | actions)) || !one_bit(set->flags, kinds) ||
	    !one_bit(set->flags, actions) || set->start > count || set->count > count - set->start)
		return EINVAL;
	if (len != ((set->flags & MMX_VFU_IRQ_DATA_BOOL) ? set->count : 0))
		return EINVAL;
	if (fd_count && !(set->flags & MMX_VFU_IRQ_DATA_EVENTFD))
		return EINVAL;
	if (!set->count) {
		/* disables the index */
		struct mmx_vfu_irq_set all = *set;

		if (set->flags != (MMX_VFU_IRQ_DATA_NONE | MMX_VFU_IRQ_ACTION_TRIGGER) ||
		    set->start)
			return EINVAL;
		all.count = count;
		return count ? set_eventfds(irq, &all, NULL, 0) : 0;
	}
	if (set->index == MMX_VFU_IRQ_MSIX && !(set->flags & MMX_VFU_IRQ_ACTION_TRIGGER))
		return EINVAL;
	if (set->flags & MMX_VFU_IRQ_DATA_EVENTFD)
		return set_eventfds(irq, set, fds, fd_count);
	for (i = 0; i < set->count; i++) {
		if ((set->flags & MMX_VFU_IRQ_DATA_NONE) || data[i])
			act(irq, set, set->start + i, now_ns);
	}
	return 0;
}
