# SPDX-License-Identifier: GPL-2.0-only OR MIT
noinst_LIBRARIES += backend/libsched.a
backend_libsched_a_SOURCES = %D%/alone.c %D%/decide.c %D%/sched.c \
	%D%/sched.h %D%/sched_priv.h
EXTRA_DIST += %D%/README.md

if HAVE_CMOCKA
UNIT_TESTS += tests/unit/sched_wait_test
tests_unit_sched_wait_test_SOURCES = tests/unit/sched_wait_test.c tests/unit/sched_machine.c tests/unit/sched_machine.h
tests_unit_sched_wait_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_sched_wait_test_LDADD = backend/libsched.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/sched_test
tests_unit_sched_test_SOURCES = tests/unit/sched_test.c tests/unit/sched_machine.c tests/unit/sched_machine.h
tests_unit_sched_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_sched_test_LDADD = backend/libsched.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/sched_alone_test
tests_unit_sched_alone_test_SOURCES = tests/unit/sched_alone_test.c tests/unit/sched_machine.c \
	tests/unit/sched_machine.h
tests_unit_sched_alone_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_sched_alone_test_LDADD = backend/libsched.a $(CMOCKA_LIBS)
endif
