/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* PWR_CONTROL of architecture 14: power domains, who commands them, and reset. */
#ifndef TOOLS_MODEL_PWR_H
#define TOOLS_MODEL_PWR_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/model/gpu.h"

struct mdl_pwr;

/* Return: NULL without memory. */
struct mdl_pwr *mdl_pwr_create(void);
void mdl_pwr_destroy(struct mmx_model *m, struct mdl_pwr *pwr);
/* A reset of the GPU: all domains are the host's again. */
void mdl_pwr_reset(struct mmx_model *m);

/* Only of products that have the block (mdl_product_has_pwr()). */
uint32_t mdl_pwr_read32(struct mmx_model *m, uint32_t offset);
void mdl_pwr_write32(struct mmx_model *m, uint32_t offset, uint32_t value);

/* May the firmware switch this domain? On products without the block it always may. */
bool mdl_pwr_delegated(struct mmx_model *m, enum mdl_power_domain domain);

#endif
