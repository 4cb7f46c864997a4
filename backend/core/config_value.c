// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Values that stand as texts in the configuration, for config.c. Pure. */
#include "backend/core/config_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hv/kvm/ivshmem.h"
#include "hv/local/local.h"

bool mmx_config_parse_bytes(const char *text, uint64_t *ret_bytes)
{
	uint64_t value, unit = 1;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno)
		return false;
	if (*end == 'K')
		unit = KIB;
	else if (*end == 'M')
		unit = MIB;
	else if (*end == 'G')
		unit = GIB;
	if (unit > 1)
		end++;
	if (*end || value > UINT64_MAX / unit)
		return false;
	*ret_bytes = value * unit;
	return true;
}

bool mmx_config_parse_mode(const char *text, mode_t *ret_mode)
{
	size_t len = strlen(text);

	if (!len || len > 4 || strspn(text, "01234567") != len)
		return false;
	*ret_mode = (mode_t)strtoul(text, NULL, 8);
	return *ret_mode <= 0777;
}

bool mmx_config_parse_priority(const char *text, unsigned int *ret_priority)
{
	static const char *const names[] = { "low", "medium", "high", "realtime" };
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(text, names[i])) {
			*ret_priority = i;
			return true;
		}
	return false;
}

bool mmx_config_parse_transport(const char *text, const struct mmx_transport **ret_transport)
{
	static const struct mmx_transport *const transports[] = {
		&mmx_local_transport,
		&mmx_kvm_transport,
	};
	unsigned int i;

	for (i = 0; i < sizeof(transports) / sizeof(transports[0]); i++)
		if (!strcmp(text, transports[i]->name)) {
			*ret_transport = transports[i];
			return true;
		}
	return false;
}

bool mmx_config_valid_name(const char *text)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	size_t len = strlen(text);

	return len && len <= MMX_PARTITION_NAME_MAX && strspn(text, chars) == len;
}

bool mmx_config_valid_ram_file(const char *text)
{
	const char *mark = strchr(text, '%');

	if (*text != '/')
		return false;
	return !mark ||
	       (!strncmp(mark, MMX_RAM_PID, strlen(MMX_RAM_PID)) && !strchr(mark + 1, '%'));
}
