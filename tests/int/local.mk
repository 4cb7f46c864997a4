# SPDX-License-Identifier: GPL-2.0-only OR MIT

# Whole processes: model, daemon, guests. lib.sh has what they share.
check_PROGRAMS += tests/int/many_groups
tests_int_many_groups_SOURCES = %D%/many_groups.c
tests_int_many_groups_LDADD = $(guest_libs)

house_tests = \
	%D%/daemon_stop.sh \
	%D%/descriptors.sh \
	%D%/endless.sh \
	%D%/guest_killed.sh \
	%D%/model_killed.sh \
	%D%/oversubscribed.sh \
	%D%/real_firmware.sh \
	%D%/refused.sh \
	%D%/two_guests.sh
INT_TESTS += $(house_tests)
dist_check_SCRIPTS += $(house_tests)
EXTRA_DIST += %D%/lib.sh
