/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* A trace of what each block of the model did, as JSON that Chrome's tracing and Perfetto read. */
#ifndef TOOLS_MODEL_CHROME_H
#define TOOLS_MODEL_CHROME_H

#include <stdio.h>

#include "tools/model/model.h"

struct mmx_chrome;

/* @file stays the caller's. Return: NULL without memory. */
struct mmx_chrome *mmx_chrome_create(FILE *file);
/* Ends the JSON. NULL is fine. */
void mmx_chrome_destroy(struct mmx_chrome *chrome);
void mmx_chrome_span(struct mmx_chrome *chrome, const struct mmx_model_span *span);

#endif
