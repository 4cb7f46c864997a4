/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Address spaces: every access of the MCU and of command streams is a walk of the tables in memory. */
#ifndef TOOLS_MODEL_MMU_H
#define TOOLS_MODEL_MMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mmx_model;

/* FAULTSTATUS.ACCESS_TYPE */
enum mdl_access {
	MDL_ACCESS_ATOMIC = 0,
	MDL_ACCESS_EXECUTE = 1,
	MDL_ACCESS_READ = 2,
	MDL_ACCESS_WRITE = 3,
};

/* Why an access failed; the same has been latched in the address space's fault registers. */
struct mdl_fault {
	uint32_t exception; /* 0xc0.. translation, 0xc8.. permission, ...; see mmu.c */
	enum mdl_access access;
	uint64_t va;
	bool bus; /* translated, but the device address is not mapped for DMA: GPU_BUS_FAULT */
};

/*
 * Accesses memory through address space @as. Ranges may cross pages. On a fault nothing beyond the
 * faulting page was accessed, the fault is latched and the MMU interrupt raised, and *ret_fault (may
 * be NULL) says why.
 * Return: true = done.
 */
bool mdl_mmu_read(struct mmx_model *m, unsigned int as, uint64_t va, void *buf, size_t len,
		  enum mdl_access access, struct mdl_fault *ret_fault);
bool mdl_mmu_write(struct mmx_model *m, unsigned int as, uint64_t va, const void *buf, size_t len,
		   struct mdl_fault *ret_fault);

/* Attributes of the page that holds @va: false if it is not mapped. Never latches a fault. */
struct mdl_page_attr {
	bool read, write, exec;
	unsigned int mair; /* the MEMATTR byte that its AttrIndx selects */
};
bool mdl_mmu_attr(struct mmx_model *m, unsigned int as, uint64_t va,
		  struct mdl_page_attr *ret_attr);

#endif
