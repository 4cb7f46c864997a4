# SPDX-License-Identifier: GPL-2.0-only OR MIT

noinst_LIBRARIES += tools/model/libmodel.a
tools_model_libmodel_a_SOURCES = \
	%D%/cores.h \
	%D%/cost.h \
	%D%/cs.h \
	%D%/csf.c %D%/csf.h %D%/csf_priv.h \
	%D%/csf_global.c \
	%D%/csf_group.c \
	%D%/csf_stream.c \
	%D%/event.c %D%/event.h %D%/event_priv.h \
	%D%/gpu.c %D%/gpu.h \
	%D%/iface.h \
	%D%/irq.c %D%/irq.h \
	%D%/mcu.c %D%/mcu.h \
	%D%/mmu.c %D%/mmu.h %D%/mmu_priv.h \
	%D%/mmu_walk.c \
	%D%/model.c %D%/model.h %D%/model_priv.h \
	%D%/product.c %D%/product.h \
	%D%/regs.h
EXTRA_DIST += %D%/README.md docs/model.md docs/model-cs.md

MODEL_CS_SOURCES = \
	%D%/cores.c \
	%D%/cs.c \
	%D%/cs_async.c \
	%D%/cs_exec.c \
	%D%/cs_job.c \
	%D%/cs_ops.h \
	%D%/cs_priv.h \
	%D%/cs_save.c \
	%D%/cs_sync.c
tools_model_libmodel_a_SOURCES += $(MODEL_CS_SOURCES)

if HAVE_CMOCKA
MODEL_ENV = tests/unit/model_env.c tests/unit/model_env.h

UNIT_TESTS += tests/unit/model_mmu_test
tests_unit_model_mmu_test_SOURCES = tests/unit/model_mmu_test.c $(MODEL_ENV)
tests_unit_model_mmu_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_mmu_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/model_gpu_test
tests_unit_model_gpu_test_SOURCES = tests/unit/model_gpu_test.c $(MODEL_ENV)
tests_unit_model_gpu_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_gpu_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/model_mcu_test
tests_unit_model_mcu_test_SOURCES = tests/unit/model_mcu_test.c $(MODEL_ENV)
tests_unit_model_mcu_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_mcu_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/model_csf_test
tests_unit_model_csf_test_SOURCES = tests/unit/model_csf_test.c $(MODEL_ENV)
tests_unit_model_csf_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_csf_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
endif

MODEL_FAKE = tests/unit/model_fake.c tests/unit/model_fake.h tests/unit/model_words.h
if HAVE_CMOCKA
UNIT_TESTS += \
	tests/unit/model_cores_test \
	tests/unit/model_cs_ops_test \
	tests/unit/model_cs_save_test \
	tests/unit/model_cs_test \
	tests/unit/model_job_test
tests_unit_model_cores_test_SOURCES = tests/unit/model_cores_test.c $(MODEL_FAKE)
tests_unit_model_cores_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_cores_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
tests_unit_model_cs_ops_test_SOURCES = tests/unit/model_cs_ops_test.c $(MODEL_FAKE)
tests_unit_model_cs_ops_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_cs_ops_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
tests_unit_model_cs_save_test_SOURCES = tests/unit/model_cs_save_test.c $(MODEL_FAKE)
tests_unit_model_cs_save_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_cs_save_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
tests_unit_model_cs_test_SOURCES = tests/unit/model_cs_test.c $(MODEL_FAKE)
tests_unit_model_cs_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_cs_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
tests_unit_model_job_test_SOURCES = tests/unit/model_job_test.c tests/unit/model_words.h $(MODEL_ENV)
tests_unit_model_job_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_job_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
endif
FUZZ_TESTS += tests/fuzz/model_cs_fuzz
tests_fuzz_model_cs_fuzz_SOURCES = tests/fuzz/model_cs_fuzz.c $(MODEL_FAKE) $(FUZZ_MAIN)
tests_fuzz_model_cs_fuzz_LDADD = tools/model/libmodel.a
tests_fuzz_model_cs_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
