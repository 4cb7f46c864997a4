// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The configuration's text, from its file, for config.c. Called once, at the start. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/core/config.h"

/* 256 partitions with all settings have a fifth of it. */
#define MAX_FILE_SIZE (1u << 20)

/* The file's text, with a NUL behind it. Return: 0; negative errno. */
static int load_text(const char *path, char **ret_text)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	int ret = 0;

	if (!f)
		return -errno;
	text = malloc(MAX_FILE_SIZE + 1);
	errno = 0;
	if (text)
		size = fread(text, 1, MAX_FILE_SIZE, f);
	if (!text || ferror(f))
		ret = errno ? -errno : -EIO;
	else if (size == MAX_FILE_SIZE)
		ret = -EFBIG;
	else if (memchr(text, 0, size))
		ret = -EILSEQ;
	fclose(f);
	if (ret) {
		free(text);
		return ret;
	}
	text[size] = '\0';
	*ret_text = text;
	return 0;
}

int mmx_config_read_file(const char *path, struct mmx_config **ret_config,
			 struct mmx_config_error *ret_error)
{
	char *text = NULL;
	int ret = load_text(path, &text);

	if (ret == -ENOMEM)
		return ret;
	if (ret) {
		snprintf(ret_error->text, sizeof(ret_error->text), "%.100s: %s", path,
			 ret == -EILSEQ ? "is no text" : strerror(-ret));
		return CONFIG_E_INVALID;
	}
	ret = mmx_config_read_text(text, path, ret_config, ret_error);
	free(text);
	return ret;
}
