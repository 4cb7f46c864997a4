# SPDX-License-Identifier: GPL-2.0-only OR MIT

noinst_LIBRARIES += tools/model/libmodel.a
tools_model_libmodel_a_SOURCES = \
	%D%/check.c %D%/check.h \
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
	%D%/inject.c %D%/inject.h \
	%D%/irq.c %D%/irq.h \
	%D%/l2.c %D%/l2.h \
	%D%/mcu.c %D%/mcu.h \
	%D%/mmu.c %D%/mmu.h %D%/mmu_priv.h \
	%D%/mmu_walk.c \
	%D%/model.c %D%/model.h %D%/model_priv.h \
	%D%/product.c %D%/product.h \
	%D%/pwr.c %D%/pwr.h \
	%D%/regs.h \
	%D%/tlb.c %D%/tlb.h
EXTRA_DIST += %D%/README.md docs/model.md docs/model-cs.md

MODEL_CS_SOURCES = \
	%D%/cores.c \
	%D%/cs.c \
	%D%/cs_arch11.c \
	%D%/cs_arch13.c \
	%D%/cs_async.c \
	%D%/cs_exec.c \
	%D%/cs_heap.c \
	%D%/cs_job.c \
	%D%/cs_ops.h \
	%D%/cs_priv.h \
	%D%/cs_save.c \
	%D%/cs_sync.c \
	%D%/work.c %D%/work.h
tools_model_libmodel_a_SOURCES += $(MODEL_CS_SOURCES)

if HAVE_CMOCKA
MODEL_ENV = tests/unit/model_env.c tests/unit/model_env.h

UNIT_TESTS += tests/unit/model_mmu_test
tests_unit_model_mmu_test_SOURCES = tests/unit/model_mmu_test.c $(MODEL_ENV)
tests_unit_model_mmu_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_mmu_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/model_check_test
tests_unit_model_check_test_SOURCES = tests/unit/model_check_test.c tests/unit/model_words.h $(MODEL_ENV)
tests_unit_model_check_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_check_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/model_cache_test
tests_unit_model_cache_test_SOURCES = tests/unit/model_cache_test.c $(MODEL_ENV)
tests_unit_model_cache_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_cache_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/model_product_test
tests_unit_model_product_test_SOURCES = tests/unit/model_product_test.c tests/unit/model_words.h $(MODEL_ENV)
tests_unit_model_product_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_product_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/model_inject_test
tests_unit_model_inject_test_SOURCES = tests/unit/model_inject_test.c tests/unit/model_words.h $(MODEL_ENV)
tests_unit_model_inject_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_inject_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/model_gpu_test
tests_unit_model_gpu_test_SOURCES = tests/unit/model_gpu_test.c $(MODEL_ENV)
tests_unit_model_gpu_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_gpu_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/model_mcu_test
tests_unit_model_mcu_test_SOURCES = tests/unit/model_mcu_test.c $(MODEL_ENV)
tests_unit_model_mcu_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_mcu_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)

MODEL_CSF_ENV = tests/unit/model_csf_env.c tests/unit/model_csf_env.h tests/unit/model_words.h $(MODEL_ENV)
UNIT_TESTS += tests/unit/model_csf_test tests/unit/model_csf_suspend_test tests/unit/model_csf_full_test
tests_unit_model_csf_full_test_SOURCES = tests/unit/model_csf_full_test.c $(MODEL_CSF_ENV)
tests_unit_model_csf_full_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_csf_full_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
tests_unit_model_csf_test_SOURCES = tests/unit/model_csf_test.c $(MODEL_CSF_ENV)
tests_unit_model_csf_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_csf_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
tests_unit_model_csf_suspend_test_SOURCES = tests/unit/model_csf_suspend_test.c $(MODEL_CSF_ENV)
tests_unit_model_csf_suspend_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_csf_suspend_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/model_csf_heap_test tests/unit/model_csf_progress_test
tests_unit_model_csf_progress_test_SOURCES = tests/unit/model_csf_progress_test.c $(MODEL_CSF_ENV)
tests_unit_model_csf_progress_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_csf_progress_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
tests_unit_model_csf_heap_test_SOURCES = tests/unit/model_csf_heap_test.c $(MODEL_CSF_ENV)
tests_unit_model_csf_heap_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_csf_heap_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
UNIT_TESTS += tests/unit/model_driver_test
tests_unit_model_driver_test_SOURCES = tests/unit/model_driver_test.c tests/unit/model_words.h $(MODEL_ENV)
tests_unit_model_driver_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_driver_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
endif

