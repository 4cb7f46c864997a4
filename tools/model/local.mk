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
