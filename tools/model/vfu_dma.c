// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The DMA table: owns the mappings of the client's memory. vfu.c fills and empties it on the
 * client's messages; the model reads it through dma_ptr and friends.
 *
 * Ranges are kept sorted by address and never overlap. Each is mapped whole or not at all: a range
 * with a descriptor is mmap()ed (the descriptor is not kept), one without is reached by DMA_READ and
 * DMA_WRITE messages.
 *
 * The client is not trusted with its own memory:
 *
 * - only files in memory (tmpfs, which memfds and /dev/shm are, and hugetlbfs) are mapped. A file of
 *   another kind could make us wait for a disk, a network or a FUSE process on any access;
 * - the file must be as long as the range when it is mapped;
 * - it may be truncated later unless it is sealed with F_SEAL_SHRINK, which we do not require (QEMU
 *   seals its memory, plain tests do not). The access then raises SIGBUS. The guard's handler
 *   replaces the whole range with private zero pages, so the access ends, and notes that the range
 *   is torn; vfu.c disconnects the client when the current call is over. (The whole range, because
 *   a piece of a huge page cannot be replaced.) A SIGBUS elsewhere kills the process as ever.
 */
#include "tools/model/vfu_dma.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "tools/model/vfu_conn.h"

static struct mmx_vfu_dma *guarded;

/* An empty table. */
void mmx_vfu_dma_init(struct mmx_vfu_dma *dma)
{
	*dma = (struct mmx_vfu_dma){ 0 };
}

static void drop(struct mmx_vfu_dma_range *range)
{
	if (range->map_base)
		munmap(range->map_base, range->map_len);
}

/* Unmaps all. The table is empty afterwards, and may be used again. */
void mmx_vfu_dma_finish(struct mmx_vfu_dma *dma)
{
	size_t i;

	for (i = 0; i < dma->count; i++)
		drop(&dma->ranges[i]);
	free(dma->ranges);
	mmx_vfu_dma_init(dma);
}

/* Index of the first range that does not end before @addr; count if there is none. */
static size_t lower_bound(const struct mmx_vfu_dma *dma, uint64_t addr)
{
	size_t low = 0, high = dma->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (dma->ranges[mid].last < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int reserve(struct mmx_vfu_dma *dma)
{
	struct mmx_vfu_dma_range *ranges;
	size_t capacity;

	if (dma->count >= MMX_VFU_DMA_RANGES_MAX)
		return ENOSPC;
	if (dma->count < dma->capacity)
		return 0;
	capacity = dma->capacity ? dma->capacity * 2 : 16;
	ranges = realloc(dma->ranges, capacity * sizeof(*ranges));
	if (!ranges)
		return ENOMEM;
	dma->ranges = ranges;
	dma->capacity = capacity;
	return 0;
}

static int map_file(struct mmx_vfu_dma_range *range, uint64_t offset, uint64_t size, int fd)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), start, len;
	int prot = PROT_NONE;
	struct statfs fs;
	struct stat st;
	uint8_t *base;

	if (fstat(fd, &st) || fstatfs(fd, &fs) || !S_ISREG(st.st_mode))
		return EINVAL;
	if (fs.f_type == HUGETLBFS_MAGIC)
		page = (uint64_t)fs.f_bsize;
	else if (fs.f_type != TMPFS_MAGIC)
		return EINVAL;
	if (offset > (uint64_t)st.st_size || size > (uint64_t)st.st_size - offset)
		return EINVAL;
	start = offset & ~(page - 1);
	len = (offset - start + size + page - 1) & ~(page - 1);
	if (range->flags & MMX_VFU_DMA_READABLE)
		prot |= PROT_READ;
	if (range->flags & MMX_VFU_DMA_WRITEABLE)
		prot |= PROT_WRITE;
	base = mmap(NULL, (size_t)len, prot, MAP_SHARED, fd, (off_t)start);
	if (base == MAP_FAILED)
		return errno;
	range->map_base = base;
	range->map_len = (size_t)len;
	range->ptr = base + (offset - start);
	return 0;
}

/**
 * mmx_vfu_dma_map() - adds a range
 * @fd: of the memory, stays the caller's; -1 = reached by messages
 *
 * Return: 0, or the errno to answer with.
 */
int mmx_vfu_dma_map(struct mmx_vfu_dma *dma, const struct mmx_vfu_dma_map *map, int fd)
{
	struct mmx_vfu_dma_range range = {
		.first = map->addr,
		.last = map->addr + (map->size - 1),
		.flags = map->flags,
	};
	size_t i;
	int r;

	if (map->argsz < sizeof(*map) || !map->size || range.last < range.first || !map->flags ||
	    (map->flags & ~(MMX_VFU_DMA_READABLE | MMX_VFU_DMA_WRITEABLE)))
		return EINVAL;
	i = lower_bound(dma, range.first);
	if (i < dma->count && dma->ranges[i].first <= range.last)
		return EEXIST;
	r = reserve(dma);
	if (!r && fd >= 0)
		r = map_file(&range, map->offset, map->size, fd);
	if (r)
		return r;
	memmove(dma->ranges + i + 1, dma->ranges + i, (dma->count - i) * sizeof(range));
	dma->ranges[i] = range;
	dma->count++;
	return 0;
}

