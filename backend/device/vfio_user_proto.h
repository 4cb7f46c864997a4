/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the client says and hears on a vfio-user socket, after the public specification ("vfio-user Protocol
 * Specification", protocol 0.0; command numbers, layouts) and the public VFIO interface that it builds on (flags,
 * indices). All in the byte order of the host. malimux-model has definitions of its own.
 *
 * Each message starts with struct mmx_vfu_header; a reply echoes id and command. Most requests begin with argsz:
 * the bytes after the header that the sender would take as an answer.
 */
#ifndef BACKEND_DEVICE_VFIO_USER_PROTO_H
#define BACKEND_DEVICE_VFIO_USER_PROTO_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum mmx_vfu_command {
	MMX_VFU_VERSION = 1,
	MMX_VFU_DMA_MAP = 2,
	MMX_VFU_DMA_UNMAP = 3,
	MMX_VFU_DEVICE_GET_INFO = 4,
	MMX_VFU_DEVICE_GET_REGION_INFO = 5,
	MMX_VFU_DEVICE_GET_IRQ_INFO = 7,
	MMX_VFU_DEVICE_SET_IRQS = 8,
	MMX_VFU_REGION_READ = 9,
	MMX_VFU_REGION_WRITE = 10,
	MMX_VFU_DMA_READ = 11, /* from the server */
	MMX_VFU_DMA_WRITE = 12, /* from the server */
	MMX_VFU_DEVICE_RESET = 13,
};

struct mmx_vfu_header {
	uint16_t id;
	uint16_t command;
	uint32_t size; /* of the message, with this header */
	uint32_t flags;
#define MMX_VFU_FLAGS_TYPE     0xfu
#define MMX_VFU_TYPE_COMMAND   0u
#define MMX_VFU_TYPE_REPLY     1u
#define MMX_VFU_FLAGS_NO_REPLY 0x10u
#define MMX_VFU_FLAGS_ERROR    0x20u
	uint32_t error; /* errno, valid with FLAGS_ERROR */
};
static_assert(sizeof(struct mmx_vfu_header) == 16, "layout");

/* VERSION, both ways; then JSON with its terminating NUL, or nothing. */
struct mmx_vfu_version {
	uint16_t major;
	uint16_t minor;
};
#define MMX_VFU_MAJOR 0
#define MMX_VFU_MINOR 0

struct mmx_vfu_dma_map {
	uint32_t argsz;
	uint32_t flags;
#define MMX_VFU_DMA_MAP_READ  0x1u
#define MMX_VFU_DMA_MAP_WRITE 0x2u
	uint64_t offset;
	uint64_t addr;
	uint64_t size;
};
static_assert(sizeof(struct mmx_vfu_dma_map) == 32, "layout");

struct mmx_vfu_dma_unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t addr;
	uint64_t size;
};
static_assert(sizeof(struct mmx_vfu_dma_unmap) == 24, "layout");

struct mmx_vfu_device_info {
	uint32_t argsz;
	uint32_t flags;
#define MMX_VFU_DEVICE_RESETS 0x1u
#define MMX_VFU_DEVICE_PCI    0x2u
	uint32_t region_count;
	uint32_t irq_count;
};
static_assert(sizeof(struct mmx_vfu_device_info) == 16, "layout");

struct mmx_vfu_region_info {
	uint32_t argsz;
	uint32_t flags;
#define MMX_VFU_REGION_CAN_READ	 0x1u
#define MMX_VFU_REGION_CAN_WRITE 0x2u
	uint32_t index;
	uint32_t cap_offset;
	uint64_t size;
	uint64_t offset;
};
static_assert(sizeof(struct mmx_vfu_region_info) == 32, "layout");
#define MMX_VFU_REGION_BAR0   0u
#define MMX_VFU_REGION_CONFIG 7u

struct mmx_vfu_irq_info {
	uint32_t argsz;
	uint32_t flags;
#define MMX_VFU_IRQ_EVENTFD 0x1u
	uint32_t index;
	uint32_t count;
};
static_assert(sizeof(struct mmx_vfu_irq_info) == 16, "layout");
#define MMX_VFU_IRQ_MSIX 2u

struct mmx_vfu_irq_set {
	uint32_t argsz;
	uint32_t flags;
#define MMX_VFU_IRQ_SET_EVENTFD 0x04u
#define MMX_VFU_IRQ_SET_TRIGGER 0x20u
	uint32_t index;
	uint32_t start;
	uint32_t count;
};
static_assert(sizeof(struct mmx_vfu_irq_set) == 20, "layout");

/* REGION_READ and REGION_WRITE, both ways; data follows where there is some. */
struct mmx_vfu_region_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
};
static_assert(sizeof(struct mmx_vfu_region_access) == 16, "layout");

/* DMA_READ and DMA_WRITE, both ways; data follows where there is some. */
struct mmx_vfu_dma_access {
	uint64_t addr;
	uint64_t count;
};
static_assert(sizeof(struct mmx_vfu_dma_access) == 16, "layout");

/* Bytes of data of a message that we take: announced in our VERSION. */
#define MMX_VFU_MAX_DATA 65536u
#define MMX_VFU_MAX_MESSAGE \
	(sizeof(struct mmx_vfu_header) + sizeof(struct mmx_vfu_dma_access) + MMX_VFU_MAX_DATA)

/* PCI configuration space, from the PCI Local Bus Specification 3.0, chapter 6. */
#define MMX_PCI_COMMAND		    0x04u
#define MMX_PCI_COMMAND_MEMORY	    0x0002u
#define MMX_PCI_COMMAND_MASTER	    0x0004u
#define MMX_PCI_COMMAND_INTX_OFF    0x0400u
#define MMX_PCI_STATUS		    0x06u
#define MMX_PCI_STATUS_CAPS	    0x0010u
#define MMX_PCI_CAPS		    0x34u
#define MMX_PCI_CAP_ID_MSIX	    0x11u
#define MMX_PCI_CAP_MSIX_CONTROL    2u /* from the capability */
#define MMX_PCI_MSIX_CONTROL_ENABLE 0x8000u
#define MMX_PCI_MSIX_CONTROL_MASK   0x4000u
#define MMX_PCI_CONFIG_SIZE	    256u

#endif
