# SPDX-License-Identifier: GPL-2.0-only OR MIT
noinst_LIBRARIES += backend/libcore.a

# the middle of the daemon: users link it before all other libraries of backend/
backend_libcore_a_SOURCES = \
	%D%/census.c %D%/json_add.h \
	%D%/chore.c %D%/chore.h \
	%D%/config.c %D%/config.h %D%/config_file.c %D%/config_priv.h %D%/config_value.c \
	%D%/control.c %D%/control.h \
	%D%/core.c %D%/core.h %D%/core_priv.h \
	%D%/firmware_file.c %D%/firmware_file.h \
	%D%/groups.c \
	%D%/holder.c %D%/holder.h %D%/holdings.c \
	%D%/jobs.c \
	%D%/listener.c %D%/listener.h %D%/listener_priv.h %D%/machines.c \
	%D%/poller.c %D%/poller.h \
	%D%/loop.c %D%/loop.h \
	%D%/quarantine.c \
	%D%/ram.c %D%/ram.h \
	%D%/resets.c \
	%D%/power.c \
	%D%/status.c \
	%D%/strays.c \
	%D%/syncs.c \
	%D%/timeouts.c
backend_libcore_a_CFLAGS = $(AM_CFLAGS) $(LIBUV_CFLAGS) $(LIBCONFIG_CFLAGS) $(JSONC_CFLAGS)

EXTRA_DIST += %D%/README.md

if HAVE_CMOCKA
UNIT_TESTS += tests/unit/config_test tests/unit/control_test tests/unit/poller_test

tests_unit_poller_test_SOURCES = tests/unit/poller_test.c
tests_unit_poller_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_poller_test_LDADD = backend/libcore.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/holder_test
tests_unit_holder_test_SOURCES = tests/unit/holder_test.c tests/unit/fds.c tests/unit/fds.h
tests_unit_holder_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_holder_test_LDADD = backend/libcore.a hv/libhv.a backend/libutil.a $(CMOCKA_LIBS)

tests_unit_config_test_SOURCES = tests/unit/config_test.c
tests_unit_config_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_config_test_LDADD = backend/libcore.a hv/libhv.a backend/libutil.a $(LIBCONFIG_LIBS) $(CMOCKA_LIBS)

tests_unit_control_test_SOURCES = tests/unit/control_test.c
tests_unit_control_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(LIBUV_CFLAGS) $(JSONC_CFLAGS)
tests_unit_control_test_LDADD = backend/libcore.a hv/libhv.a backend/libutil.a \
	$(LIBUV_LIBS) $(JSONC_LIBS) $(CMOCKA_LIBS)
endif

FUZZ_TESTS += tests/fuzz/config_fuzz tests/fuzz/control_fuzz

tests_fuzz_config_fuzz_SOURCES = tests/fuzz/config_fuzz.c $(FUZZ_MAIN)
tests_fuzz_config_fuzz_LDADD = backend/libcore.a hv/libhv.a backend/libutil.a $(LIBCONFIG_LIBS)
tests_fuzz_config_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

tests_fuzz_control_fuzz_SOURCES = tests/fuzz/control_fuzz.c $(FUZZ_MAIN)
tests_fuzz_control_fuzz_CFLAGS = $(AM_CFLAGS) $(LIBUV_CFLAGS) $(JSONC_CFLAGS)
tests_fuzz_control_fuzz_LDADD = backend/libcore.a hv/libhv.a backend/libutil.a \
	$(LIBUV_LIBS) $(JSONC_LIBS)
tests_fuzz_control_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

# every setting stands in its man page; the example is one that the daemon takes
INT_TESTS += tests/int/malimuxd_conf.sh
EXTRA_DIST += tests/int/malimuxd_conf.sh
