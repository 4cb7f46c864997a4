/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The guest's end of whatever transport an address names, for guests that are processes. */
#ifndef HV_CONNECT_H
#define HV_CONNECT_H

#include "hv/peer.h"

#define MMX_CONNECT_IVSHMEM "ivshmem:"

/**
 * mmx_connect() - connects to a partition's socket
 * @address: path of a local partition's, or MMX_CONNECT_IVSHMEM and the path of one for a virtual machine: the process
 *	plays QEMU and the guest in it
 *
 * Return: 0; negative errno.
 */
int mmx_connect(const char *address, int timeout_ms, struct mmx_peer *ret_peer);

#endif
