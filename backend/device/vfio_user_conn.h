/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The client's end of a vfio-user socket: messages, one request at a time, and the server's DMA requests, which
 * are served while a reply is outstanding and from mmx_vfu_conn_poll().
 *
 * Nothing the server says is trusted. Whoever breaks the framing, answers what was not asked, is silent beyond
 * the deadline or hangs up, is lost: for good, with the errno in *lost.
 */
#ifndef BACKEND_DEVICE_VFIO_USER_CONN_H
#define BACKEND_DEVICE_VFIO_USER_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/device/vfio_user_proto.h"

/* An access to memory by the server: @len > 0 bytes at device address @addr. Return: 0 or -EFAULT. */
typedef int mmx_vfu_dma_fn(void *ctx, uint64_t addr, void *buf, size_t len, bool write);

struct mmx_vfu_conn {
	int fd;
	int timeout_ms;
	int *lost; /* the owner's: 0 or negative errno */
	uint16_t last_id;
	mmx_vfu_dma_fn *dma;
	void *dma_ctx;
	uint8_t *rx; /* what came and is not yet consumed: [rx_start, rx_end) */
	size_t rx_start, rx_end;
	uint8_t *tx; /* a reply to a DMA request */
};

struct mmx_vfu_request {
	enum mmx_vfu_command command;
	struct mmx_vfu_header *msg; /* starts the message; is filled in */
	size_t size; /* of the message */
	int fd; /* goes with it; -1 = none */
	void *reply; /* what follows the reply's header */
	size_t reply_min, reply_max;
};

/* Takes the connected socket @fd over, also on failure. Return: 0, -EINVAL (no deadline), -ENOMEM, -errno. */
int mmx_vfu_conn_init(struct mmx_vfu_conn *conn, int fd, int timeout_ms, mmx_vfu_dma_fn *dma,
		      void *dma_ctx, int *lost);
/* Legal on a zeroed conn. */
void mmx_vfu_conn_finish(struct mmx_vfu_conn *conn);

/*
 * Sends and waits for the reply; *ret_len (may be NULL) is how long it is. Return: 0; the negative errno of the
 * server's refusal; -EIO if the server is lost.
 */
int mmx_vfu_conn_request(struct mmx_vfu_conn *conn, const struct mmx_vfu_request *req,
			 size_t *ret_len);
/* Reads @count (1 to 8) bytes of a region. Return: as mmx_vfu_conn_request(). */
int mmx_vfu_conn_read_region(struct mmx_vfu_conn *conn, uint32_t region, uint64_t offset,
			     void *ret_data, uint32_t count);
/* Sends what is not to be replied to. */
void mmx_vfu_conn_post(struct mmx_vfu_conn *conn, enum mmx_vfu_command command,
		       struct mmx_vfu_header *msg, size_t size);
/* Serves what has come, without waiting for more. */
void mmx_vfu_conn_poll(struct mmx_vfu_conn *conn);

#endif
