/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The vfio-user wire protocol, as far as malimux-model speaks it (protocol version 0.0; the public
 * specification is QEMU's docs/interop/vfio-user.rst). Native endianness: both ends are on one host.
 *
 * A connection is a stream of messages on a unix socket, each a header and a payload:
 *
 *   octet  0        2        4                 8                 12                16
 *         +--------+--------+-----------------+-----------------+-----------------+---
 *         |   id   |  cmd   |  size (with     |  flags          |  error (errno,  | payload
 *         |        |        |  this header)   |  type in 0..3   |  replies only)  |
 *         +--------+--------+-----------------+-----------------+-----------------+---
 *
 * Each request gets one reply with the same id and cmd, unless it has MMX_VFU_F_NO_REPLY (a posted
 * write). A reply with MMX_VFU_F_ERROR is a bare header. Descriptors travel as SCM_RIGHTS with the
 * first byte of their message.
 *
 * Both ends send requests: the client all but DMA_READ and DMA_WRITE, which are the server's. IDs
 * belong to their sender.
 */
#ifndef TOOLS_MODEL_VFU_PROTO_H
#define TOOLS_MODEL_VFU_PROTO_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum mmx_vfu_cmd {
	MMX_VFU_VERSION = 1,
	MMX_VFU_DMA_MAP = 2,
	MMX_VFU_DMA_UNMAP = 3,
	MMX_VFU_DEVICE_GET_INFO = 4,
	MMX_VFU_DEVICE_GET_REGION_INFO = 5,
	MMX_VFU_DEVICE_GET_IRQ_INFO = 7,
	MMX_VFU_DEVICE_SET_IRQS = 8,
	MMX_VFU_REGION_READ = 9,
	MMX_VFU_REGION_WRITE = 10,
	MMX_VFU_DMA_READ = 11, /* server to client */
	MMX_VFU_DMA_WRITE = 12, /* server to client */
	MMX_VFU_DEVICE_RESET = 13,
};

struct mmx_vfu_hdr {
	uint16_t id;
	uint16_t cmd; /* enum mmx_vfu_cmd */
	uint32_t size; /* of the whole message */
	uint32_t flags;
#define MMX_VFU_F_TYPE	   0x0fu
#define MMX_VFU_F_REQUEST  0x00u
#define MMX_VFU_F_REPLY	   0x01u
#define MMX_VFU_F_NO_REPLY 0x10u
#define MMX_VFU_F_ERROR	   0x20u
	uint32_t error; /* errno, in replies with MMX_VFU_F_ERROR */
};

/* Limits. Both are the protocol's defaults, or announced in the VERSION reply. */
#define MMX_VFU_MAX_XFER (1u << 20) /* data bytes of one read or write */
#define MMX_VFU_MAX_FDS	 8u /* descriptors of one message */

/* The largest message that we accept: a REGION_WRITE or a DMA_READ reply of MMX_VFU_MAX_XFER. */
#define MMX_VFU_MAX_MSG (MMX_VFU_MAX_XFER + 64u)

/* VERSION, both ways. A JSON text with its terminating NUL may follow. */
struct mmx_vfu_version {
	uint16_t major;
	uint16_t minor;
};

#define MMX_VFU_VERSION_MAJOR 0u
#define MMX_VFU_VERSION_MINOR 0u

/* DMA_MAP. With a descriptor: [offset, offset + size) of it. No payload in the reply. */
struct mmx_vfu_dma_map {
	uint32_t argsz;
	uint32_t flags;
#define MMX_VFU_DMA_READABLE  0x1u
#define MMX_VFU_DMA_WRITEABLE 0x2u
	uint64_t offset;
	uint64_t addr;
	uint64_t size;
};

/* DMA_UNMAP; the reply repeats it. */
struct mmx_vfu_dma_unmap {
	uint32_t argsz;
	uint32_t flags;
#define MMX_VFU_DMA_UNMAP_ALL 0x2u
	uint64_t addr;
	uint64_t size;
};

/* DEVICE_GET_INFO, both ways. */
struct mmx_vfu_device_info {
	uint32_t argsz;
	uint32_t flags;
#define MMX_VFU_DEVICE_RESETS 0x1u
#define MMX_VFU_DEVICE_PCI    0x2u
	uint32_t num_regions;
	uint32_t num_irqs;
};

