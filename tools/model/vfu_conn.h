/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* One vfio-user connection: the stream of messages with their descriptors. */
#ifndef TOOLS_MODEL_VFU_CONN_H
#define TOOLS_MODEL_VFU_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/model/vfu_proto.h"

/* How long the peer may leave us without room to send in, or without the answer to a DMA request. */
#define MMX_VFU_SEND_TIMEOUT_MS 2000
#define MMX_VFU_DMA_TIMEOUT_MS	1000

#define MMX_VFU_CONN_FDS 32u /* received descriptors whose message is not yet handled */

enum mmx_vfu_conn_outcome {
	MMX_VFU_CONN_E_AGAIN = 1, /* nothing (more) has arrived */
	MMX_VFU_CONN_E_GONE, /* the connection is over: see doomed */
	MMX_VFU_CONN_E_REFUSED, /* the peer refused a DMA request, or let it time out */
};

struct mmx_vfu_conn {
	int fd; /* -1 = no client */
	const char *doomed; /* why this connection must end; NULL = it goes on */

	/*
	 * Bytes received and not yet handled: stream positions [head, tail); rx[0] has position base.
	 * New bytes go to the first half of rx, so that the second half is free for what arrives
	 * while a DMA request waits for its reply (nothing in rx moves then, since the message
	 * being handled lies there).
	 */
	uint8_t *rx; /* 2 * MMX_VFU_MAX_MSG */
	uint64_t base, head, tail;
	bool drained; /* the last recvmsg() took all there was */
	uint32_t handling; /* size of the message at head, while it is being handled; else 0 */

	/* Descriptors received, in order; pos is the position of the last byte they came with. */
	struct {
		uint64_t pos;
		int fd;
	} fds[MMX_VFU_CONN_FDS];
	unsigned int fd_count;

	/* DMA requests to the client. */
	uint32_t peer_max_xfer; /* bytes that it takes in one, 1..MMX_VFU_MAX_XFER */
	uint16_t next_id;
	bool waiting; /* for a reply */
	bool stuck; /* one timed out: the next ones of this call into the model fail at once */
};

int mmx_vfu_conn_init(struct mmx_vfu_conn *conn);
void mmx_vfu_conn_finish(struct mmx_vfu_conn *conn);
void mmx_vfu_conn_open(struct mmx_vfu_conn *conn, int fd);
void mmx_vfu_conn_close(struct mmx_vfu_conn *conn);
void mmx_vfu_conn_doom(struct mmx_vfu_conn *conn, const char *why);
int mmx_vfu_conn_fill(struct mmx_vfu_conn *conn);
int mmx_vfu_conn_begin(struct mmx_vfu_conn *conn, struct mmx_vfu_hdr *ret_hdr,
		       const uint8_t **ret_payload);
unsigned int mmx_vfu_conn_take_fds(struct mmx_vfu_conn *conn, int fds[MMX_VFU_MAX_FDS]);
void mmx_vfu_conn_end(struct mmx_vfu_conn *conn);
void mmx_vfu_conn_send(struct mmx_vfu_conn *conn, void *msg, size_t len);
int mmx_vfu_conn_dma_read(struct mmx_vfu_conn *conn, uint64_t addr, void *buf, size_t len);
int mmx_vfu_conn_dma_write(struct mmx_vfu_conn *conn, uint64_t addr, const void *buf, size_t len);

#endif
