# SPDX-License-Identifier: GPL-2.0-only OR MIT
noinst_LIBRARIES += backend/gpu/libgpu.a

# users link it before backend/device/libdevice.a, firmware/libfirmware.a and backend/libutil.a
backend_gpu_libgpu_a_SOURCES = \
	%D%/boot.c %D%/boot.h \
	%D%/exception.c \
	%D%/fw.c %D%/fw.h \
	%D%/glb.c %D%/glb.h \
	%D%/gpu.c %D%/gpu.h %D%/gpu_priv.h \
	%D%/gpu_regs.h %D%/int_regs.h %D%/job_regs.h %D%/mcu_regs.h %D%/mmu_regs.h \
	%D%/group.h \
	%D%/mmu.c %D%/mmu.h \
	%D%/pgtable.c %D%/pgtable.h \
	%D%/power.c %D%/power.h \
	%D%/slot.h \
	%D%/vm.c %D%/vm.h %D%/vm_priv.h
