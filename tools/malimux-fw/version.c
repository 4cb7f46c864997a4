// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Interface versions as text, both ways. Called by malimux-fw; no state.
 */
#include "tools/malimux-fw/version.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "firmware/image.h"

bool mmx_version_parse(const char *text, uint32_t *ret_version)
{
	static const uint32_t fields[] = { FW_VERSION_MAJOR, FW_VERSION_MINOR, FW_VERSION_PATCH };
	uint32_t version = 0;
	char *end;
	int i;

	for (i = 0; i < 3; i++) {
		unsigned long value;

		if (*text < '0' || *text > '9')
			return false;
		errno = 0;
		value = strtoul(text, &end, 10);
		if (errno || value > MMX_FIELD_MAX(fields[i]) || *end != (i < 2 ? '.' : '\0'))
			return false;
		version |= (uint32_t)value * MMX_FIELD_LSB(fields[i]);
		text = end + 1;
	}
	*ret_version = version;
	return version != 0;
}

const char *mmx_version_format(uint32_t version, char text[static MMX_VERSION_TEXT_SIZE])
{
	snprintf(text, MMX_VERSION_TEXT_SIZE, "%" PRIu32 ".%" PRIu32 ".%" PRIu32,
		 MMX_FIELD_GET(FW_VERSION_MAJOR, version), MMX_FIELD_GET(FW_VERSION_MINOR, version),
		 MMX_FIELD_GET(FW_VERSION_PATCH, version));
	return text;
}
