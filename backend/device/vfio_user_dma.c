// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Owns the table of what is mapped for the server and duplicates of the descriptors. A guest's memory may be
 * thousands of maps of one file; descriptors are shared among the maps of a file, told by its inode. What can be cut short
 * is mapped here, too, for the kernel to find it: see vfio_user_dma.h.
 * Called by vfio_user.c only.
 */
#include "backend/device/vfio_user_dma.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "backend/device/dma.h"

struct file {
	struct mmx_list link;
	int fd;
	int mode; /* O_RDWR or O_RDONLY */
	dev_t dev;
	ino_t ino;
	size_t refs;
};

static int file_get(struct mmx_vfu_memory *memory, int fd, bool writable, struct file **ret_file)
{
	struct mmx_list *pos;
	struct file *file;
	struct stat st;
	int mode = fcntl(fd, F_GETFL);

	if (mode < 0 || fstat(fd, &st))
		return -errno;
	mode &= O_ACCMODE;
	if (mode == O_WRONLY || (writable && mode != O_RDWR))
		return -EACCES;
	mmx_list_for_each(pos, &memory->files) {
		file = mmx_container_of(pos, struct file, link);
		if (file->dev == st.st_dev && file->ino == st.st_ino && file->mode == mode) {
			file->refs++;
			*ret_file = file;
			return 0;
		}
	}
	file = malloc(sizeof(*file));
	if (!file)
		return -ENOMEM;
	*file = (struct file){ .mode = mode, .dev = st.st_dev, .ino = st.st_ino, .refs = 1 };
	file->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (file->fd < 0) {
		int r = -errno;

		free(file);
		return r;
	}
	mmx_list_add(&memory->files, &file->link);
	*ret_file = file;
	return 0;
}

static void file_put(struct file *file)
{
	if (--file->refs)
		return;
	mmx_list_del(&file->link);
	close(file->fd);
	free(file);
}

static bool is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && seals & F_SEAL_SHRINK;
}

static int make_window(struct mmx_dma_entry *entry, int fd)
{
	void *window;

	if (entry->size > SIZE_MAX / 2)
		return -ENOMEM;
	window = mmap(NULL, (size_t)entry->size, PROT_READ | (entry->writable ? PROT_WRITE : 0),
		      MAP_SHARED | MAP_NORESERVE, fd, (off_t)entry->offset);
	if (window == MAP_FAILED)
		return -errno;
	entry->window = window;
	return 0;
}

static void drop_entry(const struct mmx_dma_entry *entry)
{
	if (entry->here)
		return;
	if (entry->window)
		munmap(entry->window, (size_t)entry->size);
	file_put(entry->priv);
}

int mmx_vfu_memory_init(struct mmx_vfu_memory *memory)
{
	*memory = (struct mmx_vfu_memory){ 0 };
	mmx_list_init(&memory->files);
	return mmx_iova_init(&memory->iova, MMX_IOVA_START, MMX_IOVA_END);
}

void mmx_vfu_memory_finish(struct mmx_vfu_memory *memory)
{
	size_t i;

	for (i = 0; i < memory->table.count; i++)
		drop_entry(&memory->table.entries[i]);
	mmx_dma_table_finish(&memory->table);
	mmx_iova_finish(&memory->iova);
}

/* What the entry has is the table's, or dropped. */
static int add_entry(struct mmx_vfu_memory *memory, struct mmx_dma_entry entry, uint64_t *ret_addr)
{
	int r;

	r = mmx_iova_alloc(&memory->iova, entry.size, &entry.addr);
	if (r < 0)
		goto err_put;
	r = mmx_dma_table_add(&memory->table, &entry);
	if (r < 0)
		goto err_free;
	*ret_addr = entry.addr;
	return 0;

err_free:
	mmx_iova_free(&memory->iova, entry.addr, entry.size);
err_put:
	drop_entry(&entry);
	return r;
}

int mmx_vfu_memory_add(struct mmx_vfu_memory *memory, int fd, uint64_t offset, uint64_t size,
		       bool writable, uint64_t *ret_addr, bool *ret_by_message)
{
	struct mmx_dma_entry entry = { .size = size, .offset = offset, .writable = writable };
	struct file *file = NULL;
	int r;

	if (!size || (offset | size) & (MMX_PAGE_SIZE - 1) || offset > INT64_MAX ||
	    size > INT64_MAX - offset)
		return -EINVAL;
	r = file_get(memory, fd, writable, &file);
	if (r < 0)
		return r;
	entry.priv = file;
	if (!is_sealed(fd)) {
		r = make_window(&entry, fd);
		if (r < 0) {
			file_put(file);
			return r;
		}
	}
	*ret_by_message = entry.window != NULL;
	return add_entry(memory, entry, ret_addr);
}

