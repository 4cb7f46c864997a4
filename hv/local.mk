# SPDX-License-Identifier: GPL-2.0-only OR MIT
noinst_LIBRARIES += hv/libhv.a
hv_libhv_a_SOURCES = \
	%D%/proto/types.h %D%/proto/proto.h %D%/proto/ring.h %D%/proto/region.h %D%/proto/region.c \
	%D%/local/local.h %D%/local/local.c
EXTRA_DIST += %D%/README.md %D%/proto/README.md %D%/local/README.md

