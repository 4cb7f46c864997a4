/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the files of the vfio-user server share. */
#ifndef TOOLS_MODEL_VFU_PRIV_H
#define TOOLS_MODEL_VFU_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/model/chrome.h"
#include "tools/model/model.h"
#include "tools/model/vfu.h"
#include "tools/model/vfu_conn.h"
#include "tools/model/vfu_dma.h"
#include "tools/model/vfu_irq.h"
#include "tools/model/vfu_pci.h"
#include "tools/model/vfu_proto.h"

struct mmx_vfu {
	struct mmx_vfu_config config;
	struct mmx_model *model;
	struct mmx_chrome *chrome; /* NULL = no trace of what the blocks do */
	struct mmx_vfu_conn conn;
	struct mmx_vfu_dma dma;
	struct mmx_vfu_irq irq;
	struct mmx_vfu_pci pci;
	bool guarded; /* by mmx_vfu_guard() */
	bool agreed; /* VERSION is done */
	bool served; /* a client that had agreed has left */
	uint8_t *tx; /* MMX_VFU_MAX_MSG: the reply being made */
	uint64_t log_from_ns; /* begin of the second that log_lines counts */
	unsigned int log_lines;
};

/* A message being handled. */
struct mmx_vfu_request {
	struct mmx_vfu_hdr hdr;
	const uint8_t *payload; /* unaligned; in the receive buffer */
	uint32_t len; /* of payload; at least what the command's table row says */
	int fds[MMX_VFU_MAX_FDS]; /* -1 = the handler kept it */
	unsigned int fd_count;
	uint8_t *reply; /* payload of the reply */
	uint32_t reply_len; /* set by the handler if there is one */
};

void mmx_vfu_trace(const struct mmx_vfu *vfu, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void mmx_vfu_device_reset(struct mmx_vfu *vfu);
int mmx_vfu_dispatch(struct mmx_vfu *vfu, struct mmx_vfu_request *req);

#endif
