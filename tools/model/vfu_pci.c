// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The PCI function that the GPU is packed into: owns configuration space and the bytes behind BAR 2.
 * Called by vfu.c only, which has checked all bounds against mmx_vfu_pci_region_size().
 *
 * A conventional PCI function of class "display controller, other" with INTA; BAR 0 is the register
 * window, BAR 2 holds the MSI-X table. The client delivers MSI-X itself (SET_IRQS), so the table is
 * mere storage, and the pending bits are always 0. Capabilities: MSI-X, and Advanced Features for its
 * function-level reset, without which guests cannot reset the device.
 */
#include "tools/model/vfu_pci.h"

#include <errno.h>
#include <string.h>

#include "tools/model/model.h"

/* PCI Local Bus 3.0, 6.1: type 0 header */
#define CFG_VENDOR_ID	     0x00
#define CFG_DEVICE_ID	     0x02
#define CFG_COMMAND	     0x04
#define COMMAND_MASTER	     0x0004u
#define COMMAND_INTX_DISABLE 0x0400u
#define COMMAND_WRITABLE     0x0546u /* memory, master, parity, SERR, INTx disable */
#define CFG_STATUS	     0x06
#define STATUS_INTX	     0x08u /* bit 3 */
#define STATUS_CAPABILITIES  0x10u
#define CFG_CLASS	     0x09
#define CFG_CACHE_LINE	     0x0c
#define CFG_BAR0	     0x10
#define CFG_BAR2	     0x18
#define CFG_SUBVENDOR_ID     0x2c
#define CFG_SUBDEVICE_ID     0x2e
#define CFG_CAPABILITIES     0x34
#define CFG_INT_LINE	     0x3c
#define CFG_INT_PIN	     0x3d

/* MSI-X capability, 6.8.2 */
#define CFG_MSIX	 0x40
#define CAP_ID_MSIX	 0x11
#define CFG_MSIX_CONTROL (CFG_MSIX + 2)
#define MSIX_ENABLE	 0x8000u
#define MSIX_WRITABLE	 0xc000u /* enable, function mask */
#define CFG_MSIX_TABLE	 (CFG_MSIX + 4)
#define CFG_MSIX_PBA	 (CFG_MSIX + 8)
#define BAR2_PBA	 0x800u

/* Advanced Features capability (ECN "Advanced Capabilities for Conventional PCI") */
#define CFG_AF	       0x50
#define CAP_ID_AF      0x13
#define CFG_AF_CAPS    (CFG_AF + 3)
#define AF_CAPS	       0x03 /* transactions pending, function-level reset */
#define CFG_AF_CONTROL (CFG_AF + 4)
#define AF_CONTROL_FLR 0x01

/* Arm's vendor ID, and the G610's product as the device ID. */
#define VENDOR_ID 0x13b5u
#define DEVICE_ID 0xa867u
#define CLASS	  0x038000u

static void put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *p, uint32_t value)
{
	put16(p, value);
	put16(p + 2, value >> 16);
}

