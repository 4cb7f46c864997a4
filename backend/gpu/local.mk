# SPDX-License-Identifier: GPL-2.0-only OR MIT
noinst_LIBRARIES += backend/gpu/libgpu.a

# users link it before backend/device/libdevice.a, firmware/libfirmware.a and backend/libutil.a
backend_gpu_libgpu_a_SOURCES = \
	%D%/boot.c %D%/boot.h %D%/boot_priv.h \
	%D%/cs_insn.h \
	%D%/exception.c \
	%D%/fw.c %D%/fw.h \
	%D%/glb.c %D%/glb.h \
	%D%/gpu.c %D%/gpu.h %D%/gpu_priv.h \
	%D%/gpu_regs.h %D%/int_regs.h %D%/job_regs.h %D%/mcu_regs.h %D%/mmu_regs.h \
	%D%/group.c %D%/group.h %D%/group_priv.h \
	%D%/heap.c %D%/heap.h \
	%D%/mmu.c %D%/mmu.h \
	%D%/pgtable.c %D%/pgtable.h %D%/pgtable_priv.h \
	%D%/pgtable_unmap.c \
	%D%/power.c %D%/power.h \
	%D%/queue.c \
	%D%/reset.c %D%/reset.h \
	%D%/sleep.c \
	%D%/slot.c %D%/slot.h %D%/slot_priv.h \
	%D%/slot_ask.c \
	%D%/slot_heap.c \
	%D%/slot_program.c \
	%D%/slot_report.c \
	%D%/vm.c %D%/vm.h %D%/vm_priv.h

EXTRA_DIST += %D%/README.md

if HAVE_CMOCKA
UNIT_TESTS += tests/unit/regs_test tests/unit/pgtable_test tests/unit/cs_insn_test

tests_unit_regs_test_SOURCES = tests/unit/regs_test.c
tests_unit_regs_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_regs_test_LDADD = $(CMOCKA_LIBS)

tests_unit_cs_insn_test_SOURCES = tests/unit/cs_insn_test.c
tests_unit_cs_insn_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_cs_insn_test_LDADD = $(CMOCKA_LIBS)

# the seam at which tests watch pages come and go
tests_unit_pgtable_test_SOURCES = tests/unit/pgtable_test.c
tests_unit_pgtable_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_pgtable_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=mmx_dma_alloc -Wl,--wrap=mmx_dma_free
tests_unit_pgtable_test_LDADD = backend/gpu/libgpu.a backend/device/libdevice.a $(CMOCKA_LIBS)

# the GPU on the model, in this process
gpu_test_env = tests/unit/gpu_env.c tests/unit/gpu_env.h
gpu_test_libs = backend/gpu/libgpu.a backend/device/libmodel_device.a backend/device/libdevice.a \
	tools/model/libmodel.a firmware/libfirmware.a backend/libutil.a $(JSONC_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/gpu_boot_test tests/unit/gpu_fw_test tests/unit/gpu_mmu_test \
	tests/unit/gpu_group_test tests/unit/gpu_heap_test tests/unit/gpu_slot_test \
	tests/unit/gpu_sleep_test

tests_unit_gpu_boot_test_SOURCES = tests/unit/gpu_boot_test.c $(gpu_test_env)
tests_unit_gpu_boot_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_gpu_boot_test_LDADD = $(gpu_test_libs)

tests_unit_gpu_fw_test_SOURCES = tests/unit/gpu_fw_test.c $(gpu_test_env)
tests_unit_gpu_fw_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_gpu_fw_test_LDADD = $(gpu_test_libs)

tests_unit_gpu_mmu_test_SOURCES = tests/unit/gpu_mmu_test.c $(gpu_test_env)
tests_unit_gpu_mmu_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_gpu_mmu_test_LDADD = $(gpu_test_libs)

gpu_group_env = tests/unit/group_env.c tests/unit/group_env.h $(gpu_test_env)

tests_unit_gpu_group_test_SOURCES = tests/unit/gpu_group_test.c $(gpu_group_env)
tests_unit_gpu_group_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_gpu_group_test_LDADD = $(gpu_test_libs)

tests_unit_gpu_heap_test_SOURCES = tests/unit/gpu_heap_test.c $(gpu_group_env)
tests_unit_gpu_heap_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_gpu_heap_test_LDADD = $(gpu_test_libs)

tests_unit_gpu_slot_test_SOURCES = tests/unit/gpu_slot_test.c $(gpu_group_env)
tests_unit_gpu_slot_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_gpu_slot_test_LDADD = $(gpu_test_libs)

tests_unit_gpu_sleep_test_SOURCES = tests/unit/gpu_sleep_test.c $(gpu_group_env)
tests_unit_gpu_sleep_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_gpu_sleep_test_LDADD = $(gpu_test_libs)

FUZZ_TESTS += tests/fuzz/firmware_load_fuzz
tests_fuzz_firmware_load_fuzz_SOURCES = tests/fuzz/firmware_load_fuzz.c $(gpu_test_env) $(FUZZ_MAIN)
tests_fuzz_firmware_load_fuzz_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_fuzz_firmware_load_fuzz_LDADD = $(gpu_test_libs)
tests_fuzz_firmware_load_fuzz_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
endif
