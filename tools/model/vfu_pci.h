/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The PCI function around the GPU: configuration space and the BARs' sizes. */
#ifndef TOOLS_MODEL_VFU_PCI_H
#define TOOLS_MODEL_VFU_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/model/vfu_proto.h"

#define MMX_VFU_PCI_CONFIG_SIZE 256u
#define MMX_VFU_PCI_BAR2_SIZE	4096u /* MSI-X table and pending bits */
#define MMX_VFU_PCI_TABLE_SIZE	48u /* three vectors */

struct mmx_vfu_pci {
	uint8_t config[MMX_VFU_PCI_CONFIG_SIZE];
	uint8_t table[MMX_VFU_PCI_TABLE_SIZE];
};

void mmx_vfu_pci_reset(struct mmx_vfu_pci *pci);
bool mmx_vfu_pci_master(const struct mmx_vfu_pci *pci);
bool mmx_vfu_pci_intx_off(const struct mmx_vfu_pci *pci);
void mmx_vfu_pci_config_read(const struct mmx_vfu_pci *pci, uint32_t offset, uint8_t *buf,
			     uint32_t len, bool intx_level);
bool mmx_vfu_pci_config_write(struct mmx_vfu_pci *pci, uint32_t offset, const uint8_t *buf,
			      uint32_t len);
void mmx_vfu_pci_bar2_read(const struct mmx_vfu_pci *pci, uint32_t offset, uint8_t *buf,
			   uint32_t len);
void mmx_vfu_pci_bar2_write(struct mmx_vfu_pci *pci, uint32_t offset, const uint8_t *buf,
			    uint32_t len);
uint64_t mmx_vfu_pci_region_size(uint32_t region);
int mmx_vfu_pci_region_info(struct mmx_vfu_region_info *info);

#endif
