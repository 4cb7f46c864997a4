// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What is shared with processes (hv/proto, frontend/core), compiled for the kernel. Here, and not where it lies, so that
 * its objects are not mistaken for those of the other build.
 */
#include "frontend/core/decode.c"
#include "frontend/core/encode.c"
#include "frontend/core/session.c"
#include "frontend/core/uapi.c"
#include "hv/proto/region.c"
