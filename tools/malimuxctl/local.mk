# SPDX-License-Identifier: GPL-2.0-only OR MIT
noinst_LIBRARIES += tools/malimuxctl/libctl.a
bin_PROGRAMS += tools/malimuxctl/malimuxctl
dist_man_MANS += %D%/malimuxctl.1

tools_malimuxctl_libctl_a_SOURCES = \
	%D%/answer.c %D%/answer.h \
	%D%/ask.c %D%/ask.h \
	%D%/census.c \
	%D%/show.c %D%/show.h \
	%D%/table.c %D%/table.h
tools_malimuxctl_libctl_a_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)

tools_malimuxctl_malimuxctl_SOURCES = %D%/main.c %D%/run.c %D%/run.h
tools_malimuxctl_malimuxctl_LDADD = tools/malimuxctl/libctl.a $(JSONC_LIBS)

if HAVE_CMOCKA
UNIT_TESTS += tests/unit/ctl_test
tests_unit_ctl_test_SOURCES = tests/unit/ctl_test.c
tests_unit_ctl_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -pthread
tests_unit_ctl_test_LDADD = tools/malimuxctl/libctl.a $(JSONC_LIBS) $(CMOCKA_LIBS)
endif

FUZZ_TESTS += tests/fuzz/ctl_fuzz
tests_fuzz_ctl_fuzz_SOURCES = tests/fuzz/ctl_fuzz.c $(FUZZ_MAIN)
tests_fuzz_ctl_fuzz_LDADD = tools/malimuxctl/libctl.a $(JSONC_LIBS)
tests_fuzz_ctl_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

# the program, against a socket where nobody listens
INT_TESTS += tests/int/malimuxctl.sh
EXTRA_DIST += tests/int/malimuxctl.sh
