# SPDX-License-Identifier: GPL-2.0-only OR MIT

# Unit tests and fuzz targets are declared by the folder they test; what all share is here.
EXTRA_DIST += tests/fuzz/corpus
# compiled by the tests in VMs, for their guests
EXTRA_DIST += tests/gfx
include tools/demo/local.mk
include tests/int/local.mk
include tests/unit/local.mk
include tests/soak/local.mk
include tests/uapi/local.mk
include tests/diff/local.mk
include tests/vm/local.mk

check_PROGRAMS += $(UNIT_TESTS) $(FUZZ_TESTS)
TESTS += $(UNIT_TESTS)
# With a fuzzing engine the targets have its main() and replay nothing.
if FUZZING
REPLAY_TESTS =
else
REPLAY_TESTS = $(FUZZ_TESTS)
endif
TESTS += $(REPLAY_TESTS)
TESTS += $(INT_TESTS)

AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir;

# Bounds the time of each test, and runs it under an emulator in a cross build.
LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/run-test
EXTRA_DIST += tests/run-test tests/run-summary

INT_TESTS += tests/int/run_summary
dist_check_SCRIPTS += tests/int/run_summary
