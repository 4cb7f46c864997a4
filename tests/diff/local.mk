# SPDX-License-Identifier: GPL-2.0-only OR MIT

# Built here so that all compilers see it; run in VMs, where there are drivers (tests/vm/diff compiles it for them).
check_PROGRAMS += tests/diff/replay
tests_diff_replay_SOURCES = \
	%D%/diff.h %D%/late.c %D%/main.c %D%/objects.c %D%/work.c %D%/world.c \
	tests/uapi/cs.h tests/uapi/drm_abi.h tests/uapi/kit.c tests/uapi/panthor_abi.h tests/uapi/uapi.h
INT_TESTS += tests/diff/compare_test
dist_check_SCRIPTS += %D%/compare_test
EXTRA_DIST += %D%/README.md %D%/compare