/**
 * mmx_vfu_dma_unmap() - removes ranges
 *
 * Those inside the given range go, whole ones only: a range that would be cut in two is an error and
 * nothing is removed. Nothing there to remove is fine: a virtual IOMMU invalidates wide ranges.
 *
 * Return: 0, or the errno to answer with.
 */
int mmx_vfu_dma_unmap(struct mmx_vfu_dma *dma, const struct mmx_vfu_dma_unmap *unmap)
{
	uint64_t first = unmap->addr, last = unmap->addr + (unmap->size - 1);
	size_t from, to, i;

	if (unmap->argsz < sizeof(*unmap) || (unmap->flags & ~MMX_VFU_DMA_UNMAP_ALL))
		return EINVAL;
	if (unmap->flags & MMX_VFU_DMA_UNMAP_ALL) {
		first = 0;
		last = UINT64_MAX;
	} else if (!unmap->size || last < first) {
		return EINVAL;
	}
	from = lower_bound(dma, first);
	for (to = from; to < dma->count && dma->ranges[to].first <= last; to++) {
		if (dma->ranges[to].first < first || dma->ranges[to].last > last)
			return EINVAL;
	}
	if (from == to)
		return 0;
	for (i = from; i < to; i++)
		drop(&dma->ranges[i]);
	memmove(dma->ranges + from, dma->ranges + to, (dma->count - to) * sizeof(*dma->ranges));
	dma->count -= to - from;
	return 0;
}

static const struct mmx_vfu_dma_range *find(struct mmx_vfu_dma *dma, uint64_t addr)
{
	size_t i = dma->last_hit;

	if (i >= dma->count || addr < dma->ranges[i].first || addr > dma->ranges[i].last) {
		i = lower_bound(dma, addr);
		if (i == dma->count || addr < dma->ranges[i].first)
			return NULL;
		dma->last_hit = i;
	}
	return &dma->ranges[i];
}

/**
 * mmx_vfu_dma_ptr() - where [addr, addr + len) is in this process
 *
 * Return: NULL if it is not in one range, without a descriptor, or may not be accessed so.
 */
void *mmx_vfu_dma_ptr(struct mmx_vfu_dma *dma, uint64_t addr, size_t len, bool write)
{
	uint32_t need = write ? MMX_VFU_DMA_WRITEABLE : MMX_VFU_DMA_READABLE;
	const struct mmx_vfu_dma_range *range = find(dma, addr);

	if (!range || !range->ptr || !(range->flags & need) || !len || len - 1 > range->last - addr)
		return NULL;
	return range->ptr + (addr - range->first);
}

/**
 * mmx_vfu_dma_copy() - reads or writes the client's memory however it is reached
 * @conn: for memory without a descriptor; NULL = no message may be sent (the device is not master)
 * @rbuf: where to read to; NULL for a write
 * @wbuf: what to write; NULL for a read
 *
 * Return: 0, or -EFAULT, when some of it may have been copied.
 */
int mmx_vfu_dma_copy(struct mmx_vfu_dma *dma, struct mmx_vfu_conn *conn, uint64_t addr, void *rbuf,
		     const void *wbuf, size_t len)
{
	uint32_t need = wbuf ? MMX_VFU_DMA_WRITEABLE : MMX_VFU_DMA_READABLE;
	const uint8_t *from = wbuf;
	uint8_t *to = rbuf;

	if (len && len - 1 > UINT64_MAX - addr)
		return -EFAULT;
	while (len) {
		const struct mmx_vfu_dma_range *range = find(dma, addr);
		size_t n = len;
		int r = 0;

		if (!range || !(range->flags & need))
			return -EFAULT;
		if (n - 1 > range->last - addr)
			n = (size_t)(range->last - addr) + 1;
		if (range->ptr && to)
			memcpy(to, range->ptr + (addr - range->first), n);
		else if (range->ptr && from)
			memcpy(range->ptr + (addr - range->first), from, n);
		else if (!conn)
			return -EFAULT;
		else if (to)
			r = mmx_vfu_conn_dma_read(conn, addr, to, n);
		else
			r = mmx_vfu_conn_dma_write(conn, addr, from, n);
		if (r)
			return -EFAULT;
		to = to ? to + n : NULL;
		from = from ? from + n : NULL;
		addr += n;
		len -= n;
	}
	return 0;
}

/* Synchronous: runs in the access itself, never while the table changes. */
static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	uintptr_t addr = (uintptr_t)info->si_addr;
	size_t i;

	(void)context;
	for (i = 0; guarded && i < guarded->count; i++) {
		struct mmx_vfu_dma_range *range = &guarded->ranges[i];

		if (!range->map_base || addr < (uintptr_t)range->map_base ||
		    addr - (uintptr_t)range->map_base >= range->map_len)
			continue;
		if (mmap(range->map_base, range->map_len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
			 0) == MAP_FAILED)
			break;
		guarded->torn = 1;
		return;
	}
	signal(sig, SIG_DFL); /* not ours: the access is repeated and ends the process */
}

/**
 * mmx_vfu_dma_guard() - survives the client's truncating memory of this table; see above
 * @dma: the one table of this process that is guarded from now on; NULL = none
 *
 * Return: 0 or -errno.
 */
int mmx_vfu_dma_guard(struct mmx_vfu_dma *dma)
{
	struct sigaction act = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };

	guarded = dma;
	if (!dma) {
		act.sa_handler = SIG_DFL;
		act.sa_flags = 0;
	}
	return sigaction(SIGBUS, &act, NULL) ? -errno : 0;
}
