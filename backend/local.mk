# SPDX-License-Identifier: GPL-2.0-only OR MIT
sbin_PROGRAMS += backend/malimuxd
backend_malimuxd_SOURCES = %D%/main.c
backend_malimuxd_CPPFLAGS = $(AM_CPPFLAGS) -DMMX_VERSION='"$(PACKAGE_VERSION)"'
backend_malimuxd_LDADD = \
	backend/libcore.a \
	backend/libsession.a \
	backend/libsched.a \
	backend/gpu/libgpu.a \
	backend/device/libdevice.a \
	firmware/libfirmware.a \
	hv/libhv.a \
	backend/libutil.a \
	$(LIBUV_LIBS) $(LIBCONFIG_LIBS) $(JSONC_LIBS)

dist_man_MANS += %D%/malimuxd.8 %D%/malimuxd.conf.5
EXTRA_DIST += %D%/README.md docs/limits.md
dist_doc_DATA += %D%/malimuxd.conf.example

include backend/util/local.mk
include backend/device/local.mk
include backend/gpu/local.mk
include backend/sched/local.mk
include backend/session/local.mk
include backend/core/local.mk
