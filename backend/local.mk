# SPDX-License-Identifier: GPL-2.0-only OR MIT
include backend/util/local.mk
include backend/device/local.mk
include backend/gpu/local.mk
