# SPDX-License-Identifier: GPL-2.0-only OR MIT
noinst_LIBRARIES += backend/device/libdevice.a backend/device/libmodel_device.a

# users link it before backend/libutil.a, and with $(JSONC_LIBS)
backend_device_libdevice_a_SOURCES = \
	%D%/device.c %D%/device.h %D%/device_priv.h \
	%D%/dma.c %D%/dma.h \
	%D%/dma_table.c %D%/dma_table.h \
	%D%/iova.c %D%/iova.h \
	%D%/vfio_user.c %D%/vfio_user.h \
	%D%/vfio_user_conn.c %D%/vfio_user_conn.h \
	%D%/vfio_user_dma.c %D%/vfio_user_dma.h \
	%D%/vfio_user_proto.h \
	%D%/vfio_user_setup.c %D%/vfio_user_setup.h
backend_device_libdevice_a_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)

# the model in this process: users link it before libdevice.a and with the model's library; never the daemon
backend_device_libmodel_device_a_SOURCES = %D%/model_device.c %D%/model_device.h

EXTRA_DIST += %D%/README.md

if HAVE_CMOCKA
UNIT_TESTS += tests/unit/dma_test tests/unit/iova_test \
	tests/unit/vfio_user_test tests/unit/vfio_user_conn_test

tests_unit_dma_test_SOURCES = tests/unit/dma_test.c
tests_unit_dma_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_dma_test_LDADD = backend/device/libdevice.a $(CMOCKA_LIBS)

tests_unit_iova_test_SOURCES = tests/unit/iova_test.c
tests_unit_iova_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_iova_test_LDADD = backend/device/libdevice.a $(CMOCKA_LIBS)

VFIO_USER_RIG = tests/unit/vfio_user_rig.c tests/unit/vfio_user_rig.h

tests_unit_vfio_user_test_SOURCES = tests/unit/vfio_user_test.c $(VFIO_USER_RIG)
tests_unit_vfio_user_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -pthread
tests_unit_vfio_user_test_LDADD = backend/device/libdevice.a $(JSONC_LIBS) $(CMOCKA_LIBS)

tests_unit_vfio_user_conn_test_SOURCES = tests/unit/vfio_user_conn_test.c $(VFIO_USER_RIG)
tests_unit_vfio_user_conn_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -pthread
tests_unit_vfio_user_conn_test_LDADD = backend/device/libdevice.a $(JSONC_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/model_device_test
tests_unit_model_device_test_SOURCES = tests/unit/model_device_test.c
tests_unit_model_device_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_device_test_LDADD = backend/device/libmodel_device.a backend/device/libdevice.a \
	tools/model/libmodel.a $(CMOCKA_LIBS)
endif

FUZZ_TESTS += tests/fuzz/vfio_user_fuzz
tests_fuzz_vfio_user_fuzz_SOURCES = tests/fuzz/vfio_user_fuzz.c $(FUZZ_MAIN)
tests_fuzz_vfio_user_fuzz_LDADD = backend/device/libdevice.a $(JSONC_LIBS)
tests_fuzz_vfio_user_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
