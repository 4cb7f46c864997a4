# SPDX-License-Identifier: GPL-2.0-only OR MIT

# Whole processes: model, daemon, guests. lib.sh has what they share.
check_PROGRAMS += tests/int/many_groups tests/int/rude_guest
tests_int_many_groups_SOURCES = %D%/many_groups.c
tests_int_many_groups_LDADD = $(guest_libs)
tests_int_rude_guest_SOURCES = %D%/rude_guest.c

# Drivers: they also ask the daemon what it holds.
noinst_LIBRARIES += tests/lib/libask.a
tests_lib_libask_a_SOURCES = tests/lib/ask.c tests/lib/ask.h tests/lib/say.c tests/lib/say.h
tests_lib_libask_a_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)

check_PROGRAMS += tests/int/conformance
tests_int_conformance_SOURCES = \
	%D%/conformance.c %D%/conformance.h \
	%D%/conformance_breaches.c %D%/conformance_check.c %D%/conformance_forms.c \
	%D%/conformance_rows.c %D%/conformance_stories.c
tests_int_conformance_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
tests_int_conformance_LDADD = tests/lib/libask.a $(guest_libs) $(JSONC_LIBS)

check_PROGRAMS += tests/int/rude_machine
tests_int_rude_machine_SOURCES = %D%/rude_machine.c %D%/hostile_kit.c %D%/hostile_kit.h
tests_int_rude_machine_LDADD = $(guest_libs)

check_PROGRAMS += tests/int/ram_machine
tests_int_ram_machine_SOURCES = %D%/ram_machine.c %D%/hostile_kit.c %D%/hostile_kit.h
tests_int_ram_machine_LDADD = $(guest_libs)

check_PROGRAMS += tests/int/survivor
tests_int_survivor_SOURCES = %D%/survivor.c
tests_int_survivor_LDADD = $(guest_libs)

check_PROGRAMS += tests/int/mortal
tests_int_mortal_SOURCES = %D%/mortal.c
tests_int_mortal_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
tests_int_mortal_LDADD = tests/lib/libask.a $(guest_libs) $(JSONC_LIBS)

check_PROGRAMS += tests/int/hostile
tests_int_hostile_SOURCES = \
	%D%/hostile.c %D%/hostile.h %D%/hostile_gpu.c %D%/hostile_kinds.c %D%/hostile_kit.c %D%/hostile_kit.h
tests_int_hostile_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
tests_int_hostile_LDADD = tests/lib/libask.a $(guest_libs) $(JSONC_LIBS) -lpthread

check_PROGRAMS += tests/int/model_faults tests/int/say
tests_int_model_faults_SOURCES = %D%/model_faults.c
tests_int_model_faults_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
tests_int_model_faults_LDADD = tests/lib/libask.a $(guest_libs) $(JSONC_LIBS)
tests_int_say_SOURCES = %D%/say.c
tests_int_say_LDADD = tests/lib/libask.a $(guest_libs) $(JSONC_LIBS)

house_tests = \
	%D%/census.sh \
	%D%/conformance.sh \
	%D%/daemon_stop.sh \
	%D%/descriptors.sh \
	%D%/endless.sh \
	%D%/guest_killed.sh \
	%D%/guest_ram.sh \
	%D%/hostile.sh \
	%D%/handshake.sh \
	%D%/model_faults.sh \
	%D%/ivshmem.sh \
	%D%/ivshmem_qemu.sh \
	%D%/model_killed.sh \
	%D%/model_starved.sh \
	%D%/oversubscribed.sh \
	%D%/polling.sh \
	%D%/products.sh \
	%D%/real_firmware.sh \
	%D%/refused.sh \
	%D%/ring_sizes.sh \
	%D%/takeover.sh \
	%D%/thousand_guests.sh \
	%D%/two_guests.sh
INT_TESTS += $(house_tests)
dist_check_SCRIPTS += $(house_tests)
EXTRA_DIST += %D%/lib.sh
