/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The firmware as a driver sees it: the interface in the shared section, doorbells, and the groups and
 * streams behind them. cs.h has what it offers to streams.
 */
#ifndef TOOLS_MODEL_CSF_H
#define TOOLS_MODEL_CSF_H

#include <stdbool.h>
#include <stdint.h>

struct mmx_model;
struct mdl_csf;

/* Return: NULL without memory. */
struct mdl_csf *mdl_csf_create(void);
void mdl_csf_destroy(struct mmx_model *m, struct mdl_csf *csf);

/*
 * Firmware begins to run: reads the interface layout that the image brings, fills in what firmware
 * fills in. Return: NULL, or why it cannot run.
 */
const char *mdl_csf_start(struct mmx_model *m);
/* It is no more: all groups are gone. Fine if it does not run. */
void mdl_csf_stop(struct mmx_model *m);
/* Return: true also while it sleeps; false if it was never started, is halted, or died. */
bool mdl_csf_running(struct mmx_model *m);

/* A write to doorbell page @index. */
void mdl_csf_doorbell(struct mmx_model *m, unsigned int index);

/* At most one slice of each runnable stream whose time has come. */
void mdl_csf_run(struct mmx_model *m);
/* When that is next; UINT64_MAX = no stream is runnable. */
uint64_t mdl_csf_next_ns(const struct mdl_csf *csf);

/* Priority of the slot's group, 0..15; the highest is served first on the endpoints. */
unsigned int mdl_csf_priority(struct mmx_model *m, unsigned int csg);

/* How long a job may be on cores without a sign of progress before the host is told; 0 = for ever. */
uint64_t mdl_csf_progress_ns(struct mmx_model *m);
/* A job of the slot's group has been so long without one. */
void mdl_csf_no_progress(struct mmx_model *m, unsigned int csg);

/* gpu.c: shader cores or the tiler have been powered up or down. */
void mdl_csf_power_changed(struct mmx_model *m);

#endif