int mmx_vfu_memory_add_here(struct mmx_vfu_memory *memory, void *cpu, uint64_t size,
			    uint64_t *ret_addr)
{
	struct mmx_dma_entry entry = { .size = size, .writable = true, .here = true, .priv = cpu };

	if (!size || ((uintptr_t)cpu | size) & (MMX_PAGE_SIZE - 1) || size > INT64_MAX)
		return -EINVAL;
	return add_entry(memory, entry, ret_addr);
}

void mmx_vfu_memory_remove(struct mmx_vfu_memory *memory, uint64_t addr, uint64_t size)
{
	const struct mmx_dma_entry *entry = mmx_dma_table_find(&memory->table, addr);

	if (!entry)
		return;
	drop_entry(entry);
	mmx_dma_table_remove(&memory->table, addr);
	mmx_iova_free(&memory->iova, addr, size);
}

static ssize_t copy_file(const struct mmx_dma_entry *entry, uint64_t into, void *buf, size_t len,
			 bool write)
{
	const struct file *file = entry->priv;
	off_t at = (off_t)(entry->offset + into);

	return write ? pwrite(file->fd, buf, len, at) : pread(file->fd, buf, len, at);
}

/* By the kernel: nothing here touches the window. */
static ssize_t copy_window(const struct mmx_dma_entry *entry, uint64_t into, void *buf, size_t len,
			   bool write)
{
	const struct iovec ours = { .iov_base = buf, .iov_len = len };
	const struct iovec theirs = { .iov_base = (char *)entry->window + into, .iov_len = len };

	return write ? process_vm_writev(getpid(), &ours, 1, &theirs, 1, 0)
		     : process_vm_readv(getpid(), &ours, 1, &theirs, 1, 0);
}

/* Words, which CPU and GPU may both be looking at, are written and read as wholes. */
static void copy_here(void *mem, void *buf, size_t len, bool write)
{
	uint64_t word64;
	uint32_t word32;

	if (len == sizeof(word64) && !((uintptr_t)mem % sizeof(word64)) && write) {
		memcpy(&word64, buf, sizeof(word64));
		__atomic_store_n((uint64_t *)mem, word64, __ATOMIC_RELEASE);
	} else if (len == sizeof(word64) && !((uintptr_t)mem % sizeof(word64))) {
		word64 = __atomic_load_n((uint64_t *)mem, __ATOMIC_ACQUIRE);
		memcpy(buf, &word64, sizeof(word64));
	} else if (len == sizeof(word32) && !((uintptr_t)mem % sizeof(word32)) && write) {
		memcpy(&word32, buf, sizeof(word32));
		__atomic_store_n((uint32_t *)mem, word32, __ATOMIC_RELEASE);
	} else if (len == sizeof(word32) && !((uintptr_t)mem % sizeof(word32))) {
		word32 = __atomic_load_n((uint32_t *)mem, __ATOMIC_ACQUIRE);
		memcpy(buf, &word32, sizeof(word32));
	} else if (write) {
		memcpy(mem, buf, len);
	} else {
		memcpy(buf, mem, len);
	}
}

/* Return: bytes; negative: errno says why not. */
static ssize_t access_entry(const struct mmx_dma_entry *entry, uint64_t into, void *buf, size_t len,
			    bool write)
{
	if (entry->here) {
		copy_here((char *)entry->priv + into, buf, len, write);
		return (ssize_t)len;
	}
	return entry->window ? copy_window(entry, into, buf, len, write)
			     : copy_file(entry, into, buf, len, write);
}

/* Maps that follow each other without a gap are one to the server. */
int mmx_vfu_memory_access(struct mmx_vfu_memory *memory, uint64_t addr, void *buf, size_t len,
			  bool write)
{
	char *pos = buf;

	while (len) {
		const struct mmx_dma_entry *entry = mmx_dma_table_find(&memory->table, addr);
		uint64_t into;
		size_t part;
		ssize_t n;

		if (!entry || (write && !entry->writable))
			return -EFAULT;
		into = addr - entry->addr;
		part = entry->size - into < len ? (size_t)(entry->size - into) : len;
		n = access_entry(entry, into, pos, part, write);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EFAULT;
		addr += (size_t)n;
		pos += n;
		len -= (size_t)n;
	}
	return 0;
}
