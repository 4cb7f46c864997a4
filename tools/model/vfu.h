/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A vfio-user server for one GPU model and one client at a time.
 *
 * Owns the model, since the model's surroundings (time, interrupts, DMA) are the client's. One thread;
 * nothing here sleeps, but for the bounded waits that vfu_conn.h names.
 */
#ifndef TOOLS_MODEL_VFU_H
#define TOOLS_MODEL_VFU_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/model/model.h"

struct mmx_vfu;

struct mmx_vfu_config {
	struct mmx_model_config model;
	uint64_t (*now_ns)(void); /* NULL = CLOCK_MONOTONIC */
	FILE *trace; /* a line for each message and register access; NULL = none */
	FILE *spans; /* what the blocks do, as JSON for Chrome's tracing; NULL = none */
	bool quiet; /* not even errors on stderr */
	bool verbose; /* the model's and the client's doings on stderr */
};

enum mmx_vfu_outcome {
	MMX_VFU_E_IDLE = 1, /* all that has arrived is handled */
	MMX_VFU_E_GONE, /* the client is gone; the server is ready for the next one */
};

int mmx_vfu_create(const struct mmx_vfu_config *config, struct mmx_vfu **ret_vfu);
void mmx_vfu_destroy(struct mmx_vfu *vfu);
int mmx_vfu_guard(struct mmx_vfu *vfu);
void mmx_vfu_attach(struct mmx_vfu *vfu, int fd);
int mmx_vfu_fd(const struct mmx_vfu *vfu);
uint64_t mmx_vfu_findings(const struct mmx_vfu *vfu);
/* As mmx_model_command(). */
void mmx_vfu_command(struct mmx_vfu *vfu, const char *line, char *reply, size_t size);
bool mmx_vfu_served(const struct mmx_vfu *vfu);
int mmx_vfu_poll(struct mmx_vfu *vfu);
void mmx_vfu_run(struct mmx_vfu *vfu);
uint64_t mmx_vfu_now_ns(const struct mmx_vfu *vfu);
uint64_t mmx_vfu_model_ns(const struct mmx_vfu *vfu);
uint64_t mmx_vfu_timer_ns(const struct mmx_vfu *vfu);

#endif
