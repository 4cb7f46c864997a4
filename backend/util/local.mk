# SPDX-License-Identifier: GPL-2.0-only OR MIT
noinst_LIBRARIES += backend/libutil.a
backend_libutil_a_SOURCES = \
	%D%/list.h \
	%D%/log.c %D%/log.h \
	%D%/timer.c %D%/timer.h
EXTRA_DIST += %D%/README.md

if HAVE_CMOCKA
UNIT_TESTS += tests/unit/timer_test tests/unit/log_test

tests_unit_timer_test_SOURCES = tests/unit/timer_test.c
tests_unit_timer_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_timer_test_LDADD = backend/libutil.a $(CMOCKA_LIBS)

tests_unit_log_test_SOURCES = tests/unit/log_test.c
tests_unit_log_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_log_test_LDADD = backend/libutil.a $(CMOCKA_LIBS)
endif
