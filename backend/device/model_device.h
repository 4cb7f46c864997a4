/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The model linked into this process, as a device: for tests on a virtual clock, and as the native row of
 * benchmarks. Interrupts are eventfds here too, so that the same loop serves it.
 */
#ifndef BACKEND_DEVICE_MODEL_DEVICE_H
#define BACKEND_DEVICE_MODEL_DEVICE_H

#include "backend/device/device.h"

struct mmx_model;
struct mmx_model_config;

/**
 * mmx_model_device_create() - a powered model of its own
 * @config: the model's; NULL = a coherent one of the default product
 * @now_ns: the model's clock
 * Return: 0; -ENOMEM; negative errno.
 */
int mmx_model_device_create(const struct mmx_model_config *config, uint64_t (*now_ns)(void *ctx),
			    void *ctx, struct mmx_device **ret_dev);

struct mmx_model *mmx_model_device_model(struct mmx_device *dev);
/* Runs what is due in the model; the absolute time in ns of its next wish (mmx_model_run()). */
uint64_t mmx_model_device_run(struct mmx_device *dev);
/* Makes the device behave as one whose process was killed. */
void mmx_model_device_kill(struct mmx_device *dev);

#endif
