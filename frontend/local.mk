# SPDX-License-Identifier: GPL-2.0-only OR MIT
noinst_LIBRARIES += frontend/libfrontend_core.a
frontend_libfrontend_core_a_SOURCES = \
	%D%/core/names.h %D%/core/encode.h %D%/core/encode.c %D%/core/decode.h %D%/core/decode.c \
	%D%/core/session.h %D%/core/session.c %D%/core/panthor_abi.h %D%/core/uapi.h %D%/core/uapi.c

# Link with frontend/libfrontend_core.a and hv/libhv.a, in this order.
noinst_LIBRARIES += frontend/libmalimux.a
frontend_libmalimux_a_SOURCES = \
	%D%/user/malimux.h %D%/user/guest_priv.h %D%/user/guest.c %D%/user/inbox.c %D%/user/call.c \
	%D%/user/idspace.c %D%/user/pages.h %D%/user/pages.c %D%/user/mem.c %D%/user/heap.c %D%/user/objects.c \
	%D%/user/job.c
EXTRA_DIST += %D%/README.md %D%/linux

if HAVE_CMOCKA
UNIT_TESTS += tests/unit/encode_test
tests_unit_encode_test_SOURCES = tests/unit/encode_test.c tests/unit/hex.h
tests_unit_encode_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_encode_test_LDADD = frontend/libfrontend_core.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/decode_test
tests_unit_decode_test_SOURCES = tests/unit/decode_test.c tests/unit/hex.h
tests_unit_decode_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_decode_test_LDADD = frontend/libfrontend_core.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/uapi_test
tests_unit_uapi_test_SOURCES = tests/unit/uapi_test.c tests/unit/uapi_rows.h
tests_unit_uapi_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_uapi_test_LDADD = frontend/libfrontend_core.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/uapi_work_test
tests_unit_uapi_work_test_SOURCES = tests/unit/uapi_work_test.c tests/unit/uapi_rows.h
tests_unit_uapi_work_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_uapi_work_test_LDADD = frontend/libfrontend_core.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/uapi_order_test
tests_unit_uapi_order_test_SOURCES = tests/unit/uapi_order_test.c
tests_unit_uapi_order_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_uapi_order_test_LDADD = frontend/libfrontend_core.a $(CMOCKA_LIBS)

fake_session = tests/unit/fake_backend.c tests/unit/fake_backend.h tests/unit/fake_session.c \
	tests/unit/fake_session.h tests/unit/fds.c tests/unit/fds.h

UNIT_TESTS += tests/unit/malimux_lies_test
tests_unit_malimux_lies_test_SOURCES = tests/unit/malimux_lies_test.c $(fake_session)
tests_unit_malimux_lies_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_malimux_lies_test_LDADD = frontend/libmalimux.a frontend/libfrontend_core.a hv/libhv.a \
	$(CMOCKA_LIBS) -lpthread

UNIT_TESTS += tests/unit/malimux_test
tests_unit_malimux_test_SOURCES = tests/unit/malimux_test.c $(fake_session)
tests_unit_malimux_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_malimux_test_LDADD = frontend/libmalimux.a frontend/libfrontend_core.a hv/libhv.a \
	$(CMOCKA_LIBS) -lpthread
endif

FUZZ_TESTS += tests/fuzz/decode_fuzz
tests_fuzz_decode_fuzz_SOURCES = tests/fuzz/decode_fuzz.c $(FUZZ_MAIN)
tests_fuzz_decode_fuzz_LDADD = frontend/libfrontend_core.a
tests_fuzz_decode_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

FUZZ_TESTS += tests/fuzz/guest_fuzz
tests_fuzz_guest_fuzz_SOURCES = tests/fuzz/guest_fuzz.c $(FUZZ_MAIN)
tests_fuzz_guest_fuzz_LDADD = frontend/libmalimux.a frontend/libfrontend_core.a hv/libhv.a
tests_fuzz_guest_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
