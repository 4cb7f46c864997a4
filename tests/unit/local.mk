# SPDX-License-Identifier: GPL-2.0-only OR MIT

# The whole backend in one process, on the model and a virtual clock: tests and a fuzzer of core and session, which
# are of no one folder.
RIG = %D%/rig.c %D%/rig.h %D%/rig_ctx.c %D%/rig_guest.c %D%/rig_guest.h %D%/two_views.c %D%/two_views.h
RIG_LIBS = \
	backend/libcore.a backend/libsession.a backend/libsched.a backend/gpu/libgpu.a \
	backend/device/libmodel_device.a backend/device/libdevice.a tools/model/libmodel.a \
	firmware/libfirmware.a tests/lib/libguest.a frontend/libfrontend_core.a hv/libhv.a \
	backend/libutil.a $(JSONC_LIBS)

if HAVE_CMOCKA
UNIT_TESTS += tests/unit/core_sched_test tests/unit/core_sync_test tests/unit/core_test tests/unit/core_fault_test tests/unit/core_heap_test tests/unit/core_hostile_test tests/unit/core_end_test \
	tests/unit/session_label_test tests/unit/session_test tests/unit/session_bind_test tests/unit/session_ring_test \
	tests/unit/vma_test tests/unit/core_views_test tests/unit/two_views_test

tests_unit_core_test_SOURCES = %D%/core_test.c $(RIG)
tests_unit_core_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -pthread
tests_unit_core_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

tests_unit_core_views_test_SOURCES = %D%/core_views_test.c $(RIG)
tests_unit_core_views_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_views_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

tests_unit_two_views_test_SOURCES = %D%/two_views_test.c %D%/two_views.c %D%/two_views.h
tests_unit_two_views_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_two_views_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

tests_unit_core_sched_test_SOURCES = %D%/core_sched_test.c $(RIG)
tests_unit_core_sched_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_sched_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

tests_unit_core_sync_test_SOURCES = %D%/core_sync_test.c $(RIG)
tests_unit_core_sync_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_sync_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

tests_unit_session_label_test_SOURCES = %D%/session_label_test.c $(RIG)
tests_unit_session_label_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_session_label_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/core_census_test
tests_unit_core_census_test_SOURCES = %D%/core_census_test.c $(RIG)
tests_unit_core_census_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JSONC_CFLAGS)
tests_unit_core_census_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

tests_unit_core_hostile_test_SOURCES = %D%/core_hostile_test.c $(RIG)
tests_unit_core_hostile_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_hostile_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

tests_unit_core_heap_test_SOURCES = %D%/core_heap_test.c $(RIG)
tests_unit_core_heap_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_heap_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)
tests_unit_core_fault_test_SOURCES = %D%/core_fault_test.c $(RIG)
tests_unit_core_fault_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_fault_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/core_timeout_test
tests_unit_core_timeout_test_SOURCES = %D%/core_timeout_test.c $(RIG)
tests_unit_core_timeout_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_timeout_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/core_ladder_test
tests_unit_core_ladder_test_SOURCES = %D%/core_ladder_test.c $(RIG)
tests_unit_core_ladder_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_ladder_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/core_quarantine_test
tests_unit_core_quarantine_test_SOURCES = %D%/core_quarantine_test.c $(RIG)
tests_unit_core_quarantine_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_quarantine_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

tests_unit_core_end_test_SOURCES = %D%/core_end_test.c $(RIG)
tests_unit_core_end_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_end_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

tests_unit_session_test_SOURCES = %D%/session_test.c $(RIG)
tests_unit_session_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_session_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

tests_unit_session_bind_test_SOURCES = %D%/session_bind_test.c $(RIG)
tests_unit_session_bind_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_session_bind_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/session_space_test
tests_unit_session_space_test_SOURCES = %D%/session_space_test.c $(RIG)
tests_unit_session_space_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_session_space_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/session_async_test tests/unit/session_edit_test
tests_unit_session_async_test_SOURCES = %D%/session_async_test.c $(RIG)
tests_unit_session_async_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_session_async_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=mmx_dma_alloc
tests_unit_session_async_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

tests_unit_session_edit_test_SOURCES = %D%/session_edit_test.c $(RIG)
tests_unit_session_edit_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_session_edit_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/session_credit_test
tests_unit_session_credit_test_SOURCES = %D%/session_credit_test.c $(RIG)
tests_unit_session_credit_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_session_credit_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/session_random_test
tests_unit_session_random_test_SOURCES = %D%/session_random_test.c $(RIG)
tests_unit_session_random_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_session_random_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

tests_unit_session_ring_test_SOURCES = %D%/session_ring_test.c $(RIG)
tests_unit_session_ring_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_session_ring_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/core_wait_test
tests_unit_core_wait_test_SOURCES = %D%/core_wait_test.c $(RIG)
tests_unit_core_wait_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_wait_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/core_nomem_test
tests_unit_core_nomem_test_SOURCES = %D%/core_nomem_test.c $(RIG)
tests_unit_core_nomem_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_nomem_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)
tests_unit_core_nomem_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

UNIT_TESTS += tests/unit/session_flip_test
tests_unit_session_flip_test_SOURCES = %D%/session_flip_test.c $(RIG)
tests_unit_session_flip_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -pthread
tests_unit_session_flip_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

tests_unit_vma_test_SOURCES = %D%/vma_test.c
tests_unit_vma_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_vma_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/core_interface_test
tests_unit_core_interface_test_SOURCES = %D%/core_interface_test.c $(RIG)
tests_unit_core_interface_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_interface_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/core_power_test
tests_unit_core_power_test_SOURCES = %D%/core_power_test.c $(RIG)
tests_unit_core_power_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JSONC_CFLAGS)
tests_unit_core_power_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/core_mix_test
tests_unit_core_mix_test_SOURCES = %D%/core_mix_test.c $(RIG)
tests_unit_core_mix_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_mix_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=mmx_dma_alloc
tests_unit_core_mix_test_LDADD = $(RIG_LIBS) $(CMOCKA_LIBS)
endif

FUZZ_TESTS += tests/fuzz/session_fuzz
tests_fuzz_session_fuzz_SOURCES = tests/fuzz/session_fuzz.c $(RIG) $(FUZZ_MAIN)
tests_fuzz_session_fuzz_LDADD = $(RIG_LIBS)
tests_fuzz_session_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
