# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Targets that judge the tree rather than build it. The work is in scripts below tests/, so that each
# can be read and run alone; what they need to know of this build they get here.

# The preprocessor's flags of every source; what a fragment defines for one program of its own must be
# here too, or clang-tidy cannot read that program.
CI_CPPFLAGS = -I. -I$(abs_top_builddir) -D_GNU_SOURCE -DPACKAGE_VERSION="$(PACKAGE_VERSION)" \
	-DMMX_VERSION="$(PACKAGE_VERSION)" \
	$(LIBUV_CFLAGS) $(LIBCONFIG_CFLAGS) $(JSONC_CFLAGS) $(CMOCKA_CFLAGS)
CI_ENV = BUILDDIR='$(abs_top_builddir)' LINT_CPPFLAGS='$(CI_CPPFLAGS)'

# Mistakes that no compiler reports. First the lint itself must see planted mistakes.
lint:
	@$(CI_ENV) $(top_srcdir)/tests/lint --self-test
	@$(CI_ENV) $(top_srcdir)/tests/lint

format-check:
	@$(CI_ENV) $(top_srcdir)/tests/format-check

header-check:
	@$(CI_ENV) LINT_CFLAGS='-std=gnu11 $(WARN_CFLAGS)' $(top_srcdir)/tests/header-check

# Lines run by the tests, by folder; in a build folder of its own.
coverage:
	@$(CI_ENV) $(top_srcdir)/tests/ci-run coverage

# Every fuzz target for FUZZ_SECONDS; only in a build --with-fuzzing=libfuzzer.
fuzz: $(FUZZ_TESTS)
if FUZZING
	@$(CI_ENV) $(top_srcdir)/tests/fuzz/run $(FUZZ_TESTS)
else
	@echo "fuzz: this build has no fuzzing engine; 'make ci CI_STAGES=fuzz' makes one that has" >&2
	@exit 1
endif

# The tests that need neither other processes nor real time: these also run under an emulator.
check-unit:
	@$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(UNIT_TESTS) $(REPLAY_TESTS)'

# Tests that have threads, for a build with ThreadSanitizer.
THREAD_TESTS = \
	tests/fuzz/vfu_server_fuzz \
	tests/unit/core_test tests/unit/ctl_test tests/unit/kvm_test tests/unit/local_test tests/unit/malimux_lies_test tests/unit/malimux_test \
	tests/unit/ring_thread_test tests/unit/session_flip_test \
	tests/unit/vfio_user_conn_test tests/unit/vfio_user_test
check-threads:
	@$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(THREAD_TESTS)'

# All that a change must pass. CI_STAGES names fewer stages.
ci:
	@$(CI_ENV) $(top_srcdir)/tests/ci-run

# The long rest, shortest first: hostile guests with a bound on what they cost others, a thousand guests under
# sanitizers, an hour of virtual time, the newest kernels in VMs, ten minutes of each fuzzer, and the commands of
# README.md on a bare Debian.
check-full: all
	@$(CI_ENV) $(top_srcdir)/tests/full-run

check-bare:
	@$(CI_ENV) $(top_srcdir)/tests/bare-debian.sh

.PHONY: lint format-check header-check coverage fuzz check-unit check-threads ci check-full check-bare

EXTRA_DIST += bootstrap HACKING.md LICENSES .clang-format .clang-tidy .ci/run \
	tests/README.md tests/env.sh tests/abi tests/apt-fetch tests/bare-debian.sh tests/ci-run \
	tests/coverage-report tests/cross tests/format-check tests/freestanding tests/full-run tests/fuzz/run \
	tests/header-check \
	tests/kobj tests/lint tests/lsan.supp tests/tidy_errno.h
