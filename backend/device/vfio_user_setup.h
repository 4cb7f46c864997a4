/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* From a fresh connection to a GPU that does DMA and interrupts, and back. */
#ifndef BACKEND_DEVICE_VFIO_USER_SETUP_H
#define BACKEND_DEVICE_VFIO_USER_SETUP_H

#include <stddef.h>
#include <stdint.h>

#include "backend/device/device.h"
#include "backend/device/vfio_user_conn.h"

/* What the server's VERSION says, or leaves at the specification's defaults. */
struct mmx_vfu_limits {
	uint32_t max_data; /* bytes in a REGION_READ or REGION_WRITE */
	uint32_t max_dma_maps;
};

/**
 * mmx_vfu_setup() - negotiates, checks that it is a GPU, resets it, enables its interrupts and bus mastering
 * @irq_fds: eventfds of job, mmu, gpu, which are the MSI-X vectors 0, 1, 2
 *
 * Return: 0; -EPROTO: not a GPU, or not vfio-user; the server's refusal; -EIO: the server is lost.
 */
int mmx_vfu_setup(struct mmx_vfu_conn *conn, const int irq_fds[MMX_IRQ_COUNT],
		  struct mmx_vfu_limits *ret_limits);

/* Takes bus mastering away, and waits until that is done. */
void mmx_vfu_teardown(struct mmx_vfu_conn *conn);

/* @len bytes of a VERSION reply's JSON; may be 0. Return: 0; -EPROTO; -ENOMEM. */
int mmx_vfu_parse_limits(const char *json, size_t len, struct mmx_vfu_limits *ret_limits);

#endif
