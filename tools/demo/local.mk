# SPDX-License-Identifier: GPL-2.0-only OR MIT

# What guests of the tests and of the demo share: an assembler of command streams, and jobs made of them. Link with
# $(guest_libs).
noinst_LIBRARIES += tests/lib/libguest.a
tests_lib_libguest_a_SOURCES = \
	tests/lib/cs_asm.c tests/lib/cs_asm.h \
	tests/lib/raw.c tests/lib/raw.h \
	tests/lib/work.c tests/lib/work.h
guest_libs = tests/lib/libguest.a frontend/libmalimux.a frontend/libfrontend_core.a hv/libhv.a

if HAVE_CMOCKA
UNIT_TESTS += tests/unit/cs_asm_test
tests_unit_cs_asm_test_SOURCES = tests/unit/cs_asm_test.c
tests_unit_cs_asm_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_cs_asm_test_LDADD = tests/lib/libguest.a $(CMOCKA_LIBS)
endif

noinst_PROGRAMS += tools/demo/malimux-demo-guest
tools_demo_malimux_demo_guest_SOURCES = \
	%D%/main.c %D%/guest.h \
	%D%/compute.c %D%/faults.c %D%/render.c
tools_demo_malimux_demo_guest_LDADD = $(guest_libs)

# The model, the daemon and two guests; './bootstrap demo' ends here.
demo: all
	@top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
		bash '$(abs_top_srcdir)/tools/demo/demo'
.PHONY: demo
dist_noinst_SCRIPTS += %D%/demo
EXTRA_DIST += %D%/README.md %D%/malimuxd.conf README.md docs/architecture.md docs/threat-model.md
