// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A guest's own memory, given to the daemon as to a vhost-user device: QEMU has it in a file, which is opened when its
 * ivshmem device connects, since QEMU makes its memory before its devices. Called by core, from its thread.
 *
 * The file is of whoever runs QEMU, and so may be the folder. So nothing but a regular file in memory is ever opened for
 * reading or writing: what the name leads to is looked at first, through a descriptor that can do nothing (O_PATH).
 * What is mapped for the device can be cut short later; nobody here touches it by a mapping (session/space.c,
 * device/vfio_user_dma.c).
 */
#include "backend/core/ram.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PATH_SIZE 4096u

struct reason {
	char *text;
	size_t size;
};

/* Return: @error */
static int __attribute__((format(printf, 3, 4)))
refuse(const struct reason *why, int error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->text, why->size, fmt, args);
	va_end(args);
	return error;
}

/* %p becomes the process' number; the configuration has seen to it that nothing else stands behind a %. */
static int make_path(const char *file, pid_t pid, char *ret_path, size_t size)
{
	const char *mark = strstr(file, MMX_RAM_PID);
	int n;

	if (mark)
		n = snprintf(ret_path, size, "%.*s%d%s", (int)(mark - file), file, (int)pid,
			     mark + strlen(MMX_RAM_PID));
	else
		n = snprintf(ret_path, size, "%s", file);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static uint64_t end_of(const struct mmx_ram_config *ram)
{
	uint64_t end = 0;
	unsigned int i;

	for (i = 0; i < ram->piece_count; i++)
		if (ram->pieces[i].offset + ram->pieces[i].size > end)
			end = ram->pieces[i].offset + ram->pieces[i].size;
	return end;
}

/* Is it what QEMU makes? */
static int check_file(int fd, const struct mmx_partition_config *config, const struct reason *why)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) || fstatfs(fd, &fs))
		return refuse(why, -errno, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse(why, -EINVAL, "it is no regular file");
	/* others could keep whoever reads waiting, for a disk, a network or a process */
	if (fs.f_type != TMPFS_MAGIC && fs.f_type != HUGETLBFS_MAGIC)
		return refuse(why, -EINVAL,
			      "it is neither on tmpfs, nor on hugetlbfs, nor a memfd");
	if (config->check_uid && st.st_uid != config->uid)
		return refuse(why, -EPERM, "it is of uid %u, and this partition is for uid %u",
			      st.st_uid, config->uid);
	if ((uint64_t)st.st_size < end_of(&config->ram))
		return refuse(why, -ENXIO, "it has %llu bytes, and the pieces need %llu",
			      (unsigned long long)st.st_size,
			      (unsigned long long)end_of(&config->ram));
	return 0;
}

static int open_file(const char *path, const struct mmx_partition_config *config,
		     const struct reason *why)
{
	char through[32];
	int path_fd, fd, r;

	path_fd = open(path, O_PATH | O_CLOEXEC);
	if (path_fd < 0)
		return refuse(why, -errno, "%s", strerror(errno));
	r = check_file(path_fd, config, why);
	if (r) {
		close(path_fd);
		return r;
	}
	/* this very file, whatever the name leads to by now */
	snprintf(through, sizeof(through), "/proc/self/fd/%d", path_fd);
	fd = open(through, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	r = fd < 0 ? refuse(why, -errno, "%s", strerror(errno)) : fd;
	close(path_fd);
	return r;
}

int mmx_ram_open(struct mmx_device *dev, const struct mmx_partition_config *config, pid_t pid,
		 struct mmx_session_ram *ret_ram, char *why, size_t why_size)
{
	const struct reason reason = { why, why_size };
	struct mmx_session_ram ram = { .fd = -1 };
	char path[PATH_SIZE];
	int r;

	r = make_path(config->ram.file, pid, path, sizeof(path));
	if (r)
		return refuse(&reason, r, "%s", strerror(-r));
	r = open_file(path, config, &reason);
	if (r < 0)
		return r;
	ram.fd = r;
	while (ram.count < config->ram.piece_count) {
		const struct mmx_ram_piece *piece = &config->ram.pieces[ram.count];
		struct mmx_session_space *space = &ram.spaces[ram.count];

		space->guest_page = piece->guest >> MMX_WIRE_PAGE_SHIFT;
		space->page_count = piece->size >> MMX_WIRE_PAGE_SHIFT;
		space->offset = piece->offset;
		r = mmx_device_map(dev, ram.fd, piece->offset, piece->size, true, &space->map);
		if (r) {
			refuse(&reason, r, "the device can't map it: %s", strerror(-r));
			mmx_ram_close(dev, &ram);
			return r;
		}
		ram.count++;
	}
	*ret_ram = ram;
	return 0;
}

void mmx_ram_close(struct mmx_device *dev, struct mmx_session_ram *ram)
{
	while (ram->count)
		mmx_device_unmap(dev, &ram->spaces[--ram->count].map);
	if (ram->fd >= 0)
		close(ram->fd);
	*ram = (struct mmx_session_ram){ .fd = -1 };
}
