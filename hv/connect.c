// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* See connect.h. Called by libmalimux, and by guests of tests that break rules. Owns nothing. */
#include "hv/connect.h"

#include <string.h>

#include "hv/kvm/ivshmem.h"
#include "hv/local/local.h"

int mmx_connect(const char *address, int timeout_ms, struct mmx_peer *ret_peer)
{
	size_t len = strlen(MMX_CONNECT_IVSHMEM);

	if (!strncmp(address, MMX_CONNECT_IVSHMEM, len))
		return mmx_kvm_connect(address + len, timeout_ms, ret_peer);
	return mmx_local_connect(address, timeout_ms, ret_peer);
}