enum mmx_vfu_region {
	MMX_VFU_REGION_BAR0 = 0,
	MMX_VFU_REGION_BAR2 = 2,
	MMX_VFU_REGION_CONFIG = 7,
	MMX_VFU_REGION_COUNT = 9, /* six BARs, ROM, configuration space, VGA */
};

/* DEVICE_GET_REGION_INFO, both ways. */
struct mmx_vfu_region_info {
	uint32_t argsz;
	uint32_t flags;
#define MMX_VFU_REGION_F_READ  0x1u
#define MMX_VFU_REGION_F_WRITE 0x2u
	uint32_t index;
	uint32_t cap_offset;
	uint64_t size;
	uint64_t offset;
};

enum mmx_vfu_irq_index {
	MMX_VFU_IRQ_INTX = 0,
	MMX_VFU_IRQ_MSI = 1,
	MMX_VFU_IRQ_MSIX = 2,
	MMX_VFU_IRQ_ERR = 3,
	MMX_VFU_IRQ_REQ = 4,
	MMX_VFU_IRQ_COUNT = 5,
};

/* DEVICE_GET_IRQ_INFO, both ways. */
struct mmx_vfu_irq_info {
	uint32_t argsz;
	uint32_t flags;
#define MMX_VFU_IRQ_F_EVENTFD	 0x1u
#define MMX_VFU_IRQ_F_MASKABLE	 0x2u
#define MMX_VFU_IRQ_F_AUTOMASKED 0x4u
	uint32_t index;
	uint32_t count;
};

/* DEVICE_SET_IRQS. With DATA_BOOL, count bytes follow. No payload in the reply. */
struct mmx_vfu_irq_set {
	uint32_t argsz;
	uint32_t flags; /* one of DATA_ and one of ACTION_ */
#define MMX_VFU_IRQ_DATA_NONE	   0x01u
#define MMX_VFU_IRQ_DATA_BOOL	   0x02u
#define MMX_VFU_IRQ_DATA_EVENTFD   0x04u
#define MMX_VFU_IRQ_ACTION_MASK	   0x08u
#define MMX_VFU_IRQ_ACTION_UNMASK  0x10u
#define MMX_VFU_IRQ_ACTION_TRIGGER 0x20u
	uint32_t index; /* enum mmx_vfu_irq_index */
	uint32_t start;
	uint32_t count;
};

/* REGION_READ and REGION_WRITE, both ways; data follows in the write and in the read's reply. */
struct mmx_vfu_region_access {
	uint64_t offset;
	uint32_t region; /* enum mmx_vfu_region */
	uint32_t count;
};

/* DMA_READ and DMA_WRITE, both ways; data follows in the write and in the read's reply. */
struct mmx_vfu_dma_access {
	uint64_t addr;
	uint64_t count;
};

static_assert(sizeof(struct mmx_vfu_hdr) == 16, "header");
static_assert(offsetof(struct mmx_vfu_hdr, size) == 4, "header");
static_assert(offsetof(struct mmx_vfu_hdr, error) == 12, "header");
static_assert(sizeof(struct mmx_vfu_version) == 4, "VERSION");
static_assert(sizeof(struct mmx_vfu_dma_map) == 32, "DMA_MAP");
static_assert(offsetof(struct mmx_vfu_dma_map, addr) == 16, "DMA_MAP");
static_assert(sizeof(struct mmx_vfu_dma_unmap) == 24, "DMA_UNMAP");
static_assert(sizeof(struct mmx_vfu_device_info) == 16, "DEVICE_GET_INFO");
static_assert(sizeof(struct mmx_vfu_region_info) == 32, "DEVICE_GET_REGION_INFO");
static_assert(offsetof(struct mmx_vfu_region_info, size) == 16, "DEVICE_GET_REGION_INFO");
static_assert(sizeof(struct mmx_vfu_irq_info) == 16, "DEVICE_GET_IRQ_INFO");
static_assert(sizeof(struct mmx_vfu_irq_set) == 20, "DEVICE_SET_IRQS");
static_assert(sizeof(struct mmx_vfu_region_access) == 16, "REGION_READ");
static_assert(sizeof(struct mmx_vfu_dma_access) == 16, "DMA_READ");

#endif