static uint32_t get16(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

/* What a reset leaves. */
void mmx_vfu_pci_reset(struct mmx_vfu_pci *pci)
{
	uint8_t *c = pci->config;
	unsigned int vector;

	memset(pci, 0, sizeof(*pci));
	put16(c + CFG_VENDOR_ID, VENDOR_ID);
	put16(c + CFG_DEVICE_ID, DEVICE_ID);
	put16(c + CFG_STATUS, STATUS_CAPABILITIES);
	put16(c + CFG_CLASS, CLASS & 0xffff);
	c[CFG_CLASS + 2] = CLASS >> 16;
	put16(c + CFG_SUBVENDOR_ID, VENDOR_ID);
	put16(c + CFG_SUBDEVICE_ID, DEVICE_ID);
	c[CFG_CAPABILITIES] = CFG_MSIX;
	c[CFG_INT_PIN] = 1;

	c[CFG_MSIX] = CAP_ID_MSIX;
	c[CFG_MSIX + 1] = CFG_AF;
	put16(c + CFG_MSIX_CONTROL, MMX_MODEL_IRQ_COUNT - 1);
	put32(c + CFG_MSIX_TABLE, 2);
	put32(c + CFG_MSIX_PBA, BAR2_PBA | 2);

	c[CFG_AF] = CAP_ID_AF;
	c[CFG_AF + 2] = 6;
	c[CFG_AF_CAPS] = AF_CAPS;

	for (vector = 0; vector < MMX_MODEL_IRQ_COUNT; vector++)
		pci->table[vector * 16 + 12] = 1; /* masked */
}

/* May the device send DMA requests? */
bool mmx_vfu_pci_master(const struct mmx_vfu_pci *pci)
{
	return get16(pci->config + CFG_COMMAND) & COMMAND_MASTER;
}

/* Must INTx stay silent? */
bool mmx_vfu_pci_intx_off(const struct mmx_vfu_pci *pci)
{
	return (get16(pci->config + CFG_COMMAND) & COMMAND_INTX_DISABLE) ||
	       (get16(pci->config + CFG_MSIX_CONTROL) & MSIX_ENABLE);
}

/* @intx_level: what the interrupt status bit shows */
void mmx_vfu_pci_config_read(const struct mmx_vfu_pci *pci, uint32_t offset, uint8_t *buf,
			     uint32_t len, bool intx_level)
{
	memcpy(buf, pci->config + offset, len);
	if (intx_level && offset <= CFG_STATUS && CFG_STATUS - offset < len)
		buf[CFG_STATUS - offset] |= STATUS_INTX;
}

/* Which bits of a byte of configuration space a write changes. */
static uint8_t writable(uint32_t offset)
{
	const uint32_t bar0 = ~(MMX_MODEL_MMIO_SIZE - 1), bar2 = ~(MMX_VFU_PCI_BAR2_SIZE - 1);

	switch (offset) {
	case CFG_COMMAND:
		return COMMAND_WRITABLE & 0xff;
	case CFG_COMMAND + 1:
		return COMMAND_WRITABLE >> 8;
	case CFG_CACHE_LINE:
	case CFG_INT_LINE:
		return 0xff;
	case CFG_BAR0 ... CFG_BAR0 + 3:
		return (uint8_t)(bar0 >> (8 * (offset - CFG_BAR0)));
	case CFG_BAR2 ... CFG_BAR2 + 3:
		return (uint8_t)(bar2 >> (8 * (offset - CFG_BAR2)));
	case CFG_MSIX_CONTROL + 1:
		return MSIX_WRITABLE >> 8;
	default:
		return 0;
	}
}

/* Return: whether the write asks for a function-level reset, which is the caller's to do. */
bool mmx_vfu_pci_config_write(struct mmx_vfu_pci *pci, uint32_t offset, const uint8_t *buf,
			      uint32_t len)
{
	bool flr = false;
	uint32_t i;

	for (i = 0; i < len; i++) {
		uint8_t mask = writable(offset + i), *c = &pci->config[offset + i];

		*c = (uint8_t)((*c & ~mask) | (buf[i] & mask));
		if (offset + i == CFG_AF_CONTROL && (buf[i] & AF_CONTROL_FLR))
			flr = true;
	}
	return flr;
}

void mmx_vfu_pci_bar2_read(const struct mmx_vfu_pci *pci, uint32_t offset, uint8_t *buf,
			   uint32_t len)
{
	uint32_t n;

	memset(buf, 0, len);
	if (offset >= sizeof(pci->table))
		return;
	n = (uint32_t)sizeof(pci->table) - offset;
	memcpy(buf, pci->table + offset, len < n ? len : n);
}

void mmx_vfu_pci_bar2_write(struct mmx_vfu_pci *pci, uint32_t offset, const uint8_t *buf,
			    uint32_t len)
{
	uint32_t n;

	if (offset >= sizeof(pci->table))
		return;
	n = (uint32_t)sizeof(pci->table) - offset;
	memcpy(pci->table + offset, buf, len < n ? len : n);
}

/* Bytes of a region; 0 for one that does not exist. */
uint64_t mmx_vfu_pci_region_size(uint32_t region)
{
	switch (region) {
	case MMX_VFU_REGION_BAR0:
		return MMX_MODEL_MMIO_SIZE;
	case MMX_VFU_REGION_BAR2:
		return MMX_VFU_PCI_BAR2_SIZE;
	case MMX_VFU_REGION_CONFIG:
		return MMX_VFU_PCI_CONFIG_SIZE;
	default:
		return 0;
	}
}

/**
 * mmx_vfu_pci_region_info() - answers DEVICE_GET_REGION_INFO in place
 *
 * No region offers mmap(): one that did would make QEMU wait for each write.
 *
 * Return: 0, or the errno to answer with.
 */
int mmx_vfu_pci_region_info(struct mmx_vfu_region_info *info)
{
	if (info->argsz < sizeof(*info) || info->index >= MMX_VFU_REGION_COUNT)
		return EINVAL;
	*info = (struct mmx_vfu_region_info){
		.argsz = sizeof(*info),
		.index = info->index,
		.size = mmx_vfu_pci_region_size(info->index),
	};
	if (info->size)
		info->flags = MMX_VFU_REGION_F_READ | MMX_VFU_REGION_F_WRITE;
	return 0;
}
