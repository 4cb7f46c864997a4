/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* From the model's three lines to the client's eventfds. */
#ifndef TOOLS_MODEL_VFU_IRQ_H
#define TOOLS_MODEL_VFU_IRQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/model/model.h"
#include "tools/model/vfu_proto.h"

/*
 * Between UNMASK and firing INTx again while the level is still up. QEMU unmasks on *any* access to
 * a BAR, that is on the first read of a handler that has not cleared anything yet.
 */
#define MMX_VFU_INTX_REFIRE_NS 500000u

struct mmx_vfu_irq {
	uint32_t pending[MMX_MODEL_IRQ_COUNT]; /* as the model reported */
	int msix_fd[MMX_MODEL_IRQ_COUNT]; /* by vector = line; -1 = none */
	int intx_fd; /* -1 = none */
	bool intx_masked;
	bool intx_fired; /* masked by firing, and no answer yet */
	bool intx_inhibited; /* by configuration space */
	uint64_t refire_ns; /* when INTx is looked at again; UINT64_MAX = not planned */
};

void mmx_vfu_irq_init(struct mmx_vfu_irq *irq);
void mmx_vfu_irq_finish(struct mmx_vfu_irq *irq);
void mmx_vfu_irq_line(struct mmx_vfu_irq *irq, enum mmx_model_irq line, uint32_t pending);
bool mmx_vfu_irq_level(const struct mmx_vfu_irq *irq);
void mmx_vfu_irq_inhibit(struct mmx_vfu_irq *irq, bool inhibit);
void mmx_vfu_irq_tick(struct mmx_vfu_irq *irq, uint64_t now_ns);
uint32_t mmx_vfu_irq_count(uint32_t index);
int mmx_vfu_irq_info(struct mmx_vfu_irq_info *info);
int mmx_vfu_irq_set(struct mmx_vfu_irq *irq, const struct mmx_vfu_irq_set *set, const uint8_t *data,
		    size_t len, int *fds, unsigned int fd_count, uint64_t now_ns);

#endif