MODEL_FAKE = tests/unit/model_fake.c tests/unit/model_fake.h tests/unit/model_words.h
if HAVE_CMOCKA
UNIT_TESTS += \
	tests/unit/model_cores_test \
	tests/unit/model_opcodes_test \
	tests/unit/model_cs_save_test \
	tests/unit/model_cs_test \
	tests/unit/model_heap_test \
	tests/unit/model_job_test
tests_unit_model_cores_test_SOURCES = tests/unit/model_cores_test.c $(MODEL_FAKE)
tests_unit_model_cores_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_cores_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
tests_unit_model_opcodes_test_SOURCES = tests/unit/model_opcodes_test.c tests/unit/model_opcodes.h \
	tests/unit/model_opcodes_arith.c tests/unit/model_opcodes_faults.c tests/unit/model_opcodes_later.c \
	tests/unit/model_opcodes_rows.c $(MODEL_FAKE)
tests_unit_model_opcodes_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_opcodes_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
tests_unit_model_cs_save_test_SOURCES = tests/unit/model_cs_save_test.c $(MODEL_FAKE)
tests_unit_model_cs_save_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_cs_save_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
tests_unit_model_cs_test_SOURCES = tests/unit/model_cs_test.c $(MODEL_FAKE)
tests_unit_model_cs_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_cs_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
tests_unit_model_heap_test_SOURCES = tests/unit/model_heap_test.c $(MODEL_FAKE)
tests_unit_model_heap_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_heap_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
tests_unit_model_job_test_SOURCES = tests/unit/model_job_test.c tests/unit/model_words.h $(MODEL_ENV)
tests_unit_model_job_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_job_test_LDADD = tools/model/libmodel.a $(CMOCKA_LIBS)
endif
FUZZ_TESTS += tests/fuzz/model_cs_fuzz
tests_fuzz_model_cs_fuzz_SOURCES = tests/fuzz/model_cs_fuzz.c $(MODEL_FAKE) $(FUZZ_MAIN)
tests_fuzz_model_cs_fuzz_LDADD = tools/model/libmodel.a
tests_fuzz_model_cs_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
FUZZ_TESTS += tests/fuzz/model_device_fuzz
tests_fuzz_model_device_fuzz_SOURCES = tests/fuzz/model_device_fuzz.c $(FUZZ_MAIN)
tests_fuzz_model_device_fuzz_LDADD = tools/model/libmodel.a
tests_fuzz_model_device_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

# The vfio-user server and the program.
noinst_LIBRARIES += tools/model/libvfuserver.a
tools_model_libvfuserver_a_SOURCES = \
	%D%/chrome.c %D%/chrome.h \
	%D%/orders.c %D%/orders.h \
	%D%/server.c %D%/server.h \
	%D%/vfu.c %D%/vfu.h \
	%D%/vfu_cmd.c \
	%D%/vfu_conn.c %D%/vfu_conn.h \
	%D%/vfu_dma.c %D%/vfu_dma.h \
	%D%/vfu_irq.c %D%/vfu_irq.h \
	%D%/vfu_pci.c %D%/vfu_pci.h \
	%D%/vfu_priv.h \
	%D%/vfu_proto.h \
	%D%/vfu_signal.c %D%/vfu_signal.h
tools_model_libvfuserver_a_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)

# The server's tests run it over a fake GPU; all but the last with the client in the same thread.
if HAVE_CMOCKA
vfu_rig_sources = \
	tests/unit/vfu_client.c tests/unit/vfu_client.h \
	tests/unit/vfu_fake.c tests/unit/vfu_fake.h

