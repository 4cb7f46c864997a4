# SPDX-License-Identifier: GPL-2.0-only OR MIT

noinst_LIBRARIES += tools/model/libmodel.a
tools_model_libmodel_a_SOURCES = \
	%D%/cores.h \
	%D%/cost.h \
	%D%/cs.h \
	%D%/csf.h \
	%D%/event.c %D%/event.h %D%/event_priv.h \
	%D%/gpu.c %D%/gpu.h \
	%D%/irq.c %D%/irq.h \
	%D%/mcu.c %D%/mcu.h \
	%D%/mmu.c %D%/mmu.h %D%/mmu_priv.h \
	%D%/mmu_walk.c \
	%D%/model.c %D%/model.h %D%/model_priv.h \
	%D%/product.c %D%/product.h \
	%D%/regs.h
