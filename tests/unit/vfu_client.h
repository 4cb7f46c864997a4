/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The client's side of vfio-user, for tests: plain blocking calls on a socket. */
#ifndef TESTS_UNIT_VFU_CLIENT_H
#define TESTS_UNIT_VFU_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "tools/model/vfu_proto.h"

/* Sends bytes with descriptors (which stay open here); 0 or -errno. */
int client_send_raw(int sock, const void *bytes, size_t len, const int *fds, unsigned int fd_count);

/* Sends one message; @payload may be followed by @data. 0 or -errno. */
int client_send(int sock, uint16_t id, uint16_t cmd, uint32_t flags, const void *payload,
		size_t len, const void *data, size_t data_len, const int *fds,
		unsigned int fd_count);

/* Receives one message, waiting for it; at most @max bytes of payload. 0, -ENOTCONN, -EMSGSIZE. */
int client_receive(int sock, struct mmx_vfu_hdr *ret_hdr, void *payload, size_t max,
		   size_t *ret_len);

/* Descriptors that this process has open. */
unsigned int client_count_fds(void);

#endif
