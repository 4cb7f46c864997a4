/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The transport of virtual machines: an ivshmem device (hv/kvm/kvm.h). */
#ifndef FRONTEND_LINUX_PCI_H
#define FRONTEND_LINUX_PCI_H

int mmx_pci_init(void);
void mmx_pci_exit(void);

#endif
