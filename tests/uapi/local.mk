# SPDX-License-Identifier: GPL-2.0-only OR MIT

# Built here so that all compilers see it; run in VMs, where there is a driver (tests/vm/uapi compiles it for them).
uapi_sources = \
	%D%/bind.c %D%/bo.c %D%/cs.h %D%/drm_abi.h %D%/fault.c %D%/fdinfo.c %D%/group.c %D%/heap.c %D%/kit.c %D%/many.c \
	%D%/panthor_abi.h %D%/query.c %D%/submit.c %D%/uapi.c %D%/uapi.h %D%/vm.c
check_PROGRAMS += tests/uapi/uapi
tests_uapi_uapi_SOURCES = $(uapi_sources)
EXTRA_DIST += %D%/README.md
