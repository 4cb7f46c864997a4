/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* MCU_CONTROL: the microcontroller that runs the firmware, as far as a driver sees it. */
#ifndef TOOLS_MODEL_MCU_H
#define TOOLS_MODEL_MCU_H

#include <stdbool.h>
#include <stdint.h>

struct mmx_model;
struct mdl_mcu;

/* Where every firmware image has the interface, in the MCU's (AS 0's) addresses. */
#define MDL_MCU_SHARED_VA 0x04000000u

/* Return: NULL without memory. */
struct mdl_mcu *mdl_mcu_create(void);
void mdl_mcu_destroy(struct mmx_model *m, struct mdl_mcu *mcu);
void mdl_mcu_reset(struct mmx_model *m);

uint32_t mdl_mcu_read32(struct mmx_model *m, uint32_t offset);
void mdl_mcu_write32(struct mmx_model *m, uint32_t offset, uint32_t value);

/* gpu.c: the L2 has been powered up or down. */
void mdl_mcu_l2_changed(struct mmx_model *m);
/* csf.c: the firmware cannot go on; ends in MCU_STATUS fatal. Stops the firmware: call it last. */
void mdl_mcu_fatal(struct mmx_model *m, const char *why);
/* csf.c: the firmware halts itself (HALT, SLEEP), or wakes. */
void mdl_mcu_set_halted(struct mmx_model *m, bool halted);

#endif
