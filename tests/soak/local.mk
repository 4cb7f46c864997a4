# SPDX-License-Identifier: GPL-2.0-only OR MIT

# Some seconds of it are a test like others; 'make check-full' has an hour of virtual time.
UNIT_TESTS += tests/soak/soak
tests_soak_soak_SOURCES = %D%/soak.c %D%/soak.h %D%/soak_guest.c $(RIG)
tests_soak_soak_LDADD = $(RIG_LIBS)
