# SPDX-License-Identifier: GPL-2.0-only OR MIT
noinst_LIBRARIES += firmware/libfirmware.a
firmware_libfirmware_a_SOURCES = \
	%D%/csf_iface.h %D%/field.h \
	%D%/generate.c %D%/generate.h \
	%D%/image.c %D%/image.h

if HAVE_CMOCKA
UNIT_TESTS += tests/unit/image_test tests/unit/csf_iface_test
tests_unit_image_test_SOURCES = tests/unit/image_test.c
tests_unit_image_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_image_test_LDADD = firmware/libfirmware.a $(CMOCKA_LIBS)
tests_unit_csf_iface_test_SOURCES = tests/unit/csf_iface_test.c
tests_unit_csf_iface_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_csf_iface_test_LDADD = firmware/libfirmware.a $(CMOCKA_LIBS)
endif

FUZZ_TESTS += tests/fuzz/image_fuzz
tests_fuzz_image_fuzz_SOURCES = tests/fuzz/image_fuzz.c $(FUZZ_MAIN)
tests_fuzz_image_fuzz_LDADD = firmware/libfirmware.a
tests_fuzz_image_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

# These test the program over images: the real ones if they are cached, and generated ones.
INT_TESTS += tests/int/firmware_real.sh tests/int/firmware_tool.sh
EXTRA_DIST += \
	firmware/README.md \
	tests/data/fetch-firmware \
	tests/int/firmware_real.sh tests/int/firmware_tool.sh
