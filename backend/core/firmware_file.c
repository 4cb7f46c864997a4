// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * From the configuration's file name to a firmware image that has been taken apart. Called once, at start, before
 * there is any guest: it may wait for the disk. Logs what is wrong.
 */
#include "backend/core/firmware_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/util/log.h"

/* The whole file in memory; free() it. Return: 0; negative errno. */
static int read_file(const char *path, void **ret_data, size_t *ret_size)
{
	int r = -EIO, fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t done = 0;
	ssize_t n;
	char *data;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		r = -errno;
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size < 0 || st.st_size > (off_t)MMX_FW_MAX_FILE_SIZE) {
		r = -EFBIG;
		goto out;
	}
	data = malloc((size_t)st.st_size + 1);
	if (!data) {
		r = -ENOMEM;
		goto out;
	}
	while (done < (size_t)st.st_size) {
		n = read(fd, data + done, (size_t)st.st_size - done);
		if (n <= 0) {
			r = n ? -errno : -EIO;
			free(data);
			goto out;
		}
		done += (size_t)n;
	}
	*ret_data = data;
	*ret_size = done;
	r = 0;
out:
	close(fd);
	return r;
}

int mmx_firmware_file_load(const char *path, bool allow_unsigned, struct mmx_fw_image **ret_image)
{
	struct mmx_fw_error error = { 0 };
	struct mmx_fw_image *image;
	void *data = NULL;
	size_t size = 0;
	int r;

	if (!allow_unsigned) {
		mmx_log(MMX_LOG_CORE, MMX_LOG_ERROR,
			"firmware %s is not signed; set firmware.allow_unsigned to run it all the same",
			path);
		return -EPERM;
	}
	r = read_file(path, &data, &size);
	if (r) {
		mmx_log(MMX_LOG_CORE, MMX_LOG_ERROR, "firmware %s: %s", path, strerror(-r));
		return r;
	}
	r = mmx_fw_image_parse(data, size, &image, &error);
	free(data);
	if (r) {
		mmx_log(MMX_LOG_CORE, MMX_LOG_ERROR, "firmware %s: %s", path,
			r > 0 ? error.text : strerror(-r));
		return r > 0 ? -EBADMSG : r;
	}
	mmx_log(MMX_LOG_CORE, MMX_LOG_WARN, "firmware %s runs unsigned (%s)", path,
		image->build_info);
	*ret_image = image;
	return 0;
}
