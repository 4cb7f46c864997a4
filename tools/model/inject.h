/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Faults that a test asks for: the blocks ask here whether the next thing is to go wrong. */
#ifndef TOOLS_MODEL_INJECT_H
#define TOOLS_MODEL_INJECT_H

#include <stdbool.h>
#include <stdint.h>

struct mmx_model;
struct mdl_inject;

enum mdl_point {
	/* take a time, and can be delayed */
	MDL_POINT_RESET,
	MDL_POINT_FLUSH,
	MDL_POINT_POWER,
	MDL_POINT_AS, /* a command of an address space */
	MDL_POINT_BOOT,
	MDL_POINT_FIRMWARE, /* whatever the firmware does next */
	MDL_POINT_JOB,
	/* happen at once, and can be lost */
	MDL_POINT_DOORBELL,
	MDL_POINT_IRQ_JOB, /* and the other lines, in the order of enum mmx_model_irq */
	MDL_POINT_IRQ_MMU,
	MDL_POINT_IRQ_GPU,
	MDL_POINTS,
};

/* Return: NULL without memory. */
struct mdl_inject *mdl_inject_create(void);
void mdl_inject_destroy(struct mdl_inject *inject);

/* Something begins that takes @ns. Return: what it is to take. */
uint64_t mdl_inject_ns(struct mmx_model *m, enum mdl_point point, uint64_t ns);
/* Something is to happen at once. Return: true if it is lost. */
bool mdl_inject_lost(struct mmx_model *m, enum mdl_point point);
/* The firmware is to do something. Return: when it can; now or the past = it is not stalled. */
uint64_t mdl_inject_firmware_ns(struct mmx_model *m);
/* It was stopped, and boots anew. */
void mdl_inject_firmware_stopped(struct mmx_model *m);
/* A register has been read. Return: what the reader sees. */
uint32_t mdl_inject_read(struct mmx_model *m, uint32_t offset, uint32_t value);

#endif