UNIT_TESTS += tests/unit/model_vfu_test
tests_unit_model_vfu_test_SOURCES = tests/unit/model_vfu_test.c $(vfu_rig_sources) \
	tests/unit/vfu_rig.c tests/unit/vfu_rig.h
tests_unit_model_vfu_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_vfu_test_LDADD = tools/model/libvfuserver.a $(JSONC_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/model_vfu_pci_test
tests_unit_model_vfu_pci_test_SOURCES = tests/unit/model_vfu_pci_test.c $(vfu_rig_sources) \
	tests/unit/vfu_rig.c tests/unit/vfu_rig.h
tests_unit_model_vfu_pci_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_vfu_pci_test_LDADD = tools/model/libvfuserver.a $(JSONC_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/model_vfu_dma_test
tests_unit_model_vfu_dma_test_SOURCES = tests/unit/model_vfu_dma_test.c $(vfu_rig_sources) \
	tests/unit/vfu_rig.c tests/unit/vfu_rig.h
tests_unit_model_vfu_dma_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_vfu_dma_test_LDADD = tools/model/libvfuserver.a $(JSONC_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/model_vfu_irq_test
tests_unit_model_vfu_irq_test_SOURCES = tests/unit/model_vfu_irq_test.c $(vfu_rig_sources) \
	tests/unit/vfu_rig.c tests/unit/vfu_rig.h
tests_unit_model_vfu_irq_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_vfu_irq_test_LDADD = tools/model/libvfuserver.a $(JSONC_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/model_chrome_test
tests_unit_model_chrome_test_SOURCES = tests/unit/model_chrome_test.c $(vfu_rig_sources)
tests_unit_model_chrome_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JSONC_CFLAGS)
tests_unit_model_chrome_test_LDADD = tools/model/libvfuserver.a $(JSONC_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/model_server_test
tests_unit_model_server_test_SOURCES = tests/unit/model_server_test.c $(vfu_rig_sources)
tests_unit_model_server_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_server_test_LDADD = tools/model/libvfuserver.a $(JSONC_LIBS) $(CMOCKA_LIBS)
endif

FUZZ_TESTS += tests/fuzz/vfu_server_fuzz
tests_fuzz_vfu_server_fuzz_SOURCES = tests/fuzz/vfu_server_fuzz.c \
	tests/unit/vfu_fake.c tests/unit/vfu_fake.h $(FUZZ_MAIN)
tests_fuzz_vfu_server_fuzz_CFLAGS = $(AM_CFLAGS) -pthread
tests_fuzz_vfu_server_fuzz_LDADD = tools/model/libvfuserver.a $(JSONC_LIBS)
tests_fuzz_vfu_server_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS) -pthread
FUZZ_TESTS += tests/fuzz/orders_fuzz
tests_fuzz_orders_fuzz_SOURCES = tests/fuzz/orders_fuzz.c $(FUZZ_MAIN)
tests_fuzz_orders_fuzz_LDADD = tools/model/libvfuserver.a tools/model/libmodel.a $(JSONC_LIBS)
tests_fuzz_orders_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

bin_PROGRAMS += malimux-model
malimux_model_SOURCES = %D%/main.c
malimux_model_LDADD = tools/model/libvfuserver.a tools/model/libmodel.a $(JSONC_LIBS)
dist_man_MANS += %D%/malimux-model.1

if HAVE_CMOCKA
# runs the program itself, with the real GPU
INT_TESTS += tests/unit/malimux_model_test
check_PROGRAMS += tests/unit/malimux_model_test
tests_unit_malimux_model_test_SOURCES = tests/unit/malimux_model_test.c \
	tests/unit/vfu_client.c tests/unit/vfu_client.h
tests_unit_malimux_model_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_malimux_model_test_LDADD = $(CMOCKA_LIBS)
endif
EXTRA_DIST += docs/model-vfio-user.md
