# SPDX-License-Identifier: GPL-2.0-only OR MIT
noinst_LIBRARIES += hv/libhv.a
hv_libhv_a_SOURCES = \
	%D%/proto/types.h %D%/proto/proto.h %D%/proto/ring.h %D%/proto/region.h %D%/proto/region.c \
	%D%/connect.h %D%/connect.c %D%/peer.h %D%/peer.c %D%/socket.h %D%/socket.c \
	%D%/local/local.h %D%/local/local.c \
	%D%/kvm/kvm.h %D%/kvm/ivshmem.h %D%/kvm/client.c %D%/kvm/server.c
EXTRA_DIST += %D%/README.md %D%/proto/README.md %D%/local/README.md %D%/kvm/README.md docs/kvm.md


if HAVE_CMOCKA
UNIT_TESTS += tests/unit/ring_test
tests_unit_ring_test_SOURCES = tests/unit/ring_test.c
tests_unit_ring_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_ring_test_LDADD = $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/ring_thread_test
tests_unit_ring_thread_test_SOURCES = tests/unit/ring_thread_test.c
tests_unit_ring_thread_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -pthread
tests_unit_ring_thread_test_LDADD = $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/ring_interleave_test
tests_unit_ring_interleave_test_SOURCES = tests/unit/ring_interleave_test.c \
	tests/unit/ring_explore.c tests/unit/ring_explore.h
tests_unit_ring_interleave_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_ring_interleave_test_LDADD = $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/region_test
tests_unit_region_test_SOURCES = tests/unit/region_test.c
tests_unit_region_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_region_test_LDADD = hv/libhv.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/local_test
tests_unit_local_test_SOURCES = tests/unit/local_test.c tests/unit/fds.c tests/unit/fds.h
tests_unit_local_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_local_test_LDADD = hv/libhv.a $(CMOCKA_LIBS) -lpthread

UNIT_TESTS += tests/unit/kvm_test
tests_unit_kvm_test_SOURCES = tests/unit/kvm_test.c tests/unit/fds.c tests/unit/fds.h
tests_unit_kvm_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_kvm_test_LDADD = hv/libhv.a $(CMOCKA_LIBS) -lpthread
endif

FUZZ_TESTS += tests/fuzz/ring_fuzz
tests_fuzz_ring_fuzz_SOURCES = tests/fuzz/ring_fuzz.c tests/fuzz/input.h $(FUZZ_MAIN)
tests_fuzz_ring_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

FUZZ_TESTS += tests/fuzz/kvm_fuzz
tests_fuzz_kvm_fuzz_SOURCES = tests/fuzz/kvm_fuzz.c tests/fuzz/input.h $(FUZZ_MAIN)
tests_fuzz_kvm_fuzz_LDADD = hv/libhv.a
tests_fuzz_kvm_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
