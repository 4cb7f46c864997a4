// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Whole files in and out. Called by malimux-fw; owns nothing between calls.
 *
 * The size is not asked for: reading goes on to the end or the bound, so that pipes and files that change
 * meanwhile are no special case.
 */
#include "tools/malimux-fw/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, uint8_t *data, size_t max, size_t *ret_size)
{
	size_t size = 0;
	ssize_t n;

	while (size < max) {
		n = read(fd, data + size, max - size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		size += (size_t)n;
	}
	*ret_size = size;
	return 0;
}

int mmx_file_read(const char *path, size_t max, uint8_t **ret_data, size_t *ret_size)
{
	uint8_t *data;
	int fd, r;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	data = malloc(max);
	if (!data) {
		r = -ENOMEM;
		goto err_close;
	}
	r = read_all(fd, data, max, ret_size);
	if (r)
		goto err_free;
	*ret_data = data;
	close(fd);
	return 0;

err_free:
	free(data);
err_close:
	close(fd);
	return r;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
	ssize_t n;

	while (size) {
		n = write(fd, data, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

int mmx_file_write(const char *path, const uint8_t *data, size_t size)
{
	struct stat st;
	int fd, r;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	r = write_all(fd, data, size);
	/* half an image helps nobody; but a pipe or a device stays where it is */
	if (r && !fstat(fd, &st) && S_ISREG(st.st_mode))
		unlink(path);
	if (close(fd) && !r)
		r = -errno;
	return r;
}
